"""The rules by which tests are judged: `[abtest]` of playbook.toml, or one's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from playbook.errors import refuse, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

Running = Literal["always_valid", "wait"]
WEEK = 7
SHARES = {
    "alpha": (0.0, 0.5, "0.05 for 5 %"),
    "power": (0.5, 0.99, "0.8 for 80 %"),
    "split_alpha": (0.0, 0.1, "0.001 for one split in a thousand"),
    "minimum_lift": (0.0, 10.0, "0.2 for +20 %"),
}
"""Between what they must lie (a lower end of 0 is left out), and an example."""

LEAST = {"max_weeks": 1, "min_conversions": 1, "tuned_at": 100}


@dataclass(frozen=True, slots=True)
class Criteria:
    """When a test may be judged, and what it must show: fixed before the tests begin.

    Attributes:
        alpha: How often one reading may call a difference where there is none, both sides together;
            shared out among the variants of a test. At most 0.5.
        power: How often a difference of `minimum_lift` shall be found; 0.5 to 0.99.
        minimum_lift: The smallest relative change worth having; 0.2 is one fifth. At most 10.
        min_days: No verdict before, unless it is surely worse; at least a full week.
        max_weeks: After so many weeks a test that shows nothing is stopped, where no planned end is
            on record.
        min_conversions: No verdict while an arm has fewer conversions, or non-conversions, unless
            it is surely worse.
        split_alpha: A split so unlikely by chance is broken. At most 0.1.
        tuned_at: People in the control and one variant together at which the always-valid interval
            is narrowest; fixed before a test begins. At least 100.
        running: `always_valid` judges a running test by the interval that stays right under every
            look, `wait` none but on the day of its planned end, unless it is surely worse.

    Raises:
        ParameterError: Everything that is wrong with the criteria, at once.
    """

    alpha: float = 0.05
    power: float = 0.8
    minimum_lift: float = 0.2
    min_days: int = 7
    max_weeks: int = 8
    min_conversions: int = 10
    split_alpha: float = 0.001
    tuned_at: int = 10_000
    running: Running = "always_valid"

    def __post_init__(self) -> None:
        """Refuse criteria that judge nothing."""
        refuse(self._mistakes())

    def _mistakes(self) -> Iterator[str]:
        for name, (low, high, such) in SHARES.items():
            given = getattr(self, name)
            if not _is_number(given) or not low <= given <= high or not given:
                between = f"above 0 and at most {high:g}" if not low else f"{low:g} to {high:g}"
                yield f"{name} must be {between}, such as {such}, not {given}."
        if not _is_number(self.min_days) or self.min_days < WEEK:
            yield f"min_days must be at least {WEEK}, a full week, not {self.min_days}."
        for name, least in LEAST.items():
            given = getattr(self, name)
            if not _is_number(given) or given < least:
                yield f"{name} must be at least {least}, not {given}."
        if self.running not in get_args(Running):
            yield unknown("running", str(self.running), get_args(Running))


def _is_number(given: object) -> bool:
    return isinstance(given, int | float) and not isinstance(given, bool)
