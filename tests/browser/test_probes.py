"""The probes find on a bad page what the tests of the real pages say is not there."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

HEAD = '<!doctype html><html lang="en"><meta charset="utf-8"><link rel="icon" href="data:,">'


@pytest.fixture
def show(look, tmp_path):
    """Opens a page with this body."""

    def open_(body, **how):
        path = tmp_path / "page.html"
        path.write_text(f"{HEAD}<title>Bad</title><body><main>{body}</main></body></html>", "utf-8")
        return look.at(path, fresh=True, **how)

    return open_


def drawing(inside):
    return (
        '<figure><svg role="img" aria-label="drawn" width="200" height="100" '
        f'viewBox="0 0 200 100">{inside}</svg></figure>'
    )


def test_what_is_asked_of_the_network_is_seen(show):
    page = show('<img alt="far" src="http://127.0.0.1:9/far.png">')
    assert "http://127.0.0.1:9/far.png" in page.requests()
    assert any("far.png" in message for message in page.console())


def test_what_a_script_says_is_seen(show):
    assert any(
        "oh dear" in message
        for message in show("<script>console.log('oh dear')</script>").console()
    )


def test_a_page_wider_than_the_window_is_seen(show):
    page = show('<p style="width: 500px">wide</p>', width=360)
    assert page.probe("sideways()")["page"] > 360
    assert [name for name, *_ in page.probe("outside()")] == ["p"]


def test_what_scrolls_inside_itself_is_not_outside(show):
    table = '<table style="width: 900px"><tr><td>wide</td></tr></table>'
    page = show(f'<div style="overflow-x: auto">{table}</div>', width=360)
    assert page.probe("outside()") == []
    assert page.probe("tables()") == [{"words": "wide", "scrolls": True, "wide": True}]


def test_a_figure_without_a_name_is_seen(show):
    page = show('<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=" width="9" height="9">')
    assert [figure["name"] for figure in page.probe("figures()")] == [""]


def test_words_over_words_are_seen_and_neighbours_are_not(show):
    words = '<text x="10" y="50">leads</text><text x="{}" y="50">deals</text>'
    assert len(show(drawing(words.format(20))).probe("overlaps(2)")) == 1
    assert show(drawing(words.format(120))).probe("overlaps(2)") == []


def test_words_beyond_the_edge_are_seen(show):
    page = show(drawing('<text x="180" y="50">beyond the edge</text>'))
    assert [words for _, words, *_ in page.probe("cutTexts(1)")] == ["beyond the edge"]


def test_small_words_are_seen(show):
    page = show(drawing('<text x="10" y="50" font-size="6">small</text>'))
    assert [(words, size) for _, words, size in page.probe("smallTexts(9)")] == [("small", 6)]


def test_a_figure_wider_than_its_place_is_seen(show):
    page = show('<div style="width: 100px">' + drawing("<text y='20'>wide</text>") + "</div>")
    assert [name for name, *_ in page.probe("cutFigures()")] == ["drawn"]


DARK = '<rect width="200" height="100" fill="#111"/>'


@pytest.mark.parametrize(
    ("body", "ratio"),
    [
        ('<p style="color: #999">faint</p>', 2.85),
        ('<p style="color: #000; opacity: 0.3">faint</p>', 2.11),
        ('<div style="background: #222"><p style="color: #333">faint</p></div>', 1.26),
        (drawing('<text x="10" y="50" fill="#999">faint</text>'), 2.85),
        (drawing(f'{DARK}<text x="10" y="50" fill="#333">faint</text>'), 1.49),
    ],
)
def test_faint_words_are_seen(show, body, ratio):
    ((_, words, measured),) = show(body, whole=True).probe("faint(4.5)")
    assert (words, measured) == ("faint", pytest.approx(ratio, abs=0.02))


def test_words_that_stand_out_are_not_faint(show):
    light_on_dark = (
        '<rect width="200" height="100" fill="#111"/><text x="10" y="50" fill="#fff">clear</text>'
    )
    assert show(f"<p>clear</p>{drawing(light_on_dark)}", whole=True).probe("faint(4.5)") == []


def test_an_unfolded_and_a_folded_list_are_told_apart(show):
    folds = "<details open><summary>a</summary><p>b</p></details>"
    assert show(folds).probe("folded()") == []
    assert show(folds.replace(" open", "")).probe("folded()") == ["ab"]
