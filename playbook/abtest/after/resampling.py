"""Drawing the units of two arms again, and what the draws say of a difference of zero."""

from __future__ import annotations

import inspect
import warnings
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from playbook.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from playbook.abtest.effect import Alternative

    Floats = np.ndarray[Any, np.dtype[np.float64]]
    Ints = np.ndarray[Any, np.dtype[np.int64]]
    Columns = tuple[Floats, ...]
    Statistic = Callable[..., Any]

Method = Literal["bca", "percentile"]

CELLS = 1_000_000
"""Values drawn at once: 8 MB for each column."""


class Settings(NamedTuple):
    """How to draw.

    Attributes:
        draws: How often.
        method: bca or percentile.
        confidence: Coverage of the intervals.
        alternative: two-sided, greater or less.
        seed: Where the random numbers start.
    """

    draws: int
    method: Method
    confidence: float
    alternative: Alternative
    seed: int


class Pair(NamedTuple):
    """A statistic of two arms.

    Attributes:
        statistic: Called with one array per column and `axis`, for many draws at once.
        control: The control's columns.
        arm: The other arm's columns.
    """

    statistic: Statistic
    control: Columns
    arm: Columns

    @property
    def sizes(self) -> tuple[int, int]:
        """Units of the control and of the arm."""
        return len(self.control[0]), len(self.arm[0])

    def values(self, control: Ints, arm: Ints) -> tuple[Floats, Floats]:
        """The statistic of the control's and of the arm's units at these places."""
        return (
            self.statistic(*(values[control] for values in self.control)),
            self.statistic(*(values[arm] for values in self.arm)),
        )

    def differences(self, control: Ints, arm: Ints, axis: int = -1) -> Floats:
        """The difference and the lift of these units, one above the other.

        The lift is missing where the control's value is zero or below.
        """
        import numpy as np

        del axis  # always the last: SciPy asks for the name
        before, after = self.values(control, arm)
        known = before > 0
        lift = np.divide(after - before, before, out=np.full(before.shape, np.nan), where=known)
        return np.stack([after - before, lift])


def drawn(pair: Pair, settings: Settings) -> Any:
    """SciPy's answer: intervals, standard errors and every draw of difference and lift."""
    import numpy as np
    from scipy import stats

    sizes = pair.sizes
    # What has no interval gives warnings here, and is refused below.
    with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
        warnings.simplefilter("ignore", stats.DegenerateDataWarning)
        found: Any = stats.bootstrap(
            tuple(np.arange(size) for size in sizes),
            pair.differences,
            n_resamples=settings.draws,
            batch=max(1, CELLS // sum(sizes)),
            vectorized=True,
            confidence_level=settings.confidence,
            alternative=settings.alternative,
            method="BCa" if settings.method == "bca" else "percentile",
            rng=np.random.default_rng(settings.seed),
        )
    ends = [end[0] for end in found.confidence_interval]
    if np.isnan(ends).any() or not found.standard_error[0] > 0:
        raise ParameterError(
            "The statistic does not move when units are drawn again, or is missing in some draws, "
            "so it has no interval. Look for a constant column, a greatest or smallest value as "
            "the statistic, or a division by zero in it."
        )
    return found


def z_of_zero(differences: Floats, difference: float, pair: Pair, settings: Settings) -> float:
    """How far from zero the difference lies, as the interval that was made sees it.

    The interval of level 1 - 2 q ends at the draws' quantile Phi(z0 + t / (1 - a t)) with
    t = z0 + z_q (Efron 1987, equation 6.8); this is the z_q at which that quantile is zero.
    """
    from scipy.special import ndtri

    size = len(differences)
    at = ndtri(((differences < 0).sum() + (differences <= 0).sum() + 1) / (2 * size + 2))
    if settings.method == "percentile":
        return float(-at)
    less = (differences < difference).sum() + (differences <= difference).sum()
    z0, a = ndtri(less / (2 * size)), _acceleration(pair)
    beyond = at - z0
    return float(z0 - beyond / (1 + a * beyond))


def _acceleration(pair: Pair) -> float:
    """How fast the standard error changes with the value, by leaving each unit out once.

    Source: Efron and Tibshirani (1993), equation 14.15, with the arms' units as one sample each.
    """
    third = second = 0.0
    for columns, sign in ((pair.control, -1), (pair.arm, 1)):
        size = len(columns[0])
        left = _left_out(pair.statistic, columns)
        pull = sign * (size - 1) * (left.mean() - left)
        third += float((pull**3).sum()) / size**3
        second += float((pull**2).sum()) / size**2
    return float(third / (6 * second**1.5))


def _left_out(statistic: Statistic, columns: Columns) -> Floats:
    """The statistic without each unit in turn."""
    import numpy as np

    size = len(columns[0])
    step = max(1, CELLS // size)
    found = []
    for start in range(0, size, step):
        out = np.arange(start, min(start + step, size))
        rest = np.arange(size - 1)
        places = rest + (rest >= out[:, None])
        found.append(statistic(*(values[places] for values in columns)))
    return np.concatenate(found)


def vectorized(statistic: Statistic) -> Statistic:
    """The statistic over the last axis of its arrays."""
    import numpy as np

    try:
        has_axis = "axis" in inspect.signature(statistic).parameters
    except ValueError:  # written in C, without a signature
        has_axis = False
    if has_axis:
        return lambda *columns: np.asarray(statistic(*columns, axis=-1), dtype="float64")

    def one_by_one(*columns: Floats) -> Floats:
        flat = [values.reshape(-1, values.shape[-1]) for values in columns]
        found = [float(statistic(*row)) for row in zip(*flat, strict=True)]
        return np.array(found, dtype="float64").reshape(columns[0].shape[:-1])

    return one_by_one
