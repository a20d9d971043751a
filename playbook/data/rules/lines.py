"""Where each key of a TOML text stands: `tomllib` reads values and forgets their lines."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playbook.conditions import KeyPath

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'""")
_DOT = re.compile(r"[ \t]*\.[ \t]*")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}' + r"|'''.*?'{3,5}" + r'|"(?:[^"\\\n]|\\.)*"' + r"|'[^'\n]*'",
    re.DOTALL,
)
_BARE = re.compile(r"[^,\]}#\n]+")


def lines(text: str) -> dict[KeyPath, int]:
    r"""The line, from 1, of every key and list item in a valid TOML text.

    >>> lines('[sla]\nclock = "clock"')
    {('sla',): 1, ('sla', 'clock'): 2}
    """
    return _Scanner(text).run()


class _Scanner:
    """Walks a text that `tomllib` has accepted, so nothing here needs checking."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.found: dict[KeyPath, int] = {}
        self.last_item: dict[KeyPath, int] = {}

    def run(self) -> dict[KeyPath, int]:
        base: KeyPath = ()
        self.take(_BLANK)
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                base = self.header()
            else:
                self.pair(base)
            self.take(_BLANK)
        return self.found

    def header(self) -> KeyPath:
        """`[a.b]` or `[[a.b]]`: the path that the keys below belong to."""
        start = self.at
        is_item = self.text.startswith("[[", self.at)
        self.at += 2 if is_item else 1
        self.take(_BLANK)
        *parents, name = self.key()
        self.take(_BLANK)
        self.at += 2 if is_item else 1
        base: KeyPath = ()
        for parent in parents:
            base = self.current((*base, parent))
        base = (*base, name)
        if is_item:
            self.note(base, start)
            self.last_item[base] = self.last_item.get(base, -1) + 1
        base = self.current(base)
        self.note(base, start)
        return base

    def current(self, path: KeyPath) -> KeyPath:
        """The path itself, or the last item of the array of tables that it names."""
        return (*path, self.last_item[path]) if path in self.last_item else path

    def pair(self, base: KeyPath) -> None:
        start = self.at
        path = base
        for part in self.key():
            path = (*path, part)
            self.note(path, start)
        self.take(_BLANK)
        self.at += 1
        self.take(_BLANK)
        self.value(path)

    def key(self) -> list[str]:
        parts = [_plain(self.take(_KEY))]
        while self.take(_DOT):
            parts.append(_plain(self.take(_KEY)))
        return parts

    def value(self, path: KeyPath) -> None:
        opening = self.text[self.at]
        if opening == "[":
            self.items(path)
        elif opening == "{":
            self.inline_table(path)
        else:
            self.take(_STRING if opening in "\"'" else _BARE)

    def items(self, path: KeyPath) -> None:
        position = 0
        self.at += 1
        while not self.closed("]"):
            self.note((*path, position), self.at)
            self.value((*path, position))
            position += 1

    def inline_table(self, path: KeyPath) -> None:
        self.at += 1
        while not self.closed("}"):
            self.pair(path)

    def closed(self, bracket: str) -> bool:
        """Steps over blanks and commas; true once the bracket is closed."""
        self.take(_BLANK)
        if self.text[self.at] == ",":
            self.at += 1
            self.take(_BLANK)
        done = self.text[self.at] == bracket
        self.at += done
        return done

    def take(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.text, self.at)
        if not found:
            return ""
        self.at = found.end()
        return found.group()

    def note(self, path: KeyPath, at: int) -> None:
        self.found.setdefault(path, self.text.count("\n", 0, at) + 1)


def _plain(key: str) -> str:
    """A key without its quotes."""
    return next(iter(tomllib.loads(f"{key} = 0"))) if key[:1] in {'"', "'"} else key
