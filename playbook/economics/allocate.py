"""Cost brought to where it belongs, each part whole cents, all parts together the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import pandas as pd

DIRECT = "direct"
UNALLOCATED = "unallocated"
CENTS = 100


def apportion(total: float, weights: Sequence[float]) -> list[float]:
    """An amount in parts in proportion to weights, in whole cents that add up to it exactly.

    By the method of largest remainders (Hamilton): every part is rounded down, and the cents that
    are left go to the parts that lost most; ties go to the first.

    Args:
        total: The amount.
        weights: None below 0; at least one above it.

    Returns:
        The parts, in the order of the weights.

    Raises:
        ParameterError: A weight is below 0 or missing, or none is above 0.

    >>> apportion(100, [1, 1, 1])
    [33.34, 33.33, 33.33]
    """
    import pandas as pd

    if not all(weight >= 0 for weight in weights) or not sum(weights) > 0:
        raise ParameterError(
            f"weights must be 0 or more and at least one above 0, not {list(weights)}."
        )
    rows = pd.DataFrame({"row": 0, "weight": weights, "cents": round(total * CENTS)})
    parts: list[float] = (_largest_remainder(rows) / CENTS).tolist()
    return parts


def allocate(
    costs: pd.DataFrame,
    weights: pd.DataFrame,
    *,
    by: str = "channel",
    kinds: Sequence[str] = (),
    shared: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Every cost with the channel it belongs to; what has none is divided by declared weights.

    A cost that names its channel stays with it. One that names, say, a partner instead is divided
    by the weights of that partner, and where it has none by those of all partners together. What
    names nothing is divided by `shared`, if given. What then is left stays as it is, "unallocated":
    nothing is dropped, and every cost is divided by itself, in whole cents, so that any part of
    the result adds up to the same part of the costs.

    Args:
        costs: One row per cost: `cost`, `by` (missing where it has none), the columns `kinds`,
            and any others, which are carried along.
        weights: `kind` (one of `kinds`), `key` (its value), `by`, `weight` (such as leads).
        by: The column that costs are brought to.
        kinds: Columns that may say what a cost without `by` belongs to, the strongest first.
        shared: `by`, `weight`: how to divide what names nothing; None leaves it.

    Returns:
        The columns of `costs`, `by` filled where it could be, and `how`: `direct`, the kind that
        divided it, `shared`, or `unallocated`; in the order of the costs, then by `by`.

    Raises:
        ParameterError: A column is missing.

    >>> import pandas as pd
    >>> costs = pd.DataFrame({"channel": [None], "partner_id": ["P1"], "cost": [10.0]})
    >>> weights = pd.DataFrame(
    ...     {"kind": "partner_id", "key": "P1", "channel": ["A", "B"], "weight": [2, 1]}
    ... )
    >>> allocate(costs, weights, kinds=["partner_id"])[["channel", "cost"]].values.tolist()
    [['A', 6.67], ['B', 3.33]]
    """
    import pandas as pd

    _check(costs, ("cost", by, *kinds), "costs")
    _check(weights, ("kind", "key", by, "weight"), "weights")
    numbered = costs.reset_index(drop=True).rename_axis("row").reset_index()
    numbered["how"] = ""
    known = numbered[by].notna()
    parts = [numbered[known].assign(how=DIRECT)]
    left = numbered[~known]
    for name, table, keyed in _ways(weights, by, kinds, shared):
        possible = left if name == "shared" else left[left[name].notna()]
        divided = _divide(possible, table, by, [name] if keyed else [])
        parts.append(divided.assign(how=name))
        left = left[~left["row"].isin(divided["row"])]
    parts.append(left.assign(how=UNALLOCATED))
    filled = [part for part in parts if len(part)] or parts[:1]
    result = pd.concat(filled, ignore_index=True).sort_values(["row", by], kind="stable")
    return result[[*costs.columns, "how"]].reset_index(drop=True)


def _ways(
    weights: pd.DataFrame, by: str, kinds: Sequence[str], shared: pd.DataFrame | None
) -> list[tuple[str, pd.DataFrame, bool]]:
    """How to divide, in order: by a kind's own weights, by the whole kind's, by the shared."""
    ways = []
    for kind in kinds:
        own = weights[(weights["kind"] == kind) & (weights["weight"] > 0)]
        ways.append((kind, own.rename(columns={"key": kind}), True))
        ways.append((kind, own.groupby(by)[["weight"]].sum().reset_index(), False))
    if shared is not None:
        ways.append(("shared", shared[shared["weight"] > 0], False))
    return ways


def _divide(costs: pd.DataFrame, weights: pd.DataFrame, by: str, on: list[str]) -> pd.DataFrame:
    """The costs that have weights, one row per cost and `by`."""
    table = weights[[*on, by, "weight"]]
    rows = costs.drop(columns=by)
    joined = rows.merge(table, on=on) if on else rows.merge(table, how="cross")
    joined = joined.sort_values(["row", by], kind="stable", ignore_index=True)
    joined["cents"] = (joined["cost"].astype(float) * CENTS).round().astype("int64")
    joined["cost"] = _largest_remainder(joined) / CENTS
    return joined[joined["cost"] != 0].drop(columns=["weight", "cents"])


def _largest_remainder(rows: pd.DataFrame) -> np.ndarray[Any, Any]:
    """Cents of each row: `cents` of its `row` group divided by `weight`."""
    import numpy as np

    weight = rows["weight"].to_numpy(float)
    share = weight / rows.groupby("row")["weight"].transform("sum").to_numpy(float)
    sign = np.where(rows["cents"] < 0, -1, 1)
    exact = np.abs(rows["cents"].to_numpy()) * share
    down = np.floor(exact)
    frame = rows[["row"]].assign(down=down, lost=exact - down)
    left = np.abs(rows["cents"]) - frame.groupby("row")["down"].transform("sum")
    order = frame.sort_values(["row", "lost"], ascending=[True, False], kind="stable")
    place = order.groupby("row").cumcount().reindex(frame.index)
    extra = (place < left.round()).to_numpy()
    whole: np.ndarray[Any, Any] = sign * (down + extra)
    return whole


def _check(table: pd.DataFrame, columns: Sequence[str], name: str) -> None:
    if lacking := [column for column in columns if column not in table.columns]:
        raise ParameterError(
            f"{name} lacks {', '.join(lacking)}; there are: {', '.join(map(str, table.columns))}"
        )
