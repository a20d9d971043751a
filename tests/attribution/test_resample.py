"""Intervals: every draw is the model itself, and over many samples the truth lies inside."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from playbook.attribution import chain, distinct, games, resample
from playbook.attribution.sums import MarkovChain, RateGame, SumGame, Weights
from playbook.errors import ParameterError
from tests.attribution import brute

paths = st.lists(st.sampled_from("abcd"), min_size=1, max_size=5).map(tuple)
rows = st.lists(
    st.tuples(paths, st.integers(0, 4), st.integers(0, 4), st.integers(0, 90)),
    min_size=1,
    max_size=8,
)
MODELS = {
    "linear": Weights("linear"),
    "first": Weights("first"),
    "shapley": SumGame(),
    "markov": MarkovChain(),
    "markov_3": MarkovChain(3),
    "shapley_rate": RateGame(),
}


def weighted(table):
    """With the weights of two heuristics."""
    even = [[1 / len(path)] * len(path) if path else [] for path in table["path"]]
    first = [[float(i == 0) for i in range(len(path))] for path in table["path"]]
    return table.assign(linear=even, first=first)


def journeys(*rows):
    return weighted(brute.journeys(rows))


def drawn_once(model, table):
    """The credits of the journeys as they are."""
    columns = [m.column for m in [model] if isinstance(m, Weights)]
    found = distinct.distinct(table, columns)
    statistic = model(found)
    return found.names, statistic.credits((statistic.table.T @ found.n)[None, :])[0]


@pytest.mark.parametrize("order", [1, 2, 3, 4])
@settings(max_examples=40, deadline=None)
@given(rows=rows)
def test_a_draw_of_the_chain_is_the_chain(order, rows):
    table = brute.journeys(rows)
    won = table[table["state"] == "converted"]
    assume(len(won))
    names, credit = drawn_once(MarkovChain(order), table)
    whole = chain.solve(*brute.as_counts(table, order), order=order)
    value = float((won["n"] * won["value"]).sum())
    assert names == tuple(whole.removal_effects.index)
    assert credit[:, 0] == pytest.approx(whole.conversions(won["n"].sum()).to_numpy(), abs=1e-9)
    assert credit[:, 1] == pytest.approx(whole.values(value).to_numpy(), abs=1e-7)


@pytest.mark.parametrize(
    ("model", "game"), [(SumGame(), games.sum_game), (RateGame(), games.rate_game)]
)
@settings(max_examples=40, deadline=None)
@given(rows=rows)
def test_a_draw_of_a_game_is_the_game(model, game, rows):
    table = brute.journeys(rows)
    assume(len(table))
    _, credit = drawn_once(model, table)
    won = table["state"] == "converted"
    sets = pd.DataFrame(
        {
            "names": table["path"],
            "conversions": table["n"].where(won, 0),
            "nulls": table["n"].where(~won, 0),
            "value": (table["n"] * table["value"]).where(won, 0),
        }
    )
    exact = game(sets)
    assert credit == pytest.approx(exact[["conversions", "value"]].to_numpy(), abs=1e-7)


def test_a_draw_of_weights_is_their_sum():
    table = journeys(("aba", 2, 0, 60), ("b", 1, 5, 10))
    assert drawn_once(Weights("linear"), table)[1].tolist() == [
        pytest.approx([4 / 3, 40]),
        pytest.approx([5 / 3, 30]),
    ]
    assert drawn_once(Weights("first"), table)[1].tolist() == [[2, 60], [1, 10]]


@settings(max_examples=20, deadline=None)
@given(rows=rows, alone=st.integers(0, 3))
def test_all_models_share_out_the_same_conversions_in_every_draw(rows, alone):
    table = weighted(brute.journeys([*rows, ((), alone, 0, 7 * alone)]))
    assume((table["state"] == "converted").any())
    found = resample.replicate(table, MODELS, draws=5)
    assert (found.names[-1:] == ("unattributed",)) == (alone > 0)
    whole = found.credits["first"].sum(axis=1)
    for credit in found.credits.values():
        assert credit.sum(axis=1) == pytest.approx(whole, abs=1e-7)


@settings(max_examples=15, deadline=None)
@given(rows=rows, seed=st.integers(0, 99))
def test_order_of_rows_and_rows_split_in_two_draw_the_same(rows, seed):
    table = journeys(*rows)
    assume(len(table))
    one = resample.replicate(table, MODELS, draws=6, seed=seed)
    halves = pd.concat([table.assign(n=table["n"] // 2), table.assign(n=-(-table["n"] // 2))])
    other = resample.replicate(halves.sample(frac=1, random_state=seed), MODELS, draws=6, seed=seed)
    assert one.names == other.names
    for model, credit in one.credits.items():
        assert np.array_equal(credit, other.credits[model])


def test_what_is_held_at_once_changes_nothing(monkeypatch):
    table = journeys(("ab", 3, 4, 60), ("b", 1, 5, 10), ("ca", 2, 2, 50))
    one = resample.replicate(table, MODELS, draws=50, seed=4)
    monkeypatch.setattr(resample, "CELLS", 7)
    monkeypatch.setattr("playbook.attribution.removal.CELLS", 7)
    monkeypatch.setattr("playbook.attribution.coalitions.CELLS", 7)
    other = resample.replicate(table, MODELS, draws=50, seed=4)
    for model, credit in one.credits.items():
        assert credit == pytest.approx(other.credits[model], abs=1e-12)


def test_the_seed_decides():
    table = journeys(("ab", 30, 40, 60), ("b", 10, 50, 10))
    one, same, other = (resample.replicate(table, MODELS, draws=3, seed=s) for s in (1, 1, 2))
    assert np.array_equal(one.credits["markov"], same.credits["markov"])
    assert not np.array_equal(one.credits["markov"], other.credits["markov"])


def test_linear_credit_spreads_as_the_multinomial_says():
    """The variance of a sum over n journeys is n times that of one journey's credit."""
    table = journeys(("ab", 30, 40, 600), ("b", 10, 50, 400), ("aab", 20, 0, 900))
    found = resample.replicate(table, {"linear": Weights("linear")}, draws=20_000).credits["linear"]
    n = table["n"].sum()
    for unit in (0, 1):
        each = [(0.5, 30), (0.0, 100), (2 / 3, 20)]
        worth = [20, 1, 45] if unit else [1, 1, 1]
        credit = np.array([c * w for (c, _), w in zip(each, worth, strict=True)])
        chance = np.array([many for _, many in each]) / n
        spread = (n * (chance @ credit**2 - (chance @ credit) ** 2)) ** 0.5
        assert found[:, 0, unit].std() == pytest.approx(spread, rel=0.03)
        assert found[:, 0, unit].mean() == pytest.approx(n * (chance @ credit), rel=0.01)


def test_one_large_deal_makes_the_interval_of_value_wide():
    """A path's deals must not be resampled at their mean."""
    alike = journeys(("a", 10, 0, 1000), ("b", 10, 0, 1000))
    apart = pd.concat([journeys(("a", 9, 0, 90)), journeys(("a", 1, 0, 910)), alike.iloc[1:]])
    models = {"linear": Weights("linear")}
    width = {}
    for name, table in (("alike", alike), ("apart", apart)):
        bounds = resample.replicate(table, models, draws=2000).bounds("linear").iloc[0]
        width[name] = bounds["value_high"] - bounds["value_low"]
    assert width["apart"] > 2 * width["alike"]


def test_open_journeys_are_in_a_chain_only_where_asked():
    table = journeys(("ab", 3, 0, 0), ("b", 1, 3, 0), ("a", 2, 0, 0))
    still = table.assign(state=table["state"].replace("null", "open"))
    everyone = ("converted", "null", "open")
    for model, wide in (
        (MarkovChain(), MarkovChain(1, everyone)),
        (RateGame(), RateGame(everyone)),
    ):
        closed = drawn_once(model, table)[1]
        assert drawn_once(wide, still)[1] == pytest.approx(closed)
        assert drawn_once(model, still)[1] == pytest.approx(
            drawn_once(model, table[table["state"] == "converted"])[1]
        )
        assert drawn_once(model, still)[1] != pytest.approx(closed)


TRUTH = [
    (("a",), "converted", 0.02, 100),
    (("a", "b"), "converted", 0.05, 50),
    (("b", "c", "a"), "converted", 0.03, 400),
    (("c", "b"), "converted", 0.04, 80),
    (("a",), "null", 0.30, 0),
    (("b", "c"), "null", 0.20, 0),
    (("c", "a", "b"), "null", 0.16, 0),
    (("c",), "null", 0.20, 0),
]
"""Every journey that there is, and how often it comes."""


def sampled(n):
    found = pd.DataFrame(
        [
            (path, state, float(value), int(k))
            for (path, state, _, value), k in zip(TRUTH, n, strict=True)
        ],
        columns=["path", "state", "value", "n"],
    )
    return weighted(found)


@pytest.mark.parametrize("model", ["linear", "markov", "markov_3"])
def test_intervals_of_shares_hold_the_truth_as_often_as_they_say(model):
    """200 samples of 1,500 journeys of a known process, 90 % intervals of three channels."""
    rng = np.random.default_rng(11)
    chance = [p for _, _, p, _ in TRUTH]
    models = {model: MODELS[model]}
    exact = resample.shares(drawn_once(MODELS[model], sampled(np.array(chance) * 1e6))[1][None])[0]
    inside = np.zeros((3, 2))
    for seed in range(200):
        table = sampled(rng.multinomial(1500, chance))
        bounds = resample.replicate(table, models, draws=200, seed=seed).bounds(model, 0.9)
        for unit, word in enumerate(("share", "value_share")):
            low, high = bounds[f"{word}_low"], bounds[f"{word}_high"]
            inside[:, unit] += (low <= exact[:, unit]) & (exact[:, unit] <= high)
    assert (inside / 200 >= 0.84).all()
    assert (inside / 200 <= 0.96).all()


def test_draws_without_a_conversion_have_no_shares():
    table = journeys(("a", 1, 1, 10), ("b", 1, 1, 10))
    bounds = resample.replicate(table, MODELS, draws=400).bounds("markov")
    assert bounds.loc[0, ["share_low", "share_high"]].tolist() == [0, 1]
    assert bounds.loc[0, ["conversions_low", "conversions_high"]].tolist() == [0, 3]
    nothing = resample.replicate(journeys(("a", 0, 3, 0)), MODELS, draws=40).bounds("markov")
    assert nothing["share_low"].isna().all()
    assert nothing["conversions_high"].tolist() == [0]


def test_no_journeys_no_names():
    found = resample.replicate(journeys(), MODELS, draws=40)
    assert found.names == ()
    assert {credit.shape for credit in found.credits.values()} == {(40, 0, 2)}
    assert found.bounds("linear").empty


@pytest.mark.parametrize(
    ("draws", "confidence", "message"),
    [
        (39, 0.95, "draws: 39; an interval at 0.95 takes 40 or more, better 1000"),
        (199, 0.99, "draws: 199; an interval at 0.99 takes 200 or more, better 1000"),
        (999, 1.0, "confidence: 1.0; allowed is between 0 and 1, such as 0.95"),
        (999, 95, "confidence: 95; allowed is between 0 and 1, such as 0.95"),
    ],
)
def test_an_interval_takes_draws_and_a_confidence(draws, confidence, message):
    with pytest.raises(ParameterError) as error:
        resample.replicate(journeys(("a", 1, 1, 5)), MODELS, draws=draws).bounds(
            "first", confidence
        )
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("column", "cell", "message"),
    [
        ("state", "won", "journeys: unknown state 'won'. Allowed: converted, null, open"),
        ("n", -1, "journeys: n is -1; it counts journeys, a whole number of 0 or more"),
        ("n", 0.5, "journeys: n is 0.5; it counts journeys, a whole number of 0 or more"),
        ("value", -7.0, "journeys: value -7.0 of a conversion; allowed is 0 or more"),
        ("value", float("nan"), "journeys: value nan of a conversion; allowed is 0 or more"),
        ("linear", [0.5], "linear: 1 weights for 2 touches"),
    ],
)
def test_what_is_no_journey_is_refused(column, cell, message):
    table = journeys(("ab", 1, 0, 5))
    table[column] = pd.Series([cell], dtype=object)
    with pytest.raises(ParameterError) as error:
        resample.replicate(table, MODELS, draws=40)
    assert str(error.value) == message


def test_a_missing_column_is_named():
    table = brute.journeys([("a", 1, 0, 5)])
    with pytest.raises(ParameterError, match=r"^journeys: no column linear, first; there are "):
        resample.replicate(table, MODELS, draws=40)
