"""Whether every lead can be traced to what brought it (P03-T6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.book import remembered
from playbook.chapters.digital.declared import advertised
from playbook.chapters.digital.inputs import ads, recorded
from playbook.chapters.span import span
from playbook.derive import NO_ORIGIN
from playbook.format import div
from playbook.intervals import wilson

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book
    from playbook.chapters.span import Over

ALL = "all leads"
COUNTS = (
    "with_channel", "with_campaign", "with_keyword", "with_content", "with_touch", "with_account",
    "traced",
)  # fmt: skip


@remembered
def tracking(book: Book, over: Over = "span") -> pd.DataFrame:
    """What each channel's leads carry of their origin.

    A lead is traced where it carries what its channel can give: always channel and campaign; on
    channels that bid on keywords also the keyword. A touch counts where one is on record for the
    lead or its person up to the capture.

    Returns:
        One row per channel, most leads first, and all together at the end: `channel`,
        `is_advertised`, `leads`, `campaign_share`, `keyword_share` (on channels with keywords),
        `content_share`, `touch_share`, `account_share`, `traced_share` with `traced_low`,
        `traced_high` (Wilson 95 %), `untraced` (leads). Shares are missing where nothing of the
        kind was supplied, `traced_share` and `untraced` where `lacking` names a column.
    """
    import pandas as pd

    with_words = _bidding(book)
    table = _counted(book, with_words, over)
    names = [name for name in ("leads", *COUNTS) if name in table]
    whole = table[names].sum().to_frame().T.assign(channel=ALL)
    table = pd.concat([table, whole], ignore_index=True).drop(columns=["channel_id"])
    table["is_advertised"] = table["is_advertised"].fillna(value=False).astype(bool)
    leads = table["leads"].astype(float)
    known = {"campaign": "lead.campaign_id", "content": "lead.content_id"}
    known |= {"touch": "touch", "account": "lead.account_id", "keyword": "lead.keyword_id"}
    for name, need in known.items():
        share = div(table[f"with_{name}"].astype(float), leads)
        table[f"{name}_share"] = share if book.has(need) else float("nan")
    bidding = table["channel"].isin(with_words)
    table["keyword_share"] = table["keyword_share"].where(bidding)
    table["traced_share"] = div(table["traced"].astype(float), leads)
    table["traced_low"], table["traced_high"] = wilson(table["traced"].astype(float), leads)
    table["untraced"] = leads - table["traced"].astype(float)
    if lacking(book):
        names = ["traced_share", "traced_low", "traced_high", "untraced"]
        table[names] = float("nan")
    columns = ["channel", "is_advertised", "leads", "campaign_share", "keyword_share"]
    columns += ["content_share", "touch_share", "account_share", "traced_share", "traced_low"]
    return table[[*columns, "traced_high", "untraced"]]


def lacking(book: Book) -> list[str]:
    """The columns without which no lead could be traced, whatever was recorded; none if all are."""
    needs = ["lead.channel_id", "lead.campaign_id"]
    return book.missing(*needs, *(["lead.keyword_id"] if _bidding(book) else []))


def _bidding(book: Book) -> list[str]:
    """Names of the channels whose ad reports name keywords."""
    rows = ads(book)
    found = rows.loc[rows["keyword_id"].notna(), "channel"].dropna().unique()
    return sorted(str(name) for name in found)


def _counted(book: Book, with_words: list[str], over: Over) -> pd.DataFrame:
    days = span(book, over)
    table = book.sql(
        """WITH own AS (
            SELECT l.*, list_contains($words, l.channel) AS bids FROM lead_journey l
            WHERE l.created_at >= $start AND l.created_at < $end
        ), touched AS (
            SELECT DISTINCT o.lead_id FROM own o JOIN clean.touch t
                ON t.person_id = o.person_id AND t.touched_at <= o.created_at
            UNION
            SELECT DISTINCT o.lead_id FROM own o JOIN lead_alias a ON a.kept_id = o.lead_id
            JOIN clean.touch t ON t.lead_id = a.lead_id AND t.touched_at <= o.created_at
        )
        SELECT channel_id, channel, count(*)::DOUBLE AS leads,
            count(channel_id)::DOUBLE AS with_channel,
            count(campaign_id)::DOUBLE AS with_campaign,
            count(keyword_id)::DOUBLE AS with_keyword, count(content_id)::DOUBLE AS with_content,
            count(t.lead_id)::DOUBLE AS with_touch, count(account_id)::DOUBLE AS with_account,
            count(*) FILTER (channel_id IS NOT NULL AND campaign_id IS NOT NULL
                AND (NOT bids OR keyword_id IS NOT NULL))::DOUBLE AS traced
        FROM own LEFT JOIN touched t USING (lead_id)
        GROUP BY channel_id, channel ORDER BY leads DESC, channel""",
        words=with_words or [""],
        start=days.start,
        end=days.end,
    )
    return table.assign(is_advertised=table["channel_id"].isin(advertised(book)))


@remembered
def untraced(book: Book) -> pd.DataFrame:
    """What the leads of the period lack, most first.

    Returns:
        `channel`, `lacks` (channel, campaign, keyword; none of which a column was not supplied),
        `leads`, `mql` (of these; missing where none is recorded).
    """
    days = span(book, "period")
    if lacking(book):
        return recorded(book, book.sql(_NONE_UNTRACED))
    table = book.sql(
        """SELECT channel, CASE WHEN channel_id IS NULL THEN 'channel'
                WHEN campaign_id IS NULL THEN 'campaign' ELSE 'keyword' END AS lacks,
            count(*)::DOUBLE AS leads, count(mql_at)::DOUBLE AS mql
        FROM lead_journey
        WHERE created_at >= $start AND created_at < $end AND (channel_id IS NULL
            OR campaign_id IS NULL
            OR (keyword_id IS NULL AND list_contains($words, channel)))
        GROUP BY ALL ORDER BY leads DESC, channel, lacks""",
        start=days.start,
        end=days.end,
        words=_bidding(book) or [""],
    )
    return recorded(book, table)


_NONE_UNTRACED = (
    "SELECT '' AS channel, '' AS lacks, 0::DOUBLE AS leads, 0::DOUBLE AS mql WHERE false"
)


@remembered
def invalid_origin(book: Book) -> tuple[float, float, str]:
    """Invalid leads of the span: how many, how many with reason and channel, the commonest."""
    days = span(book)
    row = book.sql(
        """SELECT count(*)::DOUBLE AS n,
            count(*) FILTER (coalesce(invalid_reason, reason_code) IS NOT NULL
                AND channel <> $none)::DOUBLE AS known,
            mode(invalid_reason) AS reason
        FROM lead_journey WHERE created_at >= $start AND created_at < $end AND NOT is_valid""",
        start=days.start,
        end=days.end,
        none=NO_ORIGIN,
    ).iloc[0]
    reason = row["reason"]
    return float(row["n"]), float(row["known"]), reason if isinstance(reason, str) else ""
