"""Conversion by response time: bands by hand, odds against an independent fit, refusals."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from playbook import response
from playbook.data.sample import story
from playbook.errors import ParameterError

START = datetime.fromisoformat("2026-01-05")
AS_OF = datetime.fromisoformat("2026-06-01")


def leads(rows):
    """Hours to the answer, days to the conversion, days after START at which the clock began."""
    table = pd.DataFrame(rows, columns=["hours", "days", "began"]).astype(float)
    table["started_at"] = START + pd.to_timedelta(table["began"], unit="D")
    table["converted_at"] = table["started_at"] + pd.to_timedelta(table["days"], unit="D")
    return table


def by_band(rows, **more):
    found = response.lateness(leads(rows), as_of=AS_OF, within_days=30, **more)
    return found, found.bands.set_index("band")


def test_a_band_holds_its_upper_end():
    """Five minutes exactly are within five minutes; one second more is within the hour."""
    never = math.nan
    rows = [(h, never, 0) for h in (5 / 60, 5 / 60 + 1 / 3600, 1, 1.01, 2, 24, 72, 72.01, never)]
    _, bands = by_band(rows)
    assert bands["n"].to_dict() == {
        "≤ 5 min": 1, "≤ 1 h": 2, "≤ 2 h": 2, "≤ 24 h": 1, "≤ 72 h": 1, "later": 1, "never": 1,
    }  # fmt: skip


def test_who_has_not_had_time_is_left_out_and_counted():
    last = (AS_OF - START).days - 30
    found, bands = by_band([(1, 3, last), (1, 3, last + 1)])
    assert (found.n, found.young) == (1, 1)
    assert bands.loc["≤ 1 h", "n"] == 1


def test_conversions_and_answers_after_the_window_are_not_counted():
    _, bands = by_band([(1, 29, 0), (1, 31, 0), (31 * 24, math.nan, 0)])
    assert bands.loc["≤ 1 h", ["n", "converted"]].tolist() == [2, 1]
    assert bands.loc["never", "n"] == 1


def test_a_conversion_before_the_answer_says_nothing_of_the_answer():
    found, bands = by_band([(48, 1, 0), (48, 3, 0)])
    assert found.converted_before == 1
    assert bands.loc["≤ 72 h", ["n", "converted"]].tolist() == [1, 1]


@pytest.fixture(scope="module")
def drawn():
    """Late answers and low intent each halve the odds; low intent is answered late."""
    rng = np.random.default_rng(5)
    low = rng.random(6000) < 0.5
    late = rng.random(6000) < np.where(low, 0.7, 0.2)
    odds = 0.5 * 0.5**low * 0.5**late
    won = rng.random(6000) < odds / (1 + odds)
    rows = zip(np.where(late, 10, 1), np.where(won, 5, math.nan), [0] * 6000, strict=True)
    return leads(rows).assign(intent=np.where(low, "low", "normal"), won=won, late=late, low=low)


def test_the_odds_are_those_of_a_logistic_regression_on_single_leads(drawn):
    import statsmodels.formula.api as smf

    fit = smf.logit("won ~ late + low", drawn.astype({"won": int, "late": int, "low": int}))
    params = fit.fit(disp=0)
    found = response.lateness(
        drawn, as_of=AS_OF, within_days=30, covariates=["intent"], bands=[2.0]
    )
    row = found.bands.set_index("band").loc["later"]
    low, high = np.exp(params.conf_int().loc["late"])
    assert found.reference == "≤ 2 h"
    assert row["odds_ratio"] == pytest.approx(np.exp(params.params["late"]), rel=1e-6)
    assert [row["odds_low"], row["odds_high"]] == pytest.approx([low, high], rel=1e-6)
    assert row["odds_low"] < 0.5 < row["odds_high"]


def test_without_its_covariate_lateness_looks_worse_than_it_is(drawn):
    plain, beside = (
        response.lateness(drawn, as_of=AS_OF, within_days=30, covariates=names, bands=[2.0])
        .bands.set_index("band")
        .loc["later", "odds_ratio"]
        for names in ([], ["intent"])
    )
    assert plain < 0.85 * beside


def test_a_level_that_never_converts_gets_no_odds_and_changes_no_other(drawn):
    idle = drawn.head(300).assign(intent="none", converted_at=pd.NaT)
    both = pd.concat([drawn, idle.astype(drawn.dtypes)], ignore_index=True)
    options = {"as_of": AS_OF, "within_days": 30, "covariates": ["intent"], "bands": [2.0]}
    found, alone = response.lateness(both, **options), response.lateness(drawn, **options)
    levels = found.covariates.set_index("level")
    assert math.isnan(levels.loc["none", "odds_ratio"])
    assert levels.loc["none", "n"] == 300
    assert found.bands["odds_ratio"].tolist()[1] == alone.bands["odds_ratio"].tolist()[1]
    assert "intent none: all or none converted (n = 300), so no odds ratio." in found.notes


def test_the_warning_always_comes_first_and_few_leads_make_no_model():
    found, _ = by_band([(1, 3, 0), (1, math.nan, 0)])
    assert found.notes[0].startswith("Teams do not get the same leads")
    assert found.reference is None
    assert "Fewer than two bands hold both converted and other leads: no model." in found.notes


def test_the_cost_of_late_answers_is_found_in_the_sample(book):
    """Of those that 销售B组 answered late, one in ten would-be SQLs remains."""
    journey = book.table("lead_journey").join(book.table("lead_facts"), "lead_id")
    acts = response.actions(book.table("activity"), alias=book.table("lead_alias"))
    sla = response.sla_of(book.rules.sla, book.workdays, book.rules.company.report_zone)
    keep = ["sql_at", "team", "intent_level"]
    answers = response.only(
        response.clocks(journey, acts, sla, as_of=book.as_of, keep=keep), "response"
    )
    since = datetime.fromisoformat(f"{story.LATE_MONTH}-01") - timedelta(hours=8)
    theirs = answers.filter(answers.team == story.LATE_TEAM, answers.started_at >= since)
    found = response.lateness(
        theirs.mutate(converted_at=theirs.sql_at),
        as_of=book.as_of,
        within_days=30,
        covariates=["intent_level"],
        bands=[story.SLOW_HOURS],
    )
    row = found.bands.set_index("band").loc["later"]
    assert row["odds_low"] < story.SLOW_KEEPS < row["odds_high"] < 1
    assert found.n + found.young == theirs.count().to_pandas() - found.converted_before


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"bands": [2, 1]}, "bands must be hours that ascend from above 0, not 2, 1."),
        ({"bands": []}, "bands must be hours that ascend from above 0, not none."),
        ({"within_days": 0}, "within_days must be above 0, not 0."),
        ({"confidence": 1.0}, "confidence must lie between 0 and 1, not 1.0."),
        ({"covariates": ["score"]}, "unknown column of leads 'score'."),
    ],
)
def test_what_cannot_be_asked_is_refused(changes, message):
    options = {"as_of": AS_OF, "within_days": 30, **changes}
    with pytest.raises(ParameterError) as refused:
        response.lateness(leads([(1, 2, 0)]), **options)
    assert str(refused.value).startswith(message)
