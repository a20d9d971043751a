"""Aggregates as tables: what ad platforms give of conversions, or n, mean and variance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook.abtest.arms import TEST
from playbook.abtest.inputs.cells import Cells, arm_mistakes, arms_of
from playbook.abtest.inputs.partition import check_partition
from playbook.abtest.inputs.request import many_tests
from playbook.errors import refuse, unknown
from playbook.format import plural
from playbook.tables import as_pandas, need_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import TypeAlias

    import ibis.expr.types as ir
    import numpy as np
    import pandas as pd

    from playbook.abtest.arms import Arms, Floats

    Table: TypeAlias = pd.DataFrame | ir.Table
    Flags: TypeAlias = np.ndarray[Any, np.dtype[np.bool_]]

SHOWN = 3
"""Rows that a message names."""


def counts(
    table: Table,
    *,
    control: object,
    arm: str = "arm",
    exposures: str = "exposures",
    conversions: str = "conversions",
    by: str | Sequence[str] = (),
    name: str = "converted",
    whole: Table | None = None,
) -> Arms:
    """The arms of a table of exposures and conversions, as ad platforms give them.

    Args:
        table: One row per arm, or per arm and group.
        control: The arm that the others are compared with.
        arm: Column with the arm.
        exposures: Column with how many saw it.
        conversions: Column with how many of them converted, each counted once.
        by: Columns that make the groups, such as a segment or a day.
        name: What the conversion is called in the answers.
        whole: The same table without groups. The groups must add up to it.

    Raises:
        ParameterError: Everything that cannot be used, at once: columns that are missing; an
            unknown control, a single arm, an arm twice; what is no whole number from 0 on; arms
            without exposures; more conversions than exposures; groups that do not add up; rows of
            more than one test (`experiment_id`).

    >>> import pandas as pd
    >>> seen = {"arm": ["A", "B"], "exposures": [1000, 1010], "conversions": [50, 65]}
    >>> print(counts(pd.DataFrame(seen), control="A"))
    control A (1,000 units); B (1,010 units); measured: converted
    """
    import numpy as np

    grouping = (by,) if isinstance(by, str) else tuple(by)
    frame = _frame(table, (arm, exposures, conversions, *grouping))
    refuse(_wrong_arms(frame, arm, grouping, control))
    n, ones = _numbers(frame, exposures), _numbers(frame, conversions)
    where = _places(frame, arm, grouping)
    refuse(
        [
            *_not_whole(n, frame[exposures], where),
            *_not_whole(ones, frame[conversions], where),
            *_too_many(n, ones, where, (exposures, conversions)),
            *_nobody(frame[arm], n, exposures),
        ]
    )
    share = np.where(n > 0, ones / np.maximum(n, 1), np.nan)
    spread = np.where(n > 0, ones * (n - ones) / np.maximum(n, 1), 0.0)
    lows, highs = np.where(ones < n, 0.0, 1.0), np.where(ones > 0, 1.0, 0.0)
    cells = _one_column(_names(frame, arm), _keys(frame, grouping), n, share, spread)
    cells = cells._replace(lows=lows[:, None], highs=highs[:, None])
    found = arms_of(cells, control, (name,), grouping)
    if whole is not None:
        columns = {"arm": arm, "exposures": exposures, "conversions": conversions, "name": name}
        check_partition(found, counts(whole, control=control, **columns))
    return found


def moments(
    table: Table,
    *,
    control: object,
    arm: str = "arm",
    n: str = "n",
    mean: str = "mean",
    variance: str = "variance",
    by: str | Sequence[str] = (),
    name: str = "value",
    whole: Table | None = None,
) -> Arms:
    """The arms of a table of sizes, means and sample variances.

    Args:
        table: One row per arm, or per arm and group.
        control: The arm that the others are compared with.
        arm: Column with the arm.
        n: Column with how many units.
        mean: Column with their mean.
        variance: Column with their sample variance, over n - 1; the square of the standard
            deviation. It may be empty where there is one unit or none.
        by: Columns that make the groups, such as a segment or a day.
        name: What is measured is called so in the answers.
        whole: The same table without groups, unrounded. The groups must add up to it.

    Raises:
        ParameterError: Everything that cannot be used, at once: columns that are missing; an
            unknown control, a single arm, an arm twice; an n that is no whole number from 0 on;
            arms without units; means and variances that are no numbers; negative variances; groups
            that do not add up.

    >>> import pandas as pd
    >>> table = pd.DataFrame({"arm": ["A", "B"], "n": [9, 4], "mean": [5, 6], "variance": [2, 3]})
    >>> moments(table, control="A", name="orders").products.tolist()
    [[[16.0]], [[9.0]]]
    """
    import numpy as np

    grouping = (by,) if isinstance(by, str) else tuple(by)
    frame = _frame(table, (arm, n, mean, variance, *grouping))
    refuse(_wrong_arms(frame, arm, grouping, control))
    size, middle, spread = (_numbers(frame, column) for column in (n, mean, variance))
    where = _places(frame, arm, grouping)
    refuse(
        [
            *_not_whole(size, frame[n], where),
            *_not_finite(middle, frame[mean], where, size > 0),
            *_not_finite(spread, frame[variance], where, size > 1),
            *_negative(spread, frame[variance], where),
            *_nobody(frame[arm], size, n),
        ]
    )
    products = np.where(size > 1, spread * (size - 1), 0.0)
    middle = np.where(size > 0, middle, np.nan)
    cells = _one_column(_names(frame, arm), _keys(frame, grouping), size, middle, products)
    found = arms_of(cells, control, (name,), grouping)
    if whole is not None:
        columns = {"arm": arm, "n": n, "mean": mean, "variance": variance, "name": name}
        check_partition(found, moments(whole, control=control, **columns))
    return found


def _one_column(
    arms: list[str], keys: list[tuple[Any, ...]], n: Floats, mean: Floats, products: Floats
) -> Cells:
    """Cells of a single column whose ends are unknown."""
    import numpy as np

    ends = np.full((len(n), 1), np.nan)
    sizes = n.astype("int64")
    return Cells(arms, keys, sizes, mean[:, None], products[:, None, None], ends, ends)


def _names(frame: pd.DataFrame, arm: str) -> list[str]:
    return [str(name) for name in frame[arm]]


def _keys(frame: pd.DataFrame, grouping: tuple[str, ...]) -> list[tuple[Any, ...]]:
    import pandas as pd

    rows = frame[list(grouping)].itertuples(index=False, name=None) if grouping else ()
    keys = [tuple(None if pd.isna(value) else value for value in row) for row in rows]
    return keys or [()] * len(frame)


def _of_one_test(table: Table) -> Iterator[str]:
    if TEST not in table.columns:
        return
    names = as_pandas(table[[TEST]])[TEST].dropna().astype(str)
    if len(names):
        yield from many_tests(names.min(), names.max())


def _frame(table: Table, needed: tuple[str, ...]) -> pd.DataFrame:
    need_table(table, "table")
    refuse(_of_one_test(table))
    columns = list(map(str, table.columns))
    refuse(unknown("column of table", name, columns) for name in needed if name not in columns)
    return as_pandas(table[list(dict.fromkeys(needed))]).reset_index(drop=True)


def _numbers(frame: pd.DataFrame, column: str) -> Floats:
    """The column as doubles; missing where there is no number."""
    import pandas as pd

    return pd.to_numeric(frame[column], errors="coerce").to_numpy("float64", na_value=float("nan"))


def _places(frame: pd.DataFrame, arm: str, grouping: tuple[str, ...]) -> list[str]:
    """How a message names each row."""
    places = []
    for name, key in zip(frame[arm], _keys(frame, grouping), strict=True):
        group = [f"{of} {value}" for of, value in zip(grouping, key, strict=True)]
        places.append(", ".join([f"arm '{name}'", *group]))
    return places


# What is wrong with a table.


def _wrong_arms(
    frame: pd.DataFrame, arm: str, grouping: tuple[str, ...], control: object
) -> Iterator[str]:
    empty = int(frame[arm].isna().sum())
    if empty:
        yield f"{arm} is empty on {plural(empty, 'row')}: name the arm, or leave the row out."
    yield from arm_mistakes(frame[arm].dropna(), control)
    twice = frame[frame.duplicated([arm, *grouping])]
    for place in list(dict.fromkeys(_places(twice, arm, grouping)))[:SHOWN]:
        yield (
            f"{place} is on more than one row. Add its rows up, or name in by what they are "
            "rows of, such as days."
        )


def _not_whole(values: Floats, given: pd.Series, where: list[str]) -> Iterator[str]:
    import numpy as np

    whole = (values >= 0) & (values == np.floor(values)) & np.isfinite(values)
    yield from _said(~whole, given, where, "must be a whole number from 0 on")


def _not_finite(values: Floats, given: pd.Series, where: list[str], asked: Flags) -> Iterator[str]:
    import numpy as np

    yield from _said(asked & ~np.isfinite(values), given, where, "must be a number")


def _negative(values: Floats, given: pd.Series, where: list[str]) -> Iterator[str]:
    yield from _said(values < 0, given, where, "must not be negative")


def _said(wrong: Flags, given: pd.Series, where: list[str], rule: str) -> Iterator[str]:
    import numpy as np

    at = np.flatnonzero(wrong)
    for place in at[:SHOWN]:
        yield f"{given.name} of {where[place]} {rule}, not {_as_given(given.iloc[place])}."
    if len(at) > SHOWN:
        yield f"… and {len(at) - SHOWN:,} more rows whose {given.name} {rule}."


def _as_given(value: object) -> str:
    """What stands in the table; that it is text is said."""
    if not isinstance(value, str):
        return str(value)
    bare = value.replace(",", "").strip()
    digits = bare.replace(".", "", 1).isdecimal()
    return f"the text '{value}'" + (f": write {bare}, without a comma" if digits else "")


def _too_many(n: Floats, ones: Floats, where: list[str], names: tuple[str, str]) -> Iterator[str]:
    import numpy as np

    exposures, conversions = names
    for place in np.flatnonzero((ones > n) & np.isfinite(ones))[:SHOWN]:
        yield (
            f"{where[place]} has more {conversions} ({ones[place]:,.0f}) than {exposures} "
            f"({n[place]:,.0f}). Count each unit once, or compare a mean."
        )


def _nobody(arms: pd.Series, n: Floats, name: str) -> Iterator[str]:
    import pandas as pd

    sizes = pd.Series(n).groupby(arms.to_numpy()).sum(min_count=1)
    for arm in sizes.index[sizes.eq(0)]:
        yield f"arm '{arm}' has no {name}: leave the arm out, or wait until somebody has seen it."
