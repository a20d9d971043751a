"""What came back: simple beside realised ROI, and how long a month's cost takes to return."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from playbook import economics
from playbook.book import remembered
from playbook.chapters.economics.board import APART
from playbook.chapters.economics.costs import NO_CHANNEL, cost_rows, costs
from playbook.chapters.growth.pace import usual_days
from playbook.chapters.span import span
from playbook.format import div

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book
    from playbook.economics import Usual

ROI_COLUMNS = [
    "channel", "cost", "won_in_span", "own_revenue", "simple_roi", "realised_roi", "difference",
    "by_earlier_leads", "by_later_wins", "from_earlier_leads", "won_after_span", "leads", "young",
    "young_share",
]  # fmt: skip

ALL = "all channels"


def return_needs(book: Book) -> list[str]:
    """What must be supplied before returns can be told; empty where nothing lacks."""
    lacking = book.missing("opportunity", "opportunity.won_amount")
    return [*([] if book.has("ad_daily") else book.missing("spend")), *lacking]


@remembered
def roi(book: Book) -> pd.DataFrame:
    """Simple ROI beside realised ROI per channel, and the difference in parts that add up.

    Both set the cost of the same span against won amounts of the deals that belong to a lead of
    the channel. Simple: what was won in the span, whenever its leads had come. Realised: what the
    leads captured in the span have brought up to now; those younger than most wins take may still
    bring more.

    Returns:
        One row per channel with a cost, dearest first, the last one all channels: `channel`,
        `cost`, `won_in_span`, `own_revenue`, `simple_roi`, `realised_roi`, `difference`, its parts
        `by_earlier_leads` and `by_later_wins` (minus), the amounts behind them
        `from_earlier_leads` and `won_after_span`, `leads` of the span, `young` of them (captured
        within the days that nine in ten wins take), `young_share`.
    """
    import pandas as pd

    days = span(book)
    usual = usual_days(book, "lead", "won")
    found = book.sql(
        _RETURNS,
        start=days.start,
        end=days.end,
        types=list(book.rules.attribution.deal_types),
        young=book.as_of - timedelta(days=usual) if usual is not None else book.as_of,
    )
    spent = costs(book)[["channel", "cost"]]
    table = spent.merge(found, on="channel", how="left")
    table = table[~table["channel"].isin(APART)]
    numbers = list(table.columns[1:])
    table[numbers] = table[numbers].astype(float).fillna(0.0)
    if table.empty:
        return pd.DataFrame(columns=ROI_COLUMNS)
    together = table[numbers].sum().to_frame().T.assign(channel=ALL)
    whole = economics.returns(pd.concat([table, together], ignore_index=True))
    whole["young_share"] = div(whole["young"], whole["leads"])
    return whole[ROI_COLUMNS]


_RETURNS = """
WITH won AS (
    SELECT l.channel, d.won_amount::DOUBLE AS amount,
        d.closed_at >= $start AND d.closed_at < $end AS in_span,
        l.created_at >= $start AND l.created_at < $end AS own
    FROM deal d JOIN lead_journey l USING (lead_id)
    WHERE d.is_won AND list_contains($types, d.deal_type) AND d.closed_at IS NOT NULL
), amounts AS (
    SELECT channel, sum(amount) FILTER (in_span) AS won_in_span,
        sum(amount) FILTER (own) AS own_revenue,
        sum(amount) FILTER (in_span AND NOT own) AS from_earlier_leads,
        sum(amount) FILTER (own AND NOT in_span) AS won_after_span
    FROM won GROUP BY channel
), captured AS (
    SELECT channel, count(*) AS leads, count(*) FILTER (created_at > $young) AS young
    FROM lead_journey WHERE created_at >= $start AND created_at < $end GROUP BY channel
)
SELECT channel, won_in_span, own_revenue, from_earlier_leads, won_after_span, leads, young
FROM captured FULL JOIN amounts USING (channel)
"""


@remembered
def payback(book: Book, channel: str | None = None) -> pd.DataFrame:
    """When the cost of each month had come back from the leads captured in it.

    Args:
        book: The Book.
        channel: One channel; all cost and all leads without it.

    Returns:
        One row per month with a cost up to the period's end, oldest first: `month` (`2026-10`),
        `cost`, `leads`, `revenue` (won so far by the leads of that month), `share` (of the cost),
        `months` (until it was covered; missing where it is not yet), `lived` (whole months
        watched), `paid_back`.
    """
    cohorts, revenue, until = _cohorts(book, channel)
    table = economics.payback(cohorts, revenue, until=until)
    leads = cohorts.set_index("cohort")["leads"]
    table["leads"] = table["cohort"].map(leads)
    table.insert(0, "month", table["cohort"].map(_label))
    return table[["month", "cost", "leads", "revenue", "share", "months", "lived", "paid_back"]]


@remembered
def payback_curves(book: Book, channel: str | None = None) -> pd.DataFrame:
    """The share of each month's cost that had come back, by months since its leads were captured.

    Returns:
        `month`, `age` (months since, from 0), `revenue`, `share`; only ages that were lived.
    """
    cohorts, revenue, until = _cohorts(book, channel)
    table = economics.payback_curves(cohorts, revenue, until=until)
    table.insert(0, "month", table["cohort"].map(_label))
    return table.drop(columns="cohort")


@remembered
def usual_payback(book: Book, channel: str | None = None) -> Usual:
    """The median months until a month's cost is back, months still waiting counted as such."""
    return economics.usual(payback(book, channel))


def _cohorts(book: Book, channel: str | None) -> tuple[pd.DataFrame, pd.DataFrame, int]:
    """Cost and leads by month, won amounts by the lead's month and their own, the last month."""
    import pandas as pd

    rows = cost_rows(book)
    if channel is not None:
        rows = rows[rows["channel"].fillna(NO_CHANNEL) == channel]
    dates = pd.to_datetime(rows["date"])
    months = dates.dt.year * 12 + dates.dt.month - 1
    spent = rows.groupby(months.rename("cohort"))[["cost"]].sum().round(2)
    spent = spent[spent["cost"] > 0]
    leads = book.sql(
        """SELECT month AS cohort, count(*) AS leads FROM (
            SELECT year(came) * 12 + month(came) - 1 AS month FROM (
                SELECT created_at AT TIME ZONE 'UTC' AT TIME ZONE $zone AS came
                FROM lead_journey
                WHERE created_at < $end AND coalesce(channel = $channel, true)))
        GROUP BY month""",
        zone=book.period.zone,
        end=book.period.end,
        channel=channel,
    ).set_index("cohort")["leads"]
    cohorts = spent.assign(leads=leads.reindex(spent.index, fill_value=0)).reset_index()
    won = book.sql(
        """SELECT year(came) * 12 + month(came) - 1 AS cohort,
            year(closed) * 12 + month(closed) - 1 AS month, sum(amount) AS amount
        FROM (
            SELECT l.created_at AT TIME ZONE 'UTC' AT TIME ZONE $zone AS came,
                greatest(d.closed_at, l.created_at) AT TIME ZONE 'UTC' AT TIME ZONE $zone
                    AS closed,
                d.won_amount::DOUBLE AS amount
            FROM deal d JOIN lead_journey l USING (lead_id)
            WHERE d.is_won AND list_contains($types, d.deal_type) AND d.closed_at IS NOT NULL
                AND coalesce(l.channel = $channel, true)
        ) GROUP BY ALL""",
        zone=book.period.zone,
        types=list(book.rules.attribution.deal_types),
        channel=channel,
    )
    now = book.local(book.as_of)
    return cohorts, won, now.year * 12 + now.month - 2


def _label(month: int) -> str:
    return f"{month // 12}-{month % 12 + 1:02}"
