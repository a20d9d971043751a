"""One rule set for every test: ship, keep running, stop, or cannot say, and why in one sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from playbook.abtest.decide import reasons
from playbook.abtest.decide.criteria import WEEK, Criteria
from playbook.format import trimmed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playbook.abtest.after.noninferior import NonInferiority
    from playbook.abtest.effect import Effect

Word = Literal["ship", "keep running", "stop", "cannot say"]
Why = Literal[
    "broken split", "no full week", "few conversions", "not readable", "not begun",
    "waits for its end", "better", "worse", "no difference worth having", "open", "ended early",
    "ended late", "too long", "guardrail broken", "guardrail open",
]  # fmt: skip
VERDICTS = get_args(Word)


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
        fewest: Conversions, or non-conversions, of the arm with the fewest; None for a mean.
        needed: People that `minimum_lift` takes in each arm, in the smallest where they are
            unequal; nan where that cannot be said.
        planned_days: Full days after which it is to be read; nan where that cannot be said.
        is_planned: Whether these are on record; else they are the full weeks in which it has the
            people needed, at its own pace.
        confidence: Of the ordinary interval.
        higher_is_better: Whether more is better.
    """

    days: int
    is_running: bool
    people: Sequence[int]
    split_p: float
    fewest: int | None = None
    needed: float = float("nan")
    planned_days: float = float("nan")
    is_planned: bool = False
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
    4. Fewer conversions in an arm than `min_conversions`: the same.
    5. The interval lies on the better side of zero: ship, if every guardrail is proven to hold;
       else keep running while it may, then cannot say. On the worse side: stop.
    6. It includes zero and lies inside ± `minimum_lift`: stop, for no difference worth having is
       left.
    7. Open. Ended, or its planned end has come: cannot say. Running: keep running, until
       `max_weeks` are over; then stop.

    Which interval: on the day of its planned end a test is read by the ordinary one, for that day
    was not chosen by what the test shows. On every other day somebody chose to look, or to end it,
    and may have chosen a good moment: a running test is read by the always-valid one; of one that
    has ended the ordinary one is shown, but to ship the always-valid one must leave zero out too.
    The planned end is the one on record, else the end of the full week in which the test has the
    people needed, at its own pace.

    So looking every day, and ending a test early or late because it looks good, makes no more
    false winners than `alpha` allows.

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
    ...     35, is_running=False, people=(2140, 2163), split_p=0.73, needed=2100, planned_days=35)
    >>> print(verdict(once, always, facts))
    ship: b has 7.0 % where control has 4.5 %: 57 % more (95 % interval 22 % more to 101 % more), \
beyond chance.
    >>> print(verdict(once, always, facts._replace(needed=9100, planned_days=154)))
    cannot say: Seen once it would be 57 % more (95 % interval 22 % more to 101 % more); but it \
ended before it had its 9,100 people per arm, and tests that are ended at a good moment look so by \
chance: the always-valid interval goes from 6 % less to 101 % more.
    >>> print(verdict(once, always, facts._replace(people=(2140, 2600), split_p=2e-11)))
    cannot say: The split is broken: chance does not part people into 2,140 and 2,600 (p < 0.001); \
nobody knows who is missing, so nobody knows who won.
    """
    rules = criteria or Criteria()
    if facts.split_p < rules.split_alpha:
        return Verdict("cannot say", "broken split", reasons.broken(facts, rules))
    read_once = facts.is_due and facts.days >= rules.min_days
    sure = once if read_once else always
    if sure is not None and _side(sure, facts) < 0:
        name = trimmed(facts.confidence) if read_once else reasons.ALWAYS
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
    if facts.fewest is not None and facts.fewest < rules.min_conversions:
        return Verdict(word, "few conversions", reasons.few(facts.fewest, rules))
    if facts.is_running and rules.running == "wait" and not facts.is_due:
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
        why: Why = "ended late" if facts.is_over else "ended early"
        return Verdict("cannot say", why, reasons.ended_by_choice(shown, sure, facts))
    return _undecided(shown, facts, rules)


def _proven(
    shown: Effect, facts: Facts, rules: Criteria, rails: Sequence[NonInferiority]
) -> Verdict:
    """The verdict on a variant that is better beyond chance."""
    if unproven := [rail for rail in rails if rail.status != "held"]:
        waits = facts.is_running and not facts.is_over and facts.days < WEEK * rules.max_weeks
        reason = reasons.unproven(shown, unproven, facts)
        return Verdict("keep running" if waits else "cannot say", "guardrail open", reason)
    return Verdict("ship", "better", reasons.better(shown, facts, rules))


def _undecided(shown: Effect, facts: Facts, rules: Criteria) -> Verdict:
    """Where the interval includes zero."""
    lift = rules.minimum_lift
    if -lift < shown.lift_low and shown.lift_high < lift:
        reason = reasons.too_small(shown, facts, rules)
        return Verdict("stop", "no difference worth having", reason)
    if facts.is_over or not facts.is_running:
        return Verdict("cannot say", "open", reasons.at_its_end(shown, facts, rules))
    if facts.days >= WEEK * rules.max_weeks:
        return Verdict("stop", "too long", reasons.too_long(shown, facts))
    return Verdict("keep running", "open", reasons.still_open(shown, facts, rules))
