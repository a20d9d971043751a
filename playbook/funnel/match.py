"""Who gets how far: one relation per stage, as Ibis expressions over the events.

Every function takes `events` with the columns `entity`, `stage`, `time` and perhaps `by`, and
never looks at data. The shape is a chain of joins and group-bys: on ten million events it costs
about a fifth of the same funnel by window functions.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    import ibis.expr.types as ir

    from playbook.funnel.settings import Funnel

KEYS = ("entity", "entry", "until", "by")
"""What identifies a passage: the entity, its entry, when the next one begins, the segment."""


class Span(NamedTuple):
    """Who is looked at, and what is known.

    Attributes:
        start: Entries from this moment on; all where None.
        end: Entries before this moment; all where None.
        as_of: What is known up to here; everything where None.
        mature_only: Only entries that have had the whole window by `as_of`.
    """

    start: datetime | None = None
    end: datetime | None = None
    as_of: datetime | None = None
    mature_only: bool = False

    def words(self) -> list[str]:
        """The span as parts of a sentence."""
        known = {"entered from": self.start, "before": self.end, "as of": self.as_of}
        words = [f"{name} {moment:%Y-%m-%d %H:%M} UTC" for name, moment in known.items() if moment]
        return [*words, *(["only entries that have had their time"] if self.mature_only else [])]


def reached(
    events: ir.Table, funnel: Funnel, span: Span, *, came: bool = False, narrow: bool = False
) -> list[ir.Table]:
    """Per stage, the passages that reached it.

    Args:
        events: The entries.
        funnel: How they are followed.
        span: Who is looked at, and what is known.
        came: Say as well when the stage before was reached.
        narrow: Read what the last stages need once, where that can be: cheaper in an engine that
            computes once what is named twice, dearer in one that computes it each time.

    Returns:
        One table per stage with those of `KEYS` that apply, `at` (when it was reached), perhaps
        `came`, and, in any order, `own` (whether by an entry of its own).
    """
    if span.as_of is not None:
        events = events.filter(events.time <= span.as_of)
    entered = _entered(events, funnel, span)
    if funnel.order == "any":
        found = _any_order(events, funnel, entered)
    else:
        found = [_entry(entered, came=came)]
        for place in range(1, len(funnel.stages)):
            found.append(_next(events, funnel, found[-1], place))
            if narrow and place == 1:
                events = _remaining(events, funnel, found[1])
    return _furthest(found) if funnel.anchor == "best" else found


def keys(table: ir.Table) -> list[str]:
    """The columns of a table that identify a passage."""
    return [name for name in KEYS if name in table.columns]


def then(first: ir.Table, other: ir.Table) -> ir.Table:
    """The passages of one stage, with `then`: when they reached another; null if they did not."""
    later = other.select(who="entity", since="entry", then="at")
    pairs = first.left_join(later, [first.entity == later.who, first.entry == later.since])
    return pairs.select(*keys(first), "at", "then")


def firsts(events: ir.Table, stages: Iterable[str], *, by: bool = False) -> ir.Table:
    """One row per entity: its first entry into each stage, in columns `at_<stage>`."""
    table = events.filter(events.entity.notnull())
    moments = {f"at_{name}": earliest(table.time, table.stage == name) for name in stages}
    segment = {"by": table.by.min()} if by else {}
    return table.group_by("entity").aggregate(**segment, **moments)


def _entered(events: ir.Table, funnel: Funnel, span: Span) -> ir.Table:
    """The passages: who entered the first stage, and when."""
    entries = events.filter(
        events.stage == funnel.stages[0], events.entity.notnull(), events.time.notnull()
    )
    if funnel.anchor == "first":
        table = entries.group_by("entity").aggregate(entry=entries.time.min())
    else:
        table = entries.select("entity", entry="time").distinct()
    if span.start is not None:
        table = table.filter(table.entry >= span.start)
    if span.end is not None:
        table = table.filter(table.entry < span.end)
    if span.mature_only and span.as_of is not None and funnel.within_days is not None:
        table = table.filter(table.entry <= span.as_of - timedelta(days=funnel.within_days))
    if funnel.anchor == "each":
        table = _until_next(entries, table)
    return _with_segment(entries, table) if "by" in events.columns else table


def _until_next(entries: ir.Table, table: ir.Table) -> ir.Table:
    """Each passage ends where the entity enters anew; null where it never does."""
    later = entries.select(other="entity", then="time")
    pairs = table.left_join(later, [table.entity == later.other, later.then > table.entry])
    return pairs.group_by("entity", "entry").aggregate(until=pairs.then.min())


def _with_segment(entries: ir.Table, table: ir.Table) -> ir.Table:
    """The segment is what the entry says; the smallest where two at one moment differ."""
    at_entry = entries.group_by(other="entity", then="time").aggregate(by=entries.by.min())
    pairs = table.join(at_entry, [table.entity == at_entry.other, table.entry == at_entry.then])
    return pairs.drop("other", "then")


def _entry(entered: ir.Table, *, came: bool) -> ir.Table:
    """The first stage, reached by entering it."""
    return entered.mutate(at=entered.entry, **({"came": entered.entry} if came else {}))


def _next(events: ir.Table, funnel: Funnel, before: ir.Table, place: int) -> ir.Table:
    """Who of the stage before reached the next one, at its first entry from then on."""
    name, strict = funnel.stages[place], funnel.order == "strict"
    kept = events if strict else events.filter(events.stage == name)
    what = {"what": "stage"} if strict else {}
    later = kept.select(other="entity", then="time", **what)
    tests = [before.entity == later.other, later.then >= before["at"]]
    pairs = before.join(later, tests + _limits(funnel, before, later.then, place))
    found = {"at": earliest(pairs.then, pairs.what == name) if strict else pairs.then.min()}
    if "came" in before.columns:
        found["came"] = pairs["at"].min()
    if strict:
        found["between"] = earliest(pairs.then, (pairs.what != name) & (pairs.then > pairs["at"]))
    table = _by_passage(pairs, funnel, keys(before), found)
    if strict:
        nothing = table.between.isnull() | (table.between >= table["at"])
        table = table.filter(table["at"].notnull(), nothing).drop("between")
    return table


def _remaining(events: ir.Table, funnel: Funnel, second: ir.Table) -> ir.Table:
    """The entries that can still count once the second stage is reached, if these save reading."""
    last = funnel.stages[2:]
    if len(last) < 2 or funnel.order != "ordered" or funnel.anchor != "first":
        return events
    kept = events.filter(events.stage.isin(last))
    tests = [kept.entity == second.entity, kept.time >= second["at"]]
    if funnel.within_days is not None:
        tests.append(kept.time <= second.entry + days(funnel.within_days))
    return kept.semi_join(second, tests)


def _by_passage(
    pairs: ir.Table, funnel: Funnel, names: list[str], found: dict[str, ir.Value]
) -> ir.Table:
    """One row per passage; grouped by as little as identifies it, which is what costs."""
    group = ["entity"] if funnel.anchor == "first" else ["entity", "entry"]
    rest = {name: pairs[name].min() for name in names if name not in group}
    return pairs.group_by(group).aggregate(**rest, **found)


def _limits(
    funnel: Funnel, before: ir.Table, moment: ir.Value, place: int
) -> list[ir.BooleanValue]:
    """The windows, and the end of a passage where the next one begins."""
    tests = []
    if funnel.within_days is not None:
        tests.append(moment <= before.entry + days(funnel.within_days))
    if (limit := funnel.days_after(funnel.stages[place - 1])) is not None:
        tests.append(moment <= before["at"] + days(limit))
    if "until" in before.columns:
        tests.append(before.until.isnull() | (moment < before.until))
    return tests


def _any_order(events: ir.Table, funnel: Funnel, entered: ir.Table) -> list[ir.Table]:
    """A stage is reached by its own entry or any later one's, before or after the passage's."""
    import ibis

    kept = events.filter(events.stage.isin(funnel.stages[1:]))
    later = kept.select(other="entity", then="time", what="stage")
    tests = [entered.entity == later.other]
    if funnel.within_days is not None:
        tests.append(later.then <= entered.entry + days(funnel.within_days))
    if funnel.anchor == "each":
        tests.append(later.then >= entered.entry)
        tests.append(entered.until.isnull() | (later.then < entered.until))
    pairs = entered.left_join(later, tests)
    found = {}
    for place, name in enumerate(funnel.stages[1:], 1):
        found[f"at_{place}"] = earliest(pairs.then, pairs.what.isin(funnel.stages[place:]))
        found[f"own_{place}"] = ibis.ifelse(pairs.what == name, 1, 0).max()
    wide = _by_passage(pairs, funnel, keys(entered), found)
    wide = wide.mutate(at_0=wide.entry, own_0=1)
    return [
        wide.filter(wide[f"at_{place}"].notnull()).select(
            *keys(wide),
            at=f"at_{place}",
            own=wide[f"own_{place}"] == 1,
            came=f"at_{max(place - 1, 0)}",
        )
        for place in range(len(funnel.stages))
    ]


def _furthest(found: list[ir.Table]) -> list[ir.Table]:
    """Of each entity's passages the one that gets furthest, the earliest of these."""
    import ibis

    places = [
        table.select("entity", "entry", place=ibis.literal(place, "int16"))
        for place, table in enumerate(found)
    ]
    depths = ibis.union(*places)
    by_entry = depths.group_by("entity", "entry").aggregate(depth=depths.place.max())
    deepest = by_entry.group_by(other="entity").aggregate(most=by_entry.depth.max())
    best = by_entry.join(
        deepest, [by_entry.entity == deepest.other, by_entry.depth == deepest.most]
    )
    chosen = best.group_by(which="entity").aggregate(start=best.entry.min())
    return [
        table.semi_join(chosen, [table.entity == chosen.which, table.entry == chosen.start])
        for table in found
    ]


def days(many: float) -> ir.IntervalScalar:
    """So many days, to the second."""
    import ibis

    return ibis.interval(seconds=round(many * 86400))


def earliest(moment: ir.Value, where: ir.BooleanValue) -> ir.Value:
    """The first moment at which something holds; null where it never does.

    Not `min(where=…)`: ClickHouse's minIf gives 1970 where no row fits.
    """
    import ibis

    return ibis.ifelse(where, moment, ibis.null("timestamp")).min()
