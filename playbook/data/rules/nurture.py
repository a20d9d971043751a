"""`[nurture]`: what happens to leads that do not buy yet, step by step, and how often at most."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from playbook.data.rules.condition import LeadCondition  # noqa: TC001 - pydantic reads it
from playbook.data.rules.fields import ClockTime, Items, OfficeHours, Section

Signal = Literal[
    "lead", "valid", "mql", "sql", "nurture", "invalid",
    "opportunity", "poc", "quote", "contract", "won", "lost",
    "connected", "replied", "attended", "contract_end", "renewed", "unsubscribed",
]  # fmt: skip
"""What may start or end a flow: a stage that is entered, or something else that happens."""

Channel = Literal["email", "wecom", "sms", "official_account", "call", "task"]

SILENT: tuple[Channel, ...] = ("call", "task")
"""Steps that people do: they need no content, and no cap on messages counts them."""


class Step(Section):
    """One step of a flow, on a day or after some hours."""

    name: str = Field(
        default="", description='Its name in `touch.program`; empty for "d7" or "h48".'
    )
    day: int | None = Field(default=None, ge=0, description="Days after the start.")
    hours: float | None = Field(default=None, ge=0, description="Or hours after the start.")
    within_hours: float | None = Field(
        default=None, gt=0, description="Deadline, in hours after the start."
    )
    channels: Items[Channel] = Field(
        default=(),
        description="Channels in order of choice; empty for those of [nurture.touch].",
    )
    content: str = Field(default="", description="What is sent: a kind of content, or its id.")
    templates: dict[Channel, str] = Field(
        default_factory=dict, description="Channel = template of the message."
    )
    personal: bool = Field(
        default=False, description="Whether [nurture.content_by_industry] replaces the content."
    )

    @property
    def offset_hours(self) -> float:
        """Hours after the start, for the order of steps."""
        return self.hours if self.hours is not None else 24.0 * (self.day or 0)

    @property
    def label(self) -> str:
        """Its name, or one made from its day or hours."""
        made = f"h{self.hours:g}" if self.hours is not None else f"d{self.day}"
        return self.name or made


class Flow(Section):
    """One programme: what starts it, its steps, and what ends it."""

    title: str = Field(default="", description="Its name for readers.")
    active: bool = Field(default=True, description="false switches it off.")
    on: Signal | None = Field(
        default=None,
        description="What starts it: a stage that is entered, or another signal.",
        examples=["nurture"],
    )
    after_flow: str = Field(default="", description="Or the flow whose completion starts it.")
    days_before: int = Field(
        default=0, ge=0, description='Days before the signal at which it starts ("contract_end").'
    )
    when: LeadCondition | None = Field(
        default=None,
        description="Which leads enter; without it, all.",
        examples=[{"field": "lead.contact_valid", "op": "is_true"}],
    )
    again: bool = Field(
        default=False, description="Whether a later signal starts it anew; else once per lead."
    )
    priority: int = Field(
        default=5, ge=1, description="Who sends first where a cap leaves room for one; 1 is first."
    )
    exits: Items[Signal] = Field(default=(), description="Signals that end it.")
    ends_after_days: int | None = Field(
        default=None, ge=1, description="Days after which it ends, whatever happened."
    )
    steps: Items[Step] = Field(min_length=1, description="The steps, in the order of time.")


class TouchRules(Section):
    """How contacts are written to, across all programmes (B2-R1)."""

    order: Items[Literal["email", "wecom", "sms", "official_account"]] = Field(
        default=("wecom", "email", "sms", "official_account"),
        min_length=1,
        description="Channels in order of choice where a step names none and a contact prefers "
        "none (ours).",
    )
    send_at: ClockTime = Field(
        default=time(10), description="When the steps of a day go out, report zone (ours)."
    )
    send_hours: OfficeHours = Field(
        default=(time(9), time(20)),
        description="Hours in which messages may go out; all others are quiet (ours).",
    )
    per_day: int = Field(
        default=1, ge=1, description="Messages to a contact in a day at most (ours)."
    )
    per_week: int = Field(
        default=3, ge=1, description="Messages to a contact in any seven days at most (ours)."
    )
    needs_consent: Items[Channel] = Field(
        default=("email", "sms"),
        description="Channels that need consent; who withdrew it gets nothing at all (ours).",
    )
    missed_after_days: int = Field(
        default=7, ge=1, description="Days after which a step that was not done is given up (ours)."
    )


class CustomerState(Section):
    """A state of the customer, and the next move (B1-R2 to B1-R4)."""

    reached_by: Items[Signal] = Field(min_length=1, description="Signals that lead into it.")
    goal: str = Field(description="What is to be reached.")
    move: str = Field(description="The next move.")


class States(Section):
    """The three states of a customer, each with its goal and its next move."""

    potential: CustomerState = CustomerState(
        reached_by=("lead",),
        goal="connected",
        move="send an industry white paper or an invitation to an online class",
    )
    connected: CustomerState = CustomerState(
        reached_by=("connected", "replied", "attended"),
        goal="intent",
        move="send a tailored case and watch what is visited",
    )
    intent: CustomerState = CustomerState(
        reached_by=("sql", "opportunity"),
        goal="signing",
        move="invite to an exclusive event, demonstrate, quote",
    )


_GONE: tuple[Signal, ...] = ("opportunity", "won", "invalid", "unsubscribed")


def _pool() -> Flow:
    """Day 1, 3 and 7 of leads without intent yet."""
    return Flow(
        title="Leads without intent yet (B2-R5)",
        on="nurture",
        priority=3,
        exits=("mql", "sql", *_GONE, "replied"),
        ends_after_days=30,
        steps=(
            Step(day=1, channels=("email",), content="industry report", personal=True),
            Step(day=3, channels=("email",), content="invitation to an online salon"),
            Step(day=7, channels=("email",), content="success case"),
        ),
    )


def _after_event() -> Flow:
    """24 h, 48 h, 7 days and 21 days after an event."""
    return Flow(
        title="After an event (B4-T3, P07-R2)",
        on="attended",
        again=True,
        priority=2,
        exits=_GONE,
        ends_after_days=35,
        steps=(
            Step(
                name="thanks",
                hours=0,
                within_hours=24,
                channels=("task",),
                content="thanks, download link, satisfaction survey",
            ),
            Step(day=1, channels=("email",), content="what was shown, as a white paper"),
            Step(name="follow_up", hours=25, within_hours=48, channels=("call",)),
            Step(name="grading", hours=72, within_hours=168, channels=("task",)),
            Step(day=7, channels=("email",), content="success case"),
            Step(day=21, channels=("email",), content="white paper of the industry"),
        ),
    )


def _renewal() -> Flow:
    """90 days before a contract ends."""
    return Flow(
        title="Before the contract ends (B5-R3)",
        on="contract_end",
        days_before=90,
        again=True,
        priority=1,
        exits=("renewed", "unsubscribed"),
        ends_after_days=90,
        steps=(
            Step(day=0, channels=("email",), content="renewal care"),
            Step(day=30, channels=("call",), content="review of use"),
            Step(day=60, channels=("email",), content="renewal quote"),
        ),
    )


def _defaults() -> dict[str, Flow]:
    return {"nurture_137": _pool(), "post_event_21d": _after_event(), "renewal": _renewal()}


def _with_defaults(value: object) -> object:
    """The company's flows over ours: one of the same name replaces it, the others stay."""
    if not isinstance(value, Mapping):
        return value
    written: Mapping[str, Any] = value
    return {**_defaults(), **written}


class Nurture(Section):
    """When a lead goes to the nurture pool (P02-R3), and what happens to it there (B2-R5)."""

    touches_before_pool: int = Field(
        default=3,
        ge=1,
        description="Attempts by a person without contact after which a lead is due for the pool.",
    )
    content_by_industry: dict[str, str] = Field(
        default_factory=lambda: {"finance": "white paper on solutions for finance"},
        description="Industry = content that replaces a personal step's (B5-R2).",
    )
    opening_by_source: dict[str, str] = Field(
        default_factory=lambda: dict.fromkeys(
            ("sem", "feed_ads"), "You had a look at {content} with us."
        ),
        description="Channel group = opening line of the first step; {content} is what was viewed "
        "(B5-R2).",
    )
    touch: TouchRules = TouchRules()
    states: States = States()
    flows: Annotated[dict[str, Flow], BeforeValidator(_with_defaults)] = Field(
        default_factory=_defaults,
        description="A flow of the same name replaces ours; active = false switches one off.",
    )

    @property
    def running(self) -> dict[str, Flow]:
        """The flows that are switched on."""
        return {name: flow for name, flow in self.flows.items() if flow.active}
