"""Dates and times as people write them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playbook.data.checks.times import Order, steady


def at(text: str) -> datetime:
    """A naive time."""
    return datetime.fromisoformat(text)


LOCAL = at("2026-10-03 09:05")
UTC_TIME = at("2026-10-03 01:05")
ZONES = ("Asia/Shanghai", "America/New_York", "Europe/Berlin", "Asia/Kolkata", "UTC")
several = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.mark.parametrize(
    "text",
    [
        "2026-10-03 09:05",
        "2026-10-03 09:05:00",
        "2026-10-03T09:05:00",
        "2026-10-03 09:05:00.000",
        "2026-10-03 09:05:00,000",
        "2026/10/3 9:05",
        "2026.10.03 9:05",
        "2026年10月3日 9:05",
        "2026年10月3日9时5分",
        "2026年10月3日 9点05分00秒",
        "2026年10月3日 星期六 上午9:05",
        "2026/10/3 上午 9:05",
        "2026/10/3 9:05 AM",
        "20261003 09:05",
        "202610030905",
        "20261003090500",
        "2026-10-03T01:05:00Z",
        "2026-10-03T01:05Z",
        "2026-10-03 01:05:00 UTC",
        "2026-10-03T09:05:00+08:00",
        "2026-10-03 09:05:00 +0800",
        "2026-10-02 21:05:00-04",
        "2026-10-03T09:05:00.000000000+08:00",
        "3 Oct 2026 09:05",
        "Oct 3, 2026 9:05 AM",
        "03-Oct-2026 09:05",
        "3.10.2026 09:05",
        "46298.3784722222",
        "1790989500",
        "1790989500000",
    ],
)
def test_a_time_is_read_however_it_is_written(read, text):
    """All are five past nine in Shanghai, or say their own zone."""
    assert read("lead.created_at", [text]) == [UTC_TIME]


def test_an_afternoon_in_chinese_is_after_noon(read):
    found = read("lead.created_at", ["2026/10/3 下午3:05", "2026/10/3 下午 12:05"])
    assert found == [at("2026-10-03 07:05"), at("2026-10-03 04:05")]


@pytest.mark.parametrize(
    "text",
    [
        "2026-13-03", "2026-02-30", "26-10-03", "soon", "12", "2026", "2026-10", "12026-10-03",
        "infinity", "epoch", "99999", "2026-10-03 25:00", "三月",
    ],
)  # fmt: skip
def test_what_is_no_time_is_not_read(read, text):
    assert read("lead.created_at", [text]) == [None]


@pytest.mark.parametrize("text", ["2026-10-03", "2026/10/3", "20261003", "46298", "2026年10月3号"])
def test_a_day_is_its_first_moment_in_the_report_zone(read, text):
    assert read("lead.created_at", [text]) == [at("2026-10-02 16:00")]
    assert read("payment.booked_on", [text]) == [date(2026, 10, 3)]


def test_a_date_with_a_zone_is_the_day_in_the_report_zone(read):
    assert read("payment.booked_on", ["2026-10-02T20:00:00Z"]) == [date(2026, 10, 3)]


def test_midnight_at_the_end_of_a_day_is_the_next_day(read):
    assert read("lead.created_at", ["2026-10-03 24:00:00"]) == [at("2026-10-03 16:00")]


def test_full_width_digits_are_read(read):
    assert read("lead.created_at", ["２０２６－１０－０３　０９：０５"]) == [UTC_TIME]


def test_native_times_are_read_in_the_report_zone_unless_they_have_one(read):
    assert read("lead.created_at", [LOCAL], "TIMESTAMP") == [UTC_TIME]
    assert read("lead.created_at", [LOCAL], "TIMESTAMP_NS") == [UTC_TIME]
    zoned = LOCAL.replace(tzinfo=ZoneInfo("Asia/Shanghai"))
    assert read("lead.created_at", [zoned], "TIMESTAMP WITH TIME ZONE") == [UTC_TIME]
    assert read("lead.created_at", [LOCAL.date()], "DATE") == [at("2026-10-02 16:00")]


def test_native_times_become_dates_of_the_report_zone(read):
    late = datetime(2026, 10, 2, 20, tzinfo=UTC)
    assert read("payment.booked_on", [late], "TIMESTAMP WITH TIME ZONE") == [date(2026, 10, 3)]
    assert read("payment.booked_on", [LOCAL], "TIMESTAMP") == [date(2026, 10, 3)]
    assert read("payment.booked_on", ["infinity"], "TIMESTAMP") == [None]


def test_excel_serials_may_come_as_numbers(read):
    assert read("payment.booked_on", [46298, 46298.75], "DOUBLE") == [date(2026, 10, 3)] * 2


@pytest.mark.parametrize(("order", "expected"), [("day_first", 4), ("month_first", 3)])
def test_a_slashed_date_follows_the_order_of_its_file(read, order, expected):
    found = read("payment.booked_on", ["03/04/2026"], order=Order(**{order: frozenset({0})}))
    assert found == [date(2026, expected, 7 - expected)]


def test_an_undecided_slashed_date_is_not_guessed(read):
    values = ["03/04/2026", "13/04/2026", "04/13/2026", "04/04/2026", "3.4.2026"]
    expected = [None, *[date(2026, 4, 13)] * 2, date(2026, 4, 4), date(2026, 4, 3)]
    assert read("payment.booked_on", values) == expected


def _safe(local: datetime, zone: str) -> bool:
    """Whether the wall clock shows this time exactly once."""
    info = ZoneInfo(zone)
    first, second = (local.replace(tzinfo=info, fold=fold) for fold in (0, 1))
    return first.utcoffset() == second.utcoffset()


@several
@given(
    moments=st.lists(
        st.datetimes(at("1971-01-01"), at("2099-12-31")), min_size=1, max_size=20
    ),
    zone=st.sampled_from(ZONES),
    form=st.sampled_from(
        ["%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y年%m月%d日 %H:%M:%S", "%Y%m%d%H%M%S",
         "%d %b %Y %H:%M:%S", "%Y-%m-%d %I:%M:%S %p", "%Y-%m-%dT%H:%M:%S.%f"]
    ),
)  # fmt: skip
def test_times_agree_with_python(read, moments, zone, form):
    """The oracle is the standard library's own zones."""
    moments = [m.replace(microsecond=0) for m in moments if _safe(m.replace(microsecond=0), zone)]
    expected = [
        m.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC).replace(tzinfo=None) for m in moments
    ]
    texts = [m.strftime(form) for m in moments]
    assert not moments or read("lead.created_at", texts, zone=zone) == expected


@several
@given(
    moments=st.lists(
        st.datetimes(
            at("1990-01-01"),
            at("2090-12-31"),
            timezones=st.sampled_from(ZONES).map(ZoneInfo),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_iso_times_with_an_offset_agree_with_python(read, moments):
    whole = [m.replace(microsecond=0) for m in moments]
    expected = [m.astimezone(UTC).replace(tzinfo=None) for m in whole]
    assert read("lead.created_at", [m.isoformat() for m in whole]) == expected


@several
@given(days=st.lists(st.dates(date(1955, 1, 1), date(2110, 1, 1)), min_size=1, max_size=20))
def test_excel_serials_agree_with_python(read, days):
    serials = [str((day - date(1899, 12, 30)).days) for day in days]
    assert read("payment.booked_on", serials) == days


def test_a_zone_is_steady_only_after_its_last_change():
    since, offset = steady("Asia/Shanghai")
    assert offset == 8 * 3600
    assert at("1991-09-15") < since < at("1991-10-15")
    assert steady("Europe/Berlin") is None


def test_a_time_before_the_last_change_uses_the_offset_of_its_day(read):
    """Shanghai kept summer time until 1991."""
    summer = at("1990-07-01 12:00")
    assert read("lead.created_at", [summer], "TIMESTAMP") == [summer - timedelta(hours=9)]


def test_reading_does_not_depend_on_the_zone_of_the_session(read, con):
    found = []
    for zone in ("UTC", "Asia/Tokyo", "America/Los_Angeles"):
        con.execute(f"SET TimeZone = '{zone}'")
        found.append(read("lead.created_at", ["2026-10-03 09:05", "2026-10-03T01:05:00Z"]))
    assert found == [[UTC_TIME, UTC_TIME]] * 3
