"""The made-up test on the page: its truth is known, and each way of reading it is held to it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from playbook import abtest
from playbook.chapters.ab_testing import example


@pytest.fixture(scope="module")
def rows():
    return abtest.made_units(arms=(example.CONTROL, "new"), **example.ORDERS)


def of(rows, column):
    """The column in the new arm and in the control."""
    return tuple(rows.loc[rows["arm"] == arm, column] for arm in ("new", example.CONTROL))


def test_raw_revenue_is_welch_on_all_rows(rows):
    first = example.ways().iloc[0]
    new, control = of(rows, "revenue")
    assert first["value"] == pytest.approx(new.mean() / control.mean() - 1, rel=1e-12)
    p = stats.ttest_ind(new, control, equal_var=False).pvalue
    assert first["p_value"] == pytest.approx(p, rel=1e-9)
    assert (first["n"], first["n_control"]) == (len(new), len(control))


def test_cut_revenue_is_welch_on_the_cut_rows(rows):
    limit = abtest.winsorised(rows, "revenue", control=example.CONTROL, upper=0.99).limit
    assert limit == pytest.approx(np.quantile(rows["revenue"], 0.99), rel=0.01)
    new, control = (column.clip(upper=limit) for column in of(rows, "revenue"))
    p = stats.ttest_ind(new, control, equal_var=False).pvalue
    assert example.ways()["p_value"].iloc[1] == pytest.approx(p, rel=1e-9)


def test_each_way_narrows_the_interval_and_the_last_ones_cover_the_truth():
    table = example.ways()
    wide = (table["high"] - table["low"]).tolist()
    assert wide == sorted(wide, reverse=True)
    assert (table["low"] < example.ORDERS["lift"]).all()
    assert (table["high"] > example.ORDERS["lift"]).all()
    assert (table["low"] > 0).tolist() == [False, True, True]


def test_what_knowing_the_past_saves_is_one_less_the_squared_correlation(rows):
    limit = abtest.winsorised(rows, "revenue", control=example.CONTROL, upper=0.99).limit
    within = [
        np.corrcoef(part["revenue"].clip(upper=limit), part["revenue_before"])[0, 1]
        for _, part in rows.groupby("arm")
    ]
    more = example.saved(example.ways())
    gain = more.iloc[2] / more.iloc[1]
    assert gain == pytest.approx(1 / (1 - np.mean(within) ** 2), rel=0.03)
    assert f"worth {gain:.1f} times the people" in example.of_ways(example.ways()).see


def test_the_fading_effect_is_found_and_its_first_days_flatter():
    found = example.by_day()
    assert found.is_moving
    days = example.days(found)
    assert len(days) == example.DAYS["days"]
    assert days["cumulative"].iloc[6] > days["cumulative"].iloc[-1]
    assert days["cumulative"].iloc[0] == pytest.approx(days["value"].iloc[0])


def test_all_days_so_far_are_the_rates_of_all_people_so_far():
    rows = abtest.made_units(arms=(example.CONTROL, "new"), **example.DAYS)
    early = rows[rows["day"] <= 10]
    new, control = of(early, "converted")
    days = example.days(example.by_day())
    assert days["cumulative"].iloc[9] == pytest.approx(new.mean() - control.mean(), abs=1e-12)


def test_the_words_say_the_figures():
    words = example.of_by_day(example.by_day())
    last = example.days(example.by_day())["cumulative"].iloc[-1]
    assert f"+{100 * last:.1f} points after three" in words.title
    assert not any(math.isnan(v) for v in example.ways()["p_value"])
