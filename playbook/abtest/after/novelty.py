"""Whether the effect fades, or grows, with the days: the effect by day of exposure.

People look at what is new because it is new (novelty), or need time to find their way (primacy). In
either case the effect of the first days is not that of the days to come. So the effect is read day
by day, and asked whether it moves: a straight line through the days, weighted by how many units
came, and the first days, a full week unless another number is asked for, against the rest. The
intervals of the days, and of all days so far, hold one by one and not for all days together: to
stop a test by them is to peek.

Each unit belongs to one day, the day it first saw its arm; days of the test are then as good as
independent. A line over days cannot tell fading from a change of the people who come, such as after
a campaign: look at the segments too.

Source: Kohavi, Tang and Xu (2020), "Trustworthy Online Controlled Experiments", chapter 3, section
on threats to external validity; Draper and Smith (1998), "Applied Regression Analysis", chapter 9,
for weighted lines; the errors are each day's own, as in White (1980).
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from playbook.abtest.after.checks import check_arms, chosen_metric
from playbook.abtest.after.compare import OF_SHARES, steps_of
from playbook.abtest.after.levels import pair_of
from playbook.abtest.after.reading import read
from playbook.abtest.after.refusals import wrong_settings
from playbook.abtest.after.tails import critical, p_value
from playbook.abtest.arms import merged
from playbook.abtest.metrics import Proportion
from playbook.errors import ParameterError, refuse
from playbook.format import number, plural, points, shown, trimmed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    import pandas as pd

    from playbook.abtest.after.reading import Pair
    from playbook.abtest.arms import Arms
    from playbook.abtest.metrics import Metric

    Floats = np.ndarray[Any, np.dtype[np.float64]]

WEEK = 7
FEWEST_DAYS = 3
SUMS = ("n", "means", "products")


class Change(NamedTuple):
    """How much an effect moves.

    Attributes:
        value: By how much: per day, or from the first days to the rest.
        low: Lower end of its interval.
        high: Upper end.
        p_value: Chance of such a change, or a greater one, were there none.
    """

    value: float
    low: float
    high: float
    p_value: float


@dataclass(frozen=True, eq=False)
class Novelty:
    """The effect day by day, and whether it moves.

    Attributes:
        table: One row per day that says something: `day`; `n`, `n_control`;
            `value`, `value_control`; `difference` with `low` and `high`; and the same of all days
            so far: `so_far`, `so_far_low`, `so_far_high`.
        trend: How much the difference moves a day.
        later: The difference after the first days, less that of the first days; None where the test
            is not longer than these.
        first_days: How many these are.
        metric: The metric's label.
        arm: The arm.
        control: What it is compared with.
        confidence: Coverage of the intervals.
        left_out: Days without two units in both arms, or that cannot be adjusted.
        method: The convention, in words.
        unit: share where values are shares of units, else number.
    """

    table: pd.DataFrame
    trend: Change
    later: Change | None
    first_days: int
    metric: str
    arm: str
    control: str
    confidence: float
    left_out: int
    method: str
    unit: str

    @property
    def is_moving(self) -> bool:
        """Whether the effect moves by more than chance does, along the line or after a while.

        Each of the two is asked at half the error, so that together they keep it.
        """
        found = [change.p_value for change in (self.trend, self.later) if change is not None]
        return min(found) <= (1 - self.confidence) / len(found)

    _repr_pretty_ = shown

    def __str__(self) -> str:
        """What the days say, in three sentences, and how it was found."""
        first, last = self.table["difference"].iloc[[0, -1]]
        moves = (
            "The effect is not the same on all days: read the later ones."
            if self.is_moving
            else "No sign that the effect fades or grows; a small change would not be seen."
        )
        said = (
            f"{self.metric}, {self.arm} against {self.control}, {plural(len(self.table), 'day')}: "
            f"{self._step(first)} on the first, {self._step(last)} on the last. {moves}"
        )
        lines = [said, f"A day moves it by {self._change(self.trend)}."]
        if self.later is not None:
            lines.append(
                f"After the first {plural(self.first_days, 'day')} it is different by "
                f"{self._change(self.later)}."
            )
        sizes = f"n = {self.table['n'].sum():,} against {self.table['n_control'].sum():,}"
        skipped = f"; {plural(self.left_out, 'day')} left out" if self.left_out else ""
        lines.append(f"{trimmed(self.confidence, 2)} intervals, {sizes}{skipped}; {self.method}.")
        return "\n".join(lines)

    def _change(self, change: Change) -> str:
        ends = f"{self._step(change.low)} to {self._step(change.high)}"
        return f"{self._step(change.value)} ({ends}, p = {change.p_value:.2g})"

    def _step(self, value: float) -> str:
        return points(value, 2) if self.unit == "share" else number(value)


def novelty(
    arms: Arms,
    metric: Metric | str,
    *,
    day: str = "day",
    arm: str | None = None,
    first_days: int = WEEK,
    confidence: float = 0.95,
) -> Novelty:
    """The effect by day of exposure, and whether it fades or grows.

    Args:
        arms: Read with the column of the day among `by`: dates, or days since the start.
        metric: What is compared, or its column, see `compare`.
        day: This column.
        arm: Which arm; may be left out where there is only one beside the control.
        first_days: How many days are set against the rest.
        confidence: Coverage of the intervals.

    Raises:
        ParameterError: Everything that is wrong with the arguments, at once; days that are neither
            dates nor numbers; fewer than three days with units in both arms; units that differ on
            none of the days that move a line.

    >>> import pandas as pd
    >>> from playbook.abtest.inputs.intake import counts
    >>> rows = [
    ...     (day, arm, 1000, 100 + (20 - 2 * day if arm == "B" else 0))
    ...     for day in range(10)
    ...     for arm in "AB"
    ... ]
    >>> table = pd.DataFrame(rows, columns=["day", "arm", "exposures", "conversions"])
    >>> found = novelty(counts(table, control="A", by="day"), Proportion(), arm="B")
    >>> round(found.trend.value, 6), round(found.later.value, 6)
    (-0.002, -0.01)
    """
    import numpy as np

    refuse([*_wrong_first(first_days), *wrong_settings(confidence=confidence)])
    metric = chosen_metric(arms, metric)
    chosen = arms.only(arm or _only_arm(arms))
    check_arms(chosen, [metric])
    days = _days(chosen, day)
    seen = {at: part for at, part in days.items() if _is_enough(part, metric)}
    if len(seen) < FEWEST_DAYS:
        raise ParameterError(
            f"{plural(len(seen), 'day')} with two units or more in both arms: whether an effect "
            f"moves takes {FEWEST_DAYS} or more."
        )
    each = [pair_of(part, metric) for part in seen.values()]
    if not any(pair.std_error[0] > 0 for pair in each):
        raise ParameterError(f"{metric.label} is the same for every unit of a day: nothing moves.")
    return Novelty(
        table=_table(seen, each, metric, confidence),
        trend=line(
            _numbers(seen),
            np.array([part.n for part in seen.values()], dtype="float64"),
            np.array([float(pair.difference[0]) for pair in each]),
            np.array([float(pair.std_error[0]) for pair in each]),
            confidence,
        ),
        later=_later(seen, metric, first_days, confidence),
        first_days=first_days,
        metric=metric.label,
        arm=chosen.others[0],
        control=chosen.control,
        confidence=confidence,
        left_out=len(days) - len(seen),
        method=_method(metric),
        unit="share" if isinstance(metric, Proportion) else "number",
    )


def _method(metric: Metric) -> str:
    own = [OF_SHARES["unpooled"]] if isinstance(metric, Proportion) else steps_of(metric)
    return "; ".join([*own, "days weigh by their units, each with its own error"])


def _table(
    days: dict[Any, Arms], each: Sequence[Pair], metric: Metric, confidence: float
) -> pd.DataFrame:
    import pandas as pd

    rows = []
    parts = list(days.values())
    for place, (at, pair) in enumerate(zip(days, each, strict=True)):
        own = read(pair, confidence=confidence)
        so_far = read(pair_of(together(parts[: place + 1]), metric), confidence=confidence)
        n_control, n = map(int, parts[place].n)
        values = [pair.value, pair.control, own.difference, own.low, own.high]
        values += [so_far.difference, so_far.low, so_far.high]
        rows.append((at, n, n_control, *(float(value[0]) for value in values)))
    names = ["value", "value_control", "difference", "low", "high"]
    columns = ["day", "n", "n_control", *names, "so_far", "so_far_low", "so_far_high"]
    return pd.DataFrame(rows, columns=columns)


def line(
    days: Floats, n: Floats, differences: Floats, errors: Floats, confidence: float = 0.95
) -> Change:
    """The slope of a line through the differences of days.

    Days weigh by their units. A weight by the day's own variance, which hangs together with its
    effect, would bias the line.

    Args:
        days: Numbers, (d,).
        n: Units of the two arms on each day, (d, 2).
        differences: (d,).
        errors: Standard errors of the differences, (d,).
        confidence: Coverage of the interval.

    Raises:
        ParameterError: The days that have an error do not move the line.

    >>> import numpy as np
    >>> n, errors = np.full((3, 2), 100), np.array([0.01, 0.01, 0.01])
    >>> found = line(np.array([1, 2, 4]), n, np.array([0.05, 0.04, 0.02]), errors)
    >>> print(f"{found.value:.4f} ({found.low:.4f} to {found.high:.4f}), p = {found.p_value:.4f}")
    -0.0100 (-0.0191 to -0.0009), p = 0.0308
    """
    import numpy as np

    weights = n[:, 0] * n[:, 1] / n.sum(axis=1)
    apart = days - np.average(days, weights=weights)
    pull = weights * apart / (weights * apart**2).sum()
    return _change(float(pull @ differences), float(np.sqrt(pull**2 @ errors**2)), confidence)


def _later(
    days: dict[Any, Arms], metric: Metric, first_days: int, confidence: float
) -> Change | None:
    import numpy as np

    early = _numbers(days) < _numbers(days)[0] + first_days
    if early.all():
        return None
    parts = np.array(list(days.values()), dtype=object)
    first, rest = (pair_of(together(list(parts[which])), metric) for which in (early, ~early))
    error = math.hypot(float(first.std_error[0]), float(rest.std_error[0]))
    return _change(float(rest.difference[0] - first.difference[0]), error, confidence)


def _change(value: float, error: float, confidence: float) -> Change:
    if not error > 0:
        raise ParameterError(
            "only days that say nothing of a line have units that differ: whether the effect moves "
            "cannot be told yet."
        )
    reach = float(critical(confidence, "two-sided", math.inf)) * error
    return Change(value, value - reach, value + reach, float(p_value(value / error, math.inf)))


def together(parts: Sequence[Arms]) -> Arms:
    """The arms of several groups of units as those of all of them.

    >>> from playbook.abtest.arms import Arms
    >>> one = Arms(("A", "B"), ("c",), [2, 2], [[1.0], [2.0]], [[[2.0]], [[0.0]]])
    >>> both = together([one, one])
    >>> both.n.tolist(), both.means.tolist(), both.products.ravel().tolist()
    ([4, 4], [[1.0], [2.0]], [4.0, 0.0])
    """
    import numpy as np

    sums = merged(*(np.stack([getattr(part, name) for part in parts]) for name in SUMS))
    ends = (
        np.fmin.reduce([part.lows for part in parts]),
        np.fmax.reduce([part.highs for part in parts]),
    )
    return replace(parts[0], **sums._asdict(), lows=ends[0], highs=ends[1], parts=None)


def _numbers(days: dict[Any, Arms]) -> Floats:
    """The days as numbers."""
    import numpy as np

    return np.array([at.toordinal() if isinstance(at, dt.date) else at for at in days], dtype=float)


def _days(arms: Arms, day: str) -> dict[Any, Arms]:
    """The arms by day, in order; days are dates or numbers."""
    found = arms.by(day)
    odd = [at for at in found if not isinstance(at, (dt.date, int, float))]
    if odd:
        raise ParameterError(
            f"{day} '{odd[0]}' is neither a date nor a number. Group by a column of dates, or of "
            "days since the start."
        )
    return found


def _is_enough(part: Arms, metric: Metric) -> bool:
    """Whether a day has two units in both arms, and what it takes to adjust the metric."""
    if not (part.n > 1).all():
        return False
    if not metric.covariates:
        return True  # a day without a conversion says something too
    try:
        check_arms(part, [metric])
    except ParameterError:
        return False
    return True


def _only_arm(arms: Arms) -> str:
    if len(arms.others) > 1:
        raise ParameterError(f"say which arm: {', '.join(arms.others)}.")
    return arms.others[0]


def _wrong_first(first_days: int) -> Iterator[str]:
    if first_days < 1:
        yield f"first_days must be 1 or more, not {first_days}; a full week is usual."
