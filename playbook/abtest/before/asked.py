"""What planning was asked, checked: every mistake at once, in words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral
from typing import TYPE_CHECKING, Any, get_args

from playbook.abtest.before.conventions import CONVENTIONS
from playbook.abtest.before.plan import Adjust, Alternative, Baseline
from playbook.errors import unknown
from playbook.format import lift

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from playbook.abtest.before.conventions import Kind

MOST = 10
"""Times the baseline beyond which a relative effect is a slip of the pen."""


@dataclass(frozen=True)
class Asked:
    """A question of planning, with nothing left open.

    Attributes:
        kind: proportion, mean or ratio.
        baseline: The control's value.
        sd: Of a mean's or a linearised ratio's units; None for a proportion.
        effect: In the metric's own unit; 0 where it is what is asked for.
        alpha: Over all comparisons.
        alpha_each: Of each comparison.
        alternative: two-sided, greater or less.
        adjust: bonferroni or none.
        convention: Of the formula.
        correlation: Between the metric and what CUPED adjusts by.
    """

    kind: Kind
    baseline: float
    sd: float | None
    effect: float
    alpha: float
    alpha_each: float
    alternative: Alternative
    adjust: Adjust
    convention: str
    correlation: float

    @property
    def tail(self) -> float:
        """Alpha of one side of one comparison."""
        return self.alpha_each / (2 if self.alternative == "two-sided" else 1)


def asked(
    baseline: float | Baseline,
    *,
    kind: Kind,
    sd: float | None,
    alpha: float,
    alternative: Alternative,
    adjust: Adjust,
    convention: str | None,
    correlation: float,
    comparisons: int,
    power: float | None = None,
    effect: float | None = None,
    relative: bool = False,
) -> tuple[Asked, list[str]]:
    """The question, and what is wrong with it.

    Args:
        baseline: A number, or a `Baseline`, which brings kind, sd and correlation.
        kind: proportion, mean or ratio.
        sd: Of a mean's or a ratio's units.
        alpha: Over all comparisons.
        alternative: two-sided, greater or less.
        adjust: bonferroni or none.
        convention: None for the kind's usual one.
        correlation: Between the metric and what CUPED adjusts by.
        comparisons: Arms beside the control.
        power: Where it is given and not what is asked for.
        effect: Where it is given and not what is asked for.
        relative: Whether the effect is relative to the baseline.
    """
    wrong = []
    if isinstance(baseline, Baseline):
        if (kind, sd, correlation) != ("proportion", None, 0.0):
            wrong.append("baseline is a Baseline, which says kind, sd and correlation: drop these.")
        kind, baseline, sd, correlation = baseline
    wrong += _wrong_metric(kind, baseline, sd, convention)
    wrong += _wrong_chances(alpha, power, alternative, adjust, correlation)
    size = 0.0
    if effect is not None:
        size = effect * baseline if relative else effect
        wrong += _wrong_effect(kind, baseline, effect, size, alternative, relative=relative)
    question = Asked(
        kind=kind,
        baseline=baseline,
        sd=sd,
        effect=size,
        alpha=alpha,
        alpha_each=alpha / (comparisons if adjust == "bonferroni" and comparisons > 1 else 1),
        alternative=alternative,
        adjust=adjust,
        convention=convention or CONVENTIONS.get(kind, ("",))[0],
        correlation=correlation,
    )
    return question, wrong


def _wrong_metric(kind: str, baseline: float, sd: Any, convention: Any) -> Iterator[str]:
    if kind not in CONVENTIONS:
        yield unknown("kind", str(kind), CONVENTIONS)
        return
    if convention is not None and convention not in CONVENTIONS[kind]:
        yield unknown(f"convention of a {kind}", str(convention), CONVENTIONS[kind])
    if not math.isfinite(baseline):
        yield f"baseline must be a number, not {baseline}."
    elif kind == "proportion" and not 0 < baseline < 1:
        yield f"baseline must be above 0 and below 1, not {baseline:g}; 5 % is written 0.05."
    if kind == "proportion" and sd is not None:
        yield f"sd is not for a proportion, whose baseline says it: drop sd={sd:g}."
    if kind != "proportion" and (sd is None or not 0 < sd < math.inf):
        yield f"sd must be above 0 for a {kind}, not {sd}. Take it from history: baseline_of."


def _wrong_chances(
    alpha: float, power: float | None, alternative: Any, adjust: Any, correlation: float
) -> Iterator[str]:
    if not 0 < alpha < 1:
        yield f"alpha must be above 0 and below 1, not {alpha:g}; 5 % is written 0.05."
    elif power is not None and not alpha < power < 1:
        yield (
            f"power must be above alpha ({alpha:g}) and below 1, not {power:g}: no number of "
            "people makes a test certain. 0.8 is usual."
        )
    if alternative not in get_args(Alternative):
        yield unknown("alternative", str(alternative), get_args(Alternative))
    if adjust not in get_args(Adjust):
        yield unknown("adjust", str(adjust), get_args(Adjust))
    if not -1 < correlation < 1:
        yield f"correlation must be above -1 and below 1, not {correlation:g}."


def _wrong_effect(
    kind: str, baseline: float, effect: float, size: float, alternative: str, *, relative: bool
) -> Iterator[str]:
    if relative and baseline == 0:
        yield "effect cannot be relative to a baseline of 0. Give it in the metric's own unit."
    elif not math.isfinite(effect) or effect == 0:
        yield (
            f"effect must be a number other than 0, not {effect:g}: to find no difference at all "
            "takes endless people. Give the smallest difference worth having."
        )
    elif relative and abs(effect) > MOST:
        yield f"effect {effect:g} is {lift(effect, 0)} of the baseline; 20 % is written 0.2."
    elif kind == "proportion" and 0 < baseline < 1 and not 0 < baseline + size < 1:
        yield (
            f"effect {effect:g} takes a baseline of {baseline:g} to {baseline + size:g}; a share "
            "must stay above 0 and below 1."
        )
    elif (alternative == "greater" and size < 0) or (alternative == "less" and size > 0):
        yield (
            f"effect {effect:g} lies on the side that alternative '{alternative}' does not look "
            "at. Change its sign, or the alternative."
        )


def names_of(arms: int | Sequence[str]) -> tuple[tuple[str, ...], list[str]]:
    """The names of the arms, and what is wrong with them.

    >>> names_of(3)[0]
    ('control', 'treatment 1', 'treatment 2')
    """
    if isinstance(arms, (int, Integral)):
        arms = int(arms)
        if arms < 2:
            return ("control",), [f"arms must be 2 or more, the control among them, not {arms}."]
        names = [f"treatment {i}" for i in range(1, arms)] if arms > 2 else ["treatment"]
        return ("control", *names), []
    given = tuple(arms)
    if isinstance(arms, str) or len(given) < 2 or len(set(given)) < len(given):
        return given, [f"arms must be two or more different names, not {', '.join(given)}."]
    return given, []


def weights_of(
    shares: Sequence[float] | Mapping[str, float] | None, names: tuple[str, ...]
) -> tuple[list[float], list[str]]:
    """Each arm's weight, in the order of names, together 1; and what is wrong with them.

    >>> weights_of((3, 1), ("A", "B"))
    ([0.75, 0.25], [])
    """
    equal = [1 / len(names)] * len(names)
    if shares is None:
        return equal, []
    if isinstance(shares, Mapping):
        if set(shares) != set(names):
            said, known = ", ".join(map(str, shares)), ", ".join(names)
            return equal, [f"shares must name each arm once ({known}), not {said}."]
        shares = [shares[name] for name in names]
    given = list(shares)
    if len(given) != len(names):
        return equal, [f"shares has {len(given)} weights for {len(names)} arms."]
    if bad := [f"{x:g}" for x in given if not 0 < x < math.inf]:
        return equal, [f"shares must be above 0, not {', '.join(bad)}: leave out an empty arm."]
    return [x / sum(given) for x in given], []


def sizes_of(
    n: float | Mapping[str, float], arms: int | Sequence[str] | None
) -> tuple[dict[str, int], list[str]]:
    """People of each arm, the control first; and what is wrong with them.

    >>> sizes_of(100, None), sizes_of({"A": 50, "B": 150}, None)
    (({'control': 100, 'treatment': 100}, []), ({'A': 50, 'B': 150}, []))
    """
    wrong = []
    if isinstance(n, Mapping):
        if arms is not None:
            wrong.append("arms is not used where n names the arms: drop it.")
        names, more = names_of(tuple(n))
        sizes = dict(n)
    else:
        names, more = names_of(2 if arms is None else arms)
        sizes = dict.fromkeys(names, n)
    wrong += more
    wrong += [
        f"n must be 2 or more in each arm, not {size:g} in {name}."
        for name, size in sizes.items()
        if not 2 <= size < math.inf
    ]
    return {name: int(size) if size < math.inf else 0 for name, size in sizes.items()}, wrong
