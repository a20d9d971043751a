"""The scoring chapter: what past leads teach, what it is worth on later ones, what it costs."""

from __future__ import annotations

import math
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn import metrics as sklearn_metrics

from playbook import resources
from playbook import scoring as method
from playbook.book import open_book
from playbook.chapters import scoring
from playbook.chapters.scoring import ageing, choice, cost, judged
from playbook.data import rules
from playbook.errors import ParameterError

SALES = {"lead.sql_need", "lead.sql_scene", "lead.sql_budget", "lead.sql_will"}
PLANTED = {
    ("pricing view", "before capture"): 0.9,
    ("need clarity", "one standard deviation more"): 0.6,
    ("seniority", "director"): 0.8,
    ("employee band", "200-999"): 0.7,
}


def company(n=600):
    """Leads of whom directors become SQL far more often, and nobody has answered any."""
    rng = np.random.default_rng(5)
    start = pd.Timestamp(2026, 1, 1, 9)
    leads, people, stages = (
        ["lead_id,created_at,person_id,contact_valid"],
        ["person_id,account_id,seniority"],
        ["stage_event_id,lead_id,stage,entered_at"],
    )
    for i in range(n):
        at = start + timedelta(hours=11 * i)
        senior = rng.random() < 0.4
        people.append(f"P{i},A1,{'director' if senior else 'staff'}")
        leads.append(f"L{i},{at:%Y-%m-%d %H:%M},P{i},{0 if i % 10 == 0 else 1}")
        if rng.random() < (0.5 if senior else 0.05):
            stages.append(f"S{i},L{i},sql,{at + timedelta(days=int(rng.integers(1, 9))):%Y-%m-%d}")
    texts = {"lead": leads, "person": people, "stage_event": stages}
    files = {f"{name}.csv": "\n".join(lines) for name, lines in texts.items()}
    files["account.csv"] = "account_id,account_name\nA1,One\n"
    return files


@pytest.fixture
def made(open_files):
    return open_files(company(), as_of="2026-11-01")


# What is learnt, and from what


def test_the_planted_effects_are_found_again_with_their_size(book):
    table = scoring.odds(book).set_index(["factor", "level"])
    for key, size in PLANTED.items():
        row = table.loc[key]
        assert row["odds_low"] > 1, key
        assert math.log(row["odds_low"]) < size < math.log(row["odds_high"]), key
    assert table.loc[("webinar join", "before capture"), "odds_low"] > 1


def test_a_lead_has_become_sql_only_within_the_days_that_every_lead_was_given(book):
    days = scoring.given_days(book)
    table = scoring.leads_at_capture(book).set_index("lead_id")["became_sql"]
    journey = book.sql("SELECT lead_id, created_at, sql_at FROM lead_journey").set_index("lead_id")
    for lead, row in journey.sample(400, random_state=1).iterrows():
        had = row["created_at"] + timedelta(days=days)
        if had > book.as_of:
            assert math.isnan(table[lead])
        else:
            came = pd.notna(row["sql_at"]) and row["sql_at"] <= had
            assert table[lead] == came
    waits = (journey["sql_at"] - journey["created_at"]).dropna() / timedelta(days=1)
    assert (waits <= days).mean() == pytest.approx(0.9, abs=0.02)


def test_only_valid_leads_teach_and_the_later_ones_judge(book):
    past, fitted = scoring.past_leads(book), scoring.fitted_score(book)
    assert past["is_valid"].all()
    assert fitted.until == scoring.cut(book)
    assert fitted.n == (past["created_at"] < fitted.until).sum()
    assert fitted.n / len(past) == pytest.approx(0.7, abs=0.01)
    later = scoring.later_leads(book)
    assert len(later) + fitted.n == len(past)
    assert later["created_at"].min() >= fitted.until


def test_a_touch_after_the_capture_is_not_known_to_the_score(book):
    table = scoring.leads_at_capture(book).set_index("lead_id")["touch.pricing_view"]
    seen = scoring.touches(book).to_pandas()
    seen = seen[seen["touch_type"] == "pricing_view"].merge(
        book.sql("SELECT lead_id, created_at FROM lead_journey"), on="lead_id"
    )
    before = set(seen.loc[seen["touched_at"] <= seen["created_at"], "lead_id"])
    after = set(seen["lead_id"]) - before
    assert after
    assert set(table.index[table]) == before


def test_what_sales_fills_in_later_is_refused_with_its_evidence(book):
    table = scoring.refused(book).set_index("column")
    assert set(table.index) >= SALES | {"lead.status", "account.icp_tier", "person.consent_status"}
    assert (table.loc[list(SALES), "verdict"] == "known after the outcome").all()
    assert (table.loc[list(SALES), "auc"] > 0.9).all()
    used = {one.column for one in scoring.fitted_score(book).encodings}
    assert not used & set(table.index)
    assert {"person.seniority", "lead.need_clarity", "touch.pricing_view"} <= used


def test_a_tier_that_the_rules_compute_from_the_company_is_known_at_capture(open_files):
    toml = '[icp]\nsource = "rule"\n[icp.tiers]\nA = {field = "account.region", op = "filled"}\n'
    files = {
        "lead.csv": "lead_id,created_at,account_id\nL1,2026-10-05,A1\n",
        "account.csv": "account_id,account_name,region,icp_tier\nA1,One,华南,B\n",
    }
    assert "account.icp_tier" not in scoring.known_after(open_files(files, rules=toml))
    assert "account.icp_tier" in scoring.known_after(open_files(files))


def test_the_score_is_the_same_whatever_the_period(book):
    other = open_book("sample", "2025-03")
    assert scoring.fitted_score(other).weights == scoring.fitted_score(book).weights


# What it is worth


def test_both_areas_are_those_of_scikit_learn_on_the_same_later_leads(book):
    rows, gap = scoring.later_leads(book), scoring.difference(book)
    area = sklearn_metrics.roc_auc_score
    assert gap.first == pytest.approx(area(rows["became_sql"], rows["fitted"]))
    assert gap.second == pytest.approx(area(rows["became_sql"], rows["rule"]))
    assert gap.low > 0
    assert scoring.which_score(book) == "fitted"
    table = scoring.comparison(book).set_index("score")
    assert table.loc["Fitted score", "auc"] == gap.first
    assert table.loc["Rule score", "brier"] == pytest.approx(
        sklearn_metrics.brier_score_loss(rows["became_sql"], rows["rule_chance"])
    )


@pytest.mark.parametrize(
    ("low", "high", "use"), [(0.01, 0.1, "fitted"), (-0.1, -0.01, "rule"), (-0.1, 0.1, "either")]
)
def test_the_better_score_is_used_and_without_a_better_one_the_rules_stay(
    book, monkeypatch, low, high, use
):
    gap = method.Difference(0.7, 0.7, 0.0, low, high, 0.5)
    monkeypatch.setattr(choice, "difference", lambda _: gap)
    assert scoring.which_score(book) == use
    assert scoring.says_which(book).startswith("Call by" if use == "fitted" else "Keep the rules'")


def test_of_equal_scores_as_many_are_found_as_chance_gives():
    scores = np.array([3.0, 2, 2, 2, 2, 1])
    truth = np.array([True, True, False, False, True, True])
    assert judged.found_by(scores, truth, 1) == 1
    assert judged.found_by(scores, truth, 3) == 1 + 2 * 0.5
    assert judged.found_by(scores, truth, 6) == 4


def test_the_calls_that_are_missing_are_those_until_as_many_are_found():
    fitted = np.array([9.0, 8, 7, 6, 5, 4])
    rule = np.array([1.0, 2, 3, 4, 5, 6])
    truth = np.array([True, True, False, False, False, False])
    assert cost._costs(fitted, rule, truth, 2) == (2.0, 4.0)
    assert cost._costs(fitted, fitted, truth, 2) == (0.0, 0.0)
    missed, extra = cost._costs(fitted, np.zeros(6), truth, 3)
    assert (missed, extra) == (1.0, pytest.approx(3.0))


def test_what_the_rules_points_cost_is_the_difference_at_equal_calls(book):
    found, table = scoring.mistakes(book), scoring.comparison(book).set_index("score")
    assert found.called == table["called"].iloc[0]
    want = table.loc["Fitted score", "found"] - table.loc["Rule score", "found"]
    assert found.missed == pytest.approx(want)
    assert 0 < found.missed_low < found.missed < found.missed_high
    rows = scoring.later_leads(book)
    best = rows.nlargest(found.called, "fitted")["became_sql"].sum()
    assert found.fitted == best
    drawn = rows.sample(frac=1, random_state=0).sort_values("rule", ascending=False, kind="stable")
    assert abs(drawn["became_sql"].iloc[: found.called].sum() - found.rule) < 5


def test_what_sales_can_call_is_what_it_answered_in_time(book):
    now = pd.Timestamp(book.as_of)
    known = book.sql(
        "SELECT first_response_at AS at, response_met AND is_valid AS good FROM lead_journey"
    )
    recent = known[(known["at"] >= now - pd.Timedelta(days=91)) & (known["at"] < now)]
    days = [now.date() - timedelta(days=i) for i in range(1, 92)]
    worked = sum(map(book.workdays.is_workday, [d + timedelta(days=1) for d in days]))
    assert scoring.capacity(book).per_workday == pytest.approx(recent["good"].sum() / worked, 0.03)


def test_a_rule_on_capacity_is_an_upper_limit(open_files):
    files = {
        "lead.csv": "lead_id,created_at\n"
        + "\n".join(f"L{i},2026-10-{12 + i % 5} 09:00" for i in range(400)),
        "activity.csv": "activity_id,activity_at,staff_id,lead_id\n"
        + "\n".join(f"V{i},2026-10-{12 + i % 5} 10:00,X,L{i}" for i in range(400)),
    }
    free = scoring.capacity(open_files(files))
    assert "answered within the SLA" in free.words
    assert free.per_workday > 5
    tight = scoring.capacity(open_files(files, rules="[routing]\ncapacity_per_day = 2\n"))
    assert tight.per_workday == 2
    assert "1 people" in tight.words


def test_the_threshold_at_capacity_hands_over_no_more_than_can_be_called(book):
    limit = scoring.capacity_threshold(book)
    rows = scoring.later_leads(book)
    assert (rows["fitted"] >= limit).sum() <= scoring.calls(book)
    below = rows.loc[rows["fitted"] < limit, "fitted"].max()
    assert (rows["fitted"] >= below).sum() > scoring.calls(book)
    table = scoring.round_thresholds(book)
    assert table["called"].is_monotonic_increasing
    last = table[table["within_capacity"].astype(bool)].iloc[-1]
    assert last["threshold"] == limit
    row = scoring.at_threshold(book, "fitted", 0.2).iloc[0]
    chosen = rows[rows["fitted"] >= 0.2]["became_sql"]
    assert (row["called"], row["sql"]) == (len(chosen), chosen.sum())
    assert scoring.at_threshold(book, "fitted", 1.0).empty
    with pytest.raises(ParameterError, match="did you mean 'fitted'"):
        scoring.at_threshold(book, "fited", 0.2)


def test_tenths_and_curve_add_up_to_all_later_leads(book):
    tenths, curve = scoring.deciles(book), scoring.calibration(book)
    rows = scoring.later_leads(book)
    assert tenths["n"].sum() == tenths["rule_n"].sum() == len(rows)
    assert tenths["cumulative"].iloc[-1] == pytest.approx(1)
    for _, part in curve.groupby("score"):
        assert part["sql"].sum() == rows["became_sql"].sum()
        assert part["predicted"].is_monotonic_increasing


# Points to paste


def test_the_points_load_as_rules_and_rank_as_the_fitted_score_does(book, tmp_path):
    path = tmp_path / "playbook.toml"
    path.write_text(scoring.points_toml(book), "utf-8")
    own = rules.load(path).scoring
    again = method.rule_score(
        scoring.facts(book), scoring.touches(book), own, as_of="lead.created_at"
    ).to_pandas()
    rows = scoring.later_leads(book)
    assert rows.merge(again, on="lead_id")["score"].tolist() == rows["pasted"].tolist()
    gap = method.auc_difference(rows["fitted"], rows["pasted"], rows["became_sql"])
    assert abs(gap.difference) < 0.02
    early = scoring.past_leads(book)
    early = early[early["created_at"] < scoring.cut(book)].merge(again, on="lead_id")["score"]
    assert (early >= own.bands.hot).mean() == pytest.approx(0.1, abs=0.03)
    assert (early >= own.bands.warm).mean() == pytest.approx(0.3, abs=0.04)


# Whether it still holds


def test_the_range_of_equal_chances_is_that_of_the_binomial():
    low, high = ageing._span(np.full(40, 0.3), 0.05)
    assert (low, high) == tuple(stats.binom.ppf([0.025, 0.975], 40, 0.3))


def test_the_first_month_of_late_answers_brings_fewer_sql_than_its_leads_were_good_for(book):
    table = scoring.foreseen(book)
    named = table.set_index(table["month"].dt.strftime("%Y-%m"))
    assert named.loc["2026-08", "verdict"] == "fewer"
    assert (named.loc["2026-05":"2026-07", "verdict"] == "as foreseen").all()
    rows = scoring.later_leads(book)
    assert table["foreseen"].sum() == pytest.approx(rows["fitted"].sum())
    assert table["came"].sum() == rows["became_sql"].sum()


def test_the_channel_that_grows_is_what_moves(book):
    table = scoring.drifts(book).set_index("what")
    assert list(table.index[:2]) == ["Fitted score", "Rule score"]
    assert (table["verdict"][:2] == "stable").all()
    assert list(table.index[table["verdict"] != "stable"]) == ["channel group"]
    assert table.loc["channel group", "most_moved"] == "geo"
    assert table.loc["channel group", "now_share"] > table.loc["channel group", "then_share"]


# Small and other inputs


def test_a_score_is_taught_by_any_company_with_enough_sql(made):
    assert scoring.fit_needs(made) == []
    odds = scoring.odds(made).set_index("level")
    assert odds.loc["director", "compared_with"] == "staff"
    past = scoring.past_leads(made)
    past = past[past["created_at"] < scoring.cut(made)]
    counts = pd.crosstab(past["person.seniority"], past["became_sql"])
    ratio = (counts.loc["director", True] / counts.loc["director", False]) / (
        counts.loc["staff", True] / counts.loc["staff", False]
    )
    assert odds.loc["director", "odds_ratio"] == pytest.approx(ratio, rel=1e-6)
    assert not past["is_valid"].isin([False]).any()


def test_without_answers_by_people_nothing_is_said_of_calls(made):
    assert scoring.capacity(made) is None
    assert scoring.mistakes(made) is None
    assert scoring.calls(made) is None
    assert "called" not in scoring.comparison(made)
    assert scoring.says_cost(made) == ""
    assert scoring.headline(made, scoring.metrics(made)) == scoring.says_which(made)
    (told,) = (f for f in scoring.findings(made) if f.id == "P02-T6/which-score")
    assert told.level != "act"


def test_points_that_are_the_same_for_all_are_judged_as_a_coin(open_files):
    toml = (
        "[scoring]\nfit = []\nmql_points = 1\n"
        'behaviour = [{touch_type = "demo", points = 9, cap = 9}]\n'
        "[scoring.bands]\nhot = 2\nwarm = 1\n"
    )
    book = open_files(company(), rules=toml, as_of="2026-11-01")
    assert scoring.fit_needs(book) == []
    assert scoring.difference(book).second == 0.5
    assert scoring.which_score(book) == "fitted"
    past = scoring.past_leads(book)
    early = past[past["created_at"] < scoring.cut(book)]
    assert set(scoring.chances(book)["rule_chance"]) == {early["became_sql"].mean()}
    assert scoring.deciles(book)["rule_n"].sum() == len(scoring.later_leads(book))
    assert scoring.findings(book)


def test_a_company_whose_factors_say_nothing_is_told_so(open_files):
    files = company() | {
        "person.csv": "person_id,account_id,seniority\n"
        + "\n".join(f"P{i},A1,staff" for i in range(600))
    }
    (need,) = scoring.fit_needs(open_files(files, as_of="2026-11-01"))
    assert need.startswith("no column is left to learn from")


def test_too_few_sql_teach_nothing_and_the_page_says_what_is_needed(open_files):
    files = {
        "lead.csv": "lead_id,created_at\nL1,2026-10-05\n",
        "stage_event.csv": "stage_event_id,lead_id,stage,entered_at\nS1,L1,sql,2026-10-06\n",
        "person.csv": "person_id,account_id,seniority\nP1,A1,director\n",
        "account.csv": "account_id,account_name\nA1,One\n",
    }
    small = open_files(files, as_of="2026-11-01")
    assert scoring.fit_needs(small) == ["50 past leads that became SQL (1 so far)"]
    assert "too few past SQLs" in scoring.headline(small, scoring.metrics(small))


def test_without_stages_what_is_asked_for_is_their_table(open_files):
    assert scoring.fit_needs(open_files({"lead.csv": "lead_id,created_at\nL1,2026-10-05\n"})) == [
        "stage_event"
    ]


def test_a_confirmed_column_is_used_and_no_other(tmp_path):
    own = (resources.sample() / "playbook.toml").read_text("utf-8")
    path = tmp_path / "playbook.toml"
    path.write_text(f'{own}\n[scoring]\nconfirmed = ["lead.sql_will"]\n', "utf-8")
    book = open_book("sample", "2026-10", rules=path)
    out = set(scoring.refused(book)["column"])
    assert "lead.sql_will" not in out
    assert {"lead.sql_need", "lead.sql_scene", "lead.sql_budget"} <= out
    assert "SQL will" in set(scoring.odds(book)["factor"])
