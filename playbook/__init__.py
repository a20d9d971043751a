"""A B2B marketing playbook that runs.

>>> from playbook import open_book
>>> book = open_book("sample", "2026-10")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playbook.book import Book, open_book
    from playbook.resources import version as _version

    __version__ = _version()

__all__ = ["Book", "__version__", "open_book"]


def __getattr__(name: str) -> Any:
    """Import on first use, so that `import playbook` takes no time."""
    if name in {"Book", "open_book"}:
        from playbook import book

        return getattr(book, name)
    if name == "__version__":
        from playbook import resources

        return resources.version()
    raise AttributeError(f"module 'playbook' has no attribute '{name}'")
