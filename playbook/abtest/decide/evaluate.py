"""Many tests read with one rule set: the test record, decisions of the past beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from playbook import format as fmt
from playbook.abtest.decide.criteria import Criteria
from playbook.abtest.decide.experiments import Experiment, day_of
from playbook.abtest.decide.judged import Judged, judge
from playbook.abtest.decide.tables import experiments_of
from playbook.errors import ParameterError, refuse, unknown
from playbook.intervals import holm

if TYPE_CHECKING:
    from datetime import date

    import pandas as pd

Worth = float | Mapping[str, float] | None
DAYS_A_MONTH = 365.25 / 12


class Row(NamedTuple):
    """One variant of one test in the record.

    Attributes:
        experiment: Name of the test.
        arm: The variant.
        control: What it is compared with.
        started: First day.
        ended: Day it was taken down; None while it runs.
        planned_end: Day that was fixed for reading it; None where none is on record.
        is_running: Whether it still runs.
        days: Full days so far.
        weeks: Full weeks so far.
        n_control: People in the control.
        n: People in the variant.
        conversions_control: Conversions of the control; nan for a mean or a ratio.
        conversions: Conversions of the variant.
        value_control: The control's rate or mean.
        value: The variant's.
        difference: `value` less `value_control`.
        low: Lower end of its interval: always-valid while the test runs, but on the day of its
            planned end.
        high: Upper end.
        lift: The difference as a share of the control's value.
        lift_low: Lower end of its interval.
        lift_high: Upper end.
        p_value: Chance of such a difference, or a greater one, were there none; always-valid where
            the interval is.
        p_adjusted: The same, allowing for all tests of the record that may be judged (Holm).
        confidence: Of the interval: 1 - alpha, shared out among the variants.
        split_p: How likely chance makes such a split.
        needed: People that `minimum_lift`, or the lift of its own plan, takes in each arm; in the
            smallest, where the split is not even.
        power: With the people there were, how often that lift would have been found.
        detectable: The lift that the people there were could have shown.
        days_left: Until its planned end, 0 from then on; where none is on record, until it has the
            people needed and full weeks at its own pace; missing once it has ended.
        verdict: ship, keep running, stop, cannot say.
        why: What decided it.
        reason: The same in one sentence.
        decision: What the company decided: keep, drop, repeat, running; empty where nothing is on
            record.
        reread: What the verdict makes of that decision; see `reread`.
        agrees: Whether they agree; None where there is nothing to agree on.
        worth: A month, if shipped; missing where it may not be said.
        worth_low: With the lower end of the difference.
        worth_high: With the upper end.
        guardrails: Which of them are held, broken, open, with what was found; empty where there
            are none.
        method: How the interval was made, in words.
    """

    experiment: str
    arm: str
    control: str
    started: date | None
    ended: date | None
    planned_end: date | None
    is_running: bool
    days: int
    weeks: int
    n_control: int
    n: int
    conversions_control: float
    conversions: float
    value_control: float
    value: float
    difference: float
    low: float
    high: float
    lift: float
    lift_low: float
    lift_high: float
    p_value: float
    p_adjusted: float
    confidence: float
    split_p: float
    needed: float
    power: float
    detectable: float
    days_left: float
    verdict: str
    why: str
    reason: str
    decision: str
    reread: str
    agrees: bool | None
    worth: float
    worth_low: float
    worth_high: float
    guardrails: str
    method: str

    def __str__(self) -> str:
        """The verdict and its reason; p values, guardrails and worth where there are any."""
        more = [f"Guardrails: {self.guardrails}."] if self.guardrails else []
        if not fmt.is_missing(self.p_adjusted):
            ps = fmt.p_value(self.p_value), fmt.p_value(self.p_adjusted)
            more.append(f"p = {ps[0]}, adjusted {ps[1]}.")
        if not fmt.is_missing(self.worth):
            ends = [fmt.number(end) for end in (self.worth_low, self.worth_high)]
            more.append(f"Worth a month: {fmt.number(self.worth)} ({ends[0]} to {ends[1]}).")
        name = f"{self.experiment} {self.arm}".strip()
        return " ".join([f"{name}: {self.verdict}. {self.reason}", *more])


@dataclass(frozen=True)
class Record:
    """The test record (A/B测试记录表): every variant of every test, read by one rule set.

    Attributes:
        rows: One per variant, in the order of the tests given.
        criteria: The rules it was read by.
        as_of: The day up to which running tests are counted.
    """

    rows: tuple[Row, ...]
    criteria: Criteria
    as_of: date

    @property
    def table(self) -> pd.DataFrame:
        """One row per variant; the columns are the fields of `Row`."""
        import pandas as pd

        return pd.DataFrame(list(self.rows), columns=list(Row._fields))

    def one(self, experiment: str, arm: str | None = None) -> Row:
        """The row of a test, and of one of its variants where it has several.

        Raises:
            ParameterError: No such test or variant, or several variants to choose from.
        """
        rows = [row for row in self.rows if row.experiment == str(experiment)]
        if not rows:
            tests = dict.fromkeys(row.experiment for row in self.rows)
            raise ParameterError(unknown("experiment", str(experiment), tests))
        arms = [row.arm for row in rows]
        if arm is None and len(rows) > 1:
            raise ParameterError(
                f"{experiment} has several variants; say which: {', '.join(arms)}."
            )
        if arm is not None and arm not in arms:
            raise ParameterError(unknown(f"arm of {experiment}", str(arm), arms))
        return rows[0] if arm is None else rows[arms.index(arm)]

    _repr_pretty_ = fmt.shown

    def __str__(self) -> str:
        """Every verdict with its reason, and the rules."""
        rules = self.criteria
        told = sum(not fmt.is_missing(row.p_adjusted) for row in self.rows)
        head = (
            f"{fmt.plural(len(self.rows), 'variant')} as of {fmt.date(self.as_of)}, each judged by "
            f"itself at alpha {fmt.trimmed(rules.alpha)}, two-sided. People needed: for "
            f"{fmt.lift(rules.minimum_lift, 0)} at a power of {fmt.trimmed(rules.power)}, or as "
            f"planned. Adjusted p values: Holm's, over the {told} that may be judged."
        )
        return "\n".join([head, *map(str, self.rows)])


def evaluate(
    experiments: Any | Iterable[Experiment],
    criteria: Criteria | None = None,
    *,
    as_of: date | str,
    worth: Worth = None,
    traffic: Worth = None,
    control: str = "control",
) -> Record:
    """Read every test with one rule set.

    Each by the rules of `playbook.abtest.decide.verdict.verdict`. A test with several variants
    shares its alpha out among them: give all of them, those that lost too.

    Args:
        experiments: The table `experiment_arm`, one row per arm: `experiment_id`, `arm`,
            `exposures`, `conversions`, and where known `start_date`, `end_date` (the day on which
            the test was taken down), `planned_end` (the day that was fixed for reading it),
            `decision` (keep, drop, repeat, running, or empty) and `weight` (planned share of
            people, such as 80 and 20; an even split without it). Or rows of units, with
            `converted` in place of exposures and conversions. Or `Experiment`s, which may bring
            their plan, another metric and guardrails, see `experiments_of`.
        criteria: The rules; by default ours.
        as_of: Up to which day running tests are counted: a date, or text such as 2026-10-31. Counts
            must be those of that day, for a table of counts cannot be held against it.
        worth: What one unit of the metric is worth, such as one conversion, or of a ratio one unit
            of its numerator; below zero where more is worse. One number, or one per test.
        traffic: People a month who would see what is shipped: one number, or one per test; by
            default the test's own pace, all arms together.
        control: Name of the control's arm in the table.

    Returns:
        The record. A test whose record makes no sense (one arm, no control, more conversions than
        people, arms that do not agree on their days) is in it with the verdict "cannot say" and
        what is wrong.

    Raises:
        ParameterError: What is given is no table or Experiments, no criteria, no date; rows without
            a test or an arm; dates, decisions, weights that cannot be read; a worth or traffic for
            a test that is not there.

    >>> import pandas as pd
    >>> from datetime import date
    >>> table = pd.DataFrame(
    ...     {
    ...         "experiment_id": "form",
    ...         "arm": ["control", "b"],
    ...         "start_date": date(2026, 8, 4),
    ...         "end_date": date(2026, 9, 8),
    ...         "exposures": [2140, 2163],
    ...         "conversions": [96, 152],
    ...         "decision": "keep",
    ...     }
    ... )
    >>> row = evaluate(table, as_of=date(2026, 10, 31)).one("form")
    >>> row.verdict, row.reread, round(row.lift, 3)
    ('ship', 'confirmed', 0.566)
    """
    import pandas as pd

    rules = _rules(criteria)
    today = day_of(as_of, "as_of")
    if today is None:
        raise ParameterError("as_of must be a date, such as 2026-08-03; it is empty.")
    if hasattr(experiments, "__arrow_c_stream__"):
        experiments = experiments_of(experiments, control=control)
    tests = _tests(experiments)
    refuse([*_strangers("worth", worth, tests), *_strangers("traffic", traffic, tests)])
    judged = [one for experiment in tests for one in judge(experiment, rules, today)]
    told = [one.p_value if one.may_be_told else float("nan") for one in judged]
    adjusted = holm(pd.Series(told, dtype="float64")).tolist()
    rows = [
        _row(one, p, _of(worth, one), _of(traffic, one))
        for one, p in zip(judged, adjusted, strict=True)
    ]
    return Record(tuple(rows), rules, today)


def _rules(given: object) -> Criteria:
    if given is None or isinstance(given, Criteria):
        return given or Criteria()
    raise ParameterError(
        f"criteria must be Criteria, such as Criteria(alpha=0.1), not {type(given).__name__}."
    )


def _tests(given: object) -> list[Experiment]:
    if isinstance(given, Experiment):
        return [given]
    is_list = isinstance(given, Iterable) and not isinstance(given, str)
    found: list[Any] = list(given) if is_list else []  # type: ignore[call-overload]
    strange = [one for one in found if not isinstance(one, Experiment)]
    if strange or not is_list:
        raise ParameterError(
            "experiments must be a table, such as a pandas DataFrame, or a list of Experiment, not "
            f"{'one with ' if strange else ''}{type(strange[0] if strange else given).__name__}."
        )
    names = Counter(test.name for test in found)
    refuse(
        f"{n} tests are called '{name}'; name each its own." for name, n in names.items() if n > 1
    )
    return found


def _strangers(name: str, given: Worth, tests: list[Experiment]) -> Iterator[str]:
    """Tests that are named in a setting, and that are not there."""
    known = dict.fromkeys(test.name for test in tests)
    for test in given if isinstance(given, Mapping) else ():
        if test not in known:
            yield unknown(f"experiment in {name}", str(test), known)


def reread(decision: str, verdict: str) -> tuple[str, bool | None]:
    """What today's verdict makes of a decision of the past, and whether they agree.

    Dropping what was never shown to be worse is no mistake: things stay as they were. But nothing
    was learned, so there is nothing to agree on.

    Args:
        decision: keep, drop, repeat, running, or nothing.
        verdict: One of `VERDICTS`.

    >>> reread("keep", "ship"), reread("keep", "cannot say")
    (('confirmed', True), ('kept without proof', False))
    >>> reread("drop", "cannot say"), reread("drop", "ship")
    (('dropped without proof', None), ('missed winner', False))
    """
    if not decision:
        return "no decision", None
    if decision == "running":
        return _reread_running(verdict)
    if verdict == "ship":
        return ("confirmed", True) if decision == "keep" else ("missed winner", False)
    if decision == "keep":
        return ("kept, yet no winner" if verdict == "stop" else "kept without proof"), False
    if decision == "repeat":
        return "to be repeated", verdict == "cannot say"
    return ("confirmed", True) if verdict == "stop" else ("dropped without proof", None)


def _reread_running(verdict: str) -> tuple[str, bool]:
    waits = verdict == "keep running"
    return ("in progress" if waits else "time to decide"), waits


def _of(given: Worth, one: Judged) -> float:
    if isinstance(given, Mapping):
        return float(given.get(one.experiment, float("nan")))
    return float("nan") if given is None else float(given)


def _row(one: Judged, p_adjusted: float, worth: float, traffic: float) -> Row:
    pace = one.people / one.days * DAYS_A_MONTH if one.days else float("nan")
    people = pace if fmt.is_missing(traffic) else traffic
    each = worth * people * one.per_unit if one.may_be_told else float("nan")
    ends = sorted((each * one.low, each * one.high))  # what is worth less than nothing turns them
    said, agrees = reread(one.decision, one.verdict.word)
    fields = {name: getattr(one, name) for name in Row._fields if hasattr(one, name)}
    return Row(
        **{
            **fields,
            "p_adjusted": p_adjusted,
            "verdict": one.verdict.word,
            "why": one.verdict.why,
            "reason": one.verdict.reason,
            "reread": said,
            "agrees": agrees,
            "worth": each * one.difference,
            "worth_low": ends[0],
            "worth_high": ends[1],
        }
    )
