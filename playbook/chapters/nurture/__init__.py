"""Nurture (B2-R5): who is in which flow, what is due, what blocks it, and what it brings."""

from __future__ import annotations

from playbook.chapters.nurture.claims import findings, headline, usual_return
from playbook.chapters.nurture.counted import RETURN_DAYS, deals, entered
from playbook.chapters.nurture.customers import customer_states, transitions
from playbook.chapters.nurture.declared import (
    METRICS,
    cockpit,
    metrics,
    return_history,
    standing,
)
from playbook.chapters.nurture.diagrams import (
    clocks,
    flow_boxes,
    flow_names,
    flow_table,
    step_table,
)
from playbook.chapters.nurture.effects import (
    compared,
    comparison,
    engagement,
    step_effects,
    working_step,
)
from playbook.chapters.nurture.evaluated import enrolments, flow_titles, step_names
from playbook.chapters.nurture.inputs import (
    cases,
    ladder,
    now,
    programme,
    responses,
    returns,
    tables,
)
from playbook.chapters.nurture.leader import leader_report
from playbook.chapters.nurture.touching import (
    broken,
    caps,
    messages,
    over_cap,
    personal_rules,
    templates,
    touch_rules,
)
from playbook.chapters.nurture.worklists import check_ins, nurture_due, renewals

__all__ = [
    "METRICS",
    "RETURN_DAYS",
    "broken",
    "caps",
    "cases",
    "check_ins",
    "clocks",
    "cockpit",
    "compared",
    "comparison",
    "customer_states",
    "deals",
    "engagement",
    "enrolments",
    "entered",
    "findings",
    "flow_boxes",
    "flow_names",
    "flow_table",
    "flow_titles",
    "headline",
    "ladder",
    "leader_report",
    "messages",
    "metrics",
    "now",
    "nurture_due",
    "over_cap",
    "personal_rules",
    "programme",
    "renewals",
    "responses",
    "return_history",
    "returns",
    "standing",
    "step_effects",
    "step_names",
    "step_table",
    "tables",
    "templates",
    "touch_rules",
    "transitions",
    "usual_return",
    "working_step",
]
