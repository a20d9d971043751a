"""Two returns of the same money, which are different numbers, and what lies between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.errors import ParameterError
from playbook.format import div

if TYPE_CHECKING:
    import pandas as pd

PARTS = ("won_in_span", "own_revenue", "from_earlier_leads", "won_after_span")


def returns(table: pd.DataFrame, *, cost: str = "cost") -> pd.DataFrame:
    """Simple and realised ROI of each row, and their difference in parts that add up.

    Simple ROI sets the cost of a span against what was won in it, whoever had been captured when:
    money out against money in. Realised ROI sets it against what the leads captured in the span
    have brought so far. The first takes credit for earlier leads; the second leaves out what
    young leads will still bring:

        simple - realised = won from earlier leads / cost - won after the span by its leads / cost

    Args:
        table: One row per channel or whatever: `cost`, `won_in_span` (amount won in the span),
            `own_revenue` (amount won so far by the leads of the span), `from_earlier_leads` (part
            of `won_in_span` by leads captured before it), `won_after_span` (part of `own_revenue`
            won after its end).
        cost: The column of cost.

    Returns:
        The table with `simple_roi`, `realised_roi`, `difference`, `by_earlier_leads`,
        `by_later_wins` (the two parts, which add up to the difference); missing without a cost.

    Raises:
        ParameterError: A column is missing, or the amounts contradict each other.

    >>> import pandas as pd
    >>> one = {"cost": 100.0, "won_in_span": 250.0, "own_revenue": 120.0}
    >>> two = {"from_earlier_leads": 180.0, "won_after_span": 50.0}
    >>> returns(pd.DataFrame([one | two])).iloc[0, 5:].tolist()
    [1.5, 0.2, 1.3, 1.8, -0.5]
    """
    if lacking := [name for name in (cost, *PARTS) if name not in table.columns]:
        there = ", ".join(map(str, table.columns))
        raise ParameterError(f"the table lacks {', '.join(lacking)}; there are: {there}")
    amounts = table[[cost, *PARTS]].astype(float)
    same = amounts["won_in_span"] - amounts["from_earlier_leads"]
    apart = (same - (amounts["own_revenue"] - amounts["won_after_span"])).abs()
    if (apart > 0.01).any():
        wrong = list(table.index[apart > 0.01])
        raise ParameterError(
            "won_in_span - from_earlier_leads and own_revenue - won_after_span must be the same "
            f"amount, what the span's leads won in it; they differ in rows {wrong}."
        )
    spent = amounts[cost].where(amounts[cost] > 0)
    result = table.copy()
    result["simple_roi"] = div(amounts["won_in_span"] - spent, spent)
    result["realised_roi"] = div(amounts["own_revenue"] - spent, spent)
    result["difference"] = div(amounts["won_in_span"] - amounts["own_revenue"], spent)
    result["by_earlier_leads"] = div(amounts["from_earlier_leads"], spent)
    result["by_later_wins"] = 0.0 - div(amounts["won_after_span"], spent)
    return result
