"""The chance that a test crosses its bounds, look by look: exact, by recursive integration.

With information I (people so far, over people planned), S = Z sqrt(I) walks by independent normal
steps: S at a look is S at the look before plus a step with mean drift x dI and variance dI, where
drift is what Z is expected to be at I = 1. So the density of S among tests that have not stopped is
carried from look to look by one integral, over Gauss and Legendre's points in panels narrow enough
for the steps on both sides.

Source: Armitage, McPherson and Rowe (1969), "Repeated significance tests on accumulating data";
Jennison and Turnbull (2000), "Group Sequential Methods with Applications to Clinical Trials",
chapter 19.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    Floats = np.ndarray[Any, np.dtype[np.float64]]

REACH = 10
"""Standard deviations beyond which nobody walks: a chance of 1e-23."""

PANEL = 6
"""Width of a panel, in standard deviations of the narrower step."""

ORDER = 16
"""Points in a panel."""


class Exits(NamedTuple):
    """The chance to stop first at each look.

    Attributes:
        upper: Above the upper bound.
        lower: Below the lower one; 0 where there is none.
    """

    upper: tuple[float, ...]
    lower: tuple[float, ...]

    @property
    def total(self) -> float:
        """The chance to stop at any look."""
        return math.fsum(self.upper) + math.fsum(self.lower)


@dataclass(frozen=True, eq=False)
class Walk:
    """Where tests stand that have not stopped.

    Attributes:
        information: So far; 0 before the first look.
        points: Values of S.
        chances: What each stands for; together the chance not to have stopped.
        drift: What Z is expected to be at information 1.
        sides: 2 where a lower bound mirrors the upper.
    """

    information: float
    points: Floats
    chances: Floats
    drift: float
    sides: int

    def exit(self, bound: float, information: float) -> tuple[float, float]:
        """The chance to lie above the bound, and below its mirror, at the next look.

        Args:
            bound: Of Z.
            information: At the next look.
        """
        import numpy as np
        from scipy.special import ndtr

        step = information - self.information
        reach, spread = bound * math.sqrt(information), math.sqrt(step)
        mean = self.points + self.drift * step
        upper = float(np.dot(self.chances, ndtr((mean - reach) / spread)))
        if self.sides == 1:
            return upper, 0.0
        return upper, float(np.dot(self.chances, ndtr((-reach - mean) / spread)))

    def on(self, bound: float, information: float, following: float) -> Walk:
        """Those that go on after the next look.

        Args:
            bound: Of Z.
            information: At the next look.
            following: At the look after it.
        """
        import numpy as np

        step = information - self.information
        middle, spread = self.drift * information, REACH * math.sqrt(information)
        reach = bound * math.sqrt(information)
        low = max(middle - spread, -reach if self.sides == 2 else -math.inf)
        high = min(middle + spread, reach)
        narrow = math.sqrt(min(step, following - information))
        points, weights = panels(low, high, PANEL * narrow)
        apart = (points[:, None] - self.points[None, :] - self.drift * step) / math.sqrt(step)
        density = np.exp(-0.5 * apart**2) @ self.chances / math.sqrt(2 * math.pi * step)
        return Walk(information, points, weights * density, self.drift, self.sides)


def begin(drift: float = 0.0, sides: int = 2) -> Walk:
    """Before the first look: everybody at 0."""
    import numpy as np

    return Walk(0.0, np.zeros(1), np.ones(1), drift, sides)


def exits(
    bounds: Sequence[float], information: Sequence[float], *, drift: float = 0.0, sides: int = 2
) -> Exits:
    """The chance to stop first at each look.

    Args:
        bounds: Of Z, at each look; inf where it does not stop.
        information: At each look, rising; only its proportions matter where the drift is 0.
        drift: What Z is expected to be at information 1.
        sides: 2 where a lower bound mirrors the upper.

    >>> five = exits([1.959964] * 5, [1, 2, 3, 4, 5])  # five looks at p < 5 %
    >>> round(five.total, 3)  # Armitage, McPherson and Rowe (1969)
    0.142
    """
    walk, found = begin(drift, sides), []
    for place, (bound, here) in enumerate(zip(bounds, information, strict=True)):
        found.append(walk.exit(bound, here))
        if place + 1 < len(information):
            walk = walk.on(bound, here, information[place + 1])
    return Exits(*(tuple(side) for side in zip(*found, strict=True)))


def panels(low: float, high: float, width: float) -> tuple[Floats, Floats]:
    """Points and weights of an integral from low to high; none where low is not below high.

    >>> points, weights = panels(0, 3, 0.5)
    >>> round(float(weights @ points**2), 12)
    9.0
    """
    import numpy as np

    if not low < high:
        return np.zeros(0), np.zeros(0)
    count = math.ceil((high - low) / width)
    half = (high - low) / count / 2
    points, weights = _legendre()
    middles = low + half * (2 * np.arange(count) + 1)
    return (middles[:, None] + half * points).ravel(), np.tile(half * weights, count)


@functools.cache
def _legendre() -> tuple[Floats, Floats]:
    import numpy as np

    points, weights = np.polynomial.legendre.leggauss(ORDER)
    return points, weights
