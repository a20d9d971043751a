"""Periods: names, bounds in odd zones, and how they fit together."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbook.data import periods
from playbook.data.periods import Period, parse
from playbook.errors import ParameterError

ZONES = st.sampled_from(
    [
        "Asia/Shanghai",
        "America/Sao_Paulo",
        "Europe/Berlin",
        "America/Havana",
        "UTC",
        "Asia/Kathmandu",
    ]
)
FISCAL = st.integers(1, 12)
at = datetime.fromisoformat
DAYS = st.dates(date(1990, 1, 1), date(2090, 12, 31))


@st.composite
def some_periods(draw) -> Period:
    day, kind = draw(DAYS), draw(st.sampled_from(["day", "week", "month", "quarter", "year"]))
    zone, fiscal = draw(ZONES), draw(FISCAL)
    if kind == "day":
        return parse(day.isoformat(), zone=zone, fiscal_year_start_month=fiscal)
    return parse(f"this-{kind}", zone=zone, fiscal_year_start_month=fiscal, today=day)


def named(text: str, **settings) -> Period:
    return parse(text, **{"zone": "Asia/Shanghai", **settings})


@pytest.mark.parametrize(
    ("text", "settings", "label", "days", "title"),
    [
        ("2026-10", {}, "2026-10", "2026-10-01 2026-10-31", "October 2026"),
        (" 2026-10 ", {}, "2026-10", "2026-10-01 2026-10-31", "October 2026"),
        ("2026-W43", {}, "2026-W43", "2026-10-19 2026-10-25", "Week 43 of 2026 (19–25 Oct)"),
        ("2026w40", {}, "2026-W40", "2026-09-28 2026-10-04", "Week 40 of 2026 (28 Sep–4 Oct)"),
        (
            "2026-W01",
            {},
            "2026-W01",
            "2025-12-29 2026-01-04",
            "Week 1 of 2026 (29 Dec 2025–4 Jan 2026)",
        ),
        ("2026-Q3", {}, "2026-Q3", "2026-07-01 2026-09-30", "Q3 2026 (Jul–Sep)"),
        ("2026Q3", {}, "2026-Q3", "2026-07-01 2026-09-30", "Q3 2026 (Jul–Sep)"),
        ("2026", {}, "2026", "2026-01-01 2026-12-31", "2026"),
        ("FY2026", {}, "2026", "2026-01-01 2026-12-31", "2026"),
        ("2024-02-29", {}, "2024-02-29", "2024-02-29 2024-02-29", "29 February 2024"),
        (
            "2026",
            {"fiscal_year_start_month": 4},
            "FY2026",
            "2025-04-01 2026-03-31",
            "FY2026 (Apr 2025–Mar 2026)",
        ),
        (
            "fy2026-q3",
            {"fiscal_year_start_month": 4},
            "FY2026-Q3",
            "2025-10-01 2025-12-31",
            "FY2026 Q3 (Oct–Dec 2025)",
        ),
        (
            "2026-Q4",
            {"fiscal_year_start_month": 2},
            "FY2026-Q4",
            "2025-11-01 2026-01-31",
            "FY2026 Q4 (Nov 2025–Jan 2026)",
        ),
    ],
)
def test_a_period_is_read_and_named(text, settings, label, days, title):
    period = named(text, **settings)
    assert (period.label, period.title) == (label, title)
    assert f"{period.first} {period.last}" == days
    assert period.days == (period.last - period.first).days + 1


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("last-month", "2026-02"),
        ("this-month", "2026-03"),
        ("last-week", "2026-W09"),
        ("this-week", "2026-W10"),
        ("last-quarter", "2025-Q4"),
        ("this-quarter", "2026-Q1"),
        ("last-year", "2025"),
        ("This-Year", "2026"),
    ],
)
def test_a_relative_period_counts_from_today(text, label):
    assert named(text, today=date(2026, 3, 2)).label == label


def test_a_relative_fiscal_quarter_counts_from_today():
    quarter = named("last-quarter", today=date(2026, 5, 1), fiscal_year_start_month=4)
    assert quarter.title == "FY2026 Q4 (Jan–Mar 2026)"


def test_a_relative_period_without_today_is_refused():
    with pytest.raises(ParameterError) as refused:
        named("last-month")
    assert str(refused.value) == (
        "period 'last-month' depends on today's date, which only the command line knows; "
        "name the period itself, such as 2026-10."
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2026-13", "period '2026-13' has no month 13. Allowed: 1 to 12."),
        ("2026-02-30", "period '2026-02-30' has no day 30. Allowed: 1 to 28."),
        ("2025-W53", "period '2025-W53' has no week 53. Allowed: 1 to 52."),
        ("2026-Q5", "period '2026-Q5' has no quarter 5. Allowed: 1 to 4."),
        ("0026", "period '0026' is out of reach. Allowed: years 1900 to 2199."),
        (
            "October",
            (
                "cannot read period 'October'. Allowed: 2026-10 (month), 2026-W43 (ISO week), "
                "2026-Q3 (quarter), 2026 (year), 2026-10-15 (day); on the command line also "
                "last-month, this-month, and the same with week, quarter or year."
            ),
        ),
    ],
)
def test_what_is_no_period_is_refused(text, message):
    with pytest.raises(ParameterError) as refused:
        named(text)
    assert str(refused.value) == message


@pytest.mark.parametrize("zone", ["Asia/Shangai", "../Asia/Shanghai", "Asia", ""])
def test_an_unknown_zone_is_refused(zone):
    with pytest.raises(ParameterError, match=r"^unknown time zone '.*'.* Allowed: names of the tz"):
        named("2026-10", zone=zone)


def test_an_impossible_fiscal_start_is_refused():
    with pytest.raises(ParameterError) as refused:
        named("2026-10", fiscal_year_start_month=13)
    assert str(refused.value) == "fiscal_year_start_month must be 1 to 12, not 13."


@pytest.mark.parametrize(
    ("zone", "text", "start", "end"),
    [
        ("Asia/Shanghai", "2026-10", "2026-09-30T16:00", "2026-10-31T16:00"),
        # Summer time ends within the month: one hour more.
        ("Europe/Berlin", "2026-10", "2026-09-30T22:00", "2026-10-31T23:00"),
        # Clocks skip from 00:00 to 01:00 on 4 November 2018: the day begins at 01:00.
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00", "2018-11-05T02:00"),
        ("America/Sao_Paulo", "2018-02-17", "2018-02-17T02:00", "2018-02-18T03:00"),
        # 00:00 to 01:00 comes twice on 1 November 2026: the day begins at the first.
        ("America/Havana", "2026-11-01", "2026-11-01T04:00", "2026-11-02T05:00"),
        # Samoa had no 30 December 2011.
        ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00", "2011-12-30T10:00"),
    ],
)
def test_bounds_follow_the_clock_changes_of_the_zone(zone, text, start, end):
    period = parse(text, zone=zone)
    assert (period.start, period.end) == (
        datetime.fromisoformat(start),
        datetime.fromisoformat(end),
    )


def test_a_day_that_never_was_has_passed_once_it_is_over():
    never = parse("2011-12-30", zone="Pacific/Apia")
    assert never.elapsed(never.start) == 1.0
    assert never.elapsed(never.start - timedelta(hours=1)) == 0.0
    assert not never.contains(never.start)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("2026-10", "2025-10"),
        ("2026-Q1", "2025-Q1"),
        ("2026", "2025"),
        ("2026-W43", "2025-W43"),
        ("2026-W53", "2025-W52"),
        ("2024-02-29", "2023-02-28"),
        ("2026-10-15", "2025-10-15"),
    ],
)
def test_last_year_is_the_same_period_a_year_earlier(text, label):
    assert named(text).last_year.label == label


@given(some_periods())
def test_a_label_reads_back_as_the_same_period(period):
    again = parse(
        period.label,
        zone=period.zone,
        fiscal_year_start_month=period.fiscal_year_start_month,
    )
    assert again == period


@given(some_periods())
def test_neighbours_meet_without_gap_or_overlap(period):
    assert period.previous.end == period.start
    assert period.back(-1).start == period.end
    assert period.back(3).back(-3) == period


@given(some_periods(), st.integers(1, 20))
def test_trailing_periods_tile_the_time(period, n):
    run = period.trailing(n)
    assert len(run) == n
    assert run[-1] == period
    assert all(a.end == b.start for a, b in pairwise(run))


@given(some_periods(), st.floats(0, 0.999))
def test_a_moment_inside_is_contained_and_elapsed_in_proportion(period, share):
    moment = period.start + share * (period.end - period.start)
    assert period.contains(moment)
    assert period.elapsed(moment) == pytest.approx(share, abs=1e-6)
    assert not period.contains(period.end)
    assert not period.previous.contains(period.start)


def test_elapsed_stays_between_nothing_and_all():
    october = named("2026-10")
    assert october.elapsed(at("2026-01-01 00:00")) == 0.0
    assert october.elapsed(at("2027-01-01 00:00")) == 1.0


@given(some_periods())
def test_days_and_bounds_are_those_of_the_local_calendar(period):
    """The first and last instants, read in the zone, fall on the first and last day."""
    zone = ZoneInfo(period.zone)
    local = period.start.replace(tzinfo=UTC).astimezone(zone)
    just_before_end = (period.end - timedelta(microseconds=1)).replace(tzinfo=UTC)
    assert local.date() == period.first
    assert just_before_end.astimezone(zone).date() == period.last
    assert period.days == len(pd.date_range(period.first, period.last))


@given(DAYS, FISCAL)
def test_fiscal_years_end_in_the_year_they_are_named_after(day, month):
    """Pandas names a fiscal year after its end too: an independent oracle."""
    ends_in = f"{date(2000, (month - 2) % 12 + 1, 1):%b}".upper()
    quarter = parse("this-quarter", zone="UTC", fiscal_year_start_month=month, today=day)
    expected = pd.Period(day, freq=f"Q-{ends_in}")
    assert quarter.label.removeprefix("FY") == f"{expected.qyear}-Q{expected.quarter}"
    assert quarter.first == expected.start_time.date()


def test_the_zone_is_returned_by_name():
    assert periods.zone_info("Asia/Shanghai") == ZoneInfo("Asia/Shanghai")
