"""The forecast against closed forms, recursion in plain Python, and simulated futures."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.duration.survfunc import CumIncidenceRight

from playbook.errors import ParameterError
from playbook.funnel import forecast

STAGES = ["lead", "deal"]
ENDS = ["won", "lost", "open"]


def past(rows):
    return pd.DataFrame(rows, columns=["stage", "hours", "outcome", "n"])


def now(*rows):
    return pd.DataFrame(rows, columns=["stage", "hours", "n"])


def quick(history, open_now, stages=("deal",), **settings):
    return forecast.expected_won(history, open_now, stages, replicates=40, **settings)


def leaving(stage, outcomes):
    """Up to a dozen rows of one stage, at least ten of them won or gone on."""
    row = st.tuples(
        st.just(stage), st.integers(0, 400), st.sampled_from(outcomes), st.integers(1, 9)
    )
    on = st.tuples(st.just(stage), st.integers(0, 400), st.just(outcomes[0]), st.integers(10, 30))
    return st.tuples(on, st.lists(row, max_size=12)).map(lambda parts: [parts[0], *parts[1]])


deals = leaving("deal", ENDS)
funnels = st.tuples(leaving("lead", ["deal", *ENDS]), deals).map(
    lambda parts: [*parts[0], *parts[1]]
)
horizons = st.one_of(st.none(), st.integers(0, 20))


def test_a_constant_hazard_gives_the_closed_form_at_every_age():
    # Each day, of those still there, a quarter is won and a quarter lost.
    rows = [("deal", 24 * d, end, 2 ** (18 - d)) for d in range(16) for end in ("won", "lost")]
    history = past([*rows, ("deal", 24 * 16, "open", 16)])
    for age in (0, 1, 5):
        for days in (0, 1, 2, 10):
            found = quick(history, now(("deal", 24 * age + 3, 100)), horizon_days=days)
            assert found["probability"][0] == pytest.approx((1 - 0.5**days) / 2)


def test_two_competing_exponentials_give_the_cumulative_incidence_not_one_less_kaplan_meier():
    rng = np.random.default_rng(5)
    won, lost = rng.exponential(24 * 20, 20_000), rng.exponential(24 * 10, 20_000)
    until = np.minimum(np.minimum(won, lost), rng.uniform(0, 24 * 120, 20_000))
    outcome = np.select([until == won, until == lost], ["won", "lost"], "open")
    history = pd.DataFrame({"stage": "deal", "hours": until, "outcome": outcome, "n": 1})
    found = quick(history, now(("deal", 24 * 7, 50)), horizon_days=30)
    rate = 1 / 20 + 1 / 10
    assert found["probability"][0] == pytest.approx(
        (1 / 20) / rate * (1 - math.exp(-30 * rate)), abs=0.02
    )
    assert found["probability"][0] < 0.5 < 1 - math.exp(-30 / 20)


def test_the_chance_is_that_of_those_who_were_still_there_at_this_age():
    # Of 100, 30 are won and 30 lost on the second day, 40 won on the fourth.
    history = past([("deal", 30, "won", 30), ("deal", 30, "lost", 30), ("deal", 80, "won", 40)])
    open_now = now(("deal", 10, 10), ("deal", 47, 10), ("deal", 48, 10))
    assert quick(history, open_now)["expected"][0] == pytest.approx(10 * 0.7 + 10 * 0.7 + 10 * 1.0)
    # Within two days: who is ten hours old (its first day) sees the second day only.
    within = quick(history, open_now, horizon_days=2)
    assert within["expected"][0] == pytest.approx(10 * 0.3 + 10 * 0.3 + 10 * 1.0)


def test_a_lead_that_is_stuck_is_not_judged_by_those_of_its_age_that_moved_on():
    history = past(
        [
            ("lead", 24, "deal", 90),
            ("lead", 24 * 60, "lost", 100),
            ("lead", 24 * 60, "deal", 10),
            ("deal", 24 * 90, "won", 50),
            ("deal", 24 * 90, "lost", 50),
        ]
    )
    found = quick(history, now(("lead", 24 * 30, 100)), STAGES)
    assert found["probability"][0] == pytest.approx(10 / 110 * 0.5)


@settings(max_examples=40)
@given(deals, st.integers(1, 20))
def test_from_the_entry_it_is_the_cumulative_incidence_of_statsmodels(rows, days):
    history = past(rows)
    found = quick(history, now(("deal", 0, 1)), horizon_days=days)
    causes = history["outcome"].map({"won": 1, "lost": 2, "open": 0}).to_numpy()
    incidence = CumIncidenceRight(
        history["hours"].to_numpy() // 24, causes, freq_weights=history["n"].to_numpy()
    )
    inside = incidence.times < days
    expected = incidence.cinc[0][inside][-1] if inside.any() else 0
    assert found["expected"][0] == pytest.approx(expected)


def recursion(rows, stage, age, steps):
    """The chance of winning, one step after the other."""

    @cache
    def chance(stage, age, steps):
        if steps == 0:
            return 0.0
        here = [(h // 24, outcome, n) for s, h, outcome, n in rows if s == stage]
        at_risk = sum(n for step, _, n in here if step >= age)
        if not at_risk:
            return 0.0
        gone = {o: sum(n for at, end, n in here if (at, end) == (age, o)) for o in ["deal", *ENDS]}
        won = gone["won"] + (gone["deal"] and gone["deal"] * chance("deal", 0, steps - 1))
        stay = 1 - (gone["won"] + gone["lost"] + gone["deal"]) / at_risk
        return won / at_risk + (stay and stay * chance(stage, age + 1, steps - 1))

    return chance(stage, age, steps)


@settings(max_examples=40)
@given(funnels, st.integers(0, 300), st.integers(0, 300), horizons)
def test_a_chain_of_stages_is_the_recursion_made_by_hand(rows, lead_age, deal_age, days):
    found = quick(
        past(rows), now(("lead", lead_age, 1), ("deal", deal_age, 1)), STAGES, horizon_days=days
    )
    steps = 60 if days is None else days  # two stages of at most 17 days each
    expected = [
        recursion(rows, "lead", lead_age // 24, steps),
        recursion(rows, "deal", deal_age // 24, steps),
    ]
    assert found["expected"].tolist() == pytest.approx([*expected, sum(expected)])


def company(rng, entities=600, days=200, horizon=30):
    """A made-up company: its history and what is open on the last day, and how many it then wins.

    A lead becomes a deal (mean 60 days) or is lost (40), a deal is won (25) or lost (15).
    """
    entry = rng.uniform(0, days, entities)
    on, off = rng.exponential(60, entities), rng.exponential(40, entities)
    deal = entry + np.minimum(on, off)
    won, lost = rng.exponential(25, entities), rng.exponential(15, entities)
    end = deal + np.minimum(won, lost)
    becomes, wins = on < off, (on < off) & (won < lost)
    lead_outcome = np.where(deal > days, "open", np.where(becomes, "deal", "lost"))
    entered = becomes & (deal <= days)
    deal_outcome = np.where(end > days, "open", np.where(wins, "won", "lost"))
    table = pd.concat(
        [
            pd.DataFrame({"stage": "lead", "since": entry, "until": deal, "outcome": lead_outcome}),
            pd.DataFrame({"stage": "deal", "since": deal, "until": end, "outcome": deal_outcome})[
                entered
            ],
        ]
    ).assign(n=1)
    table["hours"] = (24 * (table["until"].clip(upper=days) - table["since"])).astype(int)
    truth = int((wins & (end > days) & (end <= days + horizon)).sum())
    return table, table[table["outcome"] == "open"], truth


def test_the_interval_holds_the_number_won_as_often_as_it_says():
    rng = np.random.default_rng(20)
    inside, won, expected = [], 0, 0.0
    for _ in range(200):
        history, open_now, truth = company(rng)
        found = forecast.expected_won(
            history, open_now, STAGES, horizon_days=30, replicates=60
        ).iloc[-1]
        inside.append(found["low"] <= truth <= found["high"])
        won, expected = won + truth, expected + found["expected"]
    assert 0.90 <= np.mean(inside) <= 0.99
    assert expected == pytest.approx(won, rel=0.03)


@settings(max_examples=40)
@given(funnels, st.integers(0, 300), st.integers(0, 50), horizons)
def test_no_more_is_expected_than_is_open_and_a_longer_horizon_never_expects_less(
    rows, age, n, days
):
    open_now = now(("lead", age, n), ("deal", age, n))
    found = quick(past(rows), open_now, STAGES, horizon_days=days)
    assert (found["expected"] <= found["open"] + 1e-9).all()
    assert ((found["low"] >= 0) & (found["low"] <= found["high"])).all()
    assert (found["high"] <= found["open"]).all()
    if days is not None:
        longer = quick(past(rows), open_now, STAGES, horizon_days=days + 1)
        assert (longer["expected"] >= found["expected"] - 1e-9).all()
        ever = quick(past(rows), open_now, STAGES)
        assert (ever["expected"] >= longer["expected"] - 1e-9).all()


@settings(max_examples=40)
@given(funnels, st.integers(0, 300), st.integers(0, 400), st.sampled_from(STAGES))
def test_one_more_win_in_history_never_lowers_what_is_expected(rows, age, hours, stage):
    open_now = now(("lead", age, 9), ("deal", age, 9))
    before = quick(past(rows), open_now, STAGES)
    after = quick(past([*rows, (stage, hours, "won", 1)]), open_now, STAGES)
    assert (after["expected"] >= before["expected"] - 1e-9).all()


WORKED = [("deal", 30, "won", 30), ("deal", 30, "lost", 30), ("deal", 80, "won", 40)]


def test_nobody_open_is_nothing_to_expect_whatever_the_history():
    found = quick(past([("deal", 3, "lost", 1)]), now(("deal", 3, 0)))
    assert found[["open", "expected", "low", "high"]].eq(0).all(axis=None)
    assert found["probability"].isna().all()
    assert (found["reason"] == "").all()


def test_fewer_than_ten_wins_give_a_reason_instead_of_a_number():
    history = past([("lead", 9, "deal", 50), ("deal", 9, "won", 9), ("deal", 9, "lost", 41)])
    found = quick(history, now(("lead", 1, 5), ("deal", 1, 0)), STAGES).set_index("stage")
    assert found.loc[["lead", "total"], ["expected", "low", "high"]].isna().all(axis=None)
    assert found["reason"].tolist() == [
        "fewer than 10 in history were won",
        "",
        "no number for lead",
    ]
    enough = past([("lead", 9, "deal", 50), ("deal", 9, "won", 10), ("deal", 9, "lost", 40)])
    found = quick(enough, now(("lead", 1, 5)), STAGES)
    assert found["expected"].tolist() == pytest.approx([1, 0, 1])


def test_a_stage_that_few_have_left_has_no_number_though_many_were_won_later():
    history = past([("lead", 9, "deal", 9), ("lead", 9, "lost", 20), *WORKED])
    found = quick(history, now(("lead", 1, 5), ("deal", 1, 10)), STAGES)
    assert found["reason"][0] == "fewer than 10 in history went on"
    assert found["expected"][1] == pytest.approx(7)
    assert math.isnan(found["expected"][2])


def test_who_is_open_for_longer_than_anybody_was_followed_is_told_and_not_expected():
    found = quick(past(WORKED), now(("deal", 24 * 4, 6), ("deal", 24 * 3, 4)))
    assert found["too_old"].tolist() == [6, 6]
    assert found["expected"].tolist() == [4, 4]


def test_the_amount_expected_leaves_out_and_counts_those_without_one():
    open_now = now(("deal", 1, 10), ("deal", 1, 3), ("deal", 50, 2))
    found = quick(past(WORKED), open_now.assign(amount=[1000.0, None, 80.0]))
    assert found["expected_amount"].tolist() == pytest.approx([780, 780])
    assert found["without_amount"].tolist() == [3, 3]
    none = quick(past(WORKED), open_now.assign(amount=float("nan")))
    assert none["expected_amount"].isna().all()
    assert "expected_amount" not in quick(past(WORKED), open_now)


def test_the_same_input_in_any_order_gives_the_same_table_and_the_seed_moves_the_interval_only():
    history, open_now, _ = company(np.random.default_rng(1))
    found = quick(history, open_now, STAGES)
    shuffled = quick(history.sample(frac=1, random_state=1), open_now.iloc[::-1], STAGES)
    pd.testing.assert_frame_equal(found, shuffled)
    other = quick(history, open_now, STAGES, seed=1)
    assert other["expected"].tolist() == found["expected"].tolist()
    assert other[["low", "high"]].to_numpy().tolist() != found[["low", "high"]].to_numpy().tolist()


def test_a_short_history_gives_a_wider_interval_than_a_long_one():
    long = past([(stage, hours, outcome, 100 * n) for stage, hours, outcome, n in WORKED])
    short = past([(stage, hours, outcome, n // 3) for stage, hours, outcome, n in WORKED])
    widths = [
        (found["high"] - found["low"])[0]
        for found in (
            forecast.expected_won(h, now(("deal", 0, 1000)), ["deal"]) for h in (long, short)
        )
    ]
    assert widths[0] == pytest.approx(2 * 1.96 * math.sqrt(1000 * 0.7 * 0.3), rel=0.15)
    assert widths[1] > 3 * widths[0]


def test_more_confidence_is_a_wider_interval():
    half, most = (
        quick(past(WORKED), now(("deal", 0, 500)), confidence=c).iloc[0] for c in (0.5, 0.95)
    )
    assert most["low"] < half["low"] < half["high"] < most["high"]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (("deals", 1, "won", 1), "unknown stage in history 'deals'; did you mean 'deal'"),
        (("deal", 1, "lead", 1), "unknown outcome of deal 'lead'. Allowed: won, lost, open"),
        (("lead", 1, "deal", 1), "entities that left lead for deal, but none that entered it"),
        (("lead", -1, "won", 1), "history has empty cells, or hours or n below 0"),
        (("lead", None, "won", 1), "history has empty cells, or hours or n below 0"),
    ],
)
def test_a_history_that_cannot_be_is_refused(row, message):
    with pytest.raises(ParameterError, match=message.replace(".", r"\.")):
        quick(past([row]), now(), STAGES)


def test_settings_that_cannot_be_are_refused():
    for settings_ in ({"horizon_days": -1}, {"step_hours": 0}):
        with pytest.raises(ParameterError, match="horizon_days must be 0 or more"):
            quick(past(WORKED), now(), **settings_)
    with pytest.raises(ParameterError, match="stages must be one or more different names"):
        quick(past(WORKED), now(), ["deal", "won"])
    with pytest.raises(ParameterError, match="unknown column of open_now 'hours'"):
        quick(past(WORKED), pd.DataFrame({"stage": ["deal"], "n": [1]}))
