"""What the chapter says about nurture: findings and the headline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook import format as fmt
from playbook.book import remembered
from playbook.chapters.nurture.counted import RETURN_DAYS, entered
from playbook.chapters.nurture.declared import metrics, return_history
from playbook.chapters.nurture.effects import step_effects, working_step
from playbook.chapters.nurture.evaluated import quoted, step_rows
from playbook.chapters.nurture.undone import undone
from playbook.findings import Finding, by_level

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book

LEFT_OUT = 0.1
"""Where a step that works is not done for more than this share, that is to be changed."""


@remembered
def findings(book: Book) -> list[Finding]:
    """What the rules of nurture say about the period, most pressing first."""
    if entered(book).empty:
        return by_level(undone(book))
    found = [
        *_from_nurture(book),
        *_working_step(book),
        *_no_difference(book),
        *undone(book),
    ]
    return by_level(found)


def headline(book: Book, table: pd.DataFrame) -> str:
    """The answer to the chapter's question in one sentence.

    Args:
        book: The Book.
        table: What `metrics` returned.
    """
    if entered(book).empty:
        return (
            "Nobody is in a nurture flow: no lead was moved to the pool, attended an event or has "
            "a contract that ends."
        )
    rows = table.set_index("key")["value"]
    parts = [
        f"{fmt.plural(rows['nurture_enrolled'], 'enrolment')} began",
        f"{fmt.plural(rows['nurture_back'], 'lead')} came back as MQL",
        f"{fmt.number(rows['nurture_active'])} were in a flow at the end",
    ]
    known = [part for part in parts if not part.startswith(fmt.MISSING)]
    text = f"{book.period.title}: {', '.join(known) or 'nothing on record'}"
    rate, n = usual_return(book)
    if n:
        text += f"; of those old enough, {fmt.rate(rate, n)} come back within {RETURN_DAYS} days"
    return f"{text}."


def usual_return(book: Book) -> tuple[float, int]:
    """The share that comes back, over the periods old enough, and its n."""
    past = return_history(book)
    ripe = past[~past["immature"] & past["value"].notna()]
    back, total = ripe["numerator"].sum(), ripe["denominator"].sum()
    return fmt.div(back, total), int(total)


def _from_nurture(book: Book) -> list[Finding]:
    """B5-M3: what of the new business belongs to leads that nurture had written to."""
    rows = metrics(book).set_index("key")
    share = rows.loc["nurture_opportunity_share"]
    if fmt.is_missing(share["value"]):
        return []
    part, whole = (fmt.number(share[name]) for name in ("numerator", "denominator"))
    won = rows.loc["nurture_won_share"]
    claim = f"{part} of {whole} new opportunities belong to leads that nurture had written to"
    if not fmt.is_missing(won["value"]):
        amounts = [_money(book, won[name]) for name in ("numerator", "denominator")]
        claim += f", and {amounts[0]} of {amounts[1]} won"
    evidence = (
        f"Opportunities opened in {book.period.title}: {fmt.rate(share['value'], share['n'])}, "
        f"95 % {fmt.interval(share['low'], share['high'])}. A message before the opportunity is no "
        "proof that it brought it."
    )
    return [Finding("B5-M3/from-nurture", "info", f"{claim}.", evidence, question="")]


def _working_step(book: Book) -> list[Finding]:
    """B2-R5: the step after which more come back than without it."""
    row = working_step(book)
    if row is None:
        return []
    claim = (
        f"With {quoted(row['step'])} more leads come back: "
        f"{fmt.rate(row['rate_with'], row['with_step'])} of those who got it reached "
        f"{row['goal']} within {RETURN_DAYS} days, "
        f"{fmt.rate(row['rate_without'], row['without_step'])} of those who did not."
    )
    evidence = (
        f"Difference {fmt.points(row['difference'])}, 95 % {fmt.points(row['low'])} to "
        f"{fmt.points(row['high'])} within months of entry; p "
        f"{_p(row['p_adjusted'])} after allowing for all steps. All enrolments on record."
    )
    due, skipped = _skipped(book, row["program"])
    share = fmt.div(skipped, due)
    if fmt.is_missing(share) or share <= LEFT_OUT:
        return [Finding("B2-R5/working-step", "good", claim, evidence, question="")]
    evidence += (
        f" In {book.period.title} it was given up for {skipped} of {due} that were due and "
        "settled. It is the step's own merit only if who got it was drawn by lot."
    )
    worth = (
        f"about {fmt.number(skipped * row['difference'], 1)} more {row['goal']} a "
        f"{book.period.kind} ({fmt.number(skipped * row['low'], 1)} to "
        f"{fmt.number(skipped * row['high'], 1)}), if it is the step's own merit"
    )
    remedy = f"Send {quoted(row['step'])} to everyone in the flow."
    return [
        Finding(
            "B2-R5/working-step", "act", claim, evidence, remedy, "marketing operations", "next",
            worth, "days",
        )
    ]  # fmt: skip


def _skipped(book: Book, program: str) -> tuple[int, int]:
    """Of the step's settled cases that fell due in the period: how many, and how many not done."""
    steps = step_rows(book)
    start, end = (
        book.local(moment).replace(tzinfo=None) for moment in (book.period.start, book.period.end)
    )
    own = steps[(steps["program"] == program) & steps["due_at"].between(start, end)]
    missed = int(own["state"].isin(["missed", "passed over"]).sum())
    return missed + int((own["state"] == "done").sum()), missed


def _no_difference(book: Book) -> list[Finding]:
    """Steps after which no more came back than without them, as far as the data can tell."""
    effects = step_effects(book)
    table = effects[effects["verdict"] == "no difference seen"]
    if table.empty:
        return []
    said = "; ".join(
        f"{row.step} ({row.flow}): {fmt.points(row.difference)}, 95 % {fmt.points(row.low)} to "
        f"{fmt.points(row.high)}, n = {fmt.number(row.with_step)} and "
        f"{fmt.number(row.without_step)}, adjusted p {_p(row.p_adjusted)}"
        for row in table.itertuples()
    )
    claim = (
        f"For {fmt.plural(len(table), 'other step')} no difference beyond chance is seen between "
        "those who got them and those who did not."
    )
    evidence = f"{said}. Where the interval is wide, a difference may have gone unseen."
    return [Finding("B2-R5/no-difference", "info", claim, evidence, question="")]


def _money(book: Book, amount: Any) -> str:
    return fmt.money(amount, book.rules.company.currency, book.rules.report.number_style)


def _p(value: Any) -> str:
    return "< 0.001" if value < 0.001 else f"= {value:.2g}"
