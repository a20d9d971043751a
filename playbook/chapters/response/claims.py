"""What the chapter says about the period: findings and the headline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook import format as fmt
from playbook import response
from playbook.book import remembered
from playbook.chapters.response.cost import EVENT_HOURS, after_events, cost_of_lateness
from playbook.chapters.response.due import assignments, move_to_nurture, sla_overdue
from playbook.chapters.response.inputs import ENOUGH, NOBODY, YEAR
from playbook.chapters.response.keeping import steps
from playbook.chapters.response.now import never_touched
from playbook.chapters.response.who import people, turns
from playbook.findings import Finding, Level, by_level

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book

BELOW = 0.7
"""Share in time below which a step is something to act on (our default)."""


@remembered
def findings(book: Book) -> list[Finding]:
    """What the rules of response say about the period and today, most pressing first."""
    found = [*_unowned(book), *_pool(book), *_events(book)]
    if book.has("activity"):
        found = [
            *_person(book), *_overdue(book), *_turned(book), *_late(book), *_steps(book),
            *_never(book), *found,
        ]  # fmt: skip
    return by_level(found)


def headline(book: Book, table: pd.DataFrame) -> str:
    """The answer to the chapter's question in one sentence.

    Args:
        book: The Book.
        table: What `metrics` returned.
    """
    row = table.set_index("key").loc["response_in_time"]
    if not book.has("activity"):
        return f"{book.period.title}: no activities were supplied, so nobody knows who called."
    if fmt.is_missing(row["value"]):
        return f"{book.period.title}: no answer was due."
    share = fmt.rate(row["value"], row["n"])
    text = f"{book.period.title}: {share} of the leads were answered in time"
    if not fmt.is_missing(row["previous"]):
        text += f" (the {book.period.kind} before {fmt.percent(row['previous'])})"
    waiting = int((sla_overdue(book)["step"] == response.RESPONSE).sum())
    if waiting:
        text += (
            f"; {fmt.plural(waiting, 'open lead')} wait past the SLA now"
            if waiting > 1
            else ("; 1 open lead waits past the SLA now")
        )
    apart = people(book).query("is_apart")
    if len(apart):
        worst = apart.iloc[0]
        text += f"; {worst['owner']} answers {fmt.percent(worst['rate'], 0)} in time"
    return f"{text}."


def _person(book: Book) -> list[Finding]:
    """P02-R2: somebody who answers less often in time than their mates, by more than chance."""
    table = people(book)
    apart = table[table["is_apart"]]
    found = []
    first = book.period.back(YEAR - 1).title
    for row in apart.to_dict("records"):
        claim = (
            f"{row['owner']}{_of(row['team'])} answered {fmt.number(row['met'])} of "
            f"{fmt.plural(row['due'], 'lead')} in time ({fmt.percent(row['rate'], 0)}); team mates "
            f"in the same {book.period.kind}s {fmt.percent(row['mates_rate'], 0)}."
        )
        evidence = (
            f"{first} to {book.period.title}; difference {fmt.points(row['difference'])}, "
            f"{fmt.points(row['difference_low'])} to {fmt.points(row['difference_high'])} allowing "
            f"for {fmt.plural(len(table), 'person', 'people')} compared. It says nothing of why: "
            "hours, load and leads may differ."
        )
        remedy = (
            f"Go through the late leads with {row['owner']}; until the reason is known, a stand-in "
            "takes what is not answered in time."
        )
        more = f"{_more_in_time(row):.0f} more leads answered in time"
        worth = f"about {more} in thirteen {book.period.kind}s"
        found.append(
            Finding(
                f"P02-R2/person-{row['owner']}", "act", claim, evidence, remedy,
                _head_of(row["team"]), "why", worth, "days",
            )
        )  # fmt: skip
    return found


def _more_in_time(row: dict[Any, Any]) -> float:
    return float((row["mates_rate"] - row["rate"]) * row["due"])


def _of(team: Any) -> str:
    return "" if fmt.is_missing(team) else f" ({team})"


def _head_of(team: Any) -> str:
    return "head of sales" if fmt.is_missing(team) else f"lead of {team}"


def _turned(book: Book) -> list[Finding]:
    """Since when a team is late."""
    found = []
    titles = {period.label: period.title for period in book.period.trailing(YEAR)}
    for row in turns(book).to_dict("records"):
        if row["due"] < ENOUGH:
            continue
        claim = (
            f"{row['team']} has answered {fmt.percent(row['rate'], 0)} in time since "
            f"{titles[row['since']]}, "
            f"before that {fmt.percent(row['before_rate'], 0)}."
        )
        evidence = (
            f"{row['met']} of {fmt.number(row['due'])} since, 95 % "
            f"{fmt.interval(row['low'], row['high'])}; {fmt.number(row['before_due'])} answers due "
            f"in the {book.period.kind}s before. Look at who left or what changed then."
        )
        remedy = (
            f"Find out with {row['team']} what changed then; route part of its leads elsewhere."
        )
        found.append(
            Finding(
                f"P02-R2/since-{row['team']}", "act", claim, evidence, remedy,
                "head of sales", "", "", "weeks",
            )
        )  # fmt: skip
    return found


def _overdue(book: Book) -> list[Finding]:
    late = sla_overdue(book)
    late = late[late["step"] == response.RESPONSE]
    if late.empty:
        claim = "No open lead waits for its first answer past the SLA."
        return [Finding("P02-R2/overdue", "good", claim, "List sla_overdue is empty.", question="")]
    high = int((late["intent_level"] == "high").sum())
    alone = int((late["owner"] == NOBODY).sum())
    n = len(late)
    claim = (
        f"{fmt.plural(n, 'open lead')} {'waits' if n == 1 else 'wait'} for a first answer past the "
        f"SLA, {fmt.number(high)} of high intent."
    )
    evidence = (
        f"As of {fmt.moment(book.local(book.as_of))}, whatever the {book.period.kind}; "
        f"{fmt.number(alone)} without an owner. List sla_overdue."
    )
    remedy = "Work the list sla_overdue down today, high intent first."
    return [
        Finding("P02-R2/overdue", "act", claim, evidence, remedy, "head of sales", "next",
                f"{fmt.plural(n, 'lead')} answered", "a day")
    ]  # fmt: skip


def _late(book: Book) -> list[Finding]:
    """What lateness goes with; never what it causes."""
    cost = cost_of_lateness(book)
    rows = cost.bands.set_index("band")
    if cost.reference is None or "later" not in rows.index:
        return []
    late, first = rows.loc["later"], rows.loc[cost.reference]
    if late["n"] < ENOUGH or first["n"] < ENOUGH or not late["odds_high"] < 1:
        return []
    claim = (
        f"Leads first answered after 72 h became SQL in {fmt.rate(late['rate'], late['n'])}, those "
        f"answered within {cost.reference.removeprefix('≤ ')} in "
        f"{fmt.rate(first['rate'], first['n'])}."
    )
    evidence = (
        f"Odds ratio {late['odds_ratio']:.2f} (95 % {late['odds_low']:.2f} to "
        f"{late['odds_high']:.2f}) with what is known of the leads held constant. {cost.notes[0]}"
    )
    remedy = (
        "Answer everything within 72 h at the latest; to learn what speed is worth, let chance "
        "decide which leads are called first for a month."
    )
    return [
        Finding("P02-R2/cost", "watch", claim, evidence, remedy, "marketing and sales", "", "", "")
    ]


def _steps(book: Book) -> list[Finding]:
    table = steps(book)
    further = table[(table["step"] != response.RESPONSE) & (table["due"] >= ENOUGH)]
    weak = further[further["rate"] < BELOW].sort_values(["rate", "step"])
    if weak.empty:
        return []
    said = "; ".join(f"{r.step} {fmt.rate(r.rate, r.due)}" for r in weak.itertuples())
    return [
        Finding(
            "B2-R2/steps", "watch", f"Steps after a website lead, done in time: {said}.",
            f"Of the leads of {book.period.title}; what is not recorded counts as not done.",
            "Let the system send the e-mail and the WeCom request; a person calls.",
            "marketing operations", "", "", "days",
        )
    ]  # fmt: skip


def _never(book: Book) -> list[Finding]:
    table = never_touched(book)
    if table.empty:
        return []
    n, oldest = len(table), table.iloc[0]
    written = int((table["automatic"] > 0).sum())
    claim = (
        f"{fmt.plural(n, 'open lead')} {'was' if n == 1 else 'were'} never touched by a person; "
        f"the oldest came on {fmt.date(oldest['created_at'])}."
    )
    evidence = f"To {fmt.number(written)} of them a system has written, which is no answer."
    remedy = "Call them once, or put them into the nurture pool with the reason."
    return [
        Finding("P02-R2/never", "watch", claim, evidence, remedy, "head of sales", "", "", "days")
    ]


def _unowned(book: Book) -> list[Finding]:
    """B2-R4: open leads that nobody looks after."""
    table = assignments(book)
    if table.empty:
        return []
    gone = int(table["last_owner"].notna().sum())
    alone = len(table) - gone
    claim = f"{fmt.plural(alone, 'open lead')} {'has' if alone == 1 else 'have'} no owner"
    if gone:
        who = ", ".join(sorted(table["last_owner"].dropna().unique()))
        claim += f", {fmt.number(gone)} belong to people who have left ({who})"
    handed = int(table["owner"].notna().sum())
    evidence = f"[routing] gives {fmt.number(handed)} of them to somebody: list assignments."
    if not handed:
        evidence = "[routing] of playbook.toml has no rules that could give them to somebody."
    level: Level = "act" if gone or alone >= ENOUGH else "watch"
    remedy = "Hand them out by the list assignments; whoever leaves hands over on the last day."
    return [
        Finding("B2-R4/unowned", level, f"{claim}.", evidence, remedy, "sales operations",
                "next", f"{fmt.plural(len(table), 'open lead')} looked after", "days")
    ]  # fmt: skip


def _pool(book: Book) -> list[Finding]:
    """P02-R3: leads tried often enough in vain and not moved."""
    if not book.has("activity.outcome"):
        return []
    table = move_to_nurture(book)
    if table.empty:
        return []
    enough = book.rules.nurture.touches_before_pool
    n, oldest = len(table), table["deadline"].min()
    claim = (
        f"{fmt.plural(n, 'open lead')} {'was' if n == 1 else 'were'} tried {enough} times or more "
        "in vain and not moved to the nurture pool."
    )
    evidence = f"The longest overdue since {fmt.date(oldest)}. List move_to_nurture."
    remedy = "Move them to the pool; let the CRM do it after the last attempt from now on."
    return [
        Finding("P02-R3/pool", "watch", claim, evidence, remedy, "sales operations", "",
                "sales time for leads that answer", "a day")
    ]  # fmt: skip


def _events(book: Book) -> list[Finding]:
    """P07-R2, where it shares the clock: an event whose leads heard nothing in 48 hours."""
    if not book.has("event", "lead.event_id", "activity"):
        return []
    table = after_events(book)
    total = fmt.div(table["followed"].sum(), table["leads"].sum())
    weak = table[(table["leads"] >= ENOUGH) & (table["high"] < total / 2)]
    found = []
    for row in weak.head(1).to_dict("records"):
        claim = (
            f"{row['event']} on {fmt.date(row['ended_at'])}: {row['followed']} of {row['leads']} "
            f"leads heard from sales within {EVENT_HOURS} h; after all events "
            f"{fmt.percent(total, 0)} did."
        )
        evidence = f"95 % {fmt.interval(row['low'], row['high'])}; events of the last year."
        remedy = "Name who calls which lead before the next event begins."
        found.append(
            Finding("P07-R2/response", "watch", claim, evidence, remedy, "events and sales", "",
                    "", "days")
        )  # fmt: skip
    return found
