"""What was done for a lead, by people and by systems, and what opened its case again."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from playbook.errors import ParameterError, unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis.expr.types as ir
    import pandas as pd

    Rows: TypeAlias = pd.DataFrame | ir.Table

MISSED = ("no_answer", "wrong_contact")
"""Outcomes of an attempt that reached nobody; a refusal is an answer."""

REACHED = ("connected", "meeting_booked", "refused")
"""Outcomes of an attempt that reached somebody."""


def actions(activity: Rows, touch: Rows | None = None, *, alias: Rows | None = None) -> ir.Table:
    """Everything that was done for leads, as one table.

    A touch is what a system sent: it never counts as an answer by a person. What the customer
    did (`direction` in) is left out.

    Args:
        activity: `lead_id`, `activity_id`, `activity_at`, and as far as there are `staff_id`,
            `method`, `outcome`, `is_automatic` (missing: by a person).
        touch: `lead_id`, `touch_id`, `touched_at`, `touch_type`, and perhaps `direction`.
        alias: `lead_id` and `kept_id`: with which lead a merged one counts.

    Returns:
        `lead_id`, `at`, `action_id`, `kind` (method or touch type), `by` (who did it),
        `automatic`, `outcome`.

    Raises:
        ParameterError: A column is missing.
    """
    import ibis

    done = table(activity, "activity", ("lead_id", "activity_id", "activity_at"))
    parts = [
        done.select(
            lead_id=done.lead_id,
            at=done.activity_at,
            action_id=done.activity_id.cast("string"),
            kind=_or_null(done, "method"),
            by=_or_null(done, "staff_id"),
            automatic=_or_null(done, "is_automatic", "boolean").fill_null(
                ibis.literal(value=False)
            ),
            outcome=_or_null(done, "outcome"),
        )
    ]
    if touch is not None:
        parts.append(_sent(touch))
    found = parts[0].union(*parts[1:]) if parts[1:] else parts[0]
    found = found.filter(found.lead_id.notnull(), found["at"].notnull())
    return found if alias is None else kept(found, alias)


def _sent(touch: Rows) -> ir.Table:
    """Outbound touches, as actions of a system."""
    import ibis

    sent = table(touch, "touch", ("lead_id", "touch_id", "touched_at", "touch_type"))
    sent = sent.filter(_or_null(sent, "direction").fill_null("out") == "out")
    return sent.select(
        lead_id=sent.lead_id,
        at=sent.touched_at,
        action_id=sent.touch_id.cast("string"),
        kind=sent.touch_type,
        by=ibis.null("string"),
        automatic=ibis.literal(value=True),
        outcome=ibis.null("string"),
    )


def openings(
    captures: Rows,
    stages: Rows | None = None,
    *,
    alias: Rows | None = None,
    back_to: Sequence[str] = ("lead",),
) -> ir.Table:
    """The moments at which a lead's case was opened: its captures, and its returns to new.

    Args:
        captures: `lead_id`, `created_at`: one row per capture, merged ones included.
        stages: `lead_id`, `stage`, `entered_at`; None where stages are not recorded.
        alias: `lead_id` and `kept_id`: with which lead a merged one counts.
        back_to: Stages whose entry makes a lead new again, besides a capture.

    Returns:
        `lead_id`, `at`: as many rows as there are moments; `clocks` decides which start a clock.

    Raises:
        ParameterError: A column is missing.
    """
    first = table(captures, "captures", ("lead_id", "created_at"))
    parts = [first.select(lead_id=first.lead_id, at=first.created_at)]
    if stages is not None:
        entered = table(stages, "stages", ("lead_id", "stage", "entered_at"))
        back = entered.filter(entered.stage.isin(list(back_to)), entered.lead_id.notnull())
        parts.append(back.select(lead_id=back.lead_id, at=back.entered_at))
    found = parts[0].union(*parts[1:]) if parts[1:] else parts[0]
    found = found if alias is None else kept(found, alias)
    return found.filter(found["at"].notnull()).distinct()


def kept(rows: ir.Table, alias: Rows) -> ir.Table:
    """The rows under the lead that each was merged into."""
    names = table(alias, "alias", ("lead_id", "kept_id")).select(_of="lead_id", _kept="kept_id")
    joined = rows.left_join(names, rows.lead_id == names["_of"])
    lead_id = joined["_kept"].coalesce(joined.lead_id)
    return joined.mutate(lead_id=lead_id).select(*rows.columns)


def table(rows: Rows, name: str, columns: Sequence[str] = ()) -> ir.Table:
    """An Ibis table of `rows`.

    Raises:
        ParameterError: One of `columns` is missing.
    """
    import ibis

    for column in columns:
        if column not in rows.columns:
            raise ParameterError(unknown(f"column of {name}", column, list(rows.columns)))
    return rows if isinstance(rows, ibis.Table) else ibis.memtable(rows)


def _or_null(rows: ir.Table, name: str, kind: str = "string") -> ir.Value:
    """A column, or nothing where the table does not have it."""
    import ibis

    return rows[name].cast(kind) if name in rows.columns else ibis.null(kind)
