"""Collecting what is wrong: exact counts, a few examples, everything in one table."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from playbook.data import schema
from playbook.data.checks.sqltext import ident
from playbook.data.problems import EXAMPLES, Problem, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import duckdb
    import pandas as pd

    from playbook.data.sources import Staged

_SEVERITIES: tuple[Severity, ...] = ("stop", "aside", "flag", "note")
_WIDEST = 80


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem in one column of one table.

    Attributes:
        severity: What follows from it.
        code: Its stable name.
        table: Our table.
        column: Our column; empty where it concerns the whole row or table.
        message: What is wrong, and what is allowed.
        remedy: What to do.
    """

    severity: Severity
    code: str
    table: str
    column: str
    message: str
    remedy: str


@dataclass(slots=True)
class _Place:
    count: int
    examples: list[tuple[int | None, str]]


def visible(value: object) -> str:
    r"""A value as one short line: control characters shown, the rest cut.

    >>> visible("a\nb")
    'a\\nb'
    """
    text = "" if value is None else str(value)
    text = re.sub(r"[\x00-\x1f\x7f\u2028\u2029]", lambda found: repr(found.group())[1:-1], text)
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"


class Collector:
    """All problems of one run."""

    def __init__(self, con: duckdb.DuckDBPyConnection, staged: Staged) -> None:
        self._con = con
        self._staged = staged
        self._places: dict[Kind, dict[int | None, _Place]] = {}

    def add(
        self,
        kind: Kind,
        file: int | None = None,
        count: int = 1,
        examples: Sequence[tuple[int | None, object]] = (),
    ) -> None:
        """Count a kind of problem in a file; the first examples are kept."""
        place = self._places.setdefault(kind, {}).setdefault(file, _Place(0, []))
        place.count += count
        space = EXAMPLES - len(place.examples)
        place.examples += [(row, visible(value)) for row, value in examples[:space]]

    def query(self, kind: Kind, sql: str) -> int:
        """Count the rows of a query that yields `_file`, `_row` and `value`.

        Returns:
            How many rows there were in all files.
        """
        found = self._con.execute(
            f"""SELECT _file, count(*), min(_row, {EXAMPLES}),
                arg_min(coalesce(value::VARCHAR, ''), _row, {EXAMPLES})
                FROM ({sql}) GROUP BY _file ORDER BY _file"""
        ).fetchall()
        for file, count, rows, values in found:
            self.add(kind, file, count, list(zip(rows or [], values or [], strict=True)))
        return sum(count for _, count, _, _ in found)

    def count(self, code: str, table: str) -> int:
        """How many rows of a table have a problem of that code so far."""
        return sum(
            place.count
            for kind, places in self._places.items()
            if (kind.code, kind.table) == (code, table)
            for place in places.values()
        )

    def listed(self) -> list[Problem]:
        """Every example, and a line without a row where there is none; most severe first."""
        return sorted((*self._staged.problems, *self._own()), key=_rank)

    def _own(self) -> Iterable[Problem]:
        files = {f.id: f for f in self._staged.files}
        for kind, places in self._places.items():
            headers = self._staged.tables.get(kind.table, {})
            column = headers.get(kind.column, kind.column)
            for file_id, place in places.items():
                file = files.get(file_id) if file_id is not None else None
                name, sheet = (file.file, file.sheet or "") if file else ("", "")
                for row, value in place.examples or [(None, "")]:
                    yield Problem(
                        kind.severity, kind.code, kind.table, name, sheet, row, column, value,
                        kind.message, kind.remedy, place.count,
                    )  # fmt: skip


def _rank(problem: Problem) -> tuple[int, int, str, str, str, str, int, str]:
    tables = list(schema.TABLES)
    table = tables.index(problem.table) if problem.table in tables else len(tables)
    return (
        _SEVERITIES.index(problem.severity), table, problem.code, problem.column, problem.file,
        problem.sheet, -1 if problem.row is None else problem.row, problem.value,
    )  # fmt: skip


def to_frame(problems: Iterable[Problem]) -> pd.DataFrame:
    """The problems as a table, one row an example, most severe first."""
    import pandas as pd

    ordered: list[Problem] = sorted(problems, key=_rank)
    frame = pd.DataFrame(ordered, columns=list(Problem._fields))
    return frame.astype({"row": "Int64", "count": "int64"})


def counts(problems: Iterable[Problem]) -> pd.DataFrame:
    """One row a kind of problem and file, with how many rows have it."""
    keys = ["severity", "code", "table", "column", "file"]
    frame = to_frame(problems)
    # Each sheet counts once, however many examples it lists; the sheets of a file add up.
    sheets = frame.drop_duplicates([*keys, "sheet", "message"])
    grouped = sheets.groupby(keys, sort=False, as_index=False)
    return grouped.agg(count=("count", "sum"), message=("message", "first"),
                       remedy=("remedy", "first"))  # fmt: skip


def table_sql(table: str) -> str:
    """The clean table, quoted."""
    return f"clean.{ident(table)}"
