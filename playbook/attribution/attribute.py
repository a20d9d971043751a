"""Who gets the credit: any number of models over the same journeys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from playbook.attribution import fractional, heuristics, tallies
from playbook.attribution.models import (
    Markov,
    Milestones,
    Model,
    Plain,
    Shapley,
    TimeDecay,
    chosen,
)
from playbook.attribution.result import UNATTRIBUTED, Attribution, to_the_cent
from playbook.attribution.rows import CONVERTED
from playbook.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pandas as pd

    from playbook.attribution.fractional import Pair
    from playbook.attribution.journeys import Journeys
    from playbook.attribution.resample import Replicates

DEFAULT = ("first", "last", "linear")


def attribute(
    journeys: Journeys,
    models: str | Model | Iterable[str | Model] = DEFAULT,
    *,
    draws: int = 0,
    seed: int = 0,
    confidence: float = 0.95,
) -> Attribution:
    """The credit of every name by every model.

    Args:
        journeys: From `journeys` or `from_paths`.
        models: Names or objects, see `attribution.models`.
        draws: How often to draw the journeys again for intervals; none where 0.
        seed: Of the draws: the same seed gives the same intervals.
        confidence: Coverage of each interval, and of the agreement table as a whole.

    Raises:
        ParameterError: Models that there are not, or that these journeys cannot feed, all at once;
            too few draws for the confidence.

    >>> import pandas as pd
    >>> from playbook.attribution import journeys
    >>> days = [pd.Timestamp(2026, 10, day) for day in (1, 3, 4)]
    >>> touches = pd.DataFrame({"account_id": [*"aab"], "touched_at": days})
    >>> touches["channel"] = ["search", "event", "search"]
    >>> won = {"account_id": ["a"], "converted_at": [pd.Timestamp(2026, 10, 9)], "value": [500]}
    >>> attribute(journeys(touches, pd.DataFrame(won)), ["first", "linear"]).wide("value")
      channel  first  linear
    0  search  500.0   250.0
    1   event    0.0   250.0
    """
    from playbook.attribution import drawn, resample

    asked = chosen(models)
    if wrong := list(unfit(journeys, asked)):
        raise ParameterError("\n".join(wrong))
    if draws:
        resample.check(draws, confidence)
    counted = _counted(journeys, asked)
    table = _credits(journeys, counted)
    replicates = None
    if draws:
        replicates = drawn.replicated(journeys, asked, draws=draws, seed=seed)
        table = _bounded(table, replicates, journeys, confidence)
    return Attribution(
        credits=table,
        totals=_totals(journeys, counted),
        source=journeys,
        models=asked,
        journeys=counted.journeys,
        replicates=replicates,
        confidence=confidence,
    )


class Counted(NamedTuple):
    """What the engine gave.

    Attributes:
        pairs: Conversions and value by name, for each model.
        errors: The same of their standard errors, where a model was sampled.
        journeys: Journeys that converted and have a touch.
        value: What these are worth.
    """

    pairs: dict[str, Pair]
    errors: dict[str, Pair]
    journeys: int
    value: float


def unfit(journeys: Journeys, models: Iterable[Model]) -> Iterator[str]:
    """Why these journeys cannot feed some of the models."""
    named, plan = len(journeys.journey.milestones), journeys.plan
    for model in models:
        if isinstance(model, Plain) and model.name == "last_non_direct" and not plan.direct:
            yield "last_non_direct needs the names in direct of the journey, such as ('direct',)."
        if isinstance(model, Milestones) and len(model.milestones) != named:
            columns = ", ".join(journeys.journey.milestones) or "none"
            yield (
                f"{model.name} needs {len(model.milestones)} milestones; the journey names "
                f"{columns}. Name columns of conversions, such as ('lead_at', 'opportunity_at')."
            )
        if isinstance(model, TimeDecay) and plan.of_paths:
            yield f"{model.name} needs times, which a path table has not."


def _counted(journeys: Journeys, asked: tuple[Model, ...]) -> Counted:
    placed = [m for m in asked if isinstance(m, heuristics.HEURISTICS)]
    chains = [m for m in asked if isinstance(m, Markov)]
    games = [m for m in asked if isinstance(m, Shapley)]
    pairs: dict[str, Pair] = {}
    errors: dict[str, Pair] = {}
    found = (0, 0.0)
    if placed:
        tally = journeys.ask(tallies.positions, heuristics.wanted(placed))
        tally = tally.sort_values(list(tally.columns), ignore_index=True)
        found = _sums(tally, tally["is_last"] == 1)
        for model in placed:
            given = heuristics.credited(tally, model, placed)
            pairs[model.name] = _by_name(tally["by"], given, journeys.facts.names)
    if games:
        table = fractional.sets(journeys, games)
        found = _sums(table, table["state"] == CONVERTED)
        more, errors = fractional.shapley(table, journeys, games)
        pairs |= more
    if chains:
        table = fractional.steps(journeys, chains)
        found = _sums(table, (table["then"] == "") & (table["state"] == CONVERTED))
        pairs |= fractional.markov(table, journeys, chains, *found)
    ordered = {model.name: pairs[model.name] for model in asked}
    return Counted(ordered, errors, *found)


def _sums(table: pd.DataFrame, rows: pd.Series[bool]) -> tuple[int, float]:
    """Journeys that converted, and what they are worth: every tally has them once."""
    return int(table.loc[rows, "n"].sum()), round(float(table.loc[rows, "value"].sum()), 6)


def _by_name(by: pd.Series[Any], given: Pair, names: tuple[str, ...]) -> Pair:
    """Sums for each name, in the order of the names."""
    import numpy as np

    place = {name: i for i, name in enumerate(names)}
    at = np.array([place[str(name)] for name in by], dtype=np.int64)
    one, other = (
        np.bincount(at, weights=parts, minlength=len(names)).astype(np.float64) for parts in given
    )
    return one, other


def _credits(journeys: Journeys, counted: Counted) -> pd.DataFrame:
    import numpy as np
    import pandas as pd

    facts, by, valued = journeys.facts, journeys.journey.by, journeys.plan.value
    left = facts.conversions - counted.journeys
    names = pd.array(list(facts.names), dtype="str")
    tables = []
    for name, (conversions, value) in counted.pairs.items():
        exact = to_the_cent(value, counted.value) if valued else np.full(len(value), np.nan)
        table = pd.DataFrame({by: names, "conversions": conversions, "value": exact})
        if counted.errors:
            nothing = np.full(len(value), np.nan)
            one, other = counted.errors.get(name, (nothing, nothing))
            table["conversions_error"], table["value_error"] = one, other if valued else nothing
        order = ["value", "conversions"] if valued else ["conversions"]
        table = table.sort_values([*order, by], ascending=[*(False for _ in order), True])
        if left:
            rest = round(facts.value - counted.value, 2) if valued else np.nan
            alone = {by: [UNATTRIBUTED], "conversions": [float(left)], "value": [rest]}
            table = pd.concat([table, pd.DataFrame(alone)], ignore_index=True)
        table.insert(0, "model", name)
        tables.append(table)
    result = pd.concat(tables, ignore_index=True)
    result.insert(4, "share", result["conversions"] / (facts.conversions or np.nan))
    result.insert(5, "value_share", result["value"] / (facts.value or np.nan))
    return result


def _bounded(
    table: pd.DataFrame, replicates: Replicates, journeys: Journeys, confidence: float
) -> pd.DataFrame:
    """With the intervals; a name on no journey that counts had none to be drawn: 0."""
    import pandas as pd

    by = journeys.journey.by
    tables = [
        replicates.bounds(name, confidence).assign(model=name).rename(columns={"name": by})
        for name in replicates.credits
    ]
    bounds = pd.concat(tables, ignore_index=True).astype({by: "str"})
    known = set(replicates.names)
    joined = table.merge(bounds, on=["model", by], how="left")
    absent = ~joined[by].isin(known)
    columns = [name for name in bounds.columns if name not in ("model", by)]
    joined.loc[absent, columns] = 0.0
    if not journeys.plan.value:
        joined[[name for name in columns if name.startswith("value")]] = float("nan")
    return joined


def _totals(journeys: Journeys, counted: Counted) -> pd.DataFrame:
    import numpy as np
    import pandas as pd

    facts = journeys.facts
    found = counted.journeys
    values = [round(v, 2) for v in (counted.value, facts.value - counted.value, facts.value)]
    return pd.DataFrame(
        {
            "what": ["attributed", UNATTRIBUTED, "all"],
            "conversions": [found, facts.conversions - found, facts.conversions],
            "value": values if journeys.plan.value else [np.nan] * 3,
        }
    )
