"""What cannot be right in `[nurture]`: flows that never end, steps that nobody reaches."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from playbook.data import schema
from playbook.data.rules.fields import unknown_code
from playbook.data.rules.mistake import Mistake
from playbook.data.rules.nurture import SILENT
from playbook.errors import unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from playbook.conditions import KeyPath
    from playbook.data.rules.model import Rules
    from playbook.data.rules.nurture import Flow, TouchRules

NAME = "letters, digits, - and _"


def mistakes(rules: Rules) -> Iterator[Mistake]:
    """Everything in the flows and the rules of touch that contradicts itself."""
    nurture = rules.nurture
    for name, flow in nurture.flows.items():
        path: KeyPath = ("nurture", "flows", name)
        for check in _CHECKS:
            yield from check(path, flow)
        yield from _capped(path, flow, nurture.touch)
        yield from _follows(path, flow, nurture.flows)
    yield from _loops(nurture.flows)
    yield from _touch(nurture.touch)
    yield from _words(rules)


def _start(path: KeyPath, flow: Flow) -> Iterator[Mistake]:
    if not _plain(path[-1]):
        yield Mistake(path, f"a flow's name has {NAME}: it stands in touch.program before a '/'")
    if bool(flow.on) == bool(flow.after_flow):
        text = "needs one of on and after_flow: what starts it"
        yield Mistake(path, text, ((*path, "on"), (*path, "after_flow")))
    if flow.days_before and flow.on != "contract_end":
        text = 'is about on = "contract_end": no other signal is known beforehand'
        yield Mistake((*path, "days_before"), text, ((*path, "on"),))
    if flow.on == "contract_end" and not flow.days_before:
        text = "must be at least 1: a contract that has ended is not renewed in time"
        yield Mistake((*path, "days_before"), text, ((*path, "on"),))


def _exit(path: KeyPath, flow: Flow) -> Iterator[Mistake]:
    where = (*path, "exits")
    if not flow.exits:
        text = (
            'a flow needs an exit: signals that end it, such as ["mql", "unsubscribed"]; '
            "without one it goes on writing to customers"
        )
        yield Mistake(where, text)
    elif "unsubscribed" not in flow.exits:
        yield Mistake(where, "must name 'unsubscribed': who leaves is not written to again")
    if flow.on and flow.on in flow.exits:
        text = f"'{flow.on}' starts the flow and ends it at once; no step is ever reached"
        yield Mistake(where, text, ((*path, "on"),))


def _order(path: KeyPath, flow: Flow) -> Iterator[Mistake]:
    """Each step has one time, and they come in the order of time."""
    steps = (*path, "steps")
    for place, step in enumerate(flow.steps):
        if (step.day is None) == (step.hours is None):
            yield Mistake((*steps, place), "give one of day, hours: when it is due")
        elif step.within_hours is not None and step.within_hours <= step.offset_hours:
            text = f"the deadline ({step.within_hours:g} h) is not after the step is due"
            yield Mistake((*steps, place, "within_hours"), text)
    timed = [(i, s) for i, s in enumerate(flow.steps) if (s.day is None) != (s.hours is None)]
    for (_, before), (place, step) in pairwise(timed):
        if step.offset_hours < before.offset_hours:
            text = (
                f"lies before step '{before.label}' that precedes it and is never reached in turn"
            )
            yield Mistake((*steps, place), f"{text}: put the steps in the order of time")


def _names(path: KeyPath, flow: Flow) -> Iterator[Mistake]:
    seen: set[str] = set()
    for place, step in enumerate(flow.steps):
        where = (*path, "steps", place)
        if step.label in seen:
            yield Mistake(where, f"a second step '{step.label}'; give each a name of its own")
        if step.name and not _plain(step.name):
            yield Mistake((*where, "name"), f"a step's name has {NAME}")
        seen.add(step.label)


def _content(path: KeyPath, flow: Flow) -> Iterator[Mistake]:
    for place, step in enumerate(flow.steps):
        is_sent = not step.channels or set(step.channels) - set(SILENT)
        if is_sent and not step.content and not step.templates:
            text = f"step '{step.label}' has nothing to send: give content or templates"
            yield Mistake((*path, "steps", place), text)
        lacking = [c for c in step.channels if c not in (*SILENT, *step.templates)]
        if step.templates and not step.content and lacking:
            text = f"has no template for {', '.join(lacking)}, and the step no content"
            yield Mistake((*path, "steps", place, "templates"), text)
        if len(set(step.channels)) < len(step.channels):
            yield Mistake((*path, "steps", place, "channels"), "names a channel twice")
        if {*step.channels} & {*SILENT} and len(step.channels) > 1:
            text = f"{' and '.join(SILENT)} are done by a person and stand alone"
            yield Mistake((*path, "steps", place, "channels"), text)


def _end(path: KeyPath, flow: Flow) -> Iterator[Mistake]:
    """Steps that lie after the flow has ended."""
    ends = [("ends_after_days", flow.ends_after_days), ("days_before", flow.days_before or None)]
    for key, days in ends:
        for place, step in enumerate(flow.steps):
            if days is not None and step.offset_hours >= 24 * days:
                text = f"step '{step.label}' comes after the flow has ended ({key} = {days})"
                yield Mistake((*path, "steps", place), text, ((*path, key),))


_CHECKS: tuple[Callable[[KeyPath, Flow], Iterable[Mistake]], ...] = (
    _start,
    _exit,
    _order,
    _names,
    _content,
    _end,
)


def _capped(path: KeyPath, flow: Flow, touch: TouchRules) -> Iterator[Mistake]:
    """More messages at one time than the caps ever let through."""
    sent = [(i, s) for i, s in enumerate(flow.steps) if not set(s.channels) & set(SILENT)]
    for days, key, most in ((1, "per_day", touch.per_day), (7, "per_week", touch.per_week)):
        for last in range(most, len(sent)):
            first, (place, step) = sent[last - most][1], sent[last]
            if int(step.offset_hours // 24) - int(first.offset_hours // 24) < days:
                text = (
                    f"step '{step.label}' would be message {most + 1} in {days} "
                    f"day{'s' if days > 1 else ''}; [nurture.touch] {key} = {most} never lets it "
                    "through in time"
                )
                yield Mistake((*path, "steps", place), text, (("nurture", "touch", key),))
                break


def _follows(path: KeyPath, flow: Flow, flows: dict[str, Flow]) -> Iterator[Mistake]:
    if flow.after_flow and flow.after_flow not in flows:
        yield Mistake((*path, "after_flow"), unknown("flow", flow.after_flow, flows))


def _loops(flows: dict[str, Flow]) -> Iterator[Mistake]:
    """Flows that start each other in a circle, each circle once."""
    told: set[str] = set()
    for name in flows:
        chain: list[str] = []
        current = name
        while current in flows and current not in chain:
            chain.append(current)
            current = flows[current].after_flow
        if current == name and name not in told:
            told |= set(chain)
            circle = " after ".join([*chain, name])
            others = tuple(("nurture", "flows", other, "after_flow") for other in chain[1:])
            text = f"is a loop: {circle}; none of them ever starts"
            yield Mistake(("nurture", "flows", name, "after_flow"), text, others)


def _touch(touch: TouchRules) -> Iterator[Mistake]:
    path: KeyPath = ("nurture", "touch")
    if touch.per_day > touch.per_week:
        text = f"{touch.per_day} is more than per_week ({touch.per_week})"
        yield Mistake((*path, "per_day"), text, ((*path, "per_week"),))
    if not touch.send_hours[0] <= touch.send_at < touch.send_hours[1]:
        opens, closes = touch.send_hours
        text = f"lies in the quiet hours: messages go out {opens:%H:%M}-{closes:%H:%M}"
        yield Mistake((*path, "send_at"), text, ((*path, "send_hours"),))
    if len(set(touch.order)) < len(touch.order):
        yield Mistake((*path, "order"), "names a channel twice")


def _words(rules: Rules) -> Iterator[Mistake]:
    """Industries and channel groups are those of the data model."""
    tables = (("content_by_industry", "account"), ("opening_by_source", "channel"))
    for (key, table), column in zip(tables, ("industry", "channel_group"), strict=True):
        for word in getattr(rules.nurture, key):
            if text := unknown_code(schema.TABLES[table].column(column), word):
                yield Mistake(("nurture", key, word), text)


def _plain(name: object) -> bool:
    return isinstance(name, str) and name.replace("_", "").replace("-", "").isalnum()
