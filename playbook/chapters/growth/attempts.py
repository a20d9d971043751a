"""The touch rule in its basic form (P02-R3): three attempts without contact, then nurture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook import response
from playbook.book import remembered

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book


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
    leads = book.table("lead_journey").rename(account="account_name")
    done = response.actions(book.table("activity"), alias=book.table("lead_alias"))
    enough = book.rules.nurture.touches_before_pool
    found = response.to_pool(leads, done, touches=enough, keep=("account", "channel", "owner"))
    table = found.drop(columns="due_at")
    table["last_attempt_at"] = book.local_times(table["last_attempt_at"])
    return table
