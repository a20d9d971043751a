"""Every arm beside the control, in every metric: difference, lift, intervals and p value."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from playbook.abtest.after.checks import check_arms, check_question, chosen_metrics, constant
from playbook.abtest.after.exact import exact
from playbook.abtest.after.health import UNBALANCED, WEAK, unbalanced, weak
from playbook.abtest.after.levels import counts_of, pair_of
from playbook.abtest.after.many import together
from playbook.abtest.after.proportions import Counts, pooled, score, unpooled
from playbook.abtest.after.reading import Reading, read
from playbook.abtest.after.strata import strata_of
from playbook.abtest.after.tails import chi_square
from playbook.abtest.effect import Adjust, Alternative, Effect, Effects, Relative
from playbook.abtest.metrics import Metric, Proportion, Ratio
from playbook.errors import ParameterError
from playbook.format import percent, trimmed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from playbook.abtest.after.strata import Strata
    from playbook.abtest.arms import Arms

OF_SHARES = {
    "score": "score test: pooled z, intervals by inverting it",
    "pooled": "z test with the pooled spread",
    "unpooled": "z test with each arm's own spread (Wald)",
    "exact": "exact test (Barnard), each side by itself, intervals by inverting it",
}
"""The methods of a Proportion, in words."""

OF_LIFTS = {
    "fieller": "lift by Fieller",
    "log": "lift on the log scale",
    "delta": "lift by the delta method",
}
"""How a lift's interval was found, in words."""


class Asked(NamedTuple):
    """How a comparison is to be made: see `compare`."""

    confidence: float
    alternative: Alternative
    relative: Relative


def compare(
    arms: Arms,
    metrics: Metric | str | Sequence[Metric | str] | None = None,
    *,
    confidence: float = 0.95,
    alternative: Alternative = "two-sided",
    relative: Relative = "fieller",
    adjust: Adjust = "none",
    strata: str | None = None,
) -> Effects:
    """Every arm beside the control, in every metric.

    Args:
        arms: From `counts`, `moments` or `units`.
        metrics: What to compare: Proportion, Mean, Ratio, one or many. A column's name stands for
            its Proportion where it holds only 0 and 1, else for its Mean; None for all columns.
        confidence: Coverage of each interval, such as 0.95. Intervals are not adjusted for many
            comparisons.
        alternative: `greater` or `less` where only one direction matters; intervals are then open
            on the other side.
        relative: How the lift's interval is found; `fieller` belongs to the p value, see
            `playbook.abtest.after.lift`.
        adjust: `holm`, or `bh` (Benjamini and Hochberg), adjusts the p values for all comparisons
            of this call.
        strata: Column by which units were grouped; each arm is then read at the whole test's mix of
            strata, see `playbook.abtest.after.strata`. A Proportion is then read as a mean.

    Returns:
        One row per metric and arm.

    Raises:
        ParameterError: Everything that is wrong with the question, at once; a metric that is the
            same for every unit; covariates that say nothing, or the same.

    >>> from playbook.abtest.arms import Arms
    >>> sums = ([1000, 1000], [[0.1], [0.13]], [[[90]], [[113.1]]])
    >>> effects = compare(Arms(("A", "B"), ("converted",), *sums, frozenset({"converted"})))
    >>> print(effects.one())
    B (n = 1,000) 13.00 % against 10.00 %: difference +3.00 points (+0.20 to +5.82 points), \
lift +30.0 % (+1.8 to +66.1 %), p = 0.035
    """
    check_question(confidence=confidence, alternative=alternative, relative=relative, adjust=adjust)
    chosen = chosen_metrics(arms, metrics)
    check_arms(arms, chosen)
    asked = Asked(confidence, alternative, relative)
    grouped = None if strata is None else strata_of(arms, strata)
    rows = [row for metric in chosen for row in _rows(arms, metric, asked, grouped, strata)]
    notes = (*_doubts(arms, chosen), *_notes(rows, asked, adjust))
    return Effects(together(rows, adjust), confidence, alternative, relative, adjust, notes)


def _rows(
    arms: Arms, metric: Metric, asked: Asked, strata: Strata | None, name: str | None
) -> Iterator[Effect]:
    """The effects of one metric."""
    pair = pair_of(arms, metric, strata)
    if any(map(math.isnan, pair.df)):
        raise ParameterError(
            f"{metric.label}: it does not vary within any {name}, so there is nothing to test."
        )
    words = _words(metric, asked, name)
    if isinstance(metric, Proportion) and strata is None:
        found = _of_shares(counts_of(arms, metric), metric.method, asked)
    else:
        found = read(pair, **asked._asdict())
    for at, arm in enumerate(arms.others):
        yield Effect(
            metric=metric.label,
            arm=arm,
            control=arms.control,
            n=int(arms.n[at + 1]),
            n_control=int(arms.n[0]),
            value=float(pair.value[at]),
            value_control=float(pair.control[at]),
            **{field: float(values[at]) for field, values in found._asdict().items()},
            p_adjusted=float(found.p_value[at]),
            method=words,
            unit="share" if isinstance(metric, Proportion) else "number",
        )


def _of_shares(counts: Counts, method: str, asked: Asked) -> Reading:
    if method == "score":
        return score(counts, **asked._asdict())
    if method == "exact":
        return _exactly(counts, asked)
    return read((pooled if method == "pooled" else unpooled)(counts), **asked._asdict())


def _exactly(counts: Counts, asked: Asked) -> Reading:
    """The exact readings of every arm, one by one."""
    import numpy as np

    if asked.relative != "fieller":
        raise ParameterError(
            f"relative='{asked.relative}' is an approximation, and method='exact' makes none: "
            "leave relative out."
        )
    found = [
        exact(Counts(*seen), confidence=asked.confidence, alternative=asked.alternative)
        for seen in zip(*(values.tolist() for values in counts), strict=True)
    ]
    own = read(unpooled(counts))
    none = np.full(len(found), np.nan)
    return own._replace(
        std_error=none,
        statistic=none,
        df=none,
        **{field: np.array([getattr(one, field) for one in found]) for field in found[0]._fields},
    )


def _words(metric: Metric, asked: Asked, strata: str | None) -> str:
    """The convention, in words."""
    if isinstance(metric, Proportion) and strata is None:
        own = OF_SHARES[metric.method]
        return own if asked.relative == "fieller" else f"{own}; {OF_LIFTS[asked.relative]}"
    mixed = [f"post-stratified by {strata}"] if strata else []
    return "; ".join([*mixed, *steps_of(metric), OF_LIFTS[asked.relative]])


def steps_of(metric: Metric) -> Iterator[str]:
    """How a metric is read as a mean or a ratio, in words.

    >>> list(steps_of(Ratio("revenue", "visits", covariates="visits_before")))
    ['ratio of sums by the delta method', 'adjusted by visits_before (CUPED)', "Welch's t test"]
    """
    if isinstance(metric, Ratio):
        yield "ratio of sums by the delta method"
    if names := ", ".join(c if isinstance(c, str) else c.label for c in metric.covariates):
        yield f"adjusted by {names} (CUPED)"
    yield "Welch's t test"


def _doubts(arms: Arms, metrics: Sequence[Metric]) -> Iterator[str]:
    """What in the arms themselves makes their figures doubtful."""
    even = chi_square(arms.n, arms.n.mean())[1]
    if even < UNBALANCED:
        sizes = ", ".join(f"{name} {n:,}" for name, n in zip(arms.names, arms.n, strict=True))
        yield (
            f"The arms' sizes ({sizes}) are no work of chance where the split is even (p < "
            f"{UNBALANCED}): check the split, with split(arms, expected=…)."
        )
    for name, p_value in unbalanced(arms, metrics).items():
        yield (
            f"The arms differ in {name} by more than chance (p = {p_value:.2g}): it may have been "
            "measured after the units saw their arm. See covariate_health."
        )
    for metric in weak(arms, metrics):
        yield (
            f"{metric.label}: its covariates take out less than {percent(WEAK, 0)} of the variance "
            "and may be left out."
        )
    for metric in metrics:
        if isinstance(metric, Proportion):
            continue
        flat = zip(arms.names, constant(arms, metric), strict=True)
        for name in (name for name, is_flat in flat if is_flat):
            yield (
                f"{metric.label}: the same for every unit of {name}, so its spread is not known "
                "and intervals are too narrow."
            )


def _notes(rows: list[Effect], asked: Asked, adjust: Adjust) -> Iterator[str]:
    """What a reader has to know beside the figures."""
    for row in rows:
        who = f"{row.metric}, {row.arm}"
        if math.isnan(row.lift):
            yield f"{who}: the control's value is not above zero, so there is no lift of it."
        elif math.isinf(row.lift_low) and math.isinf(row.lift_high):
            yield f"{who}: the control cannot be told from zero, so the lift could be anything."
    if len(rows) < 2:
        return
    alpha = 1 - asked.confidence
    if adjust == "none":
        chance = percent(1 - asked.confidence ** len(rows), 0)
        yield (
            f"{len(rows)} comparisons at {trimmed(alpha, 2)} each: were nothing different, chance "
            f"would find one or more in up to {chance} of such tests. Adjust with holm or bh."
        )
    else:
        yield f"Each interval is by itself, not adjusted for the {len(rows)} comparisons."
