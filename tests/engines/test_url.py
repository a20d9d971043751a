"""A review's input read from a PostgreSQL by its address."""

from __future__ import annotations

import subprocess
import sys

import pandas as pd
import pytest

from playbook.book import Book, freeze
from playbook.chapters import growth
from playbook.data import schema
from playbook.errors import InputError

pytestmark = pytest.mark.xdist_group("postgres")


@pytest.fixture(scope="module")
def books(files, crm, tmp_path_factory):
    """A Book of the files, and one of the database."""
    folder = tmp_path_factory.mktemp("books")
    rules = next(iter(files.glob("*.toml")), None)
    made = (("files", files), ("url", crm))
    found = [Book(freeze(data, folder / f"{n}.duckdb", rules=rules), "2026-10") for n, data in made]
    yield found
    for book in found:
        book.close()


def test_a_database_gives_the_same_rows_as_files(books, files):
    """Every value of every table, wherever it was read."""
    place = ["_file", "_row", "row_hash"]
    supplied = {path.stem for path in files.glob("*.parquet")}
    for name in (*(f"clean.{table}" for table in schema.TABLES), "lead_journey"):
        both = [book.sql(f"FROM {name}").drop(columns=place, errors="ignore") for book in books]
        first, second = (f.sort_values(list(f.columns), ignore_index=True) for f in both)
        pd.testing.assert_frame_equal(first, second, check_exact=True)
        assert len(first) or name.removeprefix("clean.") not in supplied


def test_a_database_gives_the_same_metrics_as_files(books):
    from_files, from_url = (growth.metrics(book) for book in books)
    pd.testing.assert_frame_equal(from_files, from_url, check_exact=False, rtol=0, atol=1e-9)
    assert from_files["value"].notna().sum() > 10


def test_a_book_tells_its_database_but_neither_user_nor_password(books, cluster):
    book = books[1]
    assert book.meta["source"] == f"postgresql://127.0.0.1:{cluster.port}/crm"
    assert set(book.files["file"]) == {book.meta["source"]}
    content = book.path.read_bytes()
    for secret in ("reader", "s3cret", "of@the", "of%40the"):
        assert secret.encode() not in content


@pytest.mark.parametrize(
    "secrets",
    [
        ("reader", "wr0ng-w0rd"),
        ("reader", "wr0ng-w0rd/b@d"),  # not escaped, so that the host is not what it seems
        ("nobody-here", "wr0ng-w0rd"),
    ],
)
def test_a_refused_connection_keeps_user_and_password(secrets, crm, cluster, tmp_path):
    assert crm
    with pytest.raises(InputError) as refused:
        freeze(cluster.url("crm", *secrets), tmp_path / "book.duckdb")
    message = str(refused.value)
    assert message.startswith(f"Cannot connect to postgresql://127.0.0.1:{cluster.port}/crm: ")
    for secret in (secrets[0], "wr0ng", "b@d"):
        assert secret not in message
    assert refused.value.__cause__ is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_review_by_address_has_neither_user_nor_password_anywhere(crm, cluster, tmp_path):
    command = [sys.executable, "-m", "playbook", "review", "--data", crm, "--period", "2026-10"]
    done = subprocess.run(
        [*command, "--out", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    said = done.stdout.encode() + done.stderr.encode() + b"".join(p.read_bytes() for p in files)
    assert f"postgresql://127.0.0.1:{cluster.port}/crm".encode() in said
    for secret in (b"reader@", b"reader:", b"s3cret", b"of@the", b"of%40the"):
        assert secret not in said


@pytest.fixture(scope="module")
def odd(cluster):
    """A database as companies have them: uuids, time zones, padded keys, and a schema of sales."""
    cluster.run("CREATE DATABASE odd")
    cluster.run(
        "CREATE TYPE state AS ENUM ('open', 'won')",
        "CREATE TABLE lead (lead_id uuid, created_at timestamptz, account_id char(8), tags text[], "
        "form jsonb, ip inet, clarity_range int4range, status state)",
        "INSERT INTO lead VALUES ('7f000001-0000-0000-0000-000000000001', "
        "'2026-10-01 01:30+08', 'A1', '{a,b}', '{\"x\": 1}', '10.0.0.1', '[1,3)', 'open')",
        "CREATE TABLE account (account_id char(6), account_name text)",
        "INSERT INTO account VALUES ('A1', '云帆')",
        "CREATE TABLE person (person_id text, created_at timestamp)",
        "INSERT INTO person VALUES ('P1', 'infinity')",
        "CREATE SCHEMA sales",
        "CREATE TABLE sales.deals (id int, account char(6), at date, amount numeric, exact "
        "numeric(40, 3))",
        "INSERT INTO sales.deals VALUES (1, 'A1', '2026-10-05', 12.5, 1)",
        "GRANT USAGE ON SCHEMA sales TO reader",
        "GRANT SELECT ON ALL TABLES IN SCHEMA public, sales TO reader",
        database="odd",
    )
    return cluster.url("odd", "reader")


ODD_RULES = """
[sources.deals]
table = "opportunity"
from_table = "sales.deals"
columns = { opportunity_id = "id", account_id = "account", created_at = "at", amount = "amount" }
constants = { currency = "CNY" }
[sources.visits]
table = "touch"
query = "SELECT 'T' || id AS x, at, account FROM sales.deals"
columns = { touch_id = "x", touched_at = "at", account_id = "account" }
constants = { touch_type = "page_view" }
"""


@pytest.fixture(scope="module")
def odd_book(odd, tmp_path_factory):
    folder = tmp_path_factory.mktemp("odd")
    (folder / "playbook.toml").write_text(ODD_RULES, "utf-8")
    path = freeze(odd, folder / "odd.duckdb", rules=folder / "playbook.toml", as_of="2026-11-01")
    book = Book(path, "2026-10")
    yield book
    book.close()


def test_types_that_only_postgresql_has_arrive_as_ours(odd_book):
    lead = odd_book.sql("SELECT lead_id, created_at::VARCHAR AS at, account_id FROM clean.lead")
    assert lead.to_numpy().tolist() == [
        ["7f000001-0000-0000-0000-000000000001", "2026-09-30 17:30:00", "A1"]
    ]
    deal = odd_book.sql("SELECT opportunity_id, amount::VARCHAR AS a FROM clean.opportunity")
    assert deal.to_numpy().tolist() == [["1", "12.50"]]


def test_keys_of_fixed_width_find_each_other(odd_book):
    assert "orphan" not in set(odd_book.counts["code"])
    assert odd_book.sql("SELECT account_id FROM clean.touch")["account_id"].tolist() == ["A1"]


def test_a_query_needs_no_right_to_write(odd_book):
    assert odd_book.sql("SELECT touch_id FROM clean.touch")["touch_id"].tolist() == ["T1"]


def test_a_table_with_a_value_that_cannot_be_copied_is_a_problem_and_the_others_are_read(odd_book):
    found = odd_book.problems.query("code == 'unreadable-table'")
    (message,) = found["message"]
    assert message.startswith("table person cannot be read: ")
    assert odd_book.rows("person") == 0
    assert odd_book.rows("lead") == 1


def test_no_connection_stays_open(odd_book, cluster):
    import psycopg

    assert odd_book
    with psycopg.connect(cluster.url()) as con:
        asked = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'reader' AND datname = 'odd'"
        assert con.execute(asked).fetchone() == (0,)
