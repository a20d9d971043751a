"""What the ad platforms say they brought, beside what arrived in the CRM."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.errors import ParameterError
from playbook.format import div

if TYPE_CHECKING:
    import pandas as pd


def beside(
    table: pd.DataFrame, *, reported: str = "conversions", arrived: str = "leads"
) -> pd.DataFrame:
    """Arrived per reported, with the exact interval of the ratio of two counts.

    A platform counts what its own tag saw, perhaps one person twice and perhaps a view without a
    form; the CRM counts leads, duplicates once. A ratio far from what it is elsewhere says that
    one of the two counts wrongly there, not that the channel is good or bad.

    Args:
        table: One row per channel, campaign or account, with the two counts.
        reported: The platform's count.
        arrived: The CRM's.

    Returns:
        The table with `ratio` (arrived / reported), `ratio_low`, `ratio_high` (95 %), missing
        where nothing was reported.

    Raises:
        ParameterError: A column is missing.

    Source: given the sum of two Poisson counts, one of them is binomial; Clopper and Pearson
    (1934) gives its interval, and the odds of that are the ratio's.

    >>> import pandas as pd
    >>> beside(pd.DataFrame({"conversions": [100], "leads": [50]})).round(2).values.tolist()
    [[100.0, 50.0, 0.5, 0.35, 0.71]]
    """
    import numpy as np
    from scipy.special import betaincinv

    if lacking := [name for name in (reported, arrived) if name not in table.columns]:
        raise ParameterError(f"the table lacks {', '.join(lacking)}")
    there, said = table[arrived].to_numpy(float), table[reported].to_numpy(float)
    known = said > 0
    low = np.where(there > 0, betaincinv(np.maximum(there, 1), said + 1, 0.025), 0.0)
    high = np.where(known, betaincinv(there + 1, np.maximum(said, 1), 0.975), np.nan)
    result = table.copy()
    result["ratio"] = div(table[arrived], table[reported])
    result["ratio_low"] = np.where(known, low / (1 - low), np.nan)
    result["ratio_high"] = high / (1 - high)
    return result
