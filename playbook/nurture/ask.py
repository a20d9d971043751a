"""Where the questions run: in the engine that holds the tables.

DataFrames are answered by a DuckDB from SQL that is compiled once per programme and question: the
expression takes longer to build than its answer. Ibis tables are answered by their own engine.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

from playbook.errors import ParameterError
from playbook.nurture import tables as given

if TYPE_CHECKING:
    from collections.abc import Callable

    import ibis.expr.types as ir
    import pandas as pd

    from playbook.nurture.settings import Programme
    from playbook.nurture.tables import Read, Tables

    Question: TypeAlias = Callable[..., ir.Table]

NOW = 4_503_599_627_370_001
"""Stands for `as_of` in compiled SQL; no moment is as late."""

COMPILED = 64
"""Questions whose SQL is kept."""


def ask(
    question: Question, programme: Programme, tables: Tables, as_of: datetime, *args: Any
) -> pd.DataFrame:
    """The answer to `question(programme, read, now, *args)`.

    Raises:
        ParameterError: `as_of` carries a zone.
    """
    import ibis

    now = seconds(as_of)
    if tables.is_frame:
        text, frames = _compiled(question, programme, tables.columns, args)
        with tables.con.cursor() as con:
            for name, frame in frames:
                con.register(name, frame)
            answer: pd.DataFrame = con.execute(text, {"now": now}).df()
        return answer
    read = given.read(tables.people, tables.signals, tables.sends)
    found: pd.DataFrame = question(programme, read, ibis.literal(now, "int64"), *args).to_pandas()
    return found


def seconds(as_of: datetime) -> int:
    """A naive moment as seconds on the tables' own clock."""
    if as_of.tzinfo is not None:
        raise ParameterError(f"as_of carries the zone {as_of.tzinfo}; give the tables' own clock.")
    return int(as_of.replace(tzinfo=UTC).timestamp())


@lru_cache(maxsize=COMPILED)
def _compiled(
    question: Question, programme: Programme, columns: Any, args: tuple[Any, ...]
) -> tuple[str, list[tuple[str, pd.DataFrame]]]:
    """The SQL, and the small tables of the programme that it reads."""
    import ibis
    import ibis.expr.operations as ops

    people, signals, sends = (ibis.table(dict(types), name=name) for name, types in columns)
    read: Read = given.read(people, signals, sends)
    found = question(programme, read, ibis.literal(NOW, "int64"), *args)
    text = ibis.to_sql(found, dialect="duckdb", pretty=False).replace(str(NOW), "$now")
    small = found.op().find(ops.InMemoryTable)
    return text, [(table.name, table.data.to_frame()) for table in small]
