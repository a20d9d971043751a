"""What the review of marketing-sourced pipeline says, from its tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook import format as fmt
from playbook.chapters.words import Words
from playbook.format import div

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book
    from playbook.chapters.growth.pipelines import Coverage


def as_open(table: pd.DataFrame) -> pd.DataFrame:
    """`pipeline` as bars of the open amount; strong where marketing sourced it."""
    there = table[table["open_amount"] > 0].sort_values(
        ["open_amount", "channel"], ascending=[False, True]
    )
    return there.assign(
        name=there["channel"],
        value=there["open_amount"],
        beside=[fmt.plural(n, "deal") for n in there["open"]],
        emphasis=there["source"] == "marketing",
    )[["name", "value", "beside", "emphasis"]]


def of_pipeline(book: Book, table: pd.DataFrame, cover: Coverage) -> Words:
    """For the open pipeline by channel; see `pipeline` and `coverage`."""
    if not cover.open_amount > 0:
        title = "No open deal has an amount"
        return Words(title, "", title)
    deals = table.loc[table["source"] == "marketing", "open"].sum()
    title = (
        f"Marketing sourced {fmt.percent(cover.sourced_share, 0)} of the open pipeline: "
        f"{_money(book, cover.sourced_amount)} of {_money(book, cover.open_amount)}, "
        f"{fmt.plural(deals, 'deal')}"
    )
    see = (
        f"Amounts open at the {book.period.kind}'s end. Strong: deals whose lead came from a "
        "channel; grey: deals without one, renewals included. Deals that marketing only "
        "influenced are not counted as sourced."
    )
    bars = as_open(table)
    told = "; ".join(f"{r.name} {_money(book, r.value)}" for r in bars.itertuples(index=False))
    return Words(title, see, f"Open pipeline by channel: {told}.")


def of_coverage(book: Book, cover: Coverage) -> str:
    """The open pipeline against the rest of the year's target, as sentences."""
    if fmt.is_missing(cover.target):
        return "No revenue target of the year is set, so the pipeline has nothing to cover."
    goal = f"the year's target of {_money(book, cover.target)}"
    if not cover.remaining > 0:
        return f"{_money(book, cover.won)} are won: {goal} is reached."
    lead = f"{_money(book, cover.remaining)} of {goal} remain to be won"
    if fmt.is_missing(cover.coverage):
        return f"{lead}; no open deal has an amount."
    said = (
        f"{lead}; {_money(book, cover.open_amount)} are open, "
        f"{fmt.number(cover.coverage, 1)} times that."
    )
    if fmt.is_missing(cover.win_rate):
        return f"{said} How many are usually won is not known: no lost deals are recorded."
    needed = div(1, cover.win_rate)
    return (
        f"{said} Over this {book.period.kind} and the twelve before, "
        f"{fmt.rate(cover.win_rate, cover.closed_deals)} of the deals closed were won (95 % "
        f"{fmt.interval(cover.low, cover.high)}), renewals included: at that rate "
        f"{fmt.number(needed, 1)} times would be needed, if deals are of like size and close in "
        "time."
    )


def of_open_trend(book: Book, trend: pd.DataFrame) -> Words:
    """For the open amount over thirteen periods; see `open_trend`."""
    known = trend[trend["value"].notna()]
    if known.empty:
        title = "No open pipeline is on record"
        return Words(title, "", title)
    last, usual = known.iloc[-1]["value"], known["value"].iloc[:-1].median()
    title = f"Open pipeline: {_money(book, last)}"
    if not fmt.is_missing(usual):
        title += f", usually {_money(book, usual)}"
    kind = book.period.kind
    see = f"Amount of all deals open at the end of each {kind}; usually means the median before."
    return Words(title, see, f"{title}, over {fmt.plural(len(known), kind)}.")


def of_stalled(book: Book, table: pd.DataFrame) -> str:
    """The title of the worklist of stalled deals; see `stalled_deals`."""
    if table.empty:
        return "Open deals older than nine in ten won deals were"
    said = f"{fmt.plural(len(table), 'open deal')} older than nine in ten won deals of their kind"
    total = table["amount"].sum(min_count=1)
    return f"{said} were" if fmt.is_missing(total) else f"{said} were: {_money(book, total)}"


def _money(book: Book, amount: object) -> str:
    return fmt.money(amount, book.rules.company.currency, book.rules.report.number_style)
