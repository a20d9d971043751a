"""Headers and tables found by name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbook.data import schema
from playbook.data.sources import headers, tables

TABLES = list(schema.TABLES.values())


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.name)
def test_every_declared_header_finds_its_column(table):
    for column in (*table.columns, *schema.COMMON):
        for header in column.headers:
            assert headers.match([header], table).columns == {column.name: 0}, header


@pytest.mark.parametrize(
    "header",
    [
        "lead_id",
        "Lead ID",
        " LEAD-ID ",
        "ｌｅａｄ＿ｉｄ",
        "\ufefflead_id",
        "线索ID *",
        "线索 id",
        "线索ID（必填）",
        "线索编号：",
        "*线索ID",
    ],
)
def test_spelling_is_forgiven(header):
    assert headers.match([header], schema.TABLES["lead"]).columns == {"lead_id": 0}


@pytest.mark.parametrize(
    ("table", "header", "column", "scale"),
    [
        ("spend", "费用金额(元)", "amount", None),
        ("spend", "金额（万元）", "amount", "万"),
        ("ad_daily", "消耗 [RMB]", "cost", None),
        ("web_daily", "停留时长(秒)", "total_time_s", None),
        ("project", "进度(%)", "progress", None),
        ("content", "制作工时（小时）", "production_hours", None),
    ],
)
def test_a_unit_in_a_header_is_forgiven_where_it_is_the_column_s_own(table, header, column, scale):
    found = headers.match([header], schema.TABLES[table])
    assert found.columns == {column: 0}
    assert found.scales.get(column) == scale


@pytest.mark.parametrize(
    ("table", "header", "column"),
    [
        ("spend", "金额(美元)", "amount"),
        ("web_daily", "停留时长(分钟)", "total_time_s"),
        ("lead", "leed_id", "lead_id"),
        ("lead", "lead_i", "lead_id"),
        ("lead", "lead_idd", "lead_id"),
        ("lead", "laed_id", "lead_id"),
        ("lead", "留资时问", "created_at"),
    ],
)
def test_a_near_miss_is_never_matched(table, header, column):
    found = headers.match([header], schema.TABLES[table])
    assert found.columns == {}
    assert found.near == [(0, column)]


def test_a_reference_takes_the_headers_of_the_key_it_points_to():
    found = headers.match(["跟进编号", "线索编号", "工号"], schema.TABLES["activity"])
    assert found.columns == {"activity_id": 0, "lead_id": 1, "staff_id": 2}


def test_but_not_where_two_columns_point_there():
    project = schema.TABLES["project"]
    assert sum(column.references == "staff" for column in project.columns) == 2
    assert headers.match(["工号"], project).columns == {}


def test_an_identifier_is_preferred_to_a_name_for_a_reference():
    """CRM exports often have both the customer's name and its number."""
    found = headers.match(["客户公司", "客户ID"], schema.TABLES["lead"])
    assert found.columns == {"account_id": 1}
    assert found.double == [("account_id", 1, 0)]


letters = st.text("abcd", max_size=5)


@given(letters, letters)
def test_one_letter_off_is_a_distance_of_one(one, other):
    def edits(word):
        for i in range(len(word) + 1):
            yield from (word[:i] + c + word[i:] for c in "abcd")
            if i < len(word):
                yield word[:i] + word[i + 1 :]
                yield from (word[:i] + c + word[i + 1 :] for c in "abcd")
            if i + 1 < len(word):
                yield word[:i] + word[i + 1] + word[i] + word[i + 2 :]

    assert headers.one_letter_off(one, other) == (one != other and other in set(edits(one)))


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.name)
def test_every_declared_table_name_is_recognised(table):
    for name in (table.name, table.zh, *table.aliases):
        assert tables.named(name) == table.name


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("lead_2026-10", "lead"),
        ("Leads (2)", "lead"),
        ("线索_导出", "lead"),
        ("线索导出20261031", "lead"),
        ("线索表_副本", "lead"),
        ("跟进记录明细", "activity"),
        ("stage_events_2026Q3", "stage_event"),
        ("ad_daily-final-v2", "ad_daily"),
        ("Sheet1", None),
        ("lead_sources", None),
        ("2026-10", None),
    ],
)
def test_dates_counters_and_fillers_in_a_name_are_forgiven(name, table):
    assert tables.named(name) == table


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.name)
def test_a_table_is_recognised_by_its_headers_alone_or_its_candidates_are_named(table):
    for names in (table.column_names, [c.zh for c in table.columns]):
        found, candidates = tables.recognise(["Sheet1"], list(names))
        assert found == table.name or table.name in candidates


def test_a_part_of_the_name_decides_between_tables_that_fit():
    both = ["date", "currency", "rate"]
    assert tables.recognise(["x"], both) == ("fx_rate", ())
    assert tables.recognise(["company_calendar_export_x"], ["date", "is_workday"])[0] == "calendar"


def test_headers_that_fit_two_tables_are_not_guessed():
    both = ["date", "keyword_id", "engine", "content_id", "platform"]
    assert tables.recognise(["Sheet1"], both) == (None, ("search_daily", "content_daily"))
    assert tables.recognise(["content_daily"], both) == ("content_daily", ())
