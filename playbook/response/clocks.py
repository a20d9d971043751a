"""Per lead and step: when it was due, when it was done, and whether that was in time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook import conditions
from playbook.errors import ParameterError, unknown
from playbook.response.actions import table
from playbook.response.settings import RESPONSE
from playbook.worktime import HOUR, local_time, worktime

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    import ibis.expr.types as ir

    from playbook.response.actions import Rows
    from playbook.response.settings import Sla, Step

AHEAD = 10**11
"""Makes seconds since 1970 numbers of twelve digits, which sort as texts do."""

STATES = ("met", "late", "pending", "overdue")
"""Done in time, done late, not yet due, due and not done."""


def clocks(
    leads: Rows,
    actions: Rows,
    sla: Sla,
    *,
    as_of: datetime,
    reopened: Rows | None = None,
    keep: Sequence[str] = (),
) -> ir.Table:
    """Every step that every lead is owed: due, done, and whether in time.

    A lead's first clock starts at its capture (or its assignment). A later opening starts a new
    clock where a person has answered since the opening before it; where nobody has, the clock
    that runs goes on. What is done counts for the clock that runs then. A step still undone when
    the next clock starts is owed by that one, and dropped from the earlier.

    Time off does not count under `business`: what is done after closing time on the day it fell
    due is still in time. What was done before the clock's start (an answer before assignment)
    took no time.

    Args:
        leads: One row per lead: `lead_id`, `created_at`; `assigned_at` where the clock starts
            there; a column `table.column` for each field of the steps' conditions.
        actions: What `actions` returns.
        sla: The steps and their clock.
        as_of: Naive UTC; what happened later is not known.
        reopened: What `openings` returns; None leaves each lead one clock.
        keep: Columns of `leads` to carry along, to break down by.

    Returns:
        An Ibis table, one row per lead, clock and step: `lead_id`, `clock` (1, 2 …), `step`,
        `limit_hours`, `opened_at`, `started_at`, `due_at`, `done_at`, `done_by` (naive UTC;
        missing where not done), `state` (one of `STATES`; pending is no breach), `hours` (taken;
        missing where not done), `waited_hours` (taken, or waited so far), `hour` and `weekday`
        of the start in the report zone (0 is Monday), and those of `keep`.

    Raises:
        ParameterError: A column is missing.
    """
    import ibis

    needed = _needed(sla)
    known = table(leads, "leads", (*needed, *keep))
    known = known.filter(known.created_at <= ibis.literal(as_of, "timestamp"))
    acts = table(actions, "actions", ("lead_id", "at", "kind", "by", "automatic", "action_id"))
    acts = acts.filter(acts["at"] <= ibis.literal(as_of, "timestamp"))
    runs = _runs(known, acts, sla, reopened, as_of)
    done = _done(runs, acts, sla)
    timed = _long(done, sla, as_of)
    carried = known.select("lead_id", *dict.fromkeys(c for c in keep if c != "lead_id"))
    judged = _judged(timed, sla, _span(known, sla, as_of))
    return judged.join(carried, "lead_id") if len(carried.columns) > 1 else judged


def _needed(sla: Sla) -> list[str]:
    fields = [f for step in sla.steps if step.when for f in conditions.fields(step.when)]
    assigned = ["assigned_at"] if sla.start == "assigned" else []
    return list(dict.fromkeys(["lead_id", "created_at", *assigned, *fields]))


def _runs(
    leads: ir.Table, acts: ir.Table, sla: Sla, reopened: Rows | None, as_of: datetime
) -> ir.Table:
    """One row per clock: `lead_id`, `clock`, `opened_at`, `ends_at`, `started_at`, limits."""
    import ibis

    limits = {f"limit_{i}": _limit(leads, sla, name) for i, name in enumerate(sla.names)}
    assigned = leads.assigned_at if sla.start == "assigned" else ibis.null("timestamp")
    first = leads.select(
        "lead_id", captured_at=leads.created_at, assigned_at=assigned.cast("timestamp"), **limits
    )
    if reopened is None:
        opened = first.mutate(
            clock=ibis.literal(1, "int64"),
            opened_at=first.captured_at,
            ends_at=ibis.null("timestamp"),
        )
    else:
        opened = _opened(first, acts, table(reopened, "reopened", ("lead_id", "at")), as_of)
    is_within = (opened.assigned_at >= opened.opened_at) & (
        opened.ends_at.isnull() | (opened.assigned_at < opened.ends_at)
    )
    counts = opened.assigned_at.notnull() & ((opened["clock"] == 1) | is_within)
    return opened.mutate(started_at=ibis.ifelse(counts, opened.assigned_at, opened.opened_at))


def _limit(leads: ir.Table, sla: Sla, name: str) -> ir.Value:
    """Hours of the strictest step of that name that applies; missing where none does."""
    import ibis

    own = _strictest(leads, sla.of(name))
    if name == RESPONSE or sla.of(name)[0].automatic:
        return own
    answer = _strictest(leads, sla.of(RESPONSE))
    return ibis.ifelse(answer < own, answer, own)


def _strictest(leads: ir.Table, steps: Sequence[Step]) -> ir.Value:
    import ibis

    branches: list[tuple[ir.Value, ir.Value]] = []
    for step in steps:
        hours = ibis.literal(step.hours, "float64")
        if step.when is None:
            return ibis.cases(*branches, else_=hours) if branches else hours
        branches.append((conditions.holds(step.when, lambda field: leads[field]), hours))
    return ibis.cases(*branches, else_=ibis.null("float64"))


def _opened(first: ir.Table, acts: ir.Table, reopened: ir.Table, as_of: datetime) -> ir.Table:
    """The clocks of each lead: its capture, and each opening that an answer lies before.

    Between two openings without an answer nothing starts, so that counting the answers up to an
    opening, and comparing with the opening before, finds the ones that start a clock.
    """
    import ibis

    facts = first.select(_lead="lead_id", _captured="captured_at")
    later = reopened.filter(reopened["at"] <= ibis.literal(as_of, "timestamp"))
    later = later.join(facts, [later.lead_id == facts["_lead"], later["at"] > facts["_captured"]])
    human = acts.filter(~acts.automatic).semi_join(later, "lead_id")
    human = human.join(facts, [human.lead_id == facts["_lead"], human["at"] >= facts["_captured"]])
    start = first.select("lead_id", at="captured_at", answer=ibis.literal(0, "int64"))
    marks = ibis.union(
        start,
        later.select("lead_id", "at", answer=ibis.literal(0, "int64")),
        human.select("lead_id", "at", answer=ibis.literal(1, "int64")),
    )
    order = ibis.window(group_by="lead_id", order_by=["at", "answer"], preceding=None, following=0)
    counted = marks.mutate(answers=marks.answer.sum().over(order))
    moments = counted.filter(counted.answer == 0)
    in_turn = ibis.window(group_by="lead_id", order_by=["at"])
    before = moments.mutate(
        before=moments.answers.lag().over(in_turn), n=ibis.row_number().over(in_turn)
    )
    starts = before.filter((before.n == 0) | (before.answers > before.before))
    runs = starts.select(
        "lead_id",
        opened_at=starts["at"],
        clock=(ibis.row_number().over(in_turn) + 1).cast("int64"),
        ends_at=starts["at"].lead().over(in_turn),
    )
    return runs.join(first, "lead_id")


def _done(runs: ir.Table, acts: ir.Table, sla: Sla) -> ir.Table:
    """Per clock and step `i`: `done_i`, when it was first done, and `by_i`, by whom.

    What only people can do is looked for among what people did; a system sends far more.
    """
    steps = [(i, sla.of(name)[0]) for i, name in enumerate(sla.names)]
    by_people = _first_done(
        runs, acts.filter(~acts.automatic), [s for s in steps if not s[1].automatic]
    )
    found = runs.left_join(by_people, ["lead_id", "clock"]).drop("lead_id_right", "clock_right")
    by_any = [s for s in steps if s[1].automatic]
    if not by_any:
        return found
    kinds = {kind for _, step in by_any for kind in step.done_by}
    if all(step.done_by for _, step in by_any):
        acts = acts.filter(acts.kind.isin(sorted(kinds)))
    first = _first_done(runs, acts, by_any)
    return found.left_join(first, ["lead_id", "clock"]).drop("lead_id_right", "clock_right")


def _first_done(runs: ir.Table, acts: ir.Table, steps: Sequence[tuple[int, Step]]) -> ir.Table:
    """For each clock and step the first of the actions that count for it."""
    key = (acts["at"].epoch_seconds().cast("int64") + AHEAD).cast("string") + acts.action_id
    did = acts.select(_lead="lead_id", _at="at", kind="kind", by="by", key=key)
    joined = runs.select("lead_id", "clock", "opened_at", "ends_at").inner_join(
        did,
        [
            runs.lead_id == did["_lead"],
            did["_at"] >= runs.opened_at,
            runs.ends_at.isnull() | (did["_at"] < runs.ends_at),
        ],
    )
    found: dict[str, Any] = {}
    for i, step in steps:
        counts = joined.kind.isin(list(step.done_by)) if step.done_by else None
        found[f"done_{i}"] = joined["_at"].min(where=counts)
        if not step.automatic:
            named = joined.by.notnull() if counts is None else counts & joined.by.notnull()
            found[f"by_{i}"] = joined.by.argmin(joined.key, where=named)
    return joined.group_by("lead_id", "clock").aggregate(**found)


def _long(done: ir.Table, sla: Sla, as_of: datetime) -> ir.Table:
    """One row per clock and step that is owed."""
    import ibis

    names = list(enumerate(sla.names))
    every = done.mutate(place=ibis.array([place for place, _ in names]).unnest())

    def own(kind: str, where: Sequence[int]) -> ir.Value:
        return every.place.cases(*((i, every[f"{kind}_{i}"]) for i in where))

    steps = [i for i, _ in names]
    people = [i for i, name in names if not sla.of(name)[0].automatic]
    rows = every.select(
        "lead_id", "clock", "opened_at", "started_at", "ends_at",
        step=every.place.cases(*names),
        limit_hours=own("limit", steps), done_at=own("done", steps), done_by=own("by", people),
    )  # fmt: skip
    is_owed = rows.limit_hours.notnull() & (rows.ends_at.isnull() | rows.done_at.notnull())
    known = ibis.literal(as_of, "timestamp")
    return rows.filter(is_owed).mutate(seen_at=ibis.coalesce(rows.done_at, known))


def _span(leads: ir.Table, sla: Sla, as_of: datetime) -> tuple[datetime, datetime]:
    """From the earliest start to the latest: what the calendar must cover."""
    start = leads.created_at.min()
    if sla.start == "assigned":
        assigned = leads.assigned_at
        bounds = leads.aggregate(a=start, b=assigned.min(), c=assigned.max()).to_pandas()
    else:
        bounds = leads.aggregate(a=start).to_pandas()
    moments = [m.to_pydatetime() for m in bounds.iloc[0] if m == m]  # noqa: PLR0124 - NaT
    return min([*moments, as_of]), max([*moments, as_of])


def _judged(rows: ir.Table, sla: Sla, span: tuple[datetime, datetime]) -> ir.Table:
    """With due moment, hours and state."""
    import ibis

    timed = _on_clock(rows) if sla.clock == "clock" else _in_office(rows, sla, span)
    waited = ibis.ifelse(timed.waited > 0, timed.waited, 0).cast("float64") / HOUR
    timed = timed.mutate(waited_hours=waited)
    in_time = timed.waited_hours <= timed.limit_hours
    state = ibis.cases(
        (timed.done_at.notnull() & in_time, "met"),
        (timed.done_at.notnull(), "late"),
        (in_time, "pending"),
        else_="overdue",
    )
    local = local_time(timed.started_at, sla.zone, *span)
    return timed.select(
        "lead_id", "clock", "step", "limit_hours", "opened_at", "started_at", "due_at",
        "done_at", "done_by",
        state=state,
        hours=ibis.ifelse(timed.done_at.notnull(), timed.waited_hours, ibis.null("float64")),
        waited_hours=timed.waited_hours,
        hour=local.hour().cast("int64"),
        weekday=local.day_of_week.index().cast("int64"),
    )  # fmt: skip


def _on_clock(rows: ir.Table) -> ir.Table:
    """Every hour counts."""
    waited = rows.seen_at.epoch_seconds() - rows.started_at.epoch_seconds()
    allowed = (rows.limit_hours * HOUR).cast("int64")
    return rows.mutate(
        waited=waited.cast("int64"), due_at=rows.started_at + allowed.as_interval("s")
    )


def _in_office(rows: ir.Table, sla: Sla, span: tuple[datetime, datetime]) -> ir.Table:
    """Office hours count."""
    office = worktime(sla.workdays, sla.zone, *span, beyond_hours=sla.longest_hours)
    rows = office.worked(rows, "started_at", "since")
    rows = office.worked(rows, "seen_at", "until")
    rows = rows.mutate(
        waited=rows["until"] - rows["since"],
        budget=rows["since"] + (rows.limit_hours * HOUR).cast("int64"),
    )
    rows = office.spent(rows, "budget", "due")
    ahead = (rows["due"] - rows.started_at.epoch_seconds()).cast("int64")
    return rows.mutate(due_at=rows.started_at + ahead.as_interval("s"))


def only(rows: Rows, step: str) -> ir.Table:
    """The rows of one step.

    Raises:
        ParameterError: There is no such step among them.
    """
    every = table(rows, "clocks", ("step",))
    found = every.filter(every["step"] == step)
    if not int(found.count().to_pandas()):
        names = every.select("step").distinct().to_pandas()["step"]
        raise ParameterError(unknown("step", step, sorted(names)))
    return found
