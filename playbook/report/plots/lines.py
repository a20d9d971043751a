"""Lines over periods and between two of them."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from playbook import format as fmt
from playbook.errors import ParameterError
from playbook.report.plots.canvas import Picture, Place, Scale, grid_line, twofold
from playbook.report.plots.look import (
    INK,
    LINE,
    MUTED,
    NARROW,
    PALETTE,
    POINTS,
    REST,
    SIZE,
    SMALL,
    STRONG,
    shortened,
    spread,
    text_width,
)
from playbook.report.plots.rows import checked, flags, highest, numbers, tick

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

_TALL, _TALL_PHONE = 190.0, 170.0
_FOOT, _HEAD = 28.0, 24.0
_LEADING = SIZE * 1.35
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def trend(
    df: pd.DataFrame,
    *,
    title: str,
    unit: str = "count",
    axis_label: str = "",
    target: float | None = None,
    target_label: str = "target",
    currency: str = "CNY",
) -> Picture:
    """A measure over periods as a line, from zero, the last value written at its end.

    Args:
        df: One row a period, oldest first (and a series): `period` (`2026-10`, `2026-Q3`,
            `2026-W43` or words) and `value`; optional `low`, `high` (a band), `immature`
            (hatched), `series` (one line each: the first seven in colour, the others grey).
        title: The answer that the figure shows.
        unit: Of the values.
        axis_label: What the vertical axis shows, with its unit.
        target: A value to reach, drawn as a line.
        target_label: What the line is called.
        currency: ISO code, for money.

    Raises:
        ParameterError: A column is missing or there are no rows.
    """
    data = checked(df, "trend", ("period", "value"))
    periods = list(dict.fromkeys(str(entry) for entry in data["period"]))
    groups = _series(data, periods)
    top = highest(numbers(data, "value"), numbers(data, "high"), [target])
    bottom = min([0.0, *(v for v in numbers(data, "value") if v is not None)])
    young = {str(p) for p, y in zip(data["period"], flags(data, "immature"), strict=True) if y}
    label = axis_label or {"share": "per cent", "money": f"amount in {currency}"}.get(unit, unit)

    def write(value: float) -> str:
        kind: Any = unit
        return fmt.value(value, kind, currency=currency)

    young_words = "hatched: too young to judge" if young else ""

    def draw(width: float) -> Picture:
        wide, tall = width * POINTS, _TALL_PHONE if width < NARROW else _TALL
        ends = _end_words(groups, write, wide * 0.36)
        if target is not None:
            ends.append((target, shortened(f"{target_label} {write(target)}", wide * 0.36), MUTED))
        right = 25 + max((text_width(words) for _, words, _ in ends), default=0.0)
        both = text_width(label, SMALL) + text_width(young_words, SMALL) + 12
        head = _HEAD + (SMALL * 1.35 if young and both > wide - right else 0)
        picture = Picture(title, width, head + tall + _FOOT)
        up = Scale(bottom * 1.05, (top or 1.0) * 1.06, head + tall, head)
        marks = {mark: tick(mark, unit, currency) for mark in up.marks(4, whole=unit == "count")}
        left = 10 + max(text_width(words, SMALL) for words in marks.values())
        across = _across(periods, left, wide - right)
        for mark, words in marks.items():
            grid_line(picture, (left, up(mark)), (wide - right, up(mark)))
            picture.words(left - 6, up(mark), words, ha="right", size=SMALL, color=MUTED)
        _period_marks(picture, periods, across, head + tall)
        picture.words(2, _HEAD - 14, label, size=SMALL, color=MUTED)
        picture.words(wide - right, head - 14, young_words, ha="right", size=SMALL, color=MUTED)
        _young_area(picture, periods, young, across, up)
        is_young = [p in young for p in periods]
        for series in groups:
            _line(picture, series, is_young, across, up)
        if target is not None:
            level = [(left, up(target)), (wide - right, up(target))]
            picture.line(level, MUTED, width=1.2, dashes=(4, 3))
        _column(picture, ends, up, across(len(periods) - 1) + 10, "left", swatches=True)
        return picture

    return twofold(draw)


def slopes(
    df: pd.DataFrame,
    *,
    title: str,
    unit: str = "count",
    before_label: str = "last period",
    now_label: str = "this period",
    axis_label: str = "",
    currency: str = "CNY",
) -> Picture:
    """What changed between two periods: one line a thing, its name and value at its end.

    Args:
        df: One row a thing: `name`, `before`, `now`; optional `emphasis` (the lines that
            matter; the others are grey).
        title: The answer that the figure shows.
        unit: Of the values.
        before_label: What the left side is.
        now_label: What the right side is.
        axis_label: What is compared, with its unit.
        currency: ISO code, for money.

    Raises:
        ParameterError: A column is missing or there are no rows.
    """
    data = checked(df, "slopes", ("name", "before", "now"))
    data = data[data["before"].notna() & data["now"].notna()]
    if data.empty:
        raise ParameterError("plots.slopes: no row has both `before` and `now`; show a table")
    before, now = ([v or 0.0 for v in numbers(data, key)] for key in ("before", "now"))
    strong = flags(data, "emphasis")
    colours = [STRONG if mark or not any(strong) else REST for mark in strong]
    low, high = min(0.0, *before, *now), max(*before, *now) or 1.0
    kind: Any = unit

    words = axis_label or {"share": "per cent"}.get(unit, unit)

    def draw(width: float) -> Picture:
        wide = width * POINTS
        tall = max(_TALL, len(data) * _LEADING * 1.1)
        starts = [fmt.value(v, kind, currency=currency) for v in before]
        left = 12 + max(*map(text_width, starts), text_width(before_label, SMALL) - 10)
        room = wide * (0.5 if width < NARROW else 0.42)
        ends = [
            shortened(f"{fmt.value(v, kind, currency=currency)}  {name}", room)
            for v, name in zip(now, data["name"], strict=True)
        ]
        end = wide - 12 - max(map(text_width, ends))
        head = _HEAD * 2
        picture = Picture(title, width, head + tall + 12)
        up = Scale(low - high * 0.02, high * 1.03, head + tall, head)
        for x in (left, end):
            grid_line(picture, (x, head), (x, head + tall))
        picture.words(2, 12, words, size=SMALL, color=MUTED)
        picture.words(left + 8, head - 14, before_label, ha="right", size=SMALL, color=MUTED)
        picture.words(end - 8, head - 14, now_label, size=SMALL, color=MUTED)
        for a, b, colour in zip(before, now, colours, strict=True):
            places = [(left, up(a)), (end, up(b))]
            picture.line(places, colour, width=2)
            picture.dots(places, colour, size=4)
        _column(picture, list(zip(before, starts, colours, strict=True)), up, left - 8, "right")
        _column(picture, list(zip(now, ends, colours, strict=True)), up, end + 8, "left")
        return picture

    return twofold(draw)


def period_label(period: str, *, first: bool) -> str:
    """A period as it stands below an axis: its month, with the year where it begins.

    >>> period_label("2026-10", first=False), period_label("2026-01", first=False)
    ('Oct', 'Jan 26')
    >>> period_label("2026-Q3", first=True), period_label("2026-W43", first=False)
    ('Q3 26', 'W43')
    """
    found = re.fullmatch(r"\d\d(\d\d)-(?:(\d\d)|([QWH]\d+))", period)
    if not found:
        return period
    year, month, part = found.groups()
    name = _MONTHS[int(month) - 1] if month and 1 <= int(month) <= len(_MONTHS) else part or period
    starts = first or month == "01" or part in {"Q1", "H1", "W01"}
    return f"{name} {year}" if starts else name


@dataclass(frozen=True, slots=True)
class _Series:
    name: str
    colour: str
    values: list[float | None]
    band: list[Place | None]


def _series(data: pd.DataFrame, periods: list[str]) -> list[_Series]:
    names = list(dict.fromkeys(data["series"])) if "series" in data.columns else [""]
    out = []
    for i, name in enumerate(names):
        part = data[data["series"] == name] if "series" in data.columns else data
        keys = [str(entry) for entry in part["period"]]
        values = dict(zip(keys, numbers(part, "value"), strict=True))
        band = {
            key: (low, high)
            for key, low, high in zip(
                keys, numbers(part, "low"), numbers(part, "high"), strict=True
            )
            if low is not None and high is not None
        }
        colour = PALETTE[i] if i < len(PALETTE) else REST
        by_period = [values.get(p) for p in periods]
        out.append(_Series(str(name), colour, by_period, [band.get(p) for p in periods]))
    return out


def _across(periods: list[str], left: float, right: float) -> Scale:
    last = len(periods) - 1
    return Scale(-0.4, last + (0.15 if last else 0.4), left, right)


def _period_marks(picture: Picture, periods: list[str], across: Scale, bottom: float) -> None:
    picture.line([(across.start, bottom), (across.end, bottom)], LINE, width=0.8)
    widest = max(text_width(period_label(p, first=True), SMALL) for p in periods) + 8
    step = max(1, math.ceil(len(periods) * widest / (across.end - across.start)))
    shown = [i for i in range(len(periods)) if (len(periods) - 1 - i) % step == 0]
    for i in shown:
        words = period_label(periods[i], first=i in {shown[0], shown[-1]})
        picture.words(across(i), bottom + 13, words, ha="center", size=SMALL, color=MUTED)


def _line(picture: Picture, series: _Series, young: list[bool], across: Scale, up: Scale) -> None:
    colour = series.colour
    known = [(across(i), up(b[0]), up(b[1])) for i, b in enumerate(series.band) if b]
    if known:
        around = [(x, low) for x, low, _ in known] + [(x, high) for x, _, high in reversed(known)]
        picture.area(around, colour, alpha=0.16)
    places = [None if v is None else (across(i), up(v)) for i, v in enumerate(series.values)]
    sure = [None if y else place for place, y in zip(places, young, strict=True)]
    picture.line(_with_gaps(sure), colour, width=2.2)
    _dots(picture, sure if not series.name else _alone(sure), colour, size=3, hollow=False)
    if any(young):
        # The dashes begin at the last sure point, so that the line does not break there.
        following = [*young[1:], False]
        pairs = zip(places, young, following, strict=True)
        picture.line(
            _with_gaps([p if y or f else None for p, y, f in pairs]),
            colour,
            width=1.6,
            dashes=(2, 2),
        )
        recent = [place if y else None for place, y in zip(places, young, strict=True)]
        _dots(picture, recent, colour, size=4, hollow=True)


def _with_gaps(places: Sequence[Place | None]) -> list[Place]:
    return [place or (math.nan, math.nan) for place in places]


def _alone(places: Sequence[Place | None]) -> list[Place | None]:
    around = [None, *places, None]
    return [p if not (around[i] or around[i + 2]) else None for i, p in enumerate(places)]


def _dots(
    picture: Picture, places: Sequence[Place | None], colour: str, *, size: float, hollow: bool
) -> None:
    there = [place for place in places if place]
    if there:
        picture.dots(there, colour, size=size, hollow=hollow)


def _young_area(
    picture: Picture, periods: list[str], young: set[str], across: Scale, up: Scale
) -> None:
    for i, period in enumerate(periods):
        if period in young:
            start, end = across(i - 0.5), min(across(i + 0.5), across.end)
            picture.hatched(start, up.end, end - start, up.start - up.end)


def _end_words(
    groups: Sequence[_Series], write: Callable[[float], str], room: float
) -> list[tuple[float, str, str]]:
    out = []
    for series in groups:
        last = next((v for v in reversed(series.values) if v is not None), None)
        if last is not None:
            words = f"{write(last)}  {series.name}".rstrip()
            out.append((last, shortened(words, room), series.colour if series.name else INK))
    return out


def _column(
    picture: Picture,
    labels: Sequence[tuple[float, str, str]],
    up: Scale,
    x: float,
    ha: str,
    *,
    swatches: bool = False,
) -> None:
    """Labels at the ends of lines, moved apart; a square in the line's colour where asked."""
    places = [up(value) for value, _, _ in labels]
    moved = spread(places, _LEADING, up.end, up.start - 4)
    for y, (_, words, colour) in zip(moved, labels, strict=True):
        marked = swatches and colour not in {INK, MUTED}
        if marked:
            picture.dots([(x + 3, y)], colour, size=5, marker="s")
        shade = MUTED if colour in {REST, MUTED} else INK
        picture.words(x + 11 if marked else x, y, words, ha=ha, color=shade, weight="bold")
