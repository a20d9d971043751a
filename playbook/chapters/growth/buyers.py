"""Who buys, and who buys most easily (P02-Q1): industries, sizes and regions of customers."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from playbook.book import remembered
from playbook.chapters.growth.pace import usual_days
from playbook.format import div
from playbook.funnel import wilson

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book

TRAITS = {"industry": "industry", "company size": "employee_band", "region": "region"}
ENOUGH_WON = 10
"""Customers below which a group's share and speed are too loose to act on."""


@remembered
def customers(book: Book) -> pd.DataFrame:
    """The customers won with new business so far, and how easily leads like them are won.

    Everything up to the period's end is counted, whenever it happened. The share won gives every
    lead the days that nine in ten won leads took, and leaves out those younger than that.

    Returns:
        One row per `trait` (industry, company size, region; those that are supplied) and
        `value`, most customers first: `customers`, `leads` (old enough), `won`, `won_rate`,
        `won_low`, `won_high` (Wilson 95 %), `note` ("few" where fewer than ten were won),
        `median_days` (capture to won, of all leads won), `customer_share` (of all customers).
    """
    import pandas as pd

    known = {t: c for t, c in TRAITS.items() if book.has(f"lead_journey.{c}")}
    if not known or not book.has("opportunity"):
        return pd.DataFrame(columns=_COLUMNS)
    frames = [_of_trait(book, trait, column) for trait, column in known.items()]
    return pd.concat(frames, ignore_index=True)


_COLUMNS = [
    "trait", "value", "customers", "leads", "won", "won_rate", "won_low", "won_high", "note",
    "median_days", "customer_share",
]  # fmt: skip


def given_days(book: Book) -> int:
    """Days within which nine in ten of the leads that were won were won; 0 where none was."""
    return ceil(usual_days(book, "lead", "won") or 0) if book.has("lead_journey.won_at") else 0


def _of_trait(book: Book, trait: str, column: str) -> pd.DataFrame:
    table = book.sql(
        f"""WITH bought AS (
            SELECT coalesce(a.{column}, 'not recorded') AS "value",
                count(DISTINCT d.account_id) AS customers
            FROM deal d LEFT JOIN clean.account a ON a.account_id = d.account_id
            WHERE d.is_won AND d.deal_type = 'new' AND d.closed_at < $until GROUP BY ALL
        ), followed AS (
            SELECT coalesce({column}, 'not recorded') AS "value",
                count(*) FILTER (created_at + to_days($days) <= $until) AS leads,
                count(*) FILTER (created_at + to_days($days) <= $until
                    AND won_at <= created_at + to_days($days)) AS won,
                median(days_to_won) FILTER (won_at < $until) AS median_days,
                count(*) FILTER (won_at < $until) AS won_ever
            FROM lead_journey WHERE created_at < $until GROUP BY ALL
        )
        SELECT "value", coalesce(customers, 0) AS customers, coalesce(leads, 0) AS leads,
            coalesce(won, 0) AS won, median_days, coalesce(won_ever, 0) AS won_ever
        FROM bought FULL JOIN followed USING ("value")
        ORDER BY customers DESC, "value" """,
        until=min(book.period.end, book.as_of),
        days=given_days(book),
    )
    low, high = wilson(table["won"], table["leads"])
    few = table["won_ever"] < ENOUGH_WON
    return table.assign(
        trait=trait,
        customer_share=div(table["customers"], table["customers"].sum()),
        won_rate=div(table["won"], table["leads"]),
        won_low=low,
        won_high=high,
        note=[
            f"few: {n} won" if low_n else ""
            for n, low_n in zip(table["won_ever"], few, strict=True)
        ],
    )[_COLUMNS]
