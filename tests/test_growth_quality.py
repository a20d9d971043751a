"""Lead quality, customers and channels by step: counted by hand, truths found."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from scipy import stats

from playbook.book import open_book
from playbook.chapters import growth
from playbook.chapters.growth import quality_words
from playbook.data.sample import story
from playbook.errors import ParameterError
from playbook.report import plots

FEED = "信息流广告"
LEADS = """
lead_id,created_at,channel_id,content_id,person_id,account_id,need_type,contact_valid,invalid_reason
L1,2026-10-01 09:00,C1,K1,P1,A1,consulting,true,
L2,2026-10-02 09:00,C1,K1,P2,A1,,false,spam
L3,2026-10-03 09:00,C1,,,,,false,spam
L4,2026-10-04 09:00,C1,,,,,false,no_need
L5,2026-10-05 09:00,C2,K2,P3,A2,consulting,true,
L6,2026-10-06 09:00,C2,K2,P3,A2,consulting,,
L7,2026-09-06 09:00,C2,K2,P3,A2,consulting,true,
"""
FILES = {
    "lead.csv": LEADS,
    "channel.csv": "channel_id,channel_name,channel_group\nC1,Search,sem\nC2,Fair,exhibition\n",
    "content.csv": "content_id,title,content_type\nK1,Guide,whitepaper\n",
    "account.csv": (
        "account_id,account_name,industry,region\nA1,One,finance,north_china\nA2,Two,retail,\n"
    ),
    "person.csv": "person_id,account_id,job_title\nP1,A1,CEO\nP2,A1,\nP3,A2,Buyer\n",
    "stage_event.csv": (
        "stage_event_id,lead_id,stage,entered_at\n"
        "S1,L1,mql,2026-10-03 09:00\nS2,L5,mql,2026-10-30 09:00\nS3,L7,mql,2026-09-08 09:00\n"
    ),
}


@pytest.fixture
def small(open_files):
    return open_files(FILES, rules="[checks]\nmerge_duplicates = false\n")


def of(period):
    return open_book("sample", period)


# Lead quality


def test_every_count_of_a_small_book_is_the_one_worked_out_by_hand(small):
    table = growth.lead_quality(small).set_index("channel")
    search, fair = table.loc["Search"], table.loc["Fair"]
    assert search[["leads", "judged", "valid", "invalid"]].tolist() == [4, 4, 1, 3]
    assert fair[["leads", "judged", "valid", "invalid"]].tolist() == [2, 1, 1, 0]
    assert (search["valid_rate"], search["invalid_share"]) == (0.25, 0.75)
    assert search["top_reason"] == "spam"
    assert pd.isna(fair["top_reason"])
    gaps = ["no_title_share", "no_company_share", "no_need_share"]
    assert search[gaps].tolist() == [0.75, 0.5, 0.75]
    assert fair[gaps].tolist() == [0, 0, 0]


def test_a_lead_counts_in_the_mql_rate_only_once_it_has_had_the_days(small):
    """Those who became MQL took 2, 2 and 25 days; half of October's leads have had 15."""
    assert growth.quality_days(small) == {"mql": 15}
    table = growth.lead_quality(small).set_index("channel")
    assert table.loc["Search", ["mql_n", "mql_rate"]].tolist() == [4, 0.25]
    assert table.loc["Fair", ["mql_n", "mql_rate"]].tolist() == [2, 0]
    later = growth.lead_quality(open_book(small.path, "2026-09")).set_index("channel")
    assert later.loc["Fair", ["mql_n", "mql_rate"]].tolist() == [1, 1]


def test_content_is_named_by_its_title_else_by_its_id(small):
    table = growth.lead_quality(small, "content")
    assert dict(zip(table["content"], table["leads"], strict=True)) == {
        "Guide": 2, "K2": 2, "not recorded": 2,
    }  # fmt: skip


@pytest.mark.parametrize("by", growth.QUALITY_BY)
def test_the_parts_of_any_breakdown_add_up_to_the_period(book, by):
    table = growth.lead_quality(book, by)
    hand = book.sql(
        """SELECT count(*) AS leads, count(*) FILTER (is_valid) AS valid,
            count(*) FILTER (NOT is_valid) AS invalid, sum(captures) - count(*) AS duplicates
        FROM lead_journey WHERE created_at >= $a AND created_at < $b""",
        a=book.period.start,
        b=book.period.end,
    ).iloc[0]
    parts = ["leads", "valid", "invalid", "duplicates"]
    assert table[parts].sum().tolist() == hand[parts].tolist()
    values = growth.metrics(book).set_index("key")["value"]
    assert table["valid"].sum() / table["judged"].sum() == pytest.approx(values["valid_rate"])
    assert table[by].is_unique


def test_duplicates_are_the_captures_that_were_folded_into_a_lead():
    found = sum(growth.lead_quality(of(period))["duplicates"].sum() for period in ("2025", "2026"))
    book = of("2026")
    hand = book.sql(
        """SELECT count(*) AS n FROM lead_alias a JOIN clean.lead k ON k.lead_id = a.kept_id
        WHERE a.lead_id <> a.kept_id AND k.created_at >= $a AND k.created_at < $b""",
        a=book.previous.start,
        b=book.period.end,
    )["n"][0]
    assert found == hand > 0


def test_an_unknown_breakdown_is_refused_with_the_nearest_name(book):
    with pytest.raises(ParameterError, match="did you mean 'channel'"):
        growth.lead_quality(book, "chanel")


@pytest.mark.parametrize("month", story.SURGE_MONTHS)
def test_the_surge_of_worthless_feed_leads_is_named_in_each_of_its_months(month):
    table = growth.lead_quality(of(month))
    said = quality_words.of_quality(table, "channel")
    assert said.title.startswith(f"{FEED}: ")
    feed = table.set_index("channel").loc[FEED]
    assert feed["valid_low"] < story.SURGE_VALID < feed["valid_high"]
    assert feed["valid_high"] < story.FEED_VALID


def test_the_share_of_invalid_leads_peaks_in_the_surge(book):
    trend = growth.invalid_trend(book)
    assert trend["period"].iloc[-1] == "2026-10"
    assert len(trend) == 13
    highest = trend.nlargest(3, "value")["period"]
    assert set(highest) == set(story.SURGE_MONTHS)


# Customers


def test_customers_of_each_trait_add_up_and_agree_with_a_query_by_hand(book):
    table = growth.customers(book)
    hand = book.sql(
        """SELECT a.industry AS value, count(DISTINCT d.account_id) AS n
        FROM deal d JOIN clean.account a USING (account_id)
        WHERE d.is_won AND d.deal_type = 'new' GROUP BY ALL"""
    ).set_index("value")["n"]
    found = table[table["trait"] == "industry"].set_index("value")["customers"]
    assert found[hand.index].tolist() == hand.tolist()
    assert table.groupby("trait")["customers"].sum().nunique() == 1
    assert table.groupby("trait")["customer_share"].sum().tolist() == pytest.approx([1, 1, 1])


def test_the_share_won_follows_only_leads_that_have_had_the_time(book):
    table = growth.customers(book)
    row = table[table["value"] == "manufacturing"].iloc[0]
    hand = book.sql(
        """WITH slow AS (SELECT ceil(quantile_cont(days_to_won, 0.9)) AS days FROM lead_journey)
        SELECT count(*) AS n, count(*) FILTER (date_diff('second', created_at, won_at)
            <= days * 86400) AS won
        FROM lead_journey, slow WHERE industry = 'manufacturing'
            AND date_diff('second', created_at, $now) >= days * 86400""",
        now=book.as_of,
    ).iloc[0]
    assert [row["leads"], row["won"]] == hand.tolist()


def test_few_customers_are_said_to_be_few(book):
    table = growth.customers(book)
    few = table["note"].str.startswith("few")
    assert few.any()
    assert (~few).any()
    assert table.loc[~few, "won"].sum() > table.loc[few, "won"].sum()


def test_without_deals_there_are_no_customers_to_describe(small):
    assert growth.customers(small).empty


# Channels by step


@pytest.fixture(scope="module")
def by_step(book):
    return growth.channel_stages(book)


def test_the_channels_of_a_step_add_up_to_all_leads_old_enough(book, by_step):
    for (first, then), rows in by_step.groupby(["first", "then"], sort=False):
        days = int(rows["days"].iloc[0])
        entry = "created_at" if first == "lead" else f"{first}_at"
        hand = book.sql(
            f"""SELECT count(*) AS n FROM lead_journey WHERE {entry} >= $a AND {entry} < $b
                AND {entry} + to_days({days}) <= $now""",
            a=book.period.back(12).start,
            b=book.period.end,
            now=book.as_of,
        )["n"][0]
        assert rows["n"].sum() == hand, then
        assert rows["converted"].sum() / hand == pytest.approx(rows["overall"].iloc[0])


def test_the_same_seven_channels_stand_at_every_step_and_the_rest_together(by_step):
    names = set(by_step["channel"])
    assert len(names) == 8
    assert "other channels" in names
    assert set(by_step.loc[by_step["first"] == "lead", "channel"]) == names


def test_p_values_are_those_of_a_chi_square_and_adjusted_as_holm_did(by_step):
    (row,) = by_step[(by_step["first"] == "lead") & (by_step["channel"] == "线上直播")].to_dict(
        "records"
    )
    rest = by_step[(by_step["first"] == "lead") & (by_step["channel"] != "线上直播")]
    k, n = rest["converted"].sum(), rest["n"].sum()
    table = [[row["converted"], row["n"] - row["converted"]], [k, n - k]]
    assert row["p_value"] == pytest.approx(
        stats.chi2_contingency(table, correction=False).pvalue, rel=1e-6
    )
    ranked = by_step["p_value"].dropna().sort_values()
    holm, highest = [], 0.0
    for place, p in enumerate(ranked):
        highest = max(highest, min(1.0, p * (len(ranked) - place)))
        holm.append(highest)
    assert by_step.loc[ranked.index, "p_adjusted"].tolist() == pytest.approx(holm)


def test_feed_ads_stand_out_below_at_every_early_step_and_nothing_small_is_news(by_step):
    news = by_step[by_step["is_news"]]
    feed = news[news["channel"] == FEED].set_index("first")
    assert {"lead", "valid"} <= set(feed.index)
    assert (feed["difference"] < 0).all()
    assert news["n"].min() >= 30
    said = quality_words.of_channel_steps(by_step)
    assert said.title.startswith(FEED)


def test_the_grid_writes_each_rate_into_its_cell(by_step):
    cells = growth.as_grid(by_step)
    assert len(cells) == len(by_step)
    assert plots.rate_grid(cells, title="x").narrow is not None


def test_with_leads_alone_there_is_no_step_to_compare(open_files):
    book = open_files({"lead.csv": "lead_id,created_at\nL1,2026-10-03\nL2,2026-10-04\n"})
    assert growth.channel_stages(book).empty
    quality = growth.lead_quality(book)
    assert quality["leads"].sum() == 2
    silent = ["valid", "valid_rate", "icp_fit_rate", "mql_rate", "sql_rate", "invalid"]
    silent += ["no_title_share", "no_company_share", "no_need_share"]
    assert quality[silent].isna().all(axis=None)
    assert quality_words.of_quality(quality, "channel").title == (
        "Nothing is recorded on whether leads are valid"
    )


# Loss reasons


def test_the_pareto_marks_the_fewest_reasons_that_make_four_fifths(book):
    losses = growth.loss_reasons(book)
    for where in ("lead", "deal"):
        bars = quality_words.pareto(losses, where)
        marked = bars["emphasis"].sum()
        shares = bars["value"] / bars["value"].sum()
        assert shares.is_monotonic_decreasing
        assert shares.head(marked).sum() >= 0.8 - 1e-9
        assert shares.head(marked - 1).sum() < 0.8
        assert bars["beside"].iloc[-1] == "100 % up to here"
        said = quality_words.of_pareto(bars, where)
        assert f"of {bars['value'].sum()} lost {where}s" in said.title


# The test at every stage


def test_the_seven_stages_stand_in_order_and_agree_with_the_core_metrics(book):
    stages = growth.growth_stages(book).set_index("stage")
    assert stages.index.tolist() == [
        "Traffic", "Capture", "MQL", "SQL", "Opportunity", "Won", "Repeat",
    ]  # fmt: skip
    metrics = growth.metrics(book).set_index("key")
    for stage, key in {"Capture": "leads", "MQL": "mql", "SQL": "sql", "Won": "won"}.items():
        assert stages.loc[stage, ["count", "previous"]].tolist() == (
            metrics.loc[key, ["value", "previous"]].tolist()
        )
    assert (stages["passes"] <= stages["tested"]).all()
    assert (stages["tested"] <= stages["count"]).all()
    assert (stages["missing"] == "").all()


def test_the_passes_are_those_counted_by_hand(book):
    stages = growth.growth_stages(book).set_index("stage")["passes"]
    span = {"a": book.period.start, "b": book.period.end}
    hand = book.sql(
        """SELECT
            (SELECT count(*) FROM clean.lead WHERE created_at >= $a AND created_at < $b
                AND merged_into_lead_id IS NULL AND capture_type NOT IN ('card', 'qr')) AS capture,
            (SELECT count(DISTINCT o.opportunity_id) FROM clean.opportunity o
                JOIN clean.stage_event s USING (opportunity_id)
                WHERE o.created_at >= $a AND o.created_at < $b
                AND s.stage IN ('poc', 'quote', 'contract')) AS opportunity,
            (SELECT count(*) FROM clean.opportunity WHERE is_won AND closed_at >= $a
                AND closed_at < $b AND deal_type IN ('renewal', 'expansion', 'referral')) AS kinds,
            (SELECT count(*) FROM clean.opportunity o JOIN clean.lead l USING (lead_id)
                JOIN clean.channel c USING (channel_id) WHERE o.is_won AND o.closed_at >= $a
                AND o.closed_at < $b AND c.channel_group = 'referral') AS referred""",
        **span,
    ).iloc[0]
    assert stages["Capture"] == hand["capture"]
    assert stages["Opportunity"] == hand["opportunity"]
    assert stages["Repeat"] == hand["kinds"] + hand["referred"]


def test_what_is_missing_says_what_to_supply_and_is_never_counted_as_zero(open_files):
    book = open_files(
        {
            "lead.csv": "lead_id,created_at,capture_type\nL1,2026-10-03,form\nL2,2026-10-04,card\n",
            "web_daily.csv": "date,channel_id,sessions\n2026-10-01,C1,50\n",
        }
    )
    stages = growth.growth_stages(book).set_index("stage")
    assert stages.loc["Traffic", "count"] == 50
    assert math.isnan(stages.loc["Traffic", "passes"])
    assert stages.loc["Traffic", "missing"] == "web_daily.bounces"
    assert stages.loc["Capture", ["count", "tested", "passes"]].tolist() == [2, 2, 1]
    assert math.isnan(stages.loc["Capture", "previous"])
    assert math.isnan(stages.loc["Won", "count"])
    assert stages.loc["Won", "missing"] == "opportunity, payment"


def test_a_deal_with_an_old_customer_that_is_called_new_fails_the_repeat_test(open_files):
    book = open_files(
        {
            "lead.csv": "lead_id,created_at\nL1,2026-10-03\n",
            "opportunity.csv": (
                "opportunity_id,account_id,created_at,closed_at,is_won,deal_type\n"
                "O1,A1,2026-01-06,2026-02-01,1,new\nO2,A1,2026-09-06,2026-10-02,1,new\n"
                "O3,A2,2026-09-06,2026-10-03,1,renewal\nO4,A3,2026-09-06,2026-10-03,1,new\n"
            ),
        }
    )
    repeat = growth.growth_stages(book).set_index("stage").loc["Repeat"]
    assert repeat[["count", "passes"]].tolist() == [2, 1]
