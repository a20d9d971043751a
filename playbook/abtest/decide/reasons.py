"""Why a verdict was given, in words that a marketing head understands."""

from __future__ import annotations

from math import floor, isfinite, isnan, log10
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


def ordinary(facts: Facts) -> str:
    """What the ordinary interval is called: "95 %", "98.3 %"."""
    return fmt.trimmed(facts.confidence, 1)


def kind(facts: Facts) -> str:
    """What the interval that is shown is called: "95 %", or "always-valid"."""
    return ALWAYS if facts.is_running and not facts.is_due else ordinary(facts)


def broken(facts: Facts, rules: Criteria) -> str:
    """What the sizes of the arms say against it."""
    people = fmt.listed([fmt.number(n) for n in facts.people])
    return (
        f"The split is broken: chance does not part people into {people} (p < "
        f"{rules.split_alpha:g}); nobody knows who is missing, so nobody knows who won."
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


def few(facts: Facts, least: int) -> str:
    """How little there is to judge."""
    n, needed = facts.fewest, f"{fmt.number(least)} are the least that can be judged"
    if facts.counted == "non-conversions":
        return f"Only {fmt.plural(n, 'person', 'people')} of an arm did not convert; {needed}."
    if facts.counted == "conversions":
        return f"An arm has only {fmt.plural(n, 'conversion')}; {needed}."
    if n == 0:
        return "All units of an arm are the same, so chance cannot be told from a difference."
    return f"An arm has only {fmt.plural(n, 'unit')}; {needed} of a mean or a ratio."


def uneven(facts: Facts, most: int) -> str:
    """How far the arms are apart in size, and what to do about it."""
    fewer, more = sorted([min(facts.people), max(facts.people)])
    return (
        f"The arms have {fmt.number(fewer)} and {fmt.number(more)} units: where one is more than "
        f"{most} times as large, a few great values decide a mean or a ratio by chance. Draw at "
        "random fewer of the large arm."
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
    return f"{_seen(effect, kind(facts))}: no winner, for it looked worse when it was ended."


def lost(rails: Sequence[NonInferiority]) -> str:
    """Which guardrails broke, and by how much."""
    told = [_rail(one, f"at best {one.said(one.best)}") for one in rails]
    return f"{rails[0].arm} breaks {_rails(rails)}: {'; '.join(told)}."


def unproven(effect: Effect, rails: Sequence[NonInferiority], facts: Facts) -> str:
    """What a winner shows, and which guardrails are not proven to hold."""
    told = [_rail(one, f"at worst {one.said(one.bound)}") for one in rails]
    holds = "does" if len(rails) == 1 else "do"
    return (
        f"{_seen(effect, kind(facts))}, beyond chance; but {_rails(rails)} {holds} not hold for "
        f"certain: {'; '.join(told)}."
    )


def _rails(rails: Sequence[NonInferiority]) -> str:
    return "a guardrail" if len(rails) == 1 else f"{len(rails)} guardrails"


def _rail(rail: NonInferiority, end: str) -> str:
    if isnan(rail.estimate):
        return f"{rail.metric} leaves nothing to compare"
    seen, limit = rail.said(rail.estimate), rail.said(rail.worst)
    return f"{rail.metric} {seen} where {limit} is the limit ({end})"


def ended_by_choice(once: Effect, always: Effect, facts: Facts) -> str:
    """What a test shows that may have been ended because it looked good just then."""
    seen = "better" if fmt.is_missing(once.lift) else _change(once.lift)
    return (
        f"Seen once it would be {seen} ({_span(once, kind(facts))}); but {_off_plan(facts)}, and "
        f"tests that are ended at a good moment look so by chance: the {_span(always, ALWAYS)} "
        "leaves it open."
    )


def _off_plan(facts: Facts) -> str:
    """How the end of a test differs from the one planned."""
    if isnan(facts.planned_days):
        return "no planned end, fixed before it began, is on record"
    return f"it ended{_when(facts).removeprefix(',')}"


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
    return f"Open after {fmt.days(facts.days)}: {_span(effect, kind(facts))}.{_left(facts, rules)}"


def at_its_end(effect: Effect, facts: Facts) -> str:
    """What a test leaves open that has ended, or whose planned end has come."""
    found = _span(effect, kind(facts))
    if facts.is_due and facts.is_running:
        return f"It has come to its planned end and shows nothing for certain: {found}. End it."
    if facts.is_running:
        late = fmt.days(facts.days - facts.planned_days)
        return f"It was due {late} ago and shows nothing for certain: {found}. End it."
    told = f"It ended without an answer{_when(facts)}: {found}."
    if fmt.is_missing(facts.needed):
        return told
    lift, needed = fmt.lift(facts.lift, 0), fmt.number(facts.needed)
    if facts.has_people:
        return f"{told} It had the people that {lift} takes, {needed} per arm."
    return f"{told} {lift} takes {needed} people per arm; it had {fmt.number(min(facts.people))}."


def _when(facts: Facts) -> str:
    """By how much a test was not ended when it was planned, for the middle of a sentence."""
    days = facts.days - facts.planned_days
    if isnan(days) or not days:
        return ""
    return f", {fmt.days(abs(days))} {'after' if days > 0 else 'before'} its planned end"


def _left(facts: Facts, rules: Criteria) -> str:
    """When a running test can be decided, with a space before it."""
    lift, needed = fmt.lift(facts.lift, 0), f"{fmt.number(facts.needed)} people per arm"
    if not isnan(facts.planned_days):
        days = facts.planned_days - facts.days
        return f" Its planned end is in {fmt.days(days)}{_by_then(facts)}."
    if fmt.is_missing(facts.needed):
        return ""
    if facts.has_people:
        return f" It has the {needed} that {lift} takes."
    if fmt.is_missing(facts.days_left):
        return ""
    weeks = -(-(facts.days + facts.days_left) // WEEK)
    if weeks <= rules.max_weeks:
        left = fmt.days(facts.days_left)
        return f" At this pace it has the {needed} that {lift} takes, and full weeks, in {left}."
    return (
        f" At this pace the {needed} that {lift} takes need {fmt.number(weeks)} weeks; only a "
        f"larger difference can show in {rules.max_weeks}."
    )


def _by_then(facts: Facts) -> str:
    """How many people it has at its planned end, where they are too few."""
    people = min(facts.people) / facts.days * facts.planned_days
    if not people < facts.needed:
        return ""
    return (
        f"; at this pace it then has {fmt.number(round(people))} people per arm, where "
        f"{fmt.lift(facts.lift, 0)} takes {fmt.number(facts.needed)}"
    )


def _seen(effect: Effect, name: str) -> str:
    """Both values, the change and its interval."""
    values = [_value(effect, value) for value in (effect.value, effect.value_control)]
    told = f"{effect.arm} has {values[0]} where {effect.control} has {values[1]}"
    change = "" if fmt.is_missing(effect.lift) else f": {_change(effect.lift)}"
    return f"{told}{change} ({_span(effect, name)})"


def _value(effect: Effect, value: float) -> str:
    """A share with one decimal, a small one with two digits that say something; or a number."""
    if effect.unit != "share":
        return fmt.number(value)
    digits = -floor(log10(abs(value))) - 1 if value else 1
    return fmt.percent(value, min(max(1, digits), 4))


def _span(effect: Effect, name: str) -> str:
    """From where to where the truth may lie, in words."""
    if not _has_ends(effect) and not (isfinite(effect.low) and isfinite(effect.high)):
        return f"{name} interval without an end"
    low, high = _ends(effect)
    of = "" if _has_ends(effect) else " of the difference"
    return f"{name} interval{of} {low} to {high}"


def _has_ends(effect: Effect) -> bool:
    """Whether the lift and its interval can be told; else the difference's is."""
    return not any(map(fmt.is_missing, (effect.lift, effect.lift_low, effect.lift_high)))


def _ends(effect: Effect) -> tuple[str, str]:
    if _has_ends(effect):
        return _change(effect.lift_low), _change(effect.lift_high)
    return _value(effect, effect.low), _value(effect, effect.high)


def _change(lift: float) -> str:
    """A relative change: "57 % more", "12 % less", "0.3 % more"."""
    text = fmt.lift(abs(lift), 0 if abs(lift) >= 0.01 else 1)
    size = text.replace("< +", "less than ").lstrip("+±")
    return size if lift == 0 else f"{size} {'more' if lift > 0 else 'less'}"
