"""Unique keys, and the rows that are set aside: without key, without anchor time, or doubled."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from playbook.data.checks.load import shown_sql
from playbook.data.checks.problems import Kind, table_sql
from playbook.data.checks.sqltext import ident, literal

if TYPE_CHECKING:
    from pathlib import Path

    from playbook.data.checks.load import Loaded, Loader

ADDITIVE = frozenset({"ad_daily", "web_daily", "content_daily"})
"""Tables of measures. Rows of one file that share a key are a finer grain (by device, say), not
copies: they are kept, because their sums are right. A second file with the same key is a copy."""

FORMULA_START = r"^[=+\-@\t\r]"
_NUMBER = r"[+\-]?[\d.,]+%?"


def find_twins(loader: Loader, loaded: Loaded) -> bool:
    """Fill the temporary table `twins` with the rows whose key stands in another row too.

    The row exported last is kept, among equals the first of the first file. `same` is true where
    the source says the same in all columns as another twin, which `kept_row` then names.

    Returns:
        Whether there are any.
    """
    con, table = loader.con, loaded.table
    clean, keys = table_sql(table.name), ", ".join(ident(name) for name in table.key)
    usable = f"NOT {loaded.aside()}"
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE suspects AS SELECT hash({keys}) AS suspect
        FROM {clean} WHERE {usable} GROUP BY suspect HAVING count(*) > 1"""
    )
    if not _count(loader, "suspects"):
        return False
    given = [n for n in loaded.native if n not in {"extracted_at", "source_system"}]
    content = ", ".join(f"coalesce({ident(n)}::VARCHAR, '\x1e')" for n in given)
    latest = "ORDER BY extracted_at DESC NULLS LAST, _file, _row"
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE twins AS
        WITH kin AS (
            SELECT _file, _row, extracted_at, {keys} FROM {clean}
            WHERE {usable} AND hash({keys}) IN (SELECT suspect FROM suspects)
        ), source AS (
            SELECT _file, _row, md5(concat_ws('\x1f', {content})) AS content
            FROM raw.{ident(table.name)} SEMI JOIN kin USING (_file, _row)
        ), ranked AS (
            SELECT _file, _row, row_number() OVER alike AS place,
                row_number() OVER equal > 1 AS same,
                CASE WHEN same THEN first_value(_file) OVER equal
                    ELSE first_value(_file) OVER alike END AS kept_file,
                CASE WHEN same THEN first_value(_row) OVER equal
                    ELSE first_value(_row) OVER alike END AS kept_row
            FROM kin JOIN source USING (_file, _row)
            WINDOW alike AS (PARTITION BY {keys} {latest}),
                equal AS (PARTITION BY {keys}, content {latest})
        )
        SELECT * EXCLUDE (place) FROM ranked WHERE place > 1"""
    )
    return _count(loader, "twins") > 0


def _count(loader: Loader, table: str) -> int:
    row = loader.con.execute(f"SELECT count(*) FROM {table}").fetchone()
    return row[0] if row else 0


def set_aside(loader: Loader, loaded: Loaded, folder: Path | None) -> tuple[int, Path | None]:
    """Take the rows that cannot be used out of the clean table, into a file of their own.

    Returns:
        How many rows, and the file; None where nothing was written.
    """
    con, table = loader.con, loaded.table
    parts = []
    if find_twins(loader, loaded):
        _report_twins(loader, loaded)
        parts.append(
            f"SELECT _file, _row, {_twin_reason(loader)} AS reason FROM twins "
            f"WHERE {_leaves(table.name)}"
        )
    if (unusable := loaded.aside()) != "false":
        parts.append(
            f"SELECT _file, _row, {_reasons(loaded)} AS reason FROM {table_sql(table.name)} "
            f"WHERE {unusable}"
        )
    if not parts:
        return 0, None
    con.execute(f"CREATE OR REPLACE TEMP TABLE dropped AS {' UNION ALL '.join(parts)}")
    count = _count(loader, "dropped")
    if not count:
        return 0, None
    path = _write(loader, loaded, folder) if folder is not None else None
    con.execute(
        f"DELETE FROM {table_sql(table.name)} AS t USING dropped AS d "
        "WHERE t._file = d._file AND t._row = d._row"
    )
    return count, path


def _leaves(table: str) -> str:
    """True for the twins that do not stay."""
    return "same OR _file <> kept_file" if table in ADDITIVE else "true"


def _report_twins(loader: Loader, loaded: Loaded) -> None:
    name, key = loaded.table.name, ", ".join(loaded.table.key)
    shown = " || ', ' || ".join(
        f"coalesce({shown_sql(loaded, n, loader.rules)}, '')" for n in loaded.table.key
        if n in loaded.native
    )  # fmt: skip
    value = f"{shown} || ' = ' || {_where_kept(loader)}"
    source = f"FROM raw.{ident(name)} JOIN twins USING (_file, _row)"
    kinds = {
        "same": Kind(
            "note", "identical-copy", name, loaded.table.key[0],
            "the row is an identical copy of another; it is counted once",
            "nothing; if two exports overlap, that is expected",
        ),
        f"NOT same AND ({_leaves(name)})": Kind(
            "aside", "duplicate-key", name, loaded.table.key[0],
            f"another row has the same key ({key}) and other values; "
            "the one exported last is kept, else the first",
            "decide in the source which one is right, and delete the other",
        ),
        f"NOT same AND NOT ({_leaves(name)})": Kind(
            "flag", "shared-key", name, loaded.table.key[0],
            f"several rows of one file share their key ({key}); all are kept and add up",
            "nothing if the file has a finer grain, such as one row a device; else delete copies",
        ),
    }  # fmt: skip
    for condition, kind in kinds.items():
        loader.problems.query(
            kind, f"SELECT _file, _row, {value} AS value {source} WHERE {condition}"
        )


def _where_kept(loader: Loader) -> str:
    return f"'row ' || kept_row || ' of ' || {file_names(loader, 'kept_file')}"


def file_names(loader: Loader, column: str) -> str:
    """The name of the file, and of its sheet, from its id."""
    cases = " ".join(
        f"WHEN {f.id} THEN {literal(f'{f.file}, {f.sheet}' if f.sheet else f.file)}"
        for f in loader.staged.files
    )
    return f"CASE {column} {cases} ELSE '' END" if cases else "''"


def _twin_reason(loader: Loader) -> str:
    kept = _where_kept(loader)
    return (
        f"CASE WHEN same THEN 'identical copy of ' || {kept} "
        f"ELSE 'same key, other values than ' || {kept} END"
    )


def _reasons(loaded: Loaded) -> str:
    texts = [literal(f"there is no column {name}") for name in loaded.lacking]
    texts += [
        f"CASE WHEN {loaded.bit(i)} THEN {literal(loaded.predicates[i].kind.message)} END"
        for i in loaded.hits
        if loaded.predicates[i].kind.severity == "aside"
    ]
    return f"concat_ws('; ', {', '.join(texts)})" if texts else "''"


def _write(loader: Loader, loaded: Loaded, folder: Path) -> Path:
    """The set-aside rows under their own headers, as a CSV that any spreadsheet opens safely."""
    headers = loader.staged.tables.get(loaded.table.name, {})
    columns = {
        "file": file_names(loader, "_file"),
        "row": "_row::VARCHAR",
        "reason": "reason",
        **{
            headers.get(name, name): shown_sql(loaded, name, loader.rules) for name in loaded.native
        },
    }
    folder.mkdir(parents=True, exist_ok=True)
    path, body = folder / f"{loaded.table.name}.csv", folder / f"{loaded.table.name}.csv.part"
    selected = ", ".join(harmless(sql) for sql in columns.values())
    loader.con.execute(
        f"COPY (SELECT {selected} FROM raw.{ident(loaded.table.name)} JOIN dropped "
        f"USING (_file, _row) ORDER BY _file, _row) TO {literal(str(body))} (HEADER false)"
    )
    with path.open("wb") as out:
        line = ",".join('"' + name.replace('"', '""') + '"' for name in columns)
        out.write(("\ufeff" + line + "\n").encode())
        with body.open("rb") as rows:
            shutil.copyfileobj(rows, out)
    body.unlink()
    return path


def harmless(sql: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    formula = f"regexp_matches({sql}, {literal(FORMULA_START)})"
    number = f"regexp_full_match({sql}, {literal(_NUMBER)})"
    return f"CASE WHEN {formula} AND NOT {number} THEN '''' || ({sql}) ELSE {sql} END"
