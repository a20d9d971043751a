"""The models by their definitions: in exact fractions, slowly, a channel taken away at a time."""

from __future__ import annotations

import math
from collections import Counter
from fractions import Fraction
from itertools import combinations, pairwise, permutations

import pandas as pd

START, CONVERSION, NULL = "(start)", "(conversion)", "(null)"


def journeys(rows):
    """A table of distinct journeys from `(path, conversions, nulls, value of all conversions)`."""
    table = []
    for path, conversions, nulls, value in rows:
        each = value / conversions if conversions else 0.0
        table += [(tuple(path), "converted", each, conversions), (tuple(path), "null", 0.0, nulls)]
    found = pd.DataFrame(table, columns=["path", "state", "value", "n"])
    return found[found["n"] > 0].reset_index(drop=True)


def windows(path, order):
    return [tuple(path[max(0, i + 1 - order) : i + 1]) for i in range(len(path))]


def steps(table, order):
    """How often each step was taken, and the value that left each state."""
    taken, left = Counter(), Counter()
    for path, state, value, n in table[["path", "state", "value", "n"]].itertuples(index=False):
        inner = windows(path, order)
        end = CONVERSION if state == "converted" else NULL
        for origin, to in zip([START, *inner], [*inner, end], strict=True):
            taken[origin, to] += n
        if state == "converted":
            left[inner[-1]] += Fraction(value) * n
    return taken, left


def as_counts(table, order):
    """The tables that `chain.solve` takes."""
    taken, left = steps(table, order)
    flat = (lambda s: s[0] if isinstance(s, tuple) else s) if order == 1 else (lambda s: s)
    counts = pd.DataFrame(
        [(flat(a), flat(b), n) for (a, b), n in taken.items()], columns=["from", "to", "n"]
    )
    ends = [(flat(s), taken[s, CONVERSION], float(v)) for s, v in left.items()]
    return counts, pd.DataFrame(ends, columns=["state", "conversions", "value"])


def solved(matrix, right):
    """Gauss and Jordan in fractions."""
    size = len(matrix)
    rows = [[*map(Fraction, row), Fraction(b)] for row, b in zip(matrix, right, strict=True)]
    for i in range(size):
        pivot = next(r for r in range(i, size) if rows[r][i] != 0)
        rows[i], rows[pivot] = rows[pivot], rows[i]
        rows[i] = [x / rows[i][i] for x in rows[i]]
        for r in range(size):
            if r != i and rows[r][i] != 0:
                rows[r] = [x - rows[r][i] * y for x, y in zip(rows[r], rows[i], strict=True)]
    return [row[-1] for row in rows]


def worth(taken, left, without=None):
    """Chance of converting and expected value, journeys that reach `without` being lost."""
    states = [START, *sorted({s for step in taken for s in step if isinstance(s, tuple)})]
    states = [s for s in states if s == START or s[-1] != without]
    place = {s: i for i, s in enumerate(states)}
    matrix = [[Fraction(int(i == j)) for j in range(len(states))] for i in range(len(states))]
    converts, value = [Fraction(0)] * len(states), [Fraction(0)] * len(states)
    for i, origin in enumerate(states):
        out = {to: n for (a, to), n in taken.items() if a == origin}
        total = sum(out.values())
        for to, n in out.items():
            if to in place:
                matrix[i][place[to]] -= Fraction(n, total)
        converts[i] = Fraction(out.get(CONVERSION, 0), total)
        value[i] = left.get(origin, Fraction(0)) / total
    return solved(matrix, converts)[0], solved(matrix, value)[0]


def removal_effects(table, order):
    """By name, the parts of conversions and of value lost without it."""
    taken, left = steps(table, order)
    whole = worth(taken, left)
    names = sorted({name for path in table["path"] for name in path})
    effects = {}
    for name in names:
        rest = worth(taken, left, name)
        effects[name] = [1 - r / w if w else None for r, w in zip(rest, whole, strict=True)]
    return effects


def walk(taken, walks, rng, without=None):
    """How many of so many simulated journeys convert."""
    ways = {}
    for (origin, to), n in taken.items():
        ways.setdefault(origin, []).append((to, n))
    converted, state = 0, Counter({START: walks})
    while state:
        ahead = Counter()
        for origin, many in state.items():
            targets, n = zip(*ways[origin], strict=True)
            for to, went in zip(
                targets, rng.multinomial(many, [x / sum(n) for x in n]), strict=True
            ):
                if to == CONVERSION:
                    converted += went
                elif to != NULL and to[-1] != without and went:
                    ahead[to] += int(went)
        state = ahead
    return converted


def shapley(players, game):
    """The factorial definition."""
    found = {}
    for player in players:
        others = [p for p in players if p != player]
        total = Fraction(0)
        for size in range(len(others) + 1):
            weight = Fraction(
                math.factorial(size) * math.factorial(len(players) - size - 1),
                math.factorial(len(players)),
            )
            for members in combinations(others, size):
                coalition = frozenset(members)
                total += weight * (game(coalition | {player}) - game(coalition))
        found[player] = total
    return found


def owen(players, union, game):
    """Mean marginal contribution over the orders that keep each union together."""
    total, orders = dict.fromkeys(players, Fraction(0)), 0
    for order in permutations(players):
        unions = [union(p) for p in order]
        changes = 1 + sum(a != b for a, b in pairwise(unions))
        if changes > len(set(unions)):
            continue
        orders += 1
        for i, player in enumerate(order):
            before = frozenset(order[:i])
            total[player] += game(before | {player}) - game(before)
    return {player: amount / orders for player, amount in total.items()}


def sum_worth(sets):
    """The sum game: `sets` is a list of (frozenset, conversions, nulls)."""
    return lambda s: sum((Fraction(c) for members, c, _ in sets if members <= s), Fraction(0))


def rate_worth(sets):
    """The rate game, 0 where there are no journeys."""

    def game(s):
        inside = [(c, n) for members, c, n in sets if members <= s]
        journeys = sum(c + n for c, n in inside)
        return Fraction(sum(c for c, _ in inside), journeys) if journeys else Fraction(0)

    return game
