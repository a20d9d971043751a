"""The lists of the day on small inputs, worked by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from playbook.chapters import nurture
from playbook.chapters.response.inputs import NOBODY

FIRST = ["lead_id", "owner", "reason", "deadline", "rule"]
STAFF = "staff_id,name,department\nS1,Ann,sales\n"
PEOPLE = "person_id,consent_status\nP1,granted\nP2,none\nP3,granted\n"
LEADS = (
    "lead_id,created_at,person_id,owner_id\n"
    "L1,2026-10-01 09:00,P1,S1\nL2,2026-10-01 09:00,P2,S9\nL3,2026-10-01 09:00,P3,S1\n"
)
STAGES = (
    "stage_event_id,lead_id,stage,entered_at\n"
    "E1,L1,nurture,2026-10-12 08:00\nE2,L2,nurture,2026-10-12 08:00\n"
    "E3,L3,nurture,2026-10-13 08:00\n"
)
SENT = (
    "touch_id,touched_at,touch_type,direction,lead_id,program\n"
    "T1,2026-10-13 10:00,email_sent,out,L1,nurture_137/d1\n"
    "T2,2026-10-14 10:00,email_sent,out,L3,nurture_137/d1\n"
)
POOL = {
    "lead.csv": LEADS, "person.csv": PEOPLE, "staff.csv": STAFF, "stage_event.csv": STAGES,
    "touch.csv": SENT,
}  # fmt: skip


def at(text):
    return pd.Timestamp(text)


def test_steps_are_due_blocked_and_planned_with_owner_reason_deadline_and_rule(open_files):
    book = open_files(POOL, as_of="2026-10-15 11:00")
    table = nurture.nurture_due(book).set_index("lead_id")
    assert list(nurture.nurture_due(book).columns[:5]) == FIRST
    due, stuck, planned = table.loc["L1"], table.loc["L2"], table.loc["L3"]
    assert list(table["action"]) == ["due", "blocked", "planned"]
    assert due["owner"] == "Ann"
    assert due["program"] == "nurture_137/d3"
    assert due["rule"] == "[nurture.flows.nurture_137] day 3"
    assert due["deadline"] == at("2026-10-22 10:00")
    assert due["reason"] == "Day 3: invitation to an online salon, due 15 Oct 2026, 10:00."
    assert (stuck["owner"], stuck["blocked_by"]) == ("S9", "consent")
    assert stuck["reason"].endswith("no consent for any of its channels.")
    assert planned["due_at"] == at("2026-10-16 10:00")


def test_quiet_hours_say_from_when_a_message_may_go(open_files):
    book = open_files(POOL, as_of="2026-10-15 21:00")
    row = nurture.nurture_due(book).set_index("lead_id").loc["L1"]
    assert (row["action"], row["blocked_by"]) == ("blocked", "quiet hours")
    assert row["free_at"] == at("2026-10-16 09:00")
    assert row["reason"].endswith("messages may go out from 16 Oct 2026, 09:00 on.")


def test_a_cap_in_the_rules_changes_what_is_blocked(open_files):
    more = "T3,2026-10-14 10:00,email_sent,out,L1,\nT4,2026-10-14 11:00,wecom_add,out,L1,\n"
    files = {**POOL, "touch.csv": SENT + more}
    three = open_files(files, as_of="2026-10-15 11:00")
    row = nurture.nurture_due(three).set_index("lead_id").loc["L1"]
    assert row["blocked_by"] == "per_week"
    assert row["free_at"] == at("2026-10-20 09:00")
    assert row["reason"].endswith("the week's messages; free on 20 Oct 2026, 09:00.")
    four = open_files(files, as_of="2026-10-15 11:00", rules="[nurture.touch]\nper_week = 4\n")
    assert nurture.nurture_due(four).set_index("lead_id").loc["L1", "action"] == "due"


def test_where_no_consent_is_on_record_it_blocks_nothing(open_files):
    files = {**POOL, "person.csv": "person_id\nP1\nP2\nP3\n"}
    book = open_files(files, as_of="2026-10-15 11:00")
    assert set(nurture.nurture_due(book)["blocked_by"].dropna()) == set()
    rules = nurture.touch_rules(book).set_index("setting")["now"]
    assert "no consent is on record" in rules["[nurture.touch] needs_consent"]


def test_a_step_of_people_past_its_deadline_is_overdue(book):
    table = nurture.nurture_due(book)
    late = table[table["deadline"] < nurture.now(book)]
    assert len(late)
    assert late["reason"].str.contains("overdue since").all()
    assert table["action"].iloc[: len(late)].eq("due").all()


def test_the_lists_are_the_same_each_time_and_whatever_the_period(book):
    from playbook.book import Book

    other = Book(book.path, "2026-03")
    for rows in (nurture.nurture_due, nurture.renewals, nurture.check_ins):
        pd.testing.assert_frame_equal(rows(book), rows(other))


ACCOUNTS = "account_id,account_name\nA1,One\nA2,Two\nA3,Three\nA4,Four\n"
DEALS = (
    "opportunity_id,account_id,created_at,closed_at,is_won,won_amount,deal_type,contract_end_on,"
    "owner_id\n"
    "O1,A1,2025-09-01 09:00,2025-10-20 09:00,1,100000,new,2026-12-20,S1\n"
    "O2,A2,2025-09-01 09:00,2025-10-20 09:00,1,200000,new,2026-11-05,S9\n"
    "O3,A3,2025-09-01 09:00,2025-10-20 09:00,1,300000,new,2026-11-05,S1\n"
    "O4,A3,2026-10-01 09:00,,,,renewal,,S1\n"
    "O5,A4,2025-09-01 09:00,2025-10-20 09:00,1,400000,new,2027-02-20,S1\n"
)
ENDING = {
    "lead.csv": "lead_id,created_at\nL1,2026-10-01 09:00\n", "account.csv": ACCOUNTS,
    "opportunity.csv": DEALS, "staff.csv": STAFF,
}  # fmt: skip


def test_contracts_that_end_without_a_renewal_are_listed_with_the_next_step(open_files):
    table = nurture.renewals(open_files(ENDING)).set_index("opportunity_id")
    assert list(nurture.renewals(open_files(ENDING)).columns[:5]) == FIRST
    assert list(table.index) == ["O2", "O1"]
    last, care = table.loc["O2"], table.loc["O1"]
    assert last["owner"] == "S9"
    assert last["days_left"] == 4
    assert last["deadline"] == at("2026-11-05 23:59")
    assert last["rule"] == "[nurture.flows.renewal] contract end"
    assert last["reason"].endswith("no renewal opened; no step of the flow is left.")
    # 90 days before 20 December are 21 September: day 30 (21 October) was given up on the 28th.
    assert care["next_step"] == "day 60"
    assert care["due_at"] == at("2026-11-20 10:00")
    assert care["deadline"] == at("2026-11-27 10:00")
    assert care["owner"] == "Ann"


def test_a_step_that_was_done_leads_to_the_next(open_files):
    sent = (
        "touch_id,touched_at,touch_type,direction,account_id,program\n"
        "T1,2026-10-21 10:00,email_sent,out,A1,renewal/d0\n"
    )
    files = {**ENDING, "touch.csv": sent}
    before = nurture.renewals(open_files(ENDING, as_of="2026-10-22")).set_index("opportunity_id")
    after = nurture.renewals(open_files(files, as_of="2026-10-22")).set_index("opportunity_id")
    assert before.loc["O1", "next_step"] == after.loc["O1", "next_step"] == "day 30"
    done = sent.replace("renewal/d0", "renewal/d30")
    later = nurture.renewals(open_files({**ENDING, "touch.csv": done}, as_of="2026-10-22"))
    assert later.set_index("opportunity_id").loc["O1", "next_step"] == "day 60"


def test_fewer_days_before_the_end_shorten_the_list(open_files):
    rules = (
        "[nurture.flows.renewal]\non = 'contract_end'\ndays_before = 30\n"
        "exits = ['renewed', 'unsubscribed']\n"
        "steps = [{ day = 0, channels = ['email'], content = 'care' }]\n"
    )
    table = nurture.renewals(open_files(ENDING, rules=rules))
    assert list(table["opportunity_id"]) == ["O2"]


def test_expiring_contracts_are_a_finding_with_their_sum(open_files):
    found = {f.id: f for f in nurture.findings(open_files(ENDING))}
    finding = found["B5-R3/renewals"]
    assert finding.level == "act"
    assert finding.claim.startswith("2 contracts worth ¥300 k end within 90 days")
    assert "1 within 30 days" in finding.claim


EVENT = {
    "lead.csv": (
        "lead_id,created_at,person_id,owner_id\n"
        "L1,2026-09-01 09:00,P1,S1\nL2,2026-10-01 09:00,P1,S1\nL3,2026-10-01 09:00,P3,S1\n"
        "L4,2026-10-01 09:00,P4,S1\n"
    ),
    "person.csv": "person_id\nP1\nP2\nP3\nP4\n",
    "staff.csv": STAFF,
    "event.csv": (
        "event_id,event_name,event_type,start_at,end_at\n"
        "V1,Fair,exhibition,2026-10-30 09:00,2026-10-31 18:00\n"
    ),
    "event_attendee.csv": (
        "event_id,person_id,checked_in_at\n"
        "V1,P1,2026-10-31 15:00\nV1,P2,2026-10-31 15:00\nV1,P3,2026-10-30 10:00\n"
        "V1,P4,2026-10-29 10:00\n"
    ),
}


def test_check_ins_of_two_days_name_the_latest_lead_of_who_came(open_files):
    table = nurture.check_ins(open_files(EVENT, as_of="2026-10-31 17:00"))
    assert list(table.columns[:5]) == FIRST
    # P2 has no lead, P4 came more than 48 hours ago.
    assert list(table["lead_id"]) == ["L2", "L3"]
    row = table.iloc[0]
    assert row["owner"] == "Ann"
    assert row["deadline"] == at("2026-10-31 15:00")
    assert row["reason"] == (
        "Checked in at Fair, 31 Oct 2026, 15:00; nobody has been in touch since."
    )


def test_who_was_called_since_the_check_in_is_off_the_list(open_files):
    called = (
        "activity_id,activity_at,staff_id,lead_id,method,outcome\n"
        "V1,2026-10-31 16:00,S1,L1,call,connected\n"
    )
    table = nurture.check_ins(
        open_files({**EVENT, "activity.csv": called}, as_of="2026-10-31 17:00")
    )
    assert list(table["lead_id"]) == ["L3"]


@pytest.mark.parametrize("rows", [nurture.nurture_due, nurture.renewals, nurture.check_ins])
def test_without_data_the_lists_are_empty_and_keep_their_columns(open_files, rows):
    table = rows(open_files({"lead.csv": "lead_id,created_at\nL1,2026-10-01 09:00\n"}))
    assert table.empty
    assert list(table.columns[:5]) == FIRST


def test_a_lead_without_an_owner_says_so(open_files):
    leads = POOL["lead.csv"].replace("P1,S1", "P1,")
    table = nurture.nurture_due(open_files({**POOL, "lead.csv": leads}, as_of="2026-10-15 11:00"))
    assert table.set_index("lead_id").loc["L1", "owner"] == NOBODY
