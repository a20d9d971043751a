"""What the bottleneck table and the four panels say, and how their mixed units are written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook import format as fmt
from playbook.chapters.words import Words

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book

COLUMNS = (
    "rank", "candidate", "zh", "verdict", "gain", "worth", "worth_low", "worth_high", "measure",
    "now", "now_n", "usual", "usual_n", "p_holm", "owner",
)  # fmt: skip
"""What the workbook's table of the ranking holds; the evidence stands in a table of its own."""

SHOWN = ("rank", "candidate", "verdict", "gain", "measure", "now", "usual")
"""What the page shows of it."""

NAMES = {
    "gain": "Customers to win back (95 %)",
    "worth": "Customers to win back",
    "worth_low": "At least",
    "worth_high": "At most",
    "usual": "Usually",
    "p_holm": "p (Holm)",
}
"""Headers of the ranking."""

UNITS = dict.fromkeys(("worth", "worth_low", "worth_high", "now_n", "usual_n"), "count")
"""Units that the names of the ranking's columns do not tell."""

EVIDENCE_SHOWN = ("rank", "candidate", "evidence", "remedy", "owner")
"""What the page shows of the evidence."""

WHY_MISSING = {
    "gain": "not to be counted in customers; the evidence says why",
    "worth": "not to be counted in customers; the evidence says why",
    "p_holm": "a rule decides, or there are too few cases",
}
"""Why figures of the ranking may be missing."""

PANEL_SHOWN = ("panel", "measure", "now", "now_n", "usual", "low", "high", "judgement")
"""What the page shows of the four panels' measures."""

PANEL_NAMES = {"now_n": "n", "usual": "Usually", "low": "Usual from", "high": "Usual to"}
"""Headers of it."""

FEW_NAMES = 3
"""So many candidates are named in a sentence; of more it gives the number."""

ORDER = ("worse", "better", "usual", "too young", "no data")
"""Judgements of a panel, those first that most need saying."""


def of_bottlenecks(table: pd.DataFrame, kind: str = "period") -> Words:
    """For the ranking of the nine.

    Args:
        table: What `bottlenecks` returned.
        kind: What the period is called: week, month, quarter, year.
    """
    found = table[table["verdict"] == "bottleneck"]
    unknown = table[table["verdict"] == "cannot say"]
    if len(unknown) == len(table):
        title = "The data cannot say which of the nine bottlenecks it is"
    elif found.empty:
        title = "No bottleneck of the nine stands out from chance"
    else:
        top = found.iloc[0]
        title = f"Bottleneck: {top['candidate']}"
        if not fmt.is_missing(top["worth"]):
            ends = f"{fmt.number(top['worth_low'], 1)}–{fmt.number(top['worth_high'], 1)}"
            title += f", worth {fmt.number(top['worth'], 1)} customers a {kind} (95 % {ends})"
    see = (
        f"Ranked by the customers that a {kind} would have more if it were as usual; those without "
        "such a number follow by how far they are from usual. A loss is counted once. “Fine” means "
        "no worse than usual, which need not be good."
    )
    if len(unknown):
        names = ", ".join(f"“{name}”" for name in unknown["candidate"])
        some = f"{len(unknown)} of the nine, for want of data"
        see += f" Cannot be judged: {names if len(unknown) <= FEW_NAMES else some}."
    alt = f"{title}. " + "; ".join(f"{r.candidate}: {r.verdict}" for r in table.itertuples())
    return Words(title, see, alt)


def of_diagnosis(table: pd.DataFrame, kind: str = "period") -> Words:
    """For the four panels.

    Args:
        table: What `diagnosis` returned.
        kind: What the period is called: week, month, quarter, year.
    """
    said = {panel: _summed(part) for panel, part in table.groupby("panel", sort=False)}
    title = _listed(said)
    see = (
        f"Each is judged against its own twelve {kind}s before. The band is where the {kind} would "
        "count as usual; rates give every lead the same time. One measure in twenty leaves its "
        "band by chance."
    )
    return Words(title, see, f"{title}. " + " ".join(table["says"]))


def _summed(part: pd.DataFrame) -> str:
    """One word for a panel: what most needs saying among its measures."""
    return next(word for word in ORDER if (part["judgement"] == word).any())


def _listed(said: dict[Any, str]) -> str:
    groups: dict[str, list[str]] = {}
    for panel, word in said.items():
        groups.setdefault(word, []).append(str(panel))
    words = {"usual": "as usual", "too young": "too young to judge", "no data": "without data"}
    parts = [
        f"{' and '.join([', '.join(names[:-1]), names[-1]] if names[:-1] else names)} "
        f"{words.get(word, word)}"
        for word, names in sorted(groups.items(), key=lambda group: ORDER.index(group[0]))
    ]
    text = "; ".join(parts)
    return text[0].upper() + text[1:]


def ranking(book: Book, table: pd.DataFrame) -> pd.DataFrame:
    """The columns of `bottlenecks` that its table shows, with the figures in their units."""
    gains = [
        _gain(*worth)
        for worth in table[["worth", "worth_low", "worth_high"]].itertuples(index=False)
    ]
    written = as_written(book, table).assign(gain=gains)
    for side in ("now", "usual"):
        written[side] = [
            fmt.rate(value, n).replace("n = ", "n\u00a0=\u00a0") if unit == "share" else text
            for value, n, unit, text in zip(
                table[side], table[f"{side}_n"], table["unit"], written[side], strict=True
            )
        ]
    return written[list(COLUMNS)]


def _gain(worth: float, low: float, high: float) -> str:
    """Customers to win back, with the interval."""
    if fmt.is_missing(worth):
        return fmt.MISSING
    return f"{fmt.number(worth, 1)} ({fmt.number(low, 1)}–{fmt.number(high, 1)})"


def evidence(table: pd.DataFrame) -> pd.DataFrame:
    """What speaks for and against each of the nine, and what to do about it, in their order."""
    shown = table[["rank", "candidate", "zh", "evidence", "remedy", "owner"]]
    return shown.assign(remedy=shown["remedy"].where(table["verdict"] != "fine"))


def as_written(book: Book, table: pd.DataFrame) -> pd.DataFrame:
    """A table whose rows have units of their own, its figures as text in them.

    Args:
        book: The Book.
        table: With `unit` and any of `now`, `usual`, `low`, `high`; lists are left out.
    """
    style: dict[str, Any] = {
        "currency": book.rules.company.currency,
        "style": book.rules.report.number_style,
    }
    figures = [c for c in ("now", "usual", "low", "high") if c in table.columns]
    texts = {
        c: [
            fmt.value(_rounded(x, unit), unit, **style)
            for x, unit in zip(table[c], table["unit"], strict=True)
        ]
        for c in figures
    }
    return table.drop(columns=["unit", "trend"], errors="ignore").assign(**texts)


def _rounded(x: float, unit: str) -> float:
    return x if fmt.is_missing(x) or unit != "count" else round(x)
