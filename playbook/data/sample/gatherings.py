"""Events and what was said about the company: exhibitions, seminars, live streams, mentions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from playbook.data.sample import clock, dims
from playbook.data.sample.draw import Floats, Ints, below, child, lognormal, pick
from playbook.data.sample.frames import Cols, coded
from playbook.data.sample.story import QUIET_EVENT

_OFFLINE = """
2024湾区智能展 exhibition leads 2024-11-14 3 深圳 exhibitor 98000 6 5 -
金融数字化闭门会 closed_door conversion 2024-12-05 1 上海 host 36000 5 3 -
年度客户答谢会 seminar conversion 2025-01-09 1 深圳 host 58000 5 3 -
智能客服行业沙龙_广州 salon leads 2025-02-27 1 广州 host 22000 5 5 1
2025华南数字服务展 exhibition leads 2025-03-19 3 广州 exhibitor 115000 6 6 17
制造业服务数字化研讨会 seminar leads 2025-04-17 1 苏州 host 31000 5 6 -
2025全球AI客服大会 exhibition brand 2025-05-21 2 北京 exhibitor 132000 6 6 17
能源行业工单研讨会 seminar leads 2025-06-12 1 西安 host 29000 5 4 -
知识引擎2.0发布会 launch launch 2025-07-10 1 深圳 host 165000 5 7 -
客服圈西南沙龙 salon leads 2025-08-21 1 成都 host 21000 5 4 13
2025新加坡服务科技展 exhibition leads 2025-09-10 3 新加坡 exhibitor 188000 6 6 20
零售全渠道研讨会 seminar leads 2025-09-18 1 杭州 host 30000 5 6 -
2025中国国际服务展 exhibition leads 2025-10-22 3 上海 exhibitor 141000 6 7 17
智能体应用峰会 summit brand 2025-11-13 1 深圳 host 248000 5 8 1
医疗随访闭门会 closed_door conversion 2025-12-11 1 北京 host 34000 5 3 -
云市场生态日 seminar partner 2026-01-15 1 杭州 host 38000 5 4 4
流程智能体沙龙_上海 salon leads 2026-03-12 1 上海 host 23000 5 5 -
2026华南数字服务展 exhibition leads 2026-03-25 3 广州 exhibitor 122000 6 6 17
制造业智能体研讨会 seminar leads 2026-04-16 1 苏州 host 33000 5 7 7
华东智能制造展 exhibition leads 2026-05-20 3 上海 exhibitor 156000 6 7 17
金融知识引擎闭门会 closed_door conversion 2026-06-11 1 北京 host 36000 5 4 -
智能体工作台发布会 launch launch 2026-07-09 1 深圳 host 172000 5 7 -
客服主管训练营 salon leads 2026-08-20 1 成都 host 24000 5 5 13
2026新加坡服务科技展 exhibition leads 2026-09-09 3 新加坡 exhibitor 192000 6 6 20
零售服务研讨会 seminar leads 2026-09-17 1 杭州 host 31000 5 6 -
2026中国国际服务展 exhibition leads 2026-10-21 3 上海 exhibitor 148000 6 7 17
智能体客户日 seminar conversion 2026-10-29 1 深圳 host 42000 5 5 -
"""
_TOPICS = ("智能客服公开课", "知识库搭建实战", "Agent落地案例", "客服质检专场", "海外多语言客服")


@dataclass(frozen=True)
class Event:
    """One event as the generator needs it."""

    name: str
    kind: str
    goal: str
    start: int
    end: int
    city: str
    role: str
    budget: int
    channel: int
    weight: float
    partner: int


def _offline() -> list[Event]:
    events = []
    for line in _OFFLINE.strip().splitlines():
        name, kind, goal, first, days, city, role, budget, channel, weight, partner = line.split()
        begin = clock.next_workday(clock.day(first)) * clock.DAY
        events.append(
            Event(
                name.replace("_", " "),
                kind,
                goal,
                begin + 9 * clock.HOUR,
                begin + (int(days) - 1) * clock.DAY + 17 * clock.HOUR,
                city,
                role,
                int(budget),
                int(channel),
                float(weight),
                -1 if partner == "-" else int(partner) - 1,
            )
        )
    return events


def _webinars() -> list[Event]:
    events = []
    for i in range(len(clock.MONTHS)):
        begin = clock.next_workday(clock.month_start(i) + 12 + 3 * (i % 3)) * clock.DAY
        events.append(
            Event(
                f"{_TOPICS[i % len(_TOPICS)]} 第{i + 1}期",
                "webinar",
                "leads",
                begin + 15 * clock.HOUR,
                begin + 16 * clock.HOUR + 1_800,
                "线上",
                "host",
                6_000,
                dims.WEBINAR,
                1.0 + 0.04 * i,
                -1,
            )
        )
    return events


@cache
def events() -> tuple[Event, ...]:
    """All events in the order of their start; number 0 has key E001."""
    return tuple(sorted((*_offline(), *_webinars()), key=lambda e: (e.start, e.name)))


def quiet() -> int:
    """Number of the event without follow-up."""
    return int(QUIET_EVENT[1:]) - 1


def _owner(event: Event) -> int:
    return 2 if event.kind == "webinar" else 4


def _campaign(event: Event) -> int:
    late = event.start >= clock.at("2026-01-01")
    names = {
        "webinar": ("直播_智能客服公开课", "直播_Agent实战"),
        "exhibition": ("展会计划2025", "展会计划2026"),
    }
    return dims.CAMPAIGN_OF[names.get(event.kind, ("客户沙龙2025", "客户沙龙2026"))[late]]


def event() -> Cols:
    """Table `event`."""
    every = events()
    n = len(every)
    end = np.array([e.end for e in every])
    reviewed = end // clock.DAY + 9 + (np.arange(n) * 7) % 24
    skipped = (np.arange(n) % 6 == 4) | (np.arange(n) == quiet())
    reviewed = np.where(skipped | (reviewed >= clock.END_DAY), -1, reviewed)
    return {
        "event_id": np.arange(n),
        "event_name": [e.name for e in every],
        "event_type": [e.kind for e in every],
        "primary_goal": [e.goal for e in every],
        "start_at": np.array([e.start for e in every]),
        "end_at": end,
        "city": [e.city for e in every],
        "role": [e.role for e in every],
        "budget": np.array([e.budget for e in every]),
        "currency": ["CNY"] * n,
        "campaign_id": np.array([_campaign(e) for e in every]),
        "partner_id": np.array([e.partner for e in every]),
        "owner_id": np.array([_owner(e) for e in every]),
        "reviewed_on": reviewed,
    }


def registrations(seed: int, block: int, chosen: Ints, channels: Ints) -> Ints:
    """When the leads of each event signed up: before a webinar, mostly on site elsewhere."""
    rng = child(seed, "registrations", block)
    start = np.array([e.start for e in events()])[chosen]
    end = np.array([e.end for e in events()])[chosen]
    n = len(chosen)
    early = rng.random(n) < np.where(channels == dims.WEBINAR, 0.86, 0.28)
    before = (start // clock.DAY - 1 - below(rng, 12, n)) * clock.DAY + clock.times_of_day(rng, n)
    days = (end - start) // clock.DAY + 1
    length = np.where(channels == dims.WEBINAR, 3_600, 7 * clock.HOUR)
    on_site = start + below(rng, 997, n) % days * clock.DAY + (rng.random(n) * length).astype(int)
    return np.where(early, before, on_site).clip(clock.START, clock.END - 1)


_MEDIA = (
    ("media", "数智产业观察", "A"),
    ("media", "客服世界网", "B"),
    ("media", "南方科技日报", "A"),
    ("media", "企服周刊", "B"),
    ("official_account", "岑海智能公众号", "自有"),
    ("video", "岑海智能视频号", "自有"),
    ("cloud_marketplace", "岭云云市场", "平台"),
    ("cloud_marketplace", "北辰云市场", "平台"),
    ("social", "LinkedIn", "平台"),
    ("social", "知乎", "平台"),
    ("ai_answer", "DeepSeek", "AI"),
    ("ai_answer", "Kimi", "AI"),
    ("ai_answer", "ChatGPT", "AI"),
)
_MEDIA_WEIGHTS = (6, 4, 3, 5, 14, 8, 5, 4, 6, 6, 5, 4, 5)
_THEMES = (
    "产品发布",
    "客户案例",
    "行业观点",
    "活动报道",
    "融资与公司动态",
    "数据安全",
    "AI service agents",
)
_PARTNER_OF = {"岭云云市场": 3, "北辰云市场": 4, "数智产业观察": 11}


def mention(seed: int) -> Cols:
    """Table `mention`: some fifteen a month, more AI answers as time goes on."""
    rng = child(seed, "mention")
    n = 340
    share = np.sort(rng.random(n) ** 0.8)
    days = clock.START_DAY + (share * (clock.END_DAY - clock.START_DAY)).astype(np.int64)
    when = days * clock.DAY + clock.times_of_day(rng, n)
    medium = pick(rng, _MEDIA_WEIGHTS, n)
    early_ai = (medium >= 10) & (rng.random(n) > share)
    medium = np.where(early_ai, 4, medium)
    kinds = np.array([row[0] for row in _MEDIA])[medium]
    theme = below(rng, len(_THEMES), n)
    after = _event_after(when)
    theme = np.where(after >= 0, 3, theme)
    mood = pick(rng, (0.07, 0.38, 0.55), n) - 1
    risk = np.where(mood < 0, 1 + below(rng, 3, n), 0)
    scale = np.where(kinds == "media", 9_000, np.where(kinds == "ai_answer", 600, 2_500))
    exposure = lognormal(rng, scale.astype(np.float64), 0.7, n).astype(np.int64)
    exposure = np.where(after >= 0, exposure * 2, exposure)
    handled = np.where(risk > 0, when + (lognormal(rng, 14.0, 0.9, n) * 3_600).astype(int), 2**61)
    handled = np.where((risk == 3) & (rng.random(n) < 0.3), clock.NEVER, handled)
    outlets = tuple(row[1] for row in _MEDIA)
    rival = np.where(rng.random(n) < 0.12, below(rng, 3, n), -1)
    return {
        "mention_id": np.arange(n),
        "published_at": when,
        "theme": coded(theme, _THEMES),
        "medium": list(kinds),
        "outlet": coded(medium, outlets),
        "outlet_tier": coded(medium, tuple(row[2] for row in _MEDIA)),
        "is_high_quality": (kinds == "media") & (mood > 0) & (rng.random(n) < 0.6),
        "exposure": exposure,
        "reads": (exposure * (0.06 + 0.12 * rng.random(n))).astype(np.int64),
        "reposts": (exposure * 0.004 * rng.random(n)).astype(np.int64),
        "sentiment": mood,
        "risk_level": risk,
        "handled_at": np.where(handled < clock.END, handled, clock.NEVER),
        "followup": [None if r == 0 else "已联系作者并补充说明" for r in risk],
        "competitor": coded(rival, ("云启智言", "智擎科技", "Botwise")),
        "campaign_id": np.where(
            (kinds == "official_account") & (theme != 3), dims.CAMPAIGN_OF["公众号专栏"], -1
        ),
        "event_id": after,
        "partner_id": np.array([_PARTNER_OF.get(outlets[m], -1) for m in medium]),
    }


def _event_after(when: Ints) -> Ints:
    """The offline event of the last five days, -1 where there was none; the quiet one has none."""
    out = np.full(len(when), -1)
    for i, e in enumerate(events()):
        if e.kind != "webinar" and i != quiet():
            out = np.where((when >= e.start) & (when < e.end + 5 * clock.DAY), i, out)
    return out


def weights(channel: int) -> tuple[Ints, Floats]:
    """The events of a channel and how many leads each brings relative to the others."""
    chosen = [i for i, e in enumerate(events()) if e.channel == channel]
    return np.array(chosen), np.array([events()[i].weight for i in chosen])
