"""The seven stages of growth from traffic to repeat business, each with its test (P02-T1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from playbook.book import remembered
from playbook.format import div

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book
    from playbook.data.periods import Period


@dataclass(frozen=True, slots=True)
class StageTest:
    """One stage: what is counted, and what what is counted must pass.

    Attributes:
        name: As shown.
        zh: The handbook's own name.
        counted: What is counted, in words.
        test: What it must pass, in words.
        table: The table that is counted, with its time column and what it needs.
        time: Column that places a row in the period.
        needs: Without these the stage cannot be counted.
        proof: Without these it cannot be tested.
        query: `count`, `tested` (rows whose test can be told) and `passes`, over rows between
            `$start` and `$end`.
    """

    name: str
    zh: str
    counted: str
    test: str
    table: str
    time: str
    needs: tuple[str, ...]
    proof: tuple[str, ...]
    query: str


_REPEAT = "(d.deal_type <> 'new' OR l.channel_group = 'referral')"
_WON_BEFORE = (
    "EXISTS (FROM deal e WHERE e.account_id = d.account_id AND e.is_won "
    "AND e.closed_at < d.closed_at)"
)

STAGE_TESTS = (
    StageTest(
        "Traffic", "流量", "sessions on the website",
        "came from a known channel, and looked beyond the first page",
        "web_daily", "date", ("web_daily.sessions",),
        ("web_daily.channel_id", "web_daily.bounces"),
        """SELECT sum(sessions) AS count, sum(sessions) AS tested,
            sum(sessions - bounces) FILTER (channel_id IS NOT NULL) AS passes
        FROM clean.web_daily WHERE date >= $first AND date <= $last""",
    ),
    StageTest(
        "Capture", "留资", "leads captured",
        "left by the person: form, inquiry, download or registration",
        "lead_journey", "created_at", ("lead",), ("lead.capture_type",),
        """SELECT count(*) AS count, count(capture_type) AS tested, count(*) FILTER (
            capture_type IN ('form', 'inquiry', 'download', 'registration')) AS passes
        FROM lead_journey WHERE created_at >= $start AND created_at < $end""",
    ),
    StageTest(
        "MQL", "MQL", "leads that became MQL", "the company fits the ICP",
        "lead_journey", "mql_at", ("lead_journey.mql_at",), ("lead_journey.icp_tier",),
        """SELECT count(*) AS count, count(icp_fit) AS tested,
            count(*) FILTER (icp_fit) AS passes
        FROM lead_journey WHERE mql_at >= $start AND mql_at < $end""",
    ),
    StageTest(
        "SQL", "SQL", "leads that became SQL", "sales has confirmed a real need",
        "lead_journey", "sql_at", ("lead_journey.sql_at",), ("lead.sql_need",),
        """SELECT count(*) AS count, count(r.sql_need) AS tested,
            count(*) FILTER (r.sql_need) AS passes
        FROM lead_journey l JOIN clean.lead r USING (lead_id)
        WHERE l.sql_at >= $start AND l.sql_at < $end""",
    ),
    StageTest(
        "Opportunity", "商机", "opportunities opened, renewals included",
        "has had a quote, proposal, trial or POC so far",
        "deal", "created_at", ("opportunity",), ("stage_event.opportunity_id",),
        """SELECT count(*) AS count, count(s.opportunity_id) AS tested,
            count(*) FILTER (s.shown) AS passes
        FROM deal d LEFT JOIN (
            SELECT opportunity_id, bool_or(stage IN ('poc', 'quote', 'contract')) AS shown
            FROM clean.stage_event WHERE opportunity_id IS NOT NULL GROUP BY ALL
        ) s USING (opportunity_id)
        WHERE d.created_at >= $start AND d.created_at < $end""",
    ),
    StageTest(
        "Won", "成交", "deals won, renewals included", "a contract or a payment is booked",
        "deal", "closed_at", ("opportunity",), ("payment",),
        """SELECT count(*) AS count, count(*) AS tested, count(*) FILTER (EXISTS (
            FROM cash c WHERE c.opportunity_id = d.opportunity_id
                AND c.kind IN ('contract', 'receipt'))) AS passes
        FROM deal d WHERE d.is_won AND d.closed_at >= $start AND d.closed_at < $end""",
    ),
    StageTest(
        "Repeat", "复购", "of the deals won, those by referral or with customers won before",
        "recorded as expansion, renewal or referral",
        "deal", "closed_at", ("opportunity",), ("opportunity.deal_type",),
        f"""SELECT count(*) AS count, count(*) AS tested, count(*) FILTER ({_REPEAT}) AS passes
        FROM deal d LEFT JOIN lead_journey l USING (lead_id)
        WHERE d.is_won AND d.closed_at >= $start AND d.closed_at < $end
            AND ({_REPEAT} OR {_WON_BEFORE})""",
    ),
)  # fmt: skip


@remembered
def growth_stages(book: Book) -> pd.DataFrame:
    """The funnel from traffic to repeat business, with the handbook's test at every stage.

    A period view: what is counted at one stage is not a part of the stage before.

    Returns:
        One row per stage: `stage`, `count`, `previous` (the period before), `tested` (of the
        count, those whose test can be told), `passes`, `pass_share`, `test`, `counted` (in
        words), `zh`, `missing` (what to supply). Counts are missing where the data does not
        reach.
    """
    import pandas as pd

    rows = [_row(book, stage) for stage in STAGE_TESTS]
    table = pd.DataFrame(rows)
    table["pass_share"] = div(table["passes"], table["tested"])
    order = ["stage", "count", "previous", "tested", "passes", "pass_share", "test", "counted"]
    return table[[*order, "zh", "missing"]]


def _row(book: Book, stage: StageTest) -> dict[str, object]:
    count, tested, passes = _counted(book, stage, book.period)
    previous, *_ = _counted(book, stage, book.previous)
    unproven = not book.has(*stage.proof)
    nan = float("nan")
    return {
        "stage": stage.name,
        "zh": stage.zh,
        "counted": stage.counted,
        "count": count,
        "previous": previous,
        "test": stage.test,
        "tested": nan if unproven else tested,
        "passes": nan if unproven else passes,
        "missing": ", ".join(dict.fromkeys(book.missing(*stage.needs, *stage.proof))),
    }


def _counted(book: Book, stage: StageTest, period: Period) -> tuple[float, float, float]:
    """Count, tested and passed; nan where nothing is supplied or the period is not on record."""
    import pandas as pd

    nan = float("nan")
    first = book.first_time(stage.table, stage.time) if book.has(*stage.needs) else None
    if first is None or pd.Timestamp(first) >= period.end or period.start >= book.as_of:
        return nan, nan, nan
    known = {"start": period.start, "end": period.end, "first": period.first, "last": period.last}
    asked = {name: moment for name, moment in known.items() if f"${name}" in stage.query}
    row = book.sql(stage.query, **asked).fillna(0).iloc[0]
    return float(row["count"]), float(row["tested"]), float(row["passes"])
