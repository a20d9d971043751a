"""How long a month's cost takes to come back from the leads of that month."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from playbook.errors import ParameterError
from playbook.format import div

if TYPE_CHECKING:
    import pandas as pd


class Usual(NamedTuple):
    """How long it usually takes for the cost to come back.

    Attributes:
        months: The median over cohorts, those not paid back yet counted as still running; nan
            where fewer than half have come so far.
        low: Lower bound, 95 %; nan where it cannot be said.
        high: Upper bound.
        cohorts: How many there are with a cost.
        paid_back: How many of them have their cost back.
    """

    months: float
    low: float
    high: float
    cohorts: int
    paid_back: int


def payback_curves(cohorts: pd.DataFrame, revenue: pd.DataFrame, *, until: int) -> pd.DataFrame:
    """The share of each cohort's cost that has come back, month by month since its capture.

    Args:
        cohorts: `cohort` (month number, counted in whole months from any start), `cost`.
        revenue: `cohort`, `month` (when it was won, on the same count), `amount`.
        until: The last whole month that is known.

    Returns:
        `cohort`, `age` (months since the cohort's own, from 0), `revenue` (up to then), `share`
        (of the cost; missing without one); only ages that have been lived.

    Raises:
        ParameterError: A column is missing, or something was won before its cohort began.
    """
    import pandas as pd

    for name, table, needs in (
        ("cohorts", cohorts, ("cohort", "cost")),
        ("revenue", revenue, ("cohort", "month", "amount")),
    ):
        if lacking := [column for column in needs if column not in table.columns]:
            raise ParameterError(f"{name} lacks {', '.join(lacking)}")
    if (revenue["month"] < revenue["cohort"]).any():
        raise ParameterError("revenue has months before those of its cohort")
    lived = cohorts[cohorts["cohort"] <= until]
    grid = lived.loc[lived.index.repeat(until - lived["cohort"] + 1), ["cohort", "cost"]]
    grid["age"] = grid.groupby("cohort").cumcount()
    won = revenue.assign(age=revenue["month"] - revenue["cohort"])
    won = won.groupby(["cohort", "age"])[["amount"]].sum().reset_index()
    table = grid.merge(won, on=["cohort", "age"], how="left")
    amounts = pd.to_numeric(table["amount"]).fillna(0.0)
    table["revenue"] = amounts.groupby(table["cohort"]).cumsum()
    table["share"] = div(table["revenue"], table["cost"])
    return table[["cohort", "age", "revenue", "share"]].reset_index(drop=True)


def payback(cohorts: pd.DataFrame, revenue: pd.DataFrame, *, until: int) -> pd.DataFrame:
    """When each cohort's revenue first covered its cost.

    Args:
        cohorts: As in `payback_curves`.
        revenue: As in `payback_curves`.
        until: As in `payback_curves`.

    Returns:
        One row per cohort: `cohort`, `cost`, `revenue` (so far), `share` (of the cost, so far),
        `months` (whole months after the cohort's own until covered, 0 within it; missing where it
        is not yet), `lived` (months it has been watched), `paid_back`.

    Raises:
        ParameterError: As `payback_curves`.

    >>> import pandas as pd
    >>> cohorts = pd.DataFrame({"cohort": [0, 1], "cost": [100.0, 100.0]})
    >>> won = pd.DataFrame({"cohort": [0, 0, 1], "month": [1, 3, 2], "amount": [60.0, 50.0, 30.0]})
    >>> payback(cohorts, won, until=3)[["share", "months", "lived"]].values.tolist()
    [[1.1, 3.0, 3.0], [0.3, nan, 2.0]]
    """
    lines = payback_curves(cohorts, revenue, until=until)
    last = lines.groupby("cohort").last()
    covered = lines[lines["share"] >= 1].groupby("cohort")["age"].first()
    table = cohorts[cohorts["cohort"] <= until][["cohort", "cost"]].set_index("cohort")
    table = table.assign(
        revenue=last["revenue"],
        share=last["share"],
        months=covered.astype(float),
        lived=last["age"],
    )
    table["paid_back"] = table["months"].notna()
    return table.reset_index()


def usual(cohorts: pd.DataFrame) -> Usual:
    """The median months to payback over cohorts, those still running counted as such.

    Leaving them out would make payback look fast: only the quick ones would count.

    Args:
        cohorts: What `payback` returned.

    Source: Kaplan and Meier (1958); the interval by Brookmeyer and Crowley (1982), as computed by
    statsmodels.
    """
    import warnings

    from statsmodels.duration.survfunc import SurvfuncRight

    known = cohorts[cohorts["share"].notna()]
    paid = int(known["paid_back"].sum())
    nan = float("nan")
    if not paid:
        return Usual(nan, nan, nan, len(known), paid)
    # A month is whole: one that paid back within its own month took up to one.
    times = known["months"].fillna(known["lived"]).to_numpy(float) + 1
    found = SurvfuncRight(times, known["paid_back"].to_numpy(int))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        low, high = found.quantile_ci(0.5)
    months = float(found.quantile(0.5))
    ends = [_finite(x - 1) for x in (months, low, high)]
    return Usual(ends[0], ends[1], ends[2], len(known), paid)


def _finite(x: float) -> float:
    import math

    return float(x) if math.isfinite(x) else math.nan
