"""Traffic: what was searched, which pages were visited, what was read."""

from __future__ import annotations

import numpy as np

from playbook.data.sample import clock, dims, library
from playbook.data.sample.draw import Floats, Ints, Rng, child, noisy_count
from playbook.data.sample.frames import Cols, coded
from playbook.data.sample.people import plan
from playbook.data.sample.story import GEO_CITED

ENGINES = ("baidu", "google", "deepseek", "kimi", "chatgpt")
_AI = (2, 3, 4)


def _progress(days: Ints) -> Floats:
    out: Floats = (days - clock.START_DAY) / (clock.END_DAY - clock.START_DAY)
    return out


def search_daily(seed: int, scale: int) -> Cols:
    """Table `search_daily`: ranks every Monday, AI answers for the words worth asking."""
    rng = child(seed, "search")
    known = library.keywords()
    days = np.arange(clock.START_DAY, clock.END_DAY)
    mondays = days[(days + 3) % 7 == 0]
    words = np.arange(len(known.words))
    asked = words[np.isin(known.classes, ["product", "solution", "industry"])]
    parts = []
    for number in range(len(ENGINES)):
        if number in _AI:
            pool = asked[(asked >= known.english) == (number == 4)]
        else:
            pool = words[(words >= known.english) == (number == 1)]
        parts.append((np.repeat(mondays, len(pool)), np.tile(pool, len(mondays)), number))
    day = np.concatenate([p[0] for p in parts])
    word = np.concatenate([p[1] for p in parts])
    engine = np.concatenate([np.full(len(p[0]), p[2]) for p in parts])
    n = len(day)
    done = _progress(day)
    ai = np.isin(engine, _AI)
    brand = np.isin(known.classes, ["brand"])[word]
    start = np.where(brand, 1, 6 + (word * 7) % 34)
    rank = start * (1.15 - 0.55 * done) + 2.4 * (rng.random(n) - 0.5) * (start > 1)
    low, high = GEO_CITED
    volume = np.where(brand, 260 * (1 + 0.9 * done), 90 + (word * 53) % 700)
    return {
        "date": day,
        "keyword_id": word,
        "engine": coded(engine, ENGINES),
        "rank": np.where(ai, np.nan, np.rint(rank).clip(1)),
        "search_volume": np.where(ai, np.nan, noisy_count(rng, volume.astype(float)) * scale),
        "ai_cited": np.where(ai, (rng.random(n) < low + (high - low) * done).astype(int), -1),
    }


_VISITS = (
    (library.HOME, dims.SEO, 46),
    (library.HOME, dims.DIRECT, 58),
    (library.HOME, dims.BAIDU, 30),
    (library.HOME, dims.CONTENT, 16),
    (library.HOME, dims.GEO, 12),
    (1, dims.SEO, 24),
    (1, dims.BAIDU, 22),
    (2, dims.SEO, 15),
    (2, dims.BAIDU, 11),
    (3, dims.SEO, 13),
    (library.PRICING, dims.BAIDU, 17),
    (library.PRICING, dims.DIRECT, 9),
    (5, dims.SEO, 12),
    (6, dims.SEO, 11),
    (7, dims.SEO, 8),
    (8, dims.SEO, 5),
    (9, dims.SEO, 6),
    (10, dims.SEO, 7),
    (library.TRIAL, dims.BAIDU, 26),
    (library.TRIAL, dims.SEO, 14),
    (library.PAPER_PAGE, dims.FEED, 34),
    (library.PAPER_PAGE, dims.CONTENT, 13),
    (library.LIVE_PAGE, dims.WECOM, 12),
    (15, dims.BAIDU, 9),
    (library.EN_DEMO, dims.GOOGLE, 21),
    (17, dims.GOOGLE, 12),
    (19, dims.GOOGLE, 15),
)
_FORM_PAGES = (*range(library.TRIAL, 18), library.PRICING)


def web_daily(seed: int, scale: int) -> Cols:
    """Table `web_daily`: one row a day for each page and channel that matter."""
    rng = child(seed, "web")
    days = np.arange(clock.START_DAY, clock.END_DAY)
    pages = np.array([p for p, _, _ in _VISITS])
    channels = np.array([c for _, c, _ in _VISITS])
    weights = np.array([float(w) for _, _, w in _VISITS])
    trend = np.array(plan())
    trend = trend / trend.mean(axis=0)
    day = np.repeat(days, len(pages))
    cell = np.tile(np.arange(len(pages)), len(days))
    page, channel = pages[cell], channels[cell]
    mean = weights[cell] * trend[clock.month_of(day), channel] * (0.3 + 0.7 * clock.busy(day))
    sessions = noisy_count(rng, mean) * scale
    keep = sessions > 0
    day, page, channel, sessions = day[keep], page[keep], channel[keep], sessions[keep]
    n = len(day)
    bounced = np.where(channel == dims.FEED, 0.74, np.where(page == library.HOME, 0.47, 0.40))
    form = np.isin(page, _FORM_PAGES)
    views = np.where(form, np.rint(sessions * (0.42 + 0.1 * rng.random(n))), 0).astype(np.int64)
    rate = np.where(channel == dims.FEED, 0.062, 0.105)
    submits = np.minimum(views, noisy_count(rng, views * rate, 0.35))
    pageviews = np.rint(sessions * (1.5 + 0.9 * rng.random(n))).astype(np.int64)
    brand = np.isin(channel, (dims.SEO, dims.DIRECT, dims.BAIDU)) & (page == library.HOME)
    share = (0.30 + 0.16 * _progress(day)) * brand
    return {
        "date": day,
        "content_id": page,
        "channel_id": channel,
        "sessions": sessions,
        "visitors": np.rint(sessions * (0.82 + 0.1 * rng.random(n))).astype(np.int64),
        "pageviews": pageviews,
        "total_time_s": np.rint(pageviews * (28 + 40 * rng.random(n))).astype(np.int64),
        "bounces": np.rint(sessions * (bounced + 0.08 * rng.random(n)).clip(0, 1)).astype(np.int64),
        "form_views": views,
        "form_submits": submits,
        "brand_sessions": np.rint(sessions * share).astype(np.int64),
    }


_PLATFORMS = ("公众号", "知乎", "官网", "视频号", "LinkedIn")
_PLATFORM_OF = {
    "video": (3, 0),
    "article": (0, 1),
    "case": (0, 2),
    "whitepaper": (2,),
    "report": (2, 0),
    "faq": (2,),
    "poster": (0,),
    "script": (3,),
    "manual": (2,),
    "solution": (2,),
}
_ONE_READ = 0.9


def content_daily(seed: int, scale: int) -> Cols:
    """Table `content_daily`: a burst, then a long tail; quiet days are left out."""
    rng = child(seed, "content daily")
    assets = library.library(seed)
    parts = [_asset_days(rng, i, kind, assets) for i, kind in enumerate(assets.kinds)]
    day, asset, platform, reads = (
        np.concatenate([part[i] for part in parts if len(part[0])]) for i in range(4)
    )
    order = np.lexsort((platform, asset, day))
    day, asset, platform, reads = day[order], asset[order], platform[order], reads[order]
    n = len(day)
    papers = np.isin(np.array(assets.kinds)[asset], ["whitepaper", "report", "manual", "case"])
    u = rng.random((3, n))
    return {
        "date": day,
        "content_id": asset,
        "platform": coded(platform, _PLATFORMS),
        "reads": reads * scale,
        "shares": np.floor(reads * 0.03 * u[0] + u[0] * 0.8).astype(np.int64) * scale,
        "favourites": np.floor(reads * 0.02 * u[1] + u[1] * 0.6).astype(np.int64) * scale,
        "downloads": np.where(papers, np.floor(reads * 0.22 * u[2] + 0.4), 0).astype(int) * scale,
    }


def _asset_days(
    rng: Rng, number: int, kind: str, assets: library.Library
) -> tuple[Ints, Ints, Ints, Ints]:
    public = int(assets.published[number] // clock.DAY)
    days = np.arange(max(public, clock.START_DAY), clock.END_DAY)
    english = str(assets.cols["title"][number]).isascii()
    places = (4,) if english and kind != "landing_page" else _PLATFORM_OF.get(kind, ())
    found = []
    for place in places:
        age = days - public
        mean = (30 + (number * 37) % 90) * np.exp(-age / 9.0) + _ONE_READ * np.exp(-age / 240.0)
        mean *= 0.45 + 0.55 * clock.busy(days)
        reads = noisy_count(rng, mean, 0.3)
        keep = reads > 1
        found.append((days[keep], np.full(int(keep.sum()), place), reads[keep]))
    if not found:
        empty = np.zeros(0, dtype=np.int64)
        return empty, empty, empty, empty
    day, platform, read = (np.concatenate([f[i] for f in found]) for i in range(3))
    return day, np.full(len(day), number), platform, read
