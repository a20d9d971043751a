"""A commented `playbook.toml` with every setting, made from the models so that it cannot drift."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

from playbook.data.rules.fields import Section
from playbook.data.rules.model import Rules
from playbook.data.rules.nurture import Flow, Step
from playbook.data.rules.source import Source

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

_INTRO = """\
The rules of this company. Every setting stands here with its default: change what is
different, delete what is not. The numbers are the handbook's; where it gives none, the
comment says "ours". Times are hours and days as named. `playbook check` reports mistakes.
"""

_SOURCES = """\
How the company's own files are read, where recognising headers and values is not enough.
One section for each reading, under any name; take away the # signs to use it.
"""

_FLOWS = """\
Programmes, each with what starts it, its steps and what ends it; further ones under any name.
A flow written here replaces ours of the same name, the others stay.
"""

_WIDTH = 98


def template() -> str:
    """A `playbook.toml` that loads to the defaults and explains each of them."""
    rules = Rules()
    parts = ["\n".join(_comment(_INTRO))]
    for name, field in Rules.model_fields.items():
        if name != "sources":
            parts += _section((field.alias or name,), getattr(rules, name))
    return "\n\n".join([*parts, *_source_example()]) + "\n"


def _section(path: tuple[str, ...], section: Section) -> Iterator[str]:
    """The blocks of one table: its own settings first, then the tables below it."""
    written = section.model_dump(exclude_none=True)
    below: list[str] = []
    head = [*_comment(_first_sentences(section)), f"[{'.'.join(path)}]"]
    blocks = ["\n".join(head)]
    for name, field in type(section).model_fields.items():
        key = field.alias or name
        value = getattr(section, name)
        if isinstance(value, Section):
            below += _section((*path, key), value)
        elif _holds_tables(field):
            below.append(_tables((*path, key), field, written[key]))
        elif field.annotation == dict[str, Flow]:
            below += _flows((*path, key), value)
        elif field.annotation == dict[str, str]:
            below.append(_table((*path, key), field, value))
        elif isinstance(written.get(key), Mapping):
            below.append(_condition((*path, key), field, written[key]))
        else:
            blocks.append("\n".join([*_explained(field), _setting(key, field, written.get(key))]))
    yield "\n".join(blocks[:1] + [f"\n{block}" for block in blocks[1:]])
    yield from below


def _flows(path: tuple[str, ...], flows: Mapping[str, Flow]) -> Iterator[str]:
    """One block per flow, the first with all that is explained; steps one to a line."""
    lines = _comment(_FLOWS)
    for model in (Flow, Step):
        lines += _comment(f"Keys of {'a flow' if model is Flow else 'each of its steps'}:")
        for name, field in model.model_fields.items():
            text = f"{field.alias or name}: {field.description} {_allowed(field)}"
            lines += [f"#   {line[2:]}" for line in _comment(text, _WIDTH - 2)]
    for name, flow in flows.items():
        written = flow.model_dump(mode="json", exclude_defaults=True)
        steps = [f"  {toml(step)}," for step in written.pop("steps")]
        pairs = [f"{key} = {toml(value)}" for key, value in written.items()]
        head = [*lines, f"[{'.'.join((*path, name))}]"] if lines else []
        own = head or [f"# {flow.title}.", f"[{'.'.join((*path, name))}]"]
        yield "\n".join([*own, *pairs, "steps = [", *steps, "]"])
        lines = []


def _table(path: tuple[str, ...], field: FieldInfo, value: Mapping[str, str]) -> str:
    """The block of a table whose keys the company chooses."""
    pairs = (f"{_key(key)} = {toml(text)}" for key, text in value.items())
    return "\n".join([*_explained(field), f"[{'.'.join(path)}]", *pairs])


def _first_sentences(section: Section) -> str:
    return " ".join((type(section).__doc__ or "").split())


def _explained(field: FieldInfo) -> list[str]:
    lines = _comment(f"{field.description} {_allowed(field)}")
    for item in _entries(field.annotation):
        for name, part in item.model_fields.items():
            lines += _comment(f"{part.alias or name}: {part.description} {_allowed(part)}")
    return lines


def _entries(annotation: Any) -> list[type[Section]]:
    """The section that each item of a list is, where it is one."""
    items = get_args(annotation)[:1] if get_origin(annotation) is tuple else ()
    return [item for item in items if isinstance(item, type) and issubclass(item, Section)]


def _setting(key: str, field: FieldInfo, value: Any) -> str:
    if value is None:
        return f"# {key} = {toml(_example(field))}"
    if _entries(field.annotation):
        return "\n".join([f"{key} = [", *(f"  {toml(item)}," for item in value), "]"])
    return f"{key} = {toml(value)}"


def _example(field: FieldInfo) -> Any:
    if not field.examples:
        raise AssertionError(f"a setting without a default needs an example: {field.description}")
    return field.examples[0]


def _condition(path: tuple[str, ...], field: FieldInfo, value: Mapping[str, Any]) -> str:
    """The block of a condition: it reads better under its own header than on one line."""
    return "\n".join([*_explained(field), f"[{'.'.join(path)}]", *_pairs(value)])


def _holds_tables(field: FieldInfo) -> bool:
    items = get_args(field.annotation)
    return bool(items) and isinstance(items[0], type) and issubclass(items[0], Section)


def _tables(path: tuple[str, ...], field: FieldInfo, items: Sequence[Mapping[str, Any]]) -> str:
    """The block of a list of tables; where it is empty, its example behind # signs."""
    name = ".".join(path)
    rows = [
        line
        for item in items or _example(field)
        for line in (f"[[{name}]]", *(f"{key} = {toml(value)}" for key, value in item.items()))
    ]
    return "\n".join([*_explained(field), *(rows if items else [f"# {row}" for row in rows])])


def _pairs(condition: Mapping[str, Any]) -> Iterator[str]:
    for key, value in condition.items():
        if key in {"all", "any"}:
            yield f"{key} = ["
            yield from (f"  {toml(item)}," for item in value)
            yield "]"
        else:
            yield f"{key} = {toml(value)}"


def _source_example() -> Iterator[str]:
    yield "\n".join(_comment(_SOURCES))
    lines = ["# [sources.leads]"]
    for name, field in Source.model_fields.items():
        lines.append(f"# {field.alias or name} = {toml(_example(field))}")
        lines += [f"#   {line}" for line in _explained(field)]
    yield "\n".join(lines)


def _allowed(field: FieldInfo) -> str:
    """What may stand there, as far as the type says it."""
    codes = _codes(field.annotation)
    if codes:
        return f"Allowed: {', '.join(map(toml, codes))}."
    if field.annotation is bool:
        return "Allowed: true, false."
    bounds = {
        name: getattr(m, name)
        for m in field.metadata
        for name in ("ge", "gt", "le")
        if hasattr(m, name)
    }
    if "ge" in bounds and "le" in bounds:
        return f"Allowed: {bounds['ge']} to {bounds['le']}."
    if "gt" in bounds and "le" in bounds:
        return f"Allowed: more than {bounds['gt']}, at most {bounds['le']}."
    if "ge" in bounds:
        return f"Allowed: {bounds['ge']} or more."
    return f"Allowed: more than {bounds['gt']}." if "gt" in bounds else ""


def _codes(annotation: Any) -> tuple[str, ...]:
    """The values of an enumeration, or of the items of a list."""
    if get_origin(annotation) is Literal:
        return get_args(annotation)
    return next(filter(None, map(_codes, get_args(annotation))), ())


def _comment(text: str, width: int = _WIDTH) -> list[str]:
    lines = ["#"]
    for word in text.split():
        if len(lines[-1]) + 1 + len(word) > width:
            lines.append("#")
        lines[-1] += f" {word}"
    return lines


def toml(value: Any) -> str:
    """A value as TOML writes it, on one line.

    >>> toml({"field": "lead.status", "op": "in", "value": ("new", "working")})
    '{field = "lead.status", op = "in", value = ["new", "working"]}'
    """
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(key)} = {toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value, ensure_ascii=False)


def _key(key: str) -> str:
    is_bare = key.isascii() and key.replace("_", "").replace("-", "").isalnum()
    return key if is_bare else json.dumps(key, ensure_ascii=False)
