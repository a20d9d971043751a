"""What the steps bring: who engages, and whether those who got a step came back more often."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook.errors import ParameterError, unknown
from playbook.format import div
from playbook.intervals import holm, wilson

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    import pandas as pd


def engagement(
    sends: pd.DataFrame,
    responses: pd.DataFrame,
    *,
    as_of: datetime,
    within_days: float = 7,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """How many who were sent a step engaged with it.

    Args:
        sends: `entity`, `at`, `program`: what was sent.
        responses: `entity`, `at`, `program`: what came back to it, such as clicks.
        as_of: Sends whose window is not over by then are left out, and counted as `young`.
        within_days: Days after the send in which an answer counts.
        confidence: Coverage of the interval.

    Returns:
        One row per program, sorted by name: `program`, `sent`, `engaged`, `rate`, `low`, `high`
        (missing where nothing was sent), `young`. The first send of a program to an entity counts.

    Raises:
        ParameterError: A column is missing.

    Source: Wilson (1927).
    """
    import pandas as pd

    for name, frame in (("sends", sends), ("responses", responses)):
        _need(name, frame, ("entity", "at", "program"))
    first = sends.dropna(subset=["program"]).query("at <= @as_of")
    first = first.groupby(["program", "entity"])[["at"]].min().reset_index()
    window = pd.Timedelta(days=within_days)
    pairs = first.merge(responses, on=["program", "entity"], suffixes=("", "_back"))
    inside = (pairs["at_back"] >= pairs["at"]) & (pairs["at_back"] <= pairs["at"] + window)
    engaged = pairs[inside][["program", "entity"]].drop_duplicates().assign(engaged=1)
    found = first.merge(engaged, on=["program", "entity"], how="left")
    found["young"] = found["at"] + window > pd.Timestamp(as_of)
    old = found[~found["young"]].groupby("program")["engaged"].agg(sent="size", engaged="count")
    table = old.join(found.groupby("program")["young"].sum(), how="outer").fillna(0).astype(int)
    table["rate"] = div(table["engaged"], table["sent"])
    table["low"], table["high"] = wilson(table["engaged"], table["sent"], confidence)
    columns = ["program", "sent", "engaged", "rate", "low", "high", "young"]
    counted: pd.DataFrame = table.rename_axis("program").reset_index()[columns]
    return counted


def step_effects(
    steps: pd.DataFrame,
    returns: pd.DataFrame,
    *,
    as_of: datetime,
    within_days: float = 60,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Whether enrolments that got a step came back more often than those that did not.

    Both are followed from the same moment, a day after the step was due, and only those count that
    were in the flow and had not come back by then: waiting for a step is no merit of it. Strata
    are the months of the start. The p-values are adjusted for looking at every step (Holm).

    Args:
        steps: As `step_rows` gives it.
        returns: `entity`, `at`: what counts as coming back, such as entering MQL.
        as_of: Enrolments whose window is not over by then are left out.
        within_days: Days in which a return counts.
        confidence: Coverage of the interval.

    Returns:
        One row per program, in the order of the steps: `program`, `with_step`, `returned_with`,
        `rate_with`, `without_step`, `returned_without`, `rate_without`, `difference`, `low`,
        `high`, `odds_ratio`, `p` and `p_adjusted`, as `stratified` has them; `warning`.

    Raises:
        ParameterError: A column is missing.

    Source: Mantel and Haenszel (1959); Anderson, Cain and Gelber (1983) on the landmark.
    """
    import pandas as pd

    _need("steps", steps, _STEPS)
    _need("returns", returns, ("entity", "at"))
    rows = []
    order = steps.groupby("program", sort=False)["due_at"].min().sort_values(kind="stable").index
    for program in order:
        own = _at_landmark(steps[steps["program"] == program], returns, as_of, within_days)
        month = own["started_at"].dt.strftime("%Y-%m")
        found = stratified(own.assign(month=month), "got", "returned", ["month"], confidence)
        rows.append({"program": program, **_renamed(found)})
    table = pd.DataFrame(rows, columns=["program", *_NAMES.values(), "warning"])
    table.insert(len(table.columns) - 1, "p_adjusted", holm(table["p"]))
    return table


def _at_landmark(
    own: pd.DataFrame, returns: pd.DataFrame, as_of: datetime, within_days: float
) -> pd.DataFrame:
    """Who was in the flow and had not come back a day after the step was due."""
    import pandas as pd

    landmark = own["due_at"] + pd.Timedelta(days=1)
    first = _first_after(own.assign(landmark=landmark), returns)
    until = first["landmark"] + pd.Timedelta(days=within_days)
    inside = (first["status"] != "exited") | (first["ended_at"] > first["landmark"])
    kept = inside & (until <= pd.Timestamp(as_of)) & ~first["came_before"]
    return first.assign(
        got=first["done_at"].le(first["landmark"]), returned=first["back_at"].le(until)
    )[kept]


def _first_after(own: pd.DataFrame, returns: pd.DataFrame) -> pd.DataFrame:
    """With the first return since the start, and whether it came by the landmark."""
    keyed = own.reset_index(drop=True).rename_axis("row").reset_index()
    back = returns[["entity", "at"]].rename(columns={"at": "back_at"})
    pairs = keyed[["row", "entity", "started_at"]].merge(back, on="entity")
    after = pairs[pairs["back_at"] >= pairs["started_at"]].groupby("row")["back_at"].min()
    found = keyed.assign(back_at=after.reindex(keyed["row"]).to_numpy())
    return found.assign(came_before=found["back_at"] <= found["landmark"]).drop(columns="row")


SELECTION = (
    "Who was in and who was not did not happen by lot: people chose, or the customers did, and "
    "what they chose by may be the cause of the difference. Only a drawn control group shows "
    "what the programme does."
)
SMALL = 5
"""Fewer returns in either group than this carry no claim."""


def compare(
    cases: pd.DataFrame,
    enrolled: pd.DataFrame,
    returns: pd.DataFrame,
    *,
    as_of: datetime,
    landmark_days: float = 14,
    within_days: float = 90,
    by: tuple[str, ...] = (),
    confidence: float = 0.95,
) -> dict[str, Any]:
    """Whether those in a programme convert more often than comparable ones that are not.

    Cases are those that entered the same stage. At the landmark, so many days after it, whoever
    has converted is left out, and the rest are compared by whether they had been enrolled by
    then; who is enrolled later stays with those who were not. Compared within the month of entry
    and the columns `by`.

    Args:
        cases: `entity`, `at` (when it entered the stage), and the columns `by`.
        enrolled: `entity`, `started_at`.
        returns: `entity`, `at`: what counts as converting.
        as_of: Cases whose window is not over by then are left out.
        landmark_days: Days from the entry to the landmark.
        within_days: Days from the landmark in which converting counts.
        by: Columns of `cases` within which is compared, besides the month.
        confidence: Coverage of the interval.

    Returns:
        What `stratified` returns.

    Raises:
        ParameterError: A column is missing.
    """
    import pandas as pd

    _need("cases", cases, ("entity", "at", *by))
    _need("enrolled", enrolled, ("entity", "started_at"))
    _need("returns", returns, ("entity", "at"))
    landmark = cases["at"] + pd.Timedelta(days=landmark_days)
    own = cases.assign(landmark=landmark, started_at=cases["at"])
    own = _first_after(own, returns)
    begun = enrolled.groupby("entity")["started_at"].min()
    until = own["landmark"] + pd.Timedelta(days=within_days)
    kept = (until <= pd.Timestamp(as_of)) & ~own["came_before"]
    judged = own.assign(
        got=own["landmark"].ge(begun.reindex(own["entity"]).to_numpy()),
        returned=own["back_at"].le(until),
        month=own["at"].dt.strftime("%Y-%m"),
    )[kept]
    return stratified(judged, "got", "returned", ["month", *by], confidence)


def stratified(
    cases: pd.DataFrame,
    exposed: str,
    outcome: str,
    by: list[str],
    confidence: float = 0.95,
) -> dict[str, Any]:
    """How often the outcome came with and without, compared only within strata.

    Args:
        cases: One row per case with two columns of true and false.
        exposed: The column that says who had it.
        outcome: The column that says for whom the outcome came.
        by: Columns that make the strata. Missing values make a stratum of their own.
        confidence: Coverage of the intervals.

    Returns:
        `n_with`, `outcomes_with`, `n_without`, `outcomes_without`; `rate_with` and `rate_without`,
        both weighted alike over the strata; their `difference` with `low` and `high`;
        `odds_ratio` of Mantel and Haenszel with `odds_low`, `odds_high`; `p`; `strata` that hold
        both and `left_out`, cases of strata that hold only one; `warning`, in words. Figures are
        missing where either group is empty, the odds ratio and `p` where the outcome came for all
        or for none of a group.

    Raises:
        ParameterError: A column is missing.

    Source: Mantel and Haenszel (1959) and the interval of Robins, Breslow and Greenland (1986) by
        statsmodels; the difference of Mantel and Haenszel with the variance of Sato (1989), which
        holds in many small strata too.
    """
    import pandas as pd

    _need("cases", cases, (exposed, outcome, *by))
    keys = [cases[name].astype("string").fillna("–") for name in by]
    own = cases.assign(_one=1, _hit=cases[outcome].astype(int), _in=cases[exposed].astype(bool))
    sums: Any = own.groupby([*keys, "_in"], observed=True)[["_one", "_hit"]].sum()
    columns = pd.MultiIndex.from_product([["_one", "_hit"], [True, False]])
    counted: Any = sums.unstack("_in", fill_value=0).reindex(columns=columns, fill_value=0)
    n1, n0 = counted["_one", True], counted["_one", False]
    both = (n1 > 0) & (n0 > 0)
    kept = counted[both]
    figures = _weighted(kept, confidence) | _pooled(kept, confidence)
    left = int((n1 + n0)[~both].sum())
    warning = _warning(figures, left)
    return {**figures, "strata": int(both.sum()), "left_out": left, "warning": warning}


def _warning(figures: Mapping[str, Any], left: int) -> str:
    few = min(figures["outcomes_with"], figures["outcomes_without"]) < SMALL
    text = f" With fewer than {SMALL} outcomes in a group the figures carry no claim."
    small = text if few else ""
    out = f" {left} cases had nobody to be compared with and are left out." if left else ""
    return SELECTION + small + out


def _weighted(kept: pd.DataFrame, confidence: float) -> dict[str, Any]:
    """Both rates with the same weights over the strata, and their difference."""
    from scipy.stats import norm

    n1, x1, n0, x0 = (
        kept[name].to_numpy(float)
        for name in (("_one", True), ("_hit", True), ("_one", False), ("_hit", False))
    )
    numbers = {"n_with": n1, "outcomes_with": x1, "n_without": n0, "outcomes_without": x0}
    found: dict[str, Any] = {name: int(values.sum()) for name, values in numbers.items()}
    if not len(kept):
        return found | dict.fromkeys(_RATES, float("nan"))
    n = n1 + n0
    weights = n1 * n0 / n
    rates = [float((weights * x / m).sum() / weights.sum()) for x, m in ((x1, n1), (x0, n0))]
    gap = rates[0] - rates[1]
    p = ((n1**2 * x0 - n0**2 * x1 + n1 * n0 * (n0 - n1) / 2) / n**2).sum()
    q = ((x1 * (n0 - x0) + x0 * (n1 - x1)) / (2 * n)).sum()
    error = float(max(gap * p + q, 0.0) ** 0.5 / weights.sum())
    reach = float(norm.ppf((1 + confidence) / 2)) * error
    return found | dict(zip(_RATES, (*rates, gap, gap - reach, gap + reach), strict=True))


_STEPS = ("entity", "started_at", "status", "ended_at", "program", "due_at", "done_at")
_RATES = ("rate_with", "rate_without", "difference", "low", "high")
_ODDS = ("odds_ratio", "odds_low", "odds_high", "p")
_NAMES = {
    "n_with": "with_step",
    "outcomes_with": "returned_with",
    "rate_with": "rate_with",
    "n_without": "without_step",
    "outcomes_without": "returned_without",
    "rate_without": "rate_without",
    "difference": "difference",
    "low": "low",
    "high": "high",
    "odds_ratio": "odds_ratio",
    "p": "p",
}


def _renamed(found: Mapping[str, Any]) -> dict[str, Any]:
    return {new: found[old] for old, new in _NAMES.items()} | {"warning": found["warning"]}


def _pooled(kept: pd.DataFrame, confidence: float) -> dict[str, float]:
    """The odds ratio over the strata, and the test that it is one."""
    from statsmodels.stats.contingency_tables import StratifiedTable

    tables = [
        [[x1, n1 - x1], [x0, n0 - x0]]
        for x1, n1, x0, n0 in zip(
            kept["_hit", True], kept["_one", True], kept["_hit", False], kept["_one", False],
            strict=True,
        )
    ]  # fmt: skip
    cells = [sum(t[i][j] for t in tables) for i in (0, 1) for j in (0, 1)]
    if not tables or min(cells) == 0:
        return dict.fromkeys(_ODDS, float("nan"))
    pooled = StratifiedTable([_floats(table) for table in tables])
    low, high = pooled.oddsratio_pooled_confint(1 - confidence)
    p = pooled.test_null_odds(correction=False).pvalue
    values = map(float, (pooled.oddsratio_pooled, low, high, p))
    return dict(zip(_ODDS, values, strict=True))


def _floats(table: list[list[float]]) -> Any:
    import numpy as np

    return np.array(table, dtype=float)


def _need(name: str, frame: pd.DataFrame, columns: tuple[str, ...]) -> None:
    for column in columns:
        if column not in frame.columns:
            raise ParameterError(unknown(f"column of {name}", column, list(frame.columns)))
