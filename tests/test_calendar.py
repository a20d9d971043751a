"""Business time against the published Chinese calendar, NumPy and hand-worked hours."""

from datetime import UTC, date, datetime, time, timedelta

import chinese_calendar
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbook.calendar import Workdays
from playbook.errors import ParameterError

at = datetime.fromisoformat
DAYS = st.dates(date(2015, 1, 1), date(2026, 12, 31))
MOMENTS = st.datetimes(at("2024-09-01 00:00"), at("2025-03-01 00:00"))


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        (date(2025, 1, 26), True),  # Sunday before the Spring Festival, made up
        (date(2025, 2, 8), True),  # Saturday after it, made up
        (date(2025, 9, 28), True),  # Sunday before National Day, made up
        (date(2025, 10, 1), False),  # National Day, a Wednesday
        (date(2025, 10, 8), False),  # last day of its holiday, a Wednesday
        (date(2025, 10, 9), True),
        (date(2026, 2, 14), True),  # Saturday, made up
        (date(2025, 10, 11), True),  # Saturday, made up
        (date(2025, 10, 12), False),
    ],
)
def test_chinese_make_up_days_and_holidays_are_known(day, worked):
    """The dates are those of the State Council's notices."""
    assert Workdays().is_workday(day) is worked


@given(DAYS)
def test_every_published_day_agrees_with_the_maintained_library(day):
    assert Workdays().is_workday(day) == chinese_calendar.is_workday(day)


@given(DAYS, DAYS)
def test_monday_to_friday_counts_as_numpy_does(start, end):
    first, last = sorted((start, end))
    week = Workdays(source="mon-fri")
    assert week.workdays(first, last) == np.busday_count(first, last)
    assert week.workdays(last, first) == -week.workdays(first, last)


def test_october_2025_has_eighteen_workdays():
    """23 weekdays, less six of the holiday, plus the made-up Saturday."""
    assert Workdays().workdays(date(2025, 10, 1), date(2025, 11, 1)) == 18


def test_an_extra_holiday_is_off_and_an_extra_workday_wins():
    day, sunday = date(2026, 10, 19), date(2026, 10, 18)
    own = Workdays(extra_holidays=frozenset({day, sunday}), extra_workdays=frozenset({sunday}))
    assert not own.is_workday(day)
    assert own.is_workday(sunday)


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        (at("2026-10-19 09:00"), at("2026-10-19 18:00"), 7.5),
        (at("2026-10-19 11:00"), at("2026-10-19 14:00"), 1.5),
        (at("2026-10-19 12:10"), at("2026-10-19 13:20"), 0.0),
        (at("2026-10-16 17:00"), at("2026-10-19 10:00"), 2.0),
        (at("2026-10-16 23:00"), at("2026-10-19 03:00"), 0.0),
        (at("2025-09-30 17:30"), at("2025-10-09 09:30"), 1.0),
        (at("2026-10-19 08:00"), at("2026-10-23 20:00"), 37.5),
        (at("2026-10-19 10:00"), at("2026-10-16 17:00"), -2.0),
    ],
)
def test_business_hours_leave_out_nights_lunch_weekends_and_holidays(start, end, hours):
    assert Workdays().business_hours(start, end) == hours


def test_office_hours_and_lunch_can_be_set():
    late = Workdays(hours=(time(10), time(20)), lunch=None)
    assert late.business_hours(at("2026-10-19 09:00"), at("2026-10-20 12:00")) == 12.0


@given(MOMENTS, MOMENTS, MOMENTS)
def test_business_hours_add_up_over_any_moment_between(a, b, c):
    hours = Workdays().business_hours
    assert hours(a, b) + hours(b, c) == pytest.approx(hours(a, c), abs=1e-9)


@given(MOMENTS, st.integers(0, 6))
def test_business_hours_agree_with_counting_minutes(start, days):
    """An independent count: every minute is asked whether it is worked."""
    start = start.replace(second=0, microsecond=0)
    end = start + timedelta(days=days, minutes=37)
    lunch, week = (time(12), time(13, 30)), Workdays()
    minutes = (start + timedelta(minutes=n) for n in range(days * 1440 + 37))
    worked = sum(
        week.is_workday(m.date())
        and time(9) <= m.time() < time(18)
        and not lunch[0] <= m.time() < lunch[1]
        for m in minutes
    )
    assert week.business_hours(start, end) == pytest.approx(worked / 60)


def test_a_moment_with_a_zone_is_refused():
    aware = datetime(2026, 10, 19, 9, tzinfo=UTC)
    with pytest.raises(ParameterError) as refused:
        Workdays().business_hours(aware, aware)
    assert str(refused.value) == (
        "start carries the zone UTC; business hours are counted in the wall clock of the report "
        "zone: convert it and drop the zone."
    )


def test_unpublished_years_fall_back_to_monday_to_friday_and_say_so():
    week = Workdays()
    assert [week.is_workday(date(2199, 10, day)) for day in (4, 5)] == [True, False]
    assert week.fallback_years(date(2025, 12, 1), date(2026, 1, 1)) == ()
    assert week.fallback_years(date(2198, 12, 1), date(2199, 1, 2)) == (2198, 2199)
    assert week.fallback_note(date(2198, 12, 1), date(2199, 1, 2)) == (
        "Workdays of 2198, 2199 are taken as Monday to Friday: no official calendar is at hand."
    )


def test_nothing_is_said_where_nothing_falls_back():
    assert Workdays().fallback_note(date(2025, 1, 1), date(2026, 1, 1)) == ""
    assert Workdays(source="mon-fri").fallback_note(date(2198, 1, 1), date(2199, 1, 1)) == ""
    assert Workdays().fallback_years(date(2199, 1, 1), date(2199, 1, 1)) == ()
