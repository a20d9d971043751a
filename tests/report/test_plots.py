"""Figures: words that are words, room for them, the same bytes each time."""

from __future__ import annotations

import itertools
import re
import sys
import unicodedata
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from playbook.errors import ParameterError
from playbook.report import plots, show
from playbook.report.plots import look

SVG = "{http://www.w3.org/2000/svg}"
PERIODS = [str(p) for p in pd.period_range("2025-10", "2026-10", freq="M")]
NAMES = [
    "Paid search",
    "Referral from existing customers of the enterprise segment",
    "展会与线下研讨会（上海、深圳、北京三地联合举办）",
    "官网",
    "$5 voucher & co <b>",
]


def funnel():
    return pd.DataFrame(
        {
            "stage": ["线索 Leads", "Valid leads", "MQL", "SQL", "Opportunities", "Won"],
            "count": [412, 300, 96, 31, 18, 5],
            "previous": [366, 310, 110, 42, 20, np.nan],
            "rate": [np.nan, 0.728, 0.32, 0.323, 0.58, 0.277],
            "low": [np.nan, 0.68, 0.27, 0.24, 0.40, 0.12],
            "high": [np.nan, 0.77, 0.375, 0.42, 0.73, 0.5],
            "n": [np.nan, 412, 300, 96, 31, 18],
            "immature": [False] * 4 + [True] * 2,
        }
    )


def groups():
    return pd.DataFrame(
        {
            "name": NAMES,
            "value": [0.123, 0.118, 0.056, 0.163, 0.233],
            "low": [0.107, 0.103, 0.043, 0.141, 0.144],
            "high": [0.14, 0.134, 0.071, 0.186, 0.354],
            "n": [1586, 2296, 1350, 1099, 60],
            "immature": [False] * 4 + [True],
        }
    )


def many_lines():
    return pd.DataFrame(
        [
            {"period": p, "series": name, "value": 20 + 2 * k + i, "immature": i == 12}
            for k, name in enumerate([*NAMES, "SEO", "私域", "白皮书", "活动"])
            for i, p in enumerate(PERIODS)
        ]
    )


def cohorts():
    return pd.DataFrame(
        [
            {"cohort": c, "age": a, "value": 0.04 * a, "n": 3000, "immature": a > 10 - i}
            for i, c in enumerate(PERIODS)
            for a in range(13 - i)
        ]
    )


def small_multiples():
    """A measure that fell, one without data, one too young, one that rose; Chinese headings."""
    last = {"worse": 0.2, "no data": np.nan, "too young": 0.1, "better": 420.0}
    return pd.DataFrame(
        [
            {
                "heading": f"漏斗 {judgement}. {NAMES[k % 3]}",
                "period": p,
                "value": last[judgement] if i == 12 else scale * (3 + i % 3),
                "usual": scale * 4,
                "low": scale * 3,
                "high": scale * 5,
                "unit": "count" if scale > 1 else "share",
                "judgement": judgement,
            }
            for k, (judgement, scale) in enumerate(
                {"worse": 0.1, "no data": np.nan, "too young": 0.1, "better": 60.0}.items()
            )
            for i, p in enumerate(PERIODS)
        ]
    )


def flow_boxes():
    """A flow with a long name, a Chinese one, an empty time and every kind of box."""
    return pd.DataFrame(
        [
            ("start", "day 0", "nurture 进入培育", "starts, once", "1,204 enrolled"),
            (
                "entry",
                "",
                "enters if",
                "lead.contact_valid is true and account.industry is 金融",
                "",
            ),
            ("step", "day 1", NAMES[1], "wecom, else email", "1,180 sent · 19 % clicked"),
            ("step", "hour 48, by hour 72", NAMES[2], "call", ""),
            ("exit", "day 30", "ends at", "mql, sql, opportunity, won, invalid, replied", NAMES[4]),
        ],
        columns=["kind", "when", "title", "detail", "figure"],
    )


def pairs():
    """Channels with a long name, one that brought nothing, one without a first cost."""
    return pd.DataFrame(
        {
            "name": NAMES,
            "spend": [0.4, 0.3, 0.2, 0.1, 0.0],
            "result": [0.25, 0.25, 0.5, 0.0, np.nan],
            "before": [0.3, 1.0, 2.1, np.nan, 4.0],
            "after": [5.0, 0.9, 0.0004, 1.0, np.nan],
            "after_low": [2.0, 0.5, 0.0001, 0.4, 3.0],
            "after_high": [700.0, 2.0, 0.5, 3.0, np.nan],
            "label": ["¥324 → ¥135 k", "¥900 → ¥40 k", "", None, "¥4,606 → none won"],
            "emphasis": [True, False, False, False, False],
        }
    )


FIGURES = {
    "share_pairs": lambda: plots.share_pairs(pairs(), title="漏斗 Half the money, a fifth of it"),
    "times_pairs": lambda: plots.times_pairs(pairs(), title="漏斗 Cheap per lead, dear at the end"),
    "flow": lambda: plots.flow(flow_boxes(), title="漏斗 The case of day 7 brings leads back"),
    "panels": lambda: plots.panels(small_multiples(), title="漏斗 Handling fell, quantity rose"),
    "funnel_bars": lambda: plots.funnel_bars(funnel(), title="漏斗 narrows at MQL"),
    "bars": lambda: plots.bars(
        groups().assign(value=[120.0, 80, 60, 40, 1], previous=[100, 90, np.nan, 44, 0]),
        title="漏斗 Paid search brings most",
    ),
    "pareto": lambda: plots.bars(
        groups().assign(
            value=[120, 80, 60, 40, 1],
            beside=["40 % so far", "66 % so far", "86 % so far", "> 99.9 % so far", "100 % so far"],
        ),
        title="漏斗 Two reasons make two thirds",
    ),
    "bullet": lambda: plots.bullet(
        pd.DataFrame(
            {
                "name": NAMES,
                "value": [4.1e7, 412, 23000, 0.57, 9],
                "target": [5e7, 400, 20000, 0.9, 1],
                "unit": ["money", "count", "money", "share", "hours"],
                "better": ["up", "up", "down", "up", "down"],
                "previous": [3e7, 366, 22000, 0.88, np.nan],
            }
        ),
        title="漏斗 Two of five",
    ),
    "distribution": lambda: plots.distribution(
        pd.DataFrame({"response_hours": [0.5, 1.5, 1.7, 3, 30, 100, np.nan] * 9}),
        title="漏斗 A third within the SLA",
        line=2,
    ),
    "dot_interval": lambda: plots.dot_interval(
        groups(), title="漏斗 Social wins least", reference=0.105, reference_label="all channels"
    ),
    "trend": lambda: plots.trend(
        pd.DataFrame(
            {
                "period": PERIODS,
                "value": [0.4] * 5 + [np.nan] + [0.38] * 5 + [0.2, 0.1],
                "low": [0.3] * 12 + [0.05],
                "high": [0.5] * 12 + [0.2],
                "immature": [False] * 11 + [True] * 2,
            }
        ),
        title="漏斗 MQL to SQL is stable",
        unit="share",
        axis_label="SQL per MQL, per cent",
        target=0.41,
    ),
    "trend_of_many": lambda: plots.trend(many_lines(), title="漏斗 Nine channels grew"),
    "slopes": lambda: plots.slopes(
        pd.DataFrame({"name": NAMES, "before": [100, 99, 98, 10, 9], "now": [97, 98, 12, 11, 0]}),
        title="漏斗 Exhibitions fell",
    ),
    "cohort_heatmap": lambda: plots.cohort_heatmap(cohorts(), title="漏斗 Younger, not worse"),
    "rate_grid": lambda: plots.rate_grid(
        pd.DataFrame(
            [
                {"name": name, "step": step, "value": value, "n": 1530, "emphasis": step == "SQL"}
                for name in NAMES
                for step, value in [
                    ("valid", 1.0),
                    ("MQL", 0.0004),
                    ("SQL", 0.31),
                    ("opportunity", np.nan),
                    ("won", 0.206),
                ]
            ]
        ),
        title="漏斗 SQL differs",
        legend="Blue: above all others; red: below; grey: within what chance does.",
    ),
    "verdict_grid": lambda: plots.verdict_grid(
        pd.DataFrame(
            [
                {"name": name, "step": step, "text": text, "side": side, "state": state}
                for name in NAMES
                for step, text, side, state in [
                    ("1 · Money → leads", "¥1.25 m", "n = 1,530", "below"),
                    ("2 · Lead → SQL", "0.5 %", "n = 390", "above"),
                    ("3 · SQL → won", "–", "n = 0", "cannot say"),
                ]
            ]
        ),
        title="漏斗 The second layer fails",
        legend="Red is worse than the other channels, blue is better; grey may be chance.",
    ),
}
WITH_YOUNG = ["funnel_bars", "dot_interval", "trend", "trend_of_many", "cohort_heatmap"]
EVERY = pytest.mark.parametrize("name", FIGURES)
WIDTHS = pytest.mark.parametrize("phone", [False, True], ids=["page", "phone"])


def drawn(name, *, phone=False):
    picture = FIGURES[name]()
    return ET.fromstring(show.svg(picture.narrow() if phone else picture, "x"))


def words(root):
    return [element.text or "" for element in root.iter(f"{SVG}text")]


def em(letter):
    """Width of a letter in a wide reader's font, guessed apart from the code under test."""
    if unicodedata.east_asian_width(letter) in "WF":
        return 1.0
    return 0.34 if letter in " .,:;'|!iljIft()·" else 0.9 if letter in "mwMW%" else 0.6


def boxes(root):
    """Left, right, top, bottom and words of every text."""
    out = []
    for element in root.iter(f"{SVG}text"):
        text = element.text or ""
        style = element.get("style", "")
        size = float(re.search(r"font-size: ([\d.]+)px", style)[1])
        anchor = re.search(r"text-anchor: (\w+)", style)[1]
        x, y = float(element.get("x")), float(element.get("y"))
        wide = sum(map(em, text)) * size
        left = {"start": x, "middle": x - wide / 2, "end": x - wide}[anchor]
        out.append((left, left + wide, y - 0.75 * size, y + 0.15 * size, text))
    return out


@EVERY
@WIDTHS
def test_no_text_meets_another_one(name, phone):
    overlapping = [
        (a[4], b[4])
        for a, b in itertools.combinations(boxes(drawn(name, phone=phone)), 2)
        if a[4] and b[4] and a[0] < b[1] and b[0] < a[1] and a[2] < b[3] and b[2] < a[3]
    ]
    assert overlapping == []


@EVERY
@WIDTHS
def test_no_text_leaves_the_picture(name, phone):
    root = drawn(name, phone=phone)
    _, _, wide, tall = map(float, root.get("viewBox").split())
    outside = [
        text for left, right, top, bottom, text in boxes(root)
        if text and (left < -6 or right > wide + 1 or top < -2 or bottom > tall + 1)
    ]  # fmt: skip
    assert outside == []


@EVERY
def test_a_phone_gets_a_drawing_of_its_own_with_type_of_the_same_size(name):
    page, phone = drawn(name), drawn(name, phone=True)
    assert float(phone.get("viewBox").split()[2]) == look.PHONE * 72
    assert float(page.get("viewBox").split()[2]) == look.PAGE * 72


@EVERY
def test_the_same_table_gives_the_same_bytes(name):
    alt = "the same"
    assert show.figure(FIGURES[name](), alt=alt).html == show.figure(FIGURES[name](), alt=alt).html


@EVERY
def test_the_title_is_text_of_the_page_and_words_are_words(name):
    shown = show.figure(FIGURES[name](), alt="漏斗 with 412 leads", see="See 漏斗.").html
    assert '<figcaption class="pb-figtitle">漏斗 ' in shown
    assert '<p class="pb-see">See 漏斗.</p>' in shown
    assert shown.count('role="img" aria-label="漏斗 with 412 leads"') == 2
    assert shown.count("<title>漏斗 with 412 leads</title>") == 2
    assert "<script" not in shown
    assert "<image" not in shown


@pytest.mark.parametrize(
    "name", ["bars", "dot_interval", "slopes", "bullet", "trend_of_many", "rate_grid"]
)
def test_chinese_and_odd_names_are_in_the_picture_as_they_are(name):
    text = "".join(words(drawn(name)))
    assert "官网" in text
    assert "$5 voucher & co" in text


@EVERY
def test_colours_follow_the_page(name):
    root = drawn(name)
    styles = " ".join(element.get("style", "") for element in root.iter())
    loose = re.findall(r"(?:fill|stroke): #\w+", styles)
    assert loose == []
    assert "var(--pb-ink, #1d2530)" in styles or "var(--pb-muted, #5f6b78)" in styles


@EVERY
def test_nothing_in_a_picture_reaches_the_rest_of_the_page(name):
    root = drawn(name)
    assert not list(root.iter(f"{SVG}style"))
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"pb[0-9a-f]{8}-\w+", entry) for entry in ids)


@pytest.mark.parametrize("name", WITH_YOUNG)
def test_what_is_too_young_is_hatched(name):
    root = drawn(name)
    assert list(root.iter(f"{SVG}pattern"))
    assert "young" in " ".join(words(root))


def test_what_is_old_enough_is_not_hatched():
    picture = plots.funnel_bars(funnel().assign(immature=False), title="t")
    assert "<pattern" not in show.svg(picture, "x")


def test_every_rate_has_its_n():
    text = words(drawn("funnel_bars"))
    assert {"n = 412", "n = 300", "n = 96", "n = 31", "n = 18"} <= set(text)
    assert "72.8 %" in text


def test_the_last_period_stands_beside_the_count():
    assert "was 366" in words(drawn("funnel_bars"))


def test_a_funnel_without_rates_is_bars_alone():
    picture = plots.funnel_bars(funnel()[["stage", "count"]], title="t")
    assert "%" not in "".join(words(ET.fromstring(show.svg(picture, "x"))))


def test_the_distribution_counts_what_is_due_and_what_has_not_happened():
    text = words(drawn("distribution"))
    assert "SLA 2 h: 27 of 63 within" in text
    assert "no answer yet" in text


def test_a_due_line_that_is_no_edge_is_refused():
    df = pd.DataFrame({"response_hours": [1.0]})
    with pytest.raises(ParameterError, match="line=3 is not among the edges 0, 1, 2, 4"):
        plots.distribution(df, title="t", line=3)


def test_a_missing_column_is_named_with_those_there_are():
    message = "plots.bars needs the columns name, value; missing: value; there are: name"
    with pytest.raises(ParameterError, match=message):
        plots.bars(pd.DataFrame({"name": ["a"]}), title="t")


@pytest.mark.parametrize(
    ("function", "columns"),
    [
        (plots.funnel_bars, ["stage", "count"]),
        (plots.bars, ["name", "value"]),
        (plots.bullet, ["name", "value", "target", "unit"]),
        (plots.distribution, ["response_hours"]),
        (plots.dot_interval, ["name", "value", "low", "high"]),
        (plots.trend, ["period", "value"]),
        (plots.slopes, ["name", "before", "now"]),
        (plots.cohort_heatmap, ["cohort", "age", "value"]),
        (
            plots.panels,
            ["heading", "period", "value", "usual", "low", "high", "unit", "judgement"],
        ),
    ],
)
def test_a_table_without_rows_is_refused(function, columns):
    with pytest.raises(ParameterError, match="got a table without rows"):
        function(pd.DataFrame(columns=columns), title="t")


def test_bars_below_zero_are_refused():
    with pytest.raises(ParameterError, match="draws bars from zero"):
        plots.bars(pd.DataFrame({"name": ["a"], "value": [-1.0]}), title="t")


def test_values_that_are_all_missing_still_make_a_picture():
    nothing = pd.DataFrame({"name": ["a"], "value": [np.nan], "low": [np.nan], "high": [np.nan]})
    assert "–" in words(ET.fromstring(show.svg(plots.bars(nothing, title="t"), "x")))
    assert "–" in words(ET.fromstring(show.svg(plots.dot_interval(nothing, title="t"), "x")))
    trend = pd.DataFrame({"period": ["2026-10"], "value": [np.nan]})
    assert "<svg" in show.svg(plots.trend(trend, title="t"), "x")


def test_drawing_does_not_change_the_table():
    df = funnel()
    before = df.copy(deep=True)
    plots.funnel_bars(df, title="t")
    pd.testing.assert_frame_equal(df, before)


def test_drawing_needs_no_pyplot_and_leaves_settings_alone():
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    FIGURES["bars"]()
    assert dict(mpl.rcParams) == before


def test_a_figure_of_pyplot_is_closed_once_it_is_shown():
    from matplotlib import pyplot as plt

    fig, ax = plt.subplots()
    ax.set_title("线索\n$5 & <b>", parse_math=False)
    shown = show.figure(fig, alt="a line")
    assert "线索" in shown.html
    assert "$5 &amp; &lt;b&gt;" in shown.html
    assert not plt.fignum_exists(fig.number)


def test_a_figure_without_alt_text_is_refused():
    with pytest.raises(ParameterError, match="needs alt="):
        show.figure(Figure(), alt=" ")


def test_alt_text_is_escaped():
    shown = show.figure(Figure(), alt='"><script>alert(1)</script>').html
    assert "<script" not in shown


def seen(colour, kind):
    """A colour as those see it who lack one kind of cone (Machado 2009, full severity)."""
    matrix = {
        "deutan": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
        "protan": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
        "normal": np.eye(3),
    }[kind]
    rgb = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    x, y, z = (
        np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
        @ np.clip(np.array(matrix) @ linear, 0, 1)
    ) / np.array([0.9505, 1, 1.089])
    f = [v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in (x, y, z)]
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("kind", ["normal", "deutan", "protan"])
def test_the_palette_stays_apart_for_colour_blind_eyes(kind):
    places = [seen(colour, kind) for colour in (*plots.PALETTE, plots.REST)]
    apart = min(np.linalg.norm(a - b) for a, b in itertools.combinations(places, 2))
    assert apart > 10


def test_every_colour_of_the_theme_has_its_rule_in_the_style_sheet():
    css = show.css()
    for colour, variable in look.VARIABLES.items():
        assert f"{variable}:" in css
        if variable.startswith("--pb-c") and variable[-1].isdigit():
            assert f"{variable}: {colour}" in css


@pytest.mark.parametrize(
    ("text", "room", "lines"),
    [
        ("Paid search", 500, ["Paid search"]),
        ("Paid search and more", 80, ["Paid search", "and more"]),
        ("上海、深圳、北京", 45, ["上海、深", "圳、北京"]),
    ],
)
def test_long_names_break_at_spaces_and_between_chinese_characters(text, room, lines):
    assert look.wrapped(text, room, 10) == lines


def test_labels_that_are_spread_keep_their_order_and_their_distance():
    moved = look.spread([5, 5, 5, 100, 101], 12, 0, 110)
    assert moved == sorted(moved)
    assert min(b - a for a, b in itertools.pairwise(moved)) >= 12 - 1e-9
    assert min(moved) >= 0
    assert max(moved) <= 110


def test_importing_the_figures_does_not_import_pyplot():
    """pyplot costs half a second and picks a screen."""
    import subprocess

    code = "import sys, playbook.report.plots; print('matplotlib.pyplot' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
