"""The games against the factorial definition in exact fractions, and what holds of every game."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from playbook.attribution import coalitions, games
from playbook.errors import ParameterError
from tests.attribution import brute

NAMES = tuple("abcdef")
members = st.frozensets(st.sampled_from(NAMES), max_size=6)
sets = st.lists(
    st.tuples(members, st.integers(0, 9), st.integers(0, 9), st.integers(0, 900)),
    min_size=1,
    max_size=12,
)


def table(rows):
    return pd.DataFrame(rows, columns=["names", "conversions", "nulls", "value"])


def credits_of(found, column="conversions"):
    return dict(zip(found["name"], found[column], strict=True))


@settings(max_examples=60, deadline=None)
@given(rows=sets)
def test_equal_parts_are_the_shapley_value_of_the_sum_game(rows):
    filled = [row for row in rows if row[0]]  # a game has no worth without players
    found = games.sum_game(table(rows), NAMES)
    for column, at in (("conversions", 1), ("value", 3)):
        game = brute.sum_worth([(row[0], row[at], 0) for row in filled])
        exact = brute.shapley(NAMES, game)
        assert credits_of(found, column) == pytest.approx({k: float(v) for k, v in exact.items()})


@settings(max_examples=60, deadline=None)
@given(rows=sets)
def test_the_rate_game_is_the_definition_with_the_empty_coalition(rows):
    found = games.rate_game(table(rows), NAMES)
    journeys = sum(row[1] + row[2] for row in rows)
    game = brute.rate_worth([row[:3] for row in rows])
    exact = {k: float(v * journeys) for k, v in brute.shapley(NAMES, game).items()}
    if any(not row[0] for row in rows):
        exact[games.BASE] = float(game(frozenset()) * journeys)
    assert credits_of(found) == pytest.approx(exact, abs=1e-9)
    assert sum(exact.values()) == pytest.approx(sum(row[1] for row in rows) if journeys else 0)


@settings(max_examples=40, deadline=None)
@given(rows=sets)
def test_the_rate_game_of_value_is_value_per_journey(rows):
    rows = [row if row[1] else (*row[:3], 0) for row in rows]
    journeys = sum(row[1] + row[2] for row in rows)
    inside = lambda s: [row for row in rows if row[0] <= s]  # noqa: E731

    def game(s):
        n = sum(row[1] + row[2] for row in inside(s))
        return brute.Fraction(sum(row[3] for row in inside(s)), n) if n else brute.Fraction(0)

    found = games.rate_game(table(rows), NAMES)[lambda t: t["name"] != games.BASE]
    exact = {k: float(v * journeys) for k, v in brute.shapley(NAMES, game).items()}
    assert credits_of(found, "value") == pytest.approx(exact, abs=1e-7)


@settings(max_examples=40, deadline=None)
@given(worth=st.lists(st.integers(-50, 50), min_size=16, max_size=16))
def test_any_game_of_four_by_the_definition(worth):
    found = coalitions.shapley(np.array(worth, dtype=float))
    game = lambda s: brute.Fraction(worth[sum(1 << p for p in s)])  # noqa: E731
    exact = brute.shapley(range(4), game)
    assert found.tolist() == pytest.approx([float(exact[p]) for p in range(4)], abs=1e-10)


def test_two_channels_by_hand():
    """v(a) = 1/4, v(b) = 1/2, v(ab) = 4/10 over ten journeys.

    So a has ((1/4 - 0) + (4/10 - 1/2)) / 2 = 3/40, and b ((1/2 - 0) + (4/10 - 1/4)) / 2 = 13/40.
    """
    rows = [({"a"}, 1, 3, 10), ({"b"}, 1, 1, 20), ({"a", "b"}, 2, 2, 30)]
    found = games.rate_game(table(rows))
    assert credits_of(found) == pytest.approx({"a": 0.75, "b": 3.25})
    assert credits_of(games.sum_game(table(rows))) == pytest.approx({"a": 2, "b": 2})
    assert credits_of(games.sum_game(table(rows)), "value") == pytest.approx({"a": 25, "b": 35})


def test_a_channel_that_lowers_the_rate_owes_credit():
    rows = [({"good"}, 50, 50, 0), ({"good", "bad"}, 0, 100, 0)]
    found = credits_of(games.rate_game(table(rows)))
    assert found["bad"] == pytest.approx(-25)
    assert found["good"] == pytest.approx(75)
    assert credits_of(games.sum_game(table(rows))) == {"bad": 0, "good": 50}


def test_the_sum_game_is_blind_to_nulls_and_the_rate_game_is_not():
    rows = [({"a"}, 5, 0, 0), ({"b"}, 5, 0, 0)]
    more = [({"a"}, 5, 0, 0), ({"b"}, 5, 95, 0)]
    assert credits_of(games.sum_game(table(rows))) == credits_of(games.sum_game(table(more)))
    assert credits_of(games.rate_game(table(rows))) == pytest.approx({"a": 5, "b": 5})
    by_rate = credits_of(games.rate_game(table(more)))
    assert by_rate["a"] > 9 * by_rate["b"]


def test_what_comes_without_any_touch_is_a_line_of_its_own():
    rows = [(set(), 10, 90, 0), ({"a"}, 30, 70, 0)]
    found = games.rate_game(table(rows))
    assert credits_of(found) == pytest.approx({"a": 20, "(none)": 20})
    assert found["name"].tolist() == ["a", "(none)"]
    assert credits_of(games.sum_game(table(rows))) == {"a": 30}


@settings(max_examples=40, deadline=None)
@given(rows=sets, seed=st.integers(0, 99))
def test_bit_masks_order_and_rows_split_in_two_change_nothing(rows, seed):
    one = table(rows)
    order = list(np.random.default_rng(seed).permutation(NAMES))
    masks = [sum(1 << order.index(n) for n in row[0]) for row in rows]
    other = one.assign(names=pd.Series(masks, dtype="int64"))
    amounts = ["conversions", "nulls", "value"]
    other = pd.concat(
        [other.assign(**{c: other[c] * part for c in amounts}) for part in (0.25, 0.75)]
    )
    for game in (games.sum_game, games.rate_game):
        pd.testing.assert_frame_equal(
            game(one, NAMES), game(other.sample(frac=1, random_state=seed), order), atol=1e-9
        )


@settings(max_examples=40, deadline=None)
@given(rows=sets)
def test_sum_credit_is_not_negative_and_a_channel_in_no_journey_gets_nothing(rows):
    found = games.sum_game(table(rows), (*NAMES, "z"))
    assert (found["conversions"] >= 0).all()
    assert found["conversions"].sum() == pytest.approx(sum(row[1] for row in rows if row[0]))
    for game in (games.sum_game, games.rate_game):
        assert credits_of(game(table(rows), (*NAMES, "z")))["z"] == pytest.approx(0, abs=1e-9)


@settings(max_examples=25, deadline=None)
@given(rows=sets)
def test_drawn_orders_sum_exactly_and_come_within_their_error(rows):
    exact = games.rate_game(table(rows), NAMES)
    drawn = games.rate_game(table(rows), NAMES, draws=400, rng=3)
    assert drawn["name"].tolist() == exact["name"].tolist()
    for column in ("conversions", "value"):
        assert drawn[column].sum() == pytest.approx(exact[column].sum())
        away = (drawn[column] - exact[column]).abs()
        assert (away <= 6 * drawn[f"{column}_error"] + 1e-9).all()


def many(names, rows, seed):
    rng = np.random.default_rng(seed)
    found = [
        (
            frozenset(f"c{i:02}" for i in rng.integers(0, names, rng.integers(1, 6))),
            *rng.integers(0, 9, 3),
        )
        for _ in range(rows)
    ]
    return table(found)


def test_the_error_of_drawing_is_the_spread_of_repeated_drawings():
    rows = many(8, 60, seed=1)
    exact = games.rate_game(rows).set_index("name")["conversions"]
    runs = [games.rate_game(rows, draws=60, rng=seed) for seed in range(300)]
    paid = np.array([run["conversions"] for run in runs])
    errors = np.array([run["conversions_error"] for run in runs])
    assert paid.mean(axis=0) == pytest.approx(exact.to_numpy(), abs=0.02 * exact.abs().max())
    assert errors.mean(axis=0) == pytest.approx(paid.std(axis=0), rel=0.15)


def test_beyond_twenty_channels_orders_are_drawn_and_the_seed_decides():
    rows = many(40, 300, seed=2)
    one, same, other = (games.rate_game(rows, rng=seed) for seed in (0, 0, 1))
    pd.testing.assert_frame_equal(one, same)
    assert (one["conversions_error"] > 0).all()
    assert one["conversions"].sum() == pytest.approx(rows["conversions"].sum())
    away = (one["conversions"] - other["conversions"]).abs()
    apart = np.hypot(one["conversions_error"], other["conversions_error"])
    assert (away / apart).max() < 5
    assert "conversions_error" not in games.rate_game(many(20, 300, seed=2))


def test_five_hundred_channels_in_the_sum_game():
    rows = many(500, 2000, seed=3)
    assert games.sum_game(rows)["conversions"].sum() == pytest.approx(rows["conversions"].sum())


steps = st.lists(
    st.tuples(
        st.lists(st.sampled_from("ab"), min_size=1, max_size=3).map(tuple), st.integers(1, 9)
    ),
    min_size=1,
    max_size=3,
)


@settings(max_examples=25, deadline=None)
@given(rows=steps)
def test_credit_by_position_is_the_owen_value_of_touches_united_by_channel(rows):
    found = games.ordered(pd.DataFrame(rows, columns=["path", "conversions"]))
    touched = [(frozenset(enumerate(path, start=1)), n, 0) for path, n in rows]
    players = sorted(set().union(*(touches for touches, _, _ in touched)))
    assume(len(players) <= 6)
    exact = brute.owen(players, lambda touch: touch[1], brute.sum_worth(touched))
    got = {(row.position, row.name): row.conversions for row in found.itertuples(index=False)}
    assert got == pytest.approx({k: float(v) for k, v in exact.items()})


@settings(max_examples=40, deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.lists(st.sampled_from("abcd"), min_size=1, max_size=6).map(tuple),
            st.integers(0, 9),
            st.integers(0, 900),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_positions_sum_to_the_sum_game(rows):
    paths = pd.DataFrame(rows, columns=["path", "conversions", "value"])
    by_position = games.ordered(paths).groupby("name")[["conversions", "value"]].sum()
    whole = games.sum_game(paths.rename(columns={"path": "names"})).set_index("name")
    pd.testing.assert_frame_equal(by_position, whole, check_index_type=False)
    assert by_position["conversions"].sum() == pytest.approx(sum(row[1] for row in rows))


def test_position_by_the_definition_of_zhao_and_others():
    """Each channel has 1/|S| of a journey; one at several places has it there in equal parts."""
    found = games.ordered(
        pd.DataFrame({"path": [("a", "b", "a")], "conversions": [2], "value": [8]})
    )
    assert found.to_numpy().tolist() == [["a", 1, 0.5, 2.0], ["a", 3, 0.5, 2.0], ["b", 2, 1.0, 4.0]]


@pytest.mark.parametrize(
    ("rows", "names", "message"),
    [
        ([({"a"}, -1, 0, 0)], None, "sets: conversions below zero or missing"),
        ([({"a"}, 1, float("nan"), 0)], None, "sets: nulls below zero or missing"),
        ([({"a", "z"}, 1, 0, 0)], NAMES, "sets: z not among the names"),
        ([(64, 1, 0, 0)], NAMES, "sets: a bit is set beyond the 6 names given"),
        ([(1, 1, 0, 0)], None, "names: bit masks take a list of at most 62 names, one per bit"),
    ],
)
def test_what_is_no_set_is_refused(rows, names, message):
    for game in (games.sum_game, games.rate_game):
        with pytest.raises(ParameterError) as error:
            game(table(rows), names)
        assert str(error.value) == message


def test_a_standard_error_takes_draws():
    with pytest.raises(ParameterError) as error:
        games.rate_game(table([({"a"}, 1, 0, 0)]), draws=3)
    assert str(error.value) == "draws: 3; a standard error takes 4 or more"


@pytest.mark.parametrize("game", [games.sum_game, games.rate_game])
def test_no_journeys_no_credit(game):
    assert game(table([])).empty
    assert game(table([]), ("a",))["conversions"].tolist() == [0]
