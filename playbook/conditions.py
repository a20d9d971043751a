"""Declarative conditions: what `playbook.toml` says about a lead or an account.

A condition compares one field, `{field = "account.industry", op = "in", value = ["金融"]}`, or
joins others, `{all = [...]}` and `{any = [...]}`. It is data: nothing in it is ever executed.
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal, TypeGuard, cast

from playbook.errors import RulesError, unknown

if TYPE_CHECKING:
    from ibis.expr.types import BooleanValue, Column

Scalar = str | int | float | bool | date | datetime
KeyPath = tuple[str | int, ...]
Op = Literal[
    "eq", "ne", "in", "not_in", "ge", "gt", "le", "lt",
    "is_true", "is_false", "filled", "empty", "contains",
]  # fmt: skip

WORDS: dict[Op, str] = {
    "eq": "is",
    "ne": "is not",
    "in": "is one of",
    "not_in": "is none of",
    "ge": "is at least",
    "gt": "is more than",
    "le": "is at most",
    "lt": "is less than",
    "is_true": "is true",
    "is_false": "is false",
    "filled": "is filled",
    "empty": "is empty",
    "contains": "contains",
}
LISTS: frozenset[Op] = frozenset({"in", "not_in"})
ORDERED: frozenset[Op] = frozenset({"ge", "gt", "le", "lt"})
ALONE: frozenset[Op] = frozenset({"is_true", "is_false", "filled", "empty"})


@dataclass(frozen=True, slots=True)
class Comparison:
    """One field against a value.

    Attributes:
        field: `table.column`.
        op: How they are compared.
        value: What it is compared with; a tuple for `in` and `not_in`, None for `is_true`,
            `is_false`, `filled` and `empty`.
    """

    field: str
    op: Op
    value: Scalar | tuple[Scalar, ...] | None = None


@dataclass(frozen=True, slots=True)
class Joined:
    """Several conditions of which `all`, or `any`, must hold."""

    how: Literal["all", "any"]
    parts: tuple[Condition, ...]


Condition = Comparison | Joined


def parse(obj: object, where: str) -> Condition:
    """The condition that `obj`, as read from TOML, declares.

    Args:
        obj: A table with `field`, `op` and perhaps `value`, or with `all`, or with `any`.
        where: The key it stands under, for messages.

    Raises:
        RulesError: It is not a condition; the message lists every mistake.

    >>> describe(parse({"field": "lead.need_clarity", "op": "ge", "value": 2}, "mql.when"))
    'lead.need_clarity is at least 2'
    """
    found = mistakes(obj)
    if found:
        raise RulesError("\n".join(f"{dotted((where, *path))}: {text}" for path, text in found))
    return _build(cast("Mapping[str, Any]", obj))


def mistakes(obj: object) -> list[tuple[KeyPath, str]]:
    """What keeps `obj` from being a condition: each mistake with its path inside `obj`."""
    if not isinstance(obj, Mapping):
        return [((), f"must be a condition such as {_EXAMPLE}, not {_shown(obj)}")]
    joins = [how for how in ("all", "any") if how in obj]
    if joins and len(obj) > 1:
        return [((), f"'{joins[0]}' stands alone; put the rest inside its list")]
    if joins:
        return _mistakes_in_list(joins[0], obj[joins[0]])
    return _mistakes_in_comparison(obj)


def leaves(condition: Condition, path: KeyPath = ()) -> Iterator[tuple[KeyPath, Comparison]]:
    """Every comparison with its path inside the condition, in the order written."""
    if isinstance(condition, Comparison):
        yield path, condition
        return
    for position, part in enumerate(condition.parts):
        yield from leaves(part, (*path, condition.how, position))


def fields(condition: Condition) -> list[str]:
    """The fields that a condition reads, each once, in the order written."""
    return list(dict.fromkeys(leaf.field for _, leaf in leaves(condition)))


def check(condition: Condition, allowed_fields: Iterable[str]) -> list[str]:
    """A message for each field that is not allowed, with the nearest name.

    >>> check(Comparison("lead.stauts", "filled"), ["lead.status", "lead.owner_id"])
    ["unknown field 'lead.stauts'; did you mean 'lead.status'? Allowed: lead.status, lead.owner_id"]
    """
    allowed = list(allowed_fields)
    return [unknown("field", name, allowed) for name in fields(condition) if name not in allowed]


def holds(condition: Condition, resolve: Callable[[str], Column]) -> BooleanValue:
    """The condition as an Ibis expression: true, false, or NULL where the data cannot say.

    Args:
        condition: What must hold.
        resolve: Gives the column of a field.

    Returns:
        NULL where a compared field is NULL, and it decides; `filled` and `empty` are never NULL.
    """
    if isinstance(condition, Comparison):
        return _TESTS[condition.op](cast("Any", resolve(condition.field)), condition.value)
    parts = [holds(part, resolve) for part in condition.parts]
    return functools.reduce(operator.and_ if condition.how == "all" else operator.or_, parts)


def describe(condition: Condition) -> str:
    """The condition in words.

    >>> describe(Joined("all", (Comparison("a.b", "filled"), Comparison("a.c", "in", ("x", "y")))))
    'a.b is filled and a.c is one of x, y'
    """
    if isinstance(condition, Comparison):
        words = f"{condition.field} {WORDS[condition.op]}"
        return words if condition.value is None else f"{words} {_named(condition.value)}"
    word = " and " if condition.how == "all" else " or "
    return word.join(_bracketed(part, alone=len(condition.parts) == 1) for part in condition.parts)


def as_dict(condition: Condition) -> dict[str, Any]:
    """The condition as it would be written in TOML; `parse` reads it back."""
    if isinstance(condition, Joined):
        return {condition.how: [as_dict(part) for part in condition.parts]}
    value = condition.value
    written = {"field": condition.field, "op": condition.op}
    if value is None:
        return written
    return {**written, "value": list(value) if isinstance(value, tuple) else value}


def dotted(path: KeyPath) -> str:
    """A path as a person writes it.

    >>> dotted(("mql", "when", "all", 1, "field"))
    'mql.when.all[1].field'
    """
    words = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return words.removeprefix(".")


_EXAMPLE = '{field = "account.industry", op = "in", value = ["金融"]}'

_TESTS: dict[Op, Callable[[Any, Any], Any]] = {
    "eq": lambda column, value: column == value,
    "ne": lambda column, value: column != value,
    "in": lambda column, value: column.isin(value),
    "not_in": lambda column, value: ~column.isin(value),
    "ge": lambda column, value: column >= value,
    "gt": lambda column, value: column > value,
    "le": lambda column, value: column <= value,
    "lt": lambda column, value: column < value,
    "is_true": lambda column, _: column,
    "is_false": lambda column, _: ~column,
    "filled": lambda column, _: _filled(column),
    "empty": lambda column, _: ~_filled(column),
    "contains": lambda column, value: column.lower().contains(value.lower()),
}


def _filled(column: Any) -> Any:
    """A text of nothing but blanks counts as empty."""
    if column.type().is_string():
        return column.fill_null("").strip() != ""
    return column.notnull()


def _build(obj: Mapping[str, Any]) -> Condition:
    if "field" not in obj:
        how: Literal["all", "any"] = "all" if "all" in obj else "any"
        return Joined(how, tuple(_build(part) for part in obj[how]))
    value = obj.get("value")
    return Comparison(obj["field"], obj["op"], tuple(value) if isinstance(value, list) else value)


def _mistakes_in_list(how: str, parts: object) -> list[tuple[KeyPath, str]]:
    if not isinstance(parts, list) or not parts:
        return [((how,), f"must be a list of conditions such as [{_EXAMPLE}]")]
    return [
        ((how, position, *path), text)
        for position, part in enumerate(parts)
        for path, text in mistakes(part)
    ]


def _mistakes_in_comparison(obj: Mapping[str, Any]) -> list[tuple[KeyPath, str]]:
    known = ("field", "op", "value", "all", "any")
    found: list[tuple[KeyPath, str]] = [
        ((key,), unknown("key", key, known)) for key in obj if key not in known
    ]
    field, op = obj.get("field"), obj.get("op")
    if not isinstance(field, str) or "." not in field.strip("."):
        where: KeyPath = ("field",) if "field" in obj else ()
        found.append((where, "field must be a table and a column such as 'account.industry'"))
    if not isinstance(op, str):
        found.append((("op",) if "op" in obj else (), f"op must be one of {', '.join(WORDS)}"))
    elif op not in WORDS:
        found.append((("op",), unknown("op", op, WORDS)))
    else:
        found += _mistakes_in_value(op, obj)
    return found


def _mistakes_in_value(op: Op, obj: Mapping[str, Any]) -> list[tuple[KeyPath, str]]:
    value = obj.get("value")
    if op in ALONE:
        return [(("value",), f"'{op}' takes no value")] if "value" in obj else []
    if "value" not in obj:
        return [((), f"'{op}' needs a value")]
    wanted = _wanted(op, value)
    return [(("value",), f"'{op}' needs {wanted}, not {_shown(value)}")] if wanted else []


def _wanted(op: Op, value: object) -> str | None:
    """What `op` would need instead of `value`; None where `value` will do."""
    if op in LISTS:
        good = isinstance(value, list) and value and all(map(_is_scalar, value))
        return None if good else 'a list such as ["A", "B"]'
    if op == "contains":
        return None if isinstance(value, str) and value else "a text"
    if op in ORDERED:
        good = _is_written_date(value) or (_is_scalar(value) and not isinstance(value, (bool, str)))
        return None if good else "a number or a date"
    return None if _is_scalar(value) else "a single value"


def _is_scalar(value: object) -> TypeGuard[Scalar]:
    return isinstance(value, (str, int, bool, date)) or (
        isinstance(value, float) and math.isfinite(value)
    )


def _is_written_date(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(datetime.fromisoformat(value))
    except ValueError:
        return False


def _bracketed(part: Condition, *, alone: bool) -> str:
    words = describe(part)
    plain = alone or isinstance(part, Comparison) or len(part.parts) == 1
    return words if plain else f"({words})"


def _named(value: Scalar | tuple[Scalar, ...]) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _shown(value: object) -> str:
    return f"'{value}'" if isinstance(value, str) else str(value)
