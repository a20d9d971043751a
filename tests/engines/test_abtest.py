"""The sums of a test's arms are the same on pandas, Arrow, Polars, DuckDB, PostgreSQL and Spark."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import ibis
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlglot
from sqlglot import ErrorLevel, exp

from playbook.abtest import Mean, Proportion, compare, experiments_of, made_units, split, units
from playbook.abtest.inputs.engine import Measure, aggregated, repeated
from playbook.abtest.inputs.request import request
from playbook.errors import ParameterError

PAGE = (Path(__file__).parents[2] / "docs" / "warehouse.md").read_text("utf-8")
N = 200_000
COLUMNS = ["converted", "revenue", "before", "paid"]
FAR = np.array([0, 1e9, 1e4, -1e6])
"""Means of four groups of units, which lie one after the other in the rows."""
NUMACC4 = [10000000.2, *[10000000.1, 10000000.3] * 500]


@pytest.fixture(scope="module")
def frame():
    """Units of two arms in four groups that lie far from each other."""
    rng = np.random.default_rng(20261107)
    group = np.arange(N) // (N // 4)
    arm = rng.random(N) < 0.5
    before = rng.normal(0, 1, N)
    rows = pd.DataFrame({"unit": np.arange(N), "arm": np.where(arm, "旧版", "新版")})
    rows["group"] = np.array(["搜索", "event", "邮件", None], dtype=object)[group]
    rows["day"] = pd.to_datetime("2026-10-01") + pd.to_timedelta(group, unit="D")
    rows["converted"] = rng.random(N) < 0.1 + 0.01 * arm
    rows["revenue"] = FAR[group] + np.where(arm, 1e5, 0) + 0.6 * before + rng.normal(0, 0.8, N)
    rows["before"] = FAR[::-1][group] + before
    rows["paid"] = [Decimal(int(cents)) / 100 for cents in rng.integers(0, 10**6, N)]
    rows["seen"], rows["known"] = rows["day"], rows["day"] - pd.to_timedelta(1, unit="D")
    times = {name: rows[name].astype("datetime64[us]") for name in ("day", "seen", "known")}
    return rows.assign(**times)


@pytest.fixture(scope="module")
def small():
    """The hardest variance of NIST, in two arms; one unit twice; a value that is no number."""
    rows = pd.DataFrame({"arm": ["A"] * 1001 + ["B"] * 1001, "x": NUMACC4 * 2, "y": NUMACC4 * 2})
    rows["unit"] = [f"u{n}" for n in range(len(rows))]
    wrong = rows.head(6).assign(arm=list("ABABAB"), unit=list("pqppqr"))
    wrong["x"] = [1.0, np.nan, np.inf, 2.0, 3.0, -np.inf]
    both = rows.assign(experiment_id=np.where(np.arange(len(rows)) % 2, "标题", "form"))
    both["seen_at"] = pd.Timestamp("2026-10-01 08:00") + pd.to_timedelta(
        np.where(both["experiment_id"].eq("form"), 0, 24) + np.arange(len(rows)) % 9, unit="h"
    )
    both["unit"] = both.groupby("experiment_id").cumcount().astype(str)  # in both tests
    said = both.assign(
        seen_at=both["seen_at"].astype("datetime64[us]"), decision="keep", end_date="2026-10-29",
        weight=np.where(both["arm"].eq("A"), 3.0, 1.0),
    )  # fmt: skip
    return {"numacc4": rows, "wrong": wrong, "tests": said}


@pytest.fixture(scope="module")
def parquet(frame, tmp_path_factory):
    path = tmp_path_factory.mktemp("units") / "units.parquet"
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), path)
    return path


@pytest.fixture(scope="module")
def duckdb_units(frame, small):
    con = ibis.duckdb.connect()
    yield {name: con.create_table(name, ibis.memtable(rows)) for name, rows in all_of(frame, small)}
    con.disconnect()


@pytest.fixture(scope="module")
def arrow_units(frame, small):
    return {name: pa.Table.from_pandas(rows) for name, rows in all_of(frame, small)}


@pytest.fixture(scope="module")
def polars_units(arrow_units):
    return {name: pl.from_arrow(rows) for name, rows in arrow_units.items()}


@pytest.fixture(scope="module")
def postgres_units(frame, small, cluster):
    import psycopg

    tables = dict(all_of(frame, small))
    cluster.load("abtest", {})
    owner = ibis.connect(cluster.url("abtest"))
    for name, rows in tables.items():
        owner.create_table(name, schema=ibis.memtable(rows).schema())
    owner.disconnect()
    with psycopg.connect(cluster.url("abtest")) as con, con.cursor() as cursor:
        for name, rows in tables.items():
            with cursor.copy(f"COPY {name} FROM STDIN (FORMAT csv)") as copy:
                copy.write(rows.to_csv(index=False, header=False, na_rep="").replace("inf", "Inf"))
    cluster.run("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader", database="abtest")
    con = ibis.connect(cluster.url("abtest", "reader"))
    yield {name: con.table(name) for name in tables}
    con.disconnect()


@pytest.fixture(scope="module")
def spark_units(parquet, small, spark):
    con = ibis.pyspark.connect(spark)
    found = {name: con.create_table(f"abtest_{name}", rows) for name, rows in small.items()}
    return {"units": con.read_parquet(str(parquet)), **found}


def all_of(frame, small):
    return [("units", frame), *small.items()]


@pytest.fixture(
    params=[
        "arrow",
        "polars",
        "duckdb",
        pytest.param("postgres", marks=pytest.mark.xdist_group("postgres")),
        pytest.param("spark", marks=pytest.mark.xdist_group("spark")),
    ]
)
def there(request):
    """The tables in an engine."""
    return request.getfixturevalue(f"{request.param}_units")


def hold_right(arms, rows, tolerance):
    """By NumPy in two passes, of what doubles hold."""
    for place, name in enumerate(arms.names):
        values = rows.loc[rows["arm"].eq(name), list(arms.columns)].to_numpy("float64")
        apart = values - values.mean(axis=0)
        assert arms.n[place] == len(values)
        np.testing.assert_allclose(arms.means[place], values.mean(axis=0), rtol=1e-12, atol=1e-9)
        scale = np.sqrt(np.outer(*[(apart**2).sum(axis=0)] * 2))
        off = np.abs(arms.products[place] - apart.T @ apart) / scale
        assert off.max() < tolerance


def test_200_000_units_in_groups_far_apart(there, frame):
    arms = units(there["units"], COLUMNS, control="旧版", unit="unit", by=("group", "day"))
    assert arms.names == ("旧版", "新版")
    assert arms.binary == {"converted"}
    hold_right(arms, frame, 1e-11)
    by_group = arms.by("group")
    assert list(by_group) == ["event", "搜索", "邮件", "(missing)"]
    for name, found in by_group.items():
        own = frame["group"].isna() if name == "(missing)" else frame["group"].eq(name)
        hold_right(found, frame[own], 1e-7)  # a mean of 1e9 leaves 1e-7 of a unit
    days = [pd.Timestamp(day) for day in arms.by("day")]
    assert days == sorted(frame["day"].unique())


def test_the_answers_are_the_same(there, frame):
    metrics = [Proportion("converted"), Mean("revenue", covariates="before"), Mean("paid")]
    times = {"exposed": "seen", "measured": "known"}
    found, expected = (
        units(rows, metrics, control="旧版", **times) for rows in (there["units"], frame)
    )
    assert split(found)[:3] == pytest.approx(split(expected)[:3], rel=1e-12)
    for one, other in zip(compare(found, metrics), compare(expected, metrics), strict=True):
        numbers = [name for name, value in one._asdict().items() if isinstance(value, float)]
        assert len(numbers) > 8
        for name in numbers:
            assert getattr(one, name) == pytest.approx(getattr(other, name), rel=1e-9, abs=1e-9)


def test_all_tests_of_one_table_are_read_there(there, small):
    """Arms, problems, days and words of the tests; a unit once in each."""
    found, expected = (
        experiments_of(rows, control="A", metric="y", unit="unit", exposed="seen_at")
        for rows in (there["tests"], small["tests"])
    )
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one.arms.products, other.arms.products, rtol=1e-6, atol=1e-9)
        assert one.arms.names == other.arms.names == ("A", "B")
        for name in ("name", "started", "ended", "decision", "expected", "problem"):
            assert getattr(one, name) == getattr(other, name)
    assert [one.started for one in found] == [date(2026, 10, 1), date(2026, 10, 2)]
    assert found[0].decision == "keep"


def test_the_hardest_variance_of_nist(there):
    """NumAcc4 of the Statistical Reference Datasets: mean 10000000.2, standard deviation 0.1."""
    arms = units(there["numacc4"], ["x", "y"], control="A")
    np.testing.assert_allclose(arms.means, 10000000.2, rtol=1e-12)
    np.testing.assert_allclose(np.sqrt(arms.variances), 0.1, rtol=1e-8)
    correlation = arms.covariance("B")[0, 1] / arms.variances[1, 0]
    assert correlation == pytest.approx(1, rel=1e-9)


def test_mistakes_are_said_in_the_same_words(there, small):
    said = []
    for rows in (there["wrong"], small["wrong"]):
        with pytest.raises(ParameterError) as refused:
            units(rows, ["x", "y"], control="A", unit="unit")
        said.append(str(refused.value))
    assert said[0] == said[1]
    assert [line.split(". ")[0] for line in said[0].splitlines()] == [
        "x in arm 'A': 1 infinite",
        "x in arm 'B': 1 empty or NaN and 1 infinite",
        "2 units in more than one arm, such as p",
    ]


# Warehouses that no test can reach: what is asked parses in their own grammar.

DIALECTS = ("bigquery", "snowflake", "clickhouse", "trino", "postgres")
OWN_FUNCTIONS = {
    "clickhouse": {"covarSampStable", "isNotNull", "isNull", "varSampStable"},
}
"""Functions of a warehouse that sqlglot has no class for; each is in that warehouse's manual."""
DECLARED = {
    "unit": "string",
    "arm": "string",
    "segment": "string",
    "converted": "boolean",
    "revenue": "float64",
    "before": "decimal(12, 2)",
    "seen": "timestamp",
    "known": "timestamp",
}


def asked(dialect):
    """Every question over a table that is only declared, as SQL."""
    metrics = [Proportion("converted"), Mean("revenue", covariates="before")]
    wanted = request(metrics, unit="unit", exposed="seen", measured="known", by="segment")
    failed = tuple(
        Measure(how, (name,)) for name in wanted.columns for how in ("empty", "infinite")
    )
    table = (ibis.table(DECLARED, name="units"),)
    expressions = [
        aggregated(table, wanted.measures, ("arm", "segment"), dialect),
        aggregated(table, failed, ("arm",), dialect),
        repeated((table[0].select("unit", "arm"),)),
        repeated((table[0].select("unit", "segment", "arm"),)),
    ]
    return [ibis.to_sql(expression, dialect=dialect) for expression in expressions]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_query_is_valid_in_each_dialect(dialect):
    for text in asked(dialect):
        tree = sqlglot.parse_one(text, read=dialect)
        again = tree.sql(dialect, unsupported_level=ErrorLevel.RAISE)
        assert sqlglot.parse_one(again, read=dialect) == tree
        functions = {function.name for function in tree.find_all(exp.Anonymous)}
        assert functions <= OWN_FUNCTIONS.get(dialect, set())
        names = [alias.alias for alias in tree.find_all(exp.Alias)]
        assert [name for name in names if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name)] == []


@pytest.mark.parametrize("dialect", DIALECTS)
def test_one_question_reads_the_table_once(dialect):
    scan = sqlglot.parse_one(asked(dialect)[0], read=dialect)
    assert len(list(scan.find_all(exp.Table))) == 1


def test_clickhouse_is_asked_for_the_variance_that_keeps_its_digits():
    text = asked("clickhouse")[0]
    assert re.findall(r"\w*[vV]ar\w*\(", text) == ["varSampStable("] * 3 + ["covarSampStable("]


# What the page of warehouses says.


def block(language, heading="## An A/B test on a warehouse"):
    section = PAGE.split(heading)[1]
    return re.search(rf"```{language}\n(.*?)```", section, flags=re.DOTALL)[1]


def test_the_example_of_the_page_runs(monkeypatch, capsys):
    con = ibis.duckdb.connect()
    con.create_table("test_person", made_units(n=20_000, lift=0.2, seed=1))
    monkeypatch.setattr(ibis, "connect", lambda _: con)
    exec(compile(block("python"), "warehouse.md", "exec"), {})
    con.disconnect()
    said = capsys.readouterr().out
    assert said.startswith("split as planned: A ")
    assert "converted" in said
    assert "revenue" in said


def test_the_sql_of_the_page_is_what_is_asked():
    types = {"converted": "int64", "revenue": "float64", "revenue_before": "float64"}
    table = ibis.table({"arm": "string", **types}, name="test_person")
    metrics = [Proportion("converted"), Mean("revenue", covariates="revenue_before")]
    question = aggregated((table,), request(metrics).measures, ("arm",), "bigquery")
    assert block("sql").strip() == ibis.to_sql(question, dialect="bigquery").strip()
