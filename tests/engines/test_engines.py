"""Every call of the funnel gives the same table on pandas, DuckDB, PostgreSQL and Spark."""

from __future__ import annotations

import pytest

ENGINES = [
    pytest.param("in_duckdb", id="duckdb"),
    pytest.param("in_postgres", id="postgres", marks=pytest.mark.xdist_group("postgres")),
    pytest.param("in_spark", id="spark", marks=pytest.mark.xdist_group("spark")),
]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_call_gives_the_table_that_pandas_gives(engine, call, events, same, request):
    expected = call(events)
    assert len(expected)
    same(call(request.getfixturevalue(engine)), expected)


def test_the_events_have_what_engines_may_disagree_about(events):
    """Equal times within an entity, repeated stages, missing segments, a stage of no funnel."""
    assert events.duplicated(["entity", "time"]).sum() > 100
    assert events.duplicated(["entity", "stage"]).sum() > 1000
    assert events["segment"].isna().mean() > 0.2
    assert "nurture" in set(events["stage"])
    firsts = events[events["stage"] == "lead"].sort_values("time").groupby("entity").head(1)
    assert firsts["segment"].isna().any()
