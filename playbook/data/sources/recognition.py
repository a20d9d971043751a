"""Grids that no rule speaks of: their table and columns found by name, and what did not fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.data import schema
from playbook.data.sources import headers, tables
from playbook.data.sources.model import identifier, one_row, quoted

if TYPE_CHECKING:
    from playbook.data.schema import Column, Table
    from playbook.data.sources.headers import Match
    from playbook.data.sources.model import Grid
    from playbook.data.sources.state import State

_LISTED = 12


def recognise(state: State, grid: Grid) -> None:
    """Adds a grid's rows to the table that it is, or reports that this is not clear."""
    name, candidates = tables.recognise(grid.names, grid.headers)
    if name is None:
        _report_not_recognised(state, grid, candidates)
        return
    table = schema.TABLES[name]
    found = headers.match(grid.headers, table)
    _report(state, grid, table, found)
    state.leave_out_totals(grid, table, found.columns)
    state.find_decimal_comma(grid, table, found.columns, None)
    parts = [
        f"{_scaled(grid.cells[at], found.scales.get(ours))} AS {identifier(ours)}"
        for ours, at in found.columns.items()
    ]
    parts.append(f"({grid.part} + {grid.first_id})::INTEGER AS _file")
    parts.append(f"({grid.row})::BIGINT AS _row")
    where = f" WHERE {grid.where}" if grid.where else ""
    written = {ours: grid.headers[at] for ours, at in found.columns.items()}
    state.add(table, grid, written, f"SELECT {', '.join(parts)} FROM {grid.relation}{where}")


def report_rows(state: State, grid: Grid) -> None:
    """Reports irregular rows of a grid that feeds a table, and one without rows."""
    fed = state.fed_by(grid)
    if not fed:
        return
    width = len(grid.headers)
    if grid.ragged.count:
        state.log.add(
            "flag",
            "ragged-row",
            f"the row has not as many cells as there are headers ({width}); the first {width} are "
            "read as they stand, missing ones are empty",
            "look for a delimiter or a quotation mark inside a text; or export as Excel",
            table=fed[0],
            grid=grid,
            rows=grid.ragged,
        )
    if grid.broken.count:
        state.log.add(
            "flag",
            "open-quote",
            "a quotation mark is opened and never closed; it is read as a letter",
            'double it ("") inside a text, or export as Excel',
            table=fed[0],
            grid=grid,
            rows=grid.broken,
        )
    if not any(file.rows for file in state.files if file.id == grid.first_id):
        message, remedy = "it has headers and no rows", "nothing, or export it again"
        state.log.add("note", "no-rows", message, remedy, table=fed[0], grid=grid)


def _scaled(cell: str, scale: str | None) -> str:
    """A number with the unit that its header names, such as 万."""
    return f"{cell} || {quoted(scale)}" if scale else cell


def _report(state: State, grid: Grid, table: Table, found: Match) -> None:
    for column, chosen, other in found.double:
        _report_double(state, grid, table, column, (grid.headers[chosen], grid.headers[other]))
    for at, column in found.near:
        _report_near(state, grid, table, grid.headers[at], column)
    unnamed = [
        at for at, header in enumerate(grid.headers) if not header and _has_values(state, grid, at)
    ]
    for at in (*found.ignored, *unnamed):
        written = grid.headers[at]
        state.log.add(
            "note",
            "ignored-column",
            f"{f'column {written}' if written else f'column {at + 1}, which has no header,'} "
            f"is not one of {table.name} and is not read",
            "nothing, or rename it, or map it in a [sources] section",
            table=table.name,
            grid=grid,
            column=written,
        )


def _has_values(state: State, grid: Grid, at: int) -> bool:
    query = f"SELECT count({grid.cells[at]}) FROM {grid.relation}"
    (values,) = one_row(state.con, query)
    return bool(values)


def _report_double(
    state: State, grid: Grid, table: Table, column: str, written: tuple[str, str]
) -> None:
    chosen, other = written
    declared = _column(table, column)
    is_name_beside_id = bool(declared.references) and headers.plain(chosen).endswith(("id", "编号"))
    state.log.add(
        "note" if is_name_beside_id else "flag",
        "double-column",
        f"columns {chosen} and {other} both are {column} of {table.name}; {chosen} is used",
        "rename the one that is something else, or say which in a [sources] section",
        table=table.name,
        grid=grid,
        column=other,
    )


def _report_near(state: State, grid: Grid, table: Table, written: str, column: str) -> None:
    declared = _column(table, column)
    needed = ", which every row needs" if declared.required else ""
    state.log.add(
        "flag",
        "unknown-column",
        f"{written} is not a column of {table.name}; the nearest is {column} ({declared.zh})"
        f"{needed}. It is not read",
        f"rename it to {column} or {declared.zh} if it is that, or map it in a [sources] section: "
        f'columns = {{{column} = "{written}"}}',
        table=table.name,
        grid=grid,
        column=written,
    )


def _column(table: Table, name: str) -> Column:
    return next(c for c in (*table.columns, *schema.COMMON) if c.name == name)


def _report_not_recognised(state: State, grid: Grid, candidates: tuple[str, ...]) -> None:
    shown = [header for header in grid.headers if header]
    listed = ", ".join(shown[:_LISTED]) + (" …" if len(shown) > _LISTED else "")
    wanted = tables.named(grid.names[0])
    if candidates:
        code = "unclear-table"
        both = " or ".join(f"{name} ({schema.TABLES[name].zh})" for name in candidates)
        message = f"its headers fit {both}, so it is not read: {listed}"
        remedy = f"name the file or sheet after its table, such as {candidates[0]}"
    elif wanted:
        code = "unknown-headers"
        message = f"it is named like {wanted}, but none of its headers is known: {listed}"
        remedy = (
            f"rename the headers ({', '.join(schema.TABLES[wanted].required)} at least), or map "
            "them in a [sources] section"
        )
    else:
        code = "unknown-table"
        message = f"it is none of our tables by its name or headers and is not read: {listed}"
        remedy = "nothing, or name it after its table, or map it in a [sources] section"
    is_aside = code == "unknown-table" and (grid.kind == "excel" or grid.file.endswith(".txt"))
    state.log.add("note" if is_aside else "flag", code, message, remedy, grid=grid)
