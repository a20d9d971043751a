"""The result: its tables and words, the rows behind it, its intervals, and what it refuses."""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from playbook import attribution
from playbook.attribution import Custom, Journey, Markov, Shapley
from playbook.attribution.result import to_the_cent
from playbook.errors import ParameterError
from tests.attribution import made, plain

few = settings(max_examples=40, deadline=None)
ROWS = ("first", "last_non_direct", "linear", "w", "time_decay", "shapley")

TOUCHES = [
    ("a", 10, "ads", 1),
    ("a", 20, "mail", 2),
    ("a", 30, "ads", 3),
    ("b", 10, "mail", 4),
    ("c", 15, "event", 5),
]
ENDS = [("a", 40, 100.01, (15, 25)), ("b", 11, 50.0, (None, None)), ("d", 50, 7.5, (None, None))]


def journeys(journey=None, touches=TOUCHES, ends=ENDS, **spans):
    return attribution.journeys(*made.frames(touches, ends), journey or Journey(), **spans)


def test_the_tables_of_a_result():
    result = attribution.attribute(journeys(), ["first", "linear"])
    rows = [
        ["first", "ads", 1, 100.01, 1 / 3, 100.01 / 157.51],
        ["first", "mail", 1, 50.0, 1 / 3, 50 / 157.51],
        ["first", "event", 0, 0.0, 0.0, 0.0],
        ["first", "unattributed", 1, 7.5, 1 / 3, 7.5 / 157.51],
        ["linear", "mail", 4 / 3, 83.34, 4 / 9, 83.34 / 157.51],
        ["linear", "ads", 2 / 3, 66.67, 2 / 9, 66.67 / 157.51],
        ["linear", "event", 0, 0.0, 0.0, 0.0],
        ["linear", "unattributed", 1, 7.5, 1 / 3, 7.5 / 157.51],
    ]
    columns = ["model", "channel", "conversions", "value", "share", "value_share"]
    pd.testing.assert_frame_equal(
        result.credits, pd.DataFrame(rows, columns=columns), check_dtype=False
    )
    assert result.totals.to_numpy().tolist() == [
        ["attributed", 2, 150.01],
        ["unattributed", 1, 7.5],
        ["all", 3, 157.51],
    ]
    assert result.wide("value").to_numpy().tolist() == [
        ["ads", 100.01, 66.67],
        ["mail", 50.0, 83.34],
        ["event", 0.0, 0.0],
        ["unattributed", 7.5, 7.5],
    ]
    assert (result.touches, result.journeys) == (4, 2)
    assert result.journey == Journey()
    assert result.as_of is None


def test_a_result_says_what_was_asked_of_what():
    result = attribution.attribute(journeys(as_of=made.moment(45)), ["first", "markov"])
    assert str(result) == (
        "first, markov: channel by account_id: touches up to the conversion, after the conversion "
        "before; as of 2026-01-01 00:45 UTC; 5 touches, 2 conversions; 4 of the touches belong to "
        "the 2 journeys that converted; 0 of 2 conversions have no touch and are unattributed."
    )
    table = pd.DataFrame({"path": ["a > a > b"], "conversions": [2]})
    found = attribution.from_paths(table, repeats="collapse", direct=("a",), ignore_direct=True)
    assert str(attribution.attribute(found, "last")) == (
        "last: channel in a table of paths: 6 touches; repeats in a row count once; without a; 2 "
        "conversions; 2 of the touches belong to the 2 journeys that converted; 0 of 2 conversions "
        "have no touch and are unattributed."
    )


def test_conversions_without_value_have_none_in_any_table():
    found = journeys(Journey(value=None))
    result = attribution.attribute(found, ["linear", "markov", "shapley"], draws=50)
    values = [name for name in result.credits if name.startswith("value")]
    assert values == ["value", "value_share", "value_low", "value_high", "value_share_low",
                      "value_share_high"]  # fmt: skip
    assert result.credits[values].isna().all(axis=None)
    assert result.totals["value"].isna().all()
    for table in (
        attribution.states(found), attribution.lengths(found), attribution.contributions(found),
        attribution.paths(found), attribution.credit_rows(found, "first"),
        attribution.by_position(found),
    ):  # fmt: skip
        values = [name for name in table if name.endswith("value")]
        assert values
        assert table[values].isna().all(axis=None)


def test_an_empty_value_is_a_conversion_worth_nothing_known():
    ends = [("a", 40, None, (None, None)), ("b", 11, 50.0, (None, None))]
    found = journeys(ends=ends)
    assert found.facts.without_value == 1
    table = attribution.attribute(found, "last").wide("conversions")
    assert table.to_numpy().tolist() == [["mail", 1.0], ["ads", 1.0], ["event", 0.0]]


def test_decimals_stay_exact():
    """In floats 0.1 ten times is not 1, and 2^53 + 1 is 2^53."""
    touches, ends = made.frames(
        [(name, 1, "ads", n) for n, name in enumerate("abcdefghij")],
        [(name, 2, 0, (None, None)) for name in "abcdefghij"],
    )
    ends["value"] = [Decimal("0.10")] * 9 + [Decimal("70000000000.11")]
    found = attribution.attribute(attribution.journeys(touches, ends), "linear")
    assert found.totals["value"].tolist() == [70000000001.01, 0.0, 70000000001.01]


@pytest.mark.parametrize(
    ("parts", "total", "expected"),
    [
        ([1 / 3, 1 / 3, 1 / 3], 1.0, [0.34, 0.33, 0.33]),
        ([0.005, 0.005], 0.01, [0.01, 0.0]),
        ([0.29, 0.01], 0.30, [0.29, 0.01]),
        ([-2.5, 10.0], 7.5, [-2.5, 10.0]),
        ([-0.125, 0.375], 0.25, [-0.12, 0.37]),
        ([], 0.0, []),
        ([0.0, 0.0], 0.0, [0.0, 0.0]),
    ],
)
def test_cents_left_over_go_to_who_lost_most(parts, total, expected):
    assert to_the_cent(np.array(parts), total).tolist() == expected


@given(made.tables(), made.ways)
@few
def test_the_rows_behind_a_credit_add_up_to_it(tables, way):
    journey = replace(way[0], conversion="conversion_id", direct=way[0].direct or ("direct",))
    found = journeys(journey, *tables, as_of=made.moment(way[1]), since=made.moment(way[2]))
    rows = attribution.credit_rows(found, ROWS)
    credit = attribution.attribute(found, ROWS).credits.set_index(["model", "channel"])
    summed = rows.groupby(["model", "channel"])[["credit", "value"]].sum()
    for key, row in credit.iterrows():
        behind = summed.loc[key] if key in summed.index else {"credit": 0, "value": 0}
        assert behind["credit"] == pytest.approx(row["conversions"], abs=1e-9)
        assert abs(behind["value"] - row["value"]) < 0.01 + 1e-5
    ways = plain.journeys(*tables, journey, way[1], way[2])
    won = {w.conversion: float(w.value) for w in ways if w.state == "converted"}
    for model in ROWS:
        own = rows[rows["model"] == model].groupby("conversion_id")
        assert own["credit"].sum().to_dict() == pytest.approx(dict.fromkeys(won, 1.0))
        assert own["value"].sum().to_dict() == pytest.approx(won, abs=1e-5)


def test_the_rows_behind_a_credit():
    found = journeys(Journey(conversion="conversion_id"))
    rows = attribution.credit_rows(found, ["linear"])
    assert rows.drop(columns=["model", "converted_at"]).to_numpy().tolist() == [
        [1, "b", "mail", 1, 1.0, 50.0],
        [0, "a", "ads", 2, pytest.approx(2 / 3), pytest.approx(66.673333)],
        [0, "a", "mail", 1, pytest.approx(1 / 3), pytest.approx(33.336667)],
        [2, "d", "unattributed", 0, 1.0, 7.5],
    ]
    assert rows["converted_at"].tolist() == [made.at(m) for m in (11, 40, 40, 50)]


def test_intervals_lie_around_the_credit_and_repeat_with_their_seed():
    rng = np.random.default_rng(5)
    touches = [
        (f"e{rng.integers(60)}", int(rng.integers(1000)), str(rng.choice(made.NAMES)), n)
        for n in range(240)
    ]
    ends = [(f"e{n}", 990, float(n), (400, 700)) for n in range(40)]
    found = journeys(Journey(direct=("direct",), milestones=("m0", "m1")), touches, ends)
    models = ["first", "w", "time_decay", "markov", "shapley", "shapley_rate"]
    result = attribution.attribute(found, models, draws=200, seed=3)
    table = result.credits
    for name in ("conversions", "value", "share", "value_share"):
        assert (table[f"{name}_low"] <= table[name] + 1e-9).all()
        assert (table[f"{name}_high"] >= table[name] - 1e-9).all()
    again = attribution.attribute(
        journeys(found.journey, touches[::-1], ends), models, draws=200, seed=3
    )
    pd.testing.assert_frame_equal(again.credits, table)
    other = attribution.attribute(found, models, draws=200, seed=4).credits
    assert not np.allclose(other["value_low"], table["value_low"])
    narrow = attribution.attribute(found, models, draws=200, seed=3, confidence=0.5).credits
    width = table["value_high"] - table["value_low"]
    assert (narrow["value_high"] - narrow["value_low"] <= width + 1e-9).all()
    assert result.agreement()["channel"].isin(made.NAMES).all()
    assert len(result.agreement("value")) == 4


def test_a_sampled_game_states_its_error():
    names = [f"name {n:02}" for n in range(22)]
    touches = [(f"e{n}", 1, names[n % 22], n) for n in range(88)]
    touches += [(f"e{n}", 2, names[(n * 7 + 1) % 22], 100 + n) for n in range(88)]
    ends = [(f"e{n}", 5, 10.0, (None, None)) for n in range(0, 88, 3)]
    found = journeys(None, touches, ends)
    table = attribution.attribute(found, ["linear", "shapley_rate"]).credits
    sampled = table["model"] == "shapley_rate"
    assert (table.loc[sampled, "conversions_error"] > 0).all()
    assert table.loc[~sampled, ["conversions_error", "value_error"]].isna().all(axis=None)
    assert math.fsum(table.loc[sampled, "conversions"]) == pytest.approx(len(ends))
    exact = Shapley("rate", exact=True)
    with pytest.raises(ParameterError) as error:
        attribution.attribute(found, [exact])
    assert str(error.value) == (
        "shapley_rate: 22 names of channel are too many for the exact game, which takes 20; group "
        "them, or leave exact out to sample orders, with their error."
    )


def test_nulls_are_counted_as_asked():
    """a converts; b is over; c may still convert at minute 20,000, nine days after its touch."""
    day = made.DAY
    touches = [("a", 0, "ads", 1), ("b", 0, "ads", 2), ("c", 5 * day, "mail", 3)]
    ends = [("a", 1, 10.0, (None, None))]
    span = {"as_of": made.moment(14 * day)}
    found = journeys(Journey(lookback_days=10), touches, ends, **span)
    assert attribution.states(found)["journeys"].tolist() == [1, 1, 1, 0]
    for nulls, starts in (
        ("closed", {"ads": 2}),
        ("all", {"ads": 2, "mail": 1}),
        ("none", {"ads": 1}),
    ):
        table = attribution.transitions(found, nulls=nulls)
        begun = table[table["from"] == "(start)"]
        assert dict(zip(begun["to"], begun["n"], strict=True)) == starts
    models = [Markov(nulls="all", label="all"), Markov(nulls="none", label="none")]
    wide = attribution.attribute(found, models).wide()
    assert wide.to_numpy().tolist() == [["ads", 1.0, 1.0], ["mail", 0.0, 0.0]]


def test_the_chain_worked_by_hand():
    table = pd.DataFrame({"path": ["C1 > C2 > C3", "C1", "C2 > C3"]})
    table["conversions"], table["nulls"] = [1, 0, 0], [0, 1, 1]
    effects = attribution.removal_effects(attribution.from_paths(table, nulls="nulls"))
    assert effects["channel"].tolist() == ["C2", "C3", "C1"]
    assert effects["removal_effect"].tolist() == pytest.approx([1, 1, 0.5])
    assert effects["share"].tolist() == pytest.approx([0.4, 0.4, 0.2])


def test_everything_wrong_with_the_models_is_said_at_once():
    found = journeys()
    with pytest.raises(ParameterError) as error:
        attribution.attribute(found, ["last_non_direct", "w", "full_path"])
    assert str(error.value) == (
        "last_non_direct needs the names in direct of the journey, such as ('direct',).\n"
        "w needs 2 milestones; the journey names none. Name columns of conversions, such as "
        "('lead_at', 'opportunity_at').\n"
        "full_path needs 2 milestones; the journey names none. Name columns of conversions, such "
        "as ('lead_at', 'opportunity_at')."
    )
    with pytest.raises(ParameterError) as error:
        attribution.credit_rows(found, ["markov", "shapley_rate", "linear"])
    assert str(error.value) == (
        "markov credits all journeys together, not single conversions; ask attribute for it.\n"
        "shapley_rate credits all journeys together, not single conversions; ask attribute for it."
    )
    of_paths = attribution.from_paths(pd.DataFrame({"path": ["a"], "conversions": [1]}))
    with pytest.raises(ParameterError) as error:
        attribution.attribute(of_paths, ["time_decay_30", "w"])
    assert str(error.value).startswith("time_decay_30 needs times, which a path table has not.\n")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda f: attribution.attribute(f, "last").agreement(),
            "agreement needs intervals; call attribute with draws=1000.",
        ),
        (
            lambda f: attribution.attribute(f, "last").wide("values"),
            (
                "unknown what 'values'; did you mean 'value'? Allowed: conversions, value, share, "
                "value_share"
            ),
        ),
        (
            lambda f: attribution.attribute(f, "last", draws=10),
            "draws: 10; an interval at 0.95 takes 40 or more, better 1000",
        ),
        (
            lambda f: attribution.paths(f, top=0),
            "top must be 1 or more, or None for all paths, not 0.",
        ),
        (
            lambda f: attribution.paths(f, separator="ai"),
            (
                "channel 'mail' holds the separator 'ai': paths could not be read back. Use "
                "another separator, or None for tuples of names."
            ),
        ),
        (
            lambda f: attribution.attribute(f, Custom("mine", lambda p, *_: p - 2)),
            "mine: weights must be 0 or more, not -1. A touch cannot owe credit.",
        ),
        (
            lambda f: attribution.transitions(f, 9),
            "order of markov must be 1, 2, 3 or 4, not 9.",
        ),
    ],
)
def test_what_is_refused(call, message):
    with pytest.raises(ParameterError) as error:
        call(journeys())
    assert str(error.value) == message
