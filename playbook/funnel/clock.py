"""How long entities stay in a stage, how long they take, and how they move."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.errors import ParameterError, unknown
from playbook.funnel import engine, match
from playbook.funnel.match import Span

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    import ibis.expr.types as ir
    import pandas as pd

    from playbook.funnel.engine import Events
    from playbook.funnel.settings import Funnel

DAY_MINUTES = 1440


def times(
    events: Events,
    funnel: Funnel,
    *,
    as_of: datetime,
    start: datetime | None = None,
    end: datetime | None = None,
    by: str | None = None,
) -> pd.DataFrame:
    """How long those who entered between `start` and `end` stayed in each stage.

    Args:
        events: One row per stage entry.
        funnel: The stages, and how entities are followed through them.
        as_of: What is known up to here; who has not gone on by then is open.
        start: Entries into the first stage from this moment on; all where None.
        end: Entries before this moment; all where None.
        by: Column of `events` to break down by; its value at the entry counts.

    Returns:
        One row per stage but the last (per value of `by`): `stage`, `entered`, `moved_on`,
        `lost` (entered one of `funnel.lost`), `open` (neither), `q25`, `median`, `q75`, `p90`
        (days in the stage of those who moved on, exact to the minute), `open_median` (days the
        open ones have been there). Missing where there is nobody.

    Raises:
        ParameterError: A missing column, or fewer than two stages.

    >>> import pandas as pd
    >>> from playbook.funnel import Funnel
    >>> days = [pd.Timestamp(2026, 10, day) for day in (2, 4, 10, 3, 9)]
    >>> went = ["lead", "mql", "won", "lead", "mql"]
    >>> events = pd.DataFrame({"entity": [*"aaabb"], "stage": went, "time": days})
    >>> way, today = Funnel(("lead", "mql", "won")), pd.Timestamp(2026, 10, 31)
    >>> times(events, way, as_of=today)[["stage", "entered", "moved_on", "open", "median"]]
      stage  entered  moved_on  open  median
    0  lead        2         2     0     4.0
    1   mql        2         1     1     6.0
    """
    import pandas as pd

    if len(funnel.stages) < 2:
        raise ParameterError("time in stage needs a stage to leave and one to reach.")
    span = Span(start, end, as_of)
    steps = tuple((place, place + 1) for place in range(len(funnel.stages) - 1))
    found = engine.ask(waits, events, funnel, span, steps, by=by)
    rows = []
    segments = list(found.groupby("by", dropna=False)) if by else [(None, found)]
    for segment, part in segments:
        for place, name in enumerate(funnel.stages[:-1]):
            state = dict(list(part[part["first"] == place].groupby("state")))
            moved, lost, still = (state.get(s, part[:0]) for s in ("moved", "lost", "open"))
            n = [int(group["n"].sum()) for group in (moved, lost, still)]
            spread = [*days_at(moved, (0.25, 0.5, 0.75, 0.9)), *days_at(still, (0.5,))]
            rows.append([*([segment] if by else []), name, sum(n), *n, *spread])
    columns = ["stage", "entered", "moved_on", "lost", "open", "q25", "median", "q75", "p90"]
    return pd.DataFrame(rows, columns=[*([by] if by else []), *columns, "open_median"])


def durations(
    events: Events,
    funnel: Funnel,
    *,
    as_of: datetime,
    first: str | None = None,
    then: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
) -> pd.DataFrame:
    """How long entities took from one stage to another, or have waited so far, as a small table.

    Args:
        events: One row per stage entry.
        funnel: The stages, and how entities are followed through them.
        as_of: What is known up to here.
        first: The stage from which time is counted; the entry where None.
        then: The stage to be reached; the last one where None.
        start: Entries into the first stage from this moment on; all where None.
        end: Entries before this moment; all where None.

    Returns:
        `days` (to the minute), `state` (`moved`: reached `then`; `lost`: entered one of
        `funnel.lost` instead; `open`: neither by `as_of`) and `n` entities.

    Raises:
        ParameterError: A missing column, or the stages are not two of the funnel in its order.

    >>> import pandas as pd
    >>> from playbook.funnel import Funnel
    >>> days = [pd.Timestamp(2026, 10, day) for day in (2, 4, 10, 3, 9)]
    >>> went = ["lead", "mql", "won", "lead", "mql"]
    >>> events = pd.DataFrame({"entity": [*"aaabb"], "stage": went, "time": days})
    >>> way, today = Funnel(("lead", "mql", "won")), pd.Timestamp(2026, 10, 31)
    >>> durations(events, way, as_of=today)
       days  state  n
    0   8.0  moved  1
    1  28.0   open  1
    """
    pair = place_of(funnel, first or funnel.stages[0]), place_of(funnel, then or funnel.stages[-1])
    found = engine.ask(waits, events, funnel, Span(start, end, as_of), (pair,))
    found = found.assign(days=found["minutes"] / DAY_MINUTES)
    return found[["days", "state", "n"]].sort_values(["days", "state"], ignore_index=True)


def to_reach(
    events: Events, funnel: Funnel, *, as_of: datetime, quantiles: Sequence[float] = (0.5, 0.9)
) -> pd.DataFrame:
    """Days from the entry to each stage, over those who reached it.

    Returns:
        One row per stage: `stage`, `n`, and a column per quantile, named by it, in days; missing
        where nobody reached it, and for the entry.

    >>> import pandas as pd
    >>> from playbook.funnel import Funnel
    >>> days = [pd.Timestamp(2026, 10, day) for day in (2, 4, 10, 3, 9)]
    >>> went = ["lead", "mql", "won", "lead", "mql"]
    >>> events = pd.DataFrame({"entity": [*"aaabb"], "stage": went, "time": days})
    >>> way, today = Funnel(("lead", "mql", "won")), pd.Timestamp(2026, 10, 31)
    >>> to_reach(events, way, as_of=today, quantiles=[0.5])
      stage  n  0.5
    0  lead  0  NaN
    1   mql  2  4.0
    2   won  1  8.0
    """
    import pandas as pd

    found = engine.ask(ways, events, funnel, Span(as_of=as_of))
    rows = [[funnel.stages[0], 0, *[float("nan")] * len(quantiles)]]
    for place, name in enumerate(funnel.stages[1:], 1):
        part = found[found["place"] == place]
        rows.append([name, int(part["n"].sum()), *days_at(part, quantiles)])
    return pd.DataFrame(rows, columns=["stage", "n", *quantiles])


def days_between(
    events: Events,
    funnel: Funnel,
    steps: Sequence[tuple[str, str]],
    *,
    quantiles: Sequence[float] = (0.5, 0.9),
) -> pd.DataFrame:
    """Days from first entry to first entry, whatever lay between, over those who have both.

    Returns:
        One row per step: `first`, `then`, `n`, and a column per quantile, named by it, in days;
        missing where nobody has both.

    Raises:
        ParameterError: A missing column.

    >>> import pandas as pd
    >>> from playbook.funnel import Funnel
    >>> days = [pd.Timestamp(2026, 10, day) for day in (2, 4, 10, 3, 9)]
    >>> went = ["lead", "mql", "won", "lead", "mql"]
    >>> events = pd.DataFrame({"entity": [*"aaabb"], "stage": went, "time": days})
    >>> way, today = Funnel(("lead", "mql", "won")), pd.Timestamp(2026, 10, 31)
    >>> days_between(events, way, [("lead", "mql")], quantiles=[0.5])
      first then  n  0.5
    0  lead  mql  2  4.0
    """
    import pandas as pd

    found = engine.ask(gaps, events, funnel, tuple(steps))
    rows = []
    for place, step in enumerate(steps):
        part = found[found["place"] == place]
        rows.append([*step, int(part["n"].sum()), *days_at(part, quantiles)])
    return pd.DataFrame(rows, columns=["first", "then", "n", *quantiles])


def moves(events: Events, funnel: Funnel) -> pd.DataFrame:
    """From which stage to which entities moved, entry by entry, forwards and back.

    Returns:
        `first`, `then`, `kind` (`step`: to the next stage; `skip`: over at least one;
        `regression`: to an earlier one; `repeat`: the same again) and `n` moves.

    Raises:
        ParameterError: A missing column.

    >>> import pandas as pd
    >>> from playbook.funnel import Funnel
    >>> days = [pd.Timestamp(2026, 10, day) for day in (2, 4, 10, 3, 9)]
    >>> went = ["lead", "mql", "won", "lead", "mql"]
    >>> events = pd.DataFrame({"entity": [*"aaabb"], "stage": went, "time": days})
    >>> way, today = Funnel(("lead", "mql", "won")), pd.Timestamp(2026, 10, 31)
    >>> moves(events, way)
      first then  kind  n
    0  lead  mql  step  2
    1   mql  won  step  1
    """
    found = engine.ask(moved, events, funnel)
    gap = found["then"] - found["first"]
    kinds = gap.clip(-1, 2).map({-1: "regression", 0: "repeat", 1: "step", 2: "skip"})
    names = dict(enumerate(funnel.stages))
    ordered = found.assign(kind=kinds).sort_values(["first", "then"], ignore_index=True)
    ordered[["first", "then"]] = ordered[["first", "then"]].astype(int).replace(names)
    return ordered[["first", "then", "kind", "n"]]


def days_at(part: pd.DataFrame, shares: Sequence[float]) -> list[float]:
    """Quantiles in days of `minutes` that each stand for `n` entities; nan where there are none.

    Linear between the two nearest, as `quantile_cont` and NumPy's default.
    """
    import numpy as np

    ordered = part.sort_values("minutes")
    many = ordered["n"].to_numpy(dtype="int64").cumsum()
    if not len(many):
        return [float("nan")] * len(shares)
    at = (many[-1] - 1) * np.asarray(shares, dtype=float)
    minutes = ordered["minutes"].to_numpy(dtype=float)
    low, high = (minutes[np.searchsorted(many, f(at), side="right")] for f in (np.floor, np.ceil))
    found: list[float] = ((low + (high - low) * (at % 1)) / DAY_MINUTES).tolist()
    return found


def place_of(funnel: Funnel, stage: str) -> int:
    """Where a stage stands in the funnel.

    Raises:
        ParameterError: It is none of its stages.
    """
    if stage not in funnel.stages:
        raise ParameterError(unknown("stage", stage, funnel.stages))
    return funnel.stages.index(stage)


def waits(
    events: ir.Table, funnel: Funnel, span: Span, steps: tuple[tuple[int, int], ...]
) -> ir.Table:
    """The query behind `times` and `durations`: `first`, `minutes`, `state`, `n`, perhaps `by`."""
    import ibis

    stages = match.reached(events, funnel, span)
    parts = []
    for first, then in steps:
        pairs = match.then(stages[first], stages[then])
        if funnel.lost:
            pairs = _ended(events, funnel, span, pairs)
        ended = pairs.lost_at if funnel.lost else ibis.null("timestamp")
        moved = pairs.then.notnull()
        until = ibis.coalesce(pairs.then, ended, ibis.literal(span.as_of, "timestamp"))
        state = ibis.cases((moved, "moved"), (ended.notnull(), "lost"), else_="open")
        waited = pairs.mutate(minutes=_minutes(pairs["at"], until), state=state)
        grouped = waited.group_by(*(["by"] if "by" in waited.columns else []), "minutes", "state")
        parts.append(grouped.aggregate(n=waited.count()).mutate(first=ibis.literal(first, "int64")))
    return ibis.union(*parts)


def ways(events: ir.Table, funnel: Funnel, span: Span) -> ir.Table:
    """The query behind `to_reach`: `place`, `minutes`, `n`."""
    import ibis

    parts = []
    for place, table in enumerate(match.reached(events, funnel, span)):
        timed = table.mutate(minutes=_minutes(table.entry, table["at"]))
        many = timed.group_by("minutes").aggregate(n=timed.count())
        parts.append(many.mutate(place=ibis.literal(place, "int64")))
    return ibis.union(*parts[1:]) if len(parts) > 1 else parts[0].filter(ibis.literal(value=False))


def gaps(events: ir.Table, _: Funnel, steps: tuple[tuple[str, str], ...]) -> ir.Table:
    """The query behind `days_between`: `place` of the step, `minutes`, `n`."""
    import ibis

    firsts = match.firsts(events, dict.fromkeys(name for step in steps for name in step))
    parts = []
    for place, (first, then) in enumerate(steps):
        both = firsts.filter(firsts[f"at_{first}"].notnull(), firsts[f"at_{then}"].notnull())
        timed = both.mutate(minutes=_minutes(both[f"at_{first}"], both[f"at_{then}"]))
        many = timed.group_by("minutes").aggregate(n=timed.count())
        parts.append(many.mutate(place=ibis.literal(place, "int64")))
    return ibis.union(*parts)


def moved(events: ir.Table, funnel: Funnel) -> ir.Table:
    """The query behind `moves`; entries at one moment are taken in the funnel's order."""
    import ibis

    kept = events.filter(events.stage.isin(funnel.stages), events.entity.notnull())
    places = ibis.cases(*((kept.stage == name, i) for i, name in enumerate(funnel.stages)))
    placed = kept.mutate(then=places.cast("int64"))
    window = ibis.window(group_by="entity", order_by=["time", "then"])
    pairs = placed.mutate(
        first=placed.then.lag().over(window), number=ibis.row_number().over(window)
    )
    pairs = pairs.filter(pairs.number > 0)  # not by null: ClickHouse's lag fills with zero
    return pairs.group_by("first", "then").aggregate(n=pairs.count())


def _ended(events: ir.Table, funnel: Funnel, span: Span, pairs: ir.Table) -> ir.Table:
    """With `lost_at`: when the passage entered one of the stages that end it."""
    ends = events.filter(events.stage.isin(funnel.lost), events.time <= span.as_of)
    ends = ends.select(who="entity", ended="time")
    both = pairs.left_join(ends, [pairs.entity == ends.who, ends.ended >= pairs["at"]])
    if "until" in pairs.columns:
        both = both.filter(both.ended.isnull() | both.until.isnull() | (both.ended < both.until))
    names = [name for name in pairs.columns if name != "lost_at"]
    return both.group_by(names).aggregate(lost_at=both.ended.min())


def _minutes(since: ir.Value, until: ir.Value) -> ir.IntegerValue:
    """Whole minutes, the same in every engine."""
    return ((until.epoch_seconds() - since.epoch_seconds()) // 60).cast("int64")
