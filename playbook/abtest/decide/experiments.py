"""What is judged: a test with its arms, its days and what the company decided."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from numbers import Real
from typing import TYPE_CHECKING, Any

from playbook.abtest.after.noninferior import Guardrail
from playbook.abtest.during.split import split
from playbook.abtest.metrics import Proportion
from playbook.errors import ParameterError, in_one_line, unknown
from playbook.format import is_missing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from playbook.abtest.arms import Arms
    from playbook.abtest.before.plan import Plan
    from playbook.abtest.metrics import Metric

DECISIONS = ("keep", "drop", "repeat", "running")
"""What a company may have decided; empty where it has not."""

DAYS = {"start_date": "first day", "end_date": "last day", "planned_end": "planned end"}
"""The columns with dates, and what they are called in words."""

SAID = (*DAYS, "decision", "weight")
"""What may be said of a test, or of an arm, on each of its rows."""

ISO = re.compile(r"\d{4}-\d{2}-\d{2}")

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
        planned_end: Day that was fixed, before it began, for reading it: on that day alone the
            ordinary interval is relied on. None where none is on record.
        guardrails: What must not suffer: without proof that they hold it is not shipped.
        exposed: The first and the last day on which its units were exposed, where known: none may
            lie outside the days that are judged.

    Days may be given as text such as 2026-08-03, or as moments.

    Raises:
        ParameterError: Days that are none; guardrails that are none.
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
    planned_end: date | None = None
    guardrails: Sequence[Guardrail] = ()
    exposed: tuple[date, date] | None = None

    def __post_init__(self) -> None:
        """Take days in every form that names one, and one guardrail for a list of one."""
        for name in ("started", "ended", "planned_end"):
            object.__setattr__(self, name, day_of(getattr(self, name), f"{name} of {self.name}"))
        object.__setattr__(self, "guardrails", rails_of(self.guardrails))


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


def rails_of(given: Any) -> tuple[Guardrail, ...]:
    """Guardrails from one or several.

    Raises:
        ParameterError: Something else.
    """
    is_list = isinstance(given, list | tuple)
    rails = tuple(given) if is_list else (given,)
    if all(isinstance(rail, Guardrail) for rail in rails):
        return rails
    raise ParameterError(
        "guardrails must be a list of Guardrail, such as [Guardrail('complained', 0.1, "
        f"higher_is_better=False)], not {given!r}."
    )


def cleaned(row: Mapping[str, Any], wrong: list[str]) -> dict[str, Any]:
    """What one row says of its test, and of its arm's weight.

    Args:
        row: Its `experiment_id`, and `SAID` as far as there are any.
        wrong: Takes what cannot be read.
    """
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
    if is_missing(weight):
        return {**found, "decision": decision, "weight": None}
    share = float(weight) if isinstance(weight, Real | Decimal) else -1.0
    if not share >= 0:
        wrong.append(f"{name}: weight must be a number from 0 on, not {weight!r}.")
    return {**found, "decision": decision, "weight": share}


def recorded(
    name: str, arms: Arms | str, rows: Sequence[tuple[str, dict[str, Any]]], **more: Any
) -> Experiment:
    """A test from what its rows say.

    Args:
        name: What it is called.
        arms: Its arms, or what is wrong with them.
        rows: Of each row the arm and what it says, see `cleaned`.
        **more: Further fields of the `Experiment`.
    """
    said = rows[0][1]
    weights = {arm: row["weight"] for arm, row in rows}
    expected = None if set(weights.values()) == {None} else weights
    problem = _disagreement(rows) or (arms if isinstance(arms, str) else _wrong(said))
    if not problem and expected and None in expected.values():
        problem = "weight is given for some arms only."
    if not problem and expected and not isinstance(arms, str):
        try:
            split(arms, expected)
        except ParameterError as error:
            problem = in_one_line(str(error).split("\n"))
    return Experiment(
        name, None if problem or isinstance(arms, str) else arms, said["first day"],
        said["last day"], decision=said["decision"], expected=expected, problem=problem,
        planned_end=said["planned end"], **more,
    )  # fmt: skip


def _wrong(said: Mapping[str, Any]) -> str:
    """What is wrong with the days of a test; empty where nothing is."""
    if said["first day"] is None:
        return "its first day is not on record."
    if said["last day"] is None and said["decision"] not in {"", "running"}:
        return f"it was decided ({said['decision']}), but its last day is not on record."
    return ""


def _disagreement(rows: Sequence[tuple[str, dict[str, Any]]]) -> str:
    """In what the rows of one test differ, though they speak of the same; empty where in none."""
    for what in (*DAYS.values(), "decision"):
        values = list(dict.fromkeys(row[what] for _, row in rows))
        if len(values) > 1:
            told = [str(value) if value else "none" for value in values]
            return f"its arms do not agree on the {what}: {' and '.join(told)}."
    for arm in dict.fromkeys(arm for arm, _ in rows):
        if len({row["weight"] for name, row in rows if name == arm}) > 1:
            return f"the rows of {arm} do not agree on its weight."
    return ""
