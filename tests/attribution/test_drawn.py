"""Journeys drawn again are those that were credited: as they are, every model gives its credits."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from playbook import attribution
from playbook.attribution import Custom, Journey, Markov, Shapley, TimeDecay, distinct, drawn
from playbook.attribution.heuristics import HEURISTICS
from playbook.attribution.models import chosen

MODELS = [
    "first", "last", "last_non_direct", "linear", "u_40_20_40", "position_30_40_30",
    "w", "full_path", "time_decay", TimeDecay(30), TimeDecay(2),
    Custom("value", lambda position, size, days: position + days / size),
    Custom("n", lambda position, _size, _days: position),
    "markov", "markov_2", "markov_3", "markov_4", Markov(1, "all", "with open"),
    Markov(2, "none", "without nulls"), "shapley", "shapley_rate",
    Shapley("rate", "all", label="rate with open"),
]  # fmt: skip
BASE = pd.Timestamp(2026, 1, 1)


def tables(seed, *, again=False):
    """Touches and conversions of 150 accounts; where `again`, some convert twice."""
    rng = np.random.default_rng(seed)
    touches, conversions = [], []
    for account in (f"a{i}" for i in range(150)):
        start = BASE + pd.Timedelta(days=int(rng.integers(0, 200)))
        days = np.sort(rng.integers(0, 90, rng.integers(0, 7)))
        touches += [
            (account, start + pd.Timedelta(days=int(d)), str(rng.choice(["ads", "mail", "direct"])))
            for d in days
        ]
        for _ in range(rng.integers(0, 3) if again else rng.integers(0, 2)):
            moment = start + pd.Timedelta(days=int(rng.integers(0, 120)))
            steps = [start + pd.Timedelta(days=d) for d in (5, 20)]
            conversions.append((account, moment, float(rng.integers(1, 100) * 100), *steps))
    names = ["account_id", "converted_at", "value", "lead_at", "opportunity_at"]
    return (
        pd.DataFrame(touches, columns=["account_id", "touched_at", "channel"]),
        pd.DataFrame(conversions, columns=names),
    )


def journeys(seed, *, again=False, **choices):
    settings = Journey(
        lookback_days=45, direct=("direct",), milestones=("lead_at", "opportunity_at"), **choices
    )
    as_of = (BASE + pd.Timedelta(days=210)).to_pydatetime()
    return attribution.journeys(*tables(seed, again=again), settings, as_of=as_of)


def as_they_are(found, model, placed):
    """The credits of every journey drawn as often as it is there."""
    table = drawn._table(found, placed, nulls=True)
    rows = distinct.distinct(table, [drawn._column(i) for i in range(len(placed))])
    statistic = drawn._statistic(model, placed)(rows)
    return rows.names, statistic.credits((statistic.table.T @ rows.n)[None, :])[0]


@pytest.mark.parametrize(
    ("seed", "choices"),
    [
        (1, {}),
        (2, {"again": True}),
        (3, {"again": True, "reenter": True, "repeats": "collapse", "session_minutes": 60.0}),
        (4, {"ignore_direct": True}),
    ],
)
def test_journeys_as_they_are_give_the_credits(seed, choices):
    found = journeys(seed, **choices)
    given = attribution.attribute(found, MODELS).credits
    placed = [m for m in chosen(MODELS) if isinstance(m, HEURISTICS)]
    for model in chosen(MODELS):
        names, credit = as_they_are(found, model, placed)
        expected = given[given["model"] == model.name].set_index("channel").loc[list(names)]
        assert credit[:, 0] == pytest.approx(expected["conversions"].to_numpy(), abs=1e-8), model
        assert credit[:, 1] == pytest.approx(expected["value"].to_numpy(), abs=0.02), model


def test_a_table_of_paths_is_drawn_too():
    table = pd.DataFrame({"path": ["a > b", "b", "a", "c"], "won": [30, 20, 0, 0]})
    table["lost"], table["worth"] = [100, 50, 70, 0], [9000.0, 500.0, 0.0, 0.0]
    found = attribution.from_paths(
        table, path="path", conversions="won", nulls="lost", value="worth"
    )
    names = ("first", "linear", "markov", "markov_2", "shapley", "shapley_rate")
    given = attribution.attribute(found, names)
    drawings = drawn.replicated(found, given.models, draws=2000, seed=1)
    assert drawings.names == ("a", "b")
    for name, credit in drawings.credits.items():
        expected = given.credits[given.credits["model"] == name].set_index("channel")
        spread = credit.std(axis=0) / 2000**0.5
        away = credit.mean(axis=0) - expected.loc[["a", "b"], ["conversions", "value"]].to_numpy()
        assert (np.abs(away) < 0.02 * credit.mean() + 4 * spread).all(), name


def test_conversions_without_a_touch_are_drawn_with_the_others():
    found = journeys(1)
    given = attribution.attribute(found, "markov")
    drawings = drawn.replicated(found, given.models, draws=400)
    alone = given.totals.set_index("what").loc["unattributed", "conversions"]
    assert drawings.names[-1] == "unattributed"
    assert drawings.credits["markov"][:, -1, 0].mean() == pytest.approx(alone, rel=0.05)
    assert drawings.credits["markov"][:, -1, 0].std() == pytest.approx(alone**0.5, rel=0.2)


def test_every_model_has_intervals_that_hold_its_credit():
    found = attribution.attribute(journeys(2, again=True), MODELS, draws=200, seed=3)
    table = found.credits
    for column in ("conversions", "value", "share", "value_share"):
        inside = table[column].between(table[f"{column}_low"], table[f"{column}_high"])
        assert inside.all(), table[~inside]
        assert (table[f"{column}_low"] < table[f"{column}_high"]).all()
    assert table["model"].nunique() == len(MODELS)
    again = attribution.attribute(journeys(2, again=True), MODELS, draws=200, seed=3).credits
    pd.testing.assert_frame_equal(table, again)


@pytest.mark.parametrize("what", ["conversions", "value"])
def test_all_models_are_compared(what):
    found = attribution.attribute(journeys(2, again=True), MODELS, draws=200)
    table = found.agreement(what)
    wide = found.wide(what).set_index("channel")
    assert set(table["channel"]) == {"ads", "mail", "direct"}
    for row in table.itertuples(index=False):
        assert row.spread == pytest.approx(
            wide.loc[row.channel].max() - wide.loc[row.channel].min()
        )
        assert wide.loc[row.channel, row.highest_model] == row.highest
        assert row.is_beyond_noise == (row.spread_low > 0)


def test_two_hundred_draws_more_change_nothing_but_the_ends():
    few, many = (attribution.attribute(journeys(1), "markov", draws=n).credits for n in (200, 2000))
    pd.testing.assert_series_equal(few["conversions"], many["conversions"])
    assert few["share_low"].to_numpy() == pytest.approx(many["share_low"].to_numpy(), abs=0.03)
    assert few["share_high"].to_numpy() == pytest.approx(many["share_high"].to_numpy(), abs=0.03)
