"""The lift, which is the difference as a share of the control's value, with its interval.

The control's value is an estimate too. Dividing the ends of the difference's interval by it treats
it as known, and covers too seldom; nothing here does so. Three ways that do not:

- `fieller`, the default: all ratios that the test would not reject. It belongs to the p value: it
  leaves out 0 exactly where the test of the difference does, as long as it has ends. Where the
  control cannot be told from zero the lift could be anything, and the interval says so: from -inf
  to inf, even where the test of the difference rejects 0.
- `log`: on the logarithm of the ratio, by the delta method; never below -100 %. Needs values > 0.
- `delta`: symmetric around the lift, by the delta method; the roughest in small samples.

A percentage of zero, or of a loss, means nothing: where the control's value is not above zero the
lift is missing.

Sources: Fieller (1954), "Some problems in interval estimation"; Franz (2007), "Ratios: a short
guide to confidence limits and proper use", for pairs that share something; Deng, Knoblich and Lu
(2018), "Applying the delta method in metric analytics", section 3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.abtest.after.tails import sided

if TYPE_CHECKING:
    from playbook.abtest.after.reading import Pair
    from playbook.abtest.arms import Floats
    from playbook.abtest.effect import Alternative, Relative


def lift_of(pair: Pair) -> Floats:
    """The difference over the control's value; missing where that is not above zero.

    >>> import numpy as np
    >>> from playbook.abtest.after.reading import Pair
    >>> pair = Pair(np.array([12.0, 1.0]), np.array([10.0, 0.0]), *[np.ones(2)] * 4)
    >>> lift_of(pair).tolist()
    [0.2, nan]
    """
    import numpy as np

    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(pair.control > 0, pair.difference / pair.control, np.nan)


def lift_interval(
    pair: Pair, reach: Floats, alternative: Alternative, relative: Relative
) -> tuple[Floats, Floats]:
    """The ends of the lift's interval, by one of the three ways.

    Args:
        pair: Values and spreads.
        reach: Critical value of z or t.
        alternative: A one-sided interval is open on the other side.
        relative: fieller, log or delta.

    >>> import numpy as np
    >>> from playbook.abtest.after.reading import Pair
    >>> pair = Pair(*map(np.array, (12.0, 10.0, 1.0, 1.0, 0.0, np.inf)))
    >>> print(*(f"{end:.4f}" for end in lift_interval(pair, 1.644854, "greater", "log")))
    -0.0313 inf
    """
    import numpy as np

    way = {"fieller": fieller, "log": log_ratio, "delta": delta}[relative]
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = way(pair, reach)
    known = pair.control > 0
    return sided(np.where(known, low, np.nan), np.where(known, high, np.nan), alternative)


def fieller(pair: Pair, reach: Floats) -> tuple[Floats, Floats]:
    """All lifts that the test would not reject; -inf and inf where it would reject none for good.

    >>> import numpy as np
    >>> from playbook.abtest.after.reading import Pair
    >>> pair = Pair(*map(np.array, (12.0, 10.0, 1.0, 1.0, 0.0, np.inf)))
    >>> print(*(f"{end:.4f}" for end in fieller(pair, 1.959964)))
    -0.0679 0.5638
    >>> [float(end) for end in fieller(pair._replace(control=np.array(1.5)), 1.959964)]
    [-inf, inf]
    """
    import numpy as np

    square = reach**2
    bounded = pair.control**2 - square * pair.variance_control
    shared = pair.variance * pair.variance_control - pair.covariance**2
    spread = _relative_variance(pair) - square * shared
    middle = pair.control * pair.difference - square * (pair.covariance - pair.variance_control)
    root = reach * np.sqrt(np.maximum(spread, 0.0))
    open_ = bounded <= 0
    low = np.where(open_, -np.inf, (middle - root) / bounded)
    return low, np.where(open_, np.inf, (middle + root) / bounded)


def log_ratio(pair: Pair, reach: Floats) -> tuple[Floats, Floats]:
    """The delta method on the logarithm of the ratio; missing where a value is not above zero.

    >>> import numpy as np
    >>> from playbook.abtest.after.reading import Pair
    >>> pair = Pair(*map(np.array, (12.0, 10.0, 1.0, 1.0, 0.0, np.inf)))
    >>> print(*(f"{end:.4f}" for end in log_ratio(pair, 1.959964)))
    -0.0702 0.5488
    """
    import numpy as np

    error = np.sqrt(_relative_variance(pair)) / (pair.value * pair.control)
    middle = np.log(np.where(pair.value > 0, pair.value / pair.control, np.nan))
    return np.expm1(middle - reach * error), np.expm1(middle + reach * error)


def delta(pair: Pair, reach: Floats) -> tuple[Floats, Floats]:
    """The delta method on the ratio itself.

    >>> import numpy as np
    >>> from playbook.abtest.after.reading import Pair
    >>> pair = Pair(*map(np.array, (12.0, 10.0, 1.0, 1.0, 0.0, np.inf)))
    >>> print(*(f"{end:.4f}" for end in delta(pair, 1.959964)))
    -0.1062 0.5062
    """
    import numpy as np

    error = np.sqrt(_relative_variance(pair)) / pair.control**2
    middle = pair.difference / pair.control
    return middle - reach * error, middle + reach * error


def _relative_variance(pair: Pair) -> Floats:
    """Variance of the ratio, times the control's value to the fourth."""
    return (
        pair.control**2 * pair.variance
        - 2 * pair.control * pair.value * pair.covariance
        + pair.value**2 * pair.variance_control
    )
