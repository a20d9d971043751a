"""Who should get which lead: ordered rules, teams, capacity, days away."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

from playbook.calendar import Workdays
from playbook.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from playbook.conditions import Condition

FALLBACK = "fallback"
"""Name of the rule that takes what no other does."""


class Rule(NamedTuple):
    """Which leads go to which team."""

    name: str
    when: Condition
    team: str


class Leave(NamedTuple):
    """Days on which somebody gets no leads, both included."""

    staff_id: str
    first: date
    last: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that decides who gets a lead.

    Attributes:
        rules: In order; the first that holds takes the lead. Where the data cannot say whether
            one holds, it does not.
        fallback: Team that gets what no rule takes, and what a full team cannot.
        capacity_per_day: Leads that a person takes a day at most; None for any number.
        leave: Who is away when.
        workdays_only: Leads of days off count for the next workday.
        workdays: Which days are worked.
        zone: Zone in which days are cut.
    """

    rules: tuple[Rule, ...]
    fallback: str
    capacity_per_day: int | None = None
    leave: tuple[Leave, ...] = ()
    workdays_only: bool = True
    workdays: Workdays = field(default_factory=Workdays)
    zone: str = "Asia/Shanghai"

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        mistakes = list(self._mistakes())
        if mistakes:
            raise ParameterError("\n".join(mistakes))

    def _mistakes(self) -> Iterator[str]:
        if not self.fallback.strip():
            yield "a routing plan needs a fallback: the team of leads that no rule takes."
        if self.capacity_per_day is not None and self.capacity_per_day < 1:
            yield f"capacity_per_day must be at least 1, not {self.capacity_per_day}."
        for i, rule in enumerate(self.rules):
            if rule.name == FALLBACK:
                yield f"'{FALLBACK}' is the name of what no rule takes; call the rule otherwise."
            for earlier in self.rules[:i]:
                if rule.name == earlier.name:
                    yield f"two rules are called '{rule.name}'."
                if rule.when == earlier.when:
                    yield (
                        f"rule '{rule.name}' has the condition of '{earlier.name}', which takes "
                        "every such lead first."
                    )

    def is_away(self, staff_id: str, day: date) -> bool:
        """Whether somebody is on leave on that day."""
        return any(
            leave.staff_id == staff_id and leave.first <= day <= leave.last for leave in self.leave
        )


class _RuleRules(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def when(self) -> Condition: ...
    @property
    def team(self) -> str: ...


class _LeaveRules(Protocol):
    @property
    def staff_id(self) -> str: ...
    @property
    def first(self) -> date: ...
    @property
    def last(self) -> date: ...


class RoutingRules(Protocol):
    """What `[routing]` of the rules says."""

    @property
    def rules(self) -> Sequence[_RuleRules]:
        """The rules in order."""

    @property
    def fallback(self) -> str:
        """The team of what no rule takes."""

    @property
    def capacity_per_day(self) -> int | None:
        """Leads a person takes a day."""

    @property
    def workdays_only(self) -> bool:
        """Whether leads wait for a workday."""

    @property
    def leave(self) -> Sequence[_LeaveRules]:
        """Who is away."""


def plan_of(rules: RoutingRules, workdays: Workdays, zone: str) -> Plan:
    """The plan that the section `[routing]` declares.

    Raises:
        ParameterError: It declares no fallback, so that it routes nothing.
    """
    return Plan(
        rules=tuple(Rule(rule.name, rule.when, rule.team) for rule in rules.rules),
        fallback=rules.fallback,
        capacity_per_day=rules.capacity_per_day,
        leave=tuple(Leave(leave.staff_id, leave.first, leave.last) for leave in rules.leave),
        workdays_only=rules.workdays_only,
        workdays=workdays,
        zone=zone,
    )
