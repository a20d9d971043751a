"""Rates of cohorts, flows and single steps: intervals, invariances, what is printed with them."""

from __future__ import annotations

import math
from dataclasses import replace

import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from playbook import funnel
from playbook.errors import ParameterError
from playbook.funnel import Funnel
from tests.funnel.test_matching import STAGES, day, frame, ways

ANY = Funnel(STAGES, order="any")
ORDERED = Funnel(STAGES)


@settings(max_examples=30, deadline=None)
@given(ways, st.randoms(use_true_random=False))
def test_shuffling_rows_changes_nothing(rows, random):
    shuffled = list(rows)
    random.shuffle(shuffled)
    for way in (ANY, ORDERED):
        pd.testing.assert_frame_equal(
            funnel.cohort(frame(rows), way), funnel.cohort(frame(shuffled), way)
        )


@settings(max_examples=30, deadline=None)
@given(ways)
def test_a_stage_never_grows_and_doubling_entities_doubles_counts(rows):
    table = funnel.cohort(frame(rows), ORDERED)
    assert table["entered"].is_monotonic_decreasing
    twice = funnel.cohort(frame([*rows, *((e + 100, s, d) for e, s, d in rows)]), ORDERED)
    assert twice["entered"].tolist() == (2 * table["entered"]).tolist()
    np.testing.assert_allclose(twice["rate"], table["rate"])


@settings(max_examples=20, deadline=None)
@given(ways)
def test_other_names_and_another_time_change_no_count(rows):
    table = frame(rows)
    named = table.assign(
        stage=table["stage"].str.replace("^", "阶段 ", regex=True),
        time=table["time"] + pd.Timedelta(days=1000, hours=7),
    )
    way = Funnel([f"阶段 {name}" for name in STAGES], within_days=9)
    before = funnel.cohort(table, replace(ORDERED, within_days=9))
    assert funnel.cohort(named, way)["entered"].tolist() == before["entered"].tolist()


@settings(max_examples=30, deadline=None)
@given(ways)
def test_the_parts_of_a_breakdown_add_up_to_the_whole(rows):
    table = frame(rows)
    table["origin"] = np.where(table["entity"] > "e2", "a", None)
    parts = funnel.cohort(table, ORDERED, by="origin")
    whole = funnel.cohort(table, ORDERED)
    summed = parts.groupby("stage")["entered"].sum().reindex(STAGES, fill_value=0)
    assert summed.tolist() == whole["entered"].tolist()


def test_a_breakdown_goes_by_what_the_entry_says_not_by_what_comes_later():
    rows = [("e", "lead", 1, "search"), ("e", "mql", 2, "mail"), ("f", "lead", 1, "mail")]
    table = pd.DataFrame(rows, columns=["entity", "stage", "time", "channel"])
    table["time"] = table["time"].map(day)
    parts = funnel.cohort(table, Funnel(("lead", "mql")), by="channel")
    assert parts[["channel", "stage", "entered"]].to_numpy().tolist() == [
        ["mail", "lead", 1], ["mail", "mql", 0], ["search", "lead", 1], ["search", "mql", 1],
    ]  # fmt: skip


def test_nobody_there_gives_missing_rates_not_zero():
    table = funnel.cohort(frame([(1, "mql", 3)]), ORDERED)
    assert table["entered"].tolist() == [0, 0, 0, 0]
    assert table[["step_rate", "rate", "low", "high"]].isna().all(axis=None)


def test_a_young_cohort_is_marked_stage_by_stage_and_its_entries_counted():
    rows = [(e, "lead", 0) for e in range(3)] + [(3, "lead", 8), (0, "mql", 1), (0, "won", 6)]
    windowed = funnel.cohort(frame(rows), replace(ANY, within_days=5), as_of=day(10))
    assert windowed["young"].tolist() == [0, 1, 1, 1]
    usual = funnel.cohort(frame(rows), ANY, as_of=day(10))
    assert usual.set_index("stage")["young"].to_dict() == {"lead": 0, "mql": 0, "sql": 1, "won": 1}
    assert usual["immature"].tolist() == [False, False, True, True]
    mature = funnel.cohort(
        frame(rows), replace(ANY, within_days=5), as_of=day(10), mature_only=True
    )
    assert mature["entered"].tolist() == [3, 1, 0, 0]
    assert not mature["immature"].any()


def test_every_setting_is_printed_with_the_rates():
    way = Funnel(STAGES, order="strict", anchor="best", within_days=30, step_days={"mql": 7})
    table = funnel.cohort(frame([(1, "lead", 0)]), way, start=day(0), as_of=day(9))
    assert table.attrs["counted"] == (
        "Cohort view; lead → mql → sql → won: in order with nothing between, from the entry that "
        "gets furthest, within 30 days of it, mql left within 7 days; "
        "entered from 2026-01-01 00:00 UTC; as of 2026-01-10 00:00 UTC"
    )
    assert "Period view" in funnel.flow(
        frame([(1, "lead", 0)]), way, start=day(0), end=day(1)
    ).attrs["counted"]  # fmt: skip


def test_pandas_duckdb_and_an_expression_give_the_same_table():
    rows = [(e, s, d) for e in range(9) for d, s in enumerate(STAGES) if (e + d) % 4]
    table = frame(rows)
    con = ibis.duckdb.connect()
    stored = con.create_table("events", table)
    renamed = stored.rename(who="entity").mutate(time=stored.time + ibis.interval(days=1))
    expected = funnel.cohort(table, ORDERED)
    pd.testing.assert_frame_equal(funnel.cohort(stored, ORDERED), expected)
    found = funnel.cohort(renamed, replace(ORDERED, entity="who"))
    pd.testing.assert_frame_equal(found, expected)
    in_memory = funnel.cohort(ibis.memtable(table), ORDERED)
    pd.testing.assert_frame_equal(in_memory, expected)


def test_the_flow_counts_first_entries_of_the_period_only():
    rows = [(1, "lead", 0), (1, "lead", 9), (1, "mql", 9), (2, "lead", 10), (3, "mql", 11)]
    table = funnel.flow(frame(rows), ORDERED, start=day(8), end=day(12))
    assert table["entries"].tolist() == [1, 2, 0, 0]
    assert table["flow_ratio"].tolist()[1:3] == [2.0, 0.0]
    assert math.isnan(table["flow_ratio"][0])
    assert math.isnan(table["flow_ratio"][3])


@pytest.mark.parametrize(("k", "n"), [(842, 8000), (0, 10), (10, 10), (1, 3), (31, 96)])
def test_the_wilson_interval_agrees_with_scipy(k, n):
    low, high = funnel.wilson(pd.Series([k]), pd.Series([n]))
    expected = stats.binomtest(k, n).proportion_ci(method="wilson")
    assert (low[0], high[0]) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_wrong_settings_are_refused_all_at_once_with_what_is_allowed():
    with pytest.raises(ParameterError, match="one or more different names"):
        Funnel(("lead", "lead"))
    with pytest.raises(ParameterError) as told:
        Funnel(STAGES, order="orderd", anchor="last", within_days=0, step_days={"won": -1})
    message = str(told.value)
    assert "unknown order 'orderd'; did you mean 'ordered'?" in message
    assert "unknown anchor 'last'. Allowed: first, best, each" in message
    assert "within_days must be above 0" in message
    assert "unknown stage to leave in step_days 'won'" in message
    with pytest.raises(ParameterError, match="step_days need an order"):
        Funnel(STAGES, order="any", step_days={"lead": 3})
    with pytest.raises(ParameterError, match="won cannot be a stage of the way and its end"):
        Funnel(STAGES, lost=("won",))


def test_wrong_arguments_say_what_is_allowed():
    table = frame([(1, "lead", 0)])
    with pytest.raises(ParameterError, match="mature_only needs within_days and as_of"):
        funnel.cohort(table, ORDERED, mature_only=True)
    with pytest.raises(ParameterError, match="unknown column of events 'entty'; did you mean"):
        funnel.cohort(table, replace(ORDERED, entity="entty"))
    with pytest.raises(ParameterError, match="unknown what 'gone'"):
        funnel.rows(table, ORDERED, "lead", what="gone")
    with pytest.raises(ParameterError, match="unknown stage 'leed'; did you mean 'lead'"):
        funnel.rows(table, ORDERED, "leed")
    with pytest.raises(ParameterError, match="nobody stops in won"):
        funnel.rows(table, ORDERED, "won", what="stopped")


@settings(max_examples=40, deadline=None)
@given(ways, st.sampled_from([4, 11]), st.sampled_from([12, 40]))
def test_steps_in_spans_are_the_cohorts_of_those_spans(rows, days, as_of):
    moments = [day(d) for d in (0, 12, 31)]
    spans = {"early": tuple(moments[:2]), "late": tuple(moments[1:])}
    given_days = dict.fromkeys(STAGES, days)
    table = funnel.steps(frame(rows), ANY, days=given_days, spans=spans, as_of=day(as_of))
    for row in table.itertuples():
        start, end = spans[row.span]
        way = Funnel(STAGES[STAGES.index(row.first) :], order="any", within_days=days)
        cohort = funnel.cohort(
            frame(rows), way, start=start, end=end, as_of=day(as_of), mature_only=True
        )
        assert (row.n, row.converted) == tuple(cohort["entered"][:2])


def test_the_rows_behind_a_figure_are_as_many_as_it_says():
    rows = [(e, s, d) for e in range(20) for d, s in enumerate(STAGES) if (e * 7 + d * 3) % 5]
    table = frame(rows)
    table["origin"] = table["entity"].str[-1]
    cohort = funnel.cohort(table, ANY).set_index("stage")
    for stage, then in zip(STAGES, [*STAGES[1:], None], strict=True):
        reached = funnel.rows(table, ANY, stage, by="origin")
        assert len(reached) == cohort["entered"][stage]
        assert (reached["origin"] == reached["entity"].str[-1]).all()
        assert len(funnel.rows(table, ANY, stage, what="skipped")) == cohort["skipped"][stage]
        if then:
            stopped = funnel.rows(table, ANY, stage, what="stopped")
            assert len(stopped) == cohort["entered"][stage] - cohort["entered"][then]
