"""Whether the scores still hold: have the leads moved, and do SQLs come as foreseen?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from playbook import format as fmt
from playbook import scoring
from playbook.book import remembered
from playbook.chapters.scoring.fitted import chances, fitted_score
from playbook.chapters.scoring.judged import later_leads
from playbook.chapters.scoring.past import OUTCOME, TOUCH, cut, leads_at_capture, past_leads
from playbook.chapters.scoring.standards import in_words

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book

ALPHA = 0.05

FEW = 30
"""Leads of the period below which nothing is said of drift."""


@remembered
def drifts(book: Book) -> pd.DataFrame:
    """How far the period's leads lie from those that the score was fitted to.

    Returns:
        One row per score and factor: `what`, `psi` (population stability index), `chance` (what
        it stays under in 95 of 100 samples though nothing moved), `verdict` (`stable`, `moving`,
        `moved`), `most_moved` (its bin that moved most, in words), `then_share`, `now_share` (of
        that bin), `then_n`, `now_n`; the two scores first, then the factors that moved most.
        Empty where the period has fewer than 30 leads that count.
    """
    import pandas as pd

    before, now = _sides(book)
    columns = ["what", "psi", "chance", "verdict", "most_moved", "then_share", "now_share"]
    if len(now) < FEW:
        return pd.DataFrame(columns=[*columns, "then_n", "now_n"])
    rows = []
    for column, name in _watched(book).items():
        found = scoring.drift(before[column], now[column])
        top = found.bins.sort_values("psi", ascending=False, kind="stable").iloc[0]
        moved = _bin(column, str(top["bin"]))
        shares = (float(top["train_share"]), float(top["now_share"]))
        rows.append((name, found.psi, found.chance, found.verdict, moved, *shares))
    table = pd.DataFrame(rows, columns=columns)
    table["then_n"], table["now_n"] = len(before), len(now)
    heads, rest = table.iloc[:2], table.iloc[2:]
    rest = rest.sort_values("psi", ascending=False, kind="stable")
    return pd.concat([heads, rest], ignore_index=True)


def _sides(book: Book) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The leads that the score was fitted to, and those of the period that count."""
    scored = chances(book).drop(columns=["rule_chance", "pasted"])
    rows = leads_at_capture(book).merge(scored, on="lead_id")
    taught = past_leads(book)
    early = rows["lead_id"].isin(taught.loc[taught["created_at"] < cut(book), "lead_id"])
    period = book.period
    inside = (rows["created_at"] >= period.start) & (rows["created_at"] < period.end)
    if book.has("lead_journey.is_valid"):
        inside &= rows["is_valid"].eq(True)
    return rows[early], rows[inside]


def _watched(book: Book) -> dict[str, str]:
    used = [one.column for one in fitted_score(book).encodings]
    named = {c: in_words(c).removeprefix(TOUCH).replace("_", " ") for c in used}
    return {"fitted": "Fitted score", "rule": "Rule score", **named}


def _bin(column: str, name: str) -> str:
    if column == "fitted":
        return re.sub(r"\d\S*", lambda found: fmt.percent(float(found[0])), name)
    return {"true": "yes", "false": "no", "(missing)": "not known"}.get(name, name)


@remembered
def foreseen(book: Book) -> pd.DataFrame:
    """The SQLs that the fitted score foresaw among the later leads, and those that came, by month.

    Returns:
        `month` (its first day, report zone), `n` (leads judged), `foreseen`, `foreseen_least`,
        `foreseen_most` (if the chances are right, all months lie in their ranges 95 times in
        100), `came`, `verdict` (`as foreseen`, `fewer`, `more`); oldest first.

    Source: sum of independent chances, exact (Poisson binomial); Bonferroni over the months.
    """
    import pandas as pd

    rows = later_leads(book)
    local = book.local_times(rows["created_at"])
    rows = rows.assign(month=local.dt.to_period("M").dt.to_timestamp())
    found = []
    for month, part in rows.groupby("month"):
        low, high = _span(part["fitted"].to_numpy(), ALPHA / rows["month"].nunique())
        came = int(part[OUTCOME].sum())
        verdict = "fewer" if came < low else "more" if came > high else "as foreseen"
        found.append((month, len(part), float(part["fitted"].sum()), low, high, came, verdict))
    columns = ["month", "n", "foreseen", "foreseen_least", "foreseen_most", "came", "verdict"]
    return pd.DataFrame(found, columns=columns)


def _span(chance: Any, alpha: float) -> tuple[int, int]:
    """Where all but `alpha` of the numbers of successes lie, each lead having its own chance."""
    import numpy as np

    spread = np.ones(1)
    for one in chance:
        spread = np.convolve(spread, [1 - one, one])
    below = np.cumsum(spread)
    return int(np.searchsorted(below, alpha / 2)), int(np.searchsorted(below, 1 - alpha / 2))
