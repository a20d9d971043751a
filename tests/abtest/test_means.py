"""Means: against SciPy's and statsmodels' Welch test, and by what must not change."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from playbook.abtest import Mean, compare, moments
from tests.abtest.plain import arms_of

near = lambda value: pytest.approx(value, rel=1e-9)  # noqa: E731
VALUES = st.lists(st.integers(0, 1000), min_size=3, max_size=12).filter(lambda x: len(set(x)) > 1)


def units(seed=1, sizes=(80, 50), mean=20.0):
    rng = np.random.default_rng(seed)
    return {name: rng.gamma(2, mean / 2, n) for name, n in zip("ABCD", sizes, strict=False)}


def welch(rows, **settings):
    return compare(arms_of(rows, ["value"]), Mean("value"), **settings)


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_welchs_test(alternative):
    """Oracle: SciPy's ttest_ind with equal_var=False."""
    rows = units()
    expected = stats.ttest_ind(rows["B"], rows["A"], equal_var=False, alternative=alternative)
    low, high = expected.confidence_interval(0.9)
    found = welch(rows, alternative=alternative, confidence=0.9).one()
    assert (found.statistic, found.df) == (near(expected.statistic), near(expected.df))
    assert (found.p_value, found.low, found.high) == (near(expected.pvalue), near(low), near(high))
    assert found.difference == near(rows["B"].mean() - rows["A"].mean())


def test_its_standard_error_and_interval():
    """Oracle: statsmodels' CompareMeans with unequal variances."""
    rows = units(2)
    means = CompareMeans(DescrStatsW(rows["B"]), DescrStatsW(rows["A"]))
    found = welch(rows).one()
    assert found.std_error == near(means.std_meandiff_separatevar)
    low, high = means.tconfint_diff(usevar="unequal")
    assert (found.low, found.high) == (near(low), near(high))


def test_aggregates_give_the_same():
    rows = units(3)
    table = {
        "arm": list(rows),
        "n": [len(x) for x in rows.values()],
        "mean": [x.mean() for x in rows.values()],
        "variance": [x.var(ddof=1) for x in rows.values()],
    }
    import pandas as pd

    found = compare(moments(pd.DataFrame(table), control="A")).one()
    assert found[7:17] == near(welch(rows).one()[7:17])


def test_every_arm_is_compared_with_the_control_only():
    rows = units(4, sizes=(40, 50, 60))
    both = welch(rows)
    for arm in "BC":
        alone = welch({"A": rows["A"], arm: rows[arm]}).one()
        assert both["value", arm][:17] == alone[:17]


def test_a_p_value_far_out_is_not_zero():
    """Oracle: SciPy's Welch test from moments, whose tail is a survival function too."""
    rows = {"A": np.tile([9.0, 11.0], 300), "B": np.tile([10.5, 12.5], 300)}
    expected = stats.ttest_ind(rows["B"], rows["A"], equal_var=False)
    found = welch(rows).one()
    assert 0 < found.p_value < 1e-100
    assert found.p_value == near(expected.pvalue)


@given(VALUES, VALUES)
def test_arms_swapped_flip_the_signs(one, other):
    found = welch({"A": one, "B": other}).one()
    turned = welch({"B": other, "A": one}).one()
    assert (found.difference, found.low) == (-turned.difference, pytest.approx(-turned.high))
    assert found.p_value == pytest.approx(turned.p_value, rel=1e-9)


@given(VALUES, VALUES, st.sampled_from([0.001, 7.0, -3.0]))
def test_a_metric_scaled_scales_the_difference_and_keeps_lift_and_p_value(one, other, factor):
    found = welch({"A": one, "B": other}).one()
    scaled = welch({"A": np.array(one) * factor, "B": np.array(other) * factor}).one()
    assert scaled.difference == pytest.approx(factor * found.difference, rel=1e-9)
    assert scaled.std_error == pytest.approx(abs(factor) * found.std_error, rel=1e-9)
    assert scaled.p_value == pytest.approx(found.p_value, rel=1e-9)
    if factor > 0 and np.isfinite(found.lift_low):
        assert scaled.lift_low == pytest.approx(found.lift_low, rel=1e-8, abs=1e-9)


@given(VALUES, VALUES)
def test_a_metric_shifted_keeps_everything_but_the_lift(one, other):
    found = welch({"A": one, "B": other}).one()
    shifted = welch({"A": np.array(one) + 1000, "B": np.array(other) + 1000}).one()
    for field in ("difference", "low", "high", "std_error", "df", "p_value"):
        assert getattr(shifted, field) == pytest.approx(getattr(found, field), rel=1e-9, abs=1e-9)


@given(VALUES, VALUES, st.randoms())
def test_the_order_of_units_does_not_matter(one, other, random):
    mixed = random.sample(one, len(one))
    found, same = (welch({"A": x, "B": other}).one() for x in (one, mixed))
    assert same[5:17] == pytest.approx(found[5:17], rel=1e-9, abs=1e-9, nan_ok=True)


@given(VALUES, VALUES)
def test_every_unit_twice_halves_the_variance_but_for_a_degree_of_freedom(one, other):
    found, twice = (welch({"A": one * k, "B": other * k}).one() for k in (1, 2))
    own, more = (
        [np.var(x, ddof=1) / len(x) for x in (one * k, other * k)] for k in (1, 2)
    )  # fmt: skip
    assert twice.difference == pytest.approx(found.difference, rel=1e-9, abs=1e-9)
    assert found.std_error == pytest.approx(math.sqrt(sum(own)), rel=1e-9)
    assert twice.std_error == pytest.approx(math.sqrt(sum(more)), rel=1e-9)
