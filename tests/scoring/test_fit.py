"""The fitted score: against statsmodels, on planted leaks, under separation, and as points."""

from __future__ import annotations

import ibis
import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from playbook import scoring
from playbook.data import rules
from playbook.errors import ParameterError
from playbook.scoring import logistic

N = 4_000
START = pd.Timestamp("2025-01-01")


def made(n=N, seed=7):
    """Leads whose outcome is drawn from known log-odds: vp +1, budget per unit +0.5, web −0.8."""
    rng = np.random.default_rng(seed)
    title = rng.choice(["staff", "vp", "director"], n, p=[0.6, 0.25, 0.15])
    source = rng.choice(["web", "event"], n)
    budget = rng.normal(2.0, 1.5, n)
    odds = -1.2 + 1.0 * (title == "vp") + 0.5 * (budget - 2) - 0.8 * (source == "web")
    won = rng.random(n) < 1 / (1 + np.exp(-odds))
    return pd.DataFrame(
        {
            "lead_id": [f"L{i:05}" for i in range(n)],
            "created_at": START + pd.to_timedelta(np.arange(n), unit="h"),
            "title": title,
            "source": source,
            "budget": budget,
            "won": won,
        }
    )


@pytest.fixture(scope="module")
def leads():
    return made()


@pytest.fixture(scope="module")
def fitted(leads):
    return scoring.fit(leads, "won", time="created_at", key="lead_id")


def test_the_odds_ratios_and_intervals_are_those_of_statsmodels_on_the_earlier_leads(leads, fitted):
    past = leads[leads["created_at"] < fitted.until]
    assert len(past) == fitted.n == 2_800
    design = pd.DataFrame(
        {
            "vp": past["title"] == "vp",
            "director": past["title"] == "director",
            "event": past["source"] == "event",
            "budget": (past["budget"] - past["budget"].mean()) / past["budget"].std(ddof=0),
        }
    ).astype(float)
    if (past["source"] == "event").sum() > len(past) / 2:
        design["event"] = 1 - design["event"]
    oracle = sm.Logit(past["won"].astype(float), sm.add_constant(design)).fit(disp=0)
    bounds = np.exp(oracle.conf_int())
    table = fitted.coefficients.set_index(["column", "level"])
    common = past["source"].value_counts().index[1]
    for name, term in (
        ("vp", ("title", "vp")),
        ("director", ("title", "director")),
        ("event", ("source", common)),
        ("budget", ("budget", "(per standard deviation)")),
    ):
        assert table.loc[term, "odds_ratio"] == pytest.approx(np.exp(oracle.params[name]), rel=1e-6)
        assert table.loc[term, "low"] == pytest.approx(bounds.loc[name, 0], rel=1e-6)
        assert table.loc[term, "high"] == pytest.approx(bounds.loc[name, 1], rel=1e-6)
        assert table.loc[term, "p_value"] == pytest.approx(oracle.pvalues[name], abs=1e-9)
    assert table.loc[("title", "vp"), "n"] == (past["title"] == "vp").sum()
    assert table.loc[("title", "vp"), "positives"] == past["won"][past["title"] == "vp"].sum()
    assert (fitted.method, fitted.notes) == ("maximum likelihood", ())


def test_the_planted_odds_lie_in_their_intervals(fitted):
    table = fitted.coefficients.set_index(["column", "level"])
    vp = table.loc[("title", "vp")]
    assert vp["low"] < np.e < vp["high"]
    assert table.loc[("title", "director"), "low"] < 1 < table.loc[("title", "director"), "high"]


def test_a_prediction_is_the_same_in_the_engine_and_by_hand(leads, fitted):
    later = leads[leads["created_at"] >= fitted.until]
    found = scoring.predict(fitted, later, key="lead_id")
    assert found["is_later"].all()
    weights, one = fitted.weights, fitted.encodings
    by_name = {encoding.column: encoding for encoding in one}
    odds = fitted.intercept + sum(
        later[column].map(lambda v, c=column: weights.get((c, v), 0.0))
        for column in ("title", "source")
    )
    scaled = (later["budget"] - by_name["budget"].mean) / by_name["budget"].deviation
    odds += scaled * weights[("budget", "(per standard deviation)")]
    assert found["probability"].to_numpy() == pytest.approx(1 / (1 + np.exp(-odds.to_numpy())))
    table = ibis.duckdb.connect().create_table("leads", later)
    lazy = scoring.predict(fitted, table, key="lead_id")
    assert isinstance(lazy, ibis.Table)
    there = lazy.order_by("lead_id").to_pandas()["probability"]
    assert there.to_numpy() == pytest.approx(found["probability"].to_numpy())


def test_the_order_of_rows_and_columns_and_other_names_of_levels_change_nothing(leads, fitted):
    other = leads.sample(frac=1, random_state=3)[leads.columns[::-1]]
    other = other.assign(
        title=other["title"].map({"staff": "员工", "vp": "副总", "director": "总监"})
    )
    again = scoring.fit(other, "won", time="created_at", key="lead_id")
    want = scoring.predict(fitted, leads, key="lead_id").set_index("lead_id")["probability"]
    found = scoring.predict(again, other, key="lead_id").set_index("lead_id")["probability"]
    assert found[want.index].to_numpy() == pytest.approx(want.to_numpy(), abs=1e-6)


def test_rare_levels_are_one_level_missing_is_a_level_and_new_ones_count_as_rare():
    table = made(1_000)
    table["title"] = table["title"].astype(object)
    table.loc[:39, "title"] = None
    table.loc[40:59, "title"] = "intern"
    table.loc[60:79, "title"] = "owner"
    table.loc[100:199, "budget"] = np.nan
    found = scoring.fit(table, "won", key="lead_id", columns=["title", "budget"])
    levels = found.coefficients.set_index(["column", "level"])["n"]
    assert levels[("title", "(missing)")] == 40
    assert levels[("title", "(other)")] == 40
    assert levels[("budget", "(missing)")] == 100
    assert levels[("budget", "(per standard deviation)")] == 900
    rows = pd.DataFrame({"title": ["intern", "never seen", None], "budget": [2.0, 2.0, 2.0]})
    chance = scoring.predict(found, rows)["probability"]
    assert chance[0] == chance[1] != chance[2]


def test_an_ibis_table_gives_the_same_model(leads, fitted):
    table = ibis.duckdb.connect().create_table("leads", leads)
    again = scoring.fit(table, "won", time="created_at", key="lead_id")
    found = again.coefficients.set_index(["column", "level"])["log_odds"]
    want = fitted.coefficients.set_index(["column", "level"])["log_odds"]
    assert found[want.index].to_numpy() == pytest.approx(want.to_numpy())


def test_few_outcomes_for_many_coefficients_are_said():
    few = made(3_000)
    few.loc[40:, "won"] = False
    assert "are few for" in scoring.fit(few, "won", columns=["title", "budget"]).notes[-1]


# Leakage


def leaky():
    """As `made`, with what sales fill in afterwards."""
    rng = np.random.default_rng(11)
    table = made()
    won = table["won"].to_numpy()
    table["tag"] = np.where(rng.random(N) < 0.95, np.where(won, "closing", "lost"), "open")
    table["contract_no"] = [f"C{i}" if w else None for i, w in enumerate(won)]
    table["loss_reason"] = np.where(won | (rng.random(N) < 0.7), None, "price")
    table["will"] = np.where(won | (rng.random(N) < 0.12), won, None)
    return table


def test_columns_that_know_the_outcome_are_suspected_with_evidence_and_left_out():
    found = scoring.fit(leaky(), "won", time="created_at", key="lead_id")
    out = found.excluded.set_index("column")
    assert set(out.index[out["verdict"] == "suspected"]) == {
        "tag", "contract_no", "loss_reason", "will",
    }  # fmt: skip
    assert {e.column for e in found.encodings} == {"title", "source", "budget"}
    assert "and for 0 % of the" in out.loc["contract_no", "reason"]
    assert "alone it tells the outcome with AUC 0.9" in out.loc["tag", "reason"]
    assert out.loc["tag", "reason"].endswith("confirm it or drop it")


def test_a_suspect_stays_once_somebody_confirms_it():
    found = scoring.fit(leaky(), "won", key="lead_id", confirmed=["tag"])
    assert "tag" in {e.column for e in found.encodings}
    assert "tag" not in set(found.excluded["column"])


def test_a_column_declared_known_afterwards_is_refused_by_name_and_reason():
    why = {"tag": "sales set it when they close the lead"}
    found = scoring.fit(leaky(), "won", key="lead_id", known_after=why)
    row = found.excluded.set_index("column").loc["tag"]
    assert row.tolist() == ["known after the outcome", "sales set it when they close the lead"]
    for asked in ({"columns": ["tag", "title"]}, {"confirmed": ["tag"]}):
        with pytest.raises(ParameterError) as refused:
            scoring.fit(leaky(), "won", known_after=why, **asked)
        assert str(refused.value) == (
            "tag cannot be used: it is declared known only after the outcome "
            "(sales set it when they close the lead)."
        )


def test_the_leak_is_what_makes_a_score_look_perfect():
    table = leaky()
    every = scoring.cross_fit(
        table, "won", seed=1, key="lead_id",
        columns=["title", "source", "budget", "tag"], confirmed=["tag"],
    )  # fmt: skip
    honest = scoring.cross_fit(table, "won", seed=1, columns=["title", "source", "budget", "tag"])
    trap = scoring.auc_difference(every["probability"], honest["probability"], every["won"])
    assert trap.first > 0.97
    assert trap.second < 0.80
    assert trap.low > 0.15


def test_an_honest_column_is_not_suspected(leads):
    assert scoring.suspects(leads, "won").empty


def test_the_planted_leaks_of_the_sample_company_are_found_and_nothing_else(book):
    leads = book.sql(
        """SELECT j.created_at, j.sql_at IS NOT NULL AS became_sql, l.sql_need, l.sql_scene,
            l.sql_budget, l.sql_will, j.seniority, j.employee_band, j.need_clarity, j.channel,
            j.budget_band, j.intent_level, j.icp_tier, j.region, j.industry, j.capture_type
        FROM lead_journey j JOIN clean.lead l USING (lead_id)
        WHERE j.is_valid AND j.created_at < '2026-07-01'"""
    )
    found = scoring.fit(leads, "became_sql", time="created_at")
    out = found.excluded
    assert set(out["column"][out["verdict"] == "suspected"]) == {
        "sql_need", "sql_scene", "sql_budget", "sql_will",
    }  # fmt: skip
    clarity = found.coefficients.set_index("column").loc["need_clarity"]
    assert clarity["low"] > 1
    later = scoring.predict(found, leads)
    judged = scoring.judge(
        later["probability"][later["is_later"]], leads["became_sql"][later["is_later"]]
    )
    assert 0.65 < judged.auc < 0.85


# Separation, and what is of no use


def test_firth_on_a_two_by_two_table_is_adding_a_half_to_every_cell():
    """Firth (1993): in a saturated model Jeffreys' prior is half a count in each cell."""
    x = np.repeat([0.0, 1.0], [40, 25])
    y = np.concatenate([np.repeat([1.0, 0.0], [10, 30]), np.zeros(25)])
    weights, errors = logistic.firth(np.column_stack([np.ones(65), x]), y)
    want = np.log((0.5 / 25.5) / (10.5 / 30.5))
    assert weights[1] == pytest.approx(want, abs=1e-3)
    assert errors[1] < 2


def test_a_level_that_never_has_the_outcome_is_fitted_by_firth_and_said():
    table = made(1_500)
    table.loc[:99, "source"] = "fair"
    table.loc[:99, "won"] = False
    found = scoring.fit(table, "won", key="lead_id")
    assert found.method == "Firth"
    assert "(separation)" in found.notes[0]
    fair = found.coefficients.set_index(["column", "level"]).loc[("source", "fair")]
    assert (fair["n"], fair["positives"]) == (100, 0)
    assert 0 < fair["low"] < fair["odds_ratio"] < fair["high"] < 0.5


def test_a_column_that_repeats_another_is_left_out_and_named(leads):
    table = leads.assign(copy=leads["source"].str.upper(), budget_in_cents=leads["budget"] * 100)
    found = scoring.fit(table, "won", key="lead_id")
    repeated = found.excluded[found.excluded["verdict"] == "repeats"]
    assert set(repeated["column"]) == {"copy", "budget_in_cents"}


def test_constants_names_and_moments_are_no_use_and_say_why(leads):
    table = leads.assign(same="x", empty=None, note=[f"note {i}" for i in range(N)])
    reasons = scoring.fit(table, "won").excluded.set_index("column")["reason"]
    assert reasons["same"] == "the same for all: x"
    assert reasons["empty"] == "empty"
    assert reasons["note"] == "4,000 different texts, none of them for 30 leads"
    assert reasons["created_at"].startswith("a moment: ")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"outcome": "one"}, "unknown column of the table 'one'"),
        ({"outcome": "title"}, "title must be true or false, or 1 or 0, not 'staff'."),
        ({"outcome": "won", "until": START}, "until needs time"),
        ({"outcome": "won", "columns": ["titel"]}, "unknown column in columns 'titel'; did you"),
        ({"outcome": "never"}, "all 60 leads to fit have the same never"),
        ({"outcome": "won", "columns": ["lead_id"]}, "no column is left to learn from. Left out"),
    ],
)
def test_what_cannot_be_fitted_is_refused(settings, message):
    table = made(60).assign(never=False)
    table.loc[0, "title"] = "staff"
    with pytest.raises(ParameterError) as refused:
        scoring.fit(table, **settings)
    assert message in str(refused.value)


# Points


def test_points_double_the_odds_every_ten_and_load_as_rules(tmp_path, leads, fitted):
    named = {
        "title": "person.job_title",
        "source": "lead.pain_point",
        "budget": "lead.need_clarity",
    }
    points = scoring.as_points(fitted, fields=named)
    vp = points[points["level"] == "person.job_title is vp"].iloc[0]
    assert vp["points"] == round(np.log2(vp["odds_ratio"]) * 10)
    path = tmp_path / "playbook.toml"
    bands = "\n[scoring.bands]\nhot = 20\nwarm = 10\n"
    text = scoring.as_toml(points).replace("[scoring]", "[scoring]\nmql_points = 15")
    path.write_text(text + bands, "utf-8")
    own = rules.load(path).scoring
    assert [(entry.factor, entry.points) for entry in own.fit] == list(
        zip(points["factor"], points["points"], strict=True)
    )
    table = leads.rename(columns=named)
    scored = scoring.rule_score(table, None, own, as_of=pd.Timestamp("2026-01-01"))
    chance = scoring.predict(fitted, leads)["probability"]
    lost = scoring.auc_difference(chance, scored["score"], leads["won"])
    assert lost.difference == pytest.approx(0, abs=0.02)


def test_points_of_missing_and_rare_levels_never_count_twice(tmp_path):
    table = made(1_000)
    table["title"] = table["title"].astype(object)
    table.loc[:99, "title"] = None
    table.loc[100:179, "title"] = [f"t{i % 4}" for i in range(80)]
    table.loc[:179, "won"] = np.arange(180) % 10 == 0
    found = scoring.fit(table, "won", key="lead_id", columns=["title"])
    points = scoring.as_points(found, fields={"title": "person.job_title"})
    path = tmp_path / "playbook.toml"
    path.write_text(
        scoring.as_toml(points).replace("[scoring]", "[scoring]\nmql_points = 1"), "utf-8"
    )
    own = rules.load(path).scoring
    parts = scoring.rule_points(
        table.rename(columns={"title": "person.job_title"}), None, own, as_of=START
    )
    assert parts["lead_id"].is_unique
    of = parts.set_index("lead_id")["points"]
    by_level = points.set_index("level")["points"]
    assert (of[table["lead_id"][:100]] == by_level["person.job_title is empty"]).all()
    rare = next(level for level in by_level.index if "is none of" in level)
    assert (of[table["lead_id"][100:180]] == by_level[rare]).all()
