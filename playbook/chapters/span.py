"""The stretch of days over which channels are compared: a year where a month is too short."""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal, NamedTuple

from playbook import format as fmt
from playbook.data.periods import Period

if TYPE_CHECKING:
    from datetime import datetime

    from playbook.book import Book

Over = Literal["span", "period"]


class Span(NamedTuple):
    """A stretch of local days, and its half-open bounds in naive UTC.

    Attributes:
        first: The first day, in the report zone.
        last: The last day.
        start: The moment it begins.
        end: The moment after it.
        title: Such as "Nov 2025 to Oct 2026".
    """

    first: date
    last: date
    start: datetime
    end: datetime
    title: str


def span(book: Book, over: Over = "span", months: int | None = None) -> Span:
    """The months up to the period's end over which channels are compared.

    Args:
        book: The Book and its period.
        over: "span" for the months, "period" for the period itself.
        months: How many; by default `[attribution] months`. A longer period is taken whole.
    """
    period = book.period
    first = period.first
    if over == "span":
        back = months or book.rules.attribution.months
        first = min(first, _months_before(period.last + timedelta(days=1), back))
    begins = Period("day", first, period.zone).start
    title = period.title if first == period.first else _title(first, period.last)
    return Span(first, period.last, begins, period.end, title)


def _months_before(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _title(first: date, last: date) -> str:
    if first.day == 1 and (last + timedelta(days=1)).day == 1:
        names = [f"{calendar.month_abbr[day.month]} {day.year}" for day in (first, last)]
        return names[0] if names[0] == names[1] else f"{names[0]} to {names[1]}"
    return f"{fmt.date(first)} to {fmt.date(last)}"
