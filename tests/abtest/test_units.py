"""Unit rows: the same sums from every kind of table, right in hard cases, and refused in words."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import duckdb
import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playbook.abtest import made_units, units
from playbook.abtest.inputs import engine
from playbook.abtest.metrics import Mean, Proportion, Ratio
from playbook.errors import ParameterError

COLUMNS = ["converted", "revenue", "revenue_before"]


class Stream:
    """A table that is known only as a stream of Arrow, as Polars and others give it."""

    def __init__(self, frame):
        self.table = pa.Table.from_pandas(frame, preserve_index=False)

    def __arrow_c_stream__(self, requested_schema=None):
        return self.table.__arrow_c_stream__(requested_schema)

    def __len__(self):
        return len(self.table)


def relation(frame):
    return duckdb.connect().from_df(frame)


def in_duckdb(frame):
    return ibis.duckdb.connect().create_table("units", frame)


KINDS = {
    "pandas": lambda frame: frame,
    "Ibis, in memory": ibis.memtable,
    "Ibis, DuckDB": in_duckdb,
    "Arrow": pa.Table.from_pandas,
    "a stream of Arrow": Stream,
    "a relation of DuckDB": relation,
}


@pytest.fixture(params=KINDS)
def kind(request):
    """Makes a table of a frame."""
    return KINDS[request.param]


@pytest.fixture(scope="module")
def frame():
    return made_units(n=3_000, arms=("A", "B", "C"), lift=0.2, seed=3)


def oracle(frame, columns, arm):
    """Mean, centred products, ends: two passes of NumPy."""
    values = frame.loc[frame["arm"].eq(arm), columns].to_numpy(dtype="float64")
    apart = values - values.mean(axis=0)
    return values.mean(axis=0), apart.T @ apart, values.min(axis=0), values.max(axis=0)


def hold_right(arms, frame, columns, tolerance=1e-11):
    for place, name in enumerate(arms.names):
        means, products, lows, highs = oracle(frame, columns, name)
        assert arms.n[place] == frame["arm"].eq(name).sum()
        np.testing.assert_allclose(arms.means[place], means, rtol=tolerance)
        np.testing.assert_allclose(arms.products[place], products, rtol=tolerance, atol=1e-9)
        np.testing.assert_array_equal(arms.lows[place], lows)
        np.testing.assert_array_equal(arms.highs[place], highs)


def hold_alike(first, second, **tolerance):
    assert (first.names, first.columns, first.binary) == (
        second.names,
        second.columns,
        second.binary,
    )
    for name in ("n", "means", "products", "lows", "highs"):
        expected = getattr(second, name)
        np.testing.assert_allclose(getattr(first, name), expected, **{"rtol": 1e-11, **tolerance})


def test_the_sums_are_those_of_numpy(kind, frame):
    arms = units(kind(frame), COLUMNS, control="B", unit="unit")
    assert arms.names == ("B", "A", "C")
    assert arms.binary == {"converted"}
    hold_right(arms, frame, COLUMNS)


def test_the_sums_of_groups_are_those_of_numpy(kind, frame):
    arms = units(kind(frame), COLUMNS, control="A", by=("segment", "day"))
    days = arms.by("segment")["new"].by("day")
    assert list(days) == list(range(1, 15))
    hold_right(days[9], frame[frame["segment"].eq("new") & frame["day"].eq(9)], COLUMNS)
    hold_right(arms, frame, COLUMNS)


# One scan, and only what is needed.


@pytest.fixture
def scans(monkeypatch):
    """The measures of each question to DuckDB."""
    seen = []
    ask = engine.DuckRows.ask

    def asked(self, measures, by=()):
        seen.append([one.how for one in measures])
        return ask(self, measures, by)

    monkeypatch.setattr(engine.DuckRows, "ask", asked)
    return seen


def test_whatever_is_asked_costs_one_scan(frame, scans):
    units(frame, COLUMNS, control="A", by=("segment", "day"))
    assert len(scans) == 1
    assert scans[0].count("covariance") == 3


def test_metrics_need_only_the_products_of_their_own_columns(frame, scans):
    metrics = [
        Proportion("converted"),
        Mean("revenue", covariates="revenue_before"),
        Ratio("revenue", "visits"),
    ]
    arms = units(frame, metrics, control="A")
    assert arms.columns == ("converted", "revenue", "revenue_before", "visits")
    assert scans[0].count("covariance") == 2
    for metric in metrics:
        arms.need(*metric.columns)
    with pytest.raises(ParameterError):
        arms.need("revenue_before", "visits")
    every = units(frame, list(arms.columns), control="A")
    known = ~np.isnan(arms.products)
    np.testing.assert_allclose(arms.products[known], every.products[known], rtol=1e-12)


def test_one_column_needs_no_list(frame):
    hold_alike(units(frame, "revenue", control="A"), units(frame, ["revenue"], control="A"))
    metric = Proportion("converted")
    hold_alike(units(frame, metric, control="A"), units(frame, ["converted"], control="A"))


def test_a_column_that_is_read_for_its_mean_is_no_share(frame, scans):
    """Its ends are not asked for: they would cost a fifth of the scan."""
    arms = units(
        frame, [Mean("converted"), Mean("revenue", covariates="revenue_before")], control="A"
    )
    assert not {"low", "high"} & set(scans[0])
    assert np.isnan(arms.lows).all()
    assert arms.binary == frozenset()
    expected = units(frame, COLUMNS, control="A")
    np.testing.assert_array_equal(arms.n, expected.n)
    np.testing.assert_allclose(arms.means, expected.means, rtol=1e-12)
    with pytest.raises(ParameterError, match="was read for its mean alone"):
        arms.ones("converted")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, None])
def test_a_value_of_a_mean_that_is_no_number_is_refused(value, kind):
    rows = rows_of({"x": [1.0, 2.0, 3.0, value]})
    with pytest.raises(ParameterError, match=r"x in arm 'B': 1 (empty or NaN|infinite)\."):
        units(kind(rows), Mean("x"), control="A")


def test_all_units_as_one_arm(kind, frame):
    history = frame.drop(columns="arm")
    found = units(kind(history), COLUMNS, control=None, unit="unit", by="day")
    expected = units(frame, COLUMNS, control="A", by="day").total()
    assert found.names == ("all",)
    hold_alike(found, expected)
    hold_alike(found.by("day")[3], expected.by("day")[3])


# What must hold.


@settings(max_examples=30)
@given(st.randoms(use_true_random=False))
def test_the_order_of_units_makes_no_difference(random):
    frame = made_units(n=60, seed=4)
    order = list(frame.index)
    random.shuffle(order)
    first = units(frame, COLUMNS, control="A")
    hold_alike(units(frame.loc[order], COLUMNS, control="A"), first, atol=1e-9)


def test_rows_in_reverse_are_read(frame):
    """Their arrays lie backwards in memory, which DuckDB cannot read."""
    expected = units(frame, COLUMNS, control="A", by="segment")
    hold_alike(units(frame[::-1], COLUMNS, control="A", by="segment"), expected)


def test_other_columns_may_hold_anything(frame):
    odd = frame.assign(notes=[{"a": 1}, "b", object] * 1000)
    hold_alike(units(odd, COLUMNS, control="A"), units(frame, COLUMNS, control="A"))


@settings(max_examples=30)
@given(st.floats(0.01, 1e6), st.integers(-(10**6), 10**6))
def test_a_scaled_and_shifted_metric_scales_its_variance(scale, shift):
    frame = made_units(n=60, seed=4)
    moved = frame.assign(revenue=frame["revenue"] * scale + shift)
    first, second = (units(f, ["revenue", "visits"], control="A") for f in (frame, moved))
    size = abs(shift) + scale * 1e3
    np.testing.assert_allclose(
        second.means[:, 0], first.means[:, 0] * scale + shift, rtol=1e-12, atol=1e-12 * size
    )
    factors = np.array([[scale**2, scale], [scale, 1]])
    # What is left of the products' digits after the shift.
    lost = 1e-13 * size * np.array([[size, 1e3], [1e3, 1]])
    assert (np.abs(second.products - first.products * factors) <= lost + 1e-9 * factors * 1e6).all()


@settings(max_examples=30)
@given(st.integers(2, 5))
def test_units_that_are_there_several_times_only_add(times):
    frame = made_units(n=80, seed=5)
    once = units(frame, COLUMNS, control="A")
    many = units(pd.concat([frame] * times), COLUMNS, control="A")
    np.testing.assert_array_equal(many.n, once.n * times)
    np.testing.assert_allclose(many.means, once.means, rtol=1e-12)
    np.testing.assert_allclose(many.products, once.products * times, rtol=1e-11, atol=1e-9)


# Hard cases.

NUMACC = {
    "NumAcc1": ([10000001.0, 10000003.0, 10000002.0], 10000002, 1, 1e-15),
    "NumAcc2": ([1.2, *[1.1, 1.3] * 500], 1.2, 0.1, 1e-14),
    "NumAcc3": ([1000000.2, *[1000000.1, 1000000.3] * 500], 1000000.2, 0.1, 1e-9),
    "NumAcc4": ([10000000.2, *[10000000.1, 10000000.3] * 500], 10000000.2, 0.1, 1e-8),
}
"""Values, certified mean and standard deviation, and how well doubles can tell it.

Source: NIST, Statistical Reference Datasets, univariate summary statistics (www.itl.nist.gov).
"""


@pytest.mark.parametrize("name", NUMACC)
def test_the_variances_that_nist_certifies(name, kind):
    values, mean, deviation, digits = NUMACC[name]
    rows = pd.DataFrame({"arm": "A", "x": values, "y": values})
    rows = pd.concat([rows, rows.assign(arm="B")], ignore_index=True)
    arms = units(kind(rows), ["x", "y"], control="A")
    np.testing.assert_allclose(arms.means, mean, rtol=1e-13)
    np.testing.assert_allclose(np.sqrt(arms.variances), deviation, rtol=digits)
    exact = [Fraction(value) for value in values]
    centre = sum(exact) / len(exact)
    of_doubles = float(sum((value - centre) ** 2 for value in exact))
    np.testing.assert_allclose(arms.products, np.full((2, 2, 2), of_doubles), rtol=1e-10)


@pytest.fixture(scope="module")
def distant():
    """200,000 units in rows sorted by a group, whose means lie up to 1e9 apart."""
    rng = np.random.default_rng(20261105)
    n = 200_000
    group = np.arange(n) // (n // 4)
    before = rng.normal(0, 1, n)
    rows = pd.DataFrame({"arm": np.where(rng.random(n) < 0.5, "A", "B"), "group": group})
    rows["x"] = np.array([0, 1e9, 1e4, -1e6])[group] + 0.6 * before + 0.8 * rng.normal(0, 1, n)
    rows["y"] = np.array([1e9, 5, 1e7, 1e8])[group] + before
    return rows


@pytest.mark.parametrize("threads", [1, 4])
def test_groups_far_apart_on_200_000_rows(distant, threads):
    con = duckdb.connect(config={"threads": threads})
    for _ in range(3):
        arms = units(con.from_df(distant), ["x", "y"], control="A", by="group")
        hold_right(arms, distant, ["x", "y"])
        for group, found in arms.by("group").items():
            hold_right(found, distant[distant["group"].eq(group)], ["x", "y"], 1e-7)


def test_far_groups_have_their_own_small_variance(distant):
    """A great mean costs the digits that doubles do not have, and no more."""
    arms = units(distant, ["x", "y"], control="A", by="group")
    for found in arms.by("group").values():
        np.testing.assert_allclose(found.variances, 1, rtol=0.05)
        correlations = [found.covariance(name)[0, 1] for name in found.names]
        np.testing.assert_allclose(correlations, 0.6, rtol=0.05)


# Kinds of columns.


def test_numbers_of_any_kind_are_measured(kind):
    whole = [1, 2, 3, 4, 6, 8]
    rows = pd.DataFrame(
        {
            "arm": list("AABBBA"),
            "whole": np.array(whole, dtype="int16"),
            "half": np.array(whole, dtype="float32"),
            "money": [Decimal(value) for value in whole],
            "yes": [value > 3 for value in whole],
            "maybe": pd.array(whole, dtype="Int64"),
        }
    )
    arms = units(kind(rows), ["whole", "half", "money", "maybe", "yes"], control="A")
    assert arms.binary == {"yes"}
    for one, other in pairwise(range(4)):
        np.testing.assert_array_equal(arms.means[:, one], arms.means[:, other])
    np.testing.assert_allclose(arms.means[:, 0], [11 / 3, 13 / 3])
    np.testing.assert_allclose(arms.means[:, 4], [1 / 3, 2 / 3])
    np.testing.assert_allclose(arms.products[:, 4, 4], [2 / 3, 2 / 3])


def test_shares_between_0_and_1_are_not_binary():
    rows = pd.DataFrame({"arm": list("AABB"), "x": [0.0, 1.0, 0.5, 1.0], "y": [0.0, 1, 1, 1]})
    assert units(rows, ["x", "y"], control="A").binary == {"y"}


def test_names_of_arms_and_columns_of_any_script(kind):
    rows = pd.DataFrame({"实验 组": [1, 1, 2, 2], '花费 "元"': [1.0, 2, 3, 5], "天": list("ijij")})
    arms = units(kind(rows), '花费 "元"', control=2, arm="实验 组", by="天")
    assert arms.names == ("2", "1")
    assert arms.by("天")["j"].means.tolist() == [[5], [2]]


def test_days_are_groups(kind):
    days = pd.to_datetime(["2026-10-01", "2026-10-02"] * 2)
    rows = pd.DataFrame({"arm": list("AABB"), "day": days, "x": [1, 2, 3, 4]})
    found = units(kind(rows), "x", control="A", by="day").by("day")
    assert [pd.Timestamp(day) for day in found] == [*days[:2]]


# What is refused.

BAD = {
    "no column of the arm": (
        {},
        {"arm": "variant"},
        "unknown arm column 'variant'. Allowed: unit, arm, x, before, seen, known",
    ),
    "no column": (
        {},
        {"columns": ["befor"]},
        (
            "unknown column of rows 'befor'; did you mean 'before'? Allowed: unit, arm, x, before, "
            "seen, known"
        ),
    ),
    "covariate missing": (
        {},
        {"columns": Mean("x", covariates="past")},
        "unknown covariate 'past'. Allowed: unit, arm, x, before, seen, known",
    ),
    "nothing to measure": (
        {},
        {"columns": []},
        "columns must name at least one column or metric.",
    ),
    "text in a metric": (
        {"x": ["1", "2", "x", "4"]},
        {},
        (
            "x holds no numbers but text. Turn it into numbers first, such as by "
            "pandas.to_numeric, or leave it out."
        ),
    ),
    "groups of moments with a zone": (
        {"seen": pd.to_datetime(["2026-10-02"] * 4).tz_localize("UTC")},
        {"by": "seen"},
        (
            "seen holds moments with a time zone, which make no groups: group by their day on your "
            "clock."
        ),
    ),
    "no rows": (
        None,
        {},
        "there are no rows: a test needs a control and an arm to compare it with.",
    ),
    "one arm": (
        {"arm": ["A"] * 4},
        {},
        "there is only one arm, 'A': a test compares two or more.",
    ),
    "unknown control": (
        {},
        {"control": "a"},
        "unknown control 'a'; did you mean 'A'? Allowed: A, B",
    ),
    "rows without an arm": (
        {"arm": ["A", "A", "B", None]},
        {},
        "arm is empty for 1 unit: name it, or leave them out.",
    ),
    "infinity": (
        {"x": [1.0, 2.0, np.inf, -np.inf]},
        {},
        (
            "x in arm 'B': 2 infinite. Give every unit a number, 0 where it means none, or leave "
            "the unit out."
        ),
    ),
    "NaN and infinity in both arms": (
        {"x": [1.0, np.nan, np.inf, np.nan]},
        {},
        (
            "x in arm 'A': 1 empty or NaN. Give every unit a number, 0 where it means none, or "
            "leave the unit out.\n"
            "x in arm 'B': 1 empty or NaN and 1 infinite. Give every unit a number, 0 where it "
            "means none, or leave the unit out."
        ),
    ),
    "a covariate that is empty": (
        {"before": [1.0, 2.0, 3.0, None]},
        {"columns": Mean("x", covariates="before")},
        (
            "before in arm 'B': 1 empty or NaN. Give units without a past a value, such as 0, or "
            "adjust by something else."
        ),
    ),
    "values beyond any variance": (
        {"x": [1e200, -1e200, 1.0, 2.0]},
        {},
        "x: values are so great that no number can hold their variance. Measure in a greater unit.",
    ),
    "a unit in two arms": (
        {"unit": ["u1", "u2", "u2", "u2"]},
        {"unit": "unit"},
        (
            "1 unit in more than one arm, such as u2. Leave them out of all arms, and find out how "
            "they got into two."
        ),
    ),
    "a unit on two rows": (
        {"unit": ["u1", "u2", "u3", "u3"]},
        {"unit": "unit"},
        (
            "1 unit on more than one row, such as u3. Add up a unit's rows first, such as by "
            "groupby('unit')."
        ),
    ),
    "a unit without a name": (
        {"unit": ["u1", "u2", "u3", None]},
        {"unit": "unit"},
        "unit is empty on 1 row: every unit needs it.",
    ),
    "a covariate measured after exposure": (
        {},
        {"columns": Mean("x", covariates="before"), "exposed": "seen", "measured": "known"},
        (
            "before was measured after exposure for 2 units (known after seen). The arm may have "
            "changed it, which hides an effect or makes one: use what was known before."
        ),
    ),
    "moments that are text": (
        {"seen": ["10/1/2026"] * 4, "known": ["9/1/2026"] * 4},
        {"columns": Mean("x", covariates="before"), "exposed": "seen", "measured": "known"},
        (
            "seen holds no times but text. Turn it into dates or timestamps first, such as by "
            "pandas.to_datetime.\nknown holds no times but text. Turn it into dates or timestamps "
            "first, such as by pandas.to_datetime."
        ),
    ),
    "text beside a moment": (
        {"known": ["2026-09-01"] * 4},
        {"columns": Mean("x", covariates="before"), "exposed": "seen", "measured": "known"},
        (
            "known holds no times but text. Turn it into dates or timestamps first, such as by "
            "pandas.to_datetime."
        ),
    ),
    "a moment with a zone beside one without": (
        {"known": pd.to_datetime(["2026-10-01"] * 4).tz_localize("UTC")},
        {"columns": Mean("x", covariates="before"), "exposed": "seen", "measured": "known"},
        ("known holds moments with a time zone and seen none: give both in one zone, without it."),
    ),
    "units without a name": (
        {"unit": [None, "u2", "u3", None]},
        {"unit": "unit"},
        "unit is empty on 2 rows: every unit needs it.",
    ),
    "a class where a metric is meant": (
        {},
        {"columns": Mean},
        (
            "columns must be names of columns or metrics, not the class Mean itself, which needs a "
            "column, such as Mean('revenue')."
        ),
    ),
    "a moment without the other": (
        {},
        {"exposed": "seen"},
        (
            "exposed and measured go together: when a unit saw its arm, and when its covariates "
            "were measured. Give both, or neither."
        ),
    ),
    "a moment of no covariate": (
        {},
        {"exposed": "seen", "measured": "known"},
        (
            "no metric has covariates, so measured must say what was measured then, such as "
            "measured={'before': 'known'}."
        ),
    ),
    "a moment of another column": (
        {},
        {"exposed": "seen", "measured": {"before": "known"}},
        "unknown covariate in measured 'before'. Allowed: x",
    ),
}


def rows_of(changes):
    rows = pd.DataFrame(
        {
            "unit": ["u1", "u2", "u3", "u4"],
            "arm": list("AABB"),
            "x": [1.0, 2.0, 3.0, 5.0],
            "before": [1.0, 2.0, 2.0, 4.0],
            "seen": pd.to_datetime(["2026-10-02"] * 4),
            "known": pd.to_datetime(["2026-10-01", "2026-10-02", "2026-10-03", "2026-10-04"]),
        }
    )
    return rows.iloc[:0] if changes is None else rows.assign(**changes)


@pytest.mark.parametrize("name", BAD)
def test_rows_that_make_no_sense_are_refused(name, kind):
    changes, settings, message = BAD[name]
    asked = {"columns": "x", "control": "A", **settings}
    with pytest.raises(ParameterError) as refused:
        units(kind(rows_of(changes)), **asked)
    assert str(refused.value) == message


def test_a_frame_without_any_of_the_columns_is_refused():
    with pytest.raises(ParameterError) as refused:
        units(pd.DataFrame({"a": [1]}), "x", control="A")
    assert str(refused.value) == (
        "unknown arm column 'arm'. Allowed: a\nunknown column of rows 'x'. Allowed: a"
    )


def test_history_that_makes_no_sense_is_refused(kind):
    twice = rows_of({"unit": ["u1", "u1", "u3", "u4"], "x": [1.0, 2.0, 3.0, np.nan]})
    for rows, message in (
        (rows_of(None), "there are no rows."),
        (
            twice,
            (
                "x in arm 'all': 1 empty or NaN. Give every unit a number, 0 where it means none, "
                "or leave the unit out.\n1 unit on more than one row, such as u1. Add up a unit's "
                "rows first, such as by groupby('unit')."
            ),
        ),
    ):
        with pytest.raises(ParameterError) as refused:
            units(kind(rows), "x", control=None, unit="unit")
        assert str(refused.value) == message


def test_everything_that_is_wrong_is_said_at_once():
    rows = rows_of({"x": [1.0, 2.0, np.inf, 4.0], "unit": ["u1", "u2", "u2", "u3"]})
    with pytest.raises(ParameterError) as refused:
        units(rows, "x", control="C", unit="unit")
    assert [line.split(",")[0] for line in str(refused.value).splitlines()] == [
        "unknown control 'C'. Allowed: A",
        "x in arm 'B': 1 infinite. Give every unit a number",
        "1 unit in more than one arm",
    ]


def test_covariates_measured_before_exposure_are_taken():
    rows = rows_of({"known": pd.to_datetime(["2026-10-01", "2026-10-02", None, "2026-09-30"])})
    metric = Mean("x", covariates="before")
    times = {"exposed": "seen", "measured": {"before": "known"}}
    hold_alike(units(rows, metric, control="A", **times), units(rows, metric, control="A"))


def test_a_stream_that_is_gone_after_one_reading_is_refused():
    reader = pa.Table.from_pandas(rows_of({})).to_reader()
    with pytest.raises(ParameterError) as refused:
        units(reader, "x", control="A")
    assert str(refused.value) == (
        "rows of RecordBatchReader can be read only once. Give the table itself, such as "
        "reader.read_all()."
    )


def test_what_is_no_table_is_refused():
    with pytest.raises(ParameterError) as refused:
        units({"arm": ["A", "B"]}, "x", control="A")
    assert str(refused.value) == (
        "rows must be a pandas DataFrame, an Ibis table, a DuckDB relation or an Arrow table such "
        "as Polars gives, not dict."
    )


def test_a_variance_that_duckdb_refuses_is_refused_in_words(monkeypatch):
    """DuckDB before 2.0 raises an error of its own where a value is infinite."""
    ask = engine.DuckRows.ask

    def refusing(self, measures, by=()):
        if any(one.how == "variance" for one in measures):
            raise duckdb.OutOfRangeException("VARSAMP is out of range!")
        return ask(self, measures, by)

    monkeypatch.setattr(engine.DuckRows, "ask", refusing)
    with pytest.raises(ParameterError, match=r"x in arm 'B': 1 infinite\."):
        units(rows_of({"x": [1.0, 2.0, 3.0, np.inf]}), "x", control="A")


def test_an_empty_group_and_one_called_missing_are_added_up():
    """Oracle: pandas, of all rows."""
    rows = pd.DataFrame(
        {
            "arm": ["A", "B"] * 6,
            "seg": [None] * 4 + ["(missing)"] * 8,
            "x": np.array([5.0, 1, 4, 1, 8, 2, 9, 6, 5, 3, 5, 8]),
        }
    )
    arms = units(rows, "x", control="A", by="seg")
    each = rows.groupby("arm")["x"]
    for found in (arms, arms.by("seg")["(missing)"]):
        assert found.n.tolist() == [6, 6]
        assert found.means[:, 0].tolist() == pytest.approx(each.mean().tolist(), rel=1e-12)
        assert found.variances[:, 0].tolist() == pytest.approx(each.var().tolist(), rel=1e-12)
        assert found.lows[:, 0].tolist() == each.min().tolist()
        assert found.highs[:, 0].tolist() == each.max().tolist()
