"""Where the work is done: in the engine that holds the table; a DataFrame goes to DuckDB.

What comes back is of the kind that went in: a DataFrame for a DataFrame, and for an Ibis table
an Ibis table that has not run yet, so that a million leads need not pass through Python.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

from playbook import conditions
from playbook.errors import ParameterError, unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import ibis.expr.types as ir
    import pandas as pd

T = TypeVar("T", bound="pd.DataFrame | ir.Table")


def as_ibis(table: pd.DataFrame | ir.Table, needed: Iterable[str], what: str) -> ir.Table:
    """The table as an Ibis table of the columns that are needed.

    Raises:
        ParameterError: One of them is missing.
    """
    import ibis

    names = list(dict.fromkeys(needed))
    for name in names:
        if name not in table.columns:
            raise ParameterError(unknown(f"column of {what}", name, list(map(str, table.columns))))
    return (table if isinstance(table, ibis.Table) else ibis.memtable(table[names])).select(*names)


def like(table: T, answer: ir.Table) -> T:
    """The answer as a DataFrame where `table` is one, else as it is."""
    import pandas as pd

    return cast("T", answer.to_pandas() if isinstance(table, pd.DataFrame) else answer)


def as_pandas(table: pd.DataFrame | ir.Table) -> pd.DataFrame:
    """The rows themselves, where statistics need them."""
    import pandas as pd

    return table if isinstance(table, pd.DataFrame) else table.to_pandas()


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
