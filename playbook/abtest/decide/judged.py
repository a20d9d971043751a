"""One test judged: is the split whole, was it long enough, what does it show, what follows."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from functools import cached_property
from math import isnan
from typing import TYPE_CHECKING, Any

from playbook.abtest.after.checks import chosen_metric, constant
from playbook.abtest.after.compare import compare
from playbook.abtest.after.guardrails import guardrails
from playbook.abtest.before.baselines import baseline_of
from playbook.abtest.before.duration import time_left
from playbook.abtest.before.planning import power, reachable, sample_size
from playbook.abtest.decide.criteria import WEEK
from playbook.abtest.decide.verdict import Facts, Verdict, not_begun, not_readable, verdict
from playbook.abtest.during.always import UNEVEN, always_valid, is_early, tuned_for
from playbook.abtest.during.held import always_held, nothing_held, unproven
from playbook.abtest.during.split import split
from playbook.abtest.metrics import Proportion, Ratio
from playbook.errors import ParameterError, in_one_line
from playbook.format import date as written

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from playbook.abtest.after.noninferior import Guardrail, NonInferiority
    from playbook.abtest.arms import Arms
    from playbook.abtest.before.plan import Plan
    from playbook.abtest.decide.criteria import Criteria
    from playbook.abtest.decide.experiments import Experiment
    from playbook.abtest.effect import Effect

NAN = float("nan")
UNTOLD = frozenset({
    "broken split", "no full week", "few conversions", "few units", "uneven arms", "not readable",
    "not begun", "ended early", "ended late", "no planned end",
})  # fmt: skip
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
    elif early := _early_end(experiment.planned_end, experiment.started, rules):
        problem = early
    elif strange := _not_of_these_days(experiment, until):
        problem = strange
    elif as_of < experiment.started:
        return [Judged(verdict=not_begun(written(experiment.started)), **shared)]
    else:
        try:
            return _Test(experiment, experiment.arms, rules, experiment.started, until).all(shared)
        except ParameterError as error:
            problem = in_one_line(str(error).split("\n"))
    return [Judged(verdict=not_readable(problem), **shared)]


def _early_end(planned: date | None, started: date, rules: Criteria) -> str:
    days = rules.min_days if planned is None else (planned - started).days
    if days >= rules.min_days:
        return ""
    return (
        f"its planned end is on day {days}; a test runs {rules.min_days} days at least."
        if days > 0
        else "its planned end is not after its first day."
    )


def _not_of_these_days(test: Experiment, until: date) -> str:
    """Units that were exposed before the first day or after the last; empty where none were."""
    if test.exposed is None or test.started is None:
        return ""
    first, last = test.exposed
    if first < test.started:
        return f"units were exposed on {written(first)}, before its first day: leave them out."
    if last > until:
        return f"units were exposed on {written(last)}, after {written(until)}: leave them out."
    return ""


def _rail(rail: NonInferiority) -> str:
    """A guardrail in a few words."""
    if isnan(rail.estimate):
        return f"{rail.metric} {rail.status}, nothing to compare"
    seen, worst, limit = map(rail.said, (rail.estimate, rail.bound, rail.worst))
    return f"{rail.metric} {rail.status}, {seen}, at worst {worst}, limit {limit}"


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
        always = {} if self.facts.is_due else self._always()
        once = always if self.is_running and not self.facts.is_due else self._once()
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
        left = self.facts.days_left if isnan(left) else max(0.0, left)
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
            days_left=left if self.is_running else NAN,
            guardrails="; ".join(map(_rail, rails)),
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

    @property
    def _wanted(self) -> float:
        """The smallest change worth having, in the direction that is better."""
        return self.rules.minimum_lift * (1 if self.higher_is_better else -1)

    @cached_property
    def plan(self) -> Plan | None:
        """As written down, else for the lift worth having; None where no number can show it."""
        if self.written:
            return self.written
        rules = self.rules
        try:
            return sample_size(
                baseline_of(self.arms, self.metric), self._wanted, relative=True, alpha=rules.alpha,
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
        planned = NAN if self.planned_end is None else (self.planned_end - self.started).days
        return Facts(
            days=self.days,
            is_running=self.is_running,
            people=[int(n) for n in self.arms.n],
            split_p=self.split_p,
            **self._least(),
            lift=self.plan.lift if self.plan else self._wanted,
            needed=float(min(self.plan.n.values())) if self.plan else NAN,
            planned_days=planned,
            days_left=self._days_left(),
            confidence=self.confidence,
            higher_is_better=self.higher_is_better,
        )

    def _days_left(self) -> float:
        """Until it has the people needed and its week is full, at its own pace."""
        if self.plan is None or not self.is_running:
            return NAN
        found = time_left(self.arms, self.plan, started=self.started, as_of=self.until)
        return NAN if found.days_left is None else float(found.days_left)

    def _held(self, arm: str) -> Sequence[NonInferiority]:
        """The guardrails of a variant, read as the day allows."""
        pair, alpha = self.arms.only(arm), (1 - self.confidence) / 2
        return [self._one_held(pair, rail, alpha) for rail in self.rails]

    def _one_held(self, pair: Arms, rail: Guardrail, alpha: float) -> NonInferiority:
        """Open where there is nothing to compare, so that the rest of the test is judged."""
        try:
            if self.facts.is_due:
                row = next(iter(guardrails(pair, [rail], alpha=alpha)))
            else:
                place = self.arms.place(pair.names[1])
                at = tuned_for(self._tuned_at, self.arms, place)
                (row,) = always_held(pair, [rail], tuned_at=at, alpha=alpha)
        except ParameterError:
            return nothing_held(pair, rail, alpha)
        metric = chosen_metric(pair, rail.metric)
        few = is_early(pair, metric, 1) or pair.n.max() > UNEVEN * pair.n.min()
        return row if isinstance(metric, Proportion) or not few else unproven(row)

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

    def _least(self) -> dict[str, Any]:
        """What there is least of: conversions, non-conversions, units that are not all the same."""
        if not isinstance(self.metric, Proportion):
            flat = constant(self.arms, self.metric).any()
            return {"fewest": 0 if flat else int(self.arms.n.min()), "counted": "units"}
        ones = self.arms.ones(self.metric.column)
        counts = {
            "conversions": int(ones.min()),
            "non-conversions": int((self.arms.n - ones).min()),
        }
        counted = min(counts, key=lambda name: counts[name])
        return {"fewest": counts[counted], "counted": counted}

    def _counted(self, arm: str) -> dict[str, Any]:
        if not isinstance(self.metric, Proportion):
            return {}
        ones = self.arms.ones(self.metric.column)
        at = self.arms.place(arm)
        return {"conversions_control": float(ones[0]), "conversions": float(ones[at])}
