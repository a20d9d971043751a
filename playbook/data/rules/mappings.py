"""What cannot be right in `[sources.*]`: tables, columns and values that the schema lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.data import schema
from playbook.data.rules.fields import unknown_code
from playbook.data.rules.mistake import Mistake
from playbook.errors import unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from playbook.conditions import KeyPath
    from playbook.data.rules.model import Rules
    from playbook.data.rules.source import Join, Source

ORIGINS = ("file", "from_table", "query")
OF_FILES = ("sheet", "header_row", "encoding", "delimiter", "decimal")


def mistakes(rules: Rules) -> Iterator[Mistake]:
    """Everything in the sources that contradicts itself or the schema."""
    for name, source in rules.sources.items():
        path: KeyPath = ("sources", name)
        yield from _origin(path, source)
        if source.table not in schema.TABLES:
            yield Mistake((*path, "table"), unknown("table", source.table, schema.TABLES))
            continue
        yield from _columns(path, source)
        yield from _values(path, source)
        yield from _given_twice(path, source)


def _origin(path: KeyPath, source: Source) -> Iterator[Mistake]:
    given = [origin for origin in ORIGINS if getattr(source, origin)]
    if not given:
        yield Mistake(path, "says nothing to read: give file, or from_table or query of a database")
    if len(given) > 1:
        others = tuple((*path, origin) for origin in given[1:])
        yield Mistake(
            others[0],
            f"stands beside {given[0]}; give one of {', '.join(ORIGINS)}",
            ((*path, given[0]), *others),
        )
    settings = [key for key in OF_FILES if getattr(source, key) not in {None, ""}]
    if given and given[0] != "file":
        for key in settings:
            yield Mistake((*path, key), f"is about files, but the section reads {given[0]}")
    if source.decimal and source.decimal == source.delimiter:
        yield Mistake((*path, "decimal"), "is the delimiter too", ((*path, "delimiter"),))
    if source.join:
        yield from _join((*path, "join"), source.join)


def _join(path: KeyPath, join: Join) -> Iterator[Mistake]:
    if bool(join.file) == bool(join.from_table):
        yield Mistake(path, "give one of file, from_table")
    if join.sheet and join.from_table:
        yield Mistake((*path, "sheet"), "is about files, but the join reads from_table")


def _columns(path: KeyPath, source: Source) -> Iterator[Mistake]:
    named: list[tuple[KeyPath, str]] = [
        ((*path, part, name), name)
        for part in ("columns", "values", "constants")
        for name in getattr(source, part)
    ]
    named += [((*path, "date_format", name), name) for name in source.date_format if name != "*"]
    if source.key:
        named.append(((*path, "key", "column"), source.key.column))
    if source.join:
        named += [((*path, "join", "columns", name), name) for name in source.join.columns]
    allowed = columns_of(source.table)
    for where, name in named:
        if name not in allowed:
            yield Mistake(where, unknown(f"column of {source.table}", name, allowed))


def columns_of(table: str) -> dict[str, schema.Column]:
    """The columns a table may carry, those common to all included."""
    return {column.name: column for column in (*schema.TABLES[table].columns, *schema.COMMON)}


def _values(path: KeyPath, source: Source) -> Iterator[Mistake]:
    columns = columns_of(source.table)
    for name, meanings in source.values.items():
        for theirs, ours in meanings.items():
            if name in columns and (text := _no_value(columns[name], ours)):
                yield Mistake((*path, "values", name, theirs), text)
    for name, value in source.constants.items():
        if name in columns and (text := _no_value(columns[name], str(value))):
            yield Mistake((*path, "constants", name), text)


def _no_value(column: schema.Column, value: str) -> str | None:
    if column.type == "boolean" and value.lower() not in {"true", "false"}:
        return unknown(f"{column.name}", value, ("true", "false"))
    return unknown_code(column, value)


def _given_twice(path: KeyPath, source: Source) -> Iterator[Mistake]:
    """A column of ours can come from one place only."""
    places: list[tuple[str, KeyPath, Iterable[str]]] = [
        ("columns", (*path, "columns"), source.columns),
        ("constants", (*path, "constants"), source.constants),
    ]
    if source.join:
        places.append(("join.columns", (*path, "join", "columns"), source.join.columns))
    if source.key:
        places.append(("key", (*path, "key"), (source.key.column,)))
    seen: dict[str, tuple[str, KeyPath]] = {}
    for label, where, names in places:
        for name in names:
            if name in seen:
                text = f"{name} is given by {seen[name][0]} too; keep one of them"
                yield Mistake((*where, name), text, ((*seen[name][1], name),))
            seen.setdefault(name, (label, where))
