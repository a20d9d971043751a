"""Tests read from a table of units: the same as from counts, in one scan, and refused in words."""

from __future__ import annotations

from datetime import date, timedelta

import duckdb
import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from playbook import abtest
from playbook.abtest.during.held import always_held
from playbook.errors import ParameterError

DAY = date(2026, 10, 31)
START = date(2026, 8, 3)
KINDS = {
    "pandas": lambda frame: frame,
    "Ibis": ibis.memtable,
    "Arrow": lambda frame: pa.Table.from_pandas(frame, preserve_index=False),
    "a relation of DuckDB": lambda frame: duckdb.connect().from_df(frame),
}


def units_of(name, *arms, start=START, days=28, **said):
    """Rows of units: (people, conversions) of control, b, c …"""
    parts = [
        pd.DataFrame(
            {
                "experiment_id": name, "arm": arm, "converted": np.arange(n) < k,
                "visitor": [f"{name}-{arm}-{i}" for i in range(n)],
                "start_date": start, "end_date": start + timedelta(days=days), **said,
            }
        )
        for arm, (n, k) in zip(["control", *"bcd"], arms, strict=False)
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True)


WON = units_of("won", (2140, 96), (2163, 152), decision="keep")
OPEN = units_of("open", (1310, 71), (1288, 74), (1300, 70), decision="drop")
BOTH = pd.concat([WON, OPEN], ignore_index=True)


def counted(units):
    """The same tests, counted by arm."""
    keys = [name for name in units.columns if name not in {"converted", "visitor", "spent"}]
    found = units.groupby(keys, sort=False, dropna=False)["converted"].agg(["size", "sum"])
    return found.rename(columns={"size": "exposures", "sum": "conversions"}).reset_index()


@pytest.mark.parametrize("kind", KINDS)
def test_units_are_judged_as_their_counts_are(kind):
    shuffled = BOTH.sample(frac=1, random_state=1)
    found = abtest.evaluate(KINDS[kind](shuffled), as_of=DAY).table
    expected = abtest.evaluate(counted(BOTH.sort_values("experiment_id")), as_of=DAY).table
    pd.testing.assert_frame_equal(found, expected, rtol=1e-9)
    assert found["experiment"].tolist() == ["open", "open", "won"]
    assert found["verdict"].iloc[-1] == "ship"


def test_one_scan_reads_all_tests(monkeypatch):
    from playbook.abtest.inputs import engine

    asked = []
    ask = engine.DuckRows.ask
    monkeypatch.setattr(
        engine.DuckRows, "ask", lambda self, *args: asked.append(args) or ask(self, *args)
    )
    abtest.experiments_of(BOTH, unit="visitor")
    assert len(asked) == 1


def test_a_unit_may_be_in_two_tests_but_once_in_each():
    shared = BOTH.assign(visitor=BOTH.groupby("experiment_id").cumcount())
    assert len(abtest.experiments_of(shared, unit="visitor")) == 2
    assert len(abtest.experiments_of(ibis.memtable(shared), unit="visitor")) == 2
    twice = shared.assign(visitor=shared["visitor"].replace(2141, 7))
    for rows in (twice, ibis.memtable(twice)):
        with pytest.raises(ParameterError, match=r"in more than one arm, such as 7\."):
            abtest.experiments_of(rows, unit="visitor")


def test_the_first_exposure_is_the_first_day_where_none_is_on_record():
    rows = WON.drop(columns=["start_date", "end_date", "decision"])
    seen = pd.Timestamp("2026-10-03 08:30") + pd.to_timedelta(np.arange(len(rows)) % 500, "h")
    (test,) = abtest.experiments_of(rows.assign(seen_at=seen), exposed="seen_at")
    assert (test.started, test.ended) == (date(2026, 10, 3), None)
    assert abtest.evaluate([test], as_of=DAY).rows[0].is_running
    (test,) = abtest.experiments_of(rows)
    assert test.problem == "its first day is not on record."


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (
            {"start_date": [None] + [START] * (len(WON) - 1)},
            "its arms do not agree on the first day: 2026-08-03 and none.",
        ),
        (
            {"decision": np.where(WON["converted"], "keep", "drop")},
            "its arms do not agree on the decision: drop and keep.",
        ),
        ({"arm": "b"}, "unknown control 'control'. Allowed: b; there is only one arm, 'b':"),
        (
            {"weight": np.arange(len(WON)) % 2 + 1},
            "the rows of b do not agree on its weight.",
        ),
        ({"weight": np.where(WON["arm"] == "b", 1, 9)}, ""),
        ({"end_date": None}, "it was decided (keep), but its last day is not on record."),
    ],
)
def test_what_makes_no_sense_is_that_tests_own_problem(change, problem):
    tests = abtest.experiments_of(pd.concat([OPEN, WON.assign(**change)], ignore_index=True))
    by_name = {test.name: test for test in tests}
    assert by_name["open"].arms is not None
    assert by_name["won"].problem.startswith(problem)
    assert (by_name["won"].arms is None) == bool(problem)


def test_rows_that_cannot_be_read_are_refused_all_at_once():
    rows = BOTH.assign(
        converted=BOTH["converted"].astype("float64").mask(BOTH.index == 3),
        experiment_id=BOTH["experiment_id"].mask(BOTH.index == 5),
    )
    with pytest.raises(ParameterError) as error:
        abtest.evaluate(rows, as_of=DAY)
    assert str(error.value).split("\n") == [
        "experiment_id is empty on 1 row: name it.",
        (
            "converted in arm 'control' of won: 1 empty or NaN. Give every unit a number, 0 where "
            "it means none, or leave the unit out."
        ),
    ]
    with pytest.raises(ParameterError, match="start_date of won must be a date, such as"):
        abtest.evaluate(WON.assign(start_date="3 August"), as_of=DAY)
    with pytest.raises(ParameterError, match="unknown column of rows 'spend'"):
        abtest.experiments_of(WON, metric=abtest.Mean("spend"))


def test_a_table_is_of_units_where_it_is_asked_for_what_only_units_have():
    extra = WON.assign(exposures=3)
    assert abtest.experiments_of(extra)[0].arms.n.tolist() == [2140, 2163]
    both = extra.assign(conversions=1, spent=1.0 + extra.index % 7)
    (test,) = abtest.experiments_of(both, metric="spent")
    assert test.metric == abtest.Mean("spent")
    assert abtest.evaluate([test], as_of=DAY).rows[0].n == 2163
    with pytest.raises(ParameterError, match="unknown column of rows 'spent'"):
        abtest.experiments_of(counted(WON), metric=abtest.Mean("spent"))


def test_days_and_exposures_that_name_no_day_are_refused():
    seen = pd.date_range("2026-08-03", periods=len(WON), freq="min")
    text, zoned = WON.assign(seen=seen.astype(str)), WON.assign(seen=seen.tz_localize("UTC"))
    gaps = WON.assign(seen=pd.Series(seen).mask(WON.index % 100 == 0))
    asked = [
        (text, "seen", "seen holds no times but text. Turn it into dates or timestamps first"),
        (zoned, "seen", "seen holds moments with a time zone, which name no day"),
        (gaps, "seen", "seen is empty on 44 rows: every unit needs it."),
        (WON, "typo", "unknown column of exposure 'typo'"),
    ]
    for kind in KINDS.values():
        for rows, column, said in asked:
            with pytest.raises(ParameterError, match=said):
                abtest.experiments_of(kind(rows), exposed=column)
    with pytest.raises(ParameterError, match="start_date holds moments with a time zone"):
        abtest.experiments_of(WON.assign(start_date=seen.tz_localize("UTC")))


def test_units_exposed_outside_the_days_judged_are_found():
    seen = pd.Timestamp("2026-08-03") + pd.to_timedelta(WON.index % 20, "D")
    rows = WON.assign(seen=seen)
    found = {}
    for start, end in [("2026-08-03", "2026-08-31"), ("2026-08-03", "2026-08-10"),
                       ("2026-08-05", "2026-08-31")]:  # fmt: skip
        days = {"start_date": start, "end_date": end, "planned_end": end}
        tests = abtest.experiments_of(rows.assign(**days), exposed="seen")
        found[start, end] = abtest.evaluate(tests, as_of=DAY).rows[0].reason
    right, late, early = found.values()
    assert "beyond chance" in right
    assert late.endswith("units were exposed on 22 Aug 2026, after 10 Aug 2026: leave them out.")
    assert early.endswith("units were exposed on 3 Aug 2026, before its first day: leave them out.")
    empty = abtest.experiments_of(rows.assign(start_date=None), exposed="seen")
    assert empty[0].started == START


def test_what_is_no_table_or_no_guardrail_is_said():
    with pytest.raises(ParameterError, match="rows must be a pandas DataFrame"):
        abtest.experiments_of(WON["converted"])
    for strange in (["complained"], "complained", 5):
        with pytest.raises(ParameterError, match="guardrails must be a list of Guardrail"):
            abtest.experiments_of(WON, guardrails=strange)
    (test,) = abtest.experiments_of(WON)
    with pytest.raises(ParameterError, match="2 tests are called 'won'"):
        abtest.evaluate([test, test], as_of=DAY)


def test_days_of_an_experiment_may_be_text_or_moments():
    arms = abtest.experiments_of(WON)[0].arms
    test = abtest.Experiment("x", arms, "2026-08-03", pd.Timestamp("2026-08-31 09:00"))
    assert (test.started, test.ended) == (START, date(2026, 8, 31))
    with pytest.raises(ParameterError, match="planned_end of x must be a date"):
        abtest.Experiment("x", arms, START, planned_end="soon")


def test_revenue_in_arms_of_very_different_size_is_not_judged():
    rng = np.random.default_rng(6)
    n = 9000
    spent = np.where(rng.random(n) < 0.05, rng.lognormal(3, 1.5, n), 0)
    rows = pd.DataFrame({
        "experiment_id": "hold out", "arm": np.where(np.arange(n) % 10, "b", "control"),
        "spent": spent, "start_date": START, "end_date": START + timedelta(days=28),
        "weight": np.where(np.arange(n) % 10, 90, 10),
    })  # fmt: skip
    tests = abtest.experiments_of(rows, metric="spent")
    row = abtest.evaluate(tests, as_of=DAY).rows[0]
    assert (row.verdict, row.why) == ("cannot say", "uneven arms")
    assert np.isnan([row.worth, row.p_adjusted]).all()


def with_spending(rows, lift, seed=3):
    """What each unit spent; those of b a little more, or less."""
    spent = np.random.default_rng(seed).gamma(2.0, 10.0, len(rows))
    return rows.assign(spent=spent * np.where(rows["arm"] == "b", 1 + lift, 1))


@pytest.mark.parametrize(
    ("lift", "margin", "verdict", "why", "said"),
    [
        (0.0, 0.2, "ship", "better", "spent held"),
        (0.0, 0.01, "cannot say", "guardrail open", "spent open"),
        (-0.3, 0.1, "stop", "guardrail broken", "spent broken"),
    ],
)
def test_a_winner_ships_only_with_its_guardrails(lift, margin, verdict, why, said):
    rail = abtest.Guardrail(abtest.Mean("spent"), margin)
    tests = abtest.experiments_of(with_spending(WON, lift), guardrails=[rail])
    row = abtest.evaluate(tests, as_of=DAY).rows[0]
    assert (row.verdict, row.why) == (verdict, why)
    assert row.guardrails.startswith(f"{said}, ")
    assert f"Guardrails: {said}, " in str(row)
    assert abtest.evaluate(WON, as_of=DAY).rows[0].guardrails == ""


def test_a_guardrail_that_nobody_can_judge_is_said():
    rail = abtest.Guardrail(abtest.Proportion("complained"), 0.1, higher_is_better=False)
    tests = abtest.experiments_of(WON.assign(complained=0), guardrails=rail)
    row = abtest.evaluate(tests, as_of=DAY).rows[0]
    assert (row.verdict, row.why) == ("cannot say", "guardrail open")
    assert row.reason.endswith("not hold for certain: complained leaves nothing to compare.")
    worse = units_of("worse", (4000, 400), (4000, 200)).assign(complained=0)
    row = abtest.evaluate(abtest.experiments_of(worse, guardrails=rail), as_of=DAY).rows[0]
    assert (row.verdict, row.why) == ("stop", "worse")


def test_a_guardrail_watched_until_it_holds_is_seldom_wrong():
    """At the margin itself, looked at once in three days for six weeks, by simulation."""
    rng = np.random.default_rng(8)
    rail, tests = abtest.Guardrail("converted", 0.1), 300
    counts = rng.binomial(900, [[[0.2]], [[0.18]]], (2, tests, 14)).cumsum(axis=2)
    n = 900 * np.arange(1, 15)
    near = counts[1] / counts[0] - 1 > -0.1 + 1.9 * np.sqrt(0.8 / 0.2 * 2 / n)
    once, always = set(), set()
    for test, look in np.argwhere(near).tolist():
        table = pd.DataFrame(
            {"arm": ["a", "b"], "exposures": n[look], "conversions": counts[:, test, look]}
        )
        arms = abtest.counts(table, control="a")
        if abtest.guardrails(arms, [rail]).is_held:
            once.add(test)
        if always_held(arms, [rail], tuned_at=10_000)[0].status == "held":
            always.add(test)
    assert len(once) > 0.06 * tests
    assert len(always) <= 0.025 * tests


@pytest.mark.parametrize(("share", "status"), [(0.5, "held"), (0.1, "open")])
def test_a_guardrail_of_money_is_not_taken_as_held_in_arms_of_very_different_size(share, status):
    n = 4000
    rows = units_of("sizes", (round(n * share), round(40 * share)), (n, 80))
    rows = with_spending(rows, 0.0).assign(planned_end=START + timedelta(days=28))
    rows["weight"] = np.where(rows["arm"] == "control", share, 1.0)
    rail = abtest.Guardrail(abtest.Mean("spent"), 0.5)
    (test,) = abtest.experiments_of(rows, guardrails=rail)
    assert abtest.guardrails(test.arms, [rail]).is_held
    row = abtest.evaluate([test], as_of=DAY).rows[0]
    assert row.guardrails.startswith(f"spent {status}, ")


def test_where_nothing_can_be_said_yet_a_guardrail_is_open():
    rows = with_spending(units_of("few", (150, 10), (150, 12)), 0.0)
    rail = abtest.Guardrail(abtest.Mean("spent"), 0.9)
    (test,) = abtest.experiments_of(rows, guardrails=[rail])
    assert abtest.guardrails(test.arms, [rail]).is_held
    (row,) = always_held(test.arms, [rail], tuned_at=10_000)
    assert (row.status, row.p_value, row.bound) == ("open", 1.0, -np.inf)


def test_several_tests_are_never_read_as_one():
    said = "the rows are of more than one test (experiment_id open, won): read them all by"
    for kind in KINDS.values():
        with pytest.raises(ParameterError) as error:
            abtest.units(kind(BOTH), "converted", control="control")
        assert str(error.value).startswith(said)
    for by in ((), "experiment_id"):
        with pytest.raises(ParameterError) as error:
            abtest.counts(counted(BOTH), control="control", by=by)
        assert str(error.value).startswith(said)
    assert abtest.units(WON, "converted", control="control").n.tolist() == [2140, 2163]


@pytest.mark.parametrize("cell", ["$12.50", "12,50", "n/a", ""])
def test_one_cell_of_text_among_numbers_is_named(cell):
    spent = with_spending(WON, 0.0)["spent"].astype(object)
    spent.iloc[7] = cell
    for read in (abtest.experiments_of, abtest.units):
        more = {"metric": "spent"} if read is abtest.experiments_of else {"columns": "spent"}
        with pytest.raises(ParameterError) as error:
            read(WON.assign(spent=spent), control="control", **more)
        assert str(error.value) == (
            f"spent holds text among other values, such as {cell!r} in row 7: write all alike, "
            "numbers without signs, units and commas, such as 12.5."
        )
