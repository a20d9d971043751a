"""Small marks beside a number, as inline SVG: a line of periods, a bar against its target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.format import is_missing, number, percent
from playbook.report.show.html import Html, el

if TYPE_CHECKING:
    from collections.abc import Sequence

_WIDTH, _HEIGHT = 96, 24
_REACH = 1.25
_CLOSE = 0.9


def sparkline(values: Sequence[float | None], label: str = "") -> Html:
    """A line through the periods, the last one marked; gaps where a period has no value.

    Args:
        values: Oldest first.
        label: What it shows, for those who hear the page; made from the values if empty.
    """
    known = [float(v) for v in values if v is not None and not is_missing(v)]
    if not known:
        return el("span", "–", cls="pb-missing", title="no earlier periods")
    low, high = min(known), max(known)
    span = (high - low) or 1.0
    step = (_WIDTH - 8) / max(len(values) - 1, 1)
    places = [
        None
        if v is None or is_missing(v)
        else (4 + i * step, _HEIGHT - 4 - (float(v) - low) / span * (_HEIGHT - 8))
        for i, v in enumerate(values)
    ]
    words = label or (
        f"{len(values)} periods, from {number(known[0])} to {number(known[-1])}, "
        f"lowest {number(low)}, highest {number(high)}"
    )
    drawn = [el("title", words)]
    runs = _runs(places)
    drawn += [
        el("polyline", points=" ".join(f"{x:.1f},{y:.1f}" for x, y in run), cls="pb-spark-line")
        for run in runs
        if len(run) > 1
    ]
    drawn += [_dot(run[0], 1.5, "pb-spark-lone") for run in runs if len(run) == 1]
    if places[-1] is not None:
        drawn.append(_dot(places[-1], 2.5, "pb-spark-now"))
    return _svg("pb-spark", _WIDTH, _HEIGHT, words, drawn)


def bullet(share: float | None, *, met: bool | None = None, label: str = "") -> Html:
    """A bar that runs towards its target, which stands as a line.

    Args:
        share: Value as a share of the target; above 1.25 the bar is full.
        met: Whether the target is met; None where neither side is better.
        label: What it shows; made from the share if empty.
    """
    if share is None or is_missing(share):
        return el("span", "–", cls="pb-missing", title="no target")
    words = label or f"{percent(share, 0)} of target"
    width, height, scale = 96.0, 12.0, 96.0 / _REACH
    close = share >= _CLOSE
    kind = "pb-flat" if met is None else "pb-met" if met else "pb-close" if close else "pb-short"
    length = min(max(share, 0.0), _REACH) * scale
    bar, line = f"{length:.1f}", f"{scale:.1f}"
    drawn = [
        el("title", words),
        el("rect", x="0", y="3", width=f"{width:g}", height="6", cls="pb-bullet-track"),
        el("rect", x="0", y="3", width=bar, height="6", cls=f"pb-bullet-bar {kind}"),
        el("line", x1=line, x2=line, y1="0", y2=f"{height:g}", cls="pb-bullet-target"),
    ]
    return _svg("pb-bullet", width, height, words, drawn)


def _svg(cls: str, width: float, height: float, label: str, children: list[Html]) -> Html:
    sizes = {"viewBox": f"0 0 {width:g} {height:g}", "width": f"{width:g}", "height": f"{height:g}"}
    return el("svg", *children, cls=cls, role="img", aria_label=label, **sizes)


def _dot(place: tuple[float, float], radius: float, cls: str) -> Html:
    return el("circle", cx=f"{place[0]:.1f}", cy=f"{place[1]:.1f}", r=f"{radius:g}", cls=cls)


def _runs(places: list[tuple[float, float] | None]) -> list[list[tuple[float, float]]]:
    runs: list[list[tuple[float, float]]] = [[]]
    for place in places:
        if place is None:
            runs.append([])
        else:
            runs[-1].append(place)
    return [run for run in runs if run]
