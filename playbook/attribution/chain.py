"""The absorbing Markov chain of journeys: what is lost when a channel is taken away.

A journey goes from `(start)` through the names it touched to `(conversion)` or `(null)`. At order k
a state is the last k names, so order 1 knows where a journey is and order 4 how it got there. With
Q the chances between states and r the chances of converting next, N = (I - Q)^-1 holds the expected
visits and h = N r the chance of converting from each state.

Taking a channel away sends every journey that reaches it to `(null)`. What is lost is the chance of
ever reaching it times the chance of converting from there; at order 1 that is

    removal effect of k = (N[start, k] / N[k, k]) * h[k] / h[start]

and at order k, with S the states whose latest name is the channel,

    N[start, S] N[S, S]^-1 h[S] / h[start].

So one factorisation of I - Q serves every channel, and nothing is simulated: the same journeys give
the same figures. Credits are the removal effects scaled to the conversions there were. For value,
conversions out of a state count with the mean value of those that left from it.

What ours is not: a product over observed paths (which misses the paths that the chain allows and
nobody walked), a simulation (a few per cent off at the usual settings), a solve per channel (the
same figures at a multiple of the time), or a chain of converting journeys only (in which every
channel that begins a journey loses all).

Sources: Anderl, Becker, von Wangenheim and Schumann (2016), "Mapping the customer journey: lessons
learned from graph-based online attribution modeling"; Kemeny and Snell (1960), "Finite Markov
chains", chapter 3, for N and for the chance N[i, k] / N[k, k] of ever reaching k.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from playbook.errors import ParameterError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from playbook.attribution.removal import Layout

START = "(start)"
CONVERSION = "(conversion)"
NULL = "(null)"
MARKS = frozenset({START, CONVERSION, NULL})
ORDERS = range(1, 5)


@dataclass(frozen=True, eq=False)
class Chain:
    """A solved chain.

    Attributes:
        order: How many names a state remembers.
        matrix: `from, to, n, share`: the transitions counted, and their share of all out of `from`.
        conversion_probability: Chance that a journey converts; nan where there are no journeys.
        removal_effects: By name, the share of conversions lost without it, sorted by name; nan
            where nothing converts. They do not sum to 1.
        value_effects: By name, the share of value lost without it; nan where nothing has value.
    """

    order: int
    matrix: pd.DataFrame
    conversion_probability: float
    removal_effects: pd.Series[float]
    value_effects: pd.Series[float]

    def conversions(self, total: float) -> pd.Series[float]:
        """Credits by name that sum to `total` conversions.

        Raises:
            ParameterError: There is something to credit, and no transition leads to a conversion.
        """
        return _scaled(self.removal_effects, total, "conversions")

    def values(self, total: float) -> pd.Series[float]:
        """Credits by name that sum to `total`, the value of all conversions.

        Raises:
            ParameterError: There is something to credit, and no conversion has value.
        """
        return _scaled(self.value_effects, total, "value")


def solve(counts: pd.DataFrame, ends: pd.DataFrame | None = None, *, order: int = 1) -> Chain:
    """The chain of the transitions counted.

    Args:
        counts: `from, to, n`. States are names at order 1 and tuples of up to `order` names above
            it, the latest last; besides them `(start)`, `(conversion)` and `(null)`.
        ends: `state, conversions, value`: what left each state for `(conversion)`. None where
            conversions have no value.
        order: How many names a state remembers, 1 to 4.

    Raises:
        ParameterError: An order beyond 4, a count below zero, value below zero or out of a state
            that no conversion leaves, or states that lead nowhere. Journeys cannot give the last,
            for every journey ends: such a table was not counted from journeys.

    >>> import pandas as pd
    >>> counts = pd.DataFrame(
    ...     [("(start)", "a", 2), ("a", "b", 1), ("a", "(null)", 1), ("b", "(conversion)", 1)],
    ...     columns=["from", "to", "n"],
    ... )
    >>> solve(counts).removal_effects.to_dict()
    {'a': 1.0, 'b': 1.0}
    """
    from playbook.attribution import removal

    if order not in ORDERS:
        raise ParameterError(f"order: {order}; allowed are 1 to {ORDERS[-1]}")
    layout, n = _read(counts, order)
    _refuse_dead_ends(layout)
    whole, lost = removal.lost(layout, n, _value(layout, ends))
    return Chain(
        order=order,
        matrix=_matrix(layout, n),
        conversion_probability=float(whole[0]),
        removal_effects=_effects(lost[:, 0], whole[0], layout.names),
        value_effects=_effects(lost[:, 1], whole[1], layout.names),
    )


def _read(counts: pd.DataFrame, order: int) -> tuple[Layout, np.ndarray[Any, Any]]:
    """Every transition that happened, once and in a fixed order, and how often it was taken."""
    import numpy as np
    import pandas as pd

    from playbook.attribution import removal

    missing = {"from", "to", "n"} - set(counts.columns)
    if missing:
        raise ParameterError(f"counts: no column {', '.join(sorted(missing))}")
    n = counts["n"].to_numpy(dtype=float)
    if not (n >= 0).all():
        raise ParameterError("counts: n below zero or missing; it says how often a step was taken")
    counts, n = counts[n > 0], n[n > 0]
    codes, states = pd.factorize(_looked_up(pd.concat([counts["from"], counts["to"]])))
    inner = sorted((s for s in states if s not in MARKS), key=_names)
    place = {s: i for i, s in enumerate([START, *inner])}
    place |= {CONVERSION: removal.CONVERTED, NULL: removal.ENDED}
    places = np.array([place[s] for s in states], dtype=np.int64)[codes]
    origin, to = places[: len(n)], places[len(n) :]
    _refuse(origin, to, inner, order)
    kinds, which = np.unique(origin * (len(inner) + 3) + to + 2, return_inverse=True)
    latest = [s if isinstance(s, str) else s[-1] for s in inner]
    names = sorted(set(latest))
    rank = {name: i for i, name in enumerate(names)}
    owner = np.array([-1, *(rank[name] for name in latest)], dtype=np.int64)
    origin, to = np.divmod(kinds, len(inner) + 3)
    layout = removal.Layout((START, *inner), tuple(names), owner, origin, to - 2)
    return layout, np.bincount(which, n, minlength=len(kinds))


def _looked_up(states: pd.Series[Any]) -> np.ndarray[Any, Any]:
    """States as things to look up: lists and arrays of names become tuples."""
    import numpy as np
    from pandas.api.types import infer_dtype

    found = np.empty(len(states), dtype=object)
    found[:] = states.to_numpy(dtype=object)
    if infer_dtype(found) != "string":
        found[:] = [s if isinstance(s, str) else tuple(str(name) for name in s) for s in found]
    return found


def _names(state: Any) -> tuple[str, ...]:
    return (state,) if isinstance(state, str) else state


def _refuse(
    origin: np.ndarray[Any, Any], to: np.ndarray[Any, Any], states: list[Any], order: int
) -> None:
    """Refuse steps that no journey takes, and states of another order."""
    if (origin < 0).any() or (to == 0).any():
        raise ParameterError(
            f"counts: a step out of {CONVERSION} or {NULL}, or into {START}; a journey begins at "
            f"{START} and ends once"
        )
    for state in states:
        if (order == 1) != isinstance(state, str) or not 1 <= len(_names(state)) <= order:
            kind = "a name" if order == 1 else f"1 to {order} names"
            raise ParameterError(f"counts: state {state!r}; at order {order} a state is {kind}")


def _value(layout: Layout, ends: pd.DataFrame | None) -> np.ndarray[Any, Any]:
    """Value that left each state with a conversion, by place of the state."""
    import numpy as np

    from playbook.attribution import removal

    value = np.zeros(len(layout.states))
    if ends is None:
        return value
    leaves = set(layout.origin[layout.to == removal.CONVERTED].tolist())
    where = {state: i for i, state in enumerate(layout.states)}
    amounts = ends["value"].to_numpy(dtype=float)
    for state, amount in zip(_looked_up(ends["state"]), amounts, strict=True):
        if not amount >= 0:
            raise ParameterError(f"ends: value {amount} at {state!r}; allowed is 0 or more")
        if amount and where.get(state) not in leaves:
            raise ParameterError(f"ends: value at {state!r}, which no conversion left")
        if amount:
            value[where[state]] += amount
    return value


def _refuse_dead_ends(layout: Layout) -> None:
    stuck = layout.dead_ends()
    if stuck:
        shown = ", ".join(str(s) for s in stuck[:5]) + (" …" if len(stuck) > 5 else "")
        raise ParameterError(
            f"counts: no way from {shown} to {CONVERSION} or {NULL}. Every journey ends, so these "
            "counts do not come from whole journeys"
        )


def _matrix(layout: Layout, n: np.ndarray[Any, Any]) -> pd.DataFrame:
    import numpy as np
    import pandas as pd

    states = np.empty(len(layout.states) + 2, dtype=object)
    states[:] = [*layout.states, NULL, CONVERSION]  # the last two from behind: -2 and -1
    out = np.bincount(layout.origin, n, minlength=len(layout.states))
    table = {"from": states[layout.origin], "to": states[layout.to]}
    return pd.DataFrame(table).assign(n=n, share=n / out[layout.origin])


def _effects(lost: np.ndarray[Any, Any], whole: float, names: tuple[str, ...]) -> pd.Series[float]:
    import numpy as np
    import pandas as pd

    effects = lost / whole if whole > 0 else np.full(len(names), np.nan)
    return pd.Series(effects, index=pd.Index(list(names), dtype=object), dtype="float64")


def _scaled(effects: pd.Series[float], total: float, what: str) -> pd.Series[float]:
    whole = float(effects.sum())
    if whole > 0:
        return effects * (total / whole)
    if total:
        raise ParameterError(f"{what}: {total} to credit, and the chain has none to follow")
    return effects.fillna(0.0)
