"""Workbooks: sheets, preambles, merged cells, totals, dates."""

from __future__ import annotations

from datetime import date, datetime, time

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from playbook.data.sources.excel import as_text


@pytest.fixture
def workbook(data):
    """Writes a workbook of sheets; a cell may be any value."""

    def write(name, sheets):
        book = xlsxwriter.Workbook(data / name, {"default_date_format": "yyyy-mm-dd hh:mm:ss"})
        for title, rows in sheets.items():
            sheet = book.add_worksheet(title)
            for number, row in enumerate(rows):
                for at, cell in enumerate(row):
                    if cell is not None:
                        sheet.write(number, at, cell)
        book.close()

    return write


def test_each_sheet_is_a_table_with_its_own_rows(stage, workbook, data):
    workbook(
        "crm.xlsx",
        {
            "线索": [["线索ID", "留资时间"], ["L1", datetime.fromisoformat("2026-10-01 09:30:00")]],
            "客户公司": [["客户ID", "公司名称"], ["A1", "广州云帆"], ["A2", "深圳星河"]],
        },
    )
    found = stage(data)
    assert found.rows("lead", "lead_id, created_at, _file, _row") == [
        ("L1", "2026-10-01 09:30:00", 1, 2)
    ]
    assert found.rows("account", "account_id, account_name, _file, _row") == [
        ("A1", "广州云帆", 2, 2),
        ("A2", "深圳星河", 2, 3),
    ]
    assert [(f.file, f.sheet, f.tables, f.rows) for f in found.staged.files] == [
        ("crm.xlsx", "线索", ("lead",), 1),
        ("crm.xlsx", "客户公司", ("account",), 2),
    ]


def test_sheets_without_telling_names_are_known_by_their_headers(stage, workbook, data):
    workbook(
        "线索.xlsx",
        {
            "Sheet1": [["线索ID", "留资时间"], ["L1", "2026-10-01"]],
            "Sheet2": [["客户ID", "公司名称"], ["A1", "云帆"]],
            "说明": [["本表由CRM导出"]],
        },
    )
    found = stage(data)
    assert found.rows("account", "account_name") == [("云帆",)]
    assert found.rows("lead", "lead_id") == [("L1",)]
    assert [(p.severity, p.code, p.sheet) for p in found.problems()] == [
        ("note", "unknown-table", "说明")
    ]


def test_the_only_sheet_of_a_workbook_takes_the_name_of_the_file(stage, workbook, data):
    workbook("线索.xlsx", {"Sheet1": [["编码", "留资时间"], ["L1", "2026-10-01"]]})
    assert stage(data).rows("lead", "created_at") == [("2026-10-01",)]


def test_titles_blank_rows_and_totals_are_passed_over(stage, data):
    book = xlsxwriter.Workbook(data / "费用.xlsx")
    sheet = book.add_worksheet("Sheet1")
    sheet.merge_range(0, 0, 0, 3, "2026年10月 市场费用")
    sheet.write_row(1, 0, ["部门：市场部"])
    sheet.write_row(3, 0, ["费用ID", "日期", "金额(元)", "渠道"])
    sheet.write_row(4, 0, ["S1", "2026-10-01", 100.5, "C1"])
    sheet.write_row(6, 0, ["S2", "2026-10-02", 200, "C2"])
    sheet.write_row(7, 0, ["小计", "", 300.5])
    sheet.write_row(8, 0, ["S3", "2026-10-03", 1, "C2"])
    sheet.write_row(9, 0, ["总计：", None, 301.5])
    book.close()
    found = stage(data)
    assert found.rows("spend", "spend_id, amount, channel_id, _row") == [
        ("S1", "100.5", "C1", 5),
        ("S2", "200", "C2", 7),
        ("S3", "1", "C2", 9),
    ]
    assert [(p.severity, p.row, p.sheet) for p in found.problems("total-row")] == [
        ("note", 8, "Sheet1"),
        ("note", 10, "Sheet1"),
    ]
    assert (found.staged.files[0].header_row, found.staged.files[0].rows) == (4, 3)


def test_a_cell_merged_over_rows_fills_them(stage, data):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "touch"
    for row in [
        ["touch_id", "lead_id", "touched_at", "touch_type"],
        ["T1", "L1", "2026-10-01", "form"],
        ["T2", None, "2026-10-02", "demo"],
        ["T3", None, "2026-10-03", "demo"],
    ]:
        sheet.append(row)
    sheet.merge_cells("B2:B3")
    book.save(data / "x.xlsx")
    assert stage(data).rows("touch", "touch_id, lead_id") == [
        ("T1", "L1"),
        ("T2", "L1"),
        ("T3", None),
    ]


def test_hidden_and_empty_sheets_are_ignored(stage, data):
    book = xlsxwriter.Workbook(data / "lead.xlsx")
    book.add_worksheet("empty")
    hidden = book.add_worksheet("account")
    hidden.write_row(0, 0, ["account_id", "account_name"])
    hidden.hide()
    book.add_worksheet("Sheet3").write_row(0, 0, ["lead_id", "created_at"])
    book.add_chartsheet("chart")
    book.close()
    found = stage(data)
    assert list(found.staged.tables) == ["lead"]
    assert [f.sheet for f in found.staged.files] == ["Sheet3"]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (13800138000.0, "13800138000"),
        (1e20, "100000000000000000000"),
        (0.1 + 0.2, "0.3"),
        (1234567.891, "1234567.891"),
        (1e-7, "0.0000001"),
        (True, "true"),
        (datetime.fromisoformat("2026-10-01 09:30:00"), "2026-10-01 09:30:00"),
        (date(2026, 10, 1), "2026-10-01"),
        (time(9, 30), "09:30:00"),
        ("  x ", "x"),
        ("\u3000", None),
        ("", None),
    ],
)
def test_cells_become_the_text_that_a_person_would_type(cell, expected):
    assert as_text(cell) == expected


@given(st.floats(min_value=-1e15, max_value=1e15, allow_nan=False))
def test_the_text_of_a_number_is_that_number(number):
    assert float(as_text(number)) == pytest.approx(number, rel=1e-14, abs=1e-18)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not a workbook", b"lead_id,created_at\n"])
def test_a_damaged_workbook_is_a_problem_and_the_rest_is_read(stage, data, content):
    (data / "account.xlsx").write_bytes(content)
    (data / "lead.csv").write_text("lead_id,created_at\nL1,2026-10-01\n")
    found = stage(data)
    (problem,) = found.problems()
    assert (problem.severity, problem.code, problem.file) == (
        "flag",
        "unreadable-file",
        "account.xlsx",
    )
    assert problem.message.startswith("the file cannot be read: it is damaged or not a workbook")
    assert found.rows("lead", "lead_id") == [("L1",)]


def test_a_workbook_with_a_password_says_so(stage, data, monkeypatch):
    import python_calamine

    def refuse(_path):
        raise python_calamine.PasswordError

    monkeypatch.setattr(
        "python_calamine.CalamineWorkbook", type("Locked", (), {"from_path": staticmethod(refuse)})
    )
    (data / "lead.xlsx").write_bytes(b"locked")
    (problem,) = stage(data).problems()
    assert (problem.severity, problem.message, problem.remedy) == (
        "stop",
        "the file cannot be read: it is protected by a password",
        "save it without a password",
    )


def test_the_header_row_of_a_sheet_can_be_named(stage, workbook, data):
    rows = [["lead_id", "created_at"], ["x", "y"], ["编码", "时间"], ["L1", "2026-10-01"]]
    workbook("export.xlsx", {"甲": rows})
    toml = """
        [sources.lead]
        table = "lead"
        file = "export.xlsx"
        sheet = "甲"
        header_row = 3
        columns = { lead_id = "编码", created_at = "时间" }
    """
    assert stage(data, toml).rows("lead", "lead_id, _row") == [("L1", 4)]
