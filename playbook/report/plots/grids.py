"""Heat maps of cohorts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from playbook import format as fmt
from playbook.report.plots.canvas import Picture, twofold
from playbook.report.plots.lines import period_label
from playbook.report.plots.look import MUTED, NARROW, POINTS, SIZE, SMALL, STRONG, text_width
from playbook.report.plots.rows import checked, column, flags, numbers

if TYPE_CHECKING:
    import pandas as pd

_TALL, _HEAD, _FOOT = 23.0, 24.0, 34.0
_STRONGEST = 0.6


def cohort_heatmap(
    df: pd.DataFrame,
    *,
    title: str,
    unit: str = "share",
    axis_label: str = "months after the cohort began",
) -> Picture:
    """What became of each cohort with time; stronger is more, hatched is too young to judge.

    Args:
        df: One row a cell: `cohort` (in the order of the rows), `age` (a whole number) and
            `value`; optional `n` (size of the cohort) and `immature`.
        title: The answer that the figure shows.
        unit: Of the values.
        axis_label: What the ages count.

    Raises:
        ParameterError: A column is missing or there are no rows.
    """
    data = checked(df, "cohort_heatmap", ("cohort", "age", "value"))
    cohorts = list(dict.fromkeys(str(entry) for entry in data["cohort"]))
    ages = sorted({int(entry) for entry in data["age"]})
    sizes = dict(zip(map(str, data["cohort"]), column(data, "n"), strict=True))
    cells = list(
        zip(
            map(str, data["cohort"]),
            map(int, data["age"]),
            numbers(data, "value"),
            flags(data, "immature"),
            strict=True,
        )
    )
    most = max((v for _, _, v, _ in cells if v is not None), default=0.0) or 1.0

    any_young = any(young for *_, young in cells)

    def draw(width: float) -> Picture:
        wide, phone = width * POINTS, width < NARROW
        names = [_cohort_name(c, sizes.get(c), phone=phone) for c in cohorts]
        left = 10 + max(text_width(name, SMALL) for name in names)
        room = (wide - left - 2) / len(ages)
        picture = Picture(title, width, _HEAD + _TALL * len(cohorts) + _FOOT)
        old = [v for *_, v, young in cells if v is not None and not young]
        short, size = _cell_size(old, unit, room)
        for cohort, age, value, young in cells:
            x, y = left + ages.index(age) * room, _HEAD + cohorts.index(cohort) * _TALL
            if value is None:
                continue
            if young:
                picture.hatched(x + 1, y + 1, room - 2, _TALL - 2)
                continue
            depth = 0.05 + (_STRONGEST - 0.05) * max(value, 0.0) / most
            picture.box(x + 0.5, y + 0.5, room - 1, _TALL - 1, STRONG, alpha=depth)
            if size:
                text = _cell_text(value, unit, short=short)
                picture.words(x + room / 2, y + _TALL / 2, text, ha="center", size=size)
        for i, name in enumerate(names):
            picture.words(left - 6, _HEAD + (i + 0.5) * _TALL, name, ha="right", size=SMALL)
        bottom = _HEAD + _TALL * len(cohorts)
        _ages(picture, ages, left, room, bottom + 11)
        picture.words(left, bottom + 26, axis_label, size=SMALL, color=MUTED)
        legend = _legend(unit, any_young=any_young, phone=phone)
        picture.words(2, _HEAD - 14, legend, size=SMALL, color=MUTED)
        return picture

    return twofold(draw)


def _cohort_name(cohort: str, size: Any, *, phone: bool) -> str:
    name = period_label(cohort, first=True)
    if size is None:
        return name
    return f"{name} · {fmt.number(size)}" if phone else f"{name} (n = {fmt.number(size)})"


def _cell_text(value: float, unit: Any, *, short: bool) -> str:
    full = fmt.percent(value, 0) if unit == "share" else fmt.value(value, unit)
    return full.removesuffix(" %").replace("< ", "<") if short else full


def _cell_size(values: list[float], unit: str, room: float) -> tuple[bool, float]:
    """Whether to leave out the unit in the cells, and their type size; 0 where none fits."""
    for short, size in ((False, SIZE - 1), (True, SIZE - 1), (True, SIZE - 2.5)):
        texts = (_cell_text(value, unit, short=short) for value in values)
        if max((text_width(text, size) for text in texts), default=0.0) + 2 <= room:
            return short, size
    return True, 0.0


def _ages(picture: Picture, ages: list[int], left: float, room: float, y: float) -> None:
    widest = max(text_width(str(age), SMALL) for age in ages) + 4
    step = max(1, math.ceil(widest / max(room, 1)))
    for i in range(0, len(ages), step):
        x = left + (i + 0.5) * room
        picture.words(x, y, str(ages[i]), ha="center", size=SMALL, color=MUTED)


def _legend(unit: str, *, any_young: bool, phone: bool) -> str:
    words = "per cent" if unit == "share" else unit
    words = f"cohort · n, {words}" if phone else f"{words}; stronger is more"
    if not any_young:
        return words
    return f"{words}; hatched: too young" if phone else f"{words}; hatched is too young to judge"
