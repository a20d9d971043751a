"""CUPED: against a regression on arm and covariates, and unit by unit."""

from __future__ import annotations

import math

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from playbook.abtest import Mean, Ratio, compare
from playbook.errors import ParameterError
from tests.abtest.plain import arms_of

COLUMNS = ["revenue", "before", "age"]
near = lambda value: pytest.approx(value, rel=1e-9)  # noqa: E731


def people(seed=1, sizes=(120, 120)):
    rng = np.random.default_rng(seed)
    found = {}
    for at, n in enumerate(sizes):
        before, age = rng.gamma(2, 10, n), rng.normal(40, 8, n)
        noise = rng.normal(0, 8 + 3 * at, n)
        found["ABCD"[at]] = np.column_stack([30 + at + before + 0.3 * age + noise, before, age])
    return found


def regression(rows, covariates):
    """OLS of the metric on arms and covariates."""
    sizes = [len(r) for r in rows.values()]
    arm = np.repeat(np.arange(len(sizes)), sizes)
    dummies = [(arm == at).astype(float) for at in range(1, len(sizes))]
    whole = np.concatenate(list(rows.values()))
    known = [whole[:, COLUMNS.index(name)] for name in covariates]
    return sm.OLS(whole[:, 0], sm.add_constant(np.column_stack([*dummies, *known]))).fit()


@pytest.mark.parametrize("covariates", [("before",), ("before", "age")])
def test_arms_of_one_size_give_the_regressions_figures(covariates):
    """Oracle: statsmodels' OLS: coefficient and standard error, exactly."""
    rows = people()
    fit = regression(rows, covariates)
    found = compare(arms_of(rows, COLUMNS), Mean("revenue", covariates)).one()
    assert found.difference == near(fit.params[1])
    assert found.std_error == near(fit.bse[1])
    assert found.statistic == near(fit.tvalues[1])
    assert found.df < fit.df_resid  # each arm has a spread of its own, which costs a little


@pytest.mark.parametrize("sizes", [(300, 60), (50, 200), (60, 80, 100)])
def test_the_slopes_and_differences_are_the_regressions_whatever_the_sizes(sizes):
    """Oracle: statsmodels' OLS with an indicator of each arm."""
    rows = people(2, sizes)
    fit = regression(rows, ("before", "age"))
    found = compare(arms_of(rows, COLUMNS), Mean("revenue", ("before", "age")))
    assert [row.difference for row in found] == near(list(fit.params[1 : len(sizes)]))


def test_the_spread_is_welchs_of_the_adjusted_units():
    """Oracle: every unit adjusted by hand, SciPy's Welch test; many units, so what the slope's own
    uncertainty adds is less than a thousandth.
    """
    rows = people(3, (4000, 1500))
    slope = regression(rows, ("before",)).params[2]
    whole = np.concatenate(list(rows.values()))
    by_hand = [r[:, 0] - slope * (r[:, 1] - whole[:, 1].mean()) for r in rows.values()]
    expected = stats.ttest_ind(by_hand[1], by_hand[0], equal_var=False)
    found = compare(arms_of(rows, COLUMNS), Mean("revenue", ("before",))).one()
    assert (found.value_control, found.value) == (near(by_hand[0].mean()), near(by_hand[1].mean()))
    assert found.statistic == pytest.approx(expected.statistic, rel=1e-3)
    assert found.df == pytest.approx(expected.df, rel=1e-3)


def test_it_is_narrower_by_what_the_covariate_explains():
    rows = people(4, (3000, 3000))
    arms = arms_of(rows, COLUMNS)
    plain = compare(arms, Mean("revenue")).one()
    cuped = compare(arms, Mean("revenue", ("before", "age"))).one()
    explained = 1 - regression(rows, ("before", "age")).ssr / regression(rows, ()).ssr
    assert cuped.std_error == pytest.approx(plain.std_error * math.sqrt(1 - explained), rel=1e-3)


def test_a_covariate_that_says_nothing_changes_next_to_nothing():
    rng = np.random.default_rng(5)
    rows = {arm: np.column_stack([r, rng.normal(size=len(r))]) for arm, r in people().items()}
    arms = arms_of(rows, [*COLUMNS, "noise"])
    plain = compare(arms, Mean("revenue")).one()
    cuped = compare(arms, Mean("revenue", covariates="noise")).one()
    assert cuped.std_error == pytest.approx(plain.std_error, rel=0.02)


@pytest.mark.parametrize(("scale", "shift"), [(1e-6, 0), (1e6, 0), (1, 1e6), (-3, 17)])
def test_a_covariate_scaled_or_shifted_changes_nothing(scale, shift):
    rows = people()
    other = {arm: r * [1, scale, 1] + [0, shift, 0] for arm, r in rows.items()}
    metric = Mean("revenue", ("before", "age"))
    one, same = (compare(arms_of(r, COLUMNS), metric).one() for r in (rows, other))
    assert same[5:17] == pytest.approx(one[5:17], rel=1e-8)


def test_the_order_of_covariates_does_not_matter():
    arms = arms_of(people(), COLUMNS)
    one, other = (
        compare(arms, Mean("revenue", c)).one() for c in (("before", "age"), ("age", "before"))
    )
    assert one[5:17] == near(other[5:17])


def refused(rows, columns, metric):
    with pytest.raises(ParameterError) as error:
        compare(arms_of(rows, columns), metric)
    return str(error.value)


def test_covariates_that_cannot_be_used_are_refused():
    rows = {arm: np.column_stack([r, np.full(len(r), 7.0), 2 * r[:, 1] + r[:, 2], 3 * r[:, 0]])
            for arm, r in people().items()}  # fmt: skip
    columns = [*COLUMNS, "constant", "sum", "later"]
    assert refused(rows, columns, Mean("revenue", ("before", "constant"))) == (
        "revenue, adjusted by before, constant: the covariate 'constant' does not vary within the "
        "arms: leave it out."
    )
    assert refused(rows, columns, Mean("revenue", ("before", "age", "sum"))) == (
        "revenue, adjusted by before, age, sum: the covariates before, age, sum say the same: "
        "leave one out."
    )
    assert refused(rows, columns, Mean("revenue", ("later",))) == (
        "revenue, adjusted by later: later and the metric are the same: a covariate has to be "
        "what was known before the unit saw its arm."
    )
    assert refused(
        {a: r[:2] for a, r in rows.items()}, columns, Mean("revenue", ("before", "age"))
    ) == ("revenue, adjusted by before, age: 2 covariates need more units than there are.")


def test_a_column_is_not_its_own_covariate():
    with pytest.raises(ParameterError) as error:
        Ratio("revenue", "visits", covariates=("visits", "visits"))
    assert str(error.value) == (
        "covariates must be different, each named once.\n"
        "'visits' is measured by the metric and cannot be its own covariate: use what was known "
        "before the unit saw its arm."
    )
