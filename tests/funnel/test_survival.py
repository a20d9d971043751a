"""Kaplan–Meier against published figures, a hand-made product and its own invariances."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from playbook import funnel
from playbook.errors import ParameterError
from playbook.funnel import survival

# Freireich et al. (1963), remission under 6-MP, weeks; + is censored:
# 6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+
ENDED = {6: 3, 7: 1, 10: 1, 13: 1, 16: 1, 22: 1, 23: 1}
CENSORED = {6: 1, 9: 1, 10: 1, 11: 1, 17: 1, 19: 1, 20: 1, 25: 1, 32: 2, 34: 1, 35: 1}
# R: summary(survfit(Surv(time, status) ~ 1)): time, at risk, survival, standard error.
SURVFIT = [
    (6, 21, 0.857, 0.0764),
    (7, 17, 0.807, 0.0869),
    (10, 15, 0.753, 0.0963),
    (13, 12, 0.690, 0.1068),
    (16, 11, 0.627, 0.1141),
    (22, 7, 0.538, 0.1282),
    (23, 6, 0.448, 0.1346),
]

durations = st.lists(
    st.tuples(st.integers(0, 20), st.booleans(), st.integers(1, 4)), min_size=1, max_size=12
)


def frame(rows):
    return pd.DataFrame(rows, columns=["hours", "converted", "n"])


@pytest.fixture
def leukaemia():
    rows = [(24 * week, True, n) for week, n in ENDED.items()]
    return frame(rows + [(24 * week, False, n) for week, n in CENSORED.items()])


def product_limit(rows, hours):
    """Survival beyond `hours`, one entity after the other."""
    entities = [(h, converted) for h, converted, n in rows for _ in range(n)]
    left = 1.0
    for moment in sorted({h for h, converted in entities if converted and h <= hours}):
        at_risk = sum(h >= moment for h, _ in entities)
        left *= 1 - sum(h == moment and converted for h, converted in entities) / at_risk
    return left


def rothman(rate, error, confidence=0.95):
    """Wilson's interval with the number of trials that has this standard error."""
    n, z = rate * (1 - rate) / error**2, stats.norm.ppf((1 + confidence) / 2)
    middle = (rate + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * math.sqrt(rate * (1 - rate) / n + z**2 / (4 * n**2))
    return middle - half, middle + half


def test_the_leukaemia_remissions_give_the_published_survival(leukaemia):
    found = survival.curve(leukaemia)
    assert found["days"].tolist() == [time for time, *_ in SURVFIT]
    assert found["at_risk"].tolist() == [at_risk for _, at_risk, *_ in SURVFIT]
    assert found["converted"].tolist() == list(ENDED.values())
    assert (1 - found["rate"]).tolist() == pytest.approx([s for *_, s, _ in SURVFIT], abs=5e-4)


def test_the_interval_is_wilsons_with_the_standard_error_that_r_publishes(leukaemia):
    found = survival.curve(leukaemia)
    wanted = [rothman(1 - s, error) for _, _, s, error in SURVFIT]
    assert found["low"].tolist() == pytest.approx([low for low, _ in wanted], abs=1e-3)
    assert found["high"].tolist() == pytest.approx([high for _, high in wanted], abs=1e-3)


def test_a_conversion_and_an_end_of_follow_up_in_the_same_hour_are_taken_in_this_order():
    found = survival.at(frame([(24, False, 6), (24, True, 2)]), [1])
    assert found["rate"][0] == pytest.approx(2 / 8)


@given(durations, st.integers(0, 20))
def test_the_rate_is_one_less_the_product_made_by_hand(rows, hours):
    found = survival.at(frame(rows), [hours / 24]).iloc[0]
    at_risk = sum(n for h, _, n in rows if h >= hours)
    assert found["at_risk"] == at_risk
    expected = 1 - product_limit(rows, hours)
    if at_risk or expected == 1:
        assert found["rate"] == pytest.approx(expected)
        assert 0 <= found["low"] <= found["rate"] + 1e-12 <= found["high"] + 2e-12 <= 1 + 3e-12
    else:
        assert math.isnan(found["rate"])
        assert math.isnan(found["low"])
        assert math.isnan(found["high"])


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 9)), min_size=1), st.integers(0, 99))
def test_without_censoring_it_is_the_plain_share_with_its_wilson_interval(converted, others):
    rows = [(h, True, n) for h, n in converted] + [(30, False, others)]
    total = sum(n for *_, n in rows)
    asked = list(range(0, 31, 3))
    found = survival.at(frame(rows), [h / 24 for h in asked])
    counts = pd.Series([sum(n for h, n in converted if h <= hours) for hours in asked])
    low, high = funnel.wilson(counts, pd.Series([total] * len(asked)))
    assert found["rate"].to_numpy() == pytest.approx(counts.to_numpy() / total)
    assert found["low"].to_numpy() == pytest.approx(low, abs=1e-9)
    assert found["high"].to_numpy() == pytest.approx(high, abs=1e-9)


@given(durations, st.randoms(use_true_random=False))
def test_neither_repeating_rows_nor_their_order_changes_anything(rows, random):
    repeated = [(h, converted, 1) for h, converted, n in rows for _ in range(n)]
    random.shuffle(repeated)
    pd.testing.assert_frame_equal(survival.curve(frame(rows)), survival.curve(frame(repeated)))


@given(durations)
def test_twice_the_entities_give_the_same_rates_in_narrower_intervals(rows):
    once = survival.curve(frame(rows))
    twice = survival.curve(frame([(h, converted, 2 * n) for h, converted, n in rows]))
    assert twice["rate"].tolist() == pytest.approx(once["rate"].tolist())
    assert twice["at_risk"].tolist() == (2 * once["at_risk"]).tolist()
    assert ((twice["high"] - twice["low"]) < (once["high"] - once["low"])).all()


@given(durations)
def test_the_curve_and_the_rate_at_its_days_are_the_same(rows):
    found = survival.curve(frame(rows))
    same = survival.at(frame(rows), found["days"].tolist())
    columns = ["days", "rate", "low", "high", "at_risk"]
    pd.testing.assert_frame_equal(found[columns], same, check_dtype=False)


def test_nothing_is_said_beyond_the_longest_follow_up():
    found = survival.at(frame([(24, True, 3), (48, False, 7)]), [2, 2.5])
    assert found["rate"][0] == pytest.approx(0.3)
    assert found.loc[1, ["rate", "low", "high"]].isna().all()
    assert found["at_risk"].tolist() == [7, 0]


def test_where_all_have_converted_nothing_is_unknown_later():
    found = survival.at(frame([(24, True, 3), (48, True, 7)]), [2, 90])
    assert found["rate"].tolist() == [1, 1]
    assert found["high"].tolist() == [1, 1]


def test_before_the_first_conversion_the_interval_rests_on_who_was_followed_that_long():
    found = survival.at(frame([(1, False, 90), (48, False, 10), (72, True, 1)]), [2]).iloc[0]
    low, high = funnel.wilson(pd.Series([0]), pd.Series([11]))
    assert (found["rate"], found["at_risk"]) == (0, 11)
    assert (found["low"], found["high"]) == (low[0], high[0])


def test_a_young_cohort_is_not_called_bad_for_being_young():
    rng = np.random.default_rng(7)
    needed = np.where(rng.random(20_000) < 0.2, rng.exponential(24 * 20, 20_000), np.inf)
    followed = rng.uniform(0, 24 * 90, 20_000)
    table = pd.DataFrame({"hours": np.floor(np.minimum(needed, followed)), "n": 1})
    table["converted"] = needed <= followed
    truth = 0.2 * (1 - math.exp(-60 / 20))
    found = survival.at(table, [60]).iloc[0]
    assert found["low"] < truth < found["high"]
    assert table["converted"].mean() < found["low"]


def test_the_interval_holds_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(3)
    inside = []
    for _ in range(300):
        needed = rng.exponential(24 * 40, 60)
        followed = rng.uniform(0, 24 * 30, 60)
        table = pd.DataFrame({"hours": np.minimum(needed, followed), "n": 1})
        table["converted"] = needed <= followed
        found = survival.at(table, [15]).iloc[0]
        inside.append(found["low"] <= 1 - math.exp(-15 / 40) <= found["high"])
    assert 0.92 <= np.mean(inside) <= 0.98


def test_a_deal_won_before_its_first_contact_counts_at_the_contact():
    found = survival.at(frame([(-29, True, 1), (24, False, 9)]), [0])
    assert found["rate"][0] == pytest.approx(0.1)


def test_nobody_to_follow_gives_no_rate():
    nobody = frame([(24, True, 0)])
    assert survival.curve(nobody).empty
    found = survival.at(nobody, [1]).iloc[0]
    assert math.isnan(found["rate"])
    assert found["at_risk"] == 0


@pytest.mark.parametrize(
    ("rows", "days", "message"),
    [
        ([(-1, False, 2)], [1], "1 rows of durations end before they begin"),
        ([(1, True, -2)], [1], "n of durations must be 0 or more."),
        ([(None, True, 2)], [1], "durations has empty cells; give hours, converted and n"),
        ([(1, True, 2)], [-1], r"days must be 0 or more, not \[-1\]."),
    ],
)
def test_a_table_that_cannot_be_is_refused(rows, days, message):
    with pytest.raises(ParameterError, match=message):
        survival.at(frame(rows), days)


def test_a_missing_column_is_named():
    with pytest.raises(ParameterError, match="unknown column of durations 'hours'"):
        survival.curve(pd.DataFrame({"hour": [1], "converted": [True], "n": [1]}))
