"""The data dictionary in words, made from the schema; and the sample's own page."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from playbook.data import sample, schema

if TYPE_CHECKING:
    from collections.abc import Iterable

    from playbook.data.schema import Column, Table

_KINDS = {
    "core": "Core tables",
    "module": "Module tables, each of which may be absent",
    "reference": "Reference tables, optional",
}
_CONVENTIONS = """\
Headers are accepted in English, in Chinese or as an alias; case, blanks and underscores do not
matter. A reference also takes the headers of the key it points to, where no other column of its
table does. Enumerations are accepted as code or label in either language. Timestamps without a zone
are read in the report zone (Asia/Shanghai unless `playbook.toml` says otherwise) and stored as
UTC. Empty amounts mean "not known", never 0. Any table may also carry
"""


_LEGEND = """\
**Bold** columns are required. A row without its key or its anchor time (⚓) is set aside; other
problems are flagged. 🔒 is masked before anything is frozen. "Known" says when a value becomes
known if not with its row: a column that holds the time, or `export` for a state as of the export.
(open) enumerations may have further values.
"""
_INTRO = """\
A fictional AI and SaaS vendor that sells to Chinese and overseas companies: 24 months from
1 November 2024 to 31 October 2026, as its CRM, ad platforms and sheets would export them on
1 November 2026. All companies, people, numbers and addresses are made up. `playbook sample` writes
these files again, byte for byte; `playbook.data.sample.tables()` gives the same company without
dirt; with a scale the command writes a larger company as Parquet.
"""
_ON_TRUTHS = """\
Effects that are written into the data with a known size, and the notebook that finds each. Whoever
learns with the notebooks should read them afterwards.
"""
_ON_DIRT = """\
What is wrong with the export, on purpose: a row in a hundred or fewer. It is put on outside the
planted truths.
"""


def markdown() -> str:
    """The dictionary of all tables as Markdown: columns, types, limits, labels, references."""
    common = ", ".join(f"`{c.name}` ({c.zh})" for c in schema.COMMON)
    parts = ["## Data dictionary", f"{_CONVENTIONS.strip()} {common}.", _LEGEND.strip()]
    for kind, heading in _KINDS.items():
        tables = [t for t in schema.TABLES.values() if t.kind == kind]
        parts.append(f"### {heading} ({len(tables)})")
        parts += [_table(table) for table in tables]
    return "\n\n".join(parts) + "\n"


def sample_readme() -> str:
    """The page `data/sample/README.md`: files, planted truths, dirt and the dictionary."""
    parts = [
        f"# The sample: {sample.COMPANY}",
        _INTRO,
        _files(),
        "## Planted truths",
        _ON_TRUTHS,
        _grid(
            ("truth", "what is planted", "size", "notebook", "chapter"),
            [(t.title, t.what, _size(t), f"`{t.notebook}`", t.chapter) for t in sample.TRUTHS],
        ),
        "## Dirt",
        _ON_DIRT,
        _grid(
            ("kind", "what stands there", "table", "rows"),
            [(f"`{d.id}`", d.what, ", ".join(d.tables), str(d.count)) for d in sample.DIRT],
        ),
        markdown(),
    ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _table(table: Table) -> str:
    facts = [f"one row: {table.en}", f"key: {', '.join(f'`{k}`' for k in table.key)}"]
    for label, columns in (("at least one of", table.any_of), ("exactly one of", table.one_of)):
        if columns:
            facts.append(f"{label} {', '.join(f'`{c}`' for c in columns)}")
    if table.aliases:
        facts.append(f"also named {', '.join(table.aliases)}")
    rows = [_row(table, column) for column in table.columns]
    head = ("column", "中文", "type", "values, reference or limits", "also accepted", "known")
    return f"#### {table.name} {table.zh}\n\n{'; '.join(facts)}.\n\n{_grid(head, rows)}"


def _row(table: Table, column: Column) -> tuple[str, ...]:
    name = f"`{column.name}`"
    marks = " ⚓" * (column.name == table.time) + " 🔒" * column.pii
    kind = f"{column.type}, {column.unit}" if column.unit else column.type
    return (
        (f"**{name}**" if column.required else name) + marks,
        column.zh,
        kind,
        _meaning(column),
        ", ".join(column.aliases),
        column.known or "",
    )


def _meaning(column: Column) -> str:
    parts = [column.en] if column.en and not column.references else []
    if column.references:
        parts.append(f"→ `{column.references}`")
    if column.values:
        labels = [f"`{code}` {' '.join(names)}".strip() for code, names in column.values.items()]
        parts.append("; ".join(labels) + (" (open)" if column.open else ""))
    if column.high is not None:
        parts.append(f"{column.low:g} to {column.high:g}" if column.low is not None else "")
    return "; ".join(part for part in parts if part)


def _size(truth: sample.Truth) -> str:
    return "; ".join(f"{name.replace('_', ' ')}: {_plain(v)}" for name, v in truth.size.items())


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{k} {v}" for k, v in value.items())
    return " / ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _files() -> str:
    from playbook.data.sample.export import contents

    rows = [(f"`{name}`", what, tables) for name, what, tables in contents()]
    return "## Files\n\n" + _grid(("file", "form", "tables"), rows)


def _grid(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(_cell(c) for c in line) + " |" for line in lines)


def _cell(text: str) -> str:
    return html.escape(text, quote=False).replace("|", "\\|").replace("\n", " ")
