"""Credit by a touch's place in its journey, from a small table of who stood where how often.

Every model gives each touch a share of its journey, and a journey's shares sum to 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook.attribution.models import Custom, Milestones, Plain, Position, TimeDecay
from playbook.attribution.tallies import NO_NUMBER, Wanted
from playbook.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    import pandas as pd

    from playbook.attribution.models import Model

    Floats = np.ndarray[Any, np.dtype[np.float64]]

HEURISTICS = (Plain, Position, Milestones, TimeDecay, Custom)


def wanted(models: Iterable[Model]) -> Wanted:
    """What the tally must tell apart for these models."""
    found = list(models)
    return Wanted(
        non_direct=any(isinstance(m, Plain) and m.name == "last_non_direct" for m in found),
        milestones=any(isinstance(m, Milestones) for m in found),
        half_lives=tuple(m.half_life_days for m in found if isinstance(m, TimeDecay)),
        customs=tuple(m for m in found if isinstance(m, Custom)),
    )


def credited(table: pd.DataFrame, model: Model, models: Iterable[Model]) -> tuple[Floats, Floats]:
    """Conversions and value that each row of a tally gets.

    Args:
        table: As `tallies.positions` gives it for `wanted(models)`, or one row per touch with `n`
            and `value` of its journey.
        model: The model.
        models: All models that the tally was made for.

    Raises:
        ParameterError: A weight of its own below 0.
    """
    if not isinstance(model, TimeDecay | Custom):
        share = shares(table, model)
        return share * table["n"].to_numpy(float), share * table["value"].to_numpy(float)
    found = list(models)
    decays = [m for m in found if isinstance(m, TimeDecay)]
    customs = [m for m in found if isinstance(m, Custom)]
    at = decays.index(model) if isinstance(model, TimeDecay) else len(decays) + customs.index(model)
    least = table[f"least_{at}"].min() if len(table) else 0
    if least <= NO_NUMBER:
        raise ParameterError(
            f"{model.name}: weights must be numbers of 0 or more; some are empty or no number."
        )
    if not least >= 0:
        raise ParameterError(
            f"{model.name}: weights must be 0 or more, not {least:g}. A touch cannot owe credit."
        )
    return table[f"credit_{at}"].to_numpy(float), table[f"worth_{at}"].to_numpy(float)


def shares(table: pd.DataFrame, model: Model) -> Floats:
    """The share of its journey that each row's touch gets by its place alone."""
    import numpy as np

    if isinstance(model, Position):
        return _position(table, model)
    if isinstance(model, Milestones):
        return _milestones(table, model)
    if model.name == "linear":
        return 1 / table["size"].to_numpy(float)
    column = {"first": "is_first", "last": "is_last", "last_non_direct": "is_non_direct"}
    return table[column[model.name]].to_numpy(np.float64)


def _position(table: pd.DataFrame, model: Position) -> Floats:
    import numpy as np

    size = table["size"].to_numpy(float)
    first, last = (table[name].to_numpy(bool) for name in ("is_first", "is_last"))
    ends = model.first + model.last
    # Without anything between, its weight goes to the ends in proportion.
    one, other = (model.first / ends, model.last / ends) if ends > 0 else (0.5, 0.5)
    two = np.where(first, one, other)
    inner = model.middle / np.maximum(size - 2, 1)
    many = np.where(first, model.first, np.where(last, model.last, inner))
    found: Floats = np.where(size == 1, 1.0, np.where(size == 2, two, many))
    return found


def _milestones(table: pd.DataFrame, model: Milestones) -> Floats:
    """A touch's weight: of every milestone it is at, and its part of the rest.

    `bits` says at which milestones a touch is. `shape` holds of each milestone in turn whether its
    touch is the first, the last, or that of each milestone before it, and whether it has one.
    """
    import numpy as np

    bits, shape = table["bits"].to_numpy(np.int64), table["shape"].to_numpy(np.int64)
    size = table["size"].to_numpy(np.int64)
    first, last = (table[name].to_numpy(bool) for name in ("is_first", "is_last"))
    named = model.first * first + model.last * last
    total = np.full(len(table), model.first + model.last)
    marked = (first & (model.first > 0)) | (last & (model.last > 0))
    single = size == 1
    places = np.where(single, 1, (model.first > 0) + (model.last > 0))
    bit = 0
    has: list[Any] = []
    for i, weight in enumerate(model.milestones):
        is_first, is_last, *same, there = ((shape >> (bit + k)) & 1 > 0 for k in range(3 + i))
        bit += 3 + i
        counts = there & (weight > 0)
        named = named + weight * ((bits >> i) & 1) * there
        total = total + weight * there
        marked = marked | (((bits >> i) & 1 > 0) & counts)
        taken = (is_first & (model.first > 0)) | (is_last & (model.last > 0))
        for other, twin in zip(has, same, strict=True):
            taken = taken | (twin & other)
        places = places + (counts & ~taken)
        has.append(counts)
    between = size - places
    rest = np.where(between > 0, model.rest, 0.0)
    scaled = named / total * (1 - rest)
    found: Floats = np.where(marked, scaled, rest / np.maximum(between, 1))
    return found
