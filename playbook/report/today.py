"""The lists of the day as files: what is due as of a moment, for the CRM and for people."""

from __future__ import annotations

import tempfile
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from playbook.chapters.worklists import WORKLISTS
from playbook.data import schema
from playbook.errors import ReviewError
from playbook.report import files
from playbook.report.show.collect import as_csv

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book
    from playbook.chapters.worklists import Worklist

PERSON = "person_id"


class Written(NamedTuple):
    """What became of a list.

    Attributes:
        name: The list.
        title: What is on it.
        path: Its file; None where it is off.
        rows: How many there are.
        missing: What to supply to switch it on.
    """

    name: str
    title: str
    path: Path | None
    rows: int
    missing: tuple[str, ...] = ()


class Day(NamedTuple):
    """The lists of a moment.

    Attributes:
        as_of: The moment, with the report zone.
        lists: What became of each.
    """

    as_of: datetime
    lists: tuple[Written, ...]

    def __str__(self) -> str:
        """What was written, in words."""
        lines = [f"As of {self.as_of:%Y-%m-%d %H:%M} ({self.as_of.tzinfo})"]
        for entry in self.lists:
            if entry.path is None:
                lines.append(f"{'off':>7}  {entry.title}: supply {', '.join(entry.missing)}")
            else:
                lines.append(f"{entry.rows:>7,}  {entry.title}: {entry.path.name}")
        return "\n".join(lines)


def write(
    data: str | Path,
    out: Path,
    *,
    as_of: str | datetime | None = None,
    rules: str | Path | None = None,
    contacts: bool = False,
) -> Day:
    """Write every list of the day under `out`; the same input gives the same files.

    A list that is off leaves no file, and takes away the one of an earlier day.

    Args:
        data: A folder, a file, a connection URL, `"sample"`, or a frozen Book.
        out: The folder, created if missing.
        as_of: The moment; by default when the data was extracted. A datetime is the present, of
            which no Book is kept.
        rules: A `playbook.toml`; by default the one beside the data.
        contacts: Whether to read names, numbers and addresses of the persons from `data` again
            and write them out; they are masked otherwise.

    Raises:
        ReviewError: `out` lies in a review, which never holds contact details, or `data` is a
            frozen Book, which has none; or the files cannot be written.
        InputError: Nothing usable in `data`.
        RulesError: Mistakes in the rules.
        ParameterError: No such moment.
    """
    from playbook.book import is_frozen, open_book

    if contacts:
        _refuse_review(out)
        if is_frozen(data):
            raise ReviewError(
                "a frozen Book holds contact details only masked. For --contacts name the files "
                "or the database it was made from."
            )
    with tempfile.TemporaryDirectory(prefix="playbook-") as folder:
        cache = Path(folder) if isinstance(as_of, datetime) else None
        book = open_book(data, as_of=as_of, rules=rules, cache=cache)
        persons = _from_source(data, book, rules) if contacts else _masked(book)
        lists = tuple(_written(book, worklist, out, persons) for worklist in WORKLISTS)
        day = Day(book.local(book.as_of), lists)
        if cache is not None:
            book.close()
    return day


def _written(book: Book, worklist: Worklist, out: Path, persons: pd.DataFrame) -> Written:
    path = out / f"{worklist.name}.csv"
    without = book.missing(*worklist.needs)
    try:
        if without:
            path.unlink(missing_ok=True)
            return Written(worklist.name, worklist.title, None, 0, tuple(without))
        rows = _with_contacts(worklist.rows(book), persons)
        files.write(path, as_csv(rows))
    except OSError as error:
        raise ReviewError(f"cannot write {path}: {error.strerror}.") from error
    return Written(worklist.name, worklist.title, path, len(rows))


def _refuse_review(out: Path) -> None:
    """Contact details never lie where a review is forwarded from."""
    for folder in (out.resolve(), *out.resolve().parents):
        if (folder / "manifest.json").is_file() and (folder / "book.duckdb").is_file():
            raise ReviewError(
                f"{out} lies in the review {folder.name}, which is made to be forwarded and never "
                "holds contact details. Name a folder outside it."
            )


def _details() -> list[str]:
    """The columns of a person that are masked."""
    return [column.name for column in schema.TABLES["person"].columns if column.pii]


def _masked(book: Book) -> pd.DataFrame:
    columns = ", ".join([PERSON, *_details()])
    return book.sql(f"SELECT {columns} FROM clean.person ORDER BY {PERSON}")


def _from_source(data: str | Path, book: Book, rules: str | Path | None) -> pd.DataFrame:
    """The persons as the source has them; the first row of each counts."""
    import duckdb

    from playbook.book import locate
    from playbook.data import sources

    source, _ = locate(data, rules)
    with duckdb.connect() as con:
        con.execute("ATTACH ':memory:' AS work; USE work")
        sources.stage(con, source, book.rules)
        held = {row[0] for row in con.execute("DESCRIBE raw.person").fetchall()}
        columns = [name if name in held else f"NULL AS {name}" for name in _details()]
        found: pd.DataFrame = con.execute(
            f"SELECT {', '.join([PERSON, *columns])} FROM raw.person "
            f"WHERE {PERSON} IS NOT NULL QUALIFY row_number() OVER "
            f"(PARTITION BY {PERSON} ORDER BY _file, _row) = 1 ORDER BY {PERSON}"
        ).df()
    return found


def _with_contacts(rows: pd.DataFrame, persons: pd.DataFrame) -> pd.DataFrame:
    """The list, and at its end the details of the person behind each row."""
    joined: pd.DataFrame = rows.merge(persons, on=PERSON, how="left", validate="many_to_one")
    return joined
