"""What the chapter says about planning: too few people, what runs, what comes next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook import format as fmt
from playbook.chapters.ab_testing.inputs import ELEMENTS, tests
from playbook.chapters.ab_testing.next_tests import plan
from playbook.chapters.ab_testing.planned import CLAIM, WEEK, claim, pages
from playbook.chapters.ab_testing.record import elements, ended, running
from playbook.chapters.ab_testing.said import change, money, named, owner, rows_of
from playbook.chapters.ab_testing.traffic import ALL
from playbook.findings import Finding

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book
    from playbook.chapters.ab_testing.said import Row

MOST = 3
"""Tests whose reasons are told in one finding."""


def too_few(book: Book) -> list[Finding]:
    """P03-T5: tests that could not have found what they looked for."""
    table = ended(book).drop_duplicates("experiment_id")
    known = table[table["needed"].notna()]
    fewest = known[["n_control", "n"]].min(axis=1)
    short = known[fewest < known["needed"]]
    if short.empty:
        return []
    rules = book.rules.abtest
    middle = float(short["power"].median())
    lift = f"+{fmt.percent(rules.minimum_lift, 0)}"
    claim = (
        f"{fmt.number(len(short))} of the {fmt.plural(len(known), 'test')} that ended had too few "
        f"people to find {lift}."
    )
    if len(short) == len(known) > 1:
        claim = f"Not one of the {len(known)} tests that ended had the people to find {lift}."
    evidence = (
        f"In the middle they had a chance of {fmt.percent(middle, 0)} to find it, planned are "
        f"{fmt.percent(rules.power, 0)}; {fmt.number(short['needed'].median())} people per arm are "
        f"needed in the middle, {fmt.number(fewest[short.index].median())} were there."
    )
    return [
        Finding(
            "P03-T5/too-few", "watch", claim, evidence,
            "Test bolder changes, or one change on all pages together, and write down the people "
            "needed before.", "digital marketing", "why", "tests that give an answer",
            "a line in the plan",
        )
    ]  # fmt: skip


def still_open(book: Book) -> list[Finding]:
    """P02-D9: the tests that run, and whether they can show in time what they are for."""
    rules, table = book.rules.abtest, running(book)
    rows = rows_of(table[table["verdict"] == "keep running"])
    if not rows:
        return []
    late = [row for row in rows if _is_late(row, rules.max_weeks)]
    lift = change(rules.minimum_lift)
    claim = f"{named(rows[0])} is open"
    if len(rows) > 1:
        claim = f"{len(rows)} tests are open: {fmt.listed([row['experiment_id'] for row in rows])}"
    if late:
        who = "its" if len(rows) == 1 else fmt.listed([row["experiment_id"] for row in late]) + "'s"
        whose = "its" if len(late) == 1 else "their"
        claim += f"; at {who} pace {lift} cannot be shown by {whose} end"
    remedy = "Widen it to more people, or try a bolder change, before it goes on." if late else ""
    return [
        Finding(
            "P02-D9/running", "watch" if late else "info", f"{claim}.",
            " ".join(f"{row['experiment_id']}: {row['reason']}" for row in rows[:MOST]),
            remedy, owner(late[0]) if late else "", "",
        )
    ]  # fmt: skip


def _is_late(row: Row, max_weeks: int) -> bool:
    """Whether it lacks people at its planned end, or after the longest time a test may run."""
    longest = WEEK * max_weeks
    planned = longest if fmt.is_missing(row["days_left"]) else row["days"] + row["days_left"]
    fewest = min(row["n_control"], row["n"])
    return bool(row["days"]) and fewest / row["days"] * min(planned, longest) < row["needed"]


def untested(book: Book) -> list[Finding]:
    """P03-T5: elements that the handbook wants tested and nobody did."""
    if tests(book).empty:
        return []
    table = elements(book)
    never = table.loc[table["tests"] == 0, "element"].tolist()
    if never:
        claim = f"Never tested: {', '.join(never)}."
        return [Finding("P03-T5/untested", "info", claim, "All tests on record.", question="")]
    won = table.loc[table["shipped"] > 0, "element"].tolist()
    if not won:
        return []
    claim = (
        f"Each of the {len(ELEMENTS)} elements that the handbook names was tested; only the "
        f"{' and the '.join(won)} gave a proven gain."
    )
    evidence = f"{fmt.number(table['ended'].sum())} tests ended."
    return [Finding("P03-T5/untested", "info", claim, evidence, question="")]


def next_test(book: Book) -> list[Finding]:
    """P02-D9: what comes next, and whether there is the traffic for it."""
    ideas, traffic = plan(book), pages(book)
    if ideas.empty or traffic.empty:
        return []
    rules = book.rules.abtest
    lift = f"+{fmt.percent(rules.minimum_lift, 0)}"
    own = traffic[traffic["page_id"] != ALL]
    fits = own[own["weeks"] <= rules.max_weeks]
    first = ideas.iloc[0]
    where = f"{first['element']} on {first['page']}"
    remedy = f"Next: the {where}, from {fmt.date(first['start'])}. {first['why']}"
    worth = "" if fmt.is_missing(first["worth"]) else f"{money(book, first['worth'])} a month"
    if len(fits):
        claim = (
            f"{fmt.number(len(fits))} of {fmt.plural(len(own), 'page')} with a form have the "
            f"people to show {lift} in {rules.max_weeks} weeks."
        )
    else:
        claim = (
            f"No page alone has the people to show {lift} in {rules.max_weeks} weeks: tests must "
            "try bolder changes or join pages."
        )
    return [
        Finding(
            "P02-D9/next", "watch" if fits.empty else "info", claim, _reach(traffic, rules),
            remedy, owner(dict(first)), "next",
            f"{worth} if {lift} came true" if worth else "", "one test",
        )
    ]  # fmt: skip


def _reach(traffic: pd.DataFrame, rules: Any) -> str:
    """What the most visited page, and all together, can show in the weeks allowed."""
    first, last = traffic.iloc[0], traffic.iloc[-1]
    rows = [first] if first["page_id"] == last["page_id"] else [first, last]
    told = [
        f"{row['page']}: {fmt.number(round(row['people_week']))} people a week, "
        f"{fmt.percent(row['baseline'])} convert, {change(row['detectable'])} can be shown"
        for row in rows
    ]
    return f"In {rules.max_weeks} weeks. {'; '.join(told)}."


def vendors(book: Book) -> list[Finding]:
    """B4-X1: what it would take to see the vendor's uplift here."""
    table = claim(book)
    if table.empty or fmt.is_missing(table.iloc[-1]["needed"]):
        return []
    row = table.iloc[-1]
    pages = row["page"] if row["page_id"] != ALL else "all pages with a form together"
    text = (
        f"“Lead conversion {change(CLAIM)}” is a vendor's claim that nothing here supports: to see "
        f"it takes {fmt.number(row['needed'])} people per arm, the visitors of "
        f"{fmt.plural(int(row['weeks']), 'week')} on {pages}."
    )
    over = ended(book)
    won = over[over["verdict"] == "ship"]["experiment_id"].nunique()
    evidence = f"From {fmt.percent(row['baseline'])} to {fmt.percent(row['with_claim'])}."
    if n := over["experiment_id"].nunique():
        evidence += f" Of our own {fmt.plural(n, 'test')} that ended, {won} showed a gain at all."
    return [Finding("B4-X1/claim", "info", text, evidence, question="")]
