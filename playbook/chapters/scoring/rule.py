"""The rule score: what the points of `[scoring]` say of the period's leads (P02-T6, B2-R3)."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from playbook import scoring
from playbook.book import remembered
from playbook.chapters.scoring.inputs import facts, touches
from playbook.chapters.scoring.standards import in_words
from playbook.conditions import describe
from playbook.format import div
from playbook.funnel import wilson

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from playbook.book import Book

BANDS = ("hot", "warm", "cold")
STEP = 10
"""Points that one bar of the distribution spans."""


def points_in_force(book: Book) -> pd.DataFrame:
    """The points table of `[scoring]`.

    Returns:
        One row per entry, in the order of the rules: `kind` (`fit`, `behaviour`), `factor`,
        `what` (the condition in words), `points`, `cap` (most that all touches of the type give
        or take; missing for fit), `half_life_days` (missing where points never fade).
    """
    import pandas as pd

    rules = book.rules.scoring
    fit = [("fit", e.factor, in_words(describe(e.when)), e.points, None, None) for e in rules.fit]
    done = [
        ("behaviour", b.touch_type, "each touch", b.points, b.cap, b.half_life_days)
        for b in rules.behaviour
    ]
    columns = ["kind", "factor", "what", "points", "cap", "half_life_days"]
    table = pd.DataFrame([*fit, *done], columns=columns)
    return table.astype({"cap": float, "half_life_days": float})


@remembered
def lead_scores(book: Book) -> pd.DataFrame:
    """Every lead of the period with its points by `[scoring]`, as of the period's end.

    Returns:
        `lead_id`, `channel`, `account`, `score` (whole points), `band`, `is_mql` (by the points),
        `recorded_mql`, `recorded_sql` (by what counts on the other pages, so far), a column of
        points per factor that gave any, in the order of the rules; most points first. The factors
        of a lead sum to its score.
    """
    leads = _of_period(book)
    moment = min(book.as_of, book.period.end)
    found = scoring.rule_score(leads, touches(book), book.rules.scoring, as_of=moment).to_pandas()
    parts = scoring.rule_points(leads, touches(book), book.rules.scoring, as_of=moment).to_pandas()
    known = book.sql(
        "SELECT lead_id, channel, account_name AS account, mql_at IS NOT NULL AS recorded_mql, "
        "sql_at IS NOT NULL AS recorded_sql FROM lead_journey"
    )
    points = parts.pivot_table(index="lead_id", columns="factor", values="points", aggfunc="sum")
    order = [name for name in dict.fromkeys(_factors(book)) if name in points]
    table = known.merge(found, on="lead_id").merge(points[order], on="lead_id", how="left")
    table[order] = table[order].fillna(0).astype("int64")
    columns = ["lead_id", "channel", "account", "score", "band", "is_mql"]
    table = table[[*columns, "recorded_mql", "recorded_sql", *order]]
    return table.sort_values(["score", "lead_id"], ascending=[False, True], ignore_index=True)


def _factors(book: Book) -> list[str]:
    rules = book.rules.scoring
    return [*(entry.factor for entry in rules.fit), *(b.touch_type for b in rules.behaviour)]


def _of_period(book: Book) -> ir.Table:
    leads, period = facts(book), book.period
    captured = leads["lead.created_at"]
    return leads.filter(captured >= period.start, captured < period.end)


@remembered
def score_bands(book: Book) -> pd.DataFrame:
    """Hot, warm and cold leads of the period, and how many of them are MQL and SQL so far.

    Returns:
        One row per band: `band`, `leads`, `leads_share`, `mql`, `mql_rate`, `mql_low`, `mql_high`,
        `sql`, `sql_rate`, `sql_low`, `sql_high` (Wilson 95 %), `median_score`.
    """
    table = lead_scores(book)
    counts = table.groupby("band").agg(
        leads=("lead_id", "size"),
        mql=("recorded_mql", "sum"),
        sql=("recorded_sql", "sum"),
        median_score=("score", "median"),
    )
    counts = counts.reindex(list(BANDS))
    whole = ["leads", "mql", "sql"]
    counts[whole] = counts[whole].fillna(0).astype("int64")
    counts["leads_share"] = div(counts["leads"], counts["leads"].sum())
    order = ["leads", "leads_share"]
    for name in ("mql", "sql"):
        counts[f"{name}_rate"] = div(counts[name], counts["leads"])
        counts[f"{name}_low"], counts[f"{name}_high"] = wilson(counts[name], counts["leads"])
        order += [name, f"{name}_rate", f"{name}_low", f"{name}_high"]
    return counts[[*order, "median_score"]].rename_axis("band").reset_index()


def score_spread(book: Book) -> pd.DataFrame:
    """How the period's leads spread over the points, highest first.

    Returns:
        One row per stretch of ten points, cut at the bands too: `name` (such as `50 to 59`),
        `value` (leads), `beside` (the band), `emphasis` (hot or warm); no row without leads.
    """
    import pandas as pd

    scores = lead_scores(book)["score"]
    if scores.empty:
        return pd.DataFrame(columns=["name", "value", "beside", "emphasis"])
    bands = book.rules.scoring.bands
    low, high = int(scores.min()) // STEP * STEP, (int(scores.max()) // STEP + 1) * STEP
    inside = {cut for cut in (bands.warm, bands.hot) if low < cut < high}
    cuts = sorted({*range(low, high + 1, STEP), *inside})
    rows = []
    for first, after in reversed(list(pairwise(cuts))):
        band = "hot" if first >= bands.hot else "warm" if first >= bands.warm else "cold"
        count = int(((scores >= first) & (scores < after)).sum())
        rows.append((f"{_minus(first)} to {_minus(after - 1)}", count, band, band != "cold"))
    return pd.DataFrame(rows, columns=["name", "value", "beside", "emphasis"])


def _minus(points: int) -> str:
    return f"{points}".replace("-", "−")
