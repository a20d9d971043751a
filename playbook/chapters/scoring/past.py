"""Past leads with what was known at their capture, and whether they became SQL in their time."""

from __future__ import annotations

from datetime import timedelta
from math import ceil
from typing import TYPE_CHECKING, Any

from playbook import conditions
from playbook.book import remembered
from playbook.chapters.growth.pace import usual_days
from playbook.chapters.scoring.inputs import facts, scores_at_capture, touches
from playbook.data import schema

if TYPE_CHECKING:
    from datetime import datetime

    import pandas as pd

    from playbook.book import Book

OUTCOME = "became_sql"
TAUGHT = 0.7
"""Share of past leads, the earliest, that a score is fitted to."""

HANDBOOK = (
    "person.seniority", "account.employee_band", "lead.need_clarity", "lead.budget_band",
    "channel.channel_group",
)  # fmt: skip
"""Factors that the handbook names, whatever the company's own points read (P02-T6)."""

TOUCH = "touch."
WHY = {
    "export": "known only as of the export: filled or changed after the capture, nobody knows when",
    "assigned_at": "known only when the lead was given to sales, after its capture",
}
"""Why a column that becomes known later cannot be used at capture."""

STATES = ("boolean", "enum", "integer")
"""Types of column that can be a factor as they stand."""


def given_days(book: Book) -> int | None:
    """Days within which nine in ten of the SQLs came; None where nobody recorded when they did."""
    days = usual_days(book, "lead", "sql") if is_dated(book) else None
    return None if days is None else max(ceil(days), 1)


def is_dated(book: Book) -> bool:
    """Whether it is recorded when leads became SQL: by the rule it is known only whether."""
    return book.deciders["sql"] == "recorded" and book.has("lead_journey.sql_at")


def factors(book: Book) -> list[str]:
    """The fields that a score may read: those of `[scoring]`, of the handbook, and confirmed."""
    rules = book.rules.scoring
    own = [name for entry in rules.fit for name in conditions.fields(entry.when)]
    named = dict.fromkeys([*own, *HANDBOOK, *rules.confirmed])
    return [name for name in named if book.has(name)]


def known_after(book: Book) -> dict[str, str]:
    """Columns that a lead's capture cannot know, by field, each with the reason.

    Of the lead itself all that the data model declares so; of company, contact and channel those
    that `[scoring]` reads. What its `confirmed` names is known.
    """
    lead = [f"lead.{c.name}" for c in schema.table("lead").columns if c.type in STATES]
    found = {}
    for field in dict.fromkeys([*factors(book), *lead]):
        table, _, name = field.partition(".")
        known = schema.table(table).column(name).known
        by_rule = field == "account.icp_tier" and book.deciders["icp"] == "rule"
        is_known = by_rule or field in book.rules.scoring.confirmed
        if known in WHY and book.has(field) and not is_known:
            found[field] = WHY[known]
    return found


@remembered
def leads_at_capture(book: Book) -> pd.DataFrame:
    """Every lead with what was known of it at its capture.

    Returns:
        `lead_id`, `created_at`, `is_valid` (as known now), `became_sql` (within `given_days` of
        the capture; missing where the lead has not had them), `rule_score` (points of `[scoring]`
        at capture), one column per factor named as its field, one flag per type of touch with
        points as `touch.pricing_view`, and what is known only later, to be refused.
    """
    days = given_days(book)
    journey = book.sql("SELECT lead_id, created_at, is_valid, sql_at FROM lead_journey")
    fields = list(dict.fromkeys([*factors(book), *known_after(book)]))
    known = facts(book).select("lead_id", *fields).to_pandas()
    scores = scores_at_capture(book).rename(columns={"score": "rule_score"})
    table = journey.merge(known, on="lead_id").merge(scores[["lead_id", "rule_score"]])
    table = table.merge(_touched(book), on="lead_id", how="left")
    flags = [name for name in table.columns if str(name).startswith(TOUCH)]
    table[flags] = table[flags].eq(True)
    table.insert(3, OUTCOME, _outcome(table, days, book.as_of))
    return table.drop(columns="sql_at").sort_values(["created_at", "lead_id"], ignore_index=True)


def _outcome(table: pd.DataFrame, days: int | None, as_of: datetime) -> Any:
    import pandas as pd

    if days is None:
        return pd.Series(float("nan"), index=table.index)
    had = timedelta(days=days)
    came = (table["sql_at"] - table["created_at"]) <= had
    return came.astype("float64").where(table["created_at"] + had <= as_of)


def _touched(book: Book) -> pd.DataFrame:
    """Per lead, which types of touch it had up to its capture; those that have points."""
    types = [b.touch_type for b in book.rules.scoring.behaviour]
    touch = touches(book)
    rows = touch.join(book.table("lead_journey").select("lead_id", "created_at"), "lead_id")
    rows = rows.filter(rows.touched_at <= rows.created_at, rows.touch_type.isin(types))
    seen = rows.group_by("lead_id").aggregate(
        **{f"{TOUCH}{name}": (rows.touch_type == name).any() for name in types}
    )
    found: pd.DataFrame = seen.to_pandas()
    return found


@remembered
def past_leads(book: Book) -> pd.DataFrame:
    """The leads that scores are made for and judged on: valid, and old enough.

    Returns:
        As `leads_at_capture`, oldest first, with `became_sql` as True or False. Where validity is
        not recorded, all leads.
    """
    table = leads_at_capture(book)
    rows = table[table[OUTCOME].notna()]
    if book.has("lead_journey.is_valid"):
        rows = rows[rows["is_valid"].eq(True)]
    return rows.astype({OUTCOME: bool}).reset_index(drop=True)


def cut(book: Book) -> Any:
    """The moment before which leads teach the score; the later ones judge it."""
    moments = past_leads(book)["created_at"]
    return moments.iloc[int(TAUGHT * len(moments))]
