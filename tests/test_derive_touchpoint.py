"""The view of everything that happened with a customer, on hand-worked cases."""

from __future__ import annotations

import pandas as pd
import pytest

LEADS = """
lead_id,created_at,person_id,account_id,channel_id,event_id,capture_type,merged_into_lead_id,campaign_id
L1,2026-10-05 09:00,P1,A1,C1,,form,,
L2,2026-10-06 09:00,P2,A1,C2,,inquiry,,
L3,2026-10-06 09:20,P2,A9,C2,,inquiry,L2,
L4,2026-10-07 09:00,,,C9,,download,,
L5,2026-10-08 09:00,P3,A2,C3,E1,card,,
L6,2026-10-09 09:00,P4,,,,qr,,K1
L7,2026-10-10 09:00,P9,,C1,E2,registration,,
"""
ACCOUNTS = """
account_id,account_name
A1,One
A2,Two
A3,Three
A9,"One  Ltd"
"""
PEOPLE = """
person_id,account_id
P1,A1
P2,A1
P3,A2
P4,A3
"""
CHANNELS = """
channel_id,channel_name,channel_group
C1,Search,sem
C2,Site,website
C3,Fair,exhibition
"""
CAMPAIGNS = """
campaign_id,campaign_name,channel_id,start_date
K1,Autumn,C1,2026-09-01
K2,Fairs,C3,2026-09-01
"""
EVENTS = """
event_id,event_name,event_type,primary_goal,start_at,end_at,campaign_id,partner_id
E1,Salon,salon,leads,2026-10-08 09:00,2026-10-08 17:00,K2,T1
E2,Salon,webinar,leads,2026-10-12 09:00,2026-10-12 10:00,,
"""
PARTNERS = """
partner_id,partner_name,partner_type,tier
T1,Friend,integrator,A
"""
KEYWORDS = """
keyword_id,keyword,word_class
W1,Our name,brand
W2,A need,pain
"""
TOUCHES = """
touch_id,touched_at,person_id,account_id,lead_id,touch_type,direction,channel_id,campaign_id,keyword_id,event_id,program
T1,2026-10-05 08:40,P1,,,ad_click,in,C1,,W1,,
T2,2026-10-05 09:00,P1,A1,L1,form,in,,,,,
T3,2026-10-05 09:01,P1,A1,L1,thank_you,,,,,,welcome/0h
T4,2026-10-06 09:05,,,L3,form,in,C2,,,,
T5,2026-10-08 11:00,P3,,,event_checkin,in,C3,,,E1,
T6,2026-10-09 10:00,P4,,,ad_click,in,,K1,W2,,
"""
ATTENDEES = """
event_id,person_id,registered_at,checked_in_at
E1,P3,2026-10-01 09:00,2026-10-08 09:30
E1,P1,2026-10-08 10:00,2026-10-08 10:00
E2,P2,2026-10-02 09:00,
"""
FILES = {
    "lead.csv": LEADS,
    "account.csv": ACCOUNTS,
    "person.csv": PEOPLE,
    "channel.csv": CHANNELS,
    "campaign.csv": CAMPAIGNS,
    "event.csv": EVENTS,
    "partner.csv": PARTNERS,
    "keyword.csv": KEYWORDS,
    "touch.csv": TOUCHES,
    "event_attendee.csv": ATTENDEES,
}
RULES = '[checks]\naccount_keys = ["credit_code"]\n'


@pytest.fixture
def points(open_files):
    book = open_files(FILES, rules=RULES)
    return book.sql("FROM touchpoint ORDER BY touched_at, touch_id").set_index("touch_id")


def test_everything_is_there_once(points):
    assert points.index.is_unique
    assert list(points.index) == [
        "registered:E1:P3",
        "registered:E2:P2",
        "T1",
        "T2",
        "T3",
        "T4",
        "captured:L4",
        "arrived:E1:P1",
        "T5",
        "captured:L6",
        "T6",
        "captured:L7",
    ]


def test_a_touch_belongs_to_the_company_of_its_own_its_leads_or_its_persons_record(points):
    account = points["account_id"]
    assert account["T2"] == "A1"
    assert account["T1"] == "A1", "through the person"
    assert account["T4"] == "A1", "through the lead that its lead was merged into"
    assert points.loc["T4", ["lead_id", "person_id"]].to_list() == ["L2", "P2"]
    assert account["arrived:E1:P1"] == "A1"


def test_whoever_has_no_company_is_a_person_else_a_lead_and_they_never_meet(points):
    entity = points["entity"]
    assert entity["T1"] == "account:A1"
    assert entity["captured:L7"] == "person:P9", "a person without a record of its own"
    assert entity["captured:L4"] == "lead:L4"


def test_a_capture_that_a_touch_records_is_no_second_touch(points):
    assert not {"captured:L1", "captured:L2", "captured:L3"} & set(points.index)
    assert points.loc["captured:L4", "touch_type"] == "download"
    assert points.loc["captured:L6", "touch_type"] == "wecom_add"
    assert points.loc["captured:L7", "touch_type"] == "webinar_reg"


def test_the_form_by_which_a_lead_came_is_marked(points):
    marked = points.index[points["is_capture"]].tolist()
    assert marked == ["T2", "T4", "captured:L4", "captured:L6", "captured:L7"]


def test_a_capture_at_an_event_is_the_attendance(points):
    assert "captured:L5" not in points.index


def test_who_registers_at_the_door_touched_once_and_who_is_entered_by_hand_too(points):
    assert "registered:E1:P1" not in points.index
    assert "arrived:E1:P3" not in points.index, "T5 is the same arrival"
    assert points.loc["registered:E2:P2", "touch_type"] == "webinar_reg"
    assert points.loc["arrived:E1:P1", "touch_type"] == "event_checkin"


def test_the_channel_is_the_touchs_own_its_leads_its_campaigns_or_its_events(points):
    channel = points["channel"]
    assert channel["T4"] == "Site"
    assert channel["T2"] == "Search", "it records the capture of a lead that has a channel"
    assert channel["T6"] == "Search", "its campaign's"
    assert channel["arrived:E1:P1"] == "Fair", "that of the event's campaign"
    assert channel["registered:E2:P2"] == "no origin"
    assert channel["captured:L4"] == "C9", "a channel that is not in the table keeps its id"


def test_clicks_on_brand_words_stand_apart_from_their_channel(points):
    assert points.loc["T1", "source"] == "Search · brand words"
    assert points.loc["T6", "source"] == "Search"


def test_names_are_never_missing_and_never_shared(points):
    assert points.loc["T1", ["campaign", "event", "partner", "program"]].to_list() == [
        "outside campaigns",
        "outside events",
        "without a partner",
        "outside programmes",
    ]
    assert points.loc["registered:E1:P3", "event"] == "Salon (E1)"
    assert points.loc["registered:E2:P2", "event"] == "Salon (E2)"
    assert points.loc["registered:E1:P3", "partner"] == "Friend"


def test_a_thank_you_goes_out_where_nobody_says_so(points):
    assert points["direction"].value_counts().to_dict() == {"in": 11, "out": 1}
    assert points.loc["T3", "direction"] == "out"


def test_a_company_with_nothing_but_leads_has_their_captures(open_files):
    book = open_files({"lead.csv": LEADS, "channel.csv": CHANNELS}, rules=RULES)
    points = book.sql("FROM touchpoint ORDER BY touched_at, touch_id")
    assert points["recorded_as"].unique().tolist() == ["capture"]
    assert points["lead_id"].tolist() == ["L1", "L2", "L2", "L4", "L5", "L6", "L7"]
    assert points["channel"].tolist() == [
        "Search",
        "Site",
        "Site",
        "C9",
        "Fair",
        *["no origin"],
        "Search",
    ]


def test_a_won_deal_tells_the_company_of_a_lead_without_one(open_files):
    deals = "opportunity_id,account_id,created_at,lead_id\nO1,A7,2026-10-09 09:00,L4\n"
    book = open_files({"lead.csv": LEADS, "opportunity.csv": deals}, rules=RULES)
    entity = book.sql("FROM touchpoint").set_index("lead_id")["entity"]
    assert entity["L4"] == "account:A7"


def test_the_sample_has_no_touch_of_nobody_and_every_lead_has_one(book):
    counts = book.sql(
        """SELECT count(*) AS n, count(DISTINCT touch_id) AS ids, count(entity) AS entities,
            count(*) FILTER (recorded_as = 'touch') AS touches FROM touchpoint"""
    ).iloc[0]
    assert counts["n"] == counts["ids"] == counts["entities"]
    assert counts["touches"] == book.rows("touch")
    without = book.sql(
        """SELECT l.lead_id FROM lead_journey l
        ANTI JOIN touchpoint t ON t.entity = 'account:' || l.account_id
            AND (t.event_id = l.event_id OR abs(epoch(t.touched_at - l.created_at)) <= 3600)"""
    )
    assert without.empty


def test_of_the_samples_attendances_none_is_lost(book):
    rows = book.sql(
        """SELECT count(*) FILTER (touch_type IN ('event_checkin', 'webinar_join')) AS arrived,
            count(DISTINCT (event_id, person_id)) AS people FROM touchpoint
        WHERE recorded_as = 'attendee'"""
    ).iloc[0]
    asked = book.sql(
        "SELECT count(checked_in_at) AS arrived, count(*) AS people FROM clean.event_attendee"
    ).iloc[0]
    assert rows["arrived"] == asked["arrived"]
    assert pd.isna(asked["people"]) is False
    assert rows["people"] == asked["people"]
