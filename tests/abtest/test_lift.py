"""Lifts: Fieller's interval against its definition, log and delta against their formulas."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats
from scipy.optimize import brentq

from playbook.abtest import Mean, compare
from playbook.abtest.after.lift import fieller
from playbook.abtest.after.reading import Pair, read
from tests.abtest.plain import arms_of

VALUES = st.lists(st.integers(0, 100), min_size=5, max_size=20).filter(lambda x: len(set(x)) > 2)


def units(seed=1):
    rng = np.random.default_rng(seed)
    return {"A": rng.gamma(2, 10, 60), "B": rng.gamma(2, 12, 40)}


def one(rows, **settings):
    return compare(arms_of(rows, ["value"]), Mean("value"), **settings).one()


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
def test_at_the_ends_of_fiellers_interval_the_ratio_is_just_rejected(confidence):
    """Oracle: the t statistic of mean(B) - r mean(A), solved for r by SciPy."""
    rows = units()
    found = one(rows, confidence=confidence)
    a, b = rows["A"], rows["B"]
    reach = stats.t.isf((1 - confidence) / 2, found.df)

    def statistic(ratio):
        variance = b.var(ddof=1) / len(b) + ratio**2 * a.var(ddof=1) / len(a)
        return (b.mean() - ratio * a.mean()) / math.sqrt(variance)

    middle = b.mean() / a.mean()
    low = brentq(lambda r: statistic(r) - reach, 0, middle, xtol=1e-15, rtol=1e-14)
    high = brentq(lambda r: statistic(r) + reach, middle, 20, xtol=1e-15, rtol=1e-14)
    assert found.lift_low == pytest.approx(low - 1, rel=1e-9)
    assert found.lift_high == pytest.approx(high - 1, rel=1e-9)


def test_fieller_with_a_shared_part():
    """Oracle: the same statistic, with a covariance between the two."""
    value, control, variance, other, shared = 12.0, 10.0, 1.0, 0.5, 0.4
    pair = Pair(*map(np.array, (value, control, variance, other, shared, np.inf)))
    for end, side in zip(fieller(pair, np.array(2.0)), (1, -1), strict=True):
        ratio = 1 + float(end)
        error = math.sqrt(variance + ratio**2 * other - 2 * ratio * shared)
        assert (value - ratio * control) / error == pytest.approx(2 * side, rel=1e-12)


def test_log_and_delta_are_the_delta_methods():
    """Oracle: their formulas, written out."""
    rows = units()
    a, b = rows["A"], rows["B"]
    parts = [x.var(ddof=1) / len(x) / x.mean() ** 2 for x in (a, b)]
    ratio = b.mean() / a.mean()
    log, delta = one(rows, relative="log"), one(rows, relative="delta")
    reach = stats.t.isf(0.025, log.df) * math.sqrt(sum(parts))
    assert log.lift_low == pytest.approx(ratio * math.exp(-reach) - 1, rel=1e-9)
    assert log.lift_high == pytest.approx(ratio * math.exp(reach) - 1, rel=1e-9)
    assert delta.lift_low == pytest.approx(ratio - 1 - ratio * reach, rel=1e-9)
    assert delta.lift_high == pytest.approx(ratio - 1 + ratio * reach, rel=1e-9)


@given(VALUES, VALUES, st.sampled_from([0.9, 0.95]))
def test_fieller_leaves_out_zero_exactly_where_the_test_finds_a_difference(
    first, other, confidence
):
    found = one({"A": first, "B": other}, confidence=confidence)
    assume(abs(found.p_value - (1 - confidence)) > 1e-9)
    is_different = found.p_value < 1 - confidence
    if math.isinf(found.lift_low) and math.isinf(found.lift_high):
        return
    assert (found.lift_low > 0 or found.lift_high < 0) == is_different


def test_a_control_that_cannot_be_told_from_zero_has_no_bounded_lift():
    rows = {"A": [-9.5, 10.5] * 50, "B": [-5.0, 15.0] * 50}
    found = compare(arms_of(rows, ["profit"]), Mean("profit"))
    assert (found.one().lift_low, found.one().lift_high) == (-math.inf, math.inf)
    assert found.notes == (
        "profit, B: the control cannot be told from zero, so the lift could be anything.",
    )
    assert "anything" in str(found)


def test_a_control_below_zero_has_no_lift():
    rng = np.random.default_rng(4)
    rows = {"A": rng.normal(-5, 1, 50), "B": rng.normal(5, 1, 50)}
    found = compare(arms_of(rows, ["profit"]), Mean("profit"))
    assert all(math.isnan(x) for x in found.one()[10:13])
    assert found.one().low > 0
    assert found.notes == (
        "profit, B: the control's value is not above zero, so there is no lift of it.",
    )


@pytest.mark.parametrize("relative", ["fieller", "log", "delta"])
def test_one_sided_bounds_are_the_ends_of_a_wider_interval(relative):
    two = one(units(), relative=relative, confidence=0.9)
    greater = one(units(), relative=relative, alternative="greater")
    less = one(units(), relative=relative, alternative="less")
    assert (greater.lift_low, greater.lift_high) == (pytest.approx(two.lift_low), math.inf)
    assert (less.lift_low, less.lift_high) == (-math.inf, pytest.approx(two.lift_high))


def test_the_ways_agree_where_the_control_is_known_well():
    """With a control that hardly varies all are the difference's interval over its value."""
    pair = Pair(*map(np.array, (11.0, 10.0, 0.01, 1e-12, 0.0, np.inf)))
    found = [read(pair, relative=way) for way in ("fieller", "log", "delta")]
    for reading in found:
        assert reading.lift_low == pytest.approx(found[0].low / 10, abs=3e-4)
        assert reading.lift_high == pytest.approx(found[0].high / 10, abs=3e-4)
