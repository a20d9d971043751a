"""A flow of steps: boxes in the order of time, from what starts it to what ends it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from playbook.errors import ParameterError, unknown
from playbook.report.plots.canvas import Picture, twofold
from playbook.report.plots.look import (
    CARD,
    GHOST,
    INK,
    MUTED,
    PAGE,
    PHONE,
    POINTS,
    SIZE,
    SMALL,
    STRONG,
    wrapped,
)

if TYPE_CHECKING:
    import pandas as pd

_COLUMNS = ("kind", "when", "title", "detail", "figure")
_KINDS = ("start", "entry", "step", "exit")
_LINE, _PAD, _GAP, _BAR = 15.0, 9.0, 20.0, 4.0
_WHEN = {False: 116.0, True: 0.0}


@dataclass(frozen=True, slots=True)
class _Box:
    """One box with its words already broken into lines."""

    kind: str
    when: list[str]
    title: list[str]
    detail: list[str]
    figure: list[str]

    @property
    def lines(self) -> int:
        return len(self.title) + len(self.detail) + len(self.figure)

    @property
    def tall(self) -> float:
        return self.lines * _LINE + 2 * _PAD


def flow(df: pd.DataFrame, *, title: str) -> Picture:
    """The boxes of a flow below each other, joined by arrows, each beside its time.

    Args:
        df: One row per box in the order of time: `kind` (`start`, `entry`, `step`, `exit`),
            `when`, `title`, `detail` and `figure`, all words; empty ones take no room.
        title: The answer that the figure shows.

    Returns:
        A picture that can also draw itself for a phone.

    Raises:
        ParameterError: A column is missing, a kind is unknown, or there are no boxes.
    """
    for name in _COLUMNS:
        if name not in df.columns:
            raise ParameterError(unknown("column of a flow", name, list(df.columns)))
    for kind in df["kind"]:
        if kind not in _KINDS:
            raise ParameterError(unknown("kind of box", kind, _KINDS))
    if df.empty:
        raise ParameterError("a flow needs one or more boxes.")

    def draw(width: float) -> Picture:
        phone = width < (PAGE + PHONE) / 2
        wide = width * POINTS
        left = 2 + _WHEN[phone]
        boxes = _boxes(df, wide - left - 2, phone=phone)
        heads = sum(len(box.when) * _LINE for box in boxes) if phone else 0.0
        tall = sum(box.tall for box in boxes) + heads + _GAP * (len(boxes) - 1) + 4
        picture = Picture(title, width, tall)
        y = 2.0
        for place, box in enumerate(boxes):
            y = _when(picture, box, y, phone=phone)
            _box(picture, box, left, y, wide - left - 2)
            y += box.tall
            if place < len(boxes) - 1:
                _arrow(picture, left + 24, y, dashed=boxes[place + 1].kind == "exit")
            y += _GAP
        return picture

    return twofold(draw)


def _boxes(df: pd.DataFrame, room: float, *, phone: bool) -> list[_Box]:
    inner = room - 2 * _PAD - _BAR
    when_room = room if phone else _WHEN[False] - 12
    return [
        _Box(
            kind=row["kind"],
            when=_lines(row["when"], when_room, SMALL, 2),
            title=_lines(row["title"], inner, SIZE, 3),
            detail=_lines(row["detail"], inner, SMALL, 4),
            figure=_lines(row["figure"], inner, SMALL, 2),
        )
        for row in df[list(_COLUMNS)].to_dict("records")
    ]


def _lines(text: str, room: float, size: float, most: int) -> list[str]:
    return wrapped(text, room, size, most) if text else []


def _when(picture: Picture, box: _Box, y: float, *, phone: bool) -> float:
    """The time of a box: beside it on a page, above it on a phone."""
    first = y + _LINE / 2 + (0.0 if phone else _PAD)
    for i, line in enumerate(box.when):
        x, side = (34.0, "left") if phone else (_WHEN[False] - 10, "right")
        picture.words(x, first + i * _LINE, line, size=SMALL, color=MUTED, ha=side)
    return y + len(box.when) * _LINE if phone else y


def _box(picture: Picture, box: _Box, x: float, y: float, room: float) -> None:
    """Steps stand out; what starts and ends a flow frames them."""
    is_step = box.kind == "step"
    corners = [(x, y), (x + room, y), (x + room, y + box.tall), (x, y + box.tall), (x, y)]
    picture.box(x, y, room, box.tall, CARD)
    picture.line(corners, GHOST, width=1.0, dashes=None if is_step else (4.0, 3.0))
    picture.box(x, y, _BAR, box.tall, STRONG if is_step else MUTED)
    line = y + _PAD + _LINE / 2
    styles = ((box.title, SIZE, INK, "bold"), (box.detail, SMALL, MUTED, "normal"))
    for words, size, colour, weight in (*styles, (box.figure, SMALL, INK, "normal")):
        for text in words:
            picture.words(x + _BAR + _PAD, line, text, size=size, color=colour, weight=weight)
            line += _LINE


def _arrow(picture: Picture, x: float, y: float, *, dashed: bool) -> None:
    end = y + _GAP - 2
    picture.line([(x, y), (x, end - 5)], MUTED, width=1.2, dashes=(3.0, 2.5) if dashed else None)
    picture.area([(x - 4, end - 6), (x + 4, end - 6), (x, end)], MUTED, alpha=1.0)
