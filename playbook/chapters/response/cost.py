"""What lateness goes with, and the follow-up after events, which shares its clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook import response
from playbook.book import remembered
from playbook.chapters.growth.pace import usual_days
from playbook.chapters.scoring import scores_at_capture
from playbook.format import div
from playbook.intervals import wilson
from playbook.response.lateness import LATER, NEVER

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book

WITHIN_DAYS = 30.0
"""Days in which a conversion counts where the data does not say how long most take (ours)."""

EVENT_HOURS = 48
"""Hours after an event within which its leads are to hear from sales (P07-R2)."""

HELD = {
    "score": "score band",
    "channel_group": "channel group",
    "intent_level": "intent",
}
"""What the model holds constant, and what a page calls it."""


@remembered
def cost_of_lateness(book: Book) -> response.Lateness:
    """Conversion to SQL by hours to the first answer, other differences held constant.

    Over all leads old enough, in hours of the clock from capture. Held constant are those of
    `HELD` that the data has: the score band is that at capture.

    Returns:
        See `response.Lateness`.
    """
    import ibis

    journey = book.table("lead_journey")
    rows = journey.select(
        "lead_id",
        "intent_level",
        "channel_group",
        started_at="created_at",
        hours="response_hours",
        converted_at=ibis.coalesce(journey.sql_at, journey.opportunity_at, journey.won_at),
    )
    held = [name for name in ("channel_group", "intent_level") if _is_known(book, name)]
    scores = scores_at_capture(book)
    if scores["score"].any():
        bands = ibis.memtable(scores[["lead_id", "band"]].rename(columns={"lead_id": "_lead"}))
        rows = rows.join(bands, rows.lead_id == bands["_lead"]).drop("_lead")
        rows, held = rows.rename(score="band"), ["score", *held]
    return response.lateness(
        rows,
        as_of=book.as_of,
        within_days=usual_days(book, "lead", "sql") or WITHIN_DAYS,
        covariates=held,
    )


def _is_known(book: Book, name: str) -> bool:
    return book.has(f"lead_journey.{name}")


def as_bands(cost: response.Lateness) -> pd.DataFrame:
    """The bands of `cost_of_lateness` as rows of a dot plot, those with leads."""
    rows = named_bands(cost).rename(columns={"first_answer": "name", "rate": "value"})
    return rows[["name", "value", "low", "high", "n"]]


def named_bands(cost: response.Lateness) -> pd.DataFrame:
    """The bands of `cost_of_lateness` that have leads, with `first_answer` in place of `band`."""
    rows = cost.bands[cost.bands["n"] > 0]
    names = {LATER: f"> {response.BANDS[-1]:g} h", NEVER: "never answered"}
    rows = rows.assign(band=rows["band"].replace(names))
    return rows.rename(columns={"band": "first_answer"}).reset_index(drop=True)


def held(cost: response.Lateness) -> list[str]:
    """What the model held constant, in words."""
    return [HELD[name] for name in dict.fromkeys(cost.covariates["covariate"])]


@remembered
def after_events(book: Book) -> pd.DataFrame:
    """Leads of the events of the last year, and whether sales spoke to them within 48 hours.

    Counts what a person did for the lead after the event's end and up to 48 hours later; events
    that ended less than 48 hours before the Book's moment are left out.

    Returns:
        One row per event, least followed first: `event`, `ended_at` (report zone), `leads`,
        `followed`, `rate`, `low`, `high`, `satisfaction` (mean of the guests' ratings, 1 to 5;
        missing without one) and `ratings` (B2-M1).
    """
    table = book.sql(
        """WITH ended AS (
            SELECT event_id, event_name AS event, end_at AS ended_at FROM clean.event
            WHERE end_at > $as_of::TIMESTAMP - INTERVAL 365 DAY
                AND end_at <= $as_of::TIMESTAMP - to_hours($hours)
        )
        SELECT e.event, e.ended_at, count(*) AS leads, count(*) FILTER (EXISTS (
            SELECT 1 FROM clean.activity v JOIN lead_alias a USING (lead_id)
            WHERE a.kept_id = l.lead_id AND NOT coalesce(v.is_automatic, false)
                AND v.activity_at >= e.ended_at
                AND v.activity_at <= e.ended_at + to_hours($hours)
        )) AS followed, any_value(r.satisfaction) AS satisfaction,
            coalesce(any_value(r.ratings), 0) AS ratings
        FROM ended e JOIN lead_journey l USING (event_id)
        LEFT JOIN (
            SELECT event_id, avg(csat) AS satisfaction, count(csat) AS ratings
            FROM clean.event_attendee GROUP BY event_id
        ) r USING (event_id)
        GROUP BY e.event_id, e.event, e.ended_at
        ORDER BY followed / count(*), leads DESC, event""",
        as_of=book.as_of,
        hours=EVENT_HOURS,
    )
    table["ended_at"] = book.local_times(table["ended_at"])
    table["rate"] = div(table["followed"], table["leads"])
    table["low"], table["high"] = wilson(table["followed"], table["leads"])
    order = ["event", "ended_at", "leads", "followed", "rate", "low", "high"]
    return table[[*order, "satisfaction", "ratings"]]
