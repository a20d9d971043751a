"""Practice for the growth chapter; every answer is computed from the Book that is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.chapters import growth
from playbook.metrics import history
from playbook.report.lessons.model import Lesson

if TYPE_CHECKING:
    from playbook.book import Book


def _leads(book: Book) -> int:
    return int(growth.metrics(book).set_index("key")["value"]["leads"])


def _late_team(book: Book) -> str:
    teams = growth.response_by(book, "team").sort_values("late", ascending=False)
    return str(teams["team"].iloc[0])


def _late_rate(book: Book) -> float:
    table = growth.conversion_by_answer(book).set_index("answer")
    return float(table["rate"]["late"])


def _worst_period(book: Book) -> str:
    rate = [m for m in growth.METRICS if m.key == "valid_rate"]
    past = history(book, rate)
    known = past[past["recent"] & past["value"].notna()]
    return str(known.sort_values("value")["period"].iloc[0])


LESSONS = (
    Lesson(
        id="growth-1",
        question="How many leads were captured in the period, duplicates counted once?",
        solve=_leads,
        look_again="Look at the first row of the metric table, and at the period you opened.",
        hint='growth.metrics(book).set_index("key")["value"] has it.',
        solution='growth.metrics(book).set_index("key")["value"]["leads"]',
        why="Captures that were merged into an earlier lead are not counted again.",
    ),
    Lesson(
        id="growth-2",
        question="Which team let most leads of the period wait past the SLA?",
        solve=_late_team,
        look_again="Count late answers, not the rate: a small team can have the worst rate.",
        hint='growth.response_by(book, "team") has a column late.',
        solution='growth.response_by(book, "team").nlargest(1, "late")["team"].item()',
        why="Where the most leads wait is where one rule changes most; whether the team is slow "
        "or overloaded, its own hours must tell.",
    ),
    Lesson(
        id="growth-3",
        question="Over the last year, which share of the MQLs answered late became SQL?",
        solve=_late_rate,
        look_again="Take MQLs, not leads, and only those answered late; mind the young ones.",
        hint="growth.conversion_by_answer(book) compares the two kinds.",
        solution='growth.conversion_by_answer(book).set_index("answer").loc["late", "rate"]',
        why="Lower than for those answered in time. That is no proof yet: late teams may get "
        "other leads.",
        unit="share",
    ),
    Lesson(
        id="growth-4",
        question="In which of the last thirteen periods was the valid rate lowest? "
        'Answer such as "2026-02".',
        solve=_worst_period,
        look_again="Look at the rate, not at the number of valid leads.",
        hint="playbook.metrics.history gives every metric for thirteen periods.",
        solution='past = history(book, [m for m in growth.METRICS if m.key == "valid_rate"])\n'
        'past[past["recent"]].nsmallest(1, "value")["period"].item()',
        why="Compare with the lead count of that period: more leads are not better leads.",
    ),
)
