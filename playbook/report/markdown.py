"""Markdown to HTML for pages: mathematics as MathML, headings with anchors, prices left alone."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import escape, unescape
from typing import Any, NamedTuple

from mistune import HTMLRenderer
from nbconvert.filters.markdown_mistune import MarkdownWithMath, MathInlineParser

_TAG = re.compile(r"<[^>]+>")
_NOT_IN_SLUG = re.compile(r"[^\w\s-]")


class Heading(NamedTuple):
    """A heading of a page: its level, anchor and words."""

    level: int
    anchor: str
    text: str


@dataclass
class Headings:
    """The headings of a page so far; anchors are made unique."""

    found: list[Heading] = field(default_factory=list)

    def add(self, level: int, html: str) -> Heading:
        """Note a heading and give it an anchor."""
        text = unescape(_TAG.sub("", html)).strip()
        slug = re.sub(r"[\s_]+", "-", _NOT_IN_SLUG.sub("", text.lower())).strip("-") or "section"
        taken = {heading.anchor for heading in self.found}
        numbered = (f"{slug}-{n}" for n in range(2, len(taken) + 3))
        anchor = slug if slug not in taken else next(a for a in numbered if a not in taken)
        heading = Heading(level, anchor, text)
        self.found.append(heading)
        return heading


class _Inline(MathInlineParser):
    """Dollar signs are mathematics only as pandoc reads them: `$x$`, but not `$3 vs $4`."""

    INLINE_MATH_TEX = r"(?<![$\\])\$(?=[^\s$])(?P<math_inline_tex>[^$]*?[^\s$\\])\$(?![\d$])"
    SPECIFICATION = {**MathInlineParser.SPECIFICATION, "inline_math_tex": INLINE_MATH_TEX}  # noqa: RUF012 - as in the parent


class _Renderer(HTMLRenderer):
    """Renders for one page."""

    def __init__(self, headings: Headings, attachments: dict[str, Any], *, trusted: bool) -> None:
        super().__init__(escape=not trusted)
        self._headings = headings
        self._attachments = attachments

    def heading(self, text: str, level: int, **_: Any) -> str:
        return heading(text, level, self._headings)

    def link(self, text: str, url: str, title: str | None = None) -> str:
        return super().link(text, re.sub(r"\.ipynb(?=$|#)", ".html", url), title)

    def image(self, text: str, url: str, title: str | None = None) -> str:
        """A picture that travels with the notebook; others would ask the network or the disk."""
        name = url.removeprefix("attachment:")
        for mime, data in self._attachments.get(name, {}).items():
            return f'<img src="data:{mime};base64,{data}" alt="{escape(unescape(text))}">'
        if url.startswith("data:image/"):
            return super().image(text, url, title)
        return f"<em>{text}</em>"

    def table(self, text: str) -> str:
        return f'<div class="scroll"><table>\n{text}</table></div>\n'

    def block_math(self, body: str) -> str:
        return math(body, display="block")

    def inline_math(self, body: str) -> str:
        return math(body)

    def latex_environment(self, name: str, body: str) -> str:
        return math(f"\\begin{{{name}}}{body}\\end{{{name}}}", display="block")


def render(
    source: str,
    headings: Headings,
    *,
    attachments: dict[str, Any] | None = None,
    trusted: bool = False,
) -> str:
    """Markdown as HTML.

    Args:
        source: The Markdown.
        headings: The page's headings so far; those found here are added.
        attachments: Pictures of a notebook cell.
        trusted: Whether HTML in it is meant; otherwise it is shown as text.
    """
    renderer = _Renderer(headings, attachments or {}, trusted=trusted)
    return MarkdownWithMath(renderer, inline=_Inline(hard_wrap=False)).render(source)


def heading(html: str, level: int, headings: Headings) -> str:
    """A heading with an anchor and a link to it, noted among those of the page."""
    found = headings.add(level, html)
    link = f'<a class="anchor" href="#{found.anchor}" aria-label="Link to here">#</a>'
    return f'<h{level} id="{found.anchor}">{html}{link}</h{level}>\n'


def math(latex: str, display: str = "inline") -> str:
    """A formula as MathML, which browsers draw without help; as text where it is none.

    >>> math("x").partition(">")[2]
    '<mrow><mi>x</mi></mrow></math>'
    """
    from latex2mathml.converter import convert

    try:
        return str(convert(latex.strip(), display=display))
    except Exception:  # noqa: BLE001 - it raises many kinds, and words are better than no page
        return f"<code>{escape(latex)}</code>"
