"""The key channels one by one: what is seen, what is done, and when it is stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook import economics
from playbook import format as fmt
from playbook.chapters.economics import words
from playbook.chapters.economics.board import APART, unit_costs
from playbook.chapters.economics.judged import for_brand, judged_by, verdicts
from playbook.chapters.economics.platform import NEEDS as PLATFORM_NEEDS
from playbook.chapters.economics.platform import platform
from playbook.chapters.economics.verdict_words import ONE, money
from playbook.chapters.span import span
from playbook.documents import Section
from playbook.format import div

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book

SHARE = 0.8
"""Key channels are those that take this share of the cost together (ours)."""

CAMPAIGNS = ["name", "cost", "leads", "sql", "customers", "cpl", "cost_per_sql"]

DO = {
    "cut": "Take the money out by steps, beginning with the campaigns that brought no SQL.",
    "watch": "Hold the budget; move it inside the channel, from campaigns without SQLs to those "
    "with them.",
    "keep": "Keep it, and give it more by steps, as long as the cost of an SQL stays below the "
    "line.",
    "no cost": "Nothing to save.",
}
"""What to do first, by verdict."""


def key_channel_sections(book: Book) -> tuple[Section, ...]:
    """The sections of the plan: how the channels were chosen, each of them, what all share."""
    judged = verdicts(book)
    table = unit_costs(book)
    table = table[~table["channel"].isin(APART) & (table["cost"] > 0)]
    if judged.empty or table.empty:
        return (Section("What is needed", "No channel with a cost and a result to judge by."),)
    reached = table["cost"].cumsum() - table["cost"] < SHARE * table["cost"].sum()
    keys = table[reached]
    rows = judged.set_index("channel")
    chosen = keys[["channel", "cost", "leads", "sql", "customers"]].assign(
        share=div(keys["cost"], table["cost"].sum()), verdict=keys["channel"].map(rows["verdict"])
    )
    intro = (
        f"{span(book).title}. These {fmt.plural(len(keys), 'channel')} take "
        f"{fmt.percent(div(keys['cost'].sum(), table['cost'].sum()), 0)} of the cost that a "
        "channel has."
    )
    units = {**words.units(chosen), "share": "share"}
    each = [_channel(book, str(name), rows.loc[name]) for name in keys["channel"]]
    return (Section("Key channels", intro, chosen, units), *each, Section("For all", FOR_ALL))


FOR_ALL = (
    "One change at a time, with the day it was made, so that its effect can be seen.\n"
    "Judge by the cost of an SQL after the weeks that an SQL takes, not by the cost of a lead the "
    "week after.\n"
    "Sales says of each week's leads which were real; the platforms' own count is no such answer."
)


def _channel(book: Book, name: str, row: pd.Series[Any]) -> Section:
    lines = [f"{row['verdict'].capitalize()}: {row['reason']}", DO[str(row["verdict"])]]
    lines += [line for line in (_stop(book, row), _reported(book, name)) if line]
    if name in for_brand(book):
        lines.append("Its campaigns are meant for brand: judge it by what that is to show as well.")
    campaigns = _campaigns(book, name)
    if campaigns is None:
        return Section(name, "\n".join(lines))
    lines.append("Its campaigns:")
    return Section(name, "\n".join(lines), campaigns, words.units(campaigns))


def _stop(book: Book, row: pd.Series[Any]) -> str:
    """How much may be spent without a result before it is sure that the line is missed."""
    if row["verdict"] not in {"cut", "watch"}:
        return ""
    import pandas as pd

    yard = next((y for y in judged_by(book) if y.thing == row["judged_by"]), judged_by(book)[-1])
    thing, line = yard.thing, yard.limit
    if line is None or fmt.is_missing(line):
        return ""
    _, most = economics.poisson_interval(pd.Series([0.0]))
    spent = float(most[0]) * line
    return (
        f"Stop rule: {money(book, spent)} without {ONE[thing]} shows that one costs more than the "
        f"line of {money(book, line)} (95 %)."
    )


def _reported(book: Book, name: str) -> str:
    if not book.has(*PLATFORM_NEEDS):
        return ""
    table = platform(book)
    row = table[table["channel"] == name]
    if row.empty or fmt.is_missing(row["ratio"].iloc[0]):
        return ""
    said = row.iloc[0]
    return (
        f"The platform reports {fmt.number(said['conversions'])} conversions, "
        f"{fmt.plural(said['leads'], 'lead')} arrived: let it bid on stages of the CRM, not on its "
        "own count."
    )


def _campaigns(book: Book, name: str) -> pd.DataFrame | None:
    """The channel's campaigns with a cost of their own; None where there are fewer than two."""
    own = book.sql(
        """SELECT c.campaign_id FROM clean.campaign c JOIN clean.channel ch USING (channel_id)
        WHERE ch.channel_name = $name""",
        name=name,
    )["campaign_id"]
    table = unit_costs(book, "campaign")
    shown = table[table["campaign"].isin(own) & (table["cost"] > 0)]
    return shown[CAMPAIGNS].reset_index(drop=True) if len(shown) > 1 else None
