"""The way of a lead, and where its traces end (P02-T7)."""

from __future__ import annotations

from playbook.chapters import growth

HAND = {
    "lead.csv": "lead_id,person_id,created_at,assigned_at\n"
    "L1,P1,2026-10-05T00:00:00,2026-10-05T06:00:00\n"
    "L2,P2,2026-10-06T00:00:00,\n"
    "L3,P3,2026-10-07T00:00:00,2026-10-07T02:00:00\n",
    "touch.csv": "touch_id,person_id,lead_id,touch_type,touched_at\n"
    "T1,P1,,page_view,2026-10-01T00:00:00\n"
    "T2,P1,,download,2026-10-09T00:00:00\n"
    "T3,P1,L1,form,2026-10-05T00:00:00\n"
    "T4,P2,L2,form,2026-10-06T00:00:00\n"
    "T5,P2,L2,thank_you,2026-10-06T03:00:00\n"
    "T6,P3,,ad_click,2026-10-08T00:00:00\n",
}


def test_each_step_counts_the_leads_that_left_a_trace_there(open_files):
    table = growth.conversion_path(open_files(HAND)).set_index("step")
    assert table["leads"][["Traffic", "Form"]].tolist() == [3, 3]
    steps = ["Traffic", "Content", "Form", "Auto-reply", "Sales alert"]
    assert table["traced"][steps].tolist() == [1, 0, 2, 1, 2]
    assert table["median_hours"][["Form", "Auto-reply", "Sales alert"]].tolist() == [0, 3, 4]
    assert table["median_hours"]["Traffic"] != table["median_hours"]["Traffic"]
    assert table["needs"][["First answer", "Nurture"]].tolist() == ["activity", "stage_event"]
    assert table["traced"][["First answer", "Nurture"]].isna().all()


def test_the_way_of_the_samples_leads_agrees_with_a_query_by_hand(book):
    table = growth.conversion_path(book).set_index("step")
    hand = book.sql(
        """SELECT count(*) FILTER (EXISTS (FROM clean.touch t JOIN lead_alias a USING (lead_id)
                WHERE a.kept_id = l.lead_id AND t.touch_type = 'thank_you')) AS thanked,
            count(assigned_at) AS assigned, count(*) AS leads
        FROM lead_journey l WHERE created_at >= $a AND created_at < $b""",
        a=book.period.start,
        b=book.period.end,
    ).iloc[0]
    assert table["traced"]["Auto-reply"] == hand["thanked"]
    assert table["traced"]["Sales alert"] == hand["assigned"]
    assert table["leads"].eq(hand["leads"]).all()
