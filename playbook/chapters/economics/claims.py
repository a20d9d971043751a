"""What the money says about the period: findings for the pages on channels and on returns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from playbook import format as fmt
from playbook.book import remembered
from playbook.chapters.economics.board import missing, total, unit_costs
from playbook.chapters.economics.costs import NO_CHANNEL, costs
from playbook.chapters.economics.dots import traps
from playbook.chapters.economics.judged import for_brand, verdicts
from playbook.chapters.economics.platform import NEEDS as PLATFORM_NEEDS
from playbook.chapters.economics.platform import platform
from playbook.chapters.economics.return_claims import listed, return_findings
from playbook.chapters.economics.returned import return_needs
from playbook.chapters.economics.verdict_words import money
from playbook.chapters.span import span
from playbook.findings import Finding, by_level
from playbook.format import div

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book

About = Literal["channels", "return"]

LARGE = 0.05
"""From this share of the cost on, what belongs to no channel is worth a finding (ours)."""


@remembered
def findings(book: Book, about: About | None = None) -> list[Finding]:
    """What the cost and its return say, most pressing first.

    Args:
        book: The Book.
        about: `channels` for cost per lead and customer, verdicts and the platforms' counts;
            `return` for ROI, payback, curves and budget; both without it.
    """
    if missing(book):
        return []
    found: list[Finding] = []
    if about != "return":
        found += [*_traps(book), *_cuts(book), *_keeps(book), *_platform(book), *_homeless(book)]
    if about != "channels" and not return_needs(book):
        found += return_findings(book)
    return by_level(found)


def _traps(book: Book) -> list[Finding]:
    """P03-X1: cheap per lead, dear per customer."""
    out = []
    middle = verdicts(book)["cpl"].median()
    for _, row in traps(book).sort_values("cost", ascending=False).iterrows():
        customers = fmt.plural(row["customers"], "customer")
        claim = (
            f"{row['channel']} costs {money(book, row['cpl'])} a lead, less than the middle "
            f"channel's {money(book, middle)}, and brought {customers} for "
            f"{money(book, row['cost'])}."
        )
        sqls = "" if fmt.is_missing(row["sql"]) else f", {fmt.number(row['sql'])} SQL"
        evidence = (
            f"{span(book).title}: {fmt.plural(row['leads'], 'lead')}{sqls}; at everybody's rate "
            f"its leads would have brought {fmt.number(row['expected_customers'], 1)} customers. "
            f"{row['reason']}"
        )
        out.append(
            Finding(
                "P03-X1/cheap-lead",
                "act",
                claim,
                evidence,
                f"Judge {row['channel']} by cost per SQL, and stop bidding on cost per lead.",
                "digital marketing",
                "",
                f"part of {money(book, row['cost'])} a year",
                "days",
            )
        )
    return out[:1]


def _cuts(book: Book) -> list[Finding]:
    """P03-R3: what to cut."""
    table = verdicts(book)
    cut = table[table["verdict"] == "cut"]
    if cut.empty:
        return []
    spent = cut["cost"].sum()
    share = div(spent, total(book)["cost"].iloc[0])
    won = fmt.plural(cut["customers"].sum(), "customer")
    one = len(cut) == 1
    claim = (
        f"{listed(list(cut['channel']))} took {fmt.percent(share, 0)} of the cost and brought "
        f"{won}: {'it is' if one else 'all are'} beyond the line, chance allowed for."
    )
    evidence = f"{span(book).title}, {money(book, spent)}. " + " ".join(
        _why_cut(book, row) for _, row in cut.iterrows()
    )
    quarter = spent * book.rules.economics.shift / 4
    return [
        Finding(
            "P03-R3/cut",
            "act",
            claim,
            evidence,
            f"Take {fmt.percent(book.rules.economics.shift, 0)} off next quarter, and look again.",
            "head of marketing",
            "next",
            f"{money(book, quarter)} a quarter to spend elsewhere",
            "one decision",
        )
    ]


def _why_cut(book: Book, row: pd.Series[Any]) -> str:
    text = f"{row['channel']}: {row['reason']}"
    if row["models"]:
        text += f" {row['same']} of {row['models']} models of attribution agree."
    if row["channel"] in for_brand(book):
        text += " Its campaigns are meant for brand, which this does not measure."
    return text


def _keeps(book: Book) -> list[Finding]:
    """P03-R3: what to keep."""
    table = verdicts(book)
    kept = table[table["verdict"] == "keep"]
    if kept.empty:
        return []
    whole = total(book).iloc[0]
    credited = unit_costs(book)["customers"].sum()
    cost = fmt.percent(div(kept["cost"].sum(), whole["cost"]), 0)
    won = fmt.percent(div(kept["customers"].sum(), credited), 0)
    claim = (
        f"{fmt.plural(len(kept), 'channel')} to keep: {cost} of the cost, {won} of the new "
        "customers."
    )
    evidence = f"{span(book).title}: {listed(list(kept['channel']), 10)}."
    return [Finding("P03-R3/keep", "good", claim, evidence, question="")]


def _platform(book: Book) -> list[Finding]:
    """Where a platform's count is furthest from the CRM's, beyond chance."""
    if not book.has(*PLATFORM_NEEDS):
        return []
    table = platform(book, "campaign")
    usual = div(table["leads"].sum(), table["conversions"].sum())
    apart = table[(table["ratio_high"] < usual / 1.5) & (table["conversions"] >= 30)]
    if apart.empty or not usual:
        return []
    row = apart.sort_values("cost", ascending=False).iloc[0]
    claim = (
        f"For {row['campaign']} the platform reports {fmt.number(row['conversions'])} conversions, "
        f"and {fmt.plural(row['leads'], 'lead')} arrived."
    )
    ends = f"{fmt.number(row['ratio_low'], 2)} to {fmt.number(row['ratio_high'], 2)}"
    evidence = (
        f"{fmt.number(row['ratio'], 2)} leads per reported conversion (95 %: {ends}), where all "
        f"campaigns together have {fmt.number(usual, 2)}; {money(book, row['cost'])} in "
        f"{span(book).title}."
    )
    remedy = "Find out what the platform counts as a conversion there, and bid on CRM stages."
    return [
        Finding(
            "P03-M6/platform-count", "watch", claim, evidence, remedy, "digital marketing", "",
            "", "days",
        )
    ]  # fmt: skip


def _homeless(book: Book) -> list[Finding]:
    """Cost for a channel that nobody knows, or for none."""
    table = costs(book)
    unknown = table[~table["known"].astype(bool)]
    none = table[table["channel"] == NO_CHANNEL]
    out = []
    if not unknown.empty:
        names = listed(list(unknown["channel"]))
        claim = (
            f"{money(book, unknown['cost'].sum())} went to {names}, which table channel does not "
            "have."
        )
        remedy = "Add the channel to table channel, or correct the cost's channel."
        out.append(
            Finding(
                "P03-T6/unknown-channel", "watch", claim, f"{span(book).title}; it counts in all "
                "totals.", remedy, "marketing operations", "", "", "hours",
            )
        )  # fmt: skip
    share = div(none["cost"].sum(), table["cost"].sum())
    if share >= LARGE:
        claim = f"{fmt.percent(share, 0)} of the cost belongs to no channel."
        remedy = "Enter a channel, campaign or event with each cost, or set [economics] shared."
        out.append(
            Finding(
                "P03-T6/no-channel", "watch", claim, f"{span(book).title}: "
                f"{money(book, none['cost'].sum())} of {money(book, table['cost'].sum())}.",
                remedy, "marketing operations", "", "", "hours",
            )
        )  # fmt: skip
    return out
