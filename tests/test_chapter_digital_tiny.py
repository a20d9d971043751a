"""The chapter on next to nothing: every part runs, and says only what the data can carry."""

from __future__ import annotations

import pytest

from playbook.chapters import digital
from playbook.chapters.digital import words

LEADS = (
    "lead_id,created_at,channel_id,campaign_id,keyword_id\n"
    "L1,2026-10-03 09:00,C1,P1,K1\nL2,2026-10-04 10:00,,,\n"
)
ADS = (
    "date,platform,ad_account,campaign_id,ad_group,keyword_id,match_type,search_term,cost,currency,"
    "impressions,clicks,conversions\n"
    "2026-10-01,b,acc,P1,G,K1,exact,t1免费,100.10,CNY,10,5,1\n"
    "2026-10-02,b,acc,,G,,,t2,50,USD,10,50,\n"
)
BARE_ADS = "date,platform,cost,impressions,clicks\n2026-10-01,b,10,100,5\n"
WORDS = "keyword_id,keyword\nK1,知识库报价\n"
SEARCH = (
    "date,keyword_id,engine,rank,search_volume,ai_cited\n"
    "2026-10-05,K1,baidu,5,100,\n2026-10-05,K1,kimi,,,1\n"
)
WEB = "date,content_id,channel_id,sessions,form_views,form_submits\n2026-10-05,X1,C1,10,5,9\n"
CHANNELS = "channel_id,channel_name,channel_group,is_online\nC1,Search,sem,1\n"
CAMPAIGNS = "campaign_id,campaign_name,channel_id\nP1,W,C1\n"
SPEND = "spend_id,spend_date,amount,channel_id\nS1,2026-10-03,500,C1\n"

CASES = {
    "ads": {"ad_daily.csv": ADS},
    "ads without names": {"ad_daily.csv": BARE_ADS},
    "ads and words": {"ad_daily.csv": ADS, "keyword.csv": WORDS},
    "search": {"search_daily.csv": SEARCH, "keyword.csv": WORDS},
    "search without words": {"search_daily.csv": SEARCH},
    "web": {"web_daily.csv": WEB},
    "spend": {"spend.csv": SPEND, "channel.csv": CHANNELS},
    "all": {
        "ad_daily.csv": ADS,
        "keyword.csv": WORDS,
        "search_daily.csv": SEARCH,
        "web_daily.csv": WEB,
        "channel.csv": CHANNELS,
        "campaign.csv": CAMPAIGNS,
        "spend.csv": SPEND,
    },
}


@pytest.mark.parametrize("case", CASES)
def test_every_part_runs_and_no_finding_rests_on_next_to_nothing(case, open_files):
    book = open_files({"lead.csv": LEADS, **CASES[case]})
    table = digital.metrics(book)
    assert digital.headline(book, table).startswith("October 2026: ")
    assert len(digital.health(book)) == 11
    assert set(digital.failing(book)["layer"]) <= {"cannot say"}
    for make in (
        digital.diagnosis, digital.keyword_strategy, digital.negative_library,
        digital.landing_plan, digital.monthly_review, digital.search_plan,
    ):  # fmt: skip
        assert make(book).sections
    for name in digital.BY:
        assert digital.totals(book, name)["cost"].sum() >= 0
    found = digital.findings(book)
    assert {f.level for f in found} <= {"act", "watch"}
    for finding in found:  # a negative word is paid for, or a broad share is high: that is counted
        assert finding.id.startswith(("P03-T4/negative", "P03-T3", "P03-T1"))
    assert digital.leader_report(book, table, found)["text"].str.len().min() > 0


def test_a_cost_without_a_rate_is_missing_not_zero(open_files):
    rows = digital.ads(open_files({"lead.csv": LEADS, "ad_daily.csv": ADS}), "period")
    assert rows.set_index("search_term")["cost"].isna().to_dict() == {"t1免费": False, "t2": True}


def test_leads_without_ads_stand_in_lines_of_their_channels(open_files):
    book = open_files({"lead.csv": LEADS, "spend.csv": SPEND, "channel.csv": CHANNELS})
    table = digital.cockpit(book)
    assert set(table["line"]) == {"no ad row"}
    assert table.set_index("channel")["leads"].to_dict() == {"Search": 1.0, "no origin": 1.0}
    assert table["cost"].sum() == 500


OWN_LEADS = "lead_id,created_at,channel_id,contact_valid\n" + "\n".join(
    f"L{n},2026-{3 + n % 8:02d}-05 09:00,{channel},{n % 3 and 1}"
    for n, channel in enumerate(["C1"] * 16 + ["C2"] * 12 + ["C3"] * 6)
)
OWN = {
    "lead.csv": OWN_LEADS,
    "channel.csv": "channel_id,channel_name,channel_group\n"
    "C1,Search,sem\nC2,Feed,feed_ads\nC3,Fair,exhibition\n",
    "spend.csv": "spend_id,spend_date,amount,channel_id\n"
    "S1,2026-06-03,9000,C1\nS2,2026-06-03,1200,C2\nS3,2026-06-03,4000,C3\n",
}


def test_a_column_that_was_not_supplied_is_named_and_no_fault_is_found_with_it(open_files):
    book = open_files(OWN)
    row = digital.health(book).set_index("point").loc["Reasons of invalid leads"]
    assert row["state"] == "cannot say"
    assert "supply lead.invalid_reason" in row["evidence"]
    traced = digital.tracking(book)
    assert traced[["traced_share", "untraced"]].isna().all(axis=None)
    assert "lead.campaign_id not supplied" in words.of_tracking(book, traced).title
    assert digital.untraced(book).empty
    assert digital.findings(book) == []


def test_reasons_that_were_supplied_are_still_judged(open_files):
    lines = OWN_LEADS.splitlines()
    told = [f"{lines[0]},invalid_reason", *(f"{line}," for line in lines[1:])]
    told[1] += "competitor"
    table = digital.health(open_files({**OWN, "lead.csv": "\n".join(told)})).set_index("point")
    assert table.loc["Reasons of invalid leads", "figure"] == "8.3 % of invalid leads explained"


def test_without_ad_reports_the_headline_says_what_cost_and_leads_say(open_files):
    book = open_files(OWN)
    text = digital.headline(book, digital.metrics(book))
    assert "¥14.2 k for 34 leads, ¥418 each" in text
    assert "from ¥100 (Feed) to ¥667 (Fair)" in text
    assert "ad reports of the period are missing" in text


def test_without_cost_the_headline_says_so(open_files):
    bare = open_files({"lead.csv": OWN_LEADS})
    assert "no cost is on record" in digital.headline(bare, digital.metrics(bare))


def test_less_data_never_gives_more_verdict_and_a_fair_is_not_online(open_files):
    book = open_files(OWN)
    table = digital.failing(book)
    assert set(table["channel"]) == {"Search", "Feed"}
    assert set(table["layer"]) == {"cannot say"}
    assert table["evidence"].str.contains("16 leads|12 leads").all()
    assert words.of_layers(book, table).title.startswith("No online channel can be judged yet")
    assert table["sql"].isna().all()  # not recorded is not none
    one = table.assign(layer=["none", "cannot say"])
    assert words.of_layers(book, one).title.startswith("1 of 2 online channels can be judged")


def test_a_channel_is_online_where_its_mark_says_so(open_files):
    marked = (
        "channel_id,channel_name,channel_group,is_online\n"
        "C1,Search,sem,0\nC2,Feed,feed_ads,\nC3,Fair,exhibition,1\n"
    )
    book = open_files({**OWN, "channel.csv": marked})
    assert set(digital.failing(book)["channel"]) == {"Feed", "Fair"}
