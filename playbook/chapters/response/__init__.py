"""P02-R2, P02-R3, B2-R2, B2-R4, B5: who calls, when, and what happens otherwise."""

from __future__ import annotations

from playbook.chapters.response.changes import Promise, breach_list
from playbook.chapters.response.claims import findings, headline
from playbook.chapters.response.cost import (
    EVENT_HOURS,
    after_events,
    as_bands,
    cost_of_lateness,
    held,
    named_bands,
)
from playbook.chapters.response.declared import METRICS, metrics
from playbook.chapters.response.due import assignments, move_to_nurture, sla_due, sla_overdue
from playbook.chapters.response.inputs import YEAR, clocks, promise, unrecorded
from playbook.chapters.response.keeping import (
    BY,
    as_rates,
    flattered,
    hours,
    kept_by,
    reopened,
    steps,
    week,
)
from playbook.chapters.response.leader import leader_report
from playbook.chapters.response.now import cockpit, never_touched, quick_start
from playbook.chapters.response.papers import follow_up_sla
from playbook.chapters.response.routes import (
    changed,
    elsewhere,
    loads,
    no_routing,
    plan,
    quarter,
    routed,
    rules_in_force,
    slowest_team,
    what_if,
)
from playbook.chapters.response.who import people, team_trend, turns

__all__ = [
    "BY",
    "EVENT_HOURS",
    "METRICS",
    "YEAR",
    "Promise",
    "after_events",
    "as_bands",
    "as_rates",
    "assignments",
    "breach_list",
    "changed",
    "clocks",
    "cockpit",
    "cost_of_lateness",
    "elsewhere",
    "findings",
    "flattered",
    "follow_up_sla",
    "headline",
    "held",
    "hours",
    "kept_by",
    "leader_report",
    "loads",
    "metrics",
    "move_to_nurture",
    "named_bands",
    "never_touched",
    "no_routing",
    "people",
    "plan",
    "promise",
    "quarter",
    "quick_start",
    "reopened",
    "routed",
    "rules_in_force",
    "sla_due",
    "sla_overdue",
    "slowest_team",
    "steps",
    "team_trend",
    "turns",
    "unrecorded",
    "week",
    "what_if",
]
