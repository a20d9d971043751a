"""Every reference must point to a row that is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.data import schema
from playbook.data.checks import words
from playbook.data.checks.problems import Collector, Kind, table_sql
from playbook.data.checks.sqltext import ident, literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb

    from playbook.data.checks.load import Loaded


def check(
    con: duckdb.DuckDBPyConnection, loaded: Mapping[str, Loaded], problems: Collector
) -> None:
    """Report the rows whose references lead nowhere."""
    for name, table in loaded.items():
        for column in table.table.columns:
            if column.references is None or column.name not in table.native:
                continue
            if column.references in loaded:
                problems.query(*_orphans(name, column))
            else:
                _unresolved(con, problems, name, column)


def _orphans(name: str, column: schema.Column) -> tuple[Kind, str]:
    parent = schema.table(str(column.references))
    value, key = f"c.{ident(column.name)}", f"p.{ident(parent.key[0])}"
    kind = Kind(
        "flag", "orphan", name, column.name,
        f"{column.name} ({column.zh}) points to a row of {parent.name} ({parent.zh}) that is "
        "not there",
        f"export {parent.name} completely, or correct the value; the row counts in totals, "
        "without what it points to",
    )  # fmt: skip
    one = f" AND NOT regexp_matches({value}, {literal(words.SEVERAL)})"
    return kind, (
        f"SELECT c._file, c._row, {value} AS value FROM {table_sql(name)} AS c "
        f"ANTI JOIN {table_sql(parent.name)} AS p ON {value} = {key} "
        f"WHERE {value} IS NOT NULL{one if column.name == 'dri_id' else ''}"
    )


def _unresolved(
    con: duckdb.DuckDBPyConnection, problems: Collector, name: str, column: schema.Column
) -> None:
    row = con.execute(f"SELECT count({ident(column.name)}) FROM {table_sql(name)}").fetchone()
    if row is None or not row[0]:
        return
    parent = schema.table(str(column.references))
    kind = Kind(
        "note", "unresolved", name, column.name,
        f"{column.name} ({column.zh}) is filled, but there is no table {parent.name} "
        f"({parent.zh}) to look it up in",
        f"supply {parent.name} ({parent.zh}) to see names instead of ids",
    )  # fmt: skip
    problems.add(kind, count=row[0])
