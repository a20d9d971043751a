"""Levels of the arms with their spreads, and Welch's test of each arm against the control.

Source: Welch (1947), "The generalization of Student's problem when several different population
variances are involved"; Satterthwaite (1946) for the degrees of freedom.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from playbook.abtest.after.reading import Pair

if TYPE_CHECKING:
    from playbook.abtest.arms import Floats, Ints


class Levels(NamedTuple):
    """What each of k arms is estimated at; any shape (…) before k.

    Attributes:
        values: Levels, (…, k).
        covariance: Of the levels, (…, k, k): off the diagonal where arms share something.
        own: The part of each variance that is the arm's own, (…, k).
        df: Degrees of freedom of `own`, (…, k).
    """

    values: Floats
    covariance: Floats
    own: Floats
    df: Floats


def independent(n: Ints, values: Floats, variances: Floats) -> Levels:
    """Levels of arms that share nothing.

    Args:
        n: Units, (…, k).
        values: Means, (…, k).
        variances: Sample variances of the units, (…, k).

    >>> import numpy as np
    >>> found = independent(np.array([4, 9]), np.array([1.0, 2.0]), np.array([8.0, 27.0]))
    >>> found.own.tolist(), found.df.tolist()
    ([2.0, 3.0], [3.0, 8.0])
    """
    own = variances / n
    return Levels(values, diagonal(own), own, (n - 1).astype("float64"))


def diagonal(values: Floats) -> Floats:
    """Matrices with the values on the diagonal, (…, k, k)."""
    import numpy as np

    return values[..., :, None] * np.eye(values.shape[-1])


def pairs(levels: Levels) -> Pair:
    """Each arm beside the first, which is the control: arrays (…, k - 1).

    >>> import numpy as np
    >>> found = independent(np.array([4, 9]), np.array([1.0, 2.0]), np.array([8.0, 27.0]))
    >>> pair = pairs(found)
    >>> pair.std_error.round(4).tolist(), pair.df.round(4).tolist()
    ([2.2361], [10.1695])
    """
    import numpy as np

    values, own, df = levels.values, levels.own, levels.df
    spread = np.diagonal(levels.covariance, axis1=-2, axis2=-1)
    both = (own[..., 1:] + own[..., :1]) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        freedom = both / (own[..., 1:] ** 2 / df[..., 1:] + own[..., :1] ** 2 / df[..., :1])
    return Pair(
        value=values[..., 1:],
        control=np.broadcast_to(values[..., :1], values[..., 1:].shape),
        variance=spread[..., 1:],
        variance_control=np.broadcast_to(spread[..., :1], values[..., 1:].shape),
        covariance=levels.covariance[..., 0, 1:],
        df=freedom,
    )
