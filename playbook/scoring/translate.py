"""A fitted score as whole points that a marketer can read, question and paste."""

from __future__ import annotations

import json
import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from playbook.conditions import Comparison, Condition, Joined, as_dict, describe
from playbook.scoring import encoding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

    from playbook.scoring.encoding import Encoding
    from playbook.scoring.model import Fitted


def as_points(
    fitted: Fitted, *, fields: Mapping[str, str] | None = None, doubling: int = 10
) -> pd.DataFrame:
    """What each level of a fitted score is worth in whole points.

    Args:
        fitted: What was learnt.
        fields: Field of the rules by column, such as `{"seniority": "person.seniority"}`; a
            column without one keeps its name, and `lead.` before it where it has no dot.
        doubling: Points that double the odds of the outcome.

    Returns:
        One row per level that gives or takes points: `factor` (the column), `level` (in words),
        `points` (against the level that the others are compared with; numbers in quarters,
        against the lowest), `odds_ratio`, `toml` (its line in `fit = […]` of `[scoring]`).
        Points below one half are none. `attrs["doubling"]` says what a point is worth.

    Raises:
        ParameterError: `doubling` is not above 0.
    """
    import pandas as pd

    from playbook.errors import ParameterError

    if doubling <= 0:
        raise ParameterError(f"doubling must be above 0, not {doubling}.")
    rows = []
    for one in fitted.encodings:
        field = (fields or {}).get(one.column, one.column)
        field = field if "." in field else f"lead.{field}"
        for when, log_odds in _levels(one, fitted.weights, field):
            points = round(log_odds / math.log(2) * doubling)
            if points:
                line = toml({"factor": one.column, "when": as_dict(when), "points": points})
                rows.append((one.column, describe(when), points, math.exp(log_odds), line))
    table = pd.DataFrame(rows, columns=["factor", "level", "points", "odds_ratio", "toml"])
    table.attrs["doubling"] = doubling
    return table


def as_toml(points: pd.DataFrame) -> str:
    """The lines of a points table as they stand in `playbook.toml`.

    >>> import pandas as pd
    >>> print(as_toml(pd.DataFrame({"toml": ["{...}"]})))
    [scoring]
    fit = [
      {...},
    ]
    """
    return "\n".join(["[scoring]", "fit = [", *(f"  {line}," for line in points["toml"]), "]"])


def toml(value: Any) -> str:
    """A value as TOML writes it, on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def _levels(
    one: Encoding, weights: Mapping[tuple[str, str], float], field: str
) -> Iterator[tuple[Condition, float]]:
    """Each level as a condition, with its log-odds."""
    if one.kind == "number":
        yield from _bands(one, weights.get((one.column, encoding.NUMBER), 0.0), field)
        if encoding.MISSING in one.terms:
            lowest = _centre(one, 0)
            missing = weights.get((one.column, encoding.MISSING), 0.0)
            slope = weights.get((one.column, encoding.NUMBER), 0.0)
            yield Comparison(field, "empty"), missing - slope * lowest
        return
    for level in one.terms:
        yield _condition(one, level, field), weights.get((one.column, level), 0.0)


def _condition(one: Encoding, level: str, field: str) -> Condition:
    if level == encoding.MISSING:
        return Comparison(field, "empty")
    if level == encoding.OTHER:
        named = tuple(name for name in one.kept if name != encoding.MISSING)
        return Comparison(field, "not_in", named)
    if one.kind == "flag":
        return Comparison(field, "is_true" if level == "true" else "is_false")
    return Comparison(field, "eq", level)


def _bands(one: Encoding, slope: float, field: str) -> Iterator[tuple[Condition, float]]:
    """Quarters of a number, each worth what its middle is above the lowest one's."""
    cuts = [int(cut) if cut.is_integer() else cut for cut in one.cuts]
    for place, (low, high) in enumerate(pairwise(cuts), start=1):
        band = Joined("all", (Comparison(field, "ge", low), Comparison(field, "lt", high)))
        yield band, slope * (_centre(one, place) - _centre(one, 0))
    if cuts:
        last = len(cuts)
        top = Comparison(field, "ge", cuts[-1])
        yield top, slope * (_centre(one, last) - _centre(one, 0))


def _centre(one: Encoding, place: int) -> float:
    """Mean of a band of a number, in standard deviations from the mean."""
    return one.centres[place] if one.centres else 0.0
