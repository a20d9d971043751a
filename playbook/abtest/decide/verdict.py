"""One rule set for every test: ship, keep running, stop, or cannot say, and why in one sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from playbook import format as fmt
from playbook.errors import ParameterError, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from playbook.abtest.effect import Effect

Word = Literal["ship", "keep running", "stop", "cannot say"]
Why = Literal[
    "broken split", "no full week", "few conversions", "not readable", "waits for its end",
    "better", "worse", "no difference worth having", "open", "too long",
]  # fmt: skip
Running = Literal["always_valid", "wait"]
VERDICTS = get_args(Word)
WEEK = 7


@dataclass(frozen=True, slots=True)
class Criteria:
    """When a test may be judged, and what it must show.

    Attributes:
        alpha: How often a test may call a difference where there is none, both sides together;
            shared out among the variants of a test.
        power: How often a difference of `minimum_lift` shall be found.
        minimum_lift: The smallest relative change worth having; 0.2 is one fifth.
        min_days: No verdict before; at least a full week.
        max_weeks: After so many weeks a test that shows nothing is stopped.
        min_conversions: No verdict while an arm has fewer conversions, or non-conversions.
        split_alpha: A split so unlikely by chance is broken.
        tuned_at: People in the control and one variant together at which the always-valid interval
            is narrowest; fixed before a test begins.
        running: `always_valid` judges a running test by the interval that stays right under every
            look, `wait` not before its end.

    Raises:
        ParameterError: Everything that is wrong with the criteria, at once.
    """

    alpha: float = 0.05
    power: float = 0.8
    minimum_lift: float = 0.2
    min_days: int = 7
    max_weeks: int = 8
    min_conversions: int = 10
    split_alpha: float = 0.001
    tuned_at: int = 10_000
    running: Running = "always_valid"

    def __post_init__(self) -> None:
        """Refuse criteria that judge nothing."""
        if wrong := list(self._mistakes()):
            raise ParameterError("\n".join(wrong))

    def _mistakes(self) -> Iterator[str]:
        for name in ("alpha", "split_alpha", "power"):
            given = getattr(self, name)
            if not 0 < given < 1:
                yield f"{name} must lie between 0 and 1, such as 0.05 for 5 %, not {given:g}."
        if not self.minimum_lift > 0:
            yield f"minimum_lift must be above 0, such as 0.2 for +20 %, not {self.minimum_lift:g}."
        if self.min_days < WEEK:
            yield f"min_days must be at least {WEEK}, a full week, not {self.min_days}."
        for name in ("max_weeks", "min_conversions", "tuned_at"):
            if getattr(self, name) < 1:
                yield f"{name} must be at least 1, not {getattr(self, name)}."
        if self.running not in get_args(Running):
            yield unknown("running", str(self.running), get_args(Running))


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
        needed: People per arm that `minimum_lift` takes; nan where that cannot be said.
        days_left: Until it has them at the present pace; nan where that cannot be said.
        confidence: Of the effect's interval.
        higher_is_better: Whether more is better.
    """

    days: int
    is_running: bool
    people: Sequence[int]
    split_p: float
    fewest: int | None = None
    needed: float = float("nan")
    days_left: float = float("nan")
    confidence: float = 0.95
    higher_is_better: bool = True


def verdict(effect: Effect | None, facts: Facts, criteria: Criteria | None = None) -> Verdict:
    """Ship, keep running, stop, or cannot say.

    In this order, and the first that holds decides:

    1. A broken split: cannot say, whatever the figures show.
    2. Fewer days than `min_days`: keep running; cannot say where it has ended.
    3. Fewer conversions in an arm than `min_conversions`: the same.
    4. The interval lies inside ± `minimum_lift`: stop, for no difference worth having is left.
    5. The interval lies on the better side of zero: ship. On the worse side: stop.
    6. Open, and ended: cannot say. Open, and running: keep running, until it has the people that
       were needed or `max_weeks` are over; then stop.

    The effect of a running test must be that of `always_valid`: an ordinary interval looked at
    again and again calls a winner where there is none in far more than `alpha` of the tests.

    Args:
        effect: The variant against the control; always-valid while the test runs. None where no
            unit differs from another, so that there is nothing to compare.
        facts: How long, how many, how split.
        criteria: The rules; by default ours.

    >>> from types import SimpleNamespace
    >>> short_form = SimpleNamespace(
    ...     arm="b", control="control", value=0.0703, value_control=0.0449, low=0.0115, high=0.0393,
    ...     lift=0.566, lift_low=0.22, lift_high=1.01, unit="share")
    >>> facts = Facts(days=35, is_running=False, people=(2140, 2163), split_p=0.73, fewest=96)
    >>> print(verdict(short_form, facts))
    ship: b has 7.0 % where control has 4.5 %: 57 % more (95 % interval 22 % more to 101 % more), \
beyond chance.
    >>> print(verdict(short_form, facts._replace(people=(2140, 2600), split_p=2e-11)))
    cannot say: The split is broken: chance does not part people into 2,140 and 2,600 (p < 0.001); \
nobody knows who is missing, so nobody knows who won.
    """
    rules = criteria or Criteria()
    if early := _too_early(facts, rules):
        return early
    if effect is None:
        word: Word = "keep running" if facts.is_running else "cannot say"
        return Verdict(word, "open", "Nobody did anything different in any arm.")
    return _by_interval(effect, facts, rules)


def not_readable(message: str) -> Verdict:
    """The verdict on a test whose record makes no sense."""
    return Verdict("cannot say", "not readable", f"The record cannot be read: {message}")


def _too_early(facts: Facts, rules: Criteria) -> Verdict | None:
    """The verdict where the interval may not be looked at; None where it may."""
    if facts.split_p < rules.split_alpha:
        return Verdict("cannot say", "broken split", _broken(facts, rules))
    word: Word = "keep running" if facts.is_running else "cannot say"
    if facts.days < rules.min_days:
        return Verdict(word, "no full week", _no_week(facts, rules))
    if facts.fewest is not None and facts.fewest < rules.min_conversions:
        reason = (
            f"An arm has only {fmt.number(facts.fewest)} conversions, or people who did not "
            f"convert; {rules.min_conversions} are the least that can be judged."
        )
        return Verdict(word, "few conversions", reason)
    if facts.is_running and rules.running == "wait":
        return Verdict(word, "waits for its end", "It is judged when it ends, not before.")
    return None


def _broken(facts: Facts, rules: Criteria) -> str:
    people = " and ".join(fmt.number(n) for n in facts.people)
    return (
        f"The split is broken: chance does not part people into {people} "
        f"(p {_p(facts.split_p, rules.split_alpha)}); nobody knows who is missing, so nobody knows "
        "who won."
    )


def _no_week(facts: Facts, rules: Criteria) -> str:
    days = fmt.days(facts.days)
    if facts.is_running:
        return f"It has run {days} of the {rules.min_days} before which nothing is judged."
    return (
        f"It ended after {days}; before {rules.min_days} nothing is judged, for other weekdays "
        "bring other people."
    )


def _by_interval(effect: Effect, facts: Facts, rules: Criteria) -> Verdict:
    low, high = effect.lift_low, effect.lift_high
    if -rules.minimum_lift < low and high < rules.minimum_lift:
        return Verdict("stop", "no difference worth having", _too_small(effect, facts, rules))
    better, worse = effect.low > 0, effect.high < 0
    if not facts.higher_is_better:
        better, worse = worse, better
    if better or worse:
        reason = f"{_values(effect)}: {_change(effect.lift)} ({_span(effect, facts)}), "
        if better:
            return Verdict("ship", "better", f"{reason}beyond chance.")
        return Verdict("stop", "worse", f"{reason}worse beyond chance.")
    if not facts.is_running:
        return Verdict("cannot say", "open", f"It ended open: {_open(effect, facts, rules)}")
    return _still_open(effect, facts, rules)


def _still_open(effect: Effect, facts: Facts, rules: Criteria) -> Verdict:
    """A running test that shows nothing yet: go on, unless going on is of no use."""
    found = _span(effect, facts)
    fewest = min(facts.people)
    if fewest >= facts.needed:
        reason = (
            f"It has the {fmt.number(facts.needed)} people per arm that "
            f"{_lift(rules.minimum_lift)} takes, and shows nothing for certain: {found}."
        )
        return Verdict("stop", "too long", reason)
    if facts.days >= WEEK * rules.max_weeks:
        reason = f"It has run {facts.days // WEEK} weeks and shows nothing for certain: {found}."
        return Verdict("stop", "too long", reason)
    left = "" if fmt.is_missing(facts.days_left) else f" {_left(facts, rules)}"
    return Verdict("keep running", "open", f"Open after {fmt.days(facts.days)}: {found}.{left}")


def _left(facts: Facts, rules: Criteria) -> str:
    days = facts.days_left
    weeks = -(-(facts.days + days) // WEEK)
    needed = f"{fmt.number(facts.needed)} people per arm"
    if weeks <= rules.max_weeks:
        return f"At this pace it has the {needed} in {fmt.days(-(-days // 1))}."
    return (
        f"At this pace the {needed} that {_lift(rules.minimum_lift)} takes need "
        f"{fmt.number(weeks)} weeks; only a larger difference can show in {rules.max_weeks}."
    )


def _open(effect: Effect, facts: Facts, rules: Criteria) -> str:
    fewest = min(facts.people)
    told = f"{_span(effect, facts)}."
    if fmt.is_missing(facts.needed):
        return told
    if fewest >= facts.needed:
        return f"{told} It had the people to find {_lift(rules.minimum_lift)}, and did not."
    return (
        f"{told} {_lift(rules.minimum_lift)} takes {fmt.number(facts.needed)} people per arm; it "
        f"had {fmt.number(fewest)}."
    )


def _too_small(effect: Effect, facts: Facts, rules: Criteria) -> str:
    return (
        f"No difference worth having: {_span(effect, facts)}, all less than the "
        f"{fmt.percent(rules.minimum_lift, 0)} that would be."
    )


def _values(effect: Effect) -> str:
    values = [_value(effect, value) for value in (effect.value, effect.value_control)]
    return f"{effect.arm} has {values[0]} where {effect.control} has {values[1]}"


def _value(effect: Effect, value: float) -> str:
    return fmt.percent(value) if effect.unit == "share" else fmt.number(value)


def _span(effect: Effect, facts: Facts) -> str:
    """From where to where the truth may lie, in words."""
    kind = "always-valid" if facts.is_running else fmt.percent(facts.confidence, 0)
    if fmt.is_missing(effect.lift):
        ends = [_value(effect, end) for end in (effect.low, effect.high)]
        return f"{kind} interval of the difference {ends[0]} to {ends[1]}"
    ends = [_change(end) for end in (effect.lift_low, effect.lift_high)]
    return f"{kind} interval {ends[0]} to {ends[1]}"


def _change(lift: float) -> str:
    """A relative change: "57 % more", "12 % less"; without an end, "any"."""
    if fmt.is_missing(lift):
        return "any"
    size = fmt.percent(abs(lift), 0)
    return size if lift == 0 else f"{size} {'more' if lift > 0 else 'less'}"


def _lift(lift: float) -> str:
    return f"+{fmt.percent(lift, 0)}"


def _p(value: float, line: float) -> str:
    return f"< {line:g}" if value < line else f"= {value:.2g}"
