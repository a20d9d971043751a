"""Shapley values of channels: three games, each with what it sees and what it cannot see.

A game gives every set of channels (a coalition) a worth; the Shapley value pays each channel its
mean marginal contribution over all orders in which the channels may come, the first of which joins
nobody: the empty coalition is in.

- `sum_game`: a set is worth the conversions of the journeys that touched no other channel. Its
  Shapley value has a closed form, each journey's conversions shared equally among its distinct
  channels, so it takes any number of channels. Never negative; sums to the conversions. It is blind
  to journeys that did not convert: a channel that is on every journey, won or lost, is paid like
  one that makes journeys convert.
- `rate_game`: a set is worth the conversion rate of the journeys that touched no other channel. It
  sees the nulls, so a channel on journeys that fail is paid less, or less than nothing: credit is
  signed. Exact to 20 channels, by orders drawn at random beyond, with its standard error.
- `ordered`: the sum game with touches for players, in unions by channel: what each position earned.

What ours are not: the game of exact sets (worth of a set = journeys that touched exactly that set),
which goes negative for no reason of the channel's; marginal contributions without the empty
coalition; a rate that leaves out the journeys that did not convert; the first few channels only,
the rest dropped; leave-one-out, which sums to nothing in particular.

Sources: Shapley (1953), "A value for n-person games"; Zhao, Mahboobi and Bagheri (2018), "Shapley
value methods for attribution modeling in online advertising" (closed form, positions); Owen (1977),
"Values of games with a priori unions"; Castro, Gómez and Tejada (2009), "Polynomial calculation of
the Shapley value based on sampling".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook.attribution import coalitions

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import pandas as pd

BASE = "(none)"
"""The line of the rate game for what journeys without any touch would give."""


def sum_game(sets: pd.DataFrame, names: Sequence[str] | None = None) -> pd.DataFrame:
    """Each set's conversions shared equally among its channels.

    Args:
        sets: `names, conversions` and perhaps `value`, a row per set (rows of one set add up). A
            set is a collection of names, or a whole number whose bit i stands for `names[i]`.
        names: The channels, needed for bit masks; those in no set get 0. None: all that occur.

    Returns:
        `name, conversions, value`, sorted by name; sums to those of the sets that are not empty.
        The empty set has nobody to pay.

    >>> import pandas as pd
    >>> sets = pd.DataFrame({"names": [{"a"}, {"a", "b"}], "conversions": [1, 3]})
    >>> sum_game(sets)["conversions"].tolist()
    [2.5, 1.5]
    """
    found = coalitions.read(sets, names)
    return _table(found.names, coalitions.shares(found))


def rate_game(
    sets: pd.DataFrame,
    names: Sequence[str] | None = None,
    *,
    draws: int | None = None,
    rng: np.random.Generator | int = 0,
) -> pd.DataFrame:
    """Credit by what each channel adds to the conversion rate.

    A set S of channels is worth conversions(S) / journeys(S), counted over the journeys that
    touched nothing outside S; 0 where there are none. The Shapley values, times all journeys, are
    the credits: they sum to the conversions of all sets. Value likewise, by value per journey.

    Journeys without any touch are the empty set. Its rate is what would be had without channels:
    the line `(none)`, present only where such journeys are given. Give them only if those that did
    not convert are known as well; touchless conversions alone would say that doing nothing always
    works.

    Args:
        sets: `names, conversions, nulls` and perhaps `value`, as in `sum_game`.
        names: As in `sum_game`.
        draws: Orders of the channels to draw, in pairs of one and its reverse. None: every
            coalition is counted where there are at most 20 channels, else 1,000 are drawn.
        rng: Generator or seed of the draws.

    Returns:
        `name, conversions, value`, sorted by name, perhaps negative; where orders were drawn,
        `conversions_error, value_error` too, the standard errors of that drawing (the sums are
        exact).

    Raises:
        ParameterError: `draws` below 4.
    """
    found = coalitions.read(sets, names)
    pays, base, errors = coalitions.rate_credits(found, found.amounts[None], draws, rng)
    none = base[0] if (found.sizes == 0).any() else None
    table = _table(found.names, pays[0], none)
    if errors is None:
        return table
    spread = _table(found.names, errors[0], None if none is None else none * 0.0)
    return table.assign(conversions_error=spread["conversions"], value_error=spread["value"])


def ordered(paths: pd.DataFrame) -> pd.DataFrame:
    """The sum game by position: which place on the journey earned the credit.

    Each conversion is shared equally among the distinct channels of its journey, and a channel's
    part equally among its touches. Summed over positions this is `sum_game`, to the last digit that
    floating point keeps; it adds no other total, and so is a table here and not a model of its own.
    It is the Owen value of the game whose players are touches, united by channel.

    Args:
        paths: `path` (names in order), `conversions` and perhaps `value`.

    Returns:
        `name, position, conversions, value`; position 1 is the first touch.

    >>> import pandas as pd
    >>> paths = pd.DataFrame({"path": [("a", "b", "a")], "conversions": [1]})
    >>> ordered(paths)[["name", "position", "conversions"]].values.tolist()
    [['a', 1, 0.25], ['a', 3, 0.25], ['b', 2, 0.5]]
    """
    import pandas as pd

    amounts = paths.assign(value=paths.get("value", 0.0))
    pays: dict[tuple[str, int], list[float]] = {}
    columns = (amounts[c] for c in ("path", "conversions", "value"))
    for path, conversions, value in zip(*columns, strict=True):
        names = list(path)
        for position, name in enumerate(names, start=1):
            share = 1.0 / (len(set(names)) * names.count(name))
            pay = pays.setdefault((name, position), [0.0, 0.0])
            pay[0] += float(conversions) * share
            pay[1] += float(value) * share
    rows = [(name, position, *pays[name, position]) for name, position in sorted(pays)]
    return pd.DataFrame(rows, columns=["name", "position", "conversions", "value"])


def _table(
    names: Sequence[str],
    pays: np.ndarray[Any, Any],
    base: np.ndarray[Any, Any] | None = None,
) -> pd.DataFrame:
    import numpy as np
    import pandas as pd

    order = sorted(range(len(names)), key=lambda i: names[i])
    rows = pays[order] if base is None else np.vstack([pays[order], base])
    index = [names[i] for i in order] + ([] if base is None else [BASE])
    return pd.DataFrame(
        {
            "name": pd.Series(index, dtype=object),
            "conversions": rows[:, 0].astype(float),
            "value": rows[:, 1].astype(float),
        }
    )
