"""One test judged: is the split whole, was it long enough, what does it show, what follows."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from functools import cached_property
from math import isnan
from typing import TYPE_CHECKING, Any

from playbook.abtest.after.compare import compare
from playbook.abtest.after.guardrails import guardrails
from playbook.abtest.before.baselines import baseline_of
from playbook.abtest.before.duration import time_left
from playbook.abtest.before.planning import power, reachable, sample_size
from playbook.abtest.decide.criteria import WEEK
from playbook.abtest.decide.verdict import Facts, Verdict, not_begun, not_readable, verdict
from playbook.abtest.during.always import always_valid
from playbook.abtest.during.held import always_held
from playbook.abtest.during.split import split
from playbook.abtest.metrics import Proportion, Ratio
from playbook.errors import ParameterError
from playbook.format import date as written

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from playbook.abtest.after.noninferior import NonInferiority
    from playbook.abtest.arms import Arms
    from playbook.abtest.before.plan import Plan
    from playbook.abtest.decide.criteria import Criteria
    from playbook.abtest.decide.experiments import Experiment
    from playbook.abtest.effect import Effect

NAN = float("nan")
UNTOLD = frozenset({"broken split", "no full week", "few conversions", "not readable", "not begun"})
"""Why a result stands for nothing, so that neither p value nor money may be named for it."""

SHOWN = (
    "value_control", "value", "difference", "low", "high", "lift", "lift_low", "lift_high",
    "p_value", "method",
)  # fmt: skip
"""Fields of an effect that the record shows."""


@dataclass(frozen=True)
class Judged:
    """One variant of one test with its verdict; the fields are those of `evaluate.Row`."""

    experiment: str
    verdict: Verdict
    started: date | None
    ended: date | None
    planned_end: date | None
    is_running: bool
    decision: str
    arm: str = ""
    control: str = ""
    days: int = 0
    people: int = 0
    n_control: int = 0
    n: int = 0
    conversions_control: float = NAN
    conversions: float = NAN
    value_control: float = NAN
    value: float = NAN
    difference: float = NAN
    low: float = NAN
    high: float = NAN
    lift: float = NAN
    lift_low: float = NAN
    lift_high: float = NAN
    p_value: float = NAN
    confidence: float = NAN
    split_p: float = NAN
    needed: float = NAN
    power: float = NAN
    detectable: float = NAN
    days_left: float = NAN
    per_unit: float = 1.0
    guardrails: str = ""
    method: str = ""

    @property
    def weeks(self) -> int:
        """Full weeks that the test has run."""
        return self.days // WEEK

    @property
    def may_be_told(self) -> bool:
        """Whether its figures stand for anything."""
        return self.verdict.why not in UNTOLD


def judge(experiment: Experiment, rules: Criteria, as_of: date) -> list[Judged]:
    """Each variant of a test with its verdict; one alone where the record makes no sense.

    Args:
        experiment: The test.
        rules: What it must show.
        as_of: Up to which day it is counted while it runs.
    """
    is_running = experiment.ended is None or experiment.ended > as_of
    shared: dict[str, Any] = {
        "experiment": experiment.name,
        "started": experiment.started,
        "ended": experiment.ended,
        "planned_end": experiment.planned_end,
        "is_running": is_running,
        "decision": experiment.decision,
    }
    until = as_of if is_running else experiment.ended
    if experiment.arms is None or experiment.started is None or until is None:
        problem = experiment.problem or "its first day is not on record."
    elif experiment.ended is not None and experiment.ended < experiment.started:
        problem = "it begins after its end."
    elif experiment.planned_end is not None and experiment.planned_end <= experiment.started:
        problem = "its planned end is not after its first day."
    elif as_of < experiment.started:
        return [Judged(verdict=not_begun(written(experiment.started)), **shared)]
    else:
        try:
            return _Test(experiment, experiment.arms, rules, experiment.started, until).all(shared)
        except ParameterError as error:
            problem = " ".join(str(error).split("\n"))
    return [Judged(verdict=not_readable(problem), **shared)]


class _Test:
    """What is the same for all variants of a test, each thing worked out once."""

    def __init__(
        self, of: Experiment, arms: Arms, rules: Criteria, started: date, until: date
    ) -> None:
        self.metric, self.higher_is_better, self.written = of.metric, of.higher_is_better, of.plan
        self.rails, self.planned_end = of.guardrails, of.planned_end
        self.arms, self.rules, self.started, self.until = arms, rules, started, until
        self.is_running = of.ended is None or of.ended > until
        self.days = (until - started).days
        self.confidence = 1 - rules.alpha / len(arms.others)
        self.shares = of.expected
        self.split_p = split(arms, of.expected, alpha=rules.split_alpha).p_value

    def all(self, shared: dict[str, Any]) -> list[Judged]:
        """The variants with their verdicts, in their order."""
        # Only what the verdict reads, see there: the search for an interval is what costs time.
        is_once = self.facts.is_due and self.days >= self.rules.min_days
        always = {} if is_once else self._always()
        once = always if self.is_running and not is_once else self._once()
        return [
            self._judged(arm, once.get(arm), (always or once).get(arm), self._held(arm), shared)
            for arm in self.arms.others
        ]

    def _judged(
        self,
        arm: str,
        once: Effect | None,
        always: Effect | None,
        rails: Sequence[NonInferiority],
        shared: dict[str, Any],
    ) -> Judged:
        shown = {name: getattr(once, name) for name in SHOWN} if once else {}
        left = self.facts.planned_days - self.days
        return Judged(
            arm=arm,
            control=self.arms.control,
            verdict=verdict(once, always, self.facts, self.rules, rails),
            days=self.days,
            people=sum(self.facts.people),
            n_control=self.facts.people[0],
            n=self.facts.people[self.arms.place(arm)],
            confidence=self.confidence,
            split_p=self.split_p,
            needed=self.facts.needed,
            per_unit=self._per_unit(),
            days_left=max(0.0, left) if self.is_running and not isnan(left) else NAN,
            guardrails="; ".join(f"{rail.metric} {rail.status}" for rail in rails),
            **self._reach,
            **self._counted(arm),
            **shown,
            **shared,
        )

    def _once(self) -> dict[str, Effect]:
        """Every variant against the control, by the ordinary interval; empty where none differs."""
        if self._is_empty():
            return {}
        found = compare(self.arms, [self.metric], confidence=self.confidence)
        return {effect.arm: effect for effect in found}

    def _always(self) -> dict[str, Effect]:
        """The same by the interval that holds whenever somebody looks, or ends the test."""
        if self._is_empty():
            return {}
        found = always_valid(
            self.arms, [self.metric], tuned_at=self._tuned_at, confidence=self.confidence
        )
        return {effect.arm: effect for effect in found}

    def _is_empty(self) -> bool:
        """Whether there is nothing to compare."""
        return self._is_same() or int(min(self.arms.n)) < 2

    def _is_same(self) -> bool:
        """Whether every unit of every arm has the same in what is measured."""
        at = self.arms.column(self.metric.columns[0])
        means = self.arms.means[:, at]
        return bool((self.arms.products[:, at, at] == 0).all() and (means == means[0]).all())

    @cached_property
    def plan(self) -> Plan | None:
        """As written down, else for the lift worth having; None where no number can show it."""
        if self.written:
            return self.written
        rules = self.rules
        lift = rules.minimum_lift if self.higher_is_better else -rules.minimum_lift
        try:
            return sample_size(
                baseline_of(self.arms, self.metric), lift, relative=True, alpha=rules.alpha,
                power=rules.power, arms=list(self.arms.names), shares=self.shares,
            )  # fmt: skip
        except ParameterError:
            return None

    @cached_property
    def _reach(self) -> dict[str, Any]:
        """With the people there are: the power for that lift, and the lift that could be shown."""
        if self.plan is None:
            return {}
        sizes = dict(zip(self.arms.names, self.facts.people, strict=True))
        baseline = baseline_of(self.arms, self.metric)
        found = {"power": power(baseline, self.plan.effect, sizes, alpha=self.rules.alpha).power}
        with contextlib.suppress(ParameterError):  # so few people find no change of a share
            found["detectable"] = reachable(self.plan, sum(sizes.values())).lift
        return found

    @cached_property
    def facts(self) -> Facts:
        """What the verdicts rest on, beside the effects."""
        return Facts(
            days=self.days,
            is_running=self.is_running,
            people=[int(n) for n in self.arms.n],
            split_p=self.split_p,
            fewest=self._fewest(),
            needed=float(min(self.plan.n.values())) if self.plan else NAN,
            planned_days=self._planned_days(),
            is_planned=self.planned_end is not None,
            confidence=self.confidence,
            higher_is_better=self.higher_is_better,
        )

    def _planned_days(self) -> float:
        """On which day it is to be read: as on record, else in full weeks at its own pace."""
        if self.planned_end is not None:
            return (self.planned_end - self.started).days
        if self.plan is None:
            return NAN
        found = time_left(self.arms, self.plan, started=self.started, as_of=self.until)
        least = -(-self.rules.min_days // WEEK)
        return NAN if found.weeks is None else float(WEEK * max(found.weeks, least))

    def _held(self, arm: str) -> Sequence[NonInferiority]:
        """The guardrails of a variant, read as the day allows."""
        if not self.rails:
            return ()
        pair, alpha = self.arms.only(arm), (1 - self.confidence) / 2
        if self.facts.is_due:
            return tuple(guardrails(pair, self.rails, alpha=alpha))
        return always_held(pair, self.rails, tuned_at=self._tuned_at, alpha=alpha)

    @property
    def _tuned_at(self) -> float | Plan:
        # A plan made from the test's own control would follow what the test shows.
        return self.written or self.rules.tuned_at

    def _per_unit(self) -> float:
        """How often a unit counts: once, in a ratio with its denominator."""
        if not isinstance(self.metric, Ratio):
            return 1.0
        at = self.arms.column(self.metric.denominator)
        return float(self.arms.n @ self.arms.means[:, at] / self.arms.n.sum())

    def _fewest(self) -> int | None:
        if not isinstance(self.metric, Proportion):
            return None
        ones = self.arms.ones(self.metric.column)
        return int(min(ones.min(), (self.arms.n - ones).min()))

    def _counted(self, arm: str) -> dict[str, Any]:
        if not isinstance(self.metric, Proportion):
            return {}
        ones = self.arms.ones(self.metric.column)
        at = self.arms.place(arm)
        return {"conversions_control": float(ones[0]), "conversions": float(ones[at])}
