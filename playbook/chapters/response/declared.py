"""The chapter's core metrics (P02-R2, B5-M1): how soon leads are answered, and decided upon."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook.book import remembered
from playbook.chapters.growth import declared as growth
from playbook.metrics import Measure, Metric, evaluate

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from playbook.book import Book

_CAPTURED = ("lead_journey", "created_at")
_DONE = ("activity",)
_JUDGED = ("stage_event",)
_SHARED = ("response_in_time", "response_hours")
"""Metrics of the growth page that are this chapter's too."""
_DECISIONS = ("sql_at", "nurture_at", "invalid_at")


def _decided(t: ir.Table) -> ir.BooleanValue:
    first, *others = (t[name].notnull() for name in _DECISIONS)
    for other in others:
        first = first | other
    return first


def _days_to_decision(t: ir.Table) -> ir.Column:
    """Days from capture to the first decision; missing where there is none."""
    import ibis

    never = ibis.timestamp("9999-01-01")
    first = ibis.least(*(t[name].fill_null(never) for name in _DECISIONS))
    days = (first.epoch_seconds() - t.created_at.epoch_seconds()) / 86_400.0
    return ibis.ifelse(_decided(t), days, ibis.null("float64"))


def _hours(value: Any) -> Measure:
    return Measure(*_CAPTURED, value, _DONE)


METRICS: tuple[Metric, ...] = (
    *(metric for metric in growth.METRICS if metric.key in _SHARED),
    Metric(
        "P02-R2/p90", "response_p90", "First response, nine in ten within", "首次响应时间P90",
        "hours", "down", _hours(lambda t: t.response_hours.quantile(0.9)),
        "Hours from capture within which nine in ten of the answered leads had their answer.",
        view="cohort", n=growth.ANSWERED,
    ),
    Metric(
        "B5-M1", "response_mean", "Capture to first contact, mean", "线索响应时间", "hours",
        "down", _hours(lambda t: t.response_hours.mean()),
        "Mean hours from capture to the first answer by a person, of the leads answered. A few "
        "very late ones pull it up: read it beside the median.",
        view="cohort", n=growth.ANSWERED,
    ),
    Metric(
        "P02-R2/never", "never_touched", "Never touched by a person", "从未跟进线索数", "count",
        "down", _hours(lambda t: (t.human_activities == 0).sum()),
        "Leads captured in the period that no person has done anything for; what a system sent "
        "does not count.",
        view="cohort",
    ),
    Metric(
        "B5-M1/processing", "decision_days", "Capture to decision, median", "线索处理时间", "days",
        "down", Measure(*_CAPTURED, lambda t: _days_to_decision(t).median(), _JUDGED),
        "Median days from capture until the lead was accepted as SQL, put into the nurture pool "
        "or found invalid, of the leads captured in the period and decided so far.",
        view="cohort",
        n=Measure(*_CAPTURED, lambda t: _decided(t).sum(), _JUDGED),
    ),
)  # fmt: skip


@remembered
def metrics(book: Book) -> pd.DataFrame:
    """The chapter's metrics now, before, last year and against target; see `metrics.evaluate`."""
    return evaluate(book, METRICS)
