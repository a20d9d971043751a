"""Words are found where they stand by themselves, in Chinese and in English."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbook.errors import ParameterError
from playbook.keywords import Finder, plain, segments


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("免费", "客服系统免费"),
        ("免费", "免费客服系统哪家好"),
        ("学生", "学生作业用的知识库"),
        ("破解版下载", "什么是智能客服破解版下载"),
        ("job", "job in support"),
        ("job", "Support JOBS berlin"),
        ("student", "student's guide"),
        ("free", "客服free系统"),
        ("what is", "What  is an AI agent"),
        ("免费", "客服ＡＩ免费"),
    ],
)
def test_a_word_is_found_where_it_is_a_word(word, text):
    assert Finder([word]).first(text) == word


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("免费", "避免费用过高"),
        ("学生", "小学生作业"),
        ("job", "jobless rate"),
        ("free", "freedom of choice"),
        ("ai", "cenhai desk"),
        ("top", "laptop"),
        ("what is", "whatis"),
    ],
)
def test_a_word_inside_another_word_is_not_found(word, text):
    assert Finder([word]).first(text) is None


def test_anywhere_takes_a_chinese_word_inside_another_but_no_english_one():
    finder = Finder(["免费", "job"], "anywhere")
    assert finder.first("避免费用") == "免费"
    assert finder.first("jobless") is None


def test_the_first_of_the_list_wins_and_all_are_told():
    finder = Finder(["论文", "学生", "免费"])
    assert finder.first("学生论文") == "论文"
    assert finder.every("学生论文") == ["论文", "学生"]


def test_a_column_with_gaps_keeps_them():
    texts = pd.Series(["客服免费", None, "客服"], index=[5, 6, 7])
    assert Finder(["免费"]).in_column(texts).to_dict() == {5: "免费", 6: None, 7: None}


def test_an_empty_word_and_an_unknown_way_are_refused():
    with pytest.raises(ParameterError, match="a word to look for is empty"):
        Finder(["免费", " "])
    with pytest.raises(ParameterError, match="unknown matching 'word'; did you mean 'words'"):
        Finder(["免费"], "word")


def test_segments_keep_known_words_and_latin_words_whole():
    assert segments("岑海智能客服 free-trial 2026", ["岑海"]) == [
        "岑海",
        "智能",
        "客服",
        "free-trial",
        "2026",
    ]
    assert segments("  ，。 ") == []


@given(st.text(alphabet="免费避用客服abc job", max_size=12))
def test_what_is_found_is_in_the_text_and_what_the_strict_way_finds_the_other_finds_too(text):
    words = ["免费", "客服", "job"]
    strict, loose = Finder(words).every(text), Finder(words, "anywhere").every(text)
    assert set(strict) <= set(loose)
    assert all(word in plain(text) for word in loose)
