"""Rows of cells on their way into the engine, and what is not data among them."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from playbook.data.problems import EXAMPLES
from playbook.data.sources.headers import BLANKS
from playbook.data.sources.model import Rows, identifier, one_row, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import duckdb

    from playbook.data.schema import Table
    from playbook.data.sources.model import Grid

TOTALS = (
    "合计", "总计", "小计", "汇总", "共计", "本页合计", "总合计", "合计行",
    "total", "totals", "subtotal", "sub total", "sub-total", "grand total", "sum",
)  # fmt: skip
"""First cells of rows that add up others."""

_COMMA_SHAPE = r"^\D*(\d{1,3}(\.\d{3})+,\d+|0,\d+|\d+,(\d{1,2}|\d{4,}))\D*$"
_POINT_SHAPE = r"\.(\d{1,2}|\d{4,})(\D|$)|\d,\d{3}[.,]\d|^\D*0\.\d"
_BATCH = 20_000
_IDENTIFYING = {"key", "timestamp", "date"}


class Store:
    """Where rows are put before their table is known.

    Args:
        con: The engine.
        schema: Where its tables are made.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, schema: str) -> None:
        self.con = con
        self._schema = schema
        self._count = 0
        self.is_attached = "." in schema

    def name(self) -> str:
        """A new table's name."""
        self._count += 1
        return f"{self._schema}.s{self._count}"

    def fill(self, rows: Iterable[tuple[int, Sequence[str | None]]], width: int) -> tuple[str, int]:
        """A new table of `_row` and `c0` … from rows with their numbers; its name and length."""
        import pyarrow as pa

        name = self.name()
        columns = [f"c{i}" for i in range(width)]
        declared = ", ".join(f"{c} VARCHAR" for c in columns)
        self.con.execute(f"CREATE TABLE {name} (_row BIGINT, {declared})")
        names = ["_row", *columns]
        kinds = [pa.int64(), *[pa.string()] * width]
        iterator = iter(rows)
        count = 0
        while batch := list(islice(iterator, _BATCH)):
            count += len(batch)
            cells = zip(*((number, *row) for number, row in batch), strict=True)
            arrays = [pa.array(cell, kind) for cell, kind in zip(cells, kinds, strict=True)]
            self.con.register("staged_batch", pa.Table.from_arrays(arrays, names=names))
            self.con.execute(f"INSERT INTO {name} SELECT * FROM staged_batch")
            self.con.unregister("staged_batch")
        return name, count


def trimmed(cell: str) -> str | None:
    """The cell without blanks around it; None where nothing is left."""
    return cell.strip(BLANKS) or None


def trim_sql(cell: str) -> str:
    """The same in SQL."""
    return f"nullif(trim({cell}, {quoted(BLANKS)}), '')"


def empty_row(cells: Sequence[str]) -> str:
    """SQL condition: nothing stands in the row."""
    return f"coalesce({', '.join(cells)}) IS NULL"


def total_row(cells: Sequence[str], columns: dict[str, int], table: Table) -> str:
    """SQL condition: the row adds up others.

    Its first cell says so, and it has no key and no date of its own: a customer that is
    called Total stays.
    """
    words = ", ".join(map(quoted, TOTALS))

    def says_total(cell: str) -> str:
        return f"lower(rtrim({cell}, ':： ')) IN ({words})"

    own = [
        cells[position]
        for name, position in columns.items()
        if name in table.column_names and table.column(name).type in _IDENTIFYING
    ]
    first = says_total(f"coalesce({', '.join(cells)})")
    return " AND ".join([first, *(f"({c} IS NULL OR {says_total(c)})" for c in own)])


def rows_where(con: duckdb.DuckDBPyConnection, grid: Grid, condition: str) -> Rows:
    """The rows of a grid that meet a condition: the first of them and their count."""
    kept = f"({condition})" + (f" AND {grid.where}" if grid.where else "")
    query = f"SELECT {grid.row} FROM {grid.relation} WHERE {kept}"
    count, examples = one_row(con, f"SELECT count(*), min(r, {EXAMPLES}) FROM ({query}) AS t(r)")
    return Rows(tuple(examples or ()), count)


def decimal_comma(con: duckdb.DuckDBPyConnection, grid: Grid, cells: Sequence[str]) -> bool:
    """Whether numbers are written `1.234,56`, by the shape of all of them.

    A comma before three last digits proves nothing by itself, except in a file that is delimited
    by semicolons, as only computers with a decimal comma write it.
    """
    shapes = (_COMMA_SHAPE, _POINT_SHAPE, r"\d,\d")
    counted = [
        " + ".join(
            f"count_if(contains({c}, {mark}) AND regexp_matches({c}, {quoted(shape)}))"
            for c in cells
        )
        for shape, mark in zip(shapes, ("','", "''", "','"), strict=True)
    ]
    where = f" WHERE {grid.where}" if grid.where else ""
    query = f"SELECT {', '.join(counted)} FROM {grid.relation}{where}"
    comma, point, either = one_row(con, query)
    return not point and bool(comma or (either and grid.delimiter == ";"))


def relation_columns(count: int) -> tuple[str, ...]:
    """Names of the columns of a table that `Store.fill` makes."""
    return tuple(identifier(f"c{i}") for i in range(count))
