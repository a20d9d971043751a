"""Every step by itself: who went on from a stage within a given time."""

from __future__ import annotations

import functools
import operator
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

from playbook.errors import ParameterError, unknown
from playbook.funnel import engine, match

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    import ibis.expr.types as ir
    import pandas as pd

    from playbook.funnel.engine import Events
    from playbook.funnel.settings import Funnel

    Spans: TypeAlias = tuple[tuple[str, tuple[datetime, datetime]], ...]


def steps(
    events: Events,
    funnel: Funnel,
    *,
    days: Mapping[str, float],
    spans: Mapping[str, tuple[datetime, datetime]],
    as_of: datetime,
    by: str | None = None,
) -> pd.DataFrame:
    """Every step's conversion in several spans of time, each entity given the same days.

    Unlike in a cohort, each step looks at whoever first entered its stage in the span, and at
    any later stage reached in the days that follow, in whatever order.

    Args:
        events: One row per stage entry.
        funnel: Its stages and columns; the other settings are not used.
        days: Days given to go on, by the stage that is left; only entities that have had them
            are counted, and only those who went on within them, to the next stage or beyond.
        spans: From when until when the stage was entered, by name.
        as_of: What is known up to here.
        by: Column of `events` to break down by; the smallest of an entity's values counts.

    Returns:
        One row per step and span (and value of `by`): `first`, `then`, `span`, `n`, `converted`.

    Raises:
        ParameterError: A missing column, or no days for a stage.

    >>> import pandas as pd
    >>> from playbook.funnel import Funnel
    >>> days = [pd.Timestamp(2026, 10, day) for day in (2, 4, 10, 3, 9)]
    >>> went = ["lead", "mql", "won", "lead", "mql"]
    >>> events = pd.DataFrame({"entity": [*"aaabb"], "stage": went, "time": days})
    >>> way, today = Funnel(("lead", "mql", "won")), pd.Timestamp(2026, 10, 31)
    >>> october = {"october": (pd.Timestamp("2026-10-01"), today)}
    >>> steps(events, way, days={"lead": 5, "mql": 14}, spans=october, as_of=today)
      first then     span  n  converted
    0  lead  mql  october  2          1
    1   mql  won  october  2          1
    """
    import pandas as pd

    for name in funnel.stages[:-1]:
        if name not in days:
            raise ParameterError(unknown("stage without days", name, days))
    given = tuple(float(days[name]) for name in funnel.stages[:-1])
    found = engine.ask(went_on, events, funnel, given, tuple(spans.items()), as_of, by=by)
    rows = []
    for _, row in found.iterrows():
        for place, pair in enumerate(pairwise(funnel.stages)):
            for number, name in enumerate(spans):
                counts = (int(row[f"{what}_{place}_{number}"]) for what in ("n", "k"))
                rows.append((*([row["by"]] if by else []), *pair, name, *counts))
    columns = [*([by] if by else []), "first", "then", "span", "n", "converted"]
    return pd.DataFrame(rows, columns=columns)


def went_on(
    events: ir.Table, funnel: Funnel, days: tuple[float, ...], spans: Spans, as_of: datetime
) -> ir.Table:
    """The query behind `steps`: one row with `n_<step>_<span>` and `k_<step>_<span>`."""
    import ibis

    by = "by" in events.columns
    firsts = match.firsts(events, funnel.stages, by=by)
    zero = ibis.literal(0, "int64")
    asked = {"all": firsts.count()}
    for place, name in enumerate(funnel.stages[:-1]):
        entry = firsts[f"at_{name}"]
        limit = entry + match.days(days[place])
        later = [
            (firsts[f"at_{other}"] <= limit).fill_null(False)
            for other in funnel.stages[place + 1 :]
        ]
        converted = functools.reduce(operator.or_, later)
        for number, (_, (start, end)) in enumerate(spans):
            counted = (entry >= start) & (entry < end) & (limit <= as_of)
            asked[f"n_{place}_{number}"] = ibis.coalesce(counted.sum(), zero)
            asked[f"k_{place}_{number}"] = ibis.coalesce((counted & converted).sum(), zero)
    grouped = firsts.group_by("by") if by else firsts
    return grouped.aggregate(**asked)
