"""Unit rows of many tests in one table: the arms of each, by one scan of all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from playbook.abtest.inputs.cells import arm_mistakes, arms_of
from playbook.abtest.inputs.engine import Measure, rows_of
from playbook.abtest.inputs.request import column_mistakes, request
from playbook.abtest.inputs.unfit import unit_mistakes
from playbook.abtest.inputs.units import cells_of, scanned_units
from playbook.errors import refuse
from playbook.format import plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from playbook.abtest.arms import Arms
    from playbook.abtest.inputs.engine import Row
    from playbook.abtest.inputs.request import Columns, Request

    Told = dict[str, tuple[Any, ...]]

TOLD = ("low", "high", "filled")
"""What is asked of a column that says something of a whole test."""


class Group(NamedTuple):
    """The units of one test.

    Attributes:
        arms: Their arms; None where these make no test.
        problem: What is wrong with them, then.
        told: For each arm what the columns say: the least and the greatest value, None where some
            unit has none; each once.
    """

    arms: Arms | None
    problem: str
    told: list[tuple[str, Told]]


def groups_of(
    rows: Any,
    columns: Columns,
    *,
    group: str,
    control: object,
    arm: str = "arm",
    unit: str | None = None,
    told: Sequence[str] = (),
) -> dict[str, Group]:
    """The units of each test, by the name of the test.

    Args:
        rows: As in `units`, as are columns, control, arm and unit; a unit may be in many tests, but
            only once in each.
        columns: What is measured.
        group: Column with the name of the test.
        control: The control of every test.
        arm: Column with the arm.
        unit: Column with the unit's name.
        told: Columns that say something of the whole test, as far as there are any.

    Raises:
        ParameterError: What `units` refuses, but for the arms of one test; rows without a test.
    """
    asked = request(columns, arm=arm, by=group, unit=unit)
    found = rows_of(rows, (*asked.named, *told))
    refuse(column_mistakes(found, asked))
    said = [name for name in told if name in found.columns]
    more = [Measure(how, (name,)) for name in said for how in TOLD]
    scanned = scanned_units(found, asked, more)
    refuse([*_nameless(scanned, group), *unit_mistakes(found, asked, scanned, (group,))])
    names = sorted({str(row[1]) for row in scanned})
    return {
        name: _group([row for row in scanned if str(row[1]) == name], asked, control, said)
        for name in names
    }


def _nameless(scanned: list[Row], group: str) -> Iterator[str]:
    if n := sum(row[2] for row in scanned if row[1] is None):
        yield f"{group} is empty on {plural(n, 'row')}: name it."


def _group(rows: list[Row], asked: Request, control: object, said: list[str]) -> Group:
    """One test, from its rows of the scan."""
    told = [(str(row[0]), _told(row, asked, said)) for row in rows]
    if wrong := list(arm_mistakes((row[0] for row in rows), control)):
        return Group(None, " ".join(wrong), told)
    return Group(arms_of(cells_of(rows, asked), control, asked.columns), "", told)


def _told(row: Row, asked: Request, said: list[str]) -> Told:
    """What the units of an arm say."""
    n, rest = row[2], row[2 + len(asked.measures) :]
    found = {}
    for name, at in zip(said, range(0, len(rest), len(TOLD)), strict=True):
        low, high, filled = rest[at : at + len(TOLD)]
        values = (low, high) if filled == n else (low, high, None)
        found[name] = tuple(dict.fromkeys(values))
    return found
