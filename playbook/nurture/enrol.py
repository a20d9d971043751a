"""Who is in which flow since when, and what ended it: expressions over seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis

from playbook import conditions
from playbook.nurture import plan
from playbook.nurture.plan import NEVER
from playbook.nurture.settings import UNSUBSCRIBED

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from playbook.nurture.settings import Flow
    from playbook.nurture.tables import Read

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
    known = signals.filter(signals.known <= as_of)
    rules = plan.flow_table(flows)
    begun = _starts(rules, known) if starts is None else starts
    joined = _once(begun.filter(begun.start <= as_of).distinct(), rules).inner_join(
        people, "entity"
    )
    entry = _entry(flows, joined)
    own = joined.select("flow", "entity", "contact", "start", "restart", "lasts", enters=entry)
    return _ended(flows, own, known.filter(known["at"] <= as_of), as_of)


def _entry(flows: list[Flow], joined: ir.Table) -> ir.BooleanValue:
    cases = [
        (joined.flow == flow.name, conditions.holds(flow.when, lambda name: joined[name]))
        for flow in flows
        if flow.when is not None
    ]
    everyone = ibis.literal(value=True)
    return ibis.cases(*cases, else_=everyone) if cases else everyone


def _starts(rules: ir.Table, known: ir.Table) -> ir.Table:
    """When each signal starts a flow; what lies ahead starts it only some days before."""
    wanted = known.inner_join(rules, known.signal == rules.starts_on)
    due = ibis.greatest(wanted["at"] - wanted.before, wanted.known)
    return wanted.select("flow", "entity", start=due)


def _once(starts: ir.Table, rules: ir.Table) -> ir.Table:
    """The first start only, or each until the next."""
    every = starts.inner_join(rules.select("flow", "again", "lasts"), "flow")
    window = {"group_by": ["flow", "entity"], "order_by": "start"}
    timed = every.mutate(
        nth=ibis.row_number().over(**window), following=every.start.lead().over(**window)
    )
    kept = timed.filter(timed.again | (timed.nth == 0))
    restart = ibis.ifelse(kept.again, ibis.coalesce(kept.following, NEVER), NEVER)
    return kept.select("flow", "entity", "start", "lasts", restart=restart)


def _ended(flows: list[Flow], own: ir.Table, happened: ir.Table, as_of: Any) -> ir.Table:
    """What ended each enrolment first: a signal, a new start, or time."""
    exits = happened.inner_join(plan.exit_table(flows), "signal")
    exits = exits.select(who="entity", ends="ends", signal="signal", at="at")
    counts = (exits["at"] >= own.start) | (exits.signal == UNSUBSCRIBED)
    pairs = own.inner_join(exits, [own.entity == exits.who, own.flow == exits.ends, counts])
    pairs = pairs.select(
        "flow", "entity", "start", "signal", at=ibis.greatest(pairs["at"], pairs.start)
    )
    order = ibis.row_number().over(group_by=["flow", "entity", "start"], order_by=["at", "signal"])
    left = pairs.mutate(order=order).filter(lambda t: t.order == 0)
    left = left.select(f="flow", e="entity", s="start", exit_at="at", signal="signal")
    same = [own.flow == left.f, own.entity == left.e, own.start == left.s]
    return _first_end(own.left_join(left, same), as_of)


def _first_end(found: ir.Table, as_of: Any) -> ir.Table:
    """At one moment a signal comes before a new start, and that before time."""
    exit_at = ibis.coalesce(found.exit_at, NEVER)
    timed = found.select(
        "flow", "entity", "contact", "start", "enters", "signal", "restart",
        exit_at=exit_at, until=ibis.least(exit_at, found.restart, found.start + found.lasts),
    )  # fmt: skip
    over = timed.until <= as_of
    why = ibis.cases(
        (timed.exit_at == timed.until, timed.signal),
        (timed.restart == timed.until, RESTARTED),
        else_=TIMED_OUT,
    )
    return timed.select(
        "flow", "entity", "contact", "start", "enters", "until",
        end_at=ibis.ifelse(over, timed.until, NEVER), why=why,
    )  # fmt: skip
