"""Shares: against SciPy, statsmodels, published tables and the likelihood itself."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.optimize import brentq
from statsmodels.stats import proportion

from playbook.abtest import Proportion, compare
from playbook.abtest.after.exact import exact
from playbook.abtest.after.proportions import Counts
from playbook.errors import ParameterError
from tests.abtest.plain import shares

Z = stats.norm.isf(0.025)
TABLES = [(30, 100, 20, 100), (12, 900, 4, 1000), (2000, 10_000, 2100, 10_000), (3, 25, 1, 20)]
few = settings(max_examples=40, deadline=None)
near = lambda value: pytest.approx(value, rel=1e-9, abs=1e-12)  # noqa: E731


def effect(table, method="score", **settings):
    arm, n, control, n_control = table
    return compare(
        shares([control, arm], [n_control, n]), Proportion(method=method), **settings
    ).one()


@st.composite
def tables(draw, most=400):
    n, n_control = draw(st.integers(1, most)), draw(st.integers(1, most))
    arm, control = draw(st.integers(0, n)), draw(st.integers(0, n_control))
    assume(0 < arm + control < n + n_control)
    return arm, n, control, n_control


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_the_score_tests_p_value_is_the_pooled_z_tests(table, alternative):
    """Oracle: statsmodels' proportions_ztest."""
    arm, n, control, n_control = table
    sides = {"two-sided": "two-sided", "greater": "larger", "less": "smaller"}
    z, p = proportion.proportions_ztest(
        [arm, control], [n, n_control], alternative=sides[alternative]
    )
    for method in ("score", "pooled"):
        found = effect(table, method, alternative=alternative)
        assert (found.statistic, found.p_value) == (near(z), near(p))


@pytest.mark.parametrize("table", TABLES)
def test_it_is_the_chi_square_test_without_correction(table):
    """Oracle: SciPy's chi2_contingency."""
    arm, n, control, n_control = table
    cells = [[arm, n - arm], [control, n_control - control]]
    found = effect(table)
    expected = stats.chi2_contingency(cells, correction=False)
    assert found.statistic**2 == near(expected.statistic)
    assert found.p_value == near(expected.pvalue)


@pytest.mark.parametrize("table", TABLES)
def test_the_score_interval_of_the_lift_is_koopmans(table):
    """Oracle: statsmodels' score interval of the ratio."""
    arm, n, control, n_control = table
    low, high = proportion.confint_proportions_2indep(
        arm, n, control, n_control, compare="ratio", method="score", correction=False
    )
    found = effect(table)
    assert (found.lift_low, found.lift_high) == (near(low - 1), near(high - 1))


def test_koopmans_own_example_comes_out():
    """Koopman (1984): 36 of 40 against 16 of 80, a ratio of 4.5, from 2.94 to 7.15."""
    found = effect((36, 40, 16, 80))
    assert [round(1 + x, 2) for x in (found.lift, found.lift_low, found.lift_high)] == [
        4.5, 2.94, 7.15,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("table", "low", "high"),
    [((56, 70, 48, 80), 0.0533, 0.3377), ((9, 10, 3, 10), 0.1821, 0.8370),
     ((10, 10, 0, 10), 0.6777, 1.0)],
)  # fmt: skip
def test_the_score_interval_of_the_difference_is_mees(table, low, high):
    """Newcombe (1998), "Interval estimation for the difference", table II, method 5."""
    found = effect(table)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


def likeliest(table, difference):
    """The arm's likeliest share at a difference: where the likelihood's slope is 0."""
    arm, n, control, n_control = table

    def slope(p):
        q = p - difference
        return (arm - n * p) / (p * (1 - p)) + (control - n_control * q) / (q * (1 - q))

    edges = max(0, difference) + 1e-15, min(1, 1 + difference) - 1e-15
    for edge, sign in zip(edges, (1, -1), strict=True):
        if sign * slope(edge) <= 0:  # it is greatest at an edge
            return edge
    return brentq(slope, *edges, xtol=1e-16, rtol=1e-14)


@pytest.mark.parametrize("table", [*TABLES, (1_000_000, 10_000_000, 1_003_000, 10_000_000)])
def test_at_the_ends_of_its_interval_the_difference_is_just_rejected(table):
    """Oracle: the likelihood, maximised by SciPy. (statsmodels 0.15 has a term of Miettinen and
    Nurminen's cubic wrong, so its interval of a difference differs in the third digit.)
    """
    arm, n, control, n_control = table
    found = effect(table)
    for end, expected in ((found.low, Z), (found.high, -Z)):
        p = likeliest(table, end)
        q = p - end
        error = math.sqrt(p * (1 - p) / n + q * (1 - q) / n_control)
        apart = arm / n - control / n_control - end
        assert apart / error == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("table", TABLES)
def test_walds_intervals(table):
    """Oracle: statsmodels' wald of the difference, log of the ratio."""
    arm, n, control, n_control = table
    both = (arm, n, control, n_control)
    wald = proportion.confint_proportions_2indep(*both, compare="diff", method="wald")
    log = proportion.confint_proportions_2indep(*both, compare="ratio", method="log")
    found = effect(table, "unpooled", relative="log")
    assert (found.low, found.high) == (near(wald[0]), near(wald[1]))
    assert (found.lift_low, found.lift_high) == (near(log[0] - 1), near(log[1] - 1))
    score = effect(table, relative="log")
    assert (score.lift_low, score.lift_high) == (found.lift_low, found.lift_high)


def test_a_tail_far_out_is_not_zero():
    """Oracle: SciPy's survival function, twice; the pooled z is 16.9."""
    found = effect((11_300, 100_000, 9_000, 100_000))
    assert 0 < found.p_value < 1e-60
    assert found.p_value == near(2 * stats.norm.sf(found.statistic))


@few
@given(tables(), st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_p_value_difference_and_lift_always_say_the_same(table, confidence):
    found = effect(table, confidence=confidence)
    assume(abs(found.p_value - (1 - confidence)) > 1e-9)
    is_different = found.p_value < 1 - confidence
    assert (found.low > 0 or found.high < 0) == is_different
    if table[2]:
        assert (found.lift_low > 0 or found.lift_high < 0) == is_different


@few
@given(tables())
def test_the_intervals_stay_within_what_is_possible_and_hold_the_estimate(table):
    found = effect(table)
    assert -1 <= found.low <= found.difference <= found.high <= 1
    if table[2]:
        assert -1 <= found.lift_low <= found.lift + 1e-12
        assert found.lift <= found.lift_high + 1e-9 * found.lift_high
    else:
        assert math.isnan(found.lift)
        assert math.isnan(found.lift_low)


@few
@given(tables(), st.sampled_from(["score", "pooled", "unpooled"]))
def test_arms_swapped_flip_the_signs(table, method):
    arm, n, control, n_control = table
    assume(method != "unpooled" or arm not in {0, n} or control not in {0, n_control})
    one, other = effect(table, method), effect((control, n_control, arm, n), method)
    assert one.p_value == pytest.approx(other.p_value, rel=1e-12)
    assert (one.low, one.high) == (
        pytest.approx(-other.high, abs=1e-9),
        pytest.approx(-other.low, abs=1e-9),
    )
    if method == "score" and arm and control:
        ends = 1 / (1 + other.lift_high), 1 / (1 + other.lift_low)
        assert 1 + one.lift_low == pytest.approx(ends[0], rel=1e-9)
        assert 1 + one.lift_high == pytest.approx(ends[1], rel=1e-9)


@few
@given(tables(most=60))
def test_conversions_and_the_rest_exchanged_flip_the_difference(table):
    arm, n, control, n_control = table
    one, other = effect(table), effect((n - arm, n, n_control - control, n_control))
    assert (one.low, one.high) == (
        pytest.approx(-other.high, abs=1e-9),
        pytest.approx(-other.low, abs=1e-9),
    )


def test_a_one_sided_interval_is_open_and_nearer():
    two, one = effect(TABLES[0], confidence=0.9), effect(TABLES[0], alternative="greater")
    assert (one.low, one.high) == (near(two.low), math.inf)
    assert (one.lift_low, one.lift_high) == (near(two.lift_low), math.inf)


@pytest.mark.parametrize("table", [(7, 10, 2, 12), (1, 8, 6, 9), (0, 5, 5, 6), (15, 30, 8, 25)])
@pytest.mark.parametrize("alternative", ["greater", "less"])
def test_a_side_of_the_exact_test_is_barnards(table, alternative):
    """Oracle: SciPy's barnard_exact."""
    arm, n, control, n_control = table
    cells = [[arm, control], [n - arm, n_control - control]]
    expected = stats.barnard_exact(cells, alternative).pvalue
    found = effect(table, "exact", alternative=alternative)
    assert found.p_value == pytest.approx(expected, rel=1e-6)


def test_the_exact_intervals_cover_at_least_what_they_say(monkeypatch):
    """Every pair of counts of 3 and 5 units, at shares all over: never below 90 %.

    Ends that are found to a millionth lie no farther in, and take less time.
    """
    monkeypatch.setattr("playbook.abtest.after.exact.HALVINGS", 14)
    n, n_control = 3, 5
    asked = {"confidence": 0.9, "alternative": "two-sided"}
    pairs = list(itertools.product(range(n + 1), range(n_control + 1)))
    found = [exact(Counts(a, n, c, n_control), **asked) for a, c in pairs]
    lows, highs, lift_lows, lift_highs = (
        np.array([getattr(one, field) for one in found])
        for field in ("low", "high", "lift_low", "lift_high")
    )
    arms, controls = np.array(pairs).T
    for share, control in itertools.product((0.02, 0.1, 0.4, 0.8, 0.97), (0.05, 0.2, 0.5, 0.9)):
        chances = stats.binom.pmf(arms, n, share) * stats.binom.pmf(controls, n_control, control)
        apart, lift = share - control, share / control - 1
        of_lift = (controls == 0) | ((lift_lows <= lift) & (lift <= lift_highs))
        assert chances @ ((lows <= apart) & (apart <= highs)) >= 0.9
        assert chances @ of_lift >= 0.9


@pytest.mark.parametrize("table", [(7, 10, 2, 12), (6, 10, 2, 12), (1, 8, 6, 9), (4, 9, 3, 9)])
def test_the_exact_p_value_and_intervals_say_the_same(table):
    found = effect(table, "exact")
    is_different = found.p_value <= 0.05
    assert (found.low > 0 or found.high < 0) == is_different
    assert (found.lift_low > 0 or found.lift_high < 0) == is_different
    assert math.isnan(found.std_error)
    assert math.isnan(found.statistic)
    assert found.low < effect(table).low or found.high > effect(table).high


def test_what_the_exact_method_refuses():
    with pytest.raises(ParameterError) as refused:
        effect((30, 1000, 20, 1000), "exact")
    assert str(refused.value) == (
        "exact goes through every pair of counts, 1,002,001 here, and at most 41,000. Use "
        "method='score', which needs some conversions in each arm."
    )
    with pytest.raises(ParameterError) as refused:
        effect((7, 10, 2, 12), "exact", relative="log")
    assert str(refused.value) == (
        "relative='log' is an approximation, and method='exact' makes none: leave relative out."
    )


def test_a_pair_in_which_nobody_converted_is_no_different():
    """Another arm has conversions, so the question as a whole can be asked."""
    found = compare(shares([0, 0, 5], [50, 60, 50], names="ABC"))
    none = found["converted", "B"]
    assert (none.difference, none.statistic, none.p_value) == (0, 0, 1)
    assert none.low < 0 < none.high
    assert found.notes[0] == (
        "converted, B: the control's value is not above zero, so there is no lift of it."
    )


@few
@given(st.data())
def test_the_rest_of_nearly_all_is_read_as_exactly_as_hardly_any(data):
    """Shares down to one in ten million, and as near to all."""
    n, n_control = (data.draw(st.integers(10**4, 10**7)) for _ in range(2))
    arm, control = data.draw(st.integers(1, 60)), data.draw(st.integers(0, 60))
    one = effect((arm, n, control, n_control))
    other = effect((n - arm, n, n_control - control, n_control))
    width = one.high - one.low
    assert -other.high == pytest.approx(one.low, abs=1e-6 * width)
    assert -other.low == pytest.approx(one.high, abs=1e-6 * width)
    assert other.p_value == pytest.approx(one.p_value, rel=1e-7)


def test_no_spread_at_all_is_no_certainty():
    """All five of one arm and none of the other: Wald's interval would have no width."""
    for conversions in ([0, 5], [5, 0]):
        with pytest.raises(ParameterError) as refused:
            compare(shares(conversions, [5, 5]), Proportion(method="unpooled"))
        assert str(refused.value) == (
            "converted: all or no units of arms A and B have a 1 in 'converted', so "
            "method='unpooled' sees no spread in them: use method='score', or 'exact'."
        )
    assert compare(shares([0, 3], [5, 5]), Proportion(method="unpooled")).one().p_value > 0


def chance_at(table, difference):
    """The greatest chance of a table at least as far above the difference; plain binomials."""
    arm, n, control, n_control = table

    def score(a, c):
        apart = a / n - c / n_control - difference
        p = likeliest((a, n, c, n_control), difference)
        q = p - difference
        return apart / math.sqrt(p * (1 - p) / n + q * (1 - q) / n_control)

    far = [(a, c) for a in range(n + 1) for c in range(n_control + 1)
           if score(a, c) >= score(arm, control) - 1e-7]  # fmt: skip
    return max(
        sum(stats.binom.pmf(a, n, q + difference) * stats.binom.pmf(c, n_control, q)
            for a, c in far)
        for q in np.linspace(0, 1 - difference, 60)
    )  # fmt: skip


def test_the_exact_interval_holds_every_difference_that_is_not_rejected():
    """5 of 5 against 3 of 14: 0.16 is not rejected, 0.2 is, and 0.285 is not again."""
    table = (5, 5, 3, 14)
    assert [chance_at(table, d) > 0.025 for d in (0.16, 0.2, 0.285)] == [True, False, True]
    found = effect(table, "exact")
    assert found.low < 0.16
    assert chance_at(table, found.low - 0.01) < 0.025
