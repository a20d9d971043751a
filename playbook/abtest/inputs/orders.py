"""Values at given ranks, asked of the engine that holds the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from playbook import queries
from playbook.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import ibis.expr.types as ir
    import pandas as pd

    Levels = tuple[tuple[str, tuple[float, ...]], ...]


def as_rows(rows: Any) -> pd.DataFrame | ir.Table:
    """Unit rows as a DataFrame or an Ibis table; Arrow tables, such as Polars gives, as the latter.

    Raises:
        ParameterError: It is no table.

    >>> import pyarrow
    >>> int(as_rows(pyarrow.table({"spent": [1, 2]})).count().execute())
    2
    """
    if hasattr(rows, "iloc") or type(rows).__module__.startswith("ibis."):
        return cast("pd.DataFrame | ir.Table", rows)
    if not hasattr(rows, "to_arrow_table") and not hasattr(rows, "__arrow_c_stream__"):
        raise ParameterError(
            "rows must be a pandas DataFrame, an Ibis table, a DuckDB relation or an Arrow table "
            f"such as Polars gives, not {type(rows).__name__}."
        )
    import ibis
    import pyarrow as pa

    return ibis.memtable(
        rows.to_arrow_table() if hasattr(rows, "to_arrow_table") else pa.table(rows)
    )


def quantiles(
    rows: pd.DataFrame | ir.Table, column: str, levels: Mapping[str, tuple[float, ...]], *, arm: str
) -> dict[str, tuple[float, ...]]:
    """Quantiles of a column in each arm, each arm at its own levels, in one question.

    Between two values they lie on the line from one to the other (type 7 of Hyndman and Fan 1996),
    so that (r - 1) / (n - 1) is the value of rank r of n.

    Args:
        rows: From `as_rows`.
        column: Numbers, none missing.
        levels: Levels between 0 and 1 for each arm.
        arm: Column with the arm.

    >>> import pandas as pd
    >>> rows = pd.DataFrame({"arm": ["A", "A", "A", "B", "B"], "spent": [1, 2, 9, 4, 5]})
    >>> quantiles(rows, "spent", {"A": (0.5, 0.75), "B": (0.5,)}, arm="arm")
    {'A': (2.0, 5.5), 'B': (4.5,)}
    """
    given = queries.Given("units", rows, (("arm", arm), ("value", column)))
    asked = tuple(levels.items())
    found = queries.ask(_at_levels, (given,), asked).iloc[0]
    return {
        name: tuple(float(found[f"q{i}_{j}"]) for j in range(len(own)))
        for i, (name, own) in enumerate(asked)
    }


def quantile_of_all(rows: pd.DataFrame | ir.Table, column: str, level: float) -> float:
    """A quantile of a column over all rows.

    >>> import pandas as pd
    >>> quantile_of_all(pd.DataFrame({"spent": [1, 2, 9]}), "spent", 0.5)
    2.0
    """
    given = queries.Given("units", rows, (("value", column),))
    return float(queries.ask(_of_all, (given,), level).iloc[0]["found"])


def _at_levels(tables: tuple[ir.Table, ...], asked: Levels) -> ir.Table:
    units = tables[0]
    names, value = units.arm.cast("string"), units.value.cast("float64")
    found = {
        f"q{i}_{j}": value.quantile(level, where=names == name)
        for i, (name, own) in enumerate(asked)
        for j, level in enumerate(own)
    }
    return cast("ir.Table", units.aggregate(**found))


def _of_all(tables: tuple[ir.Table, ...], level: float) -> ir.Table:
    units = tables[0]
    return cast("ir.Table", units.aggregate(found=units.value.cast("float64").quantile(level)))
