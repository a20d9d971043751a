"""The Olist data, read with the mappings written for it."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from playbook.data import rules, sources

RULES = Path(__file__).parents[2] / "olist" / "playbook.toml"


@pytest.fixture(scope="module")
def con(olist):
    with duckdb.connect() as connection:
        sources.stage(connection, olist, rules.load(RULES))
        yield connection


def one(con, query):
    return con.execute(query).fetchall()


@pytest.mark.parametrize(
    ("table", "rows"),
    [
        ("lead", 8000),
        ("stage_event", 16000),
        ("account", 8000),
        ("opportunity", 842),
        ("channel", 10),
        ("content", 495),
        ("staff", 41),
    ],
)
def test_every_row_arrives_in_its_tables(con, table, rows):
    keys = {"stage_event": "stage_event_id"}.get(table, f"{table}_id")
    found = one(con, f"SELECT count(*), count(DISTINCT {keys}) FROM raw.{table}")
    assert found == [(rows, rows)]


def test_leads_without_origin_stay_apart_from_unknown(con):
    counts = dict(one(con, "SELECT channel_id, count(*) FROM raw.lead GROUP BY channel_id"))
    assert counts[None] == 60
    assert counts["unknown"] == 1099
    assert one(con, "SELECT channel_group FROM raw.channel WHERE channel_id = 'unknown'") == [
        ("other",)
    ]


def test_the_known_rates_and_times_follow_from_the_staged_rows(con):
    won = "raw.lead AS l LEFT JOIN raw.opportunity AS o USING (lead_id)"
    rates = one(
        con,
        "SELECT channel_id, round(100.0 * count(o.is_won) / count(*), 2) "
        f"FROM {won} GROUP BY channel_id",
    )
    assert {k: v for k, v in rates if k in {"paid_search", "social", "unknown", None}} == {
        "paid_search": 12.30,
        "social": 5.56,
        "unknown": 16.29,
        None: 23.33,
    }
    days = "date_diff('second', l.created_at::TIMESTAMP, o.closed_at::TIMESTAMP) / 86400"
    assert one(con, f"SELECT round(median({days}), 2), count_if({days} < 0) FROM {won}") == [
        (14.65, 1)
    ]
