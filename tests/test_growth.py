"""The growth chapter finds the planted truths, and claims nothing the data cannot carry."""

from __future__ import annotations

import math

import pytest
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep

from playbook.book import open_book
from playbook.chapters import growth
from playbook.chapters.growth import words

FIELDS = [
    "date", "channel", "event_id", "content_id", "account", "industry", "employee_band",
    "job_title", "need_type", "intent_level", "is_mql", "is_sql", "owner", "response_hours",
    "status", "invalid_reason", "amount", "won_amount", "days_to_won", "cost", "roi",
]  # fmt: skip


@pytest.fixture(scope="module")
def table(book):
    return growth.metrics(book)


def of(period):
    return open_book("sample", period)


def ids(found):
    return {f.id for f in found}


def test_the_cockpit_has_the_handbooks_twenty_fields_for_every_lead_of_the_period(book, table):
    cockpit = growth.cockpit(book)
    assert cockpit.columns.tolist() == ["lead_id", *FIELDS]
    assert len(cockpit) == table.set_index("key")["value"]["leads"]
    assert cockpit["lead_id"].is_unique
    assert cockpit["date"].between(book.period.first, book.period.last).all()


def test_every_core_metric_of_the_chapter_is_there(table):
    asked = {f"P02-M{n}" for n in range(1, 14)}
    assert asked <= set(table["metric"])
    assert table["value"].notna().sum() >= len(table) - 1


def test_the_metrics_agree_with_queries_written_by_hand(book, table):
    values = table.set_index("key")["value"]
    span = {"a": book.period.start, "b": book.period.end}
    hand = book.sql(
        """SELECT
            (SELECT count(*) FROM clean.lead WHERE created_at >= $a AND created_at < $b
                AND merged_into_lead_id IS NULL) AS leads,
            (SELECT count(DISTINCT s.lead_id) FROM clean.stage_event s WHERE stage = 'mql'
                AND entered_at >= $a AND entered_at < $b AND NOT EXISTS (
                    FROM clean.stage_event t WHERE t.lead_id = s.lead_id AND t.stage = 'mql'
                    AND t.entered_at < $a)) AS mql,
            (SELECT count(*) FROM clean.opportunity WHERE is_won AND closed_at >= $a
                AND closed_at < $b) AS won""",
        **span,
    ).iloc[0]
    assert values[["leads", "mql", "won"]].tolist() == hand.tolist()


def test_a_stage_never_grows_and_the_cohort_is_not_the_flow(book):
    cohort = growth.cohort_stages(book)
    assert cohort["count"].is_monotonic_decreasing
    flow = growth.period_stages(book)
    assert flow["count"].iloc[0] == cohort["count"].iloc[0]
    assert flow["count"].tolist() != cohort["count"].tolist()


def test_young_cohorts_are_marked_and_old_ones_are_not(table):
    young = table.set_index("key")["immature"]
    assert young["mql_to_sql"]
    assert young["opportunity_to_won"]
    past = growth.stage_history(of("2026-03"))
    assert not past[(past["key"] == "mql_to_sql") & (past["period"] == "2025-06")]["immature"].any()


def test_the_team_that_opens_the_bottleneck_is_named_from_august_on_and_not_before():
    def worst(period):
        teams = growth.response_by(of(period), "team").set_index("team")["rate"]
        return teams["销售B组"]

    assert worst("2026-06") > 0.6
    assert worst("2026-07") > 0.6
    for period in ("2026-08", "2026-09", "2026-10"):
        assert worst(period) < 0.3
        (found,) = [f for f in growth.findings(of(period)) if f.id == "P02-R2/response"]
        assert found.level == "act"
        assert "销售B组" in found.claim


@pytest.mark.parametrize(
    ("period", "fallen"),
    [
        ("2026-04", None),
        ("2026-05", None),
        ("2026-06", "Leads → Valid leads"),
        ("2026-07", None),
        ("2026-08", "MQL → SQL"),
        ("2026-09", "MQL → SQL"),
    ],
)
def test_the_bottleneck_is_found_in_the_month_it_opens_and_not_before(period, fallen):
    """In June the surge of worthless leads is at its height; that is a loss of its own."""
    found = {f.id: f.claim for f in growth.findings(of(period))}
    assert found.get("P02-R1/bottleneck", "None").startswith(str(fallen))


def test_the_fall_in_august_is_no_chance_and_no_other_step_costs_more():
    changes = growth.fair_changes(of("2026-08")).set_index("first")
    step = changes.loc["mql"]
    assert step["is_news"]
    assert step["p_value"] < 0.03
    assert step["rate"] < step["base_rate"]
    assert changes[changes["is_news"]]["lost_won"].idxmax() == "mql"


def test_leads_answered_late_become_sql_less_often_and_the_finding_says_over_what(book):
    answers = growth.conversion_by_answer(book).set_index("answer")
    assert answers.loc["late", "high"] < answers.loc["in time", "low"]


def test_more_leads_of_worse_quality_are_called_a_trap_in_the_surge_only():
    surge = [p for p in ("2026-04", "2026-06", "2026-10")
             if "P02-L2/lead-count-trap" in ids(growth.findings(of(p)))]  # fmt: skip
    assert surge == ["2026-06"]


def test_the_channel_that_is_cheap_per_lead_and_dear_per_customer_is_found(book):
    (found,) = [f for f in growth.findings(book) if f.id == "P03-X1/dear-channel"]
    assert found.claim.startswith("信息流广告 looks cheap")


def test_a_fair_change_gives_everyone_the_same_time_and_agrees_with_the_oracles(book):
    change = growth.fair_change(book, "mql", "sql")
    rows = book.sql(
        """SELECT mql_at >= $start AS now, count(*) AS n,
            count(*) FILTER (least(sql_at, opportunity_at, won_at) <= mql_at + to_days($days)) AS k
        FROM lead_journey WHERE mql_at >= $before AND mql_at < $end
            AND mql_at + to_days($days) <= $as_of GROUP BY ALL ORDER BY now DESC""",
        start=book.period.start,
        end=book.period.end,
        before=book.period.back(12).start,
        days=change.days,
        as_of=book.as_of,
    )
    assert rows["k"].tolist() == [change.converted, change.base_converted]
    assert rows["n"].tolist() == [change.n, change.base_n]
    low, high = confint_proportions_2indep(
        change.converted, change.n, change.base_converted, change.base_n, method="newcomb"
    )
    assert (change.low, change.high) == pytest.approx((low, high))
    pooled = stats.chi2_contingency(
        [
            [change.converted, change.n - change.converted],
            [change.base_converted, change.base_n - change.base_converted],
        ],
        correction=False,
    )
    assert change.p_value == pytest.approx(pooled.pvalue, rel=1e-6)


def test_the_breakdown_by_channel_adds_up_to_the_period(book, table):
    channels = growth.channels(book)
    values = table.set_index("key")["value"]
    for key in ("leads", "mql", "sql"):
        assert channels[key].sum() == values[key]
    assert channels["cost"].sum() == pytest.approx(table.set_index("key")["numerator"]["cpl"])


def test_shares_of_loss_reasons_add_up_and_those_without_a_reason_are_named(book):
    losses = growth.loss_reasons(book)
    assert losses.groupby("where")["share"].sum().tolist() == pytest.approx([1, 1])


def test_the_headline_says_leads_money_and_pace(book, table):
    line = growth.headline(book, table)
    assert line.startswith("October 2026: ")
    assert "of the year's target, the calendar at 83 %" in line


def test_a_week_gives_the_same_page_from_the_same_functions():
    week = of("2026-W43")
    table = growth.metrics(week)
    days = growth.cockpit(week)
    assert table.set_index("key")["value"]["leads"] == len(days)
    assert growth.headline(week, table).startswith("Week 43 of 2026")


def test_every_figure_has_a_title_that_answers_and_words_for_those_who_do_not_see_it(book):
    cohort = growth.cohort_stages(book)
    said = [
        words.of_stages(book, growth.period_stages(book)),
        words.of_cohort(book, cohort),
        words.of_changes(book, growth.fair_changes(book)),
        words.of_response(book, growth.response_hours(book)),
        words.of_teams(growth.response_by(book, "team"), "team"),
        words.of_won(growth.won_by(book, "channel", everything=True), "channel"),
    ]
    assert all(w.title and w.alt for w in said)
    mql = cohort.set_index("key").loc["mql"]
    assert said[1].title.startswith(f"{100 * mql['overall']:.1f} % of the leads")


def test_with_leads_alone_nothing_breaks_and_nothing_is_invented(open_files):
    book = open_files({"lead.csv": "lead_id,created_at\nL1,2026-10-03\nL2,2026-10-04\n"})
    table = growth.metrics(book).set_index("key")
    assert table["value"]["leads"] == 2
    assert table["value"].drop("leads").isna().all()
    assert growth.headline(book, growth.metrics(book)) == "October 2026: 2 leads."
    found = growth.findings(book)
    assert not [f for f in found if f.level in {"act", "watch"} and f.id != "P02-T5/no-origin"]


def test_a_period_without_data_says_so(book):
    empty = open_book(book.path, "2023-01")
    table = growth.metrics(empty)
    assert math.isnan(table.set_index("key")["value"]["leads"])
    assert growth.headline(empty, table) == "January 2023: no leads recorded."
