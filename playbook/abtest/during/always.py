"""Intervals and p values that hold however often a running test is looked at.

`always_valid` reads the arms as `compare` does, at the wider level that `mixture` asks for: so
differences, lifts, CUPED and ratios all keep their own methods. Whoever stops when such an interval
leaves out 0 is wrong in 5 % of tests at most; with the usual one it is 14 % after five looks, and
all of them after enough.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from playbook.abtest.after.checks import check_question
from playbook.abtest.after.compare import compare
from playbook.abtest.after.refusals import wrong_settings
from playbook.abtest.before.plan import Plan
from playbook.abtest.during import mixture
from playbook.abtest.effect import Effects
from playbook.abtest.inputs.cells import refuse

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from playbook.abtest.arms import Arms
    from playbook.abtest.effect import Adjust, Alternative, Effect, Relative
    from playbook.abtest.metrics import Metric


class AlwaysValid(NamedTuple):
    """An interval that holds at every look.

    Attributes:
        low: Lower end; -inf where only the upper is asked for, or nothing can be said yet.
        high: Upper end, likewise.
        p_value: At most alpha where the interval leaves out 0.
        reach: How many standard errors it reaches; inf where nothing can be said yet.
    """

    low: float
    high: float
    p_value: float
    reach: float


def always_valid_interval(
    difference: float,
    std_error: float,
    n: float,
    *,
    tuned_at: float,
    alpha: float = 0.05,
    alternative: Alternative = "two-sided",
) -> AlwaysValid:
    """The interval of any difference with a standard error.

    Args:
        difference: Seen so far.
        std_error: Its standard error.
        n: People so far, in the control and the arm together.
        tuned_at: People for which it is tightest, such as those planned. Chosen before the test:
            one that follows n holds at one look only.
        alpha: The chance to miss the truth at any look.
        alternative: greater or less where only one direction matters.

    Raises:
        ParameterError: Everything that is wrong, at once.

    >>> found = always_valid_interval(0.012, 0.004, 20_000, tuned_at=50_000)
    >>> print(f"{found.low:.4f} to {found.high:.4f}, p = {found.p_value:.3f}")
    -0.0005 to 0.0245, p = 0.066
    """
    wrong = [*wrong_settings(alpha=alpha, alternative=alternative), *_wrong_tuning(tuned_at)]
    wrong += _wrong_side(alpha, alternative)
    if not std_error > 0:
        wrong.append(f"std_error must be above 0, not {std_error:g}.")
    if not n > 0:
        wrong.append(f"n must be above 0, not {n:g}.")
    refuse(wrong)
    reach = float(mixture.reach(n, tuned_at, alpha, alternative))
    p_value = float(mixture.p_value(difference / std_error, n, tuned_at, alpha, alternative))
    low, high = difference - reach * std_error, difference + reach * std_error
    return AlwaysValid(
        low=-math.inf if alternative == "less" else low,
        high=math.inf if alternative == "greater" else high,
        p_value=p_value,
        reach=reach,
    )


def always_valid(
    arms: Arms,
    metrics: Metric | Sequence[Metric] | None = None,
    *,
    tuned_at: float | Plan,
    confidence: float = 0.95,
    alternative: Alternative = "two-sided",
    relative: Relative = "fieller",
    adjust: Adjust = "none",
) -> Effects:
    """Every arm beside the control, with intervals and p values that hold at every look.

    Args:
        arms: All units so far.
        metrics: What to compare, as in `compare`.
        tuned_at: People in the control and an arm together for which intervals are tightest; or the
            plan. Chosen before the test: one that follows the test holds at one look only.
        confidence: Coverage over all looks together.
        alternative: As in `compare`, as are relative and adjust.
        relative: How the lift's interval is found.
        adjust: For the comparisons of this call.

    Returns:
        As `compare`. Where so few have come that nothing can be said, intervals are open on both
        sides and p values are 1.

    Raises:
        ParameterError: Everything that is wrong with the question, at once.

    >>> import pandas as pd
    >>> from playbook.abtest.inputs.intake import counts
    >>> table = pd.DataFrame(
    ...     {"arm": ["A", "B"], "exposures": [4000, 4000], "conversions": [200, 260]}
    ... )
    >>> row = always_valid(counts(table, control="A"), tuned_at=10_000).one()
    >>> print(f"{row.low:.4f} to {row.high:.4f}, p = {row.p_value:.3f}")
    -0.0008 to 0.0310, p = 0.075
    """
    alpha = 1 - confidence
    check_question(confidence=confidence, alternative=alternative, relative=relative, adjust=adjust)
    refuse([*_wrong_side(alpha, alternative), *_wrong_tuning(tuned_at, arms)])
    rows: list[Effect] = []
    for place, arm in enumerate(arms.others, start=1):
        people = int(arms.n[0] + arms.n[place])
        tuned = _tuned(tuned_at, place)
        level = _level(float(mixture.reach(people, tuned, alpha, alternative)), alternative)
        found = compare(arms, metrics, confidence=level, alternative=alternative, relative=relative)
        rows += [_held(row, tuned, alpha, alternative) for row in found if row.arm == arm]
    labels = list(dict.fromkeys(row.metric for row in rows))
    rows.sort(key=lambda row: labels.index(row.metric))
    tightest = {f"{_tuned(tuned_at, at):,.0f}": None for at in range(1, len(arms.names))}
    note = (
        f"Always valid: holds at every look, tightest at {', '.join(tightest)} people in the "
        "control and an arm."
    )
    return Effects(_adjusted(rows, adjust), confidence, alternative, relative, adjust, (note,))


def _level(reach: float, alternative: Alternative) -> float:
    """The coverage at one look of an interval that reaches so far; any, where it is endless."""
    from scipy.special import ndtr

    if reach == math.inf:
        return 0.5
    return float(1 - (2 if alternative == "two-sided" else 1) * ndtr(-reach))


def _held(row: Effect, tuned: float, alpha: float, alternative: Alternative) -> Effect:
    """A row that was read at the wider level, with its p value; open where nothing can be said."""
    from scipy.special import ndtri

    people = row.n + row.n_control
    tail = row.p_value / 2 if alternative == "two-sided" else row.p_value
    z = float(-ndtri(tail)) * (-1 if alternative == "less" else 1)
    p = float(mixture.p_value(z, people, tuned, alpha, alternative))
    row = row._replace(p_value=p, p_adjusted=p, method=f"always valid; {row.method}")
    if mixture.reach(people, tuned, alpha, alternative) < math.inf:
        return row
    known = not math.isnan(row.lift)
    lifts = (-math.inf, math.inf) if known else (math.nan, math.nan)
    return row._replace(low=-math.inf, high=math.inf, lift_low=lifts[0], lift_high=lifts[1])


def _adjusted(rows: list[Effect], adjust: Adjust) -> tuple[Effect, ...]:
    if adjust == "none":
        return tuple(rows)
    import pandas as pd

    from playbook import intervals

    way = intervals.holm if adjust == "holm" else intervals.benjamini_hochberg
    values = way(pd.Series([row.p_value for row in rows]))
    return tuple(row._replace(p_adjusted=float(p)) for row, p in zip(rows, values, strict=True))


def _tuned(tuned_at: float | Plan, place: int) -> float:
    """People in the control and one other arm for which the interval is tightest."""
    if not isinstance(tuned_at, Plan):
        return tuned_at
    sizes = list(tuned_at.n.values())
    return float(sizes[0] + sizes[place])


def _wrong_tuning(tuned_at: float | Plan, arms: Arms | None = None) -> Iterator[str]:
    if not isinstance(tuned_at, Plan):
        if not 0 < tuned_at < math.inf:
            yield f"tuned_at must be people above 0, or a Plan, not {tuned_at:g}."
    elif arms is not None and len(tuned_at.n) != len(arms.names):
        yield f"tuned_at plans {len(tuned_at.n)} arms, but there are {len(arms.names)}."


def _wrong_side(alpha: float, alternative: str) -> Iterator[str]:
    if alternative != "two-sided" and 0.5 <= alpha < 1:
        yield f"alpha must be below 0.5 where one-sided, not {alpha:g}."
