"""Whether a step converts differently: now against before, every lead given the same time."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from playbook import funnel
from playbook.book import remembered
from playbook.chapters.growth.analysis import baseline_rates
from playbook.chapters.growth.declared import STAGE_NAMES, funnel_events, stages, way_to_won
from playbook.chapters.growth.pace import BASELINE_PERIODS, ENOUGH, fair_days
from playbook.errors import ParameterError, unknown
from playbook.format import div
from playbook.funnel.compare import differences
from playbook.intervals import holm

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book


class FairChange(NamedTuple):
    """A conversion now against before, both given the same time.

    Attributes:
        first: The stage that is left.
        then: The stage that is reached.
        days: Days each lead was given; only leads that old are counted.
        converted: How many converted, now.
        n: Of how many.
        rate: Their share; nan where `n` is 0.
        base_converted: How many converted before.
        base_n: Of how many.
        base_rate: Their share; nan where `base_n` is 0.
        difference: `rate` less `base_rate`.
        low: Lower end of its 95 % interval (Newcombe); nan where either side is empty.
        high: Upper end.
        p_value: Two-sided score test of no difference; nan where either side is empty.
        p_adjusted: The same for having looked at all steps (Holm); nan, and no look, where either
            side has fewer than 30 leads.
    """

    first: str
    then: str
    days: int
    converted: int
    n: int
    rate: float
    base_converted: int
    base_n: int
    base_rate: float
    difference: float
    low: float
    high: float
    p_value: float
    p_adjusted: float

    @property
    def is_news(self) -> bool:
        """Whether chance alone would seldom do this at any step (adjusted p < 0.05)."""
        return self.p_adjusted < 0.05

    @property
    def lost(self) -> float:
        """Conversions that the period would have had more at the base rate."""
        return (self.base_rate - self.rate) * self.n


def fair_change(book: Book, first: str, then: str, *, against: str = "baseline") -> FairChange:
    """A step's conversion now against before, every lead given the same number of days.

    Only leads that have had this time are counted, now and before, and only conversions within
    it: so a young period is not called bad for being young. The time is what nine in ten
    conversions take, or less where the period is younger: what half of its leads have had.

    Args:
        book: The Book.
        first: The stage that is left.
        then: The stage that is reached.
        against: `baseline` (the twelve periods before), `previous` or `last_year`.

    Raises:
        ParameterError: The two are no step of this Book's funnel.

    Source: Newcombe (1998) hybrid score interval, as computed by statsmodels.
    """
    changes = {(c.first, c.then): c for c in _changes(book, against)}
    if (first, then) not in changes:
        known = ", ".join(f"{a} to {b}" for a, b in changes)
        raise ParameterError(f"no step from {first} to {then}. Allowed: {known}")
    return changes[first, then]


@remembered
def fair_changes(book: Book, *, against: str = "baseline") -> pd.DataFrame:
    """`fair_change` of every step, one row each.

    Returns:
        The fields of `FairChange`, and `step` (name), `is_news`, `lost` (conversions that the
        period would have had more at the base rate) and `lost_won` (customers that would have
        become of them at the baseline's rates).
    """
    import pandas as pd

    changes = _changes(book, against)
    table = pd.DataFrame(changes, columns=FairChange._fields)
    normal = baseline_rates(book).set_index("key")["overall"]
    return table.assign(
        step=[f"{STAGE_NAMES[c.first]} → {STAGE_NAMES[c.then]}" for c in changes],
        is_news=[c.is_news for c in changes],
        lost=[c.lost for c in changes],
        lost_won=[c.lost * div(normal.iloc[-1], normal[c.then]) for c in changes],
    )


@remembered
def _changes(book: Book, against: str) -> list[FairChange]:
    """Every step's `fair_change`, in one query."""
    spans = {
        "baseline": (book.period.back(BASELINE_PERIODS).start, book.period.start),
        "previous": (book.previous.start, book.previous.end),
        "last_year": (book.last_year.start, book.last_year.end),
    }
    if against not in spans:
        raise ParameterError(unknown("comparison", against, spans))
    order = stages(book)
    days = {first: fair_days(book, first, then) for first, then in pairwise(order)}
    counted = funnel.steps(
        funnel_events(book),
        way_to_won(book),
        days=days,
        spans={"now": (book.period.start, book.period.end), "base": spans[against]},
        as_of=book.as_of,
    )
    now, base = (counted[counted["span"] == s].reset_index(drop=True) for s in ("now", "base"))
    table = now.assign(
        name=now["first"],
        days=now["first"].map(days),
        base_converted=base["converted"],
        base_n=base["n"],
    )
    table = differences(table, adjust="none")
    enough = table[["n", "base_n"]].min(axis=1) >= ENOUGH
    table["p_adjusted"] = holm(table["p_value"].where(enough))
    rows = table[list(FairChange._fields)].itertuples(index=False, name=None)
    return [FairChange(*row) for row in rows]
