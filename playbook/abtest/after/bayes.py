"""How likely each arm is the best, and what choosing it would cost if it is not.

A chance to beat the control protects from nothing that a p value does not: who looks every day and
ships at 95 % ships far more than 5 % of the changes that do nothing. Decide by the expected loss,
at a size fixed before.

A share starts from a Beta distribution and stays one. The mean or the ratio of many units is taken
as normal, with each arm's own spread as `compare` has it, adjusted where the metric has covariates.
That the slopes of covariates are estimates, which `compare` counts, is left out: arms would share
it, and with some hundred units it is next to nothing.

Sources: Gelman and others (2013), "Bayesian Data Analysis", chapters 2 and 3; Stucchio (2015),
"Bayesian A/B testing at VWO"; Robinson (2015), "Is Bayesian A/B testing immune to peeking? Not
exactly", for the warning.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from playbook.abtest.after.chances import (
    chance_best,
    chance_of_difference,
    expected_loss,
    interval_of_difference,
    interval_of_lift,
)
from playbook.abtest.after.checks import check_arms, chosen_metric
from playbook.abtest.after.levels import levels_of
from playbook.abtest.after.posterior import Beta, Normal, Posterior
from playbook.abtest.after.refusals import wrong_settings
from playbook.abtest.metrics import Proportion
from playbook.errors import refuse
from playbook.format import MISSING, lift, number, percent, plural, points, shown, trimmed

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from playbook.abtest.arms import Arms
    from playbook.abtest.metrics import Metric

FLAT = Beta(1, 1)
"""Every share as likely as every other."""

COLUMNS = [
    "arm",
    "n",
    "value",
    "chance_to_beat",
    "chance_best",
    "expected_loss",
    "difference",
    "low",
    "high",
    "lift",
    "lift_low",
    "lift_high",
]


@dataclass(frozen=True, eq=False)
class Bayes:
    """What is to be believed of the arms.

    Attributes:
        table: One row per arm, the control first: `arm`, `n`; `value`, its expected value;
            `chance_to_beat`, the chance that it is better than the control; `chance_best`, better
            than all others; `expected_loss`, how much worse than the best of the others it is on
            average, 0 where it is the best; `difference` from the control with `low` and `high`,
            and `lift` with `lift_low` and `lift_high`, between which they lie with a chance of
            `confidence`. The control has no chance to beat, difference or lift. The lift's interval
            is missing where the control's value may well be zero or below.
        beliefs: The distribution of each arm's value.
        metric: The metric's label.
        control: What the others are compared with.
        prior: What was believed before, in words.
        confidence: Chance that lies within the intervals.
        higher_is_better: Whether more is better.
        unit: share where values are shares of units, else number.
    """

    table: pd.DataFrame
    beliefs: dict[str, Posterior]
    metric: str
    control: str
    prior: str
    confidence: float
    higher_is_better: bool
    unit: str

    _repr_pretty_ = shown

    def __str__(self) -> str:
        """The prior, and one line for each arm."""
        better = "more" if self.higher_is_better else "less"
        first = (
            f"{self.metric}: {self.prior}; {better} is better; control {self.control}; intervals "
            f"hold {trimmed(self.confidence, 2)}."
        )
        return "\n".join([first, *(self._line(row) for row in self.table.itertuples())])

    def _line(self, row: Any) -> str:
        text = (
            f"{row.arm} (n = {row.n:,}): {self._value(row.value)}, the best with a chance of "
            f"{percent(row.chance_best)}, expected loss {self._step(row.expected_loss, sign=False)}"
        )
        if row.arm == self.control:
            return f"{text}."
        return (
            f"{text}; beats {self.control} with {percent(row.chance_to_beat)}; difference "
            f"{self._step(row.difference)} ({self._step(row.low)} to {self._step(row.high)}), lift "
            f"{lift(row.lift)} ({lift(row.lift_low)} to {lift(row.lift_high)})."
        )

    def _value(self, value: float) -> str:
        return percent(value, 2) if self.unit == "share" else number(value)

    def _step(self, value: float, *, sign: bool = True) -> str:
        if math.isnan(value):
            return MISSING
        text = points(value, 2) if self.unit == "share" else number(round(value, 9))
        return text if sign else text.lstrip("+±")


def bayes(
    arms: Arms,
    metric: Metric | str,
    *,
    prior: Beta | Normal | None = None,
    higher_is_better: bool = True,
    confidence: float = 0.95,
) -> Bayes:
    """How likely each arm is the best, and what choosing it would cost if it is not.

    Args:
        arms: The arms.
        metric: A Proportion, a Mean or a Ratio; or a column, see `compare`.
        prior: What is believed of every arm's value before the test, the same for all: a Beta for
            a Proportion, such as `Beta(20, 380)` for 400 people of earlier tests with 5 %; a Normal
            for a Mean or a Ratio. Where None, every value is as likely as every other.
        higher_is_better: Whether more is better.
        confidence: Chance that lies within the intervals.

    Raises:
        ParameterError: Everything that is wrong with the arguments, at once.

    >>> from playbook.abtest.inputs.intake import counts
    >>> import pandas as pd
    >>> table = pd.DataFrame(
    ...     {"arm": ["A", "B"], "exposures": [1000, 1000], "conversions": [50, 65]}
    ... )
    >>> found = bayes(counts(table, control="A"), Proportion())
    >>> print(str(found).splitlines()[2])
    B (n = 1,000): 6.59 %, the best with a chance of 92.4 %, expected loss 0.04 points; beats A \
with 92.4 %; difference +1.50 points (−0.55 points to +3.56 points), lift +29.4 % (−9.0 % \
to +85.7 %).
    """
    import pandas as pd

    metric = chosen_metric(arms, metric)
    refuse([*_wrong_question(arms, metric, prior), *wrong_settings(confidence=confidence)])
    beliefs: list[Posterior] = (
        [*_of_shares(arms, metric, cast("Beta", prior or FLAT))]
        if isinstance(metric, Proportion)
        else [*_of_means(arms, metric, cast("Normal | None", prior))]
    )
    better = beliefs if higher_is_better else [one.mirrored() for one in beliefs]
    best, loss = chance_best(better), expected_loss(better)
    rows = []
    for at, (name, n) in enumerate(zip(arms.names, arms.n, strict=True)):
        beats = chance_of_difference(better[0], better[at], 0.0) if at else math.nan
        beside = _beside(beliefs[at], beliefs[0], confidence) if at else (math.nan,) * 6
        rows.append((name, int(n), beliefs[at].mean, beats, best[at], loss[at], *beside))
    return Bayes(
        pd.DataFrame(rows, columns=COLUMNS),
        dict(zip(arms.names, beliefs, strict=True)),
        metric.label,
        arms.control,
        _words(metric, prior),
        confidence,
        higher_is_better,
        "share" if isinstance(metric, Proportion) else "number",
    )


def _beside(arm: Posterior, control: Posterior, confidence: float) -> tuple[float, ...]:
    """Difference and lift with their intervals."""
    change = arm.mean / control.mean - 1 if control.mean > 0 else math.nan
    return (
        arm.mean - control.mean,
        *interval_of_difference(arm, control, confidence),
        change,
        *interval_of_lift(arm, control, confidence),
    )


def _of_shares(arms: Arms, metric: Proportion, before: Beta) -> Iterator[Beta]:
    for ones, n in zip(arms.ones(metric.column), arms.n, strict=True):
        yield Beta(before.a + int(ones), before.b + int(n - ones))


def _of_means(arms: Arms, metric: Metric, prior: Normal | None) -> Iterator[Normal]:
    check_arms(arms, [metric])
    levels = levels_of(arms, metric)
    refuse(
        f"{metric.label} is the same for every unit of arm {name}: nothing can be believed of its "
        "spread."
        for name, variance in zip(arms.names, levels.own, strict=True)
        if not variance > 0
    )
    for value, variance in zip(levels.values, levels.own, strict=True):
        seen = Normal(float(value), float(variance) ** 0.5)
        yield seen if prior is None else _combined(seen, prior)


def _combined(seen: Normal, prior: Normal) -> Normal:
    """What was seen and what was believed, each by one over its variance.

    >>> print(_combined(Normal(10, 1), Normal(0, 1)))
    Normal(5, 0.707107)
    """
    weight, before = seen.sd**-2, prior.sd**-2
    mean = (weight * seen.mean + before * prior.mean) / (weight + before)
    return Normal(mean, (weight + before) ** -0.5)


def _words(metric: Metric, prior: Beta | Normal | None) -> str:
    if prior is not None:
        return f"every arm {prior} before the test"
    if isinstance(metric, Proportion):
        return "every share as likely as every other before the test, Beta(1, 1)"
    return "every value as likely as every other before the test"


def _wrong_question(arms: Arms, metric: Metric, prior: Any) -> Iterator[str]:
    if len(arms.names) < 2:
        yield f"there is only one arm, '{arms.control}': a test compares two or more."
    kind = type(metric).__name__
    if isinstance(metric, Proportion):
        if not isinstance(prior, Beta | None):
            yield f"prior of a {kind} must be a Beta, such as Beta(1, 1), not {prior!r}."
        elif prior and min(prior.a, prior.b) <= 0:
            yield f"prior must have a and b above 0, not {prior}."
    elif not isinstance(prior, Normal | None):
        yield f"prior of a {kind} must be a Normal, such as Normal(mean=50, sd=10), not {prior!r}."
    elif prior and not prior.sd > 0:
        yield f"prior must have an sd above 0, not {prior}."
    for name, n in zip(arms.names, arms.n, strict=True):
        if n < 2:
            yield f"arm {name} has {plural(int(n), 'unit')}; a belief about it takes 2 or more."
