"""Journeys as chips, flows and maps, models side by side: what is drawn, and what is refused."""

from __future__ import annotations

import pandas as pd
import pytest
from matplotlib.patches import Polygon, Rectangle

from playbook.errors import ParameterError
from playbook.report import plots, show
from playbook.report.plots import chips
from playbook.report.plots.journey_flow import OTHERS
from playbook.report.plots.look import PALETTE, PHONE, POINTS, REST

ORDER = ("百度搜索推广", "信息流广告", "自然搜索", "官网表单")
LONG = tuple(f"渠道伙伴与生态合作 {i}" for i in range(20))


def ways():
    return pd.DataFrame(
        {
            "path": [
                ("百度搜索推广",),
                ("自然搜索", "自然搜索", "Google Ads"),
                LONG,
                ("a channel with a name that is far too long to be written in full",),
            ],
            "value": [192, 62, 3, 1],
            "beside": ["5.2 %", "1.7 %", None, "0.1 %"],
        }
    )


def flow():
    return pd.DataFrame(
        {
            "first": ["百度搜索推广", "百度搜索推广", "自然搜索", "直播"],
            "middle": ["自然搜索", "直播", "one touch only", "自然搜索"],
            "last": ["自然搜索", "百度搜索推广", "自然搜索", "百度搜索推广"],
            "value": [3.0, 1.5, 2.0, 0.5],
        }
    )


def steps():
    names = ["start", "百度搜索推广", "自然搜索", "others"]
    ahead = ["百度搜索推广", "自然搜索", "others", "goal", "end"]
    shares = [
        [0.5, 0.3, 0.2, 0.0, 0.0],
        [0.1, 0.4, 0.2, 0.1, 0.2],
        [0.2, 0.2, 0.2, 0.05, 0.35],
        [0.3, 0.1, 0.1, 0.001, 0.499],
    ]
    return pd.DataFrame(
        [
            {"name": name, "step": step, "value": shares[i][k], "n": 1000 * (i + 1)}
            for i, name in enumerate(names)
            for k, step in enumerate(ahead)
        ]
    )


def models():
    return pd.DataFrame(
        [
            {"name": name, "model": model, "value": v, "low": v - 0.03, "high": v + 0.05}
            for name, v in (("百度搜索推广", 0.2), ("Google Ads · brand words", 0.1))
            for model in ("first touch", "last touch", "Markov")
        ]
    )


DRAWN = {
    "paths": lambda: plots.paths(ways(), title="走 Ways", order=ORDER, axis_label="journeys"),
    "journey_flow": lambda: plots.journey_flow(flow(), title="流 Flow", order=ORDER, note="parts"),
    "heatmap": lambda: plots.heatmap(steps(), title="图 Map", legend="per cent"),
    "model_dots": lambda: plots.model_dots(models(), title="模 Models", axis_label="share"),
}


def texts(picture):
    return [text.get_text() for text in picture.texts]


def boxes(picture, colour):
    return [
        patch
        for patch in picture.artists + picture.patches
        if isinstance(patch, Rectangle) and same(patch.get_facecolor(), colour)
    ]


def same(found, colour):
    from matplotlib.colors import to_rgb

    return tuple(found[:3]) == to_rgb(colour)


@pytest.mark.parametrize("kind", DRAWN)
def test_it_draws_for_page_and_phone_the_same_bytes_each_time(kind):
    picture = DRAWN[kind]()
    assert picture.narrow().wide == PHONE * POINTS
    first, second = (show.figure(DRAWN[kind](), alt="x")._repr_html_() for _ in range(2))
    assert first == second
    assert first.count("<svg") == 2


@pytest.mark.parametrize("kind", DRAWN)
def test_its_words_and_areas_stay_inside_the_picture(kind):
    for picture in (DRAWN[kind](), DRAWN[kind]().narrow()):
        for text in picture.texts:
            x, _ = text.get_position()
            assert -0.5 <= x <= picture.wide + 0.5, text.get_text()
        for patch in picture.artists + picture.patches:
            if isinstance(patch, Polygon):
                assert patch.get_xy()[:, 0].max() <= picture.wide + 0.5
            elif isinstance(patch, Rectangle) and patch is not picture.patch:
                assert patch.get_x() + patch.get_width() <= picture.wide + 0.5


def test_a_name_keeps_its_colour_and_the_eighth_is_grey():
    names = [f"c{i}" for i in range(9)]
    known = chips.colours(names)
    assert [known[n] for n in names] == [*PALETTE, REST, REST]
    assert chips.colour_of("c2 · brand words", known) == PALETTE[2]
    assert chips.colour_of("unknown", known) == REST


def test_repeats_in_a_row_are_one_chip_and_what_does_not_fit_is_counted():
    words = texts(plots.paths(ways(), title="t", order=ORDER))
    assert "自然搜索 ×2" in words
    (rest,) = (word for word in words if word.endswith(" more"))
    shown = sum(word.startswith("渠道伙伴与生态合作") for word in words)
    assert rest == f"+ {20 - shown} more"
    assert {"192", "62", "5.2 %"} <= set(words)


def test_bars_of_ways_are_in_proportion():
    from playbook.report.plots.look import GHOST

    wide = [box.get_width() for box in boxes(plots.paths(ways().iloc[:2], title="t"), GHOST)]
    assert wide[1] / wide[0] == pytest.approx(62 / 192)


def test_an_empty_path_is_refused():
    with pytest.raises(ParameterError, match="path without a name"):
        plots.paths(pd.DataFrame({"path": [()], "value": [1]}), title="t")


def test_the_bands_of_a_flow_are_as_thick_as_what_flows():
    picture = plots.journey_flow(flow(), title="t", order=ORDER)
    words = texts(picture)
    assert {"first touch", "between", "last touch"} <= set(words)
    assert "百度搜索推广 5" in words, "4.5 journeys, rounded half up"
    bars = boxes(picture, PALETTE[0])
    left = min(bars, key=lambda bar: bar.get_x())
    right = max(bars, key=lambda bar: bar.get_x())
    # Three and two bars in their columns: gaps of 4 points between them.
    assert left.get_height() == pytest.approx(4.5 / 7 * (300 - 2 * 4))
    assert right.get_height() == pytest.approx(2.0 / 7 * (300 - 4))


def test_small_names_of_a_flow_are_put_together_last_in_grey():
    rows = pd.DataFrame(
        {
            "first": [f"c{i}" for i in range(10)],
            "middle": ["m"] * 10,
            "last": ["z"] * 10,
            "value": range(10, 0, -1),
        }
    )
    words = texts(plots.journey_flow(rows, title="t", most=4))
    assert f"{OTHERS} {sum(range(1, 8))}" in words
    assert "c3 7" not in words


def test_a_phone_tells_the_middle_of_a_flow_in_words():
    picture = DRAWN["journey_flow"]().narrow()
    assert any(text.startswith("Between, from the top: ") for text in texts(picture))


def test_a_map_has_names_above_it_or_numbers_where_they_have_no_room():
    wide, narrow = texts(DRAWN["heatmap"]()), texts(DRAWN["heatmap"]().narrow())
    assert "goal" in wide
    assert "百度搜索推广 · 2,000" in wide
    assert "1 百度搜索推广 · 2,000" in narrow
    assert any("4 goal" in line for line in narrow)


def test_cells_of_a_map_say_per_cent_and_nothing_below_a_half():
    words = texts(DRAWN["heatmap"]())
    assert {"50", "35"} <= set(words)
    assert "0" not in words


def test_models_stand_below_each_other_with_their_values():
    picture = DRAWN["model_dots"]()
    words = texts(picture)
    assert words.count("first touch") == 2
    assert words.count("20.0 %") == 3
    assert "Google Ads · brand words" in words


def test_a_missing_interval_draws_a_dot_alone():
    rows = models().assign(low=None, high=None)
    picture = plots.model_dots(rows, title="t")
    thick = [line for line in picture.artists + picture.lines
             if hasattr(line, "get_linewidth") and line.get_linewidth() == 3]  # fmt: skip
    assert not thick


@pytest.mark.parametrize(
    ("plot", "columns"),
    [
        (plots.paths, "path, value"),
        (plots.journey_flow, "first, middle, last, value"),
        (plots.heatmap, "name, step, value"),
        (plots.model_dots, "name, model, value"),
    ],
)
def test_a_missing_column_is_named(plot, columns):
    with pytest.raises(ParameterError, match=f"needs the columns {columns}"):
        plot(pd.DataFrame({"x": [1]}), title="t")
