"""What a test takes on the company's own pages: people, full weeks, and what it can show."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from playbook import abtest
from playbook import format as fmt
from playbook.book import remembered
from playbook.chapters.ab_testing.inputs import ELEMENTS, in_words, tests, today
from playbook.chapters.ab_testing.said import money
from playbook.chapters.ab_testing.traffic import ALL, history, page_of, visited
from playbook.errors import ParameterError

if TYPE_CHECKING:
    from datetime import date

    import pandas as pd

    from playbook.abtest import Duration, Plan
    from playbook.book import Book

CLAIM = 0.3
"""The lift that a vendor's case claims for lead conversion (B4-X1); unverified."""

WEEK = 7
LONGEST = 32
"""Weeks up to which the curve of what can be shown is drawn."""


class Needs(NamedTuple):
    """What a test of one lift takes on one page.

    Attributes:
        plan: See `abtest.Plan`; None where no number of people can show it.
        time: See `abtest.Duration`; None where nobody comes, or for less than a week.
        needed: People per arm.
        weeks: Full weeks until they have come.
        detectable: The lift that can be shown in `[abtest] max_weeks`.
    """

    plan: Plan | None = None
    time: Duration | None = None
    needed: float = float("nan")
    weeks: float = float("nan")
    detectable: float = float("nan")


def needs(
    book: Book,
    baseline: float,
    daily: pd.Series[float],
    *,
    lift: float | None = None,
    power: float | None = None,
    arms: int = 2,
) -> Needs:
    """People per arm and full weeks for a lift, and what can be shown in the weeks allowed.

    Args:
        book: The Book.
        baseline: Share of the people that converts now.
        daily: Who come to the test, day by day, such as `history(...)["people"]`.
        lift: To be shown; by default `[abtest] minimum_lift`.
        power: By default that of the rules.
        arms: How many, the control among them.

    Raises:
        ParameterError: A lift, a power or a number of arms that makes no sense.
    """
    rules = book.rules.abtest
    lift = rules.minimum_lift if lift is None else lift
    enough = len(daily) >= WEEK and daily.sum() > 0
    if fmt.is_missing(baseline) or not 0 < baseline < 1 / (1 + max(lift, 0.0)) or not enough:
        return Needs()
    plan = abtest.sample_size(
        baseline, lift, relative=True, alpha=rules.alpha,
        power=rules.power if power is None else power, arms=arms,
    )  # fmt: skip
    time = abtest.duration(plan, daily.tolist(), max_weeks=rules.max_weeks)
    found = lift_shown(plan, time.per_week * rules.max_weeks)
    return Needs(plan, time, float(max(plan.n.values())), float(time.weeks), found)


def page_needs(book: Book, page_id: str, **asked: Any) -> Needs:
    """The same for a page as its visitors and its rate are; see `needs`.

    Raises:
        ParameterError: No such page, or a question that makes no sense.
    """
    page = page_of(book, page_id)
    return needs(book, float(page["baseline"]), history(book, page_id)["people"], **asked)


def lift_shown(plan: Plan, people: float) -> float:
    """The smallest lift that so many people in all arms show; missing where they show none."""
    try:
        return abtest.reachable(plan, people).lift
    except ParameterError:
        return float("nan")


@remembered
def pages(book: Book) -> pd.DataFrame:
    """What a test takes on each page with a form, most visited first, then on all together.

    Returns:
        `page_id`, `page`, `owner`, `people_week`, `baseline`, `needed` (people per arm for
        `[abtest] minimum_lift`), `weeks` (full ones), `detectable` (lift that can be shown in
        `max_weeks`), `untested` (elements of P03-T5 never tested there), `worth` (a month, if the
        lift came true; report currency).
    """
    table = visited(book)
    lift = book.rules.abtest.minimum_lift
    asked = [page_needs(book, page) for page in table["page_id"]]
    table = table.assign(
        needed=[one.needed for one in asked],
        weeks=[one.weeks for one in asked],
        detectable=[one.detectable for one in asked],
        untested=[", ".join(map(in_words, untested(book, page))) for page in table["page_id"]],
        worth=table["people_month"] * table["baseline"] * lift * table["worth"],
    )
    columns = ["page_id", "page", "owner", "people_week", "baseline", "needed", "weeks"]
    return table[[*columns, "detectable", "untested", "worth"]]


def untested(book: Book, page_id: str) -> list[str]:
    """The elements of P03-T5 that were never tested on a page, or on any of them."""
    table = tests(book)
    own = table if page_id == ALL else table[table["content_id"] == page_id]
    return [element for element in ELEMENTS if element not in set(own["element"])]


def next_monday(day: date) -> date:
    """The Monday after a day, on which a test of full weeks begins."""
    return day + timedelta(days=7 - day.weekday())


def planner(
    book: Book,
    page_id: str = ALL,
    lift: float | None = None,
    power: float | None = None,
    arms: int = 2,
) -> pd.DataFrame:
    """One question to the planner: this page, this lift, so many arms.

    Args:
        book: The Book.
        page_id: One of `page_choices`.
        lift: To be shown, such as 0.2; by default `[abtest] minimum_lift`.
        power: By default that of the rules.
        arms: How many, the control among them.

    Returns:
        `quantity` and `answer`, in words; "–" where no number of people can show the lift.

    Raises:
        ParameterError: No such page; a lift, power or number of arms that makes no sense.
    """
    import pandas as pd

    page, rules = page_of(book, page_id), book.rules.abtest
    lift = rules.minimum_lift if lift is None else lift
    found = page_needs(book, page_id, lift=lift, power=power, arms=arms)
    begins = next_monday(today(book))
    ends = begins + timedelta(days=int(7 * found.weeks)) if found.plan else None
    worth = page["people_month"] * page["baseline"] * lift * page["worth"]
    rows = {
        "Converts now": fmt.percent(page["baseline"]),
        "To be shown": f"{fmt.percent(page['baseline'] * (1 + lift))} ({fmt.lift(lift, 0)})",
        "People per arm": fmt.number(found.needed),
        "People in all arms": fmt.number(found.needed * arms),
        "People a week": fmt.number(round(page["people_week"])),
        "Full weeks": fmt.number(found.weeks),
        "Begun next Monday, it ends": fmt.date(ends),
        f"In {rules.max_weeks} weeks it can show": fmt.lift(found.detectable, 0),
        "Worth a month if it comes true": money(book, worth),
    }
    return pd.DataFrame({"quantity": list(rows), "answer": list(rows.values())})


@remembered
def power_curve(book: Book, page_id: str = ALL) -> pd.DataFrame:
    """What a page's people can show, week by week, with two arms.

    Returns:
        `weeks`, `n` (people per arm so far), `lift` (the smallest that is found as often as the
        power of the rules), `label` (at 1, 2, 4, 8 … weeks, else ""); weeks in which no lift can
        be shown are left out.

    Raises:
        ParameterError: No such page.
    """
    import pandas as pd

    page = page_of(book, page_id)
    plan, rows = page_needs(book, page_id).plan, []
    for week in range(1, LONGEST + 1):
        people = page["people_week"] * week
        label = fmt.plural(week, "week") if week.bit_count() == 1 else ""
        lift = lift_shown(plan, people) if plan else float("nan")
        rows.append({"weeks": week, "n": int(people / 2), "lift": lift, "label": label})
    table = pd.DataFrame(rows, columns=["weeks", "n", "lift", "label"])
    return table[table["lift"].notna()].reset_index(drop=True)


@remembered
def claim(book: Book, lift: float = CLAIM) -> pd.DataFrame:
    """What it would take to see a claimed uplift on our own pages (B4-X1).

    Args:
        book: The Book.
        lift: The claim; 0.3 is "+30 %".

    Returns:
        `page_id`, `page`, `baseline`, `with_claim`, `people_week`, `needed` (people per arm),
        `weeks`, `forms_month` (more of them, if it held), `worth` (a month); as in `pages`.
    """
    table, rows = visited(book), []
    for row in table.to_dict("records"):
        found = page_needs(book, row["page_id"], lift=lift)
        rows.append({"needed": found.needed, "weeks": found.weeks})
    more = table["people_month"] * table["baseline"] * lift
    table = table.assign(
        with_claim=table["baseline"] * (1 + lift),
        needed=[row["needed"] for row in rows],
        weeks=[row["weeks"] for row in rows],
        forms_month=more,
        worth=more * table["worth"],
    )
    columns = ["page_id", "page", "baseline", "with_claim", "people_week", "needed", "weeks"]
    return table[[*columns, "forms_month", "worth"]]
