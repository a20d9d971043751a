"""From a Book to what `playbook.scoring` takes: leads with their fields, touches, scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook import scoring
from playbook.book import remembered

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from playbook.book import Book


def facts(book: Book) -> ir.Table:
    """One row per lead: `lead_id`, and every field of the rules as a column `table.column`."""
    return book.table("lead_facts")


def touches(book: Book) -> ir.Table:
    """What scores a lead: `touch_id`, `lead_id`, `touch_type`, `touched_at`.

    A touch counts for a lead when it names the lead, or the person behind it; so a touch of a
    person with several leads stands here once for each.
    """
    leads = book.table("lead_journey").select("lead_id", "person_id")
    touch = book.table("touch").select(
        "touch_id", "touch_type", "touched_at", who="person_id", named="lead_id"
    )
    alias = book.table("lead_alias")
    folded = touch.join(alias, touch.named == alias.lead_id).drop("lead_id")
    columns = ("touch_id", "lead_id", "touch_type", "touched_at")
    by_lead = folded.join(leads, folded.kept_id == leads.lead_id).select(*columns)
    by_person = touch.join(leads, touch.who == leads.person_id).select(*columns)
    return by_lead.union(by_person, distinct=True)


@remembered
def scores_at_capture(book: Book) -> pd.DataFrame:
    """Every lead's score by `[scoring]` at the moment of its capture.

    What sales could know when the lead came, to route by and to judge the score on the past.

    Returns:
        `lead_id`, `score` (whole points), `band`, `is_mql`; by lead.
    """
    found = scoring.rule_score(
        facts(book), touches(book), book.rules.scoring, as_of="lead.created_at"
    )
    table: pd.DataFrame = found.to_pandas()
    return table


@remembered
def scores_now(book: Book) -> pd.DataFrame:
    """Every lead's score by `[scoring]` as of the Book's moment; columns as `scores_at_capture`."""
    found = scoring.rule_score(facts(book), touches(book), book.rules.scoring, as_of=book.as_of)
    table: pd.DataFrame = found.to_pandas()
    return table
