"""The nine systems of C01 and how far each is built, as far as data can show."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from playbook.book import remembered
from playbook.format import div

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book

SYSTEMS = {
    "growth": "ToB市场增长",
    "digital marketing": "数字营销",
    "content": "内容营销",
    "brand": "品牌传播",
    "product marketing": "产品营销",
    "events": "活动营销",
    "channel ecosystem": "渠道生态",
    "team management": "团队管理",
    "AI capability": "AI能力",
}


class Signal(NamedTuple):
    """A sign that a system runs: a share of rows that should be high.

    Attributes:
        system: One of `SYSTEMS`.
        says: What holds where the share is high.
        needs: Tables without which it cannot be told.
        query: Gives two numbers: rows for which it holds, rows it is asked of.
        at_least: The share from which the sign counts as given (our default).
    """

    system: str
    says: str
    needs: tuple[str, ...]
    query: str
    at_least: float = 0.8


SIGNALS: tuple[Signal, ...] = (
    Signal("growth", "leads carry a channel", ("lead",),
           "SELECT count(channel_id), count(*) FROM lead_journey", 0.9),
    Signal("growth", "MQL and SQL are recorded with their time", ("lead", "stage_event"),
           "SELECT count(*) FILTER (mql_at IS NOT NULL), count(*) FROM lead_journey "
           "WHERE sql_at IS NOT NULL OR opportunity_at IS NOT NULL"),
    Signal("growth", "leads are answered within the SLA", ("activity",),
           "SELECT count(*) FILTER (response_met), count(response_met) FROM lead_journey"),
    Signal("growth", "new opportunities lead back to a lead", ("opportunity",),
           "SELECT count(lead_id), count(*) FROM deal WHERE deal_type = 'new'"),
    Signal("digital marketing", "ad spend belongs to a campaign with a channel", ("ad_daily",),
           "SELECT sum(cost) FILTER (channel_id IS NOT NULL), sum(cost) FROM cost_by_day "
           "WHERE source = 'ad'", 0.95),
    Signal("digital marketing", "keywords are classified", ("keyword",),
           "SELECT count(word_class), count(*) FROM clean.keyword", 0.9),
    Signal("digital marketing", "keywords have a landing page", ("keyword",),
           "SELECT count(landing_content_id), count(*) FROM clean.keyword", 0.9),
    Signal("digital marketing", "form views and submits are tracked", ("web_daily",),
           "SELECT count(*) FILTER (form_views IS NOT NULL AND form_submits IS NOT NULL), count(*) "
           "FROM clean.web_daily", 0.9),
    Signal("content", "assets carry a journey stage", ("content",),
           "SELECT count(journey_stage), count(*) FROM clean.content", 0.9),
    Signal("content", "assets have an owner", ("content",),
           "SELECT count(owner_id), count(*) FROM clean.content", 0.9),
    Signal("content", "assets have been read this year", ("content", "content_daily"),
           "SELECT count(DISTINCT d.content_id), (SELECT count(*) FROM clean.content) "
           "FROM clean.content_daily d WHERE d.date > $as_of::DATE - 365", 0.6),
    Signal("brand", "mentions are rated for sentiment", ("mention",),
           "SELECT count(sentiment), count(*) FROM clean.mention"),
    Signal("brand", "risky mentions are handled", ("mention",),
           "SELECT count(handled_at), count(*) FROM clean.mention WHERE risk_level >= 2"),
    Signal("brand", "brand words are tracked in search", ("search_daily", "keyword"),
           "SELECT count(DISTINCT s.keyword_id), count(DISTINCT k.keyword_id) FROM clean.keyword k "
           "LEFT JOIN clean.search_daily s USING (keyword_id) WHERE k.word_class = 'brand'"),
    Signal("product marketing", "lost deals say why", ("opportunity",),
           "SELECT count(lost_reason), count(*) FROM deal WHERE NOT is_won"),
    Signal("product marketing", "deals lost to a competitor name it", ("opportunity",),
           "SELECT count(competitor), count(*) FROM deal WHERE lost_reason = 'competitor'"),
    Signal("product marketing", "sales materials are used", ("content", "activity"),
           "SELECT count(DISTINCT a.content_id), count(DISTINCT c.content_id) FROM clean.content c "
           "LEFT JOIN clean.activity a USING (content_id) WHERE c.is_sales_material", 0.6),
    Signal("events", "past events were reviewed", ("event",),
           "SELECT count(reviewed_on), count(*) FROM clean.event "
           "WHERE end_at < $as_of - INTERVAL 30 DAY"),
    Signal("events", "arrivals were thanked within 24 hours", ("event", "event_attendee"),
           "SELECT count(*) FILTER (a.thanked_at <= e.end_at + INTERVAL 24 HOUR), count(*) "
           "FROM clean.event_attendee a JOIN clean.event e USING (event_id) "
           "WHERE a.checked_in_at IS NOT NULL"),
    Signal("events", "arrivals were graded within 7 days", ("event", "event_attendee"),
           "SELECT count(*) FILTER (a.graded_at <= e.end_at + INTERVAL 7 DAY), count(*) "
           "FROM clean.event_attendee a JOIN clean.event e USING (event_id) "
           "WHERE a.checked_in_at IS NOT NULL AND e.end_at < $as_of - INTERVAL 7 DAY"),
    Signal("channel ecosystem", "A and B partners are bound to a project", ("partner",),
           "SELECT count(bound_project_id), count(*) FROM clean.partner WHERE tier IN ('A', 'B')"),
    Signal("channel ecosystem", "A partners brought leads in the last year", ("partner", "lead"),
           "SELECT count(DISTINCT l.partner_id), count(DISTINCT p.partner_id) FROM clean.partner p "
           "LEFT JOIN lead_journey l ON l.partner_id = p.partner_id "
           "AND l.created_at > $as_of - INTERVAL 365 DAY WHERE p.tier = 'A'"),
    Signal("team management", "projects have one owner", ("project",),
           "SELECT count(dri_id), count(*) FROM clean.project", 1.0),
    Signal("team management", "projects finish on time", ("project",),
           "SELECT count(*) FILTER (done_at <= due_at), count(*) FROM clean.project "
           "WHERE due_at < $as_of::DATE"),
    Signal("team management", "work is planned, not inserted", ("project",),
           "SELECT count(*) FILTER (NOT coalesce(is_unplanned, false)), count(*) "
           "FROM clean.project"),
    Signal("AI capability", "AI work uses a template", ("ai_use",),
           "SELECT count(template_id), count(*) FROM clean.ai_use", 0.6),
    Signal("AI capability", "AI work is compared with a baseline", ("ai_use",),
           "SELECT count(minutes_baseline), count(*) FROM clean.ai_use"),
    Signal("AI capability", "AI results are rated", ("ai_use",),
           "SELECT count(quality_score), count(*) FROM clean.ai_use"),
)  # fmt: skip

LEVELS = ("not visible", "started", "partly running", "running")


@remembered
def signals(book: Book) -> pd.DataFrame:
    """Every sign with its share.

    Returns:
        `system`, `zh`, `sign`, `holds` (rows for which it holds), `n` (rows it is asked of),
        `share`, `at_least`, `met` (true, false, or missing where the data cannot tell), `supply`
        (the tables that are missing).
    """
    import pandas as pd

    rows = []
    for signal in SIGNALS:
        missing = book.missing(*signal.needs)
        holds, n = (float("nan"),) * 2 if missing else _ask(book, signal.query)
        share = div(holds, n)
        rows.append(
            {
                "system": signal.system,
                "zh": SYSTEMS[signal.system],
                "sign": signal.says,
                "holds": holds,
                "n": n,
                "share": share,
                "at_least": signal.at_least,
                "met": None if pd.isna(share) else bool(share >= signal.at_least),
                "supply": ", ".join(missing),
            }
        )
    return pd.DataFrame(rows)


def maturity(table: pd.DataFrame) -> pd.DataFrame:
    """How far each of the nine systems is built, from its signs.

    Args:
        table: What `signals` returned.

    Returns:
        One row per system in the handbook's order: `system`, `zh`, `met`, `known` (signs that
        the data can tell), `asked`, `level` (not visible, started, partly running, running) and
        `next` (the first sign that is not met).
    """
    import pandas as pd

    rows = []
    for system, zh in SYSTEMS.items():
        own = table[table["system"] == system]
        known = own[own["met"].notna()]
        open_signs = own[own["met"].eq(False)]
        met = int(known["met"].astype(bool).sum())
        rows.append(
            {
                "system": system,
                "zh": zh,
                "met": met,
                "known": len(known),
                "asked": len(own),
                "level": _level(met, len(known), len(own)),
                "next": open_signs["sign"].iloc[0] if len(open_signs) else "",
            }
        )
    return pd.DataFrame(rows)


def as_bars(table: pd.DataFrame) -> pd.DataFrame:
    """`maturity` as bars: the share of a system's signs that hold, and how many there are."""
    running = table["level"] == LEVELS[3]
    value = div(table["met"], table["known"])
    bars = table.assign(name=table["system"], value=value, n=table["known"], emphasis=running)
    return bars[["name", "value", "n", "emphasis"]]


def _level(met: int, known: int, asked: int) -> str:
    if not known:
        return LEVELS[0]
    if met == asked:
        return LEVELS[3]
    return LEVELS[2] if met * 2 >= asked else LEVELS[1]


def _ask(book: Book, query: str) -> tuple[float, float]:
    named = {"as_of": book.as_of} if "$as_of" in query else {}
    holds, n = book.sql(query, **named).astype(float).iloc[0]
    return float(holds), float(n)
