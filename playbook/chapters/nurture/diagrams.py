"""Each flow as boxes with what became of its steps, and where its enrolments stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook import format as fmt
from playbook import nurture
from playbook.book import remembered
from playbook.chapters.nurture.effects import engagement
from playbook.chapters.nurture.evaluated import (
    ENTERED,
    flow_states,
    flow_titles,
    flows,
    step_names,
    step_rows,
    step_states,
)
from playbook.chapters.nurture.inputs import programme
from playbook.funnel import wilson

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book

STATES = ("done", "pending", "missed", "passed over", "left")
"""What may become of a step."""


def flow_names(book: Book) -> list[str]:
    """The running flows that anybody has entered, in the order of the rules."""
    entered = set(flow_states(book)["flow"])
    return [flow.name for flow in flows(book) if flow.name in entered]


def flow_boxes(book: Book, name: str) -> pd.DataFrame:
    """The boxes of a flow with their figures, for `plots.flow`.

    Args:
        book: The Book.
        name: A running flow.

    Raises:
        ParameterError: There is no such flow.
    """
    states = flow_states(book)
    states = states[states["flow"] == name]
    counted = states.groupby("status")["n"].sum()
    inside = int(counted.reindex(ENTERED).sum())
    figures = {"start": f"{fmt.number(inside)} entered"}
    refused = int(counted.drop(index=list(ENTERED), errors="ignore").sum())
    if refused:
        figures["start"] += f", {fmt.number(refused)} did not meet the condition"
    ended = states.query("status == 'exited'")
    by_why = [
        f"{fmt.number(n)} {signal_name(why)}"
        for why, n in zip(ended["why"], ended["n"], strict=True)
    ]
    done = int(counted.get("completed", 0))
    figures["exit"] = ", ".join([f"{fmt.number(done)} completed", *by_why])
    boxes = nurture.outline(programme(book.rules), name, {**figures, **_step_figures(book, name)})
    begins, ends = boxes["kind"] == "start", boxes["kind"] == "exit"
    boxes.loc[begins, "title"] = boxes.loc[begins, "title"].map(signal_name)
    flow = programme(book.rules).flow(name)
    boxes.loc[ends, "detail"] = ", ".join(map(signal_name, flow.exits))
    for written, told in _CHANNELS.items():
        boxes["detail"] = boxes["detail"].str.replace(written, told)
    return boxes


def signal_name(signal: str) -> str:
    """How a signal is written on pages: `MQL`, `moved to the nurture pool`."""
    return _SIGNALS.get(signal, signal.replace("_", " "))


_CHANNELS = {"email": "e-mail", "wecom": "WeCom", "sms": "SMS"}
_SIGNALS = {
    "mql": "MQL",
    "sql": "SQL",
    "nurture": "moved to the nurture pool",
    "attended": "attended an event",
    "contract_end": "the contract ends",
    "poc": "POC",
}


def _step_figures(book: Book, name: str) -> dict[str, str]:
    """What stands under each step: how many were done, open, given up, and who engaged."""
    states = step_states(book)
    states = states[states["flow"] == name]
    rates = {row["program"]: row for row in engagement(book).to_dict("records")}
    figures = {}
    for name_, own in states.groupby("program"):
        program = str(name_)
        n = own.set_index("state")["n"].reindex(STATES, fill_value=0)
        words = [f"{fmt.number(n['done'])} done"]
        words += [f"{fmt.number(n['missed'])} given up"] * bool(n["missed"])
        words += [f"{fmt.number(n['passed over'])} passed over"] * bool(n["passed over"])
        words += [f"{fmt.number(n['pending'])} to come"] * bool(n["pending"])
        text = ", ".join(words)
        if program in rates and rates[program]["sent"]:
            row = rates[program]
            text += f" · {fmt.rate(row['rate'], row['sent'])} answered"
        figures[program] = text
    return figures


def flow_table(book: Book) -> pd.DataFrame:
    """How many enrolments of each flow stand where: `flow`, `status`, `why`, `enrolments`."""
    found = flow_states(book)
    found = found.assign(
        flow=found["flow"].map(flow_titles(book)),
        why=found["why"].map(signal_name, na_action="ignore").fillna(""),
    )
    return found.rename(columns={"n": "enrolments"})


def step_table(book: Book) -> pd.DataFrame:
    """What became of every step: `flow`, `step`, and a column per state.

    `done`, `to_come`, `given_up` (not done in time), `passed_over` (a later one was done first),
    `left` (the enrolment ended before).
    """
    found = step_states(book)
    wide = found.pivot_table(
        index=["flow", "place", "program"], columns="state", values="n", aggfunc="sum"
    )
    wide = wide.reindex(columns=list(STATES)).fillna(0).astype(int).reset_index()
    wide = wide.assign(
        flow=wide["flow"].map(flow_titles(book)), step=wide["program"].map(step_names(book))
    )
    names = {"pending": "to_come", "missed": "given_up", "passed over": "passed_over"}
    columns = ["flow", "step", "done", "to_come", "given_up", "passed_over", "left"]
    table: pd.DataFrame = wide.rename(columns=names)[columns].rename_axis(columns=None)
    return table


@remembered
def clocks(book: Book) -> pd.DataFrame:
    """Steps with a deadline: how many were done in time, of the enrolments of the period.

    The clocks after an event (P07-R2): thanks within 24 hours, follow-up within 48, grading
    within 7 days. Only steps whose deadline has passed count, and only enrolments that had not
    ended by then.

    Returns:
        `flow`, `step`, `within_hours`, `n` (due), `in_time`, `rate`, `low`, `high`, `never` (not
        done at all).
    """
    import pandas as pd

    from playbook.chapters.nurture.inputs import now

    start, end = (
        book.local(moment).replace(tzinfo=None) for moment in (book.period.start, book.period.end)
    )
    rows, steps, names = [], step_rows(book), step_names(book)
    for flow in flows(book):
        for step, hours in ((s, s.within_hours) for s in flow.steps if s.within_hours is not None):
            own = steps[steps["program"] == flow.program(step)]
            own = own[(own["started_at"] >= start) & (own["started_at"] < end)]
            deadline = own["started_at"] + pd.Timedelta(hours=hours)
            done = own["done_at"]
            judged = (deadline <= now(book)) & (
                done.notna() | (own["status"] != "exited") | (own["ended_at"] > deadline)
            )
            n, in_time = int(judged.sum()), int((judged & (done <= deadline)).sum())
            low, high = wilson(pd.Series([in_time]), pd.Series([n]))
            rows.append(
                {
                    "flow": flow_titles(book)[flow.name],
                    "step": names[flow.program(step)],
                    "within_hours": hours,
                    "n": n,
                    "in_time": in_time,
                    "rate": fmt.div(in_time, n),
                    "low": low[0],
                    "high": high[0],
                    "never": int((judged & done.isna()).sum()),
                }
            )
    columns = ["flow", "step", "within_hours", "n", "in_time", "rate", "low", "high", "never"]
    return pd.DataFrame(rows, columns=columns)
