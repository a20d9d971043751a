"""Findings are data: a claim with its evidence, collected from the notebooks by the review."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

Level = Literal["act", "watch", "good", "info"]
Question = Literal["what", "real", "why", "next", "need", ""]

LEVELS: tuple[Level, ...] = ("act", "watch", "good", "info")
QUESTIONS: dict[Question, str] = {
    "what": "What happened",
    "real": "Is it real",
    "why": "Why",
    "next": "What next",
    "need": "What is needed",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One claim that the data on hand can carry.

    Attributes:
        id: The requirement it answers and a word, such as `P02-R2/late-response`.
        level: `act`, `watch`, `good` or `info`, most pressing first.
        claim: One sentence in the reader's words, with its numbers.
        evidence: The numbers behind it: counts, interval, where to look.
        remedy: What to do about it; empty where there is nothing to do.
        owner: Who would do it: a role, a team or a name; empty if nobody in particular.
        question: Which question of the first screen it answers; empty for none.
        worth: What the remedy would bring, in words; empty where it cannot be said.
        effort: What the remedy would take, in words; empty where it cannot be said.
    """

    id: str
    level: Level
    claim: str
    evidence: str
    remedy: str = ""
    owner: str = ""
    question: Question = "why"
    worth: str = ""
    effort: str = ""

    def as_dict(self) -> dict[str, str]:
        """The finding as JSON-ready fields."""
        return asdict(self)


def by_level(findings: list[Finding]) -> list[Finding]:
    """The findings, most pressing first; the order among equals stays."""
    return sorted(findings, key=lambda finding: LEVELS.index(finding.level))
