"""What the diagnosis says: data health first, then systems, gaps, and what to do first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook import format as fmt
from playbook.book import remembered
from playbook.chapters.onboarding.assets import content_map, gaps, inventory
from playbook.chapters.onboarding.declared import cockpit
from playbook.chapters.onboarding.deliverables import day_number, deliverables, phases
from playbook.chapters.onboarding.projects import open_key_projects, short_list
from playbook.chapters.onboarding.systems import LEVELS, maturity, signals
from playbook.findings import Finding, Level, by_level

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book


GRAVE = 0.01
"""From this share of problem rows on, data health is something to act on (our default)."""


@remembered
def findings(book: Book) -> list[Finding]:
    """What P01 and C01 say about where the company stands, most pressing first."""
    systems = maturity(signals(book))
    found = [
        _health(book),
        *_systems(systems),
        *_content_gap(book),
        *_missing_assets(book),
        *_short_list(book),
        *_too_many_projects(book),
        *_overdue(book),
    ]
    return by_level(found)


def headline(book: Book) -> str:
    """Where the company stands, in one sentence."""
    systems = maturity(signals(book))
    known = systems[systems["known"] > 0]
    running = int((known["level"] == LEVELS[3]).sum())
    picks = short_list(book)
    first = picks.loc[picks["pick"], "project"].head(1)
    start = f" Start with: {first.iloc[0]}." if len(first) else ""
    weakest = known.sort_values("met", kind="stable").iloc[0]["system"]
    return (
        f"Running, of the {fmt.plural(len(known), 'marketing system')} that the data shows: "
        f"{running}; {weakest} is furthest from it.{start}"
    )


def risks(found: list[Finding]) -> pd.DataFrame:
    """The risk register (P01-T5): what is pressing, what it rests on, what to do, and who.

    Args:
        found: What `findings` returned.
    """
    import pandas as pd

    pressing = [f for f in found if f.level in {"act", "watch"}]
    columns = ["level", "risk", "evidence", "remedy", "owner"]
    rows = [(f.level, f.claim, f.evidence, f.remedy, f.owner) for f in pressing]
    return pd.DataFrame(rows, columns=columns)


def _health(book: Book) -> Finding:
    counts = book.counts
    aside = int(counts.loc[counts["severity"] == "aside", "count"].sum())
    flagged = int(counts.loc[counts["severity"] == "flag", "count"].sum())
    merged = len(book.merges)
    leads = book.rows("lead")
    total = sum(cockpit(book)["rows"]) + aside
    grave = (aside + flagged) > GRAVE * total
    level: Level = "watch" if grave else "info" if aside or flagged else "good"
    claim = (
        f"{fmt.number(leads)} leads read; {fmt.number(aside)} rows were set aside, "
        f"{fmt.number(flagged)} kept and flagged, {fmt.number(merged)} duplicates merged."
    )
    worst = counts[counts["severity"].isin(["aside", "flag"])].nlargest(3, "count")
    evidence = "; ".join(
        f"{table}: {code} × {fmt.number(count)}"
        for table, code, count in worst[["table", "code", "count"]].itertuples(index=False)
    )
    remedy = "Correct the listed rows in their source system." if aside or flagged else ""
    return Finding(
        "P01/data-health",
        level,
        claim,
        evidence or "No problems found.",
        remedy,
        "marketing operations",
        "real" if grave else "",
        "figures nobody disputes",
        "days",
    )


def _systems(systems: pd.DataFrame) -> list[Finding]:
    """C01: the systems that are furthest from running."""
    dark = systems[systems["level"] == LEVELS[0]]
    weak = systems[(systems["level"] == LEVELS[1])]
    found = []
    if len(weak):
        names = ", ".join(weak["system"])
        signs = "; ".join(f"{r.system}: {r.met} of {r.known} signs" for r in weak.itertuples())
        found.append(
            Finding(
                "C01/weak-systems",
                "watch",
                f"Only started: {names}.",
                signs,
                f"First: see that {weak['next'].iloc[0]}.",
                "marketing head",
                "why",
            )
        )
    if len(dark):
        found.append(
            Finding(
                "C01/dark-systems",
                "info",
                f"The data says nothing about: {', '.join(dark['system'])}.",
                "No table of theirs was supplied.",
                "Supply the tables named in the section.",
                "marketing operations",
                "need",
            )
        )
    return found


def _content_gap(book: Book) -> list[Finding]:
    if not book.has("content", "account.industry"):
        return []
    empty = gaps(content_map(book))
    if empty.empty:
        return []
    row = empty.iloc[0]
    own = empty[empty["industry"] == row["industry"]]["stage"]
    claim = (
        f"{row['industry'].capitalize()} brings {fmt.number(row['leads'])} leads and has no "
        f"content for {' and '.join(s.replace('_', '-') for s in own)}."
    )
    remedy = f"Write the missing {row['industry']} content, {own.iloc[-1].replace('_', '-')} first."
    return [
        Finding(
            "P01-D9/content-gap",
            "watch",
            claim,
            f"{fmt.plural(len(empty), 'empty cell')} among the five industries with most leads.",
            remedy,
            "content",
            "next",
            "",
            "weeks",
        )
    ]


def _missing_assets(book: Book) -> list[Finding]:
    table = inventory(book)
    none = table[table["state"] == "none"]["asset"]
    stale = table[table["state"] == "stale"]["asset"]
    if none.empty and stale.empty:
        return []
    parts = [f"none: {', '.join(none)}"] if len(none) else []
    parts += [f"untouched for a year: {', '.join(stale)}"] if len(stale) else []
    return [
        Finding(
            "P01-T7/assets",
            "info",
            f"Assets to look at: {'; '.join(parts)}.",
            "22 kinds of asset were looked for.",
            "",
            "content",
            "why",
        )
    ]


def _short_list(book: Book) -> list[Finding]:
    table = short_list(book)
    picks = table[table["pick"]]
    if picks.empty:
        return []
    names = "; ".join(picks["project"])
    evidence = "; ".join(f"{r.sign}: {fmt.rate(r.share, r.n)}" for r in picks.itertuples())
    return [
        Finding(
            "P01-R3/short-list",
            "info",
            f"Key projects to pick first: {names}.",
            evidence,
            f"Name one owner each for: {names}.",
            "marketing head",
            "next",
            "",
            "a quarter",
        )
    ]


def _too_many_projects(book: Book) -> list[Finding]:
    most = book.rules.onboarding.key_projects_max
    table = open_key_projects(book)
    if len(table) <= most:
        return []
    claim = f"{len(table)} key projects are open; more than {most} at once means none is."
    late = int(table["late"].sum())
    return [
        Finding(
            "P01-R3/too-many",
            "watch",
            claim,
            f"{late} of them {'is' if late == 1 else 'are'} late.",
            "Keep the two or three that move revenue and park the rest.",
            "marketing head",
            "next",
            "finished projects",
            "a meeting",
        )
    ]


def _overdue(book: Book) -> list[Finding]:
    day = day_number(book)
    if day is None or day > book.rules.onboarding.phase_days[-1]:
        return []
    table = deliverables(book)
    overdue = table[table["state"] == "overdue"]["deliverable"]
    now = phases(book).set_index("state")["phase"].get("now", "")
    if overdue.empty:
        return []
    claim = f"Day {day} ({now}): {len(overdue)} deliverables are overdue."
    return [
        Finding(
            "P01-R1/overdue",
            "watch",
            claim,
            f"{', '.join(overdue[:5])}{' and more' if len(overdue) > 5 else ''}.",
            "Finish or drop them, and say so.",
            "marketing head",
            "why",
        )
    ]
