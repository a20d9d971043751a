"""How every figure looks: one palette, one type size, room for the reader's own fonts.

A figure is drawn at two widths: for a page and for a phone. Its words stay words in the SVG and
are drawn by the reader's fonts, so room is left by our own estimate of their width, in which a
Chinese character is as wide as it is high; matplotlib's fonts do not know most of them.
"""

from __future__ import annotations

import unicodedata
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from matplotlib import rc_context

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PALETTE = ("#2f6db5", "#ae4229", "#44bc77", "#77233a", "#bc9d2c", "#416d84", "#554ad4")
"""Seven colours for the largest channels, the same on every page; `REST` for all others."""
REST = "#a3abb4"
STRONG = PALETTE[0]
INK, MUTED, LINE, GHOST = "#1d2530", "#5f6b78", "#d5dae0", "#c3cad2"
GOOD, BAD, WATCH, CARD = "#2b7a4b", "#b3372f", "#96690a", "#ffffff"

VARIABLES = {
    **{colour: f"--pb-c{i}" for i, colour in enumerate(PALETTE, 1)},
    REST: "--pb-rest", INK: "--pb-ink", MUTED: "--pb-muted", LINE: "--pb-line",
    GHOST: "--pb-ghost", GOOD: "--pb-good", BAD: "--pb-bad", WATCH: "--pb-watch",
    CARD: "--pb-card", "#000000": "--pb-ink",
}  # fmt: skip
"""The CSS variable that replaces each colour on a page, so that dark mode and print work."""

PAGE, PHONE = 7.2, 3.5
"""Widths of a figure in inches; a layout is a phone's below `NARROW`."""
NARROW = 5.0
_NO_START = "，。、；：）」》！？ "
SIZE, SMALL, TITLE = 10.5, 9.5, 12.5
POINTS = 72.0
GLYPHS = r"Glyph \d+ .* missing from"
"""The start of matplotlib's warning about characters that its own fonts lack."""

RC: dict[str, Any] = {
    "figure.figsize": (PAGE, 3.6),
    "figure.facecolor": "none",
    "savefig.facecolor": "none",
    "axes.facecolor": "none",
    "axes.edgecolor": LINE,
    "axes.labelcolor": MUTED,
    "axes.labelsize": SMALL,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "axes.titlesize": TITLE,
    "axes.unicode_minus": True,
    "font.family": ["DejaVu Sans"],
    "font.size": SIZE,
    "grid.color": LINE,
    "grid.linewidth": 0.6,
    "hatch.linewidth": 0.8,
    "legend.frameon": False,
    "text.color": INK,
    "text.parse_math": False,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "svg.fonttype": "none",
    "svg.hashsalt": "playbook",
}


@contextmanager
def theme() -> Iterator[None]:
    """Draw in the playbook's look, without warnings about fonts that the reader has."""
    settings: Any = RC
    with rc_context(settings), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=GLYPHS, category=UserWarning)
        yield


def text_width(text: str, size: float = SIZE) -> float:
    """Room that a line of text needs in a reader's font, in points, on the safe side.

    >>> text_width("线索", 10)
    20.0
    """
    return sum(map(_em, text)) * size


def _em(letter: str) -> float:
    if unicodedata.east_asian_width(letter) in "WF":
        return 1.0
    if unicodedata.combining(letter):
        return 0.0
    if letter in " .,:;'|!iljIft()[]/·":
        return 0.38
    if letter in "mwMW%@—":
        return 0.95
    return 0.7 if letter.isupper() else 0.62


def wrapped(text: str, room: float, size: float = SIZE, lines: int = 2) -> list[str]:
    """The text in lines that fit, broken at spaces or between Chinese characters.

    Args:
        text: One line of words.
        room: Width in points.
        size: Of the letters, in points.
        lines: How many there may be; what does not fit ends in `…`.
    """
    done: list[str] = []
    current = ""
    for part in _breakable(text):
        if current and text_width((current + part).rstrip(), size) > room:
            done.append(current.rstrip())
            current = part.lstrip()
        else:
            current += part
    done.append(current.rstrip())
    kept = done[:lines]
    if len(done) > lines:
        kept[-1] += "…"
    return [shortened(line, room, size) for line in kept]


def shortened(text: str, room: float, size: float = SIZE) -> str:
    """The text, cut with `…` where it does not fit."""
    if text_width(text, size) <= room:
        return text
    end = len(text)
    while end > 1 and text_width(text[:end], size) + size > room:
        end -= 1
    return f"{text[:end].rstrip(' …')}…"


def _breakable(text: str) -> list[str]:
    parts: list[str] = []
    for letter in text:
        wide = unicodedata.east_asian_width(letter) in "WF"
        inside = parts and not wide and not parts[-1].endswith(" ") and not _wide_end(parts[-1])
        if parts and (inside or letter in _NO_START):
            parts[-1] += letter
        else:
            parts.append(letter)
    return parts


def _wide_end(part: str) -> bool:
    return unicodedata.east_asian_width(part[-1]) in "WF"


def spread(places: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """The places, moved apart so that neighbours are at least `gap` from each other.

    Their order stays, and all stay between `low` and `high` where there is room.

    >>> spread([10, 11, 30], 5, 0, 40)
    [8.0, 13.0, 30.0]
    """
    order = sorted(range(len(places)), key=lambda i: (places[i], i))
    groups: list[tuple[float, int]] = []  # centre and number of the labels that stand together
    for i in order:
        groups.append(_within(float(places[i]), 1, gap, low, high))
        while len(groups) > 1 and _touch(groups[-2], groups[-1], gap):
            (c1, n1), (c2, n2) = groups[-2:]
            centre = (c1 * n1 + c2 * n2) / (n1 + n2)
            groups[-2:] = [_within(centre, n1 + n2, gap, low, high)]
    spots = [c + (k - (n - 1) / 2) * gap for c, n in groups for k in range(n)]
    moved = dict(zip(order, spots, strict=True))
    return [moved[i] for i in range(len(places))]


def _within(centre: float, n: int, gap: float, low: float, high: float) -> tuple[float, int]:
    half = (n - 1) * gap / 2
    return max(min(centre, high - half), low + half), n


def _touch(one: tuple[float, int], two: tuple[float, int], gap: float) -> bool:
    return one[0] + (one[1] - 1) * gap / 2 + gap > two[0] - (two[1] - 1) * gap / 2 + 1e-9
