"""A test look by look: what was known at each, and what can be said at any."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from playbook.abtest.after.checks import chosen_metric
from playbook.abtest.after.compare import compare
from playbook.abtest.arms import merged
from playbook.abtest.during.always import always_valid
from playbook.abtest.effect import SIDES, aligned, span, step
from playbook.errors import ParameterError, refuse
from playbook.format import p_value, plural, shown, trimmed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

    from playbook.abtest.arms import Arms
    from playbook.abtest.before.plan import Plan
    from playbook.abtest.effect import Alternative, Effect, Effects
    from playbook.abtest.metrics import Metric

COLUMNS = (
    "look",
    "arm",
    "n",
    "n_control",
    "difference",
    "std_error",
    "low",
    "high",
    "p_value",
    "low_running",
    "high_running",
    "p_running",
    "is_different",
    "fixed_low",
    "fixed_high",
)


@dataclass(frozen=True, eq=False)
class Looks:
    """A test look by look.

    Attributes:
        table: One row per look and arm: `look`, `arm`, `n`, `n_control`, `difference`, `std_error`,
            `low`, `high`, `p_value` (always valid), `low_running`, `high_running`, `p_running` (the
            least p value so far), `is_different` (whether the running interval leaves out 0),
            `fixed_low`, `fixed_high` (the usual interval, which holds at one look chosen in
            advance). At looks where nothing can be compared yet, because nobody converted, the
            difference is missing and the interval open.
        metric: The metric's label.
        control: What the arms are compared with.
        confidence: Coverage over all looks together.
        alternative: two-sided, greater or less.
        method: The convention, in words.
        notes: What a reader has to know, each a sentence.
        unit: share where values are shares of units, else number.
    """

    table: pd.DataFrame
    metric: str
    control: str
    confidence: float
    alternative: Alternative
    method: str
    notes: tuple[str, ...] = ()
    unit: str = "number"

    @property
    def last(self) -> pd.DataFrame:
        """The last look: one row per arm."""
        return self.table.groupby("arm", sort=False).tail(1).reset_index(drop=True)

    _repr_pretty_ = shown

    def __str__(self) -> str:
        """What the last look says of each arm, and since when it is different."""
        rows = list(self.last.itertuples())
        looks = plural(self.table["look"].nunique(), "look")
        head = (
            f"{self.metric}, {looks}, the last: {rows[0].look}. "
            f"Control {self.control} (n = {rows[0].n_control:,}); {trimmed(self.confidence, 2)} "
            f"over all looks, {SIDES[self.alternative]}."
        )
        names = ["arm", "n", "difference", "interval of all looks", "least p", "different"]
        cells = [names, *map(self._cells, rows)]
        return "\n".join([head, "", *aligned(cells), "", f"Method: {self.method}.", *self.notes])

    def _cells(self, row: Any) -> list[str]:
        seen = self.table.loc[(self.table["arm"] == row.arm) & self.table["is_different"], "look"]
        since = f"since {seen.iloc[0]}" if len(seen) else "not yet"
        interval = span(row.low_running, row.high_running, lambda value: step(value, self.unit))
        known = step(row.difference, self.unit), interval, p_value(row.p_running)
        return [row.arm, f"{row.n:,}", *known, since]


def cumulated(arms: Arms, by: str = "day") -> dict[Any, Arms]:
    """All units so far, at the end of each day.

    Args:
        arms: Grouped by a column that orders the looks.
        by: That column.

    Returns:
        The arms per value of the column, in its order; each has all units up to there.

    Raises:
        ParameterError: The units are not grouped by it.
    """
    import numpy as np

    found: dict[Any, Arms] = {}
    before: Arms | None = None
    for label, part in arms.by(by).items():
        if before is None:
            before = replace(part, parts=None)
        else:
            both = [
                np.stack([getattr(before, name), getattr(part, name)])
                for name in ("n", "means", "products")
            ]
            lows, highs = np.fmin(before.lows, part.lows), np.fmax(before.highs, part.highs)
            sums = merged(*both)._asdict()
            before = replace(part, parts=None, lows=lows, highs=highs, **sums)
        found[label] = before
    return found


def sequence(
    looks: Mapping[Any, Arms] | Sequence[Arms],
    metric: Metric | str,
    *,
    tuned_at: float | Plan,
    confidence: float = 0.95,
    alternative: Alternative = "two-sided",
) -> Looks:
    """What each look says by an interval that holds at all of them, beside the usual interval.

    Whatever was ruled out at one look stays ruled out: the running interval is what all intervals
    so far have in common.

    Args:
        looks: All units so far at each look, such as `cumulated` gives; by label, or numbered
            from 1.
        metric: What is compared, or its column, see `compare`.
        tuned_at: As in `always_valid`.
        confidence: Coverage over all looks together.
        alternative: As in `compare`.

    Returns:
        The looks, with the interval at each and what all of them so far have in common.

    Raises:
        ParameterError: Everything that is wrong with the question, at once; looks of other arms
            than the first, or with fewer units than the look before.

    >>> import pandas as pd
    >>> from playbook.abtest.inputs.intake import counts
    >>> from playbook.abtest.metrics import Proportion
    >>> rows = {"arm": ["A", "B"] * 2, "exposures": 2000, "conversions": [100, 130, 100, 155]}
    >>> days = counts(pd.DataFrame({**rows, "day": [1, 1, 2, 2]}), control="A", by="day")
    >>> looks = cumulated(days)
    >>> found = sequence(looks, Proportion(), tuned_at=8000)
    >>> found.table[["look", "low", "high", "is_different"]].round(4).values.tolist()
    [[1, -0.0078, 0.0382, False], [2, 0.0051, 0.0377, True]]
    """
    labelled = dict(looks if isinstance(looks, Mapping) else enumerate(looks, start=1))
    refuse(_wrong_looks(labelled))
    setting: dict[str, Any] = {"confidence": confidence, "alternative": alternative}
    # The last look first: a question that is wrong is refused there, whatever early looks hold.
    last = list(labelled.values())[-1]
    metric = chosen_metric(last, metric)
    held = always_valid(last, metric, tuned_at=tuned_at, **setting)
    rows = [
        row
        for label, arms in labelled.items()
        for row in _read(label, arms, metric, tuned_at, setting)
    ]
    return _of_all(_running(rows), held)


def _of_all(table: pd.DataFrame, held: Effects) -> Looks:
    """The looks, with the words of the last."""
    first = held.rows[0]
    return Looks(
        table,
        metric=first.metric,
        control=first.control,
        confidence=held.confidence,
        alternative=held.alternative,
        method=first.method,
        notes=held.notes,
        unit=first.unit,
    )


def _wrong_looks(looks: Mapping[Any, Arms]) -> Iterator[str]:
    if not looks:
        yield "looks must hold at least one look."
        return
    before: Arms | None = None
    for label, arms in looks.items():
        if before is not None and arms.names != before.names:
            said, known = ", ".join(arms.names), ", ".join(before.names)
            yield f"look {label} has the arms {said}, those before it {known}."
            return
        if before is not None and bool((arms.n < before.n).any()):
            yield (
                f"look {label} has fewer units than the look before: each look needs all units so "
                "far. Use cumulated(arms, by=…)."
            )
            return
        before = arms


def _read(
    label: Any, arms: Arms, metric: Metric, tuned_at: float | Plan, setting: dict[str, Any]
) -> list[dict[str, Any]]:
    """One row per arm of a look, whose question is known to be right."""
    try:
        held = always_valid(arms, metric, tuned_at=tuned_at, **setting)
        fixed = compare(arms, metric, **setting)
    except ParameterError:  # too little is there yet: nobody converted, or a single unit
        return [_silent(label, arms, at) for at in range(1, len(arms.names))]
    return [_row(label, *both) for both in zip(held, fixed, strict=True)]


def _row(label: Any, held: Effect, fixed: Effect) -> dict[str, Any]:
    kept = ("arm", "n", "n_control", "difference", "std_error", "low", "high", "p_value")
    values = {name: getattr(held, name) for name in kept}
    return {"look": label, **values, "fixed_low": fixed.low, "fixed_high": fixed.high}


def _silent(label: Any, arms: Arms, at: int) -> dict[str, Any]:
    """A look at which nothing can be compared yet."""
    nan, inf = float("nan"), float("inf")
    return {
        "look": label,
        "arm": arms.names[at],
        "n": int(arms.n[at]),
        "n_control": int(arms.n[0]),
        "difference": nan,
        "std_error": nan,
        "low": -inf,
        "high": inf,
        "p_value": 1.0,
        "fixed_low": -inf,
        "fixed_high": inf,
    }


def _running(rows: list[dict[str, Any]]) -> pd.DataFrame:
    import pandas as pd

    table = pd.DataFrame(rows)
    arms = table.groupby("arm", sort=False)
    table["low_running"] = arms["low"].cummax()
    table["high_running"] = arms["high"].cummin()
    table["p_running"] = arms["p_value"].cummin()
    table["is_different"] = (table["low_running"] > 0) | (table["high_running"] < 0)
    return table[list(COLUMNS)]
