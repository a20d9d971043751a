"""Columns of numbers to tables of the schema: keys, labels, times and money take their types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from playbook.data import schema
from playbook.data.sample.clock import NEVER, ZONE_OFFSET

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    import pyarrow as pa

    from playbook.data.sample.draw import Ints
    from playbook.data.schema import Column

PREFIXES: dict[str, tuple[str, int]] = {
    "account": ("A", 7),
    "person": ("P", 7),
    "lead": ("L", 7),
    "stage_event": ("SE", 8),
    "touch": ("T", 8),
    "activity": ("AC", 8),
    "opportunity": ("O", 6),
    "payment": ("PM", 6),
    "channel": ("CH", 2),
    "campaign": ("CP", 3),
    "spend": ("F", 5),
    "staff": ("S", 2),
    "keyword": ("K", 3),
    "content": ("C", 4),
    "event": ("E", 3),
    "partner": ("PT", 2),
    "mention": ("M", 4),
    "project": ("PR", 3),
    "ai_use": ("AI", 5),
}
"""Letters and digits of each table's keys; row number 0 has key 1."""

Cols = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Coded:
    """Text as positions in a short list; -1 is empty."""

    codes: Ints
    values: Sequence[str]

    def __len__(self) -> int:
        return len(self.codes)


def coded(codes: Ints, values: Sequence[str]) -> Coded:
    """Text given by position."""
    return Coded(codes, values)


def stacked(first: Cols, second: Cols) -> Cols:
    """The rows of one table below those of another; both have the same columns."""
    out: Cols = {}
    for name, above in first.items():
        both = (above, second[name])
        if all(isinstance(part, np.ndarray) for part in both):
            out[name] = np.concatenate(both)
        else:
            out[name] = [value for part in both for value in _plain(part)]
    return out


def _plain(part: Any) -> Sequence[str | None]:
    if isinstance(part, Coded):
        return [part.values[code] if code >= 0 else None for code in part.codes]
    return list(part)


def codes_of(table: str, column: str) -> tuple[str, ...]:
    """The codes of an enumeration, in the order of the schema."""
    return tuple(schema.table(table).column(column).values or ())


def key_text(table: str, number: int) -> str:
    """The key of a row number.

    >>> key_text("lead", 0)
    'L0000001'
    """
    prefix, width = PREFIXES[table]
    return f"{prefix}{number + 1:0{width}d}"


def _keys(table: str, numbers: Ints) -> pa.Array:
    import pyarrow as pa

    prefix, width = PREFIXES[table]
    width = max(width, len(str(int(numbers.max(initial=0)) + 1)))
    letters = np.frombuffer(prefix.encode(), dtype=np.uint8)
    size = len(letters) + width
    table_of_bytes = np.empty((len(numbers), size), dtype=np.uint8)
    table_of_bytes[:, : len(letters)] = letters
    rest = np.where(numbers >= 0, numbers + 1, 0)
    for place in range(size - 1, len(letters) - 1, -1):
        rest, digit = np.divmod(rest, 10)
        table_of_bytes[:, place] = digit + ord("0")
    offsets = np.arange(len(numbers) + 1, dtype=np.int32) * size
    missing = numbers < 0
    known = pa.array(~missing).buffers()[1] if missing.any() else None
    return pa.StringArray.from_buffers(
        len(numbers),
        pa.py_buffer(offsets),
        pa.py_buffer(table_of_bytes),
        known,
        int(missing.sum()),
    )


def _text(value: object) -> pa.Array:
    import pyarrow as pa

    if isinstance(value, Coded):
        values = pa.array(list(value.values), type=pa.string())
        codes = pa.array(value.codes, type=pa.int64(), mask=value.codes < 0)
        return values.take(codes)
    return value if isinstance(value, pa.Array) else pa.array(list(value), type=pa.string())  # type: ignore[call-overload]


def _time(value: Ints, *, days: bool) -> pa.Array:
    import pyarrow as pa

    missing = (value >= NEVER) | (value < 0)
    if days:
        return pa.array(value.clip(0, 2**30).astype(np.int32), mask=missing).cast(pa.date32())
    utc = np.where(missing, 0, value - ZONE_OFFSET) * 1_000_000
    return pa.array(utc, mask=missing).cast(pa.timestamp("us"))


def _number(column: Column, value: object) -> pa.Array:
    import pyarrow as pa

    array = np.asarray(value, dtype=np.float64)
    missing = np.isnan(array)
    if column.type == "integer":
        return pa.array(np.where(missing, 0, array).astype(np.int64), mask=missing)
    if column.type == "decimal":
        cents = np.rint(np.where(missing, 0, array) * 100).astype(np.int64)
        whole = pa.array(cents, mask=missing).cast(pa.decimal128(19, 0))
        shifted = pa.Array.from_buffers(pa.decimal128(19, 2), len(whole), whole.buffers())
        return shifted.cast(pa.decimal128(18, 2))
    return pa.array(array, mask=missing)


def _flag(value: object) -> pa.Array:
    import pyarrow as pa

    array = np.asarray(value)
    if array.dtype == bool:
        return pa.array(array)
    return pa.array(array > 0, mask=array < 0)


def _column(table: str, column: Column, value: object) -> pa.Array:
    if column.type == "key" and isinstance(value, np.ndarray) and value.dtype.kind == "i":
        return _keys(column.references or table, value)
    if column.type in ("key", "text", "enum"):
        return _text(value)
    if column.type in ("timestamp", "date"):
        return _time(np.asarray(value, dtype=np.int64), days=column.type == "date")
    return _flag(value) if column.type == "boolean" else _number(column, value)


_ARROW = {"boolean": "bool", "integer": "int64", "number": "float64", "date": "date32"}


def arrow(table: str, cols: Mapping[str, Any]) -> pa.Table:
    """One table with all columns of the schema, empty where the generator says nothing."""
    import pyarrow as pa

    declared = schema.table(table)
    n = len(next(iter(cols.values())))
    arrays = {}
    for column in declared.columns:
        if column.name in cols:
            arrays[column.name] = _column(table, column, cols[column.name])
        else:
            arrays[column.name] = pa.nulls(n, arrow_type(column))
    return pa.table(arrays)


def arrow_type(column: Column) -> pa.DataType:
    """The Parquet type of a column."""
    import pyarrow as pa

    if column.type == "timestamp":
        return pa.timestamp("us")
    if column.type == "decimal":
        return pa.decimal128(18, 2)
    return pa.type_for_alias(_ARROW.get(column.type, "string"))


def pandas_frame(table: pa.Table) -> pd.DataFrame:
    """The table as pandas: times naive UTC, dates as midnights, money as float with two places."""
    import pandas as pd
    import pyarrow as pa

    out: dict[str, pd.Series[Any]] = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        if pa.types.is_date(column.type):
            out[name] = column.cast(pa.timestamp("us")).to_pandas()
        elif pa.types.is_decimal(column.type):
            out[name] = column.cast(pa.float64()).to_pandas()
        elif pa.types.is_integer(column.type):
            out[name] = column.to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get)
        elif pa.types.is_boolean(column.type):
            out[name] = column.to_pandas(types_mapper={pa.bool_(): pd.BooleanDtype()}.get)
        else:
            out[name] = column.to_pandas()
    return pd.DataFrame(out)
