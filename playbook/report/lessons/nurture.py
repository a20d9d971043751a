"""Practice for the nurture chapter; every answer is computed from the Book that is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.chapters import nurture
from playbook.report.lessons.model import Lesson

if TYPE_CHECKING:
    from playbook.book import Book


def _working(book: Book) -> tuple[str, ...]:
    row = nurture.working_step(book)
    if row is None:
        return ("none", "no step")
    when, _, what = row["step"].partition(": ")
    flow, _, name = row["program"].partition("/")
    return (row["program"], row["step"], when, what, name, f"{flow}/{name}")


def _without(book: Book) -> float:
    row = nurture.working_step(book)
    return float("nan") if row is None else float(row["rate_without"])


def _enrolled(book: Book) -> int:
    return int(nurture.metrics(book).set_index("key")["value"]["nurture_enrolled"])


def _held_back(book: Book) -> int:
    return nurture.over_cap(book, 2)


LESSONS = (
    Lesson(
        id="nurture-1",
        question="How many enrolments in any flow began in the period?",
        solve=_enrolled,
        look_again="An enrolment is a lead in a flow: one lead may have several.",
        hint='nurture.metrics(book).set_index("key")["value"] has it.',
        solution='nurture.metrics(book).set_index("key")["value"]["nurture_enrolled"]',
        why="Of those in the pool, count who came back only once they have had sixty days.",
    ),
    Lesson(
        id="nurture-2",
        question="After which step do clearly more leads come back than without it? "
        'Answer such as "day 1", or "none".',
        solve=_working,
        look_again="The step that is answered most is not yet the one that brings leads back: "
        "compare those who got it with those who did not, and mind the adjusted p.",
        hint="nurture.step_effects(book) has a row per step and a verdict.",
        solution="effects = nurture.step_effects(book)\n"
        'effects[effects["verdict"] == "more reach it"]',
        why="In the sample it was drawn by lot who gets it, so there the step is the cause. In "
        "your own data, draw a part of the flow that does not get it.",
    ),
    Lesson(
        id="nurture-3",
        question="Which share of the leads that did not get that step came back all the same?",
        solve=_without,
        look_again="Take the raw share of those without the step, not the difference.",
        hint="nurture.working_step(book) is that row of the effects.",
        solution='nurture.working_step(book)["rate_without"]',
        why="What would have come back anyway is no merit of the step: only the difference is.",
        unit="share",
    ),
    Lesson(
        id="nurture-4",
        question="How many messages of the period would a cap of two a week to each contact have "
        "held back, beside the daily cap of the rules?",
        solve=_held_back,
        look_again="Any seven days count, over all flows together, not calendar weeks.",
        hint="nurture.over_cap(book, per_week) counts the messages above a cap.",
        solution="nurture.over_cap(book, 2)",
        why="A tighter cap protects contacts and delays steps: look at which ones before you "
        "change it in playbook.toml.",
    ),
)
