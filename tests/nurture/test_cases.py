"""Worked by hand: one lead, one flow, one rule at a time."""

from __future__ import annotations

from datetime import datetime, time

import ibis
import pandas as pd
import pytest

from playbook import nurture
from playbook.conditions import parse
from playbook.errors import ParameterError
from playbook.nurture import Flow, Programme, Step, Touch

MAIL = ("email",)


def at(text):
    return datetime.fromisoformat(f"2026-{text}")


def flow(*steps, **more):
    steps = steps or (Step("d1", day=1, channels=MAIL, content="report"),)
    return Flow("n", steps, ("mql", "unsubscribed"), **{"on": "nurture", **more})


def happened(*signals, sends=(), people=None):
    own = (
        people
        if people is not None
        else [{"entity": e} for e in dict.fromkeys(s[0] for s in signals)]
    )
    rows = [
        (e, name, at(when), at(known[0] if known else when)) for e, name, when, *known in signals
    ]
    sent = [(e, at(when), program) for e, when, program in sends]
    return nurture.Tables(
        people=pd.DataFrame(own),
        signals=pd.DataFrame(rows, columns=["entity", "signal", "at", "known_at"]),
        sends=pd.DataFrame(sent, columns=["entity", "at", "program"]).astype(
            {"entity": "string", "at": "datetime64[us]", "program": "string"}
        ),
    )


def only(frame):
    assert len(frame) == 1
    return frame.iloc[0]


def test_days_1_3_and_7_fall_on_the_mornings_after_the_start():
    steps = [Step(f"d{d}", day=d, channels=MAIL, content="x") for d in (1, 3, 7)]
    own = happened(("a", "nurture", "03-02 16:30"))
    rows = nurture.step_rows(Programme((flow(*steps),)), own, as_of=at("03-02 17:00"))
    assert list(rows["due_at"]) == [at("03-03 10:00"), at("03-05 10:00"), at("03-09 10:00")]


@pytest.mark.parametrize(
    ("start", "due"),
    [
        ("03-02 07:00", "03-02 09:00"),
        ("03-02 12:00", "03-02 12:00"),
        ("03-02 20:00", "03-03 09:00"),
    ],
)
def test_a_message_of_the_hour_waits_for_the_end_of_the_quiet_hours(start, due):
    own = happened(("a", "nurture", start))
    programme = Programme((flow(Step("now", hours=0, channels=MAIL, content="x")),))
    assert only(nurture.due(programme, own, as_of=at(start), ahead_days=2))["due_at"] == at(due)


def test_what_a_person_does_knows_no_quiet_hours_and_has_a_deadline():
    own = happened(("a", "nurture", "03-02 22:00"))
    step = Step("thanks", hours=0, within_hours=24, channels=("task",))
    row = only(nurture.due(Programme((flow(step),)), own, as_of=at("03-02 22:30")))
    assert (row["action"], row["due_at"]) == ("due", at("03-02 22:00"))
    assert row["deadline_at"] == at("03-03 22:00")


def test_in_quiet_hours_nothing_goes_out_and_the_end_of_them_is_named():
    own = happened(("a", "nurture", "03-02 12:00"))
    row = only(nurture.due(Programme((flow(),)), own, as_of=at("03-03 21:15")))
    assert (row["action"], row["blocked_by"]) == ("blocked", "quiet hours")
    assert row["free_at"] == at("03-04 09:00")


def test_the_weekly_cap_counts_all_leads_of_a_contact_and_says_when_it_is_over():
    """Three messages on 1, 2 and 4 March: the first leaves the seven days on the 8th."""
    people = [{"entity": e, "contact": "p"} for e in ("a", "b")]
    sends = [("b", "03-01 11:00", "x/1"), ("b", "03-02 11:00", None), ("a", "03-04 11:00", None)]
    own = happened(("a", "nurture", "03-04 12:00"), sends=sends, people=people)
    row = only(nurture.due(Programme((flow(),)), own, as_of=at("03-05 11:00")))
    assert (row["blocked_by"], row["free_at"]) == ("per_week", at("03-08 09:00"))
    row = only(nurture.due(Programme((flow(),)), own, as_of=at("03-08 11:00")))
    assert row["action"] == "due"


def test_of_two_flows_the_one_of_higher_priority_takes_the_only_message_of_the_day():
    late = Flow("z", flow().steps, ("mql",), on="nurture", priority=1)
    own = happened(("a", "nurture", "03-02 12:00"))
    rows = nurture.due(Programme((flow(), late)), own, as_of=at("03-03 11:00"))
    assert list(zip(rows["flow"], rows["action"], strict=True)) == [("z", "due"), ("n", "blocked")]
    assert rows["blocked_by"][1] == "per_day"
    assert rows["free_at"][1] == at("03-04 09:00")


@pytest.mark.parametrize(
    ("consent", "prefers", "channel"),
    [
        ("granted", None, "wecom"),
        ("granted", "email", "email"),
        ("none", "email", "wecom"),
        (None, None, "wecom"),
        ("withdrawn", "wecom", None),
    ],
)
def test_the_channel_is_the_preferred_one_that_consent_allows(consent, prefers, channel):
    people = pd.DataFrame([{"entity": "a", "consent": consent, "prefers": prefers}]).astype(
        "string"
    )
    own = happened(("a", "nurture", "03-02 12:00"), people=people)
    programme = Programme((flow(Step("d1", day=1, content="x")),))
    row = only(nurture.due(programme, own, as_of=at("03-03 11:00")))
    assert (None if pd.isna(row["channel"]) else row["channel"]) == channel
    assert row["action"] == ("due" if channel else "blocked")
    assert channel or row["blocked_by"] == "consent"


def test_industry_and_source_choose_content_opening_and_template():
    people = [
        {"entity": "a", "industry": "finance", "source": "sem", "viewed": "Prices"},
        {"entity": "b", "industry": "retail", "source": "sem", "viewed": None},
        {"entity": "c", "industry": "retail", "source": "seo", "viewed": "Cases"},
    ]
    step = Step(
        "d1", day=1, channels=MAIL, content="report", templates={"email": "T1"}, personal=True
    )
    own = happened(*((e, "nurture", "03-02 12:00") for e in "abc"), people=people)
    programme = Programme(
        (flow(step),),
        content_by_industry={"finance": "for banks"},
        opening_by_source={"sem": "You saw {content}."},
    )
    rows = nurture.due(programme, own, as_of=at("03-03 11:00")).set_index("entity")
    assert list(rows["content"]) == ["for banks", "report", "report"]
    assert rows["opening"]["a"] == "You saw Prices."
    assert rows["opening"][["b", "c"]].isna().all()
    assert set(rows["template"]) == {"T1"}


def test_a_renewal_starts_days_before_the_end_but_not_before_that_is_known():
    renewal = Flow(
        "r", (Step("d0", day=0, channels=MAIL, content="care"),), ("renewed",),
        on="contract_end", days_before=90, again=True,
    )  # fmt: skip
    own = happened(
        ("a", "contract_end", "12-31 00:00", "01-15 09:00"),
        ("b", "contract_end", "04-01 00:00", "03-20 09:00"),
    )
    programme = Programme((renewal,))
    starts = nurture.enrolments(programme, own, as_of=at("10-02 12:00"))
    assert dict(zip(starts["entity"], starts["started_at"], strict=True)) == {
        "a": at("10-02 00:00"), "b": at("03-20 09:00")
    }  # fmt: skip
    assert list(nurture.enrolments(programme, own, as_of=at("10-01 12:00"))["entity"]) == ["b"]


def test_a_flow_that_follows_another_begins_where_that_one_is_completed():
    after = Flow("m", flow().steps, ("mql",), after_flow="n")
    own = happened(("a", "nurture", "03-02 12:00"), sends=[("a", "03-03 10:05", "n/d1")])
    rows = nurture.enrolments(Programme((after, flow())), own, as_of=at("03-03 12:00"))
    assert list(rows["flow"]) == ["m", "n"]
    assert list(rows["status"]) == ["active", "completed"]
    assert rows["started_at"][0] == at("03-03 10:05")
    assert rows["due_at"][0] == at("03-04 10:00")


def test_who_does_not_meet_the_condition_is_told_apart_from_who_cannot_be_judged():
    people = pd.DataFrame({"entity": ["a", "b", "c"], "lead.need": pd.array([2, 0, None], "Int64")})
    own = happened(*((e, "nurture", "03-02 12:00") for e in "abc"), people=people)
    when = parse({"field": "lead.need", "op": "ge", "value": 1}, "when")
    rows = nurture.enrolments(Programme((flow(when=when),)), own, as_of=at("03-02 13:00"))
    assert list(rows["status"]) == ["active", "not entered", "entry unknown"]
    assert list(rows["program"].notna()) == [True, False, False]


@pytest.mark.parametrize(
    ("signals", "status", "why"),
    [
        ([("mql", "03-02 12:00")], "exited", "mql"),
        ([("mql", "03-02 11:59")], "active", None),
        ([("unsubscribed", "02-01 09:00")], "exited", "unsubscribed"),
        ([("mql", "03-02 14:00"), ("unsubscribed", "03-02 13:00")], "exited", "unsubscribed"),
    ],
)
def test_what_ends_a_flow_and_what_came_too_early_for_that(signals, status, why):
    own = happened(("a", "nurture", "03-02 12:00"), *(("a", *s) for s in signals))
    row = only(nurture.enrolments(Programme((flow(),)), own, as_of=at("03-02 18:00")))
    assert (row["status"], None if pd.isna(row["why"]) else row["why"]) == (status, why)


def test_a_message_after_the_exit_is_no_step_of_the_flow():
    sends = [("a", "03-03 10:05", "n/d1")]
    own = happened(("a", "nurture", "03-02 12:00"), ("a", "mql", "03-03 09:00"), sends=sends)
    row = only(nurture.enrolments(Programme((flow(),)), own, as_of=at("03-04 12:00")))
    assert (row["status"], row["done"], row["ended_at"]) == ("exited", 0, at("03-03 09:00"))


def test_a_flow_is_over_at_the_very_moment_of_its_exit():
    own = happened(("a", "nurture", "03-02 12:00"), ("a", "mql", "03-03 09:00"))
    ask = nurture.enrolments
    assert only(ask(Programme((flow(),)), own, as_of=at("03-03 08:59")))["status"] == "active"
    assert only(ask(Programme((flow(),)), own, as_of=at("03-03 09:00")))["status"] == "exited"


def test_a_step_is_given_up_after_its_days_and_the_next_one_comes():
    steps = [Step(f"d{d}", day=d, channels=MAIL, content="x") for d in (1, 3)]
    programme = Programme((flow(*steps),), Touch(missed_after_days=5))
    own = happened(("a", "nurture", "03-02 12:00"))
    just = only(nurture.enrolments(programme, own, as_of=at("03-08 09:59")))
    then = only(nurture.enrolments(programme, own, as_of=at("03-08 10:00")))
    assert (just["program"], just["missed"]) == ("n/d1", 0)
    assert (then["program"], then["missed"]) == ("n/d3", 1)
    counted = nurture.step_counts(programme, own, as_of=at("03-08 10:00"))
    assert list(counted["state"]) == ["missed", "pending"]
    end = nurture.counts(programme, own, as_of=at("03-10 10:00"))
    assert (end["status"][0], end["n"][0]) == ("completed", 1)


def test_the_furthest_state_decides_the_next_move():
    ladder = (
        nurture.State("potential", ("lead",), "connected", "white paper"),
        nurture.State("connected", ("connected", "replied"), "intent", "case"),
        nurture.State("intent", ("sql",), "signing", "quote"),
    )
    own = happened(
        ("a", "lead", "03-01 09:00"), ("a", "sql", "03-02 09:00"), ("a", "replied", "03-05 09:00"),
        ("b", "lead", "03-01 09:00"), ("b", "replied", "03-03 09:00"),
        ("b", "connected", "03-04 09:00"),
        ("c", "mql", "03-01 09:00"),
    )  # fmt: skip
    found = nurture.states(ladder, Programme((flow(),)), own, as_of=at("03-04 12:00"))
    assert found[["entity", "state", "since", "move"]].values.tolist() == [
        ["a", "intent", at("03-02 09:00"), "quote"],
        ["b", "connected", at("03-03 09:00"), "case"],
    ]


def test_ibis_tables_are_answered_by_their_own_engine_with_the_same_tables():
    own = happened(
        ("a", "nurture", "03-02 12:00"), ("b", "nurture", "03-01 12:00"),
        ("b", "mql", "03-03 12:00"),
        sends=[("a", "03-03 10:05", "n/d1")],
    )  # fmt: skip
    con = ibis.duckdb.connect()
    names = ("people", "signals", "sends")
    there = nurture.Tables(*(con.create_table(name, getattr(own, name)) for name in names))
    steps = [Step(f"d{d}", day=d, channels=MAIL, content="x") for d in (1, 3)]
    for ask in (nurture.enrolments, nurture.due, nurture.step_rows):
        one, other = (
            ask(Programme((flow(*steps),)), t, as_of=at("03-05 12:00")) for t in (own, there)
        )
        pd.testing.assert_frame_equal(one, other, check_dtype=False)


def test_what_cannot_be_evaluated_is_refused_all_at_once():
    with pytest.raises(ParameterError) as refused:
        Programme(
            (Flow("n", (), ()), Flow("n", flow().steps, ("mql",), after_flow="x")), Touch(per_day=0)
        )
    assert str(refused.value).splitlines() == [
        "flows must be one or more with different names, not ['n', 'n'].",
        "flow n: give one of on and after_flow.",
        "flow n: it needs an exit.",
        "flow n: steps must be one or more with different names, not [].",
        "flow n: unknown flow 'x'. Allowed: n, n",
        "per_day must be at least 1, not 0.",
    ]
    with pytest.raises(ParameterError, match="unknown column 'entity'"):
        nurture.Tables(*(pd.DataFrame({"who": [1]}) for _ in range(3)))
    own = happened(("a", "nurture", "03-02 12:00"))
    with pytest.raises(ParameterError, match="carries the zone"):
        nurture.due(Programme((flow(),)), own, as_of=at("03-03 11:00+08:00"))


def test_the_outline_tells_the_flow_in_its_order():
    steps = (Step("thanks", hours=0, within_hours=24, channels=("task",)), *flow().steps)
    programme = Programme((flow(*steps, ends_after_days=30),), Touch(send_at=time(11)))
    table = nurture.outline(programme, "n", {"n/d1": "9 sent"})
    assert table.values.tolist() == [
        ["start", "day 0", "nurture", "starts, once", ""],
        ["step", "at once, within 24 h", "thanks", "task", ""],
        ["step", "day 1", "report", "email", "9 sent"],
        ["exit", "by day 30", "ends at", "mql, unsubscribed", ""],
    ]
