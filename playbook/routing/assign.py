"""Gives each lead to a person: the first rule that holds, then the team's next in turn."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, TypeAlias

from playbook import conditions
from playbook.calendar import ONE_DAY
from playbook.errors import ParameterError, unknown
from playbook.routing.plan import FALLBACK

if TYPE_CHECKING:
    from datetime import date

    import ibis.expr.types as ir
    import pandas as pd

    from playbook.routing.plan import Plan

    Rows: TypeAlias = pd.DataFrame | ir.Table

COLUMNS = ("lead_id", "created_at", "day", "rule", "team", "owner", "reason")


def assign(leads: Rows, plan: Plan, staff: Rows) -> pd.DataFrame:
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

    Returns:
        One row per lead in the order of capture: `lead_id`, `created_at`, `day` (in the plan's
        zone; of days off, the next workday), `rule` (its name, or `fallback`), `team` (that the
        lead went to), `owner` (staff_id; missing where nobody was free), `reason`.

    Raises:
        ParameterError: A column is missing, or a team of the plan has nobody in `staff`.
    """
    import pandas as pd

    people = _people(staff, plan)
    matched = matches(leads, plan)
    desk = _Desk(plan, people)
    days = _days(matched["created_at"], plan)
    given = [
        desk.give(plan.fallback if place < 0 else plan.rules[place].team, day)
        for place, day in zip(matched["place"], days, strict=True)
    ]
    found = pd.DataFrame(given, columns=["team", "owner", "how"], index=matched.index)
    names = [*(rule.name for rule in plan.rules), FALLBACK]  # -1 is the last
    words = [_why(plan, place) for place in range(len(plan.rules))] + [_why(plan, -1)]
    places = matched["place"].tolist()
    reasons = [words[place] + how for place, how in zip(places, found.pop("how"), strict=True)]
    table = matched.assign(
        day=days, rule=[names[place] for place in places], **found, reason=reasons
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
    found: pd.DataFrame = chosen.to_pandas()
    return found.sort_values(["created_at", "lead_id"], ignore_index=True)


class _Person:
    """Somebody who may get leads, and between which days."""

    def __init__(self, staff_id: str, joined_on: date | None, left_on: date | None) -> None:
        self.staff_id, self.joined_on, self.left_on = staff_id, joined_on, left_on

    def is_there(self, day: date) -> bool:
        """Whether they work for the company on that day."""
        has_joined = self.joined_on is None or self.joined_on <= day
        return has_joined and (self.left_on is None or day < self.left_on)


class _Desk:
    """Who is next, and who has had how many today."""

    def __init__(self, plan: Plan, people: dict[str, list[_Person]]) -> None:
        self.plan, self.people = plan, people
        self.turn = dict.fromkeys(people, 0)
        self.load: Counter[tuple[str, date]] = Counter()

    def give(self, team: str, day: date) -> tuple[str, str | None, str]:
        """The team, the owner and how it came to that."""
        owner = self.next_of(team, day)
        if owner is not None:
            return team, owner, ""
        fallback = self.plan.fallback
        if team == fallback:
            return team, None, f"; nobody of {team} is free on {day}"
        owner = self.next_of(fallback, day)
        said = f"; nobody of {team} is free on {day}, so {fallback}"
        return (fallback, owner, said) if owner else (team, None, f"{said}, which has nobody free")

    def next_of(self, team: str, day: date) -> str | None:
        """Whose turn it is; None where nobody is free."""
        people, start = self.people[team], self.turn[team]
        for step in range(len(people)):
            place = (start + step) % len(people)
            if self.is_free(people[place], day):
                self.turn[team] = place + 1
                self.load[people[place].staff_id, day] += 1
                return people[place].staff_id
        return None

    def is_free(self, person: _Person, day: date) -> bool:
        """Whether somebody can take one more."""
        limit = self.plan.capacity_per_day
        return (
            person.is_there(day)
            and not self.plan.is_away(person.staff_id, day)
            and (limit is None or self.load[person.staff_id, day] < limit)
        )


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


def _days(moments: pd.Series[Any], plan: Plan) -> list[date]:
    """The day that each lead counts for."""
    zoned = moments.dt.tz_localize("UTC").dt.tz_convert(plan.zone)
    days = list(zoned.dt.date)
    if not plan.workdays_only:
        return days
    next_workday = {day: _worked_from(day, plan) for day in set(days)}
    return [next_workday[day] for day in days]


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
