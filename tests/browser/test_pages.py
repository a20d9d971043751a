"""Every page of a made-up and of a real company's review: wide, narrow, dark, on paper, offline."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import nbformat
import pytest
from selenium.common.exceptions import NoAlertPresentException

from playbook import resources
from playbook.report import contents

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CHAPTERS = [page.name for page in contents.pages(resources.notebooks())]
WIDTHS = pytest.mark.parametrize("width", [1280, 360])
SLACK_PX = 2
EDGE_PX = 1
LEAST_TEXT_PX = 9
LEAST_CONTRAST = 4.5


@pytest.fixture(scope="module", params=["sample_review", "olist_review"], ids=["sample", "olist"])
def review(request):
    """The folder of a review."""
    return request.getfixturevalue(request.param)


# Tests of one page run one after the other, so that it is loaded once.
@pytest.fixture(scope="module", params=["index", *CHAPTERS])
def page(request, review):
    return review / f"{request.param}.html"


@pytest.fixture(scope="module", params=CHAPTERS)
def chapter(request, review):
    """Name and page of a chapter."""
    return request.param, review / f"{request.param}.html"


def text_of(look):
    """All words of the page, folded ones too, each piece on its own line."""
    return look.probe("pieces().join('\\n')")


def test_it_asks_the_network_for_nothing_and_the_console_stays_empty(look, page):
    look.at(page, whole=True, fresh=True)
    assert look.console() == []
    assert look.requests() == [page.as_uri()]


def test_it_holds_no_script_and_never_opens_an_alert(look, chrome, page):
    look.at(page, fresh=True)
    with pytest.raises(NoAlertPresentException):
        _ = chrome.switch_to.alert.text
    count = look.script("return document.scripts.length")
    assert count == 0
    handlers = look.script(
        "return [...document.querySelectorAll('*')].flatMap(e => e.getAttributeNames())"
        ".filter(name => name.startsWith('on'))"
    )
    assert handlers == []


def test_it_has_a_title_a_language_and_one_main_heading(look, page):
    look.at(page)
    assert look.script("return document.title").strip()
    assert look.script("return document.documentElement.lang") in {"en", "zh-CN"}
    headings = look.script("return [...document.querySelectorAll('h1')].map(e => e.textContent)")
    assert len(headings) == 1
    assert headings[0].strip()


def test_no_two_elements_share_an_id(look, page):
    assert look.at(page).probe("twice()") == []


def test_the_headings_skip_no_level(look, page):
    look.at(page)
    levels = look.script(
        "return [...document.querySelectorAll('main :is(h1,h2,h3,h4)')].map(e => +e.localName[1])"
    )
    steps = itertools.pairwise(levels)
    assert [(a, b) for a, b in steps if b > a + 1] == []


@WIDTHS
def test_every_figure_has_a_name_for_those_who_do_not_see_it(look, page, width):
    figures = look.at(page, width).probe("figures()")
    switched_off = look.script("return document.querySelectorAll('.pb-nodata').length")
    assert figures or switched_off
    assert [figure["box"] for figure in figures if not figure["name"]] == []


@WIDTHS
def test_it_never_scrolls_sideways(look, page, width):
    look.at(page, width)
    sizes = look.probe("sideways()")
    assert sizes["page"] <= sizes["window"] == width
    assert look.probe("outside()") == []


def test_a_table_wider_than_a_phone_scrolls_inside_itself(look, page):
    tables = look.at(page, 360).probe("tables()")
    wide = [table for table in tables if table["wide"]]
    assert wide
    assert [table["words"] for table in wide if not table["scrolls"]] == []


@WIDTHS
def test_every_table_is_there_at_any_width(look, page, width):
    look.at(page, width)
    shown = look.script(
        "return [...document.querySelectorAll('table')].filter(t => !t.closest('details'))"
        ".map(t => t.getBoundingClientRect().height)"
    )
    assert shown
    assert min(shown) > 0


@WIDTHS
def test_figures_shrink_with_the_page(look, page, width):
    assert look.at(page, width).probe("cutFigures()") == []


@WIDTHS
def test_no_words_of_a_figure_lie_over_others(look, page, width):
    assert look.at(page, width).probe(f"overlaps({SLACK_PX})") == []


@WIDTHS
def test_no_words_of_a_figure_leave_its_edge(look, page, width):
    assert look.at(page, width).probe(f"cutTexts({EDGE_PX})") == []


@WIDTHS
def test_the_words_of_a_figure_are_large_enough_to_read(look, page, width):
    assert look.at(page, width).probe(f"smallTexts({LEAST_TEXT_PX})") == []


@WIDTHS
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_words_stand_out_from_what_is_behind_them(look, page, width, scheme):
    look.at(page, width, scheme=scheme, whole=True)
    assert look.probe(f"faint({LEAST_CONTRAST})") == []


def test_the_dark_page_is_dark(look, page):
    look.at(page, scheme="dark")
    ground = look.script("return getComputedStyle(document.body).backgroundColor")
    assert max(map(int, re.findall(r"\d+", ground)[:3])) < 64


def test_on_paper_it_is_dark_on_white_without_navigation_even_for_a_dark_screen(look, page):
    look.at(page, 794, scheme="dark", media="print", whole=True)
    ground = look.script("return getComputedStyle(document.body).backgroundColor")
    assert ground == "rgb(255, 255, 255)"
    ways = "[...document.querySelectorAll('nav, .skip')]"
    assert look.script(f"return {ways}.filter(e => e.checkVisibility()).length") == 0
    assert look.probe(f"faint({LEAST_CONTRAST})") == []


def test_on_paper_everything_fits_and_nothing_stays_folded(look, page):
    look.at(page, 672, media="print")  # A4 less its margins
    assert look.probe("folded()") == []
    assert look.probe("cutFigures()") == []
    assert look.probe(f"overlaps({SLACK_PX})") == []
    assert look.probe("outside()") == []


def test_it_prints_to_pages(look, page):
    printed = look.at(page).pdf()
    assert printed.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) > 1


def test_every_link_leads_to_a_file_of_the_review_and_a_place_in_it(look, page, review):
    places = {}
    for link in look.at(page).probe("links()"):
        address, fragment = urldefrag(link)
        parts = urlsplit(address)
        places.setdefault((parts.scheme, Path(unquote(parts.path))), set()).add(unquote(fragment))
    assert {scheme for scheme, _ in places} == {"file"}
    files = {file: fragments - {""} for (_, file), fragments in places.items()}
    assert [file for file in files if review not in file.parents or not file.exists()] == []
    for file, fragments in files.items():
        if fragments:
            assert fragments <= set(look.at(file).probe("targets()")), file.name


def test_every_page_can_be_reached_from_every_other(look, page, review):
    links = {urldefrag(link)[0] for link in look.at(page).probe("links()")}
    others = {(review / f"{name}.html").as_uri() for name in ["index", *CHAPTERS]}
    assert others <= links


def test_no_code_and_no_traceback_is_on_it(look, chapter, review):
    name, path = chapter
    notebook = nbformat.read(review / "notebooks" / f"{name}.ipynb", as_version=4)
    code = [c.source for c in notebook.cells if c.cell_type == "code"]
    lines = {line.strip() for source in code for line in source.splitlines()}
    words = text_of(look.at(path))
    assert [line for line in lines if "(" in line and len(line) > 12 and line in words] == []
    assert [word for word in ("Traceback", "Error:", "In [", "<Figure") if word in words] == []


def test_no_raw_number_and_no_missing_value_of_a_program_is_on_it(look, page):
    words = text_of(look.at(page))
    assert re.findall(r"\S*\d\.\d{5,}\S*", words) == []
    assert re.findall(r"\b(?:NaN|nan|NaT|None|inf|undefined|null|True|False)\b", words) == []


def test_the_contents_open_on_a_phone_without_a_script(look, page):
    look.at(page, 360)
    menu = "document.querySelector('.side-body').checkVisibility()"
    assert look.script(f"return {menu}") is False
    look.chrome.find_element("css selector", ".side-label").click()
    assert look.script(f"return {menu}") is True
    assert look.script("return document.documentElement.scrollWidth") <= 360
    look.chrome.find_element("css selector", ".side-label").click()
    assert look.script(f"return {menu}") is False


def test_a_long_table_can_be_scrolled_with_the_keyboard(look, page):
    look.at(page, 360)
    stuck = look.script(
        "return [...document.querySelectorAll('.pb-wrap, .scroll')]"
        ".filter(e => e.scrollWidth > e.clientWidth && e.tabIndex < 0)"
        ".map(e => e.textContent.trim().slice(0, 60))"
    )
    assert stuck == []


FOLDED = "details.pb-folded"
GROWTH = "funnel/01_growth_funnel.html"


@WIDTHS
def test_a_folded_table_opens_where_one_clicks_its_title(look, sample_review, width):
    look.at(sample_review / GROWTH, width, fresh=True)
    shown = f"document.querySelector('{FOLDED} table').checkVisibility()"
    assert look.script(f"return {shown}") is False
    summary = look.chrome.find_element("css selector", f"{FOLDED} > summary")
    look.script("arguments[0].scrollIntoView({block: 'center'})", summary)
    summary.click()
    assert look.script(f"return {shown}") is True
    assert look.script("return document.documentElement.scrollWidth") <= width
    assert look.probe("outside()") == []


def test_on_paper_a_folded_table_is_open(look, sample_review):
    look.at(sample_review / GROWTH, 672, media="print", fresh=True)
    heights = look.script(
        f"return [...document.querySelectorAll('{FOLDED} table')]"
        ".map(t => t.getBoundingClientRect().height)"
    )
    assert len(heights) > 5
    assert min(heights) > 0


@WIDTHS
def test_a_week_opens_with_its_six_blocks_right_below_the_headline(look, week_review, width):
    look.at(week_review / GROWTH, width)
    blocks = look.script(
        "return [...document.querySelectorAll('.pb-blocks dt')].map(e => e.textContent)"
    )
    assert len(blocks) == 6
    assert (blocks[0], blocks[4]) == ("New leads, MQL, SQL this week", "Next week's optimisation")
    headings = look.script(
        "return [...document.querySelectorAll('main :is(.pb-headline,h2)')]"
        ".map(e => e.firstChild.textContent)"
    )
    assert headings[0].startswith("Week 43 of 2026")
    assert headings[1] == "Week 43 of 2026: the weekly report"
    assert "What to tell the leader" not in headings
    assert look.probe("outside()") == []


def test_a_month_closes_with_the_six_blocks(look, sample_review):
    look.at(sample_review / GROWTH)
    headings = look.script(
        "return [...document.querySelectorAll('main h2')].map(e => e.firstChild.textContent)"
    )
    places = [headings.index(h) for h in ("Findings", "What to tell the leader")]
    assert places == [len(headings) - 3, len(headings) - 2]


def test_the_index_of_a_week_leads_to_the_weekly_report(look, week_review):
    look.at(week_review / "index.html")
    link = look.script("return document.querySelector('.weekly a').href")
    assert link == (week_review / GROWTH).as_uri()
    assert "Next week" in look.script("return document.querySelector('.answers').textContent")
