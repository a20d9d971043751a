"""What the chapter says about the period: findings and the headline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook import format as fmt
from playbook.book import remembered
from playbook.chapters.scoring.ageing import drifts, foreseen
from playbook.chapters.scoring.choice import is_scarce, says_cost, says_which, which_score
from playbook.chapters.scoring.cost import mistakes
from playbook.chapters.scoring.fitted import fit_needs, refused
from playbook.chapters.scoring.judged import comparison, difference
from playbook.chapters.scoring.rule import score_bands
from playbook.chapters.scoring.standards import EITHER, standard_counts
from playbook.chapters.scoring.words import of_drift
from playbook.findings import Finding, Level, by_level

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book

ENOUGH = 30
"""Below so many leads nothing is claimed of a share."""

OFTEN_UNANSWERED = 0.1
"""Share of MQLs without sales' four answers from which it is worth a warning (ours)."""

WORKDAYS_A_MONTH = 21


@remembered
def findings(book: Book) -> list[Finding]:
    """What the standards and both scores say, most pressing first."""
    from playbook.chapters.scoring.declared import metrics

    rows = metrics(book).set_index("key")
    found = [*_idle_condition(book), *_unanswered(book, rows), *_untold(book, rows)]
    if not fit_needs(book):
        found += [_which(book), *_fewer(book), *_leaks(book), *_drift(book)]
    return by_level(found)


def headline(book: Book, table: pd.DataFrame) -> str:
    """The answer to the chapter's question in one sentence or two.

    Args:
        book: The Book.
        table: What `metrics` returned.
    """
    if not fit_needs(book):
        return says_which(book)
    leads = table.set_index("key").loc["mql_unknown", "denominator"]
    bands = score_bands(book).set_index("band")["leads"]
    if not bands.sum():
        return f"No leads in {book.period.title} to score."
    counts = f"{fmt.number(bands['hot'])} hot and {fmt.number(bands['warm'])} warm"
    total = leads if not fmt.is_missing(leads) else bands.sum()
    return (
        f"By the points of the rules {counts} of {fmt.plural(total, 'lead')} in "
        f"{book.period.title}; too few past SQLs are on record to say whether the points are right."
    )


def _which(book: Book) -> Finding:
    """P02-T6: which score to use, and what the other costs."""
    choice, gap, cost = which_score(book), difference(book), mistakes(book)
    rows = comparison(book).set_index("score")
    evidence = (
        f"AUC {gap.first:.3f} (fitted) and {gap.second:.3f} (rules' points) on the same "
        f"{fmt.number(rows['n'].iloc[0])} later leads; difference {gap.difference:.3f} (95 % "
        f"{gap.low:.3f} to {gap.high:.3f}). {says_cost(book)}"
    ).strip()
    if choice != "fitted":
        level: Level = "good" if choice == "rule" else "info"
        return Finding("P02-T6/which-score", level, says_which(book), evidence)
    sure = cost is not None and is_scarce(book) and cost.missed_low > 0
    if sure and "found" in rows:
        written = round(rows["found"].loc["Fitted, as whole points"])
        evidence += f" Written as whole points, the fitted score finds {fmt.number(written)}."
    return Finding(
        "P02-T6/which-score",
        "act" if sure else "watch",
        says_which(book),
        evidence,
        "Agree the points of the fitted score with sales, put them into the rules, and judge them "
        "in three months.",
        "marketing operations and head of sales",
        "next",
        _worth(book) if sure else "",
        "days",
    )


def _worth(book: Book) -> str:
    """SQLs that equal calls would have found more of, a month, by the points to be pasted."""
    cost = mistakes(book)
    rows = comparison(book).set_index("score")["found"]
    if cost is None:
        return ""
    more = (rows["Fitted, as whole points"] - rows["Rule score"]) / cost.workdays
    monthly = fmt.number(round(more * WORKDAYS_A_MONTH))
    return f"about {monthly} more SQLs a month from the same number of calls, as on later leads"


def _fewer(book: Book) -> list[Finding]:
    """Whether fewer SQLs came than such leads used to become: the leads are not the reason."""
    table = foreseen(book)
    short = table[table["verdict"] == "fewer"]
    if short.empty:
        return []
    names = " and ".join(f"{month:%B}" for month in short["month"])
    claim = (
        f"The leads of {names} were good enough for {fmt.number(round(short['foreseen'].sum()))} "
        f"SQLs, and {fmt.number(short['came'].sum())} came."
    )
    evidence = "; ".join(
        f"{row['month']:%B %Y}: {row['came']} came, {fmt.number(round(row['foreseen']))} foreseen "
        f"({row['foreseen_least']} to {row['foreseen_most']})"
        for row in short.to_dict("records")
    )
    evidence += ". Foreseen from what the leads were at capture; what happened afterwards differs."
    remedy = "Look at how these leads were handled, response first, before changing the targeting."
    owner = "marketing and head of sales"
    return [Finding("P02-T6/fewer-than-foreseen", "watch", claim, evidence, remedy, owner, "why")]


def _leaks(book: Book) -> list[Finding]:
    """Which columns the fitted score may not use although they look best."""
    table = refused(book)
    out = table[table["verdict"].isin(["known after the outcome", "suspected"])]
    if out.empty:
        return []
    top = out.iloc[0]
    claim = (
        f"{fmt.plural(len(out), 'column')} that look useful are refused: they are filled after "
        "the capture, perhaps after sales has decided."
    )
    told = (
        f"{top['column']} alone would tell SQL with AUC {top['auc']:.2f}: it knows the answer. "
        if not fmt.is_missing(top["auc"])
        else ""
    )
    evidence = f"{told}Refused: {', '.join(out['column'])}."
    remedy = "Where one of them is filled by the capture, name it in [scoring] confirmed."
    return [Finding("P02-T6/leaks", "info", claim, evidence, remedy, "", "")]


def _drift(book: Book) -> list[Finding]:
    table = drifts(book)
    moved = table[table["verdict"] != "stable"]
    if moved.empty:
        return []
    evidence = "; ".join(
        f"{row.what}: PSI {row.psi:.2f} ({row.verdict}), {row.most_moved} "
        f"{fmt.percent(row.then_share)} then, {fmt.percent(row.now_share)} now"
        for row in moved.itertuples()
    )
    is_score = bool((table.iloc[:2]["verdict"] != "stable").any())
    level: Level = "watch" if is_score or (moved["verdict"] == "moved").any() else "info"
    remedy = "Fit again when a score has moved." if is_score else ""
    return [
        Finding("P02-T6/drift", level, f"{of_drift(book, table).title}.", evidence, remedy, "", "")
    ]


def _idle_condition(book: Book) -> list[Finding]:
    """An alternative that every lead passes makes its whole group of alternatives idle."""
    counts = standard_counts(book)
    idle = counts[
        counts["condition"].str.startswith(EITHER)
        & (counts["passes"] == counts["n"])
        & (counts["n"] >= ENOUGH)
    ]
    return [
        _idle(book, str(name), [str(text).removeprefix(EITHER) for text in part["condition"]],
              int(part["n"].iloc[0]))
        for name, part in idle.groupby("standard", sort=False)
    ]  # fmt: skip


def _idle(book: Book, name: str, idle: list[str], n: int) -> Finding:
    said = " and ".join(f"“{text}”" for text in idle)
    claim = f"The {name} standard asks for one of several things, and every lead has one: {said}."
    evidence = (
        f"{'Each holds' if len(idle) > 1 else 'It holds'} for all {fmt.number(n)} leads of "
        f"{book.period.title}, a recorded “none” included: that part of the standard turns "
        "nobody away."
    )
    remedy = f"Name in [{name.lower()}] the values that count instead of asking for any."
    owner = "marketing operations"
    return Finding(f"P02-T3/idle-{name.lower()}", "watch", claim, evidence, remedy, owner, "")


def _unanswered(book: Book, rows: pd.DataFrame) -> list[Finding]:
    """MQLs old enough for which sales has not answered the four questions."""
    row: Any = rows.loc["sql_answered"]
    if fmt.is_missing(row["value"]) or row["n"] < ENOUGH:
        return []
    open_share = 1 - float(row["value"])
    if open_share < OFTEN_UNANSWERED:
        return []
    left = round(float(row["denominator"]) - float(row["numerator"]))
    claim = (
        f"For {fmt.number(left)} of {fmt.number(row['n'])} MQLs of {book.period.title} nobody can "
        "say whether they are SQL: sales' four answers are not complete."
    )
    young = " Many are young: their answers may still come." if row["immature"] else ""
    before = f" In {book.previous.title} {fmt.percent(row['previous'])} could be told."
    evidence = (
        f"Need, scene, budget and will must all be known; {fmt.rate(row['value'], row['n'])} can "
        f"be told.{before if not fmt.is_missing(row['previous']) else ''}{young}"
    )
    level: Level = "info" if row["immature"] else "watch"
    remedy = "Make the four answers part of closing an MQL in the CRM."
    return [Finding("P02-T4/unanswered", level, claim, evidence, remedy, "head of sales", "")]


def _untold(book: Book, rows: pd.DataFrame) -> list[Finding]:
    """Leads that lack what the MQL standard asks for."""
    row: Any = rows.loc["mql_unknown"]
    if fmt.is_missing(row["value"]) or row["n"] < ENOUGH or row["value"] < OFTEN_UNANSWERED:
        return []
    claim = (
        f"{fmt.number(row['numerator'])} of {fmt.number(row['n'])} leads lack what the MQL "
        f"standard asks for."
    )
    asked = standard_counts(book).query("standard == 'MQL' and unknown > 0 and zh != ''")
    worst = asked.sort_values("unknown", ascending=False, kind="stable").head(3)
    evidence = "; ".join(
        f"{row.condition}: not known for {fmt.number(row.unknown)}" for row in worst.itertuples()
    )
    remedy = "Ask for these fields where leads are captured."
    return [Finding("P02-T3/untold", "watch", claim, evidence, remedy, "marketing operations", "")]
