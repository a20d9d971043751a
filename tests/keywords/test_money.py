"""What words cost and bring: sums that add up, tests held against SciPy, planted words mined."""

from __future__ import annotations

from math import exp

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, poisson

from playbook import keywords
from playbook.errors import ParameterError
from playbook.keywords import Landing, Wording

NEGATIVE = Wording(negatives=("学生", "论文", "免费"), kept=("免费试用",), blocked=("论文", "学生"))

TERMS = pd.DataFrame(
    [
        ("客服系统学生", "K1", "客服系统", "a", 40.0, 10),
        ("客服系统学生论文", "K1", "客服系统", "a", 20.0, 5),
        ("客服系统免费", "K1", "客服系统", "a", 30.0, 8),
        ("客服系统免费试用", "K2", "客服系统", "a", 50.0, 5),
        ("客服系统报价", "K2", "客服系统", "a", 100.0, 12),
    ],
    columns=["search_term", "keyword_id", "keyword", "ad_account", "cost", "clicks"],
)
OUTCOMES = pd.DataFrame({"keyword_id": ["K1", "K2"], "leads": [3, 9], "mql": [1, 4]})


def test_negative_words_by_hand():
    table = keywords.negatives(TERMS, NEGATIVE, OUTCOMES).set_index("word")
    assert table["cost"].to_dict() == {"学生": 60.0, "论文": 0.0, "免费": 30.0}
    assert table["terms"].to_dict() == {"学生": 2, "论文": 0, "免费": 1}
    assert table["state"].to_dict() == {"学生": "leaks", "论文": "blocked", "免费": "costs"}
    assert table["mql_most"].to_dict() == {"学生": 1, "论文": 0, "免费": 1}
    assert table["mql_alike"]["学生"] == pytest.approx(15 / 23)
    assert table["cost_share"]["免费"] == pytest.approx(30 / 240)


def test_a_term_worth_its_click_is_kept():
    marked = keywords.terms_with(TERMS, NEGATIVE)
    assert marked["negative"].tolist() == ["学生", "学生", "免费", None, None]


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["学生", "论文", "免费", "报价", "学生免费", ""]),
        st.sampled_from(["K1", "K2", "K3"]),
        st.integers(0, 10_000),
    ),
    min_size=1,
    max_size=20,
)


@given(ROWS, st.randoms(use_true_random=False))
def test_costs_of_parts_add_up_whatever_the_order_and_the_splitting_of_rows(rows, random):
    table = pd.DataFrame(rows, columns=["tail", "keyword_id", "cents"])
    table = table.assign(
        search_term="客服系统" + table["tail"], cost=table["cents"] / 100, clicks=table["cents"]
    )
    found = keywords.negatives(table, NEGATIVE, OUTCOMES)
    marked = keywords.terms_with(table, NEGATIVE)
    whole = marked.loc[marked["negative"].notna(), "cost"].sum()
    assert found["cost"].sum() == pytest.approx(whole)
    split = pd.concat([table.assign(cost=table["cost"] / 2)] * 2)
    shuffled = split.sample(frac=1, random_state=random.randrange(1000))
    again = keywords.negatives(shuffled.assign(clicks=shuffled["clicks"] / 2), NEGATIVE, OUTCOMES)
    pd.testing.assert_frame_equal(found, again, check_dtype=False)


def account(tails, *, good_mql=40):
    """One keyword that brings MQLs and one that brings none, with tails on the second."""
    rows = [("智能客服报价", "G", "智能客服", "a", 10_000.0, 400)]
    rows += [(f"客服系统{tail}", "B", "客服系统", "a", cost, 50) for tail, cost in tails]
    terms = pd.DataFrame(rows, columns=TERMS.columns)
    outcomes = pd.DataFrame({"keyword_id": ["G", "B"], "leads": [90, 3], "mql": [good_mql, 0]})
    return terms, outcomes


def test_a_candidate_has_the_chance_that_poisson_gives_it():
    terms, outcomes = account([("游戏", 2_000.0), ("壁纸", 1_000.0)])
    table = keywords.candidates(terms, outcomes, Wording()).set_index("word")
    rest = 13_000 - 2_000
    expected = 2_000 * 40 / rest
    assert table.loc["游戏", "expected"] == pytest.approx(expected)
    assert table.loc["游戏", "p_value"] == pytest.approx(poisson.pmf(0, expected))
    assert table.index.tolist() == ["游戏", "壁纸"]
    assert bool(table.loc["游戏", "is_clear"])


def test_holm_counts_the_words_that_were_looked_at():
    terms, outcomes = account([("游戏", 2_000.0), ("壁纸", 1_000.0)])
    table = keywords.candidates(terms, outcomes, Wording()).set_index("word")
    ps = table["p_value"].sort_values()
    looked = 2  # 报价 is an addition to a keyword with MQLs, and costs most: three words
    assert table.loc[ps.index[0], "p_adjusted"] == pytest.approx(ps.iloc[0] * (looked + 1))


def test_too_little_money_is_not_tested_and_not_clear():
    terms, outcomes = account([("游戏", 100.0)])
    row = keywords.candidates(terms, outcomes, Wording()).iloc[0]
    assert row["expected"] < 3
    assert np.isnan(row["p_adjusted"])
    assert not row["is_clear"]


def test_words_of_a_class_an_intent_or_the_list_are_never_proposed():
    wording = Wording(
        classes={"brand": ("岑海",), "product": ("知识引擎",)},
        intents={"decision": ("报价",)},
        negatives=("学生",),
        kept=("免费试用",),
    )
    tails = [(t, 2_000.0) for t in ("岑海", "知识引擎", "引擎", "报价", "学生", "免费试用", "游戏")]
    table = keywords.candidates(*account(tails), wording)
    assert table["word"].tolist() == ["游戏"]


def test_a_word_that_a_keyword_with_an_mql_also_carries_is_not_proposed():
    terms, outcomes = account([("游戏", 2_000.0)])
    seen = pd.DataFrame([("智能客服游戏", "G", "智能客服", "a", 10.0, 1)], columns=terms.columns)
    assert keywords.candidates(pd.concat([terms, seen]), outcomes, Wording()).empty


def test_each_account_is_judged_by_its_own_rate():
    terms, outcomes = account([("游戏", 2_000.0)])
    other = pd.DataFrame(
        [("客服平台壁纸", "X", "客服平台", "b", 2_000.0, 50)], columns=terms.columns
    )
    more = pd.DataFrame({"keyword_id": ["X"], "leads": [0], "mql": [0]})
    table = keywords.candidates(
        pd.concat([terms, other]), pd.concat([outcomes, more]), Wording()
    ).set_index("word")
    assert table.loc["壁纸", "expected"] == 0  # nothing in account b ever brought an MQL
    assert table.loc["游戏", "expected"] == pytest.approx(2_000 * 40 / 10_000)


def test_words_that_always_come_together_are_one():
    terms, outcomes = account([("破解版下载", 2_000.0), ("破解版下载", 500.0)])
    assert keywords.candidates(terms, outcomes, Wording())["word"].tolist() == ["破解版下载"]


@given(st.randoms(use_true_random=False))
def test_the_order_of_search_terms_changes_no_candidate(random):
    terms, outcomes = account([("游戏", 2_000.0), ("壁纸", 900.0), ("下载", 700.0)])
    found = keywords.candidates(terms, outcomes, Wording())
    shuffled = terms.sample(frac=1, random_state=random.randrange(1000))
    pd.testing.assert_frame_equal(found, keywords.candidates(shuffled, outcomes, Wording()))


def test_shares_are_tested_as_scipy_does():
    words = pd.DataFrame(
        {
            "intent": ["high", "high", "low", None],
            "cost": [300.0, 200.0, 400.0, 100.0],
            "mql": [20, 15, 4, 1],
        }
    )
    table = keywords.shares(words, "intent").set_index("intent")
    assert table["cost"].sum() == words["cost"].sum()
    assert table["mql"].sum() == 40
    assert table.loc["low", "p_value"] == pytest.approx(binomtest(4, 40, 0.4).pvalue)
    assert table.loc["low", "is_below"]
    assert table.loc["high", "is_above"]
    assert table.loc["not classified", "words"] == 1


def test_without_any_mql_nothing_is_judged():
    words = pd.DataFrame({"intent": ["high", "low"], "cost": [1.0, 1.0], "mql": [0, 0]})
    table = keywords.shares(words, "intent")
    assert table["p_value"].isna().all()
    assert not table[["is_below", "is_above"]].to_numpy().any()


@pytest.mark.parametrize(
    ("group", "intent", "page", "verdict"),
    [
        ("product", "decision", "home_page", "high intent, wrong page"),
        ("product", "decision", "article", "high intent, wrong page"),
        ("product", "evaluation", "product_page", "fits"),
        ("industry", "awareness", "home_page", "low intent, wrong page"),
        ("industry", "awareness", "article", "fits"),
        ("brand", "decision", "home_page", "brand"),
        (None, None, "article", "intent not known"),
        ("product", "decision", None, "page not known"),
    ],
)
def test_pages_are_judged_by_intent(group, intent, page, verdict):
    words = pd.DataFrame({"word_class": [group], "intent_stage": [intent], "page_type": [page]})
    row = keywords.misled(words, Landing(high_intent=("product_page", "case"))).iloc[0]
    assert row["verdict"] == verdict
    assert row["is_misled"] == verdict.endswith("wrong page")


def test_brand_words_may_be_held_to_the_rule_too():
    words = pd.DataFrame({"word_class": ["brand"], "intent_stage": ["decision"]})
    strict = Landing(high_intent=("product_page",), brand_anywhere=False)
    assert keywords.misled(words.assign(page_type="home_page"), strict)["is_misled"].tolist() == [
        True
    ]


def test_a_missing_column_is_named():
    with pytest.raises(ParameterError, match="the table lacks clicks; there are"):
        keywords.candidates(TERMS.drop(columns="clicks"), OUTCOMES, NEGATIVE)
    with pytest.raises(ParameterError, match="the table lacks mql"):
        keywords.shares(pd.DataFrame({"intent": [], "cost": []}), "intent")
    with pytest.raises(ParameterError, match="the table lacks page_type"):
        keywords.misled(pd.DataFrame({"word_class": [], "intent_stage": []}), Landing(("case",)))


def test_none_expected_is_no_proof():
    terms, outcomes = account([("游戏", 2_000.0)], good_mql=0)
    row = keywords.candidates(terms, outcomes, Wording()).iloc[0]
    assert row["p_value"] == exp(0)
    assert not row["is_clear"]
