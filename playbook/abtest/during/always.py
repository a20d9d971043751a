"""Intervals and p values that hold however often a running test is looked at.

`always_valid` reads the arms as `compare` does, at the wider level that `mixture` asks for: so
differences, lifts, CUPED and ratios all keep their own methods. Whoever stops when such an interval
leaves out 0 is wrong in 5 % of tests at most, as their people grow in number; with the usual one it
is 14 % after five looks, and all of them after enough.

How soon that holds depends on the metric. For shares it does from the start. A mean whose great
values are rare, such as the revenue of all visitors, takes many units where the arms differ in
size: nothing is said of a mean or ratio before every arm has `LEAST` units, or `LEAST_UNEVEN`
beside an arm more than `UNEVEN` times as large, and not all units of an arm are the same. With one
buyer in twenty, orders that differ tenfold and arms of 90 and 10 % it is still wrong in 7 to 8 %:
winsorise such money first, keep the arms even, or wait.
"""

from __future__ import annotations

import math
from numbers import Real
from typing import TYPE_CHECKING, NamedTuple

from playbook.abtest.after.checks import check_question, chosen_metrics, constant
from playbook.abtest.after.compare import compare
from playbook.abtest.after.many import together
from playbook.abtest.after.refusals import wrong_settings
from playbook.abtest.before.plan import Plan
from playbook.abtest.during import mixture
from playbook.abtest.effect import Effects
from playbook.abtest.metrics import Proportion
from playbook.errors import refuse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from playbook.abtest.arms import Arms
    from playbook.abtest.effect import Adjust, Alternative, Effect, Relative
    from playbook.abtest.metrics import Metric

LEAST, LEAST_UNEVEN = 200, 1000
"""Units that each arm needs before anything is said of its mean or ratio."""

UNEVEN = 4
"""How many times the units of the smaller arm the greater has, from where on arms are uneven."""

FEWEST = 100
"""People below which no interval is tuned: normal approximations do not hold for so few."""


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
        n: People so far, in the control and the arm together; where these differ in size, those of
            arms of one size that tell as much, 4 n0 n1 / (n0 + n1).
        tuned_at: People for which it is tightest, such as those planned; 100 or more. Chosen before
            the test: one that follows n holds at one look only.
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
    metrics: Metric | str | Sequence[Metric | str] | None = None,
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
        tuned_at: People in the control and an arm together for which intervals are tightest, were
            the two of one size; 100 or more; or the plan of this metric, whose arms are found by
            name. Chosen before the test: one that follows the test holds at one look only.
        confidence: Coverage over all looks together.
        alternative: As in `compare`, as are relative and adjust.
        relative: How the lift's interval is found.
        adjust: For the comparisons of this call.

    Returns:
        As `compare`. Where so few have come that nothing can be said, intervals are open on both
        sides and p values are 1; notes name the means and ratios of which that is so.

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
    chosen = chosen_metrics(arms, metrics)
    rows: list[Effect] = []
    silent: dict[str, None] = {}
    for place, arm in enumerate(arms.others, start=1):
        people = mixture.people(int(arms.n[0]), int(arms.n[place]))
        tuned = tuned_for(tuned_at, arms, place)
        level = _level(float(mixture.reach(people, tuned, alpha, alternative)), alternative)
        found = compare(arms, chosen, confidence=level, alternative=alternative, relative=relative)
        early = {metric.label for metric in chosen if is_early(arms, metric, place)}
        rows += [
            _silent(row) if row.metric in early else row
            for row in (_held(one, tuned, alpha, alternative) for one in found if one.arm == arm)
        ]
        silent |= {f"{metric}, {arm}": None for metric in sorted(early)}
    labels = list(dict.fromkeys(row.metric for row in rows))
    rows.sort(key=lambda row: labels.index(row.metric))
    tightest = {f"{_asked(tuned_at, arms, at):,.0f}": None for at in range(1, len(arms.names))}
    note = (
        f"Always valid: holds at every look, tightest at {', '.join(tightest)} people in the "
        "control and an arm."
    )
    notes = (note, *_still_silent(silent))
    return Effects(together(rows, adjust), confidence, alternative, relative, adjust, notes)


def is_early(arms: Arms, metric: Metric, place: int) -> bool:
    """Whether a spread rests on too few units of an arm, or on units that are all the same."""
    if isinstance(metric, Proportion):
        ones, n = arms.ones(metric.column), arms.n
        flat = (ones == 0) | (ones == n)
        return metric.method == "unpooled" and bool(flat[0] or flat[place])
    fewer, more = sorted((int(arms.n[0]), int(arms.n[place])))
    if fewer < (LEAST_UNEVEN if more > UNEVEN * fewer else LEAST):
        return True
    flat = constant(arms, metric)
    return bool(flat[0] or flat[place])


def _still_silent(rows: Iterable[str]) -> Iterator[str]:
    if names := "; ".join(rows):
        yield (
            f"{names}: nothing can be said yet. Each arm needs {LEAST} units, {LEAST_UNEVEN:,} "
            f"where the other has more than {UNEVEN} times as many, and some that differ."
        )


def _level(reach: float, alternative: Alternative) -> float:
    """The coverage at one look of an interval that reaches so far; any, where it is endless."""
    from scipy.special import ndtr

    if reach == math.inf:
        return 0.5
    return float(1 - (2 if alternative == "two-sided" else 1) * ndtr(-reach))


def _held(row: Effect, tuned: float, alpha: float, alternative: Alternative) -> Effect:
    """A row that was read at the wider level, with its p value; open where nothing can be said."""
    from scipy.special import ndtri

    people = mixture.people(row.n_control, row.n)
    tail = row.p_value / 2 if alternative == "two-sided" else row.p_value
    z = float(-ndtri(tail)) * (-1 if alternative == "less" else 1)
    p = float(mixture.p_value(z, people, tuned, alpha, alternative))
    row = row._replace(p_value=p, p_adjusted=p, method=f"always valid; {row.method}")
    return row if mixture.reach(people, tuned, alpha, alternative) < math.inf else _silent(row)


def _silent(row: Effect) -> Effect:
    """The row where nothing can be said."""
    low, high = (-math.inf, math.inf) if not math.isnan(row.lift) else (math.nan, math.nan)
    row = row._replace(low=-math.inf, high=math.inf, lift_low=low, lift_high=high)
    return row._replace(p_value=1.0, p_adjusted=1.0)


def tuned_for(tuned_at: float | Plan, arms: Arms, place: int) -> float:
    """For how many people the interval is tightest, were the two arms of one size."""
    if not isinstance(tuned_at, Plan):
        return tuned_at
    return mixture.people(*_planned(tuned_at, arms, place))


def _asked(tuned_at: float | Plan, arms: Arms, place: int) -> float:
    """The same as it was asked for: of a plan all people of the two arms."""
    return sum(_planned(tuned_at, arms, place)) if isinstance(tuned_at, Plan) else tuned_at


def _planned(plan: Plan, arms: Arms, place: int) -> tuple[int, int]:
    """People planned in the control and one other arm: by name, else in order."""
    if set(plan.n) == set(arms.names):
        return plan.n[arms.control], plan.n[arms.names[place]]
    sizes = list(plan.n.values())
    return sizes[0], sizes[place]


def _wrong_tuning(tuned_at: float | Plan, arms: Arms | None = None) -> Iterator[str]:
    if not isinstance(tuned_at, Plan):
        people = tuned_at if isinstance(tuned_at, Real) else math.nan
        if not FEWEST <= people < math.inf:
            given = f"{float(people):g}" if isinstance(tuned_at, Real) else repr(tuned_at)
            yield f"tuned_at must be people, {FEWEST} or more, or a Plan, not {given}."
    elif arms is not None and len(tuned_at.n) != len(arms.names):
        yield f"tuned_at plans {len(tuned_at.n)} arms, but there are {len(arms.names)}."
    elif arms is not None and not _is_for(tuned_at, arms):
        yield (
            f"tuned_at plans the arms {', '.join(tuned_at.n)}, of different sizes, but there are "
            f"{', '.join(arms.names)}: name the plan's arms as the test's."
        )


def _is_for(plan: Plan, arms: Arms) -> bool:
    """Whether it is plain which arm of a plan is which: by name, or all others of one size."""
    return set(plan.n) == set(arms.names) or len(set(list(plan.n.values())[1:])) < 2


def _wrong_side(alpha: float, alternative: str) -> Iterator[str]:
    if alternative != "two-sided" and 0.5 <= alpha < 1:
        yield f"alpha must be below 0.5 where one-sided, not {alpha:g}."
