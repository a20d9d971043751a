"""Standards lead by lead, against the condition language in plain Python."""

from __future__ import annotations

import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbook import conditions, scoring
from playbook.conditions import Comparison, Joined
from playbook.errors import ParameterError

SQL = conditions.parse(
    {
        "all": [
            {"field": f"lead.{name}", "op": "is_true"}
            for name in ("need", "scene", "budget", "will")
        ]
    },
    "sql.when",
)
MQL = conditions.parse(
    {
        "all": [
            {"field": "lead.clarity", "op": "ge", "value": 1},
            {
                "any": [
                    {"field": "person.title", "op": "eq", "value": "vp"},
                    {"field": "lead.budget", "op": "is_true"},
                ]
            },
        ]
    },
    "mql.when",
)


def leads(rows):
    names = ["lead_id", "lead.need", "lead.scene", "lead.budget", "lead.will"]
    return pd.DataFrame(rows, columns=[*names, "lead.clarity", "person.title"])


THREE = leads(
    [
        ("a", True, True, True, True, 2, "vp"),
        ("b", True, True, False, None, 1, "staff"),
        ("c", None, None, None, None, None, None),
    ]
)


def test_an_sql_needs_all_four_and_says_what_is_missing():
    found = scoring.verdicts(THREE, {"sql": SQL}).set_index("lead_id")
    assert found["state"].to_dict() == {"a": "passes", "b": "fails", "c": "unknown"}
    assert found["missing"]["a"] == ""
    assert found["missing"]["b"] == "lead.budget is true; lead.will is true (not known)"


def test_alternatives_are_named_together_and_only_where_none_of_them_passes():
    found = scoring.verdicts(THREE, {"mql": MQL}).set_index("lead_id")["missing"]
    assert found["a"] == ""
    assert found["b"] == "one of: person.title is vp | lead.budget is true"
    assert found["c"] == (
        "lead.clarity is at least 1 (not known); "
        "one of: person.title is vp | lead.budget is true (not known)"
    )


def test_the_long_table_holds_every_condition_of_every_standard_in_the_order_written():
    found = scoring.standards(THREE, {"mql": MQL, "sql": SQL})
    assert found.columns.tolist() == [
        "lead_id", "standard", "place", "condition", "state", "missing", "one_of",
    ]  # fmt: skip
    of_b = found[found["lead_id"] == "b"].reset_index(drop=True)
    assert of_b["standard"].tolist() == ["mql"] * 3 + ["sql"] * 4
    assert of_b["place"].tolist() == [1, 2, 3, 1, 2, 3, 4]
    assert of_b["state"].tolist() == [
        "passes", "fails", "fails", "passes", "passes", "fails", "unknown",
    ]  # fmt: skip
    assert of_b["missing"].tolist() == [False, True, True, False, False, True, True]
    assert of_b["one_of"].tolist() == ["", "all[1].any", "all[1].any", "", "", "", ""]


def test_the_counts_hold_the_whole_first_and_each_condition_after_it():
    found = scoring.pass_counts(THREE, {"sql": SQL})
    assert found["place"].tolist() == [0, 1, 2, 3, 4]
    assert found[["passes", "fails", "unknown"]].to_numpy().tolist() == [
        [1, 1, 1], [2, 0, 1], [2, 0, 1], [1, 1, 1], [1, 0, 2],
    ]  # fmt: skip
    assert found["pass_share"].tolist() == [0.5, 1, 1, 0.5, 1]
    assert (found["n"] == 3).all()


def test_an_ibis_table_is_answered_by_an_ibis_table_with_the_same_rows():
    con = ibis.duckdb.connect()
    table = con.create_table("leads", THREE)
    lazy = scoring.standards(table, {"mql": MQL})
    assert isinstance(lazy, ibis.Table)
    pd.testing.assert_frame_equal(lazy.to_pandas(), scoring.standards(THREE, {"mql": MQL}))


def test_a_field_without_a_column_is_refused_with_the_nearest_name():
    with pytest.raises(ParameterError) as refused:
        scoring.standards(THREE.rename(columns={"lead.will": "lead.wil"}), {"sql": SQL})
    assert "unknown column of leads 'lead.will'; did you mean 'lead.wil'?" in str(refused.value)


def test_no_standard_at_all_is_refused():
    with pytest.raises(ParameterError, match=r"^rules must hold at least one standard"):
        scoring.pass_counts(THREE, {})


# Any condition on any leads, against plain Python

LEAVES = st.one_of(
    st.builds(
        Comparison,
        st.just("l.n"),
        st.sampled_from(["ge", "gt", "le", "lt", "eq", "ne"]),
        st.integers(0, 3),
    ),
    st.builds(
        Comparison,
        st.just("l.s"),
        st.sampled_from(["in", "not_in"]),
        st.lists(st.sampled_from("xyz"), min_size=1, unique=True).map(tuple),
    ),
    st.builds(Comparison, st.just("l.b"), st.sampled_from(["is_true", "is_false"])),
    st.builds(
        Comparison, st.sampled_from(["l.n", "l.s", "l.b"]), st.sampled_from(["filled", "empty"])
    ),
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.builds(
        Joined, st.sampled_from(["all", "any"]), st.lists(inner, min_size=1, max_size=3).map(tuple)
    ),
    max_leaves=6,
)
ROWS = st.lists(
    st.tuples(
        st.none() | st.integers(0, 3),
        st.none() | st.sampled_from(["x", "y", "z", " "]),
        st.none() | st.booleans(),
    ),
    min_size=1,
    max_size=5,
)
PLAIN = {
    "ge": lambda x, v: x >= v,
    "gt": lambda x, v: x > v,
    "le": lambda x, v: x <= v,
    "lt": lambda x, v: x < v,
    "eq": lambda x, v: x == v,
    "ne": lambda x, v: x != v,
    "in": lambda x, v: x in v,
    "not_in": lambda x, v: x not in v,
    "is_true": lambda x, _: x,
    "is_false": lambda x, _: not x,
}


def plainly(condition, row):
    """True, False or None, by Kleene's rules."""
    if isinstance(condition, Joined):
        parts = [plainly(part, row) for part in condition.parts]
        decisive = condition.how == "any"
        return decisive if decisive in parts else None if None in parts else not decisive
    value = row[condition.field]
    if condition.op in {"filled", "empty"}:
        blank = value is None or (isinstance(value, str) and not value.strip())
        return blank == (condition.op == "empty")
    return None if value is None else PLAIN[condition.op](value, condition.value)


def waits(condition, row):
    """For each leaf, whether the standard waits for it."""
    if plainly(condition, row) is True:
        return [False for _ in conditions.leaves(condition)]
    if isinstance(condition, Comparison):
        return [True]
    return [wait for part in condition.parts for wait in waits(part, row)]


STATE = {True: "passes", False: "fails", None: "unknown"}


@given(TREES, ROWS)
def test_whatever_the_condition_and_the_leads_the_states_are_those_of_plain_python(tree, rows):
    table = pd.DataFrame(rows, columns=["l.n", "l.s", "l.b"]).astype({"l.n": "Int64"})
    table.insert(0, "lead_id", [str(i) for i in range(len(rows))])
    plain = [dict(zip(["l.n", "l.s", "l.b"], row, strict=True)) for row in rows]
    found = scoring.standards(table, {"rule": tree})
    leaf_states = [
        STATE[plainly(leaf, row)] for row in plain for _, leaf in conditions.leaves(tree)
    ]
    assert found["state"].tolist() == leaf_states
    assert found["missing"].tolist() == [wait for row in plain for wait in waits(tree, row)]
    whole = scoring.verdicts(table, {"rule": tree})
    assert whole["state"].tolist() == [STATE[plainly(tree, row)] for row in plain]
    assert (whole["missing"].eq("") == whole["state"].eq("passes")).all()
    counts = scoring.pass_counts(table, {"rule": tree}).iloc[0]
    states = np.array(whole["state"])
    assert [counts[s] for s in ("passes", "fails", "unknown")] == [
        (states == s).sum() for s in ("passes", "fails", "unknown")
    ]
