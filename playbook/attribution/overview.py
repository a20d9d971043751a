"""What journeys look like: how they ended, how long they are, who begins them, who is on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook.attribution import tallies
from playbook.attribution.result import UNATTRIBUTED
from playbook.attribution.rows import CONVERTED, NULL, OPEN
from playbook.attribution.tallies import Wanted
from playbook.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from playbook.attribution.journeys import Journeys

STATES = (CONVERTED, NULL, OPEN, UNATTRIBUTED)
MINUTES = 1440


def states(journeys: Journeys) -> pd.DataFrame:
    """How many journeys ended how.

    Returns:
        One row per `state`: converted, null (over without conversion), open (may still convert) and
        unattributed (conversions without a touch); `journeys`, and their `value`, missing where
        conversions have none.

    >>> import pandas as pd
    >>> from playbook.attribution import from_paths
    >>> table = pd.DataFrame({"path": ["a > b", "b"], "conversions": [3, 1], "nulls": [5, 0]})
    >>> states(from_paths(table, nulls="nulls"))[["state", "journeys"]]
              state  journeys
    0     converted         4
    1          null         5
    2          open         0
    3  unattributed         0
    """
    import pandas as pd

    found = journeys.ask(tallies.states).set_index("state")
    facts = journeys.facts
    many = {name: int(found["n"].get(name, 0)) for name in STATES[:3]}
    value = {name: float(found["value"].get(name, 0)) for name in STATES[:3]}
    many[UNATTRIBUTED] = facts.conversions - many[CONVERTED]
    value[UNATTRIBUTED] = round(facts.value - value[CONVERTED], 6)
    table = pd.DataFrame({"state": STATES, "journeys": many.values(), "value": value.values()})
    return _valued(table, journeys)


def lengths(journeys: Journeys) -> pd.DataFrame:
    """How many touches journeys had that converted.

    Returns:
        One row per `size` (touches): `conversions`, `value`.

    >>> import pandas as pd
    >>> from playbook.attribution import from_paths
    >>> table = pd.DataFrame({"path": ["a > b", "b"], "conversions": [3, 1]})
    >>> lengths(from_paths(table))[["size", "conversions"]]
       size  conversions
    0     1            1
    1     2            3
    """
    tally = journeys.ask(tallies.positions, Wanted())
    last = tally[tally["is_last"] == 1]
    table = last.groupby("size", as_index=False)[["n", "value"]].sum()
    return _valued(table.rename(columns={"n": "conversions"}), journeys)


def days(journeys: Journeys, quantiles: Sequence[float] = (0.25, 0.5, 0.75, 0.9)) -> pd.DataFrame:
    """How many days lay between the first touch and the conversion, and between the last and it.

    Returns:
        Two rows, `touch` first and last: `conversions`, and a column per quantile, named by it, in
        days to the minute; missing where nothing converted.

    Raises:
        ParameterError: A path table, which has no times.

    >>> import pandas as pd
    >>> from playbook.attribution import journeys
    >>> at = [pd.Timestamp(2026, 10, day) for day in (1, 3)]
    >>> touches = pd.DataFrame({"account_id": [*"aa"], "touched_at": at, "channel": ["x", "y"]})
    >>> won = {"account_id": ["a"], "converted_at": [pd.Timestamp(2026, 10, 9)], "value": [500]}
    >>> days(journeys(touches, pd.DataFrame(won)), [0.5])
       touch  conversions  0.5
    0  first            1  8.0
    1   last            1  6.0
    """
    import numpy as np
    import pandas as pd

    if journeys.plan.of_paths:
        raise ParameterError("days need times, which a path table has not; give touches.")
    found = journeys.ask(tallies.waits)
    rows = []
    for touch in ("first", "last"):
        minutes = np.sort(np.repeat(found[touch].to_numpy(float), found["n"].to_numpy(np.int64)))
        at = np.quantile(minutes, quantiles) if len(minutes) else [np.nan] * len(quantiles)
        rows.append([touch, len(minutes), *(np.asarray(at) / MINUTES).tolist()])
    return pd.DataFrame(rows, columns=["touch", "conversions", *quantiles])


def contributions(journeys: Journeys) -> pd.DataFrame:
    """What each name sourced, and what it influenced: two readings that are never added up.

    Returns:
        One row per name, under the journey's `by`: `sourced` and `sourced_value` (it was the first
        touch: these sum to what is attributed), `influenced` and `influenced_value` (it was any
        touch: these count a conversion once for each name on its journey). Most sourced first.

    >>> import pandas as pd
    >>> from playbook.attribution import from_paths
    >>> table = pd.DataFrame({"path": ["a > b", "b"], "conversions": [3, 1], "worth": [60, 10]})
    >>> contributions(from_paths(table, value="worth"))
      channel  sourced  sourced_value  influenced  influenced_value
    0       a        3           60.0           3              60.0
    1       b        1           10.0           4              70.0
    """
    import pandas as pd

    by, names = journeys.journey.by, journeys.facts.names
    tally = journeys.ask(tallies.positions, Wanted())
    first = tally[tally["is_first"] == 1].groupby("by")[["n", "value"]].sum()
    anywhere = journeys.ask(tallies.touched).set_index("by")
    table = pd.DataFrame({by: names})
    for word, found in (("sourced", first), ("influenced", anywhere)):
        kept = found.reindex(list(names)).fillna(0)
        table[word] = kept["n"].to_numpy("int64")
        table[f"{word}_value"] = kept["value"].to_numpy(float)
    order = ["sourced_value", "sourced", "influenced_value", "influenced", by]
    table = table.sort_values(order, ascending=[False] * 4 + [True], ignore_index=True)
    return _valued(table, journeys)


def _valued(table: pd.DataFrame, journeys: Journeys) -> pd.DataFrame:
    """Values as missing where conversions have none; else to the cent."""
    columns: list[Any] = [name for name in table.columns if str(name).endswith("value")]
    if journeys.plan.value:
        return table.assign(**{name: table[name].astype("float64").round(2) for name in columns})
    return table.assign(**dict.fromkeys(columns, float("nan")))
