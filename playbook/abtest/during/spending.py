"""How much of alpha may be used up by when: the spending functions of Lan and DeMets.

A spending function rises from 0 to alpha while information goes from 0 to 1. Bounds are found look
by look so that the chance to have stopped by then is what may be spent by then. So looks need not
be evenly spaced, nor planned: only the information at each.

Sources: Lan and DeMets (1983), "Discrete sequential boundaries for clinical trials"; Kim and DeMets
(1987), "Design and analysis of group sequential tests based on the type I error spending rate
function", for powers of information.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from playbook.errors import ParameterError, unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playbook.abtest.during.exits import Walk

OBRIEN_FLEMING, POCOCK, POWER = "ld_obrien_fleming", "ld_pocock", "ld_power_"
SPENDING = (OBRIEN_FLEMING, POCOCK, f"{POWER}N")

HIGHEST = 40.0
"""Beyond this Z no chance is left that a float can hold."""


def spent(spending: str, fraction: float, tail: float) -> float:
    """What one side may have spent at a fraction of the planned information.

    Args:
        spending: `ld_obrien_fleming` spends nearly all at the end; `ld_pocock` about evenly;
            `ld_power_N` by the N-th power of the fraction, such as `ld_power_3`.
        fraction: Of the planned information, 0 to 1.
        tail: Alpha of the side.

    Raises:
        ParameterError: There is no such function.

    >>> [round(spent("ld_obrien_fleming", t, 0.025), 6) for t in (0.2, 0.6, 1)]
    [1e-06, 0.003808, 0.025]
    >>> round(spent("ld_pocock", 0.5, 0.025), 6), spent("ld_power_2", 0.5, 0.025)
    (0.015503, 0.00625)
    """
    from scipy.special import ndtr, ndtri

    power = exponent(spending)
    if fraction <= 0:
        return 0.0
    if power is not None:
        return float(tail * fraction**power)
    if spending == POCOCK:
        return tail * math.log1p((math.e - 1) * fraction)
    return float(2 * ndtr(ndtri(tail / 2) / math.sqrt(fraction)))


def exponent(spending: str) -> float | None:
    """N of `ld_power_N`; None for the other functions.

    Raises:
        ParameterError: There is no such function, or N is not above 0.

    >>> exponent("ld_power_1.5"), exponent("ld_pocock")
    (1.5, None)
    """
    if spending in (OBRIEN_FLEMING, POCOCK):
        return None
    try:
        power = float(spending.removeprefix(POWER)) if spending.startswith(POWER) else 0.0
    except ValueError:
        power = 0.0
    if not 0 < power < math.inf:
        raise ParameterError(unknown("spending", spending, SPENDING))
    return power


def spending_bounds(
    spending: str, information: Sequence[float], *, tail: float, sides: int
) -> tuple[float, ...]:
    """The bound of Z at each look.

    Args:
        spending: See `spent`.
        information: At each look, rising, as a fraction of what was planned; from 1 on all of
            alpha is spent.
        tail: Alpha of one side.
        sides: 1 or 2.

    Returns:
        The bounds; inf where nothing that a float can hold is to be spent.

    >>> found = spending_bounds("ld_pocock", [0.2, 0.4, 0.6, 0.8, 1], tail=0.025, sides=2)
    >>> [round(z, 3) for z in found]  # Reboussin and others (2000)
    [2.438, 2.427, 2.41, 2.397, 2.386]
    """
    from playbook.abtest.during.exits import begin

    walk, bounds, before = begin(sides=sides), [], 0.0
    for place, here in enumerate(information):
        now = spent(spending, min(here, 1.0), tail)
        bounds.append(_bound(walk, here, now - before))
        before = now
        if place + 1 < len(information):
            walk = walk.on(bounds[-1], here, information[place + 1])
    return tuple(bounds)


def _bound(walk: Walk, information: float, chance: float) -> float:
    """Where so much of the walk lies above."""
    from scipy.optimize import brentq

    def left(bound: float) -> float:
        return walk.exit(bound, information)[0] - chance

    if left(HIGHEST) >= 0:
        return math.inf
    return float(brentq(left, 0.0, HIGHEST, xtol=1e-13, rtol=1e-14))
