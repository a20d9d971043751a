"""Numbers as people write them."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

several = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
amounts = st.decimals(0, 10**9, places=2, allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1234.5", "1234.50"),
        ("1,234.5", "1234.50"),
        ("1,234.5万", "12345000"),
        ("3.2亿", "320000000"),
        ("5千", "5000"),
        ("2百万", "2000000"),
        ("12.5万元", "125000"),
        ("1.5w", "15000"),
        ("20k", "20000"),
        ("¥ 1 234,50", "1234.50"),
        ("￥1,234.50", "1234.50"),
        ("1.234,50 €", "1234.50"),
        ("1234,5", "1234.50"),
        ("1.234.567", "1234567"),
        ("1'234'567.80", "1234567.80"),
        ("RMB 88", "88"),
        ("88元", "88"),
        ("人民币88元整", "88"),
        ("(1,234.50)", "-1234.50"),
        ("（88）", "-88"),
        ("88-", "-88"),
        ("-¥88", "-88"),
        ("−88", "-88"),
        ("+88", "88"),
        ("１，２３４．５", "1234.50"),
        ("12%", "0.12"),
        ("1e5", "100000"),
        (".5", "0.50"),
        ("0.005", "0.01"),
    ],
)
def test_an_amount_is_read_however_it_is_written(read, text, expected):
    assert read("spend.amount", [text]) == [Decimal(expected).quantize(Decimal("0.01"))]


@pytest.mark.parametrize(
    "text",
    ["abc", "1,23,4", "12,34.5", "1.2.3", "nan", "inf", "1e400", "12 apples", "--5", "0x10", "¥",
     "99999999999999999999"],
)  # fmt: skip
def test_what_is_no_amount_is_not_read(read, text):
    assert read("spend.amount", [text]) == [None]


def test_a_file_with_decimal_commas_reads_points_as_thousands(read):
    texts = ["1.234", "1.234,5", "12,5", "1.234.567,89", "1234", "12.5"]
    found = read("spend.amount", texts, comma_files=frozenset({0}))
    expected = ["1234", "1234.5", "12.5", "1234567.89", "1234", "12.5"]
    assert found == [Decimal(e).quantize(Decimal("0.01")) for e in expected]


def test_whole_numbers_are_never_rounded(read):
    texts = ["12", "12.0", "1,200", "12.5", "1.2万", "30次", "-3"]
    assert read("ad_daily.clicks", texts) == [12, 12, 1200, None, 12000, 30, -3]


def test_units_are_read_only_where_they_are_the_columns_own(read):
    assert read("content.production_hours", ["3小时", "2.5 h", "30分钟"]) == [3.0, 2.5, None]
    assert read("ai_use.minutes_spent", ["30分钟", "3小时"]) == [30.0, None]


def test_percent_stays_percent_where_the_column_holds_percent(read):
    assert read("project.progress", ["45%", "45"]) == [45.0, 45.0]
    assert read("ai_use.edit_ratio", ["45%", "0.45"]) == [0.45, 0.45]


def test_native_numbers_keep_their_value(read):
    assert read("ad_daily.clicks", [3.0, 3.5, float("nan"), float("inf")], "DOUBLE") == [
        3, None, None, None,
    ]  # fmt: skip
    assert read("spend.amount", [12.345, float("nan")], "DOUBLE") == [Decimal("12.35"), None]
    assert read("spend.amount", [7], "BIGINT") == [Decimal("7.00")]
    assert read("spend.amount", [Decimal("7.125")], "DECIMAL(10,3)") == [Decimal("7.13")]
    assert read("ai_use.quality_score", [88], "INTEGER") == [88.0]


@several
@given(values=st.lists(amounts, min_size=1, max_size=20))
def test_amounts_agree_with_decimal(read, values):
    """Plain, with thousands, in brackets, with a decimal comma: the same amount."""
    for form in ("{}", "{:,}", "¥{:,}", "{:,} 元"):
        assert read("spend.amount", [form.format(v) for v in values]) == values
    negative = [-v for v in values]
    assert read("spend.amount", [f"({v:,})" for v in values]) == negative
    german = [f"{v:,}".replace(",", "_").replace(".", ",").replace("_", ".") for v in values]
    assert read("spend.amount", german, comma_files=frozenset({0})) == values
    assert read("spend.amount", german) == values


@several
@given(values=st.lists(amounts, min_size=1, max_size=20))
def test_ten_thousands_agree_with_decimal(read, values):
    expected = [(v * 10_000).quantize(Decimal("0.01"), ROUND_HALF_UP) for v in values]
    assert read("spend.amount", [f"{v:,}万" for v in values]) == expected
