"""The same budget where it brings most: marginal returns made equal, within bounds."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from playbook.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from playbook.economics.response_curves import Curve

    Floats = np.ndarray[Any, np.dtype[np.float64]]

DRAWS, SEED = 4000, 20_261_031


class Plan(NamedTuple):
    """A budget over channels, and what it is expected to bring.

    Attributes:
        cost: Proposed, in the order of the curves; their sum is the budget.
        before: Expected for the present cost, each.
        after: Expected for the proposed cost, each.
        gain: All after less all before.
        gain_low: Lower bound, 95 %.
        gain_high: Upper bound.
        chance: Share of the draws in which the proposal brings more.
    """

    cost: list[float]
    before: list[float]
    after: list[float]
    gain: float
    gain_low: float
    gain_high: float
    chance: float


def best(
    base_cost: Sequence[float],
    base_outcome: Sequence[float],
    elasticity: Sequence[float],
    *,
    budget: float,
    low: Sequence[float],
    high: Sequence[float],
) -> list[float]:
    """The division of a budget that brings most, exactly.

    Curves `base_outcome * (cost / base_cost) ** elasticity` with elasticities between 0 and 1 are
    concave, so that at the best division all channels that are not at a bound bring the same for
    one more unit of money; that common return is found by bisection.

    Args:
        base_cost: Above 0.
        base_outcome: What the base cost brings, worth included, 0 or more.
        elasticity: Between 0 and 1, both excluded.
        budget: To be spent in full.
        low: Least that each may get.
        high: Most that each may get.

    Returns:
        The cost of each; together the budget.

    Raises:
        ParameterError: The bounds do not allow the budget, or an elasticity is not between 0 and
            1.
    """
    import numpy as np
    from scipy.optimize import brentq

    cost, outcome, power, least, most = (
        np.asarray(x, dtype=float) for x in (base_cost, base_outcome, elasticity, low, high)
    )
    if not ((power > 0) & (power < 1)).all():
        raise ParameterError(f"elasticities must lie between 0 and 1, not {list(elasticity)}")
    if (least > most).any() or not least.sum() - 1e-6 <= budget <= most.sum() + 1e-6:
        raise ParameterError(
            f"a budget of {budget:.2f} does not fit the bounds: together they allow "
            f"{least.sum():.2f} to {most.sum():.2f}"
        )

    def at(log_return: float) -> Floats:
        marginal = np.log(np.maximum(outcome, 1e-300) * power / cost)
        wanted = np.log(cost) + (marginal - log_return) / (1 - power)
        spent: Floats = np.clip(np.exp(np.minimum(wanted, 700.0)), least, most)
        return spent

    if most.sum() - least.sum() < 1e-9:
        return [float(x) for x in least]
    ends = -2000.0, 2000.0
    found = brentq(lambda x: float(at(x).sum()) - budget, *ends, xtol=1e-13, rtol=1e-14)
    spent = at(found)
    # What bisection leaves goes to those that are free to take it.
    free = (spent > least) & (spent < most)
    if free.any():
        spent[free] += (budget - spent.sum()) * spent[free] / spent[free].sum()
    return [float(x) for x in spent]


def reallocate(
    curves: Sequence[Curve],
    *,
    budget: float | None = None,
    shift: float = 0.3,
    worth: Sequence[float] | None = None,
    worth_draws: Floats | None = None,
    elasticity_draws: Floats | None = None,
    draws: int = DRAWS,
    seed: int = SEED,
) -> Plan:
    """A budget over channels with accepted curves, and its gain with an interval.

    No channel is moved by more than `shift`, nor beyond what has been seen of it. The interval is
    that of this proposal: curves are drawn anew from what the data leave open, the proposal stays
    as it is, so that a gain that only fits the luckiest curve is not promised.

    Args:
        curves: Accepted ones.
        budget: To be spent; by default what they cost now.
        shift: How far each may move, as a share of its cost.
        worth: What one outcome of each is worth, such as SQLs per lead; 1 by default.
        worth_draws: The same drawn anew, draws x channels, where it is not known exactly.
        elasticity_draws: Elasticities drawn by the caller, draws x channels; by default from each
            curve.
        draws: How often curves are drawn.
        seed: Of the draws.

    Returns:
        See `Plan`. A budget that the bounds do not allow is spent as far as they do.

    Raises:
        ParameterError: A refused curve, no curve, or shares that make no sense.
    """
    import numpy as np

    if not curves or not all(curve.accepted for curve in curves):
        raise ParameterError("reallocate needs accepted curves, and at least one")
    if not 0 <= shift <= 1:
        raise ParameterError(f"shift must be 0 to 1, not {shift}")
    now = [curve.base_cost for curve in curves]
    low, high = bounds(curves, shift)
    asked = sum(now) if budget is None else budget
    placed = min(max(asked, sum(low)), sum(high))
    value = np.ones(len(curves)) if worth is None else np.asarray(worth, dtype=float)
    base = np.array([curve.base_outcome for curve in curves]) * value
    power = [curve.elasticity for curve in curves]
    cost = best(now, base.tolist(), power, budget=placed, low=low, high=high)
    ratio = np.asarray(cost) / np.asarray(now)
    after = base * ratio ** np.array(power)
    rng = np.random.default_rng(seed)
    drawn = np.zeros(draws)
    for i, curve in enumerate(curves):
        log_base, b = rng.multivariate_normal(curve.mean, curve.covariance, draws).T
        power_drawn = b if elasticity_draws is None else elasticity_draws[:draws, i]
        each = np.full(draws, value[i]) if worth_draws is None else worth_draws[:draws, i]
        drawn += np.exp(log_base) * each * (ratio[i] ** power_drawn - 1)
    gain_low, gain_high = np.quantile(drawn, [0.025, 0.975])
    return Plan(
        cost=cost,
        before=base.tolist(),
        after=after.tolist(),
        gain=float(after.sum() - base.sum()),
        gain_low=float(gain_low),
        gain_high=float(gain_high),
        chance=float((drawn > 0).mean()),
    )


def bounds(curves: Sequence[Curve], shift: float) -> tuple[list[float], list[float]]:
    """How little and how much each may get: within the shift, and within what has been seen."""
    low = [max(c.base_cost * (1 - shift), min(c.least, c.base_cost)) for c in curves]
    high = [min(c.base_cost * (1 + shift), max(c.most, c.base_cost)) for c in curves]
    return low, high


def marginal(curve: Curve, cost: float) -> float:
    """What one more unit of money brings at that cost.

    >>> from playbook.economics.response_curves import Curve
    >>> nan = math.nan
    >>> curve = Curve(
    ...     "",
    ...     0.5,
    ...     0.4,
    ...     0.6,
    ...     100.0,
    ...     20.0,
    ...     50.0,
    ...     200.0,
    ...     52,
    ...     900,
    ...     1.0,
    ...     0.3,
    ...     (nan, nan),
    ...     ((nan, nan), (nan, nan)),
    ... )
    >>> round(marginal(curve, 100.0), 3), round(marginal(curve, 400.0), 3)
    (0.1, 0.05)
    """
    return curve.elasticity * curve.at(cost) / cost if cost > 0 else math.inf
