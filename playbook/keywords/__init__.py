"""Search words: their class, their intent, what they cost and bring, and which to exclude.

Tables in, tidy tables out. Words are told apart by wording rules, in Chinese and in English; what
a company has recorded wins, and where the rule says otherwise both are shown.
"""

from __future__ import annotations

from playbook.keywords.classify import classify, unclassified
from playbook.keywords.landing import Landing, misled
from playbook.keywords.mining import candidates
from playbook.keywords.negatives import negatives, terms_with
from playbook.keywords.shares import shares
from playbook.keywords.texts import Finder, plain, segments
from playbook.keywords.wording import CLASSES, INTENTS, Matching, Wording

__all__ = [
    "CLASSES",
    "INTENTS",
    "Finder",
    "Landing",
    "Matching",
    "Wording",
    "candidates",
    "classify",
    "misled",
    "negatives",
    "plain",
    "segments",
    "shares",
    "terms_with",
    "unclassified",
]
