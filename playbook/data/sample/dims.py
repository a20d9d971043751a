"""The company's fixed parts: colleagues, channels, campaigns, partners, exchange rates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from playbook.data.sample import clock
from playbook.data.sample.draw import child, normal
from playbook.data.sample.frames import coded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playbook.data.sample.draw import Ints
    from playbook.data.sample.frames import Cols

_STAFF = """
秦若澜 marketing 市场部 市场总监 - 1 2026-08-17 -
方启东 marketing 市场部 市场总监 - 1 2022-03-01 2026-07-15
苏晚晴 marketing 内容组 内容经理 - 1 2022-06-13 -
陆景行 marketing 增长组 投放经理 - 1 2023-02-20 -
乔安然 marketing 活动组 活动经理 - 0 2023-05-08 -
叶知秋 marketing 品牌组 品牌与公关 - 0 2022-09-05 -
沈墨白 marketing 内容组 产品营销 - 1 2024-03-11 -
江一苇 marketing 品牌组 设计师 - 0 2023-07-03 -
程野 marketing 增长组 官网与SEO - 0 2024-01-15 -
顾南星 marketing 生态组 生态合作经理 - 0 2023-10-09 -
何雨眠 marketing 增长组 市场运营与数据 - 0 2024-06-03 -
Nina_Falk marketing 海外市场组 Overseas_marketing europe 0 2024-09-02 -
白鹿 sdr SDR组 SDR组长 - 1 2023-03-06 -
尹小满 sdr SDR组 SDR - 0 2024-02-26 -
康乐天 sdr SDR组 SDR - 0 2024-08-05 -
傅明轩 sales 销售A组 销售经理 south_china 1 2022-04-11 -
邹凯 sales 销售A组 销售 south_china 0 2023-03-20 -
温可 sales 销售A组 销售 south_china 0 2023-11-06 -
岳临风 sales 销售B组 销售经理 east_china 1 2022-05-16 -
邵阳 sales 销售B组 销售 east_china 1 2023-01-09 2026-07-31
柳青 sales 销售B组 销售 east_china 0 2023-08-14 2026-07-31
汪洋 sales 销售B组 销售 east_china 0 2024-04-08 -
石敬之 sales 销售B组 销售 east_china 0 2024-07-22 -
雷鸣远 sales 销售C组 销售经理 north_china 1 2022-07-04 -
安歌 sales 销售C组 销售 central_china 0 2023-06-12 -
贺铭 sales 销售C组 销售 southwest 0 2024-05-06 -
钟毓秀 sales 销售C组 销售 north_china 0 2024-09-09 -
Marcus_Lind sales 海外组 Sales_manager europe 1 2023-04-03 -
Priya_Nair sales 海外组 Account_executive southeast_asia 0 2024-02-05 -
Dana_Cole sales 海外组 Account_executive north_america 0 2024-08-19 -
魏然 presales 售前部 售前顾问 - 1 2022-08-01 -
贾同光 presales 售前部 售前顾问 - 0 2024-05-20 -
夏未央 cs 客户成功部 客户成功经理 - 0 2023-02-13 -
蒋承 product 产品部 产品经理 - 1 2022-02-14 -
卢静好 finance 财务部 财务BP - 0 2023-09-18 -
高远 it 数据与IT 数据工程师 - 0 2023-12-04 -
岑川 management 管理层 CEO - 1 2021-06-01 -
"""


def _word(text: str) -> str | None:
    return None if text == "-" else text.replace("_", " ")


def _day(text: str) -> int:
    return -1 if text == "-" else clock.day(text)


def _numbers(values: Sequence[float]) -> Ints:
    return np.array(values, dtype=np.int64)


STAFF: tuple[tuple[str, ...], ...] = tuple(
    tuple(line.split()) for line in _STAFF.strip().splitlines()
)


def staff() -> Cols:
    """Table `staff`."""
    rows = list(zip(*STAFF, strict=True))
    return {
        "staff_id": np.arange(len(STAFF)),
        "name": [_word(x) for x in rows[0]],
        "department": list(rows[1]),
        "team": list(rows[2]),
        "role": [_word(x) for x in rows[3]],
        "region": [_word(x) if x == "-" else x for x in rows[4]],
        "is_key_talent": np.array([x == "1" for x in rows[5]]),
        "joined_on": _numbers([_day(x) for x in rows[6]]),
        "left_on": _numbers([_day(x) for x in rows[7]]),
    }


TEAMS = ("销售A组", "销售B组", "销售C组", "海外组", "SDR组")


def team_on(team: str, day_number: int) -> list[int]:
    """Positions in `STAFF` of those who work in the team on that day."""
    return [
        i
        for i, row in enumerate(STAFF)
        if row[2] == team
        and _day(row[6]) <= day_number
        and (row[7] == "-" or _day(row[7]) >= day_number)
    ]


_CHANNELS = """
百度搜索推广 sem 1 1 26 46 0.0
Google_Ads sem 1 1 9 20 0.1
自然搜索 seo 0 1 20 34 0.3
信息流广告 feed_ads 1 1 16 26 -2.2
官网表单 website 0 1 14 24 0.3
自办活动 event 1 0 11 17 0.2
行业展会 exhibition 1 0 11 14 -0.3
白皮书下载 whitepaper 0 1 12 24 0.0
线上直播 webinar 0 1 12 22 -0.1
企微私域 private_domain 0 1 8 18 0.3
邮件营销 email 0 1 5 8 -0.2
渠道伙伴 partner 0 0 8 16 0.7
公众号与知乎 content 0 1 10 20 -0.1
老客推荐 referral 0 0 5 10 1.1
直接访问 direct 0 1 6 9 0.1
AI搜索 geo 0 1 0 24 0.6
来源未知 other 0 1 4 5 -0.5
"""
CHANNELS: tuple[tuple[str, ...], ...] = tuple(
    tuple(line.split()) for line in _CHANNELS.strip().splitlines()
)
GROUPS = tuple(row[1] for row in CHANNELS)
OFFSETS = np.array([float(row[6]) for row in CHANNELS])
BAIDU, GOOGLE, SEO, FEED, SITE, OWN_EVENT, EXPO, PAPER, WEBINAR = range(9)
WECOM, EMAIL, PARTNER, CONTENT, REFERRAL, DIRECT, GEO, UNKNOWN = range(9, 17)


def channel() -> Cols:
    """Table `channel`."""
    return {
        "channel_id": np.arange(len(CHANNELS)),
        "channel_name": [row[0].replace("_", " ") for row in CHANNELS],
        "channel_group": list(GROUPS),
        "is_paid": np.array([row[2] == "1" for row in CHANNELS]),
        "is_online": np.array([row[3] == "1" for row in CHANNELS]),
    }


_CAMPAIGNS = """
百度_品牌词 0 brand 2024-11-01 2026-12-31 4
百度_高意向词 0 leads 2024-11-01 2026-12-31 4
百度_通用词 0 leads 2024-11-01 2026-12-31 4
Google_Search_EN 1 leads 2024-11-01 2026-12-31 12
Google_Search_DACH 1 leads 2025-03-01 2026-12-31 12
信息流_常规获客 3 leads 2024-11-01 2026-12-31 4
信息流_年中冲量 3 leads 2026-05-01 2026-07-31 4
官网转化计划 4 leads 2024-11-01 2026-12-31 9
SEO内容计划2025 2 seo 2024-11-01 2025-12-31 9
SEO内容计划2026 2 seo 2026-01-01 2026-12-31 9
客户沙龙2025 5 leads 2024-11-01 2025-12-31 5
客户沙龙2026 5 leads 2026-01-01 2026-12-31 5
展会计划2025 6 brand 2024-11-01 2025-12-31 5
展会计划2026 6 brand 2026-01-01 2026-12-31 5
白皮书_制造业智能客服 7 leads 2024-11-01 2025-09-30 3
白皮书_金融知识引擎 7 leads 2025-04-01 2026-12-31 3
白皮书_AI_Agent落地 7 education 2025-10-01 2026-12-31 7
直播_智能客服公开课 8 education 2024-11-01 2025-12-31 3
直播_Agent实战 8 education 2026-01-01 2026-12-31 7
企微私域运营 9 leads 2024-11-01 2026-12-31 11
邮件培育137 10 education 2024-11-01 2026-12-31 11
伙伴联合获客 11 leads 2024-11-01 2026-12-31 10
公众号专栏 12 brand 2024-11-01 2026-12-31 3
老客推荐计划 13 leads 2025-01-01 2026-12-31 33
GEO_AI搜索优化 15 seo 2025-03-01 2026-12-31 9
年度品牌升级 12 brand 2025-06-01 2025-12-31 6
销售赋能2026 12 enablement 2026-01-01 2026-12-31 7
"""
CAMPAIGNS: tuple[tuple[str, ...], ...] = tuple(
    tuple(line.split()) for line in _CAMPAIGNS.strip().splitlines()
)
CAMPAIGN_OF = {row[0]: i for i, row in enumerate(CAMPAIGNS)}


def campaign() -> Cols:
    """Table `campaign`."""
    rows = list(zip(*CAMPAIGNS, strict=True))
    return {
        "campaign_id": np.arange(len(CAMPAIGNS)),
        "campaign_name": [x.replace("_", " ") for x in rows[0]],
        "channel_id": _numbers([int(x) for x in rows[1]]),
        "objective": list(rows[2]),
        "start_date": _numbers([clock.day(x) for x in rows[3]]),
        "end_date": _numbers([clock.day(x) for x in rows[4]]),
        "owner_id": _numbers([int(x) - 1 for x in rows[5]]),
    }


def campaigns_of(channel_number: int, days: Ints, u: Ints) -> Ints:
    """A running campaign of the channel for each day, -1 where there is none."""
    chosen = np.full(len(days), -1)
    running = np.zeros(len(days), dtype=np.int64)
    for number, row in enumerate(CAMPAIGNS):
        if int(row[1]) != channel_number or row[2] in ("brand", "enablement"):
            continue
        live = (days >= clock.day(row[3])) & (days <= clock.day(row[4]))
        running += live
        chosen = np.where(live & ((chosen < 0) | (u % running.clip(1) == 0)), number, chosen)
    return chosen


_PARTNERS = """
深圳人工智能促进会 association B 联合活动 2023-04-01 会长 品牌背书与联合沙龙
粤港澳数字化服务中心 government C 政策对接 2023-09-01 主任 政策信息
长三角智造产业联盟 association A 联合活动 2024-03-01 秘书长 每季度10条线索
岭云云市场 cloud_marketplace A 云市场上架 2023-06-01 生态经理 云市场订单
北辰云市场 cloud_marketplace B 云市场上架 2024-01-15 商务经理 云市场曝光
启明咨询 consultancy B 转介绍 2023-11-20 合伙人 联合方案
华序集成 integrator A 联合解决方案 2022-12-01 副总 制造业项目
东穗系统集成 integrator B 转介绍 2024-05-10 总监 政企项目
联拓信息 integrator C 转介绍 2025-02-01 总经理 区域项目
沪上渠道联盟 channel_partner A 分销 2023-03-01 总经理 华东分销
京冀数科 channel_partner B 分销 2024-08-01 渠道总监 华北分销
数智产业观察 media B 内容共创 2023-05-01 主编 季度专题
客服圈 media B 内容共创 2022-10-01 运营总监 行业报道
老周聊AI kol C 推荐 2025-03-10 博主 视频合作
珠江大学人工智能研究院 university C 联合研究 2024-06-01 副院长 联合白皮书
南山软件产业园 park C 场地与活动 2023-01-01 招商经理 园区沙龙
华展会务 organiser B 展会合作 2023-02-01 项目总监 展位与论坛
智能客服标准工作组 standards_body B 标准共建 2024-02-20 组长 标准署名
Nordlicht_Consulting consultancy C referral 2025-05-05 Partner DACH_referrals
Merlion_Systems integrator B joint_solution 2024-10-01 Director Singapore_projects
湾区企服 partner C 互相推荐 2025-09-01 BD经理 互荐
西部数谷 park C 场地与活动 2025-06-18 主任 西南活动
"""
PARTNERS: tuple[tuple[str, ...], ...] = tuple(
    tuple(line.split()) for line in _PARTNERS.strip().splitlines()
)
PARTNER_WEIGHTS = (3, 0.5, 0, 14, 5, 4, 13, 5, 24, 10, 4, 1, 2, 0.5, 0.5, 1, 3, 0.5, 2, 7, 0, 0.5)
PARTNER_STARTS = _numbers([clock.day(row[4]) for row in PARTNERS])
_CONTACTS = """
陈立 林海 周全 方圆 赵宁 许可 梁栋 吴昊 郭峰 黄卫 孟昕
田禾 丁一 周游 罗岚 戴维 秦川 孔明 Jonas Wei 冯唐 胡杨
"""


def partner() -> Cols:
    """Table `partner`."""
    rows = list(zip(*PARTNERS, strict=True))
    n = len(PARTNERS)
    bound = [i % 3 != 2 or tier == "A" for i, tier in enumerate(rows[2])]
    bound[4] = False
    return {
        "partner_id": np.arange(n),
        "partner_name": [_word(x) for x in rows[0]],
        "partner_type": list(rows[1]),
        "contact_name": _CONTACTS.split(),
        "contact_title": list(rows[5]),
        "tier": list(rows[2]),
        "mode": [_word(x) for x in rows[3]],
        "history": [f"自{x[:4]}年起合作" for x in rows[4]],
        "bound_project_id": _numbers([i * 4 if bound[i] else -1 for i in range(n)]),
        "goal": [_word(x) if bound[i] else None for i, x in enumerate(rows[6])],
        "next_step": [None if i in (1, 13, 21) else "季度复盘并确认下季目标" for i in range(n)],
        "next_step_due": _numbers(
            [
                -1 if i in (1, 13, 21) else clock.day("2026-10-15") + 9 * (i % 6) - 14
                for i in range(n)
            ]
        ),
        "status": ["仅建联" if i in (1, 20) else "合作中" for i in range(n)],
        "started_on": PARTNER_STARTS,
    }


CURRENCIES = ("USD", "EUR")
RATES = (7.12, 7.71)


def fx_rate(seed: int) -> Cols:
    """Table `fx_rate`: one rate a working day, a slow walk around a fixed level."""
    days = np.arange(clock.START_DAY - 30, clock.END_DAY)
    days = days[clock.is_workday(days)]
    n = len(days)
    rates = []
    for currency, level in zip(CURRENCIES, RATES, strict=True):
        step = normal(child(seed, f"fx {currency}"), n)
        walk = np.zeros(n)
        for i in range(1, n):
            walk[i] = 0.985 * walk[i - 1] + 0.0016 * step[i]
        rates.append(np.round(level * np.exp(walk), 4))
    return {
        "date": np.tile(days, 2),
        "currency": coded(np.repeat([0, 1], n), CURRENCIES),
        "rate": np.concatenate(rates),
    }
