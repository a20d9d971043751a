"""What must hold within a row: each fault is reported once, and a sound company not at all."""

from __future__ import annotations

import copy

import pytest

from playbook.data import schema
from playbook.errors import InputError


def test_a_sound_company_has_no_problems(check, good):
    outcome = check(good)
    assert outcome.codes == []
    assert outcome.checked.problems.empty
    assert outcome.checked.aside.empty
    assert outcome.checked.merges.empty


STATUS = (
    "status (当前状态) must be one of new (新线索), working (跟进中), nurture (培育), "
    "qualified (已合格), invalid (无效), converted (已转商机)"
)
FAULTS = [
    # table, column, value, severity, code, column reported
    ("lead", "status", "在谈", "flag", "unknown-value", "status"),
    ("lead", "need_clarity", "4", "flag", "out-of-range", "need_clarity"),
    ("lead", "need_clarity", "two", "flag", "unreadable", "need_clarity"),
    ("lead", "channel_id", "c9", "flag", "orphan", "channel_id"),
    ("lead", "pain_point", "=cmd|'/c calc'!A1", "note", "formula-text", "pain_point"),
    ("lead", "pain_point", "<script>alert(1)</script>", "note", "markup-text", "pain_point"),
    ("account", "created_at", "1899-12-30", "flag", "implausible-date", "created_at"),
    ("account", "account_name", "", "flag", "missing-value", "account_name"),
    ("person", "account_id", "A9", "flag", "orphan", "account_id"),
    ("touch", "person_id", "", "flag", "no-link", "person_id"),
    ("touch", "touch_type", "舞蹈", "flag", "unknown-value", "touch_type"),
    ("activity", "staff_id", "", "flag", "missing-value", "staff_id"),
    ("opportunity", "amount", "0", "flag", "not-positive", "amount"),
    ("opportunity", "won_amount", "-1", "flag", "not-positive", "won_amount"),
    ("opportunity", "amount", "plenty", "flag", "unreadable", "amount"),
    ("opportunity", "currency", "dubloon", "flag", "unknown-currency", "currency"),
    ("payment", "amount", "-5", "flag", "not-positive", "amount"),
    ("payment", "kind", "借款", "flag", "unknown-value", "kind"),
    ("payment", "opportunity_id", "O9", "flag", "orphan", "opportunity_id"),
    ("spend", "amount", "0", "flag", "not-positive", "amount"),
    ("spend", "amount", "$800", "flag", "currency-in-amount", "amount"),
    ("spend", "campaign_id", "", "flag", "no-dimension", "channel_id"),
    ("ad_daily", "cost", "-1", "flag", "not-positive", "cost"),
    ("ad_daily", "clicks", "-3", "flag", "out-of-range", "clicks"),
    ("campaign", "end_date", "2025-01-01", "flag", "ends-before-start", "end_date"),
    ("event", "end_at", "2026-02-01", "flag", "ends-before-start", "end_at"),
    ("event", "primary_goal", "品牌,获客", "flag", "several-goals", "primary_goal"),
    ("event", "primary_goal", "热闹", "flag", "unknown-value", "primary_goal"),
    ("partner", "bound_project_id", "", "flag", "partner-without-project", "bound_project_id"),
    ("project", "dri_id", "S1、S2", "flag", "several-dri", "dri_id"),
    ("project", "dri_id", "S9", "flag", "orphan", "dri_id"),
]  # fmt: skip


@pytest.fixture(scope="module")
def spoiled(check_once, sound):
    """A company with every fault, each in a row of its own, and the numbers of these rows."""
    tables = copy.deepcopy(sound)
    rows = [_spoil(tables, *fault[:3]) for fault in FAULTS]
    return check_once(tables).checked.problems, rows


def _spoil(tables, table, column, value):
    """Append a copy of the table's first row that holds the value; its row number."""
    key = {"ad_daily": "platform"}.get(table, f"{table}_id")
    fresh = {} if column == key else {key: f"{table}{len(tables[table])}"}
    tables[table].append({**tables[table][0], **fresh, column: value})
    return len(tables[table]) + 1


@pytest.mark.parametrize("place", range(len(FAULTS)), ids=lambda i: "-".join(FAULTS[i][:3]))
def test_each_fault_is_reported_at_its_row(spoiled, place):
    """Everything is wrong at once here, and everything is reported."""
    problems, rows = spoiled
    table, _, _, severity, code, reported = FAULTS[place]
    found = problems[(problems["code"] == code) & (problems["table"] == table)]
    found = found[found["row"] == rows[place]].iloc[0]
    assert found["severity"] == severity
    assert found["column"] in {reported, schema.TABLES[table].column(reported).zh}
    assert found["file"] == f"{table}.csv"
    assert found["message"]
    assert found["remedy"]


TWINS = [
    ("lead", "status", "CONVERTED"),
    ("lead", "status", "已转 化"),
    ("lead", "need_clarity", "３"),
    ("payment", "kind", "合同"),
    ("payment", "amount", "4.5万"),
    ("opportunity", "currency", "人民币"),
    ("opportunity", "is_won", "Y"),
    ("opportunity", "is_won", "√"),
    ("opportunity", "amount", ""),
    ("spend", "amount", "￥800"),
    ("spend", "cost_type", ""),
    ("ad_daily", "cost", "0"),
    ("event", "primary_goal", "品牌曝光"),
    ("lead", "pain_point", "-5% margin, 3 < 4"),
    ("lead", "pain_point", "-"),
]


def test_unusual_spellings_are_no_faults(check, good):
    """The twins of the faults: the same rows with values that are allowed."""
    for twin in TWINS:
        _spoil(good, *twin)
    assert {code for _, code, *_ in check(good).codes} <= {"duplicate-lead"}


def test_a_refund_may_be_negative(check, good):
    good["payment"][0] |= {"kind": "退款", "amount": "-5"}
    assert check(good).codes == []


def test_a_partner_of_tier_c_needs_no_project(check, good):
    good["partner"][0] |= {"tier": "C类", "bound_project_id": ""}
    assert check(good).codes == []


def test_a_stage_event_belongs_to_one_lead_or_one_opportunity(check, good):
    good["stage_event"][0]["opportunity_id"] = "O1"
    good["stage_event"][1]["lead_id"] = ""
    assert check(good).codes == [
        ("flag", "no-link", "stage_event", "线索ID", 1),
        ("flag", "several-links", "stage_event", "线索ID", 1),
    ]


def test_messages_say_what_is_allowed_and_what_to_do(check, good):
    good["lead"][0] |= {"status": "在谈", "need_clarity": "4"}
    problems = check(good).checked.problems
    assert problems["message"].tolist() == [
        "need_clarity (需求明确度) must be at least 0 and at most 3",
        STATUS,
    ]
    assert problems["remedy"].tolist() == [
        "correct the value in the source, or its unit",
        'map it in [sources.<name>.values.status] of playbook.toml: "theirs" = "ours"',
    ]
    assert problems["value"].tolist() == ["4", "在谈"]
    assert problems["column"].tolist() == ["需求明确度", "当前状态"]


def test_a_value_of_an_open_vocabulary_is_kept(check, good):
    good["account"][0]["industry"] = "Space Mining"
    good["account"][1]["industry"] = "制造业"
    outcome = check(good)
    assert outcome.codes == []
    assert outcome.rows("SELECT industry FROM clean.account") == [
        ("Space Mining",), ("manufacturing",),
    ]  # fmt: skip


def test_a_value_that_is_not_allowed_is_empty_in_the_clean_table(check, good):
    good["lead"][0]["status"] = "在谈"
    outcome = check(good)
    assert outcome.rows("SELECT status FROM clean.lead ORDER BY 1") == [("new",), (None,)]


def test_a_value_out_of_range_is_kept(check, good):
    good["lead"][0]["need_clarity"] = "7"
    assert (7,) in check(good).rows("SELECT need_clarity FROM clean.lead")


def test_words_for_nothing_are_nothing(check, good):
    good["lead"][1] |= {"owner_id": "N/A", "need_clarity": "-", "assigned_at": "无"}
    outcome = check(good)
    assert outcome.codes == []
    found = outcome.rows("SELECT owner_id, need_clarity, assigned_at FROM clean.lead")
    assert found[1] == (None, None, None)


def test_formulas_and_scripts_stay_as_they_are(check, good):
    names = ["=cmd|'/c calc'!A1", "<script>alert(1)</script>"]
    for row, name in zip(good["account"], names, strict=True):
        row["account_name"] = name
    outcome = check(good)
    assert [r[0] for r in outcome.rows("SELECT account_name FROM clean.account")] == names
    assert [c[1] for c in outcome.codes] == ["formula-text", "markup-text"]


def test_dates_of_one_column_may_be_written_in_three_ways(check, good):
    for row, text in zip(good["account"], ["2026年1月5日", "2026/1/6"], strict=True):
        row["created_at"] = text
    good["account"].append(
        {**good["account"][0], "account_id": "A3", "account_name": "第三", "domain": "",
         "credit_code": "", "created_at": "20260107"}
    )  # fmt: skip
    outcome = check(good)
    assert outcome.codes == []
    found = outcome.rows("SELECT strftime(created_at, '%m-%d %H') FROM clean.account")
    assert found == [("01-04 16",), ("01-05 16",), ("01-06 16",)]


def test_slashed_dates_are_decided_by_the_column(check, good):
    good["payment"][0]["booked_on"] = "03/04/2026"
    good["payment"].append({**good["payment"][0], "payment_id": "R2", "booked_on": "25/03/2026"})
    outcome = check(good)
    assert outcome.codes == []
    found = outcome.rows("SELECT booked_on::VARCHAR FROM clean.payment")
    assert found == [("2026-04-03",), ("2026-03-25",)]


def test_slashed_dates_are_decided_by_another_column_of_the_file(check, good):
    good["campaign"][0] |= {"start_date": "01/02/2026", "end_date": "03/15/2026"}
    outcome = check(good)
    assert outcome.codes == []
    assert outcome.rows("SELECT start_date::VARCHAR FROM clean.campaign") == [("2026-01-02",)]


def test_slashed_dates_that_nothing_decides_are_reported(check, good):
    good["campaign"][0] |= {"start_date": "01/02/2026", "end_date": ""}
    outcome = check(good)
    assert outcome.codes == [("flag", "ambiguous-date", "campaign", "开始日期", 1)]
    problem = outcome.checked.problems.iloc[0]
    assert problem["message"] == (
        "start_date (开始日期) can be day/month or month/day, and nothing in the file decides which"
    )
    assert problem["remedy"] == (
        'say which: date_format = "%d/%m/%Y" (or "%m/%d/%Y") in [sources] of playbook.toml'
    )


def test_no_leads_at_all_stops_with_what_to_supply(check, good):
    del good["lead"]
    with pytest.raises(InputError) as caught:
        check({"staff": good["staff"]})
    assert str(caught.value) == (
        "there are no leads.\n"
        "Supply a file or sheet named lead (lead, 线索, leads, 线索表, mql) with at least these "
        "columns:\n"
        "  lead_id: 线索ID, 线索编号\n"
        "  created_at: 留资时间, 日期, 创建时间, 线索创建时间\n"
        "or map your own headers in [sources] of playbook.toml.\n"
        "`playbook new DIR` writes an empty template of every table.\n"
        "Found:\n"
        "  staff.csv: staff, 1 rows"
    )


def test_leads_without_a_time_column_stop(check):
    with pytest.raises(InputError, match="the table of leads has no created_at"):
        check({"lead": [{"lead_id": "L1"}]})


def test_a_header_without_rows_stops(check):
    with pytest.raises(InputError, match="the table of leads has headers but no rows"):
        check({"lead": []})


def test_leads_that_cannot_be_used_stop_with_the_reason(check):
    with pytest.raises(InputError, match="no lead can be used: 留资时间 unreadable-time"):
        check({"lead": [{"lead_id": "L1", "created_at": "soon"}]})


def test_leads_alone_are_enough(check):
    outcome = check({"lead": [{"lead_id": "L1", "created_at": "2026-10-03"}]})
    assert outcome.rows("SELECT count(*) FROM clean.lead") == [(1,)]
    assert outcome.rows("SELECT count(*) FROM clean.touch") == [(0,)]
    assert outcome.checked.supplied == {"lead": {"lead_id", "created_at"}}


def test_a_required_column_that_is_missing_is_reported_once(check, good):
    for row in good["account"]:
        del row["account_name"]
    outcome = check(good)
    assert outcome.codes == [("flag", "missing-column", "account", "account_name", 2)]
    problem = outcome.checked.problems.iloc[0]
    assert problem["message"] == "account (客户公司) has no column account_name (客户公司)"
    assert problem["remedy"] == (
        "add it under one of these headers: account_name, 客户公司, 公司名称, 客户名称, 企业名称; "
        "or map yours in [sources] of playbook.toml"
    )


def test_a_module_table_without_its_key_is_set_aside_whole(check, good, tmp_path):
    for row in good["staff"]:
        del row["staff_id"]
    outcome = check(good, aside=tmp_path)
    assert ("aside", "missing-column", "staff", "staff_id", 1) in outcome.codes
    assert outcome.checked.aside.values.tolist() == [["staff", 1, str(tmp_path / "staff.csv")]]
    assert "there is no column staff_id" in (tmp_path / "staff.csv").read_text("utf-8-sig")
