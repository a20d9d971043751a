"""What a score is worth on leads it has not seen: ranking, honesty, and use to those who call."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from playbook.errors import ParameterError
from playbook.format import div
from playbook.intervals import wilson
from playbook.scoring import ranks

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from playbook.scoring.ranks import Values

TENTHS = 10


class Judgement(NamedTuple):
    """What a score is worth.

    Attributes:
        n: Leads judged.
        positives: Of them, with the outcome.
        auc: Chance that a lead with the outcome scores higher than one without.
        auc_low: Lower bound (DeLong); nan where the AUC is 0 or 1.
        auc_high: Upper bound.
        brier: Mean squared error of the probability; nan where scores are points.
        brier_of_base_rate: The same of one probability for all; the score should be below it.
        calibration_error: Expected calibration error, a share; nan where scores are points.
        calibration: One row per tenth of the leads by score: `bin`, `n`, `predicted` (mean),
            `positives`, `rate`, `low`, `high` (Wilson); empty where scores are points.
        deciles: One row per tenth, best first: `decile`, `n`, `lowest` (score), `positives`,
            `rate`, `low`, `high`, `lift` (rate against the rate of all), `share_of_positives`
            (in this and all better deciles). Equal scores share a tenth, so sizes may differ.
        at_capacity: What calling as many leads as sales can means: one row of `thresholds`;
            empty without a capacity.
    """

    n: int
    positives: int
    auc: float
    auc_low: float
    auc_high: float
    brier: float
    brier_of_base_rate: float
    calibration_error: float
    calibration: pd.DataFrame
    deciles: pd.DataFrame
    at_capacity: pd.DataFrame


def judge(
    scores: Values, outcome: Values, *, capacity: int | None = None, confidence: float = 0.95
) -> Judgement:
    """What a score is worth on these leads, which it must not have been fitted to.

    Args:
        scores: One per lead; probabilities where all lie between 0 and 1 and are not all whole,
            else points.
        outcome: Whether each had the outcome, in the same order.
        capacity: How many of these leads sales could call.
        confidence: Coverage of the intervals.

    Raises:
        ParameterError: Lengths differ, a value is missing, outcomes are all the same, or the
            capacity is below 1.

    Source: DeLong, DeLong and Clarke-Pearson (1988); Brier (1950); expected calibration error
    over ten equal parts as in Naeini, Cooper and Hauskrecht (2015).
    """
    import numpy as np

    values, truth = ranks.checked(scores, outcome)
    area, low, high = ranks.auc_interval(values, truth, confidence)
    tenth = _tenths(values)
    is_probability = bool(((values >= 0) & (values <= 1)).all() and (values % 1 != 0).any())
    calibration = _calibration(values, truth, tenth, confidence)
    gaps = (calibration["predicted"] - calibration["rate"]).abs() * calibration["n"]
    base = float(truth.mean())
    return Judgement(
        n=len(truth),
        positives=int(truth.sum()),
        auc=area,
        auc_low=low,
        auc_high=high,
        brier=float(np.mean((values - truth) ** 2)) if is_probability else math.nan,
        brier_of_base_rate=base * (1 - base),
        calibration_error=float(gaps.sum() / len(truth)) if is_probability else math.nan,
        calibration=calibration if is_probability else calibration.iloc[:0],
        deciles=_deciles(values, truth, tenth, confidence),
        at_capacity=_at_capacity(values, truth, capacity, confidence),
    )


def thresholds(scores: Values, outcome: Values, *, confidence: float = 0.95) -> pd.DataFrame:
    """What each possible threshold would hand to sales.

    Args:
        scores: One per lead.
        outcome: Whether each had the outcome.
        confidence: Coverage of the intervals.

    Returns:
        One row per different score, highest first: `threshold` (leads at or above it are
        called), `called`, `positives`, `precision`, `low`, `high` (Wilson), `recall` (of all
        with the outcome), `lift` (precision against the rate of all).

    Raises:
        ParameterError: As for `judge`.
    """
    import pandas as pd

    values, truth = ranks.checked(scores, outcome)
    grouped = pd.Series(truth).groupby(values).agg(["size", "sum"])[::-1].cumsum()
    table = pd.DataFrame({"threshold": grouped.index.to_numpy(dtype=float)})
    table["called"] = grouped["size"].to_numpy(dtype="int64")
    table["positives"] = grouped["sum"].to_numpy(dtype="int64")
    table["precision"] = div(table["positives"], table["called"])
    table["low"], table["high"] = wilson(table["positives"], table["called"], confidence)
    table["recall"] = table["positives"] / truth.sum()
    table["lift"] = table["precision"] / truth.mean()
    return table


def _at_capacity(
    values: np.ndarray[Any, Any], truth: np.ndarray[Any, Any], capacity: int | None, level: float
) -> pd.DataFrame:
    """The lowest threshold that does not hand over more leads than can be called."""
    table = thresholds(values, truth, confidence=level)
    if capacity is None:
        return table.iloc[:0]
    if capacity < 1:
        raise ParameterError(f"capacity must be 1 lead or more, not {capacity}.")
    return table[table["called"] <= capacity].tail(1).reset_index(drop=True)


def _tenths(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The tenth of each score, 0 for the lowest; equal scores together, by their middle rank."""
    import numpy as np
    from scipy.stats import rankdata

    middle = (rankdata(values) - 0.5) / len(values)
    tenths: np.ndarray[Any, Any] = np.minimum((middle * TENTHS).astype(int), TENTHS - 1)
    return tenths


def _calibration(
    values: np.ndarray[Any, Any],
    truth: np.ndarray[Any, Any],
    tenth: np.ndarray[Any, Any],
    confidence: float,
) -> pd.DataFrame:
    import numpy as np
    import pandas as pd

    rows = pd.DataFrame({"tenth": tenth, "predicted": values, "truth": truth}).groupby("tenth")
    table = pd.DataFrame({"n": rows.size(), "predicted": rows["predicted"].mean()})
    table["positives"] = rows["truth"].sum().astype("int64")
    table["rate"] = div(table["positives"], table["n"])
    table["low"], table["high"] = wilson(table["positives"], table["n"], confidence)
    table.insert(0, "bin", np.arange(1, len(table) + 1))
    return table.reset_index(drop=True)


def _deciles(
    values: np.ndarray[Any, Any],
    truth: np.ndarray[Any, Any],
    tenth: np.ndarray[Any, Any],
    confidence: float,
) -> pd.DataFrame:
    import pandas as pd

    rows = pd.DataFrame({"decile": TENTHS - tenth, "score": values, "truth": truth})
    grouped = rows.groupby("decile")
    table = pd.DataFrame({"n": grouped.size(), "lowest": grouped["score"].min()})
    table["positives"] = grouped["truth"].sum().astype("int64")
    table["rate"] = div(table["positives"], table["n"])
    table["low"], table["high"] = wilson(table["positives"], table["n"], confidence)
    table["lift"] = table["rate"] / truth.mean()
    table["share_of_positives"] = table["positives"].cumsum() / truth.sum()
    return table.reset_index()
