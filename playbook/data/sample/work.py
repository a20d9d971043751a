"""The marketing team's own work: projects and requests, tests, AI use, goals, hand-kept numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from playbook.data.sample import clock, library
from playbook.data.sample.draw import below, between, child, lognormal, pick
from playbook.data.sample.first_days import first_days
from playbook.data.sample.frames import Cols, coded, stacked
from playbook.data.sample.people import EMPTY
from playbook.data.sample.story import (
    AB_FALSE,
    AB_FALSE_ARMS,
    AB_MISMATCH,
    AB_MISMATCH_ARMS,
    AB_WINNER,
    AB_WINNER_ARMS,
    AI_WITH_TEMPLATE,
    AI_WITHOUT_TEMPLATE,
    INSERT_MONTH,
    INSERT_REQUESTS,
    INSERTED,
)

if TYPE_CHECKING:
    from playbook.data.sample.draw import Ints

Arms = tuple[tuple[int, int], tuple[int, int]]
_TESTS: tuple[tuple[str, int, str, str, str, int, Arms, str], ...] = (
    (
        "EXP-01",
        11,
        "title",
        "写明行业的标题更有转化",
        "2025-03-03",
        21,
        ((1_480, 61), (1_502, 66)),
        "drop",
    ),
    (
        "EXP-02",
        12,
        "case",
        "首屏放客户案例更有转化",
        "2025-05-12",
        28,
        ((1_820, 118), (1_795, 101)),
        "drop",
    ),
    (AB_WINNER, 11, "form", "表单从9项减到4项", "2025-08-04", 35, AB_WINNER_ARMS, "keep"),
    (
        "EXP-04",
        16,
        "price_anchor",
        "Show the yearly price first",
        "2025-10-13",
        28,
        ((960, 58), (941, 55)),
        "repeat",
    ),
    (AB_FALSE, 15, "button", "按钮写“立即体验”", "2026-01-12", 3, AB_FALSE_ARMS, "keep"),
    (
        "EXP-06",
        13,
        "endorsement",
        "加入客户标识",
        "2026-03-02",
        28,
        ((2_050, 164), (2_071, 189)),
        "repeat",
    ),
    (
        AB_MISMATCH,
        1,
        "description",
        "新首屏文案（跳转分流）",
        "2026-05-11",
        28,
        AB_MISMATCH_ARMS,
        "keep",
    ),
    (
        "EXP-08",
        17,
        "button",
        "Book a demo instead of Contact us",
        "2026-07-13",
        35,
        ((1_310, 71), (1_288, 74)),
        "drop",
    ),
    (
        "EXP-09",
        11,
        "subject",
        "邮件主题写收益",
        "2026-10-12",
        40,
        ((780, 35), (771, 41)),
        "running",
    ),
)


_PLANNED_DAYS = {AB_FALSE: 28, "EXP-09": 42}
"""Of tests that were stopped before, or that still run; the others ended as planned."""


def experiment_arm() -> Cols:
    """Table `experiment_arm`."""
    rows = []
    for name, page, element, why, first, days, arms, decision in _TESTS:
        begin = clock.day(first)
        end = begin + days if begin + days < clock.END_DAY else -1
        planned = begin + _PLANNED_DAYS.get(name, days)
        for arm, (seen, converted) in zip(("control", "b"), arms, strict=True):
            days_of = begin, end, planned
            rows.append((name, arm, page, element, why, *days_of, seen, converted, decision))
    cols = list(zip(*rows, strict=True))
    return {
        "experiment_id": list(cols[0]),
        "arm": list(cols[1]),
        "content_id": np.array(cols[2]),
        "element": list(cols[3]),
        "hypothesis": list(cols[4]),
        "start_date": np.array(cols[5]),
        "end_date": np.array(cols[6]),
        "planned_end": np.array(cols[7]),
        "weight": np.full(len(rows), 50),
        "exposures": np.array(cols[8]),
        "conversions": np.array(cols[9]),
        "decision": list(cols[10]),
    }


_MODULES = (
    "content",
    "growth",
    "events",
    "brand",
    "leads",
    "website",
    "partners",
    "data",
    "design",
    "product",
    "ai",
)
_DRI = (3, 4, 5, 6, 11, 9, 10, 11, 8, 7, 3)
_NAMES = {
    "content": ("行业白皮书", "客户案例采写", "公众号专栏", "短视频系列"),
    "growth": ("投放账户重组", "关键词与否词整理", "落地页改版", "表单优化"),
    "events": ("行业展会筹备", "客户沙龙", "直播系列", "会后培育"),
    "brand": ("品牌信息手册", "媒体沟通", "年度传播日历", "客户背书墙"),
    "leads": ("MQL/SQL标准", "线索分配规则", "培育计划", "跟进SLA看板"),
    "website": ("产品页更新", "解决方案页更新", "英文站改版", "埋点修复"),
    "partners": ("云市场上架", "联合方案", "伙伴赋能包", "转介绍机制"),
    "data": ("月度经营看板", "归因口径统一", "CRM字段清理", "数据质量日报"),
    "design": ("展台设计", "PPT模板", "案例长图", "视觉规范"),
    "product": ("发布营销包", "竞品对比表", "演示脚本", "价值地图"),
    "ai": ("Prompt模板库", "知识库整理", "AI审核规范", "竞品监测流程"),
}
_ASKED_BY = (16, 19, 24, 28, 34, 37, 33)


def _per_month() -> list[int]:
    return [
        INSERT_REQUESTS if m == INSERT_MONTH else 6 + (i * 5) % 4
        for i, m in enumerate(clock.MONTHS)
    ]


def project(seed: int) -> Cols:
    """Table `project`: projects, requests and reviews, and the new head's first 90 days."""
    usual = _usual_projects(seed)
    return stacked(usual, first_days(len(usual["project_id"])))


def _usual_projects(seed: int) -> Cols:
    """Some eight a month; key projects are all finished in the end."""
    rng = child(seed, "project")
    month = np.repeat(np.arange(len(clock.MONTHS)), _per_month())
    n = len(month)
    rank = np.arange(n) - np.searchsorted(month, month)
    flood = month == clock.MONTHS.index(INSERT_MONTH)
    inserted = np.where(flood, rank < INSERTED, rng.random(n) < 0.13)
    first = np.array([clock.month_start(int(m)) for m in month])
    asked = (
        (first + below(rng, 27, n)) * clock.DAY + 10 * clock.HOUR + below(rng, 6 * clock.HOUR, n)
    )
    kind = np.where(inserted, 1, pick(rng, (45, 45, 10), n))
    module = pick(rng, (16, 14, 12, 9, 10, 11, 8, 8, 6, 8, 6), n)
    planned = 12 + below(rng, 40, n)
    due = asked // clock.DAY + planned
    slip = np.where(inserted | flood, 4.0, -3.0) + 9.0 * (rng.random(n) - 0.35)
    done = due + np.rint(slip).astype(np.int64)
    key = (rank < 3) & (month % 3 == 0) & ~inserted
    finished = (done < clock.END_DAY) & (key | (rng.random(n) < 0.93))
    names = [_NAMES[_MODULES[m]][(r + t) % 4] for m, r, t in zip(module, rank, month, strict=True)]
    u = rng.random((9, n))
    complete = np.where(inserted, 0.25, 0.86)
    result = np.round(between(rng, 0.55, 1.3, n) * 100)

    def told(row: int, words: tuple[str, ...]) -> list[str | None]:
        return [words[i % len(words)] if u[row, i] < complete[i] else None for i in range(n)]

    progress = np.where(finished, 100, np.round(20 + 75 * u[8]))
    late = ~finished & (due < clock.END_DAY)
    return {
        "project_id": np.arange(n),
        "name": [f"{name}（{clock.MONTHS[t]}）" for name, t in zip(names, month, strict=True)],
        "kind": coded(kind, ("project", "request", "review")),
        "layer": coded(
            np.where(inserted, 3, pick(rng, (1, 3, 5, 5), n)),
            ("strategy", "system", "project", "execution"),
        ),
        "module": coded(module, _MODULES),
        "dri_id": _dri(module, asked),
        "collaborators": coded(
            pick(rng, (3, 2, 2, 2), n), ("销售A组、设计", "产品、售前", "内容组", "市场运营")
        ),
        "priority": coded(np.where(key | inserted, 0, pick(rng, (1, 4, 3), n)), ("P0", "P1", "P2")),
        "is_key": key,
        "is_unplanned": inserted,
        "requester_id": np.array(_ASKED_BY)[below(rng, len(_ASKED_BY), n)] - 1,
        "background": told(
            0, ("季度重点", "销售反馈缺资料", "大客户要求", "搜索词表现", "展会将至")
        ),
        "company_goal": told(1, ("收入", "Pipeline", "品牌", "效率")),
        "target_customer": told(2, ("制造业", "金融", "零售", "海外", "老客户")),
        "expected_result": told(3, ("MQL增加", "SQL转化提升", "响应更快", "曝光", "资料可用")),
        "measure": told(4, ("MQL数", "转化率", "使用次数", "阅读量")),
        "cost_of_not_doing": told(5, ("错过展会线索", "销售继续各说各话", "预算继续浪费")),
        "impact_on_key_project": told(6, ("无影响", "推迟一周", "占用设计两天")),
        "intake_status": coded(pick(rng, (88, 6, 6), n), ("accepted", "rejected", "pending")),
        "requested_at": asked,
        "due_at": due,
        "done_at": np.where(finished, done, -1),
        "progress": progress,
        "risk": ["已延期，待协调资源" if x else None for x in late],
        "resources_needed": ["设计2天、产品评审" if x else None for x in late],
        "result_metric": told(7, ("MQL数", "下载量", "使用次数", "到场客户数")),
        "result_target": np.where(u[7] < complete, 100.0, np.nan),
        "result_actual": np.where(finished & (u[7] < complete), result, np.nan),
        "rework_count": np.where(finished, pick(rng, (6, 2, 1), n) + inserted, 0),
        "review_conclusion": [
            "达成，方法保留" if ok and r > 0.45 else None
            for ok, r in zip(finished, u[6], strict=True)
        ],
        "next_step": [None if ok else "下周例会确认" for ok in finished],
    }


def _dri(module: Ints, asked: Ints) -> Ints:
    out = np.array(_DRI)[module] - 1
    new_head = (module == _MODULES.index("leads")) & (asked >= clock.at("2026-08-17"))
    return np.where(new_head, 0, out)


_TASKS = (
    ("content_draft", "内容生产", "ChatGPT", 95),
    ("whitepaper_outline", "内容生产", "Claude", 120),
    ("competitor_monitor", "竞品监测", "DeepSeek", 70),
    ("ad_review", "投放复盘", "ChatGPT", 110),
    ("talk_track", "销售话术", "DeepSeek", 45),
    ("lead_summary", "线索摘要", "Kimi", 18),
    ("minutes", "会议纪要", "通义", 35),
    ("customer_research", "客户研究", "Claude", 80),
)
_USERS = (3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15)


def ai_use(seed: int, leads: int) -> Cols:
    """Table `ai_use`: from a trickle to some hundred a month; templates spread slowly."""
    rng = child(seed, "ai")
    count = [int(8 + 4.6 * t) for t in range(len(clock.MONTHS))]
    parts = [
        clock.times_in(rng, clock.month_start(t), clock.month_start(t + 1), c)
        for t, c in enumerate(count)
    ]
    when = np.sort(np.concatenate(parts))
    when = np.sort(clock.settle(when))
    when = when[when < clock.END]
    n = len(when)
    done = (when - clock.START) / (clock.END - clock.START)
    task = pick(rng, (20, 5, 8, 7, 14, 26, 14, 6), n)
    template = rng.random(n) < 0.15 + 0.45 * done
    usual = np.array([float(t[3]) for t in _TASKS])[task] * between(rng, 0.8, 1.2, n)
    share = np.where(template, AI_WITH_TEMPLATE, AI_WITHOUT_TEMPLATE)
    spent = usual * share * lognormal(rng, 1.0, 0.16, n)
    quality = np.where(template, 84.0, 70.0) + 10 * (rng.random(n) - 0.5)
    edit = np.where(template, 0.18, 0.46) + 0.2 * (rng.random(n) - 0.5)
    summary = task == 5
    which = (done * leads * 0.985).astype(np.int64) - below(rng, 40, n)
    level = np.where(template, pick(rng, (0, 6, 3, 1), n), pick(rng, (8, 2, 0, 0), n))
    return {
        "use_id": np.arange(n),
        "used_at": when,
        "staff_id": np.array(_USERS)[(pick(rng, range(1, 13), n) * 7) % 12] - 1,
        "scenario": coded(task, tuple(t[1] for t in _TASKS)),
        "tool": coded(task, tuple(t[2] for t in _TASKS)),
        "level": coded(level, ("tool", "prompt", "rag", "agent")),
        "task_type": coded(task, tuple(t[0] for t in _TASKS)),
        "template_id": coded(
            np.where(template, task, EMPTY), tuple(f"TPL-{i + 1:02d}" for i in range(8))
        ),
        "minutes_spent": np.round(spent, 1),
        "minutes_baseline": np.round(usual, 1),
        "quality_score": np.round(quality, 1),
        "edit_ratio": np.round(edit, 3),
        "lead_id": np.where(summary, which.clip(0), EMPTY),
        "content_id": np.where(task <= 1, len(library.PAGES) + below(rng, 60, n), EMPTY),
        "project_id": np.where(task == 3, below(rng, 60, n), EMPTY),
        "linked_result": coded(
            np.where(template & (rng.random(n) < 0.3), 0, EMPTY), ("缩短产出周期",)
        ),
        "risk": coded(
            np.where(rng.random(n) < 0.03, below(rng, 2, n), EMPTY), ("事实需核对", "含客户信息")
        ),
        "improvement": coded(np.where(rng.random(n) < 0.05, 0, EMPTY), ("补充行业示例",)),
    }


_QUARTERLY = (
    ("cross_team_satisfaction", 0.72, 0.04, 60, "季度问卷"),
    ("sales_brand_recognition", 0.58, 0.035, 14, "销售问卷"),
    ("visual_consistency", 0.66, 0.04, 50, "物料抽检"),
    ("training_completion", 0.74, 0.03, 15, "培训记录"),
    ("skill_score", 0.61, 0.025, 12, "能力评分"),
    ("understanding_cost", 0.42, -0.02, 40, "客户访谈"),
)


def manual_metric(seed: int) -> Cols:
    """Table `manual_metric`: quarterly surveys and audits."""
    rng = child(seed, "manual")
    rows = []
    for q in range(8):
        year, quarter = divmod(q + 3 + 4 * 2024, 4)
        for name, level, slope, n, source in _QUARTERLY:
            share = level + slope * q + 0.03 * float(rng.random() - 0.5)
            rows.append(
                (f"{year}Q{quarter + 1}", name, "company", round(n * min(share, 1.0)), n, source)
            )
    cols = list(zip(*rows, strict=True))
    return {
        "period": list(cols[0]),
        "metric_id": list(cols[1]),
        "scope": list(cols[2]),
        "numerator": np.array(cols[3]),
        "denominator": np.array(cols[4]),
        "n": np.array(cols[4]),
        "source": list(cols[5]),
        "note": [None] * len(rows),
    }
