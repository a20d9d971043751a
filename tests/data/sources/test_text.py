"""Text files: encodings, delimiters, row numbers, irregular rows."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from playbook.data import rules, sources
from playbook.data.sources import csvfile, text
from playbook.data.sources.grids import Store
from playbook.data.sources.headers import BLANKS, known

HEADERS = ["lead_id", "created_at", "痛点", "预算"]
COLUMNS = ["lead_id", "created_at", "pain_point", "budget_band"]
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030"]

cells = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.sampled_from(
    [
        "",
        "a,b",
        "a;b",
        'say "hi"',
        '"',
        "two\nlines",
        "two\r\nlines",
        "\n",
        " x ",
        "\u3000全角\u3000",
    ]
)
tables = st.lists(
    st.tuples(st.text("abc012", min_size=1, max_size=4), cells, cells, cells), max_size=6
)


def written(rows, encoding, delimiter, line_end="\r\n"):
    """The bytes of a table as a program would export it."""
    out = io.StringIO(newline="")
    has_return = any("\r" in cell for row in rows for cell in row)  # not quoted by Python < 3.13
    quoting = csv.QUOTE_ALL if has_return else csv.QUOTE_MINIMAL
    writer = csv.writer(out, delimiter=delimiter, lineterminator=line_end, quoting=quoting)
    writer.writerow(HEADERS)
    writer.writerows(rows)
    return out.getvalue().encode(encoding)


def read(folder, content, name="lead.csv"):
    """Rows and row numbers of a file, and what was noted."""
    Path(folder, name).write_bytes(content)
    con = duckdb.connect()
    staged = sources.stage(con, folder, rules.load(None))
    columns = ", ".join(staged.tables["lead"])
    rows = con.execute(f"SELECT {columns}, _row FROM raw.lead ORDER BY _row").fetchall()
    con.close()
    return rows, staged


@settings(max_examples=60)
@given(
    tables,
    st.sampled_from(ENCODINGS),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["\n", "\r\n"]),
)
@example([("a", 'x"y', "\n", "")], "gb18030", ";", "\r\n")
@example([("a", "", "", ""), ("b", "\x00", "\x1a", "\x85")], "utf-8", ",", "\n")
@example([("a", "\r", "", "x\ry")], "utf-8", ",", "\n")
def test_any_table_comes_back_as_written_with_the_rows_of_a_spreadsheet(
    rows, encoding, delimiter, line_end
):
    with tempfile.TemporaryDirectory() as folder:
        found, staged = read(folder, written(rows, encoding, delimiter, line_end))
    expected = [
        (*(cell.strip(BLANKS) or None for cell in row), number)
        for number, row in enumerate(rows, 2)
        if any(cell.strip(BLANKS) for cell in row)
    ]
    assert found == expected
    assert staged.files[0].rows == len(expected)
    assert staged.files[0].delimiter == delimiter
    assert [p for p in staged.problems if p.severity != "note"] == []


@settings(max_examples=60)
@given(tables, st.sampled_from([",", "\t"]), st.sampled_from(["\n", "\r\n"]))
def test_both_readers_read_a_regular_file_alike(rows, delimiter, line_end):
    """The engine's reader is only faster than our own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "lead.csv")
        path.write_bytes(written(rows, "utf-8", delimiter, line_end))
        dialect = text.dialect_of(path, known())
        own = csvfile.LineReader(path, dialect)
        slow = [(number, tuple(cells)) for number, cells in own.rows()]
        con = duckdb.connect()
        con.execute("CREATE SCHEMA staged")
        grid = csvfile.load(Store(con, "staged"), path, dialect, "lead.csv", ())
        found = con.execute(f"SELECT {grid.row}, {', '.join(grid.cells)} FROM {grid.relation}")
        fast = [(number, tuple(cells)) for number, *cells in found.fetchall() if any(cells)]
        con.close()
    assert fast == slow


def test_encoding_and_delimiter_are_reported(stage, data):
    (data / "lead.csv").write_bytes("线索ID;留资时间\nL1;2026-10-01\n".encode("gb18030"))
    file = stage(data).staged.files[0]
    assert (file.encoding, file.delimiter, file.header_row, file.rows) == ("gb18030", ";", 1, 1)
    assert len(file.sha256) == 64


def test_blank_lines_count_as_rows_of_the_spreadsheet(stage, data):
    (data / "lead.csv").write_text("lead_id,created_at\nL1,2026-10-01\n\n,\nL2,2026-10-02\n\n\n")
    found = stage(data)
    assert found.rows("lead", "lead_id, _row") == [("L1", 2), ("L2", 5)]
    assert found.staged.files[0].rows == 2
    assert found.codes == []


def test_a_cell_of_several_lines_is_one_row(stage, data):
    content = 'lead_id,created_at,痛点\r\nL1,2026-10-01,"one\ntwo\n\nthree"\r\nL2,2026-10-02,x\r\n'
    (data / "lead.csv").write_bytes(content.encode())
    found = stage(data).rows("lead", "lead_id, pain_point, _row")
    assert found == [("L1", "one\ntwo\n\nthree", 2), ("L2", "x", 3)]


def test_lines_above_the_headers_are_passed_over(stage, data):
    (data / "推广日报.csv").write_text(
        "账户报告,,\n导出时间：2026-10-31,,\n\n日期,平台,消耗,展现,点击\n2026-10-01,baidu,12.5,100,3\n"
        "合计,,12.5,100,3\n",
        "utf-8-sig",
    )
    found = stage(data)
    assert found.rows("ad_daily", "date, platform, cost, _row") == [
        ("2026-10-01", "baidu", "12.5", 5)
    ]
    assert found.staged.files[0].header_row == 4
    (total,) = found.problems("total-row")
    assert (total.severity, total.row, total.count) == ("note", 6, 1)


def test_a_customer_called_total_stays(stage, data):
    (data / "account.csv").write_text("客户公司,客户ID\nTotal,A1\n合计,\n")
    assert stage(data).rows("account", "account_id, account_name") == [("A1", "Total")]


def test_a_row_with_missing_or_extra_cells_is_kept_and_flagged(stage, data):
    (data / "lead.csv").write_text(
        "lead_id,created_at,pain_point\nL1,2026-10-01\nL2,2026-10-02,x,y\nL3,2026-10-03,z,\n"
    )
    found = stage(data)
    assert found.rows("lead", "lead_id, pain_point, _row") == [
        ("L1", None, 2),
        ("L2", "x", 3),
        ("L3", "z", 4),
    ]
    ragged = found.problems("ragged-row")
    assert [(p.severity, p.table, p.row, p.count) for p in ragged] == [
        ("flag", "lead", 2, 2),
        ("flag", "lead", 3, 2),
    ]
    assert ragged[0].message == (
        "the row has not as many cells as there are headers (3); the first 3 are read as they "
        "stand, missing ones are empty"
    )


def test_an_open_quotation_mark_swallows_nothing(stage, data):
    (data / "lead.csv").write_text(
        'lead_id,created_at,pain_point\nL1,2026-10-01,"5 inch\nL2,2026-10-02,x\nL3,2026-10-03,"y\n'
        "L4,2026-10-04,z\n"
    )
    found = stage(data)
    assert [row[0] for row in found.rows("lead", "lead_id")] == ["L1", "L2", "L3", "L4"]
    assert found.rows("lead", "pain_point")[0] == ('"5 inch',)
    assert [(p.row, p.count) for p in found.problems("open-quote")] == [(2, 2), (4, 2)]


def test_examples_are_capped_and_counts_are_not(stage, data):
    lines = "".join(f"L{i}\n" for i in range(30))
    (data / "lead.csv").write_text(f"lead_id,created_at\n{lines}")
    ragged = stage(data).problems("ragged-row")
    assert len(ragged) == 20
    assert {p.count for p in ragged} == {30}


def test_a_file_with_headers_only_gives_a_table_without_rows(stage, data):
    (data / "lead.csv").write_text("lead_id,created_at\n")
    found = stage(data)
    assert found.rows("lead") == []
    assert set(found.staged.tables["lead"]) == {"lead_id", "created_at"}
    assert found.codes == ["no-rows"]


def test_an_empty_file_is_a_note(stage, data):
    (data / "lead.csv").write_text("lead_id,created_at\nL1,2026-10-01\n")
    (data / "touch.csv").write_bytes(b"")
    (problem,) = stage(data).problems()
    assert (problem.severity, problem.code, problem.file) == ("note", "empty-file", "touch.csv")


def test_a_western_encoding_is_refused_with_its_remedy_and_read_with_the_rule(stage, data):
    (data / "account.csv").write_bytes(
        "account_id,account_name\nA1,Café São João\n".encode("cp1252")
    )
    (data / "lead.csv").write_text("lead_id,created_at\nL1,2026-10-01\n")
    found = stage(data)
    (problem,) = found.problems()
    assert (problem.severity, problem.code, problem.file) == (
        "flag",
        "unreadable-file",
        "account.csv",
    )
    assert problem.message == (
        "the file cannot be read: its encoding is none of UTF-8, UTF-16 and GB18030"
    )
    assert 'encoding = "cp1252"' in problem.remedy
    toml = """
        [sources.account]
        table = "account"
        file = "account.csv"
        encoding = "cp1252"
        columns = { account_id = "account_id", account_name = "account_name" }
    """
    assert stage(data, toml).rows("account", "account_name") == [("Café São João",)]


def test_a_file_that_cannot_be_read_stops_only_where_no_leads_are_found(stage, data):
    (data / "x.csv").write_bytes(b"lead_id\n\xff\xfe\xff\xff,\x81\n")
    (problem,) = stage(data).problems("unreadable-file")
    assert problem.severity == "stop"


def test_a_large_number_in_chinese_stays_text(stage, data):
    (data / "spend.csv").write_text('费用ID,费用日期,金额\nS1,2026-10-01,"1,234.5万"\n')
    found = stage(data)
    assert found.rows("spend", "amount") == [("1,234.5万",)]
    assert not found.staged.files[0].decimal_comma


@pytest.mark.parametrize(
    ("delimiter", "values", "expected"),
    [
        (";", ["1.234,56", "12,5"], True),
        (";", ["1,234"], True),
        (";", ["12,5", "12.50"], False),
        (",", ["1,234"], False),
        (",", ["1,234", "1,234,567.5"], False),
        ("\t", ["0,125"], True),
        ("\t", ["€ 99,90"], True),
        (";", ["100", "1.234"], False),
    ],
)
def test_a_decimal_comma_is_known_by_the_shape_of_its_column(
    stage, data, delimiter, values, expected
):
    rows = [["spend_id", "spend_date", "amount"]]
    rows += [[f"S{i}", "2026-10-01", value] for i, value in enumerate(values)]
    with (data / "spend.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
    assert stage(data).staged.files[0].decimal_comma is expected


def test_commas_in_text_do_not_make_a_decimal_comma(stage, data):
    (data / "lead.csv").write_text("lead_id;created_at;pain_point\nL1;2026-10-01;1,5 years late\n")
    assert not stage(data).staged.files[0].decimal_comma


def test_the_encoding_of_a_file_without_a_mark_is_told_by_its_bytes(tmp_path):
    sample = "lead_id,created_at,痛点\nL1,2026-10-01,一二三\n"
    for encoding in ("utf-8", "utf-16-le", "utf-16-be", "gb18030"):
        path = tmp_path / encoding
        path.write_bytes(sample.encode(encoding))
        assert text.encoding_of(path) == encoding


def test_a_million_rows_keep_their_numbers(stage, data):
    """Also beyond one buffer of the engine's reader."""
    con = duckdb.connect()
    con.execute(
        "COPY (SELECT 'L' || i AS lead_id, '2026-10-01' AS created_at, 'text ' || i AS pain_point "
        f"FROM range(1000000) AS t(i)) TO '{data / 'lead.csv'}'"
    )
    con.close()
    found = stage(data)
    wrong = found.con.execute("SELECT count(*) FROM raw.lead WHERE lead_id <> 'L' || (_row - 2)")
    assert wrong.fetchone() == (0,)
    assert found.staged.files[0].rows == 1_000_000
