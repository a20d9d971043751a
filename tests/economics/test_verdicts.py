"""A channel is cut or kept only where chance could not have made it so."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from playbook.economics import Yardstick, judge, poisson_interval
from playbook.errors import ParameterError

CUSTOMERS = Yardstick("customers", limit=100.0)
SQL = Yardstick("sql", limit=10.0)


def channels(*rows):
    columns = ["channel", "cost", "leads", "months", "sql", "customers"]
    return pd.DataFrame(rows, columns=columns)


def verdict(*row, yards=(CUSTOMERS, SQL), **how):
    return judge(channels(("A", *row)), yards, **how).iloc[0]


def test_an_interval_wholly_above_the_line_is_a_cut():
    row = verdict(10_000.0, 500, 12, 300, 20)  # 500 each, at least 10,000 / 30.9 = 324
    assert (row["verdict"], row["judged_by"], row["why"]) == ("cut", "customers", "above")
    assert row["figure"] == 500.0
    assert row["figure_low"] == pytest.approx(10_000 / 30.888, rel=1e-4)


def test_an_interval_wholly_below_the_line_is_kept():
    row = verdict(1000.0, 500, 12, 300, 20)
    assert (row["verdict"], row["why"]) == ("keep", "below")


def test_an_interval_across_every_line_is_only_watched():
    row = verdict(1000.0, 500, 12, 100, 10)
    assert (row["verdict"], row["judged_by"], row["why"]) == ("watch", None, "across")
    assert row["figure"] == 100.0


def test_where_customers_are_too_few_sqls_decide():
    row = verdict(200.0, 500, 12, 1, 1)  # 36 to 7,900 a customer; at least 36 an SQL
    assert (row["verdict"], row["judged_by"], row["figure"]) == ("cut", "sql", 200.0)


def test_customers_overrule_sqls_once_they_can_tell():
    row = verdict(10_000.0, 5000, 12, 5000, 20)  # SQLs cheap, customers dear
    assert (row["verdict"], row["judged_by"]) == ("cut", "customers")


@pytest.mark.parametrize("leads", [0, 5, 29])
def test_never_a_cut_on_a_handful_of_leads(leads):
    row = verdict(1e6, leads, 12, 0, 0)
    assert (row["verdict"], row["why"]) == ("watch", "few leads")


def test_never_a_cut_on_a_few_months():
    row = verdict(1e6, 500, 5, 0, 0)
    assert (row["verdict"], row["why"]) == ("watch", "few months")


def test_no_cost_is_no_verdict():
    row = verdict(0.0, 500, 0, 3, 3)
    assert (row["verdict"], row["why"]) == ("no cost", "no cost")


def test_nothing_at_all_for_much_money_is_a_cut_though_it_has_no_figure():
    row = verdict(500.0, 100, 12, 0, 0)
    assert row["verdict"] == "cut"
    assert math.isnan(row["figure"])
    assert row["figure_low"] == pytest.approx(500 / poisson_interval(pd.Series([0.0]))[1][0])


def test_without_a_target_the_middle_channel_is_the_line():
    table = channels(
        ("A", 1000.0, 100, 12, 50, 10),
        ("B", 2000.0, 100, 12, 50, 10),
        ("C", 9000.0, 100, 12, 50, 10),
        ("small", 1.0, 2, 12, 1, 1),  # too small to have a say
    )
    found = judge(table, [Yardstick("customers", factor=1.5)]).set_index("channel")
    assert found["limit"].tolist() == [300.0] * 4
    assert found["verdict"].tolist() == ["keep", "watch", "cut", "watch"]


def test_a_channel_without_customers_counts_as_dearest_in_the_middle():
    table = channels(
        ("A", 1000.0, 100, 12, 50, 10), ("B", 2000.0, 100, 12, 50, 10), ("C", 1.0, 99, 12, 5, 0)
    )
    assert judge(table, [Yardstick("customers", factor=1.0)])["limit"].iloc[0] == 200.0


def test_a_line_that_judges_nothing_is_refused():
    with pytest.raises(ParameterError, match=r"^limit must be above 0, not 0$"):
        Yardstick("customers", limit=0)
    with pytest.raises(ParameterError, match=r"^factor must be above 0, not -1$"):
        Yardstick("customers", factor=-1)
    with pytest.raises(ParameterError, match=r"^judge needs at least one yardstick$"):
        judge(channels(), [])
