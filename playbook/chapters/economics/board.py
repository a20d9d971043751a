"""The channel board: what was spent, what came of it, what each thing cost (C12-F15 … F24)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook import economics
from playbook.book import remembered
from playbook.chapters.economics.costs import NO_CHANNEL, cost_rows, costs
from playbook.chapters.economics.credited import UNATTRIBUTED, credited
from playbook.chapters.economics.outcomes import COUNTS, MONEY, NO_LEAD, check_by, outcomes
from playbook.chapters.span import span
from playbook.derive import NO_ORIGIN
from playbook.format import div

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book
    from playbook.chapters.economics.outcomes import By
    from playbook.chapters.span import Over

PER = {
    "cpl": "leads",
    "cost_per_mql": "mql",
    "cost_per_sql": "sql",
    "cost_per_opportunity": "opportunities",
    "cac": "customers",
}
"""Each cost per thing, and what it divides by."""

RECORDED = {
    "mql": "lead_journey.mql_at",
    "sql": "lead_journey.sql_at",
    "pipeline": "opportunity.amount",
}
"""What must be recorded for a count to be known; else it is missing, not 0."""

APART = (NO_ORIGIN, NO_CHANNEL, NO_LEAD, UNATTRIBUTED)
"""Rows that are no channels: they stand last, so that everything adds up."""

DEFINITIONS = {
    "cost": "Ad media and other spend, each once; what names no channel is divided by the rules.",
    "leads": "Leads captured, by their own channel; duplicates count once.",
    "mql": "Leads that first became MQL in the span.",
    "sql": "Leads that first became SQL in the span.",
    "opportunities": "Opportunities opened in the span, of the types in [attribution] deal_types.",
    "pipeline": "Their amount.",
    "won": "Deals won in the span, of the same types: renewals and expansions are left out.",
    "won_amount": "Their amount.",
    "customers": "Accounts won with new business in the span.",
    "cpl": "Cost ÷ leads (P02-M10).",
    "cost_per_mql": "Cost ÷ MQL (P03-M7).",
    "cost_per_sql": "Cost ÷ SQL (P03-M8).",
    "cost_per_opportunity": "Cost ÷ opportunities.",
    "cac": "Cost ÷ customers (P02-M11).",
    "roi": "(Won amount − cost) ÷ cost, both of the span (P02-M12): simple ROI.",
}
"""What every column means."""


def missing(book: Book) -> list[str]:
    """What must be supplied before cost can be set against results; empty where nothing lacks."""
    return [] if book.has("ad_daily") else book.missing("spend")


@remembered
def unit_costs(book: Book, by: By = "channel", over: Over = "span") -> pd.DataFrame:
    """Cost and what came of it, by the lead's own origin, with every cost per thing.

    What is credited here is the channel (campaign, event …) of the lead itself; `board` credits
    opportunities and deals by a model of attribution.

    Args:
        book: The Book.
        by: `channel`, `campaign`, `event`, `partner` or `content`.
        over: The months up to the period's end, or the period.

    Returns:
        One row per value, dearest first, then what has none: `by` (the id, and `name`; channels
        are names), `cost`, the counts of `outcomes`, `cpl`, `cost_per_mql`, `cost_per_sql`,
        `cost_per_opportunity`, `cac`, each with `_low` and `_high` (95 %, the cost taken as known,
        the count as Poisson), `roi`. MQL, SQL and pipeline are missing where the data do not
        record them.

    Raises:
        ParameterError: No such breakdown.
    """
    check_by(by)
    return _named(book, _with_costs(book, _spent(book, by, over), outcomes(book, by, over), by), by)


@remembered
def board(book: Book, model: str | None = None, over: Over = "span") -> pd.DataFrame:
    """The channel board (C12-F15 … F24, P03-D7): cost, leads to won, cost per thing, return.

    Args:
        book: The Book.
        model: Who is credited with opportunities and deals: "lead" for the channel of the deal's
            lead, else a model of attribution; by default `[attribution] main_model`.
        over: The months up to the period's end, or the period.

    Returns:
        As `unit_costs` by channel. Under a model of attribution opportunities, won and customers
        are credits, so they come in parts, and `customers` are the credited wins.

    Raises:
        ParameterError: No such model.
    """
    chosen = model or main_model(book)
    if chosen == "lead":
        return unit_costs(book, "channel", over)
    spent = _spent(book, "channel", over)
    return _with_costs(book, spent, credited(book, chosen, over), "channel")


def main_model(book: Book) -> str:
    """The model that the board credits by where none is asked for."""
    return book.rules.attribution.main_model if book.has("opportunity") else "lead"


@remembered
def total(book: Book, over: Over = "span") -> pd.DataFrame:
    """All channels together, with what has none: one row of `unit_costs`."""
    table = unit_costs(book, "channel", over)
    summed = table[["cost", *COUNTS, *MONEY]].sum().to_frame().T
    return _finish(book, summed.assign(channel="all together"), "channel")


def _spent(book: Book, by: str, over: Over) -> pd.DataFrame:
    """Cost by `key`."""
    if by == "channel":
        table = costs(book, over)[["channel", "cost"]].rename(columns={"channel": "key"})
        return table.astype({"key": object})
    import pandas as pd

    days, rows = span(book, over), cost_rows(book)
    dates = pd.to_datetime(rows["date"]).dt.date
    inside = rows[(dates >= days.first) & (dates <= days.last)]
    key = inside[f"{by}_id"]
    if by == "campaign":  # an event's cost is that of the campaign it belongs to
        held = book.sql("SELECT event_id, campaign_id FROM clean.event").set_index("event_id")
        key = key.where(key.notna(), inside["event_id"].map(held["campaign_id"]).astype(object))
    summed = inside.groupby(key.rename("key"), dropna=False)[["cost"]].sum().round(2)
    return summed.reset_index().astype({"key": object})


_NAMES = {
    "campaign": "SELECT campaign_id AS key, campaign_name AS name FROM clean.campaign",
    "event": "SELECT event_id AS key, event_name AS name FROM clean.event",
    "partner": "SELECT partner_id AS key, partner_name AS name FROM clean.partner",
    "content": "SELECT content_id AS key, title AS name FROM clean.content",
}


def _named(book: Book, table: pd.DataFrame, by: str) -> pd.DataFrame:
    """The names beside the ids; what has none of its own keeps its id."""
    if by not in _NAMES:
        return table
    known = book.sql(_NAMES[by]).set_index("key")["name"]
    names = table[by].map(known).astype(object)
    table.insert(1, "name", names.where(names.notna(), table[by]))
    return table


def _with_costs(book: Book, spent: pd.DataFrame, found: pd.DataFrame, by: str) -> pd.DataFrame:
    table = spent.merge(found, on="key", how="outer")
    numbers = ["cost", *COUNTS, *MONEY]
    table[numbers] = table[numbers].astype(float).fillna(0.0)
    rest = table["key"].isna() | table["key"].isin(APART)
    table = table.assign(rest=rest, name=table["key"].astype("string").fillna(""))
    order = ["rest", "cost", "leads", "name"]
    table = table.sort_values(order, ascending=[True, False, False, True], ignore_index=True)
    return _finish(book, table.rename(columns={"key": by}), by)


def _finish(book: Book, table: pd.DataFrame, by: str) -> pd.DataFrame:
    priced = economics.unit_costs(table, PER)
    spent = priced["cost"].where(priced["cost"] > 0)
    priced["roi"] = div(priced["won_amount"] - spent, spent)
    prices = [f"{name}{side}" for name in PER for side in ("", "_low", "_high")]
    counts = ["leads", "mql", "sql", "opportunities", "pipeline", "won", "won_amount", "customers"]
    unknown = [name for name, need in RECORDED.items() if not book.has(need)]
    unknown += [f"{p}{s}" for p, n in PER.items() if n in unknown for s in ("", "_low", "_high")]
    priced[unknown] = float("nan")
    return priced[[by, "cost", *counts, *prices, "roi"]]
