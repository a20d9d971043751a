"""What to tell the leader about tests, ready to paste."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.chapters.ab_testing.claims import headline
from playbook.chapters.leader import by_block

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book
    from playbook.findings import Finding

_BLOCKS = {
    "What holds": ("P03-D8/winner", "P03-D8/not-kept"),
    "What does not": ("P03-D8/false-winner", "P03-D8/broken-split", "P03-D8/kept-worse"),
    "What runs": ("P02-D9/running", "P03-D8/stop"),
    "What tests can show": ("P03-T5/too-few", "P02-D9/next"),
}
"""Which findings stand in which block."""


def leader_report(book: Book, table: pd.DataFrame, found: list[Finding]) -> pd.DataFrame:
    """The blocks: in short, what holds, what does not, what runs, what tests can show, what next.

    Args:
        book: The Book.
        table: What `metrics` returned.
        found: What `findings` returned.

    Returns:
        `block` and `text`, one row per block; a text with several points has one on each line.
    """
    return by_block(book, [headline(book, table)], found, _BLOCKS, most=4)
