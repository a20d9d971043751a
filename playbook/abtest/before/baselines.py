"""What history says of a metric, as planning needs it: its value, its spread, what CUPED saves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.abtest.after.checks import chosen_metric
from playbook.abtest.after.levels import linear_of
from playbook.abtest.before.plan import Baseline
from playbook.abtest.metrics import Proportion, Ratio
from playbook.errors import ParameterError

if TYPE_CHECKING:
    from playbook.abtest.arms import Arms
    from playbook.abtest.metrics import Metric


def baseline_of(arms: Arms, metric: Metric | str) -> Baseline:
    """The metric's value and spread among the units of the control.

    Args:
        arms: An earlier test, whose control saw what everybody sees; or history without arms, read
            as one by `units(rows, metric, control=None)`.
        metric: What the test to come will be read by, or its column, see `compare`. Covariates,
            where it has them, say how much CUPED saves: the squared multiple correlation within the
            control.

    Raises:
        ParameterError: Fewer units than it takes, unknown columns, a metric without spread.

    >>> from playbook.abtest.arms import Arms
    >>> from playbook.abtest.metrics import Mean
    >>> products = [[[4000, 3000], [3000, 9000]]]
    >>> arms = Arms(("all",), ("spent", "before"), [401], [[40, 35]], products)
    >>> found = baseline_of(arms, Mean("spent", covariates="before"))
    >>> found.kind, found.baseline, round(found.sd, 4), found.correlation
    ('mean', 40.0, 3.1623, 0.5)
    """
    import numpy as np

    metric = chosen_metric(arms, metric)
    arms.need(*metric.columns)
    n = int(arms.n[0])
    if n < 2 + len(metric.covariates):
        raise ParameterError(f"arms: {arms.control} has {n:,} units, too few to know a spread.")
    linear = linear_of(arms, metric)
    value, products = float(linear.values[0, 0]), linear.products[0]
    if not products[0, 0] > 0:
        raise ParameterError(
            f"{metric.label} is the same for every unit of {arms.control}: it has no spread to "
            "plan with."
        )
    if isinstance(metric, Proportion):
        arms.ones(metric.column)
        return Baseline("proportion", value)
    explained = 0.0
    if metric.covariates:
        shared = products[1:, 0]
        explained = float(shared @ np.linalg.solve(products[1:, 1:], shared) / products[0, 0])
    sd = float(np.sqrt(products[0, 0] / (n - 1)))
    is_ratio = isinstance(metric, Ratio)
    return Baseline("ratio" if is_ratio else "mean", value, sd, float(np.sqrt(explained)))
