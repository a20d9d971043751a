"""What the tests of a Book are read from: the table, the rules, the day, the names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.abtest import Criteria
from playbook.book import remembered
from playbook.data import schema

if TYPE_CHECKING:
    from datetime import date

    import pandas as pd

    from playbook.book import Book

NEEDS = ("experiment_arm",)
"""Without it there is no record of tests."""

TRAFFIC_NEEDS = ("web_daily.form_submits",)
"""Without it there is no traffic to plan with."""

ELEMENTS = ("title", "description", "button", "form", "case", "price_anchor", "endorsement")
"""What the handbook wants tested again and again (P03-T5)."""

NOT_ON_PAGES = frozenset({"subject"})
"""Elements whose tests the visitors of a page never see."""


def criteria(book: Book) -> Criteria:
    """The rules of `[abtest]`, as the method takes them."""
    return Criteria(**book.rules.abtest.model_dump())


def today(book: Book) -> date:
    """The day of `as_of` in the report zone: full days count up to it."""
    return book.local(book.as_of).date()


@remembered
def tests(book: Book) -> pd.DataFrame:
    """Every arm of the tests begun by the end of the period, or by `as_of`, as the Book knows them.

    Returns:
        `experiment_id`, `arm`, `content_id`, `element`, `hypothesis`, `start_date`, `end_date`,
        `planned_end`, `weight`, `exposures`, `conversions`, `decision`, `page` (title), `owner` (of
        the page); tests in the order of their start, the latest first. A test without a start is
        taken in.
    """
    return book.sql(
        """WITH began AS (
            SELECT experiment_id, min(start_date) AS began FROM clean.experiment_arm GROUP BY ALL
        )
        SELECT a.experiment_id, a.arm, a.content_id, coalesce(a.element, 'other') AS element,
            a.hypothesis, a.start_date, a.end_date, a.planned_end, a.weight, a.exposures,
            a.conversions, a.decision,
            coalesce(c.title, a.content_id, 'page not known') AS page,
            coalesce(s.name, c.owner_id) AS owner
        FROM clean.experiment_arm a JOIN began USING (experiment_id)
        LEFT JOIN clean.content c ON c.content_id = a.content_id
        LEFT JOIN clean.staff s ON s.staff_id = c.owner_id
        WHERE began IS NULL OR began <= $last
        ORDER BY began DESC NULLS LAST, experiment_id, arm""",
        last=min(book.period.last, today(book)),
    )


def element_names() -> dict[str, str]:
    """What each element is called in the handbook, by code."""
    values = schema.TABLES["experiment_arm"].column("element").values or {}
    return {code: names[0] for code, names in values.items()}


def in_words(element: str) -> str:
    """An element as a reader says it.

    >>> in_words("price_anchor")
    'price anchor'
    """
    return element.replace("_", " ")
