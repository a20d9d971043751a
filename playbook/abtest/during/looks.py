"""When a test is looked at, checked: every mistake at once, in words."""

from __future__ import annotations

import math
from itertools import pairwise
from numbers import Integral
from typing import TYPE_CHECKING, Any

from playbook.abtest.before.plan import Plan
from playbook.abtest.during.spending import OBRIEN_FLEMING, exponent
from playbook.errors import ParameterError, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CLASSICAL = ("obrien_fleming", "pocock")


def fractions_of(
    looks: int | Sequence[float], planned: float | Plan | None
) -> tuple[tuple[float, ...], list[str]]:
    """Information at each look as a share of what was planned, and what is wrong with it.

    >>> fractions_of(4, None)[0], fractions_of([500, 2000], 2000)[0]
    ((0.25, 0.5, 0.75, 1.0), (0.25, 1.0))
    """
    if isinstance(looks, (int, Integral)):
        looks = int(looks)
        wrong = [] if looks > 0 else [f"looks must be 1 or more, not {looks}."]
        if planned is not None:
            wrong.append("planned is for looks given in people; drop it, or give these.")
        return tuple(k / looks for k in range(1, looks + 1)), wrong
    people = planned.total if isinstance(planned, Plan) else planned
    if people is not None and not 0 < people < math.inf:
        return (), [f"planned must be people above 0, or a Plan, not {people}."]
    given = tuple(look / (people or 1) for look in looks)
    return given, list(_wrong_fractions(given, known=people is not None))


def _wrong_fractions(fractions: tuple[float, ...], *, known: bool) -> Iterator[str]:
    said = ", ".join(f"{x:.4g}" for x in fractions)
    if not fractions or not all(0 < x < math.inf for x in fractions):
        yield f"looks must be shares of the planned information above 0, not {said or 'none'}."
    elif any(b <= a for a, b in pairwise(fractions)):
        yield f"looks must rise: each sees more than the one before, not {said}."
    elif not known and fractions[-1] > 1 and fractions[0] <= 1:
        yield (
            f"looks has one after the last: {fractions[-1]:.4g} lies beyond 1, where all that was "
            "planned is seen. Drop it; or give people at each look, and planned=."
        )
    elif not known and fractions[-1] > 1:
        yield f"looks must be shares up to 1, not {said}; people need planned=, the people planned."
    elif len(fractions) > 1 and fractions[-2] >= 1:
        yield (
            f"looks has one after the last: all planned people were there at {fractions[-2]:.4g}, "
            "so alpha is spent. Drop what follows."
        )


def wrong_choice(
    kind: str | None, spending: str | None, fractions: tuple[float, ...], alpha: float, sides: Any
) -> Iterator[str]:
    """What is wrong with the way the bounds are made."""
    if not 0 < alpha < 1:
        yield f"alpha must be above 0 and below 1, not {alpha:g}; 5 % is written 0.05."
    elif sides == 1 and alpha >= 0.5:
        yield f"alpha must be below 0.5 where one-sided, not {alpha:g}."
    if sides not in (1, 2):
        yield f"sides must be 1 or 2, not {sides}."
    if kind is not None and spending is not None:
        yield f"kind '{kind}' and spending '{spending}' exclude each other: drop one."
        return
    if kind is None:
        try:
            exponent(spending or OBRIEN_FLEMING)
        except ParameterError as error:
            yield str(error)
    elif kind not in CLASSICAL:
        yield unknown("kind", str(kind), CLASSICAL)
    elif not _is_even(fractions):
        yield f"kind '{kind}' needs evenly spaced looks up to 1; spending= takes looks at any time."


def _is_even(fractions: tuple[float, ...]) -> bool:
    even = [k / len(fractions) for k in range(1, len(fractions) + 1)]
    return all(math.isclose(a, b, rel_tol=1e-9) for a, b in zip(fractions, even, strict=True))
