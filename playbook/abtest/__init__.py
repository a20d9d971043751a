"""A/B tests: planned, watched, read, judged, and refused where they prove nothing.

A test is read into `Arms` once: each arm's size, means and sums of centred products. Every answer
is computed from them, so it costs one scan of the data, whatever is asked.

- In: `counts` takes exposures and conversions, as ad platforms give them; `moments` n, mean and
  variance; `units` rows per person, in pandas, Arrow, DuckDB or any engine of Ibis.
- Before: `sample_size`, `power`, `minimum_detectable_effect`, `duration`.
- During: `split` (sample ratio mismatch), `always_valid` and `sequence`, `group_sequential`,
  `time_left`; `peeking` shows what it costs to look every day and stop at the first good figure.
- After: `compare` of a `Proportion`, a `Mean` or a `Ratio`, with covariates (CUPED) and strata;
  `non_inferior` and `guardrails`; `family` of many tests; `segments`, `novelty`, `winsorised`;
  `quantile`, `bootstrap`, `bayes`.
- The verdict: `verdict` of one test, `evaluate` of a company's record of tests; `aa_test` shows by
  simulation that what is said here is wrong as rarely as it says.

Where packages and calculators often differ, and this one does not:

- A lift is never the interval of a difference over the control's mean: it has an interval of its
  own, which says the same as the p value.
- A sample size says by which convention it was computed; three that are right differ by 300 people.
- p values are tails, not 1 less something: 1e-63 is not 0.
- Variances come from the engine's own function, so rows may lie as far apart as they like.
- A split that no even chance makes and covariates that differ between arms are said beside the
  figures; `units` refuses a unit in two arms and a covariate measured after exposure where it is
  told the columns; `verdict` says nothing for a test under a broken split, and before a full week
  of certain harm alone.
"""

from __future__ import annotations

from playbook.abtest.after.bayes import Bayes, bayes
from playbook.abtest.after.bootstrap import bootstrap
from playbook.abtest.after.compare import compare
from playbook.abtest.after.guardrails import Guardrails, guardrails
from playbook.abtest.after.health import Health, covariate_health
from playbook.abtest.after.many import Family, family
from playbook.abtest.after.noninferior import Guardrail, NonInferiority, non_inferior
from playbook.abtest.after.novelty import Novelty, novelty
from playbook.abtest.after.outliers import Winsorised, winsorised
from playbook.abtest.after.posterior import Beta, Normal
from playbook.abtest.after.quantiles import quantile
from playbook.abtest.after.segments import Segments, segments
from playbook.abtest.arms import Arms, Groups, Sums, merged
from playbook.abtest.before.baselines import baseline_of
from playbook.abtest.before.duration import Duration, TimeLeft, duration, time_left
from playbook.abtest.before.plan import Baseline, Plan
from playbook.abtest.before.planning import (
    minimum_detectable_effect,
    power,
    reachable,
    sample_size,
)
from playbook.abtest.decide.aa import aa_test, power_test
from playbook.abtest.decide.criteria import Criteria
from playbook.abtest.decide.evaluate import Record, Row, evaluate
from playbook.abtest.decide.experiments import Experiment
from playbook.abtest.decide.tables import experiments_of
from playbook.abtest.decide.verdict import Facts, Verdict, verdict
from playbook.abtest.during.always import AlwaysValid, always_valid, always_valid_interval
from playbook.abtest.during.boundaries import Boundaries, group_sequential
from playbook.abtest.during.peeking import Peeking, peeking
from playbook.abtest.during.sequence import Looks, cumulated, sequence
from playbook.abtest.during.split import Split, split
from playbook.abtest.effect import Effect, Effects
from playbook.abtest.inputs.intake import counts, moments
from playbook.abtest.inputs.partition import check_partition
from playbook.abtest.inputs.units import units
from playbook.abtest.made import made_units
from playbook.abtest.metrics import Mean, Metric, Proportion, Ratio

__all__ = [
    "AlwaysValid",
    "Arms",
    "Baseline",
    "Bayes",
    "Beta",
    "Boundaries",
    "Criteria",
    "Duration",
    "Effect",
    "Effects",
    "Experiment",
    "Facts",
    "Family",
    "Groups",
    "Guardrail",
    "Guardrails",
    "Health",
    "Looks",
    "Mean",
    "Metric",
    "NonInferiority",
    "Normal",
    "Novelty",
    "Peeking",
    "Plan",
    "Proportion",
    "Ratio",
    "Record",
    "Row",
    "Segments",
    "Split",
    "Sums",
    "TimeLeft",
    "Verdict",
    "Winsorised",
    "aa_test",
    "always_valid",
    "always_valid_interval",
    "baseline_of",
    "bayes",
    "bootstrap",
    "check_partition",
    "compare",
    "counts",
    "covariate_health",
    "cumulated",
    "duration",
    "evaluate",
    "experiments_of",
    "family",
    "group_sequential",
    "guardrails",
    "made_units",
    "merged",
    "minimum_detectable_effect",
    "moments",
    "non_inferior",
    "novelty",
    "peeking",
    "power",
    "power_test",
    "quantile",
    "reachable",
    "sample_size",
    "segments",
    "sequence",
    "split",
    "time_left",
    "units",
    "verdict",
    "winsorised",
]
