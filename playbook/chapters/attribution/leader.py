"""What to tell the leader about attribution and returns, ready to paste."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook import format as fmt
from playbook.chapters.attribution.claims import headline
from playbook.chapters.attribution.parts import nurture_part
from playbook.chapters.attribution.scope import known
from playbook.chapters.leader import by_block

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book
    from playbook.findings import Finding

_BLOCKS = {
    "Who made it": ("B2-M2/agreement", "B2-M2/last-touch", "B2-M2/unattributed"),
    "Events and ads": ("B2-M2/events", "B2-M2/brand-ads"),
    "Whether it paid": ("P02-M12/", "B5-M4/", "B2-M2/reallocate", "B2-M2/no-curve"),
}
"""Which findings stand in which block."""


def leader_report(book: Book, table: pd.DataFrame, found: list[Finding]) -> pd.DataFrame:
    """The blocks: in short, who made it, events and ads, whether it paid, what next.

    Args:
        book: The Book.
        table: What `metrics` returned.
        found: What `findings` returned.

    Returns:
        `block` and `text`, one row per block; a text with several points has one on each line.
    """
    short = [headline(book, table), *_nurture(book)]
    return by_block(book, short, found, _BLOCKS, most=4)


def _nurture(book: Book) -> list[str]:
    if "won" not in known(book) or not book.has("touch.program"):
        return []
    row = nurture_part(book).set_index("what").loc["deals won"]
    if not row["all"]:
        return []
    text = (
        f"Nurture had written to {fmt.number(row['from_nurture'])} of the "
        f"{fmt.plural(row['all'], 'new customer')} before the deal was opened: influenced, not "
        "sourced."
    )
    return [text]
