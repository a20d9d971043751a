"""The way of a lead from the first visit to the salesperson, and where its traces end (P02-T7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from playbook.book import remembered
from playbook.format import div
from playbook.funnel import wilson

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book


class Step(NamedTuple):
    """One step of the conversion path.

    Attributes:
        name: In English.
        zh: In the handbook's words.
        evidence: What counts as a trace of it.
        needs: Table or column that holds the traces.
        touches: Kinds of touch that are traces; none where `column` tells.
        column: Column of `lead_journey` with the moment.
        before: Whether the trace must lie before the capture.
    """

    name: str
    zh: str
    evidence: str
    needs: str
    touches: tuple[str, ...] = ()
    column: str = ""
    before: bool = False


STEPS = (
    Step("Traffic", "流量", "an ad click or a page view before the capture", "touch.touch_type",
         ("ad_click", "page_view"), before=True),
    Step("Content", "内容", "a download, a price page or a webinar before the capture",
         "touch.touch_type", ("download", "pricing_view", "webinar_reg", "webinar_join"),
         before=True),
    Step("Form", "表单", "a form, a demo request or a registration", "touch.touch_type",
         ("form", "demo", "event_reg", "event_checkin", "wecom_add")),
    Step("Auto-reply", "自动回复", "a thank-you sent to the lead", "touch.touch_type",
         ("thank_you",)),
    Step("Sales alert", "销售提醒", "assigned to a salesperson", "lead.assigned_at",
         column="assigned_at"),
    Step("First answer", "销售跟进", "an answer by a person", "activity",
         column="first_response_at"),
    Step("Nurture", "培育", "entered the nurture pool", "stage_event", column="nurture_at"),
)  # fmt: skip
"""The path of P02-T7: traffic → content → form → auto-reply → sales alert → answer, or nurture."""


@remembered
def conversion_path(book: Book) -> pd.DataFrame:
    """How many leads of the period left a trace at each step of the way.

    Returns:
        One row per step: `step`, `zh`, `evidence` (what counts), `leads`, `traced`, `share`,
        `low`, `high` (Wilson 95 %), `median_hours` (from capture, of those traced; missing before
        it), `needs` (what to supply; the counts are missing then).
    """
    import pandas as pd

    rows = [_row(book, step) for step in STEPS]
    table = pd.DataFrame(rows)
    table["share"] = div(table["traced"], table["leads"])
    table["low"], table["high"] = wilson(table["traced"].fillna(0), table["leads"].fillna(0))
    columns = ["step", "zh", "evidence", "leads", "traced", "share", "low", "high"]
    return table[[*columns, "median_hours", "needs"]]


def _row(book: Book, step: Step) -> dict[str, object]:
    said = {"step": step.name, "zh": step.zh, "evidence": step.evidence}
    if not book.has(step.needs):
        nothing = dict.fromkeys(("leads", "traced", "median_hours"), float("nan"))
        return {**said, **nothing, "needs": step.needs}
    found = book.sql(
        _BY_COLUMN.format(column=step.column) if step.column else _BY_TOUCH,
        start=book.period.start,
        end=book.period.end,
        **({} if step.column else {"kinds": list(step.touches), "before": step.before}),
    ).iloc[0]
    hours = float("nan") if step.before else float(found["median_hours"])
    counts = {"leads": float(found["leads"]), "traced": float(found["traced"])}
    return {**said, **counts, "median_hours": hours, "needs": ""}


_BY_COLUMN = """SELECT count(*) AS leads, count({column}) AS traced,
    median(epoch({column} - created_at) / 3600) AS median_hours
FROM lead_journey WHERE created_at >= $start AND created_at < $end"""

_BY_TOUCH = """WITH chosen AS (
    SELECT lead_id, person_id, created_at FROM lead_journey
    WHERE created_at >= $start AND created_at < $end
), traces AS (
    SELECT c.lead_id, min(t.touched_at) AS seen_at
    FROM chosen c JOIN (
        SELECT a.kept_id AS lead_id, t.touched_at FROM clean.touch t
        JOIN lead_alias a USING (lead_id) WHERE list_contains($kinds, t.touch_type)
        UNION ALL
        SELECT c.lead_id, t.touched_at FROM clean.touch t JOIN chosen c USING (person_id)
        WHERE list_contains($kinds, t.touch_type) AND (t.lead_id IS NULL OR $before)
    ) t USING (lead_id)
    WHERE CASE WHEN $before THEN t.touched_at <= c.created_at ELSE true END
    GROUP BY c.lead_id
)
SELECT count(*) AS leads, count(seen_at) AS traced,
    median(epoch(seen_at - created_at) / 3600) AS median_hours
FROM chosen LEFT JOIN traces USING (lead_id)"""
"""Traces by the lead, or by its person: before the capture all, afterwards those of no lead."""
