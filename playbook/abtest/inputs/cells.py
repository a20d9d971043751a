"""The small table that every kind of input becomes, one row per arm and group, and its arms."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from playbook.abtest.arms import MISSING, VALUES, Arms, Groups, merged, ranked
from playbook.errors import unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from playbook.abtest.arms import Floats, Ints

ROUNDING = 1e-11
"""What rounding leaves of a sum of x (1 - x) that is 0, per unit."""


class Cells(NamedTuple):
    """Sums of each arm within each group: r rows, m columns.

    Attributes:
        arms: The arm of each row.
        keys: The group of each row, a tuple of values; () where there are no groups.
        n: Units, (r,).
        means: (r, m).
        products: Sums of centred products, (r, m, m).
        lows: Smallest values, (r, m).
        highs: Greatest values, (r, m).
    """

    arms: Sequence[str]
    keys: Sequence[tuple[Any, ...]]
    n: Ints
    means: Floats
    products: Floats
    lows: Floats
    highs: Floats


def arm_mistakes(arms: Iterable[Any], control: object) -> Iterator[str]:
    """What is wrong with the arms that there are."""
    names = sorted({str(arm) for arm in arms if arm is not None})
    if not names:
        yield "there are no rows: a test needs a control and an arm to compare it with."
        return
    if str(control) not in names:
        yield unknown("control", str(control), names)
    if len(names) == 1:
        yield f"there is only one arm, '{names[0]}': a test compares two or more."


def arms_of(
    cells: Cells, control: object, columns: tuple[str, ...], grouping: tuple[str, ...] = ()
) -> Arms:
    """The arms that cells make together, the control first, with their groups."""
    import numpy as np

    others = sorted(set(cells.arms) - {str(control)})
    names = (str(control), *others)
    groups = _groups(cells, names, len(columns), grouping)
    sums = merged(groups.n, groups.means, groups.products)
    lows, highs = np.fmin.reduce(groups.lows, axis=0), np.fmax.reduce(groups.highs, axis=0)
    arms = Arms(names, columns, *sums, frozenset(), lows, highs, groups if grouping else None)
    return Arms(names, columns, *sums, _binary(arms), lows, highs, arms.parts)


def _groups(cells: Cells, names: tuple[str, ...], m: int, grouping: tuple[str, ...]) -> Groups:
    """The cells by group and arm; an arm that is not in a group has nobody there."""
    import numpy as np

    named = [tuple(MISSING if value is None else value for value in key) for key in cells.keys]
    keys = sorted(set(named), key=lambda key: tuple(map(ranked, key)))
    group = {key: place for place, key in enumerate(keys)}
    places = [(group[key], names.index(arm)) for key, arm in zip(named, cells.arms, strict=True)]
    layers = _repeats(places)
    at = (layers, *map(list, zip(*places, strict=True)))
    shapes = {"n": (), "products": (m, m)}
    found: dict[str, Any] = {}
    for name in VALUES:
        empty = 0.0 if name in {"n", "products"} else np.nan
        shape = (max(layers) + 1, len(keys), len(names), *shapes.get(name, (m,)))
        found[name] = np.full(shape, empty)
        found[name][at] = getattr(cells, name)
    found["n"] = found["n"].astype("int64")
    return Groups(grouping, tuple(keys), **_added(found))


def _repeats(places: Sequence[tuple[int, int]]) -> list[int]:
    """How many rows before each have the same group and arm.

    An empty group and one that is called "(missing)" have one name, as have the arms 1 and "1".

    >>> _repeats([(0, 0), (0, 1), (0, 0)])
    [0, 0, 1]
    """
    seen = Counter[tuple[int, int]]()
    found = []
    for place in places:
        found.append(seen[place])
        seen[place] += 1
    return found


def _added(layers: dict[str, Any]) -> dict[str, Any]:
    """What rows of one group and arm make together; the rows are the first axis."""
    import numpy as np

    if len(layers["n"]) == 1:
        return {name: values[0] for name, values in layers.items()}
    sums = merged(*(layers[name] for name in ("n", "means", "products")))
    lows, highs = np.fmin.reduce(layers["lows"]), np.fmax.reduce(layers["highs"])
    return {**sums._asdict(), "lows": lows, "highs": highs}


def _binary(arms: Arms) -> frozenset[str]:
    """The columns that hold only 0 and 1: within these ends, the sum of x (1 - x) is 0."""
    import numpy as np

    squares = np.diagonal(arms.products, axis1=1, axis2=2)
    n = arms.n[:, None]
    left = n * arms.means * (1 - arms.means) - squares
    within = (arms.lows >= 0) & (arms.highs <= 1) & (np.abs(left) <= ROUNDING * n)
    return frozenset(np.array(arms.columns)[within.all(axis=0)].tolist())
