"""Grids that `[sources.*]` speaks of: rows made ours as the rules say."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import duckdb

from playbook.data import schema
from playbook.data.sources import mapping, tables
from playbook.data.sources.model import identifier, one_row
from playbook.errors import RulesError, nearest

if TYPE_CHECKING:
    from playbook.data.rules import Join, Rules, Source
    from playbook.data.schema import Table
    from playbook.data.sources.mapping import Secret
    from playbook.data.sources.model import Grid
    from playbook.data.sources.state import State

_REFERENCED = {
    column.references
    for table in schema.TABLES.values()
    for column in table.columns
    if column.references
}
"""Tables of things that others refer to: an equal row is the same thing once more."""


def apply(state: State, rules: Rules, secret: Secret) -> set[int]:
    """Reads grids as the rules say; gives the ids of those that need no recognition.

    Args:
        state: What was read.
        rules: Their `[sources.*]`.
        secret: Gives what keys made from contact details are hashed with.

    Raises:
        RulesError: A section cannot be applied, such as a date format that does not exist.
    """
    done: set[int] = set()
    by_section = {
        name: [g for g in state.grids if mapping.reads(name, source, g)]
        for name, source in rules.sources.items()
    }
    readers = Counter(g.first_id for grids in by_section.values() for g in grids)
    for name, source in rules.sources.items():
        found = by_section[name]
        join = source.join
        others = [g for g in state.grids if join and mapping.reads(name, join, g)]
        _report_absent(state, name, source, bool(found), bool(others))
        if len(others) > 1:
            _report_many_files(state, name, source, others)
        if not join or join.how == "left" or others:
            for grid in found:
                files = (grid, others[0] if others else None)
                alone = readers[grid.first_id] == 1
                _read(state, name, source, files, secret, alone=alone)
        done.update(g.first_id for g in found)
        done.update(g.first_id for g in others if not tables.recognise(g.names, g.headers)[0])
    _once(state)
    return done


def _read(
    state: State,
    name: str,
    source: Source,
    files: tuple[Grid, Grid | None],
    secret: Secret,
    *,
    alone: bool,
) -> None:
    """Reads a grid, and what it joins, by a section."""
    grid, other = files
    table = schema.TABLES[source.table]
    places = mapping.Headers(grid, "a")
    positions = {
        ours: at for ours, theirs in source.columns.items() if (at := places.at(theirs)) is not None
    }
    state.leave_out_totals(grid, table, positions)
    state.find_decimal_comma(grid, table, positions, source.decimal)
    built = mapping.Mapping(source, grid, other, secret, alone=alone)
    for key, header, place in built.missing:
        _report_no_header(state, f"[sources.{name}] {key}", header, table, place)
    try:
        state.con.execute(f"EXPLAIN {built.select}")
        if source.join and other:
            _report_repeated_join(state, name, table.name, source.join, other)
    except duckdb.Error as error:
        raise RulesError(
            f"[sources.{name}] of playbook.toml cannot be applied to {grid.place}: "
            f"{str(error).splitlines()[0]}"
        ) from None
    select = built.select
    if other:
        joined = state.store.name()
        state.con.execute(f"CREATE TABLE {joined} AS {select} ORDER BY _file, _row")
        select = f"SELECT * FROM {joined}"
    state.add(table, grid, built.columns, select)


def _once(state: State) -> None:
    """Of equal rows of one thing, mapped from one file or several, keeps the first.

    A list of deals names its salespeople again and again, and each of them is one of the staff.
    """
    for name in sorted(_REFERENCED & state.pieces.keys()):
        table = schema.TABLES[name]
        rows = " UNION ALL BY NAME ".join(state.pieces[name])
        if not all(key in state.tables[name] for key in table.key):
            continue
        keys = ", ".join(map(identifier, table.key))
        query = f"SELECT count(*), count(*) - count(DISTINCT ({keys})) FROM ({rows})"
        count, repeated = one_row(state.con, query)
        if not repeated:
            continue
        columns = ", ".join(map(identifier, state.tables[name]))
        kept = state.store.name()
        state.con.execute(
            f"CREATE TABLE {kept} AS SELECT * FROM ({rows}) QUALIFY row_number() OVER "
            f"(PARTITION BY {columns} ORDER BY _file, _row) = 1 ORDER BY _file, _row"
        )
        (left,) = one_row(state.con, f"SELECT count(*) FROM {kept}")
        state.pieces[name] = [f"SELECT * FROM {kept}"]
        if count > left:
            state.log.add(
                "note",
                "repeated-rows",
                f"{count - left:,} of {count:,} rows equal an earlier row of {name} in all that is "
                "mapped, and are read once",
                "nothing, or map more columns if they differ",
                table=name,
            )


def _report_absent(
    state: State, name: str, source: Source, is_found: bool, is_joined: bool
) -> None:
    wanted = [] if is_found else [("", source.file or source.from_table or "its query")]
    if source.join and not is_joined:
        wanted.append(("join: ", source.join.file or source.join.from_table))
    there = ", ".join(sorted({g.place for g in state.grids})) or "nothing"
    for key, what in wanted:
        state.log.add(
            "flag",
            "no-source",
            f"[sources.{name}] {key}{what} is not in the data; there is: {there}",
            "supply it, or correct the section in playbook.toml",
            table=source.table,
            file=what,
        )


def _report_many_files(state: State, name: str, source: Source, others: list[Grid]) -> None:
    state.log.add(
        "flag",
        "join-many-files",
        f"[sources.{name}] joins {len(others)} files or sheets; {others[0].place} is used",
        "name one file, and its sheet",
        table=source.table,
        grid=others[0],
    )


def _report_repeated_join(state: State, name: str, table: str, join: Join, other: Grid) -> None:
    (more,) = one_row(state.con, mapping.repeated(join, other))
    if more:
        state.log.add(
            "flag",
            "join-many",
            f"[sources.{name}] joins on {', '.join(join.on.values())}, which {more:,} rows "
            "repeat; the first row of each value is used",
            "join on what is unique in this file, or read this file in a section of its own",
            table=table,
            grid=other,
        )


def _report_no_header(state: State, key: str, header: str, table: Table, grid: Grid) -> None:
    there = [h for h in grid.headers if h]
    near = nearest(header, there)
    hint = f"; did you mean '{near}'?" if near else "."
    state.log.add(
        "flag",
        "unknown-column",
        f"{key} names '{header}', which the file does not have{hint} It has: {', '.join(there)}",
        "correct the name in playbook.toml, or the header in the file",
        table=table.name,
        grid=grid,
        column=header,
    )
