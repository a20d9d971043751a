"""Before a test: how many people it takes, what they can find, and how surely.

Three questions of one formula, see `playbook.abtest.before.conventions`: `sample_size` asks for
people, `power` for the chance, `minimum_detectable_effect` for the effect. Each gives a `Plan` that
names its convention, because calculators that do not name theirs seem to disagree:

>>> for convention in ("baseline", "pooled", "unpooled"):
...     print(sample_size(0.20625, 0.01, convention=convention).n["control"])
25835
26155
26153
"""

from __future__ import annotations

import math
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from playbook.abtest.before.asked import Asked, asked, names_of, sizes_of, weights_of
from playbook.abtest.before.conventions import power_of, spread, total_for
from playbook.abtest.before.plan import Adjust, Alternative, Baseline, Plan
from playbook.errors import ParameterError, refuse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from playbook.abtest.before.conventions import Convention, Kind, Spread


def sample_size(
    baseline: float | Baseline,
    effect: float,
    *,
    kind: Kind = "proportion",
    relative: bool = False,
    sd: float | None = None,
    alpha: float = 0.05,
    power: float = 0.8,
    alternative: Alternative = "two-sided",
    arms: int | Sequence[str] = 2,
    shares: Sequence[float] | Mapping[str, float] | None = None,
    adjust: Adjust = "bonferroni",
    convention: Convention | None = None,
    correlation: float = 0.0,
) -> Plan:
    """How many people each arm needs.

    With more than two arms each is compared with the control, and the arm with the smallest share
    decides.

    Args:
        baseline: The control's value: a share between 0 and 1, a mean or a ratio; or a `Baseline`
            from `baseline_of`, which brings kind, sd and correlation.
        effect: The smallest difference worth having: 0.01 is one percentage point, or 1 % of the
            baseline where `relative`. Below 0 for a fall.
        kind: proportion, mean or ratio.
        relative: Whether the effect is relative to the baseline.
        sd: Standard deviation of a mean's units, or of a linearised ratio's; not for a proportion.
        alpha: The chance of a false alarm that is accepted, such as 0.05.
        power: The chance to find the effect if it is there, such as 0.8.
        alternative: two-sided; greater or less where only one direction counts.
        arms: How many, the control among them, or their names, the control first.
        shares: Weights of the arms, in their order or by name; equal where None.
        adjust: bonferroni divides alpha among the comparisons with the control, so that Holm's
            reading of any of them has this power; none does not.
        convention: See `playbook.abtest.before.conventions`. The one of the test that `compare`
            runs where None: pooled for a proportion, t for a mean, delta for a ratio.
        correlation: Between the metric and what CUPED adjusts by; it saves its square.

    Raises:
        ParameterError: Everything that is wrong with the question, at once.

    >>> print(sample_size(0.20625, 0.01))
    26,155 per arm (52,310 in all) find a rise from 20.625 % to 21.625 % (+1 point, +4.85 %) in \
80 % of tests.
    Convention pooled: one variance of the mixed rate where nothing differs, each arm's own where \
it does; alpha 5 % two-sided; compared with control.
    >>> sample_size(40, 2, kind="mean", sd=25, shares=(0.8, 0.2)).n
    {'control': 6134, 'treatment': 1534}
    """
    names, wrong = names_of(arms)
    weights, more = weights_of(shares, names)
    question, mistakes = asked(
        baseline, kind=kind, sd=sd, alpha=alpha, power=power, alternative=alternative,
        adjust=adjust, convention=convention, correlation=correlation, comparisons=len(names) - 1,
        effect=effect, relative=relative,
    )  # fmt: skip
    refuse(wrong + more + mistakes)
    needed = 0.0
    for other in weights[1:]:
        pair = weights[0] + other
        noise = _noise(question, weights[0] / pair, question.effect)
        total = total_for(question.convention, noise, question.tail, power)
        needed = max(needed, total / pair)
    # A total of 40 that rounding made 40.000000001 is 40.
    n = [max(2, math.ceil(needed * weight - 1e-6)) for weight in weights]
    return _plan(question, dict(zip(names, n, strict=True)), power, solved="n")


def power(
    baseline: float | Baseline,
    effect: float,
    n: float | Mapping[str, float],
    *,
    kind: Kind = "proportion",
    relative: bool = False,
    sd: float | None = None,
    alpha: float = 0.05,
    alternative: Alternative = "two-sided",
    arms: int | Sequence[str] | None = None,
    adjust: Adjust = "bonferroni",
    convention: Convention | None = None,
    correlation: float = 0.0,
) -> Plan:
    """How surely so many people find an effect: the least chance of all comparisons.

    Args:
        baseline: As in `sample_size`.
        effect: As in `sample_size`.
        n: People per arm; or people of each arm by name, the control first.
        kind: As in `sample_size`, as are relative, sd, alpha, alternative, adjust, convention and
            correlation.
        relative: Whether the effect is relative to the baseline.
        sd: Standard deviation of a mean's or a linearised ratio's units.
        alpha: The chance of a false alarm that is accepted.
        alternative: two-sided, greater or less.
        arms: How many, or their names; 2 where None. Not beside an `n` by name.
        adjust: bonferroni or none.
        convention: See `playbook.abtest.before.conventions`.
        correlation: Between the metric and what CUPED adjusts by.

    Raises:
        ParameterError: Everything that is wrong with the question, at once.

    >>> round(power(0.20625, 0.01, 26155).power, 7)
    0.8000005
    >>> round(power(100, 1, {"A": 20, "B": 20}, kind="mean", sd=1).power, 7)
    0.8689528
    """
    sizes, wrong = sizes_of(n, arms)
    question, mistakes = asked(
        baseline, kind=kind, sd=sd, alpha=alpha, alternative=alternative, adjust=adjust,
        convention=convention, correlation=correlation, comparisons=len(sizes) - 1,
        effect=effect, relative=relative,
    )  # fmt: skip
    refuse(wrong + mistakes)
    return _plan(question, sizes, _least_power(question, sizes, question.effect), solved="power")


def minimum_detectable_effect(
    baseline: float | Baseline,
    n: float | Mapping[str, float],
    *,
    kind: Kind = "proportion",
    sd: float | None = None,
    alpha: float = 0.05,
    power: float = 0.8,
    alternative: Alternative = "two-sided",
    arms: int | Sequence[str] | None = None,
    adjust: Adjust = "bonferroni",
    convention: Convention | None = None,
    correlation: float = 0.0,
) -> Plan:
    """The smallest effect that so many people find so surely: a rise, or a fall where `less`.

    Args:
        baseline: As in `sample_size`.
        n: People per arm; or people of each arm by name, the control first.
        kind: As in `sample_size`, as are sd, alpha, alternative, adjust, convention, correlation.
        sd: Standard deviation of a mean's or a linearised ratio's units.
        alpha: The chance of a false alarm that is accepted.
        power: The chance to find the effect if it is there.
        alternative: two-sided, greater or less.
        arms: How many, or their names; 2 where None. Not beside an `n` by name.
        adjust: bonferroni or none.
        convention: See `playbook.abtest.before.conventions`.
        correlation: Between the metric and what CUPED adjusts by.

    Raises:
        ParameterError: Everything that is wrong with the question, at once; or so few people that
            no change of a share is found so surely.

    >>> plan = minimum_detectable_effect(0.20625, 26155)
    >>> round(plan.effect, 6), plan.solved
    (0.01, 'effect')
    """
    sizes, wrong = sizes_of(n, arms)
    question, mistakes = asked(
        baseline, kind=kind, sd=sd, alpha=alpha, power=power, alternative=alternative,
        adjust=adjust, convention=convention, correlation=correlation, comparisons=len(sizes) - 1,
    )  # fmt: skip
    refuse(wrong + mistakes)
    effect = _smallest(question, sizes, power, -1 if alternative == "less" else 1)
    return _plan(replace(question, effect=effect), sizes, power, solved="effect")


def reachable(plan: Plan, total: float) -> Plan:
    """The smallest effect that `total` people find, everything else as in a plan.

    Args:
        plan: From any of the three questions; the effect keeps its direction, the arms their
            shares.
        total: People in all arms.

    Raises:
        ParameterError: So few people find no change of a share.

    >>> print(round(reachable(sample_size(0.05, 0.005), 20_000).lift, 3))
    0.18
    """
    sizes, wrong = sizes_of({name: total * n / plan.total for name, n in plan.n.items()}, None)
    refuse(wrong)
    known = {f.name: getattr(plan, f.name) for f in fields(Asked)}
    effect = _smallest(Asked(**known), sizes, plan.power, 1 if plan.effect > 0 else -1)
    return replace(plan, n=sizes, effect=effect, solved="effect")


def _smallest(question: Asked, sizes: dict[str, int], power: float, sign: int) -> float:
    """The effect, upward or downward, whose power is the one asked for."""
    from scipy.optimize import brentq

    def missing(size: float) -> float:
        return _least_power(question, sizes, sign * size) - power

    if question.sd is not None:
        # Where the spread does not hang on the effect, noise only scales.
        unit = question.sd / math.sqrt(min(sizes.values()))
        low, high = 1e-9 * unit, 10 * unit
        while missing(high) < 0:
            high *= 2
    else:
        room = question.baseline if sign < 0 else 1 - question.baseline
        low, high = room * 1e-12, room * (1 - 1e-9)
        if missing(high) < 0:
            direction = "fall" if sign < 0 else "rise"
            raise ParameterError(
                f"n: {min(sizes.values()):,} people in an arm find no {direction} from "
                f"{question.baseline:.4g} in {power:.0%} of tests. Take more people."
            )
    return sign * float(brentq(missing, low, high, xtol=1e-15, rtol=1e-13))


def _least_power(question: Asked, sizes: dict[str, int], effect: float) -> float:
    control, *others = sizes.values()
    chances = []
    for other in others:
        noise = _noise(question, control / (control + other), effect)
        chances.append(power_of(question.convention, noise, control + other, question.tail))
    return min(chances)


def _noise(question: Asked, share: float, effect: float) -> Spread:
    return spread(
        question.convention,
        question.baseline,
        question.baseline + effect,
        shares=(share, 1 - share),
        sd=question.sd,
        correlation=question.correlation,
    )


def _plan(question: Asked, sizes: dict[str, int], power: float, *, solved: Any) -> Plan:
    return Plan(
        n=sizes,
        kind=question.kind,
        baseline=question.baseline,
        effect=question.effect,
        power=power,
        alpha=question.alpha,
        alpha_each=question.alpha_each,
        alternative=question.alternative,
        convention=question.convention,
        sd=question.sd,
        correlation=question.correlation,
        adjust=question.adjust,
        solved=solved,
    )
