"""Conversion under censoring: what a young cohort's rate would be, were it as old as the others.

A lead captured yesterday has not failed to convert; it has had no time to. The Kaplan–Meier
estimate counts each entity for as long as it has been followed and no longer, so the rate after
30 days uses the old cohorts and as much as is known of the young ones.

The clock is elapsed time: whole hours from entry to conversion, or to the moment up to which
things are known. It assumes that young and old cohorts convert alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook.errors import ParameterError, unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import pandas as pd

COLUMNS = ("hours", "converted", "n")


def curve(durations: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
    """The share that has converted by each moment at which somebody did.

    Args:
        durations: How long entities were followed, aggregated or not, in any order: `hours`
            (elapsed from entry to conversion, or to where knowledge ends), `converted` (whether
            it ended in conversion) and `n` (how many entities). A conversion recorded before its
            entry (negative hours) counts at the entry.
        confidence: Coverage of the interval at each single moment.

    Returns:
        One row per hour with a conversion, earliest first: `days` (since entry), `at_risk`
        (followed up to then, and not converted before), `converted` (then), `rate` (share
        converted by then), `low`, `high`. No row where nobody converted.

    Raises:
        ParameterError: A missing column or value, negative n, or an entity followed for less
            than no time without conversion.

    Sources: Kaplan and Meier (1958), as computed by statsmodels; where a conversion and an end
    of follow-up fall on the same hour, the conversion comes first. Variance by Greenwood (1926).
    Interval by Rothman (1978), "Estimation of confidence limits for the cumulative probability
    of survival in life table analysis": Wilson's interval with the number of entities that,
    followed to the end, would give the same variance. Where everybody was followed to the end
    it is Wilson's interval of the plain share, as everywhere else in the funnel.

    >>> import pandas as pd
    >>> followed = pd.DataFrame(
    ...     {"hours": [24, 48, 72], "converted": [True, False, True], "n": [10, 40, 10]}
    ... )
    >>> curve(followed)[["days", "at_risk", "converted", "rate"]].round(3)
       days  at_risk  converted   rate
    0   1.0       60         10  0.167
    1   3.0       10         10  1.000
    """
    import pandas as pd

    estimate = _estimate(_checked(durations))
    low, high = _interval(estimate["rate"], estimate["size"], confidence)
    return pd.DataFrame(
        {
            "days": estimate["hours"] / 24,
            "at_risk": estimate["at_risk"],
            "converted": estimate["converted"],
            "rate": estimate["rate"],
            "low": low,
            "high": high,
        }
    )


def at(durations: pd.DataFrame, days: Sequence[float], *, confidence: float = 0.95) -> pd.DataFrame:
    """The share that converts within so many days of entry.

    Args:
        durations: As in `curve`.
        days: Days since entry, in any order.
        confidence: Coverage of the interval of each single rate.

    Returns:
        One row per element of `days`, in its order: `days`, `rate`, `low`, `high`, `at_risk`
        (followed that long, and not converted before: what the rate's tail rests on). Rate and
        interval are missing beyond the longest follow-up, unless all had converted by then.

    Raises:
        ParameterError: As in `curve`, or a negative number of days.

    Sources: as in `curve`.

    >>> import pandas as pd
    >>> followed = pd.DataFrame(
    ...     {"hours": [24, 48, 96], "converted": [True, False, False], "n": [10, 40, 10]}
    ... )
    >>> at(followed, [2, 4, 5])[["days", "rate", "at_risk"]].round(3)
       days   rate  at_risk
    0   2.0  0.167       50
    1   4.0  0.167       10
    2   5.0    NaN        0
    """
    import numpy as np
    import pandas as pd

    asked = np.asarray(list(days), dtype=float)
    if not (asked >= 0).all():
        raise ParameterError(f"days must be 0 or more, not {list(days)}.")
    table = _checked(durations)
    hours, n = table["hours"].to_numpy(), table["n"].to_numpy()
    at_risk = np.array([int(n[hours >= day * 24].sum()) for day in asked], dtype="int64")
    estimate = _estimate(table)
    place = np.searchsorted(estimate["hours"].to_numpy(), asked * 24, side="right")
    rate = np.concatenate([[0.0], estimate["rate"]])[place]
    # Nobody has converted yet: what is known rests on those who were followed that long.
    size = np.concatenate([[np.nan], estimate["size"]])[place]
    size = np.where(place == 0, at_risk, size)
    rate = np.where((at_risk > 0) | (rate == 1), rate, np.nan)
    low, high = _interval(rate, size, confidence)
    return pd.DataFrame({"days": asked, "rate": rate, "low": low, "high": high, "at_risk": at_risk})


def _checked(durations: pd.DataFrame) -> pd.DataFrame:
    """The durations that count somebody, a conversion before its entry moved to the entry."""
    for name in COLUMNS:
        if name not in durations.columns:
            raise ParameterError(unknown("column of durations", name, durations.columns))
    table = durations[list(COLUMNS)]
    if table.isna().to_numpy().any():
        raise ParameterError("durations has empty cells; give hours, converted and n in each row.")
    table = table.astype({"hours": "float64", "converted": "bool", "n": "int64"})
    if (table["n"] < 0).any():
        raise ParameterError("n of durations must be 0 or more.")
    early = (table["hours"] < 0) & ~table["converted"]
    if early.any():
        raise ParameterError(
            f"{int(early.sum())} rows of durations end before they begin (hours below 0, not "
            "converted); leave out entities that entered after the moment up to which you know."
        )
    counted = table[table["n"] > 0]
    return counted.assign(hours=counted["hours"].clip(lower=0))


def _estimate(table: pd.DataFrame) -> pd.DataFrame:
    """Per hour with a conversion: `at_risk`, `converted`, `rate`, `size` (effective number)."""
    import numpy as np
    import pandas as pd
    from statsmodels.duration.survfunc import SurvfuncRight

    columns = ["hours", "at_risk", "converted", "rate", "size"]
    if not table["converted"].any():
        return pd.DataFrame(columns=columns, dtype=float)
    status = table["converted"].to_numpy(dtype=float)
    found = SurvfuncRight(
        table["hours"].to_numpy(), status, freq_weights=table["n"].to_numpy(dtype=float)
    )
    at_risk, converted = np.rint(found.n_risk), np.rint(found.n_events)
    survival = np.where(at_risk == converted, 0.0, found.surv_prob)
    result = pd.DataFrame(
        {
            "hours": found.surv_times,
            "at_risk": at_risk.astype("int64"),
            "converted": converted.astype("int64"),
            "rate": 1 - survival,
            "size": _effective(survival, at_risk, converted),
        }
    )
    return result[columns]


def _effective(
    survival: np.ndarray[Any, Any], at_risk: np.ndarray[Any, Any], converted: np.ndarray[Any, Any]
) -> np.ndarray[Any, Any]:
    """How many entities, all followed to the end, would give the rate its Greenwood variance.

    statsmodels' own standard error is another one where it is given weights (Tsiatis, of the
    cumulative hazard), so the sum is made here.
    """
    import numpy as np

    left = at_risk - converted
    safe = np.where(left > 0, left, 1)
    greenwood = np.cumsum(np.where(left > 0, converted / (at_risk * safe), 0.0))
    size: np.ndarray[Any, Any] = np.divide(
        1 - survival,
        survival * greenwood,
        out=np.zeros_like(survival),
        where=(survival > 0) & (greenwood > 0),
    )
    # When all that were left convert at once the variance is unknown; the number before holds.
    last = survival == 0
    size[last] = size[np.flatnonzero(last) - 1] if len(size) > 1 else at_risk[last]
    return size


def _interval(rate: Any, size: Any, confidence: float) -> tuple[Any, Any]:
    """Wilson's interval of a share of an effective number, missing where the rate is."""
    import numpy as np
    import pandas as pd

    from playbook.intervals import wilson

    share = np.asarray(rate, dtype=float)
    known = ~np.isnan(share)
    trials = np.where(known, np.asarray(size, dtype=float), 0.0)
    successes = np.where(known, share, 0.0) * trials
    return wilson(pd.Series(successes), pd.Series(trials), confidence)
