"""What counts: the rules in force, the touches that they let in, and the conversions there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook import format as fmt
from playbook.book import remembered
from playbook.chapters.attribution import credit
from playbook.chapters.attribution.credit import MODEL_NAMES, models, until
from playbook.chapters.attribution.inputs import CONVERSIONS, NAMES, NEEDS, conversions
from playbook.chapters.attribution.reconcile import KINDS
from playbook.chapters.span import span

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book

RECORDED = {
    "touch": "recorded touch",
    "attendee": "attendance of an event",
    "capture": "capture that no touch records",
}
"""What the touches are made of."""

SHOWN = 100
"""Journeys from which on a kind of conversion is enough for pictures of paths."""

_ORDER = ("won", "opportunity", "sql", "mql", "lead")


def rules_in_force(book: Book) -> pd.DataFrame:
    """The choices behind every figure of the chapter, as the rules make them.

    Returns:
        `what`, `choice`.
    """
    import pandas as pd

    asked, days = book.rules.attribution, span(book)
    left_out = ", ".join(asked.leave_out) or "none"
    inbound = asked.directions == ("in",)
    rows = {
        "Conversions looked at": f"those of {days.title}",
        "Deals credited": ", ".join(KINDS[kind] for kind in asked.deal_types),
        "Who travels": "the company, else the person, else the lead",
        "Touches that count": "what customers did" if inbound else "what was sent to them as well",
        "Types left out": left_out,
        "Lookback": f"{asked.lookback_days:g} days before the conversion, and not before the "
        "conversion of the same kind before it",
        "One visit": f"touches of one channel within {asked.session_minutes:g} minutes"
        if asked.session_minutes
        else "every touch by itself",
        "Models shown": ", ".join(MODEL_NAMES[name] for name in models(book)),
        "Main model": MODEL_NAMES[asked.main_model],
        "Direct visits": "credited only where a journey has nothing else"
        if asked.ignore_direct
        else "credited as any other channel",
        "Position": " / ".join(fmt.percent(w, 0) for w in asked.position_weights)
        + " for the first, those between, the last",
        "Time decay": f"half after {asked.half_life_days:g} days",
    }
    return pd.DataFrame({"what": list(rows), "choice": list(rows.values())})


@remembered
def touch_kinds(book: Book) -> pd.DataFrame:
    """The touches of the span by kind, and whether they count.

    Returns:
        `kind` (type of touch), `recorded_as`, `touches`, `customers`, `direction`, `counts`;
        those that count first, most touches first.
    """
    asked, days = book.rules.attribution, span(book)
    table = book.sql(
        """SELECT replace(touch_type, '_', ' ') AS kind, recorded_as, count(*) AS touches,
            count(DISTINCT entity) AS customers, direction,
            list_contains($directions, direction) AND NOT list_contains($left_out, touch_type)
                AS counts
        FROM touchpoint WHERE touched_at >= $start AND touched_at < $end
        GROUP BY touch_type, recorded_as, direction
        ORDER BY counts DESC, touches DESC, kind, recorded_as""",
        directions=list(asked.directions),
        left_out=list(asked.leave_out),
        start=days.start,
        end=min(days.end, until(book)),
    )
    return table.assign(recorded_as=table["recorded_as"].map(RECORDED))


@remembered
def reached(book: Book) -> pd.DataFrame:
    """Each kind of conversion that the data records: how many, and how many have a touch.

    Returns:
        `conversion` (its name), `conversions`, `with_touch`, `without_touch`, `touches` (that
        belong to them), `amount` (missing for stages of leads), `period_conversions`.
    """
    import pandas as pd

    rows = []
    for name in known(book):
        whole = credit.credits(book, name, names=("linear",))
        found, left, everything = whole.totals["conversions"].astype(int)
        rows.append(
            {
                "conversion": NAMES[name],
                "conversions": everything,
                "with_touch": found,
                "without_touch": left,
                "touches": whole.touches,
                "amount": whole.totals["value"].iloc[-1],
                "period_conversions": _in_period(book, name),
            }
        )
    columns = ["conversion", "conversions", "with_touch", "without_touch", "touches", "amount"]
    return pd.DataFrame(rows, columns=[*columns, "period_conversions"])


def _in_period(book: Book, conversion: str) -> int:
    """How many there were in the period alone."""
    rows = conversions(book, conversion)
    return int(rows.filter(rows["converted_at"] >= book.period.start).count().execute())


def known(book: Book) -> tuple[str, ...]:
    """The kinds of conversion that the data records."""
    return tuple(name for name in CONVERSIONS if book.has(*NEEDS[name]))


@remembered
def pictured(book: Book) -> str:
    """The kind of conversion whose journeys are drawn: the latest stage with enough of them."""
    had = set(known(book))
    counts = {
        name: credit.credits(book, name, names=("linear",)).journeys
        for name in _ORDER
        if name in had
    }
    enough = [name for name, n in counts.items() if n >= SHOWN]
    return enough[0] if enough else max(counts, key=lambda name: counts[name])
