"""Who gets a lead: the first rule, the next in turn, and what a changed plan would have done."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playbook import response, routing
from playbook.conditions import parse
from playbook.data import rules
from playbook.errors import ParameterError
from playbook.routing import Leave, Plan, Rule

MONDAY = datetime.fromisoformat("2026-10-12T01:00")  # nine in Shanghai
SOUTH = parse(
    {
        "all": [
            {"field": "account.region", "op": "eq", "value": "south_china"},
            {"field": "score.points", "op": "gt", "value": 80},
        ]
    },
    "",
)
HANDBOOK = Plan(rules=(Rule("South China, hot", SOUTH, "A"),), fallback="B")
STAFF = pd.DataFrame(
    {"staff_id": ["A2", "A1", "B1", "B2", "B3"], "team": ["A", "A", "B", "B", "B"]}
)


def leads_of(rows):
    """Minutes after Monday's opening, region, score."""
    return pd.DataFrame(
        {
            "lead_id": [f"L{i:03}" for i in range(len(rows))],
            "created_at": [MONDAY + timedelta(minutes=m) for m, *_ in rows],
            "account.region": [region for _, region, _ in rows],
            "score.points": pd.array([points for *_, points in rows], dtype="Float64"),
        }
    )


def owners(found):
    return found.set_index("lead_id")["owner"].to_dict()


def test_south_china_above_eighty_goes_to_team_a_and_exactly_eighty_does_not():
    """The handbook's example (B2-R4)."""
    leads = leads_of([(0, "south_china", 80), (1, "south_china", 81), (2, "east_china", 81)])
    found = routing.assign(leads, HANDBOOK, STAFF).set_index("lead_id")
    assert found["team"].tolist() == ["B", "A", "B"]
    assert found["rule"].tolist() == ["fallback", "South China, hot", "fallback"]
    assert found.loc["L001", "reason"] == (
        "account.region is south_china and score.points is more than 80, so A"
    )
    assert found.loc["L000", "reason"] == "no rule holds, so B"


def test_a_lead_without_a_score_does_not_meet_a_rule_on_it():
    found = routing.assign(leads_of([(0, "south_china", None)]), HANDBOOK, STAFF)
    assert found["team"].tolist() == ["B"]


def test_the_first_rule_that_holds_takes_the_lead():
    any_south = parse({"field": "account.region", "op": "eq", "value": "south_china"}, "")
    plan = Plan(rules=(Rule("all", any_south, "B"), *HANDBOOK.rules), fallback="A")
    assert routing.assign(leads_of([(0, "south_china", 90)]), plan, STAFF)["rule"][0] == "all"


def test_a_team_takes_turns_in_the_order_of_ids():
    found = routing.assign(leads_of([(i, "east_china", 1) for i in range(5)]), HANDBOOK, STAFF)
    assert found["owner"].tolist() == ["B1", "B2", "B3", "B1", "B2"]


def test_who_is_away_is_passed_over_on_those_days_alone():
    plan = Plan(
        rules=(), fallback="B", leave=(Leave("B2", date(2026, 10, 12), date(2026, 10, 12)),)
    )
    day = 24 * 60
    found = routing.assign(leads_of([(i, "", 0) for i in (0, 1, 2, day, day + 1)]), plan, STAFF)
    assert found["owner"].tolist() == ["B1", "B3", "B1", "B2", "B3"]


def test_who_has_left_or_not_yet_joined_gets_nothing():
    staff = STAFF.assign(
        joined_on=[None, None, None, date(2026, 10, 13), None],
        left_on=[None, None, date(2026, 10, 12), None, None],
    )
    found = routing.assign(leads_of([(0, "", 0), (1, "", 0), (1440, "", 0)]), HANDBOOK, staff)
    assert found["owner"].tolist() == ["B3", "B3", "B2"]


def test_a_full_team_hands_over_to_the_fallback_and_a_full_fallback_to_nobody():
    plan = Plan(rules=HANDBOOK.rules, fallback="B", capacity_per_day=1)
    found = routing.assign(leads_of([(i, "south_china", 90) for i in range(6)]), plan, STAFF)
    assert found["owner"].fillna("-").tolist() == ["A1", "A2", "B1", "B2", "B3", "-"]
    assert found["team"].tolist() == ["A", "A", "B", "B", "B", "A"]
    assert found["reason"][2].endswith("; nobody of A is free on 2026-10-12, so B")
    assert found["reason"][5].endswith("so B, which has nobody free")


def test_leads_of_a_weekend_count_for_monday_and_of_a_make_up_saturday_for_itself():
    """2026-10-10 is worked for the holiday; 2026-10-17 is a Saturday off."""
    times = [
        datetime.fromisoformat("2026-10-10T03:00"),
        datetime.fromisoformat("2026-10-16T17:00"),
        datetime.fromisoformat("2026-10-17T03:00"),
    ]
    leads = leads_of([(0, "", 0)] * 3).assign(created_at=times)
    days = routing.assign(leads, HANDBOOK, STAFF)["day"].tolist()
    assert days == [date(2026, 10, 10), date(2026, 10, 19), date(2026, 10, 19)]
    at_once = Plan(rules=(), fallback="B", workdays_only=False)
    days = routing.assign(leads, at_once, STAFF)["day"].tolist()
    assert days == [date(2026, 10, 10), date(2026, 10, 17), date(2026, 10, 17)]


rows = st.tuples(
    st.integers(0, 4 * 1440),
    st.sampled_from(["south_china", "east_china", None]),
    st.sampled_from([None, 10, 80, 81, 100]),
)


@settings(max_examples=15)
@given(
    rows=st.lists(rows, min_size=1, max_size=40),
    capacity=st.sampled_from([None, 1, 3]),
    cut=st.integers(0, 40),
    order=st.randoms(use_true_random=False),
)
def test_later_leads_and_their_order_in_the_file_change_nothing_for_earlier_ones(
    rows, capacity, cut, order
):
    plan = Plan(rules=HANDBOOK.rules, fallback="B", capacity_per_day=capacity)
    leads = leads_of(sorted(rows, key=lambda row: row[0]))
    whole = routing.assign(leads, plan, STAFF)
    places = list(range(len(leads)))
    order.shuffle(places)
    pd.testing.assert_frame_equal(routing.assign(leads.iloc[places], plan, STAFF), whole)
    part = routing.assign(leads.head(max(cut, 1)), plan, STAFF)
    pd.testing.assert_frame_equal(part, whole.head(len(part)))
    for i, (_, region, points) in enumerate(sorted(rows, key=lambda row: row[0])):
        hot = region == "south_china" and points is not None and points > 80
        assert (whole["rule"][i] == "South China, hot") == hot
    loads = Counter(zip(whole["owner"], whole["day"], strict=True))
    assert all(pd.isna(o) or capacity is None or n <= capacity for (o, _), n in loads.items())


PAST = pd.DataFrame(
    {
        "team": ["A"] * 4 + ["B"] * 4,
        "state": ["met", "met", "met", "late", "met", "overdue", "late", "pending"],
        "hours": [1.0, 2.0, 3.0, 40.0, 10.0, None, 50.0, None],
    }
)


def test_a_dry_run_says_who_would_have_got_what_and_how_fast():
    """Two of four leads move from B, in time in one of three, to A, in time in three of four."""
    leads = leads_of([(i, "south_china", p) for i, p in enumerate((90, 85, 60, 60))])
    nothing = Plan(rules=(), fallback="B")
    found = routing.dry_run(leads, nothing, HANDBOOK, STAFF, PAST)
    assert found.leads["moved"].tolist() == [True, True, False, False]
    assert found.flows.to_dict("records") == [
        {"team_now": "B", "team_new": "A", "leads": 2},
        {"team_now": "B", "team_new": "B", "leads": 2},
    ]
    load = found.load.set_index("owner")
    assert load["leads_now"].to_dict() == {"A1": 0, "A2": 0, "B1": 2, "B2": 1, "B3": 1}
    assert load["leads_new"].to_dict() == {"A1": 1, "A2": 1, "B1": 1, "B2": 1, "B3": 0}
    assert load["change"].sum() == 0
    response_ = found.response.set_index("plan")
    assert response_["in_time"].tolist() == pytest.approx([1 / 3, (1 / 3 + 3 / 4) / 2])
    assert response_["median_hours"].tolist() == [50, 10]
    assert found.change == pytest.approx((3 / 4 - 1 / 3) / 2)
    assert found.low < 0 < found.change < found.high
    assert "goes on answering as it did" in found.notes[0]


def test_a_dry_run_of_the_same_plan_changes_nothing():
    leads = leads_of([(i, "south_china", 90) for i in range(5)])
    found = routing.dry_run(leads, HANDBOOK, HANDBOOK, STAFF, PAST)
    assert not found.leads["moved"].any()
    assert (found.change, found.low, found.high) == (0, 0, 0)


def test_a_team_without_a_past_is_left_out_and_named():
    leads = leads_of([(0, "south_china", 90), (1, "", 1)])
    past = PAST[PAST["team"] == "B"]
    found = routing.dry_run(leads, HANDBOOK, HANDBOOK, STAFF, past)
    assert found.response["unknown"].tolist() == [1, 1]
    assert "Nothing is known of how A answers: left out of the plan new." in found.notes


def test_the_sample_can_be_routed_by_region(book, tmp_path):
    """East China goes to 销售B组 in the sample; away from it, more would be answered in time."""
    text = """
[routing]
fallback = "SDR组"
[[routing.rules]]
name = "East"
when = {field = "account.region", op = "eq", value = "华东"}
team = "销售B组"
"""
    path = tmp_path / "playbook.toml"
    path.write_text(text, "utf-8")
    zone = book.rules.company.report_zone
    now = routing.plan_of(rules.load(path).routing, book.workdays, zone)
    path.write_text(text.replace("销售B组", "销售A组"), "utf-8")
    new = routing.plan_of(rules.load(path).routing, book.workdays, zone)
    journey = book.table("lead_journey").join(book.table("lead_facts"), "lead_id")
    leads = journey.filter(journey.created_at >= datetime.fromisoformat("2026-07-31T16:00"))
    acts = response.actions(book.table("activity"), alias=book.table("lead_alias"))
    sla = response.sla_of(book.rules.sla, book.workdays, zone)
    past = response.only(
        response.clocks(leads, acts, sla, as_of=book.as_of, keep=["team"]), "response"
    )
    found = routing.dry_run(leads, now, new, book.table("staff"), past)
    east = book.sql(
        "SELECT count(*) AS n FROM lead_journey WHERE region = 'east_china' "
        "AND created_at >= '2026-07-31 16:00'"
    )["n"][0]
    assert found.leads["moved"].sum() == east
    assert found.low > 0
    left = {"S18", "S19", "S20", "S21", "S22"} - set(found.load["owner"])
    gone = book.sql(
        "SELECT staff_id FROM clean.staff WHERE team = '销售B组' AND left_on < '2026-08-01'"
    )
    assert left == set(gone["staff_id"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"fallback": ""},
            "a routing plan needs a fallback: the team of leads that no rule takes.",
        ),
        ({"capacity_per_day": 0}, "capacity_per_day must be at least 1, not 0."),
        (
            {"rules": (Rule("a", SOUTH, "A"), Rule("b", SOUTH, "B"))},
            "rule 'b' has the condition of 'a', which takes every such lead first.",
        ),
    ],
)
def test_a_plan_that_cannot_be_meant_is_refused(changes, message):
    with pytest.raises(ParameterError) as refused:
        Plan(**{"rules": (), "fallback": "B", **changes})
    assert str(refused.value) == message


def test_rules_without_a_fallback_route_nothing():
    with pytest.raises(ParameterError, match="needs a fallback"):
        routing.plan_of(rules.load(None).routing, HANDBOOK.workdays, "Asia/Shanghai")


def test_an_unknown_team_or_column_is_named():
    with pytest.raises(ParameterError, match="unknown team 'C'"):
        routing.assign(leads_of([(0, "", 0)]), Plan(rules=(), fallback="C"), STAFF)
    with pytest.raises(ParameterError, match=r"unknown column of leads 'score\.points'"):
        routing.assign(leads_of([(0, "", 0)]).drop(columns="score.points"), HANDBOOK, STAFF)
