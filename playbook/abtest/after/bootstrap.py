"""Intervals for any statistic, by drawing the units of each arm again.

For what has no formula, such as a trimmed mean, a Gini coefficient or a ratio of medians. Where
there is a formula (a share, a mean, a ratio, a quantile) it gives the same answer in a thousandth
of the time: see `compare` and `quantile`.

Units must be independent: one row per unit. An arm of fewer than some thirty units, or the greatest
or smallest value as the statistic, are beyond what drawing again can tell.

Sources: Efron (1987), "Better bootstrap confidence intervals", for the corrected and accelerated
interval (BCa); Efron and Tibshirani (1993), "An introduction to the bootstrap", chapters 13 to 15.
SciPy's `scipy.stats.bootstrap` draws and makes the intervals.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, get_args

from playbook.abtest.after.refusals import wrong_settings
from playbook.abtest.after.resampling import Method, Pair, Settings, drawn, vectorized, z_of_zero
from playbook.abtest.effect import Effect, Effects
from playbook.abtest.inputs.orders import as_rows
from playbook.abtest.inputs.rows import values_by_arm
from playbook.errors import refuse, unknown
from playbook.format import plural

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import numpy as np

    from playbook.abtest.effect import Alternative

    Columns = tuple[np.ndarray[Any, np.dtype[np.float64]], ...]
    Statistic = Callable[..., Any]

MOST_LEFT_OUT = 10_000
"""Units of an arm up to which BCa, which leaves each of them out once, is done."""

FEWEST_DRAWS = 1000
FEWEST_UNITS = 5

WORDS = {
    "bca": "bootstrap, corrected for bias and skew (BCa)",
    "percentile": "bootstrap, percentiles",
}


def bootstrap(
    rows: Any,
    statistic: Statistic,
    *,
    column: str | tuple[str, ...],
    control: str,
    arm: str = "arm",
    draws: int = 9999,
    method: Method = "bca",
    confidence: float = 0.95,
    alternative: Alternative = "two-sided",
    name: str | None = None,
    seed: int = 0,
) -> Effects:
    """Each arm beside the control in a statistic of your own, by drawing units again.

    Args:
        rows: One row per unit: pandas, Ibis, or an Arrow table such as Polars gives. Of the latter
            the columns named are read into memory.
        statistic: A function of one array per column that gives a number. Where it has a parameter
            `axis`, as NumPy's have, it is called for many draws at once, which is far faster.
        column: What the statistic is of: a column, or several for a function of several.
        control: The arm that the others are compared with.
        arm: Column with the arm.
        draws: How often units are drawn again.
        method: `bca` corrects the interval for bias and skew, and takes time by the square of the
            units; `percentile` is for many units.
        confidence: Coverage of the intervals.
        alternative: What the p value is against.
        name: What the metric is called; the statistic and the columns where None.
        seed: The same seed gives the same figures.

    Returns:
        Effects; `std_error` is the standard deviation of the drawn differences. A p value cannot
        be smaller than about one over `draws`.

    Raises:
        ParameterError: Everything that is wrong with the arguments, at once; or the statistic does
            not move when units are drawn again, so that it has no interval.

    >>> import numpy as np
    >>> import pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> spent = np.concatenate([rng.exponential(40, 300), rng.exponential(60, 300)])
    >>> rows = pd.DataFrame({"arm": ["A"] * 300 + ["B"] * 300, "spent": spent})
    >>> found = bootstrap(rows, np.median, column="spent", control="A", draws=1000).one()
    >>> round(found.value_control, 2), round(found.value, 2), found.low > 0
    (27.83, 38.33, True)
    """
    columns = (column,) if isinstance(column, str) else tuple(column)
    settings = Settings(draws, method, confidence, alternative, seed)
    refuse(_mistakes(settings, statistic))
    arms = values_by_arm(as_rows(rows), columns, arm=arm, control=control)
    refuse(_too_many(arms, settings))
    label = name or f"{getattr(statistic, '__name__', 'statistic')} of {', '.join(columns)}"
    many = vectorized(statistic)
    found = [
        _effect(Pair(many, arms[control], values), settings, (label, other, control))
        for other, values in arms.items()
        if other != control
    ]
    notes = [f"{draws:,} draws, seed {seed}: no p value is smaller than about 1 in {draws:,}."]
    if any(math.isnan(row.lift_low) for row in found):
        notes.append("The control's value is not always above zero: the lift has no interval.")
    return Effects(tuple(found), confidence, alternative, notes=tuple(notes))


def _effect(pair: Pair, settings: Settings, names: tuple[str, str, str]) -> Effect:
    import numpy as np
    from scipy.special import ndtr

    n_control, n = pair.sizes
    found = drawn(pair, settings)
    (low, lift_low), (high, lift_high) = found.confidence_interval
    before, after = map(float, pair.values(np.arange(n_control), np.arange(n)))
    difference, lift = map(float, pair.differences(np.arange(n_control), np.arange(n)))
    z = z_of_zero(found.bootstrap_distribution[0], difference, pair, settings)
    tails = {"two-sided": 2 * ndtr(-abs(z)), "greater": ndtr(-z), "less": ndtr(z)}
    p_value = float(tails[settings.alternative])
    return Effect(
        *names,
        n,
        n_control,
        value=after,
        value_control=before,
        difference=difference,
        low=float(low),
        high=float(high),
        lift=lift,
        lift_low=float(lift_low),
        lift_high=float(lift_high),
        std_error=float(found.standard_error[0]),
        statistic=z,
        df=math.inf,
        p_value=p_value,
        p_adjusted=p_value,
        method=WORDS[settings.method],
    )


def _mistakes(settings: Settings, statistic: Statistic) -> Iterator[str]:
    if not callable(statistic):
        yield f"statistic must be a function such as numpy.median, not {statistic!r}."
    if settings.method not in get_args(Method):
        yield unknown("method", str(settings.method), get_args(Method))
    yield from wrong_settings(confidence=settings.confidence, alternative=settings.alternative)
    if settings.draws < FEWEST_DRAWS:
        yield f"draws must be {FEWEST_DRAWS:,} or more, better 9,999, not {settings.draws}."


def _too_many(arms: Mapping[str, Columns], settings: Settings) -> Iterator[str]:
    sizes = {name: len(columns[0]) for name, columns in arms.items()}
    for name, size in sizes.items():
        if size < FEWEST_UNITS:
            yield (
                f"arm {name} has {plural(size, 'unit')}; drawing again takes {FEWEST_UNITS} or "
                "more, better 30."
            )
    if settings.method == "bca" and (most := max(sizes.values())) > MOST_LEFT_OUT:
        yield (
            f"method 'bca' leaves out each unit once, too slow beyond {MOST_LEFT_OUT:,} units in "
            f"an arm (there are {most:,}). Use method='percentile', or a formula: compare or "
            "quantile."
        )
