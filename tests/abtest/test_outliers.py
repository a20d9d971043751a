"""Winsorised means against NumPy and SciPy, on several kinds of tables."""

from __future__ import annotations

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from playbook.abtest import made_units, winsorised
from playbook.errors import ParameterError


def orders(seed=1, n=600, shift=1.2):
    rng = np.random.default_rng(seed)
    arm = np.array(["A"] * n + ["B"] * n)
    spent = rng.lognormal(3, 1.3, 2 * n) * np.where(arm == "B", shift, 1)
    return pd.DataFrame({"arm": arm, "spent": spent})


@pytest.mark.parametrize("upper", [0.9, 0.99])
def test_raw_and_cut_are_welch_s_tests_of_both(upper):
    rows = orders()
    limit = np.quantile(rows["spent"], upper)
    a, b = (rows.loc[rows["arm"] == arm, "spent"].to_numpy() for arm in "AB")
    found = winsorised(rows, "spent", control="A", upper=upper)
    assert found.limit == pytest.approx(limit, rel=1e-12)
    raw, cut = found.effects.rows
    for one, first, second in ((raw, a, b), (cut, np.minimum(a, limit), np.minimum(b, limit))):
        oracle = stats.ttest_ind(second, first, equal_var=False)
        assert one.difference == pytest.approx(second.mean() - first.mean(), rel=1e-9)
        assert one.p_value == pytest.approx(oracle.pvalue, rel=1e-9)
        assert one.low == pytest.approx(oracle.confidence_interval().low, rel=1e-9)
    table = found.table.set_index("arm")
    assert table["cut"].tolist() == [(a > limit).sum(), (b > limit).sum()]
    off = [np.maximum(x - limit, 0).mean() for x in (a, b)]
    assert table["cut_off"].tolist() == pytest.approx(off, rel=1e-9)
    assert table.loc["B", "hangs_share"] == pytest.approx(
        (off[1] - off[0]) / (b.mean() - a.mean()), rel=1e-9
    )


def test_the_kind_of_table_changes_nothing(tmp_path):
    rows = orders()
    rows.to_parquet(tmp_path / "rows.parquet")
    stored = ibis.duckdb.connect().read_parquet(str(tmp_path / "rows.parquet"))
    base = winsorised(rows, "spent", control="A")
    for kind in (ibis.memtable(rows), stored, pa.Table.from_pandas(rows)):
        found = winsorised(kind, "spent", control="A")
        pd.testing.assert_frame_equal(found.table, base.table, rtol=1e-12)
        assert [row.p_value for row in found.effects] == pytest.approx(
            [row.p_value for row in base.effects], rel=1e-9
        )


def test_one_enormous_order_decides_the_mean_and_not_the_cut_mean():
    rows = orders(shift=1.0)
    rows.loc[rows.index[-1], "spent"] = 1e6
    found = winsorised(rows, "spent", control="A")
    assert found.table.loc[1, "hangs_share"] > 0.95
    sane = winsorised(orders(shift=1.0), "spent", control="A")
    assert found.effects.rows[1].difference == pytest.approx(
        sane.effects.rows[1].difference, abs=1.5
    )


def test_an_answer_that_depends_on_what_is_cut_is_called_so():
    rows = orders(shift=1.25, n=1500)
    rows.loc[rows.index[:4], "spent"] = 30_000.0
    found = winsorised(rows, "spent", control="A")
    assert found.is_sensitive
    assert found.effects.rows[1].p_value < 0.05 < found.effects.rows[0].p_value
    assert "the answer depends on them." in str(found)
    assert not winsorised(orders(shift=2.0), "spent", control="A").is_sensitive


def test_planted_outliers_cost_precision_that_cutting_gives_back():
    rows = made_units(n=20_000, lift=0.1, outliers=0.002, seed=5)
    raw, cut = winsorised(rows, "revenue", control="A").effects.rows
    assert cut.std_error < raw.std_error / 2


@settings(deadline=None, max_examples=10)
@given(scale=st.floats(0.01, 1e5), seed=st.integers(0, 50))
def test_swapped_arms_turn_signs_and_another_currency_changes_no_p_value(scale, seed):
    rows = orders(seed, n=80)
    base = winsorised(rows, "spent", control="A")
    other = winsorised(rows, "spent", control="B")
    assert [row.difference for row in other.effects] == pytest.approx(
        [-row.difference for row in base.effects], rel=1e-9
    )
    scaled = winsorised(rows.assign(spent=rows["spent"] * scale), "spent", control="A")
    assert [row.p_value for row in scaled.effects] == pytest.approx(
        [row.p_value for row in base.effects], rel=1e-6
    )
    assert scaled.limit == pytest.approx(base.limit * scale, rel=1e-9)


def test_several_arms_are_cut_at_one_limit():
    rows = orders()
    rows.loc[::3, "arm"] = "C"
    found = winsorised(rows, "spent", control="A")
    assert [row.arm for row in found.effects] == ["B", "C", "B", "C"]
    assert found.table["arm"].tolist() == ["A", "B", "C"]
    for row in found.table.iloc[1:].itertuples():
        raw, cut = (
            found.effects[name, row.arm].difference
            for name in dict.fromkeys(one.metric for one in found.effects)
        )
        assert row.hangs_share == pytest.approx((raw - cut) / raw)


def test_it_says_the_limit_and_what_hangs_on_it():
    rows = pd.DataFrame({"arm": ["A"] * 200 + ["B"] * 200, "spent": [3, 4, 5, 6] * 100})
    rows.loc[200, "spent"] = 500
    lines = str(winsorised(rows, "spent", control="A")).splitlines()
    assert lines[:2] == [
        (
            "spent: 1 unit above 6 (the 99 % quantile of all arms) cut down to it; the answer is "
            "the same without their excess."
        ),
        "B: difference 2.49, after cutting 0.02; 99 % of it hangs on what was cut off.",
    ]


@pytest.mark.parametrize(
    ("rows", "asked", "message"),
    [
        (
            orders(),
            {"upper": 99, "confidence": 95},
            (
                "upper must be at least 0.5 and below 1, not 99; 0.99 cuts one unit in 100.\n"
                "confidence must lie between 0 and 1, not 95; write 0.95 for intervals that cover "
                "95 % of the time."
            ),
        ),
        (
            pd.DataFrame({"arm": ["A", "B"] * 500, "spent": [0.0] * 998 + [70, 90]}),
            {},
            (
                "99 % of the units have the smallest value of spent, 0: nothing would be left to "
                "compare. Take a higher upper, such as 0.999."
            ),
        ),
    ],
)
def test_what_cannot_be_cut_is_refused(rows, asked, message):
    with pytest.raises(ParameterError) as caught:
        winsorised(rows, "spent", control="A", **asked)
    assert str(caught.value) == message
