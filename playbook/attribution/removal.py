"""What a chain loses without each name: the linear algebra, on arrays alone."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Hashable

    import numpy as np

    Floats = np.ndarray[Any, np.dtype[np.float64]]
    Whole = np.ndarray[Any, np.dtype[np.int64]]

CELLS = 4_000_000
"""Numbers held at once: 32 MB."""

SMALL = 600
"""States up to which an inverse takes a few hundredths of a second, whatever else would do."""

STEPS = 5_000
ENOUGH = 1e-13

CONVERTED, ENDED = -1, -2
"""Places of `(conversion)` and `(null)`, which are no rows of Q."""


@dataclass(frozen=True, eq=False)
class Layout:
    """Which transitions there are; how often each was taken comes apart, for it is resampled.

    Attributes:
        states: `(start)` first.
        names: What the states stand at, sorted, each once.
        owner: By state, the place of its name in `names`; -1 for `(start)`.
        origin: By transition, the place of the state it leaves.
        to: By transition, the place of the state it enters, or `CONVERTED` or `ENDED`.
    """

    states: tuple[Hashable, ...]
    names: tuple[str, ...]
    owner: Whole
    origin: Whole
    to: Whole

    def dead_ends(self) -> list[Hashable]:
        """States from which no journey can end."""
        import numpy as np

        ends = np.zeros(len(self.states), dtype=bool)
        ends[self.origin[self.to < 0]] = True
        inner = self.to >= 0
        origin, to = self.origin[inner], self.to[inner]
        while True:
            more = origin[ends[to] & ~ends[origin]]
            if not more.size:
                break
            ends[more] = True
        if not self.origin.size:
            return []
        return [state for state, is_fine in zip(self.states, ends, strict=True) if not is_fine]


def lost(layout: Layout, n: Floats, value: Floats) -> tuple[Floats, Floats]:
    """Chance of converting and expected value per journey, and what each name takes from both.

    Args:
        layout: The transitions.
        n: How often each was taken; shape (transitions,), or (tallies, transitions) for many.
        value: The value that left each state with conversions; shape (states,) or (tallies,
            states).

    Returns:
        The two figures of the whole chain, shape (2,) or (tallies, 2), nan where nothing starts;
        and the loss without each name, shape (names, 2) or (tallies, names, 2).
    """
    import numpy as np

    if n.ndim == 1:
        whole, taken = lost(layout, n[None, :], value[None, :])
        return whole[0], taken[0]
    is_sparse = _is_sparse(layout)
    cells = layout.origin.size + (0 if is_sparse else len(layout.states) ** 2)
    block = max(1, CELLS // cells) if cells else len(n)
    found = [
        _solved(layout, n[i : i + block], value[i : i + block], is_sparse=is_sparse)
        for i in range(0, len(n), block)
    ]
    return np.concatenate([w for w, _ in found]), np.concatenate([t for _, t in found])


def _solved(layout: Layout, n: Floats, value: Floats, *, is_sparse: bool) -> tuple[Floats, Floats]:
    import numpy as np

    states = len(layout.states)
    out = _by_state(layout.origin, n, states)
    often = np.where(out > 0, out, 1.0)  # a state that no journey of a draw reached
    chance = n / often[:, layout.origin]
    converts = layout.to == CONVERTED
    next_ = _by_state(layout.origin[converts], chance[:, converts], states)
    gains = np.stack([next_, value / often], axis=2)
    if is_sparse:
        found = [sparse_lost(layout, *one) for one in zip(chance, gains, strict=True)]
        whole, taken = np.array([w for w, _ in found]), np.array([t for _, t in found])
    else:
        whole, taken = dense_lost(layout, chance, gains)
    whole[out[:, 0] == 0] = np.nan
    return whole, taken


def _by_state(origin: Whole, amounts: Floats, states: int) -> Floats:
    """Sums over transitions by the state they leave; shape (tallies, states)."""
    import numpy as np

    tallies = len(amounts)
    cells = (np.arange(tallies)[:, None] * states + origin).ravel()
    sums: Floats = np.bincount(cells, amounts.ravel(), minlength=tallies * states).astype(float)
    return sums.reshape(tallies, states)


def _is_sparse(layout: Layout) -> bool:
    """Whether steps along the transitions, for each name, take less time than one inverse.

    A hundred steps or so settle a chain, each a multiplication per transition and name, and such a
    multiplication takes the time of a hundred within an inverse (2 states^3 of them).
    """
    inverse = 2.0 * len(layout.states) ** 3
    steps = 100.0 * 100.0 * layout.origin.size * len(layout.names)
    return len(layout.states) > SMALL and steps < inverse


def dense_lost(layout: Layout, chance: Floats, gains: Floats) -> tuple[Floats, Floats]:
    """By one inverse of I - Q for each tally, that is one LU factorisation for all names.

    Args:
        layout: The transitions.
        chance: Of each transition; shape (tallies, transitions).
        gains: By state, chance of converting next and the value expected of it; shape
            (tallies, states, 2).

    Returns:
        As `lost`, for many tallies.
    """
    import numpy as np
    from threadpoolctl import threadpool_limits

    states, inner = len(layout.states), layout.to >= 0
    matrix = np.broadcast_to(np.eye(states), (len(chance), states, states)).copy()
    matrix[:, layout.origin[inner], layout.to[inner]] -= chance[:, inner]
    # On a busy machine the threads of small matrices wait for each other, and take seconds.
    with threadpool_limits(limits=1, user_api="blas"):
        visits = np.asarray(np.linalg.inv(matrix), dtype=np.float64)
        return _from_visits(layout, visits, gains)


def _from_visits(layout: Layout, visits: Floats, gains: Floats) -> tuple[Floats, Floats]:
    """What the inverse says: N[start, S] N[S, S]^-1 h[S] for the states S of each name."""
    import numpy as np

    reaches = visits @ gains
    if len(layout.states) == len(layout.names) + 1:
        ever = visits[:, 0, 1:] / np.diagonal(visits, axis1=1, axis2=2)[:, 1:]
        taken = ever[:, :, None] * reaches[:, 1:]
        return reaches[:, 0], taken[:, np.argsort(layout.owner[1:])]
    taken = np.zeros((len(visits), len(layout.names), 2))
    for name, group in enumerate(groups(layout)):
        among = visits[:, group[:, None], group].swapaxes(1, 2)
        first = np.linalg.solve(among, visits[:, 0, group, None])
        taken[:, name] = np.einsum("tsi,tsg->tg", first, reaches[:, group])
    return reaches[:, 0], taken


def sparse_lost(layout: Layout, chance: Floats, gains: Floats) -> tuple[Floats, Floats]:
    """By following the transitions until what is still under way is too little to matter.

    For each name, journeys are walked from the start as far as their first arrival at it; what
    arrives is lost times the chance of converting from there. Every step multiplies by Q alone, so
    zeros cost nothing. The rest after t steps is bounded by the longest expected journey times what
    is under way, and the walk ends when that is below 1e-13; where this takes too long (journeys of
    thousands of touches) the system is factorised for each name.

    Args:
        layout: The transitions.
        chance: Of each transition; shape (transitions,).
        gains: Shape (states, 2).

    Returns:
        As `lost`, for one tally.
    """
    import numpy as np
    from scipy import sparse

    states, inner = len(layout.states), layout.to >= 0
    loops = inner & (layout.origin == layout.to)
    stays = np.bincount(layout.origin[loops], chance[loops], minlength=states)
    leaves = 1.0 / (1.0 - stays)  # a touch of the same state again only delays: walk without it
    goes = inner & ~loops
    places = (layout.origin[goes], layout.to[goes])
    q = sparse.csr_array((chance[goes] * leaves[places[0]], places), shape=(states, states))
    ahead = np.column_stack([np.ones(states), gains * leaves[:, None]])
    ahead = _walked(q, ahead, np.ones((states, 1)))
    longest = float(ahead[:, 0].max())
    reaches = ahead[:, 1:]
    taken = np.zeros((len(layout.names), 2))
    back = q.T.tocsr()
    width = max(1, CELLS // (4 * states))
    for begin in range(0, len(layout.names), width):
        block = np.arange(begin, min(begin + width, len(layout.names)))
        at = layout.owner[:, None] == block
        start = np.zeros((states, len(block)))
        start[0] = 1.0
        through = back @ _walked(back, start, ~at, longest)
        taken[block] = np.where(at, through, 0.0).T @ reaches
    return reaches[0], taken


def _walked(q: Any, start: Floats, keep: Any, longest: float | None = None) -> Floats:
    """The sum of start, keep * (q start), keep * (q that) and so on, column by column.

    Where the longest expected journey is not known, column 0 starts with ones: it then counts the
    steps ahead, and how much of it still moves bounds what is left of the other columns.
    """
    total, moving = start.copy(), start
    for _ in range(STEPS):
        moving = keep * (q @ moving)
        total += moving
        if longest is None:
            rest = float(moving[:, 0].max()) * float(total[:, 0].max())
        else:
            rest = float(moving.sum(axis=0).max(initial=0.0)) * longest
        if rest < ENOUGH:
            return total
    return _factorised(q, start, keep)


def _factorised(q: Any, start: Floats, keep: Any) -> Floats:
    """The same by a sparse LU factorisation for each column of `keep`."""
    import numpy as np
    from scipy import sparse
    from scipy.sparse import linalg

    eye = sparse.eye_array(len(start))
    parts = np.array_split(start, keep.shape[1], axis=1)
    found = [
        linalg.splu((eye - sparse.diags_array(kept.astype(float)) @ q).tocsc()).solve(part)
        for kept, part in zip(keep.T, parts, strict=True)
    ]
    return np.concatenate(found, axis=1)


def groups(layout: Layout) -> list[Whole]:
    """By name, the places of the states that stand at it."""
    import numpy as np

    order = np.argsort(layout.owner, kind="stable")
    edges = np.searchsorted(layout.owner[order], np.arange(len(layout.names) + 1))
    return [order[a:b] for a, b in pairwise(edges)]
