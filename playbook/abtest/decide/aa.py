"""The A/A test of the tests: both arms the same, so every winner is a false one.

Whoever trusts a method should see how often it calls a winner where there is none. Each method here
runs through the same functions as `compare`, on drawn tests in which nothing differs; the share of
winners is to be what was promised, within what so many draws can show.

Source: Kohavi, Tang and Xu (2020), "Trustworthy Online Controlled Experiments", chapter 19.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from playbook.abtest.after.adjusted import adjusted
from playbook.abtest.after.means import independent, pairs
from playbook.abtest.after.proportions import Counts, pooled, unpooled
from playbook.abtest.after.ratios import linearised
from playbook.abtest.after.reading import read
from playbook.abtest.arms import Arms, Sums
from playbook.abtest.before.planning import sample_size
from playbook.abtest.during.peeking import peeking
from playbook.abtest.during.split import split
from playbook.abtest.metrics import Mean, Ratio
from playbook.errors import refuse
from playbook.format import percent
from playbook.intervals import holm, wilson

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    import pandas as pd

    from playbook.abtest.arms import Floats
    from playbook.abtest.metrics import Metric

COLUMNS = ("converted", "revenue", "visits", "revenue_before", "visits_before")
BEFORE = Ratio("revenue_before", "visits_before")
METRICS: dict[str, Metric] = {
    "Mean, Welch": Mean("revenue"),
    "Mean, adjusted (CUPED)": Mean("revenue", covariates=("revenue_before",)),
    "Ratio, delta method": Ratio("revenue", "visits"),
    "Ratio, adjusted (CUPED)": Ratio("revenue", "visits", covariates=(BEFORE,)),
}
CONFIDENCE = 0.95
"""That the shares of all methods lie in their intervals: each interval is wider for it."""

AT_ONCE = 200
"""Drawn tests held in memory at a time."""

TOGETHER = 5
"""Metrics looked at together, for the adjusted p values."""

NAIVE = "Ordinary p value, a look a day"
RULES: dict[Any, str] = {
    "always_valid": "Always-valid, a look a day",
    "obrien_fleming": "O'Brien–Fleming, a look a day",
    "pocock": "Pocock, a look a day",
    "fixed": NAIVE,
}


class _Row(NamedTuple):
    method: str
    what: str
    draws: int
    found: float
    promised: float


def aa_test(
    draws: int = 4000,
    *,
    n: int = 300,
    baseline: float = 0.1,
    alpha: float = 0.05,
    split_alpha: float = 0.001,
    looks: int = 14,
    seed: int = 1,
) -> pd.DataFrame:
    """How often each method calls a winner where nothing differs.

    Args:
        draws: Tests drawn for each method.
        n: Units in each arm.
        baseline: Share that converts, in both arms.
        alpha: What the methods promise.
        split_alpha: What the check of the split promises.
        looks: Looks at a test that is watched, of n units in each arm between two.
        seed: Of the draws: the same seed gives the same table.

    Returns:
        `method`, `what` (what counts as wrong), `draws`, `wrong` (share of tests), `low`, `high`
        (what so many draws leave open; 95 % for all methods together), `promised`, `holds` (what
        was promised is not exceeded, as far as the draws can tell), `is_ours` (False for the way
        that is shown as a warning).

    Raises:
        ParameterError: Everything that is wrong with the question, at once.

    >>> table = aa_test(400, n=100, looks=5).set_index("method")
    >>> bool(table["holds"][table["is_ours"]].all()), bool(table["holds"][NAIVE])
    (True, False)
    """
    import numpy as np

    _refuse_draws(draws, n, baseline, alpha)
    rng = np.random.default_rng(seed)
    rows = [
        *_shares(rng, draws, n, baseline, alpha),
        *_units(rng, draws, n, baseline, alpha),
        _splits(rng, draws, n, split_alpha),
        *_watched(draws, looks, n_per_look=n, baseline=baseline, alpha=alpha, seed=seed),
    ]
    return _table(rows)


def power_test(
    draws: int = 4000,
    *,
    baseline: float = 0.1,
    lift: float = 0.2,
    alpha: float = 0.05,
    power: float = 0.8,
    seed: int = 1,
) -> pd.DataFrame:
    """How often a planned test finds the lift that it was planned for, where the lift is true.

    Args:
        draws: Tests drawn.
        baseline: Share that converts in the control.
        lift: By which the other arm's share is greater.
        alpha: Of the test.
        power: What the plan promises.
        seed: Of the draws.

    Returns:
        As `aa_test`, one row, with `found` for `wrong`: the share that found it; `holds` is
        whether the plan's power lies within what so many draws show.

    >>> found = power_test(4000).iloc[0]
    >>> bool(found["holds"]), bool(abs(found["found"] - 0.8) < 0.02)
    (True, True)
    """
    import numpy as np

    plan = sample_size(baseline, lift, relative=True, alpha=alpha, power=power)
    n = np.full(draws, max(plan.n.values()))
    rng = np.random.default_rng(seed)
    counts = Counts(rng.binomial(n, baseline * (1 + lift)), n, rng.binomial(n, baseline), n)
    found = read(pooled(counts), confidence=1 - alpha)
    better = (found.p_value < alpha) & (found.difference > 0)
    what = f"found +{percent(lift, 0)} with the people planned"
    table = _table([_Row("Share, score test", what, draws, float(better.mean()), power)])
    holds = (table["low"] <= power) & (power <= table["high"])
    return table.assign(holds=holds).rename(columns={"wrong": "found"})


def _refuse_draws(draws: int, n: int, baseline: float, alpha: float) -> None:
    wrong = []
    if draws < 1 or n < 2:
        wrong.append(f"draws must be 1 or more and n 2 or more, not {draws} and {n}.")
    if not 0 < baseline < 1 or not 0 < alpha < 1:
        wrong.append(f"baseline and alpha must lie between 0 and 1, not {baseline} and {alpha}.")
    refuse(wrong)


def _shares(
    rng: np.random.Generator, draws: int, n: int, baseline: float, alpha: float
) -> Iterator[_Row]:
    """Shares of units, one test at a time and several together."""
    import numpy as np
    import pandas as pd

    size = np.full((draws, TOGETHER), n)
    counts = Counts(rng.binomial(size, baseline), size, rng.binomial(size, baseline), size)
    # The score test's own p value, without the search for its intervals.
    p_values = read(pooled(counts), confidence=1 - alpha).p_value
    yield _row("Share, score test", p_values[:, 0], alpha)
    wald = read(unpooled(counts), confidence=1 - alpha).p_value
    yield _row("Share, each arm's own spread", wald[:, 0], alpha)
    # No adjusted p value is below the smallest that goes in: the other tests have no winner.
    close = p_values[p_values.min(axis=1) < alpha]
    won = sum(bool((holm(pd.Series(row)) < alpha).any()) for row in close)
    what = f"any winner among {TOGETHER} metrics"
    yield _Row(f"{TOGETHER} shares, Holm", what, draws, won / draws, alpha)


def _units(
    rng: np.random.Generator, draws: int, n: int, baseline: float, alpha: float
) -> Iterator[_Row]:
    """Means and ratios of units."""
    import numpy as np

    found: dict[str, list[Floats]] = {name: [] for name in METRICS}
    for first in range(0, draws, AT_ONCE):
        sums = _drawn(rng, min(AT_ONCE, draws - first), n, baseline)
        for name, metric in METRICS.items():
            found[name].append(p_values(sums, metric, alpha))
    for name, parts in found.items():
        yield _row(name, np.concatenate(parts), alpha)


def p_values(sums: Sums, metric: Metric, alpha: float = 0.05) -> Floats:
    """The p value of many tests of two arms at once, as `compare` gives it for each.

    Args:
        sums: Of `COLUMNS`: units (draws, 2), means (draws, 2, m), products (draws, 2, m, m).
        metric: A Mean or a Ratio of them.
        alpha: Of the tests.
    """
    linear = linearised(sums, COLUMNS, metric)
    variances = linear.products[..., 0, 0] / (sums.n - 1)
    levels = (
        adjusted(sums.n, linear).levels
        if metric.covariates
        else independent(sums.n, linear.values[..., 0], variances)
    )
    return read(pairs(levels), confidence=1 - alpha).p_value[..., 0]


def _drawn(rng: np.random.Generator, draws: int, n: int, baseline: float) -> Sums:
    """People with visits and revenue, in the weeks before and in the test; arms are alike."""
    import numpy as np

    shape = (draws, 2, n)
    kind = 0.5 + rng.standard_exponential(shape)
    visits, before = (1 + np.floor(kind * rng.standard_exponential(shape)) for _ in "ab")
    revenue, earlier = (kind * seen * rng.standard_exponential(shape) for seen in (visits, before))
    converted = rng.random(shape) < baseline
    units = np.stack([converted, revenue, visits, earlier, before], axis=-1).astype("float64")
    means = units.mean(axis=2)
    centred = units - means[:, :, None]
    products = np.swapaxes(centred, -1, -2) @ centred
    return Sums(np.full((draws, 2), n), means, products)


def _splits(rng: np.random.Generator, draws: int, n: int, alpha: float) -> _Row:
    """The check of the split, on people who were parted by a fair coin."""
    import numpy as np

    first = rng.binomial(2 * n, 0.5, draws)
    nothing = np.zeros((2, 1)), np.zeros((2, 1, 1))
    parted = [np.array([one, 2 * n - one]) for one in first]
    names = ("control", "b")
    broken = [split(Arms(names, ("seen",), n, *nothing), alpha=alpha) for n in parted]
    found = float(np.mean([check.is_broken for check in broken]))
    return _Row("Check of the split", "a sound split called broken", draws, found, alpha)


def _watched(draws: int, looks: int, *, alpha: float, **asked: Any) -> Iterator[_Row]:
    """Tests that are looked at again and again, until one look calls a winner."""
    for rule, name in RULES.items():
        found = peeking(looks, rule=rule, alpha=alpha, draws=draws, **asked)
        yield _Row(name, f"a winner at any of {looks} looks", draws, float(found.share), alpha)


def _row(method: str, p: Floats, alpha: float) -> _Row:
    return _Row(method, "a winner", len(p), float((p < alpha).mean()), alpha)


def _table(rows: list[_Row]) -> pd.DataFrame:
    import pandas as pd

    table = pd.DataFrame(rows, columns=list(_Row._fields)).rename(columns={"found": "wrong"})
    wrong = (table["wrong"] * table["draws"]).round()
    low, high = wilson(wrong, table["draws"], 1 - (1 - CONFIDENCE) / len(table))
    table = table.assign(low=low, high=high, is_ours=table["method"] != NAIVE)
    table["holds"] = table["low"] <= table["promised"]
    columns = ["method", "what", "draws", "wrong", "low", "high", "promised", "holds", "is_ours"]
    return table[columns]
