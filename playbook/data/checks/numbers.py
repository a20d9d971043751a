"""Numbers as people write them: `1,234.5万`, `¥ 1 234,50`, `(12%)`, full-width digits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.data.checks.sqltext import files, fold, literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from playbook.data.schema import Column

_NOISE = r"[\s'¥￥$€£]|人民币|rmb|cny|usd|eur|gbp|hkd|hk|us|元|圆|整"
_TIMES = {
    "千": 1_000,
    "k": 1_000,
    "万": 10_000,
    "萬": 10_000,
    "w": 10_000,
    "百万": 1_000_000,
    "千万": 10_000_000,
    "亿": 100_000_000,
    "億": 100_000_000,
}
_UNITS = {
    "count": ("人", "次", "个", "家", "篇", "条", "位"),
    "day": ("天", "日"),
    "h": ("小时", "h"),
    "min": ("分钟", "min"),
    "s": ("秒", "s"),
}
_SHAPE = r"^([+-]?)([\d.,]+)(百万|千万|[千k万萬w亿億])?(%|{units})?$"

FOREIGN = r"[$€£]|usd|eur|gbp|hkd|美元|欧元|英镑|港[币元]"
"""Marks of a currency that is written into the amount itself."""


def _wide(column: Column) -> str:
    """The type in which a number is read before it is fitted into its own."""
    return "DOUBLE" if column.type == "number" else "DECIMAL(38,6)"


def fast(raw: str, column: Column, comma_files: frozenset[int]) -> str:
    """A text that is a plain number, and not one of a file where a point separates thousands."""
    direct = f"try_cast({raw} AS {_wide(column)})"
    if not comma_files:
        return direct
    return f"CASE WHEN NOT ({files(comma_files)} AND contains({raw}, '.')) THEN {direct} END"


def layers(
    raw: str, column: Column, comma_files: frozenset[int]
) -> tuple[list[Mapping[str, str]], str]:
    """Layers of columns that read a text as a number, then the value in the column's own type."""
    name = column.name
    first, text, parts = f"_f_{name}", f"_n_{name}", f"_p_{name}"
    commas = files(comma_files)
    shape = _SHAPE.format(units="|".join(_UNITS.get(column.unit or "", ("%",))))
    groups = "['sign', 'digits', 'times', 'unit']"
    return [
        {first: fast(raw, column, comma_files)},
        {text: f"CASE WHEN {first} IS NULL THEN {_plain(raw)} END"},
        {parts: f"regexp_extract({text}, {literal(shape)}, {groups})"},
        {f"_v_{name}": f"coalesce({first}, {_scaled(parts, column, commas)}::{_wide(column)})"},
    ], typed(f"_v_{name}", column)


def _plain(raw: str) -> str:
    """Lower case, without spaces and marks of currency; brackets and a late minus lead."""
    text = f"regexp_replace(lower({fold(raw)}), {literal(_NOISE)}, '', 'g')"
    text = f"regexp_replace({text}, '^\\((.+)\\)$', '-\\1')"
    return f"regexp_replace({text}, '^([\\d.,]+)-$', '-\\1')"


def _point(digits: str, commas: str) -> str:
    """The digits with a decimal point and nothing else, or NULL where they are not a number.

    In a file with decimal commas `1.234` is a thousand; elsewhere a comma before one or two last
    digits can only be a decimal one.
    """
    return f"""CASE
        WHEN {commas} AND regexp_full_match({digits}, '\\d{{1,3}}(\\.\\d{{3}})+(,\\d+)?|\\d+,\\d+')
            THEN replace(replace({digits}, '.', ''), ',', '.')
        WHEN regexp_full_match({digits}, '\\d{{1,3}}(,\\d{{3}})+(\\.\\d*)?')
            THEN replace({digits}, ',', '')
        WHEN regexp_full_match({digits}, '\\d*\\.?\\d+|\\d+\\.') THEN {digits}
        WHEN regexp_full_match({digits}, '\\d{{1,3}}(\\.\\d{{3}})*,\\d{{1,2}}|\\d+,\\d{{1,2}}')
            THEN replace(replace({digits}, '.', ''), ',', '.')
        WHEN regexp_full_match({digits}, '\\d{{1,3}}(\\.\\d{{3}}){{2,}}')
            THEN replace({digits}, '.', '') END"""


def _scaled(parts: str, column: Column, commas: str) -> str:
    point = _point(f"{parts}.digits", commas)
    cases = " ".join(f"WHEN {literal(word)} THEN {times}" for word, times in _TIMES.items())
    percent = 1 if column.unit == "percent" else 100
    # Sixteen digits times 10^8 fit into 38: the product cannot overflow.
    number = f"CASE WHEN length({parts}.digits) <= 16 THEN try_cast({point} AS DECIMAL(22,6)) END"
    return f"""({number}) * (CASE {parts}.times {cases} ELSE 1 END)::DECIMAL(9,0)
        * (CASE {parts}.sign WHEN '-' THEN -1 ELSE 1 END)::DECIMAL(1,0)
        / (CASE {parts}.unit WHEN '%' THEN {percent} ELSE 1 END)"""


def typed(sql: str, column: Column) -> str:
    """A number in the column's own type; NULL where it does not fit (half a click, infinity)."""
    if column.type == "integer":
        return f"CASE WHEN {sql} = trunc({sql}) THEN try_cast({sql} AS BIGINT) END"
    if column.type == "number":
        return f"CASE WHEN isfinite({sql}::DOUBLE) THEN {sql}::DOUBLE END"
    return f"try_cast({sql} AS {column.duckdb_type})"
