"""Rows over one horizontal axis: names beside them, or above them on a phone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from playbook import format as fmt
from playbook.errors import ParameterError
from playbook.report.plots.canvas import Picture, Scale, grid_line
from playbook.report.plots.look import (
    GHOST,
    INK,
    MUTED,
    NARROW,
    POINTS,
    SIZE,
    SMALL,
    shortened,
    text_width,
    wrapped,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

PITCH, PITCH_PHONE = 32.0, 46.0
FOOT = 38.0
BAR = 15.0
AXIS_NAMES = {"share": "per cent", "hours": "hours", "days": "days", "count": "number"}

_LEADING = SMALL * 1.35
_NAME_SHARE = 0.3


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows over one horizontal axis, in points of their picture.

    Attributes:
        picture: Where they are drawn.
        x: From values to points.
        y: Middle of each row's bar.
        top: Upper end of the rows.
        bottom: Lower end of the rows.
    """

    picture: Picture
    x: Scale
    y: list[float]
    top: float
    bottom: float

    def bar(self, row: int, value: float, colour: str, *, tall: float = BAR) -> None:
        """A bar from zero."""
        zero = self.x(0)
        self.picture.box(zero, self.y[row] - tall / 2, self.x(value) - zero, tall, colour)

    def ghost(self, row: int, value: float | None) -> None:
        """The last period, taller and paler, behind the bar."""
        if value is not None:
            self.bar(row, value, GHOST, tall=BAR + 7)

    def hatched(self, row: int, low: float, high: float) -> None:
        """A hatched stretch of a row: too young to be judged."""
        start = self.x(low)
        self.picture.hatched(start, self.y[row] - BAR / 2, self.x(high) - start, BAR)


def names_width(names: Sequence[str], width: float) -> float:
    """Room for the names beside the rows, in points; almost none on a phone."""
    if width < NARROW:
        return 4.0
    room = width * POINTS * _NAME_SHARE
    lines = [line for name in names for line in wrapped(name, room)]
    return min(max(map(text_width, lines), default=0.0), room) + 12


def rows_height(
    names: Sequence[str], width: float, label: str = "", wide: float | None = None
) -> float:
    """Room that rows and their axis need, in points.

    Args:
        names: Of the rows.
        width: Of the figure, in inches.
        label: Of the axis; may take several lines.
        wide: Room for the label in points; to the right edge if not given.
    """
    room = width * POINTS - names_width(names, width) if wide is None else wide
    pitch = PITCH_PHONE if width < NARROW else PITCH
    return pitch * len(names) + FOOT + (len(_label_lines(label, room)) - 1) * _LEADING


def rows(
    picture: Picture,
    names: Sequence[str],
    *,
    unit: str,
    axis_label: str,
    high: float,
    low: float = 0.0,
    left: float | None = None,
    top: float = 0.0,
    wide: float | None = None,
    right: float = 4.0,
    marks: Mapping[float, str] | None = None,
) -> Rows:
    """An axis for one row a name.

    Args:
        picture: Where to draw.
        names: Of the rows, from the top.
        unit: Of the axis.
        axis_label: What the axis counts.
        high: Right end of the axis, in data.
        low: Left end of the axis.
        left: Where the axis begins, in points; if not given, after the names, which are written.
        top: Of the first row, in points.
        wide: Width of the axis and its labels, in points; to the right edge if not given.
        right: Room in it for the labels at the right.
        marks: Words at places of the axis, where round values of the unit will not do.
    """
    phone = picture.is_phone
    pitch = PITCH_PHONE if phone else PITCH
    start = names_width(names, picture.wide / POINTS) if left is None else left
    room = picture.wide - start if wide is None else wide
    bottom = top + pitch * len(names)
    scale = Scale(low, high, start, start + max(room - right, room * 0.3))
    middles = [top + pitch * i + (32.0 if phone else pitch / 2) for i in range(len(names))]
    frame = Rows(picture, scale, middles, top, bottom)
    if left is None:
        for name, middle in zip(names, middles, strict=True):
            _name(picture, name, middle, start)
    round_values = scale.marks(2 if phone or room < 250 else 4, whole=unit == "count")
    _axis(frame, marks or {mark: tick(mark, unit) for mark in round_values}, axis_label, room)
    return frame


def _name(picture: Picture, name: str, middle: float, start: float) -> None:
    if picture.is_phone:
        picture.words(start - 2, middle - 19.5, shortened(name, picture.wide - 8))
        return
    parts = wrapped(name, start - 12)
    for i, part in enumerate(parts):
        down = (i - (len(parts) - 1) / 2) * SIZE * 1.2
        picture.words(start - 8, middle + down, part, ha="right", color=INK)


def _axis(frame: Rows, marks: Mapping[float, str], label: str, room: float) -> None:
    picture, scale = frame.picture, frame.x
    for mark, words in marks.items():
        x = scale(mark)
        grid_line(picture, (x, frame.top), (x, frame.bottom))
        at_edge = picture.is_phone and x - text_width(words, SMALL) / 2 < 0
        style: dict[str, Any] = {
            "size": SMALL,
            "color": MUTED,
            "ha": "left" if at_edge else "center",
        }
        picture.words(x, frame.bottom + 9, words, **style)
    for i, line in enumerate(_label_lines(label, room)):
        y = frame.bottom + 29 + i * _LEADING
        picture.words(scale.start - 2, y, line, size=SMALL, color=MUTED)


def _label_lines(label: str, room: float) -> list[str]:
    return [line for part in label.split("\n") for line in wrapped(part, room, SMALL, 3)]


def tick(x: float, unit: str, currency: str = "CNY") -> str:
    """A mark on an axis, with no more digits than it needs."""
    if unit == "share":
        return fmt.percent(round(x, 6), 0 if abs(x * 100 - round(x * 100)) < 1e-6 else 1)
    if unit == "hours":
        return f"{fmt.number(x, 0 if x == int(x) else 1)} h"
    kind: Any = unit
    return fmt.value(x, kind, currency=currency)


def checked(df: pd.DataFrame, what: str, columns: Sequence[str]) -> pd.DataFrame:
    """The table, if it has rows and the columns that the figure needs.

    Raises:
        ParameterError: The message lists what is missing and what is there.
    """
    lacking = [column for column in columns if column not in df.columns]
    if lacking:
        raise ParameterError(
            f"plots.{what} needs the columns {', '.join(columns)}; missing: {', '.join(lacking)}; "
            f"there are: {', '.join(map(str, df.columns)) or 'none'}"
        )
    if df.empty:
        raise ParameterError(
            f"plots.{what} got a table without rows; show.missing says what to supply instead"
        )
    return df.reset_index(drop=True)


def column(df: pd.DataFrame, name: str, default: Any = None) -> list[Any]:
    """Values of a column that may be absent; missing ones as None."""
    if name not in df.columns:
        return [default] * len(df)
    return [None if fmt.is_missing(entry) else entry for entry in df[name]]


def numbers(df: pd.DataFrame, name: str) -> list[float | None]:
    """Numbers of a column that may be absent; missing ones as None."""
    return [None if entry is None else float(entry) for entry in column(df, name)]


def flags(df: pd.DataFrame, name: str) -> list[bool]:
    """A yes/no column that may be absent."""
    return [bool(entry) for entry in column(df, name, default=False)]


def highest(*columns: Sequence[float | None]) -> float:
    """The largest value in any of the columns; 0 where there is none."""
    return max((v for values in columns for v in values if v is not None), default=0.0)
