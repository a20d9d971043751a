"""Contact details: masked in their own columns, scrubbed out of free text, keyed for duplicates."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from playbook.data.checks.sqltext import early, fold, ident, literal, literals

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import duckdb

    from playbook.data.schema import Column

_NUMBERS = (
    (r"(^|[^0-9A-Za-z])\d{19,}($|[^0-9A-Za-z])", r"\1[number]\2"),
    (r"\d{17}[\dXx]|\d{15}", "[id]"),
    (r"[A-Za-z0-9._%+\-]+@[A-Za-z0-9\-]+(\.[A-Za-z0-9\-]+)+", "[e-mail]"),
    (r"(\+?86[\-\s]?)?1[3-9]\d([\-\s]?\d{4}){2}", "[phone]"),
    (r"\(?0\d{2,3}\)?[\-\s]?\d{7,8}(-\d{1,6})?", "[phone]"),
    (r"\+\d{1,3}([\-\s]?\(?\d{1,5}\)?){2,6}", "[phone]"),
    # Not inside a hash or a serial number, whose digits say nothing of anybody.
    (r"(^|[^0-9A-Za-z])\d{9,}($|[^0-9A-Za-z])", r"\1[number]\2"),
    (
        r"((?i:微信|企微|wechat|weixin|vx|qq)号?\s*[:是]?\s*)([A-Za-z][A-Za-z0-9_\-]{4,}|\d{5,})",
        r"\1[id]",
    ),
)
_GUARD = r"\d[\d\-\s]{4,}\d|[@＠０-９]|(?i:微信|企微|wechat|weixin|vx|qq)"

KEPT = frozenset(
    {
        *("domain", "credit_code", "url", "period", "metric_id", "scope", "scope_id", "unit"),
        *("currency", "template_id", "program", "fiscal_period", "source_system", "arm"),
        *("engine", "platform", "ad_account"),
    }
)
"""Text columns that hold names and codes, which scrubbing would spoil."""


def scrubbed(sql: str) -> str:
    """The text without telephone, identity and account numbers and e-mail addresses."""
    text = fold(sql)
    for pattern, by in _NUMBERS:
        text = f"regexp_replace({text}, {literal(pattern)}, {literal(by)}, 'g')"
    return f"CASE WHEN {guarded(sql)} THEN {text} ELSE {sql} END"


def guarded(sql: str) -> str:
    """True where a text may hold something to scrub; cheap, and true rather once too often."""
    return f"regexp_matches({sql}, {literal(_GUARD)})"


def masked(sql: str, column: str, free_mail: Sequence[str]) -> str:
    """A contact detail as it may be shown.

    A name keeps its first character, a mobile number its first three digits, an e-mail address
    its first character and, where it tells a free provider from a company, the provider.
    """
    if column == "email":
        provider = f"lower(split_part({sql}, '@', 2))"
        host = f"CASE WHEN {provider} IN ({literals(free_mail)}) THEN {provider} ELSE '***' END"
        shown = f"left({sql}, 1) || '***@' || ({host})"
    elif column == "mobile":
        digits = f"regexp_replace(regexp_replace({fold(sql)}, '\\D', '', 'g'), '^(00)?86', '')"
        chinese = f"regexp_full_match({digits}, '1\\d{{10}}')"
        shown = f"CASE WHEN {chinese} THEN left({digits}, 3) || '********' ELSE '***' END"
    else:
        shown = f"left({sql}, 1) || '**'"
    return f"CASE WHEN {sql} <> '' THEN {shown} END"


def contact_like(sql: str) -> str:
    """True where a key is itself a mobile number or an e-mail address."""
    hint = f"strlen({sql}) = 11 OR contains({sql}, '@') OR starts_with({sql}, '+')"
    hint += f" OR starts_with({sql}, '86')"
    whole = r"(\+?86)?[\- ]?1[3-9]\d{9}|.+@.+\..+"
    return early(hint, f"regexp_full_match({sql}, {literal(whole)})")


def displayed(sql: str, column: Column, free_mail: Sequence[str]) -> str:
    """A raw value as a problem or a set-aside row may show it."""
    if column.pii:
        return masked(sql, column.name, free_mail)
    if column.type == "key":
        return f"CASE WHEN {contact_like(sql)} THEN '[contact]' ELSE {sql} END"
    if column.name in KEPT or column.type not in {"text", "enum"}:
        return sql
    return scrubbed(sql)


PLACE = ("_file", "_row")
"""Columns that say where a row stands, not what it says."""


def secret(con: duckdb.DuckDBPyConnection, tables: Iterable[str]) -> bytes:
    """The key of one run, from the content of these raw tables: the same input, the same key.

    It is never stored, and nothing that is stored gives it away: whoever would compute it again
    needs all that it protects.
    """
    sums = []
    for table in sorted(tables):
        described = con.execute(f"DESCRIBE raw.{ident(table)}").fetchall()
        columns = ", ".join(
            ident(name) for name in sorted(row[0] for row in described) if name not in PLACE
        )
        total = f"SELECT count(*), sum(hash({columns})::HUGEINT) FROM raw.{ident(table)}"
        sums.append(f"{table} {con.execute(total).fetchone()}")
    return hashlib.sha256("\n".join(["playbook duplicates", *sums]).encode()).digest()


def keyed(sql: str, key: bytes) -> str:
    """HMAC-SHA256 of a text, in SQL."""
    block = key.ljust(64, b"\0")
    inner, outer = (bytes(b ^ pad for b in block).hex() for pad in (0x36, 0x5C))
    return f"sha256(unhex('{outer}') || unhex(sha256(unhex('{inner}') || encode({sql}))))"
