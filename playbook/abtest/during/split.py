"""Whether people were split between arms as planned; a broken split spoils whatever is compared."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from numbers import Real
from typing import TYPE_CHECKING, Any, NamedTuple

from playbook.abtest.after.checks import need_arms
from playbook.abtest.after.tails import chi_square
from playbook.errors import ParameterError, refuse, unknown
from playbook.format import p_value, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from playbook.abtest.arms import Arms

FEW = 5
"""Expected units below which chi-square is only about right."""


class Split(NamedTuple):
    """How likely chance makes a split that is at least so far from the plan.

    Attributes:
        p_value: Of the chi-square test.
        statistic: Chi-square.
        df: Degrees of freedom: arms with a weight, less one.
        alpha: A p value below it is a broken split.
        names: Arms with a weight.
        n: Their units.
        expected: The units that the weights let expect.
        skipped: Arms whose weight is 0.
    """

    p_value: float
    statistic: float
    df: int
    alpha: float
    names: tuple[str, ...]
    n: tuple[int, ...]
    expected: tuple[float, ...]
    skipped: tuple[str, ...] = ()

    @property
    def is_broken(self) -> bool:
        """Whether chance hardly makes such a split."""
        return self.p_value < self.alpha

    @property
    def table(self) -> pd.DataFrame:
        """One row per arm: arm, n, expected, share, expected_share."""
        import pandas as pd

        total = sum(self.n)
        return pd.DataFrame(
            {
                "arm": self.names,
                "n": self.n,
                "expected": self.expected,
                "share": [n / total for n in self.n],
                "expected_share": [n / total for n in self.expected],
            }
        )

    def _repr_pretty_(self, *args: Any) -> None:
        shown(self, *args)

    def __str__(self) -> str:
        """The verdict on the split, with what there was and what was expected."""
        verdict = "broken split" if self.is_broken else "split as planned"
        parts = [
            f"{name} {n:,} (expected {planned:,.1f})".replace(".0)", ")")
            for name, n, planned in zip(self.names, self.n, self.expected, strict=True)
        ]
        chance = p_value(self.p_value)
        words = f"{verdict}: {', '.join(parts)}; chi-square {self.statistic:.4g}, "
        words += f"{self.df} df, p {chance}, broken below {self.alpha:g}"
        if min(self.expected) < FEW:
            words += f"; fewer than {FEW} expected in an arm, so the p value is only about right"
        if self.skipped:
            words += f"; without {', '.join(self.skipped)} (weight 0)"
        return words


def split(
    arms: Arms, expected: Mapping[str, float] | None = None, *, alpha: float = 0.001
) -> Split:
    """Test the sizes of the arms against the weights they were given (sample ratio mismatch).

    Pearson's chi-square without continuity correction, which would hide small mismatches. Arms
    whose weight is 0 are not in the test; anybody in them is a mistake of its own.

    Sources: Pearson (1900), "On the criterion …"; Fabijan et al. (2019), "Diagnosing sample ratio
    mismatch in online controlled experiments", whose usual threshold is 0.0005 to 0.01.

    Args:
        arms: The arms.
        expected: Weight of each arm, in any unit; equal weights where None.
        alpha: A split that chance makes less often is broken.

    Raises:
        ParameterError: Everything that is wrong with the weights or alpha, at once.

    >>> from playbook.abtest.arms import Arms
    >>> print(split(Arms(("A", "B"), (), [5000, 5100], [[], []], [])))
    split as planned: A 5,000 (expected 5,050), B 5,100 (expected 5,050); chi-square 0.9901, \
1 df, p 0.32, broken below 0.001
    >>> split(Arms(("A", "B"), (), [5000, 5600], [[], []], [])).is_broken
    True
    """
    need_arms(arms)
    if not isinstance(expected, Mapping | None):
        example = ", ".join(f"'{name}': 1" for name in arms.names)
        raise ParameterError(
            f"expected must give each arm's weight by name, such as {{{example}}}, not "
            f"{expected!r}."
        )
    weights = dict.fromkeys(arms.names, 1.0) if expected is None else dict(expected)
    sizes = dict(zip(arms.names, map(int, arms.n), strict=True))
    refuse([*_wrong_weights(weights, sizes), *_wrong_alpha(alpha)])
    names = tuple(name for name in arms.names if weights[name] > 0)
    units, total = sum(sizes.values()), sum(weights.values())
    planned = tuple(units * weights[name] / total for name in names)
    n = tuple(sizes[name] for name in names)
    skipped = tuple(name for name in arms.names if name not in names)
    statistic, p_value = chi_square(n, planned)
    return Split(p_value, statistic, len(names) - 1, alpha, names, n, planned, skipped)


def _wrong_weights(weights: Mapping[str, float], sizes: Mapping[str, int]) -> Iterator[str]:
    for name in weights:
        if name not in sizes:
            yield unknown("arm in expected", str(name), sizes)
    usable = {name: _is_weight(weights.get(name)) for name in sizes}
    for name, n in sizes.items():
        if name not in weights:
            yield f"expected has no weight for arm '{name}': give one, or 0 where nobody was meant."
        elif not usable[name]:
            yield f"the weight of arm '{name}' must be a number from 0 on, not {weights[name]}."
        elif weights[name] == 0 and n:
            yield (
                f"arm '{name}' has weight 0 and {n:,} units: nobody was meant to see it. Find out "
                "how they came there, or give it its weight."
            )
    if all(usable.values()) and sum(weights[name] > 0 for name in sizes) < 2:
        yield "expected must give a weight above 0 to two arms or more."
    if not sum(sizes.values()):
        yield "there are no units yet, so there is no split to look at."


def _is_weight(given: object) -> bool:
    return isinstance(given, Real) and isfinite(given) and float(given) >= 0


def _wrong_alpha(alpha: float) -> Iterator[str]:
    if not (isinstance(alpha, int | float) and 0 < alpha < 1):
        yield f"alpha must lie between 0 and 1, not {alpha}: 0.001 is one split in a thousand."
