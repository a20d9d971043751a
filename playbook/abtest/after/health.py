"""Whether covariates do what they should: explain the metric, and know nothing of the arms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from playbook.abtest.after.adjusted import adjusted
from playbook.abtest.after.checks import check_arms
from playbook.abtest.after.levels import linear_of
from playbook.errors import ParameterError
from playbook.format import number, percent

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from playbook.abtest.after.ratios import Linear
    from playbook.abtest.arms import Arms, Floats
    from playbook.abtest.metrics import Mean, Metric, Ratio

UNBALANCED = 0.001
"""P value below which arms differ in a covariate by more than a draw makes; as for the split."""

WEAK = 0.01
"""Share of the variance below which an adjustment is not worth its words."""


@dataclass(frozen=True)
class Health:
    """What covariates are worth, and whether they may be used.

    Attributes:
        metric: The metric's label.
        table: One row per covariate: covariate, correlation (with the metric, within arms), slope
            (what the metric moves by with one more of it), one column `mean_…` per arm, apart (the
            greatest difference from the control, in standard deviations), p_value (that the arms
            differ by chance: Welch's analysis of variance).
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

    def __str__(self) -> str:
        """What is saved, and what is wrong."""
        head = (
            f"{self.metric}: {', '.join(self.table['covariate'])} take out "
            f"{percent(self.reduction)} of the variance, worth {number(self.gain, 2)} times the "
            "units."
        )
        return " ".join([head, *self.warnings])


def covariate_health(arms: Arms, metric: Mean | Ratio) -> Health:
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
    spent: before take out 44.4 % of the variance, worth 1.80 times the units.
    """
    if not metric.covariates:
        raise ParameterError(
            f"{metric.label} has no covariates to look at: give some, such as "
            "Mean('revenue', covariates='revenue_before')."
        )
    check_arms(arms, [metric])
    linear = linear_of(arms, metric)
    table = _table(arms, metric, linear)
    slopes = adjusted(arms.n, linear).slopes
    pooled = linear.products.sum(axis=0)
    reduction = float(slopes @ pooled[1:, 0] / pooled[0, 0])
    return Health(
        metric.label,
        table.assign(slope=slopes)[[*table.columns[:2], "slope", *table.columns[2:]]],
        reduction,
        1 / (1 - reduction),
        tuple(_warnings(table, reduction)),
    )


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
    names = [c if isinstance(c, str) else c.label for c in metric.covariates]
    found = {"covariate": names, "correlation": pooled[0, 1:] / sizes[0] / sizes[1:]}
    found |= {f"mean_{arm}": levels[at] for at, arm in enumerate(arms.names)}
    found["apart"] = farthest / spread[1:]
    found["p_value"] = [
        _balance(arms.n.astype("float64"), levels[:, at], variances[:, at])
        for at in range(len(names))
    ]
    return pd.DataFrame(found)


def _balance(n: Floats, means: Floats, variances: Floats) -> float:
    """Welch's analysis of variance over the arms; missing where an arm has no spread."""
    from statsmodels.stats.oneway import anova_generic

    if not (variances > 0).all():
        return float("nan")
    return float(anova_generic(means, variances, n, use_var="unequal").pvalue)


def _warnings(table: pd.DataFrame, reduction: float) -> Iterator[str]:
    for name, p_value in zip(table["covariate"], table["p_value"].astype("float64"), strict=True):
        if p_value < UNBALANCED:
            yield (
                f"The arms differ in {name} (p = {p_value:.2g}): it was measured after the units "
                "saw their arm, or the split is broken. Do not adjust by it."
            )
    if reduction < WEAK:
        yield f"Less than {percent(WEAK, 0)} of the variance is explained: leave them out."
