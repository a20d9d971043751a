"""How small a difference a test of so many people can see."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from playbook import format as fmt
from playbook.errors import ParameterError
from playbook.report.plots.canvas import Picture, Place, Scale, grid_line, twofold
from playbook.report.plots.forest import shaded, signed
from playbook.report.plots.look import (
    GHOST,
    INK,
    MUTED,
    NARROW,
    PALETTE,
    POINTS,
    SIZE,
    SMALL,
    shortened,
    spread,
    text_width,
    wrapped,
)
from playbook.report.plots.rows import checked, column, numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

_TALL, _TALL_PHONE, _HEAD, _FOOT = 210.0, 200.0, 26.0, 44.0
_TOP = 1.5
"""Effects above this leave the picture unless a labelled one is there."""


def power_curve(
    df: pd.DataFrame,
    *,
    title: str,
    axis_label: str = "people in each arm",
    side_label: str = "smallest lift that a test so large shows",
    worth: float | None = None,
) -> Picture:
    """The detectable lift against the people in each arm, with the plans worth naming on it.

    Args:
        df: One row a size, in any order: `n` (people in each arm, above 0) and `lift` (relative,
            above 0); optional `label` (drawn as a dot with these words), `series` (one curve
            each, named at its right end).
        title: The answer that the figure shows.
        axis_label: What the horizontal axis counts; each mark is twice the one before it, or
            ten times.
        side_label: What the vertical axis shows, above it.
        worth: The smallest lift worth having: what is smaller is shaded.

    Raises:
        ParameterError: A column is missing, there are no rows, or a size or lift is not above 0.
    """
    data = checked(df, "power_curve", ("n", "lift"))
    wrong = [v for key in ("n", "lift") for v in numbers(data, key) if v is None or v <= 0]
    if wrong:
        raise ParameterError(
            f"plots.power_curve needs sizes and lifts above 0; {len(wrong)} are not "
            f"(first: {wrong[0]})"
        )
    data = data.assign(
        series=column(data, "series", ""), label=[str(v or "") for v in column(data, "label", "")]
    ).sort_values("n", kind="stable", ignore_index=True)
    curves = {str(name): part for name, part in data.groupby("series", sort=False)}
    named = [v for v, label in zip(data["lift"], data["label"], strict=True) if label]
    top = min(max(data["lift"]), max(_TOP, *named, worth or 0.0)) * 1.08
    foot = axis_label if worth is None else f"{axis_label}\n{shaded(worth)}"
    reach = (math.log10(min(data["n"])), math.log10(max(data["n"])))

    def draw(width: float) -> Picture:
        phone, wide = width < NARROW, width * POINTS
        tall = _TALL_PHONE if phone else _TALL
        words = [part for line in foot.split("\n") for part in wrapped(line, wide - 60, SMALL, 2)]
        picture = Picture(title, width, _HEAD + tall + _FOOT + (len(words) - 1) * SMALL * 1.35)
        up = Scale(0.0, top, _HEAD + tall, _HEAD)
        left = 10 + max(text_width(signed(mark), SMALL) for mark in up.marks(5))
        ends = max(text_width(name, SMALL) * 1.08 + 11 if name else 0.0 for name in curves)
        across = Scale(*reach, left + 4, wide - 12 - min(ends, wide * 0.3))
        _axes(picture, across, up, most=3 if phone else 6)
        picture.words(
            2, _HEAD - 14, shortened(side_label, wide - 4, SMALL), size=SMALL, color=MUTED
        )
        for i, line in enumerate(words):
            place = up.start + 32 + i * SMALL * 1.35
            picture.words(across.start - 4, place, line, size=SMALL, color=MUTED)
        if worth is not None:
            _worth(picture, across, up, worth)
        for part, colour in zip(curves.values(), _shades(len(curves)), strict=True):
            _curve(picture, part, across, up, colour)
        _names(picture, curves, across.end + 6, up)
        for part, colour in zip(curves.values(), _shades(len(curves)), strict=True):
            _labels(picture, part, across, up, colour)
        return picture

    return twofold(draw)


def _shades(n: int) -> Sequence[str]:
    return [PALETTE[i % len(PALETTE)] for i in range(n)]


def _axes(picture: Picture, across: Scale, up: Scale, *, most: int) -> None:
    for mark in up.marks(5):
        grid_line(picture, (across.start, up(mark)), (across.end, up(mark)))
        words = signed(mark) if mark else "0"
        picture.words(across.start - 6, up(mark), words, ha="right", size=SMALL, color=MUTED)
    for n in _sizes(10**across.low, 10**across.high, most):
        x, words = across(math.log10(n)), fmt.number(n, 0)
        grid_line(picture, (x, up.start), (x, up.end))
        at = min(x, picture.wide - 2 - text_width(words, SMALL) / 2)
        picture.words(at, up.start + 12, words, ha="center", size=SMALL, color=MUTED)


def _sizes(low: float, high: float, most: int) -> list[int]:
    """Round sizes on a logarithmic axis: 1, 2, 5 of each ten, or fewer where there are too many.

    >>> _sizes(90, 2500, 6)
    [100, 200, 500, 1000, 2000]
    >>> _sizes(90, 2_500_000, 6)
    [100, 1000, 10000, 100000, 1000000]
    """
    tens = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for digits in ((1, 2, 5), (1, 3), (1,)):
        found = [d * 10**t for t in tens if t >= 0 for d in digits if low <= d * 10**t <= high]
        if len(found) <= most:
            return found
    return found[:: math.ceil(len(found) / most)]


def _worth(picture: Picture, across: Scale, up: Scale, worth: float) -> None:
    if worth > up.high:
        return
    level = up(worth)
    picture.box(across.start, level, across.end - across.start, up.start - level, GHOST, alpha=0.4)
    picture.line([(across.start, level), (across.end, level)], INK, dashes=(4, 3), order=1)


def _curve(picture: Picture, part: pd.DataFrame, across: Scale, up: Scale, colour: str) -> None:
    places: list[Place] = [
        (across(math.log10(n)), up(lift))
        for n, lift in zip(part["n"], part["lift"], strict=True)
        if lift <= up.high
    ]
    if places:
        picture.line(places, colour, width=2.2)


def _names(picture: Picture, curves: dict[str, pd.DataFrame], x: float, up: Scale) -> None:
    """The name of each curve at its right end, moved apart."""
    ends = [up(min(part["lift"].iloc[-1], up.high)) for part in curves.values()]
    moved = spread(ends, SMALL * 1.35, up.end, up.start - 4)
    for name, y, colour in zip(curves, moved, _shades(len(curves)), strict=True):
        if name:
            picture.dots([(x + 3, y)], colour, size=5, marker="s")
            words = shortened(name, picture.wide - x - 11, SMALL)
            picture.words(x + 11, y, words, size=SMALL, weight="bold")


def _labels(picture: Picture, part: pd.DataFrame, across: Scale, up: Scale, colour: str) -> None:
    """The named sizes as dots with their words: above the curve, or below it at the right edge."""
    taken = {-1: -math.inf, 1: -math.inf}
    rows = part[part["label"] != ""]
    for n, lift, label in zip(rows["n"], rows["lift"], rows["label"], strict=True):
        x, y = across(math.log10(n)), up(lift)
        picture.dots([(x, y)], colour, size=7)
        words = f"{label}: {signed(lift)}"
        side = -1 if x + 8 + text_width(words) * 1.08 <= picture.wide else 1
        if abs(y + 10 * side - taken[side]) < SIZE * 1.15:
            continue  # it would meet the words before it
        taken[side] = y + 10 * side
        ha = "left" if side < 0 else "right"
        picture.words(x - 8 * side, taken[side], words, ha=ha, weight="bold")
