"""Money spent: the ad platforms' dailies and all other cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from playbook.data.sample import clock, dims, gatherings, library
from playbook.data.sample.draw import below, child, lognormal, noisy_count
from playbook.data.sample.frames import Cols, coded, codes_of
from playbook.data.sample.people import EMPTY, campaign_of_keyword
from playbook.data.sample.story import (
    NEGATIVE_WORDS,
    SURGE_FACTOR,
    SURGE_MONTHS,
    WASTE_SHARE,
)

if TYPE_CHECKING:
    from playbook.data.sample.draw import Bools, Floats, Ints, Rng

PLATFORMS = ("百度", "Google", "巨量引擎")
ACCOUNTS = ("baidu-cenhai-01", "google-cenhai-emea", "ocean-cenhai-01")
BAIDU_MONTH = 37_000.0
GOOGLE_MONTH = 1_500.0
FEED_MONTH = 6_600.0
_WORDS_OF_INTENT = ("报价", "多少钱", "试用", "厂家", "对比", "方案", "系统")
_ENGLISH_TAILS = (" pricing", " demo", " for enterprise", " comparison")
_GROUPS = ("品牌词", "行业词", "竞品词", "痛点词", "产品词", "方案词")


def _growth(days: Ints) -> Floats:
    done = (days - clock.START_DAY) / (clock.END_DAY - clock.START_DAY)
    return 0.75 + 0.5 * done


def _search(rng: Rng, scale: int, *, english: bool) -> Cols:
    """One row a day and word where it was shown."""
    known = library.keywords()
    low, high = (known.english, len(known.words)) if english else (0, known.english)
    days = np.arange(clock.START_DAY, clock.END_DAY)
    day = np.repeat(days, high - low)
    word = np.tile(np.arange(low, high), len(days))
    shown = rng.random(len(day)) < np.where(clock.is_workday(day), 0.62, 0.34)
    day, word = day[shown], word[shown]
    n = len(day)
    weight = known.cost[word].astype(np.float64)
    waste = np.isin(word, known.waste)
    if not english:
        useful = weight[~waste].sum()
        weight[waste] *= WASTE_SHARE / (1 - WASTE_SHARE) * useful / weight[waste].sum()
    weight *= _growth(day) * np.where(clock.is_workday(day), 1.0, 0.55)
    total = (GOOGLE_MONTH if english else BAIDU_MONTH) * len(clock.MONTHS)
    cost = np.round(weight * lognormal(rng, 1.0, 0.35, n) / weight.sum() * total * 0.94, 2) * scale
    price = np.where(waste, 9.0, 27.0) / (7.12 if english else 1.0)
    clicks = noisy_count(rng, cost / scale / price) * scale
    impressions = clicks * 22 + noisy_count(rng, np.full(n, 30.0 * scale))
    rate = np.where(waste, 0.006, 0.045)
    classes = codes_of("keyword", "word_class")
    groups = np.array([classes.index(c) for c in known.classes])[word]
    matches = codes_of("ad_daily", "match_type")
    return {
        "date": day,
        "platform": coded(np.full(n, int(english)), PLATFORMS),
        "ad_account": coded(np.full(n, int(english)), ACCOUNTS),
        "campaign_id": np.where(word >= known.english, 3 + word % 2, campaign_of_keyword(word)),
        "ad_group": coded(groups, classes if english else _GROUPS),
        "keyword_id": word,
        "match_type": coded(np.array([matches.index(m) for m in known.matches])[word], matches),
        "search_term": _terms(rng, word, waste, english=english),
        "cost": cost,
        "currency": coded(np.full(n, int(english)), ("CNY", "USD")),
        "impressions": impressions,
        "clicks": clicks,
        "conversions": np.minimum(clicks, noisy_count(rng, clicks * rate, 0.3)),
    }


def _terms(rng: Rng, word: Ints, waste: Bools, *, english: bool) -> list[str]:
    """What was typed: the word itself, or the word with a tail that tells its worth."""
    known = library.keywords()
    good = below(rng, 3 * len(_WORDS_OF_INTENT), len(word))
    bad = below(rng, int(1.3 * len(NEGATIVE_WORDS)), len(word))
    tails = _ENGLISH_TAILS if english else _WORDS_OF_INTENT
    out = []
    for number, is_waste, g, b in zip(word, waste, good, bad, strict=True):
        pool, index = (NEGATIVE_WORDS, int(b)) if is_waste else (tails, int(g))
        out.append(known.words[number] + (pool[index] if index < len(pool) else ""))
    return out


def _feed(rng: Rng, scale: int) -> Cols:
    """Feed ads: two creatives a day in the running campaign."""
    day = np.repeat(np.arange(clock.START_DAY, clock.END_DAY), 2)
    n = len(day)
    creative = np.arange(n) % 2
    month = clock.month_of(day)
    surge = np.isin(month, [clock.MONTHS.index(m) for m in SURGE_MONTHS])
    mean = FEED_MONTH / 30.4 / 2 * _growth(day) * np.where(surge, SURGE_FACTOR, 1.0)
    cost = np.round(
        mean * np.where(clock.is_workday(day), 1.1, 0.8) * lognormal(rng, 1.0, 0.2, n), 2
    )
    clicks = noisy_count(rng, cost / 3.1) * scale
    return {
        "date": day,
        "platform": coded(np.full(n, 2), PLATFORMS),
        "ad_account": coded(np.full(n, 2), ACCOUNTS),
        "campaign_id": np.where(surge & (creative == 1), 6, 5),
        "ad_group": coded(creative, ("图文_降本", "短视频_试用")),
        "keyword_id": np.full(n, EMPTY),
        "match_type": coded(np.full(n, EMPTY), ("exact",)),
        "search_term": coded(np.full(n, EMPTY), ("",)),
        "cost": cost * scale,
        "currency": coded(np.zeros(n, dtype=np.int64), ("CNY",)),
        "impressions": clicks * 85 + noisy_count(rng, np.full(n, 900.0 * scale)),
        "clicks": clicks,
        "conversions": noisy_count(rng, clicks * 0.018, 0.3),
    }


def ad_daily(seed: int, scale: int) -> tuple[Cols, Cols, Cols]:
    """Table `ad_daily`, one part a platform: Baidu, Google, Ocean Engine."""
    return (
        _search(child(seed, "baidu"), scale, english=False),
        _search(child(seed, "google"), scale, english=True),
        _feed(child(seed, "feed"), scale),
    )


_MONTHLY = (
    (dims.SEO, EMPTY, "fee", "拓词科技", 11_500),
    (dims.GEO, EMPTY, "fee", "答案优化工作室", 6_500),
    (dims.WECOM, EMPTY, "tool", "企微助手SCRM", 4_200),
    (dims.EMAIL, EMPTY, "tool", "MailHarbor", 2_600),
    (dims.SITE, EMPTY, "tool", "云服务与建站", 5_800),
    (dims.REFERRAL, EMPTY, "gift", "礼品平台", 3_100),
    (dims.CONTENT, EMPTY, "fee", "设计外包A", 7_400),
    (dims.PAPER, EMPTY, "production", "白皮书写手团队", 8_200),
    (dims.WEBINAR, EMPTY, "tool", "直播平台", 2_900),
)
_PARTNER_FEES = {2: 7_500, 3: 3_000, 6: 2_500, 9: 2_800, 11: 2_000, 16: 1_500, 19: 1_800}


def _row(day: int, amount: float, kind: str, supplier: str, **ids: int) -> dict[str, object]:
    return {"spend_date": day, "amount": amount, "cost_type": kind, "supplier": supplier, **ids}


def _monthly(u: Floats) -> list[dict[str, object]]:
    rows = []
    for t in range(len(clock.MONTHS)):
        day = clock.next_workday(clock.month_start(t) + 9)
        for i, (channel, _, kind, supplier, amount) in enumerate(_MONTHLY):
            if channel == dims.GEO and t < 4:
                continue
            paid = round(amount * (0.8 + 0.5 * t / 23) * (0.9 + 0.2 * u[t, i]), 0)
            rows.append(_row(day + i % 5, paid, kind, supplier, channel_id=channel))
        for partner, amount in _PARTNER_FEES.items():
            name = dims.PARTNERS[partner][0]
            rows.append(_row(day + 6, float(amount), "fee", name, partner_id=partner))
    return rows


def _of_events(u: Floats) -> list[dict[str, object]]:
    rows = []
    for i, e in enumerate(gatherings.events()):
        used = e.budget * (0.88 + 0.3 * u[i, 0])
        parts = (
            ("venue", 0.55, "场馆与搭建"),
            ("travel", 0.18, "差旅"),
            ("gift", 0.12, "礼品平台"),
        )
        if e.kind == "webinar":
            parts = (
                ("production", 0.8, "直播制作"),
                ("gift", 0.2, "礼品平台"),
                ("fee", 0.1, "讲师"),
            )
        day = e.start // clock.DAY
        for step, (kind, share, supplier) in enumerate(parts):
            paid = round(used * share, 0)
            rows.append(
                _row(min(day + 3 * step, clock.END_DAY - 1), paid, kind, supplier, event_id=i)
            )
        if e.kind != "webinar":
            paid = round(used * 0.15, 0)
            rows.append(_row(day - 6, paid, "fee", "华展会务", event_id=i))
    return rows


def spend(seed: int, scale: int) -> Cols:
    """Table `spend`: everything that is not in the ad platforms' reports."""
    rng = child(seed, "spend")
    u = rng.random((100, 12))
    rows = _monthly(u) + _of_events(u)
    assets = library.library(seed)
    for i, kind in enumerate(assets.kinds):
        day = int(assets.published[i] // clock.DAY)
        if kind in ("video", "whitepaper", "case", "report") and day >= clock.START_DAY:
            paid = round(2_200 + 5_200 * float(u[i % 100, 8]), 0)
            rows.append(_row(day, paid, "production", "设计外包A", content_id=i))
    for t in range(8, 14):
        day = clock.month_start(t) + 20
        campaign = dims.CAMPAIGN_OF["年度品牌升级"]
        rows.append(_row(day, 18_000.0, "production", "品牌咨询", campaign_id=campaign))
    rows.sort(key=lambda row: (row["spend_date"], row["supplier"], row["amount"]))
    ids = ("channel_id", "campaign_id", "event_id", "partner_id", "content_id")
    return {
        "spend_id": np.arange(len(rows)),
        "spend_date": np.array([row["spend_date"] for row in rows]),
        "amount": np.array([row["amount"] for row in rows]) * scale,
        "currency": ["CNY"] * len(rows),
        **{name: np.array([row.get(name, EMPTY) for row in rows]) for name in ids},
        "cost_type": [row["cost_type"] for row in rows],
        "supplier": [row["supplier"] for row in rows],
    }
