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

    from playbook.nurture.settings import Flow, Programme, Step, Touch
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
        key, contact, status and end with the columns of `plan.step_table`, `due`, `deadline`,
        `done_at`, `state` and `coming` (whether it is the next of an active enrolment).
    """
    states: list[ir.Table] = []
    steps: list[ir.Table] = []
    for flows in programme.rounds():
        starts = _completions(flows, states[-1]) if states else None
        own = enrolled(flows, read, as_of, starts)
        wide = _judged(_settled(programme, flows, own, read[2], as_of), as_of)
        judged = wide.select(*KEY, "contact", "status", "why", "ended")
        states.append(ibis.union(*states[-1:], judged) if states else judged)
        steps.append(_long(programme, flows, wide, as_of))
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


def _due(start: Any, step: Step, touch: Touch) -> Any:
    """When a step of an enrolment is due."""
    if step.hours is not None:
        raw = start + step.offset_seconds
    else:
        at_clock = start - start % DAY_SECONDS + clock_seconds(touch.send_at)
        raw = ibis.greatest(at_clock + step.offset_seconds, start)
    return raw if step.is_silent else outside_quiet(raw, touch)


def _places(flows: list[Flow]) -> range:
    """The places of the steps of the longest flow."""
    return range(max(len(flow.steps) for flow in flows))


def _program(flows: list[Flow], place: int, flow: Any) -> Any:
    """How a message of the step at that place is marked; NULL where the flow has none."""
    return ibis.cases(
        *(
            (flow == own.name, own.program(own.steps[place]))
            for own in flows
            if place < len(own.steps)
        )
    )


def _settled(
    programme: Programme, flows: list[Flow], own: ir.Table, sends: ir.Table, as_of: Any
) -> ir.Table:
    """The enrolments with, for the step at each place `i`, `due_i`, `done_i` and `later_i`.

    `later` is when a step behind it was done; what did not happen is `NEVER`, and a step that the
    flow does not have is due at NULL.
    """
    places, missed = _places(flows), programme.touch.missed_after_days * DAY_SECONDS
    dues = {
        f"due_{i}": ibis.cases(
            *(
                (own.flow == flow.name, _due(own.start, flow.steps[i], programme.touch))
                for flow in flows
                if i < len(flow.steps)
            )
        )
        for i in places
    }
    timed = own.mutate(**dues)
    programs = [flow.program(step) for flow in flows for step in flow.steps]
    sent = sends.filter(sends["at"] <= as_of, sends.program.isin(programs))
    sent = sent.select(who="entity", marked="program", sent="at")
    pairs = timed.filter(timed.enters).inner_join(
        sent, [timed.entity == sent.who, sent.sent >= timed.start, sent.sent < timed.until]
    )
    first = pairs.group_by(f="flow", e="entity", s="start").aggregate(
        **{
            f"first_{i}": pairs.sent.min(
                where=(pairs.marked == _program(flows, i, pairs.flow))
                & (pairs.sent < pairs[f"due_{i}"] + missed)
            )
            for i in places
        }
    )
    same = [timed.flow == first.f, timed.entity == first.e, timed.start == first.s]
    found = timed.left_join(first, same)
    done = {f"done_{i}": ibis.coalesce(found[f"first_{i}"], NEVER) for i in places}
    found = found.select(*timed.columns, **done)
    lapse = {f"lapse_{i}": found[f"due_{i}"] + missed for i in places}
    later: dict[str, Any] = {f"later_{places[-1]}": ibis.literal(NEVER, "int64")}
    for i in reversed(places[:-1]):
        later[f"later_{i}"] = ibis.least(found[f"done_{i + 1}"], later[f"later_{i + 1}"])
    return found.mutate(**lapse, **later)


def _judged(found: ir.Table, as_of: Any) -> ir.Table:
    """What has become of each enrolment; who exits at the moment of completion has exited."""
    places = [name.removeprefix("due_") for name in found.columns if name.startswith("due_")]
    settled = {
        i: ibis.ifelse(
            found[f"due_{i}"].isnull(),
            0,
            ibis.least(found[f"done_{i}"], found[f"lapse_{i}"], found[f"later_{i}"]),
        )
        for i in places
    }
    timed = found.mutate(
        completed=ibis.greatest(0, *settled.values()),
        following=ibis.cases(*((settled[i] > as_of, int(i)) for i in places), else_=-1),
    )
    status = ibis.cases(
        (timed.enters.isnull(), UNKNOWN),
        (~timed.enters, REFUSED),
        (timed.end_at <= ibis.least(timed.completed, as_of), EXITED),
        (timed.completed <= as_of, COMPLETED),
        else_=ACTIVE,
    )
    judged = timed.mutate(status=status)
    return judged.mutate(
        why=ibis.ifelse(judged.status == EXITED, judged.why, ibis.null("string")),
        ended=ibis.cases(
            (judged.status == EXITED, judged.end_at), (judged.status == COMPLETED, judged.completed)
        ),
    )


def _long(programme: Programme, flows: list[Flow], wide: ir.Table, as_of: Any) -> ir.Table:
    """Each step with its state; what was still pending at an exit is left."""
    steps = plan.step_table(programme)
    found = wide.filter(wide.enters).inner_join(steps, wide.flow == steps.of)

    def own(kind: str) -> Any:
        return ibis.cases(*((found.place == i, found[f"{kind}_{i}"]) for i in _places(flows)))

    given = [name for name in steps.columns if name not in {"of", "within"}]
    rows = found.select(
        *KEY, "contact", "status", "ended", "following", *given,
        due=own("due"), done_at=own("done"), later=own("later"), lapse=own("lapse"),
        deadline=found.start + found.within,
    )  # fmt: skip
    until = ibis.coalesce(rows.ended, as_of)
    state = ibis.cases(
        (rows.done_at < NEVER, DONE),
        (rows.later <= ibis.least(until, rows.lapse), PASSED),
        (rows.lapse <= until, MISSED),
        (rows.status == EXITED, LEFT),
        else_=PENDING,
    )
    is_next = (rows.status == ACTIVE) & (rows.place == rows.following)
    return rows.select(
        *KEY, "contact", "status", "ended", *given, "due", "done_at", "deadline",
        state=state, coming=is_next,
    )  # fmt: skip
