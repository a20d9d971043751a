"""Workbooks into the engine: several sheets, lines above the headers, merged cells."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from playbook.data.sources.grids import relation_columns, trimmed
from playbook.data.sources.headers import find_header
from playbook.data.sources.model import Grid, Part
from playbook.data.sources.tables import named
from playbook.data.sources.text import HEADER_SEARCH, UnreadableError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from playbook.data.sources.grids import Store

Cells = list[str | None]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a workbook stands and what may be expected in it.

    Attributes:
        path: The workbook.
        name: Its name relative to the data folder.
        names: Words that may name our table where a sheet's own name does not.
        known: Headers that may be expected, in plain spelling.
        header_row_of: Row of the headers that the rules name for a sheet, or None.
    """

    path: Path
    name: str
    names: tuple[str, ...]
    known: Collection[str]
    header_row_of: Callable[[str], int | None]


def load(store: Store, origin: Origin) -> list[Grid]:
    """A grid for each visible sheet that holds anything.

    Raises:
        UnreadableError: It is damaged, protected by a password or not a workbook.
    """
    import python_calamine

    try:
        with python_calamine.CalamineWorkbook.from_path(origin.path) as book:
            visible = [
                sheet.name
                for sheet in book.sheets_metadata
                if sheet.visible == python_calamine.SheetVisibleEnum.Visible
                and sheet.typ == python_calamine.SheetTypeEnum.WorkSheet
            ]
            sheets = [(title, _rows(book.get_sheet_by_name(title))) for title in visible]
    except python_calamine.PasswordError:
        why, remedy = "it is protected by a password", "save it without a password"
        raise UnreadableError(why, remedy) from None
    except python_calamine.CalamineError as error:
        why = f"it is damaged or not a workbook ({error})"
        raise UnreadableError(why, "open it and save it again as .xlsx") from None
    filled = [(title, rows) for title, rows in sheets if any(map(any, rows))]
    return [_grid(store, origin, title, rows, is_only=len(filled) == 1) for title, rows in filled]


def _grid(store: Store, origin: Origin, title: str, rows: list[Cells], *, is_only: bool) -> Grid:
    header_row = origin.header_row_of(title)
    top = [[cell or "" for cell in row] for row in rows[:HEADER_SEARCH]]
    at = min(header_row, len(rows)) - 1 if header_row else find_header(top, origin.known)[0]
    headers = tuple(cell or "" for cell in rows[at])
    below = ((number, row) for number, row in enumerate(rows[at + 1 :], at + 2) if any(row))
    relation, count = store.fill(below, len(headers))
    return Grid(
        kind="excel",
        sheet=title,
        names=(*origin.names, title) if is_only and not named(title) else (title, *origin.names),
        headers=headers,
        cells=relation_columns(len(headers)),
        relation=relation,
        row="_row",
        parts=(Part(origin.name, count),),
        header_row=at + 1,
    )


def _rows(sheet: Any) -> list[Cells]:
    """Every row from the first of the sheet, as text; a merged cell fills the rows it covers."""
    rows = [[as_text(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
    for (top, left), (bottom, _) in sheet.merged_cell_ranges or ():
        for row in rows[top + 1 : bottom + 1]:
            row[left] = rows[top][left]
    return rows


def as_text(value: Any) -> str | None:
    """The text of a cell: ISO dates, numbers without a trailing `.0`; None where it is empty.

    >>> as_text(13800138000.0), as_text(0.1 + 0.2), as_text(date(2026, 10, 1)), as_text(" ")
    ('13800138000', '0.3', '2026-10-01', None)
    """
    match value:
        case str():
            return trimmed(value)
        case bool():
            return "true" if value else "false"
        case float() | int():
            return _number(value)
        case datetime():
            return value.isoformat(sep=" ")
        case date() | time():
            return value.isoformat()
        case timedelta():
            return _duration(value)
    raise TypeError(f"a workbook cell of type {type(value).__name__}")


def _number(value: float) -> str:
    """Fifteen digits, which is what a workbook holds and shows."""
    if value == int(value):
        return str(int(value))
    text = f"{value:.15g}"
    return text if "e" not in text else f"{value:.20f}".rstrip("0")


def _duration(value: timedelta) -> str:
    minutes, seconds = divmod(int(value.total_seconds()), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
