"""How a text file is written: its encoding, its delimiter and where its headers stand."""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from playbook.data.sources.headers import BLANKS, find_header

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

DELIMITERS = (",", ";", "\t", "|")
HEADER_SEARCH = 40
"""So many rows from the top are looked at for headers."""

_SAMPLE = 1 << 20
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_MOST_UNLIKELY = 0.5
_ASCII = dict.fromkeys(range(128))


class UnreadableError(Exception):
    """A file cannot be read; the message says why and what to do."""

    def __init__(self, why: str, remedy: str) -> None:
        super().__init__(why)
        self.why = why
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a text file is written.

    Attributes:
        encoding: Python's name of it.
        delimiter: One of `DELIMITERS`, or what the rules say.
        header_row: Row of the headers as a spreadsheet counts, from 1.
        lines: Lines of text up to and including the headers.
        headers: As written.
        is_crlf: Lines end as Windows ends them.
    """

    encoding: str
    delimiter: str
    header_row: int
    lines: int
    headers: tuple[str, ...]
    is_crlf: bool


def encoding_of(path: Path) -> str:
    """The encoding of a file: UTF-8, with BOM, UTF-16 of either order, or GB18030.

    Raises:
        UnreadableError: It is none of these.
    """
    with path.open("rb") as file:
        sample = file.read(_SAMPLE)
    for bom, name in _BOMS:
        if sample.startswith(bom):
            return name
    if b"\0" in sample and (name := _utf_16(sample)):
        return name
    if _is_utf_8(path):
        return "utf-8"
    if _looks_chinese(sample):
        return "gb18030"
    raise unknown_encoding()


def unknown_encoding() -> UnreadableError:
    """What to raise where a file is not written in the encoding that it seemed to have."""
    return UnreadableError(
        "its encoding is none of UTF-8, UTF-16 and GB18030",
        "save it as UTF-8, or name its encoding in a [sources] section, such as "
        'encoding = "cp1252"',
    )


def dialect_of(
    path: Path,
    names: Collection[str],
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    header_row: int | None = None,
) -> Dialect | None:
    """How the file is written; None where nothing is in it.

    Args:
        path: The file.
        names: Headers that may be expected, in plain spelling.
        encoding: What the rules say; recognised if None.
        delimiter: What the rules say; recognised if None.
        header_row: What the rules say; recognised if None.

    Raises:
        UnreadableError: The encoding is not known, or is not what the rules say.
    """
    encoding = encoding or encoding_of(path)
    try:
        with opened(path, encoding) as file:
            text = file.read(_SAMPLE)
            is_whole = not file.read(1)
    except UnicodeDecodeError:
        raise unknown_encoding() from None
    if not text.strip(BLANKS):
        return None
    best: Dialect | None = None
    merit = (-1, -1.0)
    for candidate in (delimiter,) if delimiter else DELIMITERS:
        rows = _sample_rows(text, candidate, is_whole=is_whole)
        if not rows:
            continue
        at, hits = (
            (min(header_row, len(rows)) - 1, 0)
            if header_row
            else find_header([row for row, _ in rows], names)
        )
        headers, lines = rows[at]
        if (value := (hits, _regularity([row for row, _ in rows], at))) > merit:
            merit = value
            is_crlf = "\r\n" in text
            best = Dialect(encoding, candidate, at + 1, lines, tuple(headers), is_crlf)
    return best


@contextmanager
def opened(path: Path, encoding: str) -> Iterator[IO[str]]:
    """The file as text without its byte-order mark, line ends untouched."""
    with path.open(encoding=encoding, newline="") as file:
        if encoding.startswith("utf-16") and file.read(1) != "\ufeff":
            file.seek(0)
        yield file


def _regularity(rows: list[list[str]], header: int) -> float:
    """How many rows are as wide as the header, and how wide; 0 for a single column."""
    width = len(rows[header])
    if width < 2:
        return 0.0
    below = [len(row) for row in rows[header:] if any(row)]
    return sum(1 for w in below if w == width) / len(below) + width / 10_000 if below else 0.0


def _sample_rows(text: str, delimiter: str, *, is_whole: bool) -> list[tuple[list[str], int]]:
    """The first rows, trimmed, each with the number of lines read so far."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    rows: list[tuple[list[str], int]] = []
    with wide_fields():
        for row in reader:
            rows.append(([cell.strip(BLANKS) for cell in row], reader.line_num))
            if len(rows) == HEADER_SEARCH:
                return rows
    return rows if is_whole or len(rows) < 2 else rows[:-1]


@contextmanager
def wide_fields() -> Iterator[None]:
    """Lets the csv module read cells of any length, and puts its limit back."""
    before = csv.field_size_limit(1 << 30)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _is_utf_8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as file:
            while chunk := file.read(1 << 23):
                if not chunk.isascii() or decoder.getstate()[0]:
                    decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _utf_16(sample: bytes) -> str:
    """The byte order of UTF-16 text without a mark: the one in which line ends are line ends."""
    mark = "\n" if b"\n" in sample else ","
    for name in ("utf-16-le", "utf-16-be"):
        if 2 * sample.decode(name, errors="ignore").count(mark) > sample.count(mark.encode()):
            return name
    return ""


def _looks_chinese(sample: bytes) -> bool:
    """Whether bytes decode as GB18030 and are likely to be meant so.

    Text in a Western encoding often decodes as rare characters whose second byte is an ASCII
    letter; in Chinese text these are few.
    """
    try:
        text = codecs.getincrementaldecoder("gb18030")().decode(sample)
    except UnicodeDecodeError:
        return False
    special = Counter(text.translate(_ASCII))
    unlikely = sum(n for char, n in special.items() if _is_unlikely(char.encode("gb18030")))
    return unlikely <= special.total() * _MOST_UNLIKELY


def _is_unlikely(encoded: bytes) -> bool:
    return len(encoded) == 2 and encoded[1] < 0x80
