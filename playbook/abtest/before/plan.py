"""What planning gives: the plan of a test, in numbers and in two lines of words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from playbook.abtest.before.conventions import WORDS, Kind
from playbook.format import div, number, percent, shown, trimmed

if TYPE_CHECKING:
    from collections.abc import Mapping

Alternative = Literal["two-sided", "greater", "less"]
Adjust = Literal["bonferroni", "none"]

NEAR = 0.02
"""An effect smaller than this part of a mean is not seen in three digits of it."""


class Baseline(NamedTuple):
    """What history says of a metric, as planning takes it.

    Attributes:
        kind: proportion, mean or ratio.
        baseline: Its value.
        sd: Standard deviation of its units, of the linearised ratio for a ratio; None for a share.
        correlation: Multiple correlation with the metric's covariates; 0 where it has none.
    """

    kind: Kind
    baseline: float
    sd: float | None = None
    correlation: float = 0.0


@dataclass(frozen=True)
class Plan:
    """How many people find what effect, how surely, by which convention.

    Attributes:
        n: People of each arm, the control first.
        kind: proportion, mean or ratio.
        baseline: The control's value.
        effect: The difference to find, in the metric's own unit.
        power: The chance to find it; where `n` was solved for, the chance that was asked for.
        alpha: The chance of a false alarm over all comparisons.
        alpha_each: The same for each comparison with the control.
        alternative: two-sided, greater or less.
        convention: Of the formula, see `playbook.abtest.before.conventions`.
        sd: Standard deviation of a mean's or ratio's units; None for a proportion.
        correlation: Between the metric and what CUPED adjusts by; 0 without.
        adjust: bonferroni or none.
        solved: Which of n, power and effect was solved for.
    """

    n: Mapping[str, int]
    kind: Kind
    baseline: float
    effect: float
    power: float
    alpha: float
    alpha_each: float
    alternative: Alternative
    convention: str
    sd: float | None = None
    correlation: float = 0.0
    adjust: Adjust = "bonferroni"
    solved: Literal["n", "power", "effect"] = "n"

    @property
    def control(self) -> str:
        """The arm that the others are compared with."""
        return next(iter(self.n))

    @property
    def total(self) -> int:
        """People in all arms."""
        return sum(self.n.values())

    @property
    def changed(self) -> float:
        """The other arms' value where the effect is true."""
        return self.baseline + self.effect

    @property
    def lift(self) -> float:
        """The effect relative to the baseline; missing where the baseline is 0."""
        return div(self.effect, self.baseline)

    _repr_pretty_ = shown

    def __str__(self) -> str:
        """What it takes to find what, and by which convention."""
        one_sided = self.alternative != "two-sided"
        sides = f"one-sided ({self.alternative})" if one_sided else "two-sided"
        each = f", {trimmed(self.alpha_each)} each" if self.alpha_each != self.alpha else ""
        saved = self.correlation**2
        cuped = f"; CUPED with r = {self.correlation:.2f} saves {percent(saved)}" if saved else ""
        return (
            f"{self._people()} find {self._effect()} in {trimmed(self.power, 1)} of tests.\n"
            f"Convention {self.convention}: {WORDS[self.convention]}; "
            f"alpha {trimmed(self.alpha)} {sides}{each}; compared with {self.control}{cuped}."
        )

    def _people(self) -> str:
        sizes = set(self.n.values())
        if len(sizes) == 1:
            return f"{number(sizes.pop())} per arm ({number(self.total)} in all)"
        return " + ".join(f"{number(n)} in {arm}" for arm, n in self.n.items())

    def _effect(self) -> str:
        direction = "rise" if self.effect > 0 else "fall"
        share = self.kind == "proportion"
        start, end = self._ends()
        step = _signed(100 * self.effect, 4)
        sizes = [f"{step} point{'' if step in {'+1', '−1'} else 's'}"] if share else []
        sizes += [f"{_signed(100 * self.lift, 3)} %"] if self.baseline else []
        size = ", ".join(sizes)
        return f"a {direction} from {start} to {end}" + (f" ({size})" if size else "")

    def _ends(self) -> tuple[str, str]:
        """Where the effect starts and ends, with the digits that tell the two apart."""
        if self.kind == "proportion":
            digits = max(3, _decimals(100 * self.effect, 2))
            return trimmed(self.baseline, digits), trimmed(self.changed, digits)
        if abs(self.effect) >= abs(self.baseline) * NEAR:
            return number(self.baseline), number(self.changed)
        digits = _decimals(self.effect, 2)
        return _stripped(number(self.baseline, digits)), _stripped(number(self.changed, digits))


def _signed(x: float, significant: int) -> str:
    """A number with its sign and so many digits that count, written out.

    >>> _signed(1812.4, 3), _signed(-0.00001, 4), _signed(4.8484, 3), _signed(1, 4)
    ('+1,812', '−0.00001', '+4.85', '+1')
    """
    text = f"{x:+,.{_decimals(x, significant)}f}".replace("-", "−")
    return _stripped(text)


def _stripped(text: str) -> str:
    """A number without zeros that say nothing."""
    return text.rstrip("0").rstrip(".") if "." in text else text


def _decimals(x: float, significant: int) -> int:
    """Decimals that show so many digits that count; none of what is greater."""
    return max(0, significant - 1 - math.floor(math.log10(abs(x)))) if x else 0
