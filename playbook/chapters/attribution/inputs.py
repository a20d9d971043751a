"""What the method is given: the touches that count, and the conversions they may lead to."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, get_args

from playbook.book import remembered
from playbook.chapters.span import Over, span
from playbook.derive import NO_ORIGIN
from playbook.errors import ParameterError, unknown
from playbook.touchpoint import OTHERS

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from playbook.book import Book

Conversion = Literal["lead", "mql", "sql", "opportunity", "won", "received"]
CONVERSIONS = get_args(Conversion)

NAMES = {
    "lead": "leads",
    "mql": "MQLs",
    "sql": "SQLs",
    "opportunity": "opportunities",
    "won": "deals won",
    "received": "deals paid for",
}
"""What each kind of conversion is called, several of them."""

ONE = {
    "lead": "lead",
    "mql": "MQL",
    "sql": "SQL",
    "opportunity": "opportunity",
    "won": "won deal",
    "received": "paid deal",
}
"""What one of them is called."""

WITH_VALUE = ("opportunity", "won", "received")
"""Conversions that are worth something: the amount, the won amount, receipts less refunds."""

AMOUNTS = {
    "opportunity": ("opportunity.amount",),
    "won": ("opportunity.won_amount", "opportunity.amount"),
    "received": ("payment",),
}
"""Where those worths stand: any of these."""

DIMENSIONS = (
    "channel",
    "source",
    "campaign",
    "content",
    "event",
    "partner",
    "keyword",
    "program",
    "touch_type",
    "setting",
)
"""What may get the credit: columns of `touchpoint`, and whether it was at an event."""

AT_EVENTS, ELSEWHERE = "at events", "elsewhere"
"""The two names of the dimension `setting`: touches at events, webinars among them, or not."""

EVENT_GROUPS = ("event", "exhibition", "webinar")
"""Groups of channels that are events."""

_EVENT_TYPES = ("event_reg", "event_checkin", "webinar_reg", "webinar_join")

NEEDS = {
    "lead": ("lead",),
    "mql": ("lead_journey.mql_at",),
    "sql": ("lead_journey.sql_at",),
    "opportunity": ("opportunity",),
    "won": ("opportunity.closed_at",),
    "received": ("opportunity.closed_at", "payment"),
}
"""What must be supplied for each kind of conversion."""

_OF_LEADS = """
SELECT l.lead_id AS conversion_id, h.entity, l.{stage} AS converted_at,
    NULL::DECIMAL(18, 2) AS value, {lead_at} AS lead_at, NULL::TIMESTAMP AS opportunity_at
FROM lead_journey l JOIN lead_home h USING (lead_id)
WHERE l.{stage} IS NOT NULL AND l.{stage} < $end
"""

_OF_DEALS = """
SELECT d.opportunity_id AS conversion_id, 'account:' || d.account_id AS entity,
    d.{moment} AS converted_at, {value} AS value,
    l.created_at AS lead_at, d.created_at AS opportunity_at
FROM deal d LEFT JOIN lead_journey l ON l.lead_id = d.lead_id {more}
WHERE list_contains($deal_types, d.deal_type) AND d.{moment} < $end {where}
"""

_RECEIVED = """
JOIN (
    SELECT opportunity_id, sum(amount) AS received FROM cash WHERE kind <> 'contract'
    GROUP BY opportunity_id HAVING sum(amount) > 0
) p ON p.opportunity_id = d.opportunity_id
"""

_QUERIES = {
    "lead": _OF_LEADS.format(stage="created_at", lead_at="NULL::TIMESTAMP"),
    "mql": _OF_LEADS.format(stage="mql_at", lead_at="l.created_at"),
    "sql": _OF_LEADS.format(stage="sql_at", lead_at="l.created_at"),
    "opportunity": _OF_DEALS.format(moment="created_at", value="d.amount", more="", where=""),
    "won": _OF_DEALS.format(
        moment="closed_at", value="d.won_amount", more="", where="AND d.is_won"
    ),
    "received": _OF_DEALS.format(
        moment="closed_at",
        value="p.received::DECIMAL(18, 2)",
        more=_RECEIVED,
        where="AND d.is_won",
    ),
}


def conversions(book: Book, conversion: str = "won") -> ir.Table:
    """What was achieved up to the period's end: one row per lead that got there, or per deal.

    Deals are those of the types that the rules credit marketing for. A deal counts as received
    from the day it was won, with its receipts less refunds as far as they are known.

    Args:
        book: The Book.
        conversion: One of `CONVERSIONS`.

    Returns:
        `conversion_id` (the lead or the opportunity), `entity`, `converted_at`, `value` (decimal,
        in report currency; missing for stages of leads and where the amount is not known),
        `lead_at` (capture of the lead), `opportunity_at`; times in naive UTC.

    Raises:
        ParameterError: No such conversion.
    """
    if conversion not in CONVERSIONS:
        raise ParameterError(unknown("conversion", conversion, CONVERSIONS))

    def found() -> ir.Table:
        name, given = f"conversions_{conversion}", dict[str, Any](end=book.period.end)
        if conversion in WITH_VALUE:
            given["deal_types"] = list(book.rules.attribution.deal_types)
        query = f"CREATE TEMP TABLE {name} AS {_QUERIES[conversion]}"
        book.con.con.execute(query, given)
        return book.con.table(name, database=("temp", "main"))

    table: ir.Table = book.remember(("conversions", conversion), found)
    return table


def valued(book: Book, conversion: str) -> bool:
    """Whether the data say what conversions of a kind are worth."""
    return any(book.has(need) for need in AMOUNTS.get(conversion, ()))


def touches(
    book: Book, by: str = "channel", over: Over = "span", lookback_days: float | None = None
) -> ir.Table:
    """The touches that count under the rules, named by a dimension.

    Args:
        book: The Book.
        by: One of `DIMENSIONS`.
        over: The span whose conversions they may lead to; see `span`.
        lookback_days: Instead of those of the rules.

    Returns:
        `entity`, `touch_id`, `touched_at` (naive UTC) and the dimension; up to the span's end, and
        from the lookback before its start on.

    Raises:
        ParameterError: No such dimension.
    """
    if by not in DIMENSIONS:
        raise ParameterError(unknown("dimension", by, DIMENSIONS))
    stretch = span(book, over)
    since = stretch.start - timedelta(days=lookback_days or book.rules.attribution.lookback_days)
    rows = counted(book)
    rows = rows.filter(rows["touched_at"] >= since, rows["touched_at"] < stretch.end)
    return rows.select("entity", "touch_id", "touched_at", by)


def counted(book: Book) -> ir.Table:
    """All touches of known customers that count under the rules, whenever they were.

    They are put into memory once: the view would work out the same rows for every question.
    """

    def kept() -> ir.Table:
        import ibis

        asked = book.rules.attribution
        rows = book.table("touchpoint")
        rows = rows.filter(rows["direction"].isin(asked.directions), rows["entity"].notnull())
        if asked.leave_out:
            rows = rows.filter(rows["touch_type"].notin(asked.leave_out))
        there = (
            (rows["event"] != OTHERS["event"])
            | rows["touch_type"].isin(_EVENT_TYPES)
            | rows["channel_group"].isin(EVENT_GROUPS).fill_null(ibis.literal(value=False))
        )
        rows = rows.mutate(setting=there.ifelse(AT_EVENTS, ELSEWHERE))
        columns = ("entity", "touch_id", "touched_at", "is_capture", *DIMENSIONS)
        return book.con.create_table("counted_touches", rows.select(*columns), temp=True)

    table: ir.Table = book.remember("counted touches", kept)
    return table


@remembered
def direct_names(book: Book) -> tuple[str, ...]:
    """The channels that say nothing of where somebody came from, "no origin" among them."""
    groups = list(book.rules.attribution.direct_groups)
    known = book.sql(
        "SELECT channel_name AS name FROM clean.channel "
        "WHERE list_contains($groups, channel_group) ORDER BY channel_name",
        groups=groups,
    )
    return (*known["name"].dropna().tolist(), NO_ORIGIN)
