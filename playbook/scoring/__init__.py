"""Scoring: who meets the standards, how many points a lead has, and what past leads say.

Works on any table of leads, as a pandas DataFrame or an Ibis table of any engine. Three things
side by side: declared standards (`standards`), points by rule (`rule_score`) and a score that is
fitted to outcomes (`fit`); `judge` says what either is worth on later leads.
"""

from __future__ import annotations

from playbook.scoring.explain import pass_counts, standards, verdicts
from playbook.scoring.points import most_points, rule_points, rule_score
from playbook.scoring.settings import Bands, BehaviourPoints, FitPoints, PointRules

__all__ = [
    "Bands",
    "BehaviourPoints",
    "FitPoints",
    "PointRules",
    "most_points",
    "pass_counts",
    "rule_points",
    "rule_score",
    "standards",
    "verdicts",
]
