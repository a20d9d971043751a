"""The SQL of the funnel for warehouses that no test can reach: it parses in their own grammar."""

from __future__ import annotations

import re
from functools import cache

import ibis
import pytest
import sqlglot
from ibis.expr import types as ir
from sqlglot import ErrorLevel, exp

EVENTS = ibis.table(
    {"entity": "string", "stage": "string", "time": "timestamp", "segment": "string"},
    name="events",
)
DIALECTS = ("bigquery", "snowflake", "clickhouse", "trino")

# One worker has them all, so that each query is asked and parsed once.
pytestmark = pytest.mark.xdist_group("dialects")

OWN_FUNCTIONS = {
    "bigquery": {"ieee_divide"},
    "clickhouse": {
        "isNotNull", "isNull", "lagInFrame", "parseDateTimeBestEffort", "toRelativeSecondNum",
    },
}  # fmt: skip
"""Functions of a warehouse that sqlglot has no class for; each is in that warehouse's manual."""


@pytest.fixture(scope="module")
def asked(in_duckdb):
    """Every query of a call over events that are only declared; DuckDB answers in their place."""
    con = in_duckdb.get_backend()

    @cache
    def ask(call):
        seen = []

        def answer(expression, **_):
            seen.append(expression)
            return con.to_pandas(expression)

        with pytest.MonkeyPatch.context() as patch:
            for kind in (ir.Table, ir.Column, ir.Scalar):
                for way in ("to_pandas", "execute"):
                    patch.setattr(kind, way, answer, raising=False)
            call(EVENTS)
        return seen

    return ask


@pytest.fixture(scope="module")
def parsed(asked):
    """Each query of a call as a dialect's grammar reads it."""

    @cache
    def parse(call, dialect):
        queries = asked(call)
        assert queries
        return [sqlglot.parse_one(ibis.to_sql(q, dialect=dialect), read=dialect) for q in queries]

    return parse


@pytest.fixture
def trees(parsed, call, dialect):
    return parsed(call, dialect)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_query_is_valid_in_the_dialect(trees, dialect):
    for tree in trees:
        again = tree.sql(dialect, unsupported_level=ErrorLevel.RAISE)
        assert sqlglot.parse_one(again, read=dialect) == tree


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_query_has_only_functions_that_the_dialect_knows(trees, dialect):
    found = {function.name for tree in trees for function in tree.find_all(exp.Anonymous)}
    assert found <= OWN_FUNCTIONS.get(dialect, set())


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_query_names_its_columns_as_every_warehouse_allows(trees, dialect):
    """BigQuery refuses a point in a name, which others take."""
    assert dialect in DIALECTS
    for tree in trees:
        names = [alias.alias for alias in tree.find_all(exp.Alias)]
        assert [n for n in names if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", n)] == []


@pytest.mark.parametrize("dialect", ["clickhouse"])
def test_nobody_there_is_missing_in_clickhouse_and_not_1970(trees, dialect):
    """Its minIf over a column that is not Nullable gives the first moment where no row fits."""
    assert dialect == "clickhouse"
    found = {f.name for tree in trees for f in tree.find_all(exp.CombinedAggFunc)}
    assert not found & {"minIf", "maxIf", "anyIf", "anyLastIf", "avgIf"}
