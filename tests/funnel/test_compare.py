"""Comparisons against Newcombe's published examples, SciPy and Holm by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests

from playbook import intervals
from playbook.errors import ParameterError
from playbook.funnel import compare

COUNTS = ["converted", "n", "base_converted", "base_n"]

sides = st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
pairs = st.tuples(sides, sides).map(lambda pair: (*pair[0], *pair[1]))


def frame(rows):
    return pd.DataFrame([(f"row {i}", *r) for i, r in enumerate(rows)], columns=["name", *COUNTS])


# Newcombe (1998), Statistics in Medicine 17:873, table II, method 10.
@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((6, 7, 2, 7), 0.0582, 0.8062),
        ((5, 56, 0, 29), -0.0381, 0.1926),
        ((0, 10, 0, 20), -0.1611, 0.2775),
        ((0, 10, 0, 10), -0.2775, 0.2775),
        ((10, 10, 0, 20), 0.6791, 1.0000),
        ((10, 10, 0, 10), 0.6075, 1.0000),
    ],
)
def test_the_interval_is_the_one_newcombe_published(counts, low, high):
    row = compare.differences(frame([counts])).iloc[0]
    assert (row["low"], row["high"]) == pytest.approx((low, high), abs=5e-5)


@given(pairs)
def test_the_test_is_chi_square_without_continuity_correction(counts):
    row = compare.differences(frame([counts])).iloc[0]
    k, n, base_k, base_n = counts
    if k + base_k in {0, n + base_n}:
        assert (row["z"], row["p_value"]) == (0, 1)
        return
    chi2 = stats.chi2_contingency([[k, n - k], [base_k, base_n - base_k]], correction=False)
    assert row["z"] ** 2 == pytest.approx(chi2.statistic, abs=1e-9)
    assert row["p_value"] == pytest.approx(chi2.pvalue, abs=1e-9)


@given(pairs)
def test_the_difference_lies_in_its_interval_and_has_the_sign_of_z(counts):
    row = compare.differences(frame([counts])).iloc[0]
    k, n, base_k, base_n = counts
    assert row["difference"] == pytest.approx(k / n - base_k / base_n)
    assert row["low"] - 1e-9 <= row["difference"] <= row["high"] + 1e-9
    if abs(row["z"]) > 1e-9:
        assert np.sign(row["z"]) == np.sign(row["difference"])


@given(pairs)
def test_exchanging_the_sides_turns_everything_round(counts):
    one = compare.differences(frame([counts])).iloc[0]
    other = compare.differences(frame([(*counts[2:], *counts[:2])])).iloc[0]
    assert other["z"] == pytest.approx(-one["z"], abs=1e-9)
    assert (other["low"], other["high"]) == pytest.approx((-one["high"], -one["low"]))
    assert other["p_value"] == pytest.approx(one["p_value"])


def by_hand(p_values):
    """Holm (1979): the i-th smallest of m is multiplied by m - i + 1, never falling."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted, largest = [0.0] * len(p_values), 0.0
    for rank, i in enumerate(order):
        largest = max(largest, (len(p_values) - rank) * p_values[i])
        adjusted[i] = min(largest, 1.0)
    return adjusted


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_is_the_one_made_by_hand(p_values):
    assert intervals.holm(pd.Series(p_values)).tolist() == pytest.approx(by_hand(p_values))


@settings(max_examples=20)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_is_the_one_of_statsmodels_and_what_is_unknown_does_not_count(p_values):
    theirs = multipletests(p_values, method="holm")[1]
    ours = intervals.holm(pd.Series([math.nan, *p_values, math.nan]))
    assert ours[1:-1].tolist() == pytest.approx(theirs.tolist())
    assert ours.isna().sum() == 2


def test_holm_over_rows_is_worked_by_hand():
    # 0.01 x 4, 0.02 x 3, 0.03 x 2 and 0.04 x 1, never falling.
    found = intervals.holm(pd.Series([0.04, 0.01, 0.03, 0.02]))
    assert found.tolist() == pytest.approx([0.06, 0.04, 0.06, 0.06])


def test_an_empty_side_is_missing_and_not_counted_as_a_look():
    rows = [(56, 70, 48, 80), (0, 0, 5, 9), (5, 9, 0, 0), (20, 90, 21, 90)]
    found = compare.differences(frame(rows))
    empty = found.loc[[1, 2], ["difference", "low", "high", "z", "p_value", "p_adjusted"]]
    assert empty.isna().all(axis=None)
    assert found["is_news"].tolist() == [True, False, False, False]
    assert found["p_adjusted"][0] == pytest.approx(2 * found["p_value"][0])


def test_what_is_news_alone_may_be_none_among_many():
    news, quiet = (56, 70, 48, 80), (20, 90, 21, 90)
    assert compare.differences(frame([news])).loc[0, "is_news"]
    many = frame([news] + [quiet] * 9)
    assert not compare.differences(many)["is_news"].any()
    assert compare.differences(many, adjust="none")["is_news"].tolist() == [True] + [False] * 9


def test_the_confidence_decides_the_interval_and_what_is_news():
    row = compare.differences(frame([(56, 70, 48, 80)]), confidence=0.999).iloc[0]
    assert row["low"] < 0 < row["high"]
    assert not row["is_news"]


def test_chance_alone_rarely_makes_news_of_any_row():
    rng = np.random.default_rng(11)
    alarms = 0
    for _ in range(200):
        counts = rng.binomial(300, 0.2, size=(8, 2))
        found = compare.differences(frame([(int(a), 300, int(b), 300) for a, b in counts]))
        alarms += bool(found["is_news"].any())
    assert 2 <= alarms <= 20


def test_rows_columns_and_labels_of_the_table_stay():
    table = frame([(3, 9, 4, 9), (5, 9, 1, 9)]).assign(owner=["x", "y"]).set_index([["b", "a"]])
    before = table.copy()
    found = compare.differences(table)
    pd.testing.assert_frame_equal(found[table.columns], before)
    pd.testing.assert_frame_equal(table, before)


def test_a_segment_is_compared_with_all_others_together():
    table = pd.DataFrame({"channel": ["a", "b", "c"], "n": [100, 50, 50], "won": [30, 5, 4]})
    found = compare.against_rest(table, "channel", converted="won").set_index("name")
    by_hand = compare.differences(frame([(30, 100, 9, 100), (5, 50, 34, 150), (4, 50, 35, 150)]))
    for column in ("difference", "low", "high", "z", "p_adjusted"):
        assert found[column].tolist() == by_hand[column].tolist()


def test_a_segment_alone_has_nothing_to_be_compared_with():
    found = compare.against_rest(pd.DataFrame({"a": ["x"], "n": [9], "converted": [3]}), "a")
    assert found["rate"][0] == pytest.approx(1 / 3)
    assert math.isnan(found["p_value"][0])
    assert not found["is_news"][0]


def test_an_empty_table_gives_an_empty_table():
    found = compare.differences(frame([]))
    assert found.empty
    assert list(found)[-2:] == ["p_adjusted", "is_news"]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ((8, 7, 1, 2), "converted must lie between 0 and n in each row."),
        ((1, 7, 3, 2), "base_converted must lie between 0 and base_n in each row."),
        ((None, 7, 1, 2), "a count is missing"),
    ],
)
def test_counts_that_cannot_be_are_refused(row, message):
    with pytest.raises(ParameterError, match=message):
        compare.differences(frame([row]))


def test_unknown_names_are_told():
    with pytest.raises(ParameterError, match="unknown adjustment 'bonferroni'"):
        compare.differences(frame([]), adjust="bonferroni")
    with pytest.raises(ParameterError, match="unknown column of the table 'base_n'"):
        compare.differences(frame([]).drop(columns="base_n"))
    table = pd.DataFrame({"a": ["x", "x"], "n": [9, 9], "converted": [3, 3]})
    with pytest.raises(ParameterError, match="a 'x' is in two rows; add them up first"):
        compare.against_rest(table, "a")
