"""The A/A test of the tests: it runs what `compare` runs, and it would notice a false method."""

from __future__ import annotations

import numpy as np
import pytest

from playbook import abtest
from playbook.abtest.decide import aa
from playbook.errors import ParameterError


@pytest.fixture(scope="module")
def table():
    return abtest.aa_test(4000, seed=11).set_index("method")


def test_every_method_keeps_what_it_promises(table):
    ours = table[table["is_ours"]]
    assert ours["holds"].all(), ours[["wrong", "low", "promised"]]
    # Nor needlessly careful: t tests are a little so under a few large orders, Holm by design.
    tails = ours[ours.index.str.startswith(("Mean", "Ratio"))]
    assert (tails["wrong"] > 0.035).all()
    exact = ours[~ours.index.str.startswith(("Always", "Check", "Mean", "Ratio", "5"))]
    assert (exact["high"] >= exact["promised"]).all()


def test_looking_every_day_with_the_ordinary_p_value_does_not(table):
    row = table.loc[aa.NAIVE]
    exact = abtest.peeking(14, rule="fixed", draws=10).exact
    assert not row["holds"]
    assert row["low"] < exact < row["high"]


def test_the_p_values_are_those_of_compare():
    rng = np.random.default_rng(3)
    sums = aa._drawn(rng, 20, 60, 0.2)
    for metric in aa.METRICS.values():
        found = aa.p_values(sums, metric)
        for draw in range(20):
            arms = abtest.Arms(
                ("control", "b"), aa.COLUMNS, sums.n[draw], sums.means[draw], sums.products[draw]
            )
            expected = abtest.compare(arms, [metric]).one().p_value
            assert found[draw] == pytest.approx(expected, rel=1e-9)


def test_the_sums_of_drawn_units_are_means_and_centred_products():
    sums = aa._drawn(np.random.default_rng(3), 2, 50, 0.2)
    assert sums.n.tolist() == [[50, 50], [50, 50]]
    assert np.allclose(sums.products, np.swapaxes(sums.products, -1, -2))
    variances = np.diagonal(sums.products, axis1=-2, axis2=-1) / 49
    share = sums.means[..., 0]
    assert np.allclose(variances[..., 0], share * (1 - share) * 50 / 49)


def test_a_planned_test_finds_its_lift_as_often_as_planned():
    row = abtest.power_test(20_000, baseline=0.08, lift=0.25, power=0.9, seed=2).iloc[0]
    assert row["holds"]
    assert row["found"] == pytest.approx(0.9, abs=0.007)


def test_the_same_seed_gives_the_same_table():
    one, other = (abtest.aa_test(200, n=60, seed=4) for _ in range(2))
    assert one.equals(other)
    assert not one.equals(abtest.aa_test(200, n=60, seed=5))


def test_a_question_that_makes_no_sense_is_refused():
    with pytest.raises(ParameterError) as error:
        abtest.aa_test(0, n=1, baseline=1.0, alpha=5)
    assert str(error.value).split("\n") == [
        "draws must be 1 or more and n 2 or more, not 0 and 1.",
        "baseline and alpha must lie between 0 and 1, not 1.0 and 5.",
    ]
