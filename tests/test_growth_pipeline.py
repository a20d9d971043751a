"""The review of marketing-sourced pipeline: parts add up, sums agree with queries by hand."""

from __future__ import annotations

import math

import pytest

from playbook.book import open_book
from playbook.chapters import growth
from playbook.chapters.growth import pipeline_words

LEADS = """
lead_id,created_at,channel_id,account_id
L1,2026-01-01 09:00,C1,A1
L2,2026-01-02 09:00,C2,A2
L3,2026-01-03 09:00,,A3
"""
DEALS = """
opportunity_id,account_id,created_at,lead_id,deal_type,amount,closed_at,is_won,won_amount,lost_reason
O1,A1,2026-10-05 09:00,L1,new,100,,,,
O2,A1,2026-09-01 09:00,L1,new,200,2026-10-10 09:00,1,180,
O3,A2,2026-09-02 09:00,L2,new,,2026-10-11 09:00,0,,price
O4,A3,2026-09-03 09:00,L3,new,300,,,,
O5,A4,2026-09-04 09:00,,renewal,400,,,,
O6,A5,2026-09-05 09:00,,new,500,2026-09-20 09:00,0,,price
O7,A2,2026-08-05 09:00,L2,new,700,2026-11-02 09:00,1,700,
"""
FILES = {
    "lead.csv": LEADS,
    "channel.csv": "channel_id,channel_name,channel_group\nC1,Search,sem\nC2,Fair,exhibition\n",
    "opportunity.csv": DEALS,
    "target.csv": (
        "period,metric_id,scope_type,scope_id,value,unit\n2026,revenue,company,,1000,CNY\n"
    ),
}


@pytest.fixture
def small(open_files):
    return open_files(FILES, as_of="2026-11-05")


def test_every_deal_of_a_small_book_stands_where_it_belongs(small):
    """O6 was closed before the period; O7 was still open when it ended."""
    table = growth.pipeline(small).set_index("channel")
    assert table["source"].to_dict() == {
        "Search": "marketing", "Fair": "marketing", "no origin": "lead without channel",
        "no lead, renewal": "no lead",
    }  # fmt: skip
    counts = table[["created", "open", "won", "lost", "closed"]]
    assert counts.loc["Search"].tolist() == [1, 1, 1, 0, 1]
    assert counts.loc["Fair"].tolist() == [0, 1, 0, 1, 1]
    assert table["open_amount"].to_dict() == {
        "Search": 100, "Fair": 700, "no origin": 300, "no lead, renewal": 400,
    }  # fmt: skip
    assert table.loc["Search", ["created_amount", "won_amount", "win_rate"]].tolist() == [
        100, 180, 1,
    ]  # fmt: skip
    assert table.loc["Fair", "win_rate"] == 0
    assert math.isnan(table.loc["no origin", "win_rate"])


def test_the_coverage_of_a_small_book_is_the_one_worked_out_by_hand(small):
    cover = growth.coverage(small)
    assert (cover.target, cover.won, cover.remaining) == (1000, 180, 820)
    assert (cover.open_amount, cover.sourced_amount) == (1500, 800)
    assert cover.coverage == pytest.approx(1500 / 820)
    assert (cover.won_deals, cover.closed_deals) == (1, 3)
    assert cover.win_rate == pytest.approx(1 / 3)
    said = pipeline_words.of_coverage(small, cover)
    assert "¥820 of the year's target of ¥1,000 remain to be won; ¥1,500 are open, 1.8" in said
    assert "3.0 times would be needed" in said


def test_a_target_that_is_reached_needs_no_pipeline(open_files):
    files = {**FILES, "target.csv": FILES["target.csv"].replace(",1000,", ",100,")}
    cover = growth.coverage(open_files(files, as_of="2026-11-05"))
    assert cover.remaining == 0
    assert math.isnan(cover.coverage)


def test_the_rows_of_the_pipeline_add_up_to_the_core_metrics(book):
    table = growth.pipeline(book)
    values = growth.metrics(book).set_index("key")["value"]
    for column, key in {
        "created_amount": "pipeline", "open_amount": "open_pipeline", "won": "won",
        "won_amount": "revenue",
    }.items():  # fmt: skip
        assert table[column].sum() == pytest.approx(values[key]), column
    sources = growth.by_source(book)
    for column in ("created", "open", "open_amount", "won", "won_amount", "lost", "closed"):
        assert sources[column].sum() == pytest.approx(table[column].sum())
    assert sources["open_share"].sum() == pytest.approx(1)


@pytest.mark.parametrize("period", ["2026-10", "2026-06", "2026-W43", "2026-Q3"])
def test_deals_are_sourced_by_marketing_where_their_lead_has_a_channel(period):
    book = open_book("sample", period)
    found = growth.by_source(book).set_index("source")
    hand = book.sql(
        """SELECT count(*) AS n, sum(d.amount)::DOUBLE AS amount FROM deal d
        JOIN clean.lead l ON l.lead_id = d.lead_id AND l.channel_id IS NOT NULL
        WHERE d.created_at < $until AND (d.closed_at IS NULL OR d.closed_at >= $until)""",
        until=min(book.period.end, book.as_of),
    ).iloc[0]
    assert found.loc["marketing", ["open", "open_amount"]].tolist() == pytest.approx(hand.tolist())
    assert not growth.pipeline(book)["channel"].duplicated().any()


def test_what_was_open_plus_what_came_less_what_closed_is_what_is_open(book):
    history = growth.pipeline_history(book)
    assert history["period"].tolist()[0] == "2025-10"
    assert len(history) == 13
    moved = history["created"] - history["won"] - history["lost"]
    expected = history["open"].shift() + moved
    assert history["open"].tolist()[1:] == expected.tolist()[1:]
    last = growth.pipeline(book)
    assert history["lost"].iloc[-1] == last["lost"].sum()
    assert growth.open_trend(book)["value"].tolist() == history["open_amount"].tolist()


def test_stalled_deals_are_open_and_older_than_nine_in_ten_won_ones(book):
    table = growth.stalled_deals(book)
    rows = book.sql("SELECT * FROM deal")
    rows["kind"] = rows["deal_type"] == "new"
    won = rows[rows["is_won"].fillna(False).astype(bool)]
    limit = (won["closed_at"] - won["created_at"]).groupby(won["kind"]).quantile(0.9)
    there = rows[rows["closed_at"].isna()]
    age = book.as_of - there["created_at"]
    expected = there[age > there["kind"].map(limit)]
    assert set(table["opportunity_id"]) == set(expected["opportunity_id"])
    assert len(table) > 0
    assert (table["age_days"] > table["limit_days"]).all()
    passed = table["expected_close_on"].dt.date < book.local(book.as_of).date()
    assert table["close_passed"].tolist() == passed.tolist()


def test_a_kind_of_deal_with_few_won_gives_no_limit(small):
    assert growth.stalled_deals(small).empty


def test_the_words_name_the_share_that_marketing_sourced(book):
    table, cover = growth.pipeline(book), growth.coverage(book)
    said = pipeline_words.of_pipeline(book, table, cover)
    share = round(100 * cover.sourced_amount / cover.open_amount)
    assert said.title.startswith(f"Marketing sourced {share} % of the open pipeline: ¥")
    bars = pipeline_words.as_open(table)
    assert bars["value"].sum() == pytest.approx(cover.open_amount)
    assert (
        bars["emphasis"].sum()
        == ((table["source"] == "marketing") & (table["open_amount"] > 0)).sum()
    )
    assert pipeline_words.of_stalled(book, growth.stalled_deals(book)).startswith("3 open deals")
    assert pipeline_words.of_open_trend(book, growth.open_trend(book)).alt


def test_without_deals_nothing_is_counted_and_the_words_say_so(open_files):
    book = open_files({"lead.csv": "lead_id,created_at\nL1,2026-10-03\n"})
    table, cover = growth.pipeline(book), growth.coverage(book)
    assert table.empty
    assert math.isnan(cover.open_amount)
    assert math.isnan(cover.coverage)
    assert pipeline_words.of_coverage(book, cover).startswith("No revenue target")
    assert pipeline_words.of_pipeline(book, table, cover).title == "No open deal has an amount"
    assert growth.pipeline_history(book).drop(columns=["period", "start"]).isna().all(axis=None)


def test_where_only_won_deals_are_recorded_no_win_rate_is_claimed(open_files):
    won = "\n".join(line for line in DEALS.splitlines() if ",0,," not in line)
    book = open_files({**FILES, "opportunity.csv": won}, as_of="2026-11-05")
    assert growth.pipeline(book)["win_rate"].isna().all()
    assert growth.by_source(book)["win_rate"].isna().all()
    cover = growth.coverage(book)
    assert math.isnan(cover.win_rate)
    assert "no lost deals are recorded" in pipeline_words.of_coverage(book, cover)
