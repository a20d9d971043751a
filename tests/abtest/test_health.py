"""Covariates' health: what they explain, against a regression; and whether arms are alike."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from playbook.abtest import Mean, Ratio, covariate_health
from playbook.errors import ParameterError
from tests.abtest.plain import arms_of

COLUMNS = ["revenue", "before", "age", "visits"]
near = lambda value: pytest.approx(value, rel=1e-9)  # noqa: E731


def people(seed=1, sizes=(300, 250), apart=0.0, noise=5.0):
    rng = np.random.default_rng(seed)
    found = {}
    for at, n in enumerate(sizes):
        before, age, visits = rng.gamma(2, 10, n), rng.normal(40, 8, n), 1.0 + rng.poisson(3, n)
        revenue = before + 0.2 * age + rng.normal(0, noise, n)
        found["ABC"[at]] = np.column_stack([revenue, before + apart * at, age, visits])
    return found


def test_what_is_explained_is_the_regressions_within_arms():
    """Oracle: statsmodels' OLS, with and without the covariates."""
    rows = people()
    whole, arm = np.concatenate(list(rows.values())), np.repeat([0.0, 1.0], [300, 250])
    fit = sm.OLS(whole[:, 0], sm.add_constant(np.column_stack([arm, whole[:, 1:3]]))).fit()
    plain = sm.OLS(whole[:, 0], sm.add_constant(arm)).fit()
    found = covariate_health(arms_of(rows, COLUMNS), Mean("revenue", ("before", "age")))
    assert found.reduction == near(1 - fit.ssr / plain.ssr)
    assert found.gain == near(plain.ssr / fit.ssr)
    assert found.table["slope"].tolist() == near(list(fit.params[2:]))


def test_the_correlation_is_that_within_arms():
    """Oracle: NumPy's correlation of what is left when each arm's mean is taken off."""
    rows = people(apart=100)
    left = np.concatenate([r - r.mean(axis=0) for r in rows.values()])
    found = covariate_health(arms_of(rows, COLUMNS), Mean("revenue", "before"))
    assert found.table["correlation"][0] == near(np.corrcoef(left[:, 0], left[:, 1])[0, 1])


def test_two_arms_balance_is_welchs_test():
    """Oracle: SciPy's ttest_ind with equal_var=False."""
    rows = people(2)
    found = covariate_health(arms_of(rows, COLUMNS), Mean("revenue", ("before", "age")))
    for at in (1, 2):
        a, b = rows["A"][:, at], rows["B"][:, at]
        assert found.table["p_value"][at - 1] == near(stats.ttest_ind(a, b, equal_var=False).pvalue)
        spread = np.sqrt((a.var() * len(a) + b.var() * len(b)) / (len(a) + len(b) - 2))
        assert found.table["apart"][at - 1] == near((b.mean() - a.mean()) / spread)
    assert found.is_healthy


def test_a_covariate_that_knows_the_arm_is_warned_of():
    found = covariate_health(arms_of(people(3, apart=10), COLUMNS), Mean("revenue", "before"))
    assert not found.is_healthy
    assert found.warnings[0].startswith("The arms differ in before (p = ")
    assert found.warnings[0].endswith(
        "it was measured after the units saw their arm, or the split is broken. Do not adjust by "
        "it."
    )


def test_a_weak_covariate_is_warned_of():
    found = covariate_health(arms_of(people(4, noise=300), COLUMNS), Mean("revenue", "age"))
    assert found.warnings == ("Less than 1 % of the variance is explained: leave them out.",)


def test_ratios_are_looked_at_as_ratios():
    rows = people(5)
    found = covariate_health(arms_of(rows, COLUMNS), Mean("revenue", Ratio("before", "visits")))
    assert found.table["covariate"].tolist() == ["before per visits"]
    ratio = rows["A"][:, 1].sum() / rows["A"][:, 3].sum()
    assert found.table["mean_A"][0] == near(ratio)


def test_a_metric_without_covariates_has_none_to_look_at():
    with pytest.raises(ParameterError) as refused:
        covariate_health(arms_of(people(), COLUMNS), Mean("revenue"))
    assert str(refused.value) == (
        "revenue has no covariates to look at: give some, such as Mean('revenue', "
        "covariates='revenue_before')."
    )


def test_a_covariate_that_only_one_arm_has_is_warned_of():
    """Tracked after the units saw their arm: 0 in the control. Oracle: SciPy's one-sample test."""
    rows = people(6)
    rows["A"][:, 1] = 0.0
    found = covariate_health(arms_of(rows, COLUMNS), Mean("revenue", "before"))
    expected = stats.ttest_1samp(rows["B"][:, 1], 0.0)
    assert found.table["p_value"][0] == pytest.approx(expected.pvalue, rel=1e-9)
    assert found.warnings[0].startswith("The arms differ in before (p = ")


def test_of_several_arms_one_without_spread_is_warned_of():
    rows = people(7, sizes=(200, 200, 200))
    rows["C"][:, 1] = 0.0
    found = covariate_health(arms_of(rows, COLUMNS), Mean("revenue", "before"))
    a = rows["A"][:, 1]
    expected = 2 * stats.ttest_1samp(a, 0.0).pvalue
    assert found.table["p_value"][0] == pytest.approx(expected, rel=1e-9)
    assert not found.is_healthy


def test_one_unit_that_differs_is_no_warning():
    rows = people(8)
    rows["A"][:, 1], rows["B"][:, 1] = 0.0, 0.0
    rows["B"][0, 1] = 1.0
    found = covariate_health(arms_of(rows, COLUMNS), Mean("revenue", "before"))
    assert found.table["p_value"][0] == pytest.approx(stats.ttest_1samp(rows["B"][:, 1], 0).pvalue)
    assert not [said for said in found.warnings if "differ" in said]
