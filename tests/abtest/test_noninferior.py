"""Non-inferiority: against statsmodels' and SciPy's tests at a margin, and by what it promises."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import test_proportions_2indep as proportions_2indep

from playbook.abtest import (
    Guardrail,
    Mean,
    Proportion,
    Ratio,
    compare,
    guardrails,
    moments,
    non_inferior,
)
from playbook.errors import ParameterError
from tests.abtest.plain import arms_of, shares

METHODS = ["score", "unpooled", "pooled"]


def spent(seed=1, sizes=(400, 300), means=(20, 20)):
    rng = np.random.default_rng(seed)
    return {arm: rng.gamma(2, m / 2, n) for arm, n, m in zip("AB", sizes, means, strict=True)}


def test_an_absolute_margin_of_a_mean():
    """Oracle: SciPy's one-sided Welch test of the arm raised by the margin."""
    rows = spent()
    found = non_inferior(arms_of(rows, ["x"]), Mean("x"), margin=1.5, relative=False)
    expected = stats.ttest_ind(rows["B"] + 1.5, rows["A"], equal_var=False, alternative="greater")
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-9)
    assert found.bound + 1.5 == pytest.approx(expected.confidence_interval(0.975).low, rel=1e-9)


def test_a_relative_margin_of_a_mean():
    """Oracle: SciPy's Welch statistic of the arm against 0.9 times the control."""
    rows = spent(2)
    found = non_inferior(arms_of(rows, ["x"]), Mean("x"), margin=0.1)
    expected = stats.ttest_ind(rows["B"], 0.9 * rows["A"], equal_var=False)
    df = compare(arms_of(rows, ["x"]), Mean("x")).one().df
    assert found.p_value == pytest.approx(stats.t.sf(expected.statistic, df), rel=1e-9)


@pytest.mark.parametrize("table", [(190, 1000, 200, 1000), (35, 400, 60, 500)])
def test_a_relative_margin_of_a_share(table):
    """Oracle: statsmodels' score test of the ratio."""
    arm, n, control, n_control = table
    found = non_inferior(shares([control, arm], [n_control, n]), Proportion(), margin=0.15)
    expected = proportions_2indep(
        *table, value=0.85, compare="ratio", method="score", correction=False, alternative="larger"
    )
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-9)


def test_more_can_be_worse():
    rows = spent(3)
    arms = arms_of(rows, ["complaints"])
    found = non_inferior(arms, Mean("complaints"), margin=2, relative=False, higher_is_better=False)
    expected = stats.ttest_ind(rows["B"] - 2, rows["A"], equal_var=False, alternative="less")
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-9)
    assert (found.worst, found.bound > found.best) == (2, True)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 299), st.integers(1, 299), st.sampled_from(METHODS), st.booleans())
def test_the_bound_and_the_p_value_say_the_same(arm, control, method, relative):
    arms = shares([control, arm], [300, 300])
    found = non_inferior(arms, Proportion(method=method), margin=0.1, relative=relative)
    assume(abs(found.p_value - 0.025) > 1e-9)
    if math.isfinite(found.bound):
        assert found.is_non_inferior == (found.bound > -0.1)
    if found.status == "broken":
        assert found.best < -0.1


def test_an_exact_margin_is_as_strict():
    arms = shares([8, 9], [12, 12])
    exact = non_inferior(arms, Proportion(method="exact"), margin=0.3, relative=False)
    assert exact.is_non_inferior == (exact.bound > -0.3)
    assert exact.p_value > non_inferior(arms, Proportion(), margin=0.3, relative=False).p_value


def test_a_loss_beyond_the_margin_is_broken_and_a_small_test_leaves_it_open():
    worse = non_inferior(arms_of(spent(4, (4000, 4000), (20, 15)), ["x"]), Mean("x"), margin=0.1)
    few = non_inferior(arms_of(spent(5, (10, 10)), ["x"]), Mean("x"), margin=0.1)
    assert (worse.status, few.status) == ("broken", "open")
    assert str(worse).startswith("x: B is worse by more than the margin; at worst −")


def test_an_arm_at_the_margin_is_called_not_worse_one_time_in_forty():
    """20,000 simulated tests of an arm that is exactly as bad as the margin allows."""
    from playbook.abtest.after.means import independent, pairs
    from playbook.abtest.after.reading import standardised
    from playbook.abtest.after.tails import p_value
    from tests.abtest.plain import sums_of

    def draw(rng, shape, arm):
        return rng.gamma(4, 5 * (0.9 if arm else 1.0), (*shape, 1))

    sums = sums_of(draw, np.random.default_rng(8), (200, 200), 20_000)
    variances = sums.products[..., 0, 0] / (sums.n - 1)
    pair = pairs(independent(sums.n, sums.means[..., 0], variances))
    statistic = standardised(pair.value - 0.9 * pair.control, pair.error_at(0.9))
    assert 0.0215 <= np.mean(p_value(statistic, pair.df, "greater") <= 0.025) <= 0.0285


def test_guardrails_are_a_row_per_metric_and_arm():
    rng = np.random.default_rng(6)
    rows = {arm: np.column_stack([rng.gamma(2, 10, 500), 1 + rng.poisson(3, 500)]) for arm in "ABC"}
    arms = arms_of(rows, ["revenue", "visits"])
    rails = [
        Guardrail(Ratio("revenue", "visits"), 0.2),
        Guardrail(Mean("visits"), 0.5, higher_is_better=False, relative=False),
    ]
    found = guardrails(arms, rails)
    table = found.table
    assert table[["metric", "arm"]].to_numpy().tolist() == [
        ["revenue per visits", "B"], ["revenue per visits", "C"], ["visits", "B"], ["visits", "C"],
    ]  # fmt: skip
    one = non_inferior(arms, Ratio("revenue", "visits"), margin=0.2, arm="C")
    assert table.iloc[1].to_dict() == found.rows[1]._asdict() == one._asdict()
    assert (list(found), len(found), found.arms) == (list(found.rows), 4, ("B", "C"))
    assert found.of("C").rows == (found.rows[1], found.rows[3])


def test_guardrails_say_what_they_are_by_what_and_against_what():
    arms = moments(
        pd.DataFrame({"arm": list("ABC"), "n": 500, "mean": [2, 1.9, 1.4], "variance": 1.0}),
        control="A",
        name="visits",
    )
    each = Mean("visits", name="visits each")
    found = guardrails(arms, [Guardrail("visits", 0.2), Guardrail(each, 0.5, relative=False)])
    assert str(found).splitlines() == [
        (
            "Guardrails: broken. Control A (n = 500); p is against the margin, one-sided, at "
            "2.5 %; all have to hold."
        ),
        "",
        "  metric       arm  n    estimate  at worst  margin   p        answer",
        "  visits       B    500  −5.0 %    −10.9 %   −20.0 %  9.9e-08  held",
        "  visits       C    500  −30.0 %   −35.2 %   −20.0 %  1        broken",
        "  visits each  B    500  −0.10     −0.22     −0.50    1.9e-10  held",
        "  visits each  C    500  −0.60     −0.72     −0.50    0.94     open",
        "",
        "visits: Welch's t test; lift by Fieller.",
        "visits each: Welch's t test; lift by Fieller.",
    ]
    assert [found.of(arm).status for arm in "BC"] == ["held", "broken"]
    assert (found.is_held, found.of("B").is_held, found.control) == (False, True, "A")
    rail = [Guardrail("visits", 0.5, relative=False)]
    assert guardrails(arms, rail).status == "open"


def test_a_guardrail_says_its_sizes_and_its_method():
    said = str(non_inferior(arms_of(spent(), ["x"]), Mean("x"), margin=0.5))
    assert said.endswith("; n = 300 against 400; Welch's t test; lift by Fieller")


def test_no_guardrails_hold_nothing():
    arms = arms_of(spent(), ["x"])
    for none in ([], Guardrail("x", 0.1), ["x"]):
        with pytest.raises(ParameterError) as refused:
            guardrails(arms, none)
        assert str(refused.value) == (
            "rails must be a list of one Guardrail or more, such as "
            "[Guardrail('complained', 0.1, higher_is_better=False)]."
        )
    with pytest.raises(ParameterError, match=r"unknown arm 'C'\. Allowed: B"):
        guardrails(arms, [Guardrail("x", 0.1)]).of("C")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"margin": 0}, ("margin must be between 0 and 1, not 0: it is the most that may be lost, "
         "such as 0.02 for 2 % of the control's value.")),
        ({"margin": -1, "relative": False}, ("margin must be above 0, not -1: it is the most that "
         "may be lost, such as 0.02 for 2 % of the control's value.")),
        ({"margin": 0.1, "alpha": 5}, ("alpha must lie between 0 and 0.5, not 5: 0.025 is one "
         "wrong answer in forty.")),
    ],
)  # fmt: skip
def test_margins_and_alphas_that_make_no_sense_are_refused(settings, message):
    with pytest.raises(ParameterError) as refused:
        non_inferior(arms_of(spent(), ["x"]), Mean("x"), **settings)
    assert str(refused.value) == message


def test_a_share_of_a_loss_is_no_margin():
    rows = {"A": [-3.0, -1.0] * 20, "B": [-2.0, 1.0] * 20}
    with pytest.raises(ParameterError) as refused:
        non_inferior(arms_of(rows, ["profit"]), Mean("profit"), margin=0.1)
    assert str(refused.value) == (
        "profit: the control's value is −2, and a share of it is no margin. Give the margin in the "
        "metric's unit, with relative=False."
    )


def test_the_arm_must_be_named_where_there_are_several():
    with pytest.raises(ParameterError) as refused:
        non_inferior(shares([9, 9, 9], [50, 50, 50], names="ABC"), Proportion(), margin=0.1)
    assert str(refused.value) == "say which arm: B, C."


def test_no_share_can_lose_a_hundred_points():
    arms = shares([200, 199], [1000, 1000])
    for metric in (Proportion(), "converted"):
        with pytest.raises(ParameterError) as refused:
            non_inferior(arms, metric, margin=2, relative=False)
        assert str(refused.value) == (
            "margin must be between 0 and 1, not 2: it is the most that may be lost, such as 0.01 "
            "for one point."
        )


def test_a_column_stands_for_its_metric():
    arms = shares([200, 199], [1000, 1000])
    assert non_inferior(arms, "converted", margin=0.3) == non_inferior(
        arms, Proportion(), margin=0.3
    )


@pytest.mark.parametrize("higher_is_better", [True, False])
def test_two_equal_arms_of_a_rare_value_are_open(higher_is_better):
    """The control, 0.02 with an error of 0.02, cannot be told from zero: its lift has no end."""
    table = pd.DataFrame({"arm": ["A", "B"], "n": 50, "mean": 0.02, "variance": 0.02})
    arms = moments(table, control="A", name="refunds")
    found = non_inferior(arms, Mean("refunds"), margin=0.5, higher_is_better=higher_is_better)
    ends = (-math.inf, math.inf) if higher_is_better else (math.inf, -math.inf)
    assert (found.status, found.bound, found.best) == ("open", *ends)
    assert "at worst" not in str(found)


def test_what_is_proven_without_a_bound_says_so():
    """Oracle: SciPy's Welch statistic of the arm against half of the control."""
    table = pd.DataFrame({"arm": ["A", "B"], "n": 50, "mean": [0.02, 5], "variance": 0.02})
    found = non_inferior(moments(table, control="A", name="profit"), Mean("profit"), margin=0.5)
    half = stats.ttest_ind_from_stats(5, 0.02**0.5, 50, 0.01, 0.02**0.5 / 2, 50, equal_var=False)
    assert half.statistic > 100
    assert (found.status, found.bound) == ("held", -math.inf)
    assert str(found).startswith(
        "profit: B is not worse by more than the margin; how far from A is open, as A cannot be "
        "told from zero, margin −50.0 %, p = "
    )
