"""What to tell the leader about nurture, ready to paste."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook import format as fmt
from playbook.chapters.leader import by_block
from playbook.chapters.nurture.claims import headline
from playbook.chapters.nurture.declared import standing, waiting_total

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book
    from playbook.findings import Finding

_BLOCKS = {
    "What it brought": ("B5-M3/",),
    "What works in it": ("B2-R5/",),
    "What did not happen": ("P07-R2/", "B2-R1/"),
    "Contracts that end": ("B5-R3/",),
}
"""Which findings stand in which block."""


def leader_report(book: Book, table: pd.DataFrame, found: list[Finding]) -> pd.DataFrame:
    """Six blocks: what happened, what works, what did not happen, contracts, and what to do.

    Args:
        book: The Book.
        table: What `metrics` returned.
        found: What `findings` returned.

    Returns:
        `block` and `text`, one row per block; a text with several points has one on each line.
    """
    short = [headline(book, table), *_waiting(book)]
    return by_block(book, short, found, _BLOCKS, most=3)


def _waiting(book: Book) -> list[str]:
    sums = waiting_total(standing(book))
    if not sums.get("active"):
        return []
    now = sums["due"] + sums["quiet"]
    text = (
        f"Now {fmt.number(sums['active'])} are in a flow; {fmt.plural(now, 'step')} due, "
        f"{fmt.number(sums['no_consent'])} blocked by consent, {fmt.number(sums['over_cap'])} by a "
        f"cap, {fmt.number(sums['tomorrow'])} due within a day."
    )
    return [text]
