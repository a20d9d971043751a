"""Odds ratios with their intervals, on an axis where twice and half are equally far from one."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from playbook import format as fmt
from playbook.errors import ParameterError
from playbook.report.plots.canvas import Picture, Scale, grid_line, twofold
from playbook.report.plots.look import (
    INK,
    MUTED,
    NARROW,
    PALETTE,
    POINTS,
    SIZE,
    SMALL,
    STRONG,
    shortened,
    text_width,
    wrapped,
)
from playbook.report.plots.rows import PITCH, PITCH_PHONE, checked, column, names_width, numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

_REACH = 4.0
"""Doublings on either side of one beyond which an interval is cut, with an arrow."""

_FOOT = 44.0
_LEFT = 6.0


def odds(df: pd.DataFrame, *, title: str, axis_label: str = "times the odds") -> Picture:
    """What each factor does to the odds: dots with intervals on an axis of doublings.

    Args:
        df: One row a factor, from the top: `name`, `value` (odds ratio), `low`, `high`; optional
            `n`. Above 1 is blue, below it red, an interval across 1 grey. An interval that goes
            beyond sixteen times, or a sixteenth, is cut there with an arrow.
        title: The answer that the figure shows.
        axis_label: What the axis shows.

    Raises:
        ParameterError: A column is missing, there are no rows, or a ratio is not above 0.
    """
    data = checked(df, "odds", ("name", "value", "low", "high"))
    sides = [numbers(data, key) for key in ("low", "value", "high")]
    wrong = [v for values in sides for v in values if v is None or v <= 0]
    if wrong:
        raise ParameterError(
            f"plots.odds needs ratios above 0; {len(wrong)} are not (first: {wrong[0]})"
        )
    names = [str(entry) for entry in data["name"]]
    rows = [[math.log2(v or 1.0) for v in row] for row in zip(*sides, strict=True)]
    labels = [f"× {_plain(2**middle)}" for _, middle, _ in rows]
    ns = ["" if n is None else f"n = {fmt.number(n)}" for n in column(data, "n")]
    low, high = _ends(rows)

    def draw(width: float) -> Picture:
        phone = width < NARROW
        pitch = PITCH_PHONE if phone else PITCH
        left = _LEFT if phone else names_width(names, width)
        words = wrapped(axis_label, width * POINTS - left, SMALL, 2)
        bottom = pitch * len(names)
        picture = Picture(title, width, bottom + _FOOT + (len(words) - 1) * SMALL * 1.35)
        room = 12 + max(
            text_width(a) * 1.08 + text_width(b, SMALL) for a, b in zip(labels, ns, strict=True)
        )
        across = Scale(low, high, left + 4, picture.wide - room)
        _axis(picture, across, bottom, words, few=phone)
        _one(picture, across(0), len(names), pitch)
        for i, row in enumerate(rows):
            middle = pitch * i + (32.0 if phone else pitch / 2)
            _name(picture, names[i], middle, left)
            _row(picture, row, across, middle)
            picture.words(across.end + 6, middle, labels[i], weight="bold")
            beside = across.end + 11 + text_width(labels[i]) * 1.08
            picture.words(beside, middle, ns[i], size=SMALL, color=MUTED)
        return picture

    return twofold(draw)


def _ends(rows: Sequence[Sequence[float]]) -> tuple[float, float]:
    """The axis in doublings: whole ones around all the dots, one at least on either side."""
    low = min(*(row[0] for row in rows), -1.0)
    high = max(*(row[2] for row in rows), 1.0)
    dots = [row[1] for row in rows]
    low = max(low, min(-_REACH, min(dots) - 0.5))
    high = min(high, max(_REACH, max(dots) + 0.5))
    return math.floor(low), math.ceil(high)


def _axis(
    picture: Picture, across: Scale, bottom: float, words: Sequence[str], *, few: bool
) -> None:
    step = max(1, math.ceil((across.high - across.low) / (4 if few else 8)))
    marks = [m for m in range(int(across.low), int(across.high) + 1) if m % step == 0]
    for mark in marks:
        x = across(mark)
        if mark:
            grid_line(picture, (x, 0), (x, bottom))
        text = f"1/{2**-mark}" if mark < 0 else str(2**mark)
        edge = x - text_width(text, SMALL) / 2 < 0
        style = "left" if edge else "center"
        picture.words(0 if edge else x, bottom + 9, text, ha=style, size=SMALL, color=MUTED)
    for i, line in enumerate(words):
        y = bottom + 30 + i * SMALL * 1.35
        picture.words(across.start, y, line, size=SMALL, color=MUTED)


def _one(picture: Picture, x: float, rows: int, pitch: float) -> None:
    """The line of no effect; on a phone the names stand between the rows, and it spares them."""
    spans = [(0.0, pitch * rows)]
    if picture.is_phone:
        spans = [(pitch * i + 20, pitch * i + 44) for i in range(rows)]
    for start, end in spans:
        picture.line([(x, start), (x, end)], INK, dashes=(4, 3), order=1)


def _plain(ratio: float) -> str:
    """A ratio as a person says it: 4, 1.8, 0.25, 0.02.

    >>> _plain(4.0), _plain(1.75), _plain(0.25), _plain(0.0221)
    ('4', '1.8', '0.25', '0.02')
    """
    if ratio >= 1 and ratio == int(ratio):
        return fmt.number(ratio)
    return fmt.number(ratio, 1 if ratio >= 1 else 2 if ratio >= 0.015 else 3)


def _name(picture: Picture, name: str, middle: float, left: float) -> None:
    if picture.is_phone:
        picture.words(2, middle - 19.5, shortened(name, picture.wide - 8))
        return
    parts = wrapped(name, left - 12)
    for i, part in enumerate(parts):
        down = (i - (len(parts) - 1) / 2) * SIZE * 1.2
        picture.words(left - 8, middle + down, part, ha="right")


def _row(picture: Picture, row: Sequence[float], across: Scale, y: float) -> None:
    low, middle, high = row
    is_open = low <= 0 <= high
    colour = MUTED if is_open else STRONG if middle > 0 else PALETTE[1]
    start, end = max(low, across.low), min(high, across.high)
    picture.line([(across(start), y), (across(end), y)], colour, width=3, alpha=0.45)
    if low < across.low:
        picture.dots([(across(start), y)], colour, size=6, marker="<")
    if high > across.high:
        picture.dots([(across(end), y)], colour, size=6, marker=">")
    picture.dots([(across(middle), y)], colour, size=8)
