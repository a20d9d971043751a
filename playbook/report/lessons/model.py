"""What a lesson is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from playbook.format import Unit  # noqa: TC001 the type of a field, for those who introspect it

if TYPE_CHECKING:
    from collections.abc import Callable

    from playbook.book import Book
    from playbook.report.lessons.answers import Answer


@dataclass(frozen=True, slots=True)
class Lesson:
    """One practice question.

    Attributes:
        id: The chapter and a number, such as `growth-1`.
        question: What to find out, and in what form to answer.
        solve: Computes the answer from the Book that is open. Several accepted names of one
            thing are a tuple of texts, such as `("SEM", "paid_search", "搜索广告")`.
        look_again: What to look at again after a wrong answer; never the answer.
        hint: A step on the way.
        solution: How to get there: code, or a function of the Book that tells it in words.
        why: Said after a right answer: what it means; text or a function of the Book.
        tolerance: How far a number may be off: relative to it, or absolute for shares. Unless
            given, half a point for shares, nothing for whole numbers of things, 1 % for all else.
        unit: Of a number; a `share` may be typed as 0.385 or 38.5.
        is_code: Whether `solution`, where it is text, is code.
    """

    id: str
    question: str
    solve: Callable[[Book], Answer]
    look_again: str
    hint: str
    solution: str | Callable[[Book], str]
    why: str | Callable[[Book], str] = ""
    tolerance: float | None = None
    unit: Unit = "count"
    is_code: bool = True
