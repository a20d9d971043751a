"""What a figure says: its title is the answer, a sentence says what to see, alt says it all."""

from __future__ import annotations

from typing import NamedTuple


class Words(NamedTuple):
    """The words around one figure.

    Attributes:
        title: The answer that the figure shows.
        see: What to see in it, above the picture.
        alt: What it shows, with its main number, for those who do not see it.
    """

    title: str
    see: str
    alt: str
