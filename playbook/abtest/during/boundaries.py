"""Looking a few times and stopping early, at an error rate that stays what it says.

A test that is read five times at p < 5 % calls a winner where there is none in 14 % of cases. Group
sequential bounds ask for more at each look, so that all looks together have 5 %:

- classical, for looks evenly spaced: O'Brien and Fleming's are strict early and close to the usual
  1.96 at the end; Pocock's are the same at every look;
- by spending (Lan and DeMets), for looks at any time, see `playbook.abtest.during.spending`.

Sources: O'Brien and Fleming (1979), "A multiple testing procedure for clinical trials"; Pocock
(1977), "Group sequential methods in the design and analysis of clinical trials"; Jennison and
Turnbull (2000), "Group Sequential Methods with Applications to Clinical Trials".
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Literal, NamedTuple

from playbook.abtest.during.exits import exits
from playbook.abtest.during.looks import fractions_of, wrong_choice
from playbook.abtest.during.spending import OBRIEN_FLEMING, spending_bounds
from playbook.abtest.effect import Effect
from playbook.errors import ParameterError, refuse
from playbook.format import number, shown, trimmed

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from playbook.abtest.before.plan import Plan

Kind = Literal["obrien_fleming", "pocock"]

SHAPES = {"obrien_fleming": 0.5, "pocock": 0.0}
"""How steeply classical bounds fall: by which power of the information."""

WORDS = {
    "obrien_fleming": "O'Brien–Fleming, evenly spaced looks",
    "pocock": "Pocock, evenly spaced looks",
    "ld_obrien_fleming": "Lan–DeMets spending like O'Brien–Fleming",
    "ld_pocock": "Lan–DeMets spending like Pocock",
}


class Reading(NamedTuple):
    """What a look says.

    Attributes:
        look: Which, from 1.
        z: What was seen.
        bound: What it has to reach.
        is_over: Whether the test stops: the bound is reached, or all that was planned is seen.
        is_proven: Whether the bound is reached.
        says: The same in a sentence.
    """

    look: int
    z: float
    bound: float
    is_over: bool
    is_proven: bool
    says: str


@dataclass(frozen=True)
class Boundaries:
    """Bounds of Z at each look, which hold alpha over all of them.

    Attributes:
        fractions: Information at each look, as a share of what was planned.
        z: What Z has to reach, in size where two-sided; inf where a look cannot stop the test.
        alpha: The chance of a false alarm over all looks.
        sides: 1 or 2.
        kind: How the bounds were made.

    >>> print(group_sequential(5))
    5 looks, alpha 5 % two-sided over all of them (Lan–DeMets spending like O'Brien–Fleming): \
stop where z reaches ±4.88, ±3.36, ±2.68, ±2.29, ±2.03.
    """

    fractions: tuple[float, ...]
    z: tuple[float, ...]
    alpha: float
    sides: int
    kind: str

    @property
    def looks(self) -> int:
        """How many."""
        return len(self.z)

    @property
    def is_whole(self) -> bool:
        """Whether the last of these looks sees all that was planned."""
        return self.fractions[-1] > 1 - 1e-9

    @property
    def table(self) -> pd.DataFrame:
        """One row per look.

        Returns:
            `look` (from 1), `fraction` of the planned information, `z`, `p_value` (what the p value
            of that look alone has to reach), `alpha_spent` (the chance of a false alarm so far).
        """
        import numpy as np
        import pandas as pd
        from scipy.special import ndtr

        found = exits(self.z, self.fractions, sides=self.sides)
        spent = np.cumsum(np.add(found.upper, found.lower))
        z = np.array(self.z)
        columns = {"fraction": self.fractions, "z": z, "p_value": self.sides * ndtr(-z)}
        return pd.DataFrame({"look": range(1, self.looks + 1), **columns, "alpha_spent": spent})

    def read(self, look: int, z: float | Effect) -> Reading:
        """What a look says.

        Args:
            look: Which, from 1.
            z: The difference over its standard error, of all units up to that look; or the Effect
                that holds it, such as `compare(arms_so_far, metric).one()`, whose `statistic` it
                is.

        Raises:
            ParameterError: There is no such look; z is no number, or an Effect of an exact test,
                which has no statistic.

        >>> print(group_sequential(5).read(2, 2.4).says)
        Look 2 of 5: z = 2.40 has not reached ±3.36. Go on.
        """
        bound = self._bound(look)
        if isinstance(z, Effect):
            if math.isnan(z.statistic):
                raise ParameterError(
                    "z: the Effect of an exact test has no statistic; compare by another method."
                )
            z = z.statistic
        if not isinstance(z, Real):
            raise ParameterError(
                "z must be the difference over its standard error, or an Effect of compare, not "
                f"{type(z).__name__}."
            )
        z = float(z)
        if math.isnan(z):
            raise ParameterError("z must be a number, not nan: nothing was seen at this look.")
        proven = z >= bound or (self.sides == 2 and -z >= bound)
        last = look == self.looks and self.is_whole
        seen = f"Look {look} of {self.looks}: z = {number(z, 2)}"
        mark = f"{'±' if self.sides == 2 else ''}{number(bound, 2)}"
        if proven:
            over = f"proven at {trimmed(self.alpha)} over all looks. Stop"
            says = f"{seen} has reached {mark}: {over}."
        else:
            says = f"{seen} has not reached {mark}. {'Stop without proof' if last else 'Go on'}."
        return Reading(look, z, bound, proven or last, proven, says)

    def interval(self, look: int, difference: float, std_error: float) -> tuple[float, float]:
        """The repeated confidence interval: it holds at all looks together, stopped or not.

        Source: Jennison and Turnbull (1989), "Interim analyses: the repeated confidence interval
        approach".

        Args:
            look: Which, from 1.
            difference: Seen at that look.
            std_error: Its standard error.

        Raises:
            ParameterError: There is no such look.

        >>> [round(x, 4) for x in group_sequential(5).interval(5, 0.010, 0.004)]
        [0.0019, 0.0181]
        """
        reach = self._bound(look) * std_error
        return difference - reach, difference + reach if self.sides == 2 else math.inf

    def power(self, drift: float) -> float:
        """The chance to prove a rise, at any look.

        Args:
            drift: What Z is expected to be with all planned information.
        """
        return math.fsum(exits(self.z, self.fractions, drift=drift, sides=self.sides).upper)

    def drift(self, power: float) -> float:
        """What Z has to be expected to be, with all planned information, for this power.

        Args:
            power: Above alpha and below 1.

        Raises:
            ParameterError: The power is out of range.
        """
        from scipy.optimize import brentq

        if not self.alpha < power < 1:
            said = f"must be above alpha ({self.alpha:g}) and below 1, not {power:g}"
            raise ParameterError(f"power {said}: no test is certain. 0.8 is usual.")
        return float(brentq(lambda drift: self.power(drift) - power, 0.0, 50.0, xtol=1e-12))

    def inflation(self, power: float = 0.8) -> float:
        """How many times the people of a test without looks are planned, for the same power.

        Args:
            power: Above alpha and below 1.

        Raises:
            ParameterError: The power is out of range.

        >>> round(group_sequential(5, kind="pocock").inflation(0.8), 3)  # Jennison and Turnbull
        1.229
        """
        from scipy.special import ndtri

        plain = float(ndtri(power) - ndtri(self.alpha / self.sides))
        return (self.drift(power) / plain) ** 2

    def expected(self, drift: float) -> float:
        """The share of the planned people that is seen on average before the test stops.

        Args:
            drift: What Z is expected to be with all planned information.
        """
        found = exits(self.z, self.fractions, drift=drift, sides=self.sides)
        stops = [up + down for up, down in zip(found.upper, found.lower, strict=True)][:-1]
        early = math.fsum(at * stop for at, stop in zip(self.fractions, stops, strict=False))
        return early + self.fractions[-1] * (1 - math.fsum(stops))

    _repr_pretty_ = shown

    def __str__(self) -> str:
        """The looks, alpha, method and bounds."""
        sign = "±" if self.sides == 2 else ""
        bounds = ", ".join("never" if z == math.inf else f"{sign}{number(z, 2)}" for z in self.z)
        how = WORDS.get(self.kind, f"Lan–DeMets spending, {self.kind}")
        sides = "two-sided" if self.sides == 2 else "one-sided"
        return (
            f"{self.looks} looks, alpha {trimmed(self.alpha)} {sides} over all of them ({how}): "
            f"stop where z reaches {bounds}."
        )

    def _bound(self, look: int) -> float:
        if 1 <= look <= self.looks:
            return self.z[look - 1]
        why = "give the information at the looks after it too"
        if self.is_whole:
            why = "alpha is spent at the last, and a look after it has no error rate"
        raise ParameterError(f"look must be 1 to {self.looks}, not {look}: {why}.")


def group_sequential(
    looks: int | Sequence[float],
    *,
    kind: Kind | None = None,
    spending: str | None = None,
    planned: float | Plan | None = None,
    alpha: float = 0.05,
    sides: int = 2,
) -> Boundaries:
    """Bounds for looking more than once.

    Args:
        looks: How many, evenly spaced; or the information at each, rising: shares of what was
            planned, or people in all arms beside `planned`. Looks to come may be left out: bounds
            of the looks so far do not hang on them.
        kind: obrien_fleming or pocock: classical bounds, for evenly spaced looks up to 1.
        spending: ld_obrien_fleming (where neither is given), ld_pocock or ld_power_N: bounds for
            looks at any time.
        planned: People planned, or a Plan, where looks are people. A last look may lie beyond.
        alpha: The chance of a false alarm over all looks.
        sides: 2, or 1 where only a rise counts; what `compare` calls alternative: two-sided or
            greater.

    Raises:
        ParameterError: Everything that is wrong, at once.

    >>> print(group_sequential(3, kind="obrien_fleming"))
    3 looks, alpha 5 % two-sided over all of them (O'Brien–Fleming, evenly spaced looks): \
stop where z reaches ±3.47, ±2.45, ±2.00.
    >>> [round(z, 3) for z in group_sequential([900, 2500, 4000], planned=4000).z]
    [4.582, 2.606, 1.985]
    """
    fractions, wrong = fractions_of(looks, planned)
    wrong += wrong_choice(kind, spending, fractions, alpha, sides)
    refuse(wrong)
    if kind is None:
        spending = spending or OBRIEN_FLEMING
        z = spending_bounds(spending, fractions, tail=alpha / sides, sides=sides)
        return Boundaries(fractions, z, alpha, sides, spending)
    return Boundaries(fractions, _classical(kind, fractions, alpha, sides), alpha, sides, kind)


def _classical(
    kind: Kind, fractions: tuple[float, ...], alpha: float, sides: int
) -> tuple[float, ...]:
    """Bounds C / fraction^shape, C such that all looks together have alpha."""
    from scipy.optimize import brentq
    from scipy.special import ndtri

    def bounds(constant: float) -> tuple[float, ...]:
        return tuple(constant / fraction ** SHAPES[kind] for fraction in fractions)

    def missing(constant: float) -> float:
        return exits(bounds(constant), fractions, sides=sides).total - alpha

    # Between one look, and each of them with its part of alpha.
    low, high = -ndtri(alpha / sides), -ndtri(alpha / sides / len(fractions))
    if len(fractions) == 1:
        return (float(low),)
    return bounds(float(brentq(missing, low, high, xtol=1e-13, rtol=1e-14)))
