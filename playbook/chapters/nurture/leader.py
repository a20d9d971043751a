"""What to tell the leader about nurture, ready to paste."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook import format as fmt
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
    import pandas as pd

    told = {
        block: [f.claim for f in found if f.id.startswith(ids)] for block, ids in _BLOCKS.items()
    }
    blocks = {
        "In short": [headline(book, table), *_waiting(book)],
        **{name: lines for name, lines in told.items() if lines},
        f"Next {book.period.kind}": _next(found, book.period.kind),
    }
    return pd.DataFrame(
        {"block": list(blocks), "text": ["\n".join(lines) for lines in blocks.values()]}
    )


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


def _next(found: list[Finding], kind: str) -> list[str]:
    actions = [f for f in found if f.remedy and f.level in {"act", "watch"}]
    lines = [f"{f.remedy} Owner: {f.owner}." if f.owner else f.remedy for f in actions[:3]]
    return list(dict.fromkeys(lines)) or [f"Nothing to change next {kind}."]
