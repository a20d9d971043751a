"""What the rule score's mistakes cost at equal capacity: SQLs not called, calls in vain."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from playbook.book import remembered
from playbook.chapters.scoring.judged import calls, found_by, judged_workdays, later_leads
from playbook.chapters.scoring.past import OUTCOME

if TYPE_CHECKING:
    from playbook.book import Book
    from playbook.chapters.scoring.judged import Floats

RESAMPLES, SEED = 1000, 20_240_511
DUST = 1e-9


class Mistakes(NamedTuple):
    """What calling by the rules' points costs against calling by the fitted score.

    Attributes:
        called: Leads called by either score.
        workdays: On which they were captured.
        sql: SQLs among all the leads.
        fitted: SQLs among those that the fitted score would call.
        rule: SQLs among those that the rules' points would call.
        missed: The first less the second; below 0 where the points find more.
        missed_low: Lower bound, 95 %, by resampling the leads.
        missed_high: Upper bound.
        extra_calls: Further calls that the points would need to find as many.
        extra_low: Lower bound.
        extra_high: Upper bound.
    """

    called: int
    workdays: int
    sql: int
    fitted: float
    rule: float
    missed: float
    missed_low: float
    missed_high: float
    extra_calls: float
    extra_low: float
    extra_high: float


@remembered
def mistakes(book: Book) -> Mistakes | None:
    """What the rule score's mistakes cost on the later leads; None without a capacity.

    The interval is that of a bootstrap over leads: both scores stay as they are, the leads are
    drawn anew.
    """
    import numpy as np

    most = calls(book)
    if most is None:
        return None
    rows = later_leads(book)
    fitted, rule = rows["fitted"].to_numpy(), rows["rule"].to_numpy(float)
    truth = rows[OUTCOME].to_numpy()
    rng = np.random.default_rng(SEED)
    drawn = [rng.integers(0, len(truth), len(truth)) for _ in range(RESAMPLES)]
    both = np.array([_costs(fitted[i], rule[i], truth[i], most) for i in drawn])
    (missed_low, extra_low), (missed_high, extra_high) = np.percentile(both, [2.5, 97.5], axis=0)
    missed, extra = _costs(fitted, rule, truth, most)
    by_fitted = found_by(fitted, truth, most)
    return Mistakes(
        called=most,
        workdays=judged_workdays(book),
        sql=int(truth.sum()),
        fitted=by_fitted,
        rule=by_fitted - missed,
        missed=missed,
        missed_low=float(missed_low),
        missed_high=float(missed_high),
        extra_calls=extra,
        extra_low=float(extra_low),
        extra_high=float(extra_high),
    )


def _costs(fitted: Floats, rule: Floats, truth: Floats, most: int) -> tuple[float, float]:
    """SQLs that the points miss, and further calls that they would need to find as many."""
    import numpy as np

    found = found_by(fitted, truth, most)
    order = np.argsort(-rule, kind="stable")
    # Leads of equal points are called in no order: each brings their mean.
    _, group, size = np.unique(-rule[order], return_inverse=True, return_counts=True)
    even = np.bincount(group, weights=truth[order].astype(float)) / size
    reached = np.concatenate([[0.0], np.cumsum(even[group])])
    return found - float(reached[most]), _first(reached, found) - most


def _first(reached: Floats, wanted: float) -> float:
    """The fewest calls, perhaps a part of one, that reach so many."""
    import numpy as np

    place = int(np.searchsorted(reached, wanted - DUST))
    if not place:
        return 0.0
    before = float(reached[place - 1])
    return place - 1 + (wanted - before) / float(reached[place] - before)
