"""Guardrails of a test that is looked at more than once, or on a day that somebody chose."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from playbook.abtest.after.checks import chosen_metric
from playbook.abtest.after.guardrails import guardrails
from playbook.abtest.after.noninferior import NonInferiority
from playbook.abtest.during import mixture
from playbook.abtest.during.always import is_early, tuned_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playbook.abtest.after.noninferior import Guardrail
    from playbook.abtest.arms import Arms
    from playbook.abtest.before.plan import Plan

LEAST = 1e-12
"""An alpha at which nothing is proven, for where so few have come that nothing can be said."""


def always_held(
    arms: Arms, rails: Sequence[Guardrail], *, tuned_at: float | Plan, alpha: float = 0.025
) -> tuple[NonInferiority, ...]:
    """Every guardrail in every arm, held or broken only where that is right at every look.

    Read as by `guardrails`, at the smaller alpha that the always-valid interval has at so many
    people, see `always_valid`: so a guardrail that is looked at until it holds is wrongly called
    held in a share of alpha at most.

    Args:
        arms: All units so far.
        rails: What must not suffer.
        tuned_at: As in `always_valid`.
        alpha: One-sided, over all looks together.

    Returns:
        One row per arm and guardrail; `alpha` is that of this look. A mean or ratio of which
        nothing can be said yet is open, without an end.

    Raises:
        ParameterError: What `guardrails` refuses.

    >>> import pandas as pd
    >>> from playbook.abtest.after.noninferior import Guardrail
    >>> from playbook.abtest.inputs.intake import counts
    >>> table = pd.DataFrame(
    ...     {"arm": ["A", "B"], "exposures": [9000, 9000], "conversions": [1800, 1791]}
    ... )
    >>> (row,) = always_held(
    ...     counts(table, control="A"), [Guardrail("converted", 0.1)], tuned_at=10_000
    ... )
    >>> row.status, round(row.alpha, 4)
    ('held', 0.0011)
    """
    found = []
    for place, arm in enumerate(arms.others, start=1):
        people = mixture.people(int(arms.n[0]), int(arms.n[place]))
        reach = mixture.reach(people, tuned_for(tuned_at, arms, place), alpha, "greater")
        pair = arms.only(arm)
        for rail in rails:
            row = next(iter(guardrails(pair, [rail], alpha=max(_tail(float(reach)), LEAST))))
            early = is_early(pair, chosen_metric(pair, rail.metric), 1) or reach == math.inf
            found.append(unproven(row) if early else row)
    return tuple(found)


def nothing_held(arms: Arms, rail: Guardrail, alpha: float = 0.025) -> NonInferiority:
    """A guardrail of which two arms say nothing, such as complaints where nobody complained."""
    label = rail.metric if isinstance(rail.metric, str) else rail.metric.label
    nan = math.nan
    return unproven(
        NonInferiority(
            label, arms.others[0], arms.control, int(arms.n[1]), int(arms.n[0]), nan, nan, nan, nan,
            nan, rail.worst, 1.0, alpha, rail.relative, "open", "nothing to compare",
        )
    )  # fmt: skip


def _tail(reach: float) -> float:
    """The one-sided alpha of an interval that reaches so far."""
    from scipy.special import ndtr

    return float(ndtr(-reach))


def unproven(row: NonInferiority) -> NonInferiority:
    """The row where nothing can be said."""
    worse = math.copysign(math.inf, row.worst)
    return row._replace(bound=worse, best=-worse, p_value=1.0, status="open")
