"""Which of our columns a header is: by English name, Chinese name or alias, spelling forgiven."""

from __future__ import annotations

import functools
import re
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from playbook.data import schema

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from playbook.data.schema import Column, Table

BLANKS = " \t\r\n\x0b\x0c\u00a0\u3000\ufeff\u200b"
"""What is trimmed from every header and cell: blanks that nobody sees."""

_IGNORED = re.compile(r"[\s_\-\u200b\ufeff\u00ad]+")
_MARKS = "*:?!"
_UNIT = re.compile(r"\(([^()]*)\)$|\[([^\[\]]*)\]$|【([^【】]*)】$")
_HARMLESS = {
    "必填",
    "选填",
    "可选",
    "required",
    "optional",
    "yyyymmdd",
    "yyyy/mm/dd",
    "是/否",
    "y/n",
}
_UNITS = {
    "money": {"元", "人民币", "人民币元", "rmb", "cny", "¥"},
    "s": {"秒", "s", "sec", "seconds"},
    "min": {"分钟", "分", "min", "minutes"},
    "h": {"小时", "时", "h", "hours"},
    "day": {"天", "日", "days"},
    "count": {"个", "次", "人", "条", "篇", "家"},
    "percent": {"%"},
}
_LARGE = {
    "千": "千",
    "千元": "千",
    "万": "万",
    "万元": "万",
    "百万": "百万",
    "百万元": "百万",
    "亿": "亿",
    "亿元": "亿",
}
_SHORTEST_NEAR_MISS = {True: 4, False: 3}


@dataclass(frozen=True, slots=True)
class Match:
    """How a row of headers fits one of our tables.

    Attributes:
        columns: Our column to the position of its header.
        scales: Our column to `万` or `亿`, where the header says that its numbers are in those.
        double: Our column, the position that is used and another that fits it too.
        near: Position of a header that is one letter off, and our column it is nearest to.
        ignored: Positions of all other headers.
    """

    columns: dict[str, int] = field(default_factory=dict)
    scales: dict[str, str] = field(default_factory=dict)
    double: list[tuple[str, int, int]] = field(default_factory=list)
    near: list[tuple[int, str]] = field(default_factory=list)
    ignored: list[int] = field(default_factory=list)


def plain(text: str) -> str:
    """The text without what two spellings of one name differ in.

    >>> plain(" Lead_ID * "), plain("ＬＥＡＤ　ＩＤ："), plain("first-contact date")
    ('leadid', 'leadid', 'firstcontactdate')
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    return _IGNORED.sub("", folded).strip(_MARKS)


def match(headers: Sequence[str], table: Table) -> Match:
    """Finds our columns of `table` among `headers`; the first of equals wins.

    >>> match(["线索ID *", "留资时间", "leadid", "note"], schema.TABLES["lead"]).columns
    {'lead_id': 2, 'created_at': 1}
    """
    fits, rest = _fits(headers, table)
    result = Match()
    for column, candidates in fits.items():
        (_, chosen, scale), *others = sorted(candidates)
        result.columns[column] = chosen
        result.scales.update({column: scale} if scale else {})
        result.double.extend((column, chosen, position) for _, position, _ in others)
    for position in rest:
        near = _near_miss(headers[position], table, result.columns)
        if near is None:
            result.ignored.append(position)
        else:
            result.near.append((position, near))
    return result


def columns_among(headers: Sequence[str], table: Table) -> set[str]:
    """Our columns of `table` that are among `headers`."""
    return set(_fits(headers, table)[0])


def _fits(
    headers: Sequence[str], table: Table
) -> tuple[dict[str, list[tuple[int, int, str]]], list[int]]:
    """Our column to rank, position and scale of each header that fits it; other positions."""
    fits: dict[str, list[tuple[int, int, str]]] = {}
    rest: list[int] = []
    for position, header in enumerate(headers):
        found = _column(header, table)
        if found is None:
            rest += [position] if header else []
        else:
            column, rank, scale = found
            fits.setdefault(column, []).append((rank, position, scale))
    return fits, rest


def known(extra: Iterable[str] = ()) -> frozenset[str]:
    """Every header that any table accepts, and `extra` ones, in plain spelling."""
    return _all_headers() | {plain(header) for header in extra}


def find_header(rows: Sequence[Sequence[str]], names: Collection[str]) -> tuple[int, int]:
    """Position of the row that holds the headers, and how many of its cells are in `names`.

    A title, a date of export and other lines above it are passed over. Where no row has two
    known names, it is the first of the widest rows.
    """
    hits = [
        len({base for cell in row if (base := _base(cell)) in names or plain(cell) in names})
        for row in rows
    ]
    best = max(hits, default=0)
    if best > 1:
        return hits.index(best), best
    widths = [sum(1 for cell in row if cell) for row in rows]
    widest = widths.index(max(widths)) if widths else 0
    return widest, hits[widest] if hits else 0


def is_contact(header: str) -> bool:
    """Whether a header is that of contact details in any of our tables."""
    return plain(header) in _contact_headers()


def one_letter_off(one: str, other: str) -> bool:
    """Whether one letter was changed, left out, added, or swapped with its neighbour.

    >>> one_letter_off("leadid", "leedid"), one_letter_off("leadid", "laedid")
    (True, True)
    """
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    start = next(
        (i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)),
    )
    a, b = one[start:], other[start:]
    swapped = len(a) > 1 and len(b) > 1 and a[0] == b[1] and a[1] == b[0] and a[2:] == b[2:]
    return swapped or a[1:] == b[1:] or a[1:] == b or a == b[1:]


def _column(header: str, table: Table) -> tuple[str, int, str] | None:
    """Our column, the rank of this name of it, and the unit its numbers are counted in."""
    names = _names(table.name)
    if (exact := names.get(plain(header))) is not None:
        return (*exact, "")
    base, unit = _split(header)
    if not unit or (found := names.get(base)) is None:
        return None
    column = _columns(table.name)[found[0]]
    scale = _LARGE.get(unit, "") if column.unit in {"money", "count"} else ""
    return (*found, scale) if scale or _is_harmless(unit, column) else None


def _is_harmless(unit: str, column: Column) -> bool:
    return unit in _HARMLESS or unit in _UNITS.get(column.unit or "", ())


def _base(header: str) -> str:
    return _split(header)[0]


def _split(header: str) -> tuple[str, str]:
    """Name and unit of a header such as `费用(元)`, in plain spelling; the unit may be empty."""
    text = plain(header)
    found = _UNIT.search(text)
    if not found:
        return text, ""
    return text[: found.start()].strip(_MARKS), next(g for g in found.groups() if g is not None)


def _near_miss(header: str, table: Table, taken: Collection[str]) -> str | None:
    text, unit = _split(header)
    for name, (column, _) in _names(table.name).items():
        if column in taken:
            continue
        if unit and name == text:
            return column
        if len(text) >= _SHORTEST_NEAR_MISS[name.isascii()] and one_letter_off(text, name):
            return column
    return None


@functools.cache
def _columns(table: str) -> dict[str, Column]:
    return {c.name: c for c in (*schema.TABLES[table].columns, *schema.COMMON)}


@functools.cache
def _names(table: str) -> dict[str, tuple[str, int]]:
    """Plain header to our column and its rank; of two headers for a column the lower rank wins.

    A reference prefers a header that is an identifier: an export often has both the customer's
    name and the customer's number. It also takes the headers of the key that it points to, where
    no other column of the table does.
    """
    names: dict[str, tuple[str, int]] = {}
    for column in _columns(table).values():
        for rank, header in enumerate(map(plain, column.headers)):
            is_identifier = column.references and header.endswith(("id", "编号", "工号"))
            order = rank if rank == 0 else rank + (1 if is_identifier else 100)
            names.setdefault(header, (column.name, order))
    for column, key in _pointing(table):
        for rank, header in enumerate(map(plain, key.headers)):
            names.setdefault(header, (column.name, len(column.headers) + rank))
    return names


def _pointing(table: str) -> Iterator[tuple[Column, Column]]:
    """The columns that alone point to a table, each with the key that it points to."""
    columns = [c for c in _columns(table).values() if c.references]
    targets = [c.references for c in columns]
    for column in columns:
        to = column.references
        if to and to != table and targets.count(to) == 1:
            yield column, schema.TABLES[to].column(schema.TABLES[to].key[0])


@functools.cache
def _all_headers() -> frozenset[str]:
    return frozenset(header for table in schema.TABLES for header in _names(table))


@functools.cache
def _contact_headers() -> frozenset[str]:
    tables = schema.TABLES.values()
    return frozenset(plain(h) for t in tables for c in t.columns if c.pii for h in c.headers)
