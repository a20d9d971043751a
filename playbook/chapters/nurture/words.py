"""The words around the chapter's figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook import format as fmt
from playbook.chapters.nurture.counted import ANSWER_DAYS, RETURN_DAYS
from playbook.chapters.nurture.diagrams import flow_boxes
from playbook.chapters.nurture.effects import (
    CONVERT_DAYS,
    GOAL_NAMES,
    LANDMARK_DAYS,
    MORE,
    unanswered,
    working_step,
)
from playbook.chapters.nurture.evaluated import flow_states, flow_title, flows, goal, quoted
from playbook.chapters.words import Words

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book


def of_flow(book: Book, name: str) -> Words:
    """For the diagram of one flow; see `diagrams.flow_boxes`."""
    flow = next(flow for flow in flows(book) if flow.name == name)
    found = flow_states(book)
    own = found[found["flow"] == name]
    now, done, gone = (
        int(own.loc[own["status"] == key, "n"].sum()) for key in ("active", "completed", "exited")
    )
    title = (
        f"{flow_title(flow)}: {fmt.number(now)} in it now, {fmt.number(done)} completed, "
        f"{fmt.number(gone)} ended before"
    )
    boxes = flow_boxes(book, name)
    steps = boxes[boxes["kind"] == "step"]
    see = f"All enrolments on record, as of {_as_of(book)}. "
    see += "“Given up” was not done within the days of the rules; “passed over” means that a later "
    see += "step was done first."
    alt = f"{title}. " + "; ".join(
        f"{row['when']}: {row['title']}, {row['figure'] or 'nobody yet'}"
        for row in steps.to_dict("records")
    )
    return Words(title, see, f"{alt}.")


def of_engagement(book: Book, table: pd.DataFrame) -> Words:
    """For who answers which step; see `effects.engagement`."""
    best = table.sort_values(["rate", "program"], ascending=[False, True]).iloc[0]
    title = f"Most answered: {quoted(best['step'])}, {fmt.rate(best['rate'], best['sent'])}"
    see = (
        f"Share of those sent a message who clicked or replied within {ANSWER_DAYS} days, with "
        f"95 % intervals, over all that is on record."
    )
    if silent := unanswered(book):
        see += f" No answers are on record for: {', '.join(silent)}."
    rates = "; ".join(f"{r.step} {fmt.rate(r.rate, r.sent)}" for r in table.itertuples())
    return Words(title, see, f"Answered per step: {rates}.")


def as_engaged(table: pd.DataFrame) -> pd.DataFrame:
    """`effects.engagement` as `plots.dot_interval` takes it."""
    several = table["flow"].nunique() > 1
    name = table["flow"] + ": " + table["step"] if several else table["step"]
    return table.assign(name=name).rename(columns={"rate": "value", "sent": "n"})


def of_returns(table: pd.DataFrame) -> Words:
    """For the return rate over thirteen periods; see `declared.return_history`."""
    ripe = table[~table["immature"] & table["value"].notna()]
    if ripe.empty:
        title = f"No enrolment in the pool is {RETURN_DAYS} days old yet"
        return Words(title, "", title)
    rate = fmt.div(ripe["numerator"].sum(), ripe["denominator"].sum())
    last = ripe.iloc[-1]
    title = (
        f"{fmt.rate(rate, ripe['denominator'].sum())} of those in the pool came back as MQL; "
        f"of those of {last['start']:%B %Y} {fmt.percent(last['value'])}"
    )
    see = (
        f"By the period in which they entered, followed for {RETURN_DAYS} days; the band is the "
        "95 % interval. Hatched periods have not had that time."
    )
    return Words(title, see, f"{title}, over {len(table)} periods.")


def as_effects(table: pd.DataFrame) -> pd.DataFrame:
    """The steps of the flow that works best, or of the first one, with and without, in pairs.

    Returns:
        `name`, `value`, `low`, `high`, `n`, `emphasis`, as `plots.dot_interval` takes it.
    """
    import pandas as pd

    from playbook.funnel import wilson

    rows = []
    for row in shown_flow(table).to_dict("records"):
        works = row["verdict"] == MORE
        for with_it, side in ((True, "with"), (False, "without")):
            n, back = row[f"{side}_step"], row[f"returned_{side}"]
            low, high = wilson(pd.Series([back]), pd.Series([n]))
            words = row["step"] if with_it else f"{row['step'].partition(':')[0]}: without it"
            rows.append((words, fmt.div(back, n), low[0], high[0], n, works))
    return pd.DataFrame(rows, columns=["name", "value", "low", "high", "n", "emphasis"])


def effects_shown(table: pd.DataFrame) -> pd.DataFrame:
    """`effects.step_effects` with `interval`: that of the difference, in words."""
    ends = zip(table["low"], table["high"], strict=True)
    return table.assign(interval=[_from_to(low, high) for low, high in ends])


def _from_to(low: float, high: float) -> str:
    if fmt.is_missing(low) or fmt.is_missing(high):
        return fmt.MISSING
    return f"{fmt.points(low).removesuffix(' points')} to {fmt.points(high)}"


def shown_flow(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of `effects.step_effects` of the flow with the clearest step."""
    first = table.sort_values("p_adjusted", kind="stable")["flow"].iloc[0]
    shown: pd.DataFrame = table[table["flow"] == first]
    return shown


def of_effects(book: Book, table: pd.DataFrame) -> Words:
    """For who comes back with a step and without; see `effects.step_effects`."""
    best = working_step(book)
    shown = shown_flow(table)
    aim = shown["goal"].iloc[0]
    if best is None:
        title = f"{shown['flow'].iloc[0]}: no step makes a difference that chance does not make"
    else:
        title = (
            f"With {quoted(best['step'])} {fmt.percent(best['rate_with'])} came back, without it "
            f"{fmt.percent(best['rate_without'])}"
        )
    see = (
        f"Share that reached {aim} within {RETURN_DAYS} days, counted for both from a day after "
        "the step was due. A strong dot is a step that differs by more than chance, allowing for "
        "all steps that were looked at. If who got it was not drawn by lot, it is no proof."
    )
    rates = "; ".join(
        f"{r.step} {fmt.rate(r.rate_with, r.with_step)} with, "
        f"{fmt.rate(r.rate_without, r.without_step)} without"
        for r in shown.itertuples()
    )
    return Words(title, see, f"{title}. {rates}.")


def of_comparison(found: dict[str, Any]) -> Words:
    """For those in the pool beside comparable ones outside; see `effects.comparison`."""
    title = (
        f"In the pool {fmt.percent(found['rate_with'])} became MQL, outside "
        f"{fmt.percent(found['rate_without'])}: no proof of what the pool does"
    )
    gap = (
        f"Difference {fmt.points(found['difference'])}, 95 % {fmt.points(found['low'])} to "
        f"{fmt.points(found['high'])}"
    )
    see = (
        f"{gap}. Valid leads that were no MQL {LANDMARK_DAYS} days later, followed for "
        f"{CONVERT_DAYS} days, compared within month and channel group. {found['warning']}"
    )
    return Words(title, see, f"{title}. {gap}.")


def of_states(book: Book, table: pd.DataFrame) -> Words:
    """For the three states of a customer; see `customers.customer_states`."""
    sizes = ", ".join(f"{fmt.number(r.leads)} {r.state}" for r in table.itertuples())
    title = f"Open leads by state: {sizes}"
    grown = table.iloc[-1]
    see = (
        f"Grey is the beginning of {book.period.title}. {fmt.plural(grown['entered'], 'lead')} "
        f"came to “{grown['state']}” in the {book.period.kind}. Invalid, won and lost leads are "
        "left out."
    )
    return Words(title, see, f"{title}, at the end of {book.period.title}.")


def as_bars(table: pd.DataFrame) -> pd.DataFrame:
    """`customers.customer_states` as `plots.bars` takes it."""
    return table.rename(columns={"state": "name", "leads": "value", "before": "previous"})


def of_broken(book: Book, table: pd.DataFrame) -> Words:
    """For the messages that broke a rule; see `touching.broken`."""
    worst = table.sort_values("broke", ascending=False, kind="stable").iloc[0]
    title = f"No message of {book.period.title} broke a rule of touch"
    if worst["broke"]:
        title = (
            f"{fmt.number(worst['broke'])} of {fmt.number(worst['messages'])} messages of "
            f"{book.period.title}: {worst['rule']}"
        )
    see = (
        "All outbound messages count, over all flows; not the thanks that answer a form, nor what "
        "people do. Consent is as exported: who was written to with consent and withdrew it since "
        "counts as without."
    )
    return Words(title, see, title)


def of_caps(book: Book, table: pd.DataFrame) -> Words:
    """For what other caps would have held back; see `touching.caps`."""
    now = table[table["emphasis"]].iloc[0]
    daily = book.rules.nurture.touch.per_day
    title = (
        f"{fmt.plural(now['value'], 'message')} of {book.period.title} above the caps of "
        f"{now['name']} and {daily} a day"
    )
    see = (
        f"What each other weekly cap would have held back, beside {daily} a day. The strong bar is "
        "the cap in force."
    )
    told = ", ".join(f"{r['name']} {r['value']}" for r in table.to_dict("records"))
    return Words(title, see, f"{title}. Above each cap: {told}.")


def of_goals(book: Book) -> str:
    """Which signal each flow works towards, in a sentence."""
    aims = [f"{flow_title(f)}: {GOAL_NAMES.get(goal(f), 'none named')}" for f in flows(book)]
    return f"The goal of a flow is the first such signal among its exits. {'; '.join(aims)}."


def _as_of(book: Book) -> str:
    return fmt.moment(book.local(book.as_of))
