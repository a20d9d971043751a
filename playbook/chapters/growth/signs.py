"""A sign of a bottleneck: one measure now and as usual, with what decides between the two.

A sign is one measure of the period beside the twelve periods before. Leads are compared only
after the same time: those too young to have had it are not counted, now or before.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from math import copysign, nan, sqrt
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from playbook import format as fmt
from playbook.chapters.growth.changes import fair_changes
from playbook.chapters.growth.declared import metrics
from playbook.chapters.growth.pace import BASELINE_PERIODS, FEW
from playbook.format import div
from playbook.funnel.compare import compare

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playbook.book import Book

SHARP_RISE = 1.2
"""A lead count this many times the usual one is a rise worth asking about."""

FEWEST_PERIODS = 3
"""With fewer periods before there is no saying what is usual."""


@dataclass(frozen=True, slots=True)
class Sign:
    """One measure now and as usual; everything is nan where `needs` says what to supply.

    Attributes:
        measure: What was measured, in words.
        unit: Of `now` and `usual`.
        better: Whether more or less of it is better.
        now: The measure in the period.
        now_n: What it rests on: cases of a rate, days of a count per day.
        usual: The same in the twelve periods before.
        usual_n: What that rests on.
        low: Lower end of the 95 % interval of `now` less `usual`.
        high: Upper end.
        p_value: Two-sided p value of no difference; nan where there is no test.
        note: A second measure or a caveat, as sentences.
        needs: What to supply, where it cannot be measured.
        distance: How far `now` is on the bad side of `usual`, in standard errors.
    """

    measure: str
    unit: Literal["share", "count"]
    better: Literal["up", "down"]
    now: float = nan
    now_n: float = nan
    usual: float = nan
    usual_n: float = nan
    low: float = nan
    high: float = nan
    p_value: float = nan
    note: str = ""
    needs: str = ""
    distance: float = nan

    @property
    def is_worse(self) -> bool:
        """Whether it moved to the bad side by more than chance does (p < 0.05, unadjusted)."""
        return self.distance > 0 and self.p_value < 0.05


class Counts(NamedTuple):
    """A part and its whole, in the period and in the twelve before."""

    part: int
    whole: int
    base_part: int
    base_whole: int


class Trap(NamedTuple):
    """Leads up while the valid rate falls (P02-L2).

    Attributes:
        leads: Leads of the period.
        typical: Median of the twelve periods before.
        valid_rate: Valid rate of the period.
        usual_rate: Median of the twelve periods before.
        low: Lower end of the 95 % interval of `valid_rate`.
        high: Upper end.
        n: Leads whose validity is known.
    """

    leads: float
    typical: float
    valid_rate: float
    usual_rate: float
    low: float
    high: float
    n: float


def lead_count_trap(book: Book) -> Trap | None:
    """Leads a fifth above usual with a valid rate surely below it; None where that is not so."""
    rows = metrics(book).set_index("key").to_dict("index")
    leads, valid = rows["leads"], rows["valid_rate"]
    if fmt.is_missing(valid["previous"]) or fmt.is_missing(leads["previous"]):
        return None
    typical, usual = typical_of(leads["trend"]), typical_of(valid["trend"])
    if leads["value"] < SHARP_RISE * typical or not valid["high"] < usual:
        return None
    return Trap(
        leads["value"], typical, valid["value"], usual, valid["low"], valid["high"], valid["n"]
    )


def typical_of(trend: Sequence[float]) -> float:
    """Median of a trend without its last value, which is the period's own."""
    from statistics import median

    known = [x for x in trend[:-1] if not fmt.is_missing(x)]
    return median(known) if known else nan


def foreseen(before: Sequence[float], now: float) -> tuple[float, float, float, float]:
    """Mean of what was before, the band in which the next one falls 95 of 100 times, and p.

    Returns:
        Mean, lower end, upper end, and the two-sided p value of `now`; nan with fewer than three
        values before.

    Source: prediction interval of one further normal observation, Student's t. The spread is
    taken as no smaller than a Poisson count's.
    """
    from statistics import mean, stdev

    from scipy import stats

    known = [float(x) for x in before if not fmt.is_missing(x)]
    if len(known) < FEWEST_PERIODS or fmt.is_missing(now):
        return nan, nan, nan, nan
    middle = mean(known)
    spread = max(stdev(known), sqrt(middle)) * sqrt(1 + 1 / len(known))
    reach = float(stats.t.ppf(0.975, len(known) - 1)) * spread
    if not spread:
        return middle, middle, middle, float(now == middle)
    p_value = float(2 * stats.t.sf(abs(now - middle) / spread, len(known) - 1))
    return middle, max(middle - reach, 0.0), middle + reach, p_value


def differ(counts: Counts) -> tuple[float, float, float]:
    """Interval of the difference of two shares, and the p value of there being none.

    Returns:
        Lower end, upper end (95 %), p value; nan where either side is empty.

    Source: Newcombe (1998) hybrid score interval, as computed by statsmodels; the score test,
    which is Pearson's chi-squared, or Fisher's exact test where fewer than five are expected.
    """
    part, whole, base_part, base_whole = counts
    if not whole or not base_whole:
        return nan, nan, nan
    low, high, _, p_value = compare(*counts)
    together = div(part + base_part, whole + base_whole)
    if together not in {0.0, 1.0} and min(together, 1 - together) * min(whole, base_whole) < 5:
        import numpy as np
        from scipy.stats import fisher_exact

        table = np.array([[part, whole - part], [base_part, base_whole - base_part]])
        p_value = float(fisher_exact(table).pvalue)
    return low, high, p_value


def shares(
    book: Book, source: str, at: str, part: str, whole: str = "true", *, days: float = 0
) -> Counts:
    """Of the rows that happened in the period and in the twelve before, those that are a part.

    Args:
        book: The Book.
        source: A table, or a query in brackets.
        at: Its column with the moment or the date.
        part: Condition on the rows that count.
        whole: Condition on the rows that are looked at.
        days: Only rows at least so old are looked at.
    """
    counted = (
        f"count(*) FILTER (now AND ({part})), count(*) FILTER (now), "
        f"count(*) FILTER (NOT now AND ({part})), count(*) FILTER (NOT now)"
    )
    row = book.sql(
        f"""SELECT {counted} FROM (
            SELECT *, {at} >= $start AS now FROM {source}
            WHERE {at} >= $before AND {at} < $until AND ({whole}))""",
        before=book.period.back(BASELINE_PERIODS).start,
        start=book.period.start,
        until=min(book.period.end, book.as_of - timedelta(days=days)),
    )
    return Counts(*map(int, row.iloc[0]))


def of_counts(sign: Sign, counts: Counts, note: str = "") -> Sign:
    """The sign with the two shares, their difference and its test."""
    low, high, p_value = differ(counts)
    now, usual = div(*counts[:2]), div(*counts[2:])
    return replace(
        sign,
        now=now,
        now_n=counts.whole,
        usual=usual,
        usual_n=counts.base_whole,
        low=low,
        high=high,
        p_value=p_value,
        note=note,
        distance=distance_of(now - usual, p_value, sign.better),
        needs=_too_few(counts),
    )


def _too_few(counts: Counts) -> str:
    if counts.whole < FEW:
        return f"at least {FEW} cases in the period (there are {counts.whole})"
    if counts.base_whole < FEW:
        return f"at least {FEW} cases in the periods before (there are {counts.base_whole})"
    return ""


def distance_of(difference: float, p_value: float, better: str) -> float:
    """Standard errors by which the difference lies on the bad side."""
    from scipy import stats

    if fmt.is_missing(p_value) or fmt.is_missing(difference):
        return nan
    size = min(float(stats.norm.isf(p_value / 2)), 40.0)
    return copysign(size, difference if better == "down" else -difference) if size else 0.0


def step(book: Book, then: str) -> dict[str, Any] | None:
    """The row of `fair_changes` that leads to a stage; None where there is no such step."""
    changes = fair_changes(book).to_dict("records")
    return next(({str(k): x for k, x in c.items()} for c in changes if c["then"] == then), None)


def counts_of_step(row: dict[str, Any]) -> Counts:
    """A row of `fair_changes` as counts."""
    return Counts(*(int(row[k]) for k in ("converted", "n", "base_converted", "base_n")))


def beside(sign: Sign | None) -> str:
    """A second measure as a sentence."""
    if sign is None or fmt.is_missing(sign.now):
        return ""
    return (
        f"Beside it, {sign.measure}: {fmt.rate(sign.now, sign.now_n)}, "
        f"usually {fmt.percent(sign.usual)}."
    )


def lacking(sign: Sign, *needs: str) -> Sign:
    """The sign with what to supply, and nothing measured."""
    return replace(sign, needs=", ".join(dict.fromkeys(needs)))
