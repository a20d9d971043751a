"""A/B testing (P03-T5, P03-D8, P02-D9): which tests won, which did not, and what comes next."""

from __future__ import annotations

from playbook.chapters.ab_testing.claims import findings, headline
from playbook.chapters.ab_testing.declared import METRICS, cockpit, judged_tests, metrics
from playbook.chapters.ab_testing.inputs import ELEMENTS, NEEDS, TRAFFIC_NEEDS, criteria, tests
from playbook.chapters.ab_testing.leader import leader_report
from playbook.chapters.ab_testing.next_tests import plan
from playbook.chapters.ab_testing.papers import aa_document, experiment_plan, test_record
from playbook.chapters.ab_testing.planned import (
    claim,
    needs,
    page_needs,
    pages,
    planner,
    power_curve,
)
from playbook.chapters.ab_testing.record import (
    checks,
    elements,
    ended,
    evaluated,
    forest,
    record,
    reread,
    running,
    seen_beside,
)
from playbook.chapters.ab_testing.simulated import (
    aa_test,
    peek,
    peek_bounds,
    peek_paths,
    power_test,
)
from playbook.chapters.ab_testing.traffic import form_worth, history, page_choices, visited

__all__ = [
    "ELEMENTS",
    "METRICS",
    "NEEDS",
    "TRAFFIC_NEEDS",
    "aa_document",
    "aa_test",
    "checks",
    "claim",
    "cockpit",
    "criteria",
    "elements",
    "ended",
    "evaluated",
    "experiment_plan",
    "findings",
    "forest",
    "form_worth",
    "headline",
    "history",
    "judged_tests",
    "leader_report",
    "metrics",
    "needs",
    "page_choices",
    "page_needs",
    "pages",
    "peek",
    "peek_bounds",
    "peek_paths",
    "plan",
    "planner",
    "power_curve",
    "power_test",
    "record",
    "reread",
    "running",
    "seen_beside",
    "test_record",
    "tests",
    "visited",
]
