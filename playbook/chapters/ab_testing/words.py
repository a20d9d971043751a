"""The words around the chapter's figures and tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook import format as fmt
from playbook.chapters.ab_testing.inputs import in_words, today
from playbook.chapters.ab_testing.plan_words import (
    of_claim,
    of_pages,
    of_plan,
    of_planner,
    of_power_curve,
)
from playbook.chapters.ab_testing.record import PROVEN, UNPROVEN
from playbook.chapters.ab_testing.said import change, rows_of
from playbook.chapters.ab_testing.simulated import NAIVE, ONCE
from playbook.chapters.words import Words

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book

__all__ = [
    "as_aa",
    "of_aa",
    "of_checks",
    "of_claim",
    "of_cockpit",
    "of_elements",
    "of_forest",
    "of_pages",
    "of_peek",
    "of_plan",
    "of_planner",
    "of_power_curve",
    "of_reread",
]


def of_forest(book: Book, table: pd.DataFrame) -> Words:
    """For all lifts with their intervals; see `record.forest`."""
    shipped = table[table["verdict"] == "ship"]
    n = len(table)
    if len(shipped) == 1:
        row = shipped.iloc[0]
        title = f"Of {fmt.plural(n, 'test')} one is a proven winner: {row['name']}, "
        title += change(row["value"])
    elif len(shipped):
        title = f"{len(shipped)} of {fmt.plural(n, 'test')} are proven winners"
    else:
        title = f"Not one of {fmt.plural(n, 'test')} is a proven winner"
    rules = book.rules.abtest
    see = (
        f"Lift of the new version over the control with {fmt.percent(1 - rules.alpha, 0)} "
        "intervals; that of a running test is always-valid, so it is wider. The "
        f"band is what is not worth having, ±{fmt.percent(rules.minimum_lift, 0)}."
    )
    if table["void"].any():
        see += " Grey and dashed: the split is broken, so the lift stands for nothing."
    told = "; ".join(
        f"{row['name']} {change(row['value'])} ({_from_to(row)}): {row['verdict']}"
        for row in rows_of(table)
    )
    return Words(title, see, f"{title}. {told}.")


def _from_to(row: dict[str, Any]) -> str:
    return f"{change(row['low'])} to {change(row['high'])}"


def of_cockpit(book: Book, table: pd.DataFrame) -> Words:
    """For the tests of the moment; see `declared.cockpit`."""
    runs = table["days_left"].notna() | table["ended"].isna()
    title = (
        f"{fmt.plural(int(runs.sum()), 'test')} running, {fmt.number(int((~runs).sum()))} ended in "
        f"{book.period.title}"
    )
    see = (
        f"As of {fmt.date(today(book))}. Progress is the smaller arm's share of its people needed."
    )
    return Words(title, see, title)


def of_checks(table: pd.DataFrame) -> Words:
    """For what may be judged at all; see `record.checks`."""
    wrong = table[~table["says"].str.startswith("may be judged")]
    full = int(table["enough_ok"].sum())
    if len(wrong):
        told = ", ".join(f"{row['experiment_id']} ({row['says']})" for row in rows_of(wrong))
        title = f"{len(wrong)} of {fmt.plural(len(table), 'test')} may not be judged: {told}"
    else:
        title = f"All {fmt.plural(len(table), 'test')} may be judged"
    enough = fmt.number(full) if full else "Not one of them"
    see = (
        f"{enough} had the people that the smallest lift worth having "
        "takes. Too few people do not make a test wrong; they make its answer “cannot say”."
    )
    return Words(title, see, title)


def of_reread(table: pd.DataFrame) -> Words:
    """For decisions of the past beside today's verdicts; see `record.reread`."""
    kept = table[table["decision"] == "keep"]
    loose = kept[kept["reread"].isin(UNPROVEN)]
    if kept.empty:
        title = "No change was kept after a test"
    elif len(loose):
        names = fmt.listed([*loose["experiment_id"]])
        title = f"{len(loose)} of the {fmt.plural(len(kept), 'change')} kept "
        title += f"{'is' if len(loose) == 1 else 'are'} unproven: {names}"
    elif len(kept) == 1:
        title = "The one change kept is proven"
    else:
        title = f"All {len(kept)} changes kept are proven"
    answered = int(table["verdict"].isin(PROVEN).sum())
    see = (
        f"{answered} of {fmt.plural(len(table), 'test')} that ended gave an answer. What was "
        "dropped without proof stays as it was, which is no mistake, but nothing was learned."
    )
    return Words(title, see, title)


def of_elements(table: pd.DataFrame) -> Words:
    """For what was tested of what the handbook wants tested; see `record.elements`."""
    never = table.loc[table["tests"] == 0, "element"].tolist()
    won = table.loc[table["shipped"] > 0]
    if never:
        title = f"Never tested: {', '.join(map(in_words, never))}"
    else:
        title = "Every element of the handbook was tested at least once"
    told = ", ".join(f"{row['element']} {change(row['best_lift'])}" for row in rows_of(won))
    see = f"Proven so far: {told or 'nothing'}. An open test is no test passed: repeat it, bolder."
    return Words(title, see, title)


def of_peek(table: pd.DataFrame) -> Words:
    """For the price of looking; see `simulated.peek`."""
    rows = table.set_index("rule")
    naive, once = rows.loc[NAIVE], rows.loc[ONCE]
    title = (
        f"Looking {fmt.number(naive['looks'])} times makes {fmt.percent(naive['wrong'], 0)} of "
        f"tests call a false winner; reading once, {fmt.percent(once['wrong'], 0)}"
    )
    held = [name for name in rows.index if name not in {NAIVE, ONCE}]
    told = ", ".join(f"{name} {fmt.percent(rows.loc[name, 'wrong'])}" for name in held)
    see = f"Nothing differs in any of these tests. Lines made for looking keep the promise: {told}."
    return Words(title, see, f"{title}. {told}.")


def of_aa(table: pd.DataFrame) -> Words:
    """For how often each method calls a winner where there is none; see `simulated.aa_test`."""
    ours = table[table["is_ours"].astype(bool)]
    kept, naive = int(ours["holds"].sum()), table[~table["is_ours"].astype(bool)].iloc[0]
    title = f"{kept} of our {len(ours)} methods keep their promise"
    if kept == len(ours):
        title = f"All {len(ours)} of our methods keep their promise"
    see = (
        f"{fmt.number(table['draws'].iloc[0])} tests for each, both arms the same; bars are what "
        f"so many draws leave open. The last one is the warning: {naive['method'].lower()}, wrong "
        f"in {fmt.percent(naive['wrong'], 0)}."
    )
    told = "; ".join(f"{row['method']} {fmt.percent(row['wrong'])}" for row in rows_of(table))
    return Words(title, see, f"{title}. {told}.")


def as_aa(table: pd.DataFrame) -> pd.DataFrame:
    """`simulated.aa_test` as `plots.dot_interval` takes it: what promises alpha, not the split."""
    import pandas as pd

    same = table["promised"] == table["promised"].iloc[0]
    shown = table[same].rename(columns={"method": "name", "wrong": "value"})
    shown = shown.assign(emphasis=~shown["is_ours"].astype(bool)).reset_index(drop=True)
    return pd.DataFrame(shown[["name", "value", "low", "high", "emphasis"]])
