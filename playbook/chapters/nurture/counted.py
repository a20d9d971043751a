"""Enrolments and deals as tables of their own beside the Book's, so that metrics can count them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook.book import Book, remembered
from playbook.chapters.nurture.evaluated import ENTERED, enrolments, pools, programs
from playbook.chapters.nurture.inputs import responses, returns, tables

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

RETURN_DAYS = 60
"""Days after the start within which a lead counts as brought back."""

ANSWER_DAYS = 7
"""Days after a message within which an answer to it counts."""

ENROLMENTS, DEALS = "nurture_enrolment", "nurture_deal"

_SCHEMAS = {
    ENROLMENTS: {
        "flow": "string", "lead_id": "string", "started_at": "timestamp",
        "ended_at": "timestamp", "back_at": "timestamp", "status": "string", "why": "string",
        "in_pool": "boolean", "returned": "boolean", "messaged": "boolean", "engaged": "boolean",
    },
    DEALS: {
        "opportunity_id": "string", "lead_id": "string", "created_at": "timestamp",
        "closed_at": "timestamp", "is_won": "boolean", "amount": "float64",
        "won_amount": "float64", "program": "string", "nurtured": "boolean",
    },
}  # fmt: skip


class Counted(Book):
    """A Book with the chapter's two tables beside its own, for `metrics.evaluate`."""

    def __init__(self, book: Book) -> None:
        """Share the Book's connection and memory, and add the tables."""
        _ = book.con  # opened once, for both
        vars(self).update(vars(book))
        self._own = {ENROLMENTS: entered(book), DEALS: deals(book)}

    def table(self, name: str) -> ir.Table:
        """A table of the Book, or one of the chapter's."""
        if name not in self._own:
            return super().table(name)
        import ibis

        return ibis.memtable(self._own[name], schema=ibis.schema(_SCHEMAS[name]))

    def first_time(self, table: str, column: str) -> pd.Timestamp | None:
        """The earliest moment of a table's column, also of the chapter's tables."""
        if table not in self._own:
            return super().first_time(table, column)
        known = self._own[table][column].dropna()
        return None if known.empty else known.min()


@remembered
def entered(book: Book) -> pd.DataFrame:
    """Every enrolment that met its entry condition, in UTC.

    Returns:
        `flow`, `lead_id`, `started_at`, `ended_at`, `back_at` (first MQL since the start),
        `status`, `why`, `in_pool` (in a flow that MQL ends), `returned` (MQL within
        `RETURN_DAYS` of the start), `messaged` (was sent something in it, where answers to
        the flow are on record at all), `engaged` (answered something of it).
    """
    found = enrolments(book)
    found = found[found["status"].isin(ENTERED)].reset_index(drop=True)
    back = first_since(found, returns(book))
    days = (back - found["started_at"]).dt.total_seconds() / 86_400
    sent = _of_enrolments(book, found, tables(book).sends)
    answered = _of_enrolments(book, found, responses(book))
    heard = found.loc[answered, "flow"].unique()
    rows = found.rename(columns={"entity": "lead_id"}).assign(
        in_pool=found["flow"].isin([flow.name for flow in pools(book)]),
        returned=days <= RETURN_DAYS,
        messaged=found.index.isin(sent) & found["flow"].isin(heard),
        engaged=found.index.isin(answered),
        started_at=as_utc(book, found["started_at"]),
        ended_at=as_utc(book, found["ended_at"]),
        back_at=as_utc(book, back),
    )
    return rows[list(_SCHEMAS[ENROLMENTS])]


def first_since(found: pd.DataFrame, events: pd.DataFrame) -> pd.Series[Any]:
    """The first event of each enrolment's lead since its start; missing where there is none.

    Args:
        found: `entity`, `started_at`, one row per enrolment, with a plain index.
        events: `entity`, `at`.
    """
    pairs = found[["entity", "started_at"]].reset_index().merge(events, on="entity")
    after = pairs[pairs["at"] >= pairs["started_at"]]
    first: pd.Series[Any] = after.groupby("index")["at"].min().reindex(found.index)
    return first.astype("datetime64[us]")


def _of_enrolments(book: Book, found: pd.DataFrame, events: Any) -> pd.Series[Any]:
    """Rows of `found` in which something happened; an event counts to the latest start before."""
    flow_of = {program: flow.name for program, (flow, _) in programs(book, messages=True).items()}
    own = events.assign(flow=events["program"].map(flow_of).astype("string")).dropna(
        subset=["flow"]
    )
    own = own.reset_index(drop=True).rename_axis("event").reset_index()
    keyed = found[["entity", "flow", "started_at"]].reset_index()
    pairs = keyed.merge(own, on=["entity", "flow"])
    after = pairs[pairs["at"] >= pairs["started_at"]].sort_values("started_at", kind="stable")
    rows: pd.Series[Any] = after.drop_duplicates("event", keep="last")["index"]
    return rows


@remembered
def deals(book: Book) -> pd.DataFrame:
    """New-business deals, and the last message of a flow that their lead got before they opened.

    Returns:
        `opportunity_id`, `lead_id`, `created_at`, `closed_at` (UTC), `is_won`, `amount`,
        `won_amount` (report currency), `program` (missing where nurture sent nothing before),
        `nurtured`.
    """
    return book.sql(
        """WITH sent AS (
            SELECT a.kept_id AS lead_id, t.touched_at, t.program
            FROM clean.touch t JOIN lead_alias a USING (lead_id)
            WHERE t.direction = 'out' AND list_contains($programs, t.program)
        ), before AS (
            SELECT d.opportunity_id, arg_max(s.program, (s.touched_at, s.program)) AS program
            FROM deal d JOIN sent s ON s.lead_id = d.lead_id AND s.touched_at < d.created_at
            GROUP BY d.opportunity_id
        )
        SELECT d.opportunity_id, d.lead_id, d.created_at, d.closed_at,
            coalesce(d.is_won, false) AS is_won, d.amount::DOUBLE AS amount,
            d.won_amount::DOUBLE AS won_amount, b.program, b.program IS NOT NULL AS nurtured
        FROM deal d LEFT JOIN before b USING (opportunity_id)
        WHERE d.deal_type = 'new' ORDER BY d.opportunity_id""",
        programs=list(programs(book, messages=True)),
    )


def as_utc(book: Book, moments: pd.Series[Any]) -> pd.Series[Any]:
    """Moments of the report zone's clock as naive UTC; the reverse of `Book.local_times`."""
    import numpy as np

    zone = book.rules.company.report_zone
    zoned = moments.dt.tz_localize(
        zone, ambiguous=np.ones(len(moments), dtype=bool), nonexistent="shift_forward"
    )
    naive: pd.Series[Any] = zoned.dt.tz_convert("UTC").dt.tz_localize(None)
    return naive
