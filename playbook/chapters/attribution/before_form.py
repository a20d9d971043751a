"""What customers did before they left their details: who stands last, and who changes anything.

Attribution divides the credit for what happened. Whether a touch changed what happened it cannot
say; leads that are alike but for the touch come nearer to that.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from playbook import nurture
from playbook.book import remembered
from playbook.chapters.growth.pace import ENOUGH, usual_days
from playbook.format import div

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book

BEFORE_DAYS = 60
"""Days before the form in which touches are looked at (ours)."""

ALIKE = ("need_clarity", "seniority", "employee_band")
"""What makes two leads alike: how clear the need is, the person's rank, the company's size."""

KINDS = {
    "brand_ad": "clicked a brand ad",
    "ad_click": "clicked another ad",
    "webinar_join": "joined a webinar",
    "webinar_reg": "signed up for a webinar",
    "event_checkin": "came to an event",
    "event_reg": "signed up for an event",
    "download": "downloaded something",
    "pricing_view": "looked at prices",
    "page_view": "visited a page",
    "email_click": "clicked a mail",
    "form": "left details before",
    "wecom_add": "scanned a code",
    "referral": "was referred",
    "demo": "saw a demo",
    "other": "something else",
}
"""What customers do, by type of touch; a click on one of the company's brand words apart."""

_WAYS = """
WITH candidate AS (
    SELECT l.lead_id, l.created_at, h.entity, l.need_clarity, l.seniority, l.employee_band,
        coalesce(l.sql_at, l.opportunity_at, l.won_at) IS NOT NULL AS sql
    FROM lead_journey l JOIN lead_home h USING (lead_id)
    WHERE coalesce(l.is_valid, true) AND l.created_at < $until
), kind AS (
    SELECT c.lead_id, t.touched_at, t.touch_id,
        CASE WHEN t.word_class = 'brand' AND t.touch_type = 'ad_click' THEN 'brand_ad'
            ELSE t.touch_type END AS kind
    FROM candidate c JOIN touchpoint t ON t.entity = c.entity
    WHERE t.direction = 'in' AND NOT t.is_capture AND t.touched_at < c.created_at
        AND t.touched_at >= c.created_at - to_days($days)
), way AS (
    SELECT lead_id, list(DISTINCT kind) AS kinds,
        arg_min(kind, (touched_at, touch_id)) AS first_kind,
        arg_max(kind, (touched_at, touch_id)) AS last_kind
    FROM kind GROUP BY lead_id
)
SELECT c.*, w.kinds, w.first_kind, w.last_kind FROM candidate c LEFT JOIN way w USING (lead_id)
ORDER BY c.lead_id
"""


@remembered
def ways_in(book: Book) -> pd.DataFrame:
    """Valid leads old enough to have become SQL, and what their company did before the form.

    All leads on record up to the period's end: a year has too few that are alike.

    Returns:
        `lead_id`, `created_at`, `entity`, the columns of `ALIKE`, `sql` (has become one, or gone
        beyond), `kinds` (set of what was done), `first_kind`, `last_kind` (missing where nothing).
    """
    days = usual_days(book, "lead", "sql") or 0.0
    until = min(book.period.end, book.as_of - timedelta(days=days))
    table = book.sql(_WAYS, until=until, days=BEFORE_DAYS)
    kinds: Any = [frozenset(k) if hasattr(k, "__len__") else frozenset() for k in table["kinds"]]
    return table.assign(kinds=kinds)


@remembered
def before_form(book: Book) -> pd.DataFrame:
    """Each thing done before the form: how often it stands first and last, and who becomes SQL.

    Returns:
        `kind` (in words), `leads` (that did it), `first_share` and `last_share` (of the leads that
        became SQL and did anything before: the credit of the first and the last touch),
        `rate_with`, `rate_without` (share that became SQL, among leads alike in what `ALIKE`
        names), `difference`, `low`, `high` (95 %), `p`; most often last first. Kinds with fewer
        than `ENOUGH` leads on either side are left out.
    """
    import pandas as pd

    columns = ["kind", "leads", "first_share", "last_share", "rate_with", "rate_without"]
    columns += ["difference", "low", "high", "p"]
    table = ways_in(book)
    won = table[table["sql"] & table["last_kind"].notna()]
    rows = []
    for kind, words in KINDS.items():
        did = pd.Series([kind in kinds for kinds in table["kinds"]], index=table.index, dtype=bool)
        if min(int(did.sum()), int((~did).sum())) < ENOUGH or won.empty:
            continue
        found = nurture.stratified(table.assign(did=did), "did", "sql", list(ALIKE))
        rows.append(
            {
                "kind": words,
                "leads": int(did.sum()),
                "first_share": div((won["first_kind"] == kind).sum(), len(won)),
                "last_share": div((won["last_kind"] == kind).sum(), len(won)),
                **{name: found[name] for name in columns[4:]},
            }
        )
    made = pd.DataFrame(rows, columns=columns)
    return made.sort_values(["last_share", "kind"], ascending=[False, True], ignore_index=True)
