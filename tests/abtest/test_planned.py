"""Planned tests, drawn unit by unit and read: they find the effect as often as was planned.

History gives the baseline, `sample_size` the people; the tests of that size are drawn from the same
population with the effect in it, and read as `compare` reads them (all at once; the first ones by
`compare` itself).
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from playbook import abtest
from playbook.abtest import Mean, Ratio, compare
from playbook.abtest.after.levels import estimated
from playbook.abtest.after.means import pairs
from playbook.abtest.after.reading import read
from tests.abtest.plain import arms_of, sums_of_rows

DRAWS, CHUNK = 5_000, 1_000
COLUMNS = ("spent", "visits", "before", "visits_before")
BEFORE = Ratio("before", "visits_before")
METRICS = {
    "mean": (Mean("spent"), Mean("spent", covariates="before")),
    "ratio": (Ratio("spent", "visits"), Ratio("spent", "visits", (BEFORE, "visits_before"))),
}


def drawn(rng, shape):
    """Spent and visits, now and in the weeks before: a person's taste is in all of them."""
    taste = 6 + 2.4 * rng.standard_normal(shape)
    visits, earlier = (rng.integers(3, 8, shape).astype(float) for _ in range(2))
    spent, before = (v * (taste + rng.standard_normal(shape)) for v in (visits, earlier))
    return np.stack([spent, visits, before, earlier], axis=-1)


def with_effect(rows, kind, effect):
    """A mean is higher by the effect for everybody, a ratio at every visit: spreads stay."""
    more = rows[..., 1] * effect if kind == "ratio" else np.full(rows.shape[:-1], effect)
    return np.concatenate([(rows[..., 0] + more)[..., None], rows[..., 1:]], axis=-1)


@pytest.fixture(scope="module")
def history():
    """200,000 people of before."""
    return arms_of({"all": drawn(np.random.default_rng(31), 200_000)}, COLUMNS)


def drawn_tests(kind, metric, plan):
    """The readings of tests as planned, and whether `compare` says the same of the first."""
    rng = np.random.default_rng([34, *plan.n.values()])  # other tests for other plans
    found = {"p_value": [], "difference": []}
    for _ in range(DRAWS // CHUNK):
        rows = [drawn(rng, (CHUNK, n)) for n in plan.n.values()]
        rows[1] = with_effect(rows[1], kind, plan.effect)
        reading = read(pairs(estimated(sums_of_rows(rows), COLUMNS, metric)))
        for field, values in found.items():
            values.append(getattr(reading, field)[:, 0])
        one = compare(arms_of(dict(zip("AB", (r[0] for r in rows), strict=True)), COLUMNS), metric)
        assert one.one().p_value == pytest.approx(reading.p_value[0, 0], rel=1e-9)
    return tuple(np.concatenate(values) for values in found.values())


@pytest.mark.parametrize("shares", [(1, 1), (3, 1)], ids=["equal", "unequal"])
@pytest.mark.parametrize("kind", METRICS)
@pytest.mark.parametrize("is_adjusted", [False, True], ids=["plain", "cuped"])
def test_a_planned_test_finds_its_effect_as_often_as_planned(history, kind, is_adjusted, shares):
    metric = METRICS[kind][is_adjusted]
    baseline = abtest.baseline_of(history, metric)
    plan = abtest.sample_size(baseline, 0.12, relative=True, shares=shares)
    promised = abtest.power(baseline, plan.effect, plan.n).power
    assert 0.8 <= promised < 0.806
    p_values, differences = drawn_tests(kind, metric, plan)
    hits = int(((p_values < 0.05) & (differences > 0)).sum())
    assert binomtest(hits, DRAWS, promised).pvalue > 1e-3
    assert differences.mean() == pytest.approx(plan.effect, rel=0.02)


@pytest.mark.parametrize("kind", METRICS)
def test_what_cuped_saves_is_missed_where_the_covariate_is_not_used(history, kind):
    """The people of a CUPED plan, read without the covariate: the power of so few people."""
    plain, cuped = METRICS[kind]
    plan = abtest.sample_size(abtest.baseline_of(history, cuped), 0.12, relative=True)
    rest = abtest.power(abtest.baseline_of(history, plain), plan.effect, plan.n).power
    assert rest < 0.7
    p_values, differences = drawn_tests(kind, plain, plan)
    hits = int(((p_values < 0.05) & (differences > 0)).sum())
    assert binomtest(hits, DRAWS, rest).pvalue > 1e-3


def test_skewed_units_in_uneven_arms_find_a_rise_more_or_less_often_than_planned():
    """What the formulas, of large samples, leave out: exponential units, four to one, 39 in one."""
    rng, found = np.random.default_rng(33), {}
    for shares in ((4, 1), (1, 4)):
        plan = abtest.sample_size(1, 0.5, kind="mean", sd=1, shares=shares)
        rows = [rng.exponential(1, (20_000, n, 1)) for n in plan.n.values()]
        rows[1] += 0.5
        reading = read(pairs(estimated(sums_of_rows(rows), ("spent",), Mean("spent"))))
        found[shares] = float(((reading.p_value < 0.05) & (reading.difference > 0)).mean())
    assert found[4, 1] > 0.83
    assert found[1, 4] < 0.79
