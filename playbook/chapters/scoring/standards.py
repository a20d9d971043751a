"""The standards ICP, MQL and SQL over the period's leads: met, not met, or not to be known."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playbook import scoring
from playbook.book import remembered
from playbook.chapters.scoring.inputs import facts
from playbook.conditions import Comparison, Condition, Joined, leaves
from playbook.data import schema

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from playbook.book import Book

EITHER = "one of: "
"""How an alternative begins: one of its group is enough."""

NAMES = ("ICP", "MQL", "SQL")
_FIELD = re.compile(r"\b(?:lead|account|person|channel|campaign|content|event|partner)\.(\w+)")
_ACRONYMS = {"icp": "ICP", "sql": "SQL"}


def standard_rules(book: Book) -> dict[str, Condition]:
    """The standards in force by name: the ICP, and `[mql]` and `[sql]` of the rules.

    The ICP is the conditions of the tiers that count as fitting where the rules decide, else the
    tier that the CRM recorded.
    """
    return {"ICP": _icp(book), "MQL": book.rules.mql.when, "SQL": book.rules.sql.when}


def _icp(book: Book) -> Condition:
    icp = book.rules.icp
    recorded = Comparison("account.icp_tier", "in", tuple(icp.fit))
    pairs = icp.tiers.as_pairs()
    fitting = [condition for tier, condition in pairs if tier in icp.fit]
    # A lead gets the first tier that holds, so only the best tiers together are one condition.
    best = [condition for _, condition in pairs[: len(fitting)]]
    if book.deciders["icp"] != "rule" or not fitting or best != fitting:
        return recorded
    return Joined("any", tuple(fitting))


def in_words(text: str) -> str:
    """Conditions without the names of tables, as a reader says them.

    >>> in_words("account.icp_tier is one of A, B and lead.need_clarity is at least 1")
    'ICP tier is one of A, B and need clarity is at least 1'
    """

    def plain(found: re.Match[str]) -> str:
        return " ".join(_ACRONYMS.get(word, word) for word in found[1].split("_"))

    return _FIELD.sub(plain, text)


def _leads(book: Book) -> ir.Table:
    """The facts of the leads captured in the period."""
    period, table = book.period, facts(book)
    captured = table["lead.created_at"]
    return table.filter(captured >= period.start, captured < period.end)


@remembered
def standard_counts(book: Book) -> pd.DataFrame:
    """How many leads of the period pass, fail or leave open each condition of each standard.

    Returns:
        Per standard of several conditions first one row for the whole, then one per condition in
        the order written, alternatives as `one of: …`:
        `standard`, `condition` (in words), `zh` (Chinese name of the field), `passes`, `fails`,
        `unknown` (leads of which the data cannot say), `pass_share` (of those that are known),
        `unknown_share` (of all), `n`. A whole standard can fail on what is known, although one of
        its conditions is not.
    """
    rules = standard_rules(book)
    table = scoring.pass_counts(_leads(book), rules)
    size = table.groupby("standard")["place"].transform("max")
    # One condition alone is the standard itself, and would stand there twice.
    table = table[(table["place"] > 0) | (size > 1)].reset_index(drop=True)
    table["condition"] = [
        in_words(f"{EITHER}{text}" if either else text) if place else "the whole standard"
        for text, place, either in zip(
            table["condition"], table["place"], _alternatives(rules, table), strict=True
        )
    ]
    table["zh"] = [
        _chinese(rules[name], place)
        for name, place in zip(table["standard"], table["place"], strict=True)
    ]
    table["unknown_share"] = table["unknown"] / table["n"].where(table["n"] > 0)
    order = ["standard", "condition", "zh", "passes", "fails", "unknown", "pass_share"]
    return table[[*order, "unknown_share", "n"]]


def _alternatives(rules: dict[str, Condition], table: pd.DataFrame) -> list[bool]:
    """Of each row, whether it is one of several alternatives."""
    known = {name: in_any(rule) for name, rule in rules.items()}
    return [
        place > 0 and known[name][place - 1]
        for name, place in zip(table["standard"], table["place"], strict=True)
    ]


def in_any(condition: Condition, *, inside: bool = False) -> list[bool]:
    """Of each comparison, in the order written, whether it is one of several alternatives."""
    if isinstance(condition, Comparison):
        return [inside]
    either = condition.how == "any" and len(condition.parts) > 1
    return [flag for part in condition.parts for flag in in_any(part, inside=inside or either)]


def _chinese(rule: Condition, place: int) -> str:
    """The Chinese name of the field of a standard's comparison; empty for the whole."""
    if not place:
        return ""
    leaf = [found for _, found in leaves(rule)][place - 1]
    table, _, column = leaf.field.partition(".")
    return schema.table(table).column(column).zh


@remembered
def standard_verdicts(book: Book) -> pd.DataFrame:
    """Every lead of the period against the standards, and what it still lacks.

    Returns:
        `lead_id`, `account`, `channel`, `owner`, `is_open` (still being worked on), `icp`, `mql`,
        `sql` (`passes`, `fails`, `unknown`), `missing_for` (the next standard it does not pass, of
        MQL and SQL) and `missing` (what must still pass, in words; `(not known)` where the data
        cannot say); open leads first, then those that lack least.
    """
    found = scoring.verdicts(_leads(book), standard_rules(book)).to_pandas()
    states = found.pivot(index="lead_id", columns="standard", values="state")
    lacks = found.pivot(index="lead_id", columns="standard", values="missing")
    known = book.sql(
        """SELECT lead_id, account_name AS account, channel, owner,
            coalesce(status, 'new') IN ('new', 'working') AND opportunity_at IS NULL
                AND sql_at IS NULL AS is_open
        FROM lead_journey WHERE created_at >= $start AND created_at < $end""",
        start=book.period.start,
        end=book.period.end,
    )
    table = known.set_index("lead_id")
    for name in NAMES:
        table[name.lower()] = states.get(name)
    table["missing_for"] = "SQL"
    table.loc[table["mql"] != "passes", "missing_for"] = "MQL"
    table.loc[(table["mql"] == "passes") & (table["sql"] == "passes"), "missing_for"] = ""
    table["missing"] = [
        in_words(str(lacks.loc[lead, name])) if name else ""
        for lead, name in table["missing_for"].items()
    ]
    count = [text.count(";") if text else -1 for text in table["missing"]]
    order = table.assign(
        later=~table["is_open"], for_mql=table["missing_for"] == "MQL", lacks=count
    )
    order = order.reset_index().sort_values(["later", "for_mql", "lacks", "lead_id"])
    return order.drop(columns=["later", "for_mql", "lacks"]).reset_index(drop=True)
