"""The files of the export: delimited text in several encodings, and workbooks, byte-stable."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from playbook.data import schema
from playbook.data.sample.render import headers, number_text

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from playbook.data.sample.render import Style

_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}( \d{2}:\d{2}:\d{2})?")
_MADE = datetime(2026, 11, 1, 6, 0, 0)  # noqa: DTZ001 - xlsxwriter wants it without a zone


@dataclass(frozen=True)
class Text:
    """One delimited file.

    Attributes:
        name: File name.
        table: Our table.
        style: Language of headers and labels.
        encoding: Python codec.
        delimiter: Between cells.
        comma: Whether numbers have decimal commas.
        above: Lines above the headers.
        renamed: Our columns with headers of their own.
        dropped: Columns that this system does not export.
    """

    name: str
    table: str
    style: Style
    encoding: str = "utf-8"
    delimiter: str = ","
    comma: bool = False
    above: tuple[str, ...] = ()
    renamed: dict[str, str] = field(default_factory=dict)
    dropped: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sheet:
    """One sheet of a workbook.

    Attributes:
        name: Sheet name.
        table: Our table.
        title: Merged line above the headers, empty for none.
        total: Column that a row below adds up, empty for none.
        stamped: Whether the system writes the time of export into every row.
        text_times: Whether times stand as text instead of Excel dates.
    """

    name: str
    table: str
    title: str = ""
    total: str = ""
    stamped: bool = False
    text_times: bool = False


def write_text(folder: Path, file: Text, frame: pd.DataFrame) -> Path:
    """Writes one delimited file."""
    kept = [c for c in frame.columns if c not in file.dropped]
    names = headers(file.table, file.style, file.renamed)
    buffer = io.StringIO(newline="")
    for line in file.above:
        buffer.write(f"{line}\r\n")
    writer = csv.writer(buffer, delimiter=file.delimiter, lineterminator="\r\n")
    writer.writerow([names[c] for c in kept])
    columns = [_column(frame[c].tolist(), comma=file.comma) for c in kept]
    writer.writerows(zip(*columns, strict=True))
    path = folder / file.name
    path.write_bytes(buffer.getvalue().encode(file.encoding))
    return path


def _column(values: list[Any], *, comma: bool) -> list[str]:
    cells = [number_text(v) for v in values]
    if not comma:
        return cells
    numbers = (isinstance(v, float) for v in values)
    return [c.replace(".", ",") if n else c for c, n in zip(cells, numbers, strict=True)]


def write_book(
    folder: Path, name: str, sheets: tuple[Sheet, ...], frames: dict[str, pd.DataFrame]
) -> Path:
    """Writes one workbook with a fixed date of creation."""
    import xlsxwriter

    path = folder / name
    options = {"strings_to_formulas": False, "strings_to_urls": False, "constant_memory": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"created": _MADE, "author": "CRM"})
        formats = {
            "head": book.add_format({"bold": True, "bg_color": "#DDE7F3"}),
            "title": book.add_format({"bold": True, "align": "center"}),
            "moment": book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
            "day": book.add_format({"num_format": "yyyy-mm-dd"}),
        }
        for sheet in sheets:
            _write_sheet(book, sheet, frames[sheet.table], formats)
    return path


def _write_sheet(book: Any, sheet: Sheet, frame: pd.DataFrame, formats: dict[str, Any]) -> None:
    page = book.add_worksheet(sheet.name)
    names = headers(sheet.table, "zh")
    columns = list(frame.columns)
    first = 0
    if sheet.title:
        page.merge_range(0, 0, 0, len(columns) - 1, sheet.title, formats["title"])
        page.write_string(1, 0, "单位：元；导出人：财务BP")
        first = 3
    for at, column in enumerate(columns):
        page.write_string(first, at, names.get(column, column), formats["head"])
    for at, column in enumerate(columns):
        dated = _is_dated(sheet, column)
        for row, value in enumerate(frame[column].tolist(), start=first + 1):
            _write_cell(page, (row, at), value, formats, dated=dated)
    if sheet.total:
        below = first + 1 + len(frame)
        page.write_string(below, 0, "合计")
        amounts = [v for v in frame[sheet.total] if isinstance(v, float)]
        page.write_number(below, columns.index(sheet.total), round(sum(amounts), 2))
    page.freeze_panes(first + 1, 0)


def _is_dated(sheet: Sheet, column: str) -> bool:
    if sheet.text_times:
        return False
    declared = {c.name: c for c in schema.table(sheet.table).columns}
    return column in declared and declared[column].type in ("timestamp", "date")


def _write_cell(
    page: Any, place: tuple[int, int], value: object, formats: dict[str, Any], *, dated: bool
) -> None:
    if value is None:
        return
    if isinstance(value, (int, float)):
        page.write_number(*place, value)
    elif dated and _MOMENT.fullmatch(str(value)):
        kind = "day" if len(str(value)) == 10 else "moment"
        page.write_datetime(*place, datetime.fromisoformat(str(value)), formats[kind])
    else:
        page.write_string(*place, str(value))
