"""Clean tables as the text of an export: local times, Chinese or English labels, plain numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from playbook.data import schema
from playbook.data.sample.clock import ZONE_OFFSET

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from playbook.data.schema import Column

Style = Literal["zh", "en", "utc"]
"""Chinese labels and local time, English codes and local time, or English codes and UTC."""


def render(name: str, table: pa.Table, style: Style) -> pd.DataFrame:
    """One table with every cell as a system would write it; missing cells are None."""
    import pandas as pd

    declared = schema.table(name)
    cells = {c.name: _cells(c, table.column(c.name), style) for c in declared.columns}
    return pd.DataFrame(cells, dtype=object)


def _cells(column: Column, values: pa.ChunkedArray, style: Style) -> list[Any]:
    if column.type == "timestamp":
        return _times(values, utc=style == "utc")
    if column.type == "date":
        return [None if d is None else d.isoformat() for d in values.to_pylist()]
    if column.type == "boolean":
        words = {True: "是", False: "否"} if style == "zh" else {True: "true", False: "false"}
        return [None if v is None else words[v] for v in values.to_pylist()]
    if column.type == "enum" and style == "zh":
        labels = {code: names[0] for code, names in (column.values or {}).items() if names}
        return [None if v is None else labels.get(v, v) for v in values.to_pylist()]
    if column.type == "decimal":
        return [None if v is None else float(v) for v in values.to_pylist()]
    return list(values.to_pylist())


def _times(values: pa.ChunkedArray, *, utc: bool) -> list[str | None]:
    import pyarrow as pa
    import pyarrow.compute as pc

    if not utc:
        shift = pa.scalar(ZONE_OFFSET * 1_000_000, type=pa.duration("us"))
        values = pc.add(values, shift)
    form = "%Y-%m-%dT%H:%M:%SZ" if utc else "%Y-%m-%d %H:%M:%S"
    seconds = values.cast(pa.timestamp("s"))
    return list(pc.strftime(seconds, format=form).to_pylist())


def headers(name: str, style: Style, renamed: dict[str, str] | None = None) -> dict[str, str]:
    """Our column names to the headers of the export."""
    chosen = {c.name: c.zh if style == "zh" else c.name for c in schema.table(name).columns}
    return {**chosen, **(renamed or {})}


def number_text(value: object) -> str:
    """A cell of a text file: whole floats without their point.

    >>> number_text(12.0), number_text(3.5), number_text(None)
    ('12', '3.5', '')
    """
    if value is None:
        return ""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return str(value)
