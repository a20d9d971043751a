"""Dates and times as people write them, to naive UTC, in SQL.

A time without a zone is read in the report zone. `03/04/2026` is decided for each column and file
from the values that allow one reading only (a day above 12), else from the other columns of that
file; dots always put the day first (`3.4.2026`). What stays undecided is not guessed.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from playbook.data.checks.sqltext import files, fold, literal

if TYPE_CHECKING:
    from collections.abc import Mapping

_DAY, _CLOCK = r"\d{4}[-/]\d{1,2}[-/]\d{1,2}", r"\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?"
_NAIVE = rf"{_DAY}([ T]{_CLOCK})?"
_ISO_ZONED = rf"{_DAY}[ T]{_CLOCK} ?(Z|[+-]\d{{2}}(:?\d{{2}})?)"
_ENDS_IN_ZONE = r"\d:\d{2}.*([zZ]|UTC|GMT|[+-]\d{2}(:?\d{2})?)$"
_HALF_DAY = rf"{_DAY} {_CLOCK} (AM|PM|am|pm)"
_HALF_DAYS = ("%Y-%m-%d %I:%M %p", "%Y-%m-%d %I:%M:%S %p")
_NAMED = tuple(
    day + clock
    for day in ("%d %b %Y", "%d %B %Y", "%b %d %Y", "%B %d %Y", "%d-%b-%Y", "%d-%B-%Y")
    for clock in ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
)

SLASHED = r"^(\d{1,2})([/.\-])(\d{1,2})[/.\-](\d{4})(?:[ T]+(.*))?$"
"""A date whose day and month could be either way round."""

_LEAST = "TIMESTAMP '1601-01-01'"
_MOST = "TIMESTAMP '9999-12-31 23:59:59'"


@dataclass(frozen=True, slots=True)
class Order:
    """Which way round `03/04/2026` is read in a column, by file.

    Attributes:
        day_first: Files whose values put the day first.
        month_first: Files whose values put the month first.
    """

    day_first: frozenset[int] = field(default_factory=frozenset)
    month_first: frozenset[int] = field(default_factory=frozenset)


@functools.lru_cache(maxsize=64)
def steady(zone: str) -> tuple[datetime, int] | None:
    """Since when a zone has kept one offset (local time, seconds); None where it still changes.

    >>> steady("Asia/Shanghai")[1]
    28800
    >>> steady("America/New_York") is None
    True
    """
    info = ZoneInfo(zone)
    moment = datetime(2100, 1, 1, tzinfo=UTC)
    offset = moment.astimezone(info).utcoffset()
    while moment.year >= 1970 and moment.astimezone(info).utcoffset() == offset:
        moment -= timedelta(days=7)
    if moment.year >= 2000 or offset is None:
        return None
    return moment.replace(tzinfo=None) + timedelta(days=9), int(offset.total_seconds())


def to_utc(local: str, zone: str) -> str:
    """A wall-clock time of the zone as naive UTC, whatever the session's zone."""
    exact = f"timezone('UTC', timezone({literal(zone)}, {local}))"
    constant = steady(zone)
    if constant is None:
        return exact
    since, seconds = constant
    shifted = f"{local} - INTERVAL {seconds} SECOND"
    return f"CASE WHEN {local} >= TIMESTAMP '{since}' THEN {shifted} ELSE {exact} END"


def to_local(utc: str, zone: str) -> str:
    """Naive UTC as a wall-clock time of the zone."""
    return f"timezone({literal(zone)}, timezone('UTC', {utc}))"


def plain(sql: str) -> str:
    """The spellings of a date and time brought to one: `2026-10-3 9:05`."""
    steps = (
        (r"(星期|周)[一二三四五六日天]", " "),
        (r"^(\d{4})\s*[/.\-年]\s*(\d{1,2})\s*[/.\-月]\s*(\d{1,2})\s*[日号]?", r"\1-\2-\3 "),
        (r"上午\s*([\d:]+)", r"\1 AM"),
        (r"下午\s*([\d:]+)", r"\1 PM"),
        (r"(\d)\s*[时点:]\s*(\d{1,2})\s*[分:]\s*(\d{1,2})(?:\s*秒)?", r"\1:\2:\3"),
        (r"(\d)\s*[时点]\s*(\d{1,2})(?:\s*分)?", r"\1:\2"),
        (r"^([\d\-]+)\s*T(\d)", r"\1 \2"),
        (r"^(\d{4})(\d{2})(\d{2}) +(\d{1,2}:)", r"\1-\2-\3 \4"),
        (r":(\d)\b", r":0\1"),
        (r"(:\d{2}),(\d)", r"\1.\2"),
        (r"([A-Za-z])\.?,\s*", r"\1 "),
        (r"(\d),\s+", r"\1 "),
        (r"\s+([+-]\d{2}:?\d{2}|[zZ])$", r"\1"),
        (r"\s+", " "),
    )
    text = fold(sql)
    for pattern, by in steps:
        text = f"regexp_replace({text}, {literal(pattern)}, {literal(by)}, 'g')"
    return f"trim({text})"


def _year_first(text: str, order: Order) -> str:
    """A slashed date with its year first, once its order is known; other text as it is."""
    part = {
        name: f"regexp_extract({text}, {literal(SLASHED)}, {group})"
        for name, group in (("a", 1), ("dot", 2), ("b", 3), ("year", 4), ("clock", 5))
    }
    day_month = f"{part['year']} || '-' || {part['b']} || '-' || {part['a']} || ' '"
    month_day = f"{part['year']} || '-' || {part['a']} || '-' || {part['b']} || ' '"
    return f"""CASE WHEN NOT regexp_matches({text}, {literal(SLASHED)}) THEN {text}
        ELSE trim(CASE
            WHEN {part["a"]}::INT > 12 OR {part["a"]}::INT = {part["b"]}::INT THEN {day_month}
            WHEN {part["b"]}::INT > 12 THEN {month_day}
            WHEN {files(order.day_first)} THEN {day_month}
            WHEN {files(order.month_first)} THEN {month_day}
            WHEN {part["dot"]} = '.' THEN {day_month}
        END || coalesce({part["clock"]}, '')) END"""


def _digits(text: str) -> str:
    """Dates written as one number: 20261003, 20261003090500, or a serial of Excel."""
    serial = f"try_cast({text} AS DOUBLE)"
    return f"""CASE
        WHEN regexp_full_match({text}, '(19|20|21)\\d{{6}}') THEN try_strptime({text}, '%Y%m%d')
        WHEN regexp_full_match({text}, '(19|20|21)\\d{{10}}')
            THEN try_strptime({text}, '%Y%m%d%H%M')
        WHEN regexp_full_match({text}, '(19|20|21)\\d{{12}}')
            THEN try_strptime({text}, '%Y%m%d%H%M%S')
        WHEN regexp_full_match({text}, '\\d{{5}}(\\.\\d+)?') AND {serial} BETWEEN 20000 AND 80000
            THEN TIMESTAMP '1899-12-30' + to_seconds(round({serial} * 86400)::BIGINT)
        END"""


def _epoch(text: str) -> str:
    """Seconds or milliseconds since 1970, which are UTC."""
    return f"""CASE
        WHEN regexp_full_match({text}, '[12]\\d{{9}}')
            THEN make_timestamp(try_cast({text} AS BIGINT) * 1000000)
        WHEN regexp_full_match({text}, '[12]\\d{{12}}')
            THEN make_timestamp(try_cast({text} AS BIGINT) * 1000) END"""


def fast(raw: str) -> tuple[str, str]:
    """The wall-clock time, and the UTC time, of a text in a usual form; NULL for all others."""
    # A cast is several times faster than formats, but takes `epoch` and drops offsets: forms first.
    naive = f"CASE WHEN regexp_full_match({raw}, {literal(_NAIVE)}) "
    zoned = f"CASE WHEN regexp_full_match({raw}, {literal(_ISO_ZONED)}) THEN "
    return (
        f"{naive}THEN try_cast({raw} AS TIMESTAMP) END",
        f"{zoned}timezone('UTC', try_cast({raw} AS TIMESTAMPTZ)) END",
    )


def fast_layers(raw: str, name: str) -> tuple[list[Mapping[str, str]], str, str]:
    """Layers of columns that read a usual text, then its wall-clock time and its UTC time."""
    local, utc = f"_f_{name}", f"_z_{name}"
    naive, zoned = fast(raw)
    return [{local: naive}, {utc: f"CASE WHEN {local} IS NULL THEN {zoned} END"}], local, utc


def text_layers(raw: str, name: str, order: Order) -> tuple[list[Mapping[str, str]], str, str]:
    """Layers of columns that read any text, then its wall-clock time and its UTC time.

    Exactly one of the two is filled where the text can be read. Each layer may use the columns of
    the layers before it; only texts that the fast forms do not read reach the slow ones.
    """
    layers, first, zoned = fast_layers(raw, name)
    text, year, local, utc = (f"_{part}_{name}" for part in ("n", "y", "l", "u"))
    rest = f"{first} IS NULL AND {zoned} IS NULL AND regexp_matches({raw}, '[0-9０-９]')"
    offset = f"regexp_matches({year}, {literal(_ENDS_IN_ZONE)})"
    named = ", ".join(literal(form) for form in _NAMED)
    halves = ", ".join(literal(form) for form in _HALF_DAYS)
    layers += [
        {text: f"CASE WHEN {rest} THEN {plain(raw)} END"},
        {year: _year_first(text, order)},
        {
            local: f"""CASE WHEN {first} IS NOT NULL THEN {first}
                WHEN {year} IS NULL OR {offset} THEN NULL
                WHEN regexp_full_match({year}, {literal(_NAIVE)})
                    THEN try_cast({year} AS TIMESTAMP)
                WHEN regexp_full_match({year}, {literal(_HALF_DAY)})
                    THEN try_strptime({year}, [{halves}])
                WHEN regexp_matches({year}, '[A-Za-z]{{3}}') THEN try_strptime({year}, [{named}])
                ELSE {_digits(year)} END""",
            utc: f"""CASE WHEN {zoned} IS NOT NULL THEN {zoned}
                WHEN {offset} THEN timezone('UTC', try_cast({year} AS TIMESTAMPTZ))
                ELSE {_epoch(year)} END""",
        },
    ]
    return layers, local, utc


def bounded(sql: str) -> str:
    """The time, unless its year cannot be meant (a year of two digits, infinity)."""
    return f"CASE WHEN {sql} BETWEEN {_LEAST} AND {_MOST} THEN {sql} END"
