"""Which of our tables a file or sheet is: by its name, else by the headers in it."""

from __future__ import annotations

import functools
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from playbook.data import schema
from playbook.data.sources import headers

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_WORDS = re.compile(r"[a-z]+|[0-9]+|[^\W\d_a-z]+")
_FILLERS = re.compile(
    r"^(?:导出|全部|全量|我的)|(?:导出|报表|列表|清单|明细|数据|记录|汇总|台账|副本|表|全量)$"
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """How well the headers fit a table.

    Attributes:
        table: Name of the table.
        hits: Columns found.
        has_key: All key columns are among them.
        has_required: All required columns are among them.
    """

    table: str
    hits: int
    has_key: bool
    has_required: bool

    @property
    def merit(self) -> tuple[bool, bool, int]:
        """Larger is better."""
        return (self.has_key, self.has_required, self.hits)


def recognise(names: Sequence[str], headers_: Sequence[str]) -> tuple[str | None, tuple[str, ...]]:
    """The table, or None and the tables it might be.

    Args:
        names: What may name it, most telling first: sheet, file, folder.
        headers_: Its headers.

    >>> recognise(["线索_导出"], ["线索ID", "留资时间"])
    ('lead', ())
    >>> recognise(["Sheet1"], ["lead_id", "stage", "entered_at", "stage_event_id"])
    ('stage_event', ())
    """
    found = {c.table: c for c in map(functools.partial(_candidate, headers_), schema.TABLES)}
    for at, name in enumerate(names):
        whole = named(name)
        if whole and (found[whole].has_key or (at == 0 and found[whole].hits)):
            return whole, ()
    hinted = [t for name in names for t in _hints(name) if found[t].hits]
    for options in (hinted, list(found)):
        best = _best([found[t] for t in options])
        if len(best) == 1:
            return best[0], ()
        if best:
            return None, tuple(best)
    return None, ()


def named(name: str) -> str | None:
    """The table that a name says outright; dates, counters and words such as `export` forgiven.

    >>> named("leads (2)"), named("lead_2026-10"), named("线索_导出"), named("Sheet1")
    ('lead', 'lead', 'lead', None)
    """
    words = _words(name)
    for length in range(len(words), 0, -1):
        table = _tables().get("".join(words[:length]))
        if table and all(_says_nothing(word) for word in words[length:]):
            return table
    return None


def _best(candidates: Iterable[Candidate]) -> list[str]:
    """The tables that fit best; none where no key is found or only one column fits."""
    fits = [c for c in candidates if c.has_key and c.hits > 1]
    top = max((c.merit for c in fits), default=None)
    return [c.table for c in fits if c.merit == top]


def _candidate(headers_: Sequence[str], name: str) -> Candidate:
    table = schema.TABLES[name]
    found = headers.columns_among(headers_, table)
    own = sum(1 for column in found if column in table.column_names)
    must = {*table.required, *((table.time,) if table.time else ())}
    keys = {k for k in table.key if k in must} or set(table.key)
    return Candidate(name, own, keys <= found, must <= found)


def _hints(name: str) -> list[str]:
    """Tables whose name is a part of this one, the longest parts first."""
    words = _words(name)
    spans = {
        "".join(words[start:end])
        for start in range(len(words))
        for end in range(start + 1, len(words) + 1)
    }
    inside = [
        known
        for known in _tables()
        if known in spans or (not known.isascii() and known in "".join(words))
    ]
    longest = max(map(len, inside), default=0)
    return list(dict.fromkeys(_tables()[known] for known in inside if len(known) == longest))


def _words(name: str) -> list[str]:
    """Words of a name in plain spelling, without those that say nothing in Chinese."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return [stripped for word in _WORDS.findall(folded) if (stripped := _stripped(word))]


def _stripped(word: str) -> str:
    if word in _tables():
        return word
    shorter = _FILLERS.sub("", word)
    return word if shorter == word else _stripped(shorter)


def _says_nothing(word: str) -> bool:
    return word.isdigit() or word in _EMPTY_WORDS


_EMPTY_WORDS = {
    "export", "exported", "data", "dataset", "table", "list", "report", "all", "full", "new",
    "final", "copy", "raw", "part", "v", "w", "q", "sheet", "crm", "utf", "gbk", "gb",
}  # fmt: skip


@functools.cache
def _tables() -> dict[str, str]:
    """Plain name to table, for every name a table accepts."""
    return {
        headers.plain(name).replace("/", ""): t.name
        for t in schema.TABLES.values()
        for name in (t.name, t.zh, *t.aliases)
    }
