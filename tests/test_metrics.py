"""The evaluator on hand-worked cases: ratios of sums, periods, targets, what is missing."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from playbook import metrics as m
from playbook.errors import ParameterError

LEADS = """
lead_id,created_at,channel_id,contact_valid
L1,2026-10-01 00:00,C1,1
L2,2026-10-31 23:59,C1,0
L3,2026-10-15 12:00,C2,1
L4,2026-09-30 23:59,C1,1
L5,2025-10-15 12:00,C2,0
"""
SPEND = """
spend_id,spend_date,amount,channel_id
S1,2026-10-01,100,C1
S2,2026-10-31,50,C2
S3,2026-09-30,70,C1
"""
CHANNELS = "channel_id,channel_name,channel_group\nC1,Search,sem\nC2,Fair,exhibition\n"
TARGETS = """
period,metric_id,scope_type,scope_id,value
2026-10,leads,company,,4
2026-10,leads,team,T1,1
"""
FILES = {"lead.csv": LEADS, "spend.csv": SPEND, "channel.csv": CHANNELS, "target.csv": TARGETS}

COUNT = m.Measure("lead_journey", "created_at", lambda t: t.count(), ("lead",))
VALID = m.Measure("lead_journey", "created_at", lambda t: t.is_valid.sum(), ("lead.contact_valid",))
COST = m.Measure("cost_by_day", "date", lambda t: t.cost.sum(), ("spend",))
LEADS_METRIC = m.Metric("T1", "leads", "Leads", "线索", "count", "up", COUNT, "Leads.")
RATE = m.Metric(
    "T2", "rate", "Rate", "率", "share", "up", VALID, "Valid.", denominator=COUNT, part=True
)
CPL = m.Metric("T3", "cpl", "CPL", "CPL", "money", "down", COST, "Cost.", denominator=COUNT)


def one(book, metric):
    return m.evaluate(book, [metric]).iloc[0]


def test_a_period_is_cut_in_the_report_zone_and_half_open(open_files):
    row = one(open_files(FILES), LEADS_METRIC)
    assert (row["value"], row["previous"], row["last_year"]) == (3, 1, 1)


def test_another_zone_moves_the_border(open_files):
    row = one(open_files(FILES, rules='[company]\nreport_zone = "Europe/Berlin"\n'), LEADS_METRIC)
    assert row["value"] == 3
    moved = {"lead.csv": LEADS.replace("00:00,C1", "00:00+08:00,C1")}
    row = one(
        open_files({**FILES, **moved}, rules='[company]\nreport_zone = "Europe/Berlin"\n'),
        LEADS_METRIC,
    )
    assert row["value"] == 2


def test_a_ratio_is_a_ratio_of_sums_with_its_parts_and_interval(open_files):
    row = one(open_files(FILES), RATE)
    assert (row["numerator"], row["denominator"], row["n"]) == (2, 3, 3)
    assert row["value"] == pytest.approx(2 / 3)
    assert row["low"] < row["value"] < row["high"]


def test_a_ratio_may_take_its_sides_from_two_tables(open_files):
    assert one(open_files(FILES), CPL)["value"] == pytest.approx(50)


def test_a_breakdown_adds_up_to_the_whole(open_files):
    book = open_files(FILES)
    parts = m.evaluate(book, [LEADS_METRIC, CPL], by="channel")
    leads = parts[parts["key"] == "leads"].set_index("channel")["value"]
    assert leads.to_dict() == {"Fair": 1, "Search": 2}
    assert leads.sum() == one(book, LEADS_METRIC)["value"]
    cpl = parts[parts["key"] == "cpl"].set_index("channel")["value"]
    assert cpl.to_dict() == {"Fair": 50, "Search": 50}


def test_only_the_companys_target_of_exactly_the_period_counts(open_files):
    assert one(open_files(FILES), LEADS_METRIC)["target"] == 4
    assert math.isnan(one(open_files(FILES, "2026-09"), LEADS_METRIC)["target"])


def test_without_its_table_a_metric_is_missing_and_says_what_to_supply(open_files):
    row = one(open_files({"lead.csv": LEADS}), CPL)
    assert math.isnan(row["value"])
    assert row["reason"] == "supply spend"


def test_before_the_first_record_and_after_as_of_nothing_is_known(open_files):
    book = open_files(FILES, "2026-12")
    assert math.isnan(one(book, LEADS_METRIC)["value"])
    past = m.history(open_files(FILES), [LEADS_METRIC], periods=15)
    by_period = past.set_index("period")["value"]
    assert math.isnan(by_period["2025-09"])
    assert by_period["2025-11"] == 0


def test_nothing_divided_by_nothing_is_missing(open_files):
    row = one(open_files(FILES, "2026-08"), RATE)
    assert (row["numerator"], row["denominator"]) == (0, 0)
    assert math.isnan(row["value"])


def test_a_stock_is_what_is_there_when_the_period_ends(open_files):
    deals = """
opportunity_id,account_id,created_at,amount,closed_at,is_won
O1,A1,2026-08-01,10,2026-10-31 12:00,0
O2,A1,2026-08-01,20,2026-11-01 12:00,1
O3,A1,2026-10-05,40,,
O4,A1,2026-11-02,80,,
"""
    stock = m.Measure(
        "deal", "created_at", lambda t: t.amount.sum(), ("opportunity",), until="closed_at"
    )
    metric = m.Metric("T4", "open", "Open", "在手", "money", "up", stock, "Open.")
    row = one(open_files({**FILES, "opportunity.csv": deals}, as_of="2026-11-03"), metric)
    assert (row["value"], row["previous"]) == (60, 30)


def test_shuffled_rows_change_nothing(open_files):
    first, *rows = LEADS.strip().splitlines()
    table = m.evaluate(open_files(FILES), [LEADS_METRIC, RATE, CPL])
    shuffled = "\n".join([first, *reversed(rows)])
    again = m.evaluate(open_files({**FILES, "lead.csv": shuffled}), [LEADS_METRIC, RATE, CPL])
    pd.testing.assert_frame_equal(table, again)


def test_two_metrics_of_one_id_are_refused(open_files):
    with pytest.raises(ParameterError, match="metrics must have different ids; repeated: T1"):
        m.evaluate(open_files(FILES), [LEADS_METRIC, LEADS_METRIC])
