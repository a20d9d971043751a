"""A heat map of shares: from the names at its side to the names above it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook import format as fmt
from playbook.report.plots.canvas import Picture, twofold
from playbook.report.plots.look import (
    LINE,
    MUTED,
    NARROW,
    POINTS,
    SIZE,
    SMALL,
    STRONG,
    shortened,
    text_width,
    wrapped,
)
from playbook.report.plots.rows import checked, column, numbers

if TYPE_CHECKING:
    import pandas as pd

_TALL, _LINE, _DEPTH, _FAINTEST = 24.0, 13.0, 0.48, 0.005
_LINES = 3
_HEADING = SMALL - 1


def heatmap(df: pd.DataFrame, *, title: str, legend: str = "") -> Picture:
    """Where each name goes next: a row's shares sum to 1, stronger is more.

    Above a column stands its name, or where there is no room for it, its number; the rows then
    carry these numbers before their names.

    Args:
        df: One row a cell: `name` (of the row), `step` (of the column), both in the order of
            their first mention, and `value` (a share); optional `n` (what the row rests on).
        title: The answer that the figure shows.
        legend: What a cell means, below the map.

    Raises:
        ParameterError: A column is missing or there are no rows.
    """
    data = checked(df, "heatmap", ("name", "step", "value"))
    names = list(dict.fromkeys(str(entry) for entry in data["name"]))
    steps = list(dict.fromkeys(str(entry) for entry in data["step"]))
    sizes = dict(zip(map(str, data["name"]), column(data, "n"), strict=True))
    shares = numbers(data, "value")
    places = [
        (names.index(str(a)), steps.index(str(b)))
        for a, b in zip(data["name"], data["step"], strict=True)
    ]
    most = max((v for v in shares if v is not None), default=0.0) or 1.0

    def draw(width: float) -> Picture:
        wide, phone = width * POINTS, width < NARROW
        left = _left(names, sizes, steps, wide, phone=phone)
        room = (wide - left - 2) / len(steps)
        numbered = any(not _fits(step, room) for step in steps)
        if numbered:  # all names get their numbers or none does
            left = _left(names, sizes, steps, wide, phone=phone, numbered=True)
            room = (wide - left - 2) / len(steps)
        rows = [_row_name(name, steps, sizes.get(name), numbered=numbered) for name in names]
        heads = [
            [str(i + 1)] if numbered else wrapped(step, room - 2, _HEADING, _LINES)
            for i, step in enumerate(steps)
        ]
        head = 6 + _LINE * max(map(len, heads))
        told = f"{legend} {_outside(steps, names)}".strip() if numbered else legend
        words = wrapped(told, wide - 4, SMALL, 6) if told else []
        picture = Picture(title, width, head + _TALL * len(names) + 8 + _LINE * len(words))
        for i, lines in enumerate(heads):
            for k, line in enumerate(lines):
                x, y = left + (i + 0.5) * room, head - 6 - (len(lines) - k - 0.5) * _LINE
                picture.words(x, y, line, ha="center", size=_HEADING, color=MUTED)
        for i, row in enumerate(rows):
            y = head + (i + 0.5) * _TALL
            picture.words(left - 6, y, shortened(row, left - 8, SMALL), ha="right", size=SMALL)
        size = _cell_size(room)
        for (down, across), share in zip(places, shares, strict=True):
            box = (left + across * room, head + down * _TALL, room)
            _cell(picture, box, share, fmt.div(share, most), size)
        _frame(picture, left, head, room * len(steps), _TALL * len(names))
        for i, line in enumerate(words):
            y = head + _TALL * len(names) + 8 + _LINE * (i + 0.5)
            picture.words(2, y, line, size=SMALL, color=MUTED)
        return picture

    return twofold(draw)


def _fits(name: str, room: float) -> bool:
    """Whether a name can stand above a column, in lines none of which is cut."""
    return not any("…" in line for line in wrapped(name, room - 2, _HEADING, _LINES))


def _left(
    names: list[str],
    sizes: dict[str, object],
    steps: list[str],
    wide: float,
    *,
    phone: bool,
    numbered: bool = False,
) -> float:
    """Room for the names of the rows."""
    rows = [_row_name(name, steps, sizes.get(name), numbered=numbered) for name in names]
    widest = max(text_width(row, SMALL) for row in rows)
    return 8 + min(widest, (0.42 if phone else 0.3) * wide)


def _row_name(name: str, steps: list[str], n: object, *, numbered: bool) -> str:
    number = f"{steps.index(name) + 1} " if numbered and name in steps else ""
    size = "" if n is None else f" · {fmt.number(n)}"
    return f"{number}{name}{size}"


def _outside(steps: list[str], names: list[str]) -> str:
    """What the numbers above columns mean that no row explains."""
    told = [f"{i + 1} {step}" for i, step in enumerate(steps) if step not in names]
    return f"Columns: {', '.join(told)}." if told else ""


def _cell_size(room: float) -> float:
    """The type size in the cells: 0 where not even "99" fits."""
    sizes = (SIZE - 1, SIZE - 2.5, SIZE - 3.5)
    return next((size for size in sizes if text_width("99", size) + 3 <= room), 0.0)


def _cell(
    picture: Picture,
    place: tuple[float, float, float],
    share: float | None,
    part: float,
    size: float,
) -> None:
    x, y, wide = place
    if share is None or share < _FAINTEST:
        return
    picture.box(x + 0.5, y + 0.5, wide - 1, _TALL - 1, STRONG, alpha=0.04 + _DEPTH * part)
    if size:
        text = f"{100 * share:.0f}"
        picture.words(x + wide / 2, y + _TALL / 2, text, ha="center", size=size)


def _frame(picture: Picture, x: float, y: float, wide: float, tall: float) -> None:
    corners = [(x, y), (x + wide, y), (x + wide, y + tall), (x, y + tall), (x, y)]
    picture.line(corners, LINE, width=0.8, order=0.5)
