"""Which touches belong to which conversion: against plain Python, whatever the settings."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from playbook import attribution
from playbook.attribution import Journey
from tests.attribution import made, plain

few = settings(max_examples=60, deadline=None)


def read(tables, journey, as_of=None, since=None):
    """The same journeys by the package and by plain Python."""
    spans = {"as_of": made.moment(as_of), "since": made.moment(since)}
    found = attribution.journeys(*made.frames(*tables), journey, **spans)
    return found, plain.journeys(*tables, journey, as_of=as_of, since=since)


@given(made.tables(), made.ways)
@few
def test_paths_are_those_of_the_definition(tables, way):
    found, ways = read(tables, *way)
    expected = Counter(
        (tuple(name for _, name in way.touches), way.state) for way in ways if way.touches
    )
    table = attribution.paths(found)
    counted = Counter()
    for row in table.itertuples(index=False):
        for state, many in zip(
            ("converted", "null", "open"), (row.conversions, row.nulls, row.open), strict=True
        ):
            counted[row.path, state] += many
        assert row.size == len(row.path)
    assert +counted == expected
    assert not table["path"].duplicated().any()


@given(made.tables(), made.ways)
@few
def test_states_count_every_journey_once(tables, way):
    found, ways = read(tables, *way)
    table = attribution.states(found).set_index("state")
    expected = Counter(way.state if way.touches else "unattributed" for way in ways)
    assert table["journeys"].to_dict() == {name: expected[name] for name in table.index}
    won = sum(way.value for way in ways if way.touches)
    left = sum(way.value for way in ways if not way.touches)
    assert table.loc["converted", "value"] == pytest.approx(float(won), abs=1e-9)
    assert table.loc["unattributed", "value"] == pytest.approx(float(left), abs=1e-9)


@given(made.tables(), made.ways)
@few
def test_lengths_days_and_contributions_follow_from_the_paths(tables, way):
    found, ways = read(tables, *way)
    won = [way for way in ways if way.state == "converted" and way.touches]
    sizes = Counter(len(way.touches) for way in won)
    table = attribution.lengths(found)
    assert dict(zip(table["size"], table["conversions"], strict=True)) == dict(sizes)
    table = attribution.days(found, [0.5, 1.0])
    waited = [[way.moment - way.touches[place][0] for way in won] for place in (0, -1)]
    assert table["conversions"].tolist() == [len(won)] * 2
    for minutes, median, longest in zip(waited, table[0.5], table[1.0], strict=True):
        if won:
            assert median == pytest.approx(np.median(minutes) / 1440)
            assert longest == pytest.approx(max(minutes) / 1440)
        else:
            assert np.isnan(median)
    table = attribution.contributions(found).set_index("channel")
    for name, row in table.iterrows():
        first = [way for way in won if way.touches[0][1] == name]
        any_ = [way for way in won if name in [n for _, n in way.touches]]
        assert (row["sourced"], row["influenced"]) == (len(first), len(any_))
        assert row["sourced_value"] == pytest.approx(float(sum(w.value for w in first)))
        assert row["influenced_value"] == pytest.approx(float(sum(w.value for w in any_)))


@given(made.tables(), made.ways)
@few
def test_transitions_are_those_of_the_paths(tables, way):
    found, ways = read(tables, *way)
    for order, nulls, states in (
        (1, "all", {"converted", "null", "open"}),
        (1, "none", {"converted"}),
        (3, "closed", {"converted", "null"}),
    ):
        table = attribution.transitions(found, order, nulls=nulls)
        counted = {(row[0], row[1]): row[2] for row in table.itertuples(index=False)}
        assert counted == plain.steps(ways, order, states)


def test_paths_longer_than_the_words_that_hold_them():
    """15 touches of up to 15 names fit one whole number; four are tried first."""
    many = 200
    touches = [("a", n, made.NAMES[n % 4], n) for n in range(many)]
    found, ways = read((touches, [("a", many, 1.0, (None, None))]), Journey())
    (path,) = attribution.paths(found)["path"]
    assert path == tuple(name for _, name in ways[0].touches)
    assert len(path) == many


def test_a_hundred_names_need_several_words():
    names = [f"name {n:03}" for n in range(100)]
    touches = [("a", n, name, n) for n, name in enumerate(names)]
    found, _ = read((touches, [("a", 200, 1.0, (None, None))]), Journey())
    assert attribution.paths(found)["path"].tolist() == [tuple(names)]
    credit = attribution.attribute(found, "shapley").credits
    assert credit["conversions"].tolist() == pytest.approx([0.01] * 100)


def test_a_path_is_written_with_a_separator_and_read_back():
    tables = ([("a", 1, "ads", 1), ("a", 2, "mail", 2), ("b", 1, "mail", 3)], [("a", 3, 9, (1, 2))])
    found, _ = read(tables, Journey())
    table = attribution.paths(found, separator=" > ")
    assert table["path"].tolist() == ["ads > mail", "mail"]
    again = attribution.from_paths(table, nulls="nulls", value="value")
    pd.testing.assert_frame_equal(attribution.paths(again), attribution.paths(found))
    models = ["first", "linear", "markov", "shapley"]
    pd.testing.assert_frame_equal(
        attribution.attribute(again, models).credits, attribution.attribute(found, models).credits
    )


def test_the_most_frequent_paths():
    table = pd.DataFrame({"path": ["a", "b", "c > a"], "conversions": [1, 3, 2]})
    found = attribution.paths(attribution.from_paths(table), top=2)
    assert found["path"].tolist() == [("b",), ("c", "a")]


@given(made.tables(), made.ways)
@few
def test_by_position_is_the_sum_game_seen_along_the_journey(tables, way):
    found, _ = read(tables, *way)
    table = attribution.by_position(found).groupby("channel")[["conversions", "value"]].sum()
    credit = attribution.attribute(found, "shapley").credits.set_index("channel")
    for name, row in table.iterrows():
        assert row["conversions"] == pytest.approx(credit.loc[name, "conversions"])
        assert row["value"] == pytest.approx(credit.loc[name, "value"], abs=0.011)


def test_what_the_settings_say_in_words():
    found = Journey(
        "campaign", "person_id", lookback_days=30, session_minutes=30, repeats="collapse",
        direct=("direct",), ignore_direct=True, restart=False, reenter=True,
    )  # fmt: skip
    assert str(found) == (
        "campaign by person_id: touches up to the conversion, at most 30 days before it, also of "
        "an earlier conversion; without direct (direct) where there is another touch; repeats "
        "within 30 minutes count once; repeats in a row count once; what follows the last "
        "conversion is a journey too"
    )
