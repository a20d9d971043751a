"""The fitted score: what past leads say about the next ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from playbook import tables
from playbook.errors import ParameterError, unknown
from playbook.format import number
from playbook.scoring import columns as which
from playbook.scoring import encoding, logistic

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import ibis.expr.types as ir
    import pandas as pd

    from playbook.scoring.encoding import Design, Encoding
    from playbook.tables import T

TRAINED_SHARE = 0.7
EVENTS_PER_TERM = 10


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A logistic regression on past leads.

    Attributes:
        outcome: Column that was predicted.
        coefficients: One row per term: `column`, `level`, `log_odds`, `odds_ratio`, `low`,
            `high` (Wald interval of the odds ratio), `p_value`, `n` (leads of the level; for a
            number, those with a value), `positives` (of them, with the outcome), `compared_with`
            (the level that has odds ratio 1; for a number its mean and what one standard
            deviation is).
        excluded: What was left out: `column`, `verdict` (`known after the outcome`, `suspected`,
            `no use`, `repeats`), `reason`.
        intercept: Log-odds of a lead at every reference.
        encodings: How each column is read.
        n: Leads it was fitted to.
        positives: Of them, with the outcome.
        until: Moment before which those leads lie; None where no time was given.
        time: Column of that moment.
        method: `maximum likelihood`, or `Firth` where outcomes are parted completely.
        notes: What to say beside the table.
    """

    outcome: str
    coefficients: pd.DataFrame
    excluded: pd.DataFrame
    intercept: float
    encodings: tuple[Encoding, ...]
    n: int
    positives: int
    until: Any
    time: str | None
    method: str
    notes: tuple[str, ...]

    @property
    def weights(self) -> dict[tuple[str, str], float]:
        """Log-odds by column and term."""
        rows = self.coefficients
        return dict(
            zip(zip(rows["column"], rows["level"], strict=True), rows["log_odds"], strict=True)
        )


def fit(
    table: pd.DataFrame | ir.Table,
    outcome: str,
    *,
    time: str | None = None,
    until: Any = None,
    key: str | None = None,
    columns: Sequence[str] | None = None,
    known_after: Mapping[str, str] | None = None,
    confirmed: Collection[str] = (),
    min_level: int = 30,
    confidence: float = 0.95,
) -> Fitted:
    """What past leads say: odds ratios of every column that was known beforehand.

    Args:
        table: One row per lead that has had time for its outcome; any table will do.
        outcome: Column that is true (or 1) where the outcome came. Rows without it are left out.
        time: Column by which earlier and later leads are told apart; all leads where None.
        until: Leads before this moment are fitted; the moment before which 70 % of them lie
            where None.
        key: Column that names the lead, and is never a factor.
        columns: Columns to use; all others where None.
        known_after: Columns that are known only after the outcome, each with the reason. They
            are refused.
        confirmed: Suspected columns that somebody knows to be known beforehand.
        min_level: Fewest leads of a level of its own; rarer ones are one level.
        confidence: Coverage of the intervals.

    Raises:
        ParameterError: A column is missing, or known only after the outcome and asked for; an
            argument that goes with `time` without it; outcomes are all the same; no column left.

    Source: odds ratios with Wald intervals as computed by statsmodels; Firth (1993) where a
    level or a number parts the outcomes completely.
    """
    frame = tables.as_pandas(table)
    _check(frame, outcome, time, until, key)
    which.declared_names(frame, columns, known_after or {}, confirmed)
    frame = frame.assign(**{outcome: which.outcomes(frame[outcome])}).dropna(subset=[outcome])
    frame, until = _earlier(frame, time, until)
    if frame[outcome].nunique() < 2:
        raise ParameterError(
            f"all {len(frame)} leads to fit have the same {outcome}: there is nothing to learn."
        )
    reserved = {outcome, time, key}
    candidates = [name for name in columns or frame.columns if name not in reserved]
    used, left_out = which.usable(
        frame,
        outcome,
        candidates,
        known_after=known_after or {},
        confirmed=confirmed,
        min_level=min_level,
    )
    return _fitted(
        frame,
        outcome,
        used,
        left_out,
        min_level=min_level,
        confidence=confidence,
        time=time,
        until=until,
    )


def predict(fitted: Fitted, table: T, *, key: str | None = None) -> T:
    """The chance of the outcome for every lead of a table.

    Args:
        fitted: What was learnt.
        table: Leads with the same columns; a level that is new counts as a rare one.
        key: Column that names the lead.

    Returns:
        One row per lead: the key where one is given, `probability`, and, where leads were
        split by time, `is_later` (not among those it was fitted to). Rows of a DataFrame keep
        their order; an Ibis table is answered by an Ibis table.

    Raises:
        ParameterError: A column is missing.
    """
    import ibis

    names: list[str] = [one.column for one in fitted.encodings]
    time = fitted.time if fitted.time in table.columns else None
    rows = tables.as_ibis(table, [*filter(None, (key, time)), *names], "the table")
    weights = fitted.weights
    odds: Any = ibis.literal(fitted.intercept)
    for one in fitted.encodings:
        odds = odds + encoding.contribution(one, weights, rows)
    answer = {"probability": 1.0 / (1.0 + (-odds).exp())}
    if time is not None:
        answer["is_later"] = rows[time] >= ibis.literal(fitted.until)
    return tables.like(table, rows.select(*([key] if key else []), **answer))


def cross_fit(
    table: pd.DataFrame | ir.Table,
    outcome: str,
    *,
    seed: int,
    folds: int = 5,
    **settings: Any,
) -> pd.DataFrame:
    """A chance for every lead from a model that was fitted without it.

    For tables without a time; where there is one, later leads are the honest test.

    Args:
        table: As for `fit`.
        outcome: As for `fit`.
        seed: Of the draw of folds.
        folds: How many parts the leads are put into.
        **settings: Further arguments of `fit`, other than `time` and `until`.

    Returns:
        One row per lead with a known outcome, in the order of the table: `fold`, `probability`,
        the outcome (0 or 1).

    Raises:
        ParameterError: As for `fit`; folds below 2.
    """
    import numpy as np
    import pandas as pd

    if folds < 2 or {"time", "until"} & set(settings):
        raise ParameterError(f"folds must be 2 or more, not {folds}, and there is no time here.")
    frame = tables.as_pandas(table)
    truth = which.outcomes(frame[outcome])
    frame = frame[truth.notna()].reset_index(drop=True)
    fold = np.random.default_rng(seed).permutation(len(frame)) % folds
    parts = []
    for part in range(folds):
        fitted = fit(frame[fold != part], outcome, **settings)
        rows = frame[fold == part]
        chance = predict(fitted, rows)["probability"].to_numpy()
        parts.append(pd.DataFrame({"fold": part, "probability": chance}, index=rows.index))
    answer = pd.concat(parts).sort_index()
    answer[outcome] = which.outcomes(frame[outcome])
    return answer


def _check(frame: pd.DataFrame, outcome: str, time: Any, until: Any, key: str | None) -> None:
    for name in filter(None, (outcome, time, key)):
        if name not in frame.columns:
            raise ParameterError(
                unknown("column of the table", name, list(map(str, frame.columns)))
            )
    if until is not None and time is None:
        raise ParameterError("until needs time: without it no lead is earlier than another.")


def _earlier(frame: pd.DataFrame, time: str | None, until: Any) -> tuple[pd.DataFrame, Any]:
    """The leads to fit, and the moment before which they lie."""
    if time is None:
        return frame, None
    moments = frame[time]
    if until is None:
        until = moments.dropna().sort_values().iloc[int(TRAINED_SHARE * moments.notna().sum())]
    return frame[moments < until], until


def _fitted(
    frame: pd.DataFrame,
    outcome: str,
    used: list[str],
    left_out: list[tuple[str, str, str]],
    *,
    min_level: int,
    confidence: float,
    time: str | None,
    until: Any,
) -> Fitted:
    encodings = tuple(encoding.learn(frame[name], min_level) for name in used)
    design = encoding.design(encodings, frame)
    again = logistic.repeated(design.matrix)
    left_out += [
        (design.terms[place - 1][0], "repeats", _repeats(*design.terms[place - 1]))
        for place in again
    ]
    design = design.without(again)
    if not design.terms:
        reasons = "; ".join(f"{name}: {reason}" for name, _, reason in left_out)
        raise ParameterError(f"no column is left to learn from. Left out: {reasons}")
    truth = frame[outcome].to_numpy(dtype=float)
    solved = logistic.solve(design.matrix, truth)
    return Fitted(
        outcome=outcome,
        coefficients=_coefficients(encodings, design, truth, solved, confidence),
        excluded=which.list_of(left_out),
        intercept=float(solved.weights[0]),
        encodings=encodings,
        n=len(frame),
        positives=int(truth.sum()),
        until=until,
        time=time,
        method=solved.method,
        notes=_notes(solved, int(min(truth.sum(), (1 - truth).sum())), len(design.terms)),
    )


def _coefficients(
    encodings: tuple[Encoding, ...],
    design: Design,
    truth: Any,
    solved: logistic.Solution,
    confidence: float,
) -> pd.DataFrame:
    import numpy as np
    import pandas as pd
    from scipy import stats

    weights, errors = solved.weights[1:], solved.errors[1:]
    reach = float(stats.norm.ppf(0.5 + confidence / 2)) * errors
    by_name = {one.column: one for one in encodings}
    has = [_has(design, term) for term in design.terms]
    return pd.DataFrame(
        {
            "column": [column for column, _ in design.terms],
            "level": [level for _, level in design.terms],
            "log_odds": weights,
            "odds_ratio": np.exp(weights),
            "low": np.exp(weights - reach),
            "high": np.exp(weights + reach),
            "p_value": 2 * stats.norm.sf(np.abs(weights / errors)),
            "n": [int(rows.sum()) for rows in has],
            "positives": [int(truth[rows].sum()) for rows in has],
            "compared_with": [_compared_with(by_name[c], level) for c, level in design.terms],
        }
    )


def _has(design: Design, term: tuple[str, str]) -> Any:
    """Which leads a term is about: those of the level, or those that have the number."""
    column, level = term
    if level != encoding.NUMBER:
        return design.matrix[:, 1 + design.terms.index(term)] == 1
    missing = (column, encoding.MISSING)
    if missing in design.terms:
        return design.matrix[:, 1 + design.terms.index(missing)] == 0
    return design.matrix[:, 0] == 1


def _repeats(column: str, level: str) -> str:
    return f"{column} {level} says the same as columns before it"


def _compared_with(one: Encoding, level: str) -> str:
    if one.kind != "number":
        return one.reference
    mean = f"a mean of {number(one.mean)}"
    if level == encoding.MISSING:
        return mean
    return f"{mean}; one deviation is {number(one.deviation)}"


def _notes(solved: logistic.Solution, fewer: int, terms: int) -> tuple[str, ...]:
    found = []
    if solved.reason:
        found.append(f"Fitted by Firth's penalised likelihood: {solved.reason}.")
    if fewer < EVENTS_PER_TERM * terms:
        found.append(
            f"{number(fewer)} leads on the rarer side of the outcome are few for "
            f"{number(terms)} coefficients: fewer than {EVENTS_PER_TERM} each."
        )
    return tuple(found)
