"""From a credit to the conversions behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook.attribution import heuristics, tallies
from playbook.attribution.attribute import unfit
from playbook.attribution.models import Model, Shapley, chosen
from playbook.attribution.result import UNATTRIBUTED
from playbook.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np
    import pandas as pd

    from playbook.attribution.journeys import Journeys

    Floats = np.ndarray[Any, np.dtype[np.float64]]


def credit_rows(journeys: Journeys, models: str | Model | Iterable[str | Model]) -> pd.DataFrame:
    """The credit of every conversion, name by name.

    Args:
        journeys: From `journeys`.
        models: Names or objects of models that credit each journey by itself: all but Markov and
            the rate game, whose credit belongs to no single conversion.

    Returns:
        One row per model, conversion and name on its journey: `model`, the journey's `conversion`
        (where it has that column), `entity` and `converted` under their own names, its `by`,
        `touches` of that name, `credit` (of a conversion; sums to 1) and `value`, exact to six
        decimals: rounded to the cent only when summed. A conversion without a touch has one row,
        "unattributed". In order of conversion.

    Raises:
        ParameterError: A path table, or models that do not credit single conversions.

    >>> import pandas as pd
    >>> from playbook.attribution import journeys
    >>> at = [pd.Timestamp(2026, 10, day) for day in (1, 3)]
    >>> touches = pd.DataFrame({"account_id": [*"aa"], "touched_at": at, "channel": ["x", "y"]})
    >>> won = {"account_id": ["a"], "converted_at": [pd.Timestamp(2026, 10, 9)], "value": [500]}
    >>> rows = credit_rows(journeys(touches, pd.DataFrame(won)), "linear")
    >>> rows[["account_id", "channel", "credit", "value"]]
      account_id channel  credit  value
    0          a       x     0.5  250.0
    1          a       y     0.5  250.0
    """
    import pandas as pd

    asked = chosen(models)
    placed = [m for m in asked if isinstance(m, heuristics.HEURISTICS)]
    wrong = list(unfit(journeys, asked))
    if journeys.plan.of_paths:
        wrong.append("a path table has no single conversions; give touches.")
    wrong += [
        f"{m.name} credits all journeys together, not single conversions; ask attribute for it."
        for m in asked
        if m not in placed and not (isinstance(m, Shapley) and m.game == "sum")
    ]
    if wrong:
        raise ParameterError("\n".join(wrong))
    keys = [*journeys.plan.keys, "moment", *(["conversion"] if journeys.plan.conversion else [])]
    table = journeys.ask(tallies.each, heuristics.wanted(placed))
    table = table.sort_values([*journeys.plan.keys, "position"], ignore_index=True).assign(n=1)
    left = journeys.ask(tallies.untouched).assign(by=UNATTRIBUTED, touches=0, credit=1.0)
    left = left.assign(number=0) if "number" in keys else left
    tables = []
    for model in asked:
        credit = _credit(table, model, placed, journeys.plan.keys)
        rows = table[[*keys, "by"]].assign(credit=credit, value=credit * table["value"])
        rows = rows.groupby([*keys, "by"], sort=False, as_index=False).agg(
            touches=("credit", "size"), credit=("credit", "sum"), value=("value", "sum")
        )
        whole = pd.concat([rows, left[rows.columns]]) if len(left) else rows
        tables.append(whole.assign(model=model.name))
    return _named(pd.concat(tables, ignore_index=True), journeys, [m.name for m in asked])


def _credit(table: pd.DataFrame, model: Model, placed: Sequence[Model], keys: list[str]) -> Floats:
    import numpy as np

    if isinstance(model, Shapley):
        repeats = table.groupby([*keys, "by"])["position"].transform("size")
        different = table.groupby(keys)["by"].transform("nunique")
        shapley: Floats = 1 / (repeats * different).to_numpy(np.float64)
        return shapley
    shown = table.rename(columns=lambda name: str(name).replace("share_", "credit_"))
    shown = shown.assign(
        **{str(n).replace("credit", "worth"): 0.0 for n in shown if str(n).startswith("credit_")}
    )
    return heuristics.credited(shown, model, placed)[0]


def _named(table: pd.DataFrame, journeys: Journeys, models: list[str]) -> pd.DataFrame:
    """In order, under the names of the journey's own columns."""
    journey = journeys.journey
    table = table.assign(value=table["value"].round(6), _model=table["model"].map(models.index))
    keys = ["moment", *(["conversion"] if journeys.plan.conversion else []), *journeys.plan.keys]
    table = table.sort_values(["_model", *keys, "by"], ignore_index=True)
    if not journeys.plan.value:
        table["value"] = float("nan")
    names = {"entity": journey.entity, "moment": journey.converted, "by": journey.by}
    names |= {"conversion": journey.conversion} if journey.conversion else {}
    columns = ["model", *[n for n in ("conversion", "entity", "moment", "by") if n in table]]
    return table[[*columns, "touches", "credit", "value"]].rename(columns=names)
