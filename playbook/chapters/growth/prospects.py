"""How fast leads move, what young cohorts will come to, and what is to be expected of open ones."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from playbook import funnel
from playbook.book import remembered
from playbook.chapters.growth.declared import STAGE_NAMES, funnel_events, stages, way_to_won
from playbook.chapters.growth.pace import BASELINE_PERIODS
from playbook.format import div
from playbook.funnel import survival

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book

AGES = (30, 90, 180, 365)
"""Days since capture at which the conversion is told."""

REPLICATES = 200
"""Resamples behind the interval of the outlook."""


@remembered
def stage_times(book: Book) -> pd.DataFrame:
    """How long the leads of this period and the twelve before stayed in each stage (P02-F18).

    Returns:
        One row per stage but the last: `stage` (name), `entered`, `moved_on`, `lost`, `open`,
        `q25`, `median`, `q75`, `p90` (days, of those who moved on), `open_median` (days that the
        open ones have been there). Empty where leads have no second stage.
    """
    import pandas as pd

    if len(stages(book)) < 2:
        return pd.DataFrame(columns=["stage", "entered"])
    table = funnel.times(
        funnel_events(book),
        way_to_won(book),
        as_of=book.as_of,
        start=book.period.back(BASELINE_PERIODS).start,
        end=book.period.end,
    )
    return table.assign(stage=table["stage"].map(STAGE_NAMES))


@remembered
def moves(book: Book) -> pd.DataFrame:
    """Which stages leads went through, over and back to, as the records have it.

    Returns:
        `move` ("MQL → Opportunities"), `kind` (step, skip, regression), `n`; most frequent first.
    """
    table = funnel.moves(funnel_events(book), way_to_won(book))
    first, then = (table[side].map(STAGE_NAMES) for side in ("first", "then"))
    named = table.assign(move=first + " → " + then)[["move", "kind", "n"]]
    return named.sort_values(["n", "move"], ascending=[False, True], ignore_index=True)


@remembered
def conversion_by_age(book: Book) -> pd.DataFrame:
    """The share of leads won by so many days after capture, young leads counted while followed.

    Over the leads of this period and the twelve before.

    Returns:
        One row per age that somebody has been followed to: `days`, `rate`, `low`, `high`
        (Kaplan–Meier), `at_risk` (followed that long and not yet won), `so_far` (share of all
        these leads that is won within that age as of now, which counts young ones as lost), `n`.

    Source: Kaplan and Meier (1958); see `funnel.survival.at`.
    """
    way = replace(way_to_won(book), stages=("lead", "won"), lost=())
    followed = funnel.durations(
        funnel_events(book),
        way,
        as_of=book.as_of,
        start=book.period.back(BASELINE_PERIODS).start,
        end=book.period.end,
    )
    followed = followed.assign(hours=followed["days"] * 24, converted=followed["state"] == "moved")
    table = survival.at(followed, AGES)
    total = int(followed["n"].sum())
    won = followed[followed["converted"]]
    table["so_far"] = [div(won["n"][won["days"] <= days].sum(), total) for days in table["days"]]
    table["n"] = total
    return table[table["rate"].notna()].reset_index(drop=True)


@remembered
def outlook(book: Book) -> pd.DataFrame:
    """How many customers to expect from the leads and deals that are open now.

    Returns:
        One row per stage and `total`: `stage` (name), `open`, `expected` (of them won in the
        end), `low`, `high` (95 %), `probability`, `reason` (why there is no number; empty where
        there is one). Empty where nothing can be won.

    Source: Aalen and Johansen (1978); see `funnel.expected_won`.
    """
    import pandas as pd

    columns = ["stage", "open", "expected", "low", "high", "probability", "reason"]
    if stages(book)[-1] != "won":
        return pd.DataFrame(columns=columns)
    table = funnel.expected_won(
        funnel_events(book), way_to_won(book), as_of=book.as_of, replicates=REPLICATES
    )
    table["stage"] = table["stage"].map({**STAGE_NAMES, "total": "Total"})
    return table[columns]


def as_ages(table: pd.DataFrame) -> pd.DataFrame:
    """`conversion_by_age` as rows of a dot plot: the estimate, and what a plain count says."""
    named = table.assign(name=[f"within {days:.0f} days" for days in table["days"]])
    named = named.rename(columns={"rate": "value", "so_far": "previous"})
    return named[["name", "value", "low", "high", "n", "previous"]]
