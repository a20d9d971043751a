"""The ways that journeys took: whole paths, steps from touch to touch, what a name's loss costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook.attribution import fractional, games, tallies
from playbook.attribution.models import Markov
from playbook.attribution.rows import CONVERTED, NULL, OPEN
from playbook.errors import ParameterError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from playbook.attribution.chain import Chain
    from playbook.attribution.journeys import Journeys
    from playbook.attribution.models import Nulls

WORDS = 4
"""Whole numbers that hold a path, until one proves longer."""


def paths(
    journeys: Journeys, *, top: int | None = None, separator: str | None = None
) -> pd.DataFrame:
    """The distinct paths, and what became of the journeys that took them.

    Args:
        journeys: The journeys.
        top: How many paths; all where None.
        separator: Write a path as text with this between names, as other packages take it; where
            None a path is a tuple of names.

    Returns:
        One row per `path`: `size` (touches), `conversions`, `nulls`, `open`, `value`; most
        conversions first, then most value, then most journeys.

    Raises:
        ParameterError: `top` below 1, or a name holds the separator.

    >>> import pandas as pd
    >>> from playbook.attribution import from_paths
    >>> table = pd.DataFrame({"path": ["b", "a > b", "b"], "conversions": [1, 3, 1]})
    >>> paths(from_paths(table), separator=" > ")[["path", "size", "conversions"]]
        path  size  conversions
    0  a > b     2            3
    1      b     1            2
    """
    import numpy as np
    import pandas as pd

    if top is not None and top < 1:
        raise ParameterError(f"top must be 1 or more, or None for all paths, not {top}.")
    if separator is not None:
        _refuse_inside(journeys, separator)
    found = alike(journeys, nulls=True)
    wide = found.pivot_table(
        index="path", columns="state", values=["n", "value"], aggfunc="sum", fill_value=0
    )
    table = pd.DataFrame({"path": wide.index, "size": [len(path) for path in wide.index]})
    for name, state in (("conversions", CONVERTED), ("nulls", NULL), ("open", OPEN)):
        counts = wide["n"].get(state) if len(wide) else None
        table[name] = 0 if counts is None else counts.to_numpy(np.int64)
    worth = wide["value"].get(CONVERTED) if len(wide) else None
    table["value"] = 0.0 if worth is None else worth.to_numpy(float).round(2)
    if not journeys.plan.value:
        table["value"] = np.nan
    order = {"conversions": False, "value": False, "nulls": False, "open": False, "path": True}
    table = table.sort_values(list(order), ascending=list(order.values()), ignore_index=True)
    table = table if top is None else table.head(top)
    if separator is not None:
        table = table.assign(path=[separator.join(path) for path in table["path"]])
    return table


def transitions(journeys: Journeys, order: int = 1, *, nulls: Nulls = "closed") -> pd.DataFrame:
    """How often journeys went from one touch to the next.

    Args:
        journeys: The journeys.
        order: How many touches a state remembers, 1 to 4.
        nulls: Which journeys without conversion count, as in `Markov`.

    Returns:
        `from`, `to`, `n`, `share` (of all that left `from`). States are names, at a higher order
        tuples of names, and "(start)", "(conversion)", "(null)".

    Raises:
        ParameterError: Another order or choice of nulls.

    >>> import pandas as pd
    >>> from playbook.attribution import from_paths
    >>> table = pd.DataFrame({"path": ["b", "a > b"], "conversions": [1, 3]})
    >>> transitions(from_paths(table))
          from            to  n  share
    0  (start)             a  3   0.75
    1  (start)             b  1   0.25
    2        a             b  3   1.00
    3        b  (conversion)  4   1.00
    """
    chain = _chain(journeys, Markov(order, nulls))
    return chain.matrix.assign(n=chain.matrix["n"].astype("int64"))


def removal_effects(journeys: Journeys, order: int = 1, *, nulls: Nulls = "closed") -> pd.DataFrame:
    """What part of the conversions would be lost, were each name taken away.

    Args:
        journeys: The journeys.
        order: How many touches a state remembers, 1 to 4.
        nulls: Which journeys without conversion count, as in `Markov`.

    Returns:
        One row per name, under the journey's `by`: `removal_effect` and `value_removal_effect`
        (they do not sum to 1), `share` and `value_share` (scaled, so that they do); missing where
        nothing converts or conversions have no value. Greatest effect first.

    Raises:
        ParameterError: Another order or choice of nulls.

    >>> import pandas as pd
    >>> from playbook.attribution import from_paths
    >>> table = pd.DataFrame({"path": ["C1 > C2 > C3", "C1", "C2 > C3"]})
    >>> table["conversions"], table["nulls"] = [1, 0, 0], [0, 1, 1]
    >>> removal_effects(from_paths(table, nulls="nulls"))[["channel", "removal_effect", "share"]]
      channel  removal_effect  share
    0      C2             1.0    0.4
    1      C3             1.0    0.4
    2      C1             0.5    0.2
    """
    import pandas as pd

    by = journeys.journey.by
    chain = _chain(journeys, Markov(order, nulls))
    effect, worth = chain.removal_effects, chain.value_effects
    table = pd.DataFrame(
        {
            by: effect.index,
            "removal_effect": effect.to_numpy(),
            "share": (effect / effect.sum()).to_numpy(),
            "value_removal_effect": worth.to_numpy(),
            "value_share": (worth / worth.sum()).to_numpy(),
        }
    )
    order_by = ["removal_effect", by]
    return table.sort_values(order_by, ascending=[False, True], ignore_index=True)


def by_position(journeys: Journeys) -> pd.DataFrame:
    """The Shapley value by position: which place on the journey earned each name's credit.

    Returns:
        The journey's `by`, `position` (1 is the first touch), `conversions`, `value`; summed over
        positions they are the model `shapley`.
    """
    found = alike(journeys, nulls=False)
    table = games.ordered(found.rename(columns={"n": "conversions"}))
    table = table.rename(columns={"name": journeys.journey.by})
    return table if journeys.plan.value else table.assign(value=float("nan"))


def _chain(journeys: Journeys, model: Markov) -> Chain:
    table = fractional.steps(journeys, [model])
    return fractional.solved(table, model, value=journeys.plan.value)


def alike(journeys: Journeys, *, nulls: bool) -> pd.DataFrame:
    """`path` (a tuple of names), `state`, `n` and `value`: journeys that are alike, together."""
    names = journeys.facts.names
    each = tallies.per_word(names)
    words = WORDS
    table = journeys.ask(tallies.packed, names, words, nulls)
    longest = int(table["size"].max()) if len(table) else 0
    if longest > words * each:
        words = -(-longest // each)
        table = journeys.ask(tallies.packed, names, words, nulls)
    found = table[["state", "n", "value"]].copy()
    found.insert(0, "path", _unpacked(table, names))
    return found.sort_values(["path", "state"], ignore_index=True)


def _unpacked(table: pd.DataFrame, names: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The names that packed numbers stand for."""
    import numpy as np

    bits, each = tallies.width(names), tallies.per_word(names)
    mask = (1 << bits) - 1
    sizes = table["size"].to_numpy(np.int64)
    longest = int(sizes.max()) if len(sizes) else 0
    codes = np.zeros((len(table), longest), dtype=np.int64)
    for place in range(longest):
        word = table[f"path_{place // each}"].to_numpy(np.int64)
        codes[:, place] = (word >> (bits * (place % each))) & mask
    spelled: np.ndarray[Any, Any] = np.array(["", *names], dtype=object)[codes]
    return [tuple(row[:size]) for row, size in zip(spelled, sizes, strict=True)]


def _refuse_inside(journeys: Journeys, separator: str) -> None:
    """Paths written with a separator must be read back as they were."""
    mark = separator.strip() or separator
    if not mark:
        raise ParameterError("separator must hold a character.")
    inside = [name for name in journeys.facts.names if mark in name]
    if inside:
        raise ParameterError(
            f"{journeys.journey.by} '{inside[0]}' holds the separator '{mark}': paths could not be "
            "read back. Use another separator, or None for tuples of names."
        )
