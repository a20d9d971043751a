"""What steps bring, against hand-worked tables, published ones and the sample's planted truth."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from playbook import nurture, open_book
from playbook.chapters import nurture as chapter
from playbook.data.sample import story
from playbook.errors import ParameterError
from playbook.nurture.effects import SELECTION

NOW = datetime.fromisoformat("2026-06-01")


def cases(*strata):
    """Rows of (stratum, hits with, n with, hits without, n without)."""
    rows = [
        (name, got, i < hits)
        for name, *figures in strata
        for got, hits, n in ((True, *figures[:2]), (False, *figures[2:]))
        for i in range(n)
    ]
    return pd.DataFrame(rows, columns=["stratum", "got", "hit"])


def test_one_stratum_gives_the_plain_difference_and_its_wald_interval():
    found = nurture.stratified(cases(("s", 30, 100, 15, 100)), "got", "hit", ["stratum"])
    error = np.sqrt(0.3 * 0.7 / 100 + 0.15 * 0.85 / 100)
    assert found["difference"] == pytest.approx(0.15)
    assert found["low"] == pytest.approx(0.15 - norm.ppf(0.975) * error)
    assert found["odds_ratio"] == pytest.approx((30 * 85) / (70 * 15))


def test_a_difference_that_the_strata_make_vanishes_within_them():
    """Simpson: 34 % against 16 %, and 10 % or 40 % in either group of each stratum."""
    own = cases(("low", 2, 20, 8, 80), ("high", 32, 80, 8, 20))
    found = nurture.stratified(own, "got", "hit", ["stratum"])
    assert own[own.got]["hit"].mean() - own[~own.got]["hit"].mean() == pytest.approx(0.18)
    assert found["difference"] == pytest.approx(0, abs=1e-12)
    assert found["odds_ratio"] == pytest.approx(1)
    assert found["low"] < 0 < found["high"]


def test_strata_with_one_group_only_are_left_out_and_counted():
    found = nurture.stratified(
        cases(("both", 30, 100, 15, 100), ("one", 7, 9, 0, 0)), "got", "hit", ["stratum"]
    )
    assert (found["strata"], found["left_out"], found["n_with"]) == (1, 9, 100)
    assert found["warning"].startswith(SELECTION)
    assert "9 cases had nobody to be compared with" in found["warning"]


def test_few_outcomes_carry_no_claim_and_none_no_figures():
    few = nurture.stratified(cases(("s", 3, 40, 0, 40)), "got", "hit", ["stratum"])
    assert "carry no claim" in few["warning"]
    assert np.isnan(few["odds_ratio"])
    none = nurture.stratified(cases(("s", 3, 40, 0, 0)), "got", "hit", ["stratum"])
    assert np.isnan(none["difference"])
    assert none["n_without"] == 0


def test_the_interval_covers_the_truth_as_often_as_it_says():
    rng, hits = np.random.default_rng(3), 0
    for _ in range(300):
        base = rng.uniform(0.05, 0.4, 12)
        strata = [
            (str(i), rng.binomial(a, p + 0.1), a, rng.binomial(b, p), b)
            for i, p in enumerate(base)
            for a, b in [rng.integers(3, 30, 2)]
        ]
        found = nurture.stratified(cases(*strata), "got", "hit", ["stratum"])
        hits += found["low"] <= 0.1 <= found["high"]
    assert 0.92 <= hits / 300 <= 0.98


def test_engagement_counts_the_first_send_and_answers_in_its_window():
    day = pd.Timestamp("2026-03-02 10:00")
    sends = pd.DataFrame(
        [("a", day, "n/d1"), ("a", day + pd.Timedelta(days=20), "n/d1"), ("b", day, "n/d1"),
         ("c", day, "n/d1"), ("d", pd.Timestamp(NOW), "n/d1"), ("a", day, None)],
        columns=["entity", "at", "program"],
    )  # fmt: skip
    back = pd.DataFrame(
        [("a", day + pd.Timedelta(days=7), "n/d1"), ("a", day + pd.Timedelta(days=1), "n/d1"),
         ("b", day + pd.Timedelta(days=7, seconds=1), "n/d1"), ("c", day, "n/d3")],
        columns=["entity", "at", "program"],
    )  # fmt: skip
    row = nurture.engagement(sends, back, as_of=NOW).iloc[0]
    assert (row["sent"], row["engaged"], row["young"]) == (3, 1, 1)
    assert row["rate"] == pytest.approx(1 / 3)
    z = norm.ppf(0.975)
    middle = (1 / 3 + z**2 / 6) / (1 + z**2 / 3)
    assert (row["low"] + row["high"]) / 2 == pytest.approx(middle)


def test_comparing_starts_at_the_landmark_for_everybody():
    """Who converts before it is in neither group; who is enrolled later stays outside."""
    day = pd.Timestamp("2026-01-05")
    later = lambda n: day + pd.Timedelta(days=n)  # noqa: E731
    entered = pd.DataFrame({"entity": list("abcde"), "at": [day] * 4 + [pd.Timestamp(NOW)]})
    enrolled = pd.DataFrame(
        {"entity": ["a", "b", "d"], "started_at": [later(3), later(3), later(20)]}
    )
    returns = pd.DataFrame({"entity": ["a", "b", "d"], "at": [later(30), later(10), later(50)]})
    found = nurture.compare(entered, enrolled, returns, as_of=NOW, within_days=60)
    assert (found["n_with"], found["outcomes_with"]) == (1, 1)
    assert (found["n_without"], found["outcomes_without"]) == (2, 1)


def test_a_missing_column_is_named():
    with pytest.raises(ParameterError, match="unknown column of returns 'at'"):
        nurture.compare(
            pd.DataFrame(columns=["entity", "at"]),
            pd.DataFrame(columns=["entity", "started_at"]),
            pd.DataFrame(columns=["entity", "time"]),
            as_of=NOW,
        )


@pytest.fixture(scope="module")
def sample():
    book = open_book("sample", "2026-10")
    programme, tables = chapter.programme(book.rules), chapter.tables(book)
    return book, programme, tables, chapter.now(book)


def test_the_planted_working_step_is_found_again_and_no_other(sample):
    book, programme, tables, now = sample
    rows = nurture.step_rows(programme, tables, as_of=now)
    own = rows[rows["flow"] == story.NURTURE_PROGRAM]
    found = nurture.step_effects(own, chapter.returns(book), as_of=now).set_index("program")
    day_7 = found.loc[f"{story.NURTURE_PROGRAM}/d7"]
    planted = story.RETURN_WITH_D7 - story.RETURN_WITHOUT_D7
    assert day_7["low"] <= planted <= day_7["high"]
    assert day_7["rate_with"] == pytest.approx(story.RETURN_WITH_D7, abs=0.02)
    assert day_7["p_adjusted"] < 0.001
    assert (found.drop(index=day_7.name)["p_adjusted"] > 0.05).all()
    assert list(found.index) == [f"{story.NURTURE_PROGRAM}/{step}" for step in ("d1", "d3", "d7")]


def test_the_sample_enrols_every_lead_of_the_pool_once(sample):
    book, programme, tables, now = sample
    counted = nurture.counts(programme, tables, as_of=now)
    entered = book.sql(
        """SELECT count(DISTINCT a.kept_id) AS n
        FROM clean.stage_event JOIN lead_alias a USING (lead_id)
        JOIN lead_journey l ON l.lead_id = a.kept_id WHERE stage = 'nurture'"""
    )["n"][0]
    assert counted[counted["flow"] == story.NURTURE_PROGRAM]["n"].sum() == entered


def test_renewals_are_those_of_contracts_that_end_within_90_days(sample):
    """Two months ahead at least one is open, and none that ends later than 90 days from now."""
    book, programme, tables, now = sample
    rows = nurture.enrolments(programme, tables, as_of=now)
    active = set(rows[(rows["flow"] == "renewal") & (rows["status"] == "active")]["entity"])
    ends = book.sql(
        "SELECT lead_id, max(contract_end_on) AS last FROM deal"
        " WHERE is_won AND contract_end_on IS NOT NULL AND lead_id IS NOT NULL GROUP BY lead_id"
    ).set_index("lead_id")["last"]
    left = (ends[list(active)] - pd.Timestamp(now)).dt.days
    assert active
    assert left.between(-1, 90).all()


def empty(*columns):
    times = {name: pd.Series(dtype="datetime64[us]") for name in columns if name.endswith("at")}
    return pd.DataFrame({name: times.get(name, pd.Series(dtype="string")) for name in columns})


def test_where_nobody_came_back_every_rate_is_nought():
    start = pd.Timestamp("2026-01-05")
    steps = pd.DataFrame(
        {
            "entity": ["a", "b"],
            "started_at": [start, start],
            "status": ["completed", "completed"],
            "ended_at": [pd.NaT, pd.NaT],
            "program": ["f/d1", "f/d1"],
            "due_at": [start, start],
            "done_at": [start, pd.NaT],
        }
    )
    (row,) = nurture.step_effects(
        steps, empty("entity", "at"), as_of=pd.Timestamp("2026-10-01")
    ).to_dict("records")
    assert (row["with_step"], row["returned_with"]) == (1, 0)
    assert (row["without_step"], row["returned_without"]) == (1, 0)
    assert (row["rate_with"], row["rate_without"]) == (0, 0)


def test_where_nobody_was_enrolled_there_is_nobody_to_compare():
    cases = pd.DataFrame({"entity": ["a"], "at": [pd.Timestamp("2026-01-05")]})
    found = nurture.compare(
        cases,
        empty("entity", "started_at"),
        empty("entity", "at"),
        as_of=pd.Timestamp("2026-10-01"),
    )
    assert (found["n_with"], found["n_without"], found["left_out"]) == (0, 0, 1)


def test_where_nothing_was_sent_nobody_engaged():
    nothing = empty("entity", "at", "program")
    found = nurture.engagement(nothing, nothing, as_of=pd.Timestamp("2026-10-01"))
    assert found.empty
    assert list(found) == ["program", "sent", "engaged", "rate", "low", "high", "young"]
