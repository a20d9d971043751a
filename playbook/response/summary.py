"""How many steps were in time, how long they took, and which leads nobody has touched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook.errors import ParameterError
from playbook.format import div
from playbook.intervals import wilson
from playbook.response.actions import table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    import pandas as pd

    from playbook.response.actions import Rows

COUNTS = ("met", "late", "overdue", "pending")


def summary(
    clocks: Rows, *, by: str | Sequence[str] = (), confidence: float = 0.95
) -> pd.DataFrame:
    """How well each step is kept, overall or by person, team, channel, hour or weekday.

    Args:
        clocks: What `clocks` returns.
        by: Columns to break down by; none gives one row per step.
        confidence: Coverage of the interval.

    Returns:
        One row per step (and values of `by`, those without a value last): `step`, *by, `owed`
        (all of them), `met`, `late`, `overdue`, `pending`, `due` (met, late or overdue: pending
        is no breach), `rate` (met of due), `low`, `high` (Wilson), `answered` (done),
        `median_hours`, `p90_hours` (of the done ones alone: read them beside `overdue`).

    Raises:
        ParameterError: A column is missing.
    """
    names = [by] if isinstance(by, str) else list(by)
    rows = table(clocks, "clocks", ("step", "state", "hours", *names))
    grouped = rows.group_by("step", *names).aggregate(
        owed=rows.count(),
        **{state: rows.count(where=rows.state == state) for state in COUNTS},
        answered=rows.hours.count(),
        median_hours=rows.hours.quantile(0.5),
        p90_hours=rows.hours.quantile(0.9),
    )
    found = grouped.to_pandas().sort_values(["step", *names], ignore_index=True)
    return _with_rates(found, names, confidence)


def _with_rates(found: pd.DataFrame, names: list[str], confidence: float) -> pd.DataFrame:
    due = found["met"] + found["late"] + found["overdue"]
    low, high = wilson(found["met"], due, confidence)
    found = found.assign(due=due, rate=div(found["met"], due), low=low, high=high)
    columns = ["step", *names, "owed", *COUNTS, "due", "rate", "low", "high"]
    return found[[*columns, "answered", "median_hours", "p90_hours"]]


def breaches(clocks: Rows, *, states: Sequence[str] = ("overdue",)) -> pd.DataFrame:
    """The steps to act on, the longest due first.

    Args:
        clocks: What `clocks` returns.
        states: `overdue`; `pending` for what falls due next; `late` for what was done too late.

    Returns:
        The rows of `clocks` in one of the states, by `due_at`, then lead and step.
    """
    rows = table(clocks, "clocks", ("state", "due_at", "lead_id", "step"))
    chosen = rows.filter(rows.state.isin(list(states)))
    found: pd.DataFrame = chosen.order_by(["due_at", "lead_id", "clock", "step"]).to_pandas()
    return found


def untouched(
    leads: Rows, actions: Rows, *, as_of: datetime, keep: Sequence[str] = ()
) -> pd.DataFrame:
    """Leads that no person has done anything for, whoever was written to by a system.

    Args:
        leads: `lead_id`, `created_at` and the columns of `keep`.
        actions: What `actions` returns.
        as_of: Naive UTC; what happened later is not known.
        keep: Columns of `leads` to carry along.

    Returns:
        `lead_id`, those of `keep`, `created_at`, `days` (since capture, with fractions) and
        `automatic` (how often a system wrote); the longest waiting first.

    Raises:
        ParameterError: A column is missing.
    """
    import ibis

    known = table(leads, "leads", ("lead_id", "created_at", *keep))
    moment = ibis.literal(as_of, "timestamp")
    known = known.filter(known.created_at <= moment)
    acts = table(actions, "actions", ("lead_id", "at", "automatic"))
    acts = acts.filter(acts["at"] <= moment)
    alone = known.anti_join(acts.filter(~acts.automatic), "lead_id")
    sent = acts.filter(acts.automatic).group_by("lead_id").aggregate(sent=lambda t: t.count())
    sent = sent.rename(_lead="lead_id")
    joined = alone.left_join(sent, alone.lead_id == sent["_lead"])
    waited = joined.created_at.epoch_seconds()
    chosen = joined.select(
        *dict.fromkeys(["lead_id", *keep, "created_at"]),
        days=(moment.epoch_seconds() - waited).cast("float64") / 86_400,
        automatic=joined.sent.fill_null(0).cast("int64"),
    )
    found: pd.DataFrame = chosen.order_by(["created_at", "lead_id"]).to_pandas()
    return found


def check_confidence(confidence: Any) -> None:
    """Refuse a coverage that is none.

    Raises:
        ParameterError: It does not lie between 0 and 1.
    """
    if not 0 < confidence < 1:
        raise ParameterError(f"confidence must lie between 0 and 1, not {confidence!r}.")
