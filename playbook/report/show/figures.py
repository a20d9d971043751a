"""Figures as inline SVG whose words are words and whose colours follow the page."""

from __future__ import annotations

import hashlib
import io
import re
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from playbook.errors import ParameterError
from playbook.report.show.html import Html, Shown, el, join

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SVG = "{http://www.w3.org/2000/svg}"
_LINK = "{http://www.w3.org/1999/xlink}href"
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}\b")
_FAMILY = re.compile(r"font-family: [^;]*;? ?")
_NUMBER = re.compile(r"-?\d+\.\d{3,}")


def figure(fig: Figure | Any, *, alt: str, see: str = "") -> Shown:
    """A figure as a page shows it, with the sentence that says what to see above it.

    Args:
        fig: What a function of `playbook.report.plots` returns, or any matplotlib figure or
            seaborn grid. It is closed afterwards.
        alt: What the figure shows, with its main number, for those who do not see it.
        see: The sentence above the picture.

    Raises:
        ParameterError: `alt` is empty.
    """
    if not alt.strip():
        raise ParameterError("show.figure needs alt=: what the figure shows, with its main number")
    from playbook.report.plots.canvas import Picture

    # A seaborn grid carries its figure; a figure is its own.
    real: Figure = getattr(fig, "figure", None) or fig
    heading, drawn = "", [svg(real, alt)]
    if isinstance(real, Picture):
        heading = real.heading
        if real.narrow is not None:
            phone = svg(real.narrow(), alt)
            drawn = [el("div", drawn[0], cls="pb-wide"), el("div", phone, cls="pb-phone")]
    _close(real)
    parts = [
        el("figcaption", heading, cls="pb-figtitle") if heading else Html(),
        el("p", see, cls="pb-see") if see else Html(),
        *drawn,
    ]
    words = "\n".join(part for part in (heading, see, f"[{alt}]") if part)
    return Shown(el("figure", join(parts), cls="pb-figure"), words)


def svg(fig: Figure, alt: str) -> Html:
    """The figure as an `<svg>` element: words as text, colours as variables, ids of its own.

    Args:
        fig: A matplotlib figure. The title of one of our own is left to the page.
        alt: What it shows.
    """
    from matplotlib.transforms import Bbox

    from playbook.report.plots.canvas import Picture
    from playbook.report.plots.look import POINTS, theme

    buffer = io.BytesIO()
    options: dict[str, Any] = {"format": "svg", "metadata": {"Date": None}}
    with theme():
        if isinstance(fig, Picture):
            box = Bbox.from_bounds(0, 0, fig.wide / POINTS, fig.tall / POINTS)
            with fig.untitled():
                fig.savefig(buffer, bbox_inches=box, **options)
        else:
            fig.savefig(buffer, bbox_inches="tight", **options)
    return _rewritten(buffer.getvalue(), alt)


def _rewritten(source: bytes, alt: str) -> Html:
    root = ET.fromstring(source)  # noqa: S314 our own drawing
    for name in ("metadata", "style"):
        _drop(root, f"{_SVG}{name}")
    _lighten(root)
    digest = hashlib.sha256(source + alt.encode()).hexdigest()[:8]
    text = " ".join(_references(root))
    for element in root.iter():
        _own_ids(element, digest, text)
        for key, value in list(element.attrib.items()):
            if key == "style":
                element.set(key, _styled(value))
            elif key in {"d", "transform", "x", "y", "points"}:
                element.set(key, _NUMBER.sub(lambda m: f"{float(m[0]):.2f}", value))
        if _LINK in element.attrib:
            element.set("href", element.attrib.pop(_LINK))
    _title(root, alt)
    ET.register_namespace("", "http://www.w3.org/2000/svg")
    return Html(ET.tostring(root, encoding="unicode").replace("\n", ""))


def _references(root: ET.Element) -> list[str]:
    values = [value for element in root.iter() for value in element.attrib.values()]
    return [value for value in values if "#" in value]


def _own_ids(element: ET.Element, digest: str, references: str) -> None:
    name = element.attrib.pop("id", None)
    if name and f"#{name}" in references:
        element.set("id", f"pb{digest}-{name}")
    for key, value in list(element.attrib.items()):
        if key == _LINK and value.startswith("#"):
            element.set(key, f"#pb{digest}-{value[1:]}")
        elif "url(#" in value:
            element.set(key, value.replace("url(#", f"url(#pb{digest}-"))


def _styled(style: str) -> str:
    from playbook.report.plots.look import VARIABLES

    def variable(found: re.Match[str]) -> str:
        colour = found[0].lower()
        name = VARIABLES.get(colour)
        return f"var({name}, {colour})" if name else colour

    return _COLOUR.sub(variable, _FAMILY.sub("", style))


def _title(root: ET.Element, alt: str) -> None:
    title = ET.Element(f"{_SVG}title")
    title.text = alt
    root.insert(0, title)
    width = root.attrib.pop("width").removesuffix("pt")
    root.attrib.pop("height", None)
    root.attrib.pop("version", None)
    pixels = float(width) * 4 / 3
    root.set("class", "pb-svg")
    # matplotlib's own style element would reach every line of the page.
    joins = "stroke-linejoin: round; stroke-linecap: butt"
    root.set("style", f"width: 100%; max-width: {pixels:.0f}px; height: auto; {joins}")
    root.set("role", "img")
    root.set("aria-label", alt)


def _drop(root: ET.Element, tag: str) -> None:
    for parent in list(root.iter()):
        for child in [c for c in parent if c.tag == tag]:
            parent.remove(child)


def _lighten(parent: ET.Element) -> None:
    """Leave out what draws nothing: indentation, empty groups, groups of their own, blank areas."""
    kept: list[ET.Element] = []
    for child in parent:
        _lighten(child)
        child.tail = None
        if child.attrib.get("transform", "").startswith("rotate(-0 "):
            del child.attrib["transform"]
        is_group = child.tag == f"{_SVG}g" and not set(child.attrib) - {"id"}
        is_blank = child.tag == f"{_SVG}path" and child.attrib.get("style") == "fill: none"
        if is_group:
            kept += list(child)
        elif not is_blank:
            kept.append(child)
    for child in list(parent):
        parent.remove(child)
    parent.extend(kept)
    if parent.tag != f"{_SVG}text":
        parent.text = None


def _close(fig: Figure) -> None:
    import sys

    # Only a figure that pyplot made is known to it; importing pyplot to close one is slow.
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close(fig)
