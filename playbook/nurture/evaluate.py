"""The evaluator: what stands where, and what is due, as of any moment. It sends nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook.errors import ParameterError
from playbook.nurture import ask
from playbook.nurture.plan import NEVER
from playbook.nurture.settings import DAY_SECONDS

if TYPE_CHECKING:
    from datetime import datetime

    import ibis.expr.types as ir
    import pandas as pd

    from playbook.nurture.settings import Programme
    from playbook.nurture.tables import Read, Tables

MOMENTS = {
    "start": "started_at", "ended": "ended_at", "due": "due_at", "deadline": "deadline_at",
    "free": "free_at", "last": "last_at",
}  # fmt: skip


def enrolments(programme: Programme, tables: Tables, *, as_of: datetime) -> pd.DataFrame:
    """One row per enrolment that had begun by `as_of`: where it stands, and what comes next.

    A step is done by a send of its program between the start and the earlier of its end and the
    day on which it is given up; a step before one that was done is passed over. An enrolment is
    completed when its last step is settled, and exited when a signal, a new start or its time
    limit came first. Whoever did not meet the entry condition is told apart from those of whom
    the data cannot say.

    Args:
        programme: The flows and the rules of touch.
        tables: What happened.
        as_of: Nothing later is looked at; on the clock of the tables.

    Returns:
        `flow`, `entity`, `contact`, `started_at`, `status` (`active`, `completed`, `exited`,
        `not entered`, `entry unknown`), `why` (the signal, `restarted` or `time is up`),
        `ended_at`, `done`, `passed`, `missed` (numbers of steps), `last_step`, `last_at`, and for
        active ones the columns of `due`. Sorted by flow, start and entity.

    Raises:
        ParameterError: `as_of` carries a zone.
    """
    frame = ask.ask(_enrolments, programme, tables, as_of)
    frame = frame.astype(dict.fromkeys(("done", "passed", "missed"), "int64"))
    return _tidy(frame, ["flow", "started_at", "entity"])


def _enrolments(programme: Programme, read: Read, now: Any) -> ir.Table:
    import ibis

    from playbook.nurture import ahead, progress

    own, steps = progress.progress(programme, read, now)
    keys = list(progress.KEY)
    double = [f"{name}_right" for name in keys]
    coming = ahead.following(programme, read, steps, now).select(*keys, *NEXT)
    found = own.left_join(_counted(steps), keys).drop(*double)
    found = found.left_join(coming, keys).drop(*double)
    zero = {
        name: ibis.coalesce(found[name], 0).cast("int64") for name in ("done", "passed", "missed")
    }
    columns = ("flow", "entity", "contact", "start", "status", "why", "ended")
    return found.mutate(**zero).select(*columns, *zero, "last_step", "last", *NEXT)


NEXT = (
    "program", "due", "deadline", "channel", "content", "template", "opening",
    "action", "blocked_by", "free",
)  # fmt: skip


def due(
    programme: Programme, tables: Tables, *, as_of: datetime, ahead_days: float = 0
) -> pd.DataFrame:
    """What is to be done next in the active enrolments, at most `ahead_days` from now.

    Caps are judged for what is due now, over all messages to a contact in all flows and outside
    them: who comes first by priority, due time and name goes, the others are blocked. A step that
    a person does is never capped. For what lies ahead no cap is foretold.

    Args:
        programme: The flows and the rules of touch.
        tables: What happened.
        as_of: Now, on the clock of the tables.
        ahead_days: How far to look ahead.

    Returns:
        `flow`, `entity`, `contact`, `started_at`, `program`, `due_at`, `deadline_at`, `channel`
        (missing where no consent allows one), `content`, `template`, `opening`, `action` (`due`,
        `blocked`, `planned`), `blocked_by` (`consent`, `per_week`, `per_day`, `quiet hours`; the
        one that lasts longest) and `free_at` (when that is over, if nothing else is sent; missing
        for consent). Due ones first, then blocked and planned ones, each by time.

    Raises:
        ParameterError: `as_of` carries a zone, or `ahead_days` is negative.
    """
    if ahead_days < 0:
        raise ParameterError(f"ahead_days must be at least 0, not {ahead_days}.")
    frame = ask.ask(_due, programme, tables, as_of, int(ahead_days * DAY_SECONDS))
    order = frame["action"].map({"due": 0, "blocked": 1, "planned": 2})
    by = ["_order", "due_at", "flow", "entity", "started_at"]
    return _tidy(frame.assign(_order=order), by).drop(columns="_order")


def _due(programme: Programme, read: Read, now: Any, ahead_seconds: int) -> ir.Table:
    from playbook.nurture import ahead, progress

    _, steps = progress.progress(programme, read, now)
    coming = ahead.following(programme, read, steps, now)
    near = coming.filter(coming.due <= now + ahead_seconds)
    return near.select("flow", "entity", "contact", "start", *NEXT)


def counts(programme: Programme, tables: Tables, *, as_of: datetime) -> pd.DataFrame:
    """How many enrolments stand where: `flow`, `status`, `why`, `n`.

    Args:
        programme: The flows and the rules of touch.
        tables: What happened.
        as_of: Now, on the clock of the tables.

    Returns:
        As said, counted in the engine; sorted by flow, status and why.
    """
    frame = ask.ask(_counts, programme, tables, as_of)
    return _tidy(frame, ["flow", "status", "why"])


def _counts(programme: Programme, read: Read, now: Any) -> ir.Table:
    from playbook.nurture import progress

    own, _ = progress.progress(programme, read, now)
    return own.group_by("flow", "status", "why").aggregate(n=own.count())


def step_counts(programme: Programme, tables: Tables, *, as_of: datetime) -> pd.DataFrame:
    """What became of every step: `flow`, `step`, `state` and `n`.

    Args:
        programme: The flows and the rules of touch.
        tables: What happened.
        as_of: Now, on the clock of the tables.

    Returns:
        `flow`, `place`, `program`, `state` (`done`, `passed over`, `missed`, `pending`, `left`:
        not reached before the exit) and `n`, in the order of the steps.
    """
    frame = ask.ask(_step_counts, programme, tables, as_of)
    return _tidy(frame, ["flow", "place", "state"])


def _step_counts(programme: Programme, read: Read, now: Any) -> ir.Table:
    from playbook.nurture import progress

    _, steps = progress.progress(programme, read, now)
    return steps.group_by("flow", "place", "program", "state").aggregate(n=steps.count())


def step_rows(programme: Programme, tables: Tables, *, as_of: datetime) -> pd.DataFrame:
    """Every step of every enrolment that entered, for `effects`.

    Returns:
        `flow`, `entity`, `started_at`, `status` and `ended_at` of the enrolment, `program`,
        `due_at`, `done_at`, `state`.
    """
    frame = ask.ask(_step_rows, programme, tables, as_of)
    return _tidy(frame, ["flow", "started_at", "entity", "place"]).drop(columns="place")


def _step_rows(programme: Programme, read: Read, now: Any) -> ir.Table:
    from playbook.nurture import progress

    _, steps = progress.progress(programme, read, now)
    return steps.select(
        "flow", "entity", "start", "status", "ended", "place", "program", "due", "done_at", "state"
    )


def _counted(steps: ir.Table) -> ir.Table:
    """How many steps of an enrolment are done, passed over and missed, and the last one done."""
    from playbook.nurture import progress

    numbers = {
        name: steps.count(where=steps.state == state)
        for name, state in (
            ("done", progress.DONE),
            ("passed", progress.PASSED),
            ("missed", progress.MISSED),
        )
    }
    is_done = steps.state == progress.DONE
    last = steps.program.argmax(steps.place, where=is_done)
    return steps.group_by(list(progress.KEY)).aggregate(
        **numbers, last_step=last, last=steps.done_at.max(where=is_done)
    )


def _tidy(frame: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Seconds as moments, under their public names, in a fixed order."""
    import pandas as pd

    named = frame.rename(columns=MOMENTS)
    for name in named.columns:
        if name.endswith("_at"):
            whole = pd.to_numeric(named[name]).astype("Int64")
            whole = whole.mask(whole >= NEVER)
            named[name] = pd.to_datetime(whole, unit="s").astype("datetime64[s]")
        elif not pd.api.types.is_numeric_dtype(named[name]):
            named[name] = named[name].astype("string")
    return named.sort_values(by, kind="stable", na_position="last", ignore_index=True)
