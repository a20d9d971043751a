"""Files that no rule speaks of: what is matched, what is reported."""

from __future__ import annotations

LEAD = "lead_id,created_at\nL1,2026-10-01\n"


def test_a_column_renamed_by_one_letter_is_reported_and_not_read(stage, data):
    (data / "lead.csv").write_text("lead_id,creatd_at,note,status\nL1,2026-10-01,x,new\n")
    found = stage(data)
    assert set(found.staged.tables["lead"]) == {"lead_id", "status"}
    (near,) = found.problems("unknown-column")
    assert (near.severity, near.table, near.file, near.column) == (
        "flag",
        "lead",
        "lead.csv",
        "creatd_at",
    )
    assert near.message == (
        "creatd_at is not a column of lead; the nearest is created_at (留资时间), which every row "
        "needs. It is not read"
    )
    assert near.remedy == (
        "rename it to created_at or 留资时间 if it is that, or map it in a [sources] section: "
        'columns = {created_at = "creatd_at"}'
    )
    (ignored,) = found.problems("ignored-column")
    assert (ignored.severity, ignored.column) == ("note", "note")


def test_a_near_miss_of_a_column_that_is_there_is_only_ignored(stage, data):
    (data / "lead.csv").write_text("lead_id,lead_ids,created_at\nL1,x,2026-10-01\n")
    assert stage(data).codes == ["ignored-column"]


def test_two_headers_for_one_column_are_reported(stage, data):
    (data / "lead.csv").write_text("线索ID,留资时间,日期,痛点\nL1,2026-10-01,2026-10-02,x\n")
    found = stage(data)
    assert found.rows("lead", "created_at") == [("2026-10-01",)]
    (double,) = found.problems()
    assert (double.severity, double.code, double.column) == ("flag", "double-column", "日期")
    assert double.message == (
        "columns 留资时间 and 日期 both are created_at of lead; 留资时间 is used"
    )


def test_a_name_beside_an_identifier_is_only_a_note(stage, data):
    (data / "lead.csv").write_text("线索ID,留资时间,客户公司,客户ID\nL1,2026-10-01,云帆,A1\n")
    found = stage(data)
    assert found.rows("lead", "account_id") == [("A1",)]
    assert [p.severity for p in found.problems("double-column")] == ["note"]


def test_a_header_in_ten_thousands_scales_its_numbers(stage, data):
    (data / "spend.csv").write_text(
        "费用ID,费用日期,金额(万元)\nS1,2026-10-01,1.5\nS2,2026-10-02,\n"
    )
    assert stage(data).rows("spend", "amount") == [("1.5万",), (None,)]


def test_columns_without_a_header_are_noted_only_where_they_hold_values(stage, data):
    (data / "lead.csv").write_text("lead_id,created_at,,\nL1,2026-10-01,,x\n")
    (problem,) = stage(data).problems()
    assert problem.message == "column 4, which has no header, is not one of lead and is not read"


def test_one_table_from_several_files_keeps_file_and_row(stage, data):
    (data / "lead_2026-09.csv").write_text("lead_id,created_at\nL1,2026-09-01\n")
    (data / "lead_2026-10.csv").write_text("创建时间,状态,线索ID\n2026-10-01,新线索,L2\n")
    found = stage(data)
    assert found.rows("lead", "lead_id, created_at, status, _file, _row") == [
        ("L1", "2026-09-01", None, 1, 2),
        ("L2", "2026-10-01", "新线索", 2, 2),
    ]
    assert found.staged.tables["lead"] == {
        "lead_id": "lead_id",
        "created_at": "created_at",
        "status": "状态",
    }


def test_a_file_without_a_telling_name_is_known_by_its_headers(stage, data):
    (data / "export.csv").write_text(LEAD)
    (data / "x.csv").write_text("opportunity_id,account_id,created_at,amount\nO1,A1,2026-10-01,5\n")
    found = stage(data)
    assert found.rows("opportunity", "opportunity_id") == [("O1",)]


def test_headers_that_fit_several_tables_are_reported_with_their_names(stage, data):
    (data / "lead.csv").write_text(LEAD)
    (data / "x.csv").write_text("date,keyword_id,engine,content_id,platform\n2026-10-01,K,x,C,y\n")
    (problem,) = stage(data).problems()
    assert (problem.severity, problem.code, problem.file) == ("flag", "unclear-table", "x.csv")
    assert problem.message == (
        "its headers fit search_daily (搜索表现) or content_daily (内容数据), so it is not read: "
        "date, keyword_id, engine, content_id, platform"
    )
    assert problem.remedy == "name the file or sheet after its table, such as search_daily"


def test_a_file_of_something_else_is_reported_and_harmless(stage, data):
    (data / "lead.csv").write_text(LEAD)
    (data / "weather.csv").write_text("city,rain\nGuangzhou,5\n")
    (problem,) = stage(data).problems()
    assert (problem.severity, problem.code, problem.file) == (
        "flag",
        "unknown-table",
        "weather.csv",
    )
    assert problem.message == (
        "it is none of our tables by its name or headers and is not read: city, rain"
    )


def test_a_file_named_like_a_table_with_strange_headers_says_what_is_needed(stage, data):
    (data / "lead.csv").write_text("编码,何时\nL1,2026-10-01\n")
    found = stage(data)
    (problem,) = found.problems()
    assert problem.code == "unknown-headers"
    assert problem.remedy == (
        "rename the headers (lead_id, created_at at least), or map them in a [sources] section"
    )
    assert "lead" not in found.staged.tables
