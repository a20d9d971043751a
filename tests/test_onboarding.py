"""The diagnosis: data health, nine systems, gaps, phases, and what to do first."""

from __future__ import annotations

import datetime as dt

import pytest

from playbook.chapters import onboarding
from playbook.chapters.onboarding.systems import SIGNALS, SYSTEMS

LEAD = {"lead.csv": "lead_id,created_at\nL1,2026-10-03\n"}


def test_every_table_of_the_model_is_accounted_for(book):
    cockpit = onboarding.cockpit(book)
    assert len(cockpit) == 29
    assert cockpit.set_index("table").loc["lead", "set_aside"] > 0
    total = int(book.counts.loc[book.counts["severity"] == "aside", "count"].sum())
    assert cockpit["set_aside"].sum() == total


def test_dashboard_v1_has_its_thirteen_fields(book):
    table = onboarding.metrics(book)
    assert len(table) == 13
    assert table["value"].notna().all()


def test_every_system_has_signs_and_each_share_lies_between_0_and_1(book):
    assert {s.system for s in SIGNALS} == set(SYSTEMS)
    signs = onboarding.signals(book)
    assert signs["share"].dropna().between(0, 1).all()
    assert (signs["holds"] <= signs["n"]).all()


def test_a_system_runs_when_all_its_signs_hold_and_is_dark_without_data(book, open_files):
    full = onboarding.maturity(onboarding.signals(book)).set_index("system")
    assert full.loc["digital marketing", "level"] == "running"
    bare = onboarding.maturity(onboarding.signals(open_files(LEAD))).set_index("system")
    assert bare.loc["events", "level"] == "not visible"
    assert bare.index.tolist() == list(SYSTEMS)


def test_the_planted_content_gap_is_found(book):
    gaps = onboarding.gaps(onboarding.content_map(book))
    assert gaps[["industry", "stage"]].values.tolist()[0] == ["finance", "decision"]


def test_the_inventory_knows_22_kinds_and_says_what_it_cannot_tell(book, open_files):
    assert len(onboarding.inventory(book)) == 22
    bare = onboarding.inventory(open_files(LEAD)).set_index("asset")
    assert bare.loc["Customer cases", "state"] == "no data: supply content"
    assert bare.loc["CRM leads", "count"] == 1


@pytest.mark.parametrize(
    ("start", "states", "day"),
    [
        ("2026-10-28", ["now", "ahead", "ahead", "ahead"], 4),
        ("2026-10-25", ["now", "ahead", "ahead", "ahead"], 7),
        ("2026-10-24", ["past", "now", "ahead", "ahead"], 8),
        ("2026-08-02", ["past", "past", "past", "past"], 91),
    ],
)
def test_phases_follow_from_the_first_day(open_files, start, states, day):
    book = open_files(LEAD, rules=f"[company]\nstart_date = {start}\n")
    assert onboarding.day_number(book) == day
    assert onboarding.phases(book)["state"].tolist() == states


def test_deliverables_are_due_with_their_phase_and_done_by_name(open_files):
    project = "project_id,name,dri_id,done_at\nP1,《市场现状诊断表》,S1,2026-10-20\n"
    rules = "[company]\nstart_date = 2026-10-20\n"
    book = open_files({**LEAD, "project.csv": project}, rules=rules)
    table = onboarding.deliverables(book).set_index("id")
    assert len(table) == 28
    assert table.loc["P01-D1", "state"] == "done"
    assert table.loc["P01-D2", "state"] == "overdue"
    assert table.loc["P01-D6", "due"] == dt.date(2026, 11, 19)
    assert table.loc["P01-D6", "state"] == "due in 18 days"


def test_the_sample_names_its_deliverables_as_the_handbook_does(book):
    states = onboarding.deliverables(book)["state"].tolist()
    assert (states.count("done"), states.count("overdue")) == (15, 5)
    names = set(book.sql("SELECT trim(name, '《》') AS name FROM clean.project")["name"])
    assert set(onboarding.deliverables(book)["zh"]) <= names


def test_more_key_projects_than_the_handbook_allows_are_found(book):
    (found,) = [f for f in onboarding.findings(book) if f.id == "P01-R3/too-many"]
    assert found.claim.startswith("4 key projects are open")
    assert found.evidence == "1 of them is late."


def test_without_a_first_day_nothing_is_overdue(open_files):
    book = open_files(LEAD)
    assert onboarding.day_number(book) is None
    assert (onboarding.deliverables(book)["state"] == "").all()


def test_the_short_list_takes_at_most_three_of_eight_by_need(book):
    table = onboarding.short_list(book)
    assert len(table) == 8
    assert table["gap"].is_monotonic_decreasing
    assert 2 <= table["pick"].sum() <= 3


def test_with_leads_alone_the_diagnosis_still_speaks(open_files):
    book = open_files(LEAD)
    assert "Running, of the 1 marketing system that the data shows: 0" in onboarding.headline(book)
    found = onboarding.findings(book)
    assert {f.id for f in found} >= {"P01/data-health", "C01/dark-systems"}
    assert len(onboarding.risks(found)) == sum(f.level in {"act", "watch"} for f in found)
