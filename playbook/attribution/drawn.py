"""From journeys to what is resampled: each distinct one, with its weights by every model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook.attribution import heuristics, resample, sums, tallies, ways
from playbook.attribution.fractional import counts_as
from playbook.attribution.models import Custom, Markov, Shapley, TimeDecay
from playbook.attribution.rows import CONVERTED

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import pandas as pd

    from playbook.attribution.journeys import Journeys
    from playbook.attribution.models import Model
    from playbook.attribution.resample import Replicates

    Floats = np.ndarray[Any, np.dtype[np.float64]]


def replicated(
    journeys: Journeys, models: Sequence[Model], *, draws: int, seed: int = 0
) -> Replicates:
    """The credits of every model over journeys drawn again, see `resample`.

    All journeys are drawn together, those without conversion too, whichever of them a model looks
    at: so all models see the same draws. A path table says what the conversions of a path are worth
    together and not each: there they are drawn at their mean.

    Args:
        journeys: From `journeys` or `from_paths`.
        models: Objects of `attribution.models`.
        draws: How often to draw.
        seed: The same seed gives the same draws.
    """
    placed: list[Model] = [m for m in models if isinstance(m, heuristics.HEURISTICS)]
    nulls = any(_states(model) != (CONVERTED,) for model in models)
    table = _table(journeys, placed, nulls=nulls)
    asked = {model.name: _statistic(model, placed) for model in models}
    return resample.replicate(table, asked, draws=draws, seed=seed)


def _states(model: Model) -> tuple[str, ...]:
    """How the journeys ended that a model looks at."""
    if isinstance(model, Markov) or (isinstance(model, Shapley) and model.game == "rate"):
        return counts_as(model.nulls)
    return (CONVERTED,)


def _statistic(model: Model, placed: list[Model]) -> sums.Model:
    if isinstance(model, Markov):
        return sums.MarkovChain(model.order, _states(model))
    if isinstance(model, Shapley):
        return sums.RateGame(_states(model)) if model.game == "rate" else sums.SumGame()
    return sums.Weights(_column(placed.index(model)))


def _column(number: int) -> str:
    """The column of a model's weights; its name may be that of another column."""
    return f"weights_{number}"


def _table(journeys: Journeys, placed: list[Model], *, nulls: bool) -> pd.DataFrame:
    """The journeys as `resample.replicate` takes them."""
    import pandas as pd

    tables = [_converted(journeys, placed)]
    columns = [_column(i) for i in range(len(placed))]
    if not journeys.plan.of_paths:
        alone = journeys.ask(tallies.untouched)[["value"]]
        tables.append(_filled(alone.assign(state=CONVERTED, n=1), columns))
    if nulls:
        others = ways.alike(journeys, nulls=True)
        tables.append(_filled(others[others["state"] != CONVERTED].assign(value=0.0), columns))
    return pd.concat([table for table in tables if len(table)] or tables[:1], ignore_index=True)


def _filled(table: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Journeys that no heuristic credits: without weights, and perhaps without a path."""
    import pandas as pd

    nothing = pd.Series([()] * len(table), index=table.index, dtype=object)
    return table.assign(**{c: nothing for c in ("path", *columns) if c not in table})


def _converted(journeys: Journeys, placed: list[Model]) -> pd.DataFrame:
    """The journeys that converted, one row each."""
    import numpy as np
    import pandas as pd

    table = journeys.ask(tallies.each, heuristics.wanted(placed))
    table = table.sort_values([*journeys.plan.keys, "position"], ignore_index=True)
    starts = np.flatnonzero(table["position"].to_numpy() == 1)
    first = table.iloc[starts]
    n = first["n"].to_numpy(np.int64) if "n" in table else np.ones(len(starts), dtype=np.int64)
    lists = {"path": table["by"].to_numpy(dtype=object)}
    lists |= {_column(i): _shares(table, model, placed) for i, model in enumerate(placed)}
    found = pd.DataFrame({"state": CONVERTED, "value": first["value"].to_numpy(float) / n, "n": n})
    for name, cells in lists.items():
        parts = np.split(cells, starts[1:]) if len(starts) else []
        found[name] = pd.Series([tuple(part) for part in parts], index=found.index, dtype=object)
    return found


def _shares(table: pd.DataFrame, model: Model, placed: list[Model]) -> Floats:
    """The share of its journey that each touch gets."""
    import numpy as np

    if isinstance(model, TimeDecay | Custom):
        decays = [m for m in placed if isinstance(m, TimeDecay)]
        customs = [m for m in placed if isinstance(m, Custom)]
        return table[f"share_{[*decays, *customs].index(model)}"].to_numpy(np.float64)
    return heuristics.shares(table, model)
