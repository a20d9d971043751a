"""Intervals that hold at every look.

Oracles: the mixture's likelihood ratio integrated in decimals; the published formula written out;
SciPy's minimiser for the tuning; integration of the chance to cross over 300 looks; simulated tests
that are looked at after every person.
"""

from __future__ import annotations

import math
from decimal import Decimal, localcontext

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.stats import norm, ttest_ind_from_stats
from statsmodels.stats.proportion import test_proportions_2indep as proportions_2indep

from playbook import abtest
from playbook.abtest.during import mixture
from playbook.abtest.during.exits import exits
from playbook.errors import ParameterError

SIDES = ("two-sided", "greater", "less")
RATE = abtest.Proportion()


def shares(converted, n, names="AB", by=()):
    table = {"arm": list(names), "exposures": n, "conversions": converted}
    return abtest.counts(pd.DataFrame(table), control=names[0], by=by)


def weighed(z, people, rho2, *, sides=2):
    """Robbins (1970): the likelihood ratio of an effect, mean over effects that are normal(0, rho).

    exp(d s - d^2 n / 2), where s = z sqrt(n), is integrated over d in decimals: by the trapezoid
    rule, whose error falls faster than any power for so smooth a bell. Where one side counts, over
    effects above zero alone, at twice their weight; by Simpson's rule, as the bell is cut there.
    """
    with localcontext(prec=40):
        z, n, rho2 = Decimal(z), Decimal(people), Decimal(rho2)
        s, precision = z * n.sqrt(), n + 1 / rho2
        middle, width = s / precision, 13 / precision.sqrt()
        low = middle - width if sides == 2 else Decimal(0)
        steps = 120 if sides == 2 else 400
        step = (middle + width - low) / steps
        total = Decimal(0)
        for k in range(steps + 1):
            d = low + k * step
            weight = 1 if sides == 2 else 1 if k in (0, steps) else 4 if k % 2 else 2
            total += weight * (d * s - d * d * precision / 2).exp()
        bell = (2 * rho2 * Decimal(math.pi)).sqrt()
        return float(total * step * (1 if sides == 2 else Decimal(2) / 3) / bell)


@pytest.mark.parametrize("z", [0.0, 0.7, 2.5, 4.0, 12.0])
@pytest.mark.parametrize("share", [0.05, 1.0, 40.0])
@pytest.mark.parametrize("alpha", [0.01, 0.05])
def test_bound_and_p_value_are_those_of_the_mixture_to_twelve_digits(z, share, alpha):
    """Oracle: Ville's inequality for the mixture, integrated in decimals of 40 digits.

    The interval ends where the mixture of the likelihood ratio against that value is 1 / alpha, and
    the p value is one over the mixture against 0.
    """
    people = 5000 * share
    rho2 = mixture.tightest(alpha) / 5000
    found = abtest.always_valid_interval(z, 1, people, tuned_at=5000, alpha=alpha)
    if math.isinf(found.reach):  # nothing is said so early: the mixture would ask for more than 7
        assert weighed(mixture.FARTHEST, people, rho2) < 1 / alpha
        return
    for end in (found.low, found.high):
        assert weighed(z - end, people, rho2) == pytest.approx(1 / alpha, rel=1e-11)
    assert found.p_value == pytest.approx(min(1, 1 / weighed(z, people, rho2)), rel=1e-12)


@pytest.mark.parametrize("share", [0.2, 1.0, 40.0])
def test_a_one_sided_bound_is_a_little_beyond_that_of_its_mixture(share):
    """Effects above zero alone: the formula is a bound of their mixture, less than 2 % farther."""
    people, rho2 = 5000 * share, mixture.tightest(0.1) / 5000
    found = abtest.always_valid_interval(0, 1, people, tuned_at=5000, alternative="greater")
    assert weighed(-found.low, people, rho2, sides=1) >= 20
    assert weighed(-0.98 * found.low, people, rho2, sides=1) < 20
    for z in (2.5, 4.0, 6.0):
        p = abtest.always_valid_interval(z, 1, people, tuned_at=5000, alternative="greater").p_value
        exactly = 1 / weighed(z, people, rho2, sides=1)
        assert exactly <= p < 1.7 * exactly + 1e-12


def test_shares_and_means_end_where_the_mixture_is_twenty():
    """From counts and moments: the test at an end of the interval, as a z, has a mixture of 20.

    Oracles: of shares the score by statsmodels; of means Welch's t by SciPy, turned into a normal
    value of the same tail; the mixture of each in decimals.
    """
    rho2 = mixture.tightest(0.05) / 9000
    row = abtest.always_valid(shares([310, 390], [4000, 4400]), tuned_at=9000).one()
    people = 4 * 4000 * 4400 / 8400
    for ratio in (1 + row.lift_low, 1 + row.lift_high):
        z = proportions_2indep(
            390, 4400, 310, 4000, value=ratio, compare="ratio", method="score", correction=False
        ).statistic
        assert weighed(z, people, rho2) == pytest.approx(20, rel=1e-7)
    none = proportions_2indep(
        390, 4400, 310, 4000, value=0, compare="diff", method="score", correction=False
    ).statistic
    assert row.p_value == pytest.approx(min(1, 1 / weighed(none, people, rho2)), rel=1e-9)
    table = {"arm": ["A", "B"], "n": [300, 250], "mean": [10, 11.5], "variance": [16.0, 25.0]}
    row = abtest.always_valid(
        abtest.moments(pd.DataFrame(table), control="A", name="x"), tuned_at=9000
    ).one()
    people = 4 * 300 * 250 / 550
    for end, mix in ((row.low, 20), (row.high, 20), (0, 1 / row.p_value)):
        p = ttest_ind_from_stats(11.5 - end, 5, 250, 10, 4, 300, equal_var=False).pvalue
        assert weighed(norm.isf(p / 2), people, rho2) == pytest.approx(mix, rel=1e-9)


def test_the_reach_is_that_of_the_published_formulas():
    """Waudby-Smith and others, theorem 2.2 and its one-sided companion, in standard errors."""
    rho2 = mixture.tightest(0.05) / 5000
    for t in (500, 5000, 60_000):
        inner = 2 * (t * rho2 + 1) * math.log(math.sqrt(t * rho2 + 1) / 0.05) / (t * t * rho2)
        assert mixture.reach(t, 5000) == pytest.approx(math.sqrt(inner * t), rel=1e-12)
    rho2 = mixture.tightest(0.1) / 5000  # one side is tuned as two are for twice alpha
    for t in (500, 5000, 60_000):
        inner = math.log(1 + math.sqrt(t * rho2 + 1) / (2 * 0.05))
        reach = math.sqrt(2 * (t * rho2 + 1) * inner / (t * t * rho2) * t)
        assert mixture.reach(t, 5000, 0.05, "greater") == pytest.approx(reach, rel=1e-12)


@pytest.mark.parametrize("alpha", [0.001, 0.01, 0.05, 0.2])
def test_the_interval_is_tightest_where_it_is_tuned(alpha):
    def square(x):
        return (x + 1) / x * math.log((x + 1) / alpha**2)

    best = minimize_scalar(square, bounds=(0.1, 100), method="bounded", options={"xatol": 1e-10})
    assert mixture.tightest(alpha) == pytest.approx(best.x, rel=1e-5)
    assert mixture.reach(777, 777, alpha) == pytest.approx(math.sqrt(best.fun), rel=1e-9)


@settings(deadline=None, max_examples=60)
@given(
    st.floats(-8, 8),
    st.floats(30, 10**6),
    st.sampled_from([0.01, 0.05, 0.2]),
    st.sampled_from(SIDES),
)
def test_interval_and_p_value_agree(z, n, alpha, side):
    found = abtest.always_valid_interval(z, 1, n, tuned_at=5000, alpha=alpha, alternative=side)
    beyond = found.low > 0 or found.high < 0
    if abs(abs(z) - found.reach) > 1e-9:
        assert (found.p_value < alpha) == beyond
    assert found.reach > norm.ppf(1 - alpha / (2 if side == "two-sided" else 1))


@settings(deadline=None, max_examples=30)
@given(st.floats(0.1, 8), st.floats(30, 10**6))
def test_arms_swapped_flip_the_sign(z, n):
    one, other = (abtest.always_valid_interval(s * z, 2, n, tuned_at=5000) for s in (1, -1))
    assert (one.low, one.high, one.p_value) == (-other.high, -other.low, other.p_value)
    more = abtest.always_valid_interval(z, 1, n, tuned_at=5000, alternative="greater")
    less = abtest.always_valid_interval(-z, 1, n, tuned_at=5000, alternative="less")
    assert (more.low, more.p_value) == (-less.high, less.p_value)
    assert (more.high, less.low) == (math.inf, -math.inf)


def test_a_tiny_p_value_is_not_zero():
    found = abtest.always_valid_interval(17, 1, 5000, tuned_at=5000).p_value
    assert 1e-60 < found < 1e-50


@pytest.mark.parametrize(("side", "tuned"), [("two-sided", 300), ("two-sided", 30), ("less", 300)])
def test_all_looks_together_stay_below_five_per_cent_exactly(side, tuned):
    looks = list(range(1, 301))
    bounds = mixture.reach(looks, tuned, 0.05, side).tolist()
    assert 0.01 < exits(bounds, looks, sides=2 if side == "two-sided" else 1).total < 0.05


def test_five_per_cent_hold_when_watched_after_every_person():
    """16,000 people, one by one, tuned for half of them; and the usual test beside it."""
    rng, draws, people = np.random.default_rng(21), 1200, 8000
    n = np.arange(1, people + 1)
    first, second = (
        np.cumsum(rng.random((draws, people), dtype="float32") < 0.08, axis=1) / n for _ in range(2)
    )
    both = (first + second) / 2
    error = np.sqrt(2 * both * (1 - both) / n)
    z = np.divide(second - first, error, out=np.zeros_like(error), where=error > 0)
    ahead = {"two-sided": np.abs(z), "greater": z, "less": -z}
    for side, seen in ahead.items():
        wrong = (seen >= mixture.reach(2 * n, 8000, 0.05, side)).any(axis=1).mean()
        assert 0.01 < wrong < 0.05
        usual = norm.ppf(0.975 if side == "two-sided" else 0.95)
        assert (seen[:, 200:] >= usual).any(axis=1).mean() > 0.25


def test_the_truth_is_covered_at_all_looks_together():
    """A true difference of 0.2 in skewed revenue, over 1,500 looks."""
    rng, draws, looks, each = np.random.default_rng(22), 1500, 1500, 10
    sums, squares = [], []
    for mean in (1.0, 1.2):
        rows = rng.gamma(each, mean, (draws, looks)), rng.gamma(each, 1, (draws, looks))
        sums.append(np.cumsum(rows[0], axis=1))
        squares.append(mean**2)
    n = each * np.arange(1, looks + 1)
    error = np.sqrt(sum(squares) / n)
    apart = np.abs((sums[1] - sums[0]) / n - 0.2) / error
    missed = (apart > mixture.reach(2 * n, 20_000)).any(axis=1).mean()
    assert missed < 0.05 + 2 * math.sqrt(0.05 * 0.95 / draws)


def test_a_real_difference_is_found_before_the_plan_ends():
    plan = abtest.sample_size(0.1, 0.03)
    found = abtest.peeking(
        20, rule="always_valid", baseline=0.1, effect=0.045, n_per_look=plan.n["control"] // 20
    )
    assert found.share > 0.85
    assert found.table["share"].iloc[9] > 0.3


def test_every_metric_is_read_as_compare_reads_it_but_wider():
    rows = abtest.made_units(n=6000, seed=5, lift=0.1)
    metrics = (
        RATE,
        abtest.Mean("revenue", covariates="revenue_before"),
        abtest.Ratio("revenue", "visits"),
    )
    control = rows["arm"].min()
    arms = abtest.units(rows, metrics, control=control)
    tuned = int(arms.n.sum())
    held = abtest.always_valid(arms, metrics, tuned_at=tuned)
    people = 4 / (1 / arms.n).sum()
    level = 1 - 2 * norm.sf(mixture.reach(people, tuned))
    wider = abtest.compare(arms, metrics, confidence=level)
    usual = abtest.compare(arms, metrics)
    for ours, same, narrow in zip(held, wider, usual, strict=True):
        for field in ("difference", "low", "high", "lift", "lift_low", "lift_high", "std_error"):
            assert getattr(ours, field) == pytest.approx(getattr(same, field), rel=1e-9)
        assert ours.low < narrow.low
        assert ours.p_value > narrow.p_value
        assert (ours.p_value < 0.05) == (ours.low > 0 or ours.high < 0)
        assert (ours.lift_low > 0) == (ours.low > 0)
        assert ours.method == f"always valid; {narrow.method}"
    assert held.confidence == 0.95
    tightest = f"tightest at {tuned:,} people in the control and an arm."
    assert held.notes == (f"Always valid: holds at every look, {tightest}",)


def test_several_arms_have_their_own_people_and_may_be_adjusted():
    arms = shares([100, 150, 130], [2000, 2000, 500], "ABC")
    plan = abtest.sample_size(0.05, 0.01, arms=("A", "B", "C"))
    held = abtest.always_valid(arms, RATE, tuned_at=plan, adjust="holm")
    pair = plan.n["A"] + plan.n["B"]
    alone = abtest.always_valid(arms.only("C"), RATE, tuned_at=pair).one()
    found = held["converted", "C"]
    assert (found.low, found.p_value) == (alone.low, alone.p_value)
    assert found.p_adjusted == pytest.approx(min(1, 2 * found.p_value))
    assert [row.arm for row in held] == ["B", "C"]


def test_nothing_is_said_of_the_first_few_people():
    found = abtest.always_valid(shares([1, 9], [20, 20]), tuned_at=100_000).one()
    assert (found.low, found.high, found.p_value) == (-math.inf, math.inf, 1)
    assert (found.lift_low, found.lift_high) == (-math.inf, math.inf)
    assert found.difference == pytest.approx(0.4)
    none = abtest.always_valid(shares([0, 9], [20, 20]), tuned_at=100_000).one()
    assert math.isnan(none.lift_low)


def test_looks_are_read_one_by_one_and_what_was_ruled_out_stays_so():
    rng = np.random.default_rng(7)
    day = pd.DataFrame(
        {
            "arm": ["A", "B"] * 20,
            "day": np.repeat(range(1, 21), 2),
            "exposures": 400,
            "conversions": rng.binomial(400, [0.1, 0.145] * 20),
        }
    )
    looks = abtest.cumulated(abtest.counts(day, control="A", by="day"))
    table = abtest.sequence(looks, RATE, tuned_at=12_000).table
    assert table["look"].tolist() == list(range(1, 21))
    assert table["n"].tolist() == [400 * k for k in range(1, 21)]
    alone = abtest.always_valid(looks[9], RATE, tuned_at=12_000).one()
    assert table.loc[8, ["low", "high", "p_value"]].tolist() == [
        alone.low,
        alone.high,
        alone.p_value,
    ]
    usual = abtest.compare(looks[9], RATE).one()
    assert table.loc[8, ["fixed_low", "fixed_high"]].tolist() == [usual.low, usual.high]
    assert table["low_running"].tolist() == [table["low"][: k + 1].max() for k in range(20)]
    assert table["high_running"].tolist() == [table["high"][: k + 1].min() for k in range(20)]
    assert table["p_running"].tolist() == [table["p_value"][: k + 1].min() for k in range(20)]
    assert table["is_different"].is_monotonic_increasing
    assert table["is_different"].iloc[-1]
    numbered = abtest.sequence(list(looks.values()), RATE, tuned_at=12_000).table
    pd.testing.assert_frame_equal(numbered, table)


def test_looks_print_what_was_compared_how_and_since_when_it_is_different():
    """Oracle: the last look by `always_valid`; the first row of the table that is different."""
    ones = np.array([[40, 60, 44], [41, 74, 38], [38, 74, 40]])
    arms = [shares(ones[: k + 1].sum(axis=0), [400 * (k + 1)] * 3, "ABC") for k in range(3)]
    found = abtest.sequence(dict(zip(("Mon", "Tue", "Wed"), arms, strict=True)), RATE, tuned_at=900)
    last = abtest.always_valid(arms[-1], RATE, tuned_at=900)
    assert str(found).splitlines() == [
        "converted, 3 looks, the last: Wed. Control A (n = 1,200); 95 % over all looks, two-sided.",
        "",
        "  arm  n      difference    interval of all looks   least p  different",
        "  B    1,200  +7.42 points  +3.12 to +11.78 points  7.2e-06  since Tue",
        "  C    1,200  +0.25 points  −3.58 to +4.09 points   1        not yet",
        "",
        f"Method: {last.rows[0].method}.",
        *last.notes,
    ]
    assert found.table.loc[found.table["is_different"], "look"].tolist() == ["Tue", "Wed"]
    assert found.last["high"].tolist() == [row.high for row in last]


def test_days_add_up_to_the_whole_exactly():
    rows = abtest.made_units(n=3000, seed=3, days=9)
    metric = abtest.Ratio("revenue", "visits")
    control = rows["arm"].min()
    looks = abtest.cumulated(abtest.units(rows, metric, control=control, by="day"))
    last, whole = list(looks.values())[-1], abtest.units(rows, metric, control=control)
    assert last.n.tolist() == whole.n.tolist()
    np.testing.assert_allclose(last.products, whole.products, rtol=1e-9)
    fifth = abtest.units(rows[rows["day"] <= list(looks)[4]], metric, control=control)
    np.testing.assert_allclose(looks[list(looks)[4]].means, fifth.means, rtol=1e-12)


def test_looks_before_the_first_conversion_are_open():
    looks = [shares([0, 0], [50, 60]), shares([4, 5], [200, 230])]
    table = abtest.sequence(looks, RATE, tuned_at=500).table
    assert math.isnan(table["difference"][0])
    assert table.loc[0, ["low", "high", "p_value"]].tolist() == [-math.inf, math.inf, 1]
    assert np.isfinite(table["low"][1])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"tuned_at": 0}, "tuned_at must be people, 100 or more, or a Plan, not 0."),
        ({"tuned_at": 5}, "tuned_at must be people, 100 or more, or a Plan, not 5."),
        ({"tuned_at": None}, "tuned_at must be people, 100 or more, or a Plan, not None."),
        ({"tuned_at": "x"}, "tuned_at must be people, 100 or more, or a Plan, not 'x'."),
        ({"alpha": 5}, "alpha must be above 0 and below 1, not 5; 5 % is written 0.05."),
        (
            {"alpha": 0.6, "alternative": "less"},
            "alpha must be below 0.5 where one-sided, not 0.6.",
        ),
        ({"std_error": 0}, "std_error must be above 0, not 0."),
        ({"n": 0}, "n must be above 0, not 0."),
    ],
)
def test_an_interval_that_cannot_be_is_refused(wrong, said):
    setting = {"difference": 0.1, "std_error": 0.1, "n": 100, "tuned_at": 100} | wrong
    with pytest.raises(ParameterError) as error:
        abtest.always_valid_interval(**setting)
    assert str(error.value) == said


def test_a_plan_of_other_arms_is_refused():
    with pytest.raises(ParameterError) as error:
        abtest.always_valid(
            shares([5, 6], [90, 90]), tuned_at=abtest.sample_size(0.1, 0.05, arms=3)
        )
    assert str(error.value) == "tuned_at plans 3 arms, but there are 2."


def test_looks_that_forget_people_or_change_arms_are_refused():
    one, two = shares([5, 6], [90, 90]), shares([5, 6], [80, 95])
    with pytest.raises(ParameterError) as error:
        abtest.sequence([one, two], RATE, tuned_at=500)
    assert str(error.value) == (
        "look 2 has fewer units than the look before: each look needs all units so far. Use "
        "cumulated(arms, by=…)."
    )
    with pytest.raises(ParameterError) as error:
        abtest.sequence({"Mon": one, "Tue": shares([5, 6], [90, 90], "AC")}, RATE, tuned_at=500)
    assert str(error.value) == "look Tue has the arms A, C, those before it A, B."
    with pytest.raises(ParameterError) as error:
        abtest.sequence([], RATE, tuned_at=500)
    assert str(error.value) == "looks must hold at least one look."


@pytest.mark.parametrize(("control", "tuned"), [(200_000, 400_000), (1_000_000, 1_000_000)])
def test_an_arm_let_in_little_by_little_is_no_way_to_a_false_winner(control, tuned):
    """50 people of an arm, then more and more, beside a great control that is there from the start.

    Counted by people, time would stand still while what is known grows four-thousandfold.
    """
    rng, draws = np.random.default_rng(23), 3000
    n = np.unique(np.geomspace(50, control, 400).round().astype(int))
    arm = rng.binomial(np.diff(np.r_[0, n]), 0.5, (draws, len(n))).cumsum(axis=1)
    first = rng.binomial(control, 0.5, (draws, 1))
    both = (arm + first) / (n + control)
    z = (arm / n - first / control) / np.sqrt(both * (1 - both) * (1 / n + 1 / control))
    is_known = (arm >= 10) & (n - arm >= 10)
    people = np.array([mixture.people(control, int(each)) for each in n])
    wrong = ((np.abs(z) > mixture.reach(people, tuned)) & is_known).any(axis=1).mean()
    naive = ((np.abs(z) > mixture.reach(n + control, tuned)) & is_known).any(axis=1).mean()
    assert wrong < 0.05 + 2 * math.sqrt(0.05 * 0.95 / draws)
    assert naive > wrong
    read = abtest.always_valid(shares([control // 2, 90], [control, 200]), tuned_at=tuned)
    assert read.one().low == -math.inf  # by people it would speak


def test_people_of_arms_of_different_sizes_are_those_that_tell_as_much():
    """Oracle: the error of a difference, 1 / n0 + 1 / n1, is that of two arms of half each."""
    for control, n in ((1, 1), (900, 100), (10**6, 50)):
        people = mixture.people(control, n)
        assert 2 / (people / 2) == pytest.approx(1 / control + 1 / n, rel=1e-12)


def test_a_plan_is_read_by_the_names_of_its_arms():
    plan = abtest.sample_size(
        0.05, 0.01, arms=("A", "C", "B"), shares={"A": 0.5, "C": 0.4, "B": 0.1}
    )
    arms = shares([250, 50, 210], [5000, 1000, 4000], "ABC")
    held = abtest.always_valid(arms, RATE, tuned_at=plan)
    for arm in "BC":
        tuned = 4 / (1 / plan.n["A"] + 1 / plan.n[arm])
        alone = abtest.always_valid(arms.only(arm), RATE, tuned_at=tuned).one()
        assert (held["converted", arm].low, held["converted", arm].p_value) == pytest.approx(
            (alone.low, alone.p_value), rel=1e-12
        )
    other = abtest.sample_size(0.05, 0.01, arms=("A", "X", "Y"), shares=(0.5, 0.4, 0.1))
    with pytest.raises(ParameterError) as error:
        abtest.always_valid(arms, RATE, tuned_at=other)
    assert str(error.value) == (
        "tuned_at plans the arms A, X, Y, of different sizes, but there are A, B, C: name the "
        "plan's arms as the test's."
    )


@pytest.mark.parametrize(
    ("n", "variance", "is_silent"),
    [
        ([900, 100], [0.9, 0.9], True),  # too few
        ([9000, 999], [0.9, 0.9], True),  # too few beside so many
        ([9000, 1000], [0.9, 0.9], False),
        ([200, 200], [0.9, 0.9], False),
        ([5000, 5000], [0.9, 0.0], True),  # no buyer in B
    ],
)
def test_a_mean_is_silent_until_its_spread_is_known(n, variance, is_silent):
    table = pd.DataFrame({"arm": ["A", "B"], "n": n, "mean": [0.2, 0.0], "variance": variance})
    arms = abtest.moments(table, control="A", name="spent")
    held = abtest.always_valid(arms, abtest.Mean("spent"), tuned_at=500)
    assert (held.one().low == -math.inf) == is_silent
    assert (held.one().high == math.inf) == is_silent
    assert (held.one().p_value == 1) == is_silent
    said = (
        "spent, B: nothing can be said yet. Each arm needs 200 units, 1,000 where the other has "
        "more than 4 times as many, and some that differ."
    )
    assert held.notes[1:] == ((said,) if is_silent else ())


def test_rare_orders_in_uneven_arms_are_wrong_as_often_as_is_written():
    """Arms of 90 and 10 %, one buyer in twenty, lognormal orders; a look every 200 people."""
    from playbook.abtest.during.always import LEAST_UNEVEN

    rng, draws, looks = np.random.default_rng(24), 1000, 100
    n, means, errors = [], [], []
    for each in (180, 20):
        buyers = rng.binomial(each, 0.05, draws * looks)
        orders, look = rng.lognormal(0, 1, buyers.sum()), np.repeat(np.arange(len(buyers)), buyers)
        sums = [
            np.bincount(look, orders**power, len(buyers)).reshape(draws, looks).cumsum(axis=1)
            for power in (1, 2)
        ]
        n.append(each * np.arange(1, looks + 1))
        means.append(sums[0] / n[-1])
        errors.append((sums[1] / n[-1] - means[-1] ** 2) / n[-1])
    error = np.sqrt(sum(errors))
    z = np.divide(np.abs(means[1] - means[0]), error, out=np.zeros_like(error), where=error > 0)
    out = z > mixture.reach(4 * n[0] * n[1] / (n[0] + n[1]), 10_000)
    assert (out & (errors[1] > 0)).any(axis=1).mean() > 0.08
    assert out[:, n[1] >= LEAST_UNEVEN].any(axis=1).mean() < 0.06
