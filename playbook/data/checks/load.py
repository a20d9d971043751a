"""From schema `raw` to schema `clean`: one scan a table reads, types, masks and tests each row."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from playbook.data import schema
from playbook.data.checks import columns, mask, times, words
from playbook.data.checks.predicates import generate
from playbook.data.checks.problems import Collector, table_sql, visible
from playbook.data.checks.sqltext import fold, ident, literal
from playbook.data.problems import EXAMPLES

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb

    from playbook.data.checks.columns import Parsed, Reading
    from playbook.data.checks.predicates import Predicate
    from playbook.data.rules import Rules
    from playbook.data.schema import Column, Table
    from playbook.data.sources import Staged

_BITS = 60

MERGED = ("account", "person")
"""Tables that carry `merged_into_id`; a lead has its own `merged_into_lead_id`."""


@dataclass(slots=True)
class Loaded:
    """One table in schema `clean`, with the problems of its rows still in bit columns.

    Attributes:
        table: The table.
        native: Type in the source of each supplied column.
        predicates: The tests; the n-th has bit n.
        hits: Predicates that some row failed, by their position.
    """

    table: Table
    native: Mapping[str, str]
    predicates: list[Predicate]
    hits: list[int] = field(default_factory=list)

    @property
    def lacking(self) -> list[str]:
        """Columns without which no row can be used, and which were not supplied."""
        table = self.table
        vital = [n for n in table.required if n in table.key or n == table.time]
        return [name for name in vital if name not in self.native]

    def bit(self, position: int) -> str:
        """True in the rows that fail the predicate at that position."""
        return f"(_b{position // _BITS} & {1 << position % _BITS}) <> 0"

    @property
    def bit_columns(self) -> list[str]:
        """Names of the bit columns."""
        return [f"_b{i}" for i in range((len(self.predicates) + _BITS - 1) // _BITS)]

    def aside(self) -> str:
        """True in the rows that have no key or no anchor time."""
        if self.lacking:
            return "true"
        tests = [self.bit(i) for i in self.hits if self.predicates[i].kind.severity == "aside"]
        return f"({' OR '.join(tests)})" if tests else "false"


class Loader:
    """Reads one table after the other."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        staged: Staged,
        rules: Rules,
        problems: Collector,
        secret: bytes,
    ) -> None:
        self.secret = secret
        self.con = con
        self.staged = staged
        self.rules = rules
        self.problems = problems

    def load(self, table: Table) -> Loaded:
        """Create the clean table and collect what is wrong within its rows."""
        native = self._native(table)
        parsed = self._parse(table, native)
        given = {name: parsed[name] for name in parsed if name in native}
        loaded = Loaded(table, native, generate(table, given))
        self.con.execute(_create(table, parsed, loaded))
        loaded.hits = self._hits(loaded)
        self._collect(loaded)
        return loaded

    def _native(self, table: Table) -> dict[str, str]:
        if table.name not in self.staged.tables:
            return {}
        described = self.con.execute(f"DESCRIBE raw.{ident(table.name)}").fetchall()
        known = {c.name for c in (*table.columns, *schema.COMMON)}
        return {name: kind for name, kind, *_ in described if name in known}

    def _parse(self, table: Table, native: Mapping[str, str]) -> dict[str, Parsed]:
        usual = columns.Reading(
            self.rules.company.report_zone,
            self.rules.checks.free_mail_domains,
            frozenset(f.id for f in self.staged.files if f.decimal_comma),
            secret=self.secret,
        )
        every = (*table.columns, *schema.COMMON)
        easy = self._easy(table, [c for c in every if native.get(c.name) == "VARCHAR"], usual)
        texts = [c for c in every if native.get(c.name) == "VARCHAR" and c.name not in easy]
        orders = self._orders(table, [c.name for c in texts if c.type in {"timestamp", "date"}])
        parsed = {}
        for column in every:
            if column.name not in native:
                parsed[column.name] = columns.absent(column)
                continue
            order = orders.get(column.name, times.Order())
            reading = replace(usual, easy=column.name in easy, order=order)
            parsed[column.name] = columns.parse(column, native[column.name], reading)
        return parsed

    def _easy(self, table: Table, texts: list[Column], usual: Reading) -> set[str]:
        """The text columns whose values are all written in the usual way."""
        raw = f"raw.{ident(table.name)}"
        parts, scanned = [], []
        for column in texts:
            if (test := columns.hard(column, usual)) is None:
                continue
            asked = f"coalesce(bool_or({test}), false) AS {ident(column.name)}"
            if column.type in {"enum", "boolean"}:
                # Few different values: testing each of them once is several times faster.
                few = f"(SELECT DISTINCT {ident(column.name)} FROM {raw})"
                parts.append(f"(SELECT {asked} FROM {few})")
            else:
                scanned.append(asked)
        if scanned:
            parts.append(f"(SELECT {', '.join(scanned)} FROM {raw})")
        if not parts:
            return set()
        found = self.con.execute(f"SELECT * FROM {' CROSS JOIN '.join(parts)}")
        names = [described[0] for described in found.description]
        return {name for name, value in zip(names, found.fetchall()[0], strict=True) if not value}

    def _orders(self, table: Table, dated: list[str]) -> dict[str, times.Order]:
        """Which way round slashed dates are, by column; from each file's own values."""
        if not dated:
            return {}
        parts = []
        for name in dated:
            raw = ident(name)
            early = f"regexp_matches(left({raw}, 3), '^[0-9０-９]{{1,2}}[/.\\-－／．]')"
            for group in (1, 3):
                value = f"regexp_extract({fold(raw)}, {literal(times.SLASHED)}, {group})"
                parts.append(f"max(CASE WHEN {early} THEN try_cast({value} AS INT) END) > 12")
        found = self.con.execute(
            f"SELECT _file, {', '.join(parts)} FROM raw.{ident(table.name)} GROUP BY _file"
        ).fetchall()
        return _decide(dated, {row[0]: row[1:] for row in found})

    def _hits(self, loaded: Loaded) -> list[int]:
        names = loaded.bit_columns
        if not names:
            return []
        ors = ", ".join(f"coalesce(bit_or({name}), 0)" for name in names)
        row = self.con.execute(f"SELECT {ors} FROM {table_sql(loaded.table.name)}").fetchone()
        found = row or ()
        return [i for i in range(len(loaded.predicates)) if (found[i // _BITS] >> (i % _BITS)) & 1]

    def _collect(self, loaded: Loaded) -> None:
        """Count each failed predicate and fetch its examples with one look at the source."""
        clean = table_sql(loaded.table.name)
        places = []
        for i in loaded.hits:
            places += [
                (i, file, count, rows)
                for file, count, rows in self.con.execute(
                    f"SELECT _file, count(*), min(_row, {EXAMPLES}) FROM {clean} "
                    f"WHERE {loaded.bit(i)} GROUP BY _file ORDER BY _file"
                ).fetchall()
            ]
        wanted = {(file, row) for _, file, _, rows in places for row in rows}
        values = self.raw_values(loaded, wanted)
        for i, file, count, rows in places:
            kind = loaded.predicates[i].kind
            examples = [(row, values[file, row].get(kind.column, "")) for row in rows]
            self.problems.add(kind, file, count, examples)

    def raw_values(
        self, loaded: Loaded, wanted: set[tuple[int, int]]
    ) -> dict[tuple[int, int], dict[str, str]]:
        """What stands in these rows of the source, contact details masked."""
        if not wanted:
            return {}
        listed = ", ".join(f"({file}, {row})" for file, row in sorted(wanted))
        names = list(loaded.native)
        shown = ", ".join(shown_sql(loaded, name, self.rules) for name in names)
        found = self.con.execute(
            f"SELECT _file, _row, {shown} FROM raw.{ident(loaded.table.name)} "
            f"WHERE (_file, _row) IN (VALUES {listed})"
        ).fetchall()
        return {
            (file, row): {n: visible(v) for n, v in zip(names, values, strict=True)}
            for file, row, *values in found
        }


def shown_sql(loaded: Loaded, name: str, rules: Rules) -> str:
    """A raw column as text that may be shown: masked or scrubbed."""
    common = {c.name: c for c in schema.COMMON}
    column = common.get(name) or loaded.table.column(name)
    text = words.as_text(ident(name), loaded.native[name])
    return mask.displayed(text, column, rules.checks.free_mail_domains)


def _decide(
    dated: list[str], evidence: Mapping[int, tuple[bool | None, ...]]
) -> dict[str, times.Order]:
    """Column by column, else by what all columns of the file say together."""
    day: dict[str, set[int]] = {name: set() for name in dated}
    month: dict[str, set[int]] = {name: set() for name in dated}
    for file, flags in evidence.items():
        whole = (any(flags[::2]), any(flags[1::2]))
        for i, name in enumerate(dated):
            own = (bool(flags[2 * i]), bool(flags[2 * i + 1]))
            first, second = own if any(own) else whole
            if first and not second:
                day[name].add(file)
            if second and not first:
                month[name].add(file)
    return {name: times.Order(frozenset(day[name]), frozenset(month[name])) for name in dated}


def _create(table: Table, parsed: Mapping[str, Parsed], loaded: Loaded) -> str:
    """The statement that creates the clean table from the raw one."""
    raws = ", ".join(f"{ident(n)} AS {words.raw_column(n)}" for n in loaded.native)
    source = f"SELECT _file, _row{', ' + raws if raws else ''} FROM raw.{ident(table.name)}"
    source = columns.stacked(parsed.values(), source)
    names = [ident(name) for name in parsed]
    content = ", ".join(ident(name) for name in table.column_names)
    merged = ["NULL::VARCHAR AS merged_into_id"] if table.name in MERGED else []
    bits = [
        f"{_packed(loaded.predicates[start : start + _BITS])} AS _b{start // _BITS}"
        for start in range(0, len(loaded.predicates), _BITS)
    ]
    places = ["_file::INTEGER AS _file", "_row::BIGINT AS _row", f"hash({content}) AS row_hash"]
    selected = ", ".join([*names, *merged, *places, *bits])
    return f"CREATE TABLE {table_sql(table.name)} AS SELECT {selected} FROM ({source})"


def _packed(predicates: list[Predicate]) -> str:
    tests = (
        f"(CASE WHEN {p.sql} THEN {1 << i} ELSE 0 END)::BIGINT" for i, p in enumerate(predicates)
    )
    return " | ".join(tests)


def empty(con: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Create a clean table that nothing was supplied for."""
    listed = [f"{ident(c.name)} {c.duckdb_type}" for c in (*table.columns, *schema.COMMON)]
    if table.name in MERGED:
        listed.append("merged_into_id VARCHAR")
    listed += ["_file INTEGER", "_row BIGINT", "row_hash UBIGINT"]
    con.execute(f"CREATE TABLE {table_sql(table.name)} ({', '.join(listed)})")
