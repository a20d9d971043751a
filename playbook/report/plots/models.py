"""Several models beside each other: for each name one line a model, with its interval."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook import format as fmt
from playbook.report.plots.canvas import Picture, Scale, grid_line, twofold
from playbook.report.plots.chips import colour_of, colours
from playbook.report.plots.look import (
    INK,
    MUTED,
    NARROW,
    POINTS,
    SMALL,
    shortened,
    text_width,
    wrapped,
)
from playbook.report.plots.rows import checked, highest, numbers, tick

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

_LINE, _HEAD, _GAP, _FOOT = 14.0, 18.0, 10.0, 36.0
_TINY = SMALL - 0.5


def model_dots(
    df: pd.DataFrame,
    *,
    title: str,
    order: Sequence[str] = (),
    unit: str = "share",
    axis_label: str = "",
    currency: str = "CNY",
) -> Picture:
    """What each model gives each name: dots with intervals, the models named beside them.

    Args:
        df: One row a name and model: `name`, `model` (both in the order of their first mention),
            `value`; optional `low`, `high`.
        title: The answer that the figure shows.
        order: Names by size: the first seven are coloured, the same on every page.
        unit: Of the values.
        axis_label: What the axis shows.
        currency: ISO code, for money.

    Raises:
        ParameterError: A column is missing or there are no rows.
    """
    data = checked(df, "model_dots", ("name", "model", "value"))
    names = list(dict.fromkeys(str(entry) for entry in data["name"]))
    models = list(dict.fromkeys(str(entry) for entry in data["model"]))
    sides = [numbers(data, key) for key in ("low", "value", "high")]
    cells = {
        (str(name), str(model)): row
        for name, model, row in zip(data["name"], data["model"], zip(*sides, strict=True),
                                    strict=True)
    }  # fmt: skip
    top = highest(*sides) or 1.0
    low = min([0.0, *(v for values in sides for v in values if v is not None)])
    known = colours(order)
    group = _HEAD + _LINE * len(models) + _GAP
    kind: Any = unit

    def draw(width: float) -> Picture:
        wide, phone = width * POINTS, width < NARROW
        words = wrapped(axis_label, wide - 4, SMALL, 3) if axis_label else []
        bottom = group * len(names)
        picture = Picture(title, width, bottom + _FOOT + len(words) * SMALL * 1.35 - 12)
        left = 10 + max(text_width(model, _TINY) for model in models)
        label = max(
            text_width(fmt.value(row[1], kind, currency=currency), _TINY) for row in cells.values()
        )
        across = Scale(low, top, left + 4, wide - label - 10)
        _axis(picture, across, bottom, unit, words, few=phone, currency=currency)
        for i, name in enumerate(names):
            start = i * group
            colour = colour_of(name, known)
            picture.box(2, start + 3, 4, _HEAD - 6, colour)
            shown = shortened(name, wide - 14)
            picture.words(10, start + _HEAD / 2, shown, weight="bold", color=INK)
            for k, model in enumerate(models):
                y = start + _HEAD + _LINE * (k + 0.5)
                picture.words(left, y, model, ha="right", size=_TINY, color=MUTED)
                if (name, model) in cells:
                    _dot(picture, cells[name, model], across, y, colour)
                    text = fmt.value(cells[name, model][1], kind, currency=currency)
                    picture.words(wide - 2, y, text, ha="right", size=_TINY)
        return picture

    return twofold(draw)


def _dot(
    picture: Picture,
    row: tuple[float | None, float | None, float | None],
    across: Scale,
    y: float,
    colour: str,
) -> None:
    low, value, high = row
    if low is not None and high is not None:
        picture.line([(across(low), y), (across(high), y)], colour, width=3, alpha=0.4)
    if value is not None:
        picture.dots([(across(value), y)], colour, size=6.5)


def _axis(
    picture: Picture,
    across: Scale,
    bottom: float,
    unit: str,
    words: Sequence[str],
    *,
    few: bool,
    currency: str,
) -> None:
    for mark in across.marks(3 if few else 5, whole=unit == "count"):
        x = across(mark)
        grid_line(picture, (x, 0), (x, bottom))
        text = tick(mark, unit, currency)
        picture.words(x, bottom + 9, text, ha="center", size=SMALL, color=MUTED)
    for i, line in enumerate(words):
        picture.words(2, bottom + 28 + i * SMALL * 1.35, line, size=SMALL, color=MUTED)
