"""Marketing money: what channels cost and bring, and where the next budget should go."""

from __future__ import annotations

from playbook.chapters.economics import words
from playbook.chapters.economics.board import (
    APART,
    DEFINITIONS,
    board,
    main_model,
    missing,
    total,
    unit_costs,
)
from playbook.chapters.economics.budget import Budget, budget_of, budget_table
from playbook.chapters.economics.claims import findings
from playbook.chapters.economics.costs import cost_rows, costs, how_allocated
from playbook.chapters.economics.curved import curves, fitted, points
from playbook.chapters.economics.documents import budget_plan, channel_review, optimisation_plan
from playbook.chapters.economics.dots import (
    as_elasticities,
    as_payback,
    as_roi,
    as_share_pairs,
    as_times,
    traps,
)
from playbook.chapters.economics.judged import expected_customers, verdicts, yardsticks
from playbook.chapters.economics.moved import (
    Reallocation,
    reallocation,
    what_if,
    worth_of_lead,
)
from playbook.chapters.economics.outcomes import outcomes
from playbook.chapters.economics.platform import platform
from playbook.chapters.economics.quarters import last_quarter, next_quarter
from playbook.chapters.economics.returned import (
    payback,
    payback_curves,
    return_needs,
    roi,
    usual_payback,
)
from playbook.chapters.span import Span, span

__all__ = [
    "APART",
    "DEFINITIONS",
    "Budget",
    "Reallocation",
    "Span",
    "as_elasticities",
    "as_payback",
    "as_roi",
    "as_share_pairs",
    "as_times",
    "board",
    "budget_of",
    "budget_plan",
    "budget_table",
    "channel_review",
    "cost_rows",
    "costs",
    "curves",
    "expected_customers",
    "findings",
    "fitted",
    "how_allocated",
    "last_quarter",
    "main_model",
    "missing",
    "next_quarter",
    "optimisation_plan",
    "outcomes",
    "payback",
    "payback_curves",
    "platform",
    "points",
    "reallocation",
    "return_needs",
    "roi",
    "span",
    "total",
    "traps",
    "unit_costs",
    "usual_payback",
    "verdicts",
    "what_if",
    "words",
    "worth_of_lead",
    "yardsticks",
]
