"""Practice on tests: the answers are the planted truths, and what a hand-made calculation gives."""

from __future__ import annotations

import math
from statistics import NormalDist

import pytest

from playbook.report import lessons


def answer(book, number):
    return lessons.find(f"ab_testing-{number}").solve(book)


def test_the_people_needed_are_those_of_the_textbook(book):
    """Fleiss, Levin and Paik (2003), (4.14), without correction: pooled under the null."""
    p, q = 0.045, 0.054
    middle, z, power = (p + q) / 2, NormalDist().inv_cdf(0.975), NormalDist().inv_cdf(0.8)
    root = z * math.sqrt(2 * middle * (1 - middle)) + power * math.sqrt(p * (1 - p) + q * (1 - q))
    assert answer(book, 1) == math.ceil((root / (q - p)) ** 2)


def test_the_planted_broken_split_is_the_one_that_must_not_be_read(book):
    assert answer(book, 3) == {"EXP-07"}


def test_the_planted_winner_is_the_one_that_is_asked_for(book):
    assert answer(book, 4) == pytest.approx(152 / 2163 - 96 / 2140, abs=1e-12)
    assert 0 < answer(book, 5) < (152 / 2163) / (96 / 2140) - 1


def test_the_planted_false_winner_is_among_those_kept_without_proof(book):
    assert answer(book, 6) == {"EXP-05", "EXP-07"}


def test_one_result_is_left_once_all_tests_are_counted(book):
    assert answer(book, 7) == 1


def test_peeking_raises_false_alarms_about_as_published(book):
    """Armitage, McPherson and Rowe (1969), table 2: 19.3 % at ten looks, 24.8 % at twenty."""
    assert 0.193 < answer(book, 8) < 0.248


def test_a_covariate_spares_its_squared_correlation(book):
    assert answer(book, 9) == pytest.approx(0.36, abs=0.002)
