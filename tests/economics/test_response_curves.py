"""A response curve is found where it is, and refused where nobody could see it."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from playbook.economics import Demands, fit_curve, marginal, weeks_to_know
from playbook.errors import ParameterError

WEEKS = 104


def simulated(
    elasticity=0.5, *, seed=0, weeks=WEEKS, level=20.0, spread=0.5, trend=0.3, noise=0.0, season=0.2
):
    """Weeks whose true elasticity is known; `noise` is the variance that Poisson does not have."""
    rng = np.random.default_rng(seed)
    time = np.arange(weeks)
    logs = rng.normal(0, spread, weeks) + 0.4 * time / 52
    angle = 2 * math.pi * time / 52
    mean = level * np.exp(elasticity * logs + trend * time / 52 + season * np.sin(angle))
    mean *= rng.gamma(1 / noise, noise, weeks) if noise else 1.0
    return pd.DataFrame({"cost": 1000 * np.exp(logs), "outcome": rng.poisson(mean).astype(float)})


def fit(table, **how):
    return fit_curve(table, **{"per_year": 52, "base": 13, **how})


def test_the_estimate_is_that_of_a_poisson_regression_written_by_hand():
    table = simulated(seed=3)
    time = np.arange(WEEKS)
    angle = 2 * math.pi * time / 52
    matrix = np.column_stack(
        [np.ones(WEEKS), time, np.sin(angle), np.cos(angle), np.log(table["cost"])]
    )
    model = sm.GLM(table["outcome"], matrix, family=sm.families.Poisson()).fit()
    curve = fit(table)
    assert curve.elasticity == pytest.approx(model.params.iloc[-1], rel=1e-6)
    assert curve.base_outcome == pytest.approx(model.fittedvalues.tail(13).sum(), rel=1e-6)
    assert curve.base_cost == pytest.approx(table["cost"].tail(13).sum())
    assert curve.high - curve.elasticity >= 1.96 * model.bse.iloc[-1] * 0.999


def test_without_two_years_there_is_no_season():
    table = simulated(seed=3, weeks=60)
    time = np.arange(60)
    matrix = np.column_stack([np.ones(60), time, np.log(table["cost"])])
    model = sm.GLM(table["outcome"], matrix, family=sm.families.Poisson()).fit()
    assert fit(table).elasticity == pytest.approx(model.params.iloc[-1], rel=1e-6)


@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_the_interval_holds_the_true_elasticity_about_as_often_as_it_says(noise):
    """Where leads vary as Poisson counts and where they vary more."""
    found = [fit(simulated(0.5, seed=seed, noise=noise)) for seed in range(200)]
    held = sum(curve.low <= 0.5 <= curve.high for curve in found)
    assert held >= 184  # 95 % of 200, less twice what chance does
    assert np.mean([curve.elasticity for curve in found]) == pytest.approx(0.5, abs=0.02)


def test_a_channel_without_effect_is_hardly_ever_given_a_curve():
    accepted = sum(fit(simulated(0.0, seed=seed, noise=0.3)).accepted for seed in range(100))
    assert accepted <= 6


def test_a_channel_without_diminishing_returns_is_hardly_ever_given_one():
    accepted = sum(fit(simulated(1.0, seed=seed, noise=0.3)).accepted for seed in range(100))
    assert accepted <= 6


def test_a_clear_curve_is_accepted():
    curve = fit(simulated(0.5, seed=1))
    assert curve.accepted
    assert 0 < curve.low < 0.5 < curve.high < 1


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (simulated().assign(cost=0.0), "it has no cost"),
        (simulated(weeks=20), "it has a cost in 20 periods only; 24 are needed"),
        (simulated(level=0.2, seed=2), "39 leads are too few; 50 are needed"),
        (
            simulated().assign(cost=1000.0),
            "its cost hardly varies beside trend and season: by 0%, 10% are needed",
        ),
    ],
)
def test_why_a_curve_is_refused(table, reason):
    curve = fit(table)
    assert curve.reason == reason
    assert not curve.accepted
    assert math.isnan(curve.elasticity)


def test_cost_in_bursts_is_refused():
    table = simulated()
    table.loc[table.index % 3 > 0, "cost"] = 0.0
    assert fit(table).reason == "its cost comes in bursts: in 35 of 104 periods"


def test_cost_that_only_grows_with_time_says_nothing_of_its_effect():
    table = simulated(spread=0.001, trend=1.0)
    assert fit(table).reason.startswith("its cost hardly varies beside trend and season")


def test_a_wide_interval_is_refused_with_its_numbers():
    none = fit(simulated(0.0, seed=5, level=2.0), demands=Demands(outcomes=10))
    assert none.reason.startswith("more cost did not clearly bring more: elasticity ")
    straight = fit(simulated(1.0, seed=5))
    assert straight.reason.startswith("nothing shows that returns diminish: elasticity ")


def test_a_channel_that_stopped_spending_has_no_point_to_start_from():
    table = simulated(0.5, seed=1)
    table.loc[table.index >= WEEKS - 13, "cost"] = 0.0
    assert fit(table).reason == "nothing was spent lately"


def test_the_curve_goes_through_its_base_and_bends():
    curve = fit(simulated(0.5, seed=1))
    assert curve.at(curve.base_cost) == pytest.approx(curve.base_outcome)
    twice = curve.at(2 * curve.base_cost) / curve.base_outcome
    assert twice == pytest.approx(2**curve.elasticity)
    step = 1.0
    slope = (curve.at(curve.base_cost + step) - curve.at(curve.base_cost)) / step
    assert marginal(curve, curve.base_cost) == pytest.approx(slope, rel=1e-3)


def test_the_base_is_drawn_from_what_a_poisson_regression_says_of_its_mean():
    """The delta method's variance of the base, against three hundred data sets."""
    found = [fit(simulated(0.5, seed=seed)) for seed in range(300)]
    logs = np.array([curve.mean[0] for curve in found])
    # The base's cost differs from data set to data set; what is left is the estimate's noise.
    true = [np.log((20.0 * _expected(seed)).sum()) for seed in range(300)]
    said = np.sqrt(np.median([curve.covariance[0][0] for curve in found]))
    assert (logs - np.array(true)).std() == pytest.approx(said, rel=0.25)


def _expected(seed):
    rng = np.random.default_rng(seed)
    time = np.arange(WEEKS)
    logs = rng.normal(0, 0.5, WEEKS) + 0.4 * time / 52
    mean = np.exp(0.5 * logs + 0.3 * time / 52 + 0.2 * np.sin(2 * math.pi * time / 52))
    return mean[-13:]


def test_neighbouring_weeks_that_are_alike_make_the_interval_wider():
    rng = np.random.default_rng(7)
    drift = np.zeros(WEEKS)
    for week in range(1, WEEKS):
        drift[week] = 0.9 * drift[week - 1] + rng.normal(0, 0.15)
    table = simulated(0.5, seed=7, season=0.0)
    table["cost"] = 1000 * np.exp(0.3 * drift + rng.normal(0, 0.15, WEEKS))
    table["outcome"] = rng.poisson(20 * np.exp(drift - drift.mean())).astype(float)
    independent = fit(table.sample(frac=1, random_state=1).reset_index(drop=True))
    assert fit(table).high - fit(table).low > independent.high - independent.low


def test_weeks_to_know_are_those_after_which_the_interval_is_that_wide():
    """Simulated as advised: half more or half less, drawn each week."""
    weeks = round(weeks_to_know(20.0, margin=0.2))
    widths = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        logs = np.log(np.where(rng.random(weeks) < 0.5, 1.5, 0.5))
        outcome = rng.poisson(20 * np.exp(0.5 * (logs - logs.mean())))
        matrix = np.column_stack([np.ones(weeks), logs])
        error = sm.GLM(outcome, matrix, family=sm.families.Poisson()).fit().bse[-1]
        widths.append(1.96 * error)
    assert np.mean(widths) == pytest.approx(0.2, rel=0.2)
    assert math.isnan(weeks_to_know(0.0))


def test_a_table_without_the_columns_is_refused():
    with pytest.raises(ParameterError, match=r"^the table lacks outcome$"):
        fit(pd.DataFrame({"cost": [1.0]}))
    with pytest.raises(
        ParameterError, match=r"^per_year and base must be 1 or more, not 0 and 13$"
    ):
        fit(simulated(), per_year=0)
