"""From a figure to the rows behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

from playbook.errors import ParameterError, unknown
from playbook.funnel import engine, match
from playbook.funnel.clock import place_of
from playbook.funnel.match import Span

if TYPE_CHECKING:
    from datetime import datetime

    import ibis.expr.types as ir
    import pandas as pd

    from playbook.funnel.engine import Events
    from playbook.funnel.settings import Funnel

What = Literal["reached", "stopped", "skipped"]


def rows(
    events: Events,
    funnel: Funnel,
    stage: str,
    *,
    what: What = "reached",
    start: datetime | None = None,
    end: datetime | None = None,
    as_of: datetime | None = None,
    mature_only: bool = False,
    by: str | None = None,
) -> pd.DataFrame:
    """The entities that a figure of `cohort` counts, asked for with the same settings.

    Args:
        events: One row per stage entry.
        funnel: The stages, and how entities are followed through them.
        stage: The stage of the figure.
        what: `reached`: those in `entered`; `stopped`: those of them who have not reached the
            next stage; `skipped`: those in `skipped`.
        start: As in `cohort`.
        end: As in `cohort`.
        as_of: As in `cohort`.
        mature_only: As in `cohort`.
        by: Column of `events` whose value at the entry is shown beside.

    Returns:
        One row per passage: `funnel.entity`, `entry` (when it entered the first stage), `at`
        (when it reached `stage`) and perhaps `by`; in order of entry, then entity.

    Raises:
        ParameterError: A missing column, an unknown stage or `what`; nothing follows the last
            stage.

    >>> import pandas as pd
    >>> from playbook.funnel import Funnel
    >>> days = [pd.Timestamp(2026, 10, day) for day in (2, 4, 10, 3, 9)]
    >>> went = ["lead", "mql", "won", "lead", "mql"]
    >>> events = pd.DataFrame({"entity": [*"aaabb"], "stage": went, "time": days})
    >>> way, today = Funnel(("lead", "mql", "won")), pd.Timestamp(2026, 10, 31)
    >>> rows(events, way, "mql", what="stopped")[["entity", "at"]]
      entity         at
    0      b 2026-10-09
    """
    if what not in get_args(What):
        raise ParameterError(unknown("what", what, get_args(What)))
    place = place_of(funnel, stage)
    if what == "stopped" and place == len(funnel.stages) - 1:
        raise ParameterError(f"nobody stops in {stage}: it is the last stage.")
    span = Span(start, end, as_of, mature_only=mature_only)
    found = engine.ask(passages, events, funnel, span, place, what, by=by)
    names = {"entity": funnel.entity, **({"by": by} if by else {})}
    ordered = found.sort_values(["entry", "entity"], ignore_index=True)
    return ordered.rename(columns=names)


def passages(events: ir.Table, funnel: Funnel, span: Span, place: int, what: What) -> ir.Table:
    """The query behind `rows`."""
    import ibis

    stages = match.reached(events, funnel, span)
    table = stages[place]
    if what == "stopped":
        pairs = match.then(table, stages[place + 1])
        table = pairs.filter(pairs.then.isnull())
    elif what == "skipped":
        table = table.filter(~table.own if "own" in table.columns else ibis.literal(value=False))
    return table.select("entity", "entry", "at", *(["by"] if "by" in table.columns else []))
