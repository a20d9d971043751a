"""Why a verdict was given, in words that a marketing head understands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook import format as fmt
from playbook.abtest.decide.criteria import WEEK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playbook.abtest.after.noninferior import NonInferiority
    from playbook.abtest.decide.criteria import Criteria
    from playbook.abtest.decide.verdict import Facts
    from playbook.abtest.effect import Effect

ALWAYS = "always-valid"


def kind(facts: Facts) -> str:
    """What the interval that is shown is called: "95 %", or "always-valid"."""
    return ALWAYS if facts.is_running and not facts.is_due else fmt.trimmed(facts.confidence)


def broken(facts: Facts, rules: Criteria) -> str:
    """What the sizes of the arms say against it."""
    people = " and ".join(fmt.number(n) for n in facts.people)
    p = f"< {rules.split_alpha:g}" if facts.split_p < rules.split_alpha else f"{facts.split_p:.2g}"
    return (
        f"The split is broken: chance does not part people into {people} (p {p}); nobody knows who "
        "is missing, so nobody knows who won."
    )


def no_week(facts: Facts, rules: Criteria) -> str:
    """How short it ran."""
    days = fmt.days(facts.days)
    if facts.is_running:
        return f"It has run {days} of the {rules.min_days} before which nothing is judged."
    return (
        f"It ended after {days}; before {rules.min_days} nothing is judged, for other weekdays "
        "bring other people."
    )


def few(fewest: int, rules: Criteria) -> str:
    """How little there is to judge."""
    return (
        f"An arm has only {fmt.number(fewest)} conversions, or people who did not convert; "
        f"{rules.min_conversions} are the least that can be judged."
    )


def better(effect: Effect, facts: Facts, rules: Criteria) -> str:
    """What a winner shows, whether that is worth having, and whether its weeks were full."""
    text = f"{_seen(effect, kind(facts))}, beyond chance"
    ahead = effect.lift_high if facts.higher_is_better else -effect.lift_low
    if ahead < rules.minimum_lift:
        text += f", though less than the {fmt.percent(rules.minimum_lift, 0)} worth having"
    if facts.days % WEEK:
        text += f"; {fmt.days(facts.days)} are no full weeks, so some weekdays count for more"
    return f"{text}."


def worse(effect: Effect, name: str) -> str:
    """What a loser shows; `name` is what its interval is called."""
    return f"{_seen(effect, name)}, worse beyond chance."


def worse_once(effect: Effect, facts: Facts) -> str:
    """What a test shows that looked worse when somebody ended it."""
    return f"{_seen(effect, kind(facts))}: no winner, though it did not end as planned."


def lost(rails: Sequence[NonInferiority]) -> str:
    """Which guardrails broke, and by how much."""
    told = [f"{_rail(one)} (at best {one.said(one.best)})" for one in rails]
    return f"{rails[0].arm} costs more than may be lost: {'; '.join(told)}."


def unproven(effect: Effect, rails: Sequence[NonInferiority], facts: Facts) -> str:
    """What a winner shows, and which guardrails are not proven to hold."""
    told = [f"{_rail(one)} (at worst {one.said(one.bound)})" for one in rails]
    return (
        f"{_seen(effect, kind(facts))}, beyond chance; but that nothing else is lost is not "
        f"proven: {'; '.join(told)}."
    )


def _rail(rail: NonInferiority) -> str:
    return f"{rail.metric} {rail.said(rail.estimate)} where {rail.said(rail.worst)} is the limit"


def ended_by_choice(once: Effect, always: Effect, facts: Facts) -> str:
    """What a test shows that may have been ended because it looked good just then."""
    seen = "" if fmt.is_missing(once.lift) else f"{_change(once.lift)} "
    ends = _ends(always)
    return (
        f"Seen once it would be {seen}({_span(once, kind(facts))}); but {_off_plan(facts)}, and "
        "tests that are ended at a good moment look so by chance: the always-valid interval goes "
        f"from {ends[0]} to {ends[1]}."
    )


def _off_plan(facts: Facts) -> str:
    """How the end of a test differs from the one planned."""
    takes = "its people"
    if not fmt.is_missing(facts.needed):
        takes = f"its {fmt.number(facts.needed)} people per arm"
    days = facts.days - facts.planned_days
    if facts.is_planned:
        return f"it ended {fmt.days(abs(days))} {'after' if days > 0 else 'before'} its planned end"
    if not facts.has_people:
        return f"it ended before it had {takes}"
    if days < 0:
        return f"it ended before the week was full in which it had {takes}"
    weeks = fmt.plural(int(facts.planned_days // WEEK), "full week")
    return f"it had {takes} after {weeks} and ran on for {fmt.days(days)}"


def too_small(effect: Effect, facts: Facts, rules: Criteria) -> str:
    """How little difference is left."""
    return (
        f"No difference worth having: {_span(effect, kind(facts))}, all less than the "
        f"{fmt.percent(rules.minimum_lift, 0)} that would be."
    )


def too_long(effect: Effect, facts: Facts) -> str:
    """How long it ran for nothing."""
    found = _span(effect, kind(facts))
    return f"It has run {facts.days // WEEK} weeks and shows nothing for certain: {found}."


def still_open(effect: Effect, facts: Facts, rules: Criteria) -> str:
    """What a running test leaves open, and when it can be decided."""
    left = "" if fmt.is_missing(facts.planned_days) else f" {_left(facts, rules)}"
    return f"Open after {fmt.days(facts.days)}: {_span(effect, kind(facts))}.{left}"


def at_its_end(effect: Effect, facts: Facts, rules: Criteria) -> str:
    """What a test leaves open that has ended, or whose planned end has come."""
    found = _span(effect, kind(facts))
    if facts.is_running:
        return f"{_due(facts, rules)} and shows nothing for certain: {found}. End it."
    lift, needed = _worth(facts, rules), fmt.number(facts.needed)
    told = f"It ended open: {found}."
    if fmt.is_missing(facts.needed):
        return told
    if facts.has_people:
        return f"{told} It had the people to find {lift}, and did not."
    return f"{told} {lift} takes {needed} people per arm; it had {fmt.number(min(facts.people))}."


def _due(facts: Facts, rules: Criteria) -> str:
    """That the planned end has come, or when it came."""
    if facts.days > facts.planned_days:
        return f"It was due {fmt.days(facts.days - facts.planned_days)} ago"
    if facts.is_planned:
        return "It has come to its planned end"
    return f"It has the {fmt.number(facts.needed)} people per arm that {_worth(facts, rules)} takes"


def _left(facts: Facts, rules: Criteria) -> str:
    days = facts.planned_days - facts.days
    if facts.is_planned:
        return f"Its planned end is in {fmt.days(days)}{_by_then(facts, rules)}."
    weeks = facts.planned_days // WEEK
    needed = f"{fmt.number(facts.needed)} people per arm"
    if weeks <= rules.max_weeks:
        return f"At this pace it has the {needed} in {fmt.days(-(-days // 1))}."
    return (
        f"At this pace the {needed} that {_worth(facts, rules)} takes need "
        f"{fmt.number(weeks)} weeks; only a larger difference can show in {rules.max_weeks}."
    )


def _by_then(facts: Facts, rules: Criteria) -> str:
    """How many people it has at its planned end, where they are too few."""
    people = min(facts.people) / facts.days * facts.planned_days
    if not people < facts.needed:
        return ""
    return (
        f"; at this pace it then has {fmt.number(round(people))} people per arm, where "
        f"{_worth(facts, rules)} takes {fmt.number(facts.needed)}"
    )


def _seen(effect: Effect, name: str) -> str:
    """Both values, the change and its interval."""
    values = [_value(effect, value) for value in (effect.value, effect.value_control)]
    told = f"{effect.arm} has {values[0]} where {effect.control} has {values[1]}"
    return f"{told}: {_change(effect.lift)} ({_span(effect, name)})"


def _value(effect: Effect, value: float) -> str:
    return fmt.percent(value) if effect.unit == "share" else fmt.number(value)


def _span(effect: Effect, name: str) -> str:
    """From where to where the truth may lie, in words."""
    low, high = _ends(effect)
    of = " of the difference" if fmt.is_missing(effect.lift) else ""
    return f"{name} interval{of} {low} to {high}"


def _ends(effect: Effect) -> tuple[str, str]:
    if fmt.is_missing(effect.lift):
        return _value(effect, effect.low), _value(effect, effect.high)
    return _change(effect.lift_low), _change(effect.lift_high)


def _change(lift: float) -> str:
    """A relative change: "57 % more", "12 % less"; without an end, "any"."""
    if fmt.is_missing(lift):
        return "any"
    size = fmt.lift(abs(lift), 0).lstrip("+±")
    return size if lift == 0 else f"{size} {'more' if lift > 0 else 'less'}"


def _worth(facts: Facts, rules: Criteria) -> str:
    """The smallest change worth having: "+20 %", or "−20 %" where less is better."""
    return fmt.lift(rules.minimum_lift if facts.higher_is_better else -rules.minimum_lift, 0)
