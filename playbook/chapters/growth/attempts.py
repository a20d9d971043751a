"""The touch rule in its basic form (P02-R3): three attempts without contact, then nurture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.book import remembered

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book

MISSED = ("no_answer", "wrong_contact")
"""Outcomes of an attempt that reached nobody; a refusal is an answer."""


@remembered
def nurture_due(book: Book) -> pd.DataFrame:
    """Open leads that were tried often enough in vain, and are not in the nurture pool yet.

    An attempt is what a person did and that reached nobody; whoever was reached once, even to
    refuse, is not on the list, nor is a lead that sales has accepted. As known now, whatever the
    period.

    Returns:
        `lead_id`, `account`, `channel`, `owner`, `attempts`, `last_attempt_at` (report zone);
        most attempts first, then those that have waited longest. Empty where no outcomes of
        activities were supplied.
    """
    missed = ", ".join(f"'{outcome}'" for outcome in MISSED)
    table = book.sql(
        f"""WITH tried AS (
            SELECT a.kept_id AS lead_id, count(*) FILTER (outcome IN ({missed})) AS attempts,
                max(activity_at) FILTER (outcome IN ({missed})) AS last_attempt_at,
                count(*) FILTER (outcome IN ('connected', 'meeting_booked', 'refused')) AS reached
            FROM clean.activity JOIN lead_alias a USING (lead_id)
            WHERE NOT coalesce(is_automatic, false) GROUP BY a.kept_id
        )
        SELECT l.lead_id, l.account_name AS account, l.channel, l.owner, t.attempts,
            t.last_attempt_at
        FROM lead_journey l JOIN tried t USING (lead_id)
        WHERE t.attempts >= $enough AND t.reached = 0 AND l.nurture_at IS NULL
            AND coalesce(l.status, 'new') IN ('new', 'working') AND l.invalid_at IS NULL
            AND l.sql_at IS NULL AND l.opportunity_at IS NULL AND l.won_at IS NULL
        ORDER BY t.attempts DESC, t.last_attempt_at, l.lead_id""",
        enough=book.rules.nurture.touches_before_pool,
    )
    table["last_attempt_at"] = book.local_times(table["last_attempt_at"])
    return table
