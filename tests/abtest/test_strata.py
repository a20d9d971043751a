"""Post-stratification: against a saturated regression with robust errors, and by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from playbook.abtest import Mean, Proportion, Ratio, compare, units
from playbook.errors import ParameterError

near = lambda value: pytest.approx(value, rel=1e-9)  # noqa: E731


def people(seed=1, share=(0.3, 0.6)):
    """Two strata of different level and effect; arm B happened to get more of the second."""
    rng = np.random.default_rng(seed)
    parts = []
    for at, (arm, n) in enumerate({"A": 400, "B": 300}.items()):
        large = rng.random(n) < share[at]
        before = rng.gamma(2, 5, n)
        revenue = 20 + 30 * large + at * (1 + 3 * large) + before + rng.normal(0, 5, n)
        visits = 1 + rng.poisson(2 + large)
        parts.append(
            pd.DataFrame(
                {
                    "arm": arm,
                    "size": np.where(large, "large", "small"),
                    "revenue": revenue,
                    "before": before,
                    "visits": visits,
                    "converted": (rng.random(n) < 0.2) * 1,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def arms(rows, by="size"):
    columns = ["revenue", "before", "visits", "converted"]
    return units(rows, columns, control="A", by=by)


def saturated(rows):
    """A mean per stratum and arm by OLS, with HC2 errors: each cell's variance over its n."""
    cells = pd.get_dummies(rows["size"] + rows["arm"]).astype(float)
    fit = sm.OLS(rows["revenue"].to_numpy(), cells.to_numpy()).fit(cov_type="HC2")
    shares = rows["size"].value_counts(normalize=True)
    weights = {arm: [shares[c[:-1]] * (c[-1] == arm) for c in cells.columns] for arm in "AB"}
    return fit, {arm: np.array(w) for arm, w in weights.items()}, shares


def test_a_post_stratified_difference():
    """Oracle: statsmodels' OLS of all cells with HC2 errors, and the mix's part by hand."""
    rows = people()
    fit, weights, shares = saturated(rows)
    contrast = weights["B"] - weights["A"]
    found = compare(arms(rows), Mean("revenue"), strata="size").one()
    assert found.value == near(weights["B"] @ fit.params)
    assert found.difference == near(contrast @ fit.params)
    mean = rows.groupby(["size", "arm"])["revenue"].mean().unstack()
    effect = mean["B"] - mean["A"]
    mix = float((shares * (effect - (shares * effect).sum()) ** 2).sum()) / len(rows)
    within = contrast @ fit.cov_params() @ contrast
    assert found.std_error == near(math.sqrt(within + mix))


def test_its_degrees_of_freedom_are_satterthwaites_over_all_cells():
    """Oracle: the formula over the four cells."""
    rows = people()
    _, _, shares = saturated(rows)
    cells = rows.groupby(["size", "arm"])["revenue"].agg(["var", "size"])
    parts = [
        (shares[key[0]] ** 2 * cell["var"] / cell["size"], cell["size"] - 1)
        for key, cell in cells.iterrows()
    ]
    expected = sum(v for v, _ in parts) ** 2 / sum(v**2 / df for v, df in parts)
    assert compare(arms(rows), Mean("revenue"), strata="size").one().df == near(expected)


def test_it_is_not_fooled_by_an_arm_that_got_more_of_a_stratum():
    """The truth is 1 + 3 x 0.45 = 2.35; B has 30 points more of the large, which spend 30 more."""
    rows = people(2)
    plain = compare(arms(rows), Mean("revenue")).one()
    strata = compare(arms(rows), Mean("revenue"), strata="size").one()
    assert plain.low > 4
    assert strata.low < 2.35 < strata.high
    assert strata.std_error < 0.6 * plain.std_error


@pytest.mark.parametrize(
    "metric",
    [Mean("revenue"), Mean("revenue", covariates="before"), Ratio("revenue", "visits"),
     Ratio("revenue", "visits", covariates="before")],
)  # fmt: skip
def test_a_single_stratum_changes_nothing(metric):
    rows = people().assign(size="all")
    grouped = arms(rows)
    assert compare(grouped, metric, strata="size").one()[3:17] == near(
        compare(grouped, metric).one()[3:17]
    )


def test_an_adjusted_post_stratified_mean_is_that_of_the_adjusted_units():
    """Oracle: units adjusted by hand with the slope within cells, weighted as `mixed` says."""
    rows = people(3)
    found = compare(arms(rows), Mean("revenue", covariates="before"), strata="size").one()
    plain = compare(arms(rows), Mean("revenue"), strata="size").one()
    earlier = compare(arms(rows), Mean("before"), strata="size").one()
    slope = (plain.difference - found.difference) / earlier.difference
    assert slope == pytest.approx(1.0, abs=0.06)  # what was planted
    adjusted = rows.assign(revenue=rows["revenue"] - slope * rows["before"])
    same = compare(arms(adjusted), Mean("revenue"), strata="size").one()
    assert found.difference == near(same.difference)
    assert found.std_error == pytest.approx(same.std_error, rel=2e-3)


def test_a_post_stratified_ratio_is_a_ratio_of_post_stratified_means():
    rows = people()
    grouped = arms(rows)
    revenue, visits, ratio = compare(
        grouped, [Mean("revenue"), Mean("visits"), Ratio("revenue", "visits")], strata="size"
    )
    assert ratio.value == near(revenue.value / visits.value)
    assert ratio.value_control == near(revenue.value_control / visits.value_control)


def test_a_share_is_read_as_a_mean_and_says_so():
    found = compare(arms(people()), Proportion(), strata="size").one()
    assert found.unit == "share"
    assert found.method == "post-stratified by size; Welch's t test; lift by Fieller"
    mean = compare(arms(people()), Mean("converted"), strata="size").one()
    assert found[3:18] == mean[3:18]


def test_the_order_and_the_names_of_strata_do_not_matter():
    rows = people()
    renamed = rows.assign(size=rows["size"].map({"large": "1", "small": "2"}))
    renamed = renamed.sample(frac=1, random_state=1).reset_index(drop=True)
    one, other = (compare(arms(r), Mean("revenue"), strata="size").one() for r in (rows, renamed))
    assert one[3:17] == near(other[3:17])


def test_a_stratum_with_too_few_is_refused():
    rows = pd.concat([people(), people().head(1).assign(size="huge")])
    with pytest.raises(ParameterError) as refused:
        compare(arms(rows), Mean("revenue"), strata="size")
    assert str(refused.value) == (
        "size huge: arm A has 1 units, and a stratum needs 2 in every arm. Put it together with "
        "another stratum.\n"
        "size huge: arm B has 0 units, and a stratum needs 2 in every arm. Put it together with "
        "another stratum."
    )


def test_units_that_were_not_grouped_cannot_be_stratified():
    with pytest.raises(ParameterError, match="not grouped by 'size'"):
        compare(arms(people(), by=()), Mean("revenue"), strata="size")


def test_a_metric_that_the_strata_say_all_of_is_refused():
    rows = people().assign(revenue=lambda r: (r["size"] == "large") * 1.5)
    with pytest.raises(ParameterError) as refused:
        compare(arms(rows), Mean("revenue"), strata="size")
    assert str(refused.value) == (
        "revenue: it does not vary within any size, so there is nothing to test."
    )
