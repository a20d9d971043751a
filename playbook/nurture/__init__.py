"""Nurture: who is in which flow, what is due next, what blocks it, and what it brings.

Three tables in (`Tables`: people, signals, sends), the flows as data (`Programme`), tidy tables
out. It computes what is due; it sends nothing.
"""

from __future__ import annotations

from playbook.nurture.effects import compare, engagement, step_effects, stratified
from playbook.nurture.evaluate import counts, due, enrolments, step_counts, step_rows
from playbook.nurture.outline import outline
from playbook.nurture.settings import Flow, Programme, Step, Touch
from playbook.nurture.states import State, states
from playbook.nurture.tables import Tables

__all__ = [
    "Flow",
    "Programme",
    "State",
    "Step",
    "Tables",
    "Touch",
    "compare",
    "counts",
    "due",
    "engagement",
    "enrolments",
    "outline",
    "states",
    "step_counts",
    "step_effects",
    "step_rows",
    "stratified",
]
