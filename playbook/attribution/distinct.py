"""Distinct journeys as arrays: what is resampled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from playbook.attribution.rows import CONVERTED, NULL, OPEN
from playbook.errors import ParameterError, unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np
    import pandas as pd

    Floats = np.ndarray[Any, np.dtype[np.float64]]
    Whole = np.ndarray[Any, np.dtype[np.int64]]
    Flags = np.ndarray[Any, np.dtype[np.bool_]]

COLUMNS = ("path", "state", "value", "n")
STATES = (CONVERTED, NULL, OPEN)


@dataclass(frozen=True, eq=False)
class Distinct:
    """Journeys that differ in their path, in how they ended, in value or in weights.

    Attributes:
        names: Every name touched, sorted.
        touches: The place in `names` of every touch, journey after journey.
        rows: The journey that each touch belongs to.
        sizes: Touches of each journey; 0 for a conversion without any.
        states: How it ended: `converted`, `null`, or `open` where it has not.
        value: Of one such conversion; 0 for others.
        n: How many journeys are alike.
        weights: By model, the part of the credit that each touch gets.
    """

    names: tuple[str, ...]
    touches: Whole
    rows: Whole
    sizes: Whole
    states: np.ndarray[Any, Any]
    value: Floats
    n: Whole
    weights: dict[str, Floats]

    @property
    def is_converted(self) -> Flags:
        """Whether a journey ended in a conversion."""
        return self.among((CONVERTED,))

    def among(self, states: Iterable[str]) -> Flags:
        """Whether a journey ended in one of these ways."""
        import numpy as np

        return np.isin(self.states, list(states))

    @property
    def starts(self) -> Whole:
        """Where the touches of each journey begin."""
        import numpy as np

        return np.cumsum(self.sizes) - self.sizes


def distinct(table: pd.DataFrame, models: Sequence[str] = ()) -> Distinct:
    """The journeys of a table, alike ones together, in an order of their own.

    So it does not matter how the table is sorted, or whether one row is two.

    Args:
        table: `path` (names in order), `state` (converted, null, open), `value` (of one
            conversion), `n` (journeys), and by model a column of weights, a list as long as the
            path.
        models: The columns of weights.

    Raises:
        ParameterError: A column is missing, a state unknown, a value missing, `n` no whole number
            of 0 or more, or weights are not as many as touches.
    """
    import numpy as np

    missing = [c for c in (*COLUMNS, *models) if c not in table]
    if missing:
        raise ParameterError(f"journeys: no column {', '.join(missing)}; there are {list(table)}")
    often: dict[tuple[Any, ...], int] = {}
    for path, state, value, n, *weights in table[[*COLUMNS, *models]].itertuples(index=False):
        won = state == CONVERTED
        key = (
            tuple(str(name) for name in path),
            _state(state),
            _value(value) if won else 0.0,
            *(_weights(m, path, w) if won else () for m, w in zip(models, weights, strict=True)),
        )
        often[key] = often.get(key, 0) + _count(n)
    keys = sorted(key for key, n in often.items() if n)
    names = sorted({name for key in keys for name in key[0]})
    place = {name: i for i, name in enumerate(names)}
    sizes = np.array([len(key[0]) for key in keys], dtype=np.int64)
    return Distinct(
        names=tuple(names),
        touches=_flat((place[name] for key in keys for name in key[0]), int(sizes.sum()), "int64"),
        rows=np.repeat(np.arange(len(keys)), sizes),
        sizes=sizes,
        states=np.array([key[1] for key in keys], dtype=object),
        value=np.array([key[2] for key in keys], dtype=float),
        n=np.array([often[key] for key in keys], dtype=np.int64),
        weights={
            model: _flat(
                (w for key in keys for w in key[3 + i] or (0.0,) * len(key[0])),
                int(sizes.sum()),
                "float64",
            )
            for i, model in enumerate(models)
        },
    )


def _flat(items: Iterable[Any], size: int, kind: str) -> np.ndarray[Any, Any]:
    import numpy as np

    return np.fromiter(items, dtype=kind, count=size)


def _count(n: Any) -> int:
    if not n >= 0 or int(n) != n:
        raise ParameterError(f"journeys: n is {n}; it counts journeys, a whole number of 0 or more")
    return int(n)


def _state(state: Any) -> str:
    if state not in STATES:
        raise ParameterError(f"journeys: {unknown('state', str(state), STATES)}")
    return str(state)


def _value(value: Any) -> float:
    if not float(value) >= 0:
        raise ParameterError(f"journeys: value {value} of a conversion; allowed is 0 or more")
    return float(value)


def _weights(model: str, path: Sequence[str], weights: Any) -> tuple[float, ...]:
    if len(weights) != len(path):
        raise ParameterError(f"{model}: {len(weights)} weights for {len(path)} touches")
    return tuple(float(w) for w in weights)


def windows(journeys: Distinct, order: int) -> tuple[Whole, Whole]:
    """By touch, the number of its state at an order: the last `order` names up to it.

    Returns:
        State of each touch, from 1 (0 is the start); and by state from 0, the place of its latest
        name, -1 for the start.
    """
    import numpy as np

    width = len(journeys.names) + 1
    first = np.zeros(journeys.touches.size, dtype=bool)
    first[journeys.starts[journeys.sizes > 0]] = True
    state = journeys.touches + 1
    for _ in range(order - 1):
        before = np.concatenate([[0], state[:-1]]) if state.size else state
        pair = np.where(first, 0, before) * width + journeys.touches + 1
        state = np.unique(pair, return_inverse=True)[1] + 1
    kinds, state = np.unique(state, return_inverse=True)
    owner = np.full(len(kinds) + 1, -1, dtype=np.int64)
    owner[state + 1] = journeys.touches
    return state + 1, owner
