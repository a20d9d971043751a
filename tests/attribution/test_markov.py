"""The absorbing chain against exact fractions, against simulation, and where it must refuse."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from playbook.attribution import chain, removal
from playbook.errors import ParameterError
from tests.attribution import brute

paths = st.lists(st.sampled_from("abcd"), min_size=1, max_size=6).map(tuple)
rows = st.lists(
    st.tuples(paths, st.integers(0, 4), st.integers(0, 4), st.integers(0, 90)),
    min_size=1,
    max_size=8,
)

KNOWN = [("abc", 1, 0, 100), ("a", 0, 1, 0), ("bc", 0, 1, 0)]
"""Three journeys worked by hand in many places: C1 > C2 > C3 converts, C1 and C2 > C3 do not."""


def solved(table, order=1):
    return chain.solve(*brute.as_counts(table, order), order=order)


def counts(*steps):
    return pd.DataFrame(steps, columns=["from", "to", "n"])


def test_the_chain_worked_by_hand():
    found = solved(brute.journeys(KNOWN))
    assert found.removal_effects.tolist() == pytest.approx([0.5, 1, 1], abs=1e-12)
    assert found.conversions(1).tolist() == pytest.approx([0.2, 0.4, 0.4], abs=1e-12)
    assert found.values(100).tolist() == pytest.approx([20, 40, 40], abs=1e-10)
    assert found.conversion_probability == pytest.approx(1 / 3, abs=1e-12)


def test_the_matrix_of_the_chain_worked_by_hand():
    table = solved(brute.journeys(KNOWN)).matrix
    assert table.to_numpy().tolist() == [
        ["(start)", "a", 2.0, 2 / 3],
        ["(start)", "b", 1.0, 1 / 3],
        ["a", "(null)", 1.0, 0.5],
        ["a", "b", 1.0, 0.5],
        ["b", "c", 2.0, 1.0],
        ["c", "(null)", 1.0, 0.5],
        ["c", "(conversion)", 1.0, 0.5],
    ]


@pytest.mark.parametrize("order", [1, 2, 3, 4])
@settings(max_examples=60, deadline=None)
@given(rows=rows)
def test_removal_is_what_is_lost_when_the_channel_is_taken_away(order, rows):
    table = brute.journeys(rows)
    assume(len(table))
    found = solved(table, order)
    for name, (conversions, value) in brute.removal_effects(table, order).items():
        for got, expected in ((found.removal_effects, conversions), (found.value_effects, value)):
            if expected is None:
                assert np.isnan(got[name])
            else:
                assert got[name] == pytest.approx(float(expected), abs=1e-10)


@pytest.mark.parametrize("order", [1, 2, 3, 4])
@settings(max_examples=40, deadline=None)
@given(rows=rows)
def test_credits_are_not_negative_and_sum_to_what_there_was(order, rows):
    table = brute.journeys(rows)
    won = table[table["state"] == "converted"]
    assume(len(won))
    conversions, value = float(won["n"].sum()), float((won["n"] * won["value"]).sum())
    found = solved(table, order)
    assert found.conversions(conversions).sum() == pytest.approx(conversions)
    assert found.values(value).sum() == pytest.approx(value)
    assert (found.conversions(conversions) >= 0).all()
    assert (found.values(value) >= 0).all()


@pytest.mark.parametrize("order", [1, 3])
@settings(max_examples=40, deadline=None)
@given(rows=rows)
def test_the_chain_converts_as_often_as_the_journeys_did(order, rows):
    table = brute.journeys(rows)
    assume(len(table))
    won = table.loc[table["state"] == "converted", "n"].sum()
    found = solved(table, order)
    assert found.conversion_probability == pytest.approx(won / table["n"].sum(), abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(rows=rows, again=st.lists(st.integers(1, 3), min_size=6, max_size=6))
def test_touching_the_same_channel_again_changes_nothing_at_order_1(rows, again):
    repeated = [
        (tuple(n for n, k in zip(path, again, strict=False) for _ in range(k)), *rest)
        for path, *rest in rows
    ]
    once, often = (brute.journeys(r) for r in (rows, repeated))
    assume((once["state"] == "converted").any())
    one, other = solved(once), solved(often)
    assert one.removal_effects.tolist() == pytest.approx(other.removal_effects.tolist(), abs=1e-10)
    assert one.values(1 if one.value_effects.notna().any() else 0).tolist() == pytest.approx(
        other.values(1 if other.value_effects.notna().any() else 0).tolist(), abs=1e-10
    )


@pytest.mark.parametrize("order", [1, 2])
@settings(max_examples=30, deadline=None)
@given(rows=rows, seed=st.integers(0, 99))
def test_order_of_rows_and_rows_split_in_two_change_nothing(order, rows, seed):
    table = brute.journeys(rows)
    assume(len(table))
    steps, ends = brute.as_counts(table, order)
    halves = pd.concat([steps.assign(n=steps["n"] / 4), steps.assign(n=steps["n"] * 3 / 4)])
    other = chain.solve(halves.sample(frac=1, random_state=seed), ends.iloc[::-1], order=order)
    one = chain.solve(steps, ends, order=order)
    pd.testing.assert_frame_equal(one.matrix, other.matrix)
    pd.testing.assert_series_equal(one.removal_effects, other.removal_effects)
    pd.testing.assert_series_equal(one.value_effects, other.value_effects)


@settings(max_examples=30, deadline=None)
@given(rows=rows, names=st.permutations("abcd"))
def test_other_names_get_the_same_credit(rows, names):
    new = dict(zip("abcd", names, strict=True))
    renamed = [(tuple(new[n] for n in path), *rest) for path, *rest in rows]
    assume(sum(row[1] for row in rows))
    one = solved(brute.journeys(rows), 2).conversions(1)
    other = solved(brute.journeys(renamed), 2).conversions(1)
    assert {new[n]: c for n, c in one.items()} == pytest.approx(dict(other), abs=1e-10)


@pytest.mark.parametrize("order", [1, 2])
def test_a_long_simulation_comes_within_its_error(order):
    rng = np.random.default_rng(5)
    rows = [
        (tuple(rng.choice(list("abcd"), rng.integers(1, 6))), *rng.integers(0, 9, 2), 0)
        for _ in range(60)
    ]
    table = brute.journeys(rows)
    taken, _ = brute.steps(table, order)
    found, walks = solved(table, order), 400_000
    for name in ("a", "b", "c", "d"):
        rest = found.conversion_probability * (1 - found.removal_effects[name])
        error = (rest * (1 - rest) / walks) ** 0.5
        assert brute.walk(taken, walks, rng, name) / walks == pytest.approx(rest, abs=4 * error)


def chained(names, order, seed):
    """Steps and value of many random journeys, and nothing that is ever 0."""
    rng = np.random.default_rng(seed)
    rows = [
        (tuple(f"c{i:03}" for i in rng.integers(0, names, rng.integers(1, 9))), 1, 3, 7.0)
        for _ in range(names * 20)
    ]
    return brute.as_counts(brute.journeys(rows), order)


@pytest.mark.parametrize(("names", "order"), [(4, 3), (9, 2), (30, 1)])
def test_walking_and_factorising_give_what_the_inverse_gives(names, order, monkeypatch):
    steps, ends = chained(names, order, seed=1)
    dense = chain.solve(steps, ends, order=order)
    monkeypatch.setattr(removal, "SMALL", 0)
    monkeypatch.setattr(removal, "_is_sparse", lambda _: True)
    for limit in (removal.STEPS, 3):  # three steps do not settle: it is factorised
        monkeypatch.setattr(removal, "STEPS", limit)
        other = chain.solve(steps, ends, order=order)
        for one, two in (
            (dense.removal_effects, other.removal_effects),
            (dense.value_effects, other.value_effects),
        ):
            pd.testing.assert_series_equal(one, two, rtol=1e-10)
        assert other.conversion_probability == pytest.approx(dense.conversion_probability)


def test_journeys_that_hardly_end_are_factorised_and_still_right(monkeypatch):
    steps = counts(
        ("(start)", "a", 1), ("a", "b", 10**6), ("b", "a", 10**6), ("a", "(conversion)", 1)
    )
    monkeypatch.setattr(removal, "_is_sparse", lambda _: True)
    found = chain.solve(steps)
    assert found.conversion_probability == pytest.approx(1, abs=1e-8)
    assert found.removal_effects.to_dict() == pytest.approx({"a": 1, "b": 1 - 1e-6}, abs=1e-8)


def test_five_hundred_channels_take_one_inverse(monkeypatch):
    steps, ends = chained(500, 1, seed=2)
    shapes = []
    inverse = np.linalg.inv
    monkeypatch.setattr(np.linalg, "inv", lambda m: shapes.append(m.shape) or inverse(m))
    monkeypatch.setattr(np.linalg, "solve", None)
    found = chain.solve(steps, ends)
    assert shapes == [(1, 501, 501)]
    assert len(found.removal_effects) == 500


def test_high_orders_of_many_channels_are_walked():
    steps, ends = chained(12, 4, seed=3)
    layout, _ = chain._read(steps, 4)
    assert removal._is_sparse(layout)
    assert chain.solve(steps, ends, order=4).conversions(10).sum() == pytest.approx(10)


def test_a_channel_on_journeys_that_fail_gets_nothing():
    found = solved(brute.journeys([("ab", 3, 1, 30), ("c", 0, 5, 0), ("cc", 0, 1, 0)]))
    assert found.removal_effects["c"] == 0
    assert found.conversions(3)["c"] == 0


def test_without_conversions_there_is_nothing_to_lose():
    found = solved(brute.journeys([("ab", 0, 1, 0)]))
    assert found.conversion_probability == 0
    assert found.removal_effects.isna().all()
    assert found.conversions(0).tolist() == [0, 0]


def test_without_nulls_a_channel_loses_the_journeys_that_touch_it():
    found = solved(brute.journeys([("ab", 1, 0, 5), ("c", 3, 0, 15)]))
    assert found.conversion_probability == 1
    assert found.removal_effects.to_dict() == pytest.approx({"a": 0.25, "b": 0.25, "c": 0.75})


def test_without_value_no_value_is_credited():
    found = chain.solve(brute.as_counts(brute.journeys(KNOWN), 1)[0])
    assert found.value_effects.isna().all()
    assert found.values(0).tolist() == [0, 0, 0]


def test_without_journeys_there_is_no_chain():
    found = chain.solve(counts())
    assert np.isnan(found.conversion_probability)
    assert found.removal_effects.empty
    assert found.matrix.empty
    assert list(found.matrix.columns) == ["from", "to", "n", "share"]


def test_states_may_be_lists():
    table = brute.journeys(KNOWN)
    steps, ends = brute.as_counts(table, 2)
    listed = [[*s] if isinstance(s, tuple) else s for s in steps["to"]]
    arrays = [np.array(s) if isinstance(s, tuple) else s for s in steps["from"]]
    other = chain.solve(steps.assign(**{"from": arrays, "to": listed}), ends, order=2)
    pd.testing.assert_frame_equal(other.matrix, chain.solve(steps, ends, order=2).matrix)


S, C, N = "(start)", "(conversion)", "(null)"


@pytest.mark.parametrize(
    ("steps", "order", "message"),
    [
        ([(S, "a", 1), ("a", C, 1)], 9, "order: 9; allowed are 1 to 4"),
        ([(S, "a", 1), ("a", C, 1)], 0, "order: 0; allowed are 1 to 4"),
        (
            [(S, "a", -1)],
            1,
            "counts: n below zero or missing; it says how often a step was taken",
        ),
        (
            [(S, "a", float("nan"))],
            1,
            "counts: n below zero or missing; it says how often a step was taken",
        ),
        (
            [(S, "a", 2), ("a", C, 1), ("a", "b", 1), ("b", "c", 1), ("c", "b", 1)],
            1,
            (
                "counts: no way from b, c to (conversion) or (null). Every journey ends, so these"
                " counts do not come from whole journeys"
            ),
        ),
        (
            [(S, "a", 1), (C, "a", 1)],
            1,
            (
                "counts: a step out of (conversion) or (null), or into (start); a journey begins "
                "at (start) and ends once"
            ),
        ),
        (
            [(S, ("a", "b"), 1), (("a", "b"), C, 1)],
            1,
            "counts: state ('a', 'b'); at order 1 a state is a name",
        ),
        (
            [(S, ("a",), 1), (("a",), ("a", "b", "c"), 1)],
            2,
            "counts: state ('a', 'b', 'c'); at order 2 a state is 1 to 2 names",
        ),
        ([(S, "a", 1), ("a", C, 1)], 2, "counts: state 'a'; at order 2 a state is 1 to 2 names"),
    ],
)
def test_what_is_no_chain_is_refused(steps, order, message):
    with pytest.raises(ParameterError) as error:
        chain.solve(counts(*steps), order=order)
    assert str(error.value) == message


def test_a_missing_column_is_named():
    with pytest.raises(ParameterError, match=r"^counts: no column n$"):
        chain.solve(counts().drop(columns="n"))


@pytest.mark.parametrize(
    ("state", "value", "message"),
    [
        ("a", -5.0, "ends: value -5.0 at 'a'; allowed is 0 or more"),
        ("b", 5.0, "ends: value at 'b', which no conversion left"),
        ("z", 5.0, "ends: value at 'z', which no conversion left"),
    ],
)
def test_value_comes_out_of_a_state_that_converts(state, value, message):
    steps = counts((S, "a", 2), ("a", C, 1), ("a", "b", 1), ("b", N, 1))
    with pytest.raises(ParameterError) as error:
        chain.solve(steps, pd.DataFrame({"state": [state], "conversions": [1], "value": [value]}))
    assert str(error.value) == message


def test_nothing_is_credited_that_the_chain_does_not_give():
    found = chain.solve(counts((S, "a", 1), ("a", N, 1)))
    with pytest.raises(ParameterError) as error:
        found.conversions(3)
    assert str(error.value) == "conversions: 3 to credit, and the chain has none to follow"
