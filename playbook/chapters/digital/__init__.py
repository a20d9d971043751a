"""P03, digital marketing: which words, pages and channels bring customers, and which only cost."""

from __future__ import annotations

from playbook.chapters.digital.blocking import (
    blocking,
    candidates,
    rediscovered,
    saving_by,
    terms,
)
from playbook.chapters.digital.claims import findings, headline
from playbook.chapters.digital.classes import BY as GROUPS
from playbook.chapters.digital.classes import as_pairs, by, disagreements, strategy, wasted
from playbook.chapters.digital.cockpit import BY, UNITS, cockpit, totals
from playbook.chapters.digital.declared import advertised, declared, metrics
from playbook.chapters.digital.explained import as_cells, failing
from playbook.chapters.digital.health import health
from playbook.chapters.digital.inputs import ads, outcomes, recorded, search_words, tracked, wording
from playbook.chapters.digital.layers import LAYERS, layers
from playbook.chapters.digital.leader import leader_report
from playbook.chapters.digital.pages import landing, mislanded, pages
from playbook.chapters.digital.papers import (
    diagnosis,
    keyword_strategy,
    landing_plan,
    monthly_review,
    negative_library,
    search_plan,
)
from playbook.chapters.digital.search import (
    ai_leads_trend,
    ai_mentions,
    cited_by_engine,
    cited_trend,
    covered,
    gaps,
    visibility,
)
from playbook.chapters.digital.tracking import tracking, untraced

__all__ = [
    "BY",
    "GROUPS",
    "LAYERS",
    "UNITS",
    "ads",
    "advertised",
    "ai_leads_trend",
    "ai_mentions",
    "as_cells",
    "as_pairs",
    "blocking",
    "by",
    "candidates",
    "cited_by_engine",
    "cited_trend",
    "cockpit",
    "covered",
    "declared",
    "diagnosis",
    "disagreements",
    "failing",
    "findings",
    "gaps",
    "headline",
    "health",
    "keyword_strategy",
    "landing",
    "landing_plan",
    "layers",
    "leader_report",
    "metrics",
    "mislanded",
    "monthly_review",
    "negative_library",
    "outcomes",
    "pages",
    "recorded",
    "rediscovered",
    "saving_by",
    "search_plan",
    "search_words",
    "strategy",
    "terms",
    "totals",
    "tracked",
    "tracking",
    "untraced",
    "visibility",
    "wasted",
    "wording",
]
