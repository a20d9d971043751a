"""The reading order of the notebooks, and what each page is called."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from playbook.errors import ReviewError
from playbook.report.site import Page

if TYPE_CHECKING:
    from pathlib import Path

PAGES = (
    Page("00_diagnosis", "Diagnosis"),
    Page("funnel/01_growth_funnel", "Growth funnel", "Funnel"),
    Page("funnel/02_lead_scoring", "Lead scoring", "Funnel"),
    Page("funnel/03_response_sla", "Response times", "Funnel"),
    Page("funnel/04_nurture", "Nurture", "Funnel"),
    Page("channels/01_digital_marketing", "Digital marketing", "Channels"),
    Page("channels/02_attribution", "Attribution", "Channels"),
    Page("channels/03_ab_testing", "A/B tests", "Channels"),
    Page("channels/04_events", "Events", "Channels"),
    Page("channels/05_partners", "Partners", "Channels"),
    Page("content/01_content_marketing", "Content marketing", "Content"),
    Page("content/02_brand", "Brand", "Content"),
    Page("content/03_product_marketing", "Product marketing", "Content"),
    Page("management/01_team", "Team", "Management"),
    Page("management/02_ai_workflow", "AI workflow", "Management"),
    Page("management/03_work_intake", "Work intake", "Management"),
    Page("management/04_leadership", "Leadership", "Management"),
    Page("management/05_obstacles", "Obstacles", "Management"),
    Page("99_cockpit", "Cockpit"),
)


def pages(folder: Path) -> tuple[Page, ...]:
    """The pages of the notebooks in `folder`, in reading order.

    A company's own notebooks come after ours of the same subfolder, by name.

    Raises:
        ReviewError: There is no notebook.
    """
    known = {page.name: page for page in PAGES}
    found = [
        known.get(name) or _own(folder, name)
        for path in sorted(folder.rglob("*.ipynb"))
        if not any(part.startswith(".") for part in path.relative_to(folder).parts)
        for name in [path.relative_to(folder).with_suffix("").as_posix()]
    ]
    if not found:
        raise ReviewError(f"no notebook (*.ipynb) in {folder}")
    return tuple(sorted(found, key=_place))


def _place(page: Page) -> tuple[int, bool, str]:
    names = [entry.name for entry in PAGES]
    if page.name in names:
        return names.index(page.name), False, ""
    folder, _, _ = page.name.rpartition("/")
    beside = [i for i, name in enumerate(names[:-1]) if name.rpartition("/")[0] == folder]
    return (max(beside) if beside else len(names) - 2), True, page.name


def _own(folder: Path, name: str) -> Page:
    """A page that we do not know: titled by its first heading, grouped by its folder."""
    group, _, stem = name.rpartition("/")
    words = stem.lstrip("0123456789_-").replace("_", " ").strip() or stem
    title = _first_heading(folder / f"{name}.ipynb") or words.capitalize()
    return Page(name, title, group.replace("_", " ").capitalize())


def _first_heading(notebook: Path) -> str:
    try:
        cells: list[Any] = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        sources = ["".join(c["source"]) for c in cells if c["cell_type"] == "markdown"]
    except (OSError, ValueError, KeyError, TypeError):
        return ""  # what is wrong with the file is told on its page
    lines = [line for source in sources for line in source.splitlines()]
    return next((line[2:].strip() for line in lines if line.startswith("# ")), "")
