"""Comparisons as a whole: what is asked, adjusted, noted, printed and refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from playbook import abtest
from playbook.abtest import Arms, Effect, Mean, Proportion, Ratio, compare, split
from playbook.errors import ParameterError
from tests.abtest.plain import arms_of, shares

COLUMNS = ["converted", "revenue", "visits"]


def people(arms="ABC", n=200, seed=1):
    rng = np.random.default_rng(seed)
    return {
        arm: np.column_stack(
            [rng.random(n) < 0.2 + 0.05 * at, rng.gamma(2, 10 + at, n), 1 + rng.poisson(2, n)]
        )
        for at, arm in enumerate(arms)
    }


def three(**settings):
    return compare(arms_of(people(), COLUMNS, binary=["converted"]), **settings)


def test_every_column_is_compared_where_no_metric_is_named():
    found = three()
    assert [(row.metric, row.arm, row.unit) for row in found] == [
        ("converted", "B", "share"), ("converted", "C", "share"),
        ("revenue", "B", "number"), ("revenue", "C", "number"),
        ("visits", "B", "number"), ("visits", "C", "number"),
    ]  # fmt: skip


@pytest.mark.parametrize(("adjust", "method"), [("holm", "holm"), ("bh", "fdr_bh")])
def test_p_values_are_adjusted_for_all_comparisons_of_the_call(adjust, method):
    """Oracle: statsmodels' multipletests."""
    found = three(adjust=adjust)
    expected = multipletests([row.p_value for row in found], method=method)[1]
    assert [row.p_adjusted for row in found] == pytest.approx(list(expected), rel=1e-9)
    assert [row.p_adjusted for row in three()] == [row.p_value for row in found]


def test_the_table_has_a_row_per_metric_and_arm():
    found = three()
    assert list(found.table.columns) == list(Effect._fields)
    assert found.table["difference"].tolist() == [row.difference for row in found.rows]
    assert len(found) == 6


def test_one_effect_is_found_by_metric_and_arm():
    found = three()
    assert found["revenue", "C"] is found.one("revenue", "C")
    with pytest.raises(ParameterError) as refused:
        found.one("revenue")
    assert str(refused.value) == "say which arm: B, C."
    with pytest.raises(ParameterError) as refused:
        found.one("revenu", "C")
    assert str(refused.value) == (
        "unknown metric 'revenu'; did you mean 'revenue'? Allowed: converted, revenue, visits"
    )


def test_what_is_printed_states_control_intervals_methods_n_and_notes():
    arms = shares([100, 130, 120], [1000, 1000, 900], names="ABC")
    assert str(compare(arms, adjust="holm")) == (
        "Control A (n = 1,000); 95 % intervals, two-sided; p values adjusted by Holm.\n"
        "\n"
        "converted (score test: pooled z, intervals by inverting it)\n"
        "  arm  n      value    control  difference    interval               lift     interval"
        "         p      p adjusted\n"
        "  B    1,000  13.00 %  10.00 %  +3.00 points  +0.20 to +5.82 points  +30.0 %  +1.8 to"
        " +66.1 %  0.035  0.047\n"
        "  C    900    13.33 %  10.00 %  +3.33 points  +0.45 to +6.27 points  +33.3 %  +4.0 to"
        " +71.1 %  0.023  0.047\n"
        "\n"
        "Each interval is by itself, not adjusted for the 2 comparisons."
    )


def test_open_and_missing_ends_are_said_in_words():
    one = three(metrics=Mean("visits"), alternative="greater")["visits", "B"]
    assert "(above " in str(one)
    assert "one-sided (greater)" in str(three(alternative="greater"))
    assert "(below " in str(three(metrics=Mean("visits"), alternative="less")["visits", "B"])
    none = compare(shares([0, 3], [40, 40])).one()
    assert "lift – (–), p = 0.077" in str(none)


def test_many_comparisons_unadjusted_are_said_to_find_something_by_chance():
    assert three().notes == (
        (
            "6 comparisons at 5 % each: were nothing different, chance would find one or more in "
            "up to 26 % of such tests. Adjust with holm or bh."
        ),
    )


def test_methods_say_their_convention():
    metrics = [
        Proportion(method="unpooled"),
        Mean("revenue", covariates="visits"),
        Ratio("revenue", "visits"),
    ]
    found = three(metrics=metrics, relative="log")
    assert list(dict.fromkeys(row.method for row in found)) == [
        "z test with each arm's own spread (Wald); lift on the log scale",
        "adjusted by visits (CUPED); Welch's t test; lift on the log scale",
        "ratio of sums by the delta method; Welch's t test; lift on the log scale",
    ]


def test_arms_in_another_order_give_the_same_rows():
    rows = people()
    turned = {arm: rows[arm] for arm in "ACB"}
    one, other = (compare(arms_of(r, COLUMNS), Mean("revenue")) for r in (rows, turned))
    for arm in "BC":
        assert one["revenue", arm] == other["revenue", arm]


def refused(arms=None, **settings):
    arms = arms or arms_of(people(), COLUMNS, binary=["converted"])
    with pytest.raises(ParameterError) as error:
        compare(arms, **settings)
    return str(error.value)


def test_a_question_that_makes_no_sense_is_refused_as_a_whole():
    message = refused(confidence=95, alternative="up", relative="logs", adjust="bonferroni")
    assert message == (
        "confidence must lie between 0 and 1, not 95; write 0.95 for intervals that cover 95 % of "
        "the time.\n"
        "unknown alternative 'up'. Allowed: two-sided, greater, less\n"
        "unknown relative 'logs'; did you mean 'log'? Allowed: fieller, log, delta\n"
        "unknown adjust 'bonferroni'. Allowed: none, holm, bh"
    )


def test_metrics_that_cannot_be_compared_are_refused_all_at_once():
    metrics = [Mean("revenues"), Proportion("visits"), Mean("visits"), Mean("revenue", ("age",))]
    assert refused(metrics=metrics) == (
        "two metrics are called 'visits': give one of them another name, with name=….\n"
        "revenues: unknown column 'revenues'; did you mean 'revenue'? Allowed: converted, revenue, "
        "visits\n"
        "visits: 'visits' holds other values than 0 and 1: compare its Mean.\n"
        "revenue, adjusted by age: unknown column 'age'. Allowed: converted, revenue, visits"
    )
    assert refused(metrics=[]) == (
        "there is no metric to compare: give a Proportion, a Mean or a Ratio."
    )


def test_one_arm_is_no_test():
    arms = arms_of(people("A"), COLUMNS)
    assert refused(arms) == "there is only one arm, 'A': a test compares two or more."


def test_arms_that_are_too_small_are_refused():
    arms = Arms(("A", "B"), ("x",), [1, 0], [[1.0], [np.nan]], [[[0.0]], [[0.0]]])
    assert refused(arms, metrics=Mean("x")) == (
        "x: arm A has 1 unit, and needs at least 2.\nx: arm B has 0 units, and needs at least 2."
    )


@pytest.mark.parametrize("value", [0.0, 0.1, 1e9])
def test_a_constant_metric_is_refused(value):
    rows = {"A": [value] * 40, "B": [value] * 30}
    assert refused(arms_of(rows, ["x"]), metrics=Mean("x")) == (
        "x: it is constant, the same for every unit, in arms A and B: without any spread there is "
        "nothing to test."
    )


def test_a_ratio_that_is_constant_is_refused():
    rows = {arm: r[:, [2, 2]] * [3, 1] for arm, r in people("AB").items()}
    assert refused(arms_of(rows, ["y", "x"]), metrics=Ratio("y", "x")) == (
        "y per x: it is constant, the same for every unit, in arms A and B: without any spread "
        "there is nothing to test."
    )


@pytest.mark.parametrize(
    ("share", "who"), [(0, "no unit of any arm has"), (1, "every unit of every arm has")]
)
def test_a_share_of_nobody_or_everybody_is_refused(share, who):
    arms = shares([100 * share, 90 * share], [100, 90])
    assert (
        refused(arms) == f"converted: {who} a 1 in 'converted', so there is nothing to compare yet."
    )


def test_a_metric_that_varies_in_one_arm_only_is_compared():
    found = compare(arms_of({"A": [1.0] * 30, "B": [1.0, 2.0] * 20}, ["x"]), Mean("x")).one()
    assert found.difference == 0.5
    assert found.df == pytest.approx(39)


def test_a_fall_to_nothing_and_a_doubling_are_printed_as_such():
    none = compare(shares([5, 0], [1000, 1000])).one()
    assert "lift −100.0 % (−100.0 to −23.3 %), p = 0.025" in str(none)
    assert "lift +100.0 % (" in str(compare(shares([5, 10], [1000, 1000])).one())
    assert "lift +1,900 % (" in str(compare(shares([5, 100], [1000, 1000])).one())


def test_confidence_is_printed_with_the_digits_it_has():
    said = str(compare(shares([50, 60], [1000, 1000]), confidence=0.975))
    assert said.startswith("Control A (n = 1,000); 97.5 % intervals")


def test_small_means_keep_digits_that_count():
    rng = np.random.default_rng(4)
    rows = {arm: rng.normal(0.00002, 0.00001, 500) for arm in "AB"}
    row = compare(arms_of(rows, ["x"])).one()
    assert row.value < 0.0001
    assert f"(n = 500) {row.value:.7f} against {row.value_control:.7f}" in str(row)


def test_a_column_stands_for_its_share_or_its_mean():
    assert three(metrics="converted").rows == three(metrics=Proportion()).rows
    both = three(metrics=["converted", "revenue"])
    assert both.rows == three(metrics=[Proportion(), Mean("revenue")]).rows


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (Mean, "the class Mean itself, which needs a column, such as Mean('revenue')"),
        (3, "3"),
        ([Mean("revenue"), None], "None"),
    ],
)
def test_what_is_no_metric_is_refused(given, said):
    with pytest.raises(ParameterError) as refused:
        three(metrics=given)
    assert str(refused.value) == (
        f"metrics must be a Proportion, a Mean, a Ratio or a column's name, not {said}."
    )


def test_rows_that_were_not_read_are_refused():
    with pytest.raises(ParameterError) as refused:
        compare({"A": [1, 2]}, "x")
    assert str(refused.value) == "arms must be read by counts, moments or units first, not dict."


def test_a_metric_and_the_same_adjusted_have_two_names():
    found = three(metrics=[Mean("revenue"), Mean("revenue", covariates="visits")])
    assert [row.metric for row in found if row.arm == "B"] == [
        "revenue", "revenue, adjusted by visits",
    ]  # fmt: skip


def test_sizes_that_no_even_split_makes_are_noted():
    """As the test of the split finds them: from p < 0.001 on."""
    pairs = [(5000, n) for n in range(5000, 5700, 10)]
    for n in pairs:
        arms = shares([250, 260], n)
        noted = any("no work of chance" in note for note in compare(arms).notes)
        assert noted == split(arms).is_broken
    assert compare(shares([250, 260], [5000, 5690])).notes == (
        (
            "The arms' sizes (A 5,000, B 5,690) are no work of chance where the split is even "
            "(p < 0.001): check the split, with split(arms, expected=…)."
        ),
    )


def test_a_covariate_that_knows_the_arm_is_noted():
    """With the p value of Welch's t test by SciPy, times the comparisons."""
    rows = people(n=300)
    metric = Mean("revenue", covariates="visits")
    assert not any("differ in" in note for note in compare(arms_of(rows, COLUMNS), metric).notes)
    rows["C"][:, 2] += 1
    chance = stats.ttest_ind(rows["C"][:, 2], rows["A"][:, 2], equal_var=False).pvalue * 2
    assert chance < 0.001
    assert compare(arms_of(rows, COLUMNS), metric).notes[0] == (
        f"The arms differ in visits by more than chance (p = {chance:.2g}): it may have been "
        "measured after the units saw their arm. See covariate_health."
    )


def test_an_arm_in_which_nobody_differs_is_told_of():
    rows = {"A": [0.0] * 80 + [5.0, 9.0] * 10, "B": [0.0] * 100}
    arms = arms_of(rows, ["spent"])
    (note,) = compare(arms, Mean("spent")).notes
    assert note == (
        "spent: the same for every unit of B, so its spread is not known and intervals are too "
        "narrow."
    )
    assert not compare(arms_of({**rows, "B": rows["A"]}, ["spent"]), Mean("spent")).notes


def test_covariates_that_explain_nothing_are_said():
    rng = np.random.default_rng(2)
    rows = pd.DataFrame({"arm": np.repeat(["A", "B"], 500), "before": rng.normal(size=1000)})
    rows["noise"] = rng.normal(size=1000)
    rows["spent"] = rows["before"] + rng.normal(size=1000)
    for covariate, is_weak in (("noise", True), ("before", False)):
        metric = abtest.Mean("spent", covariates=covariate)
        notes = abtest.compare(abtest.units(rows, metric, control="A"), metric).notes
        assert any("less than 1 % of the variance" in note for note in notes) == is_weak
