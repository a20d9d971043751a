"""The pages of a review, and what they all share: order, style sheet, policy."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

TEMPLATES = Path(__file__).parent / "templates"
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:"


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the review: its name (the path without `.html`), title and group."""

    name: str
    title: str
    group: str = ""


@dataclass(frozen=True, slots=True)
class Site:
    """The review around a page.

    Attributes:
        title: What the review is called, such as `Marketing review`.
        period: The period in words.
        pages: All pages, in reading order.
        lang: Language of the pages.
    """

    title: str
    period: str
    pages: tuple[Page, ...]
    lang: str = "en"

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> Site:
        """The site that `dataclasses.asdict` gave."""
        return cls(**{**fields, "pages": tuple(Page(**page) for page in fields["pages"])})

    def groups(self) -> list[tuple[str, list[Page]]]:
        """The pages by group, in reading order; neighbours without a group stay apart."""
        groups: list[tuple[str, list[Page]]] = []
        for page in self.pages:
            if groups and groups[-1][0] == page.group:
                groups[-1][1].append(page)
            else:
                groups.append((page.group, [page]))
        return groups


@cache
def stylesheet() -> str:
    """The one style sheet of all pages: the layout's rules, then the blocks'."""
    parts = (TEMPLATES / "style.css", TEMPLATES / "components.css")
    return "\n".join(part.read_text(encoding="utf-8") for part in parts)


def template_globals() -> dict[str, Any]:
    """What the templates of pages and index have in common."""
    from markupsafe import Markup

    return {"policy": POLICY, "stylesheet": Markup(stylesheet())}  # noqa: S704 - our own file
