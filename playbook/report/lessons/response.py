"""Practice for the response chapter; every answer is computed from the Book that is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.chapters import response
from playbook.format import percent
from playbook.report.lessons.model import Lesson

if TYPE_CHECKING:
    from playbook.book import Book


def _in_time(book: Book) -> float:
    return float(response.metrics(book).set_index("key")["value"]["response_in_time"])


def _breaker(book: Book) -> str:
    table = response.people(book)
    return str(table[table["mates_due"] > 0].sort_values("difference")["owner"].iloc[0])


def _median(book: Book) -> float:
    return float(response.metrics(book).set_index("key")["value"]["response_hours"])


def _flattered(book: Book) -> float:
    return response.flattered(book)


def _turned(book: Book) -> str:
    return str(response.turns(book)["since"].iloc[0])


def _why_system(book: Book) -> str:
    return (
        f"In truth {percent(_in_time(book), 0)} were: a thank-you e-mail is quick, and answers "
        "no question."
    )


LESSONS = (
    Lesson(
        id="response-1",
        question="Which share of the period's leads was answered in time?",
        solve=_in_time,
        look_again="Divide by the leads whose answer is due, not by all of them.",
        hint='response.metrics(book).set_index("key")["value"] has it.',
        solution='response.metrics(book).set_index("key")["value"]["response_in_time"]',
        why="Leads that are not due yet count on neither side.",
        unit="share",
    ),
    Lesson(
        id="response-2",
        question="Who lies furthest below their own team mates of the same periods?",
        solve=_breaker,
        look_again="Compare within a team and within the same periods: a whole team that was late "
        "says nothing of one person in it.",
        hint="response.people(book) has a column difference.",
        solution='response.people(book).nsmallest(1, "difference")["owner"].item()',
        why="The numbers say who; only a talk says why. Hours, load and leads may differ.",
    ),
    Lesson(
        id="response-3",
        question="How many hours did the median answer of the period take?",
        solve=_median,
        look_again="The median, not the mean: a few very late answers pull the mean up.",
        hint="It is the second row of the core metrics.",
        solution='response.metrics(book).set_index("key")["value"]["response_hours"]',
        why="It is of the leads that were answered. Those that nobody called are in no median.",
        unit="hours",
    ),
    Lesson(
        id="response-4",
        question="If what systems send counted as an answer, which share would seem in time?",
        solve=_flattered,
        look_again="Count the first action of any kind, by person or system.",
        hint="response.flattered(book) computes it.",
        solution="response.flattered(book)",
        why=_why_system,
        unit="share",
    ),
    Lesson(
        id="response-5",
        question="Since which period has the team that fell most been late? "
        'Answer such as "2026-02".',
        solve=_turned,
        look_again="Look at the lines by team, and for the first period that stays below.",
        hint="response.turns(book) has a column since.",
        solution='response.turns(book)["since"].iloc[0]',
        why="Ask what happened then: who left, what changed in the rules, which leads came.",
    ),
)
