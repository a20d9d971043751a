"""`[sources.*]` of `playbook.toml`: a file's own names and values made ours, in SQL."""

from __future__ import annotations

import fnmatch
import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from playbook.data import schema
from playbook.data.sources import headers
from playbook.data.sources.headers import is_contact, plain
from playbook.data.sources.model import identifier, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from playbook.data.rules import Join, Rules, Source
    from playbook.data.sources.model import Grid

Secret = Callable[[], str]


def query_name(section: str) -> str:
    """What stands for the sheet where a section's query was read."""
    return f"query of [sources.{section}]"


def reads(name: str, source: Source | Join, grid: Grid) -> bool:
    """Whether a section (or its join) names the grid's file and sheet, or its database table."""
    if grid.kind in {"duckdb", "url"} and not source.file:
        wanted = source.from_table or query_name(name)
        return wanted in {grid.sheet, *grid.names}
    if not source.file or (source.sheet and plain(source.sheet) != plain(grid.sheet)):
        return False
    return any(matches(source.file, part.file) for part in grid.parts)


def matches(pattern: str, file: str) -> bool:
    """Whether a pattern of the rules names a file; without a folder it means any of that name."""
    name = file if "/" in pattern else file.rpartition("/")[2]
    return fnmatch.fnmatchcase(name, pattern) or fnmatch.fnmatchcase(
        name, pattern.removeprefix("**/")
    )


def options(rules: Rules, file: str, sheet: str = "") -> list[Source]:
    """The sections that say how a file is written."""
    return [
        source
        for source in rules.sources.values()
        if source.file
        and matches(source.file, file)
        and (not sheet or not source.sheet or plain(source.sheet) == plain(sheet))
    ]


def header_names(rules: Rules, file: str) -> Iterator[str]:
    """Headers of a file that the rules speak of."""
    for source in rules.sources.values():
        if source.file and matches(source.file, file):
            yield from source.columns.values()
            yield from source.where
            yield from source.key.from_ if source.key else ()
            yield from source.join.on if source.join else ()
        if source.join and source.join.file and matches(source.join.file, file):
            yield from source.join.on.values()
            yield from source.join.columns.values()


class Headers:
    """Finds the SQL of a column by the name that the rules give it."""

    def __init__(self, grid: Grid, alias: str) -> None:
        self.grid = grid
        self._cells = [f"{alias}.{cell}" for cell in grid.cells]
        self._at = {plain(h): i for i, h in reversed(list(enumerate(grid.headers)))}
        self._exact = {h: i for i, h in reversed(list(enumerate(grid.headers)))}

    def find(self, name: str) -> tuple[str, str] | None:
        """SQL and header as written; None where there is no such header."""
        at = self.at(name)
        return None if at is None else self.place(at)

    def place(self, at: int) -> tuple[str, str]:
        """SQL and header as written, by position."""
        return self._cells[at], self.grid.headers[at]

    def at(self, name: str) -> int | None:
        """Position of a header: as written, else in any spelling of it."""
        return self._exact.get(name, self._at.get(plain(name)))


class Mapping:
    """The rows that a section makes of a grid.

    Args:
        source: The section.
        grid: What it reads.
        other: What it joins, if anything.
        secret: Gives what keys made from contact details are hashed with.
        alone: Whether no other section reads the grid; its headers that are ours are then read
            too. A file of several things has headers that belong to one of them only.

    Attributes:
        columns: Our column to the header it comes from, or to its own name.
        select: SQL of the rows, with `_file` and `_row`.
        missing: What the section names and is not there: key of the section, header, grid.
    """

    def __init__(
        self, source: Source, grid: Grid, other: Grid | None, secret: Secret, *, alone: bool
    ) -> None:
        self.source = source
        self.columns: dict[str, str] = {}
        self.missing: list[tuple[str, str, Grid]] = []
        self._base = Headers(grid, "a")
        self._joined = Headers(other, "b") if other else None
        self._selected: list[str] = []
        self._given()
        self._key(secret)
        if alone and not source.key and not source.join:
            self._recognised(grid)
        self.select = self._select(grid, other)

    def _given(self) -> None:
        """Columns of the file, columns of the joined file, constants."""
        for ours, theirs in self.source.columns.items():
            self._add(ours, self._find(theirs, f"columns.{ours}", self._base))
        if self.source.join and self._joined:
            for ours, theirs in self.source.join.columns.items():
                self._add(ours, self._find(theirs, f"join.columns.{ours}", self._joined))
        for ours, value in self.source.constants.items():
            self._put(ours, _literal(value), ours)

    def _key(self, secret: Secret) -> None:
        """The generated key, if there is one."""
        if not self.source.key:
            return
        names = self.source.key.from_
        parts = [self._find(name, "key.from", self._base, self._joined) for name in names]
        if all(parts):
            hidden = secret() if any(map(is_contact, names)) else ""
            sql = _key([part[0] for part in parts if part], self.source.key.prefix, hidden)
            self._put(self.source.key.column, sql, self.source.key.column)

    def _recognised(self, grid: Grid) -> None:
        """Columns that the rules say nothing of, by headers that are ours."""
        found = headers.match(grid.headers, schema.TABLES[self.source.table])
        used = {self._base.at(theirs) for theirs in self.source.columns.values()}
        for ours, at in found.columns.items():
            if ours not in self.columns and at not in used and ours not in found.scales:
                self._add(ours, self._base.place(at))

    def _add(self, ours: str, found: tuple[str, str] | None) -> None:
        if found:
            self._put(ours, _valued(found[0], ours, self.source), found[1])

    def _put(self, ours: str, sql: str, header: str) -> None:
        self.columns[ours] = header
        self._selected.append(f"{sql} AS {identifier(ours)}")

    def _find(self, name: str, key: str, *places: Headers | None) -> tuple[str, str] | None:
        for place in places:
            if place and (found := place.find(name)):
                return found
        self.missing.append((key, name, next(place.grid for place in places if place)))
        return None

    def _select(self, grid: Grid, other: Grid | None) -> str:
        conditions = [
            _condition(found[0], value)
            for theirs, value in self.source.where.items()
            if (found := self._find(theirs, f"where.{theirs}", self._base, self._joined))
        ]
        parts = [*self._selected, "a._of::INTEGER AS _file", "a._at::BIGINT AS _row"]
        join = self.source.join
        joined = self._join(join, grid, other) if join and other else ""
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        return f"SELECT {', '.join(parts)} FROM {numbered(grid)} AS a{joined}{where}"

    def _join(self, join: Join, grid: Grid, other: Grid) -> str:
        """The join: of the other file's rows with the same values, the first."""
        left, right = Headers(grid, "a"), Headers(other, "o")
        pairs: list[tuple[str, str]] = []
        for theirs, in_other in join.on.items():
            one = self._find(theirs, "join.on", left)
            two = self._find(in_other, f"join.on.{theirs}", right)
            if one and two:
                pairs.append((_text(one[0]), _text(two[0])))
        if not pairs:
            return f" LEFT JOIN {numbered(other)} AS b ON false"
        keys = ", ".join(two for _, two in pairs)
        named = ", ".join(f"{two} AS _on{i}" for i, (_, two) in enumerate(pairs))
        equal = " AND ".join(f"{one} = b._on{i}" for i, (one, _) in enumerate(pairs))
        return (
            f" {join.how.upper()} JOIN (SELECT o.*, {named} FROM {numbered(other)} AS o "
            f"QUALIFY row_number() OVER (PARTITION BY {keys} ORDER BY o._at) = 1) AS b ON {equal}"
        )


def numbered(grid: Grid) -> str:
    """SQL of a grid's rows with file `_of` and row number `_at`, blank rows and totals dropped."""
    where = f" WHERE {grid.where}" if grid.where else ""
    return (
        f"(SELECT *, {grid.row} AS _at, {grid.part} + {grid.first_id} AS _of "
        f"FROM {grid.relation}{where})"
    )


def repeated(join: Join, other: Grid) -> str:
    """SQL: how many rows of the joined file repeat the values of an earlier one."""
    place = Headers(other, "o")
    cells = [found[0] for name in join.on.values() if (found := place.find(name))]
    if not cells:
        return "SELECT 0"
    values = f"({', '.join(cells)})"
    return f"SELECT count({values}) - count(DISTINCT {values}) FROM {numbered(other)} AS o"


def _valued(sql: str, ours: str, source: Source) -> str:
    """A column's values in our words, and its dates in ISO where a format is given."""
    column = next(
        c for c in (*schema.TABLES[source.table].columns, *schema.COMMON) if c.name == ours
    )
    if meanings := source.values.get(ours):
        return _renamed(sql, meanings)
    if column.type in {"timestamp", "date"} and (format_ := source.format_of(ours)):
        return _iso(sql, format_)
    return sql


def _renamed(sql: str, meanings: dict[str, str]) -> str:
    """Their values as ours; `*` stands for every other value and an empty text for none."""
    text = _text(sql)
    cases = [
        f"WHEN {text} = {quoted(theirs)} THEN {quoted(ours)}"
        for theirs, ours in meanings.items()
        if theirs not in {"", "*"}
    ]
    if "" in meanings:
        cases.append(f"WHEN {text} IS NULL OR {text} = '' THEN {quoted(meanings[''])}")
    rest = f"CASE WHEN {text} <> '' THEN {quoted(meanings['*'])} END" if "*" in meanings else text
    return f"CASE {' '.join(cases)} ELSE {rest} END" if cases else rest


def _iso(sql: str, format_: str) -> str:
    """Dates in ISO; what does not fit the format stays as it is, to be reported."""
    text = _text(sql)
    parsed = f"try_strptime({text}, {quoted(format_)})"
    if "%z" in format_ or "%Z" in format_:
        written = f"strftime(timezone('UTC', {parsed}), '%Y-%m-%d %H:%M:%S+00:00')"
    else:
        written = f"strftime({parsed}, '%Y-%m-%d %H:%M:%S')"
    return f"coalesce({written}, {text})"


def _key(values: Sequence[str], prefix: str, secret: str) -> str:
    """A key from values; NULL where all of them are empty."""
    texts = [_text(value) for value in values]
    joined = " || '-' || ".join(f"coalesce({text}, '')" for text in texts)
    if secret:
        joined = f"left(sha256({quoted(secret)} || {joined}), 20)"
    return (
        f"CASE WHEN coalesce({', '.join(texts)}) IS NOT NULL THEN {quoted(prefix)} || {joined} END"
    )


def _condition(sql: str, value: object) -> str:
    text = _text(sql)
    if value == "*":
        return f"{text} <> ''"
    if value == "":
        return f"coalesce({text}, '') = ''"
    return f"{text} = {_literal(value)}"


def _literal(value: object) -> str:
    return quoted(str(value).lower() if isinstance(value, bool) else str(value))


def _text(sql: str) -> str:
    return f"CAST({sql} AS VARCHAR)"


def secret_of(files: Iterable[Path]) -> str:
    """What keys made from contact details are hashed with.

    It depends on all of the input, so that the same input gives the same keys, and cannot be
    derived from anything that a review publishes.
    """
    digest = hashlib.blake2b(person=b"playbook keys")
    for path in files:
        with path.open("rb") as file:
            while chunk := file.read(1 << 23):
                digest.update(chunk)
    return digest.hexdigest()
