"""Practice: kind, computed from the data, and never giving the answer away."""

from __future__ import annotations

import datetime as dt
import sys
from decimal import Decimal
from types import ModuleType, SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from playbook.errors import ParameterError
from playbook.report import lessons, session
from playbook.report.lessons.answers import judge


def lesson(number, solve, **more):
    base = {
        "question": "Which share?",
        "look_again": "Look at the denominator again.",
        "hint": "Count the MQLs first.",
        "solution": "metrics.evaluate(book, [growth.MQL_TO_SQL])",
    }
    return lessons.Lesson(id=f"pretend-{number}", solve=solve, **{**base, **more})


@pytest.fixture(autouse=True)
def _pretend(monkeypatch):
    """A chapter of lessons over a Book that is open."""
    module = ModuleType("playbook.report.lessons.pretend")
    module.LESSONS = [
        lesson(1, lambda book: book.share, unit="share", why="Every third."),
        lesson(2, lambda _: ("SEM", "paid_search", "搜索广告")),
        lesson(
            3,
            lambda _: 3,
            solution=lambda book: f"The share is <{book.share}>.",
            why=lambda book: f"That is {book.share}.",
        ),
        lesson(4, lambda _: 4, solution="Count them & divide.", is_code=False),
    ]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(lessons, "_chapters", lambda: ["pretend"])
    monkeypatch.setattr(session._State, "book", SimpleNamespace(share=0.385))


def test_the_question_is_asked():
    assert repr(lessons.ask("pretend-1")) == "Question. Which share?"


def test_three_dots_are_not_answered_yet():
    assert repr(lessons.check("pretend-1", ...)) == (
        "Not answered yet. Replace the ... by your answer."
    )


def test_a_right_answer_is_told_what_it_means():
    assert repr(lessons.check("pretend-1", 0.385)) == "✓ Right. Every third."


def test_a_percentage_is_recognised_and_said():
    assert repr(lessons.check("pretend-1", 38.5)) == (
        "✓ Right. Read as 38.5 %, that is 0.385. Every third."
    )


@pytest.mark.parametrize("wrong", [0.5, 50, "40 %", -1, "0.2"])
def test_a_wrong_answer_is_told_where_to_look_and_never_the_answer(wrong):
    text = repr(lessons.check("pretend-1", wrong))
    assert text == "Not yet. Look at the denominator again."


@pytest.mark.parametrize("odd", [None, "many", [], {}, object(), float("nan"), True, dt.date.max])
def test_an_answer_of_the_wrong_kind_is_told_what_is_expected(odd):
    text = repr(lessons.check("pretend-1", odd))
    assert text.startswith("Not in this form. A number is expected")
    assert "0.385" not in text
    assert "38.5" not in text


def test_the_answer_follows_the_data(monkeypatch):
    monkeypatch.setattr(session._State, "book", SimpleNamespace(share=0.2))
    assert repr(lessons.check("pretend-1", 0.2)).startswith("✓ Right.")


def test_a_hint_and_a_solution_come_on_request():
    assert repr(lessons.hint("pretend-1")) == "Hint. Count the MQLs first."
    assert repr(lessons.solution("pretend-1")).endswith("[growth.MQL_TO_SQL])")
    assert "<pre><code>" in lessons.solution("pretend-1").html
    assert repr(lessons.solution("pretend-4")) == "Solution. Count them & divide."


def test_what_is_told_from_the_data_is_escaped():
    assert repr(lessons.solution("pretend-3")) == "Solution. The share is <0.385>."
    assert "&lt;0.385&gt;" in lessons.solution("pretend-3").html
    assert repr(lessons.check("pretend-3", 3)) == "✓ Right. That is 0.385."


@pytest.mark.parametrize("call", [lessons.ask, lessons.hint, lessons.solution])
def test_an_unknown_lesson_is_refused_with_the_nearest(call):
    with pytest.raises(
        ParameterError, match="unknown lesson 'pretned-1'; did you mean 'pretend-1'"
    ):
        call("pretned-1")


def test_an_unknown_number_of_a_known_chapter_is_refused():
    with pytest.raises(ParameterError, match="unknown lesson 'pretend-9'"):
        lessons.check("pretend-9", 1)


def test_every_lesson_has_an_id_of_its_chapter():
    assert lessons.ids() == ["pretend-1", "pretend-2", "pretend-3", "pretend-4"]


@pytest.mark.parametrize(
    ("answer", "truth", "right"),
    [
        (412, 412, True),
        (411, 412, False),
        (3.52, 3.5, True),
        (400, 412, False),
        (np.int64(412), 412, True),
        (Decimal("4.20"), 4.2, True),
        ("4,200.0", 4200, True),
        ("４２００", 4200, True),
        (pd.Series([412]), 412, True),
        (np.array([412]), 412, True),
        (0, 0, True),
        (1, 0, False),
        ("sem", "SEM", True),
        (" Paid Search ", ("SEM", "paid_search"), True),
        ("搜索 广告", ("SEM", "搜索广告"), True),
        ("SEO", ("SEM", "搜索广告"), False),
        ({"SEM", "seo"}, {"SEO", "SEM"}, True),
        (["seo", "sem", "SEO"], {"SEO", "SEM"}, True),
        (["SEM"], {"SEO", "SEM"}, False),
        (["SEM", "SEO", "KOL"], {"SEO", "SEM"}, False),
        (pd.Index(["SEM", "SEO"]), frozenset({"SEO", "SEM"}), True),
        (["SEM", "SEO"], ["SEO", "SEM"], False),
        (("seo", "sem"), ["SEO", "SEM"], True),
        ({1, 2}, {2.0, 1.0}, True),
        ({"搜索广告"}, {("SEM", "搜索广告")}, True),
        ("2026-08-31", dt.date(2026, 8, 31), True),
        ("2026/08/31", dt.date(2026, 8, 31), True),
        (pd.Timestamp("2026-08-31 10:00"), dt.date(2026, 8, 31), True),
        (dt.date(2026, 8, 30), pd.Timestamp("2026-08-31 09:00"), False),
        (True, True, True),
        ("yes", True, True),
        ("否", False, True),
        (False, True, False),
    ],
)
def test_answers_are_read_kindly(answer, truth, right):
    assert judge(answer, truth).right is right


@pytest.mark.parametrize(
    ("answer", "truth", "remark"),
    [
        ("x", 3, "A number is expected, such as 412 or 3.5; this is a text."),
        (3, "SEM", 'A name is expected, in quotation marks, such as "…"; this is a number.'),
        ("SEM", {"SEM", "SEO"}, 'Several are expected, such as {"…", "…"}; this is a text.'),
        (3, ["a"], 'Several are expected, such as ["…", "…"], in order; this is a number.'),
        ("soon", dt.date.max, 'A date is expected, such as "2026-01-31"; this is a text.'),
        (1, True, "True or False is expected; this is a number."),
        (None, 3, "A number is expected, such as 412 or 3.5; this is nothing."),
    ],
)
def test_the_wrong_kind_is_explained(answer, truth, remark):
    assert judge(answer, truth) == (False, remark)
