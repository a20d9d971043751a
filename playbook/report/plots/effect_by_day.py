"""The effect of a change day by day: each day alone, and all days so far."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from playbook import format as fmt
from playbook.errors import ParameterError
from playbook.report.plots.canvas import Picture, Scale, grid_line, twofold
from playbook.report.plots.forest import signed
from playbook.report.plots.look import (
    GHOST,
    INK,
    MUTED,
    NARROW,
    POINTS,
    SMALL,
    STRONG,
    text_width,
    wrapped,
)
from playbook.report.plots.rows import checked, numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

_TALL, _TALL_PHONE, _HEAD, _FOOT = 210.0, 200.0, 26.0, 42.0
Unit = Literal["lift", "points"]
_SIDES = {"lift": "lift over the control", "points": "difference, in percentage points"}
_LEGEND = "grey: each day alone with its interval; blue: all days so far, the band its interval"


def effect_by_day(
    df: pd.DataFrame,
    *,
    title: str,
    axis_label: str = "day",
    side_label: str = "",
    unit: Unit = "lift",
    legend: str = _LEGEND,
) -> Picture:
    """Dots with intervals for each day, a line with its band for all days so far.

    Args:
        df: One row a day (or look), in any order: `day` (a number), `value`, `low`, `high` (of
            that day alone) and `cumulative`, `cumulative_low`, `cumulative_high` (of all days so
            far), missing where a day cannot say. Either half may be absent.
        title: The answer that the figure shows.
        axis_label: What a day is, below the axis.
        side_label: What the vertical axis shows, above it; if not given, as the unit says.
        unit: `lift` where effects are relative, `points` where they are differences of shares.
        legend: What grey and blue are, above the picture.

    Raises:
        ParameterError: A column is missing, there are no rows, or nothing is known of any day.
    """
    needs = ("cumulative",) if "value" not in df.columns else ("value",)
    data = checked(df, "effect_by_day", ("day", *needs))
    data = data.sort_values("day", kind="stable", ignore_index=True)
    days = [float(day) for day in data["day"]]
    alone = _triples(data, "value", "low", "high")
    so_far = _triples(data, "cumulative", "cumulative_low", "cumulative_high")
    low, high = _reach(alone, so_far)
    side_words = side_label or _SIDES[unit]

    def draw(width: float) -> Picture:
        phone, wide = width < NARROW, width * POINTS
        tall = _TALL_PHONE if phone else _TALL
        lines = wrapped(legend, wide - 4, SMALL, 4) if legend else []
        head = _HEAD + len(lines) * SMALL * 1.35
        picture = Picture(title, width, head + tall + _FOOT)
        for i, line in enumerate(lines):
            picture.words(2, 6 + i * SMALL * 1.35, line, size=SMALL, color=MUTED)
        up = Scale(low, high, head + tall, head)
        left = 10 + max(text_width(_mark(mark, unit), SMALL) for mark in up.marks(5))
        last = next((row[0] for row in reversed(so_far) if row[0] is not None), None)
        ending = "" if last is None else _last(last, unit)
        across = Scale(days[0] - 0.4, days[-1] + 0.4, left, wide - text_width(ending) * 1.08 - 12)
        _axes(picture, across, up, days, unit=unit, most=5 if phone else 10)
        picture.words(2, head - 14, side_words, size=SMALL, color=MUTED)
        picture.words(left, up.start + 32, axis_label, size=SMALL, color=MUTED)
        _so_far(picture, days, so_far, across, up)
        _alone(picture, days, alone, across, up)
        if last is not None:
            picture.words(across.end + 6, up(last), ending, weight="bold")
        return picture

    return twofold(draw)


_Triple = tuple[float | None, float | None, float | None]


def _triples(data: pd.DataFrame, *names: str) -> list[_Triple]:
    value, low, high = (numbers(data, name) for name in names)
    return list(zip(value, low, high, strict=True))


def _reach(alone: Sequence[_Triple], so_far: Sequence[_Triple]) -> tuple[float, float]:
    """The axis: every dot and zero; intervals as far as one and a half times the dots."""
    dots = [row[0] for row in (*alone, *so_far) if row[0] is not None]
    if not dots:
        raise ParameterError("plots.effect_by_day: no day has a value; show.note says why instead")
    most = 1.5 * max(*(abs(v) for v in dots), 0.001)
    ends = [v for row in (*alone, *so_far) for v in row if v is not None]
    low, high = min(*ends, 0.0), max(*ends, 0.0)
    return max(low, -most), min(high, most)


def _axes(
    picture: Picture, across: Scale, up: Scale, days: Sequence[float], *, unit: Unit, most: int
) -> None:
    for mark in up.marks(5):
        grid_line(picture, (across.start, up(mark)), (across.end, up(mark)))
        picture.words(
            across.start - 6, up(mark), _mark(mark, unit), ha="right", size=SMALL, color=MUTED
        )
    picture.line([(across.start, up(0)), (across.end, up(0))], INK, dashes=(4, 3), order=1)
    shown = Scale(days[0], days[-1], 0.0, 1.0).marks(most, whole=True)
    for day in shown if len(days) > 1 else days:
        picture.words(across(day), up.start + 12, f"{day:g}", ha="center", size=SMALL, color=MUTED)


def _mark(value: float, unit: Unit) -> str:
    if not value:
        return "0"
    if unit == "lift":
        return signed(value)
    whole = abs(value * 100 - round(value * 100)) < 1e-9
    return fmt.points(value, 0 if whole else 1).removesuffix(" points")


def _last(value: float, unit: Unit) -> str:
    return signed(value) if unit == "lift" else fmt.points(value)


def _alone(
    picture: Picture, days: Sequence[float], rows: Sequence[_Triple], across: Scale, up: Scale
) -> None:
    dots = []
    for day, (value, low, high) in zip(days, rows, strict=True):
        x = across(day)
        if low is not None and high is not None:
            ends = (max(low, up.low), min(high, up.high))
            picture.line([(x, up(end)) for end in ends], GHOST, width=2.4, order=1.2)
        if value is not None:
            dots.append((x, up(value)))
    if dots:
        picture.dots(dots, MUTED, size=4)


def _so_far(
    picture: Picture, days: Sequence[float], rows: Sequence[_Triple], across: Scale, up: Scale
) -> None:
    band = [
        (across(day), up(max(low, up.low)), up(min(high, up.high)))
        for day, (_, low, high) in zip(days, rows, strict=True)
        if low is not None and high is not None
    ]
    if band:
        around = [(x, low) for x, low, _ in band] + [(x, high) for x, _, high in reversed(band)]
        picture.area(around, STRONG, alpha=0.16)
    line = [(across(d), up(v)) for d, (v, _, _) in zip(days, rows, strict=True) if v is not None]
    if line:
        picture.line(line, STRONG, width=2.2)
