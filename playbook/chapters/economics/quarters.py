"""The quarter in which the period ends, and the one that a budget is made for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playbook.book import Book
    from playbook.data.periods import Period


def quarter_of(book: Book) -> Period:
    """The quarter of the fiscal year in which the period ends."""
    period = book.period
    last = period.last.replace(day=1)
    into = (last.month - period.fiscal_year_start_month) % 12 % 3
    year, month = divmod(last.year * 12 + last.month - 1 - into, 12)
    return replace(period, kind="quarter", first=last.replace(year=year, month=month + 1))


def last_quarter(book: Book) -> Period:
    """The last quarter that is over when the period ends, as far as the data know."""
    quarter = quarter_of(book)
    return quarter if quarter.end <= min(book.period.end, book.as_of) else quarter.back(1)


def next_quarter(book: Book) -> Period:
    """The quarter that a budget is made for: the first that begins after the period."""
    return quarter_of(book).back(-1)
