"""Cost that is not back yet is waiting, not lost and not left out."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from playbook.economics import payback, payback_curves, usual
from playbook.errors import ParameterError

COHORTS = pd.DataFrame({"cohort": [0, 1, 2], "cost": [100.0, 100.0, 100.0]})
REVENUE = pd.DataFrame(
    {
        "cohort": [0, 0, 1, 1, 2],
        "month": [0, 3, 2, 4, 9],
        "amount": [40.0, 60.0, 30.0, 30.0, 500.0],
    }
)


def test_months_until_the_cost_is_covered_by_hand():
    found = payback(COHORTS, REVENUE, until=5).set_index("cohort")
    assert found["months"].tolist()[0] == 3.0
    assert found.loc[0, "share"] == 1.0
    assert math.isnan(found.loc[1, "months"])
    assert found.loc[1, "share"] == 0.6
    assert found["lived"].tolist() == [5, 4, 3]
    assert found["paid_back"].tolist() == [True, False, False]


def test_what_is_won_after_the_last_known_month_does_not_count_yet():
    assert payback(COHORTS, REVENUE, until=5)["revenue"].tolist() == [100.0, 60.0, 0.0]
    assert payback(COHORTS, REVENUE, until=9)["revenue"].tolist() == [100.0, 60.0, 500.0]


def test_a_cohort_that_has_not_begun_is_left_out():
    assert payback(COHORTS, REVENUE, until=1)["cohort"].tolist() == [0, 1]


def test_curves_only_rise_and_end_with_what_was_lived():
    lines = payback_curves(COHORTS, REVENUE, until=5)
    assert lines.groupby("cohort")["age"].max().tolist() == [5, 4, 3]
    assert (lines.groupby("cohort")["share"].diff().dropna() >= 0).all()


def test_a_month_without_cost_has_no_share():
    free = pd.DataFrame({"cohort": [0], "cost": [0.0]})
    row = payback(free, REVENUE.head(1), until=3).iloc[0]
    assert math.isnan(row["share"])
    assert not row["paid_back"]


def test_revenue_before_its_cohort_is_refused():
    early = pd.DataFrame({"cohort": [2], "month": [1], "amount": [5.0]})
    with pytest.raises(ParameterError, match=r"^revenue has months before those of its cohort$"):
        payback(COHORTS, early, until=5)


def kaplan_meier_median(times, events):
    """By hand: the first time at which the share still waiting is half or less."""
    waiting = 1.0
    for time in sorted(set(times)):
        at_risk = sum(t >= time for t in times)
        back = sum(t == time and e for t, e in zip(times, events, strict=True))
        waiting *= 1 - back / at_risk
        if waiting <= 0.5:
            return time
    return math.nan


@pytest.mark.parametrize("seed", range(8))
def test_the_usual_payback_is_the_median_of_kaplan_and_meier(seed):
    rng = np.random.default_rng(seed)
    months = rng.integers(0, 12, 20).astype(float)
    lived = rng.integers(0, 12, 20)
    paid = months <= lived
    table = pd.DataFrame(
        {
            "share": 1.0,
            "months": np.where(paid, months, np.nan),
            "lived": lived,
            "paid_back": paid,
        }
    )
    found = usual(table)
    expected = kaplan_meier_median(np.where(paid, months, lived).tolist(), paid.tolist())
    assert found.cohorts == 20
    assert found.paid_back == paid.sum()
    assert found.months == expected or (math.isnan(found.months) and math.isnan(expected))


def test_waiting_months_make_the_usual_payback_longer_not_shorter():
    quick = pd.DataFrame(
        {"share": 1.0, "months": [1.0, 1.0, 2.0], "lived": [9, 9, 9], "paid_back": True}
    )
    waiting = pd.DataFrame({"share": 0.1, "months": np.nan, "lived": [9] * 4, "paid_back": False})
    assert usual(quick).months == 1.0
    assert math.isnan(usual(pd.concat([quick, waiting])).months)


def test_nothing_paid_back_has_no_usual_payback():
    found = usual(payback(COHORTS, REVENUE.tail(0), until=5))
    assert (found.cohorts, found.paid_back) == (3, 0)
    assert math.isnan(found.months)
