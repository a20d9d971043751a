"""Every call of the funnel gives the same table on pandas, DuckDB, PostgreSQL and Spark."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from playbook import funnel

STAGES = ["lead", "mql", "sql", "won"]
FEBRUARY = dt.datetime(2026, 2, 1)  # noqa: DTZ001 - naive UTC, as in a Book
MARCH = dt.datetime(2026, 3, 1)  # noqa: DTZ001
AS_OF = dt.datetime(2026, 4, 15)  # noqa: DTZ001
SPANS = {"before": (FEBRUARY, MARCH), "now": (MARCH, AS_OF)}

CALLS = {
    "cohort": lambda e: funnel.cohort(e, STAGES),
    "cohort of a month": lambda e: funnel.cohort(e, STAGES, start=FEBRUARY, end=MARCH),
    "cohort in a window": lambda e: funnel.cohort(e, STAGES, within_days=9.5, as_of=AS_OF),
    "cohort by segment": lambda e: funnel.cohort(e, STAGES, by="segment"),
    "flow": lambda e: funnel.flow(e, STAGES, start=FEBRUARY, end=MARCH),
    "steps": lambda e: funnel.steps(
        e, STAGES, days={"lead": 7, "mql": 14.5, "sql": 30}, spans=SPANS, as_of=AS_OF
    ),
    "days between": lambda e: funnel.days_between(e, [("lead", "mql"), ("sql", "won")]),
}

ENGINES = [
    pytest.param("in_duckdb"),
    pytest.param("in_postgres", marks=pytest.mark.xdist_group("postgres")),
    pytest.param("in_spark", marks=pytest.mark.xdist_group("spark")),
]


def same(found, expected):
    """Equal columns, kinds, order, words and counts; shares and days to the ninth decimal."""
    assert found.columns.tolist() == expected.columns.tolist()
    for name in expected.columns:
        assert found[name].dtype.kind == expected[name].dtype.kind, name
        if expected[name].dtype.kind == "f":
            pd.testing.assert_series_equal(found[name], expected[name], rtol=0, atol=1e-9)
        else:
            words = [[None if pd.isna(v) else v for v in frame[name]] for frame in (found, expected)]
            assert words[0] == words[1], name


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("engine", ENGINES)
def test_every_call_gives_the_table_that_pandas_gives(engine, call, events, request):
    table = request.getfixturevalue(engine)
    same(CALLS[call](table), CALLS[call](events))
