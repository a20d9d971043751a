"""Standards such as ICP, MQL and SQL, lead by lead: what is met, what is not, what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook import conditions, tables
from playbook.conditions import Comparison, Condition, Joined
from playbook.errors import ParameterError
from playbook.format import div
from playbook.scoring import holds

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import ibis.expr.types as ir
    import pandas as pd

    from playbook.conditions import KeyPath
    from playbook.tables import T

STATES = ("passes", "fails", "unknown")


def standards(leads: T, rules: Mapping[str, Condition], *, key: str = "lead_id") -> T:
    """What each condition of each standard says of every lead.

    Args:
        leads: One row per lead; its columns are named as the fields, such as `lead.need_clarity`.
        rules: The standards by name, as `conditions.parse` reads them.
        key: Column that names the lead.

    Returns:
        One row per lead, standard and single comparison: the key, `standard`, `place` (from 1,
        in the order written), `condition` (in words), `state` (`passes`, `fails`, or `unknown`
        where the data cannot say), `missing` (whether the standard waits for it: it does not
        pass, and nothing that passes makes up for it), `one_of` (the list of alternatives it
        belongs to, of which one is enough; empty where it must pass itself). An Ibis table for
        an Ibis table.

    Raises:
        ParameterError: A field has no column.

    >>> import pandas as pd
    >>> from playbook.conditions import parse
    >>> leads = pd.DataFrame({"lead_id": ["a", "b"], "lead.need_clarity": [2, None]})
    >>> clear = parse({"field": "lead.need_clarity", "op": "ge", "value": 1}, "mql.when")
    >>> standards(leads, {"mql": clear})[["lead_id", "condition", "state", "missing"]]
      lead_id                        condition    state  missing
    0       a  lead.need_clarity is at least 1   passes    False
    1       b  lead.need_clarity is at least 1  unknown     True
    """
    import ibis

    table = _table(leads, rules, key)
    found = [(name, _walk(rule)) for name, rule in rules.items()]
    parts = [
        table.select(
            key,
            standard=ibis.literal(name),
            place=ibis.literal(place, "int16"),
            condition=ibis.literal(conditions.describe(leaf)),
            state=_state(holds.test(leaf, table)),
            missing=~_any_holds([*above, leaf], table),
            one_of=ibis.literal(one_of),
        )
        for name, leaves in found
        for place, (leaf, above, one_of) in enumerate(leaves, start=1)
    ]
    order = [key, _rank(list(rules)), "place"]
    return tables.like(leads, ibis.union(*parts).order_by(*order) if parts[1:] else parts[0])


def verdicts(leads: T, rules: Mapping[str, Condition], *, key: str = "lead_id") -> T:
    """Whether each lead meets each standard, and in words what is missing.

    Args:
        leads: As for `standards`.
        rules: The standards by name.
        key: Column that names the lead.

    Returns:
        One row per lead and standard: the key, `standard`, `state`, `missing` (what must still
        pass, joined by `; `; alternatives as `one of: …`; `(not known)` where the data cannot
        say; empty where the standard is met).

    Raises:
        ParameterError: A field has no column.
    """
    import ibis

    table = _table(leads, rules, key)
    parts = [
        table.select(
            key,
            standard=ibis.literal(name),
            state=_state(holds.test(rule, table)),
            missing=_wanted(rule, table).re_replace("; $", ""),
        )
        for name, rule in rules.items()
    ]
    answer = ibis.union(*parts) if parts[1:] else parts[0]
    return tables.like(leads, answer.order_by(key, _rank(list(rules))))


def pass_counts(leads: pd.DataFrame | ir.Table, rules: Mapping[str, Condition]) -> pd.DataFrame:
    """How many leads pass, fail or leave open each condition of each standard.

    Args:
        leads: As for `standards`; no key is needed.
        rules: The standards by name.

    Returns:
        Per standard first one row for the whole (`place` 0), then one per single comparison in
        the order written: `standard`, `place`, `condition`, `passes`, `fails`, `unknown`, `n`
        (leads), `pass_share` (of those that are known; missing where none is).

    Raises:
        ParameterError: A field has no column.
    """
    import pandas as pd

    table = _table(leads, rules)
    asked = [
        (name, place, part)
        for name, rule in rules.items()
        for place, part in enumerate([rule, *(leaf for _, leaf in conditions.leaves(rule))])
    ]
    sums: dict[str, Any] = {"n": table.count()}
    for index, (_, _, part) in enumerate(asked):
        held = holds.test(part, table)
        sums[f"passes_{index}"] = held.sum()
        sums[f"fails_{index}"] = (~held).sum()
    found = table.aggregate(**sums).to_pandas().iloc[0].fillna(0).astype("int64")
    rows = [
        (name, place, conditions.describe(part), found[f"passes_{i}"], found[f"fails_{i}"])
        for i, (name, place, part) in enumerate(asked)
    ]
    counts = pd.DataFrame(rows, columns=["standard", "place", "condition", "passes", "fails"])
    counts["unknown"] = found["n"] - counts["passes"] - counts["fails"]
    counts["n"] = found["n"]
    counts["pass_share"] = div(counts["passes"], counts["passes"] + counts["fails"])
    return counts


def _table(leads: pd.DataFrame | ir.Table, rules: Mapping[str, Condition], *key: str) -> ir.Table:
    if not rules:
        raise ParameterError("rules must hold at least one standard, by name.")
    fields = [name for rule in rules.values() for name in conditions.fields(rule)]
    return tables.as_ibis(leads, [*key, *fields], "leads")


def _walk(
    condition: Condition, above: tuple[Condition, ...] = (), path: KeyPath = (), one_of: str = ""
) -> Iterator[tuple[Comparison, tuple[Condition, ...], str]]:
    """Each comparison, what it stands in, and the outermost alternatives it is one of."""
    if isinstance(condition, Comparison):
        yield condition, above, one_of
        return
    if condition.how == "any" and len(condition.parts) > 1:
        one_of = one_of or conditions.dotted((*path, "any"))
    for position, part in enumerate(condition.parts):
        yield from _walk(part, (*above, condition), (*path, condition.how, position), one_of)


def _any_holds(parts: list[Condition], table: ir.Table) -> ir.BooleanValue:
    """Whether one of the conditions is known to hold; never NULL."""
    either = Joined("any", tuple(parts)) if parts[1:] else parts[0]
    return holds.test(either, table).fill_null(False)


def _state(held: ir.BooleanValue) -> ir.Value:
    import ibis

    return ibis.cases((held, "passes"), (~held, "fails"), else_="unknown")


def _wanted(condition: Condition, table: ir.Table) -> ir.StringValue:
    """What must still pass, each part followed by `; `."""
    import ibis

    if isinstance(condition, Joined) and (condition.how == "all" or len(condition.parts) == 1):
        whole = ibis.literal("")
        for part in condition.parts:
            whole = whole + _wanted(part, table)
        return whole
    words = conditions.describe(condition)
    if isinstance(condition, Joined):
        words = f"one of: {' | '.join(map(conditions.describe, condition.parts))}"
    held = holds.test(condition, table)
    return ibis.cases((held, ""), (~held, f"{words}; "), else_=f"{words} (not known); ")


def _rank(names: list[str]) -> ir.Value:
    """The order in which the standards were given."""
    import ibis

    return ibis._.standard.cases(*((name, place) for place, name in enumerate(names)), else_=-1)
