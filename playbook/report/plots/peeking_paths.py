"""What looking every day does: many tests of two equal pages, and those that "win" all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook import format as fmt
from playbook.report.plots.canvas import Picture, Place, Scale, grid_line, twofold
from playbook.report.plots.look import (
    BAD,
    INK,
    LINE,
    MUTED,
    NARROW,
    PALETTE,
    POINTS,
    REST,
    SMALL,
    spread,
    text_width,
    wrapped,
)
from playbook.report.plots.rows import checked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

_TALL, _TALL_PHONE, _FOOT, _HEAD = 230.0, 220.0, 44.0, 26.0
_SWATCH = 11.0
_MOST = 5.0
"""Bounds beyond this many standard errors leave the picture."""
_BOUNDS = (INK, PALETTE[0], PALETTE[6], PALETTE[2])


def peeking_paths(
    df: pd.DataFrame,
    bounds: pd.DataFrame,
    *,
    title: str,
    axis_label: str = "look",
    side_label: str = "difference, in its standard errors",
) -> Picture:
    """Paths of many tests over their looks; those that cross the first bound are coloured.

    Args:
        df: One row a test and look: `path` (which test), `look` (from 1) and `z` (the difference
            in standard errors).
        bounds: One row a rule and look: `name`, `look` and `z` (above 0; the lower bound is its
            mirror image). The rule named first decides which paths are coloured, from the look
            at which they cross.
        title: The answer that the figure shows.
        axis_label: What a look is, below the axis.
        side_label: What the vertical axis shows, above it.

    Raises:
        ParameterError: A column is missing or there are no rows.
    """
    data = checked(df, "peeking_paths", ("path", "look", "z"))
    limits = _limits(checked(bounds, "peeking_paths", ("name", "look", "z")))
    first = next(iter(limits.values()))
    ways = {
        str(path): sorted(zip(part["look"].astype(float), part["z"].astype(float), strict=True))
        for path, part in data.groupby("path", sort=True)
    }
    crossed = {path: _crossing(way, first) for path, way in ways.items()}
    looks = sorted({look for way in ways.values() for look, _ in way})
    reach = min(_MOST, max(abs(z) for way in ways.values() for _, z in way) * 1.05)
    reach = max(reach, *(min(way[-1][1], _MOST) * 1.05 for way in limits.values()))
    told = _told(crossed, next(iter(limits)))

    def draw(width: float) -> Picture:
        phone, wide = width < NARROW, width * POINTS
        tall = _TALL_PHONE if phone else _TALL
        names = {name: wrapped(name, wide * (0.37 if phone else 0.26), SMALL, 3) for name in limits}
        right = (
            10
            + _SWATCH
            + max(text_width(line, SMALL) * 1.08 for lines in names.values() for line in lines)
        )
        legend = wrapped(told, wide - 4, SMALL, 4)
        head = _HEAD + len(legend) * SMALL * 1.35
        picture = Picture(title, width, head + tall + _FOOT)
        for i, line in enumerate(legend):
            picture.words(2, 6 + i * SMALL * 1.35, line, size=SMALL, color=MUTED)
        picture.words(2, head - 14, side_label, size=SMALL, color=MUTED)
        across = Scale(looks[0], looks[-1], 26, wide - right)
        up = Scale(-reach, reach, head + tall, head)
        _grid(picture, across, up, axis_label, most=4 if phone else 8)
        for path, way in ways.items():
            _way(picture, way, crossed[path], across, up)
        for (name, way), colour in zip(limits.items(), _colours(len(limits)), strict=True):
            _bound(picture, way, colour, across, up, first=name == next(iter(limits)))
        _names(picture, limits, names, across.end + 6, up)
        return picture

    return twofold(draw)


def _limits(bounds: pd.DataFrame) -> dict[str, list[Place]]:
    return {
        str(name): sorted(zip(part["look"].astype(float), part["z"].astype(float), strict=True))
        for name, part in bounds.groupby("name", sort=False)
    }


def _crossing(way: Sequence[Place], bound: Sequence[Place]) -> float | None:
    """The look at which a path first goes beyond the bound."""
    height = dict(bound)
    return next((look for look, z in way if abs(z) > height.get(look, float("inf"))), None)


def _told(crossed: Mapping[str, float | None], name: str) -> str:
    beyond = sum(look is not None for look in crossed.values())
    return (
        f"{fmt.number(beyond)} of these {fmt.plural(len(crossed), 'test')} of two equal pages "
        f"(red from then on) go beyond “{name}” at some look"
    )


def _colours(n: int) -> list[str]:
    return [_BOUNDS[min(i, len(_BOUNDS) - 1)] for i in range(n)]


def _grid(picture: Picture, across: Scale, up: Scale, label: str, *, most: int) -> None:
    for mark in up.marks(5, whole=True):
        grid_line(picture, (across.start, up(mark)), (across.end, up(mark)))
        words = f"+{mark:g}" if mark > 0 else f"{mark:g}".replace("-", "−")
        picture.words(across.start - 6, up(mark), words, ha="right", size=SMALL, color=MUTED)
    picture.line([(across.start, up(0)), (across.end, up(0))], LINE, width=1.2, order=0.6)
    for mark in _marks(across, most):
        words = fmt.number(mark, 0)
        picture.words(across(mark), up.start + 12, words, ha="center", size=SMALL, color=MUTED)
    picture.words(across.start - 6, up.start + 32, label, size=SMALL, color=MUTED)


def _marks(across: Scale, most: int) -> list[float]:
    """Round looks, and the first one where it does not stand too near."""
    marks = [mark for mark in across.marks(most, whole=True) if mark > across.low]
    step = marks[1] - marks[0] if len(marks) > 1 else 1.0
    return [across.low, *(mark for mark in marks if mark - across.low > step * 0.6)]


def _way(
    picture: Picture, way: Sequence[Place], crossing: float | None, across: Scale, up: Scale
) -> None:
    places = [(across(look), up(max(min(z, up.high), up.low))) for look, z in way]
    looks = [look for look, _ in way]
    begin = len(way) if crossing is None else looks.index(crossing)
    if begin > 0:
        picture.line(places[: begin + 1], REST, width=0.7, alpha=0.6, order=1)
    if crossing is not None:
        picture.line(places[begin:], BAD, width=0.9, alpha=0.75, order=1.5)
        picture.dots(places[begin : begin + 1], BAD, size=3)


def _bound(
    picture: Picture, way: Sequence[Place], colour: str, across: Scale, up: Scale, *, first: bool
) -> None:
    inside = [(look, z) for look, z in way if z <= up.high]
    for side in (1, -1):
        places = [(across(look), up(side * z)) for look, z in inside]
        if len(places) > 1:
            picture.line(places, colour, width=1.6, dashes=(4, 3) if first else None, order=2)


def _names(
    picture: Picture,
    limits: Mapping[str, Sequence[Place]],
    names: Mapping[str, Sequence[str]],
    x: float,
    up: Scale,
) -> None:
    """The rules' names at the right ends of their upper bounds, moved apart."""
    line = SMALL * 1.25
    most = max(len(lines) for lines in names.values())
    ends = [up(min(way[-1][1], up.high)) for way in limits.values()]
    moved = spread(ends, line * most + 4, up.end + line * most / 2, up.start)
    for (name, y), colour in zip(
        zip(limits, moved, strict=True), _colours(len(limits)), strict=True
    ):
        first = y - (len(names[name]) - 1) / 2 * line
        picture.dots([(x + 3, first)], colour, size=5, marker="s")
        for i, part in enumerate(names[name]):
            picture.words(x + _SWATCH, first + i * line, part, size=SMALL, weight="bold")
