"""Where journeys begin, what lies between, and where they end, as bands between three columns."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from playbook import format as fmt
from playbook.report.plots.canvas import Picture, twofold
from playbook.report.plots.chips import colour_of, colours
from playbook.report.plots.look import (
    MUTED,
    NARROW,
    POINTS,
    REST,
    SMALL,
    shortened,
    spread,
    text_width,
    wrapped,
)
from playbook.report.plots.rows import checked, numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

STAGES = ("first", "middle", "last")
OTHERS = "others"
_HEADS = {"first": "first touch", "middle": "between", "last": "last touch"}
_TALL, _HEAD, _GAP, _BAR, _LEAST = 300.0, 22.0, 4.0, 12.0, 13.0
_STEPS = 16
_End = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class _Node:
    """A name in one of the columns, from `top` to `bottom` in points."""

    name: str
    colour: str
    value: float
    top: float
    bottom: float


@dataclass(frozen=True, slots=True)
class _Column:
    """One of the three columns: where it stands, and its points per journey."""

    stage: str
    x: float
    scale: float
    nodes: list[_Node]


def journey_flow(
    df: pd.DataFrame, *, title: str, order: Sequence[str] = (), most: int = 7, note: str = ""
) -> Picture:
    """Journeys from their first touch over what lies between to their last.

    Args:
        df: One row a way: `first`, `middle`, `last` (names) and `value` (journeys; parts of one
            where several touches lie between).
        title: The answer that the figure shows.
        order: Names by size: the first seven are coloured, the same on every page.
        most: Names in each column; the smaller ones become "others".
        note: What is to be known of the middle column, below.

    Raises:
        ParameterError: A column is missing, there are no rows, or nothing flows.
    """
    data = checked(df, "journey_flow", (*STAGES, "value"))
    rows = data[list(STAGES)].astype(str).assign(value=[v or 0.0 for v in numbers(data, "value")])
    for stage in STAGES:
        rows[stage] = _fewer(rows, stage, most)

    def draw(width: float) -> Picture:
        phone = width < NARROW
        wide = width * POINTS
        starts = {"first": 2.0, "middle": (wide - _BAR) / 2, "last": wide - _BAR - 2}
        columns = [_column(rows, stage, order, starts[stage]) for stage in STAGES]
        told = f"{_listed(columns[1])} {note}".strip() if phone else note
        words = wrapped(told, wide - 4, SMALL, 8) if told else []
        tall = _HEAD + _TALL + 10 + len(words) * SMALL * 1.35
        picture = Picture(title, width, tall)
        for one, other in pairwise(columns):
            _bands(picture, rows, one, other)
        for column in columns:
            _nodes(picture, column)
            if not (phone and column.stage == "middle"):
                room = (wide / 2 - _BAR) * (0.92 if phone else 0.62)
                _labels(picture, column, room)
        for i, line in enumerate(words):
            y = _HEAD + _TALL + 16 + i * SMALL * 1.35
            picture.words(2, y, line, size=SMALL, color=MUTED)
        return picture

    return twofold(draw)


def _listed(column: _Column) -> str:
    """The names of a column in words, where a phone has no room for them beside it."""
    names = (f"{node.name} {fmt.number(node.value, 0)}" for node in column.nodes)
    return f"Between, from the top: {', '.join(names)}."


def _fewer(rows: pd.DataFrame, stage: str, most: int) -> pd.Series[str]:
    """The names of a column, the smaller ones as one."""
    sums = rows.groupby(stage)["value"].sum().sort_values(ascending=False, kind="stable")
    if len(sums) <= most:
        return rows[stage]
    kept = set(sums.index[: most - 1])
    return rows[stage].where(rows[stage].isin(kept), OTHERS)


def _column(rows: pd.DataFrame, stage: str, order: Sequence[str], x: float) -> _Column:
    """A column's names from the top: in the order of their colours, the rest below, others last."""
    sums = rows.groupby(stage, sort=False)["value"].sum()
    place = {name: i for i, name in enumerate(order)}
    known = colours(order)

    def rank(name: str) -> tuple[bool, float, float, str]:
        return name == OTHERS, place.get(name, math.inf), -float(sums[name]), name

    names = sorted((str(name) for name in sums.index if sums[name] > 0), key=rank)
    total = float(sums.sum()) or 1.0
    scale = (_TALL - _GAP * (len(names) - 1)) / total
    nodes, top = [], _HEAD
    for name in names:
        value = float(sums[name])
        nodes.append(_Node(name, colour_of(name, known), value, top, top + value * scale))
        top += value * scale + _GAP
    return _Column(stage, x, scale, nodes)


def _bands(picture: Picture, rows: pd.DataFrame, one: _Column, other: _Column) -> None:
    """The bands between two columns, in the colour of the name they come from."""
    flows = rows.groupby([one.stage, other.stage], sort=False)["value"].sum().to_dict()
    left = {node.name: node.top for node in one.nodes}
    right = {node.name: node.top for node in other.nodes}
    for start in one.nodes:
        for end in other.nodes:
            value = float(flows.get((start.name, end.name), 0.0))
            if value <= 0:
                continue
            leaves = one.x + _BAR, left[start.name], value * one.scale
            arrives = other.x, right[end.name], value * other.scale
            _band(picture, leaves, arrives, start.colour)
            left[start.name] += leaves[2]
            right[end.name] += arrives[2]


def _band(picture: Picture, leaves: _End, arrives: _End, colour: str) -> None:
    """A band that leaves and arrives level."""
    (x0, top0, tall0), (x1, top1, tall1) = leaves, arrives
    ease = [(i / _STEPS, (1 - math.cos(math.pi * i / _STEPS)) / 2) for i in range(_STEPS + 1)]
    upper = [(x0 + (x1 - x0) * t, top0 + (top1 - top0) * s) for t, s in ease]
    low0, low1 = top0 + tall0, top1 + tall1
    lower = [(x0 + (x1 - x0) * t, low0 + (low1 - low0) * s) for t, s in ease]
    picture.area([*upper, *reversed(lower)], colour, alpha=0.2 if colour == REST else 0.3)


def _nodes(picture: Picture, column: _Column) -> None:
    """A column's bars under its heading."""
    for node in column.nodes:
        picture.box(column.x, node.top, _BAR, max(node.bottom - node.top, 0.8), node.colour)
    ends = {"first": ("left", 0.0), "middle": ("center", _BAR / 2), "last": ("right", _BAR)}
    ha, shift = ends[column.stage]
    text = _HEADS[column.stage]
    picture.words(column.x + shift, 8, text, ha=ha, size=SMALL, color=MUTED)


def _labels(picture: Picture, column: _Column, room: float) -> None:
    """The names beside a column, moved apart where they would meet."""
    centres = [(node.top + node.bottom) / 2 for node in column.nodes]
    placed = spread(centres, _LEAST, _HEAD + 6, _HEAD + _TALL - 6)
    for node, y in zip(column.nodes, placed, strict=True):
        side = f" {fmt.number(node.value, 0)}"
        name = shortened(node.name, room - text_width(side, SMALL) - 6, SMALL)
        if column.stage == "last":
            picture.words(column.x - 5, y, f"{name}{side}", ha="right", size=SMALL)
        else:
            picture.words(column.x + _BAR + 5, y, f"{name}{side}", size=SMALL)
