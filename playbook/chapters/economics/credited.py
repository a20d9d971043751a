"""Results credited by a model of attribution instead of the lead's own channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.chapters.economics.outcomes import outcomes

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book
    from playbook.chapters.span import Over

UNATTRIBUTED = "unattributed"


def credited(book: Book, model: str, over: Over = "span") -> pd.DataFrame:
    """As `outcomes` by channel, but opportunities and deals credited by a model of attribution.

    Args:
        book: The Book.
        model: One of the models of `[attribution]`.
        over: The months up to the period's end, or the period.

    Returns:
        The columns of `outcomes`: `opportunities`, `won`, `customers` (the credited wins) come in
        parts; what no touch can be credited with stands in a row "unattributed".

    Raises:
        ParameterError: No such model.
    """
    # Inside: the chapter on attribution shows this one's tables, and so imports it first.
    from playbook.chapters.attribution import credits as credits_of

    leads = outcomes(book, "channel", over)[["key", "leads", "mql", "sql"]]
    if not book.has("opportunity"):
        nothing = dict.fromkeys(
            ("opportunities", "pipeline", "won", "won_amount", "customers"), 0.0
        )
        return leads.assign(**nothing)
    table = leads.set_index("key")
    for conversion, count, amount in (
        ("opportunity", "opportunities", "pipeline"),
        ("won", "won", "won_amount"),
    ):
        found = credits_of(book, conversion, "channel", (model,), over).credits
        found = found.rename(columns={"channel": "key", "conversions": count, "value": amount})
        table = table.join(found.set_index("key")[[count, amount]], how="outer")
    table = table.astype(float).fillna(0.0).assign(customers=lambda t: t["won"])
    kept = table[(table != 0).any(axis=1)]
    return kept.rename_axis("key").reset_index()
