"""The chapter's cockpit fields (P02-F1 … F20) and core metrics (P02-M1 … M14)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook.book import remembered
from playbook.chapters.cockpit import layered
from playbook.funnel import Funnel
from playbook.metrics import Measure, Metric, evaluate

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from playbook.book import Book

STAGE_NAMES = {
    "lead": "Leads",
    "valid": "Valid leads",
    "mql": "MQL",
    "sql": "SQL",
    "opportunity": "Opportunities",
    "poc": "POC",
    "quote": "Quotes",
    "contract": "Contracts",
    "won": "Won",
}
"""How the stages of `funnel_event` are named on pages."""

_MQL = ("lead_journey.mql_at",)
_SQL = ("lead_journey.sql_at",)
_DEALS = ("opportunity",)

LEADS = Measure("lead_journey", "created_at", lambda t: t.count(), ("lead",))
VALID = Measure(
    "lead_journey", "created_at", lambda t: t.is_valid.sum(), ("lead_journey.is_valid",)
)
JUDGED = Measure(
    "lead_journey", "created_at", lambda t: t.is_valid.count(), ("lead_journey.is_valid",)
)
FITTING = Measure(
    "lead_journey", "created_at", lambda t: t.icp_fit.sum(), ("lead_journey.icp_tier",)
)
TIERED = Measure(
    "lead_journey", "created_at", lambda t: t.icp_fit.count(), ("lead_journey.icp_tier",)
)
MQLS = Measure("lead_journey", "mql_at", lambda t: t.count(), _MQL)
MQLS_TO_SQL = Measure(
    "lead_journey",
    "mql_at",
    lambda t: (t.sql_at.notnull() | t.opportunity_at.notnull() | t.won_at.notnull()).sum(),
    (*_MQL, *_SQL),
)
SQLS = Measure("lead_journey", "sql_at", lambda t: t.count(), _SQL)
SQLS_TO_OPPORTUNITY = Measure(
    "lead_journey",
    "sql_at",
    lambda t: (t.opportunity_at.notnull() | t.won_at.notnull()).sum(),
    (*_SQL, *_DEALS),
)
DEALS = Measure("deal", "created_at", lambda t: (t.deal_type == "new").sum(), _DEALS)
DEALS_WON = Measure(
    "deal",
    "created_at",
    lambda t: (t.is_won & (t.deal_type == "new")).sum(),
    (*_DEALS, "lead_journey.lost_at"),  # where only won deals are recorded, 100 % says nothing
)
LEADS_WON = Measure(
    "lead_journey", "created_at", lambda t: t.won_at.count(), ("lead_journey.won_at",)
)
PIPELINE = Measure("deal", "created_at", lambda t: t.amount.sum(), ("opportunity.amount",))
OPEN_PIPELINE = Measure(
    "deal", "created_at", lambda t: t.amount.sum(), ("opportunity.amount",), until="closed_at"
)
WON = Measure("deal", "closed_at", lambda t: t.is_won.sum(), _DEALS)
WON_AMOUNT = Measure("deal", "closed_at", lambda t: t.won_amount.sum(), ("opportunity.won_amount",))
NEW_CUSTOMERS = Measure(
    "deal",
    "closed_at",
    lambda t: t.account_id.nunique(where=t.is_won & (t.deal_type == "new")),
    _DEALS,
)
CONTRACTS = Measure(
    "cash", "booked_on", lambda t: t.amount.sum(where=t.kind == "contract"), ("payment",)
)
RECEIPTS = Measure(
    "cash", "booked_on", lambda t: t.amount.sum(where=t.kind != "contract"), ("payment",)
)
COST = Measure("cost_by_day", "date", lambda t: t.cost.sum(), ("spend",))
ANSWERED_IN_TIME = Measure(
    "lead_journey", "created_at", lambda t: t.response_met.sum(), ("activity",)
)
ANSWER_DUE = Measure("lead_journey", "created_at", lambda t: t.response_met.count(), ("activity",))
ANSWERED = Measure("lead_journey", "created_at", lambda t: t.response_hours.count(), ("activity",))

METRICS: tuple[Metric, ...] = (
    Metric(
        "P02-M1", "leads", "Leads", "市场来源线索数", "count", "up", LEADS,
        "Leads captured in the period, duplicates counted once.",
    ),
    Metric(
        "P02-M2", "valid_leads", "Valid leads", "有效线索数", "count", "up", VALID,
        "Leads captured in the period whose contact is valid and that were not marked invalid.",
    ),
    Metric(
        "P02-M2/rate", "valid_rate", "Valid rate", "有效线索率", "share", "up", VALID,
        "Valid leads ÷ leads whose validity is known, captured in the period.",
        denominator=JUDGED, view="cohort", part=True,
    ),
    Metric(
        "P02-T2", "icp_fit", "ICP fit rate", "ICP匹配率", "share", "up", FITTING,
        "Leads whose company's tier counts as ICP ÷ leads whose company has a tier.",
        denominator=TIERED, view="cohort", part=True,
    ),
    Metric(
        "P02-M3", "mql", "MQL", "MQL数量", "count", "up", MQLS,
        "Leads that first became MQL in the period.",
    ),
    Metric(
        "P02-M4", "sql", "SQL", "SQL数量", "count", "up", SQLS,
        "Leads that first became SQL in the period.",
    ),
    Metric(
        "P02-M5", "mql_to_sql", "MQL → SQL, cohort", "MQL转SQL率", "share", "up", MQLS_TO_SQL,
        "Of the MQLs of the period, those that have gone on to SQL or beyond so far.",
        denominator=MQLS, view="cohort", part=True, matures=("mql", "sql"),
    ),
    Metric(
        "P02-M5/flow", "mql_to_sql_flow", "MQL → SQL, flow", "MQL转SQL率(当期)", "ratio", "up",
        SQLS,
        "SQLs of the period ÷ MQLs of the period: different leads, so no conversion rate.",
        denominator=MQLS,
    ),
    Metric(
        "P02-M6", "sql_to_opportunity", "SQL → opportunity, cohort", "SQL转商机率", "share", "up",
        SQLS_TO_OPPORTUNITY,
        "Of the SQLs of the period, those that have become an opportunity so far.",
        denominator=SQLS, view="cohort", part=True, matures=("sql", "opportunity"),
    ),
    Metric(
        "P02-M7", "opportunity_to_won", "Opportunity → won, cohort", "商机→成交率", "share", "up",
        DEALS_WON,
        "Of the new-business opportunities opened in the period, those won so far.",
        denominator=DEALS, view="cohort", part=True, matures=("opportunity", "won"),
    ),
    Metric(
        "P02-M7/lead", "lead_to_won", "Lead → won, cohort", "线索→成交率", "share", "up", LEADS_WON,
        "Of the leads captured in the period, those won so far.",
        denominator=LEADS, view="cohort", part=True, matures=("lead", "won"),
    ),
    Metric(
        "P02-M8", "pipeline", "Pipeline created", "商机金额", "money", "up", PIPELINE,
        "Amount of the opportunities opened in the period.",
    ),
    Metric(
        "P02-M8/open", "open_pipeline", "Open pipeline", "在手商机金额", "money", "up",
        OPEN_PIPELINE,
        "Amount of the opportunities that were open when the period ended.",
    ),
    Metric(
        "P02-M9/deals", "won", "Deals won", "成交数", "count", "up", WON,
        "Opportunities won in the period, by closing date.",
    ),
    Metric(
        "P02-M9/customers", "customers", "New customers", "新客户数", "count", "up", NEW_CUSTOMERS,
        "Customers won with new business in the period, by closing date.",
    ),
    Metric(
        "P02-M9", "revenue", "Won amount", "成交金额", "money", "up", WON_AMOUNT,
        "Amount of the opportunities won in the period, by closing date.",
    ),
    Metric(
        "P02-M9/contract", "contracts", "Contracts signed", "合同金额", "money", "up",
        CONTRACTS,
        "Contracts booked in the period.",
    ),
    Metric(
        "P02-M9/receipt", "receipts", "Cash received", "回款金额", "money", "up",
        RECEIPTS,
        "Receipts less refunds booked in the period.",
    ),
    Metric(
        "P02-M10", "cpl", "Cost per lead (CPL), basic", "CPL", "money", "down", COST,
        "Marketing cost of the period ÷ leads of the period; cost by its own date and channel.",
        denominator=LEADS,
    ),
    Metric(
        "P02-M11", "cac", "Cost per new customer (CAC), basic", "CAC", "money", "down", COST,
        "Marketing cost of the period ÷ customers won with new business in the period.",
        denominator=NEW_CUSTOMERS,
    ),
    Metric(
        "P02-M12", "roi", "Simple ROI, basic", "ROI", "ratio", "up", WON_AMOUNT,
        "(Won amount − marketing cost) ÷ marketing cost, both of the period, renewals included; "
        "the page on attribution has the return on new business, by channel.",
        denominator=COST, less=True,
    ),
    Metric(
        "P02-M13", "response_in_time", "First response in time", "销售跟进及时率", "share",
        "up", ANSWERED_IN_TIME,
        "Leads answered by a person within the SLA ÷ leads whose answer is due. A lead that is not "
        "due yet counts in neither.",
        denominator=ANSWER_DUE, view="cohort", part=True,
    ),
    Metric(
        "P02-M13/median", "response_hours", "First response, median", "首次响应时间",
        "hours", "down",
        Measure(
            "lead_journey", "created_at", lambda t: t.response_hours.median(), ("activity",)
        ),
        "Median hours from capture to the first answer by a person, of the leads answered.",
        view="cohort", n=ANSWERED,
    ),
    Metric(
        "P02-F18", "days_to_won", "Lead to won, median", "转化周期", "days", "down",
        Measure("lead_journey", "won_at", lambda t: t.days_to_won.median(), _DEALS),
        "Median days from capture to winning, of the leads won in the period.",
        n=Measure("lead_journey", "won_at", lambda t: t.count(), _DEALS),
    ),
)  # fmt: skip

LEADING = ("P02-M2", "P02-M4", "P02-M8", "P02-M9", "P02-M1")
"""Headline order (P02-E2): valid leads, SQL, pipeline, revenue, and the lead count last."""


def stages(book: Book) -> tuple[str, ...]:
    """The stages that `funnel.stages` asks for and the data records, in order."""
    asked = book.rules.funnel.stages[1:]
    return ("lead", *(s for s in asked if book.has(f"lead_journey.{s}_at")))


def way_to_won(book: Book) -> Funnel:
    """How leads are followed: a stage is reached by its own record or any later one's."""
    return Funnel(
        stages(book),
        order="any",
        lost=("lost", "invalid"),
        entity="lead_id",
        stage="stage",
        time="entered_at",
    )


def funnel_events(book: Book) -> ir.Table:
    """First entries of the funnel's stages, one row per lead and stage."""
    return book.table("funnel_event")


@remembered
def metrics(book: Book) -> pd.DataFrame:
    """The chapter's metrics now, before, last year and against target; see `metrics.evaluate`."""
    return evaluate(book, METRICS)


@remembered
def cockpit(book: Book) -> pd.DataFrame:
    """The growth cockpit: one row per lead of the period with the twenty fields P02-F1 … F20.

    Returns:
        `lead_id` and, in the handbook's order, `date` (report zone), `channel`, `event_id`,
        `content_id`, `account`, `industry`, `employee_band`, `job_title`, `need_type`,
        `intent_level`, `is_mql`, `is_sql`, `owner`, `response_hours`, `status`,
        `invalid_reason`, `amount`, `won_amount`, `days_to_won`, `cost` (the channel's cost of the
        period ÷ its leads), `roi` ((won amount − cost) ÷ cost); newest first.
    """
    period = book.period
    table = book.sql(
        """WITH spent AS (
            SELECT channel_id, sum(cost) AS cost FROM cost_by_day
            WHERE date BETWEEN $first AND $last GROUP BY channel_id
        ), per_lead AS (
            SELECT channel_id, any_value(s.cost) / count(*) AS cost
            FROM lead_journey l JOIN spent s USING (channel_id)
            WHERE l.created_at >= $start AND l.created_at < $end GROUP BY channel_id
        )
        SELECT l.lead_id, l.created_at AS date, l.channel, l.event_id, l.content_id,
            l.account_name AS account, l.industry, l.employee_band, l.job_title, l.need_type,
            l.intent_level, l.mql_at IS NOT NULL AS is_mql, l.sql_at IS NOT NULL AS is_sql,
            l.owner, l.response_hours, l.status, l.invalid_reason, l.amount::DOUBLE AS amount,
            l.won_amount::DOUBLE AS won_amount, l.days_to_won, p.cost,
            (l.won_amount - p.cost) / nullif(p.cost, 0) AS roi
        FROM lead_journey l LEFT JOIN per_lead p USING (channel_id)
        WHERE l.created_at >= $start AND l.created_at < $end
        ORDER BY l.created_at DESC, l.lead_id""",
        first=period.first,
        last=period.last,
        start=period.start,
        end=period.end,
    )
    table["date"] = book.local_times(table["date"]).dt.date
    return table


def cockpit_rows(book: Book, table: pd.DataFrame) -> list[dict[str, Any]]:
    """The chapter's rows of the seven-layer cockpit: company (1), funnel (2) and channel (3).

    Args:
        book: The Book.
        table: What `metrics` returned.
    """
    layers = {
        1: ("P02-M9", "P02-M8", "P02-M12"),
        2: ("P02-M1", "P02-M2", "P02-M3", "P02-M4", "P02-M5", "P02-M6", "P02-M7", "P02-M9/deals"),
        3: ("P02-M10", "P02-M11"),
    }
    return layered(book, table, layers)
