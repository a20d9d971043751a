"""The chapter's tables as the rows of figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook import format as fmt
from playbook.chapters.economics.board import APART, total, unit_costs
from playbook.chapters.economics.judged import verdicts
from playbook.chapters.economics.verdict_words import money
from playbook.format import div

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book


def as_share_pairs(table: pd.DataFrame, result: str = "customers") -> pd.DataFrame:
    """A board as paired bars: each channel's share of the cost and of what came of it.

    Args:
        table: What `board` or `unit_costs` returned.
        result: The column to hold against the cost, such as `customers`, `won_amount`, `leads`.

    Returns:
        `name`, `spend`, `result` (shares of the channels' totals), `emphasis` (less than half of
        its share of the cost); channels with a cost, dearest first.
    """
    shown = table[(table["cost"] > 0) & ~table.iloc[:, 0].isin(APART)]
    spend = div(shown["cost"], shown["cost"].sum())
    share = div(shown[result], shown[result].sum())
    named = shown.iloc[:, 0].fillna("without one").astype(str)
    pairs = shown.assign(name=named, spend=spend, result=share, emphasis=share < spend / 2)
    return pairs[["name", "spend", "result", "emphasis"]].reset_index(drop=True)


def as_times(book: Book) -> pd.DataFrame:
    """Cost per lead and per customer as multiples of what all channels together cost.

    Returns:
        One row per channel with a cost and leads, from the cheapest lead: `name`, `before` (cost
        per lead), `after` (per customer; missing where none came), `after_low`, `after_high`
        (95 %), `label` (both amounts), `emphasis` (cheap per lead, and to be cut).
    """
    table, whole = unit_costs(book), total(book).iloc[0]
    shown = table[(table["cost"] > 0) & (table["leads"] > 0) & ~table["channel"].isin(APART)]
    trapped = set(traps(book)["channel"])
    rows = shown.assign(
        name=shown["channel"],
        before=div(shown["cpl"], whole["cpl"]),
        after=div(shown["cac"], whole["cac"]),
        after_low=div(shown["cac_low"], whole["cac"]),
        after_high=div(shown["cac_high"], whole["cac"]),
        label=[_both(book, row) for _, row in shown.iterrows()],
        emphasis=shown["channel"].isin(trapped),
    )
    columns = ["name", "before", "after", "after_low", "after_high", "label", "emphasis"]
    return rows.sort_values(["before", "name"])[columns].reset_index(drop=True)


def _both(book: Book, row: pd.Series[float]) -> str:
    none = fmt.is_missing(row["cac"])
    customer = "none won" if none else money(book, row["cac"])
    return f"{money(book, row['cpl'])} → {customer}"


def traps(book: Book) -> pd.DataFrame:
    """Channels whose leads are cheap and whose customers are dear (P03-X1).

    Returns:
        Rows of `verdicts`: to cut, though a lead costs less than in the middle channel.
    """
    table = verdicts(book)
    priced = table[table["cpl"].notna()]
    cheap = table["cpl"] < priced["cpl"].median()
    return table[(table["verdict"] == "cut") & cheap].reset_index(drop=True)


def as_payback(curves: pd.DataFrame, payback: pd.DataFrame, horizon: int = 12) -> pd.DataFrame:
    """What share of the cost is back so many months later, over months that have lived so long.

    Always over the same months, so that the line only rises.

    Args:
        curves: What `payback_curves` returned.
        payback: What `payback` returned.
        horizon: Months to look ahead; fewer where not three months have lived so long.

    Returns:
        `period` (months since, as text), `value` (revenue up to then ÷ cost, a ratio of sums),
        `cohorts` (how many months); empty where not three months are known.
    """
    lived = payback["lived"].sort_values(ascending=False, ignore_index=True)
    until = min(horizon, int(lived.iloc[2])) if len(lived) >= 3 else -1
    old = payback[payback["lived"] >= until].set_index("month")["cost"]
    table = curves[curves["month"].isin(old.index) & (curves["age"] <= until)]
    ages = table.groupby("age")["revenue"].sum().reset_index()
    return ages.assign(
        period=ages["age"].astype(str), value=div(ages["revenue"], old.sum()), cohorts=len(old)
    )[["period", "value", "cohorts"]]


def as_elasticities(curves: pd.DataFrame) -> pd.DataFrame:
    """Response curves as dots with intervals: per cent more leads for one per cent more cost.

    Args:
        curves: What `curves` returned.

    Returns:
        `name`, `value`, `low`, `high`, `n` (leads), `emphasis` (accepted); those that could be
        fitted.
    """
    known = curves[curves["elasticity"].notna()]
    named = known.rename(columns={"channel": "name", "elasticity": "value", "leads": "n"})
    return named.assign(emphasis=known["accepted"])[
        ["name", "value", "low", "high", "n", "emphasis"]
    ].reset_index(drop=True)


def as_roi(table: pd.DataFrame) -> pd.DataFrame:
    """`roi` as pairs of dots: what came back for each 1 spent, in the span and by its own leads.

    Returns:
        `name`, `before` (won in the span ÷ cost), `after` (won so far by the span's leads ÷ cost;
        both are the ROI plus 1, missing where nothing was won), `label`, `emphasis` (all channels).
    """
    from playbook.chapters.economics.returned import ALL

    before, after = table["simple_roi"] + 1, table["realised_roi"] + 1
    return table.assign(
        name=table["channel"],
        before=before.where(before > 0),
        after=after.where(after > 0),
        label=[
            f"{fmt.number(a, 2)} → {fmt.number(b, 2)}" for a, b in zip(before, after, strict=True)
        ],
        emphasis=table["channel"] == ALL,
    )[["name", "before", "after", "label", "emphasis"]]
