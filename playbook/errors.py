"""What goes wrong, said to an analyst: what, where, what is allowed, what to do."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class PlaybookError(Exception):
    """Anything this package refuses to do, with a message a marketer can act on."""


class InputError(PlaybookError):
    """The data cannot be used: nothing to read, no leads, a file that cannot be opened."""


class RulesError(PlaybookError):
    """`playbook.toml` is wrong. The message lists every mistake with its line."""


class ParameterError(PlaybookError, ValueError):
    """An argument or a notebook parameter has a name or a value that is not allowed."""


class ReviewError(PlaybookError):
    """A review could not be produced or published."""


def refuse(mistakes: Iterable[str]) -> None:
    """Refuse everything that is wrong with a call, at once; nothing where nothing is.

    Raises:
        ParameterError: There are mistakes.

    >>> refuse(["n must be above 0, not -1.", "alpha must be below 1, not 5."])
    Traceback (most recent call last):
    playbook.errors.ParameterError: n must be above 0, not -1.
    alpha must be below 1, not 5.
    """
    if wrong := list(dict.fromkeys(mistakes)):
        raise ParameterError("\n".join(wrong))


def in_one_line(mistakes: Iterable[str]) -> str:
    """Several mistakes as one sentence, for where they belong to one row of many.

    >>> in_one_line(["n must be above 0, not -1.", "unknown arm 'c'. Allowed: a, b"])
    "n must be above 0, not -1; unknown arm 'c'. Allowed: a, b."
    """
    return "; ".join(line.rstrip(".") for line in mistakes) + "."


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The name most like `name`, or None where none is near.

    >>> nearest("perod", ["data", "period", "as_of"])
    'period'
    """
    found = difflib.get_close_matches(name.lower(), {n.lower(): n for n in names}, n=1, cutoff=0.6)
    return next((n for n in names if n.lower() == found[0]), None) if found else None


def unknown(kind: str, name: str, names: Iterable[str]) -> str:
    """A sentence that refuses `name`, offers the nearest one and lists what there is.

    >>> unknown("parameter", "perod", ["data", "period"])
    "unknown parameter 'perod'; did you mean 'period'? Allowed: data, period"
    """
    options = list(names)
    near = nearest(name, options)
    hint = f"; did you mean '{near}'?" if near else "."
    return f"unknown {kind} '{name}'{hint} Allowed: {', '.join(options)}"
