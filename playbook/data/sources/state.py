"""What is known while files are being read: grids, files, and the tables they fill."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from playbook.data import schema
from playbook.data.sources.grids import (
    Store,
    decimal_comma,
    empty_row,
    rows_where,
    total_row,
)
from playbook.data.sources.model import Grid, Log, Rows, SourceFile, identifier

if TYPE_CHECKING:
    import duckdb

    from playbook.data.schema import Table

NUMERIC = {"integer", "number", "decimal"}


@dataclass(slots=True)
class State:
    """One run of `stage`.

    Attributes:
        con: The engine.
        store: Where rows are put.
        log: What went wrong.
        grids: Everything that was read.
        files: The files behind the grids; a file's id is its place, from 1.
        fed: Our table and the id of a file that feeds it.
        tables: Our table to our column to the header as written.
        pieces: SQL of the rows of each of our tables.
    """

    con: duckdb.DuckDBPyConnection
    store: Store
    log: Log = field(default_factory=Log)
    grids: list[Grid] = field(default_factory=list)
    files: list[SourceFile] = field(default_factory=list)
    fed: list[tuple[str, int]] = field(default_factory=list)
    tables: dict[str, dict[str, str]] = field(default_factory=dict)
    pieces: dict[str, list[str]] = field(default_factory=dict)
    _summed: set[int] = field(default_factory=set)

    def register(self, grid: Grid) -> None:
        """Gives the grid's files their ids, and passes over blank rows."""
        grid.first_id = len(self.files) + 1
        self.grids.append(grid)
        self.files += [
            SourceFile(
                id=grid.first_id + offset,
                file=part.file,
                sheet=grid.sheet,
                tables=(),
                rows=part.rows,
                kind=grid.kind,
                encoding=grid.encoding,
                delimiter=grid.delimiter,
                header_row=grid.header_row,
            )
            for offset, part in enumerate(grid.parts)
        ]
        if grid.kind == "text":
            self._leave_out(grid, empty_row(grid.cells))

    def leave_out_totals(self, grid: Grid, table: Table, positions: dict[str, int]) -> None:
        """Passes over rows that add up others."""
        if not grid.textual or grid.first_id in self._summed:
            return
        self._summed.add(grid.first_id)
        rows = self._leave_out(grid, total_row(grid.cells, positions, table))
        if rows.count:
            self.log.add(
                "note",
                "total-row",
                "the row adds up others and is left out",
                "nothing to do",
                table=table.name,
                grid=grid,
                rows=rows,
            )

    def _leave_out(self, grid: Grid, condition: str) -> Rows:
        rows = rows_where(self.con, grid, condition)
        if rows.count:
            kept = f"NOT coalesce({condition}, false)"
            grid.where = f"{grid.where} AND {kept}" if grid.where else kept
            at = grid.first_id - 1
            self.files[at] = replace(self.files[at], rows=self.files[at].rows - rows.count)
        return rows

    def find_decimal_comma(
        self, grid: Grid, table: Table, positions: dict[str, int], given: str | None
    ) -> None:
        """Finds out how the grid's file writes numbers, where the rules do not say."""
        if not grid.textual:
            return
        columns = {c.name: c for c in (*table.columns, *schema.COMMON)}
        numeric = [
            grid.cells[at] for ours, at in positions.items() if columns[ours].type in NUMERIC
        ]
        if given == "," or (not given and numeric and decimal_comma(self.con, grid, numeric)):
            at = grid.first_id - 1
            self.files[at] = replace(self.files[at], decimal_comma=True)

    def add(self, table: Table, grid: Grid, columns: dict[str, str], select: str) -> None:
        """Adds rows to one of our tables.

        Args:
            table: Ours.
            grid: Where they come from.
            columns: Our column to the header as written.
            select: SQL of the rows.
        """
        self.pieces.setdefault(table.name, []).append(select)
        supplied = self.tables.setdefault(table.name, {})
        for ours, header in columns.items():
            supplied.setdefault(ours, header)
        self.fed += [(table.name, grid.first_id + offset) for offset in range(len(grid.parts))]

    def fed_by(self, grid: Grid) -> list[str]:
        """Our tables that a grid feeds."""
        return [table for table, number in self.fed if number == grid.first_id]

    def build(self) -> None:
        """Makes the views of schema `raw`."""
        for table, pieces in self.pieces.items():
            rows = " UNION ALL BY NAME ".join(pieces)
            self.con.execute(f"CREATE VIEW raw.{identifier(table)} AS {rows}")
