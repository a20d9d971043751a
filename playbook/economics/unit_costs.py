"""Cost per lead, per MQL, per customer: ratios of sums, with the interval of their count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook.errors import ParameterError
from playbook.format import div

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import pandas as pd

CONFIDENCE = 0.95
FEW = 10
"""A cost per thing that rests on fewer things is called loose."""


def poisson_interval(
    counts: pd.Series[Any] | np.ndarray[Any, Any], confidence: float = CONFIDENCE
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """The exact interval of the mean of a Poisson count, element by element; missing stays so.

    Source: Garwood (1936), "Fiducial limits for the Poisson distribution": half the quantiles of
    chi-square with 2k and 2k + 2 degrees of freedom. For counts in parts, as attribution gives
    them, the same formula is read between the whole numbers.

    >>> import pandas as pd
    >>> low, high = poisson_interval(pd.Series([0, 10]))
    >>> low.round(2).tolist(), high.round(2).tolist()
    ([0.0, 4.8], [3.69, 18.39])
    """
    import numpy as np
    from scipy.special import gammaincinv

    k = np.asarray(counts, dtype=float)
    tail = (1 - confidence) / 2
    # The chi-square quantile with 2k degrees of freedom is twice that of a gamma of shape k.
    low = np.where(k > 0, gammaincinv(np.where(k > 0, k, 1.0), tail), 0.0)
    high = gammaincinv(np.where(k >= 0, k, 0.0) + 1, 1 - tail)
    known = k >= 0
    return np.where(known, low, np.nan), np.where(known, high, np.nan)


def unit_costs(
    table: pd.DataFrame,
    per: Mapping[str, str],
    *,
    cost: str = "cost",
    confidence: float = CONFIDENCE,
) -> pd.DataFrame:
    """The table with its cost per thing, for any number of things, each with an interval.

    The cost is taken as known, the number of things as a Poisson count: whoever spends the same
    again gets another number. A thing that never came has no cost, but a lower bound: it costs
    more than that. No cost at all is missing, not 0.

    Args:
        table: One row per channel, campaign or whatever; `cost` and the columns counted.
        per: New column and the column it divides by, such as `{"cpl": "leads"}`.
        cost: The column of cost.
        confidence: Of the intervals.

    Returns:
        The table with `<name>`, `<name>_low`, `<name>_high` for every entry of `per`.

    Raises:
        ParameterError: A column is missing.

    >>> import pandas as pd
    >>> spent = pd.DataFrame({"cost": [1000.0, 1000.0], "won": [10, 0]})
    >>> unit_costs(spent, {"cac": "won"}).round(1).values.tolist()
    [[1000.0, 10.0, 100.0, 54.4, 208.5], [1000.0, 0.0, nan, 271.1, nan]]
    """
    import pandas as pd

    lacking = [name for name in (cost, *per.values()) if name not in table.columns]
    if lacking:
        there = ", ".join(map(str, table.columns))
        raise ParameterError(f"the table lacks {', '.join(lacking)}; there are: {there}")
    result = table.copy()
    spent = table[cost].astype(float).where(table[cost].astype(float) > 0)
    for name, thing in per.items():
        low, high = poisson_interval(table[thing], confidence)
        result[name] = div(spent, table[thing])
        result[f"{name}_low"] = div(spent, pd.Series(high, table.index))
        result[f"{name}_high"] = div(spent, pd.Series(low, table.index))
    return result
