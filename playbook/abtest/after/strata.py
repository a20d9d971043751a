"""Post-stratification: each arm as it would be with the whole test's mix of strata.

Each stratum's level counts by the stratum's share of all units, so that an arm that happened to get
more of one segment is not judged by it, and what differs between strata is no longer noise. The mix
itself is an estimate: where strata differ in their effect, that is in the standard error too.

Source: Holt and Smith (1979), "Post stratification"; Miratrix, Sekhon and Yu (2013), "Adjusting
treatment effect estimates by post-stratification in randomized experiments".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from playbook.abtest.arms import Sums
from playbook.errors import refuse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playbook.abtest.after.means import Levels
    from playbook.abtest.arms import Arms, Floats, Ints


class Strata(NamedTuple):
    """The sums of h strata, with the strata in front of the arms: n (…, h, k) and so on."""

    n: Ints
    means: Floats
    products: Floats

    @property
    def shares(self) -> Floats:
        """Each stratum's share of all units, (…, h)."""
        size = self.n.sum(axis=-1)
        share: Floats = size / size.sum(axis=-1, keepdims=True)
        return share

    def of(self, at: Sequence[int]) -> Strata:
        """The sums of some columns only, by their places."""
        columns = list(at)
        return Strata(
            self.n, self.means[..., columns], self.products[..., columns, :][..., columns]
        )


def strata_of(arms: Arms, name: str) -> Strata:
    """The sums of the arms in each stratum.

    Args:
        arms: Read with the column among `by`.
        name: The column that says the stratum.

    Raises:
        ParameterError: The units were not grouped by it, or an arm has fewer than two in a stratum.
    """
    import numpy as np

    parts = arms.by(name)
    few = [
        f"{name} {key}: arm {arm} has {int(n)} units, and a stratum needs 2 in every arm. "
        "Put it together with another stratum."
        for key, part in parts.items()
        for arm, n in zip(part.names, part.n, strict=True)
        if n < 2
    ]
    refuse(few)
    found = parts.values()
    return Strata(
        np.stack([part.n for part in found]),
        np.stack([part.means for part in found]),
        np.stack([part.products for part in found]),
    )


def mixed(strata: Strata) -> Sums:
    """The arms with every stratum at its share of all units.

    Returns:
        Means, and products such that `products / (n - 1) / n` is the covariance of these means.

    >>> import numpy as np
    >>> strata = Strata(
    ...     np.array([[40, 60], [60, 40]]),  # two strata, two arms
    ...     np.array([[[1.0], [2.0]], [[3.0], [4.0]]]),
    ...     np.array([[[[39.0]], [[59.0]]], [[[59.0]], [[39.0]]]]),
    ... )
    >>> found = mixed(strata)
    >>> found.n.tolist(), found.means.tolist()
    ([100, 100], [[2.0], [3.0]])
    """
    import numpy as np

    n = strata.n.sum(axis=-2)
    each = _of_means(strata).sum(axis=-4)
    means = np.einsum("...h,...hkm->...km", strata.shares, strata.means)
    return Sums(n, means, each * (n * (n - 1))[..., None, None])


def with_mix(levels: Levels, gradient: Floats, strata: Strata) -> Levels:
    """Levels of a mix, with the mix's own uncertainty and the strata's degrees of freedom.

    Args:
        levels: Of the sums that `mixed` gave.
        gradient: How each arm's level moves with the mean of each column, (…, k, m).
        strata: Where the sums came from.

    >>> import numpy as np
    >>> from playbook.abtest.after.means import independent
    >>> strata = Strata(
    ...     np.array([[50, 50], [50, 50]]),  # two strata, two arms; B gains 1 and 3
    ...     np.array([[[1.0], [2.0]], [[1.0], [4.0]]]),
    ...     np.full((2, 2, 1, 1), 49.0),
    ... )
    >>> sums = mixed(strata)
    >>> levels = independent(sums.n, sums.means[:, 0], sums.products[:, 0, 0] / 99)
    >>> with_mix(levels, np.ones((2, 1)), strata).covariance.round(4).tolist()
    [[0.01, 0.0], [0.0, 0.015]]
    """
    import numpy as np

    each = np.einsum("...ki,...hkij,...kj->...hk", gradient, _of_means(strata), gradient)
    with np.errstate(divide="ignore", invalid="ignore"):
        df = each.sum(axis=-2) ** 2 / (each**2 / (strata.n - 1)).sum(axis=-2)
    kept = levels.df / (strata.n.sum(axis=-2) - 1)  # what covariates have left
    inside = np.einsum("...ki,...hki->...hk", gradient, strata.means)
    share = strata.shares
    apart = inside - np.einsum("...h,...hk->...k", share, inside)[..., None, :]
    mix = np.einsum("...h,...ha,...hb->...ab", share, apart, apart)
    total = strata.n.sum(axis=(-2, -1))[..., None, None]
    return levels._replace(covariance=levels.covariance + mix / total, df=df * kept)


def _of_means(strata: Strata) -> Floats:
    """Covariance of the strata's means, times the square of their shares, (…, h, k, m, m)."""
    size = (strata.n * (strata.n - 1))[..., None, None]
    weighted: Floats = strata.products / size * strata.shares[..., None, None, None] ** 2
    return weighted
