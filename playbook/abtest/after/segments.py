"""The effect in each segment, and how little that usually proves.

Cut a test into enough segments and one of them will shine. So every p value is adjusted for all
segments, the chance of a false alarm without that is said, and the first question is not where it
works but whether it differs between segments at all: Cochran's Q. Where it does not, the overall
figure is the best figure for each segment too.

What differs depends on the scale: with other shares to begin with, the same lift is another
difference. Q is of the differences, and rough where an arm has a handful of conversions only.

A segment must be a thing of the units before the test. Where the arms' shares differ between
segments by more than chance, the arm moved people between them, such as segments by what they
bought, and no effect in them is one.

Sources: Cochran (1954), "The combination of estimates from different experiments"; Higgins and
Thompson (2002), "Quantifying heterogeneity in a meta-analysis", for I²; Wang and others (2007),
"Statistics in medicine - reporting of subgroup analyses in clinical trials", for the rest.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from playbook.abtest.after.checks import chosen_metric
from playbook.abtest.after.compare import compare
from playbook.abtest.after.levels import pair_of
from playbook.abtest.after.many import PROMISES, adjusted, false_alarm, wrong_how
from playbook.abtest.after.refusals import wrong_settings
from playbook.abtest.effect import aligned, span, step
from playbook.errors import ParameterError, refuse
from playbook.format import MISSING, lift, number, p_value, percent, plural, shown, trimmed

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from playbook.abtest.after.many import How
    from playbook.abtest.arms import Arms
    from playbook.abtest.effect import Effect, Effects
    from playbook.abtest.metrics import Metric

    Key = tuple[Any, str]

FIELDS = (
    "value",
    "value_control",
    "difference",
    "low",
    "high",
    "lift",
    "lift_low",
    "lift_high",
    "p_value",
)

MOVED = 0.001
"""p value of the arms' shares from which on people have moved between segments."""


class Heterogeneity(NamedTuple):
    """Whether the effect of an arm differs between segments by more than chance.

    Attributes:
        q: Cochran's Q: squared distances of the segments' effects from their mean, each in its
            own standard error.
        df: Segments less one.
        p_value: Chance of such a Q, or a greater one, were the effect the same everywhere.
        i_squared: Share of the spread between segments that is not chance.
        mean: The segments' mean effect, each by one over its variance.
    """

    q: float
    df: int
    p_value: float
    i_squared: float
    mean: float


@dataclass(frozen=True, eq=False)
class Segments:
    """The effect in each segment.

    Attributes:
        table: One row per segment and arm: `segment`, `arm`, `n`, `n_control`, `value`,
            `value_control`, `difference`, `low`, `high`, `lift`, `lift_low`, `lift_high`,
            `p_value`, `p_adjusted`, `is_proven` and `note`, which says why a segment has no
            figures. Intervals hold one by one.
        overall: The effects in all segments together.
        heterogeneity: For each arm whether its effect differs between segments.
        moved_p: p value of the arms' shares being the same in every segment.
        by: The segments' column.
        how: How p values were adjusted: holm, bh or by.
        alpha: The share of false alarms that is promised.
    """

    table: pd.DataFrame
    overall: Effects
    heterogeneity: dict[str, Heterogeneity]
    moved_p: float
    by: str
    how: How
    alpha: float

    @property
    def questions(self) -> int:
        """How many segments were asked, of every arm."""
        return int(self.table["p_value"].notna().sum())

    @property
    def has_moved(self) -> bool:
        """Whether the arms' shares differ between segments by more than chance."""
        return self.moved_p < MOVED

    @property
    def warning(self) -> str:
        """What to know before a segment's figure is repeated."""
        if self.has_moved:
            return (
                f"Do not read these: the arms' shares differ between values of {self.by} (p = "
                f"{self.moved_p:.2g}), so the arm moved people between them, or they were recorded "
                "after the test began."
            )
        asked, raw = self.questions, int((self.table["p_value"] <= self.alpha).sum())
        stands = int(self.table["is_proven"].sum())
        promise = PROMISES[self.how].format(alpha=trimmed(self.alpha, 2))
        return (
            f"{plural(asked, 'comparison')} by {self.by}: were there no effect anywhere, at least "
            f"one would look proven with a chance of {percent(false_alarm(asked, self.alpha), 0)}. "
            f"One by one {number(raw)} would be called proven, taken together {number(stands)}: "
            f"{promise}."
        )

    _repr_pretty_ = shown

    def __str__(self) -> str:
        """The warning, whether segments differ, each segment, and the overall figures."""
        lines = [self.warning, *(self._says(arm, one) for arm, one in self.heterogeneity.items())]
        adjusted_by = f"p adjusted ({self.how})"
        names = [
            self.by,
            "arm",
            "n",
            "n control",
            "difference",
            "interval",
            "lift",
            adjusted_by,
            "",
        ]
        rows = [self._cells(row) for row in self.table.itertuples()]
        return "\n".join([*lines, "", *aligned([names, *rows]), "", str(self.overall)])

    def _cells(self, row: Any) -> list[str]:
        unit = self.overall.rows[0].unit
        figures = [
            step(row.difference, unit),
            span(row.low, row.high, lambda value: step(value, unit)),
            lift(row.lift),
            p_value(row.p_adjusted),
        ]
        known = [MISSING] * len(figures) if row.note else figures
        return [str(row.segment), row.arm, f"{row.n:,}", f"{row.n_control:,}", *known, row.note]

    def _says(self, arm: str, one: Heterogeneity) -> str:
        if one.df < 1:
            return (
                f"{arm}: fewer than two values of {self.by} have figures, so whether the effect "
                "differs between them cannot be said."
            )
        figures = f"Q = {one.q:.2f}, df = {one.df}, p = {one.p_value:.2g}"
        if one.p_value <= self.alpha:
            return (
                f"{arm}: the effect differs between values of {self.by} by more than chance "
                f"({figures}). Repeat the test in the segments that you would act on."
            )
        return (
            f"{arm}: no sign that the effect differs between values of {self.by} ({figures}). "
            "The overall figure is the best for each of them."
        )


def segments(
    arms: Arms,
    by: str,
    metric: Metric | str,
    *,
    adjust: How = "holm",
    confidence: float = 0.95,
    alpha: float = 0.05,
) -> Segments:
    """The effect in each segment, with p values adjusted for all of them.

    Args:
        arms: Read with the segments' column among `by`.
        by: This column.
        metric: What is compared, or its column, see `compare`.
        adjust: `holm`, `bh` or `by`, see `playbook.abtest.after.many`.
        confidence: Coverage of each interval.
        alpha: The share of false alarms to promise.

    Raises:
        ParameterError: Everything that is wrong with the arguments, at once; or there is only one
            segment.

    >>> import pandas as pd
    >>> from playbook.abtest.inputs.intake import counts
    >>> from playbook.abtest.metrics import Proportion
    >>> rows = [
    ...     ("new", "A", 1000, 80),
    ...     ("new", "B", 1000, 112),
    ...     ("known", "A", 500, 60),
    ...     ("known", "B", 500, 58),
    ... ]
    >>> table = pd.DataFrame(rows, columns=["kind", "arm", "exposures", "conversions"])
    >>> found = segments(counts(table, control="A", by="kind"), "kind", Proportion())
    >>> found.table[["segment", "p_value", "p_adjusted"]].round(4)
      segment  p_value  p_adjusted
    0   known   0.8446      0.8446
    1     new   0.0151      0.0303
    >>> print(round(found.heterogeneity["B"].p_value, 3))
    0.138
    """
    refuse([*wrong_how(adjust), *wrong_settings(confidence=confidence, alpha=alpha)])
    metric = chosen_metric(arms, metric)
    parts = arms.by(by)
    if len(parts) < 2:
        raise ParameterError(
            f"{by} has only one value, {next(iter(parts))}: there is nothing to cut."
        )
    each = {(key, arm): part.only(arm) for key, part in parts.items() for arm in arms.others}
    found = {at: _effect(part, metric, confidence) for at, part in each.items()}
    table = _table(found, parts)
    table["p_adjusted"] = adjusted(table["p_value"], adjust)
    table["is_proven"] = table["p_adjusted"] <= alpha
    return Segments(
        table[[*(name for name in table if name != "note"), "note"]],
        compare(arms, metric, confidence=confidence),
        {arm: _heterogeneity(arm, each, found, metric) for arm in arms.others},
        _moved(parts),
        by,
        adjust,
        alpha,
    )


def heterogeneity(differences: Sequence[float], errors: Sequence[float]) -> Heterogeneity:
    """Whether independent effects differ by more than chance.

    Args:
        differences: The effects.
        errors: Their standard errors; those with none take no part.

    Returns:
        Missing figures where fewer than two effects have an error.

    >>> found = heterogeneity([0.02, 0.01, 0.06], [0.01, 0.01, 0.02])
    >>> round(found.q, 4), found.df, round(found.p_value, 4), round(found.mean, 4)
    (5.0, 2, 0.0821, 0.02)
    """
    import numpy as np
    from scipy.special import chdtrc

    values, spread = np.asarray(differences, dtype="float64"), np.asarray(errors, dtype="float64")
    values, spread = values[spread > 0], spread[spread > 0]
    df = len(values) - 1
    if df < 1:
        return Heterogeneity(math.nan, df, math.nan, math.nan, math.nan)
    weights = spread**-2
    mean = float(np.average(values, weights=weights))
    q = float((weights * (values - mean) ** 2).sum())
    return Heterogeneity(q, df, float(chdtrc(df, q)), max(0.0, 1 - df / q) if q else 0.0, mean)


def _heterogeneity(
    arm: str, each: dict[Key, Arms], found: dict[Key, Effect | str], metric: Metric
) -> Heterogeneity:
    known = [at for at, one in found.items() if at[1] == arm and not isinstance(one, str)]
    pairs = [pair_of(each[at], metric) for at in known]
    return heterogeneity(
        [float(pair.difference[0]) for pair in pairs], [float(pair.std_error[0]) for pair in pairs]
    )


def _effect(part: Arms, metric: Metric, confidence: float) -> Effect | str:
    """The effect in a segment, or why it has none."""
    few = [name for name, n in zip(part.names, part.n, strict=True) if n < 2]
    if few:
        return f"fewer than two units in {', '.join(few)}"
    try:
        return compare(part, metric, confidence=confidence).rows[0]
    except ParameterError as error:
        return str(error)


def _table(found: dict[Key, Effect | str], parts: dict[Any, Arms]) -> pd.DataFrame:
    import pandas as pd

    rows = []
    for (key, name), effect in found.items():
        part = parts[key]
        sizes = (int(part.n[part.place(name)]), int(part.n[0]))
        if isinstance(effect, str):
            rows.append((key, name, *sizes, *(math.nan,) * len(FIELDS), effect))
        else:
            rows.append((key, name, *sizes, *(getattr(effect, field) for field in FIELDS), ""))
    return pd.DataFrame(rows, columns=["segment", "arm", "n", "n_control", *FIELDS, "note"])


def _moved(parts: dict[Any, Arms]) -> float:
    """Pearson's chi-square of arms by segments, without correction; missing for one arm or none."""
    import numpy as np
    from scipy.special import chdtrc

    n = np.array([part.n for part in parts.values()], dtype="float64")
    n = n[n.sum(axis=1) > 0][:, n.sum(axis=0) > 0]
    expected = n.sum(axis=1, keepdims=True) * n.sum(axis=0, keepdims=True) / n.sum()
    df = (n.shape[0] - 1) * (n.shape[1] - 1)
    return float(chdtrc(df, ((n - expected) ** 2 / expected).sum())) if df else math.nan
