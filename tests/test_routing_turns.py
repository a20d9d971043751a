"""Who is next, against giving out the leads one by one."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd
from hypothesis import example, given, settings
from hypothesis import strategies as st

from playbook import routing
from playbook.conditions import parse
from playbook.routing import Leave, Plan, Rule

FIRST = datetime.fromisoformat("2026-10-09T01:00")  # a Friday; the Saturday after it is worked
TEAMS = {"A": ["A1", "A2", "A3"], "B": ["B1", "B2"], "C": ["C1"]}
STAFF = pd.DataFrame(
    [(name, team) for team, names in TEAMS.items() for name in names], columns=["staff_id", "team"]
).assign(
    joined_on=[None, None, date(2026, 10, 12), None, None, None],
    left_on=[date(2026, 10, 13), None, None, None, None, None],
)
RULES = tuple(
    Rule(f"rule {team}", parse({"field": "lead.need_type", "op": "eq", "value": team}, ""), team)
    for team in "AB"
)
LEAVE = (
    Leave("A2", date(2026, 10, 9), date(2026, 10, 10)),
    Leave("C1", date(2026, 10, 12), date(2026, 10, 12)),
)


def day_of(moment, plan):
    day = moment.replace(tzinfo=UTC).astimezone(ZoneInfo(plan.zone)).date()
    while plan.workdays_only and not plan.workdays.is_workday(day):
        day += timedelta(days=1)
    return day


def one_by_one(leads, plan):
    """Each lead in turn asks each colleague after the last one who got one."""
    at, load = dict.fromkeys(TEAMS, 0), Counter()
    people = STAFF.set_index("staff_id").to_dict("index")

    def is_free(name, day):
        joined, left = people[name]["joined_on"], people[name]["left_on"]
        there = (pd.isna(joined) or joined <= day) and (pd.isna(left) or day < left)
        has_room = plan.capacity_per_day is None or load[name, day] < plan.capacity_per_day
        return there and has_room and not plan.is_away(name, day)

    def take(team, day):
        names = TEAMS[team]
        for step in range(len(names)):
            place = (at[team] + step) % len(names)
            if is_free(names[place], day):
                at[team] = place + 1
                load[names[place], day] += 1
                return names[place]
        return None

    rows = []
    for lead in leads.sort_values(["created_at", "lead_id"]).itertuples():
        wanted = lead.wanted if lead.wanted in {"A", "B"} else plan.fallback
        day = day_of(lead.created_at, plan)
        owner, team = take(wanted, day), wanted
        if owner is None and wanted != plan.fallback:
            owner = take(plan.fallback, day)
            team = plan.fallback if owner else wanted
        rows.append((lead.lead_id, day, team, owner))
    return rows


@settings(max_examples=40)
@given(
    rows=st.lists(
        st.tuples(st.integers(0, 5 * 24), st.sampled_from(["A", "B", None])),
        min_size=1,
        max_size=60,
    ),
    capacity=st.sampled_from([None, 1, 2, 4]),
    fallback=st.sampled_from(["A", "C"]),
    workdays_only=st.booleans(),
)
@example(  # a weekend's leads fill Monday together
    rows=[(hours, "B") for hours in (40, 41, 50, 60, 72, 73)],
    capacity=1,
    fallback="A",
    workdays_only=True,
)
def test_turns_are_taken_as_if_leads_were_given_out_one_by_one(
    rows, capacity, fallback, workdays_only
):
    plan = Plan(
        rules=RULES,
        fallback=fallback,
        capacity_per_day=capacity,
        leave=LEAVE,
        workdays_only=workdays_only,
    )
    leads = pd.DataFrame(
        {
            "lead_id": [f"L{i:02}" for i in range(len(rows))],
            "created_at": [FIRST + timedelta(hours=hours) for hours, _ in rows],
            "wanted": pd.array([wanted for _, wanted in rows], dtype="str"),
        }
    )
    found = routing.assign(leads.assign(**{"lead.need_type": leads["wanted"]}), plan, STAFF)
    mine = list(zip(found["lead_id"], found["day"], found["team"], found["owner"], strict=True))
    mine = [(*rest, None if pd.isna(owner) else owner) for *rest, owner in mine]
    assert [tuple(row) for row in mine] == one_by_one(leads, plan)
    for team, owner, reason in zip(found["team"], found["owner"], found["reason"], strict=True):
        assert ("has nobody free" in reason) <= pd.isna(owner)
        assert pd.notna(owner) or f"nobody of {team} is free" in reason
