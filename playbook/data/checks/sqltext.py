"""Small pieces of SQL that the checks are put together from."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_FULL = "".join(chr(0xFF01 + i) for i in range(94)) + "\u3000\u00a0\u202f\u2009\u2212"
_HALF = "".join(chr(0x21 + i) for i in range(94)) + "    -"
_ODD = "[\uff01-\uff5e\u3000\u00a0\u202f\u2009\u2212]"
_WIDTHS = str.maketrans(_FULL, _HALF)

NOTHING = ("-", "--", "—", "——", "/", "\\n", "n/a", "#n/a", "na", "null", "none", "nan", "无")
"""What people and programs write into a cell that is empty; compared in lower case."""


def literal(value: str) -> str:
    """The value as an SQL string.

    >>> literal("l'eau")
    "'l''eau'"
    """
    return "'" + value.replace("'", "''") + "'"


def ident(name: str) -> str:
    """The name as a quoted SQL identifier.

    >>> ident("order")
    '"order"'
    """
    return '"' + name.replace('"', '""') + '"'


def literals(values: Iterable[str]) -> str:
    """The values as a list of SQL strings, for `IN (...)`."""
    return ", ".join(literal(value) for value in values)


def fold(sql: str) -> str:
    """Full-width characters and odd spaces as plain ones."""
    # `translate` builds its table anew for every row: only texts that need it pay for it.
    wide = f"translate({sql}, {literal(_FULL)}, {literal(_HALF)})"
    needed = early(f"strlen({sql}) > length({sql})", f"regexp_matches({sql}, {literal(_ODD)})")
    return f"(CASE WHEN {needed} THEN {wide} ELSE {sql} END)"


def folded(value: str) -> str:
    """What `fold` makes of a value.

    >>> folded("１２，Ａ")
    '12,A'
    """
    return value.translate(_WIDTHS)


def early(cheap: str, costly: str) -> str:
    """Both conditions, the second only where the first holds: in a value, AND computes both."""
    return f"(CASE WHEN {cheap} THEN {costly} ELSE false END)"


def is_nothing(sql: str) -> str:
    """True where the text stands for an empty cell."""
    # The length in bytes is at hand, and rules most values out before any comparison.
    return early(f"strlen({sql}) <= 6", f"lower({sql}) IN ('', {literals(NOTHING)})")


def files(ids: Iterable[int]) -> str:
    """True in the rows of these files."""
    listed = ", ".join(str(i) for i in sorted(ids))
    return f"_file IN ({listed})" if listed else "false"
