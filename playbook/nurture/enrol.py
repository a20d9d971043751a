"""Who is in which flow since when, and what ended it: expressions over seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis

from playbook import conditions
from playbook.nurture import plan
from playbook.nurture.plan import NEVER
from playbook.nurture.settings import DAY_SECONDS, UNSUBSCRIBED

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from playbook.nurture.settings import Flow
    from playbook.nurture.tables import Read

DIGITS, AHEAD = 12, 10**11
"""Seconds since 1970 plus `AHEAD` have so many digits, and sort as texts do."""

RESTARTED, TIMED_OUT = "restarted", "time is up"


def enrolled(flows: list[Flow], read: Read, as_of: Any, starts: ir.Table | None) -> ir.Table:
    """One row per enrolment in `flows` that has begun by `as_of`.

    Args:
        flows: Flows that signals start, or that the same completions start.
        read: People, signals and sends.
        as_of: What is known up to here.
        starts: `flow`, `entity` and `start` where completed flows start these; None where
            signals do.

    Returns:
        `flow`, `entity`, `contact`, `start`, `enters` (NULL where the condition cannot say),
        `end_at` and `why` (NULL while nothing has ended it), `until` (when it ends at the
        latest).
    """
    people, signals, _ = read
    wanted = {*(str(flow.on) for flow in flows), *(end for flow in flows for end in flow.exits)}
    known = signals.filter(signals.known <= as_of, signals.signal.isin(sorted(wanted)))
    begun = _starts(flows, known) if starts is None else starts
    once = _once(flows, begun.filter(begun.start <= as_of))
    joined = once.inner_join(people, "entity")
    entry = _entry(flows, joined)
    own = joined.select("flow", "entity", "contact", "start", "restart", enters=entry)
    return _first_end(flows, _exits(flows, own, known.filter(known["at"] <= as_of)), as_of)


def _entry(flows: list[Flow], joined: ir.Table) -> ir.BooleanValue:
    cases = [
        (joined.flow == flow.name, conditions.holds(flow.when, lambda name: joined[name]))
        for flow in flows
        if flow.when is not None
    ]
    everyone = ibis.literal(value=True)
    return ibis.cases(*cases, else_=everyone) if cases else everyone


def _starts(flows: list[Flow], known: ir.Table) -> ir.Table:
    """When each signal starts a flow; what lies ahead starts it only some days before."""
    rules = plan.flow_table(flows)
    wanted = known.filter(known.signal.isin(sorted({str(flow.on) for flow in flows})))
    wanted = wanted.inner_join(rules, wanted.signal == rules.starts_on)
    due = ibis.greatest(wanted["at"] - wanted.before, wanted.known)
    return wanted.select("flow", "entity", start=due)


def _once(flows: list[Flow], starts: ir.Table) -> ir.Table:
    """The first start only, or each until the next."""
    parts = []
    if single := [flow.name for flow in flows if not flow.again]:
        first = starts.filter(starts.flow.isin(single)).group_by("flow", "entity")
        first = first.aggregate(start=starts.start.min())
        parts.append(first.mutate(restart=ibis.literal(NEVER, "int64")))
    if again := [flow.name for flow in flows if flow.again]:
        every = starts.filter(starts.flow.isin(again)).distinct()
        following = every.start.lead().over(group_by=["flow", "entity"], order_by="start")
        parts.append(every.mutate(restart=ibis.coalesce(following, NEVER)))
    return ibis.union(*parts) if parts[1:] else parts[0]


def _exits(flows: list[Flow], own: ir.Table, happened: ir.Table) -> ir.Table:
    """With the first signal that ended each enrolment as `exit`: the moment, then the signal."""
    ends = happened.filter(happened.signal.isin(sorted({e for f in flows for e in f.exits})))
    exits = ends.inner_join(plan.exit_table(flows), "signal")
    exits = exits.select(who="entity", ends="ends", signal="signal", at="at")
    counts = (exits["at"] >= own.start) | (exits.signal == UNSUBSCRIBED)
    pairs = own.left_join(exits, [own.entity == exits.who, own.flow == exits.ends, counts])
    moment = ibis.greatest(pairs["at"], pairs.start) + AHEAD
    keys = ["flow", "entity", "contact", "start", "restart", "enters"]
    return pairs.group_by(keys).aggregate(
        exit=(moment.cast("string") + pairs.signal).min(where=pairs.signal.notnull())
    )


def _first_end(flows: list[Flow], found: ir.Table, as_of: Any) -> ir.Table:
    """At one moment a signal comes before a new start, and that before time."""
    lasts = {f.name: f.ends_after_days for f in flows if f.ends_after_days is not None}
    over = [(found.flow == name, found.start + days * DAY_SECONDS) for name, days in lasts.items()]
    exit_at = ibis.coalesce(found.exit.left(DIGITS).cast("int64") - AHEAD, NEVER)
    timed = found.mutate(
        signal=found.exit.substr(DIGITS),
        exit_at=exit_at,
        until=ibis.least(
            exit_at, found.restart, *([ibis.cases(*over, else_=NEVER)] if over else [])
        ),
    )
    why = ibis.cases(
        (timed.exit_at == timed.until, timed.signal),
        (timed.restart == timed.until, RESTARTED),
        else_=TIMED_OUT,
    )
    return timed.select(
        "flow", "entity", "contact", "start", "enters", "until",
        end_at=ibis.ifelse(timed.until <= as_of, timed.until, NEVER), why=why,
    )  # fmt: skip
