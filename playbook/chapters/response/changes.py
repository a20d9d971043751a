"""Another promise: what the breach list would be with other hours or another clock."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from playbook import response
from playbook.book import remembered
from playbook.chapters.response.inputs import NOBODY, clocks_under, of_period, promise
from playbook.format import div

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book
    from playbook.response.settings import Clock


class Promise(NamedTuple):
    """What another promise would find in the period.

    Attributes:
        share: Share answered in time.
        due: Answers due.
        breaches: One row per late or overdue answer, the longest overdue first: `lead_id`,
            `owner`, `team`, `intent_level`, `state`, `limit_hours`, `waited_hours`, `due_at`
            (report zone).
    """

    share: float
    due: int
    breaches: pd.DataFrame


@remembered
def breach_list(
    book: Book,
    *,
    high_hours: float | None = None,
    normal_hours: float | None = None,
    clock: Clock | None = None,
) -> Promise:
    """The answers of the period that break the promise, or would break another one.

    Args:
        book: The Book.
        high_hours: Hours for high intent; None for those in force.
        normal_hours: Hours for all others; None for those in force.
        clock: `clock` or `business`; None for the one in force.

    Raises:
        ParameterError: Hours that are not above 0.
    """
    sla = promise(book)
    if high_hours is None and normal_hours is None and clock in {None, sla.clock}:
        rows = of_period(book)
    else:
        own = replace(
            sla,
            steps=(
                replace(sla.of(response.RESPONSE)[0], when=book.rules.sla.high_intent,
                        hours=_hours(high_hours, book.rules.sla.high_intent_hours)),
                response.Step(name=response.RESPONSE,
                              hours=_hours(normal_hours, book.rules.sla.normal_hours)),
            ),
            clock=clock or sla.clock,
        )  # fmt: skip
        rows = clocks_under(book, own)
        rows = rows.filter(rows.opened_at >= book.period.start, rows.opened_at < book.period.end)
    answers = rows.filter(rows.step == response.RESPONSE)
    counted = response.summary(answers)
    broken = response.breaches(answers, states=("late", "overdue"))
    broken["due_at"] = book.local_times(broken["due_at"])
    broken["owner"] = broken["owner"].fillna(NOBODY)
    broken = broken.sort_values(["waited_hours", "lead_id"], ascending=[False, True])
    columns = ["lead_id", "owner", "team", "intent_level", "state", "limit_hours", "waited_hours"]
    due = int(counted["due"].sum())
    return Promise(
        share=div(counted["met"].sum(), due),
        due=due,
        breaches=broken[[*columns, "due_at"]].reset_index(drop=True),
    )


def _hours(told: float | None, in_force: float) -> float:
    return in_force if told is None else told
