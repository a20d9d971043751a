"""tables.xlsx: text stays text, names are legal, the same tables give the same bytes."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import openpyxl
import pandas as pd
import pytest

from playbook.report import tables
from playbook.report.gather import Sheet
from playbook.report.site import Page

PAGE = Page("funnel/leads", "Leads", "Funnel")


@pytest.fixture
def sheet(tmp_path):
    def make(df: pd.DataFrame, name: str = "leads", **about):
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.parquet"
        df.to_parquet(path, index=False)
        fields = {"title": "", "note": "", "labels": {}, "units": {}, **about}
        return Sheet(PAGE, path, name, **fields)

    return make


def read(path):
    return openpyxl.load_workbook(path)


def test_text_never_becomes_a_formula_or_a_link(sheet, tmp_path):
    texts = ["=1+1", "=cmd|'/c calc'!A1", "+1", "-1", "@x", "http://example.com", "{=1}", "007"]
    tables.write([sheet(pd.DataFrame({"=head": texts}))], tmp_path / "t.xlsx")
    cells = read(tmp_path / "t.xlsx")["leads"]["A"]
    assert [cell.value for cell in cells] == ["=head", *texts]
    assert {cell.data_type for cell in cells} == {"s"}
    assert all(cell.hyperlink is None for cell in cells)


def test_values_keep_their_kind(sheet, tmp_path):
    df = pd.DataFrame(
        {
            "n": [1, 2],
            "rate": [0.25, float("nan")],
            "money": [Decimal("1.10"), None],
            "day": [dt.date(2026, 10, 1), None],
            "at": [pd.Timestamp("2026-10-01 08:30"), pd.NaT],
            "ok": [True, False],
            "name": ["线索", None],
        }
    )
    tables.write([sheet(df, units={"rate": "share"}, labels={"n": "Leads"})], tmp_path / "t.xlsx")
    rows = list(read(tmp_path / "t.xlsx")["leads"].iter_rows(values_only=True))
    assert rows[0] == ("Leads", "rate", "money", "day", "at", "ok", "name")
    moments = (pd.Timestamp("2026-10-01"), pd.Timestamp("2026-10-01 08:30"))
    assert rows[1] == (1, 0.25, 1.1, *moments, True, "线索")
    assert rows[2] == (2, None, None, None, None, False, None)


def test_the_contents_lead_to_every_sheet(sheet, tmp_path):
    df = pd.DataFrame({"a": [1, 2, 3]})
    tables.write([sheet(df, "one", title="First"), sheet(df, "it's")], tmp_path / "t.xlsx")
    book = read(tmp_path / "t.xlsx")
    contents = book["Contents"]
    assert [cell.value for cell in contents[2]][:4] == ["one", "Leads", "First", 3]
    assert contents["A3"].hyperlink.location == "'it''s'!A1"
    assert book.sheetnames == ["Contents", "one", "it's"]


def test_names_are_legal_and_unique():
    names = tables.sheet_names(["a" * 40, "A" * 40, "a/b", "Contents", "", "history"])
    assert len({name.lower() for name in names}) == len(names)
    assert all(0 < len(name) <= 31 for name in names)
    assert names[2] == "a-b"


def test_a_table_too_long_for_a_sheet_is_cut_and_said_to_be(sheet, tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "MAX_ROWS", 2)
    tables.write([sheet(pd.DataFrame({"a": [1, 2, 3]}), note="Old.")], tmp_path / "t.xlsx")
    book = read(tmp_path / "t.xlsx")
    assert book["leads"].max_row == 3
    row = [cell.value for cell in book["Contents"][2]]
    assert row[3:] == [3, "Only the first 2 rows fit in a sheet. Old."]


def test_the_same_tables_give_the_same_bytes(sheet, tmp_path):
    one = sheet(pd.DataFrame({"a": ["x"], "b": [0.1]}))
    for name in ("1.xlsx", "2.xlsx"):
        tables.write([one], tmp_path / name)
    assert (tmp_path / "1.xlsx").read_bytes() == (tmp_path / "2.xlsx").read_bytes()


def test_no_tables_give_a_workbook_with_empty_contents(tmp_path):
    tables.write([], tmp_path / "t.xlsx")
    assert read(tmp_path / "t.xlsx").sheetnames == ["Contents"]
