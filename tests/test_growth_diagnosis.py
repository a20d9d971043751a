"""Quantity, quality, handling and cycle are judged apart, each by its own past."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats
from statsmodels.stats.proportion import confint_proportions_2indep

from playbook import funnel
from playbook.book import open_book
from playbook.chapters import growth
from playbook.chapters.growth import verdicts
from playbook.report import plots, show

COLUMNS = [
    "panel", "zh", "measure", "now", "now_n", "usual", "low", "high", "unit", "trend",
    "judgement", "says",
]  # fmt: skip


@pytest.fixture(scope="module")
def august():
    return open_book("sample", "2026-08")


@pytest.fixture(scope="module")
def table(august):
    return growth.diagnosis(august)


def row(table, start):
    return table[table["measure"].str.startswith(start)].iloc[0]


def judged(table, panel):
    return set(table.loc[table["panel"] == panel, "judgement"])


def test_there_are_four_panels_with_one_to_three_measures_each(table):
    assert table.columns.tolist() == COLUMNS
    assert list(dict.fromkeys(table["panel"])) == list(growth.PANELS)
    assert table["panel"].value_counts().between(1, 3).all()
    assert table["trend"].map(len).eq(13).all()


def test_when_one_team_answers_late_handling_is_worse_and_nothing_else(table):
    assert judged(table, "handling") == {"worse"}
    assert "worse" not in judged(table, "quantity") | judged(table, "quality")
    assert verdicts.of_diagnosis(table).title.startswith("Handling worse; ")


def test_in_the_surge_quality_is_worse_and_quantity_is_not():
    june = growth.diagnosis(open_book("sample", "2026-06"))
    assert row(june, "Leads → Valid leads")["judgement"] == "worse"
    assert "worse" not in judged(june, "quantity") | judged(june, "handling")


def test_the_last_of_the_trend_is_the_period_itself(table):
    last = table["trend"].map(lambda values: values[-1])
    assert last.to_numpy() == pytest.approx(table["now"].to_numpy())


def test_a_judgement_is_where_the_period_lies_to_its_band(table):
    for r in table.itertuples():
        inside = r.low <= r.now <= r.high
        assert inside == (r.judgement == "usual")
        assert r.low <= r.usual <= r.high


def test_every_period_of_a_rate_gives_its_leads_the_same_days(august, table):
    """The funnel's own method, asked period by period, is the oracle."""
    changes = growth.fair_changes(august)
    found = funnel.steps(
        growth.funnel_events(august),
        growth.way_to_won(august),
        days=dict(zip(changes["first"], changes["days"], strict=True)),
        spans={p.label: (p.start, p.end) for p in august.period.trailing(13)},
        as_of=august.as_of,
    )
    rates = (found["converted"] / found["n"]).groupby(found["then"]).agg(list)
    for start, then in (("Leads →", "valid"), ("Valid leads →", "mql"), ("MQL →", "sql")):
        assert row(table, start)["trend"] == pytest.approx(rates[then])


def test_the_band_of_a_rate_is_the_interval_of_the_difference(august, table):
    found, change = row(table, "MQL → SQL"), growth.fair_change(august, "mql", "sql")
    low, high = confint_proportions_2indep(
        change.converted, change.n, change.base_converted, change.base_n, method="newcomb"
    )
    assert (found["low"], found["high"]) == pytest.approx((change.rate - high, change.rate - low))


def test_the_band_of_a_median_is_where_as_many_draws_would_put_theirs(august, table):
    found = row(table, "Days from lead to won")
    base = august.sql(
        """SELECT days_to_won AS days FROM lead_journey
        WHERE won_at >= $a AND won_at < $b AND days_to_won >= 0""",
        a=august.period.back(12).start,
        b=august.period.start,
    )["days"]
    n = int(found["now_n"])
    assert n % 2
    # The median of n draws lies below x where more than half of them do: a binomial tail.
    levels = [
        optimize.brentq(lambda p, t=tail: stats.binom.sf((n - 1) // 2, n, p) - t, 1e-9, 1 - 1e-9)
        for tail in (0.025, 0.975)
    ]
    ends = np.quantile(base, [0.5, *levels])
    assert (found["usual"], found["low"], found["high"]) == pytest.approx(tuple(ends))


def test_the_age_of_open_deals_is_that_at_the_end_of_each_period(august, table):
    found = row(table, "Age of the open new deals")
    end = august.period.back(3).end
    hand = august.sql(
        """SELECT median(epoch($end - created_at)) / 86400 AS days FROM deal
        WHERE deal_type = 'new' AND created_at < $end
            AND (closed_at IS NULL OR closed_at >= $end)""",
        end=end,
    )["days"][0]
    assert found["trend"][-4] == pytest.approx(hand)


def test_a_period_under_way_is_too_young_to_count_its_leads(open_files):
    lines = ["lead_id,created_at"]
    lines += [f"{m}-{i},2026-{m:02}-{1 + i:02} 09:00" for m in range(3, 10) for i in range(20)]
    lines += [f"10-{i},2026-10-0{1 + i} 09:00" for i in range(4)]
    book = open_files({"lead.csv": "\n".join(lines)}, as_of="2026-10-05")
    found = row(growth.diagnosis(book), "Leads")
    assert (found["now"], found["judgement"]) == (4, "too young")
    assert found["says"] == "Leads: too young to judge, 4 so far."


def test_a_month_with_far_fewer_leads_is_worse_by_the_spread_of_those_before(open_files):
    lines = ["lead_id,created_at"]
    lines += [f"{m}-{i},2026-{m:02}-{1 + i:02} 09:00" for m in range(3, 10) for i in range(25)]
    lines += [f"10-{i},2026-10-0{1 + i} 09:00" for i in range(4)]
    book = open_files({"lead.csv": "\n".join(lines)})
    found = row(growth.diagnosis(book), "Leads")
    reach = stats.t.ppf(0.975, 6) * 5 * math.sqrt(8 / 7)
    assert (found["usual"], found["high"]) == pytest.approx((25, 25 + reach))
    assert (found["now"], found["judgement"]) == (4, "worse")


def test_panels_without_data_say_what_to_supply(open_files):
    book = open_files({"lead.csv": "lead_id,created_at\nL1,2026-10-03\nL2,2026-10-04\n"})
    table = growth.diagnosis(book)
    assert set(table["judgement"]) == {"no data"}
    assert row(table, "First response in time")["says"].endswith(
        "no data for this; supply activity."
    )
    assert row(table, "Days from lead to won")["says"].endswith("supply opportunity.")
    assert verdicts.of_diagnosis(table).title.endswith(" without data")


def test_a_panel_is_drawn_by_the_measure_that_most_needs_saying(august, table):
    rows = growth.as_panels(august, table)
    assert rows.groupby("heading", sort=False).size().tolist() == [13] * 4
    headings = list(dict.fromkeys(rows["heading"]))
    assert [h.split(":")[0].lower() for h in headings] == list(growth.PANELS)
    assert headings[2].startswith("Handling: worse. First response in time")
    picture = plots.panels(rows, title="Handling worse")
    assert "38.9 %" in show.figure(picture, alt="Handling worse, 38.9 %").html


def test_figures_of_the_table_are_written_in_their_units(august, table):
    shown = verdicts.as_written(august, table)
    assert "trend" not in shown
    assert row(shown, "First response in time")["now"] == "38.9 %"
    assert row(shown, "Days from lead to won")["now"] == "85.9 days"
    assert pd.api.types.is_string_dtype(shown["low"])


def test_a_period_that_has_not_begun_is_judged_by_nothing(book):
    later = growth.diagnosis(open_book(book.path, "2027-01"))
    assert not set(later["judgement"]) & {"better", "usual", "worse"}
