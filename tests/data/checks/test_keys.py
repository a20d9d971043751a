"""Unique keys, and the rows that are set aside."""

from __future__ import annotations

import csv

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playbook.data.sources import SourceFile

UNREADABLE = (
    "created_at (留资时间) must be a date and time "
    "(2026-10-03 09:05, 2026/10/3, 2026年10月3日, 20261003)"
)
LEAD = {"lead_id": "L1", "created_at": "2026-02-01", "pain_point": "slow", "extracted_at": ""}


def leads(*changes):
    return [{**LEAD, "lead_id": f"L{i}", **change} for i, change in enumerate(changes)]


def two_files():
    return [
        SourceFile(i, name, "", ("lead",), 2, "text")
        for i, name in enumerate(("old.csv", "new.csv"))
    ]


def read_aside(folder, table="lead"):
    with (folder / f"{table}.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_an_identical_copy_counts_once_and_is_only_noted(check, tmp_path):
    outcome = check({"lead": [LEAD, LEAD, LEAD]}, aside=tmp_path)
    assert outcome.rows("SELECT lead_id FROM clean.lead") == [("L1",)]
    assert outcome.code("identical-copy")["severity"].tolist() == ["note", "note"]
    assert outcome.code("identical-copy")["value"].tolist() == ["L1 = row 2 of lead.csv"] * 2
    reasons = [row["reason"] for row in read_aside(tmp_path)]
    assert reasons == ["identical copy of row 2 of lead.csv"] * 2


def test_a_key_with_other_values_is_set_aside_and_both_rows_are_named(check, tmp_path):
    outcome = check({"lead": [LEAD, LEAD | {"pain_point": "dear"}]}, aside=tmp_path)
    problem = outcome.code("duplicate-key").iloc[0]
    assert (problem["severity"], problem["row"]) == ("aside", 3)
    assert problem["value"] == "L1 = row 2 of lead.csv"
    assert problem["message"] == (
        "another row has the same key (lead_id) and other values; "
        "the one exported last is kept, else the first"
    )
    assert problem["remedy"] == "decide in the source which one is right, and delete the other"
    assert outcome.rows("SELECT pain_point FROM clean.lead") == [("slow",)]
    assert read_aside(tmp_path) == [
        {"file": "lead.csv", "row": "3", "reason": "same key, other values than row 2 of lead.csv",
         "线索ID": "L1", "留资时间": "2026-02-01", "痛点": "dear", "extracted_at": ""}
    ]  # fmt: skip


def test_two_copies_of_the_row_that_is_not_kept_name_each_other(check):
    other = LEAD | {"pain_point": "dear"}
    outcome = check({"lead": [LEAD, other, other]})
    assert outcome.code("duplicate-key")["value"].tolist() == ["L1 = row 2 of lead.csv"]
    assert outcome.code("identical-copy")["value"].tolist() == ["L1 = row 3 of lead.csv"]


def test_the_row_exported_last_is_kept(check):
    old = LEAD | {"extracted_at": "2026-03-01"}
    new = LEAD | {"extracted_at": "2026-04-01", "pain_point": "dear"}
    outcome = check({"lead": [old, new]})
    assert outcome.rows("SELECT pain_point FROM clean.lead") == [("dear",)]
    assert outcome.code("duplicate-key")["row"].tolist() == [2]


def test_the_same_row_in_two_exports_is_a_copy_whenever_exported(check):
    rows = [LEAD | {"extracted_at": f"2026-0{m}-01", "_file": m - 3, "_row": 2} for m in (3, 4)]
    outcome = check({"lead": rows}, files=two_files())
    problem = outcome.code("identical-copy").iloc[0]
    assert (problem["file"], problem["value"]) == ("old.csv", "L1 = row 2 of new.csv")


ADS = {"date": "2026-02-01", "platform": "baidu", "campaign_id": "", "cost": "5",
       "impressions": "10", "clicks": "1"}  # fmt: skip


def test_ad_rows_of_one_file_that_share_their_key_all_count(check):
    """A finer grain than ours: setting rows aside would lose cost."""
    rows = [ADS, ADS | {"cost": "7"}]
    outcome = check({"lead": [LEAD], "ad_daily": rows})
    assert outcome.rows("SELECT sum(cost)::INT FROM clean.ad_daily") == [(12,)]
    assert [c[1] for c in outcome.codes if c[2] == "ad_daily"] == ["shared-key"]


def test_ad_rows_of_a_second_file_with_the_same_key_are_set_aside(check):
    """Two exports of the same days: counting both would double the cost."""
    rows = [ADS | {"_file": 0, "_row": 2}, ADS | {"cost": "7", "_file": 1, "_row": 2}]
    outcome = check({"lead": [LEAD], "ad_daily": rows}, files=two_files())
    assert outcome.rows("SELECT sum(cost)::INT FROM clean.ad_daily") == [(5,)]
    assert [c[1] for c in outcome.codes if c[2] == "ad_daily"] == ["duplicate-key"]


def test_an_empty_part_of_a_key_is_a_value_of_its_own(check):
    rows = [ADS, ADS | {"campaign_id": "K1"}]
    outcome = check({"lead": [LEAD], "ad_daily": rows})
    assert outcome.rows("SELECT count(*) FROM clean.ad_daily") == [(2,)]


def test_rows_without_key_or_time_are_set_aside_with_their_reason(check, tmp_path):
    rows = leads({}, {"lead_id": ""}, {"created_at": ""}, {"created_at": "soon"})
    outcome = check({"lead": rows}, aside=tmp_path)
    assert outcome.checked.aside.values.tolist() == [["lead", 3, str(tmp_path / "lead.csv")]]
    assert [(row["row"], row["reason"]) for row in read_aside(tmp_path)] == [
        ("3", "lead_id (线索ID) is empty; the row is set aside"),
        ("4", "created_at (留资时间) is empty; the row is set aside"),
        ("5", UNREADABLE),
    ]
    assert [c[:3] for c in outcome.codes if c[0] == "aside"] == [
        ("aside", "missing-key", "lead"),
        ("aside", "missing-time", "lead"),
        ("aside", "unreadable-time", "lead"),
    ]


def test_without_a_folder_nothing_is_written_and_all_is_counted(check):
    outcome = check({"lead": leads({}, {"lead_id": ""})})
    assert outcome.checked.aside.values.tolist() == [["lead", 1, ""]]


def test_the_file_of_set_aside_rows_is_masked_and_cannot_become_a_formula(check, tmp_path):
    people = [
        {"person_id": "", "account_id": "A1", "full_name": "王小明", "mobile": "13900001111",
         "email": "wang@chenguang.cn", "job_title": "=cmd|'/c calc'!A1"},
        {"person_id": "", "account_id": "-5", "full_name": "@Li", "mobile": "+8613900001112",
         "email": "", "job_title": "call 13900001113"},
    ]  # fmt: skip
    check({"lead": [LEAD], "person": people}, aside=tmp_path)
    text = (tmp_path / "person.csv").read_bytes()
    assert text.startswith(b"\xef\xbb\xbf")
    found = read_aside(tmp_path, "person")
    assert [(r["姓名"], r["手机"], r["邮箱"], r["职位"]) for r in found] == [
        ("王**", "139********", "w***@***", "'=cmd|'/c calc'!A1"),
        ("'@**", "139********", "", "call [phone]"),
    ]
    assert found[1]["客户ID"] == "-5"


def test_a_table_without_an_anchor_of_its_own_keeps_rows_without_time(check, good):
    good["account"][0]["created_at"] = ""
    assert check(good).codes == []


keys = st.sampled_from(["L1", "L2", "L3", "", "N/A"])
times = st.sampled_from(["2026-02-01", "2026-02-02", "", "soon", "2062-01-01"])
pains = st.sampled_from(["slow", "dear", ""])


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=st.lists(st.tuples(keys, times, pains), max_size=12))
def test_no_row_is_lost(check, rows):
    """What comes in is in the clean table, set aside, or hidden because it lies in the future."""
    given_rows = [
        {"lead_id": "L0", "created_at": "2026-02-01", "pain_point": ""},
        *({"lead_id": k, "created_at": t, "pain_point": p} for k, t, p in rows),
    ]
    outcome = check({"lead": given_rows})
    kept = outcome.rows("SELECT count(*) FROM clean.lead")[0][0]
    aside = int(outcome.checked.aside["rows"].sum())
    counts = outcome.checked.counts
    hidden = counts[counts["code"].isin(["future-date", "after-as-of"])]["count"].sum()
    assert kept + aside + hidden == len(given_rows)
    noted = counts[(counts["severity"] == "aside") | (counts["code"] == "identical-copy")]
    assert noted["count"].sum() >= aside
