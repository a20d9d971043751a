"""What to tell the leader about scoring, ready to paste."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook import format as fmt
from playbook.chapters.leader import actions, blocks
from playbook.chapters.scoring.capacity import capacity
from playbook.chapters.scoring.choice import says_cost, says_which
from playbook.chapters.scoring.fitted import fit_needs
from playbook.chapters.scoring.judged import calls, round_thresholds
from playbook.chapters.scoring.rule import score_bands
from playbook.chapters.scoring.standards import standard_counts
from playbook.chapters.scoring.words import of_standards, of_thresholds

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book
    from playbook.findings import Finding


def leader_report(book: Book, found: list[Finding]) -> pd.DataFrame:
    """Four blocks: who fits, which score, how many calls, what is needed.

    Args:
        book: The Book.
        found: What `findings` returned.

    Returns:
        `block` and `text`, one row per block; a text with several points has one on each line.
    """
    parts = {
        "Who fits the standards": [_fit(book)],
        "Which score to use": _score(book),
        "How many leads sales can call": _calls(book),
        "What is needed": actions(found, "Nothing this time.", levels=("act", "watch")),
    }
    return blocks(parts)


def _fit(book: Book) -> str:
    counts = standard_counts(book)
    if not counts["n"].max():
        return f"No leads in {book.period.title}."
    bands = score_bands(book).set_index("band")["leads"]
    points = f"By points {fmt.number(bands['hot'])} hot, {fmt.number(bands['warm'])} warm."
    return f"{of_standards(book, counts).title}. {points}"


def _score(book: Book) -> list[str]:
    if needs := fit_needs(book):
        return [f"Past leads cannot tell yet; needed: {', '.join(needs)}."]
    return [line for line in (says_which(book), says_cost(book)) if line]


def _calls(book: Book) -> list[str]:
    found = capacity(book)
    if found is None:
        return ["Not known: no answers by people are on record, and no [routing] capacity_per_day."]
    line = f"{fmt.number(found.per_workday, 1)} a workday: {found.words}."
    if fit_needs(book) or calls(book) is None:
        return [line]
    return [line, f"{of_thresholds(book, round_thresholds(book)).title}."]
