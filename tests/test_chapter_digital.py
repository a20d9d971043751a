"""Digital marketing: figures counted again in plain Python, and the planted truths found."""

from __future__ import annotations

import math
import statistics
from collections import Counter, defaultdict
from decimal import Decimal

import pytest

from playbook.chapters import digital, growth
from playbook.chapters.digital import words
from playbook.chapters.digital.health import by_limits
from playbook.chapters.digital.inputs import lists
from playbook.chapters.span import span
from playbook.data.sample import story
from playbook.errors import ParameterError

OCTOBER = ("2026-10-01", "2026-10-31")


@pytest.fixture(scope="module")
def reports(book):
    """The period's ad rows with their channel, and the rate of their currency."""
    return book.sql(
        """SELECT a.*, c.channel_id FROM clean.ad_daily a LEFT JOIN clean.campaign c
        USING (campaign_id) WHERE a.date BETWEEN $first AND $last""",
        first=OCTOBER[0],
        last=OCTOBER[1],
    ).to_dict("records")


@pytest.fixture(scope="module")
def figures(book):
    """The metrics by key."""
    return digital.metrics(book).set_index("key")


def leads_of(book, column, channels):
    """How many leads of these channels have a moment of October in the column."""
    rows = book.sql(
        f"SELECT {column} AS at, channel_id FROM lead_journey WHERE {column} IS NOT NULL"
    )
    inside = (rows["at"] >= book.period.start) & (rows["at"] < book.period.end)
    return int((inside & rows["channel_id"].isin(channels)).sum())


def test_ratios_are_ratios_of_sums(figures, reports):
    clicks = sum(r["clicks"] for r in reports)
    assert figures.loc["clicks", "value"] == clicks
    assert figures.loc["ctr", "value"] == pytest.approx(
        clicks / sum(r["impressions"] for r in reports)
    )
    assert figures.loc["cvr", "value"] == pytest.approx(
        sum(r["conversions"] for r in reports) / clicks
    )


def test_cost_is_converted_at_the_days_rate_and_set_beside_clicks_and_leads(book, figures, reports):
    rates = book.sql("SELECT date, rate FROM clean.fx_rate WHERE currency = 'USD' ORDER BY date")
    known = list(rates.itertuples(index=False))
    cost = 0.0
    for row in reports:
        rate = 1.0
        if row["currency"] == "USD":
            rate = [r.rate for r in known if r.date <= row["date"]][-1]
        cost += float(row["cost"]) * rate
    clicks = sum(r["clicks"] for r in reports)
    assert figures.loc["cpc", "value"] == pytest.approx(cost / clicks, abs=1e-4)
    channels = {r["channel_id"] for r in reports}
    leads = leads_of(book, "created_at", channels)
    mql = leads_of(book, "mql_at", channels)
    assert figures.loc["ad_cpl", "value"] == pytest.approx(cost / leads, abs=0.01)
    assert figures.loc["ad_cost_per_mql", "value"] == pytest.approx(cost / mql, abs=0.01)


def test_search_places_leave_brand_words_out(book, figures):
    rows = book.sql(
        """SELECT s.rank, s.search_volume, s.date, k.word_class FROM clean.search_daily s
        JOIN clean.keyword k USING (keyword_id)
        WHERE s.date BETWEEN $first AND $last AND s.rank IS NOT NULL""",
        first=OCTOBER[0],
        last=OCTOBER[1],
    ).to_dict("records")
    others = [r["rank"] for r in rows if r["word_class"] != "brand"]
    assert figures.loc["seo_rank", "value"] == statistics.median(others)
    assert figures.loc["seo_top10", "value"] == sum(r <= 10 for r in others) / len(others)
    brand = [r for r in rows if r["word_class"] == "brand"]
    days = len({r["date"] for r in brand})
    assert figures.loc["brand_volume", "value"] == sum(r["search_volume"] for r in brand) / days


def test_every_metric_of_the_handbook_is_there(figures):
    ids = set(figures["metric"])
    assert {f"P03-M{n}" for n in range(1, 16)} <= ids


def test_the_ad_rows_add_up_to_the_cost_of_the_book_to_the_cent(book):
    days = span(book)
    for over, first in (("span", days.first), ("period", book.period.first)):
        by_campaign = digital.ads(book, over).groupby("campaign_id")["cost"].sum().round(2)
        known = book.sql(
            """SELECT campaign_id, sum(cost) AS cost FROM cost_by_day
            WHERE source = 'ad' AND date BETWEEN $first AND $last GROUP BY ALL""",
            first=first,
            last=days.last,
        ).set_index("campaign_id")["cost"]
        for campaign, cost in by_campaign.items():
            assert Decimal(str(cost)) == Decimal(str(known[campaign]))


def test_the_cockpit_has_the_handbooks_fields_and_adds_up_to_the_book(book):
    table = digital.cockpit(book)
    fields = ["channel", "ad_account", "campaign", "ad_group", "keyword", "match_type", "cost"]
    fields += ["impressions", "clicks", "ctr", "cpc", "conversions", "cvr", "cpl", "mql", "sql"]
    fields += ["opportunities", "won", "roi", "sales_feedback", "invalid_reason"]
    assert set(fields) <= set(table)
    whole = book.sql(
        """SELECT (SELECT sum(cost) FROM cost_by_day
            WHERE date BETWEEN '2026-10-01' AND '2026-10-31')::DOUBLE AS cost,
            count(*) AS leads, count(mql_at) AS mql, count(sql_at) AS sql FROM lead_journey
        WHERE created_at >= $start AND created_at < $end""",
        start=book.period.start,
        end=book.period.end,
    ).iloc[0]
    assert table["cost"].sum() == pytest.approx(whole["cost"], abs=1e-6)
    for name in ("leads", "mql", "sql"):
        assert table[name].sum() == whole[name]
    rows = table[table["line"] == "ad row"]
    assert not rows.duplicated(fields[:6]).any()


ADS = (
    "date,platform,ad_account,campaign_id,ad_group,keyword_id,match_type,search_term,cost,"
    "currency,impressions,clicks,conversions\n"
)
SMALL = {
    "lead.csv": "lead_id,created_at,channel_id,campaign_id,keyword_id\n"
    "L1,2026-10-03 09:00,C1,P1,K1\nL2,2026-10-04 10:00,C1,P1,K2\n"
    "L3,2026-10-05 10:00,C1,P1,\nL4,2026-10-06 10:00,C2,,\n",
    "channel.csv": "channel_id,channel_name,channel_group\nC1,Search,sem\nC2,Site,website\n",
    "campaign.csv": "campaign_id,campaign_name,channel_id\nP1,Words,C1\n",
    "keyword.csv": "keyword_id,keyword,landing_content_id\nK1,知识库报价,X1\nK2,客服系统,X2\n",
    "content.csv": "content_id,title,content_type\nX1,Home,home_page\nX2,Desk,product_page\n",
    "ad_daily.csv": ADS + "2026-10-01,b,acc,P1,G,K1,exact,知识库报价,100.10,CNY,10,5,1\n"
    "2026-10-01,b,acc,P1,G,K2,exact,客服系统,50,CNY,10,5,0\n"
    "2026-10-01,b,acc,P1,G,K2,broad,客服系统学生,30,CNY,10,5,0\n"
    "2026-10-02,b,acc,P1,G,K1,exact,知识库免费试用,20,CNY,10,5,0\n",
}


def test_a_lead_that_several_ad_rows_could_claim_stands_in_a_line_of_its_campaign(open_files):
    table = digital.cockpit(open_files(SMALL))
    known = table[table["leads"] > 0]
    assert list(zip(known["line"], known["leads"], strict=True)) == [
        ("ad row", 1.0),
        ("leads of the campaign, ad row not known", 2.0),
        ("no ad row", 1.0),
    ]
    claimed = table[table["keyword"] == "知识库报价"].iloc[0]
    assert claimed["cpl"] == pytest.approx(120.10)
    assert table["leads"].sum() == 4


def test_foreign_cost_is_rounded_once_a_day(open_files):
    files = {
        **SMALL,
        "fx_rate.csv": "date,currency,rate\n2026-09-30,USD,7.123\n",
        "ad_daily.csv": ADS
        + "".join(f"2026-10-01,g,acc,P1,G,K{k},exact,t{k},0.33,USD,10,5,0\n" for k in (1, 2))
        + "2026-10-01,g,acc,P1,H,K1,exact,t3,0.33,USD,10,5,0\n",
    }
    book = open_files(files)
    rows = digital.ads(book, "period")
    assert rows["cost"].sum() == pytest.approx(round(0.99 * 7.123, 2), abs=1e-9)
    assert set(rows["cost"]) == {2.35}  # 7.05 in three parts; each 2.350590 before rounding


def test_the_rule_fills_what_nobody_recorded(open_files):
    table = digital.search_words(open_files(SMALL)).set_index("keyword")
    assert table.loc["知识库报价", ["intent_stage", "intent_from"]].tolist() == [
        "decision",
        "wording",
    ]
    assert table.loc["客服系统", ["word_class", "class_from"]].tolist() == ["product", "wording"]
    wrong = digital.mislanded(open_files(SMALL))
    assert wrong[["keyword", "verdict", "cost"]].to_numpy().tolist() == [
        ["知识库报价", "high intent, wrong page", pytest.approx(120.10)]
    ]


def test_blocking_keeps_what_is_worth_its_click(open_files):
    found = digital.blocking(open_files(SMALL))
    assert found.cost == 30.0
    assert found.cost_share == pytest.approx(30 / 200.10)
    assert found.leads_most == 1
    chosen = digital.blocking(open_files(SMALL), ("系统",))
    assert chosen.cost == 80.0


def test_names_in_the_data_tell_classes_and_say_where_from(book):
    table = lists(book)
    own = table[table["what"] == "class"].set_index("word")
    assert own.loc["云启智言", ["name", "source"]].tolist() == [
        "competitor",
        "opportunity.competitor",
    ]
    assert own.loc["智能客服", "name"] == "product"
    assert own.loc["岑海", "source"] == "[keywords.classes]"
    assert "software" not in set(own.index[own["name"] == "industry"])


def test_the_planted_waste_is_found(book):
    truth = next(t for t in story.TRUTHS if t.id == "keyword-waste")
    row = digital.wasted(book).iloc[0]
    assert row["platform"] == "百度"
    assert row["cost_share"] == pytest.approx(truth.size["cost_share"], abs=0.02)
    assert row["home_share"] == 1
    assert row["p_value"] < 1e-6
    table = digital.search_words(book)
    names = table[table["keyword"].isin(row["names"])]
    assert set(names["match_type"]) == {truth.size["match_type"]}
    assert set(names["page_type"]) == {truth.size["landing"]}
    assert names["mql"].sum() == truth.size["mql"]
    assert set(names["word_class"]) == {"competitor", "industry"}


def test_the_planted_negative_words_are_found_by_list_and_by_mining(book):
    found = digital.blocking(book)
    paid = set(found.words.loc[found.words["cost"] > 0, "word"])
    assert paid == set(story.NEGATIVE_WORDS)
    assert found.mql_most == 0
    mined = digital.rediscovered(book)
    assert set(mined["word"]) == set(story.NEGATIVE_WORDS)
    assert mined["is_clear"].all()
    assert digital.candidates(book).empty


def test_the_cost_of_negative_words_counted_again(book):
    days = span(book)
    rows = book.sql(
        """SELECT search_term, cost FROM clean.ad_daily
        WHERE date BETWEEN $first AND $last AND search_term IS NOT NULL AND currency = 'CNY'""",
        first=days.first,
        last=days.last,
    )
    cost = defaultdict(Decimal)
    for term, amount in rows.itertuples(index=False):
        tail = next((w for w in story.NEGATIVE_WORDS if term.endswith(w)), None)
        cost[tail] += Decimal(str(amount))
    table = digital.blocking(book).words.set_index("word")["cost"]
    for word in story.NEGATIVE_WORDS:
        assert table[word] == pytest.approx(float(cost[word]), abs=0.005)


def test_ai_answers_are_found_as_a_source(book):
    truth = next(t for t in story.TRUTHS if t.id == "geo")
    low, high = truth.size["cited"]
    cited, leads = digital.cited_trend(book), digital.ai_leads_trend(book)
    assert cited["period"].iloc[0] == "2024-11"
    assert cited["value"].iloc[0] == pytest.approx(low, abs=0.03)
    assert cited["value"].iloc[-1] == pytest.approx(high, abs=0.08)
    assert leads["value"].iloc[0] == truth.size["leads_first_month"]
    assert leads["value"].iloc[-1] == pytest.approx(truth.size["leads_last_month"], abs=3)
    assert any(f.id == "P03-R4/answers" and f.level == "good" for f in digital.findings(book))


def test_pages_that_mislead_high_intent_are_named(book):
    wrong = digital.mislanded(book)
    high = wrong[wrong["verdict"].str.startswith("high")]
    assert "enterprise knowledge base software" in set(high["keyword"])
    assert not wrong["word_class"].eq("brand").any()
    total = digital.search_words(book)["cost"].sum()
    assert wrong["cost_share"].sum() == pytest.approx(wrong["cost"].sum() / total)


def test_the_shares_of_groups_are_those_of_the_words(book):
    words_ = digital.search_words(book).to_dict("records")
    cost, mql = Counter(), Counter()
    for row in words_:
        cost[row["intent_stage"]] += row["cost"]
        mql[row["intent_stage"]] += row["mql"]
    table = digital.by(book, "intent_stage").set_index("intent_stage")
    for intent, amount in cost.items():
        assert table.loc[intent, "cost_share"] == pytest.approx(amount / cost.total())
        assert table.loc[intent, "mql_share"] == pytest.approx(mql[intent] / mql.total())
    assert table.loc["awareness", "is_below"]
    with pytest.raises(ParameterError, match="unknown group 'class'"):
        digital.by(book, "class")


def test_a_word_is_paused_only_where_its_interval_tells(book):
    table = digital.strategy(book)
    paused = table[table["action"].str.startswith("pause")]
    waste = digital.wasted(book).iloc[0]
    assert set(paused["keyword"]) == set(waste["names"])
    quiet = table[table["keyword"] == "新人培训周期长"].iloc[0]  # no MQL, on little money
    assert quiet["action"] == "keep"


def test_a_lead_is_traced_where_it_carries_what_its_channel_gives(book):
    days = span(book)
    rows = book.sql(
        """SELECT channel, channel_id, campaign_id, keyword_id FROM lead_journey
        WHERE created_at >= $start AND created_at < $end""",
        start=days.start,
        end=days.end,
    )
    bidding = {"百度搜索推广", "Google Ads"}
    lost = Counter()
    for row in rows.to_dict("records"):
        has = {k: row[k] is not None and row[k] == row[k] for k in row}
        whole = has["channel_id"] and has["campaign_id"]
        if row["channel"] in bidding:
            whole = whole and has["keyword_id"]
        lost[row["channel"]] += not whole
    table = digital.tracking(book).set_index("channel")
    for channel, n in lost.items():
        assert table.loc[channel, "untraced"] == n
    assert table.loc["all leads", "untraced"] == lost.total()
    assert math.isnan(table.loc["信息流广告", "keyword_share"])


def test_limits_rise_or_fall():
    assert [by_limits(x, (0.1, 0.25)) for x in (0.09, 0.1, 0.24, 0.25, 0.9)] == [
        "ok", "watch", "watch", "act", "act",
    ]  # fmt: skip
    assert [by_limits(x, (0.95, 0.8)) for x in (0.96, 0.95, 0.94, 0.8, 0.79)] == [
        "ok", "ok", "watch", "watch", "act",
    ]  # fmt: skip
    assert by_limits(float("nan"), (0.1, 0.2)) == "cannot say"


def test_the_health_check_has_eleven_points_and_names_the_planted_ones(book):
    table = digital.health(book).set_index("point")
    assert len(table) == 11
    for point in ("Keyword precision", "Negative words", "Landing pages"):
        assert table.loc[point, "state"] == "act"
    assert table.loc["Account structure", "state"] == "ok"
    assert "破解版下载" in table.loc["Negative words", "evidence"]
    assert table.loc[table["state"] == "ok", "remedy"].eq("").all()


def test_without_data_a_point_says_what_to_supply(open_files):
    table = digital.health(open_files({"lead.csv": SMALL["lead.csv"]}))
    assert set(table["state"]) == {"cannot say"}
    assert table["evidence"].str.contains("supply").all()


def test_a_mixed_ad_group_is_told(open_files):
    files = {
        **SMALL,
        "keyword.csv": "keyword_id,keyword,word_class,landing_content_id\n"
        "K1,知识库报价,product,X1\nK2,岑海,brand,X2\n",
    }
    row = digital.health(open_files(files)).iloc[0]
    assert row["state"] == "act"
    assert "1 of 1 ad group mix" in row["evidence"]


def test_findings_are_unlike_those_of_growth_and_say_nothing_on_little_data(book, open_files):
    own = [f.id for f in digital.findings(book)]
    assert len(own) == len(set(own))
    assert not set(own) & {f.id for f in growth.findings(book)}
    quiet = digital.findings(open_files(SMALL))
    assert not [f for f in quiet if f.id.startswith(("P03-T2", "P03-L1", "P03-T6", "P03-R4"))]


def test_the_headline_and_the_leader_name_the_waste(book):
    table = digital.metrics(book)
    text = digital.headline(book, table)
    assert "31 % of 百度" in text
    report = digital.leader_report(book, table, digital.findings(book)).set_index("block")["text"]
    assert "信息流广告, layer 2" in report["Which layer fails"]
    assert "no MQL" in report["Where money is lost"]


def test_documents_carry_the_handbooks_names(book):
    papers = [
        make(book)
        for make in (
            digital.diagnosis, digital.keyword_strategy, digital.negative_library,
            digital.landing_plan, digital.monthly_review, digital.search_plan,
        )
    ]  # fmt: skip
    assert [p.id for p in papers] == [f"P03-D{n}" for n in range(1, 7)]
    assert [p.zh for p in papers] == [
        "数字营销渠道诊断报告", "关键词策略表", "否词库", "落地页优化方案", "月度投放复盘",
        "SEO/GEO内容规划",
    ]  # fmt: skip
    listed = papers[2].sections[1].table
    assert set(story.NEGATIVE_WORDS) <= set(listed["word"])


def test_gaps_put_decision_words_first_and_leave_found_words_without_a_gap(book):
    table = digital.gaps(book)
    order = table["intent_stage"].map({"decision": 0, "evaluation": 1, "awareness": 2})
    assert order.is_monotonic_increasing
    assert (table.loc[table["rank"] > 10, "gap"] != "").all()
    assert (table.loc[table["in_top10"] & (table["cited_share"] != 0), "gap"] == "").all()


def test_titles_tell_what_the_tables_hold(book):
    table = digital.by(book, "word_class")
    assert words.of_groups(book, table, "word_class").title == (
        "Industry words (行业词) take 18 % of the search cost and bring 4 % of the MQLs"
    )
    one = digital.saving_by(book, ["学生"])
    assert words.saving_title(book, one, "学生").startswith("Blocking “学生” would have saved ¥")
