"""Is one conversion different from another: difference, interval, test, adjusted for looking twice.

Takes counts, so two periods, two segments or a segment against all others are the same question.
For arms of an experiment use `playbook.abtest.compare`, whose interval is its test inverted and so
always says what the p value says; Newcombe's, here, can differ from the test at the edge.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from playbook.errors import ParameterError, unknown
from playbook.format import div
from playbook.intervals import holm

if TYPE_CHECKING:
    import pandas as pd

Adjustment = Literal["holm", "none"]

COUNTS = ("converted", "n", "base_converted", "base_n")


class Comparison(NamedTuple):
    """Two shares compared.

    Attributes:
        low: Lower end of the interval of the difference; nan where either side is empty.
        high: Its upper end.
        z: Pooled two-sample z, above zero where the first share is greater; nan where either
            side is empty, 0 where all converted or none did.
        p_value: Two-sided; nan where either side is empty, 1 where all converted or none did.
    """

    low: float
    high: float
    z: float
    p_value: float


def differences(
    table: pd.DataFrame, *, confidence: float = 0.95, adjust: Adjustment = "holm"
) -> pd.DataFrame:
    """What differs from its base, by how much, and whether chance alone would seldom do this.

    Args:
        table: One row per comparison: `name`, `converted` of `n`, against `base_converted` of
            `base_n`. The two sides must be different entities.
        confidence: Coverage of each row's interval; 1 less it is the risk of a false alarm.
        adjust: `holm`: that risk is for all rows together; `none`: for each row alone.

    Returns:
        The rows and columns of `table` in their order, and `rate`, `base_rate`, `difference`
        (rate less base rate, as a share), `low`, `high` (of this row's difference alone), `z`,
        `p_value`, `p_adjusted`, `is_news` (p_adjusted below 1 less confidence). All but
        `is_news` are missing where a side is empty; such a row is not counted as a look.

    Raises:
        ParameterError: A missing column or count, more converted than there were, or an unknown
            adjustment.

    Sources: Newcombe (1998), "Interval estimation for the difference between independent
    proportions", method 10; score test without continuity correction; Holm (1979), "A simple
    sequentially rejective multiple test procedure". Interval and test as computed by
    statsmodels.

    >>> import pandas as pd
    >>> counts = {"converted": [56], "n": [70], "base_converted": [48], "base_n": [80]}
    >>> row = differences(pd.DataFrame({"name": ["this month"], **counts})).iloc[0]
    >>> [round(float(row[column]), 4) for column in ("difference", "low", "high", "p_value")]
    [0.2, 0.0524, 0.3339, 0.008]
    """
    import pandas as pd

    _check(table, adjust)
    compared = [
        compare(int(k), int(n), int(base_k), int(base_n), confidence)
        for k, n, base_k, base_n in table[list(COUNTS)].itertuples(index=False)
    ]
    found = pd.DataFrame(compared, columns=Comparison._fields, index=table.index, dtype=float)
    rate = div(table["converted"], table["n"])
    base_rate = div(table["base_converted"], table["base_n"])
    adjusted = holm(found["p_value"]) if adjust == "holm" else found["p_value"]
    return table.assign(
        rate=rate,
        base_rate=base_rate,
        difference=rate - base_rate,
        **{str(name): found[name] for name in found},
        p_adjusted=adjusted,
        is_news=adjusted < 1 - confidence,
    )


def against_rest(
    table: pd.DataFrame,
    name: str,
    n: str = "n",
    converted: str = "converted",
    *,
    confidence: float = 0.95,
    adjust: Adjustment = "holm",
) -> pd.DataFrame:
    """Each segment against all the others together.

    Args:
        table: One row per segment; every entity in exactly one of them.
        name: Column that names the segment.
        n: Column of how many there were.
        converted: Column of how many converted.
        confidence: As in `differences`.
        adjust: As in `differences`.

    Returns:
        As `differences`, one row per segment in the order of `table`: `name` is the segment, the
        base all other segments. Missing where there are no others.

    Raises:
        ParameterError: As in `differences`, or a segment in two rows.

    >>> import pandas as pd
    >>> counts = pd.DataFrame({"channel": ["a", "b", "c"], "n": [9, 4, 2], "converted": [3, 1, 1]})
    >>> against_rest(counts, "channel")[["name", "converted", "n", "base_converted", "base_n"]]
      name  converted  n  base_converted  base_n
    0    a          3  9               2       6
    1    b          1  4               4      11
    2    c          1  2               4      13
    """
    import pandas as pd

    for column in (name, n, converted):
        if column not in table.columns:
            raise ParameterError(unknown("column of the table", column, table.columns))
    if table[name].duplicated().any():
        twice = table[name][table[name].duplicated()].iloc[0]
        raise ParameterError(f"{name} {twice!r} is in two rows; add them up first.")
    own = pd.DataFrame({"name": table[name], "converted": table[converted], "n": table[n]})
    rest = own.assign(
        base_converted=own["converted"].sum() - own["converted"], base_n=own["n"].sum() - own["n"]
    )
    return differences(rest, confidence=confidence, adjust=adjust)


def compare(
    converted: int, n: int, base_converted: int, base_n: int, confidence: float = 0.95
) -> Comparison:
    """Interval and test of the difference of two shares; see `differences`."""
    if not n or not base_n:
        return Comparison(*[float("nan")] * 4)
    import numpy as np
    from statsmodels.stats.proportion import confint_proportions_2indep, test_proportions_2indep

    counts = (converted, n, base_converted, base_n)
    low, high = confint_proportions_2indep(
        *counts, method="newcomb", compare="diff", alpha=1 - confidence
    )
    if converted + base_converted in {0, n + base_n}:
        return Comparison(float(low), float(high), 0.0, 1.0)
    with np.errstate(divide="ignore"):  # it also makes the ratio of the two, where the base is 0
        test = test_proportions_2indep(*counts, method="score", compare="diff", correction=False)
    return Comparison(float(low), float(high), float(test.statistic), float(test.pvalue))


def _check(table: pd.DataFrame, adjust: str) -> None:
    if adjust not in get_args(Adjustment):
        raise ParameterError(unknown("adjustment", adjust, get_args(Adjustment)))
    for column in ("name", *COUNTS):
        if column not in table.columns:
            raise ParameterError(unknown("column of the table", column, table.columns))
    if table[list(COUNTS)].isna().to_numpy().any():
        raise ParameterError(f"a count is missing; give {', '.join(COUNTS)} in each row.")
    for k, n in (COUNTS[:2], COUNTS[2:]):
        if ((table[k] < 0) | (table[k] > table[n])).any():
            raise ParameterError(f"{k} must lie between 0 and {n} in each row.")
