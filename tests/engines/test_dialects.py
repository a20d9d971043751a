"""The SQL of every call of the funnel, for warehouses that no test can reach: it must parse."""

from __future__ import annotations

from collections import Counter

import ibis
import ibis.expr.types as ir
import pytest
import sqlglot
from sqlglot import exp

TABLE = ibis.table(
    {"entity": "string", "stage": "string", "time": "timestamp", "segment": "string"}, name="events"
)
DIALECTS = ("bigquery", "snowflake", "clickhouse", "trino")

KNOWN = {d: set() for d in DIALECTS}


class _Seen(Exception):  # noqa: N818 - no error: the call has said what it would run
    pass


@pytest.fixture
def asked(monkeypatch):
    """What a call would run on the table."""
    seen = []

    def note(expression, **_):
        seen.append(expression)
        raise _Seen

    for kind in (ir.Table, ir.Column, ir.Scalar):
        for way in ("to_pandas", "execute", "to_pyarrow"):
            monkeypatch.setattr(kind, way, note)

    def ask(call):
        with pytest.raises(_Seen):
            call(TABLE)
        return seen

    return ask

import importlib.util, pathlib
spec = importlib.util.spec_from_file_location("te", pathlib.Path(__file__).parent / "test_engines.py")
te = importlib.util.module_from_spec(spec); spec.loader.exec_module(te)
CALLS = te.CALLS

@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("call", CALLS)
def test_dump(call, dialect, asked):
    for expression in asked(CALLS[call]):
        sql = ibis.to_sql(expression, dialect=dialect)
        tree = sqlglot.parse_one(sql, read=dialect)
        print(dialect, call, Counter(f.name for f in tree.find_all(exp.Anonymous)), len(sql))
        again = tree.sql(dialect)
        print(sqlglot.parse_one(again, read=dialect) == tree, again.replace("\n"," ")==" ".join(sql.split()))
        print(sql if call in("cohort by segment", "days between") else "")
