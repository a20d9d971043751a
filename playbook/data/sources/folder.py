"""Which files of a data folder are data, and in which order they are read."""

from __future__ import annotations

import hashlib
import json
import os
import re
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from playbook.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from playbook.data.rules import Rules

TEXT = (".csv", ".tsv", ".tab", ".txt")
EXCEL = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
PARQUET = (".parquet", ".pq")
DUCKDB = (".duckdb", ".ddb")
READ = (*TEXT, *EXCEL, *PARQUET, *DUCKDB)

_NEVER = (".toml", ".md", ".rst", ".html", ".json", ".ipynb", ".pdf", ".log", ".wal", ".crc", ".py")
_OUTPUT_MARKS = ("manifest.json", "book.duckdb", "index.html")
_OUTPUT_FOLDERS = {"reviews", "aside", "worklists", "notebooks"}


@dataclass(frozen=True, slots=True)
class Input:
    """The files behind the `data` argument.

    Attributes:
        root: Folder that names are relative to.
        files: Those that are read, by name.
        skipped: Names of others that may have been meant as data.
    """

    root: Path
    files: tuple[Path, ...]
    skipped: tuple[str, ...] = ()

    def name(self, path: Path) -> str:
        """The name of a file relative to the root, with forward slashes."""
        return path.relative_to(self.root).as_posix()

    def words(self, path: Path) -> tuple[str, ...]:
        """What may name our table: the file, and the folder it is in."""
        return (path.stem,) if path.parent == self.root else (path.stem, path.parent.name)


def is_url(data: str | Path) -> bool:
    """Whether the data is a database connection and not a path."""
    return isinstance(data, str) and "://" in data


def find(data: str | Path, rules: Rules) -> Input:
    """The files to read: one file, or a folder and the folders directly in it.

    Hidden files, lock files of Excel, notes, `playbook.toml` and folders that a review has
    written are passed over. A pattern of a `[sources.*]` section may reach deeper.

    Raises:
        InputError: There is nothing to read.
    """
    path = Path(data)
    if path.is_file():
        return Input(path.parent, (path,))
    if not path.is_dir():
        raise InputError(
            f"No data at '{data}': there is no such folder or file. Name a folder of CSV, Excel "
            "or Parquet files, one such file, a DuckDB file or a database address."
        )
    named = {
        found
        for source in rules.sources.values()
        for pattern in (source.file, source.join.file if source.join else "")
        if pattern
        for found in _matching(path, pattern)
    }
    seen = sorted({*_visible(path), *named})
    files = tuple(f for f in seen if f in named or f.suffix.lower() in READ)
    skipped = tuple(
        f.relative_to(path).as_posix()
        for f in seen
        if f not in files and f.suffix.lower() not in _NEVER and f.suffix
    )
    if not files:
        raise InputError(_nothing(data, skipped))
    return Input(path, files, skipped)


def _nothing(data: str | Path, skipped: Sequence[str]) -> str:
    also = f" It has only {', '.join(skipped)}." if skipped else ""
    return (
        f"No data in '{data}': it holds no CSV, Excel, Parquet or DuckDB file.{also} Supply at "
        "least the leads, such as lead.csv or 线索.xlsx with columns lead_id (线索ID) and "
        "created_at (留资时间). `playbook new DIR` makes a folder with a template of every table."
    )


def _visible(folder: Path) -> Iterable[Path]:
    for path in _entries(folder):
        if path.is_file():
            yield path
        elif path.name.lower() not in _OUTPUT_FOLDERS and not _is_output(path):
            yield from (inner for inner in _entries(path) if inner.is_file())


def _entries(folder: Path) -> list[Path]:
    return [p for p in sorted(folder.iterdir()) if not _is_hidden(p)]


def _is_hidden(path: Path) -> bool:
    name = path.name
    is_note = path.suffix.lower() != ".csv" and name.lower().startswith("readme")
    return name.startswith((".", "~$", "_")) or name == "Thumbs.db" or is_note


def _is_output(folder: Path) -> bool:
    return any((folder / mark).exists() for mark in _OUTPUT_MARKS)


def _matching(root: Path, pattern: str) -> list[Path]:
    if Path(pattern).is_absolute() or ".." in Path(pattern).parts:
        return []
    return [f for f in root.glob(pattern) if f.is_file() and not f.name.startswith(("~$", "."))]


class Digests:
    """SHA-256 of files, computed beside the reading and remembered in a cache folder.

    Args:
        cache: Folder for what is remembered between runs; None remembers nothing.
    """

    def __init__(self, cache: Path | None) -> None:
        self._memory = cache / "digests.json" if cache else None
        self._known = _remembered(self._memory)
        self._new: dict[str, tuple[int, int, str]] = {}
        self._running: dict[Path, Future[str]] = {}
        self._pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="sha256")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)
        if self._memory and self._new:
            _remember(self._memory, {**self._known, **self._new})

    def start(self, paths: Iterable[Path]) -> None:
        """Begins to compute."""
        for path in paths:
            if path not in self._running:
                self._running[path] = self._pool.submit(self._digest, path)

    def of(self, path: Path) -> str:
        """The hash of a file; empty where it may not be read."""
        self.start([path])
        return self._running[path].result()

    def _digest(self, path: Path) -> str:
        status = path.stat()
        key = str(path.resolve())
        size, changed, known = self._known.get(key, (-1, -1, ""))
        if (size, changed) == (status.st_size, status.st_mtime_ns):
            return known
        try:
            with path.open("rb") as file:
                value = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            return ""  # reading it fails as well, and that is reported
        self._new[key] = (status.st_size, status.st_mtime_ns, value)
        return value


def _remembered(memory: Path | None) -> dict[str, tuple[int, int, str]]:
    """What earlier runs computed; nothing where the file is missing or damaged."""
    try:
        content = json.loads(memory.read_text("utf-8")) if memory else {}
        return {str(k): (int(size), int(at), str(sha)) for k, (size, at, sha) in content.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _remember(memory: Path, digests: dict[str, tuple[int, int, str]]) -> None:
    memory.parent.mkdir(parents=True, exist_ok=True)
    draft = memory.with_name(f"{memory.name}.{os.getpid()}")
    draft.write_text(json.dumps(digests, sort_keys=True), "utf-8")
    draft.replace(memory)


def fingerprint(data: str | Path, rules: Rules, cache: Path | None = None) -> str | None:
    """A hash of everything that `stage` would read, to cache what is made of it.

    Args:
        data: Folder, file or database address.
        rules: Their `[sources.*]` sections may name further files.
        cache: Folder that remembers the hash of files by size and time of change.

    Returns:
        None for a database address: whether its tables have changed cannot be known without
        reading them, so nothing is cached.
    """
    if is_url(data):
        return None
    with Digests(cache) as digests:
        return content_hash(find(data, rules), digests)


def content_hash(source: Input, digests: Digests) -> str:
    """One hash of the names and contents of all files."""
    digests.start(source.files)
    lines = sorted(f"{digests.of(path)}  {source.name(path)}" for path in source.files)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def describe(data: str | Path) -> str:
    """What an input is called on pages: an address without credentials, else a name without path.

    >>> describe("postgresql://me:secret@host/crm"), describe("/srv/exports/2026-10")
    ('postgresql://host/crm', '2026-10')
    """
    return without_secrets(str(data)) if is_url(data) else Path(data).resolve().name


def without_secrets(url: str) -> str:
    """A database address without user, password and options.

    >>> without_secrets("postgres://ann:s3cret@db.example:5432/crm?sslkey=x")
    'postgres://db.example:5432/crm'

    A password whose `@`, `/`, `?` or `#` was not escaped stays as secret as any other.

    >>> without_secrets("postgres://ann:s3/cr@t@db.example/crm")
    'postgres://db.example/crm'
    >>> without_secrets("postgres://ann:s3?cret@db.example/crm")
    'postgres://…'
    """
    scheme, _, rest = url.partition("://")
    place, *options = re.split(r"[?#]", rest, maxsplit=1)
    before, at, _ = "".join(options).partition("@")
    if at and "@" not in place and ("=" not in before or "#" in rest.partition("@")[0]):
        return f"{scheme}://…"
    is_file = place.startswith("/")
    return f"{scheme}://{place if is_file else place.rpartition('@')[2]}"
