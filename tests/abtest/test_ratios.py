"""Ratios of sums: against weighted least squares with robust errors, and by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import statsmodels.api as sm

from playbook.abtest import Mean, Ratio, compare
from playbook.errors import ParameterError
from tests.abtest.plain import arms_of

COLUMNS = ["revenue", "visits", "revenue_before", "visits_before"]
near = lambda value: pytest.approx(value, rel=1e-9)  # noqa: E731


def people(seed=1, sizes=(300, 200)):
    """Revenue and visits per person, and the same before; a person's own taste is in both."""
    rng = np.random.default_rng(seed)
    found = {}
    for at, n in enumerate(sizes):
        taste = rng.gamma(4, 0.25, n)
        visits, before = (1 + rng.poisson(3 * taste) for _ in range(2))
        spent, earlier = (rng.gamma(2.0 * v) * taste * 10 for v in (visits, before))
        found["ABCD"[at]] = np.column_stack([spent * (1 + 0.1 * at), visits, earlier, before])
    return found


def by_regression(rows):
    """A ratio and its variance: a weighted mean of y / x, with White's errors."""
    y, x = rows[:, 0], rows[:, 1]
    fit = sm.WLS(y / x, np.ones(len(x)), weights=x).fit(cov_type="HC0")
    return fit.params[0], fit.bse[0] ** 2 * len(x) / (len(x) - 1)


def test_the_delta_method_is_a_weighted_regression_with_robust_errors():
    """Oracle: statsmodels' WLS of revenue per visit, weighted by visits, with HC0 errors."""
    rows = people()
    found = compare(arms_of(rows, COLUMNS), Ratio("revenue", "visits")).one()
    (value, variance), (control, other) = by_regression(rows["B"]), by_regression(rows["A"])
    assert (found.value, found.value_control) == (near(value), near(control))
    assert found.std_error == near(math.sqrt(variance + other))
    freedom = (variance + other) ** 2 / (variance**2 / 199 + other**2 / 299)
    assert found.df == near(freedom)


def test_treating_visits_as_the_units_would_be_wrong():
    """A person's visits are alike: as if they were independent the error comes out too small."""
    rows = people(2)
    found = compare(arms_of(rows, COLUMNS), Ratio("revenue", "visits")).one()
    each = [np.repeat(r[:, 0] / r[:, 1], r[:, 1].astype(int)) for r in rows.values()]
    naive = math.sqrt(sum(x.var(ddof=1) / len(x) for x in each))
    assert found.std_error > 1.3 * naive


def test_a_denominator_of_ones_gives_the_mean():
    rows = {arm: np.column_stack([r[:, 0], np.ones(len(r))]) for arm, r in people().items()}
    arms = arms_of(rows, ["revenue", "one"])
    ratio, mean = compare(arms, [Ratio("revenue", "one"), Mean("revenue")])
    assert ratio[3:18] == near(mean[3:18])


def test_a_scaled_numerator_and_denominator_scale_the_ratio():
    rows = people()
    scaled = {arm: r * [100, 5, 1, 1] for arm, r in rows.items()}
    one, other = (
        compare(arms_of(r, COLUMNS), Ratio("revenue", "visits")).one() for r in (rows, scaled)
    )
    assert other.difference == near(20 * one.difference)
    assert other[10:13] == near(one[10:13])
    assert other[14:17] == near(one[14:17])


@pytest.mark.parametrize(
    "covariates",
    [("visits_before",), (Ratio("revenue_before", "visits_before"),),
     (Ratio("revenue_before", "visits_before"), "visits_before")],
)  # fmt: skip
def test_an_adjusted_ratio_is_a_regression_of_linearised_units(covariates):
    """Oracle: statsmodels' OLS of a person's linearised ratio on arm and covariates."""
    rows = people(sizes=(250, 250))
    arm = np.repeat([0.0, 1.0], 250)
    parts = (Ratio("revenue", "visits"), *covariates)
    columns = [np.concatenate([linear(r, part) for r in rows.values()]) for part in parts]
    fit = sm.OLS(columns[0], sm.add_constant(np.column_stack([arm, *columns[1:]]))).fit()
    found = compare(arms_of(rows, COLUMNS), Ratio("revenue", "visits", covariates=covariates)).one()
    assert found.difference == near(fit.params[1])
    assert found.std_error == near(fit.bse[1])


def linear(rows, part):
    """A column, or the linearised ratio of two: its value, and how each person moves it."""
    if isinstance(part, str):
        return rows[:, COLUMNS.index(part)]
    y, x = rows[:, COLUMNS.index(part.numerator)], rows[:, COLUMNS.index(part.denominator)]
    return y.mean() / x.mean() + (y - y.mean() / x.mean() * x) / x.mean()


def test_a_denominator_without_anything_in_it_is_refused():
    rows = {arm: r * [1, 0 if arm == "B" else 1, 1, 1] for arm, r in people().items()}
    with pytest.raises(ParameterError) as refused:
        compare(arms_of(rows, COLUMNS), Ratio("revenue", "visits"))
    assert str(refused.value) == (
        "revenue per visits: the mean of the denominator 'visits' is 0 in arm B: a ratio needs "
        "one above zero."
    )
