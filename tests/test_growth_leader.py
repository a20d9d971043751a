"""The report to the leader: six blocks in the words of the period, claiming what n can carry."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest

from playbook.book import open_book
from playbook.chapters import growth

BLOCKS = {
    "2026-W43": ("this week", "Next week's"),
    "2026-10": ("this month", "Next month's"),
    "2026-Q3": ("this quarter", "Next quarter's"),
    "2026": ("this year", "Next year's"),
}


def report(book):
    table = growth.leader_report(book, growth.metrics(book), growth.findings(book))
    return dict(zip(table["block"], table["text"], strict=True))


def block(book, start):
    return next(text for name, text in report(book).items() if name.startswith(start))


def leads(*weeks, team=""):
    """Leads on the Mondays of weeks up to week 43 of 2026, as many as each number says."""
    monday = date(2026, 10, 19)
    rows = ["lead_id,created_at" + team]
    for back, count in enumerate(reversed(weeks)):
        day = monday - timedelta(weeks=back)
        rows += [f"L{back}-{i},{day} 09:{i % 60:02}" for i in range(count)]
    return {"lead.csv": "\n".join(rows)}


@pytest.fixture(scope="module")
def week(_own_cache):
    return open_book("sample", "2026-W43")


@pytest.mark.parametrize("period", list(BLOCKS))
def test_it_has_exactly_the_handbooks_six_blocks_in_the_periods_own_words(period):
    said = report(open_book("sample", period))
    this, following = BLOCKS[period]
    assert list(said) == [
        f"New leads, MQL, SQL {this}",
        "Key channels",
        "Follow-up status",
        "Where the funnel is stuck",
        f"{following} optimisation",
        "What the leader must coordinate",
    ]
    assert all(said.values())
    others = {kind.split()[1] for kind, _ in BLOCKS.values()} - {this.split()[1]}
    words = set(re.findall(r"[a-z]+", " ".join([*said, *said.values()])))
    assert not words & {"period", "periods", "promotion"}
    assert not words & {f"{kind}s" for kind in others}


def test_a_weekly_report_is_called_one():
    assert (
        growth.report_title(open_book("sample", "2026-W43")) == "Week 43 of 2026: the weekly report"
    )
    assert growth.report_title(open_book("sample", "2026-10")) == "What to tell the leader"


def test_the_counts_stand_beside_those_of_the_week_before(week):
    then = week.previous
    now, before = (
        week.sql(
            """SELECT count(*) FILTER (created_at >= $a AND created_at < $b) AS leads,
                count(*) FILTER (mql_at >= $a AND mql_at < $b) AS mql,
                count(*) FILTER (sql_at >= $a AND sql_at < $b) AS sql FROM lead_journey""",
            a=span.start,
            b=span.end,
        ).iloc[0]
        for span in (week.period, then)
    )
    lines = block(week, "New leads").splitlines()
    change = 100 * (now["leads"] / before["leads"] - 1)
    assert lines[0].startswith(
        f"{now['leads']} leads ({change:+.1f} %; last week {before['leads']})."
    )
    assert lines[1].startswith(f"{now['mql']} MQL (")
    assert lines[1].endswith(f"last week {before['mql']}).")
    assert lines[2].startswith(f"{now['sql']} SQL (")
    assert lines[2].endswith(f"last week {before['sql']}).")


def test_the_key_channels_are_those_with_most_leads(week):
    hand = week.sql(
        """SELECT channel, count(*) AS leads FROM lead_journey
        WHERE created_at >= $a AND created_at < $b AND channel <> 'no origin'
        GROUP BY channel ORDER BY leads DESC, channel LIMIT 2""",
        a=week.period.start,
        b=week.period.end,
    )
    lines = block(week, "Key channels").splitlines()
    for line, row in zip(lines, hand.itertuples(), strict=False):
        assert line.startswith(f"{row.channel}: {row.leads} leads (last week ")


def test_the_follow_up_names_the_team_with_most_late_answers(week):
    hand = week.sql(
        """SELECT team, count(*) FILTER (NOT response_met) AS late,
            count(*) FILTER (response_met) AS met, count(response_met) AS due
        FROM lead_journey WHERE created_at >= $a AND created_at < $b
        GROUP BY team ORDER BY late DESC""",
        a=week.period.start,
        b=week.period.end,
    )
    worst = hand.iloc[0]
    text = block(week, "Follow-up")
    assert f"Most late answers: {worst['team']}, {worst['late']} of {hand['late'].sum()}" in text
    assert f"answered in time: {worst['met']} of its {worst['due']} leads" in text


def test_a_week_calls_its_own_conversion_too_young_and_compares_fairly(week):
    text = block(week, "Where the funnel")
    fair = growth.fair_change(week, "mql", "sql")
    assert fair.n < 30
    assert "MQL → SQL of the week is too young to judge" in text
    assert f"({fair.converted} of {fair.n}), in the twelve weeks before" in text
    assert text.endswith("no more than chance.")


def test_what_is_no_news_to_a_week_and_still_open_is_said(week):
    lines = block(week, "Where the funnel").splitlines()
    assert lines[0] == "No bottleneck of the nine is worse than in the twelve weeks before."
    assert lines[1].startswith("No news, and still open: ")
    assert "waited past the SLA" in lines[1]


def test_the_planted_bottleneck_is_where_the_funnel_is_stuck():
    august = open_book("sample", "2026-08")
    top = growth.bottlenecks(august).iloc[0]
    text = block(august, "Where the funnel")
    assert text.startswith("Sales does not follow (销售不跟进): leads answered by a person within")
    assert f"Back at usual it would bring {top['worth']:.1f} customers a month (95 % " in text


def test_every_step_to_take_names_who_takes_it(week):
    for line in block(week, "Next week").splitlines():
        assert re.search(r" Owner: [^.]+\.$", line)
    assert block(week, "What the leader").endswith("From: head of sales.")


def test_a_week_out_of_the_band_of_its_twelve_before_is_called_unusual(open_files):
    text = block(open_files(leads(*[20, 22, 18] * 4, 60), "2026-W43"), "New leads")
    assert text.splitlines()[-1].startswith("Unusual beside the 12 weeks before: leads (usually ")
    calm = block(open_files(leads(*[20, 22, 18] * 4, 24), "2026-W43"), "New leads")
    assert calm.splitlines()[-1] == "Against the 12 weeks before, leads are as usual."


def test_with_two_weeks_on_record_nothing_is_called_usual(open_files):
    text = block(open_files(leads(5, 50), "2026-W43"), "New leads")
    assert text.splitlines()[0] == "50 leads (+45; last week 5)."
    assert text.splitlines()[-1] == "Too few weeks on record for saying what is usual."


def test_an_unfinished_week_is_not_set_against_a_whole_one(open_files):
    book = open_files(leads(20, 9), "2026-W43", as_of="2026-10-21")
    lines = block(book, "New leads").splitlines()
    assert lines[0] == "9 leads so far."
    assert lines[-1].startswith("The week is not over: data up to 2026-10-2")
    assert "last week" not in " ".join(lines)


def test_with_leads_alone_every_block_says_what_is_not_known(open_files):
    said = list(report(open_files(leads(20, 24), "2026-W43")).values())
    assert said[1] == "No lead carries a channel."
    assert said[2] == "Not known: no sales activities were supplied."
    assert said[3] == "The data cannot say which of the nine bottlenecks it is."
    assert said[5] == "Nothing this week beyond what is planned."
