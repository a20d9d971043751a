"""Names in their fixed colours: the seven largest of a list, grey for the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.report.plots.look import INK, PALETTE, REST, SMALL, shortened, text_width

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from playbook.report.plots.canvas import Picture

TALL = 20.0
_PAD, _MARK, _FILL = 7.0, 4.0, 0.16


def colours(order: Sequence[str]) -> dict[str, str]:
    """The colour of each name: those of the palette for the first seven, grey for the rest.

    >>> list(colours(["a", "b"]).values()) == ["#2f6db5", "#ae4229"]
    True
    """
    return dict(zip(order, [*PALETTE, *[REST] * len(order)], strict=False))


def colour_of(name: str, known: Mapping[str, str]) -> str:
    """The colour of a name: its own, that of the name it is a part of ("… · …"), or grey."""
    return known.get(name) or known.get(name.split(" · ", maxsplit=1)[0], REST)


def chip_width(text: str, most: float) -> float:
    """Room that a chip with this text needs, in points."""
    return min(text_width(text, SMALL) + 2 * _PAD + _MARK, most)


def chip(picture: Picture, place: tuple[float, float, float], text: str, colour: str) -> None:
    """A name on a pale ground with a strong edge of its colour.

    Args:
        picture: Where to draw.
        place: Left edge, middle and width, in points.
        text: What it says.
        colour: Of its edge and ground.
    """
    x, middle, wide = place
    top = middle - TALL / 2
    picture.box(x, top, wide, TALL, colour, alpha=_FILL)
    picture.box(x, top, _MARK, TALL, colour)
    room = wide - _PAD - _MARK - 2
    picture.words(x + _MARK + _PAD - 1, middle, shortened(text, room, SMALL), size=SMALL, color=INK)
