"""Input that has types already: Parquet, a DuckDB file, a database that Ibis can reach."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import duckdb

from playbook.data.sources.folder import without_secrets
from playbook.data.sources.mapping import query_name
from playbook.data.sources.model import Grid, Kind, Part, identifier, one_row, quoted
from playbook.data.sources.tables import named
from playbook.data.sources.text import UnreadableError
from playbook.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from playbook.data.rules import Rules
    from playbook.data.sources.folder import Input
    from playbook.data.sources.grids import Store
    from playbook.data.sources.model import Log

Shape = tuple[tuple[str, str], ...]
"""Names and types of the columns of a file."""

LARGEST_COPY = 20_000_000
"""Rows of a database table that are still copied; larger tables stay where they are."""

_BATCH = 100_000

_DIGITS = 38
"""Digits of the longest decimal that DuckDB holds."""

_UNREADABLE = (
    "check its name and that this user may read it; a value that cannot be copied, such as a date "
    "of infinity, is left out by a `query` in a [sources] section"
)


def parquet(store: Store, source: Input, files: Iterable[Path], log: Log) -> Iterator[Grid]:
    """A grid for each table in Parquet; parts of one table with equal columns are one grid.

    Nothing is copied: the grid is a view of the files.
    """
    groups: dict[tuple[Path, str, Shape], list[tuple[Path, int]]] = {}
    for path in files:
        try:
            shape = _shape(store.con, path)
            rows = _parquet_rows(store.con, path)
        except duckdb.Error:
            unreadable(log, source.name(path), "it is damaged or not Parquet", "export it again")
            continue
        folder = path.parent.name if path.parent != source.root else ""
        own = named(path.stem) or re.sub(r"[\d\W_]+$", "", path.stem)
        key = named(folder) or own if folder else own
        groups.setdefault((path.parent, key, shape), []).append((path, rows))
    for (_, _, shape), members in groups.items():
        yield _parquet_grid(source, shape, members)


def _parquet_grid(source: Input, shape: Shape, members: list[tuple[Path, int]]) -> Grid:
    first = members[0][0]
    listed = ", ".join(quoted(str(path.resolve())) for path, _ in members)
    headers = tuple(name for name, _ in shape)
    return Grid(
        kind="parquet",
        sheet="",
        names=source.words(first),
        headers=headers,
        cells=tuple(map(identifier, headers)),
        relation=f"read_parquet([{listed}])",
        row="file_row_number + 1",
        parts=tuple(Part(source.name(path), rows) for path, rows in members),
        part="file_index",
    )


def _shape(con: duckdb.DuckDBPyConnection, path: Path) -> Shape:
    described = con.execute(f"DESCRIBE SELECT * FROM read_parquet({quoted(str(path))})")
    return tuple((name, kind) for name, kind, *_ in described.fetchall())


def _parquet_rows(con: duckdb.DuckDBPyConnection, path: Path) -> int:
    query = f"SELECT sum(num_rows) FROM parquet_file_metadata({quoted(str(path))})"
    (rows,) = one_row(con, query)
    return int(rows or 0)


def duckdb_file(
    store: Store, path: Path, name: str, rules: Rules, *, is_only: bool
) -> Iterator[Grid]:
    """A grid for each table of a DuckDB file; nothing is copied, the file stays attached.

    Raises:
        UnreadableError: It is damaged, or another program has it open for writing.
    """
    database = f"input_{store.name().rpartition('.')[2]}"
    try:
        store.con.execute(f"ATTACH OR REPLACE {quoted(str(path))} AS {database} (READ_ONLY)")
    except duckdb.Error as error:
        raise UnreadableError(
            f"it cannot be opened as a DuckDB file ({str(error).splitlines()[0]})",
            "close the program that writes to it, or export it again",
        ) from None
    listed = store.con.execute(
        "SELECT schema_name, table_name, true FROM duckdb_tables() WHERE database_name = $1 "
        "UNION ALL SELECT schema_name, view_name, false FROM duckdb_views() "
        "WHERE database_name = $1 AND NOT internal ORDER BY ALL",
        [database],
    ).fetchall()
    for schema_name, table, is_table in listed:
        relation = f"{database}.{identifier(schema_name)}.{identifier(table)}"
        shown = table if schema_name == "main" else f"{schema_name}.{table}"
        row = "rowid + 1" if is_table else "row_number() OVER ()"
        yield _typed_grid(store, "duckdb", name, (shown, table), (relation, row))
    if is_only:
        yield from _queries_of_file(store, database, name, rules)


def _queries_of_file(store: Store, database: str, name: str, rules: Rules) -> Iterator[Grid]:
    (home,) = one_row(store.con, "SELECT current_database()")
    prefix = "" if store.is_attached else f"{identifier(home)}."
    for section, source in rules.sources.items():
        if source.query:
            relation = store.name()
            cursor = store.con.cursor()
            try:
                cursor.execute(f"USE {database}")
                cursor.execute(f"CREATE TABLE {prefix}{relation} AS {source.query}")
            except duckdb.Error as error:
                raise _bad_query(section, str(error).splitlines()[0]) from None
            finally:
                cursor.close()
            shown = query_name(section)
            yield _typed_grid(store, "duckdb", name, (shown,), (relation, "rowid + 1"))


def _bad_query(section: str, why: str) -> InputError:
    return InputError(
        f"The query of [sources.{section}] fails: {why}. Correct it in playbook.toml."
    )


def _typed_grid(
    store: Store, kind: Kind, file: str, names: tuple[str, ...], source: tuple[str, str]
) -> Grid:
    """The grid of a relation and its row expression."""
    relation, row = source
    described = store.con.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
    headers = tuple(name for name, *_ in described)
    (rows,) = one_row(store.con, f"SELECT count(*) FROM {relation}")
    return Grid(
        kind=kind,
        sheet=names[0],
        names=names[::-1],
        headers=headers,
        cells=tuple(map(identifier, headers)),
        relation=relation,
        row=row,
        parts=(Part(file, rows),),
    )


def database(store: Store, url: str, rules: Rules, log: Log) -> Iterator[Grid]:
    """A grid for each table of a database that is named as ours or in the rules.

    Rows are copied in batches through Arrow, up to `LARGEST_COPY` a table.

    Raises:
        InputError: No connection, or a query of the rules fails.
    """
    with _connection(url) as backend:
        yield from _tables(store, backend, url, rules, log)
        for section, source in rules.sources.items():
            if source.query:
                yield _queried(store, backend, url, section, source.query)


def _tables(store: Store, backend: Any, url: str, rules: Rules, log: Log) -> Iterator[Grid]:
    shown = without_secrets(url)
    wanted = {s.from_table for s in rules.sources.values()}
    wanted |= {s.join.from_table for s in rules.sources.values() if s.join}
    there = _listed(backend, url)
    named_ones = [t for t in there if named(t) or t in wanted]
    for table in [*named_ones, *sorted(wanted - {*there, ""})]:
        schema_name, _, bare = ("", "", table) if table in there else table.rpartition(".")
        try:
            expression = backend.table(bare, **({"database": schema_name} if schema_name else {}))
            rows = int(expression.count().to_pyarrow().as_py())
            if rows > LARGEST_COPY:
                _report_too_large(log, shown, table, rows)
                continue
            grid = _copied(store, shown, (table, bare), expression)
        except Exception as error:  # noqa: BLE001 - every database has errors of its own
            message = f"table {table} cannot be read: {_scrubbed(url, error)}"
            log.add("flag", "unreadable-table", message, _UNREADABLE, file=shown)
            continue
        yield grid


def _listed(backend: Any, url: str) -> list[str]:
    try:
        return sorted(backend.list_tables())
    except Exception as error:  # noqa: BLE001 - every database has errors of its own
        raise _refused(url, error) from None


def _report_too_large(log: Log, shown: str, table: str, rows: int) -> None:
    log.add(
        "flag",
        "table-too-large",
        f"table {table} has {rows:,} rows; up to {LARGEST_COPY:,} are copied, so it is left where "
        "it is and is not read",
        "give a `query` in a [sources] section that selects the period or adds up",
        file=shown,
    )


def _queried(store: Store, backend: Any, url: str, section: str, query: str) -> Grid:
    try:
        names = (query_name(section),)
        return _copied(store, without_secrets(url), names, _selected(backend, query))
    except Exception as error:  # noqa: BLE001 - every database has errors of its own
        raise _bad_query(section, _scrubbed(url, error)) from None


def _selected(backend: Any, query: str) -> Any:
    """A query as a table, also where this user may not write.

    Ibis asks PostgreSQL for the types through a temporary view, which a replica refuses.
    """
    if backend.name != "postgres":
        return backend.sql(query)
    from ibis import schema
    from ibis.backends.sql.datatypes import PostgresType

    with backend.con.cursor() as cursor:
        cursor.execute(f"SELECT * FROM ({query}) AS asked LIMIT 0")
        columns = cursor.description
    types = {c.name: PostgresType.from_string(c.type_display, nullable=True) for c in columns}
    return backend.sql(query, schema=schema(types))


def _plain(expression: Any) -> Any:
    """The same columns, as text where Arrow has no such type or cannot hold all its values."""
    import ibis

    def is_plain(kind: Any) -> bool:
        if kind.is_decimal():
            return kind.precision is not None and kind.precision <= _DIGITS
        if kind.is_string():
            return kind.length is None  # CHAR(8) comes with blanks behind, as text without
        known = (kind.is_boolean(), kind.is_numeric(), kind.is_date(), kind.is_timestamp())
        return any(known)

    kinds = expression.schema()
    return expression.select(
        [ibis._[n] if is_plain(k) else ibis._[n].cast("string").name(n) for n, k in kinds.items()]
    )


def _copied(store: Store, shown: str, names: tuple[str, ...], expression: Any) -> Grid:
    relation = store.name()
    with _plain(expression).to_pyarrow_batches(chunk_size=_BATCH) as batches:
        store.con.register("staged_batches", batches)
        store.con.execute(f"CREATE TABLE {relation} AS SELECT * FROM staged_batches")
        store.con.unregister("staged_batches")
    return _typed_grid(store, "url", shown, names, (relation, "rowid + 1"))


@contextmanager
def _connection(url: str) -> Iterator[Any]:
    """A connection that is closed afterwards: a pool may have few of them."""
    import ibis

    try:
        backend = ibis.connect(url)
    except Exception as error:  # noqa: BLE001 - every database has errors of its own
        raise _refused(url, error) from None
    try:
        yield backend
    finally:
        backend.disconnect()


def _refused(url: str, error: Exception) -> InputError:
    scheme = url.partition("://")[0]
    driver = {"postgresql": "postgres"}.get(scheme, scheme)
    return InputError(
        f"Cannot connect to {without_secrets(url)}: {_scrubbed(url, error)}. Check the address, "
        "the network and the password; a database other than DuckDB and SQLite needs its Ibis "
        f"driver, as from pip install 'ibis-framework[{driver}]'."
    )


def _scrubbed(url: str, error: Exception) -> str:
    """The first line of an error without anything secret of the address."""
    text = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    rest = url.partition("://")[2]
    user_info, query = rest.rpartition("@")[0], rest.partition("?")[2]
    secrets = {url, rest, user_info, query, *user_info.split(":", 1)}
    secrets |= {value for pair in query.split("&") for value in pair.split("=")[1:]}
    secrets |= {part for part in re.split(r"[:/?#@]", user_info) if len(part) > 2}
    secrets |= {unquote(secret) for secret in secrets}
    for secret in sorted(secrets - {""}, key=len, reverse=True):
        text = text.replace(secret, "…")
    return text


def unreadable(log: Log, file: str, why: str, remedy: str) -> None:
    """Notes that a file cannot be read."""
    log.add("flag", "unreadable-file", f"the file cannot be read: {why}", remedy, file=file)
