"""References that hold a name in place of the key."""

from __future__ import annotations

CHANNELS = """
channel_id,channel_name,channel_group
C1,百度竞价,sem
C2,行业展会,exhibition
C3,二名,sem
C4,二名,seo
C5,C1,other
"""
LEADS = """
lead_id,created_at,channel_id
L1,2026-10-01 09:00,百度竞价
L2,2026-10-02 09:00,C2
L3,2026-10-03 09:00,二名
L4,2026-10-04 09:00,不存在
L5,2026-10-05 09:00,C1
L6,2026-10-06 09:00,行业展会
"""


def test_a_name_that_one_row_bears_counts_as_its_key(open_files):
    book = open_files({"lead.csv": LEADS, "channel.csv": CHANNELS})
    leads = book.sql("SELECT lead_id, channel_id, channel FROM lead_journey ORDER BY lead_id")
    # L5: a key is a key, even where another channel is called so; two names alike say nothing.
    assert leads["channel_id"].tolist() == ["C1", "C2", "二名", "不存在", "C1", "C2"]
    assert leads["channel"].tolist()[0] == "百度竞价"


def test_it_is_told_and_what_stays_unknown_too(open_files):
    book = open_files({"lead.csv": LEADS, "channel.csv": CHANNELS})
    counts = book.counts[book.counts["table"] == "lead"].set_index("code")["count"]
    assert counts["by-name"] == 2
    assert counts["orphan"] == 2


def test_costs_and_touches_follow(open_files):
    spend = "spend_id,spend_date,amount,channel_id\nS1,2026-10-02,500,百度竞价\n"
    touch = "touch_id,touched_at,lead_id,touch_type,channel_id\nT1,2026-10-01,L1,form,百度竞价\n"
    files = {"lead.csv": LEADS, "channel.csv": CHANNELS, "spend.csv": spend, "touch.csv": touch}
    book = open_files(files)
    assert book.sql("SELECT channel_id FROM cost_by_day")["channel_id"].tolist() == ["C1"]
    assert set(book.sql("FROM touchpoint WHERE lead_id = 'L1'")["channel_id"]) == {"C1"}
