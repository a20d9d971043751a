"""What is wrong with the input: one row a problem, everything at once."""

from __future__ import annotations

from typing import Literal, NamedTuple

Severity = Literal["stop", "aside", "flag", "note"]

EXAMPLES = 20
"""How many examples of one kind of problem are listed; the count is never capped."""


class Problem(NamedTuple):
    """One kind of mistake at one place.

    Attributes:
        severity: `stop` (the run cannot go on), `aside` (the row is set aside), `flag` (the row
            is kept and flagged) or `note` (worth knowing).
        code: Short stable name such as `duplicate-key`.
        table: Our table.
        file: File name, relative to the data folder.
        sheet: Sheet of a workbook, else empty.
        row: Row as a person counts it in that file; None where it concerns the whole file.
        column: Header as written in the file, else our column name.
        value: What stands there, contact details masked.
        message: What is wrong and what is allowed.
        remedy: What to do.
        count: How many rows have it; the same on each of its examples.
    """

    severity: Severity
    code: str
    table: str
    file: str
    sheet: str
    row: int | None
    column: str
    value: str
    message: str
    remedy: str
    count: int = 1  # type: ignore[assignment] # hides the tuple's own count, which nobody asks
