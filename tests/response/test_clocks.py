"""What each lead is owed, when it was done, and what starts a clock anew."""

from __future__ import annotations

from datetime import datetime, timedelta

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playbook import response
from playbook.conditions import parse
from playbook.data.rules import Rules
from playbook.data.sample import story
from playbook.errors import ParameterError
from playbook.response import Sla, Step

MONDAY = datetime.fromisoformat("2026-10-12T01:00")  # nine in Shanghai
HIGH = parse({"field": "lead.intent_level", "op": "eq", "value": "high"}, "")


def at(hours):
    return MONDAY + timedelta(hours=hours)


def frame(columns, rows):
    table = pd.DataFrame(rows, columns=columns)
    for name in columns:
        if name.endswith("_at") or name == "at":
            table[name] = pd.to_datetime(table[name]).astype("datetime64[us]")
        elif name == "is_automatic":
            table[name] = table[name].astype("boolean")
        else:
            table[name] = table[name].astype("str")
    return table


def leads_of(*rows):
    return frame(["lead_id", "created_at", "assigned_at", "lead.intent_level"], rows)


def done(*rows):
    """Activities: lead, hours since Monday, staff, method, whether a system did it."""
    numbered = [
        [lead, f"V{i:03}", at(hours), by, method, None, automatic]
        for i, (lead, hours, by, method, automatic) in enumerate(rows)
    ]
    names = ["lead_id", "activity_id", "activity_at", "staff_id", "method", "outcome"]
    return frame([*names, "is_automatic"], numbered)


def sent(*rows):
    """Touches: lead, hours since Monday, type, direction."""
    numbered = [[lead, f"T{i}", at(h), kind, way] for i, (lead, h, kind, way) in enumerate(rows)]
    return frame(["lead_id", "touch_id", "touched_at", "touch_type", "direction"], numbered)


def run(leads, acts, *steps, as_of=48, **settings_):
    reopened = settings_.pop("reopened", None)
    sla = Sla(steps=steps or (Step(name="response", hours=24),), **settings_)
    found = response.clocks(leads, acts, sla, as_of=at(as_of), reopened=reopened)
    return found.to_pandas().set_index(["lead_id", "clock", "step"]).sort_index()


ONE = leads_of(("L", MONDAY, None, "normal"))


def test_what_a_system_sends_is_no_answer():
    acts = response.actions(
        done(("L", 0.1, "S1", "email", True), ("L", 3, "S2", "call", None)),
        sent(("L", 0.05, "thank_you", "out")),
    )
    row = run(ONE, acts).loc[("L", 1, "response")]
    assert (row["done_at"], row["done_by"], row["hours"], row["state"]) == (at(3), "S2", 3, "met")


def test_what_the_customer_does_is_no_step_of_ours():
    acts = response.actions(done(), sent(("L", 1, "wecom_add", "in"), ("L", 2, "wecom_add", "out")))
    steps = (
        Step(name="response", hours=24),
        Step(name="WeCom", hours=2, done_by=("wecom_add",), automatic=True),
    )
    row = run(ONE, acts, *steps).loc[("L", 1, "WeCom")]
    assert (row["done_at"], row["state"]) == (at(2), "met")


@pytest.mark.parametrize(
    ("answered", "as_of", "state"),
    [
        (24, 48, "met"),
        (24.001, 48, "late"),
        (None, 24, "pending"),
        (None, 24.001, "overdue"),
        (30, 20, "pending"),
        (30, 29, "overdue"),
    ],
)
def test_pending_is_not_breached_and_what_comes_later_is_not_known(answered, as_of, state):
    acts = response.actions(done(*([("L", answered, "S", "call", False)] if answered else [])))
    row = run(ONE, acts, as_of=as_of).loc[("L", 1, "response")]
    assert row["state"] == state
    assert row["due_at"] == at(24)
    assert pd.isna(row["hours"]) == (state in {"pending", "overdue"})


def test_the_strictest_promise_that_applies_counts():
    """A call within a day is due within two hours where the lead is of high intent."""
    leads = leads_of(("H", MONDAY, None, "high"), ("N", MONDAY, None, "normal"))
    steps = (
        Step(name="response", hours=24),
        Step(name="response", hours=2, when=HIGH),
        Step(name="call", hours=24, done_by=("call",)),
        Step(name="e-mail", hours=8, done_by=("email",), automatic=True),
    )
    limits = run(leads, response.actions(done()), *steps)["limit_hours"].to_dict()
    assert limits == {
        ("H", 1, "response"): 2, ("H", 1, "call"): 2, ("H", 1, "e-mail"): 8,
        ("N", 1, "response"): 24, ("N", 1, "call"): 24, ("N", 1, "e-mail"): 8,
    }  # fmt: skip


def test_a_step_is_not_owed_where_its_condition_fails_or_cannot_be_told():
    leads = leads_of(("H", MONDAY, None, "high"), ("X", MONDAY, None, None))
    leads["lead.intent_level"] = leads["lead.intent_level"].where(leads["lead_id"] == "H", None)
    steps = (Step(name="response", hours=24), Step(name="call", hours=1, when=HIGH))
    found = run(leads, response.actions(done()), *steps)
    assert set(found.index) == {("H", 1, "response"), ("H", 1, "call"), ("X", 1, "response")}


def test_the_clock_can_start_at_assignment():
    leads = leads_of(("A", MONDAY, at(20), "normal"), ("N", MONDAY, None, "normal"))
    acts = response.actions(done(("A", 30, "S", "call", 0), ("N", 30, "S", "call", 0)))
    found = run(leads, acts, start="assigned")
    assert found["hours"].to_dict() == {("A", 1, "response"): 10, ("N", 1, "response"): 30}
    assert run(leads, acts)["hours"].tolist() == [30, 30]


def test_an_answer_before_assignment_took_no_time():
    leads = leads_of(("A", MONDAY, at(20), "normal"))
    found = run(leads, response.actions(done(("A", 5, "S", "call", 0))), start="assigned")
    row = found.iloc[0]
    assert (row["hours"], row["state"]) == (0, "met")


def test_a_second_capture_after_an_answer_starts_a_new_clock():
    reopened = frame(["lead_id", "at"], [["L", MONDAY], ["L", at(30)]])
    acts = response.actions(done(("L", 3, "S", "call", 0), ("L", 40, "S", "call", 0)))
    found = run(ONE, acts, reopened=reopened)
    assert found["hours"].to_dict() == {("L", 1, "response"): 3, ("L", 2, "response"): 10}
    assert found["opened_at"].tolist() == [MONDAY, at(30)]


def test_a_second_capture_before_any_answer_lets_the_clock_run_on():
    reopened = frame(["lead_id", "at"], [["L", at(10)]])
    acts = response.actions(done(("L", 5, "S", "email", 1), ("L", 40, "S", "call", 0)))
    found = run(ONE, acts, reopened=reopened)
    assert found["hours"].to_dict() == {("L", 1, "response"): 40}


def test_what_the_first_clock_left_undone_is_owed_by_the_second():
    steps = (Step(name="response", hours=24), Step(name="call", hours=2, done_by=("call",)))
    reopened = frame(["lead_id", "at"], [["L", at(30)]])
    acts = response.actions(done(("L", 1, "S", "email", 0)))
    found = run(ONE, acts, *steps, reopened=reopened)
    assert found["state"].to_dict() == {
        ("L", 1, "response"): "met", ("L", 2, "response"): "pending", ("L", 2, "call"): "overdue",
    }  # fmt: skip


def test_openings_are_captures_and_returns_to_new_of_the_lead_that_counts():
    captures = frame(["lead_id", "created_at"], [["L", MONDAY], ["M", at(9)]])
    stages = frame(
        ["lead_id", "stage", "entered_at"],
        [["L", "lead", MONDAY], ["L", "mql", at(2)], ["M", "lead", at(20)]],
    )
    alias = frame(["lead_id", "kept_id"], [["L", "L"], ["M", "L"]])
    found = response.openings(captures, stages, alias=alias).to_pandas()
    assert sorted(found["at"]) == [MONDAY, at(9), at(20)]
    assert set(found["lead_id"]) == {"L"}


def clocks_by_hand(captured, openings, answers):
    """The starts of a lead's clocks: an opening counts once the running clock was answered."""
    starts = [captured]
    for opening in sorted({o for o in openings if o > captured}):
        if any(starts[-1] <= answer < opening for answer in answers):
            starts.append(opening)
    return starts


hours_list = st.lists(st.integers(0, 40), max_size=6)


@settings(max_examples=10)
@given(cases=st.lists(st.tuples(hours_list, hours_list), min_size=25, max_size=25))
def test_clocks_start_as_a_walk_through_each_lead_says(cases):
    ids = [f"L{i:02}" for i in range(len(cases))]
    leads = leads_of(*((name, at(5), None, "normal") for name in ids))
    pairs = list(zip(ids, cases, strict=True))
    reopened = frame(["lead_id", "at"], [[n, at(h)] for n, (opened, _) in pairs for h in opened])
    rows = [(n, h, "S", "call", 0) for n, (_, answers) in pairs for h in answers]
    found = run(leads, response.actions(done(*rows)), reopened=reopened).reset_index()
    for name, (opened, answers) in pairs:
        starts = clocks_by_hand(5, opened, answers)
        mine = found[found["lead_id"] == name].sort_values("clock")
        assert mine["clock"].tolist() == list(range(1, len(mine) + 1))
        owed = list(zip(starts, [*starts[1:], None], strict=True))
        expected = []
        for start, end in owed:
            inside = [a for a in answers if a >= start and (end is None or a < end)]
            expected.append((at(start), min(inside) - start if inside else None))
        shown = mine["hours"].astype(object).where(mine["hours"].notna(), None)
        assert list(zip(mine["started_at"], shown, strict=True)) == expected


def tried(*outcomes):
    """Attempts of one lead, an hour apart; `auto` is a system's."""
    rows = [
        ["L", f"V{i}", at(i), "S", "call", None if o == "auto" else o, o == "auto"]
        for i, o in enumerate(outcomes)
    ]
    names = ["lead_id", "activity_id", "activity_at", "staff_id", "method", "outcome"]
    return response.actions(frame([*names, "is_automatic"], rows))


def pool_due(acts, touches=3, **facts):
    ends = dict.fromkeys(["nurture_at", "invalid_at", "sql_at", "opportunity_at", "won_at"])
    row = {"lead_id": "L", "status": "working", **ends, **facts}
    return response.to_pool(frame(list(row), [list(row.values())]), acts, touches=touches)


def test_three_attempts_in_vain_are_due_for_the_pool_from_the_third_on():
    (row,) = pool_due(
        tried("no_answer", "auto", "wrong_contact", "none", "no_answer", "no_answer")
    ).to_dict("records")
    assert (row["attempts"], row["due_at"], row["last_attempt_at"]) == (4, at(4), at(5))


@pytest.mark.parametrize(
    ("outcomes", "facts"),
    [
        (["no_answer"] * 2, {}),
        (["no_answer"] * 3 + ["refused"], {}),
        (["no_answer"] * 2 + ["auto"], {}),
        (["no_answer"] * 3, {"nurture_at": MONDAY}),
        (["no_answer"] * 3, {"sql_at": MONDAY}),
        (["no_answer"] * 3, {"status": "invalid"}),
    ],
)
def test_who_was_reached_or_is_settled_or_tried_too_seldom_is_not_due(outcomes, facts):
    assert pool_due(tried(*outcomes), **facts).empty


def test_the_number_of_attempts_is_the_rules(tables):
    several = [len(response.to_pool(*tables, touches=n)) for n in (2, 3, 4)]
    assert several == sorted(several, reverse=True)
    assert several[0] > several[-1]
    with pytest.raises(ParameterError, match="touches must be at least 1, not 0"):
        response.to_pool(*tables, touches=0)


# On the sample


@pytest.fixture(scope="module")
def tables(book):
    leads = book.table("lead_journey").join(book.table("lead_facts"), "lead_id")
    alias = book.table("lead_alias")
    acts = response.actions(book.table("activity"), book.table("touch"), alias=alias)
    return leads, acts


def sla_of(book, **changes):
    return response.sla_of(
        Rules().sla.model_copy(update=changes), book.workdays, book.rules.company.report_zone
    )


@pytest.fixture(scope="module")
def sample(book, tables):
    keep = ["owner_id", "team", "channel"]
    found = response.clocks(*tables, sla_of(book), as_of=book.as_of, keep=keep)
    return found.to_pandas()


def test_the_answer_is_judged_as_in_the_lead_journey(book, sample):
    """Two ways to the same states: SQL over the journey, and the steps."""
    mine = sample[sample["step"] == "response"].set_index("lead_id").sort_index()
    journey = book.sql("SELECT * FROM lead_journey ORDER BY lead_id").set_index("lead_id")
    state = mine["state"].map({"met": True, "late": False, "overdue": False})
    assert mine.index.equals(journey.index)
    assert state.astype("boolean").equals(journey["response_met"].astype("boolean"))
    assert mine["done_by"].fillna("").tolist() == journey["first_response_by"].fillna("").tolist()
    answered = mine["hours"].notna()
    assert mine["hours"][answered].to_numpy() == pytest.approx(
        journey["response_hours"][answered].to_numpy()
    )


def test_the_breaker_of_the_sla_is_found(sample):
    """贺铭 lets three of four leads wait beyond a day; his team mates do not."""
    by = response.summary(response.only(sample, "response"), by=["team", "owner_id"])
    theirs = by[by["team"] == "销售C组"].set_index("owner_id")
    assert theirs["rate"].idxmin() == story.SLA_BREAKER
    mates = theirs.drop(story.SLA_BREAKER)
    assert theirs.loc[story.SLA_BREAKER, "high"] < mates["low"].min()
    mine = sample[(sample["step"] == "response") & (sample["owner_id"] == story.SLA_BREAKER)]
    slow = (mine["waited_hours"] > story.SLOW_HOURS).mean()
    assert slow == pytest.approx(story.BREAKER_SHARE, abs=0.06)


def test_a_summary_counts_what_a_plain_count_counts(sample):
    by = response.summary(sample, by="team").set_index(["step", "team"])
    for (step, team), part in sample.groupby(["step", "team"]):
        row, states = by.loc[(step, team)], part["state"].value_counts()
        due = len(part) - states.get("pending", 0)
        assert (row["owed"], row["due"]) == (len(part), due)
        assert row["rate"] == pytest.approx(states.get("met", 0) / due)
        assert row["median_hours"] == pytest.approx(part["hours"].median())
        assert row["p90_hours"] == pytest.approx(part["hours"].quantile(0.9))
        assert row["low"] <= row["rate"] <= row["high"]
        assert row["low"] < row["high"]


def test_website_leads_owe_three_steps_more(book, sample):
    """B2-R2: e-mail at once, WeCom within two hours, a call within a day."""
    steps = sample.groupby("step")["lead_id"].nunique()
    captured = "('form', 'inquiry', 'download')"
    website = book.sql(f"SELECT count(*) AS n FROM lead_journey WHERE capture_type IN {captured}")[
        "n"
    ][0]
    assert steps.drop("response").to_dict() == dict.fromkeys(
        ["SDR call", "WeCom", "e-mail"], website
    )
    limits = sample.groupby("step")["limit_hours"].agg(set).to_dict()
    assert limits == {
        "response": {2.0, 24.0}, "SDR call": {2.0, 24.0}, "WeCom": {2.0}, "e-mail": {0.25},
    }  # fmt: skip


def test_untouched_leads_are_those_without_an_action_of_a_person(book, tables):
    found = response.untouched(*tables, as_of=book.as_of, keep=["owner"])
    expected = book.sql(
        """SELECT l.lead_id FROM lead_journey l WHERE NOT EXISTS (
            SELECT 1 FROM clean.activity v JOIN lead_alias a USING (lead_id)
            WHERE a.kept_id = l.lead_id AND NOT coalesce(v.is_automatic, false))
        ORDER BY l.created_at, l.lead_id"""
    )
    assert found["lead_id"].tolist() == expected["lead_id"].tolist()
    assert found["automatic"].gt(0).any()
    assert found["days"].is_monotonic_decreasing


def test_breaches_come_longest_due_first(sample):
    found = response.breaches(sample, states=("overdue",))
    assert len(found) == (sample["state"] == "overdue").sum() > 0
    assert found["due_at"].is_monotonic_increasing


# Refusals


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ([], "the SLA needs a step named 'response': the answer that every lead is owed."),
        (
            [Step(name="response", hours=-1)],
            "hours of step 'response' must be above 0, not -1.",
        ),
        (
            [Step(name="response", hours=1, automatic=True)],
            "step 'response' is any answer by a person: no automatic, no done_by.",
        ),
        (
            [
                Step(name="response", hours=1),
                Step(name="a", hours=1, done_by=("call",)),
                Step(name="a", hours=2, done_by=("email",)),
            ],
            "steps named 'a' differ in done_by or automatic; they are one step.",
        ),
    ],
)
def test_a_promise_that_cannot_be_meant_is_refused(steps, message):
    with pytest.raises(ParameterError) as refused:
        Sla(steps=tuple(steps))
    assert str(refused.value) == message


def test_a_missing_column_is_named():
    with pytest.raises(ParameterError) as refused:
        run(ONE.drop(columns="created_at"), response.actions(done()))
    assert "unknown column of leads 'created_at'" in str(refused.value)


def test_an_unknown_step_is_refused_with_those_there_are(sample):
    with pytest.raises(ParameterError, match="unknown step 'respnse'; did you mean 'response'"):
        response.only(sample, "respnse")
