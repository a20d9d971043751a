"""The words around the chapter's figures: their titles are built from their numbers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playbook import format as fmt
from playbook import routing
from playbook.chapters.response.inputs import YEAR, promise, unrecorded
from playbook.chapters.response.keeping import flattered
from playbook.chapters.words import Words
from playbook.conditions import describe

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book
    from playbook.chapters.response.changes import Promise
    from playbook.conditions import Condition
    from playbook.response import Lateness

_FIELD = re.compile(r"\b[a-z]+\.([a-z_]+)")


def plainly(condition: Condition | None) -> str:
    """A condition without the names of its tables.

    >>> from playbook.conditions import Comparison
    >>> plainly(Comparison("lead.capture_type", "in", ("form", "qr")))
    'capture type is one of form, qr'
    """
    if condition is None:
        return "every lead"
    text = describe(condition).replace("score.points", "score.score")
    return _FIELD.sub(r"\1", text).replace("_", " ")


def of_promise(book: Book) -> str:
    """The promise in force as a sentence, and what the data cannot show of it."""
    rules, sla = book.rules.sla, promise(book)
    hours = "office hours" if sla.clock == "business" else "hours, nights and days off included"
    since = "capture" if sla.start == "created" else "assignment"
    text = (
        f"A person answers within {rules.high_intent_hours:g} h where "
        f"{plainly(rules.high_intent)}, within {rules.normal_hours:g} h otherwise; "
        f"counted from {since}, in {hours}."
    )
    gone = unrecorded(book)
    return f"{text} Nothing on record shows: {', '.join(gone)}." if gone else text


def of_counting(book: Book) -> str:
    """What counts as an answer, with what it would be if systems counted too."""
    text = (
        "Pending means not due yet: no breach. What a system sent is no answer by a person, "
        "whatever it says"
    )
    share = flattered(book)
    if fmt.is_missing(share):
        return f"{text}."
    return f"{text}; if it counted, {fmt.percent(share, 0)} of the answers would seem in time."


def of_steps(table: pd.DataFrame) -> Words:
    """For the promised steps; see `steps`."""
    due = table[table["due"] > 0]
    if due.empty:
        return Words("No promised step has fallen due", "", "No step has fallen due.")
    worst = due.sort_values(["rate", "step"]).iloc[0]
    title = f"Least kept: {worst['step']}, {fmt.rate(worst['rate'], worst['due'])} in time"
    alt = "; ".join(f"{r.step} {fmt.rate(r.rate, r.due)}" for r in due.itertuples())
    return Words(title, "", f"Share of each step done in time: {alt}.")


def of_hours(book: Book, rows: pd.DataFrame, *, is_high: bool) -> Words:
    """For the hours to the first answer; see `hours`."""
    sla = book.rules.sla
    limit = sla.high_intent_hours if is_high else sla.normal_hours
    known = rows["response_hours"].dropna()
    who = "high-intent leads" if is_high else "other leads"
    within = int((known <= limit).sum())
    title = f"{within} of {len(rows)} {who} were answered within {limit:g} h"
    see = f"Blue bars lie beyond the SLA; half of those answered waited {fmt.hours(known.median())}"
    see += " or more." if sla.clock == "clock" else " of office time or more."
    return Words(title, see, f"Hours to the first answer: {title}.")


def of_trend(book: Book, turned: pd.DataFrame, trend: pd.DataFrame) -> Words:
    """For the share in time by team over thirteen periods; see `team_trend` and `turns`."""
    lines = "One line a team."
    if turned.empty:
        title = "No team answers less often in time than it used to, beyond chance"
        return Words(title, lines, f"{title}: {trend['team'].nunique()} teams.")
    row = turned.iloc[0]
    titles = {period.label: period.title for period in book.period.trailing(YEAR)}
    title = (
        f"{row['team']} fell from {fmt.percent(row['before_rate'], 0)} to "
        f"{fmt.percent(row['rate'], 0)} in time in {titles[row['since']]}"
    )
    if row["periods"] > 1:
        title += ", and has stayed there"
    return Words(title, lines, f"Share answered in time by team: {title}.")


def of_people(table: pd.DataFrame) -> Words:
    """For the people beside their team mates; see `people`."""
    apart = table[table["is_apart"]]
    see = (
        "Grey bars mark the mates of the same team in the same periods. Strong dots lie below "
        "them by more than chance, all people considered."
    )
    if apart.empty:
        title = "Nobody answers less often in time than their team mates, beyond chance"
    elif len(apart) == 1:
        row = apart.iloc[0]
        title = (
            f"{row['owner']} answers {fmt.percent(row['rate'], 0)} in time, "
            f"team mates {fmt.percent(row['mates_rate'], 0)}"
        )
    else:
        title = f"{len(apart)} people answer less often in time than their team mates"
    alt = "; ".join(f"{r.owner} {fmt.rate(r.rate, r.due)}" for r in table.itertuples())
    return Words(title, see, f"Share answered in time by person: {alt}.")


def as_people(table: pd.DataFrame) -> pd.DataFrame:
    """`people` as rows of a dot plot."""
    return table.assign(
        name=table["owner"],
        value=table["rate"],
        n=table["due"],
        previous=table["mates_rate"],
        emphasis=table["is_apart"],
    )[["name", "value", "low", "high", "n", "previous", "emphasis"]]


def of_week(table: pd.DataFrame) -> Words:
    """For the grid of weekdays and times of day; see `week`."""
    known = table[table["n"] > 0]
    days = known.assign(met=known["value"] * known["n"])
    is_off = days["name"].isin(["Sat", "Sun"])
    rates = [fmt.div(part["met"].sum(), part["n"].sum()) for part in (days[~is_off], days[is_off])]
    see = (
        "Rows are the weekday, columns the hours of the day in which the lead came. Blue is above "
        "all the rest together, red below, by more than chance; grey may be chance."
    )
    if fmt.is_missing(rates[1]):
        title = f"In time: {fmt.percent(rates[0], 0)} of what comes on Monday to Friday"
    else:
        title = (
            f"In time: {fmt.percent(rates[0], 0)} of what comes on Monday to Friday, "
            f"{fmt.percent(rates[1], 0)} of what comes on a weekend"
        )
    return Words(title, see, f"{title}; {fmt.number(known['n'].sum())} answers due.")


def of_cost(cost: Lateness) -> Words:
    """For conversion by time to the first answer; see `cost_of_lateness`."""
    rows = cost.bands[(cost.bands["n"] > 0) & (cost.bands["band"] != "never")]
    if rows.empty:
        return Words("No lead is old enough to tell", "", "No lead is old enough.")
    first, last = rows.iloc[0], rows.iloc[-1]
    title = (
        f"SQL after an answer {_band(first['band'])}: {fmt.percent(first['rate'])}; "
        f"{_band(last['band'])}: {fmt.percent(last['rate'])}"
    )
    see = "What goes with lateness, not what it causes. Lines are 95 % intervals."
    alt = "; ".join(f"{r.band} {fmt.rate(r.rate, r.n)}" for r in rows.itertuples())
    return Words(title, see, f"Share that became SQL by time to the first answer: {alt}.")


def _band(name: str) -> str:
    return "after 72 h" if name == "later" else f"within {name.removeprefix('≤ ')}"


def of_odds(cost: Lateness, held: list[str]) -> Words:
    """For the odds of the bands with other things held constant."""
    named = f"{', '.join(held)} held constant" if held else "nothing held constant"
    title = f"The same as odds against “{cost.reference}”, with {named}"
    see = " ".join(cost.notes)
    if cost.reference is None:
        title = "Too little for a model that holds other things constant"
    counted = f"{fmt.number(cost.n)} leads counted, {fmt.number(cost.young)} too young."
    return Words(title, f"{see} {counted}", title)


def of_breaches(found: Promise) -> str:
    """The title of a breach list."""
    if not found.due:
        return "No answer was due"
    return (
        f"{fmt.plural(len(found.breaches), 'answer')} late or overdue; "
        f"in time {fmt.rate(found.share, found.due)}"
    )


def of_rules(table: pd.DataFrame) -> Words:
    """For the routing rules in force; see `rules_in_force`."""
    total, other = int(table["leads"].sum()), int(table["elsewhere"].sum())
    most = table.sort_values(["leads", "place"], ascending=[False, True]).iloc[0]
    title = f"“{most['rule']}” takes {most['leads']} of the last {fmt.number(total)} leads"
    see = (
        "Tried on the leads of the last thirteen weeks. The first rule that holds takes the lead. "
        f"On record with another team than by rule: {fmt.plural(other, 'lead')}. Busiest is the "
        "most that one person of the team would have got on a day."
    )
    return Words(title, see, title)


def of_what_if(run: routing.DryRun, change: str) -> Words:
    """For a dry run of changed rules; see `what_if`."""
    now, new = run.response["in_time"]
    moved = int(run.leads["moved"].sum())
    title = (
        f"{change}: {fmt.number(moved)} of {fmt.number(len(run.leads))} leads would have gone "
        "to another team"
    )
    see = " ".join(run.notes)
    if not fmt.is_missing(run.change):
        see = (
            f"Expected in time: {fmt.percent(now, 0)} → {fmt.percent(new, 0)} "
            f"({fmt.points(run.change)}, 95 % {fmt.points(run.low)} to "
            f"{fmt.points(run.high)}). {see}"
        )
    return Words(title, see, title)


def of_events(table: pd.DataFrame, hours: int) -> Words:
    """For the follow-up after events; see `after_events`."""
    row = table.iloc[0]
    total = fmt.div(table["followed"].sum(), table["leads"].sum())
    heard = f"{row['followed']} of {row['leads']} leads heard from sales"
    title = f"{row['event']}: {heard} in {hours} h"
    see = f"All events of the year together: {fmt.rate(total, table['leads'].sum())}."
    return Words(title, see, title)
