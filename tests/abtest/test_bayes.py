"""Chances and losses against exact fractions, the normal's closed forms, SciPy's quadrature."""

from __future__ import annotations

import math
from fractions import Fraction
from math import factorial

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from playbook.abtest import (
    Beta,
    Mean,
    Normal,
    Proportion,
    Ratio,
    bayes,
    compare,
    counts,
    made_units,
    units,
)
from playbook.abtest.after.chances import (
    chance_best,
    chance_of_difference,
    chance_of_lift,
    expected_loss,
    interval_of_difference,
    interval_of_lift,
)
from playbook.abtest.after.lift import fieller
from playbook.abtest.after.reading import Pair
from playbook.errors import ParameterError


def shares(**arms):
    """Arms of conversions and people: A=(50, 1000)."""
    rows = [(name, n, ones) for name, (ones, n) in arms.items()]
    table = pd.DataFrame(rows, columns=["arm", "exposures", "conversions"])
    return counts(table, control="A")


def people(seed=1, n=400, shift=0.0):
    rng = np.random.default_rng(seed)
    visits = 1 + rng.poisson(2, 2 * n)
    before = rng.gamma(2, 10, 2 * n)
    arm = np.repeat(["A", "B"], n)
    spent = before + rng.gamma(2, 5, 2 * n) * visits + np.where(arm == "B", shift, 0)
    return pd.DataFrame({"arm": arm, "spent": spent, "visits": visits, "before": before})


def beta_function(a, b):
    return Fraction(factorial(a - 1) * factorial(b - 1), factorial(a + b - 1))


def chance_in_fractions(a, b, c, d):
    """P(Beta(c, d) > Beta(a, b)) exactly: Miller (2015), "Formulas for Bayesian A/B testing"."""
    return sum(
        beta_function(a + i, b + d) / ((d + i) * beta_function(1 + i, d) * beta_function(a, b))
        for i in range(c)
    )


def loss_in_fractions(a, b, c, d):
    """E max(Beta(a, b) - Beta(c, d), 0) exactly: each mean times a chance of one success more."""
    first = Fraction(a, a + b) * (1 - chance_in_fractions(a + 1, b, c, d))
    return first - Fraction(c, c + d) * (1 - chance_in_fractions(a, b, c + 1, d))


CASES = [
    (21, 81, 31, 71),
    (1, 1, 1, 1),
    (2, 2000, 40, 9),
    (300, 10, 10, 300),
    (1, 500, 30, 20),
    (5, 900, 5, 3),
    (60, 940, 70, 930),
]


@pytest.mark.parametrize("case", CASES)
def test_the_chance_to_beat_is_that_of_exact_fractions_to_its_last_digits(case):
    a, b, c, d = case
    exact = chance_in_fractions(*case)
    control, arm = Beta(a, b), Beta(c, d)
    assert chance_best([control, arm]) == pytest.approx([float(1 - exact), float(exact)], rel=1e-9)
    assert chance_of_difference(arm, control, 0) == pytest.approx(float(1 - exact), rel=1e-9)
    assert chance_of_lift(arm, control, 0) == pytest.approx(float(1 - exact), rel=1e-9)


def test_a_chance_of_1e_minus_151_is_not_0():
    chance = chance_best([Beta(300, 10), Beta(10, 300)])[1]
    assert 1.1e-151 < chance < 1.2e-151


@pytest.mark.parametrize("case", CASES)
def test_the_expected_loss_is_that_of_exact_fractions(case):
    a, b, c, d = case
    lost = [loss_in_fractions(c, d, a, b), loss_in_fractions(a, b, c, d)]
    found = expected_loss([Beta(a, b), Beta(c, d)])
    assert found == pytest.approx([float(x) for x in lost], rel=1e-9)


@pytest.mark.parametrize(
    ("first", "second"),
    [((0, 1), (1, 1)), ((0, 1), (30, 2)), ((10, 0.01), (10.1, 1)), ((5, 1), (5, 1e-5))],
)
def test_normal_beliefs_have_their_closed_forms(first, second):
    control, arm = Normal(*first), Normal(*second)
    apart, spread = arm.mean - control.mean, math.hypot(arm.sd, control.sd)
    z = apart / spread
    beats = [stats.norm.sf(z), stats.norm.cdf(z)]
    assert chance_best([control, arm]) == pytest.approx(beats, rel=1e-9)
    lost = spread * stats.norm.pdf(z) - apart * stats.norm.sf(z)
    if z < 5:  # beyond, the closed form takes one number from another like it
        assert expected_loss([control, arm])[1] == pytest.approx(lost, rel=1e-9)
    ends = [apart + spread * stats.norm.ppf(level) for level in (0.05, 0.95)]
    assert interval_of_difference(arm, control, 0.9) == pytest.approx(ends, abs=1e-9 * spread)


def test_the_lift_of_normal_beliefs_lies_between_the_ends_of_fieller():
    arm, control = Normal(12, 1), Normal(10, 0.8)
    pair = Pair(*map(np.array, (12.0, 10.0, 1.0, 0.64, 0.0, np.inf)))
    ends = [float(end) for end in fieller(pair, stats.norm.ppf(0.975))]
    assert interval_of_lift(arm, control) == pytest.approx(ends, abs=1e-9)


def test_intervals_of_shares_leave_the_tails_that_scipy_integrates():
    arm, control = Beta(12, 190), Beta(7, 200)
    a, b = stats.beta(12, 190), stats.beta(7, 200)

    def below(end):
        return integrate.quad(lambda x: b.pdf(x) * a.cdf(end(x)), 0, 1, points=[0.01, 0.05, 0.1])[0]

    low, high = interval_of_difference(arm, control)
    assert below(lambda x: x + low) == pytest.approx(0.025, abs=1e-9)
    assert below(lambda x: x + high) == pytest.approx(0.975, abs=1e-9)
    low, high = interval_of_lift(arm, control)
    assert below(lambda x: x * (1 + low)) == pytest.approx(0.025, abs=1e-9)
    assert below(lambda x: x * (1 + high)) == pytest.approx(0.975, abs=1e-9)


def test_the_best_of_three_is_the_best_of_a_multivariate_normal():
    beliefs = [Normal(0, 1), Normal(0.5, 2), Normal(1, 0.5)]
    for at, one in enumerate(beliefs):
        others = [other for other in beliefs if other is not one]
        apart = [other.mean - one.mean for other in others]
        cov = np.diag([other.sd**2 for other in others]) + one.sd**2
        oracle = stats.multivariate_normal(apart, cov).cdf([0, 0])
        assert chance_best(beliefs)[at] == pytest.approx(oracle, abs=1e-7)
    assert chance_best([Normal(0, 1)] * 3) == pytest.approx([1 / 3] * 3, rel=1e-12)


def test_the_table_says_what_the_beliefs_say():
    found = bayes(shares(A=(50, 1000), B=(65, 1000), C=(60, 900)), Proportion())
    assert found.beliefs == {"A": Beta(51, 951), "B": Beta(66, 936), "C": Beta(61, 841)}
    table = found.table.set_index("arm")
    assert table["chance_best"].sum() == pytest.approx(1, rel=1e-12)
    assert table.loc["B", "value"] == pytest.approx(66 / 1002)
    assert table.loc["B", "difference"] == pytest.approx(66 / 1002 - 51 / 1002)
    exact = float(chance_in_fractions(51, 951, 66, 936))
    assert table.loc["B", "chance_to_beat"] == pytest.approx(exact, rel=1e-9)
    assert table.loc["A", ["chance_to_beat", "difference", "lift_high"]].isna().all()


def test_a_prior_counts_like_people_seen_before():
    arms = shares(A=(50, 1000), B=(65, 1000))
    found = bayes(arms, Proportion(), prior=Beta(20, 380))
    more = bayes(shares(A=(69, 1398), B=(84, 1398)), Proportion())
    pd.testing.assert_frame_equal(
        found.table.drop(columns="n"), more.table.drop(columns="n"), rtol=1e-12
    )


def test_where_less_is_better_the_chances_turn_round_and_the_differences_stay():
    arms = shares(A=(50, 1000), B=(65, 1000))
    more, less = (
        bayes(arms, Proportion(), higher_is_better=better).table for better in (True, False)
    )
    assert less["chance_best"].tolist() == pytest.approx(more["chance_best"][::-1].tolist())
    assert less["expected_loss"].tolist() == pytest.approx(more["expected_loss"][::-1].tolist())
    assert less["low"].tolist()[1] == more["low"].tolist()[1]


def test_means_and_ratios_are_normal_with_the_errors_of_their_means():
    rows = people(shift=2)
    mean = bayes(units(rows, "spent", control="A"), Mean("spent"))
    a, b = (rows.loc[rows["arm"] == arm, "spent"] for arm in "AB")
    assert mean.beliefs["B"].mean == pytest.approx(b.mean())
    assert mean.beliefs["A"].sd == pytest.approx(stats.sem(a))
    ratio = Ratio("spent", "visits")
    found = bayes(units(rows, ratio, control="A"), ratio)
    own = rows[rows["arm"] == "B"]
    value = own["spent"].sum() / own["visits"].sum()
    linear = (own["spent"] - value * own["visits"]) / own["visits"].mean()
    assert found.beliefs["B"].mean == pytest.approx(value)
    assert found.beliefs["B"].sd == pytest.approx(stats.sem(linear))


def test_a_covariate_narrows_what_is_believed():
    rows = people(shift=2)
    plain, with_past = Mean("spent"), Mean("spent", covariates="before")
    arms = units(rows, [plain, with_past], control="A")
    wide, narrow = (bayes(arms, metric).beliefs["B"].sd for metric in (plain, with_past))
    assert narrow < 0.95 * wide


def test_a_normal_prior_counts_by_one_over_its_variance():
    arms = units(people(), "spent", control="A")
    flat = bayes(arms, Mean("spent")).beliefs["B"]
    found = bayes(arms, Mean("spent"), prior=Normal(30, 2)).beliefs["B"]
    weights = np.array([1 / flat.sd**2, 1 / 4])
    assert found.mean == pytest.approx(np.average([flat.mean, 30], weights=weights))
    assert found.sd == pytest.approx(weights.sum() ** -0.5)


def test_a_lift_of_what_may_be_zero_has_no_interval():
    rows = people()
    rows["profit"] = rows["spent"] - rows.loc[rows["arm"] == "A", "spent"].mean()
    table = bayes(units(rows, "profit", control="A"), Mean("profit")).table
    assert table.loc[1, ["lift_low", "lift_high"]].isna().all()
    assert table.loc[1, ["low", "high"]].notna().all()


few = st.integers(0, 60)


@settings(deadline=None, max_examples=12)
@given(first=few, second=few)
def test_arms_swapped_turn_signs_and_chances_round(first, second):
    one = bayes(shares(A=(first, 60), B=(second, 60)), Proportion()).table.iloc[1]
    other = bayes(shares(A=(second, 60), B=(first, 60)), Proportion()).table.iloc[1]
    assert one["chance_to_beat"] + other["chance_to_beat"] == pytest.approx(1, rel=1e-9)
    assert one["low"] == pytest.approx(-other["high"], abs=1e-9)
    assert one["difference"] == pytest.approx(-other["difference"], abs=1e-12)


@settings(deadline=None, max_examples=8)
@given(scale=st.floats(1e-3, 1e6))
def test_another_currency_changes_no_chance(scale):
    rows = people(shift=1)
    base = bayes(units(rows, "spent", control="A"), Mean("spent")).table.iloc[1]
    rows["spent"] *= scale
    found = bayes(units(rows, "spent", control="A"), Mean("spent")).table.iloc[1]
    for name in ("chance_to_beat", "lift", "lift_low", "lift_high"):
        assert found[name] == pytest.approx(base[name], rel=1e-6)
    for name in ("difference", "low", "high", "expected_loss"):
        assert found[name] == pytest.approx(base[name] * scale, rel=1e-6)


def test_it_says_the_prior_and_one_line_for_each_arm():
    found = bayes(shares(A=(50, 1000), B=(65, 1000)), Proportion())
    assert str(found).splitlines()[:2] == [
        (
            "converted: every share as likely as every other before the test, Beta(1, 1); more is "
            "better; control A; intervals hold 95 %."
        ),
        "A (n = 1,000): 5.09 %, the best with a chance of 7.6 %, expected loss 1.53 points.",
    ]


@pytest.mark.parametrize(
    ("metric", "settings_", "message"),
    [
        (
            Proportion(),
            {"prior": Normal(0, 1), "confidence": 95},
            (
                "prior of a Proportion must be a Beta, such as Beta(1, 1), not Normal(mean=0, "
                "sd=1).\n"
                "confidence must lie between 0 and 1, not 95; write 0.95 for intervals that cover "
                "95 % of the time."
            ),
        ),
        (Proportion(), {"prior": Beta(0, 1)}, "prior must have a and b above 0, not Beta(0, 1)."),
        (
            Mean("converted"),
            {"prior": Beta(1, 1)},
            "prior of a Mean must be a Normal, such as Normal(mean=50, sd=10), not Beta(a=1, b=1).",
        ),
        (
            Mean("converted"),
            {"prior": Normal(1, 0)},
            "prior must have an sd above 0, not Normal(1, 0).",
        ),
    ],
)
def test_what_is_no_prior_is_refused(metric, settings_, message):
    with pytest.raises(ParameterError) as caught:
        bayes(shares(A=(50, 1000), B=(65, 1000)), metric, **settings_)
    assert str(caught.value) == message


def test_a_constant_mean_is_refused():
    rows = pd.DataFrame({"arm": ["A", "A", "B", "B"], "spent": [1, 1, 1, 2]})
    with pytest.raises(ParameterError) as caught:
        bayes(units(rows, "spent", control="A"), Mean("spent"))
    assert str(caught.value) == (
        "spent is the same for every unit of arm A: nothing can be believed of its spread."
    )


def test_one_arm_is_refused():
    rows = people()
    alone = units(rows, "spent", control=None)
    with pytest.raises(ParameterError) as caught:
        bayes(alone, Mean("spent"))
    assert str(caught.value) == "there is only one arm, 'all': a test compares two or more."


def test_a_lift_has_no_interval_wider_than_a_control_above_zero_can_give():
    """P(control <= 0) is 0.0009, by SciPy: more than the tail of 99.9 %, less than that of 99 %."""
    arm, control = Normal(11, 1), Normal(10, 3.2)
    assert 0.0005 < stats.norm.cdf(0, 10, 3.2) < 0.001
    assert all(map(math.isnan, interval_of_lift(arm, control, 0.999)))
    low, high = interval_of_lift(arm, control, 0.99)
    for end, level in ((low, 0.005), (high, 0.995)):
        # The chance that arm - (1 + end) control <= 0 is normal; control <= 0 turns its sign.
        ratio = 1 + end
        spread = math.hypot(1, 3.2 * ratio)
        below = stats.norm.cdf((10 * ratio - 11) / spread)
        assert below == pytest.approx(level, abs=0.001)


def test_with_some_hundred_units_the_slopes_own_noise_is_next_to_nothing():
    """Oracle: the standard error of compare, which counts it."""
    rows = made_units(n=600, seed=9)
    metric = Mean("revenue", covariates="revenue_before")
    arms = units(rows, metric, control=rows["arm"].min())
    found = bayes(arms, metric).beliefs.values()
    both = math.hypot(*(belief.sd for belief in found))
    assert both == pytest.approx(compare(arms, metric).one().std_error, rel=0.01)
