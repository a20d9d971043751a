"""Two figures of the same thing side by side: spend against result, cost per lead per customer."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from playbook import format as fmt
from playbook.report.plots.canvas import Picture, twofold
from playbook.report.plots.look import INK, MUTED, REST, SMALL, STRONG, text_width
from playbook.report.plots.rows import (
    Rows,
    checked,
    column,
    flags,
    highest,
    numbers,
    rows,
    rows_height,
)

if TYPE_CHECKING:
    import pandas as pd

_THIN = 9.0
_FURTHEST = 64.0
_HEAD = 20.0


def share_pairs(
    df: pd.DataFrame,
    *,
    title: str,
    spend_label: str = "share of spend",
    result_label: str = "share of customers",
) -> Picture:
    """Parts of spend against parts of what came of it: two bars a row, from zero.

    Args:
        df: One row a channel, from the top: `name`, `spend`, `result` (shares of their totals);
            optional `emphasis` (the rows that matter; the others' result is pale).
        title: The answer that the figure shows.
        spend_label: What the upper, grey bar is.
        result_label: What the lower bar is.

    Raises:
        ParameterError: A column is missing or there are no rows.
    """
    data = checked(df, "share_pairs", ("name", "spend", "result"))
    names = [str(entry) for entry in data["name"]]
    spend, result = numbers(data, "spend"), numbers(data, "result")
    strong = flags(data, "emphasis")
    words = f"grey: {spend_label}\ncolour: {result_label}"

    def draw(width: float) -> Picture:
        picture = Picture(title, width, rows_height(names, width, words))
        room = 14 + text_width("00.0 %", SMALL)
        high = highest(spend, result) or 1.0
        frame = rows(picture, names, unit="share", axis_label=words, high=high, right=room)
        for i, (one, other) in enumerate(zip(spend, result, strict=True)):
            faded = any(strong) and not strong[i]
            _half(frame, i, one, REST, upper=True)
            _half(frame, i, other, STRONG, upper=False, alpha=0.45 if faded else None)
        return picture

    return twofold(draw)


def _half(
    frame: Rows,
    row: int,
    value: float | None,
    colour: str,
    *,
    upper: bool,
    alpha: float | None = None,
) -> None:
    if value is None:
        return
    middle = frame.y[row] + (-_THIN / 2 - 0.5 if upper else _THIN / 2 + 0.5)
    zero = frame.x(0)
    frame.picture.box(zero, middle - _THIN / 2, frame.x(value) - zero, _THIN, colour, alpha=alpha)
    text = fmt.percent(value)
    shade = MUTED if upper else INK
    frame.picture.words(frame.x(value) + 5, middle, text, size=SMALL, color=shade)


def times_pairs(
    df: pd.DataFrame,
    *,
    title: str,
    before_label: str = "cost per lead",
    after_label: str = "cost per customer",
    axis_label: str = "times what all channels cost",
) -> Picture:
    """Two costs of each row as multiples of the whole's: cheap by one, dear by the other.

    The axis is in doublings, so that half and twice are as far from the whole.

    Args:
        df: One row a channel, from the top: `name`, `before`, `after` (multiples of the whole's,
            above 0; missing where there is none); optional `after_low`, `after_high` (the interval
            of `after`), `label` (text at the right), `emphasis` (the rows that matter).
        title: The answer that the figure shows.
        before_label: What the hollow dot is.
        after_label: What the filled dot is.
        axis_label: What the axis shows; 1 is the line.

    Raises:
        ParameterError: A column is missing or there are no rows.
    """
    data = checked(df, "times_pairs", ("name", "before", "after"))
    names = [str(entry) for entry in data["name"]]
    sides = {key: numbers(data, key) for key in ("before", "after", "after_low", "after_high")}
    labels = [str(text or "") for text in column(data, "label", "")]
    strong = flags(data, "emphasis")
    known = [v for key in ("before", "after", "after_low") for v in sides[key] if v]
    least, most = min([0.5, *known]), max([2.0, *known])
    low, high = math.floor(_log(least)), math.ceil(_log(most))
    band = ", the band its 95 % interval" if any(sides["after_low"]) else ""
    words = f"{axis_label}, in doublings\nhollow: {before_label}; filled: {after_label}{band}"

    def draw(width: float) -> Picture:
        picture = Picture(title, width, rows_height(names, width, words))
        phone = picture.is_phone
        step = max(1, math.ceil((high - low) / (3 if phone else 8)))
        places = range(low - low % step, high + 1, step)
        marks = {float(e): _times(e) for e in places if low <= e <= high}
        right = 14 + max(text_width(text, SMALL) for text in ["", *labels])
        frame = rows(
            picture, names, unit="ratio", axis_label=words, low=low - 0.15, high=high + 0.15,
            right=right, marks=marks,
        )  # fmt: skip
        for y in frame.y:
            picture.line([(frame.x(0), y - 12), (frame.x(0), y + 12)], INK, dashes=(4, 3), order=1)
        for i in range(len(names)):
            faded = any(strong) and not strong[i]
            _pair(
                frame,
                i,
                {key: values[i] for key, values in sides.items()},
                REST if faded else STRONG,
            )
            x = frame.x(high + 0.15) + 8
            picture.words(x, frame.y[i], labels[i], size=SMALL, color=MUTED)
        return picture

    return twofold(draw)


def _pair(frame: Rows, row: int, sides: dict[str, float | None], colour: str) -> None:
    picture, y = frame.picture, frame.y[row]
    before, after = sides["before"], sides["after"]
    low, high = sides["after_low"], sides["after_high"]

    def x(value: float) -> float:
        return frame.x(min(max(_log(value), frame.x.low), frame.x.high))

    if low:
        end = x(high) if high else frame.x(frame.x.high)
        picture.line([(x(low), y), (end, y)], colour, width=3, alpha=0.35)
    if before and after:
        picture.line([(x(before), y), (x(after), y)], colour, width=1.2)
    if before:
        picture.dots([(x(before), y)], colour, size=7, hollow=True)
    if after:
        picture.dots([(x(after), y)], colour, size=8)


def _log(value: float) -> float:
    return math.log2(min(max(value, 1 / _FURTHEST), _FURTHEST))


def _times(exponent: int) -> str:
    """A power of two as a person writes it: ¼ ×, 1 ×, 8 ×."""
    halves = {-1: "½", -2: "¼", -3: "⅛"}
    return f"{halves.get(exponent) or (f'1/{2**-exponent}' if exponent < 0 else 2**exponent)} ×"
