"""A programme replayed event by event in plain Python: what the evaluator is held against."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pandas as pd

from playbook import nurture

DAY = timedelta(days=1)

PROGRAMME = nurture.Programme(
    flows=(
        nurture.Flow(
            name="n137",
            steps=(
                nurture.Step("d1", day=1, channels=("email",), content="report"),
                nurture.Step("d3", day=3, channels=("email",), content="salon"),
                nurture.Step("d7", day=7, channels=("email",), content="case"),
            ),
            exits=("mql", "replied", "unsubscribed"),
            on="nurture",
            priority=2,
            ends_after_days=12,
        ),
        nurture.Flow(
            name="event",
            steps=(
                nurture.Step("thanks", hours=2, within_hours=24, channels=("email",), content="x"),
                nurture.Step("call", hours=30, within_hours=48, channels=("call",)),
                nurture.Step("d7", day=7, channels=("email",), content="case"),
            ),
            exits=("won", "unsubscribed"),
            on="attended",
            again=True,
            priority=1,
        ),
    ),
    touch=nurture.Touch(per_day=1, per_week=2, missed_after_days=4),
)
CONTACTS = {"a": "p", "b": "p", "c": "q"}
"""Two leads of one person, and one of another."""


def frame(rows, columns):
    """A table with moments as moments, also where it is empty."""
    table = pd.DataFrame(rows, columns=columns)
    types = {name: "datetime64[us]" if name == "at" else "string" for name in columns}
    return table.astype(types)


def tables(signals, sends):
    return nurture.Tables(
        people=pd.DataFrame(CONTACTS.items(), columns=["entity", "contact"]),
        signals=frame(signals, ["entity", "signal", "at"]),
        sends=frame(sends, ["entity", "at", "program"]),
    )


def due_at(start, step, touch):
    """When a step is due, quiet hours included."""
    if step.hours is not None:
        due = start + timedelta(hours=step.hours)
    else:
        due = max(datetime.combine((start + step.day * DAY).date(), touch.send_at), start)
    opens, closes = touch.send_hours
    if step.channels == ("call",) or opens <= due.time() < closes:
        return due
    return datetime.combine((due + (due.time() >= closes) * DAY).date(), opens)


@dataclass
class Course:
    """One enrolment while it is replayed."""

    flow: nurture.Flow
    entity: str
    start: datetime
    status: str = "active"
    why: str | None = None
    ended: datetime | None = None
    closed: bool = False
    done: dict[str, datetime] = field(default_factory=dict)
    settled: set[str] = field(default_factory=set)

    def lapse(self, step):
        touch = PROGRAMME.touch
        return due_at(self.start, step, touch) + touch.missed_after_days * DAY

    def close(self, why, at):
        if not self.closed and self.status == "active":
            self.status, self.why, self.ended = "exited", why, at
        self.closed = True

    def moments(self):
        yield from map(self.lapse, self.flow.steps)
        if self.flow.ends_after_days:
            yield self.start + self.flow.ends_after_days * DAY

    def tick(self, at, signals, sent, restarted):
        ends = sorted(s for s in signals if s in self.flow.exits)
        limit = self.flow.ends_after_days
        if ends:
            self.close(ends[0], at)
        elif restarted:
            self.close("restarted", at)
        elif limit and at == self.start + limit * DAY:
            self.close("time is up", at)
        if self.closed:
            return
        for place, step in enumerate(self.flow.steps):
            if at >= self.lapse(step):
                self.settled.add(step.name)
            elif self.flow.program(step) in sent and step.name not in self.done:
                self.done[step.name] = at
                self.settled |= {earlier.name for earlier in self.flow.steps[: place + 1]}
        if len(self.settled) == len(self.flow.steps) and self.status == "active":
            self.status, self.ended = "completed", at

    def row(self):
        left = [s for s in self.flow.steps if s.name not in self.settled]
        step = left[0] if self.status == "active" else None
        due = due_at(self.start, step, PROGRAMME.touch) if step else None
        return {
            "flow": self.flow.name, "entity": self.entity, "started_at": self.start,
            "status": self.status, "why": self.why, "ended_at": self.ended,
            "done": len(self.done),
            "program": self.flow.program(step) if step else None, "due_at": due,
        }  # fmt: skip


def replay(signals, sends, as_of):
    """Every enrolment as of a moment, one dictionary each, in the evaluator's order."""
    rows = []
    for flow in PROGRAMME.flows:
        for entity in CONTACTS:
            rows += [c.row() for c in _courses(flow, entity, signals, sends, as_of)]
    return sorted(rows, key=lambda r: (r["flow"], r["started_at"], r["entity"]))


def _courses(flow, entity, signals, sends, as_of):
    mine = [(at, name) for who, name, at in signals if who == entity and at <= as_of]
    sent = [(at, program) for who, at, program in sends if who == entity and at <= as_of]
    times = {at for at, _ in mine + sent}
    courses: list[Course] = []
    while times:
        at = min(times)
        times.discard(at)
        now = {name for when, name in mine if when == at}
        starts = flow.on in now and (flow.again or not courses)
        gone = any(name == "unsubscribed" and when <= at for when, name in mine)
        if starts:
            courses.append(Course(flow, entity, at))
            times |= {t for t in courses[-1].moments() if at < t <= as_of}
        for course in courses:
            old = starts and course is not courses[-1]
            programs = {program for when, program in sent if when == at}
            is_new = starts and not old
            course.tick(at, now | ({"unsubscribed"} if is_new and gone else set()), programs, old)
    return courses
