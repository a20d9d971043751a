"""The words around planning: what a page can show, what a claim takes, what comes next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook import format as fmt
from playbook.chapters.ab_testing.planned import CLAIM, page_needs, power_curve
from playbook.chapters.ab_testing.said import change, money
from playbook.chapters.ab_testing.traffic import ALL, page_of
from playbook.chapters.words import Words

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book


def _name(book: Book, page_id: str) -> str:
    return (
        "All pages with a form together" if page_id == ALL else str(page_of(book, page_id)["page"])
    )


def of_planner(
    book: Book, page_id: str = ALL, lift: float | None = None, power: float | None = None
) -> Words:
    """For one question to the planner; see `planned.planner`."""
    lift = book.rules.abtest.minimum_lift if lift is None else lift
    page = page_of(book, page_id)
    found = page_needs(book, page_id, lift=lift, power=power)
    name = _name(book, page_id)
    if found.plan is None or found.time is None:
        title = f"{name}: {change(lift)} cannot be planned from {fmt.percent(page['baseline'])}"
        return Words(title, "", title)
    title = (
        f"{name}: {change(lift)} takes {fmt.number(found.needed)} people per arm, "
        f"{fmt.plural(int(found.weeks), 'full week')}"
    )
    return Words(title, f"{found.plan} {found.time}".replace("\n", " "), title)


def of_power_curve(book: Book, page_id: str = ALL) -> Words:
    """For what the weeks can show; see `planned.power_curve`."""
    rules, table = book.rules.abtest, power_curve(book, page_id)
    longest = table[table["weeks"] <= rules.max_weeks]
    name = _name(book, page_id)
    if longest.empty:
        title = f"{name}: no lift can be shown in {rules.max_weeks} weeks"
    else:
        shown = change(longest.iloc[-1]["lift"])
        title = f"{name}: {rules.max_weeks} weeks can show {shown}, nothing smaller"
    enough = table[table["lift"] <= rules.minimum_lift]
    lift = change(rules.minimum_lift)
    last = table["weeks"].iloc[-1] if len(table) else 0
    see = f"{lift} takes longer than {fmt.plural(int(last), 'week')}."
    if len(enough):
        see = f"{lift} takes {fmt.plural(int(enough.iloc[0]['weeks']), 'week')}."
    page = page_of(book, page_id)
    see = (
        f"Two arms, {fmt.number(round(page['people_week']))} people a week, "
        f"{fmt.percent(page['baseline'])} convert; found in {fmt.percent(rules.power, 0)} of "
        f"tests. {see} Half the lift takes four times the people."
    )
    return Words(title, see, f"{title}. {see}")


def of_pages(book: Book, table: pd.DataFrame) -> Words:
    """For what a test takes on each page; see `planned.pages`."""
    rules = book.rules.abtest
    lift = change(rules.minimum_lift)
    own = table[table["page_id"] != ALL]
    fits = int((own["weeks"] <= rules.max_weeks).sum())
    title = f"{fits} of {fmt.plural(len(own), 'page')} can show {lift} in {rules.max_weeks} weeks"
    if not fits:
        title = f"No page alone can show {lift} in {rules.max_weeks} weeks"
    together = table[table["page_id"] == ALL]
    see = "From the last full weeks of visitors and forms."
    if len(together) and not fmt.is_missing(together.iloc[0]["weeks"]):
        weeks = fmt.plural(int(together.iloc[0]["weeks"]), "full week")
        see += f" One change on all pages at once takes {weeks}."
    return Words(title, see, f"{title}. {see}")


def of_plan(book: Book, table: pd.DataFrame) -> Words:
    """For the next tests; see `next_tests.plan`."""
    first = table.iloc[0]
    title = f"Next: the {first['element']} on {first['page']}"
    worth = first["worth"]
    if not fmt.is_missing(worth):
        title += f", {money(book, worth)} a month if {change(first['lift'])} came true"
    weeks = book.rules.abtest.max_weeks
    see = (
        "Most worth first, one test at a time on a page: of each page what was kept without proof "
        "or is to be repeated, else what won elsewhere, else what was never tried."
    )
    if (table["weeks"] > weeks).any():
        see += (
            f" Where {change(first['lift'])} takes longer than {weeks} weeks, try a change bold "
            "enough for what these weeks can show, or join pages."
        )
    return Words(title, see, title)


def of_claim(book: Book, table: pd.DataFrame, lift: float = CLAIM) -> Words:
    """For a vendor's uplift, worked through on the own pages; see `planned.claim`."""
    last = table.iloc[-1]
    where = "all pages" if last["page_id"] == ALL else last["page"]
    title = f"A claim of {change(lift)} is unverified"
    if not fmt.is_missing(last["needed"]):
        title = (
            f"To see the claimed {change(lift)} takes {fmt.number(last['needed'])} people per arm: "
            f"the visitors of {fmt.plural(int(last['weeks']), 'week')} on {where}"
        )
    see = (
        "The figure is a vendor's case (B4-X1), not ours: other pages, other visitors, no control "
        "group told of. "
        f"From {fmt.percent(last['baseline'])} it would mean {fmt.percent(last['with_claim'])}, "
        f"{fmt.number(round(last['forms_month']))} more forms a month"
    )
    if not fmt.is_missing(last["worth"]):
        see += f", some {money(book, last['worth'])}"
    see += ". Before it is believed it needs a test like any other."
    return Words(title, see, title)
