"""Horizontal bars and dots: funnel, plain bars, bullets, response times, rates by group."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from playbook import format as fmt
from playbook.errors import ParameterError
from playbook.report.plots.canvas import Picture, twofold
from playbook.report.plots.look import (
    BAD,
    GHOST,
    GOOD,
    INK,
    MUTED,
    NARROW,
    POINTS,
    REST,
    SIZE,
    SMALL,
    STRONG,
    text_width,
)
from playbook.report.plots.rows import (
    AXIS_NAMES,
    Rows,
    checked,
    column,
    flags,
    highest,
    names_width,
    numbers,
    rows,
    rows_height,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

_LONGEST = 2.0
_DASHES = (4.0, 3.0)
_EDGES = (0.0, 1.0, 2.0, 4.0, 8.0, 24.0, 48.0, 72.0)


def funnel_bars(
    df: pd.DataFrame, *, title: str, axis_label: str = "", rate_label: str = ""
) -> Picture:
    """Stages of a funnel: how many, and the share that came from the stage before.

    Args:
        df: One row a stage, from the top: `stage` (label) and `count`; optional `previous` (the
            count of the last period, drawn as a ghost), `rate` (share of the stage before),
            `low`, `high` (its interval), `n` (what the rate rests on), `previous_rate`, and
            `immature` (too young to have converted: hatched).
        title: The answer that the figure shows.
        axis_label: What is counted, such as "leads that reached the stage".
        rate_label: What the rate is, such as "share of the stage before".

    Raises:
        ParameterError: A column is missing or there are no rows.
    """
    data = checked(df, "funnel_bars", ("stage", "count"))
    names = [str(entry) for entry in data["stage"]]
    has_rates = highest(numbers(data, "rate")) > 0
    count_words = axis_label or "number that reached the stage"
    rate_words = _with_young(rate_label or "share of the stage before", data)

    rated = data.rename(columns={"stage": "name"})
    with_rate = rated[rated["rate"].notna()].reset_index(drop=True) if has_rates else rated

    def draw(width: float) -> Picture:
        tall, wide = rows_height(names, width, count_words), width * POINTS
        if not has_rates:
            picture = Picture(title, width, tall)
            _counts(picture, data, names, count_words, None)
        elif width < NARROW:
            below = rows_height(list(with_rate["name"].astype(str)), width, rate_words)
            picture = Picture(title, width, tall + below + 6)
            _counts(picture, data, names, count_words, None)
            _rates(picture, with_rate, rate_words, top=tall + 6)
        else:
            start = names_width(names, width)
            half = (wide - start) * 0.48
            rest = wide - start - half - 8
            heights = (
                rows_height(names, width, count_words, half - 8),
                rows_height(names, width, rate_words, rest),
            )
            picture = Picture(title, width, max(heights))
            _counts(picture, data, names, count_words, half - 8)
            _rates(picture, rated, rate_words, left=start + half + 8, wide=rest)
        return picture

    return twofold(draw)


def bars(
    df: pd.DataFrame,
    *,
    title: str,
    unit: str = "count",
    axis_label: str = "",
    currency: str = "CNY",
) -> Picture:
    """Bars from zero, the last period behind, the value written at the end.

    Args:
        df: One row a bar, from the top: `name` and `value`; optional `previous` (last period, a
            ghost), `beside` (text after the value, instead of what it was), `n`, `emphasis` (the
            bars that matter; the others are grey), `immature`.
        title: The answer that the figure shows.
        unit: Of the values (see `playbook.format.UNITS`).
        axis_label: What the axis counts.
        currency: ISO code, for money.

    Raises:
        ParameterError: A column is missing or there are no rows.
    """
    data = checked(df, "bars", ("name", "value"))
    names = [str(entry) for entry in data["name"]]
    values, before = numbers(data, "value"), numbers(data, "previous")
    _zero_based("bars", values)
    labels = _value_labels(values, column(data, "n"), unit, currency)
    sides = [f"was {_write(b, unit, currency)}" if b is not None else "" for b in before]
    if "beside" in data.columns:
        sides = ["" if fmt.is_missing(text) else str(text) for text in data["beside"]]
    strong = flags(data, "emphasis")
    colours = [STRONG if mark or not any(strong) else REST for mark in strong]
    usual = f"amount in {currency}" if unit == "money" else AXIS_NAMES.get(unit, unit)
    words = _with_young(axis_label or usual, data)

    def draw(width: float) -> Picture:
        picture = Picture(title, width, rows_height(names, width, words))
        frame = rows(
            picture,
            names,
            unit=unit,
            axis_label=words,
            high=highest(values, before),
            right=_room(labels, sides),
        )
        _bar_rows(frame, values, before, colours, flags(data, "immature"))
        _labels(
            frame, [highest([v, b]) for v, b in zip(values, before, strict=True)], labels, sides
        )
        return picture

    return twofold(draw)


def bullet(df: pd.DataFrame, *, title: str, currency: str = "CNY") -> Picture:
    """Values against their targets, each as a share of its own.

    Args:
        df: One row a measure: `name`, `value`, `target`, `unit`; optional `better` (`up` or
            `down`), `previous` (last period, a ghost).
        title: The answer that the figure shows.
        currency: ISO code, for money.

    Raises:
        ParameterError: A column is missing, there are no rows, or no row has a target.
    """
    data = checked(df, "bullet", ("name", "value", "target", "unit"))
    names = [str(entry) for entry in data["name"]]
    values, targets = numbers(data, "value"), numbers(data, "target")
    shares = [_part(v, t) for v, t in zip(values, targets, strict=True)]
    before = [_part(b, t) for b, t in zip(numbers(data, "previous"), targets, strict=True)]
    if not any(targets):
        raise ParameterError("plots.bullet got no targets; supply the table target or use bars")
    units = [str(entry) for entry in data["unit"]]
    better = [str(entry or "up") for entry in column(data, "better", default="up")]
    labels = [
        f"{_write(v, u, currency)} of {_write(t, u, currency)}"
        for v, t, u in zip(values, targets, units, strict=True)
    ]
    sides = ["" if s is None else f"({fmt.percent(s, 0)})" for s in shares]
    colours = [_met_colour(s, b) for s, b in zip(shares, better, strict=True)]

    def draw(width: float) -> Picture:
        words = "share of the target, which is the line"
        picture = Picture(title, width, rows_height(names, width, words))
        cap = min(max(highest(shares, before), 1.0), _LONGEST)
        frame = rows(
            picture,
            names,
            unit="share",
            axis_label=words,
            high=cap,
            right=_room(labels, sides),
        )
        cut = [None if s is None else min(s, cap) for s in shares]
        _bar_rows(frame, cut, [None if b is None else min(b, cap) for b in before], colours, [])
        for y in frame.y:
            picture.line([(frame.x(1), y - 13), (frame.x(1), y + 13)], INK, width=2)
        _labels(frame, [max(s or 0.0, b or 0.0, 1.0) for s, b in zip(cut, before, strict=True)],
                labels, sides)  # fmt: skip
        return picture

    return twofold(draw)


def distribution(
    df: pd.DataFrame,
    *,
    title: str,
    column: str = "response_hours",
    line: float | None = None,
    line_label: str = "SLA",
    edges: Sequence[float] = _EDGES,
    axis_label: str = "leads",
    open_label: str = "no answer yet",
) -> Picture:
    """How long things took: one bar a span of hours, with the line by which they were due.

    Args:
        df: One row a thing, with the hours it took; missing where it has not happened yet. What
            is dated before it began counts in the first span.
        title: The answer that the figure shows.
        column: The column with the hours.
        line: Hours within which it was due; must be one of `edges`.
        line_label: What the line is called.
        edges: Where the spans begin, in hours; the last one is open.
        axis_label: What is counted.
        open_label: What the bar of those without hours is called.

    Raises:
        ParameterError: The column is missing, there are no rows, or `line` is not an edge.
    """
    data = checked(df, "distribution", (column,))
    cuts = sorted(edges)
    if line is not None and line not in cuts[1:]:
        raise ParameterError(
            f"line={line} is not among the edges {', '.join(f'{e:g}' for e in cuts)}; add it"
        )
    taken = numbers(data, column)
    known = [v for v in taken if v is not None]
    ends = [*cuts[1:], math.inf]
    starts = [-math.inf, *cuts[1:]]
    counts = [sum(low <= v < high for v in known) for low, high in zip(starts, ends, strict=True)]
    names = [_span(low, high) for low, high in zip(cuts, ends, strict=True)]
    if len(known) < len(taken):
        counts, names = [*counts, len(taken) - len(known)], [*names, open_label]
    due = 0 if line is None else cuts.index(line)
    within = sum(counts[:due])
    values: list[float | None] = [float(count) for count in counts]
    colours = [REST if line is None or i < due else STRONG for i in range(len(names))]
    if line is not None:  # the line has a row of its own, so that its words meet no bar
        values.insert(due, None)
        names.insert(due, "")
        colours.insert(due, REST)
    labels = ["" if v is None else fmt.number(v) for v in values]
    sides = ["" if v is None else fmt.percent(fmt.div(v, len(taken)), 0) for v in values]
    met = f"{fmt.number(within)} of {fmt.number(len(taken))} within"

    def draw(width: float) -> Picture:
        words = f"{axis_label} (n = {fmt.number(len(taken))})"
        picture = Picture(title, width, rows_height(names, width, words))
        room = _room(labels, sides)
        frame = rows(
            picture, names, unit="count", axis_label=words, high=highest(values), right=room
        )
        _bar_rows(frame, values, [], colours, [])
        _labels(frame, [v or 0.0 for v in values], labels, sides)
        if line is not None:
            _due_line(frame, frame.y[due] + 6, f"{line_label} {line:g} h: {met}")
        return picture

    return twofold(draw)


def dot_interval(
    df: pd.DataFrame,
    *,
    title: str,
    unit: str = "share",
    axis_label: str = "",
    reference: float | None = None,
    reference_label: str = "all",
    currency: str = "CNY",
) -> Picture:
    """Rates by group as dots with their intervals, n beside each.

    Args:
        df: One row a group, from the top: `name`, `value`, `low`, `high`; optional `n`,
            `previous` (last period, a hollow dot), `emphasis`, `immature`.
        title: The answer that the figure shows.
        unit: Of the values.
        axis_label: What the axis shows.
        reference: A value to compare with, drawn as a line.
        reference_label: What the line is.
        currency: ISO code, for money.

    Raises:
        ParameterError: A column is missing or there are no rows.
    """
    data = checked(df, "dot_interval", ("name", "value", "low", "high"))
    data = data.rename(columns={"value": "rate"})
    names = [str(entry) for entry in data["name"]]
    words = _with_young(axis_label or AXIS_NAMES.get(unit, unit), data)

    def draw(width: float) -> Picture:
        head = 18.0 if reference is not None else 0.0
        picture = Picture(title, width, rows_height(names, width, words) + head)
        frame = _rates(
            picture,
            data,
            words,
            top=head,
            unit=unit,
            currency=currency,
            at_least=reference,
            earlier="previous",
        )
        if reference is not None:
            _reference(frame, reference)
            text = f"{reference_label} {_write(reference, unit, currency)}"
            half = text_width(text, SMALL) / 2 + 2
            place = min(max(frame.x(reference), half), picture.wide - half)
            picture.words(place, frame.top - SIZE, text, ha="center", size=SMALL)
        return picture

    return twofold(draw)


def _counts(
    picture: Picture, data: pd.DataFrame, names: list[str], words: str, wide: float | None
) -> None:
    counts, before = numbers(data, "count"), numbers(data, "previous")
    labels = [fmt.number(count) for count in counts]
    sides = [f"was {fmt.number(b)}" if b is not None else "" for b in before]
    frame = rows(
        picture,
        names,
        unit="count",
        axis_label=words,
        high=highest(counts, before),
        wide=wide,
        right=_room(labels, sides),
    )
    _bar_rows(frame, counts, before, [STRONG] * len(names), flags(data, "immature"))
    ends = [highest([c, b]) for c, b in zip(counts, before, strict=True)]
    _labels(frame, ends, labels, sides)


def _rates(
    picture: Picture,
    data: pd.DataFrame,
    words: str,
    *,
    left: float | None = None,
    top: float = 0.0,
    wide: float | None = None,
    unit: str = "share",
    currency: str = "CNY",
    at_least: float | None = None,
    earlier: str = "previous_rate",
) -> Rows:
    names = [str(entry) for entry in data["name"]]
    values, low, high = (numbers(data, key) for key in ("rate", "low", "high"))
    before = numbers(data, earlier)
    labels = _value_labels(values, [None] * len(values), unit, currency)
    sides = [f"n = {fmt.number(n)}" if n is not None else "" for n in column(data, "n")]
    young, strong = flags(data, "immature"), flags(data, "emphasis")
    if left is not None:
        labels = [text if v is not None else "" for text, v in zip(labels, values, strict=True)]
    sides = [side if v is not None else "" for side, v in zip(sides, values, strict=True)]
    frame = rows(
        picture,
        names,
        unit=unit,
        axis_label=words,
        high=highest(values, high, before, [at_least]),
        low=min(0.0, *(v for v in (*low, *values) if v is not None), 0.0),
        left=left,
        top=top,
        wide=wide,
        right=_room(labels, sides),
    )
    for i, (value, start, end) in enumerate(zip(values, low, high, strict=True)):
        colour = REST if any(strong) and not strong[i] else STRONG
        y, was = frame.y[i], before[i]
        if was is not None:
            picture.line([(frame.x(was), y - 10), (frame.x(was), y + 10)], GHOST, width=4)
        if start is not None and end is not None:
            if young[i]:
                frame.hatched(i, start, end)
            ends = [(frame.x(start), y), (frame.x(end), y)]
            picture.line(ends, colour, width=3, alpha=0.45)
        if value is not None:
            picture.dots([(frame.x(value), y)], colour, size=8, hollow=young[i])
    _labels(frame, [frame.x.high] * len(names), labels, sides)
    return frame


def _with_young(words: str, data: pd.DataFrame) -> str:
    return f"{words}\nhatched: too young to judge" if any(flags(data, "immature")) else words


def _bar_rows(
    frame: Rows,
    values: Sequence[float | None],
    before: Sequence[float | None],
    colours: Sequence[str],
    young: Sequence[bool],
) -> None:
    for i, value in enumerate(before):
        frame.ghost(i, value)
    for i, value in enumerate(values):
        if value is None:
            continue
        if i < len(young) and young[i]:
            frame.hatched(i, 0, value)
        else:
            frame.bar(i, value, colours[i])


def _labels(
    frame: Rows, ends: Sequence[float], labels: Sequence[str], sides: Sequence[str]
) -> None:
    for i, (end, label, side) in enumerate(zip(ends, labels, sides, strict=True)):
        x = frame.x(end) + 6
        frame.picture.words(x, frame.y[i], label, weight="bold")
        beside = x + text_width(label) * 1.08 + 5
        frame.picture.words(beside, frame.y[i], side, size=SMALL, color=MUTED)


def _room(labels: Sequence[str], sides: Sequence[str]) -> float:
    both = zip(labels, sides, strict=True)
    return 12 + max(text_width(a) * 1.08 + 5 + text_width(b, SMALL) for a, b in both)


def _value_labels(
    values: Sequence[float | None], ns: Sequence[Any], unit: str, currency: str
) -> list[str]:
    pairs = zip(values, ns, strict=True)
    return [
        _write(v, unit, currency) if n is None or unit != "share" else fmt.rate(v, n)
        for v, n in pairs
    ]


def _write(value: float | None, unit: Any, currency: str) -> str:
    return fmt.value(value, unit, currency=currency)


def _part(value: float | None, target: float | None) -> float | None:
    share = fmt.div(value, target)
    return None if fmt.is_missing(share) else share


def _met_colour(share: float | None, better: str) -> str:
    if share is None:
        return REST
    return GOOD if (share >= 1) == (better != "down") or share == 1 else BAD


def _span(low: float, high: float) -> str:
    if high == math.inf:
        return f"over {low:g} h"
    return f"within {high:g} h" if low == 0 else f"{low:g}–{high:g} h"


def _due_line(frame: Rows, y: float, text: str) -> None:
    ends = [(frame.x.start, y), (frame.x.end, y)]
    frame.picture.line(ends, BAD, width=1.2, dashes=_DASHES)
    frame.picture.words(frame.x.start + 6, y - 9, text, size=SMALL, color=BAD)


def _reference(frame: Rows, value: float) -> None:
    # On a phone the names stand between the rows; the line leaves them free.
    spans = [(frame.top, frame.bottom)]
    if frame.picture.is_phone:
        spans = [(y - 12, y + 12) for y in frame.y]
    x = frame.x(value)
    for start, end in spans:
        frame.picture.line([(x, start), (x, end)], INK, dashes=_DASHES, order=1)


def _zero_based(what: str, values: Sequence[float | None]) -> None:
    below = [v for v in values if v is not None and v < 0]
    if below:
        raise ParameterError(
            f"plots.{what} draws bars from zero; {len(below)} values are below it (lowest "
            f"{fmt.number(min(below))}); use dot_interval or slopes"
        )
