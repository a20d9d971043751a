"""Quantiles and winsorised means are the same on pandas, Arrow, DuckDB, PostgreSQL and Spark."""

from __future__ import annotations

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from playbook.abtest import quantile, winsorised

ENGINES = [
    "arrow",
    "duckdb",
    pytest.param("postgres", marks=pytest.mark.xdist_group("postgres")),
    pytest.param("spark", marks=pytest.mark.xdist_group("spark")),
]
CALLS = {
    "median": lambda rows: quantile(rows, "seconds", 0.5, control="旧版"),
    "tail": lambda rows: quantile(rows, "seconds", 0.95, control="旧版", confidence=0.9),
    "tail of people": lambda rows: quantile(rows, "seconds", 0.9, control="旧版", unit="person"),
    "winsorised": lambda rows: winsorised(rows, "seconds", control="旧版").effects,
}


@pytest.fixture(scope="module")
def frame():
    """Page views of people in two arms, far from zero."""
    rng = np.random.default_rng(20261122)
    person = np.sort(rng.integers(0, 700, 6000))
    own = rng.lognormal(1, 0.5, 700)
    seconds = 1e6 + own[person] * rng.lognormal(0, 0.3, 6000)
    return pd.DataFrame(
        {"arm": np.where(person % 2, "新版", "旧版"), "person": person, "seconds": seconds}
    )


@pytest.fixture(scope="module")
def arrow_views(frame):
    return pa.Table.from_pandas(frame)


@pytest.fixture(scope="module")
def duckdb_views(frame):
    con = ibis.duckdb.connect()
    yield con.create_table("views", ibis.memtable(frame))
    con.disconnect()


@pytest.fixture(scope="module")
def postgres_views(frame, cluster):
    import psycopg

    cluster.load("views", {"views": frame.head(0)})
    with (
        psycopg.connect(cluster.url("views")) as owner,
        owner.cursor() as cursor,
        cursor.copy("COPY views FROM STDIN (FORMAT csv)") as copy,
    ):
        copy.write(frame.to_csv(index=False, header=False))
    con = ibis.connect(cluster.url("views", "reader"))
    yield con.table("views")
    con.disconnect()


@pytest.fixture(scope="module")
def spark_views(frame, spark):
    return ibis.pyspark.connect(spark).create_table("abtest_views", frame)


@pytest.fixture(params=ENGINES)
def there(request):
    """The page views in an engine."""
    return request.getfixturevalue(f"{request.param}_views")


@pytest.mark.parametrize("name", CALLS)
def test_every_engine_gives_what_pandas_gives(name, there, frame):
    # Some engines add the million that every value begins with one by one: 1e-15 of it.
    for one, other in zip(CALLS[name](there), CALLS[name](frame), strict=True):
        assert one.metric == other.metric
        assert one[3:17] == pytest.approx(other[3:17], rel=1e-9, abs=1e-9)
