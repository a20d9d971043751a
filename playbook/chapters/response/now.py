"""Where things stand as of the Book's moment, whatever the period; and what small data can say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook import format as fmt
from playbook import response
from playbook.book import remembered
from playbook.chapters.response.due import (
    assignments,
    move_to_nurture,
    sla_due,
    sla_overdue,
)
from playbook.chapters.response.inputs import NOBODY, acts, leads, unrecorded
from playbook.chapters.response.keeping import reopened
from playbook.chapters.response.routes import no_routing

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book


@remembered
def never_touched(book: Book) -> pd.DataFrame:
    """Leads still open that no person has done anything for, the longest waiting first.

    Returns:
        `lead_id`, `owner`, `team`, `account`, `channel`, `created_at` (report zone), `days` (since
        capture), `automatic` (messages by systems). Empty where no activities were supplied.
    """
    rows = leads(book).rename(account="account_name")
    keep = ("owner", "team", "account", "channel")
    known = rows.filter(rows.is_open, book.has("activity"))
    table = response.untouched(known, acts(book), as_of=book.as_of, keep=keep)
    table["owner"] = table["owner"].fillna(NOBODY)
    table["created_at"] = book.local_times(table["created_at"])
    return table


@remembered
def cockpit(book: Book) -> pd.DataFrame:
    """How many leads wait for what, as of the Book's moment.

    Returns:
        `what`, `leads`, `list` (the worklist that has them; empty for none).
    """
    import pandas as pd

    due, late = sla_due(book), sla_overdue(book)
    answer = response.RESPONSE
    unowned = assignments(book)
    rows = [
        ("First answer due, not late yet", int((due["step"] == answer).sum()), "sla_due"),
        ("First answer overdue", int((late["step"] == answer).sum()), "sla_overdue"),
        ("Another promised step overdue", int((late["step"] != answer).sum()), "sla_overdue"),
        ("Open, never touched by a person", len(never_touched(book)), ""),
        ("Open, without an owner", int(unowned["last_owner"].isna().sum()), "assignments"),
        ("Open, owner has left", int(unowned["last_owner"].notna().sum()), "assignments"),
        ("Tried in vain, due for nurture", len(move_to_nurture(book)), "move_to_nurture"),
        ("Opened again after an answer, ever", len(reopened(book)), ""),
    ]
    return pd.DataFrame(rows, columns=["what", "leads", "list"])


@remembered
def quick_start(book: Book) -> pd.DataFrame:
    """The four questions of a first scene, “24 h response to website leads” (B5-R1), answered.

    Returns:
        `question`, `answer` (in words, from the data), `supply` (what would say more; empty for
        nothing).
    """
    import pandas as pd

    rows = [_assigned(book), _first_contact(book), _by_whom(book), _recorded(book)]
    return pd.DataFrame(rows, columns=["question", "answer", "supply"])


def _assigned(book: Book) -> tuple[str, str, str]:
    question = "How is a lead assigned?"
    total = book.rows("lead_journey")
    if not book.has("lead.owner_id"):
        return question, "Not recorded: no lead names its owner.", "lead.owner_id"
    owned = book.sql("SELECT count(owner_id) AS n FROM lead_journey")["n"][0]
    lacking = no_routing(book)
    how = "by hand: no rule says who is next" if lacking else "[routing] says who is next"
    return question, f"{owned:,} of {total:,} leads have an owner; {how}.", ", ".join(lacking)


def _first_contact(book: Book) -> tuple[str, str, str]:
    question = "What is the first contact?"
    if not book.has("activity"):
        return question, "Not known: no activities.", "activity"
    if not book.has("activity.method"):
        return question, "Recorded without its method.", "activity.method"
    found = book.sql(
        """SELECT coalesce(v.method, 'not recorded') AS method, count(*) AS n
        FROM lead_journey l JOIN lead_alias a ON a.kept_id = l.lead_id
        JOIN clean.activity v ON v.lead_id = a.lead_id AND v.activity_at = l.first_response_at
        WHERE NOT coalesce(v.is_automatic, false)
        GROUP BY ALL ORDER BY n DESC, method LIMIT 3"""
    )
    if found.empty:
        return question, "No person has answered a lead yet.", ""
    words = ", ".join(f"{row.method} {row.n:,}" for row in found.itertuples())
    return question, f"Most often: {words}.", ""


def _by_whom(book: Book) -> tuple[str, str, str]:
    question = "Who answers?"
    if not book.has("activity"):
        return question, "Not known: no activities.", "activity"
    named = book.sql(
        """SELECT count(DISTINCT first_response_by) AS people, count(first_response_by) AS named,
            count(first_response_at) AS answered FROM lead_journey"""
    ).iloc[0]
    who = fmt.plural(named["people"], "person", "people")
    words = f"{who}; {named['named']:,} of {named['answered']:,} answers named."
    lacking = ", ".join(book.missing("activity.staff_id", "staff.team"))
    return question, words, lacking


def _recorded(book: Book) -> tuple[str, str, str]:
    question = "How is it recorded?"
    if not book.has("activity"):
        return question, "Not at all: no activities.", "activity"
    n = book.sql("SELECT count(*) AS n FROM clean.activity WHERE lead_id IS NOT NULL")["n"][0]
    gone = unrecorded(book)
    lacking = book.missing("activity.outcome", "touch")
    more = f" No record of: {', '.join(gone)}." if gone else ""
    return question, f"{n:,} activities name their lead.{more}", ", ".join(lacking)
