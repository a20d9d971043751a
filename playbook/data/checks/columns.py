"""How each column gets from what was supplied to its own type."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from playbook.data.checks import mask, numbers, times, words
from playbook.data.checks.sqltext import early, ident, is_nothing, literals

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from playbook.data.schema import Column

_WHOLE = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT"} | {
    *("UINTEGER", "UBIGINT", "UHUGEINT"),
}

PERSONAL = frozenset({"person_id", "lead_id", "merged_into_lead_id"})
"""Keys for which exports use the mobile number or e-mail address of a person."""


_Layers = tuple[list["Mapping[str, str]"], str]


@dataclass(frozen=True, slots=True)
class Reading:
    """What deciding how to read a column takes, apart from the column itself.

    Attributes:
        zone: Zone in which times without one are read.
        free_mail: Domains of mail providers that anyone may use.
        comma_files: Files that write numbers with a decimal comma.
        order: Which way round slashed dates of this column are.
        easy: All values are written in the usual way, so that the fast reading is enough.
        secret: Key of the pseudonyms for contact details that serve as keys.
    """

    zone: str
    free_mail: Sequence[str] = ()
    comma_files: frozenset[int] = frozenset()
    easy: bool = False
    secret: bytes | None = None
    order: times.Order = field(default_factory=times.Order)


@dataclass(frozen=True, slots=True)
class Parsed:
    """One column on its way from the source.

    Attributes:
        column: The column.
        layers: Helper columns, each layer built on the one before.
        value: The value in the column's own type.
        given: True where the source says anything at all, readable or not; NULL-safe.
        text: The raw value as text.
        native: True where the source delivered a type of its own, not text.
        easy: True where all values are known to be readable and harmless.
    """

    column: Column
    layers: list[Mapping[str, str]]
    value: str
    given: str
    text: str
    native: bool
    easy: bool = False


def parse(column: Column, native: str, reading: Reading) -> Parsed:
    """The column read from its raw name, whose type in the source is `native`."""
    raw = words.raw_column(column.name)
    text = words.as_text(raw, native)
    if reading.easy:
        empty = "" if column.type == "key" else f" AND {raw} <> ''"
        given = f"({raw} IS NOT NULL{empty})"
        layers, value = _easy(raw, column, reading)
        return Parsed(column, layers, value, given, raw, native=False, easy=True)
    parsers = {"timestamp": _moment, "date": _moment, "boolean": _boolean}
    parsers |= dict.fromkeys(("integer", "number", "decimal"), _number)
    layers, value = parsers.get(column.type, _word)(raw, text, column, native, reading)
    given = f"({raw} IS NOT NULL AND NOT {is_nothing(text)})"
    if column.type == "key":
        given = f"({ident(column.name)} IS NOT NULL)"
    elif native != "VARCHAR" and not native.startswith("ENUM"):
        given = f"({raw} IS NOT NULL)"
    return Parsed(column, layers, value, given, text, native != "VARCHAR")


def hard(column: Column, reading: Reading) -> str | None:
    """True in the rows whose text needs more than the fast reading; None where that is not asked.

    It is asked over raw text columns, to leave out of the one large query what it does not need.
    """
    raw = ident(column.name)
    if column.pii:
        return None
    if column.type == "key":
        personal = f" OR {mask.contact_like(raw)}" if column.name in PERSONAL else ""
        return f"({is_nothing(raw)}{personal})"
    if column.type in {"timestamp", "date"}:
        naive, zoned = times.fast(raw)
        test = early(f"({naive}) IS NULL", f"({zoned}) IS NULL")
    elif column.type == "boolean":
        test = f"{raw} NOT IN ({literals(words.USUAL)})"
    elif column.type == "enum":
        test = f"{raw} NOT IN ({literals(column.values or ())})"
    elif column.name == "currency":
        test = f"NOT regexp_full_match({raw}, '[A-Z]{{3}}')"
    elif column.type == "text":
        test = words.suspicious(raw)
        test += "" if column.name in mask.KEPT else f" OR {mask.guarded(raw)}"
    else:
        test = f"({numbers.fast(raw, column, reading.comma_files)}) IS NULL"
    return early(f"{raw} <> ''", test)


def _easy(raw: str, column: Column, reading: Reading) -> _Layers:
    """The fast reading, for a text column without a hard value."""
    name = column.name
    if column.type in {"timestamp", "date"}:
        return _typed_moment(*times.fast_layers(raw, name), column, reading)
    if column.type == "key":
        return [], raw
    if column.type == "boolean":
        return [], words.usual_boolean(raw)
    if column.type in {"integer", "number", "decimal"}:
        first = {f"_v_{name}": numbers.fast(raw, column, reading.comma_files)}
        return [first], numbers.typed(f"_v_{name}", column)
    return [], f"nullif({raw}, '')"


def absent(column: Column) -> Parsed:
    """The column where nothing was supplied for it."""
    return Parsed(column, [], f"NULL::{column.duckdb_type}", "false", "NULL::VARCHAR", native=True)


def _moment(raw: str, text: str, column: Column, native: str, reading: Reading) -> _Layers:
    local, utc = f"_l_{column.name}", f"_u_{column.name}"
    layers: list[Mapping[str, str]]
    if native == "DATE" or native.startswith("TIMESTAMP"):
        finite = f"CASE WHEN isfinite({raw}) THEN {raw} END"
        if native == "TIMESTAMP WITH TIME ZONE":
            layers = [{local: "NULL::TIMESTAMP", utc: f"timezone('UTC', {finite})"}]
        else:
            layers = [{local: f"({finite})::TIMESTAMP", utc: "NULL::TIMESTAMP"}]
    else:
        layers, local, utc = times.text_layers(text, column.name, reading.order)
    return _typed_moment(layers, local, utc, column, reading)


def _typed_moment(
    layers: list[Mapping[str, str]], local: str, utc: str, column: Column, reading: Reading
) -> _Layers:
    """A wall-clock or a UTC time in the column's own type."""
    moment = f"_d_{column.name}"
    if column.type == "date":
        day = f"coalesce({local}, {times.to_local(utc, reading.zone)})"
        return [*layers, {moment: day}], f"({times.bounded(moment)})::DATE"
    utc = f"coalesce({utc}, {times.to_utc(local, reading.zone)})"
    return [*layers, {moment: utc}], times.bounded(moment)


def _number(raw: str, text: str, column: Column, native: str, reading: Reading) -> _Layers:
    if native == "VARCHAR":
        return numbers.layers(text, column, reading.comma_files)
    if native in {"DOUBLE", "FLOAT"}:
        finite = f"CASE WHEN isfinite({raw}) THEN {raw} END"
        return [{f"_v_{column.name}": finite}], numbers.typed(f"_v_{column.name}", column)
    if native in _WHOLE or native.startswith("DECIMAL"):
        return [], numbers.typed(raw, column)
    return numbers.layers(text, column, frozenset())


def _boolean(raw: str, text: str, column: Column, native: str, reading: Reading) -> _Layers:
    del reading
    if native == "BOOLEAN":
        return [], raw
    helper, value = words.boolean(text, column.name)
    return [helper], value


def _word(raw: str, text: str, column: Column, native: str, reading: Reading) -> _Layers:
    del raw, native
    if column.type == "key":
        personal = column.name in PERSONAL
        return [], words.key(text, reading.secret if personal else None)
    if column.name == "currency":
        helper, code = words.currency(text)
        return [helper], code
    if column.type == "enum":
        helper, code = words.enum(text, column)
        if column.open:
            other = f"CASE WHEN NOT {is_nothing(text)} THEN {mask.scrubbed(text)} END"
            return [helper], f"coalesce({code}, {other})"
        return [helper], code
    if column.pii:
        return [], mask.masked(text, column.name, reading.free_mail)
    filled = f"nullif({text}, '')"
    return [], filled if column.name in mask.KEPT else mask.scrubbed(filled)


def stacked(parsed: Iterable[Parsed], source: str) -> str:
    """A query that adds the helper columns, layer by layer, and then the values."""
    columns = list(parsed)
    for level in range(max((len(p.layers) for p in columns), default=0)):
        added = [
            f"{sql} AS {name}"
            for p in columns
            if level < len(p.layers)
            for name, sql in p.layers[level].items()
        ]
        source = f"SELECT *, {', '.join(added)} FROM ({source})"
    values = ", ".join(f"{p.value} AS {ident(p.column.name)}" for p in columns)
    return f"SELECT *, {values} FROM ({source})"
