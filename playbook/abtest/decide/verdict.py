"""One rule set for every test: ship, keep running, stop, or cannot say, and why in one sentence."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

from playbook.abtest.decide import reasons
from playbook.abtest.decide.criteria import WEEK, Criteria
from playbook.abtest.during.always import LEAST, UNEVEN
from playbook.format import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playbook.abtest.after.noninferior import NonInferiority
    from playbook.abtest.effect import Effect

Word = Literal["ship", "keep running", "stop", "cannot say"]
Why = Literal[
    "broken split", "no full week", "few conversions", "not readable", "not begun",
    "waits for its end", "better", "worse", "no difference worth having", "open", "ended early",
    "ended late", "no planned end", "too long", "few units", "uneven arms", "guardrail broken",
    "guardrail open",
]  # fmt: skip
VERDICTS = get_args(Word)
Counted = Literal["conversions", "non-conversions", "units"]


class Verdict(NamedTuple):
    """What to do about one variant of a test.

    Attributes:
        word: One of `VERDICTS`.
        why: What decided it.
        reason: The same in one sentence, with its numbers.
    """

    word: Word
    why: Why
    reason: str

    def _repr_pretty_(self, *args: Any) -> None:
        shown(self, *args)

    def __str__(self) -> str:
        """The verdict and its reason."""
        return f"{self.word}: {self.reason}"


class Facts(NamedTuple):
    """What a verdict rests on, beside the effect.

    Attributes:
        days: Full days that the test has run.
        is_running: Whether it still runs.
        people: People in each arm, the control first.
        split_p: How likely chance makes such a split, or a worse one.
        fewest: Of a share the conversions, or non-conversions, of the arm with the fewest; of a
            mean or a ratio the units of the smallest arm, 0 where those of an arm are all the same.
        counted: What `fewest` counts.
        lift: What it was planned to find.
        needed: People that this takes in each arm, in the smallest where they are unequal; nan
            where that cannot be said.
        planned_days: Full days after which it was planned to be read; nan where no planned end is
            on record.
        days_left: Until it has the people needed and its week is full, at its own pace; nan where
            that cannot be said.
        confidence: Of the ordinary interval.
        higher_is_better: Whether more is better.
    """

    days: int
    is_running: bool
    people: Sequence[int]
    split_p: float
    fewest: int
    counted: Counted = "conversions"
    lift: float = 0.2
    needed: float = float("nan")
    planned_days: float = float("nan")
    days_left: float = float("nan")
    confidence: float = 0.95
    higher_is_better: bool = True

    @property
    def has_people(self) -> bool:
        """Whether it has the people needed."""
        return min(self.people) >= self.needed

    @property
    def is_due(self) -> bool:
        """Whether this is its planned end, the one day on which it is read once."""
        return self.days == self.planned_days

    @property
    def is_over(self) -> bool:
        """Whether its planned end has come."""
        return self.days >= self.planned_days

    def may_go_on(self, rules: Criteria) -> bool:
        """Whether it runs, and may: until its planned end, else for `max_weeks`."""
        last = WEEK * rules.max_weeks if isnan(self.planned_days) else self.planned_days
        return self.is_running and self.days < last


def verdict(
    once: Effect | None,
    always: Effect | None,
    facts: Facts,
    criteria: Criteria | None = None,
    rails: Sequence[NonInferiority] = (),
) -> Verdict:
    """Ship, keep running, stop, or cannot say.

    In this order, and the first that holds decides:

    1. A broken split: cannot say, whatever the figures show.
    2. Surely worse, or a guardrail surely broken: stop, at any time. Nobody has to wait for a week
       that costs customers.
    3. Fewer days than `min_days`: keep running; cannot say where it has ended.
    4. Fewer conversions in an arm than `min_conversions`, or for a mean or ratio fewer than `LEAST`
       units, or arms more than `UNEVEN` times apart in size, whose few great values would decide:
       the same.
    5. The interval lies on the better side of zero: ship, if every guardrail is proven to hold;
       else keep running while it may, then cannot say. On the worse side: stop.
    6. It includes zero and lies inside ± `minimum_lift`: stop, for no difference worth having is
       left.
    7. Open. Ended, or its planned end has come: cannot say. Running: keep running; where no planned
       end is on record until `max_weeks` are over, then stop.

    Which interval: on the day of the planned end that is on record a test is read by the ordinary
    one, for that day was not chosen by what the test shows. On every other day somebody chose to
    look, or to end it, and may have chosen a good moment: a running test is read by the
    always-valid one; of one that has ended the ordinary one is shown, but to ship, or to say that
    no difference worth having is left, the always-valid one must say so too.

    So a test that is looked at every day, and ended whenever it looks good, ships a false winner
    less often than `alpha`: by simulation in 2.9 % of tests at 5 %, where one reading alone has
    2.5 %. That holds for the figures of one day and rules that were fixed before: nobody can see
    in a table that its counts are of another day, or that variants were left out of it.

    Args:
        once: The variant against the control, as `compare` reads it. None where no unit differs
            from another, so that there is nothing to compare.
        always: The same, as `always_valid` reads it.
        facts: How long, how many, how split.
        criteria: The rules; by default ours.
        rails: Its guardrails, read as the day allows: once, or always valid.

    >>> from types import SimpleNamespace
    >>> once = SimpleNamespace(
    ...     arm="b", control="control", value=0.0703, value_control=0.0449, low=0.0115, high=0.0393,
    ...     lift=0.566, lift_low=0.22, lift_high=1.01, unit="share")
    >>> always = SimpleNamespace(**{**vars(once), "low": -0.003, "lift_low": -0.06})
    >>> facts = Facts(
    ...     35, is_running=False, people=(2140, 2163), split_p=0.73, fewest=96, planned_days=35)
    >>> print(verdict(once, always, facts))
    ship: b has 7.0 % where control has 4.5 %: 57 % more (95 % interval 22 % more to 101 % more), \
beyond chance.
    >>> print(verdict(once, always, facts._replace(planned_days=56)))
    cannot say: Seen once it would be 57 % more (95 % interval 22 % more to 101 % more); but it \
ended 21 days before its planned end, and tests that are ended at a good moment look so by chance: \
the always-valid interval 6 % less to 101 % more leaves it open.
    >>> print(verdict(once, always, facts._replace(people=(2140, 2600), split_p=2e-11)))
    cannot say: The split is broken: chance does not part people into 2,140 and 2,600 (p < 0.001); \
nobody knows who is missing, so nobody knows who won.
    """
    rules = criteria or Criteria()
    if facts.split_p < rules.split_alpha:
        return Verdict("cannot say", "broken split", reasons.broken(facts, rules))
    sure = once if facts.is_due else always
    if sure is not None and _side(sure, facts) < 0:
        name = reasons.ordinary(facts) if facts.is_due else reasons.ALWAYS
        return Verdict("stop", "worse", reasons.worse(sure, name))
    if lost := [rail for rail in rails if rail.status == "broken"]:
        return Verdict("stop", "guardrail broken", reasons.lost(lost))
    if early := _too_early(facts, rules):
        return early
    if once is None or sure is None:
        word: Word = "keep running" if facts.is_running else "cannot say"
        return Verdict(word, "open", "Nobody did anything different in any arm.")
    shown = sure if facts.is_running else once
    return _by_interval(shown, sure, facts, rules) or _proven(shown, facts, rules, rails)


def not_readable(message: str) -> Verdict:
    """The verdict on a test whose record makes no sense."""
    return Verdict("cannot say", "not readable", f"The record cannot be read: {message}")


def not_begun(first: str) -> Verdict:
    """The verdict on a test whose first day is still to come."""
    return Verdict("cannot say", "not begun", f"It has not begun: its first day is {first}.")


def _side(effect: Effect, facts: Facts) -> int:
    """1 where the whole interval is better than zero, -1 where it is worse, else 0."""
    side = int(effect.low > 0) - int(effect.high < 0)
    return side if facts.higher_is_better else -side


def _too_early(facts: Facts, rules: Criteria) -> Verdict | None:
    """The verdict where the interval may not be looked at; None where it may."""
    word: Word = "keep running" if facts.is_running else "cannot say"
    if facts.days < rules.min_days:
        return Verdict(word, "no full week", reasons.no_week(facts, rules))
    if facts.counted != "units" and facts.fewest < rules.min_conversions:
        return Verdict(word, "few conversions", reasons.few(facts, rules.min_conversions))
    if facts.counted == "units" and facts.fewest < LEAST:
        return Verdict(word, "few units", reasons.few(facts, LEAST))
    if facts.counted == "units" and max(facts.people) > UNEVEN * min(facts.people):
        return Verdict(word, "uneven arms", reasons.uneven(facts, UNEVEN))
    if rules.running == "wait" and facts.may_go_on(rules):
        return Verdict(word, "waits for its end", "It is judged when it ends, not before.")
    return None


def _by_interval(shown: Effect, sure: Effect, facts: Facts, rules: Criteria) -> Verdict | None:
    """By the interval that is shown, and the one that holds whoever ended the test, and when.

    None where both lie on the better side of zero.
    """
    if _side(shown, facts) < 0:
        return Verdict("stop", "worse", reasons.worse_once(shown, facts))
    if _side(sure, facts) > 0:
        return None
    if _side(shown, facts) > 0:
        return Verdict("cannot say", _off(facts), reasons.ended_by_choice(shown, sure, facts))
    return _undecided(shown, sure, facts, rules)


def _off(facts: Facts) -> Why:
    """How the end of a test differs from the one planned."""
    if isnan(facts.planned_days):
        return "no planned end"
    return "ended late" if facts.is_over else "ended early"


def _proven(
    shown: Effect, facts: Facts, rules: Criteria, rails: Sequence[NonInferiority]
) -> Verdict:
    """The verdict on a variant that is better beyond chance."""
    if unproven := [rail for rail in rails if rail.status != "held"]:
        word: Word = "keep running" if facts.may_go_on(rules) else "cannot say"
        return Verdict(word, "guardrail open", reasons.unproven(shown, unproven, facts))
    return Verdict("ship", "better", reasons.better(shown, facts, rules))


def _undecided(shown: Effect, sure: Effect, facts: Facts, rules: Criteria) -> Verdict:
    """Where the interval includes zero."""
    lift = rules.minimum_lift
    if all(-lift < one.lift_low and one.lift_high < lift for one in (shown, sure)):
        reason = reasons.too_small(shown, facts, rules)
        return Verdict("stop", "no difference worth having", reason)
    if facts.may_go_on(rules):
        return Verdict("keep running", "open", reasons.still_open(shown, facts, rules))
    if facts.is_running and not facts.is_over:
        return Verdict("stop", "too long", reasons.too_long(shown, facts))
    return Verdict("cannot say", "open", reasons.at_its_end(shown, facts))
