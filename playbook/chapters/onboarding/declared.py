"""Dashboard V1 (P01-T8): thirteen fields that make marketing a business, not a to-do list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.book import remembered
from playbook.chapters.growth.declared import LEADS, METRICS
from playbook.metrics import Measure, Metric, evaluate

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from playbook.book import Book


def _filled(column: str) -> Measure:
    def count(rows: ir.Table) -> ir.Scalar:
        return rows[column].count()

    return Measure("lead_journey", "created_at", count, ("lead",))


def _recorded(field: str, name: str, zh: str, column: str) -> Metric:
    return Metric(
        f"P01-T8/{field}", f"{field}_recorded", name, zh, "share", "up", _filled(column),
        f"Leads of the period whose {column} is filled ÷ leads of the period.",
        denominator=LEADS, view="cohort", part=True,
    )  # fmt: skip


def _of_growth(*keys: str) -> tuple[Metric, ...]:
    """Metrics that the growth chapter declares, by key."""
    return tuple(m for key in keys for m in METRICS if m.key == key)


DASHBOARD: tuple[Metric, ...] = (
    Metric(
        "P01-T8/traffic", "visitors", "Website visitors", "流量", "count", "up",
        Measure("web_daily", "date", lambda t: t.visitors.sum(), ("web_daily.visitors",)),
        "Visitors of the period, added up over days and pages; one person may count twice.",
    ),
    *_of_growth("leads", "mql", "sql"),
    Metric(
        "P01-T8/opportunities", "opportunities", "Opportunities", "商机", "count", "up",
        Measure("deal", "created_at", lambda t: t.count(), ("opportunity",)),
        "Opportunities opened in the period.",
    ),
    *_of_growth("won"),
    _recorded("channel", "Channel source recorded", "渠道来源", "channel_id"),
    _recorded("content", "Content source recorded", "内容来源", "content_id"),
    _recorded("event", "Event source recorded", "活动来源", "event_id"),
    _recorded("status", "Follow-up status recorded", "销售跟进状态", "status"),
    *_of_growth("mql_to_sql", "cpl", "open_pipeline"),
)  # fmt: skip


@remembered
def metrics(book: Book) -> pd.DataFrame:
    """The thirteen fields now, before, last year and against target; see `metrics.evaluate`."""
    return evaluate(book, DASHBOARD)


@remembered
def cockpit(book: Book) -> pd.DataFrame:
    """What was read: one row per table of the data model (data health comes first).

    Returns:
        `table`, `zh`, `rows` (usable), `set_aside`, `flagged` (problem rows kept), `files`.
    """
    import pandas as pd

    from playbook.data import schema

    counts = book.counts
    totals = counts.groupby(["table", "severity"])["count"].sum().to_dict()
    files = book.files
    rows = []
    for table in schema.TABLES.values():
        here = [
            f
            for f, tables in zip(files["file"], files["tables"], strict=True)
            if table.name in tables.split(", ")
        ]
        rows.append(
            {
                "table": table.name,
                "zh": table.zh,
                "rows": book.rows(table.name),
                "set_aside": int(totals.get((table.name, "aside"), 0)),
                "flagged": int(totals.get((table.name, "flag"), 0)),
                "files": ", ".join(dict.fromkeys(here)) or "not supplied",
            }
        )
    return pd.DataFrame(rows)


def problem_kinds(book: Book) -> pd.DataFrame:
    """Every kind of problem with its count, most severe first.

    Returns:
        `table`, `column`, `rows`, `problem`, `what_to_do`, `effect` (set aside, kept and flagged,
        or worth knowing).
    """
    effects = {"aside": "set aside", "flag": "kept, flagged", "note": "worth knowing"}
    named = book.counts.rename(
        columns={"count": "rows", "message": "problem", "remedy": "what_to_do"}
    )
    named["effect"] = named["severity"].map(effects)
    return named[["table", "column", "rows", "problem", "what_to_do", "effect"]]
