"""Random small tables for properties, and the frames that the package takes."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
from hypothesis import strategies as st

from playbook.attribution import Journey

START = pd.Timestamp("2026-01-01")
NAMES = ("ads", "direct", "event", "mail")
HOUR = 60
DAY = 24 * HOUR


def at(minutes):
    return None if minutes is None else START + pd.Timedelta(minutes=minutes)


def moment(minutes):
    return None if minutes is None else at(minutes).to_pydatetime()


def frames(touches, conversions):
    """Touches and conversions as DataFrames with the package's default names of columns."""
    one = pd.DataFrame(
        {
            "account_id": pd.Series([t[0] for t in touches], dtype="str"),
            "touched_at": pd.Series([at(t[1]) for t in touches], dtype="datetime64[us]"),
            "channel": pd.Series([t[2] for t in touches], dtype="str"),
            "touch_id": pd.Series([t[3] for t in touches], dtype="int64"),
        }
    )
    ends = pd.DataFrame(
        {
            "conversion_id": pd.Series(range(len(conversions)), dtype="int64"),
            "account_id": pd.Series([c[0] for c in conversions], dtype="str"),
            "converted_at": pd.Series([at(c[1]) for c in conversions], dtype="datetime64[us]"),
            "value": pd.Series(
                [None if c[2] is None else float(c[2]) for c in conversions], dtype="float64"
            ),
        }
    )
    for i in range(2):
        moments = [at(c[3][i]) for c in conversions]
        ends[f"m{i}"] = pd.Series(moments, dtype="datetime64[us]")
    return one, ends


times = st.integers(0, 40).map(lambda n: n * 12 * HOUR) | st.integers(0, 30 * HOUR)
"""Half days, so that many are equal; or minutes, so that sessions have something to collapse."""
cents = st.none() | st.integers(0, 100_000).map(lambda n: round(n / 100, 2))
entities = st.sampled_from("abcd")


@st.composite
def tables(draw, names=NAMES):
    """Touches (entity, time, name, id) and conversions (entity, time, value, two milestones)."""
    many = draw(st.integers(0, 14))
    touches = [
        (draw(entities), draw(times), draw(st.sampled_from(names)), number)
        for number in draw(st.permutations(range(many)))
    ]
    conversions = draw(
        st.lists(
            st.tuples(entities, times, cents, st.tuples(st.none() | times, st.none() | times)),
            max_size=6,
        )
    )
    return touches, conversions


WAYS = (
    (Journey(), None, None),
    (Journey(touch="touch_id", direct=("direct", "mail")), 11 * DAY, 4 * DAY),
    (Journey(lookback_days=3), 16 * DAY, None),
    (Journey(lookback_days=9.5, restart=False, reenter=True), 15 * DAY, 6 * DAY),
    (Journey(direct=("direct",), ignore_direct=True), None, 7 * DAY),
    (Journey(direct=("direct", "mail"), ignore_direct=True, repeats="collapse"), 13 * DAY, None),
    (Journey(session_minutes=90, reenter=True), None, None),
    (Journey(session_minutes=90, repeats="collapse", lookback_days=3, restart=False), None, DAY),
    (Journey(touch="touch_id", repeats="collapse", reenter=True, lookback_days=3), 12 * DAY, None),
    (
        Journey(
            touch="touch_id", lookback_days=9.5, session_minutes=90, repeats="collapse",
            direct=("direct",), ignore_direct=True, restart=False, reenter=True,
        ),
        17 * DAY,
        2 * DAY,
    ),
)  # fmt: skip
"""Journeys by every switch, with `as_of` and `since` in minutes; not any mixture, for speed."""

ways = st.sampled_from(WAYS).map(lambda way: (replace(way[0], milestones=("m0", "m1")), *way[1:]))
