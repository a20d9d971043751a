"""Aggregates of unit rows, asked of the engine that holds them.

Frames, Arrow tables and DuckDB relations are answered by DuckDB from a line of SQL, without loading
Ibis and its compiler, which take longer than a million rows; Ibis tables of any engine by theirs.
The two know the same aggregates, and tests hold them to be equal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias, cast

from playbook import queries
from playbook.errors import ParameterError, refuse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import duckdb
    import ibis.expr.types as ir

    Row: TypeAlias = tuple[Any, ...]


class Measure(NamedTuple):
    """An aggregate: one of `SQL`, and the columns it takes."""

    how: str
    columns: tuple[str, ...] = ()


class Repeats(NamedTuple):
    """Units on more than one row.

    Attributes:
        units: How many there are.
        crossed: How many of them are in more than one arm.
        unit: The first of those in more than one arm, else the first of all; None where there
            are none.
    """

    units: int
    crossed: int
    unit: str | None


class Rows(Protocol):
    """Unit rows of some engine."""

    columns: tuple[str, ...]

    def kind(self, column: str) -> str:
        """`number`, `boolean`, `text`, `ZONED`, or what else the engine calls its type."""

    def ask(self, measures: Sequence[Measure], by: tuple[str, ...] = ()) -> list[Row]:
        """One row per group: the values of `by`, None where missing, then the measures."""

    def repeats(self, unit: str, arm: str, within: tuple[str, ...] = ()) -> Repeats:
        """Units on more than one row of one group of `within`."""


SQL = {
    "count": "count(*)",
    "filled": "count({0})",
    "mean": "avg({0})",
    "variance": "var_samp({0})",
    "covariance": "covar_samp({0}, {1})",
    "low": "min({0})",
    "high": "max({0})",
    "empty": "count(*) FILTER (WHERE {0} IS NULL OR isnan({0}))",
    "infinite": "count(*) FILTER (WHERE isinf({0}))",
    "later": "count(*) FILTER (WHERE {0} > {1})",
}
"""The aggregates; `low` and `high` of a column with NaN are not finite."""
PLAIN = {"filled": "count", "mean": "mean", "low": "min", "high": "max"}
"""Those that Ibis has as a method of a column."""
ZONED = "moments with a time zone"
WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
NUMBERS = {*WHOLE, *(f"U{name}" for name in WHOLE), "FLOAT", "DOUBLE", "BIGNUM"}
EXACT = {*WHOLE[:4], "DOUBLE"}
"""Whose aggregates DuckDB gives as doubles without a cast of every value, which costs time."""


def rows_of(rows: Any, needed: Iterable[str]) -> Rows:
    """Unit rows as they come; of a DataFrame the columns that are needed.

    Raises:
        ParameterError: It is no table, or one that can be read only once.
    """
    if _is_from(rows, "ibis"):
        return IbisRows(rows)
    if _is_from(rows, "_duckdb", "duckdb"):
        return DuckRows(rows)
    if _is_from(rows, "pandas"):
        own = [name for name in dict.fromkeys(needed) if name in rows.columns]
        refuse(_mixed(rows, own))
        found, cursor = queries.forwards(rows[own]), queries.memory().cursor()
        relation = cursor.from_df(found) if len(found.columns) else cursor.sql("SELECT 0")
        return DuckRows(relation, tuple(map(str, rows.columns)))
    if not hasattr(rows, "__arrow_c_stream__") or type(rows).__name__ == "Series":
        raise ParameterError(
            "rows must be a pandas DataFrame, an Ibis table, a DuckDB relation or an Arrow table "
            f"such as Polars gives, not {type(rows).__name__}."
        )
    if not hasattr(rows, "__len__"):
        raise ParameterError(
            f"rows of {type(rows).__name__} can be read only once. Give the table itself, such as "
            "reader.read_all()."
        )
    return DuckRows(queries.memory().cursor().from_arrow(rows))


def _mixed(rows: Any, columns: list[str]) -> Iterator[str]:
    """Columns of a frame that hold text and something else, which no engine reads."""
    from pandas.api.types import infer_dtype

    for name in columns:
        values = rows[name]
        if values.dtype != object or not infer_dtype(values, skipna=True).startswith("mixed"):
            continue
        is_text = values.map(lambda value: isinstance(value, str)).to_numpy(bool)
        if is_text.any():
            at = int(is_text.argmax())
            yield (
                f"{name} holds text among other values, such as {values.iloc[at]!r} in row {at}: "
                "write all alike, numbers without signs, units and commas, such as 12.5."
            )


def _is_from(rows: Any, *packages: str) -> bool:
    return type(rows).__module__.split(".")[0] in packages and hasattr(rows, "columns")


class DuckRows:
    """Unit rows that DuckDB reads where they are."""

    def __init__(
        self, relation: duckdb.DuckDBPyRelation, columns: tuple[str, ...] | None = None
    ) -> None:
        """Read nothing yet.

        Args:
            relation: The rows, with the columns that are needed.
            columns: All columns that there are, where it has not all.
        """
        self.relation = relation
        self.columns = tuple(relation.columns) if columns is None else columns
        self.types = dict(zip(relation.columns, map(str, relation.types), strict=True))

    def kind(self, column: str) -> str:
        """See `Rows`."""
        kind = self.types[column]
        if kind in NUMBERS or kind.startswith("DECIMAL"):
            return "number"
        words = {"VARCHAR": "text", "TIMESTAMP WITH TIME ZONE": ZONED}
        return words.get(kind, kind.lower())

    def ask(self, measures: Sequence[Measure], by: tuple[str, ...] = ()) -> list[Row]:
        """See `Rows`."""
        groups = ", ".join(_quoted(name) for name in by)
        asked = [self._sql(one) for one in measures]
        answer = self.relation.aggregate(", ".join([*filter(None, [groups]), *asked]), groups)
        return answer.fetchall()

    def repeats(self, unit: str, arm: str, within: tuple[str, ...] = ()) -> Repeats:
        """See `Rows`."""
        key, of = _quoted(unit), _quoted(arm)
        each = f"{key} AS unit, count(*) AS n, min({of}) AS low, max({of}) AS high"
        named = self.relation.filter(f"{key} IS NOT NULL")
        again = named.aggregate(each, ", ".join([key, *map(_quoted, within)])).filter("n > 1")
        crossed = "FILTER (WHERE low <> high)"
        first = f"coalesce(min(unit::VARCHAR) {crossed}, min(unit::VARCHAR))"
        found = again.aggregate(f"count(*), count(*) {crossed}, {first}").fetchall()
        return Repeats(*found[0])

    def _sql(self, measure: Measure) -> str:
        return SQL[measure.how].format(*map(self._value, measure.columns))

    def _value(self, column: str) -> str:
        cast = self.kind(column) in {"number", "boolean"} and self.types[column] not in EXACT
        return f"CAST({_quoted(column)} AS DOUBLE)" if cast else _quoted(column)


class IbisRows:
    """Unit rows in an engine of Ibis."""

    def __init__(self, table: ir.Table) -> None:
        """Read nothing yet."""
        self.table = table
        self.columns = tuple(table.columns)

    def kind(self, column: str) -> str:
        """See `Rows`."""
        kind = self.table.schema()[column]
        if kind.is_boolean() or kind.is_numeric():
            return "boolean" if kind.is_boolean() else "number"
        if kind.is_timestamp() and kind.timezone:
            return ZONED
        return "text" if kind.is_string() else str(kind)

    def ask(self, measures: Sequence[Measure], by: tuple[str, ...] = ()) -> list[Row]:
        """See `Rows`."""
        used = dict.fromkeys([*by, *(name for one in measures for name in one.columns)])
        found = self._ask(aggregated, tuple(used), tuple(measures), by)
        return [tuple(row.values()) for row in found]

    def repeats(self, unit: str, arm: str, within: tuple[str, ...] = ()) -> Repeats:
        """See `Rows`."""
        (found,) = self._ask(repeated, tuple(dict.fromkeys((unit, *within, arm))))
        return Repeats(**found)

    def _ask(self, query: Any, columns: tuple[str, ...], *args: Any) -> list[dict[str, Any]]:
        # Names of columns may be of any script; those of the query are plain on every engine.
        names = {name: f"c{place}" for place, name in enumerate(columns)}
        given = queries.Given("units", self.table, tuple((names[n], n) for n in columns))
        backend = queries.backend_of(self.table)
        engine = "" if backend is None else str(backend.name)
        ours = [_renamed(one, names) for one in args]
        return queries.records(query, (given,), *ours, *([engine] if args else []))


def aggregated(
    tables: tuple[ir.Table, ...], measures: tuple[Measure, ...], by: tuple[str, ...], engine: str
) -> ir.Table:
    """One row per group of `by`: its values, then the measures as m0, m1 and so on."""
    units = tables[0]
    asked = {f"m{place}": _expression(units, one, engine) for place, one in enumerate(measures)}
    return cast("ir.Table", units.aggregate(by=list(by), **asked))


def repeated(tables: tuple[ir.Table, ...]) -> ir.Table:
    """One row of `Repeats`, of a table of units, their groups and arms."""
    import ibis

    units = tables[0]
    key, of = units.columns[0], units.columns[-1]
    named = units.filter(units[key].notnull())
    each = named.group_by([key, *units.columns[1:-1]]).aggregate(
        n=named.count(), low=named[of].min(), high=named[of].max()
    )
    again = each.filter(each.n > 1)
    names, crossed = again[key].cast("string"), again.low != again.high
    return cast(
        "ir.Table",
        again.aggregate(
            units=again.count(),
            crossed=again.count(where=crossed),
            unit=ibis.coalesce(names.min(where=crossed), names.min()),
        ),
    )


def _expression(units: ir.Table, measure: Measure, engine: str) -> Any:
    """The measure as `SQL` has it."""
    if measure.how == "count":
        return units.count()
    first, *rest = (_number(units[name]) for name in measure.columns)
    match measure.how:
        case "empty":
            return units.count(where=first.isnull() | first.isnan())
        case "infinite":
            # Not isinf: Ibis 12 asks Spark something that is never true.
            return units.count(where=(first - first).isnan() & ~first.isnan())
        case "later":
            return units.count(where=first > rest[0])
        case "variance" | "covariance":
            return _spread(first, rest, engine)
    return getattr(first, PLAIN[measure.how])()


def _spread(first: Any, rest: list[Any], engine: str) -> Any:
    """Variance or covariance. ClickHouse's usual ones lose the digits of a great mean."""
    if engine != "clickhouse":
        return first.cov(rest[0], how="sample") if rest else first.var(how="sample")
    import ibis

    if rest:
        return ibis.udf.agg.builtin(_covariance, name="covarSampStable")(first, rest[0])
    return ibis.udf.agg.builtin(_variance, name="varSampStable")(first)


def _variance(values: float) -> float:
    """Tells Ibis the types of the engine's own function; never called."""
    raise NotImplementedError(values)


def _covariance(values: float, others: float) -> float:
    """Tells Ibis the types of the engine's own function; never called."""
    raise NotImplementedError(values, others)


def _number(column: Any) -> Any:
    """Numbers and booleans as doubles; others as they are."""
    kind = column.type()
    if kind.is_boolean():
        return column.cast("int32").cast("float64")  # PostgreSQL makes no double of a boolean
    return column.cast("float64") if kind.is_numeric() and not kind.is_float64() else column


def _renamed(arg: tuple[Any, ...], names: dict[str, str]) -> tuple[Any, ...]:
    return tuple(
        one._replace(columns=tuple(names[name] for name in one.columns))
        if isinstance(one, Measure)
        else names[one]
        for one in arg
    )


def _quoted(name: str) -> str:
    escaped = name.replace('"', '""')
    return f'"{escaped}"'
