"""What is asked of unit rows: which column means what, and the aggregates that answer it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple

from playbook.abtest.arms import ALL, TEST
from playbook.abtest.inputs.engine import ZONED, Measure
from playbook.abtest.metrics import Metric, Proportion, covariate_columns, said
from playbook.errors import refuse, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import TypeAlias

    from playbook.abtest.inputs.engine import Row, Rows

    Columns: TypeAlias = str | Metric | Sequence[str | Metric]
    Times: TypeAlias = str | Mapping[str, str] | None

OF_COLUMN = ("filled", "mean", "variance")
"""What is asked of each column."""
ENDS = ("low", "high")
"""What is asked besides where a column may be a share; a fifth of the whole scan for the others."""
NUMBERS = {"number", "boolean"}


class Request(NamedTuple):
    """Which columns of unit rows mean what.

    Attributes:
        arm: The unit's arm; None where all units are one arm.
        columns: What is measured.
        covariates: Those of them that adjust another.
        pairs: Places of two columns whose product is needed.
        ends: Columns that may be shares: a Proportion's, and those that are named.
        by: Columns that make groups.
        unit: The unit's name; None where it is not looked at.
        exposed: When the unit first saw its arm; None where it is not looked at.
        measured: Covariates, each with the column of its moment.
    """

    arm: str | None
    columns: tuple[str, ...]
    covariates: tuple[str, ...]
    pairs: tuple[tuple[int, int], ...]
    ends: tuple[str, ...]
    by: tuple[str, ...] = ()
    unit: str | None = None
    exposed: str | None = None
    measured: tuple[tuple[str, str], ...] = ()

    @property
    def named(self) -> tuple[str, ...]:
        """Every column that is needed."""
        single = (self.arm, self.unit, self.exposed)
        times = (time for _, time in self.measured)
        return (*self.columns, *self.by, *times, *(name for name in single if name is not None))

    @property
    def measures(self) -> tuple[Measure, ...]:
        """What is asked of each group in one scan: its size, the columns, the pairs, the ends."""
        of_columns = [Measure(how, (name,)) for name in self.columns for how in OF_COLUMN]
        ends = [Measure(how, (name,)) for name in self.ends for how in ENDS]
        of_pairs = [
            Measure("covariance", (self.columns[i], self.columns[j])) for i, j in self.pairs
        ]
        filled = [Measure("filled", (name,)) for name in (self.unit, self.exposed) if name]
        return (Measure("count"), *of_columns, *of_pairs, *ends, *filled, *self.late.values())

    @property
    def late(self) -> dict[str, Measure]:
        """For each covariate with a moment: units of whom it was measured after exposure."""
        return {name: Measure("later", (time, str(self.exposed))) for name, time in self.measured}


def request(
    columns: Columns,
    *,
    arm: str | None = "arm",
    by: str | Sequence[str] = (),
    unit: str | None = None,
    exposed: str | None = None,
    measured: Times = None,
) -> Request:
    """What `units` was asked, with nothing left open.

    Raises:
        ParameterError: Arguments that do not go together.

    >>> asked = request(["converted", "spent"])
    >>> asked.pairs, len(asked.measures)
    (((0, 1),), 12)
    """
    wanted = _wanted(columns)
    names, pairs = _together(wanted)
    metrics = [one for one in wanted if not isinstance(one, str)]
    covariates = tuple(dict.fromkeys(name for one in metrics for name in covariate_columns(one)))
    times = dict.fromkeys(covariates, measured) if isinstance(measured, str) else measured or {}
    refuse(_wrong(names, exposed, measured, times))
    groups = (by,) if isinstance(by, str) else tuple(by)
    ends = tuple(name for name in names if any(_may_be_share(name, one) for one in wanted))
    return Request(arm, names, covariates, pairs, ends, groups, unit, exposed, tuple(times.items()))


def scan(
    rows: Rows, asked: Request, measures: Sequence[Measure], by: tuple[str, ...] = ()
) -> list[Row]:
    """One row per arm and group of `by`: the arm, the group, the measures."""
    if asked.arm is not None:
        return rows.ask(measures, (asked.arm, *by))
    return [(ALL, *row) for row in rows.ask(measures, by)]


def column_mistakes(rows: Rows, asked: Request) -> Iterator[str]:
    """Columns that are missing, else those that hold no numbers or times, or make no groups."""
    missing = list(_missing(rows, asked))
    yield from missing
    if missing:
        return
    for name in asked.by:
        if rows.kind(name) == ZONED:
            yield f"{name} holds {ZONED}, which make no groups: group by their day on your clock."
    for name in asked.columns:
        kind = rows.kind(name)
        if kind not in NUMBERS:
            yield (
                f"{name} holds no numbers but {kind}. Turn it into numbers first, such as by "
                "pandas.to_numeric, or leave it out."
            )
    yield from _no_times(rows, asked)


def many_tests(first: Any, last: Any) -> Iterator[str]:
    """Refuse to read several tests as one, told by the first and the last of their names."""
    if first != last:
        yield (
            f"the rows are of more than one test ({TEST} {first}, {last}): read them all by "
            "experiments_of, or take the rows of one."
        )


def _wanted(columns: Columns) -> list[Any]:
    """Columns and metrics, one by one."""
    is_one = isinstance(columns, str) or not isinstance(columns, Iterable)
    wanted: list[Any] = [columns] if is_one else list(columns)  # type: ignore[arg-type]
    refuse(
        f"columns must be names of columns or metrics, not {said(one)}."
        for one in wanted
        if not isinstance(one, str | Metric)
    )
    return wanted


def _no_times(rows: Rows, asked: Request) -> Iterator[str]:
    """Moments that are none, or that cannot be set beside each other."""
    names = dict.fromkeys([*filter(None, [asked.exposed]), *(time for _, time in asked.measured)])
    kinds = {name: rows.kind(name) for name in names}
    for name, kind in kinds.items():
        if kind.strip('"') not in {"date", "null", ZONED} and not kind.startswith("timestamp"):
            yield (
                f"{name} holds no times but {kind}. Turn it into dates or timestamps first, such "
                "as by pandas.to_datetime."
            )
    zoned = [name for name, kind in kinds.items() if kind == ZONED]
    plain = [name for name, kind in kinds.items() if kind != ZONED]
    if zoned and plain:
        yield (f"{zoned[0]} holds {ZONED} and {plain[0]} none: give both in one zone, without it.")


def _together(wanted: list[Any]) -> tuple[tuple[str, ...], tuple[tuple[int, int], ...]]:
    """The columns, and the places of each two that a metric takes, or that were named."""
    each = [(one,) if isinstance(one, str) else one.columns for one in wanted]
    names = tuple(dict.fromkeys(name for columns in each for name in columns))
    named = any(isinstance(one, str) for one in wanted)
    sets = [set(names)] if named else [set(columns) for columns in each]
    pairs = combinations(range(len(names)), 2)
    return names, tuple(
        (i, j) for i, j in pairs if any({names[i], names[j]} <= columns for columns in sets)
    )


def _may_be_share(name: str, wanted: Any) -> bool:
    return name == wanted or (isinstance(wanted, Proportion) and name in wanted.columns)


def _wrong(
    columns: tuple[str, ...], exposed: str | None, measured: Times, times: Mapping[str, str]
) -> Iterator[str]:
    if not columns:
        yield "columns must name at least one column or metric."
    if (exposed is None) != (measured is None):
        yield (
            "exposed and measured go together: when a unit saw its arm, and when its covariates "
            "were measured. Give both, or neither."
        )
    if isinstance(measured, str) and not times:
        yield (
            "no metric has covariates, so measured must say what was measured then, such as "
            f"measured={{'before': '{measured}'}}."
        )
    for name in times:
        if name not in columns:
            yield unknown("covariate in measured", name, columns)


def _missing(rows: Rows, asked: Request) -> Iterator[str]:
    roles: dict[str, list[Any]] = {
        "arm column": [asked.arm],
        "covariate": list(asked.covariates),
        "column of rows": [name for name in asked.columns if name not in asked.covariates],
        "column to group by": list(asked.by),
        "unit column": [asked.unit],
        "column of exposure": [asked.exposed],
        "column of measurement": [time for _, time in asked.measured],
    }
    for role, names in roles.items():
        for name in dict.fromkeys(names):
            if name is not None and name not in rows.columns:
                yield unknown(role, name, map(str, rows.columns))
