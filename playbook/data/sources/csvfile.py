"""Text files into the engine: DuckDB's reader for regular ones, our own for all others.

DuckDB's reader is fast, passes over blank lines and refuses irregular rows. What it has read
stands only if its rows and the line breaks inside its cells add up to the lines of the file, so
that the number of every row is known. Otherwise the file is read line by line: slower, but
nothing is lost and every irregular row is named.
"""

from __future__ import annotations

import csv
import io
import shutil
import tempfile
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import duckdb

from playbook.data.problems import EXAMPLES
from playbook.data.sources.grids import relation_columns, trim_sql
from playbook.data.sources.headers import BLANKS
from playbook.data.sources.model import Grid, Part, Rows, one_row, quoted
from playbook.data.sources.text import Dialect, opened, unknown_encoding, wide_fields

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from playbook.data.sources.grids import Store

_CHUNK = 1 << 23
_LONGEST_CELL_LINES = 500
_BLANK_BYTES = tuple(
    blank.encode() for blank in ("\x0b", "\x0c", "\u00a0", "\u3000", "\ufeff", "\u200b", "\t")
)


def load(store: Store, path: Path, dialect: Dialect, name: str, names: tuple[str, ...]) -> Grid:
    """The rows of a text file.

    Args:
        store: Where they are put.
        path: The file.
        dialect: How it is written.
        name: Its name relative to the data folder.
        names: Words that may name our table.

    Raises:
        UnreadableError: It is not written in the encoding of its first part.
    """
    reader = LineReader(path, dialect)
    try:
        relation, rows, row = _fast(store, path, dialect) or _slow(store, reader)
    except UnicodeDecodeError:
        raise unknown_encoding() from None
    return Grid(
        kind="text",
        sheet="",
        names=names,
        headers=dialect.headers,
        cells=relation_columns(len(dialect.headers)),
        relation=relation,
        row=row,
        parts=(Part(name, rows),),
        header_row=dialect.header_row,
        encoding=dialect.encoding,
        delimiter=dialect.delimiter,
        ragged=reader.ragged.rows,
        broken=reader.broken.rows,
    )


def _slow(store: Store, reader: LineReader) -> tuple[str, int, str]:
    """Table, its length and its row expression."""
    return (*store.fill(reader.rows(), reader.width), "_row")


def _fast(store: Store, path: Path, dialect: Dialect) -> tuple[str, int, str] | None:
    """Table, its length and its row expression; None where the file is not regular."""
    name = store.name()
    columns = relation_columns(len(dialect.headers))
    with _utf_8(path, dialect) as (file, skip):
        types = ", ".join(f"c{i}: 'VARCHAR'" for i in range(len(columns)))
        line_end = r"\r\n" if dialect.is_crlf else r"\n"
        reader = (
            f"read_csv({quoted(str(file))}, auto_detect=false, header=false, skip={skip}, "
            f"columns={{{types}}}, delim={quoted(dialect.delimiter)}, quote='\"', escape='\"', "
            f"new_line='{line_end}')"
        )
        cells = ", ".join(f"nullif(trim({c}), '') AS {c}" for c in columns)
        with ThreadPoolExecutor(max_workers=1) as beside:
            survey = beside.submit(_survey, file, skip, dialect.delimiter)
            try:
                store.con.execute(f"CREATE TABLE {name} AS SELECT {cells} FROM {reader}")
            except duckdb.InvalidInputException:
                return None
            expected, has_blanks = survey.result()
    rows, inner = _shape(store.con, name, columns, expected)
    if rows + inner != expected:
        store.con.execute(f"DROP TABLE {name}")
        return None
    if has_blanks or inner:
        cells = ", ".join(f"{trim_sql(c)} AS {c}" for c in columns)
        store.con.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT {cells} FROM {name}")
    return name, rows, f"rowid + {dialect.header_row + 1}"


def _shape(
    con: duckdb.DuckDBPyConnection, name: str, columns: Sequence[str], expected: int
) -> tuple[int, int]:
    """Rows of the table, and line breaks inside its cells where the rows alone do not add up."""
    (rows,) = one_row(con, f"SELECT count(*) FROM {name}")
    if rows == expected:
        return rows, 0
    breaks = " + ".join(
        f"coalesce(sum(length({c}) - length(replace({c}, chr(10), ''))), 0)" for c in columns
    )
    (inner,) = one_row(con, f"SELECT {breaks} FROM {name}")
    return rows, int(inner)


@contextmanager
def _utf_8(path: Path, dialect: Dialect) -> Iterator[tuple[Path, int]]:
    """The file itself where DuckDB can read it, else a copy of its rows in UTF-8."""
    if dialect.encoding in {"utf-8", "utf-8-sig"} and dialect.lines == 1:
        yield path, 1
        return
    with tempfile.TemporaryDirectory(prefix="playbook-") as folder:
        copy = Path(folder) / "rows.csv"
        with (
            opened(path, dialect.encoding) as source,
            copy.open("w", encoding="utf-8", newline="") as target,
        ):
            for _ in islice(source, dialect.lines):
                pass
            shutil.copyfileobj(source, target, _CHUNK)
        yield copy, 0


def _survey(path: Path, skip: int, delimiter: str) -> tuple[int, bool]:
    """Lines of data in the file, and whether it has blanks that a plain trim leaves."""
    lines = 0
    tail = b""
    searched = [b'"' if blank == delimiter.encode() else blank for blank in _BLANK_BYTES]
    has_blanks = False
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            lines += chunk.count(b"\n")
            has_blanks = has_blanks or chunk.count(b"\r") != chunk.count(b"\r\n")
            joined = tail[-4:] + chunk[:4]
            has_blanks = has_blanks or any(b in chunk or b in joined for b in searched)
            tail = chunk if len(chunk) > 4 else tail + chunk
    trailing = tail[len(tail.rstrip(b"\r\n")) :].count(b"\n")
    return max(lines - trailing + 1 - skip, 0) if tail.strip(b"\r\n") else 0, has_blanks


class Tally:
    """Counts rows and keeps the first of them."""

    def __init__(self) -> None:
        self._examples: list[int] = []
        self._count = 0

    def add(self, row: int) -> None:
        """Counts a row."""
        self._count += 1
        if len(self._examples) < EXAMPLES:
            self._examples.append(row)

    @property
    def rows(self) -> Rows:
        """What was counted."""
        return Rows(tuple(self._examples), self._count)


class LineReader:
    """Reads an irregular text file: nothing is lost, and irregular rows are remembered.

    Attributes:
        width: Cells of a row that have a header.
        ragged: Rows with fewer or more cells.
        broken: Rows whose quotation mark is never closed; it is read as a letter.
    """

    def __init__(self, path: Path, dialect: Dialect) -> None:
        self.path = path
        self.dialect = dialect
        self.width = len(dialect.headers)
        self.ragged = Tally()
        self.broken = Tally()

    def rows(self) -> Iterator[tuple[int, list[str | None]]]:
        """Number and cells of each row that is not blank, trimmed and as wide as the header."""
        with opened(self.path, self.dialect.encoding) as file, wide_fields():
            for _ in islice(file, self.dialect.lines):
                pass
            for number, (cells, is_broken) in enumerate(
                self._records(file), self.dialect.header_row + 1
            ):
                values = [cell.strip(BLANKS) or None for cell in cells]
                if is_broken:
                    self.broken.add(number)
                elif any(values) and (len(values) < self.width or any(values[self.width :])):
                    self.ragged.add(number)
                if any(values):
                    yield number, (values + [None] * self.width)[: self.width]

    def _records(self, file: Iterator[str]) -> Iterator[tuple[list[str], bool]]:
        """Cells of each record, and whether its quotation marks are broken."""
        lines = Lines(file)
        while line := lines.take():
            if '"' not in line:
                yield line.rstrip("\r\n").split(self.dialect.delimiter), False
            elif line.count('"') % 2 == 0:
                yield self._cells(line), False
            elif (cells := self._cells_over_lines(line, lines)) is not None:
                yield cells, False
            else:
                yield self._cells(line, quoting=csv.QUOTE_NONE), True

    def _cells_over_lines(self, line: str, lines: Lines) -> list[str] | None:
        """Cells of a record whose first line leaves a quotation mark open; None if it stays so."""
        record = [line]
        while len(record) < _LONGEST_CELL_LINES and (following := lines.take()):
            record.append(following)
            if following.count('"') % 2:
                try:
                    return self._cells("".join(record), strict=True)
                except csv.Error:
                    continue
        lines.give_back(record[1:])
        return None

    def _cells(
        self, record: str, *, strict: bool = False, quoting: Literal[0, 3] = csv.QUOTE_MINIMAL
    ) -> list[str]:
        reader = csv.reader(
            io.StringIO(record, newline=""),
            delimiter=self.dialect.delimiter,
            skipinitialspace=True,
            strict=strict,
            quoting=quoting,
        )
        rows = list(reader)
        if len(rows) > 1:
            raise csv.Error("more than one record")
        return rows[0] if rows else []


class Lines:
    """Lines that can be given back."""

    def __init__(self, file: Iterator[str]) -> None:
        self._file = file
        self._back: deque[str] = deque()

    def take(self) -> str:
        """The next line; empty at the end."""
        return self._back.popleft() if self._back else next(self._file, "")

    def give_back(self, lines: Sequence[str]) -> None:
        """Puts lines back in front."""
        self._back.extendleft(reversed(lines))
