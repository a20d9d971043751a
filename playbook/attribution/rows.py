"""The touches of each journey, as Ibis expressions that never look at data.

Tables come as a tuple: the touches (`entity`, `time`, `by`, perhaps `touch`) and the conversions
(`entity`, `converted`, perhaps `conversion`, `value`, `milestone_0` …), or, of a path table, one
table of its touches (`entity`, `time`, `by`, `state`, `n`, `value`). Every function here leads to
rows of one shape: the journey's keys (`Plan.keys`), `by`, what orders them (`Plan.order`),
`state`, `value` and perhaps `n`, `moment` and the milestones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    import ibis.expr.types as ir

    Tables: TypeAlias = tuple[ir.Table, ...]

CONVERTED, NULL, OPEN = "converted", "null", "open"
STATES = (CONVERTED, NULL, OPEN)
"""How journeys end; in the engine a state is its place here, which is cheaper to sort and group."""
MONEY = "decimal(38, 6)"
"""What fractional values are added as: sums of it do not depend on the order."""
LARGE = 1e24
"""A value beyond all money."""


class Plan(NamedTuple):
    """The choices of a `Journey` that decide the rows, and what is known of the tables.

    Attributes:
        of_paths: The rows come from a path table.
        unique: No entity converts twice.
        value: Conversions have a value.
        touch: Touches have a column that orders those of one moment.
        conversion: Conversions have a column that names them.
        milestones: How many moments on the way conversions have.
        lookback_s: Seconds before the conversion within which a touch counts.
        session_s: Seconds within which repeats of a name are one visit.
        collapse: Count repeats in a row once.
        direct: Names that say where no touch came from.
        ignore_direct: Leave them out where there is another touch.
        restart: A journey begins after the conversion before.
        reenter: What follows the last conversion is a journey.
        as_of: What is known up to here.
        since: Journeys that ended before this moment are not counted.
    """

    of_paths: bool = False
    unique: bool = False
    value: bool = True
    touch: bool = False
    conversion: bool = False
    milestones: int = 0
    lookback_s: int | None = None
    session_s: int | None = None
    collapse: bool = False
    direct: tuple[str, ...] = ()
    ignore_direct: bool = False
    restart: bool = True
    reenter: bool = False
    as_of: datetime | None = None
    since: datetime | None = None

    @property
    def keys(self) -> list[str]:
        """The columns that tell journeys apart."""
        return ["entity"] if self.single or self.of_paths else ["entity", "number"]

    @property
    def single(self) -> bool:
        """No entity has more than one journey."""
        return self.unique and not self.reenter

    @property
    def order(self) -> list[str]:
        """The columns that order a journey's touches."""
        if self.of_paths:
            return ["time"]
        return ["time", "touch"] if self.touch else ["time", "by"]


def converted(tables: Tables, plan: Plan, keep: Sequence[str] = ()) -> ir.Table:
    """The touches of journeys that converted; `keep` names further columns of conversions."""
    if plan.of_paths:
        rows = _paths(tables)
        return cleaned(rows.filter(rows.state == STATES.index(CONVERTED)), plan)
    return cleaned(_matched(tables, plan, keep), plan)


def every(tables: Tables, plan: Plan) -> ir.Table:
    """The touches of all journeys, with `state`."""
    import ibis

    if plan.of_paths:
        return cleaned(_paths(tables), plan)
    if plan.single and plan.lookback_s is None and plan.since is None:
        return cleaned(_at_once(tables, plan), plan)
    names = list(dict.fromkeys((*plan.keys, *plan.order, "by", "state", "value")))
    matched = _matched(tables, plan).select(names)
    return cleaned(ibis.union(matched, _unmatched(tables, plan).select(names)), plan)


def places(rows: ir.Table, plan: Plan) -> dict[str, ir.Value]:
    """`position` of a touch, from 1, and `size`, the number of touches of its journey."""
    import ibis

    ordered = ibis.window(group_by=plan.keys, order_by=plan.order)
    # Of one order with the other, though it does not matter here: so both take one sort.
    whole = ibis.window(group_by=plan.keys, order_by=plan.order, preceding=None, following=None)
    return {
        "position": (ibis.row_number().over(ordered) + 1).cast("int64"),
        "size": rows.count().over(whole).cast("int64"),
    }


def cleaned(rows: ir.Table, plan: Plan) -> ir.Table:
    """Without the touches that do not count, once it is known which journey they are of."""
    import ibis

    if plan.ignore_direct:
        is_direct = rows.by.isin(plan.direct)
        others = ibis.ifelse(is_direct, 0, 1).max().over(ibis.window(group_by=plan.keys))
        marked = rows.mutate(is_direct=is_direct, others=others)
        rows = marked.filter(~marked.is_direct | (marked.others == 0)).drop("is_direct", "others")
    if plan.session_s is not None:
        order = [name for name in plan.order if name != "by"]
        window = ibis.window(group_by=[*plan.keys, "by"], order_by=order)
        before = rows.time.lag().over(window)
        marked = rows.mutate(nth=ibis.row_number().over(window), before=before)
        apart = marked.time > marked.before + ibis.interval(seconds=plan.session_s)
        rows = marked.filter((marked.nth == 0) | apart).drop("nth", "before")
    if plan.collapse:
        window = ibis.window(group_by=plan.keys, order_by=plan.order)
        before = rows.by.lag().over(window)
        marked = rows.mutate(nth=ibis.row_number().over(window), before=before)
        changed = marked.by != marked.before
        rows = marked.filter((marked.nth == 0) | changed).drop("nth", "before")
    return rows


def ends(
    conversions: ir.Table, plan: Plan, keep: Sequence[str] = (), *, numbers: bool = True
) -> ir.Table:
    """Known conversions: `who`, `moment`, `value`, perhaps `number`, `since`, milestones."""
    import ibis

    if plan.as_of is not None:
        conversions = conversions.filter(conversions.converted <= plan.as_of)
    worth = money(conversions.value) if plan.value else ibis.literal(0, "int64")
    names = [*(f"milestone_{i}" for i in range(plan.milestones)), *keep]
    if plan.conversion and "conversion" not in names:
        names.append("conversion")
    table = conversions.select(
        *names, who=conversions.entity, moment=conversions.converted, value=worth
    )
    if plan.single or not numbers:
        return table
    order = ["moment", *(n for n in names if n == "conversion"), "value", *names[: plan.milestones]]
    number = ibis.row_number().over(ibis.window(group_by="who", order_by=order))
    table = table.mutate(number=(number + 1).cast("int64"))
    return _since(table) if plan.restart and not plan.unique else table


def money(value: ir.Value) -> ir.Value:
    """A value as what can be added in any order, 0 where there is none."""
    import ibis

    kind = value.type()
    if kind.is_floating():
        known = value.abs() < LARGE  # neither infinite nor no number
        value = ibis.ifelse(known, value, ibis.null(kind)).cast(MONEY)
    elif not kind.is_decimal():
        value = value.cast("int64")
    return value.fill_null(ibis.literal(0, value.type()))


def is_infinite(value: ir.Value) -> ir.BooleanValue:
    """Whether a fraction is beyond what can be added."""
    return ~value.isnan() & (value.abs() >= LARGE)


def many(rows: ir.Table) -> ir.IntegerScalar:
    """How many journeys rows stand for, one row of each."""
    return rows.n.sum() if "n" in rows.columns else rows.count()


def known(touches: ir.Table, plan: Plan) -> ir.Table:
    """The touches up to `as_of`, with the name of `by` as text."""
    if not touches.by.type().is_string():
        touches = touches.mutate(by=touches.by.cast("string"))
    return touches if plan.as_of is None else touches.filter(touches.time <= plan.as_of)


def _state(name: str) -> ir.IntegerScalar:
    import ibis

    return ibis.literal(STATES.index(name), "int8")


def _paths(tables: Tables) -> ir.Table:
    return tables[0].mutate(value=money(tables[0].value))


def no_value(value: ir.Value) -> ir.BooleanValue:
    """Whether a conversion has no value."""
    return value.isnull() | value.isnan() if value.type().is_floating() else value.isnull()


def _since(table: ir.Table) -> ir.Table:
    """With `since`: the entity's conversion before, at an earlier moment; null at the first."""
    import ibis

    moments = table.select(other="who", at="moment").distinct()
    window = ibis.window(group_by="other", order_by="at")
    stepped = moments.mutate(
        since=ibis.ifelse(
            ibis.row_number().over(window) == 0,
            ibis.null("timestamp"),
            moments["at"].lag().over(window),
        )
    )
    return table.join(stepped, [table.who == stepped.other, table.moment == stepped["at"]]).drop(
        "other", "at"
    )


def _matched(tables: Tables, plan: Plan, keep: Sequence[str] = ()) -> ir.Table:
    """Each conversion with each of its touches."""
    import ibis

    touches, found = known(tables[0], plan), ends(tables[1], plan, keep)
    tests = [touches.entity == found.who, touches.time <= found.moment]
    if plan.lookback_s is not None:
        tests.append(touches.time >= found.moment - ibis.interval(seconds=plan.lookback_s))
    if "since" in found.columns:
        tests.append(found.since.isnull() | (touches.time > found.since))
    if plan.since is not None:
        tests.append(found.moment >= plan.since)
    rows = touches.join(found, tests)
    return rows.drop("who").mutate(state=_state(CONVERTED))


def _at_once(tables: Tables, plan: Plan) -> ir.Table:
    """The touches of all journeys by one join, where each entity has one journey."""
    import ibis

    touches, found = known(tables[0], plan), ends(tables[1], plan)
    joined = touches.left_join(found, [touches.entity == found.who])
    before = joined.filter(joined.moment.isnull() | (joined.time <= joined.moment))
    return before.mutate(state=ibis.ifelse(before.moment.isnull(), _state(NULL), _state(CONVERTED)))


def _unmatched(tables: Tables, plan: Plan) -> ir.Table:
    """The touches of journeys that did not convert, in the lookback before their last touch."""
    import ibis

    touches, found = known(tables[0], plan), ends(tables[1], plan, numbers=False)
    if plan.reenter:
        last = found.group_by("who").aggregate(last=found.moment.max())
        joined = touches.left_join(last, [touches.entity == last.who])
        rows = joined.filter(joined["last"].isnull() | (joined.time > joined["last"]))
        rows = rows.select(*touches.columns)
    else:
        rows = touches.anti_join(found, [touches.entity == found.who])
    state: ir.Value = _state(NULL)
    if plan.lookback_s is not None or plan.since is not None:
        rows = rows.mutate(last_at=rows.time.max().over(ibis.window(group_by="entity")))
    if plan.since is not None:
        rows = rows.filter(rows.last_at >= plan.since)
    if plan.lookback_s is not None:
        window = ibis.interval(seconds=plan.lookback_s)
        rows = rows.filter(rows.time >= rows.last_at - window)
        if plan.as_of is not None:
            limit = ibis.literal(plan.as_of, "timestamp") - window
            state = ibis.ifelse(rows.last_at >= limit, _state(OPEN), _state(NULL))
    worth = found.value.type()
    return rows.mutate(state=state, value=ibis.literal(0, worth), number=ibis.literal(0, "int64"))
