"""What the leader is told about digital marketing, block by block."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook import format as fmt
from playbook.chapters.digital.claims import headline
from playbook.chapters.digital.explained import failing
from playbook.chapters.digital.layers import NONE, UNKNOWN
from playbook.chapters.leader import actions, blocks, claims
from playbook.chapters.span import span

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book
    from playbook.findings import Finding


def leader_report(book: Book, table: pd.DataFrame, found: list[Finding]) -> pd.DataFrame:
    """The answer to “why was money spent and nothing won?”, ready to paste.

    Args:
        book: The Book.
        table: What `metrics` returned.
        found: What `findings` returned, with those about money.

    Returns:
        `block`, `text` (one item a line): what happened, the three layers, what was wasted, what
        works, what to do.
    """
    wasted = claims(found, ("P03-T2/", "P03-T4/negative", "P03-X1/"))
    works = [f.claim for f in found if f.level == "good"]
    parts = {
        "What happened": [headline(book, table)],
        "Which layer fails": _layers(book),
        "Where money is lost": wasted or ["Nothing stands out beyond chance."],
        "What works": works or ["Nothing stands out beyond chance."],
        "To do": actions(found, "Nothing beyond what is planned."),
    }
    return blocks(parts)


def _layers(book: Book) -> list[str]:
    table = failing(book)
    bad = table[~table["layer"].isin([NONE, UNKNOWN])]
    told = [f"{r.channel}, layer {r.layer}: {r.evidence}" for r in bad.head(4).itertuples()]
    fine = int((table["layer"] == NONE).sum())
    if fine:
        many = fmt.plural(fine, "channel fails", "channels fail")
        told.append(f"{many} in no layer beyond chance ({span(book).title}).")
    return told or ["Too little to tell."]
