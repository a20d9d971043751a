"""The funnel against brute force, statsmodels and its own invariances."""

from __future__ import annotations

import math
from collections import defaultdict

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from playbook import funnel
from playbook.errors import ParameterError

STAGES = ["lead", "mql", "sql", "won"]
DAY = pd.Timestamp("2026-01-01")

events = st.lists(
    st.tuples(
        st.integers(0, 8),
        st.sampled_from([*STAGES, "nurture"]),
        st.integers(0, 60),
    ),
    min_size=1,
    max_size=40,
)


def frame(rows):
    return pd.DataFrame(
        {
            "entity": [f"e{e}" for e, _, _ in rows],
            "stage": [s for _, s, _ in rows],
            "time": [DAY + pd.Timedelta(days=d) for _, _, d in rows],
        }
    )


def brute(rows, *, start=None, end=None, within=None, as_of=None):
    """Counts by plain Python, straight from the definition."""
    firsts = defaultdict(dict)
    for entity, stage, day in rows:
        firsts[entity][stage] = min(day, firsts[entity].get(stage, day))
    counts, own = [0] * len(STAGES), [0] * len(STAGES)
    for stages in firsts.values():
        if STAGES[0] not in stages:
            continue
        entry = stages[STAGES[0]]
        if (start is not None and entry < start) or (end is not None and entry >= end):
            continue
        if within is not None:
            if entry + within > as_of:
                continue
            last = entry + within
        else:
            last = math.inf
        inside = {s for s, d in stages.items() if s == STAGES[0] or d <= last}
        reached = [i for i, s in enumerate(STAGES) if s in inside]
        for place in range(max(reached) + 1):
            counts[place] += 1
            own[place] += STAGES[place] in inside
    return counts, [c - o for c, o in zip(counts, own, strict=True)]


@settings(max_examples=60, deadline=None)
@given(events, st.integers(0, 30), st.integers(20, 61))
def test_a_cohort_counts_what_plain_python_counts(rows, start, end):
    table = funnel.cohort(
        frame(rows),
        STAGES,
        start=DAY + pd.Timedelta(days=start),
        end=DAY + pd.Timedelta(days=end),
    )
    counts, skipped = brute(rows, start=start, end=end)
    assert table["entered"].tolist() == counts
    assert table["skipped"].tolist() == skipped


@settings(max_examples=40, deadline=None)
@given(events, st.integers(1, 30), st.integers(10, 70))
def test_a_window_counts_only_those_old_enough_and_only_in_time(rows, within, as_of):
    table = funnel.cohort(
        frame(rows), STAGES, within_days=within, as_of=DAY + pd.Timedelta(days=as_of)
    )
    assert table["entered"].tolist() == brute(rows, within=within, as_of=as_of)[0]


@settings(max_examples=30, deadline=None)
@given(events, st.randoms(use_true_random=False))
def test_shuffling_rows_changes_nothing(rows, random):
    shuffled = list(rows)
    random.shuffle(shuffled)
    pd.testing.assert_frame_equal(
        funnel.cohort(frame(rows), STAGES), funnel.cohort(frame(shuffled), STAGES)
    )


@settings(max_examples=30, deadline=None)
@given(events)
def test_a_stage_never_grows_and_doubling_entities_doubles_counts(rows):
    table = funnel.cohort(frame(rows), STAGES)
    assert table["entered"].is_monotonic_decreasing
    twice = funnel.cohort(frame([*rows, *((e + 100, s, d) for e, s, d in rows)]), STAGES)
    assert twice["entered"].tolist() == (2 * table["entered"]).tolist()
    np.testing.assert_allclose(twice["rate"], table["rate"])


@settings(max_examples=30, deadline=None)
@given(events)
def test_the_parts_of_a_breakdown_add_up_to_the_whole(rows):
    table = frame(rows)
    table["origin"] = np.where(table["entity"] > "e4", "a", "b")
    parts = funnel.cohort(table, STAGES, by="origin")
    whole = funnel.cohort(table, STAGES)
    summed = parts.groupby("stage")["entered"].sum().reindex(STAGES, fill_value=0)
    assert summed.tolist() == whole["entered"].tolist()


def test_nobody_there_gives_missing_rates_not_zero():
    table = funnel.cohort(frame([(1, "mql", 3)]), STAGES)
    assert table["entered"].tolist() == [0, 0, 0, 0]
    assert table[["step_rate", "rate", "low", "high"]].isna().all(axis=None)


def test_the_flow_counts_first_entries_of_the_period_only():
    rows = [(1, "lead", 0), (1, "lead", 9), (1, "mql", 9), (2, "lead", 10), (3, "mql", 11)]
    table = funnel.flow(
        frame(rows), STAGES, start=DAY + pd.Timedelta(days=8), end=DAY + pd.Timedelta(days=12)
    )
    assert table["entries"].tolist() == [1, 2, 0, 0]
    assert table["flow_ratio"].tolist()[1:3] == [2.0, 0.0]
    assert math.isnan(table["flow_ratio"][0])
    assert math.isnan(table["flow_ratio"][3])


@pytest.mark.parametrize(("k", "n"), [(842, 8000), (0, 10), (10, 10), (1, 3), (31, 96)])
def test_the_wilson_interval_agrees_with_scipy(k, n):
    low, high = funnel.wilson(pd.Series([k]), pd.Series([n]))
    expected = stats.binomtest(k, n).proportion_ci(method="wilson")
    assert (low[0], high[0]) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_days_to_reach_is_the_quantile_over_those_who_went_on():
    rows = [(e, "lead", 0) for e in range(11)] + [(e, "won", 10 * e) for e in range(1, 6)]
    assert funnel.days_to_reach(frame(rows), "lead", "won", quantile=0.5) == pytest.approx(30)
    assert funnel.days_to_reach(frame(rows), "lead", "sql") is None


def test_wrong_arguments_say_what_is_allowed():
    table = frame([(1, "lead", 0)])
    with pytest.raises(ParameterError, match="one or more different names"):
        funnel.cohort(table, ["lead", "lead"])
    with pytest.raises(ParameterError, match="within_days needs as_of"):
        funnel.cohort(table, STAGES, within_days=3)
    with pytest.raises(ParameterError, match="unknown column of events 'entty'; did you mean"):
        funnel.cohort(table, STAGES, entity="entty")


@settings(max_examples=40, deadline=None)
@given(events, st.integers(1, 30), st.integers(10, 70))
def test_steps_in_spans_are_the_cohorts_of_those_spans(rows, days, as_of):
    moments = [DAY + pd.Timedelta(days=d) for d in (0, 25, 61)]
    spans = {"early": tuple(moments[:2]), "late": tuple(moments[1:])}
    known = DAY + pd.Timedelta(days=as_of)
    table = funnel.steps(
        frame(rows), STAGES, days=dict.fromkeys(STAGES, days), spans=spans, as_of=known
    )
    for row in table.itertuples():
        start, end = spans[row.span]
        order = STAGES[STAGES.index(row.first) :]
        cohort = funnel.cohort(
            frame(rows), order, start=start, end=end, within_days=days, as_of=known
        )
        assert (row.n, row.converted) == tuple(cohort["entered"][:2])
