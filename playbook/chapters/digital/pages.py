"""Where search words land, and how the pages take those who come (P03-T3, M9 … M11, D4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook import keywords
from playbook.book import remembered
from playbook.chapters.digital.inputs import search_words
from playbook.chapters.span import span
from playbook.format import div
from playbook.intervals import wilson

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book
    from playbook.chapters.span import Over


@remembered
def landing(book: Book, over: Over = "span") -> pd.DataFrame:
    """Every search word with whether its page suits what is searched.

    Returns:
        As `inputs.search_words`, with `verdict` and `is_misled` of `keywords.misled`.
    """
    rules = book.rules.keywords.landing
    suits = keywords.Landing(
        high_intent=rules.high_intent, never=rules.never, brand_anywhere=rules.brand_anywhere
    )
    return keywords.misled(search_words(book, over), suits)


@remembered
def mislanded(book: Book, over: Over = "span") -> pd.DataFrame:
    """The words that land on the wrong page, and the money that went there.

    Returns:
        `keyword`, `word_class`, `intent_stage`, `page`, `page_type`, `verdict`, `cost`,
        `cost_share` (of the search cost), `clicks`, `leads`, `mql`, `platform`; high intent first,
        then dearest first.
    """
    table = landing(book, over)
    total = table["cost"].sum()
    wrong = table[table["is_misled"] & (table["cost"] > 0)]
    wrong = wrong.assign(cost_share=div(wrong["cost"], total))
    columns = ["keyword", "word_class", "intent_stage", "page", "page_type", "verdict", "cost"]
    columns += ["cost_share", "clicks", "leads", "mql", "platform"]
    order = ["verdict", "cost", "keyword"]
    return wrong.sort_values(order, ascending=[True, False, True], ignore_index=True)[columns]


@remembered
def pages(book: Book, over: Over = "span") -> pd.DataFrame:
    """How each page of the site takes those who come.

    Returns:
        One row per page, most visits first: `page_id`, `page`, `page_type`, `sessions`,
        `bounce_rate`, `seconds` (a page view), `form_views`, `form_submits`, `form_rate` with
        `form_low`, `form_high` (Wilson 95 %), `others_rate` (of all other pages' forms),
        `is_below` (whole interval below that), `search_cost` (of the words that land there).
    """
    import pandas as pd

    days = span(book, over)
    table = book.sql(
        """SELECT w.content_id AS page_id, coalesce(c.title, w.content_id, 'page not known')
                AS page, c.content_type AS page_type, sum(w.sessions)::DOUBLE AS sessions,
            sum(w.bounces)::DOUBLE AS bounces, sum(w.total_time_s)::DOUBLE AS total,
            sum(w.pageviews)::DOUBLE AS pageviews, sum(w.form_views)::DOUBLE AS form_views,
            sum(w.form_submits)::DOUBLE AS form_submits
        FROM clean.web_daily w LEFT JOIN clean.content c ON c.content_id = w.content_id
        WHERE w.date >= $first AND w.date <= $last GROUP BY ALL
        ORDER BY sessions DESC NULLS LAST, page_id""",
        first=days.first,
        last=days.last,
    )
    seen, sent = table["form_views"].fillna(0.0), table["form_submits"].fillna(0.0)
    sent = sent.where(sent <= seen, seen)
    low, high = wilson(sent, seen)
    others = div(sent.sum() - sent, seen.sum() - seen)
    spent = search_words(book, over).groupby("page_id")["cost"].sum()
    table = table.assign(
        bounce_rate=div(table["bounces"], table["sessions"]),
        seconds=div(table["total"], table["pageviews"]),
        form_rate=div(sent, seen),
        form_low=low,
        form_high=high,
        others_rate=others,
        is_below=pd.Series(high, table.index) < others,
        search_cost=table["page_id"].map(spent).fillna(0.0),
    )
    columns = ["page_id", "page", "page_type", "sessions", "bounce_rate", "seconds", "form_views"]
    columns += ["form_submits", "form_rate", "form_low", "form_high", "others_rate", "is_below"]
    return table[[*columns, "search_cost"]]
