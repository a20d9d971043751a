"""Whether an arm is at least not worse by more than can be borne: non-inferiority.

"No significant difference" is no proof that nothing was lost: a small test finds no difference in
anything. Here the arm has to prove that it is better than the worst that would be accepted, the
margin, which is set before the test.

Sources: Farrington and Manning (1990), "Test statistics and sample size formulae for comparative
binomial trials"; Hasler, Vonk and Hothorn (2008), "Assessing non-inferiority of a new treatment in
a three-arm trial in the presence of heteroscedasticity", for margins that
are a share of the control's mean.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from playbook.abtest.after.checks import chosen_metric
from playbook.abtest.after.compare import compare
from playbook.abtest.after.exact import Side
from playbook.abtest.after.levels import counts_of, pair_of
from playbook.abtest.after.proportions import Counts, difference_score, pooled, ratio_score
from playbook.abtest.after.reading import standardised
from playbook.abtest.after.tails import p_value
from playbook.abtest.metrics import Metric, Proportion
from playbook.errors import ParameterError
from playbook.format import lift, number, points, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook.abtest.arms import Arms, Floats
    from playbook.abtest.effect import Alternative, Effect

Status = Literal["held", "broken", "open"]


@dataclass(frozen=True)
class Guardrail:
    """A metric that must not suffer, with how much of it could be borne.

    Attributes:
        metric: What is measured, or its column, see `compare`.
        margin: The most that may be lost, above zero: a share of the control's value where
            `relative`, else in the metric's own unit.
        higher_is_better: False where more is worse, such as for complaints.
        relative: Whether the margin is a share of the control's value.

    Raises:
        ParameterError: The margin is not above zero, or is all there is.

    >>> Guardrail(Proportion("complained"), 0.001, higher_is_better=False, relative=False).worst
    0.001
    """

    metric: Metric | str
    margin: float
    higher_is_better: bool = True
    relative: bool = True

    def __post_init__(self) -> None:
        """Refuse a margin that is none."""
        is_points = isinstance(self.metric, Proportion) and not self.relative
        has_end = is_points or (self.relative and self.higher_is_better)
        most = 1 if has_end else 10 if self.relative else float("inf")
        if not 0 < self.margin < most:
            limit = "above 0" if most > 10 else f"between 0 and {most}"
            example = "0.01 for one point" if is_points else "0.02 for 2 % of the control's value"
            raise ParameterError(
                f"margin must be {limit}, not {self.margin:g}: it is the most that may be lost, "
                f"such as {example}."
            )

    @property
    def worst(self) -> float:
        """The lift, or difference, at which it breaks."""
        return -self.margin if self.higher_is_better else self.margin


class NonInferiority(NamedTuple):
    """Whether an arm is proven to be not worse than the control by more than the margin.

    Attributes:
        metric: The metric's label.
        arm: The arm.
        control: What it is compared with.
        n: Units of the arm.
        n_control: Units of the control.
        value: The arm's value.
        value_control: The control's.
        estimate: The lift, or the difference where the margin is one.
        bound: The worst that it could still be, at `alpha`; endless where the control cannot be
            told from zero, so that its lift could be anything.
        best: The best that it could still be, likewise.
        worst: The lift, or difference, at which it breaks.
        p_value: One-sided, of a value at or beyond the margin.
        alpha: The p value is to be at most this.
        relative: Whether estimate, bounds and margin are lifts.
        status: held (proven), broken (proven to be worse than the margin), open (neither).
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
    estimate: float
    bound: float
    best: float
    worst: float
    p_value: float
    alpha: float
    relative: bool
    status: Status
    method: str
    unit: str = "number"

    @property
    def is_non_inferior(self) -> bool:
        """Whether it is proven."""
        return self.status == "held"

    def _repr_pretty_(self, *args: Any) -> None:
        shown(self, *args)

    def __str__(self) -> str:
        """The answer, with the worst that it could be, the margin, the sizes and the method."""
        answer = {
            "held": "not worse by more than the margin",
            "broken": "worse by more than the margin",
            "open": "not proven to be within the margin",
        }[self.status]
        worst = (
            f"at worst {self.said(self.bound)} against {self.control}"
            if math.isfinite(self.bound)
            else f"how far from {self.control} is open, as {self.control} cannot be told from zero"
        )
        return (
            f"{self.metric}: {self.arm} is {answer}; {worst}, margin {self.said(self.worst)}, "
            f"p = {self.p_value:.2g} (one-sided, at most {self.alpha:g}); n = {self.n:,} against "
            f"{self.n_control:,}; {self.method}"
        )

    def said(self, value: float) -> str:
        """A lift or a difference of this metric in words."""
        if not math.isfinite(value):
            return "open"
        if self.relative:
            return lift(value)
        return points(value, 2) if self.unit == "share" else number(value)


def non_inferior(
    arms: Arms,
    metric: Metric | str,
    *,
    margin: float,
    relative: bool = True,
    higher_is_better: bool = True,
    alpha: float = 0.025,
    arm: str | None = None,
) -> NonInferiority:
    """Test whether an arm is not worse than the control by more than the margin.

    The test asks whether the arm's value less (1 - margin) times the control's lies above zero, so
    nothing is divided by an estimate, and a bound of the lift says the same as the p value. Where
    the control cannot be told from zero there is no such bound, and the p value decides.

    Args:
        arms: From `counts`, `moments` or `units`.
        metric: What must not suffer, or its column, see `compare`.
        margin: The most that may be lost: a share of the control's value, or where not `relative`
            in the metric's own unit.
        relative: Whether the margin is a share of the control's value.
        higher_is_better: False where more is worse.
        alpha: One-sided; 0.025 belongs to intervals of 95 % that have two ends.
        arm: Which arm; may be left out where there are two.

    Raises:
        ParameterError: The margin or alpha is not allowed, or what `compare` refuses.

    >>> from playbook.abtest.arms import Arms
    >>> sums = ([9000, 9000], [[0.2], [0.199]], [[[1440]], [[1434.6]]])
    >>> arms = Arms(("A", "B"), ("converted",), *sums, frozenset({"converted"}))
    >>> print(non_inferior(arms, Proportion(), margin=0.1))
    converted: B is not worse by more than the margin; at worst −6.2 % against A, margin −10.0 %, \
p = 0.00039 (one-sided, at most 0.025); n = 9,000 against 9,000; score test: pooled z, intervals \
by inverting it
    """
    rail = Guardrail(metric, margin, higher_is_better, relative)
    if arm is None and len(arms.others) > 1:
        raise ParameterError(f"say which arm: {', '.join(arms.others)}.")
    return next(iter(in_every_arm(arms if arm is None else arms.only(arm), rail, alpha)))


def in_every_arm(arms: Arms, rail: Guardrail, alpha: float) -> Iterator[NonInferiority]:
    """A guardrail in every arm, see `non_inferior`."""
    if not 0 < alpha < 0.5:
        raise ParameterError(
            f"alpha must lie between 0 and 0.5, not {alpha:g}: 0.025 is one wrong answer in forty."
        )
    metric = chosen_metric(arms, rail.metric)
    rail = replace(rail, metric=metric)
    ways: tuple[Alternative, Alternative] = ("greater", "less")
    bad, good = ways if rail.higher_is_better else ways[::-1]
    near = compare(arms, metric, confidence=1 - alpha, alternative=bad)
    far = compare(arms, metric, confidence=1 - alpha, alternative=good)
    if rail.relative and not near.rows[0].value_control > 0:
        raise ParameterError(
            f"{metric.label}: the control's value is {number(near.rows[0].value_control)}, "
            "and a share of it is no margin. Give the margin in the metric's unit, with "
            "relative=False."
        )
    chances = _p_values(arms, metric, rail, bad)
    for row, other, chance in zip(near, far, chances, strict=True):
        bound, best = _end(row, rail, bad), _end(other, rail, good)
        is_broken = best < rail.worst if rail.higher_is_better else best > rail.worst
        yield NonInferiority(
            *row[:7],
            estimate=row.lift if rail.relative else row.difference,
            bound=bound,
            best=best,
            worst=rail.worst,
            p_value=float(chance),
            alpha=alpha,
            relative=rail.relative,
            status="held" if chance <= alpha else "broken" if is_broken else "open",
            method=row.method,
            unit=row.unit,
        )


def _end(row: Effect, rail: Guardrail, side: Alternative) -> float:
    """The end that a one-sided interval has; endless where the lift could be anything."""
    low, high = (row.lift_low, row.lift_high) if rail.relative else (row.low, row.high)
    return low if side == "greater" else high


def _p_values(arms: Arms, metric: Metric, rail: Guardrail, side: Alternative) -> Floats:
    """The chance of the margin, or worse, in every arm."""
    import numpy as np

    supposed = rail.worst + (1 if rail.relative else 0)
    if not isinstance(metric, Proportion) or metric.method in {"pooled", "unpooled"}:
        pair = pair_of(arms, metric)
        if isinstance(metric, Proportion) and metric.method == "pooled":
            pair = pooled(counts_of(arms, metric))
        ratio, step = (supposed, 0.0) if rail.relative else (1.0, supposed)
        apart = pair.value - ratio * pair.control - step
        return p_value(standardised(apart, pair.error_at(ratio)), pair.df, side)
    counts = counts_of(arms, metric)
    if metric.method == "score":
        way = ratio_score if rail.relative else difference_score
        return p_value(way(counts, np.asarray(supposed)), np.inf, side)
    seen = [Counts(*each) for each in zip(*(c.tolist() for c in counts), strict=True)]
    sign = 1 if side == "greater" else -1
    return np.array([Side(one, rail.relative, sign).p_value(supposed) for one in seen])
