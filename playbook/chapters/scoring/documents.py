"""《MQL/SQL标准》 and 《线索评分模型》, written from the rules in force and what they are worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook import format as fmt
from playbook import scoring
from playbook.chapters import growth
from playbook.chapters.scoring.choice import says_cost, says_which
from playbook.chapters.scoring.fitted import fit_needs, odds, points_table, refused
from playbook.chapters.scoring.judged import calibration, comparison
from playbook.chapters.scoring.past import given_days, past_leads
from playbook.chapters.scoring.rule import points_in_force, score_bands
from playbook.chapters.scoring.standards import in_words, standard_counts, standard_rules
from playbook.conditions import Comparison, Condition, describe
from playbook.documents import Document, Section

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book

DECIDES = {
    "recorded": "What the CRM recorded counts; the rule is held against it.",
    "rule": "The rule counts: it is computed for every lead.",
}


def mql_sql_standard(book: Book) -> Document:
    """The standards ICP, MQL and SQL as they are in force, and how they do in the period (P02-D2).

    Args:
        book: The Book.
    """
    rules = standard_rules(book)
    icp = book.rules.icp
    tiers = [f"Tier {tier}: {in_words(describe(rule))}." for tier, rule in icp.tiers.as_pairs()]
    fit = f"Tiers that count as ICP: {', '.join(icp.fit)}."
    if book.deciders["icp"] != "rule":
        tiers = ["The CRM records each company's tier; no condition of the rules decides it."]
    return Document(
        id="P02-D2",
        name="mql_sql_standard",
        title="The MQL and SQL standard",
        zh="MQL/SQL标准",
        purpose="Who fits, when marketing hands a lead over, and when sales accepts it: not “left "
        "a phone number”.",
        source="[icp], [mql] and [sql] of playbook.toml",
        sections=(
            Section("ICP: the ideal customer", "\n".join([*tiers, fit])),
            _standard("MQL: marketing hands over", rules["MQL"], book.deciders["mql"]),
            _standard("SQL: sales accepts", rules["SQL"], book.deciders["sql"]),
            _in_the_period(book),
            _agreement(book),
        ),
    )


def _standard(heading: str, rule: Condition, decider: str) -> Section:
    import pandas as pd

    table = pd.DataFrame(
        [(i, text) for i, text in enumerate(_lines(rule), start=1)], columns=["no", "condition"]
    )
    words = "All of these must hold." if len(table) > 1 else "This must hold."
    return Section(heading, f"{words} {DECIDES[decider]}", table, {"no": "text"})


def _lines(rule: Condition) -> list[str]:
    """A standard as the conditions that must all hold."""
    if isinstance(rule, Comparison):
        return [in_words(describe(rule))]
    if rule.how == "all":
        return [line for part in rule.parts for line in _lines(part)]
    return [f"one of: {in_words(' | '.join(map(describe, rule.parts)))}"]


def _in_the_period(book: Book) -> Section:
    counts = standard_counts(book).drop(columns=["unknown_share"])
    total = int(counts["n"].iloc[0])
    text = (
        f"The {fmt.plural(total, 'lead')} of {book.period.title} against each condition. Shares "
        "are of the leads of which the data can say."
    )
    return Section(f"In {book.period.title}", text, counts)


def _agreement(book: Book) -> Section:
    table = growth.standards(book)
    text = (
        "Where the CRM's record and the rule disagree, over the same leads: one of them is wrong, "
        "or somebody knows more than the fields say."
    )
    return Section("The record and the rule", text, table)


def scoring_model(book: Book) -> Document:
    """The points in force, what they and the fitted score are worth, and the points to change to.

    Args:
        book: The Book.
    """
    return Document(
        id="P02-D3",
        name="scoring_model",
        title="The lead scoring model",
        zh="线索评分模型",
        purpose="How many points a lead has and why, and whether leads with more points become SQL "
        "more often.",
        source="[scoring] of playbook.toml and the past leads",
        sections=(_points(book), _bands(book), *_worth(book)),
    )


def _points(book: Book) -> Section:
    rules = book.rules.scoring
    text = (
        "Of the levels of one factor the first that holds counts; what is not known gives no "
        "points. A touch loses half of its points with every half-life.\n"
        f"A lead can reach {scoring.most_points(rules)} points at most."
    )
    return Section("Points in force", text, points_in_force(book), {"half_life_days": "days"})


def _bands(book: Book) -> Section:
    rules = book.rules.scoring
    text = (
        f"Hot from {rules.bands.hot} points, Warm from {rules.bands.warm}, below it Cold; MQL by "
        f"points from {rules.mql_points}. The leads of {book.period.title} so far:"
    )
    bands = score_bands(book).drop(columns=["mql_low", "mql_high", "median_score"])
    return Section("Hot, Warm, Cold", text, bands)


def _worth(book: Book) -> list[Section]:
    if needs := fit_needs(book):
        text = f"Past leads cannot tell yet. Needed: {', '.join(needs)}."
        return [Section("What the score is worth", text)]
    leads = past_leads(book)
    how = (
        f"{says_which(book)}\n{says_cost(book)}\n"
        f"From {fmt.number(len(leads))} past leads, each given {given_days(book)} days to become "
        "SQL: the earlier seven in ten teach the score, the later three judge both. Brier gain is "
        "how much smaller the squared error of the chance is than with one chance for all, "
        "calibration error how far chances are off on average."
    )
    units = {"auc": "ratio", "auc_low": "ratio", "auc_high": "ratio", "found": "count"}
    units |= {"brier_gain": "share", "calibration_error": "share", "precision": "share"}
    left_out = ["brier", "brier_of_base_rate", "n", "sql", "precision_low", "precision_high"]
    compared = comparison(book).drop(columns=left_out, errors="ignore")
    units = {name: unit for name, unit in units.items() if name in compared.columns}
    return [
        Section("What the scores are worth", how, compared, units),
        Section(
            "Foreseen and come, by tenths of the later leads",
            "If the chances are honest, as many became SQL as were foreseen.",
            _curve(book),
            {"predicted": "share", "tenth": "text"},
        ),
        Section(
            "What past leads say each factor is worth",
            "Odds of an SQL against the level compared with, all else equal; 95 % intervals.",
            odds(book),
            dict.fromkeys(("odds_ratio", "odds_low", "odds_high"), "ratio"),
        ),
        Section(
            "The same as points",
            "Ten points double the odds.",
            points_table(book).drop(columns="toml"),
        ),
        _refused(refused(book)),
    ]


def _curve(book: Book) -> pd.DataFrame:
    table = calibration(book)
    own = table[table["score"] == "Fitted score"].drop(columns="score")
    return own.rename(columns={"bin": "tenth"})


def _refused(table: pd.DataFrame) -> Section:
    text = (
        "What becomes known only after the capture tells the outcome, not the future; whoever "
        "knows when a column is filled may confirm it."
    )
    return Section("Columns that are refused", text, table, {"auc": "ratio"})
