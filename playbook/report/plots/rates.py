"""A grid of rates: groups down, steps across, what differs from the others in colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook import format as fmt
from playbook.report.plots.canvas import Picture, twofold
from playbook.report.plots.look import (
    GHOST,
    INK,
    MUTED,
    NARROW,
    PALETTE,
    POINTS,
    SMALL,
    STRONG,
    shortened,
    text_width,
    wrapped,
)
from playbook.report.plots.rows import checked, column, flags, numbers

if TYPE_CHECKING:
    import pandas as pd

_TALL, _TALL_PHONE, _LINE = 36.0, 34.0, 13.0
_FAINT, _CLEAR = 0.18, 0.3
_TINY = SMALL - 1


def rate_grid(df: pd.DataFrame, *, title: str, legend: str = "") -> Picture:
    """Rates of groups at several steps, written in cells with n below; clear differences in colour.

    Args:
        df: One row a cell: `name` (of the row), `step` (of the column; both in the order of their
            first mention) and `value` (a share); optional `n`, `emphasis` (it differs from the
            others), `difference` (above zero is blue, below is red).
        title: The answer that the figure shows.
        legend: What the colours mean, below the grid.

    Raises:
        ParameterError: A column is missing or there are no rows.
    """
    data = checked(df, "rate_grid", ("name", "step", "value"))
    names = list(dict.fromkeys(str(entry) for entry in data["name"]))
    steps = list(dict.fromkeys(str(entry) for entry in data["step"]))
    ns = column(data, "n")
    cells = list(
        zip(
            (names.index(str(entry)) for entry in data["name"]),
            (steps.index(str(entry)) for entry in data["step"]),
            numbers(data, "value"),
            ns,
            flags(data, "emphasis"),
            numbers(data, "difference"),
            strict=True,
        )
    )

    def draw(width: float) -> Picture:
        wide, phone = width * POINTS, width < NARROW
        tall, most = (_TALL_PHONE, 0.3 * wide) if phone else (_TALL, 0.4 * wide)
        left = 8 + min(max(text_width(name, SMALL) for name in names), most)
        room = (wide - left - 2) / len(steps)
        heads = [wrapped(step, room - 4, SMALL) for step in steps]
        head = 6 + _LINE * max(map(len, heads))
        short = any(text_width(_of(n), _TINY) > room - 4 for n in ns if n is not None)
        told = f"Small figures are n. {legend}" if short else legend
        words = wrapped(told, wide - 4, SMALL, 4) if told else []
        picture = Picture(title, width, head + tall * len(names) + 8 + _LINE * len(words))
        for i, lines in enumerate(heads):
            _lines(picture, left + (i + 0.5) * room, 0.0, lines, "center")
        for i, name in enumerate(names):
            text = shortened(name, left - 8, SMALL)
            picture.words(left - 6, head + (i + 0.5) * tall, text, ha="right", size=SMALL)
        for row, place, value, n, strong, gap in cells:
            x, y = left + place * room, head + row * tall
            side = "" if n is None else fmt.number(n) if short else _of(n)
            _cell(picture, (x, y, room, tall), value, side, _colour(gap, strong=strong))
        _lines(picture, 2, head + tall * len(names) + 8, words, "left")
        return picture

    return twofold(draw)


def _lines(picture: Picture, x: float, y: float, lines: list[str], ha: str) -> None:
    for i, line in enumerate(lines):
        picture.words(x, y + _LINE * (i + 0.5), line, ha=ha, size=SMALL, color=MUTED)


def _colour(gap: float | None, *, strong: bool) -> str:
    if not strong:
        return GHOST
    return STRONG if gap is None or gap >= 0 else PALETTE[1]


def _cell(
    picture: Picture,
    place: tuple[float, float, float, float],
    value: float | None,
    side: str,
    colour: str,
) -> None:
    x, y, wide, tall = place
    alpha = _FAINT if colour == GHOST else _CLEAR
    picture.box(x + 0.5, y + 0.5, wide - 1, tall - 1, colour, alpha=alpha)
    if value is None:
        return
    bold, shade = ("normal", MUTED) if colour == GHOST else ("bold", INK)
    middle = x + wide / 2
    picture.words(middle, y + tall * 0.34, fmt.percent(value, 0), ha="center", weight=bold)
    picture.words(middle, y + tall * 0.74, side, ha="center", size=_TINY, color=shade)


def _of(n: object) -> str:
    return f"n = {fmt.number(n)}"
