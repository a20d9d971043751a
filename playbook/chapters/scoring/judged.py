"""What either score is worth on later leads, that neither was made for."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from playbook import scoring
from playbook.book import remembered
from playbook.chapters.scoring.capacity import capacity, workdays_between
from playbook.chapters.scoring.fitted import chances
from playbook.chapters.scoring.past import OUTCOME, cut, given_days, past_leads
from playbook.errors import ParameterError, unknown
from playbook.funnel import wilson

if TYPE_CHECKING:
    from typing import Any

    import numpy as np
    import pandas as pd

    from playbook.book import Book
    from playbook.scoring import Difference, Judgement

    Floats = np.ndarray[Any, Any]

SCORES = {"fitted": "Fitted score", "pasted": "Fitted, as whole points", "rule": "Rule score"}
"""The scores by their column in `later_leads`."""

LEAST_CALLED = 10
"""Below so many leads a threshold of the table says nothing."""

CHANCES = {"fitted": "fitted", "rule": "rule_chance"}
"""The columns in which a score is a chance."""


@remembered
def later_leads(book: Book) -> pd.DataFrame:
    """The past leads on which both scores are judged: those captured after the cut.

    Returns:
        `lead_id`, `created_at`, `became_sql`, and the columns of `chances`; in order of capture.
    """
    rows = past_leads(book)[["lead_id", "created_at", OUTCOME]]
    later = rows[rows["created_at"] >= cut(book)]
    found: pd.DataFrame = later.merge(chances(book), on="lead_id").reset_index(drop=True)
    return found


@remembered
def judgement(book: Book, score: str) -> Judgement:
    """`scoring.judge` of a score on the later leads: its ranking, and its chance as honesty.

    Args:
        book: The Book.
        score: `fitted` or `rule`.

    Raises:
        ParameterError: There is no such score.
    """
    if score not in CHANCES:
        raise ParameterError(unknown("score", score, CHANCES))
    rows = later_leads(book)
    return scoring.judge(rows[CHANCES[score]], rows[OUTCOME])


@remembered
def difference(book: Book) -> Difference:
    """How much better the fitted score ranks the later leads than the rules' points do."""
    rows = later_leads(book)
    return scoring.auc_difference(rows["fitted"], rows["rule"], rows[OUTCOME])


def judged_workdays(book: Book) -> int:
    """Workdays on which the later leads were captured."""
    last = book.as_of - timedelta(days=given_days(book) or 0)
    return max(workdays_between(book, cut(book), last), 1)


def calls(book: Book) -> int | None:
    """How many of the later leads sales could have called; None where nothing tells."""
    found = capacity(book)
    if found is None:
        return None
    most = len(later_leads(book))
    return max(min(round(found.per_workday * judged_workdays(book)), most), 1)


def found_by(scores: Floats, truth: Floats, counts: int) -> float:
    """SQLs among so many leads of the highest scores; of equal scores as many as chance gives."""
    import numpy as np

    lowest = np.sort(scores)[::-1][counts - 1]
    above, level = scores > lowest, scores == lowest
    rest = counts - above.sum()
    return float(truth[above].sum() + rest * truth[level].mean())


@remembered
def comparison(book: Book) -> pd.DataFrame:
    """Both scores, and the fitted one as whole points, on the same later leads.

    Returns:
        `score`, `n`, `sql` (of them), `auc`, `auc_low`, `auc_high` (DeLong 95 %), `brier`,
        `brier_of_base_rate`, `brier_gain` (how much smaller the first is, a share),
        `calibration_error` (share; these four are missing for whole points, whose chance is the
        fitted one), and where the capacity is known `called` (leads that sales could
        have called), `found` (SQLs among as many leads of the highest scores, of equal scores as
        many as chance gives), `found_share` (of all SQLs), `precision`, `precision_low`,
        `precision_high` (Wilson 95 %).
    """
    import pandas as pd

    rows, most = later_leads(book), calls(book)
    truth = rows[OUTCOME].to_numpy()
    table = []
    for key, name in SCORES.items():
        found = scoring.judge(rows[CHANCES.get(key, key)], truth)
        line = {"score": name, "n": found.n, "sql": found.positives}
        line |= {"auc": found.auc, "auc_low": found.auc_low, "auc_high": found.auc_high}
        line |= {"brier": found.brier, "brier_of_base_rate": found.brier_of_base_rate}
        line["brier_gain"] = 1 - found.brier / found.brier_of_base_rate
        line["calibration_error"] = found.calibration_error
        if most is not None:
            line |= {"called": most, "found": found_by(rows[key].to_numpy(float), truth, most)}
        table.append(line)
    frame = pd.DataFrame(table)
    frame.loc[frame["brier"].isna(), "brier_of_base_rate"] = float("nan")
    if most is not None:
        frame["found_share"] = frame["found"] / frame["sql"]
        frame["precision"] = frame["found"] / frame["called"]
        low, high = wilson(frame["found"], frame["called"])
        frame["precision_low"], frame["precision_high"] = low, high
    return frame


@remembered
def deciles(book: Book) -> pd.DataFrame:
    """How often leads became SQL by tenths of the score, best first.

    Returns:
        `decile`, and of the fitted score `n`, `lowest` (chance), `sql`, `sql_rate`, `sql_low`,
        `sql_high`, `lift` (against all), `cumulative` (share of all SQLs in this and better
        tenths); of the rule score `rule_n`, `rule_lowest` (points), `rule_sql`, `rule_rate`,
        `rule_lift`, `rule_cumulative`. Equal points share a tenth, so sizes differ and a tenth
        may be empty.
    """
    rows = later_leads(book)
    found = {
        key: scoring.judge(rows[key], rows[OUTCOME]).deciles.set_index("decile")
        for key in ("fitted", "rule")
    }
    named = {"positives": "sql", "rate": "sql_rate", "low": "sql_low", "high": "sql_high"}
    own = found["fitted"].rename(columns={**named, "share_of_positives": "cumulative"})
    columns = {"n": "rule_n", "lowest": "rule_lowest", "positives": "rule_sql", "rate": "rule_rate"}
    columns |= {"lift": "rule_lift", "share_of_positives": "rule_cumulative"}
    other = found["rule"].rename(columns=columns)[list(columns.values())]
    return own.join(other, how="outer").reset_index()


@remembered
def calibration(book: Book) -> pd.DataFrame:
    """What was foreseen and what came, by tenths of the later leads, for either score.

    Returns:
        `score` (name), `bin`, `n`, `predicted` (mean chance), `sql`, `rate`, `low`, `high`
        (Wilson 95 %).
    """
    import pandas as pd

    parts = [
        judgement(book, key).calibration.assign(score=SCORES[key]) for key in ("fitted", "rule")
    ]
    table = pd.concat(parts, ignore_index=True).rename(columns={"positives": "sql"})
    return table[["score", "bin", "n", "predicted", "sql", "rate", "low", "high"]]


@remembered
def threshold_table(book: Book, score: str = "fitted") -> pd.DataFrame:
    """What each threshold of a score would hand to sales, over the later leads.

    Args:
        book: The Book.
        score: `fitted` (a chance), `pasted` or `rule` (points).

    Returns:
        One row per different score, highest first: `threshold`, `called`, `called_per_workday`,
        `sql`, `precision`, `precision_low`, `precision_high`, `recall` (share of all SQLs),
        `missed` (SQLs below it), `lift`, `within_capacity` (missing where nothing tells it).

    Raises:
        ParameterError: There is no such score.
    """
    if score not in SCORES:
        raise ParameterError(unknown("score", score, SCORES))
    rows = later_leads(book)
    table = scoring.thresholds(rows[score], rows[OUTCOME])
    names = {"positives": "sql", "low": "precision_low", "high": "precision_high"}
    table = table.rename(columns=names)
    table["called_per_workday"] = table["called"] / judged_workdays(book)
    table["missed"] = int(rows[OUTCOME].sum()) - table["sql"]
    most = calls(book)
    table["within_capacity"] = None if most is None else table["called"] <= most
    order = ["threshold", "called", "called_per_workday", "sql", "precision", "precision_low"]
    return table[[*order, "precision_high", "recall", "missed", "lift", "within_capacity"]]


def at_threshold(book: Book, score: str, threshold: float) -> pd.DataFrame:
    """One row of `threshold_table`: the leads at or above a threshold; empty where there are none.

    Args:
        book: The Book.
        score: As for `threshold_table`.
        threshold: Lowest score that is called; a chance between 0 and 1, or points.
    """
    table = threshold_table(book, score)
    return table[table["threshold"] >= threshold].tail(1).assign(threshold=threshold)


def round_thresholds(book: Book, score: str = "fitted") -> pd.DataFrame:
    """`threshold_table` at round thresholds and at the one that sales' capacity implies.

    Every five per cent of chance, or five points, from ten leads on; columns as there.
    """
    import pandas as pd

    step = 0.05 if score == "fitted" else 5
    top = later_leads(book)[score].max()
    limit = capacity_threshold(book, score)
    steps = {round(i * step, 2) for i in range(1, int(top / step) + 1)}
    cuts = sorted({*steps, *([] if limit is None else [limit])}, reverse=True)
    parts = [found for cutoff in cuts if len(found := at_threshold(book, score, cutoff))]
    table = pd.concat([threshold_table(book, score).iloc[:0], *parts], ignore_index=True)
    return table[table["called"] >= LEAST_CALLED].reset_index(drop=True)


def capacity_threshold(book: Book, score: str = "fitted") -> float | None:
    """The lowest threshold that hands over no more leads than sales can call; None if unknown."""
    table = threshold_table(book, score)
    fits = table[table["within_capacity"].eq(True)]
    return None if fits.empty else float(fits["threshold"].iloc[-1])
