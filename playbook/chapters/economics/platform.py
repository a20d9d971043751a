"""Conversions as the ad platforms report them, beside the leads that arrived in the CRM."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from playbook import economics
from playbook.book import remembered
from playbook.chapters.span import span
from playbook.errors import ParameterError, unknown

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book
    from playbook.chapters.span import Over

PlatformBy = Literal["channel", "campaign", "account"]

NEEDS = ("ad_daily", "ad_daily.conversions")

_NAMES = {
    "channel": "coalesce(ch.channel_name, c.channel_id)",
    "campaign": "coalesce(c.campaign_name, x.campaign_id)",
    "account": "x.ad_account",
}


@remembered
def platform(book: Book, by: PlatformBy = "channel", over: Over = "span") -> pd.DataFrame:
    """What the platforms claim beside what arrived: leads that carry one of the same campaigns.

    Leads of a campaign that ran in several accounts cannot be told apart by account: such a
    campaign is left out of the accounts' rows on both sides.

    Args:
        book: The Book.
        by: `channel`, `campaign` or `account`.
        over: The months up to the period's end, or the period.

    Returns:
        One row per value, dearest first: `by`, `cost`, `clicks`, `conversions` (as reported),
        `leads` (CRM, with a campaign of it), `ratio` (leads ÷ conversions), `ratio_low`,
        `ratio_high` (95 %), `cost_per_conversion`, `cpl`; empty where nothing is reported.

    Raises:
        ParameterError: No such breakdown.
    """
    if by not in _NAMES:
        raise ParameterError(unknown("breakdown", by, _NAMES))
    days = span(book, over)
    table = book.sql(
        f"""WITH daily AS (
            SELECT date, campaign_id, ad_account, currency, sum(clicks) AS clicks,
                sum(conversions) AS conversions, sum(cost) AS cost
            FROM clean.ad_daily WHERE date >= $first AND date <= $last GROUP BY ALL
        ), reported AS (
            SELECT d.campaign_id, d.ad_account, sum(d.clicks) AS clicks,
                sum(d.conversions) AS conversions,
                sum((d.cost * report_rate(d.currency, fx.rate, $currency))::DECIMAL(18,2))::DOUBLE
                    AS cost
            FROM daily d
            ASOF LEFT JOIN clean.fx_rate fx ON fx.currency = d.currency AND fx.date <= d.date
            GROUP BY ALL
        ), one_account AS (
            SELECT campaign_id FROM clean.ad_daily WHERE campaign_id IS NOT NULL
            GROUP BY campaign_id HAVING count(DISTINCT ad_account) <= 1
        ), arrived AS (
            SELECT campaign_id, count(*) AS leads FROM lead_journey
            WHERE created_at >= $start AND created_at < $end AND campaign_id IS NOT NULL
            GROUP BY campaign_id
        ), x AS (
            SELECT r.*, row_number() OVER (PARTITION BY r.campaign_id ORDER BY r.ad_account) = 1
                AS is_first
            FROM reported r
            WHERE $by != 'account' OR campaign_id IN (SELECT campaign_id FROM one_account)
        )
        SELECT {_NAMES[by]} AS "{by}", round(sum(x.cost), 2) AS cost,
            sum(x.clicks)::DOUBLE AS clicks, sum(x.conversions)::DOUBLE AS conversions,
            coalesce(sum(a.leads) FILTER (x.is_first), 0)::DOUBLE AS leads
        FROM x
        LEFT JOIN clean.campaign c ON c.campaign_id = x.campaign_id
        LEFT JOIN clean.channel ch ON ch.channel_id = c.channel_id
        LEFT JOIN arrived a ON a.campaign_id = x.campaign_id
        GROUP BY ALL ORDER BY cost DESC, 1""",
        currency=book.rules.company.currency,
        first=days.first,
        last=days.last,
        start=days.start,
        end=days.end,
        by=by,
    )
    compared = economics.beside(table[table["conversions"].notna()].reset_index(drop=True))
    priced = economics.unit_costs(compared, {"cost_per_conversion": "conversions", "cpl": "leads"})
    return priced[
        [by, "cost", "clicks", "conversions", "leads", "ratio", "ratio_low", "ratio_high",
         "cost_per_conversion", "cpl"]
    ]  # fmt: skip
