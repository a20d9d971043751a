"""Which tests come next: what was kept without proof, what won elsewhere, what was never tried."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from playbook import format as fmt
from playbook.book import remembered
from playbook.chapters.ab_testing.inputs import NOT_ON_PAGES, in_words, today
from playbook.chapters.ab_testing.planned import WEEK, Needs, needs, next_monday, untested
from playbook.chapters.ab_testing.record import UNPROVEN, record
from playbook.chapters.ab_testing.said import change
from playbook.chapters.ab_testing.traffic import ALL, daily, visited
from playbook.format import div

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    import pandas as pd

    from playbook.book import Book

COLUMNS = [
    "page_id", "page", "element", "hypothesis", "metric", "baseline", "lift", "needed",
    "people_week", "weeks", "detectable", "start", "owner", "worth", "why",
]  # fmt: skip
BEYOND_HOPE = 1.0
"""A lift that hardly any change has: the rate would double (ours)."""

METRIC = "forms sent ÷ visitors"


class Idea(NamedTuple):
    """A test that might be run.

    Attributes:
        pages: Where: ids of the pages that it is run on, together.
        element: What is changed.
        hypothesis: What is expected of it.
        why: Why it, and why now.
        baseline: Share that converts now; missing where the pages' own is to be taken.
        is_kept: Whether the change is in place already, without proof.
    """

    pages: tuple[str, ...]
    element: str
    hypothesis: str
    why: str
    baseline: float = float("nan")
    is_kept: bool = False


@remembered
def plan(book: Book) -> pd.DataFrame:
    """The growth-experiment plan (增长实验计划表, P02-D9): the next test of each page.

    Of each page the first that applies: what was kept without proof or was to be repeated; what
    won on another page, on all pages without it together, so that it gets its people; an element
    that was never tested there. One test at a time on a page.

    Returns:
        `page_id` (several are joined by "+"), `page`, `element`, `hypothesis`, `metric`,
        `baseline`, `lift` (to be shown), `needed` (people per arm), `people_week`, `weeks` (full
        ones), `detectable` (what the weeks allowed can show), `start` (a Monday), `owner` (of the
        page), `worth` (a month, if the lift came true; missing where a form has none), `why`; most
        worth first.
    """
    import pandas as pd

    ideas: list[Idea] = []
    taken: set[str] = set()
    for source in (_again, _won_elsewhere, _never_tried):
        for idea in source(book, frozenset(taken)):
            if taken.isdisjoint(idea.pages):
                ideas.append(idea)
                taken.update(idea.pages)
    table = pd.DataFrame([_row(book, idea) for idea in ideas], columns=COLUMNS)
    return table.sort_values(
        ["worth", "people_week"], ascending=False, kind="stable", ignore_index=True
    )


def _again(book: Book, _: frozenset[str]) -> Iterator[Idea]:
    """Tests that were to be repeated, or whose change was kept though nothing proves it."""
    table, seen = record(book), set(daily(book)["page_id"])
    for row in table.to_dict("records"):
        if row["page_id"] not in seen or row["element"] in NOT_ON_PAGES or row["is_running"]:
            continue
        name, days = row["experiment_id"], fmt.days(row["days"])
        if row["reread"] in UNPROVEN and row["why"] == "broken split":
            why = f"{name} was kept with a broken split: mend it, then test it again, to the end."
        elif row["reread"] in UNPROVEN:
            why = f"{name} was kept without proof after {days}: test it again, to the end."
        elif row["reread"] == "to be repeated":
            why = f"{name} ended open and was to be repeated, now with the people it takes."
        else:
            continue
        told = _or(row["hypothesis"])
        kept = row["reread"] in UNPROVEN
        yield Idea((row["page_id"],), row["element"], told, why, row["value_control"], kept)


def _won_elsewhere(book: Book, taken: frozenset[str]) -> Iterator[Idea]:
    """What may be shipped on one page, for the free pages on which it was never tested."""
    table = record(book)
    won = table[(table["verdict"] == "ship") & ~table["element"].isin(NOT_ON_PAGES)]
    won = won.sort_values("lift", ascending=False, kind="stable")
    tried = set(zip(table["page_id"], table["element"], strict=True))
    for row in won.to_dict("records"):
        free = [p for p in _pages(book) if p not in taken and (p, row["element"]) not in tried]
        if not free:
            continue
        why = f"It won on {row['page']} ({row['experiment_id']}); whether it wins here is not known"
        why += ". One test on these pages together, read page by page too." if free[1:] else "."
        yield Idea(tuple(free), row["element"], _or(row["hypothesis"]), why)


def _never_tried(book: Book, taken: frozenset[str]) -> Iterator[Idea]:
    """The elements of the handbook that were never tested on a page, in its order."""
    anywhere = set(untested(book, ALL))
    for page_id in _pages(book):
        own = sorted(untested(book, page_id), key=lambda name: name not in anywhere)
        if page_id not in taken and own:
            where = "anywhere" if own[0] in anywhere else "on this page"
            why = f"The {in_words(own[0])} was never tested {where} (P03-T5)."
            yield Idea((page_id,), own[0], "", why)


def _pages(book: Book) -> list[str]:
    return [page for page in visited(book)["page_id"] if page != ALL]


def _or(hypothesis: Any) -> str:
    return "" if fmt.is_missing(hypothesis) else str(hypothesis)


def _row(book: Book, idea: Idea) -> dict[str, Any]:
    days = daily(book)
    own = days[days["page_id"].isin(idea.pages)]
    by_day = own.groupby("date")[["people", "converted"]].sum()
    rate = div(by_day["converted"].sum(), by_day["people"].sum())
    baseline = rate if rate > 0 else idea.baseline
    lift = book.rules.abtest.minimum_lift
    found = needs(book, baseline, by_day["people"])
    names = own.drop_duplicates("page_id").set_index("page_id")
    owners = names["owner"].dropna().unique()
    return {
        "page_id": "+".join(idea.pages),
        "page": " + ".join(names.loc[list(idea.pages), "page"]),
        "element": in_words(idea.element),
        "hypothesis": idea.hypothesis or f"Another {in_words(idea.element)} brings more forms.",
        "metric": METRIC,
        "baseline": baseline,
        "lift": lift,
        "needed": found.needed,
        "people_week": by_day["people"].mean() * WEEK,
        "weeks": found.weeks,
        "detectable": found.detectable,
        "start": _start(book, idea.pages),
        "owner": ", ".join(owners) or None,
        "worth": _worth(book, idea.pages) * lift,
        "why": idea.why + _too_few(book, idea, found),
    }


def _too_few(book: Book, idea: Idea, found: Needs) -> str:
    """What to do where the page's people can show nothing but a change beyond all hope."""
    if found.plan is None or found.detectable < BEYOND_HOPE:
        return ""
    weeks = book.rules.abtest.max_weeks
    shown = "nothing" if fmt.is_missing(found.detectable) else change(found.detectable)
    remedy = "go back to the old one" if idea.is_kept else "leave it"
    return f" In {weeks} weeks this page can show {shown} at the least: join pages, or {remedy}."


def _worth(book: Book, page_ids: tuple[str, ...]) -> float:
    """What all forms of the pages are worth a month; missing where one of them has none."""
    pages = visited(book).set_index("page_id").reindex(list(page_ids))
    return float(
        (pages["people_month"] * pages["baseline"] * pages["worth"]).sum(min_count=len(page_ids))
    )


def _start(book: Book, page_ids: tuple[str, ...]) -> date:
    """The next Monday, or the first one after what still runs on the pages is through."""
    table = record(book)
    on_page = table["is_running"].astype(bool) & table["page_id"].isin(page_ids)
    on_page &= ~table["element"].isin(NOT_ON_PAGES)
    first = today(book)
    for row in table[on_page].to_dict("records"):
        longest = row["started"] + timedelta(weeks=book.rules.abtest.max_weeks)
        left = row["days_left"]
        end = longest if fmt.is_missing(left) else first + timedelta(days=int(left))
        first = max(first, min(end, longest))
    return next_monday(first)
