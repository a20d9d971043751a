"""A figure drawn in points, from the left and downwards from below its title.

The figures have no matplotlib axes: for drawings as small as these an axis costs more time than
all the rest, and its layout follows fonts that are not the reader's.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon, Rectangle
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import Affine2D

from playbook.report.plots.look import (
    INK,
    LINE,
    MUTED,
    NARROW,
    PAGE,
    PHONE,
    POINTS,
    SIZE,
    TITLE,
    theme,
    wrapped,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Place = tuple[float, float]


class Picture(Figure):
    """A matplotlib figure that knows its title and how it looks on a phone.

    Attributes:
        heading: The answer that the figure shows. A page writes it as text of its own.
        heading_height: Room that the title takes at the top, in points.
        narrow: Draws the same for a phone; None where there is no such drawing.
        wide: Width in points.
        tall: Height below the title in points.
    """

    heading: str
    heading_height: float
    narrow: Callable[[], Picture] | None
    wide: float
    tall: float

    def __init__(self, title: str, width: float, tall: float) -> None:
        """A picture with its title and nothing else.

        Args:
            title: The answer that the figure shows.
            width: In inches.
            tall: Height below the title, in points.
        """
        lines = wrapped(title, width * POINTS - 4, TITLE, 4) if title else []
        leading = TITLE * 1.35
        self.heading, self.narrow = title, None
        self.heading_height = len(lines) * leading + 8 if lines else 0.0
        self.wide, self.tall = width * POINTS, tall
        super().__init__(figsize=(width, (tall + self.heading_height) / POINTS))
        downwards = Affine2D.from_values(1 / POINTS, 0, 0, -1 / POINTS, 0, tall / POINTS)
        self._place = downwards + self.dpi_scale_trans
        for i, line in enumerate(lines):
            y = i * leading + leading / 2 - self.heading_height
            self.words(2, y, line, size=TITLE, weight="bold")
        self._title = list(self.texts)

    @property
    def is_phone(self) -> bool:
        """Whether it is laid out for a phone."""
        return self.wide < NARROW * POINTS

    def _repr_html_(self) -> str:
        # IPython shows no figure that has no axes, and this is how a page shows it anyway.
        from playbook.report import show

        return show.figure(self, alt=self.heading or "a figure without a title")._repr_html_()

    @contextmanager
    def untitled(self) -> Iterator[None]:
        """Leave the title to the page while this lasts."""
        for text in self._title:
            text.set_visible(False)
        yield
        for text in self._title:
            text.set_visible(True)

    def words(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = SIZE,
        color: str = INK,
        ha: str = "left",
        weight: str = "normal",
    ) -> None:
        """One line of text, its middle at `y`; several lines would be placed by the wrong font."""
        if text:
            style: dict[str, Any] = {"size": size, "color": color, "ha": ha, "weight": weight}
            self.text(x, y, text, va="center", transform=self._place, **style)

    def box(
        self,
        x: float,
        y: float,
        wide: float,
        tall: float,
        colour: str,
        *,
        alpha: float | None = None,
    ) -> None:
        """A filled rectangle, from its upper left corner."""
        style: dict[str, Any] = {"facecolor": colour, "alpha": alpha, "linewidth": 0}
        self.add_artist(Rectangle((x, y), wide, tall, transform=self._place, **style))

    def hatched(self, x: float, y: float, wide: float, tall: float) -> None:
        """A hatched rectangle: too young to be judged."""
        style: dict[str, Any] = {"facecolor": "none", "edgecolor": MUTED, "hatch": "////"}
        self.add_artist(Rectangle((x, y), wide, tall, linewidth=0, transform=self._place, **style))

    def area(self, places: Sequence[Place], colour: str, *, alpha: float) -> None:
        """A filled polygon."""
        style: dict[str, Any] = {"facecolor": colour, "alpha": alpha, "linewidth": 0}
        self.add_artist(Polygon(list(places), transform=self._place, **style))

    def line(
        self,
        places: Sequence[Place],
        colour: str,
        *,
        width: float = 1.0,
        dashes: Place | None = None,
        alpha: float | None = None,
        order: float = 2.0,
    ) -> None:
        """A line through the places; NaN breaks it."""
        style: dict[str, Any] = {"color": colour, "linewidth": width, "alpha": alpha}
        if dashes:
            style["linestyle"] = (0, dashes)
        x, y = zip(*places, strict=True)
        butt: Any = "butt"
        self.add_artist(
            Line2D(
                x, y, transform=self._place, zorder=order, solid_capstyle=butt,
                dash_capstyle=butt, **style,
            )
        )  # fmt: skip

    def dots(
        self,
        places: Sequence[Place],
        colour: str,
        *,
        size: float,
        hollow: bool = False,
        marker: str = "o",
    ) -> None:
        """Marks at the places."""
        style: dict[str, Any] = {
            "markeredgecolor": colour, "markerfacecolor": "none" if hollow else colour,
            "markeredgewidth": 1.6, "markersize": size, "marker": marker, "linestyle": "none",
        }  # fmt: skip
        x, y = zip(*places, strict=True)
        self.add_artist(Line2D(x, y, transform=self._place, zorder=2.5, **style))


def twofold(draw: Callable[[float], Picture]) -> Picture:
    """The drawing at page width, which can also draw itself for a phone.

    Args:
        draw: Makes the picture for a width in inches.
    """

    def at(width: float) -> Picture:
        with theme():
            return draw(width)

    picture = at(PAGE)
    picture.narrow = lambda: at(PHONE)
    return picture


@dataclass(frozen=True, slots=True)
class Scale:
    """From values to points.

    Attributes:
        low: The value at `start`.
        high: The value at `end`; where it is not above `low`, one more than `low`.
        start: In points.
        end: In points.
    """

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Where the value lies, in points."""
        span = self.high - self.low if self.high > self.low else 1.0
        return self.start + (value - self.low) / span * (self.end - self.start)

    def marks(self, most: int, *, whole: bool = False) -> list[float]:
        """Round values on the scale, about `most` of them."""
        high = self.high if self.high > self.low else self.low + 1
        locator = MaxNLocator(most, steps=[1, 2, 2.5, 5, 10], integer=whole)
        slack = (high - self.low) * 1e-9
        ticks = (float(mark) for mark in locator.tick_values(self.low, high))
        return [mark for mark in ticks if self.low - slack <= mark <= high + slack]


def grid_line(picture: Picture, one: Place, other: Place) -> None:
    """A thin line behind everything."""
    picture.line([one, other], LINE, width=0.7, order=0.5)
