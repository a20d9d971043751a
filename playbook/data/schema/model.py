"""What a table and a column are: the words in which the data model is declared."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from playbook.errors import ParameterError, unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

Type = Literal[
    "key", "text", "enum", "integer", "number", "decimal", "boolean", "timestamp", "date"
]

_DUCKDB: dict[Type, str] = {
    "key": "VARCHAR",
    "text": "VARCHAR",
    "enum": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "decimal": "DECIMAL(18,2)",
    "boolean": "BOOLEAN",
    "timestamp": "TIMESTAMP",
    "date": "DATE",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its type, names, limits and when its value becomes known.

    Attributes:
        name: English name, used everywhere inside.
        type: One of `Type`. Timestamps are stored as naive UTC, money as DECIMAL(18,2).
        zh: Chinese name from the handbook.
        en: What it holds, in a few words.
        aliases: Further headers accepted on import, in either language.
        required: A row without it is a problem; a row without key or anchor time is set aside.
        references: The table whose key it must match.
        unit: `money`, `s`, `h`, `min`, `day`, `count` or `share`.
        values: Enumeration code to accepted labels, the Chinese one first.
        open: The company may use further values; they are kept as they are.
        low: Smallest allowed value.
        high: Largest allowed value.
        pii: Contact detail, masked before anything is frozen.
        known: `None` when known with its row; a column name when known once that time has
            come; `"export"` for state as of the export, whose date of change is not recorded.
    """

    name: str
    type: Type
    zh: str
    en: str = ""
    aliases: tuple[str, ...] = ()
    required: bool = False
    references: str | None = None
    unit: str | None = None
    values: Mapping[str, tuple[str, ...]] | None = None
    open: bool = False
    low: float | None = None
    high: float | None = None
    pii: bool = False
    known: str | None = None

    @property
    def duckdb_type(self) -> str:
        """The SQL type it is stored as."""
        return _DUCKDB[self.type]

    @property
    def headers(self) -> tuple[str, ...]:
        """Every header that is accepted for it."""
        return (self.name, self.zh, *self.aliases)


@dataclass(frozen=True)
class Table:
    """One table: its grain, columns and the moment from which a row is known.

    Attributes:
        name: English name.
        zh: Chinese name.
        en: What one row is.
        columns: In the order of the dictionary.
        key: Columns that identify a row.
        time: Anchor column: the row is known from then on. None for reference data.
        kind: `core`, `module` (may be absent) or `reference` (optional).
        any_of: At least one of these must be filled.
        one_of: Exactly one of these must be filled.
        aliases: Further accepted file and sheet names.
    """

    name: str
    zh: str
    en: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    time: str | None = None
    kind: Literal["core", "module", "reference"] = "core"
    any_of: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    _by_name: dict[str, Column] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._by_name.update({c.name: c for c in self.columns})

    def column(self, name: str) -> Column:
        """The column of that name.

        Raises:
            ParameterError: The table has no such column.
        """
        try:
            return self._by_name[name]
        except KeyError:
            raise ParameterError(unknown(f"column of {self.name}", name, self._by_name)) from None

    @cached_property
    def column_names(self) -> tuple[str, ...]:
        """Column names in order."""
        return tuple(self._by_name)

    @cached_property
    def required(self) -> tuple[str, ...]:
        """Names of the columns that every row must fill, key and anchor included."""
        return tuple(c.name for c in self.columns if c.required)


def key(name: str, zh: str, en: str = "", *aliases: str) -> Column:
    """A column that identifies the row."""
    return Column(name, "key", zh, en, aliases, required=True)


def ref(
    table: str,
    zh: str,
    name: str = "",
    *aliases: str,
    required: bool = False,
    known: str | None = None,
) -> Column:
    """A column that points to the key of another table."""
    column = name or f"{table}_id"
    return Column(column, "key", zh, f"points to {table}", aliases, required, table, known=known)


def text(
    name: str,
    zh: str,
    en: str = "",
    *aliases: str,
    required: bool = False,
    pii: bool = False,
    known: str | None = None,
) -> Column:
    """A column of free or short text."""
    return Column(name, "text", zh, en, aliases, required, pii=pii, known=known)


def enum(
    name: str,
    zh: str,
    values: str,
    *aliases: str,
    required: bool = False,
    open: bool = False,  # noqa: A002 - the word of the declaration
    known: str | None = None,
    en: str = "",
) -> Column:
    """A column of declared values, written `"code label label; code label"`."""
    pairs = (entry.split() for entry in values.split(";") if entry.strip())
    labels = {code: tuple(label.replace("_", " ") for label in rest) for code, *rest in pairs}
    return Column(name, "enum", zh, en, aliases, required, values=labels, open=open, known=known)


def flag(name: str, zh: str, en: str = "", *aliases: str, known: str | None = None) -> Column:
    """A column of yes or no."""
    return Column(name, "boolean", zh, en, aliases, known=known)


def moment(
    name: str,
    zh: str,
    en: str = "",
    *aliases: str,
    required: bool = False,
    known: str | None = None,
) -> Column:
    """A column of points in time."""
    return Column(name, "timestamp", zh, en, aliases, required, known=known)


def day(
    name: str,
    zh: str,
    en: str = "",
    *aliases: str,
    required: bool = False,
    known: str | None = None,
) -> Column:
    """A column of calendar dates."""
    return Column(name, "date", zh, en, aliases, required, known=known)


def money(
    name: str,
    zh: str,
    en: str = "",
    *aliases: str,
    required: bool = False,
    known: str | None = None,
) -> Column:
    """A column of amounts in the row's currency."""
    return Column(name, "decimal", zh, en, aliases, required, unit="money", known=known)


def count(
    name: str,
    zh: str,
    en: str = "",
    *aliases: str,
    required: bool = False,
    unit: str = "count",
    low: float | None = 0,
    high: float | None = None,
    known: str | None = None,
) -> Column:
    """A column of whole numbers."""
    return Column(
        name, "integer", zh, en, aliases, required, unit=unit, low=low, high=high, known=known
    )


def number(
    name: str,
    zh: str,
    en: str = "",
    *aliases: str,
    unit: str = "count",
    low: float | None = 0,
    high: float | None = None,
    required: bool = False,
    known: str | None = None,
) -> Column:
    """A column of measured numbers."""
    return Column(
        name, "number", zh, en, aliases, required, unit=unit, low=low, high=high, known=known
    )


CURRENCY = Column("currency", "text", "币种", "ISO 4217 code", ("货币",))
"""The currency of the row's amounts; empty means the company's own."""
