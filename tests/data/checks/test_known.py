"""What was known at `as_of`, and what that moment is."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from playbook.data.checks.known import latest


def at(text):
    return datetime.fromisoformat(text)


def many(first, count, step=1):
    start = date.fromisoformat(first)
    return [
        {"lead_id": f"L{i}", "created_at": f"{start + timedelta(days=i * step)} 10:00"}
        for i in range(count)
    ]


def test_the_latest_event_is_the_moment_without_an_export_time(check):
    outcome = check({"lead": many("2026-02-01", 5)})
    assert outcome.checked.as_of == at("2026-02-05 02:00")


def test_a_dated_row_counts_until_the_end_of_its_day(check, good):
    assert check(good).checked.as_of == at("2026-03-31 15:59:59")


def test_the_latest_export_is_the_moment_where_it_is_given(check):
    rows = [row | {"extracted_at": "2026-03-01 08:00"} for row in many("2026-02-01", 5)]
    assert check({"lead": rows}).checked.as_of == at("2026-03-01 00:00")


def test_events_of_tables_without_an_export_time_may_be_later(check, good):
    """An old list of staff does not hide the leads that came after it."""
    good["staff"][0]["extracted_at"] = "2025-06-01"
    assert check(good).checked.as_of == at("2026-03-31 15:59:59")


def test_events_shortly_after_the_export_still_count(check):
    """An export stamped with its day only: the events of that day are no typing errors."""
    rows = [row | {"extracted_at": "2026-02-05"} for row in many("2026-02-01", 5)]
    outcome = check({"lead": rows})
    assert outcome.codes == []
    assert outcome.checked.as_of == at("2026-02-05 02:00")


def test_events_long_after_the_export_are_future_dates(check):
    rows = [row | {"extracted_at": "2026-02-03"} for row in many("2026-02-01", 9)]
    outcome = check({"lead": rows})
    assert outcome.codes == [("flag", "future-date", "lead", "留资时间", 6)]


def test_a_lone_date_in_the_far_future_is_a_typing_error(check):
    rows = [*many("2026-02-01", 30), {"lead_id": "X", "created_at": "2062-02-01 10:00"}]
    outcome = check({"lead": rows})
    assert outcome.checked.as_of == at("2026-03-02 02:00")
    problem = outcome.code("future-date").iloc[0]
    assert (problem["severity"], problem["row"], problem["count"]) == ("flag", 32, 1)
    assert problem["value"] == "2062-02-01 10:00"
    assert problem["message"] == (
        "created_at (留资时间) lies after the data's latest moment, 2026-03-02; "
        "it is hidden as not yet known"
    )
    assert problem["remedy"] == "correct the year or month in the source"
    assert outcome.rows("SELECT count(*) FROM clean.lead") == [(30,)]


def test_a_season_after_a_long_pause_is_no_typing_error():
    days = {date(2026, 1, d): 3 for d in range(1, 20)} | {date(2026, 8, d): 3 for d in range(1, 20)}
    assert latest(days) == date(2026, 8, 19)


def test_several_typing_errors_in_different_years_are_all_left_out():
    days = {date(2026, 1, d): 30 for d in range(1, 20)} | {date(2062, 1, 1): 1, date(2206, 1, 1): 1}
    assert latest(days) == date(2026, 1, 19)


def test_nothing_has_no_latest_day():
    assert latest({}) is None


def test_as_of_hides_rows_and_values_of_later(check, good):
    outcome = check(good, as_of=at("2026-02-28 00:00"))
    assert outcome.checked.as_of == at("2026-02-28 00:00")
    assert outcome.rows("SELECT count(*) FROM clean.payment") == [(0,)]
    assert outcome.rows(
        "SELECT closed_at, is_won, won_amount, amount::INT FROM clean.opportunity"
    ) == [(None, None, None, 100000)]
    assert outcome.rows("SELECT stage_event_id FROM clean.stage_event") == [("E1",), ("E2",)]
    hidden = outcome.code("after-as-of")
    assert set(hidden["severity"]) == {"note"}
    assert set(zip(hidden["table"], hidden["column"], strict=True)) == {
        ("payment", "入账日期"), ("stage_event", "进入时间"), ("opportunity", "成交时间"),
        ("opportunity", "是否赢单"), ("opportunity", "成交金额"), ("event", "开始时间"),
    }  # fmt: skip


def test_as_of_labels_state_that_has_no_date(check, good):
    outcome = check(good, as_of=at("2026-02-28 00:00"))
    exported = outcome.code("as-exported")
    assert set(exported["severity"]) == {"note"}
    assert ("lead", "当前状态") in set(zip(exported["table"], exported["column"], strict=True))
    assert outcome.rows("SELECT status FROM clean.lead WHERE lead_id = 'L1'") == [("converted",)]
    assert exported["message"].iloc[0] == (
        "status (当前状态) is the state when it was exported, not the one of 2026-02-28"
    )


def test_the_present_needs_no_labels(check, good):
    assert "as-exported" not in {code for _, code, *_ in check(good).codes}


def test_an_owner_without_a_date_of_assignment_is_kept_now_and_hidden_then(check, good):
    """Many systems export the owner and not the day of assignment."""
    good["lead"][1]["owner_id"] = "S1"
    query = "SELECT owner_id FROM clean.lead WHERE lead_id = 'L2'"
    assert check(good).rows(query) == [("S1",)]
    assert check(good, as_of=at("2026-02-28")).rows(query) == [(None,)]


def test_an_owner_without_a_column_of_assignment_is_kept(check, good):
    for row in good["lead"]:
        del row["assigned_at"]
    query = "SELECT owner_id FROM clean.lead WHERE lead_id = 'L1'"
    assert check(good, as_of=at("2026-02-28")).rows(query) == [("S1",)]


def test_a_win_in_the_future_is_not_yet_a_win(check, good):
    good["opportunity"][0]["closed_at"] = "2062-03-20"
    del good["stage_event"], good["payment"]
    outcome = check(good)
    assert ("flag", "future-date", "opportunity", "成交时间", 1) in outcome.codes
    assert outcome.rows("SELECT closed_at, is_won FROM clean.opportunity") == [(None, None)]


def test_plans_ahead_are_no_typing_errors(check, good):
    good["event"][0] |= {"start_at": "2026-09-01", "end_at": "2026-09-02"}
    good["campaign"][0]["end_date"] = "2026-12-31"
    outcome = check(good)
    assert {code for _, code, *_ in outcome.codes} == {"after-as-of"}


def test_as_of_after_the_data_hides_nothing(check, good):
    outcome = check(good, as_of=at("2027-01-01"))
    assert outcome.codes == []
    assert outcome.checked.as_of == at("2027-01-01")


def test_as_of_is_compared_in_the_report_zone(check):
    """Three o'clock in Shanghai is still yesterday in UTC."""
    rows = [
        {"lead_id": "L1", "created_at": "2026-02-01"},
        {"lead_id": "L2", "created_at": "2026-02-02"},
    ]
    spends = [
        {"spend_id": f"F{d}", "spend_date": f"2026-02-0{d}", "amount": "1", "channel_id": "c"}
        for d in (1, 2, 3)
    ]
    outcome = check({"lead": rows, "spend": spends}, as_of=at("2026-02-01 19:00"))
    assert outcome.rows("SELECT lead_id FROM clean.lead") == [("L1",), ("L2",)]
    assert outcome.rows("SELECT spend_id FROM clean.spend") == [("F1",), ("F2",)]
