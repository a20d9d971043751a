"""Odds ratios and calibration curves: where things stand, what is cut, what is refused."""

from __future__ import annotations

import pandas as pd
import pytest

from playbook.errors import ParameterError
from playbook.report import plots, show
from playbook.report.plots.look import MUTED, PALETTE, PHONE, POINTS, STRONG


def ratios():
    return pd.DataFrame(
        {
            "name": [
                "推荐 referral (sem), from existing customers",
                "price page",
                "no effect",
                "ads",
            ],
            "value": [3.3, 2.0, 1.1, 0.02],
            "low": [1.9, 1.5, 0.8, 0.001],
            "high": [5.7, 2.7, 1.5, 0.35],
            "n": [92, 530, 1200, 243],
        }
    )


def curve():
    return pd.DataFrame(
        {
            "predicted": [0.02, 0.05, 0.1, 0.2, 0.4],
            "rate": [0.01, 0.06, 0.1, 0.18, 0.3],
            "low": [0.0, 0.03, 0.06, 0.13, 0.23],
            "high": [0.04, 0.1, 0.16, 0.25, 0.38],
            "n": [100] * 5,
        }
    )


DRAWN = {
    "odds": lambda: plots.odds(ratios(), title="赢 What raises the odds", axis_label="times"),
    "calibration": lambda: plots.calibration(curve(), title="准 Chances are honest"),
}


def dots(picture):
    """Places of the round marks, with their colour; the largest are the estimates."""
    return [
        (float(line.get_xdata()[0]), float(line.get_ydata()[0]), line.get_markeredgecolor())
        for line in picture.artists + picture.lines
        if getattr(line, "get_marker", str)() == "o" and line.get_markersize() >= 8
    ]


@pytest.mark.parametrize("kind", DRAWN)
def test_it_draws_for_page_and_phone_the_same_bytes_each_time(kind):
    picture = DRAWN[kind]()
    assert picture.narrow().wide == PHONE * POINTS
    first, second = (show.figure(DRAWN[kind](), alt="x")._repr_html_() for _ in range(2))
    assert first == second
    assert first.count("<svg") == 2


@pytest.mark.parametrize("kind", DRAWN)
def test_its_words_stay_inside_the_picture(kind):
    for picture in (DRAWN[kind](), DRAWN[kind]().narrow()):
        for text in picture.texts:
            x, _ = text.get_position()
            assert -0.5 <= x <= picture.wide + 0.5, text.get_text()


def test_twice_and_half_are_equally_far_from_one():
    rows = pd.DataFrame({"name": ["a", "b", "c"], "value": [2.0, 1.0, 0.5],
                         "low": [1.9, 0.9, 0.4], "high": [2.2, 1.2, 0.6]})  # fmt: skip
    (up, _, blue), (one, _, grey), (down, _, red) = dots(plots.odds(rows, title="t"))
    assert up - one == pytest.approx(one - down)
    assert (blue, grey, red) == (STRONG, MUTED, PALETTE[1])


def test_an_interval_beyond_a_sixteenth_is_cut_with_an_arrow_and_its_number_stays():
    picture = plots.odds(ratios(), title="t")
    words = [text.get_text() for text in picture.texts]
    assert "× 0.02" in words
    assert "n = 243" in words
    marks = [line.get_marker() for line in picture.artists + picture.lines]
    assert marks.count("<") == 1
    assert ">" not in marks


def test_the_axis_of_odds_is_marked_in_fractions():
    words = {text.get_text() for text in plots.odds(ratios(), title="t").texts}
    assert {"1/4", "1", "4"} <= words or {"1/2", "1", "2"} <= words


def test_a_ratio_that_is_none_is_refused():
    rows = ratios().assign(low=[1.0, 1.0, 0.0, 0.001])
    with pytest.raises(ParameterError, match=r"ratios above 0; 1 are not \(first: 0.0\)"):
        plots.odds(rows, title="t")


def test_the_curve_meets_the_line_of_honesty_where_what_was_foreseen_came():
    rows = pd.DataFrame({"predicted": [0.3, 0.1], "rate": [0.3, 0.1]})
    picture = plots.calibration(rows, title="t")
    lines = [line for line in picture.artists + picture.lines if hasattr(line, "get_xdata")]
    (diagonal,) = (
        line for line in lines if line.get_linestyle() == "--" and len(line.get_xdata()) == 2
    )
    (x0, x1), (y0, y1) = diagonal.get_xdata(), diagonal.get_ydata()
    curve_line = next(line for line in lines if line.get_color() == STRONG)
    for x, y in zip(curve_line.get_xdata(), curve_line.get_ydata(), strict=True):
        assert (x - x0) / (x1 - x0) == pytest.approx((y - y0) / (y1 - y0))
    assert list(curve_line.get_xdata()) == sorted(curve_line.get_xdata())


def test_the_number_of_cases_stands_at_the_axis_and_what_is_no_share_is_refused():
    words = [text.get_text() for text in plots.calibration(curve(), title="t").texts]
    assert "foreseen (n = 500, in 5 groups)" in words
    with pytest.raises(ParameterError, match="shares between 0 and 1; 1 are not"):
        plots.calibration(curve().assign(rate=[0.1, 0.1, 0.1, 0.1, 1.2]), title="t")
    with pytest.raises(ParameterError, match="missing: rate"):
        plots.calibration(curve().drop(columns="rate"), title="t")
