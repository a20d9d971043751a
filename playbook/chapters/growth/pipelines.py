"""《市场来源Pipeline复盘》, the review of marketing-sourced pipeline (P02-D8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from playbook.book import remembered
from playbook.chapters.growth.analysis import revenue_pace
from playbook.chapters.growth.declared import OPEN_PIPELINE, PIPELINE, WON, WON_AMOUNT
from playbook.chapters.growth.pace import BASELINE_PERIODS, FEW
from playbook.format import div
from playbook.funnel import wilson
from playbook.metrics import Measure, Metric, history

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book

_COLUMNS = [
    "source", "channel", "created", "created_amount", "open", "open_amount", "open_median_days",
    "won", "won_amount", "lost", "closed", "win_rate", "win_low", "win_high",
]  # fmt: skip
_DEALS = ("opportunity",)
_LOST = ("opportunity", "lead_journey.lost_at")


class Coverage(NamedTuple):
    """Whether the open pipeline is enough for the rest of the year's revenue target.

    Attributes:
        target: The fiscal year's revenue target; nan where none is set.
        won: Won in it up to the period's end.
        remaining: What is still to be won; nan where no target is set, never below 0.
        open_amount: Amount of all deals open at the period's end, as far as it is known.
        coverage: `open_amount` ÷ `remaining`; nan where nothing remains or no target is set.
        sourced_amount: The part of `open_amount` whose lead came from a channel.
        sourced_share: `sourced_amount` ÷ `open_amount`.
        won_deals: Deals won in this period and the twelve before.
        closed_deals: Deals won or lost in them.
        win_rate: Their share won; nan where no lost deals are recorded.
        low: Lower end of its Wilson 95 % interval.
        high: Upper end.
    """

    target: float
    won: float
    remaining: float
    open_amount: float
    coverage: float
    sourced_amount: float
    sourced_share: float
    won_deals: int
    closed_deals: int
    win_rate: float
    low: float
    high: float


@remembered
def pipeline(book: Book) -> pd.DataFrame:
    """The pipeline by where its deals came from; marketing-sourced ones by channel.

    A deal is sourced by marketing where the lead it belongs to has a channel. Every deal stands
    in one row, so that the rows add up to the whole; deals that marketing influenced without
    having brought the lead are not counted with those it sourced.

    Returns:
        One row per channel, then the deals without a lead by their kind: `source` (marketing,
        lead without channel, no lead), `channel`, `created`, `created_amount` (opened in the
        period), `open`, `open_amount`, `open_median_days` (at the period's end), `won`,
        `won_amount`, `lost`, `closed` (in the period), `win_rate`, `win_low`, `win_high` (of
        those closed, Wilson 95 %). Amounts in report currency, of the deals that have one;
        missing where none has. The win rate is missing where no lost deals are recorded.
    """
    until = min(book.period.end, book.as_of)
    table = book.sql(
        """WITH sourced AS (
            SELECT d.*, CASE WHEN d.lead_id IS NULL THEN 'no lead' WHEN l.channel_id IS NULL
                    THEN 'lead without channel' ELSE 'marketing' END AS source,
                coalesce(l.channel, 'no lead, ' || d.deal_type) AS channel,
                d.created_at >= $start AND d.created_at < $until AS is_new,
                d.created_at < $until AND coalesce(d.closed_at >= $until, true) AS is_there,
                d.closed_at >= $start AND d.closed_at < $until AS is_closed
            FROM deal d LEFT JOIN lead_journey l USING (lead_id)
        ), summed AS (
            SELECT source, channel, count(*) FILTER (is_new) AS created,
                (sum(amount) FILTER (is_new))::DOUBLE AS created_amount,
                count(*) FILTER (is_there) AS open,
                (sum(amount) FILTER (is_there))::DOUBLE AS open_amount,
                median(epoch($until - created_at) / 86400) FILTER (is_there) AS open_median_days,
                count(*) FILTER (is_closed AND is_won) AS won,
                (sum(won_amount) FILTER (is_closed))::DOUBLE AS won_amount,
                count(*) FILTER (is_closed AND NOT is_won) AS lost,
                count(*) FILTER (is_closed) AS closed
            FROM sourced WHERE is_new OR is_there OR is_closed GROUP BY source, channel
        )
        FROM summed
        ORDER BY source = 'marketing' DESC, source, open_amount DESC NULLS LAST, channel""",
        start=book.period.start,
        until=until,
    )
    known = table["closed"] if book.has(*_LOST) else table["closed"].astype(float) * float("nan")
    low, high = wilson(table["won"], known)
    return table.assign(win_rate=div(table["won"], known), win_low=low, win_high=high)[_COLUMNS]


@remembered
def by_source(book: Book) -> pd.DataFrame:
    """`pipeline` added up by source: what marketing brought beside what came without a lead.

    Returns:
        `source`, `created`, `created_amount`, `open`, `open_amount`, `open_share` (of the open
        amount), `won`, `won_amount`, `lost`, `closed`, `win_rate`, `win_low`, `win_high`.
    """
    table = pipeline(book)
    sums = ["created", "created_amount", "open", "open_amount", "won", "won_amount", "lost"]
    grouped = table.groupby("source", sort=False)
    summed = grouped[[*sums, "closed"]].sum(min_count=1).reset_index()
    known = summed["closed"] if book.has(*_LOST) else summed["closed"].astype(float) * float("nan")
    low, high = wilson(summed["won"], known)
    summed = summed.assign(
        open_share=div(summed["open_amount"], summed["open_amount"].sum()),
        win_rate=div(summed["won"], known),
        win_low=low,
        win_high=high,
    )
    columns = ["source", *sums[:4], "open_share", *sums[4:], "closed"]
    return summed[[*columns, "win_rate", "win_low", "win_high"]]


@remembered
def coverage(book: Book) -> Coverage:
    """The open pipeline against what the year's revenue target still asks for."""
    pace = revenue_pace(book)
    remaining = max(pace["target"] - (0.0 if pace["won"] != pace["won"] else pace["won"]), 0.0)
    table = pipeline(book)
    total = float(table["open_amount"].sum(min_count=1))
    sourced = float(table.loc[table["source"] == "marketing", "open_amount"].sum())
    won, closed, low, high = _usual_wins(book)
    return Coverage(
        target=pace["target"],
        won=pace["won"],
        remaining=float("nan") if pace["target"] != pace["target"] else remaining,
        open_amount=total,
        coverage=div(total, remaining),
        sourced_amount=sourced,
        sourced_share=div(sourced, total),
        won_deals=won,
        closed_deals=closed,
        win_rate=div(won, closed) if book.has(*_LOST) else float("nan"),
        low=low,
        high=high,
    )


@remembered
def stalled_deals(book: Book) -> pd.DataFrame:
    """Open deals older than nine in ten won deals of their kind were when they were won.

    New business is measured by new business, all else by renewals, expansions and referrals
    together; a kind with fewer than ten won deals gives no limit. As known now, whatever the
    period.

    Returns:
        `opportunity_id`, `account`, `channel`, `owner`, `amount`, `stage`, `created_at` (report
        zone), `age_days`, `limit_days`, `expected_close_on`, `close_passed` (the expected date is
        over; missing where there is none); largest amount first.
    """
    table = book.sql(
        """WITH usual AS (
            SELECT deal_type = 'new' AS is_new,
                quantile_cont(epoch(closed_at - created_at) / 86400, 0.9) AS limit_days
            FROM deal WHERE is_won GROUP BY ALL HAVING count(*) >= $few
        )
        SELECT d.opportunity_id, a.account_name AS account,
            coalesce(l.channel, 'no lead, ' || d.deal_type) AS channel,
            coalesce(s.name, d.owner_id) AS owner, d.amount::DOUBLE AS amount, d.stage,
            d.created_at, epoch($now - d.created_at) / 86400 AS age_days, u.limit_days,
            d.expected_close_on, d.expected_close_on < $today AS close_passed
        FROM deal d JOIN usual u ON u.is_new = (d.deal_type = 'new')
        LEFT JOIN lead_journey l USING (lead_id)
        LEFT JOIN clean.account a ON a.account_id = d.account_id
        LEFT JOIN clean.staff s ON s.staff_id = d.owner_id
        WHERE d.is_open AND epoch($now - d.created_at) / 86400 > u.limit_days
        ORDER BY d.amount DESC NULLS LAST, d.opportunity_id""",
        few=FEW,
        now=book.as_of,
        today=book.local(book.as_of).date(),
    )
    table["created_at"] = book.local_times(table["created_at"])
    return table


@remembered
def pipeline_history(book: Book) -> pd.DataFrame:
    """What was opened, won, lost and left open in each of the last thirteen periods.

    Returns:
        One row per period, oldest first: `period`, `start` (local date), `created`,
        `created_amount`, `won`, `won_amount`, `lost`, `open`, `open_amount` (at its end). Missing
        where the data does not reach.
    """
    past = history(book, _HISTORY)
    recent = past[past["recent"]]
    wide = recent.set_index(["period", "start", "key"])["value"].unstack("key")
    table = wide[[m.key for m in _HISTORY]].reset_index().rename_axis(columns=None)
    return table.sort_values("start", ignore_index=True)


@remembered
def open_trend(book: Book) -> pd.DataFrame:
    """The amount that was open at the end of each of the last thirteen periods, for a figure.

    Returns:
        As `metrics.history`, one row per period, oldest first.
    """
    past = history(book, [m for m in _HISTORY if m.key == "open_amount"])
    return past[past["recent"]].sort_values("start", ignore_index=True)


def _usual_wins(book: Book) -> tuple[int, int, float, float]:
    """Deals won and closed over this period and the baseline, with the interval of their share."""
    import pandas as pd

    row = book.sql(
        """SELECT count(*) FILTER (is_won) AS won, count(*) AS closed FROM deal
        WHERE closed_at >= $start AND closed_at < $until""",
        start=book.period.back(BASELINE_PERIODS).start,
        until=min(book.period.end, book.as_of),
    ).iloc[0]
    won, closed = int(row["won"]), int(row["closed"])
    known = closed if book.has(*_LOST) else 0
    low, high = wilson(pd.Series([won]), pd.Series([known]))
    return won, closed, float(low[0]), float(high[0])


_CREATED = Measure("deal", "created_at", lambda t: t.count(), _DEALS)
_LOSSES = Measure("deal", "closed_at", lambda t: (~t.is_won).sum(), _LOST)
_STILL_OPEN = Measure("deal", "created_at", lambda t: t.count(), _DEALS, until="closed_at")
_HISTORY = (
    Metric(
        "P02-D8/created", "created", "Opportunities opened", "新增商机数", "count", "up", _CREATED,
        "Opportunities opened in the period.",
    ),
    Metric(
        "P02-D8/created-amount", "created_amount", "Pipeline created", "商机金额", "money", "up",
        PIPELINE, "Amount of the opportunities opened in the period.",
    ),
    Metric(
        "P02-D8/won", "won", "Deals won", "成交数", "count", "up", WON,
        "Opportunities won in the period, by closing date.",
    ),
    Metric(
        "P02-D8/won-amount", "won_amount", "Won amount", "成交金额", "money", "up", WON_AMOUNT,
        "Amount of the opportunities won in the period, by closing date.",
    ),
    Metric(
        "P02-D8/lost", "lost", "Deals lost", "输单数", "count", "down", _LOSSES,
        "Opportunities lost in the period, by closing date.",
    ),
    Metric(
        "P02-D8/open", "open", "Deals open", "在手商机数", "count", "up", _STILL_OPEN,
        "Opportunities open when the period ended.",
    ),
    Metric(
        "P02-D8/open-amount", "open_amount", "Open pipeline", "在手商机金额", "money", "up",
        OPEN_PIPELINE, "Amount of the opportunities that were open when the period ended.",
    ),
)  # fmt: skip
