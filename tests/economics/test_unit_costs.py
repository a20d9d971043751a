"""Costs per thing are ratios of sums, and their intervals are Garwood's."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest, chi2, poisson

from playbook.economics import beside, poisson_interval, returns, unit_costs
from playbook.errors import ParameterError


@pytest.mark.parametrize("k", [0, 1, 2, 7, 10, 100, 4321])
@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
def test_the_interval_is_half_the_quantiles_of_chi_square(k, confidence):
    tail = (1 - confidence) / 2
    low, high = poisson_interval(pd.Series([k]), confidence)
    assert low[0] == pytest.approx(chi2.ppf(tail, 2 * k) / 2 if k else 0.0, rel=1e-9)
    assert high[0] == pytest.approx(chi2.ppf(1 - tail, 2 * k + 2) / 2, rel=1e-9)


@pytest.mark.parametrize(
    ("k", "low", "high"), [(0, 0.0, 3.689), (1, 0.0253, 5.572), (10, 4.795, 18.39)]
)
def test_the_interval_is_that_of_the_published_table(k, low, high):
    """Garwood (1936), table: 95 % limits of a Poisson mean."""
    found = poisson_interval(pd.Series([k]))
    assert (found[0][0], found[1][0]) == (
        pytest.approx(low, abs=6e-4),
        pytest.approx(high, abs=6e-3),
    )


@pytest.mark.parametrize("mean", [0.7, 3.0, 12.5])
def test_the_interval_holds_the_mean_at_least_as_often_as_it_says(mean):
    k = np.arange(200)
    low, high = poisson_interval(pd.Series(k))
    covered = poisson.pmf(k[(low <= mean) & (mean <= high)], mean).sum()
    assert covered >= 0.95


def test_the_interval_of_nothing_known_is_unknown():
    low, high = poisson_interval(pd.Series([float("nan")]))
    assert math.isnan(low[0])
    assert math.isnan(high[0])


def test_counts_in_parts_lie_between_their_neighbours():
    low, high = poisson_interval(pd.Series([2.0, 2.4, 3.0]))
    assert low[0] < low[1] < low[2]
    assert high[0] < high[1] < high[2]


def test_cost_per_thing_by_hand():
    table = pd.DataFrame({"channel": ["A", "B"], "cost": [900.0, 100.0], "leads": [30, 1]})
    found = unit_costs(table, {"cpl": "leads"}).set_index("channel")
    assert found["cpl"].tolist() == [30.0, 100.0]
    assert found.loc["B", "cpl_low"] == pytest.approx(100 / 5.5716, rel=1e-4)
    assert found.loc["B", "cpl_high"] == pytest.approx(100 / 0.025318, rel=1e-4)
    assert (found["cpl_low"] < found["cpl"]).all()
    assert (found["cpl"] < found["cpl_high"]).all()


def test_without_a_result_there_is_no_cost_per_result_but_a_lower_bound():
    found = unit_costs(pd.DataFrame({"cost": [1000.0], "won": [0]}), {"cac": "won"}).iloc[0]
    assert math.isnan(found["cac"])
    assert math.isnan(found["cac_high"])
    assert found["cac_low"] == pytest.approx(1000 / 3.68888, rel=1e-5)


def test_without_a_cost_there_is_no_cost_per_result():
    found = unit_costs(pd.DataFrame({"cost": [0.0], "won": [4]}), {"cac": "won"}).iloc[0]
    assert found[["cac", "cac_low", "cac_high"]].isna().all()


def test_a_missing_column_is_named():
    with pytest.raises(ParameterError) as error:
        unit_costs(pd.DataFrame({"cost": [1.0]}), {"cpl": "leads"})
    assert str(error.value) == "the table lacks leads; there are: cost"


def returned(**amounts):
    whole = {"cost": 100.0, "won_in_span": 0.0, "own_revenue": 0.0, "from_earlier_leads": 0.0}
    return returns(pd.DataFrame([{**whole, "won_after_span": 0.0, **amounts}])).iloc[0]


def test_two_returns_differ_by_their_parts():
    row = returned(
        won_in_span=250.0, own_revenue=120.0, from_earlier_leads=180.0, won_after_span=50.0
    )
    assert (row["simple_roi"], row["realised_roi"]) == (1.5, pytest.approx(0.2))
    parts = row["by_earlier_leads"] + row["by_later_wins"]
    assert row["simple_roi"] - row["realised_roi"] == pytest.approx(parts)


def test_nothing_won_loses_all_of_the_cost():
    assert returned()["simple_roi"] == -1.0


def test_no_cost_has_no_return():
    row = returned(cost=0.0, won_in_span=5.0, own_revenue=5.0)
    assert row[["simple_roi", "realised_roi", "difference", "by_earlier_leads"]].isna().all()


def test_amounts_that_contradict_each_other_are_refused():
    with pytest.raises(ParameterError, match="they differ in rows \\[0\\]"):
        returned(won_in_span=250.0, own_revenue=10.0)


@pytest.mark.parametrize(("said", "came"), [(100, 50), (3, 9), (40, 0), (1, 1)])
def test_the_ratio_of_two_counts_has_the_odds_of_an_exact_binomial(said, came):
    exact = binomtest(came, came + said).proportion_ci(method="exact")
    found = beside(pd.DataFrame({"conversions": [said], "leads": [came]})).iloc[0]
    assert found["ratio"] == came / said
    assert found["ratio_low"] == pytest.approx(exact.low / (1 - exact.low), abs=1e-9)
    assert found["ratio_high"] == pytest.approx(exact.high / (1 - exact.high), rel=1e-9)


def test_nothing_reported_has_no_ratio():
    found = beside(pd.DataFrame({"conversions": [0], "leads": [5]})).iloc[0]
    assert found[["ratio", "ratio_low", "ratio_high"]].isna().all()
