"""The grid of verdicts: a colour where something is clear, no ground where nothing can be said."""

from __future__ import annotations

import pandas as pd
import pytest
from matplotlib.patches import Rectangle

from playbook.errors import ParameterError
from playbook.report import plots
from playbook.report.plots.look import GHOST, PALETTE, STRONG


def grid(*states):
    rows = [
        {"name": f"channel {i}", "step": "1", "text": "5 %", "side": "n = 9", "state": state}
        for i, state in enumerate(states)
    ]
    return plots.verdict_grid(pd.DataFrame(rows), title="t")


def grounds(picture):
    """The colour of every ground, from the top."""
    from matplotlib.colors import to_hex

    return [to_hex(x.get_facecolor()) for x in picture.artists if isinstance(x, Rectangle)]


def test_worse_is_red_better_is_blue_and_the_rest_is_grey():
    assert grounds(grid("below", "fallen", "above", "as others", "no cost")) == [
        PALETTE[1],
        PALETTE[1],
        STRONG,
        GHOST,
        GHOST,
    ]


def test_what_cannot_be_said_has_its_words_and_no_ground():
    picture = grid("cannot say")
    assert grounds(picture) == []
    assert {"5 %", "n = 9"} <= {text.get_text() for text in picture.texts}


def test_a_cell_that_is_not_there_stays_empty():
    rows = [
        {"name": "a", "step": "1", "text": "5 %", "state": "above"},
        {"name": "b", "step": "2", "text": "6 %", "state": "above"},
    ]
    picture = plots.verdict_grid(pd.DataFrame(rows), title="t")
    assert len(grounds(picture)) == 2


def test_a_missing_column_is_named():
    message = "plots.verdict_grid needs the columns name, step, text, state; missing: state"
    with pytest.raises(ParameterError, match=message):
        plots.verdict_grid(pd.DataFrame({"name": [], "step": [], "text": []}), title="t")
