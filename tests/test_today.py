"""The lists of the day: what is on them, how they are written, and who may read contacts."""

from __future__ import annotations

import csv
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from playbook import cli
from playbook.book import freeze, open_book
from playbook.chapters.worklists import COLUMNS, WORKLISTS
from playbook.data import schema
from playbook.errors import ReviewError
from playbook.report import today

AS_OF = "2026-10-20T11:00"
DETAILS = {c.name for c in schema.TABLES["person"].columns if c.pii}
LEADS = """
lead_id,created_at,person_id,status,owner_id
L1,2026-10-19 09:00,P1,new,S1
L2,2026-10-20 10:00,P2,new,
"""
PERSONS = """
person_id,full_name,mobile,email
P1,=1+1,13912345678,li.ming@example.com
P2,王芳,13787654321,wang@example.com
"""
ACTIVITIES = """
activity_id,activity_at,staff_id,lead_id,outcome
V1,2026-10-18 10:00,S1,L1,no_answer
"""
STAFF = "staff_id,name,team\nS1,赵云,销售A组\n"
FILES = {
    "lead.csv": LEADS, "person.csv": PERSONS, "activity.csv": ACTIVITIES, "staff.csv": STAFF
}  # fmt: skip
RULES = '[routing]\nfallback = "销售A组"\n'


@pytest.fixture
def folder(tmp_path):
    """A small firm's files."""
    place = tmp_path / "firm"
    place.mkdir()
    for name, text in FILES.items():
        (place / name).write_text(text.strip() + "\n", "utf-8")
    (place / "playbook.toml").write_text(RULES, "utf-8")
    return place


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    """The sample's lists on a working day."""
    out = tmp_path_factory.mktemp("lists")
    return today.write("sample", out, as_of=AS_OF), out


def rows(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_every_list_of_the_sample_is_written_and_counted(sample):
    day, out = sample
    assert [entry.name for entry in day.lists] == [w.name for w in WORKLISTS]
    assert {p.stem for p in out.glob("*.csv")} == {w.name for w in WORKLISTS}
    assert {e.name: e.rows for e in day.lists} == {p.stem: len(rows(p)) for p in out.glob("*.csv")}


def test_each_begins_with_who_does_what_by_when_and_why(sample):
    _, out = sample
    for path in out.glob("*.csv"):
        header = path.read_bytes().decode("utf-8-sig").split("\r\n")[0].split(",")
        assert tuple(header[: len(COLUMNS)]) == COLUMNS, path.stem
        assert set(header) >= DETAILS
        for row in rows(path):
            assert row["lead_id"] or row["opportunity_id"]
            assert row["person_id"] or path.stem != "renewals"
            assert row["reason"]
            assert row["rule"]


def test_the_day_has_work_on_every_kind_of_list(sample):
    day, _ = sample
    filled = {entry.name for entry in day.lists if entry.rows}
    assert filled >= {"sla_overdue", "sla_due", "move_to_nurture", "nurture_due", "renewals"}


def test_the_same_input_gives_the_same_bytes(sample, tmp_path):
    _, out = sample
    today.write("sample", tmp_path, as_of=AS_OF)
    for path in out.glob("*.csv"):
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()


def test_contacts_are_masked(sample):
    _, out = sample
    for path in out.glob("*.csv"):
        for row in rows(path):
            assert not row["mobile"] or set(row["mobile"][3:]) <= {"*"}
            assert not row["email"] or "***@" in row["email"]
            assert not row["full_name"] or row["full_name"].endswith("**")


def test_asked_for_contacts_are_read_from_the_source_again(folder, tmp_path):
    today.write(folder, tmp_path / "lists", as_of=AS_OF, contacts=True)
    (overdue,) = (r for r in rows(tmp_path / "lists/sla_overdue.csv") if r["lead_id"] == "L1")
    assert (overdue["mobile"], overdue["email"]) == ("13912345678", "li.ming@example.com")
    assert overdue["full_name"] == "'=1+1", "no text of the data becomes a formula"


def test_contacts_are_never_written_into_a_review(folder, tmp_path):
    review = tmp_path / "reviews/2026-10"
    review.mkdir(parents=True)
    for name in ("manifest.json", "book.duckdb"):
        (review / name).write_text("")
    with pytest.raises(ReviewError, match="never holds contact details"):
        today.write(folder, review / "worklists", as_of=AS_OF, contacts=True)
    assert not (review / "worklists").exists()
    today.write(folder, review / "worklists", as_of=AS_OF)


def test_a_frozen_book_has_no_contacts_to_give(folder, tmp_path):
    frozen = freeze(folder, tmp_path / "book.duckdb")
    with pytest.raises(ReviewError, match="only masked"):
        today.write(frozen, tmp_path / "lists", contacts=True)


def test_a_list_without_its_tables_is_off_and_leaves_no_old_file(folder, tmp_path):
    out = tmp_path / "lists"
    out.mkdir()
    (out / "renewals.csv").write_text("yesterday's")
    day = today.write(folder, out, as_of=AS_OF)
    (renewals,) = (entry for entry in day.lists if entry.name == "renewals")
    assert (renewals.path, renewals.missing) == (None, ("opportunity.contract_end_on",))
    assert not (out / "renewals.csv").exists()
    assert "off  Contracts that end soon: supply opportunity.contract_end_on" in str(day)


def test_the_present_leaves_no_book_behind(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("PLAYBOOK_CACHE", str(tmp_path / "cache"))
    now = datetime(2026, 10, 20, 3, 0, tzinfo=UTC)
    day = today.write(folder, tmp_path / "now", as_of=now)
    assert str(day).startswith("As of 2026-10-20 11:00 (Asia/Shanghai)")
    assert not (tmp_path / "cache").exists()
    today.write(folder, tmp_path / "told", as_of=AS_OF)
    for path in (tmp_path / "now").glob("*.csv"):
        assert path.read_bytes() == (tmp_path / "told" / path.name).read_bytes()


def test_the_command_says_what_it_wrote(folder, tmp_path):
    done = CliRunner().invoke(
        cli.main, ["today", str(folder), "--out", str(tmp_path / "l"), "--as-of", AS_OF]
    )
    assert done.exit_code == 0
    assert "As of 2026-10-20 11:00 (Asia/Shanghai)" in done.output
    assert (
        "      1  Leads without an owner, and who is next in turn: assignments.csv" in done.output
    )


def test_a_review_leaves_the_same_lists(book):
    """What the pages show is what the command writes, but for the contacts."""
    again = open_book("sample", "2026-09")
    for worklist in WORKLISTS:
        assert worklist.rows(book).equals(worklist.rows(again)), "no list depends on the period"
