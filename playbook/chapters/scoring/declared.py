"""The chapter's core metrics: the standards, what sales has answered, and the base rate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.book import remembered
from playbook.chapters import growth
from playbook.metrics import Measure, Metric, evaluate

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book

_MQL = ("lead_journey.mql_by_rule",)
_SQL = ("lead_journey.sql_by_rule", "lead_journey.mql_at")
_BECAME = ("lead_journey.sql_at", "lead_journey.is_valid")

MEETS_MQL = Measure("lead_journey", "created_at", lambda t: t.mql_by_rule.sum(), _MQL)
TOLD_MQL = Measure("lead_journey", "created_at", lambda t: t.mql_by_rule.count(), _MQL)
LEADS = Measure("lead_journey", "created_at", lambda t: t.count(), _MQL)
UNTOLD_MQL = Measure("lead_journey", "created_at", lambda t: t.mql_by_rule.isnull().sum(), _MQL)
MQLS = Measure("lead_journey", "mql_at", lambda t: t.count(), _SQL)
ASKED_SQL = Measure("lead_journey", "mql_at", lambda t: t.sql_by_rule.count(), _SQL)
VALID = Measure("lead_journey", "created_at", lambda t: t.is_valid.sum(), _BECAME)
BECAME_SQL = Measure(
    "lead_journey", "created_at", lambda t: (t.is_valid & t.sql_at.notnull()).sum(), _BECAME
)

METRICS: tuple[Metric, ...] = (
    *(metric for metric in growth.METRICS if metric.id == "P02-T2"),
    Metric(
        "P02-T3", "mql_standard", "Meets the MQL standard", "符合MQL标准", "share", "up", MEETS_MQL,
        "Leads of the period that meet [mql] of the rules ÷ leads of which the data can say.",
        denominator=TOLD_MQL, view="cohort", part=True,
    ),
    Metric(
        "P02-T3/unknown", "mql_unknown", "MQL standard cannot be told", "MQL标准无法判断", "share",
        "down", UNTOLD_MQL,
        "Leads of the period that lack what [mql] asks for ÷ all leads of the period.",
        denominator=LEADS, view="cohort", part=True,
    ),
    Metric(
        "P02-T4", "sql_answered", "MQLs with the SQL questions answered", "SQL四问已答", "share",
        "up", ASKED_SQL,
        "MQLs of the period for which [sql] can be told by now ÷ MQLs of the period.",
        denominator=MQLS, view="cohort", part=True, matures=("mql", "sql"),
    ),
    Metric(
        "P02-T6", "valid_to_sql", "Valid lead → SQL, cohort", "有效线索→SQL率", "share", "up",
        BECAME_SQL,
        "Of the valid leads captured in the period, those that have become SQL so far.",
        denominator=VALID, view="cohort", part=True, matures=("lead", "sql"),
    ),
)  # fmt: skip


@remembered
def metrics(book: Book) -> pd.DataFrame:
    """The chapter's metrics now, before, last year and against target; see `metrics.evaluate`."""
    return evaluate(book, METRICS)
