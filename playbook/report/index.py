"""index.html: what happened, whether it is real, why, what next, what is needed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from playbook import format as fmt
from playbook.findings import QUESTIONS, Finding, Question
from playbook.report import gather
from playbook.report.site import TEMPLATES, template_globals

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from playbook.book import Book
    from playbook.report.gather import Notes, Worklist
    from playbook.report.runner import PageResult
    from playbook.report.site import Page, Site

_PER_QUESTION = {"what": 1, "real": 2, "why": 2, "next": 3, "need": 3}
_PROBLEM_ROWS = 15
_OF_A_WEEK: dict[Question, str] = {"what": "What happened this week", "next": "Next week"}
WEEKLY = "weekly_report"
"""The sheet of the weekly report, which only a week has."""


class Notice(NamedTuple):
    """Something the reader must know before anything else, with the place that explains it."""

    text: str
    href: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the first screen says to one question.

    Attributes:
        name: The question's key.
        question: The question in words.
        entries: The findings that answer it, with their page, and whether the claim has been
            said above already.
    """

    name: str
    question: str
    entries: tuple[tuple[Finding, Page, bool], ...]


@dataclass(frozen=True, slots=True)
class Card:
    """A chapter with its one headline."""

    page: Page
    headline: str
    failed: bool


def build(
    book: Book,
    site: Site,
    notes: Sequence[Notes],
    results: Sequence[PageResult],
    folder: Path,
    *,
    lists: Sequence[Worklist] = (),
) -> str:
    """The index page.

    Args:
        book: The frozen Book.
        site: The pages.
        notes: What each page left.
        results: How each page ended.
        folder: The review's folder, for links to what lies in it.
        lists: The worklists of all pages, where they lie in the review.

    Returns:
        HTML; the same for the same review.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    from playbook.report import show

    show.configure(
        currency=book.rules.company.currency,
        style=book.rules.report.number_style,
        lang=book.rules.report.lang,
        period=book.period.kind,
    )
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(template_globals())
    found = gather.findings(notes)
    by_name = {page.name: page for page in site.pages}
    return environment.get_template("index.html.j2").render(
        site=site,
        root="",
        current=None,
        headings=(),
        failures=[(by_name[r.page], r) for r in results if r.status != "ok"],
        notices=_notices(book, notes),
        answers=_answers(found, book.period.kind),
        weekly=_weekly(notes),
        kind=book.period.kind,
        cockpit=Markup(show.cockpit_html(_cockpit(notes))),  # noqa: S704 - show escapes
        findings=[(Markup(show.finding_html(finding)), page) for finding, page in found],  # noqa: S704 - show escapes
        cards=_cards(site, notes, results),
        lists=lists,
        papers=gather.papers(notes),
        made=_made(book),
        counts=_counts(book),
        files=book.files.to_dict("records"),
        extras=_extras(folder),
    )


def _answers(found: Sequence[tuple[Finding, Page]], kind: str) -> list[Answer]:
    """For each question, the most pressing findings that answer it.

    What is next follows from every finding that has a remedy, whichever question it answers.
    """
    answers: list[Answer] = []
    said: set[str] = set()
    for name, words in (QUESTIONS | (_OF_A_WEEK if kind == "week" else {})).items():
        fitting = [
            (finding, page, finding.claim in said)
            for finding, page in found
            if finding.question == name or (name == "next" and _is_pressing(finding))
        ][: _PER_QUESTION[name]]
        said |= {finding.claim for finding, _, _ in fitting}
        answers.append(Answer(name, words, tuple(fitting)))
    return answers


def _weekly(notes: Sequence[Notes]) -> Page | None:
    """The page that opens with the weekly report; None where the period is no week."""
    opening = (note.page for note in notes if any(s.name == WEEKLY for s in note.sheets))
    return next(opening, None)


def _is_pressing(finding: Finding) -> bool:
    return bool(finding.remedy) and finding.level in {"act", "watch"} and finding.question != "need"


def _cockpit(notes: Sequence[Notes]) -> list[dict[str, Any]]:
    """The seven layers in order; one that no page fills says so."""
    from playbook.report import show

    rows = [row for note in notes for row in note.cockpit]
    empty: dict[str, Any] = {
        "name": "No data yet",
        "value_text": "–",
        "change_text": "",
        "last_year_text": "",
        "target_share": None,
        "trend": [],
        "judgement": "",
        "level": "info",
    }
    filled = {row["layer"] for row in rows}
    return rows + [{**empty, "layer": layer} for layer in show.LAYERS if layer not in filled]


def _cards(site: Site, notes: Sequence[Notes], results: Sequence[PageResult]) -> list[Card]:
    headlines = {note.page.name: note.headline for note in notes}
    failed = {result.page for result in results if result.status != "ok"}
    return [Card(p, headlines.get(p.name, ""), p.name in failed) for p in site.pages]


def _notices(book: Book, notes: Sequence[Notes]) -> list[Notice]:
    """What is missing, set aside or too young, each with its count."""
    from playbook.data import schema

    counts = book.counts
    aside = int(counts.loc[counts.severity == "aside", "count"].sum())
    flagged = int(counts.loc[counts.severity == "flag", "count"].sum())
    tables = [table for table in schema.TABLES.values() if table.kind != "reference"]
    absent = sum(not book.has(table.name) for table in tables)
    young = sum(_immature(note) for note in notes)
    told = [
        (
            book.as_of < book.period.end,
            f"The {book.period.kind} is not over: data up to {_moment(book)}.",
        ),
        (aside, f"{fmt.plural(aside, 'row')} set aside."),
        (flagged, f"{fmt.plural(flagged, 'problem')} in rows that were kept."),
        (absent, f"{absent} of {len(tables)} tables hold no data; their sections are off."),
        (young, f"{fmt.plural(young, 'figure')} too young to judge."),
    ]
    return [Notice(text, "#made") for is_so, text in told if is_so]


def _immature(note: Notes) -> int:
    """How many figures of a page's tables are marked as too young."""
    frames = (sheet.read() for sheet in note.sheets)
    return sum(int((f["immature"] == True).sum()) for f in frames if "immature" in f.columns)  # noqa: E712 - may hold missing values


def _moment(book: Book) -> str:
    return f"{book.local(book.as_of):%Y-%m-%d %H:%M}"


def _made(book: Book) -> list[tuple[str, str]]:
    """How the numbers were made, as pairs of name and words."""
    company = book.rules.company
    first, last = book.period.first, book.period.last
    return [
        *([("Company", company.name)] if company.name else []),
        ("Period", f"{book.period.title}: {first:%Y-%m-%d} to {last:%Y-%m-%d}"),
        ("Compared with", f"{book.previous.title} and {book.last_year.title}"),
        ("Known as of", f"{_moment(book)} ({company.report_zone})"),
        ("Amounts", f"{company.currency}; {_tax(book)}"),
        ("Standards", _standards(book)),
        ("Rules", book.meta["rules_hash"][:12]),
        ("Input", book.meta["input_hash"][:12]),
        ("Duplicates merged", f"{len(book.merges):,}"),
        ("Playbook", book.meta["version"]),
    ]


def _tax(book: Book) -> str:
    """Which amounts include tax, by the rules."""
    words = {"incl": "with tax", "excl": "without tax"}
    kinds = book.rules.company.tax.model_dump()
    if len(set(kinds.values())) == 1:
        return f"all {words[next(iter(kinds.values()))]}"
    return ", ".join(f"{name.replace('_', ' ')} {words[kind]}" for name, kind in kinds.items())


def _standards(book: Book) -> str:
    """Whether valid leads, MQL, SQL and ICP are as recorded, or follow from the rules."""
    names = {"valid": "valid leads", "mql": "MQL", "sql": "SQL", "icp": "ICP"}
    kinds = {"recorded": "as recorded", "rule": "by rule"}
    return ", ".join(f"{names[name]} {kinds[how]}" for name, how in book.deciders.items())


def _counts(book: Book) -> dict[str, Any]:
    """The kinds of problems, gravest and most frequent first."""
    order = {"stop": 0, "aside": 1, "flag": 2, "note": 3}
    counts = book.counts
    ranked = counts.assign(rank=counts.severity.map(order)).sort_values(
        ["rank", "count", "table", "code"], ascending=[True, False, True, True]
    )
    rows = ranked.head(_PROBLEM_ROWS).to_dict("records")
    return {"rows": rows, "more": max(len(ranked) - _PROBLEM_ROWS, 0)}


def _extras(folder: Path) -> list[tuple[str, str]]:
    """Links to what else lies in the review: its name and what it is."""
    known = {
        "tables.xlsx": "every table of the pages",
        "worklists": "lists to work through, as CSV",
        "documents": "the handbook's documents, written from the rules",
        "set_aside": "rows that could not be used",
        "notebooks": "the executed notebooks",
        "manifest.json": "hashes, versions, timings",
    }
    # The manifest is written after the index, since it lists the index's hash.
    return [(n, what) for n, what in known.items() if n == "manifest.json" or (folder / n).exists()]
