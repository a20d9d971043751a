"""The chapter's cockpit fields (P03-F1 … F21): one row per ad row, leads joined once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.book import remembered
from playbook.chapters.digital.inputs import COUNTS, ads, as_text, outcomes, recorded
from playbook.chapters.growth.pace import is_young
from playbook.chapters.span import span
from playbook.derive import NO_ORIGIN
from playbook.errors import ParameterError, unknown
from playbook.format import div

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book
    from playbook.chapters.span import Over

KEYS = ("channel", "ad_account", "campaign", "ad_group", "keyword", "match_type")
"""P03-F1 … F6."""

BY = ("channel", "platform", "ad_account", "campaign", "ad_group", "match_type")
"""What `totals` can be broken down by."""

AD_ROW, SHARED, NO_AD = "ad row", "leads of the campaign, ad row not known", "no ad row"

UNITS = {"cpc": "money", "ctr": "share", "cvr": "share"}

_COLUMNS = [
    *KEYS, "line", "cost", "impressions", "clicks", "ctr", "cpc", "conversions", "cvr", "leads",
    "cpl", "mql", "sql", "opportunities", "won", "pipeline", "won_amount", "roi",
    "sales_feedback", "invalid_reason",
]  # fmt: skip


@remembered
def cockpit(book: Book) -> pd.DataFrame:
    """The digital cockpit: one row per account, campaign, group, keyword and match type.

    A lead stands in the ad row of its campaign and keyword; where several rows could claim it, and
    where it names no keyword, it stands in a line of its campaign, not in one of them. What has no
    ad row at all, cost or leads, is a line of its channel: cost and leads add up to the Book's.

    Returns:
        `channel`, `ad_account`, `campaign`, `ad_group`, `keyword`, `match_type` (F1 … F6), `line`
        (which of the three it is), `cost`, `impressions`, `clicks`, `ctr`, `cpc`, `conversions`
        (as reported), `cvr` (F7 … F13), `leads`, `cpl` (F14), `mql`, `sql`, `opportunities`,
        `won`, `pipeline`, `won_amount`, `roi` (F15 … F19; of the leads captured in the period, so
        far; no ROI where nothing is won and most deals are still to come), `sales_feedback` (the
        latest words on record), `invalid_reason` (the commonest, with its count); ad rows first,
        dearest first.
    """
    import pandas as pd

    keys = ["campaign_id", "keyword_id"]
    rows = _ad_rows(book)
    came = _outcomes(book)
    alone = rows[~rows.duplicated(keys, keep=False)]
    claimed = alone[keys].reset_index().merge(came, on=keys).set_index("index")
    table = rows.join(claimed[[*COUNTS, *_SAID]]).assign(line=AD_ROW)
    left = came.merge(alone[keys].assign(claimed=True), on=keys, how="left")
    left = left[left["claimed"].isna()].drop(columns="claimed")
    in_ads = left["campaign_id"].isin(rows["campaign_id"].dropna())
    parts = [
        table,
        _merged(left[in_ads], ["channel", "campaign_id", "campaign"]).assign(line=SHARED),
        _without_ads(book, left[~in_ads]),
    ]
    every = pd.concat([part for part in parts if len(part)] or [table], ignore_index=True)
    table = _finished(every)
    young = is_young(book, "won", book.period.end)
    return recorded(book, table.assign(roi=table["roi"].mask((table["won"] == 0) & young)))


_SAID = ("sales_feedback", "invalid_reason")


def _ad_rows(book: Book) -> pd.DataFrame:
    keys = ["channel", "platform", "ad_account", "campaign_id", "campaign", "ad_group"]
    keys += ["keyword_id", "keyword", "match_type"]
    sums = ads(book, "period").groupby(keys, dropna=False)
    return as_text(sums[["cost", "impressions", "clicks", "conversions"]].sum().reset_index())


def _outcomes(book: Book) -> pd.DataFrame:
    """What came of the period's leads, by campaign and keyword, with what sales said of them."""
    days = span(book, "period")
    said = book.sql(
        """WITH own AS (
            SELECT lead_id, channel, campaign_id, keyword_id, invalid_reason FROM lead_journey
            WHERE created_at >= $start AND created_at < $end
        ), reasons AS (
            SELECT channel, campaign_id, keyword_id, invalid_reason, count(*) AS n FROM own
            WHERE invalid_reason IS NOT NULL GROUP BY ALL
        ), commonest AS (
            SELECT channel, campaign_id, keyword_id,
                arg_max(invalid_reason || ' (' || n || ')', (n, invalid_reason)) AS invalid_reason
            FROM reasons GROUP BY ALL
        ), words AS (
            SELECT o.channel, o.campaign_id, o.keyword_id,
                arg_max(v.feedback, (v.activity_at, v.activity_id)) AS sales_feedback
            FROM own o JOIN lead_alias a ON a.kept_id = o.lead_id
            JOIN clean.activity v ON v.lead_id = a.lead_id
            WHERE trim(v.feedback) <> '' GROUP BY ALL
        ), keys AS (SELECT DISTINCT channel, campaign_id, keyword_id FROM own)
        SELECT k.*, c.invalid_reason, w.sales_feedback FROM keys k
        LEFT JOIN commonest c ON c.channel = k.channel
            AND c.campaign_id IS NOT DISTINCT FROM k.campaign_id
            AND c.keyword_id IS NOT DISTINCT FROM k.keyword_id
        LEFT JOIN words w ON w.channel = k.channel
            AND w.campaign_id IS NOT DISTINCT FROM k.campaign_id
            AND w.keyword_id IS NOT DISTINCT FROM k.keyword_id
        ORDER BY ALL""",
        start=days.start,
        end=days.end,
    )
    keys = ["channel", "campaign_id", "keyword_id"]
    table = _with_campaign(book, outcomes(book, "period").merge(as_text(said), on=keys, how="left"))
    return _merged(table, ["channel", "campaign_id", "campaign", "keyword_id"])


def _with_campaign(book: Book, table: pd.DataFrame) -> pd.DataFrame:
    """The table with `campaign`: its name, else its id."""
    known = book.sql("SELECT campaign_id, campaign_name FROM clean.campaign")
    names = dict(zip(known["campaign_id"], known["campaign_name"], strict=True))
    ids = table["campaign_id"]
    return as_text(table.assign(campaign=[names.get(one, one) for one in ids]))


def _merged(table: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Added up by `keys`; the words of the largest part."""
    ordered = table.sort_values("leads", ascending=False, kind="stable")
    groups = ordered.groupby(keys, dropna=False, sort=True)
    return as_text(groups[list(COUNTS)].sum().join(groups[list(_SAID)].first()).reset_index())


def _without_ads(book: Book, left: pd.DataFrame) -> pd.DataFrame:
    """One line per channel: cost that is no ad media, leads of no advertised campaign."""
    days = span(book, "period")
    spent = book.sql(
        """SELECT coalesce(channel, 'no channel') AS channel, sum(cost)::DOUBLE AS cost
        FROM cost_by_day WHERE source <> 'ad' AND date >= $first AND date <= $last
        GROUP BY ALL ORDER BY ALL""",
        first=days.first,
        last=days.last,
    )
    came = _merged(left, ["channel"])
    return came.merge(as_text(spent), on="channel", how="outer").assign(line=NO_AD)


def _finished(table: pd.DataFrame) -> pd.DataFrame:
    numbers = ["cost", "impressions", "clicks", "conversions", *COUNTS]
    for name in {*_COLUMNS, *numbers} - set(table.columns):
        table[name] = None
    for name in ("cost", *COUNTS):
        table[name] = table[name].astype(float).fillna(0.0)
    for name in ("impressions", "clicks", "conversions"):
        table[name] = table[name].astype(float)
    table = _rates(table)
    place = table["line"].map({AD_ROW: 0, SHARED: 1, NO_AD: 2})
    last = table["channel"].isin([NO_ORIGIN, "no channel"])
    order = ["place", "last", "cost", "leads", *KEYS]
    table = table.assign(place=place, last=last).sort_values(
        order, ascending=[True, True, False, False, *[True] * len(KEYS)], ignore_index=True
    )
    return table[_COLUMNS]


def _rates(table: pd.DataFrame) -> pd.DataFrame:
    spent = table["cost"].where(table["cost"] > 0)
    is_split = table["line"] == SHARED
    return table.assign(
        ctr=div(table["clicks"], table["impressions"]),
        cpc=div(spent, table["clicks"]),
        cvr=div(table["conversions"], table["clicks"]),
        cpl=div(spent, table["leads"]).mask(is_split),
        roi=div(table["won_amount"] - spent, spent).mask(is_split),
    )


@remembered
def totals(book: Book, by: str = "campaign", over: Over = "period") -> pd.DataFrame:
    """The ad reports added up, with the leads of the same campaigns where they can be told apart.

    Args:
        book: The Book.
        by: One of `BY`. Leads are set beside channels and campaigns; an ad group, account or
            match type has none of its own.
        over: The period, or the months up to its end.

    Returns:
        One row per value, dearest first: `by`, `cost`, `cost_share`, `impressions`, `clicks`,
        `ctr`, `cpc`, `conversions`, `cvr`, and by channel or campaign `leads`, `cpl`, `mql`,
        `cost_per_mql`, `sql`, `won`.

    Raises:
        ParameterError: No such breakdown.
    """
    if by not in BY:
        raise ParameterError(unknown("breakdown", by, BY))
    sums = ads(book, over).groupby(by, dropna=False)
    table = sums[["cost", "impressions", "clicks", "conversions"]].sum().reset_index()
    table["cost_share"] = div(table["cost"], table["cost"].sum())
    table["ctr"] = div(table["clicks"], table["impressions"])
    table["cpc"] = div(table["cost"], table["clicks"])
    table["cvr"] = div(table["conversions"], table["clicks"])
    columns = [by, "cost", "cost_share", "impressions", "clicks", "ctr", "cpc", "conversions"]
    columns += ["cvr"]
    if by in {"channel", "campaign"}:
        came = _leads_by(book, by, over)
        for name in came:
            table[name] = table[by].map(came[name]).astype(float).fillna(0.0)
        table["cpl"] = div(table["cost"], table["leads"])
        table["cost_per_mql"] = div(table["cost"], table["mql"])
        columns += ["leads", "cpl", "mql", "cost_per_mql", "sql", "won"]
    ordered = table.sort_values(["cost", by], ascending=[False, True], ignore_index=True)
    return recorded(book, ordered[columns])


def _leads_by(book: Book, by: str, over: Over) -> pd.DataFrame:
    found = outcomes(book, over)
    if by == "campaign":
        found = _with_campaign(book, found)
    return found.groupby(by)[["leads", "mql", "sql", "won"]].sum()
