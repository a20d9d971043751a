"""Exact tests of two shares for small samples: never wrong more often than promised.

For a difference (or a ratio) that might be true, every pair of counts that could have come out is
set in order by the score statistic; the p value of a side is the chance of those at least as far
out as what was seen, at the share of the control that makes it greatest. At a difference of 0 a
side is Barnard's test; the two-sided p value is twice the smaller side, and the interval reaches
from the least to the greatest value that neither side rejects, at half of alpha each. It covers at
least what it says and usually more, so it is wide.

Where the order of the pairs changes with the value, the p value jumps, so values that are rejected
may lie between others that are not. The interval holds them all; in rare small tables it then has 0
in it though 0 itself is rejected. It is looked for in steps, and a gap narrower than one is missed.

With some hundred units in each arm and a dozen conversions the score method is nearly as safe and
sees more. It is not as safe for rare conversions in arms of very different size: then one side errs
more often than it says and the other less.

Sources: Barnard (1947), "Significance tests for 2 x 2 tables"; Chan and Zhang (1999), "Test-based
exact confidence intervals for the difference of two binomial proportions".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from playbook.abtest.after.proportions import Counts, difference_score, ratio_score
from playbook.errors import ParameterError

if TYPE_CHECKING:
    from playbook.abtest.arms import Floats
    from playbook.abtest.effect import Alternative

MOST = 41_000
"""Pairs of counts that are gone through at most: two arms of about 200."""

POINTS = 65
"""Shares of the control that are tried at a time."""

TINY, EPSILON = 1e-300, 1e-16
"""How near to 0 and to 1 a share is taken, so that its logarithm is a number."""

HALVINGS = 26
"""Steps of the search for an end of an interval, once it is known between which values."""

SMALL, FINE, COARSE = 2_500, 96, 32
"""Pairs of counts up to which many values are tried for an end; how many, and how many beyond."""


class Exact(NamedTuple):
    """An exact reading of two arms.

    Attributes:
        p_value: For the alternative that was asked for.
        low: Lower end of the difference's interval.
        high: Upper end.
        lift_low: Lower end of the lift's interval; NaN where nobody of the control converted.
        lift_high: Upper end, likewise; inf where the control could be next to nothing.
    """

    p_value: float
    low: float
    high: float
    lift_low: float
    lift_high: float


class Side(NamedTuple):
    """One side of the exact test of two arms.

    Attributes:
        seen: What was seen, numbers.
        is_ratio: Whether the ratio is tested, and not the difference.
        sign: 1 where the arm's share is greater than supposed, -1 where it is smaller.
    """

    seen: Counts
    is_ratio: bool
    sign: int

    def p_value(self, supposed: float) -> float:
        """The greatest chance of what was seen, or more, where the difference or ratio is true."""
        outside = self._outside(supposed)
        low, high = self._possible(supposed)
        if high <= low:
            return float(self._chance(outside, supposed, [low])[0])
        import numpy as np

        for _ in range(3):  # finer each time, around the greatest
            points = np.linspace(low, high, POINTS)
            chances = self._chance(outside, supposed, points)
            at, step = int(chances.argmax()), points[1] - points[0]
            low, high = max(low, points[at] - step), min(high, points[at] + step)
        return min(float(chances.max()), 1.0)

    def _possible(self, supposed: float) -> tuple[float, float]:
        if self.is_ratio:
            return 0.0, min(1.0, 1 / supposed)
        return max(0.0, -supposed), min(1.0, 1 - supposed)

    def _outside(self, supposed: float) -> Floats:
        """1 for each pair of counts at least as far out as the one seen, (control, arm)."""
        import numpy as np

        statistic = ratio_score if self.is_ratio else difference_score
        n, n_control = int(self.seen.n), int(self.seen.n_control)
        every = _arrays(np.arange(n + 1), n, np.arange(n_control + 1)[:, None], n_control)
        at = np.asarray(supposed, dtype="float64")
        far = self.sign * statistic(every, at)
        seen = self.sign * statistic(_arrays(*self.seen), at)
        return np.asarray(far >= seen - 1e-9, dtype="float64")

    def _chance(self, outside: Floats, supposed: float, control: Floats | list[float]) -> Floats:
        """The chance of being outside, at each share of the control."""
        import numpy as np

        before = np.asarray(control, dtype="float64")
        there = before * supposed if self.is_ratio else before + supposed
        of_control = _binomial(int(self.seen.n_control), before)
        of_arm = _binomial(int(self.seen.n), there.clip(0, 1))
        return np.asarray((of_control @ outside * of_arm).sum(axis=1))


def exact(seen: Counts, *, confidence: float, alternative: Alternative) -> Exact:
    """The exact test of two arms, with its intervals.

    Args:
        seen: Conversions and units, numbers.
        confidence: Coverage of the intervals, at least.
        alternative: What the p value is against; one-sided intervals are open on the other side.

    Raises:
        ParameterError: The arms are too large to go through every pair of counts.

    >>> found = exact(Counts(7, 10, 2, 12), confidence=0.95, alternative="greater")
    >>> print(f"{found.p_value:.4f}")  # SciPy: barnard_exact([[7, 2], [3, 10]], "greater")
    0.0094
    """
    if (size := (int(seen.n) + 1) * (int(seen.n_control) + 1)) > MOST:
        raise ParameterError(
            f"exact goes through every pair of counts, {size:,} here, and at most {MOST:,}. Use "
            "method='score', which needs some conversions in each arm."
        )
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1, user_api="blas"):  # matrices too small to be shared out
        return _tested(seen, confidence, alternative)


def _tested(seen: Counts, confidence: float, alternative: Alternative) -> Exact:
    sides = {"greater": (1,), "less": (-1,)}.get(alternative, (1, -1))
    tail = (1 - confidence) / len(sides)
    p_value = min(1.0, len(sides) * min(Side(seen, False, sign).p_value(0.0) for sign in sides))
    low, high = (_end(seen, False, sign, tail, sides) for sign in (1, -1))
    if not seen.conversions_control:
        return Exact(p_value, low, high, float("nan"), float("nan"))
    lows, highs = (_end(seen, True, sign, tail, sides) for sign in (1, -1))
    return Exact(p_value, low, high, lows, highs)


def _end(seen: Counts, is_ratio: bool, sign: int, tail: float, sides: tuple[int, ...]) -> float:
    """The lower end (sign 1) or the upper end (sign -1) of an interval."""
    if sign not in sides:
        return -sign * float("inf")
    side = Side(seen, is_ratio, sign)
    if is_ratio:
        return _ratio_end(side, tail)
    best = seen.share - seen.share_control
    outer = -float(sign)
    if best == outer:
        return outer
    return _outermost(side, outer, float(best), 0.0, tail)


def _ratio_end(side: Side, tail: float) -> float:
    """The same for the lift, searched between 0 and 1 in place of 0 and infinity."""
    best = float(side.seen.share / side.seen.share_control)
    outer, inner = (0.0 if side.sign == 1 else 1.0), best / (1 + best)
    if inner == outer:
        return -1.0
    place = _outermost(side, outer, inner, 0.5, tail)
    return float("inf") if place > 1 - 1e-9 else place / (1 - place) - 1


def _outermost(side: Side, outer: float, inner: float, same: float, tail: float) -> float:
    """The place farthest out that is not rejected; at `same` the shares are the same."""
    import numpy as np

    size = (int(side.seen.n) + 1) * (int(side.seen.n_control) + 1)
    places = np.linspace(outer, inner, (FINE if size <= SMALL else COARSE) + 1)[1:-1].tolist()
    if min(outer, inner) < same < max(outer, inner):
        places = sorted([*places, same], reverse=outer > inner)
    for place in places:
        if not _is_rejected(side, place, tail):
            return _halved(side, outer, place, tail)
        outer = place
    return _halved(side, outer, inner, tail)


def _halved(side: Side, outer: float, inner: float, tail: float) -> float:
    for _ in range(HALVINGS):
        middle = (outer + inner) / 2
        if _is_rejected(side, middle, tail):
            outer = middle
        else:
            inner = middle
    return outer


def _is_rejected(side: Side, place: float, tail: float) -> bool:
    return side.p_value(place / (1 - place) if side.is_ratio else place) <= tail


def _arrays(*counts: Any) -> Counts:
    import numpy as np

    return Counts(*(np.asarray(value, dtype="float64") for value in counts))


def _binomial(n: int, share: Floats) -> Floats:
    """The chance of each count from 0 to n, (shares, n + 1)."""
    import numpy as np
    from scipy.special import gammaln

    k = np.arange(n + 1.0)
    ways = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    p = np.clip(share, TINY, 1 - EPSILON)[:, None]
    return np.asarray(np.exp(ways + k * np.log(p) + (n - k) * np.log1p(-p)))
