"""What a comparison gives: one row per metric and arm, and the words that belong to it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from playbook.errors import ParameterError, unknown
from playbook.format import MISSING, lift, number, p_value, percent, points, shown, trimmed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import pandas as pd

Alternative = Literal["two-sided", "greater", "less"]
Relative = Literal["fieller", "log", "delta"]
Adjust = Literal["none", "holm", "bh"]
Unit = Literal["share", "number"]

ADJUSTED = {
    "none": "p values not adjusted",
    "holm": "p values adjusted by Holm",
    "bh": "p values adjusted by Benjamini and Hochberg",
}
"""Whether p values were adjusted for many comparisons, in words."""

SIDES = {"two-sided": "two-sided", "greater": "one-sided (greater)", "less": "one-sided (less)"}
"""Which way p values and intervals look, in words."""

DUST = 1e-9
"""Size of a figure below which its digits are rounding."""


class Effect(NamedTuple):
    """One arm beside the control, in one metric.

    Attributes:
        metric: The metric's label.
        arm: The arm.
        control: What it is compared with.
        n: Units of the arm.
        n_control: Units of the control.
        value: The arm's share, mean or ratio; adjusted where the metric is.
        value_control: The control's.
        difference: `value` less `value_control`.
        low: Lower end of the difference's interval; -inf where only the upper is asked for.
        high: Upper end; inf where only the lower is asked for.
        lift: `difference` over `value_control`. NaN where that is not above zero.
        lift_low: Lower end of the lift's interval, from the same test as the p value. -inf where
            the control cannot be told from zero, so that the lift could be anything; NaN where
            the lift is.
        lift_high: Upper end, likewise.
        std_error: Standard error of the difference; each arm has its own spread, except where the
            method is pooled. NaN where the method has none (exact).
        statistic: What the p value was read from: z or t; NaN where there is none (exact).
        df: Degrees of freedom of t; inf where the normal distribution is used.
        p_value: Chance of such a difference, or a greater one, were there none.
        p_adjusted: The p value adjusted for all comparisons made together.
        method: The convention, in words.
        unit: share where values are shares of units, else number.
    """

    metric: str
    arm: str
    control: str
    n: int
    n_control: int
    value: float
    value_control: float
    difference: float
    low: float
    high: float
    lift: float
    lift_low: float
    lift_high: float
    std_error: float
    statistic: float
    df: float
    p_value: float
    p_adjusted: float
    method: str
    unit: Unit = "number"

    def _repr_pretty_(self, *args: Any) -> None:
        shown(self, *args)

    def __str__(self) -> str:
        """Values, difference, lift and p value, in one line."""
        return (
            f"{self.arm} (n = {self.n:,}) {_value(self, self.value)} against "
            f"{_value(self, self.value_control)}: difference {step(self.difference, self.unit)} "
            f"({_steps(self)}), lift {lift(self.lift)} ({_lifts(self)}), "
            f"p = {p_value(self.p_value)}"
        )


@dataclass(frozen=True)
class Effects:
    """Every arm beside the control, in every metric that was asked for.

    Attributes:
        rows: One Effect per metric and arm: metrics as asked, arms in their order.
        confidence: Coverage of the intervals, such as 0.95.
        alternative: What the p value is against: two-sided, greater, less.
        relative: How the lift's intervals were found: fieller, log, delta.
        adjust: How `p_adjusted` was found: none, holm, bh.
        notes: What a reader has to know, each a sentence.
    """

    rows: tuple[Effect, ...]
    confidence: float = 0.95
    alternative: Alternative = "two-sided"
    relative: Relative = "fieller"
    adjust: Adjust = "none"
    notes: tuple[str, ...] = ()

    @property
    def table(self) -> pd.DataFrame:
        """One row per metric and arm; the columns are the fields of `Effect`."""
        import pandas as pd

        return pd.DataFrame(list(self.rows), columns=list(Effect._fields))

    def one(self, metric: str | None = None, arm: str | None = None) -> Effect:
        """The effect of one metric and arm; either may be left out where there is only one.

        Raises:
            ParameterError: No such metric or arm, or more than one to choose from.
        """
        rows = _chosen(self.rows, "metric", metric)
        return _chosen(rows, "arm", arm)[0]

    def __getitem__(self, key: tuple[str, str]) -> Effect:
        metric, arm = key
        return self.one(metric, arm)

    def __iter__(self) -> Iterator[Effect]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    _repr_pretty_ = shown

    def __str__(self) -> str:
        """A readable table, with control, intervals, methods and notes."""
        first = self.rows[0]
        head = (
            f"Control {first.control} (n = {first.n_control:,}); {trimmed(self.confidence, 2)} "
            f"intervals, {SIDES[self.alternative]}; {ADJUSTED[self.adjust]}."
        )
        lines = [head]
        for metric in dict.fromkeys(row.metric for row in self.rows):
            rows = [row for row in self.rows if row.metric == metric]
            lines += ["", f"{metric} ({rows[0].method})", *_lines(rows, self.adjust)]
        lines += ["", *self.notes] if self.notes else []
        return "\n".join(lines)


def _chosen(rows: tuple[Effect, ...], field: str, name: str | None) -> tuple[Effect, ...]:
    names = list(dict.fromkeys(getattr(row, field) for row in rows))
    if name is None and len(names) > 1:
        raise ParameterError(f"say which {field}: {', '.join(names)}.")
    if name is not None and name not in names:
        raise ParameterError(unknown(field, str(name), names))
    return tuple(row for row in rows if name is None or getattr(row, field) == name)


def _lines(rows: list[Effect], adjust: Adjust) -> list[str]:
    heads = ["arm", "n", "value", "control", "difference", "interval", "lift", "interval", "p"]
    cells = [[*heads, "p adjusted"], *(_cells(row) for row in rows)]
    return aligned([line[:-1] for line in cells] if adjust == "none" else cells)


def aligned(cells: Sequence[Sequence[str]]) -> list[str]:
    """Rows of words as lines whose columns stand below each other.

    >>> aligned([["arm", "n"], ["blue", "90"]])
    ['  arm   n', '  blue  90']
    """
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  "
        + "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    ]


def _cells(row: Effect) -> list[str]:
    return [
        row.arm,
        f"{row.n:,}",
        _value(row, row.value),
        _value(row, row.value_control),
        step(row.difference, row.unit),
        _steps(row),
        lift(row.lift),
        _lifts(row),
        p_value(row.p_value),
        p_value(row.p_adjusted),
    ]


def _value(row: Effect, value: float) -> str:
    return percent(value, 2) if row.unit == "share" else _significant(value)


def step(value: float, unit: str) -> str:
    """A difference with its sign: points of a share, or the metric's own unit.

    >>> step(0.012, "share"), step(-3.456, "number")
    ('+1.20 points', '−3.46')
    """
    return points(value, 2) if unit == "share" else _signed(value)


def _steps(row: Effect) -> str:
    return span(row.low, row.high, lambda value: step(value, row.unit))


def _lifts(row: Effect) -> str:
    return span(row.lift_low, row.lift_high, lift)


def span(low: float, high: float, write: Callable[[float], str]) -> str:
    """An interval in words, its ends written by `write`; their unit is named once.

    >>> span(0.1, 0.2, lift), span(0.1, math.inf, lift)
    ('+10.0 to +20.0 %', 'above +10.0 %')
    """
    if math.isnan(low) or math.isnan(high):
        return MISSING
    if math.isinf(low) or math.isinf(high):
        ends = [f"above {write(low)}"] if math.isfinite(low) else []
        ends += [f"below {write(high)}"] if math.isfinite(high) else []
        return " ".join(ends) or "anything"
    first, last = write(low), write(high)
    head, _, unit = first.rpartition(" ")
    return f"{head if unit and last.endswith(f' {unit}') else first} to {last}"


def _significant(value: float) -> str:
    size = abs(value)
    if DUST < size < 0.001:  # three digits that count
        return number(value, 2 - math.floor(math.log10(size)))
    return number(value, 0 if size >= 1000 else 2 if size >= 1 else 4)


def _signed(value: float) -> str:
    text = _significant(value)
    return f"+{text}" if value > 0 else text
