"""Reads `playbook.toml` and says everything that is wrong with it at once."""

from __future__ import annotations

import copy
import itertools
import json
import re
import tomllib
from datetime import date
from typing import TYPE_CHECKING, Any, get_args

from pydantic import ValidationError

from playbook.conditions import KeyPath, dotted
from playbook.data.rules import consistency
from playbook.data.rules.fields import Section
from playbook.data.rules.lines import lines
from playbook.data.rules.mistake import Mistake
from playbook.data.rules.model import Rules
from playbook.errors import RulesError, unknown

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_KINDS = {
    "string_type": "a text in quotes",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "date_type": "a date such as 2026-10-01, without quotes",
    "tuple_type": "a list in brackets",
    "dict_type": "a table",
    "model_type": "a table",
}
_BOUNDS = {
    "greater_than": ("more than", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("less than", "lt"),
    "less_than_equal": ("at most", "le"),
}
_LENGTHS = {
    "too_short": ("at least", "min_length", "entries"),
    "too_long": ("at most", "max_length", "entries"),
    "string_too_short": ("at least", "min_length", "characters"),
    "string_too_long": ("at most", "max_length", "characters"),
}


def load(path: Path | None) -> Rules:
    """The rules of a company.

    Args:
        path: Its `playbook.toml`; None takes every default.

    Raises:
        RulesError: The file cannot be read, or is wrong: every mistake with its line, the
            nearest right name and what is allowed.

    >>> load(None).sla.high_intent_hours
    2.0
    """
    if path is None:
        return Rules()
    text = _text(path)
    data = _parsed(path, text)
    found, repaired = _validated(data)
    broken = {_whole(mistake.path) for mistake in found}
    found += [m for m in consistency.mistakes(repaired) if not _rests_on(m, broken)]
    if found:
        raise RulesError(_message(path, found, lines(text)))
    return repaired


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise RulesError(
            f"there is no rules file {path}. Leave it out to use the defaults, or let "
            "`playbook new` write one."
        ) from None
    except UnicodeDecodeError as error:
        raise RulesError(
            f"{path} is not UTF-8 text (byte {error.start + 1}). Save it as UTF-8."
        ) from None
    except OSError as error:
        raise RulesError(f"{path} cannot be read: {error.strerror}.") from None


def _parsed(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.fullmatch(
            r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", str(error)
        )
        reason, line, column = found.groups() if found else (str(error), None, None)
        where = (
            f"line {line}, column {column}" if line else f"line {text.count(chr(10)) + 1}, the end"
        )
        raise RulesError(
            f"{path} is not TOML: {where}: {reason[:1].lower()}{reason[1:]}. "
            "Text stands in quotes, lists in brackets, one setting a line."
        ) from None


def _validated(data: dict[str, Any]) -> tuple[list[Mistake], Rules]:
    """All mistakes of single settings, and the rules with the default in place of each.

    The second is what contradictions are looked for in, so that they come in the same message.
    """
    found: list[Mistake] = []
    repaired = copy.deepcopy(data)
    while True:
        try:
            return found, Rules.model_validate(repaired)
        except ValidationError as error:
            details = [d for d in error.errors(include_url=False) if not _is_echo(d)]
            # Taking a wrong setting out may leave a table short of it: no mistake of its own.
            found = found or [mistake for detail in details for mistake in _mistakes(detail)]
            _remove(repaired, {_removable(detail) for detail in details})


def _is_echo(detail: Any) -> bool:
    """Whether a list is called too short only because its wrong items were not counted."""
    if detail["type"] != "too_short":
        return False
    needed: int = detail["ctx"]["min_length"]
    return len(detail["input"]) >= needed


def _path(detail: Any) -> KeyPath:
    return tuple(detail["loc"])


def _removable(detail: Any) -> KeyPath:
    """What to take out so that the rest is valid: a missing key takes its table with it."""
    return _path(detail)[:-1] if detail["type"] == "missing" else _path(detail)


def _remove(data: Any, paths: set[KeyPath]) -> None:
    """Takes out what stands under each path, later list items first: the others stay in place."""
    outer = [path for path in paths if not any(path[:size] in paths for size in range(len(path)))]
    for *parents, last in sorted(outer, key=_order, reverse=True):
        below = data
        for part in parents:
            below = below[part]
        del below[last]


def _order(path: KeyPath) -> list[tuple[int, str]]:
    return [(part, "") if isinstance(part, int) else (-1, part) for part in path]


def _mistakes(detail: Any) -> list[Mistake]:
    path = _path(detail)
    if detail["type"] == "condition":
        inside: Sequence[tuple[KeyPath, str]] = detail["ctx"]["mistakes"]
        return [Mistake((*path, *rest), text) for rest, text in inside]
    return [Mistake(path, _reason(detail))]


def _reason(detail: Any) -> str:
    """One of pydantic's errors in our words."""
    kind, context, value = detail["type"], detail.get("ctx", {}), detail["input"]
    match kind:
        case "extra_forbidden":
            reason = unknown("key", str(detail["loc"][-1]), _keys(_path(detail)[:-1]))
        case "missing":
            reason = "is missing"
        case "value_error":
            reason = str(context["error"])
        case "literal_error":
            reason = unknown("value", str(value), re.findall(r"'([^']*)'", context["expected"]))
        case _ if kind in _KINDS:
            reason = f"must be {_KINDS[kind]}, not {_shown(value)}"
        case _ if kind in _BOUNDS:
            words, bound = _BOUNDS[kind]
            reason = f"must be {words} {context[bound]:g}, not {_shown(value)}"
        case _ if kind in _LENGTHS:
            words, bound, unit = _LENGTHS[kind]
            reason = f"must have {words} {context[bound]} {unit}, not {len(value)}"
        case _:
            reason = str(detail["msg"])
    return reason


def _keys(path: KeyPath) -> list[str]:
    """The keys of the section at `path`."""
    annotation: Any = Rules
    for part in path:
        annotation = _below(annotation, part)
    return [field.alias or name for name, field in annotation.model_fields.items()]


def _below(annotation: Any, part: str | int) -> Any:
    """The type of what stands under `part` in a value of type `annotation`."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        fields = {field.alias or name: field for name, field in annotation.model_fields.items()}
        return _without_none(fields[str(part)].annotation)
    items = get_args(annotation)
    return _without_none(items[0] if isinstance(part, int) else items[1])


def _without_none(annotation: Any) -> Any:
    members = [member for member in get_args(annotation) if member is not type(None)]
    is_optional = type(None) in get_args(annotation) and len(members) == 1
    return members[0] if is_optional else annotation


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, date):
        return value.isoformat()
    shown = json.dumps(value, ensure_ascii=False, default=str)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."


def _rests_on(mistake: Mistake, broken: set[KeyPath]) -> bool:
    """Whether a contradiction involves a setting that was replaced by its default."""
    involved = (mistake.path, *mistake.others)
    return any(
        path[: len(other)] == other or other[: len(path)] == path
        for path in involved
        for other in broken
    )


def _whole(path: KeyPath) -> KeyPath:
    """A path up to its first list: taking out a wrong item moves those behind it."""
    return tuple(itertools.takewhile(lambda part: isinstance(part, str), path))


def _message(path: Path, found: list[Mistake], where: dict[KeyPath, int]) -> str:
    numbered = sorted(
        (_line(mistake, where), dotted(mistake.path), mistake.text) for mistake in found
    )
    count = f"{len(numbered)} mistake{'s' if len(numbered) > 1 else ''}"
    rows = [f"  line {line}, {key}: {text}" for line, key, text in numbered]
    return "\n".join([f"{path} has {count}:", *rows])


def _line(mistake: Mistake, where: dict[KeyPath, int]) -> int:
    """The line of its key; of another key it rests on, or of the table around it, else."""
    for path in (mistake.path, *mistake.others):
        if path in where:
            return where[path]
    path = mistake.path
    while path and path not in where:
        path = path[:-1]
    return where.get(path, 1)
