"""Unit rows in memory, for what cannot be asked of an engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook.abtest.inputs.cells import arm_mistakes
from playbook.errors import refuse, unknown
from playbook.format import plural

if TYPE_CHECKING:
    from collections.abc import Iterator

    import ibis.expr.types as ir
    import numpy as np
    import pandas as pd

    Floats = np.ndarray[Any, np.dtype[np.float64]]


def values_by_arm(
    rows: pd.DataFrame | ir.Table, columns: tuple[str, ...], *, arm: str, control: str
) -> dict[str, tuple[Floats, ...]]:
    """The columns' values in each arm.

    Args:
        rows: One row per unit.
        columns: Numbers, or true and false.
        arm: Column with the arm.
        control: The arm that comes first.

    Returns:
        For each arm one array per column; the control first, the others sorted.

    Raises:
        ParameterError: Everything that is wrong with the rows, at once.

    >>> import pandas as pd
    >>> rows = pd.DataFrame({"arm": ["B", "A", "B"], "spent": [1, 2, 3]})
    >>> {
    ...     arm: spent.tolist()
    ...     for arm, (spent,) in values_by_arm(rows, ("spent",), arm="arm", control="B").items()
    ... }
    {'B': [1.0, 3.0], 'A': [2.0]}
    """
    import pandas as pd

    known = list(map(str, rows.columns))
    refuse(unknown("column", name, known) for name in (arm, *columns) if name not in known)
    needed = list(dict.fromkeys((arm, *columns)))
    frame = rows[needed] if isinstance(rows, pd.DataFrame) else rows.select(*needed).to_pandas()
    refuse(_wrong_arms(frame[arm], control))
    refuse(text for name in columns for text in _wrong_values(frame[name]))
    names = frame[arm].astype(str)
    others = sorted(set(names) - {control})
    return {
        one: tuple(frame.loc[names == one, name].to_numpy(dtype="float64") for name in columns)
        for one in (control, *others)
    }


def _wrong_arms(arms: pd.Series[Any], control: str) -> Iterator[str]:
    yield from arm_mistakes(arms.dropna().unique(), control)
    if empty := int(arms.isna().sum()):
        yield f"{arms.name} is empty for {plural(empty, 'unit')}: name it, or leave them out."


def _wrong_values(values: pd.Series[Any]) -> Iterator[str]:
    import numpy as np
    import pandas as pd

    if not pd.api.types.is_numeric_dtype(values):
        yield f"{values.name} holds no numbers but {values.dtype}."
        return
    missing = values.isna().to_numpy()
    if missing.any():
        yield (
            f"{values.name} is empty in {plural(int(missing.sum()), 'row')}, first in row "
            f"{int(missing.argmax())}. Give every unit a number, 0 where it means none, or leave "
            "the unit out."
        )
    endless = np.isinf(values.to_numpy(dtype="float64", na_value=0))
    if endless.any():
        yield (
            f"{values.name} is infinite in {plural(int(endless.sum()), 'row')}, first in row "
            f"{int(endless.argmax())}. Mend it, or leave the unit out."
        )
