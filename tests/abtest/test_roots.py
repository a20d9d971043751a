"""Crossings, against SciPy's own search."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq

from playbook.abtest.after.roots import crossing


def test_crossings_are_those_of_brentq():
    shifts = np.linspace(-0.9, 0.9, 37)

    def bent(x, shift=shifts):
        return np.tanh(5 * (x - 0.5)) + shift * (1 + x) / 3

    found = crossing(bent, np.zeros(37), np.ones(37))
    wanted = [brentq(lambda x, s=s: bent(x, s), 0, 1, xtol=1e-16) for s in shifts]
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-15)


def test_a_jump_and_infinite_ends_are_found():
    def falling(x):
        with np.errstate(divide="ignore"):
            return np.stack([np.where(x[0] < 1 / 3, 1.0, -1.0), np.log((1 - x[1]) / x[1]) + 2])

    found = crossing(falling, np.zeros(2), np.ones(2))
    np.testing.assert_allclose(found, [1 / 3, 1 / (1 + np.exp(-2))], rtol=0, atol=3e-16)


def test_it_takes_far_fewer_steps_than_halving():
    asked = []

    def cubic(x):
        asked.append(x)
        return x**3 - 0.2

    crossing(cubic, np.zeros(1), np.ones(1))
    assert len(asked) < 15


def test_a_zero_at_an_end_is_found():
    found = crossing(lambda x: x - np.array([0.0, 1.0]), np.zeros(2), np.ones(2))
    np.testing.assert_allclose(found, [0, 1], rtol=0, atol=3e-16)


@given(st.floats(0, 1), st.sampled_from([1, 3, 7, 31]))
def test_a_root_of_any_flatness_lies_where_the_sign_turns(root, power):
    found = float(crossing(lambda x: (x - root) ** power, np.zeros(1), np.ones(1))[0])
    assert found == pytest.approx(root, abs=1e-15 if power == 1 else 1e-9 ** (1 / power))
