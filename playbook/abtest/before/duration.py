"""How long a test takes, and how long one that runs still needs: full weeks, never less than one.

People differ between weekdays, so a test that runs for ten days has three weekdays twice and is not
what a week is. Every length here is a number of full weeks.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from numbers import Real
from typing import TYPE_CHECKING, Any

from playbook.abtest.before.plan import Plan
from playbook.abtest.before.planning import reachable
from playbook.abtest.before.traffic import Traffic, traffic
from playbook.errors import ParameterError, refuse
from playbook.format import lift, number, percent, plural, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from playbook.abtest.arms import Arms

LONGEST_WEEKS = 52 * 20
"""Beyond so many weeks a test never ends."""


@dataclass(frozen=True)
class Duration:
    """How many full weeks it takes to see so many people.

    Attributes:
        units: People needed, in all arms.
        per_week: People a week who enter the test.
        weeks: Full weeks, one at least.
        share: Of the traffic that enters the test.
        max_weeks: The longest a test may run; None without limit.
        note: How traffic goes over the week, and what was assumed; empty where nothing is known.
        affordable: Where the plan is too long: what `max_weeks` find; None where they find nothing,
            or where it is not.
    """

    units: int
    per_week: float
    weeks: int
    share: float = 1.0
    max_weeks: int | None = None
    note: str = ""
    affordable: Plan | None = None

    @property
    def days(self) -> int:
        """The same in days."""
        return 7 * self.weeks

    @property
    def is_too_long(self) -> bool:
        """Whether it takes longer than it may."""
        return self.max_weeks is not None and self.weeks > self.max_weeks

    _repr_pretty_ = shown

    def __str__(self) -> str:
        """The length in weeks and days, and what to do where it is too long."""
        text = (
            f"{number(self.units)} people at {number(round(self.per_week))} a week take "
            f"{plural(self.weeks, 'full week')} ({number(self.days)} days)."
        )
        if self.is_too_long:
            text += f" That is longer than the {plural(self.max_weeks, 'week')} allowed"
            found = self.affordable
            text += (
                f", which find {lift(found.lift)}."
                if found and found.baseline
                else ": test a greater change, or more pages together."
            )
        return f"{text} {self.note}".rstrip()


def duration(
    plan: Plan | float,
    daily: float | Sequence[float] | pd.Series[Any],
    *,
    share: float = 1.0,
    max_weeks: int | None = None,
) -> Duration:
    """How many full weeks a plan takes.

    Args:
        plan: From `sample_size`; or people in all arms.
        daily: People a day: a number, or one per day in order, or a Series by date, whose missing
            days count as without people. Of days, the last full weeks are taken.
        share: Of these people, how many enter the test: above 0, at most 1.
        max_weeks: The longest a test may run.

    Raises:
        ParameterError: Everything that is wrong, at once: nobody comes, fewer than seven days,
            negative numbers.

    >>> print(duration(52_310, 900))
    52,310 people at 6,300 a week take 9 full weeks (63 days).
    >>> print(duration(500, [120, 110, 130, 125, 115, 30, 20] * 4))
    500 people at 650 a week take 1 full week (7 days). The quietest day of a week has 15 % of the \
people of the busiest.
    """
    units = plan.total if isinstance(plan, Plan) else plan
    seen, wrong = traffic(daily)
    if not isinstance(units, Real) or not 0 < units < math.inf:
        given = units if isinstance(units, Real | str) else type(units).__name__
        wrong.append(f"plan must be a Plan, or people above 0, not {given}.")
    if not 0 < share <= 1:
        wrong.append(f"share must be above 0 and at most 1, not {share:g}.")
    wrong += _wrong_limit(max_weeks)
    refuse(wrong)
    weeks = _weeks(units / (seen.per_week * share))
    found = Duration(math.ceil(units), seen.per_week * share, weeks, share, max_weeks, seen.note)
    if not found.is_too_long or not isinstance(plan, Plan):
        return found
    return Duration(**{**vars(found), "affordable": _affordable(plan, found, seen)})


def _affordable(plan: Plan, found: Duration, seen: Traffic) -> Plan | None:
    try:
        return reachable(plan, (found.max_weeks or 0) * seen.per_week * found.share)
    except ParameterError:
        return None


def _weeks(exact: float) -> int:
    # 3 weeks that rounding made 3.0000000001 are 3.
    return max(1, math.ceil(exact - 1e-9))


def _wrong_limit(max_weeks: int | None) -> list[str]:
    if max_weeks is not None and max_weeks < 1:
        return [f"max_weeks must be 1 or more, not {max_weeks}: a test runs a full week at least."]
    return []


@dataclass(frozen=True)
class TimeLeft:
    """What a running test still needs, if people keep coming as they have so far.

    Attributes:
        units: People so far, in all arms.
        missing: People still needed, over all arms.
        done: Share of the planned people of the arm that is furthest behind; above 1 past it.
        days: Days since the start.
        weeks: Full weeks it takes in all; None where nobody has come to some arm yet, or where it
            would take decades.
        ends: The day it has its people and full weeks; None where weeks is.
        days_left: Days until then, rounded up, 0 where they have passed; None where weeks is.
        max_weeks: The longest a test may run.
    """

    units: int
    missing: int
    done: float
    days: float
    weeks: int | None
    ends: date | None
    days_left: int | None
    max_weeks: int | None = None

    @property
    def full_weeks(self) -> int:
        """Full weeks so far."""
        return int(self.days // 7)

    @property
    def is_enough(self) -> bool:
        """Whether it has the planned people in each arm, and full weeks."""
        return self.days_left == 0

    @property
    def is_too_long(self) -> bool:
        """Whether it will take longer than it may."""
        return self.max_weeks is not None and (self.weeks is None or self.weeks > self.max_weeks)

    _repr_pretty_ = shown

    def __str__(self) -> str:
        """How far it is and when it ends, in one or two sentences."""
        if self.is_enough:
            return (
                f"Complete: {number(self.units)} people in {plural(self.full_weeks, 'full week')}."
            )
        so_far = f"{percent(min(self.done, 1), 0)} of the planned people after {_days(self.days)}"
        if self.weeks is None:
            return f"{so_far}: when it ends cannot be said."
        text = (
            f"{so_far}: {number(self.missing)} people and {_days(self.days_left or 0)} to go, "
            f"{plural(self.weeks, 'full week')} in all."
        )
        if self.is_too_long:
            text += f" That is longer than the {plural(self.max_weeks, 'week')} allowed."
        return text


def time_left(
    arms: Arms | Mapping[str, float],
    plan: Plan,
    *,
    started: date,
    as_of: date,
    max_weeks: int | None = None,
) -> TimeLeft:
    """How many people and days a running test still needs.

    The arm furthest behind its plan decides. Where the arms' names are not the plan's, they are
    taken in order, the control first.

    Args:
        arms: What it has so far: Arms, or people by arm.
        plan: From `sample_size`, with as many arms.
        started: The day, or moment, of the first exposure.
        as_of: Now; a date is its first moment. Moments are naive, of one zone.
        max_weeks: The longest a test may run.

    Raises:
        ParameterError: Another number of arms than planned, negative people, a moment before the
            start, or one with a zone.

    >>> from playbook.abtest.before.planning import sample_size
    >>> plan = sample_size(0.05, 0.01, arms=("A", "B"))
    >>> days = date(2026, 10, 1), date(2026, 10, 11)
    >>> print(time_left({"A": 3000, "B": 2950}, plan, started=days[0], as_of=days[1]))
    36 % of the planned people after 10 days: 10,366 people and 18 days to go, 4 full weeks in all.
    """
    _refuse_kinds(plan, started=started, as_of=as_of)
    so_far = _people(arms)
    if aware := [f"{day}" for day in (started, as_of) if getattr(day, "tzinfo", None)]:
        raise ParameterError(f"started and as_of must be without a zone, not {', '.join(aware)}.")
    days = (_moment(as_of) - _moment(started)) / timedelta(days=1)
    _refuse_running(so_far, plan, days, max_weeks, started=started, as_of=as_of)
    planned = _planned(plan, so_far)
    done = min(so_far[name] / planned[name] for name in so_far)
    missing = sum(max(0, math.ceil(planned[name] - so_far[name])) for name in so_far)
    weeks = _weeks(days / done / 7) if done > 0 and days > 0 else None
    if weeks is not None and weeks > LONGEST_WEEKS:
        weeks = None
    end = None if weeks is None else _moment(started) + timedelta(weeks=weeks)
    left = None if end is None else max(0, math.ceil((end - _moment(as_of)) / timedelta(days=1)))
    return TimeLeft(
        units=int(sum(so_far.values())),
        missing=missing,
        done=done,
        days=days,
        weeks=weeks,
        ends=end.date() if end else None,
        days_left=left,
        max_weeks=max_weeks,
    )


def _refuse_kinds(plan: object, **moments: object) -> None:
    wrong = [
        f"{name} must be a date or a moment, such as date(2026, 10, 1), not {given!r}."
        for name, given in moments.items()
        if not isinstance(given, date)
    ]
    if not isinstance(plan, Plan):
        wrong.append(f"plan must be a Plan, such as sample_size gives, not {type(plan).__name__}.")
    refuse(wrong)


def _people(arms: Arms | Mapping[str, float]) -> dict[str, float]:
    if isinstance(arms, Mapping):
        return dict(arms)
    return {name: float(n) for name, n in zip(arms.names, arms.n, strict=True)}


def _planned(plan: Plan, so_far: Mapping[str, float]) -> dict[str, int]:
    if set(plan.n) == set(so_far):
        return dict(plan.n)
    return dict(zip(so_far, plan.n.values(), strict=True))


def _refuse_running(
    so_far: Mapping[str, float],
    plan: Plan,
    days: float,
    max_weeks: int | None,
    *,
    started: date,
    as_of: date,
) -> None:
    wrong = _wrong_limit(max_weeks)
    if len(so_far) != len(plan.n):
        wrong.append(f"arms: there are {len(so_far)}, but the plan has {len(plan.n)}.")
    wrong += [
        f"arms: {name} must have 0 people or more, not {n:g}."
        for name, n in so_far.items()
        if not 0 <= n < math.inf
    ]
    if days < 0:
        wrong.append(f"as_of {as_of} lies before the start, {started}.")
    refuse(wrong)


def _moment(day: date) -> datetime:
    if isinstance(day, datetime):
        return day
    return datetime(day.year, day.month, day.day)  # noqa: DTZ001 naive, as the other is


def _days(days: float) -> str:
    return plural(int(days) if days == int(days) else round(days, 1), "day")
