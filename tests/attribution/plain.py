"""Journeys and credit by plain Python, straight from the definitions; times are whole minutes."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction

DAY = 1440


@dataclass
class Way:
    """One journey: its touches as (time, name), how it ended, and what it was worth."""

    touches: list
    state: str
    moment: int | None = None
    value: Fraction = Fraction(0)
    milestones: tuple = ()
    conversion: int | None = None


def journeys(touches, conversions, s, as_of=None, since=None):
    """Every journey, and the conversions without a touch as journeys without touches.

    `touches` are (entity, time, name, id); `conversions` (entity, time, value, milestones).
    """
    known = [t for t in touches if as_of is None or t[1] <= as_of]
    ends = [(i, *c) for i, c in enumerate(conversions) if as_of is None or c[1] <= as_of]
    look = None if s.lookback_days is None else round(s.lookback_days * DAY)
    found = []
    for entity in sorted({t[0] for t in known} | {c[1] for c in ends}):
        own = sorted((t for t in known if t[0] == entity), key=order(s))
        mine = [c for c in ends if c[1] == entity]
        for number, _, moment, value, milestones in mine:
            if since is not None and moment < since:
                continue
            before = [c[2] for c in mine if c[2] < moment]
            kept = [t for t in own if t[1] <= moment]
            if s.restart and before:
                kept = [t for t in kept if t[1] > max(before)]
            if look is not None:
                kept = [t for t in kept if t[1] >= moment - look]
            worth = Fraction(0) if value is None else Fraction(value)
            path = cleaned([(t[1], t[2]) for t in kept], s)
            found.append(Way(path, "converted", moment, worth, milestones, number))
        rest = own if not mine else []
        if mine and s.reenter:
            rest = [t for t in own if t[1] > max(c[2] for c in mine)]
        if rest and (since is None or rest[-1][1] >= since):
            last = max(t[1] for t in rest)
            if look is not None:
                rest = [t for t in rest if t[1] >= last - look]
            still = look is not None and as_of is not None and last >= as_of - look
            path = cleaned([(t[1], t[2]) for t in rest], s)
            found.append(Way(path, "open" if still else "null"))
    return found


def order(s):
    return (lambda t: (t[1], t[3])) if s.touch else (lambda t: (t[1], t[2]))


def cleaned(path, s):
    """Without what does not count: direct, then one visit's repeats, then repeats in a row."""
    if s.ignore_direct and any(name not in s.direct for _, name in path):
        path = [t for t in path if t[1] not in s.direct]
    if s.session_minutes is not None:
        seen, kept = {}, []
        for time, name in path:
            if name not in seen or time > seen[name] + s.session_minutes:
                kept.append((time, name))
            seen[name] = time
        path = kept
    if s.repeats == "collapse":
        path = [t for i, t in enumerate(path) if i == 0 or path[i - 1][1] != t[1]]
    return path


def weights(way, model, s):
    """The weight of each touch of a converted journey; they sum to 1."""
    path, n = way.touches, len(way.touches)
    names = [name for _, name in path]
    one = [Fraction(0)] * n
    if model in {"first", "last"}:
        one[0 if model == "first" else -1] = Fraction(1)
    elif model == "last_non_direct":
        places = [i for i, name in enumerate(names) if name not in s.direct]
        one[places[-1] if places else -1] = Fraction(1)
    elif model == "linear":
        one = [Fraction(1, n)] * n
    elif model.startswith(("u_", "position_")):
        parts = [Fraction(p) / 100 for p in model.split("_")[1:]]
        one = ends(n, parts[0], parts[-1], parts[1] if len(parts) == 3 else Fraction(0))
    elif model in {"w", "full_path"}:
        share = Fraction(30, 100) if model == "w" else Fraction(225, 1000)
        one = milestones(way, share, share if model == "full_path" else Fraction(0))
    elif model.startswith("time_decay"):
        half = float(model.split("_")[2]) if model.count("_") == 2 else 7.0
        last = path[-1][0]
        raw = [0.5 ** ((last - time) / DAY / half) for time, _ in path]
        one = [weight / math.fsum(raw) for weight in raw]
    elif model == "shapley":
        one = [Fraction(1, len(set(names)) * names.count(name)) for name in names]
    return one


def ends(n, first, last, middle):
    if n == 1:
        return [Fraction(1)]
    if n == 2:
        both = first + last
        return [first / both, last / both] if both else [Fraction(1, 2)] * 2
    return [first, *[middle / (n - 2)] * (n - 2), last]


def milestones(way, share, last):
    """First, milestones and last share what the rest leaves; 10 % go to the touches between."""
    named = defaultdict(Fraction)
    named[0] += share
    if last:
        named[len(way.touches) - 1] += last
    for moment in way.milestones:
        before = [i for i, (time, _) in enumerate(way.touches) if moment and time <= moment]
        if before:
            named[before[-1]] += share
    others = [i for i in range(len(way.touches)) if i not in named]
    rest = Fraction(1, 10) if others else Fraction(0)
    whole = sum(named.values())
    given = {i: weight / whole * (1 - rest) for i, weight in named.items()}
    given |= {i: rest / len(others) for i in others}
    return [given[i] for i in range(len(way.touches))]


def credited(ways, model, s):
    """Conversions and value by name; conversions without a touch under None."""
    conversions, value = defaultdict(Fraction), defaultdict(Fraction)
    for way in ways:
        if way.state != "converted":
            continue
        if not way.touches:
            conversions[None] += 1
            value[None] += way.value
            continue
        for (_, name), weight in zip(way.touches, weights(way, model, s), strict=True):
            conversions[name] += weight
            value[name] += Fraction(weight) * way.value
    return conversions, value


def steps(ways, order_, states):
    """How often states followed each other, as (from, to) -> n."""
    found = defaultdict(int)
    for way in ways:
        if way.state not in states or not way.touches:
            continue
        names = [name for _, name in way.touches]
        at = "(start)"
        for i in range(len(names)):
            window = tuple(names[max(0, i - order_ + 1) : i + 1])
            there = window[0] if order_ == 1 else window
            found[at, there] += 1
            at = there
        found[at, "(conversion)" if way.state == "converted" else "(null)"] += 1
    return dict(found)
