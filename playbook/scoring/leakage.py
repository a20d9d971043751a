"""Columns that know the outcome: proven by declaration, suspected by what they show."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from playbook import tables
from playbook.format import number, percent
from playbook.scoring import encoding, ranks

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis.expr.types as ir
    import numpy as np
    import pandas as pd

FOLDS = 5
BINS = 20
CHANCE = 1e-6
"""How unlikely it must be that a column is filled on one side of the outcome only by chance."""


def suspects(
    table: pd.DataFrame | ir.Table,
    outcome: str,
    *,
    columns: Sequence[str] | None = None,
    power: float = 0.85,
    filled: float = 0.7,
    min_level: int = 30,
) -> pd.DataFrame:
    """Columns that tell the outcome better than anything known beforehand is likely to.

    A suspicion, not a proof: whoever knows when a column is filled confirms it or drops it.

    Args:
        table: One row per lead, with an outcome column.
        outcome: Column that is true (or 1) where the outcome came.
        columns: Columns to look at; all others where None.
        power: AUC from which one column alone is implausible.
        filled: AUC from which whether a column is filled, alone, is implausible.
        min_level: Levels with fewer leads are looked at together.

    Returns:
        One row per suspect and sign, strongest first: `column`, `sign` (`power`, or `filled`),
        `auc` (of that sign alone; levels and numbers in twentieths are judged on leads that were
        not used to rate them), `evidence` (in words).

    Raises:
        ParameterError: A column is missing; outcomes are not true or false, or all the same.

    >>> import pandas as pd
    >>> leads = pd.DataFrame({"won": [1, 0] * 50, "contract": ["signed", None] * 50})
    >>> suspects(leads, "won")[["column", "sign"]]
         column    sign
    0  contract  filled
    1  contract   power
    """
    import numpy as np
    import pandas as pd

    frame = tables.as_pandas(table)
    names = [name for name in (columns or frame.columns) if name != outcome]
    _, truth = ranks.checked(np.zeros(len(frame)), frame[outcome])
    rows = []
    for name in names:
        rows += list(filter(None, [_filled(frame[name], truth, filled)]))
        found = _power(frame[name], truth, min_level)
        if found >= power:
            words = f"alone it tells the outcome with AUC {found:.3f} (suspect from {power:g})"
            rows.append((name, "power", found, words))
    listed = pd.DataFrame(rows, columns=["column", "sign", "auc", "evidence"])
    return listed.sort_values("auc", ascending=False, kind="stable").reset_index(drop=True)


def _filled(
    values: pd.Series[Any], truth: np.ndarray[Any, Any], limit: float
) -> tuple[str, str, float, str] | None:
    """Whether being filled goes with the outcome, with the evidence."""
    has = encoding.texts(values).notna().to_numpy()
    if has.all() or not has.any():
        return None
    yes, no = float(has[truth].mean()), float(has[~truth].mean())
    area = 0.5 + abs(yes - no) / 2
    side = truth.mean() if no == 0 else 1 - truth.mean() if yes == 0 else 1.0
    is_one_sided = has.sum() * math.log(side) < math.log(CHANCE)
    if area < limit and not is_one_sided:
        return None
    words = (
        f"filled for {percent(yes)} of the {number(truth.sum())} with the outcome and for "
        f"{percent(no)} of the {number((~truth).sum())} without it"
    )
    return str(values.name), "filled", area, words


def _power(values: pd.Series[Any], truth: np.ndarray[Any, Any], min_level: int) -> float:
    """AUC of the column's own rates, each lead rated by the other folds."""
    import numpy as np
    import pandas as pd

    level = _level(values, min_level)
    if level.nunique() < 2:
        return 0.5
    base, fold = truth.mean(), np.arange(len(truth)) % FOLDS
    rated = np.empty(len(truth))
    for part in range(FOLDS):
        seen = pd.Series(truth[fold != part]).groupby(level[fold != part].to_numpy())
        rates = (seen.sum() + base) / (seen.size() + 1)
        rated[fold == part] = level[fold == part].map(rates).fillna(base)
    return ranks.auc(rated, truth)


def _level(values: pd.Series[Any], min_level: int) -> pd.Series[Any]:
    """The column as few levels, missing among them."""
    import pandas as pd

    if encoding.kind_of(values) == "number":
        ranked = encoding.numbers(values).rank(pct=True)
        bins = (ranked * BINS).round().astype(object)
        return pd.Series(bins.where(ranked.notna(), encoding.MISSING), index=values.index)
    return encoding.level_of(encoding.learn(values, min_level), values)
