"""What a newcomer starts from: an empty data folder, a copy of the notebooks."""

from __future__ import annotations

import shutil
from pathlib import Path

from playbook import resources
from playbook.data import dictionary, rules, schema
from playbook.errors import ReviewError

_INTRODUCTION = """\
# Your data

One file for each table, as CSV; Excel, Parquet and DuckDB files are read as well. Fill what you
have and delete the rest: only `lead` is indispensable, and every section whose table is missing is
switched off. Columns that you leave out are empty. Headers may be the English or the Chinese names
below; other names are mapped in `playbook.toml`.

    playbook check .
    playbook review --data . --period last-month --out ../reviews

"""


def write(folder: Path) -> None:
    """Write an empty data folder: a template of every table, the dictionary, the rules.

    Raises:
        ReviewError: The folder is not empty, or cannot be written to.
    """
    if folder.exists() and any(folder.iterdir()):
        raise ReviewError(f"{folder} is not empty. Name a new folder, so that nothing is lost.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for table in schema.TABLES.values():
            header = ",".join(table.column_names) + "\r\n"
            (folder / f"{table.name}.csv").write_text(header, encoding="utf-8-sig", newline="")
        (folder / "README.md").write_text(_INTRODUCTION + dictionary.markdown(), encoding="utf-8")
        (folder / "playbook.toml").write_text(rules.template(), encoding="utf-8")
    except OSError as error:
        raise ReviewError(f"cannot write to {folder}: {error.strerror}.") from error


def notebooks(folder: Path | None) -> Path:
    """A folder of notebooks that may be changed: the checkout's own, else a copy.

    Args:
        folder: Where the copy is; None for the checkout's own or `playbook-notebooks`.

    Raises:
        ReviewError: The copy cannot be made.
    """
    source = resources.notebooks()
    if folder is None and not resources.is_bundled(source):
        return source
    place = folder or Path("playbook-notebooks")
    if place.exists():
        return place
    try:
        shutil.copytree(source, place)
    except OSError as error:
        raise ReviewError(f"cannot copy the notebooks to {place}: {error}.") from error
    return place
