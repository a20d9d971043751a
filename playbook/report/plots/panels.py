"""Small multiples: several measures over the same periods, each beside its band of usual."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from playbook import format as fmt
from playbook.report.plots.canvas import Picture, Place, Scale, grid_line, twofold
from playbook.report.plots.lines import period_label
from playbook.report.plots.look import (
    BAD,
    GOOD,
    INK,
    LINE,
    MUTED,
    NARROW,
    POINTS,
    SIZE,
    SMALL,
    STRONG,
    text_width,
    wrapped,
)
from playbook.report.plots.rows import checked, highest, numbers, tick

if TYPE_CHECKING:
    import pandas as pd

_TALL, _FOOT, _GAP, _BETWEEN, _HEAD = 88.0, 22.0, 18.0, 28.0, 20.0
_LEADING = SIZE * 1.35
_COLOURS = {"worse": BAD, "better": GOOD}
_LEGEND = "band and dashes: usual; the large point: this period"


@dataclass(frozen=True, slots=True)
class _Panel:
    """One measure: its heading, its periods and values, and the band of usual."""

    heading: str
    periods: list[str]
    values: list[float | None]
    usual: float | None
    band: tuple[float, float] | None
    unit: str
    judgement: str

    @property
    def top(self) -> float:
        return highest(self.values, [self.usual], self.band or []) or 1.0


def panels(df: pd.DataFrame, *, title: str) -> Picture:
    """One small line chart a panel, each with its own title, its band of usual and the last point.

    Args:
        df: One row a panel and period, oldest first: `heading` (the panel's own answer),
            `period`, `value`, `usual`, `low`, `high` (the band of usual, the same in all rows of
            a panel), `unit` and `judgement` (`worse` and `better` are coloured, `too young` is
            hollow).
        title: The answer that the panels show together.

    Raises:
        ParameterError: A column is missing or there are no rows.
    """
    needs = ("heading", "period", "value", "usual", "low", "high", "unit", "judgement")
    data = checked(df, "panels", needs)
    every = [_panel(part) for _, part in data.groupby("heading", sort=False)]

    def draw(width: float) -> Picture:
        columns = 1 if width < NARROW else 2
        wide = (width * POINTS - (columns - 1) * _BETWEEN) / columns
        rows = [every[i : i + columns] for i in range(0, len(every), columns)]
        heads = [max(len(_lines(p, wide)) for p in row) * _LEADING + 8 for row in rows]
        legend = wrapped(_LEGEND, width * POINTS - 4, SMALL)
        top = _HEAD + (len(legend) - 1) * _LEADING
        picture = Picture(title, width, top + sum(h + _TALL + _FOOT + _GAP for h in heads) - _GAP)
        for i, line in enumerate(legend):
            picture.words(2, 8 + i * _LEADING, line, size=SMALL, color=MUTED)
        for row, head in zip(rows, heads, strict=True):
            for place, panel in enumerate(row):
                _draw(picture, panel, (place * (wide + _BETWEEN), top), wide, head)
            top += head + _TALL + _FOOT + _GAP
        return picture

    return twofold(draw)


def _panel(part: pd.DataFrame) -> _Panel:
    part = part.reset_index(drop=True)
    first = part.iloc[0]
    low, high, usual = (numbers(part, name)[0] for name in ("low", "high", "usual"))
    band = None if low is None or high is None else (low, high)
    periods = [str(entry) for entry in part["period"]]
    words = (str(first[name]) for name in ("unit", "judgement"))
    return _Panel(str(first["heading"]), periods, numbers(part, "value"), usual, band, *words)


def _lines(panel: _Panel, wide: float) -> list[str]:
    return wrapped(panel.heading, wide - 4, SIZE, 4)


def _draw(picture: Picture, panel: _Panel, corner: Place, wide: float, head: float) -> None:
    x, y = corner
    for i, line in enumerate(_lines(panel, wide)):
        picture.words(x + 2, y + (i + 0.5) * _LEADING, line, weight="bold")
    top, bottom = y + head, y + head + _TALL
    if all(value is None for value in panel.values):
        picture.words(x + 2, top + 10, "no data for this", size=SMALL, color=MUTED)
        return
    up = Scale(0.0, panel.top * 1.08, bottom, top)
    marks = {mark: tick(mark, panel.unit) for mark in up.marks(2, whole=panel.unit == "count")}
    left = x + 8 + max(text_width(words, SMALL) for words in marks.values())
    ending = _written(panel, panel.values[-1])
    across = Scale(-0.3, len(panel.periods) - 1, left, x + wide - 12 - text_width(ending))
    for mark, words in marks.items():
        grid_line(picture, (left, up(mark)), (across.end, up(mark)))
        picture.words(left - 6, up(mark), words, ha="right", size=SMALL, color=MUTED)
    _usual(picture, panel, across, up)
    _values(picture, panel, across, up)
    _period_ends(picture, panel.periods, across, bottom)
    last = panel.values[-1]
    if last is not None:
        picture.words(across.end + 9, up(last), ending, weight="bold", color=INK)


def _written(panel: _Panel, value: float | None) -> str:
    kind: Any = panel.unit
    return "" if value is None else fmt.value(value, kind)


def _usual(picture: Picture, panel: _Panel, across: Scale, up: Scale) -> None:
    wide = across.end - across.start
    if panel.band:
        low, high = panel.band
        picture.box(across.start, up(high), wide, up(low) - up(high), STRONG, alpha=0.14)
    if panel.usual is not None:
        level = [(across.start, up(panel.usual)), (across.end, up(panel.usual))]
        picture.line(level, MUTED, width=1.0, dashes=(4, 3))


def _values(picture: Picture, panel: _Panel, across: Scale, up: Scale) -> None:
    places = [
        (math.nan, math.nan) if v is None else (across(i), up(v))
        for i, v in enumerate(panel.values)
    ]
    picture.line(places, MUTED, width=1.6)
    if panel.values[-1] is not None:
        colour = _COLOURS.get(panel.judgement, STRONG)
        picture.dots(places[-1:], colour, size=8, hollow=panel.judgement == "too young")


def _period_ends(picture: Picture, periods: list[str], across: Scale, bottom: float) -> None:
    picture.line([(across.start, bottom), (across.end, bottom)], LINE, width=0.8)
    first, last = (period_label(p, first=True) for p in (periods[0], periods[-1]))
    style: dict[str, Any] = {"size": SMALL, "color": MUTED}
    picture.words(across.start, bottom + 12, first, **style)
    picture.words(across.end + 6, bottom + 12, last, ha="right", **style)
