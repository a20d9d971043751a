"""Is the promise kept: per step, by person, team, channel, and by the hour of the week."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from playbook import response
from playbook.book import remembered
from playbook.chapters.response.inputs import (
    NOBODY,
    YEAR,
    acts,
    clocks,
    leads,
    of_period,
    promise,
    sure,
)
from playbook.errors import ParameterError, unknown
from playbook.format import div
from playbook.intervals import wilson

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book

BY = ("owner", "team", "channel", "intent_level", "hour", "weekday")
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
SPAN_HOURS = 4
"""Hours of the day that stand in one column of the week's grid."""


@remembered
def steps(book: Book) -> pd.DataFrame:
    """How each promised step was kept, over the clocks that began in the period.

    Returns:
        One row per step that the data can show, in the order promised: `step`, `owed`, `met`,
        `late`, `overdue`, `pending`, `due`, `rate` (met of due), `low`, `high`, `median_hours`,
        `p90_hours` (of those done).
    """
    table = response.summary(of_period(book)).set_index("step")
    order = [name for name in promise(book).names if name in table.index]
    columns = ["owed", "met", "late", "overdue", "pending", "due", "rate", "low", "high"]
    return table.loc[order, [*columns, "median_hours", "p90_hours"]].reset_index()


@remembered
def kept_by(book: Book, by: str = "team", *, periods: int = 1) -> pd.DataFrame:
    """How the first answer was kept, by who, where or when.

    Args:
        book: The Book.
        by: One of `BY`; `hour` and `weekday` are those of the clock's start, in the report zone.
        periods: Over how many periods up to this one.

    Returns:
        One row per value: `by`, `owed`, `due`, `met`, `late` (or overdue), `pending`, `rate`,
        `low`, `high`, `median_hours`, `p90_hours`; most due first, hours and weekdays in order.

    Raises:
        ParameterError: `by` is none of these.
    """
    if by not in BY:
        raise ParameterError(unknown("breakdown", by, BY))
    rows = of_period(book, periods=periods)
    rows = rows.filter(rows.step == response.RESPONSE)
    table = response.summary(rows, by=by)
    table = table.assign(late=table["late"] + table["overdue"])
    if by == "weekday":
        table = table.sort_values(by, ignore_index=True)
        table[by] = [WEEKDAYS[day] for day in table[by]]
    elif by != "hour":
        table[by] = table[by].fillna(NOBODY)
        table = table.sort_values(["due", by], ascending=[False, True], ignore_index=True)
    columns = [by, "owed", "due", "met", "late", "pending", "rate", "low", "high"]
    return table[[*columns, "median_hours", "p90_hours"]]


def as_rates(table: pd.DataFrame, by: str) -> pd.DataFrame:
    """`kept_by` as rows of a dot plot, those with an answer due."""
    known = table[table["due"] > 0]
    named = known.rename(columns={by: "name", "rate": "value"}).assign(n=known["due"])
    return named[["name", "value", "low", "high", "n"]]


@remembered
def hours(book: Book, *, is_high: bool) -> pd.DataFrame:
    """Hours to the first answer by a person on the SLA's clock, one row per clock of the period.

    Args:
        book: The Book.
        is_high: Those of high intent, or all others.

    Returns:
        `lead_id`, `response_hours` (missing where nobody has answered yet).
    """
    chosen = _answers_of(book, is_high=is_high)
    return chosen.sort_values("lead_id", ignore_index=True)[["lead_id", "response_hours"]]


def _answers_of(book: Book, *, is_high: bool) -> pd.DataFrame:
    rows = of_period(book)
    rows = rows.filter(rows.step == response.RESPONSE)
    found: pd.DataFrame = rows.select(
        "lead_id", "limit_hours", "state", response_hours="hours"
    ).to_pandas()
    sla = book.rules.sla
    if sla.high_intent_hours == sla.normal_hours:
        return found if not is_high else found.head(0)
    return found[(found["limit_hours"] == sla.high_intent_hours) == is_high]


@remembered
def week(book: Book) -> pd.DataFrame:
    """Share in time by weekday and time of day of the capture, over this period and twelve more.

    Returns:
        As rows of a grid of rates: `name` (weekday), `step` (hours of the day), `value`, `n`
        (answers due), `difference` (from all other cells together), `emphasis` (whether it
        differs from them by more than chance, all cells considered).
    """
    rows = of_period(book, periods=YEAR)
    rows = rows.filter(rows.step == response.RESPONSE)
    rows = rows.mutate(span=(rows.hour // SPAN_HOURS).cast("int64"))
    table = response.summary(rows, by=["weekday", "span"])
    table = _whole_week(table)
    table["low"], table["high"] = wilson(table["met"], table["due"], sure(len(table)))
    rest = div(table["met"].sum() - table["met"], table["due"].sum() - table["due"])
    return table.assign(
        name=[WEEKDAYS[day] for day in table["weekday"]],
        step=[f"{span * SPAN_HOURS}–{(span + 1) * SPAN_HOURS}" for span in table["span"]],
        value=table["rate"],
        n=table["due"],
        difference=table["rate"] - rest,
        emphasis=(table["low"] > rest) | (table["high"] < rest),
    )[["name", "step", "value", "n", "difference", "emphasis"]]


def _whole_week(table: pd.DataFrame) -> pd.DataFrame:
    """With a row for every weekday and span, in order; nothing due where there was none."""
    import pandas as pd

    cells = pd.MultiIndex.from_product(
        [range(7), range(24 // SPAN_HOURS)], names=["weekday", "span"]
    )
    full = table.set_index(["weekday", "span"]).reindex(cells)
    full[["met", "due"]] = full[["met", "due"]].fillna(0).astype(int)
    return full.reset_index()


@remembered
def flattered(book: Book) -> float:
    """The period's share in time if what a system sent counted as an answer; it does not.

    Missing where nothing that a system sent is on record.
    """
    if not book.has("activity", "touch"):
        return math.nan
    sla = replace(promise(book), steps=promise(book).of(response.RESPONSE))
    every = acts(book).mutate(automatic=False)
    rows = response.clocks(leads(book), every, sla, as_of=book.as_of)
    inside = rows.filter(rows.opened_at >= book.period.start, rows.opened_at < book.period.end)
    table = response.summary(inside)
    return div(table["met"].sum(), table["due"].sum())


def reopened(book: Book) -> pd.DataFrame:
    """Leads whose case was opened again after an answer, and whether that one was answered.

    Returns:
        `lead_id`, `owner`, `opened_at` (report zone), `state`, `hours`; newest first.
    """
    rows = clocks(book)
    again = rows.filter(rows.step == response.RESPONSE, rows["clock"] > 1)
    found: pd.DataFrame = again.select(
        "lead_id", "owner", "opened_at", "state", "hours"
    ).to_pandas()
    found["opened_at"] = book.local_times(found["opened_at"])
    return found.sort_values(["opened_at", "lead_id"], ascending=[False, True], ignore_index=True)
