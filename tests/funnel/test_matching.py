"""Who is counted in each stage, against plain Python on random small funnels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playbook import funnel
from playbook.funnel import Funnel
from tests.funnel import brute

STAGES = ("lead", "mql", "sql", "won")
DAY = pd.Timestamp("2026-01-01")
ORDERS = ("ordered", "strict", "any")
ANCHORS = ("first", "best", "each")

ways = st.lists(
    st.tuples(st.integers(0, 4), st.sampled_from([*STAGES, "nurture"]), st.integers(0, 30)),
    min_size=1,
    max_size=40,
)


def frame(rows):
    return pd.DataFrame(
        {
            "entity": pd.array([f"e{e}" for e, _, _ in rows], dtype="str"),
            "stage": pd.array([s for _, s, _ in rows], dtype="str"),
            "time": [day(d) for _, _, d in rows],
        }
    )


def day(number):
    return None if number is None else DAY + pd.Timedelta(days=number)


# Few different settings, because each is compiled once; many different rows.
SPANS = (
    {"start": None, "end": None, "as_of": None},
    {"start": 3, "end": 20, "as_of": 25},
)


choices = st.tuples(
    st.sampled_from([None, 6]),
    st.sampled_from([None, 3]),
    st.sampled_from(SPANS),
    st.integers(0, 3),
)


@pytest.mark.parametrize("anchor", ANCHORS)
@pytest.mark.parametrize("order", ORDERS)
@settings(max_examples=60, deadline=None)
@given(rows=ways, choice=choices)
def test_a_cohort_counts_what_plain_python_counts(order, anchor, rows, choice):
    within, step, limits, place = choice
    steps = {} if step is None or order == "any" else {"lead": step, "sql": step + 2}
    way = Funnel(STAGES, order=order, anchor=anchor, within_days=within, step_days=steps)
    span = {name: day(number) for name, number in limits.items()}
    expected = list(
        brute.passages(
            rows, STAGES, order=order, anchor=anchor, within=within, steps=steps, **limits
        )
    )
    table = funnel.cohort(frame(rows), way, **span)
    reached, skipped = brute.counts(expected, len(STAGES))
    assert table["entered"].tolist() == reached
    assert table["skipped"].tolist() == skipped
    found = funnel.rows(frame(rows), way, STAGES[place], **span)
    assert found[["entry", "entity", "at"]].to_numpy().tolist() == [
        [day(entry), entity, day(at)] for entry, entity, at in by_hand(expected, place)
    ]


def by_hand(expected, place):
    """What `rows` should give: in order of entry, then entity."""
    return sorted(
        (entry, f"e{entity}", way[place][0])
        for entity, entry, way in expected
        if way[place][0] is not None
    )


@pytest.mark.parametrize("anchor", ANCHORS)
@pytest.mark.parametrize("order", ORDERS)
def test_three_thousand_entities_are_each_followed_as_plain_python_follows_them(order, anchor):
    rng = np.random.default_rng(20261122)
    entities, names = np.repeat(np.arange(3000), 12), [*STAGES, "nurture"]
    stages = rng.choice(names, len(entities), p=[0.35, 0.25, 0.2, 0.1, 0.1])
    days = rng.integers(0, 40, len(entities))
    rows = list(zip(entities.tolist(), stages.tolist(), days.tolist(), strict=True))
    steps = {} if order == "any" else {"mql": 9}
    way = Funnel(STAGES, order=order, anchor=anchor, within_days=15, step_days=steps)
    expected = list(
        brute.passages(rows, STAGES, order=order, anchor=anchor, within=15, steps=steps)
    )
    assert funnel.cohort(frame(rows), way)["entered"].tolist() == brute.counts(expected, 4)[0]
    for place, name in enumerate(STAGES):
        found = funnel.rows(frame(rows), way, name)
        assert list(zip(found["entry"], found["entity"], found["at"], strict=True)) == [
            (day(entry), entity, day(at)) for entry, entity, at in by_hand(expected, place)
        ]
