"""What is believed of one arm's value, and integrals over several such beliefs.

A share has a Beta distribution; a mean or a ratio, of many units, a normal one. Either gives its
cumulative probabilities and a fine grid over all that it allows: Gauss and Legendre's points in
panels of half a standard deviation, forty of them to each side, so that a chance of 1e-63 comes out
as such and not as 0. A share's panels are even in its log odds, where its density is smooth to the
very ends.

Source: Gelman and others (2013), "Bayesian Data Analysis", chapters 2 and 3; Abramowitz and Stegun
(1964), section 25.4, for the quadrature.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    import numpy as np

    Floats = np.ndarray[Any, np.dtype[np.float64]]

REACH = 40
"""Standard deviations to each side that a grid covers."""

PANEL = 0.5
"""Width of a panel, in standard deviations."""

LOG_ODDS = (-700, 36)
"""Beyond these a share is 0 or 1 to the last digit."""

ORDER = 8
"""Points in a panel: right to a polynomial of degree 15."""


class Grid(NamedTuple):
    """Points to integrate over.

    Attributes:
        x: Values.
        dx: What each stands for, so that the sum of f(x) dx is the integral of f.
    """

    x: Floats
    dx: Floats


class Posterior(Protocol):
    """What is believed of one arm's value."""

    @property
    def mean(self) -> float:
        """The expected value."""

    @property
    def sd(self) -> float:
        """The standard deviation."""

    def density(self, x: Floats) -> Floats:
        """The density at x."""

    def below(self, x: Floats) -> Floats:
        """The chance of at most x."""

    def above(self, x: Floats) -> Floats:
        """The chance of more than x, exact where it is tiny."""

    def marks(self) -> Floats:
        """The values at which panels of its own grid end."""

    def grid(self, inside: Floats) -> Grid:
        """Points in panels over all that it allows.

        Args:
            inside: Further values at which a panel is to end, such as the marks of another belief,
                so that the grid is fine enough for both.
        """

    def mirrored(self) -> Posterior:
        """The belief with greater and smaller exchanged, differences kept in size."""


@dataclass(frozen=True)
class Normal:
    """A belief about a mean or a ratio.

    Attributes:
        mean: Expected value.
        sd: Standard deviation, above 0.

    >>> import numpy as np
    >>> belief = Normal(10, 2)
    >>> round(float(belief.below(np.array(10.0))), 3)
    0.5
    """

    mean: float
    sd: float

    def __str__(self) -> str:
        return f"Normal({self.mean:g}, {self.sd:g})"

    def density(self, x: Floats) -> Floats:
        """The density at x."""
        import numpy as np

        z = (x - self.mean) / self.sd
        return np.asarray(np.exp(-z * z / 2) / (self.sd * np.sqrt(2 * np.pi)))

    def below(self, x: Floats) -> Floats:
        """The chance of at most x."""
        from scipy.special import ndtr

        return _array(ndtr((x - self.mean) / self.sd))

    def above(self, x: Floats) -> Floats:
        """The chance of more than x."""
        from scipy.special import ndtr

        return _array(ndtr((self.mean - x) / self.sd))

    def marks(self) -> Floats:
        """Even steps around the mean."""
        return _steps(self.mean, self.sd)

    def grid(self, inside: Floats) -> Grid:
        """Points in panels between its own marks and others."""
        import numpy as np

        return Grid(*_points(np.union1d(self.marks(), inside)))

    def mirrored(self) -> Normal:
        """The belief about the value's negative."""
        return Normal(-self.mean, self.sd)


@dataclass(frozen=True)
class Beta:
    """A belief about a share.

    Attributes:
        a: Conversions, with those that the prior stands for; above 0.
        b: Units without conversion, with the prior's; above 0.

    >>> Beta(3, 1).mean, round(Beta(3, 1).sd, 4)
    (0.75, 0.1936)
    """

    a: float
    b: float

    def __str__(self) -> str:
        return f"Beta({self.a:g}, {self.b:g})"

    @property
    def mean(self) -> float:
        """The expected share."""
        return self.a / (self.a + self.b)

    @property
    def sd(self) -> float:
        """The standard deviation of the share."""
        size = self.a + self.b
        return float((self.a * self.b / (size + 1)) ** 0.5 / size)

    def density(self, x: Floats) -> Floats:
        """The density at x."""
        import numpy as np
        from scipy.special import betaln, xlog1py, xlogy

        inside = xlogy(self.a - 1, x) + xlog1py(self.b - 1, -x)
        return np.asarray(np.exp(inside - betaln(self.a, self.b)))

    def below(self, x: Floats) -> Floats:
        """The chance of at most x."""
        import numpy as np
        from scipy.special import betainc

        return _array(betainc(self.a, self.b, np.clip(x, 0, 1)))

    def above(self, x: Floats) -> Floats:
        """The chance of more than x."""
        import numpy as np
        from scipy.special import betaincc

        return _array(betaincc(self.a, self.b, np.clip(x, 0, 1)))

    def marks(self) -> Floats:
        """Steps that are even in the log odds, from 0 to 1."""
        import numpy as np
        from scipy.special import expit

        return np.concatenate([[0.0], expit(self._steps()), [1.0]])

    def grid(self, inside: Floats) -> Grid:
        """Points in panels of the log odds."""
        import numpy as np
        from scipy.special import expit, logit

        others = logit(inside[(inside > 0) & (inside < 1)])
        at, step = _points(np.union1d(self._steps(), others))
        return Grid(expit(at), step * expit(at) * expit(-at))

    def _steps(self) -> Floats:
        from scipy.special import digamma, polygamma

        middle = float(digamma(self.a) - digamma(self.b))
        spread = float(polygamma(1, self.a) + polygamma(1, self.b)) ** 0.5
        return _steps(middle, spread).clip(*LOG_ODDS)

    def mirrored(self) -> Beta:
        """The belief about the share that does not convert."""
        return Beta(self.b, self.a)


def _steps(middle: float, spread: float) -> Floats:
    import numpy as np

    steps = round(2 * REACH / PANEL) + 1
    return middle + spread * np.linspace(-REACH, REACH, steps)


def _points(edges: Floats) -> tuple[Floats, Floats]:
    """Gauss and Legendre's points in each panel, and their weights."""
    import numpy as np

    at, weight = np.polynomial.legendre.leggauss(ORDER)
    half = np.diff(edges)[:, None] / 2
    middle = (edges[1:] + edges[:-1])[:, None] / 2
    return (middle + half * at).ravel(), (half * weight).ravel()


def _array(values: Any) -> Floats:
    import numpy as np

    return np.asarray(values, dtype="float64")
