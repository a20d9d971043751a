"""Unit rows of many tests in one table: the arms of each, by one scan of all."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from playbook.abtest.inputs.cells import arm_mistakes, arms_of
from playbook.abtest.inputs.engine import ZONED, Measure, rows_of
from playbook.abtest.inputs.request import column_mistakes, request
from playbook.abtest.inputs.unfit import unit_mistakes
from playbook.abtest.inputs.units import cells_of, scanned_units
from playbook.errors import in_one_line, refuse, unknown
from playbook.format import plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from playbook.abtest.arms import Arms
    from playbook.abtest.inputs.engine import Row, Rows
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
        exposed: The first and the last day on which units were exposed; None where not asked.
    """

    arms: Arms | None
    problem: str
    told: list[tuple[str, Told]]
    exposed: tuple[date, date] | None = None


def groups_of(
    rows: Any,
    columns: Columns,
    *,
    group: str,
    control: object,
    arm: str = "arm",
    unit: str | None = None,
    told: Sequence[str] = (),
    exposed: str | None = None,
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
        exposed: Column with the moment when the unit first saw its arm.

    Raises:
        ParameterError: What `units` refuses, but for the arms of one test; rows without a test.
    """
    asked = request(columns, arm=arm, by=group, unit=unit)
    moments = () if exposed is None else (exposed,)
    found = rows_of(rows, (*asked.named, *told, *moments))
    refuse(column_mistakes(found, asked))
    said = [name for name in told if name in found.columns]
    refuse(_no_days(found, said, moments))
    said += moments
    more = [Measure(how, (name,)) for name in said for how in TOLD]
    scanned = scanned_units(found, asked, more, (group,))
    refuse(
        [
            *_nameless(scanned, group),
            *unit_mistakes(found, asked, scanned, (group,)),
            *(_unexposed(scanned, exposed) if exposed else ()),
        ]
    )
    groups: dict[str, list[Row]] = {}
    for row in sorted(scanned, key=lambda row: str(row[0])):
        groups.setdefault(str(row[1]), []).append(row)
    return {name: _group(groups[name], asked, control, said, exposed) for name in sorted(groups)}


def _no_days(rows: Rows, said: Sequence[str], moments: Sequence[str]) -> Iterator[str]:
    """Columns of days that are none, or that hang on a time zone."""
    for name in moments:
        if name not in rows.columns:
            yield unknown("column of exposure", name, map(str, rows.columns))
        elif rows.kind(name) != ZONED and not rows.kind(name).startswith(("date", "timestamp")):
            yield (
                f"{name} holds no times but {rows.kind(name)}. Turn it into dates or timestamps "
                "first, such as by pandas.to_datetime."
            )
    for name in (*said, *moments):
        if name in rows.columns and rows.kind(name) == ZONED:
            yield f"{name} holds {ZONED}, which name no day: turn them into those of your clock."


def _unexposed(scanned: list[Row], exposed: str) -> Iterator[str]:
    if n := sum(row[2] - row[-1] for row in scanned):
        yield f"{exposed} is empty on {plural(n, 'row')}: every unit needs it."


def _nameless(scanned: list[Row], group: str) -> Iterator[str]:
    if n := sum(row[2] for row in scanned if row[1] is None):
        yield f"{group} is empty on {plural(n, 'row')}: name it."


def _group(
    rows: list[Row], asked: Request, control: object, said: list[str], exposed: str | None
) -> Group:
    """One test, from its rows of the scan."""
    told = [(str(row[0]), _told(row, asked, said)) for row in rows]
    days = None
    if exposed:
        ends = [_day(end) for _, words in told for end in words[exposed]]
        days = min(ends), max(ends)
    if wrong := list(arm_mistakes((row[0] for row in rows), control)):
        return Group(None, in_one_line(wrong), told, days)
    return Group(arms_of(cells_of(rows, asked), control, asked.columns), "", told, days)


def _day(moment: date) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def _told(row: Row, asked: Request, said: list[str]) -> Told:
    """What the units of an arm say."""
    n, rest = row[2], row[2 + len(asked.measures) :]
    found = {}
    for name, at in zip(said, range(0, len(rest), len(TOLD)), strict=True):
        low, high, filled = rest[at : at + len(TOLD)]
        values = (low, high) if filled == n else (low, high, None)
        found[name] = tuple(dict.fromkeys(values))
    return found
