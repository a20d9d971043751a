"""Unit rows, one per person, visit or account, reduced to sums in the engine that holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook.abtest.arms import ALL, TEST
from playbook.abtest.inputs.cells import Cells, arms_of
from playbook.abtest.inputs.engine import Measure, rows_of
from playbook.abtest.inputs.request import column_mistakes, many_tests, request, scan
from playbook.abtest.inputs.unfit import row_mistakes, value_mistakes
from playbook.errors import refuse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playbook.abtest.arms import Arms, Floats
    from playbook.abtest.inputs.engine import Row, Rows
    from playbook.abtest.inputs.request import Columns, Request, Times


def units(
    rows: Any,
    columns: Columns,
    *,
    control: object | None,
    arm: str = "arm",
    unit: str | None = None,
    by: str | Sequence[str] = (),
    exposed: str | None = None,
    measured: Times = None,
) -> Arms:
    """The arms of unit rows, by one scan of the columns that are named.

    Args:
        rows: One row per unit: a pandas DataFrame, an Ibis table of any engine, a DuckDB relation,
            or an Arrow table such as Polars gives.
        columns: What is measured: columns of numbers or booleans, or metrics. Products are read of
            any two columns that are named; where there are only metrics, of those that a metric
            takes together.
        control: The arm that the others are compared with. Where it is None all units are one arm,
            named `all`, such as the history that a test is planned from.
        arm: Column with the unit's arm.
        unit: Column with the unit's name. Where it is given, a second question makes sure that no
            unit is on two rows.
        by: Columns to group by, such as a stratum, a segment, a day.
        exposed: Column with the moment when the unit first saw its arm.
        measured: Column with the moment when the metrics' covariates were measured, or a mapping of
            covariates to such columns: none may lie after `exposed`. Empty moments are passed over.

    Returns:
        The sums of each arm, and of each group.

    Raises:
        ParameterError: Everything that cannot be used: columns that are missing or hold no numbers;
            values that are empty, NaN or infinite; rows without an arm, an unknown control, a
            single arm; a unit in two arms or on two rows; a covariate measured after exposure;
            rows of more than one test (`experiment_id`).

    >>> import pandas as pd
    >>> rows = pd.DataFrame({"arm": ["A", "A", "B", "B"], "spent": [1.0, 2.0, 4.0, 8.0]})
    >>> arms = units(rows, "spent", control="A")
    >>> print(arms)
    control A (2 units); B (2 units); measured: spent
    >>> arms.means.tolist(), arms.variances.tolist()
    ([[1.5], [6.0]], [[0.5], [8.0]])
    """
    arm_column, first = (None, ALL) if control is None else (arm, control)
    asked = request(columns, arm=arm_column, by=by, unit=unit, exposed=exposed, measured=measured)
    found = rows_of(rows, (*asked.named, TEST))
    refuse(column_mistakes(found, asked))
    ends = [Measure(how, (TEST,)) for how in ("low", "high") if TEST in found.columns]
    scanned = scanned_units(found, asked, ends)
    if ends:
        names = [name for row in scanned for name in row[-2:] if name is not None]
        refuse(many_tests(min(names, default=None), max(names, default=None)))
    refuse(row_mistakes(found, asked, scanned, first))
    return arms_of(cells_of(scanned, asked), first, asked.columns, asked.by)


def scanned_units(
    rows: Rows, asked: Request, more: Sequence[Measure] = (), within: tuple[str, ...] = ()
) -> list[Row]:
    """The answers per arm and group, and some more of each.

    DuckDB before 2.0 refuses the variance of what is not finite; later ones give NaN.
    """
    import duckdb

    try:
        return scan(rows, asked, (*asked.measures, *more), asked.by)
    except duckdb.OutOfRangeException:
        refuse(value_mistakes(rows, asked, within))
        raise


def cells_of(scanned: list[Row], asked: Request) -> Cells:
    """Variances and covariances as sums of centred products."""
    import numpy as np

    first = 1 + len(asked.by)
    last = first + len(asked.measures)
    values = np.array([row[first:last] for row in scanned], dtype="float64")
    answers = dict(zip(asked.measures, values.T, strict=True))
    n = answers[Measure("count")]

    def each(how: str) -> Floats:
        unread = np.full(len(n), np.nan)
        columns = [answers.get(Measure(how, (name,)), unread) for name in asked.columns]
        return np.stack(columns, axis=1)

    return Cells(
        arms=[str(row[0]) for row in scanned],
        keys=[tuple(row[1:first]) for row in scanned],
        n=n.astype("int64"),
        means=each("mean"),
        products=_spread(answers, asked) * np.maximum(n - 1, 0)[:, None, None],
        lows=each("low"),
        highs=each("high"),
    )


def _spread(answers: dict[Measure, Floats], asked: Request) -> Floats:
    """Covariance matrices; missing where two columns were not asked for together."""
    import numpy as np

    columns, m = asked.columns, len(asked.columns)
    found = np.full((len(answers[Measure("count")]), m, m), np.nan)
    for at, name in enumerate(columns):
        found[:, at, at] = np.nan_to_num(answers[Measure("variance", (name,))])  # none of one unit
    for i, j in asked.pairs:
        both = answers[Measure("covariance", (columns[i], columns[j]))]
        found[:, i, j] = found[:, j, i] = np.nan_to_num(both)
    return found
