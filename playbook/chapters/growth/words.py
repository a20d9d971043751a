"""What the chapter's figures say, from the tables they draw."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook import format as fmt
from playbook.chapters.words import Words
from playbook.funnel import wilson

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book


LARGE = 0.05
"""Share of all leads from which a group is large enough to be named in a title."""


def of_stages(book: Book, table: pd.DataFrame) -> Words:
    """For the period's stage entries; see `period_stages`."""
    first, last, kind = table.iloc[0], table.iloc[-1], book.period.kind
    title = f"{fmt.number(first['count'])} leads came in during {book.period.title}"
    if last["key"] == "won":
        title += f", and {fmt.plural(last['count'], 'lead')} became customers"
    see = (
        f"Each bar counts leads that entered the stage in the {kind}, whenever they came: those of "
        f"a {kind} are seldom the ones won in it. Deals without a lead, renewals included, are not "
        f"in it. Grey is the {kind} before."
    )
    counts = ", ".join(
        f"{name} {fmt.number(count)}"
        for name, count in table[["stage", "count"]].itertuples(index=False)
    )
    return Words(title, see, f"Bars of stage entries in {book.period.title}: {counts}.")


def of_cohort(book: Book, table: pd.DataFrame) -> Words:
    """For what became of the period's leads; see `cohort_stages`."""
    young = ", ".join(table.loc[table["immature"], "stage"])
    mql = table.set_index("key")["overall"].get("mql")
    title = (
        f"{fmt.percent(mql)} of the leads of {book.period.title} are MQL so far"
        if mql is not None
        else f"What became of the leads of {book.period.title}"
    )
    see = "The share beside each bar is of the stage before, for the same leads."
    if young:
        see += f" Hatched stages are too young to judge: {young}."
    later = table.iloc[1:][["stage", "rate", "n"]].itertuples(index=False)
    rates = ", ".join(f"{name} {fmt.rate(rate, n)}" for name, rate, n in later)
    return Words(title, see, f"Cohort of {book.period.title}: {rates}.")


def of_changes(book: Book, table: pd.DataFrame) -> Words:
    """For the steps now against the twelve periods before; see `fair_changes`."""
    if table.empty:
        title = "No stage beyond the lead is recorded yet"
        return Words(title, "", title)
    kind = book.period.kind
    news = table[table["is_news"]].sort_values("lost", ascending=False)
    if news.empty:
        title = f"No step converts differently from the twelve {kind}s before, beyond chance"
    else:
        row = news.iloc[0]
        verb = "fell" if row["difference"] < 0 else "rose"
        title = f"{row['step']} {verb} by {fmt.points(abs(row['difference'])).lstrip('+')}"
    strong = "" if news.empty else "; a strong dot differs by more than chance"
    see = (
        f"Dots are this {kind} with 95 % intervals, grey marks the twelve {kind}s before{strong}. "
        f"Every lead is given the same time: {same_days(table)}."
    )
    rates = "; ".join(
        f"{r.step} {fmt.percent(r.rate)} against {fmt.percent(r.base_rate)}"
        for r in table.itertuples()
    )
    return Words(title, see, f"Step conversions now and before: {rates}.")


def same_days(table: pd.DataFrame) -> str:
    """How many days each step was given, those of equal length together.

    Args:
        table: `step` and `days`, in the funnel's order.
    """
    groups: dict[int, list[str]] = {}
    for step, days in dict(zip(table["step"], table["days"], strict=True)).items():
        groups.setdefault(int(days), []).append(str(step))
    if len(groups) == 1:
        return fmt.plural(next(iter(groups)), "day")
    rest = max(groups, key=lambda days: len(groups[days]))
    if len(groups[rest]) == 1:
        return ", ".join(f"{s[0]} {fmt.plural(days, 'day')}" for days, s in groups.items())
    parts = [f"{fmt.plural(d, 'day')} for {', '.join(s)}" for d, s in groups.items() if d != rest]
    return "; ".join([*parts, f"{fmt.plural(rest, 'day')} for the others"])


def of_trend(table: pd.DataFrame) -> Words:
    """For one metric over thirteen periods; see `conversion_trend`."""
    name = table["name"].iloc[0].removesuffix(", cohort")
    ripe = table[~table["immature"] & table["value"].notna()]
    if ripe.empty:
        return Words(f"{name}: nothing old enough to judge yet", "", f"{name}: no mature period.")
    last, usual = ripe.iloc[-1], ripe["value"].iloc[:-1].median()
    unit = last["unit"]
    when = _when(str(last["period"]), f"{last['start']:%B %Y}")
    title = f"{name}: {fmt.value(last['value'], unit)} in {when}"
    if not fmt.is_missing(usual):
        title += f", usually {fmt.value(usual, unit)}"
    see = "The band is the 95 % interval." if unit == "share" else ""
    if table["immature"].any():
        see += " What is hatched is too young: some of its conversions are still to come."
    return Words(title, see.strip(), f"{title}, over {len(table)} periods.")


def _when(label: str, month: str) -> str:
    """A period's label as words: `week 43 of 2026`, `October 2026`, `Q3 2026`, `2026`."""
    year, _, part = label.partition("-")
    if part.startswith("W"):
        return f"week {int(part[1:])} of {year}"
    if part.startswith("Q"):
        return f"{part} {year}"
    return month if len(part) == len("10") else label


def of_response(book: Book, rows: pd.DataFrame) -> Words:
    """For the hours to the first answer of the period's leads."""
    due = book.rules.sla.normal_hours
    known = rows["response_hours"].dropna()
    within = fmt.percent(fmt.div((known <= due).sum(), len(rows)))
    title = f"{within} of leads were answered within {due:g} hours"
    see = (
        f"High intent is due after {book.rules.sla.high_intent_hours:g} hours, everything else "
        f"after {due:g}. Only answers by a person count."
    )
    alt = f"Hours to first answer: {title}; median {fmt.hours(known.median())}."
    return Words(title, see, alt)


def of_teams(table: pd.DataFrame, by: str) -> Words:
    """For the share answered in time by team, owner or channel; see `response_by`."""
    known = table[table["due"] > 0]
    if known.empty:
        return Words("No answers were due", "", "No answers were due in the period.")
    total = fmt.div(known["in_time"].sum(), known["due"].sum())
    worst = known.sort_values(["late", by], ascending=[False, True]).iloc[0]
    title = f"{worst[by]} accounts for {worst['late']} of {known['late'].sum()} late answers"
    see = f"All together: {fmt.percent(total)} in time. Lines are 95 % intervals."
    alt = f"Share answered in time by {by}: " + "; ".join(
        f"{value} {fmt.rate(rate, due)}"
        for value, rate, due in known[[by, "rate", "due"]].itertuples(index=False)
    )
    return Words(title, see, alt)


def of_won(table: pd.DataFrame, by: str) -> Words:
    """For the share of leads won so far; see `won_by`."""
    won, leads = int(table["won_so_far"].sum()), int(table["leads_followed"].sum())
    low, high = wilson(table[["won_so_far"]].sum(), table[["leads_followed"]].sum())
    large = table[table["leads_followed"] >= max(LARGE * leads, 1)]
    ranked = (table if large.empty else large).sort_values(
        ["won_rate", by], ascending=[False, True]
    )
    best, least = ranked.iloc[0], ranked.iloc[-1]
    title = (
        f"Most often won: leads from {best[by]} ({fmt.percent(best['won_rate'])}); "
        f"least often: {least[by]} ({fmt.percent(least['won_rate'])})"
    )
    if len(ranked) == 1 or not won:
        title = f"{fmt.number(won)} of {fmt.plural(leads, 'lead')} on record won so far"
    see = (
        f"Of all {fmt.number(leads)} leads on record, {fmt.number(won)} have been won so far: "
        f"{fmt.percent(fmt.div(won, leads), 2)} (95 % {100 * low[0]:.2f}–{100 * high[0]:.2f}). "
        f"Lines are 95 % intervals: where they overlap, chance may decide. "
        f"Named are {by}s with at least "
        f"{fmt.percent(LARGE, 0)} of the leads."
    )
    alt = f"Share of leads won by {by}: " + "; ".join(
        f"{value} {fmt.rate(rate, n)}"
        for value, rate, n in table[[by, "won_rate", "leads_followed"]].itertuples(index=False)
    )
    return Words(title, see, alt)
