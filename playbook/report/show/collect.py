"""Tables, lists and findings of a page, left in a folder for the review to pick up.

The review names the folder in the environment variable `PLAYBOOK_COLLECT`, one for each page.
Where it is not set, as in JupyterLab, nothing is written.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playbook.errors import ParameterError
from playbook.format import is_missing, safe_cell

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from playbook.documents import Document

VARIABLE = "PLAYBOOK_COLLECT"
DOCUMENT_WORDS = ("id", "name", "title", "zh", "purpose", "source")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,27}")


def folder() -> Path | None:
    """Where to leave things, or None outside a review."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else None


def checked_name(name: str) -> str:
    """The name, if it can be a sheet and a file name.

    Raises:
        ParameterError: It is empty, too long or has other characters.
    """
    if not _NAME.fullmatch(name):
        raise ParameterError(
            f"name {name!r} cannot be a sheet or file name: use up to 28 lower-case letters, "
            "digits, '-' and '_', such as 'leads_by_channel'"
        )
    return name


def table(df: pd.DataFrame, name: str, details: Mapping[str, Any]) -> str | None:
    """Leave a table as Parquet with a JSON file beside it.

    Args:
        df: The whole table, unformatted.
        name: What the sheet should be called.
        details: Title, note, labels and units for the sheet.

    Returns:
        The sheet's name (numbered if the page has one of that name already), or None outside
        a review.
    """
    target = folder()
    if target is None:
        return None
    place = target / "tables"
    place.mkdir(parents=True, exist_ok=True)
    earlier = [path.stem.split("_", 1)[1] for path in place.glob("*.parquet")]
    sheet = _free(name, earlier)
    stem = f"{len(earlier) + 1:02d}_{sheet}"
    writable(df).to_parquet(place / f"{stem}.parquet", index=False)
    about = {"name": sheet, "rows": len(df), **details}
    _write_json(place / f"{stem}.json", about)
    return sheet


def worklist(df: pd.DataFrame, name: str, title: str) -> str | None:
    """Leave a list as CSV that opens in a spreadsheet and holds no formulas.

    Args:
        df: The whole list.
        name: What its file should be called.
        title: What is on it.

    Returns:
        The file's name, or None outside a review.
    """
    target = folder()
    if target is None:
        return None
    place = target / "worklists"
    place.mkdir(parents=True, exist_ok=True)
    file = place / f"{_free(name, [path.stem for path in place.glob('*.csv')])}.csv"
    file.write_bytes(as_csv(df))
    _write_json(file.with_suffix(".json"), {"title": title, "rows": len(df)})
    return file.name


def as_csv(df: pd.DataFrame) -> bytes:
    """A list as CSV for a spreadsheet: UTF-8 with its mark, no text that becomes a formula."""
    safe = writable(df)
    safe.columns = [safe_cell(str(column)) for column in safe.columns]
    text = safe.select_dtypes(include=["object", "string", "category"]).columns
    for column in text:
        safe[column] = safe[column].map(safe_cell, na_action="ignore")
    return safe.to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig")


def document(paper: Document, body: str) -> str | None:
    """Leave a document for the review to make a page of.

    Args:
        paper: The document.
        body: Its sections as HTML.

    Returns:
        The page's name, or None outside a review.

    Raises:
        ParameterError: Its name cannot be a file's.
    """
    name = checked_name(paper.name)
    target = folder()
    if target is None:
        return None
    place = target / "documents"
    place.mkdir(parents=True, exist_ok=True)
    about = {key: getattr(paper, key) for key in DOCUMENT_WORDS}
    _write_json(place / f"{name}.json", {**about, "body": body})
    return f"{name}.html"


def entries(file: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Append rows to a JSON list."""
    target = folder()
    if target is None:
        return
    target.mkdir(parents=True, exist_ok=True)
    path = target / file
    earlier = json.loads(path.read_text("utf-8")) if path.exists() else []
    _write_json(path, [*earlier, *rows])


def text(file: str, words: str) -> None:
    """Leave a text."""
    target = folder()
    if target is None:
        return
    target.mkdir(parents=True, exist_ok=True)
    (target / file).write_text(words, "utf-8")


def writable(df: pd.DataFrame) -> pd.DataFrame:
    """The table with every column in a type that files can hold: lists and mixed values as text.

    What else a table carries (`attrs`) stays behind: a file cannot hold every object.

    Raises:
        ParameterError: Two columns have the same name.
    """
    import pandas as pd

    out = df.copy()
    out.attrs = {}
    out.columns = [str(column) for column in out.columns]
    twice = sorted(out.columns[out.columns.duplicated()])
    if twice:
        raise ParameterError(f"the table has two columns named {', '.join(twice)}; rename one")
    for column in out.columns:
        values = out[column]
        if isinstance(values.dtype, (pd.CategoricalDtype, pd.PeriodDtype, pd.IntervalDtype)):
            out[column] = values.astype("object").map(str, na_action="ignore")
        elif values.dtype == "object":
            kinds = {type(entry) for entry in values if not is_missing(entry)}
            if len(kinds) > 1 or kinds & {list, tuple, dict, set, frozenset}:
                out[column] = values.map(_flat)
    return out


def _flat(entry: Any) -> str | None:
    if isinstance(entry, (list, tuple)):
        return ", ".join(str(part) for part in entry)
    if isinstance(entry, (set, frozenset)):
        return ", ".join(sorted(str(part) for part in entry))
    if isinstance(entry, dict):
        return ", ".join(f"{key}: {part}" for key, part in entry.items())
    return None if is_missing(entry) else str(entry)


def _free(name: str, taken: list[str]) -> str:
    wanted, number = name, 2
    while wanted in taken:
        wanted, number = f"{name}_{number}", number + 1
    return wanted


def _write_json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False), "utf-8")
