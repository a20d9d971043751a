"""Conditions over tables: a field of a rule is a column of the table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook import conditions

if TYPE_CHECKING:
    from collections.abc import Callable

    import ibis.expr.types as ir


def resolver(table: ir.Table, condition: conditions.Condition) -> Callable[[str], ir.Column]:
    """Gives the column of a field; one of which nothing is known gets a type that fits."""
    wanted = {leaf.field: leaf.op for _, leaf in conditions.leaves(condition)}

    def resolve(field: str) -> ir.Column:
        column = table[field]
        if not column.type().is_null():
            return column
        is_flag = wanted[field] in {"is_true", "is_false"}
        return column.cast("boolean" if is_flag else "string")

    return resolve


def test(condition: conditions.Condition, table: ir.Table) -> ir.BooleanValue:
    """The condition over a table whose columns are named as its fields."""
    return conditions.holds(condition, resolver(table, condition))
