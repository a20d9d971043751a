"""What must hold within a row: predicates generated from the declared tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from playbook.data.checks import mask, numbers, times, words
from playbook.data.checks.columns import PERSONAL
from playbook.data.checks.problems import Kind
from playbook.data.checks.sqltext import ident, literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook.data.checks.columns import Parsed
    from playbook.data.problems import Severity
    from playbook.data.schema import Column, Table

_LEAVES = {"aside": "; the row is set aside", "flag": ""}
_KINDS = {
    "integer": "a whole number",
    "number": "a number",
    "decimal": "an amount",
    "boolean": "yes or no (是/否, Y/N, 1/0, true/false)",
    "timestamp": "a date and time (2026-10-03 09:05, 2026/10/3, 2026年10月3日, 20261003)",
    "date": "a date (2026-10-03, 2026/10/3, 2026年10月3日, 20261003)",
}


@dataclass(frozen=True, slots=True)
class Predicate:
    """A condition that is true in the rows that have a problem.

    Attributes:
        kind: The problem.
        sql: Over the parsed columns, their raw names and their helpers.
    """

    kind: Kind
    sql: str


def generate(table: Table, parsed: dict[str, Parsed]) -> list[Predicate]:
    """Every predicate of a table over the columns that were supplied."""
    found = [p for name in parsed for p in _of_column(table, parsed[name])]
    return [*found, *_of_row(table, parsed)]


def _of_column(table: Table, parsed: Parsed) -> Iterator[Predicate]:
    column = parsed.column
    value = ident(column.name)
    vital = column.name in table.key or column.name == table.time
    severity: Severity = "aside" if vital and column.required else "flag"
    if not parsed.easy:
        yield from _readable(table, parsed, severity)
    if column.name in PERSONAL and column.name in table.key and not parsed.easy:
        kind = Kind(
            "note", "contact-as-key", table.name, column.name,
            f"{_named(column)} is a mobile number or an e-mail address; a pseudonym replaces it",
            "nothing; with an id of the CRM you could find the row there again",
        )  # fmt: skip
        yield Predicate(kind, mask.contact_like(parsed.text))
    if column.required:
        code = "missing-key" if column.name in table.key else "missing-value"
        code = "missing-time" if column.name == table.time else code
        kind = Kind(
            severity, code, table.name, column.name,
            f"{_named(column)} is empty{_LEAVES[severity]}",
            f"fill {_named(column)} in the source and export it again",
        )  # fmt: skip
        yield Predicate(kind, f"{value} IS NULL AND NOT {parsed.given}")
    if column.low is not None or column.high is not None:
        yield _range(table, column)
    if (column.type == "text" or column.open) and not parsed.easy:
        yield from _written(table, parsed)


def _readable(table: Table, parsed: Parsed, severity: Severity) -> Iterator[Predicate]:
    column = parsed.column
    unread = f"{ident(column.name)} IS NULL AND {parsed.given}"
    if column.type in {"timestamp", "date"} and not parsed.native:
        text = f"_n_{column.name}"
        slashed = f"coalesce(regexp_matches({text}, {literal(times.SLASHED)}), false)"
        yield Predicate(_ambiguous(table, column, severity), f"{unread} AND {slashed}")
        unread += f" AND NOT {slashed}"
    if column.values is not None:
        if column.open:
            return
        if (table.name, column.name) == ("event", "primary_goal"):
            several = f"coalesce(regexp_matches({parsed.text}, {literal(words.SEVERAL)}), false)"
            yield Predicate(_several_goals(table, column), f"{unread} AND {several}")
            unread += f" AND NOT {several}"
        yield Predicate(_unknown(table, column, severity), unread)
    elif column.type in _KINDS:
        code = "unreadable-time" if column.name == table.time else "unreadable"
        kind = Kind(
            severity, code, table.name, column.name,
            f"{_named(column)} must be {_KINDS[column.type]}",
            "correct the value, or map it in [sources] of playbook.toml"
            + (' (date_format = "…")' if column.type in {"timestamp", "date"} else ""),
        )  # fmt: skip
        yield Predicate(kind, unread)


def _ambiguous(table: Table, column: Column, severity: Severity) -> Kind:
    return Kind(
        severity, "ambiguous-date", table.name, column.name,
        f"{_named(column)} can be day/month or month/day, and nothing in the file decides which",
        'say which: date_format = "%d/%m/%Y" (or "%m/%d/%Y") in [sources] of playbook.toml',
    )  # fmt: skip


def _several_goals(table: Table, column: Column) -> Kind:
    return Kind(
        "flag", "several-goals", table.name, column.name,
        f"an event has one primary goal; {_named(column)} names several",
        f"keep the one that decides whether the event was worth it: {_codes(column)}",
    )  # fmt: skip


def _unknown(table: Table, column: Column, severity: Severity) -> Kind:
    return Kind(
        severity, "unknown-value", table.name, column.name,
        f"{_named(column)} must be one of {_codes(column)}",
        f'map it in [sources.<name>.values.{column.name}] of playbook.toml: "theirs" = "ours"',
    )  # fmt: skip


def _range(table: Table, column: Column) -> Predicate:
    value = ident(column.name)
    bounds, sql = [], []
    if column.low is not None:
        bounds.append(f"at least {column.low:g}")
        sql.append(f"{value} < {column.low}")
    if column.high is not None:
        bounds.append(f"at most {column.high:g}")
        sql.append(f"{value} > {column.high}")
    kind = Kind(
        "flag", "out-of-range", table.name, column.name,
        f"{_named(column)} must be {' and '.join(bounds)}",
        "correct the value in the source, or its unit",
    )  # fmt: skip
    return Predicate(kind, " OR ".join(sql))


def _written(table: Table, parsed: Parsed) -> Iterator[Predicate]:
    column, text = parsed.column, parsed.text
    yield Predicate(
        Kind(
            "note", "formula-text", table.name, column.name,
            f"{_named(column)} begins like a formula of a spreadsheet; it is kept as text",
            "nothing, unless it should be something else; it cannot become a formula here",
        ),
        words.formula(text),
    )  # fmt: skip
    yield Predicate(
        Kind(
            "note", "markup-text", table.name, column.name,
            f"{_named(column)} holds HTML or a script; it is kept as text",
            "nothing, unless it should be something else; it is escaped wherever it is shown",
        ),
        words.markup(text),
    )  # fmt: skip


def _of_row(table: Table, parsed: dict[str, Parsed]) -> Iterator[Predicate]:
    for names, wanted in ((table.any_of, "any"), (table.one_of, "one")):
        if not names:
            continue
        filled = " + ".join(f"({ident(name)} IS NOT NULL)::INT" for name in names)
        given = " OR ".join(parsed[name].given for name in names if name in parsed) or "false"
        code = "no-dimension" if table.name == "spend" else "no-link"
        many = "at least" if wanted == "any" else "exactly"
        kind = Kind(
            "flag", code, table.name, names[0],
            f"{many} one of {', '.join(names)} must be filled",
            "fill it in the source; the row counts in totals but in no breakdown",
        )  # fmt: skip
        yield Predicate(kind, f"NOT ({given})")
        if wanted == "one":
            kind = Kind(
                "flag", "several-links", table.name, names[0],
                f"exactly one of {', '.join(names)} must be filled, and here are several",
                "leave the one that the row is about",
            )  # fmt: skip
            yield Predicate(kind, f"{filled} > 1")
    yield from _special(table, parsed)


def _special(table: Table, parsed: dict[str, Parsed]) -> Iterator[Predicate]:
    """Rules of single tables that need no other table."""
    rules = {
        "opportunity": _opportunity,
        "payment": _payment,
        "spend": _spend,
        "ad_daily": _ad_cost,
        "project": _project,
        "partner": _partner,
    }
    if table.name in rules:
        yield from rules[table.name](table, parsed)
    for name in ("amount", "won_amount", "cost", "budget"):
        if (
            name in parsed
            and not (parsed[name].native or parsed[name].easy)
            and table.name != "target"
        ):
            yield _foreign(table, parsed, name)
    for first, last in (
        ("start_date", "end_date"),
        ("start_at", "end_at"),
        ("joined_on", "left_on"),
    ):
        if first in parsed and last in parsed:
            yield _ends(table, parsed, first, last)
    if "currency" in parsed and not parsed["currency"].easy:
        kind = Kind(
            "flag", "unknown-currency", table.name, "currency",
            f"{_named(parsed['currency'].column)} must be an ISO 4217 code such as CNY or USD",
            "correct the code; amounts in an unknown currency are left out of sums",
        )  # fmt: skip
        yield Predicate(kind, "NOT regexp_full_match(currency, '[A-Z]{3}')")
    if table.time is not None and table.time in parsed:
        kind = Kind(
            "flag", "implausible-date", table.name, table.time,
            f"{_named(parsed[table.time].column)} lies before 1990",
            "correct it in the source; an empty date of Excel is exported as 1899 or 1900",
        )  # fmt: skip
        yield Predicate(kind, f"{ident(table.time)} < DATE '1990-01-01'")


def _foreign(table: Table, parsed: dict[str, Parsed], name: str) -> Predicate:
    kind = Kind(
        "flag", "currency-in-amount", table.name, name,
        f"{_named(parsed[name].column)} names a currency, but the column currency is empty",
        "put the currency into its own column (currency, 币种); the mark is not used",
    )  # fmt: skip
    text = f"lower(_n_{name})"
    raw = f"lower({parsed[name].text})"
    mark = f"regexp_matches({raw}, {literal(numbers.FOREIGN)})"
    return Predicate(kind, f"{text} IS NOT NULL AND {mark} AND currency IS NULL")


def _ends(table: Table, parsed: dict[str, Parsed], first: str, last: str) -> Predicate:
    kind = Kind(
        "flag", "ends-before-start", table.name, last,
        f"{_named(parsed[last].column)} lies before {_named(parsed[first].column)}",
        "correct one of the two in the source",
    )  # fmt: skip
    return Predicate(kind, f"{ident(last)} < {ident(first)}")


def _not_positive(
    table: Table, parsed: dict[str, Parsed], name: str, condition: str, allowed: str
) -> Iterator[Predicate]:
    if name in parsed:
        kind = Kind(
            "flag", "not-positive", table.name, name,
            f"{_named(parsed[name].column)} must be {allowed}",
            "leave it empty where the amount is not known; 0 and less are not the same as unknown",
        )  # fmt: skip
        yield Predicate(kind, condition)


def _opportunity(table: Table, parsed: dict[str, Parsed]) -> Iterator[Predicate]:
    for name in ("amount", "won_amount"):
        yield from _not_positive(table, parsed, name, f"{name} <= 0", "more than 0")
    if "closed_at" in parsed and "created_at" in parsed:
        kind = Kind(
            "flag", "closed-before-created", table.name, "closed_at",
            "the opportunity was closed before it was created",
            "correct closed_at or created_at in the CRM; its days to close are left out",
        )  # fmt: skip
        yield Predicate(kind, "closed_at < created_at")
    if "is_won" in parsed:
        kind = Kind(
            "flag", "won-without-date", table.name, "closed_at",
            "the opportunity is won, but closed_at (成交时间) is empty",
            "fill it in the CRM; without it the win belongs to no period",
        )  # fmt: skip
        yield Predicate(kind, "is_won AND closed_at IS NULL")


def _payment(table: Table, parsed: dict[str, Parsed]) -> Iterator[Predicate]:
    condition = "amount = 0 OR (amount < 0 AND kind IS DISTINCT FROM 'refund')"
    allowed = "more than 0; only a refund may be negative"
    yield from _not_positive(table, parsed, "amount", condition, allowed)


def _spend(table: Table, parsed: dict[str, Parsed]) -> Iterator[Predicate]:
    yield from _not_positive(table, parsed, "amount", "amount <= 0", "more than 0")


def _ad_cost(table: Table, parsed: dict[str, Parsed]) -> Iterator[Predicate]:
    yield from _not_positive(table, parsed, "cost", "cost < 0", "0 or more")


def _project(table: Table, parsed: dict[str, Parsed]) -> Iterator[Predicate]:
    if "dri_id" in parsed:
        kind = Kind(
            "flag", "several-dri", table.name, "dri_id",
            "a project has one directly responsible person; here are several",
            "name one in dri_id (负责人) and the others in collaborators (协作人)",
        )  # fmt: skip
        yield Predicate(kind, f"regexp_matches(dri_id, {literal(words.SEVERAL)})")


def _partner(table: Table, parsed: dict[str, Parsed]) -> Iterator[Predicate]:
    if "tier" in parsed:
        kind = Kind(
            "flag", "partner-without-project", table.name, "bound_project_id",
            "a partner of tier A or B must be bound to a project",
            "bind it to a project (绑定项目), or lower its tier",
        )  # fmt: skip
        yield Predicate(kind, "tier IN ('A', 'B') AND bound_project_id IS NULL")


def _named(column: Column) -> str:
    return f"{column.name} ({column.zh})"


def _codes(column: Column) -> str:
    pairs = ((code, *names) for code, names in (column.values or {}).items())
    return ", ".join(f"{code} ({names[0]})" if names else code for code, *names in pairs)
