"""The derived tables on hand-worked cases."""

from __future__ import annotations

import pandas as pd
import pytest

LEADS = """
lead_id,created_at,account_id,channel_id,intent_level,merged_into_lead_id,contact_valid
L1,2026-10-05 09:00,A1,C1,high,,1
L2,2026-10-06 09:00,A1,,normal,,1
L3,2026-10-07 09:00,A2,C2,normal,L1,1
L4,2026-10-08 18:30,A3,C9,normal,,0
"""
ACCOUNTS = """
account_id,account_name,industry
A1,One,finance
A2,Two,retail
A3,Three,energy
"""
CHANNELS = """
channel_id,channel_name,channel_group
C1,Search,sem
C2,unknown,other
"""
STAGES = """
stage_event_id,lead_id,stage,entered_at
S1,L1,mql,2026-10-06 10:00
S2,L3,mql,2026-10-05 20:00
S3,L1,sql,2026-10-09 10:00
S4,L1,mql,2026-10-12 10:00
"""
ACTIVITIES = """
activity_id,activity_at,staff_id,lead_id,is_automatic
V1,2026-10-05 09:01,X,L1,1
V2,2026-10-05 12:00,X,L1,0
V3,2026-10-09 09:30,Y,L4,0
"""
DEALS = """
opportunity_id,account_id,created_at,lead_id,amount,currency,closed_at,is_won,won_amount,deal_type
O1,A1,2026-10-20 09:00,L3,1000,USD,2026-10-25 09:00,1,1200,new
O2,A1,2026-10-21 09:00,,500,CNY,,,,new
O3,A1,2026-10-22 09:00,,700,CNY,2026-10-23 09:00,1,700,renewal
"""
RATES = """
date,currency,rate
2026-10-01,USD,7
2026-10-24,USD,8
"""
FILES = {
    "lead.csv": LEADS,
    "account.csv": ACCOUNTS,
    "channel.csv": CHANNELS,
    "stage_event.csv": STAGES,
    "activity.csv": ACTIVITIES,
    "opportunity.csv": DEALS,
    "fx_rate.csv": RATES,
}


@pytest.fixture
def journey(open_files):
    return open_files(FILES).sql("FROM lead_journey").set_index("lead_id")


def test_a_merged_lead_counts_with_the_one_it_was_merged_into(journey):
    assert sorted(journey.index) == ["L1", "L2", "L4"]
    assert journey.loc["L1", "captures"] == 2


def test_the_first_entry_of_a_stage_counts_wherever_it_was_recorded(journey):
    assert journey.loc["L1", "mql_at"] == pd.Timestamp("2026-10-05 12:00")
    assert journey.loc["L1", "sql_at"] == pd.Timestamp("2026-10-09 02:00")


def test_an_empty_channel_stays_apart_from_a_recorded_unknown(journey):
    assert journey["channel"].to_dict() == {"L1": "Search", "L2": "no origin", "L4": "C9"}


def test_only_an_answer_by_a_person_counts(journey):
    assert journey.loc["L1", "response_hours"] == pytest.approx(3)
    assert journey.loc["L1", "first_response_by"] == "X"
    assert journey["response_met"].to_dict() == {"L1": False, "L2": False, "L4": True}


def test_pending_is_neither_in_time_nor_late(open_files):
    book = open_files(FILES, as_of="2026-10-06T10:00")
    met = book.sql("SELECT lead_id, response_met FROM lead_journey").set_index("lead_id")
    assert not met.loc["L1", "response_met"]
    assert pd.isna(met.loc["L2", "response_met"])


def test_business_hours_stop_at_night_and_at_weekends(open_files):
    """L4 comes on Thursday at 18:30 and is answered on Friday at 9:30: half an office hour."""
    rules = '[sla]\nclock = "business"\nnormal_hours = 8\n[calendar]\nworkdays = "mon-fri"\n'
    book = open_files(FILES, rules=rules)
    taken = book.sql("SELECT lead_id, sla_hours_taken AS taken FROM lead_journey")
    taken = taken.set_index("lead_id")["taken"]
    workdays = book.rules.workdays
    assert taken["L4"] == pytest.approx(0.5)
    assert taken["L1"] == pytest.approx(3)
    assert taken["L2"] == pytest.approx(
        workdays.business_hours(
            pd.Timestamp("2026-10-06 09:00").to_pydatetime(),
            book.local(book.as_of).replace(tzinfo=None),
        )
    )


def test_the_clock_can_start_at_assignment(open_files):
    files = {
        **FILES,
        "lead.csv": "lead_id,created_at,assigned_at\nL1,2026-10-05 09:00,2026-10-05 11:00\n"
        "L2,2026-10-05 09:00,\n",
        "activity.csv": "activity_id,activity_at,staff_id,lead_id\nV,2026-10-05 12:00,X,L1\n"
        "W,2026-10-05 12:00,X,L2\n",
    }
    book = open_files(files, rules='[sla]\nfrom = "assigned"\n')
    taken = book.sql("SELECT lead_id, sla_hours_taken AS taken FROM lead_journey")
    assert taken.set_index("lead_id")["taken"].to_dict() == {"L1": 1.0, "L2": 3.0}


def test_deals_belong_to_their_lead_else_to_the_accounts_latest_earlier_one(open_files):
    deals = open_files(FILES).sql("FROM deal").set_index("opportunity_id")
    assert deals["lead_id"].fillna("").to_dict() == {"O1": "L1", "O2": "L2", "O3": ""}


def test_money_is_converted_once_at_the_rate_of_its_day(open_files):
    deals = open_files(FILES).sql("FROM deal").set_index("opportunity_id")
    assert float(deals.loc["O1", "amount"]) == 7000
    assert float(deals.loc["O1", "won_amount"]) == 9600
    assert float(deals.loc["O2", "amount"]) == 500


def test_media_is_never_counted_twice(open_files):
    files = {
        "lead.csv": LEADS,
        "campaign.csv": "campaign_id,campaign_name,channel_id\nK1,Autumn,C1\nK2,Print,C1\n",
        "channel.csv": CHANNELS,
        "ad_daily.csv": "date,platform,campaign_id,cost,impressions,clicks\n"
        "2026-10-02,Baidu,K1,100,10,1\n2026-10-03,Baidu,K1,50,10,1\n",
        "spend.csv": "spend_id,spend_date,amount,campaign_id,cost_type\n"
        "S1,2026-10-31,150,K1,media\nS2,2026-10-31,30,K1,production\n"
        "S3,2026-10-31,70,K2,media\n",
    }
    cost = open_files(files).sql(
        "SELECT source, cost_type, sum(cost)::DOUBLE c FROM cost_by_day GROUP BY ALL ORDER BY ALL"
    )
    assert cost.values.tolist() == [
        ["ad", "media", 150.0], ["spend", "media", 70.0], ["spend", "production", 30.0]
    ]  # fmt: skip


def test_a_standard_follows_the_rule_where_nothing_is_recorded(open_files):
    rules = '[mql]\nwhen = {field = "account.industry", op = "eq", value = "finance"}\n'
    book = open_files({"lead.csv": LEADS, "account.csv": ACCOUNTS}, rules=rules)
    assert book.deciders["mql"] == "rule"
    mql = book.sql("SELECT lead_id FROM lead_journey WHERE mql_at IS NOT NULL ORDER BY lead_id")
    assert mql["lead_id"].tolist() == ["L1", "L2"]
    recorded = open_files(FILES, rules=rules)
    assert recorded.deciders["mql"] == "recorded"


def test_a_merge_circle_loses_no_lead(open_files):
    circle = "lead_id,created_at,merged_into_lead_id\nL1,2026-10-05,L2\nL2,2026-10-05,L1\n"
    book = open_files({"lead.csv": circle})
    assert book.sql("SELECT lead_id FROM lead_journey ORDER BY 1")["lead_id"].tolist() == [
        "L1", "L2"
    ]  # fmt: skip


def test_the_companys_own_calendar_wins_over_the_published_one(open_files):
    """Friday 9 October 2026 is made a day off: L4, of Thursday evening, waits until Saturday."""
    days = "date,is_workday\n2026-10-09,0\n2026-10-10,1\n"
    rules = '[sla]\nclock = "business"\n'
    book = open_files({**FILES, "calendar.csv": days}, rules=rules)
    assert not book.workdays.is_workday(pd.Timestamp("2026-10-09").date())
    assert book.workdays.is_workday(pd.Timestamp("2026-10-10").date())
    taken = book.sql("SELECT lead_id, sla_hours_taken AS taken FROM lead_journey")
    assert taken.set_index("lead_id")["taken"]["L4"] == 0


def test_lead_facts_hold_every_field_a_condition_may_name_of_each_lead_that_counts(open_files):
    rules = '[icp]\nsource = "rule"\n[icp.tiers]\n'
    rules += 'A = {field = "account.industry", op = "eq", value = "finance"}\n'
    facts = open_files(FILES, rules=rules).sql("FROM lead_facts").set_index("lead_id")
    assert sorted(facts.index) == ["L1", "L2", "L4"]
    assert facts["account.icp_tier"].to_dict() == {"L1": "A", "L2": "A", "L4": "none"}
    assert facts.loc["L1", ["channel.channel_group", "account.industry"]].tolist() == [
        "sem", "finance",
    ]  # fmt: skip
