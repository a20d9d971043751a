"""The bootstrap against SciPy called by hand, formulas where there are any, its own interval."""

from __future__ import annotations

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy import stats

from playbook.abtest import Mean, Ratio, bootstrap, compare, units
from playbook.errors import ParameterError


def orders(seed=2, sizes=(60, 80), shift=1.3):
    rng = np.random.default_rng(seed)
    arm = np.repeat(["A", "B"], sizes)
    visits = 1 + rng.poisson(2, sum(sizes))
    spent = rng.exponential(20, sum(sizes)) * visits * np.where(arm == "B", shift, 1)
    return pd.DataFrame({"arm": arm, "spent": spent, "visits": visits})


def of(rows, arm, column="spent"):
    return rows.loc[rows["arm"] == arm, column].to_numpy()


@pytest.mark.parametrize("method", ["bca", "percentile"])
@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_intervals_are_those_that_scipy_draws_from_the_values(method, alternative):
    rows = orders()
    found = bootstrap(
        rows,
        np.mean,
        column="spent",
        control="A",
        draws=2000,
        method=method,
        alternative=alternative,
        confidence=0.9,
        seed=5,
    ).one()
    oracle = stats.bootstrap(
        (of(rows, "A"), of(rows, "B")),
        lambda a, b, axis: b.mean(axis) - a.mean(axis),
        n_resamples=2000,
        confidence_level=0.9,
        alternative=alternative,
        method={"bca": "BCa"}.get(method, method),
        rng=np.random.default_rng(5),
    )
    interval = oracle.confidence_interval
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high), rel=1e-9)
    assert found.std_error == pytest.approx(oracle.standard_error, rel=1e-9)
    assert found.difference == of(rows, "B").mean() - of(rows, "A").mean()


@pytest.mark.parametrize("method", ["bca", "percentile"])
@pytest.mark.parametrize("seed", range(6))
def test_the_interval_ends_at_zero_where_its_error_is_the_p_value(method, seed):
    rows = orders(seed)
    asked = {"column": "spent", "control": "A", "draws": 4000, "method": method}
    p_value = bootstrap(rows, np.mean, **asked).one().p_value
    found = bootstrap(rows, np.mean, confidence=1 - p_value, **asked).one()
    near = found.low if found.difference > 0 else found.high
    assert abs(near) < 0.02 * found.std_error


def test_of_a_mean_the_error_is_nearly_welch_s():
    rows = orders(sizes=(900, 900))
    found = bootstrap(rows, np.mean, column="spent", control="A", draws=4000).one()
    welch = compare(units(rows, "spent", control="A"), Mean("spent")).one()
    assert found.std_error == pytest.approx(welch.std_error, rel=0.04)
    assert found.lift_low == pytest.approx(welch.lift_low, abs=0.02)
    assert found.lift_high == pytest.approx(welch.lift_high, abs=0.02)


def test_a_statistic_of_two_columns_draws_their_rows_together():
    rows = orders(sizes=(600, 600))
    found = bootstrap(
        rows,
        lambda spent, visits: spent.sum() / visits.sum(),
        column=("spent", "visits"),
        control="A",
        draws=2000,
        method="percentile",
        name="spent a visit",
    ).one()
    ratio = Ratio("spent", "visits")
    delta = compare(units(rows, ratio, control="A"), ratio).one()
    assert found.metric == "spent a visit"
    assert found.difference == pytest.approx(delta.difference, rel=1e-12)
    assert found.std_error == pytest.approx(delta.std_error, rel=0.06)


def test_with_and_without_axis_the_figures_are_the_same():
    rows, asked = orders(), {"column": "spent", "control": "A", "draws": 1000, "name": "mean"}
    many = bootstrap(rows, np.mean, **asked).one()
    single = bootstrap(rows, lambda spent: spent.mean(), **asked).one()
    assert single[3:-2] == pytest.approx(many[3:-2], rel=1e-9)


def test_the_same_seed_gives_the_same_figures_and_another_others():
    rows = orders()
    asked = {"column": "spent", "control": "A", "draws": 1000}
    one, again, other = (bootstrap(rows, np.mean, seed=s, **asked).one() for s in (1, 1, 2))
    assert one == again
    assert one.low != other.low


def test_an_ibis_table_is_read():
    rows = orders()
    asked = {"column": "spent", "control": "A", "draws": 1000}
    assert (
        bootstrap(ibis.memtable(rows), np.mean, **asked).one()
        == bootstrap(rows, np.mean, **asked).one()
    )


def test_intervals_cover_as_they_say():
    """250 pairs of arms of 60 exponential values: 95 %, as far as so few can tell."""
    rng = np.random.default_rng(9)
    hits, pairs = 0, 250
    for draw in range(pairs):
        arm = np.repeat(["A", "B"], 60)
        rows = pd.DataFrame({"arm": arm, "spent": rng.exponential(np.where(arm == "B", 2, 1))})
        found = bootstrap(
            rows, np.mean, column="spent", control="A", draws=1000, method="bca", seed=draw
        ).one()
        hits += found.low <= 1 <= found.high
    assert stats.binomtest(hits, pairs, 0.95).pvalue > 1e-3


def test_a_control_that_may_be_zero_has_no_interval_of_the_lift():
    rows = orders()
    rows["profit"] = rows["spent"] - of(rows, "A").mean()
    found = bootstrap(rows, np.mean, column="profit", control="A", draws=1000)
    assert np.isnan(found.one().lift_low)
    assert found.notes == (
        "1,000 draws, seed 0: no p value is smaller than about 1 in 1,000.",
        "The control's value is not always above zero: the lift has no interval.",
    )


@pytest.mark.parametrize(
    ("change", "asked", "message"),
    [
        (
            {},
            {"statistic": "mean", "method": "bcaa", "draws": 10, "confidence": 2},
            (
                "statistic must be a function such as numpy.median, not 'mean'.\n"
                "unknown method 'bcaa'; did you mean 'bca'? Allowed: bca, percentile\n"
                "confidence must lie between 0 and 1, not 2; write 0.95 for intervals that cover "
                "95 % of the time.\n"
                "draws must be 1,000 or more, better 9,999, not 10."
            ),
        ),
        (
            {"spent": 3.0},
            {},
            (
                "The statistic does not move when units are drawn again, or is missing in some "
                "draws, so it has no interval. Look for a constant column, a greatest or smallest "
                "value as the statistic, or a division by zero in it."
            ),
        ),
        (
            {},
            {"column": "spend"},
            "unknown column 'spend'; did you mean 'spent'? Allowed: arm, spent, visits",
        ),
        ({"spent": "much"}, {}, "spent holds no numbers but str."),
        (
            {"spent": [np.nan, np.inf] + [1.0] * 138},
            {},
            (
                "spent is empty in 1 row, first in row 0. Give every unit a number, 0 where it "
                "means none, or leave the unit out.\n"
                "spent is infinite in 1 row, first in row 1. Mend it, or leave the unit out."
            ),
        ),
        ({}, {"control": "C"}, "unknown control 'C'. Allowed: A, B"),
        ({"arm": "A"}, {}, "there is only one arm, 'A': a test compares two or more."),
        (
            {"arm": ["A"] * 138 + ["B"] * 2},
            {},
            "arm B has 2 units; drawing again takes 5 or more, better 30.",
        ),
    ],
)
def test_what_cannot_be_drawn_is_refused(change, asked, message):
    rows = orders().assign(**change)
    statistic = asked.pop("statistic", np.mean)
    settings = {"column": "spent", "control": "A", "draws": 1000, **asked}
    with pytest.raises(ParameterError) as caught:
        bootstrap(rows, statistic, **settings)
    assert str(caught.value) == message


def test_leaving_out_each_of_very_many_units_is_refused():
    rows = orders(sizes=(10_001, 100))
    with pytest.raises(ParameterError) as caught:
        bootstrap(rows, np.mean, column="spent", control="A")
    assert str(caught.value) == (
        "method 'bca' leaves out each unit once, too slow beyond 10,000 units in an arm (there "
        "are 10,001). Use method='percentile', or a formula: compare or quantile."
    )


def test_arrow_tables_are_read_as_frames_are():
    rng = np.random.default_rng(2)
    rows = pd.DataFrame({"arm": list("AB") * 50, "spent": rng.exponential(40, 100)})
    setting = {"column": "spent", "control": "A", "draws": 1000}
    assert bootstrap(pa.Table.from_pandas(rows), np.median, **setting) == bootstrap(
        rows, np.median, **setting
    )
    with pytest.raises(ParameterError) as refused:
        bootstrap([1, 2], np.median, **setting)
    assert str(refused.value) == (
        "rows must be a pandas DataFrame, an Ibis table, a DuckDB relation or an Arrow table such "
        "as Polars gives, not list."
    )
