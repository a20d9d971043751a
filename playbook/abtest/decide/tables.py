"""The tests of a table: with one row per arm, or with one row per unit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook.abtest.decide.experiments import (
    CONVERTED,
    Experiment,
    cleaned,
    rails_of,
    recorded,
)
from playbook.abtest.decide.measured import measured_tests
from playbook.abtest.inputs.engine import rows_of
from playbook.abtest.inputs.intake import counts
from playbook.abtest.inputs.orders import as_rows
from playbook.errors import ParameterError, in_one_line, refuse
from playbook.format import is_missing, plural
from playbook.tables import as_pandas

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

    from playbook.abtest.after.noninferior import Guardrail
    from playbook.abtest.metrics import Metric

COUNTED = ("exposures", "conversions")
COLUMNS = ("experiment_id", "arm", *COUNTED)
"""Columns without which a table holds no tests counted by arm."""

SHOWN = 3
"""Rows that a message names."""


def experiments_of(
    table: Any,
    *,
    control: str = "control",
    metric: Metric | str | None = None,
    guardrails: Sequence[Guardrail] = (),
    unit: str | None = None,
    exposed: str | None = None,
    higher_is_better: bool = True,
) -> list[Experiment]:
    """The tests of a table, in the order in which they appear.

    Args:
        table: One row per arm (the table `experiment_arm`, a DataFrame): `experiment_id`, `arm`,
            `exposures`, `conversions`. Or one row per unit, of whatever `units` reads:
            `experiment_id`, `arm` and what is measured. Where known each row has also
            `start_date`, `end_date` (on which it was taken down) and `planned_end` (which was fixed
            for reading it): dates, or text such as 2026-08-03; `decision` (one of `DECISIONS`)
            and `weight` (the share of people that the arm was to get, in any unit). What is said
            of a whole test stands on each of its rows.
        control: Name of the control's arm.
        metric: Of unit rows: what they are judged by, or its column; by default their share of
            `converted`.
        guardrails: Of unit rows: what must not suffer.
        unit: Of unit rows: the column that names the unit, to make sure that none is twice in one
            test.
        exposed: Of unit rows: the column with the moment when the unit first saw its arm, on your
            clock. The first of them is the first day of a test that has no `start_date`; none may
            lie outside the days that are judged.
        higher_is_better: Whether more of it is better.

    Returns:
        The tests. One whose rows make no sense together has no arms, and says why. Unit rows come
        by the name of their test.

    Raises:
        ParameterError: Columns are missing, rows without a test or an arm, dates, decisions,
            weights or values that cannot be read; all at once.

    >>> import pandas as pd
    >>> rows = pd.DataFrame({
    ...     "experiment_id": "form", "arm": ["control", "control", "b", "b"],
    ...     "converted": [0, 1, 1, 1], "start_date": "2026-08-03",
    ... })
    >>> (test,) = experiments_of(rows)
    >>> test.name, test.started, str(test.arms)
    ('form', datetime.date(2026, 8, 3), 'control control (2 units); b (2 units); measured: \
converted')
    """
    names = set(rows_of(table, ()).columns)
    is_counted = names.issuperset(COUNTED) or CONVERTED.column not in names
    if is_counted and not any([metric, guardrails, unit, exposed]):
        return _counted(as_pandas(as_rows(table)), control, higher_is_better)
    return measured_tests(
        table, metric or CONVERTED, control=control, guardrails=rails_of(guardrails), unit=unit,
        exposed=exposed, higher_is_better=higher_is_better,
    )  # fmt: skip


def _counted(table: pd.DataFrame, control: str, higher_is_better: bool) -> list[Experiment]:
    """Tests with one row per arm."""
    if lacking := [name for name in COLUMNS if name not in table.columns]:
        raise ParameterError(
            f"the table of tests lacks {', '.join(lacking)}; it has "
            f"{', '.join(map(str, table.columns)) or 'no columns'}. Rows of units need "
            f"experiment_id, arm and {CONVERTED.column}, or a metric of their own."
        )
    refuse(_nameless(table))
    rows = [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]
    wrong: list[str] = []
    said = [(str(row["arm"]), cleaned(row, wrong)) for row in rows]
    refuse(wrong)
    names = table["experiment_id"].astype(str)
    groups = table.assign(_place=range(len(table))).groupby(names, sort=False)
    return [
        recorded(
            str(name), _arms(own.drop(columns="_place"), control),
            [said[at] for at in own["_place"]], higher_is_better=higher_is_better,
        )
        for name, own in groups
    ]  # fmt: skip


def _arms(rows: pd.DataFrame, control: str) -> Any:
    """The arms of a test, or what is wrong with them."""
    try:
        return counts(rows, control=control)
    except ParameterError as error:
        return in_one_line(str(error).split("\n"))


def _nameless(table: pd.DataFrame) -> Iterator[str]:
    """Rows that belong to no test, or to no arm."""
    for name in COLUMNS[:2]:
        empty = [at for at, value in enumerate(table[name], start=1) if is_missing(value)]
        if empty:
            told = ", ".join(map(str, empty[:SHOWN])) + (", …" if empty[SHOWN:] else "")
            yield f"{name} is empty on {plural(len(empty), 'row')} (row {told}): name it."
