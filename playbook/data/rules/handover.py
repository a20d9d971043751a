"""What cannot be right in `[sla]` and `[routing]`: steps and rules that contradict each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook import conditions
from playbook.data.rules.mistake import Mistake

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook.conditions import Comparison, Condition, KeyPath
    from playbook.data.rules.model import Rules

ANSWER = "response"
"""The step that the first settings of `[sla]` declare."""


def mistakes(rules: Rules) -> Iterator[Mistake]:
    """Everything in the steps and the routing rules that cannot be meant."""
    yield from _steps(rules)
    yield from _fallback(rules)
    yield from _overlaps(rules)
    yield from _impossible(rules)
    yield from _leave(rules)


def _steps(rules: Rules) -> Iterator[Mistake]:
    seen: dict[str, list[int]] = {}
    for i, step in enumerate(rules.sla.steps):
        path: KeyPath = ("sla", "steps", i)
        if step.name == ANSWER:
            text = f"'{ANSWER}' is the answer itself: set high_intent_hours and normal_hours"
            yield Mistake((*path, "name"), text)
        for j in seen.setdefault(step.name, []):
            other = rules.sla.steps[j]
            if (set(other.done_by), other.automatic) != (set(step.done_by), step.automatic):
                text = f"differs in done_by or automatic from steps[{j}], which has the same name"
                yield Mistake((*path, "name"), text, (("sla", "steps", j),))
            elif _canonical(other.when) == _canonical(step.when):
                text = f"is owed by the same leads as steps[{j}] of that name; keep one of them"
                yield Mistake((*path, "name"), text, (("sla", "steps", j),))
        seen[step.name].append(i)


def _fallback(rules: Rules) -> Iterator[Mistake]:
    if rules.routing.rules and not rules.routing.fallback:
        yield Mistake(
            ("routing", "fallback"),
            "is missing: name the team that gets the leads which no rule takes",
            (("routing", "rules"), ("routing", "rules", 0)),
        )


def _overlaps(rules: Rules) -> Iterator[Mistake]:
    """Rules that can never take a lead, because one before them takes the same."""
    own = rules.routing.rules
    for i, rule in enumerate(own):
        path: KeyPath = ("routing", "rules", i)
        for j, earlier in enumerate(own[:i]):
            if earlier.name == rule.name:
                text = f"'{rule.name}' is the name of rules[{j}] too"
                yield Mistake((*path, "name"), text, (("routing", "rules", j),))
            if _canonical(earlier.when) == _canonical(rule.when):
                text = (
                    f"is the condition of rules[{j}] ('{earlier.name}') too, which takes every "
                    "such lead first"
                )
                yield Mistake((*path, "when"), text, (("routing", "rules", j),))


def _impossible(rules: Rules) -> Iterator[Mistake]:
    """Conditions that no lead can meet: a number above one bound and below a lower one."""
    for i, rule in enumerate(rules.routing.rules):
        for field in conditions.fields(rule.when):
            low, high = _bounds(rule.when, field)
            if low is not None and high is not None and (low[0], low[1]) > (high[0], -high[1]):
                text = (
                    f"asks for {field} above {low[0]:g} and below {high[0]:g} at once; no lead "
                    "can meet it"
                )
                yield Mistake(("routing", "rules", i, "when"), text)


def _bounds(
    condition: Condition, field: str
) -> tuple[tuple[float, int] | None, tuple[float, int] | None]:
    """The tightest numbers that every lead must lie above and below, 1 where they are left out."""
    lows: list[tuple[float, int]] = []
    highs: list[tuple[float, int]] = []
    for leaf in _required(condition):
        value = leaf.value
        if leaf.field != field or isinstance(value, bool) or not isinstance(value, int | float):
            continue
        if leaf.op in {"ge", "gt", "eq"}:
            lows.append((value, int(leaf.op == "gt")))
        if leaf.op in {"le", "lt", "eq"}:
            highs.append((value, int(leaf.op == "lt")))
    low = max(lows) if lows else None
    high = min(highs, key=lambda bound: (bound[0], -bound[1])) if highs else None
    return low, high


def _required(condition: Condition) -> Iterator[Comparison]:
    """Comparisons that all must hold."""
    if isinstance(condition, conditions.Comparison):
        yield condition
    elif condition.how == "all" or len(condition.parts) == 1:
        for part in condition.parts:
            yield from _required(part)


def _canonical(condition: Condition | None) -> Any:
    """Equal for conditions that differ only in the order of their parts and values."""
    if condition is None:
        return None
    if isinstance(condition, conditions.Joined):
        parts = frozenset(map(_canonical, condition.parts))
        return next(iter(parts)) if len(parts) == 1 else (condition.how, parts)
    value, op = condition.value, condition.op
    if op in {"eq", "ne"}:
        op, value = {"eq": "in", "ne": "not_in"}[op], (value,)  # type: ignore[assignment]
    return condition.field, op, frozenset(value) if isinstance(value, tuple) else value


def _leave(rules: Rules) -> Iterator[Mistake]:
    for i, leave in enumerate(rules.routing.leave):
        if leave.last < leave.first:
            text = f"{leave.last} lies before the first day away ({leave.first})"
            yield Mistake(("routing", "leave", i, "last"), text)
