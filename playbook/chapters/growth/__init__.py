"""P02, growth: from a captured lead to revenue, and what keeps it from getting there."""

from __future__ import annotations

from playbook.chapters.growth.analysis import (
    BY_COLUMNS,
    baseline_rates,
    channels,
    cohort_stages,
    conversion_by_answer,
    conversion_trend,
    cost_per_customer,
    fair_change,
    fair_changes,
    late_leads,
    loss_reasons,
    period_stages,
    response_by,
    response_hours,
    revenue_pace,
    stage_history,
    standards,
    won_by,
)
from playbook.chapters.growth.claims import findings, headline, leader_report
from playbook.chapters.growth.declared import METRICS, cockpit, cockpit_rows, metrics, stages
from playbook.chapters.growth.dots import as_dots, as_rates, as_won, share_won

__all__ = [
    "BY_COLUMNS",
    "METRICS",
    "as_dots",
    "as_rates",
    "as_won",
    "baseline_rates",
    "channels",
    "cockpit",
    "cockpit_rows",
    "cohort_stages",
    "conversion_by_answer",
    "conversion_trend",
    "cost_per_customer",
    "fair_change",
    "fair_changes",
    "findings",
    "headline",
    "late_leads",
    "leader_report",
    "loss_reasons",
    "metrics",
    "period_stages",
    "response_by",
    "response_hours",
    "revenue_pace",
    "share_won",
    "stage_history",
    "stages",
    "standards",
    "won_by",
]
