"""Journeys as chains of coloured names, each with how often it was gone."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from playbook import format as fmt
from playbook.errors import ParameterError
from playbook.report.plots.canvas import Picture, twofold
from playbook.report.plots.chips import TALL, chip, chip_width, colour_of, colours
from playbook.report.plots.look import (
    GHOST,
    MUTED,
    NARROW,
    POINTS,
    SMALL,
    text_width,
    wrapped,
)
from playbook.report.plots.rows import checked, column, highest, numbers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

_ARROW, _LEADING, _GAP, _FOOT = 15.0, 26.0, 14.0, 20.0
_WIDEST, _SHARE, _BAR = 128.0, 0.66, 12.0
_LINES = {False: 2, True: 4}


@dataclass(frozen=True, slots=True)
class _Chip:
    """A name on its way: where it stands and how it is called there."""

    x: float
    line: int
    wide: float
    text: str
    name: str


def paths(
    df: pd.DataFrame,
    *,
    title: str,
    order: Sequence[str] = (),
    unit: str = "count",
    axis_label: str = "",
    currency: str = "CNY",
) -> Picture:
    """Journeys from the first touch to the last, and a bar for each.

    Args:
        df: One row a journey, from the top: `path` (names in order; repeats in a row are drawn
            once, with how many they are) and `value`; optional `beside` (words after the value).
        title: The answer that the figure shows.
        order: Names by size: the first seven are coloured, the same on every page.
        unit: Of the values.
        axis_label: What the bars count, above them.
        currency: ISO code, for money.

    Raises:
        ParameterError: A column is missing, there are no rows, or a path is empty.
    """
    data = checked(df, "paths", ("path", "value"))
    ways = [[str(name) for name in path] for path in data["path"]]
    if not all(ways):
        raise ParameterError("plots.paths got a path without a name; leave such journeys out")
    values = numbers(data, "value")
    most = highest(values) or 1.0
    kind: Any = unit
    labels = [fmt.value(v, kind, currency=currency) for v in values]
    sides = ["" if text is None else str(text) for text in column(data, "beside")]
    known = colours(order)

    def draw(width: float) -> Picture:
        wide, phone = width * POINTS, width < NARROW
        room = wide - _ARROW if phone else wide * _SHARE
        chains = [_chain(way, room, _LINES[phone]) for way in ways]
        talls = [_tall(chain, phone=phone) for chain in chains]
        words = wrapped(axis_label, wide - 4, SMALL) if axis_label else []
        head = len(words) * SMALL * 1.35 + 6 if words else 0.0
        picture = Picture(title, width, head + sum(talls) + 2)
        for i, line in enumerate(words):
            picture.words(2, 7 + i * SMALL * 1.35, line, size=SMALL, color=MUTED)
        top = head
        for chain, tall, value, label, side in zip(
            chains, talls, values, labels, sides, strict=True
        ):
            _way(picture, chain, top + TALL / 2 + 2, known)
            x, y = 2.0, top + tall - _GAP - _FOOT / 2
            if not phone:
                x, y = room + 12, top + 2 + (tall - _GAP) / 2
            longest = wide - x - 10 - max(map(_beside, labels, sides))
            _bar(picture, (x, y, max(longest * fmt.div(value, most), 2.0)), label, side)
            top += tall
        return picture

    return twofold(draw)


def _chain(way: Sequence[str], room: float, lines: int) -> list[_Chip]:
    """The chips of a way, line by line; what does not fit is counted in the last one."""
    steps = [(name, len(list(same))) for name, same in groupby(way)]
    placed: list[_Chip] = []
    x, line = 2.0, 0
    for i, (name, times) in enumerate(steps):
        text = f"{name} ×{times}" if times > 1 else name
        wide = chip_width(text, min(_WIDEST, room - 4))
        left = len(steps) - i
        rest = f"+ {left} more"
        if x + wide > room and x > 2:
            if line + 1 == lines:
                return _with_rest(placed, f"+ {left} more", room)
            x, line = 2.0, line + 1
        last = line + 1 == lines and left > 1
        if last and x + wide + _ARROW + chip_width(rest, _WIDEST) > room and x > 2:
            return _with_rest(placed, rest, room)
        placed.append(_Chip(x, line, wide, text, name))
        x += wide + _ARROW
    return placed


def _with_rest(placed: list[_Chip], text: str, room: float) -> list[_Chip]:
    before = placed[-1]
    x = before.x + before.wide + _ARROW
    wide = min(chip_width(text, _WIDEST), max(room - x, 20.0))
    return [*placed, _Chip(x, before.line, wide, text, "")]


def _tall(chain: list[_Chip], *, phone: bool) -> float:
    lines = chain[-1].line + 1
    return lines * _LEADING + (_FOOT if phone else 0.0) + _GAP - (_LEADING - TALL)


def _way(picture: Picture, chain: list[_Chip], middle: float, known: Mapping[str, str]) -> None:
    for i, one in enumerate(chain):
        y = middle + one.line * _LEADING
        colour = colour_of(one.name, known) if one.name else GHOST
        chip(picture, (one.x, y, one.wide), one.text, colour)
        if i + 1 < len(chain):
            x = one.x + one.wide + 3
            picture.line([(x, y), (x + _ARROW - 8, y)], MUTED, width=1.0)
            tip = x + _ARROW - 5
            picture.area([(tip - 4, y - 3), (tip - 4, y + 3), (tip, y)], MUTED, alpha=1.0)


def _beside(label: str, side: str) -> float:
    """Room for what stands after a bar, in points."""
    return text_width(label) * 1.08 + (text_width(side, SMALL) + 8 if side else 0.0)


def _bar(picture: Picture, place: tuple[float, float, float], label: str, side: str) -> None:
    x, middle, long = place
    picture.box(x, middle - _BAR / 2, long, _BAR, GHOST)
    picture.words(x + long + 6, middle, label, weight="bold")
    beside = x + long + 11 + text_width(label) * 1.08
    picture.words(beside, middle, side, size=SMALL, color=MUTED)
