"""How numbers are written, and what division by nothing gives."""

from __future__ import annotations

import math
import sys
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbook import format as fmt
from playbook.errors import ParameterError

UNITS_OF_NUMBERS = [unit for unit in fmt.UNITS if unit not in {"text", "date"}]


@pytest.mark.parametrize("nothing", [None, math.nan, math.inf, pd.NA, pd.NaT])
@pytest.mark.parametrize("unit", fmt.UNITS)
def test_nothing_is_written_as_a_dash_in_every_unit(nothing, unit):
    assert fmt.value(nothing, unit) == "–"


@pytest.mark.parametrize("unit", UNITS_OF_NUMBERS)
def test_zero_is_not_missing(unit):
    assert "0" in fmt.value(0, unit)


@pytest.mark.parametrize(
    ("amount", "style", "text"),
    [
        (4_200_000, "en", "¥4.2 m"),
        (9_999, "en", "¥9,999"),
        (10_000, "en", "¥10 k"),
        (999_499, "en", "¥999 k"),
        (999_950, "en", "¥1 m"),
        (1_234_567_890, "en", "¥1.23 bn"),
        (Decimal("834.50"), "en", "¥835"),
        (0, "en", "¥0"),
        (4_200_000, "zh", "420 万"),
        (123_456_789, "zh", "1.23 亿"),
        (99_999_999, "zh", "1 亿"),
    ],
)
def test_money_moves_to_the_next_scale_where_rounding_does(amount, style, text):
    assert fmt.money(amount, style=style) == text


def test_a_table_that_names_the_currency_once_leaves_it_out():
    assert fmt.money(4_200_000, sign=False) == "4.2 m"
    assert fmt.money(3450, style="zh", sign=False) == "3,450"


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.145, "14.5 %"), (0.0125, "1.3 %"), (0.9995, "> 99.9 %"), (1.5, "150.0 %")],
)
def test_halves_round_up_as_people_do(share, text):
    assert fmt.percent(share) == text


def test_a_small_number_is_said_in_words():
    assert fmt.rate(0.375, 8) == "37.5 % (3 of 8)"
    assert fmt.rate(0.35, 20) == "35.0 % (n = 20)"


def test_a_rate_whose_part_is_not_whole_keeps_its_n():
    assert fmt.rate(0.4, 7) == "40.0 % (n = 7)"


@pytest.mark.parametrize(
    ("now", "before", "unit", "text"),
    [
        (0.32, 0.38, "share", "−6.0 points"),
        (412, 366, "count", "+12.6 %"),
        (5, 0, "count", "+5"),
        (2, 8, "count", "−6"),
        (5, 0, "money", "+¥5"),
        (1.2, 1.5, "ratio", "−0.30"),
        (14.65, 12, "days", "+2.7 days"),
        (7, 7, "days", "±0 days"),
        (None, 7, "days", "–"),
    ],
)
def test_a_change_is_written_in_the_way_of_its_unit(now, before, unit, text):
    assert fmt.change(now, before, unit) == text


def test_an_unknown_unit_is_refused_with_the_nearest_one():
    with pytest.raises(ParameterError, match="did you mean 'hours'"):
        fmt.value(1, "hour")


def test_a_date_that_is_none_says_how_to_write_one():
    with pytest.raises(ParameterError, match="'soon' is not a date; write it as 2026-10-14"):
        fmt.date("soon")


@given(
    st.one_of(st.floats(), st.integers(-(10**15), 10**15)),
    st.sampled_from(UNITS_OF_NUMBERS),
    st.sampled_from(["en", "zh"]),
)
def test_no_number_is_ever_written_as_nan_inf_or_with_an_exponent(number, unit, style):
    if isinstance(number, float) and abs(number) > 1e15:
        return
    text = fmt.value(number, unit, style=style)
    assert text
    assert not any(word in text.lower() for word in ("nan", "inf", "e+"))
    assert not text.startswith("-")


def test_dividing_columns_leaves_gaps_where_the_denominator_is_nothing():
    top, bottom = pd.Series([1, 0, 5, None]), pd.Series([2, 0, 0, 4])
    assert fmt.div(top, bottom).tolist()[0] == 0.5
    assert fmt.div(top, bottom).isna().tolist() == [False, True, True, True]


def test_dividing_a_column_by_a_number_and_a_number_by_a_column():
    assert fmt.div(pd.Series([1, 2]), 0).isna().all()
    assert fmt.div(pd.Series([1, 2]), 4).tolist() == [0.25, 0.5]
    assert fmt.div(1, pd.Series([2, 0])).isna().tolist() == [False, True]


def test_dividing_decimals_keeps_the_index():
    top = pd.Series([Decimal("1.50")], index=["won"])
    assert fmt.div(top, pd.Series([Decimal(3)], index=["won"])).to_dict() == {"won": 0.5}


@given(st.floats(allow_nan=False), st.floats(allow_nan=False))
def test_a_quotient_is_finite_or_missing(a, b):
    quotient = fmt.div(a, b)
    assert math.isnan(quotient) or math.isfinite(quotient) or abs(b) < 1


@pytest.mark.parametrize(
    "text",
    [
        "=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "=cmd|'/c calc'!A1", " =1+1",
        "　=1", "＝1+1", "+86 138 0000", "-",
    ],
)  # fmt: skip
def test_text_that_a_sheet_would_run_is_quoted(text):
    assert fmt.safe_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["-12.5", "+3", "1,234.50", "-4 %", "1e5", "华诺", "a=b", "", 3.5])
def test_numbers_and_plain_text_stay_as_they_are(text):
    assert fmt.safe_cell(text) == text


def test_writing_numbers_does_not_load_pandas():
    """The module is a leaf that the command line imports."""
    import subprocess

    code = "import sys, playbook.format as f; f.money(1); print('pandas' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
