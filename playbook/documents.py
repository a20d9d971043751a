"""Documents are data: a standard, a model, an agreement, written from the rules in force."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd


class Section(NamedTuple):
    """A part of a document.

    Attributes:
        heading: What it is about.
        text: In words; each line is a paragraph.
        table: What is said in rows and columns; None for none.
        units: Unit of each column of the table, as `show.table` takes it.
    """

    heading: str
    text: str = ""
    table: pd.DataFrame | None = None
    units: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Document:
    """One of the handbook's documents, filled in.

    Attributes:
        id: The requirement it answers, such as `P02-D2`.
        name: What its file is called, such as `mql_sql_standard`.
        title: What it is.
        zh: What the handbook calls it.
        purpose: What it is for, in a sentence.
        source: Where it comes from, such as `[mql] and [sql] of playbook.toml`.
        sections: Its parts, in order.
    """

    id: str
    name: str
    title: str
    zh: str
    purpose: str
    source: str
    sections: tuple[Section, ...]
