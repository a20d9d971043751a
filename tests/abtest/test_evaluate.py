"""Many tests read by one rule set: figures against SciPy and statsmodels, decisions re-read."""

from __future__ import annotations

import math
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportions_ztest

from playbook import abtest
from playbook.abtest.decide.evaluate import reread
from playbook.errors import ParameterError

DAY = date(2026, 10, 31)
START = date(2026, 8, 3)


def rows(name, *arms, days=28, decision="keep", start=START):
    """Rows of `experiment_arm`: (exposures, conversions) of control, b, c …"""
    names = ["control", *"bcdef"]
    end = start + timedelta(days=days) if days else None
    return [
        {
            "experiment_id": name, "arm": arm, "start_date": start, "end_date": end,
            "exposures": n, "conversions": k, "decision": decision,
        }
        for arm, (n, k) in zip(names, arms, strict=False)
    ]  # fmt: skip


def read(*tests, as_of=DAY, **more):
    table = pd.DataFrame([row for test in tests for row in test])
    return abtest.evaluate(table, as_of=as_of, **more)


WINNER = rows("won", (2140, 96), (2163, 152))
EARLY = rows("early", (212, 9), (205, 17), days=3)
BROKEN = rows("broken", (5012, 201), (4437, 203))
OPEN = rows("open", (1310, 71), (1288, 74), decision="drop")
SAME = rows("same", (60_000, 6000), (60_000, 6030), decision="drop")
RUNS = rows("runs", (780, 35), (771, 41), days=0, decision="running", start=date(2026, 10, 12))


def test_an_ended_test_has_the_figures_of_statsmodels():
    row = read(WINNER).one("won")
    p_value = proportions_ztest([152, 96], [2163, 2140])[1]
    assert row.p_value == pytest.approx(p_value, rel=1e-9)
    arms = abtest.counts(pd.DataFrame(WINNER), control="control")
    effect = abtest.compare(arms).one()
    for name in ("difference", "low", "high", "lift", "lift_low", "lift_high", "method"):
        assert getattr(row, name) == getattr(effect, name)
    assert row.lift == pytest.approx(152 / 2163 / (96 / 2140) - 1, rel=1e-12)


def test_the_split_is_scipys_chi_square():
    row = read(BROKEN).one("broken")
    assert row.split_p == pytest.approx(stats.chisquare([5012, 4437]).pvalue, rel=1e-9)
    assert (row.verdict, row.why) == ("cannot say", "broken split")


def test_p_values_are_adjusted_over_the_tests_that_may_be_judged():
    found = read(WINNER, EARLY, BROKEN, OPEN, SAME).table.set_index("experiment")
    told = found.loc[["won", "open", "same"]]
    expected = multipletests(told["p_value"], method="holm")[1]
    assert told["p_adjusted"].to_numpy() == pytest.approx(expected, rel=1e-9)
    assert found.loc[["early", "broken"], "p_adjusted"].isna().all()


def test_a_running_test_is_judged_by_the_always_valid_interval():
    record = read(RUNS)
    row = record.one("runs")
    over = rows("runs", (780, 35), (771, 41), days=19, start=date(2026, 10, 12))
    once = read(over).one("runs")
    assert (row.is_running, row.days, row.weeks) == (True, 19, 2)
    assert row.low < once.low < once.high < row.high
    assert row.p_value >= once.p_value
    assert row.method.startswith("always valid")
    arms = abtest.counts(pd.DataFrame(RUNS), control="control")
    expected = abtest.always_valid(arms, tuned_at=abtest.Criteria().tuned_at).one()
    assert (row.low, row.high) == pytest.approx((expected.low, expected.high), rel=1e-12)


def test_the_day_a_test_was_taken_down_decides_whether_it_runs():
    ends_later = rows("later", (2140, 96), (2163, 152), days=35)
    assert read(ends_later, as_of=START + timedelta(days=20)).one("later").is_running
    assert not read(ends_later, as_of=START + timedelta(days=35)).one("later").is_running


def test_people_needed_and_power_are_those_of_the_plan():
    row = read(OPEN).one("open")
    plan = abtest.sample_size(71 / 1310, 0.2, relative=True)
    assert row.needed == max(plan.n.values())
    sizes = {"control": 1310, "b": 1288}
    power = abtest.power(71 / 1310, 0.2, sizes, relative=True).power
    assert row.power == pytest.approx(power, rel=1e-12)
    found = abtest.minimum_detectable_effect(71 / 1310, sizes).lift
    assert row.detectable == pytest.approx(found, rel=1e-3)


def test_a_plan_that_was_written_down_is_the_one_that_counts():
    arms = abtest.counts(pd.DataFrame(RUNS), control="control")
    plan = abtest.sample_size(0.045, 0.5, relative=True, arms=["control", "b"])
    test = abtest.Experiment("runs", arms, date(2026, 10, 12), plan=plan)
    row = abtest.evaluate([test], as_of=DAY).rows[0]
    assert row.needed == plan.n["b"]
    expected = abtest.always_valid(arms, tuned_at=plan).one()
    assert (row.low, row.high) == pytest.approx((expected.low, expected.high), rel=1e-12)


def test_days_left_are_those_at_the_tests_own_pace():
    row = read(RUNS).one("runs")
    days = 19 * row.needed / 771
    assert row.days_left == math.ceil(days / 7) * 7 - 19


def test_worth_is_people_times_difference_times_worth_with_its_interval():
    row = read(WINNER, worth=300.0, traffic={"won": 1000.0}).one("won")
    assert row.worth == pytest.approx(1000 * row.difference * 300)
    assert (row.worth_low, row.worth_high) == pytest.approx((3e5 * row.low, 3e5 * row.high))
    pace = read(WINNER, worth=300.0).one("won")
    assert pace.worth == pytest.approx((2140 + 2163) / 28 * 365.25 / 12 * pace.difference * 300)


def test_no_money_is_named_for_what_may_not_be_told():
    found = read(WINNER, EARLY, BROKEN, OPEN, worth=300.0).table.set_index("experiment")["worth"]
    assert found[["early", "broken"]].isna().all()
    assert found[["won", "open"]].notna().all()
    assert read(WINNER).table["worth"].isna().all()


def test_decisions_of_the_past_are_read_again():
    found = read(WINNER, EARLY, BROKEN, OPEN, SAME, RUNS).table.set_index("experiment")
    assert found["reread"].to_dict() == {
        "won": "confirmed",
        "early": "kept without proof",
        "broken": "kept without proof",
        "open": "dropped without proof",
        "same": "confirmed",
        "runs": "in progress",
    }
    assert found["agrees"].to_dict() == {
        "won": True, "early": False, "broken": False, "open": None, "same": True, "runs": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("decision", "verdict", "said"),
    [
        ("keep", "stop", ("kept, yet no winner", False)),
        ("repeat", "ship", ("missed winner", False)),
        ("repeat", "cannot say", ("to be repeated", True)),
        ("repeat", "stop", ("to be repeated", False)),
        ("drop", "stop", ("confirmed", True)),
        ("running", "ship", ("time to decide", False)),
        ("running", "stop", ("time to decide", False)),
        ("", "ship", ("no decision", None)),
    ],
)
def test_every_decision_beside_every_verdict(decision, verdict, said):
    assert reread(decision, verdict) == said


def test_several_variants_share_the_alpha_and_have_a_row_each():
    record = read(rows("three", (2000, 100), (2000, 130), (2000, 160)))
    assert [(row.arm, row.n) for row in record.rows] == [("b", 2000), ("c", 2000)]
    alone = read(rows("two", (2000, 100), (2000, 130))).one("two")
    first = record.one("three", "b")
    assert first.low < alone.low
    arms = abtest.counts(pd.DataFrame(rows("three", (2000, 100), (2000, 130), (2000, 160))),
                         control="control")  # fmt: skip
    expected = abtest.compare(arms, confidence=0.975).one(arm="b")
    assert (first.low, first.high) == pytest.approx((expected.low, expected.high), rel=1e-12)
    asked = [("three", None), ("three", "z"), ("zzz", None)]
    said = [
        "three has several variants; say which: b, c.",
        "unknown arm of three 'z'. Allowed: b, c",
        "unknown experiment 'zzz'. Allowed: three",
    ]
    for names, message in zip(asked, said, strict=True):
        with pytest.raises(ParameterError) as error:
            record.one(*names)
        assert str(error.value) == message


@pytest.mark.parametrize(
    ("test", "said"),
    [
        (rows("one arm", (2140, 96)), "one arm"),
        ([{**row, "arm": f"x{i}"} for i, row in enumerate(WINNER)], "control"),
        (rows("too many", (100, 120), (100, 10)), "120"),
        (rows("nobody", (0, 0), (100, 10)), "nobody"),
        ([{**row, "start_date": None} for row in WINNER], "its first day is not on record."),
        (rows("undated", (900, 90), (900, 99), days=0), "its last day is not on record."),
        ([{**row, "end_date": date(2026, 1, 1)} for row in WINNER], "it begins after its end."),
    ],
)
def test_a_record_that_makes_no_sense_is_told_and_not_judged(test, said):
    (row,) = read(test).rows
    assert (row.verdict, row.why) == ("cannot say", "not readable")
    assert row.reason.startswith("The record cannot be read: ")
    assert said in row.reason or said in test[0]["experiment_id"]
    assert math.isnan(row.p_value)


def test_one_bad_record_leaves_the_others_as_they_are():
    bad = rows("bad", (100, 120), (100, 10))
    one, other = (read(*tests).one("won") for tests in ((WINNER, bad), (WINNER,)))
    assert repr(one) == repr(other)


def test_a_table_without_its_columns_is_refused():
    with pytest.raises(ParameterError) as error:
        abtest.evaluate(pd.DataFrame({"experiment_id": ["a"], "arm": ["b"]}), as_of=DAY)
    assert str(error.value) == (
        "the table of tests lacks exposures, conversions; it has experiment_id, arm. Rows of units "
        "need experiment_id, arm and converted, or a metric of their own."
    )


def test_nobody_converts_and_nothing_is_said():
    row = read(rows("none", (500, 0), (500, 0))).one("none")
    assert (row.verdict, row.why) == ("cannot say", "few conversions")
    assert math.isnan(row.lift)


def test_unit_rows_are_judged_by_the_same_rules():
    units = abtest.made_units(n=20_000, lift=0.3, seed=7)
    metric = abtest.Mean("revenue", covariates=("revenue_before",))
    arms = abtest.units(units, [metric], control=units["arm"].min())
    test = abtest.Experiment("units", arms, START, START + timedelta(days=14), metric)
    row = abtest.evaluate([test], as_of=DAY).rows[0]
    expected = abtest.compare(arms, [metric]).one()
    assert (row.difference, row.low, row.high) == pytest.approx(
        (expected.difference, expected.low, expected.high)
    )
    assert row.verdict == "ship"
    assert math.isnan(row.conversions)


def test_a_test_of_equal_units_has_nothing_to_compare():
    arms = abtest.moments(
        pd.DataFrame({"arm": ["control", "b"], "n": [90, 95], "mean": [3.0, 3.0],
                      "variance": [0.0, 0.0]}),
        control="control",
    )  # fmt: skip
    metric = abtest.Mean("value")
    test = abtest.Experiment("flat", arms, START, START + timedelta(days=14), metric)
    row = abtest.evaluate([test], as_of=DAY).rows[0]
    assert (row.verdict, row.why) == ("cannot say", "few units")
    assert row.reason.startswith("All units of an arm are the same")


def test_less_is_better_plans_for_a_fall_and_ships_it():
    arms = abtest.counts(pd.DataFrame(rows("fall", (4000, 800), (4000, 600))), control="control")
    test = abtest.Experiment(
        "fall", arms, START, START + timedelta(days=14), higher_is_better=False
    )
    row = abtest.evaluate([test], as_of=DAY).rows[0]
    assert row.verdict == "ship"
    assert row.detectable < 0


def test_swapped_arms_turn_the_signs_and_ship_into_stop():
    turned = rows("won", (2163, 152), (2140, 96))
    one, other = read(WINNER).one("won"), read(turned).one("won")
    assert other.difference == pytest.approx(-one.difference)
    assert (other.low, other.high) == pytest.approx((-one.high, -one.low), abs=1e-12)
    assert (one.verdict, other.verdict) == ("ship", "stop")


def test_the_record_prints_every_verdict_with_what_it_rests_on():
    record = read(WINNER, EARLY, worth={"won": 10.0})
    head, won, early = str(record).split("\n")
    assert head == (
        "2 variants as of 31 Oct 2026, each judged by itself at alpha 5 %, two-sided. People "
        "needed: for +20 % at a power of 80 %, or as planned. Adjusted p values: Holm's, over the "
        "1 that may be judged."
    )
    row = record.one("won")
    worth = [f"{value:,.0f}" for value in (row.worth, row.worth_low, row.worth_high)]
    assert won == (
        f"won b: ship. {row.reason} p = {row.p_value:.2g}, adjusted {row.p_adjusted:.2g}. Worth a "
        f"month: {worth[0]} ({worth[1]} to {worth[2]})."
    )
    assert early.startswith("early b: cannot say. It ended after 3 days;")
    assert "p = " not in early


def test_records_are_shown_in_a_notebook_as_they_are_printed():
    from IPython.lib.pretty import pretty

    arms = abtest.counts(pd.DataFrame(WINNER), control="control")
    shown = [
        arms, abtest.split(arms), abtest.compare(arms), abtest.compare(arms).one(), read(WINNER),
        abtest.sample_size(0.05, 0.2, relative=True), abtest.bayes(arms, "converted"),
        abtest.guardrails(arms, [abtest.Guardrail("converted", 0.1)]),
        abtest.non_inferior(arms, "converted", margin=0.1), abtest.peeking(3, draws=50),
    ]  # fmt: skip
    for record in shown:
        assert pretty(record) == str(record)


def test_one_experiment_is_a_list_of_one():
    arms = abtest.counts(pd.DataFrame(WINNER), control="control")
    test = abtest.Experiment("x", arms, START, START + timedelta(days=28))
    assert repr(abtest.evaluate(test, as_of=DAY).rows) == repr(
        abtest.evaluate([test], as_of=DAY).rows
    )


def test_in_drawn_tests_without_a_difference_few_are_shipped():
    """Read at the end that was planned: the upper half of alpha, 2.5 %, by simulation."""
    rng = np.random.default_rng(5)
    a, b = rng.binomial(6500, 0.08, (2, 6000))
    hopeful = np.flatnonzero(b - a > 1.9 * np.sqrt(2 * 6500 * 0.08 * 0.92)).tolist()
    tests = [
        [
            {**row, "planned_end": row["end_date"]}
            for row in rows(f"t{i}", (6500, a[i]), (6500, b[i]))
        ]
        for i in hopeful
    ]
    shipped = sum(row.verdict == "ship" for row in read(*tests).rows)
    assert 0.5 * len(hopeful) < shipped < len(hopeful)
    assert stats.binomtest(shipped, 6000, 0.025).pvalue > 0.001


def drawn(seed, tests, days, *, per_day, lift=0.0, baseline=0.1):
    """Conversions of both arms day by day, (tests, days), and people in each arm, (days,)."""
    rng = np.random.default_rng(seed)
    rates = baseline, baseline * (1 + lift)
    a, b = (rng.binomial(per_day, rate, (tests, days)).cumsum(axis=1) for rate in rates)
    return a, b, per_day * np.arange(1, days + 1)


@pytest.mark.parametrize(
    ("per_day", "days", "planned", "why"),
    [
        (200, 28, None, "no planned end"),
        (200, 20, 21, "ended early"),
        (500, 28, 14, "ended late"),
    ],
)
def test_looking_every_day_ships_few_false_winners(per_day, days, planned, why):
    """Looked at daily, ended at the first z above 1.96 from day 7 on: one in ten is, or more."""
    a, b, n = drawn(1, 2000, days=days, per_day=per_day)
    rate = (a + b) / (2 * n)
    z = (b - a) / n / np.sqrt(rate * (1 - rate) * 2 / n)
    good = (z > 1.96) & (np.arange(1, days + 1) >= 7)
    hopeful = np.flatnonzero(good.any(axis=1))
    assert len(hopeful) > 0.06 * 2000  # what the ordinary interval would ship
    # Somebody who knows the rules ends it where they ship: on the planned day, or far beyond 1.96.
    good &= (np.arange(1, days + 1) == planned) | (z > 2.9)
    end = None if planned is None else START + timedelta(days=planned)
    tests = [
        [
            {**row, "planned_end": end}
            for row in rows(f"t{i}-{at}", (n[at], a[i, at]), (n[at], b[i, at]), days=at + 1)
        ]
        for i in hopeful.tolist()
        for at in np.flatnonzero(good[i]).tolist()
    ]
    found = read(*tests)
    shipped = {row.experiment.split("-")[0] for row in found.rows if row.verdict == "ship"}
    assert stats.binomtest(len(shipped), 2000, 0.025, alternative="greater").pvalue > 0.01
    assert {row.why for row in found.rows} <= {"better", "ended early", why}


def test_a_running_test_with_its_people_finds_the_lift_as_often_as_planned():
    plan = abtest.sample_size(0.1, 0.2, relative=True, arms=["control", "b"])
    n, began = plan.n["b"], date(2026, 10, 3)
    a, b, _ = drawn(3, 400, days=1, per_day=n, lift=0.2)
    tests = []
    for i in range(400):
        table = pd.DataFrame(rows("t", (n, a[i, 0]), (n, b[i, 0])))
        arms = abtest.counts(table, control="control")
        tests.append(abtest.Experiment(f"t{i}", arms, began, plan=plan, planned_end=DAY))
    found = abtest.evaluate(tests, as_of=DAY).rows
    assert all(row.is_running for row in found)
    shipped = sum(row.verdict == "ship" for row in found)
    assert stats.binomtest(shipped, 400, 0.8).pvalue > 0.001


def test_without_its_people_an_ended_test_ships_only_what_always_holds():
    row = read(rows("seen", (2000, 100), (2000, 135))).one("seen")
    arms = abtest.counts(pd.DataFrame(rows("seen", (2000, 100), (2000, 135))), control="control")
    always = abtest.always_valid(arms, tuned_at=10_000).one()
    assert row.low > 0 > always.low
    assert (row.verdict, row.why) == ("cannot say", "no planned end")
    assert math.isnan(row.p_adjusted)
    assert (row.reread, row.agrees) == ("kept without proof", False)


def test_harm_is_stopped_at_once():
    row = read(rows("harm", (4000, 200), (4000, 0), days=0, start=date(2026, 10, 29))).one("harm")
    assert row.why == "not readable"  # kept, and without an end
    harm = rows("harm", (4000, 200), (4000, 0), days=0, start=date(2026, 10, 29), decision="")
    row = read(harm).one("harm")
    assert (row.verdict, row.why, row.days) == ("stop", "worse", 2)


def test_decisions_are_read_whatever_their_case_and_others_are_refused():
    assert read([{**row, "decision": " Keep "} for row in WINNER]).rows[0].reread == "confirmed"
    with pytest.raises(ParameterError) as error:
        read([{**row, "decision": "kept"} for row in WINNER[:1]], rows("o", (1, 0), (1, 0)))
    assert str(error.value) == (
        "won: unknown decision 'kept'; did you mean 'keep'? Allowed: keep, drop, repeat, running"
    )


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("decision", "drop", "its arms do not agree on the decision: keep and drop."),
        ("end_date", None, "its arms do not agree on the last day: 2026-08-31 and none."),
        (
            "start_date",
            date(2026, 8, 4),
            "its arms do not agree on the first day: 2026-08-03 and 2026-08-04.",
        ),
    ],
)
def test_arms_that_do_not_agree_are_not_read(column, value, said):
    (row,) = read([WINNER[0], {**WINNER[1], column: value}]).rows
    assert (row.verdict, row.why) == ("cannot say", "not readable")
    assert row.reason == f"The record cannot be read: {said}"


def test_rows_of_no_test_or_no_arm_are_refused():
    with pytest.raises(ParameterError) as error:
        read([*WINNER, {**WINNER[0], "experiment_id": None}, {**WINNER[0], "arm": ""}])
    assert str(error.value).split("\n") == [
        "experiment_id is empty on 1 row (row 3): name it.",
        "arm is empty on 1 row (row 4): name it.",
    ]


def test_dates_may_be_text_of_one_kind_only():
    text = [{**r, "start_date": "2026-08-03", "end_date": "2026-08-31"} for r in WINNER]
    moments = [{**r, "start_date": pd.Timestamp("2026-08-03")} for r in WINNER]
    assert repr(read(text, as_of="2026-10-31").rows) == repr(read(WINNER).rows)
    assert repr(read(moments, as_of=pd.Timestamp(DAY)).rows) == repr(read(WINNER).rows)
    for given in ("03/08/2026", "soon", 20260803):
        with pytest.raises(ParameterError) as error:
            read([{**r, "start_date": given} for r in WINNER])
        told = f"start_date of won must be a date, such as 2026-08-03, not {given!r}."
        assert set(str(error.value).split("\n")) == {told}
    with pytest.raises(ParameterError, match=r"^as_of must be a date, such as 2026-08-03, not 'x'"):
        read(WINNER, as_of="x")


def test_a_test_that_begins_later_has_not_begun():
    later = rows("later", (0, 0), (0, 0), days=0, decision="", start=date(2026, 11, 12))
    later = [{**row, "exposures": 10} for row in later]
    row = read(later).one("later")
    assert (row.verdict, row.why) == ("cannot say", "not begun")
    assert row.reason == "It has not begun: its first day is 12 Nov 2026."


def test_the_split_is_held_against_the_weights_that_were_planned():
    uneven = rows("uneven", (8050, 800), (1980, 240), decision="")
    assert read(uneven).one("uneven").why == "broken split"
    weighted = [{**row, "weight": w} for row, w in zip(uneven, (80, 20), strict=True)]
    row = read(weighted).one("uneven")
    assert row.split_p == pytest.approx(stats.chisquare([8050, 1980], [8024, 2006]).pvalue)
    plan = abtest.sample_size(
        800 / 8050, 0.2, relative=True, arms=["control", "b"], shares=(0.8, 0.2)
    )
    assert row.needed == plan.n["b"] < plan.n["control"]
    for weight in (-1, "much"):
        with pytest.raises(ParameterError) as error:
            read([weighted[0], {**weighted[1], "weight": weight}])
        told = f"uneven: weight must be a number from 0 on, not {weight!r}."
        assert str(error.value) == told
    (half,) = read([weighted[0], {**weighted[1], "weight": None}]).rows
    assert half.reason == "The record cannot be read: weight is given for some arms only."


def test_what_cannot_be_evaluated_is_said_in_words():
    table = pd.DataFrame(WINNER)
    arms = abtest.counts(table, control="control")
    kinds = "experiments must be a table, such as a pandas DataFrame, or a list of Experiment, not "
    rules = "criteria must be Criteria, such as Criteria(alpha=0.1), "
    asked = [
        ((arms,), {}, f"{kinds}Arms."),
        (([arms],), {}, f"{kinds}one with Arms."),
        ((table, {"alpha": 0.1}), {}, f"{rules}not dict."),
        ((table,), {"worth": {"zzz": 1.0}}, "unknown experiment in worth 'zzz'. Allowed: won"),
    ]  # fmt: skip
    for given, more, said in asked:
        with pytest.raises(ParameterError) as error:
            abtest.evaluate(*given, as_of=DAY, **more)
        assert str(error.value) == said


def test_on_its_planned_end_a_test_is_read_once_whatever_its_people():
    seen = rows("seen", (2000, 100), (2000, 135))
    planned = [{**row, "planned_end": row["end_date"]} for row in seen]
    assert read(seen).one("seen").why == "no planned end"
    row = read(planned).one("seen")
    assert (row.verdict, row.why) == ("ship", "better")
    early = [{**row, "planned_end": START + timedelta(days=35)} for row in seen]
    row = read(early).one("seen")
    assert row.why == "ended early"
    assert "but it ended 7 days before its planned end, and" in row.reason
    for days, said in [
        (0, "its planned end is not after its first day."),
        (5, "its planned end is on day 5; a test runs 7 days at least."),
    ]:
        wrong = [{**row, "planned_end": START + timedelta(days=days)} for row in seen]
        assert read(wrong).one("seen").reason == f"The record cannot be read: {said}"


def test_a_test_that_ran_on_is_no_longer_read_once():
    on_time = rows("on", (7000, 700), (7000, 775), days=14)
    late = rows("late", (10_500, 1050), (10_500, 1150), days=21)
    end = START + timedelta(days=14)
    found = read(*([{**row, "planned_end": end} for row in test] for test in (on_time, late)))
    assert found.one("on").verdict == "ship"
    row = found.one("late")
    assert row.low > 0
    assert (row.verdict, row.why) == ("cannot say", "ended late")
    assert "it ended 7 days after its planned end, and" in row.reason
    assert math.isnan(row.worth)


def test_a_running_test_tells_how_long_until_its_planned_end():
    planned = [{**row, "planned_end": date(2026, 11, 9)} for row in RUNS]
    row = read(planned).one("runs")
    assert row.days_left == 9
    people = round(771 / 19 * 28)
    assert (
        f"Its planned end is in 9 days; at this pace it then has {people:,} people per arm, where "
        f"+20 % takes {row.needed:,.0f}."
    ) in row.reason
    passed = [{**row, "planned_end": date(2026, 10, 26)} for row in RUNS]
    row = read(passed).one("runs")
    assert (row.days_left, row.verdict) == (0, "cannot say")
    assert row.reason.startswith("It was due 5 days ago and shows nothing for certain")


def test_what_a_ratio_is_worth_counts_its_denominators():
    rng = np.random.default_rng(4)
    units = pd.DataFrame({"arm": np.repeat(["control", "b"], 4000)})
    units["visits"] = rng.integers(1, 6, 8000)
    units["forms"] = rng.binomial(units["visits"], np.where(units["arm"] == "b", 0.15, 0.1))
    metric = abtest.Ratio("forms", "visits")
    arms = abtest.units(units, metric, control="control")
    test = abtest.Experiment("t", arms, START, START + timedelta(days=28), metric)
    row = abtest.evaluate([test], as_of=DAY, worth=20.0, traffic=1000).rows[0]
    assert row.verdict == "ship"
    assert row.worth == pytest.approx(20 * 1000 * units["visits"].mean() * row.difference)


def test_what_costs_money_is_worth_less_from_its_low_to_its_high_end():
    arms = abtest.counts(pd.DataFrame(rows("t", (4000, 800), (4000, 600))), control="control")
    test = abtest.Experiment("t", arms, START, START + timedelta(days=14), higher_is_better=False)
    row = abtest.evaluate([test], as_of=DAY, worth=-5.0, traffic=100).rows[0]
    assert 0 < row.worth_low < row.worth < row.worth_high
    assert row.worth == pytest.approx(-500 * row.difference)
