"""What looking costs.

Oracles: exact integration, itself held to published tables in test_boundaries; one draw worked by
hand; simulated tests of a thousand looks.
"""

from __future__ import annotations

import math
from typing import get_args

import numpy as np
import pytest

from playbook import abtest
from playbook.abtest.during.peeking import Rule, bounds_of
from playbook.errors import ParameterError

RULES = get_args(Rule)


@pytest.mark.parametrize("rule", RULES)
def test_the_simulation_agrees_with_the_integral(rule):
    found = abtest.peeking(10, rule=rule, baseline=0.3, n_per_look=400, draws=20_000, seed=3)
    table = found.table
    width = 4 * np.sqrt(table["exact"] * (1 - table["exact"]) / found.draws) + 0.001
    assert (np.abs(table["share"] - table["exact"]) <= width).all()
    assert (table["low"] <= table["share"]).all()
    assert (table["share"] <= table["high"]).all()
    assert found.share == table["share"].iloc[-1]
    assert found.exact == table["exact"].iloc[-1]


def test_only_the_usual_test_breaks_its_promise():
    exact = {rule: abtest.peeking(10, rule=rule, draws=10).exact for rule in RULES}
    assert exact.pop("fixed") == pytest.approx(0.193, abs=6e-4)  # Armitage and others (1969)
    assert exact.pop("always_valid") < 0.03
    assert list(exact.values()) == pytest.approx([0.05] * len(exact), abs=1e-9)


def test_an_aa_test_of_a_thousand_looks():
    """Watched always, the usual test is wrong more often than not; the always-valid one is not."""
    looks = {"looks": 1000, "n_per_look": 40, "baseline": 0.2, "draws": 1500}
    assert abtest.peeking(**looks).share > 0.5
    held = abtest.peeking(**looks, rule="always_valid")
    assert 0.005 < held.share < 0.05


def test_with_an_effect_it_says_how_often_a_rule_finds_it():
    plan = abtest.sample_size(0.1, 0.02)
    each = plan.n["control"] // 5
    asked = {"baseline": 0.1, "effect": 0.02, "n_per_look": each, "draws": 20_000}
    once = abtest.peeking(5, rule="once", **asked)
    assert once.share == pytest.approx(0.8, abs=0.012)
    steep = abtest.peeking(5, rule="obrien_fleming", **asked)
    assert once.share - 0.02 < steep.share < once.share
    assert steep.exact == pytest.approx(steep.share, abs=0.012)
    assert steep.table["share"].iloc[3] > 0.5


def test_bounds_by_rule():
    assert bounds_of("once", 3) == (math.inf, math.inf, pytest.approx(1.959964))
    assert bounds_of("fixed", 2, alpha=0.1) == (pytest.approx(1.644854),) * 2
    assert bounds_of("pocock", 5) == abtest.group_sequential(5, kind="pocock").z
    assert bounds_of("ld_pocock", 5) == abtest.group_sequential(5, spending="ld_pocock").z


def test_all_rules_see_the_same_tests():
    first, second = (abtest.peeking(6, rule=rule, draws=50) for rule in ("fixed", "pocock"))
    np.testing.assert_array_equal(first.difference, second.difference)
    assert not np.array_equal(first.z, abtest.peeking(6, draws=50, seed=2).z)


def test_z_and_paths_are_what_they_say():
    found = abtest.peeking(4, baseline=0.1, n_per_look=300, draws=100, seed=9)
    rng = np.random.default_rng(9)
    control = rng.binomial(300, 0.1, (100, 4)).cumsum(axis=1)[7]
    other = rng.binomial(300, 0.1, (100, 4)).cumsum(axis=1)[7]
    n = 300 * np.arange(1, 5)
    both = (control + other) / (2 * n)
    error = np.sqrt(both * (1 - both) * 2 / n)
    table = found.paths(8)
    path = table[table["path"] == 8]
    np.testing.assert_allclose(path["z"], (other - control) / n / error, rtol=1e-12)
    np.testing.assert_allclose(path["difference"], (other - control) / n, rtol=1e-12)
    np.testing.assert_allclose(path["high"] - path["difference"], error * path["bound"], rtol=1e-9)
    assert path["n"].tolist() == [300, 600, 900, 1200]
    assert len(table) == 32
    assert table["is_crossed"].groupby(table["path"]).last().tolist() == (
        table["is_false"].groupby(table["path"]).first().tolist()
    )
    assert len(found.paths(500)) == 400


def test_a_winner_once_called_stays_called():
    crossed = abtest.peeking(30, draws=500).crossed
    assert (np.diff(crossed.astype(int), axis=1) >= 0).all()


def test_nobody_who_converted_is_no_winner():
    found = abtest.peeking(3, baseline=1e-9, n_per_look=5, draws=20)
    assert found.share == 0
    assert np.isinf(found.paths(1)["low"]).all()


def test_the_cost_is_said_in_a_sentence():
    found = abtest.peeking(5, rule="pocock", draws=400, effect=0.02)
    assert str(found).startswith(
        "5 looks by Pocock's bounds call a winner where one arm is truly different in "
    )
    assert str(found).endswith(", where alpha is 5 %.")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"looks": 0}, "looks must be a whole number, 1 or more, not 0."),
        ({"draws": 2.5}, "draws must be a whole number, 1 or more, not 2.5."),
        (
            {"draws": 10**9},
            "looks times draws must be at most 100,000,000, not 14,000,000,000.",
        ),
        ({"alpha": 5}, "alpha must be above 0 and below 1, not 5; 5 % is written 0.05."),
        ({"baseline": 0}, "baseline must be above 0 and below 1, not 0; 5 % is written 0.05."),
        (
            {"effect": 0.99},
            "effect 0.99 takes a baseline of 0.05 to 1.04; a share must stay above 0 and below 1.",
        ),
        (
            {"rule": "always"},
            f"unknown rule 'always'; did you mean 'always_valid'? Allowed: {', '.join(RULES)}",
        ),
    ],
)
def test_a_simulation_that_cannot_be_is_refused(wrong, said):
    with pytest.raises(ParameterError) as error:
        abtest.peeking(**wrong)
    assert str(error.value) == said
