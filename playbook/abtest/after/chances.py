"""Chances and expected losses over the beliefs about several arms, by integration.

A chance of 1e-63 comes out as such: what is integrated is positive everywhere, and the grid of
`posterior` reaches far enough.

Source: Stucchio (2015), "Bayesian A/B testing at VWO", for the loss.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np

    from playbook.abtest.after.posterior import Grid, Posterior

    Floats = np.ndarray[Any, np.dtype[np.float64]]

NEAR_ZERO = 0.001
"""Chance of a control's value at or below zero from which on there is no lift to speak of."""


def chance_best(beliefs: Sequence[Posterior]) -> list[float]:
    """The chance of each arm that its value is the greatest of all.

    >>> from playbook.abtest.after.posterior import Beta
    >>> [round(x, 4) for x in chance_best([Beta(21, 81), Beta(31, 71)])]
    [0.0524, 0.9476]
    """
    grid = _common(beliefs)
    below = [one.below(grid.x) for one in beliefs]
    return [_sum(one, grid, _product(below, but=at)) for at, one in enumerate(beliefs)]


def expected_loss(beliefs: Sequence[Posterior]) -> list[float]:
    """What choosing each arm costs on average: how far the best of the others lies above it.

    Where the arm is the best itself nothing is lost. The loss E max(M - X, 0) is the integral of
    the chance that X lies at or below x and M above it, which stays exact where it is tiny.

    >>> from playbook.abtest.after.posterior import Normal
    >>> [round(x, 4) for x in expected_loss([Normal(0, 1), Normal(0, 1)])]
    [0.5642, 0.5642]
    """
    import numpy as np

    grid = _common(beliefs)
    with np.errstate(divide="ignore"):  # the logarithm of a chance that is 0
        logs = [np.log1p(-one.above(grid.x)) for one in beliefs]
    losses = []
    for at, one in enumerate(beliefs):
        others = sum(logs[:at] + logs[at + 1 :])
        losses.append(float((one.below(grid.x) * -np.expm1(others) * grid.dx).sum()))
    return losses


def chance_of_difference(arm: Posterior, control: Posterior, size: float) -> float:
    """The chance that the arm's value lies above the control's by at most `size`.

    >>> from playbook.abtest.after.posterior import Beta
    >>> round(chance_of_difference(Beta(31, 71), Beta(21, 81), 0), 4)
    0.0524
    """
    grid = control.grid(arm.marks() - size)
    return _sum(control, grid, arm.below(grid.x + size))


def chance_of_lift(arm: Posterior, control: Posterior, size: float) -> float:
    """The chance that the arm's value lies above the control's by at most that share of it.

    The control's value is taken as above zero.

    >>> from playbook.abtest.after.posterior import Beta
    >>> round(chance_of_lift(Beta(31, 71), Beta(21, 81), 0), 4)
    0.0524
    """
    import numpy as np

    ratio = 1 + size
    grid = control.grid(arm.marks() / ratio if ratio else np.zeros(0))
    return _sum(control, grid, arm.below(grid.x * ratio))


def interval_of_difference(
    arm: Posterior, control: Posterior, confidence: float = 0.95
) -> tuple[float, float]:
    """The values between which the difference lies with that chance, as much beyond either end.

    >>> from playbook.abtest.after.posterior import Normal
    >>> [round(x, 4) for x in interval_of_difference(Normal(1, 3), Normal(0, 4))]
    [-8.7998, 10.7998]
    """
    middle, spread = arm.mean - control.mean, math.hypot(arm.sd, control.sd)
    low, high = _within(
        lambda size: chance_of_difference(arm, control, size), middle, spread, confidence
    )
    return low, high


def interval_of_lift(
    arm: Posterior, control: Posterior, confidence: float = 0.95
) -> tuple[float, float]:
    """The same of the lift; missing where the control's value may well be zero or below.

    >>> from playbook.abtest.after.posterior import Beta
    >>> [round(x, 4) for x in interval_of_lift(Beta(31, 71), Beta(21, 81))]
    [-0.0782, 1.4487]
    """
    import numpy as np

    # The rest of an interval has to lie within what a control above zero can give.
    if float(control.below(np.array(0.0))) > min(NEAR_ZERO, (1 - confidence) / 4):
        return math.nan, math.nan
    middle = arm.mean / control.mean - 1
    spread = math.hypot(arm.sd, (1 + middle) * control.sd) / control.mean
    return _within(lambda size: chance_of_lift(arm, control, size), middle, spread, confidence)


def _within(
    below: Callable[[float], float], middle: float, spread: float, confidence: float
) -> tuple[float, float]:
    """Where a cumulative chance passes the two tails of an interval."""
    from scipy.optimize import brentq

    ends = []
    for level in ((1 - confidence) / 2, (1 + confidence) / 2):
        first, last = middle - spread, middle + spread
        step = spread
        while below(first) > level:
            first, step = first - step, 2 * step
        step = spread
        while below(last) < level:
            last, step = last + step, 2 * step
        root = brentq(lambda size, at=level: below(size) - at, first, last, xtol=1e-13)
        ends.append(float(root))
    return ends[0], ends[1]


def _common(beliefs: Sequence[Posterior]) -> Grid:
    """One grid that is fine enough for each of the arms."""
    import numpy as np

    return beliefs[0].grid(np.concatenate([one.marks() for one in beliefs]))


def _sum(belief: Posterior, grid: Grid, chance: Floats) -> float:
    # Rounding may leave the sum of a certain thing a digit above 1.
    return min(1.0, float((belief.density(grid.x) * chance * grid.dx).sum()))


def _product(chances: Sequence[Floats], *, but: int) -> Floats:
    import numpy as np

    return np.asarray(np.prod([*chances[:but], *chances[but + 1 :]], axis=0))
