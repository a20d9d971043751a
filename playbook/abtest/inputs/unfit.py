"""What is wrong with unit rows, all of it at once, in words."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

from playbook.abtest.inputs.cells import arm_mistakes
from playbook.abtest.inputs.engine import Measure
from playbook.abtest.inputs.request import scan
from playbook.format import plural

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TypeAlias

    from playbook.abtest.inputs.engine import Row, Rows
    from playbook.abtest.inputs.request import Request

    Answer: TypeAlias = dict[Measure, Any]

COUNT = Measure("count")
UNUSABLE = {"empty": "empty or NaN", "infinite": "infinite"}


def row_mistakes(rows: Rows, asked: Request, scanned: list[Row], control: object) -> Iterator[str]:
    """Everything that is wrong with rows, told by what a scan of them gave."""
    if asked.arm is not None:
        yield from arm_mistakes((row[0] for row in scanned), control)
    elif not scanned or not sum(row[1 + len(asked.by)] for row in scanned):
        yield "there are no rows."
        return
    yield from unit_mistakes(rows, asked, scanned)


def unit_mistakes(
    rows: Rows, asked: Request, scanned: list[Row], within: tuple[str, ...] = ()
) -> Iterator[str]:
    """The same without what is wrong with the arms; a unit may come once in each group `within`."""
    first = 1 + len(asked.by)
    last = first + len(asked.measures)
    answers = [dict(zip(asked.measures, row[first:last], strict=True)) for row in scanned]
    without = sum(row[first] for row in scanned if row[0] is None)
    if without:
        yield f"{asked.arm} is empty for {plural(without, 'unit')}: name it, or leave them out."
    if not all(_is_usable(answer, name) for answer in answers for name in asked.columns):
        yield from value_mistakes(rows, asked, within)
    yield from _unnamed(asked, answers)
    yield from _repeated(rows, asked, within)
    yield from _late(asked, answers)


def value_mistakes(rows: Rows, asked: Request, within: tuple[str, ...] = ()) -> Iterator[str]:
    """Values that are empty, NaN or infinite, by a scan of their own; else they are too great."""
    measures = [Measure(how, (name,)) for name in asked.columns for how in UNUSABLE]
    found = False
    for arm, *row in sorted(scan(rows, asked, measures, within), key=str):
        groups, counts = row[: len(within)], dict(zip(measures, row[len(within) :], strict=True))
        where = "".join(f" of {group}" for group in groups)
        for name in asked.columns:
            if words := _counted(counts, name):
                found = True
                yield f"{name} in arm '{arm}'{where}: {words}. {_remedy(name, asked)}"
    if not found:
        yield (
            f"{', '.join(asked.columns)}: values are so great that no number can hold their "
            "variance. Measure in a greater unit."
        )


def _is_usable(answer: Answer, name: str) -> bool:
    """Whether all values of a column are there and finite, as its mean is only then."""
    n = answer[COUNT]
    told = ("mean", "variance") if n > 1 else ("mean",)
    values = [answer[Measure(how, (name,))] for how in told]
    whole = answer[Measure("filled", (name,))] == n
    return whole and all(value is not None and isfinite(value) for value in values)


def _counted(counts: Answer, name: str) -> str:
    found = [(counts[Measure(how, (name,))], words) for how, words in UNUSABLE.items()]
    return " and ".join(f"{n:,} {words}" for n, words in found if n)


def _remedy(name: str, asked: Request) -> str:
    if name in asked.covariates:
        return "Give units without a past a value, such as 0, or adjust by something else."
    return "Give every unit a number, 0 where it means none, or leave the unit out."


def _unnamed(asked: Request, answers: list[Answer]) -> Iterator[str]:
    n = sum(answer[COUNT] for answer in answers)
    for name in (asked.unit, asked.exposed):
        filled = sum(answer[Measure("filled", (name,))] for answer in answers) if name else n
        if filled < n:
            yield f"{name} is empty on {plural(n - filled, 'row')}: every unit needs it."


def _repeated(rows: Rows, asked: Request, within: tuple[str, ...]) -> Iterator[str]:
    if asked.unit is None:
        return
    again = rows.repeats(asked.unit, asked.arm or asked.unit, within)
    if again.crossed:
        yield (
            f"{plural(again.crossed, 'unit')} in more than one arm, such as {again.unit}. Leave "
            "them out of all arms, and find out how they got into two."
        )
    elif again.units:
        yield (
            f"{plural(again.units, 'unit')} on more than one row, such as {again.unit}. Add up a "
            f"unit's rows first, such as by groupby('{asked.unit}')."
        )


def _late(asked: Request, answers: list[Answer]) -> Iterator[str]:
    times = dict(asked.measured)
    for name, measure in asked.late.items():
        late = sum(answer[measure] for answer in answers)
        if late:
            yield (
                f"{name} was measured after exposure for {plural(late, 'unit')} ({times[name]} "
                f"after {asked.exposed}). The arm may have changed it, which hides an effect or "
                "makes one: use what was known before."
            )
