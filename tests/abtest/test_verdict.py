"""The rule set: which verdict in which case, in which order, and what it says in words."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbook.abtest.decide.verdict import VERDICTS, Criteria, Facts, verdict
from playbook.abtest.effect import Effect
from playbook.errors import ParameterError

NAN = math.nan
RULES = Criteria()
ENDED = Facts(days=28, is_running=False, people=(2000, 2000), split_p=0.8, fewest=90, needed=5000)
RUNS = ENDED._replace(is_running=True, days_left=12)


def effect(low, lift, high, /, **fields):
    """An arm beside a control of 5 %, with a lift and its interval."""
    difference = {"difference": 0.05 * lift, "low": 0.05 * low, "high": 0.05 * high}
    usual = {
        "metric": "converted", "arm": "b", "control": "control", "n": 2000, "n_control": 2000,
        "value": 0.05 * (1 + lift), "value_control": 0.05, **difference, "lift": lift,
        "lift_low": low, "lift_high": high, "std_error": 0.01, "statistic": 1.0, "df": math.inf,
        "p_value": 0.3, "p_adjusted": 0.3, "method": "score", "unit": "share",
    }  # fmt: skip
    return Effect(**{**usual, **fields})


BETTER, WORSE = effect(0.1, 0.4, 0.8), effect(-0.6, -0.4, -0.1)
OPEN, SMALL = effect(-0.1, 0.15, 0.45), effect(-0.15, 0.02, 0.18)
REAL_AND_SMALL = effect(0.01, 0.08, 0.15)


@pytest.mark.parametrize(
    ("seen", "facts", "word", "why"),
    [
        (BETTER, ENDED, "ship", "better"),
        (BETTER, RUNS, "ship", "better"),
        (WORSE, ENDED, "stop", "worse"),
        (WORSE, RUNS, "stop", "worse"),
        (SMALL, ENDED, "stop", "no difference worth having"),
        (REAL_AND_SMALL, ENDED, "stop", "no difference worth having"),
        (SMALL, RUNS, "stop", "no difference worth having"),
        (OPEN, ENDED, "cannot say", "open"),
        (OPEN, RUNS, "keep running", "open"),
        (OPEN, RUNS._replace(days=56), "stop", "too long"),
        (OPEN, RUNS._replace(needed=2000), "stop", "too long"),
        (BETTER, ENDED._replace(split_p=0.0009), "cannot say", "broken split"),
        (BETTER, RUNS._replace(split_p=1e-9, days=2), "cannot say", "broken split"),
        (BETTER, ENDED._replace(days=6), "cannot say", "no full week"),
        (BETTER, RUNS._replace(days=6), "keep running", "no full week"),
        (BETTER, ENDED._replace(fewest=9), "cannot say", "few conversions"),
        (BETTER, RUNS._replace(fewest=9), "keep running", "few conversions"),
        (BETTER, ENDED._replace(fewest=None), "ship", "better"),
        (None, ENDED, "cannot say", "open"),
        (None, RUNS, "keep running", "open"),
    ],
)
def test_the_first_rule_that_holds_decides(seen, facts, word, why):
    assert verdict(seen, facts, RULES)[:2] == (word, why)


def test_where_less_is_better_a_fall_is_shipped():
    facts = ENDED._replace(higher_is_better=False)
    assert verdict(WORSE, facts).word == "ship"
    assert verdict(BETTER, facts).word == "stop"


def test_a_running_test_may_have_to_wait_for_its_end():
    found = verdict(BETTER, RUNS, Criteria(running="wait"))
    assert found == ("keep running", "waits for its end", "It is judged when it ends, not before.")


def test_a_lift_of_no_end_leaves_a_test_open():
    seen = effect(-math.inf, 3.0, math.inf, low=-0.01, high=0.2)
    found = verdict(seen, ENDED._replace(needed=NAN))
    assert found.reason == "It ended open: 95 % interval any to any."


def test_a_control_at_zero_has_no_lift_and_is_judged_by_the_difference():
    seen = effect(NAN, NAN, NAN, low=0.01, high=0.03, value=0.02, value_control=0.0)
    found = verdict(seen, ENDED._replace(fewest=None))
    assert found.word == "ship"
    assert "interval of the difference 1.0 % to 3.0 %" in found.reason


@pytest.mark.parametrize(
    ("seen", "facts", "reason"),
    [
        (
            BETTER,
            ENDED,
            ("b has 7.0 % where control has 5.0 %: 40 % more (95 % interval 10 % more to 80 % "
            "more), beyond chance."),
        ),
        (
            WORSE,
            ENDED._replace(confidence=0.975),
            ("b has 3.0 % where control has 5.0 %: 40 % less (98 % interval 60 % less to 10 % "
            "less), worse beyond chance."),
        ),
        (
            SMALL,
            ENDED,
            ("No difference worth having: 95 % interval 15 % less to 18 % more, all less than the "
            "20 % that would be."),
        ),
        (
            OPEN,
            ENDED,
            ("It ended open: 95 % interval 10 % less to 45 % more. +20 % takes 5,000 people per "
            "arm; it had 2,000."),
        ),
        (
            OPEN,
            ENDED._replace(needed=1900),
            ("It ended open: 95 % interval 10 % less to 45 % more. It had the people to find "
            "+20 %, and did not."),
        ),
        (
            OPEN,
            RUNS,
            ("Open after 28 days: always-valid interval 10 % less to 45 % more. At this pace it "
            "has the 5,000 people per arm in 12 days."),
        ),
        (
            OPEN,
            RUNS._replace(days_left=100),
            ("Open after 28 days: always-valid interval 10 % less to 45 % more. At this pace the "
            "5,000 people per arm that +20 % takes need 19 weeks; only a larger difference can "
            "show in 8."),
        ),
        (
            OPEN,
            RUNS._replace(days=60),
            ("It has run 8 weeks and shows nothing for certain: always-valid interval 10 % less to "
            "45 % more."),
        ),
        (
            OPEN,
            ENDED._replace(people=(5012, 4437), split_p=3.3e-9),
            ("The split is broken: chance does not part people into 5,012 and 4,437 (p < 0.001); "
            "nobody knows who is missing, so nobody knows who won."),
        ),
        (
            OPEN,
            ENDED._replace(days=3),
            ("It ended after 3 days; before 7 nothing is judged, for other weekdays bring other "
            "people."),
        ),
        (
            OPEN,
            RUNS._replace(days=3),
            "It has run 3 days of the 7 before which nothing is judged.",
        ),
        (
            OPEN,
            ENDED._replace(fewest=4),
            ("An arm has only 4 conversions, or people who did not convert; 10 are the least that "
            "can be judged."),
        ),
    ],
)  # fmt: skip
def test_the_reason_is_a_sentence_with_its_numbers(seen, facts, reason):
    assert verdict(seen, facts).reason == reason


def test_every_mistake_in_the_criteria_is_told_at_once():
    with pytest.raises(ParameterError) as error:
        Criteria(
            alpha=5, power=1, minimum_lift=0, min_days=3, max_weeks=0, min_conversions=0,
            tuned_at=0, split_alpha=-1, running="always",
        )  # fmt: skip
    assert str(error.value).split("\n") == [
        "alpha must lie between 0 and 1, such as 0.05 for 5 %, not 5.",
        "split_alpha must lie between 0 and 1, such as 0.05 for 5 %, not -1.",
        "power must lie between 0 and 1, such as 0.05 for 5 %, not 1.",
        "minimum_lift must be above 0, such as 0.2 for +20 %, not 0.",
        "min_days must be at least 7, a full week, not 3.",
        "max_weeks must be at least 1, not 0.",
        "min_conversions must be at least 1, not 0.",
        "tuned_at must be at least 1, not 0.",
        "unknown running 'always'; did you mean 'always_valid'? Allowed: always_valid, wait",
    ]


lifts = st.floats(-0.9, 3.0).map(lambda x: round(x, 3))


@given(ends=st.tuples(lifts, lifts).map(sorted), days=st.integers(0, 90), runs=st.booleans())
def test_nothing_is_shipped_or_stopped_for_an_interval_with_zero_and_more_in_it(ends, days, runs):
    """Whatever the case: a verdict is one of four, and only the interval can prove anything."""
    low, high = ends
    facts = ENDED._replace(days=days, is_running=runs, needed=math.inf)
    found = verdict(effect(low, (low + high) / 2, high), facts)
    assert found.word in VERDICTS
    if found.word == "ship":
        assert low > 0
        assert high >= RULES.minimum_lift
    if low <= 0 <= high and max(-low, high) >= RULES.minimum_lift and days < 56:
        assert found.word in {"cannot say", "keep running"}
    if days < 7:
        assert found.word in {"cannot say", "keep running"}
