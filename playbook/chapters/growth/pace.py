"""How long leads usually take, and how long each may be given: what is young, and what is fair."""

from __future__ import annotations

from datetime import timedelta
from itertools import combinations
from math import ceil, isnan
from typing import TYPE_CHECKING

from playbook import funnel
from playbook.book import remembered
from playbook.chapters.growth.declared import funnel_events, stages, way_to_won

if TYPE_CHECKING:
    from datetime import datetime

    import pandas as pd

    from playbook.book import Book

BASELINE_PERIODS = 12
"""Periods before the one under review that say what is usual."""

FEW = 10
"""With fewer cases than this nothing is said."""

ENOUGH = 30
"""Below so many leads a share is too loose to act on; the claim says so instead."""


def usual_days(book: Book, first: str, then: str, quantile: float = 0.9) -> float | None:
    """Days that most conversions between two stages take; None where there are none."""
    times = _times(book).set_index(["first", "then"])[quantile]
    found = float(times.get((first, then), float("nan")))
    return None if isnan(found) else found


def fair_days(book: Book, first: str, then: str) -> int:
    """Days that most conversions take, or that half of the period's leads have had."""
    usual = usual_days(book, first, then)
    middle = book.period.start + (book.period.end - book.period.start) / 2
    had = max((book.as_of - middle).days, 1)
    return had if usual is None else max(min(ceil(usual), had), 1)


def is_young(book: Book, stage: str, end: datetime) -> bool:
    """Whether most conversions of leads captured up to `end` are still to come."""
    days = None if stage == "lead" else usual_days(book, "lead", stage)
    return days is not None and end + timedelta(days=days) > book.as_of


@remembered
def _times(book: Book) -> pd.DataFrame:
    """Median and p90 of every way through the funnel, in one query."""
    import pandas as pd

    steps = list(combinations(stages(book), 2))
    if not steps:
        return pd.DataFrame({"first": [], "then": [], 0.5: [], 0.9: []})
    return funnel.days_between(funnel_events(book), way_to_won(book), steps)
