"""Made units have the effect that was asked for, and nothing else differs between arms."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from playbook.abtest import made_units, split, units
from playbook.errors import ParameterError

N = 400_000
CLOSE = 0.012
"""Five standard errors of a lift of the mean revenue, of 400,000 units in two arms."""


def lifts(frame, control="A"):
    """Lift of conversions, of revenue and of revenue per visit; and of what must not differ."""
    sums = frame.groupby("arm")[["converted", "revenue", "visits", "revenue_before"]].mean()
    sums["per visit"] = sums["revenue"] / sums["visits"]
    return sums.drop(control) / sums.loc[control] - 1


@pytest.fixture(scope="module")
def lifted():
    return made_units(n=N, lift=0.1, seed=11)


def test_the_lift_is_the_one_asked_for(lifted):
    found = lifts(lifted).loc["B"]
    assert found["converted"] == pytest.approx(0.1, abs=0.05)
    assert found["revenue"] == pytest.approx(0.1, abs=CLOSE)
    assert found["per visit"] == pytest.approx(0.1, abs=CLOSE)


def test_what_comes_before_and_how_often_units_come_do_not_differ(lifted):
    found = lifts(lifted).loc["B"]
    assert found["visits"] == pytest.approx(0, abs=CLOSE)
    assert found["revenue_before"] == pytest.approx(0, abs=CLOSE)
    assert not split(units(lifted, "visits", control="A", unit="unit")).is_broken


def test_baseline_visits_and_value_are_those_asked_for():
    control = made_units(n=N, baseline=0.3, visits=5, value=8, seed=2).query("arm == 'A'")
    assert control["converted"].mean() == pytest.approx(0.3, abs=0.006)
    assert control["visits"].mean() == pytest.approx(5, abs=0.03)
    assert control["visits"].min() == 1
    assert control["revenue"].sum() / control["visits"].sum() == pytest.approx(8, abs=0.05)


@pytest.mark.parametrize("correlation", [0.0, 0.6, 1.0])
def test_what_a_visit_is_worth_before_and_after_is_correlated_as_asked(correlation):
    frame = made_units(n=N, correlation=correlation, seed=3)
    after = frame["revenue"] / frame["visits"]
    before = frame["revenue_before"] / frame["visits_before"]
    assert np.corrcoef(after, before)[0, 1] == pytest.approx(correlation, abs=0.01)


def test_a_novelty_halves_every_so_many_days():
    frame = made_units(n=N, novelty=0.4, half_life_days=3, days=7, seed=4)
    found = [lifts(frame[frame["day"].eq(day)]).loc["B", "revenue"] for day in (1, 4, 7)]
    np.testing.assert_allclose(found, [0.4, 0.2, 0.1], atol=0.035)


def test_a_segment_may_have_a_lift_of_its_own():
    frame = made_units(n=N, lift=0.1, segment_lift={"new": 0.2}, seed=5)
    found = {name: lifts(rows).loc["B", "revenue"] for name, rows in frame.groupby("segment")}
    assert found == pytest.approx({"known": 0.1, "new": 0.3}, abs=0.02)


def test_arms_may_have_lifts_and_weights_of_their_own():
    frame = made_units(
        n=N, arms=("old", "b", "c"), weights=(2, 1, 1), lift={"c": 0.2}, outliers=0.0, seed=6
    )
    found = lifts(frame, "old")["revenue"]
    assert found.to_dict() == pytest.approx({"b": 0, "c": 0.2}, abs=0.015)
    shares = frame["arm"].value_counts(normalize=True)
    assert shares.to_dict() == pytest.approx({"old": 0.5, "b": 0.25, "c": 0.25}, abs=0.005)


def test_outliers_are_as_many_as_asked_in_every_arm():
    plain, heavy = (made_units(n=50_000, outliers=share, seed=7) for share in (0, 0.01))
    times = heavy["revenue"] / plain["revenue"]
    assert set(times.round(6)) == {1, 50}
    by_arm = times.gt(1).groupby(heavy["arm"]).mean()
    assert by_arm.to_dict() == pytest.approx({"A": 0.01, "B": 0.01}, abs=0.003)


def test_the_same_seed_gives_the_same_units():
    first, again, other = (made_units(n=500, seed=seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first, again)
    assert not first["revenue"].equals(other["revenue"])
    assert first["unit"].is_unique
    assert list(first) == [
        "unit", "arm", "day", "segment", "converted", "revenue", "visits", "revenue_before",
        "visits_before",
    ]  # fmt: skip


REFUSED = {
    "one arm, no units, no days": (
        {"arms": ("A",), "n": 1, "days": 0, "visits": 1, "half_life_days": 0},
        (
            "arms must be two names or more, all different, not A.\n"
            "n must be 2 or more, not 1.\n"
            "days must be 1 or more, not 0.\n"
            "half_life_days must be above 0, not 0.\n"
            "visits must be above 1, not 1: whoever is in the test came once."
        ),
    ),
    "weights and lifts of no arm": (
        {"weights": (1, -1), "lift": {"b": 0.1}},
        (
            "weights must be 2 numbers from 0 on, one per arm, not all 0.\n"
            "unknown arm in lift 'b'; did you mean 'B'? Allowed: B"
        ),
    ),
    "shares beyond 1": (
        {"baseline": 5, "correlation": -0.5, "outliers": 2},
        (
            "baseline must lie between 0 and 1, not 5.\n"
            "correlation must lie between 0 and 1, not -0.5.\n"
            "outliers must lie between 0 and 1, not 2."
        ),
    ),
    "more than everybody converts": (
        {"baseline": 0.8, "lift": 0.5},
        "the greatest lift makes a chance of 120%: lower the baseline or the lift.",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_drawn_is_refused(name):
    settings, message = REFUSED[name]
    with pytest.raises(ParameterError) as refused:
        made_units(**settings)
    assert str(refused.value) == message
