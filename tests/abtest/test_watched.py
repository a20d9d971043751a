"""Means, adjusted means and ratios that are watched all the time, unit rows to `always_valid`.

600 tests with a look at every 54 people, 110 looks each. All of them are read at once,
and what is read is held against `always_valid` of the same units.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from playbook.abtest import Arms, Mean, Ratio, Sums, always_valid
from playbook.abtest.after.levels import estimated
from playbook.abtest.after.means import pairs
from playbook.abtest.during import mixture
from playbook.abtest.during.always import LEAST

DRAWS, LOOKS, EACH, TUNED = 600, 110, (30, 24), 4_000
COLUMNS = ("revenue", "visits", "before", "visits_before")
METRICS = {
    "mean": Mean("revenue"),
    "cuped": Mean("revenue", covariates="before"),
    "ratio": Ratio("revenue", "visits"),
    "cuped ratio": Ratio("revenue", "visits", (Ratio("before", "visits_before"), "visits_before")),
}
# With the taste G of gamma(4, 1/4): E visits = 1 + 3 E G = 4, E revenue = E visits G = 1 + 3 5/4.
TRUTH = {"mean": 4.75, "cuped": 4.75, "ratio": 4.75 / 4, "cuped ratio": 4.75 / 4}


def drawn(rng, people):
    """Revenue and visits of so many people, now and before; their own taste is in both."""
    taste = rng.standard_gamma(4, people) / 4
    visits, earlier = (1.0 + rng.poisson(3 * taste) for _ in range(2))
    spent, before = (taste * rng.standard_gamma(2, people) / 2 * v for v in (visits, earlier))
    return np.stack([spent, visits, before, earlier], axis=-1)


@pytest.fixture(scope="module")
def watched():
    """Sums of all units so far, at each look of each test: shapes (draws, looks, 2, …)."""
    rng = np.random.default_rng(25)
    n, means, products = [], [], []
    for each in EACH:
        sums, squares = np.empty((DRAWS, LOOKS, 4)), np.empty((DRAWS, LOOKS, 4, 4))
        for draw in range(0, DRAWS, 100):
            rows = drawn(rng, (100, LOOKS, each))
            sums[draw : draw + 100] = rows.sum(axis=2)
            squares[draw : draw + 100] = np.swapaxes(rows, 2, 3) @ rows
        n.append(each * np.arange(1, LOOKS + 1))
        mean = sums.cumsum(axis=1) / n[-1][:, None]
        between = n[-1][:, None, None] * mean[..., :, None] * mean[..., None, :]
        means.append(mean)
        products.append(squares.cumsum(axis=1) - between)
    sizes = np.broadcast_to(np.stack(n, axis=-1), (DRAWS, LOOKS, 2))
    return Sums(sizes, np.stack(means, axis=2), np.stack(products, axis=2))


def lifted(sums, lift):
    """The same tests with arm B's revenue higher by a share."""
    factor = np.ones((2, 4))
    factor[1, 0] += lift
    both = factor[:, :, None] * factor[:, None, :]
    return Sums(sums.n, sums.means * factor, sums.products * both)


def far(pair, supposed, ratio=1.0):
    """How many standard errors of a normal value the arm lies from so much of the control."""
    apart = np.abs(pair.value - ratio * pair.control - supposed) / pair.error_at(ratio)
    return stats.norm.isf(stats.t.sf(apart, pair.df))[..., 0]


def bound(sums):
    """How far it may lie at each look; endless while there are too few."""
    n = sums.n[0]
    reach = mixture.reach(4 * n[:, 0] * n[:, 1] / n.sum(axis=1), TUNED)
    return np.where(n.min(axis=1) >= LEAST, reach, math.inf)


def test_without_a_difference_watching_finds_one_in_five_per_cent_at_most(watched):
    most = bound(watched)
    for metric in METRICS.values():
        seen = far(pairs(estimated(watched, COLUMNS, metric)), 0.0)
        assert 0.005 < (seen > most).any(axis=1).mean() <= 0.05
        usual = (seen > stats.norm.ppf(0.975))[:, most < math.inf]
        assert usual.any(axis=1).mean() > 0.25  # what the usual interval would have said


def test_the_truth_is_within_at_all_looks_together_in_95_per_cent_at_least(watched):
    sums = lifted(watched, 0.2)
    most = bound(sums)
    for kind, metric in METRICS.items():
        pair = pairs(estimated(sums, COLUMNS, metric))
        for seen in (far(pair, 0.2 * TRUTH[kind]), far(pair, 0.0, ratio=1.2)):
            assert 0.95 <= (seen <= most).all(axis=1).mean() < 0.995


def test_what_was_watched_is_what_always_valid_says(watched):
    """Of every metric six tests at four looks, with and without a lift; at first nothing is said.

    Held are the p value, and whether 0 and another difference are within the interval.
    """
    every, looks = slice(0, DRAWS, DRAWS // 6), (3, 9, 40, LOOKS - 1)
    for sums in (watched, lifted(watched, 0.2)):
        most = bound(sums)
        some = Sums(*(values[every] for values in sums))
        for kind, metric in METRICS.items():
            pair = pairs(estimated(some, COLUMNS, metric))
            supposed = 0.1 * TRUTH[kind]
            none, other = far(pair, 0.0), far(pair, supposed)
            for draw, look in itertools.product(range(6), looks):
                one = Sums(*(values[draw, look] for values in some))
                row = always_valid(Arms(("A", "B"), COLUMNS, *one), metric, tuned_at=TUNED).one()
                if most[look] == math.inf:
                    assert (row.low, row.high, row.p_value) == (-math.inf, math.inf, 1)
                    continue
                people = 4 * one.n.prod() / one.n.sum()
                p = float(mixture.p_value(none[draw, look], people, TUNED))
                assert row.p_value == pytest.approx(p, rel=1e-9)
                assert (row.low > 0 or row.high < 0) == (none[draw, look] > most[look])
                assert (row.low <= supposed <= row.high) == (other[draw, look] <= most[look])
