"""The three states of a customer (B1-R2 to B1-R4), and who moved between them (B1-M1)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from playbook.book import remembered
from playbook.chapters.nurture.evaluated import states_at
from playbook.chapters.nurture.inputs import ladder, now, tables

if TYPE_CHECKING:
    from datetime import datetime

    import pandas as pd

    from playbook.book import Book

CLOSED, NEW = "closed", "not captured yet"
"""Beside the states: invalid, won or lost, and not there yet."""

_ENDS = ("invalid", "won", "lost")


@remembered
def customer_states(book: Book) -> pd.DataFrame:
    """How many open leads were in each state when the period began and when it ended.

    A lead's state is the furthest it has reached; those that are invalid, won or lost are left
    out, and so are those whose status says so, as exported, without saying since when. A period
    that is not over is looked at as of now.

    Returns:
        `state`, `leads` (at the end), `before` (at the beginning), `entered` (in it at the end,
        and not at the beginning), `goal`, `move`; the furthest last.
    """
    import pandas as pd

    both = _both(book)
    rows = [
        {
            "state": state.name,
            "leads": int((both["after"] == state.name).sum()),
            "before": int((both["before"] == state.name).sum()),
            "entered": int(((both["after"] == state.name) & (both["before"] != state.name)).sum()),
            "goal": state.goal,
            "move": state.move,
        }
        for state in ladder(book.rules)
    ]
    return pd.DataFrame(rows, columns=["state", "leads", "before", "entered", "goal", "move"])


@remembered
def transitions(book: Book) -> pd.DataFrame:
    """Who moved from which state to which during the period: `from`, `to`, `leads`.

    `from` may be "not captured yet", `to` "closed" (invalid, won or lost).
    """
    both = _both(book)
    moved = both[both["before"] != both["after"]]
    counted = moved.groupby(["before", "after"]).size().rename("leads").reset_index()
    order = [NEW, *(state.name for state in ladder(book.rules)), CLOSED]
    place = {name: number for number, name in enumerate(order)}
    sorted_ = counted.sort_values(
        ["before", "after"], key=lambda names: names.map(place), ignore_index=True
    )
    return sorted_.rename(columns={"before": "from", "after": "to"})


def _both(book: Book) -> pd.DataFrame:
    """Each lead's state before the period and at its end: `before`, `after`."""
    import pandas as pd

    second = timedelta(seconds=1)
    start, end = (
        book.local(moment).replace(tzinfo=None) - second
        for moment in (book.period.start, book.period.end)
    )
    frame = pd.DataFrame({"before": _placed(book, start), "after": _placed(book, end)})
    frame = frame[~frame.index.isin(_invalid(book))]
    return frame.fillna({"before": NEW}).dropna(subset=["after"])


def _invalid(book: Book) -> list[str]:
    """Leads whose status is invalid and of which no record says since when."""
    found = book.sql(
        "SELECT lead_id FROM lead_journey WHERE status = 'invalid' AND invalid_at IS NULL"
    )
    return list(found["lead_id"])


def _placed(book: Book, moment: datetime) -> pd.Series[Any]:
    """The state of every lead by a moment, by lead."""
    until = min(moment, now(book))
    found = states_at(book, until).set_index("entity")["state"].astype("string")
    signals = tables(book).signals
    over = signals["signal"].isin(_ENDS) & (signals["at"] <= until)
    placed: pd.Series[Any] = found.mask(found.index.isin(signals.loc[over, "entity"]), CLOSED)
    return placed
