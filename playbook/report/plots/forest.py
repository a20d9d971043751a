"""A forest of intervals: what each test, arm or segment did, and what may be said of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from playbook import format as fmt
from playbook.errors import ParameterError
from playbook.report.plots.canvas import Picture, Scale, grid_line, twofold
from playbook.report.plots.look import (
    BAD,
    GHOST,
    GOOD,
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
from playbook.report.plots.rows import checked, column, flags, numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

_HEAD, _FOOT = 22.0, 42.0
_LINE, _SMALL_LINE = SIZE * 1.25, SMALL * 1.3
_PAD = 9.0
_NAMES = 0.4
"""The names' share of a page's width at most."""
_BEYOND = 1.5
"""An interval is cut where it goes so many times farther than the farthest dot, with an arrow."""
_TOLD = ("test", "metric", "segment", "arm")
"""Columns of a table of effects that tell its rows apart."""
_COLOURS = {"ship": GOOD, "stop": BAD, "held": GOOD, "broken": BAD}
_SIDES = ("← worse", "better →")
_NO_SIDES = ("← less", "more →")
"""What stands beside the line of no difference where more is worse for some rows."""


@dataclass(frozen=True, slots=True)
class _Row:
    """One interval with its words."""

    name: str
    sides: tuple[str, ...]
    value: float | None
    low: float | None
    high: float | None
    verdict: str
    remark: str
    void: bool

    @property
    def colour(self) -> str:
        if self.void or self.low is None or self.high is None or self.low <= 0 <= self.high:
            return MUTED
        return STRONG if self.low > 0 else PALETTE[1]

    @property
    def said(self) -> list[str]:
        return [words for words in (self.verdict, self.remark) if words]

    @property
    def label(self) -> str:
        return fmt.MISSING if self.value is None else signed(self.value)


def forest(
    df: pd.DataFrame | Any,
    *,
    title: str,
    axis_label: str = "lift over the control",
    worth: float | None = None,
) -> Picture:
    """Intervals of effects below each other, a line at no difference, the verdict beside each.

    Args:
        df: What `abtest.compare`, `segments` or another call with a `table` of effects gave; what
            `abtest.guardrails` gave, with the answer and the margin beside each; or one row a
            test, arm, metric or segment, from the top: `name`, `value`, `low`, `high` (relative
            effects, 0.1 for +10 %; an end may be infinite); optional `value_control` and
            `value_arm` (shares), `n_control` and `n` (people of both), `verdict` (`ship` and `held`
            are green, `stop` and `broken` red), `note` (a line of words below the name) and `void`
            (true where the figures must not be read: drawn in grey dashes).
        title: The answer that the figure shows.
        axis_label: What the axis shows.
        worth: The smallest effect worth having: what is smaller is shaded.

    Raises:
        ParameterError: A column is missing or there are no rows; a guardrail's margin is no lift.
    """
    import pandas as pd

    table: pd.DataFrame = df if isinstance(df, pd.DataFrame) else df.table
    given = _of_guardrails(table) if "bound" in table.columns else _of_effects(table)
    data = checked(given, "forest", ("name", "value", "low", "high"))
    rows = _rows(data)
    sides = _NO_SIDES if "worst" in data.columns and data["worst"].gt(0).any() else _SIDES
    low, high = _ends(rows, worth)
    foot = axis_label if worth is None else f"{axis_label}\n{shaded(worth)}"

    def draw(width: float) -> Picture:
        phone, wide = width < NARROW, width * POINTS
        left = 4.0 if phone else _names_width(rows, wide)
        right = _right_room(rows, with_verdict=not phone)
        room = (wide if phone else left) - 12
        tall = [_height(row, room, phone=phone) for row in rows]
        words = [part for line in foot.split("\n") for part in wrapped(line, wide - left, SMALL, 3)]
        bottom = _HEAD + sum(tall)
        picture = Picture(title, width, bottom + _FOOT + (len(words) - 1) * _SMALL_LINE)
        across = Scale(low, high, left + 6, wide - right)
        tops = [_HEAD + sum(tall[:i]) for i in range(len(rows))]
        bars = [
            top + (height - 14 if phone else height / 2)
            for top, height in zip(tops, tall, strict=True)
        ]
        spans = [(y - 13, y + 13) for y in bars] if phone else [(_HEAD, bottom)]
        _ground(picture, across, spans, worth, sides)
        _axis(picture, across, bottom, words, phone=phone)
        for row, top, y in zip(rows, tops, bars, strict=True):
            _name(picture, row, (top, y), left, phone=phone)
            _interval(picture, row, across, y)
            _answer(picture, row, (across.end + 10, y, top + _PAD), phone=phone)
        return picture

    return twofold(draw)


def signed(share: float, digits: int = 0) -> str:
    """A relative effect with its sign.

    >>> signed(0.566), signed(-0.1), signed(0.0), signed(0.004, 1)
    ('+57 %', '−10 %', '±0 %', '+0.4 %')
    """
    text = fmt.percent(share, digits)
    return f"+{text}" if share > 0 else f"±{text}" if share == 0 else text


def shaded(worth: float) -> str:
    """What the band of small effects is, in words."""
    return f"shaded: less than {fmt.percent(worth, 0)}, too little to be worth it"


def _of_effects(table: pd.DataFrame) -> pd.DataFrame:
    """A table of effects with a name for each: what tells them apart; others stay as they are."""
    if "lift_low" not in table.columns or "name" in table.columns:
        return table
    told = [c for c in _TOLD if c in table.columns and table[c].nunique() > 1] or ["arm"]
    names = table[told].astype("str").agg(" · ".join, axis=1)
    found = table.assign(
        name=names, value=table["lift"], low=table["lift_low"], high=table["lift_high"]
    )
    if "unit" not in table.columns:
        return found.drop(columns=["value_control"], errors="ignore")
    shares = table["unit"] == "share"
    return found.assign(
        value_arm=table["value"].where(shares), value_control=table["value_control"].where(shares)
    )


def _of_guardrails(table: pd.DataFrame) -> pd.DataFrame:
    """Guardrails as intervals of lifts, with what was found and the margin."""
    if absolute := list(table.loc[~table["relative"].astype("bool"), "metric"].unique()):
        raise ParameterError(
            f"forest draws lifts, and the margin of {', '.join(absolute)} is none: leave it out, "
            "or give it as a share of the control's value."
        )
    told = [c for c in ("metric", "arm") if table[c].nunique() > 1] or ["metric"]
    ends = table[["bound", "best"]]
    margins = [f"margin {fmt.lift(worst)}" for worst in table["worst"]]
    return table.assign(
        name=table[told].astype("str").agg(" · ".join, axis=1),
        value=table["estimate"],
        low=ends.min(axis=1),
        high=ends.max(axis=1),
        verdict=table["status"],
        note=margins,
    ).drop(columns=["value_control"])


def _rows(data: pd.DataFrame) -> list[_Row]:
    ends = ((None if fmt.is_missing(v) and not _endless(v) else float(v) for v in data[key])
            for key in ("low", "high"))  # fmt: skip
    return [
        _Row(str(name), tuple(side for side in sides if side), *rest)
        for name, sides, *rest in zip(
            data["name"],
            zip(_people(data), (str(s or "") for s in column(data, "note")), strict=True),
            numbers(data, "value"),
            *ends,
            (str(v or "") for v in column(data, "verdict")),
            (str(v or "") for v in column(data, "remark")),
            flags(data, "void"),
            strict=True,
        )
    ]


def _endless(value: object) -> bool:
    return isinstance(value, float) and math.isinf(value)


def _people(data: pd.DataFrame) -> list[str]:
    """What both arms did, and how many people were in them, in words."""
    keys = ("value_control", "value_arm", "n_control", "n")
    rows = zip(*(numbers(data, key) for key in keys), strict=True)
    return [", ".join(_both(*row)) for row in rows]


def _both(
    control: float | None, arm: float | None, n_control: float | None, n: float | None
) -> list[str]:
    parts = []
    if control is not None:
        parts.append(
            f"control {fmt.percent(control)}"
            if arm is None
            else f"{fmt.percent(control)} → {fmt.percent(arm)}"
        )
    if n is not None and n_control is not None:
        parts.append(f"n = {fmt.number(n_control)} + {fmt.number(n)}")
    return parts


def _ends(rows: Sequence[_Row], worth: float | None) -> tuple[float, float]:
    """The axis: all dots and the band, intervals as far as they leave the dots their room."""
    band = worth or 0.0
    dots = [row.value for row in rows if row.value is not None]
    reach = max(*(abs(v) for v in dots), 0.0, band) if dots else max(band, 0.1)
    lows = [row.low for row in rows if row.low is not None]
    highs = [row.high for row in rows if row.high is not None]
    low = max(min([*lows, *dots, -band]), -_BEYOND * reach)
    high = min(max([*highs, *dots, band]), _BEYOND * reach)
    slack = (high - low or 1.0) * 0.03
    return min(low, 0.0) - slack, max(high, 0.0) + slack


def _names_width(rows: Sequence[_Row], wide: float) -> float:
    names = max(text_width(row.name) for row in rows)
    sides = max((text_width(side, SMALL) for row in rows for side in row.sides), default=0.0)
    return min(max(names, sides), wide * _NAMES - 13) + 13


def _right_room(rows: Sequence[_Row], *, with_verdict: bool) -> float:
    words = [text_width(row.label) * 1.08 for row in rows]
    if with_verdict:
        words += [text_width(said, SMALL) * 1.08 for row in rows for said in row.said]
    return max(words) + 14


def _name_lines(row: _Row, room: float, *, phone: bool) -> list[str]:
    beside = text_width(", ".join(row.said), SMALL) * 1.08 + 8 if phone and row.said else 0
    return wrapped(row.name, room - beside, SIZE, 2)


def _side_lines(row: _Row, room: float) -> list[str]:
    return [line for side in row.sides for line in wrapped(side, room, SMALL, 2)]


def _height(row: _Row, room: float, *, phone: bool) -> float:
    text = len(_name_lines(row, room, phone=phone)) * _LINE
    text += len(_side_lines(row, room)) * _SMALL_LINE
    return text + _PAD * 2 + (22 if phone else 0)


def _ground(
    picture: Picture,
    across: Scale,
    spans: Sequence[tuple[float, float]],
    worth: float | None,
    sides: tuple[str, str],
) -> None:
    """The band of what is not worth having, and the line of no difference.

    On a phone the words stand between the rows, and both spare them.
    """
    for top, bottom in spans:
        if worth:
            start = across(-worth)
            picture.box(start, top, across(worth) - start, bottom - top, GHOST, alpha=0.4)
        picture.line([(across(0), top), (across(0), bottom)], INK, dashes=(4, 3), order=1)
    zero = across(0)
    left, right = sides
    if zero - text_width(left, SMALL) > 2:
        picture.words(zero - 6, _HEAD - 14, left, ha="right", size=SMALL, color=MUTED)
    picture.words(zero + 6, _HEAD - 14, right, size=SMALL, color=MUTED)


def _axis(
    picture: Picture, across: Scale, bottom: float, words: Sequence[str], *, phone: bool
) -> None:
    for mark in across.marks(3 if phone else 5):
        x = across(mark)
        if mark and not phone:
            grid_line(picture, (x, _HEAD), (x, bottom))
        text = signed(mark) if mark else "0"
        at = max(x, text_width(text, SMALL) / 2)
        picture.words(at, bottom + 9, text, ha="center", size=SMALL, color=MUTED)
    for i, line in enumerate(words):
        place = bottom + 30 + i * _SMALL_LINE
        picture.words(across.start - 6, place, line, size=SMALL, color=MUTED)


def _name(
    picture: Picture, row: _Row, place: tuple[float, float], left: float, *, phone: bool
) -> None:
    room = (picture.wide if phone else left) - 12
    names, sides = _name_lines(row, room, phone=phone), _side_lines(row, room)
    top, _ = place
    y = top + _PAD
    for i, line in enumerate(names):
        picture.words(2, y + _LINE * (i + 0.5), line)
    y += len(names) * _LINE
    for i, line in enumerate(sides):
        picture.words(2, y + _SMALL_LINE * (i + 0.5), line, size=SMALL, color=MUTED)


def _interval(picture: Picture, row: _Row, across: Scale, y: float) -> None:
    colour = row.colour
    if row.low is not None and row.high is not None:
        start, end = max(row.low, across.low), min(row.high, across.high)
        ends = [(across(start), y), (across(end), y)]
        picture.line(
            ends, colour, width=2 if row.void else 3, alpha=0.5,
            dashes=(2, 2) if row.void else None,
        )  # fmt: skip
        if row.low < across.low:
            picture.dots([(across(start) + 2, y)], colour, size=6, marker="<")
        if row.high > across.high:
            picture.dots([(across(end) - 2, y)], colour, size=6, marker=">")
    if row.value is not None:
        picture.dots([(across(row.value), y)], colour, size=8, hollow=row.void)


def _answer(picture: Picture, row: _Row, place: tuple[float, float, float], *, phone: bool) -> None:
    """The effect, and below it the verdict; on a phone the verdict stands beside the name."""
    x, y, first = place
    ink, weight = (MUTED, "normal") if row.void else (INK, "bold")
    style: dict[str, Any] = {"size": SMALL, "weight": "bold"}
    colour = _COLOURS.get(row.verdict, MUTED)
    if phone:
        picture.words(x, y, row.label, weight=weight, color=ink)
        words = shortened(", ".join(row.said), picture.wide * 0.6, SMALL)
        style["color"] = BAD if row.remark else colour
        picture.words(picture.wide - 2, first + _LINE / 2, words, ha="right", **style)
        return
    y -= len(row.said) * 7.5
    picture.words(x, y, row.label, weight=weight, color=ink)
    for i, words in enumerate(row.said):
        shade = BAD if words == row.remark else colour
        picture.words(x, y + 15 + i * 14, words, color=shade, **style)
