"""A grid of verdicts: groups down, steps across, in each cell a figure, its n, and its verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
from playbook.report.plots.rows import checked, column

if TYPE_CHECKING:
    import pandas as pd

_TALL, _LINE = 36.0, 13.0
_TINY = SMALL - 1
_FAINT, _CLEAR = 0.18, 0.3
COLOURS = {"below": PALETTE[1], "fallen": PALETTE[1], "above": STRONG}
"""States with a colour; all others are grey."""
UNKNOWN = "cannot say"
"""The state of a cell without a ground."""


def verdict_grid(df: pd.DataFrame, *, title: str, legend: str = "") -> Picture:
    """What each group does at each step, with a colour where it is clearly better or worse.

    Args:
        df: One row a cell: `name` (of the row), `step` (of the column; both in the order of their
            first mention), `text` (the figure) and `state` (`below`, `fallen`, `above`, `cannot
            say`: no ground, or anything else); optional `side` (below the figure, such as its n).
        title: The answer that the figure shows.
        legend: What the colours mean, below the grid.

    Raises:
        ParameterError: A column is missing or there are no rows.
    """
    data = checked(df, "verdict_grid", ("name", "step", "text", "state"))
    names = list(dict.fromkeys(str(entry) for entry in data["name"]))
    steps = list(dict.fromkeys(str(entry) for entry in data["step"]))
    sides = [str(entry or "") for entry in column(data, "side", default="")]
    cells = {
        (str(name), str(step)): (str(text), side, str(state))
        for name, step, text, side, state in zip(
            data["name"], data["step"], data["text"], sides, data["state"], strict=True
        )
    }

    def draw(width: float) -> Picture:
        wide, phone = width * POINTS, width < NARROW
        most = (0.28 if phone else 0.4) * wide
        left = 8 + min(max(text_width(name, SMALL) for name in names), most)
        room = (wide - left - 2) / len(steps)
        heads = [wrapped(step, room - 4, SMALL) for step in steps]
        head = 6 + _LINE * max(map(len, heads))
        words = wrapped(legend, wide - 4, SMALL, 5) if legend else []
        picture = Picture(title, width, head + _TALL * len(names) + 8 + _LINE * len(words))
        for i, lines in enumerate(heads):
            for j, line in enumerate(lines):
                x, y = left + (i + 0.5) * room, _LINE * (j + 0.5)
                picture.words(x, y, line, ha="center", size=SMALL, color=MUTED)
        for i, name in enumerate(names):
            text = shortened(name, left - 8, SMALL)
            picture.words(left - 6, head + (i + 0.5) * _TALL, text, ha="right", size=SMALL)
            for j, step in enumerate(steps):
                place = (left + j * room, head + i * _TALL, room)
                _cell(picture, place, *cells.get((name, step), ("", "", "")))
        for i, line in enumerate(words):
            y = head + _TALL * len(names) + 8 + _LINE * (i + 0.5)
            picture.words(2, y, line, size=SMALL, color=MUTED)
        return picture

    return twofold(draw)


def _cell(
    picture: Picture, place: tuple[float, float, float], text: str, side: str, state: str
) -> None:
    if not text:
        return
    x, y, wide = place
    colour = COLOURS.get(state, GHOST)
    if state != UNKNOWN:
        alpha = _CLEAR if state in COLOURS else _FAINT
        picture.box(x + 0.5, y + 0.5, wide - 1, _TALL - 1, colour, alpha=alpha)
    weight, shade = ("bold", INK) if state in COLOURS else ("normal", MUTED)
    middle, room = x + wide / 2, wide - 4
    up = y + _TALL * (0.34 if side else 0.5)
    picture.words(middle, up, shortened(text, room, SMALL), ha="center", weight=weight, size=SMALL)
    small, down = shortened(side, room, _TINY), y + _TALL * 0.74
    picture.words(middle, down, small, ha="center", size=_TINY, color=shade)
