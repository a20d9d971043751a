"""Is the input fit to count: everything that is wrong with it, at once, and the clean tables.

Schema `raw` goes in, schema `clean` comes out, in the same connection: every declared table with
every declared column in its own type, then `source_system`, `extracted_at`, for accounts and
persons `merged_into_id`, and `_file`, `_row`, `row_hash` (of the content as kept, so equal rows
have equal hashes; for one version of the engine). Rows keep the order of their source.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from playbook.data import schema
from playbook.data.checks import channels, known, mask, references
from playbook.data.checks.duplicates import Merge, Merger
from playbook.data.checks.keys import set_aside
from playbook.data.checks.load import Loaded, Loader, empty
from playbook.data.checks.problems import Collector, Kind, counts, table_sql, to_frame
from playbook.data.checks.relations import relations
from playbook.data.checks.sqltext import ident
from playbook.errors import InputError

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    import duckdb
    import pandas as pd

    from playbook.data.rules import Rules
    from playbook.data.sources import Staged

__all__ = ["Checked", "counts", "run", "to_frame"]


@dataclass(frozen=True, slots=True)
class Checked:
    """What the checks found, beside the tables in schema `clean`.

    Attributes:
        problems: One row an example of a problem, most severe first: severity, code, table, file,
            sheet, row, column, value, message, remedy, count.
        counts: One row a kind of problem and file: severity, code, table, column, file, count,
            message, remedy.
        supplied: Columns with at least one value, by table.
        merges: Duplicates: table, kept_id, merged_id, rule.
        as_of: Naive UTC; what was known later is not in the tables.
        aside: Rows that are set aside: table, rows, path of their file (empty if not written).
    """

    problems: pd.DataFrame
    counts: pd.DataFrame
    supplied: dict[str, set[str]]
    merges: pd.DataFrame
    as_of: datetime
    aside: pd.DataFrame


def run(
    con: duckdb.DuckDBPyConnection,
    staged: Staged,
    rules: Rules,
    *,
    as_of: datetime | None = None,
    aside: Path | None = None,
) -> Checked:
    """Check what is staged in schema `raw` and fill schema `clean`.

    Args:
        con: The connection that holds schema `raw`.
        staged: What the sources gave.
        rules: Zone, currency, thresholds and what makes a duplicate.
        as_of: Hide what was not known at that moment (naive UTC); the data's latest if None.
        aside: Folder for the rows that are set aside, one CSV a table; none is written if None.

    Raises:
        InputError: There is no table of leads, or no usable row in it.
    """
    import pandas as pd

    problems = Collector(con, staged)
    _need_leads(con, staged)
    secret = mask.secret(con, {"person", "lead"} & set(staged.tables))
    loader = Loader(con, staged, rules, problems, secret)
    con.execute("CREATE SCHEMA IF NOT EXISTS clean")
    loaded = _load(loader)
    left = _set_aside(loader, loaded, aside)
    references.check(con, loaded, problems)
    moment = _hide(con, loaded, rules, problems, as_of)
    merges = Merger(con, rules, problems, secret).merge(loaded)
    supplied = _supplied(con, loaded)
    _relate(con, rules, problems, supplied)
    _drop_bits(con, loaded)
    listed = problems.listed()
    return Checked(
        to_frame(listed),
        counts(listed),
        supplied,
        pd.DataFrame(merges, columns=list(Merge._fields)),
        moment,
        pd.DataFrame(left, columns=["table", "rows", "path"]),
    )


def _need_leads(con: duckdb.DuckDBPyConnection, staged: Staged) -> None:
    given = staged.tables.get("lead", {})
    missing = [name for name in ("lead_id", "created_at") if name not in given]
    if not missing:
        row = con.execute("SELECT count(*) FROM raw.lead").fetchone()
        if row and row[0]:
            return
        raise InputError(f"the table of leads has headers but no rows.\n{_supply(staged)}")
    what = (
        f"the table of leads has no {' and no '.join(missing)}" if given else "there are no leads"
    )
    raise InputError(f"{what}.\n{_supply(staged)}")


def _supply(staged: Staged) -> str:
    """What to supply, and what was found instead."""
    table = schema.TABLES["lead"]
    columns = [f"  {c.name}: {', '.join(c.headers[1:])}" for c in table.columns if c.required]
    found = [
        f"  {f.file}{', ' + f.sheet if f.sheet else ''}: "
        f"{', '.join(f.tables) or 'not recognised'}, {f.rows} rows"
        for f in staged.files
    ]
    names = ", ".join((table.name, table.zh, *table.aliases))
    return "\n".join(
        [
            f"Supply a file or sheet named lead ({names}) with at least these columns:",
            *columns,
            "or map your own headers in [sources] of playbook.toml.",
            "`playbook new DIR` writes an empty template of every table.",
            "Found:",
            *(found or ["  nothing"]),
        ]
    )


def _load(loader: Loader) -> dict[str, Loaded]:
    loaded: dict[str, Loaded] = {}
    for name, table in schema.TABLES.items():
        loader.con.execute(f"DROP TABLE IF EXISTS {table_sql(name)}")
        if name not in loader.staged.tables:
            empty(loader.con, table)
            continue
        loaded[name] = loader.load(table)
        _missing_columns(loader, loaded[name])
    return loaded


def _missing_columns(loader: Loader, loaded: Loaded) -> None:
    table = loaded.table
    row = loader.con.execute(f"SELECT count(*) FROM {table_sql(table.name)}").fetchone()
    rows = row[0] if row else 0
    for name in table.required:
        if name in loaded.native:
            continue
        vital = name in table.key or name == table.time
        column = table.column(name)
        kind = Kind(
            "aside" if vital else "flag", "missing-column", table.name, name,
            f"{table.name} ({table.zh}) has no column {name} ({column.zh})"
            + ("; all its rows are set aside" if vital else ""),
            f"add it under one of these headers: {', '.join(column.headers)}; "
            "or map yours in [sources] of playbook.toml",
        )  # fmt: skip
        loader.problems.add(kind, count=rows)


def _set_aside(
    loader: Loader, loaded: dict[str, Loaded], folder: Path | None
) -> list[tuple[str, int, str]]:
    left = []
    for name, table in loaded.items():
        count, path = set_aside(loader, table, folder)
        if count:
            left.append((name, count, str(path or "")))
    row = loader.con.execute("SELECT count(*) FROM clean.lead").fetchone()
    if not row or not row[0]:
        codes = ", ".join(
            f"{p.column or p.table} {p.code}" for p in loader.problems.listed()
            if p.table == "lead" and p.severity == "aside"
        )  # fmt: skip
        raise InputError(f"no lead can be used: {codes}.\n{_supply(loader.staged)}")
    return left


def _hide(
    con: duckdb.DuckDBPyConnection,
    loaded: dict[str, Loaded],
    rules: Rules,
    problems: Collector,
    as_of: datetime | None,
) -> datetime:
    clock = known.Clock(con, rules.company.report_zone, timedelta(hours=rules.checks.future_hours))
    horizon = clock.horizon(loaded)
    moment = as_of or horizon
    if moment is None or horizon is None:
        raise InputError("no row of the data has a time that can be read")
    hider = known.Hider(con, clock, problems, moment, horizon)
    for table in loaded.values():
        hider.hide(table)
    return moment


def _supplied(con: duckdb.DuckDBPyConnection, loaded: dict[str, Loaded]) -> dict[str, set[str]]:
    supplied = {}
    for name, table in loaded.items():
        columns = [c for c in table.table.column_names if c in table.native]
        counted = ", ".join(f"count({ident(c)})" for c in columns)
        row = con.execute(f"SELECT {counted or 0} FROM {table_sql(name)}").fetchone() or ()
        supplied[name] = {c for c, n in zip(columns, row, strict=False) if n}
    return supplied


def _relate(
    con: duckdb.DuckDBPyConnection,
    rules: Rules,
    problems: Collector,
    supplied: dict[str, set[str]],
) -> None:
    for relation in relations(rules):
        if relation.can(supplied):
            problems.query(relation.kind, relation.sql)
    if "channel_id" in supplied["lead"]:
        channels.check(con, rules.checks.unmapped_channel_share, problems)


def _drop_bits(con: duckdb.DuckDBPyConnection, loaded: dict[str, Loaded]) -> None:
    for name, table in loaded.items():
        for column in table.bit_columns:
            con.execute(f"ALTER TABLE {table_sql(name)} DROP COLUMN {column}")
