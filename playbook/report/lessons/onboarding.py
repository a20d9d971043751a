"""Practice for the diagnosis; every answer is computed from the Book that is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.chapters import onboarding
from playbook.report.lessons.model import Lesson

if TYPE_CHECKING:
    from playbook.book import Book


def _set_aside(book: Book) -> int:
    return int(onboarding.cockpit(book)["set_aside"].sum())


def _gap(book: Book) -> str:
    empty = onboarding.gaps(onboarding.content_map(book))
    return str(empty["industry"].iloc[0]) if len(empty) else "none"


def _first_project(book: Book) -> tuple[str, ...]:
    first = onboarding.short_list(book).iloc[0]
    return (str(first["project"]), str(first["zh"]))


LESSONS = (
    Lesson(
        id="onboarding-1",
        question="How many rows of the input had to be set aside?",
        solve=_set_aside,
        look_again="Flagged rows are kept; count only those without a key or a time.",
        hint="onboarding.cockpit(book) has a column set_aside.",
        solution='onboarding.cockpit(book)["set_aside"].sum()',
        why="Their originals lie in the review's folder set_aside; nothing is lost.",
    ),
    Lesson(
        id="onboarding-2",
        question="Among the five industries with most leads, which one has a stage without any "
        'content? Answer "none" if there is no such industry.',
        solve=_gap,
        look_again="Look for a zero in the first five rows of the content map.",
        hint="onboarding.gaps(onboarding.content_map(book)) lists the empty cells.",
        solution='onboarding.gaps(onboarding.content_map(book))["industry"].iloc[0]',
        why="A customer who finds nothing at a stage asks sales, or a competitor.",
    ),
    Lesson(
        id="onboarding-3",
        question="Which of the eight candidate projects was needed most in the last 180 days?",
        solve=_first_project,
        look_again="Sort by the gap, not by the share: the sign says what should be high.",
        hint="onboarding.short_list(book) is sorted already.",
        solution='onboarding.short_list(book)["project"].iloc[0]',
        why="Need is not yet worth: ask what the project would bring before you pick it.",
    ),
)
