"""A real lead-to-deal funnel, read through mappings alone, gives its known figures."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from playbook.book import open_book
from playbook.chapters import growth
from playbook.chapters.growth import words
from playbook.derive import NO_ORIGIN
from playbook.funnel import compare, survival

RULES = Path(__file__).parent / "olist" / "playbook.toml"
SIDE = ["converted", "n"]


@pytest.fixture(scope="module")
def real(olist):
    return open_book(olist, "2018-05", rules=RULES)


@pytest.fixture(scope="module")
def by_channel(real):
    return growth.won_by(real, "channel", everything=True).set_index("channel")


def test_842_of_8000_leads_are_won_with_the_wilson_interval(by_channel):
    assert (by_channel["leads_followed"].sum(), by_channel["won_so_far"].sum()) == (8000, 842)
    said = words.of_won(by_channel.reset_index(), "channel")
    assert "Of all 8,000 leads on record, 842 have been won so far: 10.53 % (95 % 9.87–11.22)" in (
        said.see
    )


@pytest.mark.parametrize(
    ("channel", "percent"),
    [
        ("paid_search", 12.30),
        ("organic_search", 11.80),
        ("social", 5.56),
        ("unknown", 16.29),
        (NO_ORIGIN, 23.3),
    ],
)
def test_the_channels_convert_as_published(by_channel, channel, percent):
    assert 100 * by_channel["won_rate"][channel] == pytest.approx(percent, abs=0.05)


def test_sixty_leads_without_an_origin_stay_apart_from_unknown(by_channel):
    assert by_channel["leads_followed"][NO_ORIGIN] == 60
    assert by_channel["leads_followed"]["unknown"] == 1099


def test_the_days_to_close_are_those_of_all_842(real):
    row = real.sql(
        "SELECT median(days_to_won) AS median, quantile_cont(days_to_won, 0.9) AS p90, "
        "count(days_to_won) AS n FROM lead_journey"
    ).iloc[0]
    assert row["n"] == 842
    assert row["median"] == pytest.approx(14.65, abs=0.005)
    assert row["p90"] == pytest.approx(162.6, abs=0.05)
    shown = growth.baseline_rates(real).set_index("key")
    assert shown.loc["won", "median_days"] == pytest.approx(row["median"])
    assert shown.loc["won", "p90_days"] == pytest.approx(row["p90"])


def test_the_deal_won_before_first_contact_is_reported_and_kept(real):
    reported = real.counts.set_index("code")["count"]
    assert reported["won-before-lead"] == 1
    negative = real.sql("SELECT count(*) AS n FROM lead_journey WHERE days_to_won < 0")
    assert negative["n"][0] == 1


def test_the_may_cohort_is_young_as_of_june_and_ends_at_ten_percent(olist, real):
    then = open_book(olist, "2018-05", rules=RULES, as_of="2018-06-01")
    young = growth.cohort_stages(then).set_index("key")
    assert 100 * young.loc["won", "rate"] == pytest.approx(5.37, abs=0.005)
    assert young.loc["won", "immature"]
    old = growth.cohort_stages(real).set_index("key")
    assert 100 * old.loc["won", "rate"] == pytest.approx(9.98, abs=0.005)
    assert not old.loc["won", "immature"]


def test_nothing_is_claimed_about_money_that_nobody_recorded(real):
    table = growth.metrics(real).set_index("key")
    assert table.loc["revenue", "reason"].startswith("supply")
    assert table["value"][["revenue", "pipeline", "cpl", "cac", "roi"]].isna().all()


ELAPSED = """SELECT
    floor(date_diff('second', created_at, least(coalesce(won_at, $cut), $cut)) / 3600)::BIGINT
        AS hours,
    coalesce(won_at <= $cut, false) AS converted,
    count(*) AS n
FROM lead_journey WHERE created_at >= $start AND created_at < $cut GROUP BY ALL"""


def test_conversion_under_censoring_is_near_what_really_happened(real):
    """On the clock of elapsed time: whole hours from first contact to the deal, all cohorts of
    2018, known up to 1 June 2018. Rounding the hours up, or not at all, gives the same figures;
    counting calendar days gives 9.36 % and 11.82 %.
    """
    cut, start = pd.Timestamp("2018-06-01"), pd.Timestamp("2018-01-01")
    then = survival.at(real.sql(ELAPSED, start=start, cut=cut), [30, 90])
    assert (100 * then["rate"]).tolist() == pytest.approx([9.27, 11.91], abs=0.005)
    happened = real.sql(
        """SELECT avg((won_at <= created_at + INTERVAL 30 DAY IS TRUE)::INT) AS by_30,
            avg((won_at <= created_at + INTERVAL 90 DAY IS TRUE)::INT) AS by_90
        FROM lead_journey WHERE created_at >= $start AND created_at < $cut""",
        start=start,
        cut=cut,
    ).iloc[0]
    assert [100 * x for x in happened] == pytest.approx([9.07, 11.30], abs=0.005)
    assert (then["low"] < happened.to_numpy()).all()
    assert (happened.to_numpy() < then["high"]).all()


def test_february_against_march_is_no_news_and_organic_against_social_is(real):
    months = real.sql(
        """SELECT month(created_at) AS month, count(*) AS n,
            count(*) FILTER (won_at <= created_at + INTERVAL 30 DAY) AS converted
        FROM lead_journey
        WHERE created_at >= TIMESTAMP '2018-02-01' AND created_at < TIMESTAMP '2018-04-01'
        GROUP BY ALL"""
    ).set_index("month")
    origins = real.sql(
        """SELECT channel, count(*) AS n, count(won_at) AS converted
        FROM lead_journey GROUP BY ALL"""
    ).set_index("channel")
    table = pd.DataFrame(
        [
            ("February against March", *months.loc[2, SIDE], *months.loc[3, SIDE]),
            (
                "organic against social",
                *origins.loc["organic_search", SIDE],
                *origins.loc["social", SIDE],
            ),
        ],
        columns=["name", *SIDE, *(f"base_{name}" for name in SIDE)],
    )
    found = compare.differences(table)
    assert found["z"].tolist() == pytest.approx([0.07, 6.2], abs=0.05)
    assert found["z"][0] == pytest.approx(0.07, abs=0.005)
    assert found["is_news"].tolist() == [False, True]


def test_five_of_eleven_channels_stand_apart_from_the_rest_and_paid_search_only_when_alone(real):
    table = real.sql(
        "SELECT channel, count(*) AS n, count(won_at) AS converted FROM lead_journey GROUP BY ALL"
    )
    found = compare.against_rest(table, "channel").set_index("name")
    apart = {"social", "email", "other", "unknown", NO_ORIGIN}
    assert set(found.index[found["is_news"]]) == apart
    assert found.loc["paid_search", "p_value"] == pytest.approx(0.0103, abs=5e-5)
    assert found.loc["paid_search", "p_adjusted"] == pytest.approx(0.0618, abs=5e-5)
