"""The touch rule (P02-R3): so many attempts without contact, then the nurture pool."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.errors import ParameterError
from playbook.response.actions import MISSED, REACHED, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis.expr.types as ir
    import pandas as pd

    from playbook.response.actions import Rows

OPEN = ("new", "working")
"""Statuses of a lead that is still being tried; a lead without one counts as new."""

DONE_AT = ("nurture_at", "invalid_at", "sql_at", "opportunity_at", "won_at")
"""Moments after which a lead is no longer tried: it is in the pool, out, or accepted."""


def to_pool(leads: Rows, actions: Rows, *, touches: int, keep: Sequence[str] = ()) -> pd.DataFrame:
    """Open leads that were tried often enough in vain, and are not in the nurture pool yet.

    An attempt is what a person did and that reached nobody; whoever was reached once, even to
    refuse, is not on the list, nor is a lead that sales has accepted.

    Args:
        leads: `lead_id`, `status`, those of `DONE_AT`, and the columns of `keep`.
        actions: What `actions` returns.
        touches: Attempts after which a lead is due for the pool.
        keep: Columns of `leads` to carry along.

    Returns:
        `lead_id`, those of `keep`, `attempts`, `due_at` (when the attempt was made that should
        have been the last), `last_attempt_at` (naive UTC); most attempts first, then those that
        have waited longest.

    Raises:
        ParameterError: A column is missing, or `touches` is below 1.
    """
    if touches < 1:
        raise ParameterError(f"touches must be at least 1, not {touches}.")
    tried = _tried(table(actions, "actions", ("lead_id", "at", "outcome", "automatic")), touches)
    every = table(leads, "leads", ("lead_id", "status", *DONE_AT, *keep))
    still = every.status.fill_null("new").isin(list(OPEN))
    for name in DONE_AT:
        still = still & every[name].isnull()
    chosen = every.filter(still).join(tried, "lead_id")
    chosen = chosen.select("lead_id", *keep, "attempts", "due_at", "last_attempt_at")
    ordered = chosen.order_by([chosen.attempts.desc(), "last_attempt_at", "lead_id"])
    found: pd.DataFrame = ordered.to_pandas()
    return found


def _tried(actions: ir.Table, touches: int) -> ir.Table:
    """Leads tried in vain: `attempts`, `due_at`, `last_attempt_at`."""
    import ibis

    human = actions.filter(~actions.automatic, actions.outcome.isin([*MISSED, *REACHED]))
    order = ibis.window(group_by="lead_id", order_by=["at", "action_id"])
    missed = human.filter(human.outcome.isin(list(MISSED)))
    missed = missed.mutate(number=ibis.row_number().over(order))
    counted = missed.group_by("lead_id").aggregate(
        attempts=missed.count(),
        due_at=missed["at"].min(where=missed.number == touches - 1),
        last_attempt_at=missed["at"].max(),
    )
    reached = human.filter(human.outcome.isin(list(REACHED)))
    return counted.filter(counted.attempts >= touches).anti_join(reached, "lead_id")
