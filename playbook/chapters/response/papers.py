"""《销售跟进SLA》 (P02-D4), written from the rules in force."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook import format as fmt
from playbook.chapters.response.changes import breach_list
from playbook.chapters.response.inputs import promise
from playbook.chapters.response.keeping import kept_by
from playbook.chapters.response.words import of_breaches, of_promise, plainly
from playbook.documents import Document, Section

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book


def follow_up_sla(book: Book) -> Document:
    """The follow-up SLA: who answers which lead by when, how it is counted, and how it is kept."""
    sections = (
        Section("What is promised", of_promise(book), _promised(book)),
        Section("How time is counted", _clock(book)),
        Section("Who gets a lead", *_routing(book)),
        Section("When nobody answers", _escalation(book)),
        Section("When nobody is reached", _pool(book)),
        Section("How it is measured", MEASURED),
        Section("Before, during and after", COURSE),
        Section(f"How it was kept in {book.period.title}", *_kept(book)),
        Section("Agreed by", "Whoever signs keeps to it.", _signed()),
    )
    return Document(
        id="P02-D4",
        name="follow_up_sla",
        title="Sales follow-up SLA",
        zh="销售跟进SLA",
        purpose="Marketing and sales agree who answers a lead, how soon, and what happens if not.",
        source="[sla], [routing], [nurture] and [calendar] of playbook.toml",
        sections=sections,
    )


MEASURED = (
    "In time: answered by a person within the limit, of all leads whose answer is due. A lead "
    "that is not due yet is pending and counts in neither.\n"
    "What a system sends is no answer. A case that opens again after an answer starts a new "
    "clock; one that opens again before it does not.\n"
    "Every share is given with the number it rests on and its 95 % interval; median, nine in ten "
    "and mean are of the leads that were answered."
)

COURSE = (
    "Before (事前): both sides agree this page, name who stands in for whom, and try changed rules "
    "on the leads of the last quarter.\n"
    "During (事中): everybody works down the lists of the day; a list that grows is told at once.\n"
    "After (事后): once a month both sides look at the same figures and the late leads, ask what "
    "held them up and not who is to blame, and change a rule or leave it."
)
"""The three parts of every procedure (B1-R1), and the review without blame (B5-T3)."""


def _promised(book: Book) -> pd.DataFrame:
    import pandas as pd

    sla = promise(book)
    rows = []
    for name in sla.names:
        for step in sla.of(name):
            by = ", ".join(step.done_by).replace("_", " ") or "any contact"
            who = "person or system" if step.automatic else "person"
            leads = plainly(step.when)
            if step.when is None and any(s.when for s in sla.of(name)):
                leads = "all others"
            within = f"{step.hours:g} h" if step.hours >= 1 else f"{step.hours * 60:g} min"
            rows.append((name, leads, within, by, who))
    return pd.DataFrame(rows, columns=["step", "leads", "within", "counts_as_done", "by"])


def _clock(book: Book) -> str:
    sla, days = promise(book), book.workdays
    since = "its capture" if sla.start == "created" else "its assignment, or capture if it has none"
    counted = "office hours" if sla.clock == "business" else "every hour, nights and days off too"
    opens, closes = (t.strftime("%H:%M") for t in days.hours)
    text = f"A lead's clock starts at {since} and counts {counted}. The stricter limit wins.\n"
    text += f"Office hours: {opens} to {closes}"
    if days.lunch:
        text += ", without " + " to ".join(t.strftime("%H:%M") for t in days.lunch)
    text += f", in {sla.zone}.\n"
    published = "public holidays and make-up days as published for China"
    text += f"Workdays: {published if days.source == 'china' else 'Monday to Friday'}"
    own = len(days.extra_holidays) + len(days.extra_workdays)
    text += f"; the company's own calendar sets {fmt.plural(own, 'further day')}." if own else "."
    note = days.fallback_note(book.period.first, book.period.last)
    return f"{text} {note}".strip()


def _routing(book: Book) -> tuple[str, pd.DataFrame | None]:
    import pandas as pd

    rules = book.rules.routing
    if not rules.fallback:
        return "No rule says who gets a lead: whoever is responsible hands it out by hand.", None
    text = "The first rule that holds takes the lead; within a team, people take turns."
    if rules.capacity_per_day:
        text += f" Nobody gets more than {rules.capacity_per_day} a day."
    if rules.workdays_only:
        text += " Leads of days off count for the next workday."
    rows = [(rule.name, plainly(rule.when), rule.team) for rule in rules.rules]
    rows.append(("all others", "what no rule takes, or a full team cannot", rules.fallback))
    return text, pd.DataFrame(rows, columns=["rule", "leads", "team"])


def _escalation(book: Book) -> str:
    sla = book.rules.sla
    return (
        "What falls due by the next workday stands on the list sla_due, what is overdue on "
        "sla_overdue, every day: lead, owner, reason, limit and rule.\n"
        f"High intent past {sla.high_intent_hours:g} h goes to the lead of the team the same day; "
        f"everything past {sla.normal_hours:g} h on the next workday. The head of sales sees the "
        "share in time by person and team every week."
    )


def _pool(book: Book) -> str:
    n = book.rules.nurture.touches_before_pool
    return (
        f"After {n} attempts by a person that reached nobody, the lead goes to the nurture pool: "
        "list move_to_nurture. A refusal is an answer; a message by a system is no attempt."
    )


def _kept(book: Book) -> tuple[str, pd.DataFrame | None, dict[str, str]]:
    if not book.has("activity"):
        return "Not known: no activities were supplied.", None, {}
    found = breach_list(book)
    table = kept_by(book, "team")
    columns = ["team", "due", "met", "late", "rate", "low", "high", "median_hours"]
    return f"{of_breaches(found)}.", table[columns], {}


def _signed() -> pd.DataFrame:
    import pandas as pd

    roles = ["Head of marketing", "Head of sales", "Lead of the SDRs", "Sales operations"]
    return pd.DataFrame({"role": roles, "name": "", "date": ""})
