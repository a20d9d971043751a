"""Sets of channels as arrays, and the worth of every coalition: what the games are counted on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from playbook.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np
    import pandas as pd

    Floats = np.ndarray[Any, np.dtype[np.float64]]
    Whole = np.ndarray[Any, np.dtype[np.int64]]

BITS = 62
"""Most names that a bit mask holds."""

EXACT = 20
"""Most names whose coalitions are counted one by one: 2^20 of them, 8 MB a column."""

DRAWS = 1_000
"""Orders drawn where there are more."""

CELLS = 4_000_000
"""Numbers held at once while orders are drawn: 32 MB."""


@dataclass(frozen=True, eq=False)
class Sets:
    """Distinct sets of channels and what happened on their journeys.

    Attributes:
        names: Every channel, in the order of the bits.
        rows: Which set holds a name: one entry per set and name in it, in ascending order.
        columns: The place in `names` of that name.
        sizes: Channels of each set.
        amounts: Conversions, nulls and value of each set; shape (sets, 3).
    """

    names: tuple[str, ...]
    rows: Whole
    columns: Whole
    sizes: Whole
    amounts: Floats


def read(sets: pd.DataFrame, names: Sequence[str] | None) -> Sets:
    """The sets of a table whose column `names` holds collections of names, or bit masks of `names`.

    Raises:
        ParameterError: Bit masks without names, or a bit or a name that `names` lacks; an amount
            below zero or missing.
    """
    import numpy as np
    from pandas.api.types import is_integer_dtype

    if is_integer_dtype(sets["names"].dtype) and len(sets):
        rows, columns, known = _bits(sets["names"].to_numpy(dtype="int64"), names)
    else:
        rows, columns, known = _listed(sets["names"], names)
    sizes = np.bincount(rows, minlength=len(sets)).astype(np.int64)
    return Sets(tuple(known), rows, columns, sizes, _amounts(sets))


def _amounts(sets: pd.DataFrame) -> Floats:
    import numpy as np

    amounts = np.zeros((len(sets), 3))
    for i, column in enumerate(("conversions", "nulls", "value")):
        if column in sets:
            amounts[:, i] = sets[column].to_numpy(dtype=float)
            if not (amounts[:, i] >= 0).all():
                raise ParameterError(f"sets: {column} below zero or missing")
    return amounts


def _bits(masks: Whole, names: Sequence[str] | None) -> tuple[Whole, Whole, list[str]]:
    import numpy as np

    if names is None or len(names) > BITS:
        raise ParameterError(f"names: bit masks take a list of at most {BITS} names, one per bit")
    if (masks < 0).any() or (masks >> len(names)).any():
        raise ParameterError(f"sets: a bit is set beyond the {len(names)} names given")
    held = masks[:, None] >> np.arange(len(names), dtype=np.int64) & 1
    rows, columns = np.nonzero(held)
    return rows, columns, list(names)


def _listed(
    sets: Iterable[Iterable[str]], names: Sequence[str] | None
) -> tuple[Whole, Whole, list[str]]:
    import numpy as np

    distinct = [set(members) for members in sets]
    found = set().union(*distinct)
    known = sorted(found) if names is None else list(names)
    if names is not None and found - set(names):
        raise ParameterError(f"sets: {', '.join(sorted(found - set(names)))} not among the names")
    place = {name: i for i, name in enumerate(known)}
    sizes = [len(members) for members in distinct]
    columns = np.fromiter(
        (place[name] for members in distinct for name in members), np.int64, sum(sizes)
    )
    return np.repeat(np.arange(len(distinct)), sizes), columns, known


def shares(sets: Sets) -> Floats:
    """Each set's conversions and value shared equally among its names; shape (names, 2)."""
    import numpy as np

    share = 1.0 / sets.sizes[sets.rows]
    pays = [
        np.bincount(sets.columns, sets.amounts[sets.rows, i] * share, minlength=len(sets.names))
        for i in (0, 2)
    ]
    return np.column_stack(pays)


def masks(sets: Sets) -> Whole:
    """Each set as a whole number, bit i for `names[i]`."""
    import numpy as np

    bits = np.left_shift(np.int64(1), sets.columns)
    whole = np.zeros(len(sets.sizes), dtype=np.int64)
    filled = np.flatnonzero(sets.sizes)
    if filled.size:
        whole[filled] = np.add.reduceat(bits, _starts(sets)[filled])
    return whole


def _starts(sets: Sets) -> Whole:
    """Where the entries of each set begin."""
    import numpy as np

    return np.cumsum(sets.sizes) - sets.sizes


def rate_credits(
    sets: Sets, amounts: Floats, draws: int | None, rng: np.random.Generator | int
) -> tuple[Floats, Floats, Floats | None]:
    """Credits of the rate game, what is left for the empty set, and standard errors of drawn ones.

    Args:
        sets: The sets.
        amounts: Conversions, nulls and value of each set; shape (tallies, sets, 3).
        draws: Orders to draw; None for all coalitions, where there are few names.
        rng: Generator or seed; all tallies see the same orders.

    Returns:
        Shapes (tallies, names, 2), (tallies, 2) and (tallies, names, 2); the last None where all
        coalitions were counted.

    Raises:
        ParameterError: `draws` below 4.
    """
    import numpy as np

    journeys = amounts[:, :, :2].sum(axis=(1, 2))[:, None]
    if draws is None and len(sets.names) <= EXACT:
        found = [rates(sets, one) for one in amounts]
        pays, base = np.array([p for p, _ in found]), np.array([b for _, b in found])
        return pays * journeys[:, :, None], base * journeys, None
    draws = DRAWS if draws is None else draws
    if draws < 4:
        raise ParameterError(f"draws: {draws}; a standard error takes 4 or more")
    pays, base, errors = drawn_rates(sets, amounts, draws, np.random.default_rng(rng))
    return pays * journeys[:, :, None], base * journeys, errors * journeys[:, :, None]


def rates(sets: Sets, amounts: Floats) -> tuple[Floats, Floats]:
    """Shapley values of the rate game, exactly, and the worth of the empty set.

    Every set's journeys are added to all sets around it (the zeta transform: names x 2^names
    additions), which gives the worth of all coalitions at once.

    Returns:
        Shape (names, 2), by conversions and by value; and shape (2,).
    """
    import numpy as np

    where, count = masks(sets), len(sets.names)
    journeys = _inside(where, amounts[:, 0] + amounts[:, 1], count)
    reciprocal = np.divide(1.0, journeys, out=np.zeros_like(journeys), where=journeys > 0)
    del journeys
    pays, base = np.zeros((count, 2)), np.zeros(2)
    for i, column in enumerate((0, 2)):
        if amounts[:, column].any():
            worth = _inside(where, amounts[:, column], count)
            worth *= reciprocal
            base[i] = worth[0]
            pays[:, i] = shapley(worth)
    return pays, base


def _inside(masks: Whole, amounts: Floats, count: int) -> Floats:
    """By coalition, the amounts of all sets inside it."""
    import numpy as np

    total: Floats = np.bincount(masks, amounts, minlength=1 << count).astype(float, copy=False)
    low = min(count, 5)  # the lowest bits are added across: strides of one number are slow
    across = total.reshape(-1, 1 << low).T.copy()
    _add_up(across, low)
    total = across.T.reshape(-1)
    high = total.reshape(-1, 1 << low)
    _add_up(high, count - low)
    return total


def _add_up(table: Floats, bits: int) -> None:
    """To each row, the rows whose places are made of some of its bits; in place."""
    for bit in range(bits):
        pair = table.reshape(-1, 2, 1 << bit, table.shape[1])
        pair[:, 1] += pair[:, 0]


def shapley(worth: Floats) -> Floats:
    """Shapley values of a game given by the worth of every coalition, the empty one first.

    Channel i earns the sum over coalitions S without it of s! (m - s - 1)! / m! times what it adds
    to S. A coalition's worth therefore counts with the weight of size s - 1 for its members and,
    negative, with that of size s for all others.

    >>> import numpy as np
    >>> shapley(np.array([0.0, 1.0, 2.0, 4.0])).tolist()  # {}, {a}, {b}, {a, b}
    [1.5, 2.5]
    """
    import numpy as np

    count = worth.size.bit_length() - 1
    joins = np.array([1.0 / (count * math.comb(count - 1, s)) for s in range(count)])
    size = np.zeros(1, dtype=np.int8)
    for _ in range(count):
        size = np.concatenate([size, size + np.int8(1)])
    without = np.append(joins, 0.0)[size] * worth
    members = np.append(0.0, joins)[size] * worth
    members += without
    rest = without.sum()
    pays = np.empty(count)
    for bit in reversed(range(count)):  # a bit less at each step: 2 * 2^names additions in all
        outside, inside = members.reshape(2, -1)
        pays[bit] = inside.sum() - rest
        members = outside + inside
    return pays


def drawn_rates(
    sets: Sets, amounts: Floats, draws: int, rng: np.random.Generator
) -> tuple[Floats, Floats, Floats]:
    """The rate game's Shapley values by orders drawn at random, and their standard errors.

    Each order goes with its reverse, which cancels part of the noise; the error is that of the mean
    over such pairs.

    Returns:
        Values (tallies, names, 2), the worth of the empty set (tallies, 2), standard errors
        (tallies, names, 2).
    """
    import numpy as np

    count, pairs = len(sets.names), (draws + 1) // 2
    block = max(1, CELLS // max(1, 2 * len(sets.rows) + 4 * len(sets.sizes) + 8 * count))
    total, squares = np.zeros((2, len(amounts), count, 2))
    for begin in range(0, pairs, block):
        size = min(block, pairs - begin)
        rank = rng.permuted(np.tile(np.arange(count), (size, 1)), axis=1)
        both = np.concatenate([rank, count - 1 - rank])
        joined = _complete(sets, both) + np.arange(2 * size)[:, None] * (count + 1)
        for tally, amount in enumerate(amounts):
            added = _marginals(joined, both, amount)
            mean = (added[:size] + added[size:]) / 2
            total[tally] += mean.sum(axis=0)
            squares[tally] += (mean**2).sum(axis=0)
    mean = total / pairs
    spread = np.maximum(squares / pairs - mean**2, 0.0) / (pairs - 1)
    return mean, _worth_of_nothing(sets, amounts), np.sqrt(spread)


def _worth_of_nothing(sets: Sets, amounts: Floats) -> Floats:
    import numpy as np

    alone = amounts[:, sets.sizes == 0].sum(axis=1)
    journeys = alone[:, 0] + alone[:, 1]
    worth: Floats = alone[:, [0, 2]] / np.where(journeys > 0, journeys, 1.0)[:, None]
    return worth


def _marginals(joined: Whole, rank: Whole, amounts: Floats) -> Floats:
    """What each name adds as it joins those before it; shape (orders, names, 2)."""
    import numpy as np

    orders, count = rank.shape
    cells, many = joined.ravel(), orders * (count + 1)
    journeys, *paid = (
        np.bincount(cells, np.tile(amount, orders), minlength=many)
        .reshape(orders, -1)
        .cumsum(axis=1)
        for amount in (amounts[:, 0] + amounts[:, 1], amounts[:, 0], amounts[:, 2])
    )
    worth = np.zeros((orders, count + 1, 2))
    for i, amount in enumerate(paid):
        np.divide(amount, journeys, out=worth[:, :, i], where=journeys > 0)
    added: Floats = np.take_along_axis(np.diff(worth, axis=1), rank[:, :, None], axis=1)
    return added


def _complete(sets: Sets, rank: Whole) -> Whole:
    """By order and set, after how many names all of the set have joined."""
    import numpy as np

    whole = np.zeros((len(rank), len(sets.sizes)), dtype=np.int64)
    filled = np.flatnonzero(sets.sizes)
    if filled.size:
        places = rank[:, sets.columns]
        whole[:, filled] = 1 + np.maximum.reduceat(places, _starts(sets)[filled], axis=1)
    return whole
