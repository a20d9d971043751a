"""The four answers by one aggregate in DuckDB and closed formulas: the limit of what they cost."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

SUMS = """
SELECT count(*) AS n, avg(converted) AS share,
    avg(revenue) AS mean, var_samp(revenue) AS variance,
    avg(before) AS mean_before, var_samp(before) AS variance_before,
    covar_samp(revenue, before) AS both
FROM '{folder}/units.parquet' GROUP BY arm ORDER BY arm
"""


class Arm(NamedTuple):
    """The sums of one arm."""

    n: int
    share: float
    mean: float
    variance: float
    mean_before: float
    variance_before: float
    both: float


def answers(con: Any, folder: str) -> dict[str, float]:
    """The p value of each of the four, and the difference with its ends where there is one."""
    a, b = (Arm(*row) for row in con.execute(SUMS.format(folder=folder)).fetchall())
    found = {"split p": math.erfc(abs(a.n - b.n) / math.sqrt(2 * (a.n + b.n)))}
    found |= _proportion(a, b)
    found |= _named("welch", b.mean - a.mean, *_spread(a, b, a.variance, b.variance))
    return found | _cuped(a, b)


def _proportion(a: Arm, b: Arm) -> dict[str, float]:
    """The pooled z test."""
    share = (a.n * a.share + b.n * b.share) / (a.n + b.n)
    error = math.sqrt(share * (1 - share) * (1 / a.n + 1 / b.n))
    difference = b.share - a.share
    p = math.erfc(abs(difference / error) / math.sqrt(2))
    return {"proportion difference": difference, "proportion p": p}


def _cuped(a: Arm, b: Arm) -> dict[str, float]:
    """Welch's test of what a common slope leaves; the slope costs a degree of freedom."""
    squares = (a.n - 1) * a.variance_before + (b.n - 1) * b.variance_before
    slope = ((a.n - 1) * a.both + (b.n - 1) * b.both) / squares
    left = [x.variance - 2 * slope * x.both + slope**2 * x.variance_before for x in (a, b)]
    freedom = a.n + b.n - 2
    more = freedom / (freedom - 1)
    apart = b.mean_before - a.mean_before
    noise = ((a.n - 1) * left[0] + (b.n - 1) * left[1]) / (freedom - 1)
    error, df = _spread(a, b, *left)
    error = math.sqrt(error**2 * more + noise * apart**2 / squares)
    return _named("cuped", b.mean - a.mean - slope * apart, error, df / more)


def _spread(a: Arm, b: Arm, variance_a: float, variance_b: float) -> tuple[float, float]:
    """Welch's standard error and degrees of freedom."""
    of_a, of_b = variance_a / a.n, variance_b / b.n
    df = (of_a + of_b) ** 2 / (of_a**2 / (a.n - 1) + of_b**2 / (b.n - 1))
    return math.sqrt(of_a + of_b), df


def _named(kind: str, difference: float, error: float, df: float) -> dict[str, float]:
    from scipy.special import stdtr, stdtrit

    half = float(stdtrit(df, 0.975)) * error
    p = 2 * float(stdtr(df, -abs(difference) / error))
    found = {"difference": difference, "low": difference - half, "high": difference + half, "p": p}
    return {f"{kind} {key}": value for key, value in found.items()}
