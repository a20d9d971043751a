"""The rule set: which verdict in which case, in which order, and what it says in words."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbook.abtest.after.noninferior import NonInferiority
from playbook.abtest.decide import verdict as module
from playbook.abtest.decide.criteria import Criteria
from playbook.abtest.decide.verdict import VERDICTS, Facts
from playbook.abtest.effect import Effect
from playbook.errors import ParameterError

NAN = math.nan
RULES = Criteria()
ENDED = Facts(
    days=28, is_running=False, people=(2000, 2000), split_p=0.8, fewest=90, needed=5000,
    planned_days=70,
)  # fmt: skip
FULL = ENDED._replace(planned_days=28)
LATE = ENDED._replace(planned_days=21)
FREE = ENDED._replace(planned_days=NAN)
RUNS = ENDED._replace(is_running=True, planned_days=40)
FREE_RUNS = FREE._replace(is_running=True, days_left=12)


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


def verdict(seen, facts, rules=None, always=None):
    """With both intervals alike, where nothing else is said."""
    return module.verdict(seen, always or seen, facts, rules)


@pytest.mark.parametrize(
    ("seen", "facts", "word", "why"),
    [
        (WORSE, RUNS._replace(days=1, fewest=0), "stop", "worse"),
        (WORSE, ENDED._replace(days=1, fewest=0), "stop", "worse"),
        (WORSE, RUNS._replace(split_p=1e-9), "cannot say", "broken split"),
        (BETTER, ENDED, "ship", "better"),
        (BETTER, RUNS, "ship", "better"),
        (WORSE, ENDED, "stop", "worse"),
        (WORSE, RUNS, "stop", "worse"),
        (SMALL, ENDED, "stop", "no difference worth having"),
        (REAL_AND_SMALL, ENDED, "ship", "better"),
        (REAL_AND_SMALL, RUNS, "ship", "better"),
        (SMALL, RUNS, "stop", "no difference worth having"),
        (OPEN, ENDED, "cannot say", "open"),
        (OPEN, RUNS, "keep running", "open"),
        (OPEN, FREE_RUNS._replace(days=55), "keep running", "open"),
        (OPEN, FREE_RUNS._replace(days=56), "stop", "too long"),
        (OPEN, RUNS._replace(days=63, planned_days=70), "keep running", "open"),
        (OPEN, FULL._replace(is_running=True), "cannot say", "open"),
        (OPEN, FULL, "cannot say", "open"),
        (OPEN, LATE._replace(is_running=True), "cannot say", "open"),
        (OPEN, LATE._replace(is_running=True, days=60), "cannot say", "open"),
        (BETTER, ENDED._replace(split_p=0.0009), "cannot say", "broken split"),
        (BETTER, RUNS._replace(split_p=1e-9, days=2), "cannot say", "broken split"),
        (BETTER, ENDED._replace(days=6), "cannot say", "no full week"),
        (BETTER, RUNS._replace(days=6), "keep running", "no full week"),
        (BETTER, ENDED._replace(fewest=9), "cannot say", "few conversions"),
        (BETTER, RUNS._replace(fewest=9), "keep running", "few conversions"),
        (
            BETTER,
            ENDED._replace(fewest=9, counted="non-conversions"),
            "cannot say",
            "few conversions",
        ),
        (BETTER, ENDED._replace(fewest=200, counted="units"), "ship", "better"),
        (BETTER, ENDED._replace(fewest=199, counted="units"), "cannot say", "few units"),
        (BETTER, RUNS._replace(fewest=0, counted="units"), "keep running", "few units"),
        (
            BETTER,
            ENDED._replace(fewest=900, counted="units", people=(900, 3601)),
            "cannot say",
            "uneven arms",
        ),
        (BETTER, ENDED._replace(fewest=900, counted="units", people=(900, 3600)), "ship", "better"),
        (BETTER, ENDED._replace(fewest=90, people=(900, 9000)), "ship", "better"),
        (WORSE, RUNS._replace(fewest=3, counted="units"), "stop", "worse"),
        (None, ENDED, "cannot say", "open"),
        (None, RUNS, "keep running", "open"),
    ],
)
def test_the_first_rule_that_holds_decides(seen, facts, word, why):
    assert verdict(seen, facts, RULES)[:2] == (word, why)


@pytest.mark.parametrize(
    ("once", "always", "facts", "word", "why"),
    [
        (BETTER, OPEN, ENDED, "cannot say", "ended early"),
        (BETTER, OPEN, FULL, "ship", "better"),
        (BETTER, OPEN, FULL._replace(is_running=True), "ship", "better"),
        (BETTER, OPEN, RUNS, "keep running", "open"),
        (WORSE, OPEN, ENDED, "stop", "worse"),
        (WORSE, OPEN, ENDED._replace(days=3), "cannot say", "no full week"),
        (WORSE, OPEN, RUNS, "keep running", "open"),
        (WORSE, OPEN, FULL._replace(days=3), "cannot say", "no full week"),
        (WORSE, WORSE, FULL._replace(days=3), "stop", "worse"),
        (BETTER, OPEN, FREE, "cannot say", "no planned end"),
        (BETTER, OPEN, FREE._replace(needed=1900), "cannot say", "no planned end"),
        (BETTER, BETTER, FREE, "ship", "better"),
        (BETTER, OPEN, FREE_RUNS._replace(needed=1900), "keep running", "open"),
        (BETTER, BETTER, FREE_RUNS, "ship", "better"),
        (SMALL, SMALL, FREE, "stop", "no difference worth having"),
        (SMALL, OPEN, FREE, "cannot say", "open"),
        (SMALL, OPEN, FULL, "stop", "no difference worth having"),
        (BETTER, OPEN, LATE, "cannot say", "ended late"),
        (BETTER, BETTER, LATE, "ship", "better"),
        (BETTER, OPEN, LATE._replace(is_running=True), "cannot say", "open"),
        (BETTER, BETTER, LATE._replace(is_running=True), "ship", "better"),
        (BETTER, OPEN, FULL._replace(days=27), "cannot say", "ended early"),
    ],
)
def test_off_its_planned_end_a_test_is_judged_by_what_always_holds(once, always, facts, word, why):
    assert verdict(once, facts, RULES, always)[:2] == (word, why)


def test_where_less_is_better_a_fall_is_shipped():
    facts = ENDED._replace(higher_is_better=False)
    assert verdict(WORSE, facts).word == "ship"
    assert verdict(BETTER, facts).word == "stop"


def test_a_running_test_may_have_to_wait_for_its_end():
    rules = Criteria(running="wait")
    found = verdict(BETTER, RUNS, rules)
    assert found == ("keep running", "waits for its end", "It is judged when it ends, not before.")
    assert verdict(BETTER, FREE_RUNS, rules).why == "waits for its end"
    for facts in (RUNS._replace(days=40), RUNS._replace(days=50), FREE_RUNS._replace(days=56)):
        assert verdict(BETTER, facts, rules).word == "ship"


def test_a_lift_of_no_end_leaves_a_test_open():
    seen = effect(-math.inf, 3.0, math.inf, low=-0.01, high=0.2)
    found = verdict(seen, ENDED._replace(needed=NAN))
    assert found.reason == (
        "It ended without an answer, 42 days before its planned end: 95 % interval of the "
        "difference −1.0 % to 20.0 %."
    )


def test_a_control_at_zero_has_no_lift_and_is_judged_by_the_difference():
    seen = effect(NAN, NAN, NAN, low=0.01, high=0.03, value=0.02, value_control=0.0)
    found = verdict(seen, ENDED._replace(fewest=900, counted="units"))
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
            ("b has 3.0 % where control has 5.0 %: 40 % less (always-valid interval 60 % less to "
            "10 % less), worse beyond chance."),
        ),
        (
            WORSE,
            FULL._replace(confidence=0.975),
            ("b has 3.0 % where control has 5.0 %: 40 % less (97.5 % interval 60 % less to 10 % "
            "less), worse beyond chance."),
        ),
        (
            REAL_AND_SMALL,
            ENDED._replace(days=10),
            ("b has 5.4 % where control has 5.0 %: 8 % more (95 % interval 1 % more to 15 % more), "
            "beyond chance, though less than the 20 % worth having; 10 days are no full weeks, so "
            "some weekdays count for more."),
        ),
        (
            OPEN,
            FULL._replace(is_running=True),
            ("It has come to its planned end and shows nothing for certain: 95 % interval 10 % "
            "less to 45 % more. End it."),
        ),
        (
            OPEN,
            LATE._replace(is_running=True),
            ("It was due 7 days ago and shows nothing for certain: always-valid interval 10 % less "
            "to 45 % more. End it."),
        ),
        (
            OPEN,
            RUNS,
            ("Open after 28 days: always-valid interval 10 % less to 45 % more. Its planned end is "
            "in 12 days; at this pace it then has 2,857 people per arm, where +20 % takes 5,000."),
        ),
        (
            OPEN,
            RUNS._replace(needed=2857),
            ("Open after 28 days: always-valid interval 10 % less to 45 % more. Its planned end is "
            "in 12 days."),
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
            ("It ended without an answer, 42 days before its planned end: 95 % interval 10 % less "
            "to 45 % more. +20 % takes 5,000 people per arm; it had 2,000."),
        ),
        (
            OPEN,
            FULL._replace(needed=1900),
            ("It ended without an answer: 95 % interval 10 % less to 45 % more. It had the people "
            "that +20 % takes, 1,900 per arm."),
        ),
        (
            OPEN,
            FREE_RUNS,
            ("Open after 28 days: always-valid interval 10 % less to 45 % more. At this pace it "
            "has the 5,000 people per arm that +20 % takes, and full weeks, in 12 days."),
        ),
        (
            OPEN,
            FREE_RUNS._replace(needed=1900),
            ("Open after 28 days: always-valid interval 10 % less to 45 % more. It has the 1,900 "
            "people per arm that +20 % takes."),
        ),
        (
            OPEN,
            FREE_RUNS._replace(needed=NAN),
            "Open after 28 days: always-valid interval 10 % less to 45 % more.",
        ),
        (
            OPEN,
            FREE_RUNS._replace(days_left=105),
            ("Open after 28 days: always-valid interval 10 % less to 45 % more. At this pace the "
            "5,000 people per arm that +20 % takes need 19 weeks; only a larger difference can "
            "show in 8."),
        ),
        (
            OPEN,
            FREE_RUNS._replace(days=60),
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
            ENDED._replace(fewest=1),
            "An arm has only 1 conversion; 10 are the least that can be judged.",
        ),
        (
            OPEN,
            ENDED._replace(fewest=4, counted="non-conversions"),
            "Only 4 people of an arm did not convert; 10 are the least that can be judged.",
        ),
        (
            OPEN,
            ENDED._replace(fewest=60, counted="units"),
            ("An arm has only 60 units; 200 are the least that can be judged of a mean or a "
            "ratio."),
        ),
        (
            OPEN,
            ENDED._replace(fewest=0, counted="units"),
            "All units of an arm are the same, so chance cannot be told from a difference.",
        ),
        (
            OPEN,
            ENDED._replace(fewest=1000, counted="units", people=(1000, 9000)),
            ("The arms have 1,000 and 9,000 units: where one is more than 4 times as large, a few "
            "great values decide a mean or a ratio by chance. Draw at random fewer of the large "
            "arm."),
        ),
        (
            OPEN,
            ENDED._replace(people=(8200, 7210, 8210), split_p=1e-9),
            ("The split is broken: chance does not part people into 8,200, 7,210 and 8,210 (p < "
            "0.001); nobody knows who is missing, so nobody knows who won."),
        ),
        (
            effect(0.001, 0.002, 0.4, value=0.0004, value_control=0.00039),
            FULL,
            ("b has 0.040 % where control has 0.039 %: 0.2 % more (95 % interval 0.1 % more to "
            "40 % more), beyond chance."),
        ),
    ],
)  # fmt: skip
def test_the_reason_is_a_sentence_with_its_numbers(seen, facts, reason):
    assert verdict(seen, facts).reason == reason


SEEN = "Seen once it would be 40 % more (95 % interval 10 % more to 80 % more); but "
CHANCE = (
    ", and tests that are ended at a good moment look so by chance: the always-valid interval 10 % "
    "less to 45 % more leaves it open."
)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (FREE, "no planned end, fixed before it began, is on record"),
        (ENDED, "it ended 42 days before its planned end"),
        (ENDED._replace(planned_days=27), "it ended 1 day after its planned end"),
    ],
)
def test_what_was_ended_by_choice_is_told_with_both_intervals(facts, said):
    assert verdict(BETTER, facts, RULES, OPEN).reason == f"{SEEN}{said}{CHANCE}"


def test_what_looked_worse_when_it_was_ended_is_no_winner():
    assert verdict(WORSE, ENDED, RULES, OPEN).reason == (
        "b has 3.0 % where control has 5.0 %: 40 % less (95 % interval 60 % less to 10 % less): no "
        "winner, for it looked worse when it was ended."
    )


def rail(status, **fields):
    """A guardrail on revenue, of which 2 % may be lost."""
    usual = {
        "metric": "revenue", "arm": "b", "control": "control", "n": 2000, "n_control": 2000,
        "value": 9.9, "value_control": 10.0, "estimate": -0.01, "bound": -0.05, "best": 0.03,
        "worst": -0.02, "p_value": 0.3, "alpha": 0.025, "relative": True, "status": status,
        "method": "Welch",
    }  # fmt: skip
    return NonInferiority(**{**usual, **fields})


HELD, UNPROVEN = rail("held", bound=-0.01), rail("open")
BROKEN = rail("broken", estimate=-0.1, best=-0.04)


@pytest.mark.parametrize(
    ("seen", "facts", "rails", "word", "why"),
    [
        (BETTER, FULL, [HELD], "ship", "better"),
        (BETTER, FULL, [HELD, UNPROVEN], "cannot say", "guardrail open"),
        (BETTER, RUNS, [UNPROVEN], "keep running", "guardrail open"),
        (BETTER, FREE_RUNS._replace(days=56), [UNPROVEN], "cannot say", "guardrail open"),
        (BETTER, FREE, [UNPROVEN], "cannot say", "guardrail open"),
        (BETTER, FULL._replace(is_running=True), [UNPROVEN], "cannot say", "guardrail open"),
        (BETTER, FULL, [UNPROVEN, BROKEN], "stop", "guardrail broken"),
        (BETTER, RUNS._replace(days=2), [BROKEN], "stop", "guardrail broken"),
        (BETTER, RUNS._replace(split_p=1e-9), [BROKEN], "cannot say", "broken split"),
        (OPEN, FULL, [UNPROVEN], "cannot say", "open"),
        (WORSE, FULL, [HELD], "stop", "worse"),
    ],
)  # fmt: skip
def test_nothing_is_shipped_before_its_guardrails_are_proven_to_hold(seen, facts, rails, word, why):
    assert module.verdict(seen, seen, facts, RULES, rails)[:2] == (word, why)


def test_the_guardrails_that_decide_are_named_with_their_limits():
    found = module.verdict(BETTER, BETTER, FULL, RULES, [HELD, UNPROVEN])
    assert found.reason == (
        "b has 7.0 % where control has 5.0 %: 40 % more (95 % interval 10 % more to 80 % more), "
        "beyond chance; but a guardrail does not hold for certain: revenue −1.0 % where −2.0 % is "
        "the limit (at worst −5.0 %)."
    )
    found = module.verdict(BETTER, BETTER, FULL, RULES, [UNPROVEN, BROKEN])
    assert found.reason == (
        "b breaks a guardrail: revenue −10.0 % where −2.0 % is the limit (at best −4.0 %)."
    )


def test_every_mistake_in_the_criteria_is_told_at_once():
    with pytest.raises(ParameterError) as error:
        Criteria(
            alpha=5, power=1, minimum_lift=0, min_days=3, max_weeks=0, min_conversions=0,
            tuned_at=0, split_alpha=-1, running="always",
        )  # fmt: skip
    assert str(error.value).split("\n") == [
        "alpha must be above 0 and at most 0.5, such as 0.05 for 5 %, not 5.",
        "power must be 0.5 to 0.99, such as 0.8 for 80 %, not 1.",
        (
            "split_alpha must be above 0 and at most 0.1, such as 0.001 for one split in a "
            "thousand, not -1."
        ),
        "minimum_lift must be above 0 and at most 10, such as 0.2 for +20 %, not 0.",
        "min_days must be at least 7, a full week, not 3.",
        "max_weeks must be at least 1, not 0.",
        "min_conversions must be at least 1, not 0.",
        "tuned_at must be at least 100, not 0.",
        "unknown running 'always'; did you mean 'always_valid'? Allowed: always_valid, wait",
    ]


lifts = st.floats(-0.9, 3.0).map(lambda x: round(x, 3))
ends = st.tuples(lifts, lifts, lifts, lifts).map(sorted)


@given(ends=ends, days=st.integers(0, 90), planned=st.sampled_from([7, 28, 70, NAN]))
def test_nothing_is_shipped_unproven_nor_turned_by_its_end(ends, days, planned):
    """The ordinary interval lies inside the always-valid one, as it does wherever both are."""
    widest, low, high, farthest = ends
    middle = (low + high) / 2
    once, always = effect(low, middle, high), effect(widest, middle, farthest)
    facts = ENDED._replace(days=days, planned_days=planned)
    sure = low if facts.is_due else widest
    found = [
        verdict(once, facts._replace(is_running=runs), RULES, always).word for runs in (False, True)
    ]
    assert set(found) <= set(VERDICTS)
    assert set(found) != {"ship", "stop"}
    assert "ship" not in found or (sure > 0 and days >= 7)
    if (high if facts.is_due else farthest) < 0:
        assert found == ["stop", "stop"]
    elif days < 7:
        assert found == ["cannot say", "keep running"]
