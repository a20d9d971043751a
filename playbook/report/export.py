"""Executed notebook to page: self-contained, no code, no scripts, nothing asked of the network."""

from __future__ import annotations

import re
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any

import nbformat
from markupsafe import Markup
from nbconvert.exporters.templateexporter import TemplateExporter

from playbook.report import markdown
from playbook.report.markdown import Headings
from playbook.report.site import TEMPLATES, template_globals

if TYPE_CHECKING:
    from playbook.report.gather import Paper
    from playbook.report.runner import PageResult
    from playbook.report.site import Site

PRIORITY = (
    "text/html",
    "text/markdown",
    "image/svg+xml",
    "text/latex",
    "image/png",
    "image/jpeg",
    "text/plain",
)
_WIDGET = "application/vnd.jupyter.widget-view+json"
_NO_ALT = "Figure without a description"
_PX_PER_PT = 4 / 3
_HEADING = re.compile(r'<h2 class="pb-heading">(.*?)</h2>')


def page(nb: Any, site: Site, name: str, failure: PageResult | None = None) -> str:
    """The page of an executed notebook.

    Args:
        nb: The notebook.
        site: The pages around it.
        name: Which of them it is.
        failure: How the notebook ended; what is not ok is told first.

    Returns:
        HTML; the same for the same notebook.
    """
    names = [entry.name for entry in site.pages]
    at = names.index(name)
    around = {
        "site": site,
        "current": site.pages[at],
        "previous": site.pages[at - 1] if at else None,
        "next": site.pages[at + 1] if at + 1 < len(names) else None,
        "root": "../" * name.count("/"),
        "failure": None if failure is None or failure.status == "ok" else failure,
    }
    html, _ = _exporter().from_notebook_node(nb, {"page": around})
    return str(html)


def failed_page(site: Site, name: str, failure: PageResult) -> str:
    """The page of a notebook that left nothing but its failure."""
    title = next(entry.title for entry in site.pages if entry.name == name)
    cells = [nbformat.v4.new_markdown_cell(f"# {title}")]  # type: ignore[no-untyped-call]
    nb = nbformat.v4.new_notebook(cells=cells)  # type: ignore[no-untyped-call]
    return page(nb, site, name, failure)


def document_page(site: Site, paper: Paper) -> str:
    """The page of a document that a notebook showed."""
    template = _environment().get_template("document.html.j2")
    text = template.render(
        site=site,
        root="../",
        current=None,
        headings=(),
        paper=paper,
        body=Markup(paper.body),  # noqa: S704 - show escapes
    )
    return f"{text.strip()}\n"


@cache
def _environment() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined
    )
    environment.globals.update(template_globals())
    return environment


class PageExporter(TemplateExporter):
    """nbconvert's exporter with our template and without its preprocessors."""

    output_mimetype = "text/html"
    default_preprocessors: list[Any] = []  # noqa: RUF012 - a trait's default

    def _create_environment(self) -> Any:
        environment = super()._create_environment()  # type: ignore[no-untyped-call]
        environment.autoescape = True
        environment.globals.update(template_globals())
        return environment

    def from_notebook_node(  # type: ignore[override] # what the parent declares is not what it returns
        self, nb: Any, resources: dict[str, Any] | None = None, **_: Any
    ) -> tuple[str, dict[str, Any]]:
        """The page of a notebook; `resources["page"]` holds what the template needs beside it."""
        around = (resources or {})["page"]
        headings = Headings()
        blocks = [Markup(block) for block in _blocks(nb, around["failure"], headings)]  # noqa: S704 - escaped as they were made
        text = self.template.render(**around, blocks=blocks, headings=headings.found)
        return f"{text.strip()}\n", {}


@cache
def _exporter() -> PageExporter:
    return PageExporter(  # type: ignore[no-untyped-call]
        extra_template_paths=[str(TEMPLATES)], template_name="base", template_file="page.html.j2"
    )


def _blocks(nb: Any, failure: PageResult | None, headings: Headings) -> list[str]:
    """What the page shows of each cell, in order, up to where it failed."""
    blocks: list[str] = []
    code_cells = 0
    for cell in nb.cells:
        if "papermill-error-cell-tag" in cell.metadata.get("tags", []):
            continue
        if cell.cell_type == "markdown":
            attachments = cell.get("attachments", {})
            html = markdown.render(cell.source, headings, attachments=attachments, trusted=True)
            blocks.append(html)
        elif cell.cell_type == "code":
            code_cells += bool(cell.source.strip())
            blocks += [_output(output, headings, len(blocks)) for output in cell.outputs]
            if failure and failure.cell == code_cells:
                break
    return [block for block in blocks if block]


def _output(output: Any, headings: Headings, number: int) -> str:
    """One output as HTML; empty for what a page does not show."""
    if output.output_type == "stream":
        return _text(output.text) if output.name == "stdout" else ""
    if output.output_type == "error" or _WIDGET in output.data:
        return ""
    mime = next((mime for mime in PRIORITY if mime in output.data), None)
    return _shown(mime, output, headings, number) if mime else ""


def _shown(mime: str, output: Any, headings: Headings, number: int) -> str:
    data = output.data[mime]
    match mime:
        case "text/html":
            return f'<div class="output">{_with_anchors(data, headings)}</div>'
        case "text/markdown":
            return f'<div class="output">{markdown.render(data, headings)}</div>'
        case "text/latex":
            return f'<div class="output">{markdown.math(data.strip().strip("$"), "block")}</div>'
        case "image/svg+xml":
            return _figure(inline_svg(data, f"fig{number}-"), _alt(output, mime))
        case "image/png" | "image/jpeg":
            return _picture(mime, data, _alt(output, mime), output.metadata.get(mime, {}))
        case _:
            return _text(data)


def _with_anchors(html: str, headings: Headings) -> str:
    """A block of `show` whose own headings can be linked to and stand in the page's contents."""
    return _HEADING.sub(lambda found: markdown.heading(found[1], 2, headings), html)


def _alt(output: Any, mime: str) -> str:
    metadata = output.metadata
    return str(metadata.get(mime, {}).get("alt") or metadata.get("alt") or _NO_ALT)


def _text(text: str) -> str:
    plain = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", text).rstrip()
    return f'<pre class="output">{escape(plain)}</pre>' if plain else ""


def _picture(mime: str, data: str, alt: str, sizes: dict[str, Any]) -> str:
    width = f' width="{int(sizes["width"])}"' if "width" in sizes else ""
    source = f"data:{mime};base64,{data.replace(chr(10), '')}"
    return f'<figure class="figure"><img src="{source}" alt="{escape(alt)}"{width}></figure>'


def _figure(svg: str, alt: str) -> str:
    labelled = svg.replace("<svg", f'<svg role="img" aria-label="{escape(alt)}"', 1)
    return f'<figure class="figure">{labelled}</figure>'


def inline_svg(svg: str, prefix: str) -> str:
    """An SVG file as an element of a page: its words stay words, its names become its own.

    Args:
        svg: The file. Its prologue, metadata (which holds the date), scripts and page-wide style
            rules are dropped.
        prefix: Put before every id, since two figures of a page use the same ones.
    """
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"(?s)<(metadata|script|style)\b.*?</\1>\s*|<style\b[^>]*/>", "", svg)
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{prefix}\1"', svg)
    svg = re.sub(r"url\(#([^)]+)\)", rf"url(#{prefix}\1)", svg)
    svg = re.sub(r'href="#([^"]+)"', rf'href="#{prefix}\1"', svg)
    head, rest = svg.split(">", 1)
    return f"{_fluid(head)}>{rest}".strip()


def _fluid(head: str) -> str:
    """The opening tag with its size as a limit, so that the figure shrinks with the page."""
    width = re.search(r'\bwidth="([\d.]+)(pt|px)?"', head)
    head = re.sub(r'\s(?:width|height)="[^"]*"', "", head)
    if width is None or "viewBox" not in head:
        return head
    pixels = float(width[1]) * (_PX_PER_PT if width[2] == "pt" else 1)
    return f'{head} style="width:100%;max-width:{pixels:.0f}px"'
