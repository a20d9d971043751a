"""Classes and intents of search words: what they cost, what came of them (P03-T2, R1, R2)."""

from __future__ import annotations

from math import exp
from typing import TYPE_CHECKING, Any

from playbook import economics, keywords
from playbook.book import remembered
from playbook.chapters.digital.inputs import CLASS_ZH, INTENT_ZH, search_words
from playbook.errors import ParameterError, unknown
from playbook.format import div

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book
    from playbook.chapters.span import Over

BY = ("word_class", "intent_stage", "match_type", "page_type", "platform")
"""What search words can be grouped by."""

NAMES = {**CLASS_ZH, **INTENT_ZH}
"""The handbook's own names of classes and intents."""

PER = {"cpl": "leads", "cost_per_mql": "mql"}


@remembered
def by(book: Book, group: str = "word_class", over: Over = "span") -> pd.DataFrame:
    """Groups of search words: their share of the cost beside their share of the MQLs.

    Args:
        book: The Book.
        group: One of `BY`.
        over: The months up to the period's end, or the period.

    Returns:
        As `keywords.shares`, with `zh` (the handbook's name, where it has one), `cpl`,
        `cost_per_mql`, each with `_low` and `_high` (95 %; without an MQL the low end only).

    Raises:
        ParameterError: No such group.
    """
    if group not in BY:
        raise ParameterError(unknown("group", group, BY))
    table = keywords.shares(search_words(book, over), group)
    priced = economics.unit_costs(table, PER)
    return priced.assign(zh=priced[group].map(NAMES))


def as_pairs(table: pd.DataFrame, group: str) -> pd.DataFrame:
    """`by` as rows of paired bars: share of the cost beside share of the MQLs."""
    known = table[table["cost"] > 0]
    named = [_label(name, zh) for name, zh in zip(known[group], known["zh"], strict=True)]
    return known.assign(
        name=named, spend=known["cost_share"], result=known["mql_share"], emphasis=known["is_below"]
    )[["name", "spend", "result", "emphasis"]]


def _label(name: object, zh: object) -> str:
    text = str(name).replace("_", " ")
    return f"{text} {zh}" if isinstance(zh, str) else text


@remembered
def disagreements(book: Book) -> pd.DataFrame:
    """The words of which the record and the rule say different things, dearest first.

    Returns:
        `keyword`, `word_class`, `class_by_rule`, `class_word`, `intent_stage`, `intent_by_rule`,
        `intent_word`, `cost`.
    """
    table = search_words(book)
    apart = (table["class_agrees"] == False) | (table["intent_agrees"] == False)  # noqa: E712
    columns = ["keyword", "word_class", "class_by_rule", "class_word", "intent_stage"]
    return table.loc[apart, [*columns, "intent_by_rule", "intent_word", "cost"]].reset_index(
        drop=True
    )


@remembered
def wasted(book: Book) -> pd.DataFrame:
    """Words on broad match that have not brought one MQL, by platform.

    The test: had their money brought MQLs at the rate of the platform's other words, how often
    would chance leave none?

    Returns:
        One row per platform, dearest first: `platform`, `words` (how many), `names` (dearest
        first), `classes` and `intents` (names, joined), `cost`, `cost_share` (of the platform's
        search cost), `clicks`, `leads`, `expected` (MQLs), `p_value`, `home_share` (of that cost:
        landing on the home page).
    """
    import pandas as pd

    rows = []
    for platform, own in search_words(book).groupby("platform"):
        none = own[(own["match_type"] == "broad") & (own["mql"] == 0) & (own["cost"] > 0)]
        rest = own.drop(none.index)
        if none.empty:
            continue
        spent = none["cost"].sum()
        expected = spent * div(rest["mql"].sum(), rest["cost"].sum())
        rows.append(
            {
                "platform": platform,
                "words": len(none),
                "names": list(none["keyword"]),
                "classes": _joined(none, "word_class"),
                "intents": _joined(none, "intent_stage"),
                "cost": spent,
                "cost_share": div(spent, own["cost"].sum()),
                "clicks": none["clicks"].sum(),
                "leads": none["leads"].sum(),
                "expected": expected,
                "home_share": div(none.loc[none["page_type"] == "home_page", "cost"].sum(), spent),
            }
        )
    columns = ["platform", "words", "names", "classes", "intents", "cost", "cost_share", "clicks"]
    table = pd.DataFrame(rows, columns=[*columns, "leads", "expected", "home_share"])
    table["p_value"] = [exp(-float(expected)) for expected in table["expected"]]
    return table.sort_values(["cost", "platform"], ascending=[False, True], ignore_index=True)


def _joined(rows: pd.DataFrame, column: str) -> str:
    sums = rows.groupby(column)["cost"].sum().sort_values(ascending=False)
    return ", ".join(str(name) for name in sums.index)


@remembered
def strategy(book: Book) -> pd.DataFrame:
    """The keyword strategy table (P03-D2): each word, what it brings, what to do with it.

    Returns:
        `keyword`, `action`, `word_class`, `intent_stage`, `match_type`, `page`, `cost`, `clicks`,
        `leads`, `mql`, `cost_per_mql`, `cost_per_mql_low`, `cost_per_mql_high`; dearest first.
    """
    from playbook.chapters.digital.pages import landing

    table = landing(book)
    table = economics.unit_costs(table, {"cost_per_mql": "mql"})
    totals = {
        name: div(rows["mql"].sum(), rows["cost"].sum())
        for name, rows in table.groupby("platform", dropna=False)
    }
    usual = table["platform"].map({name: div(1, rate) for name, rate in totals.items()})
    table["action"] = [
        _action(row, line) for row, line in zip(table.to_dict("records"), usual, strict=True)
    ]
    columns = ["keyword", "action", "word_class", "intent_stage", "match_type", "page", "cost"]
    columns += ["clicks", "leads", "mql", "cost_per_mql", "cost_per_mql_low", "cost_per_mql_high"]
    return table[columns]


def _action(row: dict[Any, Any], usual: float) -> str:
    """What to do with a word: only where its interval, not only its figure, tells."""
    low, high, mql, cost = (
        float(str(row[name])) for name in ("cost_per_mql_low", "cost_per_mql_high", "mql", "cost")
    )
    if not cost:
        return "no cost"
    if row["is_misled"] and row["verdict"] == "high intent, wrong page" and mql:
        return "give it a page of its own"
    if low > usual:
        if row["match_type"] == "broad":
            return "pause, or exact match with negative words"
        return "lower the bid" if mql else "pause"
    if high < usual:
        return "raise the budget"
    return "give it a page of its own" if row["is_misled"] else "keep"
