"""How many of those open now will be won, with an interval, from what became of earlier ones.

Each stage has its own clock, from entering the stage to leaving it: for a later stage, won or
lost. Losing competes with winning (who is lost can no longer be won), so the chances are
cumulative incidences (Aalen–Johansen), not one less Kaplan–Meier, which would treat the lost as
if they might still be won. What is open is judged at its age: it is compared with those in
history that were still in the stage at that age. Leaving for a later stage is worth what
entering that stage is worth, so a lead that has long been stuck is not judged by the leads of
its age that moved on.

It assumes that the future is like the history given (choose the history accordingly), that the
way on depends on the stage and the time in it, not on the way there, and that ends of follow-up
have nothing to do with the chances. Winning later than anybody has been followed is not counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook.errors import ParameterError, unknown
from playbook.format import div
from playbook.funnel.incidence import LOST, OPEN, WON, chances, redraw, tally

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import pandas as pd

    from playbook.funnel.incidence import Chances

    Array = np.ndarray[Any, Any]

# Below ten events the relative standard error of a rate exceeds 1/√10 ≈ 32 %, and resampling
# understates it, because it cannot draw what has not happened yet.
FEW = 10
CHUNK = 50  # replicates held in memory at a time


def expected_won(
    history: pd.DataFrame,
    open_now: pd.DataFrame,
    stages: Sequence[str],
    *,
    horizon_days: float | None = None,
    confidence: float = 0.95,
    replicates: int = 500,
    seed: int = 20261031,
    step_hours: int = 24,
) -> pd.DataFrame:
    """How many of the entities open now are to be expected won, per stage and in total.

    Args:
        history: What became of those who entered each stage, aggregated or not, in any order:
            `stage`, `hours` (from entering the stage to leaving it, or to where knowledge ends),
            `outcome` (`won`, `lost`, a later stage, or `open` where knowledge ended first) and
            `n`. One entity counts once in each stage it entered.
        open_now: Who is open: `stage` (where it is now), `hours` (since it entered it), `n`;
            perhaps `amount` (of all n together, missing where unknown).
        stages: Stage names in funnel order, without won and lost.
        horizon_days: Count only who is won within so many days from now; whenever where None.
        confidence: Coverage of the interval of the number that will be won.
        replicates: Resamples of the history.
        seed: Of the random numbers: the same input gives the same interval.
        step_hours: All times are cut to whole steps of so many hours.

    Returns:
        One row per stage in funnel order, then `total`: `stage`, `open`, `expected` (won), `low`,
        `high` (of the number won: uncertainty of the history and chance of the outcome
        together), `probability` (expected by open), with amounts also `expected_amount` and
        `without_amount` (open entities that have none, not in it); `too_old` (open for longer
        than anybody in history was followed; none of them is expected to be won) and `reason`:
        why there is no number, empty where there is one. The total has none where a stage with
        somebody open has none.

    Raises:
        ParameterError: A missing column or value, an unknown stage or outcome, an outcome that
            is no later stage or one without history, hours, n or a setting out of range.

    Sources: Aalen and Johansen (1978), "An empirical transition matrix for non-homogeneous
    Markov chains based on censored observations"; Efron (1981), "Censored data and the
    bootstrap": each stage's entities are drawn again with replacement, then each open entity is
    won or not at the chance so found. `low` and `high` are quantiles of these draws.

    >>> import pandas as pd
    >>> seen = [("deal", 24, "won", 30), ("deal", 24, "lost", 30), ("deal", 72, "won", 40)]
    >>> past = pd.DataFrame(seen, columns=["stage", "hours", "outcome", "n"])
    >>> now = pd.DataFrame({"stage": ["deal", "deal"], "hours": [0, 48], "n": [10, 5]})
    >>> expected_won(past, now, ["deal"])[["stage", "open", "expected", "probability"]]
       stage  open  expected  probability
    0   deal    15      12.0          0.8
    1  total    15      12.0          0.8
    """
    import numpy as np

    _check(history, open_now, stages)
    if (horizon_days is not None and horizon_days < 0) or step_hours < 1 or replicates < 1:
        raise ParameterError("horizon_days must be 0 or more, step_hours and replicates 1 or more.")
    steps = None if horizon_days is None else int(horizon_days * 24 // step_hours)
    counts = {s: tally(history[history["stage"] == s], stages, step_hours) for s in stages}
    waiting = [_waiting(open_now, stage, step_hours) for stage in stages]
    best = chances({s: c[None] for s, c in counts.items()}, steps)
    rng = np.random.default_rng(seed)
    drawn = np.zeros((len(stages), replicates))
    for start in range(0, replicates, CHUNK):
        part = slice(start, min(start + CHUNK, replicates))
        again = {s: redraw(c, part.stop - part.start, rng) for s, c in counts.items()}
        each = chances(again, steps)
        for place, (stage, rows) in enumerate(zip(stages, waiting, strict=True)):
            won = rng.binomial(rows["n"].to_numpy(), each[stage].at(rows["age"].to_numpy()))
            drawn[place, part] = won.sum(axis=1)
    expected = [_expect(s, rows, best[s]) for s, rows in zip(stages, waiting, strict=True)]
    return _tidy(expected, drawn, _reasons(counts), confidence)


def _waiting(open_now: pd.DataFrame, stage: str, step_hours: int) -> pd.DataFrame:
    """Who is open in the stage: one row per `age` in steps, so that their order cannot matter."""
    rows = open_now[(open_now["stage"] == stage) & (open_now["n"] > 0)]
    rows = rows.assign(age=(rows["hours"] // step_hours).astype("int64"))
    if "amount" not in rows:
        return rows.groupby("age", as_index=False)[["n"]].sum()
    rows = rows.assign(amount=rows["amount"].astype("float64"))
    rows["without"] = rows["n"].where(rows["amount"].isna(), 0)
    return rows.groupby("age", as_index=False)[["n", "amount", "without"]].sum()


def _expect(stage: str, rows: pd.DataFrame, best: Chances) -> dict[str, Any]:
    """The best estimate for one stage."""
    chance = best.at(rows["age"].to_numpy())[0]
    total = int(rows["n"].sum())
    row = {"stage": stage, "open": total, "expected": float(chance @ rows["n"])}
    if "amount" in rows:
        missing = int(rows["without"].sum())
        known = total > missing or not total
        row["expected_amount"] = float(chance @ rows["amount"]) if known else float("nan")
        row["without_amount"] = missing
    row["too_old"] = int(rows["n"][rows["age"] >= best.leaving.shape[1]].sum())
    return row


def _reasons(counts: dict[str, Array]) -> dict[str, str]:
    """Why a stage's history carries no forecast; empty where it does."""
    reasons: dict[str, str] = {}
    reached: dict[str, set[str]] = {}
    for stage, table in reversed(counts.items()):
        on = table[:, : len(counts)].sum(axis=0)
        next_stages = [name for name, n in zip(counts, on, strict=True) if n]
        reached[stage] = {stage}.union(*(reached[name] for name in next_stages))
        own = on.sum() + table[:, len(counts)].sum()
        won = sum(counts[name][:, len(counts)].sum() for name in reached[stage])
        few = f"fewer than {FEW} in history"
        reasons[stage] = f"{few} were won" if won < FEW else f"{few} went on" if own < FEW else ""
    return reasons


def _tidy(
    expected: list[dict[str, Any]], drawn: Array, reasons: dict[str, str], confidence: float
) -> pd.DataFrame:
    """The stages and their total, with intervals and reasons."""
    import numpy as np
    import pandas as pd

    table = pd.DataFrame(expected)
    table["reason"] = np.where(table["open"] > 0, table["stage"].map(reasons), "")
    without = table["stage"][table["reason"] != ""]
    total = {"stage": "total", **table.drop(columns=["stage", "reason"]).sum(min_count=1)}
    total["reason"] = f"no number for {', '.join(without)}" if len(without) else ""
    table = pd.concat([table, pd.DataFrame([total])], ignore_index=True)
    whole = [name for name in ("open", "too_old", "without_amount") if name in table]
    table[whole] = table[whole].astype("int64")
    draws = np.vstack([drawn, drawn.sum(axis=0)])
    tail = (1 - confidence) / 2
    table["low"] = np.quantile(draws, tail, axis=1, method="lower")
    table["high"] = np.quantile(draws, 1 - tail, axis=1, method="higher")
    table["probability"] = div(table["expected"], table["open"])
    amounts = [name for name in ("expected_amount", "without_amount") if name in table]
    numbers = ["expected", "low", "high", "probability", *amounts[:1]]
    table.loc[table["reason"] != "", numbers] = float("nan")
    return table[["stage", "open", *numbers, *amounts[1:], "too_old", "reason"]]


def _check(history: pd.DataFrame, open_now: pd.DataFrame, stages: Sequence[str]) -> None:
    """Refuses tables that cannot be what they are said to be."""
    if not stages or len({*stages, WON, LOST, OPEN, "total"}) < len(stages) + 4:
        raise ParameterError(
            f"stages must be one or more different names, without {WON}, {LOST}, {OPEN} and total, "
            f"not {list(stages)}."
        )
    _check_columns("history", history, ["stage", "hours", "n", "outcome"], stages)
    _check_columns("open_now", open_now, ["stage", "hours", "n"], stages)
    entered = set(history["stage"][history["n"] > 0])
    for stage, outcome in history[["stage", "outcome"]].drop_duplicates().itertuples(index=False):
        later = stages[list(stages).index(stage) + 1 :]
        if outcome not in {*later, WON, LOST, OPEN}:
            raise ParameterError(unknown(f"outcome of {stage}", outcome, [*later, WON, LOST, OPEN]))
        if outcome in later and outcome not in entered:
            raise ParameterError(
                f"history has entities that left {stage} for {outcome}, but none that entered it."
            )


def _check_columns(
    name: str, table: pd.DataFrame, needed: Sequence[str], stages: Sequence[str]
) -> None:
    for column in needed:
        if column not in table.columns:
            raise ParameterError(unknown(f"column of {name}", column, table.columns))
    if table[list(needed)].isna().to_numpy().any() or (table[["hours", "n"]].min() < 0).any():
        raise ParameterError(f"{name} has empty cells, or hours or n below 0.")
    for stage in table["stage"].unique():
        if stage not in stages:
            raise ParameterError(unknown(f"stage in {name}", stage, stages))
