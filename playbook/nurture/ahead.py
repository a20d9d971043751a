"""What is to be done next, through which channel, and what stands in the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis

from playbook.nurture.progress import clock_seconds, outside_quiet
from playbook.nurture.settings import DAY_SECONDS

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from playbook.nurture.settings import Programme, Touch
    from playbook.nurture.tables import Read

DUE, BLOCKED, PLANNED = "due", "blocked", "planned"

CONSENT, QUIET, PER_DAY, PER_WEEK = "consent", "quiet hours", "per_day", "per_week"


def following(programme: Programme, read: Read, steps: ir.Table, as_of: Any) -> ir.Table:
    """The next step of every active enrolment.

    Returns:
        The key with `contact`, `program`, `due`, `deadline`, `channel`, `content`, `template`,
        `opening`, `action`, `blocked_by` and `free` (when what blocks it is over, if that is
        known).
    """
    coming = steps.filter(steps.coming)
    people = read[0].select(
        who="entity", consent="consent", prefers="prefers", industry="industry",
        source="source", viewed="viewed",
    )  # fmt: skip
    named = _written(programme, coming.inner_join(people, coming.entity == people.who).drop("who"))
    return _judged(programme, read, named, as_of)


def _written(programme: Programme, coming: ir.Table) -> ir.Table:
    """With what would be sent: channel, content, template, opening line."""
    channelled = coming.mutate(channel=_channel(coming, programme))
    return channelled.mutate(
        content=_content(channelled, programme),
        template=_template(channelled, programme),
        opening=_opening(channelled, programme),
    )


def _channel(table: ir.Table, programme: Programme) -> Any:
    """The channel that the contact prefers, where it may be used, else the first that may."""
    touch = programme.touch
    choices = dict.fromkeys(
        step.channels or touch.order for flow in programme.flows for step in flow.steps
    )
    cases: list[tuple[Any, str]] = []
    for channels in choices:
        own = table.via == ",".join(channels)
        allowed = [(own & _allowed(table, name, touch), name) for name in channels]
        cases += [(may & (table.prefers == name), name) for may, name in allowed]
        cases += allowed
    return ibis.cases(*cases)


def _allowed(table: ir.Table, channel: str, touch: Touch) -> Any:
    if channel == "task":
        return ibis.literal(value=True)
    if channel in touch.needs_consent:
        return table.consent == "granted"
    return table.consent != "withdrawn"


def _content(table: ir.Table, programme: Programme) -> Any:
    plain = ibis.ifelse(table.words == "", ibis.null("string"), table.words)
    cases = [
        (table.personal & (table.industry == name), content)
        for name, content in programme.content_by_industry.items()
    ]
    return ibis.cases(*cases, else_=plain) if cases else plain


def _template(table: ir.Table, programme: Programme) -> Any:
    cases = [
        ((table.program == flow.program(step)) & (table.channel == channel), template)
        for flow in programme.flows
        for step in flow.steps
        for channel, template in step.templates.items()
    ]
    return ibis.cases(*cases) if cases else ibis.null("string")


def _opening(table: ir.Table, programme: Programme) -> Any:
    """The line of the contact's source, on a flow's first message; none without what it names."""
    cases = [
        (
            table.first & (table.source == source),
            ibis.literal(line).replace("{content}", table.viewed)
            if "{content}" in line
            else ibis.literal(line),
        )
        for source, line in programme.opening_by_source.items()
    ]
    return ibis.cases(*cases) if cases else ibis.null("string")


def _judged(programme: Programme, read: Read, named: ir.Table, as_of: Any) -> ir.Table:
    """Whether each may be done now; the caps let through who comes first."""
    touch = programme.touch
    today = as_of // DAY_SECONDS
    asks = (named.due <= as_of) & named.channel.notnull() & ~named.silent
    turn = ibis.row_number().over(
        group_by=["contact", "asks"], order_by=["rank", "due", "flow", "entity", "start"]
    )
    ranked = named.mutate(asks=asks).mutate(turn=turn + 1)
    counted = _counted(programme, read, as_of)
    full = ranked.left_join(counted, "contact").drop("contact_right")
    on_day = ibis.coalesce(full.on_day, 0) + full.turn
    in_week = ibis.coalesce(full.in_week, 0) + full.turn
    opens, closes = map(clock_seconds, touch.send_hours)
    clock = as_of % DAY_SECONDS
    blocked = ibis.cases(
        (full.due > as_of, ibis.null("string")),
        (full.channel.isnull(), CONSENT),
        (full.silent, ibis.null("string")),
        (in_week > touch.per_week, PER_WEEK),
        (on_day > touch.per_day, PER_DAY),
        ((clock < opens) | (clock >= closes), QUIET),
    )
    told = full.mutate(blocked_by=blocked, over=in_week - touch.per_week)
    freed = _freed(programme, read, told, as_of)
    action = ibis.cases(
        (freed.due > as_of, PLANNED), (freed.blocked_by.notnull(), BLOCKED), else_=DUE
    )
    week = ibis.coalesce(freed.oldest_day + 7, today + 7) * DAY_SECONDS + opens
    free = ibis.cases(
        (freed.blocked_by == PER_WEEK, week),
        (freed.blocked_by == PER_DAY, (today + 1) * DAY_SECONDS + opens),
        (freed.blocked_by == QUIET, outside_quiet(as_of, touch)),
        else_=ibis.null("int64"),
    )
    return freed.mutate(action=action, free=free)


def _messages(programme: Programme, read: Read, as_of: Any) -> ir.Table:
    """What each contact was sent in the last seven days: `contact`, `day`."""
    people, _, sends = read
    silent = [f.program(s) for f in programme.flows for s in f.steps if s.is_silent]
    first = (as_of // DAY_SECONDS - 6) * DAY_SECONDS
    since = ibis.timestamp("1970-01-01") + (first - DAY_SECONDS).as_interval("s")
    recent = sends.filter(sends.moment >= since)  # lets an engine skip what is older, unread
    recent = recent.filter(recent["at"] <= as_of, recent["at"] >= first)
    if silent:
        recent = recent.filter(recent.program.isnull() | ~recent.program.isin(silent))
    joined = recent.inner_join(people.select("entity", "contact"), "entity")
    return joined.select("contact", day=joined["at"] // DAY_SECONDS)


def _counted(programme: Programme, read: Read, as_of: Any) -> ir.Table:
    sent = _messages(programme, read, as_of)
    today = as_of // DAY_SECONDS
    return sent.group_by("contact").aggregate(
        on_day=sent.count(where=sent.day == today), in_week=sent.count()
    )


def _freed(programme: Programme, read: Read, told: ir.Table, as_of: Any) -> ir.Table:
    """The day of the last message that must be older than a week before this one may go."""
    sent = _messages(programme, read, as_of)
    order = ibis.row_number().over(group_by="contact", order_by="day")
    old = sent.mutate(nth=order + 1).select(c="contact", nth="nth", oldest_day="day")
    return told.left_join(old, [told.contact == old.c, told.over == old.nth]).drop("c", "nth")
