"""Duplicates are found by keys that leave no doubt, and merged so that it can be undone."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playbook.data import rules

LEADS = [{"lead_id": "L1", "created_at": "2026-02-01", "person_id": "", "channel_id": ""}]


def accounts(*changes):
    base = {"account_id": "", "account_name": "", "domain": "", "credit_code": "",
            "parent_account_id": "", "created_at": ""}  # fmt: skip
    return [
        {**base, "account_id": f"A{i}", "account_name": f"公司{i}号",
         "created_at": f"2026-01-0{i}", **change}
        for i, change in enumerate(changes, 1)
    ]  # fmt: skip


def people(*changes):
    base = {"person_id": "", "account_id": "A1", "mobile": "", "email": "", "created_at": ""}
    return [
        {**base, "person_id": f"P{i}", "created_at": f"2026-01-0{i}", **change}
        for i, change in enumerate(changes, 1)
    ]


def merged(outcome, table):
    frame = outcome.checked.merges
    found = frame[frame["table"] == table]
    return [tuple(row) for row in found[["kept_id", "merged_id", "rule"]].itertuples(index=False)]


@pytest.mark.parametrize(
    ("first", "second", "rule"),
    [
        ({"account_name": "晨光科技有限公司"}, {"account_name": "晨光科技"}, "name"),
        ({"account_name": "晨光股份有限公司"}, {"account_name": "晨光（中国）有限公司"}, "name"),
        ({"account_name": "Acme Co., Ltd."}, {"account_name": "ＡＣＭＥ"}, "name"),
        ({"account_name": "Acme Inc"}, {"account_name": " acme  "}, "name"),
        ({"domain": "acme.com"}, {"domain": "https://www.Acme.com/about?x=1"}, "domain"),
        ({"credit_code": "91440300MA5D000001"}, {"credit_code": "91440300ma5d 000001"},
         "credit_code"),
    ],
)  # fmt: skip
def test_accounts_that_are_the_same_are_merged(check, first, second, rule):
    outcome = check({"lead": LEADS, "account": accounts(first, second)})
    assert merged(outcome, "account") == [("A1", "A2", rule)]
    found = outcome.rows("SELECT account_id, merged_into_id FROM clean.account")
    assert found == [("A1", None), ("A2", "A1")]
    problem = outcome.code("duplicate-account").iloc[0]
    assert (problem["severity"], problem["row"], problem["value"]) == (
        "note",
        3,
        f"A2 = A1 ({rule})",
    )
    assert (
        problem["message"]
        == "the same account as an earlier one; counted as it, both rows are kept"
    )


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"account_name": "晨光科技有限公司"}, {"account_name": "晨光电子有限公司"}),
        ({"account_name": "晨光(上海)有限公司"}, {"account_name": "晨光(北京)有限公司"}),
        ({"domain": "qq.com"}, {"domain": "qq.com"}),
        ({"domain": "http://"}, {"domain": "http://"}),
        ({"credit_code": "无"}, {"credit_code": "无"}),
        ({"account_name": "有限公司"}, {"account_name": "公司"}),
        ({"account_name": "晨光", "credit_code": "91440300MA5D000001"},
         {"account_name": "晨光", "credit_code": "91440300MA5D000002"}),
        ({"domain": "acme.com"}, {"domain": "acme.com", "parent_account_id": "A1"}),
    ],
)  # fmt: skip
def test_accounts_that_may_differ_are_not_merged(check, first, second):
    outcome = check({"lead": LEADS, "account": accounts(first, second)})
    assert merged(outcome, "account") == []
    assert "duplicate-account" not in {code for _, code, *_ in outcome.codes}


def test_sisters_of_one_group_are_not_merged(check):
    group = {"domain": "acme.com"}
    child = {**group, "parent_account_id": "A3"}
    outcome = check({"lead": LEADS, "account": accounts(child, child, group)})
    assert merged(outcome, "account") == []


def test_a_chain_of_different_keys_is_one_account(check):
    rows = accounts(
        {"domain": "acme.com"}, {"domain": "acme.com", "account_name": "Acme"},
        {"account_name": "ACME Ltd", "credit_code": "91440300MA5D000001"},
        {"credit_code": "91440300MA5D000001"},
    )  # fmt: skip
    outcome = check({"lead": LEADS, "account": rows})
    assert [m[:2] for m in merged(outcome, "account")] == [("A1", "A2"), ("A1", "A3"), ("A1", "A4")]


def test_two_credit_codes_are_kept_apart_even_through_a_third_account(check):
    rows = accounts(
        {"account_name": "Acme", "credit_code": "91440300MA5D000001"}, {"account_name": "Acme"},
        {"account_name": "Acme", "credit_code": "91440300MA5D000002"},
    )  # fmt: skip
    assert merged(check({"lead": LEADS, "account": rows}), "account") == [("A1", "A2", "name")]


def test_the_account_created_first_is_kept_then_the_smaller_id(check):
    rows = accounts({"account_name": "Acme"}, {"account_name": "Acme"}, {"account_name": "Acme"})
    rows[0]["created_at"], rows[2]["created_at"] = "", "2026-01-02"
    outcome = check({"lead": LEADS, "account": rows})
    assert [m[:2] for m in merged(outcome, "account")] == [("A2", "A1"), ("A2", "A3")]


@pytest.mark.parametrize(
    ("first", "second", "rule"),
    [
        ({"mobile": "13900001111"}, {"mobile": "+86 139 0000 1111"}, "mobile"),
        ({"mobile": "13900001111"}, {"mobile": "0086-139-0000-1111"}, "mobile"),
        ({"mobile": "１３９００００１１１１"}, {"mobile": "13900001111"}, "mobile"),
        ({"email": "Li@Acme.com"}, {"email": "li@acme.com"}, "email"),
        ({"mobile": "ab" * 32}, {"mobile": "AB" * 32}, "mobile"),
    ],
)
def test_persons_that_are_the_same_are_merged(check, first, second, rule):
    outcome = check({"lead": LEADS, "person": people(first, second)})
    assert merged(outcome, "person") == [("P1", "P2", rule)]
    assert outcome.rows("SELECT merged_into_id FROM clean.person") == [(None,), ("P1",)]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"mobile": "13900001111"}, {"mobile": "13900001112"}),
        ({"mobile": "139****1111"}, {"mobile": "139****1111"}),
        ({"mobile": "13800138000"}, {"mobile": "13800138000"}),
        ({"mobile": "00000000000"}, {"mobile": "00000000000"}),
        ({"mobile": "无"}, {"mobile": "无"}),
        ({"email": "l***@acme.com"}, {"email": "l***@acme.com"}),
        ({"mobile": "13900001111"}, {"mobile": "13900001111", "account_id": "A2"}),
    ],
)
def test_persons_that_may_differ_are_not_merged(check, first, second):
    assert merged(check({"lead": LEADS, "person": people(first, second)}), "person") == []


def test_persons_of_merged_accounts_are_the_same(check):
    tables = {
        "lead": LEADS,
        "account": accounts({"account_name": "Acme"}, {"account_name": "Acme Ltd"}),
        "person": people({"mobile": "13900001111"}, {"mobile": "13900001111", "account_id": "A2"}),
    }
    assert merged(check(tables), "person") == [("P1", "P2", "mobile")]


def test_a_switchboard_makes_nobody_a_duplicate(check):
    outcome = check({"lead": LEADS, "person": people(*[{"mobile": "075512345678"}] * 6)})
    assert merged(outcome, "person") == []
    problem = outcome.code("shared-contact").iloc[0]
    assert (problem["severity"], problem["count"], problem["value"]) == ("flag", 6, "***")


def leads(*changes):
    return [
        {"lead_id": f"L{i}", "created_at": "", "person_id": "P1", "channel_id": "c1", **change}
        for i, change in enumerate(changes, 1)
    ]


def test_captures_within_a_day_are_one_lead_and_later_ones_another(check):
    rows = leads(
        {"created_at": "2026-02-01 10:00"}, {"created_at": "2026-02-02 10:00"},
        {"created_at": "2026-02-03 10:01"},
    )  # fmt: skip
    outcome = check({"lead": rows})
    assert merged(outcome, "lead") == [("L1", "L2", "person")]
    found = outcome.rows("SELECT lead_id, merged_into_lead_id FROM clean.lead")
    assert found == [("L1", None), ("L2", "L1"), ("L3", None)]


def test_captures_through_two_channels_are_two_leads(check):
    rows = leads({"created_at": "2026-02-01"}, {"created_at": "2026-02-01", "channel_id": "c2"})
    assert merged(check({"lead": rows}), "lead") == []


def test_captures_without_a_person_are_never_merged(check):
    rows = leads(*[{"created_at": "2026-02-01", "person_id": ""}] * 3)
    assert merged(check({"lead": rows}), "lead") == []


def test_what_the_crm_merged_stays_merged_at_the_end_of_its_chain(check):
    rows = leads(*[{"created_at": f"2026-0{m}-01", "merged_into_lead_id": ""} for m in (1, 2, 3)])
    rows[1]["merged_into_lead_id"], rows[2]["merged_into_lead_id"] = "L1", "L2"
    outcome = check({"lead": rows})
    assert merged(outcome, "lead") == [("L1", "L2", "recorded"), ("L1", "L3", "recorded")]
    assert outcome.rows("SELECT merged_into_lead_id FROM clean.lead") == [(None,), ("L1",), ("L1",)]
    assert "duplicate-lead" not in {code for _, code, *_ in outcome.codes}


def test_leads_merged_in_a_circle_are_reported_and_not_merged(check):
    rows = leads(*[{"created_at": f"2026-0{m}-01", "merged_into_lead_id": ""} for m in (1, 2)])
    rows[0]["merged_into_lead_id"], rows[1]["merged_into_lead_id"] = "L2", "L1"
    outcome = check({"lead": rows})
    assert merged(outcome, "lead") == []
    assert outcome.code("merge-cycle")["value"].tolist() == ["L1", "L2"]
    assert outcome.rows("SELECT merged_into_lead_id FROM clean.lead") == [(None,), (None,)]


def test_merging_can_be_switched_off(check, tmp_path):
    file = tmp_path / "playbook.toml"
    file.write_text("[checks]\nmerge_duplicates = false\n", encoding="utf-8")
    rows = accounts({"account_name": "Acme"}, {"account_name": "Acme"})
    outcome = check({"lead": LEADS, "account": rows}, company=rules.load(file))
    assert outcome.checked.merges.empty
    assert outcome.rows("SELECT merged_into_id FROM clean.account") == [(None,), (None,)]
    assert ("flag", "duplicate-account", "account", "客户ID", 1) in outcome.codes


def test_the_keys_leave_no_trace(check):
    outcome = check({"lead": LEADS, "person": people({"mobile": "13900001111"}, {})})
    tables = outcome.rows(
        "SELECT table_name FROM duckdb_tables() WHERE schema_name NOT IN ('raw', 'clean')"
    )
    assert not {"person_keys", "merging"} & {name for (name,) in tables}


names = st.sampled_from(["Acme", "Acme Ltd", "Beta", "Beta Inc", "Gamma"])
domains = st.sampled_from(["", "acme.com", "beta.com", "qq.com"])
codes = st.sampled_from(["", "91440300MA5D000001", "91440300MA5D000002"])
rows_of_accounts = st.lists(st.tuples(names, domains, codes), min_size=1, max_size=9)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=rows_of_accounts, order=st.randoms(use_true_random=False))
def test_merging_is_reversible_and_does_not_depend_on_the_order_of_rows(check, rows, order):
    """No row goes, no chain remains, every kept one stays, and shuffling changes nothing."""
    given_rows = accounts(*({"account_name": n, "domain": d, "credit_code": c} for n, d, c in rows))
    columns = "account_id, account_name, domain, credit_code, created_at, row_hash"
    query = f"SELECT {columns}, merged_into_id FROM clean.account ORDER BY account_id"
    plain = check({"lead": LEADS, "account": given_rows})
    found = plain.rows(query)
    assert [row[0] for row in found] == sorted(row["account_id"] for row in given_rows)
    into = {row[0]: row[-1] for row in found}
    assert all(into[kept] is None for kept in into.values() if kept)
    assert {(m, k) for m, k in into.items() if k} == {
        (m, k) for k, m, _ in merged(plain, "account")
    }
    shuffled = list(given_rows)
    order.shuffle(shuffled)
    again = check({"lead": LEADS, "account": shuffled})
    assert again.rows(query) == found
    assert merged(again, "account") == merged(plain, "account")
