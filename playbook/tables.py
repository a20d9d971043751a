"""Tables as they come, a DataFrame or an Ibis table, and answers of the kind that came.

What comes back is of the kind that went in: a DataFrame for a DataFrame, and for an Ibis table
an Ibis table that has not run yet, so that a million leads need not pass through Python.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

from playbook.errors import ParameterError, unknown

if TYPE_CHECKING:
    from collections.abc import Iterable

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


def need_table(table: object, what: str) -> None:
    """Refuse what is no table.

    Raises:
        ParameterError: It is neither a DataFrame nor an Ibis table.
    """
    if hasattr(table, "columns"):
        return
    raise ParameterError(
        f"{what} must be a pandas DataFrame or an Ibis table, not {type(table).__name__}. Read a "
        "file first, such as by pandas.read_csv."
    )
