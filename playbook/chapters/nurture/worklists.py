"""The lists of the day: steps that are due, contracts that end, people who checked in."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from playbook import format as fmt
from playbook.book import remembered
from playbook.chapters.nurture.evaluated import flows, programs, step_name, step_when, waiting
from playbook.chapters.nurture.inputs import now
from playbook.chapters.response.inputs import NOBODY

if TYPE_CHECKING:
    import pandas as pd

    from playbook import nurture
    from playbook.book import Book

AHEAD_DAYS = 1
"""How far the list of steps looks ahead."""

ALERT_HOURS = 48
"""How long a check-in stays on the list; by then sales has followed up (P07-R2)."""

_FIRST = ("lead_id", "owner", "reason", "deadline", "rule")
_DUE = (
    *_FIRST, "action", "channel", "content", "template", "opening", "program", "due_at",
    "blocked_by", "free_at", "account", "person_id",
)  # fmt: skip
_CHECKED_IN = (*_FIRST, "event", "checked_in_at", "account", "is_target", "person_id")


@remembered
def nurture_due(book: Book) -> pd.DataFrame:
    """The steps of the flows that are due, blocked, or due within a day, as of now.

    The owner is the lead's. The deadline is the step's own, else the moment at which it is given
    up. Steps before the end of a contract are in `renewals`, with those of deals without a lead.

    Returns:
        `lead_id`, `owner`, `reason`, `deadline`, `rule`, `action` (`due`, `blocked`, `planned`),
        `channel`, `content`, `template`, `opening`, `program`, `due_at`, `blocked_by`, `free_at`,
        `account`, `person_id`; moments in the report zone. Due ones first, then blocked, then
        planned ones, each by deadline.
    """
    steps = programs(book)
    found = waiting(book, ahead_days=AHEAD_DAYS)
    ending = [program for program, (flow, _) in steps.items() if flow.on == "contract_end"]
    found = found[~found["program"].isin(ending)]
    people = book.sql("SELECT lead_id, owner, account_name AS account, person_id FROM lead_journey")
    table = found.rename(columns={"entity": "lead_id"}).merge(people, on="lead_id", how="left")
    given_up = table["due_at"] + timedelta(days=book.rules.nurture.touch.missed_after_days)
    table["deadline"] = table["deadline_at"].fillna(given_up)
    records = table.to_dict("records")
    table = table.assign(
        owner=table["owner"].fillna(NOBODY),
        reason=[_reason(book, steps[row["program"]][1], row) for row in records],
        rule=[_rule(*steps[row["program"]]) for row in records],
        _place=table["action"].map({"due": 0, "blocked": 1, "planned": 2}),
    )
    ordered = table.sort_values(["_place", "deadline", "lead_id", "program"], ignore_index=True)
    return ordered[list(_DUE)]


def _reason(book: Book, step: nurture.Step, row: dict[Any, Any]) -> str:
    what = f"{step_name(step)}, due {fmt.moment(row['due_at'])}"
    if row["deadline"] < now(book):
        what += f", overdue since {fmt.moment(row['deadline'])}"
    if row["action"] == "planned" and fmt.is_missing(row["channel"]):
        return f"{what}; {_WHY['consent']}."
    if row["action"] != "blocked":
        return f"{what}."
    return f"{what}; {_WHY[row['blocked_by']].format(free=fmt.moment(row['free_at']))}."


_WHY = {
    "consent": "no consent for any of its channels",
    "quiet hours": "messages may go out from {free} on",
    "per_day": "the contact has had the day's messages; free on {free}",
    "per_week": "the contact has had the week's messages; free on {free}",
}


def _rule(flow: nurture.Flow, step: nurture.Step) -> str:
    return f"[nurture.flows.{flow.name}] {step_when(step)}"


@remembered
def renewals(book: Book) -> pd.DataFrame:
    """Contracts that end within the renewal flow's days, no renewal opened yet (B5-R3).

    The owner is the deal's. The deadline is that of the next step, or when it is given up, and
    the contract's end at the latest.

    Returns:
        `lead_id` (missing where a deal has none), `owner`, `reason`, `deadline`, `rule`,
        `next_step`, `due_at` (of it), `channel`, `content`, `program`, `opportunity_id`,
        `account`, `amount` (report currency), `contract_end_on`, `days_left`, `person_id` (the
        lead's; else who decides at the customer, or whom it has been known by longest); by
        deadline.
        Empty where no flow starts before the end of a contract.
    """
    import pandas as pd

    columns = [*_FIRST, *_RENEWAL]
    flow = _renewal_flow(book)
    if flow is None:
        return pd.DataFrame(columns=columns)
    ending = _ending(book, flow.days_before)
    done = _done(book, flow)
    rows = [_renewal(book, flow, row, done) for row in ending.to_dict("records")]
    table = pd.DataFrame(rows, columns=columns)
    table = table.astype({"deadline": "datetime64[us]", "due_at": "datetime64[us]"})
    return table.sort_values(["deadline", "lead_id", "opportunity_id"], ignore_index=True)


_RENEWAL = (
    "next_step", "due_at", "channel", "content", "program", "opportunity_id", "account", "amount",
    "contract_end_on", "days_left", "person_id",
)  # fmt: skip


_AS_IT_IS = ("lead_id", "owner", "opportunity_id", "account", "amount", "person_id")


def renewal_days(book: Book) -> int:
    """Days before the end of a contract at which its flow starts; 0 where there is none."""
    flow = _renewal_flow(book)
    return flow.days_before if flow else 0


def _renewal_flow(book: Book) -> nurture.Flow | None:
    """The flow that the end of a contract starts, the first by priority."""
    ending = [flow for flow in flows(book) if flow.on == "contract_end"]
    return min(ending, key=lambda flow: (flow.priority, flow.name), default=None)


def _ending(book: Book, days: int) -> pd.DataFrame:
    """Contracts that end from today on within so many days, without a renewal since."""
    today = now(book).date()
    return book.sql(
        """WITH buyer AS (
            SELECT aa.kept_id AS account_id, arg_min(p.person_id,
                (coalesce(p.buying_role, '') <> 'decision', p.created_at, p.person_id)) AS person_id
            FROM clean.person p JOIN account_alias aa USING (account_id)
            WHERE p.merged_into_id IS NULL GROUP BY aa.kept_id
        )
        SELECT d.opportunity_id, d.lead_id, d.account_id, a.account_name AS account,
            coalesce(s.name, d.owner_id) AS owner, d.won_amount::DOUBLE AS amount,
            d.contract_end_on, d.closed_at, coalesce(l.person_id, b.person_id) AS person_id
        FROM deal d
        LEFT JOIN clean.account a ON a.account_id = d.account_id
        LEFT JOIN clean.staff s ON s.staff_id = d.owner_id
        LEFT JOIN lead_journey l ON l.lead_id = d.lead_id
        LEFT JOIN buyer b ON b.account_id = d.account_id
        WHERE d.is_won AND d.contract_end_on BETWEEN $today AND $last
            AND NOT EXISTS (
                SELECT 1 FROM deal r WHERE r.account_id = d.account_id
                    AND r.deal_type = 'renewal' AND r.created_at > d.closed_at
            )
        ORDER BY d.contract_end_on, d.opportunity_id""",
        today=today,
        last=today + timedelta(days=days),
    ).assign(
        closed_at=lambda t: book.local_times(t["closed_at"]),
        owner=lambda t: t["owner"].fillna(NOBODY),
    )


def _done(book: Book, flow: nurture.Flow) -> dict[tuple[str, str], list[Any]]:
    """When each account was sent each step, report zone."""
    sent = book.sql(
        """SELECT coalesce(t.account_id, l.account_id) AS account_id, t.program, t.touched_at
        FROM clean.touch t LEFT JOIN lead_alias a USING (lead_id)
        LEFT JOIN lead_journey l ON l.lead_id = a.kept_id
        WHERE t.direction = 'out' AND list_contains($programs, t.program)
        ORDER BY t.touched_at""",
        programs=[flow.program(step) for step in flow.steps],
    )
    sent["touched_at"] = book.local_times(sent["touched_at"])
    found: dict[tuple[str, str], list[Any]] = {}
    for account, program, moment in sent.itertuples(index=False):
        found.setdefault((str(account), str(program)), []).append(moment)
    return found


def _renewal(
    book: Book, flow: nurture.Flow, row: dict[Any, Any], done: dict[tuple[str, str], list[Any]]
) -> dict[str, Any]:
    import pandas as pd

    end = pd.Timestamp(row["contract_end_on"])
    start = max(end - timedelta(days=flow.days_before), pd.Timestamp(row["closed_at"]))
    step, due, by = _next_step(book, flow, start, str(row["account_id"]), done)
    last = end + timedelta(days=1, minutes=-1)
    money = fmt.money(row["amount"], book.rules.company.currency, book.rules.report.number_style)
    left = (end.date() - now(book).date()).days
    when = "today" if left == 0 else f"in {fmt.plural(left, 'day')}"
    worth = f" of {money}" if money != fmt.MISSING else ""
    following = f"next: {step_name(step)}" if step else "no step of the flow is left"
    return {
        **{name: row[name] for name in _AS_IT_IS},
        "reason": f"Contract{worth} ends {when}, no renewal opened; {following}.",
        "deadline": min(by, last) if step else last,
        "rule": _rule(flow, step) if step else f"[nurture.flows.{flow.name}] contract end",
        "next_step": step_when(step) if step else None,
        "due_at": due,
        "channel": ", else ".join(step.channels) if step else None,
        "content": step.content or step.name if step else None,
        "program": flow.program(step) if step else None,
        "contract_end_on": end,
        "days_left": left,
    }


def _next_step(
    book: Book,
    flow: nurture.Flow,
    start: pd.Timestamp,
    account: str,
    done: dict[tuple[str, str], list[Any]],
) -> tuple[Any, Any, Any]:
    """The first step after those done that is not given up, when it is due, and by when."""
    touch, moment = book.rules.nurture.touch, now(book)
    places = [
        place
        for place, step in enumerate(flow.steps)
        if any(at >= start for at in done.get((account, flow.program(step)), []))
    ]
    for step in flow.steps[max(places, default=-1) + 1 :]:
        if step.hours is None:
            clock = timedelta(hours=touch.send_at.hour, minutes=touch.send_at.minute)
            due = max(start.normalize() + clock + timedelta(days=step.day or 0), start)
        else:
            due = start + timedelta(hours=step.hours)
        given_up = due + timedelta(days=touch.missed_after_days)
        if given_up > moment:
            own = step.within_hours
            return step, due, given_up if own is None else start + timedelta(hours=own)
    return None, None, None


@remembered
def check_ins(book: Book) -> pd.DataFrame:
    """Who checked in at an event in the last two days, and whose owner is to be told (B4-T2).

    One row per person and event with the person's latest lead, if nobody has been in touch with
    that person since the check-in. The deadline is the check-in itself: the owner is told at
    once. People without a lead have no owner and are not on the list.

    Returns:
        `lead_id`, `owner`, `reason`, `deadline`, `rule`, `event`, `checked_in_at` (report zone),
        `account`, `is_target`, `person_id`; the latest check-in first: who came last may still be
        there.
    """
    table = book.sql(
        """WITH latest AS (
            SELECT person_id, arg_max(lead_id, (created_at, lead_id)) AS lead_id
            FROM lead_journey WHERE person_id IS NOT NULL GROUP BY person_id
        ), contacts AS (
            SELECT l.person_id, max(v.activity_at) AS last_at
            FROM clean.activity v JOIN lead_alias a USING (lead_id)
            JOIN lead_journey l ON l.lead_id = a.kept_id
            WHERE NOT coalesce(v.is_automatic, false) GROUP BY l.person_id
        )
        SELECT l.lead_id, l.owner, e.event_name AS event, t.checked_in_at,
            l.account_name AS account, t.is_target, t.person_id
        FROM clean.event_attendee t
        JOIN clean.event e USING (event_id)
        JOIN latest USING (person_id)
        JOIN lead_journey l ON l.lead_id = latest.lead_id
        LEFT JOIN contacts c ON c.person_id = t.person_id
        WHERE t.checked_in_at > $since AND t.checked_in_at <= $as_of
            AND (c.last_at IS NULL OR c.last_at < t.checked_in_at)
        ORDER BY t.checked_in_at DESC, l.lead_id, t.event_id""",
        since=book.as_of - timedelta(hours=ALERT_HOURS),
        as_of=book.as_of,
    )
    table["checked_in_at"] = book.local_times(table["checked_in_at"])
    table["deadline"] = table["checked_in_at"]
    table["owner"] = table["owner"].fillna(NOBODY)
    table["reason"] = [
        f"Checked in at {event}, {fmt.moment(at)}; nobody has been in touch since."
        for event, at in zip(table["event"], table["checked_in_at"], strict=True)
    ]
    table["rule"] = "B4-T2: the owner is told of a check-in at once"
    return table[list(_CHECKED_IN)]
