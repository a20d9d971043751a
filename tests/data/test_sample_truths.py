"""Every planted truth is found by simple queries, on clean tables and on the export read back."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import duckdb
import numpy as np
import pandas as pd
import pytest

from playbook.data import checks, rules, schema, sources
from playbook.data.sample import DIRT, TRUTHS, Truth, tables, write
from playbook.data.sample.library import INDUSTRY_ZH

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

RATES = {"CNY": 1.0, "USD": 7.12, "EUR": 7.71}
Tables = dict[str, pd.DataFrame]


@pytest.fixture(scope="module")
def clean() -> Tables:
    return tables()


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    write(folder)
    return folder


class Cleaned(NamedTuple):
    """The export as the data layer reads it."""

    tables: Tables
    counts: pd.DataFrame
    as_of: datetime


@pytest.fixture(scope="module")
def cleaned(written: Path) -> Cleaned:
    con = duckdb.connect()
    ours = rules.load(written / "playbook.toml")
    found = checks.run(con, sources.stage(con, written, ours), ours, as_of=None, aside=None)
    frames = {name: con.execute(f"FROM clean.{name}").df() for name in schema.TABLES}
    return Cleaned(frames, found.counts, found.as_of)


# What the tests below share: simple queries that an analyst would write.


def month(times: pd.Series) -> pd.Series:
    return (times + pd.Timedelta(hours=8)).dt.strftime("%Y-%m")


def stage_times(data: Tables) -> pd.DataFrame:
    """First entry of every lead into every stage."""
    events = data["stage_event"].dropna(subset=["lead_id"])
    return events.pivot_table(index="lead_id", columns="stage", values="entered_at", aggfunc="min")


def journeys(data: Tables) -> pd.DataFrame:
    """One row a lead: its stage times, owner's team, hours to the first response of a person."""
    lead = data["lead"].dropna(subset=["created_at"]).set_index("lead_id")
    acts = data["activity"]
    human = acts[acts["is_automatic"].ne(True) & acts["lead_id"].isin(lead.index)]
    first = human.groupby("lead_id")["activity_at"].min()
    staff = data["staff"].set_index("staff_id")
    out = lead.join(stage_times(data))
    out["hours"] = (first.reindex(lead.index) - lead["created_at"]).dt.total_seconds() / 3600
    out["team"] = out["owner_id"].map(staff["team"])
    return out


def money(data: Tables, table: str, column: str) -> pd.Series:
    frame = data[table]
    return frame[column].astype(float) * frame["currency"].fillna("CNY").map(RATES)


def before_capture(data: Tables, days: int, **where: object) -> pd.Series:
    """Whether each lead's person had such a touch in the days before the capture."""
    touches = data["touch"].dropna(subset=["person_id"])
    for column, values in where.items():
        touches = touches[touches[column].isin(values)]  # type: ignore[arg-type]
    both = data["lead"].merge(touches[["person_id", "touched_at"]], on="person_id")
    gap = both["created_at"] - both["touched_at"]
    near = both[(gap > pd.Timedelta(0)) & (gap < pd.Timedelta(days=days))]
    return data["lead"]["lead_id"].isin(near["lead_id"]).set_axis(data["lead"]["lead_id"])


def scored(data: Tables) -> pd.DataFrame:
    """The features and the outcome of the planted score, on mature valid leads."""
    rows = journeys(data)
    person = data["person"].set_index("person_id")["seniority"]
    size = data["account"].set_index("account_id")["employee_band"]
    out = pd.DataFrame(
        {
            "senior": rows["person_id"].map(person).isin(["c_level", "vp", "director"]),
            "large": rows["account_id"].map(size).isin(["200-999", "1000+"]),
            "need_clarity": rows["need_clarity"].astype(float),
            "pricing_view": before_capture(data, 14, touch_type=["pricing_view"]),
            "webinar_join": before_capture(data, 46, touch_type=["webinar_join"]),
            "whitepaper": before_capture(data, 41, touch_type=["download"]),
            "brand_search": before_capture(
                data, 1, touch_type=["ad_click"], keyword_id=["K001", "K002", "K003", "K031"]
            ),
            "channel": rows["channel_id"],
            "sql": rows["sql"].notna(),
        }
    ).astype({"sql": float, "senior": float, "large": float})
    keep = rows["valid"].notna() & (rows["created_at"] < "2026-07-01") & rows["channel_id"].notna()
    return out[keep & (rows["owner_id"] != "S26") & (rows["event_id"] != "E039")]


def fit(data: Tables) -> tuple[pd.Series, pd.Series]:
    """Log-odds and standard errors of the score, channels held constant."""
    import statsmodels.api as sm

    rows = scored(data)
    features = rows.drop(columns=["sql", "channel"]).astype(float)
    channels = pd.get_dummies(rows["channel"], drop_first=True, dtype=float)
    model = sm.Logit(rows["sql"], sm.add_constant(pd.concat([features, channels], axis=1)))
    result = model.fit(disp=0)
    return result.params[features.columns], result.bse[features.columns]


def difference(arms: pd.DataFrame) -> tuple[float, float]:
    """Lift of arm b over control and its standard error."""
    rate = arms["conversions"] / arms["exposures"]
    error = math.sqrt((rate * (1 - rate) / arms["exposures"]).sum())
    return float(rate["b"] - rate["control"]), error


def arms_of(data: Tables, name: object) -> pd.DataFrame:
    tests = data["experiment_arm"]
    return (
        tests[tests["experiment_id"] == name]
        .set_index("arm")
        .astype({"exposures": float, "conversions": float})
    )


# One finder for each truth.


def find_bottleneck(data: Tables, truth: Truth) -> None:
    rows = journeys(data)
    since, team = truth.size["month"], truth.size["team"]
    asked = month(rows["mql"])
    late = (month(rows["created_at"]) >= since) & rows["hours"].notna()
    share = (rows["hours"][late] > 24).groupby(rows["team"][late] == team).mean()
    assert share[True] > 0.75
    assert share[False] < 0.45
    rate = rows["sql"].notna().groupby([rows["team"] == team, asked >= since])
    before, after = asked.between("2025-11", "2026-07"), asked.between("2026-08", "2026-09")
    theirs, others = rows["team"] == team, rows["team"].isin(["销售A组", "海外组", "销售C组"])
    assert len(rate) > 0
    reached = rows["sql"].notna()
    assert reached[theirs & after].mean() < 0.5 * reached[theirs & before].mean()
    assert reached[others & after].mean() > 0.7 * reached[others & before].mean()


def channel_costs(data: Tables) -> pd.DataFrame:
    campaigns = data["campaign"].set_index("campaign_id")["channel_id"]
    ads = money(data, "ad_daily", "cost").groupby(data["ad_daily"]["campaign_id"].map(campaigns))
    deals = data["opportunity"].dropna(subset=["lead_id"])
    won = deals[deals["is_won"].eq(True)]["lead_id"]
    leads = data["lead"]
    return pd.DataFrame(
        {
            "cost": ads.sum(),
            "leads": leads["channel_id"].value_counts(),
            "won": leads[leads["lead_id"].isin(won)]["channel_id"].value_counts(),
        }
    )


def find_cheap_lead_dear_customer(data: Tables, truth: Truth) -> None:
    cost = channel_costs(data)
    feed, baidu = cost.loc[truth.size["channel_id"]], cost.loc["CH01"]
    cheaper = (feed["cost"] / feed["leads"]) / (baidu["cost"] / baidu["leads"])
    dearer = (feed["cost"] / feed["won"]) / (baidu["cost"] / baidu["won"])
    assert cheaper < truth.size["cpl_below_baidu"]
    assert dearer > truth.size["cac_above_baidu"]


def find_sla_breaker(data: Tables, truth: Truth) -> None:
    rows = journeys(data).dropna(subset=["hours"])
    late = (rows["hours"] > truth.size["late_after_hours"]).groupby(rows["owner_id"]).mean()
    mates = late[["S24", "S25", "S27"]]
    assert late[truth.size["staff_id"]] > truth.size["late_share"] - 0.06
    assert mates.max() < 0.3
    assert late.idxmax() == truth.size["staff_id"]


def find_ab_winner(data: Tables, truth: Truth) -> None:
    lift, error = difference(arms_of(data, truth.size["experiment_id"]))
    assert lift - 1.96 * error > 0


def find_ab_false_winner(data: Tables, truth: Truth) -> None:
    arms = arms_of(data, truth.size["experiment_id"])
    lift, error = difference(arms)
    assert (arms["decision"] == "keep").all()
    assert lift > 0 > lift - 1.96 * error


def find_ab_mismatch(data: Tables, truth: Truth) -> None:
    seen = arms_of(data, truth.size["experiment_id"])["exposures"]
    half = seen.sum() / 2
    assert ((seen - half) ** 2 / half).sum() > 20


def find_content_gap(data: Tables, truth: Truth) -> None:
    assets = data["content"]
    counts = pd.crosstab(assets["journey_stage"], assets["industry"])[list(INDUSTRY_ZH)]
    empty = [(s, i) for s in counts.index for i in counts if counts.loc[s, i] == 0]
    assert empty == [(truth.size["journey_stage"], truth.size["industry"])]
    industry = data["account"].set_index("account_id")["industry"]
    asked = data["opportunity"]["account_id"].map(industry).value_counts()
    assert asked.index[1] == truth.size["industry"]


def find_event_no_follow_up(data: Tables, truth: Truth) -> None:
    rows = journeys(data)
    end = rows["event_id"].map(data["event"].set_index("event_id")["end_at"])
    answered = rows["created_at"] + pd.to_timedelta(rows["hours"], unit="h")
    soon = (answered - end).dt.total_seconds() < 48 * 3600
    quiet = rows["event_id"] == truth.size["event_id"]
    shows = rows["event_id"].isin(data["event"].query("event_type == 'exhibition'")["event_id"])
    assert quiet.sum() > 25
    assert soon[quiet].sum() == truth.size["followed_up_48h"]
    assert rows["sql"][quiet].notna().sum() == truth.size["sql"]
    assert soon[shows & ~quiet].mean() > 0.6
    guests = data["event_attendee"]
    here = guests["event_id"] == truth.size["event_id"]
    assert guests["thanked_at"][here].isna().all()
    followed = followed_up(data)
    assert followed[followed["event_id"] == truth.size["event_id"]]["followed"].sum() == 0
    elsewhere = followed[followed["event_id"] != truth.size["event_id"]]["followed"].mean()
    assert elsewhere == pytest.approx(truth.size["followed_up_48h_elsewhere"], abs=0.05)


def followed_up(data: Tables) -> pd.DataFrame:
    """Whoever came to an event in the last half year, and whether sales spoke to them after it."""
    ends = data["event"].set_index("event_id")["end_at"]
    came = data["event_attendee"].dropna(subset=["checked_in_at"])
    came = came[["event_id", "person_id"]].assign(ends=came["event_id"].map(ends))
    came = came[came["ends"] > pd.Timestamp("2026-10-31 22:00") - pd.Timedelta(days=180)]
    person = data["lead"].set_index("lead_id")["person_id"]
    acts = data["activity"][data["activity"]["is_automatic"].ne(True)]
    acts = acts.assign(person_id=acts["lead_id"].map(person))[["person_id", "activity_at"]]
    both = came.merge(acts.dropna(), on="person_id")
    soon = (both["activity_at"] - both["ends"]).between(pd.Timedelta(0), pd.Timedelta(hours=48))
    reached = both[soon][["event_id", "person_id"]].drop_duplicates().assign(followed=True)
    out = came.merge(reached, how="left", on=["event_id", "person_id"])
    return out.assign(followed=out["followed"].eq(True))


def find_partner_tier(data: Tables, truth: Truth) -> None:
    leads = data["lead"]
    recent = leads[leads["created_at"] >= "2025-11-01"]["partner_id"].value_counts()
    tier = data["partner"].set_index("partner_id")["tier"]
    fees = data["spend"].groupby("partner_id")["amount"].sum()
    assert tier[truth.size["declared_a"]] == "A"
    assert recent.get(truth.size["declared_a"], 0) == truth.size["leads_12_months"]
    assert not data["opportunity"]["partner_id"].eq(truth.size["declared_a"]).any()
    assert fees.astype(float).idxmax() == truth.size["declared_a"]
    assert recent.index[0] == truth.size["declared_c"]
    assert tier[truth.size["declared_c"]] == "C"


def find_keyword_waste(data: Tables, truth: Truth) -> None:
    words = data["keyword"].merge(
        data["content"][["content_id", "content_type"]],
        left_on="landing_content_id",
        right_on="content_id",
    )
    ads = data["ad_daily"].query("platform == '百度'").merge(words, on="keyword_id")
    bad = (ads["match_type"] == "broad") & (ads["content_type"] == truth.size["landing"])
    cost = ads["cost"].astype(float)
    assert cost[bad].sum() / cost.sum() == pytest.approx(truth.size["cost_share"], abs=0.03)
    rows = journeys(data)
    assert rows[rows["keyword_id"].isin(ads["keyword_id"][bad])]["mql"].notna().sum() == 0
    pattern = "|".join(truth.size["negative_words"])
    assert ads["search_term"][bad].str.contains(pattern).mean() > 0.6
    assert not ads["search_term"][~bad].str.contains(pattern).any()


def find_surge(data: Tables, truth: Truth) -> None:
    rows = journeys(data)
    feed = rows[rows["channel_id"] == truth.size["channel_id"]]
    when = month(feed["created_at"])
    during = when.isin(truth.size["months"])
    before = when.between("2025-11", "2026-04")
    factor = (during.sum() / 3) / (before.sum() / 6)
    assert factor == pytest.approx(truth.size["factor"], rel=0.25)
    valid = feed["valid"].notna()
    assert valid[during].mean() == pytest.approx(truth.size["valid_during"], abs=0.06)
    assert valid[before].mean() == pytest.approx(truth.size["valid_before"], abs=0.08)
    assert during.sum() > 100


def find_nurture_day_7(data: Tables, truth: Truth) -> None:
    rows = stage_times(data)
    pool = rows[rows["nurture"] < pd.Timestamp("2026-09-01")]
    events = data["stage_event"].query("stage == 'mql'")
    events = events.merge(pool["nurture"], left_on="lead_id", right_index=True)
    back = set(events[events["entered_at"] > events["nurture"]]["lead_id"])
    returned = pd.Series(pool.index.isin(back), index=pool.index)
    sent = data["touch"].query("direction == 'out'")
    for step, planted in (("d7", True), ("d1", False), ("d3", False)):
        got = pool.index.isin(sent[sent["program"] == f"nurture_137/{step}"]["lead_id"])
        share = returned.groupby(got).mean()
        if planted:
            assert share[True] == pytest.approx(truth.size["return_with"], abs=0.03)
            assert share[False] == pytest.approx(truth.size["return_without"], abs=0.03)
        else:
            assert share[True] - share[False] == pytest.approx(0, abs=0.09)


def find_score(data: Tables, truth: Truth) -> None:
    found, error = fit(data)
    planted = pd.Series(truth.size["log_odds"])
    assert (abs(found - planted[found.index]) / error).max() < 2.6
    assert abs(found - planted[found.index]).mean() < 0.16


def find_leak(data: Tables, truth: Truth) -> None:
    rows = journeys(data)
    mature = rows[rows["mql"] < pd.Timestamp("2026-08-01")]
    for column in truth.size["columns"]:
        filled = mature[column].notna()
        assert filled[mature["sql"].notna()].mean() > 0.97
    willing = mature["sql_will"].eq(True)
    assert willing[mature["sql"].isna()].mean() < 0.1


def find_journey(data: Tables, truth: Truth) -> None:
    found, error = fit(data)
    assert abs(found["brand_search"] - truth.size["brand_search"]) < 2 * error["brand_search"]
    assert found["webinar_join"] > 2 * error["webinar_join"]
    rows = scored(data)
    naive = rows.groupby(rows["brand_search"].astype(bool))["sql"].mean()
    assert naive[True] > 1.2 * naive[False]


def find_geo(data: Tables, truth: Truth) -> None:
    leads = data["lead"]
    geo = month(leads[leads["channel_id"] == "CH16"]["created_at"]).value_counts()
    assert geo.get("2024-11", 0) == truth.size["leads_first_month"]
    assert geo["2026-10"] == pytest.approx(truth.size["leads_last_month"], rel=0.35)
    asked = data["search_daily"].dropna(subset=["ai_cited"])
    share = asked["ai_cited"].astype(float).groupby(asked["date"].astype(str).str[:7]).mean()
    assert share.iloc[0] < truth.size["cited"][0] + 0.05
    assert share.iloc[-1] == pytest.approx(truth.size["cited"][1], abs=0.09)


def find_competitor(data: Tables, truth: Truth) -> None:
    deals = data["opportunity"].dropna(subset=["competitor", "is_won"])
    fresh = deals[deals["deal_type"].isin(["new", "referral"])]
    won = fresh["is_won"].astype(float).groupby(fresh["competitor"] == truth.size["competitor"])
    assert won.mean()[True] == pytest.approx(truth.size["win_against"], abs=0.06)
    assert won.mean()[False] == pytest.approx(truth.size["win_others"], abs=0.08)


def find_inserted_orders(data: Tables, truth: Truth) -> None:
    work = data["project"]
    asked = month(work["requested_at"])
    here = work[asked == truth.size["month"]]
    assert len(here) == truth.size["requests"]
    assert here["is_unplanned"].sum() == truth.size["inserted"]
    assert work[asked != truth.size["month"]]["is_unplanned"].astype(float).mean() < 0.25
    assert here["impact_on_key_project"].isna().mean() > 0.4
    finished = work.dropna(subset=["done_at"])
    late = (finished["done_at"] > finished["due_at"]).groupby(asked == truth.size["month"]).mean()
    assert late[True] > 0.8
    assert late[False] < 0.5


def find_first_90_days(data: Tables, truth: Truth) -> None:
    work, today = data["project"], pd.Timestamp("2026-11-01")
    promised = work[work["name"].str.startswith("《")]
    due = promised[promised["due_at"] < today]
    finished = due.dropna(subset=["done_at"])
    assert (len(promised), len(due)) == (28, truth.size["due"])
    assert len(finished) == truth.size["delivered"]
    assert (finished["done_at"] > finished["due_at"]).sum() == truth.size["late"]
    assert (promised["requested_at"] >= truth.size["start"]).all()
    still = work[work["is_key"].eq(True) & work["done_at"].isna()]
    assert len(still) == truth.size["open_key_projects"]
    assert (still["due_at"] < today).sum() == 1


def find_ai_templates(data: Tables, truth: Truth) -> None:
    used = data["ai_use"]
    share = (used["minutes_spent"] / used["minutes_baseline"]).groupby(used["template_id"].notna())
    assert share.median()[True] == pytest.approx(truth.size["minutes_with"], abs=0.03)
    assert share.median()[False] == pytest.approx(truth.size["minutes_without"], abs=0.03)


def find_unowned_pages(data: Tables, truth: Truth) -> None:
    kinds = ["home_page", "product_page", "solution", "landing_page"]
    pages = data["content"][data["content"]["content_type"].isin(kinds)]
    nobody = pages[pages["owner_id"].isna()]
    assert len(nobody) == truth.size["pages"]
    assert (nobody["updated_at"] < "2025-10-31").all()


FINDERS: dict[str, Callable[[Tables, Truth], None]] = {
    truth.id: globals()[f"find_{truth.id.replace('-', '_')}"] for truth in TRUTHS
}


def test_truths_say_where_they_are_found() -> None:
    """Each has a size and names a notebook of the reading order."""
    assert len({truth.id for truth in TRUTHS}) == len(TRUTHS) >= 10
    assert all(truth.size and truth.notebook and truth.chapter for truth in TRUTHS)


@pytest.mark.parametrize("truth", TRUTHS, ids=lambda truth: truth.id)
def test_the_truth_is_found_in_the_clean_tables(clean: Tables, truth: Truth) -> None:
    FINDERS[truth.id](clean, truth)


@pytest.mark.xdist_group("cleaned-sample")
def test_every_truth_is_found_in_the_exported_and_cleaned_data(cleaned: Cleaned) -> None:
    lost = {}
    for truth in TRUTHS:
        try:
            FINDERS[truth.id](cleaned.tables, truth)
        except AssertionError as error:
            lost[truth.id] = str(error).splitlines()[0]
    assert lost == {}


REPORTED = {
    ("lead", "missing-key"): "no-key",
    ("lead", "missing-time"): "no-time",
    ("lead", "unknown-value"): "unknown-labels",
    ("stage_event", "stage-before-lead"): "stage-order",
    ("touch", "orphan"): "orphan-persons",
    ("touch", "identical-copy"): "duplicate-keys",
    ("activity", "orphan"): "orphan-leads",
    ("activity", "activity-before-lead"): "early-activity",
    ("activity", "future-date"): "future-dates",
    ("opportunity", "closed-before-created"): "closed-early",
    ("opportunity", "missing-currency"): "currency-missing",
    ("payment", "not-positive"): "negative-amounts",
    ("spend", "no-dimension"): "spend-without-dimension",
    ("event", "several-goals"): "two-goals",
    ("project", "missing-value"): "no-dri",
    ("account", "duplicate-account"): "duplicate-accounts",
    ("account", "formula-text"): "formula",
    ("account", "markup-text"): "script",
    ("person", "duplicate-person"): "duplicate-persons",
    ("lead", "duplicate-lead"): "duplicate-leads",
    ("lead", "unmapped-channel"): "no-channel",
    ("calendar", "no-rows"): "header-only",
    ("spend", "total-row"): "title-and-total",
}


@pytest.mark.xdist_group("cleaned-sample")
def test_the_dirt_is_reported_with_its_counts_and_nothing_else(cleaned: Cleaned) -> None:
    """Partners without project are not dirt but the company's own omission."""
    found = cleaned.counts.groupby(["table", "code"])["count"].sum()
    planted = {kind.id: kind.count for kind in DIRT}
    assert {k: int(found[k]) for k in REPORTED} == {k: planted[v] for k, v in REPORTED.items()}
    assert set(found.index) == {*REPORTED, ("partner", "partner-without-project")}


@pytest.mark.xdist_group("cleaned-sample")
def test_the_export_is_known_as_of_its_own_time(cleaned: Cleaned) -> None:
    assert str(cleaned.as_of) == "2026-10-31 22:00:00"


@pytest.mark.xdist_group("cleaned-sample")
def test_what_only_looks_odd_is_read_right(clean: Tables, cleaned: Cleaned) -> None:
    unknown = next(kind.count for kind in DIRT if kind.id == "unknown-labels")
    ours, theirs = pair(clean, cleaned, "lead")
    assert (abs(theirs["created_at"] - ours["created_at"]) < pd.Timedelta(minutes=1)).all()
    assert (theirs["status"] != ours["status"]).sum() == unknown
    ours, theirs = pair(clean, cleaned, "opportunity")
    assert np.allclose(theirs["amount"].astype(float), ours["amount"], equal_nan=True)
    assert (theirs["currency"].fillna("EUR") == ours["currency"]).all()


def pair(clean: Tables, cleaned: Cleaned, table: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The same rows as they were drawn and as they were read."""
    key = schema.table(table).key[0]
    ours = clean[table].set_index(key)
    return ours, cleaned.tables[table].set_index(key).loc[ours.index]
