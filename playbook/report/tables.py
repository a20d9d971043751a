"""tables.xlsx: every table that the pages show, one sheet each, behind a sheet of contents."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from playbook.format import is_missing
from playbook.report import files

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import pandas as pd

    from playbook.report.gather import Sheet

MAX_ROWS = 1_048_575  # a sheet holds one more, which the header takes
_NAME_LIMIT = 31
_CELL_LIMIT = 32_767
_NOT_IN_NAME = str.maketrans(dict.fromkeys("[]:*?/\\", "-"))
_WIDEST, _WIDTH_SAMPLE = 48, 200
_CREATED = dt.datetime(2000, 1, 1)  # noqa: DTZ001 - a workbook's time has no zone
_FORMATS = {
    "share": "0.0%", "points": "0.0%", "money": "#,##0.00", "hours": "0.0", "days": "0.0",
    "count": "#,##0",
}  # fmt: skip


def write(sheets: Sequence[Sheet], path: Path) -> None:
    """Write the workbook; the same tables give the same bytes.

    Text stays text: nothing becomes a formula or a link. What is longer than a sheet is cut, and
    the contents say so.

    Args:
        sheets: The tables, in reading order.
        path: The file.
    """
    import xlsxwriter

    buffer = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "nan_inf_to_errors": False,
    }
    with xlsxwriter.Workbook(buffer, options) as book:
        book.set_properties({"title": "Tables of the review", "created": _CREATED})
        styles = _Styles(book)
        contents = book.add_worksheet("Contents")
        names = sheet_names([sheet.name for sheet in sheets])
        rows = [
            _write_sheet(book.add_worksheet(name), sheet, styles)
            for name, sheet in zip(names, sheets, strict=True)
        ]
        _write_contents(contents, names, sheets, rows, styles)
    files.write(path, buffer.getvalue())


def sheet_names(wanted: Iterable[str]) -> list[str]:
    """Names that a workbook allows, unique whatever the case, at most 31 characters.

    >>> sheet_names(["leads", "Leads", "contents"])
    ['leads', 'Leads (2)', 'contents (2)']
    """
    taken = {"contents", "history"}  # the second is Excel's own
    names: list[str] = []
    for want in wanted:
        base = want.translate(_NOT_IN_NAME).strip("' ") or "table"
        name, number = base[:_NAME_LIMIT], 2
        while name.lower() in taken:
            suffix = f" ({number})"
            name, number = base[: _NAME_LIMIT - len(suffix)] + suffix, number + 1
        taken.add(name.lower())
        names.append(name)
    return names


class _Styles:
    """The cell formats of one workbook."""

    def __init__(self, book: Any) -> None:
        self.head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        self.date = book.add_format({"num_format": "yyyy-mm-dd"})
        self.time = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        self.link = book.add_format({"font_color": "#1b5e8a", "underline": 1})
        self.wrap = book.add_format({"text_wrap": True, "valign": "top"})
        self._units = {
            unit: book.add_format({"num_format": form}) for unit, form in _FORMATS.items()
        }

    def of(self, unit: str) -> Any:
        return self._units.get(unit)


def _write_sheet(sheet: Any, table: Sheet, styles: _Styles) -> int:
    """Write one table and return how many rows it has."""
    df = table.read()
    shown = df.head(MAX_ROWS)
    sheet.freeze_panes(1, 0)
    for column, name in enumerate(df.columns):
        label = table.labels.get(name, name)
        style = styles.of(table.units.get(name, ""))
        sheet.set_column(column, column, _width(label, shown.iloc[:, column]), style)
        sheet.write_string(0, column, label, styles.head)
        for row, value in enumerate(shown.iloc[:, column].tolist(), start=1):
            _write_cell(sheet, row, column, value, styles)
    if len(shown) and len(df.columns):
        sheet.autofilter(0, 0, len(shown), len(df.columns) - 1)
    return len(df)


def _write_cell(sheet: Any, row: int, column: int, value: Any, styles: _Styles) -> None:
    if is_missing(value):
        return
    match value:
        case bool():
            sheet.write_boolean(row, column, value)
        case int() | float() | Decimal():
            sheet.write_number(row, column, float(value))
        case dt.datetime():
            sheet.write_datetime(row, column, value.replace(tzinfo=None), styles.time)
        case dt.date():
            sheet.write_datetime(row, column, value, styles.date)
        case _:
            sheet.write_string(row, column, str(value)[:_CELL_LIMIT])


def _width(label: str, values: pd.Series) -> float:
    longest = max((len(str(value)) for value in values.head(_WIDTH_SAMPLE)), default=0)
    return min(max(len(label), longest, 6) + 2, _WIDEST)


def _write_contents(
    sheet: Any, names: list[str], sheets: Sequence[Sheet], rows: list[int], styles: _Styles
) -> None:
    heads = ("Sheet", "Page", "Title", "Rows", "Note")
    for column, (head, width) in enumerate(zip(heads, (32, 28, 60, 10, 60), strict=True)):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, head, styles.head)
    sheet.freeze_panes(1, 0)
    for row, (name, table, count) in enumerate(zip(names, sheets, rows, strict=True), start=1):
        quoted = name.replace("'", "''")
        sheet.write_url(row, 0, f"internal:'{quoted}'!A1", styles.link, name)
        sheet.write_string(row, 1, table.page.title)
        sheet.write_string(row, 2, table.title, styles.wrap)
        sheet.write_number(row, 3, count, styles.of("count"))
        cut = f"Only the first {MAX_ROWS:,} rows fit in a sheet." if count > MAX_ROWS else ""
        sheet.write_string(row, 4, " ".join(part for part in (cut, table.note) if part))
