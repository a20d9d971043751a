"""What the chapter says about the period: findings and the headline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook import format as fmt
from playbook.book import remembered
from playbook.chapters.growth.analysis import (
    channels,
    conversion_by_answer,
    cost_per_customer,
    response_by,
    revenue_pace,
)
from playbook.chapters.growth.bottleneck import bottlenecks
from playbook.chapters.growth.changes import fair_changes
from playbook.chapters.growth.pace import ENOUGH
from playbook.chapters.growth.signs import lead_count_trap
from playbook.derive import NO_ORIGIN
from playbook.findings import Finding, Level, by_level
from playbook.funnel import wilson

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book


@remembered
def findings(book: Book) -> list[Finding]:
    """What the rules of P02 say about the period, most pressing first."""
    from playbook.chapters.growth.declared import metrics

    table = metrics(book).set_index("key")
    changes = fair_changes(book) if book.has("stage_event") else None
    found = [
        _what_happened(book, table),
        *([_conversion_news(book, changes)] if changes is not None else []),
        *_late_answers(book, table),
        *_lead_count_trap(book),
        *_dear_channel(book),
        *_no_origin(book),
    ]
    return by_level(found)


def headline(book: Book, table: pd.DataFrame) -> str:
    """The answer to the chapter's question in one sentence.

    Args:
        book: The Book.
        table: What `metrics` returned.
    """
    return _what_happened(book, table.set_index("key")).claim


def _counted(book: Book, rows: pd.DataFrame) -> str:
    """The period's counts that are known, as a list in words."""
    known = {k: n for k, n in _COUNTS.items() if not fmt.is_missing(rows.loc[k, "value"])}
    return (
        ", ".join(f"{_value(book, rows, k)} {n}" for k, n in known.items()) or "no leads recorded"
    )


_COUNTS = {"leads": "leads", "mql": "MQL", "sql": "SQL"}


def _what_happened(book: Book, rows: pd.DataFrame) -> Finding:
    claim = f"{book.period.title}: {_counted(book, rows)}{_won(book, rows)}"
    pace = revenue_pace(book)
    level: Level = "info"
    if not fmt.is_missing(pace["share"]):
        claim += (
            f"; revenue stands at {fmt.percent(pace['share'], 0)} of the year's target, "
            f"the calendar at {fmt.percent(pace['elapsed'], 0)}"
        )
        level = "good" if pace["share"] >= pace["elapsed"] else "watch"
    before = ", ".join(
        f"{name} {fmt.change(rows.loc[key, 'value'], rows.loc[key, 'previous'], 'count')}"
        for key, name in _COUNTS.items()
        if not fmt.is_missing(rows.loc[key, "previous"])
    )
    evidence = (
        f"Against {book.previous.title}: {before}." if before else f"No earlier {book.period.kind}."
    )
    return Finding("P02-E2/what-happened", level, f"{claim}.", evidence, question="what")


def _conversion_news(book: Book, changes: pd.DataFrame) -> Finding:
    """The step whose loss is no chance and costs most customers; or that there is none.

    Where there is one, it names the first of the nine bottlenecks that is one.
    """
    known = changes[(changes["n"] >= ENOUGH) & (changes["base_n"] >= ENOUGH)]
    if known.empty:
        claim = "Too few leads for saying whether any step of the funnel has changed."
        sizes = ", ".join(f"{r.step} {r.n}" for r in changes.itertuples())
        evidence = f"Old enough to judge: {sizes}; at least {ENOUGH} are needed."
        return Finding("P02-R1/too-few", "info", claim, evidence, question="real")
    ranked = known.sort_values("lost_won", ascending=False)
    lost = ranked[ranked["is_news"] & (ranked["lost"] > 0)]
    row = ranked.iloc[0] if lost.empty else lost.iloc[0]
    before = f"the twelve {book.period.kind}s before"
    numbers = f"{fmt.percent(row['base_rate'])} to {fmt.percent(row['rate'])}"
    evidence = (
        f"{row['converted']} of {row['n']} now, {fmt.number(row['base_converted'])} of "
        f"{fmt.number(row['base_n'])} in {before}, all given {row['days']} days; difference "
        f"{fmt.points(row['difference'])} (95 % {fmt.points(row['low'])} to "
        f"{fmt.points(row['high'])}), p = {row['p_value']:.2g}."
    )
    if row["lost"] <= 0:
        claim = f"No step of the funnel converts less than in {before}."
        return Finding("P02-R1/no-news", "info", claim, evidence, question="real")
    if lost.empty:
        claim = (
            f"No step of the funnel lost more than chance does; the largest move, {row['step']} "
            f"from {numbers}, rests on {row['n']} leads."
        )
        return Finding("P02-R1/no-news", "info", claim, evidence, question="real")
    claim = f"{row['step']} fell from {numbers}, more than chance does"
    named, why = _named_bottleneck(book)
    return Finding(
        "P02-R1/bottleneck",
        "act",
        f"{claim}{named}.",
        f"{evidence}{why}",
        _REMEDIES.get(row["first"], _REMEDIES["opportunity"]).format(kind=book.period.kind),
        _OWNERS.get(row["first"], "sales"),
        "real",
        f"about {row['lost_won']:.1f} more customers from each {book.period.kind}'s leads",
        "weeks",
    )


def _named_bottleneck(book: Book) -> tuple[str, str]:
    """The top bottleneck of the ranking for the claim, and its numbers; empty if there is none."""
    found = bottlenecks(book).query("verdict == 'bottleneck'")
    if found.empty:
        return "", ""
    top = found.iloc[0]
    named = f"; among the nine bottlenecks, “{top['candidate']}” costs most"
    return named, f" {top['evidence']}"


def _won(book: Book, rows: pd.DataFrame) -> str:
    """What was won, as the tail of a sentence; empty where no deals were supplied."""
    if fmt.is_missing(rows.loc["won", "value"]):
        return ""
    deals, new = (int(n) for n in rows["value"][["won", "customers"]])
    amount = _value(book, rows, "revenue")
    sum_words = f"; {amount} won in" if amount != fmt.MISSING else ";"
    plural = "deal" if deals == 1 else "deals"
    of_new = f" ({new} new)" if new != deals else ""
    return f"{sum_words} {deals} {plural}{' won' if amount == fmt.MISSING else ''}{of_new}"


_REMEDIES = {
    "valid": "Compare the MQL standard with the valid leads it turned away.",
    "lead": "Review what the forms ask and which channels bring leads outside the MQL standard.",
    "mql": "Review with sales, lead by lead, the MQLs of the {kind} that did not become SQL.",
    "sql": "Let presales join the first meeting of every SQL and record why one does not advance.",
    "opportunity": "Review the lost deals with sales: price, competitor, or no decision.",
}
_OWNERS = {
    "lead": "marketing",
    "valid": "marketing",
    "mql": "marketing and sales",
    "sql": "sales and presales",
    "opportunity": "sales",
}


def _late_answers(book: Book, rows: pd.DataFrame) -> list[Finding]:
    """P02-R2: who waits beyond the SLA, where, and whether late leads convert less."""
    if not book.has("activity"):
        return []
    teams = response_by(book, "team")
    due, late = int(teams["due"].sum()), int(teams["late"].sum())
    if not due:
        return []
    sla = book.rules.sla
    rate, before = 1 - late / due, rows.loc["response_in_time", "previous"]
    worst = teams.sort_values(["late", "team"], ascending=[False, True]).iloc[0]
    others = teams[teams["team"] != worst["team"]]
    apart = worst["high"] < fmt.div(others["in_time"].sum(), others["due"].sum())
    where = f", {worst['late']} of them with {worst['team']}" if late else ""
    claim = (
        f"{fmt.number(late)} of {fmt.number(due)} leads whose answer was due waited past the "
        f"SLA{where}."
    )
    low, high = wilson(teams[["in_time"]].sum(), teams[["due"]].sum())
    evidence = (
        f"In time: {fmt.rate(rate, due)}, 95 % {fmt.interval(low[0], high[0])}, "
        f"the {book.period.kind} before {fmt.percent(before)}. SLA: {sla.high_intent_hours:g} h "
        f"for high intent, {sla.normal_hours:g} h for others, {sla.clock} hours."
    )
    evidence += _late_converts(book)
    level: Level = "act" if rate < 0.7 else "watch" if rate < 0.9 else "good"
    if level == "good" or not late:
        return [Finding("P02-R2/response", level, claim, evidence)]
    first = f"{worst['team']} answers its leads first thing, with a stand-in for absences"
    remedy = f"{first if apart else 'Every team answers high intent first'}; check it weekly."
    return [
        Finding(
            "P02-R2/response",
            level,
            claim,
            evidence,
            remedy,
            _lead_of(worst["team"]),
            "why",
            f"{late} leads a {book.period.kind} answered in time",
            "days",
        ),
        Finding(
            "P02-R2/need",
            level,
            f"Sales management must hold {worst['team']} to the SLA: {worst['late']} late answers.",
            f"Late answers in {book.period.title}, by team, stand on the growth page.",
            question="need",
            owner="head of sales",
        ),
    ]


def _late_converts(book: Book) -> str:
    """Whether MQLs answered late become SQL less often, as a sentence; empty if not known."""
    table = conversion_by_answer(book).set_index("answer")
    if len(table) < 2 or table["mql"].min() < ENOUGH:
        return ""
    kind = book.period.kind
    late, punctual = table.loc["late"], table.loc["in time"]
    words = (
        f" Over this {kind} and the twelve before, {fmt.rate(late['rate'], late['mql'])} of the "
        f"MQLs answered late became SQL, {fmt.rate(punctual['rate'], punctual['mql'])} of those "
        "answered in time"
    )
    apart = late["high"] < punctual["low"]
    return f"{words}; the intervals do not overlap." if apart else f"{words}; chance may decide."


def _lead_of(team: str) -> str:
    return f"lead of {team}" if team != "not assigned" else "head of sales"


def _lead_count_trap(book: Book) -> list[Finding]:
    """P02-L2: more leads, while the share of valid ones falls."""
    trap = lead_count_trap(book)
    if trap is None:
        return []
    claim = (
        f"Leads rose to {fmt.number(trap.leads)} (usually {fmt.number(round(trap.typical))}) while "
        f"the valid rate fell to {fmt.percent(trap.valid_rate)} "
        f"(usually {fmt.percent(trap.usual_rate)})."
    )
    evidence = (
        f"Valid rate 95 % {fmt.interval(trap.low, trap.high)}, n = {trap.n:.0f}; "
        f"usual means the median of the twelve {book.period.kind}s before."
    )
    remedy = "Hold spend on the channels that grew until their valid rate is back."
    return [
        Finding(
            "P02-L2/lead-count-trap",
            "act",
            claim,
            evidence,
            remedy,
            "marketing",
            "next",
            "sales time not spent on invalid leads",
            "days",
        )
    ]


def _dear_channel(book: Book) -> list[Finding]:
    """P03-X1 in its basic form: cheap per lead, and dear per customer or without any."""
    if not book.has("spend", "opportunity", "channel"):
        return []
    table = cost_per_customer(book)
    known = table[table["leads"] >= ENOUGH]
    if len(known) < 3:
        return []
    cheap = known["cpl"] <= known["cpl"].median()
    barren = (known["won"] == 0) & (known["expected"] >= 3)
    dear = (known["cac"] >= 1.5 * known["cac"].median()) & (known["won"] < known["expected"] / 2)
    trap = known[cheap & (barren | dear)].sort_values("cost", ascending=False)
    if trap.empty:
        return []
    row = trap.iloc[0]

    def money(amount: float) -> str:
        return fmt.money(amount, book.rules.company.currency, book.rules.report.number_style)

    customer = f"is dear at {money(row['cac'])} a customer" if row["won"] else "won no customer"
    claim = f"{row['channel']} looks cheap at {money(row['cpl'])} a lead, and {customer}."
    evidence = (
        f"Two years: {money(row['cost'])}, {row['leads']} leads, "
        f"{fmt.plural(row['won'], 'customer')} so far "
        f"where {row['expected']:.1f} would be usual; the median channel costs "
        f"{money(known['cpl'].median())} a lead and {money(known['cac'].median())} a customer. "
        "Direct cost only."
    )
    return [
        Finding(
            "P03-X1/dear-channel",
            "watch",
            claim,
            evidence,
            f"Judge {row['channel']} by cost per SQL; freeze its budget until that is known.",
            "digital marketing",
            "next",
            f"part of {money(row['cost'] / 2)} a year",
            "a week",
        )
    ]


def _no_origin(book: Book) -> list[Finding]:
    """P02-T5: leads whose source nobody recorded."""
    table = channels(book)
    total = table["leads"].sum()
    none = table.loc[table["channel"] == NO_ORIGIN, "leads"].sum()
    share = fmt.div(none, total)
    if not none or share < book.rules.checks.unmapped_channel_share:
        return []
    claim = (
        f"{fmt.number(none)} of {fmt.number(total)} leads carry no channel ({fmt.percent(share)})."
    )
    remedy = "Make the source a required field on every form and import."
    return [
        Finding(
            "P02-T5/no-origin",
            "watch",
            claim,
            "Shown as “no origin”, apart from a recorded “unknown”.",
            remedy,
            "marketing operations",
            "next",
            "",
            "days",
        )
    ]


def _value(book: Book, rows: pd.DataFrame, key: str) -> str:
    row: Any = rows.loc[key]
    return fmt.value(
        row["value"],
        row["unit"],
        currency=book.rules.company.currency,
        style=book.rules.report.number_style,
    )
