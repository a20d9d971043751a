"""The lists of the day, the agreement and the first scene: worked by hand."""

from __future__ import annotations

from datetime import timedelta

import nbformat
import pandas as pd
import pytest

from playbook import resources
from playbook.book import open_book
from playbook.chapters import response
from playbook.chapters.response import words

FIRST = ["lead_id", "owner", "reason", "deadline", "rule"]
LISTS = {
    "assignments": response.assignments,
    "sla_due": response.sla_due,
    "sla_overdue": response.sla_overdue,
    "move_to_nurture": response.move_to_nurture,
}
TRIED = """
activity_id,activity_at,staff_id,lead_id,method,outcome,is_automatic
V1,2026-10-02 09:00,X,L1,call,no_answer,0
V2,2026-10-03 09:00,X,L1,call,wrong_contact,0
V3,2026-10-04 09:00,X,L1,wecom,no_answer,0
V4,2026-10-02 09:00,X,L2,call,no_answer,0
V5,2026-10-03 09:00,X,L2,call,no_answer,0
V6,2026-10-04 09:00,X,L2,email,none,1
V7,2026-10-02 09:00,X,L3,call,no_answer,0
V8,2026-10-03 09:00,X,L3,call,connected,0
V9,2026-10-04 09:00,X,L3,call,no_answer,0
V10,2026-10-05 09:00,X,L3,call,no_answer,0
V11,2026-10-02 09:00,X,L4,call,no_answer,0
V12,2026-10-03 09:00,X,L4,call,no_answer,0
V13,2026-10-04 09:00,X,L4,call,no_answer,0
V14,2026-10-05 09:00,X,L4,call,no_answer,0
V15,2026-10-02 09:00,X,L5,call,no_answer,0
V16,2026-10-03 09:00,X,L5,call,no_answer,0
V17,2026-10-04 09:00,X,L5,call,no_answer,0
"""
OPEN = "lead_id,created_at,status\n" + "".join(
    f"L{n},2026-10-01 09:00,working\n" for n in range(1, 6)
)
POOLED = "stage_event_id,lead_id,stage,entered_at\nS1,L5,nurture,2026-10-06 09:00\n"
STAFF = "staff_id,name,team\nX,罗一,销售组\nY,马二,销售组\n"
WAITING = """
lead_id,created_at,intent_level,capture_type,owner_id,status
L1,2026-10-29 09:00,high,card,X,new
L2,2026-10-29 09:00,normal,card,X,new
L3,2026-10-30 10:00,normal,card,X,new
L4,2026-10-30 11:00,normal,card,Y,working
L5,2026-10-29 08:00,normal,card,X,invalid
L6,2026-10-28 09:00,normal,card,Y,new
L7,2026-10-30 09:30,normal,form,Y,new
"""
DONE = """
activity_id,activity_at,staff_id,lead_id,method,outcome,is_automatic
V1,2026-10-29 10:00,,L2,email,none,1
V2,2026-10-30 11:30,Y,L4,call,connected,0
V3,2026-10-28 09:30,Y,L6,call,connected,0
V4,2026-10-30 09:40,Y,L7,email,connected,0
"""
SMALL = {"lead.csv": WAITING, "activity.csv": DONE, "staff.csv": STAFF}
NOW = "2026-10-30T12:00"  # a Friday


def local(text):
    return pd.Timestamp(text)


@pytest.mark.parametrize("name", LISTS)
def test_every_list_says_who_why_by_when_and_by_which_rule(book, name):
    table = LISTS[name](book)
    assert table.columns[:5].tolist() == FIRST
    assert len(table) > 0
    assert table[["lead_id", "owner", "reason", "rule", "deadline"]].notna().all().all()
    assert table["lead_id"].is_unique
    assert pd.api.types.is_datetime64_any_dtype(table["deadline"])
    assert table["rule"].str.startswith("[").all()
    assert not {"mobile", "email", "full_name"} & set(table.columns)


@pytest.mark.parametrize("name", LISTS)
def test_lists_are_as_of_the_moment_whatever_the_period(book, name):
    other = open_book(book.path, "2026-03")
    pd.testing.assert_frame_equal(LISTS[name](other), LISTS[name](book))


@pytest.mark.parametrize("name", LISTS)
def test_only_open_leads_are_on_a_list(book, name):
    closed = book.sql(
        """SELECT lead_id FROM lead_journey WHERE status NOT IN ('new', 'working')
            OR coalesce(sql_at, nurture_at, invalid_at, opportunity_at, won_at) IS NOT NULL"""
    )["lead_id"]
    assert not set(LISTS[name](book)["lead_id"]) & set(closed)


# Due and overdue


def test_overdue_is_high_intent_first_and_what_a_system_sent_is_no_answer(open_files):
    """L1 and L2 wait past their limit; L5 is out; L4, L6 were answered; L7's call is not due."""
    table = response.sla_overdue(open_files(SMALL, as_of=NOW))
    answers = table[table["step"] == "response"]
    assert answers["lead_id"].tolist() == ["L1", "L2"]
    assert answers["owner"].tolist() == ["罗一", "罗一"]
    assert answers["deadline"].tolist() == [
        local("2026-10-29 11:00"), local("2026-10-30 09:00"),
    ]  # fmt: skip
    assert answers["rule"].tolist() == [
        "[sla] response, high intent (2 h)",
        "[sla] response (24 h)",
    ]
    assert answers["reason"].iloc[0] == "No answer by a person after 27.0 h; 2 h promised."


def test_what_falls_due_by_the_end_of_the_next_workday_is_due(open_files):
    """On Friday noon the next workday is Monday: L3 and L7's call fall due on Saturday."""
    table = response.sla_due(open_files(SMALL, as_of=NOW))
    assert table["lead_id"].tolist() == ["L7", "L3"]
    assert table["step"].tolist() == ["SDR call", "response"]
    assert table["deadline"].tolist() == [local("2026-10-31 09:30"), local("2026-10-31 10:00")]
    assert table["rule"].tolist() == ["[sla.steps] SDR call (24 h)", "[sla] response (24 h)"]


def test_a_step_beside_the_answer_is_named_with_it(open_files):
    lead = "lead_id,created_at,capture_type,status\nL1,2026-10-29 09:00,form,new\n"
    act = "activity_id,activity_at,lead_id,method\nV1,2026-10-01 09:00,L0,call\n"
    files = {"lead.csv": lead, "activity.csv": act}
    (row,) = response.sla_overdue(open_files(files, as_of=NOW)).to_dict("records")
    assert (row["step"], row["also"], row["owner"]) == ("response", "SDR call", "not assigned")


def test_steps_that_nothing_can_show_are_not_missed_but_unknown(open_files):
    """Nobody records WeCom here: no lead is overdue for it, and the page says so."""
    book = open_files(SMALL, as_of=NOW)
    assert response.unrecorded(book) == ["WeCom"]
    assert "WeCom" not in set(response.steps(book)["step"])
    assert "Nothing on record shows: WeCom." in words.of_promise(book)


def test_the_hours_are_the_rules_and_so_is_the_clock(open_files):
    """In office hours L2, of Thursday 9:00, is due after its 12th office hour, on Friday 15:30."""
    rules = '[sla]\nnormal_hours = 12\nclock = "business"\nsteps = []\n'
    table = response.sla_due(open_files(SMALL, as_of=NOW, rules=rules))
    assert table["lead_id"].tolist() == ["L2", "L3"]
    assert table["deadline"].tolist() == [local("2026-10-30 15:00"), local("2026-11-02 16:00")]
    assert "10.5 office hours" in table["reason"].iloc[0]


def test_the_sample_overdue_answers_are_those_of_the_journey(book):
    hand = book.sql(
        """SELECT lead_id FROM lead_journey WHERE first_response_at IS NULL AND NOT response_met
            AND coalesce(status, 'new') IN ('new', 'working')
            AND coalesce(sql_at, nurture_at, invalid_at, opportunity_at, won_at) IS NULL"""
    )["lead_id"]
    table = response.sla_overdue(book)
    assert set(table.loc[table["step"] == "response", "lead_id"]) == set(hand)
    high = table[table["step"] == "response"]["intent_level"].eq("high").tolist()
    assert high == sorted(high, reverse=True)


# The touch rule


def test_three_human_attempts_without_contact_make_a_lead_due_for_the_pool(open_files):
    """L2 was tried twice, the third was automatic; L3 was reached; L5 is in the pool."""
    files = {"lead.csv": OPEN, "activity.csv": TRIED, "stage_event.csv": POOLED}
    due = response.move_to_nurture(open_files(files))
    assert due["lead_id"].tolist() == ["L4", "L1"]
    assert due["deadline"].astype(str).tolist() == ["2026-10-04 09:00:00"] * 2
    assert due["attempts"].tolist() == [4, 3]
    assert str(due["last_attempt_at"].iloc[1]) == "2026-10-04 09:00:00"


def test_the_number_of_attempts_is_the_rules(open_files):
    files = {"lead.csv": OPEN, "activity.csv": TRIED, "stage_event.csv": POOLED}
    book = open_files(files, rules="[nurture]\ntouches_before_pool = 4\n")
    assert response.move_to_nurture(book)["lead_id"].tolist() == ["L4"]


def test_nobody_on_the_samples_list_was_ever_reached_or_is_closed(book):
    due = response.move_to_nurture(book)
    assert len(due) > 0
    assert due["lead_id"].is_unique
    reached = book.sql(
        """SELECT DISTINCT lead_id FROM clean.activity
        WHERE outcome IN ('connected', 'meeting_booked', 'refused') AND NOT is_automatic"""
    )["lead_id"]
    assert not set(due["lead_id"]) & set(reached)
    gone = book.sql(
        """SELECT DISTINCT lead_id FROM clean.stage_event
        WHERE stage IN ('nurture', 'invalid', 'sql') AND lead_id IS NOT NULL"""
    )["lead_id"]
    assert not set(due["lead_id"]) & set(gone)


# The first scene of a small firm


def test_three_tables_are_enough_to_run_the_page(open_files):
    book = open_files(SMALL, as_of=NOW)
    space = {}
    path = resources.notebooks() / "funnel/03_response_sla.ipynb"
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code" and "practice" not in cell.metadata.get("tags", []):
            exec(compile(cell.source, cell.id, "exec"), space)
            if "parameters" in cell.metadata.get("tags", []):
                space["data"] = str(book.path)
    claims = {finding.id: finding.claim for finding in space["found"]}
    assert claims["P02-R2/overdue"] == (
        "2 open leads wait for a first answer past the SLA, 1 of high intent."
    )
    assert claims["P02-R2/never"].startswith("3 open leads were never touched by a person")
    text = response.headline(book, response.metrics(book))
    assert text.startswith("October 2026: 50.0 % (3 of 6) of the leads were answered in time;")
    assert text.endswith("2 open leads wait past the SLA now."), "three answers single out nobody"


def test_the_first_scene_answers_its_four_questions_from_three_tables(open_files):
    table = response.quick_start(open_files(SMALL, as_of=NOW)).set_index("question")
    assert table["answer"].tolist() == [
        "7 of 7 leads have an owner; by hand: no rule says who is next.",
        "Most often: call 2, email 1.",
        "1 person; 3 of 3 answers named.",
        "4 activities name their lead. No record of: WeCom.",
    ]
    supply = '[routing] in playbook.toml, such as fallback = "a team"'
    assert table["supply"].tolist() == [supply, "", "", "touch"]


def test_without_activities_nobody_is_called_late(open_files):
    book = open_files({"lead.csv": WAITING}, as_of=NOW)
    assert response.sla_overdue(book).empty
    assert response.sla_due(book).empty
    assert response.never_touched(book).empty
    assert not [f for f in response.findings(book) if f.id.startswith("P02-R2")]
    assert "no activities were supplied" in response.headline(book, response.metrics(book))
    assert set(response.quick_start(book)["supply"]) >= {"activity"}


# Another promise


def test_the_breach_list_in_force_is_that_of_the_metrics(book):
    found = response.breach_list(book)
    row = response.metrics(book).set_index("key").loc["response_in_time"]
    assert found.share == pytest.approx(row["value"])
    assert len(found.breaches) == row["n"] - row["numerator"]
    assert set(found.breaches["state"]) == {"late", "overdue"}
    assert (found.breaches["waited_hours"] > found.breaches["limit_hours"]).all()


def test_another_promise_counts_the_same_leads_by_other_hours(book):
    hand = book.sql(
        """SELECT coalesce(response_hours, epoch($as_of::TIMESTAMP - created_at) / 3600) AS waited,
            intent_level = 'high' AS high, response_hours IS NOT NULL AS done FROM lead_journey
        WHERE created_at >= $a AND created_at < $b""",
        as_of=book.as_of, a=book.period.start, b=book.period.end,
    )  # fmt: skip
    limit = hand["high"].fillna(value=False).map({True: 8.0, False: 72.0})
    late = hand["waited"] > limit
    found = response.breach_list(book, high_hours=8.0, normal_hours=72.0)
    assert len(found.breaches) == late.sum()
    assert found.due == (late | hand["done"]).sum()
    stricter = response.breach_list(book, high_hours=1.0, normal_hours=8.0)
    assert stricter.share < response.breach_list(book).share < found.share


def test_a_promise_of_no_hours_is_refused(book):
    from playbook.errors import ParameterError

    with pytest.raises(ParameterError, match="hours of step 'response' must be above 0"):
        response.breach_list(book, normal_hours=0.0)


# The agreement


def test_the_agreement_is_written_from_the_rules_in_force(open_files):
    rules = (
        "[sla]\nhigh_intent_hours = 3\nnormal_hours = 30\n"
        '[nurture]\ntouches_before_pool = 5\n[routing]\nfallback = "销售组"\n'
    )
    paper = response.follow_up_sla(open_files(SMALL, as_of=NOW, rules=rules))
    assert (paper.id, paper.zh) == ("P02-D4", "销售跟进SLA")
    parts = {section.heading: section for section in paper.sections}
    promised = parts["What is promised"].table
    assert promised.loc[promised["step"] == "response", "within"].tolist() == ["3 h", "30 h"]
    assert promised["leads"].iloc[0] == "intent level is high"
    assert "After 5 attempts" in parts["When nobody is reached"].text
    assert "past 3 h" in parts["When nobody answers"].text
    assert parts["Who gets a lead"].table["team"].tolist() == ["销售组"]
    assert "late or overdue; in time" in parts["How it was kept in October 2026"].text
    assert parts["Agreed by"].table["role"].tolist()[:2] == ["Head of marketing", "Head of sales"]


def test_the_agreement_names_the_days_and_hours_that_count(open_files):
    rules = (
        '[sla]\nclock = "business"\nfrom = "assigned"\n'
        '[calendar]\nworkdays = "mon-fri"\nlunch = ""\nextra_holidays = [2026-10-16]\n'
    )
    paper = response.follow_up_sla(open_files(SMALL, as_of=NOW, rules=rules))
    text = {s.heading: s.text for s in paper.sections}["How time is counted"]
    assert "at its assignment, or capture if it has none and counts office hours" in text
    assert "Office hours: 09:00 to 18:00, in Asia/Shanghai." in text
    assert "Workdays: Monday to Friday; the company's own calendar sets 1 further day." in text


def test_a_case_that_opens_again_after_an_answer_is_counted(open_files):
    stages = "stage_event_id,lead_id,stage,entered_at\nS1,L4,lead,2026-10-30 11:45\n"
    book = open_files({**SMALL, "stage_event.csv": stages}, as_of=NOW)
    table = response.reopened(book)
    assert table[["lead_id", "state"]].values.tolist() == [["L4", "pending"]]
    assert table["opened_at"].iloc[0] == local("2026-10-30 11:45")
    assert table["opened_at"].iloc[0] - local("2026-10-30 11:30") == timedelta(minutes=15)
