"""Quantiles of the arms, such as the median revenue or the 95th percentile of the loading time.

The spread of a quantile needs no density: count so many ranks to each side of it as its share would
vary by, and see how far apart the values are there (the outer interval of the paper). Where a unit
has several rows, such as a visitor with many page views, its rows resemble each other; the share's
spread is then that of a ratio over units, by the delta method.

The ranks are rounded outwards, so that intervals of small arms are a little too wide.

Source: Deng, Knoblich and Lu (2018), "Applying the delta method in metric analytics", section 4;
Krewski (1976), "Distribution-free confidence intervals for quantile intervals", for the ranks.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from playbook.abtest.after.compare import OF_LIFTS
from playbook.abtest.after.ratios import linearised
from playbook.abtest.after.reading import Pair, read
from playbook.abtest.after.refusals import wrong_settings
from playbook.abtest.effect import Effect, Effects
from playbook.abtest.inputs.orders import as_rows, quantiles
from playbook.abtest.inputs.units import units
from playbook.abtest.metrics import Ratio
from playbook.errors import refuse
from playbook.format import number, plural

if TYPE_CHECKING:
    from collections.abc import Iterator

    import ibis.expr.types as ir
    import pandas as pd

    from playbook.abtest.arms import Arms
    from playbook.abtest.effect import Alternative, Relative

Z = 1.959963984540054
"""Standard errors of the share to each side at which the values are read."""


METHOD = "quantiles, spread by ranks (Deng, Knoblich and Lu)"


class Asked(NamedTuple):
    """Which quantile of what.

    Attributes:
        rows: A DataFrame or an Ibis table.
        column: Numbers.
        arm: Column with the arm.
        q: Which quantile.
    """

    rows: pd.DataFrame | ir.Table
    column: str
    arm: str
    q: float


class Share(NamedTuple):
    """The share of an arm's rows up to its quantile.

    Attributes:
        n: Units.
        std_error: Standard error of the share.
    """

    n: int
    std_error: float


class Level(NamedTuple):
    """A quantile of one arm.

    Attributes:
        n: Units.
        value: The quantile.
        std_error: Its standard error.
    """

    n: int
    value: float
    std_error: float


def quantile(
    rows: Any,
    column: str,
    q: float,
    *,
    control: str,
    arm: str = "arm",
    unit: str | None = None,
    confidence: float = 0.95,
    alternative: Alternative = "two-sided",
    relative: Relative = "fieller",
    name: str | None = None,
) -> Effects:
    """Each arm's quantile beside the control's; the engine reads the values.

    Args:
        rows: pandas, Ibis, or an Arrow table such as Polars gives.
        column: Numbers.
        q: Which quantile, such as 0.5 for the median.
        control: The arm that the others are compared with.
        arm: Column with the arm.
        unit: Column with the unit, where a unit has several rows; None where each row is one.
        confidence: Coverage of the intervals.
        alternative: What the p value is against.
        relative: How the lift's interval is found, see `compare`.
        name: What the metric is called; the quantile and the column where None.

    Returns:
        Effects; `n` counts units.

    Raises:
        ParameterError: Everything that is wrong with the arguments, at once; too few rows for so
            outlying a quantile; or all values around it alike.

    >>> import numpy as np
    >>> import pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> seconds = np.concatenate([rng.exponential(4, 2000), rng.exponential(5, 2000)])
    >>> rows = pd.DataFrame({"arm": ["A"] * 2000 + ["B"] * 2000, "seconds": seconds})
    >>> found = quantile(rows, "seconds", 0.5, control="A").one()
    >>> round(found.value_control, 2), round(found.value, 2), round(found.low, 4), found.high > 0.9
    (2.82, 3.45, 0.3417, True)
    """
    refuse(
        [
            *_wrong_level(q),
            *wrong_settings(confidence=confidence, alternative=alternative, relative=relative),
        ]
    )
    table = as_rows(rows)
    arms = units(table, column, control=control, arm=arm)
    asked = Asked(table, column, arm, q)
    levels = _levels(asked, arms, unit)
    refuse(_without_spread(levels, asked))
    label = name or f"{_called(q)} of {column}"
    found = []
    for other in arms.others:
        pair = _pair(levels[other], levels[arms.control])
        reading = read(pair, confidence=confidence, alternative=alternative, relative=relative)
        fields: dict[str, Any] = {name: float(one) for name, one in reading._asdict().items()}
        found.append(
            Effect(
                metric=label,
                arm=other,
                control=arms.control,
                n=levels[other].n,
                n_control=levels[arms.control].n,
                value=levels[other].value,
                value_control=levels[arms.control].value,
                **fields,
                p_adjusted=fields["p_value"],
                method=_words(unit, relative),
            )
        )
    notes = (f"{number(arms.n.sum())} rows of {number(_units(levels))} units.",) if unit else ()
    return Effects(tuple(found), confidence, alternative, relative, notes=notes)


def _levels(asked: Asked, arms: Arms, unit: str | None) -> dict[str, Level]:
    counts = dict(zip(arms.names, map(int, arms.n), strict=True))
    q, arm = asked.q, asked.arm
    middle = quantiles(asked.rows, asked.column, dict.fromkeys(counts, (q,)), arm=arm)
    values = {name: found[0] for name, found in middle.items()}
    if unit is None:
        shares = {name: Share(n, math.sqrt(q * (1 - q) / n)) for name, n in counts.items()}
    else:
        shares = _shares_of_units(asked, arms, values, unit)
    refuse(_too_few(asked, counts, shares))
    ranks = {name: _ranks(n, q, shares[name].std_error) for name, n in counts.items()}
    around = quantiles(asked.rows, asked.column, ranks, arm=arm)
    return {
        name: Level(shares[name].n, values[name], (high - low) / (2 * Z))
        for name, (low, high) in around.items()
    }


def _ranks(n: int, q: float, std_error: float) -> tuple[float, float]:
    """The levels of the two ranks around the quantile (section 4.2 of the paper)."""
    first = math.floor(n * (q - Z * std_error))
    last = math.floor(n * (q + Z * std_error)) + 1
    return (first - 1) / (n - 1), (last - 1) / (n - 1)


def _shares_of_units(
    asked: Asked, arms: Arms, values: dict[str, float], unit: str
) -> dict[str, Share]:
    """How much the share of rows up to each arm's quantile varies, units drawn whole."""
    import ibis

    from playbook.abtest.arms import Sums

    rows = asked.rows if isinstance(asked.rows, ibis.Table) else ibis.memtable(asked.rows)
    of = rows[asked.arm].cast("string")
    cut = ibis.cases(*((of == name, value) for name, value in values.items()))
    each = rows.group_by([asked.arm, unit]).aggregate(
        low=(rows[asked.column].cast("float64") <= cut).cast("int32").sum(), rows=rows.count()
    )
    share = Ratio("low", "rows")
    own = units(each, share, control=arms.control, arm=asked.arm, unit=unit)
    found = linearised(Sums(own.n, own.means, own.products), own.columns, share).products[:, 0, 0]
    errors = (found / (own.n - 1) / own.n) ** 0.5
    return {
        name: Share(int(n), float(error))
        for name, n, error in zip(own.names, own.n, errors, strict=True)
    }


def _pair(arm: Level, control: Level) -> Pair:
    import numpy as np

    spread = arm.std_error**2, control.std_error**2
    return Pair(*map(np.array, (arm.value, control.value, *spread, 0.0, np.inf)))


def _units(levels: dict[str, Level]) -> int:
    return sum(level.n for level in levels.values())


def _words(unit: str | None, relative: Relative) -> str:
    whole = f"; rows of one {unit} together" if unit else ""
    return f"{METHOD}{whole}; {OF_LIFTS[relative]}"


def _called(q: float) -> str:
    """A quantile's name.

    >>> _called(0.5), _called(0.95), _called(0.999)
    ('median', '95 % quantile', '99.9 % quantile')
    """
    return "median" if q == 0.5 else f"{100 * q:.6g} % quantile"


def _wrong_level(q: float) -> Iterator[str]:
    if not 0 < q < 1:
        yield f"q must be above 0 and below 1, not {q:g}; the 95 % quantile is written 0.95."


def _too_few(asked: Asked, counts: dict[str, int], shares: dict[str, Share]) -> Iterator[str]:
    """Arms with too few rows beyond the quantile to see how far apart the values are there."""
    for name, n in counts.items():
        reach = Z * shares[name].std_error
        if n * (asked.q - reach) < 1 or n * (asked.q + reach) >= n:
            yield (
                f"arm {name} has {plural(n, 'row')}, too few for the {_called(asked.q)} of "
                f"{asked.column}. Take a quantile nearer the middle."
            )


def _without_spread(levels: dict[str, Level], asked: Asked) -> Iterator[str]:
    for name, level in levels.items():
        if level.std_error == 0:
            yield (
                f"the values of {asked.column} around the {_called(asked.q)} of arm {name} are all "
                f"{number(level.value)}, so it has no interval. Compare the share of units above "
                "a limit that matters instead."
            )
