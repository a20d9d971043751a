"""The rule score: hand-worked decay, caps and bands, and parts that always sum to the whole."""

from __future__ import annotations

import math
from datetime import datetime

import ibis
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbook import scoring
from playbook.conditions import Comparison
from playbook.data.rules import Rules
from playbook.errors import ParameterError
from playbook.scoring import Bands, BehaviourPoints, FitPoints, PointRules

NOW = datetime(2026, 10, 31, 12)  # noqa: DTZ001 - naive UTC, as in a Book
SENIOR = Comparison("person.seniority", "in", ("c_level", "vp"))
RULES = PointRules(
    fit=(
        FitPoints("title", SENIOR, 20),
        FitPoints("title", Comparison("person.seniority", "eq", "director"), 15),
        FitPoints("consent", Comparison("person.consent", "eq", "withdrawn"), -30),
    ),
    behaviour=(
        BehaviourPoints("pricing_view", 10, cap=20, half_life_days=30),
        BehaviourPoints("download", 5, cap=15),
        BehaviourPoints("unsubscribe", -8, cap=10, half_life_days=10),
    ),
    bands=Bands(hot=40, warm=20),
    mql_points=30,
)


def leads(*rows):
    return pd.DataFrame(rows, columns=["lead_id", "person.seniority", "person.consent"])


def touches(*rows):
    """Each as lead, type, days ago."""
    return pd.DataFrame(
        [(lead, kind, pd.Timestamp(NOW) - pd.Timedelta(days=ago)) for lead, kind, ago in rows],
        columns=["lead_id", "touch_type", "touched_at"],
    ).astype({"touched_at": "datetime64[us]", "lead_id": str, "touch_type": str})


def score_of(lead_touches, *, rules=RULES, lead=("a", None, None), as_of=NOW):
    found = scoring.rule_score(
        leads(lead).astype(object), touches(*lead_touches), rules, as_of=as_of
    )
    return int(found["score"][0])


@pytest.mark.parametrize(
    ("rows", "points"),
    [
        ([], 0),
        ([("a", "pricing_view", 0)], 10),
        ([("a", "pricing_view", 30)], 5),
        ([("a", "pricing_view", 60)], 3),  # a quarter of 10 is 2.5: halves go up
        ([("a", "pricing_view", 0), ("a", "pricing_view", 30)], 15),
        ([("a", "pricing_view", 0)] * 3, 20),  # the cap
        ([("a", "pricing_view", 30)] * 5, 20),  # faded first, capped after
        ([("a", "download", 900)] * 2, 10),  # without a half-life nothing fades
        ([("a", "unsubscribe", 0)], -8),
        ([("a", "unsubscribe", 0)] * 2, -10),
        ([("a", "unsubscribe", 10)], -4),
        ([("a", "pricing_view", -0.001)], 0),  # after the moment of scoring
        ([("b", "pricing_view", 0)], 0),  # of somebody else
        ([("a", "page_view", 0)], 0),  # no points are declared for it
        ([("a", "pricing_view", 0), ("a", "download", 0), ("a", "unsubscribe", 0)], 7),
    ],
)
def test_touches_fade_by_half_and_stop_at_the_cap(rows, points):
    assert score_of(rows) == points


def test_of_one_factor_the_first_level_that_holds_counts_and_the_unknown_gives_nothing():
    table = leads(
        ("a", "vp", None), ("b", "director", "withdrawn"), ("c", "staff", None), ("d", None, None)
    )
    found = scoring.rule_score(table, None, RULES, as_of=NOW)
    assert found["score"].tolist() == [20, -15, 0, 0]


@pytest.mark.parametrize(
    ("points", "band"), [(80, "hot"), (79, "warm"), (50, "warm"), (49, "cold")]
)
def test_a_band_begins_at_its_lowest_score(points, band):
    rules = PointRules((FitPoints("all", SENIOR, points),), (), Bands(80, 50), 50)
    found = scoring.rule_score(leads(("a", "vp", None)), None, rules, as_of=NOW)
    assert found["band"].tolist() == [band]
    assert found["is_mql"].tolist() == [points >= 50]


def test_a_lead_can_be_scored_at_a_moment_of_its_own():
    table = leads(("a", None, None), ("b", None, None)).assign(
        created_at=[pd.Timestamp(NOW), pd.Timestamp(NOW) - pd.Timedelta(days=30)]
    )
    seen = touches(("a", "pricing_view", 30), ("b", "pricing_view", 30), ("b", "pricing_view", 5))
    found = scoring.rule_score(
        table.astype({"person.seniority": object}), seen, RULES, as_of="created_at"
    )
    assert found["score"].tolist() == [5, 10]


def test_the_breakdown_names_kind_and_factor_in_the_order_of_the_rules():
    found = scoring.rule_points(
        leads(("a", "vp", "withdrawn")),
        touches(("a", "download", 1), ("a", "pricing_view", 0)),
        RULES,
        as_of=NOW,
    )
    assert found.to_numpy().tolist() == [
        ["a", "fit", "title", 20],
        ["a", "fit", "consent", -30],
        ["a", "behaviour", "pricing_view", 10],
        ["a", "behaviour", "download", 5],
    ]


LEADS = st.lists(
    st.tuples(
        st.sampled_from(["vp", "director", "staff", None]), st.sampled_from(["withdrawn", None])
    ),
    min_size=1,
    max_size=4,
)
TOUCHES = st.lists(
    st.tuples(
        st.sampled_from("0123"),
        st.sampled_from(["pricing_view", "download", "unsubscribe", "page_view"]),
        st.integers(-5, 200),
    ),
    max_size=12,
)


def plainly(lead, seen):
    """The score in plain Python."""
    seniority, consent = lead
    total = 20 if seniority == "vp" else 15 if seniority == "director" else 0
    total += -30 if consent == "withdrawn" else 0
    for kind, points, cap, half in (
        ("pricing_view", 10, 20, 30),
        ("download", 5, 15, math.inf),
        ("unsubscribe", -8, 10, 10),
    ):
        size = sum(abs(points) * 0.5 ** (ago / half) for k, ago in seen if k == kind and ago >= 0)
        whole = math.floor(round(min(size, cap), 6) + 0.5)
        total += whole if points > 0 else -whole
    return total


@given(LEADS, TOUCHES)
def test_the_score_is_that_of_plain_python_and_its_parts_sum_to_it_exactly(people, seen):
    table = leads(*((str(i), *person) for i, person in enumerate(people))).astype(object)
    events = touches(*seen)
    scored = scoring.rule_score(table, events, RULES, as_of=NOW).set_index("lead_id")["score"]
    parts = scoring.rule_points(table, events, RULES, as_of=NOW)
    summed = parts.groupby("lead_id")["points"].sum().reindex(scored.index, fill_value=0)
    assert summed.tolist() == scored.tolist()
    assert scored.tolist() == [
        plainly(person, [(kind, ago) for lead, kind, ago in seen if lead == str(i)])
        for i, person in enumerate(people)
    ]
    assert scored.max() <= scoring.most_points(RULES)
    shuffled = events.iloc[::-1].reset_index(drop=True)
    again = scoring.rule_score(table, shuffled, RULES, as_of=NOW)["score"]
    assert again.tolist() == scored.tolist()


def test_an_ibis_table_is_scored_where_it_is():
    con = ibis.duckdb.connect()
    table = leads(("a", "vp", "given"), ("b", "director", "withdrawn"))
    seen = touches(("a", "pricing_view", 30))
    lazy = scoring.rule_score(
        con.create_table("leads", table), con.create_table("touches", seen), RULES, as_of=NOW
    )
    assert isinstance(lazy, ibis.Table)
    pd.testing.assert_frame_equal(
        lazy.to_pandas(), scoring.rule_score(table, seen, RULES, as_of=NOW)
    )


def test_rules_without_points_are_refused():
    with pytest.raises(ParameterError, match=r"^rules give no points: add a factor"):
        scoring.rule_score(
            leads(("a", "vp", None)), None, PointRules((), (), Bands(2, 1), 1), as_of=NOW
        )


def test_a_touch_table_without_its_moment_is_refused():
    with pytest.raises(ParameterError, match=r"^unknown column of touches 'touched_at'"):
        scoring.rule_score(
            leads(("a", "vp", None)),
            touches(("a", "download", 1)).rename(columns={"touched_at": "at"}),
            RULES,
            as_of=NOW,
        )


def test_the_section_of_the_rules_is_such_a_rule_score():
    section = Rules().scoring
    assert section.most_points() == scoring.most_points(section)
    table = pd.DataFrame(
        {
            "lead_id": ["a"],
            "person.seniority": ["vp"],
            "account.employee_band": ["1000+"],
            "account.icp_tier": ["A"],
            "lead.need_clarity": [3],
            "lead.budget_band": ["over_2m"],
            "channel.channel_group": ["referral"],
            "person.consent_status": ["granted"],
        }
    )
    found = scoring.rule_score(table, touches(("a", "pricing_view", 0)), section, as_of=NOW)
    assert found["score"].tolist() == [20 + 15 + 15 + 15 + 10 + 5 + 10]
    assert found["band"].tolist() == ["hot"]
