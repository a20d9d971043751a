"""What the chapter's figures say, from the tables they draw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook import format as fmt
from playbook.chapters.scoring.choice import says_which
from playbook.chapters.scoring.judged import calls, judged_workdays, judgement, later_leads
from playbook.chapters.scoring.past import cut, given_days
from playbook.chapters.words import Words

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book

HALF = 5
"""Tenths that are half of the leads."""

SMALL_ERROR = 0.03
"""Expected calibration error up to which chances are called honest (ours)."""


def of_standards(book: Book, table: pd.DataFrame) -> Words:
    """For the standards over the period's leads; see `standard_counts`."""
    whole = table.groupby("standard", sort=False).head(1).set_index("standard")
    parts = [_met(name, whole.loc[name]) for name in whole.index if name != "SQL"]
    title = f"Of {fmt.number(whole['n'].iloc[0])} leads of {book.period.title}, "
    title += " and ".join(parts)
    see = (
        "“Not known” are leads of which the data cannot say; of SQL that is mostly sales' four "
        "answers, which come later. A standard may fail on what is known already."
    )
    return Words(title, see, f"{title}.")


def _met(name: str, row: Any) -> str:
    if not row["passes"] + row["fails"]:
        return f"none can be told to meet the {name} standard"
    return f"{fmt.number(row['passes'])} meet the {name} standard"


def of_spread(book: Book, table: pd.DataFrame) -> Words:
    """For the distribution of the points; see `score_spread`."""
    bands = book.rules.scoring.bands
    counts = table.groupby("beside")["value"].sum()
    hot, warm = int(counts.get("hot", 0)), int(counts.get("warm", 0))
    total = int(table["value"].sum())
    title = (
        f"{fmt.number(hot)} hot and {fmt.number(warm)} warm among {fmt.plural(total, 'lead')} of "
        f"{book.period.title}"
    )
    see = (
        f"Points by the rules of [scoring] at the end of the {book.period.kind}: hot from "
        f"{bands.hot}, warm from {bands.warm} (blue), below that cold."
    )
    return Words(title, see, f"{title}: bars of leads by points, ten points a bar.")


def of_odds(book: Book, table: pd.DataFrame) -> Words:
    """For the odds ratios; see `odds`."""
    up = table[table["is_clear"] & (table["odds_ratio"] > 1)]
    if up.empty:
        title = "No factor raises the odds of an SQL beyond chance"
    else:
        top = up.sort_values("odds_ratio").iloc[-1]
        title = (
            f"{top['factor']}: {top['level']}"[:1].upper()
            + f"{top['factor']}: {top['level']}"[1:]
            + f" goes with {_times(top['odds_ratio'])} the odds of an SQL, the most of all"
        )
    rows = int(table["is_clear"].sum())
    clear, of = ("factors", "levels") if rows != 1 else ("factor", "level")
    see = (
        f"How many times the odds of becoming SQL within {given_days(book)} days are those of "
        f"the level in brackets, all else equal, with 95 % intervals; shown are the {rows} {of} "
        f"whose interval leaves out 1, that is no effect. An association, no proof of a cause."
    )
    said = "; ".join(
        f"{row['factor']} {row['level']} {_times(row['odds_ratio'])}"
        for row in table[table["is_clear"]].to_dict("records")
    )
    return Words(title, see, f"Odds ratios of the clear {clear}: {said}.")


def _times(ratio: float) -> str:
    return f"{fmt.number(ratio, 1 if ratio >= 0.095 else 2)} times"


def of_deciles(book: Book, table: pd.DataFrame) -> Words:
    """For the tenths of the scores; see `deciles`."""
    half = table[table["decile"] <= HALF].iloc[-1]
    title = (
        f"The better half of the leads by the fitted score holds "
        f"{fmt.percent(half['cumulative'], 0)} of the SQLs, by the rules' points "
        f"{fmt.percent(half['rule_cumulative'], 0)}"
    )
    see = (
        f"{fmt.number(table['n'].sum())} leads captured after {_day(book)}, which neither score "
        "has seen, in tenths; dots with 95 % intervals are the fitted score, grey marks the rules' "
        "points. A good score falls steeply."
    )
    rates = "; ".join(
        f"tenth {row.decile} {fmt.percent(row.sql_rate)} against {fmt.percent(row.rule_rate)}"
        for row in table.itertuples()
    )
    return Words(title, see, f"Share that became SQL by tenth, fitted and rule: {rates}.")


def of_calibration(book: Book, table: pd.DataFrame) -> Words:
    """For the calibration curve; see `calibration`."""
    found = judgement(book, "fitted")
    gap = found.calibration_error
    honest = "can be taken at their word" if gap <= SMALL_ERROR else "are not yet honest"
    top = table[table["score"] == "Fitted score"].iloc[-1]
    title = f"The fitted chances {honest}: on average {fmt.points(gap).lstrip('+')} off"
    see = (
        "On the dashed line what was foreseen came. Each dot is a tenth of the later leads, with "
        f"its 95 % band; the best tenth was foreseen at {fmt.percent(top['predicted'], 0)} and "
        f"came to {fmt.percent(top['rate'], 0)}."
    )
    return Words(title, see, f"Foreseen against observed share of SQLs, by tenths. {title}.")


def of_thresholds(book: Book, table: pd.DataFrame) -> Words:
    """For the thresholds; see `round_thresholds`."""
    most, days = calls(book), judged_workdays(book)
    marked = table[table["within_capacity"].eq(True)].tail(1)
    title = "What each threshold would hand to sales"
    if most is not None and len(marked):
        row = marked.iloc[0]
        title = (
            f"From a chance of {fmt.percent(row['threshold'])} on, sales would get "
            f"{fmt.number(row['called_per_workday'], 1)} leads a workday and "
            f"{fmt.percent(row['recall'], 0)} of the SQLs"
        )
    rows = later_leads(book)
    see = f"Over {fmt.number(len(rows))} later leads on {fmt.plural(days, 'workday')}."
    return Words(title, see, f"{title}.")


COMPARED_SHOWN = (
    "score", "auc", "auc_low", "auc_high", "brier_gain", "calibration_error", "called", "found",
    "precision",
)  # fmt: skip
COMPARED_NAMES = {
    "auc": "AUC", "auc_low": "95 % from", "auc_high": "95 % to", "called": "Calls",
    "found": "SQLs found",
}  # fmt: skip
COMPARED_UNITS = {
    **dict.fromkeys(["auc", "auc_low", "auc_high", "brier", "brier_of_base_rate"], "ratio"),
    **dict.fromkeys(["brier_gain", "calibration_error", "precision"], "share"),
    "found": "count",
}
"""How the table of both scores is shown: which columns, their heads, their units."""


def of_comparison(book: Book) -> Words:
    """For the two scores side by side; see `comparison`."""
    title = says_which(book)
    see = (
        f"On {fmt.number(len(later_leads(book)))} valid leads captured after {_day(book)}, each "
        f"given {given_days(book)} days. AUC is the chance that a lead that became SQL scored "
        "higher than one that did not; 0.5 is a coin. Brier gain is how much smaller the "
        "squared error of the chance is than with one chance for all."
    )
    return Words(title, see, title)


def of_foreseen(table: pd.DataFrame) -> Words:
    """For the SQLs foreseen and come; see `foreseen`."""
    short = table[table["verdict"] == "fewer"]
    title = "SQLs come as the score foresees"
    if len(short):
        names = " and ".join(f"{month:%B %Y}" for month in short["month"])
        title = (
            f"{names}: {fmt.number(short['came'].sum())} SQLs came where "
            f"{fmt.number(round(short['foreseen'].sum()))} were foreseen"
        )
    elif (table["verdict"] == "more").any():
        title = "More SQLs come than the score foresees"
    see = (
        "Foreseen from what the leads were at capture, by what such leads used to become. If the "
        "chances are right, all months of the table lie in their ranges 95 times in 100."
    )
    return Words(title, see, f"{title}.")


def of_drift(book: Book, table: pd.DataFrame) -> Words:
    """For the drift of scores and factors; see `drifts`."""
    scores, rest = table.iloc[:2], table.iloc[2:]
    moved = rest[rest["verdict"] != "stable"]
    still = (scores["verdict"] == "stable").all()
    title = f"The scores of {book.period.title} {'lie' if still else 'do not lie'} where they did"
    if len(moved):
        names = " and ".join(moved["what"])
        verb = "is" if len(moved) == 1 else "are"
        title += f"; {names} {verb} {'moving' if (moved['verdict'] == 'moving').all() else 'other'}"
    see = (
        "The stability index (PSI) compares the leads of the "
        f"{book.period.kind} with those the score was fitted to: below 0.1 stable, from 0.25 "
        "moved. It counts only where it is more than chance."
    )
    return Words(title, see, f"{title}.")


def _day(book: Book) -> str:
    return fmt.date(book.local(cut(book).to_pydatetime()))
