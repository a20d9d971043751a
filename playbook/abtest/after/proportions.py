"""Shares of units with a conversion: z tests, and intervals by asking every possible value.

The score test asks of a difference d (or a ratio r) how far the shares seen lie from it, in
standard errors that hold where d is true. At d = 0 that is the pooled z test, whose square is the
chi-square statistic without correction. The interval is every d that the test does not reject, and
so is that of the ratio, which is 1 where the difference is 0: the three always agree. Unlike the
intervals of a normal approximation they never leave what is possible, and they hold with a handful
of conversions.

`playbook.funnel` describes differences by Newcombe's interval, which is put together from the two
shares' own intervals and can take a difference for proven that its test does not, or the other way
round; a test is decided by its p value, so here the interval is that test, inverted.

Sources: Mee (1984), "Confidence bounds for the difference between two probabilities"; Miettinen and
Nurminen (1985), "Comparative analysis of two rates", whose factor N / (N - 1) is left out, so that
the p value is everyone's; Farrington and Manning (1990), "Test statistics and sample size
formulae", for the closed form; Koopman (1984), "Confidence intervals for the ratio of two binomial
proportions".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from playbook.abtest.after.reading import Pair, Reading, read, standardised
from playbook.abtest.after.roots import crossing
from playbook.abtest.after.tails import critical, p_value, sided

if TYPE_CHECKING:
    from collections.abc import Callable

    from playbook.abtest.arms import Floats, Ints
    from playbook.abtest.effect import Alternative, Relative

BELOW_ONE = 1 - 2.0**-53


class Counts(NamedTuple):
    """Conversions and units of an arm and of the control, arrays of one shape."""

    conversions: Ints | Floats
    n: Ints
    conversions_control: Ints | Floats
    n_control: Ints

    @property
    def share(self) -> Floats:
        """Conversions per unit of the arm."""
        return self.conversions / self.n

    @property
    def share_control(self) -> Floats:
        """Conversions per unit of the control."""
        return self.conversions_control / self.n_control


def unpooled(counts: Counts) -> Pair:
    """Shares with each arm's own spread.

    >>> import numpy as np
    >>> pair = unpooled(Counts(*map(np.array, (30, 100, 20, 100))))
    >>> print(f"{pair.std_error:.4f}")
    0.0608
    """
    return _pair(counts, counts.share, counts.share_control)


def pooled(counts: Counts) -> Pair:
    """Shares with the spread of both arms' common share.

    >>> import numpy as np
    >>> pair = pooled(Counts(*map(np.array, (30, 100, 20, 100))))
    >>> print(f"{pair.std_error:.4f}")
    0.0612
    """
    both = (counts.conversions + counts.conversions_control) / (counts.n + counts.n_control)
    return _pair(counts, both, both)


def _pair(counts: Counts, share: Floats, share_control: Floats) -> Pair:
    import numpy as np

    value, control = np.broadcast_arrays(counts.share, counts.share_control)
    variance = share * (1 - share) / counts.n
    other = share_control * (1 - share_control) / counts.n_control
    return Pair(
        value, control, variance, other, np.zeros(value.shape), np.full(value.shape, np.inf)
    )


def score(
    counts: Counts,
    *,
    confidence: float = 0.95,
    alternative: Alternative = "two-sided",
    relative: Relative = "fieller",
) -> Reading:
    """The score test, with the intervals of difference and lift that belong to it.

    Args:
        counts: Conversions and units.
        confidence: Coverage of the intervals.
        alternative: What the p value is against.
        relative: `fieller` inverts the test for the ratio too; log and delta are the
            approximations of these names, with each arm's own spread.

    >>> import numpy as np
    >>> found = score(Counts(*map(np.array, (30, 100, 20, 100))))
    >>> print(f"{found.p_value:.4f} {found.low:.4f} {found.high:.4f}")
    0.1025 -0.0202 0.2187
    >>> print(f"{found.lift:.2f} {found.lift_low:.4f} {found.lift_high:.4f}")
    0.50 -0.0763 1.4580
    """
    import numpy as np

    own = read(unpooled(counts), confidence=confidence, alternative=alternative, relative=relative)
    statistic = standardised(own.difference, pooled(counts).std_error)
    reach = critical(confidence, alternative, np.inf)
    low, high = sided(*_ends(counts, reach, difference_score, _as_difference), alternative)
    found = own._replace(
        low=low,
        high=high,
        statistic=statistic,
        p_value=p_value(statistic, np.inf, alternative),
    )
    if relative != "fieller":
        return found
    lows, highs = _ends(counts, reach, ratio_score, _as_ratio)
    lows, highs = sided(lows - 1, highs - 1, alternative)
    known = counts.share_control > 0
    return found._replace(
        lift_low=np.where(known, lows, np.nan), lift_high=np.where(known, highs, np.nan)
    )


def difference_score(counts: Counts, difference: Floats) -> Floats:
    """How far the shares lie above a difference, in standard errors that hold where it is true.

    >>> import numpy as np
    >>> counts = Counts(*map(np.array, (30, 100, 20, 100)))
    >>> print(f"{difference_score(counts, np.array(0.0)):.4f}")
    1.6330
    """
    import numpy as np

    counts = _fewer(counts)
    share, control = counts.share, counts.share_control
    there = _share_at_difference(counts, difference)
    before = np.clip(there - difference, 0.0, 1.0)
    variance = there * (1 - there) / counts.n + before * (1 - before) / counts.n_control
    return standardised(share - control - difference, np.sqrt(np.maximum(variance, 0.0)))


def _fewer(counts: Counts) -> Counts:
    """Those without a conversion of the arms exchanged, where they are fewer: the same difference.

    A share near 1 has lost the digits that the rest of it has.
    """
    import numpy as np

    arm, n, control, n_control = counts
    most = 2 * (arm + control) > n + n_control
    return Counts(
        np.where(most, n_control - control, arm),
        np.where(most, n_control, n),
        np.where(most, n - arm, control),
        np.where(most, n, n_control),
    )


def ratio_score(counts: Counts, ratio: Floats) -> Floats:
    """How far the arm's share lies above so many times the control's, in standard errors.

    >>> import numpy as np
    >>> counts = Counts(*map(np.array, (30, 100, 20, 100)))
    >>> print(f"{ratio_score(counts, np.array(1.0)):.4f} {ratio_score(counts, np.array(2.0)):.4f}")
    1.6330 -1.1397
    """
    import numpy as np

    converted = counts.conversions + counts.conversions_control
    total = (counts.n + counts.n_control) * ratio
    line = counts.n * ratio + counts.conversions
    line = line + counts.n_control + counts.conversions_control * ratio
    root = np.sqrt(np.maximum(line**2 - 4 * total * converted, 0.0))
    before = np.clip(2 * converted / (line + root), 0.0, 1.0)
    there = np.clip(ratio * before, 0.0, 1.0)
    variance = there * (1 - there) / counts.n
    variance = variance + ratio**2 * before * (1 - before) / counts.n_control
    apart = counts.share - ratio * counts.share_control
    return standardised(apart, np.sqrt(np.maximum(variance, 0.0)))


def _share_at_difference(counts: Counts, difference: Floats) -> Floats:
    """The arm's likeliest share where the difference is given: a root of a cubic equation."""
    import numpy as np

    share, control = counts.share, counts.share_control
    weight = counts.n_control / counts.n
    a = 1 + weight
    b = -(1 + weight + share + weight * control + difference * (weight + 2))
    c = difference**2 + difference * (2 * share + weight + 1) + share + weight * control
    d = -share * difference * (1 + difference)
    shift = b / (3 * a)
    v = shift**3 - b * c / (6 * a**2) + d / (2 * a)
    u = np.copysign(np.sqrt(np.maximum(shift**2 - c / (3 * a), 0.0)), v)
    with np.errstate(divide="ignore", invalid="ignore"):
        cosine = np.where(u == 0, 0.0, np.clip(v / u**3, -1.0, 1.0))
    root = 2 * u * np.cos((np.pi + np.arccos(cosine)) / 3) - shift
    low, high = np.maximum(0.0, difference), np.minimum(1.0, 1 + difference)
    for _ in range(2):  # the cosine of a number near 1 has lost digits, Newton finds them again
        slope = (3 * a * root + 2 * b) * root + c
        value = ((a * root + b) * root + c) * root + d
        step = np.divide(value, slope, out=np.zeros_like(value), where=np.abs(slope) > 1e-6)
        root = np.where(np.abs(step) < 1e-4, root - step, root)
    return np.clip(root, low, high)


def _as_difference(place: Floats) -> Floats:
    return 2 * place - 1


def _as_ratio(place: Floats) -> Floats:
    import numpy as np

    with np.errstate(divide="ignore"):  # the place of infinity is 1
        return np.divide(place, 1 - place)


def _ends(
    counts: Counts,
    reach: Floats,
    statistic: Callable[[Counts, Floats], Floats],
    scale: Callable[[Floats], Floats],
) -> tuple[Floats, Floats]:
    """The least and the greatest value that the statistic leaves within its reach.

    The statistic falls as the value grows, past `reach` and then past `-reach`; `scale` turns
    places between 0 and 1 into values.
    """
    import numpy as np

    wanted = np.stack(np.broadcast_arrays(reach + 0 * counts.share, -reach + 0 * counts.share))

    def beyond(place: Floats) -> Floats:
        return np.asarray(statistic(counts, scale(place)) - wanted)

    found = crossing(beyond, np.zeros_like(wanted), np.full_like(wanted, BELOW_ONE))
    low, high = scale(np.where(found == BELOW_ONE, 1.0, found))
    return low, high
