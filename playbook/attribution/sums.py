"""Models as sums over journeys, so that journeys drawn again are a matter of multiplying.

Each model makes a table of what one journey adds to which sum, once; and knows what credits follow
from sums.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from playbook.attribution import coalitions, removal
from playbook.attribution import distinct as rows
from playbook.attribution.rows import CONVERTED, NULL

if TYPE_CHECKING:
    import numpy as np
    from scipy import sparse

    Floats = np.ndarray[Any, np.dtype[np.float64]]

CLOSED = (CONVERTED, NULL)


class Statistic(Protocol):
    """A model, as sums over journeys and what it makes of them."""

    @property
    def table(self) -> sparse.csr_array:
        """Journeys x sums: what one journey adds to each."""
        ...

    def credits(self, sums: Floats) -> Floats:
        """Credit from sums (draws x sums); shape (draws, names, 2), conversions and value."""
        ...


class Model(Protocol):
    """What makes a statistic of journeys."""

    def __call__(self, journeys: rows.Distinct) -> Statistic:
        """The statistic of these journeys."""
        ...


@dataclass(frozen=True)
class Weights:
    """Each touch gets its weight, from the column that has the model's name: the heuristics.

    Attributes:
        column: Column of the table of journeys.
    """

    column: str

    def __call__(self, journeys: rows.Distinct) -> Statistic:
        """The sums that it needs of these journeys."""
        return _Linear.of(journeys, journeys.weights[self.column])


@dataclass(frozen=True)
class SumGame:
    """`games.sum_game`: equal parts for the distinct names of a journey."""

    def __call__(self, journeys: rows.Distinct) -> Statistic:
        """The sums that it needs of these journeys."""
        import numpy as np

        cells, width = _cells(journeys)
        kinds, which, times = np.unique(cells, return_inverse=True, return_counts=True)
        different = np.bincount(kinds // width, minlength=len(journeys.sizes))
        return _Linear.of(journeys, 1.0 / (times[which] * different[journeys.rows]))


@dataclass(frozen=True)
class MarkovChain:
    """`chain.solve`.

    Attributes:
        order: Names that a state remembers, 1 to 4.
        states: How the journeys that are in the chain ended.
    """

    order: int = 1
    states: tuple[str, ...] = CLOSED

    def __call__(self, journeys: rows.Distinct) -> Statistic:
        """The sums that it needs of these journeys."""
        return _Chain.of(journeys, self.order, self.states)


@dataclass(frozen=True)
class RateGame:
    """`games.rate_game`.

    Attributes:
        states: How the journeys that are in the game ended.
        draws: Orders to draw, the same for every draw of journeys; None as there.
    """

    states: tuple[str, ...] = CLOSED
    draws: int | None = None

    def __call__(self, journeys: rows.Distinct) -> Statistic:
        """The sums that it needs of these journeys."""
        return _Rates.of(journeys, self.states, self.draws)


@dataclass(frozen=True, eq=False)
class _Linear:
    """Credits that are sums themselves."""

    table: sparse.csr_array
    names: int

    @classmethod
    def of(cls, journeys: rows.Distinct, weights: Floats) -> _Linear:
        """From the weight of every touch."""
        names = len(journeys.names)
        converts = journeys.is_converted[journeys.rows]
        row, touch = journeys.rows[converts], journeys.touches[converts]
        weight = weights[converts]
        table = _table(
            [row, row],
            [touch, touch + names],
            [weight, weight * journeys.value[row]],
            (len(journeys.sizes), 2 * names),
        )
        return cls(table, names)

    def credits(self, sums: Floats) -> Floats:
        parts: Floats = sums.reshape(len(sums), 2, self.names).swapaxes(1, 2)
        return parts


@dataclass(frozen=True, eq=False)
class _Chain:
    """Transitions, then value by the state it left."""

    table: sparse.csr_array
    layout: removal.Layout

    @classmethod
    def of(cls, journeys: rows.Distinct, order: int, states: tuple[str, ...]) -> _Chain:
        import numpy as np

        state, owner = rows.windows(journeys, order)
        filled = np.flatnonzero((journeys.sizes > 0) & journeys.among(states))
        first = journeys.starts[filled]
        last = first + journeys.sizes[filled] - 1
        goes_on = np.repeat(journeys.among(states), journeys.sizes)
        goes_on[last] = False
        steps = np.flatnonzero(goes_on)
        end = np.where(journeys.is_converted[filled], removal.CONVERTED, removal.ENDED)
        row = np.concatenate([filled, journeys.rows[steps], filled])
        origin = np.concatenate([np.zeros(len(first), np.int64), state[steps], state[last]])
        to = np.concatenate([state[first], state[steps + 1], end])
        kinds, which = np.unique(origin * (len(owner) + 2) + to + 2, return_inverse=True)
        origin, to = np.divmod(kinds, len(owner) + 2)
        layout = removal.Layout(tuple(range(len(owner))), journeys.names, owner, origin, to - 2)
        steps_taken = len(kinds)
        table = _table(
            [row, filled],
            [which, steps_taken + state[last]],
            [np.ones(len(row)), journeys.value[filled]],
            (len(journeys.sizes), steps_taken + len(owner)),
        )
        return cls(table, layout)

    def credits(self, sums: Floats) -> Floats:
        import numpy as np

        taken = self.layout.origin.size
        n, value = sums[:, :taken], sums[:, taken:]
        lost = removal.lost(self.layout, n, value)[1]
        whole = np.stack(
            [n[:, self.layout.to == removal.CONVERTED].sum(axis=1), value.sum(axis=1)], axis=1
        )
        given: Floats = shares_of(lost) * whole[:, None, :]
        return given


def shares_of(lost: Floats) -> Floats:
    """Losses as parts of their sum over names; 0 where nothing is lost."""
    import numpy as np

    whole = lost.sum(axis=1, keepdims=True)
    part: Floats = np.divide(lost, whole, out=np.zeros_like(lost), where=whole > 0)
    return part


@dataclass(frozen=True, eq=False)
class _Rates:
    """Conversions, nulls and value by distinct set."""

    table: sparse.csr_array
    sets: coalitions.Sets
    draws: int | None

    @classmethod
    def of(cls, journeys: rows.Distinct, states: tuple[str, ...], draws: int | None) -> _Rates:
        import numpy as np

        cells, width = _cells(journeys)
        row, name = np.divmod(np.unique(cells), width)
        sizes = np.bincount(row, minlength=len(journeys.sizes))
        filled = np.flatnonzero((sizes > 0) & journeys.among(states))
        places: dict[bytes, int] = {}
        ends = np.cumsum(sizes)
        members = [name[ends[i] - sizes[i] : ends[i]] for i in filled]
        which = np.array(
            [places.setdefault(m.tobytes(), len(places)) for m in members], dtype=np.int64
        )
        kept = [np.frombuffer(key, dtype=name.dtype) for key in places]
        size = np.array([len(k) for k in kept], dtype=np.int64)
        sets = coalitions.Sets(
            journeys.names,
            np.repeat(np.arange(len(kept)), size),
            np.concatenate([np.zeros(0, np.int64), *kept]),
            size,
            np.zeros((len(kept), 3)),
        )
        converts = journeys.is_converted[filled]
        won = np.flatnonzero(converts)
        table = _table(
            [filled, filled[won]],
            [3 * which + ~converts, 3 * which[won] + 2],
            [np.ones(len(filled)), journeys.value[filled[won]]],
            (len(journeys.sizes), 3 * len(kept)),
        )
        return cls(table, sets, draws)

    def credits(self, sums: Floats) -> Floats:
        tallies = sums.reshape(len(sums), -1, 3)
        return coalitions.rate_credits(self.sets, tallies, self.draws, 0)[0]


def _cells(journeys: rows.Distinct) -> tuple[rows.Whole, int]:
    """By touch, one number for its journey and name; and how many there are by journey."""
    width = max(1, len(journeys.names))
    return journeys.rows * width + journeys.touches, width


def _table(
    row: list[Any], column: list[Any], amounts: list[Any], shape: tuple[int, int]
) -> sparse.csr_array:
    import numpy as np
    from scipy import sparse

    places = (np.concatenate(row), np.concatenate(column))
    return sparse.csr_array((np.concatenate(amounts), places), shape=shape)
