"""Where the questions run: in the engine that holds the tables.

DataFrames, and tables of a DuckDB, are answered from SQL that is compiled once per programme and
question: the expression takes longer to build than most answers. Other Ibis tables are answered by
their own engine.
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
    Compiled: TypeAlias = tuple[str, list[tuple[str, pd.DataFrame]]]

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
        with tables.con.cursor() as con:
            return _answer(con, "", _compiled(question, programme, tables.columns, args), now)
    if tables.is_native:
        columns, sources = tables.columns, []
        for name in given.NEEDED:
            text = ibis.to_sql(getattr(tables, name), dialect="duckdb", pretty=False)
            sources.append(f"{given.NAMED[name]} AS NOT MATERIALIZED ({text})")
        people: Any = tables.people
        con = people.get_backend().con  # no cursor: it would not see temporary tables
        compiled = _compiled(question, programme, columns, args)
        return _answer(con, f"WITH {', '.join(sources)}", compiled, now)
    read = given.read(tables.people, tables.signals, tables.sends)
    found: pd.DataFrame = question(programme, read, ibis.literal(now, "int64"), *args).to_pandas()
    return found


def _answer(con: Any, sources: str, compiled: Compiled, now: int) -> pd.DataFrame:
    """Runs compiled SQL behind the tables that it reads, if the connection lacks them."""
    text, small = compiled
    if sources:
        text = f"{sources}, {text[5:]}" if text.startswith("WITH ") else f"{sources} {text}"
    for name, frame in small:
        con.register(name, frame)
    answer: pd.DataFrame = con.execute(text, {"now": now}).df()
    for name, _ in small:
        con.unregister(name)
    return answer


def seconds(as_of: datetime) -> int:
    """A naive moment as seconds on the tables' own clock."""
    if as_of.tzinfo is not None:
        raise ParameterError(f"as_of carries the zone {as_of.tzinfo}; give the tables' own clock.")
    return int(as_of.replace(tzinfo=UTC).timestamp())


@lru_cache(maxsize=COMPILED)
def _compiled(
    question: Question, programme: Programme, columns: Any, args: tuple[Any, ...]
) -> Compiled:
    """The SQL, and the small tables of the programme that it reads."""
    import ibis
    import ibis.expr.operations as ops

    people, signals, sends = (ibis.table(dict(types), name=name) for name, types in columns)
    read: Read = given.read(people, signals, sends)
    found = question(programme, read, ibis.literal(NOW, "int64"), *args)
    text = ibis.to_sql(found, dialect="duckdb", pretty=False).replace(str(NOW), "$now")
    small = found.op().find(ops.InMemoryTable)
    return text, [(table.name, table.data.to_frame()) for table in small]
