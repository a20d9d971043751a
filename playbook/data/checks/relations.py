"""What must hold between rows: the order of stages, money and its currency, who belongs where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from playbook.data.checks.problems import Kind
from playbook.data.checks.times import to_local

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from playbook.data.rules import Rules


@dataclass(frozen=True, slots=True)
class Relation:
    """A condition over several tables.

    Attributes:
        kind: The problem.
        needs: Columns without which it cannot be asked, as `table.column`.
        either: At least one of these must be there too.
        sql: Query of the rows that break it: `_file`, `_row`, `value`.
    """

    kind: Kind
    needs: tuple[str, ...]
    sql: str
    either: tuple[str, ...] = ()

    def can(self, supplied: Mapping[str, set[str]]) -> bool:
        """Whether the data has what it needs."""

        def has(need: str) -> bool:
            table, column = need.split(".")
            return column in supplied.get(table, set())

        return all(map(has, self.needs)) and (not self.either or any(map(has, self.either)))


def relations(rules: Rules) -> Iterator[Relation]:
    """Every relation, in the order of reporting."""
    yield from _order(rules.company.report_zone)
    yield from _wins()
    yield _media_twice()
    for table, amount, day in _MONEY:
        yield from _currency(table, amount, day, rules.company.currency)
    yield _without_account()


_STEPS = """
    WITH steps AS (
        SELECT lead_id, stage, CASE stage WHEN 'mql' THEN 1 ELSE 2 END AS place,
            min(entered_at) AS moment, 'stage_event' AS source, arg_min(_file, entered_at) AS _file,
            arg_min(_row, entered_at) AS _row
        FROM clean.stage_event WHERE stage IN ('mql', 'sql') AND lead_id IS NOT NULL
        GROUP BY lead_id, stage
        UNION ALL
        SELECT lead_id, 'opportunity', 3, min(created_at), 'opportunity',
            arg_min(_file, created_at), arg_min(_row, created_at)
        FROM clean.opportunity WHERE lead_id IS NOT NULL GROUP BY lead_id
        UNION ALL
        SELECT o.lead_id, 'won', 4, min(e.entered_at), 'stage_event',
            arg_min(e._file, e.entered_at), arg_min(e._row, e.entered_at)
        FROM clean.stage_event AS e JOIN clean.opportunity AS o USING (opportunity_id)
        WHERE e.stage = 'won' AND o.lead_id IS NOT NULL GROUP BY o.lead_id
    ), before AS (
        SELECT *, max(moment) OVER earlier AS later_at,
            arg_max(stage, moment) OVER earlier AS later_stage
        FROM steps
        WINDOW earlier AS (PARTITION BY lead_id ORDER BY place
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
    )"""


def _order(zone: str) -> Iterator[Relation]:
    def shown(sql: str) -> str:
        return f"strftime({to_local(sql, zone)}, '%Y-%m-%d %H:%M')"

    own = shown("moment")
    for table in ("stage_event", "opportunity"):
        needs = {
            "stage_event": ("stage_event.stage", "stage_event.entered_at"),
            "opportunity": ("opportunity.lead_id", "opportunity.created_at"),
        }
        kind = Kind(
            "flag", "stage-order", table, schema_time(table),
            "stages must come in the order mql, sql, opportunity, won",
            "correct the earlier or the later time in the CRM; the lead counts in each stage, "
            "its days between them are left out",
        )  # fmt: skip
        value = f"concat(stage, ' ', {own}, ', ', later_stage, ' ', {shown('later_at')})"
        yield Relation(
            kind, needs[table],
            f"{_STEPS} SELECT b._file, b._row, {value} AS value FROM before AS b "
            f"LEFT JOIN clean.lead AS l USING (lead_id) WHERE moment < later_at "
            # What lies before the lead's capture is reported as that.
            f"AND source = '{table}' AND NOT coalesce(moment < l.created_at, false)",
        )  # fmt: skip
    yield from _before_capture(shown)


def _before_capture(shown: Callable[[str], str]) -> Iterator[Relation]:
    won_early = "x.is_won AND x.closed_at < l.created_at"
    opened_early = f"x.created_at < l.created_at AND NOT coalesce({won_early}, false)"
    won_needs = ("opportunity.lead_id", "opportunity.is_won", "opportunity.closed_at")
    rows = (
        ("activity-before-lead", "activity", "activity_at", "x.activity_at < l.created_at",
         "the lead was followed up before it was captured", ("activity.lead_id",)),
        ("stage-before-lead", "stage_event", "entered_at", "x.entered_at < l.created_at",
         "the lead entered a stage before it was captured", ("stage_event.lead_id",)),
        ("opportunity-before-lead", "opportunity", "created_at", opened_early,
         "the opportunity was opened before its lead was captured", ("opportunity.lead_id",)),
        ("won-before-lead", "opportunity", "closed_at", won_early,
         "the opportunity was won before its lead was captured", won_needs),
    )  # fmt: skip
    for code, table, column, condition, message, needs in rows:
        kind = Kind(
            "flag", code, table, column, message,
            "correct one of the two times in the CRM; the time between them is left out",
        )  # fmt: skip
        value = f"{shown(f'x.{column}')} || ', lead ' || {shown('l.created_at')}"
        yield Relation(
            kind, needs,
            f"SELECT x._file, x._row, {value} AS value FROM clean.{table} AS x "
            f"JOIN clean.lead AS l USING (lead_id) WHERE {condition}",
        )  # fmt: skip


def schema_time(table: str) -> str:
    """The anchor column of the two tables that have stages."""
    return {"stage_event": "entered_at", "opportunity": "created_at"}[table]


def _wins() -> Iterator[Relation]:
    events = "FROM clean.stage_event AS e JOIN clean.opportunity AS o USING (opportunity_id)"
    fix = "decide in the CRM whether it is won; the pages count is_won at closed_at"
    yield Relation(
        Kind(
            "flag", "won-disagrees", "stage_event", "stage",
            "the stage says won, but the opportunity is not marked as won (is_won, 是否赢单)", fix,
        ),
        ("stage_event.opportunity_id", "opportunity.is_won"),
        f"SELECT e._file, e._row, e.opportunity_id AS value {events} "
        "WHERE e.stage = 'won' AND o.is_won IS DISTINCT FROM true",
    )  # fmt: skip
    yield Relation(
        Kind(
            "flag", "won-disagrees", "opportunity", "is_won",
            "the opportunity is marked as won, but its last stage is lost", fix,
        ),
        ("stage_event.opportunity_id", "opportunity.is_won"),
        "SELECT any_value(o._file) AS _file, any_value(o._row) AS _row, opportunity_id AS value "
        f"{events} WHERE o.is_won AND e.stage IN ('won', 'lost') GROUP BY opportunity_id "
        "HAVING arg_max(e.stage, (e.entered_at, e.stage_event_id)) = 'lost'",
    )  # fmt: skip
    yield Relation(
        Kind(
            "flag", "payment-not-won", "payment", "opportunity_id",
            "there is a contract or a receipt, but the opportunity is not marked as won", fix,
        ),
        ("payment.opportunity_id", "opportunity.is_won"),
        "SELECT p._file, p._row, opportunity_id AS value FROM clean.payment AS p "
        "JOIN clean.opportunity AS o USING (opportunity_id) "
        "WHERE p.kind IN ('contract', 'receipt') AND o.is_won IS DISTINCT FROM true",
    )  # fmt: skip


def _media_twice() -> Relation:
    return Relation(
        Kind(
            "flag", "media-twice", "spend", "cost_type",
            "media of this campaign or channel and month also stands in ad_daily (投放日报)",
            "keep media in ad_daily only; the pages count ad_daily and leave this row out",
        ),
        ("spend.cost_type", "ad_daily.campaign_id"),
        """WITH ads AS (
            SELECT DISTINCT a.campaign_id, c.channel_id, date_trunc('month', a.date) AS month
            FROM clean.ad_daily AS a LEFT JOIN clean.campaign AS c USING (campaign_id)
            WHERE a.cost > 0
        )
        SELECT s._file, s._row, coalesce(s.campaign_id, s.channel_id) || ' ' || s.amount AS value
        FROM clean.spend AS s WHERE s.cost_type = 'media' AND EXISTS (
            SELECT 1 FROM ads WHERE ads.month = date_trunc('month', s.spend_date)
            AND ads.campaign_id = s.campaign_id
        ) OR s.cost_type = 'media' AND s.campaign_id IS NULL AND EXISTS (
            SELECT 1 FROM ads WHERE ads.month = date_trunc('month', s.spend_date)
            AND ads.channel_id = s.channel_id)""",
    )  # fmt: skip


_MONEY = (
    ("opportunity", "amount", "created_at"),
    ("opportunity", "won_amount", "closed_at"),
    ("payment", "amount", "booked_on"),
    ("spend", "amount", "spend_date"),
    ("ad_daily", "cost", "date"),
    ("event", "budget", "start_at"),
)


def _currency(table: str, amount: str, day: str, report: str) -> Iterator[Relation]:
    yield Relation(
        Kind(
            "flag", "missing-rate", table, amount,
            f"the amount is not in {report}, and fx_rate (汇率) has no rate of its currency on or "
            "before its day",
            "supply fx_rate: date, currency, rate; until then the amount is left out of sums",
        ),
        (f"{table}.{amount}", f"{table}.currency"),
        f"""SELECT t._file, t._row, t.{amount} || ' ' || t.currency AS value
        FROM clean.{table} AS t LEFT JOIN (
            SELECT currency, min(date) AS since FROM clean.fx_rate WHERE rate > 0 GROUP BY currency
        ) AS f USING (currency)
        WHERE t.{amount} IS NOT NULL AND t.currency <> '{report}'
        AND (f.since IS NULL OR f.since > t.{day}::DATE)""",
    )  # fmt: skip
    yield Relation(
        Kind(
            "flag", "missing-currency", table, amount,
            f"the currency is empty, and the table has several; read as {report}",
            "fill currency (币种) in every row of a table that has more than one",
        ),
        (f"{table}.{amount}", f"{table}.currency"),
        f"""SELECT _file, _row, {amount} AS value FROM clean.{table}
        WHERE {amount} IS NOT NULL AND currency IS NULL
        AND EXISTS (SELECT 1 FROM clean.{table} WHERE currency <> '{report}')""",
    )  # fmt: skip


def _without_account() -> Relation:
    return Relation(
        Kind(
            "flag", "lead-without-account", "lead", "account_id",
            "the lead has no account, directly or through its person",
            "link it in the CRM; it counts in the funnel, but in no breakdown by account",
        ),
        ("lead.lead_id",),
        """SELECT l._file, l._row, l.lead_id AS value
        FROM clean.lead AS l LEFT JOIN clean.person AS p USING (person_id)
        WHERE l.account_id IS NULL AND p.account_id IS NULL""",
        either=("lead.account_id", "lead.person_id"),
    )  # fmt: skip
