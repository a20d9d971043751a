"""The scoring chapter: standards, the rules' points, who to call, documents and findings."""

from __future__ import annotations

import pandas as pd
import pytest

from playbook.chapters import scoring
from playbook.chapters.scoring.standards import in_any
from playbook.conditions import Comparison, Joined, parse
from playbook.findings import LEVELS, QUESTIONS

FILES = {
    "lead.csv": "lead_id,created_at,account_id,person_id,need_clarity,contact_valid,status,"
    "sql_need,sql_scene,sql_budget,sql_will\n"
    "L1,2026-10-05,A1,P1,2,1,working,1,1,1,0\n"
    "L2,2026-10-06,A2,P2,,1,working,,,,\n"
    "L3,2026-10-07,A1,P1,3,1,qualified,1,1,1,1\n"
    "L4,2026-10-08,A2,P2,0,0,invalid,,,,\n",
    "account.csv": "account_id,account_name,icp_tier\nA1,One,A\nA2,Two,C\n",
    "person.csv": "person_id,account_id,seniority\nP1,A1,director\nP2,A2,staff\n",
}


@pytest.fixture
def small(open_files):
    return open_files(FILES, as_of="2026-11-01")


# Standards


def test_the_whole_standard_counts_as_the_rules_do_for_every_lead(book):
    table = scoring.standard_counts(book)
    whole = table[table["condition"] == "the whole standard"].set_index("standard")
    row = book.sql(
        """SELECT count(*) AS n, count(*) FILTER (mql_by_rule) AS mql,
            count(*) FILTER (NOT mql_by_rule) AS no_mql, count(*) FILTER (sql_by_rule) AS sql
        FROM lead_journey WHERE created_at >= $a AND created_at < $b""",
        a=book.period.start,
        b=book.period.end,
    ).iloc[0]
    assert (
        whole.loc["MQL", ["passes", "fails", "n"]].tolist() == row[["mql", "no_mql", "n"]].tolist()
    )
    assert whole.loc["SQL", "passes"] == row["sql"]
    assert (table[["passes", "fails", "unknown"]].sum(axis=1) == table["n"]).all()


def test_each_condition_is_counted_and_said_in_words(small):
    table = scoring.standard_counts(small).set_index(["standard", "condition"])
    assert table.loc[("ICP", "ICP tier is one of A, B"), ["passes", "fails"]].tolist() == [2, 2]
    clear = table.loc[("MQL", "need clarity is at least 1")]
    assert clear[["passes", "fails", "unknown"]].tolist() == [2, 1, 1]
    assert clear["pass_share"] == pytest.approx(2 / 3)
    assert clear["zh"] == "需求明确度"
    assert table.loc[("SQL", "SQL will is true"), ["passes", "fails", "unknown"]].tolist() == [
        1,
        1,
        2,
    ]
    assert ("MQL", "one of: budget band is filled") in table.index
    assert table.loc[("SQL", "the whole standard"), "passes"] == 1


def test_lead_by_lead_what_is_missing_open_leads_first(small):
    table = scoring.standard_verdicts(small)
    assert table["lead_id"].tolist() == ["L1", "L2", "L3", "L4"]
    by_lead = table.set_index("lead_id")
    assert by_lead["is_open"].tolist() == [True, True, False, False]
    assert by_lead.loc["L1", ["icp", "mql", "sql", "missing_for", "missing"]].tolist() == [
        "passes", "passes", "fails", "SQL", "SQL will is true",
    ]  # fmt: skip
    assert by_lead.loc["L3", ["missing_for", "missing"]].tolist() == ["", ""]
    assert "need clarity is at least 1 (not known)" in by_lead.loc["L2", "missing"]
    assert by_lead.loc["L2", "missing_for"] == "MQL"


def test_an_icp_that_the_rules_decide_shows_its_own_conditions(open_files):
    toml = (
        '[icp]\nsource = "rule"\nfit = ["A"]\n'
        '[icp.tiers]\nA = {field = "account.region", op = "filled"}\n'
        'B = {field = "account.industry", op = "filled"}\n'
    )
    files = {
        "lead.csv": "lead_id,created_at,account_id\nL1,2026-10-05,A1\nL2,2026-10-05,A2\n",
        "account.csv": "account_id,account_name,region\nA1,One,华南\nA2,Two,\n",
    }
    table = scoring.standard_counts(open_files(files, rules=toml))
    icp = table[table["standard"] == "ICP"]
    assert icp["condition"].tolist() == ["region is filled"]
    assert icp[["passes", "fails"]].iloc[0].tolist() == [1, 1]


def test_alternatives_are_told_from_what_must_hold():
    two = (Comparison("lead.need_type", "filled"), Comparison("lead.budget_band", "filled"))
    rule = Joined("all", (Comparison("lead.intent_level", "filled"), Joined("any", two)))
    assert in_any(rule) == [False, True, True]
    assert in_any(Joined("any", two[:1])) == [False]


def test_conditions_are_said_without_their_tables():
    rule = parse({"field": "account.icp_tier", "op": "in", "value": ["A"]}, "x")
    assert scoring.in_words(f"{rule.field} is one of A") == "ICP tier is one of A"


# The rules' points


def test_every_lead_of_the_period_has_a_score_and_its_parts_sum_to_it(book):
    table = scoring.lead_scores(book)
    leads = book.sql(
        "SELECT count(*) AS n FROM lead_journey WHERE created_at >= $a AND created_at < $b",
        a=book.period.start,
        b=book.period.end,
    )["n"][0]
    assert len(table) == leads
    assert table["lead_id"].is_unique
    factors = table.columns[table.columns.get_loc("recorded_sql") + 1 :]
    assert table[list(factors)].sum(axis=1).tolist() == table["score"].tolist()
    assert table["score"].is_monotonic_decreasing
    bands = book.rules.scoring.bands
    assert (table["band"] == "hot").tolist() == (table["score"] >= bands.hot).tolist()


def test_the_bands_add_up_and_warmer_leads_are_mql_more_often(book):
    bands = scoring.score_bands(book).set_index("band")
    table = scoring.lead_scores(book)
    assert bands["leads"].sum() == len(table)
    assert bands["mql"].sum() == table["recorded_mql"].sum()
    assert bands["sql"].sum() == table["recorded_sql"].sum()
    assert bands["leads_share"].sum() == pytest.approx(1)
    assert bands.loc["warm", "mql_rate"] > bands.loc["cold", "mql_rate"]
    assert (bands["sql_low"] <= bands["sql_rate"]).all()


def test_the_spread_counts_every_lead_once_in_the_band_of_its_points(book):
    spread, bands = scoring.score_spread(book), scoring.score_bands(book).set_index("band")
    assert spread.groupby("beside")["value"].sum().to_dict() == {
        band: n for band, n in bands["leads"].items() if n
    }
    assert (spread["emphasis"] == (spread["beside"] != "cold")).all()


def test_a_price_page_counts_for_the_person_behind_the_lead_and_once(open_files):
    files = {
        "lead.csv": "lead_id,person_id,created_at\nL1,P1,2026-10-05\nL2,P2,2026-10-06\n",
        "touch.csv": "touch_id,person_id,lead_id,touch_type,touched_at\n"
        "T1,P1,L1,pricing_view,2026-10-31\nT2,P1,,download,2026-11-20\n",
    }
    own = open_files(files, as_of="2026-11-30")
    (points,) = {b.points for b in own.rules.scoring.behaviour if b.touch_type == "pricing_view"}
    table = scoring.lead_scores(own).set_index("lead_id")
    assert table["score"].to_dict() == {"L1": points, "L2": 0}


def test_the_points_in_force_are_those_of_the_rules(book, open_files):
    table, rules = scoring.points_in_force(book), book.rules.scoring
    assert table["points"].tolist() == [*(e.points for e in rules.fit),
                                        *(b.points for b in rules.behaviour)]  # fmt: skip
    toml = (
        "[scoring]\nfit = []\nmql_points = 5\n"
        'behaviour = [{touch_type = "demo", points = 9, cap = 9}]\n'
        "[scoring.bands]\nhot = 9\nwarm = 5\n"
    )
    own = scoring.points_in_force(open_files(FILES, rules=toml))
    assert own[["factor", "points", "cap"]].to_numpy().tolist() == [["demo", 9, 9.0]]


# Who to call


def test_the_best_chance_is_called_first_and_nobody_who_is_done(book):
    table = scoring.call_first(book)
    assert table["chance"].is_monotonic_decreasing
    assert table["age_days"].max() <= scoring.given_days(book)
    journey = book.sql("FROM lead_journey").set_index("lead_id").loc[table["lead_id"]]
    assert journey[["sql_at", "opportunity_at", "won_at", "lost_at"]].isna().all(axis=None)
    assert set(journey["status"]) <= {"new", "working"}
    points = scoring.scores_now(book).set_index("lead_id")["score"]
    assert points[table["lead_id"]].tolist() == table["score"].tolist()


def test_what_speaks_for_a_lead_are_its_most_points(small):
    table = scoring.call_first(small).set_index("lead_id")
    assert table["because"].to_dict() == {
        "L1": "ICP +15, title +15, need +10",
        "L2": "no points",
    }
    assert table["chance"].isna().all()


def test_the_cockpit_has_every_lead_once_with_points_and_standards(book):
    table = scoring.cockpit(book)
    assert sorted(table["lead_id"]) == sorted(scoring.lead_scores(book)["lead_id"])
    assert table["score"].is_monotonic_decreasing
    assert (table["mql"] == "passes").sum() == (
        scoring.standard_counts(book).query("standard == 'MQL'")["passes"].iloc[0]
    )


# Metrics, findings, documents


def test_the_metrics_are_those_of_a_query_by_hand(book):
    rows = scoring.metrics(book).set_index("key")
    leads = book.sql("FROM lead_journey")
    of_period = leads["created_at"].between(book.period.start, book.period.end, inclusive="left")
    own = leads[of_period]
    assert rows.loc["mql_unknown", "value"] == own["mql_by_rule"].isna().mean()
    assert rows.loc["mql_standard", "value"] == own["mql_by_rule"].dropna().mean()
    valid = own[own["is_valid"].eq(True)]
    assert rows.loc["valid_to_sql", "value"] == valid["sql_at"].notna().mean()
    mql = leads[leads["mql_at"].between(book.period.start, book.period.end, inclusive="left")]
    assert rows.loc["sql_answered", "value"] == mql["sql_by_rule"].notna().mean()


def test_findings_say_what_is_there_once_with_evidence(book):
    found = scoring.findings(book)
    assert len({f.id for f in found}) == len(found)
    assert all(f.level in LEVELS and f.evidence for f in found)
    assert all(f.question in {*QUESTIONS, ""} for f in found)
    by_id = {f.id: f for f in found}
    assert by_id["P02-T6/which-score"].claim == scoring.headline(book, scoring.metrics(book))
    assert "AUC" not in by_id["P02-T6/which-score"].claim
    assert "lead.sql_will" in by_id["P02-T6/leaks"].evidence
    assert "August" in by_id["P02-T6/fewer-than-foreseen"].claim


def test_an_alternative_that_everybody_passes_is_found_and_a_stricter_one_is_not(book, open_files):
    idle = {f.id: f for f in scoring.findings(book)}["P02-T3/idle-mql"]
    assert "“budget band is filled”" in idle.claim
    rows = "\n".join(f"L{i},2026-10-05,{'100k-500k' if i % 2 else ''}" for i in range(60))
    half = open_files({"lead.csv": f"lead_id,created_at,budget_band\n{rows}\n"})
    assert not any(f.id.startswith("P02-T3/idle") for f in scoring.findings(half))


def test_few_leads_claim_nothing(small):
    assert scoring.findings(small) == []
    assert scoring.headline(small, scoring.metrics(small)).startswith(
        "By the points of the rules 0 hot and 0 warm of 4 leads in October 2026"
    )


def test_the_report_to_the_leader_has_its_four_blocks(book, small):
    for own in (book, small):
        table = scoring.leader_report(own, scoring.findings(own))
        assert table["block"].tolist() == [
            "Who fits the standards",
            "Which score to use",
            "How many leads sales can call",
            "What is needed",
        ]
        assert table["text"].str.len().min() > 10
    assert scoring.says_which(book) in scoring.leader_report(book, []).loc[1, "text"]


def test_a_changed_rule_changes_the_standard_and_nothing_else_of_it(small, open_files):
    before = scoring.mql_sql_standard(small)
    toml = '[mql]\nwhen = {field = "lead.need_clarity", op = "ge", value = 3}\n'
    after = scoring.mql_sql_standard(open_files(FILES, rules=toml, as_of="2026-11-01"))
    assert (before.id, before.zh) == ("P02-D2", "MQL/SQL标准")
    mql = [s.table["condition"].tolist() for d in (before, after) for s in d.sections[1:2]]
    assert mql[0][2] == "need clarity is at least 1"
    assert mql[0][3].startswith("one of: seniority is one of ")
    assert mql[1] == ["need clarity is at least 3"]
    pd.testing.assert_frame_equal(before.sections[2].table, after.sections[2].table)
    assert before.sections[4].table["standard"].tolist() == ["MQL", "SQL"]


def test_the_scoring_model_says_what_it_is_worth_or_what_is_needed(book, small):
    paper = scoring.scoring_model(book)
    assert (paper.id, paper.zh) == ("P02-D3", "线索评分模型")
    headings = [section.heading for section in paper.sections]
    assert headings[:3] == ["Points in force", "Hot, Warm, Cold", "What the scores are worth"]
    assert scoring.says_which(book) in paper.sections[2].text
    assert len(headings) == 7
    short = scoring.scoring_model(small).sections
    assert [section.heading for section in short][2:] == ["What the score is worth"]
    assert "Needed: " in short[2].text


def test_every_table_of_a_document_has_its_units(book):
    for paper in (scoring.mql_sql_standard(book), scoring.scoring_model(book)):
        for section in paper.sections:
            if section.table is not None:
                assert set(section.units) <= set(section.table.columns), section.heading
