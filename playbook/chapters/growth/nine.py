"""What each of the nine bottlenecks of P02-R1 would show in the data, one sign each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook import format as fmt
from playbook.book import remembered
from playbook.chapters.growth.changes import fair_changes
from playbook.chapters.growth.declared import metrics
from playbook.chapters.growth.pace import BASELINE_PERIODS, FEW
from playbook.chapters.growth.signs import (
    FEWEST_PERIODS,
    Counts,
    Sign,
    Trap,
    beside,
    counts_of_step,
    distance_of,
    foreseen,
    lacking,
    lead_count_trap,
    of_counts,
    shares,
    step,
    typical_of,
)
from playbook.format import div
from playbook.metrics import targets

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book

COUNT_TARGETS = frozenset({"leads", "budget"})
"""Targets that say nothing about the quality of leads."""


@remembered
def web(book: Book) -> pd.DataFrame:
    """The website in the period and the twelve before.

    Returns:
        One row per period that has records, oldest first: `period`, `days` (with records),
        `sessions`, `form_submits`, `bounces`, `a_day` (sessions per day with records).
    """
    periods = book.period.trailing(BASELINE_PERIODS + 1)
    table = book.sql(
        """WITH span AS (
            SELECT unnest($labels) AS period, unnest($firsts) AS first, unnest($lasts) AS last
        )
        SELECT period, count(DISTINCT date)::DOUBLE AS days, sum(sessions)::DOUBLE AS sessions,
            sum(form_submits)::DOUBLE AS form_submits, sum(bounces)::DOUBLE AS bounces
        FROM clean.web_daily JOIN span ON date BETWEEN first AND last
        WHERE sessions IS NOT NULL GROUP BY period, first ORDER BY first""",
        labels=[p.label for p in periods],
        firsts=[p.first for p in periods],
        lasts=[p.last for p in periods],
    )
    return table.assign(a_day=div(table["sessions"], table["days"]))


def little_traffic(book: Book) -> Sign:
    """Sessions on the website a day, so that a period under way is not short of any."""
    sign = Sign("sessions on the website a day", "count", "up")
    if not book.has("web_daily.sessions"):
        return lacking(sign, "web_daily.sessions")
    table = web(book).set_index("period")
    before = table.drop(index=book.period.label, errors="ignore")
    if book.period.label not in table.index:
        return lacking(sign, "web_daily of the period")
    now = float(table["a_day"][book.period.label])
    usual, low, high, p_value = foreseen(before["a_day"].tolist(), now)
    if fmt.is_missing(usual):
        return lacking(sign, f"web_daily of at least {FEWEST_PERIODS} periods before")
    return Sign(
        sign.measure,
        "count",
        "up",
        now,
        float(table["days"][book.period.label]),
        usual,
        float(before["days"].sum()),
        now - high,
        now - low,
        p_value,
        "The interval follows the spread of the periods before.",
        distance=distance_of(now - usual, p_value, "up"),
    )


def imprecise_traffic(book: Book) -> Sign:
    """Leads that become valid in the same time, or ICP fit where validity is not recorded."""
    row = step(book, "valid")
    icp = Sign("leads whose company fits the ICP", "share", "up")
    fit = (
        of_counts(icp, shares(book, "lead_journey", "created_at", "icp_fit", "icp_fit IS NOT NULL"))
        if book.has("lead_journey.icp_tier")
        else None
    )
    if row is not None:
        sign = Sign(f"leads that turn out valid within {row['days']} days", "share", "up")
        return of_counts(sign, counts_of_step(row), beside(fit))
    return fit or lacking(Sign("leads that turn out valid", "share", "up"), "lead.contact_valid")


def content_does_not_move(book: Book) -> Sign:
    """Sessions that end in a submitted form."""
    sign = Sign("sessions that end in a submitted form", "share", "up")
    absent = book.missing("web_daily.sessions", "web_daily.form_submits")
    if absent:
        return lacking(sign, *absent)
    table = web(book)
    now = table["period"] == book.period.label
    sums = [int(table.loc[m, k].sum()) for m in (now, ~now) for k in ("form_submits", "sessions")]
    return of_counts(sign, Counts(*sums))


def form_too_coarse(book: Book) -> Sign:
    """Leads that leave open what the MQL standard asks for: company, title or need."""
    asked = {
        "the company": ("lead.account_id", "account_id IS NULL"),
        "the job title": ("person.job_title", "job_title IS NULL"),
        "the need": ("lead.need_type", "need_type IS NULL"),
    }
    known = {name: test for name, (column, test) in asked.items() if book.has(column)}
    sign = Sign(f"leads that leave open {' or '.join(known)}", "share", "down")
    if not known:
        sign = Sign("leads that leave open what the MQL standard asks for", "share", "down")
        return lacking(sign, *(column for column, _ in asked.values()))
    lacks = " OR ".join(known.values())
    days = 0 if (row := step(book, "valid")) is None else int(row["days"])
    unknown = Sign("leads for which the MQL rule cannot be answered", "share", "down")
    rule = of_counts(
        unknown, shares(book, "lead_journey", "created_at", "mql_by_rule IS NULL", days=days)
    )
    counts = shares(book, "lead_journey", "created_at", lacks, days=days)
    return of_counts(sign, counts, beside(rule))


def sales_does_not_follow(book: Book) -> Sign:
    """Leads answered by a person within the SLA, of those whose answer is due."""
    sign = Sign("leads answered by a person within the SLA", "share", "up")
    if not book.has("activity"):
        return lacking(sign, "activity")
    due = "response_met IS NOT NULL"
    counts = shares(book, "lead_journey", "created_at", "response_met", due)
    untouched = "first_response_at IS NULL AND NOT response_met"
    never = shares(book, "lead_journey", "created_at", untouched, due).part
    note = f"{fmt.plural(never, 'lead')} of the period whose answer is due had none so far."
    target = targets(book, book.period).get("response_24h")
    if target is not None:
        note += f" The target for answers within 24 hours is {fmt.percent(target, 0)}."
    return of_counts(sign, counts, note)


def unclear_mql(book: Book) -> Sign:
    """MQLs that become SQL in the same time, of those that sales answered in time."""
    sign = Sign("MQLs that become SQL in the same time", "share", "up")
    row = step(book, "sql")
    if row is None or row["first"] != "mql":
        return lacking(sign, *(book.missing("lead_journey.mql_at", "lead_journey.sql_at")))
    counts, who = _gone_on(book, int(row["days"]))
    named = Sign(f"{who} that become SQL within {row['days']} days", "share", "up")
    return of_counts(named, counts, beside(_disagreement(book)))


def _gone_on(book: Book, days: int) -> tuple[Counts, str]:
    """MQLs that became SQL in those days, of those answered in time where these are enough."""
    part = f"coalesce(least(sql_at, opportunity_at, won_at) <= mql_at + to_days({days}), false)"
    punctual = "coalesce(response_met, false)"
    counts = shares(book, "lead_journey", "mql_at", part, punctual, days=days)
    if min(counts.whole, counts.base_whole) >= FEW:
        return counts, "MQLs answered in time"
    return shares(book, "lead_journey", "mql_at", part, days=days), "MQLs"


def _disagreement(book: Book) -> Sign | None:
    """Record against rule, of the leads that either calls MQL, all given the same time."""
    if book.deciders["mql"] != "recorded":
        return None
    steps = fair_changes(book).set_index("then")["days"]
    days = int(sum(steps.get(stage, 0) for stage in ("valid", "mql")))
    recorded = f"coalesce(mql_recorded_at <= created_at + to_days({days}), false)"
    ruled = "coalesce(mql_by_rule, false)"
    part, whole = f"{recorded} <> {ruled}", f"{recorded} OR {ruled}"
    counts = shares(book, "lead_journey", "created_at", part, whole, days=days)
    measure = "leads that only the record or only the rule calls MQL, of those that either does"
    return of_counts(Sign(measure, "share", "down"), counts)


DECISIONS = {
    "lead.invalid_reason": (
        "SELECT coalesce(invalid_at, created_at), "
        "invalid_reason IS NOT NULL OR (invalid_at IS NOT NULL AND reason_code IS NOT NULL) "
        "FROM lead_journey WHERE status = 'invalid' OR invalid_at IS NOT NULL"
    ),
    "stage_event.reason_code": (
        "SELECT nurture_at, reason_code IS NOT NULL FROM lead_journey WHERE nurture_at > mql_at"
    ),
    "opportunity.lost_reason": (
        "SELECT closed_at, lost_reason IS NOT NULL FROM deal WHERE NOT is_won"
    ),
    "lead.sql_need": (
        "SELECT j.sql_at, l.sql_need IS NOT NULL FROM lead_journey j "
        "JOIN clean.lead l USING (lead_id) WHERE j.sql_at IS NOT NULL"
    ),
}
"""Decisions of sales by the column that says why: invalid, MQL sent back, deal lost, SQL."""


def feedback_not_returned(book: Book) -> Sign:
    """Decisions of sales that came back without a reason or an answer."""
    sign = Sign("decisions of sales without a reason or an answer", "share", "down")
    asked = [query for column, query in DECISIONS.items() if book.has(column)]
    if not asked:
        return lacking(sign, *DECISIONS)
    source = f"({' UNION ALL '.join([f'{_NONE_DECIDED}', *asked])})"
    counts = shares(book, source, "decided_at", "NOT told")
    note = "Decisions are leads called invalid, MQLs sent back, deals lost, and SQLs."
    return of_counts(sign, counts, note)


_NONE_DECIDED = "SELECT NULL::TIMESTAMP AS decided_at, NULL::BOOLEAN AS told WHERE false"


def does_not_know_what_closed(book: Book) -> Sign:
    """New deals closed whose origin nobody knows: no lead, or a lead without a channel."""
    sign = Sign("new deals closed without a lead or its channel", "share", "down")
    if not book.has("opportunity.closed_at"):
        return lacking(sign, "opportunity.closed_at")
    source = (
        "(SELECT d.closed_at, d.is_won, j.channel_id FROM deal d "
        "LEFT JOIN lead_journey j USING (lead_id) WHERE d.deal_type = 'new')"
    )
    counts = shares(book, source, "closed_at", "channel_id IS NULL", "closed_at IS NOT NULL")
    won = shares(book, source, "closed_at", "channel_id IS NULL", "is_won")
    note = f"Of those won in the period: {won.part} of {won.whole}."
    return of_counts(sign, counts, note)


def lead_count_only(book: Book) -> Sign:
    """Leads of the period; bad where they are up while the valid rate falls (P02-L2)."""
    sign = Sign("leads of the period, beside the valid rate", "count", "up")
    leads = metrics(book).set_index("key").to_dict("index")["leads"]
    now, typical = leads["value"], typical_of(leads["trend"])
    if fmt.is_missing(now) or fmt.is_missing(typical):
        return lacking(sign, "lead of the period and of those before")
    if not book.has("lead_journey.is_valid") and not book.has("target"):
        return lacking(sign, "lead.contact_valid", "target")
    trap = lead_count_trap(book)
    known = [x for x in leads["trend"][:-1] if not fmt.is_missing(x)]
    _, _, _, p_value = foreseen(known, now)
    far = abs(distance_of(now - typical, p_value, "up")) if trap else 0.0
    return Sign(
        sign.measure,
        "count",
        "up",
        now,
        now,
        typical,
        sum(known),
        note=f"{_of_trap(trap)} {_of_targets(book)}",
        distance=far,
    )


def counts_leads_only(book: Book) -> bool:
    """Whether there is a target for the lead count and none for anything that leads become."""
    goals = set(targets(book, book.period))
    return "leads" in goals and not goals - COUNT_TARGETS


def _of_trap(trap: Trap | None) -> str:
    if trap is None:
        return "No trap: leads are not up by a fifth with the valid rate below usual."
    return (
        f"Leads rose while the valid rate fell to {fmt.rate(trap.valid_rate, trap.n)} "
        f"(usually {fmt.percent(trap.usual_rate)})."
    )


def _of_targets(book: Book) -> str:
    goals = set(targets(book, book.period))
    if not goals:
        return "There are no targets for the period."
    if counts_leads_only(book):
        return "The only target of the period is the lead count."
    beyond = ", ".join(goal.replace("_", " ") for goal in sorted(goals - COUNT_TARGETS))
    return f"Targets beyond the lead count: {beyond}."
