"""Rows of the seven-layer cockpit."""

from __future__ import annotations

import pandas as pd
import pytest

from playbook.chapters import growth
from playbook.chapters.cockpit import layered


def metric(book, *, better, value, target):
    table = growth.metrics(book)
    row = table[table["metric"] == "P02-M10"].assign(better=better, value=value, target=target)
    (found,) = layered(book, row, {3: ("P02-M10",)})
    return found["target_share"], found["judgement"], found["level"]


@pytest.mark.parametrize(
    ("better", "value", "target", "expected"),
    [
        ("up", 90.0, 100.0, (0.9, "close", "watch")),
        ("up", 120.0, 100.0, (1.2, "on target", "good")),
        ("down", 80.0, 100.0, (1.25, "on target", "good")),
        ("down", 200.0, 100.0, (0.5, "behind", "act")),
        ("down", 200.0, float("nan"), (None, "no target", "info")),
    ],
)
def test_a_cost_above_its_target_is_behind_it(book, better, value, target, expected):
    assert metric(book, better=better, value=value, target=target) == expected


def test_a_missing_value_is_no_data(book):
    assert metric(book, better="up", value=float("nan"), target=100.0)[1:] == ("no data", "info")


def test_growth_fills_company_funnel_and_channel(book):
    rows = growth.cockpit_rows(book, growth.metrics(book))
    assert list(pd.unique(pd.Series([row["layer"] for row in rows]))) == [1, 2, 3]
    assert [row["name"] for row in rows if row["layer"] == 3] == [
        "Cost per lead (CPL), basic",
        "Cost per new customer (CAC), basic",
    ]
