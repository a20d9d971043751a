"""How long a test takes and still needs: cases worked by hand."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playbook import abtest
from playbook.errors import ParameterError

WEEK = [100, 110, 120, 110, 100, 20, 10]  # Monday to Sunday: 570 people
STARTED = date(2026, 10, 5)


def days(values, first="2026-08-03"):
    """A Series by day; 3 August 2026 is a Monday."""
    return pd.Series(values, index=pd.date_range(first, periods=len(values)))


@pytest.fixture
def plan():
    """Of 7,560 people, half in each arm."""
    return abtest.sample_size(0.05, 0.015, arms=("A", "B"))


def test_people_over_traffic_is_rounded_up_to_full_weeks():
    found = abtest.duration(5000, 100)
    assert (found.per_week, found.weeks, found.days) == (700, 8, 56)
    assert abtest.duration(2100, 100).weeks == 3
    assert abtest.duration(2101, 100).weeks == 4
    assert str(found) == "5,000 people at 700 a week take 8 full weeks (56 days)."


def test_a_test_takes_a_full_week_at_least():
    assert abtest.duration(3, 10_000).days == 7


def test_only_a_share_of_the_traffic_enters():
    assert abtest.duration(5000, 100, share=0.5).weeks == 15
    assert abtest.duration(5000, 100, share=0.5).per_week == 350


def test_the_weekly_cycle_counts_full_weeks_and_is_said():
    found = abtest.duration(5000, days(WEEK * 8))
    assert found.per_week == 570
    assert found.weeks == 9
    assert found.note == "A day of the weekend has 14 % of a weekday's people."
    assert abtest.duration(5000, WEEK * 8).note == (
        "The quietest day of a week has 8 % of the people of the busiest."
    )
    assert abtest.duration(5000, [5] * 14).note == ""


@pytest.mark.parametrize("extra", range(7))
def test_days_that_make_no_full_week_are_left_out(extra):
    """Three busy weekdays more would be 17 % too many if days were simply averaged."""
    assert abtest.duration(5000, days((WEEK * 9)[: 28 + extra])).per_week == 570
    shifted = days((WEEK * 9)[extra : extra + 28], first=f"2026-08-{3 + extra:02}")
    found = abtest.duration(5000, shifted)
    assert found.per_week == 570
    assert found.note == "A day of the weekend has 14 % of a weekday's people."


def test_days_without_a_row_count_as_without_people():
    series = days(WEEK * 4).drop([pd.Timestamp("2026-08-10"), pd.Timestamp("2026-08-12")])
    found = abtest.duration(5000, series)
    assert found.per_week == pytest.approx((4 * 570 - 220) / 4)
    assert found.note.endswith("2 days without a row count as no people.")


def test_the_order_of_rows_does_not_matter():
    series = days(WEEK * 4)
    assert abtest.duration(900, series.sample(frac=1, random_state=1)) == abtest.duration(
        900, series
    )


def test_a_plan_that_is_too_long_says_what_could_be_found_instead(plan):
    found = abtest.duration(plan, 100, max_weeks=4)
    assert found.is_too_long
    less = found.affordable
    assert less.total == pytest.approx(2800, abs=2)
    assert abtest.power(0.05, less.effect, less.n).power == pytest.approx(0.8, abs=1e-9)
    lift = f"{less.lift:.1%}".replace("%", " %")
    assert str(found) == (
        f"{plan.total:,} people at 700 a week take 11 full weeks (77 days). That is longer than "
        f"the 4 weeks allowed, which find +{lift}."
    )
    assert abtest.duration(plan, 100, max_weeks=11).affordable is None


def test_where_nothing_can_be_found_that_is_said():
    plan = abtest.sample_size(0.02, -0.01)
    found = abtest.duration(plan, 2, max_weeks=1)
    assert found.affordable is None
    assert str(found).endswith(
        "That is longer than the 1 week allowed: test a greater change, or more pages together."
    )


@settings(deadline=None)
@given(st.integers(1, 10**6), st.lists(st.integers(0, 500), min_size=7, max_size=40))
def test_the_weeks_are_the_fewest_that_bring_the_people(people, daily):
    if sum(daily[len(daily) % 7 :]) == 0:
        return
    found = abtest.duration(people, daily)
    assert found.weeks * found.per_week >= people * (1 - 1e-9)
    assert found.weeks == 1 or (found.weeks - 1) * found.per_week < people


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"daily": [5] * 6}, "daily has 6 days: a week has seven, take more."),
        ({"daily": -4}, "daily must hold numbers of people, 0 or more, not -4."),
        ({"daily": [1] * 7 + [np.nan]}, "daily must hold numbers of people, 0 or more, not nan."),
        ({"daily": 0}, "daily brings nobody: there is no test without people."),
        (
            {"daily": pd.concat([days([5] * 7), days([5])])},
            (
                "daily has 2026-08-03 twice: add up what belongs to one day.\n"
                "daily has 0 days: a week has seven, take more."
            ),
        ),
        ({"share": 1.5}, "share must be above 0 and at most 1, not 1.5."),
        ({"max_weeks": 0}, "max_weeks must be 1 or more, not 0: a test runs a full week at least."),
        ({"plan": 0}, "plan must be a Plan, or people above 0, not 0."),
    ],
)
def test_traffic_that_is_none_is_refused(wrong, said):
    with pytest.raises(ParameterError) as error:
        abtest.duration(**({"plan": 100, "daily": 10} | wrong))
    assert str(error.value) == said


def left(plan, people, after, **more):
    return abtest.time_left(
        people, plan, started=STARTED, as_of=STARTED + timedelta(days=after), **more
    )


def test_the_arm_that_is_furthest_behind_decides(plan):
    need = plan.n["A"]
    found = left(plan, {"A": need // 2, "B": need // 4}, 10)
    assert found.done == pytest.approx(0.25, abs=1e-3)
    assert found.missing == need - need // 2 + need - need // 4
    assert (found.days, found.full_weeks, found.weeks) == (10, 1, 6)
    assert found.ends == STARTED + timedelta(days=42)
    assert (found.days_left, found.is_enough) == (32, False)
    assert str(found) == (
        f"25 % of the planned people after 10 days: {found.missing:,} people and 32 days to go, 6 "
        "full weeks in all."
    )


def test_a_test_with_all_its_people_runs_its_week_to_the_end(plan):
    people = dict(plan.n)
    early = left(plan, people, 3)
    assert (early.missing, early.weeks, early.days_left, early.is_enough) == (0, 1, 4, False)
    second = left(plan, people, 10)
    assert (second.weeks, second.days_left) == (2, 4)
    done = left(plan, people, 14)
    assert (done.days_left, done.is_enough) == (0, True)
    assert str(done) == f"Complete: {plan.total:,} people in 2 full weeks."


def test_a_test_past_its_end_is_complete(plan):
    assert left(plan, {arm: 2 * n for arm, n in plan.n.items()}, 16).is_enough


def test_moments_count_in_parts_of_days(plan):
    noon, midnight = pd.Timestamp("2026-10-05 12:00"), pd.Timestamp("2026-10-12")
    found = abtest.time_left(plan.n, plan, started=noon, as_of=midnight)
    assert found.days == 6.5
    assert (found.full_weeks, found.days_left) == (0, 1)


def test_arms_of_other_names_are_taken_in_order(plan):
    table = pd.DataFrame(
        {"arm": ["old", "new"], "exposures": [2000, 1900], "conversions": [90, 99]}
    )
    arms = abtest.counts(table, control="old")
    assert left(plan, arms, 7).done == pytest.approx(1900 / plan.n["B"])
    assert left(plan, {"B": 10, "A": 1000}, 7).done == pytest.approx(10 / plan.n["B"])


def test_where_nobody_comes_no_end_can_be_said(plan):
    for people, after in (({"A": 5, "B": 0}, 9), ({"A": 0, "B": 0}, 0)):
        found = left(plan, people, after, max_weeks=8)
        assert (found.weeks, found.ends, found.days_left) == (None, None, None)
        assert found.is_too_long
    assert str(found) == "0 % of the planned people after 0 days: when it ends cannot be said."
    assert left(plan, {"A": 1, "B": 1}, 300).weeks is None


def test_a_test_that_will_take_too_long_says_so(plan):
    found = left(plan, {"A": 300, "B": 300}, 14, max_weeks=8)
    assert found.is_too_long
    assert str(found).endswith("That is longer than the 8 weeks allowed.")


def test_a_test_that_cannot_be_is_refused(plan):
    with pytest.raises(ParameterError) as error:
        left(plan, {"A": -5, "B": 1, "C": 1}, -1, max_weeks=0)
    assert str(error.value).splitlines() == [
        "max_weeks must be 1 or more, not 0: a test runs a full week at least.",
        "arms: there are 3, but the plan has 2.",
        "arms: A must have 0 people or more, not -5.",
        "as_of 2026-10-04 lies before the start, 2026-10-05.",
    ]


def test_moments_with_a_zone_are_refused(plan):
    late = pd.Timestamp("2026-10-09 08:00", tz="Asia/Shanghai")
    with pytest.raises(ParameterError) as error:
        abtest.time_left(plan.n, plan, started=STARTED, as_of=late)
    assert str(error.value) == (
        "started and as_of must be without a zone, not 2026-10-09 08:00:00+08:00."
    )


@pytest.mark.parametrize(
    ("plan", "daily", "said"),
    [
        (500, pd.DataFrame({"n": [9] * 7}), "such as one column of the table; not DataFrame."),
        (500, "many", "a Series by date; not str."),
        (500, [9, None] * 7, "a Series by date; not None."),
        ("x", 9, "plan must be a Plan, or people above 0, not x."),
    ],
)
def test_people_that_are_no_numbers_are_refused(plan, daily, said):
    with pytest.raises(ParameterError) as refused:
        abtest.duration(plan, daily)
    assert str(refused.value).endswith(said)


def test_moments_and_plans_that_are_none_are_refused():
    with pytest.raises(ParameterError) as refused:
        abtest.time_left({"A": 9, "B": 9}, 500, started="2026-10-01", as_of=date(2026, 10, 9))
    assert str(refused.value) == (
        "started must be a date or a moment, such as date(2026, 10, 1), not '2026-10-01'.\n"
        "plan must be a Plan, such as sample_size gives, not int."
    )
