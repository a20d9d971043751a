"""What is missing or odd switches a table off or is said in words; it never breaks the chapter."""

from __future__ import annotations

import pytest

from playbook.chapters import ab_testing
from playbook.chapters.ab_testing import words

LEADS = "lead_id,created_at,channel_id\nL1,2026-10-02 09:00,A\nL2,2026-10-03 09:00,A\n"
CHANNEL = "channel_id,channel_name,channel_group\nA,Alpha,sem"
HEAD = "experiment_id,arm,content_id,element,start_date,end_date,exposures,conversions,decision\n"
ENDED = (
    "T1,control,P1,form,2026-08-03,2026-08-31,2000,100,keep\n"
    "T1,b,P1,form,2026-08-03,2026-08-31,2000,160,keep\n"
)
WEB = "date,content_id,channel_id,visitors,form_views,form_submits\n" + "\n".join(
    f"2026-{month:02}-{day:02},P1,A,{60 + day % 7},40,4"
    for month in (8, 9, 10)
    for day in range(1, 31)
)
SESSIONS = WEB.replace("visitors", "sessions")

INPUTS = {
    "leads alone": {"lead.csv": LEADS},
    "an empty table": {"lead.csv": LEADS, "experiment_arm.csv": HEAD},
    "a test without traffic": {"lead.csv": LEADS, "experiment_arm.csv": HEAD + ENDED},
    "traffic without a test": {"lead.csv": LEADS, "channel.csv": CHANNEL, "web_daily.csv": WEB},
    "sessions without visitors": {
        "lead.csv": LEADS,
        "channel.csv": CHANNEL,
        "web_daily.csv": SESSIONS,
        "experiment_arm.csv": HEAD + ENDED,
    },
    "one day of traffic": {"lead.csv": LEADS, "web_daily.csv": "\n".join(WEB.split("\n")[:2])},
    "both": {
        "lead.csv": LEADS,
        "channel.csv": CHANNEL,
        "web_daily.csv": WEB,
        "experiment_arm.csv": HEAD + ENDED,
    },
    "no dates, no page, no element, no decision": {
        "lead.csv": LEADS,
        "experiment_arm.csv": "experiment_id,arm,exposures,conversions\n"
        "T1,control,100,10\nT1,b,100,12",
    },
    "nobody converts": {
        "lead.csv": LEADS,
        "experiment_arm.csv": HEAD
        + ENDED.replace("2000,100", "2000,0").replace("2000,160", "2000,0"),
    },
}
PERIODS = ("2026-10", "2026-W43", "2023-01", "2030-01")


def everything(book):
    """Every call of the chapter, one after the other; what it says in words."""
    table = ab_testing.metrics(book)
    found = ab_testing.findings(book)
    ab_testing.leader_report(book, table, found)
    said = [ab_testing.headline(book, table)]
    for page in ab_testing.page_choices(book).values():
        said += [words.of_planner(book, page).title, words.of_power_curve(book, page).title]
        ab_testing.planner(book, page, lift=0.5, power=0.9, arms=3)
        ab_testing.history(book, page)
    for made, told in (
        (ab_testing.forest(book), words.of_forest),
        (ab_testing.cockpit(book), words.of_cockpit),
        (ab_testing.pages(book), words.of_pages),
        (ab_testing.plan(book), words.of_plan),
        (ab_testing.claim(book), words.of_claim),
    ):
        said += [told(book, made).alt] if len(made) else []
    for made, told in (
        (ab_testing.checks(book), words.of_checks),
        (ab_testing.reread(book), words.of_reread),
        (ab_testing.elements(book), words.of_elements),
    ):
        said += [told(made).alt] if len(made) else []
    ab_testing.seen_beside(book)
    for paper in (ab_testing.test_record(book), ab_testing.experiment_plan(book)):
        said += [text for section in paper.sections for text in (section.heading, section.text)]
    said += [text for one in found for text in (one.claim, one.evidence, one.remedy, one.worth)]
    return said


@pytest.mark.parametrize("name", INPUTS)
def test_every_call_survives_every_input_in_every_period(name, open_files):
    said = [text for p in PERIODS for text in everything(open_files(INPUTS[name], p))]
    for text in said:
        assert "nan" not in text.lower().split(), text
        assert not {"None", "True", "False", "NaN"} & set(text.split()), text


def test_without_tests_the_headline_says_so(open_files):
    book = open_files(INPUTS["leads alone"])
    text = ab_testing.headline(book, ab_testing.metrics(book))
    assert text == "No test has ended by the end of October 2026."
    assert [one.id for one in ab_testing.findings(book)] == []
    (section,) = ab_testing.test_record(book).sections
    assert section.text == "Supply: experiment_arm."


def test_a_record_that_makes_no_sense_is_in_it_with_what_is_wrong(open_files):
    rows = (
        "T1,control,,form,2026-08-03,2026-08-31,2000,100,keep\n"
        "T2,a,,form,2026-08-03,2026-08-31,2000,100,keep\n"
        "T2,b,,form,2026-08-03,2026-08-31,2000,100,keep\n"
        "T4,control,,form,2026-08-03,,200,10,keep\nT4,b,,form,2026-08-03,,200,12,keep\n"
    )
    book = open_files({"lead.csv": LEADS, "experiment_arm.csv": HEAD + rows})
    table = ab_testing.record(book).drop_duplicates("experiment_id").set_index("experiment_id")
    assert set(table["verdict"]) == {"cannot say"}
    assert set(table["why"]) == {"not readable"}
    assert "control" in table.loc["T2", "reason"]
    assert table.loc["T4", "reason"] == (
        "The record cannot be read: it was decided (keep), but its last day is not on record."
    )
    (finding,) = [one for one in ab_testing.findings(book) if one.id == "P03-D8/unreadable"]
    assert finding.claim == "3 tests on record cannot be read."


def test_a_test_that_begins_after_the_period_is_not_in_its_record(open_files):
    book = open_files(INPUTS["both"], "2026-07")
    assert ab_testing.record(book).empty
    assert len(ab_testing.record(open_files(INPUTS["both"], "2026-08"))) == 1


def test_several_variants_share_the_alpha(open_files):
    rows = ENDED.replace("T1", "T2") + "T2,c,P1,form,2026-08-03,2026-08-31,2000,132,keep\n"
    table = ab_testing.record(open_files({"lead.csv": LEADS, "experiment_arm.csv": HEAD + rows}))
    assert table["arm"].tolist() == ["b", "c"]
    assert table["reason"].str.contains("97.5 % interval").all()
    names = ab_testing.forest(open_files({"lead.csv": LEADS, "experiment_arm.csv": HEAD + rows}))[
        "name"
    ]
    assert names.tolist() == ["T2 b · form", "T2 c · form"]
