"""P01 and C01, onboarding: where the company stands, and the first 90 days."""

from __future__ import annotations

from playbook.chapters.onboarding.assets import content_map, gaps, inventory
from playbook.chapters.onboarding.claims import findings, headline, risks
from playbook.chapters.onboarding.declared import DASHBOARD, cockpit, metrics, problem_kinds
from playbook.chapters.onboarding.deliverables import day_number, deliverables, emphasis, phases
from playbook.chapters.onboarding.projects import open_key_projects, short_list
from playbook.chapters.onboarding.systems import as_bars, maturity, signals

__all__ = [
    "DASHBOARD",
    "as_bars",
    "cockpit",
    "content_map",
    "day_number",
    "deliverables",
    "emphasis",
    "findings",
    "gaps",
    "headline",
    "inventory",
    "maturity",
    "metrics",
    "open_key_projects",
    "phases",
    "problem_kinds",
    "risks",
    "short_list",
    "signals",
]
