"""The chapter's metrics (B2-M2): how much of what was won has a touch, and what events earned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook import attribution
from playbook.book import Book, remembered
from playbook.chapters.attribution.credit import every
from playbook.chapters.attribution.inputs import AT_EVENTS
from playbook.metrics import Measure, Metric, evaluate

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

DEALS = "attributed_deal"
_SCHEMA = {
    "opportunity_id": "string",
    "closed_at": "timestamp",
    "won_amount": "float64",
    "touched_amount": "float64",
    "events_amount": "float64",
    "is_touched": "boolean",
    "touches": "int64",
}
_NEEDS = ("opportunity.closed_at",)
_AMOUNT = ("opportunity.won_amount",)

WON = Measure(DEALS, "closed_at", lambda t: t.count(), _NEEDS)
TOUCHED = Measure(DEALS, "closed_at", lambda t: t.is_touched.sum(), _NEEDS)
WON_AMOUNT = Measure(DEALS, "closed_at", lambda t: t.won_amount.sum(), _AMOUNT)
TOUCHED_AMOUNT = Measure(DEALS, "closed_at", lambda t: t.touched_amount.sum(), _AMOUNT)
EVENTS_AMOUNT = Measure(DEALS, "closed_at", lambda t: t.events_amount.sum(), _AMOUNT)
TOUCHES = Measure(DEALS, "closed_at", lambda t: t.touches.sum(), _NEEDS)

METRICS: tuple[Metric, ...] = (
    Metric(
        "B2-M2/deals", "credited_deals", "Deals to be credited", "待归因成交数", "count", "up",
        WON, "Deals of the types in scope won in the period: new business and referrals, unless "
        "the rules say otherwise.",
    ),
    Metric(
        "B2-M2/touched", "touched_share", "Deals with a touch", "有触点成交占比", "share", "up",
        TOUCHED, "Of these deals, those whose company touched the marketing of the firm within the "
        "lookback before the deal was won.",
        denominator=WON, part=True,
    ),
    Metric(
        "B2-M2/amount", "credited_amount", "Won amount credited to touches", "归因成交金额",
        "money", "up", TOUCHED_AMOUNT,
        "Won amount of the deals with a touch; what the others won is unattributed.",
    ),
    Metric(
        "B2-M2/amount_share", "credited_amount_share", "Share of won amount credited",
        "归因成交金额占比", "share", "up", TOUCHED_AMOUNT,
        "Won amount credited to touches ÷ won amount of all deals in scope.",
        denominator=WON_AMOUNT, n=WON,
    ),
    Metric(
        "B2-M2/touches", "touches_per_deal", "Touches per deal", "单笔成交触点数", "ratio", "",
        TOUCHES, "Touches on the journeys of the deals won ÷ deals with a touch.",
        denominator=TOUCHED,
    ),
    Metric(
        "B2-M2/events", "events_amount", "Won amount credited to events, linear",
        "活动归因成交金额(线性)", "money", "up", EVENTS_AMOUNT,
        "Each deal's won amount shared evenly by the touches of its journey; the part of those at "
        "events, exhibitions and webinars.",
    ),
    Metric(
        "B2-M2/events_share", "events_share", "Share of won amount credited to events, linear",
        "活动归因成交占比(线性)", "share", "up", EVENTS_AMOUNT,
        "Won amount credited to events by the linear model ÷ won amount of the deals with a touch.",
        denominator=TOUCHED_AMOUNT, n=TOUCHED,
    ),
)  # fmt: skip


class Credited(Book):
    """A Book with the chapter's table of deals beside its own, for `metrics.evaluate`."""

    def __init__(self, book: Book) -> None:
        """Share the Book's connection and memory, and add the table."""
        _ = book.con  # opened once, for both
        vars(self).update(vars(book))
        self._deals = deal_credits(book)

    def table(self, name: str) -> ir.Table:
        """A table of the Book, or the chapter's."""
        if name != DEALS:
            return super().table(name)
        import ibis

        return ibis.memtable(self._deals, schema=ibis.schema(_SCHEMA))

    def first_time(self, table: str, column: str) -> pd.Timestamp | None:
        """The earliest moment of a table's column, also of the chapter's table."""
        if table != DEALS:
            return super().first_time(table, column)
        known = self._deals[column].dropna()
        return None if known.empty else known.min()


@remembered
def deal_credits(book: Book) -> pd.DataFrame:
    """Every deal in scope won up to the period's end, and what of it goes to touches and events.

    Returns:
        `opportunity_id`, `closed_at` (naive UTC), `won_amount`, `touched_amount`,
        `events_amount` (linear), in report currency, `is_touched`, `touches`.
    """
    import pandas as pd

    if not book.has("opportunity.closed_at"):
        return pd.DataFrame(columns=list(_SCHEMA))
    rows = attribution.credit_rows(every(book, "won", "setting"), "linear")
    rows["touched"] = rows["value"].where(rows["touches"] > 0, 0.0)
    rows["events"] = rows["value"].where(rows["setting"] == AT_EVENTS, 0.0)
    table = rows.groupby(["conversion_id", "converted_at"], as_index=False, sort=False).agg(
        won_amount=("value", "sum"),
        touched_amount=("touched", "sum"),
        events_amount=("events", "sum"),
        touches=("touches", "sum"),
    )
    table["is_touched"] = table["touches"] > 0
    named = table.rename(columns={"conversion_id": "opportunity_id", "converted_at": "closed_at"})
    return named[list(_SCHEMA)]


@remembered
def metrics(book: Book) -> pd.DataFrame:
    """The chapter's metrics now, before, last year and against target; see `metrics.evaluate`."""
    return evaluate(Credited(book), METRICS)
