"""Where models differ, by how much, and whether the difference is larger than chance makes.

For each name the lowest and the highest model are set side by side. They are picked after looking,
from many pairs and many names, so an interval for that one pair alone would find differences where
there are none. The intervals here hold for all pairs of models and all names at once: the reach of
each is its standard error times one factor, the quantile over draws of the largest standardised
deviation anywhere in the table (max-t). Draws are paired: a draw's journeys are the same for all
models, so what moves them together cancels.

A difference within the noise is no proof that the models agree; one beyond it says that the choice
of model matters, not which is right.

Sources: Romano and Wolf (2005), "Exact and approximate stepdown methods for multiple hypothesis
testing" (its single step); Efron and Tibshirani (1993), "An introduction to the bootstrap".
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any, Literal

from playbook.attribution.resample import UNATTRIBUTED, check
from playbook.errors import ParameterError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from playbook.attribution.resample import Replicates

    Floats = np.ndarray[Any, np.dtype[np.float64]]

FLAT = 1e-9
"""Standard errors below this part of all credit are those of models that are one and the same."""


def table(
    given: pd.DataFrame,
    drawn: Replicates,
    *,
    by: str,
    what: Literal["conversions", "value"] = "conversions",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """The lowest and the highest model of every name.

    Args:
        given: A row per name, a column `by`, and a column per model: its credit.
        drawn: The same models over resampled journeys.
        by: The column of names.
        what: Whether the credit is conversions or value. Shares are these, divided by their sum.
        confidence: Of all intervals together.

    Returns:
        `by, lowest_model, lowest, highest_model, highest, spread, spread_low, spread_high,
        is_beyond_noise, pairs_beyond_noise`, widest spread first; without the row of conversions
        that no touch had. `spread_low` below 0 says that the order of the two may be the other way
        round. `pairs_beyond_noise` counts the pairs of models that differ by more than chance,
        which the widest need not be where one model is much noisier than the others.

    Raises:
        ParameterError: Fewer than two models, one that was not drawn, too few draws, or the value
            of conversions that have none.
    """
    import numpy as np
    import pandas as pd

    models = [c for c in given.columns if c != by]
    _refuse(models, drawn, confidence)
    kept = (given[by] != UNATTRIBUTED).to_numpy(dtype=bool)
    point = given.loc[kept, models].to_numpy(dtype=float).T
    if np.isnan(point).any():
        raise ParameterError(f"what: {what}; these conversions have none, compare conversions")
    place = {name: i for i, name in enumerate(drawn.names)}
    at = np.array([place.get(str(name), -1) for name in given.loc[kept, by]], dtype=np.int64)
    unit = {"conversions": 0, "value": 1}[what]
    moved = np.stack([drawn.credits[m][:, at, unit] for m in models], axis=1)
    moved[:, :, at < 0] = 0.0  # a name of no journey: nothing, in every draw
    reach = _reach(point, moved, confidence)
    low, high = point.argmin(axis=0), point.argmax(axis=0)
    row = np.arange(point.shape[1])
    spread = point[high, row] - point[low, row]
    margin = reach[low, high, row]
    found = pd.DataFrame(
        {
            by: given.loc[kept, by].to_numpy(),
            "lowest_model": [models[i] for i in low],
            "lowest": point[low, row],
            "highest_model": [models[i] for i in high],
            "highest": point[high, row],
            "spread": spread,
            "spread_low": spread - margin,
            "spread_high": spread + margin,
            "is_beyond_noise": spread - margin > FLAT * _whole(point),
            "pairs_beyond_noise": _pairs_apart(point, reach),
        }
    )
    order = sorted(range(len(found)), key=lambda i: (-spread[i], str(found[by][i])))
    return found.iloc[order].reset_index(drop=True)


def _refuse(models: list[str], drawn: Replicates, confidence: float) -> None:
    if len(models) < 2:
        raise ParameterError(f"models: {', '.join(models)}; it takes two or more to differ")
    if missing := [m for m in models if m not in drawn.credits]:
        raise ParameterError(f"models: no draws of {', '.join(missing)}")
    check(len(drawn.credits[models[0]]), confidence)


def _pairs_apart(point: Floats, reach: Floats) -> np.ndarray[Any, Any]:
    import numpy as np

    apart = np.abs(point[:, None] - point[None, :]) > reach + FLAT * _whole(point)
    pairs: np.ndarray[Any, Any] = np.triu(apart.swapaxes(0, 2)).sum(axis=(1, 2))
    return pairs


def _whole(point: Floats) -> float:
    """All credit of a model; 1 where there is less."""
    import numpy as np

    return max(float(np.abs(point).sum(axis=1).max(initial=0.0)), 1.0)


def _reach(point: Floats, drawn: Floats, confidence: float) -> Floats:
    """Half the width of each pair's interval; shape (models, models, names), 0 on the diagonal."""
    import numpy as np

    models, names = point.shape
    reach = np.zeros((models, models, names))
    flat = FLAT * _whole(point)
    largest = np.zeros(len(drawn))
    for a, b in combinations(range(models), 2):
        moved = drawn[:, a] - drawn[:, b]
        error = moved.std(axis=0, ddof=1)
        away = np.abs(moved - (point[a] - point[b])[None, :])
        firm = error > flat
        if firm.any():
            largest = np.maximum(largest, (away[:, firm] / error[firm]).max(axis=1))
        reach[a, b] = reach[b, a] = np.where(firm, error, 0.0)
    return reach * float(np.quantile(largest, confidence))
