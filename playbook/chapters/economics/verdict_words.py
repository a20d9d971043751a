"""The sentences of a verdict: why, and how sure that is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook import format as fmt

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book

ONE = {"customers": "a customer", "sql": "an SQL"}
"""What one of each is called in a sentence."""

CLEAR = 2.0
"""From so many times the line on, an interval is called clearly beyond it."""


def money(book: Book, amount: object) -> str:
    """An amount in the report's currency and style."""
    return fmt.money(amount, book.rules.company.currency, book.rules.report.number_style)


def reason(book: Book, row: pd.Series[Any]) -> str:
    """Why a channel is kept, watched or cut, in a sentence with its numbers."""
    if row["against"]:
        return (
            f"Its own leads say {row['verdict']}, but a model of attribution says the opposite: "
            "who gets the credit decides."
        )
    if row["why"] in {"above", "below"}:
        return _beyond(book, row)
    rules = book.rules.verdicts
    both = book.has("lead_journey.sql_at")
    who = "Neither its customers nor its SQLs tell" if both else "Its customers do not tell"
    leads, months = fmt.plural(row["leads"], "lead"), fmt.plural(row["months"], "month")
    return {
        "no cost": "No cost is recorded, so there is nothing to save.",
        "few leads": f"{leads} in the span; {rules.min_leads} are needed to judge.",
        "few months": f"{months} since its first cost; {rules.min_months} are needed to judge.",
    }.get(row["why"], f"{who} on which side of the line it lies.")


def _beyond(book: Book, row: pd.Series[Any]) -> str:
    one, line = ONE[row["judged_by"]], f"the line of {money(book, row['limit'])}"
    if fmt.is_missing(row["figure"]):
        least = money(book, row["figure_low"])
        return f"Not one came: {one} costs more than {least} (95 %), {row['why']} {line}."
    ends = f"{money(book, row['figure_low'])} to {money(book, row['figure_high'])}"
    price = money(book, row["figure"])
    return f"{one[0].upper()}{one[1:]} costs {price} (95 %: {ends}), all of it {row['why']} {line}."


def confidence(row: pd.Series[Any]) -> str:
    """How far beyond the line the interval lies, what it rests on, and what was to be expected."""
    if row["why"] == "no cost":
        return "nothing to judge"
    if row["why"] in {"few leads", "few months"}:
        return "not judged yet"
    came = fmt.plural(row["customers"], "customer")
    usual = f"its leads would bring {fmt.number(row['expected_customers'], 1)} at everybody's rate"
    if row["why"] == "across" or row["against"]:
        return f"open: {came}, where {usual}"
    above = row["figure_low"] / row["limit"]
    below = row["limit"] / row["figure_high"]
    grade = "clear" if (above if row["why"] == "above" else below) >= CLEAR else "just clear"
    rests = came if row["judged_by"] == "customers" else fmt.plural(row["sql"], "SQL")
    beside = usual if row["judged_by"] == "customers" else f"{came}, where {usual}"
    said = f"; {row['same']} of {row['models']} models of attribution agree"
    return f"{grade}, from {rests}: {beside}{said if row['models'] else ''}"
