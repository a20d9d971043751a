"""Quantiles against ranks counted in plain Python, several engines, and simulated coverage."""

from __future__ import annotations

import math

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from playbook.abtest import quantile
from playbook.abtest.after.quantiles import Z, _ranks
from playbook.errors import ParameterError


def loads(seed=3, n=900, shift=1.1):
    rng = np.random.default_rng(seed)
    arm = np.array(["A"] * n + ["B"] * (n + 100))
    seconds = rng.lognormal(1, 0.7, 2 * n + 100) * np.where(arm == "B", shift, 1)
    return pd.DataFrame({"arm": arm, "seconds": seconds})


def by_hand(values, q, error=None):
    """The quantile and its standard error, by counting ranks as the paper does."""
    ranked, n = sorted(values), len(values)
    place = (n - 1) * q
    down = math.floor(place)
    value = ranked[down] + (place - down) * (ranked[min(down + 1, n - 1)] - ranked[down])
    error = math.sqrt(q * (1 - q) / n) if error is None else error
    low, high = math.floor(n * (q - Z * error)), math.floor(n * (q + Z * error)) + 1
    return value, (ranked[high - 1] - ranked[low - 1]) / (2 * Z)


@pytest.mark.parametrize("q", [0.25, 0.5, 0.9, 0.95])
def test_values_and_errors_are_those_of_ranks_counted_by_hand(q):
    rows = loads()
    found = quantile(rows, "seconds", q, control="A").one()
    control = by_hand(rows.loc[rows["arm"] == "A", "seconds"], q)
    arm = by_hand(rows.loc[rows["arm"] == "B", "seconds"], q)
    assert (found.value_control, found.value) == pytest.approx((control[0], arm[0]), rel=1e-9)
    assert found.std_error == pytest.approx(math.hypot(control[1], arm[1]), rel=1e-9)
    assert found.p_value == pytest.approx(
        2 * stats.norm.sf(abs(arm[0] - control[0]) / found.std_error), rel=1e-9
    )
    assert found.high - found.difference == pytest.approx(Z * found.std_error, rel=1e-9)


def test_the_engine_and_the_kind_of_table_change_nothing(tmp_path):
    rows = loads()
    rows.to_parquet(tmp_path / "rows.parquet")
    con = ibis.duckdb.connect()
    kinds = [
        ibis.memtable(rows),
        con.read_parquet(str(tmp_path / "rows.parquet")),
        pa.Table.from_pandas(rows),
        rows.sample(frac=1, random_state=1),
    ]
    base = quantile(rows, "seconds", 0.9, control="A").one()
    for kind in kinds:
        assert quantile(kind, "seconds", 0.9, control="A").one() == pytest.approx(base)


def views(seed=5, people=400):
    """Loading times of page views; those of one person resemble each other."""
    rng = np.random.default_rng(seed)
    each = rng.integers(1, 30, people)
    own = np.repeat(rng.lognormal(1, 0.6, people), each)
    seconds = own * rng.lognormal(0, 0.2, each.sum())
    arm = np.repeat(np.where(np.arange(people) % 2, "B", "A"), each)
    person = np.repeat(np.arange(people), each)
    return pd.DataFrame({"arm": arm, "person": person, "seconds": seconds})


def test_rows_of_one_unit_are_drawn_together():
    rows = views()
    found = quantile(rows, "seconds", 0.75, control="A", unit="person").one()
    spread = 0.0
    for arm, own in rows.groupby("arm"):
        limit = float(own["seconds"].quantile(0.75))
        people = [group["seconds"].tolist() for _, group in own.groupby("person")]
        low = [sum(x <= limit for x in group) for group in people]
        size = [len(group) for group in people]
        share = sum(low) / sum(size)
        linear = [(a - share * b) / (sum(size) / len(size)) for a, b in zip(low, size, strict=True)]
        error = math.sqrt(sum(x**2 for x in linear) / (len(linear) - 1) / len(linear))
        spread = math.hypot(spread, by_hand(own["seconds"], 0.75, error)[1])
        assert (found.n if arm == "B" else found.n_control) == len(people)
    assert found.std_error == pytest.approx(spread, rel=1e-9)
    assert found.std_error > 2 * quantile(rows, "seconds", 0.75, control="A").one().std_error


def test_a_unit_in_two_arms_is_refused():
    rows = views()
    rows.loc[0, "arm"] = "B"
    with pytest.raises(ParameterError, match=r"^1 unit in more than one arm, such as 0\."):
        quantile(rows, "seconds", 0.5, control="A", unit="person")


@pytest.mark.parametrize("q", [0.5, 0.9])
def test_intervals_cover_as_they_say(q):
    """20,000 pairs of arms of 1,000 lognormal values; the outer ranks are a bit too wide."""
    rng, n, draws = np.random.default_rng(11), 1000, 20_000
    places = [round(level * (n - 1)) for level in _ranks(n, q, math.sqrt(q * (1 - q) / n))]
    found = []
    for _ in range(2):
        values, errors = [], []
        for _ in range(20):
            block = np.sort(rng.lognormal(0, 1, (draws // 20, n)), axis=1)
            values.append(np.quantile(block, q, axis=1))
            errors.append((block[:, places[1]] - block[:, places[0]]) / (2 * Z))
        found.append((np.concatenate(values), np.concatenate(errors)))
    apart, error = found[1][0] - found[0][0], np.hypot(found[0][1], found[1][1])
    assert 0.945 < (np.abs(apart) <= Z * error).mean() < 0.96


@settings(deadline=None, max_examples=15)
@given(shift=st.floats(-100, 100), scale=st.floats(0.01, 1000))
def test_another_unit_of_measurement_scales_what_it_should(shift, scale):
    rows = loads(n=150)
    base = quantile(rows, "seconds", 0.5, control="A").one()
    rows["seconds"] = rows["seconds"] * scale + shift
    found = quantile(rows, "seconds", 0.5, control="A").one()
    assert found.difference == pytest.approx(base.difference * scale, rel=1e-6)
    assert found.p_value == pytest.approx(base.p_value, rel=1e-6)


def test_arms_swapped_turn_the_sign():
    rows = loads()
    one = quantile(rows, "seconds", 0.9, control="A").one()
    other = quantile(rows, "seconds", 0.9, control="B").one()
    assert (one.difference, one.low, one.p_value) == pytest.approx(
        (-other.difference, -other.high, other.p_value)
    )


def test_several_arms_and_one_side():
    rows = loads()
    rows.loc[::3, "arm"] = "C"
    found = quantile(rows, "seconds", 0.5, control="A", alternative="greater", name="usual load")
    assert [(row.metric, row.arm) for row in found] == [("usual load", "B"), ("usual load", "C")]
    assert found["usual load", "B"].high == math.inf


@pytest.mark.parametrize(
    ("change", "asked", "message"),
    [
        (
            {},
            {"q": 95, "confidence": 0, "alternative": "two"},
            (
                "q must be above 0 and below 1, not 95; the 95 % quantile is written 0.95.\n"
                "confidence must lie between 0 and 1, not 0; write 0.95 for intervals that cover "
                "95 % of the time.\n"
                "unknown alternative 'two'. Allowed: two-sided, greater, less"
            ),
        ),
        (
            {},
            {"q": 0.999},
            (
                "arm A has 900 rows, too few for the 99.9 % quantile of seconds. Take a quantile "
                "nearer the middle.\n"
                "arm B has 1,000 rows, too few for the 99.9 % quantile of seconds. Take a quantile "
                "nearer the middle."
            ),
        ),
        (
            {"seconds": 0.0},
            {"q": 0.5},
            (
                "the values of seconds around the median of arm A are all 0, so it has no "
                "interval. Compare the share of units above a limit that matters instead.\n"
                "the values of seconds around the median of arm B are all 0, so it has no "
                "interval. Compare the share of units above a limit that matters instead."
            ),
        ),
    ],
)
def test_what_has_no_quantile_is_refused(change, asked, message):
    q = asked.pop("q")
    with pytest.raises(ParameterError) as caught:
        quantile(loads().assign(**change), "seconds", q, control="A", **asked)
    assert str(caught.value) == message
