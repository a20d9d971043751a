"""What is judged: a test with its arms, its days and what the company decided."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from playbook.abtest.during.split import split
from playbook.abtest.inputs.intake import counts
from playbook.abtest.metrics import Proportion
from playbook.errors import ParameterError, refuse, unknown
from playbook.format import is_missing, plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

    from playbook.abtest.arms import Arms
    from playbook.abtest.before.plan import Plan
    from playbook.abtest.metrics import Metric

COLUMNS = ("experiment_id", "arm", "exposures", "conversions")
"""Columns without which a table holds no tests."""

DECISIONS = ("keep", "drop", "repeat", "running")
"""What a company may have decided; empty where it has not."""

DAYS = {"start_date": "first day", "end_date": "last day"}
"""The columns with dates, and what they are called in words."""

ISO = re.compile(r"\d{4}-\d{2}-\d{2}")
SHOWN = 3
"""Rows that a message names."""

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
        decision: What the company decided: one of `DECISIONS`, or nothing.
        expected: Weights of the split that was meant, by arm; equal ones where None.
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
        table: One row per arm. `experiment_id`, `arm`, `exposures`, `conversions`; where known
            `start_date` and `end_date` (dates, or text such as 2026-08-03), `decision` (one of
            `DECISIONS`) and `weight` (the share of people that the arm was to get, in any unit).
            What is said of a whole test stands on each of its rows.
        control: Name of the control's arm.

    Returns:
        The tests. One whose rows make no sense together has no arms, and says why.

    Raises:
        ParameterError: Columns are missing, rows without a test or an arm, dates, decisions or
            weights that cannot be read; all at once.
    """
    if lacking := [name for name in COLUMNS if name not in table.columns]:
        raise ParameterError(
            f"the table of tests lacks {', '.join(lacking)}; it has "
            f"{', '.join(map(str, table.columns)) or 'no columns'}."
        )
    refuse(_nameless(table))
    rows = [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]
    wrong: list[str] = []
    cleaned = [_cleaned(row, wrong) for row in rows]
    refuse(wrong)
    groups = table.assign(_place=range(len(table))).groupby("experiment_id", sort=False)
    return [
        _experiment(
            str(name), own.drop(columns="_place"), [cleaned[at] for at in own["_place"]], control
        )
        for name, own in groups
    ]


def day_of(given: object, where: str) -> date | None:
    """A day, from a date, a moment or text such as 2026-08-03; None where there is none.

    Args:
        given: What was given.
        where: What it is, for the message.

    Raises:
        ParameterError: It is none of these.

    >>> day_of("2026-08-03", "as_of"), day_of(None, "as_of")
    (datetime.date(2026, 8, 3), None)
    """
    if is_missing(given):
        return None
    if isinstance(given, datetime):
        return given.date()
    if isinstance(given, date):
        return given
    if isinstance(given, str) and ISO.fullmatch(given.strip()):
        with contextlib.suppress(ValueError):
            return date.fromisoformat(given.strip())
    raise ParameterError(f"{where} must be a date, such as 2026-08-03, not {given!r}.")


def _nameless(table: pd.DataFrame) -> Iterator[str]:
    """Rows that belong to no test, or to no arm."""
    for name in COLUMNS[:2]:
        empty = [at for at, value in enumerate(table[name], start=1) if is_missing(value)]
        if empty:
            told = ", ".join(map(str, empty[:SHOWN])) + (", …" if empty[SHOWN:] else "")
            yield f"{name} is empty on {plural(len(empty), 'row')} (row {told}): name it."


def _cleaned(row: dict[str, Any], wrong: list[str]) -> dict[str, Any]:
    """What is said of the whole test on one of its rows, and the arm's weight."""
    name, found = row["experiment_id"], {}
    for column, words in DAYS.items():
        try:
            found[words] = day_of(row.get(column), f"{column} of {name}")
        except ParameterError as error:
            wrong.append(str(error))
    given = row.get("decision")
    decision = "" if is_missing(given) else str(given).strip().casefold()
    if decision and decision not in DECISIONS:
        wrong.append(f"{name}: {unknown('decision', str(given), DECISIONS)}")
    weight = row.get("weight")
    if not is_missing(weight) and not (isinstance(weight, int | float) and weight >= 0):
        wrong.append(f"{name}: weight must be a number from 0 on, not {weight!r}.")
    return {**found, "decision": decision, "weight": None if is_missing(weight) else weight}


def _experiment(
    name: str, rows: pd.DataFrame, cleaned: list[dict[str, Any]], control: str
) -> Experiment:
    first = cleaned[0]
    started, ended, decision = first["first day"], first["last day"], first["decision"]
    expected = {str(arm): row["weight"] for arm, row in zip(rows["arm"], cleaned, strict=True)}
    expected = {} if set(expected.values()) == {None} else expected
    arms, problem = None, _disagreement(cleaned)
    try:
        arms = counts(rows, control=control)
        if expected and None not in expected.values():
            split(arms, expected)
    except ParameterError as error:
        problem = " ".join(str(error).split("\n"))
    if not problem and None in expected.values():
        problem = "weight is given for some arms only."
    if not problem and started is None:
        problem = "its first day is not on record."
    elif not problem and ended is None and decision not in {"", "running"}:
        problem = f"it was decided ({decision}), but its last day is not on record."
    return Experiment(
        name, None if problem else arms, started, ended, decision=decision,
        expected=expected or None, problem=problem,
    )  # fmt: skip


def _disagreement(cleaned: list[dict[str, Any]]) -> str:
    """In what the rows of one test differ, though they speak of the same; empty where in none."""
    for what in (*DAYS.values(), "decision"):
        values = list(dict.fromkeys(row[what] for row in cleaned))
        if len(values) > 1:
            told = [str(value) if value else "none" for value in values]
            return f"its arms do not agree on the {what}: {' and '.join(told)}."
    return ""
