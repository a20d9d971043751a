"""Business time in the engine: office seconds between moments, and when a budget is used up.

`playbook.calendar` says which hours are worked; this puts them into two small tables, so that
millions of moments are answered by equality joins, in any engine and without its time zones.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from playbook.calendar import ONE_DAY

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from playbook.calendar import Workdays

DAY = 86_400
HOUR = 3_600
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - naive UTC, as everything inside

Stretch = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Worktime:
    """The office hours of a span of time, as tables to join.

    Attributes:
        days: One row per UTC day: `day` (since 1970), `before` (office seconds before it) and
            the stretches that are open in it, `opens_0`, `closes_0` … in seconds since 1970.
        pieces: The open stretches, cut at whole office hours: `piece` (the hour), `since`,
            `until` (office seconds passed at its ends) and `at` (its begin since 1970).
        stretches: How many stretches a day of `days` has at most.
    """

    days: pd.DataFrame
    pieces: pd.DataFrame
    stretches: int

    def worked(self, table: ir.Table, moment: str, name: str) -> ir.Table:
        """The table with `name`: office seconds that had passed at `moment`; missing where it is.

        Moments outside the span that was asked for have none either.
        """
        import ibis

        days = ibis.memtable(self.days)
        days = days.rename({f"_{name}_{column}": column for column in days.columns})
        at = table[moment].epoch_seconds().cast("int64")
        joined = table.left_join(days, (at // DAY).cast("int64") == days[f"_{name}_day"])
        at = joined[moment].epoch_seconds().cast("int64")
        passed = joined[f"_{name}_before"]
        for i in range(self.stretches):
            opens, closes = joined[f"_{name}_opens_{i}"], joined[f"_{name}_closes_{i}"]
            end = ibis.ifelse(at < closes, at, closes)
            passed = passed + ibis.ifelse(end > opens, end - opens, 0)
        return joined.mutate(**{name: passed}).drop(*days.columns)

    def spent(self, table: ir.Table, passed: str, name: str) -> ir.Table:
        """The table with `name`: when `passed` office seconds have passed, in seconds since 1970.

        Where that is the end of an office day it is that end, not the next day's beginning.
        """
        import ibis

        pieces = ibis.memtable(self.pieces)
        pieces = pieces.rename({f"_{name}_{column}": column for column in pieces.columns})
        since, until = pieces[f"_{name}_since"], pieces[f"_{name}_until"]
        wanted = table[passed]
        joined = table.left_join(
            pieces,
            [
                ((wanted - 1) // HOUR).cast("int64") == pieces[f"_{name}_piece"],
                wanted > since,
                wanted <= until,
            ],
        )
        at = joined[f"_{name}_at"] + (joined[passed] - joined[f"_{name}_since"])
        return joined.mutate(**{name: at}).drop(*pieces.columns)


def worktime(
    workdays: Workdays, zone: str, start: datetime, end: datetime, *, beyond_hours: float = 0
) -> Worktime:
    """The office hours from `start` to `end`, and for as long after it as hours may still run.

    Args:
        workdays: Which days and hours are worked, in the wall clock of `zone`.
        zone: The report zone.
        start: Naive UTC; nothing earlier will be asked.
        end: Naive UTC; nothing later will be asked.
        beyond_hours: Office hours that a budget begun at `end` may take.
    """
    first, last = start.date() - 2 * ONE_DAY, end.date() + 3 * ONE_DAY
    stretches = [(_seconds(a), _seconds(b)) for a, b in workdays.shifts(first, last, zone)]
    left = beyond_hours * HOUR
    while left > 0:
        more = [(_seconds(a), _seconds(b)) for a, b in workdays.shifts(last, last + ONE_DAY, zone)]
        stretches += more
        left -= sum(max(b - a, 0) for a, b in more)
        last += ONE_DAY
    open_ones = [(a, b) for a, b in stretches if b > a]
    days, most = _days(open_ones, first, last)
    return Worktime(days, _pieces(open_ones), most)


def _days(stretches: list[Stretch], first: date, last: date) -> tuple[pd.DataFrame, int]:
    """`Worktime.days` and how many stretches its fullest day has."""
    import pandas as pd

    rows: dict[int, list[Stretch]] = {
        day: []
        for day in range(_seconds_of(first) // DAY - 1, _seconds_of(last) // DAY + 2)
    }  # fmt: skip
    for opens, closes in stretches:
        for day in range(opens // DAY, (closes - 1) // DAY + 1):
            rows[day].append((max(opens, day * DAY), min(closes, (day + 1) * DAY)))
    most = max(map(len, rows.values()), default=0)
    frame = pd.DataFrame({"day": list(rows)}, dtype="int64")
    worked = pd.Series([sum(b - a for a, b in day) for day in rows.values()], dtype="int64")
    frame["before"] = worked.cumsum() - worked
    for i in range(most):
        ends = [day[i] if i < len(day) else (0, 0) for day in rows.values()]
        frame[f"opens_{i}"] = pd.Series([a for a, _ in ends], dtype="int64")
        frame[f"closes_{i}"] = pd.Series([b for _, b in ends], dtype="int64")
    return frame, most


def _pieces(stretches: list[Stretch]) -> pd.DataFrame:
    """`Worktime.pieces`."""
    import pandas as pd

    rows: list[tuple[int, int, int, int]] = []
    passed = 0
    for opens, closes in stretches:
        at = opens
        while at < closes:
            size = min(closes - at, HOUR - passed % HOUR)
            rows.append((passed // HOUR, passed, passed + size, at))
            passed, at = passed + size, at + size
    return pd.DataFrame(rows, columns=["piece", "since", "until", "at"], dtype="int64")


def local_time(moment: ir.Value, zone: str, start: datetime, end: datetime) -> ir.Value:
    """A naive UTC moment between `start` and `end` on the wall clock of `zone`."""
    import ibis

    changes = _offsets(zone, start, end)
    branches = [
        (moment < ibis.literal(until, "timestamp"), seconds) for seconds, until in changes[:-1]
    ]
    last = ibis.literal(changes[-1][0], "int64")
    seconds = ibis.cases(*branches, else_=last).cast("int64") if branches else last
    return moment + seconds.as_interval("s")


def _offsets(zone: str, start: datetime, end: datetime) -> list[tuple[int, datetime]]:
    """Seconds ahead of UTC, each with the moment up to which it holds, from `start` to `end`."""
    info = ZoneInfo(zone)

    def ahead(moment: datetime) -> int:
        offset = moment.replace(tzinfo=UTC).astimezone(info).utcoffset() or timedelta()
        return round(offset.total_seconds())

    found: list[tuple[int, datetime]] = []
    moment = start
    while moment < end:
        after = min(moment + ONE_DAY, end)
        old, new = ahead(moment), ahead(after)
        if old != new:
            minutes = range(int((after - moment) / timedelta(minutes=1)) + 1)
            here = moment.replace(second=0, microsecond=0)
            change = bisect_left(
                minutes, 1, key=lambda m: int(ahead(here + timedelta(minutes=m)) != old)
            )
            found.append((old, here + timedelta(minutes=change)))
        moment = after
    return [*found, (ahead(end), end)]


def _seconds(moment: datetime) -> int:
    return round((moment - EPOCH).total_seconds())


def _seconds_of(day: date) -> int:
    return (day - EPOCH.date()).days * DAY
