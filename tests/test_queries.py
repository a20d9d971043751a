"""Small answers as plain values: the same as the table that `ask` gives."""

from __future__ import annotations

import subprocess
import sys

import ibis
import numpy as np
import pandas as pd
import pytest

from playbook import queries

ROWS = pd.DataFrame({"arm": ["A", "A", "B"], "spent": [1.0, 4.0, 2.5], "seen": [1, 2, 5]})


def by_arm(tables):
    rows = tables[0]
    found = rows.group_by("arm").aggregate(
        n=rows.count(), seen=rows.seen.sum(), spread=rows.spent.var(how="sample")
    )
    return found.order_by("arm")


def stored(rows):
    """In a DuckDB of Ibis."""
    return ibis.duckdb.connect().create_table("rows", rows)


def given(table):
    return (queries.Given("rows", table, tuple((name, name) for name in ROWS)),)


@pytest.mark.parametrize("kind", [lambda rows: rows, stored, ibis.memtable])
def test_records_are_the_rows_of_the_answer(kind):
    table = given(kind(ROWS))
    found = queries.records(by_arm, table)
    assert [list(row) for row in found] == [["arm", "n", "seen", "spread"]] * 2
    assert found[0] == {"arm": "A", "n": 2, "seen": 3, "spread": 4.5}
    assert found[1] == {"arm": "B", "n": 1, "seen": 5, "spread": None}

    told = queries.ask(by_arm, table)
    assert [type(row["seen"]) for row in found] == [int, int]
    assert told["seen"].dtype == np.dtype("int64")
    assert told["seen"].tolist() == [row["seen"] for row in found]


def test_records_of_duckdb_need_no_pandas():
    code = """
import sys

import ibis

from playbook import queries

con = ibis.duckdb.connect()
con.raw_sql("CREATE TABLE rows AS SELECT 'A' AS arm, 2.5 AS spent")
one = (queries.Given("rows", con.table("rows"), (("arm", "arm"), ("spent", "spent"))),)
print(queries.records(lambda tables: tables[0].aggregate(n=tables[0].count()), one))
print("pandas" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.splitlines() == ["[{'n': 1}]", "False"]
