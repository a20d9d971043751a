"""Negative words in the search terms: what they cost, what is new, what blocking saves (P03-T4)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from playbook import keywords
from playbook.book import remembered
from playbook.chapters.digital.inputs import ads, search_words, wording
from playbook.format import div

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from playbook.book import Book
    from playbook.chapters.span import Over


class Saving(NamedTuple):
    """What blocking some words would have saved.

    Attributes:
        words: As `keywords.negatives`, one row per word.
        cost: What the searches with one of them cost.
        cost_share: Of the cost of all searches whose words are reported.
        leads_most: Leads that could have come by them at most.
        mql_most: MQLs that could have come by them at most.
    """

    words: pd.DataFrame
    cost: float
    cost_share: float
    leads_most: int
    mql_most: int


@remembered
def terms(book: Book, over: Over = "span") -> pd.DataFrame:
    """Search terms by keyword and account, with what they cost and the negative word in them.

    Returns:
        `search_term`, `keyword_id`, `keyword`, `ad_account`, `platform`, `cost`, `impressions`,
        `clicks`, `conversions`, `negative`; dearest first.
    """
    rows = ads(book, over)
    rows = rows[rows["search_term"].notna()]
    keys = ["search_term", "keyword_id", "keyword", "ad_account", "platform"]
    sums = rows.groupby(keys, dropna=False)[["cost", "impressions", "clicks", "conversions"]].sum()
    marked = keywords.terms_with(sums.reset_index(), wording(book))
    order = ["cost", "search_term", "keyword_id"]
    return marked.sort_values(order, ascending=[False, True, True], ignore_index=True)


@remembered
def blocking(book: Book, chosen: tuple[str, ...] | None = None, over: Over = "span") -> Saving:
    """What blocking negative words would have saved, and the most that it could have lost.

    Args:
        book: The Book.
        chosen: Which words; None for all of `[keywords]`.
        over: The months up to the period's end, or the period.
    """
    said = wording(book)
    if chosen is not None:
        said = replace(said, negatives=tuple(chosen))
    rows, came = terms(book, over), search_words(book, over)[["keyword_id", "leads", "mql"]]
    table = keywords.negatives(rows, said, came)
    marked = keywords.terms_with(rows, said)
    hit = marked[marked["negative"].notna()]
    lost = came[came["keyword_id"].isin(hit["keyword_id"])]
    cost = float(hit["cost"].sum())
    share = div(cost, rows["cost"].sum())
    return Saving(table, cost, share, int(lost["leads"].sum()), int(lost["mql"].sum()))


def saving_by(book: Book, chosen: Sequence[str], over: Over = "span") -> pd.DataFrame:
    """What blocking chosen words would have saved, by platform.

    Returns:
        `platform`, `cost` (of searches with one of them), `clicks`, `search_cost` (of all),
        `cost_share`; dearest first.
    """
    rows = keywords.terms_with(terms(book, over), replace(wording(book), negatives=tuple(chosen)))
    every = rows.groupby("platform")["cost"].sum()
    hit = rows[rows["negative"].notna()].groupby("platform")[["cost", "clicks"]].sum()
    table = hit.assign(search_cost=every, cost_share=div(hit["cost"], every)).reset_index()
    return table.sort_values(["cost", "platform"], ascending=[False, True], ignore_index=True)


@remembered
def candidates(book: Book) -> pd.DataFrame:
    """Further negative words, mined from searches whose keywords never brought an MQL.

    Returns:
        As `keywords.candidates`, over the months up to the period's end.
    """
    return keywords.candidates(
        terms(book), search_words(book)[["keyword_id", "mql"]], wording(book)
    )


@remembered
def rediscovered(book: Book) -> pd.DataFrame:
    """What mining would propose if there were no list: which of the list it finds by itself.

    Returns:
        As `keywords.candidates`.
    """
    bare = replace(wording(book), negatives=())
    return keywords.candidates(terms(book), search_words(book)[["keyword_id", "mql"]], bare)
