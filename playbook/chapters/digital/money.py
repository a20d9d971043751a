"""How the chapter writes an amount."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook import format as fmt

if TYPE_CHECKING:
    from playbook.book import Book


def money(book: Book, amount: object) -> str:
    """An amount in report currency, in the company's number style."""
    return fmt.money(amount, book.rules.company.currency, book.rules.report.number_style)
