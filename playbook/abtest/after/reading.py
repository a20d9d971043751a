"""A pair of values with their spreads, and what a test of the two says: the same for every metric.

All functions work element by element on arrays of any shape, so that a simulation of 20,000 tests
is one call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from playbook.abtest.after.tails import critical, p_value, sided

if TYPE_CHECKING:
    from playbook.abtest.arms import Floats
    from playbook.abtest.effect import Alternative, Relative


class Pair(NamedTuple):
    """An arm's value and the control's.

    Attributes:
        value: The arm's.
        control: The control's.
        variance: Square of the standard error of `value`.
        variance_control: That of `control`.
        covariance: Of the two; 0 where they share nothing.
        df: Degrees of freedom of the difference; inf for the normal distribution.
    """

    value: Floats
    control: Floats
    variance: Floats
    variance_control: Floats
    covariance: Floats
    df: Floats

    @property
    def difference(self) -> Floats:
        """The arm's value less the control's."""
        return self.value - self.control

    @property
    def std_error(self) -> Floats:
        """Standard error of the difference."""
        return self.error_at(1.0)

    def error_at(self, ratio: float) -> Floats:
        """Standard error of the arm's value less `ratio` times the control's."""
        import numpy as np

        square = self.variance + ratio**2 * self.variance_control - 2 * ratio * self.covariance
        return np.asarray(np.sqrt(np.maximum(square, 0.0)))


class Reading(NamedTuple):
    """What a test of pairs says, field by field as in `Effect`; arrays of one shape."""

    difference: Floats
    low: Floats
    high: Floats
    lift: Floats
    lift_low: Floats
    lift_high: Floats
    std_error: Floats
    statistic: Floats
    df: Floats
    p_value: Floats


def read(
    pair: Pair,
    *,
    confidence: float = 0.95,
    alternative: Alternative = "two-sided",
    relative: Relative = "fieller",
) -> Reading:
    """The test of a difference of 0, with the intervals of the difference and of the lift.

    Args:
        pair: Values and spreads.
        confidence: Coverage of the intervals.
        alternative: What the p value is against; one-sided intervals are open on the other side.
        relative: How the lift's interval is found, see `playbook.abtest.after.lift`.

    >>> import numpy as np
    >>> pair = Pair(*map(np.array, (11.0, 10.0, 0.1, 0.15, 0.0, 50.0)))
    >>> found = read(pair)
    >>> print(*(f"{x:.4f}" for x in (found.low, found.high, found.lift_low, found.lift_high)))
    -0.0043 2.0043 -0.0004 0.2138
    >>> print(f"{found.p_value:.4f}")
    0.0509
    """
    import numpy as np

    from playbook.abtest.after.lift import lift_interval, lift_of

    reach = critical(confidence, alternative, pair.df)
    difference, error = pair.difference, pair.std_error
    low, high = sided(difference - reach * error, difference + reach * error, alternative)
    lows, highs = lift_interval(pair, reach, alternative, relative)
    statistic = standardised(difference, error)
    return Reading(
        difference=difference,
        low=low,
        high=high,
        lift=lift_of(pair),
        lift_low=lows,
        lift_high=highs,
        std_error=error,
        statistic=statistic,
        df=np.broadcast_to(pair.df, difference.shape),
        p_value=p_value(statistic, pair.df, alternative),
    )


def standardised(difference: Floats, error: Floats) -> Floats:
    """The difference in standard errors; 0 where there is neither difference nor spread.

    >>> import numpy as np
    >>> standardised(np.array([1.0, 0.0, 2.0]), np.array([0.5, 0.0, 0.0])).tolist()
    [2.0, 0.0, inf]
    """
    import numpy as np

    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(difference == 0, 0.0, difference / error)
