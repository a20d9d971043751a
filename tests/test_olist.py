"""A real lead-to-deal funnel, read through mappings alone, gives its known figures."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from playbook import funnel
from playbook.book import open_book
from playbook.chapters import growth
from playbook.chapters.growth import words
from playbook.derive import NO_ORIGIN
from playbook.funnel import Funnel

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
    assert shown.loc["won", "median_days"] == pytest.approx(row["median"], abs=1 / 1440)
    assert shown.loc["won", "p90_days"] == pytest.approx(row["p90"], abs=1 / 1440)


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


LEAD_TO_WON = Funnel(("lead", "won"), order="any", entity="lead_id", time="entered_at")


def test_conversion_under_censoring_is_near_what_really_happened(real):
    """On the clock of elapsed time from first contact to the deal, all cohorts of 2018, known up
    to 1 June 2018; counting calendar days gives 9.36 % and 11.82 %.
    """
    cut, start = pd.Timestamp("2018-06-01"), pd.Timestamp("2018-01-01")
    events = growth.funnel_events(real)
    then = funnel.conversion_at(events, LEAD_TO_WON, [30, 90], start=start, as_of=cut)
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
    events = growth.funnel_events(real)
    by_day_30 = replace(LEAD_TO_WON, within_days=30)
    february, march = (
        funnel.cohort(events, by_day_30, start=start, end=end)["entered"].tolist()[::-1]
        for start, end in pairwise(pd.date_range("2018-02-01", periods=3, freq="MS"))
    )
    won = growth.won_by(real, "channel", everything=True).set_index("channel")
    origins = won[["won_so_far", "leads_followed"]]
    table = pd.DataFrame(
        [
            ("February against March", *february, *march),
            ("organic against social", *origins.loc["organic_search"], *origins.loc["social"]),
        ],
        columns=["name", *SIDE, *(f"base_{name}" for name in SIDE)],
    )
    found = funnel.differences(table)
    assert found["z"].tolist() == pytest.approx([0.07, 6.2], abs=0.05)
    assert found["z"][0] == pytest.approx(0.07, abs=0.005)
    assert found["is_news"].tolist() == [False, True]


def test_five_of_eleven_channels_stand_apart_from_the_rest_and_paid_search_only_when_alone(real):
    table = real.sql(
        "SELECT channel, count(*) AS n, count(won_at) AS converted FROM lead_journey GROUP BY ALL"
    )
    found = funnel.against_rest(table, "channel").set_index("name")
    apart = {"social", "email", "other", "unknown", NO_ORIGIN}
    assert set(found.index[found["is_news"]]) == apart
    assert found.loc["paid_search", "p_value"] == pytest.approx(0.0103, abs=5e-5)
    assert found.loc["paid_search", "p_adjusted"] == pytest.approx(0.0618, abs=5e-5)
