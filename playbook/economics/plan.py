"""A budget over channels by their verdicts, where no curve says how far to go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.economics.allocate import apportion
from playbook.errors import ParameterError

if TYPE_CHECKING:
    import pandas as pd

TESTS = "kept for tests"


def by_verdict(table: pd.DataFrame, budget: float, *, shift: float = 0.3) -> pd.DataFrame:
    """A budget in parts that add up to it: cut channels give, kept ones take, the rest stays.

    Every channel starts from its share of the last cost. What is cut gives up `shift` of it; what
    is kept shares that in proportion, but takes no more than `shift` of its own; what nobody may
    take is kept for tests. It is a rule, not an optimum: it says in which direction, by a step
    that can be taken back.

    Args:
        table: One row per channel: `channel`, `cost` (the last quarter's), `verdict`.
        budget: To be divided, above 0.
        shift: How far a channel may move, as a share of its part.

    Returns:
        The table with `start` (its part of the budget as things are), `proposal`, `move`
        (proposal less start); then a row `kept for tests` where anything is left. Proposals add
        up to the budget to the cent.

    Raises:
        ParameterError: No budget, no cost to start from, or a share that makes no sense.

    >>> import pandas as pd
    >>> now = pd.DataFrame({"channel": ["A", "B"], "cost": [50.0, 50.0]})
    >>> by_verdict(now.assign(verdict=["cut", "keep"]), 200)["proposal"].tolist()
    [70.0, 130.0]
    """
    import pandas as pd

    if not 0 <= shift <= 1:
        raise ParameterError(f"shift must be 0 to 1, not {shift}")
    if not budget > 0 or not table["cost"].sum() > 0:
        raise ParameterError("a plan needs a budget above 0 and a cost to start from")
    start = pd.Series(apportion(budget, table["cost"].clip(lower=0).tolist()), table.index)
    gives = start.where(table["verdict"] == "cut", 0.0) * shift
    takes = start.where(table["verdict"] == "keep", 0.0)
    room = float(takes.sum()) * shift
    freed = float(gives.sum())
    added = takes * (min(freed, room) / takes.sum() if room else 0.0)
    parts = [*(start - gives + added), freed - min(freed, room)]
    cents = apportion(budget, [max(part, 0.0) for part in parts])
    result = table.assign(start=start, proposal=cents[:-1])
    if cents[-1]:
        rest = {"channel": TESTS, "cost": 0.0, "start": 0.0, "proposal": cents[-1]}
        result = pd.concat([result, pd.DataFrame([rest])], ignore_index=True)
    return result.assign(move=(result["proposal"] - result["start"]).round(2))
