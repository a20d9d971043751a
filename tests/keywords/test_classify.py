"""Class and intent: the record wins, the wording fills gaps, disagreements are shown."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbook import keywords
from playbook.data.rules import Rules
from playbook.errors import ParameterError
from playbook.keywords import Wording

RULES = Rules().keywords
DEFAULT = Wording(
    classes={
        **{name: getattr(RULES.classes, name) for name in keywords.CLASSES},
        "brand": ("岑海", "cenhai"),
        "competitor": ("云启智言",),
    },
    intents={name: getattr(RULES.intents, name) for name in keywords.INTENTS},
    intent_of_class=RULES.intent_of_class.model_dump(),
    negatives=RULES.all_negative,
    kept=RULES.kept,
)


def classified(*words, **columns):
    return keywords.classify(pd.DataFrame({"keyword": words, **columns}), DEFAULT)


@pytest.mark.parametrize(
    ("word", "intent"),
    [
        ("知识库是什么", "awareness"),
        ("什么是知识库", "awareness"),
        ("客服怎么降本", "awareness"),
        ("智能客服哪家好", "evaluation"),
        ("智能客服对比", "evaluation"),
        ("知识库系统报价", "decision"),
        ("智能客服试用", "decision"),
        ("客服机器人价格", "decision"),
        ("what is an ai agent", "awareness"),
        ("which help desk is best", "evaluation"),
        ("zendesk vs us", "evaluation"),
        ("help desk pricing", "decision"),
        ("help desk free trial", "decision"),
        ("book a demo", "decision"),
    ],
)
def test_the_handbooks_wordings_tell_the_intent(word, intent):
    row = classified(word).iloc[0]
    assert (row["intent_stage"], row["intent_from"]) == (intent, "wording")


def test_a_price_outweighs_what_is():
    assert classified("什么是知识库的价格")["intent_stage"].tolist() == ["decision"]


@pytest.mark.parametrize(
    ("word", "group"),
    [
        ("岑海智能客服", "brand"),
        ("云启智言系统", "competitor"),
        ("客服成本高怎么办", "pain"),
        ("制造业解决方案", "solution"),
        ("客服行业", "industry"),
        ("知识库软件", "product"),
        ("knowledge base software", "product"),
    ],
)
def test_the_first_class_that_fits_is_the_class(word, group):
    assert classified(word)["word_class"].tolist() == [group]


def test_without_a_wording_the_intent_is_that_of_the_class_and_says_so():
    row = classified("云启智言").iloc[0]
    assert (row["intent_stage"], row["intent_from"]) == ("evaluation", "class")


def test_the_record_wins_and_the_disagreement_is_kept():
    table = classified("知识库软件报价", word_class=["solution"], intent_stage=["awareness"])
    row = table.iloc[0]
    assert (row["word_class"], row["class_from"], row["class_by_rule"]) == (
        "solution",
        "recorded",
        "product",
    )
    assert (row["intent_stage"], row["intent_by_rule"], row["intent_word"]) == (
        "awareness",
        "decision",
        "报价",
    )
    assert row["class_agrees"] is False
    assert row["intent_agrees"] is False


def test_what_nobody_knows_stays_unknown_and_its_cost_share_is_told():
    table = classified("天气", "知识库软件").assign(cost=[30.0, 70.0])
    assert table.loc[0, ["word_class", "intent_stage", "class_from"]].tolist() == [None] * 3
    assert keywords.unclassified(table) == pytest.approx(0.3)


def test_unknown_classes_are_refused_with_the_nearest_name():
    with pytest.raises(ParameterError, match="unknown word class 'brands'; did you mean 'brand'"):
        Wording(classes={"brands": ("x",)})
    with pytest.raises(ParameterError, match="the table lacks keyword"):
        keywords.classify(pd.DataFrame({"word": ["x"]}), DEFAULT)


@given(
    st.lists(
        st.sampled_from(["知识库报价", "什么是知识库", "云启智言", "天气", "岑海"]), min_size=1
    )
)
def test_the_order_of_words_changes_nothing(words):
    table = classified(*words)
    again = classified(*words[::-1]).iloc[::-1].reset_index(drop=True)
    pd.testing.assert_frame_equal(table, again)
