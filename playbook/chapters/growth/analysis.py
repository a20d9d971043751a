"""The chapter's analysis: each step one call, one tidy table."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from playbook import funnel
from playbook.book import remembered
from playbook.chapters.growth.declared import (
    METRICS,
    STAGE_NAMES,
    funnel_events,
    stages,
    way_to_won,
)
from playbook.chapters.growth.pace import BASELINE_PERIODS, FEW, is_young, usual_days
from playbook.errors import ParameterError, unknown
from playbook.format import div
from playbook.metrics import evaluate, history

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book

CHANNEL_METRICS = ("P02-M1", "P02-M2/rate", "P02-M3", "P02-M4", "P02-M10")
COST_DAYS = 730
BY_COLUMNS = ("channel", "owner", "team", "intent_level", "industry", "region")


@remembered
def period_stages(book: Book) -> pd.DataFrame:
    """Stage entries of the period and of the one before (period view).

    Returns:
        `key`, `stage` (name), `count` (entries of the period), `previous` (of the one before),
        `flow_ratio` (count ÷ that of the stage before: different leads, no conversion rate).
    """
    events, way = funnel_events(book), way_to_won(book)
    now = funnel.flow(events, way, start=book.period.start, end=book.period.end)
    before = book.previous
    then = funnel.flow(events, way, start=before.start, end=before.end)
    table = now.assign(previous=then["entries"]).rename(
        columns={"stage": "key", "entries": "count"}
    )
    table["stage"] = table["key"].map(STAGE_NAMES)
    return table[["key", "stage", "count", "previous", "flow_ratio"]]


@remembered
def cohort_stages(book: Book) -> pd.DataFrame:
    """What has become so far of the leads captured in the period (cohort view).

    Returns:
        `key`, `stage` (name), `count` (reached it or a later one), `skipped` (of them, without an
        own record), `rate`, `low`, `high`, `n` (of those in the stage before), `overall` (of all
        leads), `immature` (most conversions of that stage are still to come).
    """
    period = book.period
    events, way = funnel_events(book), way_to_won(book)
    table = funnel.cohort(events, way, start=period.start, end=period.end)
    return _named(table).assign(immature=[is_young(book, s, period.end) for s in table["stage"]])


@remembered
def baseline_rates(book: Book) -> pd.DataFrame:
    """The funnel of all leads old enough to have had their time: what is normal here.

    Returns:
        As `cohort_stages`, with `median_days` and `p90_days` from capture to the stage, over all
        who reached it.
    """
    order = stages(book)
    days = {s: usual_days(book, order[0], s) for s in order[1:]}
    slowest = max((d for d in days.values() if d), default=None)
    way = replace(way_to_won(book), within_days=slowest)
    table = funnel.cohort(
        funnel_events(book), way, as_of=book.as_of, mature_only=slowest is not None
    ).drop(columns=["young", "immature"])
    medians = {s: usual_days(book, order[0], s, quantile=0.5) for s in order[1:]}
    named = _named(table)
    return named.assign(
        median_days=named["key"].map(medians).astype(float),
        p90_days=named["key"].map(days).astype(float),
    )


@remembered
def stage_history(book: Book) -> pd.DataFrame:
    """The cohort rates of the last thirteen periods; see `metrics.history`."""
    return history(book, [m for m in METRICS if m.matures])


def conversion_trend(book: Book) -> pd.DataFrame:
    """MQL → SQL over the last thirteen periods, or lead → won where no SQL is recorded.

    Periods with fewer than ten to follow are left out: their rate says nothing.

    Returns:
        As `metrics.history`, one row per period, oldest first.
    """
    key = "mql_to_sql" if book.has("lead_journey.sql_at") else "lead_to_won"
    past = history(book, [m for m in METRICS if m.key == key])
    past.loc[past["n"] < FEW, ["value", "low", "high"]] = float("nan")
    return past[past["recent"]].sort_values("start", ignore_index=True)


def standards(book: Book) -> pd.DataFrame:
    """Where the CRM's record of MQL and SQL and the rules disagree, over the period's leads.

    Returns:
        One row per standard: `standard`, `counted_by` (recorded or rule), `recorded`, `by_rule`,
        `both`, `only_recorded`, `only_by_rule`, `rule_unknown` (leads that lack what the rule
        asks for).
    """
    import pandas as pd

    frames = []
    for name in ("mql", "sql"):
        row = book.sql(
            f"""SELECT count({name}_recorded_at) AS recorded,
                count(*) FILTER ({name}_by_rule) AS by_rule,
                count(*) FILTER ({name}_by_rule AND {name}_recorded_at IS NOT NULL) AS both,
                count(*) FILTER (NOT {name}_by_rule AND {name}_recorded_at IS NOT NULL)
                    AS only_recorded,
                count(*) FILTER ({name}_by_rule AND {name}_recorded_at IS NULL) AS only_by_rule,
                count(*) FILTER ({name}_by_rule IS NULL) AS rule_unknown
            FROM lead_journey WHERE created_at >= $start AND created_at < $end""",
            start=book.period.start,
            end=book.period.end,
        )
        row.insert(0, "counted_by", book.deciders[name])
        row.insert(0, "standard", name.upper())
        frames.append(row)
    return pd.concat(frames, ignore_index=True)


@remembered
def channels(book: Book) -> pd.DataFrame:
    """Each channel's leads, valid rate, MQL, SQL, cost and cost per lead in the period.

    Channels without a name are shown as "no origin", apart from a recorded "unknown".

    Returns:
        One row per channel, most leads first: `channel`, `leads`, `valid_rate`, `valid_n`,
        `mql`, `sql`, `won_so_far`, `won_rate`, `won_low`, `won_high` (cohort of the period),
        `cost`, `cpl`.
    """
    import pandas as pd

    wanted = [m for m in METRICS if m.id in CHANNEL_METRICS]
    long = evaluate(book, wanted, by="channel")
    wide = long.pivot_table(index="channel", columns="key", values="value", dropna=False)
    wide = wide.reindex(columns=["leads", "valid_rate", "mql", "sql", "cpl"])
    valid_n = long[long["key"] == "valid_rate"].set_index("channel")["n"]
    cost = long[long["key"] == "cpl"].set_index("channel")["numerator"]
    won = won_by(book, "channel").set_index("channel")
    table = pd.concat([wide, valid_n.rename("valid_n"), cost.rename("cost"), won], axis=1)
    table["cpl"] = table["cpl"].where(table["cost"] > 0)
    order = ["leads", "valid_rate", "valid_n", "mql", "sql", "won_so_far", "won_rate"]
    order += ["won_low", "won_high", "cost", "cpl"]
    table = table[order].rename_axis("channel").reset_index()
    table["channel"] = table["channel"].fillna("cost without a channel")
    table = table[(table["leads"] > 0) | (table["cost"] > 0)]
    return table.sort_values(["leads", "channel"], ascending=[False, True], ignore_index=True)


@remembered
def won_by(book: Book, by: str, *, everything: bool = False) -> pd.DataFrame:
    """Leads and how many of them were won so far, by a column of `lead_journey`.

    Args:
        book: The Book.
        by: The column.
        everything: All leads the Book knows, instead of those captured in the period.

    Returns:
        `by`, `leads_followed`, `won_so_far`, `won_rate`, `won_low`, `won_high`; most leads first.

    Raises:
        ParameterError: `by` is no such column.
    """
    journey = book.table("lead_journey").select("lead_id", by)
    table = funnel.cohort(
        funnel_events(book).join(journey, "lead_id"),
        replace(way_to_won(book), stages=("lead", "won")),
        by=by,
        start=None if everything else book.period.start,
        end=None if everything else book.period.end,
    )
    won = table[table["stage"] == "won"].set_index(by)
    leads = table[table["stage"] == "lead"].set_index(by)["entered"]
    won = won.assign(leads_followed=leads)[["leads_followed", "entered", "rate", "low", "high"]]
    won.columns = ["leads_followed", "won_so_far", "won_rate", "won_low", "won_high"]
    return (
        won.reset_index()
        .sort_values(["leads_followed", by], ascending=[False, True], ignore_index=True)
    )  # fmt: skip


@remembered
def cost_per_customer(book: Book) -> pd.DataFrame:
    """What each channel's leads and customers cost over the two years up to the period's end.

    Two years, so that most of the leads have had the time to become customers.

    Returns:
        `channel`, `cost`, `leads`, `won` (of these leads, so far), `expected` (customers at the
        rate of all channels together), `cpl`, `cac`; dearest first.
    """
    since = book.period.last - timedelta(days=COST_DAYS)
    table = book.sql(
        """WITH spent AS (
            SELECT channel, sum(cost)::DOUBLE AS cost FROM cost_by_day
            WHERE date > $since AND date <= $last AND channel IS NOT NULL GROUP BY channel
        ), gained AS (
            SELECT channel, count(*) AS leads, count(won_at) AS won FROM lead_journey
            WHERE created_at > $since AND created_at < $end GROUP BY channel
        )
        SELECT channel, cost, leads, won,
            leads * (SELECT sum(won) / sum(leads) FROM gained) AS expected
        FROM spent JOIN gained USING (channel) WHERE cost > 0
        ORDER BY cost DESC, channel""",
        since=since,
        last=book.period.last,
        end=book.period.end,
    )
    cpl, cac = div(table["cost"], table["leads"]), div(table["cost"], table["won"])
    return table.assign(cpl=cpl, cac=cac)


@remembered
def conversion_by_answer(book: Book) -> pd.DataFrame:
    """MQLs that became SQL, by whether their first answer came in time.

    Over the MQLs of this period and the twelve before that have had the time most conversions
    take. A difference is no proof that the answer made it: teams do not get the same leads.

    Returns:
        `answer` (in time, late), `mql`, `sql`, `rate`, `low`, `high`.
    """
    days = usual_days(book, "mql", "sql") or 0.0
    table = book.sql(
        """SELECT CASE WHEN response_met THEN 'in time' ELSE 'late' END AS answer,
            count(*) AS mql, count(coalesce(sql_at, opportunity_at, won_at)) AS sql
        FROM lead_journey
        WHERE response_met IS NOT NULL AND mql_at >= $start AND mql_at < $until
        GROUP BY ALL ORDER BY answer""",
        start=book.period.back(BASELINE_PERIODS).start,
        until=min(book.period.end, book.as_of - timedelta(days=days)),
    )
    table["rate"] = div(table["sql"], table["mql"])
    table["low"], table["high"] = funnel.wilson(table["sql"], table["mql"])
    return table


@remembered
def response_by(book: Book, by: str = "team") -> pd.DataFrame:
    """How fast leads of the period were first answered by a person, in clock hours.

    Args:
        book: The Book.
        by: `team`, `owner`, `channel`, `intent_level`, `industry` or `region`.

    Returns:
        One row per value, most leads first: `by`, `leads`, `due` (answer due by now), `in_time`,
        `late`, `rate`, `low`, `high`, `median_hours`, `p90_hours`, `unanswered`.

    Raises:
        ParameterError: `by` is none of these.
    """
    if by not in BY_COLUMNS:
        raise ParameterError(unknown("breakdown", by, BY_COLUMNS))
    table = book.sql(
        f"""SELECT coalesce({by}, 'not assigned') AS "{by}", count(*) AS leads,
            count(response_met) AS due, count(*) FILTER (response_met) AS in_time,
            count(*) FILTER (NOT response_met) AS late, median(response_hours) AS median_hours,
            quantile_cont(response_hours, 0.9) AS p90_hours,
            count(*) FILTER (first_response_at IS NULL AND NOT response_met) AS unanswered
        FROM lead_journey WHERE created_at >= $start AND created_at < $end
        GROUP BY ALL ORDER BY leads DESC, "{by}" """,
        start=book.period.start,
        end=book.period.end,
    )
    table["rate"] = div(table["in_time"], table["due"])
    table["low"], table["high"] = funnel.wilson(table["in_time"], table["due"])
    columns = [by, "leads", "due", "in_time", "late", "rate", "low", "high", "median_hours"]
    return table[[*columns, "p90_hours", "unanswered"]]


@remembered
def loss_reasons(book: Book) -> pd.DataFrame:
    """Why leads and deals were lost in the period (P02-M14), most frequent first.

    Returns:
        `where` (lead or deal), `reason` ("not recorded" where it is empty), `lost`, `share`,
        `cumulative` (shares of that kind).
    """
    table = book.sql(
        """WITH lost AS (
            SELECT 'lead' AS "where", coalesce(invalid_reason, reason_code) AS reason
            FROM lead_journey
            WHERE coalesce(invalid_at, CASE WHEN status = 'invalid' THEN created_at END)
                >= $start AND coalesce(invalid_at, created_at) < $end
            UNION ALL
            SELECT 'deal', lost_reason FROM deal
            WHERE NOT is_won AND closed_at >= $start AND closed_at < $end
        )
        SELECT "where", replace(coalesce(reason, 'not recorded'), '_', ' ') AS reason,
            count(*) AS lost
        FROM lost GROUP BY ALL ORDER BY "where" DESC, lost DESC, reason""",
        start=book.period.start,
        end=book.period.end,
    )
    total = table.groupby("where")["lost"].transform("sum")
    table["share"] = div(table["lost"], total)
    table["cumulative"] = table.groupby("where")["share"].cumsum()
    return table


def revenue_pace(book: Book) -> dict[str, float]:
    """Won this fiscal year up to the period's end, its target, and the share of the year gone.

    Returns:
        `won`, `target` (nan where none is set), `share` (won ÷ target), `elapsed` (0 to 1).
    """
    from playbook.data.periods import parse
    from playbook.metrics import targets

    company = book.rules.company
    last = book.period.last
    year = parse(
        str(last.year + (last.month >= company.fiscal_year_start_month > 1)),
        zone=company.report_zone,
        fiscal_year_start_month=company.fiscal_year_start_month,
    )
    until = min(book.period.end, book.as_of)
    won = book.sql(
        "SELECT sum(won_amount)::DOUBLE AS won FROM deal WHERE is_won AND closed_at >= $start "
        "AND closed_at < $until",
        start=year.start,
        until=until,
    )["won"][0]
    target = targets(book, year).get("revenue", float("nan"))
    return {
        "won": float(won),
        "target": target,
        "share": div(won, target),
        "elapsed": year.elapsed(until),
    }


def response_hours(book: Book) -> pd.DataFrame:
    """Hours to the first answer by a person, one row per lead of the period.

    Returns:
        `lead_id`, `response_hours` (missing where nobody has answered yet); empty where no
        activities were supplied.
    """
    return book.sql(
        """SELECT lead_id, response_hours FROM lead_journey
        WHERE created_at >= $start AND created_at < $end AND $known ORDER BY lead_id""",
        start=book.period.start,
        end=book.period.end,
        known=book.has("activity"),
    )


def late_leads(book: Book) -> pd.DataFrame:
    """Leads that nobody has answered although the SLA is over, and which are still open.

    Returns:
        `lead_id`, `account`, `channel`, `intent_level`, `owner`, `team`, `created_at` (report
        zone), `overdue_hours` (on the SLA's clock); high intent first, then the newest.
    """
    table = book.sql(
        """SELECT lead_id, account_name AS account, channel, intent_level, owner, team, created_at,
            sla_hours_taken - sla_hours AS overdue_hours
        FROM lead_journey
        WHERE first_response_at IS NULL AND NOT response_met
            AND coalesce(status, 'new') IN ('new', 'working')
            AND coalesce(nurture_at, invalid_at, sql_at, opportunity_at, won_at) IS NULL
        ORDER BY intent_level = 'high' DESC NULLS LAST, created_at DESC, lead_id""",
    )
    table["created_at"] = book.local_times(table["created_at"])
    return table


def _named(table: pd.DataFrame) -> pd.DataFrame:
    """A funnel with names, its step rates as the rates, and what they rest on."""
    named = table.assign(
        key=table["stage"], stage=table["stage"].map(STAGE_NAMES), n=table["entered"].shift()
    ).rename(columns={"entered": "count", "rate": "overall"})
    steps = {"step_rate": "rate", "step_low": "low", "step_high": "high"}
    named = named.drop(columns=["low", "high"]).rename(columns=steps)
    named.loc[0, ["rate", "low", "high"]] = float("nan")
    return named[["key", "stage", "count", "skipped", "rate", "low", "high", "n", "overall"]]
