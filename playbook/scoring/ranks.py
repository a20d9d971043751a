"""The area under the ROC curve, with its interval and the difference of two of them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from playbook.errors import ParameterError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Values = pd.Series[Any] | np.ndarray[Any, Any] | list[float]
    Floats = np.ndarray[Any, Any]


class Difference(NamedTuple):
    """How much better the first of two scores ranks the same leads.

    Attributes:
        first: AUC of the first score.
        second: AUC of the second.
        difference: First minus second.
        low: Lower bound of the difference.
        high: Upper bound.
        p_value: Two-sided test of no difference; nan where the two rank alike.
    """

    first: float
    second: float
    difference: float
    low: float
    high: float
    p_value: float


def auc_difference(
    first: Values, second: Values, outcome: Values, *, confidence: float = 0.95
) -> Difference:
    """Which of two scores of the same leads ranks those with the outcome higher.

    Args:
        first: One score per lead.
        second: Another score of the same leads, in the same order.
        outcome: Whether each had the outcome.
        confidence: Coverage of the interval.

    Raises:
        ParameterError: Lengths differ, a value is missing, or all outcomes are the same.

    Source: DeLong, DeLong and Clarke-Pearson (1988), "Comparing the areas under two or more
    correlated receiver operating characteristic curves".
    """
    import numpy as np
    from scipy import stats

    one, truth = checked(first, outcome)
    two, _ = checked(second, outcome)
    areas, covariance = delong(np.vstack([one, two]), truth)
    gap = float(areas[0] - areas[1])
    error = math.sqrt(max(0.0, covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]))
    reach = float(stats.norm.ppf(0.5 + confidence / 2)) * error
    p_value = float(2 * stats.norm.sf(abs(gap) / error)) if error > 0 else math.nan
    return Difference(float(areas[0]), float(areas[1]), gap, gap - reach, gap + reach, p_value)


def auc(scores: Values, outcome: Values) -> float:
    """The chance that a lead with the outcome scores higher than one without; ties count half.

    >>> auc([1, 2, 2, 3], [False, False, True, True])
    0.875
    """
    import numpy as np

    values, truth = checked(scores, outcome)
    return float(delong(np.atleast_2d(values), truth)[0][0])


def auc_interval(
    scores: Values, outcome: Values, confidence: float = 0.95
) -> tuple[float, float, float]:
    """The AUC with its DeLong interval on the logit scale; no interval where it is 0 or 1."""
    import numpy as np
    from scipy import stats

    values, truth = checked(scores, outcome)
    areas, covariance = delong(np.atleast_2d(values), truth)
    area, error = float(areas[0]), math.sqrt(float(covariance[0, 0]))
    if not 0 < area < 1:
        return area, math.nan, math.nan
    middle = math.log(area / (1 - area))
    reach = float(stats.norm.ppf(0.5 + confidence / 2)) * error / (area * (1 - area))
    low, high = (1 / (1 + math.exp(-(middle + sign * reach))) for sign in (-1, 1))
    return area, low, high


def checked(scores: Values, outcome: Values) -> tuple[Floats, np.ndarray[Any, Any]]:
    """Scores as floats and outcomes as booleans.

    Raises:
        ParameterError: Lengths differ, a value is missing, or all outcomes are the same.
    """
    import numpy as np
    import pandas as pd

    values = pd.to_numeric(pd.Series(np.asarray(scores))).astype("float64")
    truth = pd.to_numeric(pd.Series(np.asarray(outcome))).astype("float64")
    if len(values) != len(truth):
        raise ParameterError(f"there are {len(values)} scores and {len(truth)} outcomes.")
    if missing := int(values.isna().sum() + truth.isna().sum()):
        raise ParameterError(f"{missing} scores or outcomes are missing; leave those leads out.")
    if not truth.isin([0, 1]).all():
        raise ParameterError("outcome must be true or false, or 1 or 0.")
    if truth.nunique() < 2:
        raise ParameterError(
            f"all {len(truth)} outcomes are {'true' if truth.sum() else 'false'}: there is "
            "nothing to tell apart."
        )
    return values.to_numpy(), truth.to_numpy() == 1


def delong(scores: Floats, truth: np.ndarray[Any, Any]) -> tuple[Floats, Floats]:
    """AUC of each row of scores, and their covariance.

    Source: Sun and Xu (2014), "Fast implementation of DeLong's algorithm"; by midranks.
    """
    import numpy as np
    from scipy.stats import rankdata

    yes, no = int(truth.sum()), int((~truth).sum())
    above = np.empty((len(scores), yes))
    below = np.empty((len(scores), no))
    for place, row in enumerate(scores):
        ranks = rankdata(row)
        above[place] = (ranks[truth] - rankdata(row[truth])) / no
        below[place] = 1 - (ranks[~truth] - rankdata(row[~truth])) / yes
    areas = above.mean(axis=1)
    spread = sum(
        np.atleast_2d(np.cov(part)) / part.shape[1] if part.shape[1] > 1 else np.zeros(1)
        for part in (above, below)
    )
    return areas, np.broadcast_to(spread, (len(scores), len(scores)))
