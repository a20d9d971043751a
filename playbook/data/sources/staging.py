"""The whole way from a data folder, file or address to schema `raw`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from playbook.data import schema
from playbook.data.sources import (
    csvfile,
    excel,
    folder,
    headers,
    mapping,
    recognition,
    sections,
    tabular,
    text,
)
from playbook.data.sources.grids import Store
from playbook.data.sources.model import SourceFile, Staged, identifier, one_row
from playbook.data.sources.state import State
from playbook.errors import RulesError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import duckdb

    from playbook.data.rules import Rules
    from playbook.data.sources.folder import Digests, Input
    from playbook.data.sources.model import Grid


def stage(
    con: duckdb.DuckDBPyConnection, data: str | Path, rules: Rules, *, cache: Path | None = None
) -> Staged:
    """Reads everything and makes a view `raw.<table>` for each of our tables that was found.

    Each has the columns that were supplied, under our names, and `_file` and `_row`. Text keeps
    its spelling; Parquet and databases keep their types. Parquet and DuckDB files are not copied:
    they must stay where they are for as long as the connection is used.

    Args:
        con: Where to. Schemas `raw` and `staged` are made anew; where a database is attached as
            `raw`, all goes into that one, so that it can be detached without a trace.
        data: Folder, file or database address.
        rules: Of these, `[sources.*]`.
        cache: Folder that remembers hashes of files between runs.

    Raises:
        InputError: There is nothing to read, no connection, or a query of the rules fails.
        RulesError: A `[sources.*]` section cannot be applied.
    """
    store = Store(con, _emptied(con))
    (ordered,) = one_row(con, "SELECT current_setting('preserve_insertion_order')")
    con.execute("SET preserve_insertion_order = true")  # the order of rows gives their numbers
    try:
        with folder.Digests(cache) as digests:
            if folder.is_url(data):
                return _stage_database(store, str(data), rules)
            return _stage_files(store, folder.find(data, rules), rules, digests)
    finally:
        con.execute(f"SET preserve_insertion_order = {ordered}")


def _stage_database(store: Store, url: str, rules: Rules) -> Staged:
    def secret() -> str:
        raise RulesError(
            "A key made from contact details needs files, not a database connection: name other "
            "columns in key.from."
        )

    state = State(store.con, store)
    for grid in tabular.database(state.store, url, rules, state.log):
        state.register(grid)
    return _recognised(state, rules, secret)


def _emptied(con: duckdb.DuckDBPyConnection) -> str:
    """The schema for rows that await their table; it and `raw` are empty afterwards."""
    listed = "SELECT view_name FROM duckdb_views() WHERE database_name = 'raw' AND NOT internal"
    (attached,) = one_row(
        con, "SELECT count(*) FROM duckdb_databases() WHERE database_name = 'raw'"
    )
    if not attached:
        con.execute("DROP SCHEMA IF EXISTS raw CASCADE; CREATE SCHEMA raw")
        con.execute("DROP SCHEMA IF EXISTS staged CASCADE; CREATE SCHEMA staged")
        return "staged"
    for (view,) in con.execute(listed).fetchall():
        con.execute(f"DROP VIEW raw.main.{identifier(view)}")
    con.execute("DROP SCHEMA IF EXISTS raw.staged CASCADE; CREATE SCHEMA raw.staged")
    return "raw.staged"


def _stage_files(store: Store, source: Input, rules: Rules, digests: Digests) -> Staged:
    digests.start(source.files)
    state = State(store.con, store)
    for name in source.skipped:
        state.log.add(
            "note",
            "ignored-file",
            "not a kind of file that is read",
            f"save it as one of {', '.join(folder.READ)} if it holds data",
            file=name,
        )
    for grid in _grids(state, source, rules):
        state.register(grid)
    staged = _recognised(state, rules, lambda: mapping.secret_of(source.files))
    hashed = [replace(f, sha256=digests.of(source.root / f.file)) for f in staged.files]
    return replace(staged, files=hashed, input_hash=folder.content_hash(source, digests))


def _recognised(state: State, rules: Rules, secret: mapping.Secret) -> Staged:
    """Gives every grid its table."""
    done = sections.apply(state, rules, secret)
    for grid in state.grids:
        if grid.first_id not in done:
            recognition.recognise(state, grid)
        recognition.report_rows(state, grid)
    state.build()
    if "lead" not in state.tables:
        state.log.stop_unreadable()
    tables = {name: state.tables[name] for name in schema.TABLES if name in state.tables}
    files = [_fed(state, file) for file in state.files]
    return Staged(tables, files, state.log.problems)


def _fed(state: State, file: SourceFile) -> SourceFile:
    fed = dict.fromkeys(table for table, number in state.fed if number == file.id)
    return replace(file, tables=tuple(fed))


def _grids(state: State, source: Input, rules: Rules) -> Iterator[Grid]:
    parquet = [f for f in source.files if f.suffix.lower() in folder.PARQUET]
    for path in source.files:
        if path not in parquet:
            yield from _file(state, source, rules, path)
    yield from tabular.parquet(state.store, source, parquet, state.log)


def _file(state: State, source: Input, rules: Rules, path: Path) -> Iterator[Grid]:
    """The grids of one file; what cannot be read is noted."""
    name = source.name(path)
    suffix = path.suffix.lower()
    read = _workbook if suffix in folder.EXCEL else _text
    if suffix in folder.DUCKDB:
        read = _duckdb
    try:
        yield from read(state, source, rules, path)
    except text.UnreadableError as error:
        tabular.unreadable(state.log, name, error.why, error.remedy)
    except OSError as error:
        remedy = "close it, or allow this user to read it"
        tabular.unreadable(state.log, name, error.strerror or str(error), remedy)


def _duckdb(state: State, source: Input, rules: Rules, path: Path) -> Iterator[Grid]:
    is_only = sum(1 for f in source.files if f.suffix.lower() in folder.DUCKDB) == 1
    yield from tabular.duckdb_file(state.store, path, source.name(path), rules, is_only=is_only)


def _workbook(state: State, source: Input, rules: Rules, path: Path) -> Iterator[Grid]:
    name = source.name(path)

    def header_row(sheet: str) -> int | None:
        rows = (s.header_row for s in mapping.options(rules, name, sheet))
        return next((row for row in rows if row), None)

    known = headers.known(mapping.header_names(rules, name))
    origin = excel.Origin(path, name, source.words(path), known, header_row)
    grids = excel.load(state.store, origin)
    if not grids:
        _report_empty(state, name)
    yield from grids


def _text(state: State, source: Input, rules: Rules, path: Path) -> Iterator[Grid]:
    name = source.name(path)
    said = mapping.options(rules, name)
    dialect = text.dialect_of(
        path,
        headers.known(mapping.header_names(rules, name)),
        encoding=next((s.encoding for s in said if s.encoding), None),
        delimiter=next((s.delimiter for s in said if s.delimiter), None),
        header_row=next((s.header_row for s in said if s.header_row), None),
    )
    if dialect is None:
        _report_empty(state, name)
    else:
        yield csvfile.load(state.store, path, dialect, name, source.words(path))


def _report_empty(state: State, name: str) -> None:
    remedy = "export it again if it should hold rows"
    state.log.add("note", "empty-file", "nothing is in it", remedy, file=name)
