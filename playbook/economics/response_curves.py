"""Response curves: what more cost brought, with diminishing returns, or why nobody can tell."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from playbook.economics.unit_costs import CONFIDENCE
from playbook.errors import ParameterError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Floats = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True, slots=True)
class Demands:
    """What the data must carry before a curve is believed (all ours).

    Attributes:
        periods: So many weeks or months with a cost at least.
        paid: The share of all of them that must have one: bursts say when, not how much.
        outcomes: So many leads at least.
        spread: How much the cost must have moved beside trend and season, as the standard
            deviation of its logarithm.
    """

    periods: int = 24
    paid: float = 0.8
    outcomes: int = 50
    spread: float = 0.1


class Curve(NamedTuple):
    """A response curve `outcome = base_outcome * (cost / base_cost) ** elasticity`.

    Attributes:
        reason: Why it is refused; empty where it is accepted.
        elasticity: Per cent more outcome for one per cent more cost; nan where nothing was fitted.
        low: Lower bound of it.
        high: Upper bound.
        base_cost: Cost of the last periods, from which the curve is told.
        base_outcome: What the model expects for that cost.
        least: Least cost in as many periods that was seen (the 5 % quantile).
        most: Most cost that was seen (the 95 % quantile).
        periods: How many were fitted.
        outcomes: How many leads stand behind it.
        dispersion: How many times as much the outcome varies as a Poisson count, never below 1.
        spread: Standard deviation of log cost beside trend and season.
        mean: Means of (log base_outcome, elasticity), to draw from.
        covariance: Their covariance, 2 x 2.
    """

    reason: str
    elasticity: float
    low: float
    high: float
    base_cost: float
    base_outcome: float
    least: float
    most: float
    periods: int
    outcomes: float
    dispersion: float
    spread: float
    mean: tuple[float, float]
    covariance: tuple[tuple[float, float], tuple[float, float]]

    @property
    def accepted(self) -> bool:
        """Whether the data carry it."""
        return not self.reason

    def at(self, cost: float) -> float:
        """What is expected for that cost."""
        return float(self.base_outcome * (cost / self.base_cost) ** self.elasticity)


def fit_curve(
    table: pd.DataFrame,
    *,
    per_year: int,
    base: int,
    demands: Demands | None = None,
    confidence: float = CONFIDENCE,
) -> Curve:
    """The response curve of one channel, or the reason for refusing it.

    A log-log model of counts: `log E[outcome] = a + elasticity * log cost + trend + season`, by
    quasi-Poisson regression; season (one sine and cosine a year) where two years are known. Leads
    vary more than Poisson counts and neighbouring weeks are alike, so that the largest of three
    standard errors counts: the dispersion's, HC3, and that of Newey and West. It is what happened
    to go together, no experiment: who spends more because demand is up finds a curve as well.

    Args:
        table: One row per week or month in order, none left out: `cost`, `outcome` (a count).
        per_year: 52 for weeks, 12 for months.
        base: So many of the last periods are the point from which the curve is told, such as 13.
        demands: What the data must carry; ours by default.
        confidence: Of the interval.

    Returns:
        See `Curve`. It is refused where the demands are not met, where the interval of the
        elasticity holds 0 (more cost did not clearly bring more), or reaches 1 (nothing shows
        that returns diminish).

    Raises:
        ParameterError: A column is missing, or a period makes no sense.

    Source: McCullagh and Nelder (1989), "Generalized Linear Models", for the dispersion; Newey and
    West (1987), with 4 (n / 100) ^ (2 / 9) lags; both as computed by statsmodels. MacKinnon and
    White (1985) for HC3.
    """
    import numpy as np

    if lacking := [name for name in ("cost", "outcome") if name not in table.columns]:
        raise ParameterError(f"the table lacks {', '.join(lacking)}")
    if per_year < 1 or base < 1:
        raise ParameterError(f"per_year and base must be 1 or more, not {per_year} and {base}")
    asked = demands or Demands()
    cost = table["cost"].to_numpy(float)
    outcome = table["outcome"].to_numpy(float)
    paid = cost > 0
    if reason := _too_little(cost, outcome, asked):
        return _refused(reason, int(paid.sum()), float(outcome[paid].sum()))
    times = np.arange(len(cost), dtype=float)[paid]
    others = _others(times, per_year)
    logs = np.log(cost[paid])
    spread = _spread(logs, others)
    if spread < asked.spread:
        reason = (
            f"its cost hardly varies beside trend and season: by {spread:.0%}, "
            f"{asked.spread:.0%} are needed"
        )
        return _refused(reason, int(paid.sum()), float(outcome[paid].sum()), spread)
    data = _Data(cost, outcome, logs, others, spread)
    return _fitted(data, base, confidence)


def _too_little(cost: Floats, outcome: Floats, asked: Demands) -> str:
    paid = int((cost > 0).sum())
    total = float(outcome[cost > 0].sum())
    if not paid:
        return "it has no cost"
    if paid < asked.periods:
        return f"it has a cost in {paid} periods only; {asked.periods} are needed"
    if paid < asked.paid * len(cost):
        return f"its cost comes in bursts: in {paid} of {len(cost)} periods"
    if total < asked.outcomes:
        return f"{total:.0f} leads are too few; {asked.outcomes} are needed"
    return ""


def _others(times: Floats, per_year: int) -> Floats:
    """Level, trend and season."""
    import numpy as np

    columns = [np.ones(len(times)), (times - times.mean()) / per_year]
    if times[-1] - times[0] + 1 >= 2 * per_year:
        angle = 2 * math.pi * times / per_year
        columns += [np.sin(angle), np.cos(angle)]
    return np.column_stack(columns)


def _spread(logs: Floats, others: Floats) -> float:
    import numpy as np

    fitted = others @ np.linalg.lstsq(others, logs, rcond=None)[0]
    free = max(len(logs) - others.shape[1], 1)
    return float(np.sqrt(((logs - fitted) ** 2).sum() / free))


class _Data(NamedTuple):
    """What is fitted: all periods' cost and outcome, and of those with a cost the rest."""

    cost: Floats
    outcome: Floats
    logs: Floats
    others: Floats
    spread: float


def _fitted(data: _Data, base: int, confidence: float) -> Curve:
    import numpy as np
    import statsmodels.api as sm
    from scipy.stats import t as student

    cost, outcome, logs, others, spread = data
    paid = cost > 0
    base_cost = float(cost[-base:].sum())
    if not base_cost > 0:
        return _refused("nothing was spent lately", int(paid.sum()), float(outcome.sum()), spread)
    middle = float(logs.mean())
    matrix = np.column_stack([others, logs - middle])
    model = sm.GLM(outcome[paid], matrix, family=sm.families.Poisson())
    found = model.fit(scale="X2")
    dispersion = max(float(found.scale), 1.0)
    lags = int(4 * (len(logs) / 100) ** (2 / 9))
    robust = model.fit(cov_type="HAC", cov_kwds={"maxlags": lags})
    own = found.cov_params() * dispersion / float(found.scale)
    sandwich = max(float(robust.bse[-1] ** 2), _hc3(matrix, outcome[paid], found.mu))
    factor = max(sandwich / float(own[-1, -1]), 1.0)
    covariance = own * factor
    elasticity, error = float(found.params[-1]), float(np.sqrt(covariance[-1, -1]))
    reach = float(student.ppf((1 + confidence) / 2, found.df_resid)) * error
    recent = np.arange(len(cost))[paid] >= len(cost) - base
    expected = np.exp(matrix[recent] @ found.params)
    # By the delta method: how the logarithm of the base's sum moves with each parameter.
    slope = (expected[:, None] * matrix[recent]).sum(axis=0) / expected.sum()
    last = np.zeros(len(slope))
    last[-1] = 1.0
    both = np.vstack([slope, last])
    joint = both @ covariance @ both.T
    least, most = np.quantile(cost[paid], [0.05, 0.95]) * base
    low, high = elasticity - reach, elasticity + reach
    return Curve(
        reason=_why_not(elasticity, low, high),
        elasticity=elasticity,
        low=low,
        high=high,
        base_cost=base_cost,
        base_outcome=float(expected.sum()),
        least=float(least),
        most=float(most),
        periods=int(paid.sum()),
        outcomes=float(outcome[paid].sum()),
        dispersion=dispersion,
        spread=spread,
        mean=(float(np.log(expected.sum())), elasticity),
        covariance=((joint[0, 0], joint[0, 1]), (joint[1, 0], joint[1, 1])),
    )


def _hc3(matrix: Floats, outcome: Floats, mean: Floats) -> float:
    """The last parameter's variance whatever the noise is like, each week judged by the others."""
    import numpy as np

    bread = np.linalg.inv(matrix.T @ (matrix * mean[:, None]))
    leverage = mean * np.einsum("ij,jk,ik->i", matrix, bread, matrix)
    scores = matrix * ((outcome - mean) / (1 - leverage))[:, None]
    return float((bread @ (scores.T @ scores) @ bread)[-1, -1])


def _why_not(elasticity: float, low: float, high: float) -> str:
    ends = f"{elasticity:.2f} (95 %: {low:.2f} to {high:.2f})".replace("-", "−")
    if low <= 0:
        return f"more cost did not clearly bring more: elasticity {ends}"
    if high >= 1:
        return f"nothing shows that returns diminish: elasticity {ends}"
    return ""


def _refused(reason: str, periods: int, outcomes: float, spread: float = math.nan) -> Curve:
    nan = math.nan
    return Curve(
        reason, nan, nan, nan, nan, nan, nan, nan, periods, outcomes, nan, spread, (nan, nan),
        ((nan, nan), (nan, nan)),
    )  # fmt: skip


def assumed(base_cost: float, base_outcome: float, elasticity: float) -> Curve:
    """A curve that nobody has seen, to ask what would follow if it were so.

    Its base is what was counted, with the spread of a Poisson count; half a lead where none came.

    Args:
        base_cost: What was spent lately, above 0.
        base_outcome: Leads that came of it.
        elasticity: Between 0 and 1, both excluded.

    Raises:
        ParameterError: An elasticity that no diminishing return has, or no cost.

    >>> assumed(1000.0, 40.0, 0.5).at(4000.0)
    80.0
    """
    if not 0 < elasticity < 1:
        raise ParameterError(f"elasticity must lie between 0 and 1, not {elasticity}")
    if not base_cost > 0:
        raise ParameterError(f"base_cost must be above 0, not {base_cost}")
    outcome = max(base_outcome, 0.5)
    return Curve(
        reason="", elasticity=elasticity, low=math.nan, high=math.nan, base_cost=base_cost,
        base_outcome=outcome, least=0.0, most=math.inf, periods=0, outcomes=base_outcome,
        dispersion=1.0, spread=math.nan, mean=(math.log(outcome), elasticity),
        covariance=((1 / outcome, 0.0), (0.0, 0.0)),
    )  # fmt: skip


def weeks_to_know(
    weekly_outcome: float, *, swing: float = 0.5, margin: float = 0.25, dispersion: float = 1.0
) -> float:
    """Weeks of changing the cost on purpose until an elasticity is known to a margin.

    Every other week, drawn at random, the cost is `swing` higher, else `swing` lower.

    Args:
        weekly_outcome: Leads a week.
        swing: Between 0 and 1, both excluded.
        margin: Half the width of the 95 % interval that is wanted.
        dispersion: As in `Curve`.

    Returns:
        Weeks; nan without leads.

    >>> round(weeks_to_know(20.0))
    10
    """
    if not weekly_outcome > 0:
        return math.nan
    spread = (math.log1p(swing) - math.log1p(-swing)) / 2
    return (1.96 / margin) ** 2 * dispersion / (weekly_outcome * spread**2)
