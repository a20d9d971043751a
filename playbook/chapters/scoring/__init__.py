"""P02-T2 to T6, lead scoring: who fits, who is worth calling, and whether the score is right."""

from __future__ import annotations

from playbook.chapters.scoring.ageing import drifts, foreseen
from playbook.chapters.scoring.capacity import Capacity, capacity
from playbook.chapters.scoring.choice import says_cost, says_which, which_score
from playbook.chapters.scoring.claims import findings, headline
from playbook.chapters.scoring.cost import Mistakes, mistakes
from playbook.chapters.scoring.declared import METRICS, metrics
from playbook.chapters.scoring.documents import mql_sql_standard, scoring_model
from playbook.chapters.scoring.dots import as_calibration, as_odds, as_tenths
from playbook.chapters.scoring.fitted import (
    chances,
    fit_needs,
    fitted_score,
    odds,
    pasted_rules,
    points_table,
    points_toml,
    refused,
)
from playbook.chapters.scoring.inputs import facts, scores_at_capture, scores_now, touches
from playbook.chapters.scoring.judged import (
    SCORES,
    at_threshold,
    calibration,
    calls,
    capacity_threshold,
    comparison,
    deciles,
    difference,
    judged_workdays,
    judgement,
    later_leads,
    round_thresholds,
    threshold_table,
)
from playbook.chapters.scoring.leader import leader_report
from playbook.chapters.scoring.order import call_first, cockpit
from playbook.chapters.scoring.past import (
    cut,
    given_days,
    known_after,
    leads_at_capture,
    past_leads,
)
from playbook.chapters.scoring.rule import lead_scores, points_in_force, score_bands, score_spread
from playbook.chapters.scoring.standards import (
    in_words,
    standard_counts,
    standard_rules,
    standard_verdicts,
)

__all__ = [
    "METRICS",
    "SCORES",
    "Capacity",
    "Mistakes",
    "as_calibration",
    "as_odds",
    "as_tenths",
    "at_threshold",
    "calibration",
    "call_first",
    "calls",
    "capacity",
    "capacity_threshold",
    "chances",
    "cockpit",
    "comparison",
    "cut",
    "deciles",
    "difference",
    "drifts",
    "facts",
    "findings",
    "fit_needs",
    "fitted_score",
    "foreseen",
    "given_days",
    "headline",
    "in_words",
    "judged_workdays",
    "judgement",
    "known_after",
    "later_leads",
    "lead_scores",
    "leader_report",
    "leads_at_capture",
    "metrics",
    "mistakes",
    "mql_sql_standard",
    "odds",
    "past_leads",
    "pasted_rules",
    "points_in_force",
    "points_table",
    "points_toml",
    "refused",
    "round_thresholds",
    "says_cost",
    "says_which",
    "score_bands",
    "score_spread",
    "scores_at_capture",
    "scores_now",
    "scoring_model",
    "standard_counts",
    "standard_rules",
    "standard_verdicts",
    "threshold_table",
    "touches",
    "which_score",
]
