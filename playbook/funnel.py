"""The funnel: how many entities enter each stage, and how many of them go on.

Works on any event table with an entity, a stage and a time, as a pandas DataFrame or an Ibis
table. An entity has reached a stage when it entered that stage or any later one, in whatever
order the entries were recorded; stages it passed without an entry are counted as skipped.
"""

from __future__ import annotations

from itertools import pairwise
from math import isnan
from typing import TYPE_CHECKING, Any

from playbook.errors import ParameterError, unknown
from playbook.format import div

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    import ibis.expr.types as ir
    import numpy as np
    import pandas as pd


def cohort(
    events: pd.DataFrame | ir.Table,
    stages: Sequence[str],
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    within_days: float | None = None,
    as_of: datetime | None = None,
    entity: str = "entity",
    stage: str = "stage",
    time: str = "time",
    by: str | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """What became of the entities that entered the first stage between `start` and `end`.

    The dates choose who enters, never when they convert.

    Args:
        events: One row per stage entry.
        stages: Stage names in funnel order; the first one is the entry.
        start: Entries from this moment on; all where None.
        end: Entries before this moment; all where None.
        within_days: Count a stage only when reached within so many days of entry, and only
            entities old enough to have had that time; needs `as_of`.
        as_of: What is known up to here.
        entity: Column that names the entity.
        stage: Column that names the stage.
        time: Column of the entry's moment.
        by: Column of `events` to break down by; its value at the entry counts.
        confidence: Coverage of the Wilson intervals.

    Returns:
        One row per stage (per value of `by`), in funnel order: `stage`, `entered` (reached this
        stage), `skipped` (of them, without an own entry), `step_rate`, `step_low`, `step_high`
        (of those in the stage before), `rate`, `low`, `high` (of those in the first stage).
        Rates are shares; missing where nobody was there to convert.

    Raises:
        ParameterError: No stage, a repeated stage, a missing column, `within_days`
            without `as_of`.

    Source: Wilson (1927), "Probable inference, the law of succession, and statistical inference".

    >>> import pandas as pd
    >>> day = pd.Timestamp("2026-10-01")
    >>> events = pd.DataFrame(
    ...     {"entity": ["a", "a", "b"], "stage": ["lead", "won", "lead"], "time": [day] * 3}
    ... )
    >>> cohort(events, ["lead", "mql", "won"])[["stage", "entered", "skipped", "rate"]]
      stage  entered  skipped  rate
    0  lead        2        0   1.0
    1   mql        1        1   0.5
    2   won        1        0   0.5
    """
    _check(stages, within_days, as_of)
    table = _table(events, [entity, stage, time, *([by] if by else [])])
    entered = _first_entries(table, stages, entity, stage, time, by=by)
    entry = entered["at_0"]
    entered = entered.filter(entry.notnull())
    if start is not None:
        entered = entered.filter(entered["at_0"] >= start)
    if end is not None:
        entered = entered.filter(entered["at_0"] < end)
    if within_days is not None:
        entered = _old_enough(entered, len(stages), within_days, as_of)
    counts = _count(entered, len(stages), by)
    return _rates(counts, stages, by, confidence)


def flow(
    events: pd.DataFrame | ir.Table,
    stages: Sequence[str],
    *,
    start: datetime,
    end: datetime,
    entity: str = "entity",
    stage: str = "stage",
    time: str = "time",
) -> pd.DataFrame:
    """How many entities first entered each stage between `start` and `end`, whoever they were.

    A period view: its ratios compare different people, and may exceed one.

    Returns:
        One row per stage in funnel order: `stage`, `entries`, `flow_ratio` (entries divided by
        those of the stage before; missing where there were none).

    Raises:
        ParameterError: No stage, a repeated stage or a missing column.
    """
    _check(stages, None, None)
    table = _table(events, [entity, stage, time])
    firsts = table.group_by([entity, stage]).aggregate(at=table[time].min())
    inside = firsts.filter((firsts["at"] >= start) & (firsts["at"] < end))
    found = inside.group_by(stage).aggregate(entries=inside.count()).to_pandas()
    counts = found.set_index(stage)["entries"].reindex(list(stages), fill_value=0)
    result: pd.DataFrame = counts.rename_axis("stage").reset_index()
    result["flow_ratio"] = div(result["entries"], result["entries"].shift())
    return result


def steps(
    events: pd.DataFrame | ir.Table,
    stages: Sequence[str],
    *,
    days: Mapping[str, float],
    spans: Mapping[str, tuple[datetime, datetime]],
    as_of: datetime,
    entity: str = "entity",
    stage: str = "stage",
    time: str = "time",
) -> pd.DataFrame:
    """Every step's conversion in several spans of time, each entity given the same days.

    Args:
        events: One row per stage entry.
        stages: Stage names in funnel order.
        days: Days given to go on, by the stage that is left; only entities that have had them
            are counted, and only those who went on within them, to the next stage or beyond.
        spans: From when until when the stage was entered, by name.
        as_of: What is known up to here.
        entity: Column that names the entity.
        stage: Column that names the stage.
        time: Column of the entry's moment.

    Returns:
        One row per step and span: `first`, `then`, `span`, `n`, `converted`.

    Raises:
        ParameterError: No stage, a repeated stage or a missing column.
    """
    import functools
    import operator

    import ibis
    import pandas as pd

    _check(stages, None, None)
    table = _table(events, [entity, stage, time])
    firsts = _first_entries(table, stages, entity, stage, time, by=None)
    asked, never = {}, ibis.literal(value=False)
    for place, first in enumerate(stages[:-1]):
        entry = firsts[f"at_{place}"]
        limit = entry + ibis.interval(seconds=round(days[first] * 86400))
        later = [
            (firsts[f"at_{other}"] <= limit).fill_null(never)
            for other in range(place + 1, len(stages))
        ]
        converted = functools.reduce(operator.or_, later)
        for name, (start, end) in spans.items():
            counted = (entry >= start) & (entry < end) & (limit <= as_of)
            asked[f"n_{place}_{name}"] = counted.sum()
            asked[f"k_{place}_{name}"] = (counted & converted).sum()
    rows = []
    if asked:
        found = firsts.aggregate(**asked).to_pandas().fillna(0).iloc[0]
        rows = [
            (*pair, name, int(found[f"n_{place}_{name}"]), int(found[f"k_{place}_{name}"]))
            for place, pair in enumerate(pairwise(stages))
            for name in spans
        ]
    return pd.DataFrame(rows, columns=["first", "then", "span", "n", "converted"])


def days_to_reach(
    events: pd.DataFrame | ir.Table,
    first: str,
    then: str,
    *,
    quantile: float = 0.9,
    entity: str = "entity",
    stage: str = "stage",
    time: str = "time",
) -> float | None:
    """Days within which `quantile` of those who went from `first` to `then` did so.

    A cohort younger than this is immature: more conversions are to be expected. None where
    nobody has converted yet.
    """
    table = days_between(
        events, [(first, then)], quantiles=[quantile], entity=entity, stage=stage, time=time
    )
    found = float(table[quantile][0])
    return None if isnan(found) else found


def days_between(
    events: pd.DataFrame | ir.Table,
    steps: Sequence[tuple[str, str]],
    *,
    quantiles: Sequence[float] = (0.5, 0.9),
    entity: str = "entity",
    stage: str = "stage",
    time: str = "time",
) -> pd.DataFrame:
    """How long those who went from one stage to another took, from first entry to first entry.

    Returns:
        One row per step: `first`, `then`, `n` (who went), and a column per quantile, named by it,
        in days; missing where nobody went.
    """
    import pandas as pd

    table = _table(events, [entity, stage, time])
    stages = list(dict.fromkeys(name for step in steps for name in step))
    firsts = _first_entries(table, stages, entity, stage, time, by=None)
    at = {name: firsts[f"at_{place}"].epoch_seconds() for place, name in enumerate(stages)}
    asked = {}
    for place, (first, then) in enumerate(steps):
        days = (at[then] - at[first]) / 86400
        asked[f"n_{place}"] = days.count()
        asked |= {f"q_{place}_{q}": days.quantile(q) for q in quantiles}
    found = firsts.aggregate(**asked).to_pandas().iloc[0]
    rows = [
        (first, then, int(found[f"n_{i}"]), *(float(found[f"q_{i}_{q}"]) for q in quantiles))
        for i, (first, then) in enumerate(steps)
    ]
    return pd.DataFrame(rows, columns=["first", "then", "n", *quantiles])


def wilson(
    successes: pd.Series[Any], trials: pd.Series[Any], confidence: float = 0.95
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Wilson interval of a share, element by element; missing where there were no trials.

    Source: Wilson (1927), as computed by statsmodels.

    >>> import pandas as pd
    >>> low, high = wilson(pd.Series([842]), pd.Series([8000]))
    >>> [round(float(x[0]), 4) for x in (low, high)]
    [0.0987, 0.1122]
    """
    import numpy as np
    from statsmodels.stats.proportion import proportion_confint

    n = np.asarray(trials, dtype=float)
    k = np.asarray(successes, dtype=float)
    known = n > 0
    low, high = np.full(n.shape, np.nan), np.full(n.shape, np.nan)
    if known.any():
        low[known], high[known] = proportion_confint(
            k[known], n[known], alpha=1 - confidence, method="wilson"
        )
    low[known & (k == 0)], high[known & (k == n)] = 0.0, 1.0  # exact, where rounding is not
    return low, high


def _check(stages: Sequence[str], within_days: float | None, as_of: datetime | None) -> None:
    if not stages or len(set(stages)) < len(stages):
        raise ParameterError(f"stages must be one or more different names, not {list(stages)}.")
    if within_days is not None and as_of is None:
        raise ParameterError("within_days needs as_of: who is old enough depends on it.")


def _table(events: pd.DataFrame | ir.Table, needed: Sequence[str]) -> ir.Table:
    """The events as an Ibis table that has the columns it needs."""
    import ibis

    for name in needed:
        if name not in events.columns:
            raise ParameterError(unknown("column of events", name, events.columns))
    return events if isinstance(events, ibis.Table) else ibis.memtable(events)


def _first_entries(
    table: ir.Table, stages: Sequence[str], entity: str, stage: str, time: str, *, by: str | None
) -> ir.Table:
    """One row per entity: `at_0`, `at_1` … its first entry into each stage; `by` at the entry."""
    firsts = {
        f"at_{place}": table[time].min(where=table[stage] == name)
        for place, name in enumerate(stages)
    }
    if by:
        firsts["by"] = table[by].argmin(table[time], where=table[stage] == stages[0])
    return table.group_by(entity).aggregate(**firsts)


def _old_enough(
    entered: ir.Table, places: int, within_days: float, as_of: datetime | None
) -> ir.Table:
    """Only entities that had `within_days`, and only conversions that happened within them."""
    import ibis

    window = ibis.interval(seconds=round(within_days * 86400))
    limit = entered["at_0"] + window
    kept = entered.filter(limit <= as_of)
    limit = kept["at_0"] + window
    late = {
        f"at_{place}": ibis.ifelse(kept[f"at_{place}"] <= limit, kept[f"at_{place}"], ibis.null())
        for place in range(1, places)
    }
    return kept.mutate(**late)


def _count(entered: ir.Table, places: int, by: str | None) -> pd.DataFrame:
    """Per stage, who reached it or a later one, and who has an own entry there."""
    import functools
    import operator

    own = [entered[f"at_{place}"].notnull() for place in range(places)]
    reached = [functools.reduce(operator.or_, own[place:]) for place in range(places)]
    sums = {f"reached_{place}": reached[place].sum() for place in range(places)}
    sums |= {f"own_{place}": (own[place] & reached[place]).sum() for place in range(places)}
    grouped = entered.group_by("by") if by else entered
    counts: pd.DataFrame = grouped.aggregate(**sums).to_pandas()
    return counts


def _rates(
    counts: pd.DataFrame, stages: Sequence[str], by: str | None, confidence: float
) -> pd.DataFrame:
    """Long form with rates and intervals, in funnel order."""
    import pandas as pd

    parts = [
        pd.DataFrame(
            {
                **({by: counts["by"]} if by else {}),
                "place": place,
                "stage": name,
                "entered": counts[f"reached_{place}"].fillna(0).astype("int64"),
                "own": counts[f"own_{place}"].fillna(0).astype("int64"),
                "before": counts[f"reached_{max(place - 1, 0)}"].fillna(0).astype("int64"),
                "first": counts["reached_0"].fillna(0).astype("int64"),
            }
        )
        for place, name in enumerate(stages)
    ]
    order = [by, "place"] if by else ["place"]
    table = pd.concat(parts).sort_values(order, na_position="last", ignore_index=True)
    table["skipped"] = table["entered"] - table["own"]
    for name, base in (("step_", "before"), ("", "first")):
        low, high = wilson(table["entered"], table[base], confidence)
        table[f"{name}rate"] = div(table["entered"], table[base])
        table[f"{name}low"], table[f"{name}high"] = low, high
    columns = ["stage", "entered", "skipped", "step_rate", "step_low", "step_high"]
    return table[[*([by] if by else []), *columns, "rate", "low", "high"]]
