"""The section `[keywords]`: the handbook's words, what it takes, and what it says of mistakes."""

from __future__ import annotations

import pytest

from playbook.data import rules
from playbook.data.rules.keywords import Health, Keywords
from playbook.data.rules.template import template
from playbook.data.sample import story
from playbook.errors import RulesError


@pytest.fixture
def load(tmp_path):
    def read(text):
        path = tmp_path / "playbook.toml"
        path.write_text(text, "utf-8")
        return rules.load(path).keywords

    return read


def test_the_handbooks_negative_words_and_wordings_are_the_defaults():
    asked = Keywords()
    assert asked.negative[:6] == ("学生", "论文", "免费", "教程", "招聘", "破解版下载")
    assert set(story.NEGATIVE_WORDS) <= set(asked.negative)
    assert {"student", "thesis", "free", "tutorial", "job", "crack"} <= set(asked.negative)
    assert {"是什么", "what is"} <= set(asked.intents.awareness)
    assert {"哪家好", "which"} <= set(asked.intents.evaluation)
    assert {"报价", "试用", "price", "trial"} <= set(asked.intents.decision)
    assert asked.landing.never == ("home_page",)


def test_unrelated_industries_are_negative_too_each_word_once(load):
    asked = load('[keywords]\nnegative = ["学生", "免费"]\nunrelated = ["游戏", "免费"]')
    assert asked.all_negative == ("学生", "免费", "游戏")


def test_pages_are_named_in_chinese_too(load):
    asked = load('[keywords.landing]\nhigh_intent = ["产品页", "案例"]')
    assert asked.landing.high_intent == ("product_page", "case")


def test_every_limit_is_two_shares_that_differ_and_says_ours():
    assert "all ours" in (Health.__doc__ or "")
    for name in Health.model_fields:
        watch, act = getattr(Health(), name)
        assert watch != act


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[keywords]\nnegative = ["学生", " "]', "an empty word would be found everywhere"),
        ('[keywords]\nmatching = "word"', "matching"),
        ("[keywords.health]\nbroad = [0.2]", "broad"),
        ("[keywords.health]\nbroad = [0.2, 0.2]", "the two shares must differ"),
        ("[keywords.health]\nbroad = [0.2, 1.2]", "broad"),
        ('[keywords.intent_of_class]\nbrand = "buy"', "brand"),
        ('[keywords.classes]\nbrands = ["x"]', "brands"),
    ],
)
def test_mistakes_are_told(load, text, message):
    with pytest.raises(RulesError, match=message):
        load(text)


def test_the_template_writes_every_setting():
    text = template()
    for section in ("classes", "intents", "intent_of_class", "landing", "health"):
        assert f"[keywords.{section}]" in text
