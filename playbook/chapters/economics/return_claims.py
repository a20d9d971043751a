"""What the money says about its return: two ROIs, payback, and where more would bring more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook import format as fmt
from playbook.chapters.economics.curved import curves
from playbook.chapters.economics.moved import reallocation
from playbook.chapters.economics.returned import ALL, payback, roi, usual_payback
from playbook.chapters.economics.verdict_words import money
from playbook.chapters.span import span
from playbook.findings import Finding

if TYPE_CHECKING:
    from playbook.book import Book


def return_findings(book: Book) -> list[Finding]:
    """The findings about returns."""
    return [*_roi(book), *_payback(book), *_curves(book)]


def _roi(book: Book) -> list[Finding]:
    """P02-M12: what simple ROI owes to earlier leads."""
    table = roi(book)
    if table.empty:
        return []
    row = table[table["channel"] == ALL].iloc[0]
    if fmt.is_missing(row["simple_roi"]):
        return []
    claim = (
        f"Channels returned {fmt.number(row['simple_roi'] + 1, 2)} for each 1 spent; their own "
        f"leads of the span have brought {fmt.number(row['realised_roi'] + 1, 2)} so far."
    )
    evidence = (
        f"{span(book).title}, cost {money(book, row['cost'])}: "
        f"{money(book, row['from_earlier_leads'])} of {money(book, row['won_in_span'])} won came "
        f"from leads captured before; {fmt.percent(row['young_share'], 0)} of the span's leads are "
        "younger than most wins take. Deals without a lead are no channel's."
    )
    return [Finding("P02-M12/two-returns", "info", claim, evidence, question="")]


def _payback(book: Book) -> list[Finding]:
    table, usual = payback(book), usual_payback(book)
    if not usual.cohorts or fmt.is_missing(usual.months):
        return []
    claim = f"A month's cost is usually back after {fmt.plural(usual.months, 'month')}."
    old = table[(table["lived"] > 2 * max(usual.months, 1)) & ~table["paid_back"].astype(bool)]
    evidence = (
        f"{usual.paid_back} of {usual.cohorts} months are paid back by the leads captured in them; "
        "the others count as still waiting."
    )
    if len(old):
        evidence += f" Not back after twice that time: {listed(list(old['month']), 6)}."
    return [Finding("B5-M4/payback", "info", claim, evidence, question="")]


def _curves(book: Book) -> list[Finding]:
    """What a move of the budget would bring, or what it would take to know."""
    table = curves(book)
    if table.empty:
        return []
    found = reallocation(book)
    if found.plan is not None and found.plan.gain_low > 0:
        plan = found.plan
        unit = found.outcome if found.outcome == "leads" else f"{found.outcome}s"
        ends = f"{fmt.number(plan.gain_low, 1)} to {fmt.number(plan.gain_high, 1)}"
        claim = (
            f"The same budget, moved along the curves, could bring {fmt.number(plan.gain, 1)} more "
            f"{unit} a quarter (95 %: {ends})."
        )
        evidence = "Response curves are what went together, no experiment; see the reallocation."
        remedy = "Move by half of the proposal first, and compare with what was expected."
        return [
            Finding(
                "B2-M2/reallocate", "watch", claim, evidence, remedy, "head of marketing", "next",
                f"{fmt.number(plan.gain, 1)} {unit} a quarter", "one decision",
            )
        ]  # fmt: skip
    known = table[table["weeks_to_know"].notna()]
    if known.empty or table["accepted"].any():
        return []
    row = known.sort_values("weeks_to_know").iloc[0]
    claim = (
        f"Not one of {fmt.plural(len(table), 'channel')} shows what more or less money would "
        "bring: no budget move can be computed."
    )
    evidence = (
        "Cost and leads have to move for a curve to be seen; the table of curves says for each "
        "channel what is lacking."
    )
    remedy = (
        f"Change the weekly cost of {row['channel']} by half, up and down at random, for about "
        f"{fmt.plural(row['weeks_to_know'], 'week')}."
    )
    return [
        Finding(
            "B2-M2/no-curve", "info", claim, evidence, remedy, "digital marketing", "",
            "a budget by what it brings", f"{fmt.plural(row['weeks_to_know'], 'week')}",
        )
    ]  # fmt: skip


def listed(names: list[str], most: int = 3) -> str:
    """The first names in a sentence, and how many more there are."""
    shown = [str(name) for name in names[:most]]
    rest = len(names) - len(shown)
    if rest:
        return f"{', '.join(shown)} and {rest} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if shown[1:] else shown)
