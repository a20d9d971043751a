"""Whether foreseen chances come true: a curve with its band, against the line of honesty."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook import format as fmt
from playbook.errors import ParameterError
from playbook.report.plots.canvas import Picture, Scale, grid_line, twofold
from playbook.report.plots.look import INK, MUTED, NARROW, SMALL, STRONG, text_width
from playbook.report.plots.rows import checked, column, highest, numbers, tick

if TYPE_CHECKING:
    import pandas as pd

_TALL, _TALL_PHONE, _HEAD, _FOOT = 260.0, 230.0, 40.0, 44.0
_MOST = 440.0
_HONEST = "foreseen = observed"


def calibration(
    df: pd.DataFrame,
    *,
    title: str,
    axis_label: str = "foreseen",
    side_label: str = "observed",
) -> Picture:
    """A calibration curve: what was foreseen against what came, with a band, and the diagonal.

    Args:
        df: One row a group of things, in any order: `predicted` and `rate`, shares; optional
            `low` and `high` (the band), `n`.
        title: The answer that the figure shows.
        axis_label: What was foreseen, below the axis.
        side_label: What came, above the other.

    Raises:
        ParameterError: A column is missing, there are no rows, or a share is missing or lies
            outside 0 and 1.
    """
    data = checked(df, "calibration", ("predicted", "rate"))
    data = data.sort_values("predicted", kind="stable", ignore_index=True)
    foreseen, came = numbers(data, "predicted"), numbers(data, "rate")
    wrong = [v for v in (*foreseen, *came) if v is None or not 0 <= v <= 1]
    if wrong:
        raise ParameterError(
            f"plots.calibration needs shares between 0 and 1; {len(wrong)} are not "
            f"(first: {wrong[0]})"
        )
    low, high = numbers(data, "low"), numbers(data, "high")
    ns = [n for n in column(data, "n") if n is not None]
    top = max(highest(foreseen), highest(came, high)) or 1.0
    places = [(x or 0.0, y or 0.0) for x, y in zip(foreseen, came, strict=True)]
    band = [
        (x or 0.0, a, b)
        for x, a, b in zip(foreseen, low, high, strict=True)
        if a is not None and b is not None
    ]
    words = axis_label + (f" (n = {fmt.number(sum(ns))}, in {len(data)} groups)" if ns else "")

    def draw(width: float) -> Picture:
        phone = width < NARROW
        tall = _TALL_PHONE if phone else _TALL
        picture = Picture(title, width, _HEAD + tall + _FOOT)
        up = Scale(0.0, top * 1.05, _HEAD + tall, _HEAD)
        marks = up.marks(4)
        left = 10 + max(text_width(tick(mark, "share"), SMALL) for mark in marks)
        across = Scale(0.0, top * 1.05, left, min(picture.wide - 12, left + _MOST))
        _grid(picture, across, up, 3 if phone else 5)
        picture.words(2, 10, side_label, size=SMALL, color=MUTED)
        picture.words(left, _HEAD + tall + 32, words, size=SMALL, color=MUTED)
        _diagonal(picture, across, up)
        if band:
            around = [(across(x), up(a)) for x, a, _ in band]
            around += [(across(x), up(b)) for x, _, b in reversed(band)]
            picture.area(around, STRONG, alpha=0.16)
        curve = [(across(x), up(y)) for x, y in places]
        picture.line(curve, STRONG, width=2.2)
        picture.dots(curve, STRONG, size=5)
        return picture

    return twofold(draw)


def _grid(picture: Picture, across: Scale, up: Scale, most: int) -> None:
    for mark in up.marks(4):
        grid_line(picture, (across.start, up(mark)), (across.end, up(mark)))
        words = tick(mark, "share")
        picture.words(across.start - 6, up(mark), words, ha="right", size=SMALL, color=MUTED)
    for mark in across.marks(most):
        if mark:
            grid_line(picture, (across(mark), up.start), (across(mark), up.end))
        words = tick(mark, "share")
        picture.words(across(mark), up.start + 13, words, ha="center", size=SMALL, color=MUTED)


def _diagonal(picture: Picture, across: Scale, up: Scale) -> None:
    """The line of honesty, its name above its upper end."""
    ends = [(across(0), up(0)), (across(across.high), up(up.high))]
    picture.line(ends, INK, width=1.0, dashes=(4, 3), order=1)
    picture.words(across.end, up.end - 10, _HONEST, ha="right", size=SMALL, color=INK)
