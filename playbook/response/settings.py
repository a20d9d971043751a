"""What a response SLA promises: which steps, how soon, on which clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from playbook.calendar import Workdays
from playbook.conditions import describe
from playbook.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from playbook.conditions import Condition

Clock = Literal["clock", "business"]
Start = Literal["created", "assigned"]

RESPONSE = "response"
"""The step that every lead is owed: an answer by a person (P02-R2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that must happen within some hours.

    Attributes:
        name: What it is called; steps of one name are one step, and the strictest that applies
            to a lead counts.
        hours: Within how many hours, on the clock of the SLA.
        done_by: Methods of activities and types of touches that count; empty counts any.
        automatic: Whether what a system sent counts. A step that only a person can do is an
            answer, and never due later than the lead's `RESPONSE`.
        when: Which leads are owed it; None for all. Where the data cannot say, it is not owed.
    """

    name: str
    hours: float
    done_by: tuple[str, ...] = ()
    automatic: bool = False
    when: Condition | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sla:
    """The steps, and how their time is counted.

    Attributes:
        steps: One of them, or several, is named `RESPONSE`.
        clock: `clock` counts every hour, `business` office hours only.
        start: `created` counts from the capture, `assigned` from the assignment; a lead that was
            never assigned counts from its capture.
        workdays: The office hours, asked by `business`.
        zone: The report zone: of the office hours, and of the hour and weekday of a capture.
    """

    steps: tuple[Step, ...]
    clock: Clock = "clock"
    start: Start = "created"
    workdays: Workdays = field(default_factory=Workdays)
    zone: str = "Asia/Shanghai"

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        mistakes = list(self._mistakes())
        if mistakes:
            raise ParameterError("\n".join(mistakes))

    def _mistakes(self) -> Iterator[str]:
        if RESPONSE not in self.names:
            yield f"the SLA needs a step named '{RESPONSE}': the answer that every lead is owed."
        for step in self.steps:
            if step.hours <= 0:
                yield f"hours of step '{step.name}' must be above 0, not {step.hours:g}."
            if step.name == RESPONSE and (step.automatic or step.done_by):
                yield f"step '{RESPONSE}' is any answer by a person: no automatic, no done_by."
        for name in self.names:
            kinds = {(set_of(step), step.automatic) for step in self.of(name)}
            if len(kinds) > 1:
                yield f"steps named '{name}' differ in done_by or automatic; they are one step."

    @property
    def names(self) -> tuple[str, ...]:
        """The steps' names, in the order declared."""
        return tuple(dict.fromkeys(step.name for step in self.steps))

    def of(self, name: str) -> tuple[Step, ...]:
        """The steps of one name, the strictest first."""
        return tuple(sorted((s for s in self.steps if s.name == name), key=lambda s: s.hours))

    @property
    def longest_hours(self) -> float:
        """The most time that any step allows."""
        return max(step.hours for step in self.steps)

    def __str__(self) -> str:
        """Every promise, in words."""
        since = "capture" if self.start == "created" else "assignment"
        hours = "hours" if self.clock == "clock" else "office hours"
        steps = [
            f"{step.name} within {step.hours:g} {hours}"
            + (f" where {describe(step.when)}" if step.when else "")
            for step in self.steps
        ]
        return f"{'; '.join(steps)}; from {since}; the strictest that applies counts"


def set_of(step: Step) -> frozenset[str]:
    """The kinds of action that count for a step."""
    return frozenset(step.done_by)


class _StepRules(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def hours(self) -> float: ...
    @property
    def done_by(self) -> Sequence[str]: ...
    @property
    def automatic(self) -> bool: ...
    @property
    def when(self) -> Condition | None: ...


class SlaRules(Protocol):
    """What `[sla]` of the rules says."""

    @property
    def high_intent_hours(self) -> float:
        """Hours for high intent."""

    @property
    def normal_hours(self) -> float:
        """Hours for all others."""

    @property
    def high_intent(self) -> Condition:
        """Which leads are of high intent."""

    @property
    def clock(self) -> Clock:
        """Which hours count."""

    @property
    def from_(self) -> Start:
        """What starts the clock."""

    @property
    def steps(self) -> Sequence[_StepRules]:
        """Further steps."""


def sla_of(rules: SlaRules, workdays: Workdays, zone: str) -> Sla:
    """The SLA that the section `[sla]` declares.

    Args:
        rules: The section.
        workdays: The company's office hours.
        zone: The report zone.

    Returns:
        `RESPONSE` within the normal and the high-intent hours (P02-R2), and the section's steps
        (B2-R2).
    """
    answer = (
        Step(name=RESPONSE, hours=rules.high_intent_hours, when=rules.high_intent),
        Step(name=RESPONSE, hours=rules.normal_hours),
    )
    further = tuple(
        Step(
            name=step.name,
            hours=step.hours,
            done_by=tuple(step.done_by),
            automatic=step.automatic,
            when=step.when,
        )
        for step in rules.steps
    )
    return Sla(
        steps=answer + further,
        clock=rules.clock,
        start=rules.from_,
        workdays=workdays,
        zone=zone,
    )
