"""How far each enrolment has come: steps done, passed over, missed, pending."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis

from playbook.nurture import plan
from playbook.nurture.enrol import enrolled
from playbook.nurture.plan import NEVER
from playbook.nurture.settings import DAY_SECONDS

if TYPE_CHECKING:
    from datetime import time

    import ibis.expr.types as ir

    from playbook.nurture.settings import Flow, Programme, Touch
    from playbook.nurture.tables import Read

KEY = ("flow", "entity", "start")

DONE, PASSED, MISSED, PENDING, LEFT = "done", "passed over", "missed", "pending", "left"

ACTIVE, COMPLETED, EXITED, REFUSED, UNKNOWN = (
    "active",
    "completed",
    "exited",
    "not entered",
    "entry unknown",
)


def clock_seconds(clock: time) -> int:
    """Seconds since midnight."""
    return clock.hour * 3600 + clock.minute * 60 + clock.second


def progress(programme: Programme, read: Read, as_of: Any) -> tuple[ir.Table, ir.Table]:
    """Every enrolment, and every step of those that entered.

    Returns:
        Enrolments: `flow`, `entity`, `contact`, `start`, `status`, `why`, `ended`; steps: their
        key and status with the columns of `plan.step_table`, `due`, `lapse`, `deadline`,
        `done_at` and `state`.
    """
    states: list[ir.Table] = []
    steps: list[ir.Table] = []
    for flows in programme.rounds():
        starts = _completions(flows, states[-1]) if states else None
        own = enrolled(flows, read, as_of, starts)
        settled = _settled(programme, own, read[2], as_of)
        judged = _judged(own, settled, as_of)
        states.append(ibis.union(*states[-1:], judged) if states else judged)
        steps.append(_with_state(settled, judged, as_of))
    return states[-1], ibis.union(*steps) if len(steps) > 1 else steps[0]


def _completions(flows: list[Flow], states: ir.Table) -> ir.Table:
    """Who starts which flow because another was completed."""
    done = states.filter(states.status == COMPLETED)
    parts = [
        done.filter(done.flow == flow.after_flow).select(
            "entity", flow=ibis.literal(flow.name), start="ended"
        )
        for flow in flows
    ]
    return ibis.union(*parts) if len(parts) > 1 else parts[0]


def outside_quiet(moment: Any, touch: Touch) -> Any:
    """The moment, or the next at which messages may go out."""
    opens, closes = map(clock_seconds, touch.send_hours)
    clock = moment % DAY_SECONDS
    return ibis.cases(
        (clock < opens, moment - clock + opens),
        (clock >= closes, moment - clock + DAY_SECONDS + opens),
        else_=moment,
    )


def _planned(programme: Programme, own: ir.Table) -> ir.Table:
    """One row per step of every enrolment that entered, with when it is due."""
    touch, steps = programme.touch, plan.step_table(programme)
    inside = own.filter(own.enters).inner_join(steps, own.flow == steps.of)
    at_clock = inside.start - inside.start % DAY_SECONDS + clock_seconds(touch.send_at)
    on_day = ibis.greatest(at_clock + inside.offset, inside.start)
    raw = inside.mutate(raw=ibis.ifelse(inside.by_day, on_day, inside.start + inside.offset))
    timed = raw.mutate(due=ibis.ifelse(raw.silent, raw.raw, outside_quiet(raw.raw, touch)))
    lapse = timed.due + touch.missed_after_days * DAY_SECONDS
    return timed.mutate(lapse=lapse, deadline=timed.start + timed.within).drop(
        "raw", "by_day", "offset", "of", "within", "why", "end_at", "enters"
    )


def _settled(programme: Programme, own: ir.Table, sends: ir.Table, as_of: Any) -> ir.Table:
    """The planned steps with `done_at`, `later` (when one behind it was done) and `settled`."""
    planned = _planned(programme, own)
    sent = sends.filter(sends["at"] <= as_of, sends.program.notnull())
    sent = sent.select(who="entity", marked="program", sent="at")
    pairs = planned.left_join(
        sent,
        [
            planned.entity == sent.who,
            planned.program == sent.marked,
            sent.sent >= planned.start,
            sent.sent < ibis.least(planned.lapse, planned.until),
        ],
    ).drop("who", "marked")
    keys = [name for name in pairs.columns if name != "sent"]
    done = pairs.group_by(keys).aggregate(done_at=ibis.coalesce(pairs.sent.min(), NEVER))
    later = done.done_at.min().over(
        ibis.window(group_by=KEY, order_by=ibis.desc("place"), preceding=(None, 1))
    )
    found = done.mutate(later=ibis.coalesce(later, NEVER))
    return found.mutate(settled=ibis.least(found.done_at, found.lapse, found.later))


def _judged(own: ir.Table, settled: ir.Table, as_of: Any) -> ir.Table:
    """What has become of each enrolment; who exits at the moment of completion has exited."""
    last = settled.group_by(f="flow", e="entity", s="start").aggregate(
        completed=settled.settled.max()
    )
    same = [own.flow == last.f, own.entity == last.e, own.start == last.s]
    found = own.left_join(last, same).drop("f", "e", "s")
    status = ibis.cases(
        (found.enters.isnull(), UNKNOWN),
        (~found.enters, REFUSED),
        (found.end_at <= ibis.least(found.completed, as_of), EXITED),
        (found.completed <= as_of, COMPLETED),
        else_=ACTIVE,
    )
    judged = found.mutate(status=status)
    return judged.select(
        *KEY,
        "contact",
        "status",
        why=ibis.ifelse(judged.status == EXITED, judged.why, ibis.null("string")),
        ended=ibis.cases(
            (judged.status == EXITED, judged.end_at), (judged.status == COMPLETED, judged.completed)
        ),
    )


def _with_state(settled: ir.Table, judged: ir.Table, as_of: Any) -> ir.Table:
    """Each step's state; what was still pending at an exit is left."""
    over = judged.select(f="flow", e="entity", s="start", status="status", ended="ended")
    same = [settled.flow == over.f, settled.entity == over.e, settled.start == over.s]
    found = settled.inner_join(over, same).drop("f", "e", "s")
    until = ibis.coalesce(found.ended, as_of)
    state = ibis.cases(
        (found.done_at < NEVER, DONE),
        (found.later <= ibis.least(until, found.lapse), PASSED),
        (found.lapse <= until, MISSED),
        (found.status == EXITED, LEFT),
        else_=PENDING,
    )
    return found.mutate(state=state).drop("later", "until", "settled")
