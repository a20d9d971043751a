"""The chapter's core metrics (P03-M1 … M15), and those of tracking and AI answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook.book import remembered
from playbook.chapters.digital.inputs import CLASS_ZH, classified_ids
from playbook.metrics import Measure, Metric, evaluate

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book

_AD = ("ad_daily", "date")
_WEB = ("web_daily", "date")
_SEEN = ("search_daily", "date")
_OURS = ("ad_daily", "campaign.channel_id", "lead.channel_id")
"""What must be there before leads and cost can be told to be those of advertised channels."""

IMPRESSIONS = Measure(*_AD, lambda t: t.impressions.sum(), ("ad_daily.impressions",))
CLICKS = Measure(*_AD, lambda t: t.clicks.sum(), ("ad_daily.clicks",))
REPORTED = Measure(*_AD, lambda t: t.conversions.sum(), ("ad_daily.conversions",))
MEDIA = Measure(
    "cost_by_day", "date", lambda t: t.cost.sum(where=t.source == "ad"), ("ad_daily.cost",)
)
SESSIONS = Measure(*_WEB, lambda t: t.sessions.sum(), ("web_daily.sessions",))
BOUNCES = Measure(*_WEB, lambda t: t.bounces.sum(), ("web_daily.bounces",))
VIEWS = Measure(*_WEB, lambda t: t.pageviews.sum(), ("web_daily.pageviews",))
SECONDS = Measure(*_WEB, lambda t: t.total_time_s.sum(), ("web_daily.total_time_s",))
FORMS_SEEN = Measure(*_WEB, lambda t: t.form_views.sum(), ("web_daily.form_views",))
FORMS_SENT = Measure(*_WEB, lambda t: t.form_submits.sum(), ("web_daily.form_submits",))
ANSWERS = Measure(*_SEEN, lambda t: t.ai_cited.count(), ("search_daily.ai_cited",))
CITED = Measure(*_SEEN, lambda t: t.ai_cited.sum(), ("search_daily.ai_cited",))
AI_LEADS = Measure(
    "lead_journey",
    "created_at",
    lambda t: (t.channel_group == "geo").sum(),
    ("channel.channel_group", "lead.channel_id"),
)
LEADS = Measure("lead_journey", "created_at", lambda t: t.count(), ("lead",))
TRACED = Measure(
    "lead_journey",
    "created_at",
    lambda t: (t.channel_id.notnull() & t.campaign_id.notnull()).sum(),
    ("lead.channel_id", "lead.campaign_id"),
)

CITED_SHARE = Metric(
    "P03-R4/cited", "ai_cited", "Cited in AI answers", "AI回答引用率", "share", "up", CITED,
    "Tracked questions whose AI answer cites the company ÷ tracked questions asked.",
    denominator=ANSWERS, part=True,
)  # fmt: skip
AI_LEADS_COUNT = Metric(
    "P03-R4/leads", "ai_leads", "Leads from AI search", "AI搜索线索数", "count", "up", AI_LEADS,
    "Leads captured in the period whose channel is of the group geo.",
)  # fmt: skip


@remembered
def advertised(book: Book) -> list[str]:
    """The channels that have ever had ad media, by id."""
    if not book.has("ad_daily"):
        return []
    found = book.sql(
        "SELECT DISTINCT channel_id FROM cost_by_day WHERE source = 'ad' AND channel_id IS NOT "
        "NULL ORDER BY channel_id"
    )
    return [str(name) for name in found["channel_id"]]


def declared(book: Book) -> tuple[Metric, ...]:
    """The metrics of P03: those of the channels that advertise in this Book, and of its words."""
    return (*_paid(), *_per_lead(book), *_site(), *_search(book), *_return(book))


def _paid() -> tuple[Metric, ...]:
    return (
        Metric(
            "P03-M1", "impressions", "Impressions", "曝光", "count", "up", IMPRESSIONS,
            "Impressions that the ad platforms report for the period.",
        ),
        Metric(
            "P03-M2", "clicks", "Clicks", "点击", "count", "up", CLICKS,
            "Clicks that the ad platforms report for the period.",
        ),
        Metric(
            "P03-M3", "ctr", "CTR", "点击率", "share", "up", CLICKS,
            "Clicks ÷ impressions of the period, both summed first.", denominator=IMPRESSIONS,
        ),
        Metric(
            "P03-M4", "cpc", "CPC", "单次点击成本", "money", "down", MEDIA,
            "Ad media ÷ clicks of the period.", denominator=CLICKS,
        ),
        Metric(
            "P03-M5", "cvr", "CVR, as reported", "转化率", "share", "up", REPORTED,
            "Conversions as the ad platforms count them ÷ clicks: not our leads.",
            denominator=CLICKS,
        ),
    )  # fmt: skip


def _of(book: Book, time: str, value: Any, *needs: str) -> Measure:
    """A measure over the leads of advertised channels."""
    ids = advertised(book)
    return Measure(
        "lead_journey", time, lambda t: value(t, t.channel_id.isin(ids)), (*_OURS, *needs)
    )


def _cost(book: Book) -> Measure:
    ids = advertised(book)
    return Measure("cost_by_day", "date", lambda t: t.cost.sum(where=t.channel_id.isin(ids)), _OURS)


def _per_lead(book: Book) -> tuple[Metric, ...]:
    cost = _cost(book)
    leads = _of(book, "created_at", lambda _, ours: ours.sum())
    mql = _of(book, "mql_at", lambda _, ours: ours.sum(), "lead_journey.mql_at")
    sql = _of(book, "sql_at", lambda _, ours: ours.sum(), "lead_journey.sql_at")
    whose = "of the channels that advertise"
    return (
        Metric(
            "P03-M6", "ad_cpl", "CPL, advertised channels", "CPL", "money", "down", cost,
            f"Cost ÷ leads in the CRM, both of the period and {whose}.", denominator=leads,
        ),
        Metric(
            "P03-M7", "ad_cost_per_mql", "Cost per MQL", "MQL成本", "money", "down", cost,
            f"Cost ÷ leads that became MQL in the period, both {whose}.", denominator=mql,
        ),
        Metric(
            "P03-M8", "ad_cost_per_sql", "Cost per SQL", "SQL成本", "money", "down", cost,
            f"Cost ÷ leads that became SQL in the period, both {whose}.", denominator=sql,
        ),
        Metric(
            "P03-T6", "traced", "Leads with channel and campaign", "来源完整率", "share", "up",
            TRACED, "Leads that carry a channel and a campaign ÷ all leads captured.",
            denominator=LEADS, part=True,
        ),
    )  # fmt: skip


def _site() -> tuple[Metric, ...]:
    return (
        Metric(
            "P03-M9", "time_on_page", "Time on page, seconds", "页面停留", "ratio", "up", SECONDS,
            "Seconds on the site ÷ page views.", denominator=VIEWS,
        ),
        Metric(
            "P03-M10", "bounce_rate", "Bounce rate", "跳出率", "share", "down", BOUNCES,
            "Visits that left from their first page ÷ visits.", denominator=SESSIONS,
        ),
        Metric(
            "P03-M11", "form_rate", "Form conversion", "表单转化率", "share", "up", FORMS_SENT,
            "Forms sent ÷ forms seen, on the company's own site.", denominator=FORMS_SEEN,
        ),
    )  # fmt: skip


def _search(book: Book) -> tuple[Metric, ...]:
    brand = classified_ids(book, "brand")
    needs = ("search_daily.rank",)

    def ranked(value: Any) -> Measure:
        return Measure(*_SEEN, lambda t: value(t["rank"], ~t.keyword_id.isin(brand)), needs)

    known = ranked(lambda rank, other: rank.count(where=other))
    volume = Measure(
        *_SEEN,
        lambda t: t.search_volume.sum(where=t.keyword_id.isin(brand)),
        ("search_daily.search_volume", "keyword"),
    )
    days = Measure(
        *_SEEN,
        lambda t: t.date.nunique(where=t.keyword_id.isin(brand) & t.search_volume.notnull()),
        ("search_daily.search_volume", "keyword"),
    )
    words = f"words other than {CLASS_ZH['brand']}"
    return (
        Metric(
            "P03-M12", "seo_rank", "SEO rank, median", "SEO排名", "ratio", "down",
            ranked(lambda rank, other: rank.median(where=other)),
            f"Median place in organic search over all readings of {words}.", n=known,
        ),
        Metric(
            "P03-M12/top3", "seo_top3", "In the first 3 results", "SEO前三占比", "share", "up",
            ranked(lambda rank, other: ((rank <= 3) & other).sum()),
            f"Readings in the first 3 places ÷ all readings of {words}.",
            denominator=known, part=True,
        ),
        Metric(
            "P03-M12/top10", "seo_top10", "In the first 10 results", "SEO前十占比", "share", "up",
            ranked(lambda rank, other: ((rank <= 10) & other).sum()),
            f"Readings in the first 10 places ÷ all readings of {words}.",
            denominator=known, part=True,
        ),
        Metric(
            "P03-M13", "brand_volume", "Brand searches a reading", "品牌词搜索量", "count", "up",
            volume, "Search volume of all brand words ÷ days on which it was read.",
            denominator=days,
        ),
        CITED_SHARE,
        AI_LEADS_COUNT,
    )  # fmt: skip


def _return(book: Book) -> tuple[Metric, ...]:
    pipeline = _of(
        book, "opportunity_at", lambda t, ours: t.amount.sum(where=ours), "opportunity.amount"
    )
    won = _of(
        book, "won_at", lambda t, ours: t.won_amount.sum(where=ours), "opportunity.won_amount"
    )
    return (
        Metric(
            "P03-M14", "ad_pipeline", "Pipeline, advertised channels", "Pipeline", "money", "up",
            pipeline,
            "Amount of the opportunities that leads of advertised channels opened in the period; "
            "what attribution credits is on the ROI board.",
        ),
        Metric(
            "P03-M15", "ad_roi", "Simple ROI, advertised channels", "ROI", "ratio", "up", won,
            "(Amount won with leads of advertised channels − their cost) ÷ their cost, both of the "
            "period.",
            denominator=_cost(book), less=True,
        ),
    )  # fmt: skip


@remembered
def metrics(book: Book) -> pd.DataFrame:
    """The chapter's metrics now, before, last year and against target; see `metrics.evaluate`."""
    return evaluate(book, declared(book))
