"""Who is worth calling now: the open leads, best first, with what speaks for them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from playbook import scoring
from playbook.book import remembered
from playbook.chapters.scoring.fitted import chances, fit_needs
from playbook.chapters.scoring.inputs import facts, scores_now, touches
from playbook.chapters.scoring.past import given_days
from playbook.chapters.scoring.rule import lead_scores
from playbook.chapters.scoring.standards import standard_verdicts

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book

DAYS = 30
"""Days for which a lead is fresh where no SQL tells how long they take (ours)."""

TOP = 3
"""So many factors are named for a lead."""


@remembered
def call_first(book: Book) -> pd.DataFrame:
    """The fresh leads that are open as of now and not SQL yet, in the order in which to call them.

    Fresh are those within `given_days` of their capture, in which nine in ten of the SQLs come;
    within thirty days where no lead became SQL.

    Returns:
        `lead_id`, `account`, `channel`, `owner`, `intent_level`, `chance` (of becoming SQL, by the
        fitted score at capture; missing where past leads cannot teach one), `score` (points of
        `[scoring]` now), `band`, `because` (the factors that give most points), `age_days`; best
        chance first, then most points.
    """
    table = book.sql(
        """SELECT lead_id, account_name AS account, channel, owner, intent_level,
            epoch($now - created_at) / 86400.0 AS age_days
        FROM lead_journey
        WHERE coalesce(status, 'new') IN ('new', 'working') AND coalesce(is_valid, true)
            AND sql_at IS NULL AND opportunity_at IS NULL AND won_at IS NULL AND lost_at IS NULL
            AND created_at > $since""",
        now=book.as_of,
        since=book.as_of - timedelta(days=given_days(book) or DAYS),
    )
    table["chance"] = float("nan")
    if not fit_needs(book):
        found = chances(book).set_index("lead_id")["fitted"]
        table["chance"] = table["lead_id"].map(found)
    table = table.merge(scores_now(book)[["lead_id", "score", "band"]], on="lead_id")
    said = _because(book)
    table["because"] = [said.get(lead, "no points") for lead in table["lead_id"]]
    order = ["lead_id", "account", "channel", "owner", "intent_level", "chance", "score", "band"]
    return table.sort_values(
        ["chance", "score", "lead_id"], ascending=[False, False, True], ignore_index=True
    )[[*order, "because", "age_days"]]


def _because(book: Book) -> dict[str, str]:
    """Per lead the factors that give most points now, such as `title +20, need +15`."""
    leads, seen = facts(book), touches(book)
    parts = scoring.rule_points(leads, seen, book.rules.scoring, as_of=book.as_of).to_pandas()
    best = parts[parts["points"] > 0].sort_values(
        ["lead_id", "points", "factor"], ascending=[True, False, True]
    )
    best = best.groupby("lead_id").head(TOP)
    words = best["factor"].str.replace("_", " ") + " +" + best["points"].astype(str)
    joined: dict[str, str] = words.groupby(best["lead_id"]).agg(", ".join).to_dict()
    return joined


@remembered
def cockpit(book: Book) -> pd.DataFrame:
    """One row per lead of the period: its points, its chance and the standards it meets.

    Returns:
        `lead_id`, `account`, `channel`, `owner`, `score`, `band` (by `[scoring]`, as of the
        period's end), `chance` (of becoming SQL, by the fitted score at capture; missing where
        past leads cannot teach one), `icp`, `mql`, `sql` (`passes`, `fails`, `unknown`),
        `missing` (for the next standard); most points first.
    """
    table = lead_scores(book)[["lead_id", "score", "band"]]
    checked = standard_verdicts(book).drop(columns=["is_open", "missing_for"])
    table = table.merge(checked, on="lead_id")
    table["chance"] = float("nan")
    if not fit_needs(book):
        found = chances(book).set_index("lead_id")["fitted"]
        table["chance"] = table["lead_id"].map(found)
    first = ["lead_id", "account", "channel", "owner", "score", "band", "chance"]
    return table[[*first, "icp", "mql", "sql", "missing"]]
