"""Pairs: where bars end, where dots stand, what reaches beyond the axis."""

from __future__ import annotations

import pandas as pd
import pytest
from matplotlib.patches import Rectangle

from playbook.errors import ParameterError
from playbook.report import plots
from playbook.report.plots.look import REST, STRONG


def bars(picture):
    """Width of every bar, from the top."""
    return [x.get_width() for x in picture.artists if isinstance(x, Rectangle)]


def dots(picture):
    """Places of the dots: x, y, filled or not, colour."""
    return [
        (
            float(line.get_xdata()[0]),
            float(line.get_ydata()[0]),
            line.get_markerfacecolor() != "none",
            line.get_markeredgecolor(),
        )
        for line in [*picture.artists, *picture.lines]
        if getattr(line, "get_marker", str)() == "o"
    ]


def rows(**columns):
    return pd.DataFrame({"name": ["a", "b"], **columns})


def test_bars_are_as_long_as_their_shares():
    picture = plots.share_pairs(rows(spend=[0.5, 0.25], result=[0.1, 0.4]), title="t")
    lengths = bars(picture)
    assert lengths == pytest.approx([lengths[0] * x / 0.5 for x in (0.5, 0.1, 0.25, 0.4)])


def test_a_share_that_is_not_known_has_no_bar():
    picture = plots.share_pairs(rows(spend=[0.5, 0.25], result=[0.1, float("nan")]), title="t")
    assert len(bars(picture)) == 3


def test_half_and_twice_are_equally_far_from_the_whole():
    picture = plots.times_pairs(rows(before=[0.5, 1.0], after=[2.0, 1.0]), title="t")
    (half, *_), (twice, *_), (one, *_), _ = dots(picture)
    assert one - half == pytest.approx(twice - one)


def test_the_first_cost_is_hollow_the_second_filled_and_the_rest_pale():
    table = rows(before=[0.5, 1.0], after=[2.0, 1.5], emphasis=[True, False])
    first, second, third, _ = dots(plots.times_pairs(table, title="t"))
    assert (first[2], second[2]) == (False, True)
    assert (second[3], third[3]) == (STRONG, REST)


def test_an_interval_without_an_end_reaches_to_the_edge():
    table = rows(before=[0.5, 1.0], after=[float("nan"), 1.5], after_low=[2.0, 1.0])
    table["after_high"] = [float("nan"), 2.0]
    picture = plots.times_pairs(table, title="t")
    thick = [x for x in [*picture.artists, *picture.lines] if x.get_linewidth() == 3]
    ends = [float(line.get_xdata()[-1]) for line in thick]
    assert ends[0] > ends[1]
    assert len(dots(picture)) == 3


def test_a_missing_column_is_named():
    with pytest.raises(ParameterError, match=r"^plots\.times_pairs needs the columns name, before"):
        plots.times_pairs(rows(before=[1.0, 2.0]), title="t")
    with pytest.raises(ParameterError, match=r"^plots\.share_pairs needs the columns name, spend"):
        plots.share_pairs(rows(spend=[1.0, 2.0]), title="t")
