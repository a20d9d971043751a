"""Response curves per channel: what more cost brought, or why nobody can tell."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from playbook import economics
from playbook.book import remembered
from playbook.chapters.economics.board import APART
from playbook.chapters.economics.costs import cost_rows
from playbook.format import div

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book
    from playbook.economics import Curve

WEEKS, MONTHS = 52, 12
LATELY = {WEEKS: 13, MONTHS: 3}
"""A quarter, in weeks and in months: the point from which a curve is told."""

UNITS = {WEEKS: "week", MONTHS: "month"}
COLUMNS = [
    "channel", "accepted", "reason", "elasticity", "low", "high", "grain", "periods", "leads",
    "spread", "quarter_cost", "quarter_leads", "next_lead_costs", "cpl", "weeks_to_know",
]  # fmt: skip


@remembered
def curves(book: Book) -> pd.DataFrame:
    """Each channel's response curve, or the reason why the data cannot carry one.

    Leads by week of capture against cost of the same week, over all weeks up to the period's end;
    by months where the cost comes monthly.

    Returns:
        One row per channel with a cost, accepted ones first, then by cost: `channel`, `accepted`,
        `reason` (for refusing), `elasticity`, `low`, `high` (95 %), `grain` (week or month),
        `periods`, `leads`, `spread` (how much the cost moved beside trend and season),
        `quarter_cost`, `quarter_leads` (what the curve starts from), `next_lead_costs` (one more
        lead, at that point), `cpl` (there, on average), `weeks_to_know` (of changing its cost by
        half on purpose, until the elasticity is known to a quarter either way; missing where it is
        known or beyond two years).
    """
    import pandas as pd

    rows = []
    for channel, (curve, per_year) in fitted(book).items():
        marginal = economics.marginal(curve, curve.base_cost) if curve.accepted else float("nan")
        rows.append(
            {
                "channel": channel,
                "accepted": curve.accepted,
                "reason": curve.reason,
                "elasticity": curve.elasticity,
                "low": curve.low,
                "high": curve.high,
                "grain": UNITS[per_year],
                "periods": curve.periods,
                "leads": curve.outcomes,
                "spread": curve.spread,
                "quarter_cost": curve.base_cost,
                "quarter_leads": curve.base_outcome,
                "next_lead_costs": div(1.0, marginal),
                "cpl": div(curve.base_cost, curve.base_outcome),
                "weeks_to_know": _weeks_to_know(book, channel, curve),
            }
        )
    table = pd.DataFrame(rows, columns=COLUMNS)
    total = table["channel"].map(_cost_of(book))
    table = table.assign(total=total, is_refused=~table["accepted"].astype(bool))
    order = ["is_refused", "total", "channel"]
    table = table.sort_values(order, ascending=[True, False, True], ignore_index=True)
    return table[COLUMNS]


def _weeks_to_know(book: Book, channel: str, curve: Curve) -> float:
    if curve.accepted:
        return float("nan")
    lately = points(book, channel, WEEKS)["outcome"].tail(LATELY[WEEKS]).mean()
    weeks = economics.weeks_to_know(float(lately), dispersion=max(1.0, curve.dispersion))
    return float(ceil(weeks)) if weeks <= 2 * WEEKS else float("nan")


@remembered
def fitted(book: Book) -> dict[str, tuple[Curve, int]]:
    """Each channel's curve and the periods a year it was fitted on, 52 or 12."""
    found = {}
    for channel in _cost_of(book):
        weekly = points(book, channel, WEEKS)
        is_weekly = (weekly["cost"] > 0).mean() >= economics.Demands().paid
        per_year = WEEKS if is_weekly else MONTHS
        table = weekly if is_weekly else points(book, channel, MONTHS)
        found[channel] = (
            economics.fit_curve(table, per_year=per_year, base=LATELY[per_year]),
            per_year,
        )
    return found


@remembered
def points(book: Book, channel: str, per_year: int = WEEKS) -> pd.DataFrame:
    """Cost and leads of one channel by whole weeks or months up to the period's end.

    Returns:
        `starts_on`, `cost`, `outcome` (leads captured); none left out, from the first day with
        any cost or lead in the data.
    """
    table = _by_period(book, UNITS[per_year])
    own = table[table["channel"] == channel].set_index("starts_on")[["cost", "outcome"]]
    all_periods = sorted(table["starts_on"].unique())
    return own.reindex(all_periods, fill_value=0.0).rename_axis("starts_on").reset_index()


@remembered
def _by_period(book: Book, unit: str) -> pd.DataFrame:
    """Cost and leads by channel and whole week or month of the report zone."""
    import pandas as pd

    frequency = {"week": "W-SUN", "month": "M"}[unit]
    rows = cost_rows(book)
    spent = rows[rows["channel"].notna()]
    spent = spent.assign(day=pd.to_datetime(spent["date"]))[["channel", "day", "cost"]]
    leads = book.sql(
        """SELECT channel, day::TIMESTAMP AS day, count(*)::DOUBLE AS outcome FROM (
            SELECT channel, (created_at AT TIME ZONE 'UTC' AT TIME ZONE $zone)::DATE AS day
            FROM lead_journey WHERE created_at < $end
        ) GROUP BY ALL""",
        zone=book.period.zone,
        end=book.period.end,
    )
    both = pd.concat([spent, leads[["channel", "day", "outcome"]]], ignore_index=True)
    both["cost"] = both["cost"].astype(float).fillna(0.0)
    both["outcome"] = both["outcome"].astype(float).fillna(0.0)
    if both.empty:
        return pd.DataFrame(columns=["channel", "starts_on", "cost", "outcome"])
    period = both["day"].dt.to_period(frequency)
    first, last = both["day"].min(), pd.Timestamp(book.period.last)
    now = pd.Timestamp(book.local(book.as_of).replace(tzinfo=None)).normalize()
    whole = (period.dt.start_time >= first) & (period.dt.end_time.dt.normalize() <= last)
    whole &= period.dt.end_time < now
    kept = both[whole].assign(starts_on=period[whole].dt.start_time.dt.date)
    table: pd.DataFrame = kept.groupby(["channel", "starts_on"])[["cost", "outcome"]].sum()
    return table.reset_index()


@remembered
def _cost_of(book: Book) -> dict[str, float]:
    """All cost up to the period's end by channel, dearest first."""
    rows = cost_rows(book)
    summed = rows.groupby("channel")["cost"].sum().sort_values(ascending=False, kind="stable")
    return {str(k): float(v) for k, v in summed.items() if v > 0 and k not in APART}
