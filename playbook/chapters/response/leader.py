"""What the leader is told about response times, block by block."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook import format as fmt
from playbook import response
from playbook.chapters.leader import actions, blocks, claims
from playbook.chapters.response.claims import headline
from playbook.chapters.response.due import assignments, move_to_nurture, sla_due, sla_overdue
from playbook.chapters.response.inputs import NOBODY
from playbook.chapters.response.keeping import kept_by

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book
    from playbook.findings import Finding


def leader_report(book: Book, table: pd.DataFrame, found: list[Finding]) -> pd.DataFrame:
    """What to tell the leader, ready to paste.

    Args:
        book: The Book.
        table: What `metrics` returned.
        found: What `findings` returned.

    Returns:
        `block`, `text` (one item a line): what happened, who and since when, what it goes with,
        today, what to do.
    """
    ids = {finding.id: finding for finding in found}
    why = claims(found, ("P02-R2/person", "P02-R2/since"))
    late = [ids["P02-R2/cost"].claim, "No proof of a cause."] if "P02-R2/cost" in ids else []
    parts = {
        "What happened": [headline(book, table), *_teams(book)],
        "Who, and since when": why or ["Nobody stands out beyond chance."],
        "What it goes with": late or ["Not known: too few late leads, or none old enough."],
        "Today": _today(book),
        "To do": actions(found, "Nothing beyond what is planned."),
    }
    return blocks(parts)


def _teams(book: Book) -> list[str]:
    teams = kept_by(book, "team")
    known = teams[(teams["due"] > 0) & (teams["team"] != NOBODY)]
    if len(known) < 2:
        return []
    shares = ", ".join(f"{r.team} {fmt.rate(r.rate, r.due)}" for r in known.itertuples())
    return [f"By team: {shares}."]


def _today(book: Book) -> list[str]:
    if not book.has("activity"):
        return ["Not known: no activities were supplied."]
    late, due = sla_overdue(book), sla_due(book)
    overdue = int((late["step"] == response.RESPONSE).sum())
    return [
        f"First answers overdue: {fmt.number(overdue)}; due next: {fmt.number(len(due))}.",
        f"Open leads that nobody looks after: {fmt.number(len(assignments(book)))}.",
        f"Due for the nurture pool: {fmt.number(len(move_to_nurture(book)))}.",
    ]
