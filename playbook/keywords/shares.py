"""What classes and intents cost, and what came of them: shares of cost beside shares of MQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook.errors import ParameterError
from playbook.format import div
from playbook.intervals import holm, wilson

if TYPE_CHECKING:
    import pandas as pd

OUTCOMES = ("leads", "mql", "sql", "won")
UNKNOWN = "not classified"


def shares(words: pd.DataFrame, by: str, *, outcome: str = "mql") -> pd.DataFrame:
    """Cost and outcome of each group of words, as sums and as shares of the whole.

    Whether a group brings fewer outcomes than its money would: of all outcomes each falls to a
    group with the probability of its share of cost, if money bought the same everywhere. The exact
    binomial test asks how often that would bring so few, or so many.

    Args:
        words: One row per word: `by`, `cost`, and where known `impressions`, `clicks`, `leads`,
            `mql`, `sql`, `won`; missing counts are left out of the sums.
        by: The column of the groups; a missing group is "not classified".
        outcome: Which outcome is set beside the cost.

    Returns:
        One row per group, dearest first: `by`, `words`, the sums, `cost_share`, `<outcome>_share`
        with `<outcome>_share_low` and `_high` (Wilson 95 %), `gap` (outcome share less cost
        share), `p_value` (two-sided), `p_adjusted` (Holm), `is_below`, `is_above` (beyond chance).
        The sums add up to those of the words; shares are missing where the whole is 0.

    Raises:
        ParameterError: A column is missing.

    >>> import pandas as pd
    >>> spent = pd.DataFrame({"intent": ["high", "low"], "cost": [60.0, 40.0], "mql": [20, 0]})
    >>> shares(spent, "intent")[["intent", "cost_share", "mql_share", "is_below"]].values.tolist()
    [['high', 0.6, 1.0, False], ['low', 0.4, 0.0, True]]
    """
    if lacking := [name for name in (by, "cost", outcome) if name not in words.columns]:
        there = ", ".join(map(str, words.columns))
        raise ParameterError(f"the table lacks {', '.join(lacking)}; there are: {there}")
    summed = [c for c in ("cost", "impressions", "clicks", *OUTCOMES) if c in words.columns]
    named = words.assign(**{by: words[by].fillna(UNKNOWN)})
    groups = named.groupby(by, sort=True)
    table = groups[summed].sum().assign(words=groups.size()).reset_index()
    total = table[["cost", outcome]].sum()
    table["cost_share"] = div(table["cost"], total["cost"])
    table[f"{outcome}_share"] = div(table[outcome], total[outcome])
    low, high = wilson(table[outcome], table[outcome] * 0 + total[outcome])
    table[f"{outcome}_share_low"], table[f"{outcome}_share_high"] = low, high
    table["gap"] = table[f"{outcome}_share"] - table["cost_share"]
    table["p_value"] = _two_sided(table, outcome)
    table["p_adjusted"] = holm(table["p_value"])
    clear = table["p_adjusted"] < 0.05
    table["is_below"], table["is_above"] = clear & (table["gap"] < 0), clear & (table["gap"] > 0)
    ordered = table.sort_values(["cost", by], ascending=[False, True], ignore_index=True)
    return ordered[[by, "words", *[c for c in ordered.columns if c not in {by, "words"}]]]


def _two_sided(table: pd.DataFrame, outcome: str) -> pd.Series[Any]:
    """The exact binomial test of each group's outcomes against its share of the cost."""
    import pandas as pd
    from scipy.stats import binomtest

    n = int(table[outcome].sum())
    known = table["cost_share"].notna() & (n > 0)
    values = [
        binomtest(int(k), n, min(float(share), 1.0)).pvalue if ok else float("nan")
        for k, share, ok in zip(table[outcome], table["cost_share"], known, strict=True)
    ]
    return pd.Series(values, index=table.index, dtype=float)
