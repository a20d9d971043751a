"""Documents: data to a folded block on a page, and to a page of their own."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from playbook.documents import Document, Section
from playbook.errors import ParameterError
from playbook.report import export, gather, show
from playbook.report.site import Page, Site

EVIL = "<script>alert(1)</script>"


@pytest.fixture
def paper():
    rows = pd.DataFrame({"step": ["call", EVIL], "limit_hours": [2.0, 24.0]})
    return Document(
        id="P02-D4",
        name="follow_up_sla",
        title="Follow-up SLA",
        zh="销售跟进SLA",
        purpose="Who answers, and by when.",
        source="[sla] of playbook.toml",
        sections=(Section("Steps", f"First line.\n{EVIL}", rows), Section("Signed by", "Sales")),
    )


@pytest.fixture
def collected(tmp_path, monkeypatch):
    folder = tmp_path / "collected"
    monkeypatch.setenv("PLAYBOOK_COLLECT", str(folder / "funnel/03_response_sla"))
    return folder


SITE = Site(
    "Review",
    "October 2026",
    (Page("00_first", "First"), Page("funnel/03_response_sla", "Response times", "Funnel")),
)


def test_a_document_is_folded_under_both_its_names_and_escaped(paper):
    html = show.document(paper)._repr_html_()
    assert "<details" in html
    assert '<span lang="zh">《销售跟进SLA》 </span>Follow-up SLA</summary>' in html
    assert "P02-D4, written from [sla] of playbook.toml." in html
    assert EVIL not in html
    assert html.count("&lt;script&gt;") == 2
    assert "2.0 h" in html


def test_outside_a_review_no_page_is_promised(paper):
    assert "documents/" not in show.document(paper)._repr_html_()


def test_it_reads_as_text_too(paper):
    text = repr(show.document(paper))
    assert text.startswith("《销售跟进SLA》 Follow-up SLA\nWho answers")
    assert "24.0" in text


def test_a_review_makes_a_page_of_each(paper, collected):
    assert "documents/follow_up_sla.html" in show.document(paper)._repr_html_()
    (found,) = gather.papers(gather.gather(collected, SITE.pages))
    assert (found.page.name, found.title) == ("funnel/03_response_sla", "Follow-up SLA")
    page = export.document_page(SITE, found)
    assert "<title>Follow-up SLA · Review · October 2026</title>" in page
    assert '<a href="../funnel/03_response_sla.html">Response times</a>' in page
    assert "First line." in page
    assert EVIL not in page
    assert "<script" not in page
    assert page == export.document_page(SITE, found)


def test_the_first_document_of_a_name_counts(paper, collected, monkeypatch):
    show.document(paper)
    monkeypatch.setenv("PLAYBOOK_COLLECT", str(collected / "00_first"))
    show.document(paper)
    papers = gather.papers(gather.gather(collected, SITE.pages))
    assert [p.page.name for p in papers] == ["00_first"]


def test_what_is_left_is_json_without_the_tables(paper, collected):
    show.document(paper)
    (path,) = collected.rglob("*.json")
    assert set(json.loads(path.read_text("utf-8"))) == {
        *("id", "name", "title", "zh", "purpose", "source", "body")
    }


def test_a_name_that_is_no_file_name_is_refused():
    wrong = Document("P", "../x", "X", "X", "", "", ())
    with pytest.raises(ParameterError, match="cannot be a sheet or file name"):
        show.document(wrong)
