"""Gives each lead to a person: the first rule that holds, then the team's next in turn."""

from __future__ import annotations

from bisect import bisect_left
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from playbook import conditions
from playbook.calendar import ONE_DAY
from playbook.errors import ParameterError, unknown
from playbook.routing.plan import FALLBACK

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    import ibis.expr.types as ir
    import numpy as np
    import pandas as pd

    from playbook.routing.plan import Plan

    Array = np.ndarray[Any, Any]
    Rows: TypeAlias = pd.DataFrame | ir.Table

COLUMNS = ("lead_id", "created_at", "day", "rule", "team", "owner", "reason")


def assign(
    leads: Rows, plan: Plan, staff: Rows, *, after: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Who gets each lead, and why.

    Leads are taken in the order of their capture (then of their id), a team's people in the order
    of their ids, each after the one who was given the last; so that a later lead never changes
    who got an earlier one. Who is away, has left or not yet joined, or has as many leads of the
    day as the plan allows, is passed over. A team without anybody free hands over to the fallback
    team; where that has nobody either, the lead has no owner and the reason says so.

    Args:
        leads: `lead_id`, `created_at` (naive UTC), and a column `table.column` for each field of
            the plan's conditions, such as `account.region` or `score.points`.
        plan: The rules.
        staff: `staff_id`, `team`, and perhaps `joined_on` and `left_on` (the first day away).
        after: By team, who was given the last lead before these; the turn goes on from there.
            Without it, or for others, it begins with the first by id.

    Returns:
        One row per lead in the order of capture: `lead_id`, `created_at`, `day` (in the plan's
        zone; of days off, the next workday), `rule` (its name, or `fallback`), `team` (that the
        lead went to), `owner` (staff_id; missing where nobody was free), `reason`.

    Raises:
        ParameterError: A column is missing, or a team of the plan has nobody in `staff`.
    """
    desk = _Desk(plan, _people(staff, plan), after or {})
    matched = matches(leads, plan)
    on_day, days = _days(matched["created_at"], plan)
    places = matched["place"].tolist()
    given = _given(desk, places, on_day, days)
    names = [*(rule.name for rule in plan.rules), FALLBACK]  # -1 is the last
    words = [_why(plan, place) for place in range(len(plan.rules))] + [_why(plan, -1)]
    reasons = [words[place] for place in places]
    for row, how in given.said.items():
        reasons[row] += how
    table = matched.assign(
        day=[days[i] for i in on_day.tolist()],
        rule=[names[place] for place in places],
        team=given.team.tolist(),
        owner=given.owner.tolist(),
        reason=reasons,
    )
    return table[list(COLUMNS)]


def matches(leads: Rows, plan: Plan) -> pd.DataFrame:
    """The first rule that holds for each lead: `lead_id`, `created_at`, `place` (-1 for none).

    Raises:
        ParameterError: A column is missing.
    """
    import ibis

    needed = ["lead_id", "created_at"]
    needed += [field for rule in plan.rules for field in conditions.fields(rule.when)]
    for name in needed:
        if name not in leads.columns:
            raise ParameterError(unknown("column of leads", name, list(leads.columns)))
    rows = leads if isinstance(leads, ibis.Table) else ibis.memtable(leads)
    branches = [
        (conditions.holds(rule.when, lambda field: rows[field]), place)
        for place, rule in enumerate(plan.rules)
    ]
    place = ibis.cases(*branches, else_=-1) if branches else ibis.literal(-1)
    chosen = rows.select("lead_id", "created_at", place=place.cast("int64"))
    found: pd.DataFrame = chosen.order_by("created_at", "lead_id").to_pandas()
    return found


class _Person:
    """Somebody who may get leads, and between which days."""

    def __init__(self, staff_id: str, joined_on: date | None, left_on: date | None) -> None:
        self.staff_id, self.joined_on, self.left_on = staff_id, joined_on, left_on

    def is_there(self, day: date) -> bool:
        """Whether they work for the company on that day."""
        has_joined = self.joined_on is None or self.joined_on <= day
        return has_joined and (self.left_on is None or day < self.left_on)


class _Desk:
    """Whose turn it is in each team."""

    def __init__(
        self, plan: Plan, people: dict[str, list[_Person]], after: Mapping[str, str]
    ) -> None:
        self.plan, self.people = plan, people
        self.turn = {
            team: sum(person.staff_id <= after.get(team, "") for person in own)
            for team, own in people.items()
        }

    def give(self, team: str, day: date, leads: int) -> list[str]:
        """Who gets the leads of a day, in turn; shorter than `leads` once everybody has enough."""
        people = self.people[team]
        free = [i for i, person in enumerate(people) if self.is_free(person, day)]
        if not free:
            return []
        first = bisect_left(free, self.turn[team])
        in_turn = free[first:] + free[:first]
        limit = self.plan.capacity_per_day
        most = leads if limit is None else min(leads, limit * len(free))
        self.turn[team] = in_turn[(most - 1) % len(free)] + 1
        names = [people[i].staff_id for i in in_turn]
        return (names * -(-most // len(names)))[:most]

    def is_free(self, person: _Person, day: date) -> bool:
        """Whether somebody works on that day."""
        return person.is_there(day) and not self.plan.is_away(person.staff_id, day)


class _Given(NamedTuple):
    """Which team and person got each lead, and what is said of those that went another way."""

    team: Array
    owner: Array
    said: dict[int, str]


def _given(desk: _Desk, places: list[int], on_day: Array, days: list[date]) -> _Given:
    """Gives out the leads day by day: each team its own, then the fallback what is left as well."""
    import numpy as np

    fallback = desk.plan.fallback
    teams = np.array([*(rule.team for rule in desk.plan.rules), fallback], dtype=object)
    wanted = teams[places]  # -1 is the last
    found = _Given(wanted.copy(), np.full(len(wanted), None), {})
    begins = np.flatnonzero(np.diff(on_day, prepend=-1)).tolist()
    for begin, end in pairwise([*begins, len(wanted)]):
        day, here = days[on_day[begin]], wanted[begin:end]
        for team in dict.fromkeys(here):
            if team != fallback:
                rows = begin + np.flatnonzero(here == team)
                handed = _give(desk, found, team, day, rows)
                words = f"; nobody of {team} is free on {day}, so {fallback}"
                found.said.update(dict.fromkeys(handed.tolist(), words))
                here[handed - begin] = fallback
        rest = _give(desk, found, fallback, day, begin + np.flatnonzero(here == fallback))
        for row in rest.tolist():
            has_moved = row in found.said
            found.said[row] = (
                f"{found.said[row]}, which has nobody free"
                if has_moved
                else f"; nobody of {fallback} is free on {day}"
            )
    return found


def _give(desk: _Desk, found: _Given, team: str, day: date, rows: Array) -> Array:
    """Gives rows of one day to a team; returns those for which nobody was free."""
    if not len(rows):
        return rows
    owners = desk.give(team, day, len(rows))
    found.owner[rows[: len(owners)]] = owners
    found.team[rows[: len(owners)]] = team
    return rows[len(owners) :]


def _people(staff: Rows, plan: Plan) -> dict[str, list[_Person]]:
    """The people of each team of the plan, in the order of their ids."""
    import ibis

    frame = staff.to_pandas() if isinstance(staff, ibis.Table) else staff
    for name in ("staff_id", "team"):
        if name not in frame.columns:
            raise ParameterError(unknown("column of staff", name, list(frame.columns)))
    teams: dict[str, list[_Person]] = {}
    for row in frame.sort_values("staff_id").to_dict("records"):
        joined, left = (_day(row.get(name)) for name in ("joined_on", "left_on"))
        teams.setdefault(str(row["team"]), []).append(_Person(str(row["staff_id"]), joined, left))
    known = [str(team) for team in frame["team"].dropna().unique()]
    for team in (*(rule.team for rule in plan.rules), plan.fallback):
        if team not in known:
            raise ParameterError(unknown("team", team, sorted(known)))
    return teams


def _day(value: Any) -> date | None:
    import pandas as pd

    moment = pd.to_datetime(value)
    return None if pd.isna(moment) else moment.date()


def _days(moments: pd.Series[Any], plan: Plan) -> tuple[Array, list[date]]:
    """For each lead the place of the day that it counts for, and the days."""
    import numpy as np

    zoned = moments.dt.tz_localize("UTC").dt.tz_convert(plan.zone)
    places, found = zoned.dt.tz_localize(None).dt.normalize().factorize()
    days = [moment.date() for moment in found]
    counted = [_worked_from(day, plan) for day in days] if plan.workdays_only else days
    unique = list(dict.fromkeys(counted))
    return np.array([unique.index(day) for day in counted], dtype=int)[places], unique


def _worked_from(day: date, plan: Plan) -> date:
    while not plan.workdays.is_workday(day):
        day += ONE_DAY
    return day


def _why(plan: Plan, place: int) -> str:
    """Why a rule took a lead, in words."""
    if place < 0:
        return f"no rule holds, so {plan.fallback}"
    return f"{conditions.describe(plan.rules[place].when)}, so {plan.rules[place].team}"


def load(assigned: pd.DataFrame) -> pd.DataFrame:
    """How many leads each person got.

    Args:
        assigned: What `assign` returns.

    Returns:
        One row per person, most first: `owner` (missing for leads that nobody got), `team` (that
        they got them for; of several, the first), `leads`, `days` (with at least one), `busiest`
        (most on one day).
    """
    import pandas as pd

    rows = []
    for owner, part in assigned.groupby("owner", dropna=False):
        days = part["day"].value_counts()
        known = None if pd.isna(owner) else owner
        rows.append([known, min(part["team"]), len(part), len(days), int(days.max())])
    found = pd.DataFrame(rows, columns=["owner", "team", "leads", "days", "busiest"])
    return found.sort_values(["leads", "owner"], ascending=[False, True], ignore_index=True)
