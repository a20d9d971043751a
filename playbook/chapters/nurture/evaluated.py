"""The evaluator's answers about a Book, each asked once; nothing is running, nothing is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook import nurture
from playbook.book import remembered
from playbook.chapters.nurture.inputs import ladder, now, programme, tables

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    import pandas as pd

    from playbook.book import Book

ENTERED = ("active", "completed", "exited")
"""What an enrolment that met the entry condition may be."""

GOALS = ("mql", "sql", "opportunity", "renewed", "won")
"""What a flow wants to reach: the first of these signals among its exits."""

_ENROLMENT = (
    "flow", "entity", "contact", "started_at", "status", "why", "ended_at", "done", "passed",
    "missed", "last_step", "last_at", "program", "due_at", "deadline_at", "channel", "content",
    "template", "opening", "action", "blocked_by", "free_at",
)  # fmt: skip
_WAITING = (
    "flow", "entity", "contact", "started_at", "program", "due_at", "deadline_at", "channel",
    "content", "template", "opening", "action", "blocked_by", "free_at",
)  # fmt: skip
_STEP = (
    "flow", "entity", "started_at", "status", "ended_at", "program", "due_at", "done_at", "state",
)  # fmt: skip


@remembered
def enrolments(book: Book) -> pd.DataFrame:
    """Who is or was in which flow, as `playbook.nurture.enrolments` has it, on local time."""
    return _asked(book, nurture.enrolments, _ENROLMENT)


@remembered
def waiting(book: Book, ahead_days: float = 1) -> pd.DataFrame:
    """What is to be done now or within some days, as `playbook.nurture.due` has it."""
    return _asked(book, nurture.due, _WAITING, ahead_days=ahead_days)


@remembered
def step_rows(book: Book) -> pd.DataFrame:
    """Every step of every enrolment, as `playbook.nurture.step_rows` has it."""
    return _asked(book, nurture.step_rows, _STEP)


@remembered
def step_states(book: Book) -> pd.DataFrame:
    """What became of every step, as `playbook.nurture.step_counts` has it."""
    return _asked(book, nurture.step_counts, ("flow", "place", "program", "state", "n"))


@remembered
def flow_states(book: Book) -> pd.DataFrame:
    """How many enrolments stand where, as `playbook.nurture.counts` has it."""
    return _asked(book, nurture.counts, ("flow", "status", "why", "n"))


@remembered
def states_at(book: Book, moment: datetime) -> pd.DataFrame:
    """The furthest state each lead had reached by a local moment: `entity`, `state`, `since`."""
    if not book.rules.nurture.running:
        return _empty(("entity", "contact", "state", "since", "goal", "move"))
    return nurture.states(
        ladder(book.rules), programme(book.rules), tables(book), as_of=min(moment, now(book))
    )


def flows(book: Book) -> tuple[nurture.Flow, ...]:
    """The flows that are switched on; none where the rules switch all of them off."""
    return programme(book.rules).flows if book.rules.nurture.running else ()


def goal(flow: nurture.Flow) -> str:
    """The signal that a flow works towards; empty where its exits name none."""
    return next((signal for signal in GOALS if signal in flow.exits), "")


def pools(book: Book) -> tuple[nurture.Flow, ...]:
    """The flows that bring leads back to MQL: those that MQL ends."""
    return tuple(flow for flow in flows(book) if goal(flow) == "mql")


def programs(book: Book, *, messages: bool = False) -> dict[str, tuple[nurture.Flow, nurture.Step]]:
    """Every step of the running flows by its program, in order; only messages if so asked."""
    return {
        flow.program(step): (flow, step)
        for flow in flows(book)
        for step in flow.steps
        if not (messages and step.is_silent)
    }


def flow_title(flow: nurture.Flow) -> str:
    """A flow's name for readers, without the ids in brackets."""
    return flow.title.partition(" (")[0] or flow.name.replace("_", " ")


def step_when(step: nurture.Step) -> str:
    """When a step comes: `day 7`, `after 25 h`, `at once`."""
    if step.hours is None:
        return f"day {step.day}"
    return f"after {step.hours:g} h" if step.hours else "at once"


def step_name(step: nurture.Step) -> str:
    """What a step is, with its time: `Day 7: success case`."""
    when, what = step_when(step), step.content or step.name.replace("_", " ")
    return f"{when[0].upper()}{when[1:]}: {what}"


def quoted(name: str) -> str:
    """A step's name within a sentence.

    >>> quoted("Day 7: success case")
    '“success case” (day 7)'
    """
    when, _, what = name.partition(": ")
    return f"“{what}” ({when[0].lower()}{when[1:]})"


def step_names(book: Book) -> dict[str, str]:
    """The name of every step by its program."""
    return {program: step_name(step) for program, (_, step) in programs(book).items()}


def flow_titles(book: Book) -> dict[str, str]:
    """The title of every flow by its name."""
    return {flow.name: flow_title(flow) for flow in flows(book)}


def _asked(
    book: Book, question: Callable[..., pd.DataFrame], columns: tuple[str, ...], **how: Any
) -> pd.DataFrame:
    if not book.rules.nurture.running:
        return _empty(columns)
    return question(programme(book.rules), tables(book), as_of=now(book), **how)


def _empty(columns: tuple[str, ...]) -> pd.DataFrame:
    """No rows, with moments where a column's name says so."""
    import pandas as pd

    kinds = {
        name: "datetime64[s]"
        if name.endswith("_at") or name == "since"
        else "int64"
        if name in {"n", "place", "done", "passed", "missed"}
        else "string"
        for name in columns
    }
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in kinds.items()})
