"""What a score is worth: against scikit-learn, published figures and small cases by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from playbook import scoring
from playbook.errors import ParameterError
from playbook.scoring import ranks

CASES = st.lists(st.tuples(st.integers(0, 8), st.booleans()), min_size=2, max_size=40).filter(
    lambda rows: len({truth for _, truth in rows}) == 2
)


@given(CASES)
def test_the_auc_is_scikit_learns_whatever_the_ties(rows):
    scores, truth = zip(*rows, strict=True)
    assert ranks.auc(scores, truth) == pytest.approx(metrics.roc_auc_score(truth, scores))


@given(CASES)
def test_turning_the_score_round_turns_the_auc_round_and_stretching_it_changes_nothing(rows):
    scores, truth = map(np.array, zip(*rows, strict=True))
    area = ranks.auc(scores, truth)
    assert ranks.auc(-scores, truth) == pytest.approx(1 - area)
    assert ranks.auc(np.exp(scores), truth) == pytest.approx(area)


def drawn(n=2_000, seed=5):
    rng = np.random.default_rng(seed)
    chance = rng.beta(2, 5, n)
    return chance, rng.random(n) < chance


def test_brier_and_calibration_are_those_of_scikit_learn():
    chance, truth = drawn()
    found = scoring.judge(chance, truth)
    assert found.brier == pytest.approx(metrics.brier_score_loss(truth, chance))
    from sklearn.calibration import calibration_curve

    rate, predicted = calibration_curve(truth, chance, n_bins=10, strategy="quantile")
    assert found.calibration["rate"].to_numpy() == pytest.approx(rate, abs=0.006)
    assert found.calibration["predicted"].to_numpy() == pytest.approx(predicted, abs=0.006)
    assert found.calibration_error < 0.04
    assert scoring.judge(chance / 3, truth).calibration_error > 0.15
    assert found.brier < found.brier_of_base_rate


def test_the_interval_of_the_auc_is_that_of_the_bootstrap():
    chance, truth = drawn(600)
    found = scoring.judge(chance, truth)
    rng = np.random.default_rng(1)
    draws = (rng.integers(0, 600, 600) for _ in range(800))
    areas = [metrics.roc_auc_score(truth[d], chance[d]) for d in draws]
    assert (found.auc_low, found.auc_high) == pytest.approx(
        np.quantile(areas, [0.025, 0.975]), abs=0.012
    )


def test_delong_by_hand():
    """Structural components of 3 against 2: 1, 1, ½ over positives and 1, ⅔ over negatives."""
    _, covariance = ranks.delong(
        np.array([[5.0, 4.0, 2.0, 2.0, 1.0]]), np.array([1, 1, 1, 0, 0]) == 1
    )
    positives, negatives = [1, 1, 0.75], [5 / 6, 1]
    want = np.var(positives, ddof=1) / 3 + np.var(negatives, ddof=1) / 2
    assert covariance[0, 0] == pytest.approx(want)
    assert ranks.auc([5, 4, 2, 2, 1], [1, 1, 1, 0, 0]) == pytest.approx(11 / 12)


def test_a_perfect_score_claims_no_interval():
    found = scoring.judge([1, 2, 3, 4], [0, 0, 1, 1])
    assert found.auc == 1
    assert math.isnan(found.auc_low)


def test_two_scores_that_rank_alike_do_not_differ_and_a_worse_one_does():
    chance, truth = drawn()
    alike = scoring.auc_difference(chance, chance * 10, truth)
    assert alike.difference == 0
    assert math.isnan(alike.p_value)
    noise = np.random.default_rng(2).random(len(chance))
    worse = scoring.auc_difference(chance, noise, truth)
    assert worse.low > 0
    assert worse.p_value < 1e-6


def test_points_are_no_probabilities_and_get_no_brier():
    found = scoring.judge([10, 20, 30, 40], [0, 1, 0, 1])
    assert math.isnan(found.brier)
    assert math.isnan(found.calibration_error)
    assert found.calibration.empty


def test_thresholds_by_hand():
    table = scoring.thresholds([90, 80, 80, 50, 10], [1, 1, 0, 0, 0])
    assert table["threshold"].tolist() == [90, 80, 50, 10]
    assert table["called"].tolist() == [1, 3, 4, 5]
    assert table["positives"].tolist() == [1, 2, 2, 2]
    assert table["precision"].tolist() == [1, 2 / 3, 0.5, 0.4]
    assert table["recall"].tolist() == [0.5, 1, 1, 1]
    assert table["lift"].tolist() == pytest.approx([2.5, 5 / 3, 1.25, 1])


@pytest.mark.parametrize(("capacity", "called"), [(1, 1), (2, 1), (3, 3), (4, 4), (99, 5)])
def test_the_threshold_of_a_capacity_never_hands_over_more_than_can_be_called(capacity, called):
    found = scoring.judge([90, 80, 80, 50, 10], [1, 1, 0, 0, 0], capacity=capacity)
    assert found.at_capacity["called"].tolist() == [called]


def test_no_threshold_fits_where_more_leads_share_the_highest_score_than_can_be_called():
    assert scoring.judge([5, 5, 5, 1], [1, 1, 0, 0], capacity=2).at_capacity.empty


def test_deciles_hold_every_lead_once_best_first_with_their_lift():
    chance, truth = drawn()
    table = scoring.judge(chance, truth).deciles
    assert table["decile"].tolist() == list(range(1, 11))
    assert table["n"].tolist() == [200] * 10
    assert table["positives"].sum() == truth.sum()
    assert table["share_of_positives"].iloc[-1] == 1
    top = np.argsort(-chance)[:200]
    assert table["lift"][0] == pytest.approx(truth[top].mean() / truth.mean())


@given(CASES, st.randoms(use_true_random=False))
def test_the_order_of_the_leads_changes_nothing(rows, random):
    shuffled = random.sample(rows, len(rows))
    first, again = (scoring.judge(*zip(*given, strict=True)) for given in (rows, shuffled))
    pd.testing.assert_frame_equal(first.deciles, again.deciles)
    assert first.auc == pytest.approx(again.auc)
    assert first.deciles["n"].sum() == len(rows)


@pytest.mark.parametrize(
    ("scores", "outcome", "message"),
    [
        ([1, 2], [1, 1], "all 2 outcomes are true: there is nothing to tell apart."),
        ([1, 2, 3], [1, 0], "there are 3 scores and 2 outcomes."),
        ([1, None], [1, 0], "1 scores or outcomes are missing; leave those leads out."),
        ([1, 2], [1, 3], "outcome must be true or false, or 1 or 0."),
    ],
)
def test_what_cannot_be_judged_is_refused(scores, outcome, message):
    with pytest.raises(ParameterError) as refused:
        scoring.judge(scores, outcome)
    assert str(refused.value) == message


def test_a_capacity_of_nobody_is_refused():
    with pytest.raises(ParameterError, match=r"^capacity must be 1 lead or more, not 0"):
        scoring.judge([1, 2], [0, 1], capacity=0)


# Drift


def test_the_index_by_hand():
    """Siddiqi: the sum of (now − train) · ln(now / train); here 2 · 0.2 · ln(1.5)."""
    before, after = pd.Series(["a"] * 60 + ["b"] * 40), pd.Series(["a"] * 40 + ["b"] * 60)
    found = scoring.drift(before, after)
    assert found.psi == pytest.approx(2 * 0.2 * math.log(1.5))
    assert found.bins["psi"].sum() == pytest.approx(found.psi)


def test_nothing_moved_is_nothing_and_both_directions_are_the_same():
    rng = np.random.default_rng(3)
    one, two = pd.Series(rng.integers(0, 9, 500)), pd.Series(rng.integers(0, 9, 700) + 3)
    assert scoring.drift(one, one).psi == 0
    assert scoring.drift(one, two).verdict == "moved"
    names = scoring.drift(one.map("level {}".format), two.map("level {}".format))
    back = scoring.drift(two.map("level {}".format), one.map("level {}".format))
    assert names.psi == pytest.approx(back.psi)


def test_small_samples_are_not_called_moved_by_chance():
    rng = np.random.default_rng(4)
    found = [
        scoring.drift(pd.Series(rng.normal(size=1_000)), pd.Series(rng.normal(size=60)))
        for _ in range(60)
    ]
    assert sum(one.psi >= 0.1 for one in found) > 30  # the usual limit alone would cry wolf
    assert sum(one.verdict != "stable" for one in found) <= 8


def test_missing_values_are_a_bin_of_their_own():
    found = scoring.drift(pd.Series([1.0, 2, 3, None]), pd.Series([None, None, 2, 3.0]), bins=2)
    assert found.bins["bin"].tolist() == ["below 2", "2 and above", "(missing)"]
    assert found.bins[["train_n", "now_n"]].to_numpy().tolist() == [[1, 0], [2, 2], [1, 2]]


def test_nothing_to_compare_is_refused():
    with pytest.raises(ParameterError, match=r"^drift needs values on both sides \(1 and 0 here\)"):
        scoring.drift(pd.Series([1]), pd.Series([], dtype=float))
