"""The questions of `benchmarks.leads` in DuckDB's SQL, as somebody would write them for one table.

Every number of the default rules stands in the queries; nothing can be set.
"""

from __future__ import annotations

NOW = "TIMESTAMP '2026-11-02 11:00:00'"

# touch type, points, cap, half-life in days
BEHAVIOUR = (
    ("pricing_view", 10, 20, 30),
    ("demo", 15, 15, 60),
    ("webinar_join", 10, 20, 60),
    ("event_checkin", 10, 20, 60),
    ("download", 5, 15, 45),
    ("wecom_add", 5, 5, 90),
    ("email_click", 2, 6, 14),
    ("page_view", 1, 5, 14),
)


HALF_LIFE = " ".join(f"WHEN '{kind}' THEN {days}" for kind, _, _, days in BEHAVIOUR)
AGE = f"(epoch({NOW}) - epoch(touched_at)) / 86400.0"
CAPPED = " ".join(
    f"WHEN '{kind}' THEN floor(round(least(size * {points}, {cap}), 6) + 0.5)::BIGINT"
    for kind, points, cap, _ in BEHAVIOUR
)
KINDS = ", ".join(f"'{kind}'" for kind, *_ in BEHAVIOUR)

SCORE = f"""
WITH sized AS (
  SELECT lead_id, touch_type, sum(exp(-ln(2) / (CASE touch_type {HALF_LIFE} END) * {AGE})) AS size
  FROM touch WHERE touch_type IN ({KINDS}) AND touched_at <= {NOW} GROUP BY lead_id, touch_type
), earned AS (
  SELECT lead_id, sum(CASE touch_type {CAPPED} END)::BIGINT AS earned FROM sized GROUP BY lead_id
), scored AS (
  SELECT lead_id,
    CASE WHEN "person.seniority" IN ('c_level', 'vp') THEN 20
      WHEN "person.seniority" = 'director' THEN 15
      WHEN "person.seniority" = 'manager' THEN 10 ELSE 0 END
    + CASE "account.employee_band" WHEN '1000+' THEN 15 WHEN '200-999' THEN 10
      WHEN '50-199' THEN 5 ELSE 0 END
    + CASE "account.icp_tier" WHEN 'A' THEN 15 WHEN 'B' THEN 10 ELSE 0 END
    + CASE "lead.need_clarity" WHEN 3 THEN 15 WHEN 2 THEN 10 WHEN 1 THEN 5 ELSE 0 END
    + CASE WHEN "lead.budget_band" IN ('100k-500k', '500k-2m', 'over_2m') THEN 10
      WHEN "lead.budget_band" = 'under_100k' THEN 5 ELSE 0 END
    + CASE WHEN "channel.channel_group" IN ('referral', 'event', 'exhibition') THEN 5 ELSE 0 END
    + CASE WHEN "person.consent_status" = 'withdrawn' THEN -30 ELSE 0 END
    + coalesce(earned, 0) AS score
  FROM lead LEFT JOIN earned USING (lead_id)
)
SELECT lead_id, score,
  CASE WHEN score >= 80 THEN 'hot' WHEN score >= 50 THEN 'warm' ELSE 'cold' END AS band,
  score >= 60 AS is_mql
FROM scored ORDER BY lead_id
"""

# The three rules of `leads.ROUTING`: condition, name, team and how the condition reads.
ROUTES = (
    (
        """"account.region" = 'south_china' AND "score.points" > 80""",
        "South China, hot",
        "team A",
        "account.region is south_china and score.points is more than 80",
    ),
    (
        """"account.region" = 'east_china'""",
        "East China",
        "team B",
        "account.region is east_china",
    ),
    (
        """"lead.intent_level" = 'high'""",
        "high intent",
        "team C",
        "lead.intent_level is high",
    ),
)
PLACE = " ".join(f"WHEN {when} THEN {place}" for place, (when, *_) in enumerate(ROUTES))


def by_place(part: int, other: str) -> str:
    """A word for each rule."""
    words = " ".join(f"WHEN {i} THEN '{route[part]}'" for i, route in enumerate(ROUTES))
    return f"CASE place {words} ELSE '{other}' END"


MATCHES = f"""
SELECT lead_id, created_at, CASE {PLACE} ELSE -1 END::BIGINT AS place
FROM lead ORDER BY created_at, lead_id
"""

ASSIGN = f"""
WITH placed AS ({MATCHES}),
ruled AS (
  SELECT *, (created_at + INTERVAL 8 HOUR)::DATE AS on_day,
    {by_place(1, "fallback")} AS rule, {by_place(2, "team D")} AS team,
    {by_place(3, "no rule holds")} AS words
  FROM placed
), turned AS (
  SELECT *,
    (row_number() OVER (PARTITION BY team ORDER BY created_at, lead_id) - 1) % people AS turn
  FROM ruled JOIN (SELECT team, count(*) AS people FROM staff GROUP BY team) USING (team)
)
SELECT lead_id, created_at, next_workday AS day, rule, t.team, staff_id AS owner,
  words || ', so ' || t.team AS reason
FROM turned t
JOIN workday ON workday.day = on_day
JOIN (SELECT team, staff_id, row_number() OVER (PARTITION BY team ORDER BY staff_id) - 1 AS turn
  FROM staff) s ON s.team = t.team AND s.turn = t.turn
ORDER BY created_at, lead_id
"""

WEBSITE = "\"lead.capture_type\" IN ('form', 'inquiry', 'download')"
ANSWER = "CASE WHEN \"lead.intent_level\" = 'high' THEN 2.0 ELSE 24.0 END"

# step, where it is owed, hours, the columns of when and by whom
STEPS = (
    ("response", "true", ANSWER, "answered_at", "answered_by"),
    ("e-mail", WEBSITE, "0.25", "mailed_at", "NULL"),
    ("WeCom", WEBSITE, "2.0", "wecom_at", "NULL"),
    ("SDR call", WEBSITE, ANSWER, "called_at", "called_by"),
)


def long(step: str, when: str, hours: str, done_at: str, done_by: str) -> str:
    """The rows of one step."""
    return (
        f"SELECT lead_id, '{step}' AS step, {hours}::DOUBLE AS limit_hours, created_at, "
        f"{done_at} AS done_at, {done_by} AS done_by FROM seen WHERE {when}"
    )


CLOCKS = f"""
WITH answered AS (
  SELECT lead_id, min(activity_at) AS answered_at,
    first(staff_id ORDER BY activity_at, activity_id) AS answered_by,
    min(activity_at) FILTER (method = 'call') AS called_at,
    first(staff_id ORDER BY activity_at, activity_id) FILTER (method = 'call') AS called_by
  FROM activity JOIN lead USING (lead_id)
  WHERE NOT is_automatic AND activity_at BETWEEN created_at AND {NOW} GROUP BY lead_id
), wrote AS (
  SELECT lead_id, activity_at AS moment, method AS kind FROM activity
  WHERE method IN ('email', 'wecom') AND activity_at <= {NOW}
  UNION ALL
  SELECT lead_id, touched_at, touch_type FROM touch
  WHERE direction = 'out' AND touch_type IN ('email_sent', 'thank_you', 'wecom_add')
    AND touched_at <= {NOW}
), written AS (
  SELECT lead_id,
    min(moment) FILTER (kind IN ('email', 'email_sent', 'thank_you')) AS mailed_at,
    min(moment) FILTER (kind IN ('wecom', 'wecom_add')) AS wecom_at
  FROM wrote JOIN lead USING (lead_id) WHERE moment >= created_at GROUP BY lead_id
), seen AS (
  SELECT * FROM lead LEFT JOIN answered USING (lead_id) LEFT JOIN written USING (lead_id)
  WHERE created_at <= {NOW}
), owed AS ({" UNION ALL ".join(long(*step) for step in STEPS)}),
timed AS (
  SELECT *, (epoch(coalesce(done_at, {NOW})) - epoch(created_at)) / 3600.0 AS waited_hours FROM owed
)
SELECT lead_id, 1::BIGINT AS clock, step, limit_hours, created_at AS opened_at,
  created_at AS started_at, created_at + to_seconds((limit_hours * 3600)::BIGINT) AS due_at,
  done_at, done_by,
  CASE WHEN done_at IS NOT NULL AND waited_hours <= limit_hours THEN 'met'
    WHEN done_at IS NOT NULL THEN 'late'
    WHEN waited_hours <= limit_hours THEN 'pending' ELSE 'overdue' END AS state,
  CASE WHEN done_at IS NOT NULL THEN waited_hours END AS hours, waited_hours,
  hour(created_at + INTERVAL 8 HOUR) AS hour,
  isodow(created_at + INTERVAL 8 HOUR) - 1 AS weekday
FROM timed
"""

SUMMARY = f"""
SELECT step, count(*) AS owed, count(*) FILTER (state = 'met') AS met,
  count(*) FILTER (state = 'late') AS late, count(*) FILTER (state = 'overdue') AS overdue,
  count(*) FILTER (state = 'pending') AS pending, count(hours) AS answered,
  quantile_cont(hours, 0.5) AS median_hours, quantile_cont(hours, 0.9) AS p90_hours
FROM ({CLOCKS}) GROUP BY step ORDER BY step
"""

EXITS = "('mql', 'sql', 'opportunity', 'won', 'invalid', 'unsubscribed', 'replied')"
DAYS = (1, 3, 7)
OWN = ", ".join(
    f"min(sent) FILTER (program = 'nurture_137/d{day}' "
    f"AND sent < least(morning + INTERVAL {day + 7} DAY, until)) AS done_{day}"
    for day in DAYS
)

# One row per lead in the pool: since when, what ended it, when each message went out.
POOL = f"""
WITH entered AS (
  SELECT entity, min("at") AS start FROM signal WHERE signal = 'nurture' AND known_at <= {NOW}
  GROUP BY entity HAVING start <= {NOW}
), gone AS (
  SELECT entity, arg_min(signal, (greatest("at", start), signal)) AS signal,
    min(greatest("at", start)) AS exit_at
  FROM signal JOIN entered USING (entity)
  WHERE signal IN {EXITS} AND "at" <= {NOW} AND known_at <= {NOW}
    AND ("at" >= start OR signal = 'unsubscribed') GROUP BY entity
), timed AS (
  SELECT entity, start, date_trunc('day', start) + INTERVAL 10 HOUR AS morning, signal, exit_at,
    least(coalesce(exit_at, {NOW} + INTERVAL 99 DAY), start + INTERVAL 30 DAY) AS until
  FROM entered LEFT JOIN gone USING (entity)
), own AS (
  SELECT entity, {OWN} FROM timed
  JOIN (SELECT lead_id AS entity, touched_at AS sent, program FROM touch
    WHERE direction = 'out' AND touch_type <> 'thank_you'
      AND program IN ('nurture_137/d1', 'nurture_137/d3', 'nurture_137/d7')
      AND touched_at <= {NOW}) AS mail USING (entity)
  WHERE sent >= start GROUP BY entity
), settled AS (
  SELECT *, least(done_7, morning + INTERVAL 14 DAY) AS s7,
    least(done_3, done_7, morning + INTERVAL 10 DAY) AS s3,
    least(done_1, done_3, done_7, morning + INTERVAL 8 DAY) AS s1
  FROM timed LEFT JOIN own USING (entity)
), judged AS (
  SELECT *, CASE WHEN until <= {NOW} THEN until ELSE {NOW} + INTERVAL 99 DAY END AS end_at,
    greatest(s1, s3, s7) AS completed FROM settled
), pool AS (
  SELECT *, CASE WHEN end_at <= least(completed, {NOW}) THEN 'exited'
      WHEN completed <= {NOW} THEN 'completed' ELSE 'active' END AS status,
    CASE WHEN end_at <= least(completed, {NOW})
      THEN CASE WHEN exit_at = until THEN signal ELSE 'time is up' END END AS why
  FROM judged
)
"""

COUNTS = f"""
{POOL} SELECT 'nurture_137' AS flow, status, why, count(*) AS n FROM pool
GROUP BY ALL ORDER BY flow, status, why NULLS LAST
"""

MIDNIGHT = "TIMESTAMP '2026-11-02'"

DUE = f"""
{POOL}, coming AS (
  SELECT entity, start,
    CASE WHEN s1 > {NOW} THEN 1 WHEN s3 > {NOW} THEN 3 ELSE 7 END AS day, morning
  FROM pool WHERE status = 'active'
), named AS (
  SELECT coming.entity, person_id AS contact, start, day,
    morning + to_days(day) AS due_at,
    CASE WHEN "person.consent_status" = 'granted' THEN 'email' END AS channel,
    CASE WHEN day = 1 AND industry = 'finance' THEN 'white paper on solutions for finance'
      WHEN day = 1 THEN 'industry report' WHEN day = 3 THEN 'invitation to an online salon'
      ELSE 'success case' END AS content,
    CASE WHEN day = 1 AND "channel.channel_group" IN ('sem', 'feed_ads')
      THEN 'You had a look at ' || viewed || ' with us.' END AS opening
  FROM coming JOIN lead ON lead.lead_id = coming.entity
), turned AS (
  SELECT *, row_number() OVER (PARTITION BY contact, due_at <= {NOW} AND channel IS NOT NULL
    ORDER BY due_at, entity, start) AS turn
  FROM named
), sent AS (
  SELECT person_id AS contact, touched_at::DATE AS on_day
  FROM touch JOIN lead USING (lead_id)
  WHERE direction = 'out' AND touch_type <> 'thank_you'
    AND touched_at BETWEEN {MIDNIGHT} - INTERVAL 6 DAY AND {NOW}
), recent AS (
  SELECT contact, count(*) AS in_week, count(*) FILTER (on_day = {MIDNIGHT}::DATE) AS today,
    list(on_day ORDER BY on_day) AS days
  FROM sent GROUP BY contact
), held AS (
  SELECT *, coalesce(in_week, 0) + turn - 3 AS over,
    CASE WHEN due_at > {NOW} THEN NULL WHEN channel IS NULL THEN 'consent'
      WHEN coalesce(in_week, 0) + turn > 3 THEN 'per_week'
      WHEN coalesce(today, 0) + turn > 1 THEN 'per_day' END AS blocked_by
  FROM turned LEFT JOIN recent USING (contact)
)
SELECT 'nurture_137' AS flow, entity, contact, start AS started_at,
  'nurture_137/d' || day AS program, due_at, NULL::TIMESTAMP AS deadline_at, channel, content,
  NULL::VARCHAR AS template, opening,
  CASE WHEN due_at > {NOW} THEN 'planned' WHEN blocked_by IS NULL THEN 'due' ELSE 'blocked' END
    AS action,
  blocked_by,
  CASE blocked_by
    WHEN 'per_week' THEN coalesce(days[over] + 7, {MIDNIGHT}::DATE + 7) + INTERVAL 9 HOUR
    WHEN 'per_day' THEN {MIDNIGHT} + INTERVAL 33 HOUR END AS free_at
FROM held WHERE due_at <= {NOW} + INTERVAL 7 DAY
ORDER BY CASE action WHEN 'due' THEN 0 WHEN 'blocked' THEN 1 ELSE 2 END, due_at, flow, entity, start
"""
