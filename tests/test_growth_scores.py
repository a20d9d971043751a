"""The points of the period's leads on the growth page (P02-T6)."""

from __future__ import annotations

import pytest

from playbook.chapters import growth


def test_every_lead_of_the_period_has_a_score_and_its_parts_sum_to_it(book):
    table = growth.lead_scores(book)
    leads = book.sql(
        "SELECT count(*) AS n FROM lead_journey WHERE created_at >= $a AND created_at < $b",
        a=book.period.start,
        b=book.period.end,
    )["n"][0]
    assert len(table) == leads
    assert table["lead_id"].is_unique
    factors = table.columns[table.columns.get_loc("recorded_mql") + 1 :]
    assert table[list(factors)].sum(axis=1).tolist() == table["score"].tolist()
    assert table["score"].is_monotonic_decreasing
    bands = book.rules.scoring.bands
    assert (table["band"] == "hot").tolist() == (table["score"] >= bands.hot).tolist()


def test_the_bands_add_up_and_warmer_leads_are_mql_more_often(book):
    bands = growth.score_bands(book).set_index("band")
    table = growth.lead_scores(book)
    assert bands["leads"].sum() == len(table)
    assert bands["mql"].sum() == table["recorded_mql"].sum()
    assert bands["leads_share"].sum() == pytest.approx(1)
    assert bands.loc["warm", "mql_rate"] > bands.loc["cold", "mql_rate"]


def test_a_price_page_counts_for_the_person_behind_the_lead_and_once(open_files):
    files = {
        "lead.csv": "lead_id,person_id,created_at\nL1,P1,2026-10-05\nL2,P2,2026-10-06\n",
        "touch.csv": "touch_id,person_id,lead_id,touch_type,touched_at\n"
        "T1,P1,L1,pricing_view,2026-10-31\nT2,P1,,download,2026-11-20\n",
    }
    table = growth.lead_scores(open_files(files, as_of="2026-11-30")).set_index("lead_id")
    (points,) = {
        b.points for b in open_files(files, as_of="2026-11-30").rules.scoring.behaviour
        if b.touch_type == "pricing_view"
    }  # fmt: skip
    assert table["score"].to_dict() == {"L1": points, "L2": 0}
