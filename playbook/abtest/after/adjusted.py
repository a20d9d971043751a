"""CUPED: what was known of the units before takes out the part of the spread it explains.

From each arm's level the part is taken away that its covariates' luck of the draw explains: the
slopes times how far the arm's covariates lie from those of all units. The slopes are those of all
arms together, within arms: the common slopes of a regression on arm and covariates, so the
difference is that regression's coefficient. Each arm keeps a spread of its own, as in Welch's test.
Each covariate costs a degree of freedom, and the slopes' own uncertainty is in the standard error,
so that two arms of one size give that of the regression.

Sources: Deng, Xu, Kohavi and Walker (2013), "Improving the sensitivity of online controlled
experiments by utilizing pre-experiment data"; Fisher (1932), "Statistical Methods for Research
Workers", section 49.1, for several arms with common slopes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from playbook.abtest.after.means import Levels, diagonal

if TYPE_CHECKING:
    from playbook.abtest.after.ratios import Linear
    from playbook.abtest.arms import Floats, Ints


class Adjusted(NamedTuple):
    """Adjusted levels.

    Attributes:
        levels: Of the arms; they share the mean of the covariates over all units.
        slopes: What the metric moves by with each covariate, (…, p).
    """

    levels: Levels
    slopes: Floats


def adjusted(n: Ints, linear: Linear) -> Adjusted:
    """Each arm's level as it would be with the covariates of all units.

    Args:
        n: Units, (…, k).
        linear: The metric and its p covariates, from `linearised`.

    >>> import numpy as np
    >>> from playbook.abtest.after.ratios import Linear
    >>> values = np.array([[10.0, 4.0], [11.0, 6.0]])  # metric, covariate
    >>> products = np.array([[[90.0, 20.0], [20.0, 40.0]], [[90.0, 20.0], [20.0, 40.0]]])
    >>> found = adjusted(np.array([50, 50]), Linear(values, np.zeros(0), products))
    >>> found.slopes.tolist(), found.levels.values.tolist()
    ([0.5], [10.5, 10.5])
    """
    import numpy as np

    pooled = linear.products.sum(axis=-3)
    inverse = _inverse(pooled[..., 1:, 1:])
    slopes = np.einsum("...ij,...j->...i", inverse, pooled[..., 1:, 0])
    share = n / n.sum(axis=-1, keepdims=True)
    covariates = linear.values[..., 1:]
    apart = covariates - np.einsum("...k,...ki->...i", share, covariates)[..., None, :]
    values = linear.values[..., 0] - np.einsum("...ki,...i->...k", apart, slopes)

    left = np.concatenate([np.ones_like(slopes[..., :1]), -slopes], axis=-1)
    moves = np.einsum("...kij,...j->...ki", linear.products, left)
    residual = np.maximum(np.einsum("...ki,...i->...k", moves, left), 0.0)
    freedom = (n - 1).sum(axis=-1, keepdims=True)
    after = freedom - slopes.shape[-1]
    own = residual / (n - 1) / n * (freedom / after)
    noise = (residual.sum(axis=-1, keepdims=True) / after)[..., None]
    of_slopes = noise * np.einsum("...ai,...ij,...bj->...ab", apart, inverse, apart)
    covariance = diagonal(own) + of_slopes + _shared(n, linear.products, moves, slopes)
    return Adjusted(Levels(values, covariance, own, (n - 1) * (after / freedom)), slopes)


def _shared(n: Ints, products: Floats, moves: Floats, slopes: Floats) -> Floats:
    """What all levels share, because the mean of the covariates over all units is an estimate."""
    import numpy as np

    total = n.sum(axis=-1, keepdims=True)
    each = np.einsum("...ki,...i->...k", moves[..., 1:], slopes) / (n - 1) / total
    within = np.einsum("...i,...kij,...j->...k", slopes, products[..., 1:, 1:], slopes) / (n - 1)
    common = (n * within).sum(axis=-1, keepdims=True) / total**2
    return np.asarray(each[..., :, None] + each[..., None, :] + common[..., None])


def _inverse(products: Floats) -> Floats:
    """The inverse, by way of correlations, so that units of measurement cost no digits."""
    import numpy as np

    scale = np.sqrt(np.diagonal(products, axis1=-2, axis2=-1))
    both = scale[..., :, None] * scale[..., None, :]
    return np.asarray(np.linalg.inv(products / both) / both)
