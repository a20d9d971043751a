"""From a Book to what `playbook.nurture` takes: the rules' flows, tables on the report's clock."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from playbook import conditions, nurture
from playbook.book import remembered

if TYPE_CHECKING:
    from datetime import datetime

    import pandas as pd

    from playbook.book import Book
    from playbook.data.rules import Rules


def now(book: Book) -> datetime:
    """The Book's moment on the report zone's clock, as the nurture tables have it."""
    return book.local(book.as_of).replace(tzinfo=None)


def programme(rules: Rules) -> nurture.Programme:
    """The flows that are switched on, with the rules of touch."""
    own = rules.nurture
    flows = tuple(
        nurture.Flow(name=name, steps=tuple(map(_step, flow.steps)), **_same(nurture.Flow, flow))
        for name, flow in own.running.items()
    )
    return nurture.Programme(
        flows=flows,
        touch=nurture.Touch(**_same(nurture.Touch, own.touch)),
        content_by_industry=own.content_by_industry,
        opening_by_source=own.opening_by_source,
    )


def ladder(rules: Rules) -> tuple[nurture.State, ...]:
    """The three states of a customer (B1-R2 to B1-R4), the furthest last."""
    own = rules.nurture.states
    named = {name: getattr(own, name) for name in ("potential", "connected", "intent")}
    return tuple(
        nurture.State(name, state.reached_by, state.goal, state.move)
        for name, state in named.items()
    )


def _step(step: Any) -> nurture.Step:
    return nurture.Step(name=step.label, **_same(nurture.Step, step))


def _same(kind: type, section: Any) -> dict[str, Any]:
    """The settings that the rules and the method call by one name."""
    names = [f.name for f in fields(kind) if f.name not in {"name", "steps"}]
    return {name: getattr(section, name) for name in names}


@remembered
def tables(book: Book) -> nurture.Tables:
    """People, signals and sends of the Book; what the data lacks is simply not there.

    Where no contact's consent is on record, consent is not asked for.
    """
    named = {
        field
        for flow in book.rules.nurture.running.values()
        if flow.when is not None
        for field in conditions.fields(flow.when)
    }
    people = _typed(book.sql(PEOPLE.format(facts=_facts(sorted(named)))), _kinds(book, named))
    unknown = [] if book.has("person.consent_status") else ["consent"]
    return nurture.Tables(
        people=people.drop(columns=unknown),
        signals=_typed(_local(book, book.sql(SIGNALS), ["at", "known_at"]), {}),
        sends=_typed(_local(book, book.sql(SENDS), ["at"]), {}),
    )


_KINDS = {"boolean": "boolean", "int64": "Int64", "float64": "Float64"}


def _kinds(book: Book, fields: set[str]) -> dict[str, str]:
    """The pandas type of each field that a condition names, where it is not text."""
    found = {}
    for field in fields:
        table, _, column = field.partition(".")
        kind = str(book.table(table).schema()[column])
        found[field] = "Float64" if kind.startswith("decimal") else _KINDS.get(kind, "string")
    return found


def _typed(frame: pd.DataFrame, kinds: dict[str, str]) -> pd.DataFrame:
    """With a type for columns that hold nothing: an engine cannot tell it from the values."""
    empty = [name for name in frame if frame[name].isna().all() and frame[name].dtype.kind == "O"]
    return frame.astype({name: kinds.get(str(name), "string") for name in empty})


def _facts(named: list[str]) -> str:
    return "".join(
        f', {table}."{column}" AS "{table}.{column}"'
        for table, _, column in (field.partition(".") for field in named)
    )


def _local(book: Book, frame: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """With moments on the report zone's clock; the end of a contract is a day already."""
    is_day = frame["signal"].eq("contract_end") if "signal" in frame else frame["at"].isna()
    for name in columns:
        day = is_day & (name == "at")
        frame[name] = book.local_times(frame[name]).where(~day, frame[name])
    return frame


@remembered
def responses(book: Book) -> pd.DataFrame:
    """What came back to a step: `entity`, `at`, `program` of inbound touches."""
    return _local(book, book.sql(RESPONSES), ["at"])


@remembered
def returns(book: Book, stage: str = "mql") -> pd.DataFrame:
    """Entries into a stage: `entity`, `at`."""
    signals = tables(book).signals
    return signals[signals["signal"] == stage][["entity", "at"]].reset_index(drop=True)


@remembered
def cases(book: Book, stage: str = "valid") -> pd.DataFrame:
    """First entries into a stage with what to compare within: `entity`, `at`, `channel_group`."""
    found = book.sql(
        """SELECT a.kept_id AS entity, min(s.entered_at) AS "at",
            any_value(coalesce(l.channel_group, '–')) AS channel_group
        FROM clean.stage_event s JOIN lead_alias a USING (lead_id)
        JOIN lead_journey l ON l.lead_id = a.kept_id
        WHERE s.stage = $stage GROUP BY a.kept_id ORDER BY "at", entity""",
        stage=stage,
    )
    return _local(book, found, ["at"])


PEOPLE = """
SELECT l.lead_id AS entity, l.person_id AS contact, person.consent_status AS consent,
    l.industry, l.channel_group AS source,
    content.title AS viewed, l.owner{facts}
FROM lead_journey l
JOIN clean.lead lead ON lead.lead_id = l.lead_id
LEFT JOIN clean.account account ON account.account_id = l.account_id
LEFT JOIN clean.person person ON person.person_id = l.person_id
LEFT JOIN clean.channel channel ON channel.channel_id = lead.channel_id
LEFT JOIN clean.campaign campaign ON campaign.campaign_id = lead.campaign_id
LEFT JOIN clean.content content ON content.content_id = lead.content_id
LEFT JOIN clean.event event ON event.event_id = lead.event_id
LEFT JOIN clean.partner partner ON partner.partner_id = lead.partner_id
LEFT JOIN clean.keyword keyword ON keyword.keyword_id = lead.keyword_id
ORDER BY l.lead_id
"""
"""One row per lead; a person's leads share the caps."""

SIGNALS = """
WITH stages (entity, signal, happened) AS (
    SELECT a.kept_id, s.stage, s.entered_at
    FROM clean.stage_event s JOIN lead_alias a USING (lead_id)
    UNION
    SELECT d.lead_id, s.stage, s.entered_at
    FROM clean.stage_event s JOIN deal d USING (opportunity_id) WHERE d.lead_id IS NOT NULL
    UNION
    SELECT lead_id, 'lead', created_at FROM lead_journey
    UNION
    SELECT lead_id, 'opportunity', created_at FROM deal WHERE lead_id IS NOT NULL
    UNION
    SELECT lead_id, CASE WHEN is_won THEN 'won' ELSE 'lost' END, closed_at
    FROM deal WHERE lead_id IS NOT NULL AND closed_at IS NOT NULL AND is_won IS NOT NULL
), talks (entity, signal, happened) AS (
    SELECT a.kept_id, 'connected', v.activity_at
    FROM clean.activity v JOIN lead_alias a USING (lead_id)
    WHERE NOT coalesce(v.is_automatic, false) AND v.outcome IN ('connected', 'meeting_booked')
), attended (entity, signal, happened) AS (
    SELECT l.lead_id, 'attended', coalesce(e.end_at, e.start_at)
    FROM clean.event_attendee t JOIN clean.event e USING (event_id)
    JOIN lead_journey l ON l.person_id = t.person_id AND l.event_id = t.event_id
    WHERE t.checked_in_at IS NOT NULL
), ends (entity, signal, happened, known) AS (
    SELECT lead_id, 'contract_end', contract_end_on::TIMESTAMP, closed_at
    FROM deal WHERE is_won AND contract_end_on IS NOT NULL AND lead_id IS NOT NULL
), renewed (entity, signal, happened) AS (
    SELECT o.lead_id, 'renewed', r.created_at
    FROM deal o JOIN deal r ON r.account_id = o.account_id AND r.created_at > o.closed_at
    WHERE o.is_won AND o.lead_id IS NOT NULL AND r.deal_type = 'renewal'
)
SELECT entity, signal, happened AS "at", happened AS known_at FROM stages
UNION SELECT *, happened FROM talks
UNION SELECT *, happened FROM attended
UNION SELECT * FROM ends
UNION SELECT *, happened FROM renewed
ORDER BY entity, "at", signal
"""
"""What happened to each lead; the end of a contract is known since it was signed."""

SENDS = """
SELECT a.kept_id AS entity, t.touched_at AS "at", t.program
FROM clean.touch t JOIN lead_alias a USING (lead_id)
WHERE t.direction = 'out' AND t.touch_type <> 'thank_you'
UNION ALL
SELECT l.lead_id, t.thanked_at, 'post_event_21d/thanks'
FROM clean.event_attendee t
JOIN lead_journey l ON l.person_id = t.person_id AND l.event_id = t.event_id
WHERE t.thanked_at IS NOT NULL
UNION ALL
SELECT l.lead_id, t.graded_at, 'post_event_21d/grading'
FROM clean.event_attendee t
JOIN lead_journey l ON l.person_id = t.person_id AND l.event_id = t.event_id
WHERE t.graded_at IS NOT NULL
UNION ALL
SELECT l.lead_id, min(v.activity_at), 'post_event_21d/follow_up'
FROM lead_journey l JOIN clean.event e USING (event_id)
JOIN lead_alias a ON a.kept_id = l.lead_id
JOIN clean.activity v ON v.lead_id = a.lead_id AND v.activity_at >= coalesce(e.end_at, e.start_at)
WHERE NOT coalesce(v.is_automatic, false) GROUP BY l.lead_id
ORDER BY ALL
"""
"""Outbound messages but the thanks that answer a form, and the steps that people do."""

RESPONSES = """
SELECT a.kept_id AS entity, t.touched_at AS "at", t.program
FROM clean.touch t JOIN lead_alias a USING (lead_id)
WHERE t.direction = 'in' AND t.program IS NOT NULL ORDER BY ALL
"""
