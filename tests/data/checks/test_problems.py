"""The table of problems, and the clean tables beside it."""

from __future__ import annotations

import copy

import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playbook.data import checks, schema
from playbook.data.checks.problems import visible
from playbook.data.problems import Problem
from playbook.data.sources import SourceFile


def leads(count, **change):
    return [{"lead_id": f"L{i}", "created_at": "2026-02-01", **change} for i in range(count)]


def test_examples_are_capped_and_counts_are_not(check):
    outcome = check({"lead": leads(50, status="?!")})
    problems = outcome.code("unknown-value")
    assert problems["row"].tolist() == list(range(2, 22))
    assert problems["count"].unique().tolist() == [50]
    counts = outcome.checked.counts
    assert counts[counts["code"] == "unknown-value"]["count"].tolist() == [50]


def test_each_file_and_sheet_has_its_own_examples(check):
    rows = [row | {"_file": i % 3, "_row": i} for i, row in enumerate(leads(90, status="?!"))]
    files = [
        SourceFile(0, "a.csv", "", ("lead",), 30, "text"),
        SourceFile(1, "b.xlsx", "one", ("lead",), 30, "excel"),
        SourceFile(2, "b.xlsx", "two", ("lead",), 30, "excel"),
    ]
    outcome = check({"lead": rows}, files=files)
    problems = outcome.code("unknown-value")
    assert problems.groupby(["file", "sheet"]).size().to_dict() == {
        ("a.csv", ""): 20, ("b.xlsx", "one"): 20, ("b.xlsx", "two"): 20,
    }  # fmt: skip
    counts = outcome.checked.counts
    found = counts[counts["code"] == "unknown-value"][["file", "count"]]
    assert found.values.tolist() == [["a.csv", 30], ["b.xlsx", 60]]


def test_the_most_severe_come_first_then_tables_in_the_order_of_the_dictionary(check, good):
    good["lead"].append({**good["lead"][0], "lead_id": ""})
    good["account"][0]["account_name"] = "=1+1"
    good["spend"][0]["amount"] = "0"
    good["lead"][0]["need_clarity"] = "9"
    found = check(good).checked.problems
    assert list(zip(found["severity"], found["table"], strict=True)) == [
        ("aside", "lead"), ("flag", "lead"), ("flag", "spend"), ("note", "account"),
    ]  # fmt: skip


def test_problems_of_reading_are_in_the_same_table(check, good):
    read = Problem("flag", "ragged", "lead", "lead.csv", "", 9, "", "", "too few cells", "fix", 3)
    outcome = check(good, problems=[read])
    assert outcome.codes == [("flag", "ragged", "lead", "", 3)]
    assert outcome.checked.problems["row"].tolist() == [9]


def test_no_problems_are_an_empty_table_of_the_same_shape():
    frame = checks.to_frame([])
    assert list(frame.columns) == list(Problem._fields)
    assert checks.counts([]).columns.tolist() == [
        "severity", "code", "table", "column", "file", "count", "message", "remedy",
    ]  # fmt: skip


def test_a_value_is_one_short_line():
    assert visible("a\nb\tc\x00") == "a\\nb\\tc\\x00"
    assert visible("x" * 100) == "x" * 79 + "…"
    assert visible(None) == ""


def test_every_declared_table_is_there_with_every_column_in_its_type(check, good):
    outcome = check(good)
    for name, table in schema.TABLES.items():
        found = outcome.rows(f'DESCRIBE clean."{name}"')
        declared = [(c.name, c.duckdb_type) for c in (*table.columns, *schema.COMMON)]
        if name in {"account", "person"}:
            declared.append(("merged_into_id", "VARCHAR"))
        declared += [("_file", "INTEGER"), ("_row", "BIGINT"), ("row_hash", "UBIGINT")]
        assert [(n, kind) for n, kind, *_ in found] == declared


def test_rows_keep_their_file_and_number(check, good):
    outcome = check(good)
    assert outcome.rows("SELECT _file, _row FROM clean.person") == [(1, 2), (1, 3)]


def test_the_hash_of_a_row_is_that_of_its_content(check, good):
    """Wherever the row stands, and however its values are written."""
    first = check(good).rows("SELECT lead_id, row_hash FROM clean.lead ORDER BY 1")
    moved = copy.deepcopy(good)
    moved["lead"].reverse()
    moved["lead"][1]["created_at"] = "2026年2月1日 10:00"
    again = check(moved).rows("SELECT lead_id, row_hash FROM clean.lead ORDER BY 1")
    assert first == again
    good["lead"][0]["pain_point"] = "other"
    changed = check(good).rows("SELECT lead_id, row_hash FROM clean.lead ORDER BY 1")
    assert changed[0] != first[0]
    assert changed[1] == first[1]


def test_supplied_names_the_columns_that_hold_anything(check, good):
    supplied = check(good).checked.supplied
    assert supplied["spend"] == {"spend_id", "spend_date", "amount", "campaign_id", "cost_type"}
    assert "touch" in supplied
    assert "mention" not in supplied


def test_the_same_input_gives_the_same_output(check, good):
    def dump():
        outcome = check(good)
        tables = [outcome.rows(f'SELECT * FROM clean."{name}"') for name in schema.TABLES]
        return tables, outcome.checked.problems.to_csv(), outcome.checked.merges.to_csv()

    good["lead"][0] |= {"status": "?", "channel_id": "c9"}
    assert dump() == dump()


def test_a_second_run_on_the_same_connection_replaces_the_first(check, good):
    check(good)
    del good["touch"]
    assert check(good).rows("SELECT count(*) FROM clean.touch") == [(0,)]


words = st.sampled_from(["new", "?!", "", "跟进中"])
days = st.sampled_from(["2026-02-01", "2026/2/3", "soon", "20260204"])
channels = st.sampled_from(["c1", "c9", ""])


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rows=st.lists(st.tuples(words, days, channels), min_size=1, max_size=12),
    order=st.randoms(use_true_random=False),
)
def test_the_order_of_rows_changes_nothing_but_their_numbers(check, rows, order):
    """Rows are the same, and so are problems without their row."""
    base = {"lead_id": "L", "created_at": "2026-02-01", "status": "new", "channel_id": "c1"}
    given_rows = [
        base,
        *(
            {"lead_id": f"L{i}", "created_at": d, "status": s, "channel_id": c}
            for i, (s, d, c) in enumerate(rows)
        ),
    ]
    channel = [{"channel_id": "c1", "channel_name": "百度", "channel_group": "sem"}]

    def outcome(listed):
        found = check({"lead": listed, "channel": channel})
        problems = found.checked.problems.drop(columns="row").sort_values(
            ["code", "column", "value"], ignore_index=True
        )
        return found.rows("SELECT * EXCLUDE (_row) FROM clean.lead ORDER BY lead_id"), problems

    shuffled = list(given_rows)
    order.shuffle(shuffled)
    first, second = outcome(given_rows), outcome(shuffled)
    assert first[0] == second[0]
    pd.testing.assert_frame_equal(first[1], second[1])
