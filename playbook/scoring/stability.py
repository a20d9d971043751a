"""Whether the leads of now are still those a score was made for."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from playbook.errors import ParameterError
from playbook.scoring import encoding

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

LOOK = 0.1
ACT = 0.25
"""Usual readings of the index (Siddiqi 2006): below 0.1 stable, above 0.25 moved."""


class Drift(NamedTuple):
    """How far a distribution has moved.

    Attributes:
        psi: Population stability index; 0 where nothing moved.
        chance: What it stays under in 95 of 100 samples of this size though nothing moved.
        verdict: `stable`, `moving` (from 0.1) or `moved` (from 0.25); `stable` where the index
            is no larger than chance makes it.
        bins: One row per bin: `bin`, `train_n`, `now_n`, `train_share`, `now_share`, `psi`.
    """

    psi: float
    chance: float
    verdict: str
    bins: pd.DataFrame


def drift(train: pd.Series[Any], now: pd.Series[Any], *, bins: int = 10) -> Drift:
    """How far a score, or a column, has moved since the leads it was made for.

    Args:
        train: Values of the leads it was made for; numbers, or levels.
        now: Values of the leads of now.
        bins: Equal parts of `train` that numbers are put into; equal values stay together.
            Missing is a bin of its own.

    Raises:
        ParameterError: Either is empty; fewer than two bins.

    Source: Siddiqi (2006), "Credit Risk Scorecards"; its distribution without change is
    chi-square scaled by 1/n + 1/m, as in Yurdakul and Naranjo (2020). A share of nothing is taken
    as half a lead.

    >>> import pandas as pd
    >>> round(drift(pd.Series(["a"] * 60 + ["b"] * 40), pd.Series(["a"] * 40 + ["b"] * 60)).psi, 4)
    0.1622
    """
    import numpy as np
    import pandas as pd
    from scipy import stats

    train, now = pd.Series(train), pd.Series(now)
    if not len(train) or not len(now) or bins < 2:
        raise ParameterError(
            f"drift needs values on both sides ({len(train)} and {len(now)} here) and 2 bins or "
            f"more ({bins} here)."
        )
    names, before, after = _counted(train, now, bins)
    first, last = _shares(before), _shares(after)
    parts = (last - first) * np.log(last / first)
    table = pd.DataFrame({"bin": names, "train_n": before, "now_n": after})
    table["train_share"] = before / before.sum()
    table["now_share"], table["psi"] = after / after.sum(), parts
    scale = 1 / before.sum() + 1 / after.sum()
    chance = float(stats.chi2.ppf(0.95, max(len(names) - 1, 1)) * scale)
    psi = float(parts.sum())
    moved = psi > chance and psi >= LOOK
    verdict = ("moved" if psi >= ACT else "moving") if moved else "stable"
    return Drift(psi, chance, verdict, table)


def _counted(
    train: pd.Series[Any], now: pd.Series[Any], bins: int
) -> tuple[list[str], np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Names of the bins and how many fall into each, before and after."""
    import numpy as np

    if encoding.kind_of(train) == "number":
        names, old, new = _cut(train, now, bins)
    else:
        levels = [encoding.texts(side).fillna(encoding.MISSING) for side in (train, now)]
        names = sorted({*levels[0], *levels[1]})
        place = {name: index for index, name in enumerate(names)}
        old, new = (side.map(place).to_numpy() for side in levels)
    before, after = (np.bincount(side, minlength=len(names)) for side in (old, new))
    seen = [place for place in range(len(names)) if before[place] + after[place]]
    return [names[place] for place in seen], before[seen], after[seen]


def _cut(
    train: pd.Series[Any], now: pd.Series[Any], bins: int
) -> tuple[list[str], np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Names of the bins of a number, and the bin of each value before and after."""
    import numpy as np

    known = encoding.numbers(train).dropna()
    cuts = np.unique(known.quantile(np.linspace(0, 1, bins + 1)[1:-1]))
    edges = [f"{cut:g}" for cut in cuts]
    names = [f"below {edges[0]}", *(f"{a} to {b}" for a, b in pairwise(edges))]
    names += [f"{edges[-1]} and above", encoding.MISSING]
    found = []
    for side in (train, now):
        plain = encoding.numbers(side)
        place = np.searchsorted(cuts, plain, side="right")
        found.append(np.where(plain.isna(), len(names) - 1, place))
    return names, found[0], found[1]


def _shares(counts: np.ndarray[Any, Any]) -> Any:
    import numpy as np

    return np.maximum(counts, 0.5) / counts.sum()
