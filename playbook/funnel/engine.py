"""A funnel's questions: each a pure function of the events, put to the engine that holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from playbook import queries
from playbook.errors import ParameterError, unknown
from playbook.queries import Given

if TYPE_CHECKING:
    from collections.abc import Callable

    import ibis.expr.types as ir
    import pandas as pd

    from playbook.funnel.settings import Funnel

    Events: TypeAlias = pd.DataFrame | ir.Table
    Query: TypeAlias = Callable[..., ir.Table]

EVENTS = "funnel_events"
"""Name under which a compiled query reads the events."""
TYPES = {"entity": "string", "stage": "string", "time": "timestamp", "by": "string"}
"""What the events' columns are taken for: the SQL is the same whatever they are."""


def ask(
    query: Query, events: Events, funnel: Funnel, *args: Any, by: str | None = None
) -> pd.DataFrame:
    """The answer of the events' own engine to `query(events, funnel, *args)`.

    Args:
        query: A pure function; its first argument is a table with the columns `entity`, `stage`,
            `time` and, where `by` is given, `by`.
        events: One row per stage entry, under the funnel's own column names.
        funnel: Names the columns.
        *args: Further arguments of `query`, hashable.
        by: Column to break down by.

    Raises:
        ParameterError: A column is missing.
    """
    names = {"entity": funnel.entity, "stage": funnel.stage, "time": funnel.time}
    if by is not None:
        names["by"] = by
    for name in names.values():
        if name not in events.columns:
            raise ParameterError(unknown("column of events", name, list(events.columns)))
    types = tuple((name, TYPES[name]) for name in names)
    given = Given(EVENTS, events, tuple(names.items()), types)
    return queries.ask(_of_events, (given,), query, funnel, args)


def sql(
    query: Query,
    funnel: Funnel,
    args: tuple[Any, ...],
    *,
    by: bool = False,
    dialect: str = "duckdb",
) -> str:
    """The SQL of a question over a table named `EVENTS`, in a warehouse's dialect.

    It begins with `, ` and the names of its parts, or with a space where it has none, so that it
    can follow `WITH funnel_events AS (...)`.
    """
    return queries.sql(_of_events, _shapes(by=by), (query, funnel, args), dialect)


def expression(
    query: Query, funnel: Funnel, args: tuple[Any, ...], *, by: bool = False
) -> ir.Table:
    """The question as an Ibis expression over an unbound table of events."""
    return queries.expression(_of_events, _shapes(by=by), (query, funnel, args))


def in_duckdb(events: Events) -> bool:
    """Whether DuckDB answers for these events."""
    import ibis

    if not isinstance(events, ibis.Table):
        return True
    backend = queries.backend_of(events)
    return backend is not None and backend.name == "duckdb"


def _of_events(
    tables: tuple[ir.Table, ...], query: Query, funnel: Funnel, args: tuple[Any, ...]
) -> ir.Table:
    return query(tables[0], funnel, *args)


def _shapes(*, by: bool) -> queries.Shapes:
    names = [name for name in TYPES if by or name != "by"]
    return ((EVENTS, tuple((name, TYPES[name]) for name in names)),)
