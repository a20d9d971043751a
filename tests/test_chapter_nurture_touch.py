"""Rules of touch, clocks after events and the states of customers, against plain Python."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from playbook.chapters import nurture


def brute(table):
    """On each message, how many the contact had that day and in the seven days to it."""
    out = []
    for who, sent in zip(table["contact"], table["sent"], strict=True):
        own = [s for c, s in zip(table["contact"], table["sent"], strict=True) if c == who]
        days = [s.date() for s in own if s <= sent]
        first = sent.date() - timedelta(days=6)
        out.append((days.count(sent.date()), sum(day >= first for day in days)))
    return out


def test_messages_are_numbered_in_their_day_and_week_as_by_hand(book):
    table = nurture.messages(book)
    found = list(zip(table["on_day"], table["in_week"], strict=True))
    assert found == brute(table)


MESSAGES = {
    "lead.csv": "lead_id,created_at,person_id\nL1,2026-09-01 09:00,P1\nL2,2026-09-01 09:00,P2\n",
    "person.csv": "person_id,consent_status\nP1,granted\nP2,withdrawn\n",
    "touch.csv": (
        "touch_id,touched_at,touch_type,direction,lead_id,program\n"
        "T1,2026-09-30 10:00,email_sent,out,L1,\n"
        "T2,2026-10-01 10:00,email_sent,out,L1,nurture_137/d1\n"
        "T3,2026-10-02 08:00,wecom_add,out,L1,\n"
        "T4,2026-10-02 21:00,sms_sent,out,L1,\n"
        "T5,2026-10-08 10:00,email_sent,out,L1,\n"
        "T6,2026-10-08 10:00,wecom_add,out,L2,\n"
        "T7,2026-10-09 10:00,email_sent,out,L2,nurture_137/d1\n"
        "T8,2026-10-09 10:00,email_click,in,L2,nurture_137/d1\n"
        "T9,2026-10-09 10:00,thank_you,out,L2,\n"
    ),
}


def test_broken_rules_are_counted_by_hand(open_files):
    table = nurture.broken(open_files(MESSAGES)).set_index("rule")
    broke = table["broke"].to_dict()
    assert broke == {
        "more than 1 to a contact in a day": 1,  # T4
        "more than 3 to a contact in seven days": 1,  # T4: with T1, T2 and T3
        "outside 09:00 to 20:00": 2,  # T3, T4
        "on a channel that needs consent, without it": 1,  # T7
        "to a contact who withdrew consent": 2,  # T6, T7
    }
    assert table["messages"].to_dict() == {
        **dict.fromkeys(broke, 6), "on a channel that needs consent, without it": 4,
    }  # fmt: skip
    assert table.loc["on a channel that needs consent, without it", "most"] == (
        "Leads without intent yet, day 1 (1)"
    )


def test_another_cap_holds_back_other_messages(open_files):
    book = open_files(MESSAGES)
    assert [nurture.over_cap(book, cap, 9) for cap in (1, 2, 3, 4)] == [5, 3, 1, 0]
    caps = nurture.caps(book)
    assert list(caps.loc[caps["emphasis"], "name"]) == ["3 a week"]


def test_rules_in_force_are_those_of_the_file(open_files):
    rules = '[nurture.touch]\nper_day = 2\nsend_hours = "10:00-18:00"\n'
    book = open_files(MESSAGES, rules=rules)
    now = nurture.touch_rules(book).set_index("setting")["now"]
    assert now["[nurture.touch] per_day"] == "2"
    assert now["[nurture.touch] send_hours"] == "10:00 to 18:00"
    assert nurture.broken(book).set_index("rule")["broke"]["outside 10:00 to 18:00"] == 2


def test_personal_words_count_the_leads_they_apply_to(book):
    table = nurture.personal_rules(book).set_index("value")
    leads = book.sql("SELECT industry, channel_group FROM lead_journey")
    assert table.loc["finance", "leads"] == (leads["industry"] == "finance").sum()
    assert table.loc["sem", "leads"] == (leads["channel_group"] == "sem").sum()


def test_the_clocks_after_events_are_those_of_plain_python(book):
    """Thanks within 24 hours: recomputed from attendees and events."""
    attended = book.sql(
        """SELECT l.lead_id, coalesce(e.end_at, e.start_at) AS ended, min(t.thanked_at) AS thanked
        FROM clean.event_attendee t JOIN clean.event e USING (event_id)
        JOIN lead_journey l ON l.person_id = t.person_id AND l.event_id = t.event_id
        WHERE t.checked_in_at IS NOT NULL AND coalesce(e.end_at, e.start_at) >= $start
            AND coalesce(e.end_at, e.start_at) < $end
        GROUP BY ALL""",
        start=book.period.start,
        end=book.period.end,
    )
    took = attended["thanked"] - attended["ended"]
    in_time = took.between(timedelta(0), timedelta(hours=24)).sum()
    row = nurture.clocks(book).iloc[0]
    assert row["within_hours"] == 24
    assert row["in_time"] == in_time
    assert row["n"] <= len(attended)


def test_states_are_the_furthest_reached_of_open_leads(open_files):
    files = {
        "lead.csv": (
            "lead_id,created_at\nL1,2026-09-01 09:00\nL2,2026-09-01 09:00\nL3,2026-10-02 09:00\n"
            "L4,2026-09-01 09:00\n"
        ),
        "activity.csv": (
            "activity_id,activity_at,staff_id,lead_id,outcome\n"
            "V1,2026-09-02 09:00,S1,L1,connected\nV2,2026-10-05 09:00,S1,L2,connected\n"
            "V3,2026-10-05 10:00,S1,L3,no_answer\n"
        ),
        "stage_event.csv": (
            "stage_event_id,lead_id,stage,entered_at\n"
            "E1,L1,sql,2026-10-10 09:00\nE2,L4,invalid,2026-10-11 09:00\n"
        ),
    }
    book = open_files(files)
    table = nurture.customer_states(book).set_index("state")
    assert table["leads"].to_dict() == {"potential": 1, "connected": 1, "intent": 1}
    assert table["before"].to_dict() == {"potential": 2, "connected": 1, "intent": 0}
    moved = {(r[0], r[1]): r[2] for r in nurture.transitions(book).itertuples(index=False)}
    assert moved == {
        ("not captured yet", "potential"): 1,
        ("potential", "connected"): 1,
        ("potential", "closed"): 1,
        ("connected", "intent"): 1,
    }


def test_transitions_explain_the_change_of_every_state(book):
    table = nurture.customer_states(book).set_index("state")
    moved = nurture.transitions(book)
    for state, row in table.iterrows():
        came = moved.loc[moved["to"] == state, "leads"].sum()
        went = moved.loc[moved["from"] == state, "leads"].sum()
        assert row["leads"] == row["before"] + came - went
        assert row["entered"] == came


def test_the_state_of_each_lead_follows_its_furthest_signal(book):
    tables, now = nurture.tables(book), nurture.now(book)
    ladder = {name: i for i, s in enumerate(nurture.ladder(book.rules)) for name in s.reached_by}
    names = [s.name for s in nurture.ladder(book.rules)]
    furthest, over = {}, set()
    for entity, signal, moment in tables.signals[["entity", "signal", "at"]].itertuples(
        index=False
    ):
        if moment > now - timedelta(hours=6, seconds=1):  # the end of October
            continue
        if signal in ladder:
            furthest[entity] = max(furthest.get(entity, 0), ladder[signal])
        if signal in {"invalid", "won", "lost"}:
            over.add(entity)
    expected = Counter(names[i] for lead, i in furthest.items() if lead not in over)
    found = nurture.customer_states(book).set_index("state")["leads"].to_dict()
    assert found == dict(expected)


@pytest.mark.parametrize("period", ["2026-W43", "2026-Q3", "2026"])
def test_other_periods_count_their_own_messages(book, period):
    from playbook.book import Book

    other = Book(book.path, period)
    table = nurture.messages(other)
    inside = table[table["in_period"]]
    zone = timedelta(hours=8)
    assert inside["sent"].min() >= other.period.start + zone
    assert inside["sent"].max() < other.period.end + zone
