"""Channels against steps of the funnel: which channel's leads go on differently, and where."""

from __future__ import annotations

from itertools import pairwise
from math import ceil
from typing import TYPE_CHECKING

from playbook.book import remembered
from playbook.chapters.growth.analysis import BASELINE_PERIODS, _compare, _days
from playbook.chapters.growth.declared import STAGE_NAMES, stages
from playbook.format import div
from playbook.funnel import wilson

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book

LARGEST = 7
"""Channels with a row of their own; the others are added up."""

OTHERS = "other channels"
ENOUGH = 30
"""Leads below which a difference is never called news."""

_SHORT = {**STAGE_NAMES, "valid": "Valid", "opportunity": "Opp.", "quote": "Quote"}
"""Stage names that fit above a column on a phone."""

_COLUMNS = [
    "first", "then", "step", "channel", "n", "converted", "rate", "low", "high", "overall",
    "difference", "is_news", "p_adjusted", "p_value", "difference_low", "difference_high", "days",
]  # fmt: skip


@remembered
def channel_stages(book: Book) -> pd.DataFrame:
    """Each channel's conversion at each step against all other channels together.

    Over this period and the twelve before. Every lead is given the days that nine in ten
    conversions of the step take, and leads younger than that are left out.

    Returns:
        One row per step and channel (the seven with most leads, the rest as "other channels", so
        that they add up to the whole): `first`, `then`, `step` (name), `channel`, `n`,
        `converted`, `rate`, `low`, `high` (Wilson 95 %), `overall` (of all channels),
        `difference` (from all other channels together), `is_news` (adjusted p below 0.05, and at
        least 30 leads on either side), `p_adjusted` (Holm, over the whole table), `p_value`
        (score test), `difference_low`, `difference_high` (Newcombe 95 %, each by itself), `days`.

    Source: Newcombe (1998); Holm (1979); both as computed by statsmodels.
    """
    import pandas as pd

    taken = {pair: _days(book, *pair) for pair in pairwise(stages(book))}
    days = {pair: max(ceil(d), 1) for pair, d in taken.items() if d is not None}
    if not days:
        return pd.DataFrame(columns=_COLUMNS)
    counts = _folded(_counts(book, days))
    table = _compared(counts)
    return _judged(table)[_COLUMNS]


def _counts(book: Book, days: dict[tuple[str, str], int]) -> pd.DataFrame:
    """Who could go on at each step, and who did, by channel; one query."""
    parts = " UNION ALL ".join(_step_sql(stages(book), *pair, days[pair]) for pair in days)
    table = book.sql(
        f"SELECT * FROM ({parts}) ORDER BY place, n DESC, channel",
        start=book.period.back(BASELINE_PERIODS).start,
        end=book.period.end,
        as_of=book.as_of,
    )
    first, then = (table[side].map(STAGE_NAMES) for side in ("first", "then"))
    return table.assign(step=first + " → " + then)


def _step_sql(order: tuple[str, ...], first: str, then: str, days: int) -> str:
    at = {s: "created_at" if s == "lead" else f"{s}_at" for s in order}
    place = order.index(then)
    later = ", ".join(at[s] for s in order[place:])
    entry = at[first]
    return f"""SELECT {place} AS place, '{first}' AS first, '{then}' AS then, {days} AS days,
            channel, count(*) AS n,
            count(*) FILTER (least({later}) <= {entry} + to_days({days})) AS converted
        FROM lead_journey
        WHERE {entry} >= $start AND {entry} < $end AND {entry} + to_days({days}) <= $as_of
        GROUP BY channel"""


def _folded(table: pd.DataFrame) -> pd.DataFrame:
    """The largest channels by themselves, the same at every step; all others as one."""
    entry = table[table["place"] == table["place"].min()]
    kept = set(entry.nlargest(LARGEST, "n", keep="first")["channel"])
    named = table.assign(channel=table["channel"].where(table["channel"].isin(kept), OTHERS))
    keys = ["place", "first", "then", "step", "days", "channel"]
    summed = named.groupby(keys, as_index=False)[["n", "converted"]].sum()
    summed["last"] = summed["channel"] == OTHERS
    order = ["place", "last", "n", "channel"]
    return summed.sort_values(order, ascending=[True, True, False, True], ignore_index=True)


def _compared(table: pd.DataFrame) -> pd.DataFrame:
    """Each channel beside all others of its step."""
    import numpy as np

    whole = table.groupby("place")[["n", "converted"]].transform("sum")
    rest = whole - table[["n", "converted"]]
    own = zip(table["converted"], table["n"], strict=True)
    other = zip(rest["converted"], rest["n"], strict=True)
    sides = zip(own, other, strict=True)
    with np.errstate(divide="ignore"):  # an odds ratio that is not used, where all went on
        found = [_compare(_whole(mine), _whole(theirs)) for mine, theirs in sides]
    low, high = wilson(table["converted"], table["n"])
    return table.assign(
        rate=div(table["converted"], table["n"]),
        low=low,
        high=high,
        overall=div(whole["converted"], whole["n"]),
        difference=div(table["converted"], table["n"]) - div(rest["converted"], rest["n"]),
        difference_low=[f[0] for f in found],
        difference_high=[f[1] for f in found],
        p_value=[f[2] for f in found],
        smaller=rest["n"].where(rest["n"] < table["n"], table["n"]),
    )


def _whole(pair: tuple[float, float]) -> tuple[int, int]:
    return int(pair[0]), int(pair[1])


def _judged(table: pd.DataFrame) -> pd.DataFrame:
    """Which differences are more than chance, over all that were looked at."""
    from statsmodels.stats.multitest import multipletests

    adjusted = table["p_value"].copy()
    known = adjusted.notna()
    if known.any():
        adjusted[known] = multipletests(adjusted[known], method="holm")[1]
    return table.assign(
        p_adjusted=adjusted, is_news=(adjusted < 0.05) & (table["smaller"] >= ENOUGH)
    )


def as_grid(table: pd.DataFrame) -> pd.DataFrame:
    """`channel_stages` as the cells of a grid: what differs clearly from the others is marked."""
    columns = {"channel": "name", "rate": "value", "is_news": "emphasis"}
    cells = table.rename(columns=columns).assign(step=table["then"].map(_SHORT))
    return cells[["name", "step", "value", "n", "emphasis", "difference"]]
