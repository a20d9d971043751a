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
from playbook.chapters.growth.behind import change_rows, cohort_rows, entry_rows
from playbook.chapters.growth.bottleneck import CANDIDATES, bottlenecks
from playbook.chapters.growth.buyers import customers
from playbook.chapters.growth.changes import fair_change, fair_changes
from playbook.chapters.growth.channel_steps import as_grid, channel_stages
from playbook.chapters.growth.claims import findings, headline
from playbook.chapters.growth.declared import (
    METRICS,
    cockpit,
    cockpit_rows,
    funnel_events,
    metrics,
    stages,
    way_to_won,
)
from playbook.chapters.growth.diagnosis import PANELS, as_panels, diagnosis
from playbook.chapters.growth.dots import as_dots, as_rates, as_won, share_won
from playbook.chapters.growth.leader import leader_report, report_title
from playbook.chapters.growth.paths import conversion_path
from playbook.chapters.growth.pipelines import (
    Coverage,
    by_source,
    coverage,
    open_trend,
    pipeline,
    pipeline_history,
    stalled_deals,
)
from playbook.chapters.growth.prospects import (
    as_ages,
    conversion_by_age,
    moves,
    outlook,
    stage_times,
)
from playbook.chapters.growth.quality import (
    QUALITY_BY,
    as_valid,
    given_words,
    invalid_trend,
    lead_quality,
    quality_days,
)
from playbook.chapters.growth.stage_tests import growth_stages

__all__ = [
    "BY_COLUMNS",
    "CANDIDATES",
    "METRICS",
    "PANELS",
    "QUALITY_BY",
    "Coverage",
    "as_ages",
    "as_dots",
    "as_grid",
    "as_panels",
    "as_rates",
    "as_valid",
    "as_won",
    "baseline_rates",
    "bottlenecks",
    "by_source",
    "change_rows",
    "channel_stages",
    "channels",
    "cockpit",
    "cockpit_rows",
    "cohort_rows",
    "cohort_stages",
    "conversion_by_age",
    "conversion_by_answer",
    "conversion_path",
    "conversion_trend",
    "cost_per_customer",
    "coverage",
    "customers",
    "diagnosis",
    "entry_rows",
    "fair_change",
    "fair_changes",
    "findings",
    "funnel_events",
    "given_words",
    "growth_stages",
    "headline",
    "invalid_trend",
    "late_leads",
    "lead_quality",
    "leader_report",
    "loss_reasons",
    "metrics",
    "moves",
    "open_trend",
    "outlook",
    "period_stages",
    "pipeline",
    "pipeline_history",
    "quality_days",
    "report_title",
    "response_by",
    "response_hours",
    "revenue_pace",
    "share_won",
    "stage_history",
    "stage_times",
    "stages",
    "stalled_deals",
    "standards",
    "way_to_won",
    "won_by",
]
