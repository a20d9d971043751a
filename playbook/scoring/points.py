"""The rule score: points for what a lead is and does, whose parts sum to the whole."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from playbook import conditions, tables
from playbook.errors import ParameterError
from playbook.scoring import holds

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    import ibis.expr.types as ir
    import pandas as pd

    from playbook.scoring.settings import BehaviourLike, FitLike, PointRulesLike
    from playbook.tables import T

SECONDS_A_DAY = 86_400.0
DUST = 6
"""Decimals kept before rounding to whole points: the order of adding must not decide a point."""


class Wide(NamedTuple):
    """One row per lead, one column of points per factor.

    Attributes:
        table: The key and the columns.
        factors: Column name to kind and name of the factor.
    """

    table: ir.Table
    factors: dict[str, tuple[str, str]]


def rule_score(
    leads: T,
    touches: pd.DataFrame | ir.Table | None,
    rules: PointRulesLike,
    *,
    as_of: datetime | str,
    key: str = "lead_id",
) -> T:
    """The score of every lead by the rules, and its band.

    Args:
        leads: One row per lead; columns are named as the fields of the rules' conditions.
        touches: One row per touch: the key, `touch_type`, `touched_at`. None where there are
            none on record: behaviour then gives nothing.
        rules: `[scoring]` of the rules, or a `PointRules`.
        as_of: Naive UTC moment of scoring: later touches do not count and earlier ones have
            faded up to it. Or the column of `leads` that holds each lead's own moment, such as
            its capture, to judge the score on the past.
        key: Column that names the lead, in both tables.

    Returns:
        One row per lead: the key, `score` (whole points, the sum of `rule_points`), `band`
        (`hot`, `warm`, `cold`), `is_mql` (whether the score reaches the MQL threshold). An Ibis
        table for an Ibis table. What is not known gives no points.

    Raises:
        ParameterError: A column is missing; no factor is given.

    >>> import pandas as pd
    >>> from playbook.conditions import Comparison
    >>> from playbook.scoring import Bands, BehaviourPoints, FitPoints, PointRules
    >>> rules = PointRules(
    ...     (FitPoints("size", Comparison("account.size", "eq", "large"), 30),),
    ...     (BehaviourPoints("pricing_view", 10, cap=15, half_life_days=30),),
    ...     Bands(hot=40, warm=20),
    ...     mql_points=30,
    ... )
    >>> leads = pd.DataFrame({"lead_id": ["a", "b"], "account.size": ["large", None]})
    >>> days = pd.to_datetime(["2026-10-31", "2026-10-01", "2026-10-01"])
    >>> touches = pd.DataFrame(
    ...     {"lead_id": ["a", "a", "b"], "touch_type": ["pricing_view"] * 3, "touched_at": days}
    ... )
    >>> rule_score(leads, touches, rules, as_of=pd.Timestamp("2026-10-31"))
      lead_id  score  band  is_mql
    0       a     45   hot    True
    1       b      5  cold   False
    """
    import ibis

    wide = points_by_factor(leads, touches, rules, as_of, key)
    total = sum((wide.table[name] for name in wide.factors), ibis.literal(0, "int64"))
    scored = wide.table.select(key, score=total)
    band = ibis.cases(
        (scored.score >= rules.bands.hot, "hot"),
        (scored.score >= rules.bands.warm, "warm"),
        else_="cold",
    )
    scored = scored.mutate(band=band, is_mql=scored.score >= rules.mql_points)
    return tables.like(leads, scored.order_by(key))


def rule_points(
    leads: T,
    touches: pd.DataFrame | ir.Table | None,
    rules: PointRulesLike,
    *,
    as_of: datetime | str,
    key: str = "lead_id",
) -> T:
    """Where each lead's score comes from.

    Args:
        leads: As for `rule_score`, and so are the others.
        touches: One row per touch, or None.
        rules: The points.
        as_of: Moment of scoring, or the column that holds it.
        key: Column that names the lead.

    Returns:
        One row per lead and factor that gives or takes points, in the order of the rules: the
        key, `kind` (`fit` or `behaviour`), `factor`, `points`. They sum to the score exactly; a
        lead without points has no row.

    Raises:
        ParameterError: A column is missing; no factor is given.
    """
    import ibis

    wide = points_by_factor(leads, touches, rules, as_of, key)
    parts = [
        wide.table.select(
            key,
            place=ibis.literal(place, "int16"),
            kind=ibis.literal(kind),
            factor=ibis.literal(factor),
            points=wide.table[name],
        )
        for place, (name, (kind, factor)) in enumerate(wide.factors.items())
    ]
    rows = ibis.union(*parts) if parts[1:] else parts[0]
    return tables.like(leads, rows.filter(rows.points != 0).order_by(key, "place").drop("place"))


def most_points(rules: PointRulesLike) -> int:
    """The highest score that a lead can reach: the best level of each factor, and every cap.

    >>> from playbook.scoring import Bands, BehaviourPoints, PointRules
    >>> most_points(PointRules((), (BehaviourPoints("demo", 15, cap=20),), Bands(10, 5), 10))
    20
    """
    best: dict[str, int] = {}
    for entry in rules.fit:
        best[entry.factor] = max(best.get(entry.factor, 0), entry.points)
    return sum(best.values()) + sum(b.cap for b in rules.behaviour if b.points > 0)


def points_by_factor(
    leads: pd.DataFrame | ir.Table,
    touches: pd.DataFrame | ir.Table | None,
    rules: PointRulesLike,
    as_of: datetime | str,
    key: str,
) -> Wide:
    """The query behind both: one row per lead, one column of whole points per factor."""
    if not rules.fit and not rules.behaviour:
        raise ParameterError("rules give no points: add a factor of fit or of behaviour.")
    moment = [as_of] if isinstance(as_of, str) else []
    fields = [name for entry in rules.fit for name in conditions.fields(entry.when)]
    table = tables.as_ibis(leads, [key, *moment, *fields], "leads")
    factors: dict[str, tuple[str, str]] = {}
    columns: dict[str, Any] = {}
    for place, factor in enumerate(dict.fromkeys(entry.factor for entry in rules.fit)):
        factors[f"fit_{place}"] = ("fit", factor)
        levels = [entry for entry in rules.fit if entry.factor == factor]
        columns[f"fit_{place}"] = _fit(levels, table)
    wide = table.select(key, **columns)
    if touches is None or not rules.behaviour:
        return Wide(wide, factors)
    seen = tables.as_ibis(touches, [key, "touch_type", "touched_at"], "touches")
    earned = _earned(seen, table, rules.behaviour, as_of, key).rename(lead_of_touch=key)
    joined = wide.left_join(earned, wide[key] == earned.lead_of_touch)
    gained = {f"touch_{i}": _capped(joined, f"touch_{i}", b) for i, b in enumerate(rules.behaviour)}
    factors |= {f"touch_{i}": ("behaviour", b.touch_type) for i, b in enumerate(rules.behaviour)}
    return Wide(joined.select(key, *columns, **gained), factors)


def _fit(levels: Iterable[FitLike], table: ir.Table) -> ir.Value:
    """The points of the first level that holds."""
    import ibis

    cases = [
        (holds.test(level.when, table), ibis.literal(level.points, "int64")) for level in levels
    ]
    return ibis.cases(*cases, else_=ibis.literal(0, "int64"))


def _earned(
    touches: ir.Table,
    leads: ir.Table,
    behaviour: Iterable[BehaviourLike],
    as_of: datetime | str,
    key: str,
) -> ir.Table:
    """Per lead and type of touch, how many there were, each faded by its age."""
    import ibis

    types = [b.touch_type for b in behaviour]
    rows = touches.filter(touches.touch_type.isin(types))
    if isinstance(as_of, str):
        own = leads.select(lead_of_touch=leads[key], scored_at=leads[as_of])
        rows = rows.inner_join(own, rows[key] == own.lead_of_touch)
    else:
        rows = rows.mutate(scored_at=ibis.literal(as_of, "timestamp"))
    rows = rows.filter(rows.touched_at <= rows.scored_at)
    seconds = rows.scored_at.epoch_seconds() - rows.touched_at.epoch_seconds()
    age = seconds.cast("float64") / SECONDS_A_DAY
    return rows.group_by(key).aggregate(
        **{
            f"touch_{i}": ibis.ifelse(rows.touch_type == b.touch_type, _faded(age, b), 0.0).sum()
            for i, b in enumerate(behaviour)
        }
    )


def _faded(age: ir.NumericValue, behaviour: BehaviourLike) -> ir.Value:
    import ibis

    if behaviour.half_life_days is None:
        return ibis.literal(1.0)
    return (age * (-math.log(2) / behaviour.half_life_days)).exp()


def _capped(joined: ir.Table, name: str, behaviour: BehaviourLike) -> ir.Value:
    """Whole points of a type of touch: up to the cap, halves away from zero."""
    import ibis

    size = joined[name].fill_null(0.0) * float(abs(behaviour.points))
    capped = ibis.least(size, ibis.literal(float(behaviour.cap)))
    whole = (capped.round(DUST) + 0.5).floor().cast("int64")
    return whole if behaviour.points >= 0 else -whole
