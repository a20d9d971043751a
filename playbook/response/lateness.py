"""What lateness goes with: conversion by response time, plain and beside other differences.

Nothing here shows that lateness causes anything. Leads are not given to teams by lot, and people
call first what looks best; a model can hold constant only what was recorded.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from playbook.errors import ParameterError, unknown
from playbook.format import div
from playbook.intervals import wilson
from playbook.response.actions import table
from playbook.response.summary import check_confidence

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    import ibis.expr.types as ir
    import numpy as np
    import pandas as pd

    from playbook.response.actions import Rows

    Array = np.ndarray[Any, Any]

BANDS = (5 / 60, 1.0, 2.0, 24.0, 72.0)
"""Upper ends of the bands, in hours: five minutes, one, two, 24 and 72 hours."""

NEVER, LATER = "never", "later"

WARNING = (
    "Teams do not get the same leads, and people call first what looks promising: what goes with "
    "lateness here need not be caused by it."
)

FEW = 20
"""Leads below which a level of a covariate is put together with other rare ones."""


WIDE = 10.0
"""Standard error of a log odds ratio beyond which it is none: the leads do not tell it."""


class Lateness(NamedTuple):
    """Conversion by response time.

    Attributes:
        bands: One row per band: `band`, `n`, `converted`, `rate`, `low`, `high` (Wilson),
            `odds_ratio`, `odds_low`, `odds_high`, `p_value` against the reference band, other
            things held constant; missing in the reference band, and where a band is empty, or all
            or none of it converted, also among leads that are otherwise alike.
        covariates: One row per level held constant: `covariate`, `level`, `n`, `converted`,
            `odds_ratio`, `odds_low`, `odds_high`, `p_value`; the first of each is the reference.
        reference: The band that the others are compared with; None where no model could be fitted.
        n: Leads counted.
        young: Leads left out because they have not had their time.
        converted_before: Leads left out because they converted before anybody answered.
        notes: What to say beside it: the warning first.
    """

    bands: pd.DataFrame
    covariates: pd.DataFrame
    reference: str | None
    n: int
    young: int
    converted_before: int
    notes: tuple[str, ...]


def lateness(
    leads: Rows,
    *,
    as_of: datetime,
    within_days: float,
    covariates: Sequence[str] = (),
    bands: Sequence[float] = BANDS,
    confidence: float = 0.95,
) -> Lateness:
    """Conversion by response time, with a logistic model that holds other things constant.

    Args:
        leads: One row per lead: `started_at`, `hours` (to the first answer; missing where there
            was none), `converted_at` (missing where it has not), and the covariates, each a
            column with few values (intent level, score band, channel …).
        as_of: Naive UTC; what happened later is not known.
        within_days: Days after the start in which a conversion, and an answer, count. Leads that
            started later than that before `as_of` are too young and left out.
        covariates: Columns to hold constant.
        bands: Upper ends of the bands, in hours, ascending.
        confidence: Coverage of the intervals.

    Returns:
        See `Lateness`. An answer later than `within_days` counts as never. A lead that converted
        before it was answered says nothing of the answer, and is left out.

    Raises:
        ParameterError: A missing column, bands that do not ascend from above 0, or days or a
            confidence that cannot be.

    Source: logistic regression by maximum likelihood (statsmodels GLM, binomial), Wald intervals.
    """
    check_confidence(confidence)
    _check(bands, within_days)
    for name in covariates:
        if name not in leads.columns:
            raise ParameterError(unknown("column of leads", name, list(leads.columns)))
    rows = table(leads, "leads", ("started_at", "hours", "converted_at"))
    counted = _counted(rows, as_of, within_days, tuple(covariates), tuple(bands))
    kinds = counted.groupby("kind")["n"].sum()
    cells = counted[counted["kind"] == "counted"]
    names = [*map(words, bands), LATER, NEVER]
    plain = _plain(cells, names, confidence)
    reference, effects, notes = _fit(cells, names, covariates, confidence)
    joined = plain.merge(_effects_of(effects, "band"), how="left", left_on="band", right_on="level")
    return Lateness(
        bands=joined.drop(columns=["level"]),
        covariates=_levels(cells, effects, covariates),
        reference=reference,
        n=int(cells["n"].sum()),
        young=int(kinds.get("young", 0)),
        converted_before=int(kinds.get("before", 0)),
        notes=(WARNING, *notes),
    )


def _check(bands: Sequence[float], within_days: float) -> None:
    ascending = all(a < b for a, b in zip([0.0, *bands], bands, strict=False))
    if not bands or not ascending:
        shown = ", ".join(f"{b:g}" for b in bands)
        raise ParameterError(
            f"bands must be hours that ascend from above 0, not {shown or 'none'}."
        )
    if within_days <= 0:
        raise ParameterError(f"within_days must be above 0, not {within_days:g}.")


def words(hours: float) -> str:
    """The name of a band by its upper end.

    >>> words(5 / 60), words(1), words(72)
    ('≤ 5 min', '≤ 1 h', '≤ 72 h')
    """
    return f"≤ {hours * 60:.0f} min" if hours < 1 else f"≤ {hours:g} h"


def _counted(
    rows: ir.Table,
    as_of: datetime,
    within_days: float,
    covariates: tuple[str, ...],
    bands: tuple[float, ...],
) -> pd.DataFrame:
    """Leads by kind, band and covariates: `n`, `converted`."""
    import ibis

    limit = ibis.literal(as_of - timedelta(days=within_days), "timestamp")
    window = within_days * 24
    rows = rows.filter(rows.started_at <= ibis.literal(as_of, "timestamp"))
    start = rows.started_at.epoch_seconds()
    taken = (rows.converted_at.epoch_seconds() - start) / 3600.0
    answered = rows.hours.notnull() & (rows.hours <= window)
    steps = [(rows.hours <= upper, words(upper)) for upper in bands]
    band = ibis.ifelse(answered, ibis.cases(*steps, else_=LATER), NEVER)
    won = (rows.converted_at.notnull() & (taken <= window)).fill_null(ibis.literal(value=False))
    kind = ibis.cases(
        (rows.started_at > limit, "young"),
        (won & answered & (taken < rows.hours), "before"),
        else_="counted",
    )
    named = {f"x{i}": rows[name].cast("string") for i, name in enumerate(covariates)}
    marked = rows.select(kind=kind, band=band, won=won.cast("int64"), **named)
    cells = marked.group_by("kind", "band", *named).aggregate(
        n=marked.count(), converted=marked.won.sum()
    )
    found: pd.DataFrame = cells.to_pandas()
    for name in named:
        found[name] = found[name].astype(object).where(found[name].notna(), "not known")
    ordered: pd.DataFrame = found.sort_values(["kind", "band", *named], ignore_index=True)
    return ordered


def _plain(cells: pd.DataFrame, names: list[str], confidence: float) -> pd.DataFrame:
    sums = cells.groupby("band")[["n", "converted"]].sum().reindex(names, fill_value=0)
    found = sums.rename_axis("band").reset_index().astype({"n": int, "converted": int})
    low, high = wilson(found["converted"], found["n"], confidence)
    return found.assign(rate=div(found["converted"], found["n"]), low=low, high=high)


def _fit(
    cells: pd.DataFrame, names: list[str], covariates: Sequence[str], confidence: float
) -> tuple[str | None, pd.DataFrame, list[str]]:
    """The reference band, effects (`term`, `level`, odds ratio …) and what was left out.

    A level that all or none of convert has no finite odds ratio; its rows say nothing of the
    others and are taken out, which is the maximum-likelihood fit in the limit.
    """
    import pandas as pd

    nothing = pd.DataFrame(columns=["term", "level", *_EFFECT])
    notes: list[str] = []
    rows = cells.rename(columns={f"x{i}": name for i, name in enumerate(covariates)})
    for name in covariates:
        rows, note = _without_rare(rows, name)
        notes += note
    rows, note = _with_both(rows, ["band", *covariates])
    notes += note
    present = [name for name in names if name in set(rows["band"])]
    if len(present) < 2:
        text = "Fewer than two bands hold both converted and other leads: no model."
        return None, nothing, [*notes, text]
    order = {"band": present} | {name: _by_size(rows, name) for name in covariates}
    effects = _estimated(rows, order, confidence)
    if effects is None:
        text = "Bands and covariates cannot be told apart in these leads: no model."
        return None, nothing, [*notes, text]
    return present[0], effects, notes


_EFFECT = ("odds_ratio", "odds_low", "odds_high", "p_value")


def _without_rare(rows: pd.DataFrame, name: str) -> tuple[pd.DataFrame, list[str]]:
    """Rare levels of a covariate under one name."""
    sizes = rows.groupby(name)["n"].sum()
    rare = sorted(sizes[sizes < FEW].index)
    if len(rare) < 2:
        return rows, []
    merged = rows.assign(**{name: rows[name].where(~rows[name].isin(rare), "other")})
    return merged, [f"{len(rare)} levels of {name} with under {FEW} leads count as one, other."]


def _with_both(rows: pd.DataFrame, terms: list[str]) -> tuple[pd.DataFrame, list[str]]:
    """Without levels of which all or none converted, until there is none."""
    notes: list[str] = []
    changed = True
    while changed and len(rows):
        changed = False
        for term in terms:
            sums = rows.groupby(term)[["n", "converted"]].sum()
            bad = sums[(sums["converted"] == 0) | (sums["converted"] == sums["n"])]
            if len(bad):
                rows, changed = rows[~rows[term].isin(bad.index)], True
                shown = ", ".join(sorted(map(str, bad.index)))
                notes.append(
                    f"{term} {shown}: all or none converted (n = {int(bad['n'].sum())}), so no "
                    "odds ratio."
                )
    return rows, notes


def _by_size(rows: pd.DataFrame, name: str) -> list[str]:
    """Levels, the commonest first."""
    sizes = rows.groupby(name)["n"].sum()
    return sorted(sizes.index, key=lambda level: (-sizes[level], str(level)))


def _estimated(
    rows: pd.DataFrame, order: dict[str, list[str]], confidence: float
) -> pd.DataFrame | None:
    """Odds ratios of each level against the first of its term; None where not identified."""
    import numpy as np
    import pandas as pd

    pairs = [(term, level) for term, levels in order.items() for level in levels[1:]]
    design: Array = np.column_stack(
        [np.ones(len(rows)), *((rows[term] == level).to_numpy(float) for term, level in pairs)]
    )
    if np.linalg.matrix_rank(design) < design.shape[1]:
        return None
    fitted = _fitted(design, rows)
    if not fitted.converged:
        return None
    interval = fitted.conf_int(1 - confidence)
    effects: Array = np.column_stack([fitted.params, interval])[1:]
    effects[fitted.bse[1:] > WIDE] = np.nan
    found = pd.DataFrame(pairs, columns=["term", "level"])
    found[list(_EFFECT[:3])] = np.exp(effects)
    return found.assign(p_value=np.where(np.isnan(effects[:, 0]), np.nan, fitted.pvalues[1:]))


def _fitted(design: Array, rows: pd.DataFrame) -> Any:
    """The model; each cell stands for its converted leads and for the others, by their number."""
    import warnings

    import numpy as np
    import statsmodels.api as sm
    from statsmodels.tools.sm_exceptions import PerfectSeparationWarning

    won = np.repeat([1.0, 0.0], len(rows))
    weights = np.concatenate([rows["converted"], rows["n"] - rows["converted"]]).astype(float)
    some = weights > 0
    model = sm.GLM(
        won[some],
        np.vstack([design, design])[some],
        family=sm.families.Binomial(),
        freq_weights=weights[some],
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PerfectSeparationWarning)  # told by its WIDE errors
        return model.fit()


def _effects_of(effects: pd.DataFrame, term: str) -> pd.DataFrame:
    return effects.loc[effects["term"] == term, ["level", *_EFFECT]]


def _levels(cells: pd.DataFrame, effects: pd.DataFrame, covariates: Sequence[str]) -> pd.DataFrame:
    """The levels of each covariate with their effects."""
    import pandas as pd

    parts = []
    for i, name in enumerate(covariates):
        rows, _ = _without_rare(cells.rename(columns={f"x{i}": name}), name)
        sums = rows.groupby(name)[["n", "converted"]].sum().reindex(_by_size(rows, name))
        part = sums.rename_axis("level").reset_index().assign(covariate=name)
        parts.append(part.merge(_effects_of(effects, name), how="left", on="level"))
    columns = ["covariate", "level", "n", "converted", *_EFFECT]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)
