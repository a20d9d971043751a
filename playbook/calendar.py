"""Business time: which days are worked, and how many office hours lie between two moments."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from playbook.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Mapping

Source = Literal["china", "mon-fri"]
Span = tuple[time, time]

ONE_DAY = timedelta(days=1)
ONE_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Workdays:
    """The workdays and office hours of a company, in the wall clock of the report zone.

    Attributes:
        source: `china` knows public holidays and make-up days as the State Council publishes
            them, year by year, and takes Monday to Friday for years not published;
            `mon-fri` knows weekends only.
        extra_holidays: Days off besides those of the source.
        extra_workdays: Days worked besides those of the source; they win over holidays.
        hours: When the office opens and closes.
        lunch: The break inside the office hours, or None.

    >>> Workdays().is_workday(date(2025, 1, 26))  # a Sunday, worked for the Spring Festival
    True
    >>> Workdays(source="mon-fri").is_workday(date(2025, 1, 26))
    False
    """

    source: Source = "china"
    extra_holidays: frozenset[date] = frozenset()
    extra_workdays: frozenset[date] = frozenset()
    hours: Span = (time(9), time(18))
    lunch: Span | None = (time(12), time(13, 30))

    def is_workday(self, day: date) -> bool:
        """Whether the office is open on `day`."""
        if day in self.extra_workdays:
            return True
        if day in self.extra_holidays:
            return False
        published = _published(day) if self.source == "china" else None
        return day.weekday() < 5 if published is None else published

    def but(self, days: Mapping[date, bool]) -> Workdays:
        """The same, but where `days` says whether a day is worked.

        >>> Workdays().but({date(2026, 10, 16): False}).is_workday(date(2026, 10, 16))
        False
        """
        worked = {day for day, is_worked in days.items() if is_worked}
        return replace(
            self,
            extra_holidays=(self.extra_holidays - worked) | (set(days) - worked),
            extra_workdays=(self.extra_workdays - set(days)) | worked,
        )

    def workdays(self, start: date, end: date) -> int:
        """Workdays from `start` up to, not including, `end`; negative where `end` is earlier.

        >>> Workdays().workdays(date(2025, 10, 1), date(2025, 11, 1))
        18
        """
        if end < start:
            return -self.workdays(end, start)
        days = (end - start).days
        return sum(self.is_workday(start + offset * ONE_DAY) for offset in range(days))

    def business_hours(self, start: datetime, end: datetime) -> float:
        """Office hours between two moments; negative where `end` is earlier.

        Args:
            start: A moment in the wall clock of the report zone, without a zone.
            end: The same.

        Returns:
            Hours, lunch and days off left out; 0.0 where no office hour lies between.

        Raises:
            ParameterError: A moment carries a zone.

        >>> workdays = Workdays()
        >>> workdays.business_hours(datetime(2026, 10, 16, 17), datetime(2026, 10, 19, 10))
        2.0
        """
        _without_zone("start", start)
        _without_zone("end", end)
        if end < start:
            return -self.business_hours(end, start)
        if start.date() == end.date():
            return (self._worked_on(end) - self._worked_on(start)) / ONE_HOUR
        between = self.workdays(start.date() + ONE_DAY, end.date()) * self._full_day()
        rest = self._full_day() if self.is_workday(start.date()) else timedelta()
        return (rest - self._worked_on(start) + between + self._worked_on(end)) / ONE_HOUR

    def shifts(self, start: date, end: date, zone: str) -> list[tuple[datetime, datetime]]:
        """When the office is open from `start` up to, not including, `end`, in naive UTC.

        Args:
            start: First day, in the report zone.
            end: The day after the last.
            zone: The report zone; a change of its clock moves the shifts, as it does in life.

        Returns:
            One pair of moments for each stretch without a break, in order.

        >>> Workdays().shifts(date(2026, 10, 16), date(2026, 10, 19), "Asia/Shanghai")[1]
        (datetime.datetime(2026, 10, 16, 5, 30), datetime.datetime(2026, 10, 16, 10, 0))
        """
        opens, closes = self.hours
        lunch = self.lunch or (closes, closes)
        spans = [span for span in ((opens, lunch[0]), (lunch[1], closes)) if span[0] < span[1]]
        days = (start + offset * ONE_DAY for offset in range((end - start).days))
        return [
            (_utc(day, span[0], zone), _utc(day, span[1], zone))
            for day in days
            if self.is_workday(day)
            for span in spans
        ]

    def fallback_years(self, start: date, end: date) -> tuple[int, ...]:
        """Years from `start` up to, not including, `end` whose workdays are not published.

        >>> Workdays().fallback_years(date(2003, 12, 1), date(2004, 2, 1))
        (2003,)
        """
        if self.source != "china" or end <= start:
            return ()
        last = (end - ONE_DAY).year
        years = range(start.year, last + 1)
        return tuple(year for year in years if _published(date(year, 1, 1)) is None)

    def fallback_note(self, start: date, end: date) -> str:
        """A sentence that says where Monday to Friday stands in; empty where it does not.

        >>> Workdays().fallback_note(date(2002, 12, 1), date(2004, 2, 1))
        'Workdays of 2002, 2003 are taken as Monday to Friday: no official calendar is at hand.'
        """
        years = self.fallback_years(start, end)
        if not years:
            return ""
        named = ", ".join(map(str, years))
        return (
            f"Workdays of {named} are taken as Monday to Friday: no official calendar is at hand."
        )

    def _full_day(self) -> timedelta:
        """The office hours of one workday."""
        return _passed(self.hours, time.max) - (
            _passed(self.lunch, time.max) if self.lunch else timedelta()
        )

    def _worked_on(self, moment: datetime) -> timedelta:
        """The office hours that have passed on the day of `moment`."""
        if not self.is_workday(moment.date()):
            return timedelta()
        passed = _passed(self.hours, moment.time())
        return passed - _passed(self.lunch, moment.time()) if self.lunch else passed


@functools.cache
def _published(day: date) -> bool | None:
    """Whether `day` is worked in China; None where its year is not published."""
    import chinese_calendar

    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return None


def _utc(day: date, clock: time, zone: str) -> datetime:
    """A wall clock's moment as naive UTC."""
    local = datetime.combine(day, clock, tzinfo=ZoneInfo(zone))
    return local.astimezone(UTC).replace(tzinfo=None)


def _passed(span: Span, clock: time) -> timedelta:
    """How much of `span` has passed when the clock shows `clock`."""
    opens, closes = span
    return max(_since_midnight(min(clock, closes)) - _since_midnight(opens), timedelta())


def _since_midnight(clock: time) -> timedelta:
    return timedelta(
        hours=clock.hour,
        minutes=clock.minute,
        seconds=clock.second,
        microseconds=clock.microsecond,
    )


def _without_zone(name: str, moment: datetime) -> None:
    if moment.tzinfo is not None:
        raise ParameterError(
            f"{name} carries the zone {moment.tzinfo}; business hours are counted in the wall "
            "clock of the report zone: convert it and drop the zone."
        )
