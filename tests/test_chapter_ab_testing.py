"""The chapter finds the planted tests again, plans from the traffic, and counts as plain Python."""

from __future__ import annotations

import math
from datetime import date, timedelta

import pandas as pd
import pytest
from scipy import stats

from playbook import abtest
from playbook.book import open_book
from playbook.chapters import ab_testing, economics
from playbook.chapters.ab_testing import words
from playbook.data.sample import story
from playbook.errors import ParameterError

WEEK = timedelta(days=7)


@pytest.fixture(scope="module")
def record(book):
    return ab_testing.record(book).set_index("experiment_id")


@pytest.fixture(scope="module")
def found(book):
    return {one.id: one for one in ab_testing.findings(book)}


@pytest.fixture(scope="module")
def year():
    return open_book("sample", "2026")


# The planted tests


def test_the_planted_winner_may_be_shipped(record, found):
    row = record.loc[story.AB_WINNER]
    (seen, won), (seen_b, won_b) = story.AB_WINNER_ARMS
    assert (row["n_control"], row["conversions_control"]) == (seen, won)
    assert row["lift"] == pytest.approx(won_b / seen_b / (won / seen) - 1)
    assert (row["verdict"], row["reread"], row["agrees"]) == ("ship", "confirmed", True)
    assert row["lift_low"] > 0
    claim = found["P03-D8/winner"].claim
    assert claim == "EXP-03 (form, 落地页 免费试用) won: +57 %, beyond chance."
    assert "count on the lower end, +22 %" in found["P03-D8/winner"].evidence


def test_the_planted_false_winner_was_kept_without_proof(record, found):
    row = record.loc[story.AB_FALSE]
    assert (row["verdict"], row["why"]) == ("cannot say", "no full week")
    assert (row["reread"], row["agrees"]) == ("kept without proof", False)
    assert row["low"] < 0 < row["high"]  # its interval includes zero, whatever the days
    one = found["P03-D8/false-winner"]
    assert one.level == "act"
    assert one.claim == (
        "EXP-05 (button, 落地页 知识库演示) was kept after 3 days and 417 people: a winner that is "
        "none yet."
    )


def test_the_planted_broken_split_says_nothing(record, found):
    row = record.loc[story.AB_MISMATCH]
    sizes = [seen for seen, _ in story.AB_MISMATCH_ARMS]
    assert row["split_p"] == pytest.approx(stats.chisquare(sizes).pvalue, rel=1e-9)
    assert (row["verdict"], row["why"]) == ("cannot say", "broken split")
    assert math.isnan(row["worth"])
    assert found["P03-D8/broken-split"].claim == (
        "EXP-07 (description, 智能客服产品页) was kept although its split is broken: 5,012 people "
        "against 4,437."
    )


def test_all_other_tests_stay_open(record):
    planted = [story.AB_WINNER, story.AB_FALSE, story.AB_MISMATCH]
    others = record.drop(planted)
    assert others["why"].unique().tolist() == ["open"]
    assert others["verdict"].to_dict() == {
        "EXP-09": "keep running",
        **dict.fromkeys(["EXP-08", "EXP-06", "EXP-04", "EXP-02", "EXP-01"], "cannot say"),
    }


def test_only_the_planted_split_is_broken(book):
    checks = ab_testing.checks(book).set_index("experiment_id")
    assert checks.index[~checks["split_ok"].astype(bool)].tolist() == [story.AB_MISMATCH]
    assert checks.index[~checks["week_ok"].astype(bool)].tolist() == [story.AB_FALSE]
    assert checks.loc[story.AB_MISMATCH, "split"] == "5,012 : 4,437"


def test_the_running_test_is_told_when_it_can_be_decided(book, found):
    (row,) = ab_testing.running(book).to_dict("records")
    assert (row["experiment_id"], row["days"], row["weeks"]) == ("EXP-09", 20, 2)
    assert found["P02-D9/running"].claim == (
        "EXP-09 (subject, 落地页 免费试用) is open; at its pace +20 % cannot be shown by its end."
    )


# Words


def test_the_headline_names_the_winner_and_what_is_not_proven(book):
    assert ab_testing.headline(book, ab_testing.metrics(book)) == (
        "Of 8 tests that ended one is a proven winner: the form of EXP-03, +57 % (95 % interval "
        "+22 % to +101 %); nothing proves 2 of the 3 changes kept; 1 test running."
    )


def test_no_finding_repeats_another_and_each_that_presses_has_a_remedy_and_an_owner(book):
    found = ab_testing.findings(book)
    assert len({one.id for one in found}) == len(found)
    for one in found:
        assert one.claim.endswith("."), one.claim
        assert (one.level not in {"act", "watch"}) or (one.remedy and one.owner), one.id


def test_the_leader_reads_what_holds_and_what_does_not(book):
    table, found = ab_testing.metrics(book), ab_testing.findings(book)
    blocks = ab_testing.leader_report(book, table, found).set_index("block")["text"]
    assert list(blocks.index) == [
        "In short", "What holds", "What does not", "What runs", "What tests can show", "Next month",
    ]  # fmt: skip
    assert blocks["What does not"].count("\n") == 1
    assert "EXP-03" in blocks["What holds"]


def test_the_words_of_the_figures_are_answers(book):
    titles = [
        words.of_forest(book, ab_testing.forest(book)).title,
        words.of_checks(ab_testing.checks(book)).title,
        words.of_reread(ab_testing.reread(book)).title,
        words.of_elements(ab_testing.elements(book)).title,
        words.of_pages(book, ab_testing.pages(book)).title,
        words.of_cockpit(book, ab_testing.cockpit(book)).title,
    ]
    assert titles == [
        "Of 9 tests one is a proven winner: EXP-03 · form, +57 %",
        "2 of 9 tests may not be judged: EXP-07 (broken split), EXP-05 (no full week)",
        "2 of the 3 changes kept are unproven: EXP-07 and EXP-05",
        "Every element of the handbook was tested at least once",
        "No page alone can show +20 % in 8 weeks",
        "1 test running, 0 ended in October 2026",
    ]


def test_the_forest_has_every_test_and_marks_the_void_one(book, record):
    forest = ab_testing.forest(book)
    assert len(forest) == len(record)
    assert forest.loc[forest["void"], "name"].tolist() == ["EXP-07 · description"]
    assert (forest["low"] <= forest["value"]).all()
    assert (forest["value"] <= forest["high"]).all()


# Metrics


def test_the_metrics_of_a_year_are_those_counted_by_hand(year):
    table = ab_testing.metrics(year).set_index("key")
    counted = {
        "tests_running": (1, None),  # EXP-09
        "tests_ended": (4, None),  # EXP-05 to EXP-08
        "test_people": (417 + 4121 + 9449 + 2598, None),
        "tests_with_enough": (0, 4),
        "tests_answered": (0, 4),
        "kept_proven": (0, 2),
        "tests_broken": (1, 4),
    }
    for key, (numerator, denominator) in counted.items():
        assert table.loc[key, "numerator"] == numerator, key
        if denominator:
            assert table.loc[key, "denominator"] == denominator, key
    assert table.loc["tests_ended", "previous"] == 4  # EXP-01 to EXP-04
    assert table.loc["kept_proven", "previous"] == 1.0


def test_the_record_of_an_earlier_period_has_no_later_test():
    earlier = open_book("sample", "2025-10")
    assert set(ab_testing.record(earlier)["experiment_id"]) == {f"EXP-0{i}" for i in range(1, 5)}


def test_the_cockpit_shows_what_runs_and_what_ended_in_the_period():
    august = ab_testing.cockpit(open_book("sample", "2026-08"))
    assert august["experiment_id"].tolist() == ["EXP-08"]


# Traffic and worth


def test_visitors_and_forms_are_those_of_the_last_full_weeks(book):
    rows = book.sql("SELECT content_id, date, visitors, form_submits FROM clean.web_daily")
    last = date(2026, 10, 25)  # the last Sunday before the data end
    days = pd.to_datetime(rows["date"]).dt.date
    inside = rows[(days <= last) & (days > last - 13 * WEEK)]
    own = inside[inside["content_id"] == "C0012"]
    page = ab_testing.visited(book).set_index("page_id").loc["C0012"]
    assert page["people"] == own["visitors"].sum()
    assert page["people_week"] == pytest.approx(own["visitors"].sum() / 13)
    assert page["baseline"] == pytest.approx(own["form_submits"].sum() / own["visitors"].sum())
    history = ab_testing.history(book, "C0012")
    assert (history["date"].min().date(), len(history)) == (last - 13 * WEEK + timedelta(1), 91)
    assert history["people"].sum() == page["people"]


def test_a_form_is_worth_its_channels_share_of_sqls_times_what_an_sql_won(book):
    sent = book.sql(
        """SELECT channel_name AS channel, sum(form_submits)::DOUBLE AS sent
        FROM clean.web_daily JOIN clean.channel USING (channel_id)
        WHERE content_id = 'C0013' GROUP BY ALL"""
    ).set_index("channel")["sent"]
    share = economics.worth_of_lead(book).set_index("channel")["share"].reindex(sent.index)
    expected = (sent * share).sum() / sent.sum()
    row = ab_testing.form_worth(book).set_index("page_id").loc["C0013"]
    assert row["sql_share"] == pytest.approx(expected)
    table = economics.outcomes(book)
    led = table[table["key"] != "deals without a lead"]
    assert row["worth"] == pytest.approx(expected * led["won_amount"].sum() / led["sql"].sum())


def test_the_winner_is_worth_its_pages_visitors_times_difference_times_a_form(book, record):
    row = record.loc[story.AB_WINNER]
    page = ab_testing.visited(book).set_index("page_id").loc[row["page_id"]]
    assert row["people_month"] == pytest.approx(page["people_month"])
    for name, each in (("worth", "difference"), ("worth_low", "low"), ("worth_high", "high")):
        assert row[name] == pytest.approx(page["people_month"] * row[each] * page["worth"])


def test_tests_that_counted_more_people_than_the_website_are_told(book, found):
    table = ab_testing.seen_beside(book).set_index("experiment_id")
    visitors = book.sql(
        """SELECT sum(visitors) AS n FROM clean.web_daily
        WHERE content_id = 'C0012' AND date >= '2025-08-04' AND date < '2025-09-08'"""
    )["n"][0]
    assert table.loc["EXP-03", "visitors"] == visitors
    assert "EXP-09" not in table.index  # an e-mail has no page
    assert found["P03-D8/counting"].question == ""


# Planning


def test_a_page_needs_what_the_plan_says(book):
    rules, pages = book.rules.abtest, ab_testing.pages(book)
    for row in pages.to_dict("records"):
        plan = abtest.sample_size(row["baseline"], rules.minimum_lift, relative=True)
        assert row["needed"] == max(plan.n.values())
        assert row["weeks"] == math.ceil(plan.total / row["people_week"])
        people = int(row["people_week"] * rules.max_weeks / 2)
        shown = abtest.minimum_detectable_effect(row["baseline"], people).lift
        assert row["detectable"] == pytest.approx(shown, rel=0.01)
    assert pages["page_id"].iloc[-1] == "all"
    assert pages["people_week"].iloc[-1] == pytest.approx(pages["people_week"].iloc[:-1].sum())


def test_the_curve_of_what_can_be_shown_falls(book):
    curve = ab_testing.power_curve(book, "all")
    assert curve["lift"].is_monotonic_decreasing
    labels = ["1 week", "2 weeks", "4 weeks", "8 weeks", "16 weeks", "32 weeks"]
    assert curve.loc[curve["label"] != "", "label"].tolist() == labels


def test_the_planner_answers_in_words(book):
    answers = ab_testing.planner(book, "all", lift=0.3, power=0.9).set_index("quantity")["answer"]
    baseline = ab_testing.visited(book)["baseline"].iloc[-1]
    plan = abtest.sample_size(baseline, 0.3, relative=True, power=0.9)
    assert answers["People per arm"] == f"{plan.n['control']:,}"
    assert answers["People in all arms"] == f"{plan.total:,}"
    ends = date(2026, 11, 2) + int(answers["Full weeks"]) * WEEK
    assert answers["Begun next Monday, it ends"] == f"{ends.day} {ends:%b %Y}"


def test_three_arms_need_more_people_in_each(book):
    two, three = (ab_testing.page_needs(book, "all", arms=n).needed for n in (2, 3))
    assert three > two


def test_an_unknown_page_and_a_lift_of_nothing_are_refused(book):
    with pytest.raises(ParameterError, match="unknown page 'C9999'"):
        ab_testing.planner(book, "C9999")
    with pytest.raises(ParameterError, match="effect"):
        ab_testing.planner(book, "all", lift=0.0)


def test_the_plan_has_one_test_at_a_time_on_a_page(book):
    plan = ab_testing.plan(book)
    pages = [page for ids in plan["page_id"] for page in ids.split("+")]
    assert len(pages) == len(set(pages))
    assert {"C0016", "C0002"} <= set(pages)  # kept without proof
    assert {day.weekday() for day in plan["start"]} == {0}
    assert (plan["start"] > book.local(book.as_of).date()).all()
    worth = plan["worth"].dropna()
    assert worth.is_monotonic_decreasing


def test_the_winner_is_tried_on_the_pages_that_never_had_it_together(book):
    row = ab_testing.plan(book).set_index("element").loc["form"]
    assert row["page_id"] == "C0013+C0005+C0018"
    seen = ab_testing.visited(book).set_index("page_id").loc[row["page_id"].split("+")]
    assert row["people_week"] == pytest.approx(seen["people_week"].sum())
    assert row["baseline"] == pytest.approx(seen["converted"].sum() / seen["people"].sum())


def test_the_elements_of_the_handbook_stand_with_their_tests(book):
    table = ab_testing.elements(book).set_index("element")
    assert table.loc["button", ["tests", "ended", "shipped"]].tolist() == [2, 2, 0]
    assert table.loc["form", ["tests", "answered", "shipped"]].tolist() == [1, 1, 1]
    assert table.loc["price anchor", "zh"] == "价格锚点"
    assert table.index[-1] == "subject"  # tested, and none of the handbook's


def test_the_claim_is_a_plan_like_any_other(book):
    row = ab_testing.claim(book).iloc[-1]
    assert row["with_claim"] == pytest.approx(1.3 * row["baseline"])
    plan = abtest.sample_size(row["baseline"], 0.3, relative=True)
    assert row["needed"] == max(plan.n.values())
    said = words.of_claim(book, ab_testing.claim(book))
    assert said.title.startswith("To see the claimed +30 % takes 3,520 people per arm")
    assert "not ours" in said.see


# Simulation and documents


def test_looking_every_day_costs_what_integration_says():
    table = ab_testing.peek(looks=10, draws=4000, seed=2).set_index("rule")
    exact = abtest.peeking(10, rule="fixed", draws=10).exact
    assert table.loc["read at every look", "low"] < exact < table.loc["read at every look", "high"]
    held = table.drop(["read at every look"])
    assert (held["low"] <= 0.05).all()
    bounds = ab_testing.peek_bounds(looks=10)
    assert bounds["name"].iloc[0] == "read once, at the end"
    assert bounds["z"].iloc[0] == pytest.approx(stats.norm.ppf(0.975))
    assert ab_testing.peek_paths(looks=10, shown=7)["path"].nunique() == 7


def test_the_a_a_document_says_how_many_methods_keep_their_promise(book):
    paper = ab_testing.aa_document(book)
    first, warning, second = paper.sections
    assert "11 of 11 methods keep what they promise" in first.text
    assert len(first.table) == 11
    assert "instead of 5 %" in warning.text
    assert "+20 % was found in" in second.text
    table = ab_testing.aa_test(book)
    assert words.of_aa(table).title == "All 11 of our methods keep their promise"
    assert words.as_aa(table)["emphasis"].sum() == 1


def test_the_documents_have_every_test_and_every_page(book):
    record, plan = ab_testing.test_record(book), ab_testing.experiment_plan(book)
    assert (record.id, record.zh, plan.id, plan.zh) == (
        "P03-D8", "A/B测试记录表", "P02-D9", "增长实验计划表",
    )  # fmt: skip
    headings = [section.heading for section in record.sections]
    assert headings == [
        "What was tested", "What it showed", "What follows", "What it is worth a month",
        "How tests are run",
    ]  # fmt: skip
    assert len(record.sections[0].table) == 9
    assert plan.sections[0].table["element"].tolist()[0] == "form"
    for paper in (record, plan):
        for section in paper.sections:
            assert "nan" not in section.text.lower().split()


# Rules


def test_the_rules_decide_what_is_worth_having_and_when_it_is_judged(tmp_path):
    path = tmp_path / "playbook.toml"
    path.write_text("[abtest]\nminimum_lift = 0.5\nmin_conversions = 100\nmax_weeks = 2\n", "utf-8")
    own = ab_testing.record(open_book("sample", "2026-10", rules=path))
    own = own.set_index("experiment_id")
    assert own.loc["EXP-06", "verdict"] == "stop"  # all of its interval lies within ±50 %
    assert own.loc["EXP-03", "why"] == "few conversions"  # 96 in the control
    assert own.loc["EXP-09", ["verdict", "why"]].tolist() == ["keep running", "few conversions"]
