"""What a nurture programme is: its flows, their steps, and the rules of touch over all of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import time
from typing import TYPE_CHECKING

from playbook.errors import ParameterError, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from playbook.conditions import Condition

UNSUBSCRIBED = "unsubscribed"
"""The signal that ends a flow even where it came before the start."""

SILENT = frozenset({"call", "task"})
"""Channels of steps that a person does; no cap on messages counts them."""

DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a flow.

    Attributes:
        name: Its name; `flow/name` is its program.
        day: Days after the start, at `Touch.send_at`. One of `day` and `hours` is given.
        hours: Hours after the start.
        within_hours: Deadline in hours after the start; none where None.
        channels: In order of choice; those of `Touch.order` where empty.
        content: What is sent.
        templates: Template of the message by channel.
        personal: Whether `Programme.content_by_industry` replaces the content.
    """

    name: str
    day: int | None = None
    hours: float | None = None
    within_hours: float | None = None
    channels: tuple[str, ...] = ()
    content: str = ""
    templates: Mapping[str, str] = field(default_factory=dict, hash=False)
    personal: bool = False

    @property
    def offset_seconds(self) -> int:
        """Seconds from the start, the hour of the day not yet counted."""
        if self.hours is not None:
            return round(self.hours * 3600)
        return (self.day or 0) * DAY_SECONDS

    @property
    def is_silent(self) -> bool:
        """Whether a person does it, so that no message goes out."""
        return bool(self.channels) and set(self.channels) <= SILENT


@dataclass(frozen=True, slots=True)
class Flow:
    """One flow: what starts it, its steps, what ends it.

    Attributes:
        name: Its name.
        steps: In the order of time.
        exits: Signals that end it; `unsubscribed` also where it came before.
        on: The signal that starts it. One of `on` and `after_flow` is given.
        after_flow: The flow whose completion starts it.
        days_before: Days before the signal at which it starts.
        when: What must hold to enter, over the columns of `people`; everyone enters where None.
        again: Whether each signal starts it anew; only the first one does otherwise.
        priority: 1 sends first where a cap leaves room for one.
        ends_after_days: Days after which it ends in any case; never where None.
        title: Its name for readers.
    """

    name: str
    steps: tuple[Step, ...]
    exits: tuple[str, ...]
    on: str | None = None
    after_flow: str = ""
    days_before: int = 0
    when: Condition | None = None
    again: bool = False
    priority: int = 5
    ends_after_days: int | None = None
    title: str = ""

    def program(self, step: Step) -> str:
        """How a message of this step is marked.

        >>> Flow("n", (Step("d1", day=1),), ("mql",), on="nurture").program(Step("d1", day=1))
        'n/d1'
        """
        return f"{self.name}/{step.name}"


@dataclass(frozen=True, slots=True)
class Touch:
    """How contacts are written to, across all flows.

    Attributes:
        order: Channels in order of choice.
        send_at: When the steps of a day go out.
        send_hours: When messages may go out; all other hours are quiet.
        per_day: Messages to a contact on one day at most.
        per_week: Messages to a contact in any seven days at most.
        needs_consent: Channels that need consent.
        missed_after_days: Days after which a step that was not done is given up.
    """

    order: tuple[str, ...] = ("wecom", "email", "sms", "official_account")
    send_at: time = time(10)
    send_hours: tuple[time, time] = (time(9), time(20))
    per_day: int = 1
    per_week: int = 3
    needs_consent: tuple[str, ...] = ("email", "sms")
    missed_after_days: int = 7


@dataclass(frozen=True, slots=True)
class Programme:
    """All flows of a company with its rules of touch.

    Attributes:
        flows: The flows.
        touch: Caps, quiet hours, consent, order of channels.
        content_by_industry: Content that replaces a personal step's.
        opening_by_source: Opening line of a flow's first message; `{content}` is what was viewed.

    Raises:
        ParameterError: Everything that keeps the flows from being evaluated, at once.
    """

    flows: tuple[Flow, ...]
    touch: Touch = field(default_factory=Touch)
    content_by_industry: Mapping[str, str] = field(default_factory=dict, hash=False)
    opening_by_source: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        """Refuse what cannot be evaluated."""
        if wrong := list(self._mistakes()):
            raise ParameterError("\n".join(wrong))

    def flow(self, name: str) -> Flow:
        """The flow of that name.

        Raises:
            ParameterError: There is none.
        """
        for flow in self.flows:
            if flow.name == name:
                return flow
        raise ParameterError(unknown("flow", name, [flow.name for flow in self.flows]))

    def rounds(self) -> list[list[Flow]]:
        """The flows that signals start, then those that these start, and so on.

        Raises:
            ParameterError: Flows start each other in a loop.
        """
        found = [[flow for flow in self.flows if not flow.after_flow]]
        while left := [f for f in self.flows if all(f not in done for done in found)]:
            names = {flow.name for done in found for flow in done}
            ready = [flow for flow in left if flow.after_flow in names]
            if not ready:
                text = ", ".join(flow.name for flow in left)
                raise ParameterError(f"the flows {text} start each other in a loop.")
            found.append(ready)
        return [flows for flows in found if flows]

    def _mistakes(self) -> Iterator[str]:
        names = [flow.name for flow in self.flows]
        if not names or len(set(names)) < len(names):
            yield f"flows must be one or more with different names, not {names}."
        for flow in self.flows:
            yield from (f"flow {flow.name}: {text}" for text in _flow_mistakes(flow))
            if flow.after_flow and flow.after_flow not in names:
                yield f"flow {flow.name}: {unknown('flow', flow.after_flow, names)}"
        for name in ("per_day", "per_week", "missed_after_days"):
            if getattr(self.touch, name) < 1:
                yield f"{name} must be at least 1, not {getattr(self.touch, name)}."


def _flow_mistakes(flow: Flow) -> Iterator[str]:
    if bool(flow.on) == bool(flow.after_flow):
        yield "give one of on and after_flow."
    if not flow.exits:
        yield "it needs an exit."
    if flow.on in flow.exits:
        yield f"'{flow.on}' starts it and ends it at once."
    steps = [step.name for step in flow.steps]
    if not steps or len(set(steps)) < len(steps):
        yield f"steps must be one or more with different names, not {steps}."
    if any((step.day is None) == (step.hours is None) for step in flow.steps):
        yield "each step needs one of day and hours."
    offsets = [step.offset_seconds for step in flow.steps]
    if offsets != sorted(offsets) or min(offsets, default=0) < 0:
        yield "steps must come in the order of time, none before the start."
