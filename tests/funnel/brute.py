"""Funnels by plain Python, straight from the definitions."""

from __future__ import annotations

import math
from collections import defaultdict
from itertools import pairwise


def passages(rows, stages, *, order, anchor, steps=None, within=None, **span):
    """Per entity and counted entry: entity, entry, and per stage (moment or None, own).

    `rows` are (entity, stage, time) with numbers as times; `within` and `steps` in their unit.
    """
    start, end, as_of = (span.get(name) for name in ("start", "end", "as_of"))
    by_entity = defaultdict(list)
    for entity, stage, time in rows:
        if as_of is None or time <= as_of:
            by_entity[entity].append((time, stage))
    for entity, events in sorted(by_entity.items()):
        entries = sorted({t for t, s in events if s == stages[0]})
        if anchor == "first":
            entries = entries[:1]
        inside = [t for t in entries if (start is None or t >= start) and (end is None or t < end)]
        ways = []
        for entry in inside:
            later = [t for t in entries if t > entry]
            known = [(t, s) for t, s in events if within is None or t <= entry + within]
            if anchor == "each" and later:
                known = [(t, s) for t, s in known if t < later[0]]
            if order == "any":
                since = entry if anchor == "each" else -math.inf
                found = in_any_order([e for e in known if e[0] >= since], stages, entry)
            else:
                found = in_order(known, stages, entry, steps or {}, strict=order == "strict")
            ways.append((entry, found))
        if anchor == "best" and ways:
            ways = [max(ways, key=lambda way: (depth(way[1]), -way[0]))]
        for entry, found in ways:
            yield entity, entry, found


def depth(found):
    return max(place for place, (moment, _) in enumerate(found) if moment is not None)


def in_order(events, stages, entry, steps, *, strict):
    found, at = [(entry, True)], entry
    for before, stage in pairwise(stages):
        last = at + steps.get(before, math.inf)
        then = min((t for t, s in events if s == stage and at <= t <= last), default=None)
        between = strict and then is not None and any(at < t < then for t, _ in events)
        if then is None or between:
            break
        found.append((then, True))
        at = then
    return found + [(None, False)] * (len(stages) - len(found))


def in_any_order(events, stages, entry):
    found = [(entry, True)]
    for place in range(1, len(stages)):
        moment = min((t for t, s in events if s in stages[place:]), default=None)
        found.append((moment, any(s == stages[place] for _, s in events)))
    return found


def counts(found, size):
    """Per stage: who reached it, and of them who has no own entry."""
    reached, skipped = [0] * size, [0] * size
    for _, _, way in found:
        for place, (moment, own) in enumerate(way):
            reached[place] += moment is not None
            skipped[place] += moment is not None and not own
    return reached, skipped
