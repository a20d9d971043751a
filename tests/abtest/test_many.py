"""Adjusted p values against statsmodels; false alarms and false discoveries by simulation."""

from __future__ import annotations

from unittest import mock

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests

from playbook.abtest import compare, counts, family
from playbook.abtest.after.many import adjusted, false_alarm
from playbook.errors import ParameterError
from playbook.intervals import benjamini_hochberg
from tests.abtest.plain import shares

ORACLE = {"holm": "holm", "bh": "fdr_bh", "by": "fdr_by"}


def effects_of(conversions, n=1000):
    rows = [(arm, n, ones) for arm, ones in zip("ABC", conversions, strict=False)]
    table = pd.DataFrame(rows, columns=["arm", "exposures", "conversions"])
    return compare(counts(table, control="A"))


p_values = st.lists(st.floats(0, 1), min_size=1, max_size=40)


@settings(deadline=None, max_examples=25)
@given(values=p_values)
def test_adjusted_p_values_are_those_of_statsmodels(values):
    with mock.patch("gc.collect"):  # statsmodels collects garbage at each call of holm
        for how, method in ORACLE.items():
            found = adjusted(pd.Series(values), how)
            oracle = multipletests(values, method=method)[1]
            assert found.tolist() == pytest.approx(oracle.tolist(), rel=1e-9)


@pytest.mark.parametrize("how", ORACLE)
def test_missing_p_values_stay_missing_and_do_not_count(how):
    found = adjusted(pd.Series([0.01, np.nan, 0.04], index=[7, 8, 9]), how)
    oracle = multipletests([0.01, 0.04], method=ORACLE[how])[1]
    assert found.index.tolist() == [7, 8, 9]
    assert np.isnan(found[8])
    assert found[[7, 9]].tolist() == pytest.approx(oracle.tolist(), rel=1e-9)


def test_nothing_but_missing_p_values_is_no_error():
    assert benjamini_hochberg(pd.Series([np.nan, np.nan])).isna().all()


@settings(deadline=None)
@given(values=p_values)
def test_the_order_of_questions_changes_nothing(values):
    forward = benjamini_hochberg(pd.Series(values)).tolist()
    backward = benjamini_hochberg(pd.Series(values[::-1])).tolist()
    assert forward == pytest.approx(backward[::-1])


def proven_of(p_values_, how, alpha=0.05):
    """What is proven of each row of p values, (draws, m), by the papers' step-up or step-down.

    The first rows are held against `adjusted`, so that what is simulated is what it does.
    """
    m = p_values_.shape[1]
    order = np.argsort(p_values_, axis=1)
    ranked, rank = np.take_along_axis(p_values_, order, axis=1), np.arange(1, m + 1)
    if how == "holm":
        steps = np.minimum.accumulate(ranked <= alpha / (m + 1 - rank), axis=1)
    else:
        level = alpha / (1 if how == "bh" else (1 / rank).sum())
        steps = np.maximum.accumulate((ranked <= level * rank / m)[:, ::-1], axis=1)[:, ::-1]
    proven = np.zeros_like(steps)
    np.put_along_axis(proven, order, steps, axis=1)
    for row, found in zip(p_values_[:60], proven, strict=False):
        assert (adjusted(pd.Series(row), how) <= alpha).tolist() == found.tolist()
    return proven


def false_share(proven, is_true):
    """The false discovery rate: the false share of what is proven, 0 where nothing is."""
    false = (proven & ~is_true).sum(axis=1)
    return float(np.mean(false / np.maximum(proven.sum(axis=1), 1)))


def independent(draws=20_000, questions=50, true=10):
    """p values of 50 questions, the first 10 of which have something in them."""
    rng = np.random.default_rng(20)
    is_true = np.arange(questions) < true
    z = rng.standard_normal((draws, questions)) + 3 * is_true
    return 2 * stats.norm.sf(np.abs(z)), is_true


def test_of_what_bh_calls_proven_as_many_are_false_as_it_promises():
    """5 % times the 40 of 50 that are empty (Benjamini and Hochberg 1995, theorem 1)."""
    p_values_, is_true = independent()
    assert false_share(proven_of(p_values_, "bh"), is_true) == pytest.approx(0.04, abs=0.002)


def test_holm_gives_any_false_alarm_in_at_most_5_percent():
    p_values_, is_true = independent()
    assert 0.035 < (proven_of(p_values_, "holm") & ~is_true).any(axis=1).mean() <= 0.05


def one_control(effects, draws=20_000, n=2_000, base=0.1):
    """p values of arms that all stand against the same control, as `compare` gives them."""
    rng = np.random.default_rng(21)
    control = rng.binomial(n, base, (draws, 1))
    ones = rng.binomial(n, base + np.array(effects), (draws, len(effects)))
    both = (ones + control) / (2 * n)
    z = (ones - control) / n / np.sqrt(2 * both * (1 - both) / n)
    arms = shares([control[0, 0], *ones[0]], [n] * (len(effects) + 1), names="ABCDEFGHIJ")
    return 2 * stats.norm.sf(np.abs(z)), np.array(effects) != 0, arms


@pytest.mark.parametrize("how", ["bh", "by"])
@pytest.mark.parametrize("true", [0, 3, 6])
def test_false_discoveries_of_arms_against_one_control_are_as_few_as_promised(how, true):
    """Nine arms share a control: where it came out low, all of them look good at once."""
    effects = [0.03] * true + [0.0] * (9 - true)
    p_values_, is_true, arms = one_control(effects)
    assert np.corrcoef(p_values_[:, -2:].T)[0, 1] > 0.1
    proven = proven_of(p_values_, how)
    share = false_share(proven, is_true)
    assert 0.001 < share <= 0.05 * (9 - true) / 9 + 0.002  # the promise, and a Monte-Carlo error
    if how == "bh":
        found = compare(arms, adjust="bh")
        assert [row.p_adjusted <= 0.05 for row in found] == proven[0].tolist()
        assert [row.p_value for row in found] == pytest.approx(p_values_[0].tolist(), rel=1e-9)


@pytest.mark.parametrize("how", ["bh", "by"])
def test_false_discoveries_of_metrics_that_move_together_are_as_few_as_promised(how):
    """20 metrics of one test in four groups, 0.8 alike within a group; every fifth is moved."""
    rng = np.random.default_rng(22)
    draws, is_true = 20_000, np.arange(20) % 5 == 0
    alike = np.repeat(rng.standard_normal((draws, 4)), 5, axis=1)
    z = 0.8**0.5 * alike + 0.2**0.5 * rng.standard_normal((draws, 20)) + 3 * is_true
    assert np.corrcoef(z[:, 1:3].T)[0, 1] == pytest.approx(0.8, abs=0.01)
    proven = proven_of(2 * stats.norm.sf(np.abs(z)), how)
    assert 0.005 < false_share(proven, is_true) <= 0.05 * 16 / 20 + 0.002


def worst(m, q, draws=40_000):
    """p values, each of them uniform and none with anything in it, that depend as ill as can be.

    With a chance of q / j, j of them picked at random lie between q (j - 1) / m and q j / m, and
    all others above q. Source: Guo and Rao (2008), "On control of the false discovery rate under no
    assumption of dependency".
    """
    rng = np.random.default_rng(23)
    many = rng.choice(m + 1, draws, p=[1 - q * (1 / np.arange(1, m + 1)).sum(),
                                       *(q / np.arange(1, m + 1))])  # fmt: skip
    place = rng.random((draws, m)).argsort(axis=1)
    low = q * (many[:, None] - rng.random((draws, m))) / m
    return np.where(place < many[:, None], low, rng.uniform(q, 1, (draws, m)))


def test_whatever_the_dependence_by_keeps_its_promise_where_bh_does_not():
    """Benjamini and Yekutieli (2001), theorem 1.3: BH's rate may be q times 1 + 1/2 + … + 1/m."""
    m = 20
    most = (1 / np.arange(1, m + 1)).sum()
    against_bh, against_by = worst(m, 0.05), worst(m, 0.05 / most)
    for p_values_ in (against_bh, against_by):
        assert stats.kstest(p_values_[:, 0], "uniform").pvalue > 1e-3
    none = np.zeros(m, dtype=bool)
    assert false_share(proven_of(against_bh, "bh"), none) == pytest.approx(0.05 * most, abs=0.006)
    assert false_share(proven_of(against_bh, "by"), none) <= 0.05
    assert false_share(proven_of(against_by, "by"), none) == pytest.approx(0.05, abs=0.004)


def test_one_by_one_nearly_every_family_has_a_false_alarm():
    rng = np.random.default_rng(4)
    p_values_ = rng.random((20_000, 14))
    assert (p_values_.min(axis=1) <= 0.05).mean() == pytest.approx(false_alarm(14), abs=0.01)


def test_tests_metrics_and_arms_are_judged_together():
    found = family({"page": effects_of((100, 140, 101)), "form": effects_of((100, 128))}, "bh")
    table = found.table
    assert table[["test", "arm"]].agg(" ".join, axis=1).tolist() == ["page B", "page C", "form B"]
    oracle = multipletests(table["p_value"], method="fdr_bh")[1]
    assert table["p_adjusted"].tolist() == pytest.approx(oracle.tolist(), rel=1e-9)
    assert found.proven == 1
    assert found.interval_confidence == pytest.approx(1 - 0.05 * 1 / 3)


def test_one_test_s_effects_are_a_family_and_holm_s_intervals_are_bonferroni_s():
    found = family(effects_of((100, 140, 101)))
    assert found.table["test"].tolist() == ["", ""]
    assert found.interval_confidence == pytest.approx(1 - 0.05 / 2)


def test_it_says_what_stands_and_what_is_promised():
    found = family({"page": effects_of((100, 140, 101)), "form": effects_of((100, 128))})
    assert str(found) == (
        "3 comparisons: 2 with p at most 0.05 one by one, 1 taken together; the chance of even one "
        "false alarm among them is at most 5 % (Holm). Were there nothing in any, one by one at "
        "least one would look proven with a chance of 14 %, if independent."
    )


@pytest.mark.parametrize(
    ("results", "asked", "message"),
    [
        (
            {},
            {"how": "bonferoni", "alpha": 5},
            (
                "unknown how 'bonferoni'. Allowed: holm, bh, by\n"
                "alpha must be above 0 and below 1, not 5; 5 % is written 0.05."
            ),
        ),
        ({}, {}, "There is nothing to judge: results are empty."),
    ],
)
def test_what_is_no_family_is_refused(results, asked, message):
    with pytest.raises(ParameterError) as caught:
        family(results, **asked)
    assert str(caught.value) == message


def test_arms_that_were_not_compared_are_refused():
    with pytest.raises(ParameterError) as refused:
        family({"page": shares([5, 6], [90, 95])})
    assert str(refused.value) == (
        "results of 'page' must be what compare gave, not Arms: give compare(arms, metric)."
    )
