"""Response times: counted again in plain Python, and the planted truths found."""

from __future__ import annotations

import math
import statistics
from datetime import timedelta

import pytest

from playbook import intervals
from playbook.chapters import response, scoring
from playbook.chapters.response import words
from playbook.chapters.response.who import _beside_mates
from playbook.data.sample import story
from playbook.errors import ParameterError

LIMITS = {"high": 2.0}


@pytest.fixture(scope="module")
def answers(book):
    """Every lead with its first human and its first action of any kind, joined in Python."""
    alias = dict(book.sql("SELECT lead_id, kept_id FROM lead_alias").itertuples(index=False))
    leads = book.sql(
        "SELECT lead_id, created_at, intent_level, owner, team, channel FROM lead_journey"
    ).to_dict("records")
    done = book.sql(
        """SELECT lead_id, activity_at AS at, coalesce(is_automatic, false) AS auto
        FROM clean.activity WHERE lead_id IS NOT NULL
        UNION ALL SELECT lead_id, touched_at, true FROM clean.touch
        WHERE lead_id IS NOT NULL AND coalesce(direction, 'out') = 'out'"""
    )
    by_lead = {}
    for lead_id, at, auto in done.itertuples(index=False):
        by_lead.setdefault(alias.get(lead_id), []).append((at, auto))
    for lead in leads:
        acts = [a for a in by_lead.get(lead["lead_id"], []) if a[0] >= lead["created_at"]]
        human = [at for at, auto in acts if not auto]
        lead["limit"] = LIMITS.get(lead["intent_level"], 24.0)
        lead["hours"] = hours(lead, min(human)) if human else None
        lead["any_hours"] = hours(lead, min(at for at, _ in acts)) if acts else None
        lead["waited"] = lead["hours"]
        if not human:
            lead["waited"] = (book.as_of - lead["created_at"]) / timedelta(hours=1)
        lead["is_due"] = bool(human) or lead["waited"] > lead["limit"]
        lead["is_met"] = bool(human) and lead["hours"] <= lead["limit"]
    return leads


def hours(lead, at):
    return (at - lead["created_at"]) / timedelta(hours=1)


def of(answers, start, end):
    return [a for a in answers if start <= a["created_at"] < end]


@pytest.fixture(scope="module")
def october(book, answers):
    return of(answers, book.period.start, book.period.end)


def year_of(book, answers):
    return of(answers, book.period.back(response.YEAR - 1).start, book.period.end)


# How the promise was kept


def test_the_metrics_are_those_counted_lead_by_lead(book, october):
    rows = response.metrics(book).set_index("key")
    due = [a for a in october if a["is_due"]]
    took = [a["hours"] for a in october if a["hours"] is not None]
    in_time = rows.loc["response_in_time"]
    assert (in_time["numerator"], in_time["n"]) == (sum(a["is_met"] for a in due), len(due))
    assert rows.loc["response_hours", "value"] == pytest.approx(statistics.median(took))
    assert rows.loc["response_mean", "value"] == pytest.approx(statistics.fmean(took))
    assert rows.loc["response_p90", "value"] == pytest.approx(
        statistics.quantiles(took, n=10, method="inclusive")[-1]
    )
    assert rows.loc["never_touched", "value"] == len(october) - len(took)


def test_the_decision_is_the_first_of_accepted_pooled_and_invalid(book):
    hand = book.sql(
        """SELECT epoch(least(coalesce(sql_at, '9999-01-01'), coalesce(nurture_at, '9999-01-01'),
            coalesce(invalid_at, '9999-01-01')) - created_at) / 86400 AS days FROM lead_journey
        WHERE created_at >= $a AND created_at < $b
            AND (sql_at IS NOT NULL OR nurture_at IS NOT NULL OR invalid_at IS NOT NULL)""",
        a=book.period.start,
        b=book.period.end,
    )["days"]
    row = response.metrics(book).set_index("key").loc["decision_days"]
    assert row["value"] == pytest.approx(hand.median())
    assert row["n"] == len(hand)


def test_pending_answers_are_owed_and_no_breach(book, october):
    row = response.steps(book).set_index("step").loc["response"]
    assert row["owed"] == len(october)
    assert row["pending"] == sum(not a["is_due"] for a in october) > 0
    assert row["met"] + row["late"] + row["overdue"] == row["due"] == row["owed"] - row["pending"]
    assert response.steps(book)["step"].tolist() == ["response", "e-mail", "WeCom", "SDR call"]


def test_what_systems_send_would_flatter(book, october):
    quick = [a for a in october if a["any_hours"] is not None or a["waited"] > a["limit"]]
    met = [a for a in quick if a["any_hours"] is not None and a["any_hours"] <= a["limit"]]
    assert response.flattered(book) == pytest.approx(len(met) / len(quick))
    assert response.flattered(book) > response.metrics(book)["value"].iloc[0] + 0.1
    assert "71 %" in words.of_counting(book)


@pytest.mark.parametrize("by", ["owner", "team", "channel", "intent_level"])
def test_breakdowns_add_up_to_the_same_leads(book, october, by):
    table = response.kept_by(book, by).set_index(by)
    hand = {}
    for a in october:
        key = a[by] if isinstance(a[by], str) else "not assigned"
        due, met = hand.get(key, (0, 0))
        hand[key] = (due + a["is_due"], met + a["is_met"])
    assert {k: (r["due"], r["met"]) for k, r in table.iterrows()} == hand


def test_hours_and_weekdays_are_the_report_zones_and_in_order(book, october):
    hand = {}
    for a in october:
        local = a["created_at"] + timedelta(hours=8)
        hand.setdefault(local.hour, []).append(a["is_due"])
    table = response.kept_by(book, "hour")
    assert table["hour"].is_monotonic_increasing
    assert dict(zip(table["hour"], table["owed"], strict=True)) == {
        hour: len(found) for hour, found in hand.items()
    }
    assert response.kept_by(book, "weekday")["weekday"].tolist() == [
        "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun",
    ]  # fmt: skip


def test_a_breakdown_that_is_none_is_refused_with_the_names_there_are(book):
    with pytest.raises(ParameterError, match="unknown breakdown 'tem'; did you mean 'team'"):
        response.kept_by(book, "tem")


def test_every_cell_of_the_week_holds_its_leads(book, answers):
    grid = response.week(book).set_index(["name", "step"])
    assert len(grid) == 7 * 6
    hand = {}
    for a in year_of(book, answers):
        local = a["created_at"] + timedelta(hours=8)
        key = (local.strftime("%a"), f"{local.hour // 4 * 4}–{local.hour // 4 * 4 + 4}")
        due, met = hand.get(key, (0, 0))
        hand[key] = (due + a["is_due"], met + a["is_met"])
    assert sum(abs(grid.loc[key, "n"] - due) for key, (due, _) in hand.items()) <= 2  # opened again
    assert grid.loc[("Sun", "8–12"), "value"] == pytest.approx(
        hand[("Sun", "8–12")][1] / hand[("Sun", "8–12")][0]
    )


def test_weekends_are_found_to_be_late_and_weekday_mornings_not(book):
    grid = response.week(book).set_index(["name", "step"])
    late = grid[grid["emphasis"] & (grid["difference"] < 0)].reset_index()
    assert set(late["name"]) <= {"Fri", "Sat", "Sun"}
    assert ("Sat", "8–12") in set(zip(late["name"], late["step"], strict=True))
    assert words.of_week(response.week(book)).title.startswith("In time: 6")


# Who, and since when


def test_the_planted_breaker_is_found_and_nobody_else(book):
    (name,) = book.sql("SELECT name FROM clean.staff WHERE staff_id = $id", id=story.SLA_BREAKER)[
        "name"
    ]
    people = response.people(book)
    assert people.loc[people["is_apart"], "owner"].tolist() == [name]
    row = people.set_index("owner").loc[name]
    assert row["difference_high"] < -0.4
    assert 1 - row["rate"] == pytest.approx(story.BREAKER_SHARE, abs=0.1)
    found = {f.id: f for f in response.findings(book)}
    assert name in found[f"P02-R2/person-{name}"].claim
    assert response.headline(book, response.metrics(book)).endswith(f"{name} answers 19 % in time.")


def test_mates_count_by_the_months_in_which_the_person_had_leads(book, answers):
    """In plain Python: the share of the others of the team, month by month."""
    bounds = [(p.start, p.end) for p in book.period.trailing(response.YEAR)]
    table = response.people(book).set_index("owner")
    for name in ("汪洋", "安歌", "邵阳"):
        weight = expected = 0
        for start, end in bounds:
            due = [a for a in of(answers, start, end) if a["is_due"]]
            own = [a for a in due if a["owner"] == name]
            team = next((a["team"] for a in answers if a["owner"] == name), None)
            mates = [a for a in due if a["team"] == team and a["owner"] != name]
            if own and mates:
                weight += len(own)
                expected += len(own) * sum(a["is_met"] for a in mates) / len(mates)
        assert table.loc[name, "mates_rate"] == pytest.approx(expected / weight, abs=0.005)


def test_a_late_month_of_the_whole_team_is_nobodys_fault():
    import pandas as pd

    rows = pd.DataFrame(
        [("T", "a", 0, 10, 9), ("T", "b", 0, 90, 81), ("T", "a", 1, 90, 9), ("T", "b", 1, 10, 1)],
        columns=["team", "owner", "place", "due", "met"],
    )
    table = _beside_mates(rows).set_index("owner")
    assert table.loc["a", "met"] / table.loc["a", "due"] == pytest.approx(0.18)
    assert table.loc["a", "mates_met"] / table.loc["a", "mates_due"] == pytest.approx(0.18)
    assert table.loc["b", "mates_met"] / table.loc["b", "mates_due"] == pytest.approx(0.82)


def test_the_team_that_fell_is_found_with_its_month(book):
    (row,) = response.turns(book).to_dict("records")
    assert (row["team"], row["since"], row["periods"]) == (story.LATE_TEAM, story.LATE_MONTH, 3)
    trend = response.team_trend(book)
    own = trend[trend["team"] == story.LATE_TEAM]
    since = own[own["period"] >= story.LATE_MONTH]
    assert (row["met"], row["due"]) == (since["numerator"].sum(), since["n"].sum())
    low, high = intervals.wilson(since[["numerator"]].sum(), since[["n"]].sum())
    assert (row["low"], row["high"]) == (low[0], high[0])
    claim = {f.id: f for f in response.findings(book)}[f"P02-R2/since-{story.LATE_TEAM}"].claim
    assert "since August 2026" in claim


def test_before_it_happened_no_team_had_turned():
    from playbook.book import open_book

    july = open_book("sample", "2026-07", as_of="2026-08-01")
    assert response.turns(july).empty
    assert (
        "beyond chance"
        in words.of_trend(july, response.turns(july), response.team_trend(july)).title
    )


def test_who_the_numbers_single_out_is_never_said_to_be_the_cause(book):
    found = {f.id.split("-")[0]: f for f in response.findings(book)}
    assert "nothing of why" in found["P02"].evidence or any(
        "nothing of why" in f.evidence for f in response.findings(book)
    )
    cost = next(f for f in response.findings(book) if f.id == "P02-R2/cost")
    assert "need not be caused" in cost.evidence
    assert "No proof of a cause." in "\n".join(
        response.leader_report(book, response.metrics(book), response.findings(book))["text"]
    )


def test_findings_have_ids_of_their_own(book):
    from playbook.chapters import growth

    ids = [f.id for f in response.findings(book)]
    assert len(set(ids)) == len(ids)
    assert not set(ids) & {f.id for f in growth.findings(book)}


# What goes with lateness


def test_conversion_by_band_is_counted_again_in_python(book, answers):
    import pandas as pd

    cost = response.cost_of_lateness(book)
    sql = book.sql(
        "SELECT lead_id, coalesce(sql_at, opportunity_at, won_at) AS at FROM lead_journey"
    )
    converted = dict(sql.itertuples(index=False))
    from playbook.chapters.growth.pace import usual_days

    days = usual_days(book, "lead", "sql")
    bands = {}
    for a in answers:
        if a["created_at"] > book.as_of - timedelta(days=days):
            continue
        at = converted[a["lead_id"]]
        won = not pd.isna(at) and at - a["created_at"] <= timedelta(days=days)
        took = a["hours"] if a["hours"] is not None and a["hours"] <= days * 24 else None
        if won and took is not None and hours(a, at) < took:
            continue
        band = "never" if took is None else "later" if took > 72 else "in time"
        n, k = bands.get(band, (0, 0))
        bands[band] = (n + 1, k + won)
    rows = cost.bands.set_index("band")
    assert (rows.loc["later", "n"], rows.loc["later", "converted"]) == bands["later"]
    assert (rows.loc["never", "n"], rows.loc["never", "converted"]) == bands["never"]
    assert cost.n == sum(n for n, _ in bands.values())


def test_late_answers_go_with_fewer_sqls_and_the_warning_stands_first(book):
    cost = response.cost_of_lateness(book)
    assert cost.bands.set_index("band").loc["later", "odds_high"] < 0.5
    assert response.held(cost) == ["score band", "channel group", "intent"]
    said = words.of_odds(cost, response.held(cost))
    assert said.see.startswith("Teams do not get the same leads")
    scores = scoring.scores_at_capture(book)["band"].value_counts()
    held = cost.covariates[cost.covariates["covariate"] == "score"].set_index("level")["n"]
    assert set(held.index) == set(scores.index)
    assert (held <= scores.reindex(held.index)).all()


# After events


def test_the_event_that_nobody_followed_up_stands_first(book):
    table = response.after_events(book)
    name = book.sql("SELECT event_name FROM clean.event WHERE event_id = 'E039'")["event_name"][0]
    assert table["event"].iloc[0] == name
    assert (table["followed"].iloc[0], table["rate"].is_monotonic_increasing) == (0, True)
    assert any(name in f.claim for f in response.findings(book) if f.id == "P07-R2/response")


def test_an_event_is_followed_up_by_people_within_48_hours_of_its_end(open_files):
    files = {
        "event.csv": "event_id,event_name,primary_goal,start_at,end_at\n"
        "E1,Expo,leads,2026-10-10 09:00,2026-10-10 17:00\n"
        "E2,Late,leads,2026-10-30 09:00,2026-10-30 17:00\n",
        "lead.csv": "lead_id,created_at,event_id\n"
        + "".join(f"L{n},2026-10-10 12:00,E1\n" for n in range(1, 5))
        + "L5,2026-10-30 12:00,E2\n",
        "activity.csv": "activity_id,activity_at,lead_id,is_automatic\n"
        "V1,2026-10-12 17:00,L1,0\n"  # to the minute
        "V2,2026-10-12 17:01,L2,0\n"  # a minute late
        "V3,2026-10-10 15:00,L3,0\n"  # while it went on
        "V4,2026-10-11 09:00,L4,1\n",  # by a system
        "event_attendee.csv": "event_id,person_id,csat\nE1,P1,5\nE1,P2,2\nE1,P3,\nE2,P4,1\n",
    }
    table = response.after_events(open_files(files))
    assert table[["satisfaction", "ratings"]].values.tolist() == [[3.5, 2]]
    assert table[["event", "leads", "followed"]].values.tolist() == [["Expo", 4, 1]]
    assert math.isclose(table["rate"].iloc[0], 0.25)


def test_without_activities_nothing_is_called_late(open_files):
    book = open_files({"lead.csv": "lead_id,created_at\nL1,2026-10-05 09:00\n"})
    assert response.sla_overdue(book).empty
    assert "would seem" not in words.of_counting(book)
    assert "nobody knows who called" in response.headline(book, response.metrics(book))
    assert not [f for f in response.findings(book) if f.id.startswith("P02-R2")]
