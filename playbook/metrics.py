"""Declared metrics and the one evaluator: every figure on every page comes from here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from math import isnan
from typing import TYPE_CHECKING, Any, Literal

from playbook.book import remembered
from playbook.errors import ParameterError
from playbook.format import div
from playbook.funnel import Funnel, days_between, wilson

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import ibis.expr.types as ir
    import pandas as pd

    from playbook.book import Book
    from playbook.data.periods import Period

Unit = Literal["count", "money", "share", "ratio", "hours", "days"]
Better = Literal["up", "down", ""]
View = Literal["period", "cohort"]

TREND = 13
"""Periods shown in a sparkline: a year and the one before it."""


@dataclass(frozen=True, slots=True)
class Measure:
    """Something that can be added up, counted or ranked over a period.

    Attributes:
        table: A table of the Book.
        time: Its column that places a row in a period.
        until: For a stock: the column at which a row ceases to be there. A row then counts in
            every period at whose end it is there.
        value: What is computed from the rows of one period.
        needs: Tables and columns without which it means nothing.
    """

    table: str
    time: str
    value: Callable[[ir.Table], ir.Scalar]
    needs: tuple[str, ...] = ()
    until: str | None = None


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure with its name, its formula and its meaning.

    Attributes:
        id: Requirement id, such as `P02-M5`.
        key: Short name, as in table `target`, such as `mql`.
        name: As shown.
        zh: The handbook's own name.
        unit: What it is measured in.
        better: Whether more is better.
        numerator: What is counted, or the figure itself.
        denominator: What it is divided by, if anything.
        definition: Numerator, denominator and window in words.
        view: `period` counts what happened in it, `cohort` follows those who entered in it.
        part: The numerator is a part of the denominator, so that it has a Wilson interval.
        less: The numerator is taken less the denominator before dividing: a return.
        matures: The two funnel stages between which a cohort needs time.
        n: How many rows stand behind a figure that is no count itself.
    """

    id: str
    key: str
    name: str
    zh: str
    unit: Unit
    better: Better
    numerator: Measure
    definition: str
    denominator: Measure | None = None
    view: View = "period"
    part: bool = False
    less: bool = False
    matures: tuple[str, str] | None = None
    n: Measure | None = None

    @property
    def needs(self) -> tuple[str, ...]:
        """Everything that any of its measures needs."""
        found = (m.needs for m in (self.numerator, self.denominator, self.n) if m)
        return tuple(dict.fromkeys(need for needs in found for need in needs))


def evaluate(book: Book, metrics: Sequence[Metric], *, by: str | None = None) -> pd.DataFrame:
    """Each metric in the Book's period, beside the period before, last year and the target.

    Args:
        book: The Book and its period.
        metrics: What to evaluate.
        by: Column to break down by; it must be in the table of every measure.

    Returns:
        One row per metric (per value of `by`), in the order given: `metric`, `key`, `name`, `zh`,
        `unit`, `better`, `view`, (`by`), `period`, `value`, `numerator`, `denominator`, `n`,
        `low`, `high` (Wilson 95 %, where the numerator is part of the denominator), `previous`,
        `last_year`, `target`, `immature`, `trend` (13 values, oldest first), `reason` (why a
        figure is missing) and `definition`. A figure that the data cannot give
        is missing, never 0.

    Raises:
        ParameterError: Two metrics share an id.
    """
    past = history(book, metrics, by=by)
    keys = ["metric", by] if by else ["metric"]
    now = past[past["period"] == book.period.label].set_index(keys)
    result = now.assign(
        previous=_at(past, keys, book.previous),
        last_year=_at(past, keys, book.last_year),
    )
    recent = past[past["recent"]].sort_values("start")
    result["trend"] = recent.groupby(keys, dropna=False)["value"].agg(list)
    result = result.reset_index()
    result["target"] = float("nan")
    if not by:
        goals = targets(book, book.period)
        result["target"] = result["key"].map(goals).astype(float)
    described = {m.id: m for m in metrics}
    result["definition"] = [described[i].definition for i in result["metric"]]
    result["reason"] = [_reason(book, described[i]) for i in result["metric"]]
    columns = ["metric", "key", "name", "zh", "unit", "better", "view", *([by] if by else [])]
    columns += ["period", "value", "numerator", "denominator", "n", "low", "high", "previous"]
    columns += ["last_year", "target", "immature", "trend", "reason", "definition"]
    return result[columns]


def history(
    book: Book, metrics: Sequence[Metric], *, periods: int = TREND, by: str | None = None
) -> pd.DataFrame:
    """Each metric in each of the last periods, and in the same period last year.

    Returns:
        One row per metric, period (and value of `by`): `metric`, `key`, `name`, `zh`, `unit`,
        `better`, `view`, (`by`), `period`, `start` (local date), `recent` (one of the last
        `periods`), `value`, `numerator`, `denominator`, `n`, `low`, `high`, `immature`.

    Raises:
        ParameterError: Two metrics share an id.
    """
    import pandas as pd

    _check(metrics)
    windows = {p.label: p for p in (*book.period.trailing(periods), book.last_year)}
    recent = {p.label for p in book.period.trailing(periods)}
    sums = _measure(book, metrics, list(windows.values()), by)
    rows = [row for metric in metrics for row in _rows(book, metric, sums, windows, by=by)]
    columns = [*_DESCRIBING, *([by] if by else []), *_MEASURED]
    result = pd.DataFrame(rows, columns=columns)
    result = result.astype(dict.fromkeys(("numerator", "denominator", "n"), float))
    result = result.astype(dict.fromkeys(("immature", *_HOW), bool))
    top = result["numerator"] - result["denominator"].where(result["less"], 0.0)
    ratio = div(top, result["denominator"])
    result["value"] = ratio.where(result["divided"], result["numerator"])
    low, high = wilson(result["numerator"], result["denominator"].where(result["part"]))
    result["low"], result["high"] = low, high
    result["start"] = [windows[label].first for label in result["period"]]
    result["recent"] = result["period"].isin(recent)
    return result.drop(columns=list(_HOW))


def targets(book: Book, period: Period) -> dict[str, float]:
    """The company's targets for exactly that period, by metric key."""
    names = {period.label, period.label.replace("-Q", "Q"), period.label.removeprefix("FY")}
    found = book.sql(
        """SELECT metric_id, max(value) AS value FROM clean.target
        WHERE scope_type = 'company' AND list_contains($names, period) GROUP BY metric_id""",
        names=sorted(names),
    )
    return dict(zip(found["metric_id"], found["value"].astype(float), strict=True))


def _check(metrics: Sequence[Metric]) -> None:
    ids = [m.id for m in metrics]
    if twice := sorted({i for i in ids if ids.count(i) > 1}):
        raise ParameterError(f"metrics must have different ids; repeated: {', '.join(twice)}.")


_DESCRIBING = ("metric", "key", "name", "zh", "unit", "better", "view")
_HOW = ("less", "divided", "part")
_MEASURED = ("period", "numerator", "denominator", "n", "immature", *_HOW)


@dataclass(frozen=True, slots=True)
class _Measured:
    """A measure's value by period and `by`, and the periods the table has records of."""

    values: dict[tuple[str, Any], float]
    covered: frozenset[str]


def _measure(
    book: Book, metrics: Sequence[Metric], windows: list[Period], by: str | None
) -> dict[Measure, _Measured]:
    """Every measure in every window: one query per table and time column."""
    wanted = [m for x in metrics for m in (x.numerator, x.denominator, x.n) if m]
    groups: dict[tuple[str, str, str | None], list[Measure]] = {}
    for measure in dict.fromkeys(wanted):
        if book.has(*measure.needs):
            groups.setdefault((measure.table, measure.time, measure.until), []).append(measure)
    found: dict[Measure, _Measured] = {}
    for (table, time, _), members in groups.items():
        frame = _query(book.table(table), time, members, windows, by=by)
        names = frame[by].where(frame[by].notna(), None) if by else [None] * len(frame)
        keys = list(zip(frame["period"], names, strict=True))
        covered = _covered(book, table, time, windows)
        for place, measure in enumerate(members):
            values = zip(keys, frame[f"m{place}"], strict=True)
            found[measure] = _Measured({k: v for k, v in values if v == v}, covered)  # noqa: PLR0124 - nan is not itself
    return found


def _query(
    rows: ir.Table, time: str, measures: list[Measure], windows: list[Period], *, by: str | None
) -> pd.DataFrame:
    import ibis

    if rows[time].type().is_date():
        bounds = [(p.label, p.first, p.last + timedelta(days=1)) for p in windows]
    else:
        bounds = [(p.label, p.start, p.end) for p in windows]
    schema = {"period": "string", "from_": rows[time].type(), "to_": rows[time].type()}
    spans = ibis.memtable(bounds, schema=schema)
    started, until = rows[time] < spans["to_"], measures[0].until
    if until:
        there = rows[until].isnull() | (rows[until] >= spans["to_"])
    else:
        there = rows[time] >= spans["from_"]
    inside = rows.join(spans, [started, there])
    keys = ["period", by] if by else ["period"]
    values = {f"m{place}": m.value(inside).cast("float64") for place, m in enumerate(measures)}
    frame: pd.DataFrame = inside.group_by(keys).aggregate(**values).to_pandas()
    return frame


def _covered(book: Book, table: str, time: str, windows: list[Period]) -> frozenset[str]:
    """The windows that lie neither before the first record nor after what is known."""
    import pandas as pd

    first = book.first_time(table, time)
    if first is None:
        return frozenset()
    began = pd.Timestamp(first)
    return frozenset(p.label for p in windows if p.end > began and p.start < book.as_of)


def _rows(
    book: Book,
    metric: Metric,
    sums: dict[Measure, _Measured],
    windows: dict[str, Period],
    *,
    by: str | None,
) -> Iterator[dict[str, Any]]:
    """One metric's parts in every window, for every value of `by` that occurs in any."""
    measures = {"numerator": metric.numerator, "denominator": metric.denominator, "n": metric.n}
    available = book.has(*metric.needs)
    found = {name: sums[m] for name, m in measures.items() if m and available}
    young = _immature(book, metric, windows)
    groups = {group for measured in found.values() for _, group in measured.values}
    for period in windows:
        for group in sorted(groups, key=lambda g: (g is None, str(g))) if by else [None]:
            parts = dict.fromkeys(measures, float("nan"))
            for name, measured in found.items():
                empty = 0.0 if _nothing_is_zero(metric, name) else float("nan")
                if period in measured.covered:
                    parts[name] = measured.values.get((period, group), empty)
            if metric.n is None:
                parts["n"] = parts["denominator" if metric.denominator else "numerator"]
            yield {
                "metric": metric.id,
                **{k: getattr(metric, k) for k in _DESCRIBING[1:]},
                **({by: group} if by else {}),
                "period": period,
                **parts,
                "immature": period in young,
                "less": metric.less,
                "divided": metric.denominator is not None,
                "part": metric.part,
            }


def _nothing_is_zero(metric: Metric, part: str) -> bool:
    """Whether no rows mean 0: so for counts, sums and both sides of a ratio, not for a median."""
    return (
        part != "numerator" or metric.denominator is not None or metric.unit in {"count", "money"}
    )


def _immature(book: Book, metric: Metric, windows: dict[str, Period]) -> set[str]:
    """The windows whose cohorts have not had the time that most conversions take."""
    if metric.matures is None:
        return set()
    days = _days_to_mature(book, *metric.matures)
    if days is None:
        return set()
    return {k for k, p in windows.items() if p.end + timedelta(days=days) > book.as_of}


@remembered
def _days_to_mature(book: Book, first: str, then: str) -> float | None:
    """Days within which nine in ten of those who went on did so; None where nobody has."""
    way = Funnel((first, then), order="any", entity="lead_id", time="entered_at")
    times = days_between(book.table("funnel_event"), way, [(first, then)], quantiles=[0.9])
    days = float(times[0.9][0])
    return None if isnan(days) else days


def _reason(book: Book, metric: Metric) -> str:
    """Why the metric may be missing: the tables to supply, or no rows to count."""
    missing = book.missing(*metric.needs)
    return f"supply {', '.join(missing)}" if missing else "no rows in this period"


def _at(past: pd.DataFrame, keys: list[str], period: Period) -> pd.Series[Any]:
    return past[past["period"] == period.label].set_index(keys)["value"]
