"""Where queries run: in the engine that holds the tables.

A pandas DataFrame and a DuckDB table are answered by DuckDB from SQL that is compiled once per
question; Ibis tables of any other engine are answered there.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    import duckdb
    import ibis.expr.types as ir
    import pandas as pd

    Columns: TypeAlias = tuple[tuple[str, str], ...]
    Query: TypeAlias = Callable[..., ir.Table]
    Types: TypeAlias = tuple[tuple[str, str], ...]
    Shapes: TypeAlias = tuple[tuple[str, Types], ...]
    Fetch: TypeAlias = Callable[[Any, Shapes], Any]

COMPILED = 512
"""Questions whose SQL is kept."""


class Given(NamedTuple):
    """A table that a question reads.

    Attributes:
        name: What the query calls it.
        table: The rows.
        columns: Pairs of the query's name of a column and the table's own.
        types: The query's columns and their types, once they are known.
    """

    name: str
    table: pd.DataFrame | ir.Table
    columns: Columns
    types: Types | None = None


def ask(query: Query, given: tuple[Given, ...], *args: Any) -> pd.DataFrame:
    """The answer of the tables' own engine to `query(tables, *args)`.

    Args:
        query: A pure function of a tuple of Ibis tables, with the query's names for their columns.
        given: These tables.
        *args: Further arguments of `query`, hashable.
    """

    def frame(found: Any, shapes: Shapes) -> pd.DataFrame:
        return _as_declared(found.df(), query, shapes, args)

    answer = _by_duckdb(query, given, args, frame)
    if answer is None:
        answer = query(tuple(selected(one) for one in given), *args).to_pandas()
    return cast("pd.DataFrame", answer)


def records(query: Query, given: tuple[Given, ...], *args: Any) -> list[dict[str, Any]]:
    """The same answer as plain values, a dictionary per row; for small ones.

    From DuckDB it comes without pandas, whose import takes longer than many a question.
    """
    answer = _by_duckdb(query, given, args, _plain)
    if answer is None:
        table = query(tuple(selected(one) for one in given), *args)
        answer = table.to_pyarrow().to_pylist()
    return cast("list[dict[str, Any]]", answer)


@lru_cache(maxsize=COMPILED)
def sql(query: Query, shapes: Shapes, args: tuple[Any, ...], dialect: str = "duckdb") -> str:
    """The SQL of a question over tables of the given shapes, in a warehouse's dialect.

    It begins with `, ` and the names of its parts, or with a space where it has none, so that it
    can follow `WITH name AS (...)`.
    """
    import ibis

    text = ibis.to_sql(expression(query, shapes, args), dialect=dialect, pretty=False)
    return f", {text[5:]}" if text.startswith("WITH ") else f" {text}"


@lru_cache(maxsize=COMPILED)
def expression(query: Query, shapes: Shapes, args: tuple[Any, ...]) -> ir.Table:
    """The question as an Ibis expression over tables that are only declared."""
    import ibis

    return query(tuple(ibis.table(dict(types), name=name) for name, types in shapes), *args)


def selected(one: Given) -> ir.Table:
    """The table with the query's columns."""
    import ibis

    columns = [theirs for _, theirs in one.columns]
    table = one.table
    if not isinstance(table, ibis.Table):
        table = ibis.memtable(table[list(dict.fromkeys(columns))])
    return table.select(**{ours: table[theirs] for ours, theirs in one.columns})


def shape(one: Given) -> Types:
    """The query's columns and their types, as Ibis writes them."""
    import ibis

    if one.types is not None:
        return one.types
    if not isinstance(one.table, ibis.Table):
        return _described(one)
    types = one.table.schema()
    return tuple((ours, str(types[theirs])) for ours, theirs in one.columns)


def backend_of(table: pd.DataFrame | ir.Table) -> Any:
    """The Ibis backend that holds a table; None where it is a DataFrame or only declared."""
    import ibis
    import ibis.expr.operations as ops

    if not isinstance(table, ibis.Table) or table.op().find(ops.UnboundTable):
        return None
    return table.get_backend()


@lru_cache(maxsize=1)
def memory() -> duckdb.DuckDBPyConnection:
    """A DuckDB of our own, for tables that are in memory."""
    import duckdb

    return duckdb.connect()


def forwards(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame, copied where columns lie backwards, as in `rows[::-1]`: DuckDB cannot read it."""
    import numpy as np

    arrays = [frame[name].to_numpy() for name in frame if isinstance(frame[name].dtype, np.dtype)]
    return frame.copy() if any(array.strides[0] < 0 for array in arrays) else frame


def any_bit(rows: ir.Table, bits: ir.IntegerColumn) -> ir.IntegerScalar:
    """The bits that are set in any of the rows.

    Spark has that sum, by a name that Ibis does not know.
    """
    import ibis

    backend = backend_of(rows)
    if backend is None or backend.name != "pyspark":
        return bits.bit_or()

    return cast("ir.IntegerScalar", ibis.udf.agg.builtin(_own_bit_or, name="bit_or")(bits))


def _own_bit_or(bits: int) -> int:
    """Tells Ibis the types of the engine's own function; never called."""
    raise NotImplementedError(bits)


def _in_memory(given: tuple[Given, ...]) -> bool:
    """Whether anything of the tables is only in memory, for Ibis to bring to the engine."""
    import ibis.expr.operations as ops

    return any(_op(one).find(ops.InMemoryTable) for one in given)


def _sources(given: tuple[Given, ...]) -> str:
    return ", ".join(_source(one.name, _op(one), one.columns) for one in given)


def _op(one: Given) -> Any:
    table: Any = one.table
    return table.op()


@lru_cache(maxsize=COMPILED)
def _source(name: str, op: Any, columns: Columns) -> str:
    """A table as part of a `WITH` clause; read once where it is the result of a computation."""
    import ibis
    import ibis.expr.operations as ops

    if isinstance(op, ops.DatabaseTable):
        path = (op.namespace.catalog, op.namespace.database, op.name)
        table = ".".join(_quoted(part) for part in path if part)
        return f"{name} AS NOT MATERIALIZED (SELECT {_named(columns)} FROM {table})"
    costly = op.find((ops.JoinChain, ops.Aggregate, ops.Set, ops.WindowFunction, ops.Distinct))
    text = ibis.to_sql(selected(Given(name, op.to_expr(), columns)), dialect="duckdb", pretty=False)
    return f"{name} AS {'' if costly else 'NOT '}MATERIALIZED ({text})"


def _shapes(given: tuple[Given, ...]) -> Shapes:
    return tuple((one.name, shape(one)) for one in given)


def _by_duckdb(query: Query, given: tuple[Given, ...], args: tuple[Any, ...], fetch: Fetch) -> Any:
    """What `fetch` takes of DuckDB's answer; None where another engine has to answer."""
    import ibis

    frames = [not isinstance(one.table, ibis.Table) for one in given]
    if all(frames):
        return _ask_frames(query, given, args, fetch)
    if not any(frames) and len({id(backend_of(one.table)) for one in given}) == 1:
        con = backend_of(given[0].table)
        if con is not None and con.name == "duckdb" and not _in_memory(given):
            shapes = _shapes(given)
            text = f"WITH {_sources(given)}{sql(query, shapes, args)}"
            # No cursor: it would not see the connection's temporary tables and files.
            return fetch(con.con.execute(text), shapes)
    return None


def _plain(found: Any, _: Shapes) -> list[dict[str, Any]]:
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _ask_frames(query: Query, given: tuple[Given, ...], args: tuple[Any, ...], fetch: Fetch) -> Any:
    parts = [
        f"{one.name} AS NOT MATERIALIZED (SELECT {_named(one.columns)} FROM frame_{one.name})"
        for one in given
    ]
    shapes = _shapes(given)
    with memory().cursor() as con:
        for one in given:
            _register(con, one)
        text = f"WITH {', '.join(parts)}{sql(query, shapes, args)}"
        return fetch(con.execute(text), shapes)


def _register(con: duckdb.DuckDBPyConnection, one: Given) -> None:
    own = list(dict.fromkeys(theirs for _, theirs in one.columns))
    con.register(f"frame_{one.name}", forwards(cast("pd.DataFrame", one.table[own])))


def _described(one: Given) -> Types:
    """The types that DuckDB sees in a DataFrame."""
    from ibis.backends.sql.datatypes import DuckDBType

    with memory().cursor() as con:
        _register(con, one)
        seen = con.execute(
            f"DESCRIBE SELECT {_named(one.columns)} FROM frame_{one.name}"
        ).fetchall()
    return tuple(
        (name, "null" if kind == '"NULL"' else str(DuckDBType.from_string(kind)))
        for name, kind, *_ in seen
    )


def _named(columns: Columns) -> str:
    return ", ".join(f"{_quoted(theirs)} AS {_quoted(ours)}" for ours, theirs in columns)


def _quoted(name: str) -> str:
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


def _as_declared(
    answer: pd.DataFrame, query: Query, shapes: Shapes, args: tuple[Any, ...]
) -> pd.DataFrame:
    """Whole numbers as such: DuckDB adds them in 128 bits, which pandas takes for fractions."""
    import numpy as np

    for name in _whole(query, shapes, args):
        values = answer[name].to_numpy()
        if values.dtype.kind == "f" and not np.isnan(values).any():
            answer[name] = values.astype("int64")
    return answer


@lru_cache(maxsize=COMPILED)
def _whole(query: Query, shapes: Shapes, args: tuple[Any, ...]) -> tuple[str, ...]:
    """The columns of an answer that hold whole numbers."""
    types = expression(query, shapes, args).schema()
    return tuple(name for name, kind in types.items() if kind.is_integer())
