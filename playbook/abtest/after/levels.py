"""From the sums of the arms to each arm's level beside the control's, for any metric."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.abtest.after.adjusted import adjusted
from playbook.abtest.after.means import independent, pairs
from playbook.abtest.after.proportions import Counts, unpooled
from playbook.abtest.after.ratios import linearised
from playbook.abtest.after.strata import Strata, mixed, with_mix
from playbook.abtest.arms import Sums
from playbook.abtest.metrics import Proportion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playbook.abtest.after.means import Levels
    from playbook.abtest.after.ratios import Linear
    from playbook.abtest.after.reading import Pair
    from playbook.abtest.arms import Arms
    from playbook.abtest.metrics import Metric


def counts_of(arms: Arms, metric: Proportion) -> Counts:
    """Conversions and units of each arm beside the control's, arrays (k - 1,).

    >>> from playbook.abtest.arms import Arms
    >>> sums = ([100, 90], [[0.2], [0.3]], [[[16]], [[18.9]]])
    >>> arms = Arms(("A", "B"), ("converted",), *sums, frozenset({"converted"}))
    >>> [counts.tolist() for counts in counts_of(arms, Proportion())]
    [[27], [90], [20], [100]]
    """
    import numpy as np

    ones, n = arms.ones(metric.column), arms.n
    same = np.ones(len(n) - 1, dtype="int64")
    return Counts(ones[1:], n[1:], ones[0] * same, n[0] * same)


def pair_of(arms: Arms, metric: Metric, strata: Strata | None = None) -> Pair:
    """Each arm's level beside the control's, with their spreads, arrays (k - 1,).

    Args:
        arms: From `counts`, `moments` or `units`.
        metric: What is measured. A Proportion has the spread of each arm's own share; in strata it
            is read as a mean.
        strata: From `strata_of`, of all columns of `arms`; each arm is then read at the whole
            test's mix.
    """
    if isinstance(metric, Proportion) and strata is None:
        return unpooled(counts_of(arms, metric))
    return pairs(levels_of(arms, metric, strata))


def levels_of(arms: Arms, metric: Metric, strata: Strata | None = None) -> Levels:
    """What each arm is estimated at: means and ratios, adjusted where the metric is; see `pair_of`.

    >>> from playbook.abtest.arms import Arms
    >>> from playbook.abtest.metrics import Mean
    >>> arms = Arms(("A", "B"), ("spent",), [100, 100], [[5.0], [6.0]], [[[99.0]], [[198.0]]])
    >>> levels_of(arms, Mean("spent")).own.round(4).tolist()
    [0.01, 0.02]
    """
    at = [arms.column(name) for name in metric.columns]
    seen = sums_of(arms, metric) if strata is None else strata.of(at)
    return estimated(seen, metric.columns, metric)


def estimated(seen: Sums | Strata, columns: Sequence[str], metric: Metric) -> Levels:
    """The levels of the arms, of many tests at once if need be.

    Args:
        seen: Units, means and products of m columns in k arms, of any shape (…) before k; or in
            strata, each arm then at the whole test's mix.
        columns: Names of the m columns.
        metric: What is measured; a Proportion is read as a mean.

    >>> import numpy as np
    >>> from playbook.abtest.metrics import Mean
    >>> sums = Sums(np.array([100, 100]), np.array([[5.0], [6.0]]), np.array([[[99.0]], [[198.0]]]))
    >>> estimated(sums, ("spent",), Mean("spent")).own.round(4).tolist()
    [0.01, 0.02]
    """
    sums = mixed(seen) if isinstance(seen, Strata) else seen
    linear = linearised(sums, columns, metric)
    gradient = linear.gradient[..., 0, :]
    if metric.covariates:
        levels, slopes = adjusted(sums.n, linear)
        moved = slopes[..., None, None, :] @ linear.gradient[..., 1:, :]
        gradient = gradient - moved[..., 0, :]
    else:
        variances = linear.products[..., 0, 0] / (sums.n - 1)
        levels = independent(sums.n, linear.values[..., 0], variances)
    return with_mix(levels, gradient, seen) if isinstance(seen, Strata) else levels


def linear_of(arms: Arms, metric: Metric) -> Linear:
    """The metric and its covariates in each arm, linearised, without strata."""
    return linearised(sums_of(arms, metric), metric.columns, metric)


def sums_of(arms: Arms, metric: Metric) -> Sums:
    """The sums of the metric's columns only."""
    at = [arms.column(name) for name in metric.columns]
    return Sums(arms.n, arms.means[:, at], arms.products[:, at][:, :, at])
