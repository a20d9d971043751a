"""How long, how far and whereto: by hand and by plain Python."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playbook import funnel
from playbook.funnel import Funnel
from playbook.funnel.clock import days_at
from tests.funnel.test_matching import STAGES, day, frame, ways

WAY = Funnel(STAGES, order="any", lost=("nurture",))


def test_time_in_stage_tells_who_moved_on_who_was_lost_and_who_still_waits():
    rows = [
        (1, "lead", 0), (1, "mql", 2), (1, "sql", 12),
        (2, "lead", 0), (2, "mql", 4), (2, "nurture", 9),
        (3, "lead", 5),
        (4, "lead", 0), (4, "mql", 10), (4, "won", 11),
    ]  # fmt: skip
    table = funnel.times(frame(rows), WAY, as_of=day(20)).set_index("stage")
    assert table[["entered", "moved_on", "lost", "open"]].to_numpy().tolist() == [
        [4, 3, 0, 1], [3, 2, 1, 0], [2, 1, 0, 1],
    ]  # fmt: skip
    assert table["median"].tolist() == [4.0, 5.5, 0.0]
    assert table.loc["lead", ["q25", "q75", "p90"]].tolist() == pytest.approx([3, 7, 8.8])
    assert table.loc["lead", "open_median"] == 15
    assert table.loc["sql", "open_median"] == 8
    assert math.isnan(table.loc["mql", "open_median"])


def test_time_in_stage_by_segment_adds_up():
    rows = [(e, s, d + e) for e in range(12) for d, s in enumerate(STAGES) if (e + 2 * d) % 5]
    table = frame(rows)
    table["origin"] = np.where(table["entity"] > "e5", "a", None)
    whole = funnel.times(table, WAY, as_of=day(30)).set_index("stage")
    parts = funnel.times(table, WAY, as_of=day(30), by="origin")
    for column in ("entered", "moved_on", "lost", "open"):
        assert parts.groupby("stage")[column].sum().to_dict() == whole[column].to_dict()


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 50), min_size=1, max_size=30), st.floats(0, 1))
def test_quantiles_of_a_small_table_are_those_of_the_rows(minutes, share):
    counted = pd.DataFrame(sorted(Counter(minutes).items(), reverse=True), columns=["minutes", "n"])
    expected = np.quantile(minutes, share) / 1440
    assert days_at(counted, [share]) == pytest.approx([expected])


def test_days_between_first_entries_and_to_each_stage():
    rows = [(e, "lead", 0) for e in range(11)] + [(e, "won", 5 * e) for e in range(1, 6)]
    between = funnel.days_between(
        frame(rows), WAY, [("lead", "won"), ("lead", "sql")], quantiles=[0.5]
    )
    assert between["n"].tolist() == [5, 0]
    assert between[0.5][0] == pytest.approx(15)
    assert math.isnan(between[0.5][1])
    reach = funnel.to_reach(frame(rows), WAY, as_of=day(20)).set_index("stage")
    assert reach["n"].to_dict() == {"lead": 0, "mql": 4, "sql": 4, "won": 4}
    assert reach.loc["won", 0.5] == pytest.approx(12.5)


@settings(max_examples=40, deadline=None)
@given(ways)
def test_moves_are_counted_as_plain_python_counts_them(rows):
    by_entity = defaultdict(list)
    for entity, stage, moment in rows:
        if stage in STAGES:
            by_entity[entity].append((moment, STAGES.index(stage)))
    hand = Counter()
    for entries in by_entity.values():
        ordered = sorted(entries)
        hand.update((STAGES[a], STAGES[b]) for (_, a), (_, b) in pairwise(ordered))
    table = funnel.moves(frame(rows), WAY)
    assert (
        dict(zip(zip(table["first"], table["then"], strict=True), table["n"], strict=True)) == hand
    )
    kinds = table.set_index(["first", "then"])["kind"].to_dict()
    named = {("lead", "mql"): "step", ("lead", "sql"): "skip", ("sql", "lead"): "regression",
             ("mql", "mql"): "repeat"}  # fmt: skip
    assert all(kinds[pair] == kind for pair, kind in named.items() if pair in kinds)


def test_a_forecast_rests_on_what_became_of_others_from_the_same_stage():
    """Of forty old leads half won after four days; ten are open, five of them too old to win."""
    rows = [(e, "lead", 0) for e in range(40)] + [(e, "won", 4) for e in range(20)]
    rows += [(e, "nurture", 6) for e in range(20, 40)]
    rows += [(e, "lead", 19) for e in range(50, 55)] + [(e, "lead", 5) for e in range(60, 65)]
    way = Funnel(("lead", "won"), lost=("nurture",))
    table = funnel.expected_won(frame(rows), way, as_of=day(20)).set_index("stage")
    assert table["open"].to_dict() == {"lead": 10, "total": 10}
    # Risk sets by hand: day 4 holds 45, of whom 20 win.
    assert table.loc["total", "expected"] == pytest.approx(5 * 20 / 45)
    assert table.loc["total", "low"] <= table.loc["total", "expected"] <= table.loc["total", "high"]


@settings(max_examples=60, deadline=None)
@given(ways)
def test_stays_in_a_stage_are_what_plain_python_finds(rows):
    from playbook.funnel import engine, estimates

    firsts = defaultdict(dict)
    for entity, stage, moment in rows:
        if moment <= 25:
            firsts[entity][stage] = min(moment, firsts[entity].get(stage, moment))
    hand = Counter()
    for seen in firsts.values():
        for place, stage in enumerate(STAGES[:-1]):
            later = [(seen[s], STAGES.index(s)) for s in STAGES[place + 1 :] if s in seen]
            if stage not in seen or any(moment < seen[stage] for moment, _ in later):
                continue
            gone = [(seen["nurture"], -1)] if "nurture" in seen else []
            ahead = [way for way in later + gone if way[0] >= seen[stage]]
            moment = min((moment for moment, _ in ahead), default=25)
            outcome = max((goal for at, goal in ahead if at == moment), default=-2)
            hand[place, (moment - seen[stage]) * 24, outcome] += 1
    found = engine.ask(estimates.stays, frame(rows), WAY, day(25))
    keys = zip(found["place"], found["hours"], found["outcome"], strict=True)
    assert dict(zip(keys, found["n"], strict=True)) == hand


def test_the_curve_under_censoring_ends_at_the_plain_share_once_all_are_old():
    rows = [(e, "lead", 0) for e in range(10)] + [(e, "won", e + 1) for e in range(4)]
    curve = funnel.conversion_curve(frame(rows), WAY, as_of=day(30))
    assert curve["rate"].tolist() == pytest.approx([0.1, 0.2, 0.3, 0.4])
    young = [*rows, *((e, "lead", 29) for e in range(20, 30))]
    at = funnel.conversion_at(frame(young), WAY, [3, 10], as_of=day(30))
    # Ten more that were followed for one day: the first of twenty, then of ten.
    assert at["rate"][0] == pytest.approx(1 - (19 / 20) * (8 / 9) * (7 / 8))
    assert at["at_risk"].tolist() == [8, 6]
