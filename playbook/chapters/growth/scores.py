"""What the points of the rules say of the period's leads (P02-T6, P02-D3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook import scoring
from playbook.book import remembered
from playbook.format import div
from playbook.funnel import wilson

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from playbook.book import Book

BANDS = ("hot", "warm", "cold")


@remembered
def lead_scores(book: Book) -> pd.DataFrame:
    """Every lead of the period with its points by `[scoring]`, as of the period's end.

    Returns:
        `lead_id`, `channel`, `account`, `score` (whole points), `band`, `is_mql` (by the points),
        `recorded_mql` (by what counts on the other pages, so far), a column of points per factor
        that gave any; most points first.
    """
    leads, touches = _inputs(book)
    moment = min(book.as_of, book.period.end)
    found = scoring.rule_score(leads, touches, book.rules.scoring, as_of=moment).to_pandas()
    parts = scoring.rule_points(leads, touches, book.rules.scoring, as_of=moment).to_pandas()
    known = book.sql(
        "SELECT lead_id, channel, account_name AS account, mql_at IS NOT NULL AS recorded_mql "
        "FROM lead_journey"
    )
    points = parts.pivot_table(index="lead_id", columns="factor", values="points", aggfunc="sum")
    order = [name for name in dict.fromkeys(parts["factor"]) if name in points]
    table = known.merge(found, on="lead_id").merge(points[order], on="lead_id", how="left")
    table[order] = table[order].fillna(0).astype("int64")
    columns = ["lead_id", "channel", "account", "score", "band", "is_mql", "recorded_mql", *order]
    return table[columns].sort_values(
        ["score", "lead_id"], ascending=[False, True], ignore_index=True
    )


@remembered
def score_bands(book: Book) -> pd.DataFrame:
    """Hot, warm and cold leads of the period, and how many of them are MQL so far.

    Returns:
        One row per band: `band`, `leads`, `leads_share`, `mql`, `mql_rate`, `low`, `high`
        (Wilson 95 %), `median_score`.
    """
    table = lead_scores(book)
    grouped = table.groupby("band")
    counts = grouped.agg(
        leads=("lead_id", "size"), mql=("recorded_mql", "sum"), median_score=("score", "median")
    )
    counts = counts.reindex(list(BANDS))
    counts[["leads", "mql"]] = counts[["leads", "mql"]].fillna(0).astype("int64")
    counts["leads_share"] = div(counts["leads"], counts["leads"].sum())
    counts["mql_rate"] = div(counts["mql"], counts["leads"])
    counts["low"], counts["high"] = wilson(counts["mql"], counts["leads"])
    order = ["leads", "leads_share", "mql", "mql_rate", "low", "high", "median_score"]
    return counts[order].rename_axis("band").reset_index()


def _inputs(book: Book) -> tuple[ir.Table, ir.Table]:
    """The period's leads with the fields of the rules, and the touches that score them.

    A touch counts for a lead when it names the lead, or the person behind it.
    """
    journey = book.table("lead_journey")
    period = book.period
    chosen = journey.filter(journey.created_at >= period.start, journey.created_at < period.end)
    chosen = chosen.select("lead_id", "person_id")
    touch = book.table("touch").select(
        "touch_id", "touch_type", "touched_at", who="person_id", named="lead_id"
    )
    alias = book.table("lead_alias")
    folded = touch.join(alias, touch.named == alias.lead_id).drop("lead_id")
    columns = ("touch_id", "lead_id", "touch_type", "touched_at")
    by_lead = folded.join(chosen, folded.kept_id == chosen.lead_id).select(*columns)
    by_person = touch.join(chosen, touch.who == chosen.person_id).select(*columns)
    touches = by_lead.union(by_person, distinct=True)
    return book.table("lead_facts").semi_join(chosen, "lead_id"), touches
