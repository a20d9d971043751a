"""A made-up company's leads and what was done for them, in a DuckDB file; always the same."""

from __future__ import annotations

from datetime import datetime

AS_OF = datetime(2026, 11, 2, 11)  # noqa: DTZ001 - naive, as in a Book
SINCE = "TIMESTAMP '2024-11-02 00:00:00'"
DAYS = 730
TOUCHES = 20
"""Per lead, of which one, on average, belongs to a nurture flow."""
ACTIVITIES = 3


def one_of(*values: str | int | None, salt: int) -> str:
    """An expression that gives row `i` one of the values."""
    shown = ", ".join("NULL" if value is None else repr(value) for value in values)
    return f"[{shown}][1 + (hash(i * 64 + {salt}) % {len(values)})::INT]"


def share(salt: int, row: str = "i") -> str:
    """An expression that gives a row a number from 0 to 1."""
    return f"(hash({row} * 64 + {salt}) % 1000003 / 1000003.0)"


def captured(leads: int, row: str = "i") -> str:
    """When a lead came: one after the other, to the minute."""
    return f"({SINCE} + to_minutes(({row} * {DAYS * 1440} // {leads})::BIGINT))"


def pooled(leads: int, row: str = "i") -> str:
    """When a lead came into the nurture pool."""
    return f"({captured(leads, row)} + to_seconds((hash({row} * 64 + 50) % 2000000)::BIGINT))"


LEAD = """
CREATE TABLE lead AS
SELECT 'L' || lpad(i::VARCHAR, 8, '0') AS lead_id, {captured} AS created_at,
  {seniority} AS "person.seniority", {size} AS "account.employee_band",
  {tier} AS "account.icp_tier", {region} AS "account.region", {need} AS "lead.need_clarity",
  {budget} AS "lead.budget_band", {group} AS "channel.channel_group",
  {consent} AS "person.consent_status", {capture} AS "lead.capture_type",
  {intent} AS "lead.intent_level", {industry} AS industry,
  'P' || lpad((hash(i * 64 + 12) % ({leads} * 9 // 10))::VARCHAR, 8, '0') AS person_id,
  'content ' || (hash(i * 64 + 13) % 50) AS viewed,
  (hash(i * 64 + 14) % 120)::BIGINT AS "score.points"
FROM range({leads}) AS numbers(i)
"""

TOUCH = """
CREATE TABLE touch AS
SELECT 'T' || lpad((row_number() OVER ())::VARCHAR, 9, '0') AS touch_id, *
FROM (
  SELECT 'L' || lpad(who::VARCHAR, 8, '0') AS lead_id,
    {captured} + to_seconds((pow({u}, 3) * 86400 * 180)::BIGINT) AS touched_at,
    CASE WHEN dice < 35 THEN 'page_view' WHEN dice < 55 THEN 'email_sent'
      WHEN dice < 65 THEN 'form' WHEN dice < 72 THEN 'ad_click' WHEN dice < 79 THEN 'thank_you'
      WHEN dice < 84 THEN 'wecom_add' WHEN dice < 89 THEN 'download'
      WHEN dice < 92 THEN 'pricing_view' WHEN dice < 95 THEN 'email_click'
      WHEN dice < 97 THEN 'webinar_join' WHEN dice < 98 THEN 'event_checkin'
      WHEN dice < 99 THEN 'demo' ELSE 'other' END AS touch_type,
    CASE WHEN dice BETWEEN 35 AND 54 OR dice BETWEEN 72 AND 83 THEN 'out' ELSE 'in' END
      AS direction,
    NULL::VARCHAR AS program
  FROM (SELECT i, hash(i * 64 + 20) % {leads} AS who, hash(i * 64 + 21) % 100 AS dice
    FROM range({free}) AS numbers(i))
  UNION ALL
  SELECT 'L' || lpad(i::VARCHAR, 8, '0'),
    {pooled}::DATE + INTERVAL 10 HOUR + to_days(day)
      + to_seconds((hash(i * 64 + day) % 20000)::BIGINT),
    'email_sent', 'out', 'nurture_137/d' || day
  FROM range({leads}) AS numbers(i), (VALUES (1), (3), (7)) AS steps(day)
  WHERE {in_pool} AND hash(i * 64 + 30 + day) % 6 < 5
)
ORDER BY touched_at, lead_id
"""

ACTIVITY = """
CREATE TABLE activity AS
SELECT 'A' || lpad(i::VARCHAR, 9, '0') AS activity_id,
  'L' || lpad(who::VARCHAR, 8, '0') AS lead_id,
  {captured} + to_seconds((pow({u}, 5) * 86400 * 60)::BIGINT) AS activity_at,
  'S' || lpad((hash(i * 64 + 42) % 40)::VARCHAR, 2, '0') AS staff_id,
  {method} AS method, {outcome} AS outcome, hash(i * 64 + 43) % 11 = 0 AS is_automatic
FROM (SELECT i, hash(i * 64 + 40) % {leads} AS who FROM range({activities}) AS numbers(i))
ORDER BY activity_at, lead_id
"""

SIGNAL = """
CREATE TABLE signal AS
SELECT 'L' || lpad(i::VARCHAR, 8, '0') AS entity, signal, "at", "at" AS known_at FROM (
  SELECT i, 'lead' AS signal, {captured} AS "at" FROM range({leads}) AS numbers(i)
  UNION ALL SELECT i, 'nurture', {pooled} FROM range({leads}) AS numbers(i) WHERE {in_pool}
  UNION ALL
  SELECT i, signal,
    {captured} + to_seconds((pow({u}, 2) * 86400 * 90)::BIGINT)
  FROM (SELECT n // 10 AS i, n, signal FROM range({leads} * 10) AS numbers(n)
    JOIN (VALUES (0, 'valid', 80), (1, 'connected', 70), (2, 'mql', 30), (3, 'sql', 10),
      (4, 'opportunity', 12), (5, 'won', 5), (6, 'lost', 6), (7, 'replied', 15),
      (8, 'invalid', 20), (9, 'unsubscribed', 3)) AS kinds(place, signal, percent)
    ON place = n % 10 WHERE hash(n * 64 + 51) % 100 < percent)
)
"""

STAFF = """
CREATE TABLE staff AS
SELECT 'S' || lpad(i::VARCHAR, 2, '0') AS staff_id, 'team ' || chr(65 + (i // 10)::INT) AS team
FROM range(40) AS numbers(i)
"""


def statements(leads: int) -> list[str]:
    """What makes the tables `lead`, `touch`, `activity`, `signal` and `staff`."""
    values = {
        "leads": leads,
        "captured": captured(leads),
        "pooled": pooled(leads),
        "in_pool": f"{share(45)} < 0.4",
        "seniority": one_of("c_level", "vp", "director", "manager", "staff", None, salt=1),
        "size": one_of("1-49", "50-199", "200-999", "1000+", None, salt=2),
        "tier": one_of("A", "B", "C", "none", None, salt=3),
        "region": one_of("east_china", "south_china", "north_china", "southwest", None, salt=4),
        "need": one_of(0, 1, 2, 3, None, salt=5),
        "budget": one_of("none", "under_100k", "100k-500k", "500k-2m", "over_2m", None, salt=6),
        "group": one_of("sem", "feed_ads", "referral", "event", "exhibition", "seo", salt=7),
        "consent": one_of("granted", "granted", "granted", "none", "withdrawn", salt=8),
        "capture": one_of("form", "inquiry", "download", "registration", "qr", "card", salt=9),
        "intent": one_of("high", "normal", "low", None, salt=10),
        "industry": one_of("finance", "retail", "manufacturing", "other", salt=11),
    }
    pool = {key: values[key] for key in ("leads", "pooled", "in_pool")}
    of_touch = {"free": leads * (TOUCHES - 1), "u": share(22)}
    of_activity = {
        "leads": leads,
        "activities": leads * ACTIVITIES,
        "u": share(41),
        "captured": captured(leads, "who"),
        "method": one_of("call", "call", "wecom", "email", "demo", salt=46),
        "outcome": one_of("connected", "no_answer", "no_answer", "refused", None, salt=47),
    }
    return [
        LEAD.format(**values),
        TOUCH.format(**pool, **of_touch, captured=captured(leads, "who")),
        ACTIVITY.format(**of_activity),
        SIGNAL.format(**pool, captured=captured(leads), u=share(52, "n")),
        STAFF,
    ]


def make(path: str, leads: int) -> None:
    """Write the file."""
    import duckdb

    with duckdb.connect(path) as con:
        con.execute("SET enable_progress_bar = false")
        for statement in statements(leads):
            con.execute(statement)
