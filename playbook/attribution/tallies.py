"""The questions that are put to the engine: each a pure function of the tables, one pass each."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from playbook import queries
from playbook.attribution import rows as of

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from playbook.attribution.models import Custom
    from playbook.attribution.rows import Plan, Tables

PART = 10**12
"""Into how many parts a credit is cut: whole parts add up alike in any order."""
WORTH = 10**6


class Wanted(NamedTuple):
    """What a tally of positions must tell apart.

    Attributes:
        non_direct: The last touch that is not direct.
        milestones: The touches at the milestones.
        half_lives: Of each time decay, in days.
        customs: The models with a weight of their own.
    """

    non_direct: bool = False
    milestones: bool = False
    half_lives: tuple[float, ...] = ()
    customs: tuple[Custom, ...] = ()


def positions(tables: Tables, plan: Plan, wanted: Wanted) -> ir.Table:
    """How many touches of converted journeys stand where, by name.

    Returns:
        `by`, `is_first`, `is_last` (0 or 1), `size` (touches of the journey), what `wanted` adds
        (see `placed`), and of the conversions behind these touches `n` and `value`; `credit_0`,
        `worth_0` … of the models whose weights differ between journeys of one shape.
    """
    table = placed(tables, plan, wanted)
    keys = [name for name in table.columns if name in KEYS]
    sums = {"n": of.many(table).cast("int64"), "value": table.value.sum().cast("float64")}
    n = table.n if "n" in table.columns else 1
    for name in table.columns:
        if name.startswith("share_"):
            parts, number = table[name] * n, name.removeprefix("share_")
            worth = (table[name] * table.value.cast("float64") * WORTH).round()
            whole = (parts * PART).round()
            sums[f"credit_{number}"] = _exactly(whole) / PART
            sums[f"worth_{number}"] = _exactly(worth) / WORTH
            sums[f"least_{number}"] = table[f"least_{number}"].min()
    return table.group_by(keys).aggregate(**sums)


KEYS = ("by", "is_first", "is_last", "is_non_direct", "size", "bits", "shape")


def placed(tables: Tables, plan: Plan, wanted: Wanted) -> ir.Table:
    """Each touch of a converted journey with where it stands.

    All windows are of one kind and stand in one select, for an engine sorts once for each.

    Returns:
        The rows with `position`, `size`, `is_first`, `is_last`; `is_non_direct` (the last that is
        not direct); `bits` (which milestones the touch is at) and `shape` (which of the journey's
        named touches are one, see `heuristics`); `share_0` … (the touch's share in each model of
        `wanted.half_lives` and `wanted.customs`), and `least_0` … (its weight, before).
    """
    import ibis

    rows = of.converted(tables, plan)
    whole = ibis.window(group_by=plan.keys, order_by=plan.order, preceding=None, following=None)
    so_far = ibis.window(group_by=plan.keys, order_by=plan.order, preceding=None, following=0)
    if any(half_life < SHORT for half_life in wanted.half_lives):
        rows = rows.mutate(last_at=rows.time.max().over(whole))
    marks = _decays(rows, wanted.half_lives)
    decays = list(marks)
    if wanted.non_direct:
        marks["other"] = ibis.ifelse(rows.by.isin(plan.direct), 0, 1)
    if wanted.milestones:
        for i in range(plan.milestones):
            marks[f"by_then_{i}"] = ibis.ifelse(rows.time <= rows[f"milestone_{i}"], 1, 0)
    rows = rows.mutate(**marks)
    seen = of.places(rows, plan)
    seen |= {f"all_{name}": rows[name].sum().over(whole) for name in decays}
    if wanted.non_direct:
        seen["others"] = rows.other.sum().over(whole)
        seen["others_so_far"] = rows.other.sum().over(so_far)
    if wanted.milestones:
        seen |= {f"at_{i}": rows[f"by_then_{i}"].sum().over(whole) for i in range(plan.milestones)}
    table = rows.mutate(**seen)
    table = table.mutate(
        is_first=ibis.ifelse(table.position == 1, 1, 0),
        is_last=ibis.ifelse(table.position == table["size"], 1, 0),
    )
    if wanted.non_direct:
        latest = (table.other == 1) & (table.others_so_far == table.others)
        only = (table.others == 0) & (table.is_last == 1)
        table = table.mutate(is_non_direct=ibis.ifelse(latest | only, 1, 0))
    if wanted.milestones:
        table = _at_milestones(table, plan)
    if wanted.customs:
        customs = _customs(table, plan, wanted)
        table = table.mutate(**customs)
        table = table.mutate(**{f"all_{n}": table[n].sum().over(whole) for n in customs})
    return table.mutate(**_shares(table))


def _at_milestones(table: ir.Table, plan: Plan) -> ir.Table:
    """With `bits` and `shape`: see `heuristics`, which reads them."""
    import ibis

    bits: ir.Value = ibis.literal(0, "int64")
    shape: ir.Value = ibis.literal(0, "int64")
    weight = 1
    places = [table[f"at_{i}"] for i in range(plan.milestones)]
    for i, place in enumerate(places):
        bits = bits + ibis.ifelse(table.position == place, 1 << i, 0)
        for other in (1, table["size"], *places[:i]):
            shape = shape + ibis.ifelse(place == other, weight, 0)
            weight *= 2
        shape = shape + ibis.ifelse(place > 0, weight, 0)
        weight *= 2
    return table.mutate(bits=bits.cast("int64"), shape=shape.cast("int64"))


def _decays(rows: ir.Table, half_lives: tuple[float, ...]) -> dict[str, ir.Value]:
    """The weight of a touch by each half-life: `least_0` … .

    Any moment may be counted from, for the shares are the same. Counted from the last touch its
    weight is 1, so that a journey's weights are never all too small to be told from 0; counted
    from the conversion they need no window of their own.
    """
    weights = {}
    for i, half_life in enumerate(half_lives):
        until = rows.last_at if half_life < SHORT else rows.moment
        days = (until.epoch_seconds() - rows.time.epoch_seconds()).cast("float64") / 86400
        weights[f"least_{i}"] = (days * (-_LN2 / half_life)).exp()
    return weights


def _customs(table: ir.Table, plan: Plan, wanted: Wanted) -> dict[str, ir.Value]:
    """The weights of the models with a weight of their own, numbered after the half-lives."""
    import ibis

    days = ibis.null("float64")  # a path table has no times
    if not plan.of_paths:
        before = table.moment.epoch_seconds() - table.time.epoch_seconds()
        days = before.cast("float64") / 86400
    found = {}
    for i, model in enumerate(wanted.customs, len(wanted.half_lives)):
        # Fractions, for PostgreSQL divides whole numbers to whole numbers.
        position, size = (table[name].cast("float64") for name in ("position", "size"))
        weight = model.weight(position, size, days)
        weight = weight if hasattr(weight, "cast") else ibis.literal(weight)
        weight = weight.cast("float64")
        is_number = (weight <= of.LARGE).fill_null(False)
        found[f"least_{i}"] = ibis.ifelse(is_number, weight, NO_NUMBER)
    return found


def _shares(table: ir.Table) -> dict[str, ir.Value]:
    """`share_0` …: weights scaled to sum to 1 in each journey; even where all are 0."""
    import ibis

    shares = {}
    for name in (name for name in table.columns if name.startswith("least_")):
        total, even = table[f"all_{name}"], 1 / table["size"].cast("float64")
        share = ibis.ifelse(total > 0, table[name] / total, even)
        shares[name.replace("least_", "share_")] = share
    return shares


NO_NUMBER = -1e300
"""Stands for a weight that is empty, infinite or no number, so that it can be told."""

SHORT = 7.0
"""Half-lives in days below which touches of twenty years count as nothing at all."""

_LN2 = 0.6931471805599453


def _exactly(whole: ir.Value) -> ir.Value:
    """The sum of whole numbers in floats, the same in any order."""
    return whole.cast("decimal(38, 0)").sum().cast("float64")


def steps(tables: Tables, plan: Plan, order: int, nulls: bool) -> ir.Table:
    """How often journeys went from one state to the next, a state being the last `order` names.

    Returns:
        `before_1` … (the names before, the nearest first; empty before the first touch), `by`,
        `then` (the next name; empty after the last touch), `state` (of the journey), `n`, and
        `value` (of the journeys; it counts where `then` is empty).
    """
    import ibis

    rows = of.every(tables, plan) if nulls else of.converted(tables, plan)
    window = ibis.window(group_by=plan.keys, order_by=plan.order)
    # Empty and not null: ClickHouse has no null in a column that did not have one.
    near = {f"before_{i}": rows.by.lag(i).over(window).fill_null("") for i in range(1, order)}
    marked = rows.mutate(**near, then=rows.by.lead().over(window).fill_null(""))
    grouped = marked.group_by(*near, "by", "then", "state")
    return grouped.aggregate(
        n=of.many(marked).cast("int64"), value=marked.value.sum().cast("float64")
    )


def sets(tables: Tables, plan: Plan, names: tuple[str, ...], nulls: bool) -> ir.Table:
    """Which names journeys touched, whatever the order and however often.

    Returns:
        `set_0` … (bit i of word w: `names[62 * w + i]`), `state`, `n`, `value`.
    """
    plan = plan._replace(session_s=None, collapse=False)
    rows = of.every(tables, plan) if nulls else of.converted(tables, plan)
    words = {}
    for start in range(0, max(len(names), 1), BITS):
        part = names[start : start + BITS]
        bits = _code(rows.by, {n: 1 << i for i, n in enumerate(part)})
        words[f"set_{start // BITS}"] = queries.any_bit(rows, bits)
    by_journey = rows.group_by(plan.keys).aggregate(**words, **_once(rows))
    return _alike(by_journey, list(words))


def packed(tables: Tables, plan: Plan, names: tuple[str, ...], words: int, nulls: bool) -> ir.Table:
    """The distinct paths, as numbers: see `unpacked`.

    Returns:
        `path_0` … (`per_word(names)` touches each), `size`, `state`, `n`, `value`. A path whose
        `size` is beyond all words is cut.
    """
    import ibis

    rows = of.every(tables, plan) if nulls else of.converted(tables, plan)
    rows = rows.mutate(
        place=ibis.row_number().over(ibis.window(group_by=plan.keys, order_by=plan.order)),
        # A cast that stays in the SQL: PostgreSQL would take the literals for small numbers.
        code=_code(rows.by, {name: i + 1 for i, name in enumerate(names)}, "int32").cast("int64"),
    )
    bits, each = width(names), per_word(names)
    found = {}
    for word in range(words):
        inside = (rows.place >= word * each) & (rows.place < (word + 1) * each)
        # PostgreSQL shifts by small whole numbers only.
        digit = rows.code << ((rows.place - word * each) * bits).cast("int32")
        found[f"path_{word}"] = queries.any_bit(rows, ibis.ifelse(inside, digit, 0))
    by_journey = rows.group_by(plan.keys).aggregate(**found, size=rows.count(), **_once(rows))
    return _alike(by_journey, [*found, "size"])


BITS = 62
"""Bits of a whole number that are used."""


def width(names: tuple[str, ...]) -> int:
    """Bits that tell names, and nothing, apart."""
    return len(names).bit_length()


def per_word(names: tuple[str, ...]) -> int:
    """Touches that one whole number holds."""
    return BITS // max(width(names), 1)


def _code(by: ir.StringColumn, codes: dict[str, int], kind: str = "int64") -> ir.IntegerColumn:
    import ibis

    given = codes or {"": 0}
    cases = [(by == name, ibis.literal(code, kind)) for name, code in given.items()]
    return ibis.cases(*cases, else_=ibis.literal(0, kind))


def _once(rows: ir.Table) -> dict[str, ir.Value]:
    """The journey's own figures, which each of its rows repeats."""
    return {name: rows[name].max() for name in ("state", "n", "value") if name in rows.columns}


def _alike(by_journey: ir.Table, keys: list[str]) -> ir.Table:
    """Journeys that are alike, together."""
    grouped = by_journey.group_by(*keys, "state")
    return grouped.aggregate(
        n=of.many(by_journey).cast("int64"), value=by_journey.value.sum().cast("float64")
    )


def eligible(tables: Tables, plan: Plan) -> ir.Table:
    """`n`: the touches of journeys that converted."""
    rows = of.converted(tables, plan)
    return rows.aggregate(n=of.many(rows).fill_null(0).cast("int64"))


def states(tables: Tables, plan: Plan) -> ir.Table:
    """`state`, `n` journeys and their `value`."""
    rows = of.every(tables, plan)
    by_journey = rows.group_by(plan.keys).aggregate(**_once(rows))
    return _alike(by_journey, [])


def touched(tables: Tables, plan: Plan) -> ir.Table:
    """`by`, `n` converted journeys that touched it, and their `value`."""
    rows = of.converted(tables, plan)
    by_journey = rows.group_by(*plan.keys, "by").aggregate(**_once(rows))
    return by_journey.group_by("by").aggregate(
        n=of.many(by_journey).cast("int64"), value=by_journey.value.sum().cast("float64")
    )


def waits(tables: Tables, plan: Plan) -> ir.Table:
    """`first` and `last`: whole minutes from these touches to the conversion; `n` journeys."""
    rows = of.converted(tables, plan)
    by_journey = rows.group_by(*plan.keys, "moment").aggregate(
        first_at=rows.time.min(), last_at=rows.time.max()
    )
    moment = by_journey.moment.epoch_seconds()
    timed = by_journey.select(
        first=((moment - by_journey.first_at.epoch_seconds()) // 60).cast("int64"),
        last=((moment - by_journey.last_at.epoch_seconds()) // 60).cast("int64"),
    )
    return timed.group_by("first", "last").aggregate(n=timed.count())


def each(tables: Tables, plan: Plan, wanted: Wanted) -> ir.Table:
    """Every touch of a converted journey: what names the conversion, and as in `placed`."""
    table = placed(tables, plan, wanted)
    names = [name for name in EACH if name in table.columns]
    names += [name for name in table.columns if name.startswith(("share_", "least_"))]
    return table.select(names).mutate(value=table.value.cast("float64"))


EACH = (
    "entity", "number", "moment", "conversion", "position", "by", "n", "value", "is_first",
    "is_last", "is_non_direct", "size", "bits", "shape",
)  # fmt: skip


def untouched(tables: Tables, plan: Plan) -> ir.Table:
    """The conversions without a touch: `entity`, `moment`, perhaps `conversion`, `value`."""
    found = of.ends(tables[1], plan)
    if plan.since is not None:
        found = found.filter(found.moment >= plan.since)
    touched = of.converted(tables, plan).select(*plan.keys).distinct()
    names = ["who", *plan.keys[1:]]
    tests = [found[ours] == touched[key] for ours, key in zip(names, plan.keys, strict=True)]
    left = found.anti_join(touched, tests)
    kept = {name: left[name] for name in ("moment", "conversion") if name in left.columns}
    return left.select(entity=left.who, **kept, value=left.value.cast("float64"))
