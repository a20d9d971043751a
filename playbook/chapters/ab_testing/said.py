"""Words that the chapter's findings, figures and documents share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook import format as fmt
from playbook.chapters.ab_testing.inputs import in_words

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book

Row = dict[str, Any]


def rows_of(table: pd.DataFrame) -> list[Row]:
    """The rows of a table, each by column name."""
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def change(lift: object) -> str:
    """A lift with its sign, as the page writes it: "+57 %"."""
    return fmt.lift(lift, 0)


def kind_of(row: Row | pd.Series[Any]) -> str:
    """What the interval of a test is called: "95 %", or "always-valid"."""
    is_always = str(row["method"]).startswith("always valid")
    return "always-valid" if is_always else fmt.trimmed(row["confidence"], 1)


def span_of(row: Row | pd.Series[Any]) -> str:
    """From where to where a lift may lie: "95 % interval +22 % to +101 %"."""
    return f"{kind_of(row)} interval {change(row['lift_low'])} to {change(row['lift_high'])}"


def named(row: Row) -> str:
    """A test as a sentence names it: its id, what it changed, and where."""
    return f"{row['experiment_id']} ({in_words(row['element'])}, {row['page']})"


def money(book: Book, amount: object) -> str:
    """An amount in the report's currency and style."""
    return fmt.money(amount, book.rules.company.currency, book.rules.report.number_style)


def worth_a_month(book: Book, row: Row) -> str:
    """What a result is worth a month, with its interval; empty where that is not known."""
    if fmt.is_missing(row["worth"]) or not row["worth"]:
        return ""
    low, high = money(book, row["worth_low"]), money(book, row["worth_high"])
    return f"about {money(book, row['worth'])} a month ({kind_of(row)} interval {low} to {high})"


def owner(row: Row) -> str:
    """Who has to act: the owner of the page, else the role."""
    return "digital marketing" if fmt.is_missing(row["owner"]) else str(row["owner"])
