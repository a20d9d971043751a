"""Speed, censoring, outlook and the rows behind the figures of the growth chapter."""

from __future__ import annotations

from dataclasses import replace

import pytest

from playbook import funnel
from playbook.book import open_book
from playbook.chapters import growth

HAND = {
    "lead.csv": "lead_id,created_at\n"
    + "".join(f"L{n:02d},2026-08-{n:02d}T00:00:00\n" for n in range(1, 25)),
    "stage_event.csv": "stage_event_id,lead_id,stage,entered_at\n"
    + "".join(f"M{n},L{n:02d},mql,2026-08-{n + 4:02d}T00:00:00\n" for n in range(1, 13))
    + "".join(f"W{n},L{n:02d},won,2026-08-{n + 6:02d}T00:00:00\n" for n in range(1, 11))
    + "X1,L11,lost,2026-08-20T00:00:00\nX2,L12,lost,2026-08-20T00:00:00\n",
}


@pytest.fixture
def small(open_files):
    return open_files(HAND, period="2026-08", as_of="2026-08-31")


def test_time_in_stage_is_that_of_leads_worked_by_hand(small):
    table = growth.stage_times(small).set_index("stage")
    assert table.loc["Leads", ["entered", "moved_on", "lost", "open"]].tolist() == [24, 12, 0, 12]
    assert table.loc["Leads", "median"] == 4
    assert table.loc["MQL", ["entered", "moved_on", "lost", "open"]].tolist() == [12, 10, 2, 0]
    assert table.loc["MQL", "p90"] == 2


def test_the_conversion_under_censoring_lies_above_what_a_plain_count_says(book):
    table = growth.conversion_by_age(book)
    assert (table["rate"] >= table["so_far"]).all()
    assert table["rate"].is_monotonic_increasing
    assert table["low"].le(table["rate"]).all()
    assert table["high"].ge(table["rate"]).all()
    old = growth.conversion_by_age(open_book("sample", "2025-08")).set_index("days")
    # All of them have been followed for 365 days since; nothing is left to estimate.
    assert old.loc[180, "rate"] == pytest.approx(old.loc[180, "so_far"], abs=1e-12)


def test_the_outlook_expects_customers_from_open_deals_above_all(book):
    table = growth.outlook(book).set_index("stage")
    stages = table.drop("Total")
    assert stages["expected"].sum() == pytest.approx(table.loc["Total", "expected"])
    assert stages["open"].sum() == table.loc["Total", "open"]
    assert stages["probability"].idxmax() == "Opportunities"
    assert table.loc["Total", "low"] < table.loc["Total", "expected"] < table.loc["Total", "high"]
    still = book.sql("SELECT count(DISTINCT lead_id) AS n FROM deal WHERE is_open AND lead_id IS "
                     "NOT NULL AND lead_id NOT IN (SELECT lead_id FROM deal WHERE NOT is_open AND "
                     "lead_id IS NOT NULL)")["n"][0]  # fmt: skip
    assert abs(table.loc["Opportunities", "open"] - still) <= 2


def test_an_outlook_made_half_a_year_ago_is_what_came(book):
    """Of the deals open on the first of April, most are closed by now."""
    past = open_book("sample", "2026-03", as_of="2026-04-01")
    table = growth.outlook(past).set_index("stage")
    was_open = funnel.rows(growth.funnel_events(past), growth.way_to_won(past), "lead")
    won = book.sql("SELECT lead_id FROM lead_journey WHERE won_at > $at", at=past.as_of)
    came = len(set(won["lead_id"]) & set(was_open["lead_id"]))
    assert table.loc["Total", "low"] <= came <= table.loc["Total", "high"]


def test_the_rows_behind_the_cohort_are_those_of_the_funnel(book):
    rows = growth.cohort_rows(book)
    cohort = growth.cohort_stages(book)
    events, way = growth.funnel_events(book), growth.way_to_won(book)
    span = {"start": book.period.start, "end": book.period.end}
    for key, name, count in cohort[["key", "stage", "count"]].itertuples(index=False):
        found = funnel.rows(events, way, key, **span)
        assert rows[name].notna().sum() == count == len(found)
        mine = rows[rows[name].notna()].set_index("lead_id")[name].to_dict()
        assert mine == book.local_times(found.set_index("lead_id")["at"]).to_dict()
    stopped = cohort["count"] - cohort["count"].shift(-1, fill_value=0)
    assert rows["stopped_at"].value_counts().reindex(cohort["stage"], fill_value=0).tolist() == (
        stopped.tolist()
    )


def test_the_rows_behind_a_change_are_as_many_as_it_says(book):
    rows = growth.change_rows(book).groupby("step")["went_on"].agg(["size", "sum"])
    for change in growth.fair_changes(book).itertuples():
        if change.n:
            assert rows.loc[change.step].tolist() == [change.n, change.converted]
    first = growth.fair_changes(book).iloc[0]
    way = replace(growth.way_to_won(book), within_days=float(first["days"]))
    found = funnel.rows(
        growth.funnel_events(book), way, way.stages[1], start=book.period.start,
        end=book.period.end, as_of=book.as_of, mature_only=True,
    )  # fmt: skip
    mine = growth.change_rows(book).query("step == @first.step and went_on")
    assert set(mine["lead_id"]) == set(found["lead_id"])


def test_the_rows_behind_the_period_are_the_first_entries_it_counts(book):
    rows = growth.entry_rows(book)["stage"].value_counts()
    stages = growth.period_stages(book)
    assert rows.reindex(stages["stage"], fill_value=0).tolist() == stages["count"].tolist()


def test_moves_tell_skips_and_regressions(book):
    table = growth.moves(book)
    assert set(table["kind"]) <= {"step", "skip", "regression"}
    assert table["n"].is_monotonic_decreasing


def test_with_leads_alone_there_is_nothing_to_expect(open_files):
    alone = open_files({"lead.csv": "lead_id,created_at\nL1,2026-10-03\n"})
    assert growth.stage_times(alone).empty
    assert growth.outlook(alone).empty
    assert growth.change_rows(alone).empty
    assert growth.cohort_rows(alone)["stopped_at"].tolist() == ["Leads"]
    assert growth.conversion_by_age(alone)["so_far"].eq(0).all()
