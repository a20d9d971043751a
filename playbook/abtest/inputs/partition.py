"""Whether groups of units, such as segments, add up to all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.errors import ParameterError, refuse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook.abtest.arms import Arms

ADVICE = "Groups must leave nobody out and count nobody twice."

NEAR = 1e-9
"""How near groups must come to the whole: its part of a mean, of a deviation, of a variance."""


def check_partition(parts: Arms, whole: Arms) -> None:
    """Refuse groups that do not add up to the whole: some overlap, or leave somebody out.

    Args:
        parts: Arms that were added up from groups.
        whole: The same arms, counted without groups.

    Raises:
        ParameterError: Arms, sizes, means or variances are not the same.

    >>> import pandas as pd
    >>> from playbook.abtest.inputs.intake import counts
    >>> day = {"arm": ["A", "B"], "exposures": [10, 10], "conversions": [5, 4]}
    >>> arms = counts(pd.DataFrame(day), control="A")
    >>> check_partition(arms, arms)
    """
    if parts.names != whole.names:
        raise ParameterError(
            f"groups have the arms {', '.join(parts.names)}, the whole has "
            f"{', '.join(whole.names)}: they must be the same."
        )
    refuse(
        f"arm '{name}': the groups add up to {a:,} units, the whole has {b:,}. {ADVICE}"
        for name, a, b in zip(parts.names, parts.n, whole.n, strict=True)
        if a != b
    )
    refuse(_other_figures(parts, whole))


def _other_figures(parts: Arms, whole: Arms) -> Iterator[str]:
    """Means that the groups do not add up to; where means are the same, variances."""
    for place, column in enumerate(whole.columns):
        for at, name in enumerate(whole.names):
            mean, spread = float(whole.means[at, place]), float(whole.variances[at, place])
            sums = (
                (column, float(parts.means[at, place]), mean, abs(mean) + spread**0.5),
                (f"the variance of {column}", float(parts.variances[at, place]), spread, spread),
            )
            odd = next((each for each in sums if abs(each[1] - each[2]) > NEAR * each[3]), None)
            if odd:
                yield (
                    f"arm '{name}': {odd[0]} is {odd[1]:.6g} in all groups together, and "
                    f"{odd[2]:.6g} in the whole. {ADVICE}"
                )
