"""What came of the money: leads, MQL, SQL, opportunities and deals, by whoever gets the credit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from playbook.book import remembered
from playbook.chapters.span import span
from playbook.errors import ParameterError, unknown

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book
    from playbook.chapters.span import Over

By = Literal["channel", "campaign", "event", "partner", "content"]

KEYS: dict[str, str] = {
    "channel": "l.channel",
    "campaign": "l.campaign_id",
    "event": "l.event_id",
    "partner": "coalesce(d.partner_id, l.partner_id)",
    "content": "l.content_id",
}
"""By what cost and results are set against each other, and where a deal has it."""

NO_LEAD = "deals without a lead"
COUNTS = ("leads", "mql", "sql", "opportunities", "won", "customers")
MONEY = ("pipeline", "won_amount")

_LEADS = """
SELECT {key} AS key, count(*) FILTER (created_at >= $start AND created_at < $end) AS leads,
    count(*) FILTER (mql_at >= $start AND mql_at < $end) AS mql,
    count(*) FILTER (sql_at >= $start AND sql_at < $end) AS sql
FROM lead_journey l GROUP BY ALL
"""

_DEALS = """
WITH credited AS (
    SELECT d.*, l.lead_id IS NOT NULL AS has_lead, {key} AS key
    FROM deal d LEFT JOIN lead_journey l USING (lead_id)
    WHERE list_contains($types, d.deal_type)
), first_won AS (
    SELECT account_id, arg_min(opportunity_id, (closed_at, opportunity_id)) AS opportunity_id
    FROM credited
    WHERE is_won AND deal_type = 'new' AND closed_at >= $start AND closed_at < $end
    GROUP BY account_id
)
SELECT c.key, c.has_lead,
    count(*) FILTER (c.created_at >= $start AND c.created_at < $end) AS opportunities,
    sum(c.amount) FILTER (c.created_at >= $start AND c.created_at < $end)::DOUBLE AS pipeline,
    count(*) FILTER (c.is_won AND c.closed_at >= $start AND c.closed_at < $end) AS won,
    sum(c.won_amount) FILTER (c.closed_at >= $start AND c.closed_at < $end)::DOUBLE AS won_amount,
    count(f.opportunity_id) AS customers
FROM credited c LEFT JOIN first_won f USING (opportunity_id)
GROUP BY ALL
"""


def check_by(by: str) -> None:
    """Refuse what cost and results cannot be set against each other by.

    Raises:
        ParameterError: The message lists what there is.
    """
    if by not in KEYS:
        raise ParameterError(unknown("breakdown", by, KEYS))


@remembered
def outcomes(book: Book, by: By = "channel", over: Over = "span") -> pd.DataFrame:
    """What happened in the span, each thing by its own date, credited to the lead's own origin.

    Args:
        book: The Book.
        by: `channel`, `campaign`, `event`, `partner` or `content`.
        over: The months up to the period's end, or the period.

    Returns:
        One row per value (`key`; missing for leads without one): `key`, `leads` captured, `mql`
        and `sql` reached, `opportunities` opened, `pipeline` (their amount), `won` deals,
        `won_amount`, `customers` (accounts first won with new business in the span). Deals are of
        the types in `[attribution] deal_types`; those without a lead stand in a row of their own.

    Raises:
        ParameterError: No such breakdown.
    """
    import pandas as pd

    check_by(by)
    days = span(book, over)
    bounds = {"start": days.start, "end": days.end}
    leads = book.sql(_LEADS.format(key=KEYS[by].replace("d.partner_id", "l.partner_id")), **bounds)
    types = list(book.rules.attribution.deal_types)
    deals = book.sql(_DEALS.format(key=KEYS[by]), types=types, **bounds)
    leads, deals = (table.astype({"key": object}) for table in (leads, deals))
    orphaned = ~deals["has_lead"].astype(bool) & deals["key"].isna()
    deals.loc[orphaned, "key"] = NO_LEAD
    columns = [c for c in deals.columns if c not in {"key", "has_lead"}]
    summed = deals.groupby("key", dropna=False)[columns].sum()
    both = pd.concat([leads.set_index("key"), summed], axis=1)
    table = both.rename_axis("key").reset_index().astype({"key": object})
    table[[*COUNTS, *MONEY]] = table[[*COUNTS, *MONEY]].astype(float).fillna(0.0)
    kept = table[(table[[*COUNTS, *MONEY]] != 0).any(axis=1)]
    return kept[["key", *COUNTS[:4], "pipeline", "won", "won_amount", "customers"]].reset_index(
        drop=True
    )
