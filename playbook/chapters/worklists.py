"""The lists of the day (B3-T1): who is to do what for which lead, by when, and which rule says so.

We compute and export what is due; the CRM sends. A further list is one more entry of `WORKLISTS`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from playbook.chapters import nurture, response

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from playbook.book import Book

COLUMNS = ("lead_id", "owner", "reason", "deadline", "rule")
"""What every list begins with: the lead (of a renewal, if there is one), who has to act, why, by
when (report zone), by which rule."""


class Worklist(NamedTuple):
    """A list of the day.

    Attributes:
        name: What its file is called.
        title: What is on it.
        needs: Tables and columns without which there is no list.
        rows: Computes it as of the Book's moment: those of `COLUMNS`, then what helps to act,
            `person_id` among it: whom it is about.
    """

    name: str
    title: str
    needs: tuple[str, ...]
    rows: Callable[[Book], pd.DataFrame]


WORKLISTS = (
    Worklist(
        "assignments",
        "Leads without an owner, and who is next in turn",
        ("lead", "staff.team"),
        response.assignments,
    ),
    Worklist(
        "sla_overdue",
        "Answers and steps that are overdue",
        ("activity",),
        response.sla_overdue,
    ),
    Worklist(
        "sla_due",
        "Answers and steps that fall due next",
        ("activity",),
        response.sla_due,
    ),
    Worklist(
        "move_to_nurture",
        "Leads tried in vain often enough, to be moved to the nurture pool",
        ("activity.outcome",),
        response.move_to_nurture,
    ),
    Worklist(
        "nurture_due",
        "Messages and tasks of the nurture flows: due, blocked, planned",
        ("stage_event",),
        nurture.nurture_due,
    ),
    Worklist(
        "renewals",
        "Contracts that end soon",
        ("opportunity.contract_end_on",),
        nurture.renewals,
    ),
    Worklist(
        "check_ins",
        "Check-ins at events whose owner is to be told",
        ("event_attendee.checked_in_at",),
        nurture.check_ins,
    ),
)
