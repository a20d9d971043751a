"""Due moments and hours against a clock that walks from minute to minute."""

from __future__ import annotations

import functools
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import chinese_calendar
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playbook.calendar import Workdays
from playbook.response import Sla, Step, actions, clocks
from playbook.worktime import worktime

MINUTE = timedelta(minutes=1)
SPAN_DAYS = 20
MORE_DAYS = 22

WINDOWS = {
    "Asia/Shanghai": (
        datetime.fromisoformat(
            "2025-01-18"
        ),  # make-up Sunday 26 January, Spring Festival, make-up 8 February
        datetime.fromisoformat(
            "2025-09-20"
        ),  # make-up Sunday 28 September, eight days off, make-up 11 October
        datetime.fromisoformat("2024-12-22"),  # the turn of the year
        datetime.fromisoformat("2026-02-10"),  # February's end
    ),
    "Europe/Berlin": (datetime.fromisoformat("2025-03-20"), datetime.fromisoformat("2025-10-16")),
    "America/New_York": (
        datetime.fromisoformat("2025-03-01"),
        datetime.fromisoformat("2025-10-25"),
    ),
    "Asia/Kolkata": (datetime.fromisoformat("2025-04-20"),),
}
OFFICES = (
    ((time(9), time(18)), (time(12), time(13, 30))),
    ((time(8, 30), time(17, 45)), None),
    ((time(0), time(18)), (time(11, 50), time(12, 5))),
    ((time(0), time(23, 59)), None),
    ((time(14), time(23, 30)), (time(18), time(18, 45))),
)


worked_in_china = functools.cache(chinese_calendar.is_workday)


@functools.cache
def walls(zone, start):
    """The wall clock at each minute from `start` on."""
    info = ZoneInfo(zone)
    moments = (start + i * MINUTE for i in range((SPAN_DAYS + MORE_DAYS + 2) * 1440))
    local = [moment.replace(tzinfo=UTC).astimezone(info) for moment in moments]
    return [(moment.date(), moment.time()) for moment in local]


class MinuteClock:
    """Knows of every minute whether the office was open, and nothing else."""

    def __init__(self, *, zone, start, hours, lunch, source, holidays, extra):
        self.start = start - timedelta(days=1)
        self.passed = [0]
        for day, wall in walls(zone, self.start):
            is_open = (
                day in extra
                if day in extra or day in holidays
                else (worked_in_china(day) if source == "china" else day.weekday() < 5)
            )
            at_desk = hours[0] <= wall < hours[1] and not (lunch and lunch[0] <= wall < lunch[1])
            self.passed.append(self.passed[-1] + (is_open and at_desk))

    def minutes(self, since, until):
        a, b = ((moment - self.start) // MINUTE for moment in (since, until))
        return self.passed[b] - self.passed[a]

    def due(self, since, minutes):
        i = (since - self.start) // MINUTE
        wanted = self.passed[i] + minutes
        while self.passed[i] < wanted:
            i += 1
        return self.start + i * MINUTE


minutes_in_span = st.integers(0, SPAN_DAYS * 1440)


@st.composite
def companies(draw):
    zone = draw(st.sampled_from(sorted(WINDOWS)))
    start = draw(st.sampled_from(WINDOWS[zone]))
    hours, lunch = draw(st.sampled_from(OFFICES))
    days = st.integers(0, SPAN_DAYS).map(lambda n: (start + timedelta(days=n)).date())
    extra = frozenset(draw(st.lists(days, max_size=2)))
    return {
        "zone": zone,
        "start": start,
        "hours": hours,
        "lunch": lunch,
        "source": draw(st.sampled_from(["china", "mon-fri"])),
        "holidays": frozenset(draw(st.lists(days, max_size=2))) - extra,
        "extra": extra,
    }


@settings(max_examples=25)
@given(
    company=companies(),
    limit=st.sampled_from([15, 60, 120, 450, 24 * 60]),
    spans=st.lists(st.tuples(minutes_in_span, minutes_in_span), min_size=20, max_size=20),
)
def test_office_hours_agree_with_a_clock_that_counts_minutes(company, limit, spans):
    """Five hundred answers over make-up days, nights, month ends and changes of the clock."""
    clock = MinuteClock(**company)
    moments = [
        tuple(company["start"] + minute * MINUTE for minute in sorted(span)) for span in spans
    ]
    leads = pd.DataFrame(
        {"lead_id": [f"L{i:02}" for i in range(20)], "created_at": [since for since, _ in moments]}
    )
    did = pd.DataFrame(
        {
            "lead_id": leads["lead_id"],
            "activity_id": leads["lead_id"],
            "activity_at": [until for _, until in moments],
        }
    )
    workdays = Workdays(
        source=company["source"],
        hours=company["hours"],
        lunch=company["lunch"],
        extra_holidays=company["holidays"],
        extra_workdays=company["extra"],
    )
    sla = Sla(
        steps=(Step(name="response", hours=limit / 60),),
        clock="business",
        workdays=workdays,
        zone=company["zone"],
    )
    as_of = company["start"] + timedelta(days=SPAN_DAYS)
    found = clocks(leads, actions(did), sla, as_of=as_of).to_pandas().sort_values("lead_id")
    taken = [clock.minutes(*moment) for moment in moments]
    assert (found["hours"] * 60).round(6).tolist() == taken
    assert found["due_at"].tolist() == [clock.due(since, limit) for since, _ in moments]
    assert found["state"].tolist() == ["met" if t <= limit else "late" for t in taken]
    zone = ZoneInfo(company["zone"])
    local = [since.replace(tzinfo=UTC).astimezone(zone) for since, _ in moments]
    assert found["hour"].tolist() == [moment.hour for moment in local]
    assert found["weekday"].tolist() == [moment.weekday() for moment in local]


def test_friday_evening_falls_due_on_monday_morning():
    """17:30 in Shanghai leaves half an hour; the other one and a half come on Monday."""
    sla = Sla(steps=(Step(name="response", hours=2),), clock="business")
    leads = pd.DataFrame(
        {"lead_id": ["L"], "created_at": [datetime.fromisoformat("2026-10-16T09:30")]}
    )
    none = pd.DataFrame(
        {
            "lead_id": pd.Series(dtype="str"),
            "activity_id": pd.Series(dtype="str"),
            "activity_at": pd.Series(dtype="datetime64[us]"),
        }
    )
    (row,) = (
        clocks(leads, actions(none), sla, as_of=datetime.fromisoformat("2026-10-16T10:00"))
        .to_pandas()
        .to_dict("records")
    )
    assert row["due_at"] == datetime.fromisoformat("2026-10-19T02:30")
    assert (row["state"], row["waited_hours"]) == ("pending", 0.5)


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Europe/Berlin", "America/Los_Angeles"])
def test_shifts_add_up_to_the_business_hours_of_the_calendar(zone):
    """Where no clock changes inside office hours, both count the same."""
    workdays = Workdays()
    shifts = workdays.shifts(date(2025, 9, 1), date(2025, 12, 1), zone)
    hours = sum((b - a).total_seconds() for a, b in shifts) / 3600
    assert hours == workdays.business_hours(
        datetime.fromisoformat("2025-09-01"), datetime.fromisoformat("2025-12-01")
    )


def test_a_budget_may_run_beyond_the_last_known_moment():
    office = worktime(
        Workdays(),
        "Asia/Shanghai",
        datetime.fromisoformat("2026-01-05"),
        datetime.fromisoformat("2026-01-05"),
        beyond_hours=100,
    )
    worked = office.days.set_index("day")["before"]
    assert office.pieces["until"].max() >= worked.min() + 100 * 3600
