"""Adjusted p values against statsmodels; false alarms and false discoveries by simulation."""

from __future__ import annotations

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


@pytest.mark.parametrize("how", ORACLE)
@settings(deadline=None, max_examples=25)  # statsmodels collects garbage at each call
@given(values=p_values)
def test_adjusted_p_values_are_those_of_statsmodels(how, values):
    found = adjusted(pd.Series(values), how)
    oracle = multipletests(values, method=ORACLE[how])[1]
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


def simulated(how, draws=2500, questions=50, true=10):
    """False share among the proven, and any false one: 40 of 50 questions have nothing in them."""
    rng = np.random.default_rng(20)
    shares, any_false = [], []
    for _ in range(draws):
        z = rng.standard_normal(questions) + np.where(np.arange(questions) < true, 3, 0)
        proven = adjusted(pd.Series(2 * stats.norm.sf(np.abs(z))), how).to_numpy() <= 0.05
        false = proven[true:].sum()
        shares.append(false / max(proven.sum(), 1))
        any_false.append(false > 0)
    return np.mean(shares), np.mean(any_false)


def test_of_what_bh_calls_proven_as_many_are_false_as_it_promises():
    """5 % times the 40 of 50 that are empty (Benjamini and Hochberg 1995, theorem 1)."""
    assert simulated("bh")[0] == pytest.approx(0.04, abs=0.005)


def test_holm_gives_any_false_alarm_in_at_most_5_percent():
    assert 0.03 < simulated("holm")[1] < 0.055


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
