"""Practice: a question, the learner's answer, and a check that never gives the answer away.

Answers are computed from the Book that is open, so they stay right on any data. A chapter's
questions are the `LESSONS` of its module in this package: `growth-1` is in `lessons.growth`.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING, Any

from playbook.errors import ParameterError, unknown
from playbook.report.lessons.answers import Answer, Verdict, judge
from playbook.report.lessons.model import Lesson
from playbook.report.show.html import Html, Shown, el

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Answer", "Lesson", "Verdict", "ask", "check", "find", "hint", "ids", "solution"]

_PARTS = frozenset({"answers", "model"})


def ask(lesson_id: str) -> Shown:
    """The question.

    Raises:
        ParameterError: There is no such lesson; the message has the nearest one.
    """
    lesson = find(lesson_id)
    return _block("", el("b", "Question. "), lesson.question)


def check(lesson_id: str, answer: Any) -> Shown:
    """Whether the answer is right; if not, what to look at again.

    Args:
        lesson_id: Such as `growth-1`.
        answer: The learner's: a number, a text, a date, a set or a list; `...` for none yet.

    Raises:
        ParameterError: There is no such lesson; the message has the nearest one.
    """
    lesson = find(lesson_id)
    if answer is ...:
        return _block("", el("b", "Not answered yet. "), "Replace the ... by your answer.")
    verdict = judge(answer, _solved(lesson), lesson.tolerance, lesson.unit)
    if verdict.right:
        words = " ".join(part for part in (verdict.remark, _told(lesson.why)) if part)
        return _block("pb-good", el("b", "✓ Right. "), words)
    if verdict.remark:
        return _block("pb-watch", el("b", "Not in this form. "), verdict.remark)
    return _block("pb-watch", el("b", "Not yet. "), lesson.look_again)


def hint(lesson_id: str) -> Shown:
    """A step on the way to the answer."""
    return _block("", el("b", "Hint. "), find(lesson_id).hint)


def solution(lesson_id: str) -> Shown:
    """How to get to the answer, for those who have tried."""
    lesson = find(lesson_id)
    told = _told(lesson.solution)
    if callable(lesson.solution) or not lesson.is_code:
        return _block("", el("b", "Solution. "), told)
    return Shown(
        el("div", el("p", el("b", "Solution")), el("pre", el("code", told)), cls="pb-lesson"),
        f"Solution\n{told}",
    )


def find(lesson_id: str) -> Lesson:
    """The lesson of that id.

    Raises:
        ParameterError: There is no such lesson; the message has the nearest one.
    """
    chapter = lesson_id.rpartition("-")[0]
    known = _lessons(chapter) if chapter in _chapters() else {}
    if lesson_id not in known:
        raise ParameterError(unknown("lesson", lesson_id, ids()))
    return known[lesson_id]


def ids() -> list[str]:
    """Every lesson there is, by chapter."""
    return [name for chapter in _chapters() for name in _lessons(chapter)]


def _chapters() -> list[str]:
    return sorted(m.name for m in pkgutil.iter_modules(__path__) if m.name not in _PARTS)


def _lessons(chapter: str) -> dict[str, Lesson]:
    module = importlib.import_module(f"{__name__}.{chapter}")
    return {lesson.id: lesson for lesson in module.LESSONS}


def _solved(lesson: Lesson) -> Answer:
    from playbook.report import session

    return lesson.solve(session.current())


def _told(words: str | Callable[[Any], str]) -> str:
    if isinstance(words, str):
        return words
    from playbook.report import session

    return words(session.current())


def _block(kind: str, head: Html, words: str) -> Shown:
    text = el("p", head, words)
    plain = f"{_bare(head)}{words}"
    return Shown(el("div", text, cls=f"pb-lesson {kind}".strip()), plain)


def _bare(head: Html) -> str:
    return str(head).removeprefix("<b>").removesuffix("</b>")
