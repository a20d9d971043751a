"""The split of people between arms, against SciPy and hand-worked tables."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from playbook.abtest import Arms, counts, split
from playbook.errors import ParameterError
from tests.abtest.plain import shares

SIZES = st.lists(st.integers(1, 10**7), min_size=2, max_size=6)
WEIGHTS = st.lists(st.floats(0.01, 100), min_size=6, max_size=6)


def arms_of(*sizes):
    k = len(sizes)
    return Arms(tuple("ABCDEF"[:k]), (), sizes, np.zeros((k, 0)), np.zeros((k, 0, 0)))


@given(SIZES, WEIGHTS)
def test_the_test_is_scipy_s(sizes, weights):
    arms = arms_of(*sizes)
    given_weights = dict(zip(arms.names, weights, strict=False))
    found = split(arms, given_weights)
    share = np.array(list(given_weights.values())) / sum(given_weights.values())
    expected = stats.chisquare(sizes, share * sum(sizes))
    np.testing.assert_allclose(found.statistic, expected.statistic, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(found.p_value, expected.pvalue, rtol=1e-7, atol=1e-300)
    assert found.df == len(sizes) - 1


def test_there_is_no_continuity_correction():
    """821,588 and 815,482 of an experiment by halves: chi-square is the square of the z value."""
    found = split(arms_of(821_588, 815_482))
    z = (821_588 - 815_482) / math.sqrt(821_588 + 815_482)
    assert found.statistic == pytest.approx(z**2, rel=1e-12)
    assert found.p_value == pytest.approx(math.erfc(z / math.sqrt(2)), rel=1e-9)
    assert found.p_value == pytest.approx(1.8e-6, rel=0.05)
    assert found.is_broken


def test_a_tail_is_not_0():
    """So far out that 1 less the cumulative probability would be 0."""
    found = split(arms_of(53_000, 47_700))
    z = 5_300 / math.sqrt(100_700)
    assert found.p_value == pytest.approx(math.erfc(z / math.sqrt(2)), rel=1e-9)
    assert 0 < found.p_value < 1e-60


@given(SIZES)
def test_the_order_of_arms_makes_no_difference(sizes):
    assert split(arms_of(*sizes)).p_value == pytest.approx(split(arms_of(*sizes[::-1])).p_value)


@given(SIZES, st.floats(0.001, 1000))
def test_the_unit_of_weights_makes_no_difference(sizes, scale):
    arms = arms_of(*sizes)
    weights = {name: 1.0 + place for place, name in enumerate(arms.names)}
    scaled = {name: weight * scale for name, weight in weights.items()}
    assert split(arms, weights).p_value == pytest.approx(split(arms, scaled).p_value, rel=1e-6)


def test_a_planned_split_of_nine_to_one_is_whole():
    assert not split(arms_of(9_050, 950), {"A": 9, "B": 1}).is_broken
    assert split(arms_of(9_050, 950)).is_broken


def test_arms_of_weight_0_are_passed_over():
    """Not 0 expected units, by which to divide makes every figure missing."""
    found = split(arms_of(500, 520, 0), {"A": 1, "B": 1, "C": 0})
    assert found[:5] == split(arms_of(500, 520))[:5]
    assert found.names == ("A", "B")
    assert str(found).endswith("; without C (weight 0)")


def test_a_mismatch_is_found_as_often_as_chance_says():
    """Of 20,000 honest splits, a share of alpha is called broken."""
    rng = np.random.default_rng(20261106)
    sizes = rng.multinomial(3_000, [0.5, 0.3, 0.2], 20_000)
    weights = {"A": 5, "B": 3, "C": 2}
    broken = [split(arms_of(*row), weights, alpha=0.05).is_broken for row in sizes]
    assert 0.045 < np.mean(broken) < 0.055


def test_its_table():
    found = split(arms_of(60, 30), {"A": 2, "B": 1}).table
    expected = {
        "arm": ["A", "B"],
        "n": [60, 30],
        "expected": [60.0, 30.0],
        "share": [2 / 3, 1 / 3],
        "expected_share": [2 / 3, 1 / 3],
    }
    pd.testing.assert_frame_equal(found, pd.DataFrame(expected))


def test_its_words():
    assert str(split(arms_of(1_000, 1_200))) == (
        "broken split: A 1,000 (expected 1,100), B 1,200 (expected 1,100); chi-square 18.18, 1 df, "
        "p 2e-05, broken below 0.001"
    )
    assert str(split(arms_of(3, 4))) == (
        "split as planned: A 3 (expected 3.5), B 4 (expected 3.5); chi-square 0.1429, 1 df, "
        "p 0.71, broken below 0.001; fewer than 5 expected in an arm, so the p value is only "
        "about right"
    )


REFUSED = {
    "negative, endless and unknown weights at once": (
        {"A": -1, "B": math.inf, "X": 1},
        (
            "unknown arm in expected 'X'. Allowed: A, B, C\n"
            "the weight of arm 'A' must be a number from 0 on, not -1.\n"
            "the weight of arm 'B' must be a number from 0 on, not inf.\n"
            "expected has no weight for arm 'C': give one, or 0 where nobody was meant."
        ),
    ),
    "a weight that is no number": (
        {"A": 1, "B": "half", "C": math.nan},
        (
            "the weight of arm 'B' must be a number from 0 on, not half.\n"
            "the weight of arm 'C' must be a number from 0 on, not nan."
        ),
    ),
    "people where nobody was meant": (
        {"A": 1, "B": 1, "C": 0},
        (
            "arm 'C' has weight 0 and 300 units: nobody was meant to see it. Find out how they "
            "came there, or give it its weight."
        ),
    ),
    "no split": (
        {"A": 1, "B": 0, "C": 0},
        (
            "arm 'B' has weight 0 and 200 units: nobody was meant to see it. Find out how they "
            "came there, or give it its weight.\n"
            "arm 'C' has weight 0 and 300 units: nobody was meant to see it. Find out how they "
            "came there, or give it its weight.\n"
            "expected must give a weight above 0 to two arms or more."
        ),
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_weights_that_make_no_sense_are_refused(name):
    weights, message = REFUSED[name]
    with pytest.raises(ParameterError) as refused:
        split(arms_of(100, 200, 300), weights)
    assert str(refused.value) == message


@pytest.mark.parametrize("alpha", [5, 0, 1, -0.1, math.nan, "0.05"])
def test_an_alpha_that_makes_no_sense_is_refused(alpha):
    with pytest.raises(ParameterError) as refused:
        split(arms_of(100, 200), alpha=alpha)
    assert str(refused.value) == (
        f"alpha must lie between 0 and 1, not {alpha}: 0.001 is one split in a thousand."
    )


def test_a_test_without_people_has_no_split():
    with pytest.raises(ParameterError) as refused:
        split(arms_of(0, 0))
    assert str(refused.value) == "there are no units yet, so there is no split to look at."


@pytest.mark.parametrize("given", [[1, 1], 0.5])
def test_weights_without_names_are_refused(given):
    with pytest.raises(ParameterError) as refused:
        split(shares([5, 6], [90, 95]), given)
    assert str(refused.value) == (
        f"expected must give each arm's weight by name, such as {{'A': 1, 'B': 1}}, not {given!r}."
    )


def test_weights_may_be_numbers_of_numpy():
    table = pd.DataFrame({"arm": ["A", "B"], "exposures": [80, 20], "conversions": [8, 3]})
    arms = counts(table, control="A")
    found = split(arms, {"A": np.int64(4), "B": np.float32(1)})
    assert found.p_value == 1.0
