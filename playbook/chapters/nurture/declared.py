"""The chapter's metrics (B2-R5, B5-M3), and what is waiting now."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from playbook.book import remembered
from playbook.chapters.nurture.counted import (
    ANSWER_DAYS,
    DEALS,
    ENROLMENTS,
    RETURN_DAYS,
    Counted,
    entered,
)
from playbook.chapters.nurture.evaluated import (
    ENTERED,
    enrolments,
    flow_titles,
    programs,
    step_names,
    waiting,
)
from playbook.metrics import Measure, Metric, evaluate, history

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book

_STARTS = ("lead",)
_TOUCH = ("touch.program",)
_SOLD = ("opportunity", "touch.program")

ENROLLED = Measure(ENROLMENTS, "started_at", lambda t: t.count(), _STARTS)
ACTIVE = Measure(ENROLMENTS, "started_at", lambda t: t.count(), _STARTS, until="ended_at")
COMPLETED = Measure(
    ENROLMENTS, "ended_at", lambda t: (t.status == "completed").sum(), ("touch.program",)
)
BACK = Measure(ENROLMENTS, "back_at", lambda t: (t.in_pool & t.returned).sum(), ("stage_event",))
IN_POOL = Measure(ENROLMENTS, "started_at", lambda t: t.in_pool.sum(), ("stage_event",))
RETURNED = Measure(
    ENROLMENTS, "started_at", lambda t: (t.in_pool & t.returned).sum(), ("stage_event",)
)
MESSAGED = Measure(ENROLMENTS, "started_at", lambda t: t.messaged.sum(), _TOUCH)
ENGAGED = Measure(ENROLMENTS, "started_at", lambda t: (t.messaged & t.engaged).sum(), _TOUCH)
OPENED = Measure(DEALS, "created_at", lambda t: t.count(), _SOLD)
OPENED_NURTURED = Measure(DEALS, "created_at", lambda t: t.nurtured.sum(), _SOLD)
WON_AMOUNT = Measure(DEALS, "closed_at", lambda t: t.won_amount.sum(), _SOLD)
WON_NURTURED = Measure(DEALS, "closed_at", lambda t: t.won_amount.sum(where=t.nurtured), _SOLD)
DEALS_WON = Measure(DEALS, "closed_at", lambda t: t.is_won.sum(), _SOLD)

RETURN_RATE = Metric(
    "B2-R5/return_rate", "nurture_return_rate", f"Back to MQL in {RETURN_DAYS} days, cohort",
    "培育回流率", "share", "up", RETURNED,
    f"Of the enrolments in the nurture pool that began in the period, those whose lead became MQL "
    f"within {RETURN_DAYS} days.",
    denominator=IN_POOL, view="cohort", part=True,
)  # fmt: skip

METRICS: tuple[Metric, ...] = (
    Metric(
        "B2-R5/enrolled", "nurture_enrolled", "Enrolled", "进入培育数", "count", "", ENROLLED,
        "Enrolments in any flow that began in the period.",
    ),
    Metric(
        "B2-R5/active", "nurture_active", "In a flow at the end", "培育中", "count", "", ACTIVE,
        "Enrolments that were running when the period ended.",
    ),
    Metric(
        "B2-R5/completed", "nurture_completed", "Completed", "完成培育数", "count", "", COMPLETED,
        "Enrolments whose last step was sent or given up in the period.",
    ),
    Metric(
        "B2-R5/back", "nurture_back", "Back to MQL", "培育转MQL数", "count", "up", BACK,
        f"Enrolments in the nurture pool whose lead became MQL in the period, within {RETURN_DAYS} "
        "days of their start: still in the flow, or after its last step.",
    ),
    RETURN_RATE,
    Metric(
        "B2-R5/engaged", "nurture_engaged", "Engaged, cohort", "培育互动率", "share", "up",
        ENGAGED,
        "Of the enrolments that began in the period and were sent a message, those whose lead "
        "answered one of the flow (a click, a reply) so far; flows to which no answer is on record "
        "are left out.",
        denominator=MESSAGED, view="cohort", part=True,
    ),
    Metric(
        "B5-M3/opportunities", "nurture_opportunities", "Opportunities from nurture",
        "培育商机数", "count", "up", OPENED_NURTURED,
        "New-business opportunities opened in the period whose lead had been sent a message of a "
        "nurture flow before (touch.program → lead → opportunity).",
    ),
    Metric(
        "B5-M3/opportunity_share", "nurture_opportunity_share",
        "Share of opportunities from nurture", "培育商机占比", "share", "", OPENED_NURTURED,
        "Opportunities from nurture ÷ all new-business opportunities opened in the period.",
        denominator=OPENED, part=True,
    ),
    Metric(
        "B5-M3/won", "nurture_won", "Won amount from nurture", "培育成交金额", "money", "up",
        WON_NURTURED,
        "Amount of the new-business deals won in the period whose lead had been sent a message of "
        "a nurture flow before the deal was opened.",
    ),
    Metric(
        "B5-M3/won_share", "nurture_won_share", "Share of won amount from nurture",
        "培育成交占比", "share", "", WON_NURTURED,
        "Won amount from nurture ÷ the amount of all new-business deals won in the period.",
        denominator=WON_AMOUNT, n=DEALS_WON,
    ),
)  # fmt: skip


@remembered
def metrics(book: Book) -> pd.DataFrame:
    """The chapter's metrics now, before, last year and against target; see `metrics.evaluate`."""
    table = evaluate(Counted(book), METRICS)
    times = {RETURN_RATE.key: RETURN_DAYS, "nurture_engaged": _days_to_answer(book)}
    for key, days in times.items():
        young = book.period.end + timedelta(days=days) > book.as_of
        own = (table["key"] == key) & table["value"].notna()
        table.loc[own, "immature"] = young
    return table


def _days_to_answer(book: Book) -> float:
    """Days from the start until the last message of a flow with answers has had its time."""
    found = entered(book)
    heard = set(found.loc[found["messaged"], "flow"])
    own = [s for flow, s in programs(book, messages=True).values() if flow.name in heard]
    return max((step.offset_seconds / 86_400 for step in own), default=0) + ANSWER_DAYS


@remembered
def return_history(book: Book) -> pd.DataFrame:
    """The return rate of the last thirteen periods, oldest first; see `metrics.history`."""
    past = history(Counted(book), [RETURN_RATE])
    last = book.as_of - timedelta(days=RETURN_DAYS)
    ends = {p.label: p.end for p in book.period.trailing(13)}
    past = past[past["recent"]].sort_values("start", ignore_index=True)
    past["immature"] = [ends[label] > last for label in past["period"]]
    return past


@remembered
def cockpit(book: Book) -> pd.DataFrame:
    """Every enrolment: where it stands, what comes next, and what keeps it from going out.

    Returns:
        `lead_id`, `account`, `owner`, `flow` (title), `status`, `why` (what ended it), `started`,
        `ended`, `done`, `passed`, `missed` (steps), `last_step`, `next_step`, `due`, `channel`,
        `action` (`due`, `blocked`, `planned`), `blocked_by`, `free` (when that is over); moments
        in the report zone. Active ones first by what is due next, then the latest that ended.
    """
    found = enrolments(book)
    found = found[found["status"].isin(ENTERED)]
    names = step_names(book)
    leads = book.sql("SELECT lead_id AS entity, account_name AS account, owner FROM lead_journey")
    table = found.merge(leads, on="entity", how="left").assign(
        flow=lambda t: t["flow"].map(flow_titles(book)),
        last_step=lambda t: t["last_step"].map(names),
        next_step=lambda t: t["program"].map(names),
        idle=lambda t: t["status"] != "active",
    )
    table = table.sort_values("ended_at", ascending=False, kind="stable")
    table = table.sort_values(["idle", "due_at"], kind="stable", ignore_index=True)
    named = {
        "entity": "lead_id", "started_at": "started", "ended_at": "ended", "due_at": "due",
        "free_at": "free",
    }  # fmt: skip
    columns = ["lead_id", "account", "owner", "flow", "status", "why", "started", "ended", "done"]
    columns += ["passed", "missed", "last_step", "next_step", "due", "channel", "action"]
    return table.rename(columns=named)[[*columns, "blocked_by", "free"]]


@remembered
def standing(book: Book) -> pd.DataFrame:
    """What waits in each flow now: for its hour, for consent, for a cap, or only for its day.

    Returns:
        `flow` (title), `active` (enrolments), `due` (steps that may be done now), `quiet` (due,
        and waiting for the hours in which messages may go out), `no_consent`, `over_cap`
        (blocked), `tomorrow` (due within a day).
    """
    import pandas as pd

    found, rows = waiting(book), []
    active = enrolments(book).query("status == 'active'")["flow"].value_counts()
    for name, title in flow_titles(book).items():
        own = found[found["flow"] == name]
        why = own["blocked_by"].fillna("")
        rows.append(
            {
                "flow": title,
                "active": int(active.get(name, 0)),
                "due": int((own["action"] == "due").sum()),
                "quiet": int((why == "quiet hours").sum()),
                "no_consent": int((why == "consent").sum()),
                "over_cap": int(why.isin(["per_day", "per_week"]).sum()),
                "tomorrow": int((own["action"] == "planned").sum()),
            }
        )
    columns = ["flow", "active", "due", "quiet", "no_consent", "over_cap", "tomorrow"]
    return pd.DataFrame(rows, columns=columns)


def waiting_total(table: pd.DataFrame) -> dict[str, int]:
    """The columns of `standing` added up."""
    sums: dict[Any, Any] = table.drop(columns="flow").sum().to_dict()
    return {str(name): int(value) for name, value in sums.items()}
