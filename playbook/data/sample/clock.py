"""The sample's clock: local seconds, working days, office hours, when people are busy.

Times inside the generator are whole seconds of Shanghai wall-clock time since 1970; what has not
happened by the end of the data is `NEVER`.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from playbook.data.sample.draw import below, pick

if TYPE_CHECKING:
    from playbook.data.sample.draw import Bools, Floats, Ints, Rng

DAY = 86_400
HOUR = 3_600
OPENS = 9 * HOUR
SHIFT = 9 * HOUR
ZONE_OFFSET = 8 * HOUR
NEVER = 2**60

_EPOCH = date(1970, 1, 1)
_FIRST = date(2022, 1, 1)
_LAST = date(2027, 12, 31)
_HOURS = (1, 1, 0.5, 0.5, 0.5, 1, 2, 4, 9, 14, 16, 13, 7, 9, 15, 15, 13, 10, 6, 6, 7, 6, 4, 2)


def day(text: str) -> int:
    """Day number of an ISO date.

    >>> day("1970-01-02")
    1
    """
    return (date.fromisoformat(text) - _EPOCH).days


def at(text: str, hour: float = 0.0) -> int:
    """Local second of an ISO date and an hour of that day."""
    return day(text) * DAY + int(hour * HOUR)


START_DAY = day("2024-11-01")
END_DAY = day("2026-11-01")
START = START_DAY * DAY
END = END_DAY * DAY
EXTRACTED = at("2026-11-01", 6)
MONTHS = tuple(f"{y}-{m:02d}" for y in (2024, 2025, 2026) for m in range(1, 13))[10:34]


def iso(number: int) -> str:
    """ISO date of a day number."""
    return (_EPOCH + timedelta(days=int(number))).isoformat()


def month_of(days: Ints) -> Ints:
    """Month number of each day, 0 for the first month of the data."""
    months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    out: Ints = months - (2024 - 1970) * 12 - 10
    return out


def month_start(index: int) -> int:
    """Day number on which a month of the data starts."""
    return day(f"{MONTHS[index]}-01") if index < len(MONTHS) else END_DAY


def _works(moment: date) -> bool:
    import chinese_calendar

    try:
        return bool(chinese_calendar.is_workday(moment))
    except NotImplementedError:
        return moment.weekday() < 5


@cache
def workdays() -> Ints:
    """Day numbers of all working days, Chinese make-up days included."""
    span = (_LAST - _FIRST).days + 1
    days = (_FIRST + timedelta(days=i) for i in range(span))
    return np.array([(d - _EPOCH).days for d in days if _works(d)], dtype=np.int64)


def is_workday(days: Ints) -> Bools:
    """Whether each day number is a working day."""
    return np.isin(days, workdays())


def next_workday(number: int) -> int:
    """The day itself or the first working day after it."""
    days = workdays()
    return int(days[np.searchsorted(days, number)])


def office(times: Ints) -> Ints:
    """Office seconds passed by each time, so that office hours can be added."""
    days = workdays()
    number = times // DAY
    index = np.searchsorted(days, number)
    inside = np.clip(times - number * DAY - OPENS, 0, SHIFT)
    return index * SHIFT + np.where(days[index] == number, inside, 0)


def clock(seconds: Ints) -> Ints:
    """The time at which that many office seconds have passed."""
    index, inside = np.divmod(seconds, SHIFT)
    out: Ints = workdays()[index] * DAY + OPENS + inside
    return out


def settle(times: Ints) -> Ints:
    """Each time brought into office hours; nights and weekends spread over the next morning."""
    passed = office(times)
    outside = clock(passed) != times
    return clock(passed + np.where(outside, times % (4 * HOUR), 0))


def after_office(times: Ints, hours: Floats) -> Ints:
    """Each time plus a number of office hours; `NEVER` stays `NEVER`."""
    happened = times < NEVER
    start = np.where(happened, times, START)
    wait = np.clip(hours, 0.0, 3_000.0) * HOUR
    return np.where(happened, clock(office(start) + wait.astype(np.int64)), NEVER)


def after_days(times: Ints, days: Floats) -> Ints:
    """Each time plus a number of calendar days, brought into office hours."""
    happened = times < NEVER
    start = np.where(happened, times, START) + (np.clip(days, 0.0, 700.0) * DAY).astype(np.int64)
    return np.where(happened, settle(start), NEVER)


def busy(days: Ints) -> Floats:
    """How busy each day is: full on working days, quiet at weekends and holidays."""
    weekend = (days + 3) % 7 >= 5
    return np.where(is_workday(days), 1.0, np.where(weekend, 0.34, 0.22))


def times_of_day(rng: Rng, n: int) -> Ints:
    """Seconds of the day at which business people are online."""
    return pick(rng, _HOURS, n) * HOUR + below(rng, HOUR, n)


def times_in(rng: Rng, first: int, last: int, n: int) -> Ints:
    """`n` times between two day numbers, most of them on working days by daylight."""
    days = np.arange(first, last, dtype=np.int64)
    return days[pick(rng, list(busy(days)), n)] * DAY + times_of_day(rng, n)
