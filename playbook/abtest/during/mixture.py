r"""How far an interval must reach so that it holds at every look, however often one looks.

A test statistic z that is watched all the time gets past 1.96 sooner or later, whatever is true.
Averaging the likelihood ratio over a normal distribution of possible effects gives a bound that it
passes with a chance of at most alpha, over all sample sizes together. With x = n rho^2 it is

    two-sided   z^2 = (x + 1) / x * log((x + 1) / alpha^2)
    one-sided   z^2 = 2 (x + 1) / x * log(1 + sqrt(x + 1) / (2 alpha))

where rho says for which number of people the bound is tightest; it must be chosen before the test.
Time is what is known so far: of arms of n0 and n1 people that is 4 n0 n1 / (n0 + n1), see
`people`, which is all of them where the arms are of one size. While an arm is let in little by
little beside a great control, people hardly grow in number and what is known does.

The guarantee is that of large samples, as the one of every z test. Where the bound lies more than
`FARTHEST` standard errors out, so early that next to nothing is known, nothing is said at all.

Sources: Howard, Ramdas, McAuliffe and Sekhon (2021), "Time-uniform, nonparametric, nonasymptotic
confidence sequences"; Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas (2024), "Time-uniform central
limit theory and asymptotic confidence sequences", for unknown spreads, one side, and the choice of
rho; Robbins (1970), "Statistical methods related to the law of the iterated logarithm".
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playbook.abtest.arms import Floats
    from playbook.abtest.effect import Alternative

FARTHEST = 7.0
"""Standard errors beyond which a chance is too small to be told from none: 3e-12."""


def people(n_control: float, n: float) -> float:
    """People in two arms of one size that tell as much as these two arms.

    >>> people(500, 500), people(900, 100)
    (1000.0, 360.0)
    """
    return 4 * n_control * n / max(n_control + n, 1)


def tightest(alpha: float, alternative: Alternative = "two-sided") -> float:
    """The x where the bound is smallest for its n: the -1 branch of Lambert's W.

    >>> round(tightest(0.05), 4)
    8.212
    """
    from scipy.special import lambertw

    both = alpha if alternative == "two-sided" else 2 * alpha
    return float(-lambertw(-(both**2) / math.e, -1).real - 1)


def reach(
    n: Any, tuned_at: float, alpha: float = 0.05, alternative: Alternative = "two-sided"
) -> Floats:
    """How many standard errors the interval reaches, at each n; inf where nothing is said.

    Args:
        n: People so far, of any shape; where arms differ in size, those of `people`.
        tuned_at: People for which it is tightest.
        alpha: The chance to miss the truth at any n; below 0.5 where one-sided.
        alternative: A one-sided interval is tighter on its side.

    >>> reach([10, 1_000, 10_000, 100_000], tuned_at=10_000).round(3).tolist()
    [inf, 3.823, 3.035, 3.246]
    """
    import numpy as np

    x = np.asarray(n, dtype="float64") / tuned_at * tightest(alpha, alternative)
    with np.errstate(divide="ignore"):
        stretch = (x + 1) / x
    if alternative == "two-sided":
        square = stretch * (np.log1p(x) - 2 * math.log(alpha))
    else:
        square = stretch * 2 * np.log1p(np.sqrt(x + 1) / (2 * alpha))
    found = np.sqrt(square)
    return np.where(found > FARTHEST, np.inf, found)


def p_value(
    z: Any,
    n: Any,
    tuned_at: float,
    alpha: float = 0.05,
    alternative: Alternative = "two-sided",
) -> Floats:
    """The always-valid p value: at most a, at any n, with a chance of at most a.

    It is at most alpha exactly where the interval leaves out 0.

    Args:
        z: Difference over its standard error, of any shape.
        n: People so far.
        tuned_at: People for which the interval is tightest.
        alpha: For which it is tuned; the p value holds for every other too.
        alternative: Which direction counts.

    >>> p_value([1.96, 3.035123, 5.0], 10_000, tuned_at=10_000).round(5).tolist()
    [0.54769, 0.05, 4e-05]
    """
    import numpy as np

    z = np.asarray(z, dtype="float64")
    x = np.asarray(n, dtype="float64") / tuned_at * tightest(alpha, alternative)
    half = np.square(z) * x / (1 + x) / 2
    if alternative == "two-sided":
        found = np.exp(0.5 * np.log1p(x) - half)
    else:
        ahead = z if alternative == "greater" else -z
        with np.errstate(divide="ignore", over="ignore"):
            found = np.where(ahead > 0, np.sqrt(x + 1) / 2 / np.expm1(half), 1.0)
    silent = np.isinf(reach(n, tuned_at, alpha, alternative))
    return np.where(silent, 1.0, np.minimum(found, 1.0))
