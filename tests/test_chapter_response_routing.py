"""Routing through the Book: the handbook's example, who is next, and dry runs of other rules."""

from __future__ import annotations

import pandas as pd
import pytest

from playbook import routing
from playbook.chapters import response, scoring
from playbook.chapters.response import words
from playbook.data.sample import story
from playbook.errors import ParameterError

RULES = """
[routing]
fallback = "SDR组"

[[routing.rules]]
name = "South China, above 80"
team = "销售A组"
when.all = [
    { field = "account.region", op = "eq", value = "华南" },
    { field = "score.points", op = "gt", value = 80 },
]

[scoring]
behaviour = []
fit = [
    { factor = "need", when = { field = "lead.need_clarity", op = "eq", value = 1 }, points = 80 },
    { factor = "need", when = { field = "lead.need_clarity", op = "eq", value = 2 }, points = 81 },
]
"""
LEADS = """
lead_id,created_at,account_id,need_clarity,owner_id,status,intent_level
L1,2026-10-30 09:00,A1,1,,new,normal
L2,2026-10-30 10:00,A1,2,,new,normal
L3,2026-10-30 11:00,A2,2,,new,high
L4,2026-10-30 11:30,A1,2,S3,new,normal
L5,2026-10-29 11:30,A1,2,S1,new,normal
"""
FILES = {
    "lead.csv": LEADS,
    "account.csv": "account_id,account_name,region\nA1,深圳一,华南\nA2,北京二,华北\n",
    "staff.csv": "staff_id,name,team,left_on\nS1,甲,销售A组,\nS2,乙,SDR组,\n"
    "S3,丙,销售A组,2026-10-30\nS4,丁,销售A组,\n",
    "activity.csv": "activity_id,activity_at,staff_id,lead_id,outcome\n"
    "V1,2026-10-30 11:40,S3,L4,connected\nV2,2026-10-29 12:00,S1,L5,connected\n",
}
NOW = "2026-10-30T12:00"


@pytest.fixture
def small(open_files):
    return open_files(FILES, rules=RULES, as_of=NOW)


def test_a_score_of_80_is_not_above_80_and_81_is(small):
    scores = scoring.scores_at_capture(small).set_index("lead_id")["score"]
    assert (scores["L1"], scores["L2"]) == (80, 81)
    table = response.assignments(small).set_index("lead_id")
    assert (table.loc["L1", "team"], table.loc["L1", "rule"]) == ("SDR组", "[routing] fallback")
    assert table.loc["L2", "team"] == "销售A组"
    assert table.loc["L2", "rule"] == "[routing] South China, above 80"
    assert table.loc["L3", "team"] == "SDR组", "81 points, but not of South China"


def test_leads_of_nobody_are_handed_out_high_intent_first_then_those_of_who_left(small):
    table = response.assignments(small)
    assert table["lead_id"].tolist() == ["L3", "L2", "L1", "L4"]
    # 丙 was given the last lead of the team and has left: 丁 comes after, then 甲.
    assert table["owner"].tolist() == ["乙", "丁", "乙", "甲"]
    assert table["reason"].tolist() == [
        "No owner; no rule takes it, so SDR组.",
        "No owner; “South China, above 80” is 销售A组.",
        "No owner; no rule takes it, so SDR组.",
        "Its owner left on 30 Oct 2026; “South China, above 80” is 销售A组.",
    ]
    assert table["last_owner"].dropna().tolist() == ["丙"]


def test_a_lead_is_to_be_taken_by_its_own_limit_or_by_the_end_of_the_day(small):
    """L3 is of high intent; L4 was answered, so that only its new owner is missing."""
    table = response.assignments(small).set_index("lead_id")["deadline"]
    assert table["L3"] == pd.Timestamp("2026-10-30 13:00")
    assert table["L2"] == pd.Timestamp("2026-10-31 10:00")
    assert table["L4"] == pd.Timestamp("2026-10-30 18:00")


def test_what_nobody_can_take_today_is_handed_out_on_the_next_workdays(open_files):
    lead = "lead_id,created_at,owner_id,status\n" + "".join(
        f"L{n},2026-10-30 0{n}:00,S3,new\n" for n in range(1, 6)
    )
    act = "activity_id,activity_at,staff_id,lead_id\n" + "".join(
        f"V{n},2026-10-30 08:00,S3,L{n}\n" for n in range(1, 6)
    )
    files = {"lead.csv": lead, "activity.csv": act, "staff.csv": FILES["staff.csv"]}
    rules = '[routing]\nfallback = "SDR组"\ncapacity_per_day = 2\n'
    table = response.assignments(open_files(files, rules=rules, as_of=NOW))
    assert table["owner"].tolist() == ["乙"] * 5
    days = table["deadline"].dt.strftime("%a %d").tolist()
    assert days == ["Fri 30", "Fri 30", "Mon 02", "Mon 02", "Tue 03"]


def test_without_rules_nobody_is_proposed_and_the_list_says_so(open_files):
    table = response.assignments(open_files(FILES, as_of=NOW))
    assert table["lead_id"].tolist() == ["L3", "L2", "L1", "L4"]
    assert table["owner"].isna().all()
    assert table["rule"].eq("[routing] no rules").all()
    assert table["reason"].iloc[0] == (
        "No owner; nothing says who gets it: supply [routing] in playbook.toml, such as "
        'fallback = "a team".'
    )


def test_a_team_that_nobody_is_in_is_named_with_those_that_there_are(open_files):
    table = response.assignments(
        open_files(FILES, rules='[routing]\nfallback = "SDR祖"\n', as_of=NOW)
    )
    assert table["owner"].isna().all()
    assert "people of SDR祖 in staff" in table["reason"].iloc[0]
    assert "SDR组" in table["reason"].iloc[0]


def test_the_turn_goes_on_from_whom_the_record_gave_the_last_lead(open_files):
    staff = "staff_id,name,team,role\n" + "".join(f"S{i},{n},T,x\n" for i, n in enumerate("甲乙丙"))
    owned = "L1,2026-10-01 09:00,S0\nL2,2026-10-02 09:00,S1\n"
    lead = f"lead_id,created_at,owner_id\n{owned}L3,2026-10-03 09:00,\nL4,2026-10-03 08:00,\n"
    files = {"lead.csv": lead, "staff.csv": staff}
    rules = '[routing]\nfallback = "T"\n'
    table = response.assignments(open_files(files, rules=rules, as_of=NOW)).set_index("lead_id")
    assert table["owner"].to_dict() == {"L3": "丙", "L4": "甲"}


@pytest.mark.parametrize(
    ("files", "rules", "missing"),
    [
        (FILES, "", ['[routing] in playbook.toml, such as fallback = "a team"']),
        ({"lead.csv": LEADS}, '[routing]\nfallback = "SDR组"', ["staff.team"]),
        (
            FILES,
            '[routing]\nfallback = "销售Z组"',
            ["people of 销售Z组 in staff, or one of its teams in [routing] (SDR组, 销售A组)"],
        ),
        (FILES, '[routing]\nfallback = "SDR组"', []),
    ],
)
def test_what_keeps_leads_from_being_routed_is_named(open_files, files, rules, missing):
    assert response.no_routing(open_files(files, rules=rules, as_of=NOW)) == missing


# The sample's rules


def test_every_lead_of_the_quarter_falls_to_one_rule(book):
    table = response.rules_in_force(book)
    since = book.as_of - pd.Timedelta(weeks=13)
    n = book.sql("SELECT count(*) AS n FROM lead_journey WHERE created_at >= $a", a=since)["n"][0]
    assert table["leads"].sum() == n
    assert table["rule"].iloc[0] == "South China, above 80"
    assert table["takes"].iloc[0] == "region is south china and score is more than 80"
    assert table["elsewhere"].sum() == response.elsewhere(book)["leads"].sum()
    assert table["leads"].iloc[-1] == 0, "the sample's rules leave nothing over"


def test_the_example_of_the_handbook_takes_leads_of_the_sample(book):
    """Few reach 80 points: over the two years, those of South China go to 销售A组."""
    rows = response.routes.to_route(book)
    found = routing.matches(rows, response.plan(book))
    scores = scoring.scores_at_capture(book).set_index("lead_id")["score"]
    regions = book.sql("SELECT lead_id, region FROM lead_journey").set_index("lead_id")["region"]
    hot = scores[(scores > 80) & (regions.reindex(scores.index) == "south_china")]
    assert set(found.loc[found["place"] == 0, "lead_id"]) == set(hot.index)
    assert len(hot) > 0


def test_the_regions_of_the_record_are_those_of_the_rules(book):
    routed = response.routed(book)
    assert (~routed["is_elsewhere"]).mean() > 0.95
    assert routed["owner"].notna().all()


# Other rules


def test_a_dry_run_without_the_slowest_team_gives_its_leads_to_others(book):
    assert response.slowest_team(book) == story.LATE_TEAM
    run = response.what_if(book, without=story.LATE_TEAM)
    table = response.loads(book, run).set_index("owner")
    theirs = table[table["team"] == story.LATE_TEAM]
    assert (theirs["leads_new"] == 0).all()
    assert table["change"].sum() == 0
    assert run.leads["moved"].sum() == theirs["leads_now"].sum() > 0
    assert 0 < run.low < run.change < run.high
    said = words.of_what_if(run, "Without them")
    assert routing.ASSUMPTION in said.see


def test_what_it_would_have_done_to_response_time_is_the_teams_own_past(book):
    past = response.routes.past_answers(book)
    known = past[past["team"].notna() & (past["state"] != "pending")]
    share = known["state"].eq("met").groupby(known["team"]).mean()
    run = response.what_if(book, without=story.LATE_TEAM)
    for plan, column in (("now", "team_now"), ("new", "team_new")):
        expected = run.leads[column].map(share).mean()
        found = run.response.set_index("plan").loc[plan, "in_time"]
        assert found == pytest.approx(expected)


def test_another_score_moves_who_falls_under_the_rule(small):
    now = response.plan(small)
    lower = response.changed(now, score=79.0)
    rows = response.routes.to_route(small)
    assert set(routing.matches(rows, now).query("place == 0")["lead_id"]) == {"L2", "L4", "L5"}
    assert set(routing.matches(rows, lower).query("place == 0")["lead_id"]) == {
        "L1", "L2", "L4", "L5",
    }  # fmt: skip
    assert now.rules[0].when != lower.rules[0].when


def test_less_capacity_overflows_to_the_fallback_and_is_said(book):
    run = response.what_if(book, capacity=2)
    assert run.load["busiest_new"].max() <= 2
    assert run.leads["owner_new"].isna().any()
    assert any("nobody is free for" in note for note in run.notes)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"without": "SDR组"}, "SDR组 is the fallback: a plan cannot do without it."),
        ({"without": "销售Z组"}, "unknown team of a rule '销售Z组'"),
        ({"score": 60.0}, "no rule names score.points"),
    ],
)
def test_a_change_that_cannot_be_is_refused(open_files, change, message):
    rule = '[[routing.rules]]\nname = "all"\nteam = "销售A组"\n'
    rule += 'when = { field = "account.region", op = "filled" }\n'
    book = open_files(FILES, rules=f'[routing]\nfallback = "SDR组"\n{rule}', as_of=NOW)
    with pytest.raises(ParameterError, match=message):
        response.what_if(book, **change)
