"""Sample size, power and smallest effect.

Oracles: the three published answers to one question; R's documented power.prop.test and
power.t.test; statsmodels; Fleiss' formula for unequal arms written out; simulated tests.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm
from statsmodels.stats.power import NormalIndPower, TTestIndPower
from statsmodels.stats.proportion import power_proportions_2indep, proportion_effectsize

from playbook import abtest
from playbook.abtest.before.conventions import CONVENTIONS, spread, total_for
from playbook.abtest.before.plan import Baseline
from playbook.abtest.before.planning import reachable
from playbook.errors import ParameterError

QUESTION = {"baseline": 0.20625, "effect": 0.01}
rates = st.floats(0.01, 0.6)
effects = st.floats(0.005, 0.3)


@pytest.mark.parametrize(
    ("convention", "people"),
    [("baseline", 25_835), ("pooled", 26_155), ("unpooled", 26_153), ("arcsine", 26_153)],
)
def test_one_question_has_a_right_answer_by_each_convention(convention, people):
    plan = abtest.sample_size(**QUESTION, convention=convention)
    assert plan.n == {"control": people, "treatment": people}
    assert plan.convention == convention
    assert f"Convention {convention}:" in str(plan)


def test_a_proportion_is_planned_for_the_test_that_compare_runs():
    assert abtest.sample_size(**QUESTION).convention == "pooled"
    assert abtest.sample_size(5, 1, kind="mean", sd=9).convention == "t"
    assert abtest.sample_size(5, 1, kind="ratio", sd=9).convention == "delta"


def test_proportions_are_those_of_r():
    """power.prop.test(n = 50, p1 = .5, p2 = .75) and (p1 = .5, p2 = .75, power = .9)."""
    assert round(abtest.power(0.5, 0.25, 50).power, 3) == 0.740
    total = total_for("pooled", spread("pooled", 0.5, 0.75), 0.025, 0.9)
    assert round(total / 2, 1) == 76.7


def test_means_are_those_of_r():
    """power.t.test(20, 1), (power = .9, delta = 1), and the latter one-sided."""
    assert abtest.power(0, 1, 20, kind="mean", sd=1).power == pytest.approx(0.8689528, abs=5e-8)
    noise = spread("t", 0, 1, sd=1)
    assert total_for("t", noise, 0.025, 0.9) / 2 == pytest.approx(22.02110, abs=5e-6)
    assert total_for("t", noise, 0.05, 0.9) / 2 == pytest.approx(17.84713, abs=1e-5)
    assert abtest.sample_size(0, 1, kind="mean", sd=1, power=0.9).n["control"] == 23


@pytest.mark.parametrize("ratio", [1.0, 0.5, 3.0])
@pytest.mark.parametrize(("baseline", "effect"), [(0.2, 0.03), (0.05, 0.004), (0.6, -0.1)])
def test_power_is_that_of_statsmodels(baseline, effect, ratio):
    low, high = sorted([baseline, baseline + effect])
    # The arm with the higher rate is their first, and the ratio makes the other one's size.
    sizes = {high: 2000, low: round(2000 * ratio)}
    n = {"control": sizes[baseline], "treatment": sizes[baseline + effect]}
    pooled = power_proportions_2indep(
        high - low, low, 2000, ratio=ratio, alpha=0.025, alternative="larger"
    ).power
    assert abtest.power(baseline, effect, n).power == pytest.approx(pooled, abs=1e-9)
    size = abs(proportion_effectsize(baseline, baseline + effect))
    arcsine = NormalIndPower().power(size, 2000, 0.025, ratio=ratio, alternative="larger")
    found = abtest.power(baseline, effect, n, convention="arcsine").power
    assert found == pytest.approx(arcsine, abs=1e-9)


@pytest.mark.parametrize("ratio", [1.0, 0.25, 2.0])
@pytest.mark.parametrize("n", [4, 30, 1000])
def test_power_of_means_is_that_of_statsmodels(n, ratio):
    sizes = {"A": 4 * n, "B": round(4 * n * ratio)}
    ours = abtest.power(100, 3, sizes, kind="mean", sd=10).power
    theirs = TTestIndPower().power(0.3, 4 * n, 0.025, ratio=ratio, alternative="larger")
    assert ours == pytest.approx(theirs, abs=1e-9)
    normal = abtest.power(100, 3, sizes, kind="mean", sd=10, convention="normal").power
    theirs = NormalIndPower().power(0.3, 4 * n, 0.025, ratio=ratio, alternative="larger")
    assert normal == pytest.approx(theirs, abs=1e-9)


def test_unequal_arms_follow_fleiss():
    """Fleiss, Levin and Paik (2003), formula 4.18, with r times as many in the second arm."""
    first, second, r = 0.1, 0.14, 0.25
    mixed = (first + r * second) / (1 + r)
    z, own = norm.ppf(0.975), norm.ppf(0.8)
    spread_null = z * math.sqrt((r + 1) * mixed * (1 - mixed))
    spread_true = own * math.sqrt(r * first * (1 - first) + second * (1 - second))
    needed = (spread_null + spread_true) ** 2 / (r * (second - first) ** 2)
    plan = abtest.sample_size(first, 0.04, shares=(0.8, 0.2))
    assert plan.n == {"control": math.ceil(needed), "treatment": math.ceil(r * needed)}


@pytest.mark.parametrize("kind", ["proportion", "mean"])
def test_tests_of_the_planned_size_find_the_effect_as_often_as_planned(kind):
    rng, draws = np.random.default_rng(6), 40_000
    if kind == "proportion":
        plan = abtest.sample_size(0.1, 0.02, power=0.8)
        n = plan.n["control"]
        first, second = (rng.binomial(n, rate, draws) / n for rate in (0.1, 0.12))
        both = (first + second) / 2
        z = (second - first) / np.sqrt(2 * both * (1 - both) / n)
        found = np.mean(np.abs(z) > norm.ppf(0.975))
    else:
        plan = abtest.sample_size(0, 1, kind="mean", sd=1, power=0.9)
        n = plan.n["control"]
        rows = rng.normal(size=(2, draws, n)) + np.array([0, 1])[:, None, None]
        error = np.sqrt(rows.var(axis=2, ddof=1).sum(axis=0) / n)
        t = (rows[1].mean(axis=1) - rows[0].mean(axis=1)) / error
        found = np.mean(np.abs(t) > 2.0154)  # t of 44 degrees of freedom
        assert plan.power == 0.9
    assert found == pytest.approx(abtest.power(
        plan.baseline, plan.effect, plan.n, kind=plan.kind, sd=plan.sd
    ).power, abs=0.007)  # fmt: skip


@settings(deadline=None, max_examples=60)
@given(rates, effects, st.sampled_from(CONVENTIONS["proportion"]), st.floats(0.55, 0.95))
def test_the_size_is_the_smallest_with_the_power_that_was_asked_for(base, effect, how, power):
    plan = abtest.sample_size(base, effect, convention=how, power=power)
    n = plan.n["control"]
    assert abtest.power(base, effect, n, convention=how).power >= power - 1e-9
    if n > 2:
        assert abtest.power(base, effect, n - 1, convention=how).power < power


@settings(deadline=None, max_examples=40)
@given(st.floats(0.05, 2), st.floats(0.55, 0.95), st.sampled_from(CONVENTIONS["mean"]))
def test_the_size_for_a_mean_is_the_smallest_too(effect, power, how):
    asked = {"kind": "mean", "sd": 1.0, "convention": how}
    n = abtest.sample_size(0, effect, power=power, **asked).n["control"]
    assert abtest.power(0, effect, n, **asked).power >= power - 1e-9
    if n > 2:
        assert abtest.power(0, effect, n - 1, **asked).power < power


@settings(deadline=None, max_examples=40)
@given(rates, st.integers(200, 100_000), st.sampled_from(CONVENTIONS["proportion"]))
def test_the_smallest_effect_has_the_power_that_was_asked_for(base, n, how):
    for alternative in ("two-sided", "greater", "less"):
        asked = {"convention": how, "alternative": alternative}
        try:
            plan = abtest.minimum_detectable_effect(base, n, **asked)
        except ParameterError as error:
            refused = str(error)
            assert alternative == "less"
            assert "find no fall" in refused
            continue
        assert (plan.effect < 0) == (alternative == "less")
        assert abtest.power(base, plan.effect, n, **asked).power == pytest.approx(0.8, abs=1e-9)


def test_the_smallest_effect_on_a_mean_has_its_power_with_unequal_arms():
    sizes = {"A": 900, "B": 100, "C": 500}
    plan = abtest.minimum_detectable_effect(50, sizes, kind="mean", sd=20)
    found = abtest.power(50, plan.effect, sizes, kind="mean", sd=20)
    assert found.power == pytest.approx(0.8, abs=1e-9)


@settings(deadline=None, max_examples=40)
@given(st.floats(0.5, 3), st.floats(0.01, 100), st.floats(-50, 50))
def test_a_mean_in_another_unit_or_from_another_zero_takes_the_same_people(effect, scale, shift):
    plain = abtest.sample_size(10, effect, kind="mean", sd=8).n
    other = abtest.sample_size(scale * 10 + shift, scale * effect, kind="mean", sd=scale * 8).n
    assert other["control"] == pytest.approx(plain["control"], abs=1)


@settings(deadline=None, max_examples=40)
@given(rates, effects)
def test_a_fall_of_the_opposite_rates_takes_the_same_people(base, effect):
    for how in ("pooled", "unpooled", "arcsine"):
        rise = abtest.sample_size(base, effect, convention=how).total
        mirrored = abtest.sample_size(1 - base, -effect, convention=how).total
        assert mirrored == pytest.approx(rise, abs=2)


@settings(deadline=None, max_examples=30)
@given(rates, effects, st.floats(0.05, 0.95))
def test_cuped_saves_the_squared_correlation(base, effect, r):
    for kind, sd in (("proportion", None), ("mean", 3.0), ("ratio", 3.0)):
        asked = {"kind": kind, "sd": sd}
        if kind == "mean":
            asked["convention"] = "normal"
        plain = abtest.sample_size(base, effect, **asked).n["control"]
        saved = abtest.sample_size(base, effect, **asked, correlation=r).n["control"]
        assert saved == pytest.approx(plain * (1 - r**2), abs=2)
        assert abtest.sample_size(base, effect, **asked, correlation=-r).n["control"] == saved


def test_more_power_less_alpha_and_two_sides_take_more_people():
    base = abtest.sample_size(0.05, 0.01).total
    assert abtest.sample_size(0.05, 0.01, power=0.9).total > base
    assert abtest.sample_size(0.05, 0.01, alpha=0.01).total > base
    assert abtest.sample_size(0.05, 0.01, alternative="greater").total < base
    assert abtest.sample_size(0.05, 0.01, shares=(0.9, 0.1)).total > base


def test_a_relative_effect_is_a_share_of_the_baseline():
    plan = abtest.sample_size(0.05, 0.2, relative=True)
    assert plan.n == abtest.sample_size(0.05, 0.01).n
    assert plan.effect == pytest.approx(0.01)
    assert plan.lift == pytest.approx(0.2)


def test_a_numpy_number_of_arms_is_a_number():
    assert abtest.sample_size(0.05, 0.01, arms=np.int64(3)).n == (
        abtest.sample_size(0.05, 0.01, arms=3).n
    )


def test_several_arms_share_alpha_by_bonferroni():
    plan = abtest.sample_size(0.05, 0.01, arms=("old", "blue", "green", "red"))
    assert list(plan.n) == ["old", "blue", "green", "red"]
    assert plan.alpha_each == pytest.approx(0.05 / 3)
    assert plan.n["old"] == abtest.sample_size(0.05, 0.01, alpha=0.05 / 3).n["control"]
    alone = abtest.sample_size(0.05, 0.01, arms=4, adjust="none")
    assert alone.n["control"] == abtest.sample_size(0.05, 0.01).n["control"]
    assert "alpha 5 % two-sided, 1.667 % each" in str(plan)


def test_the_arm_with_the_smallest_share_decides():
    shares = {"old": 0.5, "blue": 0.4, "green": 0.1}
    plan = abtest.sample_size(0.05, 0.01, arms=tuple(shares), shares=shares, adjust="none")
    pair = abtest.sample_size(0.05, 0.01, arms=("old", "green"), shares=(5, 1))
    assert plan.n["green"] == pair.n["green"]
    assert plan.n["blue"] == pytest.approx(4 * plan.n["green"], abs=4)
    found = abtest.power(0.05, 0.01, plan.n, adjust="none").power
    assert found == pytest.approx(0.8, abs=1e-3)


def test_what_so_many_people_find_keeps_direction_and_shares():
    plan = abtest.sample_size(0.3, -0.05, shares=(3, 1))
    found = reachable(plan, plan.total / 4)
    assert found.effect < plan.effect < 0
    assert found.n["control"] == pytest.approx(3 * found.n["treatment"], abs=3)
    same = reachable(plan, plan.total)
    assert same.effect == pytest.approx(plan.effect, rel=1e-3)


def test_history_gives_baseline_spread_and_correlation():
    rows = abtest.made_units(n=4000, seed=2)
    metrics = (
        abtest.Proportion("converted"),
        abtest.Mean("revenue", covariates="revenue_before"),
        abtest.Ratio("revenue", "visits", abtest.Ratio("revenue_before", "visits_before")),
    )
    arms = abtest.units(rows, metrics, control=rows["arm"].min())
    kept = rows[rows["arm"] == arms.control]
    rate = abtest.baseline_of(arms, metrics[0])
    assert rate == Baseline("proportion", pytest.approx(kept["converted"].mean()))
    mean = abtest.baseline_of(arms, metrics[1])
    assert mean.sd == pytest.approx(kept["revenue"].std(), rel=1e-9)
    assert mean.correlation == pytest.approx(kept["revenue"].corr(kept["revenue_before"]), rel=1e-9)
    value = kept["revenue"].sum() / kept["visits"].sum()
    linear = (kept["revenue"] - value * kept["visits"]) / kept["visits"].mean()
    before = kept["revenue_before"].sum() / kept["visits_before"].sum()
    known = (kept["revenue_before"] - before * kept["visits_before"]) / kept["visits_before"].mean()
    ratio = abtest.baseline_of(arms, metrics[2])
    assert ratio == Baseline(
        "ratio",
        pytest.approx(value, rel=1e-9),
        pytest.approx(linear.std(), rel=1e-9),
        pytest.approx(abs(linear.corr(known)), rel=1e-9),
    )
    plan = abtest.sample_size(mean, 0.1, relative=True)
    assert (plan.kind, plan.sd, plan.correlation) == ("mean", mean.sd, mean.correlation)


def test_history_needs_no_arms():
    rows = abtest.made_units(n=2000, seed=4)
    metric = abtest.Mean("revenue", covariates="revenue_before")
    found = abtest.baseline_of(abtest.units(rows, metric, control=None), metric)
    assert found.baseline == pytest.approx(rows["revenue"].mean())
    assert found.sd == pytest.approx(rows["revenue"].std(), rel=1e-9)
    assert found.correlation == pytest.approx(rows["revenue"].corr(rows["revenue_before"]))


def test_a_metric_without_spread_cannot_be_planned_with():
    arms = abtest.Arms(("all",), ("spent",), [50], [[3.0]], [[[0.0]]])
    said = "^spent is the same for every unit of all: it has no spread to plan with.$"
    with pytest.raises(ParameterError, match=said):
        abtest.baseline_of(arms, abtest.Mean("spent"))


def test_a_plan_says_it_all_in_two_lines():
    plan = abtest.sample_size(40, -4, kind="mean", sd=25, arms=("A", "B"), correlation=0.6)
    assert str(plan) == (
        f"{plan.n['A']} per arm ({plan.total} in all) find a fall from 40 to 36 (−10 %) in 80 % "
        "of tests.\nConvention t: Student's t, the spread estimated from the test itself; alpha "
        "5 % two-sided; compared with A; CUPED with r = 0.60 saves 36.0 %."
    )


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"alpha": 5}, "alpha must be above 0 and below 1, not 5; 5 % is written 0.05."),
        (
            {"power": 1},
            (
                "power must be above alpha (0.05) and below 1, not 1: no number of people makes a "
                "test certain. 0.8 is usual."
            ),
        ),
        (
            {"effect": 0},
            (
                "effect must be a number other than 0, not 0: to find no difference at all takes "
                "endless people. Give the smallest difference worth having."
            ),
        ),
        (
            {"baseline": 5},
            "baseline must be above 0 and below 1, not 5; 5 % is written 0.05.",
        ),
        (
            {"effect": 0.9},
            "effect 0.9 takes a baseline of 0.2 to 1.1; a share must stay above 0 and below 1.",
        ),
        (
            {"alternative": "less"},
            (
                "effect 0.05 lies on the side that alternative 'less' does not look at. Change its "
                "sign, or the alternative."
            ),
        ),
        ({"arms": 1}, "arms must be 2 or more, the control among them, not 1."),
        (
            {"arms": ("A", "A")},
            "arms must be two or more different names, not A, A.",
        ),
        (
            {"shares": (1, -1)},
            "shares must be above 0, not -1: leave out an empty arm.",
        ),
        ({"shares": (1, 1, 1)}, "shares has 3 weights for 2 arms."),
        (
            {"shares": {"A": 1, "B": 1}},
            "shares must name each arm once (control, treatment), not A, B.",
        ),
        ({"correlation": 1}, "correlation must be above -1 and below 1, not 1."),
        ({"sd": 2}, "sd is not for a proportion, whose baseline says it: drop sd=2."),
        (
            {"kind": "mean"},
            "sd must be above 0 for a mean, not None. Take it from history: baseline_of.",
        ),
        (
            {"convention": "t"},
            "unknown convention of a proportion 't'. Allowed: pooled, unpooled, baseline, arcsine",
        ),
        ({"kind": "share"}, "unknown kind 'share'. Allowed: proportion, mean, ratio"),
        ({"adjust": "holm"}, "unknown adjust 'holm'. Allowed: bonferroni, none"),
        (
            {"baseline": Baseline("mean", 3, 1.0), "sd": 2},
            "baseline is a Baseline, which says kind, sd and correlation: drop these.",
        ),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused(wrong, said):
    with pytest.raises(ParameterError) as error:
        abtest.sample_size(**({"baseline": 0.2, "effect": 0.05} | wrong))
    assert str(error.value) == said


def test_all_mistakes_are_said_at_once():
    with pytest.raises(ParameterError) as error:
        abtest.power(0, 0.1, {"A": 1}, arms=2, kind="mean", sd=0, relative=True, alpha=0)
    assert str(error.value).splitlines() == [
        "arms is not used where n names the arms: drop it.",
        "arms must be two or more different names, not A.",
        "n must be 2 or more in each arm, not 1 in A.",
        "sd must be above 0 for a mean, not 0. Take it from history: baseline_of.",
        "alpha must be above 0 and below 1, not 0; 5 % is written 0.05.",
        "effect cannot be relative to a baseline of 0. Give it in the metric's own unit.",
    ]


def test_too_few_people_find_no_change_of_a_share():
    with pytest.raises(ParameterError) as error:
        abtest.minimum_detectable_effect(0.02, 100, alternative="less")
    assert str(error.value) == (
        "n: 100 people in an arm find no fall from 0.02 in 80% of tests. Take more people."
    )


def test_effects_are_printed_in_plain_digits():
    said = [
        str(abtest.sample_size(0.05, 1e-7)),
        str(abtest.sample_size(0.0005, 0.0091)),
        str(abtest.sample_size(40, 0.001, kind="mean", sd=25)),
    ]
    assert [text.split("find a ")[1].split(" in ")[0] for text in said] == [
        "rise from 5 % to 5.00001 % (+0.00001 points, +0.0002 %)",
        "rise from 0.05 % to 0.96 % (+0.91 points, +1,820 %)",
        "rise from 40 to 40.001 (+0.0025 %)",
    ]
