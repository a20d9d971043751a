"""The style sheet of the blocks, for notebooks and for the review's template."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from playbook.report.show.html import Html, Shown, el

_FILE = Path(__file__).parent.parent / "templates" / "components.css"


@cache
def css() -> str:
    """The rules for every `pb-` class, to go into a `<style>` element."""
    return _FILE.read_text("utf-8")


def style() -> Shown:
    """The style sheet as something to display, once, in a notebook."""
    return Shown(el("style", Html(css())), "")
