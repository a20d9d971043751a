"""Credit by a touch's place: against plain Python in exact fractions, and by its properties."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playbook import attribution
from playbook.attribution import Custom, Journey, Milestones, Position, TimeDecay
from playbook.attribution.models import NAMED
from tests.attribution import made, plain

few = settings(max_examples=60, deadline=None)
MODELS = (
    "first", "last", "last_non_direct", "linear", "u_50_50", "u_40_20_40", "position_0_100_0",
    "position_30_70_0", "w", "full_path", "time_decay", "time_decay_0.5", "shapley",
)  # fmt: skip
EVERY = (*MODELS, "markov", "markov_2", "shapley_rate")
DAY = made.DAY


def read(tables, journey, as_of=None, since=None):
    spans = {"as_of": made.moment(as_of), "since": made.moment(since)}
    return attribution.journeys(*made.frames(*tables), journey, **spans)


def by_name(result, model):
    table = result.credits[result.credits["model"] == model].set_index("channel")
    return table["conversions"].to_dict(), table["value"].to_dict()


@given(made.tables(), made.ways)
@few
def test_credit_is_that_of_the_definition(tables, way):
    journey = way[0] if way[0].direct else replace(way[0], direct=("direct",))
    result = attribution.attribute(read(tables, journey, *way[1:]), MODELS)
    ways = plain.journeys(*tables, journey, *way[1:])
    for model in MODELS:
        conversions, value = by_name(result, model)
        expected, worth = plain.credited(ways, model, journey)
        expected["unattributed"] = expected.pop(None, 0)
        worth["unattributed"] = worth.pop(None, 0)
        for name in {*expected, *conversions}:
            assert conversions.get(name, 0) == pytest.approx(float(expected[name]), abs=1e-9)
            # Parts of a cent go to whoever lost most of one, so that all cents are there.
            assert abs(value.get(name, 0) - float(worth[name])) < 0.01 + 1e-9


@given(made.tables(), made.ways)
@few
def test_credits_sum_to_the_conversions_and_to_every_cent(tables, way):
    journey = way[0] if way[0].direct else replace(way[0], direct=("direct",))
    found = read(tables, journey, *way[1:])
    result = attribution.attribute(found, EVERY)
    whole = result.totals.set_index("what").loc["all"]
    ways = [w for w in plain.journeys(*tables, journey, *way[1:]) if w.state == "converted"]
    assert whole["conversions"] == len(ways)
    assert whole["value"] == pytest.approx(float(sum(w.value for w in ways)))
    for model, table in result.credits.groupby("model"):
        assert math.fsum(table["conversions"]) == pytest.approx(whole["conversions"])
        assert round(math.fsum(table["value"]) * 100) == round(whole["value"] * 100), model
        if model != "shapley_rate":
            assert (table["conversions"] >= -1e-12).all()
            assert (table["value"] >= 0).all()
    if ways:
        assert result.credits.groupby("model")["share"].sum().to_numpy() == pytest.approx(1)


paths = st.lists(
    st.tuples(
        st.lists(st.sampled_from(made.NAMES), min_size=1, max_size=5).map(tuple),
        st.integers(0, 3),
        st.integers(0, 3),
    ),
    min_size=1,
    max_size=6,
)
OF_PATHS = tuple(
    model for model in EVERY if model not in {"w", "full_path", "time_decay", "time_decay_0.5"}
)


def of_paths(rows, **more):
    """Path rows as (path, conversions, nulls); what a conversion is worth follows from its path."""
    table = pd.DataFrame(
        [(" > ".join(p), c, n, 10.0 * c * len(p)) for p, c, n in rows],
        columns=["path", "conversions", "nulls", "value"],
    )
    more = {"direct": ("direct",)} | more
    return attribution.from_paths(table, nulls="nulls", value="value", **more)


def credited(rows, models=OF_PATHS, **more):
    result = attribution.attribute(of_paths(rows, **more), models)
    return result.credits.set_index(["model", "channel"])["conversions"].sort_index()


@given(paths, st.randoms())
@few
def test_shuffled_rows_and_rows_split_in_two_change_nothing(rows, chance):
    split = [(p, part, n * (part == c)) for p, c, n in rows for part in {c, 0}]
    split += [(p, 0, n) for p, c, n in rows for _ in range(c == 0)]
    split = [row for p, c, n in rows for row in ((p, c // 2, n), (p, c - c // 2, 0))]
    chance.shuffle(split)
    pd.testing.assert_series_equal(credited(split), credited(rows), rtol=1e-9, atol=1e-9)


@given(paths)
@few
def test_other_names_get_the_same_credit(rows):
    named = dict(zip(made.NAMES, ("渠道 z", "direct", "B", "a"), strict=True))
    other = [(tuple(named[name] for name in p), c, n) for p, c, n in rows]
    found = credited(rows).rename(index=named, level=1).sort_index()
    pd.testing.assert_series_equal(credited(other), found, rtol=1e-9, atol=1e-9)


@given(paths)
@few
def test_a_name_on_no_journey_gets_nothing(rows):
    """It is on a path that nobody took: not one conversion, not one journey without."""
    found = credited([*rows, (("nobody",), 0, 0)])
    alone = found.xs("nobody", level="channel")
    assert alone.abs().max() < 1e-9
    rest = found.drop("nobody", level="channel")
    pd.testing.assert_series_equal(rest, credited(rows), rtol=1e-9, atol=1e-9)


@given(paths)
@few
def test_symmetric_weights_are_linear_at_two_touches(rows):
    two = [((p * 2)[:2], c, n) for p, c, n in rows]
    found = credited(two, ["linear", "u_50_50", "u_40_20_40", "position_20_60_20"])
    for model in ("u_50_50", "u_40_20_40", "position_20_60_20"):
        pd.testing.assert_series_equal(found[model], found["linear"])


@given(paths)
@few
def test_repeats_in_a_row_change_nothing_in_markov_of_order_1(rows):
    pd.testing.assert_series_equal(
        credited(rows, ["markov"]), credited(rows, ["markov"], repeats="collapse"), rtol=1e-9
    )


def worked(days, milestones, models, names=None):
    """One conversion on day 100 worth 1000, with a touch on each of `days`, named a, b, c …"""
    letters = names or "abcdefgh"[: len(days)]
    touches = [
        ("x", day * DAY, name, n) for n, (day, name) in enumerate(zip(days, letters, strict=True))
    ]
    moments = tuple(None if m is None else m * DAY for m in milestones)
    found = read((touches, [("x", 100 * DAY, 1000, moments)]), Journey(milestones=("m0", "m1")))
    result = attribution.attribute(found, models)
    return {m: by_name(result, m)[0] for m in result.credits["model"].unique()}


@pytest.mark.parametrize(
    ("days", "milestones", "w", "full_path"),
    [
        # All apart: a is first, b at the lead, c at the opportunity, d last, e between.
        ((1, 10, 20, 30, 40), (11, 21), "30 30 30 5 5", "22.5 22.5 22.5 10 22.5"),
        # The lead is the first touch.
        ((1, 10, 20, 30), (5, 21), "60 5 30 5", "45 10 22.5 22.5"),
        # Lead and opportunity fall on one touch.
        ((1, 10, 20, 30), (12, 15), "30 60 5 5", "22.5 45 10 22.5"),
        # The opportunity is the last touch.
        ((1, 10, 20), (11, 99), "30 30 30 | scaled", "22.5 22.5 45 | scaled"),
        # No lead: its weight goes to the first and the opportunity, the rest stays.
        ((1, 10, 20), (None, 11), "45 45 10", "30 30 30 | scaled"),
        # The lead lies before every touch: as if there were none.
        ((5, 10, 20), (1, 11), "45 45 10", "30 30 30 | scaled"),
        # Neither: the first has all but the rest.
        ((1, 10, 20), (None, None), "90 5 5", "45 10 45"),
        # One touch is all of them.
        ((7,), (8, 9), "100", "100"),
        ((7,), (None, None), "100", "100"),
        # First and both milestones; only the last lies after.
        ((1, 20), (2, 3), "90 10", "75 25 | scaled"),
    ],
)
def test_milestones_worked_by_hand(days, milestones, w, full_path):
    found = worked(days, milestones, ["w", "full_path"])
    for model, said in (("w", w), ("full_path", full_path)):
        weights = [float(part) for part in said.removesuffix(" | scaled").split()]
        expected = np.array(weights) / sum(weights)
        assert list(found[model].values()) != []
        by_letter = [found[model]["abcdefgh"[i]] for i in range(len(days))]
        assert by_letter == pytest.approx(expected.tolist(), abs=1e-12)
        if not said.endswith("scaled"):
            assert sum(weights) == pytest.approx(100)


def test_three_milestones_of_ones_own():
    touches = [
        ("x", day * DAY, name, day) for day, name in ((1, "a"), (10, "b"), (20, "c"), (30, "d"))
    ]
    one, ends = made.frames(touches, [("x", 100 * DAY, 10, (None, None))])
    ends = ends.assign(p=made.at(11 * DAY), q=made.at(21 * DAY), r=made.at(22 * DAY))
    found = attribution.journeys(one, ends, Journey(milestones=("p", "q", "r")))
    model = Milestones("mine", 0.1, (0.2, 0.3, 0.1), 0.2, 0.1)
    conversions, _ = by_name(attribution.attribute(found, model), "mine")
    # First, p at b, q and r both at c, last at d; nothing lies between: their 0.9 are scaled to 1.
    assert conversions == pytest.approx({"a": 1 / 9, "b": 2 / 9, "c": 4 / 9, "d": 2 / 9})


def test_time_decay_halves_with_each_half_life():
    credit = worked((65, 72, 79, 86), (None, None), [TimeDecay(7), "time_decay_14"])
    halves = np.array([1, 2, 4, 8]) / 15
    assert [credit["time_decay_7"][n] for n in "abcd"] == pytest.approx(halves.tolist())
    roots = np.sqrt(2) ** np.arange(4)
    expected = (roots / roots.sum()).tolist()
    assert [credit["time_decay_14"][n] for n in "abcd"] == pytest.approx(expected)


def test_a_short_half_life_long_ago_is_still_told_apart():
    """Both touches lie over 1,000 half-lives before the conversion: 2^-1000 of a float is 0."""
    credit = worked((1, 1.1), (None, None), [TimeDecay(0.05)])["time_decay_0.05"]
    assert credit == pytest.approx({"a": 0.2, "b": 0.8})


def test_weights_of_ones_own():
    recent = Custom("recent", lambda _position, _size, days: (days < 50).cast("int64"))
    middle = Custom("middle", lambda position, size, _days: position * (size + 1 - position))
    never = Custom("never", lambda *_: 0)
    credit = worked((10, 60, 90), (None, None), [recent, middle, never])
    assert credit["recent"] == pytest.approx({"a": 0, "b": 0.5, "c": 0.5})
    assert credit["middle"] == pytest.approx({"a": 0.3, "b": 0.4, "c": 0.3})
    assert credit["never"] == pytest.approx({"a": 1 / 3, "b": 1 / 3, "c": 1 / 3})


def test_position_weights_by_name_and_as_an_object():
    mine = Position(0.5, 0.2, 0.3, "mine")
    credit = worked((1, 2, 3, 4), (None, None), ["position_50_20_30", mine])
    assert credit["mine"] == pytest.approx({"a": 0.5, "b": 0.1, "c": 0.1, "d": 0.3})
    assert credit["position_50_20_30"] == credit["mine"]


def test_every_model_that_has_a_name_gives_credit():
    found = read(
        ([("x", 1, "ads", 1)], [("x", 2, 5, (1, 1))]),
        Journey(direct=("direct",), milestones=("m0", "m1")),
    )
    names = [name for name in NAMED if name != "markov_1"]
    table = attribution.attribute(found, names).wide("conversions")
    assert table.to_numpy().tolist() == [["ads", *[1.0] * len(names)]]
