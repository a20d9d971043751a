"""The evaluator against an event-by-event replay, and as a machine that is fed at random."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from playbook import nurture
from tests.nurture.brute import CONTACTS, DAY, PROGRAMME, replay, tables

START = datetime.fromisoformat("2026-03-02 08:00")
ENTITIES = st.sampled_from(sorted(CONTACTS))
ONE = st.sampled_from(["a", "a", "a", "c"])
BEGUN = [("a", "nurture", START), ("a", "attended", START + timedelta(hours=6))]
SIGNALS = st.sampled_from(["nurture", "attended", "mql", "replied", "won", "unsubscribed"])
PROGRAMS = [flow.program(step) for flow in PROGRAMME.flows for step in flow.steps]
MOMENTS = st.integers(0, 14 * 4).map(lambda n: START + timedelta(hours=6 * n))
"""Few enough that events meet, at the same moment too."""
SLOW = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


def as_rows(found):
    columns = [
        "flow", "entity", "started_at", "status", "why", "ended_at", "done", "program", "due_at",
    ]  # fmt: skip
    rows = found[columns].astype(object)
    return rows.where(rows.notna(), None).to_dict("records")


@SLOW
@given(
    signals=st.lists(st.tuples(ONE, SIGNALS, MOMENTS), max_size=4),
    sends=st.lists(st.tuples(ONE, MOMENTS, st.sampled_from(PROGRAMS)), max_size=8),
    as_of=MOMENTS,
)
def test_the_evaluator_says_what_a_replay_event_by_event_says(signals, sends, as_of):
    signals = BEGUN + signals
    own = tables(signals, sends)
    for moment in sorted({as_of, START + 14 * DAY, *(at for *_, at in signals[2:4])}):
        found = nurture.enrolments(PROGRAMME, own, as_of=moment)
        assert as_rows(found) == replay(signals, sends, moment)


@SLOW
@given(
    signals=st.lists(st.tuples(ENTITIES, SIGNALS, MOMENTS), max_size=12),
    sends=st.lists(st.tuples(ENTITIES, MOMENTS, st.sampled_from(PROGRAMS)), max_size=8),
    rng=st.randoms(),
)
def test_neither_order_nor_repetition_of_rows_nor_the_future_changes_anything(signals, sends, rng):
    as_of = START + 15 * DAY
    mixed, sent = [*signals, *signals[:2]], [*sends]
    rng.shuffle(mixed)
    rng.shuffle(sent)
    past = [s for s in signals if s[2] <= as_of], [s for s in sends if s[1] <= as_of]
    for ask in (nurture.enrolments, nurture.due):
        full = ask(PROGRAMME, tables(mixed, sent), as_of=as_of)
        pd.testing.assert_frame_equal(full, ask(PROGRAMME, tables(*past), as_of=as_of))


class Sender(RuleBasedStateMachine):
    """A company that sends whatever is due, while anything may happen to its leads."""

    @initialize()
    def begin(self):
        self.now = START
        self.signals, self.sends, self.seen = [], [], []
        self.keys = Counter()

    @rule(entity=ENTITIES, name=SIGNALS)
    def something_happens(self, entity, name):
        self.now += timedelta(minutes=7)
        self.signals.append((entity, name, self.now))

    @rule(entity=ENTITIES)
    def two_begin_at_once(self, entity):
        self.now += timedelta(minutes=7)
        self.signals += [(entity, "nurture", self.now), (entity, "attended", self.now)]

    @rule(entity=ENTITIES)
    def another_team_writes(self, entity):
        self.now += timedelta(minutes=7)
        self.sends.append((entity, self.now, None))

    @rule(hours=st.sampled_from([1, 5, 11, 24, 24, 26, 60]))
    def time_passes_and_all_that_is_due_is_sent(self, hours):
        self.now += timedelta(hours=hours)
        own = tables(self.signals, self.sends)
        due = nurture.due(PROGRAMME, own, as_of=self.now)
        for row in due[due["action"] == "due"].itertuples():
            self.send(row)
        self.now += timedelta(minutes=1)
        self.seen.append((self.now, len(self.signals), len(self.sends)))

    def send(self, row):
        key = (row.flow, row.entity, row.started_at, row.program)
        self.keys[key] += 1
        assert self.keys[key] == 1, f"{key} twice"
        assert row.due_at <= self.now
        flow = PROGRAMME.flow(row.flow)
        for entity, name, at in self.signals:
            if entity == row.entity and name in flow.exits:
                assert at < row.started_at, "a step after the exit"
                assert name != "unsubscribed", "a message to who has left"
        self.sends.append((row.entity, self.now, row.program))
        if row.channel == "email":
            self.within_caps(CONTACTS[row.entity])

    def within_caps(self, contact):
        """The caps hold for what the programme sends, whatever others have sent before."""
        touch = PROGRAMME.touch
        days = [
            at.date()
            for entity, at, program in self.sends
            if CONTACTS[entity] == contact and program != "event/call"
        ]
        today = self.now.date()
        assert days.count(today) <= touch.per_day
        assert sum((today - day).days < 7 for day in days) <= touch.per_week
        assert touch.send_hours[0] <= self.now.time() < touch.send_hours[1]

    @invariant()
    def a_look_back_sees_what_was_seen_then(self):
        if not self.seen or len(self.seen) % 4:
            return
        then, signals, sends = self.seen[len(self.seen) // 2]
        full = tables(self.signals, self.sends)
        past = tables(self.signals[:signals], self.sends[:sends])
        for ask in (nurture.enrolments, nurture.due):
            pd.testing.assert_frame_equal(
                ask(PROGRAMME, full, as_of=then), ask(PROGRAMME, past, as_of=then)
            )


TestSender = Sender.TestCase
TestSender.settings = settings(
    max_examples=10,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)


def test_the_machine_sends_something_at_all():
    """Else every promise of the machine would be kept by silence."""
    own = tables([("a", "nurture", START), ("a", "attended", START)], [])
    due = nurture.due(PROGRAMME, own, as_of=START + 1.25 * DAY)
    assert list(zip(due["program"], due["action"], strict=True)) == [
        ("event/thanks", "due"),
        ("n137/d1", "blocked"),
    ]
