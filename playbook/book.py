"""The Book: checked data and its derived tables, frozen in one DuckDB file.

A review freezes its input once and every page reads that file; a notebook opened by hand does
the same through a cache keyed by the content of the input, the rules, the moment and the code.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from datetime import UTC, datetime
from functools import cached_property, wraps
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar
from zoneinfo import ZoneInfo

from playbook import format as fmt
from playbook import resources
from playbook.data import periods, schema
from playbook.data import rules as rules_module
from playbook.errors import InputError, ParameterError, unknown

if TYPE_CHECKING:
    from collections.abc import Callable

    import duckdb
    import ibis.expr.types as ir
    import pandas as pd
    from ibis.backends.duckdb import Backend

    from playbook.calendar import Workdays
    from playbook.data.periods import Period
    from playbook.data.rules import Rules

FORMAT = "1"
"""Version of the frozen file's layout."""

SMALL_BYTES = 256 * 1024 * 1024
"""Up to this size a Book is queried by one thread."""

DERIVED = (
    "lead_journey",
    "deal",
    "funnel_event",
    "cost_by_day",
    "cash",
    "lead_alias",
    "account_alias",
    "lead_facts",
    "touchpoint",
)


class Book:
    """Checked tables as Ibis expressions, with the period that is being looked at.

    Attributes:
        path: The frozen DuckDB file.
        period: The period under review.
        rules: The rules the data was read with.
        as_of: Naive UTC moment; later things are not in the Book.
        meta: What the file says of itself: versions, hashes, where it was read from.
    """

    def __init__(self, path: Path, period: str | Period | None = None) -> None:
        """Open a frozen file; without a period, take the last full month it knows."""
        self.path = path
        self.meta = _read_meta(path)
        self.rules: Rules = rules_module.Rules.model_validate_json(self.meta["rules"])
        self.as_of = datetime.fromisoformat(self.meta["as_of"])
        self.period: Period = self._period(period)
        self._memory: dict[object, Any] = {}

    def _period(self, period: str | Period | None) -> Period:
        if isinstance(period, periods.Period):
            return period
        company = self.rules.company
        today = self.local(self.as_of).date()
        return periods.parse(
            period or "last-month",
            zone=company.report_zone,
            fiscal_year_start_month=company.fiscal_year_start_month,
            today=None if period else today,
        )

    @property
    def previous(self) -> Period:
        """The period before the one under review."""
        return self.period.previous

    @property
    def last_year(self) -> Period:
        """The same period a year earlier."""
        return self.period.last_year

    def local(self, moment: datetime) -> datetime:
        """A naive UTC moment on the report zone's clock."""
        return moment.replace(tzinfo=UTC).astimezone(ZoneInfo(self.rules.company.report_zone))

    def local_times(self, moments: pd.Series[Any]) -> pd.Series[Any]:
        """Naive UTC moments on the report zone's clock, still without a zone."""
        zone = self.rules.company.report_zone
        zoned = moments.dt.tz_localize("UTC").dt.tz_convert(zone)
        local: pd.Series[Any] = zoned.dt.tz_localize(None)
        return local

    @cached_property
    def con(self) -> Backend:
        """The Ibis connection, read-only."""
        import ibis

        con = ibis.duckdb.connect(self.path, read_only=True)
        # A small Book is answered by one thread sooner than several have agreed on the work.
        # Set afterwards: DuckDB refuses a second connection that opens with other settings.
        if self.path.stat().st_size < SMALL_BYTES:
            con.con.execute("SET threads = 1")
        return con

    def table(self, name: str) -> ir.Table:
        """A table of the data model, or a derived one, as an Ibis expression.

        Raises:
            ParameterError: There is no such table.
        """
        schema_name, _, table = self._address(name).rpartition(".")
        return self.remember(
            ("table", name), lambda: self.con.table(table, database=schema_name or None)
        )

    def _address(self, name: str) -> str:
        """Where a table lies in the frozen file."""
        if name in schema.TABLES:
            return f"clean.{name}"
        if name in DERIVED:
            return name
        raise ParameterError(unknown("table", name, (*schema.TABLES, *DERIVED)))

    def remember(self, key: object, compute: Callable[[], Any]) -> Any:
        """What `compute` gave the first time: a frozen Book never changes."""
        if key not in self._memory:
            self._memory[key] = compute()
        return self._memory[key]

    def sql(self, query: str, /, **parameters: object) -> pd.DataFrame:
        """The result of a DuckDB query; `$name` takes a parameter.

        >>> from playbook.book import open_book
        >>> int(open_book("sample").sql("SELECT 1 AS one").one[0])
        1
        """
        with self.con.con.cursor() as cursor:
            frame: pd.DataFrame = cursor.execute(query, parameters or None).df()
        return frame

    @cached_property
    def supplied(self) -> dict[str, frozenset[str]]:
        """Which columns hold anything, by table."""
        return {k: frozenset(v) for k, v in json.loads(self.meta["supplied"]).items()}

    def has(self, *needs: str) -> bool:
        """Whether every table (`"spend"`) and column (`"lead.contact_valid"`) holds data."""
        return not self.missing(*needs)

    def missing(self, *needs: str) -> list[str]:
        """The tables and columns among `needs` that hold no data.

        Raises:
            ParameterError: A need names no table or column of the data model.
        """
        return [_SUPPLY.get(need, need) for need in needs if not self._holds(need)]

    def _holds(self, need: str) -> bool:
        name, _, column = need.partition(".")
        columns = self.supplied.get(name, frozenset())
        if name == "lead_journey":
            return column in columns
        table = schema.table(name)
        return table.column(column).name in columns if column else bool(columns)

    @cached_property
    def workdays(self) -> Workdays:
        """The company's workdays: those of the rules, but where table `calendar` says otherwise."""
        from playbook.derive import own_days

        with self.con.con.cursor() as cursor:
            return self.rules.workdays.but(own_days(cursor))

    @cached_property
    def deciders(self) -> dict[str, str]:
        """Where `valid`, `mql`, `sql` and `icp` come from: `recorded` or `rule`."""
        return dict(json.loads(self.meta["deciders"]))

    @cached_property
    def problems(self) -> pd.DataFrame:
        """Examples of everything wrong with the input; see `playbook.data.problems`."""
        return self.sql("FROM meta.problems")

    @cached_property
    def counts(self) -> pd.DataFrame:
        """How many rows have each kind of problem."""
        return self.sql("FROM meta.counts")

    @cached_property
    def merges(self) -> pd.DataFrame:
        """Duplicates that count as one: table, kept_id, merged_id, rule."""
        return self.sql("FROM meta.merges")

    @cached_property
    def files(self) -> pd.DataFrame:
        """The files and sheets that were read."""
        return self.sql("FROM meta.files")

    def rows(self, table: str) -> int:
        """How many rows a table holds."""
        return int(self.sql(f"SELECT count(*) AS n FROM {self._address(table)}")["n"][0])

    def first_time(self, table: str, column: str) -> pd.Timestamp | None:
        """The earliest moment or date in a table's column; None where it has none."""
        query = f'SELECT min("{column}") AS at FROM {self._address(table)}'
        at = self.remember(("first", table, column), lambda: self.sql(query)["at"][0])
        return None if fmt.is_missing(at) else at

    def close(self) -> None:
        """Let go of the file."""
        self.con.disconnect()

    def __repr__(self) -> str:
        return f"<Book {self.rules.company.name}: {self.period.title}, as of {self.as_of:%Y-%m-%d}>"


_P = ParamSpec("_P")
_T = TypeVar("_T")


def remembered(
    function: Callable[Concatenate[Book, _P], _T],
) -> Callable[Concatenate[Book, _P], _T]:
    """Compute once per Book and arguments; callers get a copy of a table or a list."""

    @wraps(function)
    def wrapper(book: Book, /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
        key = (function.__module__, function.__qualname__, args, tuple(sorted(kwargs.items())))
        found = book.remember(key, lambda: function(book, *args, **kwargs))
        answer: _T = found.copy() if hasattr(found, "copy") else found
        return answer

    return wrapper


_SUPPLY = {
    "lead_journey.is_valid": "lead.contact_valid",
    "lead_journey.icp_tier": "account.icp_tier",
    "lead_journey.won_at": "opportunity",
    "lead_journey.lost_at": "lost opportunities",
    "lead_journey.mql_at": "stage_event",
    "lead_journey.sql_at": "stage_event",
}
"""What to supply for a derived column; it may also follow from a rule."""


def open_book(
    data: str | Path = "sample",
    period: str | Period | None = None,
    *,
    as_of: str | datetime | None = None,
    rules: str | Path | None = None,
    cache: Path | None = None,
) -> Book:
    """A Book over `data`, frozen on first use and opened from the cache afterwards.

    Args:
        data: A folder, a file, a connection URL, `"sample"`, or an already frozen Book.
        period: Such as `"2026-10"`; by default the last full month the data knows.
        as_of: What was known at that moment; by default when the data was extracted.
        rules: A `playbook.toml`; by default the one beside the data.
        cache: Folder for frozen files; by default the user's cache folder.

    Raises:
        InputError: Nothing usable in `data`.
        RulesError: Mistakes in the rules.
        ParameterError: No such period or moment.

    >>> open_book("sample", "2026-10").period.title
    'October 2026'
    """
    if is_frozen(data):
        _refuse_settings(as_of=as_of, rules=rules)
        return Book(Path(data), period)
    source, rules_path = locate(data, rules)
    loaded = rules_module.load(rules_path)
    moment = parse_as_of(as_of, loaded)
    folder = cache or _cache_folder()
    key = _key(source, loaded, moment, folder)
    path = folder / f"{key}.duckdb" if key else _uncached(folder, source)
    if not (key and path.exists()):
        freeze(source, path, rules=rules_path, as_of=moment)
    return Book(path, period)


def is_frozen(data: str | Path) -> bool:
    """Whether `data` is a Book that `freeze` wrote."""
    path = Path(data)
    if path.suffix != ".duckdb" or not path.is_file():
        return False
    try:
        return bool(_read_meta(path))
    except InputError:
        return False


def freeze(
    data: str | Path,
    out: Path,
    *,
    rules: str | Path | None = None,
    as_of: str | datetime | None = None,
    aside: Path | None = None,
) -> Path:
    """Read, check and derive `data` once, and write the frozen file `out`, whole or not at all.

    Args:
        data: As in `open_book`.
        out: The file to write.
        rules: As in `open_book`.
        as_of: As in `open_book`.
        aside: Folder for the rows that had to be set aside; by default beside `out`.

    Returns:
        `out`.

    Raises:
        InputError: Nothing usable in `data`.
        RulesError: Mistakes in the rules.
    """
    import duckdb

    source, rules_path = locate(data, rules)
    loaded = rules_module.load(rules_path)
    moment = parse_as_of(as_of, loaded)
    out.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".freezing-", dir=out.parent) as scratch:
        partial, dropped = Path(scratch) / "book.duckdb", Path(scratch) / "aside"
        try:
            with duckdb.connect(partial) as con:
                settings = (
                    f"SET temp_directory = '{scratch}/spill'; SET enable_progress_bar = false"
                )
                con.execute(settings)
                _fill(con, source, loaded, moment, dropped)
            _place(dropped, aside or out.with_suffix(".aside"))
            os.replace(partial, out)  # noqa: PTH105 - replaces on every platform
        except (duckdb.IOException, duckdb.OutOfMemoryException, OSError) as error:
            raise InputError(
                f"the data could not be frozen into {out.name}: {error}\n"
                "Nothing was changed. Check the free space and the rights of that folder, and that "
                "the input is still there."
            ) from error
    return out


def _place(made: Path, folder: Path) -> None:
    """Bring the files of `made` into `folder`, in place of those of an earlier run.

    Another process may freeze the same input at the same moment, and bring the same files.
    """
    for old in folder.glob("*.csv"):
        old.unlink(missing_ok=True)
    for file in sorted(made.glob("*.csv")):
        folder.mkdir(parents=True, exist_ok=True)
        shutil.move(file, folder / file.name)


def _fill(
    con: duckdb.DuckDBPyConnection,
    source: str | Path,
    rules: Rules,
    as_of: datetime | None,
    aside: Path,
) -> None:
    """Stage, check and derive inside `con`, and note what was read."""
    from playbook import derive
    from playbook.data import checks, sources

    # Contact details are in the raw rows, and must never reach the frozen file's pages.
    con.execute("ATTACH ':memory:' AS work; USE work")
    staged = sources.stage(con, source, rules)
    con.execute("SET search_path = 'book.main,work.raw'")
    checked = checks.run(con, staged, rules, as_of=as_of, aside=aside)
    deciders = derive.derive(con, rules, checked.as_of)
    con.execute("CREATE SCHEMA meta")
    frames = {
        "problems": checked.problems,
        "counts": checked.counts,
        "merges": checked.merges,
        "files": sources.to_frame(staged.files),
    }
    for name, frame in frames.items():
        con.register("frame", frame)
        con.execute(f"CREATE TABLE meta.{name} AS FROM frame")
        con.unregister("frame")
    meta = {
        "format": FORMAT,
        "version": resources.version(),
        "as_of": checked.as_of.isoformat(),
        "rules": rules.model_dump_json(),
        "rules_hash": rules.hash,
        "supplied": json.dumps(
            {t: sorted(c) for t, c in sorted({**checked.supplied, **_journey(con)}.items())}
        ),
        "deciders": json.dumps(deciders),
        "source": sources.describe(source),
        "input_hash": staged.input_hash,
    }
    con.execute("CREATE TABLE meta.facts (name VARCHAR, value VARCHAR)")
    con.executemany("INSERT INTO meta.facts VALUES (?, ?)", list(meta.items()))


def _journey(con: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    """The columns of `lead_journey` that hold anything."""
    names = [row[0] for row in con.execute("DESCRIBE lead_journey").fetchall()]
    counted = ", ".join(f'count("{name}")' for name in names)
    counts = con.execute(f"SELECT {counted} FROM lead_journey").fetchone() or ()
    return {"lead_journey": [name for name, n in zip(names, counts, strict=True) if n]}


def parse_as_of(as_of: str | datetime | None, rules: Rules) -> datetime | None:
    """A moment in naive UTC; text is read on the report zone's clock, a naive datetime is UTC.

    A date means its first moment: as of 2026-11-01 knows the whole of October.

    Raises:
        ParameterError: The text is neither a date nor a time.
    """
    if not as_of:
        return None
    if isinstance(as_of, datetime):
        return as_of.astimezone(UTC).replace(tzinfo=None) if as_of.tzinfo else as_of
    try:
        moment = datetime.fromisoformat(as_of)
    except ValueError:
        message = f"cannot read as_of '{as_of}'. Allowed: 2026-11-01 or 2026-11-01T06:00."
        raise ParameterError(message) from None
    zoned = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(rules.company.report_zone))
    return zoned.astimezone(UTC).replace(tzinfo=None)


def locate(data: str | Path, rules: str | Path | None) -> tuple[str | Path, Path | None]:
    """The input that `data` names, and the rules that belong to it."""
    source: str | Path = resources.sample() if data == "sample" else data
    if rules:
        return source, Path(rules)
    if isinstance(source, str) and "://" in source:
        return source, None
    beside = Path(source) if Path(source).is_dir() else Path(source).parent
    found = beside / "playbook.toml"
    return source, found if found.is_file() else None


def _refuse_settings(**settings: object) -> None:
    """A frozen Book already carries its rules and its moment."""
    for name, value in settings.items():
        if value:
            message = f"a frozen Book carries its own {name}; leave {name} out, or name the input."
            raise ParameterError(message)


def _read_meta(path: Path) -> dict[str, Any]:
    """What a frozen file says of itself.

    Raises:
        InputError: It is not a Book, or one of another layout.
    """
    import duckdb

    try:
        with duckdb.connect(path, read_only=True) as con:
            facts = dict(con.execute("FROM meta.facts").fetchall())
    except duckdb.Error as error:
        raise InputError(f"{path.name} is not a frozen Book: {error}") from None
    if facts.get("format") != FORMAT:
        raise InputError(f"{path.name} was frozen by another version; run the review again.")
    return facts


def _cache_folder() -> Path:
    """Where frozen files are kept between sessions."""
    from platformdirs import user_cache_path

    return Path(os.environ.get("PLAYBOOK_CACHE") or user_cache_path("playbook"))


def _key(source: str | Path, rules: Rules, as_of: datetime | None, folder: Path) -> str | None:
    """The cache key of an input; None where its content cannot be told without reading it."""
    from playbook.data import sources

    fingerprint = sources.fingerprint(source, rules, folder)
    if fingerprint is None:
        return None
    parts = (fingerprint, rules.hash, str(as_of), FORMAT, _code_hash())
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]


def _uncached(folder: Path, source: str | Path) -> Path:
    """Where the Book of an input is put that must be read anew each time."""
    name = hashlib.sha256(str(source).encode()).hexdigest()[:12]
    return folder / f"live-{name}-{os.getpid()}.duckdb"


_DERIVING = ("derive", "touchpoint", "calendar", "worktime", "conditions")


def _code_hash() -> str:
    """A hash of the code that reads, checks and derives: a new version never sees old files."""
    here = Path(__file__).parent
    deriving = [here / f"{name}.py" for name in _DERIVING]
    files = sorted([*(here / "data").rglob("*.py"), *deriving])
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()
