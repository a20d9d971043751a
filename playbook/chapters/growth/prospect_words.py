"""What is said of speed, of young cohorts and of what is to be expected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook import format as fmt
from playbook.chapters.words import Words

if TYPE_CHECKING:
    import pandas as pd


def of_times(table: pd.DataFrame) -> Words:
    """For the time in each stage; see `stage_times`."""
    known = table[table["median"].notna()]
    if known.empty:
        title = "No lead has left a stage yet"
        return Words(title, "", title)
    slowest = known.sort_values("median").iloc[-1]
    title = (
        f"Slowest to leave: {slowest['stage']}, half of those who move on take more than "
        f"{fmt.value(slowest['median'], 'days')}"
    )
    see = (
        "Days in the stage of those who moved on; the open ones are not in these, their own age "
        "stands beside. Leads of this period and the twelve before."
    )
    medians = ", ".join(f"{r.stage} {fmt.value(r.median, 'days')}" for r in known.itertuples())
    return Words(title, see, f"Median days in stage: {medians}.")


def of_ages(table: pd.DataFrame) -> Words:
    """For the conversion by age; see `conversion_by_age`."""
    if table.empty:
        title = "No lead has been followed for a month yet"
        return Words(title, "", title)
    last = table.iloc[-1]
    days = int(last["days"])
    title = (
        f"{fmt.percent(last['rate'])} of the leads are won within {days} days; a plain count "
        f"of the same leads says {fmt.percent(last['so_far'])}"
    )
    see = (
        "Dots count each lead for as long as it has been followed (Kaplan–Meier), with 95 % "
        f"intervals; grey marks count young leads as lost. {fmt.number(last['n'])} leads of this "
        "period and the twelve before."
    )
    rates = "; ".join(
        f"within {r.days:.0f} days {fmt.percent(r.rate)} ({fmt.percent(r.low)} to "
        f"{fmt.percent(r.high)})"
        for r in table.itertuples()
    )
    return Words(title, see, f"Share of leads won, {rates}.")


def of_outlook(table: pd.DataFrame) -> Words:
    """For what is to be expected of open leads and deals; see `outlook`."""
    if table.empty:
        title = "Nothing that is open can be won yet"
        return Words(title, "", title)
    total = table.iloc[-1]
    if fmt.is_missing(total["expected"]):
        title = "Too few customers so far to say what the open leads will bring"
        return Words(title, f"{total['reason'].capitalize()}.", title)
    title = (
        f"{fmt.number(total['expected'], 0)} customers are to be expected of what is open now "
        f"(95 % {fmt.number(total['low'])}–{fmt.number(total['high'])})"
    )
    see = (
        "From what became of earlier leads that had stayed as long in the same stage; the interval "
        "holds the chance of each lead and how little the history knows. It takes for granted that "
        "leads go on as they did."
    )
    return Words(title, see, f"{title}.")
