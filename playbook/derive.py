"""The derived tables of a Book: leads followed to the deal, deals in one currency, cost by day.

Everything runs in the engine, over the schema `clean` that the checks filled; a table that was
not supplied is empty there, so that the same statements hold for any input.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook import conditions, touchpoint
from playbook.worktime import HOUR, worktime

if TYPE_CHECKING:
    from datetime import date, datetime

    import duckdb
    import ibis.expr.types as ir

    from playbook.data.rules import Rules

NO_ORIGIN = "no origin"
"""Name shown for leads whose channel is empty, apart from a recorded "unknown"."""

LEAD_ALIAS = """
CREATE TABLE lead_alias AS
WITH RECURSIVE chain(lead_id, kept_id, depth) AS (
    SELECT lead_id, merged_into_lead_id, 1 FROM clean.lead WHERE merged_into_lead_id IS NOT NULL
    UNION ALL
    SELECT c.lead_id, l.merged_into_lead_id, depth + 1
    FROM chain c JOIN clean.lead l ON l.lead_id = c.kept_id
    WHERE l.merged_into_lead_id IS NOT NULL AND depth < 16
), last_link AS (
    SELECT c.lead_id, max(c.kept_id) AS kept_id
    FROM chain c JOIN clean.lead k ON k.lead_id = c.kept_id AND k.merged_into_lead_id IS NULL
    GROUP BY c.lead_id
)
SELECT l.lead_id, coalesce(m.kept_id, l.lead_id) AS kept_id
FROM clean.lead l LEFT JOIN last_link m USING (lead_id)
"""
"""Where each capture counts: duplicates count with the lead they were merged into."""

ACCOUNT_ALIAS = """
CREATE TABLE account_alias AS
SELECT account_id, coalesce(merged_into_id, account_id) AS kept_id FROM clean.account
"""

RATE_TO_REPORT = """
CREATE MACRO report_rate(code, rate, home) AS
    CASE WHEN code IS NULL OR code = home THEN 1 ELSE rate END
"""

DEAL = """
CREATE TABLE deal AS
WITH lead_of_account AS (
    SELECT aa.kept_id AS account_id, l.created_at, max(l.lead_id) AS lead_id
    FROM clean.lead l JOIN account_alias aa USING (account_id)
    WHERE l.merged_into_lead_id IS NULL
    GROUP BY ALL
), priced AS (
    SELECT o.*, coalesce(aa.kept_id, o.account_id) AS customer_id,
        report_rate(o.currency, opened.rate, $currency) AS rate_opened,
        report_rate(o.currency, closed.rate, $currency) AS rate_closed
    FROM clean.opportunity o
    LEFT JOIN account_alias aa ON aa.account_id = o.account_id
    ASOF LEFT JOIN clean.fx_rate opened
        ON opened.currency = o.currency AND opened.date <= o.created_at::DATE
    ASOF LEFT JOIN clean.fx_rate closed
        ON closed.currency = o.currency AND closed.date <= o.closed_at::DATE
)
SELECT p.opportunity_id,
    p.customer_id AS account_id,
    coalesce(la.kept_id, CASE WHEN coalesce(p.deal_type, 'new') = 'new' THEN earlier.lead_id END)
        AS lead_id,
    p.lead_id IS NULL AND earlier.lead_id IS NOT NULL AS lead_by_account,
    p.created_at, p.partner_id, p.owner_id, coalesce(p.deal_type, 'new') AS deal_type, p.product,
    p.stage, p.expected_close_on, p.closed_at, p.is_won, p.lost_reason, p.competitor,
    p.contract_end_on,
    (p.amount * p.rate_opened)::DECIMAL(18,2) AS amount,
    CASE WHEN p.is_won THEN (coalesce(p.won_amount, p.amount) * p.rate_closed)::DECIMAL(18,2) END
        AS won_amount,
    p.closed_at IS NULL AS is_open
FROM priced p
LEFT JOIN lead_alias la ON la.lead_id = p.lead_id
ASOF LEFT JOIN lead_of_account earlier
    ON earlier.account_id = p.customer_id AND earlier.created_at <= p.created_at
"""
"""Opportunities in report currency, each with the lead it belongs to.

It belongs to its own lead, else a new deal belongs to the account's latest earlier lead.
"""

LEAD_FACTS = """
CREATE {what} AS
SELECT {columns}
FROM clean.lead lead
LEFT JOIN account_alias aa ON aa.account_id = lead.account_id
LEFT JOIN clean.account account ON account.account_id = coalesce(aa.kept_id, lead.account_id)
LEFT JOIN clean.person person ON person.person_id = lead.person_id
LEFT JOIN clean.channel channel ON channel.channel_id = lead.channel_id
LEFT JOIN clean.campaign campaign ON campaign.campaign_id = lead.campaign_id
LEFT JOIN clean.content content ON content.content_id = lead.content_id
LEFT JOIN clean.event event ON event.event_id = lead.event_id
LEFT JOIN clean.partner partner ON partner.partner_id = lead.partner_id
LEFT JOIN clean.keyword keyword ON keyword.keyword_id = lead.keyword_id
{more}
"""
"""Every field that a condition on a lead may name, as a column `table.column`."""

FACTS_OF = (
    "lead", "account", "person", "channel", "campaign", "content", "event", "partner", "keyword",
)  # fmt: skip
"""Tables whose columns a condition on a lead may name."""

LEAD_JOURNEY = """
CREATE TABLE lead_journey AS
WITH stages AS (
    SELECT a.kept_id AS lead_id,
        min(s.entered_at) FILTER (s.stage = 'valid') AS valid_at,
        min(s.entered_at) FILTER (s.stage = 'mql') AS mql_at,
        min(s.entered_at) FILTER (s.stage = 'sql') AS sql_at,
        min(s.entered_at) FILTER (s.stage = 'nurture') AS nurture_at,
        min(s.entered_at) FILTER (s.stage = 'invalid') AS invalid_at,
        min(s.entered_at) FILTER (s.stage = 'opportunity') AS opportunity_at,
        min(s.entered_at) FILTER (s.stage = 'won') AS won_at,
        min(s.entered_at) FILTER (s.stage = 'lost') AS lost_at,
        arg_min(s.reason_code, (s.entered_at, s.stage_event_id))
            FILTER (s.reason_code IS NOT NULL) AS reason_code
    FROM clean.stage_event s JOIN lead_alias a USING (lead_id)
    GROUP BY a.kept_id
), replies AS (
    SELECT a.kept_id AS lead_id, min(v.activity_at) AS first_response_at,
        arg_min(v.staff_id, (v.activity_at, v.activity_id)) AS first_response_by,
        count(*) AS human_activities
    FROM clean.activity v
    JOIN lead_alias a USING (lead_id)
    JOIN clean.lead l ON l.lead_id = a.kept_id
    WHERE NOT coalesce(v.is_automatic, false) AND v.activity_at >= l.created_at
    GROUP BY a.kept_id
), deal_stages AS (
    SELECT d.lead_id,
        min(s.entered_at) FILTER (s.stage = 'poc') AS poc_at,
        min(s.entered_at) FILTER (s.stage = 'quote') AS quote_at,
        min(s.entered_at) FILTER (s.stage = 'contract') AS contract_at
    FROM clean.stage_event s JOIN deal d USING (opportunity_id)
    WHERE d.lead_id IS NOT NULL GROUP BY d.lead_id
), deals AS (
    SELECT lead_id, min(created_at) AS opportunity_at, sum(amount) AS amount,
        min(closed_at) FILTER (is_won) AS won_at,
        min(closed_at) FILTER (NOT is_won) AS lost_at,
        sum(won_amount) AS won_amount,
        arg_min(lost_reason, (closed_at, opportunity_id)) FILTER (lost_reason IS NOT NULL)
            AS lost_reason
    FROM deal WHERE lead_id IS NOT NULL GROUP BY lead_id
), captures AS (
    SELECT kept_id AS lead_id, count(*) AS captures FROM lead_alias GROUP BY kept_id
)
SELECT l.lead_id, l.created_at, c.captures,
    coalesce(aa.kept_id, l.account_id) AS account_id, l.person_id,
    l.channel_id,
    CASE WHEN l.channel_id IS NULL THEN $no_origin
        ELSE coalesce(ch.channel_name, l.channel_id) END AS channel,
    ch.channel_group, l.campaign_id, l.content_id, l.event_id, l.partner_id, l.keyword_id,
    acc.account_name, acc.industry, acc.employee_band, acc.region, x.icp_tier,
    list_contains($icp_fit, x.icp_tier) AS icp_fit,
    p.job_title, p.seniority,
    l.capture_type, l.need_type, l.need_clarity, l.budget_band, l.project_stage, l.intent_level,
    l.contact_valid, l.status, l.invalid_reason,
    CASE WHEN $valid_recorded AND s.invalid_at IS NOT NULL THEN false ELSE x.is_valid END
        AS is_valid,
    l.owner_id, coalesce(st.name, l.owner_id) AS owner, st.team, l.assigned_at,
    CASE WHEN x.is_valid THEN coalesce(s.valid_at, l.created_at) ELSE s.valid_at END AS valid_at,
    CASE WHEN $mql_recorded THEN s.mql_at WHEN x.mql_by_rule THEN l.created_at END AS mql_at,
    CASE WHEN $sql_recorded THEN s.sql_at
        WHEN x.sql_by_rule THEN coalesce(s.mql_at, l.created_at) END AS sql_at,
    s.mql_at AS mql_recorded_at, s.sql_at AS sql_recorded_at, x.mql_by_rule, x.sql_by_rule,
    s.nurture_at, s.invalid_at,
    coalesce(d.opportunity_at, s.opportunity_at) AS opportunity_at,
    ds.poc_at, ds.quote_at, ds.contract_at,
    CASE WHEN d.lead_id IS NULL THEN s.won_at ELSE d.won_at END AS won_at,
    CASE WHEN d.lead_id IS NULL THEN s.lost_at ELSE d.lost_at END AS lost_at,
    s.reason_code, d.lost_reason, d.amount, d.won_amount,
    r.first_response_at, r.first_response_by, coalesce(r.human_activities, 0) AS human_activities,
    epoch(r.first_response_at - l.created_at) / 3600.0 AS response_hours,
    CASE WHEN x.high_intent THEN $high_hours ELSE $normal_hours END AS sla_hours,
    CASE WHEN $from_assigned THEN coalesce(l.assigned_at, l.created_at) ELSE l.created_at END
        AS sla_from,
    epoch(CASE WHEN d.lead_id IS NULL THEN s.won_at ELSE d.won_at END - l.created_at) / 86400.0
        AS days_to_won
FROM clean.lead l
JOIN captures c ON c.lead_id = l.lead_id
JOIN lead_standard x ON x.lead_id = l.lead_id
LEFT JOIN stages s ON s.lead_id = l.lead_id
LEFT JOIN replies r ON r.lead_id = l.lead_id
LEFT JOIN deals d ON d.lead_id = l.lead_id
LEFT JOIN deal_stages ds ON ds.lead_id = l.lead_id
LEFT JOIN clean.channel ch ON ch.channel_id = l.channel_id
LEFT JOIN account_alias aa ON aa.account_id = l.account_id
LEFT JOIN clean.account acc ON acc.account_id = coalesce(aa.kept_id, l.account_id)
LEFT JOIN clean.person p ON p.person_id = l.person_id
LEFT JOIN clean.staff st ON st.staff_id = l.owner_id
ORDER BY l.created_at, l.lead_id
"""
"""One row per lead, duplicates folded in: origin, customer, every stage's first entry, money."""

RESPONSE_CLOCK = """
CREATE TEMP TABLE response_clock AS
SELECT lead_id,
    epoch(coalesce(first_response_at, $as_of) - sla_from) / 3600.0 AS hours_taken
FROM lead_journey
"""
RESPONSE_STATE = """
ALTER TABLE lead_journey ADD COLUMN sla_hours_taken DOUBLE;
ALTER TABLE lead_journey ADD COLUMN response_met BOOLEAN;
UPDATE lead_journey SET sla_hours_taken = hours_taken, response_met = CASE
    WHEN hours_taken > sla_hours THEN false WHEN first_response_at IS NOT NULL THEN true END
FROM response_clock c WHERE c.lead_id = lead_journey.lead_id
    AND EXISTS (SELECT 1 FROM clean.activity)
"""
"""In time, late, or not yet due (null), on the SLA's own clock; null without activities."""

FUNNEL_EVENT = """
CREATE TABLE funnel_event AS
SELECT lead_id, stage, entered_at FROM (
    UNPIVOT (SELECT lead_id, created_at AS lead, valid_at AS valid, mql_at AS mql, sql_at AS sql,
                opportunity_at AS opportunity, poc_at AS poc, quote_at AS quote,
                contract_at AS contract, won_at AS won, lost_at AS lost, invalid_at AS invalid
            FROM lead_journey)
    ON lead, valid, mql, sql, opportunity, poc, quote, contract, won, lost, invalid
    INTO NAME stage VALUE entered_at
) ORDER BY lead_id, entered_at, stage
"""
"""First entries of the funnel's stages and of the two that end it, one row each."""

COST_BY_DAY = """
CREATE TABLE cost_by_day AS
WITH advertised AS (
    SELECT DISTINCT campaign_id, date_trunc('month', date) AS month
    FROM clean.ad_daily WHERE campaign_id IS NOT NULL AND cost > 0
), other AS (
    SELECT s.spend_date AS date, 'spend' AS source, s.cost_type,
        coalesce(s.channel_id, cs.channel_id, ce.channel_id) AS channel_id,
        s.campaign_id, s.event_id, s.partner_id, s.content_id, s.currency, s.amount
    FROM clean.spend s
    LEFT JOIN clean.campaign cs ON cs.campaign_id = s.campaign_id
    LEFT JOIN clean.event e ON e.event_id = s.event_id
    LEFT JOIN clean.campaign ce ON ce.campaign_id = e.campaign_id
    LEFT JOIN advertised a
        ON a.campaign_id = s.campaign_id AND a.month = date_trunc('month', s.spend_date)
    WHERE NOT (coalesce(s.cost_type, '') = 'media' AND a.campaign_id IS NOT NULL)
), media AS (
    SELECT d.date, 'ad' AS source, 'media' AS cost_type, c.channel_id, d.campaign_id,
        NULL::VARCHAR AS event_id, NULL::VARCHAR AS partner_id, NULL::VARCHAR AS content_id,
        d.currency, sum(d.cost) AS amount
    FROM clean.ad_daily d LEFT JOIN clean.campaign c USING (campaign_id)
    GROUP BY ALL
), everything AS (SELECT * FROM other UNION ALL SELECT * FROM media)
SELECT x.date, x.source, x.cost_type, x.channel_id, ch.channel_name AS channel,
    ch.channel_group, x.campaign_id, x.event_id, x.partner_id, x.content_id,
    sum((x.amount * report_rate(x.currency, fx.rate, $currency))::DECIMAL(18,2)) AS cost
FROM everything x
LEFT JOIN clean.channel ch ON ch.channel_id = x.channel_id
ASOF LEFT JOIN clean.fx_rate fx ON fx.currency = x.currency AND fx.date <= x.date
WHERE x.date IS NOT NULL
GROUP BY ALL
ORDER BY ALL
"""
"""All cost in report currency; media of a campaign's month comes from ad_daily where it has any."""


CASH = """
CREATE TABLE cash AS
SELECT p.payment_id, p.opportunity_id, p.booked_on, p.kind,
    (CASE WHEN p.kind = 'refund' THEN -abs(p.amount) ELSE p.amount END
        * report_rate(p.currency, fx.rate, $currency))::DECIMAL(18,2) AS amount
FROM clean.payment p
ASOF LEFT JOIN clean.fx_rate fx ON fx.currency = p.currency AND fx.date <= p.booked_on
ORDER BY p.booked_on, p.payment_id
"""
"""Contracts, receipts and refunds (negative) in report currency."""


def derive(con: duckdb.DuckDBPyConnection, rules: Rules, as_of: datetime) -> dict[str, str]:
    """Build the derived tables beside the clean ones.

    Args:
        con: Connection whose schema `clean` holds the checked tables.
        rules: Standards, response clocks, calendar and report currency come from here.
        as_of: Naive UTC moment up to which things are known.

    Returns:
        Where valid, MQL, SQL and ICP come from: `recorded` or `rule`, by name.
    """
    currency = {"currency": rules.company.currency}
    con.execute(LEAD_ALIAS)
    con.execute(ACCOUNT_ALIAS)
    con.execute(RATE_TO_REPORT)
    con.execute(DEAL, currency)
    deciders = _deciders(con, rules)
    _standards(con, rules, deciders)
    con.execute(
        LEAD_JOURNEY,
        {
            "no_origin": NO_ORIGIN,
            "high_hours": rules.sla.high_intent_hours,
            "normal_hours": rules.sla.normal_hours,
            "icp_fit": list(rules.icp.fit),
            "from_assigned": rules.sla.from_ == "assigned",
            **{f"{k}_recorded": deciders[k] == "recorded" for k in ("valid", "mql", "sql")},
        },
    )
    _facts(con, "VIEW lead_facts", of_journey=True)
    _response(con, rules, as_of)
    con.execute(FUNNEL_EVENT)
    con.execute(COST_BY_DAY, currency)
    con.execute(CASH, currency)
    touchpoint.create(con, NO_ORIGIN)
    return deciders


_RECORDED = {
    "valid": "SELECT 1 FROM clean.lead WHERE contact_valid IS NOT NULL",
    "mql": "SELECT 1 FROM clean.stage_event WHERE stage = 'mql'",
    "sql": "SELECT 1 FROM clean.stage_event WHERE stage = 'sql'",
    "icp": "SELECT 1 FROM clean.account WHERE icp_tier IS NOT NULL",
}
"""What shows that a standard was recorded by the CRM."""


def _deciders(con: duckdb.DuckDBPyConnection, rules: Rules) -> dict[str, str]:
    """For each standard, what decides: the record where there is any, else the rule."""
    chosen: dict[str, str] = {}
    for name, query in _RECORDED.items():
        source = getattr(rules, name).source
        if source == "auto":
            source = "recorded" if con.execute(f"{query} LIMIT 1").fetchone() else "rule"
        chosen[name] = source
    return chosen


def _standards(con: duckdb.DuckDBPyConnection, rules: Rules, deciders: dict[str, str]) -> None:
    """What the rules say of every lead: ICP tier, valid, MQL, SQL, high intent; null is unknown."""
    import ibis

    _facts(con, "TEMP VIEW lead_field")
    facts = ibis.duckdb.from_connection(con).table("lead_field")
    tier = _icp_tier(rules, facts) if deciders["icp"] == "rule" else facts["account.icp_tier"]
    facts = facts.mutate(**{"account.icp_tier": tier})

    def test(condition: conditions.Condition) -> ir.BooleanValue:
        return conditions.holds(condition, lambda field: facts[field])

    invalid = facts["lead.invalid_reason"].notnull()
    recorded = ibis.ifelse(invalid, ibis.literal(value=False), facts["lead.contact_valid"])
    valid = recorded if deciders["valid"] == "recorded" else test(rules.valid.when)
    table = facts.select(
        lead_id=facts["lead.lead_id"],
        icp_tier=facts["account.icp_tier"],
        is_valid=valid,
        mql_by_rule=test(rules.mql.when),
        sql_by_rule=test(rules.sql.when),
        high_intent=test(rules.sla.high_intent),
    )
    con.execute(f"CREATE TEMP TABLE lead_standard AS {ibis.to_sql(table, dialect='duckdb')}")


def _facts(con: duckdb.DuckDBPyConnection, what: str, *, of_journey: bool = False) -> None:
    """The fields that conditions read; `of_journey`: of the leads that count, with their tier."""
    from playbook.data import schema

    fields = {
        f"{table}.{column}": f'{table}."{column}"'
        for table in FACTS_OF
        for column in schema.TABLES[table].column_names
    }
    if of_journey:
        fields = {"lead_id": "j.lead_id", **fields, "account.icp_tier": "j.icp_tier"}
    columns = ", ".join(f'{value} AS "{name}"' for name, value in fields.items())
    more = "JOIN lead_journey j ON j.lead_id = lead.lead_id" if of_journey else ""
    con.execute(LEAD_FACTS.format(what=what, columns=columns, more=more))


def _icp_tier(rules: Rules, facts: ir.Table) -> ir.Value:
    """The first tier whose condition holds; `none` where tiers are declared and none holds."""
    import ibis

    pairs = rules.icp.tiers.as_pairs()
    if not pairs:
        return ibis.null("string")
    branches = [
        (conditions.holds(condition, lambda field: facts[field]), tier) for tier, condition in pairs
    ]
    return ibis.cases(*branches, else_="none")


def own_days(con: duckdb.DuckDBPyConnection) -> dict[date, bool]:
    """The days that the company's table `calendar` says are worked or not."""
    query = "SELECT date, is_workday FROM clean.calendar WHERE is_workday IS NOT NULL"
    return dict(con.execute(query).fetchall())


def _response(con: duckdb.DuckDBPyConnection, rules: Rules, as_of: datetime) -> None:
    """Whether each lead was answered in time, on the clock that the SLA names."""
    if rules.sla.clock == "business":
        _in_office_hours(con, rules, as_of)
    else:
        con.execute(RESPONSE_CLOCK, {"as_of": as_of})
    for statement in RESPONSE_STATE.split(";"):
        con.execute(statement)


def _in_office_hours(con: duckdb.DuckDBPyConnection, rules: Rules, as_of: datetime) -> None:
    """Table `response_clock` in office hours."""
    import ibis

    (first,) = con.execute("SELECT min(sla_from) FROM lead_journey").fetchone() or (None,)
    workdays = rules.workdays.but(own_days(con))
    office = worktime(workdays, rules.company.report_zone, min(first or as_of, as_of), as_of)
    backend = ibis.duckdb.from_connection(con)
    journey = backend.table("lead_journey")
    known = journey.first_response_at.coalesce(ibis.literal(as_of, "timestamp"))
    rows = journey.select("lead_id", "sla_from", until_at=known)
    rows = office.worked(office.worked(rows, "sla_from", "since"), "until_at", "until")
    taken = (rows["until"] - rows["since"]) / float(HOUR)
    backend.create_table("response_clock", rows.select("lead_id", hours_taken=taken), temp=True)
