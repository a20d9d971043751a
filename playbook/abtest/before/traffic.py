"""How many people come in a week, from a number or from days."""

from __future__ import annotations

import math
from collections.abc import Iterable
from numbers import Real
from typing import TYPE_CHECKING, Any, NamedTuple

from playbook.format import percent, plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

WEEK = 7
WEEKEND = 5
"""The first weekday, Monday being 0, that is no weekday of work."""


class Traffic(NamedTuple):
    """People a week.

    Attributes:
        per_week: People, on average over the full weeks that were seen.
        note: How they are spread over the week, and what was assumed; empty where unknown.
    """

    per_week: float
    note: str = ""


def traffic(daily: Any) -> tuple[Traffic, list[str]]:
    """People a week, and what is wrong with the days.

    Args:
        daily: People a day: a number, or one per day in order, or a Series by date.

    >>> traffic(100)
    (Traffic(per_week=700.0, note=''), [])
    >>> traffic([9] * 3 + [5, 5, 5, 5, 5, 1, 1] * 2)[0].per_week  # the last two full weeks
    27.0
    """
    if isinstance(daily, Real):
        each = float(daily)
        return Traffic(each * WEEK), _wrong_days([each]) or _nobody([each])
    if odd := _odd(daily):
        return Traffic(math.nan), [odd]
    dated = _is_dated(daily)
    days, wrong, notes = _by_date(daily) if dated else ([*map(float, daily)], [], [])
    wrong += _wrong_days(days)
    if len(days) < WEEK:
        wrong.append(f"daily has {plural(len(days), 'day')}: a week has seven, take more.")
    if wrong:
        return Traffic(math.nan), wrong
    kept = days[len(days) % WEEK :]
    seen = Traffic(sum(kept) / (len(kept) / WEEK), " ".join([*_cycle(kept, daily), *notes]))
    return seen, _nobody(kept)


def _odd(daily: Any) -> str:
    """What is wrong with days that are no numbers at all; empty where they are."""
    is_frame = hasattr(daily, "columns")
    days = [] if is_frame or not isinstance(daily, Iterable) else [*daily]
    if is_frame or isinstance(daily, str) or not isinstance(daily, Iterable):
        what = f"not {type(daily).__name__}"
    elif strange := [day for day in days if not isinstance(day, Real)]:
        what = f"not {strange[0]!r}"
    else:
        return ""
    column = ", such as one column of the table" if is_frame else ""
    return (
        f"daily must be people a day: a number, one per day, or a Series by date{column}; {what}."
    )


def _is_dated(daily: Any) -> bool:
    """Whether days have dates: a Series whose index is not just a running number."""
    index = getattr(daily, "index", None)
    kind = getattr(index, "dtype", None)
    return kind is not None and kind.kind not in "iuf"


def _by_date(daily: pd.Series[Any]) -> tuple[list[float], list[str], list[str]]:
    """Every day from the first to the last, what is wrong, and what was assumed."""
    import pandas as pd

    dates = pd.DatetimeIndex(pd.to_datetime(daily.index)).normalize()
    if dates.has_duplicates:
        twice = dates[dates.duplicated()][0].date()
        return [], [f"daily has {twice} twice: add up what belongs to one day."], []
    series = pd.Series(daily.to_numpy(), index=dates).sort_index().asfreq("D")
    gaps = len(series) - len(daily)
    note = f"{plural(gaps, 'day')} without a row {'counts' if gaps == 1 else 'count'} as no people."
    filled = series.where(series.index.isin(dates), 0)
    return [*map(float, filled)], [], [note] if gaps else []


def _wrong_days(days: Sequence[float]) -> list[str]:
    bad = [x for x in days if not 0 <= x < math.inf]
    return [f"daily must hold numbers of people, 0 or more, not {bad[0]:g}."] if bad else []


def _nobody(days: Sequence[float]) -> list[str]:
    return [] if sum(days) > 0 else ["daily brings nobody: there is no test without people."]


def _cycle(days: list[float], daily: Any) -> list[str]:
    """How the days of a week differ, in a sentence."""
    weeks = len(days) // WEEK
    means = [sum(days[place::WEEK]) / weeks for place in range(WEEK)]
    if _is_dated(daily):
        import pandas as pd

        last = pd.to_datetime(daily.index).max().weekday()
        by_weekday = [means[(place - last - 1) % WEEK] for place in range(WEEK)]
        work, rest = sum(by_weekday[:WEEKEND]) / WEEKEND, sum(by_weekday[WEEKEND:]) / 2
        if work > 0:
            return [f"A day of the weekend has {percent(rest / work, 0)} of a weekday's people."]
    low, high = min(means), max(means)
    if low == high:
        return []
    return [
        f"The quietest day of a week has {percent(low / high, 0)} of the people of the busiest."
    ]
