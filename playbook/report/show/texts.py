"""Blocks of words: headline, note, SOP, findings, what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.findings import QUESTIONS, Level, by_level
from playbook.report.show import collect
from playbook.report.show.html import Html, Shown, el, join, settings
from playbook.report.show.tables import require, scrolling

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from playbook.findings import Finding

LEVEL_WORDS: dict[Level, tuple[str, str]] = {
    "act": ("●", "Act"),
    "watch": ("◐", "Watch"),
    "good": ("✓", "Good"),
    "info": ("○", "Note"),
}


def headline(text: str) -> Shown:
    """The page's answer in one sentence; the review also puts it on the chapter's card."""
    collect.text("headline.txt", text)
    return Shown(el("p", text, cls="pb-headline"), text)


def note(text: str) -> Shown:
    """A remark in small print."""
    return Shown(el("p", text, cls="pb-note"), text)


def blocks(df: pd.DataFrame, name: str, *, title: str, zh: str = "", note: str = "") -> Shown:
    """A short report under its own heading, block by block, ready to paste.

    Args:
        df: Columns `block` and `text`, one row per block; every line of a text is one item.
        name: What its sheet is called.
        title: The heading; the page's contents list it.
        zh: What the handbook calls such a report.
        note: A remark below it.

    Raises:
        ParameterError: A column is missing, or the name cannot be a sheet's.
    """
    require(df, "show.blocks", ("block", "text"))
    collect.table(df, collect.checked_name(name), {"title": title, "note": note, "units": {}})
    parts, lines = [], [title]
    for row in df.to_dict("records"):
        items = str(row["text"]).splitlines()
        body = [el("ul", *[el("li", item) for item in items])] if items[1:] else items
        parts += [el("dt", str(row["block"])), el("dd", *body)]
        lines.append(f"{row['block']}: {' '.join(items)}")
    html = join(
        [
            el("h2", title, cls="pb-heading"),
            el("p", zh, lang="zh", cls="pb-muted") if zh else Html(),
            el("dl", *parts, cls="pb-blocks"),
            el("p", note, cls="pb-note") if note else Html(),
        ]
    )
    return Shown(html, "\n".join(lines))


def code(text: str, title: str) -> Shown:
    """Lines to paste elsewhere, such as a section of `playbook.toml`, folded under a title.

    Args:
        text: The lines, as they are.
        title: What they are and where they go.
    """
    lines = scrolling(el("pre", el("code", text)), title)
    html = el("details", el("summary", title), lines, cls="pb-tablebox pb-folded")
    return Shown(html, f"{title}\n{text}")


def missing(section: str, needs: Sequence[str]) -> Shown:
    """What stands where a section has no data: what to supply to switch it on.

    Args:
        section: The section's name.
        needs: Tables and columns, such as `spend` or `ad_daily.cost`.
    """
    things = ", ".join(needs)
    items = join([el("li", el("code", need)) for need in needs])
    body = join(
        [
            el("p", el("strong", section), ": no data for this. Supply"),
            el("ul", items),
        ]
    )
    return Shown(el("div", body, cls="pb-nodata"), f"{section}: no data for this: supply {things}")


def sop(
    title: str,
    *,
    essence: Sequence[str] = (),
    todo: Sequence[str] = (),
    inputs: Sequence[str] = (),
    outputs: Sequence[str] = (),
    people: Sequence[str] = (),
) -> Shown:
    """The SOP on one screen, foldable: open for who works, folded for who reads a review.

    Args:
        title: What it is the procedure for.
        essence: What the job is really about.
        todo: Steps, in order.
        inputs: What one needs to begin.
        outputs: What one delivers.
        people: Who to work with.
    """
    parts = [
        ("What it is about", essence, "ul"),
        ("To do", todo, "ol"),
        ("Inputs", inputs, "ul"),
        ("Outputs", outputs, "ul"),
        ("Work with", people, "ul"),
    ]
    filled = [(name, items, kind) for name, items, kind in parts if items]
    columns = [
        el(
            "section",
            el("p", name, cls="pb-sop-part"),
            el(kind, *[el("li", item) for item in items]),
        )
        for name, items, kind in filled
    ]
    body = el("div", *columns, cls="pb-sop-parts")
    is_open = None if collect.folder() else "open"
    html = el("details", el("summary", f"{title}: the SOP"), body, cls="pb-sop", open=is_open)
    text = "\n".join(
        [title, *(f"{name}: {'; '.join(items)}" for name, items, _ in filled)],
    )
    return Shown(html, text)


def findings(found: Sequence[Finding]) -> Shown:
    """Findings as call-outs, most pressing first; the review collects them for its index."""
    ordered = by_level(list(found))
    collect.entries("findings.json", [finding.as_dict() for finding in ordered])
    if not ordered:
        return note(f"Nothing stands out this {settings().period}.")
    text = "\n".join(
        f"{LEVEL_WORDS[f.level][1]}: {f.claim} ({f.evidence})" + (f" → {f.remedy}" * bool(f.remedy))
        for f in ordered
    )
    return Shown(el("div", *[finding_html(f) for f in ordered], cls="pb-findings"), text)


def finding_html(finding: Finding) -> Html:
    """One finding as a call-out, for a page that already has the styles."""
    icon, word = LEVEL_WORDS[finding.level]
    badge = el("span", el("span", icon, aria_hidden="true"), f" {word}", cls="pb-level")
    facts = [("Owner", finding.owner), ("Worth", finding.worth), ("Effort", finding.effort)]
    details = [el("span", el("b", f"{name}: "), text) for name, text in facts if text]
    do = el("p", el("b", "Do: "), finding.remedy) if finding.remedy else None
    return el(
        "div",
        el("p", badge, el("span", QUESTIONS.get(finding.question, ""), cls="pb-question")),
        el("p", finding.claim, cls="pb-claim"),
        el("p", finding.evidence, cls="pb-evidence") if finding.evidence else None,
        do,
        el("p", *details, cls="pb-facts") if details else None,
        cls=f"pb-finding pb-{finding.level}",
        role="note",
        title=finding.id,
    )
