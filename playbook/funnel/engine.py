"""Where a funnel's queries run: in the engine that holds the events.

A pandas DataFrame and a DuckDB table are answered by DuckDB from SQL that is compiled once per
question; an Ibis table of any other engine is answered there.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

from playbook.errors import ParameterError, unknown

if TYPE_CHECKING:
    from collections.abc import Callable

    import duckdb
    import ibis.expr.types as ir
    import pandas as pd

    from playbook.funnel.settings import Funnel

    Events: TypeAlias = pd.DataFrame | ir.Table
    Query: TypeAlias = Callable[..., ir.Table]
    Columns: TypeAlias = tuple[tuple[str, str], ...]

EVENTS = "funnel_events"
"""Name under which a compiled query reads the events."""

COMPILED = 512
"""Questions whose SQL is kept."""


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
    import ibis

    names = {"entity": funnel.entity, "stage": funnel.stage, "time": funnel.time}
    if by is not None:
        names["by"] = by
    for name in names.values():
        if name not in events.columns:
            raise ParameterError(unknown("column of events", name, list(events.columns)))
    columns = tuple(names.items())
    if not isinstance(events, ibis.Table):
        return _ask_frame(query, events, funnel, args, columns)
    if _is_native(events):
        con = events.get_backend().con
        body = sql(query, funnel, args, by=by is not None)
        # No cursor: it would not see the connection's temporary tables and files.
        answer: pd.DataFrame = con.execute(f"{_source(events.op(), columns)}{body}").df()
    else:
        answer = query(_selected(events, columns), funnel, *args).to_pandas()
    return answer


@lru_cache(maxsize=COMPILED)
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
    import ibis

    text = ibis.to_sql(expression(query, funnel, args, by=by), dialect=dialect, pretty=False)
    return f", {text[5:]}" if text.startswith("WITH ") else f" {text}"


def expression(
    query: Query, funnel: Funnel, args: tuple[Any, ...], *, by: bool = False
) -> ir.Table:
    """The question as an Ibis expression over an unbound table of events."""
    import ibis

    columns = {"entity": "string", "stage": "string", "time": "timestamp"}
    columns |= {"by": "string"} if by else {}
    return query(ibis.table(columns, name=EVENTS), funnel, *args)


def in_duckdb(events: Events) -> bool:
    """Whether DuckDB answers for these events."""
    import ibis
    import ibis.expr.operations as ops

    if not isinstance(events, ibis.Table):
        return True
    return not events.op().find(ops.UnboundTable) and events.get_backend().name == "duckdb"


def _selected(events: ir.Table, columns: Columns) -> ir.Table:
    return events.select(**{ours: events[theirs] for ours, theirs in columns})


def _is_native(events: ir.Table) -> bool:
    """Whether DuckDB holds the events, and nothing of them is only in memory."""
    import ibis.expr.operations as ops

    return not events.op().find(ops.InMemoryTable) and in_duckdb(events)


@lru_cache(maxsize=COMPILED)
def _source(op: Any, columns: Columns) -> str:
    """The events as a `WITH` clause; read once where they are the result of a computation."""
    import ibis
    import ibis.expr.operations as ops

    costly = op.find((ops.JoinChain, ops.Aggregate, ops.Set, ops.WindowFunction, ops.Distinct))
    text = ibis.to_sql(_selected(op.to_expr(), columns), dialect="duckdb", pretty=False)
    return f"WITH {EVENTS} AS {'' if costly else 'NOT '}MATERIALIZED ({text})"


def _ask_frame(
    query: Query,
    events: pd.DataFrame,
    funnel: Funnel,
    args: tuple[Any, ...],
    columns: Columns,
) -> pd.DataFrame:
    named = ", ".join(f'"{theirs}" AS {ours}' for ours, theirs in columns)
    body = sql(query, funnel, args, by=len(columns) > 3)
    with _memory().cursor() as con:
        con.register("frame", events[[theirs for _, theirs in dict.fromkeys(columns)]])
        text = f"WITH {EVENTS} AS NOT MATERIALIZED (SELECT {named} FROM frame){body}"
        answer: pd.DataFrame = con.execute(text).df()
    return answer


@lru_cache(maxsize=1)
def _memory() -> duckdb.DuckDBPyConnection:
    """A DuckDB of our own, for tables that are in memory."""
    import duckdb

    return duckdb.connect()
