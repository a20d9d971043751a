"""What reading a company's files gives: the staged input, its files and what is wrong with it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any, Literal

from playbook.data.problems import EXAMPLES, Problem, Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb
    import pandas as pd

Kind = Literal["text", "excel", "parquet", "duckdb", "url"]


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file, sheet or database table that was read.

    Attributes:
        id: What `_file` holds in its rows.
        file: Name relative to the data folder; for a database its address without credentials.
        sheet: Sheet of a workbook or table of a database, else empty.
        tables: Our tables that it feeds; empty where it was not recognised.
        rows: Rows of data in it, blank rows and totals not counted.
        kind: How it was read.
        encoding: Of a text file, else empty.
        delimiter: Of a text file, else empty.
        header_row: Row of its headers, from 1; None where the format has none.
        decimal_comma: Its numbers are written `1.234,56`.
        sha256: Hash of the file's bytes; empty for a database connection.
    """

    id: int
    file: str
    sheet: str
    tables: tuple[str, ...]
    rows: int
    kind: Kind
    encoding: str = ""
    delimiter: str = ""
    header_row: int | None = None
    decimal_comma: bool = False
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Staged:
    """The input as it stands in schema `raw`: read, recognised and renamed, but not checked.

    Attributes:
        tables: Our table to our column to the header as written in the first file that has it.
        files: Everything that was read, in order of id.
        problems: What went wrong or is worth knowing so far.
        input_hash: Hash of the names and contents of all files; empty for a database connection.
    """

    tables: dict[str, dict[str, str]]
    files: list[SourceFile]
    problems: list[Problem]
    input_hash: str = ""


def to_frame(files: Sequence[SourceFile]) -> pd.DataFrame:
    """The files as a table with a row each, tables separated by commas."""
    import pandas as pd

    rows = [{**asdict(file), "tables": ", ".join(file.tables)} for file in files]
    frame = pd.DataFrame(rows, columns=[f.name for f in fields(SourceFile)])
    return frame.astype({"header_row": "Int64"})


@dataclass(frozen=True, slots=True)
class Part:
    """One file behind a grid: a folder of Parquet parts is one grid with many."""

    file: str
    rows: int
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows of a grid: the first of them as examples, and how many there are."""

    examples: tuple[int, ...] = ()
    count: int = 0


@dataclass(slots=True)
class Grid:
    """Headers and rows that were read from one place and await their table.

    Attributes:
        kind: How it was read.
        sheet: Sheet or database table, else empty.
        names: Words that may name our table, most telling first: sheet, file, folder.
        headers: As written, one for each of `cells`.
        cells: SQL expression of each column.
        relation: What these are selected from.
        row: SQL expression of the row number that a person sees.
        parts: The files behind it.
        part: SQL expression of the position among `parts`.
        where: SQL condition that keeps data and drops blank rows and totals; empty for all.
        header_row: Row of the headers, from 1.
        encoding: Of a text file.
        delimiter: Of a text file.
        ragged: Rows with fewer or more cells than headers.
        broken: Rows with an unclosed quotation mark.
        first_id: Id of the first of its files, once they have one.
    """

    kind: Kind
    sheet: str
    names: tuple[str, ...]
    headers: tuple[str, ...]
    cells: tuple[str, ...]
    relation: str
    row: str
    parts: tuple[Part, ...]
    part: str = "0"
    where: str = ""
    header_row: int | None = None
    encoding: str = ""
    delimiter: str = ""
    ragged: Rows = field(default_factory=Rows)
    broken: Rows = field(default_factory=Rows)
    first_id: int = 0

    @property
    def file(self) -> str:
        """Name of the file, or of the first of its parts."""
        return self.parts[0].file

    @property
    def place(self) -> str:
        """File and sheet, as a message names them."""
        return f"{self.file}, {self.sheet}" if self.sheet else self.file

    @property
    def textual(self) -> bool:
        """Whether its cells are text that has still to be read as numbers and dates."""
        return self.kind in {"text", "excel"}


class Log:
    """Collects problems; of each kind it keeps the first examples and the whole count."""

    def __init__(self) -> None:
        self._problems: list[Problem] = []

    def add(
        self,
        severity: Severity,
        code: str,
        message: str,
        remedy: str,
        *,
        grid: Grid | None = None,
        table: str = "",
        file: str = "",
        column: str = "",
        value: str = "",
        rows: Rows | None = None,
    ) -> None:
        """Notes a problem of a whole file, or of each of `rows`."""
        problem = Problem(
            severity,
            code,
            table,
            grid.file if grid else file,
            grid.sheet if grid else "",
            None,
            column,
            value,
            message,
            remedy,
        )
        if rows is None:
            self._problems.append(problem)
        else:
            self._problems.extend(
                problem._replace(row=row, count=rows.count) for row in rows.examples[:EXAMPLES]
            )

    @property
    def problems(self) -> list[Problem]:
        """All of them, in the order of reading."""
        return list(self._problems)

    def stop_unreadable(self) -> None:
        """Makes files that could not be read a reason to stop: one of them must hold the leads."""
        self._problems = [
            p._replace(severity="stop") if p.code == "unreadable-file" else p
            for p in self._problems
        ]


def one_row(con: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    """The one row of a query, read whole: DuckDB refuses new work beside an unread result."""
    (row,) = con.execute(query).fetchall()
    return row


def quoted(text: str) -> str:
    """The text as an SQL string."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """The name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
