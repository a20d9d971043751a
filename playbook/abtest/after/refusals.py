"""What is wrong with the settings that most questions share."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from playbook.abtest.effect import Adjust, Alternative, Relative
from playbook.errors import unknown

if TYPE_CHECKING:
    from collections.abc import Iterator


def wrong_settings(
    *,
    confidence: float = 0.95,
    alternative: str = "two-sided",
    relative: str = "fieller",
    adjust: str = "none",
    alpha: float = 0.05,
) -> Iterator[str]:
    """Everything that is wrong, each in a sentence.

    >>> list(wrong_settings(confidence=95, alternative="bigger"))
    ['confidence must lie between 0 and 1, not 95; write 0.95 for intervals that cover 95 % of the \
time.', "unknown alternative 'bigger'. Allowed: two-sided, greater, less"]
    """
    if not (isinstance(confidence, int | float) and 0 < confidence < 1):
        yield (
            f"confidence must lie between 0 and 1, not {confidence}; write 0.95 for intervals "
            "that cover 95 % of the time."
        )
    if not 0 < alpha < 1:
        yield f"alpha must be above 0 and below 1, not {alpha:g}; 5 % is written 0.05."
    for name, given, allowed in (
        ("alternative", alternative, get_args(Alternative)),
        ("relative", relative, get_args(Relative)),
        ("adjust", adjust, get_args(Adjust)),
    ):
        if given not in allowed:
            yield unknown(name, str(given), allowed)
