"""Attribution (B2-M2): which channels made the revenue, and how sure one can be."""

from __future__ import annotations

from playbook.chapters.attribution.before_form import ALIKE, BEFORE_DAYS, before_form, ways_in
from playbook.chapters.attribution.claims import findings, headline
from playbook.chapters.attribution.compare import (
    agreement,
    by_models,
    cockpit,
    drawn,
    model_rows,
    removal,
)
from playbook.chapters.attribution.credit import (
    MODEL_NAMES,
    credited,
    credits,  # noqa: A004 - the field's own word
    every,
    journeys,
    models,
)
from playbook.chapters.attribution.declared import METRICS, deal_credits, metrics
from playbook.chapters.attribution.inputs import (
    CONVERSIONS,
    DIMENSIONS,
    NAMES,
    NEEDS,
    conversions,
    touches,
)
from playbook.chapters.attribution.leader import leader_report
from playbook.chapters.attribution.parts import (
    by_part,
    events_cost,
    events_share,
    nurture_part,
    nurture_programs,
)
from playbook.chapters.attribution.reconcile import reconciliation
from playbook.chapters.attribution.scope import (
    known,
    pictured,
    reached,
    rules_in_force,
    touch_kinds,
)
from playbook.chapters.attribution.ways import (
    channel_order,
    commonest,
    durations,
    ends,
    states,
    steps,
    top_paths,
)

__all__ = [
    "ALIKE",
    "BEFORE_DAYS",
    "CONVERSIONS",
    "DIMENSIONS",
    "METRICS",
    "MODEL_NAMES",
    "NAMES",
    "NEEDS",
    "agreement",
    "before_form",
    "by_models",
    "by_part",
    "channel_order",
    "cockpit",
    "commonest",
    "conversions",
    "credited",
    "credits",
    "deal_credits",
    "drawn",
    "durations",
    "ends",
    "events_cost",
    "events_share",
    "every",
    "findings",
    "headline",
    "journeys",
    "known",
    "leader_report",
    "metrics",
    "model_rows",
    "models",
    "nurture_part",
    "nurture_programs",
    "pictured",
    "reached",
    "reconciliation",
    "removal",
    "rules_in_force",
    "states",
    "steps",
    "top_paths",
    "touch_kinds",
    "touches",
    "ways_in",
]
