"""A programme as small tables, so that one query serves all of its flows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis

from playbook.nurture.settings import DAY_SECONDS

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from playbook.nurture.settings import Flow, Programme, Step

NEVER = 2**52
"""A moment after every other, in seconds."""


def flow_table(flows: list[Flow]) -> ir.Table:
    """One row per flow: `flow`, `starts_on`, `before`."""
    rows = [
        {
            "flow": flow.name,
            "starts_on": flow.on or "",
            "before": flow.days_before * DAY_SECONDS,
        }
        for flow in flows
    ]
    return _table(rows, {"flow": "string", "starts_on": "string", "before": "int64"})


def exit_table(flows: list[Flow]) -> ir.Table:
    """One row per flow and signal that ends it: `ends`, `signal`."""
    rows = [{"ends": flow.name, "signal": name} for flow in flows for name in flow.exits]
    return _table(rows, {"ends": "string", "signal": "string"})


def step_table(programme: Programme) -> ir.Table:
    """One row per step of every flow.

    Returns:
        `of` (the flow), `place`, `program`, `silent`, `within` (a deadline,
        `NEVER` where there is none), `via` (channels, joined), `words` (content, or empty),
        `personal`, `first` (whether it is the flow's first message), `rank` (the priority).
    """
    rows = [
        _step_row(programme, flow, place, step)
        for flow in programme.flows
        for place, step in enumerate(flow.steps)
    ]
    return _table(rows, _STEP)


_STEP = {
    "of": "string", "place": "int64", "program": "string",
    "silent": "boolean", "within": "int64", "via": "string", "words": "string",
    "personal": "boolean", "first": "boolean", "rank": "int64",
}  # fmt: skip


def _step_row(programme: Programme, flow: Flow, place: int, step: Step) -> dict[str, Any]:
    messages = [other for other in flow.steps if not other.is_silent]
    within = step.within_hours
    return {
        "of": flow.name,
        "place": place,
        "program": flow.program(step),
        "silent": step.is_silent,
        "within": NEVER if within is None else round(within * 3600),
        "via": ",".join(step.channels or programme.touch.order),
        "words": step.content,
        "personal": step.personal,
        "first": bool(messages) and step == messages[0],
        "rank": flow.priority,
    }


def _table(rows: list[dict[str, Any]], types: dict[str, str]) -> ir.Table:
    import pandas as pd

    return ibis.memtable(pd.DataFrame(rows, columns=list(types)), schema=ibis.schema(types))
