"""Words with a meaning."""

from __future__ import annotations

import pytest

from playbook.data import schema
from playbook.data.checks import words

ENUMS = [(t, c) for t in schema.TABLES.values() for c in t.columns if c.values is not None]


@pytest.mark.parametrize(("table", "column"), ENUMS, ids=lambda x: x.name)
def test_every_declared_label_is_read_as_its_code(read, table, column):
    """In both languages, with other case and with spaces."""
    pairs = [(label, code) for code, names in column.values.items() for label in (code, *names)]
    spelled = [(f" {label.upper()} ", code) for label, code in pairs]
    expected = [code for _, code in pairs]
    assert read(f"{table.name}.{column.name}", [label for label, _ in pairs]) == expected
    assert read(f"{table.name}.{column.name}", [label for label, _ in spelled]) == expected


@pytest.mark.parametrize(
    "word", ["是", "有", "Y", "yes", "TRUE", "1", "1.0", "√", "对", "ｙ", " 是 "]
)
def test_yes_is_yes(read, word):
    assert read("opportunity.is_won", [word]) == [True]


@pytest.mark.parametrize("word", ["否", "无", "N", "No", "false", "0", "×", "无效", "０"])
def test_no_is_no(read, word):
    assert read("opportunity.is_won", [word]) == [False]


@pytest.mark.parametrize("word", ["", "maybe", "2", "待定"])
def test_anything_else_is_neither(read, word):
    assert read("opportunity.is_won", [word]) == [None]


def test_native_numbers_may_say_yes_and_no(read):
    assert read("opportunity.is_won", [1, 0, 2, None], "INTEGER") == [True, False, None, None]
    assert read("opportunity.is_won", [True, False], "BOOLEAN") == [True, False]
    assert read("opportunity.is_won", [1.0], "DOUBLE") == [True]


@pytest.mark.parametrize(
    ("written", "code"),
    [("cny", "CNY"), ("人民币", "CNY"), ("RMB", "CNY"), ("¥", "CNY"), ("￥", "CNY"), ("$", "USD"),
     ("美元", "USD"), ("港币", "HKD"), ("usd ", "USD"), ("-", None), ("", None)],
)  # fmt: skip
def test_currencies_are_codes(read, written, code):
    assert read("spend.currency", [written]) == [code]


def test_keys_that_arrive_as_numbers_have_no_decimals(read):
    assert read("spend.campaign_id", [12.0, 12.5], "DOUBLE") == ["12", "12.5"]
    assert read("spend.campaign_id", [12], "BIGINT") == ["12"]


@pytest.mark.parametrize("word", ["", "-", "N/A", "null", "无", "#N/A", "nan"])
def test_a_key_that_says_there_is_none_is_none(read, word):
    assert read("spend.campaign_id", [word]) == [None]


def test_a_label_belongs_to_one_code():
    """Where two codes claim a label the first would win silently."""
    for _, column in ENUMS:
        claimed = [
            words.labels(column)[words._squeeze(name)]
            for code, names in column.values.items()
            for name in (code, *names)
        ]
        declared = [code for code, names in column.values.items() for _ in (code, *names)]
        assert claimed == declared, column.name
