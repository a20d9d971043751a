"""Figures of experiments: where intervals end, which paths are coloured, what is refused."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon, Rectangle

from playbook import abtest
from playbook.errors import ParameterError
from playbook.report import plots, show
from playbook.report.plots.look import (
    BAD,
    GHOST,
    GOOD,
    MUTED,
    PALETTE,
    PHONE,
    POINTS,
    REST,
    STRONG,
    text_width,
)

INF = math.inf
LONG = "EXP-09 · a subject line whose name is so long that it has to be written in several lines"


def trials():
    columns = ["name", "value", "low", "high", "verdict", "void"]
    rows = [
        ("EXP-03 · 表单", 0.5, 0.2, 0.7, "ship", False),
        ("EXP-04 · title", -0.3, -0.5, -0.1, "stop", False),
        ("EXP-05 · button", 0.6, -0.1, INF, "cannot say", False),
        ("EXP-07 · $5 voucher & co", 0.2, 0.1, 0.3, "cannot say", True),
        (LONG, 0.1, -INF, 0.4, "keep running", False),
    ]
    people = {"n": 2163, "n_control": 2140, "value_control": 0.045, "value_arm": 0.07}
    table = pd.DataFrame(rows, columns=columns).assign(**people, note="按钮写“立即体验”")
    return table.assign(remark=["", "", "yet kept", "", ""])


def walks():
    """Three tests: one never crosses 2, one at the second look, one below at the fourth."""
    z = {"a": [1, 0.5, 1.5, -1], "b": [0.5, 2.5, 1, 3], "c": [-1, -1.5, -1.9, -2.2]}
    return pd.DataFrame(
        [
            {"path": path, "look": look, "z": value}
            for path, values in z.items()
            for look, value in enumerate(values, 1)
        ]
    )


def bounds():
    looks = range(1, 5)
    once = pd.DataFrame({"name": "read once", "look": looks, "z": 2.0})
    valid = pd.DataFrame({"name": "always valid", "look": looks, "z": [9.0, 4.0, 3.2, 3.1]})
    return pd.concat([once, valid])


def sizes():
    n = np.geomspace(100, 10_000, 21)
    lift = 20 / np.sqrt(n)
    labels = {0: "1 week", 5: "2 weeks", 10: "4 weeks", 20: "一年"}
    return pd.DataFrame({"n": n, "lift": lift, "label": [labels.get(i, "") for i in range(21)]})


def days():
    day = np.arange(1, 15)
    value = 0.5 / day
    mean = np.cumsum(value) / day
    return pd.DataFrame(
        {
            "day": day, "value": value, "low": value - 0.3, "high": value + 0.3,
            "cumulative": mean, "cumulative_low": mean - 0.1, "cumulative_high": mean + 0.1,
        }
    )  # fmt: skip


DRAWN = {
    "forest": lambda: plots.forest(trials(), title="林 Forest", worth=0.1),
    "peeking_paths": lambda: plots.peeking_paths(walks(), bounds(), title="看 Looks"),
    "power_curve": lambda: plots.power_curve(sizes(), title="力 Power", worth=0.2),
    "effect_by_day": lambda: plots.effect_by_day(days(), title="天 Days"),
}
EVERY = pytest.mark.parametrize("kind", DRAWN)


def both(kind):
    return DRAWN[kind](), DRAWN[kind]().narrow()


def texts(picture):
    return [text.get_text() for text in picture.texts]


def lines(picture, colour=None):
    found = [x for x in [*picture.artists, *picture.lines] if isinstance(x, Line2D)]
    found = [line for line in found if line.get_linestyle() != "None"]
    return [line for line in found if colour in (None, line.get_color())]


def dots(picture, marker="o"):
    found = [x for x in [*picture.artists, *picture.lines] if isinstance(x, Line2D)]
    return [line for line in found if line.get_marker() == marker]


def middle(line):
    return float(line.get_xdata()[0]), float(line.get_ydata()[0])


@EVERY
def test_it_draws_for_page_and_phone_the_same_bytes_each_time(kind):
    assert DRAWN[kind]().narrow().wide == PHONE * POINTS
    first, second = (show.figure(DRAWN[kind](), alt="x")._repr_html_() for _ in range(2))
    assert first == second
    assert first.count("<svg") == 2


@EVERY
def test_its_words_and_marks_stay_inside_the_picture(kind):
    for picture in both(kind):
        for text in picture.texts:
            x, y = text.get_position()
            wide = text_width(text.get_text(), text.get_size())
            start = {"left": x, "right": x - wide, "center": x - wide / 2}[text.get_ha()]
            assert start >= -1, text.get_text()
            assert start + wide <= picture.wide + 1, text.get_text()
            assert y <= picture.tall
        for line in [*lines(picture), *dots(picture)]:
            assert max(line.get_xdata()) <= picture.wide + 0.5
            assert max(line.get_ydata()) <= picture.tall
        for patch in picture.artists + picture.patches:
            if isinstance(patch, Polygon):
                assert patch.get_xy()[:, 0].max() <= picture.wide + 0.5
            elif isinstance(patch, Rectangle) and patch is not picture.patch:
                assert patch.get_x() + patch.get_width() <= picture.wide + 0.5


@EVERY
def test_words_do_not_lie_on_words(kind):
    for picture in both(kind):
        boxes = []
        for text in picture.texts[len(picture._title) :]:
            x, y = text.get_position()
            size = text.get_size()
            wide = text_width(text.get_text(), size) * 0.9
            start = {"left": x, "right": x - wide, "center": x - wide / 2}[text.get_ha()]
            boxes.append((start, start + wide, y - size * 0.45, y + size * 0.45, text.get_text()))
        for i, (a, b, top, bottom, words) in enumerate(boxes):
            for c, d, upper, lower, others in boxes[i + 1 :]:
                apart = b <= c or d <= a or bottom <= upper or lower <= top
                assert apart, f"{words!r} lies on {others!r}"


@EVERY
def test_colours_follow_the_page(kind):
    drawn = show.svg(DRAWN[kind](), "x")
    assert "var(--pb-" in drawn
    assert ": #" not in drawn


def test_an_interval_above_zero_is_blue_below_it_red_and_across_it_grey():
    picture = plots.forest(trials(), title="t")
    colours = [line.get_color() for line in lines(picture) if line.get_linewidth() in {2, 3}]
    assert colours == [STRONG, PALETTE[1], MUTED, MUTED, MUTED]


def test_intervals_stand_where_their_values_are():
    table = trials().iloc[:2]
    picture = plots.forest(table, title="t")
    (first, _), (second, _) = (middle(dot) for dot in dots(picture))
    low, high = (lines(picture, STRONG)[0].get_xdata()[i] for i in (0, 1))
    scale = (first - second) / (0.5 - -0.3)
    assert (first - low, high - first) == pytest.approx((0.3 * scale, 0.2 * scale))


def test_a_broken_split_is_dashed_and_hollow_whatever_its_interval():
    picture = plots.forest(trials(), title="t")
    hollow = [dot.get_markerfacecolor() == "none" for dot in dots(picture)]
    assert hollow == [False, False, False, True, False]
    dashed = [line.is_dashed() for line in lines(picture) if line.get_linewidth() in {2, 3}]
    assert dashed == [False, False, False, True, False]


def test_an_interval_without_end_is_cut_with_an_arrow_inside_the_axis():
    picture = plots.forest(trials(), title="t")
    assert len(dots(picture, ">")) == 1
    assert len(dots(picture, "<")) == 1


def test_one_wild_interval_does_not_flatten_the_others():
    table = pd.concat([trials().iloc[:1], trials().iloc[:1].assign(name="wild", high=99.0)])
    picture = plots.forest(table, title="t")
    ends = [line.get_xdata() for line in lines(picture, STRONG)]
    assert ends[0][1] - ends[0][0] > picture.wide * 0.15
    assert len(dots(picture, ">")) == 1


def test_the_verdict_the_people_and_both_rates_are_written():
    for picture in both("forest"):
        written = " ".join(texts(picture))
        assert "4.5 % → 7.0 %, n = 2,140 + 2,163" in written
        assert {"ship", "stop", "cannot say", "keep running"} <= set(texts(picture))
        assert {"+50 %", "−30 %"} <= set(texts(picture))
    colours = {text.get_text(): text.get_color() for text in DRAWN["forest"]().texts}
    assert (colours["ship"], colours["stop"]) == (GOOD, BAD)


def test_a_warning_is_red_beside_its_verdict():
    wide, phone = both("forest")
    colours = {text.get_text(): text.get_color() for text in wide.texts}
    assert (colours["cannot say"], colours["yet kept"]) == (MUTED, BAD)
    assert "cannot say, yet kept" in texts(phone)


def test_what_is_too_small_to_matter_is_shaded_on_both_sides_of_zero():
    from matplotlib.colors import to_rgb

    picture = DRAWN["forest"]()
    (band,) = [
        patch
        for patch in picture.artists
        if isinstance(patch, Rectangle) and patch.get_facecolor()[:3] == to_rgb(GHOST)
    ]
    (zero,) = [line for line in lines(picture) if line.is_dashed() and line.get_linewidth() == 1]
    assert band.get_x() + band.get_width() / 2 == pytest.approx(zero.get_xdata()[0])
    assert "shaded: less than 10 %, too little to be worth it" in texts(picture)


def test_a_test_without_figures_keeps_its_row_and_says_so():
    nothing = pd.DataFrame({"name": ["a"], "value": [None], "low": [None], "high": [None]})
    assert {"a", "–"} <= set(texts(plots.forest(nothing, title="t")))


def test_only_paths_beyond_the_first_bound_are_red_and_only_from_then_on():
    picture = DRAWN["peeking_paths"]()
    red = lines(picture, BAD)
    assert [len(line.get_xdata()) for line in red] == [3, 1]
    grey = lines(picture, REST)
    assert [len(line.get_xdata()) for line in grey] == [4, 2, 4]
    assert "2 of these 3 tests of two equal pages" in " ".join(texts(picture))


def test_a_bound_that_leaves_the_picture_is_drawn_where_it_is_inside():
    picture = DRAWN["peeking_paths"]()
    drawn = [line for line in lines(picture) if line.get_linewidth() == 1.6]
    assert [len(line.get_xdata()) for line in drawn] == [4, 4, 2, 2]


def test_two_looks_are_both_named_on_the_axis():
    few, limits = (table[table["look"] <= 2] for table in (walks(), bounds()))
    for picture in (drawn := plots.peeking_paths(few, limits, title="t"), drawn.narrow()):
        assert {"1", "2"} <= set(texts(picture))


def test_four_times_the_people_lie_twice_as_far_to_the_right_as_two_times():
    table = pd.DataFrame({"n": [100, 200, 400], "lift": [0.4, 0.3, 0.2], "label": ["a", "b", "c"]})
    first, second, third = (middle(dot)[0] for dot in dots(plots.power_curve(table, title="t")))
    assert third - first == pytest.approx(2 * (second - first))


def test_the_named_plans_say_their_lift():
    for picture in both("power_curve"):
        assert {"1 week: +200 %", "一年: +20 %"} <= set(texts(picture))


def test_sizes_and_lifts_must_be_above_zero():
    with pytest.raises(ParameterError, match=r"needs sizes and lifts above 0; 1 are not"):
        plots.power_curve(pd.DataFrame({"n": [0, 10], "lift": [0.1, 0.2]}), title="t")


def test_the_line_of_all_days_ends_at_its_last_value():
    picture = DRAWN["effect_by_day"]()
    (line,) = lines(picture, STRONG)
    (daily,) = dots(picture)
    assert len(line.get_xdata()) == len(daily.get_xdata()) == 14
    assert f"+{days()['cumulative'].iloc[-1] * 100:.0f} %" in texts(picture)


def test_days_of_which_nothing_is_known_are_refused():
    table = pd.DataFrame({"day": [1, 2], "value": [None, None]})
    with pytest.raises(ParameterError, match="no day has a value"):
        plots.effect_by_day(table, title="t")


@pytest.mark.parametrize(
    ("draw", "columns"),
    [
        (plots.forest, "name, value, low, high"),
        (plots.power_curve, "n, lift"),
        (plots.effect_by_day, "day, cumulative"),
        (lambda df, title: plots.peeking_paths(df, bounds(), title=title), "path, look, z"),
    ],
)
def test_a_missing_column_is_named(draw, columns):
    with pytest.raises(ParameterError, match=f"needs the columns {columns}; missing"):
        draw(pd.DataFrame({"other": [1]}), title="t")


def test_drawing_does_not_change_the_table():
    table = trials()
    before = table.copy(deep=True)
    plots.forest(table, title="t", worth=0.1)
    pd.testing.assert_frame_equal(table, before)


def test_what_compare_gave_is_drawn_with_a_name_for_what_differs():
    table = pd.DataFrame(
        {"arm": ["A", "B", "C"], "exposures": [1000, 1010, 990], "conversions": [80, 95, 120]}
    )
    effects = abtest.compare(abtest.counts(table, control="A"))
    words = texts(plots.forest(effects, title="t"))
    assert {"B", "C"} <= set(words)
    assert any("8.0 % → 12.1 %" in word for word in words)


def test_guardrails_are_drawn_with_answer_and_margin():
    rows = abtest.made_units(n=4000, lift=-0.3)
    arms = abtest.units(rows, ["revenue", "visits"], control="A")
    rails = [
        abtest.Guardrail("revenue", 0.2),
        abtest.Guardrail("visits", 0.3, higher_is_better=False),
    ]
    found = abtest.guardrails(arms, rails)
    words = texts(plots.forest(found, title="t"))
    assert {"revenue", "visits", "broken", "held"} <= set(words)
    assert any("margin −20.0 %" in word for word in words)
    assert any("margin +30.0 %" in word for word in words)
    assert {"← less", "more →"} <= set(words)  # fewer visits are better here, less revenue is not
    alone = texts(plots.forest(abtest.guardrails(arms, rails[:1]), title="t"))
    assert {"← worse", "better →"} <= set(alone)
    with pytest.raises(ParameterError) as refused:
        plots.forest(
            abtest.guardrails(arms, [abtest.Guardrail("visits", 1, relative=False)]), title="t"
        )
    assert str(refused.value) == (
        "forest draws lifts, and the margin of visits is none: leave it out, or give it as a share "
        "of the control's value."
    )


def test_segments_are_drawn_by_their_names():
    rows = abtest.made_units(n=4000, lift=0.3)
    arms = abtest.units(rows, abtest.Mean("revenue"), control="A", by="segment")
    found = abtest.segments(arms, "segment", abtest.Mean("revenue"))
    words = texts(plots.forest(found, title="t"))
    assert set(rows["segment"]) <= set(words)
    assert not any("→" in word and "%" in word for word in words)
