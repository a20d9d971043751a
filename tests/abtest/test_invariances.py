"""What must not change, and what must change with it: ratios, adjusted metrics and strata.

The same for shares and plain means stands beside their oracles.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playbook.abtest import Mean, Ratio, compare
from tests.abtest.plain import grouped

COLUMNS = ("revenue", "visits", "before", "visits_before")
BEFORE = Ratio("before", "visits_before")
METRICS = {
    "cuped": (Mean("revenue", "before"), None),
    "ratio": (Ratio("revenue", "visits"), None),
    "cuped ratio": (Ratio("revenue", "visits", (BEFORE, "visits_before")), None),
    "strata": (Mean("revenue"), "kind"),
    "cuped in strata": (Mean("revenue", "before"), "kind"),
    "ratio in strata": (Ratio("revenue", "visits"), "kind"),
}
MEANS = [name for name, (metric, _) in METRICS.items() if isinstance(metric, Mean)]
RATIOS = [name for name in METRICS if name not in MEANS]
ADJUSTED = [name for name, (metric, _) in METRICS.items() if metric.covariates]
each = pytest.mark.parametrize("name", METRICS)
few = settings(max_examples=8, deadline=None)
factors = st.floats(1e-6, 1e6)


@st.composite
def people(draw, equal=False):
    """Arms of {name: (columns (n, 4), each person's kind (n,))}; both kinds are in both."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    first = draw(st.integers(8, 40))
    sizes = (first, first if equal else draw(st.integers(8, 40)))
    level = 10.0 ** draw(st.integers(-2, 3))
    found = {}
    for arm, n in zip("AB", sizes, strict=True):
        taste = rng.gamma(4, 0.25, n)
        visits, earlier = (1.0 + rng.poisson(3 * taste) for _ in range(2))
        spent, before = (level * rng.gamma(2 * v) * taste for v in (visits, earlier))
        kind = np.where(rng.permutation(n) < 4, "new", "known")
        found[arm] = np.column_stack([spent, visits, before, earlier]), kind
    return found


def effect(rows, name):
    metric, strata = METRICS[name]
    return compare(grouped(rows, COLUMNS, "kind"), metric, strata=strata).one()


def moved(rows, factor=(1.0,) * 4, step=(0.0,) * 4):
    return {arm: (values * factor + step, kind) for arm, (values, kind) in rows.items()}


def alike(one, other, fields, scale=1.0, rel=1e-9):
    """Whether figures are the same; what is nearly zero is measured by the standard error."""
    dust = 1e-9 * abs(scale) * one.std_error
    for field in fields:
        ours, theirs = getattr(one, field) * scale, getattr(other, field)
        assert theirs == pytest.approx(ours, rel=rel, abs=dust, nan_ok=True), field


OF_LIFT = ("lift", "lift_low", "lift_high")
OF_TEST = ("statistic", "df", "p_value")
OF_STEP = ("difference", "low", "high", "std_error")


@each
@few
@given(rows=people())
def test_arms_swapped_flip_signs_and_turn_the_lift_round(name, rows):
    one, other = effect(rows, name), effect({"B": rows["B"], "A": rows["A"]}, name)
    alike(one, other, ("difference", "statistic"), -1)
    alike(one, other, ("std_error", "df", "p_value"))
    flipped = one._replace(low=one.high, high=one.low)
    alike(flipped, other, ("low", "high"), -1)
    assert (other.value, other.value_control) == pytest.approx((one.value_control, one.value))
    if one.lift_low > -1 and math.isfinite(one.lift_high) and other.lift_low > -1:
        for ours, theirs in (("lift", "lift"), ("lift_low", "lift_high")):
            turned = 1 / (1 + getattr(one, ours)) - 1
            assert getattr(other, theirs) == pytest.approx(turned, rel=1e-7, abs=1e-7)


@each
@few
@given(rows=people(), seed=st.integers(0, 2**32))
def test_units_permuted_change_nothing(name, rows, seed):
    rng = np.random.default_rng(seed)
    mixed = {}
    for arm, (values, kind) in rows.items():
        at = rng.permutation(len(kind))
        mixed[arm] = values[at], kind[at]
    one, other = effect(rows, name), effect(mixed, name)
    dust = 1e-12 * (abs(one.value) + abs(one.value_control) + one.std_error)
    for field in ("value", "value_control", *OF_STEP):
        assert getattr(other, field) == pytest.approx(getattr(one, field), rel=1e-12, abs=dust)
    assert other.p_value == pytest.approx(one.p_value, rel=1e-10)


@each
@few
@given(rows=people(), factor=factors)
def test_a_scaled_metric_scales_its_differences_and_neither_lift_nor_p_value(name, rows, factor):
    one, other = effect(rows, name), effect(moved(rows, (factor, 1, 1, 1)), name)
    alike(one, other, ("value", "value_control", *OF_STEP), factor)
    alike(one, other, (*OF_LIFT, *OF_TEST), rel=1e-7)


@pytest.mark.parametrize("name", RATIOS)
@few
@given(rows=people(), factor=factors)
def test_a_scaled_denominator_divides(name, rows, factor):
    one, other = effect(rows, name), effect(moved(rows, (1, factor, 1, 1)), name)
    alike(one, other, ("value", "value_control", *OF_STEP), 1 / factor)
    alike(one, other, (*OF_LIFT, *OF_TEST), rel=1e-7)


@pytest.mark.parametrize("name", MEANS)
@few
@given(rows=people(), step=st.floats(-1e4, 1e4))
def test_a_shifted_mean_keeps_its_difference_and_its_p_value(name, rows, step):
    one, other = effect(rows, name), effect(moved(rows, step=(step, 0, 0, 0)), name)
    alike(one, other, (*OF_STEP, "df"), rel=1e-7)
    assert other.value == pytest.approx(one.value + step, rel=1e-9, abs=1e-9 * one.std_error)
    assert other.p_value == pytest.approx(one.p_value, rel=1e-5)


@pytest.mark.parametrize("name", RATIOS)
@few
@given(rows=people(), step=st.floats(-100, 100))
def test_a_ratio_to_which_its_denominator_is_added_is_greater_by_one(name, rows, step):
    added = {
        arm: (values + np.outer(values[:, 1], [step, 0, 0, 0]), kind)
        for arm, (values, kind) in rows.items()
    }
    one, other = effect(rows, name), effect(added, name)
    alike(one, other, (*OF_STEP, "df"), rel=1e-6)
    assert other.value == pytest.approx(one.value + step, rel=1e-9, abs=1e-9 * one.std_error)


@pytest.mark.parametrize("name", ADJUSTED)
@few
@given(rows=people(), factor=factors, step=st.floats(-100, 100))
def test_a_covariate_in_another_unit_or_from_another_zero_changes_nothing(name, rows, factor, step):
    """Of a ratio that is a covariate only the unit can be another."""
    is_mean = name in MEANS
    other = moved(rows, (1, 1, factor, 1), (0, 0, step * factor if is_mean else 0, 0))
    alike(effect(rows, name), effect(other, name), (*OF_STEP, *OF_LIFT, "df"), rel=1e-6)


@pytest.mark.parametrize("name", [name for name in METRICS if name != "cuped in strata"])
@few
@given(rows=people(equal=True))
def test_units_twice_give_the_same_figures_and_less_of_an_error(name, rows):
    """Without strata the variance is (2 n - 2 - p) / (4 n - 2 - p) of what it was, exactly.

    With strata each has a factor of its own, from a third (two units) to a half; so the slope of
    a covariate, which weighs strata by their variances, is another one then.
    """
    twice = {arm: (np.tile(v, (2, 1)), np.tile(kind, 2)) for arm, (v, kind) in rows.items()}
    one, other = effect(rows, name), effect(twice, name)
    alike(one, other, ("value", "value_control", "difference", "lift"))
    metric, strata = METRICS[name]
    left = (other.std_error / one.std_error) ** 2
    if strata is None:
        n, p = one.n, len(metric.covariates)
        assert left == pytest.approx((2 * n - 2 - p) / (4 * n - 2 - p), rel=1e-9)
    else:
        assert 1 / 3 < left < 0.5
    assert other.p_value <= one.p_value + 1e-12


@each
@few
@given(rows=people())
def test_an_arm_twice_is_told_the_same_twice(name, rows):
    found = compare(
        grouped(rows | {"C": rows["B"]}, COLUMNS, "kind"), METRICS[name][0], strata=METRICS[name][1]
    )
    assert found.rows[0][3:18] == pytest.approx(found.rows[1][3:18], rel=1e-12, nan_ok=True)
    if name == "ratio":
        assert found.rows[0][3:18] == pytest.approx(effect(rows, name)[3:18], nan_ok=True)
