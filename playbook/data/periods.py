"""Periods: days, weeks, months, quarters and years, cut in the report zone.

A fiscal year carries the number of the calendar year in which it ends: with a fiscal year that
starts in April, FY2026 runs from April 2025 to March 2026. Titles name the months, so that
nobody has to know.
"""

from __future__ import annotations

import calendar
import re
import zoneinfo
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, get_args

from playbook.errors import ParameterError, nearest

Kind = Literal["day", "week", "month", "quarter", "year"]

MONTHS = tuple(calendar.month_name)
ONE_DAY = timedelta(days=1)
YEARS = range(1900, 2200)
_LENGTH_IN_MONTHS: dict[Kind, int] = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of local days, and its half-open bounds in naive UTC.

    Attributes:
        kind: `day`, `week` (ISO, from Monday), `month`, `quarter` or `year`.
        first: The first day, in the report zone.
        zone: The report zone, such as `Asia/Shanghai`.
        fiscal_year_start_month: 1 to 12; quarters and years are counted from it.

    >>> october = parse("2026-10", zone="Asia/Shanghai")
    >>> october.start, october.end
    (datetime.datetime(2026, 9, 30, 16, 0), datetime.datetime(2026, 10, 31, 16, 0))
    """

    kind: Kind
    first: date
    zone: str
    fiscal_year_start_month: int = 1

    @property
    def last(self) -> date:
        """The last day, in the report zone."""
        return self.back(-1).first - ONE_DAY

    @property
    def start(self) -> datetime:
        """The moment it begins, naive UTC."""
        return _midnight(self.first, self.zone)

    @property
    def end(self) -> datetime:
        """The moment the next one begins, naive UTC."""
        return _midnight(self.last + ONE_DAY, self.zone)

    @property
    def days(self) -> int:
        """How many local days it has."""
        return (self.last - self.first).days + 1

    @property
    def label(self) -> str:
        """Its short name, which `parse` reads back: `2026-10`, `2026-W43`, `FY2026-Q3`."""
        match self.kind:
            case "day":
                return self.first.isoformat()
            case "week":
                year, week, _ = self.first.isocalendar()
                return f"{year}-W{week:02}"
            case "month":
                return f"{self.first:%Y-%m}"
            case "quarter":
                return f"{self._year_name}-Q{self._quarter}"
            case "year":
                return self._year_name

    @property
    def title(self) -> str:
        """Its name as a person writes it: `October 2026`, `Week 43 of 2026 (19–25 Oct)`."""
        match self.kind:
            case "day":
                title = f"{self.first.day} {MONTHS[self.first.month]} {self.first.year}"
            case "week":
                year, week, _ = self.first.isocalendar()
                title = f"Week {week} of {year} ({_day_span(self.first, self.last)})"
            case "month":
                title = f"{MONTHS[self.first.month]} {self.first.year}"
            case "quarter" if self._is_fiscal:
                title = f"{self._year_name} Q{self._quarter} ({_month_span(self.first, self.last)})"
            case "quarter":
                months = f"{_short(self.first)}–{_short(self.last)}"
                title = f"Q{self._quarter} {self.first.year} ({months})"
            case "year" if self._is_fiscal:
                title = f"{self._year_name} ({_month_span(self.first, self.last)})"
            case "year":
                title = self._year_name
        return title

    @property
    def previous(self) -> Period:
        """The period just before."""
        return self.back(1)

    @property
    def last_year(self) -> Period:
        """The same period a year earlier.

        A week goes to the week of the same ISO number, and W53 to W52 where the year before has
        no W53; 29 February goes to 28 February.
        """
        if self.kind == "week":
            year, week, _ = self.first.isocalendar()
            return replace(self, first=_monday(year - 1, min(week, _weeks_in(year - 1))))
        if self.kind == "day":
            year, month = self.first.year - 1, self.first.month
            day = min(self.first.day, calendar.monthrange(year, month)[1])
            return replace(self, first=date(year, month, day))
        return replace(self, first=_add_months(self.first, -12))

    def back(self, n: int) -> Period:
        """The period `n` earlier; later where `n` is negative."""
        if self.kind == "day":
            return replace(self, first=self.first - n * ONE_DAY)
        if self.kind == "week":
            return replace(self, first=self.first - n * timedelta(weeks=1))
        return replace(self, first=_add_months(self.first, -n * _LENGTH_IN_MONTHS[self.kind]))

    def trailing(self, n: int) -> tuple[Period, ...]:
        """The last `n` periods up to and including this one, oldest first."""
        return tuple(self.back(steps) for steps in range(n - 1, -1, -1))

    def contains(self, moment: datetime) -> bool:
        """Whether a moment in naive UTC lies in it."""
        return self.start <= moment < self.end

    def elapsed(self, as_of: datetime) -> float:
        """The share of it, 0 to 1, that has passed at `as_of` (naive UTC)."""
        if as_of >= self.end:
            return 1.0
        if as_of <= self.start:
            return 0.0
        return (as_of - self.start) / (self.end - self.start)

    @property
    def _is_fiscal(self) -> bool:
        return self.fiscal_year_start_month != 1

    @property
    def _year_name(self) -> str:
        """The fiscal year's name, by the calendar year in which it ends."""
        if not self._is_fiscal:
            return str(self.first.year)
        return f"FY{self.first.year + (self.first.month >= self.fiscal_year_start_month)}"

    @property
    def _quarter(self) -> int:
        return (self.first.month - self.fiscal_year_start_month) % 12 // 3 + 1


def parse(
    text: str,
    *,
    zone: str,
    fiscal_year_start_month: int = 1,
    today: date | None = None,
) -> Period:
    """The period that `text` names.

    Args:
        text: `2026-10` (month), `2026-W43` (ISO week), `2026-Q3` (quarter of the fiscal year),
            `2026` (fiscal year), `2026-10-15` (day), or `last-month`, `this-week` and so on
            where `today` is given. A leading `FY` is accepted before quarters and years.
        zone: The report zone.
        fiscal_year_start_month: 1 to 12.
        today: The local date that relative names count from.

    Raises:
        ParameterError: No such period, or no such zone.

    >>> parse("2026-W43", zone="Asia/Shanghai").title
    'Week 43 of 2026 (19–25 Oct)'
    >>> parse("2026-Q3", zone="Asia/Tokyo", fiscal_year_start_month=4).title
    'FY2026 Q3 (Oct–Dec 2025)'
    >>> parse("last-month", zone="Asia/Shanghai", today=date(2026, 11, 3)).label
    '2026-10'
    """
    zone_info(zone)
    if not 1 <= fiscal_year_start_month <= 12:
        raise ParameterError(
            f"fiscal_year_start_month must be 1 to 12, not {fiscal_year_start_month}."
        )
    name = text.strip()
    if relative := re.fullmatch(r"(last|this)-(week|month|quarter|year)", name, re.IGNORECASE):
        which, kind = (word.lower() for word in relative.groups())
        current = _around(_known(today, name), _kind(kind), zone, fiscal_year_start_month)
        return current.previous if which == "last" else current
    for kind, pattern in _FORMS.items():
        if found := re.fullmatch(pattern, name, re.IGNORECASE):
            numbers = [int(number) for number in found.groups()]
            first = _first_day(kind, numbers, fiscal_year_start_month, name)
            return Period(kind, first, zone, fiscal_year_start_month)
    raise ParameterError(f"cannot read period '{text}'. Allowed: {_ALLOWED}.")


def zone_info(name: str) -> zoneinfo.ZoneInfo:
    """The time zone of that name.

    Raises:
        ParameterError: There is none; the message offers the nearest.
    """
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        near = nearest(name, sorted(zoneinfo.available_timezones()))
        hint = f"; did you mean '{near}'?" if near else "."
        raise ParameterError(
            f"unknown time zone '{name}'{hint} "
            "Allowed: names of the tz database such as Asia/Shanghai, Europe/Berlin or UTC"
        ) from None


_FORMS: dict[Kind, str] = {
    "day": r"(\d{4})-(\d{2})-(\d{2})",
    "week": r"(\d{4})-?W(\d{2})",
    "month": r"(\d{4})-(\d{2})",
    "quarter": r"(?:FY)?(\d{4})-?Q(\d)",
    "year": r"(?:FY)?(\d{4})",
}
_ALLOWED = (
    "2026-10 (month), 2026-W43 (ISO week), 2026-Q3 (quarter), 2026 (year), 2026-10-15 (day); "
    "on the command line also last-month, this-month, and the same with week, quarter or year"
)


def _known(today: date | None, name: str) -> date:
    if today is None:
        raise ParameterError(
            f"period '{name}' depends on today's date, which only the command line knows; "
            "name the period itself, such as 2026-10."
        )
    return date(today.year, today.month, today.day)


def _kind(word: str) -> Kind:
    return next(kind for kind in get_args(Kind) if kind == word)


def _around(day: date, kind: Kind, zone: str, fiscal_start: int) -> Period:
    """The period of that kind in which `day` lies."""
    if kind == "week":
        return Period(kind, day - day.weekday() * ONE_DAY, zone, fiscal_start)
    length = _LENGTH_IN_MONTHS[kind]
    months_in = (day.month - fiscal_start) % 12 % length
    return Period(kind, _add_months(day.replace(day=1), -months_in), zone, fiscal_start)


def _first_day(kind: Kind, numbers: list[int], fiscal_start: int, name: str) -> date:
    year, *parts = numbers
    if year not in YEARS:
        raise ParameterError(
            f"period '{name}' is out of reach. Allowed: years {YEARS[0]} to {YEARS[-1]}."
        )
    match kind, parts:
        case "week", [week]:
            _within("week", week, _weeks_in(year), name)
            return _monday(year, week)
        case "quarter", [quarter]:
            _within("quarter", quarter, 4, name)
            return _add_months(_fiscal_start(year, fiscal_start), 3 * (quarter - 1))
        case "year", _:
            return _fiscal_start(year, fiscal_start)
        case _, [month, *rest]:
            _within("month", month, 12, name)
            day = rest[0] if rest else 1
            _within("day", day, calendar.monthrange(year, month)[1], name)
            return date(year, month, day)
    raise AssertionError(kind)


def _within(part: str, number: int, most: int, name: str) -> None:
    if not 1 <= number <= most:
        raise ParameterError(f"period '{name}' has no {part} {number}. Allowed: 1 to {most}.")


def _fiscal_start(year: int, month: int) -> date:
    return date(year if month == 1 else year - 1, month, 1)


def _add_months(first: date, months: int) -> date:
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    return date(year, month + 1, 1)


def _monday(year: int, week: int) -> date:
    return date.fromisocalendar(year, week, 1)


def _weeks_in(year: int) -> int:
    """52 or 53: 28 December always lies in a year's last ISO week."""
    return date(year, 12, 28).isocalendar().week


def _midnight(day: date, zone: str) -> datetime:
    """When `day` begins, naive UTC.

    Where clocks skip midnight, Python reads the missing hour with the offset before the change,
    which is the very moment of the change; where midnight comes twice, it takes the first.
    """
    local = datetime.combine(day, time.min, tzinfo=zoneinfo.ZoneInfo(zone))
    return local.astimezone(UTC).replace(tzinfo=None)


def _short(day: date) -> str:
    return MONTHS[day.month][:3]


def _day_span(first: date, last: date) -> str:
    if first.year != last.year:
        return f"{first.day} {_short(first)} {first.year}–{last.day} {_short(last)} {last.year}"
    if first.month != last.month:
        return f"{first.day} {_short(first)}–{last.day} {_short(last)}"
    return f"{first.day}–{last.day} {_short(last)}"


def _month_span(first: date, last: date) -> str:
    year = "" if first.year == last.year else f" {first.year}"
    return f"{_short(first)}{year}–{_short(last)} {last.year}"
