"""How many reach each stage, and how many of them go on."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

from playbook.errors import ParameterError
from playbook.format import div
from playbook.funnel import clock, engine, match
from playbook.funnel.match import Span
from playbook.intervals import wilson

if TYPE_CHECKING:
    from datetime import datetime

    import ibis.expr.types as ir
    import numpy as np
    import pandas as pd

    from playbook.funnel.engine import Events
    from playbook.funnel.settings import Funnel

    Limits: TypeAlias = tuple[datetime | None, ...]


def cohort(
    events: Events,
    funnel: Funnel,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    as_of: datetime | None = None,
    mature_only: bool = False,
    by: str | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """What became of those who entered the first stage between `start` and `end` (cohort view).

    The dates choose who enters, never when they convert.

    Args:
        events: One row per stage entry.
        funnel: The stages, and how entities are followed through them.
        start: Entries from this moment on; all where None.
        end: Entries before this moment; all where None.
        as_of: What is known up to here; with it, young cohorts are marked.
        mature_only: Count only entries that have had all of `within_days` by `as_of`.
        by: Column of `events` to break down by; its value at the entry counts.
        confidence: Coverage of the Wilson intervals.

    Returns:
        One row per stage (per value of `by`), in funnel order: `stage`, `entered` (reached this
        stage), `skipped` (of them, without an own entry), `step_rate`, `step_low`, `step_high`
        (of those in the stage before), `rate`, `low`, `high` (of those in the first stage), and
        with `as_of` `young` (entries that have had less than `within_days`, or, without a
        window, less than nine in ten of those who reached the stage took) and `immature`
        (whether there are any: the rate will rise). Rates are shares; missing where nobody was
        there to convert. `attrs["counted"]` says how it was counted.

    Raises:
        ParameterError: A missing column; `mature_only` without a window or `as_of`.

    Source: Wilson (1927), "Probable inference, the law of succession, and statistical inference".

    >>> import pandas as pd
    >>> from playbook.funnel import Funnel, cohort
    >>> days = pd.to_datetime(["2026-10-01", "2026-10-04", "2026-10-02"])
    >>> events = pd.DataFrame(
    ...     {"entity": ["a", "a", "b"], "stage": ["lead", "won", "lead"], "time": days}
    ... )
    >>> way = Funnel(("lead", "mql", "won"), order="any")
    >>> cohort(events, way)[["stage", "entered", "skipped", "rate"]]
      stage  entered  skipped  rate
    0  lead        2        0   1.0
    1   mql        1        1   0.5
    2   won        1        0   0.5
    """
    if mature_only and (funnel.within_days is None or as_of is None):
        raise ParameterError("mature_only needs within_days and as_of: age is judged by them.")
    span = Span(start, end, as_of, mature_only=mature_only)
    limits = _limits(events, funnel, as_of)
    found = engine.ask(counts, events, funnel, span, limits, engine.in_duckdb(events), by=by)
    table = _rates(found, funnel, by, confidence, aged=as_of is not None)
    return counted(table, funnel, "cohort view", span)


def flow(events: Events, funnel: Funnel, *, start: datetime, end: datetime) -> pd.DataFrame:
    """How many entities first entered each stage between `start` and `end` (period view).

    Whoever they were: its ratios compare different people, and may exceed one.

    Returns:
        One row per stage in funnel order: `stage`, `entries`, `flow_ratio` (entries divided by
        those of the stage before; missing where there were none).

    Raises:
        ParameterError: A missing column.

    >>> import pandas as pd
    >>> from playbook.funnel import Funnel
    >>> days = [pd.Timestamp(2026, 10, day) for day in (2, 4, 10, 3, 9)]
    >>> went = ["lead", "mql", "won", "lead", "mql"]
    >>> events = pd.DataFrame({"entity": [*"aaabb"], "stage": went, "time": days})
    >>> way, today = Funnel(("lead", "mql", "won")), pd.Timestamp(2026, 10, 31)
    >>> flow(events, way, start=pd.Timestamp("2026-10-03"), end=today)
      stage  entries  flow_ratio
    0  lead        1         NaN
    1   mql        2         2.0
    2   won        1         0.5
    """
    import pandas as pd

    span = Span(start, end)
    found = engine.ask(first_entries, events, funnel, span).set_index("stage")["entries"]
    entries = found.reindex(list(funnel.stages), fill_value=0).to_numpy(dtype="int64")
    table = pd.DataFrame({"stage": list(funnel.stages), "entries": entries})
    table["flow_ratio"] = div(table["entries"], table["entries"].shift())
    return counted(table, funnel, "period view: first entries, different people", span)


def counted(table: pd.DataFrame, funnel: Funnel, view: str, span: Span) -> pd.DataFrame:
    """The table with every setting that it rests on in `attrs["counted"]`, to print with it."""
    table.attrs["counted"] = "; ".join([f"{view[0].upper()}{view[1:]}", str(funnel), *span.words()])
    return table


def counts(
    events: ir.Table, funnel: Funnel, span: Span, limits: Limits, narrow: bool = False
) -> ir.Table:
    """The query behind `cohort`: `what` (entered, own, young), `place`, `n`, perhaps `by`."""
    import ibis

    stages = match.reached(events, funnel, span, narrow=narrow)
    asked = [("entered", place, table) for place, table in enumerate(stages)]
    if funnel.order == "any":
        asked += [("own", place, table.filter("own")) for place, table in enumerate(stages)]
    for place, limit in enumerate(limits):
        if limit is not None:
            asked.append(("young", place, stages[0].filter(stages[0].entry > limit)))
    parts = []
    for what, place, table in asked:
        named = {"what": ibis.literal(what), "place": ibis.literal(place, "int16")}
        grouped = table.group_by("by") if "by" in table.columns else table
        parts.append(grouped.aggregate(n=table.count()).mutate(**named))
    return ibis.union(*parts)


def first_entries(events: ir.Table, funnel: Funnel, span: Span) -> ir.Table:
    """The query behind `flow`."""
    table = events.filter(events.stage.isin(funnel.stages), events.entity.notnull())
    firsts = table.group_by("entity", "stage").aggregate(at=table.time.min())
    inside = firsts.filter(firsts["at"] >= span.start, firsts["at"] < span.end)
    return inside.group_by("stage").aggregate(entries=inside.count())


def _limits(events: Events, funnel: Funnel, as_of: datetime | None) -> Limits:
    """Per stage, the moment after which an entry has not had its time."""
    if as_of is None:
        return ()
    if funnel.within_days is not None:
        limit = as_of - timedelta(days=funnel.within_days)
        return (None, *[limit] * (len(funnel.stages) - 1))
    usual = clock.to_reach(events, funnel, as_of=as_of, quantiles=(0.9,))[0.9]
    return tuple(None if d != d else as_of - timedelta(days=d) for d in usual)  # noqa: PLR0124 - nan


def _rates(
    found: pd.DataFrame, funnel: Funnel, by: str | None, confidence: float, *, aged: bool
) -> pd.DataFrame:
    """One row per stage with rates and intervals, in funnel order, zeros where nobody was."""
    import numpy as np
    import pandas as pd

    size, segments = len(funnel.stages), _segments(found, by)
    grid = _grid(found, segments, size, by)
    entered = grid["entered"]
    own = grid["own"] if funnel.order == "any" else entered
    before = np.hstack([entered[:, :1], entered[:, :-1]]).ravel()
    first = np.repeat(entered[:, :1], size, axis=1).ravel()
    columns: dict[str, Any] = {by: np.repeat(segments, size)} if by else {}
    columns |= {"stage": list(funnel.stages) * len(segments), "entered": entered.ravel()}
    columns["skipped"] = (entered - own).ravel()
    for name, base in (("step_", before), ("", first)):
        low, high = wilson(columns["entered"], base, confidence)
        columns[f"{name}rate"] = _share(columns["entered"], base)
        columns[f"{name}low"], columns[f"{name}high"] = low, high
    if aged:
        columns["young"] = grid["young"].ravel()
        columns["immature"] = columns["young"] > 0
    return pd.DataFrame(columns)


def _segments(found: pd.DataFrame, by: str | None) -> np.ndarray[Any, Any]:
    """The values of the breakdown, in order, those without one last; a single one without it."""
    import numpy as np

    if by is None:
        return np.array([None], dtype=object)
    values = found["by"].astype(object)
    known = set(values.where(values.notna(), None))
    return np.array(sorted(known, key=lambda v: (v is None, str(v))), dtype=object)


def _grid(
    found: pd.DataFrame, segments: np.ndarray[Any, Any], size: int, by: str | None
) -> dict[str, np.ndarray[Any, Any]]:
    """The counts by what they count, a row per segment and a column per stage."""
    import numpy as np

    rows = dict(zip(segments, range(len(segments)), strict=True))
    grid = {
        what: np.zeros((len(segments), size), dtype="int64") for what in ("entered", "own", "young")
    }
    keys = (
        found["by"].astype(object).where(found["by"].notna(), None) if by else [None] * len(found)
    )
    for key, what, place, n in zip(keys, found["what"], found["place"], found["n"], strict=True):
        grid[what][rows[key], place] = n
    return grid


def _share(part: np.ndarray[Any, Any], whole: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    import numpy as np

    shares: np.ndarray[Any, Any] = np.full(part.shape, np.nan)
    np.divide(part, whole, out=shares, where=whole > 0)
    return shares
