"""One thing that is wrong in `playbook.toml`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from playbook.conditions import KeyPath


class Mistake(NamedTuple):
    """What is wrong, and where.

    Attributes:
        path: The key that it is about.
        text: What is wrong, what is allowed.
        others: Further keys that it depends on.
    """

    path: KeyPath
    text: str
    others: tuple[KeyPath, ...] = ()
