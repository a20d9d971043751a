"""Whether two conditions on one field can hold of the same lead: tried on every kind of value.

Comparisons of a field with constants are the same between two neighbouring constants, so the
constants, one value between each two, one outside on either side and one of another kind show
everything there is; conditions on different fields, or with `contains`, are not judged.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from playbook.conditions import Comparison, Condition, describe, leaves
from playbook.data.rules.fields import column_of

if TYPE_CHECKING:
    from collections.abc import Callable

_OTHER = "any other value"


def overlap(one: Condition, other: Condition) -> str | None:
    """A value for which both hold, in words; None where there is none or it cannot be said."""
    found = [leaf for condition in (one, other) for _, leaf in leaves(condition)]
    fields = {leaf.field for leaf in found}
    if len(fields) > 1 or any(leaf.op == "contains" for leaf in found):
        return describe(one) if one == other else None
    (field,) = fields
    for value in _tried(field, found):
        if _holds(one, value) and _holds(other, value):
            return f"{field} {'empty' if value is None else value}"
    return None


def _tried(field: str, found: list[Comparison]) -> list[Any]:
    column = column_of(field)
    named = [_plain(value) for leaf in found for value in _values(leaf)]
    kind = column.type if column else "text"
    if kind == "boolean":
        return [True, False, None]
    if kind in {"date", "timestamp"}:
        moments = sorted(set(named))
        return [*moments, *_between(moments, timedelta(days=1)), None]
    if kind == "integer":
        return [*sorted({int(v) + step for v in named or [0] for step in (-1, 0, 1)}), None]
    if kind in {"number", "decimal"}:
        numbers = sorted(set(named))
        return [*numbers, *_between(numbers, 1.0), None]
    return [*named, *(column.values or () if column else ()), _OTHER, None]


def _values(leaf: Comparison) -> tuple[Any, ...]:
    if leaf.value is None:
        return ()
    return leaf.value if isinstance(leaf.value, tuple) else (leaf.value,)


def _plain(value: Any) -> Any:
    """Dates as moments, so that both kinds compare."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value, time())
    return value


def _between(points: list[Any], step: Any) -> list[Any]:
    """A value on either side of every point."""
    if not points:
        return []
    middle = [low + (high - low) / 2 for low, high in pairwise(points)]
    return [points[0] - step, *middle, points[-1] + step]


def _holds(condition: Condition, value: Any) -> bool:
    if isinstance(condition, Comparison):
        return _compared(condition, value)
    return (all if condition.how == "all" else any)(_holds(part, value) for part in condition.parts)


def _compared(leaf: Comparison, value: Any) -> bool:
    if leaf.op in {"filled", "empty"}:
        return (value is None) == (leaf.op == "empty")
    return value is not None and _OPS[leaf.op](value, tuple(map(_plain, _values(leaf))))


_OPS: dict[str, Callable[[Any, tuple[Any, ...]], bool]] = {
    "eq": lambda value, wanted: value in wanted,
    "ne": lambda value, wanted: value not in wanted,
    "in": lambda value, wanted: value in wanted,
    "not_in": lambda value, wanted: value not in wanted,
    "ge": lambda value, wanted: value >= wanted[0],
    "gt": lambda value, wanted: value > wanted[0],
    "le": lambda value, wanted: value <= wanted[0],
    "lt": lambda value, wanted: value < wanted[0],
    "is_true": lambda value, _: value is True,
    "is_false": lambda value, _: value is False,
}
