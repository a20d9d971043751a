"""What the chapter finds undone: clocks after events, blocked messages, broken rules, renewals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook import format as fmt
from playbook.chapters.nurture.diagrams import clocks
from playbook.chapters.nurture.inputs import now
from playbook.chapters.nurture.touching import broken
from playbook.chapters.nurture.worklists import nurture_due, renewal_days, renewals
from playbook.chapters.response.inputs import NOBODY
from playbook.findings import Finding, Level

if TYPE_CHECKING:
    from playbook.book import Book

SOON_DAYS = 30
"""A contract that ends within so many days without a renewal is to be acted on."""

IN_TIME = 0.9
"""From this share done in time on, a clock is kept."""


def undone(book: Book) -> list[Finding]:
    """The findings on what was not done, or done against the rules."""
    return [
        *_clocks(book),
        *_blocked(book),
        *_without_consent(book),
        *_over_caps(book),
        *_renewals(book),
    ]


def _clocks(book: Book) -> list[Finding]:
    """P07-R2: whether thanks, follow-up and grading came in time, and what is overdue now."""
    table = clocks(book)
    table = table[table["n"] > 0]
    due = nurture_due(book)
    late = due[(due["deadline"] < now(book)) & (due["action"] == "due")]
    if table.empty and late.empty:
        return []
    parts = [
        f"{_short(str(row.step))} {fmt.number(row.in_time)} of {fmt.number(row.n)}"
        for row in table.itertuples()
    ]
    claim = f"After the events of {book.period.title}, done in time: {', '.join(parts)}"
    if not parts:
        claim = "Nothing was due after an event of the period"
    if len(late):
        claim += f"; {fmt.plural(len(late), 'such step')} {_is(len(late))} overdue now"
    worst = table.sort_values(["rate", "step"]).head(1)
    evidence = "".join(
        f"Least in time: {_short(str(row.step))} within {row.within_hours:g} h, "
        f"{fmt.rate(row.rate, row.n)}, 95 % {fmt.interval(row.low, row.high)}; "
        f"{fmt.number(row.never)} not done at all."
        for row in worst.itertuples()
    )
    kept = bool(len(table)) and table["rate"].min() >= IN_TIME
    if kept and late.empty:
        return [Finding("P07-R2/clocks", "good", f"{claim}.", evidence, question="")]
    owners = late.loc[late["owner"] != NOBODY, "owner"].value_counts()
    most = f" Most with {owners.index[0]}: {owners.iloc[0]}." if len(owners) else ""
    return [
        Finding(
            "P07-R2/clocks",
            "act" if len(late) else "watch",
            f"{claim}.",
            f"{evidence}{most} The list nurture_due names each.".strip(),
            "Call the overdue ones first, and name before each event who follows up.",
            "sales",
            "",
            "",
            "days",
        )
    ]


def _blocked(book: Book) -> list[Finding]:
    """Messages that are due and cannot go for want of consent."""
    found = nurture_due(book)
    due = found[found["action"].isin(["due", "blocked"]) & ~found["channel"].isin(["call", "task"])]
    stuck = int((due["blocked_by"].fillna("") == "consent").sum())
    if not stuck:
        return []
    claim = (
        f"{fmt.number(stuck)} of {fmt.plural(len(due), 'due message')} cannot go: no consent for "
        "any channel of the step."
    )
    return [
        Finding(
            "B2-R1/blocked",
            "watch",
            claim,
            "They stay in their flow until the step is given up; the list nurture_due has them.",
            "Ask for consent at the next call, or add a channel that needs none, such as WeCom.",
            "marketing operations",
            "",
        )
    ]


def _without_consent(book: Book) -> list[Finding]:
    """Messages of the period on a channel that needs consent, without it."""
    table = broken(book).set_index("rule")
    key = "on a channel that needs consent, without it"
    if key not in table.index or not table.loc[key, "broke"]:
        return []
    row = table.loc[key]
    gone = table["broke"]["to a contact who withdrew consent"]
    claim = (
        f"{fmt.number(row['broke'])} of {fmt.number(row['messages'])} messages on channels that "
        f"need consent went to contacts without it ({fmt.percent(row['broke_rate'])}), "
        f"{fmt.number(gone)} of all to contacts who withdrew it."
    )
    evidence = (
        f"Most: {row['most']}. Consent is as exported: who withdrew it since the message counts "
        "too."
    )
    remedy = "Let the sending system check consent at the moment of sending."
    return [
        Finding(
            "B2-R1/consent", "watch", claim, evidence, remedy, "marketing operations", "", "",
            "days",
        )
    ]  # fmt: skip


def _over_caps(book: Book) -> list[Finding]:
    """Messages of the period above a cap or in quiet hours."""
    table = broken(book)
    own = table[~table["rule"].str.contains("consent") & (table["broke"] > 0)]
    if own.empty:
        return []
    parts = [f"{fmt.number(r.broke)} went out {r.rule}" for r in own.itertuples()]
    claim = f"Of {fmt.plural(own['messages'].iloc[0], 'message')}, {', '.join(parts)}."
    most = "; ".join(f"{r.rule}: most {r.most}" for r in own.itertuples())
    return [Finding("B2-R1/caps", "info", claim, f"{most}.", question="")]


def _renewals(book: Book) -> list[Finding]:
    """B5-R3: contracts that end soon, and those that ended, without a renewal opened."""
    table = renewals(book)
    ended = _ended(book)
    if table.empty and not ended:
        return []
    soon = int((table["days_left"] <= SOON_DAYS).sum())
    amount = _money(book, table["amount"].sum())
    claim = (
        f"{fmt.plural(len(table), 'contract')} worth {amount} {_ends(len(table))} within "
        f"{renewal_days(book)} days and {_has(len(table))} no renewal opened; {fmt.number(soon)} "
        f"within {SOON_DAYS} days."
    )
    if table.empty:
        claim = "No contract that ends soon lacks a renewal."
    lapsed = fmt.plural(ended, "contract") if ended else "no contract"
    evidence = (
        f"In {book.period.title} {lapsed} ended without a renewal opened. "
        "A renewal is a deal of that type of the same account, opened since; the list renewals "
        "names each contract, its owner and its next step."
    )
    level: Level = "act" if soon else "watch" if len(table) else "info"
    if table.empty:
        return [Finding("B5-R3/renewals", level, claim, evidence, question="")]
    first = table.sort_values(["days_left", "opportunity_id"]).iloc[0]
    owner = "sales" if first["owner"] == NOBODY else f"sales, first {first['owner']}"
    return [
        Finding(
            "B5-R3/renewals", level, claim, evidence,
            "Open a renewal for each, beginning with those that end soonest.", owner, "next",
            f"{amount} of contracts at stake", "days",
        )
    ]  # fmt: skip


def _ended(book: Book) -> int:
    """Contracts that ended in the period without a renewal of the account opened since."""
    found = book.sql(
        """SELECT count(*) AS n FROM deal d
        WHERE d.is_won AND d.contract_end_on BETWEEN $first AND $last
            AND d.contract_end_on < $today
            AND NOT EXISTS (
                SELECT 1 FROM deal r WHERE r.account_id = d.account_id
                    AND r.deal_type = 'renewal' AND r.created_at > d.closed_at
            )""",
        first=book.period.first,
        last=book.period.last,
        today=now(book).date(),
    )
    return int(found["n"][0])


def _short(step: str) -> str:
    """A step's name without its time, up to the first comma: `thanks`, `follow up`."""
    return step.partition(": ")[2].partition(",")[0]


def _is(n: int) -> str:
    return "is" if n == 1 else "are"


def _has(n: int) -> str:
    return "has" if n == 1 else "have"


def _ends(n: int) -> str:
    return "ends" if n == 1 else "end"


def _money(book: Book, amount: Any) -> str:
    return fmt.money(amount, book.rules.company.currency, book.rules.report.number_style)
