"""What was known at `as_of`, and what that moment is where nobody says.

Without an explicit `as_of` it is the latest moment of the data: the latest `extracted_at`, and
the latest event that is not a typing error. The days on which anything happened are laid in
order; a group of days more than 62 days after the ones before it, with at most one row in a
hundred, is taken for typing errors in the year or month.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from playbook.data import schema
from playbook.data.checks.problems import Collector, Kind, table_sql
from playbook.data.checks.sqltext import ident
from playbook.data.checks.times import to_local

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import duckdb

    from playbook.data.checks.load import Loaded

GAP_DAYS = 62
"""Silence after which a few more rows are typing errors."""

RARE = 100
"""One row in so many, at most."""

EVENTS = (
    *("lead", "stage_event", "touch", "activity", "opportunity", "payment", "account", "person"),
    *("ad_daily", "search_daily", "web_daily", "content_daily", "mention", "ai_use"),
)
"""Tables whose rows are dated when they happen; plans, such as campaigns, are dated ahead."""

PLANS = frozenset(
    {"campaign", "event", "experiment_arm", "staff", "partner", "spend", "content", "project"}
)
_PLANNED = frozenset({"end_date", "left_on"})


def latest(days: Mapping[date, int]) -> date | None:
    """The last day that is not a typing error.

    >>> from datetime import date
    >>> latest({date(2026, 10, 1): 60, date(2026, 10, 2): 60, date(2062, 10, 2): 1})
    datetime.date(2026, 10, 2)
    """
    ordered = sorted(days)
    rows = sum(days.values())
    end = len(ordered)
    for i in range(len(ordered) - 1, 0, -1):
        if (ordered[i] - ordered[i - 1]).days <= GAP_DAYS:
            continue
        if sum(days[day] for day in ordered[i:]) > max(1, rows // RARE):
            break
        end = i
    return ordered[end - 1] if end else None


class Clock:
    """The moment the data stands at, and what it hides."""

    def __init__(self, con: duckdb.DuckDBPyConnection, zone: str, tolerance: timedelta) -> None:
        self._con = con
        self._zone = ZoneInfo(zone)
        self._tolerance = tolerance

    def end_of(self, day: date) -> datetime:
        """The last second of a day in the report zone, as naive UTC."""
        local = datetime.combine(day, time(23, 59, 59), self._zone)
        return local.astimezone(UTC).replace(tzinfo=None)

    def day_of(self, moment: datetime) -> date:
        """The day of a naive UTC time in the report zone."""
        return moment.replace(tzinfo=UTC).astimezone(self._zone).date()

    def horizon(self, loaded: Mapping[str, Loaded]) -> datetime | None:
        """The latest moment of the data; None where no row has a time."""
        exported = self._exported(loaded)
        moments = [] if exported is None else [exported]
        moments += self._events(loaded, exported)
        return max(moments, default=None)

    def _exported(self, loaded: Mapping[str, Loaded]) -> datetime | None:
        found: list[datetime] = []
        for name, table in loaded.items():
            if "extracted_at" in table.native:
                row = self._con.execute(
                    f"SELECT max(extracted_at) FROM {table_sql(name)}"
                ).fetchone()
                found += [row[0]] if row and row[0] else []
        return max(found, default=None)

    def _events(self, loaded: Mapping[str, Loaded], exported: datetime | None) -> list[datetime]:
        days: dict[date, int] = {}
        ends: dict[date, datetime] = {}
        moments: list[datetime] = []
        for name in EVENTS:
            if name not in loaded:
                continue
            column = schema.table(name).column(str(schema.table(name).time))
            value, clean = ident(column.name), table_sql(name)
            found = self._con.execute(
                f"SELECT {value}::DATE, count(*), max({value}) FROM {clean} "
                f"WHERE {value} IS NOT NULL AND extracted_at IS NULL GROUP BY 1"
            ).fetchall()
            for day, count, last in found:
                days[day] = days.get(day, 0) + count
                end = last if isinstance(last, datetime) else self.end_of(last)
                ends[day] = max(end, ends.get(day, end))
            if exported is not None:
                moments += self._exported_events(name, column, exported + self._tolerance)
        last_day = latest(days)
        return [*moments, *(end for day, end in ends.items() if last_day and day <= last_day)]

    def _exported_events(
        self, name: str, column: schema.Column, limit: datetime
    ) -> Iterable[datetime]:
        value = ident(column.name)
        bound = limit if column.type == "timestamp" else self.day_of(limit)
        row = self._con.execute(
            f"SELECT max({value}) FROM {table_sql(name)} "
            f"WHERE extracted_at IS NOT NULL AND {value} <= ?",
            [bound],
        ).fetchone()
        # A day alone says nothing about its hours: only times move the moment past the export.
        return [row[0]] if row and isinstance(row[0], datetime) else []

    def shown(self, column: schema.Column) -> str:
        """A time as it reads in the report zone."""
        value = ident(column.name)
        if column.type != "timestamp":
            return value
        return f"strftime({to_local(value, self._zone.key)}, '%Y-%m-%d %H:%M')"

    def later(self, column: schema.Column, moment: datetime) -> str:
        """True where the column lies after a moment; a day counts from its start."""
        if column.type == "timestamp":
            return f"{ident(column.name)} > TIMESTAMP '{moment}'"
        return f"{ident(column.name)} > DATE '{self.day_of(moment)}'"


class Hider:
    """Takes out of the clean tables what was not yet known."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        clock: Clock,
        problems: Collector,
        as_of: datetime,
        horizon: datetime,
    ) -> None:
        self._con = con
        self._clock = clock
        self._problems = problems
        self._as_of = as_of
        self._horizon = max(as_of, horizon)
        self._early = as_of < horizon

    def hide(self, loaded: Loaded) -> None:
        """Rows dated later go, values known later are emptied, and both are counted."""
        table = loaded.table
        if table.time in loaded.native:
            self._rows(table, table.column(str(table.time)))
        self._values(loaded)

    def _rows(self, table: schema.Table, column: schema.Column) -> None:
        clean = table_sql(table.name)
        later = self._clock.later(column, self._as_of)
        beyond = self._clock.later(column, self._horizon)
        rows = (
            f"SELECT _file, _row, {self._clock.shown(column)} AS value FROM {clean} WHERE {later}"
        )
        typed = "false" if table.name in PLANS else beyond
        found = self._problems.query(self._future(table, column), f"{rows} AND {typed}")
        found += self._problems.query(self._unknown(table, column), f"{rows} AND NOT ({typed})")
        if found:
            self._con.execute(f"DELETE FROM {clean} WHERE {later}")

    def _values(self, loaded: Loaded) -> None:
        table, native = loaded.table, loaded.native
        tests: dict[str, str] = {}
        for column in table.columns:
            if column.known in native and column.name in native:
                time = table.column(str(column.known))
                test = self._clock.later(time, self._as_of)
                tests[column.name] = (
                    f"({test} OR {ident(time.name)} IS NULL)" if self._early else f"({test})"
                )
        for name, test in tests.items():
            self._report(table, table.column(name), test)
        if self._early:
            self._states(loaded)
        if tests:
            sets = ", ".join(
                f"{ident(n)} = CASE WHEN {t} THEN NULL ELSE {ident(n)} END"
                for n, t in tests.items()
            )
            hits = " OR ".join(f"({t} AND {ident(n)} IS NOT NULL)" for n, t in tests.items())
            self._con.execute(f"UPDATE {table_sql(table.name)} SET {sets} WHERE {hits}")

    def _report(self, table: schema.Table, column: schema.Column, test: str) -> None:
        rows = (
            f"SELECT _file, _row, {self._clock.shown(column)} AS value "
            f"FROM {table_sql(table.name)} WHERE {test} AND {ident(column.name)} IS NOT NULL"
        )
        beyond = "false"
        if column.known == column.name and column.name not in _PLANNED:
            beyond = self._clock.later(column, self._horizon)
            self._problems.query(self._future(table, column), f"{rows} AND {beyond}")
        if column.known == column.name or self._early:
            kind = self._unknown(table, column)
            self._problems.query(kind, f"{rows} AND NOT coalesce({beyond}, false)")

    def _states(self, loaded: Loaded) -> None:
        for column in loaded.table.columns:
            if column.known != "export" or column.name not in loaded.native:
                continue
            row = self._con.execute(
                f"SELECT count({ident(column.name)}) FROM {table_sql(loaded.table.name)}"
            ).fetchone()
            if row and row[0]:
                kind = Kind(
                    "note", "as-exported", loaded.table.name, column.name,
                    f"{column.name} ({column.zh}) is the state when it was exported, "
                    f"not the one of {self._as_of:%Y-%m-%d}",
                    "nothing; the data does not say when it changed",
                )  # fmt: skip
                self._problems.add(kind, count=row[0])

    def _future(self, table: schema.Table, column: schema.Column) -> Kind:
        return Kind(
            "flag", "future-date", table.name, column.name,
            f"{column.name} ({column.zh}) lies after the data's latest moment, "
            f"{self._clock.day_of(self._horizon)}; it is hidden as not yet known",
            "correct the year or month in the source",
        )  # fmt: skip

    def _unknown(self, table: schema.Table, column: schema.Column) -> Kind:
        return Kind(
            "note", "after-as-of", table.name, column.name,
            f"{column.name} ({column.zh}) was not yet known on "
            f"{self._clock.day_of(self._as_of)}; it is hidden",
            "nothing; a later as_of shows it",
        )  # fmt: skip
