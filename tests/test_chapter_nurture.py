"""The nurture chapter finds the planted step again, and counts as plain Python does."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint

from playbook.chapters import growth, nurture
from playbook.chapters.nurture import counted, evaluated, words
from playbook.chapters.nurture.declared import return_history
from playbook.data.sample import story

PROGRAMS = {
    f"{flow}/{step}"
    for flow, steps in {"nurture_137": "d1 d3 d7", "post_event_21d": "d1 d7 d21"}.items()
    for step in steps.split()
}


@pytest.fixture(scope="module")
def rows(book):
    return nurture.metrics(book).set_index("key")


@pytest.fixture(scope="module")
def effects(book):
    return nurture.step_effects(book).set_index("program")


def pool_starts(book):
    """When each lead entered the pool first, and its MQL entries, naive UTC."""
    alias = book.sql("FROM lead_alias").set_index("lead_id")["kept_id"]
    events = book.sql("FROM clean.stage_event")
    events["lead"] = events["lead_id"].map(alias)
    starts = events[events["stage"] == "nurture"].groupby("lead")["entered_at"].min()
    mqls = events[events["stage"] == "mql"].groupby("lead")["entered_at"].agg(list)
    return starts, mqls


def is_back(lead, start, mqls):
    limit = start + timedelta(days=60)
    return any(start <= at <= limit for at in mqls.get(lead, []))


def test_the_planted_step_is_found_and_no_other(effects):
    assert set(effects.index[effects["verdict"] == "more reach it"]) == {
        f"{story.NURTURE_PROGRAM}/d7"
    }
    row = effects.loc[f"{story.NURTURE_PROGRAM}/d7"]
    assert row["rate_with"] == pytest.approx(story.RETURN_WITH_D7, abs=0.03)
    assert row["rate_without"] == pytest.approx(story.RETURN_WITHOUT_D7, abs=0.03)
    assert row["low"] > 0


def test_days_1_and_3_make_no_difference(effects):
    for step in ("d1", "d3"):
        row = effects.loc[f"{story.NURTURE_PROGRAM}/{step}"]
        assert row["verdict"] == "no difference seen"
        assert row["p_adjusted"] > 0.05


def test_the_case_was_sent_to_three_in_five(book):
    steps = nurture.step_table(book)
    row = steps[
        (steps["flow"] == "Leads without intent yet") & steps["step"].str.startswith("Day 7")
    ]
    done, given_up = row[["done", "given_up"]].iloc[0]
    assert done / (done + given_up) == pytest.approx(story.D7_SENT, abs=0.03)


def test_enrolled_in_the_pool_are_those_whose_first_nurture_stage_lies_in_the_period(book, rows):
    starts, _ = pool_starts(book)
    inside = starts[(starts >= book.period.start) & (starts < book.period.end)]
    assert rows.loc["nurture_return_rate", "n"] == len(inside)


def test_the_return_rate_of_an_old_period_is_that_of_plain_python(book):
    starts, mqls = pool_starts(book)
    table = return_history(book).set_index("period")
    period = next(p for p in book.period.trailing(13) if p.label == "2026-07")
    inside = starts[(starts >= period.start) & (starts < period.end)]
    back = sum(is_back(lead, start, mqls) for lead, start in inside.items())
    row = table.loc["2026-07"]
    assert (row["numerator"], row["denominator"]) == (back, len(inside))
    low, high = proportion_confint(back, len(inside), method="wilson")
    assert (row["low"], row["high"]) == (pytest.approx(low), pytest.approx(high))
    assert not row["immature"]
    assert table.loc["2026-10", "immature"]


def test_back_to_mql_counts_the_returns_that_fall_into_the_period(book, rows):
    starts, mqls = pool_starts(book)
    firsts = {
        lead: min((at for at in mqls.get(lead, []) if at >= start), default=None)
        for lead, start in starts.items()
    }
    found = [
        at
        for lead, at in firsts.items()
        if at is not None
        and book.period.start <= at < book.period.end
        and at <= starts[lead] + timedelta(days=60)
    ]
    assert rows.loc["nurture_back", "value"] == len(found)


def test_opportunities_and_amounts_from_nurture_are_those_of_plain_python(book, rows):
    alias = book.sql("FROM lead_alias").set_index("lead_id")["kept_id"]
    touches = book.sql("FROM clean.touch")
    touches = touches[touches["program"].isin(PROGRAMS) & (touches["direction"] == "out")]
    sent = touches.groupby(touches["lead_id"].map(alias))["touched_at"].min()
    deals = book.sql("FROM deal")
    deals = deals[deals["deal_type"] == "new"]
    nurtured = deals["lead_id"].map(sent) < deals["created_at"]
    opened = deals["created_at"].between(book.period.start, book.period.end, inclusive="left")
    closed = deals["closed_at"].between(book.period.start, book.period.end, inclusive="left")
    assert rows.loc["nurture_opportunities", "value"] == (opened & nurtured).sum()
    assert rows.loc["nurture_opportunity_share", "n"] == opened.sum()
    amount = deals["won_amount"].astype(float)
    assert rows.loc["nurture_won", "value"] == pytest.approx(amount[closed & nurtured].sum())
    assert rows.loc["nurture_won_share", "value"] == pytest.approx(
        amount[closed & nurtured].sum() / amount[closed].sum()
    )


def test_whatever_began_is_active_completed_or_exited(book):
    table = nurture.flow_table(book)
    assert set(table["status"]) <= set(evaluated.ENTERED)
    assert table["enrolments"].sum() == len(nurture.cockpit(book))


def test_what_waits_adds_up_to_the_steps_that_are_due(book):
    table = nurture.standing(book)
    names = ["due", "quiet", "no_consent", "over_cap", "tomorrow"]
    assert table[names].to_numpy().sum() == len(evaluated.waiting(book))
    assert table["active"].sum() == (nurture.cockpit(book)["status"] == "active").sum()


def test_no_answers_are_claimed_where_none_are_recorded(book):
    table = nurture.engagement(book)
    assert set(table["flow"]) == {"Leads without intent yet"}
    assert words.of_engagement(book, table).see.endswith("After an event.")


def test_every_flow_shows_its_steps_with_their_figures(book):
    for name in nurture.flow_names(book):
        boxes = nurture.flow_boxes(book, name)
        steps = boxes[boxes["kind"] == "step"]
        assert steps["figure"].str.contains("done").all()
        assert words.of_flow(book, name).alt.count(";") == len(steps) - 1


def test_the_comparison_of_the_pool_says_that_people_chose(book):
    said = words.of_comparison(nurture.comparison(book))
    assert "no proof" in said.title
    assert "did not happen by lot" in said.see


def test_findings_have_ids_of_their_own_and_name_the_working_step(book):
    found = nurture.findings(book)
    ids = [f.id for f in found]
    assert len(set(ids)) == len(ids)
    assert not set(ids) & {f.id for f in growth.findings(book)}
    claims = {f.id: f for f in found}
    assert "success case" in claims["B2-R5/working-step"].claim
    assert "drawn by lot" in claims["B2-R5/working-step"].evidence


def test_the_worth_of_the_step_is_its_difference_times_those_left_out(book, effects):
    finding = next(f for f in nurture.findings(book) if f.id == "B2-R5/working-step")
    steps = evaluated.step_rows(book)
    zone = timedelta(hours=8)
    own = steps[(steps["program"] == "nurture_137/d7") & (steps["state"] == "missed")]
    due = own["due_at"].between(book.period.start + zone, book.period.end + zone)
    worth = due.sum() * effects.loc["nurture_137/d7", "difference"]
    assert f"about {worth:.1f} more MQL a month" in finding.worth


def test_the_report_to_the_leader_closes_with_what_to_do(book):
    table = nurture.metrics(book)
    report = nurture.leader_report(book, table, nurture.findings(book))
    assert report["block"].iloc[0] == "In short"
    assert report["block"].iloc[-1] == "Next month"
    assert len(report["text"].iloc[-1].splitlines()) == 3


def test_local_moments_come_back_as_the_utc_they_were(book):
    moments = pd.Series(pd.to_datetime(["2026-03-29 00:30", "2026-10-25 03:00", None]))
    assert counted.as_utc(book, book.local_times(moments)).equals(moments.astype("datetime64[us]"))


POOL = {
    "lead.csv": "lead_id,created_at\nL1,2026-08-01 09:00\nL2,2026-08-01 09:00\n",
    "stage_event.csv": (
        "stage_event_id,lead_id,stage,entered_at\n"
        "S1,L1,nurture,2026-08-03 08:00\nS2,L2,nurture,2026-08-03 08:00\n"
        "S3,L1,mql,2026-08-20 09:00\n"
    ),
    "touch.csv": (
        "touch_id,touched_at,touch_type,direction,lead_id,program\n"
        "T1,2026-08-10 10:00,email_sent,out,L1,nurture_137/d7\n"
        "T2,2026-08-11 10:00,email_click,in,L1,nurture_137/d7\n"
    ),
}


def test_a_small_pool_is_counted_by_hand(open_files):
    book = open_files(POOL, "2026-08")
    rows = nurture.metrics(book).set_index("key")
    assert rows.loc["nurture_enrolled", "value"] == 2
    assert rows.loc["nurture_back", "value"] == 1
    assert rows.loc["nurture_return_rate", "value"] == 0.5
    assert (rows.loc["nurture_engaged", "value"], rows.loc["nurture_engaged", "n"]) == (1, 1)
    assert nurture.working_step(book) is None
    assert set(nurture.step_effects(book)["verdict"]) == {"too few"}


def test_nothing_is_said_where_nobody_is_in_a_flow(open_files):
    book = open_files({"lead.csv": POOL["lead.csv"]})
    assert nurture.headline(book, nurture.metrics(book)).startswith("Nobody is in a nurture flow")
    assert nurture.findings(book) == []
    assert nurture.cockpit(book).empty
    assert nurture.comparison(book) is None


def test_flows_that_are_all_switched_off_leave_an_empty_page(open_files):
    off = "".join(
        f"[nurture.flows.{name}]\nactive = false\nexits = ['won', 'unsubscribed']\non = 'lead'\n"
        f"steps = [{{ day = 1 , content = 'x' }}]\n"
        for name in ("nurture_137", "post_event_21d", "renewal")
    )
    book = open_files(POOL, "2026-08", rules=off)
    assert nurture.flow_names(book) == []
    assert nurture.standing(book).empty
    assert nurture.nurture_due(book).empty
    assert nurture.renewals(book).empty
    assert nurture.headline(book, nurture.metrics(book)).startswith("Nobody")
