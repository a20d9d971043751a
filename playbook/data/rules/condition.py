"""Conditions in `playbook.toml`, held against the columns they name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import PlainSerializer, PlainValidator
from pydantic_core import PydanticCustomError

from playbook import conditions
from playbook.conditions import Comparison, Joined, KeyPath
from playbook.data import schema
from playbook.data.rules.fields import SCORE, code_of, column_of, unknown_code
from playbook.errors import unknown

LEAD_TABLES = (
    "lead", "account", "person", "channel", "campaign", "content", "event", "partner", "keyword",
)  # fmt: skip
"""Tables that a condition on a lead may read: the lead itself and what its keys point to."""


class _Reader:
    """Reads a condition that may name certain fields, or says everything wrong with it."""

    def __init__(
        self, tables: Sequence[str], without: Sequence[str] = (), more: Sequence[str] = ()
    ) -> None:
        names = (
            f"{table}.{name}" for table in tables for name in schema.TABLES[table].column_names
        )
        self.allowed = [*(name for name in names if name not in without), *more]

    def __call__(self, value: object) -> conditions.Condition:
        if isinstance(value, Comparison | Joined):
            return value
        found = conditions.mistakes(value)
        found += [wrong for path, leaf in _sound(value) for wrong in self._misfits(path, leaf)]
        if found:
            raise PydanticCustomError("condition", "not a condition", {"mistakes": found})
        return _in_our_terms(conditions.parse(value, ""))

    def _misfits(self, path: KeyPath, leaf: Comparison) -> Iterator[tuple[KeyPath, str]]:
        column = column_of(leaf.field)
        if column is None or leaf.field not in self.allowed:
            yield (*path, "field"), unknown_field(leaf.field, self.allowed)
        elif wrong := _misfit(column, leaf):
            yield (*path, wrong[0]), wrong[1]


def _sound(value: object, path: KeyPath = ()) -> Iterator[tuple[KeyPath, Comparison]]:
    """The comparisons in `value` that are well formed, whatever stands beside them."""
    if not isinstance(value, Mapping):
        return
    for how in ("all", "any"):
        parts = value.get(how)
        for position, part in enumerate(parts if isinstance(parts, list) else ()):
            yield from _sound(part, (*path, how, position))
    if "field" in value and not conditions.mistakes(value):
        leaf = _in_our_terms(conditions.parse(value, ""))
        yield from conditions.leaves(leaf, path)


def _in_our_terms(condition: conditions.Condition) -> conditions.Condition:
    """The condition with labels put into codes, and written dates into dates."""
    if isinstance(condition, conditions.Joined):
        return conditions.Joined(condition.how, tuple(map(_in_our_terms, condition.parts)))
    column, value = column_of(condition.field), condition.value
    if column is None or condition.op == "contains":
        return condition
    ours = (
        tuple(_ours(column, v) for v in value) if isinstance(value, tuple) else _ours(column, value)
    )
    return conditions.Comparison(condition.field, condition.op, ours)


def _ours(column: schema.Column, value: Any) -> Any:
    if column.type not in {"date", "timestamp"} or not isinstance(value, str):
        return code_of(column, value)
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return value
    return moment.date() if column.type == "date" or len(value) == len("2026-10-01") else moment


def unknown_field(field: str, allowed: Sequence[str]) -> str:
    """Names the columns of the table that was meant, or the tables where it is none of them."""
    table = field.partition(".")[0]
    tables = list(dict.fromkeys(name.partition(".")[0] for name in allowed))
    if table not in tables:
        return unknown("table", table, tables)
    same_table = [name for name in allowed if name.startswith(f"{table}.")]
    return conditions.check(Comparison(field, "filled"), same_table)[0]


def _misfit(column: schema.Column, leaf: Comparison) -> tuple[str, str] | None:
    """The key and the reason why a comparison cannot be made on a column of that type."""
    ops, words = _OPS[column.type]
    if column.pii:
        ops, words = ("filled", "empty"), "contact details, which are masked"
    if leaf.op not in ops:
        return "op", f"'{leaf.op}' does not fit {leaf.field}, {words}. Allowed: {', '.join(ops)}"
    values = leaf.value if isinstance(leaf.value, tuple) else (leaf.value,)
    for value in values if leaf.value is not None else ():
        if not isinstance(value, _PYTHON[column.type]) or isinstance(value, bool):
            return "value", f"'{value}' does not fit {leaf.field}, {words}"
        if leaf.op != "contains" and (text := unknown_code(column, value)):
            return "value", text
    return None


_SETS = ("eq", "ne", "in", "not_in", "filled", "empty")
_RANGES = (*_SETS, "ge", "gt", "le", "lt")
_TEXT = ((*_SETS, "contains"), "a text")
_NUMBER = (_RANGES, "a number")
_DATE = (_RANGES, "a date")
_OPS: dict[schema.Type, tuple[tuple[str, ...], str]] = {
    "key": _TEXT,
    "text": _TEXT,
    "enum": (_SETS, "an enumeration"),
    "integer": _NUMBER,
    "number": _NUMBER,
    "decimal": _NUMBER,
    "boolean": (("is_true", "is_false", "filled", "empty"), "true or false"),
    "timestamp": _DATE,
    "date": _DATE,
}
_PYTHON: dict[schema.Type, type | tuple[type, ...]] = {
    "key": str,
    "text": str,
    "enum": str,
    "integer": (int, float),
    "number": (int, float),
    "decimal": (int, float),
    "boolean": (),
    "timestamp": date,
    "date": date,
}


LeadCondition = Annotated[
    conditions.Condition,
    PlainValidator(_Reader(LEAD_TABLES)),
    PlainSerializer(conditions.as_dict),
]
"""What holds for a lead."""

RoutingCondition = Annotated[
    conditions.Condition,
    PlainValidator(_Reader(LEAD_TABLES, more=tuple(SCORE))),
    PlainSerializer(conditions.as_dict),
]
"""What holds for a lead and its score."""

AccountCondition = Annotated[
    conditions.Condition,
    PlainValidator(_Reader(("account",), without=("account.icp_tier",))),
    PlainSerializer(conditions.as_dict),
]
"""What holds for an account; its tier is what such a condition decides."""
