"""Tails of the normal and of Student's t distribution, for arrays; df = inf is the normal one.

Every p value is read from the tail it lies in and never as one minus the rest, so that 1.2e-63
comes out as such and not as 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playbook.abtest.arms import Floats
    from playbook.abtest.effect import Alternative


def p_value(statistic: Any, df: Any, alternative: Alternative = "two-sided") -> Floats:
    """The chance of a statistic as far out, or farther, where nothing differs.

    Args:
        statistic: z or t, of any shape.
        df: Degrees of freedom; inf for z.
        alternative: Which tails count.

    >>> float(p_value(1.959963984540054, float("inf")).round(12))
    0.05
    >>> print(f"{p_value(16.8, float('inf')):.3g}")
    2.44e-63
    >>> print(f"{p_value(-2.0, 10, 'less'):.4f}")  # R: pt(-2, 10)
    0.0367
    """
    import numpy as np
    from scipy.special import stdtr

    t = np.asarray(statistic, dtype="float64")
    if alternative == "two-sided":
        return np.asarray(np.minimum(2 * stdtr(df, -np.abs(t)), 1.0))
    return np.asarray(stdtr(df, -t if alternative == "greater" else t))


def critical(confidence: float, alternative: Alternative, df: Any) -> Floats:
    """How many standard errors an interval reaches to each side that it has.

    >>> print(f"{critical(0.95, 'two-sided', float('inf')):.6f}")
    1.959964
    >>> print(f"{critical(0.95, 'greater', 10):.6f}")  # R: qt(0.95, 10)
    1.812461
    """
    import numpy as np
    from scipy.special import stdtrit

    tail = (1 - confidence) / (2 if alternative == "two-sided" else 1)
    return np.asarray(-stdtrit(df, tail))


def sided(low: Any, high: Any, alternative: Alternative) -> tuple[Floats, Floats]:
    """The ends of an interval; a one-sided one is open to the side that is not asked for.

    >>> [float(end) for end in sided(0.1, 0.3, "greater")]
    [0.1, inf]
    """
    import numpy as np

    lower, upper = np.array(low, dtype="float64"), np.array(high, dtype="float64")
    if alternative == "less":
        lower = np.where(np.isnan(lower), np.nan, -np.inf)
    if alternative == "greater":
        upper = np.where(np.isnan(upper), np.nan, np.inf)
    return lower, upper


def chi_square(seen: Any, expected: Any) -> tuple[float, float]:
    """Pearson's chi-square of numbers against those expected, without correction; its p value.

    Args:
        seen: Units of each of k arms.
        expected: Units expected of each, or one number for all; together as many.

    >>> statistic, chance = chi_square([5000, 5100], 5050)
    >>> print(f"{statistic:.4f} {chance:.4f}")
    0.9901 0.3197
    """
    import numpy as np
    from scipy.special import chdtrc

    here = np.asarray(seen, dtype="float64")
    statistic = float(((here - expected) ** 2 / expected).sum())
    return statistic, float(chdtrc(len(here) - 1, statistic))
