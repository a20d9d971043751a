"""Scoring: who meets the standards, how many points a lead has, and what past leads say.

Works on any table of leads, as a pandas DataFrame or an Ibis table of any engine. Three things
side by side: declared standards (`standards`), points by rule (`rule_score`) and a score that is
fitted to outcomes (`fit`); `judge` says what either is worth on later leads.
"""

from __future__ import annotations

from playbook.scoring.explain import pass_counts, standards, verdicts
from playbook.scoring.judgement import Judgement, judge, thresholds
from playbook.scoring.leakage import suspects
from playbook.scoring.model import Fitted, cross_fit, fit, predict
from playbook.scoring.points import most_points, rule_points, rule_score
from playbook.scoring.ranks import Difference, auc_difference
from playbook.scoring.settings import Bands, BehaviourPoints, FitPoints, PointRules
from playbook.scoring.stability import Drift, drift
from playbook.scoring.translate import as_points, as_toml

__all__ = [
    "Bands",
    "BehaviourPoints",
    "Difference",
    "Drift",
    "FitPoints",
    "Fitted",
    "Judgement",
    "PointRules",
    "as_points",
    "as_toml",
    "auc_difference",
    "cross_fit",
    "drift",
    "fit",
    "judge",
    "most_points",
    "pass_counts",
    "predict",
    "rule_points",
    "rule_score",
    "standards",
    "suspects",
    "thresholds",
    "verdicts",
]
