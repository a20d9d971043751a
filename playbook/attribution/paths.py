"""Path tables: distinct paths with their counts, as the packages of R and Python take them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook.attribution.intake import RESERVED, SHOWN, Facts, typed
from playbook.attribution.journeys import Journeys
from playbook.attribution.rows import CONVERTED, NULL, STATES, Plan
from playbook.attribution.settings import Journey
from playbook.errors import ParameterError, unknown
from playbook.queries import Given
from playbook.tables import as_pandas, need_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    import ibis.expr.types as ir
    import pandas as pd

    from playbook.attribution.settings import Repeats

COLUMNS = ("entity", "time", "by", "state", "n", "value")


def from_paths(
    table: pd.DataFrame | ir.Table,
    *,
    path: str = "path",
    conversions: str = "conversions",
    nulls: str | None = None,
    value: str | None = None,
    separator: str = " > ",
    by: str = "channel",
    repeats: Repeats = "keep",
    direct: tuple[str, ...] = (),
    ignore_direct: bool = False,
) -> Journeys:
    """The journeys of a table of paths.

    Args:
        table: One row per path; the same path may have several.
        path: Column of the paths, first touch first: names between separators. Blanks around
            names do not count.
        conversions: Column of how many journeys took this path and converted.
        nulls: Column of how many took it and did not convert; none did where None.
        value: Column of what the conversions of the row are worth together; none where None.
        separator: What stands between names.
        by: What the names are, for the tables that come out.
        repeats: As in `Journey`.
        direct: As in `Journey`.
        ignore_direct: As in `Journey`.

    Raises:
        ParameterError: Everything in the table that cannot be used, at once.

    >>> import pandas as pd
    >>> from playbook.attribution import attribute
    >>> table = pd.DataFrame({"path": ["C1 > C2 > C3", "C1", "C2 > C3"]})
    >>> table["conversions"], table["nulls"] = [1, 0, 0], [0, 1, 1]
    >>> attribute(from_paths(table, nulls="nulls"), "markov").wide("share")
      channel  markov
    0      C2     0.4
    1      C3     0.4
    2      C1     0.2
    """
    named = {"path": path, "conversions": conversions, "nulls": nulls, "value": value}
    given = {ours: theirs for ours, theirs in named.items() if theirs is not None}
    need_table(table, "the table of paths")
    columns = list(map(str, table.columns))
    if not separator.strip() and separator != " ":
        raise ParameterError(f"separator must hold a character, not {separator!r}.")
    if wrong := [
        unknown("column of paths", n, columns) for n in given.values() if n not in columns
    ]:
        raise ParameterError("\n".join(wrong))
    frame = as_pandas(table)[[*dict.fromkeys(given.values())]].reset_index(drop=True)
    split = _split(frame[path], separator)
    amounts, wrong = _amounts(frame, given)
    wrong = [*_of_paths(frame[path], split, separator, by), *wrong]
    if wrong:
        raise ParameterError("\n".join(wrong))
    journey = Journey(
        by=by,
        entity="path",
        value=value,
        repeats=repeats,
        direct=direct,
        ignore_direct=ignore_direct,
    )
    rows = _exploded(split, amounts)
    won = amounts["conversions"]
    facts = Facts(
        names=tuple(sorted({name for names in split for name in names})),
        touches=int(rows["n"].sum()),
        conversions=int(won.sum()),
        value=float(amounts["value"].sum()),
        without_value=0,
        unique=True,
    )
    plan = Plan(
        of_paths=True,
        unique=True,
        value=value is not None,
        collapse=repeats == "collapse",
        direct=journey.direct,
        ignore_direct=ignore_direct,
    )
    tables = (typed(Given("paths", rows, tuple((name, name) for name in COLUMNS))),)
    return Journeys(journey, None, None, facts, tables, plan)


def _split(paths: pd.Series[Any], separator: str) -> list[tuple[str, ...]]:
    """The names of each path; () where it is empty."""
    import pandas as pd

    mark = separator.strip() or separator
    found = []
    for path in paths:
        text = "" if pd.isna(path) else str(path).strip()
        found.append(tuple(name.strip() for name in text.split(mark)) if text else ())
    return found


def _of_paths(
    paths: pd.Series[Any], split: list[tuple[str, ...]], separator: str, by: str
) -> Iterator[str]:
    mark = separator.strip() or separator
    empty = [i for i, names in enumerate(split) if not names]
    alone = [i for i, names in enumerate(split) if names and not any(names)]
    gaps = [i for i, names in enumerate(split) if any(names) and not all(names)]
    if empty:
        yield f"{_rows(empty)} an empty path; leave it out, or name where it came from."
    if alone:
        yield f"{_rows(alone)} a path of the separator '{mark}' alone; leave it out."
    if gaps:
        yield (
            f"{_rows(gaps)} a name missing between separators '{mark}', such as "
            f"'{paths[gaps[0]]}'; if a name holds '{mark}', use another separator."
        )
    for name in sorted({n for names in split for n in names} & set(RESERVED)):
        yield f"{by} '{name}' is what our tables call something else; rename it."


def _amounts(frame: pd.DataFrame, given: dict[str, str]) -> tuple[pd.DataFrame, list[str]]:
    """`conversions`, `nulls`, `value` as numbers, and what is wrong with them."""
    import pandas as pd

    wrong: list[str] = []
    found = pd.DataFrame(index=frame.index)
    refused = pd.Series(data=False, index=frame.index)
    for ours in ("conversions", "nulls", "value"):
        if ours not in given:
            found[ours] = 0 if ours != "value" else 0.0
            continue
        raw = frame[given[ours]]
        number = pd.to_numeric(raw, errors="coerce").astype("float64")
        if ours == "value":
            number = number.where(raw.notna(), 0.0)
        allowed = "0 or more" if ours == "value" else "whole numbers of 0 or more"
        what = f"{given[ours]} must be {allowed}"
        odd = number.isna() | (number.abs() == float("inf"))
        low = number < 0
        part = ~odd & ~low & (number % 1 != 0) & (ours != "value")
        bad_rows = odd | low | part
        refused |= bad_rows
        number = number.mask(bad_rows, 0.0)
        for bad, said in ((odd, "no number"), (low, "less than 0"), (part, "a fraction")):
            if bad.any():
                at = list(bad[bad].index)
                wrong.append(f"{_rows(at)} {said} in {given[ours]}: {_cells(raw, at)}; {what}.")
        found[ours] = number if ours == "value" else number.astype("int64")
    idle = found.index[(found["value"] > 0) & (found["conversions"] == 0) & ~refused]
    if len(idle):
        wrong.append(
            f"{_rows(list(idle))} {given['value']} but no {given['conversions']}; "
            "value is what the conversions of the row are worth together."
        )
    return found, wrong


def _rows(at: list[int]) -> str:
    """The rows of a message, counted from 1."""
    shown = ", ".join(str(i + 1) for i in at[:SHOWN]) + (" …" if len(at) > SHOWN else "")
    return f"row {shown} of paths has" if len(at) == 1 else f"rows {shown} of paths have"


def _cells(raw: pd.Series[Any], at: list[int]) -> str:
    return ", ".join(_cell(raw[i]) for i in at[:SHOWN])


def _cell(value: Any) -> str:
    import pandas as pd

    if pd.isna(value):
        return "empty"
    return repr(value) if isinstance(value, str) else str(value)


def _exploded(split: list[tuple[str, ...]], amounts: pd.DataFrame) -> pd.DataFrame:
    """One row per touch, of the journeys that converted and of those that did not."""
    import numpy as np
    import pandas as pd

    sizes = np.array([len(names) for names in split], dtype=np.int64)
    places = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    row = np.repeat(np.arange(len(split)), sizes)
    by = np.array([name for names in split for name in names], dtype=object)
    tables = []
    for shift, (state, column) in enumerate(((CONVERTED, "conversions"), (NULL, "nulls"))):
        table = pd.DataFrame(
            {
                "entity": 2 * row + shift,
                "time": places,
                "by": pd.array(by, dtype="str"),
                "state": np.int8(STATES.index(state)),
                "n": amounts[column].to_numpy()[row],
                "value": amounts["value"].to_numpy(float)[row] if not shift else 0.0,
            }
        )
        tables.append(table[table["n"] > 0])
    return pd.concat(tables, ignore_index=True)
