"""《线索质量分析报告》, lead quality (P02-D7): which leads are worth a salesperson's time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.book import remembered
from playbook.chapters.growth.declared import JUDGED, STAGE_NAMES, stages
from playbook.chapters.growth.pace import fair_days
from playbook.errors import ParameterError, unknown
from playbook.format import div
from playbook.funnel import wilson
from playbook.metrics import Measure, Metric, history

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book

_LABELS = {
    "channel": "l.channel",
    "content": "coalesce(c.title, l.content_id)",
    "campaign": "coalesce(m.campaign_name, l.campaign_id)",
    "need_type": "l.need_type",
    "intent_level": "l.intent_level",
    "industry": "l.industry",
    "region": "l.region",
    "employee_band": "l.employee_band",
}
QUALITY_BY = tuple(_LABELS)
"""What `lead_quality` breaks down by."""

NOT_RECORDED = "not recorded"

_GAPS = {"no_title": "job_title", "no_company": "account_id", "no_need": "need_type"}
_JUDGED = (
    "leads", "judged", "valid", "valid_rate", "valid_low", "valid_high", "icp_fit_rate", "icp_n",
    "mql_rate", "mql_n", "sql_rate", "sql_n",
)  # fmt: skip
_FAULTS = (
    "invalid", "invalid_share", "top_reason", "duplicates", "no_title_share", "no_company_share",
    "no_need_share",
)  # fmt: skip

INVALID = Metric(
    "P02-D7/invalid",
    "invalid_share",
    "Invalid share",
    "无效线索占比",
    "share",
    "down",
    Measure(
        "lead_journey", "created_at", lambda t: (~t.is_valid).sum(), ("lead_journey.is_valid",)
    ),
    "Leads found invalid ÷ leads whose validity is known, captured in the period.",
    denominator=JUDGED,
    view="cohort",
    part=True,
)


@remembered
def lead_quality(book: Book, by: str = "channel") -> pd.DataFrame:
    """How good the leads of the period are, by where they came from or what they are.

    MQL and SQL rates count what was reached, or passed, within the days of `quality_days`, of the
    leads that are old enough to have had them: so a young lead is not called bad.

    Args:
        book: The Book.
        by: `channel`, `content`, `campaign`, `need_type`, `intent_level`, `industry`, `region` or
            `employee_band`.

    Returns:
        One row per value, most leads first, "not recorded" where it is empty: `by`, `leads`,
        `judged` (validity known), `valid`, `valid_rate`, `valid_low`, `valid_high` (Wilson
        95 %), `icp_fit_rate`, `icp_n`, `mql_rate`, `mql_n`, `sql_rate`, `sql_n` (leads old
        enough), `invalid`, `invalid_share` (of those judged), `top_reason` (most frequent among
        the invalid; the first by name where several are), `duplicates` (captures folded into
        another one), `no_title_share`, `no_company_share`, `no_need_share` (of the leads).
        Missing where the data does not say.

    Raises:
        ParameterError: `by` is none of these.
    """
    if by not in _LABELS:
        raise ParameterError(unknown("breakdown", by, QUALITY_BY))
    days = quality_days(book)
    table = book.sql(
        _quality_sql(book, by),
        start=book.period.start,
        end=book.period.end,
        as_of=book.as_of,
        mql_days=days.get("mql", 0),
        sql_days=days.get("sql", 0),
    )
    return _shares(book, table.rename(columns={"value": by}))[[by, *_JUDGED, *_FAULTS]]


def quality_days(book: Book) -> dict[str, int]:
    """Days that each lead is given to become MQL and SQL, for the stages that are recorded.

    What nine in ten of those who got there took, or what half of the period's leads have had.
    """
    return {s: fair_days(book, "lead", s) for s in ("mql", "sql") if s in stages(book)}


@remembered
def invalid_trend(book: Book) -> pd.DataFrame:
    """The share of leads found invalid in the last thirteen periods, oldest first.

    Returns:
        As `metrics.history`, one row per period.
    """
    past = history(book, [INVALID])
    return past[past["recent"]].sort_values("start", ignore_index=True)


def as_valid(table: pd.DataFrame, by: str) -> pd.DataFrame:
    """`lead_quality` as rows of a dot plot of the valid rate."""
    columns = {by: "name", "valid_rate": "value", "valid_low": "low", "valid_high": "high"}
    named = table.rename(columns=columns).assign(n=table["judged"])
    return named[["name", "value", "low", "high", "n"]]


def _quality_sql(book: Book, by: str) -> str:
    """One query: what is counted of each group's leads, and why most of its invalid ones were."""
    return f"""WITH labelled AS (
        SELECT coalesce({_LABELS[by]}, '{NOT_RECORDED}') AS "value", l.*,
            coalesce(l.invalid_reason, l.reason_code, '{NOT_RECORDED}') AS reason
        FROM lead_journey l
        LEFT JOIN clean.content c ON c.content_id = l.content_id
        LEFT JOIN clean.campaign m ON m.campaign_id = l.campaign_id
        WHERE l.created_at >= $start AND l.created_at < $end
    ), reasons AS (
        SELECT "value", arg_min(replace(reason, '_', ' '), (-n, reason)) AS top_reason
        FROM (SELECT "value", reason, count(*) AS n FROM labelled WHERE NOT is_valid GROUP BY ALL)
        GROUP BY ALL
    )
    SELECT "value", count(*) AS leads, count(is_valid) AS judged,
        count(*) FILTER (is_valid) AS valid, count(*) FILTER (NOT is_valid) AS invalid,
        any_value(top_reason) AS top_reason,
        count(icp_fit) AS icp_n, count(*) FILTER (icp_fit) AS icp, {_given(book, "mql")},
        {_given(book, "sql")}, sum(captures - 1) AS duplicates,
        {", ".join(f"count(*) FILTER ({c} IS NULL) AS {name}" for name, c in _GAPS.items())}
    FROM labelled LEFT JOIN reasons USING ("value")
    GROUP BY ALL ORDER BY leads DESC, "value" """


def _given(book: Book, stage: str) -> str:
    """Leads old enough for a stage, and those of them that reached or passed it in time."""
    order = stages(book)
    if stage not in order:
        return f"0 AS {stage}_n, 0 AS {stage}, $as_of, ${stage}_days"
    later = ", ".join(f"{s}_at" for s in order[order.index(stage) :])
    limit = f"created_at + to_days(${stage}_days)"
    return (
        f"count(*) FILTER ({limit} <= $as_of) AS {stage}_n, "
        f"count(*) FILTER ({limit} <= $as_of AND least({later}) <= {limit}) AS {stage}"
    )


def _shares(book: Book, table: pd.DataFrame) -> pd.DataFrame:
    """Counts as rates with what they rest on; missing where a column was never supplied."""
    nan = float("nan")
    if not book.has("lead_journey.is_valid"):
        table = table.assign(valid=nan, invalid=nan)
    low, high = wilson(table["valid"], table["judged"])
    table = table.assign(
        valid_rate=div(table["valid"], table["judged"]),
        valid_low=low,
        valid_high=high,
        icp_fit_rate=div(table["icp"], table["icp_n"]),
        mql_rate=div(table["mql"], table["mql_n"]),
        sql_rate=div(table["sql"], table["sql_n"]),
        invalid_share=div(table["invalid"], table["judged"]),
        duplicates=table["duplicates"].astype("int64"),
    )
    for name, column in _GAPS.items():
        supplied = book.has(f"lead_journey.{column}")
        table[f"{name}_share"] = div(table[name], table["leads"]) if supplied else nan
    return table


def given_words(book: Book) -> str:
    """What the MQL and SQL rates of `lead_quality` count, as a sentence."""
    days = quality_days(book)
    if not days:
        return "MQL and SQL are not recorded."
    told = ", ".join(f"{STAGE_NAMES[s]} within {n} days" for s, n in days.items())
    return f"{told}; only leads old enough to have had that time are counted in those rates."
