"""One test judged: is the split whole, was it long enough, what does it show, what follows."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from playbook.abtest.after.compare import compare
from playbook.abtest.before.baselines import baseline_of
from playbook.abtest.before.duration import time_left
from playbook.abtest.before.planning import power, reachable, sample_size
from playbook.abtest.decide.criteria import WEEK
from playbook.abtest.decide.verdict import Facts, Verdict, not_begun, not_readable, verdict
from playbook.abtest.during.always import always_valid
from playbook.abtest.during.split import split
from playbook.abtest.metrics import Proportion
from playbook.errors import ParameterError
from playbook.format import date as written

if TYPE_CHECKING:
    from datetime import date

    from playbook.abtest.arms import Arms
    from playbook.abtest.before.plan import Plan
    from playbook.abtest.decide.criteria import Criteria
    from playbook.abtest.decide.experiments import Experiment
    from playbook.abtest.effect import Effect

NAN = float("nan")
UNTOLD = frozenset({"broken split", "no full week", "not readable", "not begun"})
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
        "is_running": is_running,
        "decision": experiment.decision,
    }
    until = as_of if is_running else experiment.ended
    if experiment.arms is None or experiment.started is None or until is None:
        problem = experiment.problem or "its first day is not on record."
    elif experiment.ended is not None and experiment.ended < experiment.started:
        problem = "it begins after its end."
    elif as_of < experiment.started:
        return [Judged(verdict=not_begun(written(experiment.started)), **shared)]
    else:
        return _Test(experiment, experiment.arms, rules, experiment.started, until).all(shared)
    return [Judged(verdict=not_readable(problem), **shared)]


class _Test:
    """What is the same for all variants of a test, each thing worked out once."""

    def __init__(
        self, of: Experiment, arms: Arms, rules: Criteria, started: date, until: date
    ) -> None:
        self.metric, self.higher_is_better, self.written = of.metric, of.higher_is_better, of.plan
        self.arms, self.rules, self.started, self.until = arms, rules, started, until
        self.is_running = of.ended is None or of.ended > until
        self.days = (until - started).days
        self.confidence = 1 - rules.alpha / len(arms.others)
        self.shares = of.expected
        self.split_p = split(arms, of.expected, alpha=rules.split_alpha).p_value

    def all(self, shared: dict[str, Any]) -> list[Judged]:
        """The variants with their verdicts, in their order."""
        # Only what the verdict reads, see there: the search for an interval is what costs time.
        has_people = self.facts.has_people
        always = {} if has_people else self._always()
        once = always if self.is_running and not has_people else self._once()
        return [
            self._judged(arm, once.get(arm), (always or once).get(arm), shared)
            for arm in self.arms.others
        ]

    def _judged(
        self, arm: str, once: Effect | None, always: Effect | None, shared: dict[str, Any]
    ) -> Judged:
        shown = {name: getattr(once, name) for name in SHOWN} if once else {}
        return Judged(
            arm=arm,
            control=self.arms.control,
            verdict=verdict(once, always, self.facts, self.rules),
            days=self.days,
            people=sum(self.facts.people),
            n_control=self.facts.people[0],
            n=self.facts.people[self.arms.place(arm)],
            confidence=self.confidence,
            split_p=self.split_p,
            needed=self.facts.needed,
            days_left=self.facts.days_left,
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
        # A plan made from the test's own control would follow what the test shows.
        at = self.written or self.rules.tuned_at
        found = always_valid(self.arms, [self.metric], tuned_at=at, confidence=self.confidence)
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
        needed = left = NAN
        if self.plan is not None:
            needed = float(min(self.plan.n.values()))
            if self.is_running:
                still = time_left(
                    self.arms, self.plan, started=self.started, as_of=self.until
                ).days_left
                left = NAN if still is None else float(still)
        return Facts(
            days=self.days,
            is_running=self.is_running,
            people=[int(n) for n in self.arms.n],
            split_p=self.split_p,
            fewest=self._fewest(),
            needed=needed,
            days_left=left,
            confidence=self.confidence,
            higher_is_better=self.higher_is_better,
        )

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
