"""Ratios of sums by the delta method: near its value, a ratio is a mean of linearised units.

A ratio R = mean(y) / mean(x) moves with each unit as (y - R x) / mean(x), so its variance is that
of this linearised value over n. The same holds for a covariate that is a ratio. A mean is the plain
case: it moves with its own column.

Source: Deng, Knoblich and Lu (2018), "Applying the delta method in metric analytics", section 3;
Budylin and others (2018), "Consistent transformation of ratio metrics", for adjusting them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from playbook.abtest.metrics import Ratio

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playbook.abtest.arms import Floats, Sums
    from playbook.abtest.metrics import Metric


class Linear(NamedTuple):
    """The metric and its covariates in each arm, as linear as near their values.

    Attributes:
        values: The metric first, then its covariates: (…, k, q).
        gradient: How each moves with the mean of each column, (…, k, q, m).
        products: Sums of centred products of the linearised values, (…, k, q, q).
    """

    values: Floats
    gradient: Floats
    products: Floats


def linearised(sums: Sums, columns: Sequence[str], metric: Metric) -> Linear:
    """A metric and its covariates as sums of centred products of their linearised values.

    Args:
        sums: Units, means and products of m columns in k arms, of any shape (…) before k.
        columns: Names of the m columns.
        metric: What is measured.

    >>> from playbook.abtest.arms import Sums
    >>> import numpy as np
    >>> sums = Sums(np.array([5]), np.array([[6.0, 2.0]]), np.array([[[10.0, 4.0], [4.0, 3.0]]]))
    >>> found = linearised(sums, ("revenue", "visits"), Ratio("revenue", "visits"))
    >>> found.values.tolist(), found.products.tolist()  # (10 - 2 * 3 * 4 + 3 * 3 * 3) / 2 / 2
    ([[3.0]], [[[3.25]]])
    """
    import numpy as np

    places = {name: at for at, name in enumerate(columns)}
    parts = [_part(sums.means, places, part) for part in (metric, *metric.covariates)]
    values = np.stack([value for value, _ in parts], axis=-1)
    gradient = np.stack([slope for _, slope in parts], axis=-2)
    return Linear(values, gradient, gradient @ sums.products @ np.swapaxes(gradient, -1, -2))


def _part(means: Floats, places: dict[str, int], part: Metric | str) -> tuple[Floats, Floats]:
    """The value of a mean or a ratio in each arm, and its gradient."""
    import numpy as np

    gradient = np.zeros_like(means)
    if not isinstance(part, Ratio):
        at = places[part if isinstance(part, str) else part.column]
        gradient[..., at] = 1.0
        return means[..., at], gradient
    above, below = places[part.numerator], places[part.denominator]
    value = means[..., above] / means[..., below]
    gradient[..., above] = 1 / means[..., below]
    gradient[..., below] = -value / means[..., below]
    return value, gradient
