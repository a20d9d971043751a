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


NAMED_BY = {
    "account": "account_name",
    "campaign": "campaign_name",
    "channel": "channel_name",
    "content": "title",
    "event": "event_name",
    "keyword": "keyword",
    "partner": "partner_name",
    "project": "name",
    "staff": "name",
}
"""The column by which people call a row: exports often carry it in place of the key."""


def check(
    con: duckdb.DuckDBPyConnection, loaded: Mapping[str, Loaded], problems: Collector
) -> None:
    """Look up references by name where they are names, and report those that lead nowhere."""
    for name, table in loaded.items():
        for column in table.table.columns:
            if column.references is None or column.name not in table.native:
                continue
            if column.references in loaded:
                if NAMED_BY.get(column.references) in loaded[column.references].native:
                    _by_name(con, problems, name, column)
                problems.query(*_orphans(name, column))
            else:
                _unresolved(con, problems, name, column)


def _by_name(
    con: duckdb.DuckDBPyConnection, problems: Collector, name: str, column: schema.Column
) -> None:
    """Put the key where a name stands that one row alone bears and that is nobody's key."""
    parent = schema.table(str(column.references))
    key, label = ident(parent.key[0]), ident(NAMED_BY[parent.name])
    rows, own = table_sql(name), ident(column.name)
    called = (
        f"(SELECT {label} AS called, min({key}) AS id FROM {table_sql(parent.name)} "
        f"WHERE {label} IS NOT NULL GROUP BY {label} HAVING count(DISTINCT {key}) = 1)"
    )
    unknown = f"{own} NOT IN (SELECT {key} FROM {table_sql(parent.name)} WHERE {key} IS NOT NULL)"
    found = con.execute(
        f"SELECT count(*) FROM {rows} SEMI JOIN {called} ON {own} = called WHERE {unknown}"
    ).fetchone()
    if found is None or not found[0]:
        return
    con.execute(f"UPDATE {rows} SET {own} = id FROM {called} WHERE {own} = called AND {unknown}")
    kind = Kind(
        "note", "by-name", name, column.name,
        f"{column.name} ({column.zh}) holds names of {parent.name} ({parent.zh}), not keys; each "
        "counts as the one row of that name",
        "nothing, unless two rows may bear one name: then export the key",
    )  # fmt: skip
    problems.add(kind, count=found[0])


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
