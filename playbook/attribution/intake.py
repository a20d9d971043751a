"""What is wrong with touches and conversions, all of it at once, and what is known of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from playbook import queries
from playbook.attribution import rows as of
from playbook.attribution.rows import Plan
from playbook.errors import ParameterError, unknown
from playbook.queries import Given
from playbook.tables import need_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    import ibis.expr.types as ir
    import pandas as pd

    from playbook.attribution.rows import Tables
    from playbook.attribution.settings import Journey

    Table: TypeAlias = pd.DataFrame | ir.Table

SHOWN = 3
"""Rows that a message names."""
RESERVED = ("(start)", "(conversion)", "(null)", "unattributed")


class Facts(NamedTuple):
    """What is known of checked tables.

    Attributes:
        names: The names of `by`, sorted.
        touches: How many touches there are.
        conversions: How many conversions there are.
        value: What they are worth; 0 where they have no value.
        without_value: How many of them have an empty value.
        unique: No entity converts twice.
    """

    names: tuple[str, ...]
    touches: int
    conversions: int
    value: float
    without_value: int
    unique: bool


def given(touches: Table, conversions: Table, journey: Journey) -> tuple[Given, Given]:
    """The tables with the names that queries use.

    Raises:
        ParameterError: Missing columns, times that cannot be compared, or columns of a wrong kind.
    """
    need_table(touches, "touches")
    need_table(conversions, "conversions")
    of_touches = {"entity": journey.entity, "time": journey.time, "by": journey.by}
    of_touches |= {"touch": journey.touch} if journey.touch else {}
    of_conversions = {"entity": journey.entity, "converted": journey.converted}
    for ours in ("value", "conversion", "currency"):
        if theirs := getattr(journey, ours):
            of_conversions[ours] = theirs
    of_conversions |= {f"milestone_{i}": name for i, name in enumerate(journey.milestones)}
    found = (
        Given("touches", touches, tuple(of_touches.items())),
        Given("conversions", conversions, tuple(of_conversions.items())),
    )
    wrong = [sentence for one in found for sentence in _missing(one)]
    if not wrong:
        found = (typed(found[0]), typed(found[1]))
        types = [kinds(one) for one in found]
        wrong = [*_moments(found, types), *_kinds(found, types, journey)]
    if wrong:
        raise ParameterError("\n".join(wrong))
    return found


def checked(tables: tuple[Given, Given], journey: Journey, plan: Plan) -> Facts:
    """What is known of the tables.

    Raises:
        ParameterError: Everything in their rows that cannot be used, at once.
    """
    # Only what these questions depend on: they are compiled once for all that is alike to them.
    span = Plan(as_of=plan.as_of)
    names = queries.ask(by_name, tables[:1], span)
    gaps = queries.ask(empty, tables[:1]).set_index("what")["n"]
    asked = span._replace(value=plan.value, conversion=plan.conversion, since=plan.since)
    ends = queries.ask(summed, tables[1:], asked).iloc[0]
    wrong = [
        *_touches(tables[0], journey, names, gaps),
        *_conversions(tables[1], journey, ends),
    ]
    if wrong:
        raise ParameterError("\n".join(wrong))
    return Facts(
        names=tuple(sorted(map(str, names["by"]))),
        touches=int(names["n"].sum()),
        conversions=int(ends["n"]),
        value=float(ends["value"]),
        without_value=int(ends["without_value"]),
        unique=int(ends["entities"]) == int(ends["rows"]),
    )


def typed(one: Given) -> Given:
    """With the types of its columns, so that they are looked at once; empty ones as they fit."""
    fits = {"entity": "string", "by": "string", "touch": "int64", "conversion": "string",
            "currency": "string", "value": "float64", "n": "int64"}  # fmt: skip
    kinds = {
        name: fits.get(name, "timestamp") if kind == "null" else kind
        for name, kind in queries.shape(one)
    }
    return one._replace(types=tuple(kinds.items()))


def kinds(one: Given) -> dict[str, Any]:
    """The type of each column that a query uses."""
    import ibis

    return {name: ibis.dtype(kind) for name, kind in queries.shape(one)}


# Queries.


def by_name(tables: Tables, plan: Plan) -> ir.Table:
    """`by` and `n`, its touches."""
    touches = of.known(tables[0], plan)
    return touches.group_by("by").aggregate(n=touches.count())


def empty(tables: Tables) -> ir.Table:
    """`what` and `n`: touches without it. Filters, for files know where nothing is missing."""
    import ibis

    parts = []
    for name in ("entity", "time"):
        # Not only known touches: what has no time is never known.
        kept = tables[0].filter(tables[0][name].isnull())
        parts.append(kept.aggregate(n=kept.count()).mutate(what=ibis.literal(name)))
    return ibis.union(*parts)


def summed(tables: Tables, plan: Plan) -> ir.Table:
    """One row of what there is in conversions."""
    import ibis

    found = tables[0]
    if plan.as_of is not None:
        found = found.filter((found.converted <= plan.as_of) | found.converted.isnull())
    zero = ibis.literal(0, "int64")

    def many(condition: ir.BooleanValue) -> ir.Value:
        return ibis.coalesce(ibis.ifelse(condition, 1, 0).sum().cast("int64"), zero)

    late = ibis.literal(value=True) if plan.since is None else found.converted >= plan.since
    found = found.mutate(counted=late)
    counted = found.counted
    asked = {
        "rows": found.count(),
        "n": many(counted),
        "entities": found.entity.nunique(),
        "no_entity": many(found.entity.isnull()),
        "no_moment": many(found.converted.isnull()),
        "value": ibis.literal(0.0),
        "without_value": zero,
        "negative": zero,
        "infinite": zero,
        "named": zero,
    }
    if plan.value:
        worth = of.money(found.value)
        total = ibis.ifelse(counted, worth, ibis.literal(0, worth.type())).sum().cast("float64")
        asked["value"] = ibis.coalesce(total, ibis.literal(0.0))
        asked["without_value"] = many(counted & of.no_value(found.value))
        asked["negative"] = many(worth < 0)
        if found.value.type().is_floating():
            asked["infinite"] = many(of.is_infinite(found.value))
    if plan.conversion:
        asked["named"] = found.conversion.nunique()
    return found.aggregate(**asked)


def touches_without(tables: Tables, name: str) -> ir.Table:
    """The first touches that lack something."""
    touches = tables[0]
    lacks = touches[name].isnull()
    if touches[name].type().is_string():
        lacks = lacks | (touches[name].strip() == "")
    order = [column for column in ("time", "entity", "touch") if column in touches.columns]
    return touches.filter(lacks).order_by(order).limit(SHOWN)


def conversions_where(tables: Tables, what: str) -> ir.Table:
    """The first conversions that something is wrong with."""
    found = tables[0]
    if what == "negative":
        wrong = of.money(found.value) < 0
    elif what == "infinite":
        wrong = of.is_infinite(found.value)
    else:
        wrong = found[what].isnull()
    order = [name for name in ("converted", "entity", "conversion") if name in found.columns]
    return found.filter(wrong).order_by(order).limit(SHOWN)


def repeated(tables: Tables) -> ir.Table:
    """`conversion` and `n`: names that more than one row has."""
    counted = tables[0].group_by("conversion").aggregate(n=tables[0].count())
    wrong = counted.filter((counted.n > 1) | counted.conversion.isnull())
    return wrong.order_by("conversion").limit(SHOWN)


def currencies(tables: Tables) -> ir.Table:
    """`currency` and `n`."""
    counted = tables[0].group_by("currency").aggregate(n=tables[0].count())
    return counted.order_by("currency")


# What is said.


def _missing(one: Given) -> Iterator[str]:
    columns = list(map(str, one.table.columns))
    for _, theirs in one.columns:
        if theirs not in columns:
            yield unknown(f"column of {one.name}", theirs, columns)


def _moments(found: tuple[Given, Given], types: list[dict[str, Any]]) -> Iterator[str]:
    """Times must be naive UTC in every column, or there is no telling what came first."""
    zones: dict[str, str | None] = {}
    for one, kind in zip(found, types, strict=True):
        for ours, theirs in one.columns:
            if ours not in {"time", "converted"} and not ours.startswith("milestone_"):
                continue
            where = f"{theirs} of {one.name}"
            if kind[ours].is_null():
                continue
            if not kind[ours].is_timestamp():
                hint = "give the moment from which it counts" if kind[ours].is_date() else "read it"
                yield f"{where} is {_said(kind[ours])}, not a moment; {hint} as naive UTC times."
            else:
                zones[where] = _zone(one.table, theirs) or kind[ours].timezone
    if any(zones.values()):
        shown = ", ".join(f"{where} {zone or 'no zone'}" for where, zone in zones.items())
        mixed = "Time zones are mixed" if len(set(zones.values())) > 1 else "Times have a time zone"
        yield (
            f"{mixed}: {shown}. Give all of them in UTC without a zone; in pandas "
            '.dt.tz_convert("UTC").dt.tz_localize(None) turns what has a zone into that.'
        )


def _zone(table: Table, column: str) -> str | None:
    """The zone that a DataFrame's column names; DuckDB only knows that there is one."""
    import pandas as pd

    zone = getattr(table[column].dtype, "tz", None) if isinstance(table, pd.DataFrame) else None
    return None if zone is None else str(zone)


def _kinds(
    found: tuple[Given, Given], types: list[dict[str, Any]], journey: Journey
) -> Iterator[str]:
    one, other = (kind["entity"] for kind in types)
    if _said(one) != _said(other) and not one.is_null() and not other.is_null():
        yield (
            f"{journey.entity} is {_said(one)} in touches and {_said(other)} in conversions; "
            "give both the same kind."
        )
    if journey.value and not (types[1]["value"].is_numeric() or types[1]["value"].is_null()):
        yield f"{journey.value} of {found[1].name} is {_said(types[1]['value'])}, not a number."


def _said(kind: Any) -> str:
    words = {"is_string": "text", "is_integer": "a whole number", "is_date": "a date",
             "is_timestamp": "a moment", "is_boolean": "true or false",
             "is_floating": "a fraction", "is_decimal": "a decimal"}  # fmt: skip
    return next((said for test, said in words.items() if getattr(kind, test)()), str(kind))


def _touches(
    one: Given, journey: Journey, names: pd.DataFrame, gaps: pd.Series[int]
) -> Iterator[str]:
    blank = names["by"].isna() | (names["by"].astype("str").str.strip() == "")
    lacking = {
        "by": (int(names.loc[blank, "n"].sum()), journey.by, "name them or leave them out"),
        "time": (int(gaps["time"]), journey.time, "leave them out"),
        "entity": (int(gaps["entity"]), journey.entity, "resolve them or leave them out"),
    }
    for ours, (n, theirs, remedy) in lacking.items():
        if n:
            shown = queries.ask(touches_without, (one,), ours)
            word = "touch has" if n == 1 else "touches have"
            yield f"{n} {word} no {theirs}: {_rows(shown, one, ours)}; {remedy}."
    for name in names.loc[~blank, "by"]:
        if name in RESERVED:
            yield f"{journey.by} '{name}' is what our tables call something else; rename it."


def _conversions(one: Given, journey: Journey, ends: pd.Series[Any]) -> Iterator[str]:
    lacking = {
        "entity": (int(ends["no_entity"]), f"no {journey.entity}", "name them or leave them out"),
        "converted": (
            int(ends["no_moment"]), f"no {journey.converted}", "leave out what did not convert",
        ),
        "infinite": (
            int(ends["infinite"]), f"an infinite {journey.value}", "give its worth or nothing",
        ),
        "negative": (
            int(ends["negative"]), f"a {journey.value} below 0",
            "allowed are 0, more, or empty; take refunds off what was refunded",
        ),
    }  # fmt: skip
    for ours, (n, what, remedy) in lacking.items():
        if n:
            shown = queries.ask(conversions_where, (one,), ours)
            word = "conversion has" if n == 1 else "conversions have"
            yield f"{n} {word} {what}: {_rows(shown, one, ours)}; {remedy}."
    if journey.conversion and int(ends["named"]) < int(ends["rows"]):
        twice = queries.ask(repeated, (one,))
        names = ", ".join(
            f"{_cell(name)} ({n} row{'s' * (n > 1)})"
            for name, n in zip(twice["conversion"], twice["n"], strict=True)
        )
        yield f"{journey.conversion} of conversions must name each once: {names}."
    if journey.currency:
        found = queries.ask(currencies, (one,))
        if len(found) > 1:
            listed = ", ".join(
                f"{_cell(name)} ({n})"
                for name, n in zip(found["currency"], found["n"], strict=True)
            )
            yield f"conversions are in several currencies: {listed}; convert them to one first."


def _rows(shown: pd.DataFrame, one: Given, lacks: str) -> str:
    """The rows of a message, each by what names it."""
    theirs = dict(one.columns)
    key = next((name for name in ("touch", "conversion") if name in shown.columns), None)
    if key is not None and shown[key].notna().all():
        return f"{theirs[key]} {', '.join(map(str, shown[key]))}"
    names = [name for name in ("entity", "time", "converted") if name in shown and name != lacks]
    rows = [
        " ".join(f"{theirs[name]} {_cell(row[name])}" for name in names)
        for _, row in shown.iterrows()
    ]
    return "; ".join(rows)


def _cell(value: Any) -> str:
    import pandas as pd

    if pd.isna(value):
        return "empty"
    return f"{value:%Y-%m-%d %H:%M}" if isinstance(value, pd.Timestamp) else str(value)
