"""Intervals of shares: one rule for every page."""

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
