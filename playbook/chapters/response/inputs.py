"""From a Book to what `playbook.response` and `playbook.routing` take: promise, leads, clocks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from playbook import response
from playbook.book import remembered
from playbook.response.attempts import DONE_AT, OPEN

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from playbook.book import Book

KEPT = (
    "account_name", "person_id", "channel", "intent_level", "owner_id", "owner", "team", "event_id",
)  # fmt: skip
"""Columns of `lead_journey` that every clock carries."""

NOBODY = "not assigned"

YEAR = 13
"""Periods that the slower questions look at: this one and the twelve before."""

ENOUGH = 20
"""Answers due from which on a share says something of a person, a team or a step (ours)."""

CLEAR = 0.05
"""How often chance alone may single out a cell, a person or a team, all of them together."""


def promise(book: Book) -> response.Sla:
    """The SLA in force: `[sla]` on the company's calendar."""
    return response.sla_of(book.rules.sla, book.workdays, book.rules.company.report_zone)


def acts(book: Book) -> ir.Table:
    """Everything done for leads, by people and by systems; see `response.actions`."""
    return response.actions(
        book.table("activity"), book.table("touch"), alias=book.table("lead_alias")
    )


def opened(book: Book) -> ir.Table:
    """The moments at which a lead's case was opened; see `response.openings`."""
    return response.openings(
        book.table("lead"), book.table("stage_event"), alias=book.table("lead_alias")
    )


def leads(book: Book) -> ir.Table:
    """One row per lead: every field of the rules as `table.column`, and `lead_journey` with it.

    Besides these `is_open`: whether it is still being tried: new or working, and neither
    accepted by sales, nor in the nurture pool, nor out.
    """
    journey = book.table("lead_journey")
    still = journey.status.fill_null("new").isin(list(OPEN))
    for name in DONE_AT:
        still = still & journey[name].isnull()
    return book.table("lead_facts").join(journey.mutate(is_open=still), "lead_id")


@remembered
def unrecorded(book: Book) -> list[str]:
    """Names of the promised steps of which no action is on record: the data cannot show them."""
    kinds = set(acts(book).kind.as_table().distinct().to_pandas()["kind"].dropna())
    sla = promise(book)
    return [
        name
        for name in sla.names
        if name != response.RESPONSE and not kinds & set(sla.of(name)[0].done_by)
    ]


def shown(book: Book, sla: response.Sla) -> response.Sla:
    """An SLA without the steps that the data cannot show; they would all seem missed."""
    gone = unrecorded(book)
    return replace(sla, steps=tuple(step for step in sla.steps if step.name not in gone))


def clocks_under(book: Book, sla: response.Sla) -> ir.Table:
    """Every step that every lead would be owed under an SLA; see `response.clocks`.

    Steps without any action on record are left out: see `unrecorded`.

    Returns:
        As `response.clocks`, with `KEPT` and `is_open`.
    """
    return response.clocks(
        leads(book),
        acts(book),
        shown(book, sla),
        as_of=book.as_of,
        reopened=opened(book),
        keep=(*KEPT, "is_open"),
    )


def clocks(book: Book) -> ir.Table:
    """Every step that every lead is owed under the SLA in force, computed once per Book.

    Returns:
        As `clocks_under`.
    """
    found: ir.Table = book.remember("response clocks", lambda: _kept(book))
    return found


def _kept(book: Book) -> ir.Table:
    """The clocks as a table of the connection: what is asked of them is asked in the engine."""
    return book.con.create_table(
        "response_clocks", obj=clocks_under(book, promise(book)), temp=True, overwrite=True
    )


def of_period(book: Book, *, periods: int = 1) -> ir.Table:
    """The clocks that began in the period, or in the last `periods` up to its end."""
    rows = clocks(book)
    since = book.period.back(periods - 1).start if periods > 1 else book.period.start
    return rows.filter(rows.opened_at >= since, rows.opened_at < book.period.end)


def sure(comparisons: int) -> float:
    """Coverage of each of several intervals, so that all together err as seldom as one would."""
    return 1 - CLEAR / max(comparisons, 1)
