"""The best division of a budget is the best, and its gain is not promised beyond the data."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.optimize import minimize

from playbook.economics import best, bounds, by_verdict, marginal, reallocate
from playbook.economics.response_curves import Curve
from playbook.errors import ParameterError


def curve(cost, outcome, elasticity, *, least=0.0, most=1e12, error=0.05, reason=""):
    covariance = ((0.01**2, 0.0), (0.0, error**2))
    mean = (float(np.log(outcome)), elasticity)
    return Curve(
        reason, elasticity, elasticity - 1.96 * error, elasticity + 1.96 * error, cost, outcome,
        least, most, 104, 1000.0, 1.0, 0.3, mean, covariance,
    )  # fmt: skip


_amounts = st.floats(1.0, 1000.0)
_channels = st.lists(st.tuples(_amounts, _amounts, st.floats(0.05, 0.9)), min_size=2, max_size=6)


@given(channels=_channels, part=st.floats(0.05, 0.95))
def test_no_other_division_brings_more(channels, part):
    cost, outcome, power = (np.array(x) for x in zip(*channels, strict=True))
    low, high = cost * 0.5, cost * 2.0
    budget = float(low.sum() + part * (high.sum() - low.sum()))
    found = np.array(best(cost, outcome, power, budget=budget, low=low, high=high))
    assert found.sum() == pytest.approx(budget, rel=1e-9)
    assert (found >= low * (1 - 1e-9)).all()
    assert (found <= high * (1 + 1e-9)).all()

    def brought(x):
        return float((outcome * (x / cost) ** power).sum())

    # Moving a little from any channel to any other, within the bounds, brings no more.
    for giver in range(len(cost)):
        for taker in range(len(cost)):
            step = min(found[giver] - low[giver], high[taker] - found[taker]) * 0.01
            if giver == taker or step <= 1e-9:
                continue
            moved = found.copy()
            moved[giver] -= step
            moved[taker] += step
            assert brought(moved) <= brought(found) * (1 + 1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_it_is_what_a_numerical_search_finds(seed):
    rng = np.random.default_rng(seed)
    cost, outcome = rng.uniform(10, 100, 5), rng.uniform(5, 50, 5)
    power, budget = rng.uniform(0.2, 0.8, 5), float(cost.sum())
    low, high = cost * 0.7, cost * 1.3
    found = best(cost, outcome, power, budget=budget, low=low, high=high)
    search = minimize(
        lambda x: -(outcome * (x / cost) ** power).sum(),
        cost,
        method="SLSQP",
        bounds=list(zip(low, high, strict=True)),
        constraints={"type": "eq", "fun": lambda x: x.sum() - budget},
        options={"ftol": 1e-14, "maxiter": 1000},
    )
    assert -search.fun <= (outcome * (found / cost) ** power).sum() + 1e-9
    assert np.allclose(found, search.x, rtol=2e-3)


def test_channels_that_are_free_bring_the_same_for_one_more():
    curves = [curve(100.0, 20.0, 0.5), curve(100.0, 20.0, 0.3), curve(50.0, 10.0, 0.6)]
    plan = reallocate(curves, shift=0.9)
    returns = [marginal(c, x) for c, x in zip(curves, plan.cost, strict=True)]
    assert returns == pytest.approx([returns[0]] * 3, rel=1e-6)
    assert sum(plan.cost) == pytest.approx(250.0)


def test_equal_channels_stay_equal_and_gain_nothing():
    plan = reallocate([curve(100.0, 20.0, 0.5)] * 3)
    assert plan.cost == pytest.approx([100.0] * 3)
    assert plan.gain == pytest.approx(0.0, abs=1e-9)


def test_money_moves_to_what_it_brings_most_but_not_beyond_the_bounds():
    dear, good = curve(100.0, 2.0, 0.5), curve(100.0, 50.0, 0.5)
    plan = reallocate([dear, good], shift=0.3)
    assert plan.cost == pytest.approx([70.0, 130.0])
    assert plan.gain == pytest.approx(2 * 0.7**0.5 + 50 * 1.3**0.5 - 52)


def test_nothing_is_moved_beyond_what_has_been_seen():
    low, high = bounds([curve(100.0, 5.0, 0.5, least=90.0, most=110.0)], 0.3)
    assert (low, high) == ([90.0], [110.0])
    lately = curve(150.0, 5.0, 0.5, least=90.0, most=110.0)
    assert bounds([lately], 0.3) == ([105.0], [150.0])


def test_the_worth_of_a_lead_decides_not_their_number():
    many, good = curve(100.0, 50.0, 0.5), curve(100.0, 20.0, 0.5)
    assert reallocate([many, good]).cost[0] > 100.0
    assert reallocate([many, good], worth=[0.01, 0.2]).cost[0] < 100.0


def test_a_budget_that_the_bounds_do_not_allow_is_spent_as_far_as_they_do():
    curves = [curve(100.0, 20.0, 0.5), curve(100.0, 20.0, 0.3)]
    assert sum(reallocate(curves, budget=1000.0).cost) == pytest.approx(260.0)
    assert sum(reallocate(curves, budget=10.0).cost) == pytest.approx(140.0)


def test_the_gain_of_a_known_curve_has_no_interval_and_that_of_a_loose_one_a_wide():
    sure = [curve(100.0, 2.0, 0.5, error=1e-9), curve(100.0, 50.0, 0.5, error=1e-9)]
    plan = reallocate(sure)
    assert plan.gain_high - plan.gain_low < plan.gain * 0.1
    loose = [curve(100.0, 20.0, 0.4, error=0.2), curve(100.0, 20.0, 0.5, error=0.2)]
    found = reallocate(loose)
    assert found.gain_low < 0 < found.gain_high
    assert 0.5 < found.chance < 0.95


def test_the_interval_of_the_gain_is_that_of_its_own_formula():
    """One channel moved by a known amount: the gain is log-normal in its elasticity."""
    curves = [curve(100.0, 20.0, 0.5, error=0.1), curve(1e6, 1e-9, 0.5, error=1e-9)]
    plan = reallocate(curves, budget=1e6 + 120.0, shift=0.3)
    ratio = plan.cost[0] / 100.0
    ends = [20 * (ratio ** (0.5 + z * 0.1) - 1) for z in (-1.96, 1.96)]
    assert (plan.gain_low, plan.gain_high) == pytest.approx(ends, rel=0.05)


def test_the_same_seed_gives_the_same_interval():
    curves = [curve(100.0, 20.0, 0.4), curve(100.0, 20.0, 0.5)]
    assert reallocate(curves) == reallocate(curves)


def test_refused_curves_and_bad_shares_are_refused():
    with pytest.raises(
        ParameterError, match=r"^reallocate needs accepted curves, and at least one$"
    ):
        reallocate([curve(100.0, 20.0, 0.4, reason="too few")])
    with pytest.raises(ParameterError, match=r"^shift must be 0 to 1, not 3$"):
        reallocate([curve(100.0, 20.0, 0.4)], shift=3)
    with pytest.raises(ParameterError, match=r"^elasticities must lie between 0 and 1, not \[1.0"):
        best([1.0], [1.0], [1.0], budget=1.0, low=[0.0], high=[2.0])
    with pytest.raises(ParameterError, match=r"^a budget of 9.00 does not fit the bounds"):
        best([1.0], [1.0], [0.5], budget=9.0, low=[0.0], high=[2.0])


_rows = st.lists(
    st.tuples(st.integers(0, 10**7), st.sampled_from(["keep", "watch", "cut", "no cost"])),
    min_size=1,
    max_size=15,
)


@given(rows=_rows, budget=st.integers(1, 10**9), shift=st.floats(0, 1))
def test_proposals_add_up_to_the_budget_and_no_channel_moves_too_far(rows, budget, shift):
    assume(any(cents for cents, _ in rows))
    table = pd.DataFrame(
        {
            "channel": [f"C{i}" for i in range(len(rows))],
            "cost": [cents / 100 for cents, _ in rows],
            "verdict": [verdict for _, verdict in rows],
        }
    )
    found = by_verdict(table, budget / 100, shift=shift)
    assert sum(round(x * 100) for x in found["proposal"]) == budget
    own = found.head(len(rows))
    assert (own["move"].abs() <= own["start"] * shift + 0.02).all()
    assert (own.loc[own["verdict"] == "cut", "move"] <= 0.02).all()
    assert (own.loc[own["verdict"] == "keep", "move"] >= -0.02).all()


def test_what_nobody_may_take_is_kept_for_tests():
    table = pd.DataFrame({"channel": ["A", "B"], "cost": [90.0, 10.0], "verdict": ["cut", "keep"]})
    found = by_verdict(table, 1000.0, shift=0.3)
    assert found["proposal"].tolist() == [630.0, 130.0, 240.0]
    assert found["channel"].tolist() == ["A", "B", "kept for tests"]


def test_a_plan_without_a_budget_is_refused():
    table = pd.DataFrame({"channel": ["A"], "cost": [0.0], "verdict": ["keep"]})
    with pytest.raises(ParameterError, match=r"^a plan needs a budget above 0 and a cost"):
        by_verdict(table, 100.0)
