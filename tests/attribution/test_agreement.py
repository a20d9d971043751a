"""Where models differ: a real difference is found, and chance is not taken for one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from playbook.attribution import agreement, resample
from playbook.attribution.resample import Replicates
from playbook.attribution.sums import MarkovChain, SumGame, Weights
from playbook.errors import ParameterError
from tests.attribution import brute
from tests.attribution.test_resample import journeys

MODELS = {"first": Weights("first"), "last": Weights("last"), "linear": Weights("linear")}
COLUMNS = [
    "channel",
    "lowest_model",
    "lowest",
    "highest_model",
    "highest",
    "spread",
    "spread_low",
    "spread_high",
    "is_beyond_noise",
    "pairs_beyond_noise",
]


def compared(table, *, draws=400, seed=0, what="conversions", models=MODELS):
    last = [[float(i == len(path) - 1) for i in range(len(path))] for path in table["path"]]
    table = table.assign(last=last)
    drawn = resample.replicate(table, models, draws=draws, seed=seed)
    point = {m: np.zeros(len(drawn.names)) for m in models}
    unit = table["n"] * (table["value"] if what == "value" else 1)
    for path, state, n, *weights in zip(
        table["path"], table["state"], unit, *(table[m] for m in models if m in table), strict=True
    ):
        for model, given in zip(point, weights, strict=False):
            for name, weight in zip(path, given, strict=True):
                point[model][drawn.names.index(name)] += weight * n * (state == "converted")
    given = pd.DataFrame({"channel": drawn.names} | point)
    return agreement.table(given, drawn, by="channel", what=what)


def test_a_planted_difference_is_beyond_noise():
    """Ads begin journeys and calls end them: first and last differ by more than chance."""
    table = journeys((("ads", "call"), 80, 300, 80), (("mail",), 20, 100, 900))
    found = compared(table).set_index("channel")
    assert list(found.reset_index().columns) == COLUMNS
    assert found.loc["ads", ["lowest_model", "highest_model"]].tolist() == ["last", "first"]
    assert found.loc["call", ["lowest_model", "highest_model"]].tolist() == ["first", "last"]
    assert found.loc[["ads", "call"], "is_beyond_noise"].all()
    assert found["pairs_beyond_noise"].to_dict() == {"ads": 3, "call": 3, "mail": 0}
    assert found.loc["ads", ["lowest", "highest", "spread"]].tolist() == [0, 80, 80]
    assert found.loc["ads", "spread_low"] < 80 < found.loc["ads", "spread_high"]


def test_where_all_models_agree_there_is_no_spread():
    found = compared(journeys((("ads", "call"), 80, 300, 80), (("mail",), 20, 100, 900)))
    row = found.set_index("channel").loc["mail"]
    assert row[["spread", "spread_low", "spread_high"]].tolist() == [0, 0, 0]
    assert not row["is_beyond_noise"]
    assert found["spread"].is_monotonic_decreasing


def test_one_conversion_shows_no_difference():
    """First gives it to ads and last to call: a difference of 1, of which chance can make 1."""
    found = compared(journeys((("ads", "call"), 1, 200, 80)))
    assert found["spread"].tolist() == [1, 1]
    assert not found["is_beyond_noise"].any()
    assert (found["spread_low"] < 0).all()


def test_value_is_compared_in_its_own_unit():
    found = compared(journeys((("ads", "call"), 80, 300, 8000)), what="value")
    assert found["spread"].tolist() == [8000, 8000]
    assert found["is_beyond_noise"].all()


def test_chance_alone_seldom_passes_for_a_difference():
    """Channels at random: all models have the same expectation, and 95 % of tables say so.

    Picking the widest pair and judging it alone would be wrong far more often.
    """
    rng = np.random.default_rng(3)
    wrong = 0
    for seed in range(150):
        rows = [(tuple(rng.choice(list("abcde"), rng.integers(1, 5))), 1, 1, 1) for _ in range(150)]
        table = journeys(*rows)
        wrong += bool(compared(table, draws=200, seed=seed)["is_beyond_noise"].any())
    assert 0 < wrong / 150 < 0.11


def test_the_factor_is_that_of_the_largest_deviation_anywhere():
    """With one name and two models it is the normal quantile, with twenty pairs more."""
    rng = np.random.default_rng(8)

    def reach(names):
        drawn = {m: rng.normal(10, 1, (20_000, names, 2)) for m in ("one", "two")}
        words = tuple(f"c{i}" for i in range(names))
        given = pd.DataFrame({"channel": words, "one": 10.0, "two": 10.000001})
        found = agreement.table(given, Replicates(words, drawn), by="channel")
        return (found["spread_high"] / 2**0.5).mean()

    assert reach(1) == pytest.approx(1.96, abs=0.05)
    assert reach(20) == pytest.approx(3.02, abs=0.07)  # 0.95 ** (1 / 20) of both sides


def test_conversions_without_a_touch_and_names_of_no_journey():
    table = journeys(("ab", 9, 9, 9), ((), 4, 0, 4))
    models = {"shapley": SumGame(), "markov": MarkovChain()}
    drawn = resample.replicate(table, models, draws=100)
    given = pd.DataFrame(
        {
            "channel": ["a", "b", "z", "unattributed"],
            "shapley": [4.5, 4.5, 0, 4],
            "markov": [4.5, 4.5, 0, 4],
        }
    )
    found = agreement.table(given, drawn, by="channel")
    assert found["channel"].tolist() == ["a", "b", "z"]
    assert found.set_index("channel").loc["z", "spread_high"] == 0


@pytest.mark.parametrize(
    ("columns", "draws", "message"),
    [
        (["first"], 100, "models: first; it takes two or more to differ"),
        (["first", "w"], 100, "models: no draws of w"),
        (["first", "last"], 20, "draws: 20; an interval at 0.95 takes 40 or more, better 1000"),
    ],
)
def test_what_cannot_be_compared_is_refused(columns, draws, message):
    table = brute.journeys([("a", 3, 1, 3)]).assign(first=[[1.0], [1.0]], last=[[1.0], [1.0]])
    models = {"first": Weights("first"), "last": Weights("last")}
    drawn = resample.replicate(table, models, draws=draws)
    given = pd.DataFrame({"channel": ["a"]} | {c: [3.0] for c in columns})
    with pytest.raises(ParameterError) as error:
        agreement.table(given, drawn, by="channel")
    assert str(error.value) == message


def test_without_names_there_is_an_empty_table():
    drawn = resample.replicate(journeys(), MODELS | {"last": SumGame()}, draws=40)
    given = pd.DataFrame({"channel": [], "first": [], "last": []})
    found = agreement.table(given, drawn, by="channel")
    assert found.empty
    assert list(found.columns) == COLUMNS


def test_conversions_without_value_differ_in_none():
    drawn = resample.replicate(
        journeys(("a", 3, 1, 0)), {"one": SumGame(), "two": SumGame()}, draws=40
    )
    given = pd.DataFrame({"channel": ["a"], "one": [np.nan], "two": [np.nan]})
    with pytest.raises(ParameterError) as error:
        agreement.table(given, drawn, by="channel", what="value")
    assert str(error.value) == "what: value; these conversions have none, compare conversions"
