"""The ways that customers took: how long, over which touches, from where to where."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from playbook import attribution
from playbook.book import remembered
from playbook.chapters.attribution import credit
from playbook.chapters.attribution.inputs import NAMES, valued
from playbook.chapters.attribution.scope import known, pictured
from playbook.format import div

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

    from playbook.book import Book

TOP = 8
"""Names with a row and a column of their own in the map of steps."""

TIMED = ("lead", "sql", "opportunity", "won")
"""Kinds of conversion whose journeys are timed."""

ALIKE, REPEATED = 10, 5
"""Journeys that make a way common, and common ways that make a picture worth drawing."""

OTHERS = "others"
ONE, NONE = "one touch only", "nothing between"
START, CONVERTED, ENDED = "start", "goal", "end"


@remembered
def channel_order(book: Book) -> tuple[str, ...]:
    """The channels by how many leads on record they brought, most first: who gets which colour.

    It does not depend on the period, so that a channel keeps its colour from page to page.
    """
    table = book.sql(
        """SELECT channel FROM lead_journey WHERE channel_id IS NOT NULL
        GROUP BY channel ORDER BY count(*) DESC, channel"""
    )
    return tuple(table["channel"])


@remembered
def durations(book: Book) -> pd.DataFrame:
    """How long journeys were, to leads, SQLs, opportunities and deals.

    Returns:
        `conversion`, `journeys`, `touches` (median), `touches_p90`, `one_touch_share`,
        `first_days` and `first_p90_days` (from the first touch in the lookback to the conversion,
        median and nine in ten), `last_days` (from the last touch, median).
    """
    import pandas as pd

    rows = []
    for name in known(book):
        if name not in TIMED:
            continue
        found = credit.journeys(book, name)
        sizes, days = attribution.lengths(found), attribution.days(found, (0.5, 0.9))
        n = int(sizes["conversions"].sum())
        first, last = days.iloc[0], days.iloc[1]
        rows.append(
            {
                "conversion": NAMES[name],
                "journeys": n,
                "touches": _quantile(sizes, 0.5),
                "touches_p90": _quantile(sizes, 0.9),
                "one_touch_share": div(sizes.query("size == 1")["conversions"].sum(), n),
                "first_days": first[0.5],
                "first_p90_days": first[0.9],
                "last_days": last[0.5],
            }
        )
    columns = ["conversion", "journeys", "touches", "touches_p90", "one_touch_share"]
    return pd.DataFrame(rows, columns=[*columns, "first_days", "first_p90_days", "last_days"])


def _quantile(sizes: pd.DataFrame, part: float) -> float:
    """A quantile of the touches per journey, from how many journeys have how many."""
    if sizes.empty:
        return float("nan")
    ordered = sizes.sort_values("size")
    reached = ordered["conversions"].cumsum() >= part * ordered["conversions"].sum()
    return float(ordered.loc[reached, "size"].iloc[0])


@remembered
def states(book: Book, conversion: str = "won") -> pd.DataFrame:
    """How the journeys of the span ended; see `attribution.states`."""
    table = attribution.states(credit.journeys(book, conversion))
    return table if valued(book, conversion) else table.assign(value=float("nan"))


@remembered
def top_paths(book: Book, conversion: str = "won", by: str = "channel") -> pd.DataFrame:
    """The ways that led to conversions, repeats in a row as one step, most gone first.

    Args:
        book: The Book.
        conversion: One of `inputs.CONVERSIONS`.
        by: One of `inputs.DIMENSIONS`.

    Returns:
        `path` (tuple of names; a name stands once for several touches in a row), `steps`,
        `conversions`, `share` (of all journeys that converted), `amount`.
    """
    import pandas as pd

    found = attribution.paths(credit.journeys(book, conversion, by))
    found = found[found["conversions"] > 0]
    steps = [tuple(name for name, _ in groupby(path)) for path in found["path"]]
    amounts = found["value"] if valued(book, conversion) else float("nan")
    table = pd.DataFrame({"path": steps, "conversions": found["conversions"], "amount": amounts})
    summed = table.groupby("path", as_index=False, sort=False).sum(min_count=1)
    summed["steps"] = [len(path) for path in summed["path"]]
    summed["share"] = div(summed["conversions"], summed["conversions"].sum())
    order = ["conversions", "steps", "path"]
    summed = summed.sort_values(order, ascending=[False, True, True], ignore_index=True)
    return summed[["path", "steps", "conversions", "share", "amount"]]


@remembered
def commonest(book: Book) -> str:
    """The kind of conversion whose ways are drawn: that of the other pictures, if some repeat.

    Of long journeys hardly two are alike; then the ways to leads are drawn.
    """
    kind = pictured(book)
    often = top_paths(book, kind)["conversions"] >= ALIKE
    return kind if int(often.sum()) >= REPEATED else "lead"


@remembered
def ends(book: Book, conversion: str = "won", by: str = "channel") -> pd.DataFrame:
    """From which first touch, over what, to which last touch the journeys led.

    A journey of three or more touches is shared evenly by the touches between its ends.

    Args:
        book: The Book.
        conversion: One of `inputs.CONVERSIONS`.
        by: One of `inputs.DIMENSIONS`.

    Returns:
        `first`, `middle` (also `ONE` and `NONE`), `last`, `value` (journeys); sums to all journeys
        that converted.
    """
    import pandas as pd

    found = attribution.paths(credit.journeys(book, conversion, by))
    sums: dict[tuple[str, str, str], float] = {}
    for path, n in zip(found["path"], found["conversions"], strict=True):
        for middle, part in _between(path):
            key = path[0], middle, path[-1]
            sums[key] = sums.get(key, 0.0) + float(n) * part
    rows = [(*key, value) for key, value in sorted(sums.items()) if value > 0]
    return pd.DataFrame(rows, columns=["first", "middle", "last", "value"])


def _between(path: Sequence[str]) -> Iterable[tuple[str, float]]:
    if len(path) < 3:
        return [(ONE if len(path) == 1 else NONE, 1.0)]
    inside = path[1:-1]
    return [(name, 1 / len(inside)) for name in inside]


@remembered
def steps(book: Book, conversion: str = "won", by: str = "channel") -> pd.DataFrame:
    """Where journeys went after each touch: to another, to the conversion, or no further.

    Args:
        book: The Book.
        conversion: One of `inputs.CONVERSIONS`.
        by: One of `inputs.DIMENSIONS`.

    Returns:
        `name` (where it was), `step` (where it went), `value` (share of the row), `n` (of the
        row): the names touched most often, the others together, in the order of their size; rows
        begin with the start, columns end with the conversion and the end without one.
    """
    import pandas as pd

    table = attribution.transitions(credit.journeys(book, conversion, by))
    if table.empty:
        return pd.DataFrame(columns=["name", "step", "value", "n"])
    marks = {"(start)": START, "(conversion)": CONVERTED, "(null)": ENDED}
    sizes = table[~table["from"].isin(marks)].groupby("from")["n"].sum()
    ranked = sizes.sort_values(ascending=False, kind="stable").index.tolist()
    large, rest = ranked[:TOP], len(ranked) > TOP
    called = {name: name for name in large} | marks

    def short(names: pd.Series[Any]) -> pd.Series[Any]:
        return names.map(called).fillna(OTHERS)

    own = table.assign(name=short(table["from"]), step=short(table["to"]))
    counted = own.groupby(["name", "step"])["n"].sum()
    totals = counted.groupby("name").sum()
    last = [OTHERS] if rest else []
    rows = [
        (name, step, div(counted.get((name, step), 0), totals[name]), int(totals[name]))
        for name in (START, *large, *last)
        for step in (*large, *last, CONVERTED, ENDED)
        if name in totals
    ]
    return pd.DataFrame(rows, columns=["name", "step", "value", "n"])
