"""How many leads sales can really call: by its rule, else by what it has answered in time."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from playbook.book import remembered

if TYPE_CHECKING:
    from datetime import datetime

    from playbook.book import Book

WINDOW_DAYS = 91
"""The thirteen weeks up to now, over which the capacity is counted."""


class Capacity(NamedTuple):
    """What sales can call.

    Attributes:
        per_workday: Leads a workday.
        words: Where the number comes from.
    """

    per_workday: float
    words: str


@remembered
def capacity(book: Book) -> Capacity | None:
    """Leads that sales can call a workday; None where nothing tells.

    The valid leads that somebody answered within the SLA in the last thirteen weeks: what sales
    has shown that it does in time. It is never more than `[routing] capacity_per_day` allows the
    people who answered, and that alone where no answer was in time.
    """
    if not book.has("activity"):
        return None
    since = book.as_of - timedelta(days=WINDOW_DAYS)
    days = workdays_between(book, since, book.as_of)
    row = book.sql(
        """SELECT count(DISTINCT first_response_by) AS people,
            count(*) FILTER (response_met AND (is_valid OR NOT $judged)) AS in_time
        FROM lead_journey WHERE first_response_at >= $since AND first_response_at < $now""",
        judged=book.has("lead_journey.is_valid"),
        since=since,
        now=book.as_of,
    ).iloc[0]
    people, in_time = int(row["people"]), int(row["in_time"])
    each = book.rules.routing.capacity_per_day
    most = each * people if each is not None else 0
    if days and in_time and (not most or in_time / days < most):
        kind = "valid leads" if book.has("lead_journey.is_valid") else "leads"
        words = f"{in_time} {kind} answered within the SLA on the last {days} workdays"
        return Capacity(in_time / days, words)
    if not most:
        return None
    words = f"{each} a person and workday by [routing] capacity_per_day, {people} people"
    return Capacity(float(most), words)


def workdays_between(book: Book, start: datetime, end: datetime) -> int:
    """Workdays from one naive UTC moment up to another, by the days of the report zone."""
    return book.workdays.workdays(book.local(start).date(), book.local(end).date())
