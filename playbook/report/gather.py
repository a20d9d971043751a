"""What the pages left for the index: headlines, findings, cockpit rows, tables, worklists."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from playbook.findings import LEVELS, Finding

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import pandas as pd

    from playbook.report.site import Page


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table of a page: where its Parquet file lies and what is known about it.

    Attributes:
        page: The page that shows it.
        path: The Parquet file.
        name: What its sheet is called.
        title: What it is.
        note: Remark below it.
        labels: Column name to the label that the page shows.
        units: Column name to unit.
    """

    page: Page
    path: Path
    name: str
    title: str
    note: str
    labels: dict[str, str]
    units: dict[str, str]

    def read(self) -> pd.DataFrame:
        """The table."""
        import pandas as pd

        return pd.read_parquet(self.path)


@dataclass(frozen=True, slots=True)
class Paper:
    """A document that a page left.

    Attributes:
        page: The page that shows it.
        id: The requirement it answers.
        name: What its file is called.
        title: What it is.
        zh: What the handbook calls it.
        purpose: What it is for.
        source: Where it comes from.
        body: Its sections, as escaped HTML.
    """

    page: Page
    id: str
    name: str
    title: str
    zh: str
    purpose: str
    source: str
    body: str


@dataclass(frozen=True, slots=True)
class Worklist:
    """A list of a page.

    Attributes:
        path: The CSV file.
        title: What is on it.
        rows: How many there are.
    """

    path: Path
    title: str
    rows: int


@dataclass(frozen=True, slots=True)
class Notes:
    """What one page left.

    Attributes:
        page: The page.
        headline: Its answer in one sentence; empty if it gave none.
        findings: Its findings.
        cockpit: Its cockpit rows.
        sheets: Its tables.
        worklists: Its lists.
        papers: Its documents.
    """

    page: Page
    headline: str
    findings: tuple[Finding, ...]
    cockpit: tuple[dict[str, Any], ...]
    sheets: tuple[Sheet, ...]
    worklists: tuple[Worklist, ...]
    papers: tuple[Paper, ...] = ()


def gather(folder: Path, pages: Iterable[Page]) -> list[Notes]:
    """What each page left in its folder under `folder`, in reading order."""
    return [_notes(folder / page.name, page) for page in pages]


def _notes(folder: Path, page: Page) -> Notes:
    headline = folder / "headline.txt"
    return Notes(
        page,
        headline.read_text(encoding="utf-8").strip() if headline.exists() else "",
        tuple(Finding(**fields) for fields in _entries(folder / "findings.json")),
        tuple(_entries(folder / "cockpit.json")),
        tuple(_sheet(path, page) for path in sorted((folder / "tables").glob("*.parquet"))),
        tuple(_worklist(path) for path in sorted((folder / "worklists").glob("*.csv"))),
        tuple(_paper(path, page) for path in sorted((folder / "documents").glob("*.json"))),
    )


def _entries(path: Path) -> list[dict[str, Any]]:
    return list(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else []


def _sheet(path: Path, page: Page) -> Sheet:
    about = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    return Sheet(
        page,
        path,
        about["name"],
        about.get("title", ""),
        about.get("note", ""),
        about.get("labels", {}),
        about.get("units", {}),
    )


def _worklist(path: Path) -> Worklist:
    return Worklist(path, **json.loads(path.with_suffix(".json").read_text(encoding="utf-8")))


def _paper(path: Path, page: Page) -> Paper:
    return Paper(page, **json.loads(path.read_text(encoding="utf-8")))


def papers(notes: Iterable[Notes]) -> list[Paper]:
    """The documents of all pages, in reading order, each name once."""
    first: dict[str, Paper] = {}
    for note in notes:
        for paper in note.papers:
            first.setdefault(paper.name, paper)
    return list(first.values())


def findings(notes: Iterable[Notes]) -> list[tuple[Finding, Page]]:
    """All findings with the page they come from, most pressing first, each id once."""
    first: dict[str, tuple[Finding, Page]] = {}
    for note in notes:
        for finding in note.findings:
            first.setdefault(finding.id, (finding, note.page))
    return sorted(first.values(), key=lambda entry: LEVELS.index(entry[0].level))


def copy_worklists(notes: Iterable[Notes], target: Path) -> list[Worklist]:
    """Bring the worklists of all pages into one folder; a name taken twice gets its page's."""
    copied: dict[Path, Worklist] = {}
    for note in notes:
        for worklist in note.worklists:
            path = target / worklist.path.name
            if path in copied:
                path = target / f"{note.page.name.replace('/', '_')}_{worklist.path.name}"
            target.mkdir(exist_ok=True)
            shutil.copyfile(worklist.path, path)
            copied[path] = replace(worklist, path=path)
    return list(copied.values())
