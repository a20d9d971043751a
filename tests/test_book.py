"""Opening, freezing and caching: the Book knows what it was made from."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys

import duckdb
import pytest

from playbook import book as books
from playbook.book import Book, freeze, is_frozen, open_book, parse_as_of
from playbook.data import rules, schema
from playbook.errors import InputError, ParameterError

LEADS = """
lead_id,created_at,person_id
L1,2026-10-03 09:00,P1
L2,2026-10-04 10:00,P2
"""


def utc(*parts):
    return dt.datetime(*parts, tzinfo=dt.UTC).replace(tzinfo=None)


PEOPLE = """
person_id,account_id,full_name,email,mobile
P1,A1,Ann Secret,ann.secret@example.com,19900001111
P2,A2,Bo Hidden,bo.hidden@example.com,19900002222
"""


def test_every_table_is_there_even_if_nothing_was_supplied(open_files):
    book = open_files({"lead.csv": LEADS})
    for name in (*schema.TABLES, *books.DERIVED):
        assert book.rows(name) >= 0
    assert book.has("lead", "lead.created_at")
    assert not book.has("spend")
    assert book.missing("lead", "spend", "lead.channel_id") == ["spend", "lead.channel_id"]


def test_contact_details_are_nowhere_in_the_frozen_file(open_files):
    book = open_files({"lead.csv": LEADS, "person.csv": PEOPLE})
    content = book.path.read_bytes()
    for secret in (b"ann.secret", b"bo.hidden", b"19900001111", b"19900002222", b"Secret"):
        assert secret not in content


def test_the_second_opening_takes_the_frozen_file(open_files, monkeypatch):
    first = open_files({"lead.csv": LEADS})

    def never(*_args, **_kwargs):
        pytest.fail("the input was read a second time")

    monkeypatch.setattr(books, "freeze", never)
    assert open_files({"lead.csv": LEADS}).path == first.path


@pytest.mark.parametrize("change", ["input", "rules", "as_of"])
def test_another_input_rule_or_moment_is_another_book(open_files, change):
    first = open_files({"lead.csv": LEADS})
    again = open_files(
        {"lead.csv": LEADS + ("L3,2026-10-05 10:00,P3\n" if change == "input" else "")},
        rules='[company]\nname = "X"\n' if change == "rules" else "",
        as_of="2026-10-20" if change == "as_of" else "2026-11-01",
    )
    assert again.path != first.path


def test_a_book_can_be_opened_as_data_and_then_takes_no_settings(open_files):
    book = open_files({"lead.csv": LEADS})
    assert is_frozen(book.path)
    again = open_book(book.path, "2026-09")
    assert again.period.title == "September 2026"
    assert again.as_of == book.as_of
    with pytest.raises(ParameterError, match="a frozen Book carries its own as_of"):
        open_book(book.path, as_of="2026-10-01")


def test_as_of_hides_what_was_not_yet_known(open_files):
    book = open_files({"lead.csv": LEADS}, as_of="2026-10-04")
    assert book.sql("SELECT lead_id FROM lead_journey")["lead_id"].tolist() == ["L1"]


def test_without_a_period_the_last_full_month_is_taken(open_files):
    assert open_files({"lead.csv": LEADS}, None).period.label == "2026-10"
    assert open_files({"lead.csv": LEADS}, None, as_of="2026-10-31").period.label == "2026-09"


def test_a_failed_freeze_leaves_nothing_and_the_earlier_file_alone(open_files, tmp_path):
    out = tmp_path / "out" / "book.duckdb"
    book = open_files({"lead.csv": LEADS})
    out.parent.mkdir()
    out.write_bytes(book.path.read_bytes())
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(InputError):
        freeze(empty, out)
    assert [p.name for p in out.parent.iterdir()] == ["book.duckdb"]
    assert Book(out, "2026-10").rows("lead") == 2


def test_a_file_that_is_no_book_says_so(tmp_path):
    path = tmp_path / "other.duckdb"
    duckdb.connect(path).close()
    assert not is_frozen(path)
    with pytest.raises(InputError, match=r"other\.duckdb is not a frozen Book"):
        Book(path, "2026-10")


def test_an_unknown_table_offers_the_nearest(open_files):
    book = open_files({"lead.csv": LEADS})
    with pytest.raises(ParameterError, match="unknown table 'leads'; did you mean 'lead'"):
        book.table("leads")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-01", utc(2026, 10, 31, 16)),
        ("2026-11-01T06:00", utc(2026, 10, 31, 22)),
        ("2026-11-01T06:00+00:00", utc(2026, 11, 1, 6)),
        ("", None),
    ],
)
def test_a_moment_is_read_on_the_report_zones_clock(text, moment):
    assert parse_as_of(text, rules.load(None)) == moment


def test_a_moment_that_cannot_be_read_says_what_is_allowed():
    with pytest.raises(ParameterError, match="cannot read as_of 'soon'"):
        parse_as_of("soon", rules.load(None))


def test_a_full_disk_is_told_and_leaves_the_earlier_file(open_files, tmp_path, monkeypatch):
    """As DuckDB tells it, and as the system tells it when the file is moved into place."""
    out = tmp_path / "out" / "book.duckdb"
    out.parent.mkdir()
    out.write_bytes(b"the last good one")
    open_files({"lead.csv": LEADS})
    refusals = {
        "_fill": duckdb.IOException("Could not write file: No space left on device"),
        "os.replace": OSError(28, "No space left on device"),
    }
    for name, error in refusals.items():

        def refuse(*_args, error=error, **_kwargs):
            raise error

        with monkeypatch.context() as patch:
            patch.setattr(f"playbook.book.{name}", refuse)
            with pytest.raises(InputError, match=r"No space left on device\s+Nothing was changed"):
                freeze(tmp_path / "data", out)
        assert out.read_bytes() == b"the last good one"
        assert [p.name for p in out.parent.iterdir()] == ["book.duckdb"]


def test_several_may_freeze_the_same_input_at_the_same_moment(tmp_path):
    folder, out = tmp_path / "data", tmp_path / "cache" / "book.duckdb"
    folder.mkdir()
    rows = "".join(f"{'' if n % 2 else n},2026-10-01 09:00\n" for n in range(60_000))
    (folder / "lead.csv").write_text(f"lead_id,created_at\n{rows}", "utf-8")
    code = f"from pathlib import Path; from playbook.book import freeze; freeze({str(folder)!r}, "
    command = [sys.executable, "-c", f"{code}Path({str(out)!r}))"]
    running = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    assert [(p.communicate()[1], p.returncode) for p in running] == [("", 0)] * 4
    assert open_book(out).rows("lead") == 30_000
    (aside,) = out.with_suffix(".aside").glob("*")
    assert len(aside.read_text("utf-8-sig").splitlines()) == 30_001
    assert {p.name for p in out.parent.iterdir()} == {"book.duckdb", "book.aside"}
