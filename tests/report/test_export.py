"""Pages: self-contained, escaped, readable; the same for the same notebook."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import nbformat
import pytest

from playbook.report import export, markdown
from playbook.report.runner import PageError, PageResult
from playbook.report.site import POLICY, Page, Site

V4 = nbformat.v4
SVG = """<?xml version="1.0"?><!DOCTYPE svg PUBLIC "x" "y">
<svg xmlns:xlink="http://www.w3.org/1999/xlink" width="360pt" height="180pt" viewBox="0 0 360 180"
 xmlns="http://www.w3.org/2000/svg"><metadata><dc:date>2026-11-22T02:00:00</dc:date></metadata>
<defs><style type="text/css">*{stroke-linejoin: round}</style></defs>
<defs><path id="m1" d="M 0 0"/><clipPath id="clip"><rect/></clipPath></defs>
<script>alert(1)</script>
<g clip-path="url(#clip)"><use xlink:href="#m1"/><text>线索 &lt;b&gt;</text></g></svg>"""


def page(*cells, failure=None, name="funnel/leads"):
    site = Site(
        "Marketing review",
        "October 2026",
        (
            Page("start", "Start"),
            Page("funnel/leads", "Leads", "Funnel"),
            Page("funnel/last", "Last & least", "Funnel"),
        ),
    )
    return export.page(V4.new_notebook(cells=list(cells)), site, name, failure)


def shows(*outputs):
    return V4.new_code_cell("secret_code()", outputs=list(outputs))


def display(data, metadata=None):
    return V4.new_output("display_data", data=data, metadata=metadata or {})


class Tags(HTMLParser):
    """Collects the start tags of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def all(self, name: str):
        return [attributes for tag, attributes in self.found if tag == name]


def test_a_page_asks_for_nothing_and_runs_nothing():
    text = page(
        V4.new_markdown_cell("# Leads\n\n![x](http://example.com/x.png) $x^2$"),
        shows(display({"image/png": "AAAA"}), display({"image/svg+xml": SVG})),
    )
    tags = Tags(text)
    policy = next(m for m in tags.all("meta") if m.get("http-equiv") == "Content-Security-Policy")
    assert policy["content"] == POLICY
    assert not tags.all("script")
    assert [link["href"] for link in tags.all("link")] == ["data:,"]
    assert all(image["src"].startswith("data:") for image in tags.all("img"))
    assert not re.search(r"url\((?!#)|@import", text)


def test_code_prompts_and_stderr_are_not_shown():
    text = page(shows(V4.new_output("stream", name="stderr", text="noise")))
    assert "secret_code" not in text
    assert "noise" not in text


def test_text_is_escaped_and_loses_its_colours():
    text = page(shows(V4.new_output("stream", name="stdout", text="\x1b[31m<script>x\x1b[0m\n")))
    assert '<pre class="output">&lt;script&gt;x</pre>' in text


def test_markdown_that_data_could_have_made_keeps_no_html():
    text = page(shows(display({"text/markdown": "**<img src=x onerror=alert(1)>**"})))
    assert "<strong>&lt;img src=x onerror=alert(1)&gt;</strong>" in text


def test_a_widget_leaves_nothing():
    widget = {"application/vnd.jupyter.widget-view+json": {}, "text/plain": "IntSlider(value=1)"}
    assert "IntSlider" not in page(shows(display(widget)))


def test_html_is_preferred_to_the_picture_and_the_picture_to_the_text():
    both = {"text/plain": "words", "image/png": "AAAA", "text/html": "<p>rich</p>"}
    text = page(shows(display(both)))
    assert "<p>rich</p>" in text
    assert "AAAA" not in text
    assert "words" not in text


@pytest.mark.parametrize("mime", ["image/svg+xml", "image/png"])
def test_every_figure_has_its_alternative_text(mime):
    data = {mime: SVG if "svg" in mime else "AAAA"}
    text = page(shows(display(data, {mime: {"alt": 'Leads "rise"'}}), display(data)))
    assert "Leads &quot;rise&quot;" in text
    assert "Figure without a description" in text


def test_an_svg_keeps_its_words_and_loses_its_date_script_and_page_wide_style():
    svg = export.inline_svg(SVG, "f1-")
    assert "线索 &lt;b&gt;" in svg
    for gone in ("2026-11-22", "script", "stroke-linejoin", "DOCTYPE", 'width="360pt"'):
        assert gone not in svg
    assert svg.startswith("<svg")
    assert "max-width:480px" in svg


def test_the_names_inside_two_figures_do_not_meet():
    svg = export.inline_svg(SVG, "f1-")
    assert 'id="f1-clip"' in svg
    assert 'clip-path="url(#f1-clip)"' in svg
    assert 'href="#f1-m1"' in svg
    text = page(shows(display({"image/svg+xml": SVG})), shows(display({"image/svg+xml": SVG})))
    names = [attributes["id"] for _, attributes in Tags(text).found if "id" in attributes]
    assert len(names) == len(set(names))


def test_navigation_marks_this_page_and_leads_on():
    tags = Tags(page(V4.new_markdown_cell("# Leads")))
    links = tags.all("a")
    assert [a["href"] for a in links if a.get("aria-current")] == ["../funnel/leads.html"]
    assert [a["href"] for a in links if a.get("rel") == "prev"] == ["../start.html"]
    assert [a["href"] for a in links if a.get("rel") == "next"] == ["../funnel/last.html"]
    assert {"href": "#main", "class": "skip"} in links
    assert tags.all("html") == [{"lang": "en"}]
    assert "Last &amp; least" in page()


def test_sections_are_listed_and_linked():
    cells = [V4.new_markdown_cell("# Leads\n\n## By channel\n\ntext\n\n## By channel\n\n## 线索")]
    tags = Tags(page(*cells))
    anchors = [heading["id"] for heading in tags.all("h2")]
    assert anchors == ["by-channel", "by-channel-2", "线索"]
    listed = [a["href"] for a in tags.all("a") if a["href"].startswith("#") and "class" not in a]
    assert listed == [f"#{anchor}" for anchor in anchors]


def test_a_link_to_another_notebook_leads_to_its_page():
    cell = V4.new_markdown_cell("[x](../funnel/last.ipynb#x)")
    assert 'href="../funnel/last.html#x"' in page(cell)


def test_a_picture_attached_to_a_cell_is_shown():
    cell = V4.new_markdown_cell("![map](attachment:m.png)")
    cell.attachments = {"m.png": {"image/png": "QUJD"}}
    assert '<img src="data:image/png;base64,QUJD" alt="map">' in page(cell)


@pytest.mark.parametrize(
    "words",
    ["$3 vs $4", "US$3m and US$4m", "from $3 (was $4) to $5", "5$ or 6$ each", "costs \\$x\\$"],
)
def test_prices_stay_words(words):
    assert "<math" not in markdown.render(words, markdown.Headings())


@pytest.mark.parametrize("formula", ["$x^2$", "a $\\frac{1}{2}$ b", "$$\n\\sum_i x_i\n$$"])
def test_formulas_become_mathml(formula):
    html = markdown.render(formula, markdown.Headings())
    assert "<math" in html
    assert "$" not in html


def test_a_formula_that_cannot_be_read_stays_readable():
    assert markdown.render("$x^$", markdown.Headings()) == "<p><code>x^</code></p>\n"


def test_a_failed_page_says_so_first_and_stops_where_it_failed():
    failure = PageResult(
        "funnel/leads", "failed", 1.0, error=PageError("KeyError", "'<b>'", "trace"), cell=1
    )
    cells = (V4.new_code_cell("1"), V4.new_markdown_cell("## Later"))
    text = page(V4.new_markdown_cell("# Leads"), *cells, failure=failure)
    assert text.index("This page is not complete.") < text.index("<h1")
    assert "KeyError: &#39;&lt;b&gt;&#39;" in text
    assert "Later" not in text


def test_a_page_with_nothing_but_its_failure_has_title_and_navigation():
    site = Site("R", "October", (Page("a", "Alpha"),))
    failure = PageResult("a", "killed", 0.0, error=PageError("WorkerKilled", "gone"))
    text = export.failed_page(site, "a", failure)
    assert "WorkerKilled: gone" in text
    assert ">Alpha<" in text


def test_the_same_notebook_gives_the_same_page():
    cells = [V4.new_markdown_cell("# A"), shows(display({"image/svg+xml": SVG}))]
    assert page(*cells) == page(*cells)


def test_a_heading_that_a_block_brings_stands_in_the_contents_with_a_link():
    block = '<div class="pb"><h2 class="pb-heading">Week 43 &amp; more</h2><p>Text.</p></div>'
    text = page(V4.new_markdown_cell("# Leads"), shows(display({"text/html": block})))
    assert '<h2 id="week-43-more">Week 43 &amp; more<a class="anchor"' in text
    links = [attributes.get("href") for attributes in Tags(text).all("a")]
    assert links.count("#week-43-more") == 2
