"""Guardrails: what must not suffer while something else is improved, in every arm.

Each is a test of non-inferiority, see `playbook.abtest.after.noninferior`. All of them have to
hold, so alpha is not divided among them: more guardrails make it harder to pass, never easier.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from playbook.abtest.after.checks import check_arms, chosen_metric
from playbook.abtest.after.noninferior import Guardrail, NonInferiority, in_every_arm
from playbook.abtest.effect import aligned
from playbook.errors import ParameterError, refuse, unknown
from playbook.format import p_value, shown, trimmed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

    from playbook.abtest.after.noninferior import Status
    from playbook.abtest.arms import Arms


@dataclass(frozen=True)
class Guardrails:
    """Every guardrail in every arm.

    Attributes:
        rows: One per guardrail and arm: guardrails as asked, arms in their order.
        alpha: Of each of them, one-sided.
    """

    rows: tuple[NonInferiority, ...]
    alpha: float

    @property
    def control(self) -> str:
        """What the arms are compared with."""
        return self.rows[0].control

    @property
    def arms(self) -> tuple[str, ...]:
        """The arms, without the control."""
        return tuple(dict.fromkeys(row.arm for row in self.rows))

    @property
    def status(self) -> Status:
        """Broken where one of them is, held where all are proven to hold, else open."""
        found = {row.status for row in self.rows}
        return "broken" if "broken" in found else "open" if "open" in found else "held"

    @property
    def is_held(self) -> bool:
        """Whether all of them are proven to hold."""
        return self.status == "held"

    @property
    def table(self) -> pd.DataFrame:
        """One row per guardrail and arm; the columns are the fields of `NonInferiority`."""
        import pandas as pd

        return pd.DataFrame(list(self.rows), columns=list(NonInferiority._fields))

    def of(self, arm: str) -> Guardrails:
        """Those of one arm.

        Raises:
            ParameterError: There is no such arm.
        """
        if arm not in self.arms:
            raise ParameterError(unknown("arm", str(arm), self.arms))
        return replace(self, rows=tuple(row for row in self.rows if row.arm == arm))

    def __iter__(self) -> Iterator[NonInferiority]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    _repr_pretty_ = shown

    def __str__(self) -> str:
        """A readable table, with control, alpha and methods."""
        first = self.rows[0]
        head = (
            f"Guardrails: {self.status}. Control {first.control} (n = {first.n_control:,}); p is "
            f"against the margin, one-sided, at {trimmed(self.alpha, 2)}; all have to hold."
        )
        names = ["metric", "arm", "n", "estimate", "at worst", "margin", "p", "answer"]
        methods = dict.fromkeys(f"{row.metric}: {row.method}." for row in self.rows)
        return "\n".join([head, "", *aligned([names, *map(_cells, self.rows)]), "", *methods])


def _cells(row: NonInferiority) -> list[str]:
    figures = [row.said(value) for value in (row.estimate, row.bound, row.worst)]
    return [row.metric, row.arm, f"{row.n:,}", *figures, p_value(row.p_value), row.status]


def guardrails(arms: Arms, rails: Sequence[Guardrail], *, alpha: float = 0.025) -> Guardrails:
    """Every guardrail in every arm.

    Args:
        arms: From `counts`, `moments` or `units`.
        rails: What must not suffer. All of them have to hold, so alpha is not divided.
        alpha: One-sided, see `non_inferior`.

    Returns:
        One `NonInferiority` per guardrail and arm.

    Raises:
        ParameterError: There is no guardrail, alpha is not allowed, or what `compare` refuses.

    >>> from playbook.abtest.arms import Arms
    >>> from playbook.abtest.metrics import Proportion
    >>> sums = ([9000, 9000], [[0.2], [0.199]], [[[1440]], [[1434.6]]])
    >>> arms = Arms(("A", "B"), ("converted",), *sums, frozenset({"converted"}))
    >>> print(guardrails(arms, [Guardrail(Proportion(), 0.1)]))
    Guardrails: held. Control A (n = 9,000); p is against the margin, one-sided, at 2.5 %; all \
have to hold.
    <BLANKLINE>
      metric     arm  n      estimate  at worst  margin   p        answer
      converted  B    9,000  −0.5 %    −6.2 %    −10.0 %  0.00039  held
    <BLANKLINE>
    converted: score test: pooled z, intervals by inverting it.
    """
    refuse(_no_rails(rails))
    check_arms(arms, [chosen_metric(arms, rail.metric) for rail in rails])
    return Guardrails(
        tuple(row for rail in rails for row in in_every_arm(arms, rail, alpha)), alpha
    )


def _no_rails(rails: object) -> Iterator[str]:
    given = rails if isinstance(rails, (list, tuple)) else ()
    if not given or not all(isinstance(rail, Guardrail) for rail in given):
        yield (
            "rails must be a list of one Guardrail or more, such as "
            "[Guardrail('complained', 0.1, higher_is_better=False)]."
        )
