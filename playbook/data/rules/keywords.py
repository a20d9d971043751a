"""The section `[keywords]`: classes and intents of search words, and what not to pay for."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from playbook.data.rules.fields import Items, Section, Share, code_of, column_of, unknown_code

Intent = Literal["awareness", "evaluation", "decision"]


def _word(value: str) -> str:
    if not value.strip():
        raise ValueError("an empty word would be found everywhere")
    return value


def _page_type(value: str) -> str:
    column = column_of("content.content_type")
    if column is None:
        raise AssertionError("the schema has no content.content_type")
    if wrong := unknown_code(column, value):
        raise ValueError(wrong)
    return str(code_of(column, value))


def _limits(value: tuple[float, ...]) -> tuple[float, ...]:
    if len(value) == 2 and value[0] == value[1]:
        raise ValueError("the two shares must differ: the first says watch, the second act")
    return value


Word = Annotated[str, AfterValidator(_word)]
PageType = Annotated[str, AfterValidator(_page_type)]
Limits = Annotated[Items[Share], Field(min_length=2, max_length=2), AfterValidator(_limits)]
"""Watch, act: the first two shares that a figure may reach, rising or falling."""


class Classes(Section):
    """Words that tell the class of a search word (P03-T2): six classes that must not be mixed.

    The first class of which a word is in the search word is its class, in this order: brand,
    competitor, pain, solution, industry, product. Chinese words count wherever they stand.
    """

    brand: Items[Word] = Field(
        default=(),
        description="Names of the company and its products, as people type them. Without any, "
        "the company's name is taken.",
    )
    competitor: Items[Word] = Field(
        default=(),
        description="Names of competitors; those recorded with opportunities and mentions are "
        "added.",
    )
    pain: Items[Word] = Field(
        default=(
            "怎么办", "成本高", "太高", "太慢", "太贵", "人手不足", "接不过来", "漏检", "周期长",
            "难题", "overload", "too slow", "too expensive", "backlog", "shortage",
        ),
        description="Words of a trouble (ours).",
    )  # fmt: skip
    solution: Items[Word] = Field(
        default=("解决方案", "方案", "替代", "solution", "automation"),
        description="Words of a solution (ours).",
    )
    industry: Items[Word] = Field(
        default=("行业", "industry"),
        description="Words of an industry, or of the market as a whole (ours); the names of "
        "industries that the data knows are added.",
    )
    product: Items[Word] = Field(
        default=("系统", "软件", "平台", "工具", "机器人", "software", "platform", "tool", "app"),
        description="Words of a kind of product (ours); the names of products that the data knows "
        "are added.",
    )


class Intents(Section):
    """Wordings that tell what somebody wants who searches (P03-R1).

    The handbook's own are "what is", "which is better", and "price" or "trial"; the others are
    ours. A decision outweighs an evaluation, an evaluation outweighs awareness.
    """

    awareness: Items[Word] = Field(
        default=(
            "是什么", "什么是", "什么叫", "怎么", "如何", "为什么", "什么意思", "原理", "区别",
            "what is", "what are", "how to", "how do", "why", "meaning",
        ),
        description="Somebody wants to understand.",
    )  # fmt: skip
    evaluation: Items[Word] = Field(
        default=(
            "哪家好", "哪个好", "哪家", "对比", "比较", "排名", "推荐", "评测", "厂家", "厂商",
            "供应商", "which", "best", "top", "vs", "versus", "compare", "comparison",
            "alternative", "review", "vendor", "provider", "vergleich", "anbieter",
        ),
        description="Somebody compares.",
    )  # fmt: skip
    decision: Items[Word] = Field(
        default=(
            "报价", "价格", "多少钱", "费用", "收费", "试用", "演示", "购买", "采购", "招标",
            "price", "pricing", "cost", "quote", "trial", "demo", "buy", "preis", "kosten",
        ),
        description="Somebody wants to buy or to try.",
    )  # fmt: skip


class IntentOfClass(Section):
    """The intent of a search word whose wording tells none, by its class (ours)."""

    brand: Intent = Field(default="decision", description="Whoever types our name.")
    competitor: Intent = Field(default="evaluation", description="Whoever types another's name.")
    pain: Intent = Field(default="awareness", description="Whoever types a trouble.")
    solution: Intent = Field(default="evaluation", description="Whoever types a solution.")
    industry: Intent = Field(default="evaluation", description="Whoever types an industry.")
    product: Intent = Field(default="evaluation", description="Whoever types a product.")


class LandingPages(Section):
    """On which pages search words may land (P03-T3): high intent never on the home page."""

    high_intent: Items[PageType] = Field(
        default=("product_page", "case", "landing_page", "solution", "quote_aid"),
        min_length=1,
        description="Types of pages for evaluation and decision: product, case, trial, inquiry.",
    )
    never: Items[PageType] = Field(
        default=("home_page",),
        description="Types of pages on which no word may land: not all intents on the home page.",
    )
    brand_anywhere: bool = Field(
        default=True,
        description="Brand words may land on any page: who types the name wants the site (ours).",
    )


class Health(Section):
    """When a point of the account's health check is to be watched, and when acted upon (P03-T1).

    Each has two shares, all ours: from the first on it is watched, from the second on acted upon.
    Where the second is the smaller one, little is bad.
    """

    mixed: Limits = Field(
        default=(0.1, 0.3), description="Of the search cost: in ad groups that mix word classes."
    )
    broad: Limits = Field(default=(0.1, 0.25), description="Of the search cost: on broad match.")
    negative: Limits = Field(
        default=(0.02, 0.1), description="Of the search cost: on searches with a negative word."
    )
    misled: Limits = Field(
        default=(0.05, 0.15), description="Of the search cost: on words that land wrongly."
    )
    form: Limits = Field(default=(0.05, 0.02), description="Of those who see a form: who send it.")
    tracked: Limits = Field(
        default=(0.95, 0.8), description="Of the leads of advertised channels: with a campaign."
    )
    reasons: Limits = Field(
        default=(0.95, 0.8), description="Of the invalid leads: with a reason and a channel."
    )
    top_ten: Limits = Field(
        default=(0.5, 0.3), description="Of the words of an intent: in the first ten results."
    )
    with_form: Limits = Field(
        default=(0.4, 0.2), description="Of the visits: to a page that has a form."
    )


class Keywords(Section):
    """Search words, and what to pay for (P03-T2 to T4).

    Where the CRM or the ad account has recorded class and intent, the record counts and the rule
    is shown beside it.
    """

    classes: Classes = Classes()
    intents: Intents = Intents()
    intent_of_class: IntentOfClass = IntentOfClass()
    negative: Items[Word] = Field(
        default=(
            "学生", "论文", "免费", "教程", "招聘", "破解版下载", "破解版", "毕业设计", "求职",
            "兼职", "student", "thesis", "free", "tutorial", "job", "crack", "cracked", "homework",
        ),
        description="Negative words (P03-T4): the handbook's six, and ours from 破解版 on; English "
        "ones are also found in the plural.",
    )  # fmt: skip
    unrelated: Items[Word] = Field(
        default=(),
        description="Words of industries and scenes that have nothing to do with us: negative too.",
        examples=[["游戏", "电商客服兼职"]],
    )
    kept: Items[Word] = Field(
        default=("免费试用", "免费演示", "免费体验", "free trial", "free demo", "free quote"),
        description="A search with one of these is worth its click although it holds a negative "
        "word (ours).",
    )
    blocked: Items[Word] = Field(
        default=(),
        description="Negative words that the ad accounts block already; one that still costs is "
        "shown.",
        examples=[["招聘", "jobs"]],
    )
    matching: Literal["words", "anywhere"] = Field(
        default="words",
        description='How a Chinese negative word is found: "words" asks that it be a word of the '
        'search, so that 免费 is not found in 避免费用; "anywhere" takes any place.',
    )
    landing: LandingPages = LandingPages()
    health: Health = Health()

    @property
    def all_negative(self) -> tuple[str, ...]:
        """The negative words with those of unrelated industries, each once."""
        return tuple(dict.fromkeys((*self.negative, *self.unrelated)))
