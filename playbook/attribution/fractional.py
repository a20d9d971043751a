"""Credit by Markov chains and Shapley values, from small tables of steps and of sets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from playbook.attribution import chain, coalitions, games, tallies
from playbook.attribution.rows import CONVERTED, NULL
from playbook.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    import pandas as pd

    from playbook.attribution.chain import Chain
    from playbook.attribution.journeys import Journeys
    from playbook.attribution.models import Markov, Nulls, Shapley

    Floats = np.ndarray[Any, np.dtype[np.float64]]
    Pair: TypeAlias = tuple[Floats, Floats]


def steps(journeys: Journeys, models: Iterable[Markov]) -> pd.DataFrame:
    """The steps that all these chains are made of, counted in one pass."""
    asked = list(models)
    order = max(model.order for model in asked)
    return journeys.ask(tallies.steps, order, any(model.nulls != "none" for model in asked))


def markov(
    table: pd.DataFrame, journeys: Journeys, models: Iterable[Markov], won: int, value: float
) -> dict[str, Pair]:
    """Conversions and value by name for each chain."""
    import numpy as np

    names = journeys.facts.names
    pairs = {}
    for model in models:
        found = solved(table, model, value=journeys.plan.value)
        worth = aligned(found.values(value), names) if value else np.zeros(len(names))
        pairs[model.name] = aligned(found.conversions(won), names), worth
    return pairs


def solved(table: pd.DataFrame, model: Markov, *, value: bool) -> Chain:
    """The chain of a table of steps, which may be of a higher order."""
    counts, ends = counted(table, model.order, model.nulls)
    return chain.solve(counts, ends if value else None, order=model.order)


def counted(table: pd.DataFrame, order: int, nulls: Nulls) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Steps between states, and the conversions and value that left each state."""
    import pandas as pd

    table = table[table["state"].isin(counts_as(nulls))]
    last = table["then"] == ""
    end = table["state"].map({CONVERTED: chain.CONVERSION}).fillna(chain.NULL)
    if order == 1:
        here, there = table["by"], table["then"].where(~last, end)
    else:
        before = [table[f"before_{i}"] for i in range(order - 1, 0, -1)]
        rows = zip(*before, table["by"], strict=True)
        states = [tuple(name for name in row if name) for row in rows]
        here = pd.Series(states, index=table.index, dtype=object)
        then = [
            mark if is_end else (*state, name)[-order:]
            for state, name, mark, is_end in zip(states, table["then"], end, last, strict=True)
        ]
        there = pd.Series(then, index=table.index, dtype=object)
    steps = pd.DataFrame({"from": here, "to": there, "n": table["n"]})
    entered = _entered(table, order)
    won = last & (table["state"] == CONVERTED)
    ends = pd.DataFrame(
        {"state": here[won], "conversions": table.loc[won, "n"], "value": table.loc[won, "value"]}
    )
    return pd.concat([entered, steps], ignore_index=True), ends.reset_index(drop=True)


def _entered(table: pd.DataFrame, order: int) -> pd.DataFrame:
    """How often journeys began with each name: it was touched, and not from another touch."""
    import pandas as pd

    touched = table.groupby("by")["n"].sum()
    reached = table[table["then"] != ""].groupby("then")["n"].sum()
    first = touched.sub(reached, fill_value=0).astype("int64")
    to = [str(name) if order == 1 else (str(name),) for name in first.index]
    states = pd.Series(to, dtype=object)
    return pd.DataFrame({"from": chain.START, "to": states, "n": first.to_numpy()})


def counts_as(nulls: Nulls) -> tuple[str, ...]:
    """The states of journeys that are in a chain or a game."""
    from playbook.attribution.rows import OPEN

    return {"none": (CONVERTED,), "closed": (CONVERTED, NULL), "all": (CONVERTED, NULL, OPEN)}[
        nulls
    ]


def sets(journeys: Journeys, models: Iterable[Shapley]) -> pd.DataFrame:
    """The sets that all these games are played on, counted in one pass."""
    nulls = any(model.game == "rate" and model.nulls != "none" for model in models)
    return journeys.ask(tallies.sets, journeys.facts.names, nulls)


def shapley(
    table: pd.DataFrame, journeys: Journeys, models: Iterable[Shapley]
) -> tuple[dict[str, Pair], dict[str, Pair]]:
    """Conversions and value by name for each game, and their standard errors if it was sampled.

    Raises:
        ParameterError: The exact rate game of more names than it can be counted for.
    """
    names = journeys.facts.names
    pairs: dict[str, Pair] = {}
    errors: dict[str, Pair] = {}
    for model in models:
        if model.game == "sum":
            found = games.sum_game(gathered(table, names, "none"), names)
        elif model.exact and len(names) > coalitions.EXACT:
            raise ParameterError(
                f"{model.name}: {len(names)} names of {journeys.journey.by} are too many for the "
                f"exact game, which takes {coalitions.EXACT}; group them, or leave exact out to "
                "sample orders, with their error."
            )
        else:
            found = games.rate_game(gathered(table, names, model.nulls), names)
        credit = found.set_index("name")
        pairs[model.name] = aligned(credit["conversions"], names), aligned(credit["value"], names)
        if "conversions_error" in credit:
            spread = credit["conversions_error"], credit["value_error"]
            errors[model.name] = aligned(spread[0], names), aligned(spread[1], names)
    return pairs, errors


def gathered(table: pd.DataFrame, names: tuple[str, ...], nulls: Nulls) -> pd.DataFrame:
    """`names` (a bit mask, or names where there are too many), `conversions, nulls, value`."""
    import pandas as pd

    table = table[table["state"].isin(counts_as(nulls))]
    won = table["state"] == CONVERTED
    words = [name for name in table.columns if name.startswith("set_")]
    members: Any = table[words[0]].astype("int64")
    if len(words) > 1:
        rows = zip(*(table[word].astype("int64") for word in words), strict=True)
        members = pd.Series([_members(row, names) for row in rows], index=table.index, dtype=object)
    return pd.DataFrame(
        {
            "names": members,
            "conversions": table["n"].where(won, 0),
            "nulls": table["n"].where(~won, 0),
            "value": table["value"].where(won, 0.0),
        }
    ).reset_index(drop=True)


def _members(words: tuple[int, ...], names: tuple[str, ...]) -> tuple[str, ...]:
    found = []
    for word, mask in enumerate(words):
        part = names[word * tallies.BITS :]
        found += [part[bit] for bit in range(mask.bit_length()) if mask >> bit & 1]
    return tuple(found)


def aligned(table: pd.Series[Any], names: tuple[str, ...]) -> Floats:
    """Credits in the order of the names, 0 for those that got none."""
    import numpy as np

    given = dict(zip(table.index, table.to_numpy(float), strict=True))
    return np.array([given.get(name, 0.0) for name in names], dtype=np.float64)
