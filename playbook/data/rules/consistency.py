"""What cannot be right although each value is: contradictions."""

from __future__ import annotations

from itertools import combinations, pairwise
from typing import TYPE_CHECKING, get_args

from playbook.data.rules import flows, handover, mappings
from playbook.data.rules.mistake import Mistake
from playbook.data.rules.model import Rules, Stage
from playbook.data.rules.overlap import overlap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from playbook.conditions import KeyPath

STAGES: tuple[Stage, ...] = get_args(Stage)


def mistakes(rules: Rules) -> list[Mistake]:
    """Everything in `rules` that contradicts itself or the schema."""
    return [mistake for check in _CHECKS for mistake in check(rules)]


def _calendar(rules: Rules) -> Iterator[Mistake]:
    opens, closes = rules.calendar.hours
    lunch = rules.calendar.lunch
    if lunch and not opens <= lunch[0] <= lunch[1] <= closes:
        yield Mistake(
            ("calendar", "lunch"),
            f'lies outside the office hours {opens:%H:%M}-{closes:%H:%M}; use "" for no break',
            (("calendar", "hours"),),
        )
    for day in sorted(set(rules.calendar.extra_holidays) & set(rules.calendar.extra_workdays)):
        yield Mistake(
            ("calendar", "extra_workdays"),
            f"{day} is in extra_holidays too; keep it in one of them",
            (("calendar", "extra_holidays"),),
        )


def _orders(rules: Rules) -> Iterator[Mistake]:
    """Numbers that must not overtake each other."""
    sla, onboarding = rules.sla, rules.onboarding
    if sla.high_intent_hours > sla.normal_hours:
        yield _overtaken(
            "sla", "high_intent_hours", sla.high_intent_hours, "normal_hours", sla.normal_hours
        )
    if onboarding.key_projects_min > onboarding.key_projects_max:
        yield _overtaken(
            "onboarding",
            "key_projects_min",
            onboarding.key_projects_min,
            "key_projects_max",
            onboarding.key_projects_max,
        )
    days = onboarding.phase_days
    if days[0] < 1 or any(a >= b for a, b in pairwise(days)):
        text = f"must be days that rise from 1, not {', '.join(map(str, days))}"
        yield Mistake(("onboarding", "phase_days"), text)


def _overtaken(section: str, key: str, value: float, limit_key: str, limit: float) -> Mistake:
    text = f"{value:g} is more than {limit_key} ({limit:g})"
    return Mistake((section, key), text, ((section, limit_key),))


def _funnel(rules: Rules) -> Iterator[Mistake]:
    stages = rules.funnel.stages
    where: KeyPath = ("funnel", "stages")
    if len(set(stages)) < len(stages) or sorted(stages, key=STAGES.index) != list(stages):
        yield Mistake(where, f"each stage once, in this order: {', '.join(STAGES)}")
    elif stages[0] != "lead":
        yield Mistake(where, "must begin with 'lead'; the funnel counts from there")


def _tiers(rules: Rules) -> Iterator[Mistake]:
    if rules.icp.source == "rule" and not rules.icp.tiers.as_pairs():
        yield Mistake(
            ("icp", "source"), 'is "rule", but [icp.tiers] has no condition', (("icp", "tiers"),)
        )


def _points(rules: Rules) -> Iterator[Mistake]:
    """Points that would be given twice, caps that one touch passes, thresholds out of reach."""
    scoring = rules.scoring
    for (first, one), (place, other) in combinations(enumerate(scoring.fit), 2):
        if one.factor == other.factor and (shared := overlap(one.when, other.when)):
            yield Mistake(
                ("scoring", "fit", place),
                f"overlaps scoring.fit[{first}] of the same factor '{one.factor}': both hold for "
                f"{shared}; narrow one of them, or give it a factor of its own",
                (("scoring", "fit", first),),
            )
    seen: dict[str, int] = {}
    for place, behaviour in enumerate(scoring.behaviour):
        where: KeyPath = ("scoring", "behaviour", place)
        first = seen.setdefault(behaviour.touch_type, place)
        if first != place:
            yield Mistake(
                (*where, "touch_type"),
                f"'{behaviour.touch_type}' has points in scoring.behaviour[{first}] too; keep one",
                (("scoring", "behaviour", first, "touch_type"),),
            )
        if behaviour.cap < abs(behaviour.points):
            text = f"{behaviour.cap} is less than the points of one touch ({behaviour.points:+d})"
            yield Mistake((*where, "cap"), text, ((*where, "points"),))


def _bands(rules: Rules) -> Iterator[Mistake]:
    scoring, most = rules.scoring, rules.scoring.most_points()
    hot: KeyPath = ("scoring", "bands", "hot")
    if scoring.bands.hot <= scoring.bands.warm:
        text = f"{scoring.bands.hot} is not above warm ({scoring.bands.warm})"
        yield Mistake(hot, text, (("scoring", "bands", "warm"),))
    for path, value in ((hot, scoring.bands.hot), (("scoring", "mql_points"), scoring.mql_points)):
        if value > most:
            yield Mistake(
                path,
                f"no lead can reach {value}: the most that fit and behaviour give is {most}",
                (("scoring", "fit"), ("scoring", "behaviour")),
            )


_CHECKS: tuple[Callable[[Rules], Iterable[Mistake]], ...] = (
    _calendar,
    _orders,
    _funnel,
    _tiers,
    handover.mistakes,
    _points,
    _bands,
    mappings.mistakes,
    flows.mistakes,
)
