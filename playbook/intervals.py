"""Intervals of shares, and p values adjusted for many looks: one rule for every page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


def wilson(
    successes: pd.Series[Any] | np.ndarray[Any, Any],
    trials: pd.Series[Any] | np.ndarray[Any, Any],
    confidence: float = 0.95,
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Wilson interval of a share, element by element; missing where there were no trials.

    Source: Wilson (1927), "Probable inference, the law of succession, and statistical inference".

    >>> import pandas as pd
    >>> low, high = wilson(pd.Series([842]), pd.Series([8000]))
    >>> [round(float(x[0]), 4) for x in (low, high)]
    [0.0987, 0.1122]
    """
    from statistics import NormalDist

    import numpy as np

    n = np.asarray(trials, dtype=float)
    k = np.asarray(successes, dtype=float)
    known = n > 0
    share = np.divide(k, n, out=np.zeros(n.shape), where=known)
    square = NormalDist().inv_cdf((1 + confidence) / 2) ** 2
    middle = (k + square / 2) / (n + square)
    reach = np.sqrt(square * (n * share * (1 - share) + square / 4)) / (n + square)
    low, high = np.where(known, middle - reach, np.nan), np.where(known, middle + reach, np.nan)
    low[known & (k == 0)], high[known & (k == n)] = 0.0, 1.0  # exact, where rounding is not
    return low, high


def holm(p_values: pd.Series[float]) -> pd.Series[float]:
    """The p values adjusted for all that are known; missing ones stay missing and do not count.

    Source: Holm (1979), "A simple sequentially rejective multiple test procedure".

    >>> import pandas as pd
    >>> holm(pd.Series([0.01, 0.04, float("nan"), 0.03])).tolist()
    [0.03, 0.06, nan, 0.06]
    """
    import numpy as np

    result = p_values.astype("float64").copy()
    values = result.to_numpy(copy=True)
    order = np.argsort(values, kind="stable")[: int(np.isfinite(values).sum())]
    # By hand: statsmodels collects garbage at each call, which takes a hundred times as long.
    steps = values[order] * np.arange(len(order), 0, -1)
    values[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    result[:] = values
    return result


def benjamini_hochberg(p_values: pd.Series[float]) -> pd.Series[float]:
    """The p values adjusted so that of all called proven, few are false; missing ones stay missing.

    Calling proven what is at most 0.05 keeps the expected share of false alarms among the proven
    at 5 % or less, where the tests are independent or lean the same way.

    Source: Benjamini and Hochberg (1995), "Controlling the false discovery rate", by SciPy.

    >>> import pandas as pd
    >>> benjamini_hochberg(pd.Series([0.01, 0.04, float("nan"), 0.03])).tolist()
    [0.03, 0.04, nan, 0.04]
    """
    import numpy as np
    from scipy.stats import false_discovery_control

    result = p_values.astype("float64").copy()
    values = result.to_numpy(copy=True)
    known = np.isfinite(values)
    if known.any():
        values[known] = false_discovery_control(values[known], method="bh")
    result[:] = values
    return result
