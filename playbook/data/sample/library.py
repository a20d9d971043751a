"""Assets and keywords: what the company publishes, what it bids on, where its words lead."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from playbook.data.sample import clock
from playbook.data.sample.draw import below, child, pick
from playbook.data.sample.story import GAP, UNOWNED_PAGES

if TYPE_CHECKING:
    from playbook.data.sample.draw import Ints, Rng
    from playbook.data.sample.frames import Cols

PRODUCTS = ("智能客服", "知识引擎", "流程智能体")
INDUSTRY_ZH = {
    "manufacturing": "制造业",
    "finance": "金融",
    "retail": "零售",
    "energy": "能源",
    "healthcare": "医疗",
    "internet": "互联网",
}
_PAGES = """
岑海智能官网首页 home_page awareness - -
智能客服产品页 product_page interest - 智能客服
知识引擎产品页 product_page interest - 知识引擎
流程智能体产品页 product_page interest - 流程智能体
价格与套餐 product_page evaluation - -
制造业智能客服解决方案 solution interest manufacturing 智能客服
金融知识引擎解决方案 solution interest finance 知识引擎
零售全渠道客服解决方案 solution interest retail 智能客服
能源工单自动化解决方案 solution interest energy 流程智能体
医疗随访智能体解决方案 solution interest healthcare 流程智能体
互联网客服降本解决方案 solution interest internet 智能客服
落地页_免费试用 landing_page decision - 智能客服
落地页_白皮书下载 landing_page interest - -
落地页_直播报名 landing_page interest - -
落地页_制造业咨询 landing_page evaluation manufacturing 智能客服
落地页_知识库演示 landing_page decision - 知识引擎
Landing_Page_EN_Demo landing_page decision - 智能客服
Landing_Page_EN_Pricing landing_page evaluation - -
客户案例中心 landing_page evaluation - -
Cenhai_AI_English_Home home_page awareness - -
"""
PAGES: tuple[tuple[str, ...], ...] = tuple(
    tuple(line.split()) for line in _PAGES.strip().splitlines()
)
HOME, PRICING, TRIAL, PAPER_PAGE, LIVE_PAGE, EN_DEMO = 0, 4, 11, 12, 13, 16
_STAGES = {
    "awareness": ("article", "report", "video"),
    "interest": ("article", "solution", "video", "whitepaper"),
    "evaluation": ("case", "whitepaper", "case", "faq"),
    "decision": ("quote_aid", "sales_ppt", "demo_script"),
    "post_sale": ("manual", "faq", "video"),
}
_TITLE = {
    "article": "{i}企业用AI降低服务成本的三个做法（{p}）",
    "report": "{i}智能服务趋势报告 {n}",
    "video": "{i}客户现场：{p}上手 {n}",
    "solution": "{i}{p}方案一页纸 {n}",
    "whitepaper": "{i}{p}白皮书 {n}",
    "case": "客户案例：{i}头部企业的{p}实践 {n}",
    "faq": "{i}客户常见问题（{p}）{n}",
    "quote_aid": "{i}{p}ROI测算表 {n}",
    "sales_ppt": "{i}{p}汇报PPT {n}",
    "demo_script": "{i}{p}演示脚本 {n}",
    "manual": "{p}使用手册（{i}版）{n}",
    "poster": "{p}一图读懂 {n}",
    "script": "短视频脚本：{p} {n}",
}
_GENERIC = "article article article video poster script sales_ppt whitepaper case faq article video"
_EN_TITLES = (
    ("Why support teams move to AI agents", "article", "awareness"),
    ("Cenhai Desk product overview", "video", "interest"),
    ("Customer story: a German parts maker answers in eight languages", "case", "evaluation"),
    ("Security and data residency guide", "whitepaper", "evaluation"),
    ("Pricing explained for procurement", "quote_aid", "decision"),
    ("Onboarding guide", "manual", "post_sale"),
    ("Knowledge engine buyer's guide", "whitepaper", "evaluation"),
    ("What is an AI service agent?", "article", "awareness"),
)
_ASSET_OWNERS = (2, 2, 2, 6, 6, 5)


@dataclass(frozen=True)
class Library:
    """The content table and the positions that other tables point to."""

    cols: Cols
    published: Ints
    kinds: tuple[str, ...]
    industries: tuple[str | None, ...]

    def of_type(self, *kinds: str) -> Ints:
        """Positions of the assets of these types, oldest first."""
        found = [i for i, kind in enumerate(self.kinds) if kind in kinds]
        order = np.argsort(self.published[found], kind="stable")
        return np.array(found)[order]

    def choose(self, rng: Rng, when: Ints, *kinds: str) -> Ints:
        """One asset of these types that was public at each time, -1 where there was none."""
        pool = self.of_type(*kinds)
        public = np.searchsorted(self.published[pool], when, side="right")
        chosen = pool[np.minimum(below(rng, 1_000_003, len(when)) % public.clip(1), len(pool) - 1)]
        return np.where(public > 0, chosen, -1)


Row = tuple[str, str, str, str | None, str | None]


def _rows(rng: Rng) -> list[Row]:
    rows: list[Row] = [
        (
            title.replace("_", " "),
            kind,
            stage,
            None if industry == "-" else industry,
            None if product == "-" else product,
        )
        for title, kind, stage, industry, product in PAGES
    ]
    for stage, kinds in _STAGES.items():
        for i, (industry, zh) in enumerate(INDUSTRY_ZH.items()):
            if (stage, industry) == GAP:
                continue
            for n in range(1 + int(below(rng, 3 if i < 3 else 2, 1)[0]) + (stage == "interest")):
                kind = kinds[(n + i) % len(kinds)]
                product = PRODUCTS[(n + i) % 3]
                title = _TITLE[kind].format(i=zh, p=product, n=f"v{n + 1}")
                rows.append((title, kind, stage, industry, product))
    for n, kind in enumerate(_GENERIC.split()):
        stage = "evaluation" if kind in ("whitepaper", "case", "faq") else "awareness"
        title = _TITLE[kind].format(i="", p=PRODUCTS[n % 3], n=f"v{n + 1}")
        rows.append((title, kind, stage, None, PRODUCTS[n % 3]))
    rows += [(title, kind, stage, None, "智能客服") for title, kind, stage in _EN_TITLES]
    return rows


def _owners(rng: Rng, n: int) -> Ints:
    owners = np.array(_ASSET_OWNERS)[below(rng, len(_ASSET_OWNERS), n)]
    owners[: len(PAGES)] = 8
    return owners


@cache
def library(seed: int) -> Library:
    """All assets. Pages come first and are older than the data."""
    rng = child(seed, "library")
    rows = _rows(rng)
    n, pages = len(rows), len(PAGES)
    span = clock.END_DAY - clock.START_DAY - 20
    public = clock.START_DAY - 150 + np.floor((span + 150) * rng.random(n)).astype(np.int64)
    public[:pages] = clock.day("2023-05-08") + 11 * np.arange(pages)
    published = clock.clock(clock.office(public * clock.DAY) + below(rng, clock.SHIFT, n))
    updated = published + below(rng, 200, n) * clock.DAY
    updated[:pages] = clock.at("2026-03-02", 10) + below(rng, 200, pages) * clock.DAY
    owners = _owners(rng, n)
    unowned = np.array([8, 9, 10, 14, 18])[:UNOWNED_PAGES]
    owners[unowned] = -1
    updated[unowned] = clock.at("2025-01-13", 11) + np.arange(len(unowned)) * 19 * clock.DAY
    kinds = tuple(row[1] for row in rows)
    parents = _parents(rng, kinds, published)
    used_ai = rng.random(n) < np.clip((published - clock.START) / (clock.END - clock.START), 0, 1)
    hours = (6 + 26 * rng.random(n)) * np.where(used_ai, 0.62, 1.0)
    hours[:pages] = np.nan
    sales_kinds = ("case", "sales_ppt", "quote_aid", "demo_script", "faq", "whitepaper")
    expires = np.where(
        np.isin(kinds, ["quote_aid", "report"]), published // clock.DAY + 365, clock.NEVER
    )
    cols: Cols = {
        "content_id": np.arange(n),
        "title": [row[0] for row in rows],
        "content_type": list(kinds),
        "journey_stage": [row[2] for row in rows],
        "industry": [row[3] for row in rows],
        "product": [row[4] for row in rows],
        "published_at": published,
        "updated_at": np.where(updated < clock.END, updated, published),
        "expires_on": expires,
        "owner_id": owners,
        "parent_content_id": parents,
        "goal": [_goal(kind) for kind in kinds],
        "source": [
            ("销售反馈", "客户提问", "搜索词", "行业政策", "产品更新")[i % 5] for i in range(n)
        ],
        "partner_id": np.where(np.arange(n) % 29 == 21, 11 + np.arange(n) % 4, -1),
        "production_hours": np.round(hours, 1),
        "used_ai": used_ai & (np.arange(n) >= pages),
        "is_sales_material": np.isin(kinds, sales_kinds),
        "url": [f"https://www.cenhai.example/p/{i + 1}" if i < pages else None for i in range(n)],
    }
    return Library(cols, published, kinds, tuple(row[3] for row in rows))


def _goal(kind: str) -> str:
    if kind in ("whitepaper", "landing_page"):
        return "获客"
    return "销售赋能" if kind in ("case", "sales_ppt", "quote_aid", "demo_script") else "客户教育"


def _parents(rng: Rng, kinds: tuple[str, ...], published: Ints) -> Ints:
    """A third of the small pieces are cut from an older white paper or case."""
    large = np.flatnonzero(np.isin(kinds, ["whitepaper", "case"]))
    out = np.full(len(kinds), -1)
    for i, kind in enumerate(kinds):
        if kind in ("article", "video", "poster", "script", "sales_ppt", "faq"):
            older = large[published[large] < published[i]]
            if len(older) and rng.random() < 0.35:
                out[i] = older[int(rng.random() * len(older))]
    return out


_KEYWORDS = """
岑海智能 brand decision 0 exact 7 10
岑海智能客服 brand decision 1 exact 6 7
岑海AI brand decision 0 exact 5 5
智能客服系统报价 product decision 4 phrase 20 10
智能客服系统试用 product decision 11 exact 18 9
智能客服系统哪家好 product evaluation 1 phrase 18 9
AI客服机器人价格 product decision 4 phrase 17 7
企业知识库软件 product evaluation 2 phrase 13 6
知识库系统报价 product decision 15 exact 14 5
流程自动化智能体 product evaluation 3 phrase 11 4
制造业智能客服方案 solution evaluation 5 phrase 12 5
金融知识库解决方案 solution evaluation 6 phrase 12 5
零售客服外包替代 solution evaluation 7 phrase 9 3
工单自动派发方案 solution evaluation 8 phrase 9 3
电话接不过来怎么办 pain awareness 1 phrase 6 2
客服人工成本高 pain awareness 10 phrase 7 3
新人培训周期长 pain awareness 2 phrase 5 1
质检漏检 pain evaluation 1 phrase 5 1
客服行业解决方案 industry evaluation 5 phrase 8 3
医疗随访系统 industry evaluation 9 phrase 8 3
什么是智能客服 industry awareness 0 broad 26 1
什么是知识库 industry awareness 0 broad 22 1
AI是什么 industry awareness 0 broad 25 0.5
云启智言 competitor evaluation 0 broad 24 1
智擎科技客服 competitor evaluation 0 broad 20 0.7
Botwise官网 competitor evaluation 0 broad 15 0.5
ai customer service software product evaluation 16 phrase 24 10
customer support chatbot pricing product decision 17 exact 22 8
ai help desk demo product decision 16 exact 18 7
enterprise knowledge base software product evaluation 19 phrase 15 4
cenhai ai brand decision 19 exact 6 4
multilingual support ai solution evaluation 16 phrase 14 4
support team overload pain awareness 16 phrase 9 2
ki kundenservice software product evaluation 16 phrase 15 4
chatbot anbieter vergleich product evaluation 17 phrase 13 3
botwise alternative competitor evaluation 17 phrase 12 3
"""


@dataclass(frozen=True)
class Keywords:
    """The words, their classes, landing pages, and weights of cost and of leads."""

    words: tuple[str, ...]
    classes: tuple[str, ...]
    stages: tuple[str, ...]
    landings: Ints
    matches: tuple[str, ...]
    cost: Ints
    leads: tuple[float, ...]
    english: int

    @property
    def waste(self) -> Ints:
        """Positions of the words that only cost."""
        return np.flatnonzero((np.array(self.matches) == "broad") & (self.landings == HOME))


@cache
def keywords() -> Keywords:
    """All bid words, the Chinese ones first."""
    rows = [line.rsplit(maxsplit=6) for line in _KEYWORDS.strip().splitlines()]
    words, classes, stages, landings, matches, cost, leads = zip(*rows, strict=True)
    english = next(i for i, word in enumerate(words) if word.isascii())
    return Keywords(
        words,
        classes,
        stages,
        np.array([int(x) for x in landings]),
        matches,
        np.array([int(x) for x in cost]),
        tuple(float(x) for x in leads),
        english,
    )


def keyword() -> Cols:
    """Table `keyword`."""
    known = keywords()
    return {
        "keyword_id": np.arange(len(known.words)),
        "keyword": list(known.words),
        "word_class": list(known.classes),
        "intent_stage": list(known.stages),
        "landing_content_id": known.landings,
    }


def keywords_for(rng: Rng, n: int, *, english: bool) -> Ints:
    """Keywords of paid-search leads."""
    known = keywords()
    part = known.leads[known.english :] if english else known.leads[: known.english]
    return pick(rng, part, n) + (known.english if english else 0)
