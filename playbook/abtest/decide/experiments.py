"""What is judged: a test with its arms, its days and what the company decided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from playbook.abtest.inputs.intake import counts
from playbook.abtest.metrics import Proportion
from playbook.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    import pandas as pd

    from playbook.abtest.arms import Arms
    from playbook.abtest.before.plan import Plan
    from playbook.abtest.metrics import Metric

COLUMNS = ("experiment_id", "arm", "exposures", "conversions")
"""Columns without which a table holds no tests."""

CONVERTED = Proportion()
"""What a test is judged by where nothing else is said."""


@dataclass(frozen=True)
class Experiment:
    """One test.

    Attributes:
        name: What it is called.
        arms: Its arms, from aggregates or from unit rows; None where the record makes no sense.
        started: First day; None where it is not on record.
        ended: Day on which it was taken down; None while it runs.
        metric: What it is judged by.
        decision: What the company decided: keep, drop, repeat, running, or nothing.
        expected: Weights of the split that was meant; equal ones where None.
        higher_is_better: Whether more is better.
        plan: What was written down before it began; where None, the people it takes are worked out
            from its control.
        problem: What is wrong with the record, where `arms` is None.
    """

    name: str
    arms: Arms | None
    started: date | None
    ended: date | None = None
    metric: Metric = CONVERTED
    decision: str = ""
    expected: Mapping[str, float] | None = None
    higher_is_better: bool = True
    plan: Plan | None = None
    problem: str = ""


def experiments_of(table: pd.DataFrame, *, control: str = "control") -> list[Experiment]:
    """The tests of the table `experiment_arm`, in the order in which they appear.

    Args:
        table: `experiment_id`, `arm`, `exposures`, `conversions`; `start_date`, `end_date` and
            `decision` where known. One row per arm.
        control: Name of the control's arm.

    Raises:
        ParameterError: A column is missing.
    """
    if lacking := [name for name in COLUMNS if name not in table.columns]:
        raise ParameterError(
            f"the table of tests lacks {', '.join(lacking)}; it has "
            f"{', '.join(map(str, table.columns)) or 'no columns'}."
        )
    groups = table.groupby("experiment_id", sort=False)
    return [_experiment(str(name), rows, control) for name, rows in groups]


def _experiment(name: str, rows: pd.DataFrame, control: str) -> Experiment:
    started, ended = _day(rows, "start_date", "min"), _day(rows, "end_date", "max")
    decision = _first(rows, "decision")
    problem, arms = "", None
    try:
        arms = counts(rows, control=control)
    except ParameterError as error:
        problem = " ".join(str(error).split("\n"))
    if arms is not None and started is None:
        problem = "its first day is not on record."
    elif arms is not None and ended is None and decision not in {"", "running"}:
        problem = f"it was decided ({decision}), but its last day is not on record."
    return Experiment(
        name, None if problem else arms, started, ended, decision=decision, problem=problem
    )


def _day(rows: pd.DataFrame, column: str, which: str) -> date | None:
    import pandas as pd

    if column not in rows.columns:
        return None
    found: Any = getattr(pd.to_datetime(rows[column]), which)()
    return None if pd.isna(found) else found.date()


def _first(rows: pd.DataFrame, column: str) -> str:
    if column not in rows.columns:
        return ""
    known = rows[column].dropna()
    return str(known.iloc[0]) if len(known) else ""
