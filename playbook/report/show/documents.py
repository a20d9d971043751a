"""A document of the handbook, filled in: folded on its chapter's page, a page of its own too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.report.show import collect
from playbook.report.show.html import Html, Shown, el, join
from playbook.report.show.tables import plain

if TYPE_CHECKING:
    from playbook.documents import Document, Section


def document(paper: Document) -> Shown:
    """A document under its name, folded; the review also makes a page of it.

    Args:
        paper: What a chapter wrote from the rules in force.

    Raises:
        ParameterError: Its name cannot be a file's.
    """
    body = join([_section(section) for section in paper.sections])
    file = collect.document(paper, body)
    summary = el(
        "summary", el("span", f"《{paper.zh}》 ", lang="zh"), paper.title, cls="pb-document-name"
    )
    foot = f"{paper.id}, written from {paper.source}."
    foot += f" A page of its own: documents/{file}." if file else ""
    note = el("p", foot, cls="pb-note")
    html = el("details", summary, el("p", paper.purpose), body, note, cls="pb-document")
    return Shown(html, _as_text(paper))


def _section(section: Section) -> Html:
    paragraphs = [el("p", line) for line in section.text.splitlines() if line.strip()]
    rows = section.table
    table = plain(rows, section.heading, section.units) if rows is not None else Html()
    return el("section", el("h3", section.heading), *paragraphs, table)


def _as_text(paper: Document) -> str:
    parts = [f"《{paper.zh}》 {paper.title}", paper.purpose]
    for section in paper.sections:
        parts += ["", section.heading, section.text]
        if section.table is not None:
            parts.append(section.table.to_string(index=False))
    return "\n".join(part for part in parts if part is not None)
