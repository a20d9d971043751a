"""Tables of paths as the packages of R and Python take them: what is accepted, what is refused."""

from __future__ import annotations

from functools import partial

import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playbook import attribution
from playbook.attribution import Custom, Journey, Markov, Shapley, attribute, from_paths
from playbook.errors import ParameterError

few = settings(max_examples=10, deadline=None)
MODELS = (
    "first", "last", "last_non_direct", "linear", "u_50_50", "u_40_20_40", "position_30_20_50",
    "markov", "markov_2", "markov_3", "markov_4", Markov(nulls="none", label="won only"),
    "shapley", "shapley_rate", Custom("late", lambda position, *_: position),
)  # fmt: skip
"""All models that need no times."""
NAMES = ("ads", "mail", "event", "direct", "展会")

of_paths = partial(from_paths, nulls="nulls", value="value", direct=("direct",), repeats="keep")


@st.composite
def tables(draw):
    """Paths with conversions, nulls and what the conversions are worth together, in cents."""
    rows = draw(
        st.lists(
            st.tuples(
                st.lists(st.sampled_from(NAMES), min_size=1, max_size=6),
                st.integers(0, 5),
                st.integers(0, 5),
                st.integers(0, 10_000),
            ),
            min_size=1,
            max_size=8,
        )
    )
    return pd.DataFrame(
        [(" > ".join(path), n, m, n * cents / 100) for path, n, m, cents in rows],
        columns=["path", "conversions", "nulls", "value"],
    )


def credit(table, **more):
    return attribute(of_paths(table, **more), MODELS).credits


def near(found, expected):
    """The same credits to the ninth decimal, money to the cent, whatever the order of equals."""
    keys = ["model", "channel"]
    both = [
        t.sort_values(keys, ignore_index=True).drop(columns="value_share")
        for t in (found, expected)
    ]
    pd.testing.assert_frame_equal(
        both[0].drop(columns="value"), both[1].drop(columns="value"), rtol=0, atol=1e-9
    )
    pd.testing.assert_series_equal(both[0]["value"], both[1]["value"], rtol=0, atol=0.0101)


# What is accepted.

TABLE = pd.DataFrame(
    {
        "path": ["ads > mail > ads", "mail", "event > mail"],
        "total_conversions": [3, 1, 0],
        "total_conversion_value": [60.0, 10.0, 0.0],
        "total_null": [5, 0, 2],
    }
)
"""The columns of R's ChannelAttribution, which Python's of that name takes too."""

read = partial(
    from_paths,
    conversions="total_conversions",
    value="total_conversion_value",
    nulls="total_null",
)


def test_the_table_of_the_packages_is_taken_as_it_is():
    found = attribution.paths(read(TABLE))
    assert found.to_dict("list") == {
        "path": [("ads", "mail", "ads"), ("mail",), ("event", "mail")],
        "size": [3, 1, 2],
        "conversions": [3, 1, 0],
        "nulls": [5, 0, 2],
        "open": [0, 0, 0],
        "value": [60.0, 10.0, 0.0],
    }
    result = attribute(read(TABLE), ["first", "linear"])
    assert result.wide("value").to_dict("list") == {
        "channel": ["ads", "mail", "event"],
        "first": [60.0, 10.0, 0.0],
        "linear": [40.0, 30.0, 0.0],
    }
    assert result.totals["conversions"].tolist() == [4, 0, 4]
    assert str(result) == (
        "first, linear: channel in a table of paths: 29 touches; 4 conversions; 10 of the touches "
        "belong to the 4 journeys that converted; 0 of 4 conversions have no touch and are "
        "unattributed."
    )


@pytest.mark.parametrize(
    ("paths", "separator"),
    [
        (["ads>mail>ads", "mail", "event>mail"], " > "),
        (["  ads > mail  >ads ", " mail", "event  > mail"], ">"),
        (["ads|mail|ads", "mail", "event|mail"], "|"),
        (["ads -> mail -> ads", "mail", "event -> mail"], " -> "),
        (["ads, mail, ads", "mail", "event, mail"], ","),
        (["ads mail ads", "mail", "event mail"], " "),
    ],
)
def test_other_separators_and_blanks_around_names(paths, separator):
    found = attribution.paths(read(TABLE.assign(path=paths), separator=separator))
    pd.testing.assert_frame_equal(found, attribution.paths(read(TABLE)))


def test_other_kinds_of_numbers_are_the_same_numbers():
    expected = attribute(read(TABLE), ["linear", "markov", "shapley_rate"]).credits
    columns = TABLE.columns[1:]
    for kinds in ("float64", "Int64", "object", "str", "int32[pyarrow]"):
        table = TABLE.astype(dict.fromkeys(columns, kinds))
        found = attribute(read(table), ["linear", "markov", "shapley_rate"]).credits
        pd.testing.assert_frame_equal(found, expected)


def test_a_table_of_an_engine_is_taken_too():
    con = ibis.duckdb.connect()
    table = con.create_table("paths", ibis.memtable(TABLE))
    pd.testing.assert_frame_equal(
        attribute(read(table), ["linear", "markov"]).credits,
        attribute(read(TABLE), ["linear", "markov"]).credits,
    )


def test_conversions_alone_have_no_value_and_no_nulls():
    alone = from_paths(TABLE, conversions="total_conversions")
    assert attribution.paths(alone)["nulls"].tolist() == [0, 0]
    assert attribute(alone, "linear").credits["value"].isna().all()
    assert attribution.states(alone)["journeys"].tolist() == [4, 0, 0, 0]


def test_an_empty_value_is_none():
    table = TABLE.assign(total_conversion_value=[60.0, None, None])
    assert attribute(read(table), "last").totals["value"].tolist() == [60.0, 0.0, 60.0]


def test_the_names_may_be_of_another_kind():
    found = read(TABLE, by="campaign")
    assert attribute(found, "first").credits.columns[1] == "campaign"
    assert attribution.removal_effects(found).columns[0] == "campaign"


def test_a_channel_that_is_on_no_path_that_converted_gets_nothing():
    """By Markov it may get some: its journey went on to a channel that converts."""
    models = ["first", "linear", "shapley", Markov(nulls="none", label="won"), "markov"]
    found = attribute(read(TABLE), models).wide().set_index("channel").loc["event"].tolist()
    assert found[:4] == [0.0] * 4
    assert found[4] > 0


# What is refused.

WRONG = {
    "an empty path": (
        TABLE.assign(path=["ads", "", "mail"]),
        "row 2 of paths has an empty path; leave it out, or name where it came from.",
    ),
    "paths that are missing or blank": (
        TABLE.assign(path=[None, "ads", "  "]),
        "rows 1, 3 of paths have an empty path; leave it out, or name where it came from.",
    ),
    "a lone separator": (
        TABLE.assign(path=["ads", " > ", "mail"]),
        "row 2 of paths has a path of the separator '>' alone; leave it out.",
    ),
    "several separators alone": (
        TABLE.assign(path=["ads", "> >", ">"]),
        "rows 2, 3 of paths have a path of the separator '>' alone; leave it out.",
    ),
    "a name missing between separators": (
        TABLE.assign(path=["ads > > mail", "ads", "mail"]),
        (
            "row 1 of paths has a name missing between separators '>', such as 'ads > > mail'; if "
            "a name holds '>', use another separator."
        ),
    ),
    "a separator at an end": (
        TABLE.assign(path=["ads", "> ads", "mail >"]),
        (
            "rows 2, 3 of paths have a name missing between separators '>', such as '> ads'; if a "
            "name holds '>', use another separator."
        ),
    ),
    "a channel whose name holds the separator": (
        TABLE.assign(path=["ads > >> mail", "ads", "mail"]),
        (
            "row 1 of paths has a name missing between separators '>', such as 'ads > >> mail'; if "
            "a name holds '>', use another separator."
        ),
    ),
    "a name that tables use": (
        TABLE.assign(path=["(start) > ads > (conversion)", "(null)", "unattributed"]),
        "channel '(conversion)' is what our tables call something else; rename it.",
        "channel '(null)' is what our tables call something else; rename it.",
        "channel '(start)' is what our tables call something else; rename it.",
        "channel 'unattributed' is what our tables call something else; rename it.",
    ),
    "conversions below zero": (
        TABLE.assign(total_conversions=[3, -1, 0]),
        (
            "row 2 of paths has less than 0 in total_conversions: -1; total_conversions must be "
            "whole numbers of 0 or more."
        ),
    ),
    "conversions that are no number": (
        TABLE.assign(total_conversions=["3", "many", None]),
        (
            "rows 2, 3 of paths have no number in total_conversions: 'many', empty; "
            "total_conversions must be whole numbers of 0 or more."
        ),
    ),
    "a part of a conversion": (
        TABLE.assign(total_conversions=[3, 0.5, 0]),
        (
            "row 2 of paths has a fraction in total_conversions: 0.5; total_conversions must be "
            "whole numbers of 0 or more."
        ),
    ),
    "conversions without end": (
        TABLE.assign(total_conversions=[3, float("inf"), 0]),
        (
            "row 2 of paths has no number in total_conversions: inf; total_conversions must be "
            "whole numbers of 0 or more."
        ),
    ),
    "nulls below zero": (
        TABLE.assign(total_null=[5, 0, -2]),
        (
            "row 3 of paths has less than 0 in total_null: -2; total_null must be whole numbers of "
            "0 or more."
        ),
    ),
    "a value below zero": (
        TABLE.assign(total_conversion_value=[-60.5, 10, 0]),
        (
            "row 1 of paths has less than 0 in total_conversion_value: -60.5; "
            "total_conversion_value must be 0 or more."
        ),
    ),
    "a value without conversions": (
        TABLE.assign(total_conversion_value=[60, 10, 5]),
        (
            "row 3 of paths has total_conversion_value but no total_conversions; value is what the "
            "conversions of the row are worth together."
        ),
    ),
    "several things at once": (
        TABLE.assign(path=["ads > ", "", ">"], total_conversions=[-1, 1, 1], total_null="x"),
        "row 2 of paths has an empty path; leave it out, or name where it came from.",
        "row 3 of paths has a path of the separator '>' alone; leave it out.",
        (
            "row 1 of paths has a name missing between separators '>', such as 'ads > '; if a name "
            "holds '>', use another separator."
        ),
        (
            "row 1 of paths has less than 0 in total_conversions: -1; total_conversions must be "
            "whole numbers of 0 or more."
        ),
        (
            "rows 1, 2, 3 of paths have no number in total_null: 'x', 'x', 'x'; total_null must be "
            "whole numbers of 0 or more."
        ),
    ),
}


def refused(call, *sentences):
    """The whole message is these sentences, one to a line."""
    with pytest.raises(ParameterError) as error:
        call()
    assert str(error.value).split("\n") == list(sentences)


@pytest.mark.parametrize("name", WRONG)
def test_tables_that_are_no_paths(name):
    table, *said = WRONG[name]
    refused(lambda: read(table), *said)


def test_three_rows_are_named_of_many():
    table = pd.DataFrame({"path": [""] * 9, "conversions": 1})
    refused(
        lambda: from_paths(table),
        "rows 1, 2, 3 … of paths have an empty path; leave it out, or name where it came from.",
    )


def test_rows_are_counted_from_1_whatever_the_index():
    refused(
        lambda: read(TABLE.assign(total_conversions=[3, 1, -4]).set_index(pd.Index([7, 7, 9]))),
        "row 3 of paths has less than 0 in total_conversions: -4; total_conversions must be whole "
        "numbers of 0 or more.",
    )


def test_columns_that_are_not_there():
    refused(
        lambda: from_paths(TABLE, path="paths", nulls="nulls"),
        "unknown column of paths 'paths'; did you mean 'path'? Allowed: path, total_conversions, "
        "total_conversion_value, total_null",
        "unknown column of paths 'conversions'; did you mean 'total_conversions'? Allowed: path, "
        "total_conversions, total_conversion_value, total_null",
        "unknown column of paths 'nulls'. Allowed: path, total_conversions, "
        "total_conversion_value, total_null",
    )


def test_a_separator_that_is_none():
    refused(lambda: read(TABLE, separator=""), "separator must hold a character, not ''.")


def test_what_a_table_of_paths_cannot_say():
    found = read(TABLE)
    refused(
        lambda: attribute(found, ["time_decay", "w", "last_non_direct"]),
        "time_decay needs times, which a path table has not.",
        "w needs 2 milestones; the journey names none. Name columns of conversions, such as "
        "('lead_at', 'opportunity_at').",
        "last_non_direct needs the names in direct of the journey, such as ('direct',).",
    )
    refused(
        lambda: attribution.days(found),
        "days need times, which a path table has not; give touches.",
    )
    refused(
        lambda: attribution.credit_rows(found, "first"),
        "a path table has no single conversions; give touches.",
    )


# What changes nothing.


@given(tables(), st.integers(0, 2**32 - 1))
@few
def test_splitting_rows_in_two_and_shuffling_them_change_nothing(table, seed):
    rng = np.random.default_rng(seed)
    rows = []
    for path, n, m, value in table.itertuples(index=False):
        first, other = rng.integers(0, n + 1), rng.integers(0, m + 1)
        part = round(value * first / n, 2) if n else 0.0
        rows += [(path, first, other, part), (path, n - first, m - other, value - part)]
    order = rng.permutation(len(rows))
    split = pd.DataFrame([rows[i] for i in order], columns=table.columns)
    near(credit(split), credit(table))
    found, expected = (attribution.paths(of_paths(t)) for t in (split, table))
    keys = found.columns.difference(["value"])
    assert (expected["conversions"] + expected["nulls"] > 0).all()
    order = ["conversions", "nulls", "path"]
    both = [t.sort_values(order, ignore_index=True) for t in (found, expected)]
    pd.testing.assert_frame_equal(both[0][keys], both[1][keys])
    np.testing.assert_allclose(both[0]["value"], both[1]["value"], rtol=0, atol=0.0101)


@given(tables(), st.permutations(NAMES))
@few
def test_renaming_channels_renames_their_credit(table, names):
    other = dict(zip(NAMES, [f"新 {name}" for name in names], strict=True))
    paths = [" > ".join(other[name] for name in path.split(" > ")) for path in table["path"]]
    found = credit(table.assign(path=paths), direct=(other["direct"],))
    expected = credit(table)
    near(found, expected.assign(channel=expected["channel"].map(other)))


@given(tables(), st.booleans(), st.booleans())
@few
def test_the_same_journeys_given_as_touches(table, collapse, ignore):
    """Every journey of the table as an account of its own."""
    repeats = "collapse" if collapse else "keep"
    touches, won = [], []
    at = pd.Timestamp("2026-01-01")
    for row, (path, n, m, value) in enumerate(table.itertuples(index=False)):
        for number in range(n + m):
            who = f"{row:02} {number:02}"
            times = [at + pd.Timedelta(days=place) for place in range(len(path.split(" > ")))]
            touches += [(who, *touch) for touch in zip(times, path.split(" > "), strict=True)]
            if number < n:
                won.append((who, times[-1] + pd.Timedelta(hours=1), value / n))
    one = pd.DataFrame(touches, columns=["account_id", "touched_at", "channel"])
    one = one.astype({"account_id": "str", "touched_at": "datetime64[us]", "channel": "str"})
    other = pd.DataFrame(won, columns=["account_id", "converted_at", "value"])
    other = other.astype(
        {"account_id": "str", "converted_at": "datetime64[us]", "value": "float64"}
    )
    chosen = {"direct": ("direct",), "repeats": repeats, "ignore_direct": ignore}
    found = of_paths(table, **chosen)
    expected = attribution.journeys(one, other, Journey(**chosen))
    names = found.facts.names
    one, other = (attribute(journeys, MODELS).credits for journeys in (found, expected))
    near(one[one["channel"].isin(expected.facts.names)], other)
    assert set(expected.facts.names) <= set(names)
    columns = ["path", "size", "conversions", "nulls", "open"]
    both = [attribution.paths(j).sort_values("path", ignore_index=True) for j in (found, expected)]
    pd.testing.assert_frame_equal(both[0][columns], both[1][columns])
    np.testing.assert_allclose(both[0]["value"], both[1]["value"], rtol=0, atol=0.0101)


def test_every_name_is_on_the_table_even_where_its_journeys_are_none():
    table = pd.DataFrame({"path": ["ads", "mail"], "conversions": [2, 0], "nulls": [0, 0]})
    found = attribute(
        from_paths(table, nulls="nulls"), ["first", "markov", "shapley", "shapley_rate"]
    )
    assert found.wide().set_index("channel").loc["mail"].tolist() == [0.0] * 4


def test_the_exact_game_of_a_table_of_many_channels():
    many = pd.DataFrame({"path": [f"channel {n}" for n in range(40)], "conversions": 1})
    refused(
        lambda: attribute(from_paths(many), Shapley("rate", exact=True)),
        "shapley_rate: 40 names of channel are too many for the exact game, which takes 20; group "
        "them, or leave exact out to sample orders, with their error.",
    )
