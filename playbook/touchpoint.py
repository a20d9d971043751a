"""The derived views `touchpoint` and `lead_home`: what happened with whom, each thing once.

Touches as recorded, attendees of events as the touches that they are, and captures that no touch
records, so that a company that has nothing but leads is attributed too. A view costs no space.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

SAME_HOURS = 1
"""Hours around a capture in which a touch of the same person records it, whatever the clocks."""

OTHERS = {
    "campaign": "outside campaigns",
    "content": "without content",
    "event": "outside events",
    "partner": "without a partner",
    "keyword": "without a keyword",
    "program": "outside programmes",
}
"""What a touch is called that has none, by dimension."""

BRAND = "brand words"
"""What is added to the channel of a click on one of the company's own brand words, in `source`."""

_OUT = "('email_sent', 'sms_sent', 'thank_you')"
_ANSWERS = (
    "('form', 'download', 'webinar_reg', 'webinar_join', 'event_reg', 'event_checkin', "
    "'wecom_add', 'referral', 'demo', 'other')"
)
_NEAR = f"BETWEEN {{0}} - INTERVAL {SAME_HOURS} HOUR AND {{0}} + INTERVAL {SAME_HOURS} HOUR"

LEAD_HOME = """
CREATE VIEW lead_home AS
SELECT lead_id, kept_id, person_id, account_id,
    coalesce('account:' || account_id, 'person:' || person_id, 'lead:' || kept_id) AS entity
FROM (
    SELECT a.lead_id, a.kept_id, coalesce(p.merged_into_id, j.person_id) AS person_id,
        coalesce(j.account_id, pa.kept_id, d.account_id) AS account_id
    FROM lead_alias a
    JOIN lead_journey j ON j.lead_id = a.kept_id
    LEFT JOIN clean.person p ON p.person_id = j.person_id
    LEFT JOIN account_alias pa ON pa.account_id = p.account_id
    LEFT JOIN (SELECT lead_id, min(account_id) AS account_id FROM deal GROUP BY lead_id) d
        ON d.lead_id = j.lead_id
)
"""
"""Where each lead belongs: the one it counts with, its person, its company, who travels."""

_RECORDED = f"""
    SELECT touch_id, 'touch' AS recorded_as, touched_at, person_id, account_id, lead_id,
        touch_type,
        coalesce(direction, CASE WHEN touch_type IN {_OUT} THEN 'out' ELSE 'in' END) AS direction,
        channel_id, campaign_id, content_id, event_id, partner_id, keyword_id, program
    FROM clean.touch
"""

_ANSWER = f"""
    SELECT r.touch_id, r.touched_at, r.person_id, r.touch_type, r.channel_id, r.event_id, h.kept_id
    FROM recorded r LEFT JOIN lead_home h USING (lead_id)
    WHERE r.direction = 'in' AND r.touch_type IN {_ANSWERS}
"""
"""Touches that may be a capture or an attendance entered by hand."""

_CAPTURED = f"""
    SELECT l.lead_id, a.touch_id, l.channel_id
    FROM clean.lead l JOIN lead_home h USING (lead_id)
    JOIN answer a ON a.kept_id = h.kept_id AND a.touched_at {_NEAR.format("l.created_at")}
    UNION
    SELECT l.lead_id, a.touch_id, l.channel_id
    FROM clean.lead l
    JOIN answer a ON a.person_id = l.person_id AND a.touched_at {_NEAR.format("l.created_at")}
    WHERE a.channel_id = l.channel_id OR a.channel_id IS NULL OR l.channel_id IS NULL
    UNION
    SELECT l.lead_id, NULL, NULL
    FROM clean.lead l
    JOIN clean.event_attendee e ON e.person_id = l.person_id AND e.event_id = l.event_id
    WHERE coalesce(e.registered_at, e.checked_in_at) IS NOT NULL
"""
"""Leads whose capture is there already, and the touch that records it."""

_GATHERING = """
    SELECT e.event_id, e.partner_id, e.campaign_id,
        CASE WHEN e.event_type = 'webinar' THEN 'webinar' ELSE 'event' END AS kind
    FROM clean.event e
"""

_ATTENDED = """
    SELECT e.event_id, e.person_id, 'registered' AS step, e.registered_at AS touched_at,
        CASE WHEN g.kind = 'webinar' THEN 'webinar_reg' ELSE 'event_reg' END AS touch_type
    FROM clean.event_attendee e LEFT JOIN gathering g USING (event_id)
    WHERE e.registered_at < coalesce(e.checked_in_at, 'infinity')
    UNION ALL
    SELECT e.event_id, e.person_id, 'arrived', e.checked_in_at,
        CASE WHEN g.kind = 'webinar' THEN 'webinar_join' ELSE 'event_checkin' END
    FROM clean.event_attendee e LEFT JOIN gathering g USING (event_id)
    WHERE e.checked_in_at IS NOT NULL
"""
"""Who signed up and who came; who signs up at the door has touched once."""

_ENTERED = f"""
    SELECT DISTINCT d.event_id, d.person_id, d.step
    FROM attended d JOIN answer a ON a.person_id = d.person_id AND a.touch_type = d.touch_type
    WHERE a.event_id = d.event_id
        OR a.event_id IS NULL AND a.touched_at {_NEAR.format("d.touched_at")}
"""
"""Attendances that somebody entered as touches as well."""

_EVERYTHING = """
    SELECT r.* REPLACE (coalesce(r.channel_id, c.channel_id) AS channel_id),
        c.touch_id IS NOT NULL AS is_capture
    FROM recorded r LEFT JOIN (
        SELECT touch_id, min(channel_id) AS channel_id FROM captured GROUP BY touch_id
    ) c USING (touch_id)
    UNION ALL
    SELECT concat_ws(':', d.step, d.event_id, d.person_id), 'attendee', d.touched_at, d.person_id,
        NULL, NULL, d.touch_type, 'in', NULL, g.campaign_id, NULL, d.event_id, g.partner_id, NULL,
        NULL, false
    FROM attended d LEFT JOIN gathering g USING (event_id)
    ANTI JOIN entered e
        ON e.event_id = d.event_id AND e.person_id = d.person_id AND e.step = d.step
    UNION ALL
    SELECT concat_ws(':', 'captured', l.lead_id), 'capture', l.created_at, l.person_id,
        l.account_id, l.lead_id,
        CASE l.capture_type WHEN 'form' THEN 'form' WHEN 'inquiry' THEN 'form'
            WHEN 'download' THEN 'download' WHEN 'qr' THEN 'wecom_add'
            WHEN 'registration' THEN coalesce(g.kind, 'webinar') || '_reg' ELSE 'other' END,
        'in', l.channel_id, l.campaign_id, l.content_id, l.event_id, l.partner_id, l.keyword_id,
        NULL, true
    FROM clean.lead l LEFT JOIN gathering g USING (event_id)
    ANTI JOIN captured c ON c.lead_id = l.lead_id
"""

_PLACED = """
    SELECT x.* REPLACE (
        coalesce(h.kept_id, x.lead_id) AS lead_id,
        coalesce(p.merged_into_id, x.person_id, h.person_id) AS person_id,
        coalesce(aa.kept_id, x.account_id, h.account_id, pa.kept_id) AS account_id,
        coalesce(x.channel_id, own.channel_id, held.channel_id) AS channel_id)
    FROM everything x
    LEFT JOIN lead_home h ON h.lead_id = x.lead_id
    LEFT JOIN account_alias aa ON aa.account_id = x.account_id
    LEFT JOIN clean.person p ON p.person_id = x.person_id
    LEFT JOIN account_alias pa ON pa.account_id = p.account_id
    LEFT JOIN clean.campaign own ON own.campaign_id = x.campaign_id
    LEFT JOIN gathering g ON g.event_id = x.event_id
    LEFT JOIN clean.campaign held ON held.campaign_id = g.campaign_id
"""
"""Each with its lead, person, company and channel: its own, its campaign's, its event's."""

_NAMED = {
    "campaign": "campaign_name",
    "content": "title",
    "event": "event_name",
    "partner": "partner_name",
}
"""Tables whose rows are named; a name that several bear carries the id as well."""

_PARTS = {
    "gathering": _GATHERING,
    "recorded": _RECORDED,
    "answer": _ANSWER,
    "captured": _CAPTURED,
    "attended": _ATTENDED,
    "entered": _ENTERED,
    "everything": _EVERYTHING,
    "placed": _PLACED,
}


def create(con: duckdb.DuckDBPyConnection, no_origin: str) -> None:
    """Create the views in `con`, beside the tables `lead_journey`, `deal` and the aliases.

    `lead_home`, a row per capture: `lead_id`, `kept_id` (the lead it counts with), `person_id`,
    `account_id` (its own, its person's, or that of a deal that it became), `entity`.

    `touchpoint`, a row per touch: `touch_id` (recorded touches keep theirs), `recorded_as`
    (`touch`, `attendee`, `capture`), `is_capture` (it is the form by which a lead came),
    `touched_at` (naive UTC), `entity` (the company, else the person, else the lead, each with its
    kind before it so that no two collide), `account_id`, `person_id`, `lead_id` (the ones that
    count), `touch_type`, `direction` (`in`, `out`), `channel_id`, `channel`, `channel_group`,
    `source` (the channel, clicks on brand words apart), `campaign_id`, `campaign`, `content_id`,
    `content`, `event_id`, `event`, `partner_id`, `partner`, `keyword_id`, `keyword`,
    `word_class` and `program`. Names are never missing: a touch outside all events is called so.

    Args:
        con: Connection in whose search path all of these and the schema `clean` lie.
        no_origin: The name of a channel that nobody recorded.
    """
    parts = {**_PARTS, **{f"named_{table}": _names(table) for table in _NAMED}}
    several = ", ".join(f"{name} AS ({query})" for name, query in parts.items())
    names = ", ".join(
        f"t.{name}_id, CASE WHEN t.{name}_id IS NULL THEN '{OTHERS[name]}' "
        f"ELSE coalesce(n_{name}.name, t.{name}_id) END AS {name}"
        for name in _NAMED
    )
    joins = " ".join(
        f"LEFT JOIN named_{name} n_{name} ON n_{name}.id = t.{name}_id" for name in _NAMED
    )
    channel = (
        f"CASE WHEN t.channel_id IS NULL THEN '{no_origin}' "
        "ELSE coalesce(ch.channel_name, t.channel_id) END"
    )
    con.execute(LEAD_HOME)
    con.execute(
        f"""CREATE VIEW touchpoint AS WITH {several}
        SELECT t.touch_id, t.recorded_as, t.is_capture, t.touched_at,
            coalesce('account:' || t.account_id, 'person:' || t.person_id, 'lead:' || t.lead_id)
                AS entity,
            t.account_id, t.person_id, t.lead_id, t.touch_type, t.direction, t.channel_id,
            {channel} AS channel, ch.channel_group,
            {channel} || CASE WHEN k.word_class = 'brand' THEN ' · {BRAND}' ELSE '' END AS source,
            {names}, t.keyword_id, k.word_class,
            CASE WHEN t.keyword_id IS NULL THEN '{OTHERS["keyword"]}'
                ELSE coalesce(k.keyword, t.keyword_id) END AS keyword,
            coalesce(t.program, '{OTHERS["program"]}') AS program
        FROM placed t
        LEFT JOIN clean.channel ch ON ch.channel_id = t.channel_id
        LEFT JOIN clean.keyword k ON k.keyword_id = t.keyword_id
        {joins}"""
    )


def _names(table: str) -> str:
    """The id and a name of its own for each row of a table."""
    name = _NAMED[table]
    return (
        f"SELECT {table}_id AS id, {name} || CASE WHEN count(*) OVER (PARTITION BY {name}) > 1 "
        f"THEN ' (' || {table}_id || ')' ELSE '' END AS name FROM clean.{table}"
    )
