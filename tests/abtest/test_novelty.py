"""Effects by day against statsmodels' weighted lines, sums by hand, and planted novelty."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from playbook.abtest import Mean, Proportion, compare, counts, made_units, novelty, units
from playbook.abtest.after.novelty import line
from playbook.errors import ParameterError


def days(shape=lambda day: 0.12 - 0.002 * day, n=12, start=0, people=1000):
    """Exact shares, so that the effect by day is known."""
    rows = []
    for day in range(n):
        rows.append((start + day, "A", people + 10 * day, round(0.1 * (people + 10 * day))))
        share = shape(day)
        rows.append((start + day, "B", people - 20 * day, round(share * (people - 20 * day))))
    return pd.DataFrame(rows, columns=["day", "arm", "exposures", "conversions"])


def of(table, **asked):
    return novelty(counts(table, control="A", by="day"), Proportion(), **asked)


def by_hand(table):
    """Difference, its variance and n n' / (n + n') of each day."""
    wide = table.assign(p=table["conversions"] / table["exposures"]).pivot_table(
        index="day", columns="arm", values=["p", "exposures"]
    )
    p, n = wide["p"], wide["exposures"]
    variance = (p * (1 - p) / n).sum(axis=1)
    return p["B"] - p["A"], variance, n["A"] * n["B"] / n.sum(axis=1)


def test_the_line_is_that_of_weighted_least_squares():
    table = days()
    difference, variance, weights = by_hand(table)
    x = sm.add_constant(difference.index.to_numpy(dtype=float))
    oracle = sm.WLS(difference.to_numpy(), x, weights=weights).fit()
    found = of(table).trend
    assert found.value == pytest.approx(oracle.params[1], rel=1e-9)
    # Its error is White's with each day's own variance in the place of the squared residual.
    bread = np.linalg.inv(x.T * weights.to_numpy() @ x)
    meat = x.T * (weights**2 * variance).to_numpy() @ x
    error = np.sqrt((bread @ meat @ bread)[1, 1])
    assert found.high - found.value == pytest.approx(stats.norm.ppf(0.975) * error, rel=1e-9)
    assert found.p_value == pytest.approx(2 * stats.norm.sf(abs(found.value) / error), rel=1e-9)


def test_the_first_days_stand_against_the_rest():
    table = days()
    sums = (
        table.assign(rest=table["day"] >= 7)
        .groupby(["rest", "arm"])[["exposures", "conversions"]]
        .sum()
    )
    p = sums["conversions"] / sums["exposures"]
    variance = (p * (1 - p) / sums["exposures"]).sum()
    found = of(table).later
    change = (p[True, "B"] - p[True, "A"]) - (p[False, "B"] - p[False, "A"])
    assert found.value == pytest.approx(change, rel=1e-9)
    assert found.p_value == pytest.approx(2 * stats.norm.sf(abs(change) / variance**0.5), rel=1e-9)


def test_each_day_and_all_so_far_are_comparisons_of_their_own():
    table = days()
    found = of(table).table
    whole = compare(counts(table, control="A", by="day"), Proportion(method="unpooled")).one()
    last = found.iloc[-1]
    assert (last["so_far"], last["so_far_low"], last["so_far_high"]) == pytest.approx(
        (whole.difference, whole.low, whole.high), rel=1e-9
    )
    fourth = table[table["day"] == 3]
    one = compare(counts(fourth, control="A"), Proportion(method="unpooled")).one()
    assert found.loc[3, ["difference", "low", "high"]].tolist() == pytest.approx(
        [one.difference, one.low, one.high], rel=1e-9
    )
    assert found.loc[3, ["n", "n_control"]].tolist() == [940, 1030]


def test_dates_count_by_days_and_gaps_count_too():
    table = days()
    start = dt.date(2026, 10, 5)
    dated = table.assign(day=[start + dt.timedelta(days=day) for day in table["day"]])
    assert of(dated).trend == pytest.approx(of(table).trend)
    gap = table[~table["day"].isin([4, 5])]
    assert of(gap).trend.value == pytest.approx(of(table).trend.value, abs=2e-4)


def test_planted_novelty_is_found_and_a_steady_effect_is_not():
    asked = {"n": 80_000, "baseline": 0.1, "lift": 0.1, "days": 21, "seed": 6}
    for charm, moving in ((1.0, True), (0.0, False)):
        rows = made_units(novelty=charm, **asked)
        found = novelty(units(rows, "converted", control="A", by="day"), Proportion())
        assert found.is_moving is moving
        assert (found.later.value < -0.01) is moving


def test_where_nothing_moves_a_line_is_found_in_5_percent():
    """10,000 tests of nine days; few conversions, so that a day's error hangs on its effect."""
    rng = np.random.default_rng(12)
    x, n = np.arange(9.0), np.column_stack([np.arange(300, 390, 10), np.arange(480, 300, -20)])
    share = rng.binomial(n, 0.05, (10_000, 9, 2)) / n
    difference = share[..., 1] - share[..., 0]
    errors = np.sqrt((share * (1 - share) / (n - 1)).sum(axis=2))
    found = [line(x, n, *one).p_value for one in zip(difference, errors, strict=True)]
    assert np.mean(np.array(found) <= 0.05) == pytest.approx(0.05, abs=0.006)


def test_the_two_questions_together_keep_the_error():
    rng = np.random.default_rng(12)
    found = []
    for _ in range(40):
        table = days(n=9)
        table["conversions"] = rng.binomial(table["exposures"], 0.1)
        found.append(of(table).is_moving)
    assert np.mean(found) <= 0.125


@settings(deadline=None, max_examples=8)
@given(start=st.integers(-1000, 1000), seed=st.integers(0, 99))
def test_when_it_began_and_which_arm_is_the_control_change_what_they_should(start, seed):
    table = days(start=0)
    table["conversions"] = np.random.default_rng(seed).binomial(table["exposures"], 0.2)
    base, later = of(table), of(table.assign(day=table["day"] + start))
    assert later.trend == pytest.approx(base.trend, rel=1e-6, abs=1e-12)
    swapped = novelty(counts(table, control="B", by="day"), Proportion())
    assert swapped.trend.value == pytest.approx(-base.trend.value, rel=1e-9)
    assert swapped.trend.p_value == pytest.approx(base.trend.p_value, rel=1e-9)


def test_days_with_too_few_units_are_left_out_and_counted():
    table = pd.concat(
        [days(), pd.DataFrame([(40, "A", 5, 1)], columns=days().columns)], ignore_index=True
    )
    found = of(table)
    assert found.left_out == 1
    assert len(found.table) == 12


def test_a_test_of_a_week_has_no_later_days():
    assert of(days(n=7)).later is None
    assert of(days(n=7), first_days=3).later is not None


def test_it_says_what_the_days_say():
    assert str(of(days(lambda _: 0.12))).splitlines()[0] == (
        "converted, B against A, 12 days: +2.00 points on the first, +2.05 points on the last. No "
        "sign that the effect fades or grows; a small change would not be seen."
    )
    fading = str(of(days(lambda day: 0.3 - 0.02 * day, people=3000))).splitlines()
    assert fading[0].endswith("The effect is not the same on all days: read the later ones.")
    assert len(fading) == 4


def test_it_says_how_it_was_found_and_of_how_many():
    """200 people of an arm come on each of 12 days; on one more nobody but the control's do."""
    rows = days(lambda _: 0.12)
    lonely = pd.DataFrame({"arm": ["A", "B"], "day": 12, "exposures": [50, 0], "conversions": 0})
    found = of(pd.concat([rows, lonely]))
    kept = rows.groupby("arm")["exposures"].sum()
    assert str(found).splitlines()[-1] == (
        f"95 % intervals, n = {kept['B']:,} against {kept['A']:,}; 1 day left out; z test with "
        "each arm's own spread (Wald); days weigh by their units, each with its own error."
    )
    assert found.method.startswith("z test with each arm's own spread (Wald); ")


@pytest.mark.parametrize(
    ("change", "asked", "message"),
    [
        (
            lambda t: t,
            {"first_days": 0, "confidence": 1},
            (
                "first_days must be 1 or more, not 0; a full week is usual.\n"
                "confidence must lie between 0 and 1, not 1; write 0.95 for intervals that cover "
                "95 % of the time."
            ),
        ),
        (
            lambda t: t[t["day"] < 2],
            {},
            "2 days with two units or more in both arms: whether an effect moves takes 3 or more.",
        ),
        (
            lambda t: t.assign(day="Mon " + t["day"].astype(str)),
            {},
            (
                "day 'Mon 0' is neither a date nor a number. Group by a column of dates, or of "
                "days since the start."
            ),
        ),
        (
            lambda t: t.assign(conversions=0),
            {},
            (
                "converted: no unit of any arm has a 1 in 'converted', so there is nothing to "
                "compare yet."
            ),
        ),
        (
            lambda t: pd.concat([t, t[t["arm"] == "B"].assign(arm="C")]),
            {},
            "say which arm: B, C.",
        ),
    ],
)
def test_what_has_no_days_is_refused(change, asked, message):
    with pytest.raises(ParameterError) as caught:
        of(change(days()), **asked)
    assert str(caught.value) == message


def test_means_have_days_too():
    rows = made_units(n=4000, seed=3)
    found = novelty(units(rows, "revenue", control="A", by="day"), Mean("revenue"), first_days=5)
    assert len(found.table) == rows["day"].nunique()
    first = rows[rows["day"] == 1].groupby("arm")["revenue"].mean()
    assert found.table.loc[0, "difference"] == pytest.approx(first["B"] - first["A"])


def test_a_metric_that_only_the_day_moves_is_refused():
    rows = pd.DataFrame({"arm": list("AABB") * 4, "day": np.repeat(range(4), 4)})
    arms = units(rows.assign(spent=rows["day"]), "spent", control="A", by="day")
    with pytest.raises(ParameterError) as caught:
        novelty(arms, Mean("spent"))
    assert str(caught.value) == "spent is the same for every unit of a day: nothing moves."


def test_days_on_which_the_covariate_says_nothing_are_left_out():
    rows = made_units(n=3000, seed=2, days=8)
    rows.loc[rows["day"] == 3, "revenue_before"] = 1.0
    metric = Mean("revenue", covariates="revenue_before")
    found = novelty(units(rows, metric, control="A", by="day"), metric, first_days=4)
    assert found.left_out == 1
    assert 3 not in found.table["day"].tolist()


def test_days_that_cannot_move_a_line_are_refused():
    """Of three days only the middle one has conversions: its pull on the line is 0."""
    rows = {"day": [0, 0, 1, 1, 2, 2], "arm": ["A", "B"] * 3, "exposures": 100}
    table = pd.DataFrame({**rows, "conversions": [0, 0, 5, 7, 0, 0]})
    with pytest.raises(ParameterError) as refused:
        novelty(counts(table, control="A", by="day"), Proportion())
    assert str(refused.value) == (
        "only days that say nothing of a line have units that differ: whether the effect moves "
        "cannot be told yet."
    )
