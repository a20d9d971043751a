"""Channels against steps of the funnel: which channel's leads go on differently, and where."""

from __future__ import annotations

from itertools import pairwise
from math import ceil
from typing import TYPE_CHECKING

from playbook import funnel
from playbook.book import remembered
from playbook.chapters.growth.declared import STAGE_NAMES, funnel_events, stages, way_to_won
from playbook.chapters.growth.pace import BASELINE_PERIODS, ENOUGH, usual_days
from playbook.format import div
from playbook.funnel import against_rest, wilson
from playbook.intervals import holm

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book

LARGEST = 7
"""Channels with a row of their own; the others are added up."""

OTHERS = "other channels"
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

    taken = {first: usual_days(book, first, then) for first, then in pairwise(stages(book))}
    days = {first: max(ceil(usual or 0.0), 1) for first, usual in taken.items()}
    counted = _counts(book, days)
    known = [stage for stage, usual in taken.items() if usual is not None]
    counted = counted[counted["first"].isin(known) & (counted["n"] > 0)]
    if counted.empty:
        return pd.DataFrame(columns=_COLUMNS)
    steps = _folded(counted).groupby("first", sort=False)
    table = pd.concat([_against_others(step) for _, step in steps], ignore_index=True)
    table["p_adjusted"] = holm(table["p_value"])
    smaller = table[["n", "base_n"]].min(axis=1)
    table["is_news"] = (table["p_adjusted"] < 0.05) & (smaller >= ENOUGH)
    return table[_COLUMNS]


def _counts(book: Book, days: dict[str, int]) -> pd.DataFrame:
    """Who could go on at each step, and who did, by channel."""
    channel = book.table("lead_journey").select("lead_id", "channel")
    table = funnel.steps(
        funnel_events(book).join(channel, "lead_id"),
        way_to_won(book),
        days=days,
        spans={"now": (book.period.back(BASELINE_PERIODS).start, book.period.end)},
        as_of=book.as_of,
        by="channel",
    )
    first, then = (table[side].map(STAGE_NAMES) for side in ("first", "then"))
    return table.assign(step=first + " → " + then, days=table["first"].map(days))


def _folded(table: pd.DataFrame) -> pd.DataFrame:
    """The largest channels by themselves, the same at every step; all others as one."""
    entry = table[table["first"] == table["first"].iloc[0]].sort_values(["n", "channel"])
    kept = set(entry["channel"].tail(LARGEST))
    named = table.assign(channel=table["channel"].where(table["channel"].isin(kept), OTHERS))
    named["place"] = named["first"].map({s: i for i, s in enumerate(named["first"].unique())})
    keys = ["place", "first", "then", "step", "days", "channel"]
    summed = named.groupby(keys, as_index=False)[["n", "converted"]].sum()
    summed["last"] = summed["channel"] == OTHERS
    order = ["place", "last", "n", "channel"]
    return summed.sort_values(order, ascending=[True, True, False, True], ignore_index=True)


def _against_others(step: pd.DataFrame) -> pd.DataFrame:
    """Each channel of one step beside all others together."""
    compared = against_rest(step, "channel", adjust="none")
    low, high = wilson(step["converted"], step["n"])
    return step.assign(
        rate=compared["rate"],
        low=low,
        high=high,
        overall=div(step["converted"].sum(), step["n"].sum()),
        difference=compared["difference"],
        difference_low=compared["low"],
        difference_high=compared["high"],
        p_value=compared["p_value"],
        base_n=compared["base_n"],
    )


def as_grid(table: pd.DataFrame) -> pd.DataFrame:
    """`channel_stages` as the cells of a grid: what differs clearly from the others is marked.

    A step at which nobody has had the time yet has no column.
    """
    table = table[table.groupby("step")["n"].transform("sum") > 0]
    columns = {"channel": "name", "rate": "value", "is_news": "emphasis"}
    cells = table.rename(columns=columns).assign(step=table["then"].map(_SHORT))
    return cells[["name", "step", "value", "n", "emphasis", "difference"]]
