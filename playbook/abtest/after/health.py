"""Whether covariates do what they should: explain the metric, and know nothing of the arms."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from playbook.abtest.after.adjusted import adjusted
from playbook.abtest.after.checks import check_arms, chosen_metric
from playbook.abtest.after.levels import linear_of
from playbook.abtest.after.means import independent, pairs
from playbook.abtest.after.reading import standardised
from playbook.abtest.after.tails import p_value
from playbook.abtest.metrics import Proportion
from playbook.errors import ParameterError
from playbook.format import number, percent, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

    from playbook.abtest.after.ratios import Linear
    from playbook.abtest.arms import Arms, Floats, Ints
    from playbook.abtest.metrics import Metric

UNBALANCED = 0.001
"""P value below which arms differ in a covariate by more than a draw makes; as for the split."""

WEAK = 0.01
"""Share of the variance below which an adjustment is not worth its words."""


@dataclass(frozen=True)
class Health:
    """What covariates are worth, and whether they may be used.

    Attributes:
        metric: The metric's label, without its covariates.
        table: One row per covariate: covariate, correlation (with the metric, within arms), slope
            (what the metric moves by with one more of it), one column `mean_…` per arm, apart (the
            greatest difference from the control, in standard deviations), p_value (that the arms
            differ by chance: Welch's analysis of variance; where an arm has no spread, the least p
            value of Welch's tests with the control, times their number).
        reduction: Share of the metric's variance within arms that the covariates explain.
        gain: How many times as many units would give the same precision without them.
        warnings: What is wrong, each a sentence.
    """

    metric: str
    table: pd.DataFrame
    reduction: float
    gain: float
    warnings: tuple[str, ...] = ()

    @property
    def is_healthy(self) -> bool:
        """Whether there is nothing to warn of."""
        return not self.warnings

    _repr_pretty_ = shown

    def __str__(self) -> str:
        """What is saved, and what is wrong."""
        head = (
            f"{self.metric}: {percent(self.reduction)} of the variance is taken out by "
            f"{', '.join(self.table['covariate'])}, worth {number(self.gain, 2)} times the "
            "units."
        )
        return " ".join([head, *self.warnings])


def covariate_health(arms: Arms, metric: Metric | str) -> Health:
    """What a metric's covariates are worth, and whether the arms are alike in them.

    A covariate that differs between arms was measured after the units saw their arm, or the split
    is broken: adjusting for it takes away a part of the effect itself.

    Source: Deng, Xu, Kohavi and Walker (2013), "Improving the sensitivity of online controlled
    experiments by utilizing pre-experiment data", sections 3 and 4; Welch (1951), "On the
    comparison of several mean values", by statsmodels.

    Raises:
        ParameterError: The metric has no covariates, or what `compare` refuses.

    >>> from playbook.abtest.arms import Arms
    >>> from playbook.abtest.metrics import Mean
    >>> products = [[[900.0, 400.0], [400.0, 400.0]]] * 2
    >>> means = [[10.0, 4.0], [10.5, 4.1]]
    >>> arms = Arms(("A", "B"), ("spent", "before"), [200, 200], means, products)
    >>> print(covariate_health(arms, Mean("spent", covariates="before")))
    spent: 44.4 % of the variance is taken out by before, worth 1.80 times the units.
    """
    chosen = chosen_metric(arms, metric)
    if isinstance(chosen, Proportion) or not chosen.covariates:
        raise ParameterError(
            f"{chosen.label} has no covariates to look at: give some, such as "
            "Mean('revenue', covariates='revenue_before')."
        )
    check_arms(arms, [chosen])
    linear = linear_of(arms, chosen)
    table = _table(arms, chosen, linear)
    slopes = adjusted(arms.n, linear).slopes
    reduction = _explained(slopes, linear)
    return Health(
        replace(chosen, covariates=()).label,
        table.assign(slope=slopes)[[*table.columns[:2], "slope", *table.columns[2:]]],
        reduction,
        1 / (1 - reduction),
        tuple(_warnings(table, reduction)),
    )


def weak(arms: Arms, metrics: Sequence[Metric]) -> Iterator[Metric]:
    """Metrics whose covariates explain next to nothing of them."""
    for metric in metrics:
        if metric.covariates:
            linear = linear_of(arms, metric)
            if _explained(adjusted(arms.n, linear).slopes, linear) < WEAK:
                yield metric


def _explained(slopes: Floats, linear: Linear) -> float:
    """Share of the variance that the covariates take out."""
    pooled = linear.products.sum(axis=0)
    return float(slopes @ pooled[1:, 0] / pooled[0, 0])


def unbalanced(arms: Arms, metrics: Sequence[Metric]) -> dict[str, float]:
    """Covariates in which an arm differs from the control by more than chance, with its p value.

    By Welch's test of each arm, the p value times the number of arms that are compared; with two
    arms that is the p value of `covariate_health`.

    >>> from playbook.abtest.arms import Arms
    >>> from playbook.abtest.metrics import Mean
    >>> products = [[[900.0, 400.0], [400.0, 400.0]]] * 2
    >>> means = [[10.0, 4.0], [10.5, 4.6]]
    >>> arms = Arms(("A", "B"), ("spent", "before"), [200, 200], means, products)
    >>> {name: f"{p:.1g}" for name, p in unbalanced(arms, [Mean("spent", "before")]).items()}
    {'before': '3e-05'}
    """
    import numpy as np

    found: dict[str, float] = {}
    for metric in metrics:
        if not metric.covariates:
            continue
        linear = linear_of(arms, metric)
        variances = np.diagonal(linear.products, axis1=1, axis2=2) / (arms.n - 1)[:, None]
        least = _one_by_one(arms.n, linear.values[:, 1:], variances[:, 1:])
        found |= dict(zip(_names(metric), map(float, least), strict=True))
    return {name: chance for name, chance in found.items() if chance < UNBALANCED}


def _one_by_one(n: Ints, means: Floats, variances: Floats) -> Floats:
    """The least p value of Welch's tests with the control, times their number, of each column.

    Two arms without any spread differ for sure where their values do.
    """
    import numpy as np

    pair = pairs(independent(n, means.T, variances.T))
    freedom = np.where(np.isnan(pair.df), np.inf, pair.df)
    chances = p_value(standardised(pair.difference, pair.std_error), freedom)
    return np.asarray(np.minimum(1.0, chances.min(axis=1) * (len(n) - 1)))


def _names(metric: Metric) -> list[str]:
    return [c if isinstance(c, str) else c.label for c in metric.covariates]


def _table(arms: Arms, metric: Metric, linear: Linear) -> pd.DataFrame:
    import numpy as np
    import pandas as pd

    pooled = linear.products.sum(axis=0)
    sizes = np.sqrt(np.diagonal(pooled))
    spread = sizes / np.sqrt(arms.n.sum() - len(arms.names))
    levels = linear.values[:, 1:]
    apart = levels[1:] - levels[0]
    farthest = np.take_along_axis(apart, np.abs(apart).argmax(axis=0)[None], axis=0)[0]
    variances = np.diagonal(linear.products, axis1=1, axis2=2)[:, 1:] / (arms.n - 1)[:, None]
    names = _names(metric)
    found = {"covariate": names, "correlation": pooled[0, 1:] / sizes[0] / sizes[1:]}
    found |= {f"mean_{arm}": levels[at] for at, arm in enumerate(arms.names)}
    found["apart"] = farthest / spread[1:]
    found["p_value"] = [
        _balance(arms.n, levels[:, at], variances[:, at]) for at in range(len(names))
    ]
    return pd.DataFrame(found)


def _balance(n: Ints, means: Floats, variances: Floats) -> float:
    """Welch's analysis of variance over the arms, which needs a spread in each of them."""
    from statsmodels.stats.oneway import anova_generic

    if not (variances > 0).all():
        return float(_one_by_one(n, means[:, None], variances[:, None])[0])
    return float(anova_generic(means, variances, n.astype("float64"), use_var="unequal").pvalue)


def _warnings(table: pd.DataFrame, reduction: float) -> Iterator[str]:
    for name, chance in zip(table["covariate"], table["p_value"].astype("float64"), strict=True):
        if chance < UNBALANCED:
            yield (
                f"The arms differ in {name} (p = {chance:.2g}): it was measured after the units "
                "saw their arm, or the split is broken. Do not adjust by it."
            )
    if reduction < WEAK:
        yield f"Less than {percent(WEAK, 0)} of the variance is explained: leave them out."
