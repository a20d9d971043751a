r"""Formulas of sample size, by the convention that each calculator uses without saying so.

All of them are one formula. With N people in all, of whom the shares w0 and w1 are in the control
and in the other arm, a test finds an effect d with the chance

    power = Phi((|d| sqrt(N) - z s0) / s1),    so    N = ((z s0 + z_power s1) / d)^2

where z cuts off alpha (or alpha / 2), s0 is what the spread is taken to be where nothing differs
and s1 what it is where d is true, both per square root of N. A convention is a choice of s0 and s1:

| convention | s0^2 | s1^2 | who |
|---|---|---|---|
| pooled | v (1/w0 + 1/w1), v of the mixed rate | v0/w0 + v1/w1 | R's power.prop.test, Fleiss |
| unpooled | v0/w0 + v1/w1 | the same | textbooks, the interval of a difference |
| baseline | v0 (1/w0 + 1/w1) | v0/w0 + v1/w1 | Evan Miller's calculator and its like |
| arcsine | 1/w0 + 1/w1 | the same, of d = 2 asin sqrt p1 - 2 asin sqrt p0 | Cohen, statsmodels |
| normal | sd^2 (1/w0 + 1/w1) | the same | means with a known spread |
| t | the same, with the noncentral t in Phi's place | the same | R's power.t.test |
| delta | sd^2 (1/w0 + 1/w1), sd of the linearised ratio | the same | ratios |

The chance of a significant result in the wrong direction, which is next to nothing, is not counted
as power, as in R. CUPED with a correlation r between metric and covariate multiplies every s^2 by
1 - r^2.

These are formulas of large samples. Where units are skewed, as orders are, arms of different sizes
and some dozen people in the smaller find a rise more often than planned if the control is the
greater arm, and less often if it is the smaller.

Sources: Fleiss, Levin and Paik (2003), "Statistical Methods for Rates and Proportions", chapter 4,
without its continuity correction; Cohen (1988), "Statistical Power Analysis", chapter 6; Deng, Xu,
Kohavi and Walker (2013), "Improving the sensitivity of online controlled experiments by utilizing
pre-experiment data", for 1 - r^2.
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

Kind = Literal["proportion", "mean", "ratio"]
Convention = Literal["unpooled", "pooled", "baseline", "arcsine", "normal", "t", "delta"]

CONVENTIONS: dict[str, tuple[str, ...]] = {
    "proportion": ("pooled", "unpooled", "baseline", "arcsine"),
    "mean": ("t", "normal"),
    "ratio": ("delta",),
}
"""The conventions of each kind of metric; the first, used where none is named, is that of the test
that `compare` runs."""

WORDS = {
    "unpooled": "each arm with its own variance, also where nothing differs",
    "pooled": "one variance of the mixed rate where nothing differs, each arm's own where it does",
    "baseline": "the control's variance where nothing differs, each arm's own where it does",
    "arcsine": "rates on the arcsine scale, where the variance is the same everywhere",
    "normal": "the normal distribution, the spread taken as known",
    "t": "Student's t, the spread estimated from the test itself",
    "delta": "the linearised ratio by the delta method",
}
"""What each convention assumes."""


class Spread(NamedTuple):
    """An effect and its noise, before the square root of the number of people.

    Attributes:
        shift: The effect, without its sign, on the scale of the convention.
        null: Standard error times the root of N where nothing differs.
        true: The same where the effect is true.
    """

    shift: float
    null: float
    true: float


def spread(
    convention: str,
    baseline: float,
    changed: float,
    *,
    shares: tuple[float, float] = (0.5, 0.5),
    sd: float | None = None,
    correlation: float = 0.0,
) -> Spread:
    """The effect from `baseline` to `changed` and its noise, as a convention sees them.

    Args:
        convention: One of `CONVENTIONS`.
        baseline: The control's value.
        changed: The other arm's value.
        shares: Share of the two arms' people in the control and in the other; together 1.
        sd: Standard deviation of a mean's or a linearised ratio's units; None for a proportion.
        correlation: Between the metric and what CUPED adjusts by.

    >>> [round(x, 6) for x in spread("unpooled", 0.2, 0.25)]
    [0.05, 0.833667, 0.833667]
    """
    first, other = 1 / shares[0], 1 / shares[1]
    shift = abs(changed - baseline)
    if convention == "arcsine":
        shift = abs(2 * math.asin(math.sqrt(changed)) - 2 * math.asin(math.sqrt(baseline)))
        null = true = first + other
    elif sd is not None:
        null = true = sd**2 * (first + other)
    else:
        own = baseline * (1 - baseline), changed * (1 - changed)
        mixed = shares[0] * baseline + shares[1] * changed
        true = own[0] * first + own[1] * other
        same = {"pooled": mixed * (1 - mixed), "baseline": own[0]}.get(convention)
        null = true if same is None else same * (first + other)
    left = math.sqrt(1 - correlation**2)
    return Spread(shift, math.sqrt(null) * left, math.sqrt(true) * left)


def power_of(convention: str, noise: Spread, total: float, tail: float) -> float:
    """The chance that a test of `total` people finds the effect.

    Args:
        convention: `t` uses the noncentral t distribution, every other the normal one.
        noise: From `spread`.
        total: People in the two arms together.
        tail: Alpha of one side.

    >>> round(power_of("normal", spread("normal", 0, 1, sd=1), 40, 0.025), 6)
    0.885379
    >>> round(power_of("t", spread("t", 0, 1, sd=1), 40, 0.025), 7)  # R: power.t.test(20, 1, 1)
    0.8689528
    """
    from scipy.special import nctdtr, ndtr, stdtrit

    distance = noise.shift * math.sqrt(total)
    if convention == "t":
        freedom = total - 2
        return float(1 - nctdtr(freedom, distance / noise.true, -stdtrit(freedom, tail)))
    return float(ndtr((distance + _normal_cut(tail) * noise.null) / noise.true))


def total_for(convention: str, noise: Spread, tail: float, power: float) -> float:
    """How many people the two arms need together, before rounding up.

    >>> round(total_for("normal", spread("normal", 0, 1, sd=1), 0.025, 0.9) / 2, 5)
    21.01485
    >>> round(total_for("t", spread("t", 0, 1, sd=1), 0.025, 0.9) / 2, 5)  # R's power.t.test
    22.0211
    """
    cuts = -_normal_cut(tail) * noise.null - _normal_cut(1 - power) * noise.true
    total = (cuts / noise.shift) ** 2
    if convention != "t":
        return float(total)
    from scipy.optimize import brentq

    def missing(people: float) -> float:
        return power_of(convention, noise, people, tail) - power

    low, high = max(total, 3.0), 2 * total + 40
    while missing(high) < 0:
        high *= 2
    # A t test needs more than a normal one, save with next to nobody: two of them are the least.
    return low if missing(low) >= 0 else float(brentq(missing, low, high, xtol=1e-9, rtol=1e-14))


def _normal_cut(tail: float) -> float:
    from scipy.special import ndtri

    return float(ndtri(tail))
