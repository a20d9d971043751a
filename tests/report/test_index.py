"""index.html: what happened, whether it is real, why, what next, what is needed."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from playbook.book import Book
from playbook.findings import Finding
from playbook.report import gather, index
from playbook.report.runner import PageError, PageResult
from playbook.report.site import Page, Site

PAGES = (
    Page("start", "Start"),
    Page("funnel/leads", "Leads", "Funnel"),
    Page("management/team", "Team", "Management"),
)
SITE = Site("Marketing review", "October 2026", PAGES)
EVIL = "<script>alert(1)</script>"


def finding(name: str, level: str = "watch", question: str = "why", **more: str) -> Finding:
    return Finding(name, level, f"Claim of {name}", "n = 96", question=question, **more)


@pytest.fixture
def build(frozen, tmp_path):
    """Builds the index from findings, cockpit rows and failures of the second page."""
    book = Book(frozen, "2026-10")

    def call(*findings: Finding, cockpit=(), headline="", failed=False) -> str:
        notes = [
            gather.Notes(PAGES[0], "", (), (), (), ()),
            gather.Notes(PAGES[1], headline, findings, tuple(cockpit), (), ()),
            gather.Notes(PAGES[2], "", (), (), (), ()),
        ]
        results = [PageResult(page.name, "ok", 1.0) for page in PAGES]
        if failed:
            results[1] = PageResult(
                PAGES[1].name, "killed", 1.0, error=PageError("KernelKilled", EVIL)
            )
        return index.build(book, SITE, notes, results, tmp_path)

    yield call
    book.con.disconnect()


def test_each_question_is_answered_by_its_findings(build):
    text = build(
        finding("happened", question="what"),
        finding("chance", question="real"),
        finding("asks", question="need", owner="CEO", worth="¥1 m", effort="2 days"),
    )
    answers = text[text.index('class="answers"') : text.index('id="cockpit"')]
    order = ["What happened", "Claim of happened", "Is it real", "Claim of chance", "Why"]
    order += ["What next", "What is needed", "Claim of asks", "Owner: CEO", "Worth: ¥1 m"]
    places = [answers.index(words) for words in order]
    assert places == sorted(places)
    assert answers.count("Nothing that the data on hand can carry.") == 2


def test_what_next_holds_at_most_three_the_most_pressing_first(build):
    levels = ["info", "watch", "act", "good", "act"]
    text = build(*[finding(f"f{i}", level, "next") for i, level in enumerate(levels)])
    answers = text[text.index('class="answers"') : text.index('id="cockpit"')]
    assert [i for i in range(5) if f"Claim of f{i}" in answers] == [1, 2, 4]
    assert answers.index("Claim of f2") < answers.index("Claim of f4") < answers.index("of f1")


def test_findings_link_to_their_page_by_level(build):
    text = build(finding("later", "good"), finding("first", "act"))
    part = text[text.index('id="findings"') : text.index('id="chapters"')]
    assert part.index("Claim of first") < part.index("Claim of later")
    assert part.count('href="funnel/leads.html"') == 2


def test_a_failure_comes_before_all_else(build):
    text = build(failed=True)
    assert text.index("1 of 3 pages is not complete.") < text.index("What happened")
    assert "KernelKilled" in text
    assert "Not complete." in text


def test_what_was_set_aside_or_is_missing_is_told_with_its_count(build):
    text = build()
    assert "3 rows set aside." in text
    assert "26 of 27 tables hold no data; their sections are off." in text
    assert "The period is not over" not in text


def test_figures_that_are_too_young_are_counted(frozen, tmp_path):
    import pandas as pd

    path = tmp_path / "m.parquet"
    pd.DataFrame({"metric": ["a", "b"], "immature": [True, None]}).to_parquet(path)
    sheet = gather.Sheet(PAGES[0], path, "metrics", "", "", {}, {})
    book = Book(frozen, "2026-10")
    notes = [gather.Notes(PAGES[0], "", (), (), (sheet,), ())]
    told = [notice.text for notice in index._notices(book, notes)]
    book.con.disconnect()
    assert "1 figure too young to judge." in told


def test_all_seven_layers_are_there_and_empty_ones_say_so(build):
    row = {
        "layer": 2, "name": "MQL", "value_text": "96", "change_text": "▼ 12", "last_year_text": "",
        "target_share": 0.8, "trend": [1.0, None, 3.0], "judgement": "short", "level": "watch",
    }  # fmt: skip
    text = build(cockpit=[row])
    part = text[text.index('id="cockpit"') : text.index('id="findings"')]
    layers = ["Company", "Growth funnel", "Channels", "Content", "Events", "Brand", "Team"]
    assert [part.index(layer) for layer in layers] == sorted(part.index(x) for x in layers)
    assert part.count("No data yet") == 6
    assert part.count("<svg") == 2


def test_text_from_the_data_cannot_run(build):
    text = build(
        Finding("x", "act", EVIL, EVIL, EVIL, EVIL, "next", EVIL, EVIL), headline=EVIL, failed=True
    )
    assert "<script" not in text
    assert "<b>no id</b>" not in text
    assert "&lt;script&gt;" in text


def test_it_says_how_the_numbers_were_made(build):
    text = build()
    part = text[text.index('id="made"') :]
    for words in ("2026-10-01 to 2026-10-31", "September 2026 and October 2025", "leads.csv",
                  "2026-11-01 08:00 (Asia/Shanghai)", "Give each lead an id."):  # fmt: skip
        assert words in part


def test_the_same_review_gives_the_same_index(build):
    assert build(finding("a")) == build(finding("a"))


def test_a_finding_that_two_pages_state_counts_once():
    notes = [
        gather.Notes(page, "", (finding("same"), finding(page.name)), (), (), ()) for page in PAGES
    ]
    assert [f.id for f, _ in gather.findings(notes)].count("same") == 1


def test_worklists_of_the_same_name_are_both_kept(tmp_path):
    notes = []
    for page in PAGES[:2]:
        path = tmp_path / page.name / "worklists" / "overdue.csv"
        path.parent.mkdir(parents=True)
        path.write_text(page.name)
        notes.append(gather.Notes(page, "", (), (), (), (gather.Worklist(path, "Overdue", 1),)))
    copied = gather.copy_worklists(notes, tmp_path / "worklists")
    assert {c.path.name: c.path.read_text() for c in copied} == {
        "overdue.csv": "start",
        "funnel_leads_overdue.csv": "funnel/leads",
    }


def test_gathering_reads_what_show_left(tmp_path):
    folder = tmp_path / "start"
    folder.mkdir()
    (folder / "headline.txt").write_text("Well.\n")
    (folder / "findings.json").write_text(json.dumps([finding("a").as_dict()]))
    (note,) = gather.gather(tmp_path, PAGES[:1])
    assert (note.headline, note.findings, note.sheets) == ("Well.", (finding("a"),), ())


def test_what_was_said_above_is_not_said_again_below_its_remedy(build):
    text = build(finding("late", "act", "why", remedy="Answer first.", owner="sales"))
    answers = text[text.index('class="answers"') : text.index('id="cockpit"')]
    assert answers.count("Claim of late") == 1
    assert answers.index("Claim of late") < answers.index("Answer first.")
    alone = build(finding("next", "act", "next", remedy="Answer first."))
    assert "Claim of next" in alone[alone.index('class="answers"') : alone.index('id="cockpit"')]


def test_the_index_of_a_week_speaks_of_the_week_and_leads_to_its_report(frozen, tmp_path):
    book = Book(frozen, "2026-W43")
    file = tmp_path / "01_weekly_report.parquet"
    pd.DataFrame({"block": ["Key channels"], "text": ["None."]}).to_parquet(file)
    sheet = gather.Sheet(PAGES[1], file, index.WEEKLY, "Week 43", "", {}, {})
    notes = [gather.Notes(page, "", (), (), (), ()) for page in PAGES]
    notes[1] = gather.Notes(PAGES[1], "", (finding("f", "act"),), (), (sheet,), ())
    results = [PageResult(page.name, "ok", 1.0) for page in PAGES]
    text = index.build(book, SITE, notes, results, tmp_path)
    book.con.disconnect()
    answers = text[text.index('class="answers"') : text.index('id="cockpit"')]
    assert "What happened this week" in answers
    assert "Next week" in answers
    assert '<p class="weekly"><a href="funnel/leads.html">' in text
    assert "Last week</th>" in text


def test_the_index_of_a_month_has_no_weekly_report(build):
    text = build(finding("f", "act"))
    assert 'class="weekly"' not in text
    assert "Last month</th>" in text
