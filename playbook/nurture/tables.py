"""What happened, as three tables in one engine."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

from playbook.errors import ParameterError, unknown

if TYPE_CHECKING:
    import duckdb
    import ibis.expr.types as ir
    import pandas as pd

    Read: TypeAlias = tuple[ir.Table, ir.Table, ir.Table]
    Frame: TypeAlias = pd.DataFrame | ir.Table

NEEDED = {
    "people": ("entity",),
    "signals": ("entity", "signal", "at"),
    "sends": ("entity", "at", "program"),
}

NAMED = {name: f"nurture_{name}" for name in NEEDED}
"""What compiled SQL calls them."""


@dataclass(frozen=True)
class Tables:
    """Who there is, what happened to them, and what was sent.

    All moments are naive and on one clock, that of the programme's hours of the day.

    Attributes:
        people: One row per `entity` (a lead). May have `contact` (whom the caps count; the entity
            where missing), `consent` (`granted`, `none`, `withdrawn`; without the column all
            count as granted), `prefers` (a channel), `industry`, `source` and `viewed` for the
            personal words, and every column that an entry condition names.
        signals: One row per `entity`, `signal` and `at`: a stage entered, a reply, the end of a
            contract. `known_at` says since when it is known, where that is another moment.
        sends: One row per outbound message or done step: `entity`, `at`, and `program`
            (`flow/step`; missing for messages of no flow, which caps count too).

    Raises:
        ParameterError: A column is missing, or the tables are of different kinds.
    """

    people: Frame
    signals: Frame
    sends: Frame

    def __post_init__(self) -> None:
        """Refuse tables that cannot be read."""
        import ibis

        wrong = [
            f"{name}: {unknown('column', column, list(getattr(self, name).columns))}"
            for name, columns in NEEDED.items()
            for column in columns
            if column not in getattr(self, name).columns
        ]
        kinds = {isinstance(getattr(self, name), ibis.Table) for name in NEEDED}
        if len(kinds) > 1:
            wrong.append("people, signals and sends must all be DataFrames, or all Ibis tables.")
        if wrong:
            raise ParameterError("\n".join(wrong))

    @property
    def is_frame(self) -> bool:
        """Whether they are DataFrames, so that a DuckDB of our own answers."""
        import ibis

        return not isinstance(self.people, ibis.Table)

    @cached_property
    def con(self) -> duckdb.DuckDBPyConnection:
        """A DuckDB that holds the DataFrames, and goes when these tables go."""
        import duckdb

        con = duckdb.connect()
        for name in NEEDED:
            con.register("frame", getattr(self, name))
            con.execute(f"CREATE TABLE {NAMED[name]} AS FROM frame")
            con.unregister("frame")
        return con

    @property
    def is_native(self) -> bool:
        """Whether they are tables of one DuckDB, and nothing of them is only in memory."""
        import ibis
        import ibis.expr.operations as ops

        every = [table for name in NEEDED if isinstance(table := getattr(self, name), ibis.Table)]
        if len(every) < len(NEEDED) or any(t.op().find(ops.InMemoryTable) for t in every):
            return False
        backends = {id(table.get_backend()) for table in every}
        return len(backends) == 1 and every[0].get_backend().name == "duckdb"

    @cached_property
    def columns(self) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
        """The columns of each table with their types, under the names of `NAMED`."""
        import ibis

        if self.is_frame:
            con = ibis.duckdb.from_connection(self.con)
            every = {name: con.table(NAMED[name]) for name in NEEDED}
        else:
            every = {name: getattr(self, name) for name in NEEDED}
        return tuple(
            (NAMED[name], tuple((column, str(kind)) for column, kind in table.schema().items()))
            for name, table in every.items()
        )


def read(people: ir.Table, signals: ir.Table, sends: ir.Table) -> Read:
    """People, signals and sends as the evaluator reads them: moments in whole seconds."""
    return _people(people), _signals(signals), _sends(sends)


def _people(people: ir.Table) -> ir.Table:
    import ibis

    texts = ("contact", "consent", "prefers", "industry", "source", "viewed")
    given = {name: people[name].cast("string") for name in texts if name in people.columns}
    entity = people.entity.cast("string")
    contact = ibis.coalesce(given["contact"], entity) if "contact" in given else entity
    consent = (
        ibis.coalesce(given["consent"], ibis.literal("none"))
        if "consent" in given
        else ibis.literal("granted")
    )
    blank = {name: ibis.null("string") for name in texts if name not in given}
    own = {**given, **blank, "entity": entity, "contact": contact, "consent": consent}
    return people.mutate(**own)


def _signals(signals: ir.Table) -> ir.Table:
    import ibis

    at = seconds(signals["at"])
    has_known = "known_at" in signals.columns
    known = ibis.coalesce(seconds(signals.known_at), at) if has_known else at
    return signals.select(
        entity=signals.entity.cast("string"), signal=signals.signal, at=at, known=known
    ).filter(lambda t: t.entity.notnull() & t["at"].notnull())


def _sends(sends: ir.Table) -> ir.Table:
    return sends.select(
        entity=sends.entity.cast("string"),
        at=seconds(sends["at"]),
        moment=sends["at"].cast("timestamp"),
        program=sends.program.cast("string"),
    ).filter(lambda t: t.entity.notnull() & t["at"].notnull())


def seconds(moment: Any) -> Any:
    """Whole seconds since 1970 on the table's own clock."""
    return moment.cast("timestamp").epoch_seconds().cast("int64")
