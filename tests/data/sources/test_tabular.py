"""Parquet, DuckDB files and database addresses."""

from __future__ import annotations

import sqlite3

import duckdb
import pytest

from playbook.data.sources import tabular
from playbook.errors import InputError


@pytest.fixture
def leads(data):
    """Writes leads `first` to `last` as Parquet."""

    def write(name, first, last, extra=""):
        path = data / name
        path.parent.mkdir(exist_ok=True)
        con = duckdb.connect()
        con.execute(
            "COPY (SELECT 'L' || i AS lead_id, TIMESTAMP '2026-10-01' + i * INTERVAL 1 HOUR "
            f"AS created_at, i::INTEGER AS need_clarity{extra} "
            f"FROM range({first}, {last}) AS t(i)) "
            f"TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE 2048)"
        )
        con.close()

    return write


def test_parquet_keeps_its_types_and_is_not_copied(stage, data, leads):
    leads("线索.parquet", 0, 10)
    found = stage(data)
    types = found.con.execute("DESCRIBE raw.lead").fetchall()
    assert [(name, kind) for name, kind, *_ in types] == [
        ("lead_id", "VARCHAR"),
        ("created_at", "TIMESTAMP"),
        ("need_clarity", "INTEGER"),
        ("_file", "INTEGER"),
        ("_row", "BIGINT"),
    ]
    assert found.con.execute("SELECT count(*) FROM duckdb_tables()").fetchone() == (0,)
    assert found.rows("lead", "lead_id, _file, _row")[-1] == ("L9", 1, 10)


def test_parts_of_a_table_each_count_their_own_rows(stage, data, leads):
    leads("lead/part-0.parquet", 0, 5000)
    leads("lead/part-1.parquet", 5000, 5003)
    leads("lead/part-2.parquet", 5003, 5004, ", 'x' AS pain_point")
    found = stage(data)
    assert found.rows("lead", "lead_id, _file, _row")[4999:] == [
        ("L4999", 1, 5000),
        ("L5000", 2, 1),
        ("L5001", 2, 2),
        ("L5002", 2, 3),
        ("L5003", 3, 1),
    ]
    assert [(f.file, f.rows, f.tables) for f in found.staged.files] == [
        ("lead/part-0.parquet", 5000, ("lead",)),
        ("lead/part-1.parquet", 3, ("lead",)),
        ("lead/part-2.parquet", 1, ("lead",)),
    ]


def test_text_and_parquet_of_one_table_are_read_together(stage, data, leads):
    leads("lead_a.parquet", 0, 2)
    (data / "lead_b.csv").write_text("lead_id,created_at\nL9,2026-11-01\n")
    found = stage(data)
    assert [row[0] for row in found.rows("lead", "lead_id")] == ["L9", "L0", "L1"]


def test_a_damaged_parquet_file_is_a_problem(stage, data, leads):
    leads("lead.parquet", 0, 2)
    (data / "touch.parquet").write_bytes(b"PAR1 not really")
    (problem,) = stage(data).problems()
    assert (problem.severity, problem.file) == ("flag", "touch.parquet")


@pytest.fixture
def crm(tmp_path):
    path = tmp_path / "crm.duckdb"
    con = duckdb.connect(path)
    con.execute("CREATE TABLE leads AS SELECT 'L1' AS lead_id, DATE '2026-10-01' AS created_at")
    con.execute("CREATE SCHEMA sales; CREATE TABLE sales.d AS SELECT 7 AS id, 'L1' AS l, 'A' AS a")
    con.execute("CREATE VIEW 客户 AS SELECT 'A' AS 客户ID, '云帆' AS 公司名称")
    con.close()
    return path


def test_a_duckdb_file_is_read_in_place(stage, crm):
    found = stage(crm)
    assert found.rows("lead", "lead_id, created_at::VARCHAR, _row") == [("L1", "2026-10-01", 1)]
    assert found.rows("account", "account_id, account_name, _row") == [("A", "云帆", 1)]
    assert sorted(f.sheet for f in found.staged.files) == ["leads", "sales.d", "客户"]


def test_tables_and_queries_of_a_database_can_be_mapped(stage, crm):
    toml = """
        [sources.deals]
        table = "opportunity"
        from_table = "sales.d"
        columns = { opportunity_id = "id", lead_id = "l", account_id = "a" }
        [sources.more]
        table = "touch"
        query = "SELECT lead_id AS x, created_at AS at FROM leads"
        columns = { touch_id = "x", touched_at = "at" }
    """
    found = stage(crm, toml)
    assert found.rows("opportunity", "opportunity_id, lead_id") == [(7, "L1")]
    assert found.rows("touch", "touch_id") == [("L1",)]


def test_a_query_that_fails_names_its_section(stage, crm):
    toml = """
        [sources.x]
        table = "touch"
        query = "SELECT nothing FROM nowhere"
    """
    with pytest.raises(InputError, match=r"The query of \[sources.x\] fails: Catalog Error"):
        stage(crm, toml)


def test_a_file_that_is_no_duckdb_file_is_a_problem(stage, data):
    (data / "crm.duckdb").write_text("no database" * 1000)
    (problem,) = stage(data).problems()
    assert (problem.severity, problem.code) == ("stop", "unreadable-file")


@pytest.fixture
def sqlite(tmp_path):
    path = tmp_path / "crm.db"
    con = sqlite3.connect(path)
    con.execute("CREATE TABLE lead (lead_id TEXT, created_at TEXT)")
    con.executemany("INSERT INTO lead VALUES (?, '2026-10-01')", [(f"L{i}",) for i in range(3)])
    con.execute("CREATE TABLE kunden (nr TEXT, firma TEXT)")
    con.execute("INSERT INTO kunden VALUES ('A1', 'Müller')")
    con.commit()
    con.close()
    return f"sqlite://{path}"


def test_a_database_address_is_copied(stage, sqlite):
    toml = """
        [sources.kunden]
        table = "account"
        from_table = "kunden"
        columns = { account_id = "nr", account_name = "firma" }
        [sources.q]
        table = "touch"
        query = "SELECT lead_id AS x FROM lead WHERE lead_id <> 'L0'"
        columns = { touch_id = "x" }
    """
    found = stage(sqlite, toml)
    assert found.rows("lead", "lead_id, _row") == [("L0", 1), ("L1", 2), ("L2", 3)]
    assert found.rows("account", "account_name") == [("Müller",)]
    assert found.rows("touch", "touch_id") == [("L1",), ("L2",)]
    assert {f.kind for f in found.staged.files} == {"url"}


def test_a_table_too_large_to_copy_stays_where_it_is(stage, sqlite, monkeypatch):
    monkeypatch.setattr(tabular, "LARGEST_COPY", 2)
    found = stage(sqlite)
    (problem,) = found.problems("table-too-large")
    assert problem.message.startswith("table lead has 3 rows; up to 2 are copied")
    assert found.staged.tables == {}


def test_an_address_that_does_not_answer_keeps_its_password(stage):
    with pytest.raises(InputError) as error:
        stage("nosuchdb://ann:s3cret@db.example/crm?token=t0ken")
    assert "s3cret" not in str(error.value)
    assert "t0ken" not in str(error.value)
    assert str(error.value).startswith("Cannot connect to nosuchdb://db.example/crm: ")
