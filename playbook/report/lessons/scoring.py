"""Practice questions of the scoring chapter, answered from the Book that is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.chapters import scoring
from playbook.report.lessons.model import Lesson

if TYPE_CHECKING:
    from playbook.book import Book

OF_SALES = ("lead.sql_need", "lead.sql_scene", "lead.sql_budget", "lead.sql_will")
"""Sales' four answers, of which the second question is about those that are recorded."""


def _clarity(book: Book) -> float:
    ratios = scoring.odds(book).set_index("factor")["odds_ratio"]
    return float(ratios["need clarity"])


def _perfect(book: Book) -> set[str]:
    table = scoring.refused(book)
    told = set(table.loc[table["verdict"] == "known after the outcome", "column"])
    return told & set(OF_SALES)


def _auc(book: Book) -> float:
    return scoring.difference(book).first


def _more(book: Book) -> float:
    cost = scoring.mistakes(book)
    if cost is None:
        raise ValueError("the question needs answers by people")
    return float(round(cost.missed))


LESSONS = (
    Lesson(
        id="scoring-1",
        question="How many times are the odds of an SQL multiplied by one standard deviation more "
        "need clarity, all else equal?",
        solve=_clarity,
        look_again="Take the odds ratio, not its interval and not the points.",
        hint="scoring.odds(book) has one row per level.",
        solution='scoring.odds(book).set_index("factor").loc["need clarity", "odds_ratio"]',
        why="A clear need is the strongest of what is known at capture. Ask for it on the form.",
        tolerance=0.02,
        unit="ratio",
    ),
    Lesson(
        id="scoring-2",
        question="Which of sales' own answers are refused as factors, because they are known only "
        'after the outcome? Answer with their fields, such as {"lead.status"}.',
        solve=_perfect,
        look_again="Look for the columns of [sql]: what sales confirms before it accepts a lead.",
        hint='scoring.refused(book) has columns "column" and "verdict".',
        solution="table = scoring.refused(book)\n"
        'set(table["column"][table["column"].str.startswith("lead.sql_")])',
        why="Each alone would tell the outcome nearly perfectly, because it is filled when the "
        "outcome is known.",
    ),
    Lesson(
        id="scoring-3",
        question="What is the AUC of the fitted score on the later leads?",
        solve=_auc,
        look_again="Take the fitted score on later leads, not the rules' points.",
        hint="scoring.difference(book) has both AUCs.",
        solution="scoring.difference(book).first",
        why="Of one lead that became SQL and one that did not, the score puts the right one first "
        "that often. 0.5 would be a coin.",
        tolerance=0.01,
        unit="ratio",
    ),
    Lesson(
        id="scoring-4",
        question="With the calls that sales can make, how many more SQLs does the fitted score "
        "find among the later leads than the rules' points? Round to whole SQLs.",
        solve=_more,
        look_again="Compare at equal numbers of calls, not at equal thresholds.",
        hint="scoring.mistakes(book) compares the two; scoring.comparison(book) has both counts.",
        solution="round(scoring.mistakes(book).missed)",
        why="That is what the rule score's mistakes cost. Mind the interval: the next leads are "
        "others.",
    ),
)
