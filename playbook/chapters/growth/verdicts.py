"""What the bottleneck table and the four panels say, and how their mixed units are written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook import format as fmt
from playbook.chapters.words import Words

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book

COLUMNS = (
    "rank", "candidate", "zh", "verdict", "worth", "worth_low", "worth_high", "measure", "now",
    "now_n", "usual", "usual_n", "p_holm", "owner",
)  # fmt: skip
"""What the table of the ranking shows; the evidence stands in a table of its own."""

NAMES = {
    "worth": "Customers to win back",
    "worth_low": "At least",
    "worth_high": "At most",
    "usual": "Usually",
    "p_holm": "p (Holm)",
}
"""Headers of the ranking."""

UNITS = dict.fromkeys(("worth", "worth_low", "worth_high", "now_n", "usual_n"), "count")
"""Units that the names of the ranking's columns do not tell."""

WHY_MISSING = {
    "worth": "not to be counted in customers; the evidence says why",
    "p_holm": "a rule decides, or there are too few cases",
}
"""Why figures of the ranking may be missing."""

ORDER = ("worse", "better", "usual", "too young", "no data")
"""Judgements of a panel, those first that most need saying."""


def of_bottlenecks(table: pd.DataFrame) -> Words:
    """For the ranking of the nine; see `bottlenecks`."""
    found = table[table["verdict"] == "bottleneck"]
    unknown = table[table["verdict"] == "cannot say"]
    if len(unknown) == len(table):
        title = "The data cannot say which of the nine bottlenecks it is"
    elif found.empty:
        title = "None of the nine bottlenecks stands out from chance"
    else:
        top = found.iloc[0]
        title = f"Bottleneck: {top['candidate']}"
        if not fmt.is_missing(top["worth"]):
            ends = f"{fmt.number(top['worth_low'], 1)}–{fmt.number(top['worth_high'], 1)}"
            title += f", worth {fmt.number(top['worth'], 1)} customers a period (95 % {ends})"
    see = (
        "Ranked by the customers that a period would have more if it were as usual; those without "
        "such a number follow by how far they are from usual. A lost step counts once."
    )
    if len(unknown):
        see += f" Not known: {', '.join(unknown['candidate'])}."
    alt = f"{title}. " + "; ".join(f"{r.candidate}: {r.verdict}" for r in table.itertuples())
    return Words(title, see, alt)


def of_diagnosis(table: pd.DataFrame) -> Words:
    """For the four panels; see `diagnosis`."""
    said = {panel: _summed(part) for panel, part in table.groupby("panel", sort=False)}
    title = _listed(said)
    see = (
        "Four different problems, each judged against its own twelve periods before. The band is "
        "where the period would count as usual; rates give every lead the same time. One measure "
        "in twenty leaves its band by chance."
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
    return as_written(book, table)[list(COLUMNS)]


def evidence(table: pd.DataFrame) -> pd.DataFrame:
    """What speaks for and against each of the nine, and what to do about it, in their order."""
    shown = table[["rank", "candidate", "evidence", "remedy"]]
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
